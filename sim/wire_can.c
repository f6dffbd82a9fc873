/* SPDX-License-Identifier: Apache-2.0
 *
 * A CAN bus as a wire. `where`, as people write it:
 *
 *   can0, vcan0         an interface of the kernel
 *   hub:PATH            a bus in user space (port/can_hub.h): joined when somebody keeps it, else
 *                       kept by this battery as long as it lives
 *   slcan:/dev/ttyACM0  a serial adapter at this machine that is wired to a bus
 *   pty, pty:LINK, tcp:PORT  the battery behind a serial adapter of its own (wire_slcan.c)
 */
#include <stdlib.h>
#include <string.h>

#include "port/can.h"
#include "port/can_hub.h"
#include "sim/can_image.h"
#include "sim/wire.h"

struct wire_can {
    struct wire wire;
    struct wire_events events;
    struct can *can;     /* NULL: this battery keeps the bus */
    struct can_hub *hub; /* NULL: it has joined one */
    char path[WIRE_WHERE_MAX];
};

/* ---- from the bus ---- */

static void take(const struct wire_can *w, const struct can_msg *msg)
{
    uint8_t bytes[CAN_IMAGE_MAX];
    struct buf image = buf_of(bytes, sizeof bytes);

    if (!msg->error && can_image_put(msg, &image))
        w->events.on_bytes(w->events.ctx, buf_span(&image));
}

static void on_frame(void *ctx, const struct can_msg *msg, uint64_t t_us, bool own)
{
    (void)t_us;
    if (!own)
        take(ctx, msg);
}

/* Member 0 is this battery. */
static void on_hub_frame(void *ctx, const struct can_msg *msg, uint64_t t_us, unsigned member)
{
    (void)t_us;
    if (member != 0)
        take(ctx, msg);
}

static void on_state(void *ctx, enum can_state state)
{
    const struct wire_can *w = ctx;

    switch (state) {
    case CAN_DOWN: w->events.on_dead(w->events.ctx); return;
    case CAN_UP:
    case CAN_ERROR_PASSIVE:
    case CAN_BUS_OFF: return;
    }
}

/* ---- the interface ---- */

static struct wire_can *can_of(struct wire *wire)
{
    return (struct wire_can *)(void *)wire; /* wire is the first member */
}

static const struct wire_can *can_of_const(const struct wire *wire)
{
    return (const struct wire_can *)(const void *)wire;
}

static void destroy(struct wire *wire)
{
    struct wire_can *w = can_of(wire);

    can_delete(w->can);
    can_hub_delete(w->hub);
    free(w);
}

static const char *path(const struct wire *wire)
{
    return can_of_const(wire)->path;
}

/* A piece that is no frame (noise that somebody sent by hand) cannot be on a bus, and an empty one
 * is a frame that was lost. */
static enum err put(struct wire *wire, struct span piece)
{
    struct wire_can *w = can_of(wire);
    struct can_msg msg;

    if (!can_image_get(piece, &msg))
        return ERR_OK;
    enum err e = w->hub != NULL ? can_hub_send(w->hub, &msg) : can_send(w->can, &msg);
    return e == ERR_AGAIN ? ERR_SPACE : e;
}

/* Who else is on a real bus cannot be seen. */
static bool connected(const struct wire *wire)
{
    const struct wire_can *w = can_of_const(wire);

    return w->hub == NULL || can_hub_members(w->hub) > 0;
}

static const struct wire_ops ops = {
    .destroy = destroy,
    .path = path,
    .write = put,
    .connected = connected,
};

/* ---- opening ---- */

static enum err open_bus(struct wire_can *w, struct loop *loop, const char *where)
{
    const struct can_handler handler = {.on_frame = on_frame, .on_state = on_state, .ctx = w};
    enum err e = can_open(loop, where, NULL, &handler, &w->can);

    if (e != ERR_NOT_FOUND || !span_starts(span_str(where), "hub:")) {
        w->wire.reopens = true;
        return e;
    }
    return can_hub_new(loop, where + strlen("hub:"), on_hub_frame, w, &w->hub);
}

static bool is_serial(struct span where)
{
    return span_eq_str(where, "pty") || span_starts(where, "pty:") || span_starts(where, "tcp:");
}

enum err wire_can_open(struct loop *loop, const struct wire_events *events,
                       char where[WIRE_WHERE_MAX], struct wire **ret)
{
    if (is_serial(span_str(where)))
        return wire_slcan_open(loop, events, where, ret);
    struct wire_can *w = calloc(1, sizeof *w);
    if (w == NULL)
        return ERR_MEMORY;
    w->wire.ops = &ops;
    w->events = *events;
    span_to_str(span_str(where), w->path, sizeof w->path);
    enum err e = open_bus(w, loop, where);
    if (e != ERR_OK) {
        free(w);
        return e;
    }
    *ret = &w->wire;
    return ERR_OK;
}
