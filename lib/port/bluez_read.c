/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading BlueZ's objects: properties a{sv} of the interfaces of a path.
 */
#include <errno.h>
#include <string.h>

#include "port/bluez_priv.h"

static const struct {
    const char *name;
    enum bluez_interface interface;
} interfaces[] = {
    {"org.bluez.Adapter1", BLUEZ_ADAPTER},
    {"org.bluez.Device1", BLUEZ_DEVICE},
    {"org.bluez.GattService1", BLUEZ_SERVICE},
    {"org.bluez.GattCharacteristic1", BLUEZ_CHARACTERISTIC},
};

enum bluez_interface bluez_interface_of(const char *name)
{
    for (size_t i = 0; i < sizeof interfaces / sizeof interfaces[0]; i++)
        if (strcmp(interfaces[i].name, name) == 0)
            return interfaces[i].interface;
    return BLUEZ_OTHER;
}

/* ---- one property: the message stands before its variant ---- */

static int read_text(sd_bus_message *m, const char **ret)
{
    return sd_bus_message_read(m, "v", "s", ret);
}

static int read_path(sd_bus_message *m, const char **ret)
{
    return sd_bus_message_read(m, "v", "o", ret);
}

static int read_bool(sd_bus_message *m, struct bluez_object *o, unsigned has, bool *ret)
{
    int value = 0, r = sd_bus_message_read(m, "v", "b", &value);

    if (r < 0)
        return r;
    *ret = value != 0;
    o->has |= has;
    return r;
}

static int read_rssi(sd_bus_message *m, struct bluez_object *o)
{
    o->has |= BLUEZ_HAS_RSSI;
    return sd_bus_message_read(m, "v", "n", &o->rssi);
}

static int read_mtu(sd_bus_message *m, struct bluez_object *o)
{
    o->has |= BLUEZ_HAS_MTU;
    return sd_bus_message_read(m, "v", "q", &o->mtu);
}

static int read_value(sd_bus_message *m, struct bluez_object *o)
{
    const void *p;
    size_t n;
    int r = sd_bus_message_enter_container(m, 'v', "ay");

    if (r >= 0)
        r = sd_bus_message_read_array(m, 'y', &p, &n);
    if (r < 0)
        return r;
    o->value = span_of(p, n);
    o->has |= BLUEZ_HAS_VALUE;
    return sd_bus_message_exit_container(m);
}

static int read_uuids(sd_bus_message *m, struct bluez_object *o)
{
    const char *text;
    int r = sd_bus_message_enter_container(m, 'v', "as");

    if (r >= 0)
        r = sd_bus_message_enter_container(m, 'a', "s");
    if (r < 0)
        return r;
    o->has |= BLUEZ_HAS_UUIDS;
    while ((r = sd_bus_message_read(m, "s", &text)) > 0)
        if (o->n_uuids < BLUEZ_UUIDS_MAX)
            o->uuids[o->n_uuids++] = text;
    if (r >= 0)
        r = sd_bus_message_exit_container(m);
    return r >= 0 ? sd_bus_message_exit_container(m) : r;
}

static int read_flags(sd_bus_message *m, struct bluez_object *o)
{
    static const struct {
        const char *name;
        unsigned flag;
    } names[] = {{"write", BLUEZ_WRITE},
                 {"write-without-response", BLUEZ_WRITE_COMMAND},
                 {"notify", BLUEZ_NOTIFY},
                 {"indicate", BLUEZ_NOTIFY}};
    const char *text;
    int r = sd_bus_message_enter_container(m, 'v', "as");

    if (r >= 0)
        r = sd_bus_message_enter_container(m, 'a', "s");
    if (r < 0)
        return r;
    o->has |= BLUEZ_HAS_FLAGS;
    while ((r = sd_bus_message_read(m, "s", &text)) > 0)
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            if (strcmp(text, names[i].name) == 0)
                o->flags |= names[i].flag;
    if (r >= 0)
        r = sd_bus_message_exit_container(m);
    return r >= 0 ? sd_bus_message_exit_container(m) : r;
}

