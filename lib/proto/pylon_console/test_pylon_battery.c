/* SPDX-License-Identifier: Apache-2.0
 *
 * What rows, tables and views mean: fields, conditions, and whether a row can be true.
 */
#include "proto/pylon_console/pylon_battery.h"

#include <string.h>

#include "proto/pylon_console/test_result.h"
#include "testing/testing.h"

static const struct result *read_fixture(const char *name)
{
    static struct result r;
    const struct fixture *fx = fixture_find(name);

    result_begin(&r);
    result_feed(&r, fx->wire);
    CU_ASSERT_TRUE_FATAL(result_end(&r, fx));
    return &r;
}

static struct battery fresh(void)
{
    struct battery b;
    battery_clear(&b);
    return b;
}

/* A healthy row at rest. */
static struct pylon_pwr_row row_of(void)
{
    return (struct pylon_pwr_row){
        .address = 1,
        .volt_mv = 49500,
        .tempr_mc = 27900,
        .tlow_mc = 26600,
        .thigh_mc = 26800,
        .vlow_mv = 3298,
        .vhigh_mv = 3302,
        .coulomb_pc = 60,
        .base_st = "Idle",
        .volt_st = "Normal",
        .curr_st = "Normal",
        .temp_st = "Normal",
        .bv_st = "Normal",
        .bt_st = "Normal",
    };
}

static void expect(const struct battery *b, uint32_t warnings, uint32_t protections,
                   const char *what)
{
    if (b->warnings != warnings || b->protections != protections)
        TESTING_FAIL("%s: warnings %x protections %x, not %x %x", what, b->warnings, b->protections,
                     warnings, protections);
    CU_ASSERT_TRUE(battery_knows(b, FIELD_WARNINGS | FIELD_PROTECTIONS));
}

#define BIT(x) COND_BIT(COND_##x)

/* ---- rows ---- */

static void test_row_p3(void)
{
    struct battery b = fresh();

    CU_ASSERT_EQUAL(pylon_battery_from_row(&read_fixture("p3")->pwr.rows[0], &b), ERR_OK);
    CU_ASSERT_EQUAL(b.known, FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_SOC_PM | FIELD_TEMPS |
                                 FIELD_TEMP_MIN_MAX | FIELD_CELL_MIN_MAX | FIELD_CELL_IDS |
                                 FIELD_WARNINGS | FIELD_PROTECTIONS);
    CU_ASSERT_EQUAL(b.pack_mv, 49093);
    CU_ASSERT_EQUAL(b.current_ma, -2358);
    CU_ASSERT_EQUAL(b.soc_pm, 520);
    CU_ASSERT_EQUAL(b.cell_min_mv, 3272);
    CU_ASSERT_EQUAL(b.cell_max_mv, 3273);
    CU_ASSERT_EQUAL(b.cell_min_id, 14);
    CU_ASSERT_EQUAL(b.cell_max_id, 1);
    CU_ASSERT_EQUAL(b.temp_min_dc, 151);
    CU_ASSERT_EQUAL(b.temp_max_dc, 161);
    CU_ASSERT_EQUAL(b.temp_count, 2);
    CU_ASSERT_EQUAL(b.temp_dc[0], 168);
    CU_ASSERT_EQUAL(b.temp_role[0], ROLE_BOARD);
    CU_ASSERT_EQUAL(b.temp_dc[1], 164);
    CU_ASSERT_EQUAL(b.temp_role[1], ROLE_MOS);
    CU_ASSERT_EQUAL(b.temp_known, 3);
    expect(&b, 0, 0, "p3");
}

/* P1: no MOS sensor, no cell numbers. S50: below zero. S51: more than 100 %. */
static void test_row_p1(void)
{
    struct battery b = fresh();

    CU_ASSERT_EQUAL(pylon_battery_from_row(&read_fixture("p1")->pwr.rows[1], &b), ERR_OK);
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_CELL_IDS));
    CU_ASSERT_EQUAL(b.temp_count, 1);
    CU_ASSERT_EQUAL(b.temp_known, 1);
    CU_ASSERT_EQUAL(b.temp_dc[0], -50);
    CU_ASSERT_EQUAL(b.temp_min_dc, -5);
    CU_ASSERT_EQUAL(b.temp_max_dc, 90);
    CU_ASSERT_EQUAL(b.soc_pm, 1050);
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_SERIAL));
}

