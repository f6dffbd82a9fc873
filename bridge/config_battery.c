/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys of [battery NAME].
 */
#include <string.h>

#include "bridge/config_priv.h"

enum battery_key {
    KEY_SOURCE,
    KEY_PORT,
    KEY_POLL,
    KEY_BAUD,
    KEY_CAPACITY,
    KEY_CHARGE_LIMIT,
    KEY_DISCHARGE_LIMIT,
    KEY_CHARGE_VOLTAGE,
    KEY_DISCHARGE_VOLTAGE,
    KEY_CELL_OVERVOLTAGE,
    KEY_CELL_UNDERVOLTAGE,
    KEY_CELL_HIGH,
    KEY_CELL_LOW,
    KEY_CHARGE_TEMPERATURE,
    KEY_DISCHARGE_TEMPERATURE,
    KEY_COUNT
};

const char *const config_battery_keys[KEY_COUNT + 1] = {
    [KEY_SOURCE] = "source",
    [KEY_PORT] = "port",
    [KEY_POLL] = "poll",
    [KEY_BAUD] = "baud",
    [KEY_CAPACITY] = "capacity",
    [KEY_CHARGE_LIMIT] = "charge-limit",
    [KEY_DISCHARGE_LIMIT] = "discharge-limit",
    [KEY_CHARGE_VOLTAGE] = "charge-voltage",
    [KEY_DISCHARGE_VOLTAGE] = "discharge-voltage",
    [KEY_CELL_OVERVOLTAGE] = "cell-overvoltage",
    [KEY_CELL_UNDERVOLTAGE] = "cell-undervoltage",
    [KEY_CELL_HIGH] = "cell-high",
    [KEY_CELL_LOW] = "cell-low",
    [KEY_CHARGE_TEMPERATURE] = "charge-temperature",
    [KEY_DISCHARGE_TEMPERATURE] = "discharge-temperature",
};

void config_battery_default(struct config_battery *b, const char *name)
{
    *b = (struct config_battery){
        .console = {.limits = pylontech_limits_default(), .poll_us = US_PER_S},
    };
    span_to_str(span_str(name), b->name, sizeof b->name);
    span_to_str(span_str(name), b->console.link.name, sizeof b->console.link.name);
}

static bool take_source(struct conf_cursor *c)
{
    static const char *const sources[] = {"pylontech-console", NULL};
    size_t i = 0;

    return conf_take_known(c, "source", sources, &i);
}

static bool take_baud(struct conf_cursor *c, uint32_t *ret)
{
    int64_t baud = 0;

    if (conf_accept(c, "auto")) {
        *ret = 0;
        return true;
    }
    if (!config_take(c, "baud", DIM_BAUD, 1000000, 1200, 4000000, &baud))
        return false;
    *ret = (uint32_t)baud;
    return true;
}

static bool take_cell(struct conf_cursor *c, const char *name, int32_t *ret)
{
    return config_take_i32(c, name, DIM_VOLTAGE, 1000, 1500, 4500, ret);
}

/* "3.65 V", or with where it ends: "3.65 V release 3.50 V" */
static bool take_threshold(struct conf_cursor *c, const char *name, int32_t by, int32_t *ret,
                           int32_t *ret_release)
{
    if (!take_cell(c, name, ret))
        return false;
    *ret_release = *ret + by;
    return !conf_accept(c, "release") || take_cell(c, "release", ret_release);
}

static bool take_current(struct conf_cursor *c, const char *name, int32_t *ret)
{
    return config_take_i32(c, name, DIM_CURRENT, 1000, 100, 1000000, ret);
}

static bool take_voltage(struct conf_cursor *c, const char *name, int32_t *ret)
{
    return config_take_i32(c, name, DIM_VOLTAGE, 1000, 20000, 65000, ret);
}

bool config_battery_key(struct conf_cursor *c, size_t key, struct config_battery *b)
{
    struct pylontech_limits *l = &b->console.limits;
    const char *name = config_battery_keys[key];
    enum battery_key k = (enum battery_key)key;

    switch (k) {
    case KEY_SOURCE: return take_source(c);
    case KEY_PORT: return conf_take_text(c, "a port", b->port, sizeof b->port);
    case KEY_POLL:
        return config_take_time(c, name, 200 * US_PER_MS, 60 * US_PER_S, &b->console.poll_us);
    case KEY_BAUD: return take_baud(c, &b->console.link.baud);
    case KEY_CAPACITY:
        return config_take_i32(c, name, DIM_CAPACITY, 1000, 1000, 1000000, &l->capacity_mah);
    case KEY_CHARGE_LIMIT: return take_current(c, name, &l->charge_ma);
    case KEY_DISCHARGE_LIMIT: return take_current(c, name, &l->discharge_ma);
    case KEY_CHARGE_VOLTAGE: return take_voltage(c, name, &l->charge_mv);
    case KEY_DISCHARGE_VOLTAGE: return take_voltage(c, name, &l->discharge_mv);
    case KEY_CELL_OVERVOLTAGE:
        return take_threshold(c, name, -150, &l->cell_over_mv, &l->cell_over_release_mv);
    case KEY_CELL_UNDERVOLTAGE:
        return take_threshold(c, name, 150, &l->cell_under_mv, &l->cell_under_release_mv);
    case KEY_CELL_HIGH: return take_cell(c, name, &l->cell_high_mv);
    case KEY_CELL_LOW: return take_cell(c, name, &l->cell_low_mv);
    case KEY_CHARGE_TEMPERATURE:
        return config_take_window(c, name, &l->charge_min_dc, &l->charge_max_dc);
    case KEY_DISCHARGE_TEMPERATURE:
        return config_take_window(c, name, &l->discharge_min_dc, &l->discharge_max_dc);
    case KEY_COUNT: break;
    }
    return false;
}

static void need(struct conf_file *file, uint32_t line, uint64_t seen, enum battery_key key)
{
    if ((seen >> key & 1u) == 0)
        conf_error_at(file, line, 1, "this section needs '%s'", config_battery_keys[key]);
}

void config_battery_check(struct conf_file *file, uint32_t line, uint64_t seen,
                          struct config_battery *b)
{
    const struct pylontech_limits *l = &b->console.limits;

    need(file, line, seen, KEY_SOURCE);
    need(file, line, seen, KEY_PORT);
    b->console.link.serial = strncmp(b->port, "tcp:", 4) != 0;
    if (l->cell_over_release_mv >= l->cell_over_mv)
        conf_error_at(file, line, 1, "cell-overvoltage must be released below where it trips");
    if (l->cell_under_release_mv <= l->cell_under_mv)
        conf_error_at(file, line, 1, "cell-undervoltage must be released above where it trips");
    if (l->cell_under_release_mv >= l->cell_over_release_mv)
        conf_error_at(file, line, 1, "cell-undervoltage and cell-overvoltage overlap");
    if (l->charge_mv > 0 && l->discharge_mv >= l->charge_mv)
        conf_error_at(file, line, 1, "discharge-voltage must be below charge-voltage");
}
