/* SPDX-License-Identifier: Apache-2.0
 *
 * A Bluetooth LE controller with simulated batteries in its air, as the host behind it (Linux with
 * BlueZ) sees it: HCI packets in and out, no I/O, time injected. It scans and connects when the
 * host says so; what an antenna would bring it comes from the batteries that were added.
 *
 * It is an LE-only controller of version 5.0 without optional features: legacy advertising, no
 * encryption, an accept list, 16 links, 8 ACL buffers of 251 bytes. Commands beyond these are
 * unknown (0x01), which Linux takes for what it is. Source: Bluetooth Core 5.3, Vol 4 Part E; what
 * Linux 6.1 sends: net/bluetooth/hci_sync.c.
 *
 * A link is lost after the battery's own supervision time-out, whatever the host asked for: that
 * time is a property of the simulated world. ACL packets on a link without radio stay in the
 * controller's buffers and go on when the battery is back in time.
 */
#ifndef SIM_BLE_HCI_CONTROLLER_H
#define SIM_BLE_HCI_CONTROLLER_H

#include "sim/ble/peripheral.h"

struct hci_controller;

struct hci_controller_host {
    const struct clock *clock;
    /* A packet for the host, H4. Must not call back. */
    void (*send)(void *ctx, struct span packet);
    /* When hci_controller_run() is due (NEVER_US: not). */
    void (*wake_at)(void *ctx, uint64_t t_us);
    void *ctx;
};

/* `host` is copied, its clock must outlive the controller. */
enum err hci_controller_new(const struct hci_controller_host *host, struct hci_controller **ret);
/* The peripherals must be gone before. */
void hci_controller_delete(struct hci_controller *c);

/* A battery in its air; errors as of ble_radio_add(). */
enum err hci_controller_add(struct hci_controller *c, const struct ble_traits *traits,
                            const struct ble_handler *handler, struct ble_peripheral **ret);

/* A packet of the host, H4. One that is none is dropped. */
void hci_controller_take(struct hci_controller *c, struct span packet);
/* Time has come. */
void hci_controller_run(struct hci_controller *c);
/* The controller was pulled out of its host: every link ends, and it starts as after a reset. */
void hci_controller_unplug(struct hci_controller *c);

#endif
