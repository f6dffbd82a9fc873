/* SPDX-License-Identifier: Apache-2.0
 *
 * What the BMS measures of a state, and the truth of every path. Voltages are whole millivolts and
 * the pack's voltage is the sum of its cells, as in every capture; temperatures come from one
 * sensor for five cells, as `bat` prints them.
 */
#include <math.h>

#include "base/span.h"
#include "sim/model/pack_state.h"

#define MICRO 1e6

static int64_t to_micro(double value)
{
    return llround(value * MICRO);
}

static int64_t flag(bool on)
{
    return on ? 1000000 : 0;
}

/* ---- unrounded ---- */

double state_current_a(const struct pack_state *s, uint64_t t_us)
{
    double forced;

    if (force_at_double(s, BMS_PATH_CURRENT, 0, t_us, &forced))
        return forced;
    double demand_a = s->profile == PROFILE_NONE ? s->demand_a : profile_current_a(s, t_us);
    if ((demand_a > 0.0 && !s->logic.charge_enable) ||
        (demand_a < 0.0 && !s->logic.discharge_enable))
        return 0.0;
    return demand_a;
}

static double cell_v_at(const struct pack_state *s, unsigned cell, double current_a, uint64_t t_us)
{
    const struct cell *c = &s->cell[cell - 1];
    double forced;

    if (force_at_double(s, BMS_PATH_CELL_VOLTAGE, cell, t_us, &forced))
        return forced;
    return cell_voltage(c, &s->type, cell_soc(c, s->soc), current_a);
}

double state_cell_v(const struct pack_state *s, unsigned cell, uint64_t t_us)
{
    return cell_v_at(s, cell, state_current_a(s, t_us), t_us);
}

static unsigned sensor_group(const struct pack_state *s)
{
    return (s->cells + s->sensors - 1U) / s->sensors;
}

void state_sensor_cells(const struct pack_state *s, unsigned sensor, unsigned *ret_first,
                        unsigned *ret_last)
{
    unsigned group = sensor_group(s);

    *ret_first = sensor * group;
    *ret_last = (sensor + 1) * group < s->cells ? (sensor + 1) * group : s->cells;
}

double state_cell_temp_c(const struct pack_state *s, unsigned cell, uint64_t t_us)
{
    unsigned sensor = (cell - 1) / sensor_group(s);
    double forced;

    if (force_at_double(s, BMS_PATH_CELL_TEMP, cell, t_us, &forced) ||
        force_at_double(s, BMS_PATH_TEMP, 0, t_us, &forced))
        return forced;
    return s->sensor_c[sensor] + s->sensor_offset_c[sensor];
}

static double temperature(const struct pack_state *s, enum bms_path_id id, double physics,
                          uint64_t t_us)
{
    double forced;

    return force_at_double(s, id, 0, t_us, &forced) ? forced : physics;
}

double state_ambient_c(const struct pack_state *s, uint64_t t_us)
{
    return temperature(s, BMS_PATH_AMBIENT, s->ambient_c, t_us);
}

double state_soh(const struct pack_state *s, uint64_t t_us)
{
    double forced;

    return force_at_double(s, BMS_PATH_SOH, 0, t_us, &forced) ? forced / 100.0 : s->soh;
}

double state_full_ah(const struct pack_state *s, uint64_t t_us)
{
    double forced;

    if (force_at_double(s, BMS_PATH_CAPACITY, 0, t_us, &forced))
        return forced;
    return s->rated_ah * fmax(state_soh(s, t_us), 0.01);
}

double state_soc(const struct pack_state *s, uint64_t t_us)
{
    double forced;

    if (force_at_double(s, BMS_PATH_SOC, 0, t_us, &forced))
        return forced / 100.0;
    return fmin(fmax(s->soc, 0.0), 1.0);
}

/* ---- as measured ---- */

static int32_t in_units(double value, double per_unit, int64_t min, int64_t max)
{
    return (int32_t)clamp_i64(llround(value * per_unit), min, max);
}

/* 0.1 C, or whole degrees where the product has no more. */
static int16_t in_dc(const struct pack_state *s, double temp_c)
{
    if (s->product->whole_degrees)
        return (int16_t)(10 * in_units(temp_c, 1.0, -3000, 3000));
    return (int16_t)in_units(temp_c, 10.0, -30000, 30000);
}

