/* SPDX-License-Identifier: Apache-2.0
 *
 * The ATT server: every request with its answers and errors, as Core 5.3, Vol 3 Part F 3.4 writes
 * them down byte by byte. The battery is an old JK module (C8:47:8C).
 */
#include <string.h>

#include "sim/ble/att.h"
#include "testing/testing.h"

static const struct ble_traits old_module = {
    .name = "JK-BD6A17S6P",
    .mtu = 131,
    .asks_mtu = true,
    .n = 1,
    .services =
        {{.uuid = 0xFFE0,
          .handle = 0x000E,
          .n = 2,
          .characteristics = {{.uuid = 0xFFE2, .handle = 0x0010, .properties = BLE_WRITE_COMMAND},
                              {.uuid = 0xFFE1,
                               .handle = 0x0012,
                               .properties = BLE_WRITE_COMMAND | BLE_WRITE | BLE_NOTIFY}}}},
};

struct rig {
    struct att_table table;
    struct att att;
    uint8_t memory[BLE_MTU_MAX];
    struct buf out;
    struct att_event event;
};

static void up(struct rig *r, const struct ble_traits *traits)
{
    memset(r, 0, sizeof *r);
    CU_ASSERT_EQUAL_FATAL(att_table_init(&r->table, traits), ERR_OK);
    att_connect(&r->att, &r->table);
}

static struct span ask(struct rig *r, struct span pdu)
{
    r->out = buf_of(r->memory, sizeof r->memory);
    r->event = att_take(&r->att, pdu, &r->out);
    return buf_span(&r->out);
}

struct exchange {
    struct span request, answer;
};

static void check(struct rig *r, const struct exchange *rows)
{
    for (; rows->request.p != NULL; rows++)
        TESTING_BYTES_EQ(ask(r, rows->request), rows->answer);
}

/* clang-format off */
#define Q(request, answer) {SPAN_INIT(request), SPAN_INIT(answer)}
/* clang-format on */

/* ---- MTU ---- */

static void test_mtu(void)
{
    static const struct exchange rows[] = {
        Q("\x02\x05\x02", "\x03\x83\x00"), /* 517 asked, 131 answered */
        Q("\x02\x05", "\x01\x02\x00\x00\x04"),
        Q("\x02\x05\x02\x00", "\x01\x02\x00\x00\x04"),
        {{0}, {0}}};
    struct rig r;

    up(&r, &old_module);
    CU_ASSERT_EQUAL(r.att.mtu, 23);
    check(&r, rows);
    CU_ASSERT_EQUAL(r.att.mtu, 131);
    ask(&r, SPAN_LIT("\x02\x40\x00")); /* the lower of both */
    CU_ASSERT_EQUAL(r.event.kind, ATT_MTU);
    CU_ASSERT_EQUAL(r.event.mtu, 64);
    ask(&r, SPAN_LIT("\x02\x05\x00")); /* less than there is */
    CU_ASSERT_EQUAL(r.event.mtu, 23);
}

static void test_mtu_of_our_own(void)
{
    struct ble_traits silent = old_module;
    struct rig r;

    up(&r, &old_module);
    r.out = buf_of(r.memory, sizeof r.memory);
    CU_ASSERT_TRUE(att_ask(&r.att, &r.out));
    TESTING_BYTES_EQ(buf_span(&r.out), SPAN_LIT("\x02\x83\x00"));
    TESTING_BYTES_EQ(ask(&r, SPAN_LIT("\x03\x05\x02")), (struct span){0});
    CU_ASSERT_EQUAL(r.event.mtu, 131);
    ask(&r, SPAN_LIT("\x03\x30\x00")); /* an answer to nothing */
    CU_ASSERT_EQUAL(r.event.kind, ATT_NOTHING);
    CU_ASSERT_EQUAL(r.att.mtu, 131);

    up(&r, &old_module);
    r.out = buf_of(r.memory, sizeof r.memory);
    CU_ASSERT_TRUE(att_ask(&r.att, &r.out));
    TESTING_BYTES_EQ(ask(&r, SPAN_LIT("\x01\x02\x00\x00\x06")), (struct span){0}); /* refused */
    CU_ASSERT_FALSE(r.att.asked);
    CU_ASSERT_EQUAL(r.att.mtu, 23);

    silent.asks_mtu = false;
    up(&r, &silent);
    CU_ASSERT_FALSE(att_ask(&r.att, &r.out));
}

