/* SPDX-License-Identifier: Apache-2.0
 *
 * The state of a limit between two readings.
 */
#include "bridge/limiter.h"

#include "base/clock.h"

static void fall(struct limiter *l, int32_t target, uint64_t now_us)
{
    if (target <= 0 && l->out > 0)
        l->cut_us = now_us;
    l->out = target;
    l->allowed_since_us = NEVER_US;
}

static void start(struct limiter *l, int32_t target)
{
    *l = (struct limiter){.started = true, .out = target, .allowed_since_us = NEVER_US};
}

/* Whole seconds since the last step; the first step after the hold counts as one. */
static int64_t steps_due(struct limiter *l, uint64_t free_us, uint64_t now_us)
{
    if (l->risen_us < free_us) {
        l->risen_us = free_us;
        return 1;
    }
    uint64_t seconds = (now_us - l->risen_us) / US_PER_S;
    l->risen_us += seconds * US_PER_S;
    return (int64_t)seconds;
}

/* The target is above the output. */
static void rise(struct limiter *l, const struct limiter_rules *rules, int32_t target,
                 enum limiter_way way, uint64_t now_us)
{
    if (way == LIMITER_FALL) {
        l->allowed_since_us = NEVER_US;
        return;
    }
    if (l->allowed_since_us == NEVER_US)
        l->allowed_since_us = now_us;
    uint64_t free_us = deadline_add(l->allowed_since_us, rules->rise_hold_us);
    if (l->cut_us != 0 && deadline_add(l->cut_us, rules->cut_hold_us) > free_us)
        free_us = deadline_add(l->cut_us, rules->cut_hold_us);
    if (way == LIMITER_WAIT || now_us < free_us)
        return;
    int64_t out = target;
    if (rules->rise_per_s > 0)
        out = l->out + rules->rise_per_s * steps_due(l, free_us, now_us);
    l->out = out < target ? (int32_t)out : target;
    if (l->out == target)
        l->allowed_since_us = NEVER_US;
}

int32_t limiter_step(struct limiter *l, const struct limiter_rules *rules, int32_t target,
                     enum limiter_way way, uint64_t now_us)
{
    if (!l->started)
        start(l, target);
    if (l->suspended) {
        bool shown = now_us >= deadline_add(l->cut_us, rules->cut_hold_us);
        if (l->resume > 0 && (!shown || way != LIMITER_RISE))
            return 0;
        l->suspended = false;
        l->out = l->resume;
    }
    if (target <= l->out)
        fall(l, target, now_us);
    else
        rise(l, rules, target, way, now_us);
    return l->out;
}

void limiter_suspend(struct limiter *l, uint64_t now_us)
{
    if (!l->started || l->suspended)
        return;
    l->suspended = true;
    l->resume = l->out;
    fall(l, 0, now_us);
}
