/* SPDX-License-Identifier: Apache-2.0
 *
 * The corners: tables that are too long, answers that end in every field, forms made by hand that
 * no battery prints.
 */
#include <string.h>

#include "proto/pylon_console/pylon_console.h"
#include "testing/testing.h"

static void expect(struct decoded d, enum err want, uint32_t offset)
{
    if (d.code != want || (want != ERR_OK && d.offset != offset))
        TESTING_FAIL("%s at %u, not %s at %u", err_text(d.code), d.offset, err_text(want), offset);
}

static struct buf text_of(void)
{
    static uint8_t memory[8192];
    return buf_of(memory, sizeof memory);
}

/* ---- tables ---- */

static void test_pwr_seventeen_rows(void)
{
    struct buf b = text_of();
    static struct pylon_pwr table = {.layout = PYLON_P1, .n = PYLON_MAX_MODULES};

    for (size_t i = 0; i < table.n; i++)
        table.rows[i] = (struct pylon_pwr_row){.address = (uint8_t)(i + 1), .absent = true};
    CU_ASSERT_EQUAL(pylon_pwr_encode(&table, &b), ERR_OK);
    CU_ASSERT_EQUAL(pylon_pwr_decode(buf_span(&b), &table).code, ERR_OK);
    CU_ASSERT_EQUAL(table.n, 16);
    uint32_t end = (uint32_t)b.n;
    buf_str(&b, "\n1     -");
    expect(pylon_pwr_decode(buf_span(&b), &table), ERR_SYNTAX, end + 1);
}

/* P1 ends behind the last column in every row: cut there, a row of P2 has no MOS columns left. */
static void test_pwr_row_without_its_last_columns(void)
{
    struct buf b = text_of();
    struct pylon_pwr table;

    buf_str(&b, "Power Volt   Curr   Tempr  Tlow   Thigh  Vlow   Vhigh  Base.St  Volt.St  Curr.St  "
                "Temp.St  Coulomb  Time                 B.V.St   B.T.St   MosTempr M.T.St\n");
    uint32_t row = (uint32_t)b.n;
    buf_str(&b, "1     49905  11867  27900  26600  26800  3327   3327   Charge   Normal   Normal   "
                "Normal   39%      2023-09-16 11:50:32  Normal   Normal");
    expect(pylon_pwr_decode(buf_span(&b), &table), ERR_INCOMPLETE, row + 136);
    /* a temperature without its state, a state without its temperature */
    buf_str(&b, "  27500");
    expect(pylon_pwr_decode(buf_span(&b), &table), ERR_INCOMPLETE, row + 143);
    buf_str(&b, "    -");
    expect(pylon_pwr_decode(buf_span(&b), &table), ERR_SYNTAX, row + 147);
    b.n -= 12;
    buf_str(&b, "   -        Normal");
    expect(pylon_pwr_decode(buf_span(&b), &table), ERR_SYNTAX, row + 148);
}

static void test_bat_empty_behind_b1_header(void)
{
    struct pylon_bat table;

    expect(pylon_bat_decode(SPAN_LIT("Battery  Volt     Curr     Tempr    Base State   "
                                     "Volt. State  Curr. State  Temp. State  Coulomb"),
                            &table),
           ERR_INCOMPLETE, 95);
}

/* ---- soh and getpwr ---- */

#define SOH_HEAD "Power   1\nBattery    Voltage    SOHCount   SOHStatus\n"

static void soh_is(const char *tail, enum err want, uint32_t offset)
{
    struct buf b = text_of();
    struct pylon_soh soh;

    buf_str(&b, SOH_HEAD);
    buf_str(&b, tail);
    expect(pylon_soh_decode(buf_span(&b), &soh), want, offset + sizeof SOH_HEAD - 1);
}

