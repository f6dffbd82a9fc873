/* SPDX-License-Identifier: Apache-2.0
 *
 * Is this text JSON? RFC 8259 to the letter, before cJSON sees it: cJSON takes 01, 1., raw control
 * characters, bytes that are no UTF-8 and any control character as a blank, and cuts strings at
 * \u0000. On the way the place of every value is noted.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json_private.h"

#define MAX_NUMBER 63 /* cJSON reads numbers through a buffer of 64 bytes */

struct check {
    struct span text;
    size_t at;
    unsigned depth;
    struct json_values *values;
};

static uint8_t look(const struct check *c)
{
    return c->at < c->text.n ? c->text.p[c->at] : 0; /* NUL is never right where this is asked */
}

static bool accept(struct check *c, uint8_t byte)
{
    if (c->at >= c->text.n || c->text.p[c->at] != byte)
        return false;
    c->at++;
    return true;
}

static void skip_blanks(struct check *c)
{
    while (accept(c, ' ') || accept(c, '\t') || accept(c, '\n') || accept(c, '\r'))
        ;
}

size_t json_utf8_length(struct span s)
{
    /* Table 3-7 of the Unicode standard: what the second byte may be depends on the first. */
    static const struct {
        uint8_t first_min, first_max, second_min, second_max;
        size_t n;
    } rows[] = {
        {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
        {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
        {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };

    if (s.n == 0)
        return 0;
    if (s.p[0] < 0x80)
        return 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (s.p[0] < rows[i].first_min || s.p[0] > rows[i].first_max)
            continue;
        if (s.n < rows[i].n || s.p[1] < rows[i].second_min || s.p[1] > rows[i].second_max)
            return 0;
        for (size_t k = 2; k < rows[i].n; k++) {
            if ((s.p[k] & 0xC0) != 0x80)
                return 0;
        }
        return rows[i].n;
    }
    return 0;
}

/* ---- scalars; each leaves `at` at the offending byte on failure ---- */

static size_t skip_digits(struct check *c)
{
    size_t start = c->at;
    while (look(c) >= '0' && look(c) <= '9')
        c->at++;
    return c->at - start;
}

static enum err check_number(struct check *c)
{
    size_t start = c->at;

    accept(c, '-');
    if (!accept(c, '0') && skip_digits(c) == 0)
        return ERR_SYNTAX;
    if (accept(c, '.') && skip_digits(c) == 0)
        return ERR_SYNTAX;
    if (accept(c, 'e') || accept(c, 'E')) {
        if (!accept(c, '+'))
            accept(c, '-');
        if (skip_digits(c) == 0)
            return ERR_SYNTAX;
    }
    if (c->at - start > MAX_NUMBER) {
        c->at = start;
        return ERR_RANGE;
    }
    return ERR_OK;
}

/* The four hex digits of \uXXXX; `at` stands on the first. */
static bool take_unit(struct check *c, uint64_t *ret)
{
    struct span digits = span_sub(c->text, c->at, 4);

    if (digits.n < 4 || !parse_hex(digits, 0xFFFF, ret))
        return false;
    c->at += 4;
    return true;
}

static enum err check_unicode_escape(struct check *c)
{
    size_t start = c->at;
    uint64_t unit;
    uint64_t second;
    bool ok = take_unit(c, &unit) && unit != 0; /* NUL would cut the C string */

    if (ok && unit >= 0xD800 && unit <= 0xDFFF)
        ok = unit <= 0xDBFF && accept(c, '\\') && accept(c, 'u') && take_unit(c, &second) &&
             second >= 0xDC00 && second <= 0xDFFF;
    if (ok)
        return ERR_OK;
    c->at = start;
    return ERR_SYNTAX;
}

static enum err check_string(struct check *c)
{
    if (!accept(c, '"'))
        return ERR_SYNTAX;
    while (!accept(c, '"')) {
        if (accept(c, '\\')) {
            uint8_t escaped = look(c);
            if (escaped == 0 || strchr("\"\\/bfnrtu", escaped) == NULL)
                return ERR_SYNTAX;
            c->at++;
            if (escaped == 'u' && check_unicode_escape(c) != ERR_OK)
                return ERR_SYNTAX;
            continue;
        }
        size_t n = json_utf8_length(span_sub(c->text, c->at, 4));
        if (n == 0 || look(c) < 0x20)
            return ERR_SYNTAX;
        c->at += n;
    }
    return ERR_OK;
}

static enum err check_literal(struct check *c, const char *word)
{
    for (; *word != '\0'; word++) {
        if (!accept(c, (uint8_t)*word))
            return ERR_SYNTAX;
    }
    return ERR_OK;
}

/* ---- values ---- */

static enum err note_value(struct json_values *values, size_t *ret_index)
{
    if (values->n == values->cap) {
        size_t cap = values->cap == 0 ? 32 : 2 * values->cap;
        struct json *bigger = realloc(values->v, cap * sizeof *bigger);
        if (bigger == NULL)
            return ERR_MEMORY;
        values->v = bigger;
        values->cap = cap;
    }
    *ret_index = values->n;
    values->v[values->n++] = (struct json){0};
    return ERR_OK;
}

static enum err check_value(struct check *c);

/* The members of an object or the elements of an array; the opening bracket is taken. */
static enum err check_members(struct check *c, bool object)
{
    const uint8_t close = object ? '}' : ']';

    skip_blanks(c);
    if (accept(c, close))
        return ERR_OK;
    do {
        skip_blanks(c);
        if (object) {
            enum err e = check_string(c);
            if (e != ERR_OK)
                return e;
            skip_blanks(c);
            if (!accept(c, ':'))
                return ERR_SYNTAX;
            skip_blanks(c);
        }
        enum err e = check_value(c);
        if (e != ERR_OK)
            return e;
        skip_blanks(c);
    } while (accept(c, ','));
    return accept(c, close) ? ERR_OK : ERR_SYNTAX;
}

static enum err check_nested(struct check *c, bool object)
{
    if (c->depth == JSON_MAX_DEPTH)
        return ERR_RANGE;
    c->at++;
    c->depth++;
    enum err e = check_members(c, object);
    c->depth--;
    return e;
}

static enum err check_value(struct check *c)
{
    size_t start = c->at;
    size_t index;
    enum err e = note_value(c->values, &index);

    if (e != ERR_OK)
        return e;
    switch (look(c)) {
    case '{': e = check_nested(c, true); break;
    case '[': e = check_nested(c, false); break;
    case '"': e = check_string(c); break;
    case 't': e = check_literal(c, "true"); break;
    case 'f': e = check_literal(c, "false"); break;
    case 'n': e = check_literal(c, "null"); break;
    default: e = check_number(c); break;
    }
    struct json *value = &c->values->v[index];
    value->raw = span_sub(c->text, start, c->at - start);
    value->size = c->values->n - index;
    return e;
}

enum err json_check(struct span text, struct json_values *values, size_t *ret_offset)
{
    struct check c = {.text = text, .values = values};

    skip_blanks(&c);
    enum err e = check_value(&c);
    if (e == ERR_OK) {
        skip_blanks(&c);
        if (c.at < text.n)
            e = ERR_SYNTAX;
    }
    if (e != ERR_OK)
        *ret_offset = c.at;
    return e;
}
