/* SPDX-License-Identifier: Apache-2.0
 *
 * See jk_units.h.
 */
#include "bridge/source/jk_units.h"

static const uint64_t settings_us = 10 * US_PER_S;
static const uint64_t settings_each_us = 3 * US_PER_S; /* so much more seldom for each pack */
static const uint64_t info_us = 60 * US_PER_S;
static const uint64_t look_first_us = US_PER_S;
static const uint64_t look_most_us = 10 * US_PER_S;
static const uint64_t look_listed_us = 5 * US_PER_S;
static const uint64_t look_unseen_us = 30 * US_PER_S;
/* What a look for an absent unit takes, and for how long it may be put off for the polls' sake. */
static const uint64_t look_cost_us = 350 * US_PER_MS;
static const uint64_t look_patience_us = 3 * US_PER_S;

enum { ABSENT_AFTER = 3, INFO_TRIES = 3 };

static bool is_listed(const struct jk_units_config *config, unsigned unit)
{
    return (config->mask & 1u << unit) != 0;
}

void jk_units_start(struct jk_units *u, const struct jk_units_config *config, uint64_t now_us)
{
    *u = (struct jk_units){.config = *config};
    for (unsigned i = 0; i < JK_UNITS; i++) {
        struct jk_unit *unit = &u->unit[i];
        for (unsigned a = 0; a < JK_ASKS; a++)
            unit->due_us[a] = is_listed(config, i) ? now_us : NEVER_US;
        unit->wait_us = look_first_us;
    }
}

unsigned jk_units_present(const struct jk_units *u)
{
    unsigned n = 0;

    for (unsigned i = 0; i < JK_UNITS; i++)
        n += u->unit[i].present ? 1 : 0;
    return n;
}

/* The present unit that waits longest; NEVER_US: there is none. */
static uint64_t next_present(const struct jk_units *u, uint8_t *ret_unit, enum jk_ask *ret_ask)
{
    static const enum jk_ask order[JK_ASKS] = {JK_ASK_SETTINGS, JK_ASK_CELLS, JK_ASK_INFO};
    uint64_t first_us = NEVER_US;

    for (unsigned i = 0; i < JK_UNITS; i++) {
        for (unsigned k = 0; k < JK_ASKS && u->unit[i].present; k++) {
            if (u->unit[i].due_us[order[k]] >= first_us)
                continue;
            first_us = u->unit[i].due_us[order[k]];
            *ret_unit = (uint8_t)i;
            *ret_ask = order[k];
        }
    }
    return first_us;
}

static uint64_t next_absent(const struct jk_units *u, uint8_t *ret_unit)
{
    uint64_t first_us = NEVER_US;

    for (unsigned i = 0; i < JK_UNITS; i++) {
        uint64_t due_us = u->unit[i].due_us[JK_ASK_SETTINGS];
        if (!is_listed(&u->config, i) || u->unit[i].present || due_us >= first_us)
            continue;
        first_us = due_us;
        *ret_unit = (uint8_t)i;
    }
    return first_us;
}

bool jk_units_next(const struct jk_units *u, uint64_t now_us, uint8_t *ret_unit,
                   enum jk_ask *ret_ask, uint64_t *ret_next_us)
{
    uint8_t absent = 0;
    uint64_t poll_us = next_present(u, ret_unit, ret_ask);
    uint64_t look_us = next_absent(u, &absent);
    bool gap = poll_us >= deadline_add(now_us, look_cost_us);

    if (!gap) /* only when it has been put off for long enough, and one at a time */
        look_us = u->looked ? NEVER_US : deadline_add(look_us, look_patience_us);
    if (look_us <= now_us && (gap || look_us < poll_us)) {
        *ret_unit = absent;
        *ret_ask = JK_ASK_SETTINGS;
        return true;
    }
    *ret_next_us = deadline_min(poll_us, look_us);
    return poll_us <= now_us;
}

static bool any_seen(const struct jk_units *u)
{
    bool any = false;

    for (unsigned i = 0; i < JK_UNITS; i++)
        any = any || u->unit[i].seen;
    return any;
}

static uint64_t look_again_us(const struct jk_units *u, struct jk_unit *unit)
{
    if (jk_units_present(u) == 0) /* nobody is disturbed; those that were here first */
        return unit->seen || !any_seen(u) ? look_first_us : look_listed_us;
    if (!unit->seen)
        return u->config.listed ? look_listed_us : look_unseen_us;
    uint64_t wait_us = unit->wait_us;
    unit->wait_us = wait_us * 2 < look_most_us ? wait_us * 2 : look_most_us;
    return wait_us;
}