static void test_soh(void)
{
    static struct pylon_soh soh = {.address = 1, .n = PYLON_MAX_CELLS};
    struct buf b = text_of();

    soh_is("0", ERR_INCOMPLETE, 0);
    soh_is("0          3378", ERR_INCOMPLETE, 11);
    soh_is("0          3378       0", ERR_INCOMPLETE, 22);
    soh_is("x          3378       0          Normal", ERR_SYNTAX, 0);
    soh_is("0          10000      0          Normal", ERR_RANGE, 11);
    soh_is("0          3378       -1         Normal", ERR_RANGE, 22);
    soh_is("0          3378       0          N?rmal", ERR_SYNTAX, 33);
    expect(pylon_soh_decode(SPAN_LIT("Power   0\n"), &soh), ERR_SYNTAX, 0);
    expect(pylon_soh_decode(SPAN_LIT("Power   17\n"), &soh), ERR_SYNTAX, 0);
    expect(pylon_soh_decode(SPAN_LIT("Power   1 2\n"), &soh), ERR_SYNTAX, 0);
    expect(pylon_soh_decode(SPAN_LIT("Power\n"), &soh), ERR_SYNTAX, 0);

    soh.n = PYLON_MAX_CELLS;
    for (size_t i = 0; i < soh.n; i++) {
        soh.rows[i].index = (uint8_t)i;
        soh.rows[i].volt_mv = 3300;
        memcpy(soh.rows[i].state, "Normal", 7);
    }
    CU_ASSERT_EQUAL(pylon_soh_encode(&soh, &b), ERR_OK);
    CU_ASSERT_EQUAL(pylon_soh_decode(buf_span(&b), &soh).code, ERR_OK);
    CU_ASSERT_EQUAL(soh.n, PYLON_MAX_CELLS);
    uint32_t end = (uint32_t)b.n;
    buf_str(&b, "\n16         3300       0          Normal");
    expect(pylon_soh_decode(buf_span(&b), &soh), ERR_SYNTAX, end + 1);
    soh.n = PYLON_MAX_CELLS + 1;
    CU_ASSERT_EQUAL(pylon_soh_encode(&soh, &b), ERR_RANGE);
}

static void test_soh_pytes_words(void)
{
    struct pylon_soh soh;
    const char *const head = "Power   1\nBattery    Voltage    SOHStatus  \xC8$\n";
    struct buf b = text_of();

    buf_printf(&b, "%s0          3322       0000000", head);
    expect(pylon_soh_decode(buf_span(&b), &soh), ERR_SYNTAX, 68);
    b.n = 0;
    buf_printf(&b, "%s0          3322       0000000g", head);
    expect(pylon_soh_decode(buf_span(&b), &soh), ERR_SYNTAX, 68);
    b.n = 0;
    buf_printf(&b, "%s0          3322       0000a0f1", head); /* printed in capitals */
    expect(pylon_soh_decode(buf_span(&b), &soh), ERR_SYNTAX, 46);
}

#define PACK   "49768#  -2632#  29300# 43259# Dischg# Normal# Normal# Normal#\n"
#define A_CELL "3317#  26300# Normal# Normal#\n"

static void getpwr_is(const char *text, enum err want, uint32_t offset)
{
    struct pylon_getpwr g;
    expect(pylon_getpwr_decode(span_str(text), &g), want, offset);
}

