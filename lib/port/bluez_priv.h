/* SPDX-License-Identifier: Apache-2.0
 *
 * What link and scan share: the connection to org.bluez, its adapter, discovery (bluez_central.c),
 * and reading what its messages say (bluez_read.c).
 */
#ifndef PORT_BLUEZ_PRIV_H
#define PORT_BLUEZ_PRIV_H

#include <systemd/sd-bus.h>

#include "port/bluez.h"
#include "port/dbus.h"

enum { BLUEZ_PATH_MAX = 160 };

/* ---- reading ---- */

enum bluez_interface {
    BLUEZ_OTHER,
    BLUEZ_ADAPTER,
    BLUEZ_DEVICE,
    BLUEZ_SERVICE,
    BLUEZ_CHARACTERISTIC,
};

/* What a message told. */
enum {
    BLUEZ_HAS_POWERED = 1U << 0,
    BLUEZ_HAS_CONNECTED = 1U << 1,
    BLUEZ_HAS_RESOLVED = 1U << 2,
    BLUEZ_HAS_RSSI = 1U << 3,
    BLUEZ_HAS_VALUE = 1U << 4,
    BLUEZ_HAS_UUIDS = 1U << 5,
    BLUEZ_HAS_MAKER = 1U << 6,
    BLUEZ_HAS_FLAGS = 1U << 7,
    BLUEZ_HAS_MTU = 1U << 8,
};

enum { BLUEZ_WRITE = 1, BLUEZ_WRITE_COMMAND = 2, BLUEZ_NOTIFY = 4 };

/* Some properties of one interface of one object. Texts live as long as the message, NULL when it
 * did not have them. */
struct bluez_object {
    const char *path;
    enum bluez_interface interface;
    unsigned has;
    const char *address, *name, *uuid;
    const char *service; /* path of the service a characteristic is in */
    const char *uuids[BLUEZ_UUIDS_MAX];
    size_t n_uuids;
    bool powered, connected, resolved;
    int16_t rssi;
    uint16_t maker, mtu;
    unsigned flags;
    struct span value;
};

typedef void (*bluez_object_fn)(void *ctx, const struct bluez_object *object);

/* Each returns below 0 for a message of another shape; what is known but has another type is an
 * error, what is unknown is skipped. */
int bluez_read_properties(sd_bus_message *m, struct bluez_object *o);        /* a{sv} */
int bluez_read_interfaces(sd_bus_message *m, bluez_object_fn fn, void *ctx); /* oa{sa{sv}} */
int bluez_read_objects(sd_bus_message *m, bluez_object_fn fn, void *ctx);    /* a{oa{sa{sv}}} */
enum bluez_interface bluez_interface_of(const char *name);
/* Adds what the object (of a device) says to what was known; true when something is new. */
bool bluez_found_update(struct bluez_found *found, const struct bluez_object *o);

/* ---- choosing ---- */

/* A characteristic that was chosen. */
struct bluez_end {
    char path[BLUEZ_PATH_MAX];
    bool preferred; /* by its UUID */
    unsigned flags;
    uint16_t mtu; /* 0: BlueZ does not tell */
};

struct bluez_gatt {
    char service[BLUEZ_PATH_MAX];
    struct bluez_end notify, write;
};

/* From what GetManagedObjects answered. False: the device lacks the service, or a way out or in. */
bool bluez_gatt_choose(sd_bus_message *objects, const char *device,
                       const struct bluez_target *target, struct bluez_gatt *ret);

/* ---- central ---- */

struct bluez_central;

struct bluez_central_handler {
    void (*state)(void *ctx); /* bluez_central_why() may have changed */
    bluez_object_fn object;   /* something new about a device or its GATT objects */
    void (*removed)(void *ctx, const char *path);
    void *ctx;
};

enum err bluez_central_new(struct loop *loop, const char *bus,
                           const struct bluez_central_handler *handler, struct bluez_central **ret);
void bluez_central_delete(struct bluez_central *c);
/* Why nothing can be done just now, or NULL. */
const char *bluez_central_why(const struct bluez_central *c);
/* Wants to hear advertisements, or no longer. */
void bluez_central_discover(struct bluez_central *c, bool on);
/* Ends and starts it: BlueZ reports a device's strength again, which it else does on change only.
 */
void bluez_central_discover_afresh(struct bluez_central *c);
const char *bluez_central_adapter(const struct bluez_central *c); /* its path */

/* A call to org.bluez with arguments as of sd_bus_call_method_async(); the slot is the caller's and
 * ends the call when it is unreferenced. */
enum err bluez_call(struct bluez_central *c, sd_bus_slot **slot, const char *path,
                    const char *interface, const char *method, sd_bus_message_handler_t fn,
                    void *ctx, const char *types, ...);
/* A call that nobody waits for. */
void bluez_tell(struct bluez_central *c, const char *path, const char *interface,
                const char *method, const char *types, ...);
struct dbus *bluez_central_dbus(const struct bluez_central *c);

#endif
