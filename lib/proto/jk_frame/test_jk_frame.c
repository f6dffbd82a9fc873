/* SPDX-License-Identifier: Apache-2.0
 *
 * The envelope and commands.
 */
#include <string.h>

#include "proto/jk_frame/test_jk_support.h"

/* ---- envelope ---- */

static struct decoded check(struct span frame)
{
    enum jk_type type;

    return jk_frame_check(frame, &type);
}

static void expect(struct decoded got, enum err code, uint32_t offset)
{
    CU_ASSERT_EQUAL(got.code, code);
    CU_ASSERT_EQUAL(got.offset, offset);
}

static void test_check(void)
{
    uint8_t f[JK_FRAME + 1];
    enum jk_type type = JK_LOG;

    jk_healthy_32s(f);
    f[JK_FRAME] = 0;
    expect(jk_frame_check(span_of(f, JK_FRAME), &type), ERR_OK, 0);
    CU_ASSERT_EQUAL(type, JK_CELLS);
    expect(check(span_of(f, 0)), ERR_SHORT, 0);
    expect(check(span_of(f, 3)), ERR_SHORT, 3);
    expect(check(span_of(f, 299)), ERR_SHORT, 299);
    expect(check(span_of(f, 301)), ERR_LAYOUT, 300);
    f[2] = 0xEC;
    expect(check(span_of(f, JK_FRAME)), ERR_LAYOUT, 2);
    f[2] = 0xEB;
    f[4] = 4;
    expect(check(span_of(f, JK_FRAME)), ERR_LAYOUT, 4);
    f[4] = 2;
    f[299] ^= 1;
    expect(check(span_of(f, JK_FRAME)), ERR_CHECKSUM, 299);
    jk_healthy_32s(f);
    memcpy(f + 128, f, 4);
    jk_seal(f);
    expect(check(span_of(f, JK_FRAME)), ERR_LAYOUT, 128);
}

/* 0x05 stands still on RS485 with firmware 15.10, 0x00 with 15.41, and counts on Bluetooth. */
static void test_counter_is_no_check(void)
{
    uint8_t f[JK_FRAME];

    for (unsigned counter = 0; counter < 256; counter++) {
        jk_blank(f, JK_SETTINGS, (uint8_t)counter);
        CU_ASSERT_EQUAL(check(span_of(f, JK_FRAME)).code, ERR_OK);
    }
}

static void test_other_records(void)
{
    uint8_t f[JK_FRAME];
    struct jk_cells c;
    struct jk_settings s;
    struct jk_info i;
    struct jk_log l;
    struct jk04_cells c04;
    struct jk04_settings s04;

    jk_blank(f, JK_INFO, 0);
    expect(jk_cells_decode(span_of(f, JK_FRAME), JK02_32S, &c), ERR_MISMATCH, 4);
    expect(jk_settings_decode(span_of(f, JK_FRAME), JK02_32S, &s), ERR_MISMATCH, 4);
    expect(jk_log_decode(span_of(f, JK_FRAME), &l), ERR_MISMATCH, 4);
    expect(jk04_cells_decode(span_of(f, JK_FRAME), &c04), ERR_MISMATCH, 4);
    expect(jk04_settings_decode(span_of(f, JK_FRAME), &s04), ERR_MISMATCH, 4);
    jk_blank(f, JK_SETTINGS, 0);
    expect(jk_info_decode(span_of(f, JK_FRAME), &i), ERR_MISMATCH, 4);
    expect(jk_info_decode(span_of(f, 20), &i), ERR_SHORT, 20);
}

