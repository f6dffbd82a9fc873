/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a broadcast manager: its operations.
 */
#ifndef PORT_CAN_HUB_BCM_PRIV_H
#define PORT_CAN_HUB_BCM_PRIV_H

#include "port/can_hub_bcm.h"

/* The last frame that a filter has seen (bcm_op.last_frames, RX_RECV and RX_THR). */
struct hub_bcm_seen {
    struct can_frame frame;
    uint32_t flags; /* HUB_FROM_* */
    bool received;
    bool throttled; /* not told yet */
};

struct hub_bcm_op {
    struct hub_bcm_op *next;
    struct hub_bcm *bcm;
    bool receives;
    int32_t ifindex;
    canid_t can_id;
    uint32_t flags, count;
    struct bcm_timeval ival1, ival2;
    uint32_t n_frames, room;
    struct can_frame *frames;
    struct loop_timer *timer;
    uint64_t due_us;  /* of the last deadline */
    uint32_t current; /* TX: index of the next frame */
    /* RX: one for a filter by id or a single mask, one a frame for a multiplex filter */
    struct hub_bcm_seen *seen;
    struct loop_timer *throttle;
    uint64_t told_us; /* the last change that was told; NEVER_US: none since throttling began */
};

struct hub_bcm {
    struct hub_bcm_host host;
    struct hub_bcm_op *ops; /* the newest first */
    unsigned n_ops;
};

static inline uint64_t hub_bcm_us(const struct bcm_timeval *tv)
{
    return (uint64_t)tv->tv_sec * US_PER_S + (uint64_t)tv->tv_usec;
}

/* A message about an operation. */
void hub_bcm_tell(const struct hub_bcm_op *op, uint32_t opcode, const struct can_frame *frames,
                  uint32_t n, uint32_t flags);
void hub_bcm_send(struct hub_bcm_op *op); /* its next frame */

/* can_hub_bcm_rx.c */
void hub_bcm_rx_setup(struct hub_bcm_op *op, const struct bcm_msg_head *head);
void hub_bcm_rx_frame(struct hub_bcm_op *op, const struct can_frame *frame, uint32_t flags);
void hub_bcm_rx_timeout(void *ctx); /* the operation */
void hub_bcm_rx_throttle(void *ctx);

#endif
