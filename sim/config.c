/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the sections [port] and [bms n]: one table of keys each, one reader per kind of value. Key
 * names are the ones of docs/scenario-language.md.
 */
#include "sim/config.h"

#include <string.h>

#include "sim/model/pack.h"

#define MILLI_OF_MICRO 1000LL

static const char *const devices[] = {"pylontech-console", NULL};
static const char *const paces[] = {"frame", "byte", "none", NULL}; /* enum sim_pace */
static const char *const layouts[] = {"P1", "P2", "P3", "P4", "PY", NULL};
static const char *const switches[] = {"off", "on", NULL};
static const char *const sessions[] = {"user", "debug", NULL};
static const char *const profiles[] = {"none", "solar-day", "step-charge", "inverter-burst",
                                       NULL}; /* enum sim_profile */
static const char *const starts[] = {"console", "frames", NULL};

enum port_key {
    PORT_DEVICE,
    PORT_PACE,
    PORT_LAYOUT,
    PORT_SLOTS,
    PORT_PROMPT,
    PORT_SESSION,
    PORT_BAUD,
    PORT_START,
    PORT_AWAKE_BAUD,
    PORT_EXCLAMATION,
    PORT_BLANK_AFTER_AT,
    PORT_INFO_N,
    PORT_SOH,
    PORT_STAT_N,
    PORT_LOGIN,
    PORT_PAGER,
    PORT_ANSWER_DELAY,
    PORT_ROW_GAP,
    PORT_CLOCK_YEAR,
    PORT_COUNT
};

static const char *const port_keys[PORT_COUNT + 1] = {
    [PORT_DEVICE] = "device",
    [PORT_PACE] = "pace",
    [PORT_LAYOUT] = "layout",
    [PORT_SLOTS] = "slots",
    [PORT_PROMPT] = "prompt",
    [PORT_SESSION] = "session",
    [PORT_BAUD] = "baud",
    [PORT_START] = "start",
    [PORT_AWAKE_BAUD] = "awake-baud",
    [PORT_EXCLAMATION] = "exclamation",
    [PORT_BLANK_AFTER_AT] = "blank-after-at",
    [PORT_INFO_N] = "info-n",
    [PORT_SOH] = "soh",
    [PORT_STAT_N] = "stat-n",
    [PORT_LOGIN] = "login",
    [PORT_PAGER] = "pager",
    [PORT_ANSWER_DELAY] = "answer-delay",
    [PORT_ROW_GAP] = "row-gap",
    [PORT_CLOCK_YEAR] = "clock-year",
};

enum bms_key {
    KEY_MODEL,
    KEY_SOC,
    KEY_SOH,
    KEY_CURRENT,
    KEY_TEMP,
    KEY_CYCLES,
    KEY_CELLS,
    KEY_CAPACITY,
    KEY_SPREAD,
    KEY_SERIAL,
    KEY_FIRMWARE,
    KEY_PRESENT,
    KEY_CLOCK_SKEW,
    KEY_TRIP_DELAY,
    KEY_PROFILE,
    KEY_COUNT
};

static const char *const bms_keys[KEY_COUNT + 1] = {
    [KEY_MODEL] = "model",
    [KEY_SOC] = "soc",
    [KEY_SOH] = "soh",
    [KEY_CURRENT] = "current",
    [KEY_TEMP] = "temp",
    [KEY_CYCLES] = "cycles",
    [KEY_CELLS] = "cells",
    [KEY_CAPACITY] = "capacity",
    [KEY_SPREAD] = "spread",
    [KEY_SERIAL] = "serial",
    [KEY_FIRMWARE] = "firmware",
    [KEY_PRESENT] = "present",
    [KEY_CLOCK_SKEW] = "clock-skew",
    [KEY_TRIP_DELAY] = "trip-delay",
    [KEY_PROFILE] = "profile",
};

const char *const *sim_config_port_keys(void)
{
    return port_keys;
}

const char *const *sim_config_bms_keys(void)
{
    return bms_keys;
}

void sim_config_init(struct sim_config *config)
{
    static const char default_device[] = "pylontech-console";
    static const char default_model[] = "pylontech.us3000c";

    *config = (struct sim_config){.pace = PACE_FRAME};
    memcpy(config->device, default_device, sizeof default_device);
    config->console = (struct sim_console){
        .baud = 115200,
        .pager = true,
        .answer_delay_us =
            20 * US_PER_MS, /* 5..50 ms: specification pylontech-console, section 10 */
    };
    for (size_t i = 0; i < SIM_MAX_BATTERIES; i++) {
        config->battery[i] = (struct sim_battery){
            .soc_pm = 600,
            .soh_pm = 1000,
            .temp_dc = 250,
            .cycles = 100,
            .spread_pm = -1,
            .trip_delay_ms = -1,
        };
        memcpy(config->battery[i].product, default_model, sizeof default_model);
    }
}

/* ---- readers, one per kind of value ---- */

static bool take_word(struct conf_cursor *c, const char *what, const char *const *known, char *out,
                      size_t cap)
{
    size_t i;

    if (!conf_take_known(c, what, known, &i))
        return false;
    span_to_str(span_str(known[i]), out, cap);
    return true;
}

