/* SPDX-License-Identifier: Apache-2.0
 *
 * `bmsrig run`: which scenarios.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/app/cmd_run.h"
#include "harness/run/paths.h"
#include "harness/scenario/files.h"

#define LONG_US (3600 * US_PER_S)

struct loading {
    const struct run_args *args;
    const struct scenario_names *names;
    struct run_loaded *to;
};

static bool selected(const struct run_args *a, const struct scenario *s)
{
    if (a->worker)
        return true; /* the suite has chosen */
    if (a->only && !strstr(s->id, a->only))
        return false;
    if (!a->req)
        return true;
    for (size_t i = 0; i < s->n_covers; i++)
        if (strcmp(s->covers[i], a->req) == 0)
            return true;
    return false;
}

static struct scenario *load(const char *path, const struct loading *l)
{
    struct scenario *s = NULL;
    enum err err = scenario_load(path, l->names, &s);
    if (err == ERR_OK)
        return s;
    if (s)
        scenario_print_errors(s, stderr);
    else
        fprintf(stderr, "%s: %s\n", path, err_text(err));
    scenario_delete(s);
    l->to->bad = true;
    return NULL;
}

static void load_one(const char *path, void *ctx)
{
    const struct loading *loading = ctx;
    struct run_loaded *l = loading->to;
    struct scenario *s = load(path, loading);
    if (!s)
        return;
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->at[i]->id, s->id) == 0) {
            fprintf(stderr, "%s: error: scenario %s is also in %s\n", path, s->id, l->at[i]->path);
            l->bad = true;
        }
    if (!selected(loading->args, s)) {
        scenario_delete(s);
        return;
    }
    struct scenario **at = realloc(l->at, (l->n + 1) * sizeof *at);
    if (!at)
        abort();
    l->at = at;
    l->at[l->n++] = s;
}

/* Does it take hours, and did only a folder bring it? */
static bool unasked(const struct run_args *a, const struct scenario *s)
{
    char path[1024];
    for (int i = 0; i < a->n_files; i++) {
        path_scenarios(a->files[i], path, sizeof path);
        if (strcmp(path, s->path) == 0)
            return false;
    }
    return s->duration_us > LONG_US;
}

/* A folder that has nothing else was meant. */
static void leave_out_long(const struct run_args *a, struct run_loaded *l)
{
    size_t n_long = 0, kept = 0;
    for (size_t i = 0; i < l->n; i++)
        n_long += unasked(a, l->at[i]);
    if (a->take_long || n_long == 0 || n_long == l->n)
        return;
    for (size_t i = 0; i < l->n; i++)
        if (unasked(a, l->at[i]))
            scenario_delete(l->at[i]);
        else
            l->at[kept++] = l->at[i];
    l->n = kept;
    printf("%zu scenario%s longer than an hour left out: --long takes %s\n", n_long,
           n_long == 1 ? "" : "s", n_long == 1 ? "it" : "them");
}

static void keep_shard(struct run_loaded *l, unsigned shard, unsigned shards)
{
    size_t kept = 0;
    if (shards < 2)
        return;
    for (size_t i = 0; i < l->n; i++)
        if (i % shards == shard - 1)
            l->at[kept++] = l->at[i];
        else
            scenario_delete(l->at[i]);
    l->n = kept;
}

void run_load(const struct run_args *args, const struct scenario_names *names,
              struct run_loaded *ret)
{
    static const char *const suffixes[] = {".scn", NULL};
    struct loading loading = {args, names, ret};
    *ret = (struct run_loaded){0};
    for (int i = 0; i < args->n_files; i++) {
        char path[1024];
        path_scenarios(args->files[i], path, sizeof path);
        enum err err = files_walk(path, suffixes, load_one, &loading);
        if (err == ERR_OK)
            continue;
        fprintf(stderr, "bmsrig run: %s: %s\n", args->files[i],
                err == ERR_INCOMPLETE ? "no scenario (*.scn) in there" : err_text(err));
        ret->bad = true;
    }
    if (!args->worker) {
        leave_out_long(args, ret);
        keep_shard(ret, args->shard, args->shards);
    }
    if (!ret->bad && ret->n == 0) {
        fputs("bmsrig run: no scenario is left after --only, --req and --shard\n", stderr);
        ret->bad = true;
    }
}

void run_unload(struct run_loaded *loaded)
{
    for (size_t i = 0; i < loaded->n; i++)
        scenario_delete(loaded->at[i]);
    free(loaded->at);
    *loaded = (struct run_loaded){0};
}
