/* SPDX-License-Identifier: Apache-2.0
 *
 * `within T of event|delivered SINK COND`: the condition must come true in (anchor, anchor + T],
 * and not have been true before (a check that holds anyway proves nothing), unless the line says
 * `still`.
 */
#include <string.h>

#include "harness/judge/check.h"

/* The first instant after `after` at which the condition holds, and whether it held at `after`. */
struct onset {
    bool held;
    bool found;
    int64_t t_us;
    size_t event;
    struct sample
        before; /* last sample at or before the anchor; known=false and event SIZE_MAX: none */
    struct sample last; /* last sample looked at */
};

static void onset_of_samples(const struct judge_input *in, const struct stmt *stmt, int64_t after,
                             int64_t until, struct onset *o, struct series *series)
{
    series_build(in, stmt->sink, stmt->cond.signal, series);
    size_t i = series_at(series, after);
    if (i < series->n) {
        o->before = series->at[i];
        o->held = cond_holds(&stmt->cond, &series->at[i]);
    }
    for (i = i < series->n ? i + 1 : 0; i < series->n && series->at[i].t_us <= until; i++) {
        o->last = series->at[i];
        if (cond_holds(&stmt->cond, &series->at[i])) {
            o->found = true;
            o->t_us = series->at[i].t_us;
            o->event = series->at[i].event;
            return;
        }
    }
}

static bool stale_at(const struct stale_list *list, int64_t t_us)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->at[i].from_us <= t_us && t_us < list->at[i].to_us)
            return true;
    return false;
}

static void onset_of_stale(const struct judge_input *in, const struct stmt *stmt, int64_t after,
                           int64_t until, struct onset *o)
{
    struct stale_list list;
    stale_build(in, stmt->sink, &list);
    o->held = stale_at(&list, after);
    for (size_t i = 0; i < list.n && !o->found; i++)
        if (list.at[i].from_us > after && list.at[i].from_us <= until) {
            o->found = true;
            o->t_us = list.at[i].from_us;
        }
    stale_free(&list);
}

/* Fresh: a frame or message that is not part of a stale interval; at Home Assistant the instant at
 * which it shows a value again. */
static void onset_of_fresh(const struct judge_input *in, const struct stmt *stmt, int64_t after,
                           int64_t until, struct onset *o)
{
    struct stale_list list;
    struct series traffic;
    stale_build(in, stmt->sink, &list);
    series_traffic(in, stmt->sink, &traffic);
    o->held = !stale_at(&list, after);
    for (size_t i = 0; stmt->sink == SINK_HA && i < list.n && !o->found; i++)
        if (list.at[i].to_us > after && list.at[i].to_us <= until) {
            o->found = true;
            o->t_us = list.at[i].to_us;
        }
    for (size_t i = 0; i < traffic.n && !o->found; i++) {
        int64_t t = traffic.at[i].t_us;
        if (t > after && t <= until && !stale_at(&list, t)) {
            o->found = true;
            o->t_us = t;
            o->event = traffic.at[i].event;
        }
    }
    series_free(&traffic);
    stale_free(&list);
}

/* Silent: a gap of silent_us that ends its length inside the window. */
static void onset_of_silence(const struct judge_input *in, const struct stmt *stmt, int64_t after,
                             int64_t until, struct onset *o)
{
    struct series traffic;
    int64_t need = (int64_t)stmt->cond.silent_us, last = after;
    series_traffic(in, stmt->sink, &traffic);
    for (size_t i = 0; i < traffic.n; i++) {
        if (traffic.at[i].t_us <= after)
            continue;
        if (traffic.at[i].t_us - last >= need)
            break;
        last = traffic.at[i].t_us;
    }
    if (last + need <= until && last + need <= in->end_us) {
        o->found = true;
        o->t_us = last + need;
    }
    series_free(&traffic);
}

static void find_onset(const struct judge_input *in, const struct stmt *stmt, int64_t after,
                       int64_t until, struct onset *o, struct series *series)
{
    *o = (struct onset){.event = SIZE_MAX, .before.event = SIZE_MAX, .last.event = SIZE_MAX};
    switch (stmt->cond.kind) {
    case COND_COMPARE:
    case COND_RANGE:
    case COND_SET:
    case COND_CLEAR: onset_of_samples(in, stmt, after, until, o, series); break;
    case COND_STALE: onset_of_stale(in, stmt, after, until, o); break;
    case COND_FRESH: onset_of_fresh(in, stmt, after, until, o); break;
    case COND_SILENT: onset_of_silence(in, stmt, after, until, o); break;
    }
}

