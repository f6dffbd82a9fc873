/* SPDX-License-Identifier: Apache-2.0
 *
 * The console source as a session: start, speeds, wake-up, prompts, refusals, noise, late answers,
 * dead consoles. The ids are those of docs/protocols/pylontech-console-failures.md.
 */
#include <string.h>

#include "bridge/source/test_console_rig.h"

/* ---- start ---- */

static void test_start(void)
{
    struct rig *rig = rig_new();

    rig_open(rig);
    CU_ASSERT_EQUAL(rig->n_lines, 1);
    CU_ASSERT_STRING_EQUAL(rig->lines[0], ""); /* one Enter, before anything else */
    CU_ASSERT_EQUAL(rig->speed, 115200);
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(5)));
    /* Enter, `pwr`, `info`, `info 2`, `stat`, `stat 2`, then the table that publishes them */
    CU_ASSERT_EQUAL(rig->n_lines, 7);
    CU_ASSERT_STRING_EQUAL(rig->lines[1], "pwr");
    CU_ASSERT_STRING_EQUAL(rig->lines[2], "info");
    CU_ASSERT_STRING_EQUAL(rig->lines[3], "info 2");
    CU_ASSERT_STRING_EQUAL(rig->lines[6], "pwr");
    CU_ASSERT_TRUE(battery_knows(&rig->got[1], FIELD_SOH_PM | FIELD_CYCLES));
    CU_ASSERT_TRUE(rig->line_at_us[1] - rig->line_at_us[0] >= RIG_MS(50)); /* drained */
    CU_ASSERT_EQUAL(rig->updates[0], 1);
    CU_ASSERT_EQUAL(rig->updates[1], 1);
    CU_ASSERT_EQUAL(rig->got[0].updated_us, rig->now_us);
    rig_delete(rig);
}

/* A single module comes with its cells from the first message on. */
static void test_start_single(void)
{
    struct rig *rig = rig_new();

    rig->modules[1].present = false;
    rig_open(rig);
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(5)));
    CU_ASSERT_TRUE(battery_knows(&rig->got[0], FIELD_CELLS | FIELD_CELL_IDS | FIELD_SOH_PM |
                                                   FIELD_SERIAL | FIELD_FULL_MAH));
    rig_delete(rig);
}

static void test_cadence(void)
{
    struct rig *rig = rig_new();
    uint64_t last_us = 0;
    unsigned polls = 0;

    rig_open(rig);
    rig_run(rig, RIG_S(5));
    unsigned from = rig->n_lines;
    rig_run(rig, RIG_S(120));
    for (unsigned i = from; i < rig->n_lines; i++) {
        if (strcmp(rig->lines[i], "pwr") != 0)
            continue;
        if (polls++ > 0)
            CU_ASSERT_EQUAL(rig->line_at_us[i] - last_us, RIG_S(1)); /* no drift at all */
        last_us = rig->line_at_us[i];
    }
    CU_ASSERT_EQUAL(polls, 120);
    CU_ASSERT_TRUE(rig_count(rig, "bat 1", from) >= 10);
    CU_ASSERT_TRUE(rig_count(rig, "bat 2", from) >= 10);
    CU_ASSERT_TRUE(rig_count(rig, "pwr 2", from) >= 5);
    CU_ASSERT_TRUE(rig_count(rig, "stat", from) >= 1);
    CU_ASSERT_TRUE(rig_count(rig, "stat 2", from) >= 1);
    CU_ASSERT_EQUAL(rig_count(rig, "info", from), 0);
    CU_ASSERT_EQUAL(rig->console.link.stats.timeouts, 0);
    rig_delete(rig);
}