/* JK04: no exchange at all. */
static void test_mtu_23(void)
{
    static const struct exchange rows[] = {Q("\x02\x05\x02", "\x01\x02\x00\x00\x06"), {{0}, {0}}};
    struct ble_traits traits = old_module;
    struct rig r;

    traits.mtu = 23;
    up(&r, &traits);
    check(&r, rows);
    CU_ASSERT_EQUAL(r.event.kind, ATT_NOTHING);
    CU_ASSERT_EQUAL(r.att.mtu, 23);
    CU_ASSERT_FALSE(att_ask(&r.att, &r.out));
}

/* ---- discovery ---- */

static void test_find_information(void)
{
    static const struct exchange rows[] = {
        Q("\x04\x0E\x00\xFF\xFF", "\x05\x01\x0E\x00\x00\x28\x0F\x00\x03\x28\x10\x00\xE2\xFF\x11\x00"
                                  "\x03\x28\x12\x00\xE1\xFF"),
        Q("\x04\x13\x00\x13\x00", "\x05\x01\x13\x00\x02\x29"),
        Q("\x04\x14\x00\xFF\xFF", "\x01\x04\x14\x00\x0A"),
        Q("\x04\x06\x00\x0D\x00", "\x01\x04\x06\x00\x0A"),
        Q("\x04\x00\x00\xFF\xFF", "\x01\x04\x00\x00\x01"),
        Q("\x04\x13\x00\x12\x00", "\x01\x04\x13\x00\x01"),
        Q("\x04\x13\x00\x13", "\x01\x04\x00\x00\x04"),
        {{0}, {0}}};
    struct rig r;

    up(&r, &old_module);
    check(&r, rows);
}

static void test_find_by_value(void)
{
    static const struct exchange rows[] = {
        Q("\x06\x01\x00\xFF\xFF\x00\x28\xE0\xFF", "\x07\x0E\x00\x13\x00"),
        Q("\x06\x01\x00\xFF\xFF\x00\x28\x00\x18", "\x07\x01\x00\x05\x00"),
        Q("\x06\x01\x00\xFF\xFF\x00\x28\xF0\xFF", "\x01\x06\x01\x00\x0A"),
        Q("\x06\x0F\x00\xFF\xFF\x00\x28\xE0\xFF", "\x01\x06\x0F\x00\x0A"),
        Q("\x06\x01\x00\xFF\xFF\x02\x29\x00\x00", "\x07\x13\x00\x13\x00"),
        Q("\x06\x02\x00\x01\x00\x00\x28\xE0\xFF", "\x01\x06\x02\x00\x01"),
        Q("\x06\x01\x00\xFF\xFF\x00", "\x01\x06\x00\x00\x04"),
        {{0}, {0}}};
    struct rig r;

    up(&r, &old_module);
    check(&r, rows);
}

