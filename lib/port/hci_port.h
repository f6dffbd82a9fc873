/* SPDX-License-Identifier: Apache-2.0
 *
 * HCI packets to and from the kernel, each with its H4 type byte in front, in two ways:
 *
 *   vhci   /dev/vhci: we are a controller, the kernel's Bluetooth (and its BlueZ) is the host. The
 *          first packet to come is 0xFF 0x00 and the new controller's number, 16 bits, low byte
 *          first.
 *   user   the user channel of a controller: we are the host, and nobody else has it meanwhile.
 *
 * Sources: drivers/bluetooth/hci_vhci.c, net/bluetooth/hci_sock.c of Linux 6.1; H4: Bluetooth Core
 * 5.3, Vol 4 Part A.
 */
#ifndef PORT_HCI_PORT_H
#define PORT_HCI_PORT_H

#include "base/loop.h"
#include "base/span.h"

struct hci_port;

struct hci_port_handler {
    void (*on_packet)(void *ctx, struct span packet);
    /* The controller was pulled out or taken away. Said once; only deleting is left to do. */
    void (*on_lost)(void *ctx, enum err why);
    void *ctx;
};

/* ERR_NOT_FOUND: this kernel has no hci_vhci; ERR_DENIED: not allowed (it is root's). */
enum err hci_port_new_vhci(struct loop *loop, const struct hci_port_handler *handler,
                           struct hci_port **ret);
/* Takes hci`index` down and opens it. ERR_UNSUPPORTED: a kernel without Bluetooth; ERR_NOT_FOUND:
 * no such controller; ERR_DENIED: without CAP_NET_ADMIN; ERR_BUSY: somebody else has it. */
enum err hci_port_new_user(struct loop *loop, unsigned index,
                           const struct hci_port_handler *handler, struct hci_port **ret);
/* From any callback; the controller of a vhci goes away with it. */
void hci_port_delete(struct hci_port *port);

/* One packet. Failing is losing the port: on_lost follows, from the loop. */
void hci_port_send(struct hci_port *port, struct span packet);

#endif
