/* SPDX-License-Identifier: Apache-2.0
 *
 * The Bluetooth host of a battery on a real LE controller: sets it up, advertises, takes one
 * central and serves it, by HCI packets in and out; no I/O, time injected. Source: Bluetooth Core
 * 5.3, Vol 4 Part E.
 *
 * The battery has its own address where that can be a random static one (11 in its first two bits,
 * as in C8:47:...), else the controller's: no standard command sets a public address. It is lost
 * from the air by a reset, which ends a link without a word, so that the central learns of it as it
 * would of a battery that went out of reach. The signal's strength is the controller's own.
 */
#ifndef SIM_BLE_HCI_HOST_H
#define SIM_BLE_HCI_HOST_H

#include "sim/ble/peripheral.h"

struct hci_host;

struct hci_host_port {
    const struct clock *clock;
    /* A packet for the controller, H4. Must not call back. */
    void (*send)(void *ctx, struct span packet);
    /* When hci_host_run() is due (NEVER_US: not). */
    void (*wake_at)(void *ctx, uint64_t t_us);
    void (*on_ready)(void *ctx); /* set up; it advertises if it is near */
    /* ERR_UNSUPPORTED: no LE controller; ERR_TIMEOUT: it does not answer; ERR_REFUSED: it refuses
     * something that it has to know. Dead then. */
    void (*on_failed)(void *ctx, enum err why);
    void *ctx;
};

enum err hci_host_new(const struct hci_host_port *port, struct hci_host **ret);
/* The peripheral must be gone before. */
void hci_host_delete(struct hci_host *h);

/* The one battery; the controller is set up for it. ERR_SPACE: there is one. Errors else as of
 * ble_radio_add(). */
enum err hci_host_add(struct hci_host *h, const struct ble_traits *traits,
                      const struct ble_handler *handler, struct ble_peripheral **ret);

void hci_host_take(struct hci_host *h, struct span packet);
void hci_host_run(struct hci_host *h);

#endif
