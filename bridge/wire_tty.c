/* SPDX-License-Identifier: Apache-2.0
 *
 * A serial line as a wire: a device, a PTY or a TCP connection (port/tty.h).
 */
#include <stdlib.h>

#include "bridge/wire_priv.h"
#include "port/tty.h"

struct wire_tty {
    struct wire wire;
    struct tty *tty;
};

static void on_bytes(void *ctx, struct span bytes)
{
    const struct wire_tty *w = ctx;

    w->wire.handler.bytes(w->wire.handler.ctx, bytes);
}

static void on_event(void *ctx, enum tty_event event)
{
    const struct wire_tty *w = ctx;

    switch (event) {
    case TTY_OPENED: w->wire.handler.opened(w->wire.handler.ctx); return;
    case TTY_CLOSED: w->wire.handler.lost(w->wire.handler.ctx, "the port is gone"); return;
    case TTY_SPEED: return;
    }
}

/* A command goes out whole or not at all. */
static enum err serve(struct wire *wire, const struct source *source)
{
    const struct wire_tty *w = (const struct wire_tty *)wire;
    struct source_output out;

    while (source->ops->take_output(source->self, &out)) {
        enum err e = out.speed != 0 ? tty_set_speed(w->tty, out.speed) : ERR_OK;
        if (e == ERR_OK && out.n > 0)
            e = tty_write(w->tty, span_of(out.bytes, out.n));
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static void destroy(struct wire *wire)
{
    struct wire_tty *w = (struct wire_tty *)wire;

    tty_delete(w->tty);
    free(w);
}

static const struct wire_ops ops = {.destroy = destroy, .serve = serve};

enum err wire_tty_open(struct loop *loop, const char *port, uint32_t speed,
                       const struct wire_handler *handler, struct wire **ret)
{
    struct wire_tty *w = calloc(1, sizeof *w);

    if (w == NULL)
        return ERR_MEMORY;
    w->wire = (struct wire){.ops = &ops, .handler = *handler};
    const struct tty_handler events = {.on_bytes = on_bytes, .on_event = on_event, .ctx = w};
    enum err e = tty_open(loop, port, speed, &events, &w->tty);
    if (e != ERR_OK) {
        free(w);
        return e;
    }
    *ret = &w->wire;
    return ERR_OK;
}
