/* SPDX-License-Identifier: Apache-2.0
 *
 * The console source's numbers and what follows from them: temperatures, ends of the scale, cells,
 * limits. The ids are those of docs/protocols/pylontech-console-failures.md.
 */
#include <string.h>

#include "bridge/source/test_console_rig.h"

#define BIT(condition) COND_BIT(COND_##condition)

/* ---- numbers: S50, S51, S52, S54, S58 ---- */

static void test_cold(void)
{
    struct rig *rig = rig_running();

    rig->modules[0].tlow = -5000;
    rig->modules[0].thigh = -4500;
    rig_poll_once(rig);
    CU_ASSERT_EQUAL(rig->got[0].temp_min_dc, -50);
    CU_ASSERT_EQUAL(rig->got[0].protections, BIT(CHARGE_UNDERTEMPERATURE));
    CU_ASSERT_EQUAL(rig->got[0].ccl_ma, 0);
    CU_ASSERT_FALSE(rig->got[0].charge_enable);
    CU_ASSERT_EQUAL(rig->got[0].dcl_ma, 25000); /* discharging is fine down to -10 C */
    rig->modules[0].tlow = 1000;                /* inside the hysteresis */
    rig->modules[0].thigh = 1000;
    rig_poll_once(rig);
    CU_ASSERT_EQUAL(rig->got[0].ccl_ma, 0);
    rig->modules[0].tlow = 2100;
    rig->modules[0].thigh = 2100;
    rig_poll_once(rig);
    CU_ASSERT_EQUAL(rig->got[0].ccl_ma, 25000);
    CU_ASSERT_EQUAL(rig->got[0].protections, 0);
    rig_delete(rig);
}

static void test_hot(void)
{
    struct rig *rig = rig_running();

    rig->modules[0].thigh = 50000; /* exactly: still inside */
    rig_poll_once(rig);
    CU_ASSERT_EQUAL(rig->got[0].protections, 0);
    rig->modules[0].thigh = 50100;
    rig_poll_once(rig);
    CU_ASSERT_EQUAL(rig->got[0].protections,
                    BIT(CHARGE_OVERTEMPERATURE) | BIT(DISCHARGE_OVERTEMPERATURE));
    CU_ASSERT_EQUAL(rig->got[0].ccl_ma, 0);
    CU_ASSERT_EQUAL(rig->got[0].dcl_ma, 0);
    rig_delete(rig);
}

static void test_soc_ends(void)
{
    struct rig *rig = rig_new();

    rig->modules[0].coulomb = 107;
    rig->modules[1].coulomb = 0;
    rig_open(rig);
    CU_ASSERT_TRUE(rig_until_update(rig, 1, RIG_S(5)));
    CU_ASSERT_EQUAL(rig->got[0].soc_pm, 1070); /* as it is: sinks clamp */
    CU_ASSERT_EQUAL(rig->got[1].soc_pm, 0);    /* valid */
    CU_ASSERT_EQUAL(rig->got[1].remaining_mah, 0);
    CU_ASSERT_TRUE(rig->got[1].force_charge);
    CU_ASSERT_FALSE(rig->got[0].force_charge);
    rig_delete(rig);
}

static void test_touching_columns(void)
{
    struct rig *rig = rig_running();

    rig->modules[0].curr = -100000; /* fills its column: "-10000029300" */
    rig_run(rig, RIG_S(3));
    CU_ASSERT_TRUE(rig->got[0].current_ma == -100000 || rig->got[0].current_ma == -3037);
    CU_ASSERT_TRUE(rig->got[0].temp_dc[0] == 293);
    rig_delete(rig);
}

static void test_broken_cell(void)
{
    struct rig *rig = rig_running();

    rig->modules[0].vhigh = 4095; /* captured with SysError and System Fault 0x8 */
    rig->modules[0].base = "SysError";
    rig_poll_once(rig);
    CU_ASSERT_FALSE(battery_knows(&rig->got[0], FIELD_CELL_MIN_MAX));
    CU_ASSERT_FALSE(battery_knows(&rig->got[0], FIELD_CELLS));
    CU_ASSERT_TRUE((rig->got[0].protections & BIT(INTERNAL_FAULT)) != 0);
    CU_ASSERT_EQUAL(rig->got[0].protections & BIT(CELL_OVERVOLTAGE), 0);
    rig_delete(rig);
}

/* ---- cells and limits: S53, S59 ---- */

