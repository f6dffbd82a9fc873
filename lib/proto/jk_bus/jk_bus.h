/* SPDX-License-Identifier: Apache-2.0
 *
 * The RS485 bus between JK-PB packs: a master writes 0 to a "trigger" register, the pack answers
 * with a 300-byte frame and an acknowledge. Telegrams for both sides, and a listener that tells
 * whose frame it was, on a bus that it polls itself or that a JK master polls.
 *
 *   request      unit 10 16 RR 00 01 02 00 00 CRC     RR: 20 cells, 1E settings, 1C information
 *   answer       frame of 300, [00], unit 10 16 RR 00 01 CRC, [00]
 *
 * A frame does not say whose it is (settings excepted), so identity comes from the acknowledge, or
 * from the one request that is open. A JK master (unit 0) answers nobody, asks everybody in a cycle
 * of about 4.4 s and then sends its own cells and settings unasked.
 *
 * Time is an argument, in microseconds of any clock. Source: docs/protocols/jk.md. Pure.
 */
#ifndef PROTO_JK_BUS_H
#define PROTO_JK_BUS_H

#include "proto/jk_frame/jk_record.h"

enum {
    JK_BUS_UNITS = 16, /* 0 is the master, 1 to 15 by DIP switch */
    JK_BUS_REQUEST_BYTES = 11,
    JK_BUS_ACK_BYTES = 8,
    JK_BUS_SLACK = 4, /* bytes between frame and acknowledge that are forgiven */
    JK_BUS_REPLY_MAX = JK_FRAME + JK_BUS_ACK_BYTES + 2,
    JK_BUS_ANSWER_US = 220000, /* no answer after this: absent */
    JK_BUS_ACK_US = 50000,     /* no acknowledge behind a frame after this: none comes */
    JK_BUS_GAP_US = 100000,    /* nobody pauses that long inside a telegram */
    JK_BUS_PAUSE_US = 120000,  /* to keep between two requests: below 50 ms all units answer */
};

/* ================================================================== telegrams ==== */

/* ERR_USAGE: no unit 1 to 15, or a record without a trigger (the logbook); ERR_SPACE. */
enum err jk_bus_request_encode(uint8_t unit, enum jk_type type, struct buf *out);
/* ERR_SHORT, ERR_LAYOUT, ERR_CHECKSUM; ERR_RANGE: no unit 0 to 15. */
struct decoded jk_bus_request_decode(struct span bytes, uint8_t *ret_unit, enum jk_type *ret_type);
enum err jk_bus_ack_encode(uint8_t unit, enum jk_type type, struct buf *out); /* also unit 0 */
struct decoded jk_bus_ack_decode(struct span bytes, uint8_t *ret_unit, enum jk_type *ret_type);

/* Both were recorded; the zeros look like the driver being switched. */
enum jk_bus_form { JK_BUS_308, JK_BUS_310 };
/* A pack's answer. ERR_USAGE: no good frame, or no unit 0 to 15. */
enum err jk_bus_reply_encode(struct span frame, uint8_t unit, enum jk_bus_form form,
                             struct buf *out);

/* ================================================================== listener ==== */

enum jk_bus_event {
    JK_BUS_MORE,
    JK_BUS_REQUEST, /* somebody else's: there is another master */
    JK_BUS_ECHO,    /* the own request, heard by an adapter without echo suppression */
    JK_BUS_FRAME,
    JK_BUS_ACK, /* without a frame in front of it */
};

/* How it is known whose frame it is. */
enum jk_bus_identity {
    JK_BUS_BY_ACK,     /* the proof */
    JK_BUS_BY_REQUEST, /* the acknowledge is missing, exactly one request for it is open */
    JK_BUS_BY_FRAME,   /* the acknowledge is missing, a settings record names its unit */
    JK_BUS_BY_NOBODY,  /* nobody signed. Nobody asked: a master's own; else it cannot be told */
};

