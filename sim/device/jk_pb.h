/* SPDX-License-Identifier: Apache-2.0
 *
 * The RS485-2 socket of JK-PB packs, as the devices jk-modbus and jk-bus: several units on one wire
 * that answer Modbus (03, 10) and the triggers of the pack bus (a 300-byte frame, then the
 * acknowledge), and with DIP address 0 a master that polls the others by itself and speaks unasked.
 *
 * A telegram ends with a pause of 3.5 characters, as Modbus has it, or, in MODBUS/TCP, by its
 * length. Who asks while somebody sends is not heard; who asks while the answer is being prepared,
 * or again within 50 ms, makes units talk at the same time: what arrives is the AND of their bits.
 *
 * Source: docs/protocols/jk.md.
 */
#ifndef SIM_DEVICE_JK_PB_H
#define SIM_DEVICE_JK_PB_H

#include "sim/device/device.h"

enum err jk_pb_new(const struct sim_config *config, const struct device_host *host,
                   struct device **ret);

#endif
