/* SPDX-License-Identifier: Apache-2.0
 *
 * The console source's numbers: layouts, presence, corruption, jumps and words. The ids
 * are those of docs/protocols/pylontech-console-failures.md; rows and headers are captures or
 * follow the print formats of the specification.
 */
#include <string.h>

#include "bridge/source/test_console_rig.h"

#define BIT(condition) COND_BIT(COND_##condition)

/* ---- what a healthy module looks like ---- */

static void test_values(void)
{
    struct rig *rig = rig_new();

    rig_open(rig);
    rig_run(rig, RIG_S(20));
    const struct battery *b = &rig->got[0];
    CU_ASSERT_EQUAL(b->pack_mv, 49726);
    CU_ASSERT_EQUAL(b->current_ma, -3037);
    CU_ASSERT_EQUAL(b->soc_pm, 600);
    CU_ASSERT_EQUAL(b->soh_pm, 980);
    CU_ASSERT_EQUAL(b->cycles, 432);
    CU_ASSERT_EQUAL(b->full_mah, 50000);
    CU_ASSERT_EQUAL(b->remaining_mah, 30000);
    CU_ASSERT_EQUAL(b->cell_count, 15);
    CU_ASSERT_EQUAL(b->cell_min_mv, 3314);
    CU_ASSERT_EQUAL(b->cell_max_mv, 3316);
    CU_ASSERT_EQUAL(b->cell_min_id, 1);
    CU_ASSERT_EQUAL(b->cell_max_id, 15);
    CU_ASSERT_EQUAL(b->cell_mv[7], 3315);
    CU_ASSERT_EQUAL(b->temp_min_dc, 260);
    CU_ASSERT_EQUAL(b->temp_max_dc, 266);
    CU_ASSERT_EQUAL(b->temp_dc[1], 271); /* S12: 27.1 C, not 71 */
    CU_ASSERT_EQUAL(b->cvl_mv, 53250);
    CU_ASSERT_EQUAL(b->dvl_mv, 46000);
    CU_ASSERT_EQUAL(b->ccl_ma, 25000);
    CU_ASSERT_EQUAL(b->dcl_ma, 25000);
    CU_ASSERT_TRUE(b->charge_enable && b->discharge_enable);
    CU_ASSERT_EQUAL(b->warnings, 0);
    CU_ASSERT_EQUAL(b->protections, 0);
    CU_ASSERT_FALSE(b->force_charge);
    CU_ASSERT_STRING_EQUAL(b->maker, "Pylon");
    CU_ASSERT_STRING_EQUAL(b->model, "US2000C");
    CU_ASSERT_STRING_EQUAL(b->serial, "HPTCR03170C10345");
    CU_ASSERT_STRING_EQUAL(rig->got[1].serial, "HPTCR03170C10346");
    rig_delete(rig);
}

/* S25, S57: what slaves print as 0 is unknown. */
static void test_zeros_are_unknown(void)
{
    struct rig *rig = rig_new();

    rig->modules[0].soh = 0;
    rig_open(rig);
    rig_run(rig, RIG_S(20));
    CU_ASSERT_FALSE(battery_knows(&rig->got[0], FIELD_SOH_PM));
    rig_delete(rig);
}

/* ---- layouts: S04, S05, S11, S14, S15 ---- */

#define P1_HEADER                                                                                 \
    "Power Volt   Curr   Tempr  Tlow   Thigh  Vlow   Vhigh  Base.St  Volt.St  Curr.St  Temp.St  " \
    "Coulomb  Time                 B.V.St   B.T.St  "
#define P1_ROW_1                                                                                  \
    "1     49905  8000   26000  25000  25000  3326   3328   Charge   Normal   Normal   Normal   " \
    "89%      2023-09-16 11:50:32  Normal   Normal  "
#define ABSENT(n)                                                                                   \
#n "     -      -      -      -      -      -      -      Absent   -        -        -        " \
       "-        -                    -        -       "
/* captures/iss-us5000-v2.0_pwr: P3 with absent rows in the shape of P1 */
#define P3_HEADER                                                                                  \
    "Power Volt   Curr   Tempr  Tlow   Tlow.Id  Thigh  Thigh.Id Vlow   Vlow.Id  Vhigh  Vhigh.Id "  \
    "Base.St  Volt.St  Curr.St  Temp.St  Coulomb  Time                 B.V.St   B.T.St  MosTempr " \
    "M.T.St   SysAlarm.St"
#define P3_ROW_1                                                                                   \
    "1     49093  -2358  16800  15100  12       16100  0        3272   13       3273   0        "  \
    "Dischg   Normal   Normal   Normal   52%      2025-04-04 05:23:54  Normal   Normal  16400    " \
    "Normal   Normal  "
