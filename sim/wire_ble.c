/* SPDX-License-Identifier: Apache-2.0
 *
 * A device's radio module in an air (air.h), as a wire. With a private bus the client finds it by
 * DBUS_SYSTEM_BUS_ADDRESS=unix:path=DIR/dbus.sock, in any air by the battery's address.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/air.h"
#include "sim/ble/module.h"
#include "sim/config.h"
#include "sim/device/jk_ble_module.h"
#include "sim/wire.h"

enum { PATH_TEXT = 32, PIECES = 600 };

struct wire_ble {
    struct wire wire;
    struct wire_events events;
    struct air_user *air;
    struct ble_radio *radio;
    struct ble_peripheral *peripheral;
    struct ble_module module;
    char path[PATH_TEXT]; /* "ble:C8:47:8C:12:34:56" */
    bool subscribed;
    uint16_t mtu;
    bool up;
    bool unplugged, off, held;
};

static struct wire_ble *ble_of(struct wire *wire)
{
    return (struct wire_ble *)(void *)wire; /* wire is the first member */
}

static const struct wire_ble *ble_of_const(const struct wire *wire)
{
    return (const struct wire_ble *)(const void *)wire;
}

/* ---- the client ---- */

static void on_connected(void *ctx)
{
    struct wire_ble *w = ctx;

    w->mtu = BLE_MTU_MIN;
    w->events.on_client(w->events.ctx, true);
}

static void on_disconnected(void *ctx, enum ble_end why)
{
    struct wire_ble *w = ctx;

    (void)why;
    w->subscribed = false;
    w->events.on_client(w->events.ctx, false);
}

static void on_mtu(void *ctx, uint16_t mtu)
{
    struct wire_ble *w = ctx;

    w->mtu = mtu;
}

static void on_subscribed(void *ctx, unsigned characteristic, bool on)
{
    struct wire_ble *w = ctx;

    if (characteristic == w->module.notifies)
        w->subscribed = on;
}

static void on_written(void *ctx, unsigned characteristic, struct span bytes)
{
    const struct wire_ble *w = ctx;

    (void)characteristic; /* clients of old libraries write to FFE2 */
    w->events.on_bytes(w->events.ctx, bytes);
}

/* Out of reach or without power it is not heard; else it may be somebody else's. */
static void set_place(const struct wire_ble *w)
{
    if (w->peripheral != NULL)
        ble_set_place(w->peripheral, w->unplugged || w->off ? BLE_AWAY
                                     : w->held              ? BLE_HELD
                                                            : BLE_NEAR);
}

/* ---- the air ---- */

static void on_dead(void *ctx)
{
    struct wire_ble *w = ctx;

    w->up = false;
    w->events.on_dead(w->events.ctx);
}

static void put_path(struct wire_ble *w, const uint8_t a[BLE_ADDRESS])
{
    struct buf out = buf_of(w->path, sizeof w->path - 1);

    buf_printf(&out, "ble:%02X:%02X:%02X:%02X:%02X:%02X", (unsigned)a[0], (unsigned)a[1],
               (unsigned)a[2], (unsigned)a[3], (unsigned)a[4], (unsigned)a[5]);
}

static void look_at_address(struct wire_ble *w)
{
    uint8_t address[BLE_ADDRESS];

    if (w->peripheral == NULL || !ble_own_address(w->peripheral, address) ||
        memcmp(address, w->module.traits.address, sizeof address) == 0)
        return;
    put_path(w, address);
    if (w->events.on_moved != NULL)
        w->events.on_moved(w->events.ctx);
}

static void on_up(void *ctx)
{
    struct wire_ble *w = ctx;

    w->up = true;
    look_at_address(w);
    if (w->events.on_up != NULL)
        w->events.on_up(w->events.ctx);
}

static enum err on_radio(void *ctx, struct ble_radio *radio)
{
    struct wire_ble *w = ctx;
    const struct ble_handler client = {.connected = on_connected,
                                       .disconnected = on_disconnected,
                                       .mtu = on_mtu,
                                       .subscribed = on_subscribed,
                                       .written = on_written,
                                       .ctx = w};

    w->radio = radio;
    enum err e = ble_radio_add(radio, &w->module.traits, &client, &w->peripheral);
    set_place(w);
    return e;
}

/* ---- the interface ---- */

static void destroy(struct wire *wire)
{
    struct wire_ble *w = ble_of(wire);

    ble_peripheral_delete(w->peripheral);
    air_leave(w->air);
    free(w);
}

static const char *path(const struct wire *wire)
{
    return ble_of_const(wire)->path;
}

static const char *bus(const struct wire *wire)
{
    return air_bus(ble_of_const(wire)->air);
}

static enum err put(struct wire *wire, struct span piece)
{
    struct wire_ble *w = ble_of(wire);
    uint16_t sizes[PIECES];
    size_t at = 0, n;

    if (!w->subscribed)
        return ERR_OK; /* into the air */
    n = ble_cut(&w->module, piece.n, (size_t)w->mtu - BLE_ATT_HEADER, sizes, PIECES);
    for (size_t i = 0; i < n; at += sizes[i++]) {
        enum err e = ble_notify(w->peripheral, w->module.notifies, span_sub(piece, at, sizes[i]));
        if (e != ERR_OK)
            return e;
    }
    return at == piece.n ? ERR_OK : ERR_SPACE;
}

static bool connected(const struct wire *wire)
{
    return ble_of_const(wire)->subscribed;
}

static bool up(const struct wire *wire)
{
    return ble_of_const(wire)->up;
}

static void plug(struct wire *wire, bool plugged)
{
    ble_of(wire)->unplugged = !plugged;
    set_place(ble_of(wire));
}

static void power(struct wire *wire, bool on)
{
    ble_of(wire)->off = !on;
    set_place(ble_of(wire));
}

static void hold(struct wire *wire, bool held)
{
    ble_of(wire)->held = held;
    set_place(ble_of(wire));
}

static enum err adapter(struct wire *wire, bool there)
{
    struct wire_ble *w = ble_of(wire);

    return w->radio != NULL ? ble_radio_fault(w->radio, BLE_ADAPTER_OFF, !there) : ERR_USAGE;
}

static const struct wire_ops ops = {
    .destroy = destroy,
    .path = path,
    .bus = bus,
    .write = put,
    .connected = connected,
    .up = up,
    .plug = plug,
    .power = power,
    .hold = hold,
    .adapter = adapter,
};

/* ---- opening ---- */

enum err wire_ble_open(struct loop *loop, const struct sim_config *config, struct airs *airs,
                       const struct wire_events *events, const char *where, struct wire **ret)
{
    struct wire_ble *w = calloc(1, sizeof *w);

    if (w == NULL)
        return ERR_MEMORY;
    w->wire.ops = &ops;
    w->events = *events;
    jk_ble_module(config, &w->module);
    put_path(w, w->module.traits.address);
    const struct air_handler handler = {on_radio, on_up, on_dead, w};
    enum err e = air_join(airs, loop, where, &handler, &w->air);
    if (e != ERR_OK) {
        destroy(&w->wire);
        return e;
    }
    *ret = &w->wire;
    return ERR_OK;
}
