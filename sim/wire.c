/* SPDX-License-Identifier: Apache-2.0
 *
 * See wire.h.
 */
#include "sim/wire.h"

#include "sim/config.h"

enum err wire_open(struct loop *loop, const struct sim_config *config, struct airs *airs,
                   uint32_t baud, const struct wire_events *events, char where[WIRE_WHERE_MAX],
                   struct wire **ret)
{
    switch (config->kind->wire) {
    case DEVICE_TTY: return wire_tty_open(loop, baud, events, where, ret);
    case DEVICE_CAN: return wire_can_open(loop, events, where, ret);
    case DEVICE_BLE: return wire_ble_open(loop, config, airs, events, where, ret);
    }
    return ERR_UNSUPPORTED;
}

void wire_delete(struct wire *wire)
{
    if (wire != NULL)
        wire->ops->destroy(wire);
}
