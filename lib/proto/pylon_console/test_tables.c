/* SPDX-License-Identifier: Apache-2.0
 *
 * `pwr` and `bat`: what every layout's answer means, that the same structs print the same bytes,
 * and what makes a table bad.
 */
#include <string.h>

#include "proto/pylon_console/test_result.h"
#include "testing/testing.h"

#define P1_HEADER                                                                                 \
    "Power Volt   Curr   Tempr  Tlow   Thigh  Vlow   Vhigh  Base.St  Volt.St  Curr.St  Temp.St  " \
    "Coulomb  Time                 B.V.St   B.T.St\n"
#define P1_ROW                                                                                    \
    "1     50691  3806   17000  13000  14000  3378   3381   Charge   Normal   Normal   Normal   " \
    "89%      2025-12-21 20:53:06  Normal   Normal\n"
#define P1_TAIL \
    "Charge   Normal   Normal   Normal   89%      2025-12-21 20:53:06  Normal   Normal\n"
#define ABSENT_TAIL                                                                         \
    "-      -      -      -      -      -      -      Absent   -        -        -        " \
    "-        -                    -        -\n"

/* ---- golden values ---- */

#define STATES(base)                                                                \
    .base_st = base, .volt_st = "Normal", .curr_st = "Normal", .temp_st = "Normal", \
    .bv_st = "Normal", .bt_st = "Normal"

static void gold_p1(struct result *r)
{
    r->pwr = (struct pylon_pwr){.layout = PYLON_P1,
                                .n = 4,
                                .rows = {{.address = 1,
                                          .volt_mv = 50691,
                                          .curr_ma = 3806,
                                          .tempr_mc = 17000,
                                          .tlow_mc = 13000,
                                          .thigh_mc = 14000,
                                          .vlow_mv = 3378,
                                          .vhigh_mv = 3381,
                                          .coulomb_pc = 89,
                                          .time = {2025, 12, 21, 20, 53, 6},
                                          STATES("Charge")},
                                         {.address = 2,
                                          .volt_mv = 50673,
                                          .curr_ma = -4087,
                                          .tempr_mc = -5000,
                                          .tlow_mc = -500,
                                          .thigh_mc = 9000,
                                          .vlow_mv = 3377,
                                          .vhigh_mv = 3380,
                                          .coulomb_pc = 105,
                                          .time = {2000, 0, 0, 0, 0, 0},
                                          STATES("Dischg")},
                                         {.address = 3, .absent = true, .base_st = "Absent"},
                                         {.address = 4, .absent = true, .base_st = "Absent"}}};
}

static void gold_p2(struct result *r)
{
    r->pwr = (struct pylon_pwr){.layout = PYLON_P2,
                                .n = 4,
                                .rows = {{.address = 1,
                                          .volt_mv = 49905,
                                          .curr_ma = 11867,
                                          .tempr_mc = 27900,
                                          .tlow_mc = 26600,
                                          .thigh_mc = 26800,
                                          .vlow_mv = 3327,
                                          .vhigh_mv = 3327,
                                          .coulomb_pc = 39,
                                          .time = {2023, 9, 16, 11, 50, 32},
                                          STATES("Charge"),
                                          .has_mos = true,
                                          .mos_mc = 27500,
                                          .mt_st = "Normal"},
                                         {.address = 2,
                                          .volt_mv = 49909,
                                          .curr_ma = 5080,
                                          .tempr_mc = 33000,
                                          .tlow_mc = 30000,
                                          .thigh_mc = 30000,
                                          .vlow_mv = 3326,
                                          .vhigh_mv = 3328,
                                          .coulomb_pc = 35,
                                          .time = {2023, 9, 16, 11, 50, 29},
                                          STATES("Charge")},
                                         {.address = 3,
                                          .volt_mv = 46012,
                                          .curr_ma = 1255,
                                          .tempr_mc = 9100,
                                          .tlow_mc = 5300,
                                          .thigh_mc = 5500,
                                          .vlow_mv = 3047,
                                          .vhigh_mv = 3091,
                                          .coulomb_pc = 4,
                                          .time = {2025, 11, 28, 17, 56, 33},
                                          .base_st = "SysError",
                                          .volt_st = "Low",
                                          .curr_st = "Normal",
                                          .temp_st = "Normal",
                                          .bv_st = "Low",
                                          .bt_st = "Normal",
                                          .has_mos = true,
                                          .mos_mc = 7800,
                                          .mt_st = "Normal"},
                                         {.address = 4, .absent = true, .base_st = "Absent"}}};
}

