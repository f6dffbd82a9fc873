/* SPDX-License-Identifier: Apache-2.0
 *
 * Listening to the pack bus: requests, frames and acknowledges out of one stream, and whose frame
 * it was.
 */
#include <string.h>

#include "proto/jk_bus/jk_bus.h"

static void take_off(struct jk_bus *bus, size_t n)
{
    memmove(bus->bytes, bus->bytes + n, bus->n - n);
    bus->n = (uint16_t)(bus->n - n);
}

static void drop(struct jk_bus *bus)
{
    bus->junk++;
    if (bus->pending)
        bus->slack++;
    take_off(bus, 1);
}

/* ---- open requests ---- */

static void note(struct jk_bus_note *n, uint8_t unit, enum jk_type type, uint64_t now_us)
{
    *n = (struct jk_bus_note){.valid = true, .unit = unit, .type = type, .at_us = now_us};
}

static bool is_fresh(const struct jk_bus_note *n, uint64_t now_us)
{
    return n->valid && now_us - n->at_us <= JK_BUS_ANSWER_US;
}

static bool is_same(const struct jk_bus_note *n, uint8_t unit, enum jk_type type)
{
    return n->valid && n->unit == unit && n->type == type;
}

static void open_request(struct jk_bus *bus, uint8_t unit, enum jk_type type, uint64_t now_us)
{
    if (!is_fresh(&bus->request, now_us))
        bus->open = 0;
    if (bus->open == 0 || !is_same(&bus->request, unit, type))
        bus->open = bus->open == 0 ? 1 : 2;
    note(&bus->request, unit, type, now_us);
    bus->ack.valid = false;
}

static void close_requests(struct jk_bus *bus)
{
    bus->request.valid = false;
    bus->ack.valid = false;
    bus->open = 0;
}

void jk_bus_sent(struct jk_bus *bus, uint8_t unit, enum jk_type type, uint64_t now_us)
{
    open_request(bus, unit, type, now_us);
    note(&bus->echo, unit, type, now_us);
}

/* ---- whose frame ---- */

/* The unit a settings record names; -1 for none. */
static int unit_inside(const uint8_t *frame)
{
    const unsigned at = 270;

    if (frame[4] != JK_SETTINGS || frame[at + 1] != 0 || frame[at + 2] != 0 || frame[at + 3] != 0)
        return -1;
    return frame[at] < JK_BUS_UNITS ? frame[at] : -1;
}

static void identify(const struct jk_bus *bus, struct jk_bus_heard *heard)
{
    int inside = unit_inside(bus->frame);
    bool early = is_fresh(&bus->ack, bus->frame_us) && bus->ack.type == heard->type;
    bool single = heard->asked && bus->open == 1 && bus->request.type == heard->type;

    if (early) {
        heard->unit = bus->ack.unit;
        heard->identity = JK_BUS_BY_ACK;
    } else if (inside >= 0) {
        heard->unit = (uint8_t)inside;
        heard->identity = JK_BUS_BY_FRAME;
    } else if (single) {
        heard->unit = bus->request.unit;
        heard->identity = JK_BUS_BY_REQUEST;
    } else {
        heard->unit = 0;
        heard->identity = JK_BUS_BY_NOBODY;
    }
}

/* The frame that waited leaves; `ack_unit` is who signed it, -1 for nobody. */
static enum jk_bus_event report_frame(struct jk_bus *bus, int ack_unit, struct jk_bus_heard *ret)
{
    *ret = (struct jk_bus_heard){
        .type = (enum jk_type)bus->frame[4],
        .asked = is_fresh(&bus->request, bus->frame_us),
        .frame = span_of(bus->frame, JK_FRAME),
    };
    if (ret->asked)
        ret->asked_unit = bus->request.unit;
    if (ack_unit >= 0) {
        ret->unit = (uint8_t)ack_unit;
        ret->identity = JK_BUS_BY_ACK;
    } else {
        identify(bus, ret);
    }
    close_requests(bus);
    bus->pending = false;
    bus->frames++;
    return JK_BUS_FRAME;
}

/* ---- candidates ---- */

