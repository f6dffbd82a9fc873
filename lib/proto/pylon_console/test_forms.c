/* SPDX-License-Identifier: Apache-2.0
 *
 * The answers that print one value a line, and the small ones: what they mean, that they print
 * back, and what makes them bad.
 */
#include <string.h>

#include "proto/pylon_console/test_result.h"
#include "testing/testing.h"

static const struct result *read_fixture(const char *name)
{
    static struct result r;
    const struct fixture *fx = fixture_find(name);

    CU_ASSERT_PTR_NOT_NULL_FATAL(fx);
    result_begin(&r);
    result_feed(&r, fx->wire);
    if (!result_end(&r, fx))
        TESTING_FAIL("%s: %s at %u", name, err_text(r.verdict.code), r.verdict.offset);
    return &r;
}

static struct decoded form_of(enum pylon_form_kind kind, const char *body, struct pylon_form *form)
{
    return pylon_form_decode(kind, span_str(body), form);
}

static void expect(struct decoded d, enum err want, uint32_t offset)
{
    if (d.code != want || (want != ERR_OK && d.offset != offset))
        TESTING_FAIL("%s at %u, not %s at %u", err_text(d.code), d.offset, err_text(want), offset);
}

/* ---- values ---- */

static void test_module(void)
{
    const struct pylon_module *m = &read_fixture("module")->module;

    CU_ASSERT_EQUAL(m->address, 2);
    CU_ASSERT_TRUE(m->has_volt && m->has_curr && m->has_tempr && m->has_coulomb);
    CU_ASSERT_EQUAL(m->volt_mv, 52437);
    CU_ASSERT_EQUAL(m->curr_ma, -80);
    CU_ASSERT_EQUAL(m->tempr_mc, 30600);
    CU_ASSERT_EQUAL(m->coulomb_pc, 100);
    CU_ASSERT_TRUE(m->has_total && m->has_max_volt);
    CU_ASSERT_EQUAL(m->total_mah, 50000);
    CU_ASSERT_EQUAL(m->max_volt_mv, 54000);
    CU_ASSERT_STRING_EQUAL(m->base_st, "Charge");
    CU_ASSERT_STRING_EQUAL(m->volt_st, "Normal");
    CU_ASSERT_STRING_EQUAL(m->curr_st, "Normal");
    CU_ASSERT_STRING_EQUAL(m->temp_st, "Normal");
    CU_ASSERT_STRING_EQUAL(m->coul_st, "Full");
    CU_ASSERT_STRING_EQUAL(m->soh_st, "Normal");
    CU_ASSERT_STRING_EQUAL(m->heater_st, "OFF");
    CU_ASSERT_TRUE(m->has_bat_events && m->has_power_events && m->has_system_fault);
    CU_ASSERT_EQUAL(m->bat_events, 0x2);
    CU_ASSERT_EQUAL(m->power_events, 0x2000);
    CU_ASSERT_EQUAL(m->system_fault, 0);
}

/* PYTES counts the rated charge in mA s and prints neither Max Voltage nor a percentage here. */
static void test_s60_units(void)
{
    const struct pylon_module *m = &read_fixture("module_pytes")->module;

    CU_ASSERT_EQUAL(m->address, 1);
    CU_ASSERT_TRUE(m->has_total);
    CU_ASSERT_EQUAL(m->total_mah, 100000);
    CU_ASSERT_EQUAL(m->volt_mv, 53244);
    CU_ASSERT_FALSE(m->has_max_volt || m->has_coulomb || m->has_tempr);
    CU_ASSERT_TRUE(m->has_bat_events);
    CU_ASSERT_FALSE(m->has_power_events || m->has_system_fault);
    CU_ASSERT_STRING_EQUAL(m->base_st, "Idle");
    CU_ASSERT_STRING_EQUAL(m->coul_st, "");
}

