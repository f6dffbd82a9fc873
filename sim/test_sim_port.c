/* SPDX-License-Identifier: Apache-2.0
 *
 * A pulled adapter, on every kind of port: what the client sees of it, that nothing from before
 * comes out of the new port, and that the old name leads to it. Every wait is for the thing itself,
 * with a deadline.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "port/tty.h"
#include "sim/device/console_knobs.h"
#include "sim/sim.h"
#include "testing/testing.h"

#define PATIENCE_US (5 * US_PER_S)
#define QUIET_US    (100 * US_PER_MS)

struct client {
    struct tty *tty;
    struct buf heard;
    uint8_t memory[16384];
    bool closed;
};

struct bench {
    struct loop *loop;
    struct sim *sim;
    struct client client[2];
    char link[64];
    unsigned delivered; /* the last tag */
    unsigned n_delivered;
    size_t sent; /* by the simulation */
};

/* ---- both ends ---- */

static void on_delivered(void *ctx, unsigned tag, uint64_t t_us, uint64_t late_us,
                         struct span reply)
{
    struct bench *b = ctx;
    (void)t_us;
    (void)late_us;
    (void)reply;
    b->delivered = tag;
    b->n_delivered++;
}

static void on_wire(void *ctx, enum sim_direction dir, struct span bytes, uint64_t t_us,
                    uint64_t late_us)
{
    struct bench *b = ctx;
    (void)t_us;
    (void)late_us;
    if (dir == SIM_TO_CLIENT)
        b->sent += bytes.n;
}

static void client_bytes(void *ctx, struct span bytes)
{
    buf_put(&((struct client *)ctx)->heard, bytes);
}

static void client_event(void *ctx, enum tty_event event)
{
    struct client *c = ctx;
    c->closed = c->closed || event == TTY_CLOSED;
}

static struct tty_handler handler_of(struct client *c)
{
    return (struct tty_handler){.on_bytes = client_bytes, .on_event = client_event, .ctx = c};
}

static enum err open_client(struct bench *b, struct client *c, const char *where)
{
    const struct tty_handler handler = handler_of(c);
    c->heard = buf_of(c->memory, sizeof c->memory);
    c->closed = false;
    return tty_open(b->loop, where, 115200, &handler, &c->tty);
}

static void close_client(struct client *c)
{
    tty_delete(c->tty);
    c->tty = NULL;
}

