/* SPDX-License-Identifier: Apache-2.0
 *
 * The header of a scenario: what it is called, which requirements it covers, what it needs, how
 * long it lasts.
 */
#include <stdio.h>
#include <string.h>

#include "harness/scenario/scenario_private.h"

static bool take_scenario(struct parser *p, struct conf_cursor *c)
{
    struct scenario *s = p->s;

    p->seen_scenario = true;
    return take_id(c, ID_REQUIREMENT, "a scenario id", s->id) &&
           conf_take_text(c, "a title in quotes", s->title, sizeof s->title);
}

bool check_requirement_exists(struct parser *p, struct conf_file *file, uint32_t line,
                              uint32_t column, const char *id)
{
    const struct scenario_names *names = p->names;

    if (names == NULL || names->requirement_exists == NULL ||
        names->requirement_exists(names->ctx, id))
        return true;
    const char *near =
        names->requirement_nearest != NULL ? names->requirement_nearest(names->ctx, id) : NULL;
    if (near != NULL)
        conf_error_at(file, line, column,
                      "requirement '%s' is not in the catalogue, did you mean '%s'?", id, near);
    else
        conf_error_at(file, line, column, "requirement '%s' is not in the catalogue", id);
    return false;
}

static bool take_covers(struct parser *p, struct conf_cursor *c)
{
    struct scenario *s = p->s;
    bool ok = true;

    p->seen_covers = true;
    do {
        const struct conf_token *token = conf_peek(c);
        char id[ID_MAX];
        if (!take_id(c, ID_REQUIREMENT, "a requirement id", id))
            return false;
        if (s->n_covers == COVERS_MAX) {
            conf_fail_at(c, token, "too many: a scenario covers at most %d", COVERS_MAX);
            return false;
        }
        for (size_t i = 0; i < s->n_covers; i++) {
            if (strcmp(s->covers[i], id) == 0) {
                conf_fail_at(c, token, "'%s' is listed twice", id);
                ok = false;
            }
        }
        ok = check_requirement_exists(p, c->file, token->line, token->column, id) && ok;
        p->covers_line[s->n_covers] = token->line;
        p->covers_column[s->n_covers] = token->column;
        memcpy(s->covers[s->n_covers++], id, sizeof id);
    } while (!conf_at_end(c));
    return ok;
}

/* One need: `bms 1 serial`, `can pylon`, `json victron`, `ha`, `influx`, `captures`. */
static bool take_need(struct conf_cursor *c, char ret[40])
{
    static const char *const kinds[] = {"bms", "can",    "json",     "own", "hub",
                                        "ha",  "influx", "captures", NULL};
    enum { NEED_BMS, NEED_CAN, NEED_JSON, NEED_OWN, NEED_HUB, NEED_HA };
    static const char *const owned[] = {"dut", "broker", "bus", NULL};
    static const char *const links[] = {"serial", "can", NULL};
    static const char *const can_forms[] = {"pylon", NULL};
    static const char *const json_forms[] = {"victron", NULL};
    size_t kind;
    size_t form = 0;
    int64_t n;

    if (conf_peek(c)->kind != CONF_WORD) {
        take_failed(c, "a need such as 'bms 1 serial' or 'can pylon'");
        return false;
    }
    if (!conf_take_known(c, "need", kinds, &kind))
        return false;
    switch (kind) {
    case NEED_BMS:
        if (!conf_take_int(c, "a bms number", 1, SIM_MAX_BATTERIES, &n) ||
            !conf_take_known(c, "link", links, &form))
            return false;
        snprintf(ret, 40, "bms %d %s", (int)n, links[form]);
        return true;
    case NEED_CAN:
        if (!conf_take_known(c, "CAN family", can_forms, &form))
            return false;
        snprintf(ret, 40, "can %s", can_forms[form]);
        return true;
    case NEED_JSON:
        if (!conf_take_known(c, "JSON family", json_forms, &form))
            return false;
        snprintf(ret, 40, "json %s", json_forms[form]);
        return true;
    case NEED_OWN: /* the timeline starts and stops it, so it must be ours */
        if (!conf_take_known(c, "thing to own", owned, &form))
            return false;
        snprintf(ret, 40, "own %s", owned[form]);
        return true;
    case NEED_HA: /* `clean`: it has a command that takes it out of Home Assistant */
        snprintf(ret, 40, conf_accept(c, "clean") ? "ha clean" : "ha");
        return true;
    }
    snprintf(ret, 40, "%s", kinds[kind]);
    return true;
}

