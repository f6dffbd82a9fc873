/* SPDX-License-Identifier: Apache-2.0
 *
 * The part of Jinja that value templates of batteries use: one expression
 *
 *     {{ value }}   {{ value_json.a.b }}   {{ value_json['a'][3] }}   with filters behind it:
 *     | default(none)  | default(0)  | float  | int  | round(2)  | is_defined  | upper  | lower
 *
 * Rendering follows Python: true is "True", null is "None", a missing key is nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "harness/judge/ha.h"

struct reader {
    struct span text;
    size_t at;
};

static uint8_t peek(struct reader *r)
{
    while (r->at < r->text.n && (r->text.p[r->at] == ' ' || r->text.p[r->at] == '\t'))
        r->at++;
    return r->at < r->text.n ? r->text.p[r->at] : 0;
}

static bool accept(struct reader *r, const char *sign)
{
    peek(r);
    if (!span_starts(span_sub(r->text, r->at, r->text.n), sign))
        return false;
    r->at += strlen(sign);
    return true;
}

static bool is_word(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static struct span take_word(struct reader *r)
{
    peek(r);
    size_t from = r->at;
    while (r->at < r->text.n && is_word(r->text.p[r->at]))
        r->at++;
    return span_sub(r->text, from, r->at - from);
}

/* The text between quotes; an empty span with p NULL when there is none. */
static struct span take_quoted(struct reader *r)
{
    uint8_t quote = peek(r);
    if (quote != '\'' && quote != '"')
        return (struct span){0};
    size_t end = span_find_byte(r->text, r->at + 1, quote);
    if (end == r->text.n)
        return (struct span){0};
    struct span inside = span_sub(r->text, r->at + 1, end - r->at - 1);
    r->at = end + 1;
    return inside;
}

/* The value of the expression so far. */
struct value {
    enum ha_rendered state;
    char *out;
    size_t cap;
};

static void set_text(struct value *v, struct span text)
{
    v->state = HA_RENDERED;
    span_to_str(text, v->out, v->cap);
}

static void set_json(struct value *v, const struct json *json)
{
    bool flag = false;
    if (!json) {
        v->state = HA_UNDEFINED;
        v->out[0] = 0;
        return;
    }
    switch (json_type(json)) {
    case JSON_NULL: set_text(v, SPAN_LIT("None")); return;
    case JSON_BOOL:
        json_boolean(json, &flag);
        set_text(v, span_str(flag ? "True" : "False"));
        return;
    case JSON_STRING: set_text(v, span_str(json_string(json))); return;
    case JSON_NUMBER:
    case JSON_ARRAY:
    case JSON_OBJECT: set_text(v, json_raw(json)); return;
    }
}

static const struct json *member(const struct json *json, struct span key)
{
    char name[HA_TEXT];
    if (key.n >= sizeof name)
        return NULL;
    span_to_str(key, name, sizeof name);
    return json_get(json, name);
}

static const struct json *element(const struct json *json, struct span number)
{
    int64_t n = 0;
    if (!json || json_type(json) != JSON_ARRAY || !parse_i64(number, 0, 1000, &n))
        return NULL;
    const struct json *e = json_first(json);
    while (e && n-- > 0)
        e = json_next(e);
    return e;
}

/* .a  ['a']  [3]  as often as they come. False: not understood. */
static bool follow(struct reader *r, const struct json **at)
{
    for (;;) {
        if (accept(r, ".")) {
            struct span key = take_word(r);
            if (!key.n)
                return false;
            *at = member(*at, key);
        } else if (accept(r, "[")) {
            struct span key = take_quoted(r);
            if (key.p)
                *at = member(*at, key);
            else
                *at = element(*at, take_word(r));
            if (!accept(r, "]"))
                return false;
        } else {
            return true;
        }
    }
}

/* default(none), default(0), default('x'): only what is undefined changes. */
static bool filter_default(struct reader *r, struct value *v)
{
    if (!accept(r, "("))
        return false;
    struct span text = take_quoted(r);
    if (!text.p) {
        size_t end = span_find_byte(r->text, r->at, ')');
        text = span_trim(span_sub(r->text, r->at, end - r->at));
        r->at = end;
        if (span_eq_nocase(text, "none"))
            text = SPAN_LIT("None");
    }
    if (v->state == HA_UNDEFINED)
        set_text(v, text);
    return accept(r, ")");
}

static void filter_case(struct value *v, bool upper)
{
    for (char *p = v->out; *p; p++) {
        if (upper ? *p >= 'a' && *p <= 'z' : *p >= 'A' && *p <= 'Z')
            *p = (char)(*p ^ 0x20);
    }
}

/* Numbers stay as they are written: conditions compare values, not digits. */
static bool filter_number(struct reader *r)
{
    if (!accept(r, "("))
        return true;
    while (peek(r) && peek(r) != ')')
        r->at++;
    return accept(r, ")");
}

static bool apply_filter(struct reader *r, struct value *v)
{
    static const char *const numbers[] = {"float", "int", "round"};
    struct span name = take_word(r);
    if (span_eq_str(name, "default"))
        return filter_default(r, v);
    if (span_eq_str(name, "is_defined"))
        return true;
    if (span_eq_str(name, "upper") || span_eq_str(name, "lower")) {
        filter_case(v, span_eq_str(name, "upper"));
        return true;
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (span_eq_str(name, numbers[i]))
            return filter_number(r);
    return false;
}

static bool evaluate(struct reader *r, struct span payload, const struct json *root,
                     struct value *v)
{
    if (!accept(r, "{{"))
        return false;
    struct span name = take_word(r);
    if (span_eq_str(name, "value")) {
        set_text(v, payload);
    } else if (span_eq_str(name, "value_json")) {
        if (!follow(r, &root))
            return false;
        set_json(v, root);
    } else {
        return false;
    }
    while (accept(r, "|"))
        if (!apply_filter(r, v))
            return false;
    return accept(r, "}}") && !peek(r);
}

enum ha_rendered ha_template_apply(const char *text, struct span payload, const struct json *root,
                                   char *out, size_t cap)
{
    struct reader r = {.text = span_trim(span_str(text))};
    struct value v = {.state = HA_UNDEFINED, .out = out, .cap = cap};
    out[0] = 0;
    if (evaluate(&r, payload, root, &v))
        return v.state;
    out[0] = 0;
    return HA_UNSUPPORTED;
}

enum ha_rendered ha_template_render(const char *text, struct span payload, char *out, size_t cap)
{
    struct json_doc *doc = NULL;
    if (json_parse(payload, &doc, NULL) != ERR_OK)
        doc = NULL;
    enum ha_rendered r = ha_template_apply(text, payload, doc ? json_root(doc) : NULL, out, cap);
    json_delete(doc);
    return r;
}
