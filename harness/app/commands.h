/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands of bmsrig; each gets its own argv (argv[0] is the command's name) and returns the
 * exit code.
 */
#ifndef HARNESS_COMMANDS_H
#define HARNESS_COMMANDS_H

#include "harness/app/names.h"

int cmd_run(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_worker(int argc, char **argv);
int cmd_can_hub(int argc, char **argv);
int cmd_can_virtualise(int argc, char **argv);
int cmd_exec(int argc, char **argv);

#endif
