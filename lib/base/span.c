/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading bytes that somebody else owns: parts, comparisons, lines and tokens, numbers in text and
 * in binary. Writing is in span_buf.c.
 */
#include "base/span.h"

#include <string.h>

struct span span_of(const void *p, size_t n)
{
    return (struct span){p, n};
}

struct span span_str(const char *text)
{
    return text == NULL ? (struct span){NULL, 0} : span_of(text, strlen(text));
}

struct span span_sub(struct span s, size_t from, size_t n)
{
    if (from >= s.n)
        return (struct span){s.n == 0 ? s.p : s.p + s.n, 0};
    size_t left = s.n - from;
    return (struct span){s.p + from, n < left ? n : left};
}

bool span_eq(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool span_eq_str(struct span a, const char *text)
{
    return span_eq(a, span_str(text));
}

static uint8_t ascii_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

bool span_eq_nocase(struct span a, const char *text)
{
    struct span b = span_str(text);
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
            return false;
    }
    return true;
}

bool span_starts(struct span s, const char *prefix)
{
    struct span want = span_str(prefix);
    return s.n >= want.n && span_eq(span_sub(s, 0, want.n), want);
}

bool span_ends(struct span s, const char *suffix)
{
    struct span want = span_str(suffix);
    return s.n >= want.n && span_eq(span_sub(s, s.n - want.n, want.n), want);
}

size_t span_find(struct span s, size_t from, struct span needle)
{
    if (needle.n == 0)
        return from < s.n ? from : s.n;
    for (size_t at = from; at < s.n && s.n - at >= needle.n; at++) {
        at = span_find_byte(s, at, needle.p[0]);
        if (s.n - at < needle.n)
            break;
        if (memcmp(s.p + at, needle.p, needle.n) == 0)
            return at;
    }
    return s.n;
}

size_t span_find_byte(struct span s, size_t from, uint8_t byte)
{
    if (from >= s.n)
        return s.n;
    const uint8_t *hit = memchr(s.p + from, byte, s.n - from);
    return hit == NULL ? s.n : (size_t)(hit - s.p);
}

static bool is_line_end(uint8_t c)
{
    return c == '\r' || c == '\n';
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || is_line_end(c);
}

struct span span_trim(struct span s)
{
    while (s.n > 0 && is_blank(s.p[0]))
        s = span_sub(s, 1, s.n);
    while (s.n > 0 && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

/* Cuts the front of *rest that consists of (ends == false) or ends at (ends == true) the class. */
static struct span cut_while(struct span *rest, bool (*in_class)(uint8_t), bool want)
{
    size_t n = 0;
    while (n < rest->n && in_class(rest->p[n]) == want)
        n++;
    struct span head = span_sub(*rest, 0, n);
    *rest = span_sub(*rest, n, rest->n);
    return head;
}

bool span_token(struct span *rest, struct span *ret_token)
{
    struct span left = *rest;
    cut_while(&left, is_blank, true);
    struct span token = cut_while(&left, is_blank, false);
    if (token.n == 0)
        return false;
    *rest = left;
    *ret_token = token;
    return true;
}

bool span_line(struct span *rest, struct span *ret_line)
{
    struct span left = *rest;
    cut_while(&left, is_line_end, true);
    struct span line = cut_while(&left, is_line_end, false);
    if (line.n == 0)
        return false;
    cut_while(&left, is_line_end, true);
    *rest = left;
    *ret_line = line;
    return true;
}

void span_to_str(struct span s, char *out, size_t cap)
{
    size_t n = s.n < cap - 1 ? s.n : cap - 1;
    if (n > 0)
        memcpy(out, s.p, n);
    out[n] = '\0';
}

/* ---- numbers in text ---- */

/* Takes an optional sign off the front. */
static bool take_sign(struct span *s)
{
    if (s->n == 0 || (s->p[0] != '-' && s->p[0] != '+'))
        return false;
    bool negative = s->p[0] == '-';
    *s = span_sub(*s, 1, s->n);
    return negative;
}

static bool push_digit(uint64_t *magnitude, unsigned base, unsigned digit)
{
    return !__builtin_mul_overflow(*magnitude, base, magnitude) &&
           !__builtin_add_overflow(*magnitude, digit, magnitude);
}

static bool push_decimal(uint64_t *magnitude, uint8_t c)
{
    return c >= '0' && c <= '9' && push_digit(magnitude, 10, (unsigned)(c - '0'));
}

/* False when the value does not fit an int64_t. */
static bool apply_sign(uint64_t magnitude, bool negative, int64_t *ret)
{
    const uint64_t max = INT64_MAX;
    if (magnitude > max + (negative ? 1U : 0U))
        return false;
    if (!negative)
        *ret = (int64_t)magnitude;
    else /* through -(m - 1) - 1, because -INT64_MIN does not exist */
        *ret = magnitude == 0 ? 0 : -(int64_t)(magnitude - 1) - 1;
    return true;
}

bool parse_i64(struct span s, int64_t min, int64_t max, int64_t *ret)
{
    bool negative = take_sign(&s);
    uint64_t magnitude = 0;
    int64_t value;

    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!push_decimal(&magnitude, s.p[i]))
            return false;
    }
    if (!apply_sign(magnitude, negative, &value) || value < min || value > max)
        return false;
    *ret = value;
    return true;
}

