/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of the played BlueZ: fake_bluez.c (bus, calls, clients), fake_objects.c and
 * fake_properties.c (what the objects look like), fake_link.c (air and links), fake_gatt.c (reads,
 * writes, notifications).
 */
#ifndef SIM_BLE_FAKE_BLUEZ_PRIV_H
#define SIM_BLE_FAKE_BLUEZ_PRIV_H

#include <systemd/sd-bus.h>

#include "port/dbus.h"
#include "sim/ble/fake_bluez.h"

#define FAKE_ADAPTER "/org/bluez/hci0"
#define FAKE_ATT_US  (30 * US_PER_MS) /* a request and its response: one connection interval */

enum { FAKE_PATH = 96, FAKE_CLIENT = 40, FAKE_CLIENTS = 8, FAKE_PENDING = 16 };

/* Who has a search or a subscription, by unique name. */
struct fake_clients {
    char names[FAKE_CLIENTS][FAKE_CLIENT]; /* "": free */
};

bool fake_clients_any(const struct fake_clients *c);
bool fake_clients_has(const struct fake_clients *c, const char *name);
bool fake_clients_add(struct fake_clients *c, const char *name); /* false: full */
void fake_clients_remove(struct fake_clients *c, const char *name);

enum fake_state { FAKE_IDLE, FAKE_CONNECTING, FAKE_CONNECTED, FAKE_RESOLVED };

enum fake_pending_kind { FAKE_WRITE, FAKE_READ, FAKE_START_NOTIFY, FAKE_STOP_NOTIFY };

/* A GATT call on its way. */
struct fake_pending {
    sd_bus_message *call; /* NULL: free */
    enum fake_pending_kind kind;
    unsigned characteristic;
    bool command; /* a write that was answered already */
    uint64_t due_us;
};

struct fake_device {
    struct ble_peripheral peripheral; /* first */
    struct fake_bluez *fake;
    struct fake_device *next;
    struct ble_traits traits;
    char path[FAKE_PATH];
    enum ble_place place;
    bool known; /* has an object */
    bool heard; /* in this search: has an RSSI */
    bool trusted;
    uint64_t seen_us;   /* last heard or connected */
    uint64_t advert_us; /* the next advertisement */
    enum fake_state state;
    uint64_t until_us;       /* CONNECTING: gives up; CONNECTED: services resolved */
    uint64_t dead_us;        /* the supervision time-out; NEVER_US: the radio is alive */
    sd_bus_message *connect; /* the call that waits for the link */
    uint16_t mtu;
    struct fake_clients notifying[BLE_SERVICES_MAX * BLE_CHARACTERISTICS_MAX];
    struct fake_pending pending[FAKE_PENDING];
};

struct fake_bluez {
    struct ble_radio radio; /* first */
    struct loop *loop;
    struct fake_bluez_handler handler;
    char bus[256];
    struct dbus *dbus; /* NULL: the daemon is down */
    sd_bus_slot *objects, *names, *request;
    struct loop_timer *timer;
    bool ready;
    bool powered;
    struct fake_clients searching;
    struct fake_device *devices;
};

static inline struct fake_device *fake_device_of(struct ble_peripheral *p)
{
    return (struct fake_device *)p;
}

sd_bus *fake_bus(const struct fake_bluez *f);
/* Has something changed that has a deadline? Looks again. */
void fake_reschedule(struct fake_bluez *f);

/* ---- fake_objects.c, fake_properties.c ---- */

enum fake_kind {
    FAKE_NONE,
    FAKE_MANAGER,
    FAKE_ADAPTER1,
    FAKE_DEVICE1,
    FAKE_SERVICE1,
    FAKE_CHAR1,
    FAKE_DESC1
};

/* What a path leads to. */
struct fake_object {
    enum fake_kind kind;
    struct fake_device *device;
    size_t service;
    unsigned characteristic; /* through all services */
};

struct fake_object fake_lookup(struct fake_bluez *f, const char *path);
const char *fake_interface(enum fake_kind kind);
/* Appends a{sv}: all properties, or the one called `only`. */
int fake_append_properties(sd_bus_message *m, struct fake_bluez *f, const struct fake_object *o,
                           const char *only);
int fake_append_value(sd_bus_message *m, struct span bytes); /* a{sv} with Value only */
void fake_path(const struct fake_object *o, char out[FAKE_PATH]);
int fake_append_objects(sd_bus_message *m, struct fake_bluez *f); /* a{oa{sa{sv}}} */
/* Signals. */
void fake_say_device(struct fake_device *d, const char *property);
void fake_say_unlinked(struct fake_device *d); /* both properties at once, as bluetoothd does */
void fake_say_device_without(struct fake_device *d, const char *property);
void fake_say_adapter(struct fake_bluez *f, const char *property);
void fake_say_characteristic(struct fake_device *d, unsigned characteristic, const char *property);
void fake_say_value(struct fake_device *d, unsigned characteristic, struct span bytes);
void fake_say_added(struct fake_device *d);
void fake_say_removed(struct fake_device *d);
void fake_say_gatt(struct fake_device *d, bool added);

/* ---- fake_link.c ---- */

/* The earliest thing that happens to the device by itself. */
uint64_t fake_link_deadline(const struct fake_device *d);
void fake_link_run(struct fake_device *d, uint64_t now_us);
/* What becomes of a Connect call: kept until it has an answer. */
int fake_link_connect(struct fake_device *d, sd_bus_message *call);
void fake_link_end(struct fake_device *d, enum ble_end why);
void fake_link_forget(struct fake_device *d); /* and its object */
void fake_search_changed(struct fake_bluez *f, bool was);
bool fake_searches(const struct fake_bluez *f);

/* ---- fake_gatt.c ---- */

int fake_gatt_call(struct fake_device *d, unsigned characteristic, const char *method,
                   sd_bus_message *call);
uint64_t fake_gatt_deadline(const struct fake_device *d);
void fake_gatt_run(struct fake_device *d, uint64_t now_us);
void fake_gatt_end(struct fake_device *d); /* the link is gone */
void fake_gatt_client_left(struct fake_device *d, const char *name);
enum err fake_gatt_notify(struct ble_peripheral *p, unsigned characteristic, struct span bytes);

#endif