/* US3000D has other status lines; the values that are there count. */
static void test_s18_no_event_lines(void)
{
    static struct pylon_form form;
    struct pylon_module m;
    struct decoded d = form_of(PYLON_FORM_PWR,
                               " ----------------------------\n Power  1\n\n"
                               " Voltage         : 49726       mV\n"
                               " B+B-.Volt       : 49715       mV\n"
                               " Current         : -3361       mA\n"
                               " Total Coulomb   : 74000       mAH\n"
                               " Basic Status    : Dischg\n"
                               " Bat Volt Status : 0x4        BVNOR\n"
                               " Pwr Tmpr Status : 0x8        PTNOR\n"
                               " ----------------------------",
                               &form);

    expect(d, ERR_OK, 0);
    expect(pylon_module_from(&form, &m), ERR_OK, 0);
    CU_ASSERT_EQUAL(m.volt_mv, 49726);
    CU_ASSERT_EQUAL(m.curr_ma, -3361);
    CU_ASSERT_EQUAL(m.total_mah, 74000);
    CU_ASSERT_FALSE(m.has_bat_events || m.has_power_events || m.has_system_fault);
    const struct pylon_kv *kv = pylon_form_find(&form, "Bat Volt Status");
    CU_ASSERT_PTR_NOT_NULL_FATAL(kv);
    CU_ASSERT_EQUAL(kv->kind, PYLON_KV_MASK);
    CU_ASSERT_EQUAL(kv->number, 4);
    CU_ASSERT_TRUE(span_eq_str(kv->unit, "BVNOR"));
}

static void test_info(void)
{
    const struct pylon_info *i = &read_fixture("info")->info;

    CU_ASSERT_EQUAL(i->address, 1);
    CU_ASSERT_STRING_EQUAL(i->manufacturer, "Pylon");
    CU_ASSERT_STRING_EQUAL(i->device_name, "US5000");
    CU_ASSERT_STRING_EQUAL(i->main_version, "B69.16.0.0");
    CU_ASSERT_STRING_EQUAL(i->soft_version, "V1.3");
    CU_ASSERT_STRING_EQUAL(i->barcode, "K220803C30160910");
    CU_ASSERT_STRING_EQUAL(i->specification, "48V/100AH");
    CU_ASSERT_EQUAL(i->cell_number, 15);
    CU_ASSERT_TRUE(i->has_max_charge && i->has_max_discharge);
    CU_ASSERT_EQUAL(i->max_discharge_ma, -90000);
    CU_ASSERT_EQUAL(i->max_charge_ma, 90000);
    CU_ASSERT_EQUAL(i->console_rate, 115200);
}

/* Lines come and go with the firmware; only labels count, and only the first colon. */
static void test_s21_any_order(void)
{
    static struct pylon_form form;
    struct pylon_info i;
    struct decoded d = form_of(PYLON_FORM_INFO,
                               "Barcode             : H1\n"
                               "Brand new line      : a: b: c\n"
                               "Device Test Time    : 2000-00-00 00:00:00\n"
                               "Cell Number         : 16\n"
                               "Device name         : US2000C\n",
                               &form);

    expect(d, ERR_OK, 0);
    expect(pylon_info_from(&form, &i), ERR_OK, 0);
    CU_ASSERT_STRING_EQUAL(i.barcode, "H1");
    CU_ASSERT_EQUAL(i.cell_number, 16);
    CU_ASSERT_EQUAL(i.address, 0);
    CU_ASSERT_FALSE(i.has_max_charge || i.has_max_discharge);
    CU_ASSERT_TRUE(
        span_eq_str(pylon_form_find(&form, "Device Test Time")->value, "2000-00-00 00:00:00"));
    CU_ASSERT_TRUE(span_eq_str(pylon_form_find(&form, "Brand new line")->value, "a: b: c"));
    CU_ASSERT_PTR_NULL(pylon_form_find(&form, "Brand new"));
    CU_ASSERT_PTR_NULL(pylon_form_find(&form, "Brand new line too"));
}

