/* SPDX-License-Identifier: Apache-2.0
 *
 * Single telegrams of the pack bus: bytes of the specification and of captures.
 */
#include "proto/jk_bus/jk_bus.h"

#include <string.h>

#include "proto/jk_frame/test_jk_support.h"

static const struct {
    uint8_t unit;
    enum jk_type type;
    const char *hex;
} requests[] = {
    {1, JK_CELLS, "011016200001020000d6f1"},    {1, JK_SETTINGS, "0110161e0001020000d22f"},
    {1, JK_INFO, "0110161c0001020000d3cd"},     {2, JK_CELLS, "021016200001020000c201"},
    {2, JK_SETTINGS, "0210161e0001020000c6df"}, {2, JK_INFO, "0210161c0001020000c73d"},
    {3, JK_CELLS, "031016200001020000cf91"},    {3, JK_SETTINGS, "0310161e0001020000cb4f"},
    {3, JK_INFO, "0310161c0001020000caad"},     {10, JK_CELLS, "0a1016200001020000a5c1"},
    {11, JK_CELLS, "0b1016200001020000a851"},   {12, JK_CELLS, "0c10162000010200008e61"},
    {13, JK_CELLS, "0d101620000102000083f1"},   {14, JK_CELLS, "0e10162000010200009701"},
    {15, JK_CELLS, "0f10162000010200009a91"},
};

static const struct {
    uint8_t unit;
    enum jk_type type;
    const char *hex;
} acks[] = {
    {3, JK_CELLS, "03101620000105a9"}, {3, JK_SETTINGS, "0310161e00016465"},
    {3, JK_INFO, "0310161c0001c5a5"},  {1, JK_INFO, "0110161c0001c447"},
    {1, JK_CELLS, "011016200001044b"}, {1, JK_SETTINGS, "0110161e00016587"},
};

static void expect(struct decoded got, enum err code, uint32_t offset)
{
    CU_ASSERT_EQUAL(got.code, code);
    CU_ASSERT_EQUAL(got.offset, offset);
}

static void test_requests(void)
{
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        uint8_t memory[JK_BUS_REQUEST_BYTES];
        struct buf out = buf_of(memory, sizeof memory);
        uint8_t unit = 99;
        enum jk_type type = JK_LOG;
        CU_ASSERT_EQUAL(jk_bus_request_encode(requests[i].unit, requests[i].type, &out), ERR_OK);
        TESTING_BYTES_EQ(buf_span(&out), jk_hex(requests[i].hex));
        expect(jk_bus_request_decode(jk_hex(requests[i].hex), &unit, &type), ERR_OK, 0);
        CU_ASSERT_EQUAL(unit, requests[i].unit);
        CU_ASSERT_EQUAL(type, requests[i].type);
    }
}

static void test_acks(void)
{
    for (size_t i = 0; i < sizeof acks / sizeof acks[0]; i++) {
        uint8_t memory[JK_BUS_ACK_BYTES];
        struct buf out = buf_of(memory, sizeof memory);
        uint8_t unit = 99;
        enum jk_type type = JK_LOG;
        CU_ASSERT_EQUAL(jk_bus_ack_encode(acks[i].unit, acks[i].type, &out), ERR_OK);
        TESTING_BYTES_EQ(buf_span(&out), jk_hex(acks[i].hex));
        expect(jk_bus_ack_decode(jk_hex(acks[i].hex), &unit, &type), ERR_OK, 0);
        CU_ASSERT_EQUAL(unit, acks[i].unit);
        CU_ASSERT_EQUAL(type, acks[i].type);
    }
}

