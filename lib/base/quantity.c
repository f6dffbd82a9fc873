/* SPDX-License-Identifier: Apache-2.0
 *
 * Units and exact decimal arithmetic on millionths; no floating point.
 */
#include "base/quantity.h"

struct unit {
    const char *name;
    enum dim dim;
    int64_t scale_micro;
};

/* Within a dimension from small to large. */
static const struct unit units[] = {
    {"us", DIM_TIME, 1},
    {"ms", DIM_TIME, 1000},
    {"s", DIM_TIME, 1000000},
    {"min", DIM_TIME, 60000000},
    {"h", DIM_TIME, 3600000000},
    {"d", DIM_TIME, 86400000000},
    {"mV", DIM_VOLTAGE, 1000},
    {"V", DIM_VOLTAGE, 1000000},
    {"mA", DIM_CURRENT, 1000},
    {"A", DIM_CURRENT, 1000000},
    {"C", DIM_TEMPERATURE, 1000000},
    {"%", DIM_RATIO, 1000000},
    {"mAh", DIM_CAPACITY, 1000},
    {"Ah", DIM_CAPACITY, 1000000},
    {"W", DIM_POWER, 1000000},
    {"kW", DIM_POWER, 1000000000},
    {"Wh", DIM_ENERGY, 1000000},
    {"kWh", DIM_ENERGY, 1000000000},
    {"Hz", DIM_FREQUENCY, 1000000},
    {"kHz", DIM_FREQUENCY, 1000000000},
    {"baud", DIM_BAUD, 1000000},
    {"B", DIM_BYTES, 1000000},
    {"kB", DIM_BYTES, 1000000000},
    {"mOhm", DIM_RESISTANCE, 1000},
    {"Ohm", DIM_RESISTANCE, 1000000},
};
#define N_UNITS (sizeof units / sizeof units[0])

struct dim_words {
    const char *name;
    const char *base;
    const char *units;
};

static const struct dim_words dims[DIM_COUNT] = {
    [DIM_NONE] = {"number", "", ""},
    [DIM_TIME] = {"time", "s", "us, ms, s, min, h, d"},
    [DIM_VOLTAGE] = {"voltage", "V", "mV, V"},
    [DIM_CURRENT] = {"current", "A", "mA, A"},
    [DIM_TEMPERATURE] = {"temperature", "C", "C"},
    [DIM_RATIO] = {"ratio", "%", "%"},
    [DIM_CAPACITY] = {"capacity", "Ah", "mAh, Ah"},
    [DIM_POWER] = {"power", "W", "W, kW"},
    [DIM_ENERGY] = {"energy", "Wh", "Wh, kWh"},
    [DIM_FREQUENCY] = {"frequency", "Hz", "Hz, kHz"},
    [DIM_BAUD] = {"baud rate", "baud", "baud"},
    [DIM_BYTES] = {"size", "B", "B, kB"},
    [DIM_RESISTANCE] = {"resistance", "Ohm", "mOhm, Ohm"},
};

static const struct dim_words *words_of(enum dim dim)
{
    return &dims[(unsigned)dim < DIM_COUNT ? dim : DIM_NONE];
}

const char *dim_units(enum dim dim)
{
    return words_of(dim)->units;
}

const char *dim_name(enum dim dim)
{
    return words_of(dim)->name;
}

const char *dim_base_unit(enum dim dim)
{
    return words_of(dim)->base;
}

bool unit_find(struct span word, enum dim *ret_dim, int64_t *ret_scale_micro)
{
    for (size_t i = 0; i < N_UNITS; i++) {
        if (span_eq_str(word, units[i].name)) {
            *ret_dim = units[i].dim;
            *ret_scale_micro = units[i].scale_micro;
            return true;
        }
    }
    return false;
}

/* Splits "-12.50" into sign, digits without the point (mantissa) and the number of decimals,
 * trailing zeros of the fraction dropped: -125 and 1. */
