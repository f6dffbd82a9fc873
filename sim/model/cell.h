/* SPDX-License-Identifier: Apache-2.0
 *
 * One LFP cell: open-circuit voltage with hysteresis, a series resistance and two RC pairs, heat.
 * Equations, parameters and their sources: docs/simulator-model.md.
 */
#ifndef SIM_MODEL_CELL_H
#define SIM_MODEL_CELL_H

/* What a cell of a given capacity is like. */
struct cell_type {
    double r0_ohm, r1_ohm, r2_ohm; /* at 25 C and half charge */
    double tau1_s, tau2_s;
    double heat_j_k;    /* heat capacity */
    double cooling_w_k; /* to the air, through the case */
};

void cell_type_of(double capacity_ah, struct cell_type *ret);

struct cell {
    double k_capacity; /* against the weakest cell, >= 1 */
    double k_resistance;
    double offset;     /* state of charge against the pack's, at full */
    double bled;       /* what the balancer has taken out, as a state of charge */
    double v1, v2;     /* over the RC pairs, V */
    double hysteresis; /* V */
    double temp_c;
    double r_factor; /* temperature and state of charge, for all three resistances */
};

/* The open-circuit voltage in V at 25 C; s is 0..1 and may lie a little outside. Monotone. */
double cell_ocv(double s);

/* State of charge of the cell when the BMS counts `soc` (0..1): the pack is balanced at the top, so
 * the cells drift apart on the way down. */
double cell_soc(const struct cell *cell, double soc);

/* How much larger than nominal the resistances are. */
double cell_resistance_factor(double temp_c, double s);

/* Terminal voltage at that state of charge and current (+ charges). */
double cell_voltage(const struct cell *cell, const struct cell_type *type, double s,
                    double current_a);

/* How far the RC pairs decay in one step, for all cells of a pack. */
struct cell_decay {
    double dt_s;
    double e1, e2, heat; /* exp(-dt / tau) */
};
/* How much of the old hysteresis is left when the state of charge has moved by d_soc. */
double cell_hysteresis_decay(double d_soc);
void cell_decay_of(const struct cell_type *type, double dt_s, struct cell_decay *ret);

/* Advances RC pairs, hysteresis and temperature by one step of constant current. */
void cell_step(struct cell *cell, const struct cell_type *type, const struct cell_decay *decay,
               double hysteresis_decay, double current_a, double case_c);

/* Heat flows from cell to case four times as easily as through the case to the air. */
double cell_to_case_w_k(const struct cell_type *type);
double cell_case_to_air_w_k(const struct cell_type *type);

#endif
