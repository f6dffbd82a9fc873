/* SPDX-License-Identifier: Apache-2.0
 *
 * AGG-1 L2, L3, L7, L11 over the batteries that belong to the bank. Integers only; products of
 * milliamperes and milliampere hours are 64 bits wide.
 */
#include "bridge/bank_sum.h"

#include <string.h>

#include "base/span.h"

static struct bank_members members_of(const struct bank_engine *e)
{
    struct bank_members m = {.all_know_capacity = true};

    for (size_t i = 0; i < BANK_MAX_BATTERIES; i++) {
        const struct bank_pack *p = &e->packs[i];
        if (p->state != PACK_ONLINE && p->state != PACK_HELD)
            continue;
        m.slot[m.n] = (uint8_t)i;
        m.b[m.n] = &p->b;
        m.n++;
        m.all_know_capacity = m.all_know_capacity && battery_knows(&p->b, FIELD_FULL_MAH);
    }
    for (size_t i = 0; i < m.n; i++)
        m.capacity_mah += m.all_know_capacity ? m.b[i]->full_mah : 1;
    return m;
}

/* ---- L2, L3: sums and means ---- */

/* Remaining charge in 0.1 % of the capacity's unit, exact: mAh x 1000, or 0.1 % x mAh. */
static int64_t remaining_x1000(const struct bank_members *m, size_t i)
{
    const struct battery *b = m->b[i];

    if (battery_knows(b, FIELD_FULL_MAH | FIELD_REMAINING_MAH) && m->all_know_capacity)
        return (int64_t)b->remaining_mah * 1000;
    if (battery_knows(b, FIELD_FULL_MAH | FIELD_REMAINING_MAH))
        return (int64_t)b->remaining_mah * 1000 / b->full_mah;
    return (int64_t)b->soc_pm * bank_weight(m, i);
}

static void sum_charge(const struct bank_members *m, struct bank *ret)
{
    int64_t remaining = 0;
    bool all_full = true;

    for (size_t i = 0; i < m->n; i++) {
        int64_t r = remaining_x1000(m, i);
        int32_t soc = (int32_t)(r / bank_weight(m, i));

        remaining += r;
        all_full = all_full && soc >= 990;
        if (i == 0 || soc < ret->soc_min_pm)
            ret->soc_min_pm = soc;
        if (i == 0 || soc > ret->soc_max_pm)
            ret->soc_max_pm = soc;
    }
    ret->sum.soc_pm = (int32_t)(remaining / m->capacity_mah);
    if (!all_full && ret->sum.soc_pm > 990)
        ret->sum.soc_pm = 990; /* L3: 100 % only when every battery is full */
    ret->sum.known |= FIELD_SOC_PM;
    if (m->all_know_capacity) {
        ret->sum.full_mah = (int32_t)clamp_i64(m->capacity_mah, 0, INT32_MAX);
        ret->sum.remaining_mah = (int32_t)clamp_i64(remaining / 1000, 0, INT32_MAX);
        ret->sum.known |= FIELD_FULL_MAH | FIELD_REMAINING_MAH;
    }
}

static void sum_electric(const struct bank_members *m, struct bank *ret)
{
    int64_t voltage = 0;
    int64_t current = 0;

    for (size_t i = 0; i < m->n; i++) {
        voltage += m->b[i]->pack_mv;
        current += m->b[i]->current_ma;
        if (m->b[i]->updated_us > ret->sum.updated_us)
            ret->sum.updated_us = m->b[i]->updated_us;
    }
    ret->sum.pack_mv = (int32_t)div_round(voltage, (int64_t)m->n);
    ret->sum.current_ma = (int32_t)clamp_i64(current, INT32_MIN, INT32_MAX);
    ret->sum.known |= FIELD_PACK_MV | FIELD_CURRENT_MA;
}

