/* SPDX-License-Identifier: Apache-2.0
 *
 * Telegrams: bytes of the vendor's document and of logs.
 */
#include "proto/jk_modbus/jk_modbus.h"

#include <string.h>

#include "proto/jk_frame/test_jk_support.h"

static void expect(struct decoded got, enum err code, uint32_t offset)
{
    CU_ASSERT_EQUAL(got.code, code);
    CU_ASSERT_EQUAL(got.offset, offset);
}

static void test_crc(void)
{
    CU_ASSERT_EQUAL(jk_modbus_crc(SPAN_LIT("123456789")), 0x4B37); /* the catalogue's check value */
    CU_ASSERT_EQUAL(jk_modbus_crc(SPAN_LIT("")), 0xFFFF);
}

/* Decoded and encoded again: the same bytes. */
static struct jk_modbus_request request(const char *hex)
{
    uint8_t memory[JK_MODBUS_MAX];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_modbus_request q = {0};

    expect(jk_modbus_request_decode(jk_hex(hex), &q), ERR_OK, 0);
    CU_ASSERT_EQUAL(jk_modbus_request_encode(&q, &out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out), jk_hex(hex));
    return q;
}

static struct jk_modbus_reply reply(const char *hex, const struct jk_modbus_request *asked)
{
    uint8_t memory[JK_MODBUS_MAX];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_modbus_reply r = {0};

    expect(jk_modbus_reply_decode(jk_hex(hex), asked, &r), ERR_OK, 0);
    CU_ASSERT_EQUAL(jk_modbus_reply_encode(&r, &out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out), jk_hex(hex));
    return r;
}

static void test_read(void)
{
    struct jk_modbus_request q = request("010300050002d40a");
    struct jk_modbus_reply r = reply("010304112233444bc6", &q);

    CU_ASSERT_EQUAL(q.unit, 1);
    CU_ASSERT_EQUAL(q.function, JK_MODBUS_READ);
    CU_ASSERT_EQUAL(q.address, 5);
    CU_ASSERT_EQUAL(q.words, 2);
    TESTING_BYTES_EQ(span_of(r.data, 4), SPAN_LIT("\x11\x22\x33\x44"));
}

static void test_write(void)
{
    struct jk_modbus_request q = request("0110002000020400052233b903");
    struct jk_modbus_reply r = reply("0110002000024002", &q);

    CU_ASSERT_EQUAL(q.address, 0x20);
    CU_ASSERT_EQUAL(q.words, 2);
    TESTING_BYTES_EQ(span_of(q.data, 4), SPAN_LIT("\x00\x05\x22\x33"));
    CU_ASSERT_EQUAL(r.refused, JK_MODBUS_OK);
    q = request("0210107800020400000001f669"); /* balancer on */
    CU_ASSERT_EQUAL(q.unit, 2);
    CU_ASSERT_EQUAL(q.address, 0x1078);
    q = request("021011140001020210b019"); /* switches */
    CU_ASSERT_EQUAL(q.address, 0x1114);
    CU_ASSERT_EQUAL(q.words, 1);
}

/* The alarm word of unit 2, from a log: a read of 2 words at 0x12A0. */
static void test_logged_answer(void)
{
    const struct jk_modbus_request q = {
        .unit = 2, .function = JK_MODBUS_READ, .address = 0x12A0, .words = 2};

    reply("02030400000000c933", &q);
}

static void test_refusals(void)
{
    const struct jk_modbus_request q = {
        .unit = 1, .function = JK_MODBUS_READ, .address = 0x1200, .words = 0x70};
    struct jk_modbus_reply r = reply("018302c0f1", &q); /* the standard's example */

    CU_ASSERT_EQUAL(r.refused, JK_MODBUS_BAD_ADDRESS);
    CU_ASSERT_EQUAL(r.function, JK_MODBUS_READ);
    expect(jk_modbus_reply_decode(jk_hex("0183058133"), &q, &r), ERR_RANGE, 2);
    expect(jk_modbus_reply_decode(jk_hex("0183004130"), &q, &r), ERR_RANGE, 2);
}

