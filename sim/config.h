/* SPDX-License-Identifier: Apache-2.0
 *
 * What a simulated port is made of: its device with knobs ([port] of a scenario, options of
 * bms-sim) and the batteries behind it ([bms n]). Keys are read through the conf cursor so that
 * errors carry line, column and the known words.
 */
#ifndef SIM_CONFIG_H
#define SIM_CONFIG_H

#include "base/conf.h"

enum { SIM_MAX_BATTERIES = 16 };

enum sim_pace {
    PACE_FRAME, /* a reply leaves whole at the instant its last byte would be on the wire (default)
                 */
    PACE_BYTE,  /* byte by byte (up to 19200 baud) or in pieces of at most 1 ms */
    PACE_NONE,  /* at once: tests of throughput */
};

/* What charges and draws, when it is not a constant current (docs/simulator-model.md). */
enum sim_profile {
    PROFILE_NONE,        /* current_ma */
    PROFILE_SOLAR_DAY,   /* a day from sunrise on: sun with clouds by seed, a household's load */
    PROFILE_STEP_CHARGE, /* half the capacity per hour up to 3.45 V a cell, then constant voltage */
    PROFILE_INVERTER_BURST, /* every second another load: none, a fifth or all of the capacity per
                               hour */
};

/* One battery. Everything has a default from its product. */
struct sim_battery {
    bool used;
    char product[40]; /* "pylontech.us3000c" */
    int32_t soc_pm, soh_pm, current_ma, temp_dc, cycles;
    uint8_t cells;        /* 0: the product's */
    int32_t capacity_mah; /* 0: the product's */
    int16_t spread_pm;    /* spread of cell capacities and resistances; -1: default */
    char serial[24], firmware[32];
    bool absent;           /* starts out of the stack */
    int32_t clock_skew_s;  /* its own clock against the master's */
    int32_t trip_delay_ms; /* of voltage and temperature protections; -1: the product's */
    enum sim_profile profile;
};

/* The console's knobs (specification pylontech-console section 16). */
struct sim_console {
    char layout[8];        /* "" = the master's product; P1 P2 P3 P4 PY */
    uint8_t slots;         /* 0 = product: 8, 16, or only present rows (P4) */
    char prompt[24];       /* "" = product: pylon> or PYTES> */
    bool debug;            /* session starts in pylon_debug> */
    uint32_t baud;         /* 115200 */
    bool start_frame_mode; /* speaks frames at 1200 until the wake-up frame */
    uint32_t awake_baud;   /* after the wake-up; 0 = baud */
    bool exclamation, blank_after_at;
    bool no_info_n, no_soh, no_stat_n, no_login;
    bool pager;
    uint64_t answer_delay_us; /* Enter to first byte of the body */
    uint64_t row_gap_us;
    int32_t clock_year; /* 0 = real; 2000: a console whose clock was lost */
};

struct sim_config {
    char device[32]; /* "pylontech-console" */
    enum sim_pace pace;
    struct sim_console console;
    struct sim_battery battery[SIM_MAX_BATTERIES]; /* [0] is bms 1 */
};

void sim_config_init(struct sim_config *config);
/* One `key value` line of [port]; the cursor stands at the key. False after reporting an error. */
bool sim_config_port_key(struct sim_config *config, struct conf_cursor *c);
/* One `key value` line of [bms n], n from 1 to SIM_MAX_BATTERIES; the battery is used from then on.
 * (A section without keys: set battery[n - 1].used yourself.) */
bool sim_config_bms_key(struct sim_config *config, unsigned n, struct conf_cursor *c);
/* What is wrong across keys (no battery at all, unknown product mix, ...); NULL when fine. */
const char *sim_config_check(const struct sim_config *config);
/* Canonical text of a section's line is the line itself; this lists the keys for --help and lint.
 */
const char *const *sim_config_port_keys(void);
const char *const *sim_config_bms_keys(void);

#endif
