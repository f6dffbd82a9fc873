/* SPDX-License-Identifier: Apache-2.0
 *
 * A connection to a D-Bus on our loop: sd-bus (libsystemd) does the protocol, this file waits for
 * its descriptor. No thread, nothing blocks. Who owns the connection calls sd_bus_* on dbus_bus()
 * with asynchronous calls only, and dbus_settle() after them.
 *
 * sd-bus's own time-outs are not used: they run on the machine's clock, and the loop may have
 * another. Owners keep a timer of their own for what they wait for.
 */
#ifndef PORT_DBUS_H
#define PORT_DBUS_H

#include "base/loop.h"

struct sd_bus;
struct dbus;

struct dbus_handler {
    /* The bus hung up or does not speak D-Bus. Said once; only dbus_delete() is left to do. */
    void (*on_lost)(void *ctx, enum err why);
    void *ctx;
};

/* The bus to use when `address` is NULL: $DBUS_SYSTEM_BUS_ADDRESS, else the system's own. */
const char *dbus_address(const char *address);

/* Connects; calls may be made at once, they leave when the bus has said hello. ERR_NOT_FOUND or
 * ERR_REFUSED: nobody listens there, or it is no D-Bus address. */
enum err dbus_new(struct loop *loop, const char *address, const struct dbus_handler *handler,
                  struct dbus **ret);
/* Messages that were sent leave; slots of calls and matches must be gone before. */
void dbus_delete(struct dbus *dbus);

struct sd_bus *dbus_bus(const struct dbus *dbus);
/* Looks again at what to wait for: after every sd_bus_* call from outside the bus's callbacks. */
void dbus_settle(struct dbus *dbus);

#endif