static void gold_p3(struct result *r)
{
    r->pwr = (struct pylon_pwr){.layout = PYLON_P3,
                                .n = 3,
                                .rows = {{.address = 1,
                                          .volt_mv = 49093,
                                          .curr_ma = -2358,
                                          .tempr_mc = 16800,
                                          .tlow_mc = 15100,
                                          .thigh_mc = 16100,
                                          .vlow_mv = 3272,
                                          .vhigh_mv = 3273,
                                          .has_ids = true,
                                          .tlow_id = 12,
                                          .thigh_id = 0,
                                          .vlow_id = 13,
                                          .vhigh_id = 0,
                                          .coulomb_pc = 52,
                                          .time = {2025, 4, 4, 5, 23, 54},
                                          STATES("Dischg"),
                                          .has_mos = true,
                                          .mos_mc = 16400,
                                          .mt_st = "Normal",
                                          .sys_alarm_st = "Normal"},
                                         {.address = 2,
                                          .volt_mv = 49095,
                                          .curr_ma = -1224,
                                          .tempr_mc = 18200,
                                          .tlow_mc = 15600,
                                          .thigh_mc = 16000,
                                          .vlow_mv = 3272,
                                          .vhigh_mv = 3274,
                                          .has_ids = true,
                                          .tlow_id = 10,
                                          .thigh_id = 5,
                                          .vlow_id = 0,
                                          .vhigh_id = 5,
                                          .coulomb_pc = 51,
                                          .time = {2025, 4, 4, 5, 23, 53},
                                          STATES("Dischg"),
                                          .has_mos = true,
                                          .mos_mc = 16700,
                                          .mt_st = "Normal",
                                          .sys_alarm_st = "Normal"},
                                         {.address = 3, .absent = true, .base_st = "Absent"}}};
}

static void gold_p4(struct result *r)
{
    r->pwr = (struct pylon_pwr){.layout = PYLON_P4,
                                .n = 2,
                                .rows = {{.address = 1,
                                          .volt_mv = 52382,
                                          .curr_ma = -391,
                                          .tempr_mc = 28800,
                                          .tlow_mc = 25400,
                                          .thigh_mc = 26000,
                                          .vlow_mv = 3481,
                                          .vhigh_mv = 3497,
                                          .has_ids = true,
                                          .tlow_id = 5,
                                          .thigh_id = 0,
                                          .vlow_id = 2,
                                          .vhigh_id = 10,
                                          .coulomb_pc = 99,
                                          .time = {2026, 9, 28, 12, 16, 26},
                                          STATES("Dischg"),
                                          .has_mos = true,
                                          .mos_mc = 31800,
                                          .mt_st = "Normal"},
                                         {.address = 2,
                                          .volt_mv = 52426,
                                          .curr_ma = -610,
                                          .tempr_mc = 28400,
                                          .tlow_mc = 25000,
                                          .thigh_mc = 25700,
                                          .vlow_mv = 3485,
                                          .vhigh_mv = 3500,
                                          .has_ids = true,
                                          .tlow_id = 5,
                                          .thigh_id = 2,
                                          .vlow_id = 12,
                                          .vhigh_id = 2,
                                          .coulomb_pc = 99,
                                          .time = {2026, 9, 28, 12, 16, 25},
                                          STATES("Charge"),
                                          .has_mos = true,
                                          .mos_mc = 28500,
                                          .mt_st = "Normal"}}};
}

static void gold_py(struct result *r)
{
    r->pwr = (struct pylon_pwr){.layout = PYLON_PY,
                                .n = 2,
                                .rows = {{.address = 1,
                                          .volt_mv = 53070,
                                          .curr_ma = -5962,
                                          .tempr_mc = 26000,
                                          .tlow_mc = 24000,
                                          .thigh_mc = 25000,
                                          .vlow_mv = 3313,
                                          .vhigh_mv = 3319,
                                          .coulomb_pc = 80,
                                          .time = {2024, 2, 13, 23, 34, 48},
                                          STATES("Dischg"),
                                          .barcode = "Exxxxxxxxxxxxx43",
                                          .dev_type = "E-BOX-48100V-D"},
                                         {.address = 2, .absent = true, .base_st = "Absent"}}};
}

#define CELL(i, mv, ma, mc, base, pc, mah)                                     \
    .index = i, .volt_mv = mv, .curr_ma = ma, .tempr_mc = mc, .base_st = base, \
    .curr_st = "Normal", .soc_pc = pc, .coulomb_mah = mah
#define FINE .volt_st = "Normal", .temp_st = "Normal"

