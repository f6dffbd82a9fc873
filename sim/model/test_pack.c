/* SPDX-License-Identifier: Apache-2.0
 *
 * The pack's physics against numbers worked out by hand or published (docs/simulator-model.md), and
 * the profiles of use. (Forced values: test_forced.c.)
 */
#include <math.h>
#include <string.h>

#include "sim/model/cell.h"
#include "sim/model/test_pack_support.h"

/* ---- the cell ---- */

/* The table of the anchors, column "Use". */
static void test_ocv_points(void)
{
    static const struct {
        double soc, mv;
    } points[] = {
        {0, 2005},  {1, 2756},  {2, 2897},  {3, 2992},  {5, 3102},    {7.5, 3166},
        {10, 3193}, {15, 3211}, {20, 3234}, {25, 3256}, {30, 3272},   {40, 3282},
        {50, 3289}, {60, 3298}, {65, 3305}, {70, 3313}, {75, 3320},   {80, 3325},
        {90, 3332}, {95, 3335}, {98, 3337}, {99, 3362}, {99.5, 3400}, {100, 3623},
    };

    for (size_t i = 0; i < N(points); i++)
        NEAR(1000.0 * cell_ocv(points[i].soc / 100.0), points[i].mv, 1e-6);
}

static void test_ocv_is_monotone_and_smooth(void)
{
    double before = cell_ocv(-0.02);

    for (int i = -1999; i <= 102000; i++) {
        double now = cell_ocv(i / 100000.0);
        if (now < before || now - before > 0.0011)
            TESTING_FAIL("from %g to %g V at %g", before, now, i / 100000.0);
        before = now;
    }
    NEAR(cell_ocv(-1.0), 0.3, 1e-9);
    NEAR(cell_ocv(2.0), 4.5, 1e-9);
}

/* The two rows of the equivalent circuit, and a size between. */
static void test_cell_sizes(void)
{
    struct cell_type t;

    cell_type_of(74.0, &t);
    NEAR(t.r0_ohm, 0.9e-3, 1e-9);
    NEAR(t.r1_ohm, 0.6e-3, 1e-9);
    NEAR(t.r2_ohm, 0.8e-3, 1e-9);
    NEAR(t.tau1_s, 30.0, 1e-6);
    NEAR(t.tau2_s, 900.0, 1e-6);
    NEAR(t.heat_j_k, 1600.0, 1e-6);
    cell_type_of(280.0, &t);
    NEAR(t.r0_ohm, 0.25e-3, 1e-9);
    NEAR(t.r1_ohm, 0.15e-3, 1e-9);
    NEAR(t.r2_ohm, 0.20e-3, 1e-9);
    NEAR(t.tau1_s, 40.0, 1e-6);
    NEAR(t.tau2_s, 1200.0, 1e-6);
    NEAR(t.heat_j_k, 5400.0, 1e-6);
    NEAR(t.cooling_w_k, 0.57, 1e-9);
    cell_type_of(100.0, &t);
    CU_ASSERT(t.r0_ohm > 0.6e-3 && t.r0_ohm < 0.75e-3);
}

static void test_resistance_factor(void)
{
    NEAR(cell_resistance_factor(25.0, 0.5), 1.0, 1e-9);
    NEAR(cell_resistance_factor(25.0, 0.0), 1.2, 1e-9);
    NEAR(cell_resistance_factor(25.0, 1.0), 1.2, 1e-9);
    /* exp(2400 (1/273.15 - 1/298.15)) = exp(0.7367) */
    NEAR(cell_resistance_factor(0.0, 0.5), 2.089, 0.001);
}

/* ---- charge ---- */

static struct pack *open_280(int32_t soc_pm, double current_a)
{
    struct sim_battery b = battery_of("pylontech.us5000", soc_pm);

    b.capacity_mah = 280000;
    b.cells = 16;
    b.spread_pm = 0;
    struct pack *pack = open_pack(&b, 1);
    CU_ASSERT_EQUAL(set(pack, "current", current_a), ERR_OK);
    return pack;
}