/* S45, S46: one byte at a time, 120 at a time, and a full stack of 16 in one burst. */
static void test_pieces(void)
{
    static const size_t pieces[] = {1, 2, 7, 120, 255};
    struct rig *whole = rig_new();

    rig_open(whole);
    rig_run(whole, RIG_S(20));
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct rig *rig = rig_new();
        rig->piece = pieces[i];
        rig_open(rig);
        rig_run(rig, RIG_S(20));
        CU_ASSERT_EQUAL(rig->n_lines, whole->n_lines);
        CU_ASSERT_EQUAL(rig->updates[0], whole->updates[0]);
        TESTING_BYTES_EQ(span_of(&rig->got[1], sizeof rig->got[1]),
                         span_of(&whole->got[1], sizeof whole->got[1]));
        rig_delete(rig);
    }
    rig_delete(whole);
}

static void test_sixteen(void)
{
    struct rig *rig = rig_new();

    for (unsigned i = 2; i < 16; i++) {
        rig->modules[i] = rig->modules[0];
        rig->modules[i].barcode = i % 2 == 0 ? "A" : "B"; /* read, not compared here */
    }
    rig->slots = 16;
    rig_open(rig);
    CU_ASSERT_TRUE(rig_until_update(rig, 15, RIG_S(10)));
    CU_ASSERT_EQUAL(rig->source.ops->present(rig->source.self), 16);
    rig_run(rig, RIG_S(60));
    for (unsigned i = 0; i < 16; i++)
        CU_ASSERT_TRUE(rig->updates[i] >= 60);
    rig_delete(rig);
}

/* ---- S26, S27: prompts and modes ---- */

static void test_debug_prompt(void)
{
    struct rig *rig = rig_new();

    rig->prompt = "pylon_debug>";
    rig_open(rig);
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(5)));
    rig->prompt = "pylon>"; /* somebody logged out */
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_MS(1100)));
    rig->prompt = "PYTES>";
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_MS(1100)));
    CU_ASSERT_EQUAL(rig->console.link.stats.timeouts, 0);
    rig_delete(rig);
}

static void test_pwrsys(void)
{
    struct rig *rig = rig_new();

    rig_open(rig);
    rig_run(rig, RIG_S(10));
    CU_ASSERT_EQUAL(rig_count(rig, "pwrsys", 0), 0); /* not in user mode */
    CU_ASSERT_EQUAL(rig->got[0].ccl_ma, 25000);
    rig->prompt = "pylon_debug>";
    rig_run(rig, RIG_S(5));
    CU_ASSERT_TRUE(rig_count(rig, "pwrsys", 0) >= 1);
    CU_ASSERT_EQUAL(rig->got[1].ccl_ma, 12000);
    CU_ASSERT_EQUAL(rig->got[1].dcl_ma, 22000);
    CU_ASSERT_EQUAL(rig->got[1].cvl_mv, 52500);
    CU_ASSERT_EQUAL(rig->got[1].dvl_mv, 45500);
    rig->prompt = "pylon>"; /* no longer told: the product's after a minute */
    rig_run(rig, RIG_S(70));
    CU_ASSERT_EQUAL(rig->got[1].ccl_ma, 25000);
    rig_delete(rig);
}

/* ---- S28, S29, S30: wake-up and speeds ---- */

static void test_old_module(void)
{
    struct rig *rig = rig_new();

    rig->frame_mode = true;
    rig->device_speed = 1200;
    rig_open(rig);
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(10)));
    CU_ASSERT_EQUAL(rig->wakeups, 1);
    CU_ASSERT_EQUAL(rig->speed, 115200);
    rig_delete(rig);
}

static void test_extra2000(void)
{
    struct rig *rig = rig_new();

    rig->frame_mode = true;
    rig->device_speed = 1200;
    rig->awake_speed = 19200;
    rig_open(rig);
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(15)));
    CU_ASSERT_EQUAL(rig->speed, 19200);
    unsigned before = rig->updates[0];
    rig_run(rig, RIG_S(30)); /* slower commands still find their turn */
    CU_ASSERT_TRUE(rig->updates[0] - before >= 15);
    CU_ASSERT_TRUE(rig_count(rig, "bat 1", 0) >= 1);
    rig_delete(rig);
}

