/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the tokens of one line. Every reader that fails has said so, at the token that was in the
 * way, and leaves the cursor before it.
 */
#include <stdarg.h>
#include <string.h>

#include "base/conf.h"

struct conf_cursor conf_cursor_of(struct conf_file *file, const struct conf_line *line)
{
    return (struct conf_cursor){.file = file, .line = line, .at = conf_is_section(line) ? 1 : 0};
}

bool conf_is_section(const struct conf_line *line)
{
    return line->tokens[0].kind == CONF_PUNCT && span_eq_str(line->tokens[0].text, "[");
}

const struct conf_token *conf_peek(const struct conf_cursor *c)
{
    return &c->line->tokens[c->at]; /* the lexer put a CONF_END behind the last */
}

const struct conf_token *conf_take(struct conf_cursor *c)
{
    const struct conf_token *token = conf_peek(c);
    if (token->kind != CONF_END)
        c->at++;
    return token;
}

bool conf_at_end(const struct conf_cursor *c)
{
    return conf_peek(c)->kind == CONF_END;
}

/* ---- errors ---- */

/* "'word'", "\"string\"" or "end of line", cut to what a message can hold. */
struct found {
    char text[64];
};

static struct found found_of(const struct conf_token *token)
{
    struct found f = {"end of line"};
    char text[48];

    if (token->kind == CONF_END)
        return f;
    const char *quote = token->kind == CONF_STRING ? "\"" : "'";
    span_to_str(token->text, text, sizeof text);
    snprintf(f.text, sizeof f.text, "%s%s%s%s", quote, text,
             token->text.n >= sizeof text ? "..." : "", quote);
    return f;
}

__attribute__((format(printf, 3, 0))) static void fail_v(struct conf_cursor *c,
                                                         const struct conf_token *token,
                                                         const char *format, va_list args)
{
    char message[sizeof((struct conf_error *)NULL)->message];

    vsnprintf(message, sizeof message, format, args);
    conf_error_at(c->file, token->line, token->column, "%s", message);
}

void conf_fail(struct conf_cursor *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail_v(c, conf_peek(c), format, args);
    va_end(args);
}

void conf_fail_at(struct conf_cursor *c, const struct conf_token *token, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail_v(c, token, format, args);
    va_end(args);
}

static bool fail_expected(struct conf_cursor *c, const char *what)
{
    conf_fail(c, "expected %s, found %s", what, found_of(conf_peek(c)).text);
    return false;
}

/* ---- words, signs, texts ---- */

bool conf_accept(struct conf_cursor *c, const char *text)
{
    const struct conf_token *token = conf_peek(c);

    if ((token->kind != CONF_WORD && token->kind != CONF_PUNCT) || !span_eq_str(token->text, text))
        return false;
    c->at++;
    return true;
}

bool conf_expect(struct conf_cursor *c, const char *text)
{
    if (conf_accept(c, text))
        return true;
    conf_fail(c, "expected '%s', found %s", text, found_of(conf_peek(c)).text);
    return false;
}

bool conf_take_word(struct conf_cursor *c, const char *what, struct span *ret)
{
    if (conf_peek(c)->kind != CONF_WORD)
        return fail_expected(c, what);
    *ret = conf_take(c)->text;
    return true;
}

/* Undoes the escapes, which the lexer has checked; false when it does not fit. */
static bool unescape(struct span text, char *out, size_t cap)
{
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (c == '\\' && i + 1 < text.n) {
            c = text.p[++i];
            if (c == 'n' || c == 't')
                c = c == 'n' ? '\n' : '\t';
        }
        if (n + 1 >= cap)
            return false;
        out[n++] = (char)c;
    }
    out[n] = '\0';
    return true;
}

/* 192.0.2.7:1883 and 2024-11 are several tokens to the lexer, yet one text to the user: the tokens
 * behind a number that are glued to it, as far as addresses and dates go. */
static struct span number_run(const struct conf_cursor *c, size_t *ret_n)
{
    const struct conf_token *first = conf_peek(c);
    const struct conf_token *last = first;

    for (const struct conf_token *t = first + 1; t->glued; t++) {
        bool sign = t->kind == CONF_PUNCT && t->text.n == 1 &&
                    (t->text.p[0] == '.' || t->text.p[0] == ':' || t->text.p[0] == '-');
        if (t->kind != CONF_WORD && t->kind != CONF_NUMBER && !sign)
            break;
        last = t;
    }
    *ret_n = (size_t)(last - first) + 1;
    return span_of(first->text.p, (size_t)(last->text.p - first->text.p) + last->text.n);
}

bool conf_take_text(struct conf_cursor *c, const char *what, char *out, size_t cap)
{
    const struct conf_token *token = conf_peek(c);
    struct span text = token->text;
    size_t n = 1;

    if (token->kind == CONF_NUMBER)
        text = number_run(c, &n);
    else if (token->kind != CONF_WORD && token->kind != CONF_STRING)
        return fail_expected(c, what);
    bool fits = token->kind == CONF_STRING ? unescape(text, out, cap) : text.n < cap;
    if (!fits) {
        conf_fail(c, "%s may be %zu bytes long, not more", what, cap - 1);
        return false;
    }
    if (token->kind != CONF_STRING)
        span_to_str(text, out, cap);
    c->at += n;
    return true;
}

/* ---- numbers ---- */

static bool is_hex(struct span number)
{
    return span_starts(number, "0x");
}

static bool parse_number(struct span text, int64_t *ret)
{
    uint64_t value;

    if (!is_hex(text))
        return parse_i64(text, INT64_MIN, INT64_MAX, ret);
    if (!parse_hex(span_sub(text, 2, text.n), INT64_MAX, &value))
        return false;
    *ret = (int64_t)value;
    return true;
}

