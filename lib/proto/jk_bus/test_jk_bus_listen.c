/* SPDX-License-Identifier: Apache-2.0
 *
 * Listening to the pack bus: whose frame it was, whatever is missing, glued, cut or foreign; and a
 * whole cycle of a JK master.
 */
#include <stdio.h>
#include <string.h>

#include "proto/jk_bus/jk_bus.h"
#include "proto/jk_frame/test_jk_support.h"

enum { MS = 1000 };

/* Events as words: "ask3c" a request for the cells of unit 3, "echo1s", "3c/ack" a frame with how
 * its unit is known, "ack3c" a lone acknowledge. */
struct heard {
    char text[2048];
    size_t n;
    struct jk_bus_cycle cycle;
};

static char letter(enum jk_type type)
{
    switch (type) {
    case JK_CELLS: return 'c';
    case JK_SETTINGS: return 's';
    case JK_INFO: return 'i';
    case JK_LOG: return 'l';
    }
    return '?';
}

static const char *identity(enum jk_bus_identity id)
{
    switch (id) {
    case JK_BUS_BY_ACK: return "ack";
    case JK_BUS_BY_REQUEST: return "request";
    case JK_BUS_BY_FRAME: return "frame";
    case JK_BUS_BY_NOBODY: return "nobody";
    }
    return "?";
}

static void hear(struct heard *h, enum jk_bus_event event, const struct jk_bus_heard *what,
                 uint64_t now_us)
{
    char word[32];

    switch (event) {
    case JK_BUS_MORE: return;
    case JK_BUS_REQUEST:
        snprintf(word, sizeof word, "ask%u%c ", (unsigned)what->unit, letter(what->type));
        break;
    case JK_BUS_ECHO:
        snprintf(word, sizeof word, "echo%u%c ", (unsigned)what->unit, letter(what->type));
        break;
    case JK_BUS_ACK:
        snprintf(word, sizeof word, "ack%u%c ", (unsigned)what->unit, letter(what->type));
        break;
    case JK_BUS_FRAME:
        snprintf(word, sizeof word, "%u%c/%s ", (unsigned)what->unit, letter(what->type),
                 identity(what->identity));
        break;
    }
    h->n += (size_t)snprintf(h->text + h->n, sizeof h->text - h->n, "%s", word);
    jk_bus_cycle_note(&h->cycle, event, what, now_us);
}

static void feed(struct jk_bus *bus, struct span in, uint64_t now_us, struct heard *h)
{
    for (;;) {
        size_t used = 0;
        struct jk_bus_heard what = {0};
        enum jk_bus_event event = jk_bus_feed(bus, in, now_us, &used, &what);
        in = span_sub(in, used, in.n);
        if (event == JK_BUS_MORE)
            break;
        hear(h, event, &what, now_us);
    }
    CU_ASSERT_EQUAL(in.n, 0);
}

static void expire(struct jk_bus *bus, uint64_t now_us, struct heard *h)
{
    struct jk_bus_heard what;
    enum jk_bus_event event;

    while ((event = jk_bus_expire(bus, now_us, &what)) != JK_BUS_MORE)
        hear(h, event, &what, now_us);
}

static void is_text(const char *got, const char *want)
{
    if (strcmp(got, want) != 0)
        TESTING_FAIL("heard \"%s\", not \"%s\"", got, want);
    else
        CU_ASSERT_STRING_EQUAL(got, want);
}

/* Every chunk size, every split; at the end all that waits is decided by time. */
static void in_every_way(struct span in, const char *want)
{
    for (size_t size = 1; size <= in.n; size++) {
        struct jk_bus bus = {0};
        struct heard h = {0};
        for (size_t at = 0; at < in.n; at += size)
            feed(&bus, span_sub(in, at, size), MS, &h);
        expire(&bus, 200 * MS, &h);
        is_text(h.text, want);
        CU_ASSERT_EQUAL(jk_bus_deadline(&bus), UINT64_MAX);
    }
    for (size_t at = 0; at <= in.n; at++) {
        struct jk_bus bus = {0};
        struct heard h = {0};
        feed(&bus, span_sub(in, 0, at), MS, &h);
        feed(&bus, span_sub(in, at, in.n), MS, &h);
        expire(&bus, 200 * MS, &h);
        is_text(h.text, want);
    }
}

/* ---- streams from parts ---- */