/* SOH weighted by capacity, the highest cycle count; of the batteries that know them. */
static void sum_wear(const struct bank_members *m, struct battery *sum)
{
    int64_t soh = 0;
    int64_t weight = 0;

    for (size_t i = 0; i < m->n; i++) {
        const struct battery *b = m->b[i];
        if (battery_knows(b, FIELD_SOH_PM)) {
            soh += b->soh_pm * bank_weight(m, i);
            weight += bank_weight(m, i);
        }
        if (battery_knows(b, FIELD_CYCLES)) {
            if (!battery_knows(sum, FIELD_CYCLES) || b->cycles > sum->cycles)
                sum->cycles = b->cycles;
            sum->known |= FIELD_CYCLES;
        }
    }
    if (weight > 0) {
        sum->soh_pm = (int32_t)(soh / weight);
        sum->known |= FIELD_SOH_PM;
    }
}

/* ---- extremes ---- */

static struct bank_place place_of(const struct bank_members *m, size_t i, uint8_t cell)
{
    uint8_t place = battery_knows(m->b[i], FIELD_CELL_IDS) ? cell : 0;

    return (struct bank_place){.battery = (uint8_t)(m->slot[i] + 1), .place = place};
}

static void sum_cells(const struct bank_members *m, struct bank *ret)
{
    struct battery *sum = &ret->sum;
    bool named = true;

    for (size_t i = 0; i < m->n; i++) {
        const struct battery *b = m->b[i];
        if (!battery_knows(b, FIELD_CELL_MIN_MAX))
            continue;
        named = named && battery_knows(b, FIELD_CELL_IDS);
        bool first = !battery_knows(sum, FIELD_CELL_MIN_MAX);
        if (first || b->cell_min_mv < sum->cell_min_mv) {
            sum->cell_min_mv = b->cell_min_mv;
            ret->cell_min = place_of(m, i, b->cell_min_id);
        }
        if (first || b->cell_max_mv > sum->cell_max_mv) {
            sum->cell_max_mv = b->cell_max_mv;
            ret->cell_max = place_of(m, i, b->cell_max_id);
        }
        sum->known |= FIELD_CELL_MIN_MAX;
    }
    if (named && battery_knows(sum, FIELD_CELL_MIN_MAX))
        sum->known |= FIELD_CELL_IDS;
    ret->cells_per_battery = m->b[0]->cell_count;
    for (size_t i = 1; i < m->n; i++) {
        if (m->b[i]->cell_count != ret->cells_per_battery)
            ret->cells_per_battery = 0;
    }
}

static void sum_temperatures(const struct bank_members *m, struct bank *ret)
{
    struct battery *sum = &ret->sum;
    int64_t total = 0;
    int64_t n = 0;
    int32_t mean = 0;

    for (size_t i = 0; i < m->n; i++) {
        const struct battery *b = m->b[i];
        if (battery_cell_temperature(b, &mean)) {
            total += mean;
            n++;
        }
        if (!battery_knows(b, FIELD_TEMP_MIN_MAX))
            continue;
        bool first = !battery_knows(sum, FIELD_TEMP_MIN_MAX);
        if (first || b->temp_min_dc < sum->temp_min_dc) {
            sum->temp_min_dc = b->temp_min_dc;
            ret->temp_min = (struct bank_place){.battery = (uint8_t)(m->slot[i] + 1)};
        }
        if (first || b->temp_max_dc > sum->temp_max_dc) {
            sum->temp_max_dc = b->temp_max_dc;
            ret->temp_max = (struct bank_place){.battery = (uint8_t)(m->slot[i] + 1)};
        }
        sum->known |= FIELD_TEMP_MIN_MAX;
    }
    if (n > 0) { /* one sensor that stands for the mean of all */
        sum->temp_dc[0] = (int16_t)div_round(total, n);
        sum->temp_role[0] = ROLE_CELL;
        sum->temp_known = 1;
        sum->temp_count = 1;
        sum->known |= FIELD_TEMPS;
    }
}

