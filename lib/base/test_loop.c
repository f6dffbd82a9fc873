/* SPDX-License-Identifier: Apache-2.0
 *
 * The loop on libuv: real descriptors, signals, children. Waits always end with the thing waited
 * for or at a deadline that is far away.
 */
#include "base/loop.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "testing/testing.h"

#define FAR_US (10 * US_PER_S)

static struct loop *new_loop(void)
{
    struct loop *loop = NULL;
    CU_ASSERT_EQUAL_FATAL(loop_new(&loop), ERR_OK);
    return loop;
}

/* Turns the loop until *done or the far deadline. */
static void turn_until(struct loop *loop, const bool *done)
{
    uint64_t deadline = loop_now(loop) + FAR_US;
    while (!*done && loop_now(loop) < deadline)
        loop_turn(loop, deadline);
    CU_ASSERT_TRUE(*done);
}

/* ---- timers ---- */

struct ticks {
    struct loop *loop;
    struct loop_timer *timer;
    unsigned n;
    unsigned stop_after;
    uint64_t first_us;
    uint64_t last_us;
};

static void on_tick(void *ctx)
{
    struct ticks *t = ctx;

    t->last_us = loop_now(t->loop);
    if (t->n++ == 0)
        t->first_us = t->last_us;
    if (t->n == t->stop_after)
        loop_timer_stop(t->timer);
}

static void test_one_shot(void)
{
    struct ticks t = {.loop = new_loop()};

    CU_ASSERT_EQUAL(loop_timer_new(t.loop, on_tick, &t, &t.timer), ERR_OK);
    CU_ASSERT_FALSE(loop_timer_active(t.timer));
    uint64_t deadline = loop_now(t.loop) + 1500;
    loop_timer_at(t.timer, deadline);
    CU_ASSERT_TRUE(loop_timer_active(t.timer));
    loop_run(t.loop); /* ends by itself: nothing is left */
    CU_ASSERT_EQUAL(t.n, 1);
    CU_ASSERT_TRUE(t.last_us >= deadline);
    CU_ASSERT_FALSE(loop_timer_active(t.timer));
    loop_timer_after(t.timer, 0);
    loop_run(t.loop);
    loop_timer_at(t.timer, 0); /* long past */
    loop_run(t.loop);
    CU_ASSERT_EQUAL(t.n, 3);
    loop_timer_delete(t.timer);
    loop_timer_delete(NULL);
    loop_delete(t.loop);
    loop_delete(NULL);
}

static void test_periodic(void)
{
    struct ticks t = {.loop = new_loop(), .stop_after = 5};

    CU_ASSERT_EQUAL(loop_timer_new(t.loop, on_tick, &t, &t.timer), ERR_OK);
    uint64_t first = loop_now(t.loop) + 1000;
    loop_timer_every(t.timer, first, 700);
    loop_run(t.loop);
    CU_ASSERT_EQUAL(t.n, 5);
    CU_ASSERT_TRUE(t.first_us >= first);
    CU_ASSERT_TRUE(t.last_us >= first + 4 * 700);
    loop_delete(t.loop); /* with the timer still open */
}

static void test_turn_waits_for_its_deadline(void)
{
    struct loop *loop = new_loop();
    uint64_t deadline = clock_now_us(loop_clock(loop)) + 3000;

    while (loop_now(loop) < deadline)
        loop_turn(loop, deadline);
    loop_turn(loop, 0);        /* past: looks, does not wait */
    loop_turn(loop, NEVER_US); /* nothing to wait for: returns */
    CU_ASSERT_TRUE(loop_now(loop) < deadline + FAR_US);
    loop_delete(loop);
}

static void test_turn_without_waiting_fires_what_is_due(void)
{
    struct ticks t = {.loop = new_loop()};

    CU_ASSERT_EQUAL(loop_timer_new(t.loop, on_tick, &t, &t.timer), ERR_OK);
    loop_timer_after(t.timer, 0);
    loop_turn(t.loop, 0);
    CU_ASSERT_EQUAL(t.n, 1);
    loop_delete(t.loop);
}

static void on_stop(void *ctx)
{
    loop_stop(ctx);
}