static void test_read_by_group(void)
{
    static const struct exchange rows[] = {
        Q("\x10\x01\x00\xFF\xFF\x00\x28",
          "\x11\x06\x01\x00\x05\x00\x00\x18\x0E\x00\x13\x00\xE0\xFF"),
        Q("\x10\x14\x00\xFF\xFF\x00\x28", "\x01\x10\x14\x00\x0A"),
        Q("\x10\x01\x00\xFF\xFF\x01\x28", "\x01\x10\x01\x00\x0A"), /* no secondary ones */
        Q("\x10\x01\x00\xFF\xFF\x03\x28", "\x01\x10\x01\x00\x10"),
        Q("\x10\x00\x00\xFF\xFF\x00\x28", "\x01\x10\x00\x00\x01"),
        /* the same UUID in its long form, and one that is none of Bluetooth's */
        Q("\x10\x06\x00\xFF\xFF\xFB\x34\x9B\x5F\x80\x00\x00\x80\x00\x10\x00\x00\x00\x28\x00\x00",
          "\x11\x06\x0E\x00\x13\x00\xE0\xFF"),
        Q("\x10\x06\x00\xFF\xFF\xFB\x34\x9B\x5F\x80\x00\x00\x80\x00\x10\x00\x01\x00\x28\x00\x00",
          "\x01\x10\x06\x00\x10"),
        Q("\x10\x01\x00\xFF\xFF\x00\x28\x00", "\x01\x10\x00\x00\x04"),
        {{0}, {0}}};
    struct rig r;

    up(&r, &old_module);
    check(&r, rows);
}

static void test_read_by_type(void)
{
    static const struct exchange rows[] = {
        Q("\x08\x01\x00\xFF\xFF\x03\x28", /* three of seven bytes fit 23 */
          "\x09\x07\x02\x00\x02\x03\x00\x00\x2A\x04\x00\x02\x05\x00\x01\x2A\x0F\x00\x04\x10\x00\xE2"
          "\xFF"),
        Q("\x08\x10\x00\xFF\xFF\x03\x28", "\x09\x07\x11\x00\x1C\x12\x00\xE1\xFF"),
        Q("\x08\x01\x00\xFF\xFF\x00\x2A", "\x09\x0E\x03\x00JK-BD6A17S6P"),
        Q("\x08\x01\x00\xFF\xFF\x02\x29", "\x09\x04\x13\x00\x00\x00"),
        Q("\x08\x01\x00\xFF\xFF\xE1\xFF", "\x01\x08\x12\x00\x02"), /* cannot be read */
        Q("\x08\x01\x00\xFF\xFF\x02\x28", "\x01\x08\x01\x00\x0A"), /* no included services */
        Q("\x08\x05\x00\x01\x00\x03\x28", "\x01\x08\x05\x00\x01"),
        Q("\x08\x01\x00\xFF\xFF\x03", "\x01\x08\x00\x00\x04"),
        {{0}, {0}}};
    struct rig r;

    up(&r, &old_module);
    check(&r, rows);
}

/* ---- reading ---- */

static void test_read(void)
{
    static const struct exchange rows[] = {Q("\x0A\x03\x00", "\x0BJK-BD6A17S6P"),
                                           Q("\x0A\x05\x00", "\x0B\x00\x00"),
                                           Q("\x0A\x0E\x00", "\x0B\xE0\xFF"),
                                           Q("\x0A\x11\x00", "\x0B\x1C\x12\x00\xE1\xFF"),
                                           Q("\x0A\x13\x00", "\x0B\x00\x00"),
                                           Q("\x0A\x12\x00", "\x01\x0A\x12\x00\x02"),
                                           Q("\x0A\x06\x00", "\x01\x0A\x06\x00\x01"),
                                           Q("\x0A\x03", "\x01\x0A\x00\x00\x04"),
                                           Q("\x0A\x03\x00\x00", "\x01\x0A\x00\x00\x04"),
                                           Q("\x0C\x03\x00\x03\x00", "\x0D"
                                                                     "BD6A17S6P"),
                                           Q("\x0C\x03\x00\x0C\x00", "\x0D"),
                                           Q("\x0C\x03\x00\x0D\x00", "\x01\x0C\x03\x00\x07"),
                                           Q("\x0C\x12\x00\x00\x00", "\x01\x0C\x12\x00\x02"),
                                           Q("\x0C\x99\x00\x00\x00", "\x01\x0C\x99\x00\x01"),
                                           Q("\x0C\x03\x00\x00", "\x01\x0C\x00\x00\x04"),
                                           {{0}, {0}}};
    struct rig r;

    up(&r, &old_module);
    check(&r, rows);
}

