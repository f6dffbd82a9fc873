/* SPDX-License-Identifier: Apache-2.0
 *
 * A pack as its users see it: built from a configuration and a seed, stepped, forced, looked at.
 * The parts are step.c (physics in time), forced.c, measure.c and bms_logic.c.
 */
#include "sim/model/pack.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"
#include "sim/model/pack_state.h"
#include "sim/random.h"

/* The BMS as it was just before a value was forced: what it would still think without that. */
struct before {
    struct bms_path path;
    struct logic logic;
};

enum { BEFORE_MAX = 8 };

struct pack {
    struct pack_state state;
    int32_t trip_delay_ms; /* as configured; -1: the product's */
    uint64_t now_us;
    char serial[BATTERY_TEXT], firmware[BATTERY_TEXT];
    struct before before[BEFORE_MAX]; /* the newest of each path, a ring */
    size_t n_before;
};

/* ---- building ---- */

enum { STREAM_CELLS = 1, STREAM_SERIAL = 2, STREAM_LIFE = 3, STREAM_SENSORS = 4 };

#define DEFAULT_SPREAD      0.01 /* deviation of capacities; resistances five times that */
#define OFFSET_PER_SPREAD   0.05 /* top balance: 0.05 % of charge either way at 1 % */
#define SENSOR_K_PER_SPREAD 30.0 /* sensors: 0.3 K either way at 1 % */

static void build_cells(struct pack_state *s, double spread, uint64_t seed, double temp_c)
{
    struct rng rng = rng_of(seed, STREAM_CELLS);
    double weakest = HUGE_VAL;

    for (unsigned i = 0; i < s->cells; i++) {
        double capacity = 1.0 + spread * rng_normal(&rng);
        double resistance = 1.0 + 5.0 * spread * rng_normal(&rng);
        s->cell[i] = (struct cell){
            .k_capacity = fmax(capacity, 0.2),
            .k_resistance = fmax(resistance, 0.2),
            .offset = spread * OFFSET_PER_SPREAD * (2.0 * rng_unit(&rng) - 1.0),
            .temp_c = temp_c,
        };
        weakest = fmin(weakest, s->cell[i].k_capacity);
    }
    for (unsigned i = 0; i < s->cells; i++) { /* the weakest cell makes the pack's capacity */
        struct cell *c = &s->cell[i];
        c->k_capacity /= weakest;
        c->r_factor = cell_resistance_factor(temp_c, cell_soc(c, s->soc));
    }
}

static void build_sensors(struct pack_state *s, double spread, uint64_t seed, double temp_c)
{
    struct rng rng = rng_of(seed, STREAM_SENSORS);

    s->sensors = s->product->temp_sensors > 0 ? s->product->temp_sensors : (uint8_t)(s->cells / 5U);
    s->sensors = s->sensors < 1 ? 1 : s->sensors > PACK_SENSORS ? PACK_SENSORS : s->sensors;
    for (unsigned i = 0; i < s->sensors; i++) {
        s->sensor_c[i] = temp_c;
        s->sensor_offset_c[i] = spread * SENSOR_K_PER_SPREAD * (2.0 * rng_unit(&rng) - 1.0);
    }
    s->ambient_c = temp_c;
    s->case_c = temp_c;
    s->mos_c = temp_c + 1.5;
    s->board_c = temp_c + 2.5;
}

static void build_identity(struct pack *pack, const struct sim_battery *config, uint64_t seed)
{
    struct rng rng = rng_of(seed, STREAM_SERIAL);
    struct buf serial = buf_of(pack->serial, sizeof pack->serial - 1);

    if (config->serial[0] != '\0')
        buf_str(&serial, config->serial);
    else /* 16 characters as the real ones, and visibly no real one */
        buf_printf(&serial, "SIM%013llu",
                   (unsigned long long)rng_below(&rng, UINT64_C(10000000000000)));
    span_to_str(span_str(config->firmware[0] != '\0' ? config->firmware
                                                     : pack->state.product->main_version),
                pack->firmware, sizeof pack->firmware);
}

enum err pack_new(const struct sim_battery *config, uint64_t seed, uint64_t now_us,
                  struct pack **ret)
{
    const struct product *product = product_find(config->product);
    double spread = config->spread_pm < 0 ? DEFAULT_SPREAD : config->spread_pm / 1000.0;

