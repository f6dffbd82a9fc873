/* SPDX-License-Identifier: Apache-2.0
 *
 * The radio `hciN`: the host of hci_host.h on a controller of this machine, by its user channel.
 */
#ifndef SIM_BLE_HCI_USER_H
#define SIM_BLE_HCI_USER_H

#include "sim/ble/radio.h"

/* Errors as of ble_radio_open(). It has one battery and no central of ours, so it knows no faults.
 */
enum err hci_user_new(struct loop *loop, unsigned index, const struct ble_radio_handler *handler,
                      struct ble_radio **ret);

#endif