static void test_s25_soh_zero(void)
{
    const struct pylon_stat *s = &read_fixture("stat")->stat;

    CU_ASSERT_EQUAL(s->address, 1);
    CU_ASSERT_FALSE(s->has_soh);
    CU_ASSERT_TRUE(s->has_cycles && s->has_coulomb && s->has_dsg_cap);
    CU_ASSERT_EQUAL(s->cycles, 430);
    CU_ASSERT_EQUAL(s->coulomb_mas, 153311400);
    CU_ASSERT_EQUAL(s->dsg_cap_mah, 21506462);
    CU_ASSERT_EQUAL(pylon_form_find(&read_fixture("stat")->form, "Soc 0~20% Secs")->number, 79728);
}

static void test_system(void)
{
    const struct pylon_system *s = &read_fixture("pwrsys")->system;

    CU_ASSERT_EQUAL(s->total, 5);
    CU_ASSERT_EQUAL(s->present, 5);
    CU_ASSERT_EQUAL(s->sleeping, 0);
    CU_ASSERT_STRING_EQUAL(s->state, "discharging");
    CU_ASSERT_EQUAL(s->volt_mv, 49777);
    CU_ASSERT_EQUAL(s->curr_ma, -11164);
    CU_ASSERT_EQUAL(s->rc_mah, 217324);
    CU_ASSERT_EQUAL(s->fcc_mah, 233850);
    CU_ASSERT_EQUAL(s->soc_pc, 93);
    CU_ASSERT_EQUAL(s->soh_pc, 94);
    CU_ASSERT_TRUE(s->has_limits && s->has_module_limits);
    CU_ASSERT_EQUAL(s->cvl_mv, 53250);
    CU_ASSERT_EQUAL(s->dvl_mv, 46000);
    CU_ASSERT_EQUAL(s->ccl_ma, 50000);
    CU_ASSERT_EQUAL(s->dcl_ma, -125000);
    CU_ASSERT_EQUAL(s->module_ccl_ma, 10000);
    CU_ASSERT_EQUAL(s->module_dcl_ma, -25000);
}

static void test_soh(void)
{
    const struct pylon_soh *s = &read_fixture("soh")->soh;

    CU_ASSERT_EQUAL(s->address, 1);
    CU_ASSERT_EQUAL(s->form, 0);
    CU_ASSERT_EQUAL_FATAL(s->n, 2);
    CU_ASSERT_EQUAL(s->rows[0].volt_mv, 3378);
    CU_ASSERT_EQUAL(s->rows[1].index, 1);
    CU_ASSERT_EQUAL(s->rows[1].count, 12);
    CU_ASSERT_STRING_EQUAL(s->rows[1].state, "Warn");
    s = &read_fixture("soh_pytes")->soh;
    CU_ASSERT_EQUAL(s->form, 1);
    CU_ASSERT_EQUAL_FATAL(s->n, 2);
    CU_ASSERT_EQUAL(s->rows[1].volt_mv, 3321);
    CU_ASSERT_EQUAL(s->rows[1].count, 0xA0F1);
    CU_ASSERT_STRING_EQUAL(s->rows[1].state, "");
}

static void test_getpwr(void)
{
    const struct pylon_getpwr *g = &read_fixture("getpwr")->getpwr;

    CU_ASSERT_EQUAL(g->volt_mv, 49768);
    CU_ASSERT_EQUAL(g->curr_ma, -2632);
    CU_ASSERT_EQUAL(g->tempr_mc, 29300);
    CU_ASSERT_EQUAL(g->remaining_mah, 43259);
    CU_ASSERT_STRING_EQUAL(g->base_st, "Dischg");
    CU_ASSERT_STRING_EQUAL(g->temp_st, "Normal");
    CU_ASSERT_EQUAL_FATAL(g->n, 2);
    CU_ASSERT_EQUAL(g->cells[1].volt_mv, 3318);
    CU_ASSERT_EQUAL(g->cells[1].tempr_mc, -1500);
    CU_ASSERT_STRING_EQUAL(g->cells[1].volt_st, "High");
    CU_ASSERT_EQUAL_FATAL(g->n_trailers, 2);
    CU_ASSERT_EQUAL(g->trailers[0], 0);
    CU_ASSERT_EQUAL(g->trailers[1], 666);
}

