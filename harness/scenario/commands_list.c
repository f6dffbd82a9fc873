/* SPDX-License-Identifier: Apache-2.0
 *
 * list: which scenarios there are, and which requirement is judged by which of them.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/scenario/commands_private.h"

static const char list_help[] = "usage: bmsrig list [--requirements] FILE|FOLDER...\n"
                                "\n"
                                "Without options: one line a scenario with its id, duration, title "
                                "and the requirements it covers.\n"
                                "  --requirements   the catalogue: each requirement with its level "
                                "and the scenarios that judge it;\n"
                                "                   those that none judges are marked with '!'\n";

struct row {
    char id[ID_MAX];
    char title[120];
    uint64_t duration_us;
    char covers[COVERS_MAX][ID_MAX];
    size_t n_covers;
};

struct list {
    struct row *rows;
    size_t n;
    size_t wrong;
};

static void add_file(const char *path, void *ctx)
{
    struct list *list = ctx;
    struct scenario *s = NULL;
    enum err e = scenario_load(path, NULL, &s);

    if (s == NULL)
        command_failed("list", path, e);
    else if (e != ERR_OK)
        fprintf(stderr, "bmsrig list: %s has errors (bmsrig lint shows them)\n", path);
    bool good = s != NULL && e == ERR_OK;
    struct row *bigger = good ? realloc(list->rows, (list->n + 1) * sizeof *bigger) : NULL;
    if (bigger == NULL) {
        list->wrong++;
        scenario_delete(s);
        return;
    }
    list->rows = bigger;
    struct row *row = &list->rows[list->n++];
    memcpy(row->id, s->id, sizeof row->id);
    memcpy(row->title, s->title, sizeof row->title);
    memcpy(row->covers, s->covers, sizeof row->covers);
    row->n_covers = s->n_covers;
    row->duration_us = s->duration_us;
    scenario_delete(s);
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->id, ((const struct row *)b)->id);
}

static void print_scenarios(const struct list *list)
{
    int width = 8;

    for (size_t i = 0; i < list->n; i++) {
        int n = (int)strlen(list->rows[i].id);
        width = n > width ? n : width;
    }
    for (size_t i = 0; i < list->n; i++) {
        const struct row *row = &list->rows[i];
        char text[32];
        struct buf b = buf_of(text, sizeof text);
        quantity_format((struct quantity){(int64_t)row->duration_us, DIM_TIME}, &b);
        printf("%-*s  %8.*s  %s\n", width, row->id, (int)b.n, text, row->title);
        printf("%*s ", width + 11, "");
        for (size_t k = 0; k < row->n_covers; k++)
            printf(" %s", row->covers[k]);
        putchar('\n');
    }
    printf("%zu scenarios\n", list->n);
}

static size_t print_judges(const struct list *list, const char *id)
{
    size_t n = 0;

    for (size_t i = 0; i < list->n; i++) {
        for (size_t k = 0; k < list->rows[i].n_covers; k++) {
            if (strcmp(list->rows[i].covers[k], id) != 0)
                continue;
            printf("%s%s", n == 0 ? "        " : " ", list->rows[i].id);
            n++;
        }
    }
    if (n > 0)
        putchar('\n');
    return n;
}

static bool is_judged(const struct list *list, const char *id)
{
    for (size_t i = 0; i < list->n; i++)
        for (size_t k = 0; k < list->rows[i].n_covers; k++)
            if (strcmp(list->rows[i].covers[k], id) == 0)
                return true;
    return false;
}

static void print_requirements(const struct list *list, const struct catalogue *catalogue)
{
    const char *area = "";
    size_t judged = 0;
    size_t n = catalogue_count(catalogue);

    for (size_t i = 0; i < n; i++) {
        const struct requirement *req = catalogue_at(catalogue, i);
        if (strcmp(area, req->area) != 0)
            printf("%s%s\n", i == 0 ? "" : "\n", req->area);
        area = req->area;
        printf("  %s %-24s %-6s %s\n", is_judged(list, req->id) ? " " : "!", req->id,
               req_level_name(req->level), req->title);
        judged += print_judges(list, req->id) > 0;
    }
    printf("\n%zu of %zu requirements are judged by %zu scenarios\n", judged, n, list->n);
}

int cmd_list(int argc, char **argv, const struct command_env *env)
{
    static const char *const suffixes[] = {".scn", NULL};
    bool requirements = false;
    const struct option_word options[] = {{"--requirements", &requirements}, {NULL, NULL}};
    struct list list = {.n = 0};
    int code;

    if (!take_options(&argc, argv, list_help, options, &code))
        return code;
    if (!need_files(argc, list_help))
        return EXIT_ERRORS;
    if (requirements && env->catalogue == NULL) {
        fputs("bmsrig list: there is no requirement catalogue\n", stderr);
        return EXIT_ERRORS;
    }
    for (int i = 0; i < argc; i++) {
        enum err e = files_walk(argv[i], suffixes, add_file, &list);
        if (e != ERR_OK) {
            command_failed("list", argv[i], e);
            list.wrong++;
        }
    }
    if (list.n > 0)
        qsort(list.rows, list.n, sizeof *list.rows, by_id);
    if (requirements)
        print_requirements(&list, env->catalogue);
    else
        print_scenarios(&list);
    free(list.rows);
    return list.wrong > 0 ? EXIT_ERRORS : EXIT_FINE;
}
