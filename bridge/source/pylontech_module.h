/* SPDX-License-Identifier: Apache-2.0
 *
 * One module of a Pylontech stack as the console has described it so far, and the picture of it as
 * a battery: measured values from the newest `pwr`, details from the slower commands while they are
 * young enough, and the limits, which the console does not tell in user mode.
 *
 * How the limits come about (docs/bridge.md has the table):
 *   start     `pwrsys` when it is known, else the product's recommendation; a configured limit
 * instead, but never more than the hardware limit of `info` near full two fifths from 95 % on
 * (until below 93 %); less and less from 3.45 V in the highest cell (back up 25 mV lower); mirrored
 * for the lowest cell
 *   warnings  of current and temperature: half
 *   protections, cell and temperature windows: zero, with hysteresis
 */
#ifndef BRIDGE_SOURCE_PYLONTECH_MODULE_H
#define BRIDGE_SOURCE_PYLONTECH_MODULE_H

#include "proto/pylon_console/pylon_battery.h"

/* What the user may change; 0 in the last group means "not set". */
struct pylontech_limits {
    int32_t cell_over_mv, cell_over_release_mv;
    int32_t cell_under_mv, cell_under_release_mv;
    int32_t cell_high_mv, cell_low_mv; /* warnings; released 30 mV inside */
    int16_t charge_min_dc, charge_max_dc;
    int16_t discharge_min_dc, discharge_max_dc;
    int32_t charge_ma, discharge_ma; /* of one module */
    int32_t charge_mv, discharge_mv;
    int32_t capacity_mah;
};
struct pylontech_limits pylontech_limits_default(void);

/* A slow command's newest answer and when it came. */
struct module_times {
    uint64_t row_us, bat_us, pwr_n_us, stat_us, info_us; /* 0: never */
};

struct pylontech_module {
    bool present;
    bool identified; /* `info` was read, or will not be had */
    bool verify;     /* read `info` again: the stack changed */
    bool impossible; /* its rows cannot be true, and not just once: it is left out */
    uint8_t tries;   /* failed attempts to identify it */
    uint8_t missing; /* good tables in a row without it, up to the one that says it has left */
    struct module_times at;
    struct module_times asked; /* when the command was last sent, for the round robin */
    struct pylon_pwr_row row;
    struct pylon_bat bat;
    struct pylon_module pwr_n;
    struct pylon_stat stat;
    struct pylon_info info;
    /* what `bat` and `pwr N` claimed although the row before them showed otherwise: the console
     * contradicts itself, and only a new answer to the same command ends that, or a row that has
     * come to say the same */
    uint32_t contested_bat, contested_pwr_n;
    /* what only `bat`, only `pwr N` says: with every new row it is asked again */
    uint32_t claims_bat, claims_pwr_n;
    /* hysteresis */
    uint32_t tripped; /* COND_BIT set: our own protections */
    uint32_t warned;  /* COND_BIT set: our own warnings */
    bool near_full;
    bool forced;
    int32_t charge_cut_pm, discharge_cut_pm; /* what the tapers take away, 0.1 % */
    /* the newest picture */
    bool published;
    bool cells_differ; /* the cells of `bat` no longer fit the row */
    struct battery out;
};

/* Forgets everything. */
void pylontech_module_reset(struct pylontech_module *m);

/* Its product name, from `info` or from the table (PY); "" when unknown. */
const char *pylontech_module_device(const struct pylontech_module *m);
/* Its rated capacity; 0: unknown. */
int32_t pylontech_module_capacity(const struct pylontech_module *m,
                                  const struct pylontech_limits *limits);

/* Sets limits and enables. *b holds the measured values, the alarms, and the hardware's current
 * limits where `info` told them. */
void pylontech_module_limits(const struct pylontech_module *m,
                             const struct pylontech_limits *limits, const struct pylon_system *sys,
                             struct battery *b);

/* Follows the tapers: down at the voltages of their steps, up again 25 mV further inside. */
void pylontech_module_taper(struct pylontech_module *m, const struct battery *b);

/* What the newest row says against an answer to `bat` or `pwr N` that has just come. */
uint32_t pylontech_module_contested(const struct pylontech_module *m,
                                    const struct pylontech_limits *limits);

/* Builds m->out from what is known at this time. `sys`: the newest `pwrsys`, NULL: none. */
void pylontech_module_picture(struct pylontech_module *m, const struct pylontech_limits *limits,
                              const struct pylon_system *sys, uint64_t now_us);

/* A row that is not believed yet: what it warns of counts at once, what it measures does not. */
void pylontech_module_alarm(struct pylontech_module *m, const struct pylontech_limits *limits,
                            const struct pylon_system *sys, const struct pylon_pwr_row *row,
                            uint64_t now_us);

#endif
