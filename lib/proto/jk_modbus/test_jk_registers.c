/* SPDX-License-Identifier: Apache-2.0
 *
 * Register blocks: addresses and bytes of the specification's map, pieces, and what they tell about
 * a battery.
 */
#include <string.h>

#include "proto/jk_frame/test_jk_support.h"
#include "proto/jk_modbus/jk_modbus.h"
#include "proto/jk_modbus/jk_registers.h"

static struct jk_cells healthy_cells(void)
{
    uint8_t f[JK_FRAME];
    struct jk_cells c;

    jk_healthy_32s(f);
    CU_ASSERT_EQUAL(jk_cells_decode(span_of(f, JK_FRAME), JK02_32S, &c).code, ERR_OK);
    c.counter = 0;
    return c;
}

static struct jk_registers healthy_status(void)
{
    struct jk_cells c = healthy_cells();
    struct jk_registers r;

    CU_ASSERT_EQUAL(jk_registers_of_cells(&c, &r), ERR_OK);
    return r;
}

static void is_at(const struct jk_registers *r, uint16_t address, const char *hex)
{
    struct span want = jk_hex(hex);
    uint8_t got[64];

    CU_ASSERT_EQUAL(jk_registers_get(r, address, (uint16_t)(want.n / 2), got), ERR_OK);
    TESTING_BYTES_EQ(span_of(got, want.n), want);
}

static void test_status_map(void)
{
    struct jk_registers r = healthy_status();

    is_at(&r, 0x1200, "0ce4");     /* cell 1: 3300 mV */
    is_at(&r, 0x121E, "0ce40000"); /* cells 16 and 17 */
    is_at(&r, 0x1240, "0000ffff"); /* mask */
    is_at(&r, 0x128A, "00fa");     /* MOSFETs 25.0 C */
    is_at(&r, 0x1290, "0000ce40"); /* 52800 mV */
    is_at(&r, 0x1298, "00003039"); /* +12345 mA */
    is_at(&r, 0x129C, "00c800d2"); /* T1, T2 */
    is_at(&r, 0x12A0, "00000000"); /* alarms */
    is_at(&r, 0x12A6, "004b");     /* balance action is the high byte, SOC 75 */
    is_at(&r, 0x12A8, "00033450"); /* 210000 mAh */
    is_at(&r, 0x12C0, "0101");     /* MOSFETs on */
    is_at(&r, 0x12F8, "00fa00cd00ce");
    is_at(&r, 0x1308, "00015180"); /* 86400 s */
}

/* Byte addresses, word counts: 0x11 words from 0x1200 are cells 1 to 17 and nothing is skipped. */
static void test_addresses_are_bytes(void)
{
    struct jk_registers r = healthy_status();
    uint8_t got[0x22];

    CU_ASSERT_EQUAL(jk_registers_get(&r, 0x1200, 0x11, got), ERR_OK);
    for (size_t i = 0; i < 16; i++)
        TESTING_BYTES_EQ(span_of(got + 2 * i, 2), SPAN_LIT("\x0C\xE4"));
    TESTING_BYTES_EQ(span_of(got + 32, 2), SPAN_LIT("\x00\x00"));
}

static void test_settings_map(void)
{
    struct jk_settings s = {
        .layout = JK02_32S,
        .smart_sleep_mv = 3500,
        .charge_utp_dc = -100,
        .balance_switch = 1,
        .capacity_mah = 280000,
        .balance_start_mv = 3440,
        .unit = 3,
        .control = 0x0210,
        .heat_start = -3,
        .smart_sleep_h = 24,
        .data_enable = 0xFE,
    };
    struct jk_registers r;

    CU_ASSERT_EQUAL(jk_registers_of_settings(&s, &r), ERR_OK);
    is_at(&r, 0x1000, "00000dac");
    is_at(&r, 0x105C, "ffffff9c"); /* signed: -10.0 C */
    is_at(&r, 0x1078, "00000001");
    is_at(&r, 0x107C, "000445c0");
    is_at(&r, 0x1084, "00000d70");
    is_at(&r, 0x1108, "00000003");
    is_at(&r, 0x1114, "0210fd00"); /* switches; heater start, stop */
    is_at(&r, 0x1118, "18fe");
    s.layout = JK02_24S;
    CU_ASSERT_EQUAL(jk_registers_of_settings(&s, &r), ERR_UNSUPPORTED);
}

