/* SPDX-License-Identifier: Apache-2.0
 *
 * The BMS's rules with measurements made up for the purpose: every threshold from both sides,
 * delays, release, one bit per cell, permission, recommended limits, full, requests, balancing.
 */
#include "sim/model/bms_logic.h"

#include "testing/testing.h"

#define N(array) (sizeof(array) / sizeof(array)[0])
#define MS(ms)   ((uint64_t)(ms)*1000U)

struct bench {
    struct rule_set set;
    struct logic logic;
    struct measured m;
    uint64_t now_us;
};

static void extremes(struct measured *m)
{
    m->low_mv = UINT16_MAX;
    m->high_mv = 0;
    m->cold_dc = INT16_MAX;
    m->warm_dc = INT16_MIN;
    for (unsigned i = 0; i < m->cells; i++) {
        m->low_mv = m->cell_mv[i] < m->low_mv ? m->cell_mv[i] : m->low_mv;
        m->high_mv = m->cell_mv[i] > m->high_mv ? m->cell_mv[i] : m->high_mv;
        m->cold_dc = m->cell_dc[i] < m->cold_dc ? m->cell_dc[i] : m->cold_dc;
        m->warm_dc = m->cell_dc[i] > m->warm_dc ? m->cell_dc[i] : m->warm_dc;
    }
}

/* A healthy module of 15 cells at 60 %. */
static struct bench bench_of(const char *model, int32_t trip_delay_ms)
{
    struct bench b = {.m = {.cells = 15, .pack_mv = 49470, .mos_dc = 250, .board_dc = 250}};
    const struct product *p = product_find(model);

    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    b.m.soc_pm = 600;
    for (unsigned i = 0; i < b.m.cells; i++) {
        b.m.cell_mv[i] = 3298;
        b.m.cell_dc[i] = 250;
    }
    rule_set_of(p, 15, p->capacity_mah, trip_delay_ms, &b.set);
    b.now_us = MS(1000);
    logic_init(&b.logic, b.now_us);
    return b;
}

/* One evaluation `ms` later. */
static void run(struct bench *b, uint64_t ms)
{
    b->now_us += MS(ms);
    extremes(&b->m);
    logic_step(&b->logic, &b->set, &b->m, b->now_us);
}

static bool warned(const struct bench *b, enum battery_condition cond)
{
    return (b->logic.warnings & COND_BIT(cond)) != 0;
}

static bool protected(const struct bench *b, enum battery_condition cond)
{
    return (logic_protections(&b->logic) & COND_BIT(cond)) != 0;
}

static struct limits limits_of(const struct bench *b)
{
    struct limits limits;

    logic_limits(&b->logic, &b->set, &b->m, &limits);
    return limits;
}

/* ---- thresholds ---- */

static void test_health(void)
{
    struct bench b = bench_of("pylontech.us3000c", -1);

    run(&b, 0);
    CU_ASSERT_EQUAL(b.logic.warnings, 0);
    CU_ASSERT_EQUAL(logic_protections(&b.logic), 0);
    CU_ASSERT_TRUE(b.logic.charge_enable);
    CU_ASSERT_TRUE(b.logic.discharge_enable);
    CU_ASSERT_FALSE(b.logic.full);
    CU_ASSERT_EQUAL(b.logic.balancing, 0);
}

/* All over-voltage and under-voltage levels of a cell of a US3000C: trip, and release on the way
 * back. */
static void test_cell_voltage_levels(void)
{
    static const struct {
        uint16_t mv;
        bool high, over, low, under;
    } way[] = {
        {3549, false, false, false, false}, {3550, true, false, false, false},
        {3649, true, false, false, false},  {3650, true, true, false, false},
        {3501, true, true, false, false},   {3500, false, true, false, false},
        {3400, false, true, false, false},  {3399, false, false, false, false},
        {3051, false, false, false, false}, {3050, false, false, true, false},
        {2801, false, false, true, false},  {2800, false, false, true, true},
        {3200, false, false, true, true},   {3201, false, false, false, false},
    };
    struct bench b = bench_of("pylontech.us3000c", -1);

    for (size_t i = 0; i < N(way); i++) {
        b.m.cell_mv[3] = way[i].mv;
        run(&b, 100);
        if (warned(&b, COND_CELL_OVERVOLTAGE) != way[i].high ||
            protected(&b, COND_CELL_OVERVOLTAGE) != way[i].over ||
            warned(&b, COND_CELL_UNDERVOLTAGE) != way[i].low ||
            protected(&b, COND_CELL_UNDERVOLTAGE) != way[i].under)
            TESTING_FAIL("at %u mV: warnings %x protections %x", way[i].mv, b.logic.warnings,
                         b.logic.protections);
        CU_ASSERT_EQUAL(b.logic.charge_enable, !way[i].over);
        CU_ASSERT_EQUAL(b.logic.discharge_enable, !way[i].under);
    }
    CU_ASSERT_EQUAL(logic_trips(&b.logic, &b.set, COND_CELL_OVERVOLTAGE), 1);
    CU_ASSERT_EQUAL(logic_trips(&b.logic, &b.set, COND_CELL_UNDERVOLTAGE), 1);
}

