/* SPDX-License-Identifier: Apache-2.0
 *
 * The radio module of a simulated JK BMS, and the firmware that decides about it.
 */
#ifndef SIM_DEVICE_JK_BLE_MODULE_H
#define SIM_DEVICE_JK_BLE_MODULE_H

#include "sim/device/jk_ble_knobs.h"

/* The radio module of a configuration whose device is jk-ble. */
void jk_ble_module(const struct sim_config *config, struct ble_module *ret);
/* The firmware of its battery, as configured or as the model has it. */
const char *jk_ble_firmware(const struct sim_config *config);

#endif
