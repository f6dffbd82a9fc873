/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks that need the whole file: missing keys, the world as the simulator sees it, anchors,
 * windows that outlive the scenario, requirements that are covered but never judged.
 */
#include <string.h>

#include "harness/scenario/scenario_private.h"

static uint32_t first_line(const struct parser *p)
{
    return p->file->n_lines > 0 ? p->file->lines[0].number : 1;
}

static void check_mandatory(struct parser *p)
{
    uint32_t line = first_line(p);

    if (!p->seen_scenario)
        conf_error_at(p->file, line, 1, "no 'scenario ID \"title\"' in the header");
    if (!p->seen_covers)
        conf_error_at(p->file, line, 1, "no 'covers' in the header: which requirements is it for?");
    if (!p->seen_duration)
        conf_error_at(p->file, line, 1, "no 'duration' in the header");
    if (!p->seen_timeline)
        conf_error_at(p->file, line, 1, "no [timeline]");
}

/* The line of the first section of that name, else the first line. */
static uint32_t section_line(const struct parser *p, const char *name)
{
    for (size_t i = 0; i < p->file->n_lines; i++) {
        const struct conf_line *line = &p->file->lines[i];
        if (conf_is_section(line) && line->n > 1 && is_word(&line->tokens[1], name))
            return line->number;
    }
    return first_line(p);
}

static void check_world(struct parser *p)
{
    const struct scenario *s = p->s;
    const char *why = sim_config_check(&s->sim);

    if (why != NULL)
        conf_error_at(p->file, section_line(p, "bms"), 1, "%s", why);
    for (size_t i = 0; i < s->n_needs; i++) {
        struct span rest = span_str(s->needs[i]);
        struct span word;
        int64_t n;
        if (!span_token(&rest, &word) || !span_eq_str(word, "bms") || !span_token(&rest, &word) ||
            !parse_i64(word, 1, SIM_MAX_BATTERIES, &n) || s->sim.battery[n - 1].used)
            continue;
        conf_error_at(p->file, first_line(p), 1, "it needs 'bms %d', but there is no [bms %d]",
                      (int)n, (int)n);
    }
}

/* What only a clock of our own can give: [dut] uptime, dut clock. */
static void check_virtual(struct parser *p)
{
    const struct scenario *s = p->s;

    if (s->tiers == TIER_BIT_VIRTUAL)
        return;
    if (s->uptime_us != 0)
        conf_error_at(p->file, section_line(p, "dut"), 1, "'uptime' needs 'tier virtual'");
    for (size_t i = 0; i < s->n_stmts; i++)
        if (s->stmts[i].kind == STMT_STIMULUS && s->stmts[i].own.verb == OWN_CLOCK)
            conf_error_at(p->file, s->stmts[i].line, 1, "'dut clock' needs 'tier virtual'");
}

static bool starts_dut(const struct scenario *s)
{
    for (size_t i = 0; i < s->n_stmts; i++)
        if (s->stmts[i].kind == STMT_STIMULUS && s->stmts[i].stimulus.verb == STIM_DUT_START)
            return true;
    return false;
}

size_t nearest_stimulus(const struct scenario *s, size_t i)
{
    while (i > 0)
        if (s->stmts[--i].kind == STMT_STIMULUS)
            return i;
    return s->n_stmts;
}

/* Index of the stimulus that statement i refers to; n_stmts when there is none. */
static size_t find_stimulus(const struct scenario *s, size_t i, const char *name)
{
    if (name[0] != '\0') {
        for (size_t k = 0; k < s->n_stmts; k++)
            if (s->stmts[k].kind == STMT_STIMULUS && strcmp(s->stmts[k].name, name) == 0)
                return k;
        return s->n_stmts;
    }
    return nearest_stimulus(s, i);
}

static const char *nearest_name(const struct scenario *s, const char *name)
{
    const char *known[64];
    size_t n = 0;

    for (size_t i = 0; i < s->n_stmts && n < 63; i++)
        if (s->stmts[i].name[0] != '\0')
            known[n++] = s->stmts[i].name;
    known[n] = NULL;
    return conf_nearest(span_str(name), known);
}

