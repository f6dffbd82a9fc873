/* SPDX-License-Identifier: Apache-2.0
 *
 * `track` (a sink against the truth) and `agree` (two sinks against each other): a value is right
 * when the other side took a value within tol at some instant of the lag.
 */
#include <stdlib.h>

#include "harness/judge/check.h"

/* The least distance of `micro` to what `other` was in [from, to], its value at `from` included.
 * False when `other` had no value then. Truth is continuous: between two samples it took all values
 * between. */
static bool distance(const struct series *other, int64_t from, int64_t to, int64_t micro,
                     bool continuous, int64_t *ret)
{
    size_t i = series_at(other, from);
    bool any = false, above = false, below = false;
    int64_t best = INT64_MAX;
    for (i = i < other->n ? i : 0; i < other->n && other->at[i].t_us <= to; i++) {
        if (!other->at[i].known || other->at[i].text)
            continue;
        int64_t d = other->at[i].micro - micro;
        any = true;
        above = above || d >= 0;
        below = below || d <= 0;
        if (llabs(d) < best)
            best = llabs(d);
    }
    if (any && continuous && above && below)
        best = 0;
    *ret = best;
    return any;
}

struct pair {
    const struct series *mine, *other;
    int64_t back_us, ahead_us;
    bool continuous;
    const char *mine_name, *other_name;
};

/* Judges each sample of `mine` in the window; returns how many were compared. */
static size_t compare_all(const struct judge_input *in, const struct stmt *stmt,
                          const struct pair *p, struct verdict *v)
{
    size_t n = 0;
    char t[24], value[80], other[80];
    int64_t from = (int64_t)stmt->from_us, to = (int64_t)stmt->to_us;
    struct cond like = {.kind = COND_COMPARE, .value.dim = stmt->tol.dim};
    for (size_t i = 0; i < p->mine->n && v->code == VERDICT_PASS; i++) {
        const struct sample *s = &p->mine->at[i];
        int64_t d;
        if (s->t_us < from || s->t_us > to || !s->known || s->text)
            continue;
        if (!distance(p->other, s->t_us - p->back_us - (int64_t)in->slack_us,
                      s->t_us + p->ahead_us + (int64_t)in->slack_us, s->micro, p->continuous, &d))
            continue;
        n++;
        if (d <= stmt->tol.micro)
            continue;
        size_t k = series_at(p->other, s->t_us);
        sample_format(&like, s, value, sizeof value);
        sample_format(&like, &p->other->at[k < p->other->n ? k : 0], other, sizeof other);
        verdict_set(v, VERDICT_FAIL, s->t_us, s->event, "%s %s while %s is %s, at %s", p->mine_name,
                    value, p->other_name, other, time_text(s->t_us, t));
    }
    return n;
}

void check_track(const struct judge_input *in, const struct stmt *stmt, struct verdict *v)
{
    struct series mine, truth;
    series_build(in, stmt->sink, stmt->signal, &mine);
    series_truth(in, stmt->truth_battery, &stmt->truth, &truth);
    struct pair p = {.mine = &mine,
                     .other = &truth,
                     .back_us = (int64_t)stmt->lag_us,
                     .continuous = true,
                     .mine_name = stmt->signal,
                     .other_name = "the truth"};
    size_t n = compare_all(in, stmt, &p, v);
    if (v->code == VERDICT_PASS && n == 0)
        verdict_set(v, VERDICT_FAIL, (int64_t)stmt->from_us, SIZE_MAX,
                    "no value of %s in the window", stmt->signal);
    else if (v->code == VERDICT_PASS)
        verdict_set(v, VERDICT_PASS, (int64_t)stmt->to_us, SIZE_MAX, "%zu values compared", n);
    series_free(&mine);
    series_free(&truth);
}

void check_agree(const struct judge_input *in, const struct stmt *stmt, struct verdict *v)
{
    struct series left, right;
    int64_t lag = (int64_t)stmt->lag_us;
    series_build(in, stmt->sink, stmt->signal, &left);
    series_build(in, stmt->sink2, stmt->signal2, &right);
    /* A value of one side is right when the other side agreed shortly before or comes to agree
     * shortly after: the two are sent one after the other. */
    struct pair p = {&left, &right, lag, lag, false, stmt->signal, stmt->signal2};
    struct pair q = {&right, &left, lag, lag, false, stmt->signal2, stmt->signal};
    size_t n = compare_all(in, stmt, &p, v);
    n += compare_all(in, stmt, &q, v);
    if (v->code == VERDICT_PASS && n == 0)
        verdict_set(v, VERDICT_FAIL, (int64_t)stmt->from_us, SIZE_MAX, "nothing to compare");
    else if (v->code == VERDICT_PASS)
        verdict_set(v, VERDICT_PASS, (int64_t)stmt->to_us, SIZE_MAX, "%zu values compared", n);
    series_free(&left);
    series_free(&right);
}
