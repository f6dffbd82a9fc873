/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys that the source `jk-ble` adds to [battery NAME].
 */
#include <string.h>

#include "bridge/config_take.h"
#include "bridge/source/jk_ble_source.h"
#include "bridge/source/kind.h"

enum jk_ble_key {
    KEY_CHARGE_VOLTAGE,
    KEY_DISCHARGE_VOLTAGE,
    KEY_CHARGE_LIMIT,
    KEY_DISCHARGE_LIMIT,
    KEY_REFRESH,
    KEY_SILENT,
    KEY_COUNT
};

static const char *const keys[KEY_COUNT + 1] = {
    [KEY_CHARGE_VOLTAGE] = "charge-voltage",
    [KEY_DISCHARGE_VOLTAGE] = "discharge-voltage",
    [KEY_CHARGE_LIMIT] = "charge-limit",
    [KEY_DISCHARGE_LIMIT] = "discharge-limit",
    [KEY_REFRESH] = "refresh",
    [KEY_SILENT] = "silent",
};

enum { NAME_MAX = 63 };

static void defaults(void *config, const char *name)
{
    jk_ble_config_init(config, name);
}

static bool take_key(struct conf_cursor *c, size_t key, void *config)
{
    struct jk_ble_config *k = config;
    enum jk_ble_key which = (enum jk_ble_key)key;

    switch (which) {
    case KEY_CHARGE_VOLTAGE:
        return config_take_i32(c, keys[key], DIM_VOLTAGE, 1000, 5000, 150000,
                               &k->charge_voltage_mv);
    case KEY_DISCHARGE_VOLTAGE:
        return config_take_i32(c, keys[key], DIM_VOLTAGE, 1000, 5000, 150000,
                               &k->discharge_voltage_mv);
    case KEY_CHARGE_LIMIT:
        return config_take_i32(c, keys[key], DIM_CURRENT, 1000, 1, 1000000, &k->charge_limit_ma);
    case KEY_DISCHARGE_LIMIT:
        return config_take_i32(c, keys[key], DIM_CURRENT, 1000, 1, 1000000, &k->discharge_limit_ma);
    case KEY_REFRESH:
        return config_take_time(c, keys[key], 10 * US_PER_S, 24 * 3600 * US_PER_S, &k->refresh_us);
    case KEY_SILENT:
        return config_take_time(c, keys[key], 2 * US_PER_S, 60 * US_PER_S, &k->silent_us);
    case KEY_COUNT: break;
    }
    return false;
}

static void check(struct conf_file *file, uint32_t line, uint64_t seen, const char *port,
                  void *config)
{
    const struct jk_ble_config *k = config;
    struct span text = span_str(port);

    (void)seen;
    if (!span_starts(text, "ble:") || text.n == 4 || text.n > 4 + NAME_MAX)
        conf_error_at(file, line, 1,
                      "port: a Bluetooth battery is ble:C8:47:8C:12:34:56 or ble: and its name, "
                      "not '%s'",
                      port);
    if (k->charge_voltage_mv != 0 && k->discharge_voltage_mv >= k->charge_voltage_mv)
        conf_error_at(file, line, 1, "discharge-voltage must be below charge-voltage");
}

/* It is not polled: the BMS speaks by itself, every 0.43 to 0.54 s. */
static uint64_t period_us(const void *config)
{
    (void)config;
    return US_PER_S;
}

const struct source_kind jk_ble_kind = {
    .name = "jk-ble",
    .summary = "a JK BMS over Bluetooth LE",
    .wire = SOURCE_BLE,
    .config_size = sizeof(struct jk_ble_config),
    .keys = keys,
    .defaults = defaults,
    .key = take_key,
    .check = check,
    .period_us = period_us,
    .make = jk_ble_source_make,
};

_Static_assert(sizeof(struct jk_ble_config) <= SOURCE_CONFIG_MAX, "SOURCE_CONFIG_MAX");
