/* SPDX-License-Identifier: Apache-2.0
 *
 * The played BlueZ on its bus: calls come in here; clients that leave take their searches and
 * subscriptions along; the radio's faults.
 */
#include "sim/ble/fake_bluez.h"

#include <stdlib.h>
#include <string.h>

#include "sim/ble/fake_bluez_priv.h"

/* ---- clients ---- */

bool fake_clients_any(const struct fake_clients *c)
{
    for (size_t i = 0; i < FAKE_CLIENTS; i++)
        if (c->names[i][0] != '\0')
            return true;
    return false;
}

static size_t client_at(const struct fake_clients *c, const char *name)
{
    size_t i = 0;

    while (i < FAKE_CLIENTS && strcmp(c->names[i], name) != 0)
        i++;
    return i;
}

bool fake_clients_has(const struct fake_clients *c, const char *name)
{
    return client_at(c, name) < FAKE_CLIENTS;
}

bool fake_clients_add(struct fake_clients *c, const char *name)
{
    size_t i = client_at(c, "");

    if (fake_clients_has(c, name))
        return true;
    if (i == FAKE_CLIENTS || strlen(name) >= FAKE_CLIENT)
        return false;
    span_to_str(span_str(name), c->names[i], FAKE_CLIENT);
    return true;
}

void fake_clients_remove(struct fake_clients *c, const char *name)
{
    size_t i = client_at(c, name);

    if (i < FAKE_CLIENTS)
        c->names[i][0] = '\0';
}

/* ---- time ---- */

sd_bus *fake_bus(const struct fake_bluez *f)
{
    return dbus_bus(f->dbus);
}

void fake_reschedule(struct fake_bluez *f)
{
    uint64_t t = NEVER_US;

    for (const struct fake_device *d = f->devices; d != NULL; d = d->next)
        t = deadline_min(t, deadline_min(fake_link_deadline(d), fake_gatt_deadline(d)));
    loop_timer_at(f->timer, t);
}

static void on_timer(void *ctx)
{
    struct fake_bluez *f = ctx;
    uint64_t now_us = loop_now(f->loop);

    for (struct fake_device *d = f->devices; d != NULL; d = d->next) {
        fake_gatt_run(d, now_us);
        fake_link_run(d, now_us);
    }
    fake_reschedule(f);
}

/* ---- the adapter ---- */

static void set_powered(struct fake_bluez *f, bool on)
{
    bool searched = fake_searches(f);

    if (f->powered == on)
        return;
    if (!on) {
        memset(&f->searching, 0, sizeof f->searching);
        fake_search_changed(f, searched);
        for (struct fake_device *d = f->devices; d != NULL; d = d->next)
            fake_link_end(d, BLE_END_HOST);
    }
    f->powered = on;
    fake_say_adapter(f, "Powered");
}

static int start_discovery(struct fake_bluez *f, sd_bus_message *call)
{
    const char *name = sd_bus_message_get_sender(call);
    bool was = fake_searches(f);

    if (!f->powered)
        return sd_bus_reply_method_errorf(call, "org.bluez.Error.NotReady", "Resource Not Ready");
    if (fake_clients_has(&f->searching, name) || !fake_clients_add(&f->searching, name))
        return sd_bus_reply_method_errorf(call, "org.bluez.Error.InProgress",
                                          "Operation already in progress");
    int r = sd_bus_reply_method_return(call, "");
    fake_search_changed(f, was);
    return r;
}

static int stop_discovery(struct fake_bluez *f, sd_bus_message *call)
{
    const char *name = sd_bus_message_get_sender(call);
    bool was = fake_searches(f);

    if (!fake_clients_has(&f->searching, name))
        return sd_bus_reply_method_errorf(call, "org.bluez.Error.Failed", "No discovery started");
    fake_clients_remove(&f->searching, name);
    int r = sd_bus_reply_method_return(call, "");
    fake_search_changed(f, was);
    return r;
}

static int remove_device(struct fake_bluez *f, sd_bus_message *call)
{
    const char *path;
    int r = sd_bus_message_read(call, "o", &path);

    if (r < 0)
        return r;
    struct fake_object o = fake_lookup(f, path);
    if (o.kind != FAKE_DEVICE1)
        return sd_bus_reply_method_errorf(call, "org.bluez.Error.DoesNotExist", "Does Not Exist");
    fake_link_forget(o.device);
    return sd_bus_reply_method_return(call, "");
}

