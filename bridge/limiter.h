/* SPDX-License-Identifier: Apache-2.0
 *
 * One limit on its way out (AGG-1 rule L10): it falls at once, and rises only after the batteries
 * have allowed more for a while, then in steps of one second. Pure: the time comes in.
 *
 * Source: docs/protocols/aggregation.md section 5; the figures (30 s, 5 A/s per 100 Ah) are those
 * of dbus-serialbattery's limiter.
 */
#ifndef BRIDGE_LIMITER_H
#define BRIDGE_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

struct limiter_rules {
    uint64_t rise_hold_us; /* more must have been allowed for this long before the limit rises */
    uint64_t cut_hold_us;  /* and a limit that was cut to nothing stays there at least this long */
    int32_t rise_per_s;    /* then it rises by at most this much a second; 0: at once */
};

/* All zero is a limiter that has not been used: its first target is taken as it is. */
struct limiter {
    bool started;
    bool suspended;
    int32_t out;
    int32_t resume;            /* what was out when limiter_suspend() came */
    uint64_t allowed_since_us; /* NEVER_US: the target is not above `out` */
    uint64_t risen_us;         /* when it last rose by a step */
    uint64_t cut_us;           /* when it was last cut to 0 */
};

/* What the readings behind a target allow it to do. */
enum limiter_way {
    LIMITER_FALL, /* fall only, and the hold starts again: a battery is held */
    LIMITER_WAIT, /* fall only: no reading is newer than at the last rise */
    LIMITER_RISE, /* rise, too: all readings are new */
};

/* Takes what the batteries allow now and returns what may leave. A limit that may rise by now rises
 * with the next reading, never by time alone: without a reading nobody knows whether it still may.
 */
int32_t limiter_step(struct limiter *l, const struct limiter_rules *rules, int32_t target,
                     enum limiter_way way, uint64_t now_us);

/* The batteries are out of reach: 0 leaves, whatever was allowed. The first limiter_step() after it
 * goes back to what was out before, or to the target when that is lower, without a hold: the
 * interruption is over, and nothing more is allowed than before it. */
void limiter_suspend(struct limiter *l, uint64_t now_us);

#endif