static void test_getpwr(void)
{
    struct pylon_getpwr g = {.n = PYLON_MAX_CELLS + 1};
    struct buf b = text_of();

    CU_ASSERT_EQUAL(pylon_getpwr_encode(&g, &b), ERR_RANGE);
    g = (struct pylon_getpwr){.n_trailers = 5};
    CU_ASSERT_EQUAL(pylon_getpwr_encode(&g, &b), ERR_RANGE);

    getpwr_is(PACK A_CELL "0#\n666#\n", ERR_OK, 0);
    getpwr_is(A_CELL, ERR_LAYOUT, 0);
    getpwr_is("hello\n", ERR_LAYOUT, 0);
    getpwr_is(PACK PACK, ERR_SYNTAX, 62);
    getpwr_is(PACK "1#2#\n", ERR_SYNTAX, 62);
    getpwr_is(PACK A_CELL, ERR_INCOMPLETE, 92);
    getpwr_is(PACK A_CELL "0#\n" A_CELL, ERR_SYNTAX, 95);
    getpwr_is(PACK A_CELL "0#\n1#\n2#\n3#\n4#\n", ERR_SYNTAX, 104);
    getpwr_is(PACK A_CELL "x#\n", ERR_SYNTAX, 92);
    getpwr_is(PACK A_CELL "0# 1\n", ERR_LAYOUT, 92);
    getpwr_is("4976x#  -2632#  29300# 43259# Dischg# Normal# Normal# Normal#\n", ERR_SYNTAX, 0);
    getpwr_is("49768#  -2632#  29300# 43259# Dis!hg# Normal# Normal# Normal#\n", ERR_SYNTAX, 30);

    buf_str(&b, PACK);
    for (int i = 0; i < PYLON_MAX_CELLS; i++)
        buf_str(&b, A_CELL);
    uint32_t end = (uint32_t)b.n;
    buf_str(&b, A_CELL);
    expect(pylon_getpwr_decode(buf_span(&b), &g), ERR_SYNTAX, end);
}

/* ---- time and log ---- */

static void test_time(void)
{
    const struct pylon_time t = {2026, 7, 17, 1, 40, 48};
    struct pylon_time got;
    struct buf b = text_of();
    char chip[16];

    CU_ASSERT_EQUAL(pylon_time_encode(NULL, &t, &b), ERR_OK);
    CU_ASSERT_EQUAL(pylon_time_encode("", &t, &b), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&b), SPAN_LIT("2026-07-17 01:40:482026-07-17 01:40:48"));
    expect(pylon_time_decode(SPAN_LIT("a b 2026-07-17 01:40:48"), chip, &got), ERR_SYNTAX, 0);
    expect(pylon_time_decode(SPAN_LIT("R\x01 2026-07-17 01:40:48"), chip, &got), ERR_SYNTAX, 0);
    expect(pylon_time_decode(SPAN_LIT("ABCDEFGHIJKLMNO 2026-07-17 01:40:48"), chip, &got), ERR_OK,
           0);
    CU_ASSERT_STRING_EQUAL(chip, "ABCDEFGHIJKLMNO");
    expect(pylon_time_decode(SPAN_LIT("ABCDEFGHIJKLMNOP 2026-07-17 01:40:48"), chip, &got),
           ERR_SYNTAX, 0);
}

static void log_is(const char *text, enum err want, uint32_t offset)
{
    struct span rest = span_str(text);
    struct pylon_log_entry e;
    expect(pylon_log_next(&rest, &e), want, offset);
}

static void test_log(void)
{
    log_is("", ERR_NOT_FOUND, 0);
    log_is(" Index   : 31", ERR_INCOMPLETE, 13);
    log_is(" Index   : x", ERR_SYNTAX, 11);
    log_is(" Index   : 31\n Time    : 23-09-16", ERR_SYNTAX, 25);
    log_is(" Index   : 31\n Time    : 23-09-16 11:43:09 and more", ERR_SYNTAX, 25);
    log_is(" Index   : 31\n Time    : 23-09-16 11:43:09\n ModID   : BMM\n Code    : 2c5g",
           ERR_SYNTAX, 69);
    log_is(" Index   : 31\n Time    : 23-09-16 11:43:09\n ModID   : B\x80M", ERR_SYNTAX, 43);
    log_is(" Index   : 31\n Time    :23-09-16 11:43:09", ERR_SYNTAX, 14);
    log_is("hello", ERR_SYNTAX, 0);
}

/* ---- forms ---- */

