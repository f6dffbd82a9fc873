/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of `bmsrig run`: arguments, loading, running once, running many times.
 */
#ifndef HARNESS_CMD_RUN_H
#define HARNESS_CMD_RUN_H

#include "harness/run/suite.h"
#include "harness/scenario/requirement.h"

/* How often each scenario is played. */
enum run_mode {
    RUN_ONCE,
    RUN_TWICE, /* --twice: the same again, and the traces must not differ */
    RUN_SEEDS, /* --seeds N */
    RUN_SWEEP, /* --phase-sweep N: the timeline at N phases of the bridge's poll period */
};

struct run_args {
    struct run_options run;
    bool tier_given; /* else virtual where scenario and bridge can, and pty where they cannot */
    const char *dut;
    const char *junit;
    const char *only;
    const char *req;
    const char *kill;
    unsigned jobs; /* 0: as the tier suggests */
    unsigned shard, shards;
    bool fail_fast, no_color, worker, take_long;
    enum run_mode mode;
    const char *mode_option; /* as it was written; NULL: none was */
    unsigned repeats;        /* seeds, phases */
    uint64_t sweep_period_us;
    char **files;
    int n_files;
};

enum { RUN_REPEATS_MAX = 10000 };

/* cmd_run_args.c. 0: go on, else the exit code + 1. */
int run_args_parse(struct run_args *args, int argc, char **argv);

/* cmd_run_load.c */
struct run_loaded {
    struct scenario **at;
    size_t n;
    bool bad; /* errors have been printed */
};
/* Scenarios of all files and folders, those that --only, --req and --shard leave. Those longer than
 * an hour are run when they are asked for: by --long, or as a file of their own. */
void run_load(const struct run_args *args, const struct scenario_names *names,
              struct run_loaded *ret);
void run_unload(struct run_loaded *loaded);

/* cmd_run_suite.c: everything in workers, then the reports. options: our own command line without
 * the files. Returns the exit code. */
int run_suite(const struct run_args *args, const struct run_loaded *loaded,
              const struct manifest *manifest, const struct catalogue *catalogue,
              char *const *options, size_t n_options);

/* cmd_run_many.c */

/* What is to be run: each scenario once, twice, or as often as there are seeds or phases. */
struct run_plan {
    struct suite_item *items;
    size_t n;
};
void run_plan_make(const struct run_args *args, const struct run_loaded *loaded,
                   const struct manifest *manifest, bool can_be_virtual, struct run_plan *ret);
void run_plan_free(struct run_plan *plan);
/* Removes what folders of second runs, seeds and phases are empty in the end. */
void run_plan_tidy(const struct run_plan *plan, const char *out_dir);
/* For struct suite_options: compares the two runs of --twice, throws away what nobody wants to
 * keep. ctx is a struct run_watch. */
struct run_watch {
    const struct run_args *args;
    const struct suite_options *suite;
    struct run_plan *plan;
};
const struct result *run_watch_result(void *ctx, struct suite_item *item);

#endif