/* The console is dead at first; the wake-up frames that were tried leave garbage in its editor. */
static void test_garbage_in_the_editor(void)
{
    struct rig *rig = rig_new();

    memcpy(rig->editor, "\x81\xfe\x7f", 3);
    rig->n_editor = 3;
    rig_open(rig);
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(3)));
    CU_ASSERT_FALSE(rig->console.off[SAY_PWR]);
    rig_delete(rig);
}

static void test_search_backs_off(void)
{
    struct rig *rig = rig_new();

    rig->dead = true;
    rig_open(rig);
    rig_run(rig, RIG_S(60));
    unsigned first_minute = rig->wakeups;
    CU_ASSERT_TRUE(first_minute >= 3);
    rig_run(rig, RIG_S(3600));
    CU_ASSERT_TRUE(rig->wakeups - first_minute < 400);
    CU_ASSERT_TRUE(rig->wakeups - first_minute > 100); /* for ever */
    CU_ASSERT_TRUE(rig_log_count(rig, "still no prompt") <= 62);
    rig->dead = false;
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(15)));
    rig_delete(rig);
}

static void test_framed_ascii(void)
{
    struct rig *rig = rig_new();

    rig->dead = true;
    rig_open(rig);
    rig_inject(rig, "~25014600E00201FD30\r");
    CU_ASSERT_TRUE(rig_logged(rig, "answers start with '~'"));
    rig_inject(rig, "~25014600E00201FD30\r");
    CU_ASSERT_EQUAL(rig_log_count(rig, "answers start with '~'"), 1);
    rig_delete(rig);
}

/* ---- S31, S34, S42: what was not asked for ---- */

static void test_stray_prompts(void)
{
    struct rig *rig = rig_new();

    rig_open(rig);
    rig_run(rig, RIG_S(5));
    for (unsigned i = 0; i < 20; i++) {
        unsigned before = rig->updates[0];
        rig_inject(rig, "\n\rpylon>");
        rig_run(rig, RIG_S(1));
        CU_ASSERT_TRUE(rig->updates[0] > before);
    }
    CU_ASSERT_EQUAL(rig->console.troubles[TROUBLE_MISMATCH], 0);
    CU_ASSERT_TRUE(rig_log_count(rig, "not asked for") <= 1);
    rig_delete(rig);
}

/* Another client's command and answer arrive while ours is out. */
static void test_second_client(void)
{
    struct rig *rig = rig_new();

    rig_open(rig);
    rig_run(rig, RIG_S(5));
    rig->mute = true;
    rig_run(rig, RIG_S(1)); /* `pwr` is out */
    CU_ASSERT_EQUAL(rig->console.link.state, LINK_BUSY);
    rig_inject(rig, "bat 2\n\r@\r\r\nfoo\r\n\rCommand completed successfully\r\n\r$$\r\n\rpylon>");
    CU_ASSERT_EQUAL(rig->console.troubles[TROUBLE_MISMATCH], 1);
    rig->mute = false;
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(3)));
    rig_delete(rig);
}

/* The answer to poll n comes six seconds late, on a line that keeps its order. */
static void test_stall(void)
{
    struct rig *rig = rig_new();

    rig_open(rig);
    rig_run(rig, RIG_S(5));
    uint64_t last_us = rig->got[0].updated_us;
    while (rig->got[0].updated_us == last_us)
        rig_run(rig, RIG_MS(1));
    last_us = rig->got[0].updated_us;
    rig->extra_delay_us = RIG_S(6);
    rig->extra_for = "pwr";
    rig_run(rig, RIG_MS(1500));
    rig->modules[0].volt += 100; /* the late answer still has the old value */
    CU_ASSERT_EQUAL(rig->got[0].updated_us, last_us);
    while (rig->got[0].updated_us == last_us)
        rig_run(rig, RIG_MS(1));
    CU_ASSERT_EQUAL(rig->got[0].pack_mv, rig->modules[0].volt);
    rig_run(rig, RIG_S(20));
    CU_ASSERT_EQUAL(rig->console.link.stats.timeouts, 1);
    CU_ASSERT_EQUAL(rig->got[1].pack_mv, rig->modules[1].volt);
    CU_ASSERT_TRUE(rig->got[0].updated_us + RIG_S(1) >= rig->now_us);
    rig_delete(rig);
}