static void test_time_and_log(void)
{
    const struct result *r = read_fixture("time_");

    CU_ASSERT_STRING_EQUAL(r->chip, "Ds3231");
    CU_ASSERT_EQUAL(r->time.year, 2025);
    CU_ASSERT_EQUAL(r->time.month, 12);
    CU_ASSERT_EQUAL(r->time.day, 21);
    CU_ASSERT_EQUAL(r->time.hour, 21);
    CU_ASSERT_EQUAL(r->time.minute, 14);
    CU_ASSERT_EQUAL(r->time.second, 53);

    r = read_fixture("log_");
    CU_ASSERT_EQUAL(r->pagers, 1);
    CU_ASSERT_EQUAL_FATAL(r->log_n, 4);
    CU_ASSERT_EQUAL(r->log[0].index, 3);
    CU_ASSERT_EQUAL(r->log[0].code, 0x2c50);
    CU_ASSERT_EQUAL(r->log[0].time.year, 2023);
    CU_ASSERT_EQUAL(r->log[0].time.second, 9);
    CU_ASSERT_TRUE(span_eq_str(r->log[2].module, "BMM"));
    CU_ASSERT_TRUE(span_eq_str(r->log[2].text, "The coulomb of device is low. "));
    CU_ASSERT_EQUAL(r->log[3].index, 0);
}

/* ---- bytes ---- */

static enum err encode(const struct fixture *fx, const struct result *r, struct buf *out)
{
    switch (fx->kind) {
    case FX_MODULE: return pylon_form_encode(PYLON_FORM_PWR, &r->form, out);
    case FX_INFO: return pylon_form_encode(PYLON_FORM_INFO, &r->form, out);
    case FX_STAT: return pylon_form_encode(PYLON_FORM_STAT, &r->form, out);
    case FX_PWRSYS: return pylon_form_encode(PYLON_FORM_PWRSYS, &r->form, out);
    case FX_SOH: return pylon_soh_encode(&r->soh, out);
    case FX_GETPWR: return pylon_getpwr_encode(&r->getpwr, out);
    case FX_TIME: return pylon_time_encode(r->chip, &r->time, out);
    case FX_LOG:
        for (size_t i = 0; i < r->log_n; i++) {
            enum err e = pylon_log_encode(&r->log[i], i, i + 1 == r->log_n, out);
            if (e != ERR_OK)
                return e;
            if (i % PYLON_LOG_PER_PAGE == PYLON_LOG_PER_PAGE - 1) {
                buf_put(out, pylon_pager_prompt);
                buf_put(out, pylon_pager_resume);
            }
        }
        return ERR_OK;
    case FX_PWR:
    case FX_BAT:
    case FX_PLAIN: break;
    }
    return ERR_UNSUPPORTED;
}

static void test_print_back(void)
{
    static uint8_t memory[4096];

    for (size_t i = 0; i < fixtures_n; i++) {
        const struct fixture *fx = &fixtures[i];
        struct buf out = buf_of(memory, sizeof memory);
        char prompt[32];
        struct pylon_text_style style = {.prompt = prompt};
        bool k = fx->kind == FX_INFO || fx->kind == FX_TIME || fx->kind == FX_LOG;
        if (fx->kind == FX_PWR || fx->kind == FX_BAT || fx->kind == FX_PLAIN)
            continue;
        const struct result *r = read_fixture(fx->name);
        span_to_str(r->answer.prompt, prompt, sizeof prompt);
        buf_printf(&out, "%s\n\r", fx->command);
        pylon_text_begin(&style, k ? PYLON_SEP_K : PYLON_SEP_T, &out);
        CU_ASSERT_EQUAL(encode(fx, r, &out), ERR_OK);
        pylon_text_end(&style, &out);
        if (!TESTING_BYTES_EQ(buf_span(&out), fx->wire))
            TESTING_FAIL("%s does not print back", fx->name);
    }
}

