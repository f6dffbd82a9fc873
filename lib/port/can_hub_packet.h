/* SPDX-License-Identifier: Apache-2.0
 *
 * What travels between a hub and its members, one packet per SEQPACKET message. The frame is the
 * kernel's struct can_frame (linux/can.h), so the preload library passes it through unchanged.
 *
 * A member's first packet is a hub_join; until then it gets nothing. It may send others later, as
 * its socket options change. The hub does what the kernel's CAN core does for a raw socket:
 * filters, error mask, own frames. It has to happen there and not at the member, because a frame
 * that is filtered out must not make the member's descriptor readable: a program that polls first
 * and then reads would block.
 *
 * Every process counts as a node of its own: its frames reach the other sockets of the same process
 * as "from this host" (MSG_DONTROUTE), those of all other processes as from the wire.
 */
#ifndef PORT_CAN_HUB_PACKET_H
#define PORT_CAN_HUB_PACKET_H

#include <linux/can.h>
#include <stdint.h>

#include "port/can_hub_bcm_message.h"

enum { HUB_FRAME = 1, HUB_STATE = 2, HUB_JOIN = 3, HUB_BCM = 4 }; /* can_hub_bcm_message.h */

/* hub_packet.flags of a frame from the hub */
enum {
    HUB_FROM_HOST = 1, /* sent by the receiver's own process */
    HUB_FROM_SELF = 2, /* sent by this very member */
};

struct hub_packet {
    uint32_t kind;   /* HUB_FRAME, HUB_STATE */
    uint32_t state;  /* HUB_STATE: enum can_state of port/can.h */
    uint32_t flags;  /* HUB_FROM_* */
    int32_t ifindex; /* from the hub: as in the member's hub_join */
    uint64_t t_us;   /* CLOCK_MONOTONIC when the sender sent it, the machine's and not a virtual
                        one: the hub restores the order of sending with it. From the hub: its
                        loop's time. */
    struct can_frame frame; /* HUB_FRAME */
};

/* hub_join.flags */
enum {
    HUB_WANT_OWN = 1,     /* CAN_RAW_RECV_OWN_MSGS */
    HUB_NO_LOOPBACK = 2,  /* CAN_RAW_LOOPBACK off: not to other sockets of this process */
    HUB_JOIN_FILTERS = 4, /* CAN_RAW_JOIN_FILTERS: all of them must match */
    HUB_WANT_STATE = 8,   /* every change of state; without it only CAN_DOWN is told */
    HUB_BROADCAST = 16,   /* a CAN_BCM socket: HUB_BCM packets instead of frames, both ways */
};

#define HUB_MAX_FILTERS 512 /* CAN_RAW_FILTER_MAX */

/* Only n_filters filters travel. A descriptor may come along (SCM_RIGHTS): the hub then sends to
 * that one instead, which is how one socket listens to several buses. */
struct hub_join {
    uint32_t kind; /* HUB_JOIN */
    uint32_t flags;
    int32_t ifindex; /* put into every packet for this member */
    uint32_t err_mask;
    uint64_t t_us;
    uint32_t n_filters;
    uint32_t reserved;
    struct can_filter filters[HUB_MAX_FILTERS];
};

/* A controller that nobody acknowledges repeats its first frame for ever, and the queue behind it
 * fills. While the bus is error passive the hub keeps this many frames of each member and hands
 * them out when somebody acknowledges again; the sender's side says ENOBUFS for more. (The queue of
 * a CAN interface in Linux is ten frames long by default.) */
#define HUB_TX_QUEUE 10

/* The bus's enum can_state as one uint32_t, in a file beside the socket that members may map: a
 * program that only sends has no other way to learn it. */
#define HUB_STATE_SUFFIX ".state"

/* "vcan0=/run/x/vcan0.sock,can1=/run/x/can1.sock": interface names the preload library answers for.
 * Indexes are HUB_IFINDEX_BASE + position in the list. */
#define HUB_ENV          "BMSRIG_CAN_HUB"
#define HUB_IFINDEX_BASE 1000

#endif
