/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading and writing JSON, above all the places where cJSON alone would look away.
 */
#include "base/json.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "testing/testing.h"

static struct json_doc *parse(const char *text)
{
    struct json_doc *doc = NULL;
    size_t offset = 0;

    if (json_parse(span_str(text), &doc, &offset) != ERR_OK)
        TESTING_FAIL("%s: refused at %zu", text, offset);
    CU_ASSERT_PTR_NOT_NULL_FATAL(doc);
    return doc;
}

/* ---- reading ---- */

static void test_values(void)
{
    struct json_doc *doc = parse(" {\"Soc\": 55.5, \"soc\": 1, \"Info\": {\"MaxChargeCurrent\": "
                                 "0}, \"ok\": true, \"no\": false,"
                                 " \"nothing\": null, \"name\": \"a\\u00fc\\ud83d\\ude00\\n\", "
                                 "\"cells\": [{\"v\": 3.3}, 7, []]} ");
    const struct json *root = json_root(doc);
    double number = 0;
    int64_t integer = 0;
    bool flag = false;

    CU_ASSERT_EQUAL(json_type(root), JSON_OBJECT);
    CU_ASSERT_EQUAL(json_size(root), 8);
    CU_ASSERT_TRUE(json_number(json_get(root, "Soc"), &number));
    CU_ASSERT_DOUBLE_EQUAL(number, 55.5, 0);
    CU_ASSERT_TRUE(json_integer(json_get(root, "soc"), &integer)); /* not Soc: case matters */
    CU_ASSERT_EQUAL(integer, 1);
    CU_ASSERT_PTR_NULL(json_get(root, "SOC"));
    CU_ASSERT_TRUE(json_integer(json_path(root, "Info.MaxChargeCurrent"), &integer));
    CU_ASSERT_EQUAL(integer, 0);
    CU_ASSERT_TRUE(json_boolean(json_get(root, "ok"), &flag));
    CU_ASSERT_TRUE(flag);
    CU_ASSERT_TRUE(json_boolean(json_get(root, "no"), &flag));
    CU_ASSERT_FALSE(flag);
    CU_ASSERT_EQUAL(json_type(json_get(root, "nothing")), JSON_NULL);
    CU_ASSERT_STRING_EQUAL(json_string(json_get(root, "name")), "a\xC3\xBC\xF0\x9F\x98\x80\n");
    CU_ASSERT_TRUE(json_number(json_path(root, "cells.0.v"), &number));
    CU_ASSERT_DOUBLE_EQUAL(number, 3.3, 0);
    CU_ASSERT_EQUAL(json_type(json_path(root, "cells.1")), JSON_NUMBER);
    CU_ASSERT_EQUAL(json_type(json_path(root, "cells.2")), JSON_ARRAY);
    CU_ASSERT_EQUAL(json_type(json_path(root, "name")), JSON_STRING);
    CU_ASSERT_FALSE(json_has_duplicate_keys(doc));
    json_delete(doc);
    json_delete(NULL);
}

static void test_what_is_not_there(void)
{
    struct json_doc *doc = parse("{\"a\": [1, 2], \"b\": \"3\"}");
    const struct json *root = json_root(doc);
    double number = 42;
    int64_t integer = 42;
    bool flag = true;

    CU_ASSERT_PTR_NULL(json_path(root, "a.2"));
    CU_ASSERT_PTR_NULL(json_path(root, "a.+1"));
    CU_ASSERT_PTR_NULL(json_path(root, "a.-1"));
    CU_ASSERT_PTR_NULL(json_path(root, "a.x"));
    CU_ASSERT_PTR_NULL(json_path(root, "a."));
    CU_ASSERT_PTR_NULL(json_path(root, "b.0"));
    CU_ASSERT_PTR_NULL(json_path(root, "x.y"));
    CU_ASSERT_PTR_NULL(json_path(root, ""));
    CU_ASSERT_PTR_NULL(json_get(json_get(root, "a"), "0"));
    CU_ASSERT_PTR_NULL(json_get(NULL, "a"));
    CU_ASSERT_EQUAL(json_size(NULL), 0);
    CU_ASSERT_FALSE(json_number(json_get(root, "b"), &number)); /* a string is no number */
    CU_ASSERT_FALSE(json_integer(NULL, &integer));
    CU_ASSERT_FALSE(json_boolean(json_get(root, "a"), &flag));
    CU_ASSERT_PTR_NULL(json_string(json_get(root, "a")));
    CU_ASSERT_PTR_NULL(json_string(NULL));
    CU_ASSERT_TRUE(number > 41 && integer == 42 && flag);
    json_delete(doc);
}

