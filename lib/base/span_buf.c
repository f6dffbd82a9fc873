/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing into memory that the caller owns, and the integer arithmetic of span.h.
 */
#include "base/span.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct buf buf_of(void *p, size_t cap)
{
    return (struct buf){.p = p, .cap = cap};
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->overflow = false;
}

struct span buf_span(const struct buf *b)
{
    return (struct span){b->p, b->n};
}

bool buf_put(struct buf *b, struct span s)
{
    if (s.n > b->cap - b->n) {
        b->overflow = true;
        return false;
    }
    if (s.n > 0)
        memcpy(b->p + b->n, s.p, s.n);
    b->n += s.n;
    return true;
}

bool buf_str(struct buf *b, const char *text)
{
    return buf_put(b, span_str(text));
}

bool buf_u8(struct buf *b, uint8_t v)
{
    return buf_put(b, span_of(&v, 1));
}

static bool put_le(struct buf *b, uint64_t v, size_t n)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(v >> (8 * i));
    return buf_put(b, span_of(bytes, n));
}

bool buf_u16le(struct buf *b, uint16_t v)
{
    return put_le(b, v, 2);
}

bool buf_u16be(struct buf *b, uint16_t v)
{
    const uint8_t bytes[2] = {(uint8_t)(v >> 8), (uint8_t)v};
    return buf_put(b, span_of(bytes, sizeof bytes));
}

bool buf_u32le(struct buf *b, uint32_t v)
{
    return put_le(b, v, 4);
}

bool buf_u64le(struct buf *b, uint64_t v)
{
    return put_le(b, v, 8);
}

/* printf wants one byte more than the text for its NUL. Short texts take a detour over the stack,
 * so that they may fill the buffer to the last byte; long ones need that spare byte. */
bool buf_printf(struct buf *b, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n < 0) {
        b->overflow = true;
        return false;
    }
    if ((size_t)n < sizeof text)
        return buf_put(b, span_of(text, (size_t)n));
    size_t left = b->cap - b->n;
    if ((size_t)n >= left) {
        b->overflow = true;
        return false;
    }
    va_start(args, format);
    vsnprintf((char *)b->p + b->n, left, format, args);
    va_end(args);
    b->n += (size_t)n;
    return true;
}

bool buf_fixed(struct buf *b, int64_t value, unsigned decimals, bool trim)
{
    char text[64]; /* built from its end */
    size_t at = sizeof text;
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    if (decimals > 40) { /* no such number in this project; the text has to end somewhere */
        b->overflow = true;
        return false;
    }
    for (unsigned i = 0; i < decimals; i++) {
        unsigned digit = (unsigned)(magnitude % 10);
        magnitude /= 10;
        if (trim && digit == 0 && at == sizeof text)
            continue;
        text[--at] = (char)('0' + digit);
    }
    if (at < sizeof text)
        text[--at] = '.';
    do {
        text[--at] = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude > 0);
    if (value < 0)
        text[--at] = '-';
    return buf_put(b, span_of(text + at, sizeof text - at));
}

void buf_consume(struct buf *b, size_t n)
{
    if (n >= b->n) {
        b->n = 0;
        return;
    }
    memmove(b->p, b->p + n, b->n - n);
    b->n -= n;
}

int64_t div_round(int64_t value, int64_t divisor)
{
    int64_t quotient = value / divisor;
    int64_t rest = value % divisor;
    int64_t size = rest < 0 ? -rest : rest;

    if (size < divisor - size) /* less than half, written without doubling */
        return quotient;
    return value < 0 ? quotient - 1 : quotient + 1;
}

int64_t clamp_i64(int64_t value, int64_t min, int64_t max)
{
    if (value < min)
        return min;
    return value > max ? max : value;
}
