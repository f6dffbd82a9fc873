/* SPDX-License-Identifier: Apache-2.0
 *
 * Set-up of a CAN network interface. Apart from port/can.h, because libsocketcan and the kernel's
 * headers use the same names (enum can_state, can_get_state).
 */
#ifndef PORT_CAN_LINK_H
#define PORT_CAN_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* `fd` is any socket, for its ioctls. */
bool link_is_up(int fd, const char *name);
/* False for eth0 and lo: nothing below must touch those. */
bool link_is_can(int fd, const char *name);
/* Sets the bit rate and brings the interface up, unless it is up with that rate already; nothing to
 * do on vcan. ERR_DENIED, ERR_UNSUPPORTED. */
enum err link_set_bitrate(int fd, const char *name, uint32_t bitrate);
/* Ends a bus-off. Nothing to do where the kernel does it by itself (restart-ms) and on vcan; a
 * driver without restart (slcan) is taken down and up. ERR_DENIED: that needs CAP_NET_ADMIN. */
enum err link_restart(int fd, const char *name);
/* `ip link set NAME up` or down. ERR_DENIED: that needs CAP_NET_ADMIN. */
enum err link_set_up(int fd, const char *name, bool up);

#endif
