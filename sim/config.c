/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the sections [port] and [bms n]: one table of keys each, one reader per kind of value. Key
 * names are the ones of docs/scenario-language.md.
 */
#include "sim/config.h"

#include <string.h>

#include "sim/config_take.h"
#include "sim/model/pack.h"

#define MILLI_OF_MICRO 1000LL

static const char *const paces[] = {"frame", "byte", "none", NULL}; /* enum sim_pace */
static const char *const profiles[] = {"none", "solar-day", "step-charge", "inverter-burst",
                                       NULL}; /* enum sim_profile */

enum { PORT_DEVICE, PORT_PACE, PORT_OWN_KEYS };

static const char *const port_keys[PORT_OWN_KEYS] = {
    [PORT_DEVICE] = "device", [PORT_PACE] = "pace"};

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

void sim_config_port_keys(const struct device_kind *kind, const char *ret[SIM_PORT_KEYS_MAX + 1])
{
    size_t n = 0;

    for (size_t i = 0; i < PORT_OWN_KEYS; i++)
        ret[n++] = port_keys[i];
    for (size_t i = 0; kind->keys[i] != NULL; i++)
        ret[n++] = kind->keys[i];
    ret[n] = NULL;
}

const char *const *sim_config_bms_keys(void)
{
    return bms_keys;
}

/* The device's own keys come and go with it, and so does the model of batteries that name none. */
static void choose_device(struct sim_config *config, const struct device_kind *kind)
{
    for (size_t i = 0; i < SIM_MAX_BATTERIES; i++) {
        struct sim_battery *b = &config->battery[i];
        if (config->kind == NULL || strcmp(b->product, config->kind->model) == 0)
            span_to_str(span_str(kind->model), b->product, sizeof b->product);
    }
    config->kind = kind;
    kind->defaults(config->knobs);
}

void sim_config_init(struct sim_config *config)
{
    *config = (struct sim_config){.pace = PACE_FRAME};
    for (size_t i = 0; i < SIM_MAX_BATTERIES; i++) {
        config->battery[i] = (struct sim_battery){
            .soc_pm = 600,
            .soh_pm = 1000,
            .temp_dc = 250,
            .cycles = 100,
            .spread_pm = -1,
            .trip_delay_ms = -1,
        };
    }
    choose_device(config, device_kind_at(0));
}

static bool take_product(struct conf_cursor *c, char *out, size_t cap)
{
    return sim_take_word(c, "model", product_names(), out, cap);
}

/* ---- sections ---- */

static bool take_pace(struct conf_cursor *c, enum sim_pace *ret)
{
    size_t i;

    if (!conf_take_known(c, "pace", paces, &i))
        return false;
    *ret = (enum sim_pace)i;
    return true;
}

static bool take_device(struct conf_cursor *c, struct sim_config *config)
{
    const struct conf_token *at = conf_peek(c);
    const char *names[DEVICE_KINDS_MAX + 1] = {NULL};
    size_t chosen;

    for (size_t i = 0; device_kind_at(i) != NULL; i++)
        names[i] = device_kind_at(i)->name;
    if (!conf_take_known(c, "device", names, &chosen))
        return false;
    if (config->has_port_keys && device_kind_at(chosen) != config->kind) {
        conf_fail_at(c, at,
                     "'device' must stand above the other keys of [port]: it decides which "
                     "there are");
        return false;
    }
    if (device_kind_at(chosen) != config->kind)
        choose_device(config, device_kind_at(chosen));
    return true;
}

bool sim_config_port_key(struct sim_config *config, struct conf_cursor *c)
{
    const char *keys[SIM_PORT_KEYS_MAX + 1];
    size_t key;
    bool ok = false;

    sim_config_port_keys(config->kind, keys);
    if (!conf_take_known(c, "key of [port]", keys, &key))
        return false;
    switch (key) {
    case PORT_DEVICE: ok = take_device(c, config); break;
    case PORT_PACE: ok = take_pace(c, &config->pace); break;
    default:
        config->has_port_keys = true;
        ok = config->kind->key(c, key - PORT_OWN_KEYS, config->knobs);
        break;
    }
    return ok && conf_expect_end(c);
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

    if (!sim_take_count(c, "a number of cycles", 1000000, &n))
        return false;
    b->cycles = (int32_t)n;
    return true;
}

static bool take_spread(struct conf_cursor *c, struct sim_battery *b)
{
    int64_t pm;

    if (!sim_take_units(c, DIM_RATIO, 100 * MILLI_OF_MICRO, 0, 200, &pm))
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
    case KEY_SOC: return sim_take_units_i32(c, DIM_RATIO, tenth, 0, 2000, &b->soc_pm);
    case KEY_SOH: return sim_take_units_i32(c, DIM_RATIO, tenth, 100, 2000, &b->soh_pm);
    case KEY_CURRENT:
        return sim_take_units_i32(c, DIM_CURRENT, MILLI_OF_MICRO, -2000000, 2000000,
                                  &b->current_ma);
    case KEY_TEMP: return sim_take_units_i32(c, DIM_TEMPERATURE, tenth, -400, 1000, &b->temp_dc);
    case KEY_CYCLES: return take_cycles(c, b);
    case KEY_CELLS: return take_cells(c, b);
    case KEY_CAPACITY:
        return sim_take_units_i32(c, DIM_CAPACITY, MILLI_OF_MICRO, 1000, 10000000,
                                  &b->capacity_mah);
    case KEY_SPREAD: return take_spread(c, b);
    case KEY_SERIAL: return conf_take_text(c, "a serial number", b->serial, sizeof b->serial);
    case KEY_FIRMWARE:
        return conf_take_text(c, "a firmware version", b->firmware, sizeof b->firmware);
    case KEY_PRESENT: return sim_take_switch_inverted(c, &b->absent);
    case KEY_CLOCK_SKEW:
        return sim_take_units_i32(c, DIM_TIME, 1000000, -86400 * 365, 86400 * 365,
                                  &b->clock_skew_s);
    case KEY_TRIP_DELAY:
        return sim_take_units_i32(c, DIM_TIME, 1000, 0, 3600000, &b->trip_delay_ms);
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
    return config->kind->check(config, config->knobs);
}