bool conf_take_int(struct conf_cursor *c, const char *what, int64_t min, int64_t max, int64_t *ret)
{
    const struct conf_token *token = conf_peek(c);
    int64_t value;

    if (token->kind != CONF_NUMBER)
        return fail_expected(c, what);
    if (span_find_byte(token->text, 0, '.') < token->text.n) {
        conf_fail(c, "expected %s, a whole number, found %s", what, found_of(token).text);
        return false;
    }
    if (!parse_number(token->text, &value) || value < min || value > max) {
        conf_fail(c, "expected %s from %lld to %lld, found %s", what, (long long)min,
                  (long long)max, found_of(token).text);
        return false;
    }
    conf_take(c);
    *ret = value;
    return true;
}

/* A unit is a word, or the sign '%'. */
static bool unit_at(const struct conf_token *token, enum dim *ret_dim, int64_t *ret_scale)
{
    return (token->kind == CONF_WORD || token->kind == CONF_PUNCT) &&
           unit_find(token->text, ret_dim, ret_scale);
}

static bool make(struct conf_cursor *c, enum dim dim, int64_t scale, struct quantity *ret)
{
    const struct conf_token *number = conf_peek(c);
    int64_t whole;
    enum err e = ERR_OK;

    if (!is_hex(number->text)) {
        e = quantity_make(number->text, dim, scale, ret);
    } else if (!parse_number(number->text, &whole) ||
               __builtin_mul_overflow(whole, scale, &ret->micro)) {
        e = ERR_RANGE;
    } else {
        ret->dim = dim;
    }
    if (e != ERR_OK)
        conf_fail(c, "%s is too large or finer than a millionth%s%s", found_of(number).text,
                  dim == DIM_NONE ? "" : " ", dim_base_unit(dim));
    return e == ERR_OK;
}

static bool is_vowel(char c)
{
    return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u';
}

static void fail_unit(struct conf_cursor *c, const struct conf_token *token, enum dim dim)
{
    enum dim other;
    int64_t scale;
    const char *name = dim_name(dim);
    const char *article = is_vowel(name[0]) ? "an" : "a";

    if (unit_at(token, &other, &scale))
        conf_fail_at(c, token, "expected %s %s unit (%s), found %s, a unit of %s", article, name,
                     dim_units(dim), found_of(token).text, dim_name(other));
    else
        conf_fail_at(c, token, "expected %s %s unit (%s)", article, name, dim_units(dim));
}

bool conf_take_quantity(struct conf_cursor *c, enum dim dim, struct quantity *ret)
{
    const struct conf_token *number = conf_peek(c);
    struct quantity q;
    enum dim found = DIM_NONE;
    int64_t scale = 1000000;

    if (number->kind != CONF_NUMBER) {
        if (dim == DIM_NONE)
            return fail_expected(c, "a number");
        conf_fail(c, "expected a %s (a number with %s), found %s", dim_name(dim), dim_units(dim),
                  found_of(number).text);
        return false;
    }
    if (dim != DIM_NONE && (!unit_at(number + 1, &found, &scale) || found != dim)) {
        fail_unit(c, number + 1, dim);
        return false;
    }
    if (!make(c, dim, scale, &q))
        return false;
    c->at += dim == DIM_NONE ? 1 : 2;
    *ret = q;
    return true;
}

bool conf_take_any_quantity(struct conf_cursor *c, struct quantity *ret)
{
    const struct conf_token *number = conf_peek(c);
    struct quantity q;
    enum dim dim = DIM_NONE;
    int64_t scale = 1000000;

    if (number->kind != CONF_NUMBER)
        return fail_expected(c, "a number");
    bool unit = unit_at(number + 1, &dim, &scale);
    if (!make(c, dim, scale, &q))
        return false;
    c->at += unit ? 2 : 1;
    *ret = q;
    return true;
}

/* ---- known words ---- */

/* "a, b, c", ending in "..." when there is no room for all. */
static void join_known(const char *const *known, char *out, size_t cap)
{
    struct buf b = buf_of(out, cap - sizeof ", ...");
    bool all = true;

    for (size_t i = 0; known[i] != NULL && all; i++) {
        size_t before = b.n;
        all = (i == 0 || buf_str(&b, ", ")) && buf_str(&b, known[i]);
        if (!all)
            b.n = before;
    }
    const char *end = all ? "" : ", ...";
    memcpy(out + b.n, end, strlen(end) + 1);
}

bool conf_take_known(struct conf_cursor *c, const char *what, const char *const *known, size_t *ret)
{
    const struct conf_token *token = conf_peek(c);
    char list[150];

    for (size_t i = 0; token->kind == CONF_WORD && known[i] != NULL; i++) {
        if (span_eq_str(token->text, known[i])) {
            c->at++;
            *ret = i;
            return true;
        }
    }
    join_known(known, list, sizeof list);
    if (token->kind != CONF_WORD) {
        conf_fail(c, "expected a %s (known: %s), found %s", what, list, found_of(token).text);
        return false;
    }
    const char *nearest = conf_nearest(token->text, known);
    conf_fail(c, "unknown %s %s%s%s%s (known: %s)", what, found_of(token).text,
              nearest != NULL ? ", did you mean '" : "", nearest != NULL ? nearest : "",
              nearest != NULL ? "'?" : "", list);
    return false;
}

bool conf_expect_end(struct conf_cursor *c)
{
    if (conf_at_end(c))
        return true;
    conf_fail(c, "unexpected %s", found_of(conf_peek(c)).text);
    return false;
}