static void test_no_room(void)
{
    static uint8_t memory[2048];

    for (size_t i = 0; i < fixtures_n; i++) {
        const struct fixture *fx = &fixtures[i];
        if (fx->kind == FX_PWR || fx->kind == FX_BAT || fx->kind == FX_PLAIN || fx->kind == FX_LOG)
            continue;
        const struct result *r = read_fixture(fx->name);
        for (size_t cap = 0; cap < sizeof memory; cap += 7) {
            struct buf out = buf_of(memory, cap);
            if (encode(fx, r, &out) != ERR_OK)
                CU_ASSERT_EQUAL(out.n, 0);
        }
    }
}

/* A form made by hand needs no widths. */
static void test_made_by_hand(void)
{
    static uint8_t memory[1024];
    struct buf out = buf_of(memory, sizeof memory);
    const struct pylon_form form = {
        .n = 10,
        .items = {
            {.kind = PYLON_KV_RULE},
            {.kind = PYLON_KV_PLAIN, .label = SPAN_LIT("Power"), .value = SPAN_LIT("3")},
            {.kind = PYLON_KV_BLANK},
            {.kind = PYLON_KV_NUMBER,
             .label = SPAN_LIT("Voltage"),
             .number = 49905,
             .unit = SPAN_LIT("mV")},
            {.kind = PYLON_KV_NUMBER, .label = SPAN_LIT("Charge Times")},
            {.kind = PYLON_KV_WORD, .label = SPAN_LIT("Basic Status"), .value = SPAN_LIT("Charge")},
            {.kind = PYLON_KV_NUMBER,
             .label = SPAN_LIT("Charge Sec."),
             .number = 1306,
             .unit = SPAN_LIT("s")},
            {.kind = PYLON_KV_LIST, .label = SPAN_LIT("Protect ENA"), .value = SPAN_LIT("BOV BHV")},
            {.kind = PYLON_KV_MASK,
             .label = SPAN_LIT("Power Events"),
             .number = 0x2000,
             .unit = SPAN_LIT("COULFULL")},
            {.kind = PYLON_KV_RULE},
        }};

    CU_ASSERT_EQUAL(pylon_form_encode(PYLON_FORM_PWR, &form, &out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out), SPAN_LIT(" ----------------------------\r\r\n"
                                              " Power  3\r\r\n\r\r\n"
                                              " Voltage         : 49905       mV\r\r\n"
                                              " Charge Times    : 0           \r\r\n"
                                              " Basic Status    : Charge  \r\r\n"
                                              " Charge Sec.     : 1306    s\r\n\r"
                                              " Protect ENA     : BOV BHV \r\r\n"
                                              " Power Events    : 0x2000     COULFULL\r\r\n"
                                              " ----------------------------"));
}

static void test_made_by_hand_others(void)
{
    static uint8_t memory[1024];
    struct buf out = buf_of(memory, sizeof memory);
    const struct pylon_form stat = {
        .n = 2,
        .items = {
            {.kind = PYLON_KV_PLAIN, .label = SPAN_LIT("Device address"), .value = SPAN_LIT("12")},
            {.kind = PYLON_KV_NUMBER, .label = SPAN_LIT("CYCLE Times"), .number = 430},
        }};
    const struct pylon_form sys = {
        .n = 3,
        .items = {
            {.kind = PYLON_KV_RULE},
            {.kind = PYLON_KV_NUMBER, .label = SPAN_LIT("Total Num"), .number = 5},
            {.kind = PYLON_KV_NUMBER,
             .label = SPAN_LIT("system Recommend dsg current"),
             .number = -125000,
             .unit = SPAN_LIT("mA")},
        }};
    const struct pylon_form info = {.n = 2,
                                    .items = {
                                        {.kind = PYLON_KV_TEXT, .label = SPAN_LIT("Board version")},
                                        {.kind = PYLON_KV_NUMBER,
                                         .label = SPAN_LIT("Max Dischg Curr"),
                                         .number = -90000,
                                         .unit = SPAN_LIT("mA")},
                                    }};

    CU_ASSERT_EQUAL(pylon_form_encode(PYLON_FORM_STAT, &stat, &out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out), SPAN_LIT("Device address          12\r\r\n"
                                              "CYCLE Times     :      430"));
    buf_clear(&out);
    CU_ASSERT_EQUAL(pylon_form_encode(PYLON_FORM_PWRSYS, &sys, &out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out), SPAN_LIT(" ---------------------------------\r\r\n"
                                              " Total Num                : 5        \r\r\n"
                                              " system Recommend dsg current: -125000  mA"));
    buf_clear(&out);
    CU_ASSERT_EQUAL(pylon_form_encode(PYLON_FORM_INFO, &info, &out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out), SPAN_LIT("Board version       : \r\n\r"
                                              "Max Dischg Curr     : -90000mA"));
}

