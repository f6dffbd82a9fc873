/* SPDX-License-Identifier: Apache-2.0
 *
 * Who belongs to the bank: samples, ages, joining and leaving (AGG-1 L1, L12, L14, L15). What they
 * add up to is in bank_sum.c.
 */
#include "bridge/bank.h"

#include <string.h>

#include "base/span.h"
#include "bridge/bank_sum.h"

struct bank_rules bank_rules_default(void)
{
    return (struct bank_rules){
        .fresh_us = 10 * US_PER_S,
        .lost_us = 60 * US_PER_S,
        .silent_us = 60 * US_PER_S,
        .start_hold_us = 20 * US_PER_S,
        .rise_hold_us = 30 * US_PER_S,
        .alarm_hold_us = 2 * US_PER_S,
        .spread_us = 600 * US_PER_S,
        .rise_ma_per_s = 5000,
        .max_ccl_ma = INT32_MAX,
        .max_dcl_ma = INT32_MAX,
        .join_mv = 1000,
        .derate_pm = 1000,
        .join_samples = 3,
    };
}

const char *pack_state_name(enum pack_state state)
{
    switch (state) {
    case PACK_EMPTY: return "empty";
    case PACK_JOINING: return "joining";
    case PACK_APART: return "apart";
    case PACK_TWIN: return "twin";
    case PACK_ONLINE: return "online";
    case PACK_HELD: return "held";
    case PACK_LOST: return "lost";
    }
    return "?";
}

void bank_init(struct bank_engine *e, const struct bank_rules *rules)
{
    *e = (struct bank_engine){
        .rules = *rules,
        .expected = rules->batteries,
        .first_us = NEVER_US,
        .spread_since_us = NEVER_US,
    };
}

void bank_expect(struct bank_engine *e, unsigned batteries)
{
    if (e->rules.batteries == 0 && batteries > e->expected && batteries <= BANK_MAX_BATTERIES)
        e->expected = batteries;
}

static uint64_t age_of(const struct bank_pack *p, uint64_t now_us)
{
    return now_us > p->b.updated_us ? now_us - p->b.updated_us : 0;
}

/* ---- samples ---- */

static bool in_range(int64_t value, int64_t min, int64_t max)
{
    return value >= min && value <= max;
}

static const char *cells_complaint(const struct battery *b)
{
    int64_t sum = 0;

    if (battery_knows(b, FIELD_CELL_MIN_MAX) &&
        (!in_range(b->cell_min_mv, 1000, 5000) || !in_range(b->cell_max_mv, 1000, 5000)))
        return "a cell is outside 1 to 5 V";
    if (!battery_knows(b, FIELD_CELLS) || b->cell_count == 0)
        return NULL;
    for (size_t i = 0; i < b->cell_count && i < BATTERY_MAX_CELLS; i++) {
        if (!in_range(b->cell_mv[i], 1000, 5000))
            return "a cell is outside 1 to 5 V";
        sum += b->cell_mv[i];
    }
    /* cells that are not the ones behind the extremes were read at another time: no comparison */
    struct battery own = *b;
    battery_derive_extremes(&own);
    bool same_time = battery_knows(b, FIELD_CELL_MIN_MAX) && own.cell_min_mv == b->cell_min_mv &&
                     own.cell_max_mv == b->cell_max_mv;
    if (same_time &&
        !in_range(sum - b->pack_mv, -10 * (int64_t)b->cell_count, 10 * (int64_t)b->cell_count))
        return "the cells do not add up to the voltage";
    return NULL;
}

static const char *charge_complaint(const struct battery *b)
{
    if (!battery_knows(b, FIELD_FULL_MAH))
        return NULL;
    if (b->full_mah <= 0)
        return "the capacity is 0";
    if (battery_knows(b, FIELD_REMAINING_MAH) &&
        !in_range(b->remaining_mah, 0, (int64_t)b->full_mah * 11 / 10))
        return "the remaining charge is outside 0 to 110 % of the capacity";
    int64_t most = b->full_mah;
    most = b->ccl_ma > most ? b->ccl_ma : most;
    most = b->dcl_ma > most ? b->dcl_ma : most;
    if (!in_range(b->current_ma, -2 * most, 2 * most))
        return "the current is more than twice what the battery can carry";
    return NULL;
}

/* AGG-1 section 5, "sample valid". NULL: it is. */
static const char *complaint(const struct battery *b)
{
    const uint32_t must = FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_CVL | FIELD_CCL | FIELD_DCL;
    bool charge =
        battery_knows(b, FIELD_SOC_PM) || battery_knows(b, FIELD_FULL_MAH | FIELD_REMAINING_MAH);

    if (!battery_knows(b, must) || !charge)
        return "the reading is not complete";
    if (b->ccl_ma < 0 || b->dcl_ma < 0 || b->cvl_mv <= 0)
        return "a limit is negative";
    if (battery_knows(b, FIELD_TEMP_MIN_MAX) &&
        (!in_range(b->temp_min_dc, -400, 1000) || !in_range(b->temp_max_dc, -400, 1000)))
        return "a temperature is outside -40 to 100 C";
    const char *why = cells_complaint(b);
    return why != NULL ? why : charge_complaint(b);
}