/* What only makes sense for one battery: its cells, sensors and serial number. */
static void copy_single(const struct battery *b, struct battery *sum)
{
    const uint32_t fields = FIELD_CELLS | FIELD_CELL_IDS | FIELD_TEMPS | FIELD_SERIAL;

    sum->known = (sum->known & ~fields) | (b->known & fields);
    memcpy(sum->cell_mv, b->cell_mv, sizeof sum->cell_mv);
    memcpy(sum->temp_dc, b->temp_dc, sizeof sum->temp_dc);
    memcpy(sum->temp_role, b->temp_role, sizeof sum->temp_role);
    memcpy(sum->serial, b->serial, sizeof sum->serial);
    sum->cell_min_id = b->cell_min_id;
    sum->cell_max_id = b->cell_max_id;
    sum->cell_count = b->cell_count;
    sum->temp_count = b->temp_count;
    sum->temp_known = b->temp_known;
}

static void sum_identity(const struct bank_members *m, struct battery *sum)
{
    const struct battery *b = m->b[0]; /* the master is in the lowest slot */
    const uint32_t fields = FIELD_MAKER | FIELD_MODEL | FIELD_FIRMWARE;

    sum->known |= b->known & fields;
    memcpy(sum->maker, b->maker, sizeof sum->maker);
    memcpy(sum->model, b->model, sizeof sum->model);
    memcpy(sum->firmware, b->firmware, sizeof sum->firmware);
    for (size_t i = 0; i < m->n; i++) {
        sum->known |= m->b[i]->known & (FIELD_BALANCING | FIELD_REQUESTS);
        if (battery_knows(m->b[i], FIELD_BALANCING))
            sum->balancing |= m->b[i]->balancing;
        if (battery_knows(m->b[i], FIELD_REQUESTS)) { /* L11 */
            sum->force_charge = sum->force_charge || m->b[i]->force_charge;
            sum->full_charge_request = sum->full_charge_request || m->b[i]->full_charge_request;
        }
    }
}

/* ---- L7: alarms ---- */

/* What is raised now or was raised less than the hold time ago. */
static uint32_t hold_alarms(struct bank_alarms *held, uint32_t now_set, uint64_t hold_us,
                            uint64_t now_us, uint64_t *next_us)
{
    for (unsigned i = 0; i < COND_COUNT; i++) {
        uint32_t bit = 1u << i;
        if ((now_set & bit) != 0) {
            if ((held->out & bit) == 0)
                held->since_us[i] = now_us;
            held->out |= bit;
        } else if ((held->out & bit) != 0) {
            uint64_t end_us = deadline_add(held->since_us[i], hold_us);
            if (now_us >= end_us)
                held->out &= ~bit;
            else
                *next_us = deadline_min(*next_us, end_us);
        }
    }
    return held->out;
}

/* L3: the states of charge have disagreed for a while. */
static bool is_spread(struct bank_engine *e, const struct bank *bank, uint64_t now_us,
                      uint64_t *next_us)
{
    if (bank->soc_max_pm - bank->soc_min_pm <= 200) {
        e->spread_since_us = NEVER_US;
        return false;
    }
    if (e->spread_since_us == NEVER_US)
        e->spread_since_us = now_us;
    uint64_t end_us = deadline_add(e->spread_since_us, e->rules.spread_us);
    if (now_us < end_us)
        *next_us = deadline_min(*next_us, end_us);
    return now_us >= end_us;
}

/* A battery that does not tell its alarms may have any of them: the set is known when it is known
 * of all. What was raised once stays told in any case. A reader would keep the last it heard of it
 * for ever (JSON, and the events of SMA). */
static uint32_t known_sets(const struct bank_members *m)
{
    uint32_t known = FIELD_WARNINGS | FIELD_PROTECTIONS;

    for (size_t i = 0; i < m->n; i++)
        known &= m->b[i]->known;
    return known;
}

