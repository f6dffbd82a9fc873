/* SPDX-License-Identifier: Apache-2.0
 *
 * The broadcast manager of one CAN_BCM socket, as net/can/bcm.c does it: cyclic frames, and filters
 * that tell of changes and of silence. The kernel keeps these timers, so on a hub the hub does;
 * they run on its loop, real or virtual.
 *
 * Unlike the kernel's, a cyclic frame keeps its phase: the next deadline counts from the last one
 * and not from the time of its handling.
 */
#ifndef PORT_CAN_HUB_BCM_H
#define PORT_CAN_HUB_BCM_H

#include "base/loop.h"
#include "port/can_hub_bcm_message.h"

struct hub_bcm;

/* What it needs of its hub. Between `enter` and `leave`, and within hub_bcm_take and
 * hub_bcm_frame, nothing may delete the manager. `leave` is the last thing a timer does. */
struct hub_bcm_host {
    struct loop *loop;
    void (*enter)(void *ctx);
    void (*leave)(void *ctx);
    void (*send)(void *ctx, const struct can_frame *frame); /* onto the bus */
    void (*tell)(void *ctx, const struct bcm_msg_head *head, const struct can_frame *frames,
                 uint32_t flags); /* to the program; head->nframes of them */
    void *ctx;
};

struct hub_bcm *hub_bcm_new(const struct hub_bcm_host *host); /* NULL: no memory */
void hub_bcm_delete(struct hub_bcm *bcm);
/* A message of n bytes from the program; a bad one is dropped. */
void hub_bcm_take(struct hub_bcm *bcm, int32_t ifindex, const void *message, size_t n);
/* A frame on the bus; flags: HUB_FROM_*. */
void hub_bcm_frame(struct hub_bcm *bcm, const struct can_frame *frame, uint32_t flags);

#endif
