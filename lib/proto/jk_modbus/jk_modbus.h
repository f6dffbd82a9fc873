/* SPDX-License-Identifier: Apache-2.0
 *
 * Modbus RTU as JK-PB ("inverter") BMS speak it on RS485: functions 03 and 10 only, big endian,
 * both directions, and finding telegrams in a stream. The trap of this protocol: the address on the
 * wire is a byte offset, while the count is in words, so the register behind 0x1200 is 0x1202.
 *
 *   unit 03 address words CRC          -> unit 03 bytes data.. CRC
 *   unit 10 address words bytes data.. CRC -> unit 10 address words CRC
 *   anything refused                   -> unit function|80 code CRC
 *
 * A wrong CRC or another unit's address is answered with silence. Units 1 to 15 by DIP switch; unit
 * 0 is the master of the pack bus and answers nobody.
 *
 * Source: docs/protocols/jk.md. Pure.
 */
#ifndef PROTO_JK_MODBUS_H
#define PROTO_JK_MODBUS_H

#include "base/span.h"

enum {
    JK_MODBUS_READ = 0x03,
    JK_MODBUS_WRITE = 0x10,
    JK_MODBUS_MAX = 256, /* bytes of any telegram */
    JK_MODBUS_READ_WORDS = 125,
    JK_MODBUS_WRITE_WORDS = 123,
    JK_MODBUS_SAFE_WORDS = 40, /* what every firmware answers; 0x70 and 128 failed in the field */
};

enum jk_modbus_exception {
    JK_MODBUS_OK,
    JK_MODBUS_BAD_FUNCTION,
    JK_MODBUS_BAD_ADDRESS,
    JK_MODBUS_BAD_VALUE,
    JK_MODBUS_BROKEN,
};

/* CRC-16/MODBUS; on the wire the low byte comes first. */
uint16_t jk_modbus_crc(struct span bytes);

struct jk_modbus_request {
    uint8_t unit;
    uint8_t function;
    uint16_t address;
    uint16_t words;
    uint8_t data[2 * JK_MODBUS_WRITE_WORDS]; /* of a write: 2 * words bytes */
};

/* One whole telegram. ERR_SHORT; ERR_CHECKSUM; ERR_UNSUPPORTED: another function (bytes 0 and 1 are
 * unit and function, answer BAD_FUNCTION); ERR_RANGE: a count of 0 or beyond the limits, or one
 * that disagrees with the bytes (answer BAD_VALUE); ERR_LAYOUT: bytes behind the telegram. */
struct decoded jk_modbus_request_decode(struct span bytes, struct jk_modbus_request *ret);
/* ERR_USAGE: no such function or a count out of range; ERR_SPACE. */
enum err jk_modbus_request_encode(const struct jk_modbus_request *request, struct buf *out);

struct jk_modbus_reply {
    uint8_t unit;
    uint8_t function;                 /* without 0x80 */
    enum jk_modbus_exception refused; /* not OK: nothing below counts */
    uint16_t address;                 /* of a write */
    uint16_t words;
    uint8_t data[2 * JK_MODBUS_READ_WORDS]; /* of a read */
};

/* The answer to `asked`: ERR_MISMATCH when it is not (another unit, function, count or address).
 * ERR_SHORT, ERR_CHECKSUM, ERR_LAYOUT (bytes behind it), ERR_RANGE (an exception code that does not
 * exist). Nothing tells a late answer to an equal request. */
struct decoded jk_modbus_reply_decode(struct span bytes, const struct jk_modbus_request *asked,
                                      struct jk_modbus_reply *ret);
enum err jk_modbus_reply_encode(const struct jk_modbus_reply *reply, struct buf *out);

/* ================================================================== stream ==== */

/* Finds telegrams in bytes that arrive in any chunking, with the echo of the own request, answers
 * of other units and garbage around them. Resynchronisation: a candidate that cannot be one or has
 * a wrong CRC loses its first byte. */
struct jk_modbus_reader {
    uint8_t bytes[JK_MODBUS_MAX];
    uint16_t n;
    uint16_t got; /* length of the last telegram; dropped with the next call */
    uint32_t junk;
    uint32_t bad_crc;
};

enum jk_modbus_event { JK_MODBUS_MORE, JK_MODBUS_TELEGRAM };

void jk_modbus_reader_reset(struct jk_modbus_reader *r); /* keeps the counters */
/* Takes bytes up to the end of the next telegram; call again until MORE. The side of a BMS: also
 * finds requests with functions 01 to 06, so that they can be refused. */
enum jk_modbus_event jk_modbus_feed_requests(struct jk_modbus_reader *r, struct span in,
                                             size_t *ret_used);
/* The side of a bridge: only what can be the answer to `asked`. */
enum jk_modbus_event jk_modbus_feed_replies(struct jk_modbus_reader *r,
                                            const struct jk_modbus_request *asked, struct span in,
                                            size_t *ret_used);
struct span jk_modbus_got(const struct jk_modbus_reader *r); /* valid until the next call */

#endif