static int adapter_call(struct fake_bluez *f, const char *method, sd_bus_message *call)
{
    if (strcmp(method, "StartDiscovery") == 0)
        return start_discovery(f, call);
    if (strcmp(method, "StopDiscovery") == 0)
        return stop_discovery(f, call);
    if (strcmp(method, "RemoveDevice") == 0)
        return remove_device(f, call);
    if (strcmp(method, "SetDiscoveryFilter") == 0)
        return sd_bus_reply_method_return(call, "");
    return 0;
}

/* ---- calls ---- */

static int device_call(struct fake_device *d, const char *method, sd_bus_message *call)
{
    if (strcmp(method, "Connect") == 0)
        return fake_link_connect(d, call);
    if (strcmp(method, "Disconnect") == 0) {
        if (d->state == FAKE_IDLE)
            return sd_bus_reply_method_errorf(call, "org.bluez.Error.NotConnected",
                                              "Not Connected");
        /* the answer first, as of BlueZ: bleak hangs up its bus when it hears of `Connected` */
        int r = sd_bus_reply_method_return(call, "");
        fake_link_end(d, BLE_END_CENTRAL);
        return r;
    }
    if (strcmp(method, "Pair") == 0)
        return sd_bus_reply_method_errorf(call, "org.bluez.Error.AuthenticationFailed",
                                          "Authentication Failed");
    return 0;
}

static int get_properties(struct fake_bluez *f, const struct fake_object *o, const char *method,
                          sd_bus_message *call)
{
    const char *interface, *name = NULL;
    sd_bus_message *m = NULL;
    int r = sd_bus_message_read(call, "s", &interface);

    if (r >= 0 && strcmp(method, "Get") == 0)
        r = sd_bus_message_read(call, "s", &name);
    if (r < 0)
        return r;
    if (name != NULL || strcmp(interface, fake_interface(o->kind)) != 0)
        return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_INVALID_ARGS, "No such property");
    r = sd_bus_message_new_method_return(call, &m);
    if (r >= 0)
        r = fake_append_properties(m, f, o, NULL);
    if (r >= 0)
        r = sd_bus_send(fake_bus(f), m, NULL);
    sd_bus_message_unref(m);
    return r;
}

static int set_property(struct fake_bluez *f, const struct fake_object *o, sd_bus_message *call)
{
    const char *interface, *name;
    int on, r = sd_bus_message_read(call, "ss", &interface, &name);

    if (r >= 0)
        r = sd_bus_message_read(call, "v", "b", &on);
    if (r < 0)
        return r;
    if (o->kind == FAKE_ADAPTER1 && strcmp(name, "Powered") == 0)
        set_powered(f, on != 0);
    else if (o->kind == FAKE_DEVICE1 && strcmp(name, "Trusted") == 0)
        o->device->trusted = on != 0;
    else
        return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_PROPERTY_READ_ONLY, "%s", name);
    return sd_bus_reply_method_return(call, "");
}

static int get_objects(struct fake_bluez *f, sd_bus_message *call)
{
    sd_bus_message *m = NULL;
    int r = sd_bus_message_new_method_return(call, &m);

    if (r >= 0)
        r = fake_append_objects(m, f);
    if (r >= 0)
        r = sd_bus_send(fake_bus(f), m, NULL);
    sd_bus_message_unref(m);
    return r < 0 ? r : 1;
}

/* Any method call to us; 0 lets sd-bus say that there is no such object or method. */
static int on_call(sd_bus_message *call, void *ctx, sd_bus_error *error)
{
    struct fake_bluez *f = ctx;
    const char *interface = sd_bus_message_get_interface(call);
    const char *method = sd_bus_message_get_member(call);
    struct fake_object o = fake_lookup(f, sd_bus_message_get_path(call));

    (void)error;
    if (o.kind == FAKE_NONE || interface == NULL || method == NULL)
        return 0;
    if (strcmp(interface, "org.freedesktop.DBus.Properties") == 0)
        return strcmp(method, "Set") == 0 ? set_property(f, &o, call)
                                          : get_properties(f, &o, method, call);
    if (strcmp(interface, fake_interface(o.kind)) != 0)
        return 0;
    switch (o.kind) {
    case FAKE_MANAGER: return strcmp(method, "GetManagedObjects") == 0 ? get_objects(f, call) : 0;
    case FAKE_ADAPTER1: return adapter_call(f, method, call);
    case FAKE_DEVICE1: return device_call(o.device, method, call);
    case FAKE_CHAR1: return fake_gatt_call(o.device, o.characteristic, method, call);
    case FAKE_NONE:
    case FAKE_SERVICE1:
    case FAKE_DESC1: return 0;
    }
    return 0;
}

