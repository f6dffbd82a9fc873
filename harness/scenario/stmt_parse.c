/* SPDX-License-Identifier: Apache-2.0
 *
 * One line of the timeline: a stimulus or a judgement. Everything that the line itself and the
 * lines above it decide is checked here; the rest in scenario_check.c.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/scenario/scenario_private.h"

static const char *const actor_words[] = {"bms", "broker", "canbus", "inverter", "dut", NULL};

/* ---- ends of lines ---- */

static bool is_covered(const struct scenario *s, const char *id)
{
    for (size_t i = 0; i < s->n_covers; i++)
        if (strcmp(s->covers[i], id) == 0)
            return true;
    return false;
}

static bool take_req(struct parser *p, struct conf_cursor *c, char ret[ID_MAX])
{
    if (!conf_accept(c, "req"))
        return conf_expect_end(c);
    const struct conf_token *token = conf_peek(c);
    if (!take_id(c, ID_REQUIREMENT, "a requirement id", ret) || !conf_expect_end(c))
        return false;
    if (!p->seen_covers || is_covered(p->s, ret))
        return true;
    if (check_requirement_exists(p, c->file, token->line, token->column, ret))
        conf_fail_at(c, token, "'%s' is not in the header's covers (line %u)", ret,
                     (unsigned)p->covers_line[0]);
    return false;
}

static bool take_name(struct parser *p, struct conf_cursor *c, char ret[ID_MAX])
{
    static const char *const taken[] = {"event", "delivered", "can", "json", "ha", "influx", NULL};
    const struct scenario *s = p->s;
    const struct conf_token *token = conf_peek(c);

    if (!take_id(c, ID_NAME, "a name for the stimulus", ret))
        return false;
    for (size_t i = 0; taken[i] != NULL; i++) {
        if (strcmp(taken[i], ret) == 0) {
            conf_fail_at(c, token, "'%s' is a word of the language, not a name", ret);
            return false;
        }
    }
    for (size_t i = 0; i < s->n_stmts; i++) {
        if (strcmp(s->stmts[i].name, ret) == 0) {
            conf_fail_at(c, token, "duplicate name '%s' (first at line %u)", ret,
                         (unsigned)s->stmts[i].line);
            return false;
        }
    }
    return true;
}

/* ---- stimuli ---- */

static bool is_actor(const struct conf_token *token)
{
    for (size_t i = 0; actor_words[i] != NULL; i++)
        if (is_word(token, actor_words[i]))
            return true;
    return false;
}

static bool take_stimulus(struct parser *p, struct conf_cursor *c, struct stmt *stmt)
{
    struct conf_cursor behind = *c;

    stmt->kind = STMT_STIMULUS;
    p->seen_stimulus = true;
    if (own_stimulus_is(c)) {
        bool publish = is_word(conf_peek(c), "broker");
        stmt->stimulus =
            (struct stimulus){.actor = publish ? ACTOR_BROKER : ACTOR_DUT, .verb = STIM_COUNT};
        if (!own_stimulus_take(c, &stmt->own))
            return false;
    } else if (!stimulus_take(c, false, &stmt->stimulus)) {
        return false;
    }
    if (stmt->stimulus.actor == ACTOR_BMS) {
        unsigned n = stmt->stimulus.battery;
        behind.at++;
        if (n < 1 || n > SIM_MAX_BATTERIES || !p->s->sim.battery[n - 1].used) {
            conf_fail(&behind, "there is no [bms %u] in this scenario", n);
            return false;
        }
    }
    if (conf_accept(c, "as") && !take_name(p, c, stmt->name))
        return false;
    if (is_word(conf_peek(c), "req")) {
        conf_fail(c, "a stimulus judges nothing: put the req on the line that does");
        return false;
    }
    return conf_expect_end(c);
}

/* ---- conditions over a window or at an instant ---- */

static bool take_always(struct parser *p, struct conf_cursor *c, struct stmt *stmt)
{
    stmt->kind = STMT_ALWAYS;
    return take_cond(p, c, stmt->sink, &stmt->cond);
}

