/* SPDX-License-Identifier: Apache-2.0
 *
 * Every capture of the console with what the decoders must make of it.
 */
#ifndef PROTO_PYLON_CONSOLE_TEST_CAPTURES_LIST_H
#define PROTO_PYLON_CONSOLE_TEST_CAPTURES_LIST_H

#include <stddef.h>

#include "base/err.h"

enum capture_kind {
    PWR,
    BAT,
    DATA,
    MODULE,
    INFO,
    STAT,
    PWRSYS,
    SOH,
    GETPWR,
    TIME,
    LOG,
    REFUSED,
    FRAME
};

/* How far a capture on the wire comes back byte for byte. */
enum capture_wire {
    AS_TEXT, /* not a wire capture: equal but for line ends and trailing blanks */
    EXACT,   /* from the echo to the prompt */
    EDITED,  /* up to "$$": the capturer's editor changed the rest */
    NOT_OURS /* not re-encoded; `why` says why */
};

struct capture {
    const char *name;
    const char *command;
    enum capture_kind kind;
    enum capture_wire wire;
    enum err want;
    const char *why;
};

extern const struct capture captures[];
extern const size_t captures_n;

#endif
