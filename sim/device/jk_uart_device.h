/* SPDX-License-Identifier: Apache-2.0
 *
 * A JK BMS on its UART ("GPS", RS485 port): the 4E57 token protocol, point to point. A bad request
 * is ignored: the protocol knows no refusal. Writes need the password first; only the two switches
 * AB and AC do something, as reported from the field. Source: docs/protocols/jk.md.
 */
#ifndef SIM_DEVICE_JK_UART_DEVICE_H
#define SIM_DEVICE_JK_UART_DEVICE_H

#include "sim/device/device.h"

enum err jk_uart_device_new(const struct sim_config *config, const struct device_host *host,
                            struct device **ret);

#endif
