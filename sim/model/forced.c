/* SPDX-License-Identifier: Apache-2.0
 *
 * What a scenario dictates. A forced soc moves the charge of the cells, a forced temp their heat, a
 * forced current flows; everything else replaces what the BMS measures or says. Ramps are evaluated
 * at the instant that asks, exact at both ends.
 */
#include <math.h>

#include "base/span.h"
#include "sim/model/pack_state.h"

#define MICRO 1e6

unsigned force_slot(const struct bms_path *path)
{
    const struct bms_path_info *info = bms_path_info(path->id);

    if (info == NULL || info->value == BMS_TEXT)
        return FORCE_SLOTS;
    if (!info->per_cell)
        return path->id;
    if (path->cell < 1 || path->cell > BMS_MAX_CELLS)
        return FORCE_SLOTS;
    unsigned value = path->id - (unsigned)BMS_PATH_CELL_VOLTAGE;
    return BMS_PATH_COUNT + value * BMS_MAX_CELLS + path->cell - 1U;
}

void force_put(struct pack_state *s, unsigned slot, struct force force)
{
    s->n_forced -= s->force[slot].on ? 1 : 0;
    s->n_forced += force.on ? 1 : 0;
    s->force[slot] = force;
}

static int64_t value_of(const struct force *f, uint64_t t_us)
{
    if (t_us >= f->start_us + f->duration_us)
        return f->to_micro;
    if (t_us <= f->start_us)
        return f->from_micro;
    double part = (double)(t_us - f->start_us) / (double)f->duration_us;
    return f->from_micro + llround((double)(f->to_micro - f->from_micro) * part);
}

bool force_at(const struct pack_state *s, enum bms_path_id id, unsigned cell, uint64_t t_us,
              int64_t *ret_micro)
{
    if (s->n_forced == 0)
        return false;
    struct bms_path path = {.id = (uint16_t)id, .cell = (uint8_t)cell};
    unsigned slot = force_slot(&path);
    if (slot == FORCE_SLOTS || !s->force[slot].on)
        return false;
    *ret_micro = value_of(&s->force[slot], t_us);
    return true;
}

bool force_at_double(const struct pack_state *s, enum bms_path_id id, unsigned cell, uint64_t t_us,
                     double *ret)
{
    int64_t micro;

    if (!force_at(s, id, cell, t_us, &micro))
        return false;
    *ret = (double)micro / MICRO;
    return true;
}

static void heat_to(struct pack_state *s, double temp_c)
{
    for (unsigned i = 0; i < s->cells; i++)
        s->cell[i].temp_c = temp_c;
    for (unsigned i = 0; i < s->sensors; i++)
        s->sensor_c[i] = temp_c;
    s->case_c = temp_c;
}

/* The scenario's word on protections: it adds to the rules or silences them. */
static void apply_protections(struct pack_state *s, uint64_t t_us)
{
    s->logic.forced_on = 0;
    s->logic.forced_off = 0;
    for (unsigned i = 0; i < BMS_CONDITIONS; i++) {
        int64_t micro;
        if (!force_at(s, (enum bms_path_id)(BMS_PATH_PROTECTION + i), 0, t_us, &micro))
            continue;
        if (micro != 0)
            s->logic.forced_on |= COND_BIT(i);
        else
            s->logic.forced_off |= COND_BIT(i);
    }
}

void force_apply(struct pack_state *s, uint64_t t_us)
{
    double value;

    if (force_at_double(s, BMS_PATH_SOC, 0, t_us, &value))
        s->soc = fmin(fmax(value / 100.0, 0.0), 1.0); /* 107 % is a way to count, not a charge */
    if (force_at_double(s, BMS_PATH_TEMP, 0, t_us, &value))
        heat_to(s, value);
    apply_protections(s, t_us);
}

void force_enables(struct pack_state *s, uint64_t t_us)
{
    int64_t micro;

    if (force_at(s, BMS_PATH_CHARGE_ENABLE, 0, t_us, &micro))
        s->logic.charge_enable = micro != 0;
    if (force_at(s, BMS_PATH_DISCHARGE_ENABLE, 0, t_us, &micro))
        s->logic.discharge_enable = micro != 0;
}
