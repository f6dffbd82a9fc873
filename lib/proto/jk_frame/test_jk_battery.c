/* SPDX-License-Identifier: Apache-2.0
 *
 * What the records mean: known values, alarms, missing sensors, and what cannot be true.
 */
#include <string.h>

#include "proto/jk_frame/jk_battery.h"
#include "proto/jk_frame/test_jk_support.h"

static struct jk_cells healthy(enum jk_layout layout)
{
    uint8_t f[JK_FRAME];
    struct jk_cells c;

    if (layout == JK02_32S)
        jk_healthy_32s(f);
    else
        jk_healthy_24s(f);
    CU_ASSERT_EQUAL(jk_cells_decode(span_of(f, JK_FRAME), layout, &c).code, ERR_OK);
    return c;
}

static struct battery from(const struct jk_cells *c)
{
    struct battery b;

    battery_clear(&b);
    CU_ASSERT_EQUAL(jk_cells_to_battery(c, &b), ERR_OK);
    return b;
}

static void check_healthy(enum jk_layout layout)
{
    struct jk_cells c = healthy(layout);
    struct battery b = from(&c);

    CU_ASSERT_EQUAL(b.known, JK_CELLS_FIELDS);
    CU_ASSERT_EQUAL(b.pack_mv, 52800);
    CU_ASSERT_EQUAL(b.current_ma, 12345); /* charging */
    CU_ASSERT_EQUAL(b.soc_pm, 750);
    CU_ASSERT_EQUAL(b.soh_pm, 990);
    CU_ASSERT_EQUAL(b.full_mah, 280000);
    CU_ASSERT_EQUAL(b.remaining_mah, 210000);
    CU_ASSERT_EQUAL(b.cycles, 42);
    CU_ASSERT_EQUAL(b.cell_count, 16);
    CU_ASSERT_EQUAL(b.cell_mv[15], 3300);
    CU_ASSERT_EQUAL(b.cell_min_mv, 3300);
    CU_ASSERT_EQUAL(b.temp_dc[0], 200);
    CU_ASSERT_EQUAL(b.temp_dc[1], 210);
    CU_ASSERT_EQUAL(b.temp_dc[2], 250);
    CU_ASSERT_EQUAL(b.temp_role[2], ROLE_MOS);
    CU_ASSERT_EQUAL(b.temp_min_dc, 200);
    CU_ASSERT_EQUAL(b.temp_max_dc, 210);
    CU_ASSERT(b.charge_enable && b.discharge_enable);
    CU_ASSERT_EQUAL(b.balancing, 0);
    CU_ASSERT_EQUAL(b.warnings, 0);
    CU_ASSERT_EQUAL(b.protections, 0);
}

static void test_healthy(void)
{
    check_healthy(JK02_24S);
    check_healthy(JK02_32S);
}

static void test_sides(void)
{
    struct jk_cells c = healthy(JK02_32S);

    c.current_ma = -12684; /* discharging */
    c.charge_on = 0;
    struct battery b = from(&c);
    CU_ASSERT_EQUAL(b.current_ma, -12684);
    CU_ASSERT_FALSE(b.charge_enable);
    CU_ASSERT(b.discharge_enable);
}

/* Which cells are balanced is not told, only that some are. */
static void test_balancing(void)
{
    struct jk_cells c = healthy(JK02_32S);

    c.balance = JK_BALANCE_DISCHARGING_CELL;
    struct battery b = from(&c);
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_BALANCING));
}

/* ---- temperatures ---- */

static void temps(int16_t t1, int16_t t2, int16_t mos, int16_t t4, int16_t t5, unsigned known)
{
    struct jk_cells c = healthy(JK02_32S);

    c.t1_dc = t1;
    c.t2_dc = t2;
    c.mos_dc = mos;
    c.t4_dc = t4;
    c.t5_dc = t5;
    struct battery b = from(&c);
    if (b.temp_known != known)
        TESTING_FAIL("%d %d %d %d %d: known %x, not %x", t1, t2, mos, t4, t5,
                     (unsigned)b.temp_known, known);
}

