/* SPDX-License-Identifier: Apache-2.0
 *
 * 4E57 frames, tokens and streams: short frames written from the specification, and the recorded
 * ones.
 */
#include <string.h>

#include "proto/jk_frame/test_jk_support.h"
#include "proto/jk_uart/jk_uart.h"

/* Two cells, MOSFETs 29 C, pack 6.61 V, +2.08 A in the new coding: a reply of 41 bytes. */
#define SHORT_REPLY          \
    "4e57002700000000060001" \
    "7906010cec020ce6"       \
    "80001d"                 \
    "830295"                 \
    "8480d0"                 \
    "8532"                   \
    "c001"                   \
    "01020304"               \
    "68"                     \
    "0000"                   \
    "08b4"

static void expect(struct decoded got, enum err code, uint32_t offset)
{
    CU_ASSERT_EQUAL(got.code, code);
    CU_ASSERT_EQUAL(got.offset, offset);
}

/* ---- frames ---- */

static void test_read_all(void)
{
    struct span want = jk_hex("4e5700130000000006030000000000006800000129");
    uint8_t memory[JK_UART_MAX];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_uart_frame f;

    TESTING_BYTES_EQ(jk_uart_read_all, want);
    expect(jk_uart_frame_decode(want, &f), ERR_OK, 0);
    CU_ASSERT_EQUAL(f.command, JK_UART_READ_ALL);
    CU_ASSERT_EQUAL(f.source, JK_UART_PC);
    CU_ASSERT_EQUAL(f.type, JK_UART_REQUEST);
    TESTING_BYTES_EQ(f.data, SPAN_LIT("\0"));
    CU_ASSERT_EQUAL(jk_uart_frame_encode(&f, &out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out), want);
}

static void test_reply(void)
{
    struct span bytes = jk_hex(SHORT_REPLY);
    uint8_t memory[JK_UART_MAX];
    uint8_t data[JK_UART_MAX];
    struct buf out = buf_of(memory, sizeof memory);
    struct buf tokens = buf_of(data, sizeof data);
    struct jk_uart_frame f;
    struct jk_uart_values v;
    uint32_t number = 0;
    int32_t ma = 0;

    expect(jk_uart_frame_decode(bytes, &f), ERR_OK, 0);
    CU_ASSERT_EQUAL(f.type, JK_UART_REPLY);
    CU_ASSERT_EQUAL(f.record, 0x01020304);
    expect(jk_uart_values_decode(f.data, &v), ERR_OK, 0);
    CU_ASSERT_EQUAL(v.n, 6);
    CU_ASSERT_EQUAL(v.cell_n, 2);
    CU_ASSERT_EQUAL(v.cells[1].number, 2);
    CU_ASSERT_EQUAL(v.cells[1].mv, 3302);
    CU_ASSERT(jk_uart_number(&v, JK_TOKEN_PACK, &number));
    CU_ASSERT_EQUAL(number, 661);
    CU_ASSERT(jk_uart_current(&v, &ma));
    CU_ASSERT_EQUAL(ma, 2080);
    CU_ASSERT_EQUAL(jk_uart_values_encode(&v, &tokens), ERR_OK);
    f.data = buf_span(&tokens);
    CU_ASSERT_EQUAL(jk_uart_frame_encode(&f, &out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out), bytes);
}

static void test_bad_frames(void)
{
    struct jk_uart_frame f = {.command = 9};

    expect(jk_uart_frame_decode(jk_hex(""), &f), ERR_SHORT, 0);
    expect(jk_uart_frame_decode(jk_hex("dda50300fffd77"), &f), ERR_LAYOUT, 0); /* another plug */
    expect(jk_uart_frame_decode(jk_hex("4e56"), &f), ERR_LAYOUT, 1);
    expect(jk_uart_frame_decode(jk_hex("4e5700"), &f), ERR_SHORT, 3);
    expect(jk_uart_frame_decode(jk_hex("4e570012"), &f), ERR_RANGE, 2);
    expect(jk_uart_frame_decode(jk_hex("4e570161"), &f), ERR_RANGE, 2);
    expect(jk_uart_frame_decode(jk_hex("4e575f31"), &f), ERR_RANGE, 2); /* "NW_1" */
    expect(jk_uart_frame_decode(jk_hex("4e570160"), &f), ERR_SHORT, 4);
    expect(jk_uart_frame_decode(jk_hex("4e570013000000000603000000000000680000012900"), &f),
           ERR_LAYOUT, 21);
    expect(jk_uart_frame_decode(jk_hex("4e5700130000000006030000000000006900000129"), &f),
           ERR_LAYOUT, 16);
    expect(jk_uart_frame_decode(jk_hex("4e5700130000000006030000000000006800000128"), &f),
           ERR_CHECKSUM, 19);
    CU_ASSERT_EQUAL(f.command, 9);
}

