/* SPDX-License-Identifier: Apache-2.0
 *
 * Compares the verdicts of several runs: of two versions of a bridge, or of the same bridge in
 * virtual time, in real time, on a kernel's bus and in containers. Scenarios are matched by their
 * id, checks by requirement and statement, not by line: a comment more does not make them others.
 *
 * Only verdicts are compared, not latencies or bytes; a pass that needed the tier's slack is a
 * pass. What a run has skipped or excluded, or does not have at all, is no verdict: it is listed,
 * and differs only when `strict` asks for it.
 */
#ifndef HARNESS_COMPARE_H
#define HARNESS_COMPARE_H

#include <stdio.h>

#include "harness/report/report.h"

enum { COMPARE_REPORTS = 26 }; /* they are called A to Z */

/* What one run has left behind. */
struct compare_report {
    const char *name; /* as the user calls it; not owned */
    enum report_mode mode;
    struct result **results; /* owned; `label` is set where a scenario was played many times */
    size_t n;
};

/* Takes the text of a results.json. ERR_SYNTAX and ERR_RANGE of json_parse; ERR_LAYOUT: JSON, but
 * no report of bmsrig, or a verdict of a later version. */
enum err compare_parse(struct span text, struct compare_report *ret);
/* Reads `path`, a results.json or a folder with one. A message for the user is in `why` when this
 * fails. */
enum err compare_load(const char *path, struct compare_report *ret, char *why, size_t why_size);
void compare_unload(struct compare_report *report); /* also a zeroed one */

/* How the verdicts on one thing relate, the worst last. */
enum compare_kind {
    COMPARE_ALONE,     /* judged in one report, or in none */
    COMPARE_SAME,      /* judged in two or more, alike */
    COMPARE_UNJUDGED,  /* alike where it is known, but inconclusive somewhere */
    COMPARE_DIFFERENT, /* pass here, fail there */
};

struct compare_check {
    enum compare_kind kind;
    const struct result_line *some; /* the first report's that has it, for its text */
};

struct compare_row {
    enum compare_kind kind;    /* of the verdicts on the scenario and on every check */
    const struct result **at;  /* one for each report; NULL: not there */
    const struct result *some; /* the first of them, for the id and the path */
    struct compare_check *checks;
    size_t n_checks;
    const struct result_line **lines; /* behind compare_line() */
};

struct comparison {
    const struct compare_report *reports;
    size_t n_reports;
    struct compare_row *rows; /* sorted by id */
    size_t n_rows;
};

/* Check `k` of the row as report `r` has it; NULL: not there. */
static inline const struct result_line *compare_line(const struct comparison *c,
                                                     const struct compare_row *row, size_t k,
                                                     size_t r)
{
    return row->lines[k * c->n_reports + r];
}

/* `reports` must live as long as the comparison. */
void compare_make(const struct compare_report *reports, size_t n, bool strict,
                  struct comparison *ret);
void compare_free(struct comparison *c);

/* The table of counts, every difference with all verdicts, what was left out and why. */
void compare_print(FILE *out, const struct comparison *c);
/* 0 alike, 1 something differs, 2 nothing differs, but something was inconclusive, 3 nothing was
 * judged in two reports. */
int compare_exit_code(const struct comparison *c);

#endif
