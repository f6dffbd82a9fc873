/* SPDX-License-Identifier: Apache-2.0
 *
 * What sending frames and messages to a hub has in common.
 */
#ifndef HARNESS_SHIM_CAN_FRAMES_H
#define HARNESS_SHIM_CAN_FRAMES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* The machine's CLOCK_MONOTONIC in microseconds, but never twice the same within this process: the
 * hub tells the order of two packets by it. */
uint64_t can_time_us(void);

/* Scattered bytes: how many, and the first n of them in one place. */
size_t can_msg_total(const struct msghdr *msg);
void can_msg_gather(const struct msghdr *msg, void *out, size_t n);

struct can_socket;
struct can_interface;

/* Whether the interface would take one more frame: 0, or -1 with errno. */
int can_may_send(struct can_socket *s, const struct can_interface *interface);

#endif
