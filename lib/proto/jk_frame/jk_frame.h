/* SPDX-License-Identifier: Apache-2.0
 *
 * The frames of JK (JiKong) BMS as they travel over Bluetooth LE and over the RS485 bus between
 * JK-PB packs: 300 bytes from the BMS, 20 bytes to it and as its acknowledge. This header has the
 * envelope: reassembly of a stream cut anywhere, commands, registers, and which generation a frame
 * belongs to. What the records hold is in jk_record.h.
 *
 *   55 AA EB 90 | type | counter | 293 bytes | sum8 of bytes 0..298
 *   AA 55 90 EB | number | length | 13 bytes of data, little endian | sum8 of bytes 0..18
 *
 * Source: docs/protocols/jk.md; captures of firmware 3.3.0 to 19.31. Pure: no I/O, no clock, no
 * allocation; every struct may be copied with =.
 */
#ifndef PROTO_JK_FRAME_H
#define PROTO_JK_FRAME_H

#include "base/span.h"

enum {
    JK_FRAME = 300,
    JK_BODY_AT = 6, /* behind header, type and counter */
    JK_BODY = 293,  /* without the sum */
    JK_SUM_AT = 299,
    JK_COMMAND = 20,
};

enum jk_type { JK_SETTINGS = 1, JK_CELLS = 2, JK_INFO = 3, JK_LOG = 5 };

/* The generations differ in where a record's values stand, JK04 also in how they are coded. */
enum jk_layout {
    JK_LAYOUT_UNKNOWN,
    JK04,     /* float32, firmware 3.x and active balancers */
    JK02_24S, /* firmware 4 to 10 */
    JK02_32S, /* firmware from 11 on, and the pack bus */
};

/* Low byte of the sum of all bytes. */
uint8_t jk_sum8(struct span bytes);

/* Is this one whole frame? ERR_SHORT, too few bytes (offset: how many there are); ERR_LAYOUT, more
 * than 300 bytes, another header, a type that does not exist, or a second header inside, which is
 * two frames spliced; ERR_CHECKSUM. The counter is no part of the check: it counts on Bluetooth
 * and stands still on RS485. */
struct decoded jk_frame_check(struct span frame, enum jk_type *ret_type);

/* ================================================================== stream ==== */

enum jk_stream_event {
    JK_STREAM_MORE,    /* all of the input is consumed */
    JK_STREAM_FRAME,   /* jk_stream_got() is a frame that passes jk_frame_check() */
    JK_STREAM_COMMAND, /* jk_stream_got() is a command or an acknowledge with a good sum */
};

/* Finds frames in bytes that arrive in any chunking, with "AT\r\n", stale bytes and acknowledges
 * glued to them. Resynchronisation: what begins no header is dropped; a candidate that fails its
 * check loses its first byte only, so that a good frame behind or inside it is never lost. */
struct jk_stream {
    uint8_t bytes[JK_FRAME];
    uint16_t n;
    uint16_t got;    /* length of what the last event reported; dropped with the next call */
    uint32_t frames; /* the counters are for statistics and may be set to 0 */
    uint32_t commands;
    uint32_t junk;        /* bytes dropped */
    uint32_t bad_sum;     /* frames and commands with a wrong sum */
    uint32_t bad_type;    /* headers followed by no known type */
    uint32_t bad_spliced; /* good sum, but a second header inside */
};

/* Also after a disconnect, and after a silence in which no sender pauses: the first half of a frame
 * must not wait for another's second half. */
void jk_stream_reset(struct jk_stream *s); /* keeps the counters */
/* Takes bytes up to the end of the next frame or command; *ret_used says how many. Call it again
 * with the rest, also an empty one, until it says JK_STREAM_MORE. */
enum jk_stream_event jk_stream_feed(struct jk_stream *s, struct span in, size_t *ret_used);
/* Valid until the next call. */
struct span jk_stream_got(const struct jk_stream *s);