static void test_row_pytes(void)
{
    struct battery b = fresh();

    CU_ASSERT_EQUAL(pylon_battery_from_row(&read_fixture("py")->pwr.rows[0], &b), ERR_OK);
    CU_ASSERT_TRUE(battery_knows(&b, FIELD_SERIAL | FIELD_MODEL));
    CU_ASSERT_STRING_EQUAL(b.serial, "Exxxxxxxxxxxxx43");
    CU_ASSERT_STRING_EQUAL(b.model, "E-BOX-48100V-D");
}

static void test_absent_row(void)
{
    struct battery b = fresh();
    struct battery before = b;

    CU_ASSERT_EQUAL(pylon_battery_from_row(&read_fixture("p1")->pwr.rows[2], &b), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(memcmp(&b, &before, sizeof b), 0);
}

/* S47: SysError with Low words, as captured. */
static void test_s47_syserror(void)
{
    struct battery b = fresh();

    pylon_battery_from_row(&read_fixture("p2")->pwr.rows[2], &b);
    expect(&b, BIT(PACK_UNDERVOLTAGE) | BIT(CELL_UNDERVOLTAGE), BIT(INTERNAL_FAULT), "SysError");
}

/* A new row replaces the alarms of the old one. */
static void test_alarms_go(void)
{
    struct battery b = fresh();
    struct pylon_pwr_row row = row_of();

    span_to_str(SPAN_LIT("High"), row.volt_st, PYLON_WORD);
    pylon_battery_from_row(&row, &b);
    expect(&b, BIT(PACK_OVERVOLTAGE), 0, "High");
    row = row_of();
    pylon_battery_from_row(&row, &b);
    expect(&b, 0, 0, "back to normal");
}

/* One word in one column; the current decides which side a temperature concerns. */
enum word_column { BASE, VOLT, CURR, TEMP, BV, BT, MT, SYS };

#define OVER_C BIT(CHARGE_OVERCURRENT)
#define OVER_D BIT(DISCHARGE_OVERCURRENT)
#define HOT_C  BIT(CHARGE_OVERTEMPERATURE)
#define HOT_D  BIT(DISCHARGE_OVERTEMPERATURE)
#define COLD_C BIT(CHARGE_UNDERTEMPERATURE)
#define COLD_D BIT(DISCHARGE_UNDERTEMPERATURE)
#define HUH    BIT(UNKNOWN_WORD)

static const struct {
    enum word_column column;
    const char *word;
    int32_t curr_ma;
    uint32_t warnings, protections;
} word_cases[] = {
    {BASE, "Charge", 5000, 0, 0},
    {BASE, "Dischg", -5000, 0, 0},
    {BASE, "Idle", 0, 0, 0},
    {BASE, "Balance", 0, 0, 0},
    {BASE, "Ballance", 0, 0, 0},
    {BASE, "Sleep", 0, 0, 0},
    {BASE, "Protect", 0, 0, HUH},
    {BASE, "SysError", 0, 0, BIT(INTERNAL_FAULT)},
    {BASE, "Normal", 0, HUH, 0},
    {BASE, "Idlf", 0, HUH, 0},
    {VOLT, "High", 0, BIT(PACK_OVERVOLTAGE), 0},
    {VOLT, "Low", 0, BIT(PACK_UNDERVOLTAGE), 0},
    {VOLT, "Over", 0, 0, BIT(PACK_OVERVOLTAGE)},
    {VOLT, "OV", 0, 0, BIT(PACK_OVERVOLTAGE)},
    {VOLT, "Above", 0, 0, BIT(PACK_OVERVOLTAGE)},
    {VOLT, "Under", 0, 0, BIT(PACK_UNDERVOLTAGE)},
    {VOLT, "UV", 0, 0, BIT(PACK_UNDERVOLTAGE)},
    {VOLT, "Below", 0, 0, BIT(PACK_UNDERVOLTAGE)},
    {VOLT, "Protect", 0, 0, HUH},
    {VOLT, "normal", 0, 0, 0},
    {VOLT, "Nosmal", 0, HUH, 0},
    {BV, "High", 0, BIT(CELL_OVERVOLTAGE), 0},
    {BV, "Low", 0, BIT(CELL_UNDERVOLTAGE), 0},
    {BV, "OV", 0, 0, BIT(CELL_OVERVOLTAGE)},
    {BV, "UV", 0, 0, BIT(CELL_UNDERVOLTAGE)},
    {CURR, "High", 5000, OVER_C, 0},
    {CURR, "High", -5000, OVER_D, 0},
    {CURR, "High", 0, OVER_C | OVER_D, 0},
    {CURR, "OC", 5000, 0, OVER_C},
    {CURR, "Over", -5000, 0, OVER_D},
    {CURR, "Protect", -5000, 0, OVER_D},
    {CURR, "Protect", 0, 0, OVER_C | OVER_D},
    {CURR, "Low", 5000, HUH, 0},
    {CURR, "COC", -5000, 0, OVER_C},
    {CURR, "COC2", 0, 0, OVER_C},
    {CURR, "DOC", 5000, 0, OVER_D},
    {CURR, "DOC2", 0, 0, OVER_D},
    {CURR, "SC", 0, 0, BIT(SHORT_CIRCUIT)},
    {CURR, "COCA", 0, OVER_C, 0},
    {CURR, "DOCA", 0, OVER_D, 0},
    {TEMP, "High", 5000, HOT_C, 0},
    {TEMP, "High", -5000, HOT_D, 0},
    {TEMP, "High", 0, HOT_C | HOT_D, 0},
    {TEMP, "Low", 5000, COLD_C, 0},
    {TEMP, "OT", -1, 0, HOT_D},
    {TEMP, "UT", 1, 0, COLD_C},
    {BT, "Low", -5000, COLD_D, 0},
    {BT, "Over", 5000, 0, HOT_C},
    {BT, "Under", 0, 0, COLD_C | COLD_D},
    {MT, "High", 0, BIT(MOS_OVERTEMPERATURE), 0},
    {MT, "OT", 0, 0, BIT(MOS_OVERTEMPERATURE)},
    {MT, "", 0, 0, 0},
    {SYS, "Normal", 0, 0, 0},
    {SYS, "", 0, 0, 0},
    {SYS, "Alarm", 0, HUH, 0},
    {SYS, "Protect", 0, 0, HUH},
    {SYS, "SysError", 0, 0, BIT(INTERNAL_FAULT)},
};

static void test_words(void)
{
    for (size_t i = 0; i < sizeof word_cases / sizeof word_cases[0]; i++) {
        struct pylon_pwr_row row = row_of();
        struct battery b = fresh();
        char *const columns[] = {row.base_st, row.volt_st, row.curr_st, row.temp_st,
                                 row.bv_st,   row.bt_st,   row.mt_st,   row.sys_alarm_st};
        span_to_str(span_str(word_cases[i].word), columns[word_cases[i].column], PYLON_WORD);
        row.curr_ma = word_cases[i].curr_ma;
        pylon_battery_from_row(&row, &b);
        expect(&b, word_cases[i].warnings, word_cases[i].protections, word_cases[i].word);
    }
}

/* The sign of the current counts before the word: US3000D says Charge at -0.6 A. At 0 A the word.
 */
static void test_flow(void)
{
    struct pylon_pwr_row row = row_of();
    struct battery b = fresh();

    span_to_str(SPAN_LIT("Charge"), row.base_st, PYLON_WORD);
    span_to_str(SPAN_LIT("High"), row.temp_st, PYLON_WORD);
    row.curr_ma = -610;
    pylon_battery_from_row(&row, &b);
    expect(&b, BIT(DISCHARGE_OVERTEMPERATURE), 0, "Charge at -0.6 A");
    row.curr_ma = 0;
    pylon_battery_from_row(&row, &b);
    expect(&b, BIT(CHARGE_OVERTEMPERATURE), 0, "Charge at 0 A");
    span_to_str(SPAN_LIT("Dischg"), row.base_st, PYLON_WORD);
    pylon_battery_from_row(&row, &b);
    expect(&b, BIT(DISCHARGE_OVERTEMPERATURE), 0, "Dischg at 0 A");
}

/* S54: a cell monitor that lost its cell prints full scale: a fault and no value, not an
 * overvoltage. */
static void test_s54_row_with_dead_cell(void)
{
    struct pylon_pwr_row row = row_of();
    struct battery b = fresh();

    row.vhigh_mv = 4095;
    pylon_battery_from_row(&row, &b);
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_CELL_MIN_MAX));
    expect(&b, BIT(INTERNAL_FAULT), 0, "4095 mV");
    row = row_of();
    row.vlow_mv = 0;
    pylon_battery_from_row(&row, &b);
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_CELL_MIN_MAX));
    expect(&b, BIT(INTERNAL_FAULT), 0, "0 mV");
    row = row_of();
    pylon_battery_from_row(&row, &b);
    CU_ASSERT_TRUE(battery_knows(&b, FIELD_CELL_MIN_MAX));
}

