/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages of CAN_BCM sockets, on their way between a program and the hub that does the kernel's
 * work: a hub_bcm_packet, then the program's own struct bcm_msg_head with its frames
 * (linux/can/bcm.h; Documentation/networking/can.rst section 4.2).
 */
#ifndef PORT_CAN_HUB_BCM_MESSAGE_H
#define PORT_CAN_HUB_BCM_MESSAGE_H

#include <errno.h>
#include <linux/can.h>
#include <linux/can/bcm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hub_bcm_packet {
    uint32_t kind;   /* HUB_BCM */
    uint32_t flags;  /* from the hub: HUB_FROM_* of the frame that was received */
    int32_t ifindex; /* to the hub: of the operation, 0: any; from it: as in the hub_join */
    uint32_t reserved;
    uint64_t t_us; /* as in hub_packet */
};

enum { HUB_BCM_FRAMES = 256, HUB_BCM_OPS = 256, HUB_BCM_SECONDS = 400 * 24 * 3600 };

/* The longest message: a multiplex mask and all its frames. */
#define HUB_BCM_BYTES \
    (sizeof(struct bcm_msg_head) + (HUB_BCM_FRAMES + 1) * sizeof(struct can_frame))

static inline bool hub_bcm_is_time(const struct bcm_timeval *tv)
{
    return tv->tv_sec >= 0 && tv->tv_sec <= HUB_BCM_SECONDS && tv->tv_usec >= 0 &&
           tv->tv_usec < 1000000;
}

/* The frames that count: a filter by id alone has none, whatever comes along. */
static inline uint32_t hub_bcm_frames(const struct bcm_msg_head *head)
{
    bool by_id = head->opcode == RX_SETUP && (head->flags & RX_FILTER_ID) != 0;
    bool setup = head->opcode == TX_SETUP || head->opcode == RX_SETUP || head->opcode == TX_SEND;
    return setup && !by_id ? head->nframes : 0;
}

/* 0, or the errno that the kernel has for a message of n bytes before it looks at the operations
 * that are there (net/can/bcm.c, bcm_sendmsg, bcm_tx_setup, bcm_rx_setup). CAN FD is refused: a hub
 * is a classic bus. */
static inline int hub_bcm_check(const struct bcm_msg_head *head, size_t n)
{
    uint32_t frames = hub_bcm_frames(head);
    size_t have = n < sizeof *head ? 0 : (n - sizeof *head) / sizeof(struct can_frame);

    if (n < sizeof *head || (n - sizeof *head) % sizeof(struct can_frame) != 0 ||
        (head->flags & CAN_FD_FRAME) != 0 || head->opcode < TX_SETUP || head->opcode > RX_READ)
        return EINVAL;
    if (head->opcode == TX_SEND)
        return frames == 1 && have == 1 ? 0 : EINVAL;
    if (head->opcode == TX_SETUP && (frames < 1 || frames > HUB_BCM_FRAMES))
        return EINVAL;
    if (head->opcode == RX_SETUP &&
        (frames > HUB_BCM_FRAMES + 1 || ((head->flags & RX_RTR_FRAME) != 0 &&
                                         (frames != 1 || (head->can_id & CAN_RTR_FLAG) == 0))))
        return EINVAL;
    if ((head->opcode == TX_SETUP || head->opcode == RX_SETUP) && (head->flags & SETTIMER) != 0 &&
        !(hub_bcm_is_time(&head->ival1) && hub_bcm_is_time(&head->ival2)))
        return EINVAL;
    return frames <= have ? 0 : EFAULT;
}

#endif
