/* SPDX-License-Identifier: Apache-2.0
 *
 * The machinery of the BMS. A rule trips when its input has been bad for its delay and ends when it
 * has been good for its release time; rules about cells keep a bit per cell, so that one cell that
 * comes back is not held by another that never left.
 */
#include "sim/model/bms_logic.h"

#include "base/span.h"

/* ---- rules ---- */

/* The lowest and the highest value of an input; the same for what concerns the whole pack. */
struct range {
    int32_t low, high;
};

static struct range range_of(const struct measured *m, enum rule_input input)
{
    int32_t value = 0;

    switch (input) {
    case INPUT_CELL_MV: return (struct range){m->low_mv, m->high_mv};
    case INPUT_CELL_DC: return (struct range){m->cold_dc, m->warm_dc};
    case INPUT_SPREAD_MV: value = m->high_mv - m->low_mv; break;
    case INPUT_PACK_MV: value = m->pack_mv; break;
    case INPUT_CHARGE_MA: value = m->current_ma > 0 ? m->current_ma : 0; break;
    case INPUT_DISCHARGE_MA: value = m->current_ma < 0 ? -m->current_ma : 0; break;
    case INPUT_MOS_DC: value = m->mos_dc; break;
    }
    return (struct range){value, value};
}

static bool is_beyond(int32_t value, int32_t threshold, bool above)
{
    return above ? value >= threshold : value <= threshold;
}

/* Which cells (or bit 0) are at or beyond a threshold. */
static uint32_t beyond(const struct rule *rule, const struct measured *m, int32_t threshold,
                       bool above)
{
    struct range range = range_of(m, rule->input);
    uint32_t bits = 0;

    if (!is_beyond(above ? range.high : range.low, threshold, above))
        return 0;
    if (rule->input != INPUT_CELL_MV && rule->input != INPUT_CELL_DC)
        return 1;
    for (unsigned i = 0; i < m->cells; i++) {
        int32_t value = rule->input == INPUT_CELL_MV ? m->cell_mv[i] : m->cell_dc[i];
        bits |= is_beyond(value, threshold, above) ? UINT32_C(1) << i : 0;
    }
    return bits;
}

static void rule_step(struct rule_state *s, const struct rule *rule, const struct measured *m,
                      uint64_t now_us)
{
    uint32_t pending = beyond(rule, m, rule->trip, rule->above) & ~s->active;

    if (pending != 0 && s->pending == 0)
        s->pending_us = now_us;
    s->pending = pending;
    if (pending != 0 && now_us - s->pending_us >= rule->delay_ms * US_PER_MS) {
        s->trips += s->active == 0 ? 1 : 0;
        s->active |= pending;
        s->pending = 0;
    }
    if (s->active == 0)
        return;
    uint32_t clearing =
        beyond(rule, m, rule->clear + (rule->above ? -1 : 1), !rule->above) & s->active;
    if (clearing != 0 && s->clearing == 0)
        s->clearing_us = now_us;
    s->clearing = clearing;
    if (clearing != 0 && now_us - s->clearing_us >= rule->clear_ms * US_PER_MS) {
        s->active &= ~clearing;
        s->clearing = 0;
    }
}

/* ---- full, force charge, balancing ---- */

#define FULL_HOLD_US          (30 * US_PER_S) /* [C] */
#define FULL_ENDS_PM          970 /* RS485 92h bit 3 speaks of 97 %; [C] as an end of full */
#define FULL_CHARGE_PERIOD_US (30 * 86400 * US_PER_S) /* RS485 92h bit 3: 30 days */
#define FORCE_CHARGE_PM       100                     /* RS485 92h bit 5: 5..9 % */
#define FORCE_CHARGE_ENDS_PM  130                     /* and bit 4: up to 13 % */
#define BALANCE_FROM_MV       3360                    /* capture of a US3000C: 3363 Y, 3341 N */
#define BALANCE_START_MV      20
#define BALANCE_STOP_MV       10

