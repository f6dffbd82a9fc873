/* SPDX-License-Identifier: Apache-2.0
 *
 * Telegrams out of a stream. Modbus frames by silence, which no serial adapter passes on; length
 * and CRC do it instead.
 */
#include <string.h>

#include "proto/jk_modbus/jk_modbus.h"

enum { UNKNOWN_LENGTH = 0, IMPOSSIBLE = 1 }; /* no telegram has one byte */

/* How long the telegram that begins here is, as far as can be told. */
static size_t request_length(struct span s)
{
    if (s.n < 2)
        return UNKNOWN_LENGTH;
    if (s.p[1] >= 1 && s.p[1] <= 6)
        return 8;
    if (s.p[1] != JK_MODBUS_WRITE)
        return IMPOSSIBLE;
    if (s.n < 7)
        return UNKNOWN_LENGTH;
    size_t words = (size_t)s.p[4] << 8 | s.p[5];
    if (words == 0 || words > JK_MODBUS_WRITE_WORDS || s.p[6] != 2 * words)
        return IMPOSSIBLE;
    return 9 + 2 * words;
}

static size_t reply_length(struct span s, const struct jk_modbus_request *asked)
{
    const uint8_t head[] = {asked->unit,
                            asked->function,
                            (uint8_t)(asked->address >> 8),
                            (uint8_t)asked->address,
                            (uint8_t)(asked->words >> 8),
                            (uint8_t)asked->words};

    if (s.p[0] != asked->unit)
        return IMPOSSIBLE;
    if (s.n < 3)
        return UNKNOWN_LENGTH;
    if (s.p[1] == (asked->function | 0x80))
        return 5;
    if (s.p[1] != asked->function)
        return IMPOSSIBLE;
    if (asked->function == JK_MODBUS_WRITE)
        return memcmp(s.p, head, s.n < sizeof head ? s.n : sizeof head) == 0 ? 8 : IMPOSSIBLE;
    return s.p[2] == 2 * asked->words ? 5 + (size_t)s.p[2] : IMPOSSIBLE;
}

static void drop(struct jk_modbus_reader *r, size_t n)
{
    memmove(r->bytes, r->bytes + n, r->n - n);
    r->n = (uint16_t)(r->n - n);
}

static bool crc_is_right(const struct jk_modbus_reader *r, size_t n)
{
    uint16_t crc = jk_modbus_crc(span_of(r->bytes, n - 2));

    return r->bytes[n - 2] == (crc & 0xFF) && r->bytes[n - 1] == crc >> 8;
}

/* `asked` NULL: looks for requests. */
static enum jk_modbus_event settle(struct jk_modbus_reader *r,
                                   const struct jk_modbus_request *asked)
{
    while (r->n > 0) {
        struct span s = span_of(r->bytes, r->n);
        size_t n = asked == NULL ? request_length(s) : reply_length(s, asked);
        if (n == UNKNOWN_LENGTH || n > r->n)
            return JK_MODBUS_MORE;
        if (n != IMPOSSIBLE && crc_is_right(r, n)) {
            r->got = (uint16_t)n;
            return JK_MODBUS_TELEGRAM;
        }
        r->bad_crc += n != IMPOSSIBLE;
        r->junk++;
        drop(r, 1);
    }
    return JK_MODBUS_MORE;
}

static enum jk_modbus_event feed(struct jk_modbus_reader *r, const struct jk_modbus_request *asked,
                                 struct span in, size_t *ret_used)
{
    drop(r, r->got);
    r->got = 0;
    enum jk_modbus_event event = settle(r, asked);
    size_t used = 0;

    while (event == JK_MODBUS_MORE && used < in.n) {
        r->bytes[r->n++] = in.p[used++];
        event = settle(r, asked);
    }
    *ret_used = used;
    return event;
}

void jk_modbus_reader_reset(struct jk_modbus_reader *r)
{
    r->n = 0;
    r->got = 0;
}

enum jk_modbus_event jk_modbus_feed_requests(struct jk_modbus_reader *r, struct span in,
                                             size_t *ret_used)
{
    return feed(r, NULL, in, ret_used);
}

enum jk_modbus_event jk_modbus_feed_replies(struct jk_modbus_reader *r,
                                            const struct jk_modbus_request *asked, struct span in,
                                            size_t *ret_used)
{
    return feed(r, asked, in, ret_used);
}

struct span jk_modbus_got(const struct jk_modbus_reader *r)
{
    return span_of(r->bytes, r->got);
}