static bool take_needs(struct parser *p, struct conf_cursor *c)
{
    struct scenario *s = p->s;

    if (!p->included)
        s->n_needs = 0; /* the scenario's own line replaces the included one */
    do {
        const struct conf_token *token = conf_peek(c);
        char need[40];
        if (!take_need(c, need))
            return false;
        if (s->n_needs == NEEDS_MAX) {
            conf_fail_at(c, token, "too many needs: at most %d", NEEDS_MAX);
            return false;
        }
        memcpy(s->needs[s->n_needs++], need, sizeof need);
    } while (conf_accept(c, ","));
    return true;
}

static bool take_duration(struct parser *p, struct conf_cursor *c)
{
    const struct conf_token *token = conf_peek(c);

    p->seen_duration = true;
    if (!take_time(c, &p->s->duration_us))
        return false;
    if (p->s->duration_us == 0)
        conf_fail_at(c, token, "the duration is 0: nothing could happen");
    return p->s->duration_us != 0;
}

static bool take_seed(struct parser *p, struct conf_cursor *c)
{
    int64_t seed;

    if (!conf_take_int(c, "a seed", 0, INT64_MAX, &seed))
        return false;
    p->s->seed = (uint64_t)seed;
    return true;
}

static bool take_tier(struct parser *p, struct conf_cursor *c)
{
    static const char *const tiers[] = {"virtual", "pty", "cable", NULL};
    size_t index;

    p->s->tiers = 0;
    do {
        const struct conf_token *token = conf_peek(c);
        if (!conf_take_known(c, "tier", tiers, &index))
            return false;
        if ((p->s->tiers >> index & 1U) != 0) {
            conf_fail_at(c, token, "tier '%s' is listed twice", tiers[index]);
            return false;
        }
        p->s->tiers |= 1U << index;
    } while (!conf_at_end(c));
    return true;
}

/* Includes are read before the rest of the header (scenario.c): here the line is only accepted. */
static bool skip_include(struct parser *p, struct conf_cursor *c)
{
    (void)p;
    while (!conf_at_end(c))
        conf_take(c);
    return true;
}

/* In the order of the words of parse_header_line. */
static const struct {
    bool (*take)(struct parser *p, struct conf_cursor *c);
    bool includable;
} header_keys[] = {
    {take_scenario, false}, {take_covers, false}, {take_needs, true},   {take_duration, true},
    {take_seed, true},      {take_tier, true},    {skip_include, true},
};

bool parse_header_line(struct parser *p, struct conf_cursor *c)
{
    static const char *const words[] = {"scenario", "covers", "needs",   "duration",
                                        "seed",     "tier",   "include", NULL};
    const struct conf_token *key = conf_peek(c);
    size_t index;

    if (span_eq_str(key->text, "@") || is_word(key, "within")) {
        conf_fail(c, "a statement before [timeline]");
        return false;
    }
    if (key->kind == CONF_WORD && id_is_valid(key->text, ID_REQUIREMENT)) {
        conf_fail(c, "not a header key; a long list goes on in a further line 'covers ...'");
        return false;
    }
    bool may_repeat = is_word(key, "include") || is_word(key, "covers");
    if (!may_repeat && is_duplicate_key(p, c->line))
        return false;
    if (!conf_take_known(c, "header key", words, &index))
        return false;
    if (p->included && !header_keys[index].includable) {
        conf_fail_at(c, key, "'%s' belongs to the scenario, not to an included file", words[index]);
        return false;
    }
    return header_keys[index].take(p, c) && conf_expect_end(c);
}
