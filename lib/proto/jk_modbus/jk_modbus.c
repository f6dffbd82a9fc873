/* SPDX-License-Identifier: Apache-2.0
 *
 * Single telegrams.
 */
#include "proto/jk_modbus/jk_modbus.h"

#include <string.h>

enum { REFUSED = 0x80, CRC_BYTES = 2, MIN_BYTES = 4 };

uint16_t jk_modbus_crc(struct span bytes)
{
    unsigned crc = 0xFFFF;

    for (size_t i = 0; i < bytes.n; i++) {
        crc ^= bytes.p[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = (crc & 1) != 0 ? crc >> 1 ^ 0xA001 : crc >> 1;
    }
    return (uint16_t)crc;
}

static struct decoded bad(enum err code, size_t offset)
{
    return (struct decoded){.code = code, .offset = (uint32_t)offset};
}

static uint16_t word_at(struct span s, size_t at)
{
    return (uint16_t)(s.p[at] << 8 | s.p[at + 1]);
}

/* Exactly `n` bytes with a right CRC at their end? */
static struct decoded check(struct span bytes, size_t n)
{
    if (bytes.n < n)
        return bad(ERR_SHORT, bytes.n);
    if (bytes.n > n)
        return bad(ERR_LAYOUT, n);
    uint16_t crc = jk_modbus_crc(span_sub(bytes, 0, n - CRC_BYTES));
    if (bytes.p[n - 2] != (crc & 0xFF) || bytes.p[n - 1] != crc >> 8)
        return bad(ERR_CHECKSUM, n - CRC_BYTES);
    return bad(ERR_OK, 0);
}

static enum err finish(const uint8_t *bytes, size_t n, struct buf *out)
{
    uint8_t whole[JK_MODBUS_MAX + CRC_BYTES];
    uint16_t crc = jk_modbus_crc(span_of(bytes, n));

    memcpy(whole, bytes, n);
    whole[n] = (uint8_t)crc;
    whole[n + 1] = (uint8_t)(crc >> 8);
    return buf_put(out, span_of(whole, n + CRC_BYTES)) ? ERR_OK : ERR_SPACE;
}

static void put_word(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

/* ---- requests ---- */

static uint16_t most_words(uint8_t function)
{
    return function == JK_MODBUS_READ ? JK_MODBUS_READ_WORDS : JK_MODBUS_WRITE_WORDS;
}

struct decoded jk_modbus_request_decode(struct span bytes, struct jk_modbus_request *ret)
{
    bool write = bytes.n > 1 && bytes.p[1] == JK_MODBUS_WRITE;
    bool known = write || (bytes.n > 1 && bytes.p[1] == JK_MODBUS_READ);

    if (bytes.n < MIN_BYTES || (write && bytes.n < 7))
        return bad(ERR_SHORT, bytes.n);
    size_t n = bytes.n;
    if (known)
        n = write ? 9 + (size_t)bytes.p[6] : 8;
    struct decoded d = check(bytes, n);
    if (d.code != ERR_OK)
        return d;
    if (!known)
        return bad(ERR_UNSUPPORTED, 1);
    uint16_t words = word_at(bytes, 4);
    if (words == 0 || words > most_words(bytes.p[1]))
        return bad(ERR_RANGE, 4);
    if (write && bytes.p[6] != 2 * words)
        return bad(ERR_RANGE, 6);
    *ret = (struct jk_modbus_request){
        .unit = bytes.p[0],
        .function = bytes.p[1],
        .address = word_at(bytes, 2),
        .words = words,
    };
    if (write)
        memcpy(ret->data, bytes.p + 7, 2 * (size_t)words);
    return d;
}

enum err jk_modbus_request_encode(const struct jk_modbus_request *request, struct buf *out)
{
    uint8_t bytes[JK_MODBUS_MAX] = {request->unit, request->function};
    bool write = request->function == JK_MODBUS_WRITE;
    size_t n = 6;

    if (!write && request->function != JK_MODBUS_READ)
        return ERR_USAGE;
    if (request->words == 0 || request->words > most_words(request->function))
        return ERR_USAGE;
    put_word(bytes + 2, request->address);
    put_word(bytes + 4, request->words);
    if (write) {
        size_t data = 2 * (size_t)request->words;
        bytes[6] = (uint8_t)data;
        memcpy(bytes + 7, request->data, data);
        n = 7 + data;
    }
    return finish(bytes, n, out);
}

/* ---- replies ---- */

static struct decoded refusal_decode(struct span bytes, const struct jk_modbus_request *asked,
                                     struct jk_modbus_reply *ret)
{
    struct decoded d = check(bytes, 5);

    if (d.code != ERR_OK)
        return d;
    if (bytes.p[2] == JK_MODBUS_OK || bytes.p[2] > JK_MODBUS_BROKEN)
        return bad(ERR_RANGE, 2);
    *ret = (struct jk_modbus_reply){
        .unit = asked->unit,
        .function = asked->function,
        .refused = (enum jk_modbus_exception)bytes.p[2],
    };
    return d;
}

static struct decoded read_decode(struct span bytes, const struct jk_modbus_request *asked,
                                  struct jk_modbus_reply *ret)
{
    size_t data = bytes.p[2];
    struct decoded d = check(bytes, 5 + data);

    if (d.code != ERR_OK)
        return d;
    if (data != 2 * (size_t)asked->words || data > sizeof ret->data)
        return bad(ERR_MISMATCH, 2);
    *ret = (struct jk_modbus_reply){
        .unit = asked->unit,
        .function = asked->function,
        .address = asked->address,
        .words = asked->words,
    };
    memcpy(ret->data, bytes.p + 3, data);
    return d;
}

static struct decoded write_decode(struct span bytes, const struct jk_modbus_request *asked,
                                   struct jk_modbus_reply *ret)
{
    struct decoded d = check(bytes, 8);

    if (d.code != ERR_OK)
        return d;
    if (word_at(bytes, 2) != asked->address)
        return bad(ERR_MISMATCH, 2);
    if (word_at(bytes, 4) != asked->words)
        return bad(ERR_MISMATCH, 4);
    *ret = (struct jk_modbus_reply){
        .unit = asked->unit,
        .function = asked->function,
        .address = asked->address,
        .words = asked->words,
    };
    return d;
}

struct decoded jk_modbus_reply_decode(struct span bytes, const struct jk_modbus_request *asked,
                                      struct jk_modbus_reply *ret)
{
    if (bytes.n < MIN_BYTES)
        return bad(ERR_SHORT, bytes.n);
    if (bytes.p[0] != asked->unit)
        return bad(ERR_MISMATCH, 0);
    if ((bytes.p[1] & ~REFUSED) != asked->function)
        return bad(ERR_MISMATCH, 1);
    if ((bytes.p[1] & REFUSED) != 0)
        return refusal_decode(bytes, asked, ret);
    return asked->function == JK_MODBUS_READ ? read_decode(bytes, asked, ret)
                                             : write_decode(bytes, asked, ret);
}

enum err jk_modbus_reply_encode(const struct jk_modbus_reply *reply, struct buf *out)
{
    uint8_t bytes[JK_MODBUS_MAX] = {reply->unit, reply->function};
    size_t data = 2 * (size_t)reply->words;

    if (reply->refused != JK_MODBUS_OK) {
        bytes[1] |= REFUSED;
        bytes[2] = (uint8_t)reply->refused;
        return finish(bytes, 3, out);
    }
    if (reply->function == JK_MODBUS_WRITE) {
        put_word(bytes + 2, reply->address);
        put_word(bytes + 4, reply->words);
        return finish(bytes, 6, out);
    }
    if (reply->function != JK_MODBUS_READ || data == 0 || data > sizeof reply->data)
        return ERR_USAGE;
    bytes[2] = (uint8_t)data;
    memcpy(bytes + 3, reply->data, data);
    return finish(bytes, 3 + data, out);
}