static void test_bounds(void)
{
    uint8_t memory[JK_UART_MAX];
    uint8_t data[JK_UART_MAX] = {0};
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_uart_frame f = {.command = JK_UART_WRITE};

    CU_ASSERT_EQUAL(jk_uart_frame_encode(&f, &out), ERR_RANGE);
    f.data = span_of(data, JK_UART_MAX_LENGTH - 17);
    CU_ASSERT_EQUAL(jk_uart_frame_encode(&f, &out), ERR_RANGE);
    f.data = span_of(data, JK_UART_MAX_LENGTH - 18);
    CU_ASSERT_EQUAL(jk_uart_frame_encode(&f, &out), ERR_OK);
    CU_ASSERT_EQUAL(out.n, JK_UART_MAX);
    expect(jk_uart_frame_decode(buf_span(&out), &f), ERR_OK, 0);
    CU_ASSERT_EQUAL(jk_uart_frame_encode(&f, &out), ERR_SPACE);
    CU_ASSERT_EQUAL(out.n, JK_UART_MAX);
}

static void check_flipped(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    struct jk_uart_frame f;

    (void)byte;
    (void)bit;
    (void)ctx;
    CU_ASSERT_NOT_EQUAL(jk_uart_frame_decode(flipped, &f).code, ERR_OK);
}

static void check_cut(struct span cut, void *ctx)
{
    struct jk_uart_frame f;

    (void)ctx;
    expect(jk_uart_frame_decode(cut, &f), ERR_SHORT, (uint32_t)cut.n);
}

static void test_damage(void)
{
    testing_every_bit_flip(jk_hex(SHORT_REPLY), check_flipped, NULL);
    testing_every_truncation(jk_hex(SHORT_REPLY), check_cut, NULL);
}

/* ---- tokens ---- */

/* The table of the specification: token, bytes of the value. */
static void test_widths(void)
{
    static const struct {
        uint8_t first, last;
        unsigned width;
    } rows[] = {
        {0x00, 0x79, 0},  {0x80, 0x84, 2}, {0x85, 0x86, 1},  {0x87, 0x87, 2},  {0x88, 0x88, 0},
        {0x89, 0x89, 4},  {0x8A, 0x8C, 2}, {0x8D, 0x8D, 0},  {0x8E, 0x9C, 2},  {0x9D, 0x9D, 1},
        {0x9E, 0xA8, 2},  {0xA9, 0xA9, 1}, {0xAA, 0xAA, 4},  {0xAB, 0xAC, 1},  {0xAD, 0xAD, 2},
        {0xAE, 0xAF, 1},  {0xB0, 0xB0, 2}, {0xB1, 0xB1, 1},  {0xB2, 0xB2, 10}, {0xB3, 0xB3, 1},
        {0xB4, 0xB4, 8},  {0xB5, 0xB6, 4}, {0xB7, 0xB7, 15}, {0xB8, 0xB8, 1},  {0xB9, 0xB9, 4},
        {0xBA, 0xBA, 24}, {0xBB, 0xBD, 1}, {0xBE, 0xBF, 2},  {0xC0, 0xC0, 1},  {0xC1, 0xFF, 0},
    };
    unsigned next = 0;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned t = rows[i].first; t <= rows[i].last; t++) {
            if (t >= 0x7A && t < 0x80)
                continue;
            if (jk_uart_width((uint8_t)t) != rows[i].width)
                TESTING_FAIL("token %02x has width %u", t, jk_uart_width((uint8_t)t));
        }
        CU_ASSERT(rows[i].first == next || rows[i].first == 0x80);
        next = rows[i].last + 1u;
    }
    for (unsigned t = 0x7A; t < 0x80; t++)
        CU_ASSERT_EQUAL(jk_uart_width((uint8_t)t), 0);
}

