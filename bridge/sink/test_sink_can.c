/* SPDX-License-Identifier: Apache-2.0
 *
 * The CAN sink on a bus of paper: cadence, urgency, silence, full queues, a bus that comes and
 * goes, the inverter. Frame bytes are literals (Pylontech CAN V1.2); the check ids are those of
 * docs/protocols/pylon-can-checks.md.
 */
#include <stdlib.h>

#include "bridge/sink/can.h"
#include "bridge/sink/test_sink_support.h"
#include "testing/testing.h"

/* ---- the paper bus ---- */

enum { MAX_FRAMES = 4096, SET = 6 };

struct bus {
    struct sink_can sink;
    struct sink can;
    uint64_t now_us;
    struct bank bank;
    struct can_msg frames[MAX_FRAMES];
    uint64_t at_us[MAX_FRAMES];
    unsigned n;
    unsigned room; /* frames the queue takes; UINT_MAX: all */
    enum err open_error, send_error;
    unsigned opens, closes;
};

static enum err bus_open(void *ctx)
{
    struct bus *b = ctx;

    if (b->open_error == ERR_OK)
        b->opens++;
    return b->open_error;
}

static void bus_close(void *ctx)
{
    struct bus *b = ctx;

    b->closes++;
}

static enum err bus_send(void *ctx, const struct can_msg *msg)
{
    struct bus *b = ctx;

    if (b->send_error != ERR_OK)
        return b->send_error;
    if (b->room == 0)
        return ERR_AGAIN;
    if (b->room != UINT32_MAX)
        b->room--;
    if (b->n < MAX_FRAMES) {
        b->at_us[b->n] = b->now_us;
        b->frames[b->n++] = *msg;
    }
    return ERR_OK;
}

static struct bus *bus_new(uint64_t keepalive_us)
{
    struct bus *b = calloc(1, sizeof *b);
    struct sink_can_config config = {
        .name = "inverter",
        .dialect = pylon_can_find("pylon-1.2"),
        .keepalive_us = keepalive_us,
    };
    struct can_end end = {.open = bus_open, .close = bus_close, .send = bus_send, .ctx = b};

    if (b == NULL)
        abort();
    b->now_us = T0;
    b->room = UINT32_MAX;
    b->bank = test_bank_with_life(BANK_WAITING);
    sink_can_init(&b->sink, &config, &end, NULL);
    b->can = sink_can_as_sink(&b->sink);
    return b;
}

static void bus_run(struct bus *b)
{
    b->can.ops->run(b->can.self, &b->bank, b->now_us);
}

/* Lets the sink's own deadlines pass. */
static void bus_pass(struct bus *b, uint64_t for_us)
{
    uint64_t end_us = b->now_us + for_us;

    for (;;) {
        uint64_t next_us = b->can.ops->next_deadline(b->can.self);
        if (next_us > end_us)
            break;
        b->now_us = next_us > b->now_us ? next_us : b->now_us;
        bus_run(b);
    }
    b->now_us = end_us;
}

static unsigned count_id(const struct bus *b, uint32_t id, unsigned from)
{
    unsigned n = 0;

    for (unsigned i = from; i < b->n; i++)
        n += b->frames[i].id == id;
    return n;
}

static void expect_frame(const struct can_msg *msg, const char *text)
{
    char got[64];
    struct buf out = buf_of(got, sizeof got - 1);

    can_msg_format(msg, &out);
    got[out.n] = '\0';
    CU_ASSERT_STRING_EQUAL(got, text);
}

static void test_can_set(void)
{
    struct bus *b = bus_new(0);

    bus_run(b);
    bus_pass(b, S(10));
    CU_ASSERT_EQUAL(b->opens, 1);
    CU_ASSERT_EQUAL(b->n, 0); /* nothing before the first complete reading */
    b->bank = test_bank_online();
    bus_run(b);
    CU_ASSERT_EQUAL(b->n, SET);
    expect_frame(&b->frames[0], "359#0000000003504E");
    expect_frame(&b->frames[1], "351#1402EE02EE02C201");
    expect_frame(&b->frames[2], "355#58005E00");
    expect_frame(&b->frames[3], "356#7A13F2FE6B01");
    expect_frame(&b->frames[4], "35C#C000");
    expect_frame(&b->frames[5], "35E#50594C4F4E202020");
    free(b);
}

