/* SPDX-License-Identifier: Apache-2.0
 *
 * The radio module of a simulated device: what the wire (sim/wire_ble.c) must know of it.
 */
#ifndef SIM_BLE_MODULE_H
#define SIM_BLE_MODULE_H

#include "sim/ble/peripheral.h"

struct ble_module {
    struct ble_traits traits;
    unsigned notifies; /* index of the characteristic that its bytes leave by */
    /* The controller hands its bytes over in bursts of so many; each is cut by the MTU. What does
     * not fill a burst goes with the first. 0: all at once. */
    uint16_t burst;
};

/* The pieces that `n` bytes leave in, one a notification of at most `payload` bytes; returns how
 * many, at most `cap`. */
size_t ble_cut(const struct ble_module *module, size_t n, size_t payload, uint16_t *ret_sizes,
               size_t cap);

#endif
