/* SPDX-License-Identifier: Apache-2.0
 *
 * A CAN bus as a wire (port/can.h). The bus's speed is the interface's; it is never changed here.
 */
#include <stdlib.h>

#include "bridge/wire_priv.h"
#include "port/can.h"

struct wire_can {
    struct wire wire;
    struct can *can;
};

static void on_frame(void *ctx, const struct can_msg *frame, uint64_t t_us, bool own)
{
    const struct wire_can *w = ctx;

    (void)t_us;
    if (!own && !frame->error)
        w->wire.handler.frame(w->wire.handler.ctx, frame);
}

/* A controller in trouble still listens, and one that is off the bus comes back by itself or by
 * whoever restarts it; an interface that is down must be opened again. */
static void on_state(void *ctx, enum can_state state)
{
    const struct wire_can *w = ctx;

    switch (state) {
    case CAN_DOWN: w->wire.handler.lost(w->wire.handler.ctx, "the interface is down"); return;
    case CAN_UP:
    case CAN_ERROR_PASSIVE:
    case CAN_BUS_OFF: return;
    }
}

/* A frame that the queue has no room for is dropped: what a source says on CAN is said again. */
static enum err serve(struct wire *wire, const struct source *source)
{
    const struct wire_can *w = (const struct wire_can *)wire;
    struct can_msg frame;

    while (source->ops->take_frame(source->self, &frame)) {
        enum err e = can_send(w->can, &frame);
        if (e != ERR_OK && e != ERR_AGAIN)
            return e;
    }
    return ERR_OK;
}

static void destroy(struct wire *wire)
{
    struct wire_can *w = (struct wire_can *)wire;

    can_delete(w->can);
    free(w);
}

static const struct wire_ops ops = {.destroy = destroy, .serve = serve};

enum err wire_can_open(struct loop *loop, const char *port, const struct wire_handler *handler,
                       struct wire **ret)
{
    struct wire_can *w = calloc(1, sizeof *w);

    if (w == NULL)
        return ERR_MEMORY;
    w->wire = (struct wire){.ops = &ops, .handler = *handler};
    const struct can_handler events = {.on_frame = on_frame, .on_state = on_state, .ctx = w};
    enum err e = can_open(loop, port, NULL, &events, &w->can);
    if (e != ERR_OK) {
        free(w);
        return e;
    }
    *ret = &w->wire;
    w->wire.handler.opened(w->wire.handler.ctx);
    return ERR_OK;
}