static void test_walking(void)
{
    struct json_doc *doc = parse("{\"a\": [1, [2, 3], {}], \"b\": {\"c\": null}, \"d\": []}");
    const struct json *a = json_first(json_root(doc));
    const struct json *b = json_next(a);
    const struct json *d = json_next(b);

    CU_ASSERT_STRING_EQUAL(json_key(a), "a");
    CU_ASSERT_STRING_EQUAL(json_key(b), "b");
    CU_ASSERT_STRING_EQUAL(json_key(d), "d");
    CU_ASSERT_PTR_NULL(json_next(d));
    CU_ASSERT_PTR_NULL(json_first(d));
    CU_ASSERT_EQUAL(json_size(d), 0);
    CU_ASSERT_EQUAL(json_size(a), 3);
    const struct json *nested = json_next(json_first(a));
    CU_ASSERT_EQUAL(json_size(nested), 2);
    CU_ASSERT_PTR_NULL(json_key(nested));
    CU_ASSERT_PTR_NULL(json_next(json_next(nested)));
    CU_ASSERT_EQUAL(json_size(json_first(b)), 0);
    CU_ASSERT_PTR_NULL(json_key(json_root(doc)));
    CU_ASSERT_PTR_NULL(json_next(json_root(doc)));
    json_delete(doc);
}

static void expect_raw(const struct json *value, const char *want)
{
    CU_ASSERT_PTR_NOT_NULL_FATAL(value);
    TESTING_BYTES_EQ(json_raw(value), span_str(want));
}

static void test_raw_text(void)
{
    static const char text[] =
        " {\"a\":3.0, \"b\" : 3 ,\"c\":0.30000000000000004,\"d\":[ 1e2,\"x\"] }\n";
    struct json_doc *doc = parse(text);
    const struct json *root = json_root(doc);

    TESTING_BYTES_EQ(json_text(doc), span_str(text));
    expect_raw(json_get(root, "a"), "3.0");
    expect_raw(json_get(root, "b"), "3");
    expect_raw(json_get(root, "c"), "0.30000000000000004");
    expect_raw(json_get(root, "d"), "[ 1e2,\"x\"]");
    expect_raw(json_path(root, "d.0"), "1e2");
    expect_raw(json_path(root, "d.1"), "\"x\"");
    CU_ASSERT_EQUAL(json_raw(root).n, sizeof text - 1 - 2);
    json_delete(doc);
}

static void expect_integer(const char *text, bool is_integer, int64_t want)
{
    struct json_doc *doc = parse(text);
    int64_t got = 42;

    if (json_integer(json_root(doc), &got) != is_integer || got != (is_integer ? want : 42))
        TESTING_FAIL("json_integer(%s) gives %lld", text, (long long)got);
    else
        CU_ASSERT_TRUE(true);
    json_delete(doc);
}

static void test_integers(void)
{
    expect_integer("0", true, 0);
    expect_integer("-0", true, 0);
    expect_integer("-15", true, -15);
    expect_integer("3.0", true, 3);
    expect_integer("3e2", true, 300);
    expect_integer("9007199254740993", true, 9007199254740993); /* a double has ...992 */
    expect_integer("9223372036854775807", true, INT64_MAX);
    expect_integer("-9223372036854775808", true, INT64_MIN);
    expect_integer("9223372036854775808", false, 0);
    expect_integer("9223372036854775807.0", false, 0);
    expect_integer("1e300", false, 0);
    expect_integer("3.5", false, 0);
    expect_integer("\"3\"", false, 0);
}

static void test_duplicate_keys(void)
{
    static const char *const twice[] = {"{\"a\":1,\"a\":2}", "{\"b\":0,\"a\":1,\"c\":[],\"a\":1}",
                                        "[{\"x\":{\"a\":1,\"\\u0061\":2}}]"};
    static const char *const once[] = {"{\"a\":1,\"A\":2}", "[{\"a\":1},{\"a\":1}]",
                                       "{\"a\":{\"a\":{\"a\":1}}}"};
    int64_t first = 0;

    for (size_t i = 0; i < 3; i++) {
        struct json_doc *doc = parse(twice[i]);
        CU_ASSERT_TRUE(json_has_duplicate_keys(doc));
        json_delete(doc);
        doc = parse(once[i]);
        CU_ASSERT_FALSE(json_has_duplicate_keys(doc));
        json_delete(doc);
    }
    struct json_doc *doc = parse(twice[0]);
    CU_ASSERT_TRUE(json_integer(json_get(json_root(doc), "a"), &first));
    CU_ASSERT_EQUAL(first, 1);
    json_delete(doc);
}

/* ---- refusing ---- */