static void step_full(struct logic *logic, const struct rule_set *set, const struct measured *m,
                      uint64_t now_us)
{
    bool near_full = m->soc_pm >= 1000 && m->pack_mv >= set->full_mv * m->cells &&
                     m->current_ma >= 0 && m->current_ma <= set->full_ma;

    if (!near_full)
        logic->full_since_us = 0;
    else if (logic->full_since_us == 0)
        logic->full_since_us = now_us;
    else if (now_us - logic->full_since_us >= FULL_HOLD_US)
        logic->full = true;
    if (m->soc_pm <= FULL_ENDS_PM)
        logic->full = false;
    if (m->soc_pm >= FULL_ENDS_PM)
        logic->last_full_us = now_us;
    if (m->soc_pm < FORCE_CHARGE_PM)
        logic->force_charge = true;
    else if (m->soc_pm > FORCE_CHARGE_ENDS_PM)
        logic->force_charge = false;
}

static void step_balancing(struct logic *logic, const struct measured *m)
{
    uint32_t on = 0;

    for (unsigned i = 0; i < m->cells; i++) {
        uint32_t bit = UINT32_C(1) << i;
        int32_t over = m->cell_mv[i] - m->low_mv;
        if (m->cell_mv[i] >= BALANCE_FROM_MV && m->current_ma >= 0 &&
            over >= ((logic->balancing & bit) != 0 ? BALANCE_STOP_MV : BALANCE_START_MV))
            on |= bit;
    }
    logic->balancing = on;
}

/* ---- the whole ---- */

#define BLOCKS_BOTH                                                      \
    (COND_BIT(COND_MOS_OVERTEMPERATURE) | COND_BIT(COND_SHORT_CIRCUIT) | \
     COND_BIT(COND_INTERNAL_FAULT))
#define BLOCKS_CHARGE                                                                  \
    (BLOCKS_BOTH | COND_BIT(COND_CELL_OVERVOLTAGE) | COND_BIT(COND_PACK_OVERVOLTAGE) | \
     COND_BIT(COND_CHARGE_OVERCURRENT) | COND_BIT(COND_CHARGE_OVERTEMPERATURE) |       \
     COND_BIT(COND_CHARGE_UNDERTEMPERATURE))
#define BLOCKS_DISCHARGE                                                                 \
    (BLOCKS_BOTH | COND_BIT(COND_CELL_UNDERVOLTAGE) | COND_BIT(COND_PACK_UNDERVOLTAGE) | \
     COND_BIT(COND_DISCHARGE_OVERCURRENT) | COND_BIT(COND_DISCHARGE_OVERTEMPERATURE) |   \
     COND_BIT(COND_DISCHARGE_UNDERTEMPERATURE))

void logic_init(struct logic *logic, uint64_t now_us)
{
    *logic =
        (struct logic){.last_full_us = now_us, .charge_enable = true, .discharge_enable = true};
}

uint32_t logic_protections(const struct logic *logic)
{
    return (logic->protections & ~logic->forced_off) | logic->forced_on;
}

void logic_step(struct logic *logic, const struct rule_set *set, const struct measured *m,
                uint64_t now_us)
{
    uint32_t sets[2] = {0, 0};

    for (size_t i = 0; i < set->n; i++) {
        rule_step(&logic->rules[i], &set->rules[i], m, now_us);
        if (logic->rules[i].active != 0)
            sets[set->rules[i].protection ? 1 : 0] |= COND_BIT(set->rules[i].cond);
    }
    logic->warnings = sets[0];
    logic->protections = sets[1];
    step_full(logic, set, m, now_us);
    step_balancing(logic, m);
    logic->charge_enable =
        (logic_protections(logic) & BLOCKS_CHARGE) == 0 && (set->constant || !logic->full);
    logic->discharge_enable = (logic_protections(logic) & BLOCKS_DISCHARGE) == 0;
}

bool logic_full_charge_request(const struct logic *logic, uint64_t now_us)
{
    return now_us - logic->last_full_us >= FULL_CHARGE_PERIOD_US;
}

