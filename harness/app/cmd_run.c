/* SPDX-License-Identifier: Apache-2.0
 *
 * `bmsrig run`: loads the scenarios and the manifest, runs them, reports. A hidden `bmsrig worker`
 * runs one scenario and leaves result.json.
 */
#define _XOPEN_SOURCE 700 /* realpath */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/app/cmd_run.h"
#include "harness/app/commands.h"
#include "harness/app/names.h"
#include "harness/run/leftovers.h"
#include "harness/run/paths.h"
#include "harness/run/preflight.h"

static int run_worker(const struct run_args *a, const struct run_loaded *l,
                      const struct manifest *m)
{
    char path[1024];
    if (l->n != 1)
        return 4;
    leftovers_die_with_parent();
    struct result *r = world_run(l->at[0], m, &a->run);
    snprintf(path, sizeof path, "%s/%s", a->run.out_dir, l->at[0]->id);
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        fprintf(stderr, "bmsrig: cannot make %s: %s\n", path, strerror(errno));
    snprintf(path, sizeof path, "%s/%s/result.json", a->run.out_dir, l->at[0]->id);
    enum err err = result_save(r, path);
    result_delete(r);
    return err == ERR_OK ? 0 : 4;
}

/* argv[1..n) are options, behind them come the files. */
static int load_and_run(struct run_args *a, char **argv, size_t n)
{
    struct manifest *m = NULL;
    struct names_context names;
    struct run_loaded l = {0};
    enum err err = manifest_load(a->dut, stderr, &m);
    if (err != ERR_OK) {
        if (err != ERR_SYNTAX)
            fprintf(stderr,
                    "bmsrig run: manifest %s: %s\n  docs/manifest.md shows how to write one\n",
                    a->dut, err_text(err));
        return 3;
    }
    int code = 3;
    if (names_open(&names, m->has_can ? m->dialect : NULL)) {
        run_load(a, &names.names, &l);
        if (!l.bad && a->worker)
            code = run_worker(a, &l, m);
        else if (!l.bad && (code = (int)preflight(m, &a->run, stderr)) == PREFLIGHT_OK)
            code = run_suite(a, &l, m, names.catalogue, argv + 1, n - 1);
        names_close(&names);
    }
    run_unload(&l);
    manifest_delete(m);
    return code;
}

static int run(int argc, char **argv, bool worker)
{
    struct run_args a = {.run = {.out_dir = "report", .tier = TIER_VIRTUAL}, .worker = worker};
    char name[] = "bmsrig run"; /* for getopt's messages */
    char dut[600];
    char *own = argv[0];
    argv[0] = name;
    int stop = run_args_parse(&a, argc, argv);
    argv[0] = own;
    if (stop)
        return stop - 1;
    path_data("scenarios/dut/bms-bridge.dut", dut, sizeof dut);
    if (!a.dut)
        a.dut = dut;
    int bad = (int)preflight_folder(a.run.out_dir, stderr);
    if (bad)
        return bad;
    char *out = realpath(a.run.out_dir, NULL);
    if (out)
        a.run.out_dir = out;
    int code = load_and_run(&a, argv, (size_t)(argc - a.n_files));
    free(out);
    return code;
}

int cmd_run(int argc, char **argv)
{
    return run(argc, argv, false);
}

int cmd_worker(int argc, char **argv)
{
    return run(argc, argv, true);
}
