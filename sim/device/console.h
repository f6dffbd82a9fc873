/* SPDX-License-Identifier: Apache-2.0
 *
 * The text console on the RS232 port of Pylontech low-voltage batteries and of PYTES, as a device:
 * line editor with echo, user and admin mode, pager, commands, error replies, the old modules'
 * frame mode at 1200 baud. Source: docs/protocols/pylontech-console.md; section numbers in the code
 * are its.
 */
#ifndef SIM_DEVICE_CONSOLE_H
#define SIM_DEVICE_CONSOLE_H

#include "sim/device/device.h"

enum err console_new(const struct sim_config *config, const struct device_host *host,
                     struct device **ret);

#endif
