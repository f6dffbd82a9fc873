/* SPDX-License-Identifier: Apache-2.0
 *
 * The terminal report.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/report/report.h"

static const char *paint(const struct report_options *o, enum verdict_code code)
{
    if (!o->color)
        return "";
    switch (code) {
    case VERDICT_PASS:
    case VERDICT_PASS_SLACK: return "\033[32m";
    case VERDICT_FAIL:
    case VERDICT_HARNESS_ERROR: return "\033[1;31m";
    case VERDICT_INCONCLUSIVE: return "\033[33m";
    case VERDICT_SKIPPED:
    case VERDICT_EXCLUDED: return "\033[36m";
    case VERDICT_COUNT: break;
    }
    return "";
}

static const char *plain(const struct report_options *o)
{
    return o->color ? "\033[0m" : "";
}

static size_t count(const struct result *r, enum verdict_code code)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_lines; i++)
        n += r->lines[i].code == code;
    return n;
}

void report_line(FILE *out, const struct report_options *o, const struct result *r)
{
    size_t good = count(r, VERDICT_PASS) + count(r, VERDICT_PASS_SLACK);
    fprintf(out, "%s%-13s%s %-26.26s %3zu/%-3zu %6.1f s  %s%s%s\n", paint(o, r->code),
            verdict_name(r->code), plain(o), r->id[0] ? r->id : r->path, good, r->n_lines,
            (double)r->wall_us / 1e6, r->label, r->label[0] ? ": " : "",
            r->reason ? r->reason : r->title);
}

static void print_block(FILE *out, const char *prefix, const char *text)
{
    while (text && *text) {
        const char *end = strchr(text, '\n');
        size_t n = end ? (size_t)(end - text) : strlen(text);
        fprintf(out, "%s%.*s\n", prefix, (int)n, text);
        text += n + (end != NULL);
    }
}

static void print_wrapped(FILE *out, const char *label, const char *text)
{
    size_t width = 92, n = strlen(text);
    const char *prefix = label;
    while (n) {
        size_t take = n <= width ? n : width;
        while (take < n && take > 40 && text[take] != ' ')
            take--;
        fprintf(out, "    %-12s%.*s\n", prefix, (int)take, text);
        text += take + (take < n);
        n -= take + (take < n);
        prefix = "";
    }
}

void report_failures(FILE *out, const struct report_options *o, const struct result *r)
{
    for (size_t i = 0; i < r->n_lines; i++) {
        const struct result_line *l = &r->lines[i];
        if (l->code != VERDICT_FAIL && l->code != VERDICT_INCONCLUSIVE &&
            l->code != VERDICT_HARNESS_ERROR)
            continue;
        const struct requirement *q =
            o->catalogue && l->req[0] ? catalogue_find(o->catalogue, l->req) : NULL;
        fprintf(out, "\n%s%s%s  %s  %s:%u%s%s\n", paint(o, l->code), verdict_name(l->code),
                plain(o), r->id, r->path, l->line, r->label[0] ? "  " : "", r->label);
        if (q) {
            fprintf(out, "    %-12s%s (%s) %s\n", "requirement", q->id, req_level_name(q->level),
                    q->title);
            print_wrapped(out, "", q->text);
            print_wrapped(out, "source", q->source);
        }
        print_wrapped(out, "expected", l->statement);
        if (l->stimulus[0])
            print_wrapped(out, "after", l->stimulus);
        print_wrapped(out, "actual", l->actual);
        if (l->evidence && *l->evidence) {
            fprintf(out, "    time line\n");
            print_block(out, "      ", l->evidence);
        }
    }
    if (r->folder && (r->code == VERDICT_FAIL || r->code == VERDICT_INCONCLUSIVE ||
                      r->code == VERDICT_HARNESS_ERROR))
        fprintf(out, "    %-12s%s (plot.svg, trace.jsonl, can.log, dut.log)\n", "kept in",
                r->folder);
}

/* ---- latencies ---- */

struct latencies {
    int64_t *at;
    size_t n;
};

static bool is_virtual(const struct result *r)
{
    return strcmp(r->tier, tier_name(TIER_VIRTUAL)) == 0;
}