/* The anchors' sanity run: 140 A into 280 Ah from 90 % gives 3.357 V at once, 3.391 V after 600 s
 * and 3.65 V at 715 s on curve A; the curve used here is 10 mV higher at 90 % and 13 mV at 98 %,
 * and there is hysteresis (8 mV) and the rise of resistance towards full (8 % at 90 %). */
static void test_knee_of_280_ah(void)
{
    struct pack *pack = open_280(904, 140.0); /* 90.0 % of the curve */
    uint64_t t = 0;

    NEAR(millis(pack, "cell1.voltage"), 3357 + 10 + 3, 2);
    pack_step(pack, S(600));
    NEAR(millis(pack, "cell1.voltage"), 3391 + 13 + 8 + 6, 8);
    for (t = S(600); t < S(900) && get(pack, "cell1.voltage") < 3650000; t += S(1))
        pack_step(pack, t);
    NEAR((double)t / 1e6, 715, 25);
    pack_delete(pack);
}

static void test_coulomb_counting(void)
{
    struct sim_battery b = battery_of("pylontech.us3000c", 200);
    b.current_ma = 37000;
    struct pack *pack = open_pack(&b, 1);

    pack_step(pack, S(3600)); /* 37 Ah of 74 */
    NEAR(value(pack, "soc"), 70.0, 0.001);
    NEAR(value(pack, "remaining"), 51.8, 0.001);
    CU_ASSERT_EQUAL(set(pack, "current", -74.0), ERR_OK);
    pack_step(pack, S(3600 + 1800));
    NEAR(value(pack, "soc"), 20.0, 0.001);
    pack_delete(pack);

    b.soh_pm = 500; /* half the capacity: twice as fast */
    pack = open_pack(&b, 1);
    pack_step(pack, S(1800));
    NEAR(value(pack, "soc"), 70.0, 0.001);
    NEAR(value(pack, "capacity"), 37.0, 1e-6);
    pack_delete(pack);
}

/* After a charge the slow RC pair decays with 900 s: e-fold between 300 s and 1200 s of rest. */
static void test_rest_relaxation(void)
{
    struct sim_battery b = battery_of("pylontech.us3000c", 400);
    b.current_ma = 37000;
    b.spread_pm = 0;
    struct pack *pack = open_pack(&b, 1);

    pack_step(pack, S(1200));
    double loaded = millis(pack, "cell1.voltage");
    CU_ASSERT_EQUAL(set(pack, "current", 0.0), ERR_OK);
    double at_once = millis(pack, "cell1.voltage");
    NEAR(loaded - at_once, 37.0 * 0.9, 1.5); /* R0, a little less for a warm cell */
    pack_step(pack, S(1200 + 300));
    double early = millis(pack, "cell1.voltage");
    pack_step(pack, S(1200 + 1200));
    double late = millis(pack, "cell1.voltage");
    pack_step(pack, S(1200 + 36000));
    double rest = millis(pack, "cell1.voltage");
    NEAR((early - rest) / (late - rest), 2.718, 0.05);
    CU_ASSERT(rest > 3285.0); /* hysteresis: above the curve (3285 mV at 56 %) after a charge */
    NEAR(rest, 1000.0 * cell_ocv(0.010 + 0.985 * value(pack, "soc") / 100.0) + 8.0, 1.0);
    pack_delete(pack);
}

/* A capture of a US2000 (README of Frankkkkk/python-pylontech): 79 %, -3.5 A, cells 3304..3308 mV.
 */
static void test_against_the_field(void)
{
    struct sim_battery b = battery_of("pylontech.us2000b-plus", 860);
    b.current_ma = -3500;
    b.spread_pm = 0;
    struct pack *pack = open_pack(&b, 1);

    pack_step(pack, S(3600));
    NEAR(value(pack, "soc"), 79.0, 0.01);
    NEAR(millis(pack, "cell1.voltage"), 3306, 4);
    pack_delete(pack);
}

