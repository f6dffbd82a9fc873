/* SPDX-License-Identifier: Apache-2.0
 *
 * lint, explain and the helpers of all commands.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/run/manifest.h"
#include "harness/scenario/commands_private.h"

/* ---- shared ---- */

bool take_options(int *argc, char **argv, const char *help, const struct option_word *options,
                  int *ret_code)
{
    int n = 0;
    bool only_files = false;

    for (int i = 1; i < *argc; i++) {
        const char *word = argv[i];
        if (only_files || word[0] != '-' || word[1] == '\0') {
            argv[n++] = argv[i];
            continue;
        }
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            fputs(help, stdout);
            *ret_code = EXIT_FINE;
            return false;
        }
        only_files = strcmp(word, "--") == 0;
        const struct option_word *o = options;
        while (o->name != NULL && strcmp(o->name, word) != 0)
            o++;
        if (o->name != NULL) {
            *o->given = true;
        } else if (!only_files) {
            fprintf(stderr, "bmsrig %s: unknown option '%s'\n\n%s", argv[0], word, help);
            *ret_code = EXIT_ERRORS;
            return false;
        }
    }
    *argc = n;
    return true;
}

bool need_files(int argc, const char *help)
{
    if (argc > 0)
        return true;
    fputs(help, stderr);
    return false;
}

void command_failed(const char *command, const char *path, enum err e)
{
    const char *why = e == ERR_INCOMPLETE ? "nothing to read in this folder" : err_text(e);

    fprintf(stderr, "bmsrig %s: %s: %s\n", command, path, why);
}

/* ---- lint ---- */

static const char lint_help[] =
    "usage: bmsrig lint FILE|FOLDER...\n"
    "\n"
    "Checks scenarios (.scn), manifests (.dut) and requirement files (.req) without running "
    "anything:\n"
    "grammar, units, signal names, windows inside the duration, requirements that exist, are "
    "covered\n"
    "and are judged. Up to 20 errors a file, each with line, column and the words that are known "
    "there:\n"
    "\n"
    "    ov.scn:21:14: error: expected a time unit (s, ms, us)\n"
    "          within 200 of delivered   can    ccl = 0 A                      req LIM-OV-CAN\n"
    "                     ^\n"
    "Exit code: 0 no errors, 3 errors.\n";

/* Where an id was seen first: two scenarios of one id would share a line in every report. */
struct seen_id {
    char id[ID_MAX];
    char *path;
};

struct lint {
    const struct command_env *env;
    size_t files, wrong;
    struct seen_id *seen;
    size_t n_seen;
};

static bool is_new_id(struct lint *lint, const struct scenario *s)
{
    for (size_t i = 0; i < lint->n_seen; i++) {
        if (strcmp(lint->seen[i].id, s->id) == 0) {
            fprintf(stderr, "%s: error: scenario '%s' is also in %s\n", s->path, s->id,
                    lint->seen[i].path);
            return false;
        }
    }
    struct seen_id *bigger = realloc(lint->seen, (lint->n_seen + 1) * sizeof *bigger);
    char *path = bigger != NULL ? malloc(strlen(s->path) + 1) : NULL;
    if (bigger != NULL)
        lint->seen = bigger;
    if (path != NULL) {
        memcpy(path, s->path, strlen(s->path) + 1);
        memcpy(bigger[lint->n_seen].id, s->id, sizeof s->id);
        bigger[lint->n_seen++].path = path;
    }
    return true;
}

static enum err lint_scenario(struct lint *lint, const char *path)
{
    struct scenario *s = NULL;
    enum err e = scenario_load(path, lint->env->names, &s);

    if (s == NULL) {
        command_failed("lint", path, e);
        return e;
    }
    scenario_print_errors(s, stderr);
    if (e == ERR_OK && !is_new_id(lint, s))
        e = ERR_EXISTS;
    scenario_delete(s);
    return e;
}

static enum err lint_manifest(const char *path)
{
    struct manifest *m = NULL;
    enum err e = manifest_load(path, stderr, &m);

    if (e != ERR_OK && e != ERR_SYNTAX)
        command_failed("lint", path, e);
    manifest_delete(m);
    return e;
}

static enum err lint_requirements(const char *path)
{
    enum err e = requirement_check(path, stderr);

    if (e != ERR_OK && e != ERR_SYNTAX)
        command_failed("lint", path, e);
    return e;
}

static void lint_file(const char *path, void *ctx)
{
    struct lint *lint = ctx;
    struct span name = span_str(path);
    enum err e;

    if (span_ends(name, ".dut"))
        e = lint_manifest(path);
    else if (span_ends(name, ".req"))
        e = lint_requirements(path);
    else
        e = lint_scenario(lint, path);
    lint->files++;
    lint->wrong += e != ERR_OK;
}

int cmd_lint(int argc, char **argv, const struct command_env *env)
{
    static const char *const suffixes[] = {".scn", ".dut", ".req", NULL};
    static const struct option_word options[] = {{NULL, NULL}};
    struct lint lint = {.env = env};
    int code;

    if (!take_options(&argc, argv, lint_help, options, &code))
        return code;
    if (!need_files(argc, lint_help))
        return EXIT_ERRORS;
    for (int i = 0; i < argc; i++) {
        enum err e = files_walk(argv[i], suffixes, lint_file, &lint);
        if (e != ERR_OK) {
            command_failed("lint", argv[i], e);
            lint.wrong++;
        }
    }
    for (size_t i = 0; i < lint.n_seen; i++)
        free(lint.seen[i].path);
    free(lint.seen);
    printf("%zu files, %zu with errors\n", lint.files, lint.wrong);
    return lint.wrong > 0 ? EXIT_ERRORS : EXIT_FINE;
}

/* ---- explain ---- */

static const char explain_help[] = "usage: bmsrig explain FILE...\n"
                                   "\n"
                                   "Says in sentences, in the order of time, what a scenario does "
                                   "to the battery and what the bridge\n"
                                   "must show, with the requirement behind each demand.\n";

int cmd_explain(int argc, char **argv, const struct command_env *env)
{
    static const struct option_word options[] = {{NULL, NULL}};
    int code;

    if (!take_options(&argc, argv, explain_help, options, &code))
        return code;
    if (!need_files(argc, explain_help))
        return EXIT_ERRORS;
    code = EXIT_FINE;
    for (int i = 0; i < argc; i++) {
        struct scenario *s = NULL;
        enum err e = scenario_load(argv[i], env->names, &s);
        if (s == NULL) {
            command_failed("explain", argv[i], e);
        } else if (e != ERR_OK) {
            scenario_print_errors(s, stderr);
        } else {
            if (i > 0)
                putchar('\n');
            e = scenario_explain(s, stdout);
        }
        scenario_delete(s);
        code = e != ERR_OK ? EXIT_ERRORS : code;
    }
    return code;
}
