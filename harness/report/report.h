/* SPDX-License-Identifier: Apache-2.0
 *
 * What people and machines read after a run.
 */
#ifndef HARNESS_REPORT_H
#define HARNESS_REPORT_H

#include <stdio.h>

#include "harness/report/result.h"
#include "harness/scenario/requirement.h"

/* How often each scenario was played. */
enum report_mode {
    REPORT_ONCE,
    REPORT_TWICE,
    REPORT_SEEDS, /* results of one scenario stand one after the other, each with its seed */
    REPORT_SWEEP, /* or with its phase */
};

struct report_options {
    const struct catalogue *catalogue; /* for the requirements' texts */
    bool color;
    bool latencies; /* the table of latency percentiles */
    enum report_mode mode;
    unsigned repeats;   /* seeds, phases */
    uint64_t period_us; /* of the sweep */
};

/* One line as soon as a scenario has ended. */
void report_line(FILE *out, const struct report_options *options, const struct result *r);
/* Every failed or inconclusive statement with requirement, expected, actual, bytes and time line.
 */
void report_failures(FILE *out, const struct report_options *options, const struct result *r);
/* Counts, requirement matrix in short, latency percentiles. */
void report_summary(FILE *out, const struct report_options *options, struct result *const *results,
                    size_t n, int64_t wall_us);
/* One testsuite, one testcase per scenario. */
enum err report_junit(const char *path, struct result *const *results, size_t n,
                      uint64_t began_wall_us);
/* All results as one JSON document, with the tables of seeds and phases. */
enum err report_json(const char *path, const struct report_options *options,
                     struct result *const *results, size_t n);

/* many.c: for each scenario how many seeds passed and which did not; for each `within` the least,
 * the median and the worst latency over all phases. */
void report_seeds(FILE *out, const struct report_options *options, struct result *const *results,
                  size_t n);
void report_sweep(FILE *out, const struct report_options *options, struct result *const *results,
                  size_t n);
struct json_out;
/* The same as members of an object that is open. */
void report_seeds_json(struct json_out *out, struct result *const *results, size_t n);
void report_sweep_json(struct json_out *out, const struct report_options *options,
                       struct result *const *results, size_t n);

/* 0 all pass, 1 any fail, 2 inconclusive only, 4 harness error (3 is for usage and script errors).
 */
int report_exit_code(struct result *const *results, size_t n);

#endif
