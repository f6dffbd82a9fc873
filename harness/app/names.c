/* SPDX-License-Identifier: Apache-2.0
 *
 * Names and files.
 */
#include "harness/app/names.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/judge/judge.h"
#include "harness/run/paths.h"

static bool requirement_exists(void *ctx, const char *id)
{
    const struct names_context *c = ctx;
    return catalogue_find(c->catalogue, id) != NULL;
}

static const char *requirement_nearest(void *ctx, const char *id)
{
    const struct names_context *c = ctx;
    return catalogue_nearest(c->catalogue, id);
}

static bool can_signal_exists(void *ctx, const char *signal, enum dim *ret_dim)
{
    const struct names_context *c = ctx;
    *ret_dim = DIM_NONE;
    if (judge_can_pseudo(signal) || strcmp(signal, "maker") == 0)
        return true;
    for (size_t i = 0; i < c->n_dbc; i++) {
        const struct dbc_signal *s = dbc_signal(c->dbc[i], signal, NULL);
        if (s) {
            *ret_dim = s->dim;
            return true;
        }
    }
    return false;
}

static const char *can_signal_nearest(void *ctx, const char *signal)
{
    const struct names_context *c = ctx;
    for (size_t i = 0; i < c->n_dbc; i++) {
        const char *near = dbc_nearest(c->dbc[i], signal);
        if (near)
            return near;
    }
    return NULL;
}

static bool add_dbc(struct names_context *c, const char *path)
{
    if (c->n_dbc == DIALECTS_MAX)
        return true;
    enum err err = dbc_load(path, stderr, &c->dbc[c->n_dbc]);
    if (err == ERR_OK)
        c->n_dbc++;
    else
        fprintf(stderr, "bmsrig: frame table %s: %s\n", path, err_text(err));
    return err == ERR_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of a folder, sorted, without those that begin with a dot. */
static char **folder(const char *path, size_t *ret_n)
{
    DIR *d = opendir(path);
    char **at = NULL;
    size_t n = 0;
    struct dirent *e;
    while (d && (e = readdir(d))) {
        if (e->d_name[0] == '.')
            continue;
        char **p = realloc(at, (n + 1) * sizeof *p);
        size_t len = strlen(path) + strlen(e->d_name) + 2;
        if (!p || !(p[n] = malloc(len)))
            abort();
        at = p;
        snprintf(at[n++], len, "%s/%s", path, e->d_name);
    }
    if (d)
        closedir(d);
    if (n)
        qsort(at, n, sizeof *at, by_name);
    *ret_n = n;
    return at;
}

static void free_folder(char **at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(at[i]);
    free(at);
}

bool names_open(struct names_context *c, const char *dialect)
{
    char path[600], name[80];
    bool ok = true;
    *c = (struct names_context){.names = {requirement_exists, requirement_nearest,
                                          can_signal_exists, can_signal_nearest, c}};
    path_data("requirements", path, sizeof path);
    if (catalogue_load(path, stderr, &c->catalogue) != ERR_OK) {
        fprintf(stderr, "bmsrig: no requirement catalogue at %s\n", path);
        return false;
    }
    if (dialect) {
        snprintf(name, sizeof name, "dbc/%s.dbc", dialect);
        path_data(name, path, sizeof path);
        ok = add_dbc(c, path);
    } else {
        size_t n;
        path_data("dbc/", path, sizeof path);
        char **files = folder(path, &n);
        for (size_t i = 0; i < n; i++)
            if (span_ends(span_str(files[i]), ".dbc"))
                ok = add_dbc(c, files[i]) && ok;
        free_folder(files, n);
    }
    if (!ok)
        names_close(c);
    return ok;
}

void names_close(struct names_context *c)
{
    for (size_t i = 0; i < c->n_dbc; i++)
        dbc_delete(c->dbc[i]);
    catalogue_delete(c->catalogue);
    c->n_dbc = 0;
    c->catalogue = NULL;
}

static bool walk(const char *path, bool named, void (*fn)(const char *, void *), void *ctx)
{
    struct stat st;
    bool any = false;
    if (stat(path, &st) != 0)
        return false;
    if (!S_ISDIR(st.st_mode)) {
        if (!named && !span_ends(span_str(path), ".scn"))
            return false;
        fn(path, ctx);
        return true;
    }
    size_t n;
    char **files = folder(path, &n);
    for (size_t i = 0; i < n; i++)
        any = walk(files[i], false, fn, ctx) || any;
    free_folder(files, n);
    return any;
}

bool walk_scenarios(const char *path, void (*fn)(const char *file, void *ctx), void *ctx)
{
    return walk(path, true, fn, ctx);
}
