/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs many scenarios, each in a process of its own, several at a time: real-time scenarios mostly
 * wait.
 */
#ifndef HARNESS_SUITE_H
#define HARNESS_SUITE_H

#include "harness/report/report.h"
#include "harness/run/world.h"

struct suite_options {
    const char *const
        *worker_argv; /* our own command line for one worker, NULL terminated; FILE is added */
    const char *out_dir;
    unsigned jobs;
    bool progress; /* a status line that is rewritten (a terminal) */
    bool stop_on_failure;
    struct report_options report;
};

struct suite_item {
    const struct scenario *scenario;
    struct result *result; /* after the run; the caller deletes it */
    uint64_t limit_us;     /* wall time after which the worker is killed */
};

/* False when interrupted; results of what did not run are "skipped: interrupted". */
bool suite_run(const struct suite_options *options, struct suite_item *items, size_t n);

#endif
