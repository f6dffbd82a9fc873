/* SPDX-License-Identifier: Apache-2.0
 *
 * CAN frames as candump writes them.
 */
#include "base/can_frame.h"

#include <stdio.h>
#include <string.h>

#include "testing/testing.h"

static const struct {
    const char *text;
    struct can_msg msg;
} frames[] = {
    {"351#1402C012C012C201",
     {.id = 0x351, .dlc = 8, .data = {0x14, 0x02, 0xC0, 0x12, 0xC0, 0x12, 0xC2, 0x01}}},
    {"000#", {.id = 0}},
    {"7FF#00", {.id = 0x7FF, .dlc = 1}},
    {"1FFFFFFF#", {.id = 0x1FFFFFFF, .extended = true}},
    {"00000351#01", {.id = 0x351, .dlc = 1, .extended = true, .data = {1}}},
    {"305#R8", {.id = 0x305, .dlc = 8, .remote = true}},
    {"305#R", {.id = 0x305, .remote = true}},
    {"20000004#0000000000000000", {.id = 0x004, .dlc = 8, .error = true}},
};
#define N_FRAMES (sizeof frames / sizeof frames[0])

static void test_both_ways(void)
{
    char text[32];

    for (size_t i = 0; i < N_FRAMES; i++) {
        struct can_msg msg = {0};
        struct buf out = buf_of(text, sizeof text);
        if (!can_msg_parse(span_str(frames[i].text), &msg) || !can_msg_eq(&msg, &frames[i].msg))
            TESTING_FAIL("%s is read wrongly", frames[i].text);
        CU_ASSERT_TRUE(can_msg_format(&frames[i].msg, &out));
        TESTING_BYTES_EQ(buf_span(&out), span_str(frames[i].text));
        for (size_t k = 0; k < N_FRAMES; k++)
            CU_ASSERT_EQUAL(can_msg_eq(&msg, &frames[k].msg), i == k);
    }
}

static void test_liberties(void)
{
    struct can_msg msg = {0};

    CU_ASSERT_TRUE(can_msg_parse(SPAN_LIT("123#11.22.ab"), &msg));
    CU_ASSERT_EQUAL(msg.dlc, 3);
    CU_ASSERT_EQUAL(msg.data[2], 0xAB);
    CU_ASSERT_TRUE(can_msg_parse(SPAN_LIT("18ff50e5#r2"), &msg));
    CU_ASSERT_EQUAL(msg.id, 0x18FF50E5);
    CU_ASSERT_EQUAL(msg.dlc, 2);
}

static void test_refused(void)
{
    static const char *const bad[] = {
        "",           "351",      "#",          "35#00",       "0351#00",
        "800#00",     "351#0",    "351#0G",     "351#1 2",     "351#112233445566778899",
        "351#.11",    "351#11.",  "351#11..22", "351#R9",      "351#R12",
        "351##1112",  "351#-1",   "+51#00",     "40000351#00", "80000000#",
        "20000004#R", "351#11_E", " 351#00",    "351#00 ",     "351#00\n",
    };
    struct can_msg msg = {.id = 42};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (can_msg_parse(span_str(bad[i]), &msg))
            TESTING_FAIL("'%s' is accepted", bad[i]);
    }
    CU_ASSERT_EQUAL(msg.id, 42);
}

static void test_full_buffer(void)
{
    char text[20];

    for (size_t cap = 0; cap < 20; cap++) {
        struct buf out = buf_of(text, cap);
        CU_ASSERT_FALSE(can_msg_format(&frames[0].msg, &out));
        CU_ASSERT_EQUAL(out.n, 0);
        CU_ASSERT_TRUE(out.overflow);
    }
    struct buf out = buf_of(text, 20);
    CU_ASSERT_TRUE(can_msg_format(&frames[0].msg, &out));
}