struct room {
    uint8_t bytes[4096];
    struct buf out;
};

static struct buf *empty(struct room *room)
{
    room->out = buf_of(room->bytes, sizeof room->bytes);
    return &room->out;
}

static void put_hex(struct buf *out, const char *hex)
{
    buf_put(out, jk_hex(hex));
}

static void put_cells(struct buf *out)
{
    uint8_t f[JK_FRAME];

    jk_healthy_32s(f);
    buf_put(out, span_of(f, JK_FRAME));
}

static void put_settings(struct buf *out, uint32_t unit)
{
    uint8_t f[JK_FRAME];

    jk_blank(f, JK_SETTINGS, 5);
    jk_poke(f, 270, 4, unit);
    jk_seal(f);
    buf_put(out, span_of(f, JK_FRAME));
}

/* Requests and acknowledges of the specification. */
#define ASK_1_CELLS    "011016200001020000d6f1"
#define ASK_2_CELLS    "021016200001020000c201"
#define ASK_3_CELLS    "031016200001020000cf91"
#define ASK_3_SETTINGS "0310161e0001020000cb4f"
#define ACK_1_CELLS    "011016200001044b"
#define ACK_3_CELLS    "03101620000105a9"
#define ACK_3_SETTINGS "0310161e00016465"
#define ACK_0_CELLS    "001016200001059a"
#define ACK_0_SETTINGS "0010161e00016456"

static void test_both_forms(void)
{
    struct room room;
    struct buf *out = empty(&room);

    put_hex(out, ASK_3_CELLS);
    put_cells(out);
    put_hex(out, ACK_3_CELLS); /* 308 */
    put_hex(out, ASK_3_SETTINGS);
    put_settings(out, 3);
    put_hex(out, "00" ACK_3_SETTINGS "00"); /* 310 */
    in_every_way(buf_span(out), "ask3c 3c/ack ask3s 3s/ack ");
}

/* Garbage of the driver, up to 4 bytes between, an answer nobody heard the request of. */
static void test_noise(void)
{
    struct room room;
    struct buf *out = empty(&room);

    put_hex(out, "00ff0010165500aa");
    put_cells(out);
    put_hex(out, "00000000" ACK_1_CELLS "ff");
    in_every_way(buf_span(out), "1c/ack ");
}

static void test_missing_ack(void)
{
    struct room room;
    struct buf *out = empty(&room);

    put_hex(out, ASK_3_CELLS);
    put_cells(out);
    in_every_way(buf_span(out), "ask3c 3c/request ");
    put_hex(out, ASK_1_CELLS); /* the next request decides it at once */
    in_every_way(buf_span(out), "ask3c 3c/request ask1c ");
    put_cells(out);
    put_cells(out); /* the next frame, too; nobody asked for that one */
    in_every_way(buf_span(out), "ask3c 3c/request ask1c 1c/request 0c/nobody ");
}

/* A broken acknowledge does not cancel a good frame; neither does one that comes too late. */
static void test_broken_ack(void)
{
    struct room room;
    struct buf *out = empty(&room);

    put_hex(out, ASK_3_CELLS);
    put_cells(out);
    put_hex(out, "03101620000105a8");
    in_every_way(buf_span(out), "ask3c 3c/request ");
    out = empty(&room);
    put_hex(out, ASK_3_CELLS);
    put_cells(out);
    put_hex(out, "fffffffffe" ACK_3_CELLS);
    in_every_way(buf_span(out), "ask3c 3c/request ack3c ");
}

/* Asked 3 for cells, but an acknowledge of settings follows: not of this frame. */
static void test_ack_of_other_record(void)
{
    struct room room;
    struct buf *out = empty(&room);

    put_hex(out, ASK_3_CELLS);
    put_cells(out);
    put_hex(out, ACK_3_SETTINGS);
    in_every_way(buf_span(out), "ask3c 3c/request ack3s ");
}

static void test_ack_first(void)
{
    struct room room;
    struct buf *out = empty(&room);

    put_hex(out, ACK_3_CELLS);
    put_cells(out);
    in_every_way(buf_span(out), "ack3c 3c/ack ");
    out = empty(&room);
    put_hex(out, ACK_3_SETTINGS); /* of another record */
    put_cells(out);
    in_every_way(buf_span(out), "ack3s 0c/nobody ");
}