static void refuse(struct span text, enum err want, size_t want_offset)
{
    struct json_doc *doc = NULL;
    size_t offset = 999;
    enum err got = json_parse(text, &doc, &offset);

    if (got != want || offset != want_offset)
        TESTING_FAIL("%.*s: %s at %zu, want %s at %zu", (int)text.n, (const char *)text.p,
                     err_text(got), offset, err_text(want), want_offset);
    else
        CU_ASSERT_PTR_NULL(doc);
    json_delete(doc);
}

static void test_refuses_what_is_no_json(void)
{
    static const struct {
        struct span text;
        size_t offset;
    } rows[] = {
        {SPAN_INIT(""), 0},
        {SPAN_INIT("  "), 2},
        {SPAN_INIT("{\"a\":1} x"), 8},
        {SPAN_INIT("{\"a\":1}\0"), 7}, /* NUL behind the document */
        {SPAN_INIT("{\"a\":\0 1}"), 5},
        {SPAN_INIT("\"a\0b\""), 2},
        {SPAN_INIT("\"a\\u0000b\""), 4},
        {SPAN_INIT("\xEF\xBB\xBF{}"), 0},
        {SPAN_INIT("\v{}"), 0},
        {SPAN_INIT("{'a':1}"), 1},
        {SPAN_INIT("{\"a\" 1}"), 5},
        {SPAN_INIT("{\"a\":1,}"), 7},
        {SPAN_INIT("[1,]"), 3},
        {SPAN_INIT("[1 2]"), 3},
        {SPAN_INIT("{\"a\":1"), 6},
        {SPAN_INIT("01"), 1},
        {SPAN_INIT("+1"), 0},
        {SPAN_INIT("1."), 2},
        {SPAN_INIT(".5"), 0},
        {SPAN_INIT("1e"), 2},
        {SPAN_INIT("-"), 1},
        {SPAN_INIT("0x10"), 1},
        {SPAN_INIT("NaN"), 0},
        {SPAN_INIT("-Infinity"), 1},
        {SPAN_INIT("nul"), 3},
        {SPAN_INIT("True"), 0},
        {SPAN_INIT("\"a"), 2},
        {SPAN_INIT("\"\t\""), 1},
        {SPAN_INIT("\"\\x41\""), 2},
        {SPAN_INIT("\"\\u12g4\""), 3},
        {SPAN_INIT("\"\\ud83d\""), 3},
        {SPAN_INIT("\"\\ude00\""), 3},
        {SPAN_INIT("\"\\ud83d\\u0041\""), 3},
        {SPAN_INIT("\"\x80\""), 1},
        {SPAN_INIT("\"\xC0\xAF\""), 1},     /* overlong */
        {SPAN_INIT("\"\xED\xA0\x80\""), 1}, /* a surrogate */
        {SPAN_INIT("\"\xF4\x90\x80\x80\""), 1},
        {SPAN_INIT("\"\xE2\x82"), 1},
        {SPAN_INIT("// c\n1"), 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refuse(rows[i].text, ERR_SYNTAX, rows[i].offset);
}

static void test_refuses_what_does_not_fit(void)
{
    char deep[2 * JSON_MAX_DEPTH + 2];
    struct json_doc *doc = NULL;

    refuse(SPAN_LIT("[1, 1e400]"), ERR_RANGE, 4);
    refuse(SPAN_LIT("[-1e999]"), ERR_RANGE, 1);
    refuse(SPAN_LIT("0.1234567890123456789012345678901234567890123456789012345678901234"),
           ERR_RANGE, 0);
    memset(deep, '[', JSON_MAX_DEPTH + 1);
    memset(deep + JSON_MAX_DEPTH + 1, ']', JSON_MAX_DEPTH + 1);
    refuse(span_of(deep, sizeof deep), ERR_RANGE, JSON_MAX_DEPTH);
    CU_ASSERT_EQUAL(json_parse(span_of(deep + 1, 2 * JSON_MAX_DEPTH), &doc, NULL), ERR_OK);
    json_delete(doc);
}

static const char payload[] = "{\"Dc\":{\"Power\":-1203.5,\"Voltage\":52.1},\"Soc\":97,"
                              "\"Alarms\":[0,true,null],\"Id\":\"a\\u00e9\\\"\"}";

static void on_cut(struct span cut, void *ctx)
{
    struct json_doc *doc = NULL;

    (void)ctx;
    CU_ASSERT_EQUAL(json_parse(cut, &doc, NULL), ERR_SYNTAX);
    CU_ASSERT_PTR_NULL(doc);
}

/* Whatever a flipped bit makes of it, it is refused or it is a whole document. */
static void on_flip(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    struct json_doc *doc = NULL;

    (void)byte;
    (void)bit;
    (void)ctx;
    if (json_parse(flipped, &doc, NULL) == ERR_OK)
        CU_ASSERT_EQUAL(json_raw(json_root(doc)).n, flipped.n);
    json_delete(doc);
}

static void test_damaged_text(void)
{
    testing_every_truncation(SPAN_LIT(payload), on_cut, NULL);
    testing_every_bit_flip(SPAN_LIT(payload), on_flip, NULL);
}

/* ---- writing ---- */

static void expect_out(struct json_out *out, const char *want)
{
    TESTING_BYTES_EQ(json_out_text(out), span_str(want));
    json_out_reset(out);
}

static void test_out_structure(void)
{
    struct json_out *out = json_out_new();

    json_out_object(out, NULL);
    json_out_int(out, "t", -5);
    json_out_array(out, "list");
    json_out_bool(out, NULL, true);
    json_out_null(out, NULL);
    json_out_object(out, NULL);
    json_out_end(out);
    json_out_array(out, NULL);
    json_out_end(out);
    json_out_end(out);
    json_out_fixed(out, "v", 49700, 3);
    json_out_raw(out, "raw", SPAN_LIT("3.0"));
    json_out_str(out, "none", NULL);
    json_out_end(out);
    expect_out(out, "{\"t\":-5,\"list\":[true,null,{},[]],\"v\":49.700,\"raw\":3.0,\"none\":null}");
    json_out_str(out, NULL, "alone");
    expect_out(out, "\"alone\"");
    json_out_delete(out);
    json_out_delete(NULL);
}

static void test_out_strings(void)
{
    struct json_out *out = json_out_new();

    json_out_str(out, NULL, "a\"b\\c/\b\f\n\r\t\x01\x1f\x7f");
    expect_out(out, "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
    json_out_span(out, NULL, SPAN_LIT("a\0b"));
    expect_out(out, "\"a\\u0000b\"");
    json_out_str(out, NULL, "\xC3\xBC \xF0\x9F\x98\x80");
    expect_out(out, "\"\xC3\xBC \xF0\x9F\x98\x80\"");
    json_out_str(out, NULL, "x\xFFy\xC3"); /* no UTF-8: one U+FFFD a byte */
    expect_out(out, "\"x\xEF\xBF\xBDy\xEF\xBF\xBD\"");
    json_out_str(out, NULL, "\xED\xA0\x80");
    expect_out(out, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    json_out_object(out, NULL);
    json_out_str(out, "k\"\n", "");
    json_out_end(out);
    expect_out(out, "{\"k\\\"\\n\":\"\"}");
    json_out_delete(out);
}

static void test_out_numbers(void)
{
    static const struct {
        double value;
        const char *want;
    } rows[] = {
        {0.1, "0.1"},
        {3.0, "3"},
        {-2.5, "-2.5"},
        {0.30000000000000004, "0.30000000000000004"},
        {1e21, "1e+21"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {1.0 / 3.0, "0.3333333333333333"},
        {NAN, "null"},
        {INFINITY, "null"},
        {-INFINITY, "null"},
    };
    struct json_out *out = json_out_new();

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_out_double(out, NULL, rows[i].value);
        expect_out(out, rows[i].want);
    }
    json_out_int(out, NULL, INT64_MIN);
    expect_out(out, "-9223372036854775808");
    json_out_delete(out);
}

static void test_out_grows(void)
{
    enum { N = 100000 };
    struct json_out *out = json_out_new();
    struct json_doc *doc = NULL;

    json_out_array(out, NULL);
    for (int64_t i = 0; i < N; i++)
        json_out_int(out, NULL, i);
    json_out_end(out);
    CU_ASSERT_EQUAL(json_parse(json_out_text(out), &doc, NULL), ERR_OK);
    CU_ASSERT_EQUAL(json_size(json_root(doc)), N);
    json_delete(doc);
    char text[N]; /* more at once than doubling gives */
    memset(text, 'x', sizeof text);
    json_out_reset(out);
    json_out_span(out, NULL, span_of(text, sizeof text));
    CU_ASSERT_EQUAL(json_out_text(out).n, N + 2);
    json_out_delete(out);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"values are found by exact key and path", test_values},
        {"what is not there", test_what_is_not_there},
        {"walking objects and arrays", test_walking},
        {"the raw text of every value", test_raw_text},
        {"integers are exact", test_integers},
        {"duplicate keys are noticed", test_duplicate_keys},
        {"what is no JSON is refused at the right place", test_refuses_what_is_no_json},
        {"what does not fit is refused", test_refuses_what_does_not_fit},
        {"damaged text", test_damaged_text},
        {"writing: structure", test_out_structure},
        {"writing: strings", test_out_strings},
        {"writing: numbers", test_out_numbers},
        {"writing: long documents", test_out_grows},
        {0},
    };
    return testing_main(argc, argv, "json", cases);
}