/* A value longer than the MTU comes in parts. */
static void test_read_long(void)
{
    struct ble_traits traits = old_module;
    struct rig r;

    traits.services[0].characteristics[0].properties = BLE_READ;
    traits.services[0].characteristics[0].value = SPAN_LIT("0123456789abcdefghijklmnopqrstuvwxyz");
    up(&r, &traits);
    TESTING_BYTES_EQ(ask(&r, SPAN_LIT("\x0A\x10\x00")), SPAN_LIT("\x0B"
                                                                 "0123456789abcdefghijkl"));
    TESTING_BYTES_EQ(ask(&r, SPAN_LIT("\x0C\x10\x00\x16\x00")), SPAN_LIT("\x0D"
                                                                         "mnopqrstuvwxyz"));
    TESTING_BYTES_EQ(ask(&r, SPAN_LIT("\x08\x01\x00\xFF\xFF\xE2\xFF")),
                     SPAN_LIT("\x09\x15\x10\x00"
                              "0123456789abcdefghi"));
}

/* ---- writing and notifying ---- */

static void test_write(void)
{
    static const struct exchange rows[] = {
        Q("\x12\x10\x00x", "\x01\x12\x10\x00\x03"), /* only by command */
        Q("\x12\x0E\x00x", "\x01\x12\x0E\x00\x03"),
        Q("\x12\x03\x00x", "\x01\x12\x03\x00\x03"),
        Q("\x12\x40\x00x", "\x01\x12\x40\x00\x01"),
        Q("\x12\x12", "\x01\x12\x00\x00\x04"),
        {{0}, {0}}};
    struct rig r;

    up(&r, &old_module);
    check(&r, rows);
    TESTING_BYTES_EQ(ask(&r, SPAN_LIT("\x12\x12\x00\xAA\x55\x90\xEB")), SPAN_LIT("\x13"));
    CU_ASSERT_EQUAL(r.event.kind, ATT_WRITTEN);
    CU_ASSERT_EQUAL(r.event.characteristic, 1);
    TESTING_BYTES_EQ(r.event.bytes, SPAN_LIT("\xAA\x55\x90\xEB"));
    TESTING_BYTES_EQ(ask(&r, SPAN_LIT("\x12\x12\x00")), SPAN_LIT("\x13")); /* nothing, written */
    CU_ASSERT_EQUAL(r.event.kind, ATT_WRITTEN);
    CU_ASSERT_EQUAL(r.event.bytes.n, 0);
}

/* Never answered, and ignored where it is wrong. */
static void test_write_command(void)
{
    struct rig r;

    up(&r, &old_module);
    TESTING_BYTES_EQ(ask(&r, SPAN_LIT("\x52\x10\x00\xAA\x55")), (struct span){0});
    CU_ASSERT_EQUAL(r.event.kind, ATT_WRITTEN);
    CU_ASSERT_EQUAL(r.event.characteristic, 0);
    TESTING_BYTES_EQ(r.event.bytes, SPAN_LIT("\xAA\x55"));
    TESTING_BYTES_EQ(ask(&r, SPAN_LIT("\x52\x03\x00x")), (struct span){0});
    CU_ASSERT_EQUAL(r.event.kind, ATT_NOTHING);
    TESTING_BYTES_EQ(ask(&r, SPAN_LIT("\x52\x13\x00\x01\x00")), (struct span){0});
    CU_ASSERT_EQUAL(r.event.kind, ATT_NOTHING);
    TESTING_BYTES_EQ(ask(&r, SPAN_LIT("\x52\x03")), (struct span){0});
}

