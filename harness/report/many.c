/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables over many runs of the same scenarios: seeds and phases.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "harness/report/report.h"

/* The results of one scenario: at[0..n). */
struct group {
    struct result *const *at;
    size_t n;
};

/* The group that begins at results[from]. */
static struct group group_at(struct result *const *results, size_t n, size_t from)
{
    size_t to = from + 1;
    while (to < n && strcmp(results[to]->path, results[from]->path) == 0)
        to++;
    return (struct group){results + from, to - from};
}

static bool passed(const struct result *r)
{
    return r->code == VERDICT_PASS || r->code == VERDICT_PASS_SLACK;
}

/* Neither for nor against the bridge: it was not judged. */
static bool left_out(const struct result *r)
{
    return r->code == VERDICT_SKIPPED || r->code == VERDICT_EXCLUDED;
}

static size_t count(const struct group *g, bool (*what)(const struct result *r))
{
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++)
        n += what(g->at[i]);
    return n;
}

/* ---- seeds ---- */

void report_seeds(FILE *out, const struct report_options *o, struct result *const *results,
                  size_t n)
{
    fprintf(out, "pass rate over %u seeds\n", o->repeats);
    for (size_t i = 0; i < n;) {
        struct group g = group_at(results, n, i);
        size_t good = count(&g, passed), judged = g.n - count(&g, left_out);
        const struct result *first_bad = NULL;
        i += g.n;
        if (judged == 0)
            continue;
        fprintf(out, "  %4zu/%-4zu %3zu %%  %-26s", good, judged, good * 100 / judged, g.at[0]->id);
        for (size_t k = 0; k < g.n; k++)
            if (!passed(g.at[k]) && !left_out(g.at[k])) {
                fprintf(out, "%s%llu",
                        first_bad ? " " : "  failing seeds: ", (unsigned long long)g.at[k]->seed);
                first_bad = first_bad ? first_bad : g.at[k];
            }
        fputc('\n', out);
        if (first_bad)
            fprintf(out, "%19sagain: bmsrig run --seed %llu %s\n", "",
                    (unsigned long long)first_bad->seed, first_bad->path);
    }
}

void report_seeds_json(struct json_out *out, struct result *const *results, size_t n)
{
    json_out_array(out, "seeds");
    for (size_t i = 0; i < n;) {
        struct group g = group_at(results, n, i);
        i += g.n;
        json_out_object(out, NULL);
        json_out_str(out, "scenario", g.at[0]->id);
        json_out_str(out, "path", g.at[0]->path);
        json_out_int(out, "judged", (int64_t)(g.n - count(&g, left_out)));
        json_out_int(out, "passed", (int64_t)count(&g, passed));
        json_out_array(out, "failing");
        for (size_t k = 0; k < g.n; k++)
            if (!passed(g.at[k]) && !left_out(g.at[k]))
                json_out_int(out, NULL, (int64_t)g.at[k]->seed);
        json_out_end(out);
        json_out_end(out);
    }
    json_out_end(out);
}

/* ---- phases ---- */

/* One `within` over all phases. */
struct sweep {
    const struct result_line *line; /* as it was in the first run that was judged */
    int64_t *at;                    /* latencies that were measured, sorted */
    size_t n, runs, failed;
    int64_t worst_us;
    uint64_t worst_phase_us;
    enum verdict_code code;
};

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The k-th line of each run; every run of a scenario has the same lines. */
static void sweep_take(const struct group *g, size_t k, struct sweep *s)
{
    *s = (struct sweep){.at = calloc(g->n + 1, sizeof *s->at), .worst_us = -1};
    if (!s->at)
        abort();
    s->code = VERDICT_EXCLUDED;
    for (size_t i = 0; i < g->n; i++) {
        const struct result *r = g->at[i];
        if (k >= r->n_lines)
            continue;
        const struct result_line *l = &r->lines[k];
        int64_t t = l->of_delivered ? l->from_delivered_us : l->from_event_us;
        bool bad = l->code == VERDICT_FAIL || l->code == VERDICT_INCONCLUSIVE;
        s->line = s->line ? s->line : l;
        s->runs++;
        s->failed += bad;
        s->code = verdict_worse(s->code, l->code);
        if (t >= 0)
            s->at[s->n++] = t;
        /* A run in which the condition never came true is worse than any latency. */
        int64_t weight = t >= 0 && !bad ? t : t >= 0 ? t : bad ? INT64_MAX : -1;
        if (weight > s->worst_us) {
            s->worst_us = weight;
            s->worst_phase_us = r->phase_us;
        }
    }
    qsort(s->at, s->n, sizeof *s->at, by_value);
}

