/* SPDX-License-Identifier: Apache-2.0
 *
 * `bmsrig compare`: are the verdicts of several runs the same?
 */
#include <stdio.h>
#include <string.h>

#include "harness/app/commands.h"
#include "harness/report/compare.h"

static const char help[] =
    "usage: bmsrig compare [--strict] REPORT REPORT ...\n"
    "\n"
    "Compares the verdicts of several runs: of two versions of a bridge, of virtual and real "
    "time,\n"
    "of two machines. REPORT is the folder of a run (its -o), or its results.json. Scenarios are\n"
    "matched by their id, checks by requirement and statement. Latencies are not compared.\n"
    "\n"
    "  --strict   a scenario or check that was skipped, excluded or is not there differs from one\n"
    "             that was judged; without it, it is only listed\n"
    "\n"
    "  bmsrig run --dut v1.dut -o report-v1 scenarios\n"
    "  bmsrig run --dut v2.dut -o report-v2 scenarios\n"
    "  bmsrig compare report-v1 report-v2\n"
    "\n"
    "exit codes: 0 the same, 1 something differs, 2 nothing differs but something was "
    "inconclusive,\n"
    "3 usage, a report that cannot be read, or no scenario that was judged in two reports\n";

struct compare_args {
    bool strict;
    const char *paths[COMPARE_REPORTS];
    size_t n;
};

/* -1: go on; else the exit code. */
static int take_args(int argc, char **argv, struct compare_args *a)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(help, stdout);
            return 0;
        }
        if (strcmp(argv[i], "--strict") == 0) {
            a->strict = true;
        } else if (argv[i][0] == '-') {
            fprintf(stderr, "bmsrig compare: unknown option '%s' (known: --strict)\n", argv[i]);
            return 3;
        } else if (a->n == COMPARE_REPORTS) {
            fprintf(stderr, "bmsrig compare: more than %d reports\n", COMPARE_REPORTS);
            return 3;
        } else {
            a->paths[a->n++] = argv[i];
        }
    }
    if (a->n >= 2)
        return -1;
    fprintf(stderr, "bmsrig compare: two reports at least\n\n%s", help);
    return 3;
}

int cmd_compare(int argc, char **argv)
{
    struct compare_args a = {0};
    struct compare_report reports[COMPARE_REPORTS] = {{0}};
    size_t bad = 0;
    int code = take_args(argc, argv, &a);
    if (code >= 0)
        return code;
    for (size_t i = 0; i < a.n; i++) {
        char why[1200];
        if (compare_load(a.paths[i], &reports[i], why, sizeof why) == ERR_OK)
            continue;
        fprintf(stderr, "bmsrig compare: %s\n", why);
        bad++;
    }
    code = 3;
    if (bad == 0) {
        struct comparison c;
        compare_make(reports, a.n, a.strict, &c);
        compare_print(stdout, &c);
        code = compare_exit_code(&c);
        compare_free(&c);
    }
    for (size_t i = 0; i < a.n; i++)
        compare_unload(&reports[i]);
    return code;
}
