/* SPDX-License-Identifier: Apache-2.0
 *
 * The radio `vhci`: the controller of hci_controller.h, plugged into this machine's kernel.
 */
#ifndef SIM_BLE_HCI_VHCI_H
#define SIM_BLE_HCI_VHCI_H

#include "sim/ble/radio.h"

/* Errors as of ble_radio_open(). The adapter that goes off is unplugged, as a USB one would be, and
 * comes back as a new one of, most likely, the same name. */
enum err hci_vhci_new(struct loop *loop, const struct ble_radio_handler *handler,
                      struct ble_radio **ret);

#endif
