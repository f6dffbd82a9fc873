/* SPDX-License-Identifier: Apache-2.0
 *
 * The objects of the played BlueZ: their paths, the list of all, and the signals that tell of them.
 */
#include <string.h>

#include "sim/ble/fake_bluez_priv.h"

static const char object_manager[] = "org.freedesktop.DBus.ObjectManager";
static const char properties[] = "org.freedesktop.DBus.Properties";

const char *fake_interface(enum fake_kind kind)
{
    switch (kind) {
    case FAKE_NONE: return "";
    case FAKE_MANAGER: return object_manager;
    case FAKE_ADAPTER1: return "org.bluez.Adapter1";
    case FAKE_DEVICE1: return "org.bluez.Device1";
    case FAKE_SERVICE1: return "org.bluez.GattService1";
    case FAKE_CHAR1: return "org.bluez.GattCharacteristic1";
    case FAKE_DESC1: return "org.bluez.GattDescriptor1";
    }
    return "";
}

/* ---- paths ---- */

static void service_path(const struct fake_device *d, size_t service, char out[FAKE_PATH])
{
    struct buf b = buf_of(out, FAKE_PATH);

    buf_printf(&b, "%s/service%04x", d->path, (unsigned)d->traits.services[service].handle);
    buf_u8(&b, 0);
}

/* Of the characteristic's declaration, as BlueZ counts. */
static void characteristic_path(const struct fake_device *d, size_t service, size_t i,
                                char out[FAKE_PATH])
{
    const struct ble_service *s = &d->traits.services[service];
    struct buf b = buf_of(out, FAKE_PATH);

    buf_printf(&b, "%s/service%04x/char%04x", d->path, (unsigned)s->handle,
               s->characteristics[i].handle - 1U);
    buf_u8(&b, 0);
}

static void descriptor_path(const struct fake_device *d, size_t service, size_t i,
                            char out[FAKE_PATH])
{
    const struct ble_characteristic *c = &d->traits.services[service].characteristics[i];
    char path[FAKE_PATH];
    struct buf b = buf_of(out, FAKE_PATH);

    characteristic_path(d, service, i, path);
    buf_printf(&b, "%s/desc%04x", path, c->handle + 1U);
    buf_u8(&b, 0);
}

void fake_path(const struct fake_object *o, char out[FAKE_PATH])
{
    const struct fake_device *d = o->device;
    size_t i = o->characteristic;

    for (size_t s = 0; d != NULL && s < o->service; s++)
        i -= d->traits.services[s].n;
    switch (o->kind) {
    case FAKE_NONE:
    case FAKE_MANAGER: span_to_str(span_str("/"), out, FAKE_PATH); return;
    case FAKE_ADAPTER1: span_to_str(span_str(FAKE_ADAPTER), out, FAKE_PATH); return;
    case FAKE_DEVICE1: span_to_str(span_str(d->path), out, FAKE_PATH); return;
    case FAKE_SERVICE1: service_path(d, o->service, out); return;
    case FAKE_CHAR1: characteristic_path(d, o->service, i, out); return;
    case FAKE_DESC1: descriptor_path(d, o->service, i, out); return;
    }
}

static const struct ble_characteristic *characteristic_of(const struct fake_object *o)
{
    return ble_characteristic(&o->device->traits, o->characteristic);
}

typedef bool (*visit_fn)(void *ctx, const struct fake_object *o); /* true: stop */

/* Every object of the device's services, parents first. */
static bool visit_gatt(struct fake_device *d, visit_fn fn, void *ctx)
{
    struct fake_object o = {.device = d};

    for (o.service = 0; o.service < d->traits.n; o.service++) {
        o.kind = FAKE_SERVICE1;
        if (fn(ctx, &o))
            return true;
        for (size_t i = 0; i < d->traits.services[o.service].n; i++, o.characteristic++) {
            o.kind = FAKE_CHAR1;
            if (fn(ctx, &o))
                return true;
            o.kind = FAKE_DESC1;
            if ((characteristic_of(&o)->properties & BLE_NOTIFY) != 0 && fn(ctx, &o))
                return true;
        }
    }
    return false;
}

struct search {
    const char *path;
    struct fake_object found;
};

