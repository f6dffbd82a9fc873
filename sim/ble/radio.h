/* SPDX-License-Identifier: Apache-2.0
 *
 * The radios that the real BlueZ meets, by the names that people give them:
 *
 *   vhci   a virtual controller of this machine's kernel (/dev/vhci) with any number of batteries
 *          in its air: BlueZ finds it as a new hciN
 *   hciN   a real controller (or btvirt's) whose host we are, through the kernel's user channel: it
 *          is the radio of one battery, which another machine's Bluetooth finds on the air
 *
 * The third form, BlueZ itself played on a bus of its own, is in fake_bluez.h.
 */
#ifndef SIM_BLE_RADIO_H
#define SIM_BLE_RADIO_H

#include "sim/ble/peripheral.h"

struct ble_radio_handler {
    /* A client can come. Also after the adapter was off. */
    void (*on_ready)(void *ctx);
    /* The radio is dead: only deleting is left, but not from inside. */
    void (*on_failed)(void *ctx, enum err why);
    void *ctx;
};

/* Is it the name of such a radio? */
bool ble_radio_is_real(const char *where);

/* ERR_USAGE: no such name; ERR_NOT_FOUND: this machine has none; ERR_DENIED: it is root's
 * (/dev/vhci), or needs CAP_NET_ADMIN (hciN); ERR_BUSY: somebody else has hciN; ERR_UNSUPPORTED: a
 * kernel without Bluetooth. */
enum err ble_radio_open(struct loop *loop, const char *where,
                        const struct ble_radio_handler *handler, struct ble_radio **ret);

/* What to do about such an error, for a person; NULL: nothing that we know. */
const char *ble_radio_hint(const char *where, enum err e);

#endif
