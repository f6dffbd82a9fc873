/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON members straight from integers and texts: no floating point, no locale, no allocation.
 */
#include <string.h>

#include "proto/ha_discovery/ha_private.h"

static void put_key(struct ha_json *w, const char *key)
{
    if (w->comma)
        buf_u8(w->out, ',');
    w->comma = true;
    if (key == NULL)
        return;
    buf_u8(w->out, '"');
    buf_str(w->out, key);
    buf_str(w->out, "\":");
}

void ha_json_object(struct ha_json *w, const char *key)
{
    put_key(w, key);
    buf_u8(w->out, '{');
    w->comma = false;
}

void ha_json_array(struct ha_json *w, const char *key)
{
    put_key(w, key);
    buf_u8(w->out, '[');
    w->comma = false;
}

void ha_json_end(struct ha_json *w, char bracket)
{
    buf_u8(w->out, (uint8_t)bracket);
    w->comma = true;
}

void ha_json_fixed(struct ha_json *w, const char *key, int64_t value, unsigned decimals)
{
    put_key(w, key);
    buf_fixed(w->out, value, decimals, false);
}

void ha_json_null(struct ha_json *w, const char *key)
{
    put_key(w, key);
    buf_str(w->out, "null");
}

/* The length of the UTF-8 character at p, 0 when there is none (RFC 3629). p ends with NUL. */
static size_t utf8_length(const uint8_t *p)
{
    size_t n = p[0] < 0x80                    ? 1
               : p[0] >= 0xC2 && p[0] <= 0xDF ? 2
               : (p[0] & 0xF0) == 0xE0        ? 3
               : p[0] >= 0xF0 && p[0] <= 0xF4 ? 4
                                              : 0;

    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    }
    if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ||
        (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F))
        return 0;
    return n;
}

void ha_json_text(struct ha_json *w, const char *key, const char *text)
{
    const uint8_t *p = (const uint8_t *)text;

    if (text[0] == '\0')
        return;
    put_key(w, key);
    buf_u8(w->out, '"');
    while (*p != '\0') {
        size_t n = utf8_length(p);
        if (n == 0)
            buf_u8(w->out, '?');
        else if (n == 1 && (*p == '"' || *p == '\\'))
            buf_put(w->out, span_of((const uint8_t[]){'\\', *p}, 2));
        else if (*p >= 0x20 && *p != 0x7F)
            buf_put(w->out, span_of(p, n));
        p += n > 0 ? n : 1;
    }
    buf_u8(w->out, '"');
}