static void make_sim(struct bench *b)
{
    const struct sim_handler handler = {.on_wire = on_wire, .on_delivered = on_delivered, .ctx = b};
    struct sim_config config;
    memset(b, 0, sizeof *b);
    sim_config_init(&config);
    console_knobs(&config)->answer_delay_us = 1000;
    config.battery[0].used = true;
    snprintf(b->link, sizeof b->link, "/tmp/bmsrig-sim-port-%d", (int)getpid());
    CU_ASSERT_EQUAL_FATAL(loop_new(&b->loop), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(sim_new(b->loop, NULL, &config, 1, &handler, &b->sim), ERR_OK);
}

static void open_pty(struct bench *b)
{
    char where[80];
    make_sim(b);
    snprintf(where, sizeof where, "pty:%s", b->link);
    CU_ASSERT_EQUAL_FATAL(sim_open(b->sim, where), ERR_OK);
}

static void close_bench(struct bench *b)
{
    close_client(&b->client[0]);
    close_client(&b->client[1]);
    sim_delete(b->sim);
    loop_delete(b->loop);
}

static enum err apply(struct bench *b, const char *line, unsigned tag, const char **ret_why)
{
    struct conf_file *file = NULL;
    struct stimulus s;
    CU_ASSERT_EQUAL_FATAL(conf_parse("test", span_str(line), &file), ERR_OK);
    struct conf_cursor c = conf_cursor_of(file, &file->lines[0]);
    CU_ASSERT_TRUE_FATAL(stimulus_take(&c, true, &s));
    conf_delete(file);
    return sim_apply(b->sim, &s, tag, ret_why);
}

#define APPLY(b, line, tag) CU_ASSERT_EQUAL(apply((b), (line), (tag), NULL), ERR_OK)

/* ---- waiting ---- */

static bool contains(struct span text, const char *what)
{
    size_t n = strlen(what);
    for (size_t i = 0; i + n <= text.n; i++)
        if (memcmp(text.p + i, what, n) == 0)
            return true;
    return false;
}

static bool wait_for_true(struct bench *b, const bool *flag)
{
    uint64_t deadline = loop_now(b->loop) + PATIENCE_US;
    while (!*flag && loop_now(b->loop) < deadline)
        loop_turn(b->loop, deadline);
    return *flag;
}

static bool wait_for_text(struct bench *b, const struct client *c, const char *what)
{
    uint64_t deadline = loop_now(b->loop) + PATIENCE_US;
    while (!contains(buf_span(&c->heard), what) && loop_now(b->loop) < deadline)
        loop_turn(b->loop, deadline);
    return contains(buf_span(&c->heard), what);
}

static bool wait_for_connection(struct bench *b, const struct client *c)
{
    uint64_t deadline = loop_now(b->loop) + PATIENCE_US;
    while (!tty_connected(c->tty) && loop_now(b->loop) < deadline)
        loop_turn(b->loop, deadline);
    return tty_connected(c->tty);
}

/* To see that something does not happen. */
static void stay_quiet(struct bench *b)
{
    uint64_t deadline = loop_now(b->loop) + QUIET_US;
    while (loop_now(b->loop) < deadline)
        loop_turn(b->loop, deadline);
}

static bool ask(struct bench *b, struct client *c, const char *command)
{
    buf_clear(&c->heard);
    tty_write(c->tty, span_str(command));
    tty_write(c->tty, SPAN_LIT("\r"));
    return wait_for_text(b, c, "pylon>");
}

static bool exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 || errno != ENOENT;
}

/* ---- PTY ---- */

static void test_pulled_and_put_back(void)
{
    static struct bench b;
    open_pty(&b);
    struct client *old = &b.client[0], *fresh = &b.client[1];
    CU_ASSERT_EQUAL_FATAL(open_client(&b, old, b.link), ERR_OK);
    CU_ASSERT_TRUE(ask(&b, old, "time"));
    APPLY(&b, "unplug adapter", 1);
    CU_ASSERT_PTR_NULL(sim_path(b.sim));
    CU_ASSERT_FALSE(exists(b.link));
    CU_ASSERT_TRUE(wait_for_true(&b, &old->closed));
    CU_ASSERT_EQUAL(tty_write(old->tty, SPAN_LIT("pwr\r")), ERR_CLOSED);
    CU_ASSERT_EQUAL(open_client(&b, fresh, b.link), ERR_NOT_FOUND);
    /* the old descriptor stays open, as that of a program that does not look after it */
    APPLY(&b, "plug", 2);
    CU_ASSERT_STRING_EQUAL(sim_path(b.sim), b.link);
    CU_ASSERT_EQUAL(tty_write(old->tty, SPAN_LIT("pwr\r")), ERR_CLOSED);
    CU_ASSERT_EQUAL_FATAL(open_client(&b, fresh, b.link), ERR_OK);
    CU_ASSERT_EQUAL(b.n_delivered, 0);
    CU_ASSERT_TRUE(ask(&b, fresh, "time"));
    CU_ASSERT_TRUE(contains(buf_span(&fresh->heard), "Ds3231 20"));
    CU_ASSERT_EQUAL(b.n_delivered, 1);
    CU_ASSERT_EQUAL(b.delivered, 2);
    close_bench(&b);
    CU_ASSERT_FALSE(exists(b.link));
}

