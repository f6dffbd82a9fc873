/* SPDX-License-Identifier: Apache-2.0
 *
 * No memory: each operation is repeated with its first, second, third ... allocation failing until
 * it gets through. It must say ERR_MEMORY, leave its result alone and lose nothing (the leak
 * checker of the sanitizer build watches). The linker wraps malloc, calloc and realloc for this
 * program.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/json.h"
#include "base/loop.h"
#include "testing/testing.h"

/* The wrapped functions have no argument to take this in. */
static struct {
    bool armed;
    unsigned left; /* allocations that still succeed */
} failing;

static bool fails_now(void)
{
    if (!failing.armed)
        return false;
    if (failing.left > 0) {
        failing.left--;
        return false;
    }
    return true;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

void *__wrap_malloc(size_t n)
{
    return fails_now() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails_now() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails_now() ? NULL : __real_realloc(p, n);
}

/* `fn` tries once and cleans up what it got. */
static void try_until_it_works(enum err (*fn)(void *ctx), void *ctx)
{
    enum err e = ERR_MEMORY;

    for (unsigned n = 0; e != ERR_OK; n++) {
        failing.left = n;
        failing.armed = true;
        e = fn(ctx);
        failing.armed = false;
        if (n > 1000 || (e != ERR_OK && e != ERR_MEMORY)) {
            TESTING_FAIL("with %u allocations: %s", n, err_text(e));
            return;
        }
        CU_ASSERT_TRUE(n > 0 || e == ERR_MEMORY); /* it does allocate */
    }
}

static enum err try_conf(void *ctx)
{
    const struct span *text = ctx;
    struct conf_file *file = NULL;
    enum err e = conf_parse("t.scn", *text, &file);

    CU_ASSERT_EQUAL(file != NULL, e == ERR_OK);
    conf_delete(file);
    return e;
}

static void test_conf(void)
{
    char many[1000];

    for (size_t i = 0; i < sizeof many; i++)
        many[i] = i % 10 == 9 ? '\n' : i % 2 == 0 ? 'a' : ' ';
    struct span text = span_of(many, sizeof many);
    try_until_it_works(try_conf, &text);
}

static enum err try_conf_load(void *ctx)
{
    struct conf_file *file = NULL;
    enum err e = conf_load(ctx, &file);

    CU_ASSERT_EQUAL(file != NULL, e == ERR_OK);
    conf_delete(file);
    return e;
}

static void test_conf_load(void)
{
    char path[] = "/tmp/test_memory_XXXXXX";
    int fd = mkstemp(path);

    CU_ASSERT_TRUE_FATAL(fd >= 0);
    for (int i = 0; i < 1000; i++)
        CU_ASSERT_EQUAL(write(fd, "poll 1 s\n", 9), 9);
    close(fd);
    try_until_it_works(try_conf_load, path);
    unlink(path);
}

static enum err try_json(void *ctx)
{
    const struct span *text = ctx;
    struct json_doc *doc = NULL;
    enum err e = json_parse(*text, &doc, NULL);

    CU_ASSERT_EQUAL(doc != NULL, e == ERR_OK);
    json_delete(doc);
    return e;
}

static void test_json(void)
{
    struct span text =
        SPAN_LIT("[{\"a\":1,\"b\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,"
                 "21,22,23,24,25,26,27,28,29,30,31,32,33]},{\"c\":\"d\",\"e\":{}}]");
    try_until_it_works(try_json, &text);
}

static void nothing(void *ctx)
{
    (void)ctx;
}

static void no_events(void *ctx, unsigned events)
{
    (void)ctx;
    (void)events;
}

static void no_signal(void *ctx, int signum)
{
    (void)ctx;
    (void)signum;
}

static void no_exit(void *ctx, int status, int signum)
{
    (void)ctx;
    (void)status;
    (void)signum;
}

static void no_address(void *ctx, enum err err, const struct loop_addr *addr)
{
    (void)ctx;
    (void)err;
    (void)addr;
}

/* Everything the loop can watch, up to the first failure; loop_delete() closes what was opened. */
static enum err open_everything(struct loop *loop, int fd)
{
    static const char *const argv[] = {"true", NULL};
    const struct loop_spawn spawn = {
        .file = "true", .argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1};
    struct loop_timer *timer;
    struct loop_io *io;
    struct loop_signal *sig;
    struct loop_lookup *lookup;
    struct loop_child *child;
    enum err e = ERR_OK;

    for (int i = 0; i < 40 && e == ERR_OK; i++)
        e = loop_timer_new(loop, nothing, NULL, &timer);
    if (e == ERR_OK)
        e = loop_io_new(loop, fd, LOOP_READ, no_events, NULL, &io);
    if (e == ERR_OK)
        e = loop_signal_new(loop, SIGUSR2, no_signal, NULL, &sig);
    if (e == ERR_OK)
        e = loop_lookup_new(loop, "127.0.0.1", 1, no_address, NULL, &lookup);
    if (e == ERR_OK)
        e = loop_child_spawn(loop, &spawn, no_exit, NULL, &child);
    return e;
}

static enum err try_loop(void *ctx)
{
    const int *fd = ctx;
    struct loop *loop = NULL;
    enum err e = loop_new(&loop);

    CU_ASSERT_EQUAL(loop != NULL, e == ERR_OK);
    if (e == ERR_OK)
        e = open_everything(loop, *fd);
    loop_delete(loop);
    return e;
}

static void test_loop(void)
{
    int pair[2];

    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    try_until_it_works(try_loop, &pair[0]);
    close(pair[0]);
    close(pair[1]);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"conf_parse", test_conf},
        {"conf_load", test_conf_load},
        {"json_parse", test_json},
        {"the loop and its handles", test_loop},
        {0},
    };
    return testing_main(argc, argv, "memory", cases);
}