/* captures/mman-us3000d_pwr: P4 prints only modules that are there */
#define P4_HEADER                                                                                 \
    "Power Volt   Curr   Tempr  Tlow   Tlow.Id  Thigh  Thigh.Id Vlow   Vlow.Id  Vhigh  Vhigh.Id " \
    "Base.St  Volt.St  Curr.St  Temp.St  Coulomb  Time                 B.V.St   B.T.St   "        \
    "MosTempr "                                                                                   \
    "M.T.St  "

static void test_layout_p1(void)
{
    struct rig *rig = rig_new();

    rig->pwr_text = P1_HEADER "\r\r\n" P1_ROW_1 "\r\r\n" ABSENT(2) "\r\r\n" ABSENT(3);
    rig_open(rig);
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(5)));
    CU_ASSERT_EQUAL(rig->got[0].pack_mv, 49905);
    CU_ASSERT_EQUAL(rig->got[0].current_ma, 8000);
    CU_ASSERT_EQUAL(rig->got[0].soc_pm, 890);
    CU_ASSERT_EQUAL(rig->got[0].temp_count, 1); /* no MOS sensor */
    CU_ASSERT_EQUAL(rig->updates[1], 0);
    CU_ASSERT_TRUE(rig_logged(rig, "layout=P1"));
    rig_delete(rig);
}

static void test_layout_changes(void)
{
    struct rig *rig = rig_new();

    rig->pwr_text = P1_HEADER "\r\r\n" P1_ROW_1 "\r\r\n" ABSENT(2);
    rig_open(rig);
    rig_run(rig, RIG_S(5));
    rig->pwr_text = P3_HEADER "\r\r\n" P3_ROW_1 "\r\r\n" ABSENT(2);
    rig->modules[0].volt = 49093;
    rig->modules[0].vlow = 3272;
    rig->modules[0].vhigh = 3273;
    rig->modules[0].tlow = 15100;
    unsigned before = rig->updates[0];
    rig_run(rig, RIG_S(3)); /* 89 % to 52 % wants a second reading */
    CU_ASSERT_TRUE(rig->updates[0] > before);
    CU_ASSERT_EQUAL(rig->got[0].pack_mv, 49093);
    CU_ASSERT_EQUAL(rig->got[0].soc_pm, 520);
    CU_ASSERT_EQUAL(rig->got[0].temp_max_dc, 161);
    CU_ASSERT_EQUAL(rig->updates[1], 0);
    CU_ASSERT_TRUE(rig_logged(rig, "layout=P3"));
    rig_delete(rig);
}

static void test_layout_p4(void)
{
    static const char two_rows[] = P4_HEADER
        "\r\r\n"
        "1     49700  -100   25000  24000  3        25000  1        3313   4        3314   7       "
        " "
        "Dischg   Normal   Normal   Normal   55%      2025-11-13 10:00:00  Normal   Normal   26000 "
        "   Normal  "
        "\r\r\n"
        "2     49710  100    25000  24000  3        25000  1        3313   4        3315   7       "
        " "
        "Charge   Normal   Normal   Normal   56%      2025-11-13 10:00:00  Normal   Normal   26000 "
        "   Normal  ";
    struct rig *rig = rig_new();

    rig->pwr_text = two_rows;
    rig_open(rig);
    CU_ASSERT_TRUE(rig_until_update(rig, 1, RIG_S(5)));
    CU_ASSERT_EQUAL(rig->got[0].current_ma, -100);
    CU_ASSERT_EQUAL(rig->got[1].current_ma, 100);
    CU_ASSERT_EQUAL(rig->source.ops->present(rig->source.self), 2);
    rig_delete(rig);
}

static void test_unknown_layout(void)
{
    struct rig *rig = rig_running();

    rig->pwr_text = "Volt   Curr   Tempr  BTlow  BThigh\r\r\n49905  8000   26000  25000  25000";
    rig_run(rig, RIG_S(125));
    CU_ASSERT_TRUE(rig->got[0].updated_us + RIG_S(124) <= rig->now_us);
    CU_ASSERT_TRUE(rig->console.troubles[TROUBLE_LAYOUT] >= 120);
    CU_ASSERT_EQUAL(rig_log_count(rig, "trouble=layout"), 3); /* once a minute */
    rig->pwr_text = NULL;
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(3)));
    rig_delete(rig);
}

/* ---- presence: S01, S02, S03, S06, S09 ---- */