struct jk_bus_heard {
    uint8_t unit; /* 0 with BY_NOBODY */
    enum jk_type type;
    enum jk_bus_identity identity; /* of a frame, as the following */
    bool asked;                    /* a request was open, for: */
    uint8_t asked_unit;            /* differs from `unit` when the wrong one answered */
    struct span frame;             /* valid until the next call */
};

struct jk_bus_note {
    bool valid;
    uint8_t unit;
    enum jk_type type;
    uint64_t at_us;
};

/* Zero-initialise it. */
struct jk_bus {
    uint8_t bytes[JK_FRAME];
    uint16_t n;
    uint64_t last_us; /* of the newest byte */
    uint8_t frame[JK_FRAME];
    bool pending; /* `frame` waits for its acknowledge */
    uint8_t slack;
    uint64_t frame_us;
    struct jk_bus_note request; /* the newest open one */
    uint8_t open;               /* how many are open; 2: several */
    struct jk_bus_note echo;    /* the own request that may be heard */
    struct jk_bus_note ack;     /* one that came before its frame */
    uint32_t frames, requests, acks;
    uint32_t junk;       /* bytes dropped */
    uint32_t bad_sum;    /* frames with a wrong sum: cut ones too, once other bytes fill them up */
    uint32_t bad_splice; /* a header, request or acknowledge inside a frame */
    uint32_t cut;        /* telegrams that fell silent */
};

/* A bridge that polls says so, so that its echo is no foreign master. */
void jk_bus_sent(struct jk_bus *bus, uint8_t unit, enum jk_type type, uint64_t now_us);
/* Takes bytes up to the next event; call it again with the rest, also an empty one, until MORE.
 * Resynchronisation: a byte that begins nothing is dropped; a candidate that fails loses its first
 * byte. A frame is reported once its acknowledge came, or once it is clear that none will. */
enum jk_bus_event jk_bus_feed(struct jk_bus *bus, struct span in, uint64_t now_us, size_t *ret_used,
                              struct jk_bus_heard *ret);
/* When jk_bus_expire() has something to do; UINT64_MAX: never, unless bytes come. */
uint64_t jk_bus_deadline(const struct jk_bus *bus);
/* What the time that has passed decides; call it until MORE. */
enum jk_bus_event jk_bus_expire(struct jk_bus *bus, uint64_t now_us, struct jk_bus_heard *ret);

/* ================================================================== cycle ==== */

enum {
    JK_BUS_MASTER_US = 10000000, /* a master that is not heard for this long is gone */
    JK_BUS_PRESENT_US = 10000000,
};

/* What a listener knows of the units and of a foreign master's cycle. Zero-initialise it. */
struct jk_bus_unit {
    uint64_t asked_us;   /* last request for its cells */
    uint64_t heard_us;   /* last frame; 0: never */
    uint32_t asked;      /* requests for its cells */
    uint32_t unanswered; /* of them in a row */
    uint32_t frames;
};

struct jk_bus_cycle {
    struct jk_bus_unit units[JK_BUS_UNITS];
    uint64_t foreign_us; /* last request of somebody else; 0: never */
    uint64_t period_us;  /* from one request for a unit's cells to the next; 0: not seen yet */
    uint32_t strangers;  /* frames of another unit than the one that was asked */
};

/* Call it for every event. A frame that nobody signed and nobody asked for is the master's when
 * there is one, else it is dropped here: it may be a late answer. */
void jk_bus_cycle_note(struct jk_bus_cycle *cycle, enum jk_bus_event event,
                       const struct jk_bus_heard *heard, uint64_t now_us);
bool jk_bus_cycle_has_master(const struct jk_bus_cycle *cycle, uint64_t now_us);
/* Bit i: a frame of unit i is at most 10 s old. */
uint32_t jk_bus_cycle_present(const struct jk_bus_cycle *cycle, uint64_t now_us);

#endif
