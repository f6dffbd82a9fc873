/* SPDX-License-Identifier: Apache-2.0
 *
 * The state of a device: one member for each announced entity, always all of them. Binary sensors
 * say "ON" and "OFF", which are Home Assistant's defaults; what is not known is null.
 */
#include "proto/ha_discovery/ha_private.h"

enum { TIME_TO_EMPTY_MAX_S = 30 * 24 * 3600 };

/* What a state is written from. */
struct view {
    const struct battery *b;
    const struct bank *bank; /* NULL: of a single battery */
    bool measured;           /* the measured values are fresh */
};

struct number {
    int64_t value;
    unsigned decimals;
};

static bool number_if(const struct battery *b, uint32_t fields, int64_t value, unsigned decimals,
                      struct number *ret)
{
    *ret = (struct number){value, decimals};
    return battery_knows(b, fields);
}

static bool time_to_empty(const struct battery *b, struct number *ret)
{
    if (!battery_knows(b, FIELD_REMAINING_MAH | FIELD_CURRENT_MA) || b->current_ma >= 0)
        return false;
    int64_t remaining = b->remaining_mah > 0 ? b->remaining_mah : 0;
    int64_t seconds = div_round(remaining * 3600, -(int64_t)b->current_ma);
    *ret = (struct number){clamp_i64(seconds, 0, TIME_TO_EMPTY_MAX_S), 0};
    return true;
}

static bool temperature(const struct battery *b, struct number *ret)
{
    int32_t dc = 0;
    bool known = battery_cell_temperature(b, &dc);

    *ret = (struct number){dc, 1};
    return known;
}

/* Remaining charge times the present voltage, in Wh. */
static bool stored_energy(const struct battery *b, struct number *ret)
{
    int64_t remaining = b->remaining_mah > 0 ? b->remaining_mah : 0;

    return number_if(b, FIELD_REMAINING_MAH | FIELD_PACK_MV,
                     div_round(remaining * b->pack_mv, 1000000), 0, ret);
}

/* The number of a sensor; false when it is not known, or when the entity is no sensor. */
static bool number_of(const struct view *v, enum ha_entity entity, struct number *ret)
{
    const struct battery *b = v->b;

    switch (entity) {
    case HA_SOC: return number_if(b, FIELD_SOC_PM, clamp_i64(b->soc_pm, 0, 1000), 1, ret);
    case HA_SOH: return number_if(b, FIELD_SOH_PM, clamp_i64(b->soh_pm, 0, 1000), 1, ret);
    case HA_VOLTAGE: return number_if(b, FIELD_PACK_MV, b->pack_mv, 3, ret);
    case HA_CURRENT: return number_if(b, FIELD_CURRENT_MA, b->current_ma, 3, ret);
    case HA_POWER:
        return number_if(b, FIELD_PACK_MV | FIELD_CURRENT_MA,
                         div_round((int64_t)b->pack_mv * b->current_ma, 100000), 1, ret);
    case HA_CVL: return number_if(b, FIELD_CVL, b->cvl_mv, 3, ret);
    case HA_DVL: return number_if(b, FIELD_DVL, b->dvl_mv, 3, ret);
    case HA_CCL: return number_if(b, FIELD_CCL, b->ccl_ma, 3, ret);
    case HA_DCL: return number_if(b, FIELD_DCL, b->dcl_ma, 3, ret);
    case HA_REMAINING_CAPACITY: return number_if(b, FIELD_REMAINING_MAH, b->remaining_mah, 3, ret);
    case HA_FULL_CAPACITY: return number_if(b, FIELD_FULL_MAH, b->full_mah, 3, ret);
    case HA_STORED_ENERGY: return stored_energy(b, ret);
    case HA_CYCLES: return number_if(b, FIELD_CYCLES, b->cycles, 0, ret);
    case HA_TIME_TO_EMPTY: return time_to_empty(b, ret);
    case HA_CELL_MIN: return number_if(b, FIELD_CELL_MIN_MAX, b->cell_min_mv, 3, ret);
    case HA_CELL_MAX: return number_if(b, FIELD_CELL_MIN_MAX, b->cell_max_mv, 3, ret);
    case HA_CELL_DIFFERENCE:
        return number_if(b, FIELD_CELL_MIN_MAX, b->cell_max_mv - b->cell_min_mv, 3, ret);
    case HA_TEMPERATURE: return temperature(b, ret);
    case HA_TEMPERATURE_MIN: return number_if(b, FIELD_TEMP_MIN_MAX, b->temp_min_dc, 1, ret);
    case HA_TEMPERATURE_MAX: return number_if(b, FIELD_TEMP_MIN_MAX, b->temp_max_dc, 1, ret);
    case HA_SOC_MIN:
    case HA_SOC_MAX:
    case HA_BATTERIES_ONLINE:
    case HA_BATTERIES_OFFLINE:
    case HA_BLOCKING_CHARGE:
    case HA_BLOCKING_DISCHARGE:
    case HA_CHARGE_ENABLED:
    case HA_DISCHARGE_ENABLED:
    case HA_FORCE_CHARGE:
    case HA_FULL_CHARGE_REQUEST:
    case HA_BALANCING:
    case HA_PROBLEM:
    case HA_CONNECTIVITY:
    case HA_ENTITY_COUNT: break;
    }
    return false;
}