int32_t logic_trips(const struct logic *logic, const struct rule_set *set,
                    enum battery_condition cond)
{
    int32_t trips = 0;

    for (size_t i = 0; i < set->n; i++) {
        if (set->rules[i].protection && set->rules[i].cond == cond)
            trips += logic->rules[i].trips;
    }
    return trips;
}

/* ---- recommended limits ---- */

struct knee {
    int32_t at, percent;
};

/* Piecewise linear through n points, in hundredths of a percent; the outer values hold beyond them.
 */
static int64_t percent_at(const struct knee *knees, size_t n, int32_t value)
{
    if (value <= knees[0].at)
        return knees[0].percent * 100;
    for (size_t i = 1; i < n; i++) {
        const struct knee *a = &knees[i - 1], *b = &knees[i];
        if (value <= b->at)
            return a->percent * 100 +
                   (int64_t)(b->percent - a->percent) * 100 * (value - a->at) / (b->at - a->at);
    }
    return knees[n - 1].percent * 100;
}

static int64_t at_most(int64_t value, int64_t limit)
{
    return value < limit ? value : limit;
}

/* Charge by cell temperature in 0.1 C: defaults of dbus-serialbattery. */
static const struct knee charge_by_temp[] = {{0, 0},     {20, 25},  {50, 50},  {100, 100},
                                             {400, 100}, {450, 50}, {500, 25}, {550, 0}};
/* Discharge: [C] the same shape ten degrees lower, down to the protection. */
static const struct knee discharge_by_temp[] = {{-100, 0},  {-50, 50}, {0, 100},
                                                {450, 100}, {500, 50}, {550, 0}};
/* By the highest cell: nothing left where the protection trips [C]. */
static const struct knee charge_by_cell[] = {{3500, 100}, {3600, 10}, {3650, 0}};
/* By the lowest cell: from the low warning down to the strictest product's protection [C]. */
static const struct knee discharge_by_cell[] = {{2900, 0}, {3050, 100}};

#define PERCENT_AT(table, value) percent_at(table, sizeof table / sizeof table[0], value)

/* `pwrsys` of a stack at 93 % recommends 10 A for 50 Ah modules whose limit is 25 A, RS485 92h of a
 * US5000 at 95 % 20 A for 100 Ah: a fifth of the capacity per hour. Where it starts is [C]. */
#define TOP_PM      900
#define TOP_PERCENT 40 /* of the healthy limit, which is half the capacity */

void logic_limits(const struct logic *logic, const struct rule_set *set, const struct measured *m,
                  struct limits *ret)
{
    if (set->constant) {
        *ret = (struct limits){
            .cvl_mv = set->cvl_mv,
            .dvl_mv = set->dvl_mv,
            .ccl_ma = logic->charge_enable ? set->ccl_ma : 0,
            .dcl_ma = logic->discharge_enable ? set->dcl_ma : 0,
        };
        return;
    }
    /* the tightest one counts */
    int64_t charge = m->soc_pm >= TOP_PM ? TOP_PERCENT * 100 : 10000;
    charge = at_most(charge, PERCENT_AT(charge_by_temp, m->cold_dc));
    charge = at_most(charge, PERCENT_AT(charge_by_temp, m->warm_dc));
    charge = at_most(charge, PERCENT_AT(charge_by_cell, m->high_mv));
    int64_t discharge = PERCENT_AT(discharge_by_temp, m->cold_dc);
    discharge = at_most(discharge, PERCENT_AT(discharge_by_temp, m->warm_dc));
    discharge = at_most(discharge, PERCENT_AT(discharge_by_cell, m->low_mv));
    *ret = (struct limits){
        .cvl_mv = set->cvl_mv,
        .dvl_mv = set->dvl_mv,
        .ccl_ma = logic->charge_enable ? (int32_t)(set->ccl_ma * charge / 10000) : 0,
        .dcl_ma = logic->discharge_enable ? (int32_t)(set->dcl_ma * discharge / 10000) : 0,
    };
}