static void test_sensors(void)
{
    temps(200, 210, 250, 205, 206, 0x1F);
    temps(-31, -29, 5, -30, -30, 0x1F);       /* frost */
    temps(277, 275, 296, -2000, -2000, 0x07); /* not fitted */
    temps(284, 292, 310, 0, 0, 0x07);         /* not fitted, on boards without the connector */
    temps(0, 12, 30, 3, 0, 0x1F);             /* really freezing */
    temps(0, 0, 200, 0, 0, 0x1F);             /* MOSFETs are warm under load: no evidence */
    temps(0, -2000, 250, 200, 0, 0x0C);       /* T4 is the witness */
    temps(0, -2000, 250, 0, 200, 0x14);       /* T5 */
    temps(0, -60, 0, -2000, -2000, 0x02);     /* frost is one, too */
    temps(250, 251, 0, 249, 252, 0x1B);       /* the MOSFETs' is not fitted (11.XW) */
    temps(-451, 1201, 1050, 200, -450, 0x1C); /* beyond -45..120 C */
    temps(INT16_MIN, INT16_MAX, -2000, -2000, -2000, 0);
}

static void test_no_sensor(void)
{
    struct jk_cells c = healthy(JK02_24S);

    c.t1_dc = c.t2_dc = -2000;
    struct battery b = from(&c);
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_TEMP_MIN_MAX));
    CU_ASSERT(battery_knows(&b, FIELD_TEMPS)); /* the MOSFETs' */
    c.mos_dc = -2000;
    b = from(&c);
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_TEMPS));
}

/* T3 repeats the MOSFETs' temperature; a hot MOSFET is no hot cell. */
static void test_t3_is_no_cell(void)
{
    struct jk_cells c = healthy(JK02_32S);

    c.t3_dc = c.mos_dc = 1050;
    struct battery b = from(&c);
    CU_ASSERT_EQUAL(b.temp_max_dc, 210);
    CU_ASSERT_EQUAL(b.temp_dc[2], 1050);
}

/* ---- alarms ---- */

#define C(condition) COND_BIT(COND_##condition)

static void test_errors(void)
{
    static const struct {
        unsigned bit;
        uint32_t warnings, protections;
    } rows[] = {
        {0, C(INTERNAL_FAULT), 0},
        {1, 0, C(MOS_OVERTEMPERATURE)},
        {2, 0, C(INTERNAL_FAULT)},
        {3, 0, C(INTERNAL_FAULT)},
        {4, 0, C(CELL_OVERVOLTAGE)},
        {5, 0, C(PACK_OVERVOLTAGE)},
        {6, 0, C(CHARGE_OVERCURRENT)},
        {7, 0, C(SHORT_CIRCUIT)},
        {8, 0, C(CHARGE_OVERTEMPERATURE)},
        {9, 0, C(CHARGE_UNDERTEMPERATURE)},
        {10, 0, C(INTERNAL_FAULT)},
        {11, 0, C(CELL_UNDERVOLTAGE)}, /* one client has these two swapped */
        {12, 0, C(PACK_UNDERVOLTAGE)},
        {13, 0, C(DISCHARGE_OVERCURRENT)},
        {14, 0, C(SHORT_CIRCUIT)},
        {15, 0, C(DISCHARGE_OVERTEMPERATURE)},
        {16, 0, C(INTERNAL_FAULT)},
        {17, 0, C(INTERNAL_FAULT)},
        {18, C(INTERNAL_FAULT), 0},
        {19, 0, 0}, /* "change the password": set on healthy packs */
        {20, 0, C(INTERNAL_FAULT)},
        {21, 0, C(CHARGE_OVERTEMPERATURE) | C(DISCHARGE_OVERTEMPERATURE)},
        {22, 0, C(INTERNAL_FAULT)},
        {23, 0, C(INTERNAL_FAULT)},
        {24, 0, C(SHORT_CIRCUIT)},
        {25, 0, C(DISCHARGE_OVERCURRENT)},
        {26, 0, C(DISCHARGE_OVERCURRENT)},
        {27, 0, C(DISCHARGE_UNDERTEMPERATURE)},
        {28, C(INTERNAL_FAULT), 0},
        {29, C(UNKNOWN_WORD), 0},
        {30, C(UNKNOWN_WORD), 0},
        {31, C(UNKNOWN_WORD), 0},
    };

    CU_ASSERT_EQUAL(sizeof rows / sizeof rows[0], 32);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t warnings = 0xFF;
        uint32_t protections = 0xFF;
        jk_errors(1u << rows[i].bit, &warnings, &protections);
        CU_ASSERT_EQUAL(warnings, rows[i].warnings);
        CU_ASSERT_EQUAL(protections, rows[i].protections);
    }
}

