/* SPDX-License-Identifier: Apache-2.0
 *
 * The judgements over a window that have a form of their own: track, every, matches, agree.
 */
#include <string.h>

#include "harness/scenario/scenario_private.h"

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

bool take_track(struct parser *p, struct conf_cursor *c, struct stmt *stmt)
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

bool take_every(struct parser *p, struct conf_cursor *c, struct stmt *stmt)
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
    if (conf_accept(c, "mean") && !take_tolerance(c, DIM_RATIO, true, &stmt->mean))
        return false;
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

bool take_matches(struct parser *p, struct conf_cursor *c, struct stmt *stmt)
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

bool take_agree(struct parser *p, struct conf_cursor *c, struct stmt *stmt)
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
