/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys that the source `jk-bus` adds to [battery NAME].
 */
#include "bridge/config_take.h"
#include "bridge/source/jk_bus_source.h"
#include "bridge/source/kind.h"

enum jk_bus_key { KEY_UNITS = JK_CAPS, KEY_POLL, KEY_MODE, KEY_COUNT };

static const char *const keys[KEY_COUNT + 1] = {
    JK_CAP_KEYS,
    [KEY_UNITS] = "units",
    [KEY_POLL] = "poll",
    [KEY_MODE] = "mode",
};

/* A JK master asks each pack once in this time. */
static const uint64_t cycle_us = 4400 * US_PER_MS;

static void defaults(void *config, const char *name)
{
    jk_bus_config_init(config, name);
}

static bool take_mode(struct conf_cursor *c, bool *ret_listen_only)
{
    static const char *const modes[] = {"auto", "listen", NULL};
    size_t mode = 0;

    if (!conf_take_known(c, keys[KEY_MODE], modes, &mode))
        return false;
    *ret_listen_only = mode == 1;
    return true;
}

static bool take_key(struct conf_cursor *c, size_t key, void *config)
{
    struct jk_bus_config *p = config;

    if (key < JK_CAPS)
        return jk_cap_take(c, (enum jk_cap)key, &p->caps);
    switch ((enum jk_bus_key)key) {
    case KEY_UNITS: return jk_units_take(c, 0, &p->units);
    case KEY_POLL:
        return config_take_time(c, keys[key], 200 * US_PER_MS, 60 * US_PER_S, &p->units.poll_us);
    case KEY_MODE: return take_mode(c, &p->listen_only);
    case KEY_COUNT: break;
    }
    return false;
}

static void check(struct conf_file *file, uint32_t line, uint64_t seen, const char *port,
                  void *config)
{
    const struct jk_bus_config *p = config;

    (void)seen;
    (void)port;
    if (p->units.mask == 1 && !p->listen_only)
        conf_error_at(file, line, 1, "unit 0 answers nobody: 'mode listen' hears it");
    jk_caps_check(file, line, &p->caps);
}

static uint64_t period_us(const void *config)
{
    const struct jk_bus_config *p = config;

    return p->listen_only && p->units.poll_us < cycle_us ? cycle_us : p->units.poll_us;
}

const struct source_kind jk_bus_kind = {
    .name = "jk-bus",
    .summary = "JK-PB packs on the RS485 bus between them, asked or overheard",
    .wire = SOURCE_TTY,
    .config_size = sizeof(struct jk_bus_config),
    .keys = keys,
    .defaults = defaults,
    .key = take_key,
    .check = check,
    .period_us = period_us,
    .make = jk_bus_source_make,
};

_Static_assert(sizeof(struct jk_bus_config) <= SOURCE_CONFIG_MAX, "SOURCE_CONFIG_MAX");