    if (product == NULL)
        return ERR_NOT_FOUND;
    struct pack *pack = calloc(1, sizeof *pack);
    if (pack == NULL)
        return ERR_MEMORY;
    struct pack_state *s = &pack->state;
    struct rng life = rng_of(seed, STREAM_LIFE);
    int32_t mah = config->capacity_mah > 0 ? config->capacity_mah : product->capacity_mah;
    s->product = product;
    s->cells = config->cells > 0 ? config->cells : product->cells;
    s->rated_ah = mah / 1000.0;
    s->soh = config->soh_pm / 1000.0;
    s->soc = config->soc_pm / 1000.0;
    s->demand_a = config->current_ma / 1000.0;
    s->profile = config->profile;
    s->profile_seed = seed;
    s->discharged_ah = s->rated_ah * (config->cycles + rng_unit(&life));
    s->start_us = s->done_us = s->phase_us = pack->now_us = now_us;
    cell_type_of(s->rated_ah, &s->type);
    build_cells(s, spread, seed, config->temp_dc / 10.0);
    build_sensors(s, spread, seed, config->temp_dc / 10.0);
    build_identity(pack, config, seed);
    pack_decay_of(s, PACK_TICK_US / 1e6, &s->tick_decay);
    pack->trip_delay_ms = config->trip_delay_ms;
    rule_set_of(product, s->cells, mah, config->trip_delay_ms, &s->rules);
    logic_init(&s->logic, now_us);
    state_settle(s, now_us);
    *ret = pack;
    return ERR_OK;
}

void pack_delete(struct pack *pack)
{
    free(pack);
}

const struct product *pack_product(const struct pack *pack)
{
    return pack->state.product;
}

/* ---- time ---- */

void state_settle(struct pack_state *s, uint64_t t_us)
{
    struct measured m;

    force_apply(s, t_us);
    state_measure(s, t_us, &m);
    logic_step(&s->logic, &s->rules, &m, t_us);
    force_enables(s, t_us);
    logic_limits(&s->logic, &s->rules, &m, &s->allowed);
    profile_settle(s);
}

void pack_step(struct pack *pack, uint64_t now_us)
{
    if (now_us <= pack->now_us)
        return;
    pack->now_us = now_us;
    state_advance(&pack->state, now_us);
}

/* The state as it is now: on a copy, because looking must not change what comes. */
static void state_now(const struct pack *pack, struct pack_state *ret)
{
    *ret = pack->state;
    state_settle(ret, pack->now_us);
}

/* ---- forcing ---- */

static enum err check_path(const struct pack *pack, const struct bms_path *path)
{
    const struct bms_path_info *info = bms_path_info(path->id);

    if (info == NULL)
        return ERR_USAGE;
    if (!info->settable || info->value == BMS_TEXT)
        return ERR_UNSUPPORTED;
    if (info->per_cell && (path->cell < 1 || path->cell > pack->state.cells))
        return ERR_NOT_FOUND;
    return ERR_OK;
}

static bool in_range(const struct bms_path *path, int64_t micro)
{
    const struct bms_path_info *info = bms_path_info(path->id);

    return micro >= info->min_micro && micro <= info->max_micro;
}

static bool same_path(const struct bms_path *a, const struct bms_path *b)
{
    return a->id == b->id && a->cell == b->cell;
}

/* Remembers what the BMS thinks before `path` changes. */
static void remember(struct pack *pack, const struct bms_path *path)
{
    struct before *slot = &pack->before[pack->n_before % BEFORE_MAX];

    slot->path = *path;
    slot->logic = pack->state.logic;
    pack->n_before++;
}

static void change(struct pack *pack, const struct bms_path *path, struct force force)
{
    state_advance_exact(&pack->state, pack->now_us);
    state_settle(&pack->state, pack->now_us);
    remember(pack, path);
    force_put(&pack->state, force_slot(path), force);
    state_settle(&pack->state, pack->now_us);
}

