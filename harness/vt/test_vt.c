/* SPDX-License-Identifier: Apache-2.0
 *
 * Virtual time on programs that know nothing of it: everything that waits, and everything that goes
 * wrong.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/span.h"
#include "harness/vt/vt.h"
#include "harness/vt/vt_program.h"
#include "testing/testing.h"

struct rig {
    struct loop *loop;
    char dir[64], output[80];
    struct loop_child *child;
    struct loop_timer *end;
    bool ended;
    int status, signal;
    uint64_t ended_us;
    char notes[2000];
};

static void on_note(void *ctx, const char *text)
{
    struct rig *r = ctx;
    size_t n = strlen(r->notes);
    snprintf(r->notes + n, sizeof r->notes - n, "%s\n", text);
}

static void open_rig(struct rig *r, uint64_t seed)
{
    *r = (struct rig){.loop = NULL};
    snprintf(r->dir, sizeof r->dir, "/tmp/test-vt-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(r->dir));
    snprintf(r->output, sizeof r->output, "%s/output", r->dir);
    const struct vt_options options = {
        .dir = r->dir,
        .preload = PRELOAD_LIBRARY,
        .start_us = 1000 * US_PER_S,
        .wall_us = 1767225600 * US_PER_S,
        .seed = seed,
        .on_note = on_note,
        .ctx = r,
    };
    CU_ASSERT_EQUAL_FATAL(vt_loop_new(&options, &r->loop), ERR_OK);
}

static void close_rig(struct rig *r)
{
    loop_timer_delete(r->end);
    loop_child_delete(r->child);
    loop_delete(r->loop);
    unlink(r->output);
    CU_ASSERT_EQUAL(rmdir(r->dir), 0); /* nothing is left behind */
}

static void on_exit_status(void *ctx, int status, int signum)
{
    struct rig *r = ctx;
    r->ended = true;
    r->status = status;
    r->signal = signum;
    r->ended_us = loop_now(r->loop);
    loop_stop(r->loop);
}

static void on_end(void *ctx)
{
    loop_stop(((struct rig *)ctx)->loop);
}

