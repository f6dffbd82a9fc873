/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the requirement catalogue: every *.req of a folder, in the order of their names. Long texts
 * go on in further lines that hold nothing but a string; the parts are joined with a blank.
 */
#include "harness/scenario/requirement.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/scenario/scenario_private.h"

struct catalogue {
    struct requirement *at;
    size_t n, cap;
};

/* One file being read. */
struct reader {
    struct catalogue *c;
    struct conf_file *file;
    const char *area;
    size_t first;     /* index of the file's first requirement */
    char **open;      /* the text that a further string continues; NULL: none */
    uint32_t id_line; /* of the block being read */
    uint32_t id_column;
};

const char *req_level_name(enum req_level level)
{
    return level == REQ_MUST ? "MUST" : "SHOULD";
}

/* Appends a blank and the token's string to *text. */
static enum err append_string(char **text, struct conf_cursor *c)
{
    char part[1024];
    size_t n = *text != NULL ? strlen(*text) : 0;

    if (!conf_take_text(c, "a text in quotes", part, sizeof part))
        return ERR_SYNTAX;
    size_t m = strlen(part);
    char *bigger = realloc(*text, n + m + 2);
    if (bigger == NULL)
        return ERR_MEMORY;
    if (n > 0)
        bigger[n++] = ' ';
    memcpy(bigger + n, part, m + 1);
    *text = bigger;
    return ERR_OK;
}

static struct requirement *current(struct reader *r)
{
    return r->c->n > r->first ? &r->c->at[r->c->n - 1] : NULL;
}

/* The block that ends here must be complete. */
static void close_block(struct reader *r)
{
    const struct requirement *req = current(r);

    if (req == NULL)
        return;
    if (req->text == NULL)
        conf_error_at(r->file, r->id_line, r->id_column, "'%s' has no text", req->id);
    if (req->source == NULL)
        conf_error_at(r->file, r->id_line, r->id_column, "'%s' has no source", req->id);
}

static enum err add_requirement(struct reader *r, const struct requirement *req)
{
    struct catalogue *c = r->c;

    if (c->n == c->cap) {
        size_t cap = c->cap == 0 ? 64 : c->cap * 2;
        struct requirement *bigger = realloc(c->at, cap * sizeof *bigger);
        if (bigger == NULL)
            return ERR_MEMORY;
        c->at = bigger;
        c->cap = cap;
    }
    c->at[c->n++] = *req;
    return ERR_OK;
}

/* LIM-OV-CAN  MUST  "Charge limit falls to zero on cell over-voltage" */
static enum err read_head(struct reader *r, struct conf_cursor *c)
{
    static const char *const levels[] = {"MUST", "SHOULD", NULL};
    struct requirement req = {.level = REQ_MUST};
    const struct conf_token *id = conf_peek(c);
    size_t level;

    close_block(r);
    if (!take_id(c, ID_REQUIREMENT, "a requirement id", req.id) ||
        !conf_take_known(c, "level", levels, &level))
        return ERR_SYNTAX;
    if (conf_peek(c)->kind != CONF_STRING) {
        take_failed(c, "a title in quotes");
        return ERR_SYNTAX;
    }
    if (!conf_take_text(c, "a title", req.title, sizeof req.title) || !conf_expect_end(c))
        return ERR_SYNTAX;
    const struct requirement *other = catalogue_find(r->c, req.id);
    if (other != NULL) {
        conf_fail_at(c, id, "duplicate requirement '%s' (first in %s)", req.id, other->area);
        return ERR_SYNTAX;
    }
    req.level = level == 0 ? REQ_MUST : REQ_SHOULD;
    span_to_str(span_str(r->area), req.area, sizeof req.area);
    r->id_line = id->line;
    r->id_column = id->column;
    return add_requirement(r, &req);
}

static enum err read_text(struct reader *r, struct conf_cursor *c, const char *key, char **text)
{
    if (*text != NULL) {
        conf_error_at(r->file, c->line->number, c->line->tokens[0].column,
                      "a second %s: long texts go on in a line with only a string", key);
        return ERR_SYNTAX;
    }
    enum err e = append_string(text, c);
    r->open = e == ERR_OK ? text : NULL;
    return e;
}

/* ERR_SYNTAX was reported; the reading goes on. */
static enum err read_line(struct reader *r, const struct conf_line *line)
{
    struct conf_cursor c = conf_cursor_of(r->file, line);
    struct requirement *req = current(r);
    char **open = r->open;
    enum err e;

    r->open = NULL;
    if (conf_peek(&c)->kind == CONF_STRING && open != NULL) {
        e = append_string(open, &c);
        r->open = open;
    } else if (is_word(conf_peek(&c), "text") || is_word(conf_peek(&c), "source")) {
        bool is_text = is_word(conf_take(&c), "text");
        if (req == NULL) {
            conf_error_at(r->file, line->number, line->tokens[0].column,
                          "this belongs below a line 'ID MUST \"title\"'");
            return ERR_SYNTAX;
        }
        e = is_text ? read_text(r, &c, "text", &req->text)
                    : read_text(r, &c, "source", &req->source);
    } else {
        return read_head(r, &c);
    }
    if (e == ERR_OK && !conf_expect_end(&c))
        return ERR_SYNTAX;
    return e;
}