static void test_alarms(void)
{
    struct jk_cells c = healthy(JK02_32S);

    c.errors = 0x80001 | 1u << 12; /* as captured on 11.288H, and a pack under-voltage */
    c.wire_alarms = 3;
    struct battery b = from(&c);
    CU_ASSERT_EQUAL(b.warnings, C(INTERNAL_FAULT));
    CU_ASSERT_EQUAL(b.protections, C(PACK_UNDERVOLTAGE));
    c.errors = 0x80000;
    b = from(&c);
    CU_ASSERT_EQUAL(b.warnings, C(INTERNAL_FAULT)); /* the wires alone */
    c.wire_alarms = 0;
    b = from(&c);
    CU_ASSERT_EQUAL(b.warnings, 0);
    c.user_alarm = 0x540; /* on 24S something else; healthy packs have it */
    b = from(&c);
    CU_ASSERT_EQUAL(b.warnings | b.protections, 0);
}

/* ---- cells ---- */

/* A wire is off: the list keeps its length, extremes are of the others, the cells are not all
 * known. */
static void test_wire_off(void)
{
    struct jk_cells c = healthy(JK02_32S);
    struct battery b = from(&c);

    c.cell_mv[0] = 0;
    c.cell_mv[15] = 0;
    c.cell_mv[7] = 3290;
    c.cell_mask = 0x7FFE;
    c.pack_mv = 46190;
    CU_ASSERT_EQUAL(jk_cells_to_battery(&c, &b), ERR_OK);
    CU_ASSERT_EQUAL(b.cell_count, 16);
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_CELLS));
    CU_ASSERT(battery_knows(&b, FIELD_CELL_MIN_MAX | FIELD_CELL_IDS));
    CU_ASSERT_EQUAL(b.cell_min_mv, 3290);
    CU_ASSERT_EQUAL(b.cell_min_id, 8);
    CU_ASSERT_EQUAL(b.cell_max_id, 2);
}

static void test_booting(void)
{
    struct jk_cells c = healthy(JK02_32S);
    struct battery b = from(&c);

    c.soc_pc = 0;
    c.remaining_mah = 0;
    c.full_mah = 0;
    c.cycles = 0;
    c.soh_pc = 0;
    CU_ASSERT_EQUAL(jk_cells_to_battery(&c, &b), ERR_OK);
    CU_ASSERT_EQUAL(b.known & (FIELD_SOC_PM | FIELD_FULL_MAH | FIELD_REMAINING_MAH | FIELD_SOH_PM |
                               FIELD_CYCLES),
                    0);
    CU_ASSERT(battery_knows(&b, FIELD_PACK_MV | FIELD_CELLS));
}

/* Numbers beyond what a battery can hold. */
static void test_huge_numbers(void)
{
    const uint16_t cell_mv[40] = {3300, 3301};
    struct jk_cells c = healthy(JK02_32S);

    c.cycles = UINT32_MAX;
    c.soh_pc = 101;
    struct battery b = from(&c);
    CU_ASSERT_EQUAL(b.cycles, INT32_MAX);
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_SOH_PM));
    jk_fill_cells(cell_mv, 40, &b);
    CU_ASSERT_EQUAL(b.cell_count, 32);
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_CELLS));
    CU_ASSERT_EQUAL(b.cell_max_mv, 3301);
    jk_fill_cells(cell_mv, 0, &b);
    CU_ASSERT_EQUAL(b.known & (FIELD_CELLS | FIELD_CELL_MIN_MAX | FIELD_CELL_IDS), 0);
}