static void test_info_map(void)
{
    struct jk_info i = {.run_s = 0x01020304, .can_protocol = 2, .dry2_on = -1, .float_time = 5};
    struct jk_registers r;

    memcpy(i.model, "JK_PB2A16S20P", 13);
    memcpy(i.software, "15.41", 5);
    jk_registers_of_info(&i, &r);
    is_at(&r, 0x1400, "4a4b5f50423241313653323050000000");
    is_at(&r, 0x1418, "31352e3431000000");
    is_at(&r, 0x1420, "01020304");
    is_at(&r, 0x14B2, "0002"); /* UART1, CAN */
    is_at(&r, 0x14F8, "ffffffff");
    is_at(&r, 0x1504, "0005");
}

static void test_bounds(void)
{
    struct jk_registers r = healthy_status();
    struct jk_cells narrow = {.layout = JK02_24S};
    uint8_t got[512];

    CU_ASSERT_EQUAL(jk_registers_size(0x1000), 0x11A);
    CU_ASSERT_EQUAL(jk_registers_size(0x1200), 0x10E);
    CU_ASSERT_EQUAL(jk_registers_size(0x1400), 0x108);
    CU_ASSERT_EQUAL(jk_registers_size(0x1600), 0);
    CU_ASSERT_EQUAL(jk_registers_get(&r, 0x1200, 0x87, got), ERR_OK); /* all of it */
    CU_ASSERT_EQUAL(jk_registers_get(&r, 0x1200, 0x88, got), ERR_RANGE);
    CU_ASSERT_EQUAL(jk_registers_get(&r, 0x130E, 1, got), ERR_RANGE);
    CU_ASSERT_EQUAL(jk_registers_get(&r, 0x11FE, 2, got), ERR_RANGE);
    CU_ASSERT_EQUAL(jk_registers_get(&r, 0x1201, 1, got), ERR_RANGE);
    CU_ASSERT_EQUAL(jk_registers_get(&r, 0x1200, 0xFFFF, got), ERR_RANGE);
    CU_ASSERT_EQUAL(jk_registers_put(&r, 0x1200, SPAN_LIT("abc")), ERR_RANGE);
    CU_ASSERT_EQUAL(jk_registers_put(&r, 0x130C, SPAN_LIT("abcd")), ERR_RANGE);
    CU_ASSERT_EQUAL(jk_registers_of_cells(&narrow, &r), ERR_UNSUPPORTED);
    jk_registers_clear(&r, JK_REG_STATUS);
    CU_ASSERT_EQUAL(jk_registers_get(&r, 0x1200, 1, got), ERR_NOT_FOUND);
}

/* What has a register survives; the tail that only frames have does not. */
static void test_records(void)
{
    struct jk_cells c = healthy_cells();
    struct jk_registers r = healthy_status();
    struct jk_cells got;
    struct jk_settings settings;
    struct jk_info info;

    CU_ASSERT_EQUAL(jk_registers_cells(&r, &got).code, ERR_OK);
    CU_ASSERT_EQUAL(got.mark, 0);
    got.mark = c.mark;
    CU_ASSERT_EQUAL(memcmp(&got, &c, sizeof c), 0);
    CU_ASSERT_EQUAL(jk_registers_settings(&r, &settings).code, ERR_MISMATCH);
    CU_ASSERT_EQUAL(jk_registers_info(&r, &info).code, ERR_MISMATCH);
    r.base = JK_REG_SETTINGS;
    CU_ASSERT_EQUAL(jk_registers_cells(&r, &got).code, ERR_MISMATCH);
}

