/* SPDX-License-Identifier: Apache-2.0
 *
 * What a bad line does to a reply. Each fault is a small step over the bytes; the order of the
 * steps is in sim/line.h. Damage is what changed the bytes; a late or chopped reply is whole.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/line_private.h"

#define MICRO 1000000

bool fault_live(const struct fault *f, uint64_t now_us)
{
    return f->active && (f->until_us == NEVER_US ? f->replies_left > 0 : now_us < f->until_us);
}

/* Active now; a counted fault has one reply less afterwards. */
static struct fault *use(struct line *line, enum fault_kind kind, bool is_reply, uint64_t now_us)
{
    struct fault *f = &line->faults[kind];

    if (!fault_live(f, now_us))
        return NULL;
    if (is_reply && f->until_us == NEVER_US)
        f->replies_left--;
    return f;
}

static int64_t whole(const struct fault *f)
{
    return f->amount_micro / MICRO;
}

/* ---- memory of replies ---- */

void memory_free(struct line *line)
{
    for (size_t i = 0; i < LINE_MEMORIES; i++)
        free(line->memories[i].bytes);
}

static struct memory *recall(struct line *line, struct span command)
{
    for (size_t i = 0; i < LINE_MEMORIES; i++) {
        struct memory *m = &line->memories[i];
        if (m->bytes != NULL && span_eq(span_of(m->bytes, m->command_n), command))
            return m;
    }
    return NULL;
}

static void remember(struct line *line, struct span command, struct span reply)
{
    struct memory *m = recall(line, command);
    uint8_t *bytes = malloc(command.n + reply.n + 1);

    if (bytes == NULL)
        return;
    if (m == NULL)
        m = &line->memories[line->n_memories++ % LINE_MEMORIES];
    free(m->bytes);
    struct buf b = buf_of(bytes, command.n + reply.n);
    buf_put(&b, command);
    buf_put(&b, reply);
    *m = (struct memory){.bytes = bytes, .command_n = command.n, .reply_n = reply.n};
}

/* The reply as the device meant it, or an older one. */
static struct span stale_or_fresh(struct line *line, struct span command, struct span reply,
                                  uint64_t now_us)
{
    const struct memory *m = recall(line, command);

    if (m != NULL && use(line, FAULT_STALE, true, now_us) != NULL)
        return span_of(m->bytes + m->command_n, m->reply_n);
    remember(line, command, reply);
    return reply;
}

/* ---- what takes bytes away from a reply ---- */

static struct span truncated(struct line *line, struct span s, uint64_t now_us)
{
    const struct fault *f = use(line, FAULT_TRUNCATE, true, now_us);

    if (f == NULL)
        return s;
    int64_t keep = whole(f) >= 0 ? whole(f) : (int64_t)s.n + whole(f);
    return span_sub(s, 0, keep > 0 ? (size_t)keep : 0);
}

/* Puts the reply, maybe with a hole. */
static void put_with_hole(struct line *line, struct span s, uint64_t now_us, struct buf *out)
{
    struct fault *f = use(line, FAULT_BLOCK, true, now_us);

    if (f == NULL) {
        buf_put(out, s);
        return;
    }
    size_t hole = (size_t)whole(f) < s.n ? (size_t)whole(f) : s.n;
    size_t at = (size_t)rng_below(&f->rng, s.n - hole + 1);
    buf_put(out, span_sub(s, 0, at));
    buf_put(out, span_sub(s, at + hole, s.n));
}

static void put_noise(struct fault *f, struct buf *out)
{
    for (int64_t i = 0; i < whole(f); i++)
        buf_u8(out, (uint8_t)(0x80 + rng_below(&f->rng, 0x80)));
}

/* ---- what befalls single bytes ---- */

