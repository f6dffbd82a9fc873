/* SPDX-License-Identifier: Apache-2.0
 *
 * Spans, numbers in text, buffers, rounding; and the error names beside them.
 */
#include "base/span.h"

#include <errno.h>
#include <string.h>

#include "testing/testing.h"

static void expect_str(struct span got, const char *want)
{
    TESTING_BYTES_EQ(got, span_str(want));
}

static void test_parts(void)
{
    const struct span s = SPAN_LIT("abcdef");

    expect_str(span_sub(s, 0, 3), "abc");
    expect_str(span_sub(s, 4, 99), "ef");
    expect_str(span_sub(s, 6, 1), "");
    expect_str(span_sub(s, SIZE_MAX, SIZE_MAX), "");
    CU_ASSERT_EQUAL(span_sub(s, 99, 1).p, s.p + 6); /* the tail, not somewhere */
    CU_ASSERT_EQUAL(span_sub(span_str(NULL), 1, 1).n, 0);
    CU_ASSERT_TRUE(span_eq(SPAN_LIT(""), span_str(NULL)));
    CU_ASSERT_TRUE(span_eq_str(s, "abcdef"));
    CU_ASSERT_FALSE(span_eq_str(s, "abcde"));
    CU_ASSERT_TRUE(span_eq_nocase(s, "ABCdeF"));
    CU_ASSERT_FALSE(span_eq_nocase(SPAN_LIT("@["), "`{")); /* only letters fold */
    CU_ASSERT_TRUE(span_starts(s, "abc"));
    CU_ASSERT_TRUE(span_starts(s, ""));
    CU_ASSERT_FALSE(span_starts(s, "abcdefg"));
    CU_ASSERT_TRUE(span_ends(s, "def"));
    CU_ASSERT_FALSE(span_ends(s, "de"));
}

static void test_finding(void)
{
    const struct span s = SPAN_LIT("aabaab");

    CU_ASSERT_EQUAL(span_find(s, 0, SPAN_LIT("aab")), 0);
    CU_ASSERT_EQUAL(span_find(s, 1, SPAN_LIT("aab")), 3);
    CU_ASSERT_EQUAL(span_find(s, 4, SPAN_LIT("aab")), 6);
    CU_ASSERT_EQUAL(span_find(s, 0, SPAN_LIT("aabaaba")), 6);
    CU_ASSERT_EQUAL(span_find(s, 2, SPAN_LIT("")), 2);
    CU_ASSERT_EQUAL(span_find(s, 99, SPAN_LIT("a")), 6);
    CU_ASSERT_EQUAL(span_find_byte(s, 0, 'b'), 2);
    CU_ASSERT_EQUAL(span_find_byte(s, 3, 'b'), 5);
    CU_ASSERT_EQUAL(span_find_byte(s, 6, 'b'), 6);
}

static void test_tokens_and_trim(void)
{
    struct span rest = SPAN_LIT("  one\ttwo \r\n three ");
    struct span token = SPAN_LIT("?");

    CU_ASSERT_TRUE(span_token(&rest, &token));
    expect_str(token, "one");
    CU_ASSERT_TRUE(span_token(&rest, &token));
    expect_str(token, "two");
    CU_ASSERT_TRUE(span_token(&rest, &token));
    expect_str(token, "three");
    CU_ASSERT_FALSE(span_token(&rest, &token));
    expect_str(token, "three"); /* untouched */
    expect_str(span_trim(SPAN_LIT(" \t a b\r\n")), "a b");
    expect_str(span_trim(SPAN_LIT(" \r\n ")), "");
}

static void test_lines(void)
{
    struct span rest = SPAN_LIT("\r\r\none\r\ntwo\n\rthree\r\r\n\n four");
    struct span line = SPAN_LIT("?");

    CU_ASSERT_TRUE(span_line(&rest, &line));
    expect_str(line, "one");
    CU_ASSERT_TRUE(span_line(&rest, &line));
    expect_str(line, "two");
    CU_ASSERT_TRUE(span_line(&rest, &line));
    expect_str(line, "three");
    expect_str(rest, " four"); /* the whole run of ends is gone */
    CU_ASSERT_TRUE(span_line(&rest, &line));
    expect_str(line, " four");
    CU_ASSERT_FALSE(span_line(&rest, &line));
    CU_ASSERT_EQUAL(rest.n, 0);
}

static void test_to_str(void)
{
    char out[4];

    span_to_str(SPAN_LIT("abcdef"), out, sizeof out);
    CU_ASSERT_STRING_EQUAL(out, "abc");
    span_to_str(SPAN_LIT("a"), out, sizeof out);
    CU_ASSERT_STRING_EQUAL(out, "a");
    span_to_str(SPAN_LIT("abc"), out, 1);
    CU_ASSERT_STRING_EQUAL(out, "");
    span_to_str(span_str(NULL), out, sizeof out);
    CU_ASSERT_STRING_EQUAL(out, "");
}