/* ---- what cannot be true ---- */

static void impossible(const struct jk_cells *c, const char *want)
{
    struct battery b;
    struct battery before;
    const char *why = "";

    memset(&b, 0x5A, sizeof b);
    before = b;
    CU_ASSERT_FALSE(jk_cells_plausible(c, &why));
    CU_ASSERT_STRING_EQUAL(why, want);
    CU_ASSERT_FALSE(jk_cells_plausible(c, NULL));
    CU_ASSERT_EQUAL(jk_cells_to_battery(c, &b), ERR_IMPLAUSIBLE);
    CU_ASSERT_EQUAL(memcmp(&b, &before, sizeof b), 0);
}

static void test_impossible(void)
{
    struct jk_cells good = healthy(JK02_32S);
    struct jk_cells c = good;

    c.cell_mv[3] = 5001;
    impossible(&c, "a cell is outside 0.5..5 V");
    c.cell_mv[3] = 499;
    impossible(&c, "a cell is outside 0.5..5 V");
    c = good;
    c.cell_mask = 0x1FFFF;
    impossible(&c, "the cell mask disagrees with the cells");
    c = good;
    c.pack_mv = 1200000; /* the spliced frame of the field */
    impossible(&c, "the pack voltage is not the sum of the cells");
    c.pack_mv = 52800 + 853; /* 1.5 % and 60 mV are 852 */
    impossible(&c, "the pack voltage is not the sum of the cells");
    c.pack_mv = 52800 - 852;
    CU_ASSERT(jk_cells_plausible(&c, NULL));
    c = good;
    c.current_ma = 107000000;
    impossible(&c, "the current is above 1000 A");
    c.current_ma = INT32_MIN;
    impossible(&c, "the current is above 1000 A");
    c = good;
    c.soc_pc = 101;
    impossible(&c, "SOC above 100 %");
    c = good;
    c.soc_pc = 72; /* 75 % by charge */
    impossible(&c, "the charge disagrees with the SOC");
    c.soc_pc = 73;
    CU_ASSERT(jk_cells_plausible(&c, NULL));
    c.full_mah = UINT32_MAX;
    impossible(&c, "the charge disagrees with the SOC");
    c = good;
    memset(c.cell_mv, 0, sizeof c.cell_mv);
    c.pack_mv = 0;
    impossible(&c, "no cell");
}

/* Only the parts that were read count, and only their fields are touched. */
static void test_parts(void)
{
    struct jk_cells c = healthy(JK02_32S);
    struct battery b;

    memset(c.cell_mv, 0, sizeof c.cell_mv);
    battery_clear(&b);
    CU_ASSERT_EQUAL(jk_cells_some_to_battery(&c, FIELD_PACK_MV | FIELD_CURRENT_MA, &b), ERR_OK);
    CU_ASSERT_EQUAL(b.known, FIELD_PACK_MV | FIELD_CURRENT_MA);
    c.pack_mv = 160001;
    CU_ASSERT_EQUAL(jk_cells_some_to_battery(&c, FIELD_PACK_MV, &b), ERR_IMPLAUSIBLE);
    c.pack_mv = 160000;
    CU_ASSERT_EQUAL(jk_cells_some_to_battery(&c, FIELD_PACK_MV, &b), ERR_OK);
    CU_ASSERT_EQUAL(b.pack_mv, 160000);
    CU_ASSERT_EQUAL(jk_cells_some_to_battery(&c, 0, &b), ERR_OK);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"a healthy pack of both layouts", test_healthy},
        {"current and switches", test_sides},
        {"balancing", test_balancing},
        {"missing sensors", test_sensors},
        {"no sensor at all", test_no_sensor},
        {"T3 is no cell", test_t3_is_no_cell},
        {"every error bit", test_errors},
        {"alarms", test_alarms},
        {"a wire is off", test_wire_off},
        {"booting", test_booting},
        {"huge numbers", test_huge_numbers},
        {"what cannot be true", test_impossible},
        {"parts of a record", test_parts},
        {0},
    };
    return testing_main(argc, argv, "jk_battery", cases);
}
