/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands of bmsrig that run nothing: lint, fmt, explain, list, dump-json, from-json. Each
 * takes its own argv (argv[0] is the command's name), explains itself with --help and returns the
 * exit code: 0 fine, 1 (fmt --check) something differs, 3 errors in a script or in the call, 4 an
 * error of ours.
 */
#ifndef HARNESS_SCENARIO_COMMANDS_H
#define HARNESS_SCENARIO_COMMANDS_H

#include "harness/scenario/requirement.h"
#include "harness/scenario/scenario.h"

/* What names are checked against; the program's main loads it. */
struct command_env {
    const struct scenario_names *names; /* NULL: names are not checked */
    const struct catalogue *catalogue;  /* list --requirements; NULL: there is none */
};

int cmd_lint(int argc, char **argv, const struct command_env *env);
int cmd_fmt(int argc, char **argv, const struct command_env *env);
int cmd_explain(int argc, char **argv, const struct command_env *env);
int cmd_list(int argc, char **argv, const struct command_env *env);
int cmd_dump_json(int argc, char **argv, const struct command_env *env);
int cmd_from_json(int argc, char **argv, const struct command_env *env);

#endif
