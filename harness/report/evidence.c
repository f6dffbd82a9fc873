/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person needs to see beside a failed line: what was done, what the bridge had read, and
 * what it said, around the deciding moment.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/judge/series.h"
#include "harness/report/result.h"
#include "harness/trace/trace.h"

enum { BEFORE_US = 1600000, AFTER_US = 600000, MAX_LINES = 18 };

/* Is this event of interest for the statement? */
static bool wanted(const struct judge_input *in, const struct stmt *stmt, const struct event *e)
{
    const struct dbc_message *def = NULL;
    switch (e->kind) {
    case EVENT_STIMULUS:
    case EVENT_DELIVERED:
    case EVENT_DUT:
    case EVENT_NOTE: return true;
    case EVENT_CAN:
        if (stmt->kind == STMT_AGREE)
            return true;
        if (stmt->sink != SINK_CAN)
            return false;
        if (stmt->cond.signal[0] && in->dbc && dbc_signal(in->dbc, stmt->cond.signal, &def))
            return def->id == e->can.id;
        if (stmt->kind == STMT_TRACK && in->dbc && dbc_signal(in->dbc, stmt->signal, &def))
            return def->id == e->can.id;
        return true;
    case EVENT_INVERTER: return stmt->sink == SINK_CAN;
    case EVENT_MQTT:
    case EVENT_CONNECT: return stmt->sink != SINK_CAN || stmt->kind == STMT_AGREE;
    case EVENT_TRUTH: return false;
    case EVENT_WIRE: /* whole answers; on a bus every frame of the battery is one */
        return e->to_client && (e->size > 40 || in->scenario->sim.kind->wire == DEVICE_CAN);
    }
    return false;
}

/* What the judged signal was in that event: "   ccl = 37 A"; nothing when the event does not carry
 * it. */
static void add_value(const struct stmt *stmt, const char *signal, const struct series *series,
                      size_t event, struct buf *out)
{
    for (size_t i = 0; i < series->n; i++) {
        char value[80];
        struct cond like = stmt->cond;
        if (series->at[i].event != event)
            continue;
        if (stmt->kind == STMT_TRACK || stmt->kind == STMT_AGREE)
            like = (struct cond){.kind = COND_COMPARE, .value.dim = stmt->tol.dim};
        sample_format(&like, &series->at[i], value, sizeof value);
        buf_printf(out, "   %s = %s", signal, value);
        return;
    }
}

char *evidence_text(const struct judge_input *in, const struct verdict *v)
{
    bool compares = in->scenario->stmts[v->stmt].kind == STMT_TRACK ||
                    in->scenario->stmts[v->stmt].kind == STMT_AGREE;
    struct series left = {0}, right = {0};
    const struct stmt *stmt = &in->scenario->stmts[v->stmt];
    size_t cap = 16384, n_lines = 0, first = 0;
    char *text = malloc(cap), line[700];
    const char *signal = compares ? stmt->signal : stmt->cond.signal;
    if (signal[0])
        series_build(in, stmt->sink, signal, &left);
    if (stmt->kind == STMT_AGREE)
        series_build(in, stmt->sink2, stmt->signal2, &right);
    if (!text)
        abort();
    struct buf b = buf_of(text, cap - 1);
    if (v->detail)
        buf_str(&b, v->detail);
    for (size_t i = 0; i < in->events->n; i++) /* keep the last ones when there are too many */
        if (in->events->at[i].t_us >= v->t_us - BEFORE_US &&
            in->events->at[i].t_us <= v->t_us + AFTER_US && wanted(in, stmt, &in->events->at[i]))
            n_lines++;
    for (size_t i = 0; i < in->events->n; i++) {
        const struct event *e = &in->events->at[i];
        if (e->t_us < v->t_us - BEFORE_US || e->t_us > v->t_us + AFTER_US || !wanted(in, stmt, e))
            continue;
        if (n_lines > MAX_LINES && first++ < n_lines - MAX_LINES && e->t_us < v->t_us - 300000)
            continue;
        trace_describe(in->scenario, e, line, sizeof line);
        buf_str(&b, i == v->evidence ? "> " : "  ");
        char time[24];
        struct buf t = buf_of(time, sizeof time - 1);
        buf_fixed(&t, div_round(e->t_us, 1000), 3, false);
        time[t.n] = 0;
        buf_printf(&b, "%10s s  %s", time, line);
        add_value(stmt, signal, &left, i, &b);
        add_value(stmt, stmt->signal2, &right, i, &b);
        buf_str(&b, "\n");
    }
    series_free(&left);
    series_free(&right);
    text[b.n] = 0;
    return text;
}