static size_t most_lines(const struct group *g)
{
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++)
        n = g->at[i]->n_lines > n ? g->at[i]->n_lines : n;
    return n;
}

/* Calls fn for every `within` of the group that was judged. */
static void each_sweep(const struct group *g, void (*fn)(void *ctx, const struct sweep *s),
                       void *ctx)
{
    for (size_t k = 0; k < most_lines(g); k++) {
        struct sweep s;
        sweep_take(g, k, &s);
        if (s.line && s.line->limit_us > 0 && s.code != VERDICT_EXCLUDED)
            fn(ctx, &s);
        free(s.at);
    }
}

static void print_sweep(void *ctx, const struct sweep *s)
{
    FILE *out = ctx;
    size_t middle = s->n / 2;

    if (s->n == 0)
        fprintf(out, "  %11s %11s %11s", "-", "-", "-");
    else
        fprintf(out, "  %8.2f ms %8.2f ms %8.2f ms", (double)s->at[0] / 1e3,
                (double)s->at[middle] / 1e3, (double)s->at[s->n - 1] / 1e3);
    fprintf(out, " %8.1f ms  :%-4u %s", (double)s->worst_phase_us / 1e3, s->line->line,
            s->line->statement);
    if (s->failed)
        fprintf(out, "   FAILS in %zu of %zu", s->failed, s->runs);
    else if (s->n < s->runs)
        fprintf(out, "   (measured in %zu of %zu)", s->n, s->runs);
    fputc('\n', out);
}

void report_sweep(FILE *out, const struct report_options *o, struct result *const *results,
                  size_t n)
{
    fprintf(out, "latency over %u phases of the poll period (%.0f ms)\n", o->repeats,
            (double)o->period_us / 1e3);
    fputs("          min      median         max    at phase   line\n", out);
    for (size_t i = 0; i < n;) {
        struct group g = group_at(results, n, i);
        bool any = false;
        i += g.n;
        for (size_t k = 0; k < g.at[0]->n_lines; k++)
            any = any || g.at[0]->lines[k].limit_us > 0;
        if (!any)
            continue;
        fprintf(out, "%s  %s%s\n", g.at[0]->id, g.at[0]->path,
                g.n == 1 && o->repeats > 1 ? "  (one phase: see --help)" : "");
        each_sweep(&g, print_sweep, out);
    }
}

static void sweep_json(void *ctx, const struct sweep *s)
{
    struct json_out *out = ctx;
    json_out_object(out, NULL);
    json_out_int(out, "line", s->line->line);
    json_out_str(out, "statement", s->line->statement);
    json_out_str(out, "requirement", s->line->req);
    json_out_str(out, "verdict", verdict_name(s->code));
    json_out_int(out, "runs", (int64_t)s->runs);
    json_out_int(out, "failed", (int64_t)s->failed);
    json_out_int(out, "limit_us", s->line->limit_us);
    json_out_str(out, "of", s->line->of_delivered ? "delivered" : "event");
    json_out_int(out, "measured", (int64_t)s->n);
    if (s->n > 0) {
        json_out_int(out, "min_us", s->at[0]);
        json_out_int(out, "median_us", s->at[s->n / 2]);
        json_out_int(out, "max_us", s->at[s->n - 1]);
    }
    json_out_int(out, "worst_phase_us", (int64_t)s->worst_phase_us);
    json_out_end(out);
}

void report_sweep_json(struct json_out *out, const struct report_options *o,
                       struct result *const *results, size_t n)
{
    json_out_object(out, "phase_sweep");
    json_out_int(out, "phases", o->repeats);
    json_out_int(out, "period_us", (int64_t)o->period_us);
    json_out_array(out, "scenarios");
    for (size_t i = 0; i < n;) {
        struct group g = group_at(results, n, i);
        i += g.n;
        json_out_object(out, NULL);
        json_out_str(out, "scenario", g.at[0]->id);
        json_out_str(out, "path", g.at[0]->path);
        json_out_array(out, "checks");
        each_sweep(&g, sweep_json, out);
        json_out_end(out);
        json_out_end(out);
    }
    json_out_end(out);
    json_out_end(out);
}
