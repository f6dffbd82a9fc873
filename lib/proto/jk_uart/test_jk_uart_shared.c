/* SPDX-License-Identifier: Apache-2.0
 *
 * Every recorded frame: decoded to the values its source states, and back to the same bytes; the
 * damaged ones refused for the stated reason.
 */
#include <string.h>

#include "proto/jk_frame/test_jk_support.h"
#include "proto/jk_uart/jk_uart.h"

static const struct {
    const char *name;
    uint8_t token;
    double divisor;
} names[] = {
    {"total_v", JK_TOKEN_PACK, 100},
    {"soc_pct", JK_TOKEN_SOC, 1},
    {"cycles", JK_TOKEN_CYCLES, 1},
    {"cycle_ah", JK_TOKEN_CYCLE_AH, 1},
    {"cell_count", JK_TOKEN_CELL_COUNT, 1},
    {"alarms", JK_TOKEN_ALARMS, 1},
    {"status", JK_TOKEN_STATUS, 1},
    {"capacity_ah", JK_TOKEN_CAPACITY_AH, 1},
    {"balance_start_v", JK_TOKEN_BALANCE_START, 1000},
    {"balance_trigger_v", JK_TOKEN_BALANCE_TRIGGER, 1000},
    {"low_soc_alarm", 0xB1, 1},
    {"uptime_min", JK_TOKEN_WORK_MIN, 1},
    {"protocol_ver", JK_TOKEN_PROTOCOL, 1},
};

static bool look_temperature(const struct jk_uart_values *v, uint8_t token, double *ret)
{
    uint32_t raw;
    int32_t c = 0;
    bool found = jk_uart_number(v, token, &raw) && jk_uart_temperature(raw, &c);

    *ret = c;
    return found;
}

static bool look(const void *record, const char *name, double *ret)
{
    const struct jk_uart_values *v = record;
    struct span s = span_str(name);
    int64_t cell = 0;
    uint32_t raw = 0;
    int32_t ma = 0;

    if (strcmp(name, "cells") == 0) {
        *ret = v->cell_n;
        return true;
    }
    if (span_starts(s, "cell") && span_ends(s, "_v") && s.n > 6 &&
        parse_i64(span_sub(s, 4, s.n - 6), 1, v->cell_n, &cell)) {
        *ret = v->cells[cell - 1].mv / 1000.0;
        return true;
    }
    if (strcmp(name, "current_a") == 0) {
        bool found = jk_uart_current(v, &ma);
        *ret = ma / 1000.0;
        return found;
    }
    if (strcmp(name, "mos_temp_c") == 0)
        return look_temperature(v, JK_TOKEN_MOS_TEMP, ret);
    if (strcmp(name, "t1_c") == 0)
        return look_temperature(v, JK_TOKEN_T1, ret);
    if (strcmp(name, "t2_c") == 0)
        return look_temperature(v, JK_TOKEN_T2, ret);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i].name) == 0 && jk_uart_number(v, names[i].token, &raw)) {
            *ret = raw / names[i].divisor;
            return true;
        }
    }
    return false;
}

struct tally {
    size_t frames, values, repaired;
};

static void check_text(const struct jk_vector *v, const char *path, struct span got,
                       struct tally *tally)
{
    const char *want = json_string(json_path(v->whole, path));

    if (want == NULL)
        return;
    tally->values++;
    CU_ASSERT(span_eq_str(got, want));
}

static void check_reply(const struct jk_vector *v, const struct jk_uart_frame *f,
                        struct tally *tally)
{
    uint8_t data[JK_UART_MAX];
    struct buf out = buf_of(data, sizeof data);
    struct jk_uart_values values;
    struct battery b;
    const char *why = "";

