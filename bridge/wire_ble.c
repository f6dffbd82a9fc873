/* SPDX-License-Identifier: Apache-2.0
 *
 * A Bluetooth LE connection as a wire (port/bluez.h): ble:C8:47:8C:12:34:56, or ble: and the name
 * that the battery advertises. While it searches the wire just stays closed: a battery that another
 * central holds, an adapter that is off and a bluetoothd that restarts come back by themselves.
 *
 * Every battery over Bluetooth so far has the serial module's service FFE0 with FFE1 both ways.
 */
#include <stdlib.h>

#include "bridge/wire_priv.h"
#include "port/bluez.h"

enum { SERVICE = 0xFFE0, CHARACTERISTIC = 0xFFE1, WHY_MAX = 200 };

struct wire_ble {
    struct wire wire;
    struct bluez_link *link;
    char why[WHY_MAX];
};

static void on_open(void *ctx, unsigned payload)
{
    const struct wire_ble *w = ctx;

    (void)payload;
    w->wire.handler.opened(w->wire.handler.ctx);
}

static void on_bytes(void *ctx, struct span notification)
{
    const struct wire_ble *w = ctx;

    w->wire.handler.bytes(w->wire.handler.ctx, notification);
}

static void on_lost(void *ctx, const char *why)
{
    struct wire_ble *w = ctx;

    span_to_str(span_str(why), w->why, sizeof w->why);
    w->wire.handler.lost(w->wire.handler.ctx, w->why);
}

static void on_state(void *ctx, const char *what)
{
    const struct wire_ble *w = ctx;

    w->wire.handler.state(w->wire.handler.ctx, what);
}

static enum err serve(struct wire *wire, const struct source *source)
{
    const struct wire_ble *w = (const struct wire_ble *)wire;
    struct source_output out;

    while (source->ops->take_output(source->self, &out)) {
        enum err e = bluez_link_write(w->link, span_of(out.bytes, out.n));
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static void destroy(struct wire *wire)
{
    struct wire_ble *w = (struct wire_ble *)wire;

    bluez_link_delete(w->link);
    free(w);
}

static const struct wire_ops ops = {.destroy = destroy, .serve = serve};

static void read_target(const char *port, struct bluez_target *target)
{
    struct span name = span_sub(span_str(port), 4, SIZE_MAX);

    *target = (struct bluez_target){
        .service = SERVICE, .notify = CHARACTERISTIC, .write = CHARACTERISTIC};
    if (bluez_is_address(name))
        span_to_str(name, target->address, sizeof target->address);
    else
        span_to_str(name, target->name, sizeof target->name);
}

enum err wire_ble_open(struct loop *loop, const char *port, const struct wire_handler *handler,
                       struct wire **ret)
{
    struct bluez_target target;
    struct wire_ble *w = calloc(1, sizeof *w);

    if (w == NULL)
        return ERR_MEMORY;
    w->wire = (struct wire){.ops = &ops, .handler = *handler};
    const struct bluez_link_handler events = {.on_open = on_open,
                                              .on_bytes = on_bytes,
                                              .on_lost = on_lost,
                                              .on_state = on_state,
                                              .ctx = w};
    read_target(port, &target);
    enum err e = bluez_link_new(loop, &target, &events, &w->link);
    if (e != ERR_OK) {
        free(w);
        return e;
    }
    *ret = &w->wire;
    return ERR_OK;
}
