/* SPDX-License-Identifier: Apache-2.0
 *
 * Where each value stands: typed in from the specification's tables, one number at a time in a
 * frame of zeros. It must be read as that number, nothing else may change, and writing gives the
 * frame.
 */
#include <string.h>

#include "proto/jk_frame/test_jk_support.h"

struct place {
    const char *name;
    unsigned at24, at32; /* 0: not in this layout */
    unsigned width;
    bool is_signed;
    double divisor;
};

static const struct place of_cells[] = {
    {"cell1_v", 6, 6, 2, false, 1000},
    {"cell24_v", 52, 52, 2, false, 1000},
    {"cell32_v", 0, 68, 2, false, 1000},
    {"cell_mask", 54, 70, 4, false, 1},
    {"avg_v", 58, 74, 2, false, 1000},
    {"delta_v", 60, 76, 2, false, 1000},
    {"wire1", 64, 80, 2, false, 1},
    {"wire24", 110, 126, 2, false, 1},
    {"wire32", 0, 142, 2, false, 1},
    {"mos_temp_c", 134, 144, 2, true, 10},
    {"wire_warn", 114, 146, 4, false, 1},
    {"total_v", 118, 150, 4, false, 1000},
    {"power_w", 122, 154, 4, false, 1000},
    {"current_a", 126, 158, 4, true, 1000},
    {"t1_c", 130, 162, 2, true, 10},
    {"t2_c", 132, 164, 2, true, 10},
    {"errors", 136, 0, 2, false, 1},
    {"errors", 0, 166, 4, false, 1},
    {"balance_current_a", 138, 170, 2, true, 1000},
    {"balance_action", 140, 172, 1, false, 1},
    {"soc_pct", 141, 173, 1, false, 1},
    {"remain_ah", 142, 174, 4, true, 1000},
    {"full_ah", 146, 178, 4, false, 1000},
    {"cycles", 150, 182, 4, false, 1},
    {"cycle_ah", 154, 186, 4, false, 1000},
    {"soh_pct", 158, 190, 1, false, 1},
    {"precharge", 159, 191, 1, false, 1},
    {"user_alarm", 160, 192, 2, false, 1},
    {"uptime_s", 162, 194, 4, false, 1},
    {"charge_on", 166, 198, 1, false, 1},
    {"discharge_on", 167, 199, 1, false, 1},
    {"user_alarm2", 168, 0, 1, false, 1},
    {"user_alarm2", 0, 200, 2, false, 1},
    {"release_0", 170, 202, 2, false, 1},
    {"release_5", 180, 212, 2, false, 1},
    {"temp_present", 182, 214, 1, false, 1},
    {"heating", 183, 215, 1, false, 1},
    {"emergency_s", 186, 218, 2, false, 1},
    {"discharge_fix", 188, 220, 2, false, 1},
    {"charge_shunt_v", 190, 222, 2, false, 1000},
    {"discharge_shunt_v", 192, 224, 2, false, 1000},
    {"volt_factor", 194, 226, 4, false, 1},
    {"pack_cv", 202, 234, 2, false, 1},
    {"heater_a", 204, 236, 2, true, 1000},
    {"charger_plugged", 213, 245, 1, false, 1},
    {"ticks", 214, 246, 4, false, 1},
    {"t3_c", 0, 254, 2, true, 10},
    {"t4_c", 0, 256, 2, true, 10},
    {"t5_c", 0, 258, 2, true, 10},
    {"rtc_s", 0, 262, 4, false, 1},
    {"log_count", 234, 266, 4, false, 1},
    {"sleep_s", 0, 270, 4, false, 1},
    {"parallel", 0, 274, 1, false, 1},
    {"battery_type", 243, 275, 1, false, 1},
    {"phase_s", 0, 278, 2, false, 1},
    {"charge_status", 0, 280, 1, false, 1},
    {"dry_contact", 0, 281, 1, false, 1},
    {"mark", 0, 287, 1, false, 1},
};

