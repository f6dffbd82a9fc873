/* SPDX-License-Identifier: Apache-2.0
 *
 * A battery as JK records. Offsets and bytes are those of the frames of docs/protocols/jk.md and of
 * the capture of a JK_PB2A16S20P with firmware 15.41 on RS485.
 */
#include "sim/device/test_jk_bench.h"

#include "proto/jk_frame/jk_battery.h"
#include "sim/device/jk_state.h"

struct rig {
    struct bench b;
    struct jk_look look;
    struct jk_unit unit;
    struct jk_scene scene;
    uint8_t frame[JK_FRAME];
};

static void rig_open(struct rig *r, const char *product, int32_t cell_mv)
{
    memset(r, 0, sizeof *r);
    r->look.sensors = JK_ALL_SENSORS;
    bench_pack(&r->b, 0, product_find(product), cell_mv);
    r->b.stack.now_us = 3600 * US_PER_S;
    r->b.stack.wall_us = BENCH_WALL_US;
    r->scene =
        (struct jk_scene){.look = &r->look, .unit = &r->unit, .stack = &r->b.stack, .address = 3};
}

static struct battery *battery_of(struct rig *r)
{
    return &r->b.stack.module[0].battery;
}

static const uint8_t *frame_of(struct rig *r, enum jk_type type)
{
    struct buf out = buf_of(r->frame, sizeof r->frame);

    CU_ASSERT_EQUAL_FATAL(jk_state_frame(&r->scene, type, 7, &out), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(out.n, JK_FRAME);
    enum jk_type seen;
    CU_ASSERT_EQUAL(jk_frame_check(buf_span(&out), &seen).code, ERR_OK);
    CU_ASSERT_EQUAL(seen, type);
    CU_ASSERT_EQUAL(r->frame[5], 7);
    return r->frame;
}

#define AT(r, type, at, hex)                                                                  \
    TESTING_BYTES_EQ(span_sub(span_of(frame_of((r), (type)), JK_FRAME), (at), jk_hex(hex).n), \
                     jk_hex(hex))

/* The numbers of the captured status frame, at its places. */
static void test_capture_of_15_41(void)
{
    static const uint16_t mv[16] = {3293, 3293, 3293, 3293, 3293, 3293, 3294, 3293,
                                    3294, 3294, 3294, 3294, 3294, 3293, 3294, 3293};
    struct rig r;
    rig_open(&r, "jk.pb2a16s20p", 3293);
    struct battery *b = battery_of(&r);
    memcpy(b->cell_mv, mv, sizeof mv);
    b->pack_mv = 52695;
    b->soc_pm = 554;
    b->full_mah = 280000;
    b->temp_dc[0] = 195;
    b->temp_dc[1] = 198;
    b->temp_dc[2] = 194;
    b->temp_dc[3] = 199;
    b->temp_dc[5] = 203; /* the MOSFETs'; 4 is the board's */
    r.b.stack.module[0].counters.cycles = 62;
    AT(&r, JK_CELLS, 6, "dd0cdd0cdd0cdd0cdd0cdd0cde0cdd0cde0cde0cde0cde0cde0cdd0cde0cdd0c0000");
    AT(&r, JK_CELLS, 70, "ffff0000dd0c01000600"); /* mask, mean, spread, first of the equals */
    AT(&r, JK_CELLS, 144, "cb0000000000d7cd00000000000000000000c300c600");
    AT(&r, JK_CELLS, 166, "0000000000000037");
    AT(&r, JK_CELLS, 178, "c04504003e000000");
    AT(&r, JK_CELLS, 190, "64");
    AT(&r, JK_CELLS, 198, "0101");
    AT(&r, JK_CELLS, 214, "ff");
    AT(&r, JK_CELLS, 234, "9514"); /* 52.69 V */
    AT(&r, JK_CELLS, 254, "cb00c200c700");
    AT(&r, JK_CELLS, 262, "00d8490b"); /* 189388800 */
    AT(&r, JK_CELLS, 287, "fe");
}

static void test_current_and_power(void)
{
    struct rig r;
    rig_open(&r, "jk.pb2a16s20p", 3300);
    battery_of(&r)->current_ma = -12684;
    AT(&r, JK_CELLS, 158, "74ceffff");
    AT(&r, JK_CELLS, 154, "13380a00"); /* 669.715 W, without a sign */
    battery_of(&r)->current_ma = 12684;
    AT(&r, JK_CELLS, 158, "8c310000");
}

static void test_every_protection_has_its_bit(void)
{
    static const struct {
        enum battery_condition cond;
        const char *bytes;
    } rows[] = {
        {COND_MOS_OVERTEMPERATURE, "02000000"},
        {COND_INTERNAL_FAULT, "08000000"},
        {COND_CELL_OVERVOLTAGE, "10000000"},
        {COND_PACK_OVERVOLTAGE, "20000000"},
        {COND_CHARGE_OVERCURRENT, "40000000"},
        {COND_CHARGE_OVERTEMPERATURE, "00010000"},
        {COND_CHARGE_UNDERTEMPERATURE, "00020000"},
        {COND_CELL_UNDERVOLTAGE, "00080000"},
        {COND_PACK_UNDERVOLTAGE, "00100000"},
        {COND_DISCHARGE_OVERCURRENT, "00200000"},
        {COND_SHORT_CIRCUIT, "00400000"},
        {COND_DISCHARGE_OVERTEMPERATURE, "00800000"},
        {COND_DISCHARGE_UNDERTEMPERATURE, "00000008"},
        {COND_IMBALANCE, "00000000"},
    };
    struct rig r;
    rig_open(&r, "jk.pb2a16s20p", 3300);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        battery_of(&r)->protections = COND_BIT(rows[i].cond);
        AT(&r, JK_CELLS, 166, rows[i].bytes);
    }
    battery_of(&r)->protections = 0;
    battery_of(&r)->warnings = COND_BIT(COND_INTERNAL_FAULT);
    AT(&r, JK_CELLS, 166, "01000000");
}