static void test_bad_tokens(void)
{
    struct jk_uart_values v = {.n = 9};

    expect(jk_uart_values_decode(jk_hex("80001d8302"), &v), ERR_SHORT, 4);
    expect(jk_uart_values_decode(jk_hex("b2313233"), &v), ERR_SHORT, 1);
    expect(jk_uart_values_decode(jk_hex("79"), &v), ERR_SHORT, 1);
    expect(jk_uart_values_decode(jk_hex("7904010cec02"), &v), ERR_RANGE, 1); /* no cells of 3 */
    expect(jk_uart_values_decode(jk_hex("7963"), &v), ERR_RANGE, 1);         /* 33 cells */
    expect(jk_uart_values_decode(jk_hex("7906010cec"), &v), ERR_SHORT, 1);
    expect(jk_uart_values_decode(jk_hex("853285328001"), &v), ERR_EXISTS, 2);
    CU_ASSERT_EQUAL(v.n, 9);
}

/* An unknown token ends what can be read, and hides in which coding the current is. */
static void test_unknown_token(void)
{
    struct span data = jk_hex("8480d08532c1aabbcc");
    uint8_t memory[64];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_uart_values v;
    int32_t ma = 77;

    expect(jk_uart_values_decode(data, &v), ERR_OK, 0);
    CU_ASSERT_EQUAL(v.n, 2);
    TESTING_BYTES_EQ(span_of(v.tail, v.tail_n), jk_hex("c1aabbcc"));
    CU_ASSERT_FALSE(jk_uart_current(&v, &ma));
    CU_ASSERT_EQUAL(ma, 77);
    CU_ASSERT_EQUAL(jk_uart_values_encode(&v, &out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out), data);
    expect(jk_uart_values_decode(jk_hex("8480d0c001c1"), &v), ERR_OK, 0);
    CU_ASSERT(jk_uart_current(&v, &ma)); /* told before it */
    CU_ASSERT_EQUAL(ma, 2080);
}

static void test_too_long_a_tail(void)
{
    uint8_t data[JK_UART_MAX + 1] = {0};
    uint8_t memory[8];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_uart_values v;

    expect(jk_uart_values_decode(span_of(data, sizeof data), &v), ERR_SPACE, 0);
    expect(jk_uart_values_decode(span_of(data, 9), &v), ERR_OK, 0);
    CU_ASSERT_EQUAL(jk_uart_values_encode(&v, &out), ERR_SPACE);
}

static void test_set(void)
{
    const uint16_t cells[33] = {3308, 3302};
    uint8_t memory[64];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_uart_values v = {0};

    CU_ASSERT_EQUAL(jk_uart_set_cells(&v, cells, 2), ERR_OK);
    CU_ASSERT_EQUAL(jk_uart_set_cells(&v, cells, 33), ERR_RANGE);
    CU_ASSERT_EQUAL(jk_uart_set_number(&v, JK_TOKEN_SOC, 99), ERR_OK);
    CU_ASSERT_EQUAL(jk_uart_set_number(&v, JK_TOKEN_SOC, 50), ERR_OK); /* stays where it is */
    CU_ASSERT_EQUAL(jk_uart_set_number(&v, JK_TOKEN_SOC, 256), ERR_RANGE);
    CU_ASSERT_EQUAL(jk_uart_set_number(&v, JK_TOKEN_CAPACITY_AH, 280), ERR_OK);
    CU_ASSERT_EQUAL(jk_uart_set_number(&v, JK_TOKEN_DEVICE_ID, 1), ERR_USAGE);
    CU_ASSERT_EQUAL(jk_uart_set_number(&v, 0x88, 1), ERR_USAGE);
    CU_ASSERT_EQUAL(jk_uart_set_text(&v, JK_TOKEN_DATE, SPAN_LIT("23")), ERR_OK);
    CU_ASSERT_EQUAL(jk_uart_set_text(&v, JK_TOKEN_DATE, SPAN_LIT("23061")), ERR_RANGE);
    CU_ASSERT_EQUAL(jk_uart_set_text(&v, JK_TOKEN_SOC, SPAN_LIT("1")), ERR_USAGE);
    CU_ASSERT_EQUAL(jk_uart_set_text(&v, JK_TOKEN_DEVICE_ID, span_of(NULL, 0)), ERR_OK);
    CU_ASSERT_EQUAL(jk_uart_values_encode(&v, &out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out),
                     jk_hex("7906010cec020ce68532aa00000118b532330000b40000000000000000"));
}