static bool same_identity(const struct battery *a, const struct battery *b)
{
    return battery_knows(a, FIELD_SERIAL) && battery_knows(b, FIELD_SERIAL) &&
           strncmp(a->serial, b->serial, BATTERY_TEXT) == 0;
}

static bool other_identity(const struct battery *a, const struct battery *b)
{
    return battery_knows(a, FIELD_SERIAL) && battery_knows(b, FIELD_SERIAL) &&
           strncmp(a->serial, b->serial, BATTERY_TEXT) != 0;
}

/* A battery that now answers from another slot takes its membership along; the slot it left (no
 * reading for a third of the fresh time) is free. */
static void take_over(struct bank_engine *e, struct bank_pack *to)
{
    for (size_t i = 0; i < BANK_MAX_BATTERIES; i++) {
        struct bank_pack *from = &e->packs[i];
        if (from == to || from->state == PACK_EMPTY || !same_identity(&from->b, &to->b))
            continue;
        if (from->b.updated_us + e->rules.fresh_us / 3 >= to->b.updated_us)
            continue;
        to->joined = to->joined || from->joined;
        to->samples = from->samples > to->samples ? from->samples : to->samples;
        *from = (struct bank_pack){0};
    }
}

bool bank_put(struct bank_engine *e, unsigned slot, const struct battery *b, const char **ret_why)
{
    const char *why = slot < BANK_MAX_BATTERIES ? complaint(b) : "the slot does not exist";

    if (why != NULL) {
        if (ret_why != NULL)
            *ret_why = why;
        return false;
    }
    struct bank_pack *p = &e->packs[slot];
    /* L14: another serial number at the same place is another battery */
    if (p->state != PACK_EMPTY && other_identity(&p->b, b))
        *p = (struct bank_pack){0};
    bool newer = p->state == PACK_EMPTY || b->updated_us > p->b.updated_us;
    bool gap = p->state != PACK_EMPTY && b->updated_us > p->b.updated_us + e->rules.fresh_us;
    if (gap && !p->joined)
        p->samples = 0;
    if (newer && p->samples < UINT8_MAX)
        p->samples++;
    p->b = *b;
    if (p->state == PACK_EMPTY) {
        p->state = PACK_JOINING;
        take_over(e, p);
    }
    if (e->first_us == NEVER_US)
        e->first_us = b->updated_us;
    return true;
}

static void lose(struct bank_pack *p)
{
    p->was_here = p->was_here || p->joined;
    p->joined = false;
    p->samples = 0;
}

void bank_gone(struct bank_engine *e, unsigned slot)
{
    if (slot < BANK_MAX_BATTERIES && e->packs[slot].state != PACK_EMPTY)
        lose(&e->packs[slot]);
}

/* ---- membership ---- */

/* L1. A battery that is lost must prove itself again before it counts. */
static void age_packs(struct bank_engine *e, uint64_t now_us)
{
    for (size_t i = 0; i < BANK_MAX_BATTERIES; i++) {
        struct bank_pack *p = &e->packs[i];
        uint64_t age = age_of(p, now_us);

        if (p->state == PACK_EMPTY)
            continue;
        if (p->joined && age > e->rules.lost_us)
            lose(p);
        if (p->joined)
            p->state = age > e->rules.fresh_us ? PACK_HELD : PACK_ONLINE;
        else
            p->state = p->was_here ? PACK_LOST : PACK_JOINING;
    }
}

/* L14: two that answer at the same time under one serial number. */
static bool find_twins(struct bank_engine *e, uint64_t now_us)
{
    bool found = false;

    for (size_t i = 0; i < BANK_MAX_BATTERIES; i++) {
        for (size_t k = i + 1; k < BANK_MAX_BATTERIES; k++) {
            struct bank_pack *a = &e->packs[i];
            struct bank_pack *b = &e->packs[k];
            bool here = a->state != PACK_EMPTY && b->state != PACK_EMPTY &&
                        age_of(a, now_us) <= e->rules.fresh_us / 3 &&
                        age_of(b, now_us) <= e->rules.fresh_us / 3;
            if (!here || !same_identity(&a->b, &b->b))
                continue;
            a->state = PACK_TWIN;
            b->state = PACK_TWIN;
            a->joined = b->joined = false;
            a->samples = b->samples = 0;
            found = true;
        }
    }
    return found;
}

/* The mean voltage of those online; false when there are none. */
static bool mean_voltage(const struct bank_engine *e, int64_t *ret_mv)
{
    int64_t sum = 0;
    int64_t n = 0;

    for (size_t i = 0; i < BANK_MAX_BATTERIES; i++) {
        if (e->packs[i].state == PACK_ONLINE) {
            sum += e->packs[i].b.pack_mv;
            n++;
        }
    }
    if (n == 0)
        return false;
    *ret_mv = div_round(sum, n);
    return true;
}

static bool is_candidate(const struct bank_engine *e, const struct bank_pack *p, uint64_t now_us)
{
    return !p->joined && (p->state == PACK_JOINING || p->state == PACK_LOST) && p->samples > 0 &&
           age_of(p, now_us) <= e->rules.fresh_us;
}

