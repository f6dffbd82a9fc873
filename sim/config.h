/* SPDX-License-Identifier: Apache-2.0
 *
 * What a simulated port is made of: its device with knobs ([port] of a scenario, options of
 * bms-sim) and the batteries behind it ([bms n]). Keys are read through the conf cursor so that
 * errors carry line, column and the known words.
 */
#ifndef SIM_CONFIG_H
#define SIM_CONFIG_H

#include <stddef.h>

#include "base/conf.h"
#include "sim/device/kind.h"

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

struct sim_config {
    const struct device_kind *kind; /* never NULL */
    enum sim_pace pace;
    bool has_port_keys; /* a key of [port] was read: it is too late for another device */
    /* The device's own struct; its first kind->knobs_size bytes. */
    _Alignas(max_align_t) unsigned char knobs[DEVICE_KNOBS_MAX];
    struct sim_battery battery[SIM_MAX_BATTERIES]; /* [0] is bms 1 */
};

/* A port with the first device of the list. */
void sim_config_init(struct sim_config *config);
/* One `key value` line of [port]; the cursor stands at the key. False after reporting an error. The
 * key `device` decides which others there are, so it comes first. */
bool sim_config_port_key(struct sim_config *config, struct conf_cursor *c);
/* One `key value` line of [bms n], n from 1 to SIM_MAX_BATTERIES; the battery is used from then on.
 * (A section without keys: set battery[n - 1].used yourself.) */
bool sim_config_bms_key(struct sim_config *config, unsigned n, struct conf_cursor *c);
/* What is wrong across keys (no battery at all, unknown product mix, ...); NULL when fine. */
const char *sim_config_check(const struct sim_config *config);
/* The keys, for --help and lint: of the port with this device, and of a battery. */
enum { SIM_PORT_KEYS_MAX = 2 + DEVICE_KEYS_MAX };
void sim_config_port_keys(const struct device_kind *kind, const char *ret[SIM_PORT_KEYS_MAX + 1]);
const char *const *sim_config_bms_keys(void);

#endif
