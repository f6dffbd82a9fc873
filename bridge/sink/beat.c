/* SPDX-License-Identifier: Apache-2.0
 *
 * The cadence of a sink.
 */
#include "bridge/bank.h"
#include "bridge/sink/sink.h"

/* How far the deadlines lie behind the first message: a console's answer time varies by a few 10
 * ms. */
static const uint64_t behind_us = 50 * US_PER_MS;
/* A tick this soon after a message says nothing new and may be too close for the receiver. */
static const uint64_t too_close_us = 100 * US_PER_MS;

void beat_init(struct beat *b, uint64_t period_us)
{
    *b = (struct beat){.period_us = period_us, .next_us = NEVER_US};
}

void beat_stop(struct beat *b)
{
    b->next_us = NEVER_US;
    b->has_spoken = false;
}

/* The first multiple of the period after now: what was slept through is not made up for. */
static void move_on(struct beat *b, uint64_t now_us)
{
    uint64_t missed = (now_us - b->next_us) / b->period_us;
    b->next_us += (missed + 1) * b->period_us;
}

/* The interruption is over: who has waited for current should not wait for the next tick as well.
 */
static bool is_back(const struct bank *before, const struct bank *after)
{
    return before->life != BANK_ONLINE && after->life == BANK_ONLINE;
}

enum beat_due beat_check(struct beat *b, const struct bank *bank, uint64_t now_us)
{
    bool urgent = b->has_spoken && (bank_is_urgent(&b->spoken, bank) || is_back(&b->spoken, bank));

    if (b->next_us == NEVER_US) {
        b->next_us = now_us + b->period_us + behind_us;
        return BEAT_TICK;
    }
    if (now_us < b->next_us)
        return urgent ? BEAT_URGENT : BEAT_REST;
    move_on(b, now_us);
    if (!b->has_spoken || now_us - b->spoken_us >= too_close_us)
        return BEAT_TICK;
    return urgent ? BEAT_URGENT : BEAT_REST;
}

struct bank beat_probe(const struct beat *b, const struct bank *bank)
{
    struct bank probe = b->spoken;

    probe.life = bank->life;
    probe.sum.known |= bank->sum.known & (FIELD_WARNINGS | FIELD_PROTECTIONS);
    probe.sum.ccl_ma = bank->sum.ccl_ma;
    probe.sum.dcl_ma = bank->sum.dcl_ma;
    probe.sum.cvl_mv = bank->sum.cvl_mv;
    probe.sum.dvl_mv = bank->sum.dvl_mv;
    probe.sum.told = bank->sum.told;
    probe.sum.warnings = bank->sum.warnings;
    probe.sum.protections = bank->sum.protections;
    probe.sum.charge_enable = bank->sum.charge_enable;
    probe.sum.discharge_enable = bank->sum.discharge_enable;
    probe.sum.force_charge = bank->sum.force_charge;
    return probe;
}

void beat_spoke(struct beat *b, const struct bank *bank, uint64_t now_us)
{
    b->spoken = *bank;
    b->has_spoken = true;
    b->spoken_us = now_us;
}