/* Modbus, but not of this protocol. */
static void test_other_telegrams(void)
{
    uint8_t unit = 99;
    enum jk_type type = JK_LOG;

    expect(jk_bus_request_decode(jk_hex("0110162000"), &unit, &type), ERR_SHORT, 5);
    expect(jk_bus_request_decode(jk_hex("011016200001020000d6f0"), &unit, &type), ERR_CHECKSUM, 9);
    expect(jk_bus_request_decode(jk_hex("010300050002d40a"), &unit, &type), ERR_LAYOUT, 1);
    expect(jk_bus_request_decode(jk_hex("010600010003980b"), &unit, &type), ERR_LAYOUT, 1);
    expect(jk_bus_request_decode(jk_hex("021010780002040000000037a9"), &unit, &type), ERR_LAYOUT,
           4);
    expect(jk_bus_request_decode(jk_hex("021011140001020210b019"), &unit, &type), ERR_LAYOUT, 7);
    expect(jk_bus_request_decode(jk_hex("0110162000010200011731"), &unit, &type), ERR_LAYOUT, 7);
    expect(jk_bus_request_decode(jk_hex("011016200000020000d70d"), &unit, &type), ERR_LAYOUT, 4);
    expect(jk_bus_request_decode(jk_hex("011016220001020000d713"), &unit, &type), ERR_LAYOUT, 2);
    expect(jk_bus_request_decode(jk_hex("10101620000102000016a1"), &unit, &type), ERR_RANGE, 0);
    expect(jk_bus_ack_decode(jk_hex("03101620000105"), &unit, &type), ERR_SHORT, 7);
    expect(jk_bus_ack_decode(jk_hex("03101620000105a8"), &unit, &type), ERR_CHECKSUM, 6);
    expect(jk_bus_ack_decode(jk_hex("03101620000105a900"), &unit, &type), ERR_LAYOUT, 8);
    expect(jk_bus_ack_decode(jk_hex("0310162200010000"), &unit, &type), ERR_LAYOUT, 2);
    expect(jk_bus_ack_decode(jk_hex("0310162000020000"), &unit, &type), ERR_CHECKSUM, 6);
    expect(jk_bus_ack_decode(jk_hex("03101620000245a8"), &unit, &type), ERR_LAYOUT, 4);
    expect(jk_bus_ack_decode(jk_hex("0303162000010000"), &unit, &type), ERR_LAYOUT, 1);
    expect(jk_bus_ack_decode(jk_hex("101016200001070a"), &unit, &type), ERR_RANGE, 0);
    expect(jk_bus_ack_decode(jk_hex("0190162000010000"), &unit, &type), ERR_LAYOUT, 5);
    CU_ASSERT_EQUAL(unit, 99);
    CU_ASSERT_EQUAL(type, JK_LOG);
}

static void test_nonsense_to_encode(void)
{
    uint8_t memory[JK_BUS_REPLY_MAX];
    uint8_t f[JK_FRAME];
    struct buf out = buf_of(memory, sizeof memory);

    CU_ASSERT_EQUAL(jk_bus_request_encode(0, JK_CELLS, &out), ERR_USAGE); /* the master */
    CU_ASSERT_EQUAL(jk_bus_request_encode(16, JK_CELLS, &out), ERR_USAGE);
    CU_ASSERT_EQUAL(jk_bus_request_encode(1, JK_LOG, &out), ERR_USAGE);
    CU_ASSERT_EQUAL(jk_bus_ack_encode(16, JK_CELLS, &out), ERR_USAGE);
    CU_ASSERT_EQUAL(jk_bus_ack_encode(1, JK_LOG, &out), ERR_USAGE);
    jk_blank(f, JK_LOG, 0);
    CU_ASSERT_EQUAL(jk_bus_reply_encode(span_of(f, JK_FRAME), 1, JK_BUS_308, &out), ERR_USAGE);
    f[299] ^= 1;
    CU_ASSERT_EQUAL(jk_bus_reply_encode(span_of(f, JK_FRAME), 1, JK_BUS_308, &out), ERR_USAGE);
    CU_ASSERT_EQUAL(out.n, 0);
    out = buf_of(memory, 307);
    jk_blank(f, JK_CELLS, 0);
    CU_ASSERT_EQUAL(jk_bus_reply_encode(span_of(f, JK_FRAME), 1, JK_BUS_308, &out), ERR_SPACE);
    out = buf_of(memory, 10);
    CU_ASSERT_EQUAL(jk_bus_request_encode(1, JK_CELLS, &out), ERR_SPACE);
}

static void test_replies(void)
{
    uint8_t memory[2 * JK_BUS_REPLY_MAX];
    uint8_t f[JK_FRAME];
    struct buf out = buf_of(memory, sizeof memory);

    jk_healthy_32s(f);
    CU_ASSERT_EQUAL(jk_bus_reply_encode(span_of(f, JK_FRAME), 3, JK_BUS_308, &out), ERR_OK);
    CU_ASSERT_EQUAL(out.n, 308);
    TESTING_BYTES_EQ(span_sub(buf_span(&out), 0, 300), span_of(f, 300));
    TESTING_BYTES_EQ(span_sub(buf_span(&out), 300, 8), jk_hex("03101620000105a9"));
    buf_clear(&out);
    CU_ASSERT_EQUAL(jk_bus_reply_encode(span_of(f, JK_FRAME), 3, JK_BUS_310, &out), ERR_OK);
    CU_ASSERT_EQUAL(out.n, 310);
    TESTING_BYTES_EQ(span_sub(buf_span(&out), 300, 10), jk_hex("0003101620000105a900"));
}