static void test_cell_overvoltage(void)
{
    struct rig *rig = rig_running();

    rig->modules[0].vhigh = 3700;
    rig->modules[0].volt = 50111;
    rig_poll_once(rig);
    CU_ASSERT_EQUAL(rig->got[0].ccl_ma, 0);
    CU_ASSERT_FALSE(rig->got[0].charge_enable);
    CU_ASSERT_EQUAL(rig->got[0].protections, BIT(CELL_OVERVOLTAGE));
    CU_ASSERT_EQUAL(rig->got[0].cvl_mv, 50100); /* not above the voltage that is there */
    CU_ASSERT_EQUAL(rig->got[0].dcl_ma, 25000); /* discharging would help */
    rig->modules[0].vhigh = 3500;               /* inside the hysteresis */
    rig_poll_once(rig);
    CU_ASSERT_EQUAL(rig->got[0].ccl_ma, 0);
    rig->modules[0].vhigh = 3380;
    rig_poll_once(rig);
    CU_ASSERT_EQUAL(rig->got[0].ccl_ma, 25000);
    CU_ASSERT_EQUAL(rig->got[0].cvl_mv, 53250);
    CU_ASSERT_EQUAL(rig->got[0].protections, 0);
    rig_delete(rig);
}

/* `bat` shows it first: no waiting for the next table. */
static void test_bat_shows_it_first(void)
{
    struct rig *rig = rig_running();
    unsigned from = rig->n_lines;

    while (rig_count(rig, "bat 1", from) == 0) /* it is being sent: change what it will say */
        rig_run(rig, RIG_MS(1));
    rig_run(rig, RIG_MS(500));
    from = rig->n_lines;
    while (rig_count(rig, "pwr", from) == 0)
        rig_run(rig, RIG_MS(1));
    rig_run(rig, RIG_MS(29)); /* the table is on its way with the old values */
    rig->modules[0].vhigh = 3700;
    while (rig_count(rig, "bat 1", from) == 0 && rig->now_us < RIG_S(200))
        rig_run(rig, RIG_MS(1));
    uint64_t row_us = rig->got[0].updated_us;
    rig_run(rig, RIG_MS(35));
    CU_ASSERT_EQUAL(rig->got[0].ccl_ma, 0);
    CU_ASSERT_EQUAL(rig->got[0].protections, BIT(CELL_OVERVOLTAGE));
    CU_ASSERT_EQUAL(rig->got[0].updated_us, row_us); /* not younger by that */
    rig_delete(rig);
}

/* The console contradicts itself: `pwr N` says over-voltage while every row is fine. It counts
 * until `pwr N` says otherwise. */
static void test_contested(void)
{
    struct rig *rig = rig_running();

    rig->modules[0].bat_events = 0x1;
    rig_run(rig, RIG_S(6));
    CU_ASSERT_EQUAL(rig->got[0].protections, BIT(CELL_OVERVOLTAGE));
    for (unsigned i = 0; i < 200; i++) {
        rig_run(rig, RIG_MS(50));
        CU_ASSERT_EQUAL(rig->got[0].protections, BIT(CELL_OVERVOLTAGE));
    }
    rig->modules[0].bat_events = 0;
    rig_run(rig, RIG_S(4));
    CU_ASSERT_EQUAL(rig->got[0].protections, 0);
    rig_delete(rig);
}

/* `bat` contradicted the row before it, but the next row agrees: from then on a row ends it, also
 * the first one after an interruption that `bat` has not been asked since. */
static void test_contested_no_more(void)
{
    struct rig *rig = rig_running();
    unsigned from = rig->n_lines;

    while (rig_count(rig, "bat 1", from) == 0)
        rig_run(rig, RIG_MS(1));
    rig->modules[0].vhigh = 3700; /* `bat` says so first */
    rig->modules[0].volt = 50111;
    while (rig->got[0].cell_max_mv != 3700)
        rig_run(rig, RIG_MS(1));
    CU_ASSERT_EQUAL(rig->got[0].protections, BIT(CELL_OVERVOLTAGE));
    rig->dead = true;
    rig_run(rig, RIG_S(15));
    rig->modules[0].vhigh = 3325;
    rig->modules[0].volt = 49736;
    rig->dead = false;
    while (rig->got[0].cell_max_mv != 3325)
        rig_run(rig, RIG_MS(1));
    CU_ASSERT_EQUAL(rig->got[0].protections, 0);
    rig_delete(rig);
}