static void gold_b1(struct result *r)
{
    r->bat = (struct pylon_bat){.layout = PYLON_B1,
                                .n = 3,
                                .rows = {{CELL(0, 3379, 4076, 14000, "Charge", 89, 42586), FINE},
                                         {CELL(1, 3381, -4076, -5000, "Dischg", 100, 50000),
                                          .volt_st = "Normal", .temp_st = "Low"},
                                         {CELL(2, 3378, 4076, 13000, "Charge", 0, 0),
                                          .volt_st = "High", .temp_st = "Normal"}}};
}

static void gold_b1n(struct result *r)
{
    r->bat = (struct pylon_bat){.layout = PYLON_B1N,
                                .n = 2,
                                .rows = {{CELL(0, 3304, 0, 19000, "Dischg", 34, 34682), FINE},
                                         {CELL(1, 3305, 0, 19000, "Dischg", 34, 34496), FINE}}};
}

static void gold_b2(struct result *r)
{
    r->bat = (struct pylon_bat){
        .layout = PYLON_B2,
        .n = 3,
        .rows = {{CELL(0, 3327, 5024, 30000, "Charge", 42, 19994), FINE},
                 {CELL(1, 3495, 0, 25900, "Idle", 100, 68967), FINE, .balancing = true},
                 {CELL(2, 3368, 0, 25900, "Idle", 5, 3708), FINE, .balancing = true}}};
}

static void gold_b3(struct result *r)
{
    r->bat = (struct pylon_bat){
        .layout = PYLON_B3,
        .n = 2,
        .rows = {{CELL(0, 3455, -108, 24600, "Idle", 99, 73100), FINE, .ctemp_st = "Normal"},
                 {CELL(1, 3456, -160, 24500, "Dischg", 99, 0), FINE, .ctemp_st = "Normal",
                  .balancing = true}}};
}

static void gold_be(struct result *r)
{
    r->bat = (struct pylon_bat){
        .layout = PYLON_BE,
        .n = 2,
        .rows = {{CELL(0, 3277, 0, 10500, "Idle", 18, 0), FINE},
                 {CELL(1, 4095, 0, 10500, "Idle", 19, 0), .volt_st = "High", .temp_st = "Normal"}}};
}

static const struct golden {
    const char *fixture;
    void (*fill)(struct result *r);
} golden[] = {
    {"p1", gold_p1}, {"p2", gold_p2},   {"p3", gold_p3}, {"p4", gold_p4}, {"py", gold_py},
    {"b1", gold_b1}, {"b1n", gold_b1n}, {"b2", gold_b2}, {"b3", gold_b3}, {"be", gold_be},
};

static void test_golden_values(void)
{
    static struct result got, want;

    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
        const struct fixture *fx = fixture_find(golden[i].fixture);
        golden[i].fill(&want);
        result_begin(&got);
        result_feed(&got, fx->wire);
        CU_ASSERT_TRUE_FATAL(result_end(&got, fx));
        if (result_differences(fx, &got, &want) != 0)
            TESTING_FAIL("%s: %u fields differ", fx->name, result_differences(fx, &got, &want));
    }
}

/* Structs made by hand print the fixture's bytes. */
static void test_golden_bytes(void)
{
    static struct result want;
    static uint8_t memory[4096];

    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
        const struct fixture *fx = fixture_find(golden[i].fixture);
        struct buf out = buf_of(memory, sizeof memory);
        bool pytes = span_ends(fx->wire, "PYTES>");
        struct pylon_text_style style = {.prompt = pytes ? "PYTES>" : NULL,
                                         .blank_after_at = strcmp(fx->name, "b3") == 0};
        golden[i].fill(&want);
        buf_printf(&out, "%s\n\r", fx->command);
        CU_ASSERT_EQUAL(pylon_text_begin(&style, PYLON_SEP_T, &out), ERR_OK);
        enum err e = fx->kind == FX_PWR ? pylon_pwr_encode(&want.pwr, &out)
                                        : pylon_bat_encode(&want.bat, &out);
        CU_ASSERT_EQUAL(e, ERR_OK);
        CU_ASSERT_EQUAL(pylon_text_end(&style, &out), ERR_OK);
        TESTING_BYTES_EQ(buf_span(&out), fx->wire);
    }
}

/* ---- pwr: what is bad ---- */

static struct pylon_pwr *pwr_of(const char *body, enum err want, size_t offset)
{
    static struct pylon_pwr table;