/* ================================================================== generation ==== */

/* From a cell record alone: the generation whose pack voltage is the sum of the cells it shows, to
 * 1.5 % or 60 mV. JK_LAYOUT_UNKNOWN: no cell record, or nothing fits; do not publish it. */
enum jk_layout jk_layout_of(struct span frame);

/* A connection keeps its generation: only three cell records in a row that contradict it change
 * it. Zero-initialise it at every connect. */
struct jk_layout_lock {
    enum jk_layout layout;
    enum jk_layout other;
    uint8_t streak;
};
/* Tells which layout to decode this cell record with; JK_LAYOUT_UNKNOWN: skip it. */
enum jk_layout jk_layout_follow(struct jk_layout_lock *lock, struct span frame);

/* ================================================================== commands ==== */

enum {
    JK_CMD_SETTINGS = 0x96, /* a settings record, then cell records for ever */
    JK_CMD_INFO = 0x97,     /* the info record; ask for it first */
    JK_CMD_LOG = 0xA1,
    JK_CMD_ACK = 0xC8, /* from the BMS: "received", which does not mean "accepted" */
};

/* The vendor's app leaves old memory behind the value; it is kept so that a command that is decoded
 * and encoded again is the same bytes. */
struct jk_command {
    uint8_t number; /* request or register */
    uint8_t length; /* bytes of `data` that count */
    uint8_t data[13];
};

/* "AA 55 90 EB C8 01 01 00 .. 44" and "AT\r\n", which firmware from 14 on mixes into its stream. */
extern const struct span jk_ack;
extern const struct span jk_at_noise;

/* ERR_SHORT, ERR_LAYOUT (size or header), ERR_CHECKSUM, ERR_RANGE: a length beyond the data. */
struct decoded jk_command_decode(struct span bytes, struct jk_command *ret);
enum err jk_command_encode(const struct jk_command *command, struct buf *out);
/* The value of a command of up to 4 bytes. */
uint32_t jk_command_value(const struct jk_command *command);

/* ================================================================== registers ==== */

/* The same number means different things in different generations (0x6C is the balancer switch of a
 * JK04 and the clock of a 32S), so nothing is written before the layout is proven. */
struct jk_register {
    uint8_t number;
    uint8_t length;      /* bytes of the value in the command: 1, 2 or 4 */
    enum jk_type record; /* where the value is shown; with at == 0 nowhere */
    uint16_t at;         /* offset in that frame */
    uint8_t width;       /* bytes it takes there */
    int8_t bit;          /* of the little-endian word there; -1: the whole of it */
};

/* ERR_UNSUPPORTED: no such register in this layout, or the layout is unknown. */
enum err jk_register_find(enum jk_layout layout, uint8_t number, struct jk_register *ret);
/* The command that writes a register. ERR_UNSUPPORTED as above; ERR_RANGE: more than its length
 * holds. Floats of the JK04 go as their bits (jk_f32_from_fixed). */
enum err jk_register_command(enum jk_layout layout, uint8_t number, uint32_t value,
                             struct jk_command *ret);
/* What a BMS does with such a command: changes the value in its frame and renews the sum. `frame`
 * is one whole frame of the record that shows the register: else ERR_MISMATCH. ERR_UNSUPPORTED: a
 * register that is shown nowhere. */
enum err jk_register_apply(enum jk_layout layout, const struct jk_command *command, uint8_t *frame);

/* ================================================================== float32 ==== */

/* An IEEE 754 number as its bits, without the compiler's floats, whose result would depend on the
 * machine. To fixed point with up to 6 decimals, rounded half away from zero; false for what is no
 * number or beyond +-2^31. And back to the nearest float. */
bool jk_f32_to_fixed(uint32_t bits, unsigned decimals, int64_t *ret);
uint32_t jk_f32_from_fixed(int64_t value, unsigned decimals);

#endif