/* A fault that only `pwr 1` knows is asked for with every row; the cells are read all the same. */
static void test_recheck_starves_nobody(void)
{
    struct rig *rig = rig_running();

    rig->modules[0].system_fault = 0x1;
    rig_run(rig, RIG_S(10));
    unsigned from = rig->n_lines;
    for (unsigned i = 0; i < 200; i++) {
        rig_run(rig, RIG_MS(100));
        CU_ASSERT_TRUE(battery_knows(&rig->got[0], FIELD_CELLS));
    }
    CU_ASSERT_TRUE(rig_count(rig, "pwr 1", from) >= 19);
    CU_ASSERT_TRUE(rig_count(rig, "bat 1", from) >= 9);
    CU_ASSERT_TRUE(rig_count(rig, "bat 2", from) >= 4);
    CU_ASSERT_TRUE(rig_count(rig, "pwr", from) >= 20); /* and no poll is late for it */
    rig_delete(rig);
}

/* After an interruption the first row still has the cells when they fit it, else not. */
static void test_cells_after_an_interruption(void)
{
    struct rig *rig = rig_running();

    for (unsigned round = 0; round < 2; round++) {
        rig->dead = true;
        rig_run(rig, RIG_S(20));
        rig->modules[0].vhigh = round == 0 ? rig->modules[0].vhigh : 3400;
        rig->modules[0].volt += round == 0 ? 0 : 75;
        rig->dead = false;
        unsigned updates = rig->updates[0];
        while (rig->updates[0] == updates)
            rig_run(rig, RIG_MS(1));
        CU_ASSERT_EQUAL(battery_knows(&rig->got[0], FIELD_CELLS), round == 0);
        CU_ASSERT_TRUE(battery_knows(&rig->got[0], FIELD_CELL_IDS));
        CU_ASSERT_EQUAL(rig->got[0].cell_max_id, round == 0 ? 15 : 0);
        rig_run(rig, RIG_S(2));
        CU_ASSERT_TRUE(battery_knows(&rig->got[0], FIELD_CELLS));
        CU_ASSERT_EQUAL(rig->got[0].cell_max_id, 15);
    }
    rig_delete(rig);
}

/* Cells that no longer fit the newest row are asked again at once; they never vanish in between,
 * but none of them is named beside an extreme that it did not have. */
static void test_cells_follow_the_row(void)
{
    struct rig *rig = rig_running();

    rig->modules[0].vhigh = 3700;
    rig->modules[0].volt = 50111;
    while (rig->got[0].cell_max_mv != 3700)
        rig_run(rig, RIG_MS(1));
    CU_ASSERT_EQUAL(rig->got[0].cell_max_id, 0);
    CU_ASSERT_EQUAL(rig->got[0].cell_min_id, 1);
    for (unsigned i = 0; i < 200; i++) {
        rig_run(rig, RIG_MS(1));
        CU_ASSERT_TRUE(battery_knows(&rig->got[0], FIELD_CELLS | FIELD_CELL_IDS));
    }
    CU_ASSERT_EQUAL(rig->got[0].cell_mv[14], 3700);
    CU_ASSERT_EQUAL(rig->got[0].cell_max_id, 15);
    rig->modules[0].vhigh = 3600;
    rig->modules[0].volt = 50011;
    while (rig->got[0].cell_max_mv != 3600)
        rig_run(rig, RIG_MS(1));
    rig_run(rig, RIG_MS(200));
    CU_ASSERT_EQUAL(rig->got[0].cell_mv[14], 3600);
    rig_delete(rig);
}

static void test_cell_undervoltage(void)
{
    struct rig *rig = rig_running();

    rig->modules[0].vlow = 2900;
    rig->modules[0].volt = 49312;
    rig_poll_once(rig);
    CU_ASSERT_EQUAL(rig->got[0].dcl_ma, 0);
    CU_ASSERT_EQUAL(rig->got[0].ccl_ma, 25000);
    CU_ASSERT_EQUAL(rig->got[0].protections, BIT(CELL_UNDERVOLTAGE));
    CU_ASSERT_TRUE(rig->got[0].force_charge);
    rig_delete(rig);
}

static void test_high_cell_warns(void)
{
    struct rig *rig = rig_running();

    rig->modules[0].vhigh = 3562; /* the captured case: every word of the row says Normal */
    rig->modules[0].volt = 49972;
    rig_poll_once(rig);
    CU_ASSERT_EQUAL(rig->got[0].warnings, BIT(CELL_OVERVOLTAGE));
    CU_ASSERT_EQUAL(rig->got[0].protections, 0);
    CU_ASSERT_EQUAL(rig->got[0].ccl_ma, 2500); /* a tenth */
    rig_delete(rig);
}

