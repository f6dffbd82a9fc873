/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads a scenario: header, world, timeline, and the files it includes. Everything is parsed even
 * when something is wrong, so that one run shows up to 20 errors, sorted by line.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/scenario/scenario_private.h"

static char *copy_text(const char *text, size_t n)
{
    char *copy = malloc(n + 1);

    if (copy != NULL) {
        memcpy(copy, text, n);
        copy[n] = '\0';
    }
    return copy;
}

/* "a/b/c.scn" -> "a/b", "c.scn" -> "." */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return copy_text(".", 1);
    return copy_text(path, slash == path ? 1 : (size_t)(slash - path));
}

bool is_duplicate_key(struct parser *p, const struct conf_line *line)
{
    size_t end = (size_t)(line - p->file->lines);

    for (size_t i = p->section_start; i < end; i++) {
        const struct conf_line *other = &p->file->lines[i];
        if (span_eq(other->tokens[0].text, line->tokens[0].text)) {
            conf_error_at(p->file, line->number, line->tokens[0].column,
                          "duplicate key '%.*s' (first at line %u)", (int)line->tokens[0].text.n,
                          (const char *)line->tokens[0].text.p, (unsigned)other->number);
            return true;
        }
    }
    return false;
}

static void parse_line(struct parser *p, size_t index)
{
    const struct conf_line *line = &p->file->lines[index];
    struct conf_cursor c = conf_cursor_of(p->file, line);

    if (conf_is_section(line)) {
        open_section(p, line, index);
        return;
    }
    switch (p->section) {
    case SECTION_HEADER: parse_header_line(p, &c); break;
    case SECTION_BMS:
    case SECTION_PORT:
    case SECTION_BUS:
    case SECTION_LIMITS:
    case SECTION_DUT:
    case SECTION_BROKER: parse_section_line(p, &c); break;
    case SECTION_TIMELINE: parse_statement(p, line); break;
    case SECTION_BAD: break;
    }
}

/* `include "file"` lines of the header, wherever they stand in it: their contents are defaults, so
 * they are read before the rest. */
static void parse_includes(struct parser *p)
{
    for (size_t i = 0; i < p->file->n_lines; i++) {
        const struct conf_line *line = &p->file->lines[i];
        struct conf_cursor c = conf_cursor_of(p->file, line);
        char path[256];
        if (conf_is_section(line))
            break;
        if (!conf_accept(&c, "include"))
            continue;
        uint32_t column = conf_peek(&c)->column;
        if (conf_take_text(&c, "a file name in quotes", path, sizeof path) && conf_expect_end(&c))
            parse_include(p, line, path, column);
    }
}

static void parse_lines(struct parser *p)
{
    p->section = SECTION_HEADER;
    p->section_start = 0;
    parse_includes(p);
    for (size_t i = 0; i < p->file->n_lines; i++)
        parse_line(p, i);
}

/* Joins the folder of the including file and `path`; NULL without memory. */
static char *path_beside(const char *file_name, const char *path)
{
    char *folder = folder_of(file_name);
    char *joined = NULL;

    if (folder != NULL) {
        size_t n = strlen(folder);
        size_t m = strlen(path);
        joined = path[0] == '/' ? copy_text(path, m) : malloc(n + m + 2);
        if (joined != NULL && path[0] != '/') {
            memcpy(joined, folder, n);
            joined[n] = '/';
            memcpy(joined + n + 1, path, m + 1);
        }
    }
    free(folder);
    return joined;
}

static bool is_known_file(const struct scenario *s, const char *name)
{
    for (size_t i = 0; i < s->n_includes; i++)
        if (strcmp(s->include[i]->name, name) == 0)
            return true;
    return strcmp(s->file->name, name) == 0;
}

static bool load_include(struct parser *p, const char *name, const struct conf_line *line,
                         const char *path, uint32_t column)
{
    struct scenario *s = p->s;
    struct conf_file *file;

    if (is_known_file(s, name)) {
        conf_error_at(p->file, line->number, column, "'%s' is included twice", path);
        return false;
    }
    if (s->n_includes == INCLUDES_MAX) {
        conf_error_at(p->file, line->number, column, "too many included files: at most %d",
                      INCLUDES_MAX);
        return false;
    }
    enum err e = conf_load(name, &file);
    if (e != ERR_OK) {
        conf_error_at(p->file, line->number, column, "cannot read '%s': %s", name, err_text(e));
        return false;
    }
    s->include[s->n_includes++] = file;
    struct parser inner = {.s = s, .file = file, .names = p->names, .included = true};
    parse_lines(&inner);
    p->seen_duration = p->seen_duration || inner.seen_duration;
    if (file->n_errors > 0)
        conf_error_at(p->file, line->number, column, "'%s' has errors", path);
    return file->n_errors == 0;
}

bool parse_include(struct parser *p, const struct conf_line *line, const char *path,
                   uint32_t column)
{
    char *name = path_beside(p->file->name, path);
    bool ok = name != NULL && load_include(p, name, line, path, column);

    free(name);
    return ok;
}

static enum err parse_file(struct conf_file *file, const struct scenario_names *names,
                           struct scenario **ret)
{
    struct scenario *s = calloc(1, sizeof *s);

    if (s == NULL) {
        conf_delete(file);
        return ERR_MEMORY;
    }
    s->file = file;
    s->path = copy_text(file->name, strlen(file->name));
    s->dir = folder_of(file->name);
    if (s->path == NULL || s->dir == NULL) {
        scenario_delete(s);
        return ERR_MEMORY;
    }
    s->tiers = TIER_BIT_ALL;
    s->seed = 1;
    sim_config_init(&s->sim);
    struct parser p = {.s = s, .file = file, .names = names};
    parse_lines(&p);
    check_whole(&p);
    free(p.anchors);
    *ret = s;
    return file->n_errors > 0 ? ERR_SYNTAX : ERR_OK;
}

enum err scenario_load(const char *path, const struct scenario_names *names, struct scenario **ret)
{
    struct conf_file *file;
    enum err e = conf_load(path, &file);

    if (e == ERR_OK)
        e = parse_file(file, names, ret);
    if (e != ERR_OK)
        return e;
    check_recordings(*ret);
    return scenario_error_count(*ret) > 0 ? ERR_SYNTAX : ERR_OK;
}

enum err scenario_parse(const char *name, struct span text, const struct scenario_names *names,
                        struct scenario **ret)
{
    struct conf_file *file;
    enum err e = conf_parse(name, text, &file);

    return e != ERR_OK ? e : parse_file(file, names, ret);
}

void scenario_delete(struct scenario *scenario)
{
    if (scenario == NULL)
        return;
    for (size_t i = 0; i < scenario->n_includes; i++)
        conf_delete(scenario->include[i]);
    conf_delete(scenario->file);
    free(scenario->stmts);
    free(scenario->path);
    free(scenario->dir);
    free(scenario);
}

void scenario_print_errors(const struct scenario *scenario, FILE *out)
{
    for (size_t i = 0; i < scenario->n_includes; i++)
        conf_print_errors(scenario->include[i], out);
    conf_print_errors(scenario->file, out);
}

size_t scenario_error_count(const struct scenario *scenario)
{
    size_t n = scenario->file->n_errors + scenario->file->n_more;

    for (size_t i = 0; i < scenario->n_includes; i++)
        n += scenario->include[i]->n_errors + scenario->include[i]->n_more;
    return n;
}