static enum err split_decimal(struct span text, int64_t *ret_mantissa, unsigned *ret_decimals)
{
    size_t dot = span_find_byte(text, 0, '.');
    size_t end = text.n;

    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        bool sign = i == 0 && (c == '-' || c == '+');
        if ((c < '0' || c > '9') && !sign && i != dot)
            return ERR_SYNTAX;
    }
    size_t first = text.n > 0 && (text.p[0] == '-' || text.p[0] == '+') ? 1 : 0;
    if (dot == first || text.n == first || dot + 1 == text.n)
        return ERR_SYNTAX;
    while (end > dot + 1 && text.p[end - 1] == '0')
        end--;
    unsigned decimals = end > dot + 1 ? (unsigned)(end - dot - 1) : 0;
    if (decimals > 18 ||
        !parse_fixed(span_sub(text, 0, end > dot + 1 ? end : dot), decimals, ret_mantissa))
        return ERR_RANGE;
    *ret_decimals = decimals;
    return ERR_OK;
}

enum err quantity_make(struct span number, enum dim dim, int64_t scale_micro, struct quantity *ret)
{
    int64_t mantissa;
    int64_t micro;
    unsigned decimals;
    enum err e = split_decimal(number, &mantissa, &decimals);

    if (e != ERR_OK)
        return e;
    /* mantissa x scale / 10^decimals, dividing first wherever that is exact */
    for (; decimals > 0 && scale_micro % 10 == 0; decimals--)
        scale_micro /= 10;
    if (__builtin_mul_overflow(mantissa, scale_micro, &micro))
        return ERR_RANGE;
    for (; decimals > 0; decimals--) {
        if (micro % 10 != 0)
            return ERR_RANGE; /* finer than a millionth: no exact value */
        micro /= 10;
    }
    *ret = (struct quantity){.micro = micro, .dim = dim};
    return ERR_OK;
}

/* Writes q in that unit; false when it has no exact decimal text there. */
static bool put_in_unit(struct quantity q, const struct unit *unit, struct buf *out)
{
    unsigned decimals = 0;
    int64_t scale = unit->scale_micro;

    for (; scale % 10 == 0; decimals++)
        scale /= 10;
    if (scale != 1) { /* min, h, d: whole numbers only */
        if (q.micro % unit->scale_micro != 0)
            return false;
        return buf_fixed(out, q.micro / unit->scale_micro, 0, false) && buf_u8(out, ' ') &&
               buf_str(out, unit->name);
    }
    return buf_fixed(out, q.micro, decimals, true) && buf_u8(out, ' ') && buf_str(out, unit->name);
}

/* The unit people would choose: of those in which the number is at least 1, the shortest text, the
 * larger unit when equal; the smallest unit for what is below 1 in all; the base unit for zero. */
bool quantity_format(struct quantity q, struct buf *out)
{
    uint8_t best[48];
    size_t best_n = 0;

    if (q.dim == DIM_NONE)
        return buf_fixed(out, q.micro, 6, true);
    for (size_t i = 0; i < N_UNITS; i++) {
        const struct unit *unit = &units[i];
        uint8_t text[48];
        struct buf b = buf_of(text, sizeof text);
        if (unit->dim != q.dim)
            continue;
        bool at_least_one = q.micro >= unit->scale_micro || q.micro <= -unit->scale_micro;
        bool is_base = span_eq_str(span_str(unit->name), dim_base_unit(q.dim));
        if (q.micro == 0 ? !is_base : best_n > 0 && !at_least_one)
            continue;
        if (!put_in_unit(q, unit, &b) || (best_n > 0 && b.n > best_n))
            continue;
        for (size_t k = 0; k < b.n; k++)
            best[k] = text[k];
        best_n = b.n;
    }
    return best_n > 0 && buf_put(out, span_of(best, best_n));
}

int64_t quantity_in(struct quantity q, int64_t unit_micro)
{
    return div_round(q.micro, unit_micro);
}