/* Thresholds that differ by product: the RS485 system parameters of three models. */
static void test_products_differ(void)
{
    struct bench plus = bench_of("pylontech.us2000b-plus", -1);
    struct bench c = bench_of("pylontech.us3000c", -1);

    plus.m.cell_mv[0] = c.m.cell_mv[0] = 2900;
    run(&plus, 0);
    run(&c, 0);
    CU_ASSERT_TRUE(protected(&plus, COND_CELL_UNDERVOLTAGE));
    CU_ASSERT_FALSE(protected(&c, COND_CELL_UNDERVOLTAGE));

    plus.m.current_ma = c.m.current_ma = 95000; /* limits 102 A and 90 A */
    run(&plus, 0);
    run(&c, 0);
    run(&plus, 1000);
    run(&c, 1000);
    CU_ASSERT_FALSE(protected(&plus, COND_CHARGE_OVERCURRENT));
    CU_ASSERT_TRUE(protected(&c, COND_CHARGE_OVERCURRENT));
}

static void test_pack_voltage(void)
{
    struct bench b = bench_of("pylontech.us3000c", -1);

    b.m.pack_mv = 53699;
    run(&b, 0);
    CU_ASSERT_FALSE(warned(&b, COND_PACK_OVERVOLTAGE));
    b.m.pack_mv = 53700;
    run(&b, 0);
    CU_ASSERT_TRUE(warned(&b, COND_PACK_OVERVOLTAGE));
    b.m.pack_mv = 54000;
    run(&b, 0);
    CU_ASSERT_TRUE(protected(&b, COND_PACK_OVERVOLTAGE));
    CU_ASSERT_FALSE(b.logic.charge_enable);
    b.m.pack_mv = 52499;
    run(&b, 0);
    CU_ASSERT_FALSE(protected(&b, COND_PACK_OVERVOLTAGE));
    b.m.pack_mv = 43000;
    run(&b, 0);
    CU_ASSERT_TRUE(warned(&b, COND_PACK_UNDERVOLTAGE));
    CU_ASSERT_TRUE(protected(&b, COND_PACK_UNDERVOLTAGE));
    CU_ASSERT_FALSE(b.logic.discharge_enable);
}

static void test_temperatures(void)
{
    static const struct {
        int16_t dc;
        bool warm, hot, cold_charge, cold_discharge, frozen;
    } way[] = {
        {549, false, false, false, false, false}, {550, true, false, false, false, false},
        {600, true, true, false, false, false},   {500, true, true, false, false, false},
        {499, false, false, false, false, false}, {1, false, false, false, false, false},
        {0, false, false, true, false, false},    {-50, false, false, true, true, false},
        {-100, false, false, true, true, true},   {-80, false, false, true, true, true},
        {-79, false, false, true, true, false},   {21, false, false, false, false, false},
    };
    struct bench b = bench_of("pylontech.us3000c", -1);

    for (size_t i = 0; i < N(way); i++) {
        b.m.cell_dc[14] = way[i].dc;
        run(&b, 100);
        if (warned(&b, COND_CHARGE_OVERTEMPERATURE) != way[i].warm ||
            warned(&b, COND_DISCHARGE_OVERTEMPERATURE) != way[i].warm ||
            protected(&b, COND_CHARGE_OVERTEMPERATURE) != way[i].hot ||
            protected(&b, COND_DISCHARGE_OVERTEMPERATURE) != way[i].hot ||
            warned(&b, COND_CHARGE_UNDERTEMPERATURE) != way[i].cold_charge ||
            warned(&b, COND_DISCHARGE_UNDERTEMPERATURE) != way[i].cold_discharge ||
            protected(&b, COND_CHARGE_UNDERTEMPERATURE) != way[i].frozen)
            TESTING_FAIL("at %d: warnings %x protections %x", way[i].dc, b.logic.warnings,
                         b.logic.protections);
    }
    b.m.mos_dc = 900;
    run(&b, 100);
    CU_ASSERT_TRUE(protected(&b, COND_MOS_OVERTEMPERATURE));
    CU_ASSERT_FALSE(b.logic.charge_enable || b.logic.discharge_enable);
}