/* C1, C2, D15: one set a second, and the thousandth is where it belongs. */
static void test_can_cadence(void)
{
    struct bus *b = bus_new(0);

    b->bank = test_bank_online();
    bus_run(b);
    for (unsigned i = 1; i <= 600; i++) {
        uint64_t tick_us = T0 + S(i) + MS(50);
        b->n = 0;
        if (i % 7 == 0) { /* the turn comes late: it is not made up for, and moves nothing */
            b->now_us = tick_us + MS(30);
            bus_run(b);
            CU_ASSERT_EQUAL(b->at_us[0], tick_us + MS(30));
        } else {
            bus_pass(b, tick_us - b->now_us);
            CU_ASSERT_EQUAL(b->at_us[0], tick_us);
        }
        CU_ASSERT_EQUAL(b->n, SET);
    }
    b->now_us += S(100); /* the machine slept: one set, not a hundred */
    b->n = 0;
    bus_run(b);
    CU_ASSERT_EQUAL(b->n, SET);
    free(b);
}

static void test_can_urgent(void)
{
    struct bus *b = bus_new(0);

    b->bank = test_bank_online();
    bus_run(b);
    bus_pass(b, MS(1500));
    unsigned before = b->n;
    b->bank.sum.ccl_ma = 0;
    b->bank.sum.charge_enable = false;
    b->bank.sum.protections = b->bank.sum.warnings = COND_BIT(COND_CELL_OVERVOLTAGE);
    bus_run(b); /* the same instant */
    CU_ASSERT_EQUAL(b->n - before, SET);
    expect_frame(&b->frames[before], "359#02000200"
                                     "03504E");
    expect_frame(&b->frames[before + 1], "351#14020000EE02C201"); /* C5: all in one set */
    expect_frame(&b->frames[before + 4], "35C#4000");
    before = b->n;
    bus_run(b); /* once */
    CU_ASSERT_EQUAL(b->n, before);
    bus_pass(b, MS(600)); /* the tick keeps its place */
    CU_ASSERT_EQUAL(b->n - before, SET);
    CU_ASSERT_EQUAL(b->at_us[before], T0 + S(2) + MS(50));
    /* what rises or clears waits for the tick */
    before = b->n;
    b->bank = test_bank_online();
    bus_run(b);
    CU_ASSERT_EQUAL(b->n, before);
    bus_pass(b, S(1));
    CU_ASSERT_EQUAL(b->n - before, SET);
    free(b);
}

/* A second condition behind the same bit, a limit that falls by less than its step: no news. */
static void test_can_invisible(void)
{
    struct bus *b = bus_new(0);

    b->bank = test_bank_online();
    b->bank.sum.protections = COND_BIT(COND_CELL_OVERVOLTAGE);
    b->bank.sum.dcl_ma = 75090;
    bus_run(b);
    bus_pass(b, MS(1500));
    unsigned before = b->n;
    b->bank.sum.protections |= COND_BIT(COND_PACK_OVERVOLTAGE);
    b->bank.sum.dcl_ma = 75060;
    bus_run(b);
    CU_ASSERT_EQUAL(b->n, before);
    b->bank.sum.dcl_ma = 74800;
    bus_run(b);
    CU_ASSERT_EQUAL(b->n - before, SET);
    free(b);
}