static bool is_at(void *ctx, const struct fake_object *o)
{
    struct search *s = ctx;
    char path[FAKE_PATH];

    fake_path(o, path);
    if (strcmp(path, s->path) != 0)
        return false;
    s->found = *o;
    return true;
}

struct fake_object fake_lookup(struct fake_bluez *f, const char *path)
{
    struct search s = {.path = path};

    if (strcmp(path, "/") == 0)
        return (struct fake_object){.kind = FAKE_MANAGER};
    if (strcmp(path, FAKE_ADAPTER) == 0)
        return (struct fake_object){.kind = FAKE_ADAPTER1};
    for (struct fake_device *d = f->devices; d != NULL; d = d->next) {
        if (!d->known)
            continue;
        if (strcmp(path, d->path) == 0)
            return (struct fake_object){.kind = FAKE_DEVICE1, .device = d};
        if (d->state == FAKE_RESOLVED && visit_gatt(d, is_at, &s))
            break;
    }
    return s.found;
}

/* ---- objects ---- */

/* oa{sa{sv}} */
static int append_object(sd_bus_message *m, struct fake_bluez *f, const struct fake_object *o)
{
    char path[FAKE_PATH];
    int r;

    fake_path(o, path);
    r = sd_bus_message_append(m, "o", path);
    if (r >= 0)
        r = sd_bus_message_open_container(m, 'a', "{sa{sv}}");
    if (r >= 0)
        r = sd_bus_message_open_container(m, 'e', "sa{sv}");
    if (r >= 0)
        r = sd_bus_message_append(m, "s", fake_interface(o->kind));
    if (r >= 0)
        r = fake_append_properties(m, f, o, NULL);
    for (int i = 0; i < 2 && r >= 0; i++)
        r = sd_bus_message_close_container(m);
    return r;
}

struct append {
    sd_bus_message *m;
    int r;
};

static bool append_entry(void *ctx, const struct fake_object *o)
{
    struct append *a = ctx;
    struct fake_bluez *f = o->device != NULL ? o->device->fake : NULL;

    a->r = sd_bus_message_open_container(a->m, 'e', "oa{sa{sv}}");
    if (a->r >= 0)
        a->r = append_object(a->m, f, o);
    if (a->r >= 0)
        a->r = sd_bus_message_close_container(a->m);
    return a->r < 0;
}

int fake_append_objects(sd_bus_message *m, struct fake_bluez *f)
{
    const struct fake_object adapter = {.kind = FAKE_ADAPTER1};
    struct append a = {.m = m};

    a.r = sd_bus_message_open_container(m, 'a', "{oa{sa{sv}}}");
    if (a.r >= 0)
        a.r = sd_bus_message_open_container(m, 'e', "oa{sa{sv}}");
    if (a.r >= 0)
        a.r = append_object(m, f, &adapter);
    if (a.r >= 0)
        a.r = sd_bus_message_close_container(m);
    for (struct fake_device *d = f->devices; d != NULL && a.r >= 0; d = d->next) {
        const struct fake_object o = {.kind = FAKE_DEVICE1, .device = d};
        if (d->known && !append_entry(&a, &o) && d->state == FAKE_RESOLVED)
            visit_gatt(d, append_entry, &a);
    }
    return a.r >= 0 ? sd_bus_message_close_container(m) : a.r;
}

/* ---- signals ---- */

static sd_bus_message *new_signal(const struct fake_bluez *f, const char *path,
                                  const char *interface, const char *member)
{
    sd_bus_message *m = NULL;

    if (f->ready && sd_bus_message_new_signal(fake_bus(f), &m, path, interface, member) < 0)
        return NULL;
    return m;
}

static void send_signal(const struct fake_bluez *f, sd_bus_message *m, int r)
{
    if (m != NULL && r >= 0)
        sd_bus_send(fake_bus(f), m, NULL);
    sd_bus_message_unref(m);
    if (f->ready)
        dbus_settle(f->dbus);
}

