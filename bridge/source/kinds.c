/* SPDX-License-Identifier: Apache-2.0
 *
 * The battery protocols that the bridge knows.
 */
#include "bridge/source/kind.h"

static const struct source_kind *const kinds[] = {
    &pylontech_console_kind, &pylon_can_kind, &jk_ble_kind, &jk_bus_kind,
    &jk_modbus_kind,         &jk_uart_kind,
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };
_Static_assert(KINDS <= (size_t)SOURCE_KINDS_MAX, "raise SOURCE_KINDS_MAX");

const struct source_kind *source_kind_at(size_t i)
{
    return i < KINDS ? kinds[i] : NULL;
}