/* Somebody left the bus. */
static int on_name(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct fake_bluez *f = ctx;
    const char *name, *from, *to;
    bool was = fake_searches(f);

    (void)error;
    if (sd_bus_message_read(m, "sss", &name, &from, &to) < 0 || to[0] != '\0')
        return 0;
    fake_clients_remove(&f->searching, name);
    fake_search_changed(f, was);
    for (struct fake_device *d = f->devices; d != NULL; d = d->next)
        fake_gatt_client_left(d, name);
    return 0;
}

/* ---- the daemon ---- */

static void go_down(struct fake_bluez *f)
{
    f->ready = false; /* says nothing any more */
    for (struct fake_device *d = f->devices; d != NULL; d = d->next) {
        fake_link_end(d, BLE_END_HOST);
        d->known = d->heard = d->trusted = false;
    }
    memset(&f->searching, 0, sizeof f->searching);
    f->objects = sd_bus_slot_unref(f->objects);
    f->names = sd_bus_slot_unref(f->names);
    f->request = sd_bus_slot_unref(f->request);
    dbus_delete(f->dbus);
    f->dbus = NULL;
}

static void on_lost(void *ctx, enum err why)
{
    struct fake_bluez *f = ctx;

    go_down(f);
    f->handler.on_failed(f->handler.ctx, why);
}

static int on_requested(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct fake_bluez *f = ctx;
    uint32_t result = 0;

    (void)error;
    f->request = sd_bus_slot_unref(f->request);
    if (sd_bus_message_get_error(m) == NULL && sd_bus_message_read(m, "u", &result) >= 0 &&
        result == 1) {
        f->ready = true;
        f->handler.on_ready(f->handler.ctx);
    } else {
        f->handler.on_failed(f->handler.ctx, ERR_BUSY);
    }
    return 0;
}

static int set_up(struct fake_bluez *f)
{
    sd_bus *bus = fake_bus(f);
    int r = sd_bus_add_fallback(bus, &f->objects, "/", on_call, f);

    if (r >= 0)
        r = sd_bus_add_match_async(bus, &f->names,
                                   "type='signal',sender='org.freedesktop.DBus',"
                                   "path='/org/freedesktop/DBus',"
                                   "interface='org.freedesktop.DBus',"
                                   "member='NameOwnerChanged',arg2=''",
                                   on_name, NULL, f);
    if (r >= 0)
        r = sd_bus_request_name_async(bus, &f->request, "org.bluez", 0, on_requested, f);
    dbus_settle(f->dbus);
    return r;
}

static enum err go_up(struct fake_bluez *f)
{
    const struct dbus_handler handler = {.on_lost = on_lost, .ctx = f};
    enum err e = dbus_new(f->loop, f->bus[0] != '\0' ? f->bus : NULL, &handler, &f->dbus);

    if (e != ERR_OK)
        return e;
    int r = set_up(f);
    if (r >= 0)
        return ERR_OK;
    go_down(f);
    return err_from_errno(-r);
}

/* ---- the radio ---- */

static void set_place(struct ble_peripheral *p, enum ble_place place)
{
    struct fake_device *d = fake_device_of(p);
    uint64_t now_us = loop_now(d->fake->loop);
    bool linked = d->state == FAKE_CONNECTED || d->state == FAKE_RESOLVED;

    if (d->place == BLE_NEAR)
        d->seen_us = now_us;
    d->place = place;
    if (place == BLE_HELD && linked)
        fake_link_end(d, BLE_END_PERIPHERAL);
    else if (linked)
        d->dead_us = place == BLE_AWAY ? now_us + d->traits.supervision_us : NEVER_US;
    d->advert_us = now_us + d->traits.interval_us;
    fake_reschedule(d->fake);
}

