/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs many scenarios, each in a process of its own, several at a time. Virtual ones compute and
 * want a core each; the others mostly wait, but they measure, so they come when the virtual ones
 * are through.
 */
#ifndef HARNESS_SUITE_H
#define HARNESS_SUITE_H

#include "harness/report/report.h"
#include "harness/run/world.h"

struct suite_item {
    const struct scenario *scenario;
    enum tier tier;
    uint64_t seed;         /* 0: the command line's, else the scenario's */
    uint64_t phase_us;     /* 0: the command line's */
    char folder[40];       /* the results go to out_dir/folder/ID; "": out_dir/ID */
    char label[40];        /* tells runs of one scenario apart: "seed 3"; "" */
    uint64_t limit_us;     /* wall time after which the worker is killed */
    struct result *result; /* after the run; the caller deletes it */
};

struct suite_options {
    const char *const
        *worker_argv; /* our own command line for one worker, NULL terminated; FILE is added */
    const char *out_dir;
    unsigned jobs_virtual, jobs_real;
    bool progress; /* a status line that is rewritten (a terminal) */
    bool stop_on_failure;
    /* Called with each result; what it returns is shown as a line of its own. NULL: each is. */
    const struct result *(*on_result)(void *ctx, struct suite_item *item);
    void *ctx;
    struct report_options report;
};

/* False when interrupted; results of what did not run are "skipped: interrupted". */
bool suite_run(const struct suite_options *options, struct suite_item *items, size_t n);
/* The folder of an item's results. */
void suite_folder(const struct suite_options *options, const struct suite_item *item, char *out,
                  size_t cap);

#endif
