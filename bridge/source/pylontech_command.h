/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything the bridge can say to a Pylontech console, as a list. There is no other way to the
 * wire: the session layer takes one of these, never text. All of them only read.
 *
 * Source: docs/protocols/pylontech-console.md section 9 (what is dangerous) and rule 12 of
 * section 15.
 */
#ifndef BRIDGE_SOURCE_PYLONTECH_COMMAND_H
#define BRIDGE_SOURCE_PYLONTECH_COMMAND_H

#include "base/span.h"

enum console_verb {
    SAY_ENTER, /* the empty line: asks for a prompt, and flushes what garbage left in the line
                  editor */
    SAY_PWR,   /* the stack table */
    SAY_PWR_N, /* one module: capacity, event masks, system fault */
    SAY_BAT_N, /* the cells of one module */
    SAY_INFO,  /* the module that the cable is on */
    SAY_INFO_N,
    SAY_STAT,
    SAY_STAT_N,
    SAY_PWRSYS, /* recommended limits; admin mode only */
    SAY_COUNT
};

struct console_command {
    enum console_verb verb;
    uint8_t address; /* 1..16 for the verbs with N, else 0 */
};

enum { CONSOLE_COMMAND_TEXT = 16 };

/* "bat 3"; what is sent is this and one CR. Empty for SAY_ENTER. */
struct span console_command_text(struct console_command command, char room[CONSOLE_COMMAND_TEXT]);
/* How many bytes its answer has at most, to plan with. */
size_t console_command_size(enum console_verb verb);
bool console_verb_has_address(enum console_verb verb);

#endif