static bool take_switch(struct conf_cursor *c, bool *ret)
{
    size_t i;

    if (!conf_take_known(c, "setting", switches, &i))
        return false;
    *ret = i == 1;
    return true;
}

/* `key off` sets a no_* flag. */
static bool take_switch_inverted(struct conf_cursor *c, bool *ret)
{
    bool on;

    if (!take_switch(c, &on))
        return false;
    *ret = !on;
    return true;
}

/* A quantity as a whole number of units of unit_micro, within min..max of them. */
static bool take_units(struct conf_cursor *c, enum dim dim, int64_t unit_micro, int64_t min,
                       int64_t max, int64_t *ret)
{
    const struct conf_token *at = conf_peek(c);
    char low[32] = "", high[32] = "";
    struct buf a = buf_of(low, sizeof low - 1), b = buf_of(high, sizeof high - 1);
    struct quantity q;

    if (!conf_take_quantity(c, dim, &q))
        return false;
    int64_t value = quantity_in(q, unit_micro);
    if (value >= min && value <= max) {
        *ret = value;
        return true;
    }
    quantity_format((struct quantity){min * unit_micro, dim}, &a);
    quantity_format((struct quantity){max * unit_micro, dim}, &b);
    conf_fail_at(c, at, "expected a %s between %s and %s", dim_name(dim), low, high);
    return false;
}

static bool take_units_i32(struct conf_cursor *c, enum dim dim, int64_t unit_micro, int64_t min,
                           int64_t max, int32_t *ret)
{
    int64_t value;

    if (!take_units(c, dim, unit_micro, min, max, &value))
        return false;
    *ret = (int32_t)value;
    return true;
}

static bool take_baud(struct conf_cursor *c, uint32_t *ret)
{
    int64_t value;

    if (!take_units(c, DIM_BAUD, 1000000, 50, 4000000, &value))
        return false;
    *ret = (uint32_t)value;
    return true;
}

static bool take_time(struct conf_cursor *c, uint64_t *ret_us)
{
    int64_t value;

    if (!take_units(c, DIM_TIME, 1, 0, 60 * (int64_t)US_PER_S, &value))
        return false;
    *ret_us = (uint64_t)value;
    return true;
}

static bool take_product(struct conf_cursor *c, char *out, size_t cap)
{
    return take_word(c, "model", product_names(), out, cap);
}

/* ---- sections ---- */

static bool take_session_start(struct conf_cursor *c, enum port_key key, struct sim_console *k)
{
    size_t i;

    if (key == PORT_SESSION) {
        if (!conf_take_known(c, "session", sessions, &i))
            return false;
        k->debug = i == 1;
    } else {
        if (!conf_take_known(c, "start mode", starts, &i))
            return false;
        k->start_frame_mode = i == 1;
    }
    return true;
}

static bool take_pace(struct conf_cursor *c, enum sim_pace *ret)
{
    size_t i;

    if (!conf_take_known(c, "pace", paces, &i))
        return false;
    *ret = (enum sim_pace)i;
    return true;
}

static bool take_count(struct conf_cursor *c, const char *what, int64_t max, int64_t *ret)
{
    return conf_take_int(c, what, 0, max, ret);
}

static bool take_port_value(struct sim_config *config, enum port_key key, struct conf_cursor *c)
{
    struct sim_console *k = &config->console;
    int64_t n;

    switch (key) {
    case PORT_DEVICE: return take_word(c, "device", devices, config->device, sizeof config->device);
    case PORT_PACE: return take_pace(c, &config->pace);
    case PORT_LAYOUT: return take_word(c, "layout", layouts, k->layout, sizeof k->layout);
    case PORT_SLOTS:
        if (!take_count(c, "a number of slots (0 = the product's)", SIM_MAX_BATTERIES, &n))
            return false;
        k->slots = (uint8_t)n;
        return true;
    case PORT_PROMPT: return conf_take_text(c, "a prompt", k->prompt, sizeof k->prompt);
    case PORT_SESSION:
    case PORT_START: return take_session_start(c, key, k);
    case PORT_BAUD: return take_baud(c, &k->baud);
    case PORT_AWAKE_BAUD: return take_baud(c, &k->awake_baud);
    case PORT_EXCLAMATION: return take_switch(c, &k->exclamation);
    case PORT_BLANK_AFTER_AT: return take_switch(c, &k->blank_after_at);
    case PORT_INFO_N: return take_switch_inverted(c, &k->no_info_n);
    case PORT_SOH: return take_switch_inverted(c, &k->no_soh);
    case PORT_STAT_N: return take_switch_inverted(c, &k->no_stat_n);
    case PORT_LOGIN: return take_switch_inverted(c, &k->no_login);
    case PORT_PAGER: return take_switch(c, &k->pager);
    case PORT_ANSWER_DELAY: return take_time(c, &k->answer_delay_us);
    case PORT_ROW_GAP: return take_time(c, &k->row_gap_us);
    case PORT_CLOCK_YEAR:
        if (!take_count(c, "a year (0 = the real one)", 2199, &n))
            return false;
        k->clock_year = (int32_t)n;
        return true;
    case PORT_COUNT: break;
    }
    return false;
}