/* A trigger to 1 answered by 3: the acknowledge decides. */
static void test_wrong_one_answers(void)
{
    struct jk_bus bus = {0};
    struct heard h = {0};
    struct room room;
    struct buf *out = empty(&room);
    struct jk_bus_heard what;
    size_t used = 0;

    put_hex(out, ASK_1_CELLS);
    feed(&bus, buf_span(out), MS, &h);
    out = empty(&room);
    put_cells(out);
    put_hex(out, ACK_3_CELLS);
    CU_ASSERT_EQUAL(jk_bus_feed(&bus, buf_span(out), 40 * MS, &used, &what), JK_BUS_FRAME);
    CU_ASSERT_EQUAL(what.unit, 3);
    CU_ASSERT_EQUAL(what.identity, JK_BUS_BY_ACK);
    CU_ASSERT(what.asked);
    CU_ASSERT_EQUAL(what.asked_unit, 1);
    CU_ASSERT_EQUAL(what.frame.n, JK_FRAME);
    hear(&h, JK_BUS_FRAME, &what, 40 * MS);
    CU_ASSERT_EQUAL(h.cycle.strangers, 1);
    CU_ASSERT_EQUAL(jk_bus_cycle_present(&h.cycle, 41 * MS), 1u << 3);
}

/* Two open requests: which of them the unsigned frame answers cannot be told. Settings name their
 * unit themselves. */
static void test_two_open(void)
{
    struct room room;
    struct buf *out = empty(&room);

    put_hex(out, ASK_1_CELLS ASK_3_CELLS);
    put_cells(out);
    in_every_way(buf_span(out), "ask1c ask3c 0c/nobody ");
    out = empty(&room);
    put_hex(out, ASK_1_CELLS ASK_3_SETTINGS);
    put_settings(out, 3);
    in_every_way(buf_span(out), "ask1c ask3s 3s/frame ");
    out = empty(&room);
    put_hex(out, ASK_3_CELLS ASK_3_CELLS); /* the same again is one */
    put_cells(out);
    in_every_way(buf_span(out), "ask3c ask3c 3c/request ");
    out = empty(&room);
    put_hex(out, ASK_3_SETTINGS); /* asked for something else */
    put_cells(out);
    in_every_way(buf_span(out), "ask3s 0c/nobody ");
}

static void test_settings_name_their_unit(void)
{
    struct room room;
    struct buf *out = empty(&room);

    put_settings(out, 15);
    in_every_way(buf_span(out), "15s/frame ");
    out = empty(&room);
    put_settings(out, 16); /* no such unit */
    in_every_way(buf_span(out), "0s/nobody ");
    out = empty(&room);
    put_settings(out, 0x103);
    in_every_way(buf_span(out), "0s/nobody ");
}

static void test_old_request(void)
{
    struct jk_bus bus = {0};
    struct heard h = {0};
    struct room room;
    struct buf *out = empty(&room);

    feed(&bus, jk_hex(ASK_3_CELLS), MS, &h);
    put_cells(out);
    feed(&bus, buf_span(out), 222 * MS, &h); /* 221 ms later: nobody's */
    expire(&bus, 300 * MS, &h);
    feed(&bus, jk_hex(ASK_1_CELLS), 400 * MS, &h);
    feed(&bus, jk_hex(ASK_3_CELLS), 621 * MS, &h); /* the first is no longer open */
    feed(&bus, buf_span(out), 660 * MS, &h);
    expire(&bus, 800 * MS, &h);
    is_text(h.text, "ask3c 0c/nobody ask1c ask3c 3c/request ");
}

/* ---- own polling ---- */

static void test_echo(void)
{
    struct jk_bus bus = {0};
    struct heard h = {0};
    struct room room;
    struct buf *out = empty(&room);

    jk_bus_sent(&bus, 3, JK_CELLS, MS);
    put_hex(out, ASK_3_CELLS);
    put_cells(out);
    feed(&bus, buf_span(out), 40 * MS, &h);
    expire(&bus, 90 * MS, &h);
    feed(&bus, jk_hex(ASK_3_CELLS), 100 * MS, &h); /* not ours a second time */
    is_text(h.text, "echo3c 3c/request ask3c ");
    CU_ASSERT(jk_bus_cycle_has_master(&h.cycle, 100 * MS));
    CU_ASSERT_EQUAL(h.cycle.units[3].frames, 1);
}

