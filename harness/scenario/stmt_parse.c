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
    if (!stimulus_take(c, false, &stmt->stimulus))
        return false;
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

/* ---- windows and instants ---- */

static void report_unknown_truth(struct conf_cursor *c, const struct conf_token *token,
                                 struct span path)
{
    const char *known[128];
    size_t n = 0;

    for (size_t i = 0; i < bms_path_count() && n < 127; i++)
        if (bms_path_info((uint16_t)i)->truth)
            known[n++] = bms_path_info((uint16_t)i)->name;
    known[n] = NULL;
    const char *near = conf_nearest(path, known);
    conf_fail_at(c, token, "a battery has no truth '%.*s'%s%s%s", (int)path.n, (const char *)path.p,
                 near != NULL ? ", did you mean 'bms." : "", near != NULL ? near : "",
                 near != NULL ? "'?" : "");
}

static bool take_truth(struct parser *p, struct conf_cursor *c, struct stmt *stmt)
{
    const struct conf_token *token = conf_peek(c);
    struct span word;
    int64_t n = 0;

    if (!conf_take_word(c, "a truth such as bms.soc", &word))
        return false;
    size_t dot = span_find_byte(word, 0, '.');
    if (!span_starts(word, "bms") || dot == word.n ||
        (dot > 3 && !parse_i64(span_sub(word, 3, dot - 3), 1, SIM_MAX_BATTERIES, &n))) {
        conf_fail_at(c, token, "expected a truth such as bms.soc or bms2.soc, found '%.*s'",
                     (int)word.n, (const char *)word.p);
        return false;
    }
    struct span path = span_sub(word, dot + 1, word.n);
    if (!bms_path_parse(path, &stmt->truth) || !bms_path_info(stmt->truth.id)->truth) {
        report_unknown_truth(c, token, path);
        return false;
    }
    if (n > 0 && !p->s->sim.battery[n - 1].used) {
        conf_fail_at(c, token, "there is no [bms %d] in this scenario", (int)n);
        return false;
    }
    stmt->truth_battery = (unsigned)n;
    return true;
}

/* A cell belongs to one battery: `bms.cell5.voltage` is clear only when there is one. */
static bool settle_truth_battery(struct parser *p, struct conf_cursor *c,
                                 const struct conf_token *token, struct stmt *stmt)
{
    unsigned used = 0;
    unsigned only = 0;

    if (stmt->truth_battery != 0 || stmt->truth.cell == 0)
        return true;
    for (unsigned n = 1; n <= SIM_MAX_BATTERIES; n++) {
        if (p->s->sim.battery[n - 1].used) {
            only = n;
            used++;
        }
    }
    if (used != 1) {
        conf_fail_at(c, token, "whose cell? There are %u batteries: write bms1, bms2, ...", used);
        return false;
    }
    stmt->truth_battery = only;
    return true;
}

static bool take_tol_and_lag(struct conf_cursor *c, enum dim dim, bool known, struct stmt *stmt)
{
    return conf_expect(c, "tol") && take_tolerance(c, dim, known, &stmt->tol) &&
           conf_expect(c, "lag") && take_time(c, &stmt->lag_us);
}

static bool take_track(struct parser *p, struct conf_cursor *c, struct stmt *stmt)
{
    const struct conf_token *signal = conf_peek(c);
    enum dim dim;
    bool known;

    stmt->kind = STMT_TRACK;
    if (!take_signal(p, c, stmt->sink, stmt->signal, &dim, &known) || !conf_expect(c, "to"))
        return false;
    const struct conf_token *truth = conf_peek(c);
    if (!take_truth(p, c, stmt) || !settle_truth_battery(p, c, truth, stmt))
        return false;
    const struct bms_path_info *info = bms_path_info(stmt->truth.id);
    if (info->value == BMS_TEXT) {
        conf_fail_at(c, truth, "'%s' is a text: it cannot be tracked", info->name);
        return false;
    }
    enum dim truth_dim = info->value == BMS_QUANTITY ? info->dim : DIM_NONE;
    if (known && dim != truth_dim) {
        conf_fail_at(c, signal, "'%s' is a %s, but %s is a %s", stmt->signal, dim_name(dim),
                     info->name, dim_name(truth_dim));
        return false;
    }
    return take_tol_and_lag(c, truth_dim, true, stmt);
}

static bool take_ids(struct conf_cursor *c, struct stmt *stmt)
{
    do {
        const struct conf_token *token = conf_peek(c);
        int64_t id;
        if (!conf_take_int(c, "a CAN id", 0, 0x1FFFFFFF, &id))
            return false;
        if (stmt->n_ids == EVERY_MAX_IDS) {
            conf_fail_at(c, token, "too many ids: at most %d", EVERY_MAX_IDS);
            return false;
        }
        for (size_t i = 0; i < stmt->n_ids; i++) {
            if (stmt->ids[i] == (uint32_t)id) {
                conf_fail_at(c, token, "this id is listed twice");
                return false;
            }
        }
        stmt->ids[stmt->n_ids++] = (uint32_t)id;
    } while (conf_peek(c)->kind == CONF_NUMBER);
    return true;
}