static void test_a_wire_that_is_off(void)
{
    struct rig r;
    rig_open(&r, "jk.pb2a16s20p", 3300);
    battery_of(&r)->cell_mv[4] = 0;
    battery_of(&r)->pack_mv -= 3300;
    AT(&r, JK_CELLS, 70, "efff0000e40c00000000");
    AT(&r, JK_CELLS, 166, "04000000"); /* not as many cells as configured */
    CU_ASSERT_EQUAL(overlay_set(&r.b.stack.module[0].overlay, BMS_PATH_EVENTS_BATTERY, "0x10"),
                    ERR_OK);
    AT(&r, JK_CELLS, 146, "10000000");
    AT(&r, JK_CELLS, 166, "05000000");
}

static void test_sensors_that_are_missing(void)
{
    struct rig r;
    rig_open(&r, "jk.pb2a16s20p", 3300);
    r.look.sensors = 1;
    AT(&r, JK_CELLS, 162, "fa0030f8"); /* T1 25.0, T2 -200.0 */
    AT(&r, JK_CELLS, 256, "30f830f8");
    AT(&r, JK_CELLS, 214, "ff"); /* they are said to be there */
    r.look.absent = JK_ABSENT_ZERO;
    AT(&r, JK_CELLS, 162, "fa000000");
    rig_open(&r, "jk.b2a8s20p", 3300); /* 11.48: two sensors, the others read 0 */
    AT(&r, JK_CELLS, 162, "fa00fa00");
    AT(&r, JK_CELLS, 254, "2c0100000000");
}

static void test_a_bms_that_boots(void)
{
    struct rig r;
    rig_open(&r, "jk.pb2a16s20p", 3300);
    r.look.boot_us = 16 * US_PER_S;
    r.unit.powered_us = r.b.stack.now_us - 16 * US_PER_S + 1;
    AT(&r, JK_CELLS, 173, "00000000000000000000000000");
    r.unit.powered_us--;
    AT(&r, JK_CELLS, 173, "3c40900200c04504002a000000");
}

/* ---- settings ---- */

static void test_settings(void)
{
    struct rig r;
    rig_open(&r, "jk.pb2a16s20p", 3300);
    AT(&r, JK_SETTINGS, 10, "8c0a0000540b0000420e0000750d0000");
    AT(&r, JK_SETTINGS, 38, "7a0d0000160d0000c4090000");
    AT(&r, JK_SETTINGS, 50, "a0860100030000003c000000f04902002c0100003c000000");
    AT(&r, JK_SETTINGS, 98, "9cffffffceffffff"); /* charging in the cold: -10.0, -5.0 */
    AT(&r, JK_SETTINGS, 114, "10000000010000000100000001000000c0450400");
    AT(&r, JK_SETTINGS, 270, "03000000");
    AT(&r, JK_SETTINGS, 284, "0307"); /* the heater's */
    AT(&r, JK_SETTINGS, 296, "ecf1");
    rig_open(&r, "jk.pb2a16s15p", 3300); /* 14.20: the same bytes are an alarm */
    AT(&r, JK_SETTINGS, 284, "3c32");
}