static void say_changed(struct fake_bluez *f, const struct fake_object *o, const char *property,
                        bool gone)
{
    char path[FAKE_PATH];
    sd_bus_message *m;
    int r;

    fake_path(o, path);
    m = new_signal(f, path, properties, "PropertiesChanged");
    if (m == NULL)
        return;
    r = sd_bus_message_append(m, "s", fake_interface(o->kind));
    if (r >= 0 && gone)
        r = sd_bus_message_append(m, "a{sv}as", 0, 1, property);
    else if (r >= 0) {
        r = fake_append_properties(m, f, o, property);
        if (r >= 0)
            r = sd_bus_message_append(m, "as", 0);
    }
    send_signal(f, m, r);
}

void fake_say_device(struct fake_device *d, const char *property)
{
    const struct fake_object o = {.kind = FAKE_DEVICE1, .device = d};

    say_changed(d->fake, &o, property, false);
}

void fake_say_unlinked(struct fake_device *d)
{
    const struct fake_object o = {.kind = FAKE_DEVICE1, .device = d};
    char path[FAKE_PATH];
    sd_bus_message *m;

    fake_path(&o, path);
    m = new_signal(d->fake, path, properties, "PropertiesChanged");
    if (m != NULL)
        send_signal(d->fake, m,
                    sd_bus_message_append(m, "sa{sv}as", fake_interface(o.kind), 2,
                                          "ServicesResolved", "b", 0, "Connected", "b", 0, 0));
}

void fake_say_device_without(struct fake_device *d, const char *property)
{
    const struct fake_object o = {.kind = FAKE_DEVICE1, .device = d};

    say_changed(d->fake, &o, property, true);
}

void fake_say_adapter(struct fake_bluez *f, const char *property)
{
    const struct fake_object o = {.kind = FAKE_ADAPTER1};

    say_changed(f, &o, property, false);
}

static struct fake_object characteristic_object(struct fake_device *d, unsigned characteristic)
{
    struct fake_object o = {.kind = FAKE_CHAR1, .device = d, .characteristic = characteristic};
    unsigned first = 0;

    while (characteristic >= first + d->traits.services[o.service].n)
        first += d->traits.services[o.service++].n;
    return o;
}

void fake_say_characteristic(struct fake_device *d, unsigned characteristic, const char *property)
{
    const struct fake_object o = characteristic_object(d, characteristic);

    say_changed(d->fake, &o, property, false);
}

void fake_say_value(struct fake_device *d, unsigned characteristic, struct span bytes)
{
    const struct fake_object o = characteristic_object(d, characteristic);
    char path[FAKE_PATH];
    sd_bus_message *m;
    int r;

    fake_path(&o, path);
    m = new_signal(d->fake, path, properties, "PropertiesChanged");
    if (m == NULL)
        return;
    r = sd_bus_message_append(m, "s", fake_interface(FAKE_CHAR1));
    if (r >= 0)
        r = fake_append_value(m, bytes);
    if (r >= 0)
        r = sd_bus_message_append(m, "as", 0);
    send_signal(d->fake, m, r);
}

static void say_added(struct fake_bluez *f, const struct fake_object *o)
{
    sd_bus_message *m = new_signal(f, "/", object_manager, "InterfacesAdded");

    if (m != NULL)
        send_signal(f, m, append_object(m, f, o));
}

static void say_removed(struct fake_bluez *f, const struct fake_object *o)
{
    sd_bus_message *m = new_signal(f, "/", object_manager, "InterfacesRemoved");
    char path[FAKE_PATH];

    fake_path(o, path);
    if (m != NULL)
        send_signal(f, m, sd_bus_message_append(m, "oas", path, 1, fake_interface(o->kind)));
}

void fake_say_added(struct fake_device *d)
{
    const struct fake_object o = {.kind = FAKE_DEVICE1, .device = d};

    say_added(d->fake, &o);
}

void fake_say_removed(struct fake_device *d)
{
    const struct fake_object o = {.kind = FAKE_DEVICE1, .device = d};

    say_removed(d->fake, &o);
}

static bool say_one_added(void *ctx, const struct fake_object *o)
{
    (void)ctx;
    say_added(o->device->fake, o);
    return false;
}

static bool say_one_removed(void *ctx, const struct fake_object *o)
{
    (void)ctx;
    say_removed(o->device->fake, o);
    return false;
}

void fake_say_gatt(struct fake_device *d, bool added)
{
    visit_gatt(d, added ? say_one_added : say_one_removed, NULL);
}