void pack_set_owner(struct pack *pack, const struct owner_settings *settings)
{
    struct pack_state *s = &pack->state;
    size_t before = s->rules.n;

    state_advance_exact(s, pack->now_us);
    rule_set_of_owner(settings, s->cells, (int32_t)(s->rated_ah * 1000.0 + 0.5),
                      pack->trip_delay_ms, &s->rules);
    for (size_t i = s->rules.n; i < before; i++) /* a protection that is no more */
        s->logic.rules[i] = (struct rule_state){0};
    state_settle(s, pack->now_us);
}

enum err pack_set(struct pack *pack, const struct bms_path *path, int64_t micro)
{
    return pack_ramp(pack, path, micro, micro, 0);
}

enum err pack_ramp(struct pack *pack, const struct bms_path *path, int64_t from_micro,
                   int64_t to_micro, uint64_t duration_us)
{
    enum err e = check_path(pack, path);

    if (e != ERR_OK)
        return e;
    if (!in_range(path, from_micro) || !in_range(path, to_micro))
        return ERR_RANGE;
    change(pack, path,
           (struct force){.on = true,
                          .from_micro = from_micro,
                          .to_micro = to_micro,
                          .start_us = pack->now_us,
                          .duration_us = duration_us});
    return ERR_OK;
}

enum err pack_release(struct pack *pack, const struct bms_path *path)
{
    enum err e = check_path(pack, path);

    if (e != ERR_OK)
        return e;
    change(pack, path, (struct force){.on = false});
    return ERR_OK;
}

/* ---- looking ---- */

bool pack_get(const struct pack *pack, const struct bms_path *path, int64_t *ret_micro)
{
    struct pack_state s;

    state_now(pack, &s);
    return state_get(&s, path, pack->now_us, ret_micro);
}

/* A sensor reads what its cells read; a cell that a scenario heats alone shows on its sensor. */
static void view_temps(const struct pack_state *s, const struct measured *m, uint64_t t_us,
                       struct battery *b)
{
    for (unsigned k = 0; k < s->sensors; k++) {
        unsigned first, last;
        int64_t forced;
        state_sensor_cells(s, k, &first, &last);
        b->temp_dc[k] = m->cell_dc[first];
        for (unsigned i = first; i < last; i++) {
            if (force_at(s, BMS_PATH_CELL_TEMP, i + 1, t_us, &forced))
                b->temp_dc[k] = m->cell_dc[i];
        }
        b->temp_role[k] = ROLE_CELL;
    }
    unsigned n = s->sensors;
    b->temp_dc[n] = m->board_dc;
    b->temp_role[n++] = ROLE_BOARD;
    if (s->product->mos_sensor) {
        b->temp_dc[n] = m->mos_dc;
        b->temp_role[n++] = ROLE_MOS;
    }
    b->temp_count = (uint8_t)n;
    b->temp_known = (uint8_t)((1U << n) - 1U);
}

static void view_measured(const struct pack_state *s, const struct measured *m, uint64_t t_us,
                          struct battery *b)
{
    b->pack_mv = m->pack_mv;
    b->current_ma = m->current_ma;
    b->soc_pm = m->soc_pm;
    b->soh_pm = (int32_t)lround(state_soh(s, t_us) * 1000.0);
    b->full_mah = (int32_t)lround(state_full_ah(s, t_us) * 1000.0);
    b->remaining_mah = (int32_t)lround(state_full_ah(s, t_us) * state_soc(s, t_us) * 1000.0);
    b->cell_count = m->cells;
    memcpy(b->cell_mv, m->cell_mv, sizeof b->cell_mv);
    b->known |= FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_SOC_PM | FIELD_SOH_PM | FIELD_FULL_MAH |
                FIELD_REMAINING_MAH | FIELD_CELLS | FIELD_TEMPS;
    view_temps(s, m, t_us, b);
    battery_derive_extremes(b);
    b->temp_min_dc = m->cold_dc; /* over the cells, where the sensors are only a few */
    b->temp_max_dc = m->warm_dc;
    b->known |= FIELD_TEMP_MIN_MAX;
}

