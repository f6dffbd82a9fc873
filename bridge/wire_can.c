/* SPDX-License-Identifier: Apache-2.0
 *
 * A CAN bus as a wire (port/can.h). The bus's speed is the interface's; it is never changed here. A
 * bus that is off is restarted, ever more seldom: else its battery would stay lost until somebody
 * comes.
 */
#include <stdlib.h>

#include "bridge/wire_priv.h"
#include "port/can.h"

static const uint64_t restart_min_us = US_PER_S, restart_max_us = 30 * US_PER_S;

struct wire_can {
    struct wire wire;
    struct can *can;
    struct loop_timer *restart; /* runs while the bus is off */
    uint64_t restart_wait_us;   /* the pause before the next one */
};

static void on_frame(void *ctx, const struct can_msg *frame, uint64_t t_us, bool own)
{
    const struct wire_can *w = ctx;

    (void)t_us;
    if (!own && !frame->error)
        w->wire.handler.frame(w->wire.handler.ctx, frame);
}

static void say(const struct wire_can *w, const char *what)
{
    w->wire.handler.state(w->wire.handler.ctx, what);
}

static void on_restart(void *ctx)
{
    struct wire_can *w = ctx;
    enum err e = can_restart(w->can); /* perhaps it goes down and up: lost() follows */

    if (e != ERR_OK && w->restart_wait_us == restart_min_us)
        say(w, e == ERR_DENIED ? "cannot be restarted: give the bridge CAP_NET_ADMIN, or the "
                                 "interface a restart-ms"
                               : "cannot be restarted");
    w->restart_wait_us =
        w->restart_wait_us * 2 < restart_max_us ? w->restart_wait_us * 2 : restart_max_us;
    loop_timer_after(w->restart, w->restart_wait_us);
}

/* A controller in trouble still listens; an interface that is down must be opened again. */
static void on_state(void *ctx, enum can_state state)
{
    struct wire_can *w = ctx;

    switch (state) {
    case CAN_DOWN: w->wire.handler.lost(w->wire.handler.ctx, "the interface is down"); return;
    case CAN_UP:
        loop_timer_stop(w->restart);
        w->restart_wait_us = restart_min_us;
        say(w, "works again");
        return;
    case CAN_ERROR_PASSIVE: say(w, "error passive: nobody acknowledges"); return;
    case CAN_BUS_OFF:
        say(w, "bus-off; restarting it");
        loop_timer_after(w->restart, w->restart_wait_us);
        return;
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

    loop_timer_delete(w->restart);
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
    w->restart_wait_us = restart_min_us;
    const struct can_handler events = {.on_frame = on_frame, .on_state = on_state, .ctx = w};
    enum err e = loop_timer_new(loop, on_restart, w, &w->restart);
    if (e == ERR_OK)
        e = can_open(loop, port, NULL, &events, &w->can);
    if (e != ERR_OK) {
        destroy(&w->wire);
        return e;
    }
    *ret = &w->wire;
    w->wire.handler.opened(w->wire.handler.ctx);
    return ERR_OK;
}