static void test_strange_ids(void)
{
    struct pylon_pwr_row row = row_of();
    struct battery b = fresh();

    row.has_ids = true;
    row.vlow_id = 255;
    pylon_battery_from_row(&row, &b);
    CU_ASSERT_TRUE(battery_knows(&b, FIELD_CELL_MIN_MAX));
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_CELL_IDS));
}

/* ---- cells ---- */

static void test_cells(void)
{
    struct battery b = fresh();

    pylon_battery_from_bat(&read_fixture("b2")->bat, &b);
    CU_ASSERT_EQUAL(b.known, FIELD_CELLS | FIELD_CELL_MIN_MAX | FIELD_CELL_IDS |
                                 FIELD_TEMP_MIN_MAX | FIELD_REMAINING_MAH | FIELD_BALANCING |
                                 FIELD_WARNINGS | FIELD_PROTECTIONS);
    CU_ASSERT_EQUAL(b.cell_count, 3);
    CU_ASSERT_EQUAL(b.cell_mv[0], 3327);
    CU_ASSERT_EQUAL(b.cell_mv[2], 3368);
    CU_ASSERT_EQUAL(b.cell_min_mv, 3327);
    CU_ASSERT_EQUAL(b.cell_min_id, 1);
    CU_ASSERT_EQUAL(b.cell_max_mv, 3495);
    CU_ASSERT_EQUAL(b.cell_max_id, 2);
    CU_ASSERT_EQUAL(b.temp_min_dc, 259);
    CU_ASSERT_EQUAL(b.temp_max_dc, 300);
    CU_ASSERT_EQUAL(b.remaining_mah, 3708); /* the weakest cell of the string */
    CU_ASSERT_EQUAL(b.balancing, 0x6);
    expect(&b, 0, 0, "b2");
}

