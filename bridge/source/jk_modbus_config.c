/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys that the source `jk-modbus` adds to [battery NAME].
 */
#include "bridge/config_take.h"
#include "bridge/source/jk_modbus_source.h"
#include "bridge/source/kind.h"

enum jk_modbus_key { KEY_UNITS = JK_CAPS, KEY_POLL, KEY_GAP, KEY_BAUD, KEY_COUNT };

static const char *const keys[KEY_COUNT + 1] = {
    JK_CAP_KEYS, [KEY_UNITS] = "units", [KEY_POLL] = "poll", [KEY_GAP] = "gap", [KEY_BAUD] = "baud",
};

static void defaults(void *config, const char *name)
{
    jk_modbus_config_init(config, name);
}

/* Protocol 001 is 115200 baud, 013 the same at 9600. */
static bool take_baud(struct conf_cursor *c, uint32_t *ret)
{
    int64_t baud = 0;

    if (!config_take(c, keys[KEY_BAUD], DIM_BAUD, 1000000, 1200, 4000000, &baud))
        return false;
    *ret = (uint32_t)baud;
    return true;
}

static bool take_key(struct conf_cursor *c, size_t key, void *config)
{
    struct jk_modbus_config *p = config;

    if (key < JK_CAPS)
        return jk_cap_take(c, (enum jk_cap)key, &p->caps);
    switch ((enum jk_modbus_key)key) {
    case KEY_UNITS: return jk_units_take(c, 1, &p->units);
    case KEY_POLL:
        return config_take_time(c, keys[key], 200 * US_PER_MS, 60 * US_PER_S, &p->units.poll_us);
    case KEY_GAP: return config_take_time(c, keys[key], 50 * US_PER_MS, 5 * US_PER_S, &p->gap_us);
    case KEY_BAUD: return take_baud(c, &p->baud);
    case KEY_COUNT: break;
    }
    return false;
}

static void check(struct conf_file *file, uint32_t line, uint64_t seen, const char *port,
                  void *config)
{
    const struct jk_modbus_config *p = config;

    (void)seen;
    (void)port;
    jk_caps_check(file, line, &p->caps);
}

static uint64_t period_us(const void *config)
{
    const struct jk_modbus_config *p = config;

    return p->units.poll_us;
}

const struct source_kind jk_modbus_kind = {
    .name = "jk-modbus",
    .summary = "JK-PB packs on RS485, read by Modbus",
    .wire = SOURCE_TTY,
    .config_size = sizeof(struct jk_modbus_config),
    .keys = keys,
    .defaults = defaults,
    .key = take_key,
    .check = check,
    .period_us = period_us,
    .make = jk_modbus_source_make,
};

_Static_assert(sizeof(struct jk_modbus_config) <= SOURCE_CONFIG_MAX, "SOURCE_CONFIG_MAX");
