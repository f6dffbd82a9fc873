/* SPDX-License-Identifier: Apache-2.0
 *
 * What a source is connected to: a serial line, a CAN bus or a Bluetooth LE connection behind one
 * interface. A wire that is lost says so once and is then only good for being deleted; who owns it
 * opens a new one.
 */
#ifndef BRIDGE_WIRE_H
#define BRIDGE_WIRE_H

#include "base/loop.h"
#include "bridge/source/source.h"

struct wire;

struct wire_handler {
    void (*opened)(void *ctx);                             /* perhaps before wire_open() returns */
    void (*lost)(void *ctx, const char *why);              /* `why` lives as long as the wire */
    void (*state)(void *ctx, const char *what);            /* what it is doing, for the log */
    void (*bytes)(void *ctx, struct span bytes);           /* not from CAN */
    void (*frame)(void *ctx, const struct can_msg *frame); /* only from CAN */
    void *ctx;
};

/* `port` as in the configuration. Errors as of port/tty.h and port/can.h. */
enum err wire_open(struct loop *loop, const char *port, const struct source *source,
                   const struct wire_handler *handler, struct wire **ret);
void wire_delete(struct wire *wire);

/* Sends all that the source wants to say, each output whole or not at all. An error means that the
 * wire does not take it: open it anew. */
enum err wire_serve(struct wire *wire, const struct source *source);

#endif
