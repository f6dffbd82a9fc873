/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys that the source `pylontech-console` adds to [battery NAME].
 */
#include <string.h>

#include "bridge/config_take.h"
#include "bridge/source/kind.h"
#include "bridge/source/pylontech_console.h"

enum pylontech_key {
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

static const char *const keys[KEY_COUNT + 1] = {
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

static void defaults(void *config, const char *name)
{
    struct pylontech_console_config *p = config;

    *p = (struct pylontech_console_config){.limits = pylontech_limits_default(),
                                           .poll_us = US_PER_S};
    span_to_str(span_str(name), p->link.name, sizeof p->link.name);
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

static bool take_key(struct conf_cursor *c, size_t key, void *config)
{
    struct pylontech_console_config *p = config;
    struct pylontech_limits *l = &p->limits;
    const char *name = keys[key];
    enum pylontech_key k = (enum pylontech_key)key;

    switch (k) {
    case KEY_POLL: return config_take_time(c, name, 200 * US_PER_MS, 60 * US_PER_S, &p->poll_us);
    case KEY_BAUD: return take_baud(c, &p->link.baud);
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

static void check(struct conf_file *file, uint32_t line, uint64_t seen, const char *port,
                  void *config)
{
    struct pylontech_console_config *p = config;
    const struct pylontech_limits *l = &p->limits;

    (void)seen;
    p->link.serial = strncmp(port, "tcp:", 4) != 0;
    if (l->cell_over_release_mv >= l->cell_over_mv)
        conf_error_at(file, line, 1, "cell-overvoltage must be released below where it trips");
    if (l->cell_under_release_mv <= l->cell_under_mv)
        conf_error_at(file, line, 1, "cell-undervoltage must be released above where it trips");
    if (l->cell_under_release_mv >= l->cell_over_release_mv)
        conf_error_at(file, line, 1, "cell-undervoltage and cell-overvoltage overlap");
    if (l->charge_mv > 0 && l->discharge_mv >= l->charge_mv)
        conf_error_at(file, line, 1, "discharge-voltage must be below charge-voltage");
}

static uint64_t period_us(const void *config)
{
    const struct pylontech_console_config *p = config;

    return p->poll_us;
}

const struct source_kind pylontech_console_kind = {
    .name = "pylontech-console",
    .summary = "a Pylontech stack behind the text console of its master",
    .wire = SOURCE_TTY,
    .config_size = sizeof(struct pylontech_console_config),
    .keys = keys,
    .defaults = defaults,
    .key = take_key,
    .check = check,
    .period_us = period_us,
    .make = pylontech_console_make,
};

_Static_assert(sizeof(struct pylontech_console_config) <= SOURCE_CONFIG_MAX, "SOURCE_CONFIG_MAX");