/* S57: cells behind a US3000D print 0 mAh: unknown, not empty. */
static void test_s57_coulomb_zero(void)
{
    struct battery b = fresh();

    b.known = FIELD_REMAINING_MAH;
    pylon_battery_from_bat(&read_fixture("b3")->bat, &b);
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_REMAINING_MAH));
    CU_ASSERT_TRUE(battery_knows(&b, FIELD_BALANCING));
    CU_ASSERT_EQUAL(b.balancing, 0x2);
}

/* S53: a cell says High while the row says Normal: the cell's word is added. */
static void test_s53_cell_alarm(void)
{
    struct battery b = fresh();
    struct pylon_pwr_row row = row_of();

    pylon_battery_from_row(&row, &b);
    pylon_battery_from_bat(&read_fixture("b1")->bat, &b);
    expect(&b, BIT(CELL_OVERVOLTAGE) | BIT(DISCHARGE_UNDERTEMPERATURE), 0, "b1");
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_BALANCING)); /* B1 has no such column */
}

static void test_s54_dead_cell(void)
{
    struct battery b = fresh();

    pylon_battery_from_bat(&read_fixture("be")->bat, &b);
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_CELLS));
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_REMAINING_MAH));
    CU_ASSERT_TRUE(battery_knows(&b, FIELD_CELL_MIN_MAX));
    CU_ASSERT_EQUAL(b.cell_max_mv, 3277);
    CU_ASSERT_EQUAL(b.cell_max_id, 1);
    expect(&b, BIT(CELL_OVERVOLTAGE) | BIT(INTERNAL_FAULT), 0, "4095 mV");
}

