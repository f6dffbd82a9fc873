/* SPDX-License-Identifier: Apache-2.0
 *
 * What JK04 records, settings and device information mean.
 */
#include <string.h>

#include "proto/jk_frame/jk_battery.h"
#include "proto/jk_frame/test_jk_support.h"

static struct jk_cells healthy(void)
{
    uint8_t f[JK_FRAME];
    struct jk_cells c;

    jk_healthy_32s(f);
    CU_ASSERT_EQUAL(jk_cells_decode(span_of(f, JK_FRAME), JK02_32S, &c).code, ERR_OK);
    return c;
}

/* ---- JK04 ---- */

static void test_jk04(void)
{
    uint8_t f[JK_FRAME];
    struct jk04_cells c;
    struct jk04_settings s = {.cell_count = 16};
    struct battery b;
    const char *why = "";

    jk_healthy_jk04(f);
    CU_ASSERT_EQUAL(jk04_cells_decode(span_of(f, JK_FRAME), &c).code, ERR_OK);
    battery_clear(&b);
    CU_ASSERT_EQUAL(jk04_settings_to_battery(&s, &b), ERR_OK);
    CU_ASSERT_EQUAL(b.known, 0);
    CU_ASSERT_EQUAL(jk04_cells_to_battery(&c, &b), ERR_OK);
    CU_ASSERT_EQUAL(b.known, FIELD_PACK_MV | FIELD_CELLS | FIELD_CELL_MIN_MAX | FIELD_CELL_IDS |
                                 FIELD_BALANCING);
    CU_ASSERT_EQUAL(b.pack_mv, 52800);
    CU_ASSERT_EQUAL(b.cell_count, 16);
    CU_ASSERT_EQUAL(b.cell_mv[15], 3300);
    c.cell_v[20] = 0x7FC00000; /* NaN */
    CU_ASSERT_FALSE(jk04_cells_plausible(&c, &why));
    CU_ASSERT_STRING_EQUAL(why, "a cell is outside 0.5..5 V");
    CU_ASSERT_EQUAL(jk04_cells_to_battery(&c, &b), ERR_IMPLAUSIBLE);
    c.cell_v[20] = 0x3DCCCCCD; /* 0.1 V */
    CU_ASSERT_FALSE(jk04_cells_plausible(&c, &why));
    c.cell_v[20] = 0x40533333;
    CU_ASSERT_FALSE(jk04_cells_plausible(&c, &why));
    CU_ASSERT_STRING_EQUAL(why, "the cell mask disagrees with the cells");
    s.cell_count = 25;
    CU_ASSERT_EQUAL(jk04_settings_to_battery(&s, &b), ERR_IMPLAUSIBLE);
    s.cell_count = 0;
    CU_ASSERT_EQUAL(jk04_settings_to_battery(&s, &b), ERR_IMPLAUSIBLE);
    CU_ASSERT_EQUAL(b.cell_count, 16);
}

/* ---- settings ---- */

static struct jk_settings usual_settings(void)
{
    return (struct jk_settings){
        .layout = JK02_32S,
        .cell_count = 16,
        .cell_uvp_mv = 2700,
        .cell_uvp_release_mv = 2901,
        .cell_ovp_mv = 3650,
        .charge_mv = 3450,
        .charge_max_ma = 60000,
        .discharge_max_ma = 100000,
        .charge_switch = 1,
        .discharge_switch = 1,
    };
}

static void test_limits(void)
{
    struct jk_settings s = usual_settings();
    struct battery b;

    battery_clear(&b);
    CU_ASSERT_EQUAL(jk_settings_to_battery(&s, &b), ERR_OK);
    CU_ASSERT_EQUAL(b.known, FIELD_CVL | FIELD_DVL | FIELD_CCL | FIELD_DCL);
    CU_ASSERT_EQUAL(b.cell_count, 16);
    CU_ASSERT_EQUAL(b.cvl_mv, 55200);
    CU_ASSERT_EQUAL(b.dvl_mv, 46416);
    CU_ASSERT_EQUAL(b.ccl_ma, 60000);
    CU_ASSERT_EQUAL(b.dcl_ma, 100000);
    s.charge_mv = 0; /* before firmware 14 the BMS asks for nothing */
    s.charge_switch = 0;
    s.cell_uvp_release_mv = 0;
    CU_ASSERT_EQUAL(jk_settings_to_battery(&s, &b), ERR_OK);
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_CVL));
    CU_ASSERT_EQUAL(b.ccl_ma, 0);
    CU_ASSERT_EQUAL(b.dvl_mv, 43200);
    s.discharge_switch = 0;
    s.cell_uvp_release_mv = 9999; /* nonsense */
    CU_ASSERT_EQUAL(jk_settings_to_battery(&s, &b), ERR_OK);
    CU_ASSERT_EQUAL(b.dcl_ma, 0);
    CU_ASSERT_EQUAL(b.dvl_mv, 43200);
}