/* Works in place for drop and flip; duplicates need room, so the bytes go through a copy. */
static void damage_bytes(struct line *line, bool is_reply, uint64_t now_us, struct buf *b)
{
    struct fault *drop = use(line, FAULT_DROP, is_reply, now_us);
    struct fault *duplicate = use(line, FAULT_DUPLICATE, is_reply, now_us);
    struct fault *flip = use(line, FAULT_FLIP, is_reply, now_us);

    if (drop == NULL && duplicate == NULL && flip == NULL)
        return;
    size_t n = b->n;
    /* the bytes move to the end of the room and are read from there: at most two come from one */
    memmove(b->p + b->cap - n, b->p, n);
    const uint8_t *from = b->p + b->cap - n;
    buf_clear(b);
    for (size_t i = 0; i < n; i++) {
        uint8_t byte = from[i];
        if (drop != NULL && rng_chance(&drop->rng, drop->amount_micro))
            continue;
        if (flip != NULL && rng_chance(&flip->rng, flip->amount_micro))
            byte = (uint8_t)(byte ^ (1U << rng_below(&flip->rng, 8)));
        buf_u8(b, byte);
        if (duplicate != NULL && rng_chance(&duplicate->rng, duplicate->amount_micro))
            buf_u8(b, byte);
    }
}

/* ---- the wrong rate ---- */

/* The level of the wire at a time, in bits of the sender: start bit low, eight data bits, stop bit
 * high, idle high. */
static bool level(struct span sent, uint64_t bit)
{
    uint64_t byte = bit / 10, place = bit % 10;

    if (byte >= sent.n || place == 9)
        return true;
    return place > 0 && (sent.p[byte] >> (place - 1) & 1U) != 0;
}

/* What a receiver at another rate makes of it: it waits for a falling edge and samples the middles
 * of its own bits. The result replaces the bytes of b, as far as they fit. */
static void resample(struct buf *b, uint32_t sender, uint32_t receiver)
{
    size_t n = b->n;
    memmove(b->p + b->cap - n, b->p, n);
    struct span sent = span_of(b->p + b->cap - n, n);
    struct buf out = buf_of(b->p, b->cap - n); /* never runs into what is still to be read */
    /* time in half bits of the receiver; the sender's bit at time t is t * sender / (2 * receiver)
     */
    uint64_t end = (uint64_t)n * 10 * 2 * receiver / sender;
    uint64_t t = 0;

    while (t < end) {
        uint8_t byte = 0;
        if (level(sent, t * sender / (2 * (uint64_t)receiver))) {
            t++;
            continue;
        }
        for (unsigned i = 0; i < 8; i++) {
            uint64_t middle = t + 2 * (i + 1) + 1;
            if (level(sent, middle * sender / (2 * (uint64_t)receiver)))
                byte = (uint8_t)(byte | 1U << i);
        }
        if (!buf_u8(&out, byte))
            break;
        t += 2 * 10 - 1; /* half way into the stop bit the receiver looks for the next edge */
    }
    b->n = out.n;
}

/* ---- the whole ---- */

size_t fault_room(struct line *line, struct span command, struct span reply)
{
    const struct memory *m = recall(line, command);
    size_t n = m != NULL && m->reply_n > reply.n ? m->reply_n : reply.n;

    return LINE_GROWTH * (command.n + n) + LINE_GROWTH * LINE_NOISE_MAX;
}

static void apply_timing(struct line *line, uint64_t now_us, struct leaving *out)
{
    const struct fault *delay = use(line, FAULT_DELAY, true, now_us);
    struct fault *stall = use(line, FAULT_STALL, true, now_us);
    const struct fault *chunk = use(line, FAULT_CHUNK, true, now_us);

    if (delay != NULL)
        out->delay_us = (uint64_t)delay->amount_micro;
    if (stall != NULL && out->bytes.n >= 2) {
        size_t half = out->bytes.n / 2; /* somewhere in the middle half */
        out->gap_at = half - half / 2 + (size_t)rng_below(&stall->rng, half / 2 * 2 + 1);
        out->gap_us = (uint64_t)stall->amount_micro;
    }
    if (chunk != NULL)
        out->piece = (size_t)whole(chunk);
}

static void put_reply(struct line *line, struct span command, struct span reply, uint64_t now_us,
                      struct buf *out)
{
    struct span s = stale_or_fresh(line, command, reply, now_us);
    struct fault *garbage = use(line, FAULT_GARBAGE, true, now_us);

    use(line, FAULT_ADDR, true, now_us); /* the owner has done it; this counts */
    s = truncated(line, s, now_us);
    if (garbage != NULL)
        put_noise(garbage, out);
    if (use(line, FAULT_ECHO, true, now_us) != NULL)
        buf_put(out, command);
    put_with_hole(line, s, now_us, out);
}