/* Latencies of one kind of clock. */
static void collect(struct result *const *results, size_t n, bool virtual, const char *sink,
                    bool delivered, struct latencies *ret)
{
    *ret = (struct latencies){0};
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < results[i]->n_lines && is_virtual(results[i]) == virtual; k++) {
            const struct result_line *l = &results[i]->lines[k];
            int64_t t = delivered ? l->from_delivered_us : l->from_event_us;
            if (strcmp(l->sink, sink) != 0 || t < 0 ||
                (l->code != VERDICT_PASS && l->code != VERDICT_PASS_SLACK))
                continue;
            int64_t *p = realloc(ret->at, (ret->n + 1) * sizeof *p);
            if (!p)
                abort();
            ret->at = p;
            ret->at[ret->n++] = t;
        }
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The harness's own PTY loop-back of the same runs: the unit in which to read the numbers above. */
static void print_loopback(FILE *out, struct result *const *results, size_t n)
{
    uint64_t p50 = 0, p99 = 0, p999 = 0;
    size_t runs = 0;
    for (size_t i = 0; i < n; i++) {
        runs += results[i]->loopback_p50_us > 0;
        p50 += results[i]->loopback_p50_us;
        p99 = results[i]->loopback_p99_us > p99 ? results[i]->loopback_p99_us : p99;
        p999 = results[i]->slack_us > p999 ? results[i]->slack_us : p999;
    }
    if (runs)
        fprintf(out, "  loop-back (mean p50, worst p99, worst p99.9) %.2f ms %.2f ms %.2f ms\n",
                (double)p50 / (double)runs / 1e3, (double)p99 / 1e3, (double)p999 / 1e3);
}

static void print_latencies(FILE *out, struct result *const *results, size_t n, bool virtual)
{
    static const char *const sinks[] = {"can", "json"};
    bool head = false;
    for (size_t s = 0; s < 2; s++)
        for (int d = 1; d >= 0; d--) {
            struct latencies l;
            collect(results, n, virtual, sinks[s], d, &l);
            if (l.n) {
                size_t middle = l.n / 2, ninety = l.n * 9 / 10;
                qsort(l.at, l.n, sizeof *l.at, by_value);
                if (!head)
                    fprintf(out, "%-28s n      p50        p90        max\n",
                            virtual ? "latency of passed checks" : "latency by the wall clock");
                head = true;
                fprintf(out, "  %-9s -> %-4s %10zu %7.2f ms %7.2f ms %7.2f ms\n",
                        d ? "delivered" : "event", sinks[s], l.n, (double)l.at[middle] / 1e3,
                        (double)l.at[ninety] / 1e3, (double)l.at[l.n - 1] / 1e3);
            }
            free(l.at);
        }
    if (!virtual)
        print_loopback(out, results, n);
}

/* ---- requirements ---- */

/* The worst verdict any scenario gave to a requirement; false when none judged it. */
static bool requirement_verdict(struct result *const *results, size_t n, const char *id,
                                enum verdict_code *ret)
{
    bool any = false;
    enum verdict_code code = VERDICT_EXCLUDED;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < results[i]->n_lines; k++)
            if (strcmp(results[i]->lines[k].req, id) == 0) {
                any = true;
                code = verdict_worse(code, results[i]->lines[k].code);
            }
    *ret = code;
    return any;
}

static void print_requirements(FILE *out, const struct report_options *o,
                               struct result *const *results, size_t n)
{
    size_t judged = 0, passed = 0;
    if (!o->catalogue)
        return;
    for (size_t i = 0; i < catalogue_count(o->catalogue); i++) {
        enum verdict_code code;
        const struct requirement *q = catalogue_at(o->catalogue, i);
        if (!requirement_verdict(results, n, q->id, &code))
            continue;
        judged++;
        if (code == VERDICT_PASS || code == VERDICT_PASS_SLACK)
            passed++;
        else
            fprintf(out, "%s%-13s%s %-26s %s\n", paint(o, code), verdict_name(code), plain(o),
                    q->id, q->title);
    }
    fprintf(out, "requirements: %zu of %zu in the catalogue judged, %zu hold\n", judged,
            catalogue_count(o->catalogue), passed);
}

