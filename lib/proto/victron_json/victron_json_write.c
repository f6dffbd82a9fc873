/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON members straight from integers: no floating point, no locale, no allocation.
 */
#include <string.h>

#include "proto/victron_json/victron_json_private.h"

static void put_key(struct vjson_writer *w, const char *key)
{
    if (w->comma) {
        buf_u8(w->out, ',');
    }
    w->comma = true;
    buf_u8(w->out, '"');
    buf_str(w->out, key);
    buf_str(w->out, "\":");
}

void vjson_open(struct vjson_writer *w, const char *key)
{
    if (key != NULL) {
        put_key(w, key);
    }
    buf_u8(w->out, '{');
    w->comma = false;
}

void vjson_close(struct vjson_writer *w)
{
    buf_u8(w->out, '}');
    w->comma = true;
}

void vjson_fixed(struct vjson_writer *w, const char *key, int64_t value, unsigned decimals)
{
    put_key(w, key);
    buf_fixed(w->out, value, decimals, false);
}

void vjson_integer(struct vjson_writer *w, const char *key, int64_t value)
{
    vjson_fixed(w, key, value, 0);
}

/* The bytes of `text` that may stand in a message, as they are written. */
static size_t clean(const char *text, char *out)
{
    size_t length = strnlen(text, BATTERY_TEXT);
    size_t n = 0;

    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c >= 0x20) {
            out[n++] = c < 0x7F ? (char)c : '?';
        }
    }
    return n;
}

void vjson_empty(struct vjson_writer *w, const char *key)
{
    put_key(w, key);
    buf_str(w->out, "\"\"");
}

void vjson_text(struct vjson_writer *w, const char *key, const char *text)
{
    char cleaned[BATTERY_TEXT];
    size_t n = clean(text, cleaned);

    if (n == 0) {
        return;
    }
    put_key(w, key);
    buf_u8(w->out, '"');
    for (size_t i = 0; i < n; i++) {
        if (cleaned[i] == '"' || cleaned[i] == '\\') {
            buf_u8(w->out, '\\');
        }
        buf_u8(w->out, (uint8_t)cleaned[i]);
    }
    buf_u8(w->out, '"');
}