/* What BMSs call empty and full, at rest. */
static void test_ends_of_charge(void)
{
    struct sim_battery b = battery_of("pylontech.us3000c", 0);
    b.spread_pm = 0;
    struct pack *pack = open_pack(&b, 1);

    NEAR(millis(pack, "cell1.voltage"), 2756, 0.5);
    CU_ASSERT_EQUAL(set(pack, "soc", 100.0), ERR_OK);
    NEAR(millis(pack, "cell1.voltage"), 3400, 0.5);
    pack_delete(pack);
}

/* A charger that never stops meets the protection within minutes, and the current ends there. */
static void test_overcharge_is_cut(void)
{
    struct sim_battery b = battery_of("pylontech.us3000c", 980);
    b.current_ma = 37000;
    struct pack *pack = open_pack(&b, 1);
    uint64_t t = 0;
    struct battery view;

    do {
        t += S(1);
        pack_step(pack, t);
        pack_view(pack, &view);
    } while (view.protections == 0 && t < S(900));
    NEAR((double)t / 1e6, 180, 60);
    CU_ASSERT(view.pack_mv < 54000 + 300);
    CU_ASSERT_FALSE(view.charge_enable);
    CU_ASSERT_TRUE(view.discharge_enable);
    CU_ASSERT_EQUAL(view.ccl_ma, 0);
    CU_ASSERT_EQUAL(view.current_ma, 0);
    CU_ASSERT_EQUAL(view.soc_pm, 1000);
    pack_delete(pack);
}

/* ---- heat ---- */

/* 140 A through 0.6 mOhm: T - 25 = 19600 x 0.6e-3 x f(T) / 0.57, f falling with warmth: 14.28 K. */
static void test_thermal_steady_state(void)
{
    struct pack *pack = open_280(500, 140.0);

    CU_ASSERT_EQUAL(set(pack, "soc", 50.0), ERR_OK);
    pack_step(pack, S(3600 * 30));
    NEAR(value(pack, "temp"), 25.0 + 14.28, 0.15);
    /* and the air is what it is measured against */
    CU_ASSERT_EQUAL(set(pack, "ambient", 0.0), ERR_OK);
    CU_ASSERT_EQUAL(set(pack, "current", 0.0), ERR_OK);
    pack_step(pack, S(3600 * 90));
    NEAR(value(pack, "temp"), 0.0, 0.05);
    CU_ASSERT_EQUAL(release(pack, "ambient"), ERR_OK);
    CU_ASSERT_EQUAL(get(pack, "ambient"), 25000000);
    pack_delete(pack);
}

/* 5.4 kJ/K over 0.57 W/K is 2.6 h; the case adds a little. */
static void test_thermal_time_constant(void)
{
    struct pack *pack = open_280(500, 0.0);

    CU_ASSERT_EQUAL(set(pack, "temp", 45.0), ERR_OK);
    NEAR(value(pack, "cell3.temp"), 45.0, 1e-6);
    CU_ASSERT_EQUAL(release(pack, "temp"), ERR_OK);
    pack_step(pack, S(9474));
    NEAR(value(pack, "temp"), 25.0 + 20.0 / 2.718, 1.5);
    pack_delete(pack);
}

/* ---- time ---- */

/* Asked once, a hundred times or at odd instants: the same state to the last bit. */
static void test_steps_do_not_matter(void)
{
    struct sim_battery b = battery_of("pylontech.us3000c", 900);
    b.current_ma = 37000;
    struct pack *once = open_pack(&b, 3), *often = open_pack(&b, 3), *odd = open_pack(&b, 3);
    struct battery v1, v2, v3;

    pack_step(once, S(10));
    for (uint64_t t = 0; t <= S(10); t += 10000)
        pack_step(often, t);
    for (uint64_t t = 0; t <= S(10); t += 333) {
        pack_step(odd, t);
        if (t % 9 == 0)
            pack_view(odd, &v3); /* looking changes nothing either */
    }
    pack_step(odd, S(10));
    pack_view(once, &v1);
    pack_view(often, &v2);
    pack_view(odd, &v3);
    CU_ASSERT_EQUAL(memcmp(&v1, &v2, sizeof v1), 0);
    CU_ASSERT_EQUAL(memcmp(&v1, &v3, sizeof v1), 0);
    CU_ASSERT_EQUAL(get(once, "cell7.voltage"), get(often, "cell7.voltage"));
    CU_ASSERT_EQUAL(get(once, "soc"), get(odd, "soc"));
    pack_delete(once);
    pack_delete(often);
    pack_delete(odd);
}