static void test_form_corners(void)
{
    static uint8_t value_memory[512];
    static struct pylon_form form;
    struct buf b = text_of();

    /* too many empty lines */
    buf_str(&b, "A: 1\nB: 2\n");
    for (int i = 0; i <= PYLON_KV_MAX; i++)
        buf_str(&b, "\n");
    uint32_t at = (uint32_t)b.n;
    buf_str(&b, "C: 3");
    expect(pylon_form_decode(PYLON_FORM_INFO, buf_span(&b), &form), ERR_SPACE, at);
    /* columns no form has: words without a colon, a label, a value */
    b.n = 0;
    for (int i = 0; i < 30; i++)
        buf_str(&b, "long text ");
    expect(pylon_form_decode(PYLON_FORM_INFO, buf_span(&b), &form), ERR_SYNTAX, 0);
    buf_str(&b, ": 1");
    expect(pylon_form_decode(PYLON_FORM_INFO, buf_span(&b), &form), ERR_SYNTAX, 0);
    struct buf value = buf_of(value_memory, sizeof value_memory);
    buf_str(&value, "Label: ");
    buf_put(&value, span_sub(buf_span(&b), 0, 256));
    expect(pylon_form_decode(PYLON_FORM_INFO, buf_span(&value), &form), ERR_SYNTAX, 0);
    /* nothing but empty lines */
    expect(pylon_form_decode(PYLON_FORM_INFO, SPAN_LIT("\n \n\n "), &form), ERR_INCOMPLETE, 5);
    expect(pylon_form_decode(PYLON_FORM_PWRSYS, SPAN_LIT("\r\r\n \r\r\n\r\r\nA: 1"), &form), ERR_OK,
           0);
    /* blank lines of blanks, lines of the high-voltage consoles */
    expect(
        pylon_form_decode(PYLON_FORM_INFO, SPAN_LIT("   \nUnit 1 Barcode\nBMU 4 Barcode\n"), &form),
        ERR_OK, 0);
    expect(pylon_form_decode(PYLON_FORM_INFO, SPAN_LIT("Pack 1 Barcode\n"), &form), ERR_SYNTAX, 0);
    expect(pylon_form_decode(PYLON_FORM_STAT, SPAN_LIT("Device address\n"), &form), ERR_SYNTAX, 0);
    expect(pylon_form_decode(PYLON_FORM_PWR, SPAN_LIT(" --\n"), &form), ERR_SYNTAX, 0);
    expect(pylon_form_decode(PYLON_FORM_PWR, SPAN_LIT(" ---\n Power  1\n"), &form), ERR_INCOMPLETE,
           15);
    expect(pylon_form_decode(PYLON_FORM_PWR, SPAN_LIT(" ---\n A: 1\n ---\n"), &form),
           ERR_INCOMPLETE, 16);
    expect(pylon_form_decode(PYLON_FORM_PWR, SPAN_LIT(" Power  1\n ---\n ---\n A: 1\n"), &form),
           ERR_INCOMPLETE, 26);
}

/* Found by fuzzing: the encoder indents the lines of `pwr N` and `pwrsys` and puts a blank behind
 * every colon. A line of 255 bytes without them is longer when it is read again. */
static void test_form_longest_lines(void)
{
#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    static struct pylon_form form;
    static const struct {
        const char *read, *printed;
    } cases[] = {
        {"System Volt: " X50 X50 X50 X50 "1234567890123456789012345678901234567890 3",
         " System Volt: " X50 X50 X50 X50 "1234567890123456789012345678901234567890 3"},
        {X50 X50 X50 X50 X50 "1234:", " " X50 X50 X50 X50 X50 "1234:          "},
        {X50 X50 X50 X50 X50 "12345: " X50 X50 X50 X50 X50 "12345",
         " " X50 X50 X50 X50 X50 "12345: " X50 X50 X50 X50 X50 "12345"},
        {"System is " X50 X50 X50 X50 "123456789012345678901234567890123456789012345",
         " System is " X50 X50 X50 X50 "123456789012345678901234567890123456789012345"},
    };
#undef X50

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf b = text_of();
        struct span printed = span_str(cases[i].printed);
        expect(pylon_form_decode(PYLON_FORM_PWRSYS, span_str(cases[i].read), &form), ERR_OK, 0);
        CU_ASSERT_EQUAL(pylon_form_encode(PYLON_FORM_PWRSYS, &form, &b), ERR_OK);
        TESTING_BYTES_EQ(buf_span(&b), printed);
        expect(pylon_form_decode(PYLON_FORM_PWRSYS, printed, &form), ERR_OK, 0);
    }
}