static void test_get(void)
{
    struct jk_uart_values v = {0};
    uint32_t number = 7;

    CU_ASSERT_EQUAL(jk_uart_set_text(&v, JK_TOKEN_DATE, SPAN_LIT("2306")), ERR_OK);
    CU_ASSERT_FALSE(jk_uart_number(&v, JK_TOKEN_SOC, &number));
    CU_ASSERT_FALSE(jk_uart_number(&v, JK_TOKEN_DATE, &number));
    CU_ASSERT_FALSE(jk_uart_number(&v, 0x12, &number));
    CU_ASSERT_FALSE(jk_uart_has(&v, JK_TOKEN_CELLS));
    CU_ASSERT_EQUAL(number, 7);
    TESTING_BYTES_EQ(jk_uart_text(&v, JK_TOKEN_DATE), SPAN_LIT("2306"));
    CU_ASSERT_EQUAL(jk_uart_text(&v, JK_TOKEN_MAKER).n, 0);
    CU_ASSERT_EQUAL(jk_uart_text(&v, JK_TOKEN_SOC).n, 0);
}

/* ---- streams ---- */

static void feed(struct jk_uart_reader *r, struct span in, struct buf *log)
{
    for (;;) {
        size_t used = 0;
        enum jk_uart_event event = jk_uart_reader_feed(r, in, &used);
        in = span_sub(in, used, in.n);
        if (event == JK_UART_MORE)
            break;
        buf_put(log, jk_uart_got(r));
    }
    CU_ASSERT_EQUAL(in.n, 0);
}

static void check_split(struct span first, struct span second, void *ctx)
{
    struct jk_uart_reader r = {0};
    uint8_t memory[1024];
    struct buf log = buf_of(memory, sizeof memory);

    feed(&r, first, &log);
    feed(&r, second, &log);
    TESTING_BYTES_EQ(buf_span(&log), *(struct span *)ctx);
}

static void in_every_way(struct span in, struct span want)
{
    testing_every_split(in, check_split, &want);
    for (size_t size = 1; size <= in.n; size++) {
        struct jk_uart_reader r = {0};
        uint8_t memory[1024];
        struct buf log = buf_of(memory, sizeof memory);
        for (size_t at = 0; at < in.n; at += size)
            feed(&r, span_sub(in, at, size), &log);
        TESTING_BYTES_EQ(buf_span(&log), want);
    }
}

/* Floating line, a stray DF FF, "NW_1", a header that lies about its length, a lost byte. */
static void test_finds_frames(void)
{
    in_every_way(jk_hex("00ffff00dfff4e575f314e" SHORT_REPLY "4e574e57"), jk_hex(SHORT_REPLY));
    in_every_way(jk_hex("4e5700134e57" SHORT_REPLY), jk_hex(SHORT_REPLY));
    in_every_way(jk_hex("4e5700270000000006000179" SHORT_REPLY SHORT_REPLY),
                 jk_hex(SHORT_REPLY SHORT_REPLY));
}

