/* SPDX-License-Identifier: Apache-2.0
 *
 * The properties of the played BlueZ's objects, as doc/device-api.txt and gatt-api.txt of 5.66 have
 * them. Written by hand instead of with sd-bus's tables, because BlueZ's objects lack a property
 * rather than hold an empty one (RSSI, Name).
 */
#include <string.h>

#include "sim/ble/fake_bluez_priv.h"

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
    const struct ble_characteristic *c = ble_characteristic(&o->device->traits, o->characteristic);
    struct fake_object owner = *o;
    char path[FAKE_PATH];

    owner.kind = FAKE_SERVICE1;
    fake_path(&owner, path);
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
    fake_path(&owner, path);
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

int fake_append_value(sd_bus_message *m, struct span bytes)
{
    struct put p = {.m = m};

    p.r = sd_bus_message_open_container(m, 'a', "{sv}");
    put_bytes(&p, "Value", bytes);
    return p.r >= 0 ? sd_bus_message_close_container(m) : p.r;
}
