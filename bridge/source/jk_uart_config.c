/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys that the source `jk-uart` adds to [battery NAME].
 */
#include "bridge/config_take.h"
#include "bridge/source/jk_uart_source.h"
#include "bridge/source/kind.h"

enum jk_uart_key { KEY_POLL = JK_CAPS, KEY_COUNT };

static const char *const keys[KEY_COUNT + 1] = {JK_CAP_KEYS, [KEY_POLL] = "poll"};

static void defaults(void *config, const char *name)
{
    jk_uart_config_init(config, name);
}

static bool take_key(struct conf_cursor *c, size_t key, void *config)
{
    struct jk_uart_config *p = config;

    if (key < JK_CAPS)
        return jk_cap_take(c, (enum jk_cap)key, &p->caps);
    return config_take_time(c, keys[KEY_POLL], 200 * US_PER_MS, 60 * US_PER_S, &p->poll_us);
}

static void check(struct conf_file *file, uint32_t line, uint64_t seen, const char *port,
                  void *config)
{
    const struct jk_uart_config *p = config;

    (void)port;
    if ((seen >> JK_CAP_CHARGE_MV & 1u) == 0)
        conf_error_at(file, line, 1,
                      "this source needs 'charge-voltage': the BMS does not tell how far it wants "
                      "to be charged");
    jk_caps_check(file, line, &p->caps);
}

static uint64_t period_us(const void *config)
{
    const struct jk_uart_config *p = config;

    return p->poll_us;
}

const struct source_kind jk_uart_kind = {
    .name = "jk-uart",
    .summary = "a JK BMS on its UART or RS485 adapter (\"4E 57\")",
    .wire = SOURCE_TTY,
    .config_size = sizeof(struct jk_uart_config),
    .keys = keys,
    .defaults = defaults,
    .key = take_key,
    .check = check,
    .period_us = period_us,
    .make = jk_uart_source_make,
};

_Static_assert(sizeof(struct jk_uart_config) <= SOURCE_CONFIG_MAX, "SOURCE_CONFIG_MAX");
