/* SPDX-License-Identifier: Apache-2.0
 *
 * What the objects of the played BlueZ look like: paths, properties, and the signals that tell of
 * them. Written by hand instead of with sd-bus's tables, because BlueZ's objects lack a property
 * rather than hold an empty one (RSSI, Name).
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

static void path_of(const struct fake_object *o, char out[FAKE_PATH])
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

    path_of(o, path);
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

/* ---- properties ---- */

struct put {
    sd_bus_message *m;
    const char *only; /* NULL: all */
    int r;
};

static bool wants(const struct put *p, const char *name)
{
    return p->r >= 0 && (p->only == NULL || strcmp(p->only, name) == 0);
}

static void put_bool(struct put *p, const char *name, bool value)
{
    if (wants(p, name))
        p->r = sd_bus_message_append(p->m, "{sv}", name, "b", (int)value);
}

static void put_text(struct put *p, const char *name, const char *value)
{
    if (wants(p, name))
        p->r = sd_bus_message_append(p->m, "{sv}", name, "s", value);
}

static void put_path(struct put *p, const char *name, const char *value)
{
    if (wants(p, name))
        p->r = sd_bus_message_append(p->m, "{sv}", name, "o", value);
}

static void put_u16(struct put *p, const char *name, uint16_t value)
{
    if (wants(p, name))
        p->r = sd_bus_message_append(p->m, "{sv}", name, "q", (int)value);
}

static void put_uuid(struct put *p, const char *name, uint16_t uuid)
{
    char text[40];
    struct buf b = buf_of(text, sizeof text);

    buf_printf(&b, "0000%04x-0000-1000-8000-00805f9b34fb", (unsigned)uuid);
    buf_u8(&b, 0);
    put_text(p, name, text);
}

/* An entry whose variant holds an array: open, fill, close. */
static bool open_array(struct put *p, const char *name, const char *variant, const char *element)
{
    if (!wants(p, name))
        return false;
    p->r = sd_bus_message_open_container(p->m, 'e', "sv");
    if (p->r >= 0)
        p->r = sd_bus_message_append(p->m, "s", name);
    if (p->r >= 0)
        p->r = sd_bus_message_open_container(p->m, 'v', variant);
    if (p->r >= 0)
        p->r = sd_bus_message_open_container(p->m, 'a', element);
    return p->r >= 0;
}

static void close_array(struct put *p)
{
    for (int i = 0; i < 3 && p->r >= 0; i++)
        p->r = sd_bus_message_close_container(p->m);
}

static void put_bytes(struct put *p, const char *name, struct span bytes)
{
    if (!wants(p, name))
        return;
    p->r = sd_bus_message_open_container(p->m, 'e', "sv");
    if (p->r >= 0)
        p->r = sd_bus_message_append(p->m, "s", name);
    if (p->r >= 0)
        p->r = sd_bus_message_open_container(p->m, 'v', "ay");
    if (p->r >= 0)
        p->r = sd_bus_message_append_array(p->m, 'y', bytes.p, bytes.n);
    for (int i = 0; i < 2 && p->r >= 0; i++)
        p->r = sd_bus_message_close_container(p->m);
}

static void put_adapter(struct put *p, const struct fake_bluez *f)
{
    put_text(p, "Address", "00:1A:7D:DA:71:13");
    put_text(p, "AddressType", "public");
    put_text(p, "Name", "bmsrig");
    put_text(p, "Alias", "bmsrig");
    put_bool(p, "Powered", f->powered);
    put_bool(p, "Discoverable", false);
    put_bool(p, "Pairable", true);
    put_bool(p, "Discovering", fake_searches(f));
    if (open_array(p, "UUIDs", "as", "s"))
        close_array(p);
    if (open_array(p, "Roles", "as", "s")) {
        p->r = sd_bus_message_append(p->m, "s", "central");
        close_array(p);
    }
}

static void put_advertised(struct put *p, const struct ble_traits *t)
{
    char text[40];

    if (!open_array(p, "UUIDs", "as", "s"))
        return;
    for (size_t i = 0; i < BLE_SERVICES_MAX && t->advertised[i] != 0 && p->r >= 0; i++) {
        struct buf b = buf_of(text, sizeof text);
        buf_printf(&b, "0000%04x-0000-1000-8000-00805f9b34fb", (unsigned)t->advertised[i]);
        buf_u8(&b, 0);
        p->r = sd_bus_message_append(p->m, "s", text);
    }
    if (t->garbled_uuid && p->r >= 0) /* two 16-bit UUIDs sent as the head of one of 128 bits */
        p->r = sd_bus_message_append(p->m, "s", "0000fee7ffe0-0000-1000-8000-00805f9b34");
    close_array(p);
}

static void put_maker(struct put *p, const struct ble_traits *t)
{
    if (!t->has_maker || !open_array(p, "ManufacturerData", "a{qv}", "{qv}"))
        return;
    p->r = sd_bus_message_open_container(p->m, 'e', "qv");
    if (p->r >= 0)
        p->r = sd_bus_message_append(p->m, "q", (int)t->maker);
    if (p->r >= 0)
        p->r = sd_bus_message_open_container(p->m, 'v', "ay");
    if (p->r >= 0)
        p->r = sd_bus_message_append_array(p->m, 'y', t->maker_data, t->maker_n);
    for (int i = 0; i < 2 && p->r >= 0; i++)
        p->r = sd_bus_message_close_container(p->m);
    close_array(p);
}