void state_measure(const struct pack_state *s, uint64_t t_us, struct measured *ret)
{
    struct measured m = {
        .cells = s->cells, .low_mv = UINT16_MAX, .cold_dc = INT16_MAX, .warm_dc = INT16_MIN};
    double current_a = state_current_a(s, t_us);
    double forced;

    for (unsigned i = 0; i < s->cells; i++) {
        uint16_t mv =
            (uint16_t)in_units(cell_v_at(s, i + 1, current_a, t_us), 1000.0, 0, UINT16_MAX);
        int16_t dc = in_dc(s, state_cell_temp_c(s, i + 1, t_us));
        m.cell_mv[i] = mv;
        m.cell_dc[i] = dc;
        m.pack_mv += mv;
        m.low_mv = mv < m.low_mv ? mv : m.low_mv;
        m.high_mv = mv > m.high_mv ? mv : m.high_mv;
        m.cold_dc = dc < m.cold_dc ? dc : m.cold_dc;
        m.warm_dc = dc > m.warm_dc ? dc : m.warm_dc;
    }
    if (force_at_double(s, BMS_PATH_VOLTAGE, 0, t_us, &forced))
        m.pack_mv = in_units(forced, 1000.0, 0, INT32_MAX);
    m.current_ma = in_units(current_a, 1000.0, INT32_MIN, INT32_MAX);
    m.mos_dc = in_dc(s, temperature(s, BMS_PATH_MOS_TEMP, s->mos_c, t_us));
    m.board_dc = in_dc(s, temperature(s, BMS_PATH_BOARD_TEMP, s->board_c, t_us));
    m.soc_pm = in_units(state_soc(s, t_us), 1000.0, 0, INT32_MAX);
    *ret = m;
}

/* ---- what the BMS says: a forced value wins over the logic's ---- */

static int32_t said(const struct pack_state *s, enum bms_path_id id, uint64_t t_us,
                    int64_t unit_micro, int32_t own)
{
    int64_t forced;

    if (!force_at(s, id, 0, t_us, &forced))
        return own;
    return (int32_t)clamp_i64(div_round(forced, unit_micro), INT32_MIN, INT32_MAX);
}

static bool said_flag(const struct pack_state *s, enum bms_path_id id, uint64_t t_us, bool own)
{
    return said(s, id, t_us, 1000000, own ? 1 : 0) != 0;
}

void state_decide(const struct pack_state *s, uint64_t t_us, struct decisions *ret)
{
    const struct logic *logic = &s->logic;
    struct decisions d = {.protections = logic_protections(logic), .warnings = logic->warnings};
    struct measured m;

    state_measure(s, t_us, &m);
    logic_limits(logic, &s->rules, &m, &d.limits);
    d.limits.cvl_mv = said(s, BMS_PATH_CVL, t_us, 1000, d.limits.cvl_mv);
    d.limits.dvl_mv = said(s, BMS_PATH_DVL, t_us, 1000, d.limits.dvl_mv);
    d.limits.ccl_ma = said(s, BMS_PATH_CCL, t_us, 1000, d.limits.ccl_ma);
    d.limits.dcl_ma = said(s, BMS_PATH_DCL, t_us, 1000, d.limits.dcl_ma);
    d.charge_enable = logic->charge_enable; /* force_apply has had its say on these two */
    d.discharge_enable = logic->discharge_enable;
    d.force_charge = said_flag(s, BMS_PATH_FORCE_CHARGE, t_us, logic->force_charge);
    d.full_charge_request =
        said_flag(s, BMS_PATH_FULL_CHARGE, t_us, logic_full_charge_request(logic, t_us));
    d.cycles =
        said(s, BMS_PATH_CYCLES, t_us, 1000000, (int32_t)floor(s->discharged_ah / s->rated_ah));
    for (unsigned i = 0; i < BMS_CONDITIONS; i++) {
        enum bms_path_id id = (enum bms_path_id)(BMS_PATH_WARNING + i);
        bool on = said_flag(s, id, t_us, (d.warnings & COND_BIT(i)) != 0);
        d.warnings = on ? d.warnings | COND_BIT(i) : d.warnings & ~COND_BIT(i);
    }
    for (unsigned i = 0; i < s->cells; i++) {
        int64_t forced = flag((logic->balancing >> i & 1U) != 0);
        force_at(s, BMS_PATH_CELL_BALANCING, i + 1, t_us, &forced);
        d.balancing |= forced != 0 ? UINT32_C(1) << i : 0;
    }
    *ret = d;
}

/* ---- truth ---- */

static double mean_temp_c(const struct pack_state *s, uint64_t t_us)
{
    double sum = 0.0;

    for (unsigned i = 1; i <= s->cells; i++)
        sum += state_cell_temp_c(s, i, t_us);
    return sum / s->cells;
}

/* Largest (sign 1) or smallest (sign -1) over the cells. */
static double extreme(const struct pack_state *s, uint64_t t_us, double sign,
                      double (*of)(const struct pack_state *, unsigned, uint64_t))
{
    double best = -HUGE_VAL;

    for (unsigned i = 1; i <= s->cells; i++)
        best = fmax(best, sign * of(s, i, t_us));
    return sign * best;
}

