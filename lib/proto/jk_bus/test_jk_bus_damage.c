/* SPDX-License-Identifier: Apache-2.0
 *
 * Cut, spliced and flipped telegrams, silence, and other traffic.
 */
#include <string.h>

#include "proto/jk_bus/test_jk_bus_support.h"

/* Single adapters cut frames to 287, 288 or 299 bytes: a loss, never padded; nothing behind it is
 * lost. */
static void test_cut_frames(void)
{
    const size_t lengths[] = {1, 4, 270, 287, 288, 296, 299};

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct room room;
        struct buf *out = room_empty(&room);
        put_hex(out, ASK_1_CELLS);
        put_cells(out);
        out->n = JK_BUS_REQUEST_BYTES + lengths[i];
        put_hex(out, ASK_3_CELLS);
        put_cells(out);
        put_hex(out, ACK_3_CELLS);
        hear_every_way(buf_span(out), "ask1c ask3c 3c/ack ");
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
    hear_feed(&bus, span_of(f, JK_FRAME), MS, &h);
    heard_is(&h, "ask3c ");
    CU_ASSERT_EQUAL(bus.bad_splice, 1);
    jk_healthy_32s(f);
    memcpy(f + 128, "\x55\xAA\xEB\x90", 4);
    jk_seal(f);
    hear_feed(&bus, span_of(f, JK_FRAME), MS, &h);
    CU_ASSERT_EQUAL(bus.bad_splice, 2);
    hear_expire(&bus, 200 * MS, &h);
    jk_healthy_32s(f);
    memcpy(f + 292, jk_hex(ACK_3_CELLS).p, 7); /* the sum completes the acknowledge */
    f[299] = 0xA9;
    jk_poke(f, 286, 1, (uint64_t)(0xA9 - jk_sum8(span_of(f, 299))));
    hear_feed(&bus, span_of(f, JK_FRAME), 201 * MS, &h);
    heard_is(&h, "ask3c ack3c ");
    CU_ASSERT_EQUAL(bus.bad_splice, 3);
    CU_ASSERT_EQUAL(bus.frames, 0);
}

static void test_silence(void)
{
    struct jk_bus bus = {0};
    struct heard h = {0};
    struct room room;
    struct buf *out = room_empty(&room);

    put_cells(out);
    hear_feed(&bus, span_sub(buf_span(out), 0, 128), MS, &h);
    CU_ASSERT_EQUAL(jk_bus_deadline(&bus), 101 * MS);
    hear_expire(&bus, 100 * MS, &h);
    CU_ASSERT_EQUAL(bus.cut, 0);
    hear_expire(&bus, 101 * MS, &h);
    CU_ASSERT_EQUAL(bus.cut, 1);
    CU_ASSERT_EQUAL(bus.n, 0);
    /* without the timer: the halves of two frames never become one */
    hear_feed(&bus, span_sub(buf_span(out), 0, 128), 200 * MS, &h);
    hear_feed(&bus, span_sub(buf_span(out), 128, 172), 400 * MS, &h);
    CU_ASSERT_EQUAL(bus.cut, 2);
    hear_feed(&bus, buf_span(out), 600 * MS, &h);
    CU_ASSERT_EQUAL(jk_bus_deadline(&bus), 650 * MS);
    hear_expire(&bus, 649 * MS, &h);
    heard_is(&h, "");
    hear_expire(&bus, 650 * MS, &h);
    heard_is(&h, "0c/nobody ");
}

/* A whole request behind a cut frame, then silence: heard when the frame is given up. */
static void test_silence_behind_a_cut(void)
{
    struct jk_bus bus = {0};
    struct heard h = {0};
    struct room room;
    struct buf *out = room_empty(&room);

    put_cells(out);
    out->n = 200;
    put_hex(out, ASK_3_CELLS);
    hear_feed(&bus, buf_span(out), MS, &h);
    heard_is(&h, "");
    hear_expire(&bus, 101 * MS, &h);
    heard_is(&h, "ask3c ");
    hear_feed(&bus, buf_span(out), 200 * MS, &h);
    hear_feed(&bus, SPAN_LIT(""), 301 * MS, &h); /* the same without the timer */
    heard_is(&h, "ask3c ask3c ");
}

static void check_flipped(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    struct jk_bus bus = {0};
    struct heard h = {0};

    (void)bit;
    (void)ctx;
    hear_feed(&bus, flipped, MS, &h);
    hear_expire(&bus, 200 * MS, &h);
    if (byte < 11) /* the request is lost */
        heard_is(&h, "3c/ack ");
    else if (byte < 311) /* the frame */
        heard_is(&h, "ask3c ack3c ");
    else /* the acknowledge */
        heard_is(&h, "ask3c 3c/request ");
}

static void test_flipped(void)
{
    struct room room;
    struct buf *out = room_empty(&room);

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
        hear_feed(&bus, jk_hex("20aa820020f5fc26ea74a0"), i, &h);
    heard_is(&h, "");
    CU_ASSERT(bus.n < 3);
    CU_ASSERT(bus.junk > 10990);
}

/* Other Modbus traffic on the same wire. */
static void test_foreign_modbus(void)
{
    struct room room;
    struct buf *out = room_empty(&room);

    put_hex(out, "01031200001180be"
                 "02030400000000c933"
                 "0210107800020400000001f669");
    put_hex(out, ASK_3_CELLS);
    put_cells(out);
    put_hex(out, ACK_3_CELLS);
    hear_every_way(buf_span(out), "ask3c 3c/ack ");
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"cut frames", test_cut_frames},
        {"splices", test_splice},
        {"silence", test_silence},
        {"silence behind a cut frame", test_silence_behind_a_cut},
        {"every flipped bit", test_flipped},
        {"garbage", test_garbage},
        {"other Modbus traffic", test_foreign_modbus},
        {0},
    };
    return testing_main(argc, argv, "jk_bus_damage", cases);
}