    memset(&table, 0, sizeof table);
    struct decoded d = pylon_pwr_decode(span_str(body), &table);
    if (d.code != want || (want != ERR_OK && d.offset != offset))
        TESTING_FAIL("%s at %u, not %s at %zu:\n%s", err_text(d.code), d.offset, err_text(want),
                     offset, body);
    if (want != ERR_OK)
        CU_ASSERT_EQUAL(table.n, 0); /* untouched on failure */
    return &table;
}

enum {
    HEADER = sizeof P1_HEADER - 1,
    ROW = sizeof P1_ROW - 1,
    ABSENT = sizeof("1     " ABSENT_TAIL) - 1,
};

static void test_bad_headers(void)
{
    pwr_of("", ERR_LAYOUT, 0);
    pwr_of(P1_ROW, ERR_LAYOUT, 0);
    pwr_of("Volt   Curr   Tempr\n1      2      3\n", ERR_LAYOUT, 0);
    pwr_of("\n\nPower Volt   Curr\n" P1_ROW, ERR_LAYOUT, 2);
    pwr_of("Power Volt   Curr   Tempr  Tlow   Thigh  Vlow   Vhigh  Base.St  Volt.St  Curr.St  "
           "Temp.St  Coulomb  Time                 B.V.St   B.T.St   Humidity\n" P1_ROW,
           ERR_LAYOUT, 0);
    pwr_of("Power Volt   Cur    Tempr  Tlow   Thigh  Vlow   Vhigh  Base.St  Volt.St  Curr.St  "
           "Temp.St  Coulomb  Time                 B.V.St   B.T.St\n" P1_ROW,
           ERR_LAYOUT, 0);
}

static void test_missing_rows(void)
{
    pwr_of(P1_HEADER, ERR_INCOMPLETE, HEADER);
    pwr_of(P1_HEADER "2     " ABSENT_TAIL, ERR_INCOMPLETE, HEADER);
    pwr_of(P1_HEADER P1_ROW "3     " ABSENT_TAIL, ERR_INCOMPLETE, HEADER + ROW);
    pwr_of(P1_HEADER P1_ROW P1_ROW, ERR_INCOMPLETE, HEADER + ROW);
    pwr_of(P1_HEADER P1_ROW "17    " ABSENT_TAIL, ERR_SYNTAX, HEADER + ROW);
    pwr_of(P1_HEADER P1_ROW "hello\n", ERR_SYNTAX, HEADER + ROW);
    pwr_of(P1_HEADER P1_ROW " 2    " ABSENT_TAIL, ERR_SYNTAX, HEADER + ROW);
}

static void test_cut_rows(void)
{
    /* the last row ends early: the answer was cut */
    pwr_of(P1_HEADER "1     50691  3806   17000  13000\n", ERR_INCOMPLETE, HEADER + 32);
    pwr_of(P1_HEADER "1     -      -      -\n", ERR_INCOMPLETE, HEADER + 21);
    /* a row in the middle ends early: something was lost */
    pwr_of(P1_HEADER "1     50691  3806   17000  13000\n2     " ABSENT_TAIL, ERR_SYNTAX,
           HEADER + 32);
    /* one field too many */
    pwr_of(P1_HEADER "1     50691  3806   17000  13000  14000  3378   3381   Charge   Normal   "
                     "Normal   Normal   89%      2025-12-21 20:53:06  Normal   Normal   Normal\n",
           ERR_SYNTAX, HEADER + 130);
    pwr_of(P1_HEADER "1     " ABSENT_TAIL "2     -      -      -      -      -      -      -      "
                     "Absent   -        -        -        -        -        -        -      -\n",
           ERR_SYNTAX, HEADER + ABSENT + 125);
}

