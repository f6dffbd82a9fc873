/* SPDX-License-Identifier: Apache-2.0
 *
 * `every PERIOD tol Q: IDS`: the cadence of frames (or of the JSON topic). In the window no gap is
 * longer than period + tol, edges included; no gap is shorter than period - tol unless the burst
 * around the early frame carries a change (an emergency may not wait for the next period).
 */
#include <string.h>

#include "harness/judge/check.h"
#include "harness/judge/ha.h"

struct beat {
    int64_t t_us;
    size_t event;
};

static bool is_beat(const struct stmt *stmt, const struct event *e, uint32_t id, const char *topic)
{
    if (stmt->sink == SINK_CAN)
        return e->kind == EVENT_CAN && !e->can.error && !e->can.extended && e->can.id == id;
    return e->kind == EVENT_MQTT && strcmp(e->topic, topic) == 0;
}

static bool same_content(const struct event *a, const struct event *b)
{
    if (a->kind == EVENT_CAN)
        return can_msg_eq(&a->can, &b->can);
    return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

/* The event of the same id or topic before `i`, or NULL. */
static const struct event *previous(const struct judge_input *in, size_t i)
{
    const struct event *e = &in->events->at[i];
    while (i-- > 0) {
        const struct event *p = &in->events->at[i];
        if (p->kind != e->kind)
            continue;
        if (e->kind == EVENT_CAN ? p->can.id == e->can.id && p->can.extended == e->can.extended
                                 : strcmp(p->topic, e->topic) == 0)
            return p;
    }
    return NULL;
}

enum { BURST_US = 100000 };

/* Did anything the sink sent around event `i` differ from what it said before? */
static bool burst_changes(const struct judge_input *in, size_t i)
{
    const struct events *list = in->events;
    const struct event *e = &list->at[i];
    size_t from = i, to = i;
    while (from > 0 && e->t_us - list->at[from - 1].t_us < BURST_US)
        from--;
    while (to + 1 < list->n && list->at[to + 1].t_us - e->t_us < BURST_US)
        to++;
    for (size_t k = from; k <= to; k++) {
        if (list->at[k].kind != e->kind)
            continue;
        const struct event *p = previous(in, k);
        if (!p || !same_content(p, &list->at[k]))
            return true;
    }
    return false;
}

static int64_t tolerance_us(const struct stmt *stmt)
{
    if (stmt->tol.dim == DIM_RATIO) /* micro of a percent */
        return (int64_t)stmt->period_us * (stmt->tol.micro / 1000) / 100000;
    return stmt->tol.micro;
}

static void check_gap(const struct judge_input *in, const struct stmt *stmt, const char *what,
                      int64_t from, int64_t to, size_t before, size_t event, struct verdict *v)
{
    char a[24], g[24];
    int64_t gap = to - from, tol = tolerance_us(stmt), period = (int64_t)stmt->period_us;
    if (gap > period + tol + (int64_t)in->slack_us)
        verdict_set(v, VERDICT_FAIL, from + period + tol, event, "%s: nothing for %s after %s",
                    what, time_text(gap, g), time_text(from, a));
    else if (gap > period + tol && v->code == VERDICT_PASS)
        verdict_set(v, VERDICT_PASS_SLACK, to, event, "%s: gap of %s at %s", what,
                    time_text(gap, g), time_text(from, a));
    else if (before != SIZE_MAX && event != SIZE_MAX &&
             gap < period - tol - (int64_t)in->slack_us && !burst_changes(in, event) &&
             !burst_changes(in, before))
        verdict_set(v, VERDICT_FAIL, to, event,
                    "%s: repeated after only %s at %s with nothing changed", what,
                    time_text(gap, g), time_text(to, a));
}

/* The mean period of the window: from the first beat to the last, early ones (emergencies) left
 * out. */
struct mean {
    int64_t first_us, last_us;
    int64_t n;
};

static void mean_add(const struct stmt *stmt, int64_t t_us, struct mean *m)
{
    if (m->n && t_us - m->last_us < (int64_t)stmt->period_us - tolerance_us(stmt))
        return;
    if (!m->n)
        m->first_us = t_us;
    m->last_us = t_us;
    m->n++;
}

enum { MEAN_BEATS = 5 }; /* fewer say nothing about a mean */

static void check_mean(const struct stmt *stmt, const char *what, const struct mean *m,
                       struct verdict *v)
{
    char text[24];
    if (!stmt->mean.micro || v->code == VERDICT_FAIL)
        return;
    if (m->n < MEAN_BEATS) {
        verdict_set(v, VERDICT_INCONCLUSIVE, (int64_t)stmt->to_us, SIZE_MAX,
                    "%s: only %lld beats, too few for a mean", what, (long long)m->n);
        return;
    }
    int64_t mean = div_round(m->last_us - m->first_us, m->n - 1);
    int64_t off = mean > (int64_t)stmt->period_us ? mean - (int64_t)stmt->period_us
                                                  : (int64_t)stmt->period_us - mean;
    if (off > (int64_t)stmt->period_us * (stmt->mean.micro / 1000) / 100000)
        verdict_set(v, VERDICT_FAIL, m->last_us, SIZE_MAX, "%s: the mean period is %s", what,
                    time_text(mean, text));
}

static void check_id(const struct judge_input *in, const struct stmt *stmt, uint32_t id,
                     struct verdict *v)
{
    struct mean mean = {0};
    const char *topic = stmt->sink == SINK_HA ? ha_bank_topic(in) : in->manifest->topic;
    char what[64];
    int64_t from = (int64_t)stmt->from_us, to = (int64_t)stmt->to_us, last = from;
    size_t before = SIZE_MAX;
    if (stmt->sink == SINK_CAN)
        snprintf(what, sizeof what, "0x%03X", id);
    else
        snprintf(what, sizeof what, "%.60s", topic);
    for (size_t i = 0; i < in->events->n && v->code != VERDICT_FAIL; i++) {
        const struct event *e = &in->events->at[i];
        if (e->t_us < from || e->t_us > to || !is_beat(stmt, e, id, topic))
            continue;
        check_gap(in, stmt, what, last, e->t_us, before, i, v);
        last = e->t_us;
        before = i;
        mean_add(stmt, e->t_us, &mean);
    }
    if (v->code != VERDICT_FAIL)
        check_gap(in, stmt, what, last, to, before, SIZE_MAX, v);
    check_mean(stmt, what, &mean, v);
}

void check_every(const struct judge_input *in, const struct stmt *stmt, struct verdict *v)
{
    if (stmt->n_ids == 0)
        check_id(in, stmt, 0, v);
    for (size_t i = 0; i < stmt->n_ids && v->code != VERDICT_FAIL; i++)
        check_id(in, stmt, stmt->ids[i], v);
    if (v->code == VERDICT_PASS)
        verdict_set(v, VERDICT_PASS, (int64_t)stmt->to_us, SIZE_MAX, "cadence kept");
}
