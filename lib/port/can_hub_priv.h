/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a hub: its members and what they have sent.
 */
#ifndef PORT_CAN_HUB_PRIV_H
#define PORT_CAN_HUB_PRIV_H

#include <limits.h>
#include <stdatomic.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "port/can_hub.h"
#include "port/can_hub_bcm.h"
#include "port/can_hub_filter.h"
#include "port/can_priv.h"

enum { HUB_BATCH = 256 };

struct can_hub;

struct hub_member {
    struct hub_member *next;
    struct can_hub *hub;
    unsigned number; /* 1, 2, ... in order of connecting */
    int fd;
    int out_fd; /* where its packets go: fd, or the descriptor that came with a hub_join */
    struct loop_io *io;
    pid_t pid;
    bool joined;
    bool deaf; /* takes nothing any more; what it has sent may still lie in its socket */
    bool gone; /* to be removed when nobody walks the list */
    uint32_t flags;
    int32_t ifindex;
    struct hub_filter filter;            /* owns its filters */
    struct can_frame held[HUB_TX_QUEUE]; /* sent while nobody acknowledged */
    size_t n_held;
    struct hub_bcm *bcm; /* of a CAN_BCM socket; NULL: a raw one */
};

/* One packet taken in: a frame, a hub_join, or a message to the broadcast manager. */
struct hub_item {
    struct hub_member *from;
    uint64_t t_us;
    struct can_frame frame;
    struct hub_join *join; /* owned; NULL: none */
    uint8_t *message;      /* owned; NULL: none */
    size_t message_n;
    int32_t message_ifindex;
    int passed_fd; /* owned; -1: none */
};

struct can_hub {
    struct loop *loop;
    can_hub_fn fn;
    void *ctx;
    char path[PATH_MAX];
    char state_path[PATH_MAX];
    int listener;
    bool bound;
    struct loop_io *io;
    struct hub_member *members; /* in order of connecting */
    unsigned last_number;
    enum can_state state;
    _Atomic uint32_t *shared_state;
    uint64_t last_us;
    struct hub_item batch[HUB_BATCH];
    size_t n_batch;
    unsigned busy;  /* callbacks may be running; so deep */
    bool deleted;   /* memory goes when not busy */
    unsigned depth; /* frames that were sent because of frames */
};

/* Takes the descriptor over, success or not. NULL: no memory. */
struct hub_member *hub_member_new(int fd, unsigned number);
void hub_member_close(struct hub_member *m);
void hub_member_free(struct hub_member *m);
/* Takes the next packet; false when there is none, and when the member has gone (m->gone). */
bool hub_member_read(struct hub_member *m, struct hub_item *ret);
/* Puts a hub_join into force; takes what it needs out of the item. */
void hub_member_apply(struct hub_member *m, struct hub_item *item);
void hub_item_free(struct hub_item *item);
/* A packet to the member; when its queue is full it loses it, as a kernel socket does. */
void hub_member_give(struct hub_member *m, const struct iovec *iov, size_t n);

/* can_hub.c: a frame from a member, or from the hub itself (NULL), onto the bus. */
void hub_pass_frame(struct can_hub *hub, const struct can_frame *frame, uint64_t t_us,
                    struct hub_member *from);
void hub_enter(struct can_hub *hub);
void hub_leave(struct can_hub *hub); /* the last use of the hub */
/* The time of something that happens now; never back. */
uint64_t hub_now(struct can_hub *hub);

/* can_hub_broadcast.c: the member becomes a CAN_BCM socket. */
void hub_member_broadcast(struct hub_member *m);

#endif