static void test_log_lines(void)
{
    static const char text[] = "(1436509053.850870) vcan0 351#1402C012C012C201";
    struct can_log_line line = {0};
    char bytes[80];
    struct buf out = buf_of(bytes, sizeof bytes);

    CU_ASSERT_EQUAL(can_log_parse(span_str(text), &line), ERR_OK);
    CU_ASSERT_EQUAL(line.wall_us, 1436509053850870);
    CU_ASSERT_STRING_EQUAL(line.interface, "vcan0");
    CU_ASSERT_TRUE(can_msg_eq(&line.msg, &frames[0].msg));
    CU_ASSERT_TRUE(can_log_format(&line, &out));
    TESTING_BYTES_EQ(buf_span(&out), span_str(text));
    line.wall_us = 1000010000; /* candump pads the seconds to ten digits */
    buf_clear(&out);
    CU_ASSERT_TRUE(can_log_format(&line, &out));
    TESTING_BYTES_EQ(span_sub(buf_span(&out), 0, 19), SPAN_LIT("(0000001000.010000)"));
    CU_ASSERT_EQUAL(can_log_parse(SPAN_LIT("(1000.010000) can0 355#540060000000 R"), &line),
                    ERR_OK);
    CU_ASSERT_EQUAL(line.wall_us, 1000010000);
    CU_ASSERT_EQUAL(line.msg.dlc, 6);
    for (size_t cap = 0; cap < strlen("(0000001000.010000) can0 355#540060000000"); cap++) {
        out = buf_of(bytes, cap);
        CU_ASSERT_FALSE(can_log_format(&line, &out));
        CU_ASSERT_EQUAL(out.n, 0);
    }
}

static void test_bad_log_lines(void)
{
    static const struct {
        const char *text;
        enum err want;
    } bad[] = {
        {"", ERR_SYNTAX},
        {"1.0 can0 351#", ERR_SYNTAX},
        {"(-1.0) can0 351#", ERR_SYNTAX},
        {"() can0 351#", ERR_SYNTAX},
        {"(1.0000001) can0 351#", ERR_SYNTAX},
        {"(99999999999999.0) can0 351#", ERR_SYNTAX},
        {"(1.0)", ERR_SHORT},
        {"(1.0) can0", ERR_SHORT},
        {"(1.0) interface-too-long 351#", ERR_RANGE},
        {"(1.0) can0 351", ERR_SYNTAX},
        {"(1.0) can0 351# X", ERR_SYNTAX},
        {"(1.0) can0 351# R T", ERR_SYNTAX},
    };
    struct can_log_line line = {.wall_us = 42};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        enum err got = can_log_parse(span_str(bad[i].text), &line);
        if (got != bad[i].want)
            TESTING_FAIL("'%s': %s", bad[i].text, err_text(got));
    }
    CU_ASSERT_EQUAL(can_log_parse(SPAN_LIT("(1.0) can\0 351#"), &line), ERR_SYNTAX);
    CU_ASSERT_EQUAL(line.wall_us, 42);
}

/* Every line of a recorded log is read, and printed again it is the same frame. */
static void test_capture(void)
{
    char path[512];
    struct span line;
    unsigned n = 0;

    if (testing_shared() == NULL) {
        testing_skip("no captures here");
        return;
    }
    snprintf(path, sizeof path, "%s/captures/pylon-can/07_victron_ecoworthy.log", testing_shared());
    struct span rest = testing_read_file(path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(rest.p);
    while (span_line(&rest, &line)) {
        struct can_log_line parsed;
        char bytes[80];
        struct buf out = buf_of(bytes, sizeof bytes);
        CU_ASSERT_EQUAL(can_log_parse(line, &parsed), ERR_OK);
        CU_ASSERT_TRUE(can_msg_format(&parsed.msg, &out));
        CU_ASSERT_TRUE_FATAL(out.n <= line.n);
        TESTING_BYTES_EQ(span_sub(line, line.n - out.n, out.n), buf_span(&out));
        n++;
    }
    CU_ASSERT_TRUE(n > 0);
}

static void on_cut(struct span cut, void *ctx)
{
    struct can_log_line line;
    (void)ctx;
    can_log_parse(cut, &line); /* any verdict, but no read behind the end */
}

static void on_flip(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    struct can_log_line line;
    (void)byte;
    (void)bit;
    (void)ctx;
    if (can_log_parse(flipped, &line) == ERR_OK)
        CU_ASSERT_TRUE(line.msg.dlc <= 8 && line.msg.id <= 0x1FFFFFFF);
}

static void test_damaged_lines(void)
{
    const struct span text = SPAN_LIT("(1436509053.850870) vcan0 18FF50E5#1402C012C012C201");

    testing_every_truncation(text, on_cut, NULL);
    testing_every_bit_flip(text, on_flip, NULL);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"frames both ways", test_both_ways},
        {"liberties that can-utils take", test_liberties},
        {"what is no frame is refused", test_refused},
        {"a full buffer takes nothing", test_full_buffer},
        {"log lines", test_log_lines},
        {"bad log lines", test_bad_log_lines},
        {"a recorded log", test_capture},
        {"damaged lines", test_damaged_lines},
        {0},
    };
    return testing_main(argc, argv, "can_frame", cases);
}