/* The company of the first entry of a{qv}. */
static int read_maker(sd_bus_message *m, struct bluez_object *o)
{
    int r = sd_bus_message_enter_container(m, 'v', "a{qv}");

    if (r >= 0)
        r = sd_bus_message_enter_container(m, 'a', "{qv}");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_enter_container(m, 'e', "qv")) > 0) {
        uint16_t maker;
        r = sd_bus_message_read(m, "q", &maker);
        if (r >= 0)
            r = sd_bus_message_skip(m, "v");
        if (r >= 0)
            r = sd_bus_message_exit_container(m);
        if (r < 0)
            return r;
        if ((o->has & BLUEZ_HAS_MAKER) == 0)
            o->maker = maker;
        o->has |= BLUEZ_HAS_MAKER;
    }
    if (r >= 0)
        r = sd_bus_message_exit_container(m);
    return r >= 0 ? sd_bus_message_exit_container(m) : r;
}

static int read_device(sd_bus_message *m, const char *key, struct bluez_object *o)
{
    if (strcmp(key, "Address") == 0)
        return read_text(m, &o->address);
    if (strcmp(key, "Name") == 0)
        return read_text(m, &o->name);
    if (strcmp(key, "UUIDs") == 0)
        return read_uuids(m, o);
    if (strcmp(key, "RSSI") == 0)
        return read_rssi(m, o);
    if (strcmp(key, "ManufacturerData") == 0)
        return read_maker(m, o);
    if (strcmp(key, "Connected") == 0)
        return read_bool(m, o, BLUEZ_HAS_CONNECTED, &o->connected);
    if (strcmp(key, "ServicesResolved") == 0)
        return read_bool(m, o, BLUEZ_HAS_RESOLVED, &o->resolved);
    return sd_bus_message_skip(m, "v");
}

static int read_characteristic(sd_bus_message *m, const char *key, struct bluez_object *o)
{
    if (strcmp(key, "UUID") == 0)
        return read_text(m, &o->uuid);
    if (strcmp(key, "Service") == 0)
        return read_path(m, &o->service);
    if (strcmp(key, "Value") == 0)
        return read_value(m, o);
    if (strcmp(key, "Flags") == 0)
        return read_flags(m, o);
    if (strcmp(key, "MTU") == 0)
        return read_mtu(m, o);
    return sd_bus_message_skip(m, "v");
}

static int read_property(sd_bus_message *m, const char *key, struct bluez_object *o)
{
    switch (o->interface) {
    case BLUEZ_ADAPTER:
        if (strcmp(key, "Powered") == 0)
            return read_bool(m, o, BLUEZ_HAS_POWERED, &o->powered);
        break;
    case BLUEZ_DEVICE: return read_device(m, key, o);
    case BLUEZ_SERVICE:
        if (strcmp(key, "UUID") == 0)
            return read_text(m, &o->uuid);
        break;
    case BLUEZ_CHARACTERISTIC: return read_characteristic(m, key, o);
    case BLUEZ_OTHER: break;
    }
    return sd_bus_message_skip(m, "v");
}

/* ---- messages ---- */

int bluez_read_properties(sd_bus_message *m, struct bluez_object *o)
{
    int r = sd_bus_message_enter_container(m, 'a', "{sv}");

    if (r < 0)
        return r;
    while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
        const char *key;
        r = sd_bus_message_read(m, "s", &key);
        if (r >= 0)
            r = read_property(m, key, o);
        if (r >= 0)
            r = sd_bus_message_exit_container(m);
        if (r < 0)
            return r;
    }
    return r >= 0 ? sd_bus_message_exit_container(m) : r;
}

