/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes: struct span is input that somebody else owns, struct buf is output into memory that the
 * caller owns. Readers and writers fail closed: on failure nothing moves. No allocation anywhere.
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct span {
    const uint8_t *p;
    size_t n;
};

struct buf {
    uint8_t *p;
    size_t n;      /* bytes written */
    size_t cap;    /* bytes that fit */
    bool overflow; /* something did not fit and was dropped whole; sticky until buf_clear */
};

/* ---- span ---- */

#define SPAN_LIT(literal) ((struct span){(const uint8_t *)(literal), sizeof(literal) - 1})
/* The same as an initialiser of static data, where ISO C wants constants. */
/* clang-format off */
#define SPAN_INIT(literal) {(const uint8_t *)(literal), sizeof(literal) - 1}
/* clang-format on */

struct span span_of(const void *p, size_t n);
struct span span_str(const char *text); /* NULL gives an empty span */

/* The part from `from`, at most `n` bytes; positions beyond the end give an empty tail. */
struct span span_sub(struct span s, size_t from, size_t n);
bool span_eq(struct span a, struct span b);
bool span_eq_str(struct span a, const char *text);
bool span_eq_nocase(struct span a, const char *text); /* ASCII only, whatever the locale */
bool span_starts(struct span s, const char *prefix);
bool span_ends(struct span s, const char *suffix);
/* Offset of the first occurrence at or after `from`; s.n when there is none. */
size_t span_find(struct span s, size_t from, struct span needle);
size_t span_find_byte(struct span s, size_t from, uint8_t byte);
struct span span_trim(struct span s); /* SP, TAB, CR and LF at both ends */

/* Cuts the next blank-separated token off the front of *rest; false when only blanks are left. */
bool span_token(struct span *rest, struct span *ret_token);
/* Cuts the next line off *rest, ending at any run of CR and LF; skips empty lines. False at the
 * end. */
bool span_line(struct span *rest, struct span *ret_line);

/* Copies as a NUL-terminated string; longer text is cut to cap - 1 bytes. cap must be > 0. */
void span_to_str(struct span s, char *out, size_t cap);

/* ---- numbers in text: the whole span must be the number; no locale, no blanks, no exponent ----
 */

bool parse_i64(struct span s, int64_t min, int64_t max, int64_t *ret);
bool parse_hex(struct span s, uint64_t max, uint64_t *ret); /* digits without 0x */
/* "3.700" with decimals=3 gives 3700; more decimals than fit are ERR (false) unless they are 0. */
bool parse_fixed(struct span s, unsigned decimals, int64_t *ret);

/* ---- binary readers: take from the front of *s ---- */

bool rd_u8(struct span *s, uint8_t *ret);
bool rd_u16le(struct span *s, uint16_t *ret);
bool rd_u16be(struct span *s, uint16_t *ret);
bool rd_u32le(struct span *s, uint32_t *ret);
bool rd_u32be(struct span *s, uint32_t *ret);
bool rd_u64le(struct span *s, uint64_t *ret);
bool rd_skip(struct span *s, size_t n);

/* ---- buf ---- */

struct buf buf_of(void *p, size_t cap);
void buf_clear(struct buf *b);
struct span buf_span(const struct buf *b);
bool buf_put(struct buf *b, struct span s);
bool buf_str(struct buf *b, const char *text);
bool buf_u8(struct buf *b, uint8_t v);
bool buf_u16le(struct buf *b, uint16_t v);
bool buf_u16be(struct buf *b, uint16_t v);
bool buf_u32le(struct buf *b, uint32_t v);
bool buf_u64le(struct buf *b, uint64_t v);
/* printf for text, integers and characters only: floating point depends on the locale and is
 * written with buf_fixed instead. */
bool buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A fixed-point number: value 49777 with decimals 3 is "49.777"; trims trailing zeros of the
 * fraction when `trim` ("49.700" -> "49.7", "49.000" -> "49"). */
bool buf_fixed(struct buf *b, int64_t value, unsigned decimals, bool trim);
/* Removes the first n bytes (n > b->n removes all). */
void buf_consume(struct buf *b, size_t n);

/* ---- integer arithmetic that saturates and rounds half away from zero ---- */

int64_t div_round(int64_t value, int64_t divisor); /* divisor > 0 */
int64_t clamp_i64(int64_t value, int64_t min, int64_t max);

#endif
