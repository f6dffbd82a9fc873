/* SPDX-License-Identifier: Apache-2.0
 *
 * Source of the numbers: the table of open-circuit voltages is the mean of BPX lfp_18650_cell
 * (About:Energy) and the C/32 measurement of an APR18650M1B; the equivalent circuit and the heat
 * are two rows, 74 Ah and 280 Ah, and a power law through both for other sizes.
 */
#include "sim/model/cell.h"

#include <math.h>
#include <stddef.h>

/* ---- open-circuit voltage ---- */

/* Charge, voltage, and the slope of the curve there: the weighted harmonic mean of the slopes on
 * both sides (Fritsch and Butland 1984), which keeps a cubic through the points monotone. */
struct point {
    double s, mv, mv_per_s;
};

static const struct point ocv_table[] = {
    {0.000, 2005, 75100.0}, {0.010, 2756, 23742.4}, {0.020, 2897, 11351.7}, {0.030, 2992, 7179.4},
    {0.050, 3102, 3541.6},  {0.075, 3166, 1519.1},  {0.100, 3193, 571.8},   {0.150, 3211, 403.9},
    {0.200, 3234, 449.8},   {0.250, 3256, 370.5},   {0.300, 3272, 161.8},   {0.400, 3282, 82.4},
    {0.500, 3289, 78.8},    {0.600, 3298, 112.3},   {0.650, 3305, 149.3},   {0.700, 3313, 149.3},
    {0.750, 3320, 116.7},   {0.800, 3325, 84.0},    {0.900, 3332, 64.1},    {0.950, 3335, 63.4},
    {0.980, 3337, 154.2},   {0.990, 3362, 3986.0},  {0.995, 3400, 12987.0}, {1.000, 3623, 44600.0},
};
#define N_OCV (sizeof ocv_table / sizeof ocv_table[0])

#define OCV_FLOOR_MV   300.0
#define OCV_CEILING_MV 4500.0

/* The cubic between points i and i + 1 (Hermite). */
static double cubic(size_t i, double s)
{
    const struct point *a = &ocv_table[i], *b = &ocv_table[i + 1];
    double h = b->s - a->s;
    double t = (s - a->s) / h;
    double rise = b->mv - a->mv;
    double c2 = 3.0 * rise - h * (2.0 * a->mv_per_s + b->mv_per_s);
    double c3 = h * (a->mv_per_s + b->mv_per_s) - 2.0 * rise;

    return a->mv + t * (h * a->mv_per_s + t * (c2 + t * c3));
}

double cell_ocv(double s)
{
    double mv;

    if (s <= 0.0) {
        mv = ocv_table[0].mv + s * ocv_table[0].mv_per_s;
    } else if (s >= 1.0) {
        mv = ocv_table[N_OCV - 1].mv + (s - 1.0) * ocv_table[N_OCV - 1].mv_per_s;
    } else {
        size_t i = 0;
        while (s >= ocv_table[i + 1].s)
            i++;
        mv = cubic(i, s);
    }
    return fmin(fmax(mv, OCV_FLOOR_MV), OCV_CEILING_MV) / 1000.0;
}

/* ---- the equivalent circuit ---- */

static const double small_ah = 74.0, large_ah = 280.0;

/* The power law through (74 Ah, small) and (280 Ah, large). */
static double scaled(double capacity_ah, double small, double large)
{
    return small * pow(capacity_ah / small_ah, log(large / small) / log(large_ah / small_ah));
}

void cell_type_of(double capacity_ah, struct cell_type *ret)
{
    *ret = (struct cell_type){
        .r0_ohm = scaled(capacity_ah, 0.90e-3, 0.25e-3),
        .r1_ohm = scaled(capacity_ah, 0.60e-3, 0.15e-3),
        .r2_ohm = scaled(capacity_ah, 0.80e-3, 0.20e-3),
        .tau1_s = scaled(capacity_ah, 30.0, 40.0),
        .tau2_s = scaled(capacity_ah, 900.0, 1200.0),
        .heat_j_k = scaled(capacity_ah, 1600.0, 5400.0),
        /* 0.57 W/K for 280 Ah; the surface goes with mass^(2/3) */
        .cooling_w_k = 0.57 * pow(scaled(capacity_ah, 1.6, 5.4) / 5.4, 2.0 / 3.0),
    };
}

/* What the BMS calls 0 % and 100 %: 2.756 V and 3.400 V at rest. */
#define SOC_BOTTOM 0.010
#define SOC_TOP    0.995

double cell_soc(const struct cell *cell, double soc)
{
    return SOC_TOP + cell->offset - cell->bled -
           (1.0 - soc) * (SOC_TOP - SOC_BOTTOM) / cell->k_capacity;
}

double cell_resistance_factor(double temp_c, double s)
{
    double edge = 2.0 * fmin(fmax(s, 0.0), 1.0) - 1.0;

    return exp(2400.0 * (1.0 / (temp_c + 273.15) - 1.0 / 298.15)) *
           (1.0 + 0.2 * edge * edge * edge * edge);
}

double cell_voltage(const struct cell *cell, const struct cell_type *type, double s,
                    double current_a)
{
    return cell_ocv(s) + cell->hysteresis + cell->v1 + cell->v2 +
           current_a * type->r0_ohm * cell->k_resistance * cell->r_factor;
}

/* ---- steps ---- */

#define HYSTERESIS_V   0.008
#define HYSTERESIS_SOC 0.02

double cell_to_case_w_k(const struct cell_type *type)
{
    return 4.0 * type->cooling_w_k;
}

/* In series with the above this gives cooling_w_k. */
double cell_case_to_air_w_k(const struct cell_type *type)
{
    return type->cooling_w_k * 4.0 / 3.0;
}

void cell_decay_of(const struct cell_type *type, double dt_s, struct cell_decay *ret)
{
    *ret = (struct cell_decay){
        .dt_s = dt_s,
        .e1 = exp(-dt_s / type->tau1_s),
        .e2 = exp(-dt_s / type->tau2_s),
        .heat = exp(-dt_s * cell_to_case_w_k(type) / type->heat_j_k),
    };
}

double cell_hysteresis_decay(double d_soc)
{
    return exp(-fabs(d_soc) / HYSTERESIS_SOC);
}

void cell_step(struct cell *cell, const struct cell_type *type, const struct cell_decay *decay,
               double hysteresis_decay, double current_a, double case_c)
{
    double k = cell->k_resistance * cell->r_factor;
    double r0 = k * type->r0_ohm, r1 = k * type->r1_ohm, r2 = k * type->r2_ohm;
    double heat_w =
        current_a * current_a * r0 + cell->v1 * cell->v1 / r1 + cell->v2 * cell->v2 / r2;
    double settled_c = case_c + heat_w / cell_to_case_w_k(type);

    cell->v1 = current_a * r1 + (cell->v1 - current_a * r1) * decay->e1;
    cell->v2 = current_a * r2 + (cell->v2 - current_a * r2) * decay->e2;
    cell->temp_c = settled_c + (cell->temp_c - settled_c) * decay->heat;
    if (current_a != 0.0) {
        double target = current_a > 0.0 ? HYSTERESIS_V : -HYSTERESIS_V;
        cell->hysteresis = target + (cell->hysteresis - target) * hysteresis_decay;
    }
}
