/* SPDX-License-Identifier: Apache-2.0
 *
 * Values that a scenario forces on a pack, what would be told without them, and the whole view.
 */
#include "sim/model/test_pack_support.h"

/* ---- forcing ---- */

static void test_ramp(void)
{
    struct sim_battery b = battery_of("pylontech.us3000c", 500);
    struct pack *pack = open_pack(&b, 1);
    struct bms_path soc = {.id = BMS_PATH_SOC}, current = {.id = BMS_PATH_CURRENT};

    pack_step(pack, S(5));
    CU_ASSERT_EQUAL(pack_ramp(pack, &soc, 97000000, 100000000, S(10)), ERR_OK);
    CU_ASSERT_EQUAL(get(pack, "soc"), 97000000);
    pack_step(pack, S(7.512345));
    CU_ASSERT_EQUAL(get(pack, "soc"), 97753704); /* 97 + 3 x 2.512345 / 10, rounded */
    pack_step(pack, S(15));
    CU_ASSERT_EQUAL(get(pack, "soc"), 100000000);
    pack_step(pack, S(500)); /* held */
    CU_ASSERT_EQUAL(get(pack, "soc"), 100000000);
    CU_ASSERT_EQUAL(pack_release(pack, &soc), ERR_OK);
    CU_ASSERT_EQUAL(get(pack, "soc"), 100000000); /* the charge has moved there */

    /* a ramp of the current moves the charge under its triangle: 74 A x 100 s / 2 */
    CU_ASSERT_EQUAL(pack_ramp(pack, &current, 0, -74000000, S(100)), ERR_OK);
    pack_step(pack, S(600));
    CU_ASSERT_EQUAL(set(pack, "current", 0.0), ERR_OK);
    NEAR(value(pack, "soc"), 100.0 - 100.0 * (74.0 * 50 / 3600) / 74.0, 1e-4);
    pack_delete(pack);
}

static void test_forced_cell_voltage(void)
{
    struct sim_battery b = battery_of("pylontech.us3000c", 500);
    struct pack *pack = open_pack(&b, 1);
    struct battery before, after;

    pack_view(pack, &before);
    CU_ASSERT_EQUAL(set(pack, "cell5.voltage", 3.7), ERR_OK);
    pack_view(pack, &after);
    CU_ASSERT_EQUAL(after.cell_mv[4], 3700);
    CU_ASSERT_EQUAL(after.cell_max_mv, 3700);
    CU_ASSERT_EQUAL(after.cell_max_id, 5);
    /* the pack's voltage follows the sum of its cells */
    CU_ASSERT_EQUAL(after.pack_mv - before.pack_mv, 3700 - before.cell_mv[4]);
    CU_ASSERT_EQUAL(get(pack, "voltage"), after.pack_mv * 1000);
    /* unless it is forced itself */
    CU_ASSERT_EQUAL(set(pack, "voltage", 50.0), ERR_OK);
    pack_view(pack, &after);
    CU_ASSERT_EQUAL(after.pack_mv, 50000);
    CU_ASSERT_EQUAL(release(pack, "voltage"), ERR_OK);
    CU_ASSERT_EQUAL(release(pack, "cell5.voltage"), ERR_OK);
    pack_view(pack, &after);
    CU_ASSERT_EQUAL(after.cell_mv[4], before.cell_mv[4]);
    CU_ASSERT_EQUAL(after.pack_mv, before.pack_mv);
    pack_delete(pack);
}

static void test_forced_soc_moves_the_cells(void)
{
    struct sim_battery b = battery_of("pylontech.us3000c", 500);
    struct pack *pack = open_pack(&b, 1);
    struct battery view;

    CU_ASSERT_EQUAL(set(pack, "soc", 10.0), ERR_OK);
    pack_view(pack, &view);
    CU_ASSERT_EQUAL(view.soc_pm, 100);
    CU_ASSERT(view.cell_max_mv < 3215);
    /* more than full is a way to count, as old US3000 do, and no voltage */
    CU_ASSERT_EQUAL(set(pack, "soc", 107.0), ERR_OK);
    pack_view(pack, &view);
    CU_ASSERT_EQUAL(view.soc_pm, 1070);
    CU_ASSERT(view.cell_max_mv > 3380 && view.cell_max_mv < 3450);
    CU_ASSERT_EQUAL(view.protections, 0);
    pack_delete(pack);
}

