/* SPDX-License-Identifier: Apache-2.0
 *
 * `always`, `never` and `check`: conditions on the frames and messages inside a window, or at one
 * time.
 */
#include <string.h>

#include "harness/judge/check.h"
#include "harness/judge/ha.h"

/* stale/fresh over a window: what part of it is stale? */
static void check_liveness(const struct judge_input *in, const struct stmt *stmt, int64_t from,
                           int64_t to, struct verdict *v)
{
    struct stale_list list;
    char t[24];
    int64_t stale_us = 0, first_stale = to, first_fresh = from;
    stale_build(in, stmt->sink, &list);
    for (size_t i = 0; i < list.n; i++) {
        int64_t a = list.at[i].from_us > from ? list.at[i].from_us : from;
        int64_t b = list.at[i].to_us < to ? list.at[i].to_us : to;
        if (b < a)
            continue;
        if (a < first_stale)
            first_stale = a;
        if (a <= first_fresh)
            first_fresh = b;
        stale_us += b - a;
    }
    stale_free(&list);
    bool want_stale = (stmt->cond.kind == COND_STALE) == (stmt->kind != STMT_NEVER);
    if (want_stale && stale_us < to - from)
        verdict_set(v, VERDICT_FAIL, first_fresh, SIZE_MAX, "live data at %s",
                    time_text(first_fresh, t));
    else if (!want_stale && stale_us > (int64_t)in->slack_us)
        verdict_set(v, VERDICT_FAIL, first_stale, SIZE_MAX, "no live data at %s",
                    time_text(first_stale, t));
    else
        verdict_set(v, VERDICT_PASS, to, SIZE_MAX, "%s throughout", want_stale ? "stale" : "live");
}

static void check_silence(const struct judge_input *in, const struct stmt *stmt, int64_t from,
                          int64_t to, struct verdict *v)
{
    struct series traffic;
    char a[24], b[24];
    int64_t last = from, need = (int64_t)stmt->cond.silent_us;
    size_t first = SIZE_MAX;
    int64_t gap_at = INT64_MIN;
    series_traffic(in, stmt->sink, &traffic);
    for (size_t i = 0; i <= traffic.n; i++) {
        int64_t t = i < traffic.n ? traffic.at[i].t_us : to;
        if (t < from || t > to)
            continue;
        if (i < traffic.n && first == SIZE_MAX)
            first = i;
        if (t - last >= need && gap_at == INT64_MIN)
            gap_at = last;
        last = t;
    }
    bool always = stmt->kind != STMT_NEVER;
    if (always && first != SIZE_MAX)
        verdict_set(v, VERDICT_FAIL, traffic.at[first].t_us, traffic.at[first].event,
                    "not silent: something came at %s", time_text(traffic.at[first].t_us, a));
    else if (!always && gap_at != INT64_MIN)
        verdict_set(v, VERDICT_FAIL, gap_at, SIZE_MAX, "silent from %s for at least %s",
                    time_text(gap_at, a), time_text(need, b));
    else
        verdict_set(v, VERDICT_PASS, to, SIZE_MAX, "as demanded");
    series_free(&traffic);
}

/* A count says that something is wrong; what it is stands in the document that made it rise. */
static void explain(const struct judge_input *in, const struct stmt *stmt, struct verdict *v)
{
    char why[200];
    size_t n = strlen(v->actual);
    if (v->code == VERDICT_FAIL && stmt->sink == SINK_HA && stmt->cond.signal[0] == '$' &&
        ha_explain(in, stmt->cond.signal, v->evidence, why, sizeof why))
        snprintf(v->actual + n, sizeof v->actual - n, ": %.180s", why);
}

static void check_samples(const struct judge_input *in, const struct stmt *stmt, int64_t from,
                          int64_t to, struct verdict *v)
{
    struct series s, traffic;
    char t[24], value[80];
    size_t seen = 0;
    bool want = stmt->kind == STMT_ALWAYS;
    series_build(in, stmt->sink, stmt->cond.signal, &s);
    series_traffic(in, stmt->sink, &traffic);
    for (size_t i = 0; i < s.n && v->code == VERDICT_PASS; i++) {
        if (s.at[i].t_us < from || s.at[i].t_us > to)
            continue;
        seen++;
        if (cond_holds(&stmt->cond, &s.at[i]) == want)
            continue;
        sample_format(&stmt->cond, &s.at[i], value, sizeof value);
        verdict_set(v, VERDICT_FAIL, s.at[i].t_us, s.at[i].event, "%s at %s", value,
                    time_text(s.at[i].t_us, t));
        explain(in, stmt, v);
    }
    if (v->code == VERDICT_PASS && seen == 0 && want)
        verdict_set(v, VERDICT_FAIL, from, SIZE_MAX, "never seen in the window");
    else if (v->code == VERDICT_PASS && traffic.n == 0 && stmt->cond.signal[0] != '$')
        verdict_set(v, VERDICT_INCONCLUSIVE, from, SIZE_MAX,
                    "the sink sent nothing in the whole run: `never` proves nothing");
    else if (v->code == VERDICT_PASS)
        verdict_set(v, VERDICT_PASS, to, SIZE_MAX, "%zu values looked at", seen);
    series_free(&traffic);
    series_free(&s);
}

void check_window(const struct judge_input *in, const struct stmt *stmt, struct verdict *v)
{
    int64_t from = (int64_t)stmt->from_us, to = (int64_t)stmt->to_us;
    switch (stmt->cond.kind) {
    case COND_COMPARE:
    case COND_RANGE:
    case COND_SET:
    case COND_CLEAR: check_samples(in, stmt, from, to, v); break;
    case COND_STALE:
    case COND_FRESH: check_liveness(in, stmt, from, to, v); break;
    case COND_SILENT: check_silence(in, stmt, from, to, v); break;
    }
}

/* At one instant: the last value told before it. */
void check_point(const struct judge_input *in, const struct stmt *stmt, struct verdict *v)
{
    struct series s;
    char t[24], value[80];
    int64_t at = (int64_t)stmt->from_us;
    switch (stmt->cond.kind) {
    case COND_STALE:
    case COND_FRESH: check_liveness(in, stmt, at, at + 1, v); return;
    case COND_SILENT: check_silence(in, stmt, at - (int64_t)stmt->cond.silent_us, at, v); return;
    case COND_COMPARE:
    case COND_RANGE:
    case COND_SET:
    case COND_CLEAR: break;
    }
    series_build(in, stmt->sink, stmt->cond.signal, &s);
    size_t i = series_at(&s, at);
    if (i == s.n) {
        verdict_set(v, VERDICT_FAIL, at, SIZE_MAX, "never told before %s", time_text(at, t));
    } else {
        sample_format(&stmt->cond, &s.at[i], value, sizeof value);
        verdict_set(v, cond_holds(&stmt->cond, &s.at[i]) ? VERDICT_PASS : VERDICT_FAIL,
                    s.at[i].t_us, s.at[i].event, "%s, told at %s", value,
                    time_text(s.at[i].t_us, t));
    }
    series_free(&s);
}
