/* SPDX-License-Identifier: Apache-2.0
 *
 * Which reply told what. A reply tells a stimulus when the device would have answered the same
 * command differently without it: the answer is rendered a second time with the old value, the
 * session and everything else unchanged, and compared. Told means delivered when the reply's last
 * byte has passed and no fault of the line has changed it.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/sim_private.h"

/* ---- waiting ---- */

static bool same_subject(const struct tracker *a, const struct tracker *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case TRACK_VALUE:
    case TRACK_OVERLAY:
        return a->battery == b->battery && a->path.id == b->path.id && a->path.cell == b->path.cell;
    case TRACK_PRESENCE: return a->battery == b->battery;
    case TRACK_ANSWER:
    case TRACK_RECORDED: return true;
    case TRACK_FREE: return false;
    }
    return false;
}

static bool in_flight(const struct sim *sim, size_t tracker)
{
    for (size_t i = 0; i < MAX_FLIGHTS; i++) {
        if (sim->flights[i].id != 0 && (sim->flights[i].trackers >> tracker & 1u) != 0)
            return true;
    }
    return false;
}

/* No later reply can tell it any more; one that is under way still may. */
static void close_tracker(struct sim *sim, size_t i)
{
    if (in_flight(sim, i))
        sim->trackers[i].closed = true;
    else
        sim->trackers[i].kind = TRACK_FREE;
}

void sim_track(struct sim *sim, const struct tracker *tracker)
{
    size_t place = MAX_TRACKERS;

    for (size_t i = 0; i < MAX_TRACKERS; i++) {
        if (!sim->trackers[i].closed && same_subject(&sim->trackers[i], tracker))
            close_tracker(sim, i);
        if (place == MAX_TRACKERS && sim->trackers[i].kind == TRACK_FREE)
            place = i;
    }
    if (place == MAX_TRACKERS) {
        log_msg(sim->log, LOG_WARN, "sim", "event=untracked tag=%u reason=too-many", tracker->tag);
        return;
    }
    sim->trackers[place] = *tracker;
}

/* A tracker that is done must not be settled again by another reply under way. */
static void forget_in_flights(struct sim *sim, uint64_t trackers)
{
    for (size_t i = 0; i < MAX_FLIGHTS; i++)
        sim->flights[i].trackers &= ~trackers;
}

void sim_untrack_answers(struct sim *sim)
{
    for (size_t i = 0; i < MAX_TRACKERS; i++) {
        if (sim->trackers[i].kind != TRACK_ANSWER)
            continue;
        forget_in_flights(sim, UINT64_C(1) << i);
        sim->trackers[i].kind = TRACK_FREE;
    }
}

/* ---- the stack without a stimulus ---- */

static void undo_overlay(const struct tracker *t, struct overlay *overlay)
{
    if (t->old_text[0] == '\0')
        overlay_unset(overlay, t->path.id);
    else
        overlay_set(overlay, t->path.id, t->old_text);
}

/* Makes sim->other the stack as it would be if the stimulus had not happened. */
static void undo(struct sim *sim, const struct tracker *t)
{
    struct stack_module *m = &sim->other.module[t->battery - 1];

    sim->other = sim->now;
    switch (t->kind) {
    case TRACK_VALUE:
        pack_view_without(sim->pack[t->battery - 1], &t->path, t->old_micro, &m->battery);
        if (t->path.id == BMS_PATH_CYCLES)
            m->counters.cycles = (int32_t)(t->old_micro / 1000000);
        return;
    case TRACK_OVERLAY: undo_overlay(t, &m->overlay); return;
    case TRACK_PRESENCE: m->present = t->old_present; return;
    case TRACK_ANSWER:
    case TRACK_RECORDED:
    case TRACK_FREE: return;
    }
}

static bool differs_without(struct sim *sim, const struct tracker *t, const struct device_reply *r)
{
    struct buf out = buf_of(sim->other_reply, sizeof sim->other_reply);

    if (!r->whole || r->recorded)
        return false;
    undo(sim, t);
    enum err e = sim->device->ops->render(sim->device, r->command, &sim->other, &out);
    return e == ERR_OK && !span_eq(buf_span(&out), r->bytes);
}