void fault_apply(struct line *line, struct span command, struct span reply, bool is_reply,
                 uint64_t now_us, struct leaving *out)
{
    bool addr = fault_live(&line->faults[FAULT_ADDR], now_us) && is_reply;
    uint32_t wrong = line_fault_baud(line, now_us);

    if (is_reply)
        put_reply(line, command, reply, now_us, &out->bytes);
    else
        buf_put(&out->bytes, reply);
    damage_bytes(line, is_reply, now_us, &out->bytes);
    out->wire_n = out->bytes.n;
    if (use(line, FAULT_BAUD, is_reply, now_us) != NULL) {
        resample(&out->bytes, wrong, line->baud);
        out->baud = wrong;
    }
    out->damaged = addr || !span_eq(buf_span(&out->bytes), reply);
    if (is_reply)
        apply_timing(line, now_us, out);
}

/* ---- frames of a CAN bus ---- */

bool fault_befalls_frames(enum fault_kind kind)
{
    switch (kind) {
    case FAULT_DROP:
    case FAULT_DELAY:
    case FAULT_TRUNCATE:
    case FAULT_FLIP:
    case FAULT_DUPLICATE:
    case FAULT_GARBAGE:
    case FAULT_STALE: return true;
    case FAULT_ECHO:
    case FAULT_BAUD:
    case FAULT_ADDR:
    case FAULT_BLOCK:
    case FAULT_STALL:
    case FAULT_CHUNK:
    case FAULT_COUNT: break;
    }
    return false;
}

static void shorten_frame(const struct fault *f, struct can_msg *msg)
{
    int64_t keep = whole(f) >= 0 ? whole(f) : msg->dlc + whole(f);

    if (keep < msg->dlc)
        msg->dlc = (uint8_t)(keep > 0 ? keep : 0);
}

/* Real controllers find such an error by the checksum; what comes over a serial adapter has none.
 */
static void flip_frame(struct fault *f, struct can_msg *msg)
{
    for (size_t i = 0; i < msg->dlc; i++) {
        if (rng_chance(&f->rng, f->amount_micro))
            msg->data[i] = (uint8_t)(msg->data[i] ^ (1U << rng_below(&f->rng, 8)));
    }
}

static bool befalls(struct line *line, enum fault_kind kind, uint64_t now_us)
{
    struct fault *f = use(line, kind, true, now_us);

    return f != NULL && rng_chance(&f->rng, f->amount_micro);
}

void fault_apply_frame(struct line *line, struct span command, struct span image, uint64_t now_us,
                       struct frame_fate *ret)
{
    struct span s = stale_or_fresh(line, command, image, now_us);
    const struct fault *cut = use(line, FAULT_TRUNCATE, true, now_us);
    const struct fault *delay = use(line, FAULT_DELAY, true, now_us);
    const struct fault *garbage = use(line, FAULT_GARBAGE, true, now_us);
    struct fault *flip = use(line, FAULT_FLIP, true, now_us);
    struct buf out = buf_of(ret->image, sizeof ret->image);
    struct can_msg msg;

    *ret = (struct frame_fate){0};
    if (!can_image_get(s, &msg))
        return;
    if (cut != NULL)
        shorten_frame(cut, &msg);
    if (flip != NULL)
        flip_frame(flip, &msg);
    can_image_put(&msg, &out);
    ret->twice = befalls(line, FAULT_DUPLICATE, now_us);
    ret->n = befalls(line, FAULT_DROP, now_us) ? 0 : out.n;
    ret->damaged = !span_eq(span_of(ret->image, ret->n), image);
    ret->foreign = garbage != NULL ? (unsigned)whole(garbage) : 0;
    ret->delay_us = delay != NULL ? (uint64_t)delay->amount_micro : 0;
}

/* Ids above all dialects'. */
void fault_foreign_frame(struct line *line, struct buf *out)
{
    struct rng *rng = &line->faults[FAULT_GARBAGE].rng;
    struct can_msg msg = {.id = 0x500 + (uint32_t)rng_below(rng, 0x300),
                          .dlc = (uint8_t)rng_below(rng, 9)};

    for (size_t i = 0; i < msg.dlc; i++)
        msg.data[i] = (uint8_t)rng_below(rng, 256);
    can_image_put(&msg, out);
}