static void test_layout_must_fit(void)
{
    const enum jk_layout wrong[] = {JK_LAYOUT_UNKNOWN, JK04};
    uint8_t f[JK_FRAME];
    uint8_t memory[JK_FRAME];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_cells c = {.layout = JK04};
    struct jk_settings s = {.layout = JK_LAYOUT_UNKNOWN};

    for (size_t i = 0; i < 2; i++) {
        jk_blank(f, JK_CELLS, 0);
        expect(jk_cells_decode(span_of(f, JK_FRAME), wrong[i], &c), ERR_UNSUPPORTED, 6);
        jk_blank(f, JK_SETTINGS, 0);
        expect(jk_settings_decode(span_of(f, JK_FRAME), wrong[i], &s), ERR_UNSUPPORTED, 6);
    }
    CU_ASSERT_EQUAL(jk_cells_encode(&c, &out), ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(jk_settings_encode(&s, &out), ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(out.n, 0);
}

static void test_no_room(void)
{
    uint8_t memory[JK_FRAME - 1];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_info i = {0};
    struct jk_command c = {0};

    CU_ASSERT_EQUAL(jk_info_encode(&i, &out), ERR_SPACE);
    CU_ASSERT_EQUAL(out.n, 0);
    out = buf_of(memory, 19);
    CU_ASSERT_EQUAL(jk_command_encode(&c, &out), ERR_SPACE);
}

/* ---- commands: bytes from the specification ---- */

static void is_command(struct jk_command c, const char *hex)
{
    uint8_t memory[JK_COMMAND];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_command again;

    CU_ASSERT_EQUAL(jk_command_encode(&c, &out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out), jk_hex(hex));
    CU_ASSERT_EQUAL(jk_command_decode(jk_hex(hex), &again).code, ERR_OK);
    CU_ASSERT_EQUAL(memcmp(&again, &c, sizeof c), 0);
}

static void test_commands(void)
{
    struct jk_command c;

    is_command((struct jk_command){.number = JK_CMD_INFO},
               "aa5590eb97000000000000000000000000000011");
    is_command((struct jk_command){.number = JK_CMD_SETTINGS},
               "aa5590eb96000000000000000000000000000010");
    CU_ASSERT_EQUAL(jk_register_command(JK02_32S, 0x04, 3650, &c), ERR_OK); /* cell OVP */
    is_command(c, "aa5590eb0404420e0000000000000000000000d2");
    CU_ASSERT_EQUAL(jk_register_command(JK02_24S, 0x1D, 1, &c), ERR_OK); /* charge switch */
    is_command(c, "aa5590eb1d04010000000000000000000000009c");
    CU_ASSERT_EQUAL(jk_register_command(JK04, 0x20, jk_f32_from_fixed(31, 1), &c), ERR_OK);
    is_command(c, "aa5590eb200466664640000000000000000000f0");
    CU_ASSERT_EQUAL(jk_register_command(JK04, 0x64, jk_f32_from_fixed(8, 3), &c), ERR_OK);
    is_command(c, "aa5590eb64046f12033c000000000000000000a2");
}

static void test_ack(void)
{
    struct jk_command c;

    TESTING_BYTES_EQ(jk_ack, jk_hex("aa5590ebc8010100000000000000000000000044"));
    CU_ASSERT_EQUAL(jk_command_decode(jk_ack, &c).code, ERR_OK);
    CU_ASSERT_EQUAL(c.number, JK_CMD_ACK);
    CU_ASSERT_EQUAL(jk_command_value(&c), 1);
}

/* What the app leaves behind the value is kept and not part of it. */
static void test_stale_tail(void)
{
    struct span bytes = jk_hex("aa5590eb2604c409000023b2cd312d28f26b04fa");
    uint8_t memory[JK_COMMAND];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_command c;

    CU_ASSERT_EQUAL(jk_command_decode(bytes, &c).code, ERR_OK);
    CU_ASSERT_EQUAL(c.number, 0x26);
    CU_ASSERT_EQUAL(jk_command_value(&c), 2500);
    CU_ASSERT_EQUAL(jk_command_encode(&c, &out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out), bytes);
    c.length = 1;
    CU_ASSERT_EQUAL(jk_command_value(&c), 0xC4);
}

static void test_bad_commands(void)
{
    struct jk_command c = {.length = 14};
    uint8_t memory[32];
    struct buf out = buf_of(memory, sizeof memory);

    expect(jk_command_decode(span_sub(jk_ack, 0, 19), &c), ERR_SHORT, 19);
    expect(jk_command_decode(span_sub(jk_ack, 0, 2), &c), ERR_SHORT, 2);
    expect(jk_command_decode(jk_hex("aa56"), &c), ERR_LAYOUT, 1);
    expect(jk_command_decode(jk_hex("aa5590ebc801010000000000000000000000004441"), &c), ERR_LAYOUT,
           20);
    expect(jk_command_decode(jk_hex("aa5591ebc801010000000000000000000000004544"), &c), ERR_LAYOUT,
           2);
    expect(jk_command_decode(jk_hex("aa5590ebc8010100000000000000000000000045"), &c), ERR_CHECKSUM,
           19);
    expect(jk_command_decode(jk_hex("aa5590eb9f0e0000000000000000000000000027"), &c), ERR_RANGE, 5);
    CU_ASSERT_EQUAL(jk_command_encode(&c, &out), ERR_RANGE);
    CU_ASSERT_EQUAL(out.n, 0);
}

static void check_flipped_command(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    struct jk_command c;

    (void)byte;
    (void)bit;
    (void)ctx;
    CU_ASSERT_NOT_EQUAL(jk_command_decode(flipped, &c).code, ERR_OK);
}

static void test_flipped_commands(void)
{
    testing_every_bit_flip(jk_hex("aa5590eb0404420e0000000000000000000000d2"),
                           check_flipped_command, NULL);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"what is a frame", test_check},
        {"the counter is no check", test_counter_is_no_check},
        {"other records", test_other_records},
        {"the layout must fit", test_layout_must_fit},
        {"no room", test_no_room},
        {"commands", test_commands},
        {"acknowledge", test_ack},
        {"memory behind the value", test_stale_tail},
        {"bad commands", test_bad_commands},
        {"every flipped bit of a command", test_flipped_commands},
        {0},
    };
    return testing_main(argc, argv, "jk_frame", cases);
}
