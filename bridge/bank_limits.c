/* SPDX-License-Identifier: Apache-2.0
 *
 * The limits of the bank: AGG-1 L4 (voltages), L5, L6, L8 (currents), L9, L10 (how they move).
 */
#include "base/span.h"
#include "bridge/bank_sum.h"

/* L4: a lost battery may still hang on the bus bar, so its last voltage limits still bind. */
static void voltage_limits(struct bank_engine *e, enum limiter_way way, uint64_t now_us,
                           struct battery *sum)
{
    const struct limiter_rules rules = {.rise_hold_us = e->rules.rise_hold_us};
    int32_t cvl = INT32_MAX;
    int32_t dvl = 0;

    for (size_t i = 0; i < BANK_MAX_BATTERIES; i++) {
        const struct bank_pack *p = &e->packs[i];
        if (!p->joined && !p->was_here)
            continue;
        cvl = p->b.cvl_mv < cvl ? p->b.cvl_mv : cvl;
        if (battery_knows(&p->b, FIELD_DVL) && p->b.dvl_mv > dvl)
            dvl = p->b.dvl_mv;
    }
    if (cvl == INT32_MAX)
        return;
    sum->cvl_mv = limiter_step(&e->cvl, &rules, cvl, way, now_us);
    sum->known |= FIELD_CVL;
    if (dvl > 0) {
        sum->dvl_mv = -limiter_step(&e->dvl, &rules, -dvl, way, now_us);
        sum->known |= FIELD_DVL;
    }
}

static int32_t limit_of(const struct battery *b, enum bank_side side)
{
    return side == BANK_CHARGE ? b->ccl_ma : b->dcl_ma;
}

bool bank_blocks(const struct battery *b, enum bank_side side)
{
    bool off = battery_knows(b, FIELD_ENABLES) &&
               !(side == BANK_CHARGE ? b->charge_enable : b->discharge_enable);

    return off || limit_of(b, side) <= 0;
}

/* L5, L6, L8: the current at which no battery gets more than its own limit when they share by
 * capacity. 0 when it must not flow at all. */
static int32_t current_limit(const struct bank_engine *e, const struct bank_members *m,
                             enum bank_side side, bool missing)
{
    enum bank_policy policy =
        side == BANK_CHARGE ? e->rules.charge_policy : e->rules.discharge_policy;
    int64_t capacity = 0;
    int64_t limit = INT64_MAX;

    if (missing && e->rules.stop_when_lost)
        return 0;
    for (size_t i = 0; i < m->n; i++) {
        if (!bank_blocks(m->b[i], side))
            capacity += bank_weight(m, i);
        else if (policy == BANK_ANY)
            return 0;
    }
    if (capacity == 0)
        return 0;
    for (size_t i = 0; i < m->n; i++) {
        int64_t share = limit_of(m->b[i], side) * capacity / bank_weight(m, i);
        if (!bank_blocks(m->b[i], side) && share < limit)
            limit = share;
    }
    int64_t most = side == BANK_CHARGE ? e->rules.max_ccl_ma : e->rules.max_dcl_ma;
    return (int32_t)clamp_i64(limit * e->rules.derate_pm / 1000, 0, most);
}

/* L10: 5 A/s for each 100 Ah; a bank that does not know its capacity is taken for a small one. */
static int32_t rise_per_s(const struct bank_engine *e, const struct bank_members *m)
{
    int64_t capacity_mah = m->all_know_capacity ? m->capacity_mah : (int64_t)m->n * 50000;
    int64_t rate = e->rules.rise_ma_per_s * capacity_mah / 100000;

    return (int32_t)clamp_i64(rate, e->rules.rise_ma_per_s > 0 ? 100 : 0, INT32_MAX / 2);
}

static void current_limits(struct bank_engine *e, const struct bank_members *m, bool missing,
                           enum limiter_way way, uint64_t now_us, struct battery *sum)
{
    const struct limiter_rules rules = {
        .rise_hold_us = e->rules.rise_hold_us,
        .cut_hold_us = e->rules.alarm_hold_us,
        .rise_per_s = rise_per_s(e, m),
    };
    int32_t ccl = current_limit(e, m, BANK_CHARGE, missing);
    int32_t dcl = current_limit(e, m, BANK_DISCHARGE, missing);

    sum->ccl_ma = limiter_step(&e->ccl, &rules, ccl, way, now_us);
    sum->dcl_ma = limiter_step(&e->dcl, &rules, dcl, way, now_us);
}

/* L5: while a battery is held no limit rises; and none rises between two readings. */
static enum limiter_way way_of(struct bank_engine *e, const struct bank_members *m,
                               const struct bank *bank, uint64_t now_us)
{
    uint64_t oldest_us = NEVER_US;

    if (bank->held > 0)
        return LIMITER_FALL;
    for (size_t i = 0; i < m->n; i++)
        oldest_us = deadline_min(oldest_us, m->b[i]->updated_us);
    if (oldest_us == NEVER_US || oldest_us <= e->risen_us)
        return LIMITER_WAIT;
    e->risen_us = now_us;
    return LIMITER_RISE;
}

void bank_limits(struct bank_engine *e, const struct bank_members *m, uint64_t now_us,
                 struct bank *ret)
{
    enum limiter_way way = way_of(e, m, ret, now_us);
    struct battery *sum = &ret->sum;

    voltage_limits(e, way, now_us, sum);
    if (ret->life == BANK_ONLINE) {
        current_limits(e, m, ret->lost > 0, way, now_us, sum);
    } else { /* L9, and the design: nobody is online */
        limiter_suspend(&e->ccl, now_us);
        limiter_suspend(&e->dcl, now_us);
    }
    sum->charge_enable = sum->ccl_ma > 0;
    sum->discharge_enable = sum->dcl_ma > 0;
    sum->known |= FIELD_CCL | FIELD_DCL | FIELD_ENABLES;
}
