/* SPDX-License-Identifier: Apache-2.0
 *
 * The queue of a line and its pace. Due times follow from the wire's rate alone, ten bits a byte,
 * and never from when somebody asks.
 */
#include "sim/line.h"

#include <stdlib.h>
#include <string.h>

#include "sim/line_private.h"

#define PENDING_MAX     ((size_t)1 << 20)
#define BYTE_PACE_BAUD  19200 /* up to here byte by byte, above in pieces */
#define PIECE_US        1000
#define NOISE_PERIOD_US US_PER_S

/* ---- life ---- */

enum err line_new(uint64_t seed, enum sim_pace pace, uint32_t baud, struct line **ret)
{
    if (baud == 0)
        return ERR_USAGE;
    struct line *line = calloc(1, sizeof *line);
    if (line == NULL)
        return ERR_MEMORY;
    line->seed = seed;
    line->pace = pace;
    line->baud = baud;
    *ret = line;
    return ERR_OK;
}

void line_clear(struct line *line)
{
    while (line->head != NULL) {
        struct item *item = line->head;
        line->head = item->next;
        free(item);
    }
    line->tail = NULL;
    line->pending = 0;
    line->free_us = 0;
    line->echo_damaged = false;
}

void line_delete(struct line *line)
{
    if (line == NULL)
        return;
    line_clear(line);
    free(line->given);
    memory_free(line);
    free(line);
}

void line_set_baud(struct line *line, uint32_t baud)
{
    if (baud > 0)
        line->baud = baud;
}

void line_set_frames(struct line *line)
{
    line->frames = true;
}

/* ---- faults ---- */

enum err line_fault(struct line *line, const struct stimulus *fault, uint64_t now_us)
{
    if (fault->verb != STIM_FAULT || (unsigned)fault->fault >= FAULT_COUNT)
        return ERR_USAGE;
    if (line->frames && !fault_befalls_frames(fault->fault))
        return ERR_UNSUPPORTED;
    bool counted = fault->count > 0;
    line->faults[fault->fault] = (struct fault){
        .active = true,
        .amount_micro = fault->value.micro,
        .until_us = counted ? NEVER_US : deadline_add(now_us, fault->duration_us),
        .replies_left = fault->count,
        .noise_us = deadline_add(now_us, NOISE_PERIOD_US),
        .rng = rng_of(line->seed, ++line->n_faults),
    };
    return ERR_OK;
}

bool line_fault_addr(const struct line *line, uint64_t now_us, uint8_t *ret_addr)
{
    const struct fault *f = &line->faults[FAULT_ADDR];

    if (!fault_live(f, now_us))
        return false;
    *ret_addr = (uint8_t)(f->amount_micro / 1000000);
    return true;
}

uint32_t line_fault_baud(const struct line *line, uint64_t now_us)
{
    const struct fault *f = &line->faults[FAULT_BAUD];

    return fault_live(f, now_us) ? (uint32_t)(f->amount_micro / 1000000) : 0;
}

/* ---- queue ---- */

static uint64_t wire_us(size_t n, uint32_t baud)
{
    return ((uint64_t)n * 10 * US_PER_S + baud - 1) / baud;
}

static void append(struct line *line, struct item *item)
{
    if (line->tail != NULL)
        line->tail->next = item;
    else
        line->head = item;
    line->tail = item;
    line->pending += item->n;
}

/* An item for `room` bytes with an empty buffer over them. */
static struct item *item_new(size_t room, struct buf *ret_bytes)
{
    struct item *item = calloc(1, sizeof *item + room);

    if (item != NULL)
        *ret_bytes = buf_of(item->bytes, room);
    return item;
}

static void schedule(struct line *line, struct item *item, const struct leaving *how,
                     uint64_t earliest_us)
{
    uint64_t start = deadline_add(earliest_us, how->delay_us);

    item->n = how->bytes.n;
    item->start_us = start > line->free_us ? start : line->free_us;
    item->wire_us = line->pace == PACE_NONE ? 0 : wire_us(how->wire_n, how->baud);
    item->piece = how->piece;
    item->gap_at = how->gap_at;
    item->gap_us = how->gap_us;
    item->damaged = how->damaged;
    line->free_us = deadline_add(item->start_us, item->wire_us + item->gap_us);
    append(line, item);
}

/* One frame as an item of its own. */
static enum err send_image(struct line *line, struct span image, unsigned id, bool damaged,
                           uint64_t earliest_us, uint64_t delay_us)
{
    struct leaving how = {.baud = line->baud, .delay_us = delay_us, .damaged = damaged};
    struct item *item = item_new(CAN_IMAGE_MAX, &how.bytes);

    if (item == NULL)
        return ERR_MEMORY;
    buf_put(&how.bytes, image);
    how.wire_n = how.bytes.n;
    item->id = id;
    schedule(line, item, &how, earliest_us);
    return ERR_OK;
}

static enum err send_foreign(struct line *line, uint64_t earliest_us)
{
    uint8_t bytes[CAN_IMAGE_MAX];
    struct buf image = buf_of(bytes, sizeof bytes);

    fault_foreign_frame(line, &image);
    return send_image(line, buf_span(&image), 0, false, earliest_us, 0);
}