/* C2: a tick right behind an urgent set is left out. */
static void test_can_tick_behind_urgent(void)
{
    struct bus *b = bus_new(0);

    b->bank = test_bank_online();
    bus_run(b);
    bus_pass(b, MS(1000)); /* the tick is at 1050 ms */
    b->bank.sum.dcl_ma = 0;
    bus_run(b);
    unsigned before = b->n;
    bus_pass(b, MS(900));
    CU_ASSERT_EQUAL(b->n, before);
    bus_pass(b, MS(200));
    CU_ASSERT_EQUAL(b->n - before, SET);
    CU_ASSERT_EQUAL(b->at_us[before], T0 + MS(2050));
    free(b);
}

static void test_can_stale_and_lost(void)
{
    struct bus *b = bus_new(0);

    b->bank = test_bank_online();
    bus_run(b);
    bus_pass(b, MS(500));
    unsigned before = b->n;
    b->bank = test_bank_stale();
    bus_run(b);
    CU_ASSERT_EQUAL(b->n - before, SET); /* at once */
    expect_frame(&b->frames[before], "359#00000008"
                                     "00504E");
    expect_frame(&b->frames[before + 1], "351#140200000000C201");
    expect_frame(&b->frames[before + 4], "35C#0000");
    bus_pass(b, S(10));
    CU_ASSERT_TRUE(count_id(b, 0x351, before) >= 10);
    before = b->n;
    b->bank = test_bank_online();
    bus_run(b);
    CU_ASSERT_EQUAL(b->n - before, SET); /* the end of it at once, too */
    bus_run(b);
    CU_ASSERT_EQUAL(b->n - before, SET); /* and once */
    before = b->n;
    b->bank = test_bank_with_life(BANK_LOST);
    bus_run(b);
    bus_pass(b, S(60));
    CU_ASSERT_EQUAL(b->n, before); /* silence */
    b->bank = test_bank_online();
    bus_run(b);
    CU_ASSERT_EQUAL(b->n - before, SET); /* and back, complete */
    free(b);
}

/* D12: a queue of ten takes a set of six, then four of the next; nothing old leaves later. */
static void test_can_full_queue(void)
{
    struct bus *b = bus_new(0);

    b->bank = test_bank_online();
    b->room = 4;
    bus_run(b);
    CU_ASSERT_EQUAL(b->n, 4);
    b->now_us += MS(2);
    b->room = 10;
    bus_run(b); /* the rest of the same set follows shortly */
    CU_ASSERT_EQUAL(b->n, SET);
    CU_ASSERT_EQUAL(b->frames[5].id, 0x35E);
    CU_ASSERT_EQUAL(b->sink.stats.dropped, 0);

    b->room = 0; /* nobody acknowledges for a minute */
    bus_pass(b, S(60));
    CU_ASSERT_EQUAL(b->n, SET);
    CU_ASSERT_TRUE(b->sink.stats.dropped >= 59 * SET);
    b->room = UINT32_MAX;
    b->bank.sum.soc_pm = 500;
    bus_pass(b, S(1));
    CU_ASSERT_EQUAL(count_id(b, 0x355, SET), 1); /* no burst of old frames */
    for (unsigned i = SET; i < b->n; i++) {
        if (b->frames[i].id == 0x355)
            expect_frame(&b->frames[i], "355#32005E00");
    }
    free(b);
}

/* A set that is stuck half-way must not finish when a limit has fallen meanwhile. */
static void test_can_overtaken(void)
{
    struct bus *b = bus_new(0);

    b->bank = test_bank_online();
    b->room = 1;
    bus_run(b);
    b->bank.sum.ccl_ma = 0;
    b->room = UINT32_MAX;
    b->now_us += MS(1);
    bus_run(b);
    CU_ASSERT_EQUAL(b->n, 1 + SET);
    CU_ASSERT_EQUAL(count_id(b, 0x351, 0), 1);
    expect_frame(&b->frames[2], "351#14020000EE02C201");
    free(b);
}