/* Runs until the program ends, or for so long in virtual time. */
static void run(struct rig *r, const char *const *argv, uint64_t limit_us)
{
    int out = open(r->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const struct loop_spawn spawn = {
        .file = argv[0], .argv = argv, .stdin_fd = -1, .stdout_fd = out, .stderr_fd = out};

    CU_ASSERT_EQUAL_FATAL(loop_child_spawn(r->loop, &spawn, on_exit_status, r, &r->child), ERR_OK);
    close(out);
    CU_ASSERT_EQUAL_FATAL(loop_timer_new(r->loop, on_end, r, &r->end), ERR_OK);
    loop_timer_after(r->end, limit_us);
    loop_run(r->loop);
}

static void read_output(const struct rig *r, char *out, size_t cap)
{
    FILE *f = fopen(r->output, "r");
    size_t n = f != NULL ? fread(out, 1, cap - 1, f) : 0;
    out[n] = '\0';
    if (f != NULL)
        fclose(f);
}

/* ---- the calls ---- */

/* Real time on a shared machine: a call may be two seconds late, never early. What it says goes
 * through a file, so that it is not lost when the probe hangs and is ended. */
static void test_calls_in_real_time(void)
{
    char path[] = "/tmp/test-vt-XXXXXX", command[256], text[8192];
    int fd = mkstemp(path);

    CU_ASSERT_TRUE_FATAL(fd >= 0);
    snprintf(command, sizeof command, "timeout 45 %s -t 3 25 2000 > %s 2>&1", CALLS_PROBE, path);
    int status = system(command);
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    if (status != 0)
        TESTING_FAIL("calls_probe in real time, status 0x%x (124 in the upper byte: it hung):\n%s",
                     (unsigned)status, text);
    close(fd);
    unlink(path);
}

static void test_calls_in_virtual_time(void)
{
    static const char *const argv[] = {CALLS_PROBE, "60000", "5", NULL};
    char text[4096];
    struct rig r;

    open_rig(&r, 0);
    run(&r, argv, 10 * 24 * 3600 * US_PER_S);
    read_output(&r, text, sizeof text);
    CU_ASSERT_TRUE(r.ended);
    CU_ASSERT_EQUAL(r.status, 0);
    CU_ASSERT_STRING_EQUAL(r.notes, "");
    if (r.status != 0 || !r.ended)
        printf("%s%s\n", text, r.notes);
    close_rig(&r);
}

/* ---- repeatable ---- */

#define PRINT_IDENTITY                                                                   \
    "echo $$; date +%s.%N; sleep 3; date +%s.%N; head -c 8 /dev/urandom | od -An -tx1; " \
    "cut -d' ' -f1 /proc/uptime; uname -n; cat /etc/hostname /proc/sys/kernel/hostname; hostid"

static void identity(char *out, size_t cap, uint64_t seed)
{
    static const char *const argv[] = {"/bin/sh", "-c", PRINT_IDENTITY, NULL};
    struct rig r;

    open_rig(&r, seed);
    run(&r, argv, 60 * US_PER_S);
    read_output(&r, out, cap);
    CU_ASSERT_TRUE(r.ended);
    close_rig(&r);
}

static void test_runs_are_identical(void)
{
    char first[512], second[512], other[512];

    identity(first, sizeof first, 1);
    identity(second, sizeof second, 1);
    identity(other, sizeof other, 2);
    if (strcmp(first, second) != 0)
        TESTING_FAIL("the first run said:\n%s\nthe second:\n%s", first, second);
    CU_ASSERT_STRING_NOT_EQUAL(first, other);
    CU_ASSERT_PTR_NOT_NULL(strstr(first, "1767225600.0000"));
    CU_ASSERT_PTR_NOT_NULL(strstr(first, "1767225603.0000"));
    CU_ASSERT_PTR_NOT_NULL(strstr(first, "1003.00"));
    CU_ASSERT_PTR_NOT_NULL(strstr(first, "bmsrig\nbmsrig\nbmsrig\n007f0101\n"));
}

/* ---- what goes wrong ---- */

static void test_killed(void)
{
    static const char *const argv[] = {"/bin/sleep", "100", NULL};
    struct rig r;

    open_rig(&r, 0);
    run(&r, argv, 5 * US_PER_S);
    CU_ASSERT_FALSE(r.ended);
    CU_ASSERT_EQUAL(loop_child_kill(r.child, SIGKILL), ERR_OK);
    loop_run(r.loop);
    CU_ASSERT_TRUE(r.ended);
    CU_ASSERT_EQUAL(r.signal, SIGKILL);
    CU_ASSERT_TRUE(r.ended_us - 1005 * US_PER_S < 100);
    close_rig(&r);
}

static void test_terminated(void)
{
    static const char *const argv[] = {
        "/bin/sh", "-c", "trap 'echo bye; exit 3' TERM; while :; do sleep 1; done", NULL};
    char text[64];
    struct rig r;

    open_rig(&r, 0);
    run(&r, argv, 5 * US_PER_S);
    CU_ASSERT_EQUAL(loop_child_kill(r.child, SIGTERM), ERR_OK);
    loop_timer_after(r.end, 10 * US_PER_S);
    loop_run(r.loop);
    CU_ASSERT_TRUE(r.ended);
    CU_ASSERT_EQUAL(r.status, 3);
    read_output(&r, text, sizeof text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "bye"));
    close_rig(&r);
}

static void test_frozen(void)
{
    static const char *const argv[] = {"/bin/sleep", "10", NULL};
    struct rig r;

    open_rig(&r, 0);
    run(&r, argv, 5 * US_PER_S);
    CU_ASSERT_EQUAL(loop_child_kill(r.child, SIGSTOP), ERR_OK);
    loop_timer_after(r.end, 20 * US_PER_S);
    loop_run(r.loop);
    CU_ASSERT_FALSE(r.ended);
    CU_ASSERT_EQUAL(loop_child_kill(r.child, SIGCONT), ERR_OK);
    loop_timer_after(r.end, US_PER_S);
    loop_run(r.loop);
    CU_ASSERT_TRUE(r.ended);
    close_rig(&r);
}

static void test_crash(void)
{
    static const char *const argv[] = {"/bin/sh", "-c", "sleep 2; kill -SEGV $$", NULL};
    struct rig r;

    open_rig(&r, 0);
    run(&r, argv, 60 * US_PER_S);
    CU_ASSERT_TRUE(r.ended);
    CU_ASSERT_EQUAL(r.signal, SIGSEGV);
    CU_ASSERT_TRUE(r.ended_us >= 1002 * US_PER_S && r.ended_us < 1003 * US_PER_S);
    close_rig(&r);
}