static void test_counts(void)
{
    struct jk_uart_reader r = {0};
    uint8_t memory[64];
    struct buf log = buf_of(memory, sizeof memory);

    feed(&r, jk_hex("4e5700130000000006030000000000006800000128"), &log);
    CU_ASSERT_EQUAL(r.bad_sum, 1);
    CU_ASSERT_EQUAL(r.junk, 21);
    feed(&r, jk_hex("4e5700130000000006030000000000006900000129"), &log);
    CU_ASSERT_EQUAL(r.bad_end, 1);
    feed(&r, jk_hex("4e575f31"), &log);
    CU_ASSERT_EQUAL(r.bad_length, 1);
    CU_ASSERT_EQUAL(r.frames, 0);
    feed(&r, jk_uart_read_all, &log);
    CU_ASSERT_EQUAL(r.frames, 1);
    for (unsigned i = 0; i < 10000; i++)
        feed(&r, jk_hex("ff"), &log);
    CU_ASSERT_EQUAL(r.n, 0);
}

/* A head whose length is 0 or 1 is no frame that is still coming; waiting for it filled the buffer
 * and went beyond it. Found by fuzzing. */
static void test_no_length(void)
{
    static const char *const heads[] = {"4e570000", "4e570001", "4e570002", "4e570012"};

    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        struct jk_uart_reader r = {0};
        uint8_t memory[128];
        struct buf log = buf_of(memory, sizeof memory);

        feed(&r, jk_hex(heads[i]), &log);
        CU_ASSERT_EQUAL(r.n, 0);
        CU_ASSERT_EQUAL(r.bad_length, 1);
        feed(&r, jk_uart_read_all, &log);
        TESTING_BYTES_EQ(buf_span(&log), jk_uart_read_all);
    }
}

/* A frame that lost bytes and then silence: what is whole behind its header comes out, the rest
 * does not wait for ever. */
static void test_silence(void)
{
    struct jk_uart_reader r = {0};
    uint8_t memory[128];
    struct buf log = buf_of(memory, sizeof memory);

    feed(&r, jk_hex("4e570160"), &log);
    feed(&r, jk_hex(SHORT_REPLY), &log);
    feed(&r, jk_hex("4e5700"), &log);
    CU_ASSERT_EQUAL(log.n, 0);
    CU_ASSERT_EQUAL(jk_uart_reader_silence(&r), JK_UART_FRAME);
    TESTING_BYTES_EQ(jk_uart_got(&r), jk_hex(SHORT_REPLY));
    CU_ASSERT_EQUAL(jk_uart_reader_silence(&r), JK_UART_MORE);
    CU_ASSERT_EQUAL(r.n, 0);
    feed(&r, jk_hex("4e570013"), &log);
    jk_uart_reader_reset(&r);
    feed(&r, jk_uart_read_all, &log);
    TESTING_BYTES_EQ(buf_span(&log), jk_uart_read_all);
}

static void check_cut_stream(struct span cut, void *ctx)
{
    struct jk_uart_reader r = {0};
    uint8_t memory[256];
    struct buf log = buf_of(memory, sizeof memory);

    (void)ctx;
    feed(&r, cut, &log);
    CU_ASSERT_EQUAL(log.n, 0);
    CU_ASSERT_EQUAL(jk_uart_reader_silence(&r), JK_UART_MORE);
    feed(&r, jk_hex(SHORT_REPLY), &log);
    TESTING_BYTES_EQ(buf_span(&log), jk_hex(SHORT_REPLY));
}

static void test_cut_streams(void)
{
    testing_every_truncation(jk_hex(SHORT_REPLY), check_cut_stream, NULL);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"the request for everything", test_read_all},
        {"a reply", test_reply},
        {"bad frames", test_bad_frames},
        {"lengths", test_bounds},
        {"every flipped bit, every truncation", test_damage},
        {"widths of tokens", test_widths},
        {"bad tokens", test_bad_tokens},
        {"an unknown token", test_unknown_token},
        {"a tail too long", test_too_long_a_tail},
        {"setting tokens", test_set},
        {"getting tokens", test_get},
        {"finds frames", test_finds_frames},
        {"counts damage", test_counts},
        {"a length of 0 or 1", test_no_length},
        {"silence", test_silence},
        {"cut streams", test_cut_streams},
        {0},
    };
    return testing_main(argc, argv, "jk_uart", cases);
}
