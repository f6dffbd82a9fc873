/* SPDX-License-Identifier: Apache-2.0
 *
 * The time that goes out with every packet to a hub.
 */
#ifndef HARNESS_SHIM_CAN_FRAMES_H
#define HARNESS_SHIM_CAN_FRAMES_H

#include <stdint.h>

/* The machine's CLOCK_MONOTONIC in microseconds, but never twice the same within this process: the
 * hub tells the order of two packets by it. */
uint64_t can_time_us(void);

#endif
