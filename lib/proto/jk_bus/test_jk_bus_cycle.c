/* SPDX-License-Identifier: Apache-2.0
 *
 * A JK master's whole cycle, and the recorded answers.
 */
#include <stdio.h>

#include "proto/jk_bus/test_jk_bus_support.h"

struct player {
    struct jk_bus bus;
    struct heard h;
    uint64_t now_us;
};

static void play(struct player *p, struct span bytes, uint64_t then_us)
{
    hear_feed(&p->bus, bytes, p->now_us, &p->h);
    p->now_us += then_us;
    if (jk_bus_deadline(&p->bus) <= p->now_us)
        hear_expire(&p->bus, p->now_us, &p->h);
}

/* One exchange as timed by a logic analyser: the answer is over 38 ms after the request, the next
 * request comes some 130 ms after the one before. */
static void exchange(struct player *p, uint8_t unit, enum jk_type type)
{
    struct room room;
    struct buf *out = room_empty(&room);
    uint8_t f[JK_FRAME];
    struct buf reply;
    uint8_t memory[JK_BUS_REPLY_MAX];

    jk_bus_request_encode(unit, type, out);
    play(p, buf_span(out), 38 * MS);
    if (type == JK_CELLS) {
        jk_healthy_32s(f);
    } else {
        jk_blank(f, JK_SETTINGS, 0);
        jk_poke(f, 270, 4, unit);
        jk_seal(f);
    }
    reply = buf_of(memory, sizeof memory);
    CU_ASSERT_EQUAL(jk_bus_reply_encode(span_of(f, JK_FRAME), unit, JK_BUS_310, &reply), ERR_OK);
    play(p, buf_span(&reply), 92 * MS);
}

/* Slaves 1 to 3, a probe of each of the others, then the master's own records. */
static void cycle(struct player *p, bool signs)
{
    struct room room;
    struct buf *out;

    for (uint8_t unit = 1; unit <= 3; unit++) {
        exchange(p, unit, JK_CELLS);
        exchange(p, unit, JK_SETTINGS);
    }
    for (uint8_t unit = 4; unit < JK_BUS_UNITS; unit++) {
        out = room_empty(&room);
        jk_bus_request_encode(unit, JK_CELLS, out);
        play(p, buf_span(out), 221 * MS);
    }
    out = room_empty(&room);
    put_cells(out);
    if (signs)
        put_hex(out, ACK_0_CELLS);
    play(p, buf_span(out), 100 * MS);
    out = room_empty(&room);
    put_settings(out, 0);
    if (signs)
        put_hex(out, ACK_0_SETTINGS);
    play(p, buf_span(out), 340 * MS);
}

static void follow(bool signs, const char *own)
{
    static const char slaves[] = "ask1c 1c/ack ask1s 1s/ack ask2c 2c/ack ask2s 2s/ack "
                                 "ask3c 3c/ack ask3s 3s/ack ask4c ask5c ask6c ask7c ask8c ask9c "
                                 "ask10c ask11c ask12c ask13c ask14c ask15c ";
    struct player p = {.now_us = 1000 * MS};
    char want[1024];

    cycle(&p, signs);
    snprintf(want, sizeof want, "%s%s", slaves, own);
    heard_is(&p.h, want);
    CU_ASSERT_EQUAL(p.h.cycle.period_us, 0);
    p.h.n = 0;
    cycle(&p, signs);
    heard_is(&p.h, want);
    /* the parts that the specification times add up to this; the whole it says takes 4.4 s */
    CU_ASSERT_EQUAL(p.h.cycle.period_us, (6 * 130 + 12 * 221 + 440) * MS);
    CU_ASSERT(jk_bus_cycle_has_master(&p.h.cycle, p.now_us));
    CU_ASSERT_EQUAL(jk_bus_cycle_present(&p.h.cycle, p.now_us), 0x000F);
    CU_ASSERT_EQUAL(p.h.cycle.units[0].frames, 4);
    CU_ASSERT_EQUAL(p.h.cycle.units[3].frames, 4);
    CU_ASSERT_EQUAL(p.h.cycle.units[3].unanswered, 0);
    CU_ASSERT_EQUAL(p.h.cycle.units[4].unanswered, 2);
    CU_ASSERT_EQUAL(p.h.cycle.strangers, 0);
    CU_ASSERT_EQUAL(p.bus.junk, 2 * 2 * 2 * 3); /* the zeros of the long form */
    p.now_us += 11000 * MS;
    CU_ASSERT_FALSE(jk_bus_cycle_has_master(&p.h.cycle, p.now_us));
    CU_ASSERT_EQUAL(jk_bus_cycle_present(&p.h.cycle, p.now_us), 0);
}

static void test_cycle(void)
{
    follow(true, "0c/ack 0s/ack ");
    follow(false, "0c/nobody 0s/frame ");
}

/* Without a master an unsigned frame that nobody asked for is a late answer: nobody's. */
static void test_late_answer(void)
{
    struct jk_bus bus = {0};
    struct heard h = {0};
    struct room room;
    struct buf *out = room_empty(&room);

    put_cells(out);
    jk_bus_sent(&bus, 3, JK_CELLS, MS);
    hear_feed(&bus, buf_span(out), 500 * MS, &h);
    hear_expire(&bus, 600 * MS, &h);
    heard_is(&h, "0c/nobody ");
    CU_ASSERT_EQUAL(jk_bus_cycle_present(&h.cycle, 600 * MS), 0);
}

/* ---- recorded ---- */

static void check_recorded(const struct jk_vector *v, void *ctx)
{
    size_t *n = ctx;
    char want[32];

    if (v->bytes.n < JK_FRAME)
        return;
    ++*n;
    snprintf(want, sizeof want, "%u%c/ack ", v->bytes.n == 310 ? 3u : 1u,
             hear_letter((enum jk_type)v->bytes.p[4]));
    hear_every_way(v->bytes, want);
}

static void test_recorded(void)
{
    size_t n = 0;

    if (jk_vectors_each("pb_rs485.json", check_recorded, &n))
        CU_ASSERT_EQUAL(n, 6);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"a master's cycle", test_cycle},
        {"a late answer", test_late_answer},
        {"recorded answers", test_recorded},
        {0},
    };
    return testing_main(argc, argv, "jk_bus_cycle", cases);
}
