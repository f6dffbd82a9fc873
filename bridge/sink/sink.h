/* SPDX-License-Identifier: Apache-2.0
 *
 * What every output of the bridge has in common. A sink is a state machine without I/O of its own:
 * it gets the bank whenever the bank may have changed and whenever its own deadline comes, and it
 * acts through a small table of functions (its end), which the application connects to a port and a
 * test to a recorder.
 *
 * A sink never waits and never reports an error upwards: what it cannot deliver it drops, counts
 * and tries again at its own pace, so that no sink can delay another.
 */
#ifndef BRIDGE_SINK_SINK_H
#define BRIDGE_SINK_SINK_H

#include "base/clock.h"
#include "battery/bank.h"

struct sink_ops {
    /* The state of the bank now. Everything that is due leaves before it returns. */
    void (*run)(void *self, const struct bank *bank, uint64_t now_us);
    /* When run() must be called again though the bank did not change. */
    uint64_t (*next_deadline)(const void *self);
};

struct sink {
    const struct sink_ops *ops;
    void *self;
};

/* ---- the beat: when a sink speaks though nothing urgent happened ---- */

enum beat_due {
    BEAT_REST,   /* nothing to do */
    BEAT_TICK,   /* the period is over */
    BEAT_URGENT, /* a limit fell or an alarm rose since it last spoke, or the bank is back online */
};

/* Deadlines are absolute multiples of the period behind the first message, so the cadence does not
 * drift, and all sinks of one bridge speak in the same loop turn. They lie a little behind the
 * reading that started them, because the readings come with the same period: without that every
 * second message would carry the value of a second ago. */
struct beat {
    uint64_t period_us;
    uint64_t next_us;   /* NEVER_US: silent */
    uint64_t spoken_us; /* when the last message left */
    struct bank spoken; /* what it said */
    bool has_spoken;
};

void beat_init(struct beat *b, uint64_t period_us);
/* Nothing is said from now on; the next message starts a new cadence. */
void beat_stop(struct beat *b);
/* What is due. Moves the deadline on. A tick that falls right behind an urgent message is left out.
 */
enum beat_due beat_check(struct beat *b, const struct bank *bank, uint64_t now_us);
/* What was said last, with the limits and alarms of now. A change that this does not show in the
 * sink's own encoding (a tenth of a milliampere, a second condition behind the same bit) is not
 * worth a message out of turn. */
struct bank beat_probe(const struct beat *b, const struct bank *bank);
/* The message left. */
void beat_spoke(struct beat *b, const struct bank *bank, uint64_t now_us);

#endif