static void expect_i64(const char *text, bool ok, int64_t want)
{
    int64_t got = 42;

    if (parse_i64(span_str(text), INT64_MIN, INT64_MAX, &got) != ok || got != (ok ? want : 42))
        TESTING_FAIL("parse_i64(%s) gives %lld", text, (long long)got);
    else
        CU_ASSERT_TRUE(true);
}

static void test_integers(void)
{
    int64_t v = 42;

    expect_i64("0", true, 0);
    expect_i64("-0", true, 0);
    expect_i64("+15", true, 15);
    expect_i64("007", true, 7);
    expect_i64("9223372036854775807", true, INT64_MAX);
    expect_i64("-9223372036854775808", true, INT64_MIN);
    expect_i64("9223372036854775808", false, 0);
    expect_i64("-9223372036854775809", false, 0);
    expect_i64("18446744073709551616", false, 0);
    expect_i64("", false, 0);
    expect_i64("-", false, 0);
    expect_i64("+-1", false, 0);
    expect_i64(" 1", false, 0);
    expect_i64("1 ", false, 0);
    expect_i64("1e3", false, 0);
    expect_i64("0x10", false, 0);
    CU_ASSERT_FALSE(parse_i64(SPAN_LIT("101"), 0, 100, &v));
    CU_ASSERT_FALSE(parse_i64(SPAN_LIT("-1"), 0, 100, &v));
    CU_ASSERT_EQUAL(v, 42);
    CU_ASSERT_TRUE(parse_i64(SPAN_LIT("100"), 0, 100, &v));
    CU_ASSERT_EQUAL(v, 100);
}

static void test_hex(void)
{
    uint64_t v = 42;

    CU_ASSERT_FALSE(parse_hex(SPAN_LIT(""), UINT64_MAX, &v));
    CU_ASSERT_FALSE(parse_hex(SPAN_LIT("0x1"), UINT64_MAX, &v));
    CU_ASSERT_FALSE(parse_hex(SPAN_LIT("g"), UINT64_MAX, &v));
    CU_ASSERT_FALSE(parse_hex(SPAN_LIT("-1"), UINT64_MAX, &v));
    CU_ASSERT_FALSE(parse_hex(SPAN_LIT("100"), 0xFF, &v));
    CU_ASSERT_FALSE(parse_hex(SPAN_LIT("10000000000000000"), UINT64_MAX, &v));
    CU_ASSERT_EQUAL(v, 42);
    CU_ASSERT_TRUE(parse_hex(SPAN_LIT("aF09"), UINT64_MAX, &v));
    CU_ASSERT_EQUAL(v, 0xAF09);
    CU_ASSERT_TRUE(parse_hex(SPAN_LIT("ffffffffffffffff"), UINT64_MAX, &v));
    CU_ASSERT_EQUAL(v, UINT64_MAX);
}

static void expect_fixed(const char *text, unsigned decimals, bool ok, int64_t want)
{
    int64_t got = 42;

    if (parse_fixed(span_str(text), decimals, &got) != ok || got != (ok ? want : 42))
        TESTING_FAIL("parse_fixed(%s, %u) gives %lld", text, decimals, (long long)got);
    else
        CU_ASSERT_TRUE(true);
}

static void test_fixed_point(void)
{
    expect_fixed("3.700", 3, true, 3700);
    expect_fixed("3.7", 3, true, 3700);
    expect_fixed("3", 3, true, 3000);
    expect_fixed("-0.005", 3, true, -5);
    expect_fixed("+1.50", 1, true, 15);
    expect_fixed("1.55", 1, false, 0);
    expect_fixed("1.5000", 1, true, 15);
    expect_fixed("7.0", 0, true, 7);
    expect_fixed("9223372036854775.807", 3, true, INT64_MAX);
    expect_fixed("-9223372036854775.808", 3, true, INT64_MIN);
    expect_fixed("9223372036854775.808", 3, false, 0);
    expect_fixed("9223372036854776", 3, false, 0);
    expect_fixed("99999999999999999999", 3, false, 0);
    expect_fixed("1", 19, false, 0);
    expect_fixed("0", 60, true, 0);
    expect_fixed("", 3, false, 0);
    expect_fixed(".", 3, false, 0);
    expect_fixed(".5", 3, false, 0);
    expect_fixed("5.", 3, false, 0);
    expect_fixed("-", 3, false, 0);
    expect_fixed("1.2.3", 3, false, 0);
    expect_fixed("1,5", 3, false, 0);
    expect_fixed("1.5e1", 3, false, 0);
    expect_fixed("1.-5", 3, false, 0);
}

