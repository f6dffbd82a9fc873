/* SPDX-License-Identifier: Apache-2.0
 *
 * A low-voltage battery on CAN, as a device: the set of frames of its dialect once a period, by
 * itself or while an inverter's keep-alive asks for it. A reply is one frame (sim/can_image.h) and
 * answers to its id, "351".
 *
 * Source: docs/protocols/pylon-can.md and the captures named there. Free-running is what real
 * US-series do (plewka); on request, 359 comes every 1.5 s and the rest after each 305 (one STM32
 * driver). Gaps: Cubix 21 ms (capture 06), the GoodWe mapping and YamBMS 100 ms, the others a
 * burst. A remote frame is not answered, and the keep-alive's content never looked at.
 */
#ifndef SIM_DEVICE_PYLON_CAN_BATTERY_H
#define SIM_DEVICE_PYLON_CAN_BATTERY_H

#include "sim/device/device.h"

enum err pylon_can_battery_new(const struct sim_config *config, const struct device_host *host,
                               struct device **ret);

#endif
