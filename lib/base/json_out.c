/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing JSON. Whatever comes in, what comes out is JSON in UTF-8: bytes that are no UTF-8 become
 * U+FFFD, numbers that are none become null. A key where none belongs, or none where one does, is a
 * bug of the caller and aborts.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_private.h"

struct json_out {
    char *p; /* always with a NUL behind the text */
    size_t n;
    size_t cap;
    char closers[JSON_MAX_DEPTH]; /* '}' or ']' of what is open */
    size_t depth;
    bool first; /* nothing written yet at this level */
};

static void put(struct json_out *out, const void *bytes, size_t n)
{
    if (n >= out->cap - out->n) {
        size_t cap = 2 * out->cap;
        while (n >= cap - out->n)
            cap *= 2;
        char *bigger = realloc(out->p, cap);
        if (bigger == NULL)
            abort();
        out->p = bigger;
        out->cap = cap;
    }
    memcpy(out->p + out->n, bytes, n);
    out->n += n;
    out->p[out->n] = '\0';
}

static void put_text(struct json_out *out, const char *text)
{
    put(out, text, strlen(text));
}

struct json_out *json_out_new(void)
{
    struct json_out *out = calloc(1, sizeof *out);

    if (out == NULL)
        abort();
    out->cap = 256;
    out->p = malloc(out->cap);
    if (out->p == NULL)
        abort();
    json_out_reset(out);
    return out;
}

void json_out_delete(struct json_out *out)
{
    if (out == NULL)
        return;
    free(out->p);
    free(out);
}

void json_out_reset(struct json_out *out)
{
    out->n = 0;
    out->depth = 0;
    out->first = true;
    out->p[0] = '\0';
}

struct span json_out_text(const struct json_out *out)
{
    return span_of(out->p, out->n);
}

/* ---- strings ---- */

static void put_escape(struct json_out *out, uint8_t c)
{
    char text[8];

    switch (c) {
    case '"': put_text(out, "\\\""); return;
    case '\\': put_text(out, "\\\\"); return;
    case '\b': put_text(out, "\\b"); return;
    case '\f': put_text(out, "\\f"); return;
    case '\n': put_text(out, "\\n"); return;
    case '\r': put_text(out, "\\r"); return;
    case '\t': put_text(out, "\\t"); return;
    default: break;
    }
    snprintf(text, sizeof text, "\\u%04x", (unsigned)c);
    put_text(out, text);
}

static void put_string(struct json_out *out, struct span s)
{
    put(out, "\"", 1);
    while (s.n > 0) {
        size_t plain = 0; /* bytes that go out as they are */
        size_t n = 0;
        for (; plain < s.n; plain += n) {
            uint8_t c = s.p[plain];
            n = json_utf8_length(span_sub(s, plain, 4));
            if (n == 0 || c < 0x20 || c == '"' || c == '\\')
                break;
        }
        if (plain > 0)
            put(out, s.p, plain);
        s = span_sub(s, plain, s.n);
        if (s.n == 0)
            break;
        if (n == 0)
            put_text(out, "\xEF\xBF\xBD");
        else
            put_escape(out, s.p[0]);
        s = span_sub(s, 1, s.n);
    }
    put(out, "\"", 1);
}

/* ---- structure ---- */

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* The comma and the key before a value. */
static void begin(struct json_out *out, const char *key)
{
    bool in_object = out->depth > 0 && out->closers[out->depth - 1] == '}';

    require(in_object == (key != NULL));
    require(out->depth > 0 || out->first); /* one value at the top */
    if (!out->first)
        put(out, ",", 1);
    out->first = false;
    if (key != NULL) {
        put_string(out, span_str(key));
        put(out, ":", 1);
    }
}

static void open_level(struct json_out *out, const char *key, char opener, char closer)
{
    begin(out, key);
    require(out->depth < JSON_MAX_DEPTH); /* no document of ours is that deep */
    put(out, &opener, 1);
    out->closers[out->depth++] = closer;
    out->first = true;
}

void json_out_object(struct json_out *out, const char *key)
{
    open_level(out, key, '{', '}');
}

void json_out_array(struct json_out *out, const char *key)
{
    open_level(out, key, '[', ']');
}

void json_out_end(struct json_out *out)
{
    require(out->depth > 0);
    put(out, &out->closers[--out->depth], 1);
    out->first = false;
}

/* ---- values ---- */

void json_out_span(struct json_out *out, const char *key, struct span value)
{
    begin(out, key);
    put_string(out, value);
}

void json_out_str(struct json_out *out, const char *key, const char *value)
{
    if (value == NULL)
        json_out_null(out, key);
    else
        json_out_span(out, key, span_str(value));
}

void json_out_fixed(struct json_out *out, const char *key, int64_t value, unsigned decimals)
{
    char text[64];
    struct buf b = buf_of(text, sizeof text);

    begin(out, key);
    if (buf_fixed(&b, value, decimals, false))
        put(out, text, b.n);
    else
        put_text(out, "null");
}

void json_out_int(struct json_out *out, const char *key, int64_t value)
{
    json_out_fixed(out, key, value, 0);
}

void json_out_double(struct json_out *out, const char *key, double value)
{
    char text[40];

    if (!isfinite(value)) {
        json_out_null(out, key);
        return;
    }
    /* 15 digits are always exact in decimal, 17 always in binary. */
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        double back = strtod(text, NULL);
        if (back >= value && back <= value)
            break;
    }
    for (char *c = text; *c != '\0'; c++) {
        if (strchr("0123456789+-e", *c) == NULL)
            *c = '.'; /* the decimal point of some locale */
    }
    begin(out, key);
    put_text(out, text);
}

void json_out_bool(struct json_out *out, const char *key, bool value)
{
    begin(out, key);
    put_text(out, value ? "true" : "false");
}

void json_out_null(struct json_out *out, const char *key)
{
    begin(out, key);
    put_text(out, "null");
}

void json_out_raw(struct json_out *out, const char *key, struct span json_text)
{
    begin(out, key);
    put(out, json_text.p, json_text.n);
}