bool parse_hex(struct span s, uint64_t max, uint64_t *ret)
{
    uint64_t value = 0;

    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = ascii_lower(s.p[i]);
        unsigned digit;
        if (c >= '0' && c <= '9')
            digit = (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (unsigned)(c - 'a') + 10;
        else
            return false;
        if (!push_digit(&value, 16, digit))
            return false;
    }
    if (value > max)
        return false;
    *ret = value;
    return true;
}

bool parse_fixed(struct span s, unsigned decimals, int64_t *ret)
{
    bool negative = take_sign(&s);
    size_t dot = span_find_byte(s, 0, '.');
    struct span fraction = span_sub(s, dot + 1, s.n);
    uint64_t magnitude = 0;

    if (dot == 0 || (dot < s.n && fraction.n == 0))
        return false; /* ".5" and "5." are not numbers here */
    for (size_t i = 0; i < dot; i++) {
        if (!push_decimal(&magnitude, s.p[i]))
            return false;
    }
    for (unsigned i = 0; i < decimals; i++) {
        if (!push_decimal(&magnitude, i < fraction.n ? fraction.p[i] : '0'))
            return false;
    }
    for (size_t i = decimals; i < fraction.n; i++) {
        if (fraction.p[i] != '0')
            return false;
    }
    return apply_sign(magnitude, negative, ret);
}

/* ---- binary readers ---- */

/* Takes n <= 8 bytes off the front as one number. */
static bool take_number(struct span *s, size_t n, bool big_endian, uint64_t *ret)
{
    if (s->n < n)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value = value << 8 | s->p[big_endian ? i : n - 1 - i];
    *s = span_sub(*s, n, s->n);
    *ret = value;
    return true;
}

bool rd_u8(struct span *s, uint8_t *ret)
{
    uint64_t v;
    if (!take_number(s, 1, false, &v))
        return false;
    *ret = (uint8_t)v;
    return true;
}

bool rd_u16le(struct span *s, uint16_t *ret)
{
    uint64_t v;
    if (!take_number(s, 2, false, &v))
        return false;
    *ret = (uint16_t)v;
    return true;
}

bool rd_u16be(struct span *s, uint16_t *ret)
{
    uint64_t v;
    if (!take_number(s, 2, true, &v))
        return false;
    *ret = (uint16_t)v;
    return true;
}

bool rd_u32le(struct span *s, uint32_t *ret)
{
    uint64_t v;
    if (!take_number(s, 4, false, &v))
        return false;
    *ret = (uint32_t)v;
    return true;
}

bool rd_u32be(struct span *s, uint32_t *ret)
{
    uint64_t v;
    if (!take_number(s, 4, true, &v))
        return false;
    *ret = (uint32_t)v;
    return true;
}

bool rd_u64le(struct span *s, uint64_t *ret)
{
    return take_number(s, 8, false, ret);
}

bool rd_skip(struct span *s, size_t n)
{
    if (s->n < n)
        return false;
    *s = span_sub(*s, n, s->n);
    return true;
}