static const struct place of_settings[] = {
    {"smart_sleep_v", 6, 6, 4, false, 1000},
    {"cell_uvp_v", 10, 10, 4, false, 1000},
    {"cell_uvpr_v", 14, 14, 4, false, 1000},
    {"cell_ovp_v", 18, 18, 4, false, 1000},
    {"cell_ovpr_v", 22, 22, 4, false, 1000},
    {"balance_trigger_v", 26, 26, 4, false, 1000},
    {"soc100_v", 30, 30, 4, false, 1000},
    {"soc0_v", 34, 34, 4, false, 1000},
    {"rcv_v", 38, 38, 4, false, 1000},
    {"rfv_v", 42, 42, 4, false, 1000},
    {"power_off_v", 46, 46, 4, false, 1000},
    {"max_charge_a", 50, 50, 4, false, 1000},
    {"ch_ocp_delay_s", 54, 54, 4, false, 1},
    {"ch_ocp_rec_s", 58, 58, 4, false, 1},
    {"max_discharge_a", 62, 62, 4, false, 1000},
    {"dch_ocp_delay_s", 66, 66, 4, false, 1},
    {"dch_ocp_rec_s", 70, 70, 4, false, 1},
    {"scp_rec_s", 74, 74, 4, false, 1},
    {"max_balance_a", 78, 78, 4, false, 1000},
    {"ch_otp_c", 82, 82, 4, true, 10},
    {"ch_otpr_c", 86, 86, 4, true, 10},
    {"dch_otp_c", 90, 90, 4, true, 10},
    {"dch_otpr_c", 94, 94, 4, true, 10},
    {"ch_utp_c", 98, 98, 4, true, 10},
    {"ch_utpr_c", 102, 102, 4, true, 10},
    {"mos_otp_c", 106, 106, 4, true, 10},
    {"mos_otpr_c", 110, 110, 4, true, 10},
    {"cell_count", 114, 114, 4, false, 1},
    {"charge_sw", 118, 118, 4, false, 1},
    {"discharge_sw", 122, 122, 4, false, 1},
    {"balance_sw", 126, 126, 4, false, 1},
    {"capacity_ah", 130, 130, 4, false, 1000},
    {"scp_delay_us", 134, 134, 4, false, 1},
    {"balance_start_v", 138, 138, 4, false, 1000},
    {"wire1", 158, 142, 4, false, 1},
    {"wire24", 250, 234, 4, false, 1},
    {"wire32", 0, 266, 4, false, 1},
    {"device_addr", 0, 270, 4, false, 1},
    {"precharge_s", 0, 274, 4, false, 1},
    {"ctrl", 0, 282, 2, false, 1},
    {"heat_start_c", 0, 284, 1, true, 1},
    {"heat_stop_c", 0, 285, 1, true, 1},
    {"smart_sleep_h", 0, 286, 1, false, 1},
    {"data_enable", 0, 287, 1, false, 1},
    {"dch_utp_c", 0, 296, 1, true, 1},
    {"dch_utpr_c", 0, 297, 1, true, 1},
};

static const struct place of_info[] = {
    {"uptime_s", 0, 38, 4, false, 1},      {"power_on", 0, 42, 4, false, 1},
    {"uart1", 0, 184, 1, false, 1},        {"can", 0, 185, 1, false, 1},
    {"uart2", 0, 218, 1, false, 1},        {"buzzer_source", 0, 234, 1, false, 1},
    {"dry1_source", 0, 235, 1, false, 1},  {"dry2_source", 0, 236, 1, false, 1},
    {"uart_library", 0, 237, 1, false, 1}, {"buzzer_on", 0, 238, 4, true, 1},
    {"buzzer_off", 0, 242, 4, true, 1},    {"dry1_on", 0, 246, 4, true, 1},
    {"dry1_off", 0, 250, 4, true, 1},      {"dry2_on", 0, 254, 4, true, 1},
    {"dry2_off", 0, 258, 4, true, 1},      {"log_period", 0, 262, 4, true, 1},
    {"rcv_time", 0, 266, 1, false, 1},     {"rfv_time", 0, 267, 1, false, 1},
    {"can_library", 0, 268, 1, false, 1},  {"emergency_min", 0, 269, 1, false, 1},
    {"uart3", 0, 270, 1, false, 1},        {"rebulk", 0, 278, 1, false, 1},
};

/* 0xF1 0xF2 .. as bytes, or 0x71 as the last of a number whose sign must not show. */
static double pattern(uint8_t *frame, unsigned at, const struct place *p, bool negative)
{
    int64_t value = 0;

    for (unsigned i = 0; i < p->width; i++) {
        uint8_t byte = (uint8_t)(0xF1 + i);
        if (i == p->width - 1 && !negative)
            byte = 0x71;
        frame[at + i] = byte;
        value |= (int64_t)byte << (8 * i);
    }
    jk_seal(frame);
    if (p->is_signed && negative)
        value -= (int64_t)1 << (8 * p->width);
    return (double)value / p->divisor;
}

