/* SPDX-License-Identifier: Apache-2.0
 *
 * What travels between a hub and its members, one packet per SEQPACKET message. The frame is the
 * kernel's struct can_frame (linux/can.h), so the preload library passes it through unchanged.
 */
#ifndef PORT_CAN_HUB_PACKET_H
#define PORT_CAN_HUB_PACKET_H

#include <linux/can.h>
#include <stdint.h>

enum { HUB_FRAME = 1, HUB_STATE = 2 };

struct hub_packet {
    uint32_t kind;         /* HUB_FRAME, HUB_STATE */
    uint32_t state;        /* HUB_STATE: enum can_state of port/can.h */
    uint64_t t_us;         /* CLOCK_MONOTONIC when the sender sent it */
    struct can_frame frame; /* HUB_FRAME */
};

/* "vcan0=/run/x/vcan0.sock,can1=/run/x/can1.sock": interface names the preload library answers for.
 * Indexes are HUB_IFINDEX_BASE + position in the list. */
#define HUB_ENV          "BMSRIG_CAN_HUB"
#define HUB_IFINDEX_BASE 1000

#endif
