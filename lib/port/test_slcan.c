/* SPDX-License-Identifier: Apache-2.0
 *
 * The slcan codec. Lines from the Lawicel manual and from what Linux 6.1's slcan, slcand and
 * python-can 4.1 were seen to write; the error frames are what Linux 6.1 gave for the same lines.
 */
#include <string.h>

#include "port/slcan.h"
#include "testing/testing.h"

struct items {
    struct slcan_item item[64];
    size_t n;
};

static void push_all(struct slcan_parser *p, struct span bytes, struct items *items)
{
    for (size_t i = 0; i < bytes.n; i++) {
        struct slcan_item item;
        if (slcan_push(p, bytes.p[i], &item) && items->n < 64)
            items->item[items->n++] = item;
    }
}

static struct items parse(const char *text)
{
    struct slcan_parser p = {0};
    struct items items = {0};

    push_all(&p, span_str(text), &items);
    return items;
}

static void check_frame(const char *line, const char *candump)
{
    char text[64];
    struct buf b = buf_of(text, sizeof text);
    struct items got = parse(line);

    CU_ASSERT_EQUAL_FATAL(got.n, 1);
    CU_ASSERT_EQUAL(got.item[0].kind, SLCAN_FRAME);
    CU_ASSERT(can_msg_format(&got.item[0].msg, &b));
    TESTING_BYTES_EQ(buf_span(&b), span_str(candump));
}

static void test_frames(void)
{
    check_frame("t35181402C012C012C201\r", "351#1402C012C012C201");
    check_frame("t35583402C8002C01C001\r", "355#3402C8002C01C001");
    check_frame("t3050\r", "305#");
    check_frame("t30500A1B\r", "305#");         /* time stamp behind a frame without data */
    check_frame("t3562a1b2EA5F\r", "356#A1B2"); /* lower case, time stamp */
    check_frame("T1FFFFFFF1FF\r", "1FFFFFFF#FF");
    check_frame("T000003512AABB\r", "00000351#AABB");
    check_frame("r35C2\r", "35C#R2");
    check_frame("R1ABCDEF00\r", "1ABCDEF0#R");
    check_frame("\nt3050\r", "305#"); /* CR LF line ends */
}

static void check_garbage(const char *line)
{
    struct items got = parse(line);

    CU_ASSERT_EQUAL_FATAL(got.n, 1);
    if (got.item[0].kind != SLCAN_GARBAGE)
        TESTING_FAIL("'%s' is item kind %d", line, (int)got.item[0].kind);
}

static void test_garbage(void)
{
    check_garbage("t355 4\r");
    check_garbage("t3559112233445566778899\r"); /* length 9 */
    check_garbage("t8001FF\r");                 /* id over 11 bits */
    check_garbage("T200000001FF\r");            /* id over 29 bits */
    check_garbage("t3552FF\r");                 /* a byte short */
    check_garbage("t3551FF0\r");                /* half a time stamp */
    check_garbage("t3551FF00000\r");
    check_garbage("t3551FG\r");
    check_garbage("r3552FFFF00\r");
    check_garbage("hello\r");
    check_garbage("zz\r");
    check_garbage("sx000000\r");
    check_garbage("sw09709\r");
    check_garbage("e1C\r"); /* an unknown letter drops the whole line */
    check_garbage("e2a\r");
    check_garbage("e0\r");
    check_garbage("T1FFFFFFF8001122334455667700000\r"); /* one digit too many */
    check_garbage("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r");
}

static void test_answers(void)
{
    struct items got = parse("\rz\rZ\r\aV1013\rv1014\rN4242\rF00\r");
    static const enum slcan_kind want[] = {SLCAN_OK,   SLCAN_OK,   SLCAN_OK,   SLCAN_REFUSED,
                                           SLCAN_INFO, SLCAN_INFO, SLCAN_INFO, SLCAN_INFO};

    CU_ASSERT_EQUAL_FATAL(got.n, sizeof want / sizeof want[0]);
    for (size_t i = 0; i < got.n; i++)
        CU_ASSERT_EQUAL(got.item[i].kind, want[i]);

    got = parse("t351\at3050\r"); /* a refusal in the middle of a line: the next is whole again */
    CU_ASSERT_EQUAL_FATAL(got.n, 2);
    CU_ASSERT_EQUAL(got.item[0].kind, SLCAN_REFUSED);
    CU_ASSERT_EQUAL(got.item[1].kind, SLCAN_FRAME);
}

static void check_error(const char *line, enum slcan_kind kind, const char *candump,
                        enum can_state state)
{
    char text[64];
    struct buf b = buf_of(text, sizeof text);
    struct items got = parse(line);

    CU_ASSERT_EQUAL_FATAL(got.n, 1);
    CU_ASSERT_EQUAL(got.item[0].kind, kind);
    CU_ASSERT(can_msg_format(&got.item[0].msg, &b));
    TESTING_BYTES_EQ(buf_span(&b), span_str(candump));
    if (kind == SLCAN_STATE)
        CU_ASSERT_EQUAL(got.item[0].state, state);
}

