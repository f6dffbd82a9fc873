/* SPDX-License-Identifier: Apache-2.0
 *
 * The air: a device's radio module in front of a played BlueZ on a bus of its own.
 *
 *   ble       a private bus in a folder of its own
 *   ble:DIR   the same in DIR, which must exist and have a short path
 *
 * The client finds it by DBUS_SYSTEM_BUS_ADDRESS=unix:path=DIR/dbus.sock and the battery's
 * address.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port/dbus_daemon.h"
#include "sim/ble/fake_bluez.h"
#include "sim/ble/module.h"
#include "sim/config.h"
#include "sim/device/jk_ble_module.h"
#include "sim/wire.h"

enum { PATH_TEXT = 32, PIECES = 600 };

struct wire_ble {
    struct wire wire;
    struct wire_events events;
    struct loop *loop;
    char folder[WIRE_WHERE_MAX];
    bool own_folder;
    struct dbus_daemon *daemon;
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

/* ---- the bus ---- */

static void dead(struct wire_ble *w)
{
    w->up = false;
    w->events.on_dead(w->events.ctx);
}

static void on_radio_ready(void *ctx)
{
    struct wire_ble *w = ctx;

    w->up = true;
    if (w->events.on_up != NULL)
        w->events.on_up(w->events.ctx);
}

static void on_radio_failed(void *ctx, enum err why)
{
    (void)why;
    dead(ctx);
}

static enum err start_radio(struct wire_ble *w)
{
    const struct fake_bluez_handler handler = {on_radio_ready, on_radio_failed, w};
    const struct ble_handler client = {.connected = on_connected,
                                       .disconnected = on_disconnected,
                                       .mtu = on_mtu,
                                       .subscribed = on_subscribed,
                                       .written = on_written,
                                       .ctx = w};
    enum err e = fake_bluez_new(w->loop, dbus_daemon_address(w->daemon), &handler, &w->radio);

    if (e == ERR_OK)
        e = ble_radio_add(w->radio, &w->module.traits, &client, &w->peripheral);
    if (e == ERR_OK)
        set_place(w);
    return e;
}

static void on_daemon_ready(void *ctx)
{
    struct wire_ble *w = ctx;

    if (start_radio(w) != ERR_OK)
        dead(w);
}

static void on_daemon_failed(void *ctx, enum err why, const char *text)
{
    (void)why;
    (void)text;
    dead(ctx);
}

/* ---- the interface ---- */

static void destroy(struct wire *wire)
{
    struct wire_ble *w = ble_of(wire);

    ble_peripheral_delete(w->peripheral);
    ble_radio_delete(w->radio);
    dbus_daemon_delete(w->daemon);
    if (w->own_folder)
        rmdir(w->folder);
    free(w);
}

static const char *path(const struct wire *wire)
{
    return ble_of_const(wire)->path;
}

static const char *bus(const struct wire *wire)
{
    return dbus_daemon_address(ble_of_const(wire)->daemon);
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

static enum err make_folder(struct wire_ble *w, const char *where)
{
    struct span text = span_str(where);

    if (span_starts(text, "ble:") && text.n > 4) {
        span_to_str(span_sub(text, 4, SIZE_MAX), w->folder, sizeof w->folder);
        return ERR_OK;
    }
    if (!span_eq_str(text, "ble"))
        return ERR_USAGE;
    span_to_str(span_str("/tmp/bms-sim-XXXXXX"), w->folder, sizeof w->folder);
    w->own_folder = mkdtemp(w->folder) != NULL;
    return w->own_folder ? ERR_OK : ERR_DENIED;
}

static void put_path(struct wire_ble *w)
{
    const uint8_t *a = w->module.traits.address;
    struct buf out = buf_of(w->path, sizeof w->path - 1);

    buf_printf(&out, "ble:%02X:%02X:%02X:%02X:%02X:%02X", (unsigned)a[0], (unsigned)a[1],
               (unsigned)a[2], (unsigned)a[3], (unsigned)a[4], (unsigned)a[5]);
}

enum err wire_ble_open(struct loop *loop, const struct sim_config *config,
                       const struct wire_events *events, char where[WIRE_WHERE_MAX],
                       struct wire **ret)
{
    struct wire_ble *w = calloc(1, sizeof *w);

    if (w == NULL)
        return ERR_MEMORY;
    w->wire.ops = &ops;
    w->events = *events;
    w->loop = loop;
    jk_ble_module(config, &w->module);
    put_path(w);
    const struct dbus_daemon_handler handler = {on_daemon_ready, on_daemon_failed, w};
    enum err e = make_folder(w, where);
    if (e == ERR_OK)
        e = dbus_daemon_new(loop, w->folder, &handler, &w->daemon);
    if (e != ERR_OK) {
        if (w->own_folder)
            rmdir(w->folder);
        free(w);
        return e;
    }
    *ret = &w->wire;
    return ERR_OK;
}
