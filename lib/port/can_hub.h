/* SPDX-License-Identifier: Apache-2.0
 *
 * A CAN bus in user space: a SEQPACKET unix socket that every member connects to. A frame from one
 * member reaches all others in the order the hub took them. Members are can_open("hub:..."), and
 * unmodified AF_CAN programs through the preload library (harness/shim), which speaks hub_packet.
 *
 * The hub can pretend what a wire would do: off (frames vanish, members see ENETDOWN), error
 * passive (nobody acknowledges: frames are taken but reach nobody).
 */
#ifndef PORT_CAN_HUB_H
#define PORT_CAN_HUB_H

#include "base/can_frame.h"
#include "base/loop.h"
#include "port/can.h"
#include "port/can_hub_packet.h"

struct can_hub;

/* Sees every frame that passes, in order. member: 0 is the hub's own can_hub_send. */
typedef void (*can_hub_fn)(void *ctx, const struct can_msg *msg, uint64_t t_us, unsigned member);

enum err can_hub_new(struct loop *loop, const char *path, can_hub_fn fn, void *ctx,
                     struct can_hub **ret);
void can_hub_delete(struct can_hub *hub);
enum err can_hub_send(struct can_hub *hub, const struct can_msg *msg); /* to all members */
void can_hub_set_state(struct can_hub *hub, enum can_state state);
unsigned can_hub_members(const struct can_hub *hub);

#endif