static void test_incomplete(void)
{
    struct jk_registers whole = healthy_status();
    struct jk_registers r;
    struct jk_cells got;

    jk_registers_clear(&r, JK_REG_STATUS);
    CU_ASSERT_EQUAL(jk_registers_cells(&r, &got).code, ERR_INCOMPLETE);
    CU_ASSERT_EQUAL(jk_registers_put(&r, 0x1200, span_of(whole.bytes, 80)), ERR_OK);
    struct decoded d = jk_registers_cells(&r, &got);
    CU_ASSERT_EQUAL(d.code, ERR_INCOMPLETE);
    CU_ASSERT_EQUAL(d.offset, 80);
    CU_ASSERT_EQUAL(jk_registers_put(&r, 0x1250, span_of(whole.bytes + 80, 190)), ERR_OK);
    CU_ASSERT_EQUAL(jk_registers_cells(&r, &got).code, ERR_OK);
}

/* A write of the balancer switch as txubelaxu's component sends it. */
static void test_write_settings(void)
{
    struct jk_settings s = {.layout = JK02_32S};
    struct jk_registers r;
    struct jk_modbus_request q;

    CU_ASSERT_EQUAL(jk_registers_of_settings(&s, &r), ERR_OK);
    CU_ASSERT_EQUAL(jk_modbus_request_decode(jk_hex("0210107800020400000001f669"), &q).code,
                    ERR_OK);
    CU_ASSERT_EQUAL(jk_registers_put(&r, q.address, span_of(q.data, 4)), ERR_OK);
    CU_ASSERT_EQUAL(jk_registers_settings(&r, &s).code, ERR_OK);
    CU_ASSERT_EQUAL(s.balance_switch, 1);
    CU_ASSERT_EQUAL(s.discharge_switch, 0);
}

/* ---- battery ---- */

static void test_status_to_battery(void)
{
    struct jk_registers r = healthy_status();
    struct jk_cells c = healthy_cells();
    struct battery b, want;

    battery_clear(&b);
    battery_clear(&want);
    CU_ASSERT_EQUAL(jk_cells_to_battery(&c, &want), ERR_OK);
    CU_ASSERT_EQUAL(jk_registers_to_battery(&r, &b), ERR_OK);
    CU_ASSERT_EQUAL(memcmp(&b, &want, sizeof b), 0);
}

/* Each piece makes exactly its fields known. */
static void test_pieces(void)
{
    static const struct {
        uint16_t from, n;
        uint32_t known;
    } pieces[] = {
        {0x00, 0x42, 0}, /* half of the mask is missing */
        {0x00, 0x44, FIELD_CELLS | FIELD_CELL_MIN_MAX | FIELD_CELL_IDS},
        {0x8A, 2, FIELD_TEMPS},
        {0x90, 4, FIELD_PACK_MV},
        {0x98, 2, 0},
        {0x98, 4, FIELD_CURRENT_MA},
        {0x9C, 2, FIELD_TEMPS | FIELD_TEMP_MIN_MAX},
        {0xA0, 4, FIELD_WARNINGS | FIELD_PROTECTIONS},
        {0xA6, 2, FIELD_BALANCING},
        {0xA6, 10, FIELD_BALANCING | FIELD_SOC_PM | FIELD_REMAINING_MAH | FIELD_FULL_MAH},
        {0xAC, 14, FIELD_SOH_PM | FIELD_CYCLES},
        {0xB0, 10, 0}, /* without the full capacity nobody knows whether it has booted */
        {0xB8, 2, 0},
        {0xC0, 2, FIELD_ENABLES},
        {0xF8, 2, 0}, /* T3 is nobody's */
        {0xFA, 4, FIELD_TEMPS | FIELD_TEMP_MIN_MAX},
    };
    struct jk_registers whole = healthy_status();

    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct jk_registers r;
        struct battery b;
        battery_clear(&b);
        jk_registers_clear(&r, JK_REG_STATUS);
        CU_ASSERT_EQUAL(jk_registers_put(&r, (uint16_t)(JK_REG_STATUS + pieces[i].from),
                                         span_of(whole.bytes + pieces[i].from, pieces[i].n)),
                        ERR_OK);
        CU_ASSERT_EQUAL(jk_registers_to_battery(&r, &b), ERR_OK);
        if (b.known != pieces[i].known)
            TESTING_FAIL("piece %x: known %x, not %x", (unsigned)pieces[i].from, (unsigned)b.known,
                         (unsigned)pieces[i].known);
    }
}

