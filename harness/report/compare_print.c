/* SPDX-License-Identifier: Apache-2.0
 *
 * A comparison as text.
 */
#include <string.h>

#include "harness/report/compare.h"

enum { WIDTH = 98, CELL = 16, NAMES_SHOWN = 12 };

static char letter(size_t report)
{
    return (char)('A' + report);
}

static const char *name_of(const struct result *r)
{
    return r->id[0] ? r->id : r->path;
}

static void print_name(FILE *out, const struct result *r)
{
    fprintf(out, "%s%s%s", name_of(r), r->label[0] ? ", " : "", r->label);
}

/* ---- what is compared ---- */

/* "virtual", or "virtual and pty" when a run fell back for some. */
static void print_words(FILE *out, const struct compare_report *report,
                        const char *(*word)(const struct result *r))
{
    const char *before = NULL;
    for (size_t i = 0; i < report->n; i++) {
        const char *w = word(report->results[i]);
        bool seen = !w || !*w;
        for (size_t k = 0; k < i && !seen; k++)
            seen = word(report->results[k]) && strcmp(word(report->results[k]), w) == 0;
        if (seen)
            continue;
        fprintf(out, "%s%s", before ? " and " : ", ", w);
        before = w;
    }
}

static const char *tier_of(const struct result *r)
{
    return r->tier;
}

static const char *can_of(const struct result *r)
{
    return r->can;
}

static const char *dut_of(const struct result *r)
{
    return r->dut;
}

static void print_reports(FILE *out, const struct comparison *c)
{
    for (size_t r = 0; r < c->n_reports; r++) {
        const struct compare_report *report = &c->reports[r];
        fprintf(out, "%c  %s: %zu run%s", letter(r), report->name, report->n,
                report->n == 1 ? "" : "s");
        print_words(out, report, dut_of);
        print_words(out, report, tier_of);
        print_words(out, report, can_of);
        fputc('\n', out);
    }
}

static void print_counts(FILE *out, const struct comparison *c)
{
    size_t count[VERDICT_COUNT + 1][COMPARE_REPORTS] = {{0}};
    for (size_t i = 0; i < c->n_rows; i++)
        for (size_t r = 0; r < c->n_reports; r++)
            count[c->rows[i].at[r] ? c->rows[i].at[r]->code : VERDICT_COUNT][r]++;
    fprintf(out, "\n%-14s", "");
    for (size_t r = 0; r < c->n_reports; r++)
        fprintf(out, "%6c", letter(r));
    fputc('\n', out);
    for (size_t v = 0; v <= VERDICT_COUNT; v++) {
        size_t any = 0;
        for (size_t r = 0; r < c->n_reports; r++)
            any += count[v][r];
        if (any == 0)
            continue;
        fprintf(out, "%-14s", v < VERDICT_COUNT ? verdict_name((enum verdict_code)v) : "not there");
        for (size_t r = 0; r < c->n_reports; r++)
            fprintf(out, "%6zu", count[v][r]);
        fputc('\n', out);
    }
}

/* ---- differences ---- */

static void print_cells(FILE *out, size_t n, const char *(*text)(const void *at), const void **at)
{
    for (size_t r = 0; r < n; r++)
        fprintf(out, "%s%c %-*s", r ? " " : "", letter(r), r + 1 < n ? CELL - 2 : 0,
                at[r] ? text(at[r]) : "-");
    fputc('\n', out);
}

static const char *verdict_of_run(const void *at)
{
    return verdict_name(((const struct result *)at)->code);
}

static const char *verdict_of_check(const void *at)
{
    return verdict_name(((const struct result_line *)at)->code);
}

