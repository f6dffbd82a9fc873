/* SPDX-License-Identifier: Apache-2.0
 *
 * L2CAP frames out of fragments, the fixed channels, and advertisements. Bytes are those of Core
 * 5.3, Vol 3 Part A 3 and 4, Part H 3.5, and of the Core Specification Supplement 10, Part A.
 */
#include <string.h>

#include "sim/ble/advert.h"
#include "sim/ble/l2cap.h"
#include "testing/testing.h"

#define FRAME "\x07\x00\x04\x00\x52\x12\x00\xAA\x55\x90\xEB"

/* ---- fragments ---- */

static void check_split(struct span first, struct span second, void *ctx)
{
    struct l2cap l = {0};
    struct l2cap_frame frame = {0};

    (void)ctx;
    bool early = l2cap_feed(&l, true, first, &frame);
    CU_ASSERT_EQUAL(early, second.n == 0);
    if (!early)
        CU_ASSERT_TRUE(l2cap_feed(&l, false, second, &frame));
    CU_ASSERT_EQUAL(frame.channel, 4);
    TESTING_BYTES_EQ(frame.payload, SPAN_LIT("\x52\x12\x00\xAA\x55\x90\xEB"));
    CU_ASSERT_FALSE(l2cap_feed(&l, false, SPAN_LIT("x"), &frame)); /* of nothing */
}

static void test_every_split(void)
{
    testing_every_split(SPAN_LIT(FRAME), check_split, NULL);
}

static void test_byte_by_byte(void)
{
    struct span in = SPAN_LIT(FRAME);
    struct l2cap l = {0};
    struct l2cap_frame frame;

    for (size_t i = 0; i < in.n; i++)
        CU_ASSERT_EQUAL(l2cap_feed(&l, i == 0, span_sub(in, i, 1), &frame), i + 1 == in.n);
}

static void test_dropped_frames(void)
{
    uint8_t longest[L2CAP_FRAME_MAX + 1] = {0x06, 0x02, 0x04, 0x00}; /* 518 */
    struct l2cap l = {0};
    struct l2cap_frame frame;

    CU_ASSERT_FALSE(l2cap_feed(&l, false, SPAN_LIT(FRAME), &frame));
    CU_ASSERT_FALSE(l2cap_feed(&l, true, SPAN_LIT(FRAME "x"), &frame)); /* more than it says */
    CU_ASSERT_FALSE(l2cap_feed(&l, true, SPAN_LIT("\x07\x00\x04"), &frame));
    CU_ASSERT_TRUE(l2cap_feed(&l, true, SPAN_LIT(FRAME), &frame)); /* another one begins */
    CU_ASSERT_FALSE(l2cap_feed(&l, true, span_of(longest, sizeof longest), &frame));
    CU_ASSERT_FALSE(l2cap_feed(&l, false, SPAN_LIT(FRAME), &frame));
    longest[0] = 0x05; /* 517: the longest there is */
    CU_ASSERT_TRUE(l2cap_feed(&l, true, span_of(longest, sizeof longest - 1), &frame));
    CU_ASSERT_EQUAL(frame.payload.n, 517);
    CU_ASSERT_TRUE(l2cap_feed(&l, true, SPAN_LIT("\x00\x00\x06\x00"), &frame)); /* empty */
    CU_ASSERT_EQUAL(frame.payload.n, 0);
}

static void feed_flipped(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    struct l2cap l = {0};
    struct l2cap_frame frame = {0};

    (void)byte;
    (void)bit;
    (void)ctx;
    for (size_t i = 0; i < flipped.n; i++)
        if (l2cap_feed(&l, i == 0, span_sub(flipped, i, 1), &frame))
            CU_ASSERT(frame.payload.n + L2CAP_HEADER <= flipped.n);
}

static void test_flipped(void)
{
    testing_every_bit_flip(SPAN_LIT(FRAME), feed_flipped, NULL);
}

/* ---- the other channels ---- */

typedef void (*answer_fn)(struct span command, struct buf *out);

static void check_answer(answer_fn answer, struct span command, struct span want)
{
    uint8_t memory[64];
    struct buf out = buf_of(memory, sizeof memory);

    answer(command, &out);
    TESTING_BYTES_EQ(buf_span(&out), want);
}