/* B3 has a temperature word for each direction. */
static void test_b3_words(void)
{
    struct pylon_bat bat = read_fixture("b3")->bat;
    struct battery b = fresh();

    span_to_str(SPAN_LIT("High"), bat.rows[0].temp_st, PYLON_WORD);
    span_to_str(SPAN_LIT("UT"), bat.rows[1].ctemp_st, PYLON_WORD);
    pylon_battery_from_bat(&bat, &b);
    expect(&b, BIT(DISCHARGE_OVERTEMPERATURE), BIT(CHARGE_UNDERTEMPERATURE), "b3");
}

static void test_no_cells(void)
{
    const struct pylon_bat none = {.n = 0};
    struct battery b = fresh();

    pylon_battery_from_bat(&none, &b);
    CU_ASSERT_EQUAL(b.known, 0);
}

/* ---- modules and masks ---- */

/* S49: bits, not values. */
static void test_s49_masks(void)
{
    const struct {
        uint32_t bat, power, fault;
        int32_t curr_ma;
        uint32_t warnings, protections;
    } cases[] = {
        {0, 0, 0, 0, 0, 0},
        {0x4, 0x4, 0, 0, 0, 0},
        {0x2, 0, 0, 0, BIT(CELL_OVERVOLTAGE), 0},
        {0, 0x2002, 0, 0, BIT(PACK_OVERVOLTAGE), 0},
        {0, 0x6000, 0, 0, 0, 0},
        {0x1 | 0x8, 0x10, 0, 0, BIT(CELL_UNDERVOLTAGE),
         BIT(CELL_OVERVOLTAGE) | BIT(PACK_UNDERVOLTAGE)},
        {0x100, 0x200, 0, 5000, BIT(CHARGE_OVERTEMPERATURE), BIT(CHARGE_OVERTEMPERATURE)},
        {0x800, 0x1000, 0, -5000, BIT(DISCHARGE_UNDERTEMPERATURE), BIT(DISCHARGE_UNDERTEMPERATURE)},
        {0, 0x10000, 0, 0, 0, BIT(SHORT_CIRCUIT)},
        {0, 0x20000, 0, 0, 0, BIT(DISCHARGE_OVERCURRENT)},
        {0, 0x40000, 0, 0, 0, BIT(CHARGE_OVERCURRENT)},
        {0, 0x80000, 0, 0, 0, BIT(DISCHARGE_OVERCURRENT)},
        {0, 0x100000, 0, 0, 0, BIT(CHARGE_OVERCURRENT)},
        {0xE024A0, 0xE024A0, 0, 0, 0, 0},
        {0x40, 0, 0, 0, BIT(UNKNOWN_WORD), 0},
        {0, 0x80000000, 0, 0, BIT(UNKNOWN_WORD), 0},
        {0, 0x1000002, 0, 0, BIT(UNKNOWN_WORD) | BIT(PACK_OVERVOLTAGE), 0},
        {0, 0, 0x8, 0, 0, BIT(INTERNAL_FAULT)},
        {0, 0, 0x80000000, 0, 0, BIT(INTERNAL_FAULT)},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct battery b = fresh();
        const struct pylon_module m = {
            .address = 1,
            .has_curr = true,
            .curr_ma = cases[i].curr_ma,
            .has_bat_events = true,
            .has_power_events = true,
            .has_system_fault = true,
            .bat_events = cases[i].bat,
            .power_events = cases[i].power,
            .system_fault = cases[i].fault,
        };
        pylon_battery_from_module(&m, &b);
        expect(&b, cases[i].warnings, cases[i].protections, "masks");
    }
}

