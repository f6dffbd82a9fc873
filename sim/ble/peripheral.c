/* SPDX-License-Identifier: Apache-2.0
 *
 * What all radios share.
 */
#include "sim/ble/peripheral.h"

#include <string.h>

bool ble_traits_sound(const struct ble_traits *t)
{
    if (t->n > BLE_SERVICES_MAX || t->maker_n > BLE_MAKER_MAX || t->interval_us == 0 ||
        t->supervision_us == 0 || memchr(t->name, 0, sizeof t->name) == NULL)
        return false;
    for (size_t i = 0; i < t->n; i++)
        if (t->services[i].n > BLE_CHARACTERISTICS_MAX)
            return false;
    return true;
}

const struct ble_characteristic *ble_characteristic(const struct ble_traits *traits, size_t index)
{
    for (size_t i = 0; i < traits->n; i++) {
        if (index < traits->services[i].n)
            return &traits->services[i].characteristics[index];
        index -= traits->services[i].n;
    }
    return NULL;
}

const char *ble_end_text(enum ble_end end)
{
    switch (end) {
    case BLE_END_CENTRAL: return "the central hung up";
    case BLE_END_PERIPHERAL: return "the battery hung up";
    case BLE_END_LOST: return "link lost";
    case BLE_END_HOST: return "the central's Bluetooth went away";
    }
    return "";
}