/* What only the bank has. */
static bool bank_number_of(const struct bank *bank, enum ha_entity entity, struct number *ret)
{
    if (entity == HA_SOC_MIN)
        return number_if(&bank->sum, FIELD_SOC_PM, clamp_i64(bank->soc_min_pm, 0, 1000), 1, ret);
    if (entity == HA_SOC_MAX)
        return number_if(&bank->sum, FIELD_SOC_PM, clamp_i64(bank->soc_max_pm, 0, 1000), 1, ret);
    *ret = (struct number){0, 0};
    if (entity == HA_BATTERIES_ONLINE)
        ret->value = bank->online;
    else if (entity == HA_BATTERIES_OFFLINE)
        ret->value = bank_offline(bank);
    else if (entity == HA_BLOCKING_CHARGE)
        ret->value = bank->blocking_charge;
    else if (entity == HA_BLOCKING_DISCHARGE)
        ret->value = bank->blocking_discharge;
    else
        return false;
    return true;
}

/* The state of a binary sensor; false when it is not known. */
static bool flag_of(const struct battery *b, enum ha_entity entity, bool *ret)
{
    if (entity == HA_CHARGE_ENABLED || entity == HA_DISCHARGE_ENABLED) {
        *ret = entity == HA_CHARGE_ENABLED ? b->charge_enable : b->discharge_enable;
        return battery_knows(b, FIELD_ENABLES);
    }
    if (entity == HA_FORCE_CHARGE || entity == HA_FULL_CHARGE_REQUEST) {
        *ret = entity == HA_FORCE_CHARGE ? b->force_charge : b->full_charge_request;
        return battery_knows(b, FIELD_REQUESTS);
    }
    if (entity == HA_BALANCING) {
        *ret = b->balancing != 0;
        return battery_knows(b, FIELD_BALANCING);
    }
    /* one known set with an alarm in it is a problem, whatever the other is */
    *ret = (battery_told(b, FIELD_WARNINGS) & b->warnings) != 0 ||
           (battery_told(b, FIELD_PROTECTIONS) & b->protections) != 0;
    return *ret || battery_knows(b, FIELD_WARNINGS | FIELD_PROTECTIONS);
}

static void put_flag(struct ha_json *w, const char *key, bool known, bool on)
{
    if (known)
        ha_json_text(w, key, on ? "ON" : "OFF");
    else
        ha_json_null(w, key);
}

static void put_fixed(struct ha_json *w, const struct view *v, enum ha_entity entity)
{
    const struct ha_row *row = &ha_rows[entity];
    struct number number = {0, 0};
    bool on = false;
    bool told = v->measured || row->bridges_own;

    if (row->platform == HA_BINARY) {
        bool known = flag_of(v->b, entity, &on);
        put_flag(w, row->key, known && told, on);
        return;
    }
    bool known = (v->bank != NULL && bank_number_of(v->bank, entity, &number)) ||
                 number_of(v, entity, &number);
    if (known && told)
        ha_json_fixed(w, row->key, number.value, number.decimals);
    else
        ha_json_null(w, row->key);
}

static void put_cells(struct ha_json *w, const struct ha_entities *e, const struct view *v)
{
    for (unsigned i = 0; i < e->cells; i++) {
        struct ha_text text = {0};
        struct ha_row row = ha_cell_row(i, &text);
        if (battery_knows(v->b, FIELD_CELLS) && i < v->b->cell_count && v->measured)
            ha_json_fixed(w, row.key, v->b->cell_mv[i], 3);
        else
            ha_json_null(w, row.key);
    }
}

static void put_temps(struct ha_json *w, const struct ha_entities *e, const struct view *v)
{
    const struct battery *b = v->b;

    for (unsigned i = 0; i < e->temps; i++) {
        struct ha_text text = {0};
        struct ha_row row = ha_temp_row(e, i, &text);
        bool known = battery_knows(b, FIELD_TEMPS) && i < b->temp_count &&
                     (b->temp_known >> i & 1u) != 0 && v->measured;
        if (known)
            ha_json_fixed(w, row.key, b->temp_dc[i], 1);
        else
            ha_json_null(w, row.key);
    }
}

static void put_alarms(struct ha_json *w, uint32_t mask, const struct battery *b, bool protection)
{
    uint32_t told = battery_told(b, protection ? FIELD_PROTECTIONS : FIELD_WARNINGS);
    uint32_t set = protection ? b->protections : b->warnings;

    for (unsigned i = 0; i < COND_COUNT; i++) {
        struct ha_text text = {0};
        if ((mask >> i & 1u) == 0)
            continue;
        struct ha_row row = ha_alarm_row(protection, (enum battery_condition)i, &text);
        put_flag(w, row.key, (told >> i & 1u) != 0, (set >> i & 1u) != 0);
    }
}

static enum err encode(const struct ha_entities *have, const struct view *v, struct buf *out)
{
    struct buf scratch = *out;
    struct ha_json w = {.out = &scratch};

    scratch.overflow = false;
    ha_json_object(&w, NULL);
    for (unsigned i = 0; i < HA_ENTITY_COUNT; i++) {
        if ((have->fixed >> i & 1u) != 0 && i != HA_CONNECTIVITY) /* that has a topic of its own */
            put_fixed(&w, v, (enum ha_entity)i);
    }
    put_cells(&w, have, v);
    put_temps(&w, have, v);
    put_alarms(&w, have->warnings, v->b, false);
    put_alarms(&w, have->protections, v->b, true);
    ha_json_end(&w, '}');
    if (scratch.overflow)
        return ERR_SPACE;
    scratch.overflow = out->overflow;
    *out = scratch;
    return ERR_OK;
}

enum err ha_state_encode_battery(const struct ha_entities *have, const struct battery *b,
                                 struct buf *out)
{
    const struct view v = {.b = b, .measured = true};

    return encode(have, &v, out);
}

enum err ha_state_encode_bank(const struct ha_entities *have, const struct bank *bank,
                              struct buf *out)
{
    const struct view v = {.b = &bank->sum, .bank = bank, .measured = bank->life == BANK_ONLINE};

    return encode(have, &v, out);
}