static void test_gap(void)
{
    struct rig *rig = rig_new();

    rig->modules[3] = rig->modules[1];
    rig->modules[3].barcode = "HPTCR03170C10348";
    rig_open(rig);
    rig_run(rig, RIG_S(5));
    CU_ASSERT_TRUE(rig->updates[3] > 0); /* 1, 2, (3), 4 */
    CU_ASSERT_EQUAL(rig->updates[2], 0);
    CU_ASSERT_EQUAL(rig->source.ops->present(rig->source.self), 3);
    CU_ASSERT_EQUAL(rig_count(rig, "info 3", 0), 0);
    rig_delete(rig);
}

static void test_leaves_and_returns(void)
{
    struct rig *rig = rig_running();

    rig->modules[1].present = false;
    rig_poll_once(rig);
    CU_ASSERT_EQUAL(rig->gone[1], 0); /* one table may be wrong */
    rig_poll_once(rig);
    CU_ASSERT_EQUAL(rig->gone[1], 1);
    unsigned before = rig->updates[1];
    uint64_t seen_us = rig->got[1].updated_us;
    rig_run(rig, RIG_S(60));
    CU_ASSERT_EQUAL(rig->updates[1], before); /* nothing that looks alive */
    CU_ASSERT_EQUAL(rig->gone[1], 1);         /* and it is said, once */
    CU_ASSERT_EQUAL(rig->gone[0], 0);
    CU_ASSERT_TRUE(rig->updates[0] > 60);
    CU_ASSERT_EQUAL(rig->source.ops->present(rig->source.self), 1);
    unsigned lines = rig->n_lines;
    rig->modules[1].present = true;
    CU_ASSERT_TRUE(rig_until_update(rig, 1, RIG_S(4)));
    CU_ASSERT_TRUE(rig->got[1].updated_us > seen_us + RIG_S(60));
    CU_ASSERT_TRUE(rig_count(rig, "info 2", lines) >= 1); /* it may be another one */
    CU_ASSERT_TRUE(rig_count(rig, "info", lines) >= 1);
    rig_delete(rig);
}

static void test_reordered(void)
{
    struct rig *rig = rig_running();

    rig->modules[0].cycles = 100;
    rig->modules[1].cycles = 200;
    rig_run(rig, RIG_S(125));
    CU_ASSERT_EQUAL(rig->got[1].cycles, 200);
    rig->dead = true; /* power off, links changed, power on */
    rig_run(rig, RIG_S(20));
    struct rig_module moved = rig->modules[0];
    rig->modules[0] = rig->modules[1];
    rig->modules[1] = moved;
    rig->dead = false;
    rig_run(rig, RIG_S(10));
    CU_ASSERT_STRING_EQUAL(rig->got[0].serial, "HPTCR03170C10346");
    CU_ASSERT_STRING_EQUAL(rig->got[1].serial, "HPTCR03170C10345");
    if (battery_knows(&rig->got[1], FIELD_CYCLES))
        CU_ASSERT_EQUAL(rig->got[1].cycles, 100);
    CU_ASSERT_EQUAL(rig_log_count(rig, "barcode changed"), 2);
    rig_delete(rig);
}

/* ---- corruption: S38, S39, S40, S43 ---- */

/* Removes some bytes from the next `pwr` answer. */
static void make_hole(struct rig *rig, const char *command, struct buf *answer)
{
    size_t end = rig->hole_at + rig->hole_n;

    if (strcmp(command, "pwr") != 0 || rig->spoiled > 0 || end > answer->n)
        return;
    rig->spoiled++;
    memmove(answer->p + rig->hole_at, answer->p + end, answer->n - end);
    answer->n -= rig->hole_n;
}

/* Whatever is lost, the module keeps its values or shows the right ones: never others. */
static void holes(size_t n, size_t step)
{
    struct rig *rig = rig_running();
    const struct battery good = rig->got[0];
    const struct battery good_2 = rig->got[1];

    rig->spoil = make_hole;
    rig->hole_n = n;
    for (rig->hole_at = 0; rig->hole_at < 900; rig->hole_at += step) {
        rig->spoiled = 0;
        rig_run(rig, RIG_S(1));
        const struct battery *b = &rig->got[0];
        bool same = b->pack_mv == good.pack_mv && b->current_ma == good.current_ma &&
                    b->soc_pm == good.soc_pm && b->cell_max_mv == good.cell_max_mv &&
                    b->temp_max_dc == good.temp_max_dc && b->ccl_ma == good.ccl_ma &&
                    rig->got[1].pack_mv == good_2.pack_mv &&
                    rig->got[1].current_ma == good_2.current_ma;
        if (!same)
            TESTING_FAIL("%u bytes lost at %u: %d mV %d mA %d", (unsigned)n, (unsigned)rig->hole_at,
                         (int)b->pack_mv, (int)b->current_ma, (int)b->soc_pm);
    }
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(3)));
    rig_delete(rig);
}