static void print_check(FILE *out, const struct comparison *c, const struct compare_row *row,
                        size_t k)
{
    const void *at[COMPARE_REPORTS];
    const struct result_line *some = row->checks[k].some;
    char place[24] = "";
    if (some->line > 0) /* what is demanded of every run stands in no line */
        snprintf(place, sizeof place, ":%u", some->line);
    for (size_t r = 0; r < c->n_reports; r++)
        at[r] = compare_line(c, row, k, r);
    fprintf(out, "    %-6s %-21s ", place, some->req);
    print_cells(out, c->n_reports, verdict_of_check, at);
    fprintf(out, "           %s\n", some->statement);
    for (size_t r = 0; r < c->n_reports; r++) {
        const struct result_line *l = compare_line(c, row, k, r);
        if (l && l->code != VERDICT_PASS && l->actual[0])
            fprintf(out, "           %c: %s\n", letter(r), l->actual);
    }
}

static void print_row(FILE *out, const struct comparison *c, const struct compare_row *row,
                      enum compare_kind kind)
{
    const void *at[COMPARE_REPORTS];
    for (size_t r = 0; r < c->n_reports; r++)
        at[r] = row->at[r];
    print_name(out, row->some);
    fprintf(out, "  %s\n    %-28s ", row->some->path, "");
    print_cells(out, c->n_reports, verdict_of_run, at);
    for (size_t r = 0; r < c->n_reports; r++)
        if (row->at[r] && row->at[r]->reason)
            fprintf(out, "           %c: %s\n", letter(r), row->at[r]->reason);
    for (size_t k = 0; k < row->n_checks; k++)
        if (row->checks[k].kind == kind)
            print_check(out, c, row, k);
}

static size_t count_kind(const struct comparison *c, enum compare_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n_rows; i++)
        n += c->rows[i].kind == kind;
    return n;
}

static size_t count_checks(const struct comparison *c, enum compare_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n_rows; i++)
        for (size_t k = 0; k < c->rows[i].n_checks; k++)
            n += c->rows[i].checks[k].kind == kind;
    return n;
}

static void print_kind(FILE *out, const struct comparison *c, enum compare_kind kind,
                       const char *title)
{
    if (count_kind(c, kind) == 0)
        return;
    fprintf(out, "\n%s\n", title);
    for (size_t i = 0; i < c->n_rows; i++)
        if (c->rows[i].kind == kind)
            print_row(out, c, &c->rows[i], kind);
}

/* ---- what was left out ---- */

/* A list of names that fills lines. */
struct names {
    FILE *out;
    size_t n, column;
};

static void add_name(struct names *names, const char *name, const char *more)
{
    size_t length = strlen(name) + (more[0] ? 1 + strlen(more) : 0);
    if (names->n++ >= NAMES_SHOWN)
        return;
    bool wrap = names->n > 1 && names->column + 2 + length > WIDTH;
    if (names->n > 1)
        names->column += (size_t)fprintf(names->out, wrap ? "," : ", ");
    if (names->n == 1 || wrap) {
        fprintf(names->out, "%s        ", wrap ? "\n" : "");
        names->column = 8;
    }
    names->column += (size_t)fprintf(names->out, "%s%s%s", name, more[0] ? " " : "", more);
}

static void end_names(struct names *names)
{
    if (names->n > NAMES_SHOWN)
        fprintf(names->out, ", and %zu more", names->n - NAMES_SHOWN);
    if (names->n > 0)
        fputc('\n', names->out);
}

static bool left_out(const struct result *r)
{
    return r && (r->code == VERDICT_SKIPPED || r->code == VERDICT_EXCLUDED);
}

static const char *reason_of(const struct result *r)
{
    return r->reason ? r->reason : "for no stated reason";
}

static bool same_reason(const struct result *a, const struct result *b)
{
    return left_out(a) && left_out(b) && a->code == b->code &&
           strcmp(reason_of(a), reason_of(b)) == 0;
}

static void print_reason(FILE *out, const struct comparison *c, size_t report, size_t from)
{
    const struct result *first = c->rows[from].at[report];
    struct names names = {.out = out};
    size_t n = 0;
    for (size_t i = from; i < c->n_rows; i++)
        n += same_reason(c->rows[i].at[report], first);
    fprintf(out, "    %c %s %zu: %s\n", letter(report), verdict_name(first->code), n,
            reason_of(first));
    for (size_t i = from; i < c->n_rows; i++)
        if (same_reason(c->rows[i].at[report], first))
            add_name(&names, name_of(c->rows[i].some), c->rows[i].some->label);
    end_names(&names);
}

