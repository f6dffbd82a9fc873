/* SPDX-License-Identifier: Apache-2.0
 *
 * What every battery protocol looks like to the bridge: a state machine that gets bytes and the
 * time and gives bytes to send, a line speed to set and the newest good readings. It does no I/O,
 * so it can be driven by a port, by a test and by a fuzzer alike.
 *
 * After every call of opened(), closed(), bytes() and deadline() the caller takes what came out of
 * it: the output until there is none, the batteries that changed and those that left until there
 * are none, and the next deadline.
 */
#ifndef BRIDGE_SOURCE_SOURCE_H
#define BRIDGE_SOURCE_SOURCE_H

#include "base/clock.h"
#include "base/span.h"
#include "battery/battery.h"

enum { SOURCE_OUTPUT_MAX = 64 };

struct source_output {
    uint32_t speed; /* set this line speed first; 0: leave it */
    uint8_t bytes[SOURCE_OUTPUT_MAX];
    size_t n;
};

struct source_ops {
    void (*opened)(void *self, uint64_t now_us); /* the port is there */
    void (*closed)(void *self, uint64_t now_us); /* the port is gone */
    void (*bytes)(void *self, struct span bytes, uint64_t now_us);
    void (*deadline)(void *self, uint64_t now_us); /* harmless when none is due */
    uint64_t (*next_deadline)(const void *self);
    bool (*take_output)(void *self, struct source_output *ret);
    /* The next battery whose picture changed; *ret_index counts from 0 within this source. Its
     * updated_us is the time of its last good reading, which is not always now: an alarm that comes
     * from a slower command does not make the measured values younger. */
    bool (*take_battery)(void *self, unsigned *ret_index, struct battery *ret);
    /* The next battery that the protocol says has left (not: that does not answer). */
    bool (*take_gone)(void *self, unsigned *ret_index);
    unsigned (*present)(const void *self);     /* batteries seen just now */
    uint32_t (*first_speed)(const void *self); /* to open the port with */
};

struct source {
    const struct source_ops *ops;
    void *self;
    unsigned capacity; /* batteries it may have: indexes are below */
};

#endif
