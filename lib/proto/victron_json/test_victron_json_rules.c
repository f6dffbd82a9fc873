/* SPDX-License-Identifier: Apache-2.0
 *
 * What must never be in a message, whatever the bank knows: null, true, unknown keys, bad bytes, a
 * decimal comma, half a message.
 */
#include <locale.h>
#include <stdio.h>

#include "proto/victron_json/test_victron_json_fixture.h"

/* ---- texts ---- */

static void test_texts_are_cleaned(void)
{
    struct bank bank = rack();

    memcpy(bank.sum.model, "a\"b\\c\x01\n\xFF\xC3\xA9 d", 13);
    struct json_doc *doc = parsed(VICTRON_FLAT, &bank);
    CU_ASSERT_STRING_EQUAL(json_string(json_path(json_root(doc), "ProductName")), "a\"b\\c??? d");
    json_delete(doc);
    memset(bank.sum.model, '"', sizeof bank.sum.model); /* no NUL in its 32 bytes */
    memset(bank.sum.firmware, 1, sizeof bank.sum.firmware);
    doc = parsed(VICTRON_FLAT, &bank);
    CU_ASSERT_EQUAL(strlen(json_string(json_path(json_root(doc), "ProductName"))), 32);
    CU_ASSERT_FALSE(has(doc, "FirmwareVersion"));
    json_delete(doc);
    bank.sum.known &= ~(uint32_t)FIELD_MODEL;
    doc = parsed(VICTRON_FLAT, &bank);
    CU_ASSERT_STRING_EQUAL(json_string(json_path(json_root(doc), "ProductName")), "PYLON");
    json_delete(doc);
    bank.sum.known &= ~(uint32_t)FIELD_MAKER;
    doc = parsed(VICTRON_FLAT, &bank);
    CU_ASSERT_FALSE(has(doc, "ProductName"));
    json_delete(doc);
}

/* ---- what must never be in a message ---- */

static void expect_only_numbers_and_texts(const struct json *value, unsigned depth)
{
    for (const struct json *v = json_first(value); v != NULL; v = json_next(v)) {
        switch (json_type(v)) {
        case JSON_OBJECT:
            CU_ASSERT_EQUAL(depth, 0); /* the driver drops deeper objects */
            expect_only_numbers_and_texts(v, depth + 1);
            break;
        case JSON_NUMBER:
        case JSON_STRING: break;
        case JSON_NULL:
        case JSON_BOOL:
        case JSON_ARRAY: TESTING_FAIL("%s is null, bool or an array", json_key(v)); break;
        }
    }
}

static void check_without(const struct bank *full, uint32_t fields, enum victron_form form)
{
    static const uint32_t must =
        FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_SOC_PM | FIELD_CVL | FIELD_CCL | FIELD_DCL;
    struct bank bank = *full;
    char text[VICTRON_JSON_MAX];
    struct buf out = buf_of(text, sizeof text);
    struct json_doc *doc = NULL;

    bank.sum.known &= ~fields;
    enum err err = victron_json_encode(form, &bank, &out);
    if ((fields & must) != 0) {
        CU_ASSERT_EQUAL(err, ERR_INCOMPLETE);
        CU_ASSERT_EQUAL(out.n, 0);
        return;
    }
    CU_ASSERT_EQUAL(err, ERR_OK);
    if (json_parse(buf_span(&out), &doc, NULL) != ERR_OK) {
        TESTING_FAIL("without %x: no JSON: %.*s", (unsigned)fields, (int)out.n, text);
        return;
    }
    CU_ASSERT_FALSE(json_has_duplicate_keys(doc));
    expect_only_numbers_and_texts(json_root(doc), 0);
    json_delete(doc);
}

static void test_every_one_and_two_fields_unknown(void)
{
    struct bank banks[2] = {rack(), single()};

    for (size_t i = 0; i < 2 * 25 * 25; i++) {
        uint32_t fields = (1u << (i / 2 % 25)) | (1u << (i / 50));

        for (size_t f = 0; f < 3; f++) {
            check_without(&banks[i % 2], fields, forms[f]);
        }
    }
}

static void test_cvl_is_never_zero(void)
{
    struct bank bank = rack();
    char text[VICTRON_JSON_MAX];
    struct buf out = buf_of(text, sizeof text);

    bank.sum.cvl_mv = 0;
    CU_ASSERT_EQUAL(victron_json_encode(VICTRON_NESTED, &bank, &out), ERR_INCOMPLETE);
    bank.sum.cvl_mv = -53200;
    CU_ASSERT_EQUAL(victron_json_encode(VICTRON_NESTED, &bank, &out), ERR_INCOMPLETE);
    CU_ASSERT_EQUAL(out.n, 0);
}

/* The longest there can be: every number at its longest, texts that double when escaped. */
static struct bank longest(void)
{
    struct bank bank = single();
    struct battery *b = &bank.sum;