static void test_taper(void)
{
    static const struct {
        int32_t cell_mv, ccl_ma;
    } steps[] = {{3449, 25000},
                 {3450, 10000},
                 {3499, 10000},
                 {3500, 5000},
                 {3549, 5000},
                 {3550, 2500},
                 {3600, 1000},
                 {3649, 1000},
                 /* and back: each step 25 mV further inside, so that a ripple changes nothing */
                 {3580, 1000},
                 {3576, 1000},
                 {3574, 2500},
                 {3526, 2500},
                 {3524, 5000},
                 {3426, 10000},
                 {3424, 25000}};
    struct rig *rig = rig_running();

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        rig->modules[0].vhigh = steps[i].cell_mv;
        rig->modules[0].vlow = steps[i].cell_mv - 20;
        rig->modules[0].volt = steps[i].cell_mv * 15 - 100;
        rig_run(rig, RIG_S(2));
        CU_ASSERT_EQUAL(rig->got[0].ccl_ma, steps[i].ccl_ma);
        CU_ASSERT_EQUAL(rig->got[0].dcl_ma, 25000);
    }
    rig_delete(rig);
}

/* S59: the limit near full does not toggle with the last percent. */
static void test_near_full(void)
{
    static const struct {
        int32_t percent, ccl_ma;
    } steps[] = {{94, 25000}, {95, 10000}, {94, 10000}, {95, 10000}, {93, 10000}, {92, 25000}};
    struct rig *rig = rig_new();

    rig->modules[0].coulomb = 80;
    rig_open(rig);
    rig_run(rig, RIG_S(5));
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        rig->modules[0].coulomb = steps[i].percent;
        rig_poll_once(rig);
        CU_ASSERT_EQUAL(rig->got[0].ccl_ma, steps[i].ccl_ma);
    }
    rig_delete(rig);
}

static void test_configured_limits(void)
{
    struct rig *rig = rig_new();

    rig->console.config.limits.charge_ma = 200000; /* more than the hardware's 90 A */
    rig->console.config.limits.discharge_ma = 40000;
    rig->console.config.limits.charge_mv = 52500;
    rig_open(rig);
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(5)));
    CU_ASSERT_EQUAL(rig->got[0].ccl_ma, 90000);
    CU_ASSERT_EQUAL(rig->got[0].dcl_ma, 40000);
    CU_ASSERT_EQUAL(rig->got[0].cvl_mv, 52500);
    CU_ASSERT_EQUAL(rig->got[0].dvl_mv, 46000);
    rig_delete(rig);
}

static void test_products(void)
{
    struct rig *rig = rig_new();

    rig->modules[0].device = "US5000";
    rig->modules[0].spec = "48V/100AH";
    rig->modules[1].device = "US9999X"; /* unknown: half its capacity per hour */
    rig->modules[1].spec = "48V/74AH";
    rig_open(rig);
    CU_ASSERT_TRUE(rig_until_update(rig, 1, RIG_S(5)));
    CU_ASSERT_EQUAL(rig->got[0].ccl_ma, 50000);
    CU_ASSERT_EQUAL(rig->got[1].ccl_ma, 37000);
    CU_ASSERT_EQUAL(rig->got[1].cvl_mv, 53250);
    CU_ASSERT_EQUAL(rig->got[1].dvl_mv, 46000);
    CU_ASSERT_EQUAL(rig->got[1].full_mah, 74000);
    rig_delete(rig);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"cold (S50)", test_cold},
        {"hot", test_hot},
        {"SOC 107 % and 0 % (S51)", test_soc_ends},
        {"touching columns (S52)", test_touching_columns},
        {"broken cell (S54)", test_broken_cell},
        {"cell over-voltage", test_cell_overvoltage},
        {"bat shows it first", test_bat_shows_it_first},
        {"the console contradicts itself (S49)", test_contested},
        {"the console contradicts itself no more", test_contested_no_more},
        {"a recheck starves nobody", test_recheck_starves_nobody},
        {"cells after an interruption", test_cells_after_an_interruption},
        {"cells follow the row", test_cells_follow_the_row},
        {"cell under-voltage", test_cell_undervoltage},
        {"a high cell warns (S53)", test_high_cell_warns},
        {"taper", test_taper},
        {"near full (S59)", test_near_full},
        {"configured limits", test_configured_limits},
        {"products", test_products},
        {0},
    };
    return testing_main(argc, argv, "bridge.console_limits", cases);
}