static void test_bad_fields(void)
{
    pwr_of(P1_HEADER "1     5069x  3806   17000  13000  14000  3378   3381   " P1_TAIL, ERR_SYNTAX,
           HEADER + 6);
    pwr_of(P1_HEADER "1     050691 3806   17000  13000  14000  3378   3381   " P1_TAIL, ERR_SYNTAX,
           HEADER + 6);
    pwr_of(P1_HEADER "1     50691  +3806  17000  13000  14000  3378   3381   " P1_TAIL, ERR_SYNTAX,
           HEADER + 13);
    pwr_of(P1_HEADER "1     50691  -0     17000  13000  14000  3378   3381   " P1_TAIL, ERR_SYNTAX,
           HEADER + 13);
    pwr_of(P1_HEADER "1     50691  -      17000  13000  14000  3378   3381   " P1_TAIL, ERR_SYNTAX,
           HEADER + 13);
    /* a dropped digit moves everything behind it out of its column */
    pwr_of(P1_HEADER "1     5069  3806   17000  13000  14000  3378   3381   " P1_TAIL, ERR_SYNTAX,
           HEADER + 6);
    pwr_of(P1_HEADER "1     50691  3806   17000  13000  14000  3378   3381   Char\xE7"
                     "e   Normal   Normal   Normal   89%      2025-12-21 20:53:06  Normal   "
                     "Normal\n",
           ERR_SYNTAX, HEADER + 55);
    pwr_of(P1_HEADER "1     50691  3806   17000  13000  14000  3378   3381   Charge   Normal   "
                     "Normal   Normal   89       2025-12-21 20:53:06  Normal   Normal\n",
           ERR_SYNTAX, HEADER + 91);
    pwr_of(P1_HEADER "1     50691  3806   17000  13000  14000  3378   3381   Charge   Normal   "
                     "Normal   Normal   89%      2025-12-21T20:53:06  Normal   Normal\n",
           ERR_SYNTAX, HEADER + 100);
    pwr_of(P1_HEADER "1     50691  3806   17000  13000  14000  3378   3381   Charge   Normal   "
                     "Normal   Normal   89%      2025-12-21 20:53:06  -        Normal\n",
           ERR_SYNTAX, HEADER + 121);
}

static void test_ranges(void)
{
    struct pylon_pwr *t;

    pwr_of(P1_HEADER "1     100001 3806   17000  13000  14000  3378   3381   " P1_TAIL, ERR_RANGE,
           HEADER + 6);
    pwr_of(P1_HEADER "1     -1     3806   17000  13000  14000  3378   3381   " P1_TAIL, ERR_RANGE,
           HEADER + 6);
    pwr_of(P1_HEADER "1     50691  3806   200001 13000  14000  3378   3381   " P1_TAIL, ERR_RANGE,
           HEADER + 20);
    pwr_of(P1_HEADER "1     50691  3806   17000  13000  14000  10000  3381   " P1_TAIL, ERR_RANGE,
           HEADER + 41);
    pwr_of(P1_HEADER "1     50691  3806   17000  13000  14000  3378   3381   Charge   Normal   "
                     "Normal   Normal   201%     2025-12-21 20:53:06  Normal   Normal\n",
           ERR_RANGE, HEADER + 91);
    t = pwr_of(P1_HEADER "1     100000 -99999 -100000200000 0      0      9999   " P1_TAIL, ERR_OK,
               0);
    CU_ASSERT_EQUAL(t->rows[0].volt_mv, 100000);
    CU_ASSERT_EQUAL(t->rows[0].curr_ma, -99999);
    CU_ASSERT_EQUAL(t->rows[0].tempr_mc, -100000);
    CU_ASSERT_EQUAL(t->rows[0].tlow_mc, 200000);
    CU_ASSERT_EQUAL(t->rows[0].vhigh_mv, 9999);
}

/* ---- pwr: the scenarios ---- */

static void test_s03_gap(void)
{
    struct pylon_pwr *t =
        pwr_of(P1_HEADER P1_ROW "2     " ABSENT_TAIL
                                "3     50673  4087   16000  13000  14000  3377   3380   " P1_TAIL,
               ERR_OK, 0);
    CU_ASSERT_EQUAL(t->n, 3);
    CU_ASSERT_FALSE(t->rows[0].absent);
    CU_ASSERT_TRUE(t->rows[1].absent);
    CU_ASSERT_EQUAL(t->rows[2].volt_mv, 50673);
}

static void test_s15_header_of_each_answer(void)
{
    static struct result r;
    const char *const order[] = {"p2", "p3", "p1", "py", "p4"};
    const enum pylon_pwr_layout want[] = {PYLON_P2, PYLON_P3, PYLON_P1, PYLON_PY, PYLON_P4};

    for (size_t i = 0; i < 5; i++) {
        const struct fixture *fx = fixture_find(order[i]);
        result_begin(&r);
        result_feed(&r, fx->wire);
        CU_ASSERT_TRUE(result_end(&r, fx));
        CU_ASSERT_EQUAL(r.pwr.layout, want[i]);
    }
}

static bool same_numbers(const struct pylon_pwr_row *a, const struct pylon_pwr_row *b)
{
    return a->volt_mv == b->volt_mv && a->curr_ma == b->curr_ma && a->tempr_mc == b->tempr_mc &&
           a->tlow_mc == b->tlow_mc && a->thigh_mc == b->thigh_mc && a->vlow_mv == b->vlow_mv &&
           a->vhigh_mv == b->vhigh_mv && a->coulomb_pc == b->coulomb_pc &&
           (!b->has_mos || a->mos_mc == b->mos_mc);
}

