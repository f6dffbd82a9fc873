/* SPDX-License-Identifier: Apache-2.0
 *
 * Matching scenarios and checks of several reports.
 */
#include "harness/report/compare.h"

#include <stdlib.h>
#include <string.h>

static void *zeroed(size_t n, size_t size)
{
    void *p = calloc(n + 1, size);
    if (!p)
        abort();
    return p;
}

/* ---- verdicts ---- */

/* What a verdict says about the bridge. */
enum opinion { OPINION_NONE, OPINION_UNKNOWN, OPINION_GOOD, OPINION_BAD, OPINION_ERROR };

static enum opinion opinion_of(enum verdict_code code)
{
    switch (code) {
    case VERDICT_PASS:
    case VERDICT_PASS_SLACK: return OPINION_GOOD;
    case VERDICT_FAIL: return OPINION_BAD;
    case VERDICT_INCONCLUSIVE: return OPINION_UNKNOWN;
    case VERDICT_HARNESS_ERROR: return OPINION_ERROR;
    case VERDICT_SKIPPED:
    case VERDICT_EXCLUDED:
    case VERDICT_COUNT: break;
    }
    return OPINION_NONE;
}

static enum compare_kind kind_of(const enum opinion *opinions, size_t n, bool strict)
{
    enum opinion known = OPINION_NONE;
    size_t judged = 0, unknown = 0;
    for (size_t i = 0; i < n; i++) {
        enum opinion o = opinions[i];
        if (o == OPINION_NONE)
            continue;
        judged++;
        unknown += o == OPINION_UNKNOWN;
        if (o == OPINION_UNKNOWN)
            continue;
        if (known != OPINION_NONE && o != known)
            return COMPARE_DIFFERENT;
        known = o;
    }
    if (strict && judged > 0 && judged < n)
        return COMPARE_DIFFERENT;
    if (judged < 2)
        return COMPARE_ALONE;
    return unknown > 0 && unknown < judged ? COMPARE_UNJUDGED : COMPARE_SAME;
}

/* ---- checks ---- */

static bool same_check(const struct result_line *a, const struct result_line *b)
{
    return strcmp(a->req, b->req) == 0 && strcmp(a->statement, b->statement) == 0;
}

/* The row's check that report `r` has not filled yet and that is the same as `l`; else a new one.
 */
static size_t check_for(const struct comparison *c, struct compare_row *row, size_t r,
                        const struct result_line *l)
{
    for (size_t k = 0; k < row->n_checks; k++)
        if (!compare_line(c, row, k, r) && same_check(row->checks[k].some, l))
            return k;
    row->checks[row->n_checks].some = l;
    return row->n_checks++;
}

static void take_checks(const struct comparison *c, struct compare_row *row, bool strict)
{
    enum opinion opinions[COMPARE_REPORTS];
    size_t most = 0;
    for (size_t r = 0; r < c->n_reports; r++)
        most += row->at[r] ? row->at[r]->n_lines : 0;
    row->checks = zeroed(most, sizeof *row->checks);
    row->lines = zeroed(most * c->n_reports, sizeof *row->lines);
    for (size_t r = 0; r < c->n_reports; r++)
        for (size_t i = 0; row->at[r] && i < row->at[r]->n_lines; i++) {
            const struct result_line *l = &row->at[r]->lines[i];
            row->lines[check_for(c, row, r, l) * c->n_reports + r] = l;
        }
    for (size_t k = 0; k < row->n_checks; k++) {
        for (size_t r = 0; r < c->n_reports; r++) {
            const struct result_line *l = compare_line(c, row, k, r);
            opinions[r] = l ? opinion_of(l->code) : OPINION_NONE;
        }
        row->checks[k].kind = kind_of(opinions, c->n_reports, strict);
    }
}

/* A scenario is as different as the most different of its checks. */
static void judge_row(const struct comparison *c, struct compare_row *row, bool strict)
{
    enum opinion opinions[COMPARE_REPORTS];
    size_t n = c->n_reports;
    for (size_t r = 0; r < n; r++)
        opinions[r] = row->at[r] ? opinion_of(row->at[r]->code) : OPINION_NONE;
    row->kind = kind_of(opinions, n, strict);
    if (kind_of(opinions, n, false) == COMPARE_ALONE)
        return; /* even when that is a difference, it is not one of every check */
    take_checks(c, row, strict);
    for (size_t k = 0; k < row->n_checks; k++)
        row->kind = row->checks[k].kind > row->kind ? row->checks[k].kind : row->kind;
}

/* ---- scenarios ---- */

struct entry {
    const struct result *result;
    size_t report;
    size_t order; /* in its report: scenarios that share an id stay apart */
};

static int by_id(const struct entry *a, const struct entry *b)
{
    int order = strcmp(a->result->id, b->result->id);
    return order ? order : strcmp(a->result->label, b->result->label);
}

static int by_id_and_place(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = by_id(x, y);
    if (order)
        return order;
    if (x->report != y->report)
        return x->report < y->report ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

/* Entries of one id, sorted by report, into as many rows as one report has of them. */
static void take_group(const struct entry *group, size_t n, struct comparison *c)
{
    size_t before = 0, rows = 0;
    struct compare_row *first = &c->rows[c->n_rows];
    for (size_t i = 0; i < n; i++) {
        before = i > 0 && group[i].report == group[i - 1].report ? before + 1 : 0;
        struct compare_row *row = &first[before];
        if (before == rows) {
            rows++;
            row->at = zeroed(c->n_reports, sizeof *row->at);
            row->some = group[i].result;
        }
        row->at[group[i].report] = group[i].result;
    }
    c->n_rows += rows;
}

void compare_make(const struct compare_report *reports, size_t n, bool strict,
                  struct comparison *ret)
{
    size_t total = 0, filled = 0;
    for (size_t r = 0; r < n; r++)
        total += reports[r].n;
    struct entry *entries = zeroed(total, sizeof *entries);
    for (size_t r = 0; r < n; r++)
        for (size_t i = 0; i < reports[r].n; i++)
            entries[filled++] = (struct entry){reports[r].results[i], r, i};
    qsort(entries, total, sizeof *entries, by_id_and_place);
    *ret = (struct comparison){
        .reports = reports, .n_reports = n, .rows = zeroed(total, sizeof *ret->rows)};
    for (size_t from = 0, to; from < total; from = to) {
        for (to = from + 1; to < total && by_id(&entries[from], &entries[to]) == 0;)
            to++;
        take_group(entries + from, to - from, ret);
    }
    free(entries);
    for (size_t i = 0; i < ret->n_rows; i++)
        judge_row(ret, &ret->rows[i], strict);
}

void compare_free(struct comparison *c)
{
    for (size_t i = 0; i < c->n_rows; i++) {
        free(c->rows[i].lines);
        free(c->rows[i].checks);
        free(c->rows[i].at);
    }
    free(c->rows);
    *c = (struct comparison){0};
}

int compare_exit_code(const struct comparison *c)
{
    enum compare_kind worst = COMPARE_ALONE;
    for (size_t i = 0; i < c->n_rows; i++)
        worst = c->rows[i].kind > worst ? c->rows[i].kind : worst;
    switch (worst) {
    case COMPARE_ALONE: return 3;
    case COMPARE_SAME: return 0;
    case COMPARE_UNJUDGED: return 2;
    case COMPARE_DIFFERENT: return 1;
    }
    return 3;
}
