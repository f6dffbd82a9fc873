/* SPDX-License-Identifier: Apache-2.0
 *
 * See wire.h.
 */
#include "bridge/wire_priv.h"

enum err wire_open(struct loop *loop, const char *port, const struct source *source,
                   const struct wire_handler *handler, struct wire **ret)
{
    switch (source->wire) {
    case SOURCE_TTY:
        return wire_tty_open(loop, port, source->ops->first_speed(source->self), handler, ret);
    case SOURCE_CAN: return wire_can_open(loop, port, handler, ret);
    case SOURCE_BLE: return wire_ble_open(loop, port, handler, ret);
    }
    return ERR_UNSUPPORTED;
}

void wire_delete(struct wire *wire)
{
    if (wire != NULL)
        wire->ops->destroy(wire);
}

enum err wire_serve(struct wire *wire, const struct source *source)
{
    return wire->ops->serve(wire, source);
}
