/* SPDX-License-Identifier: Apache-2.0
 *
 * The connection to org.bluez: its coming and going on the bus, its adapters, discovery, and the
 * signals about devices for who is interested. Signals are believed only from the owner of the
 * name: everybody on a bus may send them.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "port/bluez_priv.h"

#define BUS_AGAIN_MIN_US  (1 * US_PER_S)
#define BUS_AGAIN_MAX_US  (30 * US_PER_S)
#define DISCOVER_AGAIN_US (5 * US_PER_S)

static const char bluez[] = "org.bluez";

enum { ADAPTERS = 4, OWNER_MAX = 256, WHY_MAX = 160 };

struct adapter {
    char path[BLUEZ_PATH_MAX]; /* "": free */
    bool powered;
};

struct bluez_central {
    struct loop *loop;
    struct bluez_central_handler handler;
    char address[512]; /* of the bus */
    struct dbus *dbus;
    sd_bus_slot *owner_match, *objects_match, *properties_match;
    sd_bus_slot *call;     /* who owns the name, then what objects there are */
    sd_bus_slot *discover; /* StartDiscovery under way */
    struct loop_timer *timer;
    uint64_t again_us;
    char owner[OWNER_MAX]; /* unique name; "": bluetoothd is not there */
    bool known;            /* its objects have been read */
    struct adapter adapters[ADAPTERS];
    bool want, asked; /* discovery */
    char why[WHY_MAX];
    unsigned depth; /* a callback of the bus is running: the owner may delete us in it */
    bool deleted;
};

/* ---- saying ---- */

static void enter(struct bluez_central *c)
{
    c->depth++;
}

static void leave(struct bluez_central *c)
{
    c->depth--;
    if (c->depth == 0 && c->deleted)
        free(c);
}

static void say(struct bluez_central *c)
{
    if (!c->deleted)
        c->handler.state(c->handler.ctx);
}

static const struct adapter *best_adapter(const struct bluez_central *c)
{
    const struct adapter *best = NULL;

    for (const struct adapter *a = c->adapters; a < c->adapters + ADAPTERS; a++) {
        if (a->path[0] == '\0')
            continue;
        if (best == NULL || (a->powered && !best->powered) ||
            (a->powered == best->powered && strcmp(a->path, best->path) < 0))
            best = a;
    }
    return best;
}

const char *bluez_central_why(const struct bluez_central *c)
{
    const struct adapter *a = best_adapter(c);

    if (c->dbus == NULL)
        return c->why;
    if (c->owner[0] == '\0')
        return "bluetoothd is not running (no org.bluez on the bus)";
    if (!c->known)
        return "bluetoothd does not answer yet";
    if (a == NULL)
        return "no Bluetooth adapter";
    if (!a->powered)
        return "the Bluetooth adapter is off";
    return c->why[0] != '\0' ? c->why : NULL;
}

const char *bluez_central_adapter(const struct bluez_central *c)
{
    const struct adapter *a = best_adapter(c);

    return a != NULL ? a->path : NULL;
}

static void set_why(struct bluez_central *c, const char *what, const char *detail)
{
    struct buf b = buf_of(c->why, sizeof c->why - 1);

    memset(c->why, 0, sizeof c->why);
    buf_printf(&b, "%s %s", what, detail);
}

static void set_why_more(struct bluez_central *c, const char *text)
{
    struct buf b = buf_of(c->why, sizeof c->why - 1);

    b.n = strlen(c->why);
    buf_printf(&b, ": %s", text);
    c->why[b.n] = '\0';
}

/* ---- calls ---- */

static enum err call_v(struct bluez_central *c, sd_bus_slot **slot, const char *path,
                       const char *interface, const char *method, sd_bus_message_handler_t fn,
                       void *ctx, const char *types, va_list values)
{
    if (c->dbus == NULL)
        return ERR_CLOSED;
    int r = sd_bus_call_method_asyncv(dbus_bus(c->dbus), slot, bluez, path, interface, method, fn,
                                      ctx, types, values);
    dbus_settle(c->dbus);
    return r < 0 ? err_from_errno(-r) : ERR_OK;
}