static void hang_up(struct ble_peripheral *p)
{
    struct fake_device *d = fake_device_of(p);

    if (d->state == FAKE_CONNECTED || d->state == FAKE_RESOLVED)
        fake_link_end(d, BLE_END_PERIPHERAL);
}

static void set_rssi(struct ble_peripheral *p, int8_t dbm)
{
    struct fake_device *d = fake_device_of(p);

    d->traits.rssi = dbm;
    if (d->heard && d->place == BLE_NEAR)
        fake_say_device(d, "RSSI");
}

static void ignore_end(void *ctx, enum ble_end why)
{
    (void)ctx;
    (void)why;
}

static void remove_peripheral(struct ble_peripheral *p)
{
    struct fake_device *d = fake_device_of(p);
    struct fake_device **at = &d->fake->devices;

    p->handler.disconnected = ignore_end; /* who deletes it knows */
    fake_link_forget(d);
    while (*at != d)
        at = &(*at)->next;
    *at = d->next;
    fake_reschedule(d->fake);
    free(d);
}

static enum err add(struct ble_radio *radio, const struct ble_traits *traits,
                    const struct ble_handler *handler, struct ble_peripheral **ret)
{
    static const struct ble_peripheral_ops ops = {.destroy = remove_peripheral,
                                                  .notify = fake_gatt_notify,
                                                  .place = set_place,
                                                  .hang_up = hang_up,
                                                  .rssi = set_rssi};
    struct fake_bluez *f = (struct fake_bluez *)radio;
    struct fake_device **last = &f->devices;

    if (!ble_traits_sound(traits))
        return ERR_RANGE;
    for (; *last != NULL; last = &(*last)->next)
        if (memcmp((*last)->traits.address, traits->address, BLE_ADDRESS) == 0)
            return ERR_EXISTS;
    struct fake_device *d = calloc(1, sizeof *d);
    if (d == NULL)
        return ERR_MEMORY;
    const uint8_t *a = traits->address;
    struct buf path = buf_of(d->path, sizeof d->path - 1);
    buf_printf(&path, FAKE_ADAPTER "/dev_%02X_%02X_%02X_%02X_%02X_%02X", (unsigned)a[0],
               (unsigned)a[1], (unsigned)a[2], (unsigned)a[3], (unsigned)a[4], (unsigned)a[5]);
    d->peripheral = (struct ble_peripheral){.ops = &ops, .handler = *handler};
    d->fake = f;
    d->traits = *traits;
    d->dead_us = NEVER_US;
    d->advert_us = loop_now(f->loop) + traits->interval_us;
    *last = d;
    fake_reschedule(f);
    *ret = &d->peripheral;
    return ERR_OK;
}

static enum err fault(struct ble_radio *radio, enum ble_fault what, bool on)
{
    struct fake_bluez *f = (struct fake_bluez *)radio;

    switch (what) {
    case BLE_ADAPTER_OFF: set_powered(f, !on); return ERR_OK;
    case BLE_DAEMON_DOWN:
        if (on == (f->dbus == NULL))
            return ERR_OK;
        if (!on)
            return go_up(f);
        go_down(f);
        return ERR_OK;
    }
    return ERR_UNSUPPORTED;
}

static void destroy(struct ble_radio *radio)
{
    struct fake_bluez *f = (struct fake_bluez *)radio;

    go_down(f);
    loop_timer_delete(f->timer);
    free(f);
}

enum err fake_bluez_new(struct loop *loop, const char *bus,
                        const struct fake_bluez_handler *handler, struct ble_radio **ret)
{
    static const struct ble_radio_ops ops = {.destroy = destroy, .add = add, .fault = fault};
    struct fake_bluez *f = calloc(1, sizeof *f);

    if (f == NULL)
        return ERR_MEMORY;
    f->radio.ops = &ops;
    f->loop = loop;
    f->handler = *handler;
    f->powered = true;
    if (bus != NULL)
        span_to_str(span_str(bus), f->bus, sizeof f->bus);
    enum err e = loop_timer_new(loop, on_timer, f, &f->timer);
    if (e == ERR_OK)
        e = go_up(f);
    if (e != ERR_OK) {
        loop_timer_delete(f->timer);
        free(f);
        return e;
    }
    *ret = &f->radio;
    return ERR_OK;
}