/* Whether a later reply can show it: changed values, and a battery that talks again. */
static bool can_be_delivered(enum stimulus_verb verb)
{
    switch (verb) {
    case STIM_SET:
    case STIM_RAMP:
    case STIM_RELEASE:
    case STIM_PLUG:
    case STIM_LEAVE:
    case STIM_JOIN:
    case STIM_REBOOT:
    case STIM_FREE:
    case STIM_THAW:
    case STIM_REPLAY: return true;
    case STIM_UNPLUG:
    case STIM_HOLD:
    case STIM_FREEZE:
    case STIM_FAULT:
    case STIM_TYPE:
    case STIM_SEND:
    case STIM_BROKER_STOP:
    case STIM_BROKER_START:
    case STIM_BROKER_FREEZE:
    case STIM_BROKER_THAW:
    case STIM_BROKER_RESET:
    case STIM_BROKER_SLOW:
    case STIM_CANBUS_OFF:
    case STIM_CANBUS_PASSIVE:
    case STIM_CANBUS_ON:
    case STIM_INVERTER_SEND:
    case STIM_INVERTER_KEEPALIVE:
    case STIM_DUT_START:
    case STIM_DUT_STOP:
    case STIM_DUT_KILL:
    case STIM_DUT_FREEZE:
    case STIM_DUT_THAW:
    case STIM_COUNT: break;
    }
    return false;
}

static void check_within(struct parser *p, size_t i)
{
    struct scenario *s = p->s;
    struct stmt *stmt = &s->stmts[i];
    const struct anchor_ref *ref = &p->anchors[i];
    size_t k = find_stimulus(s, i, ref->name);

    if (k == s->n_stmts) {
        const char *near = nearest_name(s, ref->name);
        if (near != NULL)
            conf_error_at(p->file, stmt->line, ref->name_column,
                          "no stimulus is named '%s', did you mean '%s'?", ref->name, near);
        else
            conf_error_at(p->file, stmt->line, ref->name_column, "no stimulus is named '%s'",
                          ref->name);
        return;
    }
    stmt->stimulus_index = k;
    const struct stmt *anchor = &s->stmts[k];
    if (stmt->anchor == ANCHOR_DELIVERED && !can_be_delivered(anchor->stimulus.verb))
        conf_error_at(p->file, stmt->line, ref->anchor_column,
                      "line %u is never delivered by the battery: write 'of event'",
                      (unsigned)anchor->line);
    if (s->duration_us != 0 && anchor->from_us + stmt->within_us > s->duration_us) {
        uint8_t text[64];
        struct buf b = buf_of(text, sizeof text);
        put_time(&b, s->duration_us);
        conf_error_at(p->file, stmt->line, ref->time_column,
                      "ends after the scenario does (duration %.*s)", (int)b.n, (const char *)text);
    }
}

static void check_covers(struct parser *p)
{
    const struct scenario *s = p->s;

    for (size_t i = 0; i < s->n_covers; i++) {
        bool judged = false;
        for (size_t k = 0; k < s->n_stmts; k++)
            judged = judged || strcmp(s->stmts[k].req, s->covers[i]) == 0;
        if (!judged)
            conf_error_at(p->file, p->covers_line[i], p->covers_column[i],
                          "'%s' is covered but never judged: no statement has 'req %s'",
                          s->covers[i], s->covers[i]);
    }
}

void check_whole(struct parser *p)
{
    const struct scenario *s = p->s;

    check_mandatory(p);
    if (p->file->n_errors == 0)
        check_world(p);
    if (p->timeline_errors || !p->seen_timeline)
        return;
    if (s->dut_manual && !starts_dut(s))
        conf_error_at(p->file, section_line(p, "dut"), 1,
                      "start manual, but the timeline never says 'dut start'");
    for (size_t i = 0; i < s->n_stmts; i++)
        if (s->stmts[i].kind == STMT_WITHIN)
            check_within(p, i);
    check_virtual(p);
    check_replays(p->s);
    check_covers(p);
}
