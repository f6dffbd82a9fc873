/* SPDX-License-Identifier: Apache-2.0
 *
 * The kinds of wire. Private to wire*.c.
 */
#ifndef BRIDGE_WIRE_PRIV_H
#define BRIDGE_WIRE_PRIV_H

#include "bridge/wire.h"

struct wire_ops {
    void (*destroy)(struct wire *wire);
    enum err (*serve)(struct wire *wire, const struct source *source);
};

/* Each kind's struct begins with this. */
struct wire {
    const struct wire_ops *ops;
    struct wire_handler handler;
};

enum err wire_tty_open(struct loop *loop, const char *port, uint32_t speed,
                       const struct wire_handler *handler, struct wire **ret);
enum err wire_can_open(struct loop *loop, const char *port, const struct wire_handler *handler,
                       struct wire **ret);

enum err wire_ble_open(struct loop *loop, const char *port, const struct wire_handler *handler,
                       struct wire **ret);

#endif
