/* SPDX-License-Identifier: Apache-2.0
 *
 * What the kernel knows of a CAN interface's controller. Asked here and not by libsocketcan, whose
 * questions wait for ever when the interface has gone in between.
 */
#ifndef PORT_CAN_NETLINK_H
#define PORT_CAN_NETLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct link_facts {
    uint32_t bitrate;    /* 0: none has been set */
    uint32_t restart_ms; /* 0: somebody must end a bus-off */
    bool bus_off;
};

/* False when there is no such interface, or none with a controller (vcan). Never waits. */
bool link_ask(const char *name, struct link_facts *ret);
/* The facts in an answer to RTM_GETLINK. */
bool link_read(struct span answer, struct link_facts *ret);

#endif