static void put_device(struct put *p, const struct fake_device *d)
{
    const struct ble_traits *t = &d->traits;
    const uint8_t *a = t->address;
    char address[24];
    struct buf b = buf_of(address, sizeof address);

    buf_printf(&b, "%02X:%02X:%02X:%02X:%02X:%02X", (unsigned)a[0], (unsigned)a[1], (unsigned)a[2],
               (unsigned)a[3], (unsigned)a[4], (unsigned)a[5]);
    buf_u8(&b, 0);
    put_text(p, "Address", address);
    put_text(p, "AddressType", "public");
    if (t->name[0] != '\0') {
        put_text(p, "Name", t->name);
        put_text(p, "Alias", t->name);
    } else {
        for (char *c = address; *c != '\0'; c++)
            *c = *c == ':' ? '-' : *c;
        put_text(p, "Alias", address);
    }
    put_bool(p, "Paired", false);
    put_bool(p, "Bonded", false);
    put_bool(p, "Trusted", d->trusted);
    put_bool(p, "Blocked", false);
    put_bool(p, "LegacyPairing", false);
    put_bool(p, "Connected", d->state == FAKE_CONNECTED || d->state == FAKE_RESOLVED);
    put_bool(p, "ServicesResolved", d->state == FAKE_RESOLVED);
    put_advertised(p, t);
    put_maker(p, t);
    put_path(p, "Adapter", FAKE_ADAPTER);
    if (d->heard && wants(p, "RSSI"))
        p->r = sd_bus_message_append(p->m, "{sv}", "RSSI", "n", (int)t->rssi);
}

static void put_service(struct put *p, const struct fake_object *o)
{
    put_uuid(p, "UUID", o->device->traits.services[o->service].uuid);
    put_path(p, "Device", o->device->path);
    put_bool(p, "Primary", true);
    if (open_array(p, "Includes", "ao", "o"))
        close_array(p);
}

static void put_flags(struct put *p, uint8_t flags)
{
    static const struct {
        uint8_t flag;
        const char *name;
    } names[] = {{BLE_READ, "read"},
                 {BLE_WRITE_COMMAND, "write-without-response"},
                 {BLE_WRITE, "write"},
                 {BLE_NOTIFY, "notify"}};

    if (!open_array(p, "Flags", "as", "s"))
        return;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && p->r >= 0; i++)
        if ((flags & names[i].flag) != 0)
            p->r = sd_bus_message_append(p->m, "s", names[i].name);
    close_array(p);
}

static void put_characteristic(struct put *p, const struct fake_object *o)
{
    const struct ble_characteristic *c = characteristic_of(o);
    char path[FAKE_PATH];

    service_path(o->device, o->service, path);
    put_uuid(p, "UUID", c->uuid);
    put_path(p, "Service", path);
    if (p->only == NULL)
        put_bytes(p, "Value", c->value);
    if ((c->properties & BLE_NOTIFY) != 0)
        put_bool(p, "Notifying", fake_clients_any(&o->device->notifying[o->characteristic]));
    put_flags(p, c->properties);
    put_u16(p, "MTU", o->device->mtu);
}

static void put_descriptor(struct put *p, const struct fake_object *o)
{
    struct fake_object owner = *o;
    char path[FAKE_PATH];

    owner.kind = FAKE_CHAR1;
    path_of(&owner, path);
    put_uuid(p, "UUID", 0x2902);
    put_path(p, "Characteristic", path);
}

int fake_append_properties(sd_bus_message *m, struct fake_bluez *f, const struct fake_object *o,
                           const char *only)
{
    struct put p = {.m = m, .only = only};

    p.r = sd_bus_message_open_container(m, 'a', "{sv}");
    switch (o->kind) {
    case FAKE_NONE:
    case FAKE_MANAGER: break;
    case FAKE_ADAPTER1: put_adapter(&p, f); break;
    case FAKE_DEVICE1: put_device(&p, o->device); break;
    case FAKE_SERVICE1: put_service(&p, o); break;
    case FAKE_CHAR1: put_characteristic(&p, o); break;
    case FAKE_DESC1: put_descriptor(&p, o); break;
    }
    return p.r >= 0 ? sd_bus_message_close_container(m) : p.r;
}

/* oa{sa{sv}} */
static int append_object(sd_bus_message *m, struct fake_bluez *f, const struct fake_object *o)
{
    char path[FAKE_PATH];
    int r;

    path_of(o, path);
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

    path_of(o, path);
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

    path_of(&o, path);
    m = new_signal(d->fake, path, properties, "PropertiesChanged");
    if (m == NULL)
        return;
    r = sd_bus_message_append(m, "s", fake_interface(FAKE_CHAR1));
    if (r >= 0)
        r = sd_bus_message_open_container(m, 'a', "{sv}");
    struct put p = {.m = m, .r = r};
    put_bytes(&p, "Value", bytes);
    r = p.r >= 0 ? sd_bus_message_close_container(m) : p.r;
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

    path_of(o, path);
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
