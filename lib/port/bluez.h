/* SPDX-License-Identifier: Apache-2.0
 *
 * The Bluetooth LE central: BlueZ over its D-Bus API (org.bluez, 5.50 and later; written against
 * doc/device-api.txt, gatt-api.txt of 5.66). A link looks for one battery, connects, finds its
 * characteristics by property, subscribes and then carries notifications and writes. A scan reports
 * what advertises nearby.
 *
 * Nothing blocks, and nothing is asked of the bus before there is somebody to answer: without bus,
 * bluetoothd or adapter, or with the adapter off, both wait and go on when it comes.
 */
#ifndef PORT_BLUEZ_H
#define PORT_BLUEZ_H

#include "base/loop.h"
#include "base/span.h"

/* ---- what was heard ---- */

enum { BLUEZ_NAME_MAX = 64, BLUEZ_ADDRESS_MAX = 18, BLUEZ_UUIDS_MAX = 8, BLUEZ_UUID_MAX = 37 };

/* A device as BlueZ knows it. Texts are empty when unknown. */
struct bluez_found {
    char address[BLUEZ_ADDRESS_MAX]; /* "C8:47:8C:12:34:56" */
    char name[BLUEZ_NAME_MAX];       /* what it advertises; printable, the rest is '?' */
    char uuids[BLUEZ_UUIDS_MAX][BLUEZ_UUID_MAX]; /* services, lower case */
    size_t n_uuids;
    bool has_maker;
    uint16_t maker; /* company of the manufacturer data */
    int16_t rssi;   /* dBm; 0: not heard in this search */
    bool connected; /* to this machine */
};

bool bluez_found_has(const struct bluez_found *found, const char *uuid);
/* The 16-bit UUID `number` in the long form that BlueZ writes. */
void bluez_uuid16(uint16_t number, char out[BLUEZ_UUID_MAX]);
/* "c8:47:8c:12:34:56", any case. */
bool bluez_is_address(struct span text);

/* ---- scan ---- */

struct bluez_scan;

struct bluez_scan_handler {
    /* Something new about a device: the first time, and when a value has changed. */
    void (*on_found)(void *ctx, const struct bluez_found *found);
    /* Why nothing can be found just now ("the Bluetooth adapter is off"); NULL: searching. */
    void (*on_state)(void *ctx, const char *why);
    void *ctx;
};

/* `bus`: a D-Bus address, NULL for the system's (port/dbus.h). */
enum err bluez_scan_new(struct loop *loop, const char *bus,
                        const struct bluez_scan_handler *handler, struct bluez_scan **ret);
void bluez_scan_delete(struct bluez_scan *scan);

/* ---- link ---- */

struct bluez_link;

/* Who is looked for, by address or else by name; and which service carries its data. A module may
 * have two characteristics of one UUID: the property decides, the UUID only where several have it.
 */
struct bluez_target {
    const char *bus; /* NULL: the system's */
    char address[BLUEZ_ADDRESS_MAX];
    char name[BLUEZ_NAME_MAX]; /* exactly; used without an address */
    uint16_t service;          /* 0xFFE0 */
    uint16_t notify;           /* preferred for notifications */
    uint16_t write;            /* preferred for writes, with or without response */
};

struct bluez_link_handler {
    /* Notifications are on. `payload`: bytes a notification holds at most, 0 when BlueZ does not
     * tell. */
    void (*on_open)(void *ctx, unsigned payload);
    void (*on_bytes)(void *ctx, struct span notification);
    /* An open link is gone; said once, the link is only good for bluez_link_delete() then. */
    void (*on_lost)(void *ctx, const char *why);
    /* Before on_open: what it is doing or waiting for, each time that changes. */
    void (*on_state)(void *ctx, const char *what);
    void *ctx;
};

/* Searches for ever, with pauses of up to a minute after attempts that fail. */
enum err bluez_link_new(struct loop *loop, const struct bluez_target *target,
                        const struct bluez_link_handler *handler, struct bluez_link **ret);
/* Hangs up, so that another central can have the battery. */
void bluez_link_delete(struct bluez_link *link);

/* One write, without response where the battery takes that. ERR_CLOSED: not open; ERR_AGAIN:
 * BlueZ has not done the earlier ones; ERR_MEMORY. A write that fails later ends the link. */
enum err bluez_link_write(struct bluez_link *link, struct span bytes);

#endif