static void check_flipped(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    uint8_t unit;
    enum jk_type type;

    (void)byte;
    (void)bit;
    (void)ctx;
    CU_ASSERT_NOT_EQUAL(jk_bus_request_decode(flipped, &unit, &type).code, ERR_OK);
    CU_ASSERT_NOT_EQUAL(jk_bus_ack_decode(flipped, &unit, &type).code, ERR_OK);
}

static void test_flipped(void)
{
    testing_every_bit_flip(jk_hex("031016200001020000cf91"), check_flipped, NULL);
    testing_every_bit_flip(jk_hex("03101620000105a9"), check_flipped, NULL);
}

/* ---- recorded ---- */

/* "frame300+ack8", "frame300+00+ack8+00": written again from its parts. */
static void check_vector(const struct jk_vector *v, void *ctx)
{
    size_t *n = ctx;
    struct span frame = span_sub(v->bytes, 0, JK_FRAME);
    bool long_form = v->bytes.n == 310;
    struct span ack = span_sub(v->bytes, long_form ? 301 : 300, 8);
    uint8_t memory[JK_BUS_REPLY_MAX];
    struct buf out = buf_of(memory, sizeof memory);
    uint8_t unit = 99;
    enum jk_type type = JK_LOG;

    ++*n;
    if (strcmp(v->kind, "modbus_rtu") == 0) {
        expect(jk_bus_request_decode(v->bytes, &unit, &type), ERR_OK, 0);
        CU_ASSERT_EQUAL(unit, 3);
        return;
    }
    if (v->ack[0] != '\0')
        TESTING_BYTES_EQ(ack, jk_hex(v->ack));
    expect(jk_bus_ack_decode(ack, &unit, &type), ERR_OK, 0);
    CU_ASSERT_EQUAL(unit, long_form ? 3 : 1);
    CU_ASSERT_EQUAL(type, (enum jk_type)frame.p[4]);
    CU_ASSERT_EQUAL(jk_bus_reply_encode(frame, unit, long_form ? JK_BUS_310 : JK_BUS_308, &out),
                    ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out), v->bytes);
}

static void test_recorded(void)
{
    size_t n = 0;

    if (jk_vectors_each("pb_rs485.json", check_vector, &n))
        CU_ASSERT_EQUAL(n, 7);
}

struct tally {
    size_t frames, values;
};

/* The frames are those of Bluetooth: decoded to the stated values and back. */
static void check_values(const struct jk_vector *v, void *ctx)
{
    struct tally *tally = ctx;
    struct span frame = span_sub(v->bytes, 0, JK_FRAME);
    uint8_t memory[JK_FRAME];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_cells c;
    struct jk_settings s;
    struct jk_info i;

    if (jk_cells_decode(frame, JK02_32S, &c).code == ERR_OK) {
        CU_ASSERT_EQUAL(jk_layout_of(frame), JK02_32S);
        tally->values += jk_expect_numbers(v, jk_look_cells, &c);
        CU_ASSERT_EQUAL(jk_cells_encode(&c, &out), ERR_OK);
    } else if (jk_settings_decode(frame, JK02_32S, &s).code == ERR_OK) {
        tally->values += jk_expect_numbers(v, jk_look_settings, &s);
        CU_ASSERT_EQUAL(jk_settings_encode(&s, &out), ERR_OK);
    } else if (jk_info_decode(frame, &i).code == ERR_OK) {
        const char *model = json_string(json_path(v->whole, "expected.model.value"));
        const char *software = json_string(json_path(v->whole, "expected.sw.value"));
        char text[32];
        jk_text(span_of(i.model, sizeof i.model), text, sizeof text);
        CU_ASSERT(model == NULL || strcmp(model, text) == 0);
        jk_text(span_of(i.software, sizeof i.software), text, sizeof text);
        CU_ASSERT(software == NULL || strcmp(software, text) == 0);
        CU_ASSERT_EQUAL(jk_info_encode(&i, &out), ERR_OK);
    } else {
        return;
    }
    tally->frames++;
    TESTING_BYTES_EQ(buf_span(&out), frame);
}

static void test_values(void)
{
    struct tally tally = {0};

    if (!jk_vectors_each("pb_rs485.json", check_values, &tally))
        return;
    CU_ASSERT_EQUAL(tally.frames, 6);
    CU_ASSERT_EQUAL(tally.values, 13);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"requests", test_requests},
        {"acknowledges", test_acks},
        {"other telegrams", test_other_telegrams},
        {"nonsense to encode", test_nonsense_to_encode},
        {"both forms of an answer", test_replies},
        {"every flipped bit", test_flipped},
        {"recorded answers", test_recorded},
        {"recorded values", test_values},
        {0},
    };
    return testing_main(argc, argv, "jk_bus", cases);
}