/* A client that opens in the meantime finds nothing of the answer that was on its way. */
static void test_pulled_in_mid_answer(void)
{
    static struct bench b;
    open_pty(&b);
    struct client *old = &b.client[0], *fresh = &b.client[1];
    uint64_t deadline = loop_now(b.loop) + PATIENCE_US;
    CU_ASSERT_EQUAL_FATAL(open_client(&b, old, b.link), ERR_OK);
    tty_write(old->tty, SPAN_LIT("pwr\r"));
    while (b.sent == 0 && loop_now(b.loop) < deadline) /* the echo */
        loop_turn(b.loop, deadline);
    CU_ASSERT(b.sent > 0);
    APPLY(&b, "unplug adapter", 1);
    size_t before = b.sent;
    stay_quiet(&b);
    CU_ASSERT_EQUAL(b.sent, before);
    APPLY(&b, "plug", 2);
    CU_ASSERT_EQUAL_FATAL(open_client(&b, fresh, b.link), ERR_OK);
    stay_quiet(&b);
    CU_ASSERT_EQUAL(fresh->heard.n, 0);
    CU_ASSERT_TRUE(ask(&b, fresh, "pwr"));
    CU_ASSERT_EQUAL(b.delivered, 2);
    close_bench(&b);
}

/* Cable and adapter in any order: one `plug` brings all back. */
static void test_pulled_twice_and_with_the_cable(void)
{
    static struct bench b;
    open_pty(&b);
    struct client *c = &b.client[0];
    APPLY(&b, "plug", 1);
    APPLY(&b, "unplug", 2);
    CU_ASSERT_TRUE(exists(b.link));
    APPLY(&b, "unplug adapter", 3);
    APPLY(&b, "unplug adapter", 4);
    APPLY(&b, "unplug", 5);
    CU_ASSERT_FALSE(exists(b.link));
    CU_ASSERT_EQUAL(sim_open(b.sim, "pty"), ERR_EXISTS);
    APPLY(&b, "plug", 6);
    CU_ASSERT_EQUAL_FATAL(open_client(&b, c, b.link), ERR_OK);
    CU_ASSERT_TRUE(ask(&b, c, "time"));
    CU_ASSERT_EQUAL(b.delivered, 6);
    close_bench(&b);
}

static void test_name_taken_meanwhile(void)
{
    static struct bench b;
    const char *why = NULL;
    open_pty(&b);
    APPLY(&b, "unplug adapter", 1);
    CU_ASSERT_EQUAL_FATAL(mkdir(b.link, 0700), 0);
    CU_ASSERT_NOT_EQUAL(apply(&b, "plug", 2, &why), ERR_OK);
    CU_ASSERT_STRING_EQUAL(why, "the port cannot be made again: its name or TCP port is taken");
    CU_ASSERT_PTR_NULL(sim_path(b.sim));
    CU_ASSERT_EQUAL_FATAL(rmdir(b.link), 0);
    APPLY(&b, "plug", 3);
    CU_ASSERT_EQUAL_FATAL(open_client(&b, &b.client[0], b.link), ERR_OK);
    CU_ASSERT_TRUE(ask(&b, &b.client[0], "time"));
    CU_ASSERT_EQUAL(b.delivered, 3);
    close_bench(&b);
}

/* ---- TCP ---- */

static void test_tcp_server(void)
{
    static struct bench b;
    char where[64];
    make_sim(&b);
    CU_ASSERT_EQUAL_FATAL(sim_open(b.sim, "tcp:0"), ERR_OK);
    struct client *old = &b.client[0], *fresh = &b.client[1];
    snprintf(where, sizeof where, "%s", sim_path(b.sim));
    CU_ASSERT_EQUAL_FATAL(open_client(&b, old, where), ERR_OK);
    CU_ASSERT_TRUE_FATAL(wait_for_connection(&b, old));
    CU_ASSERT_TRUE(ask(&b, old, "time"));
    APPLY(&b, "unplug adapter", 1);
    CU_ASSERT_PTR_NULL(sim_path(b.sim));
    CU_ASSERT_TRUE(wait_for_true(&b, &old->closed));
    CU_ASSERT_EQUAL_FATAL(open_client(&b, fresh, where), ERR_OK);
    CU_ASSERT_TRUE(wait_for_true(&b, &fresh->closed)); /* refused */
    close_client(fresh);
    APPLY(&b, "plug", 2);
    CU_ASSERT_STRING_EQUAL(sim_path(b.sim), where);
    CU_ASSERT_EQUAL_FATAL(open_client(&b, fresh, where), ERR_OK);
    CU_ASSERT_TRUE_FATAL(wait_for_connection(&b, fresh));
    CU_ASSERT_TRUE(ask(&b, fresh, "time"));
    CU_ASSERT_EQUAL(b.delivered, 2);
    close_bench(&b);
}

