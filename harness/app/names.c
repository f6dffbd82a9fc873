/* SPDX-License-Identifier: Apache-2.0
 *
 * Names and files.
 */
#include "harness/app/names.h"

#include <string.h>

#include "harness/judge/judge.h"
#include "harness/run/paths.h"
#include "harness/scenario/files.h"

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

static bool ha_signal_exists(void *ctx, const char *signal, enum dim *ret_dim)
{
    const struct names_context *c = ctx;
    return ha_signal_dim(c->entities, signal, ret_dim);
}

static const char *ha_signal_nearest(void *ctx, const char *signal)
{
    const struct names_context *c = ctx;
    return ha_table_nearest(c->entities, signal);
}

struct dbc_folder {
    struct names_context *names;
    bool bad;
};

static void add_dbc(const char *path, void *ctx)
{
    struct dbc_folder *folder = ctx;
    struct names_context *c = folder->names;
    if (c->n_dbc == DIALECTS_MAX)
        return;
    enum err err = dbc_load(path, stderr, &c->dbc[c->n_dbc]);
    if (err == ERR_OK) {
        c->n_dbc++;
    } else {
        fprintf(stderr, "bmsrig: frame table %s: %s\n", path, err_text(err));
        folder->bad = true;
    }
}

/* ", pylon-1.2" for one table of the folder. */
static void print_dialect(const char *path, void *ctx)
{
    bool *first = ctx;
    const char *name = strrchr(path, '/') + 1;
    fprintf(stderr, "%s%.*s", *first ? "" : ", ", (int)(strlen(name) - strlen(".dbc")), name);
    *first = false;
}

static void print_unknown_dialect(const char *dialect)
{
    static const char *const suffixes[] = {".dbc", NULL};
    char folder[600];
    bool first = true;
    path_data("dbc", folder, sizeof folder);
    fprintf(stderr,
            "bmsrig: no frame table for the dialect '%s' of the manifest (known: ", dialect);
    files_walk(folder, suffixes, print_dialect, &first);
    fputs(")\n", stderr);
}

bool names_open(struct names_context *c, const char *dialect)
{
    static const char *const suffixes[] = {".dbc", NULL};
    char path[600], name[80];
    struct dbc_folder folder = {.names = c};
    *c = (struct names_context){.names = {requirement_exists, requirement_nearest,
                                          can_signal_exists, can_signal_nearest, c,
                                          ha_signal_exists, ha_signal_nearest}};
    path_data("scenarios/requirements", path, sizeof path);
    if (catalogue_load(path, stderr, &c->catalogue) != ERR_OK) {
        fprintf(stderr, "bmsrig: no requirement catalogue at %s\n", path);
        return false;
    }
    path_data("dbc/home-assistant.entities", path, sizeof path);
    if (ha_table_load(path, stderr, &c->entities) != ERR_OK) {
        fprintf(stderr, "bmsrig: no table of entities at %s\n", path);
        names_close(c);
        return false;
    }
    snprintf(name, sizeof name, "dbc/%s%s", dialect ? dialect : "", dialect ? ".dbc" : "");
    path_data(name, path, sizeof path);
    enum err err = files_walk(path, suffixes, add_dbc, &folder);
    if (err == ERR_OK && !folder.bad)
        return true;
    if (err == ERR_NOT_FOUND && dialect)
        print_unknown_dialect(dialect);
    else if (err != ERR_OK)
        fprintf(stderr, "bmsrig: frame tables %s: %s\n", path, err_text(err));
    names_close(c);
    return false;
}

void names_close(struct names_context *c)
{
    for (size_t i = 0; i < c->n_dbc; i++)
        dbc_delete(c->dbc[i]);
    catalogue_delete(c->catalogue);
    ha_table_delete(c->entities);
    c->entities = NULL;
    c->n_dbc = 0;
    c->catalogue = NULL;
}