static void say_missing(const struct stmt *stmt, const struct onset *o, int64_t until,
                        struct verdict *v)
{
    char t[24], value[80];
    if (o->last.event != SIZE_MAX) {
        sample_format(&stmt->cond, &o->last, value, sizeof value);
        verdict_set(v, VERDICT_FAIL, until, o->last.event, "still %s at %s", value,
                    time_text(o->last.t_us, t));
    } else if (o->before.event != SIZE_MAX) {
        sample_format(&stmt->cond, &o->before, value, sizeof value);
        verdict_set(v, VERDICT_FAIL, until, o->before.event,
                    "nothing received after the anchor; last value %s at %s", value,
                    time_text(o->before.t_us, t));
    } else {
        verdict_set(v, VERDICT_FAIL, until, SIZE_MAX, "did not happen until %s",
                    time_text(until, t));
    }
}

static void decide(const struct judge_input *in, const struct stmt *stmt, int64_t anchor,
                   const struct onset *o, struct verdict *v)
{
    char t[24], ms[24];
    int64_t limit = anchor + (int64_t)stmt->within_us;
    if (o->held && !stmt->still) {
        verdict_set(v, VERDICT_FAIL, anchor, o->before.event,
                    "was true already at the anchor (%s), so it proves nothing; write `still` if "
                    "that is meant",
                    time_text(anchor, t));
        return;
    }
    if (o->held) {
        verdict_set(v, VERDICT_PASS, anchor, o->before.event, "held at the anchor");
        return;
    }
    if (!o->found) {
        say_missing(stmt, o, limit, v);
        return;
    }
    int64_t took = o->t_us - anchor;
    struct buf b = buf_of(ms, sizeof ms - 1);
    buf_fixed(&b, div_round(took, 10), 2, false);
    ms[b.n] = 0;
    enum verdict_code code = o->t_us <= limit                           ? VERDICT_PASS
                             : o->t_us <= limit + (int64_t)in->slack_us ? VERDICT_PASS_SLACK
                                                                        : VERDICT_FAIL;
    verdict_set(v, code, o->t_us, o->event, "after %s ms, at %s", ms, time_text(o->t_us, t));
}

/* How long after the limit a late onset is still looked for, so that a failure can say "901 ms". */
enum { LATE_LOOK_US = 5000000 };

void check_within(const struct judge_input *in, const struct stmt *stmt, struct verdict *v)
{
    const struct event *event = find_anchor(in, EVENT_STIMULUS, stmt->stimulus_index, NULL);
    const struct event *delivered = find_anchor(in, EVENT_DELIVERED, stmt->stimulus_index, NULL);
    const struct event *anchor = stmt->anchor == ANCHOR_DELIVERED ? delivered : event;
    if (!event) {
        verdict_set(v, VERDICT_INCONCLUSIVE, in->end_us, SIZE_MAX,
                    "its stimulus was never applied");
        return;
    }
    if (!anchor) {
        verdict_set(v, VERDICT_INCONCLUSIVE, in->end_us, SIZE_MAX,
                    "the bridge never read the changed value: no reply carried it");
        return;
    }
    struct onset o;
    struct series series = {0};
    int64_t limit = anchor->t_us + (int64_t)stmt->within_us;
    find_onset(in, stmt, anchor->t_us, limit + LATE_LOOK_US, &o, &series);
    decide(in, stmt, anchor->t_us, &o, v);
    if (o.found) {
        v->from_event_us = o.t_us - event->t_us;
        v->from_delivered_us = delivered ? o.t_us - delivered->t_us : NO_LATENCY;
    }
    if (v->code == VERDICT_FAIL && stmt->anchor == ANCHOR_DELIVERED && !o.held &&
        delivered->late_us > in->taint_us) {
        char said[sizeof v->actual];
        memcpy(said, v->actual, sizeof said);
        verdict_set(v, VERDICT_INCONCLUSIVE, v->t_us, v->evidence,
                    "tainted: the harness wrote the reply %llu us late; %.160s",
                    (unsigned long long)delivered->late_us, said);
    }
    series_free(&series);
}