static void test_impossible_status(void)
{
    struct jk_registers r = healthy_status();
    struct battery b;

    battery_clear(&b);
    CU_ASSERT_EQUAL(jk_registers_put(&r, 0x1290, jk_hex("00124f80")), ERR_OK); /* 1.2 MV */
    CU_ASSERT_EQUAL(jk_registers_to_battery(&r, &b), ERR_IMPLAUSIBLE);
    CU_ASSERT_EQUAL(b.known, 0);
    r.base = 0x1600;
    CU_ASSERT_EQUAL(jk_registers_to_battery(&r, &b), ERR_MISMATCH);
}

static void test_settings_to_battery(void)
{
    struct jk_settings s = {
        .layout = JK02_32S,
        .cell_count = 16,
        .cell_uvp_mv = 2700,
        .cell_ovp_mv = 3650,
        .charge_mv = 3450,
        .charge_max_ma = 60000,
        .discharge_max_ma = 100000,
        .charge_switch = 1,
        .discharge_switch = 1,
    };
    struct jk_registers whole, r;
    struct battery b;

    battery_clear(&b);
    CU_ASSERT_EQUAL(jk_registers_of_settings(&s, &whole), ERR_OK);
    jk_registers_clear(&r, JK_REG_SETTINGS);
    CU_ASSERT_EQUAL(jk_registers_put(&r, 0x1004, span_of(whole.bytes + 4, 0x70)), ERR_OK);
    CU_ASSERT_EQUAL(jk_registers_to_battery(&r, &b), ERR_INCOMPLETE); /* no discharge switch */
    CU_ASSERT_EQUAL(jk_registers_put(&r, 0x1074, span_of(whole.bytes + 0x74, 4)), ERR_OK);
    CU_ASSERT_EQUAL(jk_registers_to_battery(&r, &b), ERR_OK);
    CU_ASSERT_EQUAL(b.ccl_ma, 60000);
    CU_ASSERT_EQUAL(b.cvl_mv, 55200);
}

static void test_info_to_battery(void)
{
    struct jk_info i = {0};
    struct jk_info got;
    struct jk_registers whole, r;
    struct battery b;

    memcpy(i.model, "JK_PB2A16S20P", 13);
    memcpy(i.software, "19.05", 5);
    memcpy(i.serial, "503210000001234", 15);
    battery_clear(&b);
    jk_registers_of_info(&i, &whole);
    CU_ASSERT_EQUAL(jk_registers_info(&whole, &got).code, ERR_OK);
    CU_ASSERT_EQUAL(memcmp(&got, &i, sizeof i), 0);
    CU_ASSERT_EQUAL(jk_registers_to_battery(&whole, &b), ERR_OK);
    CU_ASSERT_EQUAL(b.known, FIELD_MODEL | FIELD_SERIAL | FIELD_FIRMWARE);
    CU_ASSERT_STRING_EQUAL(b.serial, "503210000001234");
    battery_clear(&b);
    jk_registers_clear(&r, JK_REG_INFO);
    CU_ASSERT_EQUAL(jk_registers_put(&r, 0x1400, span_of(whole.bytes, 0x20)), ERR_OK);
    CU_ASSERT_EQUAL(jk_registers_to_battery(&r, &b), ERR_OK);
    CU_ASSERT_EQUAL(b.known, FIELD_MODEL | FIELD_FIRMWARE);
    CU_ASSERT_STRING_EQUAL(b.model, "JK_PB2A16S20P");
    jk_registers_clear(&r, JK_REG_INFO);
    CU_ASSERT_EQUAL(jk_registers_to_battery(&r, &b), ERR_OK);
    CU_ASSERT_EQUAL(b.known, FIELD_MODEL | FIELD_FIRMWARE); /* nothing read, nothing forgotten */
}

/* ---- control ---- */

static void is_control(enum jk_control_map map, uint16_t address, enum jk_control want,
                       uint16_t want_words)
{
    enum jk_control control = JK_CONTROL_SET_TIME;
    uint16_t words = 0;

    CU_ASSERT_EQUAL(jk_control_find(map, address, &control, &words), ERR_OK);
    CU_ASSERT_EQUAL(control, want);
    CU_ASSERT_EQUAL(words, want_words);
}

