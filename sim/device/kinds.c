/* SPDX-License-Identifier: Apache-2.0
 *
 * The devices that the language knows. The first is the one of a [port] that names none.
 */
#include "sim/device/kind.h"

#include "sim/device/console_knobs.h"
#include "sim/device/jk_ble_knobs.h"
#include "sim/device/jk_pb_knobs.h"
#include "sim/device/jk_uart_knobs.h"
#include "sim/device/pylon_can_knobs.h"

static const struct device_kind *const kinds[] = {
    &console_kind, &pylon_can_battery_kind, &jk_modbus_kind,
    &jk_bus_kind,  &jk_uart_kind,           &jk_ble_kind,
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };
_Static_assert(KINDS <= (size_t)DEVICE_KINDS_MAX, "raise DEVICE_KINDS_MAX");

const struct device_kind *device_kind_at(size_t i)
{
    return i < KINDS ? kinds[i] : NULL;
}