/* What is a number, a mask, a word, and what only looks like one. */
static void test_form_kinds(void)
{
    static struct pylon_form form;
    static const struct {
        const char *value;
        enum pylon_kv_kind kind;
        int64_t number;
    } cases[] = {
        {"49905       mV", PYLON_KV_NUMBER, 49905},
        {"-90000mA", PYLON_KV_NUMBER, -90000},
        {"0", PYLON_KV_NUMBER, 0},
        {"96KB", PYLON_KV_NUMBER, 96},
        {"007", PYLON_KV_TEXT, 0},
        {"-0", PYLON_KV_TEXT, 0},
        {"-", PYLON_KV_TEXT, 0},
        {"+5", PYLON_KV_TEXT, 0},
        {"5 V", PYLON_KV_TEXT, 0},
        {"99999999999999999999", PYLON_KV_TEXT, 0},
        {"0x2000     COULFULL", PYLON_KV_MASK, 0x2000},
        {"0xffffffff", PYLON_KV_MASK, 0xffffffff},
        {"0x100000000", PYLON_KV_TEXT, 0},
        {"0x", PYLON_KV_TEXT, 0},
        {"Normal", PYLON_KV_WORD, 0},
        {"SysError", PYLON_KV_WORD, 0},
        {"TooLongForAWord", PYLON_KV_TEXT, 0},
        {"VNOR TNOR", PYLON_KV_TEXT, 0},
        {"", PYLON_KV_TEXT, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf b = text_of();
        buf_printf(&b, " ---\n Power  1\n X: %s\n ---", cases[i].value);
        CU_ASSERT_EQUAL_FATAL(pylon_form_decode(PYLON_FORM_PWR, buf_span(&b), &form).code, ERR_OK);
        const struct pylon_kv *kv = pylon_form_find(&form, "X");
        CU_ASSERT_PTR_NOT_NULL_FATAL(kv);
        if (kv->kind != cases[i].kind)
            TESTING_FAIL("'%s' is of kind %d", cases[i].value, (int)kv->kind);
        if (kv->kind == PYLON_KV_NUMBER || kv->kind == PYLON_KV_MASK)
            CU_ASSERT_EQUAL(kv->number, cases[i].number);
    }
}

static void test_forms_by_hand(void)
{
    static struct pylon_form form;
    struct pylon_module m;
    struct pylon_stat s;
    struct buf b = text_of();

    form = (struct pylon_form){
        .n = 3,
        .items = {{.kind = PYLON_KV_TEXT, .label = SPAN_LIT("DevType"), .value = SPAN_LIT("E-BOX")},
                  {.kind = PYLON_KV_PLAIN, .label = SPAN_LIT("System is charging")},
                  {.kind = PYLON_KV_PLAIN,
                   .label = SPAN_LIT("Device address"),
                   .value = SPAN_LIT("1234567890123")}}};
    CU_ASSERT_EQUAL(pylon_form_encode(PYLON_FORM_PWR, &form, &b), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&b),
                     SPAN_LIT(" DevType         : E-BOX\r\r\n System is charging\r\r\n"
                              " Device address  1234567890123"));
    b.n = 0;
    CU_ASSERT_EQUAL(pylon_form_encode(PYLON_FORM_STAT, &form, &b), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&b),
                     SPAN_LIT("DevType         :    E-BOX\r\r\nSystem is charging\r\r\n"
                              "Device address  1234567890123"));
    form.n = PYLON_KV_MAX + 1;
    CU_ASSERT_EQUAL(pylon_form_encode(PYLON_FORM_STAT, &form, &b), ERR_RANGE);

    /* views of forms that lack what makes them such a form */
    form = (struct pylon_form){.n = 1,
                               .items = {{.kind = PYLON_KV_NUMBER,
                                          .label = SPAN_LIT("Voltage"),
                                          .value = SPAN_LIT("1"),
                                          .unit = SPAN_LIT("mV")}}};
    expect(pylon_module_from(&form, &m), ERR_INCOMPLETE, 0);
    expect(pylon_stat_from(&form, &s), ERR_INCOMPLETE, 0);
    form.items[0].label = SPAN_LIT("Power");
    expect(pylon_module_from(&form, &m), ERR_SYNTAX, 0);
}