/* A late answer of another module arrives in front of the right one: S42, bug 28. */
static void test_shifted(void)
{
    struct rig *rig = rig_new();

    rig_open(rig);
    rig_run(rig, RIG_S(5));
    rig->modules[1].vhigh = 3320;
    for (unsigned i = 0; i < 40; i++) {
        rig->extra_delay_us = i % 5 == 0 ? RIG_MS(1700) : 0;
        rig_run(rig, RIG_MS(730));
    }
    rig_run(rig, RIG_S(5));
    CU_ASSERT_EQUAL(rig->got[0].cell_mv[14], 3316);
    CU_ASSERT_EQUAL(rig->got[1].cell_max_mv, 3320);
    rig_delete(rig);
}

/* ---- S44: noise ---- */

static void test_idle_noise(void)
{
    struct rig *rig = rig_new();

    rig_open(rig);
    rig_run(rig, RIG_S(5));
    for (unsigned i = 0; i < 10; i++) {
        unsigned before = rig->updates[0];
        rig_inject(rig, "\xff\x80\xfe");
        rig_run(rig, RIG_MS(1500));
        CU_ASSERT_TRUE(rig->updates[0] > before);
    }
    CU_ASSERT_EQUAL(rig->console.link.stats.losses, 0);
    rig_delete(rig);
}

/* ---- S19: refusals ---- */

static void test_refused(void)
{
    struct rig *rig = rig_new();

    rig->no_info_n = true;
    rig->no_stat_n = true;
    rig_open(rig);
    CU_ASSERT_TRUE(rig_until_update(rig, 1, RIG_S(5)));
    CU_ASSERT_FALSE(battery_knows(&rig->got[1], FIELD_SERIAL));
    CU_ASSERT_EQUAL(rig->got[1].full_mah, 50000); /* from `pwr 2` */
    CU_ASSERT_EQUAL(rig->got[1].ccl_ma, 25000);
    rig_run(rig, RIG_S(120));
    CU_ASSERT_EQUAL(rig_count(rig, "info 2", 0), 2);
    CU_ASSERT_EQUAL(rig_count(rig, "stat 2", 0), 2);
    CU_ASSERT_TRUE(rig_count(rig, "stat", 0) >= 2);
    CU_ASSERT_EQUAL(rig_log_count(rig, "is refused"), 2);
    rig_delete(rig);
}

static void cut_short(struct rig *rig, const char *command, struct buf *answer)
{
    if (strcmp(command, "info") == 0 || strncmp(command, "info ", 5) == 0)
        answer->n /= 2;
    (void)rig;
}

static void test_info_never_complete(void)
{
    struct rig *rig = rig_new();

    rig->spoil = cut_short;
    rig_open(rig);
    CU_ASSERT_TRUE(rig_until_update(rig, 1, RIG_S(60)));
    CU_ASSERT_EQUAL(rig->got[0].full_mah, 50000);
    rig_delete(rig);
}

/* ---- S35, S36, S41: dead and half ---- */

static void test_dead_and_back(void)
{
    struct rig *rig = rig_new();

    rig_open(rig);
    rig_run(rig, RIG_S(10));
    unsigned before = rig->updates[0];
    rig->dead = true;
    rig_run(rig, RIG_S(300));
    CU_ASSERT_TRUE(rig->updates[0] <= before + 1);
    CU_ASSERT_TRUE(rig_logged(rig, "console does not answer"));
    CU_ASSERT_TRUE(rig->n_logged < 20);
    rig->dead = false;
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(5)));
    CU_ASSERT_TRUE(rig_until_update(rig, 1, RIG_S(1)) || rig->updates[1] > 0);
    rig_delete(rig);
}