static void test_limits_of_a_scenario_are_settings(void)
{
    struct rig r;
    rig_open(&r, "jk.pb2a16s20p", 3300);
    struct battery *b = battery_of(&r);
    b->ccl_ma = 20000;
    b->dcl_ma = 30000;
    b->cvl_mv = 54400;
    b->dvl_mv = 48000;
    AT(&r, JK_SETTINGS, 50, "204e0000");
    AT(&r, JK_SETTINGS, 62, "30750000");
    AT(&r, JK_SETTINGS, 38, "480d0000");
    AT(&r, JK_SETTINGS, 14, "b80b0000");
    b->ccl_ma = 0; /* a protection: the setting stays, the MOSFETs are off */
    b->charge_enable = false;
    AT(&r, JK_SETTINGS, 50, "a0860100");
    AT(&r, JK_CELLS, 198, "0001");
    b->charge_enable = true; /* the owner's own zero */
    AT(&r, JK_SETTINGS, 50, "00000000");
}

static enum err write_hex(struct rig *r, uint16_t address, const char *hex)
{
    return jk_state_write(&r->scene, &r->unit, address, jk_hex(hex));
}

static void test_registers_are_written(void)
{
    struct rig r;
    uint8_t got[4];
    rig_open(&r, "jk.pb2a16s20p", 3300);
    CU_ASSERT_EQUAL(write_hex(&r, 0x102C, "0000c350"), ERR_OK); /* 50 A */
    AT(&r, JK_SETTINGS, 50, "50c30000");
    CU_ASSERT_EQUAL(jk_state_read(&r.scene, 0x102C, 2, got), ERR_OK);
    TESTING_BYTES_EQ(span_of(got, 4), jk_hex("0000c350"));
    battery_of(&r)->ccl_ma = 20000; /* what was written stays */
    AT(&r, JK_SETTINGS, 50, "50c30000");
    CU_ASSERT_EQUAL(write_hex(&r, 0x1070, "0000000000000000"), ERR_OK); /* both switches */
    AT(&r, JK_CELLS, 198, "0000");
    CU_ASSERT_EQUAL(write_hex(&r, 0x1070, "00000001"), ERR_OK);
    AT(&r, JK_CELLS, 198, "0100");
    CU_ASSERT_EQUAL(write_hex(&r, 0x1114, "0210"), ERR_OK);
    AT(&r, JK_SETTINGS, 282, "1002");
    CU_ASSERT_EQUAL(write_hex(&r, 0x14B2, "0d04"), ERR_OK);
    AT(&r, JK_INFO, 184, "0d04");
}