/* A block lost at the end of a table may take the last row with it and damage the one before: a
 * word that was cut (an alarm then), a MOS sensor or a module that is gone. Never a wrong number.
 */
static void test_s39_lost_blocks(void)
{
    static struct result good, bad;
    static uint8_t memory[4096];
    const char *const tables[] = {"p1", "p2", "p3", "py"};
    const size_t blocks[] = {100, 120, 141, 150, 158, 200, 203};

    for (size_t i = 0; i < 4; i++) {
        const struct fixture *fx = fixture_find(tables[i]);
        result_begin(&good);
        result_feed(&good, fx->wire);
        CU_ASSERT_TRUE_FATAL(result_end(&good, fx));
        for (size_t k = 0; k < sizeof blocks / sizeof blocks[0]; k++) {
            for (size_t at = 0; at + blocks[k] < fx->wire.n; at++) {
                struct buf lossy = buf_of(memory, sizeof memory);
                buf_put(&lossy, span_sub(fx->wire, 0, at));
                buf_put(&lossy, span_sub(fx->wire, at + blocks[k], fx->wire.n));
                result_begin(&bad);
                result_feed(&bad, buf_span(&lossy));
                if (!result_end(&bad, fx))
                    continue;
                CU_ASSERT_EQUAL(bad.pwr.n, good.pwr.n - 1);
                for (size_t row = 0; row < bad.pwr.n; row++)
                    CU_ASSERT_TRUE(bad.pwr.rows[row].absent ||
                                   same_numbers(&good.pwr.rows[row], &bad.pwr.rows[row]));
            }
        }
    }
}

static void test_s46_sixteen_p3_rows(void)
{
    static struct result r;
    static struct pylon_pwr table;
    static uint8_t memory[PYLON_ANSWER_MAX], text[PYLON_ANSWER_MAX];
    struct buf out = buf_of(memory, sizeof memory);
    struct pylon_reader reader;
    struct pylon_answer answer;
    size_t used;

    gold_p3(&r);
    table = (struct pylon_pwr){.layout = PYLON_P3, .n = PYLON_MAX_MODULES};
    for (size_t i = 0; i < PYLON_MAX_MODULES; i++) {
        table.rows[i] = r.pwr.rows[0];
        table.rows[i].address = (uint8_t)(i + 1);
        table.rows[i].volt_mv = 49000 + (int32_t)i;
    }
    buf_str(&out, "pwr\n\r");
    pylon_text_begin(NULL, PYLON_SEP_T, &out);
    CU_ASSERT_EQUAL(pylon_pwr_encode(&table, &out), ERR_OK);
    pylon_text_end(NULL, &out);
    CU_ASSERT_TRUE(out.n > 3400 && out.n < 3600);

    pylon_reader_init(&reader, text, sizeof text);
    CU_ASSERT_EQUAL(pylon_reader_feed(&reader, buf_span(&out), &used), PYLON_READ_DONE);
    CU_ASSERT_EQUAL(pylon_reader_answer(&reader, SPAN_LIT("pwr"), &answer).code, ERR_OK);
    CU_ASSERT_EQUAL(pylon_pwr_decode(answer.body, &table).code, ERR_OK);
    CU_ASSERT_EQUAL(table.n, 16);
    CU_ASSERT_EQUAL(table.rows[15].volt_mv, 49015);
}

static void test_s48_unknown_word(void)
{
    struct pylon_pwr *t =
        pwr_of(P1_HEADER "1     50691  3806   17000  13000  14000  3378   3381   Protect  Over     "
                         "Sleepy99 Under    89%      2025-12-21 20:53:06  OV       Normal\n",
               ERR_OK, 0);
    CU_ASSERT_STRING_EQUAL(t->rows[0].base_st, "Protect");
    CU_ASSERT_STRING_EQUAL(t->rows[0].volt_st, "Over");
    CU_ASSERT_STRING_EQUAL(t->rows[0].curr_st, "Sleepy99");
    CU_ASSERT_STRING_EQUAL(t->rows[0].bv_st, "OV");
    /* nine letters fill the column and touch the next: still two words */
    t = pwr_of(P1_HEADER "1     50691  3806   17000  13000  14000  3378   3381   ProtectedNormal   "
                         "Normal   Normal   89%      2025-12-21 20:53:06  Normal   Normal\n",
               ERR_OK, 0);
    CU_ASSERT_STRING_EQUAL(t->rows[0].base_st, "Protected");
    CU_ASSERT_STRING_EQUAL(t->rows[0].volt_st, "Normal");
}

