/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests of lib/battery: names both ways, what a fresh battery knows, and the derived values.
 */
#include "battery/battery.h"

#include <string.h>

#include "testing/testing.h"

static void test_names_both_ways(void)
{
    for (int i = 0; i < COND_COUNT; i++) {
        enum battery_condition back = COND_COUNT;
        const char *name = battery_condition_name((enum battery_condition)i);

        CU_ASSERT_PTR_NOT_NULL_FATAL(name);
        CU_ASSERT_TRUE(battery_condition_find(name, &back));
        CU_ASSERT_EQUAL((int)back, i);
    }
}

static void test_names_are_the_language(void)
{
    CU_ASSERT_STRING_EQUAL(battery_condition_name(COND_CELL_OVERVOLTAGE), "cell_overvoltage");
    CU_ASSERT_STRING_EQUAL(battery_condition_name(COND_MOS_OVERTEMPERATURE), "mos_overtemperature");
    CU_ASSERT_STRING_EQUAL(battery_condition_name(COND_UNKNOWN_WORD), "unknown_word");
    CU_ASSERT_PTR_NULL(battery_condition_name(COND_COUNT));
}

static void test_unknown_name_leaves_result(void)
{
    enum battery_condition cond = COND_IMBALANCE;

    CU_ASSERT_FALSE(battery_condition_find("Cell_Overvoltage", &cond));
    CU_ASSERT_FALSE(battery_condition_find("", &cond));
    CU_ASSERT_EQUAL(cond, COND_IMBALANCE);
}

static void test_clear_knows_nothing(void)
{
    struct battery b;

    memset(&b, 0xFF, sizeof b);
    battery_clear(&b);
    CU_ASSERT_EQUAL(b.known, 0);
    CU_ASSERT_EQUAL(b.updated_us, 0);
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_SOC_PM));
    CU_ASSERT_EQUAL(b.maker[0], '\0');
}

static void test_extremes_of_cells(void)
{
    struct battery b;

    battery_clear(&b);
    b.cell_count = 4;
    b.cell_mv[0] = 3301;
    b.cell_mv[1] = 3299;
    b.cell_mv[2] = 3305;
    b.cell_mv[3] = 3299;
    b.cell_mv[4] = 1; /* beyond cell_count: must not count */
    b.known = FIELD_CELLS;
    battery_derive_extremes(&b);
    CU_ASSERT_TRUE(battery_knows(&b, FIELD_CELL_MIN_MAX | FIELD_CELL_IDS));
    CU_ASSERT_EQUAL(b.cell_min_mv, 3299);
    CU_ASSERT_EQUAL(b.cell_min_id, 2);
    CU_ASSERT_EQUAL(b.cell_max_mv, 3305);
    CU_ASSERT_EQUAL(b.cell_max_id, 3);
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_TEMP_MIN_MAX));
}

static void test_unknown_cells_derive_nothing(void)
{
    struct battery b;

    battery_clear(&b);
    b.cell_count = 2;
    b.cell_min_mv = 3210;
    b.known = FIELD_CELL_MIN_MAX;
    battery_derive_extremes(&b);
    CU_ASSERT_EQUAL(b.cell_min_mv, 3210);
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_CELL_IDS));

    b.known = FIELD_CELLS;
    b.cell_count = 0;
    battery_derive_extremes(&b);
    CU_ASSERT_EQUAL(b.known, FIELD_CELLS);
}

static void test_count_beyond_the_array_is_cut(void)
{
    struct battery b;

    battery_clear(&b);
    b.cell_count = 255;
    for (size_t i = 0; i < BATTERY_MAX_CELLS; i++) {
        b.cell_mv[i] = (uint16_t)(3300 + i);
    }
    b.temp_count = 255;
    b.temp_known = 0xFF;
    b.known = FIELD_CELLS | FIELD_TEMPS;
    battery_derive_extremes(&b);
    CU_ASSERT_EQUAL(b.cell_max_id, 32);
    CU_ASSERT_EQUAL(b.temp_max_dc, 0);
}

static void test_extremes_of_cell_sensors_only(void)
{
    struct battery b;

    battery_clear(&b);
    b.temp_count = 5;
    b.temp_known = 0x17; /* the fourth sensor was not sent */
    b.temp_dc[0] = -123;
    b.temp_dc[1] = 45;
    b.temp_dc[2] = 800;
    b.temp_role[2] = ROLE_MOS;
    b.temp_dc[3] = -2730;
    b.temp_dc[4] = 300;
    b.temp_role[4] = ROLE_AMBIENT;
    b.known = FIELD_TEMPS;
    battery_derive_extremes(&b);
    CU_ASSERT_TRUE(battery_knows(&b, FIELD_TEMP_MIN_MAX));
    CU_ASSERT_EQUAL(b.temp_min_dc, -123);
    CU_ASSERT_EQUAL(b.temp_max_dc, 45);

    int32_t dc = 0;
    CU_ASSERT_TRUE(battery_cell_temperature(&b, &dc));
    CU_ASSERT_EQUAL(dc, -39);
}

static void test_temperature_falls_back_to_the_middle(void)
{
    struct battery b;
    int32_t dc = 77;

    battery_clear(&b);
    CU_ASSERT_FALSE(battery_cell_temperature(&b, &dc));
    CU_ASSERT_EQUAL(dc, 77);

    b.temp_min_dc = -20;
    b.temp_max_dc = -15;
    b.known = FIELD_TEMP_MIN_MAX;
    CU_ASSERT_TRUE(battery_cell_temperature(&b, &dc));
    CU_ASSERT_EQUAL(dc, -18); /* half away from zero */

    /* sensors are known, but none of them sits on a cell */
    b.temp_count = 1;
    b.temp_known = 1;
    b.temp_role[0] = ROLE_BOARD;
    b.temp_dc[0] = 500;
    b.known |= FIELD_TEMPS;
    CU_ASSERT_TRUE(battery_cell_temperature(&b, &dc));
    CU_ASSERT_EQUAL(dc, -18);
    battery_derive_extremes(&b);
    CU_ASSERT_EQUAL(b.temp_max_dc, -15);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"every condition has a name and is found by it", test_names_both_ways},
        {"the names are those of the language", test_names_are_the_language},
        {"an unknown name leaves the result alone", test_unknown_name_leaves_result},
        {"a cleared battery knows nothing", test_clear_knows_nothing},
        {"extremes come from the cells, the first of equals", test_extremes_of_cells},
        {"unknown cells derive nothing", test_unknown_cells_derive_nothing},
        {"counts beyond the arrays are cut", test_count_beyond_the_array_is_cut},
        {"temperature extremes are those of the cells", test_extremes_of_cell_sensors_only},
        {"temperature falls back to the middle", test_temperature_falls_back_to_the_middle},
        {0},
    };
    return testing_main(argc, argv, "battery", cases);
}