static void test_module(void)
{
    struct battery b = fresh();
    struct pylon_module m = read_fixture("module")->module;

    pylon_battery_from_module(&m, &b);
    CU_ASSERT_EQUAL(b.known, FIELD_FULL_MAH | FIELD_WARNINGS | FIELD_PROTECTIONS);
    CU_ASSERT_EQUAL(b.full_mah, 50000);
    expect(&b, BIT(CELL_OVERVOLTAGE), 0, "BHV");
    span_to_str(SPAN_LIT("Empty"), m.coul_st, PYLON_WORD);
    span_to_str(SPAN_LIT("Warn"), m.soh_st, PYLON_WORD);
    span_to_str(SPAN_LIT("Low"), m.volt_st, PYLON_WORD);
    m.total_mah = 0;
    b = fresh();
    pylon_battery_from_module(&m, &b);
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_FULL_MAH));
    expect(&b, BIT(CELL_OVERVOLTAGE) | BIT(UNKNOWN_WORD) | BIT(PACK_UNDERVOLTAGE), 0, "words");
    m = (struct pylon_module){.address = 1};
    b = fresh();
    pylon_battery_from_module(&m, &b);
    expect(&b, 0, 0, "a module that says nothing");
}

/* ---- stat, info, pwrsys ---- */

static void stat_gives(struct pylon_stat s, bool cycles, bool soh)
{
    struct battery b = fresh();

    b.known = FIELD_CYCLES | FIELD_SOH_PM;
    pylon_battery_from_stat(&s, &b);
    CU_ASSERT_EQUAL(battery_knows(&b, FIELD_CYCLES), cycles);
    CU_ASSERT_EQUAL(battery_knows(&b, FIELD_SOH_PM), soh);
    if (cycles)
        CU_ASSERT_EQUAL(b.cycles, s.cycles);
    if (soh)
        CU_ASSERT_EQUAL(b.soh_pm, s.soh_pc * 10);
}

static void test_stat(void)
{
    stat_gives(read_fixture("stat")->stat, true, false); /* S25: SOH 0 */
    stat_gives((struct pylon_stat){.has_cycles = true,
                                   .cycles = 686,
                                   .has_dsg_cap = true,
                                   .dsg_cap_mah = 50807078,
                                   .has_soh = true,
                                   .soh_pc = 94},
               true, true);
    stat_gives((struct pylon_stat){.has_cycles = true, .cycles = 3}, true, false);
    stat_gives((struct pylon_stat){.has_cycles = true, .has_dsg_cap = true, .dsg_cap_mah = 5000},
               true, false);
    /* US3000D: 4547 "cycles" with 306 Ah discharged */
    stat_gives((struct pylon_stat){.has_cycles = true,
                                   .cycles = 4547,
                                   .has_dsg_cap = true,
                                   .dsg_cap_mah = 305882,
                                   .has_soh = true,
                                   .soh_pc = 100},
               false, true);
    /* S57: 0 cycles with 21 MAh discharged */
    stat_gives(
        (struct pylon_stat){.has_cycles = true, .has_dsg_cap = true, .dsg_cap_mah = 21506462},
        false, false);
    stat_gives((struct pylon_stat){.address = 1}, false, false);
}

/* S22: "-90000mA" is 90 A. */
static void test_info(void)
{
    struct battery b = fresh();

    pylon_battery_from_info(&read_fixture("info")->info, &b);
    CU_ASSERT_EQUAL(b.known, FIELD_MAKER | FIELD_MODEL | FIELD_SERIAL | FIELD_FIRMWARE | FIELD_CCL |
                                 FIELD_DCL);
    CU_ASSERT_STRING_EQUAL(b.maker, "Pylon");
    CU_ASSERT_STRING_EQUAL(b.model, "US5000");
    CU_ASSERT_STRING_EQUAL(b.serial, "K220803C30160910");
    CU_ASSERT_STRING_EQUAL(b.firmware, "B69.16.0.0");
    CU_ASSERT_EQUAL(b.cell_count, 15);
    CU_ASSERT_EQUAL(b.ccl_ma, 90000);
    CU_ASSERT_EQUAL(b.dcl_ma, 90000);

    const struct pylon_info poor = {.soft_version = "V1.3", .cell_number = 120};
    b = fresh();
    pylon_battery_from_info(&poor, &b);
    CU_ASSERT_EQUAL(b.known, FIELD_FIRMWARE);
    CU_ASSERT_STRING_EQUAL(b.firmware, "V1.3");
    CU_ASSERT_EQUAL(b.cell_count, 0);
}