/* A program that never waits: time goes on without it, and it is named. */
static void test_endless_loop(void)
{
    static const char *const argv[] = {"/bin/sh", "-c", "while :; do :; done", NULL};
    struct rig r;

    open_rig(&r, 0);
    run(&r, argv, US_PER_S / 2);
    CU_ASSERT_FALSE(r.ended);
    CU_ASSERT_PTR_NOT_NULL(strstr(r.notes, "computes without ever waiting"));
    CU_ASSERT_PTR_NOT_NULL(strstr(r.notes, "sh (pid "));
    close_rig(&r);
}

/* A program that only ever asks for the time moves it. */
static void test_busy_clock(void)
{
    static const char *const argv[] = {CALLS_PROBE, "1000", "100", "spin", NULL};
    struct rig r;

    open_rig(&r, 0);
    run(&r, argv, 60 * US_PER_S);
    CU_ASSERT_TRUE(r.ended);
    CU_ASSERT_EQUAL(r.status, 0);
    CU_ASSERT_STRING_EQUAL(r.notes, "");
    close_rig(&r);
}

/* A wait that is not virtual: real time, and a note with the system call. */
static void test_outside(void)
{
    static const char *const argv[] = {CALLS_PROBE, "300", "100", "barrier", NULL};
    struct rig r;

    open_rig(&r, 0);
    run(&r, argv, 60 * US_PER_S);
    CU_ASSERT_TRUE(r.ended);
    CU_ASSERT_EQUAL(r.status, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(r.notes, "sleeps outside virtual time"));
    CU_ASSERT_TRUE(vt_loop_stats(r.loop).real_us > 0);
    close_rig(&r);
}

static void test_deadlock(void)
{
    static const char *const argv[] = {CALLS_PROBE, "1000", "100", "deadlock", NULL};
    struct rig r;

    open_rig(&r, 0);
    run(&r, argv, 3600 * US_PER_S);
    CU_ASSERT_FALSE(r.ended);
    CU_ASSERT_EQUAL(loop_now(r.loop) / US_PER_S, 4600);
    close_rig(&r);
}

static void test_missing_program(void)
{
    const struct loop_spawn spawn = {.file = "/no/such/program",
                                     .argv = (const char *const[]){"x", NULL},
                                     .stdin_fd = -1,
                                     .stdout_fd = -1,
                                     .stderr_fd = -1};
    struct rig r;

    open_rig(&r, 0);
    CU_ASSERT_EQUAL(loop_child_spawn(r.loop, &spawn, on_exit_status, &r, &r.child), ERR_NOT_FOUND);
    close_rig(&r);
}

/* ---- which programs ---- */

static void write_script(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(text, f);
    fclose(f);
    chmod(path, 0755);
}

static void test_programs(void)
{
    char dir[] = "/tmp/test-vt-XXXXXX", path[64];
    struct vt_program p;

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/no-such-script", dir);
    vt_program_look(CALLS_PROBE, ".", &p);
    CU_ASSERT_TRUE(p.is_virtual);
    CU_ASSERT_TRUE(p.n_calls > 30);
    vt_program_look("no-such-program", ".", &p);
    CU_ASSERT_FALSE(p.is_virtual);
    write_script(path, "#!/usr/bin/env -S sh -e\ntrue\n");
    vt_program_look("no-such-script", dir, &p); /* not in PATH */
    CU_ASSERT_FALSE(p.is_virtual);
    vt_program_look("./no-such-script", dir, &p);
    CU_ASSERT_TRUE(p.is_virtual);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.path, "/sh"));
    chmod(path, 04755);
    vt_program_look(path, ".", &p);
    CU_ASSERT_FALSE(p.is_virtual);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.why, "setuid"));
    write_script(path, "\x7f"
                       "ELF\x02\x01\x01");
    vt_program_look(path, ".", &p);
    CU_ASSERT_FALSE(p.is_virtual);
    unlink(path);
    rmdir(dir);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"every call, in real time", test_calls_in_real_time},
        {"every call, in virtual time", test_calls_in_virtual_time},
        {"two runs are identical", test_runs_are_identical},
        {"killed", test_killed},
        {"terminated", test_terminated},
        {"frozen and thawed", test_frozen},
        {"crash", test_crash},
        {"endless loop", test_endless_loop},
        {"busy reading the clock", test_busy_clock},
        {"waiting outside virtual time", test_outside},
        {"deadlock", test_deadlock},
        {"no such program", test_missing_program},
        {"which programs can be virtual", test_programs},
        {0},
    };
    return testing_main(argc, argv, "vt", cases);
}