/* Has `s` the first bytes of a request or acknowledge, as far as they are there? */
static bool may_be_trigger(struct span s)
{
    static const uint8_t head[] = {0, 0x10, 0x16, 0, 0x00, 0x01};

    if (s.p[0] >= JK_BUS_UNITS)
        return false;
    for (size_t i = 1; i < s.n && i < sizeof head; i++) {
        bool ok = i == 3 ? s.p[i] == 0x20 || s.p[i] == 0x1E || s.p[i] == 0x1C : s.p[i] == head[i];
        if (!ok)
            return false;
    }
    return true;
}

static bool may_be_frame(struct span s)
{
    static const uint8_t head[] = {0x55, 0xAA, 0xEB, 0x90};

    return memcmp(s.p, head, s.n < sizeof head ? s.n : sizeof head) == 0;
}

/* A whole request or acknowledge inside a frame: two senders, or a frame cut and another begun. */
static bool holds_trigger(struct span frame)
{
    uint8_t unit;
    enum jk_type type;

    for (size_t at = 1; at + JK_BUS_ACK_BYTES <= frame.n; at++) {
        if (!may_be_trigger(span_sub(frame, at, JK_BUS_ACK_BYTES)))
            continue;
        struct span ack = span_sub(frame, at, JK_BUS_ACK_BYTES);
        struct span request = span_sub(frame, at, JK_BUS_REQUEST_BYTES);
        if (jk_bus_ack_decode(ack, &unit, &type).code == ERR_OK ||
            jk_bus_request_decode(request, &unit, &type).code == ERR_OK)
            return true;
    }
    return false;
}

/* What became of the bytes at the front. */
enum step { WAIT, AGAIN, EVENT };

static enum step try_frame(struct jk_bus *bus, uint64_t now_us, struct jk_bus_heard *ret,
                           enum jk_bus_event *ret_event)
{
    struct span s = span_of(bus->bytes, bus->n);
    enum jk_type type;
    struct decoded d = jk_frame_check(s, &type);

    if (bus->pending && bus->n >= 4) { /* the next frame: no acknowledge comes for the last */
        *ret_event = report_frame(bus, -1, ret);
        return EVENT;
    }
    if (d.code == ERR_SHORT)
        return WAIT;
    if (d.code == ERR_OK && !holds_trigger(s)) {
        memcpy(bus->frame, bus->bytes, JK_FRAME);
        bus->pending = true;
        bus->slack = 0;
        bus->frame_us = now_us;
        take_off(bus, JK_FRAME);
        return AGAIN;
    }
    if (d.code == ERR_CHECKSUM)
        bus->bad_sum++;
    else if (d.code == ERR_OK || d.offset > 4)
        bus->bad_splice++;
    drop(bus);
    return AGAIN;
}

static enum jk_bus_event on_request(struct jk_bus *bus, uint8_t unit, enum jk_type type,
                                    uint64_t now_us, struct jk_bus_heard *ret)
{
    bool own = is_same(&bus->echo, unit, type) && is_fresh(&bus->echo, now_us);

    *ret = (struct jk_bus_heard){.unit = unit, .type = type};
    if (own) {
        bus->echo.valid = false;
        return JK_BUS_ECHO;
    }
    open_request(bus, unit, type, now_us);
    bus->requests++;
    return JK_BUS_REQUEST;
}

static enum jk_bus_event on_ack(struct jk_bus *bus, uint8_t unit, enum jk_type type,
                                uint64_t now_us, struct jk_bus_heard *ret)
{
    bus->acks++;
    if (bus->pending)
        return report_frame(bus, unit, ret);
    note(&bus->ack, unit, type, now_us);
    *ret = (struct jk_bus_heard){.unit = unit, .type = type};
    return JK_BUS_ACK;
}

static enum step try_trigger(struct jk_bus *bus, uint64_t now_us, struct jk_bus_heard *ret,
                             enum jk_bus_event *ret_event)
{
    struct span ack = span_sub(span_of(bus->bytes, bus->n), 0, JK_BUS_ACK_BYTES);
    struct span request = span_sub(span_of(bus->bytes, bus->n), 0, JK_BUS_REQUEST_BYTES);
    uint8_t unit;
    enum jk_type type;

