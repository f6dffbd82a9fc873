/* SPDX-License-Identifier: Apache-2.0
 *
 * What a peripheral says on the air: the advertisement (ADV_IND) and the answer to a scan request.
 * Source: Bluetooth Core 5.3, Vol 3 Part C 11; Core Specification Supplement 10, Part A 1.
 */
#ifndef SIM_BLE_ADVERT_H
#define SIM_BLE_ADVERT_H

#include "sim/ble/peripheral.h"

enum { ADVERT_MAX = 31 };

struct advert {
    uint8_t data[ADVERT_MAX], response[ADVERT_MAX];
    uint8_t n, response_n;
};

/* Flags, services, name, maker data and the garbled UUID, in this order; what does not fit the
 * advertisement is in the response. A name that fits neither is shortened, the rest left out. */
void advert_of(const struct ble_traits *traits, struct advert *ret);

#endif