static void test_blocks_lost(void)
{
    holes(100, 7);
    holes(200, 7);
}

static void rows_swapped(struct rig *rig, const char *command, struct buf *answer)
{
    if (strcmp(command, "pwr") != 0)
        return;
    size_t first = span_find(buf_span(answer), 0, SPAN_LIT("\n1 ")) + 1;
    size_t second = span_find(buf_span(answer), 0, SPAN_LIT("\n2 ")) + 1;
    answer->p[first] = '2';
    answer->p[second] = '1';
    rig->spoiled++;
}

static void no_header(struct rig *rig, const char *command, struct buf *answer)
{
    size_t at = span_find(buf_span(answer), 0, SPAN_LIT("Power Volt"));
    size_t end = span_find(buf_span(answer), 0, SPAN_LIT("\n1 "));

    if (strcmp(command, "pwr") != 0 || end >= answer->n)
        return;
    memmove(answer->p + at, answer->p + end, answer->n - end);
    answer->n -= end - at;
    rig->spoiled++;
}

static void no_completion(struct rig *rig, const char *command, struct buf *answer)
{
    size_t at = span_find(buf_span(answer), 0, SPAN_LIT("Command completed"));

    if (strcmp(command, "pwr") == 0 && at < answer->n)
        answer->p[at] = '#';
    rig->spoiled++;
}

static void test_damaged_tables(void)
{
    void (*const spoilers[])(struct rig *, const char *, struct buf *) = {rows_swapped, no_header,
                                                                          no_completion};

    for (size_t i = 0; i < 3; i++) {
        struct rig *rig = rig_running();
        rig->spoil = spoilers[i];
        rig_poll_once(rig);
        rig_run(rig, RIG_S(30));
        CU_ASSERT_TRUE(rig->spoiled > 10);
        /* slower commands may still mark it as changed, but it does not get younger */
        CU_ASSERT_TRUE(rig->got[0].updated_us + RIG_S(30) <= rig->now_us);
        rig->spoil = NULL;
        rig_run(rig, RIG_S(3));
        CU_ASSERT_TRUE(rig->got[0].updated_us + RIG_S(3) >= rig->now_us);
        rig_delete(rig);
    }
}

/* ---- plausibility and jumps ---- */

static void once_50_percent_off(struct rig *rig, const char *command, struct buf *answer)
{
    size_t at = span_find(buf_span(answer), 0, SPAN_LIT("60%"));

    if (strcmp(command, "pwr") == 0 && rig->spoiled++ == 0 && at < answer->n)
        answer->p[at] = '1'; /* 10 % */
}

static void test_jump_needs_a_second_reading(void)
{
    struct rig *rig = rig_running();

    rig->spoil = once_50_percent_off;
    unsigned from = rig->n_lines;
    rig_poll_once(rig);
    CU_ASSERT_EQUAL(rig->got[0].soc_pm, 600); /* not confirmed */
    CU_ASSERT_EQUAL(rig->console.troubles[TROUBLE_JUMP], 1);
    CU_ASSERT_TRUE(rig_count(rig, "pwr", from) >= 2); /* asked again at once */
    CU_ASSERT_TRUE(rig->got[0].updated_us + RIG_S(1) >= rig->now_us);
    rig->spoil = NULL;

    rig->modules[0].curr = 70000; /* a real step */
    uint64_t before_us = rig->now_us;
    rig_poll_once(rig);
    CU_ASSERT_EQUAL(rig->got[0].current_ma, 70000);
    CU_ASSERT_TRUE(rig->now_us - before_us < RIG_MS(1500));
    rig_delete(rig);
}

/* What a jumping row warns of does not wait for the second reading. */
static void test_jump_with_alarm(void)
{
    struct rig *rig = rig_running();

    rig->modules[0].curr = -150000;
    rig->modules[0].base = "Dischg";
    rig->modules[0].curr_st = "Over";
    while (rig->got[0].protections == 0 && rig->now_us < RIG_S(120))
        rig_run(rig, RIG_MS(1));
    CU_ASSERT_EQUAL(rig->got[0].protections, BIT(DISCHARGE_OVERCURRENT));
    CU_ASSERT_EQUAL(rig->got[0].dcl_ma, 0);
    CU_ASSERT_EQUAL(rig->got[0].current_ma, -3037); /* not believed yet */
    rig_run(rig, RIG_MS(300));
    CU_ASSERT_EQUAL(rig->got[0].current_ma, -150000);
    rig_delete(rig);
}