static void test_forced_temperatures(void)
{
    struct sim_battery b = battery_of("pylontech.us3000c", 500);
    struct pack *pack = open_pack(&b, 1);
    struct battery view;

    CU_ASSERT_EQUAL(set(pack, "temp", -5.0), ERR_OK);
    pack_view(pack, &view);
    CU_ASSERT_EQUAL(view.temp_min_dc, -50);
    CU_ASSERT_EQUAL(view.temp_max_dc, -50);
    CU_ASSERT_EQUAL(view.ccl_ma, 0); /* too cold to charge */
    CU_ASSERT_EQUAL(set(pack, "cell7.temp", 30.0), ERR_OK);
    pack_view(pack, &view);
    CU_ASSERT_EQUAL(view.temp_max_dc, 300);
    CU_ASSERT_EQUAL(view.temp_dc[1], 300); /* cells 6..10 share the second sensor */
    CU_ASSERT_EQUAL(view.temp_dc[0], -50);
    CU_ASSERT_EQUAL(set(pack, "mos.temp", 85.0), ERR_OK);
    CU_ASSERT_EQUAL(set(pack, "board.temp", 40.0), ERR_OK);
    pack_view(pack, &view);
    CU_ASSERT_EQUAL(view.temp_count, 5);
    CU_ASSERT_EQUAL(view.temp_role[3], ROLE_BOARD);
    CU_ASSERT_EQUAL(view.temp_dc[3], 400);
    CU_ASSERT_EQUAL(view.temp_role[4], ROLE_MOS);
    CU_ASSERT_EQUAL(view.temp_dc[4], 850);
    CU_ASSERT(view.warnings & COND_BIT(COND_MOS_OVERTEMPERATURE));
    pack_delete(pack);
}

static void test_forced_words_of_the_bms(void)
{
    struct sim_battery b = battery_of("pylontech.us3000c", 500);
    b.current_ma = 10000;
    struct pack *pack = open_pack(&b, 1);
    struct battery view;

    CU_ASSERT_EQUAL(set(pack, "ccl", 10.0), ERR_OK);
    CU_ASSERT_EQUAL(set(pack, "dcl", 20.0), ERR_OK);
    CU_ASSERT_EQUAL(set(pack, "cvl", 52.5), ERR_OK);
    CU_ASSERT_EQUAL(set(pack, "dvl", 47.5), ERR_OK);
    CU_ASSERT_EQUAL(set(pack, "soh", 80.0), ERR_OK);
    CU_ASSERT_EQUAL(set(pack, "cycles", 686.0), ERR_OK);
    CU_ASSERT_EQUAL(set(pack, "force.charge", 1.0), ERR_OK);
    CU_ASSERT_EQUAL(set(pack, "full.charge", 1.0), ERR_OK);
    CU_ASSERT_EQUAL(set(pack, "cell3.balancing", 1.0), ERR_OK);
    CU_ASSERT_EQUAL(set(pack, "warning.imbalance", 1.0), ERR_OK);
    pack_view(pack, &view);
    CU_ASSERT_EQUAL(view.ccl_ma, 10000);
    CU_ASSERT_EQUAL(view.dcl_ma, 20000);
    CU_ASSERT_EQUAL(view.cvl_mv, 52500);
    CU_ASSERT_EQUAL(view.dvl_mv, 47500);
    CU_ASSERT_EQUAL(view.soh_pm, 800);
    CU_ASSERT_EQUAL(view.full_mah, 59200);
    CU_ASSERT_EQUAL(view.cycles, 686);
    CU_ASSERT_TRUE(view.force_charge);
    CU_ASSERT_TRUE(view.full_charge_request);
    CU_ASSERT_EQUAL(view.balancing, 4);
    CU_ASSERT_EQUAL(view.warnings, COND_BIT(COND_IMBALANCE));
    CU_ASSERT_EQUAL(get(pack, "warning.imbalance"), 1000000);
    CU_ASSERT_EQUAL(get(pack, "cell3.balancing"), 1000000);
    CU_ASSERT_EQUAL(set(pack, "capacity", 50.0), ERR_OK);
    pack_view(pack, &view);
    CU_ASSERT_EQUAL(view.full_mah, 50000);
    CU_ASSERT_EQUAL(view.remaining_mah, 25000);

    /* a protection that the scenario dictates acts like one */
    CU_ASSERT_EQUAL(view.current_ma, 10000);
    CU_ASSERT_EQUAL(set(pack, "protection.short_circuit", 1.0), ERR_OK);
    pack_view(pack, &view);
    CU_ASSERT_EQUAL(view.protections, COND_BIT(COND_SHORT_CIRCUIT));
    CU_ASSERT_FALSE(view.charge_enable);
    CU_ASSERT_FALSE(view.discharge_enable);
    CU_ASSERT_EQUAL(view.current_ma, 0);
    CU_ASSERT_EQUAL(release(pack, "protection.short_circuit"), ERR_OK);
    pack_view(pack, &view);
    CU_ASSERT_TRUE(view.charge_enable);
    CU_ASSERT_EQUAL(view.current_ma, 10000);

    /* and a charge path that it closes stops what the world pushes, not what is forced */
    CU_ASSERT_EQUAL(set(pack, "charge.enable", 0.0), ERR_OK);
    CU_ASSERT_EQUAL(get(pack, "current"), 0);
    CU_ASSERT_EQUAL(set(pack, "current", 12.0), ERR_OK);
    CU_ASSERT_EQUAL(get(pack, "current"), 12000000);
    pack_delete(pack);
}