static void test_signals(void)
{
    /* connection parameters are asked of a central, credit based channels of who has some */
    check_answer(l2cap_answer_signal, SPAN_LIT("\x12\x05\x08\x00\x18\x00\x28\x00\x00\x00\x2A\x00"),
                 SPAN_LIT("\x01\x05\x02\x00\x00\x00"));
    check_answer(l2cap_answer_signal,
                 SPAN_LIT("\x14\x06\x0A\x00\x80\x00\x40\x00\x40\x00\x40\x00\x0A\x00"),
                 SPAN_LIT("\x01\x06\x02\x00\x00\x00"));
    check_answer(l2cap_answer_signal, SPAN_LIT("\xFF\x07\x00\x00"),
                 SPAN_LIT("\x01\x07\x02\x00\x00\x00"));
    check_answer(l2cap_answer_signal,
                 SPAN_LIT("\x17\x08\x14\x00\x25\x00\x40\x00\x40\x00\x05\x00\x40\x00\x41\x00\x42\x00"
                          "\x43\x00\x44\x00\x45\x00"), /* 24 bytes */
                 SPAN_LIT("\x01\x08\x04\x00\x01\x00\x17\x00"));
    /* answers, and what is no command */
    check_answer(l2cap_answer_signal, SPAN_LIT("\x13\x05\x02\x00\x00\x00"), (struct span){0});
    check_answer(l2cap_answer_signal, SPAN_LIT("\x01\x05\x02\x00\x00\x00"), (struct span){0});
    check_answer(l2cap_answer_signal, SPAN_LIT("\x12\x00\x00\x00"), (struct span){0});
    check_answer(l2cap_answer_signal, SPAN_LIT("\x12\x05\x08\x00\x18"), (struct span){0});
    check_answer(l2cap_answer_signal, SPAN_LIT("\x12\x05\x08"), (struct span){0});
}

static void test_security(void)
{
    check_answer(l2cap_answer_security, SPAN_LIT("\x01\x03\x00\x01\x10\x00\x00"),
                 SPAN_LIT("\x05\x05"));
    check_answer(l2cap_answer_security, SPAN_LIT("\x05\x05"), (struct span){0});
    check_answer(l2cap_answer_security, (struct span){0}, (struct span){0});
}

static void test_supervision(void)
{
    uint8_t memory[64];
    struct buf out = buf_of(memory, sizeof memory);

    CU_ASSERT_TRUE(l2cap_ask_supervision(2000000, &out));
    TESTING_BYTES_EQ(buf_span(&out), SPAN_LIT("\x12\x01\x08\x00\x18\x00\x28\x00\x00\x00\xC8\x00"));
    buf_clear(&out);
    CU_ASSERT_TRUE(l2cap_ask_supervision(100000, &out)); /* two events of 30 ms, not of 50 */
    TESTING_BYTES_EQ(buf_span(&out), SPAN_LIT("\x12\x01\x08\x00\x18\x00\x18\x00\x00\x00\x0A\x00"));
    CU_ASSERT_FALSE(l2cap_ask_supervision(99999, &out));
    CU_ASSERT_FALSE(l2cap_ask_supervision(32010000, &out));
}

/* ---- advertisements ---- */

static void check_advert(const struct ble_traits *t, struct span data, struct span response)
{
    struct advert a;

    advert_of(t, &a);
    TESTING_BYTES_EQ(span_of(a.data, a.n), data);
    TESTING_BYTES_EQ(span_of(a.response, a.response_n), response);
}

static void test_adverts(void)
{
    struct ble_traits t = {.name = "JK-BD6A17S6P",
                           .advertised = {0xFFE0},
                           .has_maker = true,
                           .maker = 0x0B65,
                           .maker_data = {0x88, 0xA0, 0xC8, 0x47, 0x8C, 0x12, 0x34, 0x56},
                           .maker_n = 8};

    check_advert(&t, SPAN_LIT("\x02\x01\x06\x03\x03\xE0\xFF\x0D\x09JK-BD6A17S6P"),
                 SPAN_LIT("\x0B\xFF\x65\x0B\x88\xA0\xC8\x47\x8C\x12\x34\x56"));
    t.garbled_uuid = true;
    check_advert(&t, SPAN_LIT("\x02\x01\x06\x03\x03\xE0\xFF\x0D\x09JK-BD6A17S6P"),
                 SPAN_LIT("\x0B\xFF\x65\x0B\x88\xA0\xC8\x47\x8C\x12\x34\x56\x11\x07\x9B\x5F\x80\x00"
                          "\x00\x80\x00\x10\x00\x00\xE0\xFF\xE7\xFE\x00\x00"));
    /* the longest name has the response for itself */
    memcpy(t.name, "abcdefghijklmnopqrstuvwxyz012", BLE_NAME_MAX + 1);
    check_advert(&t,
                 SPAN_LIT("\x02\x01\x06\x03\x03\xE0\xFF\x0B\xFF\x65\x0B\x88\xA0\xC8\x47\x8C\x12\x34"
                          "\x56"),
                 SPAN_LIT("\x1E\x09"
                          "abcdefghijklmnopqrstuvwxyz012"));
    /* without name, services and maker */
    memset(&t, 0, sizeof t);
    check_advert(&t, SPAN_LIT("\x02\x01\x06"), (struct span){0});
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {{"every split", test_every_split},
                                                {"byte by byte", test_byte_by_byte},
                                                {"dropped frames", test_dropped_frames},
                                                {"flipped bits", test_flipped},
                                                {"signalling", test_signals},
                                                {"security manager", test_security},
                                                {"asks for a time-out", test_supervision},
                                                {"advertisements", test_adverts},
                                                {0}};
    return testing_main(argc, argv, "l2cap", cases);
}