enum err bluez_call(struct bluez_central *c, sd_bus_slot **slot, const char *path,
                    const char *interface, const char *method, sd_bus_message_handler_t fn,
                    void *ctx, const char *types, ...)
{
    va_list values;

    va_start(values, types);
    enum err e = call_v(c, slot, path, interface, method, fn, ctx, types, values);
    va_end(values);
    return e;
}

void bluez_tell(struct bluez_central *c, const char *path, const char *interface,
                const char *method, const char *types, ...)
{
    va_list values;

    va_start(values, types);
    call_v(c, NULL, path, interface, method, NULL, NULL, types, values);
    va_end(values);
}

struct dbus *bluez_central_dbus(const struct bluez_central *c)
{
    return c->dbus;
}

/* ---- discovery ---- */

static int on_discovering(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_central *c = ctx;
    const sd_bus_error *refused = sd_bus_message_get_error(m);

    (void)error;
    c->discover = sd_bus_slot_unref(c->discover);
    c->why[0] = '\0';
    if (refused != NULL) {
        c->asked = false;
        set_why(c, "BlueZ does not search:", refused->message);
        loop_timer_after(c->timer, DISCOVER_AGAIN_US);
    }
    enter(c);
    say(c);
    leave(c);
    return 0;
}

/* All kinds of advertisers, not only those with our service: some modules garble its UUID. */
static void start_discovery(struct bluez_central *c, const char *adapter)
{
    bluez_tell(c, adapter, "org.bluez.Adapter1", "SetDiscoveryFilter", "a{sv}", 1, "Transport", "s",
               "le");
    c->asked = bluez_call(c, &c->discover, adapter, "org.bluez.Adapter1", "StartDiscovery",
                          on_discovering, c, "") == ERR_OK;
}

static void sync_discovery(struct bluez_central *c)
{
    const struct adapter *a = best_adapter(c);
    bool can = c->dbus != NULL && c->known && a != NULL && a->powered;

    if (!can) {
        c->discover = sd_bus_slot_unref(c->discover);
        c->asked = false;
    } else if (c->want && !c->asked) {
        start_discovery(c, a->path);
    } else if (!c->want && c->asked) {
        c->discover = sd_bus_slot_unref(c->discover);
        bluez_tell(c, a->path, "org.bluez.Adapter1", "StopDiscovery", "");
        c->asked = false;
    }
}

void bluez_central_discover(struct bluez_central *c, bool on)
{
    c->want = on;
    sync_discovery(c);
}

void bluez_central_discover_afresh(struct bluez_central *c)
{
    bluez_central_discover(c, false);
    bluez_central_discover(c, true);
}

/* ---- objects ---- */

static struct adapter *find_adapter(struct bluez_central *c, const char *path)
{
    for (struct adapter *a = c->adapters; a < c->adapters + ADAPTERS; a++)
        if (strcmp(a->path, path) == 0)
            return a;
    return NULL;
}

static void on_adapter(struct bluez_central *c, const struct bluez_object *o)
{
    struct adapter *a = find_adapter(c, o->path);

    if (a == NULL)
        a = find_adapter(c, ""); /* a free one */
    if (a == NULL || strlen(o->path) >= sizeof a->path)
        return;
    memcpy(a->path, o->path, strlen(o->path) + 1);
    if ((o->has & BLUEZ_HAS_POWERED) != 0)
        a->powered = o->powered;
}

static void on_object(void *ctx, const struct bluez_object *o)
{
    struct bluez_central *c = ctx;

    if (o->interface == BLUEZ_ADAPTER)
        on_adapter(c, o);
    else if (!c->deleted)
        c->handler.object(c->handler.ctx, o);
}

static bool from_bluez(const struct bluez_central *c, sd_bus_message *m)
{
    const char *sender = sd_bus_message_get_sender(m);

    return sender != NULL && c->owner[0] != '\0' && strcmp(sender, c->owner) == 0;
}

/* A strength that is no longer known counts as 0: not heard. */
static int read_invalidated(sd_bus_message *m, struct bluez_object *o)
{
    const char *name;
    int r = sd_bus_message_enter_container(m, 'a', "s");

    if (r < 0)
        return r;
    while ((r = sd_bus_message_read(m, "s", &name)) > 0)
        if (o->interface == BLUEZ_DEVICE && strcmp(name, "RSSI") == 0) {
            o->has |= BLUEZ_HAS_RSSI;
            o->rssi = 0;
        }
    return r;
}

