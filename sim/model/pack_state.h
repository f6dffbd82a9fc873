/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a pack, for the files that make it up: pack.c (time), forced.c (what a scenario
 * dictates), measure.c (what the BMS sees). The state is a plain value: copying it is how the views
 * ask "what would be told now" and "what would be told otherwise" without touching the truth.
 */
#ifndef SIM_MODEL_PACK_STATE_H
#define SIM_MODEL_PACK_STATE_H

#include "sim/model/bms_logic.h"
#include "sim/model/cell.h"
#include "sim/model/pack.h"

/* ---- forced values ---- */

struct force {
    bool on;
    int64_t from_micro, to_micro;
    uint64_t start_us, duration_us; /* duration 0: constant */
};

/* One slot per path, cells apart. */
enum { FORCE_SLOTS = BMS_PATH_COUNT + 3 * BMS_MAX_CELLS };

/* ---- state ---- */

/* How far everything settles in one step. */
struct pack_decay {
    struct cell_decay cell;
    double the_case, mos, board, sensor;
};

enum { PACK_SENSORS = 6 }; /* at the cells: one for five cells */

struct pack_state {
    const struct product *product;
    uint8_t cells, sensors;
    double rated_ah;
    double soc;      /* what the physics says, may leave 0..1 a little */
    double demand_a; /* what the world outside pushes or draws; the BMS may open the path */
    enum sim_profile profile; /* or this */
    uint64_t profile_seed;
    bool profile_done;     /* a step charge has come to its end */
    struct limits allowed; /* what the BMS recommended last; a profile obeys */
    double ambient_c, case_c, board_c, mos_c;
    double sensor_c[PACK_SENSORS], sensor_offset_c[PACK_SENSORS];
    struct cell_type type;
    struct cell cell[BMS_MAX_CELLS];
    double soh;           /* 0..1 and above */
    double discharged_ah; /* in its whole life */
    int phase;            /* +1 charging, -1 discharging, 0 idle */
    uint64_t phase_us;    /* since when */

    uint64_t start_us;
    uint64_t done_us; /* integrated up to here */
    uint64_t ticks;   /* whole ticks since start */
    struct pack_decay tick_decay;

    struct rule_set rules;
    struct logic logic;
    unsigned n_forced; /* how many are on: most packs have none */
    struct force force[FORCE_SLOTS];
};

/* ---- forced.c ---- */

/* The slot of a path, FORCE_SLOTS when it has none (text, cell out of range). */
unsigned force_slot(const struct bms_path *path);
void force_put(struct pack_state *s, unsigned slot, struct force force);
/* The value forced on a path at time t; false when it is free. */
bool force_at(const struct pack_state *s, enum bms_path_id id, unsigned cell, uint64_t t_us,
              int64_t *ret_micro);
bool force_at_double(const struct pack_state *s, enum bms_path_id id, unsigned cell, uint64_t t_us,
                     double *ret);
/* Moves charge, heat and conditions to where the forced values say they are. */
void force_apply(struct pack_state *s, uint64_t t_us);
/* The scenario's word on the two enables, after the logic's. */
void force_enables(struct pack_state *s, uint64_t t_us);

/* ---- profile.c ---- */

/* What a profile wants to flow at time t. */
double profile_current_a(const struct pack_state *s, uint64_t t_us);
/* Notices the end of a step charge. */
void profile_settle(struct pack_state *s);

/* ---- measure.c ---- */

/* The cells [*first, *last) at a sensor: groups of equal size, the last takes what is left. */
void state_sensor_cells(const struct pack_state *s, unsigned sensor, unsigned *ret_first,
                        unsigned *ret_last);

/* Unrounded values, forced ones included. */
double state_current_a(const struct pack_state *s, uint64_t t_us);
double state_cell_v(const struct pack_state *s, unsigned cell, uint64_t t_us); /* 1-based */
double state_cell_temp_c(const struct pack_state *s, unsigned cell, uint64_t t_us);
double state_ambient_c(const struct pack_state *s, uint64_t t_us);
double state_soh(const struct pack_state *s, uint64_t t_us);
double state_full_ah(const struct pack_state *s, uint64_t t_us);
double state_soc(const struct pack_state *s, uint64_t t_us); /* as counted by the BMS, 0..1 */
void state_measure(const struct pack_state *s, uint64_t t_us, struct measured *ret);

/* What the BMS says on top of what it measures. */
struct decisions {
    struct limits limits;
    bool charge_enable, discharge_enable, force_charge, full_charge_request;
    uint32_t warnings, protections, balancing;
    int32_t cycles;
};
void state_decide(const struct pack_state *s, uint64_t t_us, struct decisions *ret);
/* Truth of any path, micro-units. */
bool state_get(const struct pack_state *s, const struct bms_path *path, uint64_t t_us,
               int64_t *ret_micro);

/* ---- pack.c ---- */

/* Applies what is forced and lets the BMS decide, at time t, without integrating. */
void state_settle(struct pack_state *s, uint64_t t_us);

/* ---- step.c ---- */

enum { PACK_TICK_US = 100000 };

void pack_decay_of(const struct pack_state *s, double dt_s, struct pack_decay *ret);
/* Integrates up to t: whole ticks of a grid that starts with the pack, so that the result does not
 * depend on how often it is asked for. */
void state_advance(struct pack_state *s, uint64_t t_us);
/* The rest of a tick, up to t exactly: before something changes. */
void state_advance_exact(struct pack_state *s, uint64_t t_us);

#endif