int bluez_read_interfaces(sd_bus_message *m, bluez_object_fn fn, void *ctx)
{
    const char *path, *name;
    int r = sd_bus_message_read(m, "o", &path);

    if (r >= 0)
        r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
        struct bluez_object o = {.path = path};
        r = sd_bus_message_read(m, "s", &name);
        if (r >= 0) {
            o.interface = bluez_interface_of(name);
            r = bluez_read_properties(m, &o);
        }
        if (r >= 0)
            r = sd_bus_message_exit_container(m);
        if (r < 0)
            return r;
        if (o.interface != BLUEZ_OTHER)
            fn(ctx, &o);
    }
    return r >= 0 ? sd_bus_message_exit_container(m) : r;
}

int bluez_read_objects(sd_bus_message *m, bluez_object_fn fn, void *ctx)
{
    int r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");

    if (r < 0)
        return r;
    while ((r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
        r = bluez_read_interfaces(m, fn, ctx);
        if (r >= 0)
            r = sd_bus_message_exit_container(m);
        if (r < 0)
            return r;
    }
    return r >= 0 ? sd_bus_message_exit_container(m) : r;
}

/* ---- what was heard ---- */

/* True when it was another text. */
static bool take_text(const char *from, char *to, size_t cap)
{
    char text[BLUEZ_NAME_MAX];
    size_t n = 0;

    for (; from[n] != '\0' && n + 1 < cap; n++)
        text[n] = (unsigned char)from[n] < 0x20 || (unsigned char)from[n] == 0x7F ? '?' : from[n];
    text[n] = '\0';
    if (strcmp(text, to) == 0)
        return false;
    memcpy(to, text, n + 1);
    return true;
}

static bool take_uuids(const struct bluez_object *o, struct bluez_found *found)
{
    bool news = found->n_uuids != o->n_uuids;

    found->n_uuids = o->n_uuids;
    for (size_t i = 0; i < o->n_uuids; i++)
        news |= take_text(o->uuids[i], found->uuids[i], sizeof found->uuids[i]);
    return news;
}

bool bluez_found_update(struct bluez_found *found, const struct bluez_object *o)
{
    bool news = false;

    if (o->address != NULL)
        news |= take_text(o->address, found->address, sizeof found->address);
    if (o->name != NULL)
        news |= take_text(o->name, found->name, sizeof found->name);
    if ((o->has & BLUEZ_HAS_UUIDS) != 0)
        news |= take_uuids(o, found);
    if ((o->has & BLUEZ_HAS_MAKER) != 0) {
        news |= !found->has_maker || found->maker != o->maker;
        found->has_maker = true;
        found->maker = o->maker;
    }
    if ((o->has & BLUEZ_HAS_RSSI) != 0) {
        news |= found->rssi != o->rssi;
        found->rssi = o->rssi;
    }
    if ((o->has & BLUEZ_HAS_CONNECTED) != 0) {
        news |= found->connected != o->connected;
        found->connected = o->connected;
    }
    return news;
}

bool bluez_found_has(const struct bluez_found *found, const char *uuid)
{
    for (size_t i = 0; i < found->n_uuids; i++)
        if (span_eq_nocase(span_str(found->uuids[i]), uuid))
            return true;
    return false;
}

void bluez_uuid16(uint16_t number, char out[BLUEZ_UUID_MAX])
{
    struct buf b = buf_of(out, BLUEZ_UUID_MAX);

    buf_printf(&b, "0000%04x-0000-1000-8000-00805f9b34fb", (unsigned)number);
    buf_u8(&b, 0);
}

bool bluez_is_address(struct span text)
{
    if (text.n != BLUEZ_ADDRESS_MAX - 1)
        return false;
    for (size_t i = 0; i < text.n; i += 3) {
        uint64_t byte;
        if (!parse_hex(span_sub(text, i, 2), UINT8_MAX, &byte) ||
            (i + 2 < text.n && text.p[i + 2] != ':'))
            return false;
    }
    return true;
}