static void expect(const struct place *p, double want, jk_look look, const void *record)
{
    double got = 0;
    bool found = look(record, p->name, &got);
    double off = got > want ? got - want : want - got;

    if (!found || off > 1e-6)
        TESTING_FAIL("%s: got %f, want %f", p->name, got, want);
}

/* True when all bytes of the body that are no field's are zero. */
static bool nothing_left(const uint8_t *other)
{
    unsigned sum = 0;

    for (size_t i = 0; i < JK_BODY; i++)
        sum += other[i];
    return sum == 0;
}

static void one_cell_place(const struct place *p, enum jk_layout layout, bool negative)
{
    unsigned at = layout == JK02_24S ? p->at24 : p->at32;
    uint8_t frame[JK_FRAME];
    uint8_t memory[JK_FRAME];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_cells c;

    if (at == 0)
        return;
    jk_blank(frame, JK_CELLS, 0x42);
    double want = pattern(frame, at, p, negative);
    CU_ASSERT_EQUAL(jk_cells_decode(span_of(frame, JK_FRAME), layout, &c).code, ERR_OK);
    CU_ASSERT_EQUAL(c.counter, 0x42);
    expect(p, want, jk_look_cells, &c);
    CU_ASSERT(nothing_left(c.other));
    CU_ASSERT_EQUAL(jk_cells_encode(&c, &out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out), span_of(frame, JK_FRAME));
}

static void test_cells(void)
{
    for (size_t i = 0; i < sizeof of_cells / sizeof of_cells[0]; i++) {
        one_cell_place(&of_cells[i], JK02_24S, false);
        one_cell_place(&of_cells[i], JK02_24S, true);
        one_cell_place(&of_cells[i], JK02_32S, false);
        one_cell_place(&of_cells[i], JK02_32S, true);
    }
}

static void one_settings_place(const struct place *p, enum jk_layout layout, bool negative)
{
    unsigned at = layout == JK02_24S ? p->at24 : p->at32;
    uint8_t frame[JK_FRAME];
    uint8_t memory[JK_FRAME];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_settings s;

    if (at == 0)
        return;
    jk_blank(frame, JK_SETTINGS, 0x42);
    double want = pattern(frame, at, p, negative);
    CU_ASSERT_EQUAL(jk_settings_decode(span_of(frame, JK_FRAME), layout, &s).code, ERR_OK);
    expect(p, want, jk_look_settings, &s);
    CU_ASSERT(nothing_left(s.other));
    CU_ASSERT_EQUAL(jk_settings_encode(&s, &out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out), span_of(frame, JK_FRAME));
}

static void test_settings(void)
{
    for (size_t i = 0; i < sizeof of_settings / sizeof of_settings[0]; i++) {
        one_settings_place(&of_settings[i], JK02_24S, false);
        one_settings_place(&of_settings[i], JK02_24S, true);
        one_settings_place(&of_settings[i], JK02_32S, false);
        one_settings_place(&of_settings[i], JK02_32S, true);
    }
}

static void test_info(void)
{
    for (size_t i = 0; i < 2 * sizeof of_info / sizeof of_info[0]; i++) {
        const struct place *p = &of_info[i / 2];
        uint8_t frame[JK_FRAME];
        uint8_t memory[JK_FRAME];
        struct buf out = buf_of(memory, sizeof memory);
        struct jk_info info;

        jk_blank(frame, JK_INFO, 0xA5);
        double want = pattern(frame, p->at32, p, i % 2 != 0);
        CU_ASSERT_EQUAL(jk_info_decode(span_of(frame, JK_FRAME), &info).code, ERR_OK);
        expect(p, want, jk_look_info, &info);
        CU_ASSERT(nothing_left(info.other));
        CU_ASSERT_EQUAL(jk_info_encode(&info, &out), ERR_OK);
        TESTING_BYTES_EQ(buf_span(&out), span_of(frame, JK_FRAME));
    }
}

