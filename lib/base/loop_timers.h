/* SPDX-License-Identifier: Apache-2.0
 *
 * The timers of one loop: a binary min-heap of deadlines that knows nothing of where the time comes
 * from or who waits for it. Private to the loop and its backends.
 *
 * Order: by deadline; equal deadlines in the order the timers were created. A timer that is armed
 * while timers fire, for an instant that is already due, goes behind the others of that instant, so
 * that "again, now" cannot starve anybody.
 */
#ifndef BASE_LOOP_TIMERS_H
#define BASE_LOOP_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"

struct loop_timers {
    struct loop_timer **heap; /* heap[0] is the next to fire */
    size_t n;                 /* active */
    size_t cap;               /* >= n_timers: arming never allocates */
    struct loop_timer *all;   /* every timer, active or not */
    size_t n_timers;
    uint64_t created;    /* timers so far */
    uint64_t latecomers; /* timers armed too late for their own instant so far */
    uint64_t firing_us;  /* the instant being fired; valid while `firing` */
    bool firing;
};

struct loop_timer {
    struct loop *loop;
    struct loop_timers *timers;
    loop_timer_fn fn;
    void *ctx;
    struct loop_timer *next, *prev; /* in loop_timers.all */
    uint64_t deadline_us;
    uint64_t period_us; /* 0: one shot */
    uint64_t created;   /* rank among equal deadlines ... */
    uint64_t late;      /* ... behind this one, which is 0 unless it is a latecomer */
    size_t at;          /* index in the heap; SIZE_MAX: not active */
};

/* A zeroed struct loop_timers is empty. */
enum err loop_timers_add(struct loop_timers *t, loop_timer_fn fn, void *ctx,
                         struct loop_timer **ret);
void loop_timers_remove(struct loop_timer *timer); /* frees it */
void loop_timers_free(struct loop_timers *t);      /* frees all */

/* Arms (period 0: once) or, with NEVER_US, disarms. */
void loop_timers_arm(struct loop_timer *timer, uint64_t deadline_us, uint64_t period_us);

/* The earliest deadline; NEVER_US when there is none. */
uint64_t loop_timers_next(const struct loop_timers *t);

/* Fires what is due at now_us, at most as many callbacks as timers were active on entry:
 * descriptors get their turn even when timers re-arm themselves in the past. */
void loop_timers_fire(struct loop_timers *t, uint64_t now_us);

#endif