bool sim_config_port_key(struct sim_config *config, struct conf_cursor *c)
{
    size_t key;

    return conf_take_known(c, "key of [port]", port_keys, &key) &&
           take_port_value(config, (enum port_key)key, c) && conf_expect_end(c);
}

static bool take_cells(struct conf_cursor *c, struct sim_battery *b)
{
    int64_t n;

    if (!conf_take_int(c, "a number of cells", 1, BATTERY_MAX_CELLS, &n))
        return false;
    b->cells = (uint8_t)n;
    return true;
}

static bool take_cycles(struct conf_cursor *c, struct sim_battery *b)
{
    int64_t n;

    if (!take_count(c, "a number of cycles", 1000000, &n))
        return false;
    b->cycles = (int32_t)n;
    return true;
}

static bool take_spread(struct conf_cursor *c, struct sim_battery *b)
{
    int64_t pm;

    if (!take_units(c, DIM_RATIO, 100 * MILLI_OF_MICRO, 0, 200, &pm))
        return false;
    b->spread_pm = (int16_t)pm;
    return true;
}

static bool take_profile(struct conf_cursor *c, enum sim_profile *ret)
{
    size_t i;

    if (!conf_take_known(c, "profile", profiles, &i))
        return false;
    *ret = (enum sim_profile)i;
    return true;
}

static bool take_bms_value(struct sim_battery *b, enum bms_key key, struct conf_cursor *c)
{
    const int64_t tenth = 100 * MILLI_OF_MICRO;

    switch (key) {
    case KEY_MODEL: return take_product(c, b->product, sizeof b->product);
    case KEY_SOC: return take_units_i32(c, DIM_RATIO, tenth, 0, 2000, &b->soc_pm);
    case KEY_SOH: return take_units_i32(c, DIM_RATIO, tenth, 100, 2000, &b->soh_pm);
    case KEY_CURRENT:
        return take_units_i32(c, DIM_CURRENT, MILLI_OF_MICRO, -2000000, 2000000, &b->current_ma);
    case KEY_TEMP: return take_units_i32(c, DIM_TEMPERATURE, tenth, -400, 1000, &b->temp_dc);
    case KEY_CYCLES: return take_cycles(c, b);
    case KEY_CELLS: return take_cells(c, b);
    case KEY_CAPACITY:
        return take_units_i32(c, DIM_CAPACITY, MILLI_OF_MICRO, 1000, 10000000, &b->capacity_mah);
    case KEY_SPREAD: return take_spread(c, b);
    case KEY_SERIAL: return conf_take_text(c, "a serial number", b->serial, sizeof b->serial);
    case KEY_FIRMWARE:
        return conf_take_text(c, "a firmware version", b->firmware, sizeof b->firmware);
    case KEY_PRESENT: return take_switch_inverted(c, &b->absent);
    case KEY_CLOCK_SKEW:
        return take_units_i32(c, DIM_TIME, 1000000, -86400 * 365, 86400 * 365, &b->clock_skew_s);
    case KEY_TRIP_DELAY: return take_units_i32(c, DIM_TIME, 1000, 0, 3600000, &b->trip_delay_ms);
    case KEY_PROFILE: return take_profile(c, &b->profile);
    case KEY_COUNT: break;
    }
    return false;
}

bool sim_config_bms_key(struct sim_config *config, unsigned n, struct conf_cursor *c)
{
    struct sim_battery *b = &config->battery[n - 1];
    size_t key;

    if (!conf_take_known(c, "key of [bms]", bms_keys, &key) ||
        !take_bms_value(b, (enum bms_key)key, c) || !conf_expect_end(c))
        return false;
    b->used = true;
    return true;
}

/* ---- across keys ---- */

static bool same_maker(const struct sim_config *config)
{
    const struct product *first = product_find(config->battery[0].product);

    for (size_t i = 1; i < SIM_MAX_BATTERIES; i++) {
        if (!config->battery[i].used)
            continue;
        const struct product *other = product_find(config->battery[i].product);
        if (first != NULL && other != NULL && strcmp(first->maker, other->maker) != 0)
            return false;
    }
    return true;
}

const char *sim_config_check(const struct sim_config *config)
{
    unsigned last = 0;

    for (unsigned i = 0; i < SIM_MAX_BATTERIES; i++) {
        if (!config->battery[i].used)
            continue;
        if (i != last)
            return "batteries are numbered from 1 without gaps; a module that is out of the stack "
                   "has `present off`";
        if (product_find(config->battery[i].product) == NULL)
            return "unknown model";
        last = i + 1;
    }
    if (last == 0)
        return "no battery: at least [bms 1] is needed";
    if (config->battery[0].absent)
        return "bms 1 is the master that answers for the stack; it cannot be absent";
    if (!same_maker(config))
        return "modules of different makers do not share a console";
    if (config->console.slots != 0 && config->console.slots < last)
        return "fewer slots than batteries";
    return NULL;
}