static bool take_never(struct parser *p, struct conf_cursor *c, struct stmt *stmt)
{
    stmt->kind = STMT_NEVER;
    return take_cond(p, c, stmt->sink, &stmt->cond);
}

static bool take_check(struct parser *p, struct conf_cursor *c, struct stmt *stmt)
{
    stmt->kind = STMT_CHECK;
    return take_cond(p, c, stmt->sink, &stmt->cond);
}

/* ---- the verbs of sinks ---- */

struct verb {
    bool window; /* needs @FROM..TO */
    bool (*take)(struct parser *p, struct conf_cursor *c, struct stmt *stmt);
};

/* in the order of verb_words */
static const struct verb verbs[] = {
    {true, take_track}, {true, take_every},  {false, take_check},
    {true, take_never}, {true, take_always}, {true, take_matches},
};
static const char *const verb_words[] = {"track",  "every",   "check", "never",
                                         "always", "matches", NULL};

static bool take_sink_statement(struct parser *p, struct conf_cursor *c, bool window,
                                struct stmt *stmt)
{
    size_t index;

    if (!take_sink(c, &stmt->sink))
        return false;
    const struct conf_token *verb = conf_peek(c);
    if (verb->kind != CONF_WORD) {
        take_failed(c, "a verb");
        return false;
    }
    if (!conf_take_known(c, "verb", verb_words, &index))
        return false;
    if (verbs[index].window != window) {
        conf_fail_at(c, verb,
                     window ? "'%s' judges one instant: write @TIME"
                            : "'%s' judges a window: write @FROM..TO",
                     verb_words[index]);
        return false;
    }
    if (index == 5 && stmt->sink != SINK_CAN && stmt->sink != SINK_JSON) {
        conf_fail_at(c, verb, "only can and json have expected traces");
        return false;
    }
    return verbs[index].take(p, c, stmt) && take_req(p, c, stmt->req);
}

static bool inside_duration(struct parser *p, struct conf_cursor *c, const struct conf_token *token,
                            uint64_t t_us)
{
    uint8_t text[64];
    struct buf b = buf_of(text, sizeof text);

    if (p->s->duration_us == 0 || t_us <= p->s->duration_us)
        return true;
    put_time(&b, p->s->duration_us);
    conf_fail_at(c, token, "after the end of the scenario (duration %.*s)", (int)b.n,
                 (const char *)text);
    return false;
}

static bool take_window(struct parser *p, struct conf_cursor *c, struct stmt *stmt,
                        bool *ret_window)
{
    const struct conf_token *from = conf_peek(c);

    if (!take_time(c, &stmt->from_us))
        return false;
    bool ok = inside_duration(p, c, from, stmt->from_us);
    stmt->to_us = stmt->from_us;
    *ret_window = conf_accept(c, "..");
    if (!*ret_window)
        return ok;
    const struct conf_token *to = conf_peek(c);
    if (!take_time(c, &stmt->to_us) || !inside_duration(p, c, to, stmt->to_us))
        return false;
    if (stmt->to_us <= stmt->from_us) {
        conf_fail_at(c, to, "the window is empty: its end is not after its beginning");
        return false;
    }
    return ok;
}

static bool take_at(struct parser *p, struct conf_cursor *c, struct stmt *stmt)
{
    const struct conf_token *at = conf_peek(c);
    bool window = false;
    bool ok = take_window(p, c, stmt, &window);
    const struct conf_token *actor = conf_peek(c);

    if (!ok) {
        p->seen_stimulus = true; /* perhaps this was one: no second error for what follows it */
        return false;
    }
    if (is_actor(actor)) {
        if (window) {
            conf_fail_at(c, at, "a stimulus happens at one instant: write @TIME");
            p->seen_stimulus = true;
            return false;
        }
        return take_stimulus(p, c, stmt);
    }
    if (is_word(actor, "agree")) {
        conf_take(c);
        if (!window) {
            conf_fail_at(c, actor, "'agree' judges a window: write @FROM..TO");
            return false;
        }
        return take_agree(p, c, stmt) && take_req(p, c, stmt->req);
    }
    for (size_t i = 0; i < SINK_COUNT; i++)
        if (is_word(actor, sink_words[i]))
            return take_sink_statement(p, c, window, stmt);
    p->seen_stimulus = true;
    static const char *const known[] = {"bms",  "broker", "canbus", "inverter", "dut", "can",
                                        "json", "ha",     "influx", "agree",    NULL};
    size_t ignored;
    if (actor->kind != CONF_WORD)
        take_failed(c, "bms, can, json or agree");
    else
        conf_take_known(c, "actor", known, &ignored);
    return false;
}