static void view_decided(const struct pack_state *s, uint64_t t_us, struct battery *b)
{
    struct decisions d;

    state_decide(s, t_us, &d);
    b->cycles = d.cycles;
    b->cvl_mv = d.limits.cvl_mv;
    b->dvl_mv = d.limits.dvl_mv;
    b->ccl_ma = d.limits.ccl_ma;
    b->dcl_ma = d.limits.dcl_ma;
    b->charge_enable = d.charge_enable;
    b->discharge_enable = d.discharge_enable;
    b->force_charge = d.force_charge;
    b->full_charge_request = d.full_charge_request;
    b->balancing = d.balancing;
    b->warnings = d.warnings;
    b->protections = d.protections;
    b->known |= FIELD_CYCLES | FIELD_CVL | FIELD_DVL | FIELD_CCL | FIELD_DCL | FIELD_ENABLES |
                FIELD_REQUESTS | FIELD_BALANCING | FIELD_WARNINGS | FIELD_PROTECTIONS;
}

static void view_state(const struct pack *pack, const struct pack_state *s, struct battery *ret)
{
    struct measured m;

    battery_clear(ret);
    state_measure(s, pack->now_us, &m);
    view_measured(s, &m, pack->now_us, ret);
    view_decided(s, pack->now_us, ret);
    span_to_str(span_str(s->product->maker), ret->maker, sizeof ret->maker);
    span_to_str(span_str(s->product->device_name), ret->model, sizeof ret->model);
    span_to_str(span_str(pack->serial), ret->serial, sizeof ret->serial);
    span_to_str(span_str(pack->firmware), ret->firmware, sizeof ret->firmware);
    ret->known |= FIELD_MAKER | FIELD_MODEL | FIELD_SERIAL | FIELD_FIRMWARE;
    ret->updated_us = pack->now_us;
}

void pack_view(const struct pack *pack, struct battery *ret)
{
    struct pack_state s;

    state_now(pack, &s);
    view_state(pack, &s, ret);
}

void pack_view_without(const struct pack *pack, const struct bms_path *path, int64_t old_micro,
                       struct battery *ret)
{
    struct pack_state s = pack->state;
    unsigned slot = force_slot(path);
    size_t n = pack->n_before < BEFORE_MAX ? pack->n_before : BEFORE_MAX;

    for (size_t back = 1; back <= n; back++) { /* the newest change of that path */
        const struct before *b = &pack->before[(pack->n_before - back) % BEFORE_MAX];
        if (same_path(&b->path, path)) {
            s.logic = b->logic;
            break;
        }
    }
    if (slot != FORCE_SLOTS)
        force_put(&s, slot,
                  (struct force){.on = true, .from_micro = old_micro, .to_micro = old_micro});
    state_settle(&s, pack->now_us);
    view_state(pack, &s, ret);
}

void pack_counters(const struct pack *pack, struct pack_counters *ret)
{
    struct pack_state s;
    struct decisions d;

    state_now(pack, &s);
    state_decide(&s, pack->now_us, &d);
    int32_t seconds = (int32_t)((pack->now_us - s.phase_us) / US_PER_S);
    *ret = (struct pack_counters){
        .discharged_mah = llround(s.discharged_ah * 1000.0),
        .cycles = d.cycles,
        .charge_seconds = s.phase > 0 ? seconds : 0,
        .discharge_seconds = s.phase < 0 ? seconds : 0,
        .cell_overvoltage = logic_trips(&s.logic, &s.rules, COND_CELL_OVERVOLTAGE),
        .cell_undervoltage = logic_trips(&s.logic, &s.rules, COND_CELL_UNDERVOLTAGE),
        .pack_overvoltage = logic_trips(&s.logic, &s.rules, COND_PACK_OVERVOLTAGE),
        .pack_undervoltage = logic_trips(&s.logic, &s.rules, COND_PACK_UNDERVOLTAGE),
        .charge_overcurrent = logic_trips(&s.logic, &s.rules, COND_CHARGE_OVERCURRENT),
        .discharge_overcurrent = logic_trips(&s.logic, &s.rules, COND_DISCHARGE_OVERCURRENT),
        .overtemperature = logic_trips(&s.logic, &s.rules, COND_CHARGE_OVERTEMPERATURE),
        .undertemperature = logic_trips(&s.logic, &s.rules, COND_CHARGE_UNDERTEMPERATURE),
    };
}