static void test_subscribe_and_notify(void)
{
    static const uint8_t long_one[21] = {0};
    struct rig r;

    up(&r, &old_module);
    r.out = buf_of(r.memory, sizeof r.memory);
    CU_ASSERT_EQUAL(att_notify(&r.att, 1, SPAN_LIT("x"), &r.out), ERR_CLOSED);
    TESTING_BYTES_EQ(ask(&r, SPAN_LIT("\x12\x13\x00\x01\x00")), SPAN_LIT("\x13"));
    CU_ASSERT_EQUAL(r.event.kind, ATT_SUBSCRIBED);
    CU_ASSERT_EQUAL(r.event.characteristic, 1);
    CU_ASSERT_TRUE(r.event.on);
    ask(&r, SPAN_LIT("\x12\x13\x00\x01\x00")); /* again: nothing new */
    CU_ASSERT_EQUAL(r.event.kind, ATT_NOTHING);
    TESTING_BYTES_EQ(ask(&r, SPAN_LIT("\x0A\x13\x00")), SPAN_LIT("\x0B\x01\x00"));
    r.out = buf_of(r.memory, sizeof r.memory);
    CU_ASSERT_EQUAL(att_notify(&r.att, 1, SPAN_LIT("\x55\xAA"), &r.out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&r.out), SPAN_LIT("\x1B\x12\x00\x55\xAA"));
    CU_ASSERT_EQUAL(att_notify(&r.att, 1, span_of(long_one, 21), &r.out), ERR_RANGE);
    CU_ASSERT_EQUAL(att_notify(&r.att, 0, SPAN_LIT("x"), &r.out), ERR_CLOSED);
    CU_ASSERT_EQUAL(att_notify(&r.att, 2, SPAN_LIT("x"), &r.out), ERR_CLOSED);
    TESTING_BYTES_EQ(ask(&r, SPAN_LIT("\x12\x13\x00\x01")), SPAN_LIT("\x01\x12\x13\x00\x0D"));
    TESTING_BYTES_EQ(ask(&r, SPAN_LIT("\x12\x13\x00\x02\x00")), SPAN_LIT("\x13"));
    CU_ASSERT_EQUAL(r.event.kind, ATT_SUBSCRIBED); /* indications it has not */
    CU_ASSERT_FALSE(r.event.on);
    att_connect(&r.att, &r.table);
    TESTING_BYTES_EQ(ask(&r, SPAN_LIT("\x0A\x13\x00")), SPAN_LIT("\x0B\x00\x00"));
}

/* ---- everything else ---- */

static void test_unknown(void)
{
    static const struct exchange rows[] = {
        Q("\x0E\x03\x00\x05\x00", "\x01\x0E\x00\x00\x06"), /* read multiple */
        Q("\x16\x12\x00\x00\x00x", "\x01\x16\x00\x00\x06"),
        Q("\x18\x01", "\x01\x18\x00\x00\x06"),
        Q("\x20\x03\x00\x05\x00", "\x01\x20\x00\x00\x06"),
        Q("\x00", "\x01\x00\x00\x00\x06"),
        Q("\x2C", "\x01\x2C\x00\x00\x06"),
        Q("\x1E", ""), /* confirms what was not indicated */
        Q("\x1B\x12\x00x", ""),
        Q("\xD2\x12\x00x", ""), /* signed write command */
        Q("\x42", ""),
        {{0}, {0}}};
    static const uint8_t too_long[24] = {0x12, 0x12};
    struct rig r;

    up(&r, &old_module);
    check(&r, rows);
    TESTING_BYTES_EQ(ask(&r, (struct span){0}), (struct span){0});
    TESTING_BYTES_EQ(ask(&r, span_of(too_long, sizeof too_long)), (struct span){0});
    CU_ASSERT_EQUAL(r.event.kind, ATT_NOTHING);
}

/* ---- tables ---- */