    if (jk_uart_values_decode(f->data, &values).code != ERR_OK) {
        TESTING_FAIL("%s: tokens", v->name);
        return;
    }
    CU_ASSERT_EQUAL(values.tail_n, 0);
    CU_ASSERT_EQUAL(jk_uart_values_encode(&values, &out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out), f->data);
    tally->values += jk_expect_numbers(v, look, &values);
    check_text(v, "expected.sw.value", jk_uart_text(&values, JK_TOKEN_SOFTWARE), tally);
    check_text(v, "expected.vendor.value", jk_uart_text(&values, JK_TOKEN_MAKER), tally);
    check_text(v, "expected.device_id.value", jk_uart_text(&values, JK_TOKEN_DEVICE_ID), tally);
    check_text(v, "expected.mfg_date.value", jk_uart_text(&values, JK_TOKEN_DATE), tally);
    if (!jk_uart_plausible(&values, &why))
        TESTING_FAIL("%s: %s", v->name, why);
    battery_clear(&b);
    CU_ASSERT_EQUAL(jk_uart_to_battery(&values, &b), ERR_OK);
    CU_ASSERT(battery_knows(&b, FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_SOC_PM | FIELD_CELLS |
                                    FIELD_TEMP_MIN_MAX | FIELD_ENABLES | FIELD_PROTECTIONS |
                                    FIELD_CCL | FIELD_DCL | FIELD_DVL));
    CU_ASSERT_EQUAL(b.protections, 0);
}

static void check_good(const struct jk_vector *v, void *ctx)
{
    struct tally *tally = ctx;
    uint8_t copy[JK_UART_MAX];
    uint8_t memory[JK_UART_MAX];
    struct buf out = buf_of(memory, sizeof memory);
    struct span bytes = v->bytes;
    struct jk_uart_frame f;

    tally->frames++;
    if (json_get(v->whole, "checksum_exception") != NULL) {
        /* the vendor printed 4923 under bytes that sum up to 485C */
        CU_ASSERT_EQUAL(jk_uart_frame_decode(bytes, &f).code, ERR_CHECKSUM);
        memcpy(copy, bytes.p, bytes.n);
        copy[bytes.n - 2] = 0x48;
        copy[bytes.n - 1] = 0x5C;
        bytes = span_of(copy, bytes.n);
        tally->repaired++;
    }
    if (jk_uart_frame_decode(bytes, &f).code != ERR_OK) {
        TESTING_FAIL("%s: no frame", v->name);
        return;
    }
    CU_ASSERT_EQUAL(jk_uart_frame_encode(&f, &out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out), bytes);
    if (f.type == JK_UART_REPLY)
        check_reply(v, &f, tally);
}

static void test_recorded(void)
{
    struct tally tally = {0};

    if (!jk_vectors_each("uart_4e57.json", check_good, &tally))
        return;
    CU_ASSERT_EQUAL(tally.frames, 7);
    CU_ASSERT_EQUAL(tally.repaired, 1);
    CU_ASSERT_EQUAL(tally.values, 65);
}

static void check_damaged(const struct jk_vector *v, void *ctx)
{
    struct tally *tally = ctx;
    struct jk_uart_frame f;
    struct jk_uart_reader r = {0};
    struct decoded d = jk_uart_frame_decode(v->bytes, &f);
    bool sum = strncmp(v->reject, "checksum", 8) == 0;
    size_t used = 0;

    tally->frames++;
    CU_ASSERT_EQUAL(d.code, sum ? ERR_CHECKSUM : ERR_SHORT);
    CU_ASSERT_EQUAL(jk_uart_reader_feed(&r, v->bytes, &used), JK_UART_MORE);
    CU_ASSERT_EQUAL(jk_uart_reader_silence(&r), JK_UART_MORE);
    CU_ASSERT_EQUAL(r.junk, v->bytes.n);
    CU_ASSERT_EQUAL(r.bad_sum, sum ? 1 : 0);
    /* and the next one is not lost: at the latest when the line falls silent */
    CU_ASSERT_EQUAL(jk_uart_reader_feed(&r, v->bytes, &used), JK_UART_MORE);
    if (jk_uart_reader_feed(&r, jk_uart_read_all, &used) == JK_UART_MORE)
        CU_ASSERT_EQUAL(jk_uart_reader_silence(&r), JK_UART_FRAME);
    TESTING_BYTES_EQ(jk_uart_got(&r), jk_uart_read_all);
}

static void test_damaged(void)
{
    struct tally tally = {0};

    if (jk_vectors_each("uart_bad.json", check_damaged, &tally))
        CU_ASSERT_EQUAL(tally.frames, 5);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"recorded frames", test_recorded},
        {"damaged frames", test_damaged},
        {0},
    };
    return testing_main(argc, argv, "jk_uart_shared", cases);
}