/* The simulation is the one that connects, to a serial server: it leaves and stays away. */
static void test_tcp_client(void)
{
    static struct bench b;
    make_sim(&b);
    struct client *c = &b.client[0];
    const struct tty_handler handler = handler_of(c);
    c->heard = buf_of(c->memory, sizeof c->memory);
    CU_ASSERT_EQUAL_FATAL(tty_listen(b.loop, 0, &handler, &c->tty), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(sim_open(b.sim, tty_path(c->tty)), ERR_OK);
    CU_ASSERT_TRUE_FATAL(wait_for_connection(&b, c));
    CU_ASSERT_TRUE(ask(&b, c, "time"));
    APPLY(&b, "unplug adapter", 1);
    CU_ASSERT_TRUE(wait_for_true(&b, &c->closed));
    stay_quiet(&b);
    CU_ASSERT_FALSE(tty_connected(c->tty));
    APPLY(&b, "plug", 2);
    CU_ASSERT_TRUE_FATAL(wait_for_connection(&b, c));
    CU_ASSERT_TRUE(ask(&b, c, "time"));
    CU_ASSERT_EQUAL(b.delivered, 2);
    close_bench(&b);
}

/* ---- refusals ---- */

static void test_refused_without_a_port(void)
{
    static struct bench b;
    const char *why = NULL;
    make_sim(&b);
    CU_ASSERT_EQUAL(apply(&b, "unplug adapter", 1, &why), ERR_USAGE);
    CU_ASSERT_STRING_EQUAL(why, "the port is not open");
    close_bench(&b);
}

/* The real port's other end is a PTY here; the simulation treats it as any device. */
static void test_refused_on_a_real_port(void)
{
    static struct bench b;
    const char *why = NULL;
    make_sim(&b);
    struct client *c = &b.client[0];
    const struct tty_handler handler = handler_of(c);
    c->heard = buf_of(c->memory, sizeof c->memory);
    CU_ASSERT_EQUAL_FATAL(tty_open_pty(b.loop, b.link, &handler, &c->tty), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(sim_open(b.sim, b.link), ERR_OK);
    CU_ASSERT_TRUE_FATAL(wait_for_connection(&b, c));
    CU_ASSERT_EQUAL(apply(&b, "unplug adapter", 1, &why), ERR_UNSUPPORTED);
    CU_ASSERT_STRING_EQUAL(why, "the adapter of a real serial port cannot be pulled by a program; "
                                "`unplug` keeps the bytes back");
    CU_ASSERT_TRUE(ask(&b, c, "time")); /* nothing has happened */
    APPLY(&b, "unplug", 2);
    APPLY(&b, "plug", 3);
    CU_ASSERT_TRUE(ask(&b, c, "time"));
    CU_ASSERT_EQUAL(b.delivered, 3);
    close_bench(&b);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"pulled and put back", test_pulled_and_put_back},
        {"pulled in mid-answer", test_pulled_in_mid_answer},
        {"pulled twice, and with the cable", test_pulled_twice_and_with_the_cable},
        {"the name is taken meanwhile", test_name_taken_meanwhile},
        {"TCP server", test_tcp_server},
        {"TCP client", test_tcp_client},
        {"refused without a port", test_refused_without_a_port},
        {"refused on a real port", test_refused_on_a_real_port},
        {0}};
    return testing_main(argc, argv, "sim_port", cases);
}
