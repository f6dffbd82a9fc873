/* SPDX-License-Identifier: Apache-2.0
 *
 * Where to look for a console that does not answer: line speeds and the wake-up frame, in rounds.
 * Private to the session (pylontech_link.c).
 */
#ifndef BRIDGE_SOURCE_PYLONTECH_SEARCH_H
#define BRIDGE_SOURCE_PYLONTECH_SEARCH_H

#include "bridge/source/pylontech_link.h"

enum {
    PYLONTECH_FRAME_BAUD = 1200,  /* old modules start in frame mode at this speed */
    PYLONTECH_SWITCH_US = 500000, /* clients wait 0.5 to 5 s for the prompt; we come back */
};

struct search_attempt {
    bool wake; /* send the wake-up frame; otherwise ask for a prompt at `speed` */
    uint32_t speed;
};

/* Moves l->step and l->round on. */
struct search_attempt pylontech_search_next(struct pylontech_link *l);

/* Looks at the text that came instead of a prompt so far, for what it says about the other side. */
void pylontech_search_listen(struct pylontech_link *l, uint64_t now_us);

#endif
