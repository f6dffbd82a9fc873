/* SPDX-License-Identifier: Apache-2.0
 *
 * Waiting with a deadline, temporary folders.
 */
#define _GNU_SOURCE
#include "port/test_support.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long one turn may wait for something that the loop itself does not see. */
#define TURN_US 2000U

bool test_until(struct loop *loop, bool (*fn)(void *ctx), void *ctx, uint64_t us)
{
    uint64_t end = loop_now(loop) + us;

    while (!fn(ctx)) {
        uint64_t now = loop_now(loop);
        if (now >= end)
            return false;
        loop_turn(loop, deadline_min(end, now + TURN_US));
    }
    return true;
}

static bool flag_is_set(void *ctx)
{
    return *(const bool *)ctx;
}

bool test_until_set(struct loop *loop, const bool *flag)
{
    return test_until(loop, flag_is_set, (void *)flag, TEST_WAIT_US);
}

struct count {
    const unsigned *counter;
    unsigned n;
};

static bool count_is_reached(void *ctx)
{
    const struct count *c = ctx;
    return *c->counter >= c->n;
}

bool test_until_count(struct loop *loop, const unsigned *counter, unsigned n)
{
    struct count c = {counter, n};
    return test_until(loop, count_is_reached, &c, TEST_WAIT_US);
}

static bool never(void *ctx)
{
    (void)ctx;
    return false;
}

void test_turn_for(struct loop *loop, uint64_t us)
{
    test_until(loop, never, NULL, us);
}

struct reading {
    int fd;
    char *p;
    size_t n;
};

static bool read_more(void *ctx)
{
    struct reading *r = ctx;
    ssize_t n = read(r->fd, r->p, r->n);

    if (n > 0) {
        r->p += n;
        r->n -= (size_t)n;
    }
    return r->n == 0;
}

bool test_read(struct loop *loop, int fd, void *ret, size_t n)
{
    struct reading r = {fd, ret, n};
    return test_until(loop, read_more, &r, TEST_WAIT_US);
}

void test_folder_make(char *ret_path, size_t cap)
{
    const char *tmp = getenv("TMPDIR");

    if (tmp == NULL || strlen(tmp) > 40)
        tmp = "/tmp";
    test_path(ret_path, cap, tmp, "bmsrig-XXXXXX");
    if (mkdtemp(ret_path) == NULL) {
        perror(ret_path);
        abort();
    }
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    remove(path);
    return 0;
}

void test_folder_remove(const char *path)
{
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void test_path(char *out, size_t cap, const char *folder, const char *name)
{
    if (snprintf(out, cap, "%s/%s", folder, name) >= (int)cap)
        abort();
}

bool test_write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    if (f == NULL)
        return false;
    bool ok = fputs(text, f) >= 0;
    return fclose(f) == 0 && ok;
}

static bool have_in(struct span folder, const char *name)
{
    char path[PATH_MAX];
    struct buf b = buf_of(path, sizeof path);

    return buf_put(&b, folder) && buf_str(&b, "/") && buf_str(&b, name) && buf_u8(&b, 0) &&
           access(path, X_OK) == 0;
}

bool test_have_program(const char *name)
{
    struct span rest = span_str(getenv("PATH"));

    while (rest.n > 0) {
        size_t end = span_find_byte(rest, 0, ':');
        if (have_in(span_sub(rest, 0, end), name))
            return true;
        rest = span_sub(rest, end + 1, SIZE_MAX);
    }
    return have_in(span_str("/usr/sbin"), name);
}

struct run {
    bool ended;
    int status;
};

static void on_run_end(void *ctx, int status, int signum)
{
    struct run *run = ctx;

    (void)signum;
    run->status = status;
    run->ended = true;
}

int test_run(struct loop *loop, const char *const *argv)
{
    struct run run = {.status = -1};
    struct loop_child *child;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    const struct loop_spawn spawn = {
        .file = argv[0], .argv = argv, .stdin_fd = -1, .stdout_fd = null, .stderr_fd = null};

    enum err e = loop_child_spawn(loop, &spawn, on_run_end, &run, &child);
    close(null);
    if (e != ERR_OK)
        return -1;
    test_until_set(loop, &run.ended);
    loop_child_delete(child);
    return run.status;
}