static void test_system_corners(void)
{
    static struct pylon_form form;
    struct pylon_system s;
    struct buf b = text_of();

    buf_str(&b,
            " System is doing something that has no name\n Total Num                : 1\n"
            " Present Num              : 1\n System Volt              : 49777    mV\n"
            " System Curr              : 0        mA\n System RC                : 1        mAH\n"
            " System FCC               : 1        mAH\n System SOC               : 93       %\n"
            " System SOH               : 94       %\n");
    expect(pylon_form_decode(PYLON_FORM_PWRSYS, buf_span(&b), &form), ERR_OK, 0);
    expect(pylon_system_from(&form, &s), ERR_RANGE, 43);
    b.n = 0;
    buf_str(&b, " Total Num                : 1\n Present Num              : 1\n");
    expect(pylon_form_decode(PYLON_FORM_PWRSYS, buf_span(&b), &form), ERR_OK, 0);
    expect(pylon_system_from(&form, &s), ERR_INCOMPLETE, 0);
    /* a discharge limit above zero is no limit of this console */
    b.n = 0;
    buf_str(&b,
            " Total Num                : 1\n Present Num              : 1\n"
            " System Volt              : 49777    mV\n System Curr              : 0        mA\n"
            " System RC                : 1        mAH\n System FCC               : 1        mAH\n"
            " System SOC               : 93       %\n System SOH               : 94       %\n"
            " system Recommend chg voltage: 53250    mV\n"
            " system Recommend dsg voltage: 46000    mV\n"
            " system Recommend chg current: 50000    mA\n"
            " system Recommend dsg current: 125000   mA\n");
    expect(pylon_form_decode(PYLON_FORM_PWRSYS, buf_span(&b), &form), ERR_OK, 0);
    CU_ASSERT_EQUAL(pylon_system_from(&form, &s).code, ERR_RANGE);
}

/* ---- the split ---- */

static void test_split_corners(void)
{
    struct pylon_answer a;

    CU_ASSERT_EQUAL(
        pylon_answer_split(SPAN_LIT("\r\n\r\nCommand failed\r\n$$\r\npylon>"), SPAN_LIT(""), &a)
            .code,
        ERR_OK);
    CU_ASSERT_EQUAL(a.status, PYLON_FAILED);
    CU_ASSERT_TRUE(span_eq_str(a.body, "Command failed"));
    /* a prompt in front of the echo, in text that did not come through the reader */
    CU_ASSERT_EQUAL(pylon_answer_split(SPAN_LIT("pylon>pwr\n@\nX\nCommand completed successfully\n"
                                                "$$\npylon>"),
                                       SPAN_LIT("pwr"), &a)
                        .code,
                    ERR_OK);
    CU_ASSERT_EQUAL(a.status, PYLON_OK);
    CU_ASSERT_EQUAL(pylon_answer_split(SPAN_LIT(">"), SPAN_LIT("pwr"), &a).code, ERR_INCOMPLETE);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"pwr: seventeen rows", test_pwr_seventeen_rows},
        {"pwr: rows without their last columns", test_pwr_row_without_its_last_columns},
        {"bat: a B1 header alone", test_bat_empty_behind_b1_header},
        {"soh", test_soh},
        {"soh of PYTES", test_soh_pytes_words},
        {"getpwr", test_getpwr},
        {"time", test_time},
        {"log", test_log},
        {"forms: lines no form has", test_form_corners},
        {"forms: the longest lines", test_form_longest_lines},
        {"forms: kinds of values", test_form_kinds},
        {"forms made by hand", test_forms_by_hand},
        {"pwrsys", test_system_corners},
        {"the split", test_split_corners},
        {0},
    };
    return testing_main(argc, argv, "pylon_edges", cases);
}