/* A swinging load is believed at the third reading: a battery must not get lost over it. */
static void test_swinging(void)
{
    struct rig *rig = rig_running();

    for (unsigned i = 0; i < 200; i++) {
        rig->modules[0].curr = i % 2 == 0 ? 70000 : -70000;
        rig_run(rig, RIG_MS(97));
    }
    CU_ASSERT_TRUE(rig->got[0].updated_us + RIG_S(3) >= rig->now_us);
    rig_delete(rig);
}

/* One module that cannot be true ages; the others go on, without a load of second readings. */
static void test_impossible(void)
{
    struct rig *rig = rig_running();

    rig->modules[1].volt = 12000;
    rig_run(rig, RIG_S(5));
    unsigned from = rig->n_lines;
    rig_run(rig, RIG_S(20));
    CU_ASSERT_TRUE(rig->got[1].updated_us + RIG_S(24) <= rig->now_us);
    CU_ASSERT_TRUE(rig->got[0].updated_us + RIG_S(1) >= rig->now_us);
    CU_ASSERT_EQUAL(rig_count(rig, "pwr", from), 20);
    rig->modules[1].volt = 49726;
    rig_run(rig, RIG_S(3));
    CU_ASSERT_TRUE(rig->got[1].updated_us + RIG_S(1) >= rig->now_us);
    rig_delete(rig);
}

/* ---- words: S47, S48 ---- */

static void test_sys_error(void)
{
    struct rig *rig = rig_running();

    rig->modules[1].base = "SysError";
    rig_poll_once(rig);
    CU_ASSERT_TRUE((rig->got[1].protections & BIT(INTERNAL_FAULT)) != 0);
    CU_ASSERT_EQUAL(rig->got[1].ccl_ma, 0);
    CU_ASSERT_EQUAL(rig->got[1].dcl_ma, 0);
    CU_ASSERT_EQUAL(rig->got[1].pack_mv, 49726); /* the row is kept */
    CU_ASSERT_EQUAL(rig->got[0].protections, 0);
    rig_delete(rig);
}

static void test_unknown_word(void)
{
    struct rig *rig = rig_running();

    rig->modules[0].volt_st = "Gruetzi";
    rig_poll_once(rig);
    CU_ASSERT_TRUE(((rig->got[0].warnings | rig->got[0].protections) & BIT(UNKNOWN_WORD)) != 0);
    rig->modules[0].volt_st = NULL;
    rig_poll_once(rig);
    CU_ASSERT_EQUAL(rig->got[0].warnings | rig->got[0].protections, 0);
    rig_delete(rig);
}

/* `pwr N` shows a fault that the table does not. */
static void test_system_fault(void)
{
    struct rig *rig = rig_running();

    rig->modules[1].system_fault = 0x8;
    rig_run(rig, RIG_S(12));
    CU_ASSERT_TRUE((rig->got[1].protections & BIT(INTERNAL_FAULT)) != 0);
    CU_ASSERT_EQUAL(rig->got[1].dcl_ma, 0);
    rig->modules[1].system_fault = 0;
    rig_run(rig, RIG_S(4)); /* an alarmed module is asked more often */
    CU_ASSERT_EQUAL(rig->got[1].protections, 0);
    rig_delete(rig);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"a healthy module (S12)", test_values},
        {"zeros that are unknown (S25, S57)", test_zeros_are_unknown},
        {"layout P1 (S11)", test_layout_p1},
        {"layout changes to P3 (S04, S14, S15)", test_layout_changes},
        {"layout P4 (S05)", test_layout_p4},
        {"unknown layout", test_unknown_layout},
        {"gap in the addresses (S03)", test_gap},
        {"leaves and returns (S01, S02, S06)", test_leaves_and_returns},
        {"reordered (S09)", test_reordered},
        {"blocks lost (S38, S39)", test_blocks_lost},
        {"damaged tables (S39, S40, S43)", test_damaged_tables},
        {"a jump needs a second reading", test_jump_needs_a_second_reading},
        {"a jump with an alarm", test_jump_with_alarm},
        {"a swinging load", test_swinging},
        {"an impossible module", test_impossible},
        {"SysError (S47)", test_sys_error},
        {"unknown word (S48)", test_unknown_word},
        {"System Fault of `pwr N` (S49)", test_system_fault},
        {0},
    };
    return testing_main(argc, argv, "bridge.console_values", cases);
}
