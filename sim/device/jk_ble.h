/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated JK BMS on Bluetooth LE: answers requests with a record and then an acknowledge, and
 * after the request for the settings sends its cells for ever. Quirks of firmware and modules are
 * knobs (jk_ble_knobs.h).
 *
 * A write to a register is what a bridge must never do: it is noted as forbidden, acknowledged as
 * the real one does, and takes effect.
 *
 * Source: docs/protocols/jk.md; times from eight recorded connections.
 */
#ifndef SIM_DEVICE_JK_BLE_H
#define SIM_DEVICE_JK_BLE_H

#include "sim/device/device.h"

enum err jk_ble_new(const struct sim_config *config, const struct device_host *host,
                    struct device **ret);

#endif