static bool take_every(struct parser *p, struct conf_cursor *c, struct stmt *stmt)
{
    const struct conf_token *period = conf_peek(c);

    (void)p;
    stmt->kind = STMT_EVERY;
    if (!take_time(c, &stmt->period_us))
        return false;
    if (stmt->period_us == 0) {
        conf_fail_at(c, period, "the period is 0");
        return false;
    }
    if (!conf_expect(c, "tol"))
        return false;
    const struct conf_token *tol = conf_peek(c);
    if (!take_tolerance(c, DIM_NONE, false, &stmt->tol))
        return false;
    if (stmt->tol.dim != DIM_RATIO && stmt->tol.dim != DIM_TIME) {
        conf_fail_at(c, tol, "the tolerance of a period is a ratio (25 %%) or a time (100 ms)");
        return false;
    }
    if (stmt->sink != SINK_CAN)
        return true; /* the topic itself */
    return conf_expect(c, ":") && take_ids(c, stmt);
}

/* The recording's form follows from the sink; it stays below the scenario's folder. */
static bool check_trace_name(struct conf_cursor *c, const struct conf_token *token,
                             const struct stmt *stmt)
{
    struct span name = span_str(stmt->file);
    const char *suffix = stmt->sink == SINK_CAN ? ".log" : ".jsonl";

    if (!span_ends(name, suffix)) {
        conf_fail_at(c, token, "the expected trace of %s is a %s file", sink_name(stmt->sink),
                     suffix);
        return false;
    }
    if (stmt->file[0] == '/' || span_starts(name, "../") ||
        span_find(name, 0, span_str("/../")) < name.n) {
        conf_fail_at(c, token, "the expected trace stays beside or below the scenario");
        return false;
    }
    return true;
}

static bool take_ignored(struct parser *p, struct conf_cursor *c, struct stmt *stmt)
{
    do {
        enum dim dim;
        bool known;
        if (stmt->n_ignore == IGNORE_MAX) {
            conf_fail(c, "too many signals to ignore: at most %d", IGNORE_MAX);
            return false;
        }
        if (!take_signal(p, c, stmt->sink, stmt->ignore[stmt->n_ignore], &dim, &known))
            return false;
        stmt->n_ignore++;
    } while (conf_accept(c, ","));
    return true;
}

static bool take_matches(struct parser *p, struct conf_cursor *c, struct stmt *stmt)
{
    const struct conf_token *token = conf_peek(c);
    uint64_t tol_us = 0;

    stmt->kind = STMT_MATCHES;
    if (!conf_take_text(c, "the expected trace's file name in quotes", stmt->file,
                        sizeof stmt->file) ||
        !check_trace_name(c, token, stmt))
        return false;
    if (conf_accept(c, "tol") && !take_time(c, &tol_us))
        return false;
    stmt->tol = (struct quantity){.micro = (int64_t)tol_us, .dim = DIM_TIME};
    return !conf_accept(c, "ignore") || take_ignored(p, c, stmt);
}

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

/* `can.ccl`: the sink is the first part of the word. */
static bool take_sink_signal(struct parser *p, struct conf_cursor *c, enum sink *ret_sink,
                             char ret[SIGNAL_MAX], enum dim *ret_dim, bool *ret_known)
{
    const struct conf_token *token = conf_peek(c);
    struct span word;

    if (!conf_take_word(c, "a signal such as can.ccl", &word))
        return false;
    size_t dot = span_find_byte(word, 0, '.');
    for (size_t i = 0; i < SINK_COUNT; i++) {
        if (!span_eq_str(span_sub(word, 0, dot), sink_words[i]) || dot + 1 >= word.n)
            continue;
        /* the rest of the word, as a token of its own, so that errors point at it */
        struct conf_token rest[2] = {*token, {.kind = CONF_END, .line = token->line}};
        rest[0].text = span_sub(word, dot + 1, word.n);
        rest[0].column += (uint32_t)dot + 1;
        struct conf_line part = {
            .number = token->line, .text = c->line->text, .tokens = rest, .n = 1};
        struct conf_cursor inner = conf_cursor_of(c->file, &part);
        *ret_sink = (enum sink)i;
        return take_signal(p, &inner, *ret_sink, ret, ret_dim, ret_known);
    }
    conf_fail_at(c, token, "expected a sink and a signal such as can.ccl, found '%.*s'",
                 (int)word.n, (const char *)word.p);
    return false;
}

static bool take_agree(struct parser *p, struct conf_cursor *c, struct stmt *stmt)
{
    const struct conf_token *left = conf_peek(c);
    enum dim dim = DIM_NONE;
    enum dim dim2 = DIM_NONE;
    bool known = false;
    bool known2 = false;

    stmt->kind = STMT_AGREE;
    if (!take_sink_signal(p, c, &stmt->sink, stmt->signal, &dim, &known) || !conf_expect(c, "~"))
        return false;
    const struct conf_token *right = conf_peek(c);
    if (!take_sink_signal(p, c, &stmt->sink2, stmt->signal2, &dim2, &known2))
        return false;
    if (known && known2 && dim != dim2) {
        conf_fail_at(c, right, "'%s' is a %s, but '%s' is a %s", stmt->signal2, dim_name(dim2),
                     stmt->signal, dim_name(dim));
        return false;
    }
    if (stmt->sink == stmt->sink2 && strcmp(stmt->signal, stmt->signal2) == 0) {
        conf_fail_at(c, left, "a signal always agrees with itself");
        return false;
    }
    return take_tol_and_lag(c, known ? dim : dim2, known || known2, stmt);
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
