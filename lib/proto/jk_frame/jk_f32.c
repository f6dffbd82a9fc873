/* SPDX-License-Identifier: Apache-2.0
 *
 * IEEE 754 single precision in integers.
 */
#include "proto/jk_frame/jk_frame.h"

enum { EXPONENT_BIAS = 127, FRACTION_BITS = 23, MAX_DECIMALS = 6 };

static int64_t power_of_ten(unsigned decimals)
{
    int64_t power = 1;

    for (unsigned i = 0; i < decimals && i < MAX_DECIMALS; i++)
        power *= 10;
    return power;
}

bool jk_f32_to_fixed(uint32_t bits, unsigned decimals, int64_t *ret)
{
    int exponent = (int)(bits >> FRACTION_BITS & 0xFF);
    int64_t mantissa = (int64_t)(bits & 0x7FFFFF);
    bool negative = bits >> 31 != 0;

    if (exponent >= EXPONENT_BIAS + 31)
        return false; /* also infinity and NaN */
    if (exponent == 0)
        exponent = 1; /* subnormal: no hidden bit */
    else
        mantissa |= 1 << FRACTION_BITS;
    /* at most 24 + 20 bits, and the shift to the left at most 7 */
    int64_t scaled = mantissa * power_of_ten(decimals);
    int shift = exponent - EXPONENT_BIAS - FRACTION_BITS;

    if (shift >= 0)
        scaled *= (int64_t)1 << shift;
    else if (shift > -62)
        scaled = div_round(scaled, (int64_t)1 << -shift);
    else
        scaled = 0;
    *ret = negative ? -scaled : scaled;
    return true;
}

/* The nearest number of `bits` bits, ties to even. */
static uint64_t round_off(uint64_t value, unsigned bits, bool sticky)
{
    /* 1 to 63 bits. NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
    uint64_t half = (uint64_t)1 << (bits - 1);
    uint64_t rest = value & (((uint64_t)1 << bits) - 1);
    uint64_t kept = value >> bits;

    if (rest > half || (rest == half && (sticky || (kept & 1) != 0)))
        kept++;
    return kept;
}

uint32_t jk_f32_from_fixed(int64_t value, unsigned decimals)
{
    const int64_t most = (int64_t)1 << 52; /* far beyond every unit on these wires */
    uint64_t power = (uint64_t)power_of_ten(decimals);
    uint32_t sign = value < 0 ? 0x80000000u : 0;
    int64_t clamped = clamp_i64(value, -most, most);
    uint64_t n = (uint64_t)(clamped < 0 ? -clamped : clamped);
    int exponent = EXPONENT_BIAS;

    if (n == 0)
        return sign;
    while (n >> 62 == 0) { /* as many bits as there are, so that the quotient has 24 and more */
        n <<= 1;
        exponent--;
    }
    bool sticky = n % power != 0;
    uint64_t quotient = n / power;
    unsigned spare = 0;

    while (quotient >> (spare + FRACTION_BITS + 1) != 0)
        spare++;
    uint64_t mantissa = round_off(quotient, spare, sticky);
    exponent += (int)spare + FRACTION_BITS;
    if (mantissa >> (FRACTION_BITS + 1) != 0) {
        mantissa >>= 1;
        exponent++;
    }
    return sign | (uint32_t)exponent << FRACTION_BITS | (uint32_t)(mantissa & 0x7FFFFF);
}