/* ---- bad forms ---- */

static void test_bad_forms(void)
{
    static struct pylon_form form;
    static char many[PYLON_KV_MAX * 10 + 32];

    expect(form_of(PYLON_FORM_INFO, "", &form), ERR_INCOMPLETE, 0);
    expect(form_of(PYLON_FORM_INFO, "Barcode             : H1\nDevice name   US2\n", &form),
           ERR_SYNTAX, 25);
    expect(form_of(PYLON_FORM_INFO, "Barcode             : H\xC8\n", &form), ERR_SYNTAX, 0);
    expect(form_of(PYLON_FORM_INFO, "Barcode             :H1\n", &form), ERR_SYNTAX, 0);
    expect(form_of(PYLON_FORM_INFO, "                    : H1\n", &form), ERR_SYNTAX, 0);
    expect(form_of(PYLON_FORM_STAT, "Data Items      :     1689\n", &form), ERR_INCOMPLETE, 27);
    expect(
        form_of(PYLON_FORM_STAT, "Device address           1\nSOH             :       9%\n", &form),
        ERR_OK, 0);
    expect(
        form_of(PYLON_FORM_STAT, "Device address           1\nSOH             :       9x\n", &form),
        ERR_SYNTAX, 27);
    expect(form_of(PYLON_FORM_PWR, " ---\n Power  1\n Voltage         : 1       mV\n", &form),
           ERR_INCOMPLETE, 45);
    expect(form_of(PYLON_FORM_PWR, " Power  1\n Voltage         : 1       mV\n ---", &form),
           ERR_INCOMPLETE, 44);
    expect(
        form_of(PYLON_FORM_PWR, " ---\n Power  1\n Voltage           49905       mV\n ---", &form),
        ERR_SYNTAX, 15);
    expect(form_of(PYLON_FORM_PWRSYS, " System Volt  49777\n", &form), ERR_SYNTAX, 0);

    struct buf b = buf_of(many, sizeof many);
    for (int i = 0; i <= PYLON_KV_MAX; i++)
        buf_str(&b, "Label: x\n");
    buf_u8(&b, '\0');
    expect(form_of(PYLON_FORM_INFO, many, &form), ERR_SPACE, PYLON_KV_MAX * 9);
}

static void module_is(const char *lines, enum err want)
{
    static struct pylon_form form;
    static char text[512];
    struct buf b = buf_of(text, sizeof text);
    struct pylon_module m = {.address = 99};

    buf_printf(&b, " ---\n%s ---", lines);
    buf_u8(&b, '\0');
    CU_ASSERT_EQUAL_FATAL(form_of(PYLON_FORM_PWR, text, &form).code, ERR_OK);
    struct decoded d = pylon_module_from(&form, &m);
    if (d.code != want)
        TESTING_FAIL("%s, not %s:\n%s", err_text(d.code), err_text(want), text);
    if (want != ERR_OK)
        CU_ASSERT_EQUAL(m.address, 99);
}