/* Each once, with the first scenario that has it. */
static void print_remarks(FILE *out, struct result *const *results, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool said = !results[i]->remark;
        for (size_t k = 0; k < i && !said; k++)
            said = results[k]->remark && strcmp(results[k]->remark, results[i]->remark) == 0;
        if (!said)
            fprintf(out, "remark (%s): %s\n", results[i]->id, results[i]->remark);
    }
}

/* "; tier virtual: 2810 s of virtual time, 120 times as fast", "; tier pty: ..." */
static void print_tiers(FILE *out, struct result *const *results, size_t n, int64_t wall_us)
{
    size_t virtual = 0;
    int64_t virtual_us = 0;
    uint64_t slack = 0;
    for (size_t i = 0; i < n; i++) {
        virtual += is_virtual(results[i]);
        virtual_us += results[i]->virtual_us;
        slack = results[i]->slack_us > slack ? results[i]->slack_us : slack;
    }
    if (virtual)
        fprintf(out, "; tier virtual: %.0f s of virtual time, %.0f times as fast, no slack",
                (double)virtual_us / 1e6, (double)virtual_us / (double)(wall_us > 0 ? wall_us : 1));
    if (virtual < n) {
        size_t i = 0;
        while (is_virtual(results[i]))
            i++;
        fprintf(out, "; tier %s: ", results[i]->tier);
        if (virtual)
            fprintf(out, "%zu of them, ", n - virtual);
        fprintf(out, "wall clock, slack (loop-back p99.9) up to %.1f ms", (double)slack / 1e3);
    }
}

static void print_counts(FILE *out, const struct report_options *o, struct result *const *results,
                         size_t n)
{
    size_t by_code[VERDICT_COUNT] = {0};
    bool many = o->mode == REPORT_SEEDS || o->mode == REPORT_SWEEP;
    for (size_t i = 0; i < n; i++)
        by_code[results[i]->code]++;
    fprintf(out, "%s: %zu passed, %zu failed", many ? "runs" : "scenarios",
            by_code[VERDICT_PASS] + by_code[VERDICT_PASS_SLACK], by_code[VERDICT_FAIL]);
    static const enum verdict_code others[] = {VERDICT_INCONCLUSIVE, VERDICT_SKIPPED,
                                               VERDICT_EXCLUDED, VERDICT_HARNESS_ERROR};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (by_code[others[i]])
            fprintf(out, ", %zu %s", by_code[others[i]], verdict_name(others[i]));
}

/* --twice: what was compared. */
static void print_twice(FILE *out, struct result *const *results, size_t n)
{
    size_t compared = 0, differ = 0;
    for (size_t i = 0; i < n; i++) {
        compared += results[i]->sha256[0] != 0;
        differ += results[i]->reason && strncmp(results[i]->reason, "not determ", 10) == 0;
    }
    fprintf(out, "traces: %zu compared with those of a second run, %zu differ", compared, differ);
    if (compared < n)
        fprintf(out, ", %zu scenarios not compared", n - compared);
    fputc('\n', out);
}

void report_summary(FILE *out, const struct report_options *o, struct result *const *results,
                    size_t n, int64_t wall_us)
{
    fprintf(out, "\n");
    if (o->latencies && o->mode != REPORT_SWEEP) {
        print_latencies(out, results, n, true);
        print_latencies(out, results, n, false);
    }
    if (o->mode == REPORT_SEEDS)
        report_seeds(out, o, results, n);
    if (o->mode == REPORT_SWEEP)
        report_sweep(out, o, results, n);
    print_requirements(out, o, results, n);
    if (o->mode == REPORT_TWICE)
        print_twice(out, results, n);
    print_counts(out, o, results, n);
    fprintf(out, " in %.1f s", (double)wall_us / 1e6);
    print_tiers(out, results, n, wall_us);
    fprintf(out, "\n");
    print_remarks(out, results, n);
}

int report_exit_code(struct result *const *results, size_t n)
{
    bool fail = false, inconclusive = false, error = false;
    for (size_t i = 0; i < n; i++) {
        fail = fail || results[i]->code == VERDICT_FAIL;
        inconclusive = inconclusive || results[i]->code == VERDICT_INCONCLUSIVE;
        error = error || results[i]->code == VERDICT_HARNESS_ERROR;
    }
    return error ? 4 : fail ? 1 : inconclusive ? 2 : 0;
}
