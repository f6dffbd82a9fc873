/* SPDX-License-Identifier: Apache-2.0
 *
 * Child processes on the loop: exit status, redirection, process groups.
 */
#include "base/loop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testing/testing.h"

#define FAR_US (20 * US_PER_S)

struct run {
    struct loop *loop;
    struct loop_child *child;
    struct loop_io *io;
    int pipe[2];
    char output[256];
    size_t n;
    size_t n_at_exit;
    int status;
    int signal;
    bool ended;
    bool eof;
    bool delete;
};

static void on_exit_(void *ctx, int status, int signum)
{
    struct run *r = ctx;

    r->status = status;
    r->signal = signum;
    r->n_at_exit = r->n;
    r->ended = true;
    CU_ASSERT_FALSE(loop_child_running(r->child));
    if (r->delete) {
        loop_child_delete(r->child);
        r->child = NULL;
    }
}

static void on_output(void *ctx, unsigned events)
{
    struct run *r = ctx;

    (void)events;
    for (;;) {
        ssize_t n = read(r->pipe[0], r->output + r->n, sizeof r->output - r->n);
        if (n > 0) {
            r->n += (size_t)n;
            continue;
        }
        if (n == 0) {
            r->eof = true;
            loop_io_delete(r->io);
            r->io = NULL;
        }
        return;
    }
}

static void start(struct run *r, const char *script, const struct loop_spawn *more)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    struct loop_spawn spawn = *more;

    CU_ASSERT_EQUAL_FATAL(loop_new(&r->loop), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(pipe(r->pipe), 0);
    spawn.file = "sh";
    spawn.argv = argv;
    spawn.stdout_fd = r->pipe[1];
    CU_ASSERT_EQUAL_FATAL(loop_child_spawn(r->loop, &spawn, on_exit_, r, &r->child), ERR_OK);
    close(r->pipe[1]);
    CU_ASSERT_EQUAL(loop_io_new(r->loop, r->pipe[0], LOOP_READ, on_output, r, &r->io), ERR_OK);
}

static void wait_for(struct run *r, const bool *what)
{
    uint64_t deadline = loop_now(r->loop) + FAR_US;
    while (!*what && loop_now(r->loop) < deadline)
        loop_turn(r->loop, deadline);
    CU_ASSERT_TRUE(*what);
}

static void finish(struct run *r)
{
    loop_child_delete(r->child);
    loop_io_delete(r->io);
    loop_delete(r->loop);
    close(r->pipe[0]);
}

static const struct loop_spawn plain = {.stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1};

static void test_exit_status(void)
{
    struct run r = {.delete = true};

    start(&r, "echo said; exit 7", &plain);
    CU_ASSERT_TRUE(loop_child_running(r.child));
    CU_ASSERT_TRUE(loop_child_pid(r.child) > 1);
    loop_run(r.loop); /* ends when child and pipe are done */
    CU_ASSERT_TRUE(r.ended);
    CU_ASSERT_EQUAL(r.status, 7);
    CU_ASSERT_EQUAL(r.signal, 0);
    CU_ASSERT_EQUAL(r.n_at_exit, 5); /* its output came first */
    CU_ASSERT_EQUAL(memcmp(r.output, "said\n", 5), 0);
    finish(&r);
}

static void test_environment_and_folder(void)
{
    static const char *const env[] = {"PATH=/usr/bin:/bin", "WORD=given", NULL};
    struct loop_spawn spawn = plain;
    struct run r = {0};

    spawn.env = env;
    spawn.cwd = "/";
    start(&r, "cat; echo $WORD; pwd", &spawn); /* cat ends at once: standard input is empty */
    wait_for(&r, &r.eof);
    CU_ASSERT_EQUAL(r.n, 8);
    CU_ASSERT_EQUAL(memcmp(r.output, "given\n/\n", 8), 0);
    wait_for(&r, &r.ended);
    CU_ASSERT_EQUAL(loop_child_kill(r.child, SIGTERM), ERR_NOT_FOUND); /* nobody is left */
    finish(&r);
}