static int on_properties(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_central *c = ctx;
    struct bluez_object o = {.path = sd_bus_message_get_path(m)};
    const char *name;

    (void)error;
    if (!from_bluez(c, m) || sd_bus_message_read(m, "s", &name) < 0)
        return 0;
    o.interface = bluez_interface_of(name);
    if (o.interface == BLUEZ_OTHER || bluez_read_properties(m, &o) < 0 ||
        read_invalidated(m, &o) < 0)
        return 0;
    enter(c);
    on_object(c, &o);
    if (o.interface == BLUEZ_ADAPTER) {
        sync_discovery(c);
        say(c);
    }
    leave(c);
    return 0;
}

static void on_removed(struct bluez_central *c, sd_bus_message *m)
{
    const char *path, *name;
    bool adapter = false;

    if (sd_bus_message_read(m, "o", &path) < 0 || sd_bus_message_enter_container(m, 'a', "s") < 0)
        return;
    struct adapter *a = find_adapter(c, path);
    while (sd_bus_message_read(m, "s", &name) > 0)
        adapter |= bluez_interface_of(name) == BLUEZ_ADAPTER;
    if (adapter && a != NULL)
        *a = (struct adapter){0};
    c->handler.removed(c->handler.ctx, path);
    if (adapter && !c->deleted) {
        sync_discovery(c);
        say(c);
    }
}

static int on_objects_signal(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_central *c = ctx;
    const char *member = sd_bus_message_get_member(m);
    bool ready = bluez_central_why(c) == NULL;

    (void)error;
    if (!from_bluez(c, m))
        return 0;
    enter(c);
    if (strcmp(member, "InterfacesRemoved") == 0) {
        on_removed(c, m);
    } else if (strcmp(member, "InterfacesAdded") == 0) {
        bluez_read_interfaces(m, on_object, c);
        if (!c->deleted && ready != (bluez_central_why(c) == NULL)) {
            sync_discovery(c);
            say(c);
        }
    }
    leave(c);
    return 0;
}

static int on_objects(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_central *c = ctx;
    const sd_bus_error *refused = sd_bus_message_get_error(m);

    (void)error;
    c->call = sd_bus_slot_unref(c->call);
    if (refused != NULL)
        return 0; /* it left the bus: NameOwnerChanged says so */
    c->known = true;
    enter(c);
    bluez_read_objects(m, on_object, c);
    if (!c->deleted)
        sync_discovery(c);
    say(c);
    leave(c);
    return 0;
}

/* ---- the daemon's name ---- */

static void set_owner(struct bluez_central *c, const char *owner)
{
    size_t n = strlen(owner);
    bool first = c->owner[0] == '\0';

    if (strcmp(owner, c->owner) == 0 || n >= sizeof c->owner)
        return;
    memcpy(c->owner, owner, n + 1);
    c->known = false;
    c->why[0] = '\0';
    c->call = sd_bus_slot_unref(c->call);
    memset(c->adapters, 0, sizeof c->adapters);
    sync_discovery(c);
    if (n > 0)
        bluez_call(c, &c->call, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                   on_objects, c, "");
    if (first)
        return; /* nothing to say before it has told what there is */
    say(c);
}

static int on_owner_changed(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_central *c = ctx;
    const char *name, *from, *to;

    (void)error;
    enter(c);
    if (sd_bus_message_read(m, "sss", &name, &from, &to) >= 0 && strcmp(name, bluez) == 0)
        set_owner(c, to);
    leave(c);
    return 0;
}

static int on_owner(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_central *c = ctx;
    const char *owner;

    (void)error;
    c->call = sd_bus_slot_unref(c->call);
    c->again_us = BUS_AGAIN_MIN_US;
    enter(c);
    if (sd_bus_message_get_error(m) == NULL && sd_bus_message_read(m, "s", &owner) >= 0)
        set_owner(c, owner);
    else
        say(c);
    leave(c);
    return 0;
}

/* ---- the bus ---- */