static void test_control(void)
{
    enum jk_control control;
    uint16_t words;

    is_control(JK_CONTROL_V1_0, 0x1600, JK_CONTROL_CALIBRATE_VOLTAGE, 1);
    is_control(JK_CONTROL_V1_0, 0x1602, JK_CONTROL_SHUT_DOWN, 1);
    is_control(JK_CONTROL_V1_0, 0x1604, JK_CONTROL_CALIBRATE_CURRENT, 1);
    is_control(JK_CONTROL_V1_0, 0x160E, JK_CONTROL_SET_TIME, 1);
    is_control(JK_CONTROL_V1_1, 0x1600, JK_CONTROL_CALIBRATE_VOLTAGE, 2);
    is_control(JK_CONTROL_V1_1, 0x1604, JK_CONTROL_SHUT_DOWN, 1);
    is_control(JK_CONTROL_V1_1, 0x1606, JK_CONTROL_CALIBRATE_CURRENT, 2);
    is_control(JK_CONTROL_V1_1, 0x1612, JK_CONTROL_SET_TIME, 2);
    CU_ASSERT_EQUAL(jk_control_find(JK_CONTROL_V1_1, 0x1602, &control, &words), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(jk_control_find(JK_CONTROL_V1_1, 0x1620, &control, &words), ERR_NOT_FOUND);
}

/* ---- recorded: the frames of the pack bus as registers and back ---- */

static void check_recorded(const struct jk_vector *v, void *ctx)
{
    size_t *n = ctx;
    struct span frame = span_sub(v->bytes, 0, JK_FRAME);
    struct jk_registers r;
    struct jk_cells c, c2;
    struct jk_settings s, s2;
    struct battery b, want;

    battery_clear(&b);
    battery_clear(&want);
    if (jk_cells_decode(frame, JK02_32S, &c).code == ERR_OK) {
        CU_ASSERT_EQUAL(jk_registers_of_cells(&c, &r), ERR_OK);
        CU_ASSERT_EQUAL(jk_registers_cells(&r, &c2).code, ERR_OK);
        CU_ASSERT_EQUAL(c2.pack_mv, c.pack_mv);
        CU_ASSERT_EQUAL(c2.current_ma, c.current_ma);
        CU_ASSERT_EQUAL(c2.t5_dc, c.t5_dc);
        CU_ASSERT_EQUAL(jk_cells_to_battery(&c, &want), ERR_OK);
        CU_ASSERT_EQUAL(jk_registers_to_battery(&r, &b), ERR_OK);
        CU_ASSERT_EQUAL(memcmp(&b, &want, sizeof b), 0);
        ++*n;
    } else if (jk_settings_decode(frame, JK02_32S, &s).code == ERR_OK) {
        CU_ASSERT_EQUAL(jk_registers_of_settings(&s, &r), ERR_OK);
        CU_ASSERT_EQUAL(jk_registers_settings(&r, &s2).code, ERR_OK);
        CU_ASSERT_EQUAL(s2.unit, s.unit);
        CU_ASSERT_EQUAL(s2.control, s.control);
        CU_ASSERT_EQUAL(jk_settings_to_battery(&s, &want), ERR_OK);
        CU_ASSERT_EQUAL(jk_registers_to_battery(&r, &b), ERR_OK);
        CU_ASSERT_EQUAL(memcmp(&b, &want, sizeof b), 0);
        ++*n;
    }
}

static void test_recorded(void)
{
    size_t n = 0;

    if (jk_vectors_each("pb_rs485.json", check_recorded, &n))
        CU_ASSERT_EQUAL(n, 4);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"status map", test_status_map},
        {"addresses are bytes", test_addresses_are_bytes},
        {"settings map", test_settings_map},
        {"info map", test_info_map},
        {"bounds", test_bounds},
        {"records", test_records},
        {"incomplete", test_incomplete},
        {"a write changes the settings", test_write_settings},
        {"status as battery", test_status_to_battery},
        {"pieces", test_pieces},
        {"an impossible status", test_impossible_status},
        {"settings as limits", test_settings_to_battery},
        {"info as identity", test_info_to_battery},
        {"control", test_control},
        {"recorded frames as registers", test_recorded},
        {0},
    };
    return testing_main(argc, argv, "jk_registers", cases);
}