static void print_left_out(FILE *out, const struct comparison *c)
{
    bool any = false;
    for (size_t r = 0; r < c->n_reports; r++)
        for (size_t i = 0; i < c->n_rows; i++) {
            bool told = !left_out(c->rows[i].at[r]);
            for (size_t k = 0; k < i && !told; k++)
                told = same_reason(c->rows[k].at[r], c->rows[i].at[r]);
            if (told)
                continue;
            if (!any)
                fputs("\nleft out, with reasons\n", out);
            any = true;
            print_reason(out, c, r, i);
        }
}

static void print_missing(FILE *out, const struct comparison *c)
{
    bool any = false;
    for (size_t r = 0; r < c->n_reports; r++) {
        struct names names = {.out = out};
        size_t n = 0;
        for (size_t i = 0; i < c->n_rows; i++)
            n += !c->rows[i].at[r];
        if (n == 0)
            continue;
        fprintf(out, "%s    %c has not %zu:\n", any ? "" : "\nscenarios that not all have\n",
                letter(r), n);
        any = true;
        for (size_t i = 0; i < c->n_rows; i++)
            if (!c->rows[i].at[r])
                add_name(&names, name_of(c->rows[i].some), c->rows[i].some->label);
        end_names(&names);
    }
}

static bool judged_check(const struct result_line *l)
{
    return l && l->code != VERDICT_EXCLUDED && l->code != VERDICT_SKIPPED;
}

/* Checks of scenarios that were compared, which only one report has judged: another text of the
 * scenario, another manifest, or what cannot be seen of a bridge that somebody else has started. */
static void print_single_checks(FILE *out, const struct comparison *c)
{
    bool any = false;
    for (size_t r = 0; r < c->n_reports; r++) {
        struct names names = {.out = out};
        for (size_t i = 0; i < c->n_rows; i++) {
            const struct compare_row *row = &c->rows[i];
            for (size_t k = 0; k < row->n_checks; k++) {
                if (row->checks[k].kind != COMPARE_ALONE ||
                    !judged_check(compare_line(c, row, k, r)))
                    continue;
                if (names.n == 0)
                    fprintf(out, "%s    %c:\n", any ? "" : "\nchecks that only one has judged\n",
                            letter(r));
                any = true;
                add_name(&names, name_of(row->some), row->checks[k].some->req);
            }
        }
        end_names(&names);
    }
}

void compare_print(FILE *out, const struct comparison *c)
{
    size_t same = count_kind(c, COMPARE_SAME), unjudged = count_kind(c, COMPARE_UNJUDGED);
    size_t different = count_kind(c, COMPARE_DIFFERENT);
    size_t checks = count_checks(c, COMPARE_SAME) + count_checks(c, COMPARE_UNJUDGED) +
                    count_checks(c, COMPARE_DIFFERENT);
    print_reports(out, c);
    print_counts(out, c);
    print_kind(out, c, COMPARE_DIFFERENT, "different verdicts");
    print_kind(out, c, COMPARE_UNJUDGED, "could not be judged in every report");
    print_left_out(out, c);
    print_missing(out, c);
    print_single_checks(out, c);
    fputc('\n', out);
    if (same + unjudged + different == 0)
        fputs("nothing to compare: no scenario was judged in two of these reports\n", out);
    else if (different > 0)
        fprintf(out, "DIFFERENT: %zu of %zu scenarios, %zu of %zu checks\n", different,
                same + unjudged + different, count_checks(c, COMPARE_DIFFERENT), checks);
    else if (unjudged > 0)
        fprintf(out,
                "no difference in %zu scenarios, %zu checks, but %zu of the scenarios could not "
                "be judged in every report\n",
                same + unjudged, checks, unjudged);
    else
        fprintf(out, "same verdicts: %zu scenarios, %zu checks\n", same, checks);
}
