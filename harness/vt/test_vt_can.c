/* SPDX-License-Identifier: Apache-2.0
 *
 * CAN in virtual time, with programs that know nothing of it: can-utils, python-can, and the probes
 * of lib/port. What candump writes down are virtual times, the same in every run.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/vt/vt.h"
#include "port/can_hub.h"
#include "testing/testing.h"

extern char **environ;

enum { SEEN_MAX = 200, CHILDREN_MAX = 4, TEXT_MAX = 8192 };

#define WALL_S 1767225600 /* 2026-01-01T00:00:00Z */

struct seen {
    uint64_t t_us; /* since the start */
    struct can_msg msg;
};

struct bench {
    struct loop *loop;
    char dir[64], path[2][96], output[96];
    struct can_hub *hub[2];
    struct seen seen[SEEN_MAX];
    unsigned n_seen;
    struct loop_child *child[CHILDREN_MAX];
    unsigned n_children, n_ended;
    int failed; /* exit statuses, or'ed */
    struct loop_timer *step, *end;
    const char *const *frames; /* sent one after the other */
    char notes[1000];
};

/* ---- the bench ---- */

static void on_frame(void *ctx, const struct can_msg *msg, uint64_t t_us, unsigned member)
{
    struct bench *b = ctx;

    (void)member;
    if (b->n_seen < SEEN_MAX)
        b->seen[b->n_seen++] = (struct seen){t_us - 1000 * US_PER_S, *msg};
}

static void on_note(void *ctx, const char *text)
{
    struct bench *b = ctx;
    size_t n = strlen(b->notes);
    snprintf(b->notes + n, sizeof b->notes - n, "%s\n", text);
}

static void on_end(void *ctx)
{
    loop_stop(((struct bench *)ctx)->loop);
}