static void test_s51_soc_over_100_and_0(void)
{
    struct pylon_pwr *t =
        pwr_of(P1_HEADER "1     50831  0      30000  28000  29000  3378   3392   Idle     Normal   "
                         "Normal   Normal   107%     2024-06-08 01:21:48  Normal   Normal\n"
                         "2     50820  0      30000  28000  29000  3379   3391   Idle     Normal   "
                         "Normal   Normal   0%       2024-06-08 01:21:47  Normal   Normal\n",
               ERR_OK, 0);
    CU_ASSERT_EQUAL(t->rows[0].coulomb_pc, 107);
    CU_ASSERT_EQUAL(t->rows[1].coulomb_pc, 0);
}

/* The column is seven wide, so -100000 leaves no blank before Tempr. */
static void test_s52_seven_characters(void)
{
    struct pylon_pwr *t = pwr_of(
        P1_HEADER "1     49905  -10000029000  26600  26800  3327   3327   " P1_TAIL, ERR_OK, 0);
    CU_ASSERT_EQUAL(t->rows[0].curr_ma, -100000);
    CU_ASSERT_EQUAL(t->rows[0].tempr_mc, 29000);
    t = pwr_of(P1_HEADER "1     49905  -178300-5000  26600  26800  3327   3327   " P1_TAIL, ERR_OK,
               0);
    CU_ASSERT_EQUAL(t->rows[0].curr_ma, -178300);
    CU_ASSERT_EQUAL(t->rows[0].tempr_mc, -5000);
    /* a lost blank makes the same picture with everything one to the left */
    pwr_of(P1_HEADER "1     49905  -303729300  26600  26800  3327   3327   " P1_TAIL, ERR_SYNTAX,
           HEADER + 20);
    /* eight characters shift the rest */
    pwr_of(P1_HEADER "1     49905  -100000029000  26600  26800  3327   3327   " P1_TAIL, ERR_SYNTAX,
           HEADER + 20);
    CU_ASSERT_EQUAL(t->n, 0);
}

static void test_mos_without_sensor(void)
{
    static struct result r;
    static uint8_t memory[4096];
    const enum pylon_pwr_layout layouts[] = {PYLON_P2, PYLON_P3, PYLON_P4};

    for (size_t i = 0; i < 3; i++) {
        struct buf out = buf_of(memory, sizeof memory);
        struct pylon_pwr again;
        gold_p3(&r);
        r.pwr.layout = layouts[i];
        r.pwr.n = 1;
        r.pwr.rows[0].has_mos = false;
        CU_ASSERT_EQUAL(pylon_pwr_encode(&r.pwr, &out), ERR_OK);
        CU_ASSERT_EQUAL(pylon_pwr_decode(buf_span(&out), &again).code, ERR_OK);
        CU_ASSERT_FALSE(again.rows[0].has_mos);
        CU_ASSERT_STRING_EQUAL(again.rows[0].mt_st, "");
        CU_ASSERT_STRING_EQUAL(again.rows[0].sys_alarm_st, i == 1 ? "Normal" : "");
    }
}

/* ---- bat: what is bad ---- */

#define B2_HEADER                                                                                  \
    "Battery  Volt     Curr     Tempr    Base State   Volt. State  Curr. State  Temp. State  SOC " \
    " "                                                                                            \
    "        Coulomb      BAL\n"
#define B2_ROW(i) \
    i "        3327     5024     30000    Charge       Normal       Normal       Normal"
#define B2_END "       42%         19994 mAH      N\n"

static void bat_of(const char *body, enum err want, size_t offset)
{
    struct pylon_bat table;
    struct decoded d = pylon_bat_decode(span_str(body), &table);

    if (d.code != want || (want != ERR_OK && d.offset != offset))
        TESTING_FAIL("%s at %u, not %s at %zu:\n%s", err_text(d.code), d.offset, err_text(want),
                     offset, body);
}

enum { B2_H = sizeof B2_HEADER - 1, B2_R = sizeof(B2_ROW("0") B2_END) - 1 };