static void test_short_interruption(void)
{
    for (unsigned ms = 100; ms <= 30000; ms += 1700) {
        struct rig *rig = rig_new();
        rig_open(rig);
        rig_run(rig, RIG_S(10));
        rig->dead = true;
        rig_run(rig, RIG_MS(ms));
        rig->dead = false;
        CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(5)));
        rig_delete(rig);
    }
}

static void no_cells(struct rig *rig, const char *command, struct buf *answer)
{
    if (strcmp(command, "bat 1") == 0 && rig->spoiled > 0)
        answer->n = 0;
}

/* One module, and other cells when it is back: no picture is without them, but when they are not to
 * be had. What the first row warns of does not wait for them. */
static void test_other_cells_after_an_interruption(void)
{
    for (unsigned answered = 0; answered < 2; answered++) {
        struct rig *rig = rig_new();
        rig->modules[1].present = false;
        rig->spoil = no_cells;
        rig_open(rig);
        rig_run(rig, RIG_S(10));
        CU_ASSERT_TRUE(battery_knows(&rig->got[0], FIELD_CELLS));
        rig->dead = true;
        rig_run(rig, RIG_S(15));
        rig->dead = false;
        rig->spoiled = answered == 0 ? 1 : 0;
        rig->modules[0].vhigh = 3700;
        uint64_t old_us = rig->got[0].updated_us;
        CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(5)));
        CU_ASSERT_EQUAL(rig->got[0].updated_us, old_us);
        CU_ASSERT_TRUE((rig->got[0].protections & COND_BIT(COND_CELL_OVERVOLTAGE)) != 0);
        CU_ASSERT_EQUAL(rig->got[0].ccl_ma, 0);
        uint64_t row_us = rig->now_us;
        while (rig->got[0].updated_us == old_us && rig->now_us < row_us + RIG_S(5)) {
            CU_ASSERT_TRUE(battery_knows(&rig->got[0], FIELD_CELLS));
            rig_until_update(rig, 0, RIG_S(5));
        }
        CU_ASSERT(rig->now_us <= row_us + (answered != 0 ? RIG_MS(700) : RIG_S(4)));
        CU_ASSERT_EQUAL(battery_knows(&rig->got[0], FIELD_CELLS), answered != 0);
        rig_delete(rig);
    }
}

/* The reset comes in the middle of a table; Enter then brings a prompt. */
static void half_table(struct rig *rig, const char *command, struct buf *answer)
{
    if (strcmp(command, "pwr") == 0 && rig->spoiled++ == 0)
        answer->n = answer->n * 2 / 3;
}

static void test_half_a_table(void)
{
    struct rig *rig = rig_new();

    rig_open(rig);
    rig_run(rig, RIG_S(5));
    unsigned before = rig->updates[0];
    rig->spoil = half_table;
    rig->modules[0].volt = 50000;
    rig_run(rig, RIG_S(1) + RIG_MS(100));
    CU_ASSERT_EQUAL(rig->updates[0], before);
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(4)));
    CU_ASSERT_EQUAL(rig->got[0].pack_mv, 50000);
    CU_ASSERT_EQUAL(rig->console.troubles[TROUBLE_TIMEOUT], 1);
    rig_delete(rig);
}