/* An urgent set that the queue swallowed goes out with the next chance, not with the next tick. */
static void test_can_urgent_stuck(void)
{
    struct bus *b = bus_new(0);

    b->bank = test_bank_online();
    bus_run(b);
    bus_pass(b, MS(300));
    b->room = 0;
    b->bank.sum.ccl_ma = 0;
    bus_run(b);
    bus_pass(b, MS(150));
    unsigned before = b->n;
    b->room = UINT32_MAX;
    bus_run(b);
    bus_pass(b, MS(10));
    CU_ASSERT_EQUAL(b->n - before, SET);
    free(b);
}

/* D11: the bus goes away and comes back. */
static void test_can_bus_lost(void)
{
    struct bus *b = bus_new(0);

    b->bank = test_bank_online();
    bus_run(b);
    b->send_error = ERR_CLOSED;
    bus_pass(b, MS(1100));
    CU_ASSERT_EQUAL(b->closes, 1);
    b->open_error = ERR_NOT_FOUND;
    bus_pass(b, S(60));
    CU_ASSERT_EQUAL(b->opens, 1);
    b->send_error = b->open_error = ERR_OK;
    unsigned before = b->n;
    bus_pass(b, S(3));
    CU_ASSERT_EQUAL(b->opens, 2);
    CU_ASSERT_TRUE(count_id(b, 0x351, before) >= 1);
    CU_ASSERT_TRUE(count_id(b, 0x351, before) <= 3);
    sink_can_on_down(&b->sink, b->now_us); /* the port says so itself */
    CU_ASSERT_EQUAL(b->closes, 2);
    bus_pass(b, S(3));
    CU_ASSERT_EQUAL(b->opens, 3);
    free(b);
}

/* ---- the inverter ---- */

static void hear(struct bus *b, uint32_t id, uint8_t payload, bool extended)
{
    struct can_msg msg = {.id = id, .dlc = 8, .extended = extended, .data = {payload}};

    sink_can_on_frame(&b->sink, &msg, b->now_us);
}

/* D5, D6, D17: without a timeout the bridge talks on whatever the inverter does. */
static void test_can_no_keepalive(void)
{
    struct bus *b = bus_new(0);

    b->bank = test_bank_online();
    bus_run(b);
    hear(b, 0x305, 0x21, false); /* any payload */
    bus_pass(b, S(600));
    CU_ASSERT_EQUAL(count_id(b, 0x351, 0), 600);
    free(b);
}

static void test_can_keepalive_timeout(void)
{
    struct bus *b = bus_new(S(5));

    b->bank = test_bank_online();
    bus_run(b);
    for (unsigned i = 0; i < 10; i++) {
        hear(b, 0x305, 0, false);
        bus_pass(b, S(1));
    }
    CU_ASSERT_TRUE(count_id(b, 0x351, 0) >= 10);
    hear(b, 0x305, 0, true);  /* D8: 29 bits do not count */
    hear(b, 0x351, 0, false); /* D13: nor do the bridge's own ids */
    bus_pass(b, S(10));
    unsigned before = b->n;
    bus_pass(b, S(31));
    CU_ASSERT_EQUAL(b->n - before, SET); /* one set as a probe */
    hear(b, 0x305, 7, false);
    before = b->n;
    bus_run(b);
    CU_ASSERT_EQUAL(b->n - before, SET); /* D5: resumes at once */
    free(b);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"nothing, then the whole set", test_can_set},
        {"cadence without drift (C1, C2)", test_can_cadence},
        {"urgent changes (C5, C6)", test_can_urgent},
        {"invisible changes", test_can_invisible},
        {"no tick right behind an urgent set", test_can_tick_behind_urgent},
        {"stale, lost, back (D1, D2)", test_can_stale_and_lost},
        {"full queue (D12)", test_can_full_queue},
        {"an overtaken set", test_can_overtaken},
        {"an urgent set that is stuck", test_can_urgent_stuck},
        {"bus lost (D11)", test_can_bus_lost},
        {"no keep-alive (D5, D6)", test_can_no_keepalive},
        {"keep-alive timeout (D5, D8)", test_can_keepalive_timeout},
        {0},
    };
    return testing_main(argc, argv, "bridge.sink_can", cases);
}