static void test_states_and_errors(void)
{
    check_error("sw097098\r", SLCAN_STATE, "20000204#0008000000006261", CAN_UP);
    check_error("sp130129\r", SLCAN_STATE, "20000204#0010000000008182", CAN_ERROR_PASSIVE);
    check_error("sa000000\r", SLCAN_STATE, "20000204#0040000000000000", CAN_UP);
    check_error("sb000255\r", SLCAN_STATE, "20000040#0000000000000000", CAN_BUS_OFF);
    check_error("e1a\r", SLCAN_ERRORS, "200000A8#0000001900000000", CAN_UP);
    check_error("e1b\r", SLCAN_ERRORS, "20000088#0000080000000000", CAN_UP);
    check_error("e1B\r", SLCAN_ERRORS, "20000088#0000100000000000", CAN_UP);
    check_error("e1c\r", SLCAN_ERRORS, "20000088#0000010800000000", CAN_UP);
    check_error("e1f\r", SLCAN_ERRORS, "20000088#0000020000000000", CAN_UP);
    check_error("e1s\r", SLCAN_ERRORS, "20000088#0000040000000000", CAN_UP);
    check_error("e1o\r", SLCAN_ERRORS, "2000008C#0001000000000000", CAN_UP);
    check_error("e1O\r", SLCAN_ERRORS, "2000008C#0002000000000000", CAN_UP);
    check_error("e2as\r", SLCAN_ERRORS, "200000A8#0000041900000000", CAN_UP);
}

#define STREAM "\rt35181402C012C012C201\rz\rT1FFFFFFF1FF0A1B\r\ar35C2\rjunk\rsb000255\r"

static void check_split(struct span first, struct span second, void *ctx)
{
    const struct items *want = ctx;
    struct slcan_parser p = {0};
    struct items got = {0};

    push_all(&p, first, &got);
    push_all(&p, second, &got);
    CU_ASSERT_EQUAL_FATAL(got.n, want->n);
    for (size_t i = 0; i < got.n; i++)
        CU_ASSERT(got.item[i].kind == want->item[i].kind &&
                  can_msg_eq(&got.item[i].msg, &want->item[i].msg));
}

static void test_every_split(void)
{
    struct items want = parse(STREAM);

    CU_ASSERT_EQUAL(want.n, 8);
    testing_every_split(SPAN_LIT(STREAM), check_split, &want);
}

/* However a line is cut or damaged: no frame out of range, and the next line is understood. */
static void check_recovers(struct span damaged)
{
    struct slcan_parser p = {0};
    struct items got = {0};

    push_all(&p, damaged, &got);
    push_all(&p, SPAN_LIT("\rt3052ABCD\r"), &got);
    CU_ASSERT_FATAL(got.n > 0);
    for (size_t i = 0; i < got.n; i++)
        CU_ASSERT(got.item[i].msg.dlc <= 8 && got.item[i].msg.id <= 0x1FFFFFFF);
    const struct slcan_item *last = &got.item[got.n - 1];
    CU_ASSERT(last->kind == SLCAN_FRAME && last->msg.id == 0x305 && last->msg.dlc == 2);
}

static void check_truncation(struct span cut, void *ctx)
{
    (void)ctx;
    check_recovers(cut);
}

static void check_bit_flip(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    (void)byte;
    (void)bit;
    (void)ctx;
    check_recovers(flipped);
}

static void test_damage(void)
{
    testing_every_truncation(SPAN_LIT(STREAM), check_truncation, NULL);
    testing_every_bit_flip(SPAN_LIT(STREAM), check_bit_flip, NULL);
}

static void check_format(const char *candump, const char *want)
{
    char text[64];
    struct buf b = buf_of(text, sizeof text);
    struct can_msg msg;

    CU_ASSERT_FATAL(can_msg_parse(span_str(candump), &msg));
    CU_ASSERT(slcan_format(&msg, &b));
    TESTING_BYTES_EQ(buf_span(&b), span_str(want));
    b = buf_of(text, strlen(want) - 1);
    CU_ASSERT_FALSE(slcan_format(&msg, &b));
    CU_ASSERT_EQUAL(b.n, 0);
}

static void test_format(void)
{
    check_format("351#1402C012C012C201", "t35181402C012C012C201\r");
    check_format("305#", "t3050\r");
    check_format("1FFFFFFF#FF", "T1FFFFFFF1FF\r");
    check_format("35C#R2", "r35C2\r");
    check_format("1ABCDEF0#R", "R1ABCDEF00\r");

    const struct can_msg error = {.error = true, .id = 0x40, .dlc = 8};
    char text[64];
    struct buf b = buf_of(text, sizeof text);
    CU_ASSERT_FALSE(slcan_format(&error, &b));
}

static void test_open(void)
{
    static const struct {
        uint32_t bitrate;
        const char *text;
    } rows[] = {{10000, "C\rS0\rO\r"},  {20000, "C\rS1\rO\r"},  {50000, "C\rS2\rO\r"},
                {100000, "C\rS3\rO\r"}, {125000, "C\rS4\rO\r"}, {250000, "C\rS5\rO\r"},
                {500000, "C\rS6\rO\r"}, {800000, "C\rS7\rO\r"}, {1000000, "C\rS8\rO\r"}};
    char text[16];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b = buf_of(text, sizeof text);
        CU_ASSERT(slcan_format_open(rows[i].bitrate, &b));
        TESTING_BYTES_EQ(buf_span(&b), span_str(rows[i].text));
    }
    struct buf b = buf_of(text, sizeof text);
    CU_ASSERT_FALSE(slcan_format_open(83333, &b));
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"frames", test_frames},
        {"garbage", test_garbage},
        {"answers", test_answers},
        {"controller states and bus errors", test_states_and_errors},
        {"every split", test_every_split},
        {"every truncation and bit flip", test_damage},
        {"frames out", test_format},
        {"bit rates", test_open},
        {0},
    };
    return testing_main(argc, argv, "slcan", cases);
}
