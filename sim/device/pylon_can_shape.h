/* SPDX-License-Identifier: Apache-2.0
 *
 * What a firmware does to the frames of its dialect: other lengths, quirks. Private to the device.
 */
#ifndef SIM_DEVICE_PYLON_CAN_SHAPE_H
#define SIM_DEVICE_PYLON_CAN_SHAPE_H

#include "base/can_frame.h"
#include "sim/device/pylon_can_knobs.h"

void pylon_can_shape(const struct sim_pylon_can *knobs, struct can_msg *msg);

/* Whether the knobs keep this frame back for ever. */
bool pylon_can_omits(const struct sim_pylon_can *knobs, uint32_t id);

/* The gap between two frames and the period of a dialect that nobody has chosen others for. */
uint64_t pylon_can_gap_us(const struct sim_pylon_can *knobs);

/* How many periods pass from one frame with this id to the next (1: it comes in every set). */
unsigned pylon_can_every(const struct sim_pylon_can *knobs, uint32_t id, uint64_t period_us);

#endif
