/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a hub: its members and what they have sent.
 */
#ifndef PORT_CAN_HUB_PRIV_H
#define PORT_CAN_HUB_PRIV_H

#include <limits.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "port/can_hub.h"
#include "port/can_hub_filter.h"
#include "port/can_priv.h"

enum { HUB_BATCH = 256 };

struct hub_member {
    struct hub_member *next;
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
};

/* One packet taken in: a frame, or a hub_join. */
struct hub_item {
    struct hub_member *from;
    uint64_t t_us;
    struct can_frame frame;
    struct hub_join *join; /* owned; NULL: a frame */
    int passed_fd;         /* owned; -1: none */
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
    bool busy;    /* callbacks may be running */
    bool deleted; /* memory goes when not busy */
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

#endif