static void join(struct bank_pack *p)
{
    p->joined = true;
    p->was_here = false;
    p->state = PACK_ONLINE;
}

/* L15. While nobody is online there is nobody to compare with: after an interruption of the whole
 * bank the batteries are taken as they come. */
static void join_late(struct bank_engine *e, uint64_t now_us)
{
    int64_t mean = 0;
    bool others = mean_voltage(e, &mean);

    for (size_t i = 0; i < BANK_MAX_BATTERIES; i++) {
        struct bank_pack *p = &e->packs[i];
        if (!is_candidate(e, p, now_us) || p->samples < e->rules.join_samples)
            continue;
        if (others && !in_range(p->b.pack_mv - mean, -e->rules.join_mv, e->rules.join_mv))
            p->state = PACK_APART;
        else
            join(p);
    }
}

/* The first stack joins as a whole, once it is complete or the wait for it is over: otherwise a
 * stack that is still handing out addresses would be published as one battery. */
static void join_first(struct bank_engine *e, uint64_t now_us, uint64_t *next_us)
{
    unsigned ready = 0;

    for (size_t i = 0; i < BANK_MAX_BATTERIES; i++)
        ready += is_candidate(e, &e->packs[i], now_us) ? 1 : 0;
    if (ready == 0) {
        e->first_us = NEVER_US;
        return;
    }
    uint64_t end_us = deadline_add(e->first_us, e->rules.start_hold_us);
    if (ready < e->expected && now_us < end_us) {
        *next_us = deadline_min(*next_us, end_us);
        return;
    }
    for (size_t i = 0; i < BANK_MAX_BATTERIES; i++) {
        if (is_candidate(e, &e->packs[i], now_us))
            join(&e->packs[i]);
    }
    e->started = true;
}

static void next_of_packs(const struct bank_engine *e, uint64_t *next_us)
{
    for (size_t i = 0; i < BANK_MAX_BATTERIES; i++) {
        const struct bank_pack *p = &e->packs[i];
        uint64_t at = p->b.updated_us;

        if (p->state == PACK_ONLINE)
            *next_us = deadline_min(*next_us, deadline_add(at, e->rules.fresh_us + 1));
        else if (p->state == PACK_HELD)
            *next_us = deadline_min(*next_us, deadline_add(at, e->rules.lost_us + 1));
        else if (p->state == PACK_TWIN)
            *next_us = deadline_min(*next_us, deadline_add(at, e->rules.fresh_us / 3 + 1));
    }
}

/* Everything was lost: what comes next is a new start, with the same number expected. */
static void forget_all(struct bank_engine *e)
{
    unsigned known = 0;

    for (size_t i = 0; i < BANK_MAX_BATTERIES; i++)
        known += e->packs[i].joined || e->packs[i].was_here ? 1 : 0;
    struct bank_rules rules = e->rules;
    uint32_t told = e->told;
    bank_init(e, &rules);
    e->told = told;
    e->expected = rules.batteries != 0 ? rules.batteries : known;
    e->lost = true;
}

static uint64_t newest_us(const struct bank_engine *e)
{
    uint64_t newest = 0;

    for (size_t i = 0; i < BANK_MAX_BATTERIES; i++) {
        if (e->packs[i].state != PACK_EMPTY && e->packs[i].b.updated_us > newest)
            newest = e->packs[i].b.updated_us;
    }
    return newest;
}

/* L9: the newest reading is too old to say anything at all. */
static bool is_over(const struct bank_engine *e, uint64_t now_us, uint64_t *next_us)
{
    uint64_t end_us = deadline_add(newest_us(e), e->rules.silent_us);

    *next_us = deadline_min(*next_us, deadline_add(end_us, 1));
    return now_us > end_us;
}

uint64_t bank_update(struct bank_engine *e, uint64_t now_us, struct bank *ret)
{
    uint64_t next_us = NEVER_US;

    age_packs(e, now_us);
    bool twins = find_twins(e, now_us);
    if (e->started)
        join_late(e, now_us);
    else
        join_first(e, now_us, &next_us);
    if (e->started && is_over(e, now_us, &next_us))
        forget_all(e);
    if (!e->started) {
        bank_sum_nothing(e, ret);
        return e->first_us == NEVER_US ? NEVER_US : next_us;
    }
    next_of_packs(e, &next_us);
    bank_sum(e, twins, now_us, ret, &next_us);
    return next_us;
}

bool bank_is_urgent(const struct bank *before, const struct bank *after)
{
    const struct battery *b = &before->sum;
    const struct battery *a = &after->sum;

    return a->ccl_ma < b->ccl_ma || a->dcl_ma < b->dcl_ma || a->cvl_mv < b->cvl_mv ||
           a->dvl_mv > b->dvl_mv || (a->warnings & ~b->warnings) != 0 ||
           (a->protections & ~b->protections) != 0 || (b->charge_enable && !a->charge_enable) ||
           (b->discharge_enable && !a->discharge_enable) || (!b->force_charge && a->force_charge) ||
           (before->life == BANK_ONLINE && after->life != BANK_ONLINE);
}