static void test_refusals(void)
{
    struct sim_battery b = battery_of("pylontech.us3000c", 500);
    struct pack *pack = open_pack(&b, 1);
    struct bms_path base = {.id = BMS_PATH_STATE_BASE}, none = {.id = BMS_PATH_COUNT};
    struct bms_path cell16 = {.id = BMS_PATH_CELL_VOLTAGE, .cell = 16};
    struct bms_path cell0 = {.id = BMS_PATH_CELL_VOLTAGE, .cell = 0};
    int64_t micro = 42;

    CU_ASSERT_EQUAL(set(pack, "power", 1.0), ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(release(pack, "power"), ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(pack_set(pack, &base, 0), ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(pack_set(pack, &none, 0), ERR_USAGE);
    CU_ASSERT_EQUAL(pack_set(pack, &cell16, 3300000), ERR_NOT_FOUND); /* 15 cells */
    CU_ASSERT_EQUAL(pack_set(pack, &cell0, 3300000), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(set(pack, "soc", 201.0), ERR_RANGE);
    CU_ASSERT_EQUAL(set(pack, "soc", -1.0), ERR_RANGE);
    CU_ASSERT_FALSE(pack_get(pack, &base, &micro));
    CU_ASSERT_FALSE(pack_get(pack, &none, &micro));
    CU_ASSERT_FALSE(pack_get(pack, &cell16, &micro));
    CU_ASSERT_EQUAL(micro, 42);
    struct pack *other = NULL;
    span_to_str(SPAN_LIT("acme.one"), b.product, sizeof b.product);
    CU_ASSERT_EQUAL(pack_new(&b, 1, 0, &other), ERR_NOT_FOUND);
    CU_ASSERT_PTR_NULL(other);
    pack_delete(pack);
    pack_delete(NULL);
}

/* ---- what would be told otherwise ---- */

static void test_view_without(void)
{
    struct sim_battery b = battery_of("pylontech.us3000c", 970);
    b.current_ma = 37000;
    struct pack *pack = open_pack(&b, 1);
    struct bms_path cell5 = {.id = BMS_PATH_CELL_VOLTAGE, .cell = 5}, soc = {.id = BMS_PATH_SOC};
    struct battery now, without, before;
    int64_t old;

    pack_step(pack, S(12));
    pack_view(pack, &before);
    CU_ASSERT_TRUE_FATAL(pack_get(pack, &cell5, &old));
    CU_ASSERT_EQUAL(pack_set(pack, &cell5, 3700000), ERR_OK);
    pack_step(pack, S(12.5));
    pack_view(pack, &now);
    pack_view_without(pack, &cell5, old, &without);
    CU_ASSERT_EQUAL(now.cell_mv[4], 3700);
    CU_ASSERT(now.protections & COND_BIT(COND_CELL_OVERVOLTAGE));
    CU_ASSERT_EQUAL(without.cell_mv[4], before.cell_mv[4]);
    CU_ASSERT_EQUAL(without.protections, 0);
    CU_ASSERT_EQUAL(without.warnings, 0);
    CU_ASSERT_TRUE(without.charge_enable);
    CU_ASSERT_EQUAL(without.current_ma, 37000);
    /* nothing was touched by asking */
    pack_view(pack, &without);
    CU_ASSERT_EQUAL(memcmp(&without, &now, sizeof now), 0);

    CU_ASSERT_EQUAL(pack_set(pack, &soc, 50000000), ERR_OK);
    pack_view_without(pack, &soc, 97000000, &without);
    CU_ASSERT_EQUAL(without.soc_pm, 970);
    CU_ASSERT(without.cell_mv[0] > 3330);
    /* what a release took away */
    CU_ASSERT_EQUAL(pack_release(pack, &cell5), ERR_OK);
    pack_view_without(pack, &cell5, 3700000, &without);
    CU_ASSERT_EQUAL(without.cell_mv[4], 3700);
    CU_ASSERT(without.protections & COND_BIT(COND_CELL_OVERVOLTAGE));
    pack_view(pack, &now);
    CU_ASSERT_EQUAL(now.protections, 0);
    pack_delete(pack);
}

/* ---- the whole view ---- */

static void test_view_is_complete(void)
{
    struct sim_battery b = battery_of("pylontech.us2000b-plus", 456);
    b.temp_dc = 253;
    b.cycles = 430;
    struct pack *pack = open_pack(&b, 1);
    struct battery v;

    pack_step(pack, S(3));
    pack_view(pack, &v);
    CU_ASSERT_EQUAL(v.known, (1U << 25) - 1); /* every field of struct battery */
    CU_ASSERT_STRING_EQUAL(v.maker, "Pylon");
    CU_ASSERT_STRING_EQUAL(v.model, "US2KBPL");
    CU_ASSERT_STRING_EQUAL(v.firmware, "B66.6");
    CU_ASSERT_EQUAL(strlen(v.serial), 16);
    CU_ASSERT_EQUAL(v.updated_us, S(3));
    CU_ASSERT_EQUAL(v.cell_count, 15);
    CU_ASSERT_EQUAL(v.soc_pm, 456);
    CU_ASSERT_EQUAL(v.full_mah, 50000);
    CU_ASSERT_EQUAL(v.remaining_mah, 22800);
    CU_ASSERT_EQUAL(v.cycles, 430);
    CU_ASSERT_EQUAL(v.cvl_mv, 53250);
    CU_ASSERT_EQUAL(v.dvl_mv, 47000);
    CU_ASSERT_EQUAL(v.ccl_ma, 25000);
    CU_ASSERT_EQUAL(v.dcl_ma, 25000);
    CU_ASSERT_EQUAL(v.temp_count, 4); /* three at the cells, the board, no MOS sensor */
    int32_t sum = 0;
    for (unsigned i = 0; i < v.cell_count; i++)
        sum += v.cell_mv[i];
    CU_ASSERT_EQUAL(v.pack_mv, sum);
    for (unsigned i = 0; i < v.temp_count; i++)
        CU_ASSERT_EQUAL(v.temp_dc[i] % 10, 0); /* whole degrees */
    CU_ASSERT(v.temp_min_dc >= 250 && v.temp_max_dc <= 260);
    CU_ASSERT_EQUAL(pack_product(pack), product_find("pylontech.us2000b-plus"));
    pack_delete(pack);

    span_to_str(SPAN_LIT("K220803C30160910"), b.serial, sizeof b.serial);
    span_to_str(SPAN_LIT("B67.9.0"), b.firmware, sizeof b.firmware);
    pack = open_pack(&b, 1);
    pack_view(pack, &v);
    CU_ASSERT_STRING_EQUAL(v.serial, "K220803C30160910");
    CU_ASSERT_STRING_EQUAL(v.firmware, "B67.9.0");
    pack_delete(pack);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"ramps", test_ramp},
        {"a forced cell voltage", test_forced_cell_voltage},
        {"a forced soc moves the cells", test_forced_soc_moves_the_cells},
        {"forced temperatures", test_forced_temperatures},
        {"forced words of the BMS", test_forced_words_of_the_bms},
        {"refusals", test_refusals},
        {"what would be told otherwise", test_view_without},
        {"the view is complete", test_view_is_complete},
        {0},
    };
    return testing_main(argc, argv, "forced", cases);
}