static void test_signal_reaches_the_group(void)
{
    struct run r = {0};

    start(&r, "sleep 1000 & echo up; wait", &plain);
    uint64_t deadline = loop_now(r.loop) + FAR_US;
    while (r.n < 3 && loop_now(r.loop) < deadline)
        loop_turn(r.loop, deadline);
    CU_ASSERT_EQUAL(loop_child_kill(r.child, SIGTERM), ERR_OK);
    wait_for(&r, &r.ended);
    CU_ASSERT_EQUAL(r.status, -1);
    CU_ASSERT_EQUAL(r.signal, SIGTERM);
    wait_for(&r, &r.eof); /* sleep held the pipe open: it is gone as well */
    finish(&r);
}

static void test_orphans_can_still_be_signalled(void)
{
    struct run r = {0};

    start(&r, "sleep 1000 & exit 0", &plain);
    wait_for(&r, &r.ended);
    CU_ASSERT_FALSE(r.eof);
    CU_ASSERT_EQUAL(loop_child_kill(r.child, SIGKILL), ERR_OK);
    wait_for(&r, &r.eof);
    finish(&r);
}

static void test_not_found(void)
{
    static const char *const argv[] = {"no-such-program", NULL};
    struct loop_spawn spawn = plain;
    struct loop *loop = NULL;
    struct loop_child *child = NULL;

    CU_ASSERT_EQUAL_FATAL(loop_new(&loop), ERR_OK);
    spawn.file = "no-such-program";
    spawn.argv = argv;
    CU_ASSERT_EQUAL(loop_child_spawn(loop, &spawn, on_exit_, NULL, &child), ERR_NOT_FOUND);
    spawn.file = "/";
    CU_ASSERT_EQUAL(loop_child_spawn(loop, &spawn, on_exit_, NULL, &child), ERR_DENIED);
    CU_ASSERT_PTR_NULL(child);
    loop_child_delete(NULL);
    loop_delete(loop);
}

static void test_deleted_while_running(void)
{
    struct run r = {0};

    start(&r, "read line; echo $line", &plain); /* /dev/null: ends by itself */
    pid_t pid = loop_child_pid(r.child);
    loop_child_delete(r.child);
    r.child = NULL;
    wait_for(&r, &r.eof);
    CU_ASSERT_FALSE(r.ended);
    /* Its exit status is still fetched, so that no zombie stays. */
    uint64_t deadline = loop_now(r.loop) + FAR_US;
    while (kill(pid, 0) == 0 && loop_now(r.loop) < deadline)
        loop_turn(r.loop, loop_now(r.loop) + US_PER_MS);
    CU_ASSERT_EQUAL(kill(pid, 0), -1);
    CU_ASSERT_EQUAL(errno, ESRCH);
    finish(&r);
}

/* A loop that ends right after the kill leaves no zombie. */
static void test_killed_at_the_end(void)
{
    static const char *const argv[] = {"sleep", "20", NULL};
    const struct loop_spawn spawn = {
        .file = argv[0], .argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1};
    struct loop_child *child;
    struct loop *loop;

    CU_ASSERT_FATAL(loop_new(&loop) == ERR_OK);
    CU_ASSERT_FATAL(loop_child_spawn(loop, &spawn, on_exit_, NULL, &child) == ERR_OK);
    pid_t pid = loop_child_pid(child);
    CU_ASSERT_EQUAL(loop_child_kill(child, SIGKILL), ERR_OK);
    loop_child_delete(child);
    loop_delete(loop);
    CU_ASSERT_EQUAL(waitpid(pid, NULL, WNOHANG), -1);
    CU_ASSERT_EQUAL(errno, ECHILD);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"output first, then the exit status", test_exit_status},
        {"environment, folder and empty input", test_environment_and_folder},
        {"a signal reaches the whole group", test_signal_reaches_the_group},
        {"what a child left behind can be signalled", test_orphans_can_still_be_signalled},
        {"a program that does not exist", test_not_found},
        {"a child may be deleted while it runs", test_deleted_while_running},
        {"a child that is killed at the end leaves no zombie", test_killed_at_the_end},
        {0},
    };
    return testing_main(argc, argv, "loop_child", cases);
}
