/* SPDX-License-Identifier: Apache-2.0
 *
 * What the kinds of CAN handle share.
 */
#ifndef PORT_CAN_PRIV_H
#define PORT_CAN_PRIV_H

#include <limits.h>
#include <linux/can.h>
#include <stdbool.h>

#include "port/can.h"

/* Frames taken from one descriptor before the loop's other business gets its turn. */
enum { CAN_READS_PER_TURN = 64 };

struct can_ops {
    void (*close)(struct can *can); /* everything that is not in struct can */
    enum err (*send)(struct can *can, const struct can_msg *msg);
    enum err (*restart)(struct can *can);           /* NULL, too */
    enum err (*set_link)(struct can *can, bool up); /* NULL: no interface of the kernel */
};

/* First member of every kind's own struct. */
struct can {
    struct loop *loop;
    const struct can_ops *ops;
    struct can_handler handler;
    char name[PATH_MAX];
    enum can_state state;
    unsigned refused;
    uint64_t last_t_us; /* times handed out never go back */
    unsigned depth;     /* callbacks running */
    bool deleted;       /* memory goes when depth is 0 */
};

/* Allocates `size` bytes whose first member is a struct can. */
enum err can_new(struct loop *loop, size_t size, const char *name, const struct can_ops *ops,
                 const struct can_handler *handler, struct can **ret);

/* Callbacks run between enter and leave; can_leave is the last use of the handle. */
void can_enter(struct can *can);
void can_leave(struct can *can);
/* Hands a frame out; the time is put right where it is not plausible. */
void can_take(struct can *can, const struct can_msg *msg, uint64_t t_us, bool own);
void can_change_state(struct can *can, enum can_state state);

/* The kernel's form of a frame, both ways. from_kernel fails on a length over 8. */
void can_to_kernel(const struct can_msg *msg, struct can_frame *ret);
bool can_from_kernel(const struct can_frame *frame, struct can_msg *ret);
/* What an error frame says about the controller's state; false when nothing. */
bool can_state_from_error(const struct can_msg *msg, enum can_state *ret);

enum err can_socket_open(struct loop *loop, const char *name, const struct can_options *options,
                         const struct can_handler *handler, struct can **ret);
enum err can_slcan_open(struct loop *loop, const char *name, const struct can_options *options,
                        const struct can_handler *handler, struct can **ret);
enum err can_member_open(struct loop *loop, const char *name, const struct can_options *options,
                         const struct can_handler *handler, struct can **ret);

#endif
