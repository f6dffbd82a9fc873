/* SPDX-License-Identifier: Apache-2.0
 *
 * What every battery protocol looks like to the bridge: a state machine that gets bytes (or CAN
 * frames) and the time and gives what is to be sent, a line speed to set and the newest good
 * readings. It does no I/O, so it can be driven by a port, by a test and by a fuzzer alike.
 *
 * After every call of opened(), closed(), bytes(), frame() and deadline() the caller takes what
 * came out of it: the output until there is none, the batteries that changed and those that left
 * until there are none, and the next deadline.
 *
 * What bytes() and take_output() mean depends on the wire: a serial line has no borders; over
 * Bluetooth LE each call of bytes() is one notification and each output one write. opened() is
 * called when the battery can be talked to: the line is open, notifications are on, the bus is up.
 */
#ifndef BRIDGE_SOURCE_SOURCE_H
#define BRIDGE_SOURCE_SOURCE_H

#include "base/can_frame.h"
#include "base/clock.h"
#include "base/span.h"
#include "battery/battery.h"

enum source_wire { SOURCE_TTY, SOURCE_CAN, SOURCE_BLE };

enum { SOURCE_OUTPUT_MAX = 64 };

struct source_output {
    uint32_t speed; /* set this line speed first; 0: leave it */
    uint8_t bytes[SOURCE_OUTPUT_MAX];
    size_t n;
};

/* Takes what is to be sent out of where a source keeps it; false: nothing. */
static inline bool source_output_take(struct source_output *kept, struct source_output *ret)
{
    if (kept->n == 0)
        return false;
    *ret = *kept;
    *kept = (struct source_output){0};
    return true;
}

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
    /* The next battery that the protocol says has left (not: that does not answer). NULL: the
     * protocol has no word for that. */
    bool (*take_gone)(void *self, unsigned *ret_index);
    unsigned (*present)(const void *self); /* batteries seen just now */
    /* Whether the battery answers: a port that is lost from now on is worth being opened at once.
     */
    bool (*ready)(const void *self);
    /* Whether the connection is useless though it stands: the wire is to be opened anew. NULL: this
     * source never says so. */
    bool (*hung)(const void *self);
    /* Serial lines: the speed to open the port with. Others: NULL. */
    uint32_t (*first_speed)(const void *self);
    /* CAN: in place of bytes() and take_output(). Others: NULL. */
    void (*frame)(void *self, const struct can_msg *frame, uint64_t now_us);
    bool (*take_frame)(void *self, struct can_msg *ret);
};

struct source {
    const struct source_ops *ops;
    void *self;
    enum source_wire wire;
    unsigned capacity;           /* batteries it may have: indexes are below */
    void (*destroy)(void *self); /* NULL: the memory is not the source's own */
};

#endif
