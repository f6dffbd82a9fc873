/* SPDX-License-Identifier: Apache-2.0
 *
 * CAN buses on the loop behind one handle:
 *
 *   can0, vcan0        SocketCAN raw socket, kernel receive timestamps, error frames reported
 *   slcan:/dev/ttyACM0 serial-line CAN adapter (Lawicel ASCII), also slcan:/dev/pts/N
 *   hub:/path/sock     a hub of ours (port/can_hub.h), for kernels without CAN
 *
 * Frames are never queued for later than the kernel's own queue: a full queue is ERR_AGAIN and the
 * frame is the caller's to drop or repeat.
 */
#ifndef PORT_CAN_H
#define PORT_CAN_H

#include "base/can_frame.h"
#include "base/log.h"
#include "base/loop.h"

struct can;

enum can_state { CAN_UP, CAN_DOWN, CAN_ERROR_PASSIVE, CAN_BUS_OFF };

struct can_handler {
    /* t_us: loop clock; taken from the kernel's timestamp where there is one. own: this handle's
     * own frame, looped back (only with can_options.own). */
    void (*on_frame)(void *ctx, const struct can_msg *msg, uint64_t t_us, bool own);
    void (*on_state)(void *ctx, enum can_state state); /* may be NULL */
    void *ctx;
};

struct can_options {
    uint32_t bitrate; /* 0 leaves the interface as it is; slcan: default 500000 */
    bool own;         /* report own frames too */
};

/* ERR_NOT_FOUND no such interface or device, ERR_UNSUPPORTED this kernel has no CAN, ERR_DENIED,
 * ERR_CLOSED the interface is down. `options` may be NULL. */
enum err can_open(struct loop *loop, const char *name, const struct can_options *options,
                  const struct can_handler *handler, struct can **ret);
void can_delete(struct can *can);

/* ERR_AGAIN the queue is full (ENOBUFS), ERR_CLOSED the interface is down or gone, ERR_USAGE an id
 * or length that no frame has. */
enum err can_send(struct can *can, const struct can_msg *msg);
/* Ends a bus-off (CAN_BUS_OFF); CAN_UP follows. ERR_UNSUPPORTED: not an interface of the kernel;
 * ERR_DENIED: that needs CAP_NET_ADMIN. */
enum err can_restart(struct can *can);
/* Takes the interface down for everybody, or brings it up. ERR_UNSUPPORTED: not an interface of the
 * kernel; ERR_DENIED: that needs CAP_NET_ADMIN. */
enum err can_set_link(struct can *can, bool up);
enum can_state can_state_now(const struct can *can);
/* The same. Inline, because libsocketcan exports, and calls, a function of this name. */
static inline enum can_state can_get_state(const struct can *can)
{
    return can_state_now(can);
}
const char *can_name(const struct can *can);

/* Frames and commands that an slcan adapter refused (BEL); 0 for the other kinds. */
unsigned can_refused(const struct can *can);

/* What an error frame tells, in a few words: "nobody acknowledges". */
const char *can_error_text(const struct can_msg *msg);

/* True when this kernel can make AF_CAN sockets at all. */
bool can_kernel_supported(void);

#endif
