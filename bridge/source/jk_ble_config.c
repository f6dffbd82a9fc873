/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys that the source `jk-ble` adds to [battery NAME].
 */
#include <string.h>

#include "bridge/config_take.h"
#include "bridge/source/jk_ble_source.h"
#include "bridge/source/kind.h"

enum jk_ble_key { KEY_REFRESH = JK_CAPS, KEY_SILENT, KEY_COUNT };

static const char *const keys[KEY_COUNT + 1] = {
    JK_CAP_KEYS,
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

    if (key < JK_CAPS)
        return jk_cap_take(c, (enum jk_cap)key, &k->caps);
    if (key == KEY_REFRESH) /* limits that are older than 120 s are unknown */
        return config_take_time(c, keys[key], 10 * US_PER_S, 100 * US_PER_S, &k->refresh_us);
    return config_take_time(c, keys[key], 2 * US_PER_S, 60 * US_PER_S, &k->silent_us);
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
    jk_caps_check(file, line, &k->caps);
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