static void test_bad_bat(void)
{
    bat_of(B2_HEADER B2_ROW("0") B2_END B2_ROW("1") B2_END, ERR_OK, 0);
    bat_of("", ERR_LAYOUT, 0);
    bat_of(B2_HEADER, ERR_INCOMPLETE, B2_H);
    bat_of(B2_ROW("0") B2_END, ERR_LAYOUT, 0); /* S40 */
    bat_of("Battery  Volt     Curr\n" B2_ROW("0") B2_END, ERR_LAYOUT, 0);
    bat_of(B2_HEADER B2_ROW("1") B2_END, ERR_INCOMPLETE, B2_H);
    bat_of(B2_HEADER B2_ROW("0") B2_END B2_ROW("2") B2_END, ERR_INCOMPLETE, B2_H + B2_R);
    bat_of(B2_HEADER B2_ROW("0") "       42%         19994\n", ERR_INCOMPLETE, B2_H + 105);
    bat_of(B2_HEADER B2_ROW("0") "       42%         19994\n" B2_ROW("1") B2_END, ERR_SYNTAX,
           B2_H + 105);
    bat_of(B2_HEADER B2_ROW("0") "       42%         19994 mAH      X\n", ERR_SYNTAX, B2_H + 115);
    bat_of(B2_HEADER B2_ROW("0") "       42%         19994 mAH      N N\n", ERR_SYNTAX, B2_H + 117);
    bat_of(B2_HEADER B2_ROW("0") "       201%         19994 mAH      N\n", ERR_RANGE, B2_H + 88);
    /* one blank lost: every value is still a value, but the row does not print like that */
    bat_of(B2_HEADER B2_ROW("0") "       42%        19994 mAH      N\n", ERR_SYNTAX, B2_H + 99);
}

static void test_sixteen_cells(void)
{
    static uint8_t memory[4096];
    struct buf out = buf_of(memory, sizeof memory);
    struct pylon_bat table = {.layout = PYLON_B1N, .n = PYLON_MAX_CELLS};
    struct pylon_bat again;

    for (size_t i = 0; i < table.n; i++)
        table.rows[i] = (struct pylon_bat_row){
            CELL((uint8_t)i, 3300 + (int32_t)i, 0, 24000, "Idle", 80, 80446), FINE};
    CU_ASSERT_EQUAL(pylon_bat_encode(&table, &out), ERR_OK);
    CU_ASSERT_EQUAL(pylon_bat_decode(buf_span(&out), &again).code, ERR_OK);
    CU_ASSERT_EQUAL(again.n, 16);
    CU_ASSERT_EQUAL(again.rows[15].volt_mv, 3315);
    buf_str(&out, "\n16       3304     19000    Dischg       Normal       Normal       Normal     "
                  "   34%      34690 mAH");
    CU_ASSERT_EQUAL(pylon_bat_decode(buf_span(&out), &again).code, ERR_SYNTAX);
}

static void test_no_room(void)
{
    static struct result r;
    uint8_t memory[2048];

    gold_p1(&r);
    gold_b2(&r);
    for (size_t cap = 0; cap < sizeof memory; cap++) {
        struct buf out = buf_of(memory, cap);
        if (pylon_pwr_encode(&r.pwr, &out) != ERR_OK)
            CU_ASSERT_EQUAL(out.n, 0);
        out = buf_of(memory, cap);
        if (pylon_bat_encode(&r.bat, &out) != ERR_OK)
            CU_ASSERT_EQUAL(out.n, 0);
    }
    struct buf out = buf_of(memory, sizeof memory);
    r.pwr.n = PYLON_MAX_MODULES + 1;
    r.bat.n = PYLON_MAX_CELLS + 1;
    CU_ASSERT_EQUAL(pylon_pwr_encode(&r.pwr, &out), ERR_RANGE);
    CU_ASSERT_EQUAL(pylon_bat_encode(&r.bat, &out), ERR_RANGE);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"S04 S05 S11 S12 S13 S14 S16 S17 S47 S50: every layout's values", test_golden_values},
        {"every layout's bytes", test_golden_bytes},
        {"pwr: no or unknown header", test_bad_headers},
        {"pwr: missing and strange rows", test_missing_rows},
        {"pwr: cut and overlong rows", test_cut_rows},
        {"pwr: fields that are none", test_bad_fields},
        {"pwr: limits of the numbers", test_ranges},
        {"S03: a gap in the addresses", test_s03_gap},
        {"S15: the layout changes from answer to answer", test_s15_header_of_each_answer},
        {"S39: blocks of bytes lost", test_s39_lost_blocks},
        {"S07 S46: sixteen modules in P3", test_s46_sixteen_p3_rows},
        {"S48: words nobody knows", test_s48_unknown_word},
        {"S51: 107 % and 0 %", test_s51_soc_over_100_and_0},
        {"S52: currents of seven characters", test_s52_seven_characters},
        {"S13: no MOS sensor in any layout", test_mos_without_sensor},
        {"S40: bat: what is bad", test_bad_bat},
        {"S23: sixteen cells", test_sixteen_cells},
        {"encoders take everything back when it does not fit", test_no_room},
        {0},
    };
    return testing_main(argc, argv, "pylon_tables", cases);
}
