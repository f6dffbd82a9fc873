/* SPDX-License-Identifier: Apache-2.0
 *
 * One battery in an air, and the link under test: for the tests of the Bluetooth port. The air is
 * that of a played BlueZ on a private bus, or, built with BLE_RIG_REAL, that of a virtual
 * controller for the BlueZ of this machine; the same tests pass with both.
 */
#ifndef SIM_BLE_TEST_BLE_RIG_H
#define SIM_BLE_TEST_BLE_RIG_H

#include "port/bluez.h"
#include "port/dbus_daemon.h"
#include "sim/ble/fake_bluez.h"

/* What happened on one side; `log` has a letter each: C connected, D disconnected, S subscribed,
 * s unsubscribed, W written; O open, B bytes, L lost. */
struct ble_rig {
    struct loop *loop;
    char folder[64];
    struct dbus_daemon *daemon; /* NULL with the real BlueZ */
    bool daemon_ready, radio_ready;
    struct ble_radio *radio;
    struct ble_traits traits;
    struct ble_peripheral *battery;
    struct bluez_target target;
    struct bluez_link *link;
    /* the battery's side */
    unsigned connects, disconnects, subscribes, writes;
    enum ble_end end;
    uint16_t mtu;
    unsigned subscribed_to, written_to;
    uint8_t written[64];
    size_t written_n;
    /* the link's side */
    unsigned opens, losts, notifications;
    unsigned payload;
    char why[200], state[200];
    uint8_t bytes[1024];
    size_t bytes_n;
    unsigned states;
    bool delete_when_lost;
};

/* The traits of an old module (C8:47:8C), advertising every 20 ms. */
extern const struct ble_traits ble_rig_traits;

/* Whether the BlueZ is the real one. */
bool ble_rig_is_real(void);
/* False after skipping the test: there is no dbus-daemon, or no virtual controller may be made. */
bool ble_rig_up(struct ble_rig *r, const struct ble_traits *traits);
void ble_rig_down(struct ble_rig *r);
bool ble_rig_until(struct ble_rig *r, const unsigned *counter, unsigned n);
bool ble_rig_until_state(struct ble_rig *r, const char *part); /* `state` contains it */
void ble_rig_turn(struct ble_rig *r, uint64_t us);
/* Where clients find BlueZ; NULL: the system's bus. */
const char *ble_rig_bus(const struct ble_rig *r);
void ble_rig_link(struct ble_rig *r); /* a new link to the target */
bool ble_rig_open(struct ble_rig *r); /* and waits until it is open */

#endif