static void test_binary_readers(void)
{
    static const uint8_t bytes[] = {0x01, 0x02, 0x83, 0x04, 0x05, 0x06, 0x07, 0x88};
    const struct span all = span_of(bytes, sizeof bytes);
    struct span s = all;
    uint8_t u8 = 0;
    uint16_t u16 = 0;
    uint32_t u32 = 0;
    uint64_t u64 = 0;

    CU_ASSERT_TRUE(rd_u8(&s, &u8));
    CU_ASSERT_EQUAL(u8, 0x01);
    CU_ASSERT_TRUE(rd_u16le(&s, &u16));
    CU_ASSERT_EQUAL(u16, 0x8302);
    CU_ASSERT_TRUE(rd_u16be(&s, &u16));
    CU_ASSERT_EQUAL(u16, 0x0405);
    CU_ASSERT_FALSE(rd_u32le(&s, &u32));
    CU_ASSERT_EQUAL(s.n, 3); /* nothing moved */
    CU_ASSERT_TRUE(rd_skip(&s, 2));
    CU_ASSERT_FALSE(rd_u16le(&s, &u16));
    CU_ASSERT_FALSE(rd_skip(&s, 2));
    CU_ASSERT_EQUAL(s.n, 1);
    s = all;
    CU_ASSERT_TRUE(rd_u32le(&s, &u32));
    CU_ASSERT_EQUAL(u32, 0x04830201U);
    CU_ASSERT_TRUE(rd_u32be(&s, &u32));
    CU_ASSERT_EQUAL(u32, 0x05060788U);
    CU_ASSERT_FALSE(rd_u8(&s, &u8));
    s = all;
    CU_ASSERT_TRUE(rd_u64le(&s, &u64));
    CU_ASSERT_EQUAL(u64, 0x8807060504830201ULL);
    CU_ASSERT_FALSE(rd_u64le(&s, &u64));
}

static void test_binary_writers(void)
{
    static const uint8_t want[] = {0x01, 0x03, 0x02, 0x02, 0x03, 0x07, 0x06, 0x05, 0x04,
                                   0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x81};
    uint8_t bytes[sizeof want];
    struct buf b = buf_of(bytes, sizeof bytes);

    CU_ASSERT_TRUE(buf_u8(&b, 1));
    CU_ASSERT_TRUE(buf_u16le(&b, 0x0203));
    CU_ASSERT_TRUE(buf_u16be(&b, 0x0203));
    CU_ASSERT_TRUE(buf_u32le(&b, 0x04050607));
    CU_ASSERT_TRUE(buf_u64le(&b, 0x8102030405060708ULL));
    TESTING_BYTES_EQ(buf_span(&b), span_of(want, sizeof want));
    CU_ASSERT_FALSE(b.overflow);
    CU_ASSERT_FALSE(buf_u8(&b, 1));
    CU_ASSERT_TRUE(b.overflow);
    CU_ASSERT_EQUAL(b.n, sizeof want);
}

static void test_buffer_overflow_is_whole_and_sticky(void)
{
    uint8_t bytes[4];
    struct buf b = buf_of(bytes, sizeof bytes);

    CU_ASSERT_TRUE(buf_str(&b, "abc"));
    CU_ASSERT_FALSE(buf_str(&b, "de"));
    expect_str(buf_span(&b), "abc");
    CU_ASSERT_TRUE(buf_str(&b, "d"));
    CU_ASSERT_TRUE(b.overflow);
    buf_consume(&b, 3);
    expect_str(buf_span(&b), "d");
    buf_consume(&b, 99);
    expect_str(buf_span(&b), "");
    CU_ASSERT_TRUE(b.overflow);
    buf_clear(&b);
    CU_ASSERT_FALSE(b.overflow);
    CU_ASSERT_TRUE(buf_put(&b, span_str(NULL)));
}

