/* SPDX-License-Identifier: Apache-2.0
 *
 * One battery: searched for, connected, its characteristics found by property, subscribed, then
 * bytes both ways.
 *
 *   WAIT -> SEARCH -> CONNECT -> RESOLVE -> READ -> SUBSCRIBE -> OPEN -> LOST
 *             ^---- PAUSE <---------- fails ------------'
 *
 * A call of the owner's handler is always the last thing a callback does: he may delete us in it.
 */
#include <stdlib.h>
#include <string.h>

#include "port/bluez_priv.h"

#define SEARCH_US    (30 * US_PER_S) /* then a fresh search */
#define CONNECT_US   (45 * US_PER_S) /* BlueZ gives up by itself after some 25 s */
#define RESOLVE_US   (30 * US_PER_S)
#define ANSWER_US    (10 * US_PER_S)
#define PAUSE_MIN_US (1 * US_PER_S)
#define PAUSE_MAX_US (60 * US_PER_S)

enum { WRITES = 8, ATT_HEADER = 3, SAID_MAX = 200 };

enum state { WAIT, SEARCH, CONNECT, RESOLVE, READ, SUBSCRIBE, OPEN, PAUSE, LOST };

struct bluez_link {
    struct loop *loop;
    struct bluez_target target;
    struct bluez_link_handler handler;
    struct bluez_central *central;
    struct loop_timer *timer;
    enum state state;
    uint64_t pause_us;
    sd_bus_slot *call;
    sd_bus_slot *writes[WRITES];
    char device[BLUEZ_PATH_MAX]; /* "": BlueZ does not know it */
    struct bluez_found found;
    bool resolved;
    struct bluez_gatt gatt;
    char said[SAID_MAX];
};

static const char device1[] = "org.bluez.Device1";
static const char characteristic1[] = "org.bluez.GattCharacteristic1";

static void search(struct bluez_link *l);
static void connect_device(struct bluez_link *l);

static bool copy_path(char *to, const char *path)
{
    size_t n = strlen(path);

    if (n >= BLUEZ_PATH_MAX)
        return false;
    memcpy(to, path, n + 1);
    return true;
}

static const char *text_of(const sd_bus_error *error)
{
    return error->message != NULL && error->message[0] != '\0' ? error->message : error->name;
}

/* ---- saying, failing ---- */

static void say(struct bluez_link *l, const char *what, const char *detail)
{
    char text[SAID_MAX] = "";
    struct buf b = buf_of(text, sizeof text - 1);

    if (!buf_printf(&b, "%s%s%s", what, detail[0] != '\0' ? ": " : "", detail))
        span_to_str(span_str(what), text, sizeof text);
    if (strcmp(text, l->said) == 0)
        return;
    memcpy(l->said, text, sizeof l->said);
    l->handler.on_state(l->handler.ctx, l->said);
}

static const char *target_text(const struct bluez_link *l)
{
    return l->target.address[0] != '\0' ? l->target.address : l->target.name;
}

static void drop_calls(struct bluez_link *l)
{
    l->call = sd_bus_slot_unref(l->call);
    for (size_t i = 0; i < WRITES; i++)
        l->writes[i] = sd_bus_slot_unref(l->writes[i]);
    loop_timer_stop(l->timer);
}

/* Also what is only being connected: the battery must be free for others. */
static void hang_up(struct bluez_link *l)
{
    bool ours = l->state == CONNECT || l->state == RESOLVE || l->state == READ ||
                l->state == SUBSCRIBE || l->state == OPEN;

    drop_calls(l);
    if (ours && l->device[0] != '\0')
        bluez_tell(l->central, l->device, device1, "Disconnect", "");
}

/* An attempt failed. */
static void fail(struct bluez_link *l, const char *what, const char *detail)
{
    hang_up(l);
    l->state = PAUSE;
    loop_timer_after(l->timer, l->pause_us);
    l->pause_us = deadline_min(l->pause_us * 2, PAUSE_MAX_US);
    say(l, what, detail);
}

/* An open link ended. */
static void lose(struct bluez_link *l, const char *why)
{
    hang_up(l);
    l->state = LOST;
    l->handler.on_lost(l->handler.ctx, why);
}

/* ---- the way up ---- */

static int on_subscribed(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_link *l = ctx;
    const sd_bus_error *refused = sd_bus_message_get_error(m);

    (void)error;
    l->call = sd_bus_slot_unref(l->call);
    if (refused != NULL) {
        fail(l, "the battery takes no subscription", text_of(refused));
        return 0;
    }
    l->state = OPEN;
    loop_timer_stop(l->timer);
    l->handler.on_open(l->handler.ctx, l->gatt.notify.mtu > ATT_HEADER
                                           ? l->gatt.notify.mtu - (unsigned)ATT_HEADER
                                           : 0);
    return 0;
}