static void test_system(void)
{
    struct pylon_system sys = read_fixture("pwrsys")->system;
    struct battery b = fresh();

    pylon_battery_from_system(&sys, &b);
    CU_ASSERT_EQUAL(b.known, FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_REMAINING_MAH |
                                 FIELD_FULL_MAH | FIELD_SOC_PM | FIELD_SOH_PM | FIELD_CVL |
                                 FIELD_DVL | FIELD_CCL | FIELD_DCL);
    CU_ASSERT_EQUAL(b.pack_mv, 49777);
    CU_ASSERT_EQUAL(b.current_ma, -11164);
    CU_ASSERT_EQUAL(b.remaining_mah, 217324);
    CU_ASSERT_EQUAL(b.full_mah, 233850);
    CU_ASSERT_EQUAL(b.soc_pm, 930);
    CU_ASSERT_EQUAL(b.soh_pm, 940);
    CU_ASSERT_EQUAL(b.cvl_mv, 53250);
    CU_ASSERT_EQUAL(b.dvl_mv, 46000);
    CU_ASSERT_EQUAL(b.ccl_ma, 50000);
    CU_ASSERT_EQUAL(b.dcl_ma, 125000);

    b = fresh();
    pylon_battery_limits_from_system(&sys, &b);
    CU_ASSERT_EQUAL(b.known, FIELD_CVL | FIELD_DVL | FIELD_CCL | FIELD_DCL);
    CU_ASSERT_EQUAL(b.ccl_ma, 10000);
    CU_ASSERT_EQUAL(b.dcl_ma, 25000);

    sys.has_limits = false;
    sys.has_module_limits = false;
    sys.soh_pc = 0;
    b = fresh();
    pylon_battery_limits_from_system(&sys, &b);
    CU_ASSERT_EQUAL(b.known, 0);
    pylon_battery_from_system(&sys, &b);
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_SOH_PM) || battery_knows(&b, FIELD_CCL));
}

/* ---- plausibility ---- */

static bool plausible(struct pylon_pwr_row row, unsigned cells)
{
    const char *why = NULL;
    bool ok = pylon_row_plausible(&row, cells, &why);

    CU_ASSERT_EQUAL(ok, why == NULL);
    CU_ASSERT_EQUAL(pylon_row_plausible(&row, cells, NULL), ok);
    return ok;
}

#define WITH(change)    \
    do {                \
        row = row_of(); \
        change;         \
    } while (0)

static void test_plausible(void)
{
    struct pylon_pwr_row row = row_of();

    CU_ASSERT_TRUE(plausible(row, 15));
    CU_ASSERT_TRUE(plausible(row, 0));
    WITH(row.volt_mv = 4990); /* S38: a digit lost */
    CU_ASSERT_FALSE(plausible(row, 15));
    WITH((row.volt_mv = 30000, row.vlow_mv = row.vhigh_mv = 2000));
    CU_ASSERT_FALSE(plausible(row, 15));
    WITH((row.volt_mv = 30001, row.vlow_mv = row.vhigh_mv = 2000));
    CU_ASSERT_TRUE(plausible(row, 15));
    WITH((row.volt_mv = 60000, row.vlow_mv = row.vhigh_mv = 4000));
    CU_ASSERT_FALSE(plausible(row, 15));
    CU_ASSERT_FALSE(plausible(row, 16)); /* the cells do not fit 16 */
    WITH((row.volt_mv = 53070, row.vlow_mv = 3313, row.vhigh_mv = 3319));
    CU_ASSERT_TRUE(plausible(row, 16));
    CU_ASSERT_FALSE(plausible(row, 15));
    WITH(row.vlow_mv = 3361); /* the mean is 3300 */
    CU_ASSERT_FALSE(plausible(row, 15));
    WITH((row.vlow_mv = 3360, row.vhigh_mv = 3360));
    CU_ASSERT_TRUE(plausible(row, 15));
    WITH((row.vlow_mv = 3200, row.vhigh_mv = 3239));
    CU_ASSERT_FALSE(plausible(row, 15));
    WITH((row.vlow_mv = 3200, row.vhigh_mv = 3240));
    CU_ASSERT_TRUE(plausible(row, 15));
    WITH((row.vlow_mv = 3310, row.vhigh_mv = 3300));
    CU_ASSERT_FALSE(plausible(row, 15));
    WITH(row.curr_ma = 200001);
    CU_ASSERT_FALSE(plausible(row, 15));
    WITH(row.curr_ma = -200000);
    CU_ASSERT_TRUE(plausible(row, 15));
    WITH(row.tempr_mc = 100001);
    CU_ASSERT_FALSE(plausible(row, 15));
    WITH(row.tlow_mc = -40001);
    CU_ASSERT_FALSE(plausible(row, 15));
    WITH(row.tlow_mc = 26801); /* above Thigh */
    CU_ASSERT_FALSE(plausible(row, 15));
    WITH((row.has_mos = true, row.mos_mc = 100001));
    CU_ASSERT_FALSE(plausible(row, 15));
    WITH(row.mos_mc = 100001); /* no sensor */
    CU_ASSERT_TRUE(plausible(row, 15));
    WITH(row.coulomb_pc = 111);
    CU_ASSERT_FALSE(plausible(row, 15));
    WITH(row.coulomb_pc = 110);
    CU_ASSERT_TRUE(plausible(row, 15));
    WITH(row.coulomb_pc = 0);
    CU_ASSERT_TRUE(plausible(row, 15));
    WITH((row.absent = true, row.volt_mv = 0));
    CU_ASSERT_TRUE(plausible(row, 15));
}