/* A change between two ticks of the grid counts from its own instant. */
static void test_change_between_ticks(void)
{
    struct sim_battery b = battery_of("pylontech.us3000c", 500);
    struct pack *pack = open_pack(&b, 1);

    pack_step(pack, 1234567);
    CU_ASSERT_EQUAL(set(pack, "current", 74.0), ERR_OK);
    pack_step(pack, 1234567 + S(36));
    CU_ASSERT_EQUAL(set(pack, "current", 0.0), ERR_OK);
    pack_step(pack, S(100));
    NEAR(value(pack, "soc"), 51.0, 1e-5); /* 0.74 Ah of 74 */
    pack_step(pack, S(50));               /* time does not go back */
    NEAR(value(pack, "soc"), 51.0, 1e-5);
    pack_delete(pack);
}

/* ---- profiles ---- */

static struct pack *open_profile(enum sim_profile profile, int32_t soc_pm, uint64_t seed)
{
    struct sim_battery b = battery_of("pylontech.us3000c", soc_pm);

    b.profile = profile;
    return open_pack(&b, seed);
}

/* Charges by day, discharges in the evening, keeps to the limits, never trips. */
static void test_solar_day(void)
{
    struct pack *pack = open_profile(PROFILE_SOLAR_DAY, 300, 1);
    struct pack *other = open_profile(PROFILE_SOLAR_DAY, 300, 2);
    struct battery v;
    double noon_soc = 0.0;
    bool differs = false;

    for (unsigned minute = 1; minute <= 24 * 60; minute++) {
        pack_step(pack, S(minute * 60));
        pack_step(other, S(minute * 60));
        pack_view(pack, &v);
        CU_ASSERT_EQUAL(v.protections, 0);
        CU_ASSERT(v.current_ma <= 37000 && v.current_ma >= -37000);
        CU_ASSERT(v.pack_mv <= v.cvl_mv + 15);
        differs = differs || get(pack, "current") != get(other, "current");
        if (minute == 5 * 60)
            noon_soc = value(pack, "soc");
        if (minute == 14 * 60) { /* 20:00 */
            CU_ASSERT(v.current_ma < -5000);
            CU_ASSERT(value(pack, "soc") > 60.0);
        }
    }
    CU_ASSERT(noon_soc > 60.0);
    CU_ASSERT(differs);
    CU_ASSERT(value(pack, "soc") > 10.0 && value(pack, "soc") < 70.0);
    pack_delete(pack);
    pack_delete(other);
}

/* Constant current, then 3.45 V a cell until 0.03 C, then rest. */
static void test_step_charge(void)
{
    struct pack *pack = open_profile(PROFILE_STEP_CHARGE, 500, 1);
    uint64_t t = S(600);

    pack_step(pack, t);
    CU_ASSERT_EQUAL(get(pack, "current"), 37000000);
    while (get(pack, "current") == 37000000 && t < S(7200))
        pack_step(pack, t += S(10));
    NEAR(value(pack, "voltage"), 15 * 3.45, 0.02);
    NEAR((double)t / 1e6, 3600, 200); /* half of the capacity at half of it per hour */
    while (get(pack, "current") > 0 && t < S(14400)) {
        NEAR(value(pack, "voltage"), 15 * 3.45, 0.02);
        pack_step(pack, t += S(10));
    }
    CU_ASSERT_EQUAL(get(pack, "current"), 0);
    CU_ASSERT(t < S(7200));
    pack_step(pack, t + S(3600));
    CU_ASSERT_EQUAL(get(pack, "current"), 0);
    pack_delete(pack);
}