    if (ack.n < JK_BUS_ACK_BYTES)
        return WAIT;
    if (jk_bus_ack_decode(ack, &unit, &type).code == ERR_OK) {
        bool foreign = bus->pending && type != (enum jk_type)bus->frame[4];
        if (!foreign)
            take_off(bus, JK_BUS_ACK_BYTES);
        *ret_event = foreign ? report_frame(bus, -1, ret) : on_ack(bus, unit, type, now_us, ret);
        return EVENT;
    }
    if (request.n < JK_BUS_REQUEST_BYTES && request.p[6] == 0x02 && request.p[7] == 0x00)
        return WAIT;
    if (jk_bus_request_decode(request, &unit, &type).code == ERR_OK) {
        if (bus->pending) {
            *ret_event = report_frame(bus, -1, ret);
            return EVENT;
        }
        take_off(bus, JK_BUS_REQUEST_BYTES);
        *ret_event = on_request(bus, unit, type, now_us, ret);
        return EVENT;
    }
    drop(bus);
    return AGAIN;
}

static enum jk_bus_event settle(struct jk_bus *bus, uint64_t now_us, struct jk_bus_heard *ret)
{
    enum jk_bus_event event = JK_BUS_MORE;
    enum step step = AGAIN;

    while (step == AGAIN) {
        if (bus->pending && bus->slack > JK_BUS_SLACK)
            return report_frame(bus, -1, ret);
        if (bus->n == 0)
            return JK_BUS_MORE;
        struct span s = span_of(bus->bytes, bus->n);
        if (may_be_frame(s))
            step = try_frame(bus, now_us, ret, &event);
        else if (may_be_trigger(s))
            step = try_trigger(bus, now_us, ret, &event);
        else
            drop(bus);
    }
    return event;
}

/* ---- the outside ---- */

/* A telegram that fell silent is dead: what is whole behind its first byte still counts. */
static enum jk_bus_event give_up(struct jk_bus *bus, uint64_t now_us, struct jk_bus_heard *ret)
{
    enum jk_bus_event event = settle(bus, now_us, ret);

    bus->cut += event == JK_BUS_MORE && bus->n > 0;
    while (event == JK_BUS_MORE && bus->n > 0) {
        drop(bus);
        event = settle(bus, now_us, ret);
    }
    return event;
}

static bool is_silent(const struct jk_bus *bus, uint64_t now_us)
{
    return bus->n > 0 && now_us - bus->last_us >= JK_BUS_GAP_US;
}

enum jk_bus_event jk_bus_feed(struct jk_bus *bus, struct span in, uint64_t now_us, size_t *ret_used,
                              struct jk_bus_heard *ret)
{
    enum jk_bus_event event =
        is_silent(bus, now_us) ? give_up(bus, bus->last_us, ret) : settle(bus, now_us, ret);
    size_t used = 0;

    while (event == JK_BUS_MORE && used < in.n) {
        bus->last_us = now_us;
        bus->bytes[bus->n++] = in.p[used++];
        event = settle(bus, now_us, ret);
    }
    *ret_used = used;
    return event;
}

uint64_t jk_bus_deadline(const struct jk_bus *bus)
{
    uint64_t ack = bus->pending ? bus->frame_us + JK_BUS_ACK_US : UINT64_MAX;
    uint64_t gap = bus->n > 0 ? bus->last_us + JK_BUS_GAP_US : UINT64_MAX;

    return ack < gap ? ack : gap;
}

enum jk_bus_event jk_bus_expire(struct jk_bus *bus, uint64_t now_us, struct jk_bus_heard *ret)
{
    if (is_silent(bus, now_us)) {
        enum jk_bus_event event = give_up(bus, bus->last_us, ret);
        if (event != JK_BUS_MORE)
            return event;
    }
    if (bus->pending && now_us - bus->frame_us >= JK_BUS_ACK_US)
        return report_frame(bus, -1, ret);
    return JK_BUS_MORE;
}
