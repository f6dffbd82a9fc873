/* SPDX-License-Identifier: Apache-2.0
 *
 * What the master of a stack tells over CAN: the modules that are there, put together. The voltage
 * and the temperature are means, the current, the capacities and the current limits sums (6 modules
 * of 80 A say 480 A: capture 01), the charge voltage limit the lowest, alarms those of any module.
 */
#ifndef SIM_DEVICE_PYLON_CAN_BANK_H
#define SIM_DEVICE_PYLON_CAN_BANK_H

#include "battery/bank.h"
#include "sim/device/device.h"

/* Zeroes with nothing known when no module is there. */
void pylon_can_bank(const struct stack *stack, struct bank *ret);

#endif