static void test_port_gone(void)
{
    struct rig *rig = rig_new();

    rig_open(rig);
    rig_run(rig, RIG_S(5));
    rig->mute = true;
    rig_run(rig, RIG_S(1));
    rig_inject(rig, "pwr\n\r@\r\r\nPower Volt   Curr "); /* half an answer, then the plug */
    rig->source.ops->closed(rig->source.self, rig->now_us);
    CU_ASSERT_EQUAL(rig->source.ops->next_deadline(rig->source.self), NEVER_US);
    rig_inject(rig, "pylon>"); /* nothing comes from a closed port */
    rig_run(rig, RIG_S(5));
    rig->mute = false;
    rig->modules[0].volt = 50000;
    rig_open(rig);
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(3)));
    CU_ASSERT_EQUAL(rig->got[0].pack_mv, 50000);
    rig_delete(rig);
}

/* Bytes keep coming, but never a prompt. */
static void test_endless(void)
{
    struct rig *rig = rig_new();

    rig_open(rig);
    rig_run(rig, RIG_S(5));
    rig->mute = true;
    rig_run(rig, RIG_S(1));
    uint64_t start_us = rig->now_us;
    while (rig->console.troubles[TROUBLE_TIMEOUT] == 0 && rig->now_us < start_us + RIG_S(20)) {
        rig_inject(rig, "x\r\n");
        rig_run(rig, RIG_MS(500));
    }
    CU_ASSERT_TRUE(rig->now_us - start_us <= RIG_MS(3500)); /* absolute: 3 s */
    rig_delete(rig);
}

static void test_overflow(void)
{
    struct rig *rig = rig_new();

    rig_open(rig);
    rig_run(rig, RIG_S(5));
    rig->mute = true;
    rig_run(rig, RIG_S(1));
    for (unsigned i = 0; i < 2000; i++)
        rig_inject(rig, "0123456789\r\n");
    rig_inject(rig, "pylon>");
    CU_ASSERT_EQUAL(rig->console.troubles[TROUBLE_OVERFLOW], 1);
    rig->mute = false;
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(3)));
    rig_delete(rig);
}

/* S32, S33: a pager prompt is answered with one Enter, and once. */
static void test_pager(void)
{
    struct rig *rig = rig_new();

    rig_open(rig);
    rig_run(rig, RIG_S(5));
    rig->mute = true;
    rig_run(rig, RIG_S(1));
    unsigned before = rig->n_lines;
    rig_inject(rig, "pwr\n\r@\r\r\nfoo\n\rPress [Enter] to be continued,other key to exit\r");
    rig_inject(rig, "bar");
    rig_inject(rig, "bar\r\n");
    CU_ASSERT_EQUAL(rig->n_lines - before, 1);
    CU_ASSERT_STRING_EQUAL(rig->lines[before], "");
    rig_delete(rig);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"start", test_start},
        {"start of a single module", test_start_single},
        {"cadence and round robin", test_cadence},
        {"any pieces (S45)", test_pieces},
        {"sixteen modules (S07, S46)", test_sixteen},
        {"any prompt (S26, S27)", test_debug_prompt},
        {"pwrsys in admin mode", test_pwrsys},
        {"old module at 1200 (S29)", test_old_module},
        {"Extra2000 at 19200 (S30)", test_extra2000},
        {"garbage in the editor (S28)", test_garbage_in_the_editor},
        {"the search backs off and never ends", test_search_backs_off},
        {"a framed-ASCII BMS is named", test_framed_ascii},
        {"stray prompts (S31)", test_stray_prompts},
        {"second client (S34)", test_second_client},
        {"late answer (S42)", test_stall},
        {"answers never shift (S42)", test_shifted},
        {"idle noise (S44)", test_idle_noise},
        {"refused commands (S19)", test_refused},
        {"info never complete", test_info_never_complete},
        {"dead and back (S35)", test_dead_and_back},
        {"short interruptions", test_short_interruption},
        {"other cells after an interruption", test_other_cells_after_an_interruption},
        {"half a table (S36, S41)", test_half_a_table},
        {"port gone in mid answer", test_port_gone},
        {"endless text", test_endless},
        {"overflow", test_overflow},
        {"pager (S32, S33)", test_pager},
        {0},
    };
    return testing_main(argc, argv, "bridge.console_session", cases);
}