static void close_bus(struct bluez_central *c)
{
    c->owner_match = sd_bus_slot_unref(c->owner_match);
    c->objects_match = sd_bus_slot_unref(c->objects_match);
    c->properties_match = sd_bus_slot_unref(c->properties_match);
    c->call = sd_bus_slot_unref(c->call);
    c->discover = sd_bus_slot_unref(c->discover);
    dbus_delete(c->dbus);
    c->dbus = NULL;
    c->owner[0] = '\0';
    c->known = c->asked = false;
    memset(c->adapters, 0, sizeof c->adapters);
}

static void bus_failed(struct bluez_central *c, enum err why)
{
    close_bus(c);
    set_why(c, "no D-Bus at", dbus_address(c->address[0] != '\0' ? c->address : NULL));
    set_why_more(c, err_text(why));
    loop_timer_after(c->timer, c->again_us);
    c->again_us = deadline_min(c->again_us * 2, BUS_AGAIN_MAX_US);
}

static void on_bus_lost(void *ctx, enum err why)
{
    struct bluez_central *c = ctx;

    bus_failed(c, why);
    enter(c);
    say(c);
    leave(c);
}

static int add_matches(struct bluez_central *c)
{
    sd_bus *bus = dbus_bus(c->dbus);
    int r = sd_bus_add_match_async(bus, &c->owner_match,
                                   "type='signal',sender='org.freedesktop.DBus',"
                                   "path='/org/freedesktop/DBus',"
                                   "interface='org.freedesktop.DBus',"
                                   "member='NameOwnerChanged',arg0='org.bluez'",
                                   on_owner_changed, NULL, c);
    if (r >= 0)
        r = sd_bus_add_match_async(bus, &c->objects_match,
                                   "type='signal',path='/',"
                                   "interface='org.freedesktop.DBus.ObjectManager'",
                                   on_objects_signal, NULL, c);
    if (r >= 0)
        r = sd_bus_add_match_async(bus, &c->properties_match,
                                   "type='signal',path_namespace='/org/bluez',"
                                   "interface='org.freedesktop.DBus.Properties',"
                                   "member='PropertiesChanged'",
                                   on_properties, NULL, c);
    if (r >= 0)
        r = sd_bus_call_method_async(bus, &c->call, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                     "org.freedesktop.DBus", "GetNameOwner", on_owner, c, "s",
                                     bluez);
    return r;
}

static void open_bus(struct bluez_central *c)
{
    const struct dbus_handler handler = {.on_lost = on_bus_lost, .ctx = c};
    enum err e = dbus_new(c->loop, c->address[0] != '\0' ? c->address : NULL, &handler, &c->dbus);

    if (e != ERR_OK) {
        c->dbus = NULL;
        bus_failed(c, e);
        return;
    }
    c->why[0] = '\0';
    int r = add_matches(c);
    if (r < 0)
        bus_failed(c, err_from_errno(-r));
    else
        dbus_settle(c->dbus);
}

static void on_timer(void *ctx)
{
    struct bluez_central *c = ctx;

    if (c->dbus == NULL)
        open_bus(c);
    else
        sync_discovery(c);
    enter(c);
    say(c);
    leave(c);
}

enum err bluez_central_new(struct loop *loop, const char *bus,
                           const struct bluez_central_handler *handler, struct bluez_central **ret)
{
    struct bluez_central *c = calloc(1, sizeof *c);

    if (c == NULL)
        return ERR_MEMORY;
    c->loop = loop;
    c->handler = *handler;
    c->again_us = BUS_AGAIN_MIN_US;
    if (bus != NULL)
        span_to_str(span_str(bus), c->address, sizeof c->address);
    enum err e = loop_timer_new(loop, on_timer, c, &c->timer);
    if (e != ERR_OK) {
        free(c);
        return e;
    }
    open_bus(c);
    if (c->dbus == NULL)
        loop_timer_after(c->timer, 0); /* says so when the owner can hear it */
    *ret = c;
    return ERR_OK;
}

void bluez_central_delete(struct bluez_central *c)
{
    if (c == NULL || c->deleted)
        return;
    c->deleted = true;
    close_bus(c);
    loop_timer_delete(c->timer);
    if (c->depth == 0)
        free(c);
}
