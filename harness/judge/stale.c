/* SPDX-License-Identifier: Apache-2.0
 *
 * When a sink shows no live data: silence for three periods always; limits of zero or an offline
 * status only where the DUT's manifest declares them (an undeclared policy accepts zero as well).
 */
#include <stdlib.h>
#include <string.h>

#include "harness/judge/series.h"

/* One thing that makes the sink stale from time to time: true after an event at `t_us`, or false.
 */
struct mark {
    int64_t t_us;
    bool on;
};
struct marks {
    struct mark *at;
    size_t n;
};

static void mark(struct marks *m, int64_t t_us, bool on)
{
    if (m->n && m->at[m->n - 1].on == on)
        return;
    struct mark *p = realloc(m->at, (m->n + 1) * sizeof *p);
    if (!p)
        abort();
    m->at = p;
    m->at[m->n++] = (struct mark){t_us, on};
}

/* Silence: no frame of the set (no message) for three periods. */
static void silence_marks(const struct judge_input *in, enum sink sink, struct marks *ret)
{
    struct series traffic;
    uint64_t period = sink == SINK_CAN ? in->manifest->can_period_us : in->manifest->json_period_us;
    series_traffic(in, sink, &traffic);
    int64_t limit = (int64_t)(3 * period), alive_until = INT64_MIN;
    mark(ret, INT64_MIN, true);
    for (size_t i = 0; i < traffic.n; i++) {
        if (traffic.at[i].t_us > alive_until && alive_until != INT64_MIN)
            mark(ret, alive_until, true);
        mark(ret, traffic.at[i].t_us, false);
        alive_until = traffic.at[i].t_us + limit;
    }
    if (alive_until != INT64_MIN)
        mark(ret, alive_until, true);
    series_free(&traffic);
}

/* Zero: both current limits are told as 0. */
static void zero_marks(const struct judge_input *in, enum sink sink, struct marks *ret)
{
    struct series ccl, dcl;
    series_build(in, sink, sink == SINK_CAN ? "ccl" : "Info.MaxChargeCurrent", &ccl);
    series_build(in, sink, sink == SINK_CAN ? "dcl" : "Info.MaxDischargeCurrent", &dcl);
    for (size_t i = 0; i < ccl.n; i++) {
        size_t k = series_at(&dcl, ccl.at[i].t_us);
        bool zero = ccl.at[i].known && ccl.at[i].micro == 0 && k < dcl.n && dcl.at[k].known &&
                    dcl.at[k].micro == 0;
        mark(ret, ccl.at[i].t_us, zero);
    }
    series_free(&ccl);
    series_free(&dcl);
}

static void offline_marks(const struct judge_input *in, struct marks *ret)
{
    struct series status;
    series_build(in, SINK_JSON, "$status", &status);
    for (size_t i = 0; i < status.n; i++)
        mark(ret, status.at[i].t_us,
             status.at[i].text && strcmp(status.at[i].text, in->manifest->status_offline) == 0);
    series_free(&status);
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

enum { KINDS = 3 };

/* The union of the three: stale whenever any of them says so. */
static void unite(const struct marks kinds[KINDS], struct stale_list *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < KINDS; i++)
        n += kinds[i].n;
    int64_t *times = malloc((n + 1) * sizeof *times);
    if (!times)
        abort();
    n = 0;
    for (size_t i = 0; i < KINDS; i++)
        for (size_t k = 0; k < kinds[i].n; k++)
            times[n++] = kinds[i].at[k].t_us;
    qsort(times, n, sizeof *times, by_time);
    ret->at = malloc((n + 1) * sizeof *ret->at);
    if (!ret->at)
        abort();
    bool was = false, on[KINDS] = {false};
    size_t next[KINDS] = {0};
    for (size_t i = 0; i < n; i++) {
        bool is = false;
        for (size_t k = 0; k < KINDS; k++) {
            while (next[k] < kinds[k].n && kinds[k].at[next[k]].t_us <= times[i])
                on[k] = kinds[k].at[next[k]++].on;
            is = is || on[k];
        }
        if (is && !was)
            ret->at[ret->n++] = (struct span_us){times[i], INT64_MAX};
        if (!is && was)
            ret->at[ret->n - 1].to_us = times[i];
        was = is;
    }
    free(times);
}

/* Home Assistant shows no state of charge of the bank: not announced, unavailable, or unknown. */
static void hidden_marks(const struct judge_input *in, struct marks *ret)
{
    struct series soc;
    series_build(in, SINK_HA, "soc", &soc);
    mark(ret, INT64_MIN, true);
    for (size_t i = 0; i < soc.n; i++)
        mark(ret, soc.at[i].t_us, !soc.at[i].known);
    series_free(&soc);
}

static void stale_by_policy(const struct judge_input *in, enum sink sink, struct marks kinds[KINDS])
{
    enum stale_policy policy =
        sink == SINK_CAN ? in->manifest->stale_can : in->manifest->stale_json;
    silence_marks(in, sink, &kinds[0]);
    switch (policy) {
    case STALE_UNDECLARED:
    case STALE_ZERO: zero_marks(in, sink, &kinds[1]); break;
    case STALE_OFFLINE: offline_marks(in, &kinds[1]); break;
    case STALE_SILENCE: break;
    }
}

void stale_build(const struct judge_input *in, enum sink sink, struct stale_list *ret)
{
    struct marks kinds[KINDS] = {{0}};
    *ret = (struct stale_list){0};
    if (sink == SINK_HA)
        hidden_marks(in, &kinds[0]);
    else
        stale_by_policy(in, sink, kinds);
    unite(kinds, ret);
    for (size_t i = 0; i < KINDS; i++)
        free(kinds[i].at);
}

void stale_free(struct stale_list *list)
{
    free(list->at);
    *list = (struct stale_list){0};
}