static bool get_cell(const struct pack_state *s, const struct bms_path *path, uint64_t t_us,
                     int64_t *ret)
{
    struct decisions d;

    if (path->cell < 1 || path->cell > s->cells)
        return false;
    if (path->id == BMS_PATH_CELL_VOLTAGE) {
        *ret = to_micro(state_cell_v(s, path->cell, t_us));
    } else if (path->id == BMS_PATH_CELL_TEMP) {
        *ret = to_micro(state_cell_temp_c(s, path->cell, t_us));
    } else {
        state_decide(s, t_us, &d);
        *ret = flag((d.balancing >> (path->cell - 1U) & 1U) != 0);
    }
    return true;
}

/* The values that the physics holds. */
static bool get_physics(const struct pack_state *s, uint16_t id, uint64_t t_us, double *ret)
{
    struct measured m;

    state_measure(s, t_us, &m);
    if (id == BMS_PATH_SOC)
        *ret = 100.0 * state_soc(s, t_us);
    else if (id == BMS_PATH_SOH)
        *ret = 100.0 * state_soh(s, t_us);
    else if (id == BMS_PATH_CURRENT)
        *ret = state_current_a(s, t_us);
    else if (id == BMS_PATH_VOLTAGE)
        *ret = m.pack_mv / 1000.0;
    else if (id == BMS_PATH_POWER)
        *ret = m.pack_mv / 1000.0 * state_current_a(s, t_us);
    else if (id == BMS_PATH_TEMP)
        *ret = mean_temp_c(s, t_us);
    else if (id == BMS_PATH_AMBIENT)
        *ret = state_ambient_c(s, t_us);
    else if (id == BMS_PATH_CAPACITY)
        *ret = state_full_ah(s, t_us);
    else if (id == BMS_PATH_REMAINING)
        *ret = state_full_ah(s, t_us) * state_soc(s, t_us);
    else if (id == BMS_PATH_CELL_MIN)
        *ret = extreme(s, t_us, -1.0, state_cell_v);
    else if (id == BMS_PATH_CELL_MAX)
        *ret = extreme(s, t_us, 1.0, state_cell_v);
    else if (id == BMS_PATH_TEMP_MIN)
        *ret = extreme(s, t_us, -1.0, state_cell_temp_c);
    else if (id == BMS_PATH_TEMP_MAX)
        *ret = extreme(s, t_us, 1.0, state_cell_temp_c);
    else if (id == BMS_PATH_MOS_TEMP)
        *ret = temperature(s, BMS_PATH_MOS_TEMP, s->mos_c, t_us);
    else if (id == BMS_PATH_BOARD_TEMP)
        *ret = temperature(s, BMS_PATH_BOARD_TEMP, s->board_c, t_us);
    else
        return false;
    return true;
}

/* The values that the BMS decides. */
static bool get_decided(const struct pack_state *s, uint16_t id, uint64_t t_us, int64_t *ret)
{
    struct decisions d;

    state_decide(s, t_us, &d);
    if (id == BMS_PATH_CYCLES)
        *ret = d.cycles * INT64_C(1000000);
    else if (id == BMS_PATH_CVL)
        *ret = d.limits.cvl_mv * INT64_C(1000);
    else if (id == BMS_PATH_DVL)
        *ret = d.limits.dvl_mv * INT64_C(1000);
    else if (id == BMS_PATH_CCL)
        *ret = d.limits.ccl_ma * INT64_C(1000);
    else if (id == BMS_PATH_DCL)
        *ret = d.limits.dcl_ma * INT64_C(1000);
    else if (id == BMS_PATH_CHARGE_ENABLE)
        *ret = flag(d.charge_enable);
    else if (id == BMS_PATH_DISCHARGE_ENABLE)
        *ret = flag(d.discharge_enable);
    else if (id == BMS_PATH_FORCE_CHARGE)
        *ret = flag(d.force_charge);
    else if (id == BMS_PATH_FULL_CHARGE)
        *ret = flag(d.full_charge_request);
    else if (id >= BMS_PATH_WARNING && id < BMS_PATH_PROTECTION)
        *ret = flag((d.warnings & COND_BIT(id - BMS_PATH_WARNING)) != 0);
    else if (id >= BMS_PATH_PROTECTION && id < BMS_PATH_STATE_BASE)
        *ret = flag((d.protections & COND_BIT(id - BMS_PATH_PROTECTION)) != 0);
    else
        return false;
    return true;
}

bool state_get(const struct pack_state *s, const struct bms_path *path, uint64_t t_us,
               int64_t *ret_micro)
{
    const struct bms_path_info *info = bms_path_info(path->id);
    double value;
    int64_t micro;

    if (info == NULL || !info->truth)
        return false;
    if (info->per_cell)
        return get_cell(s, path, t_us, ret_micro);
    if (get_physics(s, path->id, t_us, &value))
        *ret_micro = to_micro(value);
    else if (get_decided(s, path->id, t_us, &micro))
        *ret_micro = micro;
    else
        return false;
    return true;
}