static void test_bad_modules(void)
{
    module_is(" Power  1\n Voltage         : 49905       mV\n", ERR_OK);
    module_is(" Power  1\n Heater Status   : OFF\n", ERR_INCOMPLETE);
    module_is(" Power  17\n Voltage         : 49905       mV\n", ERR_SYNTAX);
    module_is(" Power  0\n Voltage         : 49905       mV\n", ERR_SYNTAX);
    module_is(" Power  1\n Voltage         : 49905       mA\n", ERR_SYNTAX);
    module_is(" Power  1\n Voltage         : 4x905       mV\n", ERR_SYNTAX);
    module_is(" Power  1\n Voltage         : 100001      mV\n", ERR_RANGE);
    module_is(" Power  1\n Voltage         : 49905       mV\n Bat Events      : 2\n", ERR_SYNTAX);
    module_is(" Power  1\n Voltage         : 49905       mV\n Volt Status     : N(rmal\n",
              ERR_SYNTAX);
    /* a block that came twice: which one is right? */
    module_is(" Power  1\n Voltage         : 49905       mV\n Voltage         : 50905       mV\n",
              ERR_SYNTAX);
}

static void info_is(const char *text, enum err want)
{
    static struct pylon_form form;
    struct pylon_info i;

    CU_ASSERT_EQUAL_FATAL(form_of(PYLON_FORM_INFO, text, &form).code, ERR_OK);
    struct decoded d = pylon_info_from(&form, &i);
    if (d.code != want)
        TESTING_FAIL("%s, not %s:\n%s", err_text(d.code), err_text(want), text);
}

static void test_bad_views(void)
{
    static struct pylon_form form;
    struct pylon_stat s;
    struct pylon_system sys;

    info_is("Release Date        : 22-08-10\n", ERR_INCOMPLETE);
    info_is("Device name         : a name that is much too long for any module\n", ERR_RANGE);
    info_is("Device name         : US5000\nMax Charge Curr     : 90000\n", ERR_SYNTAX);
    info_is("Device name         : US5000\nMax Charge Curr     : 90000 mA\n", ERR_OK);
    info_is("Device name         : US5000\nCell Number         : 256\n", ERR_RANGE);

    expect(form_of(PYLON_FORM_STAT, "Device address          17\n", &form), ERR_OK, 0);
    expect(pylon_stat_from(&form, &s), ERR_SYNTAX, 24);
    expect(
        form_of(PYLON_FORM_STAT, "Device address           1\nSOH             :      201\n", &form),
        ERR_OK, 0);
    expect(pylon_stat_from(&form, &s), ERR_RANGE, 50);
    expect(form_of(PYLON_FORM_PWRSYS, " System is charging\n", &form), ERR_OK, 0);
    expect(pylon_system_from(&form, &sys), ERR_INCOMPLETE, 0);
}