static enum err read_file(struct catalogue *c, const char *path, const char *area, FILE *diag)
{
    struct reader r = {.c = c, .area = area, .first = c->n};
    enum err e = conf_load(path, &r.file);

    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < r.file->n_lines && e != ERR_MEMORY; i++)
        e = read_line(&r, &r.file->lines[i]);
    close_block(&r);
    conf_print_errors(r.file, diag);
    if (e != ERR_MEMORY)
        e = r.file->n_errors > 0 ? ERR_SYNTAX : ERR_OK;
    conf_delete(r.file);
    return e;
}

/* ---- the folder ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_names(char **names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

/* Names without .req of the folder's requirement files, sorted. */
static enum err list_areas(const char *dir, char ***ret_names, size_t *ret_n)
{
    DIR *d = opendir(dir);
    char **names = NULL;
    size_t n = 0;
    enum err e = ERR_OK;

    if (d == NULL)
        return err_from_errno(errno);
    for (struct dirent *entry; e == ERR_OK && (entry = readdir(d)) != NULL;) {
        struct span name = span_str(entry->d_name);
        if (!span_ends(name, ".req") || name.n <= 4)
            continue;
        char **bigger = realloc(names, (n + 1) * sizeof *names);
        char *copy = bigger != NULL ? malloc(name.n - 3) : NULL;
        if (bigger != NULL)
            names = bigger;
        if (copy == NULL) {
            e = ERR_MEMORY;
            break;
        }
        span_to_str(span_sub(name, 0, name.n - 4), copy, name.n - 3);
        names[n++] = copy;
    }
    closedir(d);
    if (e != ERR_OK) {
        free_names(names, n);
        return e;
    }
    if (n > 0)
        qsort(names, n, sizeof *names, by_name);
    *ret_names = names;
    *ret_n = n;
    return ERR_OK;
}

static int by_area_and_id(const void *a, const void *b)
{
    const struct requirement *x = a;
    const struct requirement *y = b;
    int order = strcmp(x->area, y->area);

    return order != 0 ? order : strcmp(x->id, y->id);
}

static enum err read_areas(struct catalogue *c, const char *dir, char **areas, size_t n, FILE *diag)
{
    enum err worst = ERR_OK;

    for (size_t i = 0; i < n && worst != ERR_MEMORY; i++) {
        size_t size = strlen(dir) + strlen(areas[i]) + sizeof "/.req";
        char *path = malloc(size);
        if (path == NULL)
            return ERR_MEMORY;
        snprintf(path, size, "%s/%s.req", dir, areas[i]);
        enum err e = read_file(c, path, areas[i], diag);
        worst = e != ERR_OK ? e : worst;
        free(path);
    }
    return worst;
}

enum err requirement_check(const char *path, FILE *diag)
{
    struct catalogue *c = calloc(1, sizeof *c);

    if (c == NULL)
        return ERR_MEMORY;
    enum err e = read_file(c, path, "this file", diag);
    catalogue_delete(c);
    return e;
}

enum err catalogue_load(const char *dir, FILE *diag, struct catalogue **ret)
{
    struct catalogue *c = calloc(1, sizeof *c);
    char **areas = NULL;
    size_t n = 0;

    if (c == NULL)
        return ERR_MEMORY;
    enum err e = list_areas(dir, &areas, &n);
    if (e == ERR_OK) {
        e = read_areas(c, dir, areas, n, diag);
        free_names(areas, n);
    }
    if (e != ERR_OK) {
        catalogue_delete(c);
        return e;
    }
    if (c->n > 0)
        qsort(c->at, c->n, sizeof *c->at, by_area_and_id);
    *ret = c;
    return ERR_OK;
}

void catalogue_delete(struct catalogue *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->n; i++) {
        free(c->at[i].text);
        free(c->at[i].source);
    }
    free(c->at);
    free(c);
}

size_t catalogue_count(const struct catalogue *c)
{
    return c->n;
}

const struct requirement *catalogue_at(const struct catalogue *c, size_t i)
{
    return i < c->n ? &c->at[i] : NULL;
}

const struct requirement *catalogue_find(const struct catalogue *c, const char *id)
{
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->at[i].id, id) == 0)
            return &c->at[i];
    return NULL;
}

const char *catalogue_nearest(const struct catalogue *c, const char *id)
{
    const char **known = malloc((c->n + 1) * sizeof *known);

    if (known == NULL)
        return NULL;
    for (size_t i = 0; i < c->n; i++)
        known[i] = c->at[i].id;
    known[c->n] = NULL;
    const char *near = conf_nearest(span_str(id), known);
    free(known);
    return near;
}
