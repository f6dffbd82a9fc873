/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the console source share: the schedule (pylontech_schedule.c), the stack table
 * (pylontech_table.c), the slower answers (pylontech_details.c). Private to them.
 */
#ifndef BRIDGE_SOURCE_PYLONTECH_CONSOLE_PRIV_H
#define BRIDGE_SOURCE_PYLONTECH_CONSOLE_PRIV_H

#include "bridge/source/pylontech_console.h"

/* Counts a trouble; one log line a minute of each kind. */
void pylontech_trouble(struct pylontech_console *c, enum pylontech_trouble trouble, uint64_t now_us,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The newest `pwrsys` while it is young enough; else NULL. */
const struct pylon_system *pylontech_system(const struct pylontech_console *c, uint64_t now_us);

/* Rebuilds the module's picture and marks it as changed. Only modules that were published before,
 * or with_table, from a table that was just read. */
void pylontech_publish(struct pylontech_console *c, unsigned index, bool with_table,
                       uint64_t now_us);

/* The answer to `pwr`. */
void pylontech_table(struct pylontech_console *c, const struct pylon_answer *answer,
                     uint64_t now_us);
/* The answer to any other command. */
void pylontech_details(struct pylontech_console *c, struct console_command command,
                       const struct pylon_answer *answer, uint64_t now_us);
/* The command brought nothing: note it, so that the round goes on. */
void pylontech_no_details(struct pylontech_console *c, struct console_command command);

/* The slower command whose turn it is, and how it goes with the one routine command of every poll.
 */
enum pylontech_pick {
    PICK_NOTHING,  /* none is due */
    PICK_ROUTINE,  /* the one */
    PICK_IDENTITY, /* identifies a module: instead of the one, as many as there is room for */
    PICK_RECHECK,  /* an alarm's details: beside the one, as many as there is room for */
};
enum pylontech_pick pylontech_pick(struct pylontech_console *c, uint64_t now_us,
                                   struct console_command *ret);
/* It was sent. */
void pylontech_picked(struct pylontech_console *c, struct console_command command, uint64_t now_us);

#endif