static void test_bad_requests(void)
{
    struct jk_modbus_request q = {.unit = 9};

    expect(jk_modbus_request_decode(jk_hex("010300"), &q), ERR_SHORT, 3);
    expect(jk_modbus_request_decode(jk_hex("0110002000"), &q), ERR_SHORT, 5);
    expect(jk_modbus_request_decode(jk_hex("010300050002d4"), &q), ERR_SHORT, 7);
    expect(jk_modbus_request_decode(jk_hex("010300050002d40a00"), &q), ERR_LAYOUT, 8);
    expect(jk_modbus_request_decode(jk_hex("010300050002d40b"), &q), ERR_CHECKSUM, 6);
    expect(jk_modbus_request_decode(jk_hex("010600010003980b"), &q), ERR_UNSUPPORTED, 1);
    expect(jk_modbus_request_decode(jk_hex("01030005000055cb"), &q), ERR_RANGE, 4); /* 0 words */
    expect(jk_modbus_request_decode(jk_hex("01030005007ed5eb"), &q), ERR_RANGE, 4); /* 126 */
    CU_ASSERT_EQUAL(q.unit, 9);
}

static void test_count_disagrees(void)
{
    struct jk_modbus_request q;

    /* one word, but four bytes */
    expect(jk_modbus_request_decode(jk_hex("0110002000010400052233b930"), &q), ERR_RANGE, 6);
}

static void test_other_answers(void)
{
    const struct jk_modbus_request read = {
        .unit = 1, .function = JK_MODBUS_READ, .address = 5, .words = 2};
    const struct jk_modbus_request write = {
        .unit = 1, .function = JK_MODBUS_WRITE, .address = 0x20, .words = 2};
    struct jk_modbus_request other = read;
    struct jk_modbus_reply r = {.unit = 9};

    expect(jk_modbus_reply_decode(jk_hex("010304"), &read, &r), ERR_SHORT, 3);
    expect(jk_modbus_reply_decode(jk_hex("02030400000000c933"), &read, &r), ERR_MISMATCH, 0);
    expect(jk_modbus_reply_decode(jk_hex("0110002000024002"), &read, &r), ERR_MISMATCH, 1);
    other.words = 11; /* "22 bytes, expected 4" */
    expect(jk_modbus_reply_decode(jk_hex("010304112233444bc6"), &other, &r), ERR_MISMATCH, 2);
    expect(jk_modbus_reply_decode(jk_hex("010304112233444bc7"), &read, &r), ERR_CHECKSUM, 7);
    expect(jk_modbus_reply_decode(jk_hex("0103041122334400"), &read, &r), ERR_SHORT, 8);
    expect(jk_modbus_reply_decode(jk_hex("010304112233444bc600"), &read, &r), ERR_LAYOUT, 9);
    other = write;
    other.address = 0x22;
    expect(jk_modbus_reply_decode(jk_hex("0110002000024002"), &other, &r), ERR_MISMATCH, 2);
    other = write;
    other.words = 1;
    expect(jk_modbus_reply_decode(jk_hex("0110002000024002"), &other, &r), ERR_MISMATCH, 4);
    expect(jk_modbus_reply_decode(jk_hex("0110002000024003"), &write, &r), ERR_CHECKSUM, 6);
    expect(jk_modbus_reply_decode(jk_hex("018302c0f2"), &read, &r), ERR_CHECKSUM, 3);
    CU_ASSERT_EQUAL(r.unit, 9);
}

static void test_nonsense_to_encode(void)
{
    uint8_t memory[JK_MODBUS_MAX];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_modbus_request q = {.unit = 1, .function = 6, .words = 1};
    struct jk_modbus_reply r = {.unit = 1, .function = 6, .words = 1};

    CU_ASSERT_EQUAL(jk_modbus_request_encode(&q, &out), ERR_USAGE);
    q.function = JK_MODBUS_READ;
    q.words = 126;
    CU_ASSERT_EQUAL(jk_modbus_request_encode(&q, &out), ERR_USAGE);
    q.words = 0;
    CU_ASSERT_EQUAL(jk_modbus_request_encode(&q, &out), ERR_USAGE);
    q.function = JK_MODBUS_WRITE;
    q.words = 124;
    CU_ASSERT_EQUAL(jk_modbus_request_encode(&q, &out), ERR_USAGE);
    CU_ASSERT_EQUAL(jk_modbus_reply_encode(&r, &out), ERR_USAGE);
    r.function = JK_MODBUS_READ;
    r.words = 0;
    CU_ASSERT_EQUAL(jk_modbus_reply_encode(&r, &out), ERR_USAGE);
    r.words = 126;
    CU_ASSERT_EQUAL(jk_modbus_reply_encode(&r, &out), ERR_USAGE);
    CU_ASSERT_EQUAL(out.n, 0);
    out = buf_of(memory, 7);
    q.words = 123;
    CU_ASSERT_EQUAL(jk_modbus_request_encode(&q, &out), ERR_SPACE);
    r.words = 125;
    CU_ASSERT_EQUAL(jk_modbus_reply_encode(&r, &out), ERR_SPACE);
}

