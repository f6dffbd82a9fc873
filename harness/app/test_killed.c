/* SPDX-License-Identifier: Apache-2.0
 *
 * `bmsrig run` that is killed, or whose worker is: no folder, no broker and no bridge stays behind.
 */
#define _GNU_SOURCE /* mkdtemp, nanosleep */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "testing/testing.h"

enum { TEXT = 65536, TRIES = 1500, NAP_MS = 20 };

/* ---- the folder with everything ---- */

static char temporary[128]; /* $TMPDIR of the runs; a test program, not a library */

static void put(const char *name, const char *duration)
{
    FILE *f = fopen(name, "w");
    if (f == NULL)
        abort();
    fprintf(f,
            "scenario  KILL-1  \"To be killed\"\n"
            "covers    CAN-COUNT\n"
            "needs     bms 1 serial, can pylon, json victron\n"
            "duration  %s\n"
            "[bms 1]\n"
            "model     pylontech.us3000c\n"
            "soc       50 %%\n"
            "[timeline]\n"
            "@3s  can  check soc = 50 %%  req CAN-COUNT\n",
            duration);
    fclose(f);
}

static void nap(void)
{
    const struct timespec ts = {.tv_nsec = NAP_MS * 1000000L};
    nanosleep(&ts, NULL);
}

static size_t read_file(const char *path, char *out, size_t cap)
{
    FILE *f = fopen(path, "r");
    size_t n = f != NULL ? fread(out, 1, cap - 1, f) : 0;
    out[n] = '\0';
    if (f != NULL)
        fclose(f);
    return n;
}

/* ---- what is there ---- */

/* Folders of runs; the owner of the last one is returned in *ret_owner. */
static unsigned folders(pid_t *ret_owner)
{
    char path[512], text[64];
    unsigned n = 0;
    DIR *d = opendir(temporary);

    for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (e->d_name[0] == '.')
            continue;
        n++;
        snprintf(path, sizeof path, "%s/%s/owner", temporary, e->d_name);
        if (ret_owner != NULL && read_file(path, text, sizeof text) > 0)
            *ret_owner = (pid_t)strtol(text, NULL, 10);
    }
    if (d != NULL)
        closedir(d);
    return n;
}

static bool is_marked(const char *pid)
{
    static char text[TEXT];
    char path[300], mark[200];
    size_t n;

    snprintf(path, sizeof path, "/proc/%s/environ", pid);
    snprintf(mark, sizeof mark, "BMSRIG_WORLD=%s/", temporary);
    n = read_file(path, text, sizeof text);
    for (size_t at = 0; at < n; at += strlen(text + at) + 1)
        if (strncmp(text + at, mark, strlen(mark)) == 0)
            return true;
    return false;
}

/* Processes that a run has started. */
static unsigned processes(void)
{
    unsigned n = 0;
    DIR *d = opendir("/proc");

    for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && is_marked(e->d_name))
            n++;
    if (d != NULL)
        closedir(d);
    return n;
}

static bool nothing_left(void)
{
    for (int i = 0; i < TRIES; i++) {
        if (folders(NULL) == 0 && processes() == 0)
            return true;
        nap();
    }
    return false;
}

/* ---- a run ---- */