static void test_inverter_burst(void)
{
    struct pack *pack = open_profile(PROFILE_INVERTER_BURST, 900, 1);
    unsigned seen[3] = {0, 0, 0};

    for (unsigned i = 0; i < 60; i++) {
        pack_step(pack, S(i + 0.5));
        int64_t a = get(pack, "current");
        CU_ASSERT(a == 0 || a == -14800000 || a == -74000000);
        seen[a == 0 ? 0 : a == -14800000 ? 1 : 2]++;
    }
    CU_ASSERT(seen[0] > 10 && seen[1] > 10 && seen[2] > 10);
    pack_delete(pack);
}

static void test_seed_and_spread(void)
{
    struct sim_battery b = battery_of("pylontech.us3000c", 100);
    struct pack *a = open_pack(&b, 1), *same = open_pack(&b, 1), *other = open_pack(&b, 2);
    struct battery va, vs, vo;

    pack_view(a, &va);
    pack_view(same, &vs);
    pack_view(other, &vo);
    CU_ASSERT_EQUAL(memcmp(&va, &vs, sizeof va), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(va.cell_mv, vo.cell_mv, sizeof va.cell_mv), 0);
    CU_ASSERT_STRING_NOT_EQUAL(va.serial, vo.serial);
    CU_ASSERT(va.cell_max_mv > va.cell_min_mv);
    pack_delete(a);
    pack_delete(same);
    pack_delete(other);

    b.spread_pm = 0;
    a = open_pack(&b, 1);
    pack_view(a, &va);
    CU_ASSERT_EQUAL(va.cell_max_mv, va.cell_min_mv);
    CU_ASSERT_EQUAL(va.temp_max_dc, va.temp_min_dc);
    pack_delete(a);
}

static void test_counters(void)
{
    struct sim_battery b = battery_of("pylontech.us2000c", 500);
    b.cycles = 108;
    struct pack *pack = open_pack(&b, 1);
    struct pack_counters c;

    pack_counters(pack, &c);
    CU_ASSERT_EQUAL(c.cycles, 108);
    CU_ASSERT_EQUAL(c.discharged_mah / 50000,
                    108); /* cycles = discharged / rated, as `stat` shows */
    CU_ASSERT_EQUAL(c.charge_seconds, 0);
    int64_t discharged = c.discharged_mah;
    CU_ASSERT_EQUAL(set(pack, "current", -25.0), ERR_OK);
    pack_step(pack, S(720));
    pack_counters(pack, &c);
    NEAR(c.discharged_mah - discharged, 5000, 1);
    CU_ASSERT_EQUAL(c.discharge_seconds, 720);
    CU_ASSERT_EQUAL(set(pack, "current", 5.0), ERR_OK);
    pack_step(pack, S(750.5));
    pack_counters(pack, &c);
    CU_ASSERT_EQUAL(c.discharge_seconds, 0);
    CU_ASSERT_EQUAL(c.charge_seconds, 30);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(set(pack, "cell2.voltage", 3.7), ERR_OK);
        CU_ASSERT_EQUAL(set(pack, "cell2.voltage", 3.3), ERR_OK);
    }
    pack_counters(pack, &c);
    CU_ASSERT_EQUAL(c.cell_overvoltage, 3);
    CU_ASSERT_EQUAL(c.cell_undervoltage, 0);
    pack_delete(pack);
}