static void test_own_without_echo(void)
{
    struct jk_bus bus = {0};
    struct heard h = {0};
    struct room room;
    struct buf *out = empty(&room);

    put_cells(out);
    jk_bus_sent(&bus, 3, JK_CELLS, MS);
    feed(&bus, buf_span(out), 40 * MS, &h);
    expire(&bus, 90 * MS, &h);
    jk_bus_sent(&bus, 2, JK_CELLS, 200 * MS);
    feed(&bus, jk_hex(ASK_2_CELLS), 500 * MS, &h); /* too late to be the echo */
    is_text(h.text, "3c/request ask2c ");
}

/* ---- damage ---- */

/* Single adapters cut frames to 287, 288 or 299 bytes: a loss, never padded; nothing behind it is
 * lost. */
static void test_cut_frames(void)
{
    const size_t lengths[] = {1, 4, 270, 287, 288, 296, 299};

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct room room;
        struct buf *out = empty(&room);
        put_hex(out, ASK_1_CELLS);
        put_cells(out);
        out->n = JK_BUS_REQUEST_BYTES + lengths[i];
        put_hex(out, ASK_3_CELLS);
        put_cells(out);
        put_hex(out, ACK_3_CELLS);
        in_every_way(buf_span(out), "ask1c ask3c 3c/ack ");
    }
}

/* A cut frame filled up by the next request to 300 bytes, with a good sum: the request inside
 * betrays it. */
static void test_splice(void)
{
    struct jk_bus bus = {0};
    struct heard h = {0};
    uint8_t f[JK_FRAME];

    jk_healthy_32s(f);
    memcpy(f + 288, jk_hex(ASK_3_CELLS).p, 11);
    jk_seal(f);
    feed(&bus, span_of(f, JK_FRAME), MS, &h);
    is_text(h.text, "ask3c ");
    CU_ASSERT_EQUAL(bus.bad_splice, 1);
    jk_healthy_32s(f);
    memcpy(f + 128, "\x55\xAA\xEB\x90", 4);
    jk_seal(f);
    feed(&bus, span_of(f, JK_FRAME), MS, &h);
    CU_ASSERT_EQUAL(bus.bad_splice, 2);
    CU_ASSERT_EQUAL(bus.frames, 0);
}

static void test_silence(void)
{
    struct jk_bus bus = {0};
    struct heard h = {0};
    struct room room;
    struct buf *out = empty(&room);

    put_cells(out);
    feed(&bus, span_sub(buf_span(out), 0, 128), MS, &h);
    CU_ASSERT_EQUAL(jk_bus_deadline(&bus), 101 * MS);
    expire(&bus, 100 * MS, &h);
    CU_ASSERT_EQUAL(bus.cut, 0);
    expire(&bus, 101 * MS, &h);
    CU_ASSERT_EQUAL(bus.cut, 1);
    CU_ASSERT_EQUAL(bus.n, 0);
    /* without the timer: the halves of two frames never become one */
    feed(&bus, span_sub(buf_span(out), 0, 128), 200 * MS, &h);
    feed(&bus, span_sub(buf_span(out), 128, 172), 400 * MS, &h);
    CU_ASSERT_EQUAL(bus.cut, 2);
    feed(&bus, buf_span(out), 600 * MS, &h);
    CU_ASSERT_EQUAL(jk_bus_deadline(&bus), 650 * MS);
    expire(&bus, 650 * MS, &h);
    is_text(h.text, "0c/nobody ");
}

/* A whole request behind a cut frame, then silence: heard when the frame is given up. */
static void test_silence_behind_a_cut(void)
{
    struct jk_bus bus = {0};
    struct heard h = {0};
    struct room room;
    struct buf *out = empty(&room);

    put_cells(out);
    out->n = 200;
    put_hex(out, ASK_3_CELLS);
    feed(&bus, buf_span(out), MS, &h);
    is_text(h.text, "");
    expire(&bus, 101 * MS, &h);
    is_text(h.text, "ask3c ");
    feed(&bus, buf_span(out), 200 * MS, &h);
    feed(&bus, SPAN_LIT(""), 301 * MS, &h); /* the same without the timer */
    is_text(h.text, "ask3c ask3c ");
}

