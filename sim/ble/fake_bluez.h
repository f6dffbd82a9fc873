/* SPDX-License-Identifier: Apache-2.0
 *
 * BlueZ played on a D-Bus: claims org.bluez and exports an adapter, and for each peripheral in its
 * air the device, services and characteristics that bluetoothd would, with its properties, signals
 * and errors (doc/adapter-api.txt, device-api.txt, gatt-api.txt of BlueZ 5.66). Unmodified clients
 * take it for the real one when DBUS_SYSTEM_BUS_ADDRESS leads them to that bus.
 *
 * Faithful where clients stumble: nothing is found before StartDiscovery; RSSI is there only while
 * a search hears the device; a device that is not bonded loses its GATT objects with the link and
 * is forgotten half a minute after it was last heard; Connect waits for an advertisement; errors
 * carry BlueZ's names. Not played: pairing, agents, advertising, GATT servers, AcquireWrite/Notify.
 */
#ifndef SIM_BLE_FAKE_BLUEZ_H
#define SIM_BLE_FAKE_BLUEZ_H

#include "sim/ble/peripheral.h"

struct fake_bluez_handler {
    void (*on_ready)(void *ctx); /* org.bluez is on the bus; after every start of the daemon */
    /* The bus is gone or the name taken: the radio is dead. */
    void (*on_failed)(void *ctx, enum err why);
    void *ctx;
};

/* `bus` as in port/dbus.h; errors as of dbus_new(). */
enum err fake_bluez_new(struct loop *loop, const char *bus,
                        const struct fake_bluez_handler *handler, struct ble_radio **ret);

#endif
