/* SPDX-License-Identifier: Apache-2.0
 *
 * A recorded console session as a source of answers: which bytes followed which command. Takes the
 * project's capture form (one "#!" line of provenance, then the bytes or the text) and anything
 * that looks like a terminal log. Pure: memory in, answers out; who reads files is
 * recording_file.c.
 *
 * Forms, found out per answer: raw bytes are kept as they are; text whose line ends an editor or a
 * log has normalised gets the wire's line ends back (table or key/value style by command), with
 * '@',
 * "$$" and prompt restored where a capture lost them. A command recorded several times answers with
 * one after the other and stays at the last.
 *
 * A candump log (-L) is a recording, too: each frame, in the form of sim/can_image.h, answers to
 * its id ("351").
 */
#ifndef SIM_DEVICE_RECORDING_H
#define SIM_DEVICE_RECORDING_H

#include "base/span.h"

struct recording;

enum err recording_new(struct recording **ret);
void recording_delete(struct recording *recording);

/* Adds what `text` holds; `name` is used where the text itself does not say which command it
 * answers
 * (".../us2000c_pwr-1.txt" is `pwr 1`). ERR_NOT_FOUND when no answer was found in it. */
enum err recording_add(struct recording *recording, const char *name, struct span text);

/* The answer to `command` that is due: everything behind the echo's line end. False when this
 * command was never recorded. */
bool recording_find(const struct recording *recording, struct span command, struct span *ret);
/* The answer has been given: the next recorded one takes its turn. */
void recording_next(struct recording *recording, struct span command);

size_t recording_count(const struct recording *recording);
struct span recording_command(const struct recording *recording, size_t i);

/* Reads "FILE[,FILE...]"; a folder stands for all its *.txt files. *ret_why explains a failure. */
enum err recording_load(const char *files, struct recording **ret, const char **ret_why);

#endif