/* The texts and masks: every byte its own offset. */
static void test_info_texts(void)
{
    uint8_t frame[JK_FRAME];
    struct jk_info i;

    jk_blank(frame, JK_INFO, 0);
    for (unsigned at = 6; at < 299; at++)
        frame[at] = (uint8_t)at;
    jk_seal(frame);
    CU_ASSERT_EQUAL(jk_info_decode(span_of(frame, JK_FRAME), &i).code, ERR_OK);
    TESTING_BYTES_EQ(span_of(i.model, sizeof i.model), span_of(frame + 6, 16));
    TESTING_BYTES_EQ(span_of(i.hardware, sizeof i.hardware), span_of(frame + 22, 8));
    TESTING_BYTES_EQ(span_of(i.software, sizeof i.software), span_of(frame + 30, 8));
    TESTING_BYTES_EQ(span_of(i.name, sizeof i.name), span_of(frame + 46, 16));
    TESTING_BYTES_EQ(span_of(i.passcode, sizeof i.passcode), span_of(frame + 62, 16));
    TESTING_BYTES_EQ(span_of(i.made, sizeof i.made), span_of(frame + 78, 8));
    TESTING_BYTES_EQ(span_of(i.serial, sizeof i.serial), span_of(frame + 86, 16));
    TESTING_BYTES_EQ(span_of(i.user_data, sizeof i.user_data), span_of(frame + 102, 16));
    TESTING_BYTES_EQ(span_of(i.settings_passcode, sizeof i.settings_passcode),
                     span_of(frame + 118, 16));
    TESTING_BYTES_EQ(span_of(i.user_data2, sizeof i.user_data2), span_of(frame + 134, 16));
    TESTING_BYTES_EQ(span_of(i.uart1_mask, sizeof i.uart1_mask), span_of(frame + 186, 16));
    TESTING_BYTES_EQ(span_of(i.can_mask, sizeof i.can_mask), span_of(frame + 202, 16));
    TESTING_BYTES_EQ(span_of(i.uart2_mask, sizeof i.uart2_mask), span_of(frame + 219, 15));
}

/* JK04: a float at each place of the specification. 0x40533333 is 3.3. */
static void test_jk04(void)
{
    static const struct place places[] = {
        {"cell1_v", 6, 0, 4, false, 1},
        {"cell24_v", 98, 0, 4, false, 1},
        {"avg_v", 202, 0, 4, false, 1},
        {"delta_v", 206, 0, 4, false, 1},
        {"balance_current_a", 222, 0, 4, false, 1},
    };
    static const struct place settings[] = {
        {"power_off_v", 38, 0, 4, false, 1},     {"vref", 74, 0, 4, false, 1},
        {"balance_start_v", 98, 0, 4, false, 1}, {"balance_trigger_v", 106, 0, 4, false, 1},
        {"max_balance_a", 110, 0, 4, false, 1},
    };
    uint8_t frame[JK_FRAME];
    struct jk04_cells c;
    struct jk04_settings s;

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        jk_blank(frame, JK_CELLS, 0);
        jk_poke(frame, places[i].at24, 4, 0x40533333);
        jk_seal(frame);
        CU_ASSERT_EQUAL(jk04_cells_decode(span_of(frame, JK_FRAME), &c).code, ERR_OK);
        expect(&places[i], 3.3, jk_look_cells04, &c);
        CU_ASSERT(nothing_left(c.other));
    }
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        jk_blank(frame, JK_SETTINGS, 0);
        jk_poke(frame, settings[i].at24, 4, 0x40533333);
        jk_seal(frame);
        CU_ASSERT_EQUAL(jk04_settings_decode(span_of(frame, JK_FRAME), &s).code, ERR_OK);
        expect(&settings[i], 3.3, jk_look_settings04, &s);
        CU_ASSERT(nothing_left(s.other));
    }
}