/* A limit never rises on bad input. */
static void test_bad_settings(void)
{
    struct jk_settings bad[10];
    struct battery b;
    struct battery before;

    for (size_t i = 0; i < 10; i++)
        bad[i] = usual_settings();
    bad[0].cell_count = 0;
    bad[1].cell_count = 33;
    bad[2].cell_uvp_mv = 3650;
    bad[3].cell_ovp_mv = 5001;
    bad[4].charge_max_ma = 1000001;
    bad[5].discharge_max_ma = UINT32_MAX;
    bad[6].charge_mv = 3651; /* above the protection */
    bad[7].charge_mv = 499;
    bad[8].cell_uvp_mv = 499;
    bad[9].charge_mv = 5001;
    bad[9].cell_ovp_mv = 5000;
    memset(&b, 0x5A, sizeof b);
    before = b;
    for (size_t i = 0; i < 10; i++) {
        CU_ASSERT_EQUAL(jk_settings_to_battery(&bad[i], &b), ERR_IMPLAUSIBLE);
        CU_ASSERT_EQUAL(memcmp(&b, &before, sizeof b), 0);
    }
}

/* Another cell count makes the cells unknown until they are read again. */
static void test_count_changes(void)
{
    struct jk_cells c = healthy();
    struct jk_settings s = usual_settings();
    struct battery b;

    battery_clear(&b);
    CU_ASSERT_EQUAL(jk_cells_to_battery(&c, &b), ERR_OK);
    CU_ASSERT_EQUAL(jk_settings_to_battery(&s, &b), ERR_OK);
    CU_ASSERT(battery_knows(&b, FIELD_CELLS));
    s.cell_count = 20;
    CU_ASSERT_EQUAL(jk_settings_to_battery(&s, &b), ERR_OK);
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_CELLS));
    CU_ASSERT_EQUAL(jk_cells_to_battery(&c, &b), ERR_OK);
    CU_ASSERT_EQUAL(b.cell_count, 20);
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_CELLS)); /* four are missing */
    CU_ASSERT(battery_knows(&b, FIELD_CELL_MIN_MAX));
}

/* ---- information ---- */

static void put(uint8_t *field, const char *text)
{
    memcpy(field, text, strlen(text));
}

static void test_info(void)
{
    struct jk_info i = {0};
    struct battery b;
    unsigned major = 0;

    put(i.model, "JK_PB2A16S20P");
    put(i.software, "15.41");
    put(i.serial, "4011949148012345"); /* 5 of an old passcode behind the 11 */
    put(i.passcode, "1234");
    battery_clear(&b);
    jk_info_to_battery(&i, &b);
    CU_ASSERT_EQUAL(b.known, FIELD_MODEL | FIELD_SERIAL | FIELD_FIRMWARE);
    CU_ASSERT_STRING_EQUAL(b.model, "JK_PB2A16S20P");
    CU_ASSERT_STRING_EQUAL(b.serial, "40119491480");
    CU_ASSERT_STRING_EQUAL(b.firmware, "15.41");
    CU_ASSERT(jk_info_major(&i, &major));
    CU_ASSERT_EQUAL(major, 15);
    put(i.software, "19.05");
    memcpy(i.serial, "503214849000643\0", 16);
    jk_info_to_battery(&i, &b);
    CU_ASSERT_STRING_EQUAL(b.serial, "503214849000643");
}

/* Empty is unknown; bytes that are no text never leave. */
static void test_odd_texts(void)
{
    struct jk_info i = {0};
    struct battery b;
    unsigned major = 7;
    char text[4];

    battery_clear(&b);
    jk_info_to_battery(&i, &b);
    CU_ASSERT_EQUAL(b.known, 0);
    CU_ASSERT_FALSE(jk_info_major(&i, &major));
    put(i.software, "V1.0");
    CU_ASSERT_FALSE(jk_info_major(&i, &major));
    CU_ASSERT_EQUAL(major, 7);
    put(i.software, "99999999");
    CU_ASSERT(jk_info_major(&i, &major));
    CU_ASSERT_EQUAL(major, 99999999);
    memcpy(i.model, "J\xC3\xA4K\x7F\0junk", 10);
    jk_info_to_battery(&i, &b);
    CU_ASSERT_STRING_EQUAL(b.model, "J??K?");
    jk_text(SPAN_LIT("12345"), text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "123");
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"JK04", test_jk04},
        {"limits", test_limits},
        {"bad settings", test_bad_settings},
        {"another cell count", test_count_changes},
        {"information", test_info},
        {"odd texts", test_odd_texts},
        {0},
    };
    return testing_main(argc, argv, "jk_settings", cases);
}
