/* SPDX-License-Identifier: Apache-2.0
 *
 * The heap of timers. See loop_timers.h for the order it keeps.
 */
#include "base/loop_timers.h"

#include <stdlib.h>

#define NOT_ACTIVE SIZE_MAX

static bool before(const struct loop_timer *a, const struct loop_timer *b)
{
    if (a->deadline_us != b->deadline_us)
        return a->deadline_us < b->deadline_us;
    if (a->late != b->late)
        return a->late < b->late;
    return a->created < b->created;
}

static void place(struct loop_timers *t, size_t at, struct loop_timer *timer)
{
    t->heap[at] = timer;
    timer->at = at;
}

static void sift_up(struct loop_timers *t, size_t at, struct loop_timer *timer)
{
    while (at > 0) {
        size_t parent = (at - 1) / 2;
        if (!before(timer, t->heap[parent]))
            break;
        place(t, at, t->heap[parent]);
        at = parent;
    }
    place(t, at, timer);
}

static void sift_down(struct loop_timers *t, size_t at, struct loop_timer *timer)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= t->n)
            break;
        if (child + 1 < t->n && before(t->heap[child + 1], t->heap[child]))
            child++;
        if (!before(t->heap[child], timer))
            break;
        place(t, at, t->heap[child]);
        at = child;
    }
    place(t, at, timer);
}

static void take_out(struct loop_timers *t, struct loop_timer *timer)
{
    size_t hole = timer->at;
    struct loop_timer *last = t->heap[--t->n];

    timer->at = NOT_ACTIVE;
    if (last == timer)
        return;
    if (hole > 0 && before(last, t->heap[(hole - 1) / 2]))
        sift_up(t, hole, last);
    else
        sift_down(t, hole, last);
}

static bool reserve(struct loop_timers *t)
{
    if (t->n_timers < t->cap)
        return true;
    size_t cap = t->cap == 0 ? 16 : 2 * t->cap;
    struct loop_timer **heap = realloc(t->heap, cap * sizeof(struct loop_timer *));
    if (heap == NULL)
        return false;
    t->heap = heap;
    t->cap = cap;
    return true;
}

enum err loop_timers_add(struct loop_timers *t, loop_timer_fn fn, void *ctx,
                         struct loop_timer **ret)
{
    if (!reserve(t))
        return ERR_MEMORY;
    struct loop_timer *timer = calloc(1, sizeof *timer);
    if (timer == NULL)
        return ERR_MEMORY;
    *timer = (struct loop_timer){
        .timers = t,
        .fn = fn,
        .ctx = ctx,
        .next = t->all,
        .deadline_us = NEVER_US,
        .created = t->created++,
        .at = NOT_ACTIVE,
    };
    if (t->all != NULL)
        t->all->prev = timer;
    t->all = timer;
    t->n_timers++;
    *ret = timer;
    return ERR_OK;
}

void loop_timers_remove(struct loop_timer *timer)
{
    struct loop_timers *t = timer->timers;

    if (timer->at != NOT_ACTIVE)
        take_out(t, timer);
    if (timer->prev != NULL)
        timer->prev->next = timer->next;
    else
        t->all = timer->next;
    if (timer->next != NULL)
        timer->next->prev = timer->prev;
    t->n_timers--;
    free(timer);
}

void loop_timers_free(struct loop_timers *t)
{
    while (t->all != NULL)
        /* each removal moves t->all on. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        loop_timers_remove(t->all);
    free(t->heap);
    *t = (struct loop_timers){0};
}

void loop_timers_arm(struct loop_timer *timer, uint64_t deadline_us, uint64_t period_us)
{
    struct loop_timers *t = timer->timers;

    if (timer->at != NOT_ACTIVE)
        take_out(t, timer);
    timer->deadline_us = deadline_us;
    timer->period_us = period_us;
    timer->late = t->firing && deadline_us <= t->firing_us ? ++t->latecomers : 0;
    if (deadline_us != NEVER_US)
        sift_up(t, t->n++, timer);
}

uint64_t loop_timers_next(const struct loop_timers *t)
{
    return t->n == 0 ? NEVER_US : t->heap[0]->deadline_us;
}

/* The first deadline of the timer's grid after now: deadlines missed altogether are skipped. */
static uint64_t next_on_grid(const struct loop_timer *timer, uint64_t now_us)
{
    uint64_t missed = (now_us - timer->deadline_us) / timer->period_us;
    uint64_t advance;

    if (__builtin_mul_overflow(missed, timer->period_us, &advance))
        return NEVER_US;
    return deadline_add(deadline_add(timer->deadline_us, advance), timer->period_us);
}

void loop_timers_fire(struct loop_timers *t, uint64_t now_us)
{
    t->firing = true;
    t->firing_us = now_us;
    for (size_t budget = t->n; budget > 0 && t->n > 0; budget--) {
        struct loop_timer *timer = t->heap[0];
        if (timer->deadline_us > now_us)
            break;
        if (timer->period_us == 0)
            take_out(t, timer);
        else
            loop_timers_arm(timer, next_on_grid(timer, now_us), timer->period_us);
        timer->fn(timer->ctx); /* may have freed the timer */
    }
    t->firing = false;
}
