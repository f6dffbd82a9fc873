/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys that the source `pylon-can` adds to [battery NAME].
 */
#include <string.h>

#include "bridge/config_take.h"
#include "bridge/source/kind.h"
#include "bridge/source/pylon_can_source.h"

enum pylon_can_key { KEY_DIALECT, KEY_PERIOD, KEY_KEEPALIVE, KEY_WITHOUT, KEY_COUNT };

static const char *const keys[KEY_COUNT + 1] = {
    [KEY_DIALECT] = "dialect",
    [KEY_PERIOD] = "period",
    [KEY_KEEPALIVE] = "keepalive",
    [KEY_WITHOUT] = "without",
};

static void defaults(void *config, const char *name)
{
    struct pylon_can_source_config *p = config;

    *p = (struct pylon_can_source_config){0};
    span_to_str(span_str(name), p->name, sizeof p->name);
}

static bool take_dialect(struct conf_cursor *c, const struct pylon_can_dialect **ret)
{
    const char *const *names = pylon_can_names();
    size_t i = 0;

    if (conf_accept(c, "auto")) {
        *ret = NULL;
        return true;
    }
    if (!conf_take_known(c, "dialect", names, &i))
        return false;
    *ret = pylon_can_find(names[i]);
    return true;
}

static bool take_keepalive(struct conf_cursor *c, uint64_t *ret)
{
    if (conf_accept(c, "off")) {
        *ret = 0;
        return true;
    }
    return config_take_time(c, keys[KEY_KEEPALIVE], 100 * US_PER_MS, 60 * US_PER_S, ret);
}

/* Without these there is nothing to read. */
static bool is_indispensable(uint64_t id)
{
    return id == 0x351 || id == 0x355 || id == 0x356 || id == 0x311 || id == 0x313;
}

/* "35A 35C" */
static bool take_without(struct conf_cursor *c, struct pylon_can_source_config *p)
{
    do {
        const struct conf_token *at = conf_peek(c);
        char text[16];
        uint64_t id = 0;

        if (!conf_take_text(c, "the id of a frame, like 35A", text, sizeof text))
            return false;
        if (!parse_hex(span_str(text), 0x7FF, &id)) {
            conf_fail_at(c, at, "expected the id of a frame in hex, like 35A");
            return false;
        }
        if (is_indispensable(id)) {
            conf_fail_at(c, at, "without %03X there is nothing to read", (unsigned)id);
            return false;
        }
        if (p->n_without == PYLON_CAN_WITHOUT_MAX) {
            conf_fail_at(c, at, "more than %d ids", (int)PYLON_CAN_WITHOUT_MAX);
            return false;
        }
        p->without[p->n_without++] = (uint16_t)id;
    } while (!conf_at_end(c));
    return true;
}

static bool take_key(struct conf_cursor *c, size_t key, void *config)
{
    struct pylon_can_source_config *p = config;
    enum pylon_can_key k = (enum pylon_can_key)key;

    switch (k) {
    case KEY_DIALECT: return take_dialect(c, &p->dialect);
    case KEY_PERIOD:
        return config_take_time(c, keys[k], 100 * US_PER_MS, 60 * US_PER_S, &p->period_us);
    case KEY_KEEPALIVE: return take_keepalive(c, &p->keepalive_us);
    case KEY_WITHOUT: return take_without(c, p);
    case KEY_COUNT: break;
    }
    return false;
}

static void check(struct conf_file *file, uint32_t line, uint64_t seen, const char *port,
                  void *config)
{
    struct span name = span_str(port);
    bool prefixed = span_starts(name, "slcan:") || span_starts(name, "hub:");

    (void)seen;
    (void)config;
    if (!prefixed && strpbrk(port, "/:") != NULL)
        conf_error_at(file, line, 1,
                      "port: a CAN bus is an interface like can0, slcan:DEVICE or hub:SOCKET, not "
                      "'%s'",
                      port);
}

static uint64_t period_us(const void *config)
{
    const struct pylon_can_source_config *p = config;

    return pylon_can_source_period(p, p->dialect);
}

const struct source_kind pylon_can_kind = {
    .name = "pylon-can",
    .summary = "a battery that sends Pylontech, Victron or SMA frames on a CAN bus",
    .wire = SOURCE_CAN,
    .config_size = sizeof(struct pylon_can_source_config),
    .keys = keys,
    .defaults = defaults,
    .key = take_key,
    .check = check,
    .period_us = period_us,
    .make = pylon_can_source_make,
};

_Static_assert(sizeof(struct pylon_can_source_config) <= SOURCE_CONFIG_MAX, "SOURCE_CONFIG_MAX");