/* ---- within ---- */

/* `of event`, `of delivered`, `of NAME`; the first two may name their stimulus: `of delivered
 * NAME`. A sink must follow, so a word before the sink is a name. */
static bool take_anchor(struct conf_cursor *c, struct stmt *stmt, struct anchor_ref *ref)
{
    const struct conf_token *first = conf_peek(c);

    ref->anchor_column = first->column;
    if (conf_accept(c, "event") || conf_accept(c, "delivered")) {
        stmt->anchor = is_word(first, "event") ? ANCHOR_EVENT : ANCHOR_DELIVERED;
        struct conf_cursor ahead = *c;
        conf_take(&ahead);
        bool sink_next = false;
        for (size_t i = 0; i < SINK_COUNT; i++)
            sink_next = sink_next || is_word(conf_peek(&ahead), sink_words[i]);
        if (!sink_next)
            return true;
    } else {
        stmt->anchor = ANCHOR_EVENT;
    }
    const struct conf_token *token = conf_peek(c);
    if (token->kind != CONF_WORD) {
        take_failed(c, "'event', 'delivered' or the name of a stimulus");
        return false;
    }
    ref->name_column = token->column;
    return take_id(c, ID_NAME, "'event', 'delivered' or the name of a stimulus", ref->name);
}

static bool take_within(struct parser *p, struct conf_cursor *c, struct stmt *stmt,
                        struct anchor_ref *ref)
{
    const struct conf_token *first = &c->line->tokens[0];

    stmt->kind = STMT_WITHIN;
    ref->time_column = conf_peek(c)->column;
    if (!take_time(c, &stmt->within_us) || !conf_expect(c, "of") || !take_anchor(c, stmt, ref) ||
        !take_sink(c, &stmt->sink) || !take_cond(p, c, stmt->sink, &stmt->cond))
        return false;
    stmt->still = conf_accept(c, "still");
    if (!take_req(p, c, stmt->req))
        return false;
    if (ref->name[0] == '\0' && !p->seen_stimulus) {
        conf_fail_at(c, first, "no stimulus above this line");
        return false;
    }
    return true;
}

/* ---- lines ---- */

static bool reserve_statement(struct parser *p)
{
    struct scenario *s = p->s;

    if (s->n_stmts < p->stmts_cap)
        return true;
    size_t cap = p->stmts_cap == 0 ? 32 : p->stmts_cap * 2;
    struct stmt *stmts = realloc(s->stmts, cap * sizeof *stmts);
    if (stmts == NULL)
        return false;
    s->stmts = stmts;
    struct anchor_ref *anchors = realloc(p->anchors, cap * sizeof *anchors);
    if (anchors == NULL)
        return false;
    p->anchors = anchors;
    p->stmts_cap = cap;
    return true;
}

void parse_statement(struct parser *p, const struct conf_line *line)
{
    struct conf_cursor c = conf_cursor_of(p->file, line);
    struct anchor_ref ref = {.name = ""};
    bool ok = false;

    if (!reserve_statement(p)) {
        conf_fail(&c, "%s", err_text(ERR_MEMORY));
        return;
    }
    struct stmt *stmt = &p->s->stmts[p->s->n_stmts];
    memset(stmt, 0, sizeof *stmt);
    stmt->line = line->number;
    stmt->column = line->tokens[0].column;
    if (conf_accept(&c, "@"))
        ok = take_at(p, &c, stmt);
    else if (conf_accept(&c, "within"))
        ok = take_within(p, &c, stmt, &ref);
    else
        conf_fail(&c, "expected '@TIME' or 'within'");
    if (ok) {
        p->anchors[p->s->n_stmts] = ref;
        p->s->n_stmts++;
    } else {
        p->timeline_errors = true;
    }
}
