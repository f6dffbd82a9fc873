/* SPDX-License-Identifier: Apache-2.0
 *
 * What connects a simulated device with its client: a serial line, a CAN bus or the air. One
 * interface, since the rest of a simulated port (faults, pacing, which reply told what) is the same
 * for all. What one piece of bytes is, in both directions:
 *
 *   DEVICE_TTY  any part of the stream
 *   DEVICE_CAN  one frame in the form of can_image.h
 *   DEVICE_BLE  down: what the device notifies at once (the wire cuts it by the MTU); up: one write
 *
 * Optional functions of `struct wire_ops` are NULL where they mean nothing.
 */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include "base/loop.h"
#include "base/span.h"
#include "sim/device/kind.h"

enum { WIRE_WHERE_MAX = 256 };

struct wire_events {
    void (*on_bytes)(void *ctx, struct span bytes);
    void (*on_client)(void *ctx, bool there); /* a client came or went */
    void (*on_speed)(void *ctx);              /* the client set another rate */
    void (*on_dead)(void *ctx);               /* the port is gone: delete it and open it again */
    void (*on_up)(void *ctx);    /* only of a wire with up(): a client can come from now on */
    void (*on_moved)(void *ctx); /* optional: path() is another one than it was */
    void *ctx;
};

struct airs;
struct wire;

struct wire_ops {
    void (*destroy)(struct wire *wire);
    const char *(*path)(const struct wire *wire); /* what the client opens */
    /* ERR_SPACE, ERR_CLOSED: nothing was sent. */
    enum err (*write)(struct wire *wire, struct span piece);
    bool (*connected)(const struct wire *wire); /* somebody may hear it */
    /* The device talks at another rate from now on. */
    void (*set_rate)(struct wire *wire, uint32_t baud);
    /* The rate the client has set; 0: it cannot be told, or there is no client. */
    uint32_t (*client_rate)(const struct wire *wire);
    /* Forgets what the client sent while nothing was connected. */
    void (*flush)(struct wire *wire);
    /* The cable is pulled or put back (radio: out of range). Without it the pieces are just kept
     * back. */
    void (*plug)(struct wire *wire, bool plugged);
    /* The D-Bus on which the client finds the radio; NULL: the system's. Not of other wires. */
    const char *(*bus)(const struct wire *wire);
    /* Whether a client can come already. Without it: as soon as it is open. */
    bool (*up)(const struct wire *wire);
    /* The device has power or not (radio: it is not heard). */
    void (*power)(struct wire *wire, bool on);
    /* Somebody whom we do not see has the device: no client can have it. */
    void (*hold)(struct wire *wire, bool held);
    /* The client's adapter goes and comes back. Without it a pulled adapter is a port that is
     * deleted. */
    enum err (*adapter)(struct wire *wire, bool there);
};

struct wire {
    const struct wire_ops *ops;
    bool reopens; /* a real port or a TCP client: comes back by opening it again */
};

/* Opens the port `where`, as people write it; it may be rewritten so that the same port is opened
 * again next time (a TCP port that was picked). `config` tells which device it is for, `airs` what
 * it may share (sim/air.h; NULL: nothing). Errors as of the port's kind; ERR_USAGE: no such place.
 */
enum err wire_open(struct loop *loop, const struct sim_config *config, struct airs *airs,
                   uint32_t baud, const struct wire_events *events, char where[WIRE_WHERE_MAX],
                   struct wire **ret);
void wire_delete(struct wire *wire);

/* ---- the kinds; only for wire.c ---- */

enum err wire_tty_open(struct loop *loop, uint32_t baud, const struct wire_events *events,
                       char where[WIRE_WHERE_MAX], struct wire **ret);
enum err wire_can_open(struct loop *loop, const struct wire_events *events,
                       char where[WIRE_WHERE_MAX], struct wire **ret);
enum err wire_ble_open(struct loop *loop, const struct sim_config *config, struct airs *airs,
                       const struct wire_events *events, const char *where, struct wire **ret);
/* For wire_can.c: a serial adapter of the battery's own. */
enum err wire_slcan_open(struct loop *loop, const struct wire_events *events,
                         char where[WIRE_WHERE_MAX], struct wire **ret);

#endif