/* More words than any answer has: refused, not copied. */
static void test_too_many_words(void)
{
    const struct jk_modbus_request q = {.unit = 1, .function = JK_MODBUS_READ, .words = 127};
    uint8_t bytes[259] = {0x01, 0x03, 254};
    uint16_t crc = jk_modbus_crc(span_of(bytes, 257));
    struct jk_modbus_reply r;

    bytes[257] = (uint8_t)crc;
    bytes[258] = (uint8_t)(crc >> 8);
    expect(jk_modbus_reply_decode(span_of(bytes, 259), &q, &r), ERR_MISMATCH, 2);
}

static void check_flipped(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    struct jk_modbus_request q;

    (void)byte;
    (void)bit;
    (void)ctx;
    CU_ASSERT_NOT_EQUAL(jk_modbus_request_decode(flipped, &q).code, ERR_OK);
}

static void check_flipped_reply(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    struct jk_modbus_reply r;

    (void)byte;
    (void)bit;
    CU_ASSERT_NOT_EQUAL(jk_modbus_reply_decode(flipped, ctx, &r).code, ERR_OK);
}

static void check_cut(struct span cut, void *ctx)
{
    struct jk_modbus_request q;

    (void)ctx;
    expect(jk_modbus_request_decode(cut, &q), ERR_SHORT, (uint32_t)cut.n);
}

static void test_damage(void)
{
    struct jk_modbus_request asked = request("010300050002d40a");

    testing_every_bit_flip(jk_hex("010300050002d40a"), check_flipped, NULL);
    testing_every_bit_flip(jk_hex("0210107800020400000001f669"), check_flipped, NULL);
    testing_every_bit_flip(jk_hex("010304112233444bc6"), check_flipped_reply, &asked);
    testing_every_truncation(jk_hex("0210107800020400000001f669"), check_cut, NULL);
    testing_every_truncation(jk_hex("010300050002d40a"), check_cut, NULL);
}

/* ---- recorded ---- */

static void check_vector(const struct jk_vector *v, void *ctx)
{
    size_t *n = ctx;
    struct span body = span_sub(v->bytes, 0, v->bytes.n - 2);
    uint16_t crc = jk_modbus_crc(body);
    bool is_reply = v->bytes.p[1] == JK_MODBUS_READ ? v->bytes.n == 9 : v->bytes.n == 8;
    uint8_t memory[JK_MODBUS_MAX];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_modbus_request q;
    struct jk_modbus_reply r;

    ++*n;
    CU_ASSERT_EQUAL(v->bytes.p[v->bytes.n - 2] | v->bytes.p[v->bytes.n - 1] << 8, crc);
    if (!is_reply) {
        CU_ASSERT_EQUAL(jk_modbus_request_decode(v->bytes, &q).code, ERR_OK);
        CU_ASSERT_EQUAL(jk_modbus_request_encode(&q, &out), ERR_OK);
        TESTING_BYTES_EQ(buf_span(&out), v->bytes);
        return;
    }
    q = (struct jk_modbus_request){.unit = v->bytes.p[0], .function = v->bytes.p[1], .words = 2};
    if (q.function == JK_MODBUS_WRITE) {
        q.address = (uint16_t)(v->bytes.p[2] << 8 | v->bytes.p[3]);
        q.words = v->bytes.p[5];
    }
    CU_ASSERT_EQUAL(jk_modbus_reply_decode(v->bytes, &q, &r).code, ERR_OK);
    CU_ASSERT_EQUAL(jk_modbus_reply_encode(&r, &out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out), v->bytes);
}

static void test_vectors(void)
{
    size_t n = 0;

    if (jk_vectors_each("modbus.json", check_vector, &n))
        CU_ASSERT_EQUAL(n, 22);
}

/* ---- stream ---- */