static pid_t start(const char *tier, const char *scenario)
{
    pid_t pid = fork();

    if (pid == 0) {
        int out = open("output", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(out, 1);
        dup2(out, 2);
        execlp("bmsrig", "bmsrig", "run", "--tier", tier, "-o", "report", scenario, (char *)NULL);
        _exit(127);
    }
    return pid;
}

/* Until broker and bridge run; returns the worker. */
static pid_t wait_for_worker(void)
{
    pid_t owner = 0;

    for (int i = 0; i < TRIES && (folders(&owner) == 0 || owner == 0 || processes() < 2); i++)
        nap();
    CU_ASSERT(owner > 0 && processes() >= 2);
    return owner;
}

/* The exit code, or -1 for a signal. */
static int end_of(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect_output(const char *part)
{
    static char text[TEXT];

    read_file("output", text, sizeof text);
    if (strstr(text, part) == NULL)
        TESTING_FAIL("no '%s' in: %s", part, text);
}

/* ---- tests ---- */

static void kill_worker(const char *tier, const char *scenario)
{
    pid_t run = start(tier, scenario), worker = wait_for_worker();

    CU_ASSERT_FATAL(worker > 0);
    kill(worker, SIGKILL);
    CU_ASSERT_EQUAL(end_of(run), 4);
    CU_ASSERT(nothing_left());
    expect_output("the worker ended with signal 9 and left no result");
}

static void test_worker(void)
{
    kill_worker("pty", "minute.scn");
}

static void test_worker_in_virtual_time(void)
{
    kill_worker("virtual", "day.scn");
}

static void test_suite(void)
{
    static const char *const tiers[] = {"pty", "virtual"};

    for (int i = 0; i < 2; i++) {
        pid_t run = start(tiers[i], i == 0 ? "minute.scn" : "day.scn");
        CU_ASSERT(wait_for_worker() > 0);
        kill(run, SIGKILL);
        CU_ASSERT_EQUAL(end_of(run), -1);
        CU_ASSERT(nothing_left());
    }
}

static void test_interrupt(void)
{
    pid_t run = start("pty", "minute.scn");

    CU_ASSERT(wait_for_worker() > 0);
    kill(run, SIGINT);
    CU_ASSERT_EQUAL(end_of(run), 4);
    CU_ASSERT(nothing_left());
}

/* The run, its worker, and the watcher between them: the next run finds what they left. */
static void test_all_at_once(void)
{
    char path[64], children[256];
    pid_t run = start("pty", "minute.scn"), worker = wait_for_worker();

    CU_ASSERT_FATAL(worker > 0);
    kill(run, SIGSTOP); /* or it would clean up between our signals */
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)run, (int)run);
    if (read_file(path, children, sizeof children) == 0)
        testing_skip("this kernel does not list a process's children");
    for (char *at = children, *end; *at != '\0'; at = end) {
        pid_t pid = (pid_t)strtol(at, &end, 10);
        if (end == at)
            break;
        if (pid != worker)
            kill(pid, SIGKILL);
    }
    kill(run, SIGKILL);
    kill(worker, SIGKILL);
    end_of(run);
    if (children[0] != '\0') {
        CU_ASSERT_EQUAL(folders(NULL), 1);
        CU_ASSERT(processes() >= 1);
    }
    CU_ASSERT_EQUAL(end_of(start("virtual", "short.scn")), 0);
    CU_ASSERT(nothing_left());
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"kill -9 of a worker", test_worker},
        {"kill -9 of a worker in virtual time", test_worker_in_virtual_time},
        {"kill -9 of the run", test_suite},
        {"interrupted", test_interrupt},
        {"kill -9 of everything", test_all_at_once},
        {0},
    };
    char folder[] = "/tmp/kill-XXXXXX", text[2048];
    const char *path = getenv("PATH");

    if (mkdtemp(folder) == NULL || chdir(folder) != 0)
        return 1;
    snprintf(temporary, sizeof temporary, "%s/tmp", folder);
    mkdir(temporary, 0700);
    setenv("TMPDIR", temporary, 1);
    snprintf(text, sizeof text, "%s:%s", PROGRAMS, path != NULL ? path : "/usr/bin:/bin");
    setenv("PATH", text, 1);
    /* The preload library comes before a sanitizer's own, which otherwise refuses to start; the
     * search for leaks takes a time of its own, in which nothing is the same twice. */
    setenv("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0", 1);
    put("short.scn", "4 s");
    put("minute.scn", "60 s");
    put("day.scn", "24 h");
    int code = testing_main(argc, argv, "killed runs", cases);
    snprintf(text, sizeof text, "rm -rf %s", folder);
    if (chdir("/") != 0 || system(text) != 0)
        fprintf(stderr, "cannot remove %s\n", folder);
    return code;
}
