/* SPDX-License-Identifier: Apache-2.0
 *
 * `bmsrig run`: hands the scenarios to workers and reports what came of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/app/cmd_run.h"
#include "harness/run/paths.h"
#include "harness/run/virtual.h"

enum { WORKER_ARGS = 60 };

/* Is `req` one of the comma-separated ids? */
static bool listed(const char *ids, const char *req)
{
    size_t n = strlen(req);
    for (const char *at = ids; n && (at = strstr(at, req)) != NULL; at += n)
        if ((at == ids || at[-1] == ',') && (at[n] == ',' || at[n] == 0))
            return true;
    return false;
}

/* 0 when a failed check names one of the requirements. */
static int judge_kill(const char *ids, struct result *const *results, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < results[i]->n_lines; k++) {
            const struct result_line *l = &results[i]->lines[k];
            if (l->code == VERDICT_FAIL && listed(ids, l->req)) {
                printf("killed: %s, %s:%u (%s)\n", l->req, results[i]->id, l->line, l->actual);
                return 0;
            }
        }
    printf("SURVIVED: no failed check names %s\n", ids);
    return 1;
}

/* Says so when what was asked for, or is the default, cannot be. */
static bool can_be_virtual(const struct run_args *a, const struct manifest *m)
{
    char why[300];
    if (a->run.tier != TIER_VIRTUAL || virtual_possible(m, a->run.wrap, why, sizeof why))
        return true;
    printf("The bridge cannot run in virtual time (%s).\n"
           "Falling back to the pty tier: same verdicts, but latencies are those of the wall clock "
           "and include this machine's.\n",
           why);
    return false;
}

/* One interface was named for all scenarios. */
static bool one_bus(const char *can)
{
    return can && strcmp(can, "auto") != 0 && strcmp(can, "hub") != 0 && strcmp(can, "vcan") != 0;
}

static unsigned jobs_of(const struct run_args *a, const struct manifest *m, unsigned for_each_core)
{
    if (a->run.tier == TIER_CABLE || m->attach || one_bus(a->run.can) || a->run.ble)
        return 1; /* there is only one of these wires */
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return a->jobs ? a->jobs : (unsigned)(cores > 0 ? cores : 1) * for_each_core;
}

/* Everything people and machines read; returns the exit code. */
static int report_all(const struct run_args *a, const struct report_options *options,
                      struct result *const *results, size_t n, int64_t wall_us)
{
    char junit[1024], json[1024];
    snprintf(junit, sizeof junit, "%s/junit.xml", a->run.out_dir);
    snprintf(json, sizeof json, "%s/results.json", a->run.out_dir);
    const char *junit_path = a->junit ? a->junit : junit;
    for (size_t i = 0; i < n; i++)
        report_failures(stdout, options, results[i]);
    report_summary(stdout, options, results, n, wall_us);
    int code = a->kill ? judge_kill(a->kill, results, n) : report_exit_code(results, n);
    uint64_t began_wall_us = clock_wall_us(clock_system()) - (uint64_t)wall_us;
    if (report_junit(junit_path, results, n, began_wall_us) != ERR_OK ||
        report_json(json, options, results, n) != ERR_OK) {
        fprintf(stderr, "bmsrig run: cannot write the reports %s, %s\n", junit_path, json);
        code = 4;
    }
    printf("report: %s, %s, and a folder for each scenario in %s\n", junit_path, json,
           a->run.out_dir);
    return code;
}

/* The results that count: not the second ones of --twice. */
static size_t collect(const struct run_plan *plan, enum run_mode mode, struct result **ret)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->n; i++)
        if (mode != RUN_TWICE || !plan->items[i].folder[0])
            ret[n++] = plan->items[i].result;
    return n;
}

int run_suite(const struct run_args *a, const struct run_loaded *l, const struct manifest *m,
              const struct catalogue *catalogue, char *const *options, size_t n_options)
{
    static const enum report_mode modes[] = {[RUN_ONCE] = REPORT_ONCE,
                                             [RUN_TWICE] = REPORT_TWICE,
                                             [RUN_SEEDS] = REPORT_SEEDS,
                                             [RUN_SWEEP] = REPORT_SWEEP};
    char self[512];
    const char *worker[WORKER_ARGS + 4] = {self, "worker"};
    size_t n = 2;
    path_self(self, sizeof self);
    for (size_t i = 0; i < n_options && n < WORKER_ARGS; i++)
        worker[n++] = options[i];
    bool tty = isatty(1);
    struct run_plan plan;
    struct suite_options suite = {.worker_argv = worker,
                                  .out_dir = a->run.out_dir,
                                  .jobs_virtual = jobs_of(a, m, 1),
                                  .jobs_real = jobs_of(a, m, 8),
                                  .progress = tty,
                                  .stop_on_failure = a->fail_fast,
                                  .on_result = run_watch_result,
                                  .report = {.catalogue = catalogue,
                                             .color = tty && !a->no_color && !getenv("NO_COLOR"),
                                             .latencies = true,
                                             .mode = modes[a->mode],
                                             .repeats = a->repeats,
                                             .period_us = a->sweep_period_us}};
    struct run_watch watch = {.args = a, .suite = &suite, .plan = &plan};
    suite.ctx = &watch;
    run_plan_make(a, l, m, can_be_virtual(a, m), &plan);
    struct result **results = calloc(plan.n + 1, sizeof *results);
    if (!results)
        abort();
    uint64_t began = clock_now_us(clock_system());
    bool whole = suite_run(&suite, plan.items, plan.n);
    int64_t wall = (int64_t)(clock_now_us(clock_system()) - began);
    int code = report_all(a, &suite.report, results, collect(&plan, a->mode, results), wall);
    free(results);
    run_plan_tidy(&plan, a->run.out_dir);
    run_plan_free(&plan);
    return whole ? code : 4;
}