static void test_registers_that_are_refused(void)
{
    struct rig r;
    uint8_t got[8];
    rig_open(&r, "jk.pb2a16s20p", 3300);
    CU_ASSERT_EQUAL(write_hex(&r, 0x106C, "00000021"), ERR_RANGE); /* 33 cells */
    CU_ASSERT_EQUAL(write_hex(&r, 0x1004, "00001388"), ERR_RANGE); /* UVP above OVP */
    CU_ASSERT_EQUAL(write_hex(&r, 0x1070, "00000002"), ERR_RANGE);
    CU_ASSERT_EQUAL(write_hex(&r, 0x1090, "0001"), ERR_OK);
    CU_ASSERT_EQUAL(write_hex(&r, 0x1119, "0001"), ERR_NOT_FOUND); /* odd */
    CU_ASSERT_EQUAL(write_hex(&r, 0x111A, "0001"), ERR_NOT_FOUND); /* behind the last */
    CU_ASSERT_EQUAL(write_hex(&r, 0x1118, "00010001"), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(write_hex(&r, 0x1290, "0001"), ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(write_hex(&r, 0x1400, "4141"), ERR_UNSUPPORTED); /* the model's name */
    CU_ASSERT_EQUAL(write_hex(&r, 0x2000, "0001"), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(jk_state_read(&r.scene, 0x0FFE, 1, got), ERR_RANGE);
    CU_ASSERT_EQUAL(jk_state_read(&r.scene, 0x1201, 1, got), ERR_RANGE);
    CU_ASSERT_EQUAL(jk_state_read(&r.scene, 0x130C, 1, got), ERR_OK);
    CU_ASSERT_EQUAL(jk_state_read(&r.scene, 0x130C, 2, got), ERR_RANGE);
    CU_ASSERT_EQUAL(jk_state_read(&r.scene, 0x1600, 1, got), ERR_RANGE);
}

static enum err command(struct rig *r, enum jk_layout layout, uint8_t number, uint32_t value)
{
    struct jk_command c;
    CU_ASSERT_EQUAL_FATAL(jk_register_command(layout, number, value, &c), ERR_OK);
    return jk_state_command(&r->scene, &r->unit, &c);
}

static void test_commands(void)
{
    struct rig r;
    rig_open(&r, "jk.pb2a16s20p", 3300);
    CU_ASSERT_EQUAL(command(&r, JK02_32S, 0x1D, 0), ERR_OK);
    AT(&r, JK_CELLS, 198, "0001");
    AT(&r, JK_SETTINGS, 118, "00000000");
    CU_ASSERT_EQUAL(command(&r, JK02_32S, 0x1C, 40), ERR_RANGE);
    CU_ASSERT_EQUAL(command(&r, JK02_32S, 0x65, 0), ERR_UNSUPPORTED); /* shut down */
    CU_ASSERT_EQUAL(command(&r, JK02_32S, 0x27, 1), ERR_OK);          /* heater */
    AT(&r, JK_SETTINGS, 282, "0100");
    struct jk_command unknown = {.number = 0xEE};
    CU_ASSERT_EQUAL(jk_state_command(&r.scene, &r.unit, &unknown), ERR_NOT_FOUND);
}

/* ---- generations ---- */

static void test_information(void)
{
    struct rig r;
    rig_open(&r, "jk.pb2a16s20p", 3300);
    AT(&r, JK_INFO, 6, "4a4b5f50423241313653323050000000313541000000000031352e3431000000");
    AT(&r, JK_INFO, 78, "3234303931340000"); /* made */
    AT(&r, JK_INFO, 86, "53494d30313233343536373030303000");
    AT(&r, JK_INFO, 62, "31323334000000000000000000000000");
    CU_ASSERT_EQUAL(overlay_set(&r.b.stack.module[0].overlay, BMS_PATH_FIRMWARE, "19.27"), ERR_OK);
    AT(&r, JK_INFO, 30, "31392e3237000000");
    AT(&r, JK_INFO, 86, "53494d30313233343536373839303132");
    CU_ASSERT_EQUAL(overlay_set(&r.b.stack.module[0].overlay, BMS_PATH_SERIAL, "X"), ERR_OK);
    AT(&r, JK_INFO, 86, "58000000");
}

static void test_generation_24s(void)
{
    struct rig r;
    rig_open(&r, "jk.b2a24s20p", 3300);
    battery_of(&r)->current_ma = 5000;
    AT(&r, JK_CELLS, 54, "ffffff00e40c");
    AT(&r, JK_CELLS, 118, "60350100");
    AT(&r, JK_CELLS, 126, "88130000fa00fa002c01"); /* current, T1, T2, MOSFETs */
    AT(&r, JK_CELLS, 141, "3c");
    AT(&r, JK_CELLS, 182, "07");
    AT(&r, JK_CELLS, 287, "00");
    AT(&r, JK_SETTINGS, 30, "00000000000000000000000000000000"); /* asks for no voltage */
}

static void test_generation_jk04(void)
{
    struct rig r;
    rig_open(&r, "jk.b2a16s", 3300);
    AT(&r, JK_CELLS, 6, "33335340"); /* 3.3 */
    AT(&r, JK_CELLS, 66, "3333534000000000");
    AT(&r, JK_CELLS, 202, "3333534000000000");
    AT(&r, JK_CELLS, 214, "ffff0000");
    AT(&r, JK_SETTINGS, 34, "10");
    AT(&r, JK_SETTINGS, 114, "01");
    CU_ASSERT_EQUAL(command(&r, JK04, 0x6C, 0), ERR_OK);
    AT(&r, JK_SETTINGS, 114, "00");
}

static void test_firmware_decides(void)
{
    static const struct {
        const char *version;
        enum jk_layout layout;
        int16_t absent_dc;
        uint8_t mask;
        bool password, asks, long_serial;
    } rows[] = {
        {"3.3.0", JK04, 0, 0x07, false, false, false},
        {"4.1.7", JK02_24S, 0, 0x07, false, false, false},
        {"7.1.0H", JK02_24S, 0, 0x07, false, false, false},
        {"8.0.3M", JK04, 0, 0x07, false, false, false},
        {"8.0.6G", JK02_24S, 0, 0x07, false, false, false},
        {"10.07", JK02_24S, 0, 0x07, false, false, false},
        {"11.17", JK02_32S, 0, 0x07, false, false, false},
        {"11.288H", JK02_32S, 0, 0xFF, true, false, false},
        {"11.48", JK02_32S, 0, 0xFF, false, false, false},
        {"14.20", JK02_32S, -2000, 0xFF, false, true, false},
        {"15.10", JK02_32S, -2000, 0xFF, false, true, false},
        {"15.41", JK02_32S, -2000, 0xFF, false, true, false},
        {"19.27", JK02_32S, -2000, 0xFF, false, true, true},
        {"21.00", JK02_32S, -2000, 0xFF, false, true, true},
        {"?", JK02_32S, -2000, 0xFF, false, true, false},
    };
    const struct jk_look look = {.sensors = JK_ALL_SENSORS};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jk_traits t;
        jk_traits_of(rows[i].version, &look, &t);
        if (t.layout != rows[i].layout || t.absent_dc != rows[i].absent_dc ||
            t.sensor_mask != rows[i].mask || t.password_bit != rows[i].password ||
            t.asks_voltage != rows[i].asks || t.long_serial != rows[i].long_serial)
            TESTING_FAIL("%s", rows[i].version);
    }
}

static void test_overlay_words(void)
{
    const char *why = NULL;
    struct rig r;
    CU_ASSERT_TRUE(jk_state_accepts(BMS_PATH_FIRMWARE, "15.41", &why));
    CU_ASSERT_FALSE(jk_state_accepts(BMS_PATH_FIRMWARE, "15.41.1.02", &why));
    CU_ASSERT_TRUE(jk_state_accepts(BMS_PATH_SERIAL, "0123456789012345", &why));
    CU_ASSERT_FALSE(jk_state_accepts(BMS_PATH_SERIAL, "01234567890123456", &why));
    CU_ASSERT_TRUE(jk_state_accepts(BMS_PATH_FAULT_SYSTEM, "0x80000", &why));
    CU_ASSERT_FALSE(jk_state_accepts(BMS_PATH_FAULT_SYSTEM, "80000", &why));
    CU_ASSERT_FALSE(jk_state_accepts(BMS_PATH_STATE_BASE, "Charge", &why));
    CU_ASSERT_TRUE(strstr(why, "fault.system") != NULL);
    rig_open(&r, "jk.pb2a16s20p", 3300);
    CU_ASSERT_EQUAL(overlay_set(&r.b.stack.module[0].overlay, BMS_PATH_FAULT_SYSTEM, "0x80000"),
                    ERR_OK);
    AT(&r, JK_CELLS, 166, "00000800");
}

/* What a device says is what the codec finds plausible. */
static void test_records_are_plausible(void)
{
    for (size_t i = 0; product_names()[i] != NULL; i++) {
        struct rig r;
        struct jk_cells cells;
        const char *why = "";
        if (!span_starts(span_str(product_names()[i]), "jk."))
            continue;
        rig_open(&r, product_names()[i], 3300);
        jk_state_cells(&r.scene, &cells);
        if (!jk_cells_plausible(&cells, &why))
            TESTING_FAIL("%s: %s", product_names()[i], why);
        CU_ASSERT_TRUE(frame_of(&r, JK_LOG) != NULL);
    }
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"the capture of firmware 15.41", test_capture_of_15_41},
        {"current and power", test_current_and_power},
        {"every protection has its bit", test_every_protection_has_its_bit},
        {"a wire that is off", test_a_wire_that_is_off},
        {"sensors that are missing", test_sensors_that_are_missing},
        {"a BMS that boots", test_a_bms_that_boots},
        {"settings", test_settings},
        {"limits of a scenario are settings", test_limits_of_a_scenario_are_settings},
        {"registers are written", test_registers_are_written},
        {"registers that are refused", test_registers_that_are_refused},
        {"commands", test_commands},
        {"information", test_information},
        {"24S", test_generation_24s},
        {"JK04", test_generation_jk04},
        {"the firmware decides", test_firmware_decides},
        {"overlay words", test_overlay_words},
        {"records are plausible", test_records_are_plausible},
        {0}};
    return testing_main(argc, argv, "jk_state", cases);
}
