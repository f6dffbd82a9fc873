/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of a simulated port that the client opens: made, made again when a real one was lost, and
 * pulled out like a USB adapter. A pulled adapter leaves no device: whoever has it open gets a
 * hang-up (PTY: read fails with EIO, poll says POLLHUP; TCP: the connection ends and no other is
 * taken), and its name is gone until it is put back.
 */
#include "sim/sim_private.h"

#include <string.h>

#define REOPEN_US US_PER_S

static void on_bytes(void *ctx, struct span bytes)
{
    sim_hear(ctx, bytes);
}

static void on_client(void *ctx, bool there)
{
    struct sim *sim = ctx;

    if (there)
        sim->noted_baud = 0;
    sim_note(sim, "client", there ? "opened" : "closed");
    if (sim->device->ops->on_client == NULL)
        return;
    if (!there)
        sim_drop_replies(sim);
    sim->device->ops->on_client(sim->device, there, loop_now(sim->loop));
    sim_reschedule(sim);
}

static void on_up(void *ctx)
{
    struct sim *sim = ctx;

    if (sim->handler.on_up != NULL)
        sim->handler.on_up(sim->handler.ctx);
}

/* A radio gives the battery the address that it has itself. */
static void on_moved(void *ctx)
{
    struct sim *sim = ctx;

    if (sim->wire != NULL) /* else it is still being opened and will be asked */
        sim_note(sim, "port", sim_path(sim));
}

static void on_speed(void *ctx)
{
    sim_note_speed(ctx);
}

static void on_dead(void *ctx)
{
    struct sim *sim = ctx;

    loop_timer_after(sim->reopen, REOPEN_US);
}

static enum err open_wire(struct sim *sim)
{
    const struct wire_events events = {.on_bytes = on_bytes,
                                       .on_client = on_client,
                                       .on_speed = on_speed,
                                       .on_dead = on_dead,
                                       .on_up = on_up,
                                       .on_moved = on_moved,
                                       .ctx = sim};
    enum err e =
        wire_open(sim->loop, &sim->config, sim->airs, sim->baud, &events, sim->where, &sim->wire);

    if (e != ERR_OK)
        sim->wire = NULL;
    else
        sim->reopens = sim->wire->reopens;
    return e;
}

static void drop_wire(struct sim *sim)
{
    wire_delete(sim->wire);
    sim->wire = NULL;
}

void sim_reopen(void *ctx)
{
    struct sim *sim = ctx;

    drop_wire(sim);
    if (open_wire(sim) != ERR_OK)
        loop_timer_after(sim->reopen, REOPEN_US);
}

void sim_share_air(struct sim *sim, struct airs *airs)
{
    sim->airs = airs;
}

enum err sim_open(struct sim *sim, const char *where)
{
    if (sim->wire != NULL || sim->pulled)
        return ERR_EXISTS;
    if (strlen(where) >= sizeof sim->where)
        return ERR_RANGE;
    span_to_str(span_str(where), sim->where, sizeof sim->where);
    sim_reschedule(sim); /* a device that speaks by itself */
    return open_wire(sim);
}

const char *sim_bus(const struct sim *sim)
{
    return sim->wire == NULL || sim->wire->ops->bus == NULL ? NULL : sim->wire->ops->bus(sim->wire);
}

bool sim_up(const struct sim *sim)
{
    return sim->wire != NULL && (sim->wire->ops->up == NULL || sim->wire->ops->up(sim->wire));
}

const char *sim_path(const struct sim *sim)
{
    return sim->wire == NULL ? NULL : sim->wire->ops->path(sim->wire);
}

/* ---- the adapter ---- */

static bool is_real(const struct sim *sim)
{
    return sim->reopens && !span_starts(span_str(sim->where), "tcp:");
}

enum err sim_pull_adapter(struct sim *sim)
{
    if (is_real(sim))
        return ERR_UNSUPPORTED;
    if (sim->pulled)
        return ERR_OK;
    if (sim->wire == NULL && !sim->reopens)
        return ERR_USAGE;
    if (sim->wire != NULL && sim->wire->ops->adapter != NULL) {
        enum err e = sim->wire->ops->adapter(sim->wire, false);
        if (e != ERR_OK)
            return e;
    } else {
        loop_timer_stop(sim->reopen);
        drop_wire(sim);
    }
    sim->pulled = true;
    sim_note(sim, "adapter", "pulled");
    return ERR_OK;
}

enum err sim_put_adapter_back(struct sim *sim)
{
    enum err e = sim->wire != NULL ? sim->wire->ops->adapter(sim->wire, true) : open_wire(sim);

    if (e != ERR_OK)
        return e;
    sim->pulled = false;
    sim_note(sim, "adapter", "back");
    return ERR_OK;
}
