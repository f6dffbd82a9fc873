/* SPDX-License-Identifier: Apache-2.0
 *
 * Physical numbers: exact in, exact out.
 */
#include "base/quantity.h"

#include <string.h>

#include "testing/testing.h"

static void make(const char *number, const char *unit, enum err want, int64_t micro)
{
    struct quantity q = {.micro = 42};
    enum dim dim = DIM_NONE;
    int64_t scale = 0;

    CU_ASSERT_TRUE_FATAL(unit_find(span_str(unit), &dim, &scale));
    enum err got = quantity_make(span_str(number), dim, scale, &q);
    if (got != want || q.micro != (want == ERR_OK ? micro : 42))
        TESTING_FAIL("%s %s: %s, %lld", number, unit, err_text(got), (long long)q.micro);
    else
        CU_ASSERT_TRUE(want != ERR_OK || q.dim == dim);
}

static void test_make(void)
{
    make("200", "ms", ERR_OK, 200000);
    make("1.3", "s", ERR_OK, 1300000);
    make("1.5", "min", ERR_OK, 90000000);
    make("0.00000005", "min", ERR_OK, 3);
    make("2", "h", ERR_OK, 7200000000);
    make("1", "d", ERR_OK, 86400000000);
    make("3.700", "V", ERR_OK, 3700000);
    make("-37.0", "A", ERR_OK, -37000000);
    make("+37", "mA", ERR_OK, 37000);
    make("97.0", "%", ERR_OK, 97000000);
    make("25.5", "C", ERR_OK, 25500000);
    make("74", "Ah", ERR_OK, 74000000);
    make("9600", "baud", ERR_OK, 9600000000);
    make("1.5", "kB", ERR_OK, 1500000000);
    make("0.000001000000000000000000000000", "s", ERR_OK, 1);
    make("-0", "V", ERR_OK, 0);
}

static void test_refused(void)
{
    make("0.5", "us", ERR_RANGE, 0); /* finer than a millionth */
    make("0.0000001", "s", ERR_RANGE, 0);
    make("0.1234567890123456789", "h", ERR_RANGE, 0);
    make("9223372036854.775807", "s", ERR_OK, INT64_MAX);
    make("9223372036854.775808", "s", ERR_RANGE, 0);
    make("-9223372036854.775808", "s", ERR_OK, INT64_MIN);
    make("106751992", "d", ERR_RANGE, 0);
    make("99999999999999999999", "us", ERR_RANGE, 0);
    make("", "s", ERR_SYNTAX, 0);
    make("-", "s", ERR_SYNTAX, 0);
    make("1.", "s", ERR_SYNTAX, 0);
    make(".5", "s", ERR_SYNTAX, 0);
    make("-.5", "s", ERR_SYNTAX, 0);
    make("1.2.3", "s", ERR_SYNTAX, 0);
    make("1e3", "s", ERR_SYNTAX, 0);
    make("1-", "s", ERR_SYNTAX, 0);
    make("0x10", "s", ERR_SYNTAX, 0);
}

static void test_units(void)
{
    enum dim dim = DIM_COUNT;
    int64_t scale = 42;

    CU_ASSERT_FALSE(unit_find(SPAN_LIT("mv"), &dim, &scale)); /* case matters */
    CU_ASSERT_FALSE(unit_find(SPAN_LIT(""), &dim, &scale));
    CU_ASSERT_FALSE(unit_find(SPAN_LIT("sec"), &dim, &scale));
    CU_ASSERT_TRUE(dim == DIM_COUNT && scale == 42);
    CU_ASSERT_STRING_EQUAL(dim_units(DIM_TIME), "us, ms, s, min, h, d");
    CU_ASSERT_STRING_EQUAL(dim_name(DIM_VOLTAGE), "voltage");
    /* Every unit a dimension lists is known, belongs to it, and its base unit is one of them. */
    for (unsigned d = DIM_TIME; d < DIM_COUNT; d++) {
        struct span list = span_str(dim_units((enum dim)d));
        bool has_base = false;
        while (list.n > 0) {
            struct span unit = span_sub(list, 0, span_find_byte(list, 0, ','));
            CU_ASSERT_TRUE(unit_find(unit, &dim, &scale));
            CU_ASSERT_EQUAL(dim, d);
            if (span_eq_str(unit, dim_base_unit((enum dim)d))) {
                has_base = true;
                CU_ASSERT_EQUAL(scale, 1000000);
            }
            list = span_sub(list, unit.n + 2, list.n);
        }
        CU_ASSERT_TRUE(has_base);
    }
}

static void expect_text(int64_t micro, enum dim dim, const char *want)
{
    char text[64];
    struct buf out = buf_of(text, sizeof text);

    CU_ASSERT_TRUE(quantity_format((struct quantity){micro, dim}, &out));
    TESTING_BYTES_EQ(buf_span(&out), span_str(want));
}

static void test_format(void)
{
    char text[3];
    struct buf out = buf_of(text, sizeof text);

    expect_text(200000, DIM_TIME, "200 ms");
    expect_text(1300000, DIM_TIME, "1.3 s");
    expect_text(60000000, DIM_TIME, "60 s");
    expect_text(90000000, DIM_TIME, "90 s");
    expect_text(3600000000, DIM_TIME, "1 h");
    expect_text(86400000000, DIM_TIME, "1 d");
    expect_text(1, DIM_TIME, "1 us");
    expect_text(0, DIM_TIME, "0 s");
    expect_text(3700000, DIM_VOLTAGE, "3.7 V");
    expect_text(-37000000, DIM_CURRENT, "-37 A");
    expect_text(-500000, DIM_CURRENT, "-500 mA");
    expect_text(1, DIM_CURRENT, "0.001 mA");
    expect_text(500000, DIM_RATIO, "0.5 %");
    expect_text(1500000000, DIM_POWER, "1.5 kW");
    expect_text(9600000000, DIM_BAUD, "9600 baud");
    expect_text(1500000, DIM_NONE, "1.5");
    expect_text(INT64_MIN, DIM_VOLTAGE, "-9223372036854.775808 V");
    expect_text(INT64_MAX, DIM_TIME, "9223372036854.775807 s");
    CU_ASSERT_FALSE(quantity_format((struct quantity){3700000, DIM_VOLTAGE}, &out));
    CU_ASSERT_EQUAL(out.n, 0);
}

static void test_in_unit(void)
{
    CU_ASSERT_EQUAL(quantity_in((struct quantity){3700400, DIM_VOLTAGE}, 1000), 3700);
    CU_ASSERT_EQUAL(quantity_in((struct quantity){3700500, DIM_VOLTAGE}, 1000), 3701);
    CU_ASSERT_EQUAL(quantity_in((struct quantity){-3700500, DIM_VOLTAGE}, 1000), -3701);
    CU_ASSERT_EQUAL(quantity_in((struct quantity){25550000, DIM_TEMPERATURE}, 100000), 256);
    CU_ASSERT_EQUAL(quantity_in((struct quantity){7, DIM_TIME}, 1), 7);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"numbers with units are exact", test_make},
        {"what is not exact or no number is refused", test_refused},
        {"the table of units", test_units},
        {"the text people would write", test_format},
        {"rounded to a unit", test_in_unit},
        {0},
    };
    return testing_main(argc, argv, "quantity", cases);
}