static void check_flipped(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    struct jk_bus bus = {0};
    struct heard h = {0};

    (void)bit;
    (void)ctx;
    feed(&bus, flipped, MS, &h);
    expire(&bus, 200 * MS, &h);
    if (byte < 11) /* the request is lost */
        is_text(h.text, "3c/ack ");
    else if (byte < 311) /* the frame */
        is_text(h.text, "ask3c ack3c ");
    else /* the acknowledge */
        is_text(h.text, "ask3c 3c/request ");
}

static void test_flipped(void)
{
    struct room room;
    struct buf *out = empty(&room);

    put_hex(out, ASK_3_CELLS);
    put_cells(out);
    put_hex(out, ACK_3_CELLS);
    testing_every_bit_flip(buf_span(out), check_flipped, NULL);
}

/* Swapped wires. */
static void test_garbage(void)
{
    struct jk_bus bus = {0};
    struct heard h = {0};

    for (unsigned i = 0; i < 1000; i++)
        feed(&bus, jk_hex("20aa820020f5fc26ea74a0"), i, &h);
    is_text(h.text, "");
    CU_ASSERT(bus.n < 3);
    CU_ASSERT(bus.junk > 10990);
}

/* Other Modbus traffic on the same wire. */
static void test_foreign_modbus(void)
{
    struct room room;
    struct buf *out = empty(&room);

    put_hex(out, "01031200001180be"
                 "02030400000000c933"
                 "0210107800020400000001f669");
    put_hex(out, ASK_3_CELLS);
    put_cells(out);
    put_hex(out, ACK_3_CELLS);
    in_every_way(buf_span(out), "ask3c 3c/ack ");
}

/* ---- a master's cycle ---- */

struct player {
    struct jk_bus bus;
    struct heard h;
    uint64_t now_us;
};

static void play(struct player *p, struct span bytes, uint64_t then_us)
{
    feed(&p->bus, bytes, p->now_us, &p->h);
    p->now_us += then_us;
    if (jk_bus_deadline(&p->bus) <= p->now_us)
        expire(&p->bus, p->now_us, &p->h);
}

/* One exchange as timed by a logic analyser: the answer is over 38 ms after the request, the next
 * request comes some 130 ms after the one before. */
static void exchange(struct player *p, uint8_t unit, enum jk_type type)
{
    struct room room;
    struct buf *out = empty(&room);
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
        out = empty(&room);
        jk_bus_request_encode(unit, JK_CELLS, out);
        play(p, buf_span(out), 221 * MS);
    }
    out = empty(&room);
    put_cells(out);
    if (signs)
        put_hex(out, ACK_0_CELLS);
    play(p, buf_span(out), 100 * MS);
    out = empty(&room);
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
    is_text(p.h.text, want);
    CU_ASSERT_EQUAL(p.h.cycle.period_us, 0);
    p.h.n = 0;
    cycle(&p, signs);
    is_text(p.h.text, want);
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
    struct buf *out = empty(&room);

    put_cells(out);
    jk_bus_sent(&bus, 3, JK_CELLS, MS);
    feed(&bus, buf_span(out), 500 * MS, &h);
    expire(&bus, 600 * MS, &h);
    is_text(h.text, "0c/nobody ");
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
             letter((enum jk_type)v->bytes.p[4]));
    in_every_way(v->bytes, want);
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
        {"308 and 310 bytes", test_both_forms},
        {"noise", test_noise},
        {"no acknowledge", test_missing_ack},
        {"a broken acknowledge", test_broken_ack},
        {"an acknowledge of another record", test_ack_of_other_record},
        {"the acknowledge first", test_ack_first},
        {"the wrong one answers", test_wrong_one_answers},
        {"two open requests", test_two_open},
        {"settings name their unit", test_settings_name_their_unit},
        {"an old request", test_old_request},
        {"the own echo", test_echo},
        {"no echo", test_own_without_echo},
        {"cut frames", test_cut_frames},
        {"splices", test_splice},
        {"silence", test_silence},
        {"silence behind a cut frame", test_silence_behind_a_cut},
        {"every flipped bit", test_flipped},
        {"garbage", test_garbage},
        {"other Modbus traffic", test_foreign_modbus},
        {"a master's cycle", test_cycle},
        {"a late answer", test_late_answer},
        {"recorded answers", test_recorded},
        {0},
    };
    return testing_main(argc, argv, "jk_bus_listen", cases);
}