static void test_imbalance_and_broken_sensor(void)
{
    struct bench b = bench_of("pylontech.us3000c", -1);

    b.m.cell_mv[2] = 3298 + 299;
    run(&b, 0);
    CU_ASSERT_FALSE(warned(&b, COND_IMBALANCE));
    b.m.cell_mv[2] = 3298 + 300;
    run(&b, 0);
    CU_ASSERT_TRUE(warned(&b, COND_IMBALANCE));
    b.m.cell_mv[2] = 4095; /* as captured: a sensor that is not there */
    run(&b, 0);
    CU_ASSERT_TRUE(protected(&b, COND_INTERNAL_FAULT));
    CU_ASSERT_FALSE(b.logic.charge_enable || b.logic.discharge_enable);
    b.m.cell_mv[2] = 3298;
    run(&b, 0);
    CU_ASSERT_FALSE(protected(&b, COND_INTERNAL_FAULT));
}

/* ---- time ---- */

/* Over-current lasts 1 s before it trips, the second stage 100 ms; it ends 30 s after. */
static void test_overcurrent_delay(void)
{
    struct bench b = bench_of("pylontech.us3000c", -1); /* 90 A */

    b.m.current_ma = -85500;
    run(&b, 0);
    CU_ASSERT_TRUE(warned(&b, COND_DISCHARGE_OVERCURRENT)); /* 95 % */
    b.m.current_ma = -90000;
    run(&b, 0);
    run(&b, 999);
    CU_ASSERT_FALSE(protected(&b, COND_DISCHARGE_OVERCURRENT));
    b.m.current_ma = -89999; /* a moment below starts it anew */
    run(&b, 0);
    b.m.current_ma = -90000;
    run(&b, 0);
    run(&b, 999);
    CU_ASSERT_FALSE(protected(&b, COND_DISCHARGE_OVERCURRENT));
    run(&b, 1);
    CU_ASSERT_TRUE(protected(&b, COND_DISCHARGE_OVERCURRENT));
    CU_ASSERT_FALSE(b.logic.discharge_enable);
    CU_ASSERT_TRUE(b.logic.charge_enable);

    b.m.current_ma = 0;
    run(&b, 0);
    run(&b, 29999);
    CU_ASSERT_TRUE(protected(&b, COND_DISCHARGE_OVERCURRENT));
    run(&b, 1);
    CU_ASSERT_FALSE(protected(&b, COND_DISCHARGE_OVERCURRENT));
    CU_ASSERT_TRUE(b.logic.discharge_enable);

    b.m.current_ma = 112500; /* 125 % */
    run(&b, 0);
    run(&b, 99);
    CU_ASSERT_FALSE(protected(&b, COND_CHARGE_OVERCURRENT));
    run(&b, 1);
    CU_ASSERT_TRUE(protected(&b, COND_CHARGE_OVERCURRENT));
    CU_ASSERT_FALSE(b.logic.charge_enable);

    b.m.current_ma = -270000; /* 300 %: at once */
    run(&b, 0);
    CU_ASSERT_TRUE(protected(&b, COND_SHORT_CIRCUIT));
}

static void test_configured_trip_delay(void)
{
    struct bench b = bench_of("pylontech.us3000c", 2000);

    b.m.cell_mv[0] = 3700;
    run(&b, 0);
    CU_ASSERT_TRUE(warned(&b, COND_CELL_OVERVOLTAGE)); /* warnings do not wait */
    CU_ASSERT_FALSE(protected(&b, COND_CELL_OVERVOLTAGE));
    run(&b, 1999);
    CU_ASSERT_FALSE(protected(&b, COND_CELL_OVERVOLTAGE));
    run(&b, 1);
    CU_ASSERT_TRUE(protected(&b, COND_CELL_OVERVOLTAGE));
}

/* A cell that comes back is not held by one that never left the band between trip and release. */
static void test_a_bit_per_cell(void)
{
    struct bench b = bench_of("pylontech.us3000c", -1);

    for (unsigned i = 0; i < 15; i++)
        b.m.cell_mv[i] = 3450;
    b.m.cell_mv[4] = 3700;
    run(&b, 0);
    CU_ASSERT_TRUE(protected(&b, COND_CELL_OVERVOLTAGE));
    b.m.cell_mv[4] = 3450;
    run(&b, 0);
    CU_ASSERT_TRUE(protected(&b, COND_CELL_OVERVOLTAGE)); /* above the release threshold */
    b.m.cell_mv[4] = 3380;
    run(&b, 0);
    CU_ASSERT_FALSE(protected(&b, COND_CELL_OVERVOLTAGE));
    /* two cells: both have to come back */
    b.m.cell_mv[4] = b.m.cell_mv[5] = 3700;
    run(&b, 0);
    b.m.cell_mv[4] = 3380;
    run(&b, 0);
    CU_ASSERT_TRUE(protected(&b, COND_CELL_OVERVOLTAGE));
    b.m.cell_mv[5] = 3380;
    run(&b, 0);
    CU_ASSERT_FALSE(protected(&b, COND_CELL_OVERVOLTAGE));
}