/* With id 0 it is somebody's own frame, which no fault befalls. */
static enum err send_frame(struct line *line, struct span command, struct span image,
                           uint64_t now_us, uint64_t earliest_us, unsigned id)
{
    struct frame_fate fate;
    enum err e = ERR_OK;

    if (image.n > CAN_IMAGE_MAX)
        return ERR_RANGE;
    if (line->pending + CAN_IMAGE_MAX > PENDING_MAX)
        return ERR_SPACE;
    if (id == 0)
        return send_image(line, image, 0, false, earliest_us, 0);
    fault_apply_frame(line, command, image, now_us, &fate);
    for (unsigned i = 0; i < fate.foreign && e == ERR_OK; i++)
        e = send_foreign(line, earliest_us);
    if (e == ERR_OK)
        e = send_image(line, span_of(fate.image, fate.n), id, fate.damaged, earliest_us,
                       fate.delay_us);
    if (e == ERR_OK && fate.twice)
        e = send_image(line, span_of(fate.image, fate.n), 0, false, earliest_us, fate.delay_us);
    return e;
}

enum err line_send(struct line *line, struct span command, struct span reply, uint64_t now_us,
                   uint64_t delay_us, unsigned id)
{
    if (line->frames)
        return send_frame(line, command, reply, now_us, deadline_add(now_us, delay_us), id);
    size_t room = fault_room(line, command, reply);
    struct leaving how = {.baud = line->baud};

    if (line->pending + room > PENDING_MAX + LINE_NOISE_MAX)
        return ERR_SPACE;
    struct item *item = item_new(room, &how.bytes);
    if (item == NULL)
        return ERR_MEMORY;
    fault_apply(line, command, reply, id != 0, now_us, &how);
    item->id = id;
    if (id != 0) {
        how.damaged = how.damaged || line->echo_damaged;
        line->echo_damaged = false;
    } else {
        line->echo_damaged = line->echo_damaged || how.damaged;
    }
    schedule(line, item, &how, deadline_add(now_us, delay_us));
    return ERR_OK;
}

/* ---- pace ---- */

/* When byte number k (from 1) of the item has passed. */
static uint64_t passed_us(const struct item *item, size_t k)
{
    uint64_t us = item->n == 0 ? 0 : (item->wire_us * k + item->n - 1) / item->n;

    if (item->gap_us > 0 && k > item->gap_at)
        us += item->gap_us;
    return deadline_add(item->start_us, us);
}

/* How many of the item's bytes the next write takes. */
static size_t next_piece(const struct line *line, const struct item *item)
{
    size_t left = item->n - item->sent;
    size_t piece = left;

    if (line->frames)
        return left;
    if (item->piece > 0) {
        piece = item->piece;
    } else if (line->pace == PACE_BYTE) {
        /* from the item's own time per byte, so that a wrong rate paces like one */
        uint64_t fits = item->wire_us == 0 ? left : PIECE_US * (uint64_t)item->n / item->wire_us;
        piece = line->baud <= BYTE_PACE_BAUD || fits < 1 ? 1 : (size_t)fits;
    }
    if (item->gap_us > 0 && item->sent < item->gap_at && item->sent + piece > item->gap_at)
        piece = item->gap_at - item->sent;
    return piece < left ? piece : left;
}

/* The noise that a faulty line makes while nothing else is on it: when its last byte has passed. */
static uint64_t noise_deadline(const struct line *line)
{
    const struct fault *f = &line->faults[FAULT_GARBAGE];
    uint64_t soonest_us = line->free_us + wire_us((size_t)(f->amount_micro / 1000000), line->baud);

    if (line->head != NULL || !fault_live(f, f->noise_us))
        return NEVER_US;
    return f->noise_us > soonest_us ? f->noise_us : soonest_us;
}

static void make_noise(struct line *line, uint64_t due_us)
{
    struct fault *f = &line->faults[FAULT_GARBAGE];
    size_t n = (size_t)(f->amount_micro / 1000000);
    struct leaving how = {.baud = line->baud, .wire_n = n};

    f->noise_us = deadline_add(due_us, NOISE_PERIOD_US);
    if (line->frames) {
        send_foreign(line, due_us);
        return;
    }
    struct item *item = item_new(n, &how.bytes);
    if (item == NULL)
        return; /* noise is the one thing that may be missing */
    for (size_t i = 0; i < n; i++)
        buf_u8(&how.bytes, (uint8_t)(0x80 + rng_below(&f->rng, 0x80)));
    schedule(line, item, &how, due_us - wire_us(n, line->baud));
}

uint64_t line_deadline(const struct line *line)
{
    const struct item *item = line->head;

    if (item == NULL)
        return noise_deadline(line);
    return passed_us(item, item->sent + next_piece(line, item));
}

bool line_take(struct line *line, uint64_t now_us, struct line_out *ret)
{
    uint64_t due = line_deadline(line);

    if (due > now_us)
        return false;
    if (line->head == NULL) {
        make_noise(line, due);
        return line_take(line, now_us, ret);
    }
    free(line->given);
    line->given = NULL;
    struct item *item = line->head;
    size_t n = next_piece(line, item);
    *ret = (struct line_out){.bytes = span_of(item->bytes + item->sent, n), .due_us = due};
    item->sent += n;
    line->pending -= n;
    if (item->sent == item->n) {
        ret->done_id = item->id;
        ret->damaged = item->damaged;
        line->head = item->next;
        line->tail = line->head == NULL ? NULL : line->tail;
        line->given = item;
    }
    return true;
}

size_t line_pending(const struct line *line)
{
    return line->pending;
}