static void test_printf(void)
{
    uint8_t bytes[600];
    char text[400];
    struct buf b = buf_of(bytes, 6);

    CU_ASSERT_TRUE(buf_printf(&b, "%d-%s", 12, "abc")); /* to the last byte */
    expect_str(buf_span(&b), "12-abc");
    CU_ASSERT_FALSE(buf_printf(&b, "%c", 'x'));
    CU_ASSERT_TRUE(b.overflow);
    memset(text, 'y', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    b = buf_of(bytes, sizeof bytes);
    CU_ASSERT_TRUE(buf_printf(&b, "<%s>", text));
    CU_ASSERT_EQUAL(b.n, sizeof text + 1);
    CU_ASSERT_EQUAL(bytes[b.n - 1], '>');
    CU_ASSERT_FALSE(buf_printf(&b, "<%s>", text));
    CU_ASSERT_EQUAL(b.n, sizeof text + 1);
}

static void expect_buf_fixed(int64_t value, unsigned decimals, bool trim, const char *want)
{
    uint8_t bytes[64];
    struct buf b = buf_of(bytes, sizeof bytes);

    CU_ASSERT_TRUE(buf_fixed(&b, value, decimals, trim));
    expect_str(buf_span(&b), want);
}

static void test_write_fixed_point(void)
{
    uint8_t bytes[4];
    struct buf b = buf_of(bytes, sizeof bytes);

    expect_buf_fixed(49777, 3, false, "49.777");
    expect_buf_fixed(49700, 3, false, "49.700");
    expect_buf_fixed(49700, 3, true, "49.7");
    expect_buf_fixed(49000, 3, true, "49");
    expect_buf_fixed(-5, 3, false, "-0.005");
    expect_buf_fixed(0, 3, false, "0.000");
    expect_buf_fixed(0, 3, true, "0");
    expect_buf_fixed(100, 0, true, "100");
    expect_buf_fixed(INT64_MAX, 6, false, "9223372036854.775807");
    expect_buf_fixed(INT64_MIN, 0, false, "-9223372036854775808");
    expect_buf_fixed(1, 20, false, "0.00000000000000000001");
    CU_ASSERT_FALSE(buf_fixed(&b, 12345, 1, false));
    CU_ASSERT_EQUAL(b.n, 0);
    CU_ASSERT_FALSE(buf_fixed(&b, 1, 41, false));
}

static void test_rounding(void)
{
    CU_ASSERT_EQUAL(div_round(14, 10), 1);
    CU_ASSERT_EQUAL(div_round(15, 10), 2);
    CU_ASSERT_EQUAL(div_round(-14, 10), -1);
    CU_ASSERT_EQUAL(div_round(-15, 10), -2);
    CU_ASSERT_EQUAL(div_round(1, 3), 0);
    CU_ASSERT_EQUAL(div_round(2, 3), 1);
    CU_ASSERT_EQUAL(div_round(-2, 3), -1);
    CU_ASSERT_EQUAL(div_round(7, 1), 7);
    CU_ASSERT_EQUAL(div_round(INT64_MAX, INT64_MAX), 1);
    CU_ASSERT_EQUAL(div_round(INT64_MIN, INT64_MAX), -1);
    CU_ASSERT_EQUAL(div_round(INT64_MIN, 1), INT64_MIN);
    CU_ASSERT_EQUAL(div_round(INT64_MAX, 2), 4611686018427387904);
    CU_ASSERT_EQUAL(clamp_i64(5, 0, 3), 3);
    CU_ASSERT_EQUAL(clamp_i64(-5, 0, 3), 0);
    CU_ASSERT_EQUAL(clamp_i64(2, 0, 3), 2);
}

static void test_error_names(void)
{
    for (unsigned i = 0; i < ERR_COUNT; i++) {
        const char *text = err_text((enum err)i);
        CU_ASSERT_TRUE(text != NULL && text[0] != '\0');
        CU_ASSERT_STRING_NOT_EQUAL(text, "unknown error");
        for (unsigned k = 0; k < i; k++)
            CU_ASSERT_STRING_NOT_EQUAL(text, err_text((enum err)k));
    }
    CU_ASSERT_STRING_EQUAL(err_text((enum err)999), "unknown error");
    CU_ASSERT_EQUAL(err_from_errno(0), ERR_OK);
    CU_ASSERT_EQUAL(err_from_errno(ENODEV), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(err_from_errno(EACCES), ERR_DENIED);
    CU_ASSERT_EQUAL(err_from_errno(EWOULDBLOCK), ERR_AGAIN);
    CU_ASSERT_EQUAL(err_from_errno(ENETDOWN), ERR_CLOSED);
    CU_ASSERT_EQUAL(err_from_errno(EAFNOSUPPORT), ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(err_from_errno(EIO), ERR_IO);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"parts and comparisons", test_parts},
        {"finding", test_finding},
        {"tokens and blanks", test_tokens_and_trim},
        {"any run of CR and LF ends a line", test_lines},
        {"copies as strings", test_to_str},
        {"integers in text", test_integers},
        {"hex in text", test_hex},
        {"fixed point in text, overflow refused", test_fixed_point},
        {"binary readers fail closed", test_binary_readers},
        {"binary writers", test_binary_writers},
        {"what does not fit is dropped whole", test_buffer_overflow_is_whole_and_sticky},
        {"printf into a buffer", test_printf},
        {"fixed point into a buffer", test_write_fixed_point},
        {"rounding is half away from zero", test_rounding},
        {"error names", test_error_names},
        {0},
    };
    return testing_main(argc, argv, "span", cases);
}
