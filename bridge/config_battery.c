/* SPDX-License-Identifier: Apache-2.0
 *
 * [battery NAME]: `source` and `port` are read here, the rest by the source that was chosen.
 */
#include <string.h>

#include "bridge/config_priv.h"

enum { KEY_SOURCE, KEY_PORT, OWN_KEYS };

static const char *const own_keys[OWN_KEYS] = {[KEY_SOURCE] = "source", [KEY_PORT] = "port"};

void config_battery_default(struct config_battery *b, const char *name)
{
    *b = (struct config_battery){0};
    span_to_str(span_str(name), b->name, sizeof b->name);
}

void config_battery_keys(const struct config_battery *b,
                         const char *ret[CONFIG_BATTERY_KEYS_MAX + 1])
{
    size_t n = 0;

    for (size_t i = 0; i < OWN_KEYS; i++)
        ret[n++] = own_keys[i];
    for (size_t i = 0; b->kind != NULL && b->kind->keys[i] != NULL; i++)
        ret[n++] = b->kind->keys[i];
    ret[n] = NULL;
}

static bool take_source(struct conf_cursor *c, struct config_battery *b)
{
    const char *names[SOURCE_KINDS_MAX + 1] = {NULL};
    struct span word = conf_peek(c)->text;
    const char *meant = NULL;
    size_t chosen = 0;

    for (size_t i = 0; source_kind_at(i) != NULL; i++)
        names[i] = source_kind_at(i)->name;
    bool known = conf_take_known(c, "source", names, &chosen);
    if (!known) /* a slip of the pen: what stands below can still be read and its errors shown */
        meant = conf_nearest(word, names);
    for (size_t i = 0; meant != NULL && names[i] != NULL; i++)
        chosen = strcmp(names[i], meant) == 0 ? i : chosen;
    if (!known && meant == NULL)
        return false;
    b->kind = source_kind_at(chosen);
    b->kind->defaults(b->settings, b->name);
    return known;
}

bool config_battery_key(struct conf_cursor *c, size_t key, struct config_battery *b)
{
    switch (key) {
    case KEY_SOURCE: return take_source(c, b);
    case KEY_PORT: return conf_take_text(c, "a port", b->port, sizeof b->port);
    default: return b->kind->key(c, key - OWN_KEYS, b->settings);
    }
}

void config_battery_check(struct conf_file *file, uint32_t line, uint64_t seen,
                          struct config_battery *b)
{
    b->line = line;
    for (unsigned i = 0; i < OWN_KEYS; i++) {
        if ((seen >> i & 1u) == 0)
            conf_error_at(file, line, 1, "this section needs '%s'", own_keys[i]);
    }
    if (b->kind != NULL)
        b->kind->check(file, line, seen >> OWN_KEYS, b->port, b->settings);
}