/* ---- limits ---- */

static void test_recommended_limits(void)
{
    static const struct {
        int32_t soc_pm;
        uint16_t low_mv, high_mv;
        int16_t cold_dc, warm_dc;
        int32_t ccl_ma, dcl_ma;
    } cases[] = {
        {600, 3298, 3298, 250, 250, 25000, 25000},
        {899, 3330, 3330, 250, 250, 25000, 25000},
        {930, 3314, 3322, 250, 270, 10000, 25000}, /* `pwrsys` of five modules: 50 A and 125 A */
        {1000, 3450, 3470, 250, 250, 10000, 25000},
        {1000, 3450, 3590, 250, 250, 4750, 25000}, /* 19 % of 25 A */
        {1000, 3450, 3649, 250, 250, 50, 25000},
        {100, 3050, 3100, 250, 250, 25000, 25000},
        {100, 2975, 3100, 250, 250, 25000, 12500},
        {100, 2901, 3100, 250, 250, 25000, 165},
        {600, 3298, 3298, 0, 250, 0, 25000},
        {600, 3298, 3298, 20, 250, 6250, 25000},
        {600, 3298, 3298, 50, 100, 12500, 25000},
        {600, 3298, 3298, -50, 0, 0, 12500},
        {600, 3298, 3298, 250, 450, 12500, 25000},
        {600, 3298, 3298, 250, 525, 3125, 6250},
    };

    for (size_t i = 0; i < N(cases); i++) {
        struct bench b = bench_of("pylontech.us2000c", -1);
        b.m.soc_pm = cases[i].soc_pm;
        for (unsigned k = 0; k < 15; k++) {
            b.m.cell_mv[k] = cases[i].high_mv;
            b.m.cell_dc[k] = cases[i].warm_dc;
        }
        b.m.cell_mv[7] = cases[i].low_mv;
        b.m.cell_dc[7] = cases[i].cold_dc;
        run(&b, 0);
        struct limits l = limits_of(&b);
        if (l.ccl_ma != cases[i].ccl_ma || l.dcl_ma != cases[i].dcl_ma)
            TESTING_FAIL("case %zu: CCL %d DCL %d, expected %d %d", i, l.ccl_ma, l.dcl_ma,
                         cases[i].ccl_ma, cases[i].dcl_ma);
        CU_ASSERT_EQUAL(l.cvl_mv, 53250);
        CU_ASSERT_EQUAL(l.dvl_mv, 46000);
    }
}

static void test_protection_zeroes_limits(void)
{
    struct bench b = bench_of("pylontech.us2000c", -1);

    b.m.cell_mv[0] = 3650;
    run(&b, 0);
    CU_ASSERT_EQUAL(limits_of(&b).ccl_ma, 0);
    CU_ASSERT_EQUAL(limits_of(&b).dcl_ma, 25000);
    b.m.cell_mv[0] = 3399; /* allowed again, tapered by nothing but the charge */
    run(&b, 0);
    CU_ASSERT_EQUAL(limits_of(&b).ccl_ma, 25000);
    b.logic.forced_on = COND_BIT(COND_INTERNAL_FAULT);
    run(&b, 0);
    CU_ASSERT_EQUAL(limits_of(&b).ccl_ma, 0);
    CU_ASSERT_EQUAL(limits_of(&b).dcl_ma, 0);
    b.m.cell_mv[0] = 3700;
    b.logic.forced_on = 0;
    b.logic.forced_off = COND_BIT(COND_CELL_OVERVOLTAGE);
    run(&b, 0);
    CU_ASSERT_EQUAL(logic_protections(&b.logic), 0);
    CU_ASSERT_TRUE(b.logic.charge_enable);
}

