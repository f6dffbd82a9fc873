/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands share: options, messages, exit codes.
 */
#ifndef HARNESS_SCENARIO_COMMANDS_PRIVATE_H
#define HARNESS_SCENARIO_COMMANDS_PRIVATE_H

#include "harness/scenario/commands.h"
#include "harness/scenario/files.h"

enum { EXIT_FINE = 0, EXIT_DIFFERS = 1, EXIT_ERRORS = 3, EXIT_OURS = 4 };

struct option_word {
    const char *name;
    bool *given;
};

/* Reads the options in front and in between; *argc and argv keep what is left (without argv[0]).
 * False when the command ends here with *ret_code: --help was shown, or an option is unknown. */
bool take_options(int *argc, char **argv, const char *help, const struct option_word *options,
                  int *ret_code);
/* "bmsrig lint: FILE: no such file" */
void command_failed(const char *command, const char *path, enum err e);
/* True when some file was given; else the usage is printed. */
bool need_files(int argc, const char *help);

#endif