static bool tells(struct sim *sim, const struct tracker *t, const struct device_reply *r)
{
    if (t->closed)
        return false;
    switch (t->kind) {
    case TRACK_FREE: return false;
    case TRACK_ANSWER: return r->kind == DEVICE_ANSWER;
    case TRACK_RECORDED: return r->kind == DEVICE_ANSWER && r->recorded;
    case TRACK_VALUE:
    case TRACK_OVERLAY:
    case TRACK_PRESENCE: return differs_without(sim, t, r);
    }
    return false;
}

/* ---- replies under way ---- */

static void release(struct flight *flight)
{
    free(flight->bytes);
    *flight = (struct flight){0};
}

static struct flight *free_flight(struct sim *sim)
{
    for (size_t i = 0; i < MAX_FLIGHTS; i++) {
        if (sim->flights[i].id == 0)
            return &sim->flights[i];
    }
    return NULL;
}

unsigned sim_takes_off(struct sim *sim, const struct device_reply *reply)
{
    struct flight *flight = free_flight(sim);
    uint64_t told = 0;

    sim->last_id = sim->last_id == UINT32_MAX ? 1 : sim->last_id + 1;
    for (size_t i = 0; i < MAX_TRACKERS; i++) {
        if (tells(sim, &sim->trackers[i], reply))
            told |= UINT64_C(1) << i;
    }
    if (told == 0 || flight == NULL)
        return sim->last_id;
    uint8_t *bytes = malloc(reply->bytes.n);
    if (bytes == NULL)
        return sim->last_id;
    memcpy(bytes, reply->bytes.p, reply->bytes.n);
    *flight =
        (struct flight){.id = sim->last_id, .trackers = told, .bytes = bytes, .n = reply->bytes.n};
    return sim->last_id;
}

static struct flight *find_flight(struct sim *sim, unsigned id)
{
    for (size_t i = 0; i < MAX_FLIGHTS; i++) {
        if (sim->flights[i].id == id)
            return &sim->flights[i];
    }
    return NULL;
}

/* Trackers of a reply that arrived, or did not. The handler may apply the next stimulus: all is in
 * order before it is called. */
static void settle(struct sim *sim, const struct flight *flight, bool arrived, uint64_t due_us,
                   uint64_t late_us)
{
    unsigned tags[MAX_TRACKERS];
    size_t n = 0;

    for (size_t i = 0; i < MAX_TRACKERS; i++) {
        struct tracker *t = &sim->trackers[i];
        if ((flight->trackers >> i & 1u) == 0 || t->kind == TRACK_FREE)
            continue;
        if (arrived)
            tags[n++] = t->tag;
        if (arrived || (t->closed && !in_flight(sim, i)))
            t->kind = TRACK_FREE;
    }
    for (size_t i = 0; i < n && sim->handler.on_delivered != NULL; i++)
        sim->handler.on_delivered(sim->handler.ctx, tags[i], due_us, late_us,
                                  span_of(flight->bytes, flight->n));
}

void sim_lands(struct sim *sim, unsigned id, bool damaged, uint64_t due_us, uint64_t late_us)
{
    struct flight *place = id != 0 ? find_flight(sim, id) : NULL;

    if (place == NULL)
        return;
    struct flight flight = *place;
    *place = (struct flight){0};
    if (!damaged)
        forget_in_flights(sim, flight.trackers);
    settle(sim, &flight, !damaged, due_us, late_us);
    release(&flight);
}

void sim_cancel_flights(struct sim *sim)
{
    for (size_t i = 0; i < MAX_FLIGHTS; i++) {
        if (sim->flights[i].id == 0)
            continue;
        struct flight flight = sim->flights[i];
        sim->flights[i] = (struct flight){0};
        settle(sim, &flight, false, 0, 0);
        release(&flight);
    }
}