static void open_bench(struct bench *b)
{
    memset(b, 0, sizeof *b);
    snprintf(b->dir, sizeof b->dir, "/tmp/test-vt-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(b->dir));
    snprintf(b->output, sizeof b->output, "%s/output", b->dir);
    const struct vt_options options = {
        .dir = b->dir,
        .preload = PRELOAD_LIBRARY,
        .start_us = 1000 * US_PER_S,
        .wall_us = WALL_S * US_PER_S,
        .seed = 1,
        .on_note = on_note,
        .ctx = b,
    };
    CU_ASSERT_EQUAL_FATAL(vt_loop_new(&options, &b->loop), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(loop_timer_new(b->loop, on_end, b, &b->end), ERR_OK);
    for (int i = 0; i < 2; i++) {
        snprintf(b->path[i], sizeof b->path[i], "%s/vcan%d", b->dir, i);
        CU_ASSERT_EQUAL_FATAL(
            can_hub_new(b->loop, b->path[i], i == 0 ? on_frame : NULL, b, &b->hub[i]), ERR_OK);
    }
}

static void close_bench(struct bench *b)
{
    CU_ASSERT_STRING_EQUAL(b->notes, ""); /* nobody fell out of virtual time */
    for (unsigned i = 0; i < b->n_children; i++)
        loop_child_delete(b->child[i]);
    loop_timer_delete(b->step);
    loop_timer_delete(b->end);
    can_hub_delete(b->hub[0]);
    can_hub_delete(b->hub[1]);
    loop_delete(b->loop);
    unlink(b->output);
    CU_ASSERT_EQUAL(rmdir(b->dir), 0);
}

static void on_exit_status(void *ctx, int status, int signum)
{
    struct bench *b = ctx;

    b->failed |= status | signum;
    if (++b->n_ended == b->n_children)
        loop_stop(b->loop);
}

static void start(struct bench *b, const char *const *argv)
{
    char hubs[256];
    size_t n = 0;

    while (environ[n] != NULL)
        n++;
    const char **env = calloc(n + 2, sizeof *env);
    memcpy(env, environ, n * sizeof *env);
    snprintf(hubs, sizeof hubs, HUB_ENV "=vcan0=%s,vcan1=%s", b->path[0], b->path[1]);
    env[n] = hubs;
    int out = open(b->output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const struct loop_spawn spawn = {.file = argv[0],
                                     .argv = argv,
                                     .env = env,
                                     .stdin_fd = -1,
                                     .stdout_fd = out,
                                     .stderr_fd = out};
    CU_ASSERT_EQUAL_FATAL(
        loop_child_spawn(b->loop, &spawn, on_exit_status, b, &b->child[b->n_children]), ERR_OK);
    b->n_children++;
    close(out);
    free(env);
}

static void read_output(const struct bench *b, char *out)
{
    FILE *f = fopen(b->output, "r");
    size_t n = f != NULL ? fread(out, 1, TEXT_MAX - 1, f) : 0;
    out[n] = '\0';
    if (f != NULL)
        fclose(f);
}

/* Until all programs have ended, or for so long. */
static void run(struct bench *b, uint64_t limit_us)
{
    char text[TEXT_MAX];

    loop_timer_after(b->end, limit_us);
    loop_run(b->loop);
    if (b->n_ended == b->n_children && b->failed == 0)
        return;
    read_output(b, text);
    TESTING_FAIL("%u of %u programs ended, status %d: %s", b->n_ended, b->n_children, b->failed,
                 text);
}

static void on_step(void *ctx)
{
    struct bench *b = ctx;
    struct can_msg msg;

    if (*b->frames == NULL)
        return;
    CU_ASSERT_FATAL(can_msg_parse(span_str(*b->frames++), &msg));
    CU_ASSERT_EQUAL(can_hub_send(b->hub[0], &msg), ERR_OK);
}

/* One frame after `first`, then one each `every`. */
static void send_frames(struct bench *b, const char *const *frames, uint64_t first, uint64_t every)
{
    b->frames = frames;
    CU_ASSERT_EQUAL_FATAL(loop_timer_new(b->loop, on_step, b, &b->step), ERR_OK);
    loop_timer_every(b->step, loop_now(b->loop) + first, every);
}

static bool have(const char *program)
{
    char path[512];
    const char *folders = getenv("PATH");

    for (const char *at = folders; at != NULL && *at != '\0';) {
        size_t n = strcspn(at, ":");
        snprintf(path, sizeof path, "%.*s/%s", (int)n, at, program);
        if (access(path, X_OK) == 0)
            return true;
        at += n + (at[n] == ':' ? 1 : 0);
    }
    testing_skip("%s is not installed", program);
    return false;
}

/* ---- candump: virtual time stamps ---- */

static const char *const three[] = {"351#01", "355#0203", "1FFFFFFF#", NULL};

static void dump(const char *option, const char *const *frames, uint64_t every_us, char *out)
{
    const char *const argv[] = {"candump", option, "-n", "3", "vcan0", NULL};
    struct bench b;

    open_bench(&b);
    start(&b, argv);
    send_frames(&b, frames, US_PER_S, every_us);
    run(&b, 3600 * US_PER_S);
    read_output(&b, out);
    close_bench(&b);
}

static void test_candump(void)
{
    char text[TEXT_MAX], again[TEXT_MAX];
    struct can_log_line line;
    struct span rest, one;
    unsigned n = 0;

    if (!have("candump"))
        return;
    dump("-L", three, 600 * US_PER_S, text); /* SO_TIMESTAMP in a control message */
    for (rest = span_str(text); span_line(&rest, &one); n++) {
        CU_ASSERT_EQUAL_FATAL(can_log_parse(one, &line), ERR_OK);
        uint64_t want = (WALL_S + 1 + n * 600) * US_PER_S;
        if (line.wall_us < want || line.wall_us > want + 1000)
            TESTING_FAIL("frame %u has %llu, sent at %llu", n, (unsigned long long)line.wall_us,
                         (unsigned long long)want);
    }
    CU_ASSERT_EQUAL(n, 3);
    dump("-L", three, 600 * US_PER_S, again);
    CU_ASSERT_STRING_EQUAL(text, again); /* to the microsecond */
}

static void test_candump_since_start(void)
{
    char text[TEXT_MAX];

    if (!have("candump"))
        return;
    dump("-tz", three, 2500000, text);
    static const char *const parts[] = {"(000.000000)", "(002.50000", "(005.00000"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strstr(text, parts[i]) == NULL)
            TESTING_FAIL("no %s in %s", parts[i], text);
}

/* ---- senders ---- */

static void test_cansend_to_candump(void)
{
    const char *const candump[] = {"candump", "-L", "-n", "1", "vcan0", NULL};
    const char *const cansend[] = {"/bin/sh", "-c", "sleep 100; cansend vcan0 35E#50594C4F4E",
                                   NULL};
    char text[TEXT_MAX];
    struct bench b;

    if (!have("candump") || !have("cansend"))
        return;
    open_bench(&b);
    start(&b, candump);
    start(&b, cansend);
    run(&b, 3600 * US_PER_S);
    CU_ASSERT_EQUAL(b.n_seen, 1);
    CU_ASSERT(b.seen[0].t_us >= 100 * US_PER_S && b.seen[0].t_us < 100 * US_PER_S + 1000);
    read_output(&b, text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "(1767225700.00"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "35E#50594C4F4E"));
    close_bench(&b);
}

/* The frames with this id come so often, a millisecond more or less. */
static void check_gaps(const struct bench *b, uint32_t id, unsigned n, uint64_t gap_us)
{
    uint64_t last_us = 0;
    unsigned found = 0;

    for (unsigned i = 0; i < b->n_seen; i++) {
        if (b->seen[i].msg.id != id)
            continue;
        uint64_t gap = b->seen[i].t_us - last_us;
        if (found > 0 && (gap < gap_us - 1000 || gap > gap_us + 1000))
            TESTING_FAIL("%03X: %llu us after the one before", (unsigned)id,
                         (unsigned long long)gap);
        last_us = b->seen[i].t_us;
        found++;
    }
    CU_ASSERT_EQUAL(found, n);
}

static void test_cangen(void)
{
    const char *const argv[] = {"cangen", "vcan0", "-g", "250", "-I", "7A1",
                                "-L",     "8",     "-n", "40",  NULL};
    struct bench b;

    if (!have("cangen"))
        return;
    open_bench(&b);
    start(&b, argv);
    run(&b, 3600 * US_PER_S);
    check_gaps(&b, 0x7A1, 40, 250000);
    close_bench(&b);
}

static void test_canplayer(void)
{
    const char *const argv[] = {"canplayer", "-I", NULL, NULL};
    char path[96];
    struct bench b;

    if (!have("canplayer"))
        return;
    open_bench(&b);
    snprintf(path, sizeof path, "%s/log", b.dir);
    FILE *f = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    for (int i = 0; i < 5; i++)
        fprintf(f, "(15000000%02d.500000) vcan0 351#0%d\n", 2 * i, i);
    fclose(f);
    const char *const with_path[] = {argv[0], argv[1], path, NULL};
    start(&b, with_path);
    run(&b, 3600 * US_PER_S);
    check_gaps(&b, 0x351, 5, 2 * US_PER_S);
    unlink(path);
    close_bench(&b);
}

/* ---- python-can ---- */

#define PYTHON "/usr/bin/python3"

static bool have_python_can(void)
{
    if (access(PYTHON, X_OK) == 0 && system(PYTHON " -c 'import can' > /dev/null 2>&1") == 0)
        return true;
    testing_skip("python3-can is not installed");
    return false;
}

/* Cyclic frames by the broadcast manager, changed on the way, and an answer to what comes in. */
static void test_python(void)
{
    static const char script[] =
        "import can, time\n"
        "bus = can.Bus(interface='socketcan', channel='vcan0',\n"
        "              can_filters=[{'can_id': 0x351, 'can_mask': 0x7ff}])\n"
        "m = can.Message(arbitration_id=0x305, data=[1] * 8, is_extended_id=False)\n"
        "task = bus.send_periodic(m, 0.5)\n"
        "got = bus.recv(60)\n"
        "assert got.arbitration_id == 0x351, got\n"
        "assert abs(got.timestamp - 1767225610) < 0.01, got.timestamp\n"
        "time.sleep(0.25)\n"
        "m.data[0] = 2\n"
        "task.modify_data(m)\n"
        "time.sleep(10)\n"
        "task.stop()\n"
        "limited = bus.send_periodic(\n"
        "    can.Message(arbitration_id=0x306, data=[], is_extended_id=False), 1, 5)\n"
        "time.sleep(60)\n"
        "bus.shutdown()\n";
    const char *const argv[] = {PYTHON, "-c", script, NULL};
    static const char *const frames[] = {"351#01", NULL};
    struct bench b;

    if (!have_python_can())
        return;
    open_bench(&b);
    start(&b, argv);
    send_frames(&b, frames, 10 * US_PER_S, 3600 * US_PER_S);
    run(&b, 3600 * US_PER_S);
    check_gaps(&b, 0x305, 41, 500000);
    check_gaps(&b, 0x306, 5, US_PER_S);
    for (unsigned i = 0; i < b.n_seen; i++)
        if (b.seen[i].msg.id == 0x305)
            CU_ASSERT_EQUAL(b.seen[i].msg.data[0], b.seen[i].t_us < 10250000 ? 1 : 2);
    close_bench(&b);
}

/* ---- the probes ---- */

static void probe(const char *const *argv)
{
    struct bench b;

    open_bench(&b);
    start(&b, argv);
    run(&b, 30 * 24 * 3600 * US_PER_S);
    close_bench(&b);
}

static void test_broadcast_manager(void)
{
    const char *const argv[] = {BCM_PROBE, "60000", "vcan0", "vcan1", NULL};
    probe(argv);
}

static void test_raw_sockets(void)
{
    const char *const argv[] = {PRELOAD_PROBE, "vcan0", "vcan1", NULL};
    probe(argv);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"candump -L: virtual wall time", test_candump},
        {"candump -tz", test_candump_since_start},
        {"candump sees cansend", test_cansend_to_candump},
        {"cangen -g -n", test_cangen},
        {"canplayer", test_canplayer},
        {"python-can: cyclic frames", test_python},
        {"the broadcast manager, by opcode", test_broadcast_manager},
        {"raw sockets", test_raw_sockets},
        {0},
    };
    return testing_main(argc, argv, "vt_can", cases);
}