static void feed(struct jk_modbus_reader *r, const struct jk_modbus_request *asked, struct span in,
                 struct buf *log)
{
    for (;;) {
        size_t used = 0;
        enum jk_modbus_event event = asked == NULL ? jk_modbus_feed_requests(r, in, &used)
                                                   : jk_modbus_feed_replies(r, asked, in, &used);
        in = span_sub(in, used, in.n);
        if (event == JK_MODBUS_MORE)
            break;
        buf_put(log, jk_modbus_got(r));
    }
    CU_ASSERT_EQUAL(in.n, 0);
}

struct stream {
    const struct jk_modbus_request *asked;
    struct span want;
};

static void check_split(struct span first, struct span second, void *ctx)
{
    const struct stream *s = ctx;
    struct jk_modbus_reader r = {0};
    uint8_t memory[512];
    struct buf log = buf_of(memory, sizeof memory);

    feed(&r, s->asked, first, &log);
    feed(&r, s->asked, second, &log);
    TESTING_BYTES_EQ(buf_span(&log), s->want);
}

static void in_every_way(struct span in, struct stream s)
{
    testing_every_split(in, check_split, &s);
    for (size_t size = 1; size <= in.n; size++) {
        struct jk_modbus_reader r = {0};
        uint8_t memory[512];
        struct buf log = buf_of(memory, sizeof memory);
        for (size_t at = 0; at < in.n; at += size)
            feed(&r, s.asked, span_sub(in, at, size), &log);
        TESTING_BYTES_EQ(buf_span(&log), s.want);
    }
}

/* Echo of the request, an answer of unit 2, garbage of swapped wires, then the answer. */
static void test_finds_reply(void)
{
    const struct jk_modbus_request asked = {
        .unit = 1, .function = JK_MODBUS_READ, .address = 5, .words = 2};
    struct span in = jk_hex("010300050002d40a02030400000000c93320aa820020f5fc26ea74a0"
                            "01060103010304112233444bc6");

    in_every_way(in, (struct stream){&asked, jk_hex("010304112233444bc6")});
}

static void test_finds_write_reply(void)
{
    const struct jk_modbus_request asked = {
        .unit = 1, .function = JK_MODBUS_WRITE, .address = 0x20, .words = 2};
    struct span in = jk_hex("0110002000020400052233b9030110002200024002"
                            "0110002000024002");

    in_every_way(in, (struct stream){&asked, jk_hex("0110002000024002")});
}

static void test_finds_refusal(void)
{
    const struct jk_modbus_request asked = {
        .unit = 1, .function = JK_MODBUS_READ, .address = 0x1200, .words = 0x70};

    in_every_way(jk_hex("ff018302c0f1"), (struct stream){&asked, jk_hex("018302c0f1")});
}

static void test_finds_requests(void)
{
    struct span in = jk_hex("00ff010300050002d40a021010780002040000000100"
                            "0210107800020400000001f669"
                            "0110002000010400052233" /* count and bytes disagree */
                            "01100020000000"         /* no words */
                            "0110002000fffe"         /* too many */
                            "010600010003980b");
    struct span want = jk_hex("010300050002d40a0210107800020400000001f669010600010003980b");

    in_every_way(in, (struct stream){NULL, want});
}

static void test_counts(void)
{
    struct jk_modbus_reader r = {0};
    uint8_t memory[64];
    struct buf log = buf_of(memory, sizeof memory);

    feed(&r, NULL, jk_hex("ff010300050002d40b0103"), &log);
    CU_ASSERT_EQUAL(log.n, 0);
    CU_ASSERT_EQUAL(r.bad_crc,
                    3); /* the damaged one, and where ff 01 and 00 05 seem to begin one */
    jk_modbus_reader_reset(&r);
    feed(&r, NULL, jk_hex("010300050002d40a"), &log);
    CU_ASSERT_EQUAL(log.n, 8);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"CRC", test_crc},
        {"read", test_read},
        {"write", test_write},
        {"a logged answer", test_logged_answer},
        {"refusals", test_refusals},
        {"bad requests", test_bad_requests},
        {"count and bytes disagree", test_count_disagrees},
        {"answers to something else", test_other_answers},
        {"nonsense to encode", test_nonsense_to_encode},
        {"too many words", test_too_many_words},
        {"every flipped bit, every truncation", test_damage},
        {"recorded telegrams", test_vectors},
        {"finds the answer", test_finds_reply},
        {"finds the acknowledge", test_finds_write_reply},
        {"finds a refusal", test_finds_refusal},
        {"finds requests", test_finds_requests},
        {"counts damage", test_counts},
        {0},
    };
    return testing_main(argc, argv, "jk_modbus", cases);
}