static void call_or_fail(struct bluez_link *l, enum state state, uint64_t limit_us,
                         const char *path, const char *interface, const char *method,
                         sd_bus_message_handler_t fn)
{
    l->state = state;
    loop_timer_after(l->timer, limit_us);
    enum err e = bluez_call(l->central, &l->call, path, interface, method, fn, l, "");
    if (e != ERR_OK)
        fail(l, method, err_text(e));
}

/* Old services in BlueZ's cache are the usual reason for missing ones: it forgets the device. */
static void fail_without_service(struct bluez_link *l)
{
    const char *adapter = bluez_central_adapter(l->central);
    char device[BLUEZ_PATH_MAX];

    copy_path(device, l->device);
    hang_up(l);
    l->state = WAIT; /* hung up already */
    if (adapter != NULL)
        bluez_tell(l->central, adapter, "org.bluez.Adapter1", "RemoveDevice", "o", device);
    l->device[0] = '\0';
    fail(l, "the battery does not have the service this protocol needs", "");
}

static int on_gatt(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_link *l = ctx;
    const sd_bus_error *refused = sd_bus_message_get_error(m);

    (void)error;
    l->call = sd_bus_slot_unref(l->call);
    if (refused != NULL) {
        fail(l, "BlueZ does not tell the battery's services", text_of(refused));
        return 0;
    }
    if (!bluez_gatt_choose(m, l->device, &l->target, &l->gatt))
        fail_without_service(l);
    else
        call_or_fail(l, SUBSCRIBE, ANSWER_US, l->gatt.notify.path, characteristic1, "StartNotify",
                     on_subscribed);
    return 0;
}

static void read_gatt(struct bluez_link *l)
{
    call_or_fail(l, READ, ANSWER_US, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                 on_gatt);
}

static int on_connected(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_link *l = ctx;
    const sd_bus_error *refused = sd_bus_message_get_error(m);

    (void)error;
    l->call = sd_bus_slot_unref(l->call);
    if (refused != NULL && !sd_bus_error_has_name(refused, "org.bluez.Error.AlreadyConnected")) {
        fail(l, "cannot connect", text_of(refused));
        return 0;
    }
    l->state = RESOLVE;
    loop_timer_after(l->timer, RESOLVE_US);
    if (l->resolved)
        read_gatt(l);
    return 0;
}

static void connect_device(struct bluez_link *l)
{
    bluez_central_discover(l->central, false); /* adapters do not like to do both */
    l->found.rssi = 0;                         /* to be heard again before the next attempt */
    call_or_fail(l, CONNECT, CONNECT_US, l->device, device1, "Connect", on_connected);
    if (l->state == CONNECT)
        say(l, "connecting", target_text(l));
}

/* ---- what the central tells ---- */

static bool is_wanted(const struct bluez_link *l, const struct bluez_object *o)
{
    if (l->target.address[0] != '\0')
        return o->address != NULL && span_eq_nocase(span_str(o->address), l->target.address);
    return o->name != NULL && strcmp(o->name, l->target.name) == 0;
}

static bool is_near(const struct bluez_link *l)
{
    return l->device[0] != '\0' && (l->found.connected || l->found.rssi != 0);
}

static void on_device(struct bluez_link *l, const struct bluez_object *o)
{
    bool idle = l->state == WAIT || l->state == SEARCH || l->state == PAUSE;

    if (idle && strcmp(l->device, o->path) != 0 && is_wanted(l, o) &&
        copy_path(l->device, o->path)) {
        l->found = (struct bluez_found){.rssi = 0};
        l->resolved = false;
    }
    if (strcmp(l->device, o->path) != 0)
        return;
    bluez_found_update(&l->found, o);
    if ((o->has & BLUEZ_HAS_RESOLVED) != 0)
        l->resolved = o->resolved;
    bool gone = (o->has & BLUEZ_HAS_CONNECTED) != 0 && !o->connected;
    switch (l->state) {
    case SEARCH:
        if (is_near(l))
            connect_device(l);
        return;
    case RESOLVE:
        if (gone)
            fail(l, "the battery hung up", "");
        else if (l->resolved)
            read_gatt(l);
        return;
    case READ:
    case SUBSCRIBE:
        if (gone)
            fail(l, "the battery hung up", "");
        return;
    case OPEN:
        if (gone)
            lose(l, "the battery hung up or is out of reach");
        else if (!l->resolved)
            lose(l, "the battery's services are gone");
        return;
    case WAIT:
    case CONNECT: /* the call tells */
    case PAUSE:
    case LOST: return;
    }
}

static void on_object(void *ctx, const struct bluez_object *o)
{
    struct bluez_link *l = ctx;

    if (o->interface == BLUEZ_DEVICE)
        on_device(l, o);
    else if (l->state == OPEN && (o->has & BLUEZ_HAS_VALUE) != 0 &&
             strcmp(o->path, l->gatt.notify.path) == 0)
        l->handler.on_bytes(l->handler.ctx, o->value);
}