/* A pack of other cells and capacity: voltages go with the cells, currents with the capacity. */
static void test_scaled_pack(void)
{
    struct rule_set set;

    rule_set_of(product_find("pylontech.us5000"), 16, 280000, -1, &set);
    CU_ASSERT_EQUAL(set.cvl_mv, 56800);
    CU_ASSERT_EQUAL(set.dvl_mv, 48000);
    CU_ASSERT_EQUAL(set.ccl_ma, 140000);
    CU_ASSERT(set.n > 20 && set.n <= LOGIC_RULES);
    for (size_t i = 0; i < set.n; i++) {
        const struct rule *r = &set.rules[i];
        CU_ASSERT(r->above ? r->clear < r->trip : r->clear > r->trip);
        if (r->cond == COND_PACK_OVERVOLTAGE && r->protection)
            CU_ASSERT_EQUAL(r->trip, 57600);
    }
}

/* ---- full, requests, balancing ---- */

static void test_full(void)
{
    struct bench b = bench_of("pylontech.us3000c", -1);

    b.m.soc_pm = 1000;
    b.m.pack_mv = 15 * 3540;
    b.m.current_ma = 5000; /* more than 0.05 C */
    for (unsigned i = 0; i < 15; i++)
        b.m.cell_mv[i] = 3540;
    run(&b, 0);
    run(&b, 60000);
    CU_ASSERT_FALSE(b.logic.full);
    b.m.current_ma = 3000;
    run(&b, 0);
    run(&b, 29999);
    CU_ASSERT_FALSE(b.logic.full);
    CU_ASSERT_TRUE(b.logic.charge_enable);
    run(&b, 1);
    CU_ASSERT_TRUE(b.logic.full);
    CU_ASSERT_FALSE(b.logic.charge_enable);
    CU_ASSERT_EQUAL(limits_of(&b).ccl_ma, 0);
    b.m.soc_pm = 971;
    b.m.pack_mv = 50000;
    run(&b, 0);
    CU_ASSERT_TRUE(b.logic.full);
    b.m.soc_pm = 970;
    run(&b, 0);
    CU_ASSERT_FALSE(b.logic.full);
    CU_ASSERT_TRUE(b.logic.charge_enable);
}

static void test_requests(void)
{
    struct bench b = bench_of("pylontech.us3000c", -1);
    const uint64_t day_ms = 86400000;

    b.m.soc_pm = 100;
    run(&b, 0);
    CU_ASSERT_FALSE(b.logic.force_charge);
    b.m.soc_pm = 99;
    run(&b, 0);
    CU_ASSERT_TRUE(b.logic.force_charge);
    b.m.soc_pm = 130;
    run(&b, 0);
    CU_ASSERT_TRUE(b.logic.force_charge);
    b.m.soc_pm = 131;
    run(&b, 0);
    CU_ASSERT_FALSE(b.logic.force_charge);

    run(&b, 30 * day_ms - 1);
    CU_ASSERT_FALSE(logic_full_charge_request(&b.logic, b.now_us));
    run(&b, 1);
    CU_ASSERT_TRUE(logic_full_charge_request(&b.logic, b.now_us));
    b.m.soc_pm = 970;
    run(&b, 0);
    CU_ASSERT_FALSE(logic_full_charge_request(&b.logic, b.now_us));
}

/* The captured US3000C: cells from 3363 mV up are balanced while the lowest is at 3340. */
static void test_balancing(void)
{
    static const uint16_t captured[15] = {3493, 3495, 3476, 3368, 3374, 3341, 3341, 3341,
                                          3341, 3340, 3363, 3371, 3392, 3369, 3369};
    struct bench b = bench_of("pylontech.us3000c", -1);

    for (unsigned i = 0; i < 15; i++)
        b.m.cell_mv[i] = captured[i];
    run(&b, 0);
    CU_ASSERT_EQUAL(b.logic.balancing, 0x7C1F); /* Y Y Y Y Y N N N N N Y Y Y Y Y */
    b.m.current_ma = -1000;
    run(&b, 0);
    CU_ASSERT_EQUAL(b.logic.balancing, 0); /* not while discharging */
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"health", test_health},
        {"levels of a cell's voltage", test_cell_voltage_levels},
        {"products differ", test_products_differ},
        {"pack voltage", test_pack_voltage},
        {"temperatures", test_temperatures},
        {"imbalance and a broken sensor", test_imbalance_and_broken_sensor},
        {"over-current delays", test_overcurrent_delay},
        {"a configured delay", test_configured_trip_delay},
        {"a bit per cell", test_a_bit_per_cell},
        {"recommended limits", test_recommended_limits},
        {"protections zero the limits", test_protection_zeroes_limits},
        {"a scaled pack", test_scaled_pack},
        {"full", test_full},
        {"requests", test_requests},
        {"balancing as captured", test_balancing},
        {0},
    };
    return testing_main(argc, argv, "bms_logic", cases);
}