/* The GAP service goes behind a service that begins at 1. */
static void test_gap_behind(void)
{
    static const struct exchange rows[] = {
        Q("\x10\x01\x00\xFF\xFF\x00\x28",
          "\x11\x06\x01\x00\x06\x00\xE0\xFF\x07\x00\x0B\x00\x00\x18"),
        Q("\x0A\x09\x00", "\x0BJK-BD6A17S6P"),
        {{0}, {0}}};
    struct ble_traits traits = old_module;
    struct rig r;

    traits.services[0].handle = 0x0001;
    traits.services[0].characteristics[0].handle = 0x0003;
    traits.services[0].characteristics[1].handle = 0x0005;
    up(&r, &traits);
    check(&r, rows);
}

static void test_bad_tables(void)
{
    struct ble_traits traits = old_module;
    struct att_table table;

    traits.services[0].characteristics[1].handle = 0x0010; /* on top of the other */
    CU_ASSERT_EQUAL(att_table_init(&table, &traits), ERR_RANGE);
    traits.services[0].characteristics[1].handle = 0xFFFF; /* no room for the CCCD */
    CU_ASSERT_EQUAL(att_table_init(&table, &traits), ERR_RANGE);
    traits.services[0].characteristics[1].handle = 0;
    CU_ASSERT_EQUAL(att_table_init(&table, &traits), ERR_RANGE);
    traits = old_module;
    traits.services[0].characteristics[0].handle = 0x000E; /* its declaration before the service */
    CU_ASSERT_EQUAL(att_table_init(&table, &traits), ERR_RANGE);
    traits = old_module;
    traits.n = BLE_SERVICES_MAX + 1;
    CU_ASSERT_EQUAL(att_table_init(&table, &traits), ERR_RANGE);
}

/* Nothing damaged does harm: an answer, if any, is no longer than the MTU. */
static const struct span pdus[] = {
    SPAN_INIT("\x02\x05\x02"),
    SPAN_INIT("\x04\x0E\x00\xFF\xFF"),
    SPAN_INIT("\x06\x01\x00\xFF\xFF\x00\x28\xE0\xFF"),
    SPAN_INIT("\x08\x01\x00\xFF\xFF\x03\x28"),
    SPAN_INIT("\x10\x06\x00\xFF\xFF\xFB\x34\x9B\x5F\x80\x00\x00\x80\x00\x10\x00\x00\x00\x28\x00"),
    SPAN_INIT("\x0C\x03\x00\x03\x00"),
    SPAN_INIT("\x12\x13\x00\x01\x00"),
    SPAN_INIT("\x52\x12\x00\xAA\x55\x90\xEB"),
};

static void take_damaged(struct span pdu)
{
    struct rig r;

    up(&r, &old_module);
    CU_ASSERT(ask(&r, pdu).n <= BLE_MTU_MIN);
    CU_ASSERT_FALSE(r.out.overflow);
}

static void take_cut(struct span cut, void *ctx)
{
    (void)ctx;
    take_damaged(cut);
}

static void take_flipped(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    (void)byte;
    (void)bit;
    (void)ctx;
    take_damaged(flipped);
}

static void test_damaged(void)
{
    for (size_t i = 0; i < sizeof pdus / sizeof *pdus; i++) {
        testing_every_truncation(pdus[i], take_cut, NULL);
        testing_every_bit_flip(pdus[i], take_flipped, NULL);
    }
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {{"MTU", test_mtu},
                                                {"MTU asked by us", test_mtu_of_our_own},
                                                {"no MTU exchange", test_mtu_23},
                                                {"find information", test_find_information},
                                                {"find by type value", test_find_by_value},
                                                {"read by group type", test_read_by_group},
                                                {"read by type", test_read_by_type},
                                                {"read, read blob", test_read},
                                                {"read a long value", test_read_long},
                                                {"write request", test_write},
                                                {"write command", test_write_command},
                                                {"subscribe, notify", test_subscribe_and_notify},
                                                {"unknown requests", test_unknown},
                                                {"GAP behind the services", test_gap_behind},
                                                {"tables that are none", test_bad_tables},
                                                {"damaged PDUs", test_damaged},
                                                {0}};
    return testing_main(argc, argv, "att", cases);
}