static void test_jk04_integers(void)
{
    uint8_t frame[JK_FRAME];
    struct jk04_cells c;
    struct jk04_settings s;

    jk_blank(frame, JK_CELLS, 9);
    jk_poke(frame, 102, 4, 0x3DCCCCCD); /* 0.1 */
    jk_poke(frame, 198, 4, 0x3E4CCCCD); /* the 25th wire */
    jk_poke(frame, 214, 4, 0xFFFF);
    jk_poke(frame, 218, 1, 7);
    jk_poke(frame, 219, 1, 11);
    jk_poke(frame, 220, 1, 2);
    jk_poke(frame, 286, 4, 12192);
    jk_seal(frame);
    CU_ASSERT_EQUAL(jk04_cells_decode(span_of(frame, JK_FRAME), &c).code, ERR_OK);
    CU_ASSERT_EQUAL(c.counter, 9);
    CU_ASSERT_EQUAL(c.wire_ohm[0], 0x3DCCCCCD);
    CU_ASSERT_EQUAL(c.wire_ohm[24], 0x3E4CCCCD);
    CU_ASSERT_EQUAL(c.cell_mask, 0xFFFF);
    CU_ASSERT_EQUAL(c.max_index, 7);
    CU_ASSERT_EQUAL(c.min_index, 11);
    CU_ASSERT_EQUAL(c.balance, JK_BALANCE_DISCHARGING_CELL);
    CU_ASSERT_EQUAL(c.run_s, 12192);
    jk_blank(frame, JK_SETTINGS, 9);
    jk_poke(frame, 34, 1, 16);
    jk_poke(frame, 114, 1, 1);
    jk_seal(frame);
    CU_ASSERT_EQUAL(jk04_settings_decode(span_of(frame, JK_FRAME), &s).code, ERR_OK);
    CU_ASSERT_EQUAL(s.cell_count, 16);
    CU_ASSERT_EQUAL(s.balance_switch, 1);
}

static void test_log(void)
{
    uint8_t frame[JK_FRAME];
    uint8_t memory[JK_FRAME];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_log log;

    jk_blank(frame, JK_LOG, 3);
    jk_poke(frame, 6, 4, 51);
    jk_poke(frame, 11, 4, 238);
    jk_poke(frame, 15, 1, 68);
    jk_poke(frame, 256, 4, 0x01020304); /* the 50th */
    jk_poke(frame, 260, 1, 0x1B);
    jk_seal(frame);
    CU_ASSERT_EQUAL(jk_log_decode(span_of(frame, JK_FRAME), &log).code, ERR_OK);
    CU_ASSERT_EQUAL(log.count, 51);
    CU_ASSERT_EQUAL(log.entries[0].time_s, 238);
    CU_ASSERT_EQUAL(log.entries[0].code, 68);
    CU_ASSERT_EQUAL(log.entries[49].time_s, 0x01020304);
    CU_ASSERT_EQUAL(log.entries[49].code, 0x1B);
    CU_ASSERT(nothing_left(log.other));
    CU_ASSERT_EQUAL(jk_log_encode(&log, &out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out), span_of(frame, JK_FRAME));
}

/* The specification's rule for Modbus: every number turned around in its place, texts not. */
static void test_big_endian(void)
{
    uint8_t frame[JK_FRAME];
    uint8_t body[JK_BODY];
    struct jk_cells c, again;
    struct jk_info i;

    jk_healthy_32s(frame);
    CU_ASSERT_EQUAL(jk_cells_decode(span_of(frame, JK_FRAME), JK02_32S, &c).code, ERR_OK);
    jk_cells_to_body(&c, JK_BIG, body);
    TESTING_BYTES_EQ(span_of(body + 0x00, 2), SPAN_LIT("\x0C\xE4"));         /* 3300 mV */
    TESTING_BYTES_EQ(span_of(body + 0x90, 4), SPAN_LIT("\x00\x00\xCE\x40")); /* 52800 mV */
    TESTING_BYTES_EQ(span_of(body + 0x98, 4), SPAN_LIT("\x00\x00\x30\x39")); /* 12345 mA */
    TESTING_BYTES_EQ(span_of(body + 0xA6, 2), SPAN_LIT("\x00\x4B"));         /* balance, SOC */
    jk_cells_from_body(body, JK02_32S, JK_BIG, &again);
    again.counter = c.counter;
    CU_ASSERT_EQUAL(memcmp(&again, &c, sizeof c), 0);
    jk_blank(frame, JK_INFO, 0);
    memcpy(frame + 6, "JK_PB2A16S20P", 13);
    jk_seal(frame);
    CU_ASSERT_EQUAL(jk_info_decode(span_of(frame, JK_FRAME), &i).code, ERR_OK);
    jk_info_to_body(&i, JK_BIG, body);
    TESTING_BYTES_EQ(span_of(body, 13), SPAN_LIT("JK_PB2A16S20P"));
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"cells: every place of both layouts", test_cells},
        {"settings: every place of both layouts", test_settings},
        {"info: every number", test_info},
        {"info: texts and masks", test_info_texts},
        {"JK04: every float", test_jk04},
        {"JK04: every integer", test_jk04_integers},
        {"logbook", test_log},
        {"the body in register order", test_big_endian},
        {0},
    };
    return testing_main(argc, argv, "jk_fields", cases);
}