static bool jumped(int32_t soc, int32_t mv, int32_t ma)
{
    struct pylon_pwr_row prev = row_of();
    struct pylon_pwr_row row = prev;

    row.coulomb_pc += soc;
    row.volt_mv += mv;
    row.curr_ma += ma;
    bool forward = pylon_row_jumped(&prev, &row);
    CU_ASSERT_EQUAL(pylon_row_jumped(&row, &prev), forward);
    return forward;
}

static void test_jumps(void)
{
    struct pylon_pwr_row row = row_of();
    struct pylon_pwr_row gone = {.address = 1, .absent = true};

    CU_ASSERT_FALSE(jumped(0, 0, 0));
    CU_ASSERT_FALSE(jumped(20, 2000, 60000));
    CU_ASSERT_TRUE(jumped(21, 0, 0));
    CU_ASSERT_TRUE(jumped(0, -2001, 0));
    CU_ASSERT_TRUE(jumped(0, 0, 60001));
    CU_ASSERT_FALSE(pylon_row_jumped(&gone, &row));
    CU_ASSERT_FALSE(pylon_row_jumped(&row, &gone));
}

/* Every captured row of a battery that works is true. */
static void test_fixtures_plausible(void)
{
    const char *const tables[] = {"p2", "p3", "p4", "py"};

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        const struct pylon_pwr *t = &read_fixture(tables[i])->pwr;
        for (size_t k = 0; k < t->n; k++)
            CU_ASSERT_TRUE(plausible(t->rows[k], t->layout == PYLON_PY ? 16 : 15));
    }
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"S14: a row of P3", test_row_p3},
        {"S11 S50 S51: a row of P1", test_row_p1},
        {"a row of PYTES", test_row_pytes},
        {"an absent row touches nothing", test_absent_row},
        {"S47: SysError", test_s47_syserror},
        {"alarms go when their word goes", test_alarms_go},
        {"S48: every word in its column", test_words},
        {"which way the current flows", test_flow},
        {"S54: a dead cell in a row", test_s54_row_with_dead_cell},
        {"cell numbers that cannot be", test_strange_ids},
        {"cells", test_cells},
        {"S57: cells that print 0 mAh", test_s57_coulomb_zero},
        {"S53: a cell's alarm behind a normal row", test_s53_cell_alarm},
        {"S54: a dead cell", test_s54_dead_cell},
        {"words of B3", test_b3_words},
        {"no cells", test_no_cells},
        {"S49: masks", test_s49_masks},
        {"S18: modules", test_module},
        {"S25 S57: stat", test_stat},
        {"S22: info", test_info},
        {"pwrsys", test_system},
        {"what is plausible", test_plausible},
        {"what is a jump", test_jumps},
        {"the captured rows are plausible", test_fixtures_plausible},
        {0},
    };
    return testing_main(argc, argv, "pylon_battery", cases);
}