static void test_stop(void)
{
    struct ticks t = {.loop = new_loop()};
    struct loop_timer *stop = NULL;

    CU_ASSERT_EQUAL(loop_timer_new(t.loop, on_tick, &t, &t.timer), ERR_OK);
    CU_ASSERT_EQUAL(loop_timer_new(t.loop, on_stop, t.loop, &stop), ERR_OK);
    loop_timer_after(t.timer, 60 * US_PER_S);
    loop_timer_after(stop, 100);
    loop_run(t.loop);
    CU_ASSERT_EQUAL(t.n, 0);
    loop_stop(t.loop); /* before it runs */
    loop_run(t.loop);
    CU_ASSERT_EQUAL(t.n, 0);
    loop_delete(t.loop);
}

/* ---- descriptors ---- */

struct watch {
    struct loop_io *io;
    struct loop_io **victim; /* deleted and cleared in the callback */
    int fd;
    unsigned calls;
    unsigned events;
    bool done;
    bool drain;
};

static void on_io(void *ctx, unsigned events)
{
    struct watch *w = ctx;
    char bytes[64];

    w->calls++;
    w->events |= events;
    w->done = true;
    if (w->drain) {
        while (read(w->fd, bytes, sizeof bytes) > 0)
            ;
    }
    if (w->victim != NULL && *w->victim != NULL) {
        loop_io_delete(*w->victim);
        *w->victim = NULL;
    }
}

static void open_pair(int pair[2])
{
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
}

static void close_pair(const int pair[2])
{
    close(pair[0]);
    close(pair[1]);
}

static void test_io_levels(void)
{
    struct loop *loop = new_loop();
    struct watch w = {0};
    int pair[2];

    open_pair(pair);
    w.fd = pair[0];
    CU_ASSERT_EQUAL(loop_io_new(loop, pair[0], LOOP_READ, on_io, &w, &w.io), ERR_OK);
    loop_turn(loop, 0);
    CU_ASSERT_EQUAL(w.calls, 0);
    CU_ASSERT_EQUAL(write(pair[1], "x", 1), 1);
    turn_until(loop, &w.done);
    loop_turn(loop, 0); /* not read: ready again */
    CU_ASSERT_TRUE(w.calls >= 2);
    CU_ASSERT_EQUAL(w.events, LOOP_READ);

    w = (struct watch){.io = w.io, .fd = pair[0], .drain = true};
    loop_io_want(w.io, LOOP_READ | LOOP_WRITE);
    turn_until(loop, &w.done);
    CU_ASSERT_TRUE((w.events & LOOP_WRITE) != 0);

    w.calls = 0;
    loop_io_want(w.io, 0);
    CU_ASSERT_EQUAL(write(pair[1], "y", 1), 1);
    loop_turn(loop, 0);
    CU_ASSERT_EQUAL(w.calls, 0);
    loop_io_delete(w.io);
    loop_io_delete(NULL);
    loop_run(loop);
    loop_delete(loop);
    close_pair(pair);
}

static void test_io_error_without_interest(void)
{
    struct loop *loop = new_loop();
    struct watch w = {0};
    int pair[2];

    open_pair(pair);
    CU_ASSERT_EQUAL(loop_io_new(loop, pair[0], 0, on_io, &w, &w.io), ERR_OK);
    CU_ASSERT_EQUAL(shutdown(pair[1], SHUT_WR), 0); /* half closed is no error */
    loop_turn(loop, 0);
    loop_turn(loop, 0);
    CU_ASSERT_EQUAL(w.calls, 0);
    loop_io_delete(w.io);
    close_pair(pair);

    open_pair(pair);
    CU_ASSERT_EQUAL(loop_io_new(loop, pair[0], 0, on_io, &w, &w.io), ERR_OK);
    close(pair[1]);
    turn_until(loop, &w.done);
    CU_ASSERT_EQUAL(w.events, LOOP_ERROR);
    loop_io_delete(w.io);
    loop_delete(loop);
    close(pair[0]);
}