/* The scenario of the language's specification, as the battery lives it. */
static void test_the_specified_scenario(void)
{
    struct sim_battery b = battery_of("pylontech.us3000c", 970);
    b.current_ma = 37000;
    struct bms_path soc = {.id = BMS_PATH_SOC};
    struct battery v;

    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct pack *pack = open_pack(&b, seed);
        CU_ASSERT_EQUAL(pack_ramp(pack, &soc, 97000000, 100000000, S(10)), ERR_OK);
        pack_step(pack, S(11.9));
        pack_view(pack, &v);
        CU_ASSERT(v.ccl_ma > 0);
        CU_ASSERT_EQUAL(v.warnings | v.protections, 0);
        pack_step(pack, S(12));
        CU_ASSERT_EQUAL(set(pack, "cell5.voltage", 3.7), ERR_OK);
        pack_view(pack, &v);
        CU_ASSERT_EQUAL(v.ccl_ma, 0);
        CU_ASSERT_EQUAL(v.protections, COND_BIT(COND_CELL_OVERVOLTAGE));
        pack_step(pack, S(40));
        CU_ASSERT_EQUAL(set(pack, "cell5.voltage", 3.38), ERR_OK);
        pack_view(pack, &v);
        CU_ASSERT(v.ccl_ma > 0);
        CU_ASSERT_EQUAL(v.warnings | v.protections, 0);
        pack_step(pack, S(60));
        pack_view(pack, &v);
        CU_ASSERT(v.ccl_ma > 0);
        pack_delete(pack);
    }
}

/* What the owner writes counts at once; a protection that stands goes by the new release. */
static void test_owner_sets_anew(void)
{
    struct sim_battery config = battery_of("jk.pb2a16s20p", 500);
    struct pack *pack = open_pack(&config, 1);
    struct owner_settings settings = {
        .limits = *pack_product(pack)->owner, .ccl_ma = 40000, .dcl_ma = 50000};

    set(pack, "cell2.voltage", 3.5);
    set(pack, "temp", -15.0);
    NEAR(value(pack, "protection.cell_overvoltage"), 0.0, 0.0);
    settings.limits.cell_over_mv = 3480;
    settings.limits.charge_mv = 3400;
    settings.limits.cell_under_release_mv = 3000;
    settings.limits.discharge_cold_dc = -140;
    settings.limits.discharge_cold_release_dc = -100;
    pack_set_owner(pack, &settings);
    NEAR(value(pack, "protection.cell_overvoltage"), 1.0, 0.0);
    NEAR(value(pack, "protection.discharge_undertemperature"), 1.0, 0.0);
    NEAR(value(pack, "ccl"), 0.0, 0.0);
    NEAR(value(pack, "cvl"), 16 * 3.400, 1e-6);
    NEAR(value(pack, "dvl"), 16 * 3.000, 1e-6);
    settings.limits.cell_over_mv = 3650; /* it has tripped: the release at 3.445 V counts */
    settings.limits.discharge_cold_release_dc = -140; /* no such protection any more */
    pack_set_owner(pack, &settings);
    NEAR(value(pack, "protection.cell_overvoltage"), 1.0, 0.0);
    NEAR(value(pack, "protection.discharge_undertemperature"), 0.0, 0.0);
    NEAR(value(pack, "dcl"), 50.0, 0.0);
    set(pack, "cell2.voltage", 3.4);
    set(pack, "temp", 25.0);
    NEAR(value(pack, "ccl"), 40.0, 0.0);
    pack_delete(pack);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"open-circuit voltage at the table's points", test_ocv_points},
        {"open-circuit voltage is monotone", test_ocv_is_monotone_and_smooth},
        {"sizes of cells", test_cell_sizes},
        {"resistance by temperature and charge", test_resistance_factor},
        {"the knee of 280 Ah at 140 A", test_knee_of_280_ah},
        {"coulomb counting", test_coulomb_counting},
        {"relaxation at rest", test_rest_relaxation},
        {"against a capture", test_against_the_field},
        {"empty and full", test_ends_of_charge},
        {"overcharge is cut", test_overcharge_is_cut},
        {"thermal steady state", test_thermal_steady_state},
        {"thermal time constant", test_thermal_time_constant},
        {"steps do not matter", test_steps_do_not_matter},
        {"a change between ticks", test_change_between_ticks},
        {"a solar day", test_solar_day},
        {"a step charge", test_step_charge},
        {"inverter bursts", test_inverter_burst},
        {"seed and spread", test_seed_and_spread},
        {"counters", test_counters},
        {"the specified scenario", test_the_specified_scenario},
        {"the owner sets it anew", test_owner_sets_anew},
        {0},
    };
    return testing_main(argc, argv, "pack", cases);
}
