/* SPDX-License-Identifier: Apache-2.0
 *
 * Time in the pack: charge, RC pairs and heat, each solved exactly for a step of constant current,
 * on a grid of 100 ms that starts with the pack. Between the grid's points nothing is integrated,
 * so the state is the same however often it is asked for; a change from outside first closes the
 * open tick.
 */
#include <math.h>

#include "sim/model/pack_state.h"

#define REFRESH_TICKS 10 /* resistances follow temperature and charge once a second */

/* [C]: a case of 8 kg steel around 24 kg of cells; power stage and board of a US-series module. */
#define CASE_HEAT_SHARE 0.16            /* of the cells' heat capacity */
#define MOS_OHM_AH      (2.0e-3 * 74.0) /* shrinks as the product grows */
#define MOS_K_PER_W     1.0
#define MOS_IDLE_K      1.5
#define MOS_TAU_S       120.0
#define BOARD_IDLE_K    2.5 /* captures at rest: 2..3 K above the cells */
#define BOARD_K_PER_W   0.25
#define BOARD_TAU_S     300.0
#define SENSOR_TAU_S    60.0
#define BALANCER_A      0.15
#define IDLE_A          0.1 /* below this the base state is Idle */
#define SOC_MIN         (-0.03)
#define SOC_MAX         1.03

static double case_w_k(const struct pack_state *s)
{
    return s->cells * (cell_to_case_w_k(&s->type) + cell_case_to_air_w_k(&s->type));
}

void pack_decay_of(const struct pack_state *s, double dt_s, struct pack_decay *ret)
{
    double case_j_k = CASE_HEAT_SHARE * s->cells * s->type.heat_j_k;

    cell_decay_of(&s->type, dt_s, &ret->cell);
    ret->the_case = exp(-dt_s * case_w_k(s) / case_j_k);
    ret->mos = exp(-dt_s / MOS_TAU_S);
    ret->board = exp(-dt_s / BOARD_TAU_S);
    ret->sensor = exp(-dt_s / SENSOR_TAU_S);
}

/* ---- one step ---- */

static double toward(double value, double target, double decay)
{
    return target + (value - target) * decay;
}

static double mean_cell_c(const struct pack_state *s)
{
    double sum = 0.0;

    for (unsigned i = 0; i < s->cells; i++)
        sum += s->cell[i].temp_c;
    return sum / s->cells;
}

static void step_sensors(struct pack_state *s, double decay)
{
    for (unsigned k = 0; k < s->sensors; k++) {
        unsigned first, last;
        double sum = 0.0;
        state_sensor_cells(s, k, &first, &last);
        for (unsigned i = first; i < last; i++)
            sum += s->cell[i].temp_c;
        s->sensor_c[k] = toward(s->sensor_c[k], sum / (last - first), decay);
    }
}

static void step_heat(struct pack_state *s, const struct pack_decay *d, double current_a)
{
    double ambient_c = state_ambient_c(s, s->done_us);
    double to_case = cell_to_case_w_k(&s->type), to_air = cell_case_to_air_w_k(&s->type);
    double settled = (to_case * mean_cell_c(s) + to_air * ambient_c) / (to_case + to_air);
    double mos_w = current_a * current_a * MOS_OHM_AH / s->rated_ah;

    s->case_c = toward(s->case_c, settled, d->the_case);
    s->mos_c = toward(s->mos_c, s->case_c + MOS_IDLE_K + MOS_K_PER_W * mos_w, d->mos);
    s->board_c = toward(s->board_c, s->case_c + BOARD_IDLE_K + BOARD_K_PER_W * mos_w, d->board);
    step_sensors(s, d->sensor);
}

static void step_cells(struct pack_state *s, const struct pack_decay *d, double current_a,
                       double d_soc, double full_ah)
{
    double hysteresis = cell_hysteresis_decay(d_soc);
    double bled = BALANCER_A * d->cell.dt_s / 3600.0 / full_ah;

    for (unsigned i = 0; i < s->cells; i++) {
        struct cell *c = &s->cell[i];
        cell_step(c, &s->type, &d->cell, hysteresis, current_a, s->case_c);
        if ((s->logic.balancing >> i & 1U) != 0)
            c->bled += bled / c->k_capacity;
    }
}

static void step_phase(struct pack_state *s, double current_a, uint64_t t_us)
{
    int phase = current_a > IDLE_A ? 1 : current_a < -IDLE_A ? -1 : 0;

    if (phase != s->phase) {
        s->phase = phase;
        s->phase_us = t_us;
    }
}

static void step(struct pack_state *s, uint64_t t_us)
{
    double dt_s = (double)(t_us - s->done_us) / 1e6;
    /* the mean is exact for a constant current and for a ramp */
    double current_a = (state_current_a(s, s->done_us) + state_current_a(s, t_us)) / 2.0;
    double full_ah = state_full_ah(s, s->done_us);
    double d_soc = current_a * dt_s / 3600.0 / full_ah;
    struct pack_decay odd;
    const struct pack_decay *d = &s->tick_decay;

    if (t_us - s->done_us != PACK_TICK_US) {
        pack_decay_of(s, dt_s, &odd);
        d = &odd;
    }
    s->soc = fmin(fmax(s->soc + d_soc, SOC_MIN), SOC_MAX);
    step_phase(s, current_a, s->done_us);
    step_cells(s, d, current_a, d_soc, full_ah);
    step_heat(s, d, current_a);
    if (current_a < 0.0)
        s->discharged_ah -= current_a * dt_s / 3600.0;
    s->done_us = t_us;
    state_settle(s, t_us);
}

/* ---- the grid ---- */

static void refresh(struct pack_state *s)
{
    for (unsigned i = 0; i < s->cells; i++) {
        struct cell *c = &s->cell[i];
        c->r_factor = cell_resistance_factor(c->temp_c, cell_soc(c, s->soc));
    }
}

void state_advance(struct pack_state *s, uint64_t t_us)
{
    for (;;) {
        uint64_t next_us = s->start_us + (s->ticks + 1) * PACK_TICK_US;
        if (next_us > t_us)
            return;
        step(s, next_us);
        s->ticks++;
        if (s->ticks % REFRESH_TICKS == 0)
            refresh(s);
    }
}

void state_advance_exact(struct pack_state *s, uint64_t t_us)
{
    state_advance(s, t_us);
    if (t_us > s->done_us)
        step(s, t_us);
}