static void test_io_refused_connection(void)
{
    struct loop *loop = new_loop();
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    struct watch w = {0};
    int reserved = socket(AF_INET, SOCK_STREAM, 0); /* bound, never listening */
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    CU_ASSERT_EQUAL(bind(reserved, (struct sockaddr *)&addr, sizeof addr), 0);
    CU_ASSERT_EQUAL(getsockname(reserved, (struct sockaddr *)&addr, &len), 0);
    CU_ASSERT_EQUAL(loop_io_new(loop, fd, 0, on_io, &w, &w.io), ERR_OK);
    loop_io_delete(w.io); /* only to make fd non-blocking */
    CU_ASSERT_NOT_EQUAL(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
    CU_ASSERT_EQUAL(loop_io_new(loop, fd, LOOP_READ | LOOP_WRITE, on_io, &w, &w.io), ERR_OK);
    turn_until(loop, &w.done);
    CU_ASSERT_EQUAL(w.events, LOOP_READ | LOOP_WRITE | LOOP_ERROR);
    loop_turn(loop, 0); /* reported until somebody fetches it */
    CU_ASSERT_TRUE(w.calls >= 2);
    loop_io_want(w.io, LOOP_READ);
    loop_io_want(w.io, LOOP_READ);
    loop_delete(loop);
    close(fd);
    close(reserved);
}

static void test_io_deleted_in_callbacks(void)
{
    struct loop *loop = new_loop();
    struct watch a = {0};
    struct watch b = {0};
    int one[2];
    int two[2];

    open_pair(one);
    open_pair(two);
    CU_ASSERT_EQUAL(loop_io_new(loop, one[0], LOOP_READ, on_io, &a, &a.io), ERR_OK);
    CU_ASSERT_EQUAL(loop_io_new(loop, two[0], LOOP_READ, on_io, &b, &b.io), ERR_OK);
    a.victim = &b.io; /* whoever comes first deletes the other */
    b.victim = &a.io;
    CU_ASSERT_EQUAL(write(one[1], "x", 1), 1);
    CU_ASSERT_EQUAL(write(two[1], "x", 1), 1);
    loop_turn(loop, 0);
    CU_ASSERT_EQUAL(a.calls + b.calls, 1);
    struct watch *left = a.io != NULL ? &a : &b;
    left->victim = &left->io; /* and itself */
    loop_turn(loop, 0);
    CU_ASSERT_EQUAL(left->calls, 2);
    loop_run(loop);
    CU_ASSERT_EQUAL(a.calls + b.calls, 2);
    loop_delete(loop);
    close_pair(one);
    close_pair(two);
}

static void test_io_what_cannot_be_watched(void)
{
    struct loop *loop = new_loop();
    struct loop_io *io = NULL;
    struct loop_io *again = NULL;
    FILE *file = tmpfile();
    int pair[2];

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    open_pair(pair);
    CU_ASSERT_EQUAL(loop_io_new(loop, fileno(file), LOOP_READ, on_io, NULL, &io), ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(loop_io_new(loop, 1000000, LOOP_READ, on_io, NULL, &io), ERR_USAGE);
    CU_ASSERT_PTR_NULL(io);
    CU_ASSERT_EQUAL(loop_io_new(loop, pair[0], LOOP_READ, on_io, NULL, &io), ERR_OK);
    CU_ASSERT_EQUAL(loop_io_new(loop, pair[0], LOOP_READ, on_io, NULL, &again), ERR_EXISTS);
    loop_delete(loop);
    fclose(file);
    close_pair(pair);
}

/* ---- signals ---- */

struct sig {
    struct loop_signal *handle;
    int signum;
    bool done;
    bool delete;
};

static void on_signal(void *ctx, int signum)
{
    struct sig *s = ctx;

    s->signum = signum;
    s->done = true;
    if (s->delete) {
        loop_signal_delete(s->handle);
        s->handle = NULL;
    }
}

static void test_signals(void)
{
    struct loop *loop = new_loop();
    struct sig a = {0};
    struct sig b = {.delete = true};

    CU_ASSERT_EQUAL(loop_signal_new(loop, SIGUSR1, on_signal, &a, &a.handle), ERR_OK);
    CU_ASSERT_EQUAL(loop_signal_new(loop, SIGUSR1, on_signal, &b, &b.handle), ERR_OK);
    CU_ASSERT_EQUAL(raise(SIGUSR1), 0);
    turn_until(loop, &a.done);
    turn_until(loop, &b.done);
    CU_ASSERT_EQUAL(a.signum, SIGUSR1);
    CU_ASSERT_EQUAL(b.signum, SIGUSR1);
    a.done = false;
    CU_ASSERT_EQUAL(raise(SIGUSR1), 0);
    turn_until(loop, &a.done);
    loop_signal_delete(a.handle);
    loop_signal_delete(NULL);
    CU_ASSERT_EQUAL(loop_signal_new(loop, SIGKILL, on_signal, &a, &a.handle), ERR_USAGE);
    loop_delete(loop);
}

/* ---- host names ---- */

struct lookup {
    struct loop_lookup *handle;
    enum err err;
    struct loop_addr addr;
    bool done;
    bool delete;
};

static void on_lookup(void *ctx, enum err err, const struct loop_addr *addr)
{
    struct lookup *l = ctx;

    l->err = err;
    if (addr != NULL)
        l->addr = *addr;
    l->done = true;
    if (l->delete)
        loop_lookup_delete(l->handle);
}

static void test_lookup_numeric(void)
{
    struct loop *loop = new_loop();
    struct lookup v4 = {.delete = true};
    struct lookup v6 = {0};
    struct lookup gone = {0};

    CU_ASSERT_EQUAL(loop_lookup_new(loop, "192.0.2.7", 8883, on_lookup, &v4, &v4.handle), ERR_OK);
    CU_ASSERT_EQUAL(loop_lookup_new(loop, "::1", 1883, on_lookup, &v6, &v6.handle), ERR_OK);
    CU_ASSERT_EQUAL(loop_lookup_new(loop, "127.0.0.1", 1, on_lookup, &gone, &gone.handle), ERR_OK);
    CU_ASSERT_FALSE(v4.done); /* never from inside loop_lookup_new */
    loop_lookup_delete(gone.handle);
    loop_lookup_delete(NULL);
    loop_run(loop);
    CU_ASSERT_TRUE(v4.done && v6.done);
    CU_ASSERT_FALSE(gone.done);
    const struct sockaddr_in *in = (const struct sockaddr_in *)&v4.addr.addr;
    CU_ASSERT_EQUAL(in->sin_family, AF_INET);
    CU_ASSERT_EQUAL(ntohl(in->sin_addr.s_addr), 0xC0000207U);
    CU_ASSERT_EQUAL(ntohs(in->sin_port), 8883);
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&v6.addr.addr;
    CU_ASSERT_EQUAL(in6->sin6_family, AF_INET6);
    CU_ASSERT_EQUAL(ntohs(in6->sin6_port), 1883);
    loop_delete(loop);
}

static void test_lookup_names(void)
{
    struct loop *loop = new_loop();
    struct lookup local = {0};
    struct lookup bad = {0};
    struct lookup gone = {0};
    struct lookup open = {0};
    char label[100]; /* longer than DNS allows: fails without asking anybody */

    memset(label, 'x', sizeof label - 1);
    label[sizeof label - 1] = '\0';
    CU_ASSERT_EQUAL(loop_lookup_new(loop, "localhost", 1883, on_lookup, &local, &local.handle),
                    ERR_OK);
    CU_ASSERT_EQUAL(loop_lookup_new(loop, label, 1, on_lookup, &bad, &bad.handle), ERR_OK);
    CU_ASSERT_EQUAL(loop_lookup_new(loop, "localhost", 1, on_lookup, &gone, &gone.handle), ERR_OK);
    loop_lookup_delete(gone.handle);
    turn_until(loop, &local.done);
    turn_until(loop, &bad.done);
    CU_ASSERT_EQUAL(local.err, ERR_OK);
    CU_ASSERT_EQUAL(local.addr.addr.ss_family, AF_INET);
    CU_ASSERT_NOT_EQUAL(bad.err, ERR_OK);
    CU_ASSERT_EQUAL(loop_lookup_new(loop, "localhost", 1, on_lookup, &open, &open.handle), ERR_OK);
    loop_delete(loop); /* with a lookup under way */
    CU_ASSERT_FALSE(gone.done || open.done);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"a timer fires once, not before its deadline", test_one_shot},
        {"a periodic timer fires until stopped", test_periodic},
        {"a turn waits for its deadline", test_turn_waits_for_its_deadline},
        {"a turn without waiting fires what is due", test_turn_without_waiting_fires_what_is_due},
        {"stop ends the run, also beforehand", test_stop},
        {"descriptors are level triggered", test_io_levels},
        {"an error is reported without interest", test_io_error_without_interest},
        {"a refused connection is reported", test_io_refused_connection},
        {"descriptors may be deleted in callbacks", test_io_deleted_in_callbacks},
        {"what cannot be watched is refused", test_io_what_cannot_be_watched},
        {"signals reach every watcher", test_signals},
        {"numeric addresses need no resolver", test_lookup_numeric},
        {"names are looked up, cancelled, abandoned", test_lookup_names},
        {0},
    };
    signal(SIGPIPE, SIG_IGN);
    return testing_main(argc, argv, "loop", cases);
}