static void on_removed(void *ctx, const char *path)
{
    struct bluez_link *l = ctx;

    if (strcmp(path, l->device) != 0)
        return;
    l->device[0] = '\0';
    if (l->state == OPEN)
        lose(l, "BlueZ has removed the battery");
    else if (l->state != SEARCH && l->state != WAIT && l->state != PAUSE && l->state != LOST)
        fail(l, "BlueZ has removed the battery", "");
}

static void on_central(void *ctx)
{
    struct bluez_link *l = ctx;
    const char *why = bluez_central_why(l->central);

    if (l->state == LOST)
        return;
    if (why == NULL) {
        if (l->state == WAIT)
            search(l);
        return;
    }
    if (l->state == OPEN) {
        lose(l, why);
        return;
    }
    drop_calls(l);
    l->state = WAIT;
    l->found = (struct bluez_found){.rssi = 0}; /* an adapter that was off knows it still */
    l->resolved = false;
    say(l, why, "");
}

static void search(struct bluez_link *l)
{
    l->state = SEARCH;
    loop_timer_after(l->timer, SEARCH_US);
    if (is_near(l)) {
        connect_device(l);
        return;
    }
    bluez_central_discover(l->central, true);
    say(l, "searching", target_text(l));
}

static void on_timer(void *ctx)
{
    struct bluez_link *l = ctx;

    switch (l->state) {
    case SEARCH:
        bluez_central_discover_afresh(l->central);
        loop_timer_after(l->timer, SEARCH_US);
        say(l, "not heard: off, out of reach, or connected to somebody else", target_text(l));
        return;
    case CONNECT: fail(l, "cannot connect", "no answer from BlueZ"); return;
    case RESOLVE: fail(l, "the battery does not tell its services", ""); return;
    case READ:
    case SUBSCRIBE: fail(l, "no answer from BlueZ", ""); return;
    case PAUSE:
        if (bluez_central_why(l->central) == NULL)
            search(l);
        else
            l->state = WAIT;
        return;
    case WAIT:
    case OPEN:
    case LOST: return;
    }
}

/* ---- the owner's side ---- */

enum err bluez_link_new(struct loop *loop, const struct bluez_target *target,
                        const struct bluez_link_handler *handler, struct bluez_link **ret)
{
    struct bluez_link *l = calloc(1, sizeof *l);

    if (l == NULL)
        return ERR_MEMORY;
    l->loop = loop;
    l->target = *target;
    l->handler = *handler;
    l->pause_us = PAUSE_MIN_US;
    const struct bluez_central_handler central = {
        .state = on_central, .object = on_object, .removed = on_removed, .ctx = l};
    enum err e = loop_timer_new(loop, on_timer, l, &l->timer);
    if (e == ERR_OK)
        e = bluez_central_new(loop, target->bus, &central, &l->central);
    if (e != ERR_OK) {
        loop_timer_delete(l->timer);
        free(l);
        return e;
    }
    *ret = l;
    return ERR_OK;
}

void bluez_link_delete(struct bluez_link *l)
{
    if (l == NULL)
        return;
    hang_up(l);
    loop_timer_delete(l->timer);
    bluez_central_delete(l->central);
    free(l);
}

static int on_written(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_link *l = ctx;
    const sd_bus_error *refused = sd_bus_message_get_error(m);
    const sd_bus_slot *slot = sd_bus_get_current_slot(dbus_bus(bluez_central_dbus(l->central)));

    (void)error;
    for (size_t i = 0; i < WRITES; i++)
        if (l->writes[i] == slot)
            l->writes[i] = sd_bus_slot_unref(l->writes[i]);
    if (refused != NULL && l->state == OPEN)
        lose(l, text_of(refused));
    return 0;
}

static int append_write(const struct bluez_link *l, sd_bus_message *m, struct span bytes)
{
    int r = sd_bus_message_append_array(m, 'y', bytes.p, bytes.n);

    if (r >= 0)
        r = sd_bus_message_append(m, "a{sv}", 1, "type", "s",
                                  (l->gatt.write.flags & BLUEZ_WRITE_COMMAND) != 0 ? "command"
                                                                                   : "request");
    return r;
}

enum err bluez_link_write(struct bluez_link *l, struct span bytes)
{
    sd_bus_message *m = NULL;
    size_t i = 0;

    if (l->state != OPEN)
        return ERR_CLOSED;
    while (i < WRITES && l->writes[i] != NULL)
        i++;
    if (i == WRITES)
        return ERR_AGAIN;
    struct dbus *dbus = bluez_central_dbus(l->central);
    int r = sd_bus_message_new_method_call(dbus_bus(dbus), &m, "org.bluez", l->gatt.write.path,
                                           characteristic1, "WriteValue");
    if (r >= 0)
        r = append_write(l, m, bytes);
    if (r >= 0)
        r = sd_bus_call_async(dbus_bus(dbus), &l->writes[i], m, on_written, l, 0);
    sd_bus_message_unref(m);
    dbus_settle(dbus);
    return r < 0 ? err_from_errno(-r) : ERR_OK;
}