    b->pack_mv = INT32_MIN;
    b->current_ma = INT32_MIN;
    b->full_mah = b->remaining_mah = b->cycles = INT32_MAX;
    b->cvl_mv = b->dvl_mv = b->ccl_ma = b->dcl_ma = INT32_MAX;
    b->temp_dc[0] = b->temp_dc[1] = b->temp_min_dc = b->temp_max_dc = INT16_MIN;
    b->cell_min_mv = b->cell_max_mv = UINT16_MAX;
    b->cell_count = 24;
    for (size_t i = 0; i < BATTERY_MAX_CELLS; i++) {
        b->cell_mv[i] = UINT16_MAX;
    }
    memset(b->model, '\\', sizeof b->model);
    memset(b->firmware, '"', sizeof b->firmware);
    bank.cells_per_battery = bank.blocking_charge = bank.blocking_discharge = UINT8_MAX;
    return bank;
}

static void test_every_size_of_buffer(void)
{
    struct bank bank = longest();
    char text[VICTRON_JSON_MAX];
    size_t need = 0;

    for (size_t cap = 0; cap <= sizeof text && need == 0; cap++) {
        struct buf out = buf_of(text, cap);
        enum err err = victron_json_encode(VICTRON_UNION, &bank, &out);

        if (err == ERR_OK) {
            need = cap;
            CU_ASSERT_EQUAL(out.n, cap);
        } else {
            CU_ASSERT_EQUAL(err, ERR_SPACE);
            CU_ASSERT_EQUAL(out.n, 0);
            CU_ASSERT_FALSE(out.overflow);
        }
    }
    CU_ASSERT(need > 2000 && need < VICTRON_JSON_MAX / 2);
}

static void test_appends(void)
{
    struct bank bank = rack();
    char text[VICTRON_JSON_MAX + 8];
    struct buf out = buf_of(text, sizeof text);

    buf_str(&out, "[");
    CU_ASSERT_EQUAL(victron_json_encode(VICTRON_NESTED, &bank, &out), ERR_OK);
    CU_ASSERT_EQUAL(memcmp(text, "[{\"Dc\"", 6), 0);
    CU_ASSERT_EQUAL(text[out.n - 1], '}'); /* and no NUL behind it */
}

/* ---- the driver's own list, and a decimal comma ---- */

/* True when the list has a line "<D-Bus path>,<place>,..." for "Alarms.LowVoltage"; *ret_any when
 * text is allowed there. */
static bool driver_knows(struct span list, const char *place, bool *ret_any)
{
    struct span line;

    while (span_line(&list, &line)) {
        size_t from = span_find_byte(line, 0, ',') + 1;
        struct span rest = span_sub(line, from, line.n);
        struct span where = span_sub(rest, 0, span_find_byte(rest, 0, ','));

        /* "Dc.Power (or Dc.0.Power from v1.0.10)" */
        where = span_sub(where, 0, span_find_byte(where, 0, ' '));
        if (span_eq_str(where, place)) {
            *ret_any = span_find(line, 0, SPAN_LIT(",any,")) < line.n;
            return true;
        }
    }
    return false;
}

static void check_known(struct span list, const char *prefix, const struct json *value)
{
    for (const struct json *v = json_first(value); v != NULL; v = json_next(v)) {
        char place[96];
        bool any = false;

        snprintf(place, sizeof place, "%s%s", prefix, json_key(v));
        if (json_type(v) == JSON_OBJECT) {
            char deeper[100];

            snprintf(deeper, sizeof deeper, "%s.", place);
            check_known(list, deeper, v);
        } else if (!driver_knows(list, place, &any)) {
            TESTING_FAIL("the driver does not know %s", place);
        } else if (json_type(v) != JSON_NUMBER && !any) {
            TESTING_FAIL("%s must be a number", place);
        }
    }
}

static void test_driver_knows_every_nested_key(void)
{
    const char *shared = testing_shared();
    struct bank banks[2] = {rack(), single()};
    char path[512];

    if (shared == NULL) {
        testing_skip("the driver's list of paths is not here");
        return;
    }
    snprintf(path, sizeof path, "%s/vectors/victron-mqtt/driver-paths.csv", shared);
    struct span list = testing_read_file(path);
    if (list.p == NULL) {
        testing_skip("no %s", path);
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        struct json_doc *doc = parsed(VICTRON_NESTED, &banks[i]);

        check_known(list, "", json_root(doc));
        json_delete(doc);
    }
}

static void test_decimal_comma_locale(void)
{
    static const char *const locales[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "nl_NL.UTF-8"};
    struct bank bank = rack();
    char before[VICTRON_JSON_MAX + 1];
    char after[VICTRON_JSON_MAX + 1];
    bool set = false;

    encode(VICTRON_UNION, &bank, before);
    for (size_t i = 0; i < sizeof locales / sizeof locales[0] && !set; i++) {
        set = setlocale(LC_ALL, locales[i]) != NULL;
    }
    if (!set) {
        testing_skip("no locale with a decimal comma is installed");
        return;
    }
    encode(VICTRON_UNION, &bank, after);
    setlocale(LC_ALL, "C");
    CU_ASSERT_STRING_EQUAL(before, after);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"texts are cleaned", test_texts_are_cleaned},
        {"any one or two fields unknown", test_every_one_and_two_fields_unknown},
        {"a charge voltage of 0 is never sent", test_cvl_is_never_zero},
        {"every size of buffer", test_every_size_of_buffer},
        {"appends, and no NUL", test_appends},
        {"the driver knows every nested key", test_driver_knows_every_nested_key},
        {"a decimal comma changes nothing", test_decimal_comma_locale},
        {0},
    };
    return testing_main(argc, argv, "victron_json_rules", cases);
}
