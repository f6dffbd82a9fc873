/* SPDX-License-Identifier: Apache-2.0
 *
 * One connection as a peripheral's own Bluetooth stack keeps it: L2CAP and ATT between ACL
 * fragments on one side and struct ble_handler on the other. Both forms over HCI have it: the
 * virtual controller one for each battery, the host on a real controller one.
 */
#ifndef SIM_BLE_LINK_H
#define SIM_BLE_LINK_H

#include "sim/ble/att.h"
#include "sim/ble/l2cap.h"

struct ble_link_port {
    /* A whole L2CAP frame with its header, to be cut for the controller. */
    enum err (*send)(void *ctx, struct span frame);
    void *ctx;
};

struct ble_link {
    struct ble_link_port port;
    const struct ble_handler *handler;
    struct att att;
    struct l2cap l2cap;
};

/* A central has connected: tells the handler, and asks for the MTU when the battery does. Table and
 * handler must outlive the link. */
void ble_link_open(struct ble_link *link, const struct ble_link_port *port,
                   const struct att_table *table, const struct ble_handler *handler);
/* A fragment from the central. The handler may end the link inside. */
void ble_link_take(struct ble_link *link, bool first, struct span fragment);
/* Errors as of ble_notify(), and those of the port. */
enum err ble_link_notify(struct ble_link *link, unsigned characteristic, struct span bytes);
/* Asks the central for a supervision time-out. */
void ble_link_ask_supervision(struct ble_link *link, uint32_t supervision_us);

#endif