/* Never so often that no time is left for the cells. */
static uint64_t settings_period_us(const struct jk_units *u)
{
    uint64_t all_us = jk_units_present(u) * settings_each_us;

    return all_us > settings_us ? all_us : settings_us;
}

void jk_units_asked(struct jk_units *u, uint8_t unit, enum jk_ask ask, uint64_t now_us)
{
    struct jk_unit *at = &u->unit[unit % JK_UNITS];

    u->looked = !at->present;
    if (!at->present) {
        at->due_us[JK_ASK_SETTINGS] = now_us + look_again_us(u, at);
        return;
    }
    if (ask != JK_ASK_CELLS) {
        at->due_us[ask] = now_us + (ask == JK_ASK_INFO ? info_us : settings_period_us(u));
        return;
    }
    uint64_t late_us = now_us > at->due_us[ask] ? now_us - at->due_us[ask] : 0;
    at->due_us[ask] += (late_us / u->config.poll_us + 1) * u->config.poll_us;
}

bool jk_units_answered(struct jk_units *u, uint8_t unit, enum jk_ask ask, uint64_t now_us)
{
    struct jk_unit *at = &u->unit[unit % JK_UNITS];
    bool fresh = !at->present;

    at->heard_us = now_us;
    at->misses = 0;
    if (ask == JK_ASK_INFO)
        at->info_tries = 0;
    if (!fresh)
        return false;
    at->present = true;
    at->seen = true;
    at->wait_us = look_first_us;
    at->info_tries = 0;
    at->due_us[JK_ASK_SETTINGS] = ask == JK_ASK_SETTINGS ? now_us + settings_period_us(u) : now_us;
    at->due_us[JK_ASK_CELLS] = now_us + 1; /* behind the settings: */
    at->due_us[JK_ASK_INFO] = now_us + 2;  /* without limits they are of no use */
    return true;
}

bool jk_units_missed(struct jk_units *u, uint8_t unit, enum jk_ask ask, uint64_t now_us)
{
    struct jk_unit *at = &u->unit[unit % JK_UNITS];

    if (!at->present)
        return false;
    switch (ask) {
    case JK_ASK_SETTINGS: at->due_us[ask] = now_us + look_first_us; return false;
    case JK_ASK_INFO:
        at->info_tries = at->info_tries < INFO_TRIES ? at->info_tries + 1 : at->info_tries;
        if (at->info_tries < INFO_TRIES)
            at->due_us[ask] = now_us + look_first_us;
        return false;
    case JK_ASK_CELLS: break;
    case JK_ASKS: return false;
    }
    if (++at->misses < ABSENT_AFTER)
        return false;
    at->present = false;
    at->misses = 0;
    at->due_us[JK_ASK_SETTINGS] = now_us + look_again_us(u, at);
    return true;
}

void jk_units_again(struct jk_units *u, uint8_t unit, enum jk_ask ask, uint64_t now_us)
{
    struct jk_unit *at = &u->unit[unit % JK_UNITS];

    if (at->present)
        at->due_us[ask] = now_us;
}

/* ---- places ---- */

static unsigned bits_below(uint16_t mask, unsigned end)
{
    unsigned n = 0;

    for (unsigned i = 0; i < end && i < JK_UNITS; i++)
        n += (mask & 1u << i) != 0 ? 1 : 0;
    return n;
}

unsigned jk_units_capacity(const struct jk_units_config *config)
{
    return bits_below(config->mask, JK_UNITS);
}

unsigned jk_units_index(const struct jk_units_config *config, uint8_t unit)
{
    return bits_below(config->mask, unit);
}

bool jk_units_take(struct conf_cursor *c, uint8_t first, struct jk_units_config *config)
{
    uint16_t mask = 0;

    do {
        const struct conf_token *at = conf_peek(c);
        int64_t from = 0, to = 0;

        if (!conf_take_int(c, "a unit", first, JK_UNITS - 1, &from))
            return false;
        to = from;
        if (conf_accept(c, "..") && !conf_take_int(c, "a unit", from, JK_UNITS - 1, &to))
            return false;
        for (int64_t i = from; i <= to; i++) {
            if ((mask & 1u << i) != 0) {
                conf_fail_at(c, at, "unit %d is listed twice", (int)i);
                return false;
            }
            mask |= (uint16_t)(1u << i);
        }
    } while (!conf_at_end(c));
    config->mask = mask;
    config->listed = true;
    return true;
}