static void alarms(struct bank_engine *e, const struct bank_members *m, bool twins, uint64_t now_us,
                   struct bank *ret, uint64_t *next_us)
{
    const uint32_t loss = COND_BIT(COND_COMMUNICATION_LOSS);
    uint32_t warnings = ret->lost > 0 ? loss : 0;
    uint32_t protections = twins ? COND_BIT(COND_INTERNAL_FAULT) : 0;

    for (size_t i = 0; i < m->n; i++) {
        if (battery_knows(m->b[i], FIELD_WARNINGS))
            warnings |= m->b[i]->warnings;
        if (battery_knows(m->b[i], FIELD_PROTECTIONS))
            protections |= m->b[i]->protections;
    }
    if (m->n > 0 && is_spread(e, ret, now_us, next_us))
        warnings |= COND_BIT(COND_IMBALANCE);
    if (ret->life != BANK_ONLINE)
        protections |= loss;
    warnings |= protections;
    ret->sum.warnings =
        hold_alarms(&e->warnings, warnings, e->rules.alarm_hold_us, now_us, next_us);
    ret->sum.protections =
        hold_alarms(&e->protections, protections, e->rules.alarm_hold_us, now_us, next_us);
    ret->sum.known |= known_sets(m);
    e->told |= ret->sum.warnings | ret->sum.protections;
    ret->sum.told = e->told;
}

/* ---- the whole ---- */

static void add(uint8_t *count, unsigned n)
{
    *count = (uint8_t)(*count + n < UINT8_MAX ? *count + n : UINT8_MAX);
}

static void count(const struct bank_engine *e, struct bank *ret)
{
    unsigned seen = 0;

    ret->configured = e->rules.batteries;
    for (size_t i = 0; i < BANK_MAX_BATTERIES; i++) {
        const struct bank_pack *p = &e->packs[i];
        unsigned n = p->b.modules > 0 ? p->b.modules : 1;
        if (!p->joined && !p->was_here)
            continue;
        seen++;
        if (p->state == PACK_HELD)
            add(&ret->held, n);
        else if (p->state != PACK_ONLINE)
            add(&ret->lost, n);
        if (p->state != PACK_ONLINE)
            continue;
        add(&ret->online, n);
        if (bank_blocks(&p->b, BANK_CHARGE))
            add(&ret->blocking_charge, n);
        if (bank_blocks(&p->b, BANK_DISCHARGE))
            add(&ret->blocking_discharge, n);
    }
    if (e->rules.batteries > seen)
        add(&ret->lost, e->rules.batteries - seen);
    ret->life = ret->online > 0 ? BANK_ONLINE : BANK_STALE;
}

void bank_sum(struct bank_engine *e, bool twins, uint64_t now_us, struct bank *ret,
              uint64_t *next_us)
{
    struct bank_members m = members_of(e);

    memset(ret, 0, sizeof *ret);
    count(e, ret);
    if (m.n > 0) {
        sum_electric(&m, ret);
        sum_charge(&m, ret);
        sum_wear(&m, &ret->sum);
        sum_cells(&m, ret);
        sum_temperatures(&m, ret);
        sum_identity(&m, &ret->sum);
        if (m.n == 1)
            copy_single(m.b[0], &ret->sum);
    }
    alarms(e, &m, twins, now_us, ret, next_us);
    bank_limits(e, &m, now_us, ret);
}

void bank_sum_nothing(const struct bank_engine *e, struct bank *ret)
{
    const uint32_t loss = COND_BIT(COND_COMMUNICATION_LOSS);

    memset(ret, 0, sizeof *ret);
    ret->life = e->lost ? BANK_LOST : BANK_WAITING;
    ret->configured = e->rules.batteries;
    ret->lost = (uint8_t)e->expected;
    ret->sum.warnings = e->lost ? loss : 0;
    ret->sum.protections = e->lost ? loss : 0;
    ret->sum.known = FIELD_CCL | FIELD_DCL | FIELD_ENABLES | FIELD_WARNINGS | FIELD_PROTECTIONS;
}