static void test_bad_small_answers(void)
{
    struct pylon_soh soh;
    struct pylon_getpwr g;
    struct pylon_time t;
    char chip[16];
    const char *const soh_head = "Power   1\nBattery    Voltage    SOHCount   SOHStatus\n";
    char text[256];
    struct buf b = buf_of(text, sizeof text);

    expect(pylon_soh_decode(span_str(""), &soh), ERR_LAYOUT, 0);
    expect(pylon_soh_decode(span_str("Battery    Voltage\n"), &soh), ERR_LAYOUT, 0);
    expect(pylon_soh_decode(span_str("Power   x\n"), &soh), ERR_SYNTAX, 0);
    expect(pylon_soh_decode(span_str("Power   1\n"), &soh), ERR_INCOMPLETE, 10);
    expect(pylon_soh_decode(span_str("Power   1\nBattery  SOH\n"), &soh), ERR_LAYOUT, 10);
    expect(pylon_soh_decode(span_str(soh_head), &soh), ERR_INCOMPLETE, 53);
    buf_printf(&b, "%s1          3378       0          Normal", soh_head);
    expect(pylon_soh_decode(buf_span(&b), &soh), ERR_INCOMPLETE, 53);
    buf_clear(&b);
    buf_printf(&b, "%s0          3378      0          Normal", soh_head);
    expect(pylon_soh_decode(buf_span(&b), &soh), ERR_SYNTAX, 53);

    expect(pylon_getpwr_decode(span_str(""), &g), ERR_LAYOUT, 0);
    expect(pylon_getpwr_decode(span_str("666#"), &g), ERR_LAYOUT, 0);
    expect(pylon_getpwr_decode(
               span_str("49768#  -2632#  29300# 43259# Dischg# Normal# Normal# Normal#"), &g),
           ERR_INCOMPLETE, 61);
    expect(pylon_getpwr_decode(
               span_str("49768#  -2632#  29300# 4325# Dischg# Normal# Normal# Normal#"), &g),
           ERR_SYNTAX, 0);

    expect(pylon_time_decode(span_str(""), chip, &t), ERR_INCOMPLETE, 0);
    expect(pylon_time_decode(span_str("2025-12-21"), chip, &t), ERR_SYNTAX, 0);
    expect(pylon_time_decode(span_str("Ds3231 2025-12-21 21:14:5x"), chip, &t), ERR_SYNTAX, 7);
    expect(pylon_time_decode(span_str("Ds3231-2025-12-21 21:14:53"), chip, &t), ERR_SYNTAX, 0);
    expect(pylon_time_decode(span_str("2023-10-05 14:30:18"), chip, &t), ERR_OK, 0);
    CU_ASSERT_STRING_EQUAL(chip, "");
    expect(pylon_time_decode(span_str("RTC 2026-07-17 01:40:48\nTest result:pass"), chip, &t),
           ERR_OK, 0);
    CU_ASSERT_STRING_EQUAL(chip, "RTC");
}

/* A broken entry costs itself only. */
static void test_broken_log_entries(void)
{
    struct span rest = SPAN_LIT(" Index   : 3\n Time    : 23-09-16 11:43:09\n ModID   : BMM\n"
                                " Code    : 2c50\n Info    : one\n\n"
                                " Index   : 2\n Time    : 23-09-16 11:34:51\n"
                                " Index   : 1\n Time    : 23-09-16 11:1x:07\n ModID   : BMM\n"
                                " Code    : 0\n Info    : three\n\n"
                                " Index   : 0\n Time    : 23-09-16 08:55:33\n ModID   : BMM\n"
                                " Code    : 0\n Info    : four\n");
    struct pylon_log_entry e;

    expect(pylon_log_next(&rest, &e), ERR_OK, 0);
    CU_ASSERT_TRUE(span_eq_str(e.text, "one"));
    expect(pylon_log_next(&rest, &e), ERR_INCOMPLETE, 42);
    expect(pylon_log_next(&rest, &e), ERR_SYNTAX, 24);
    expect(pylon_log_next(&rest, &e), ERR_OK, 0);
    CU_ASSERT_TRUE(span_eq_str(e.text, "four"));
    expect(pylon_log_next(&rest, &e), ERR_NOT_FOUND, 0);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"pwr N", test_module},
        {"S60: pwr N of PYTES, units respected", test_s60_units},
        {"S18: pwr N without event lines", test_s18_no_event_lines},
        {"S22: info", test_info},
        {"S21: info in any order, with lines nobody knows", test_s21_any_order},
        {"S25: stat with SOH 0", test_s25_soh_zero},
        {"pwrsys", test_system},
        {"soh, both forms", test_soh},
        {"getpwr", test_getpwr},
        {"S32: time, and log through the pager", test_time_and_log},
        {"every form prints back", test_print_back},
        {"encoders take everything back when it does not fit", test_no_room},
        {"a form made by hand: pwr N", test_made_by_hand},
        {"forms made by hand: stat, pwrsys, info", test_made_by_hand_others},
        {"bad forms", test_bad_forms},
        {"bad modules", test_bad_modules},
        {"bad info, stat, pwrsys", test_bad_views},
        {"bad soh, getpwr, time", test_bad_small_answers},
        {"broken log entries", test_broken_log_entries},
        {0},
    };
    return testing_main(argc, argv, "pylon_forms", cases);
}
