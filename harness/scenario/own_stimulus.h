/* SPDX-License-Identifier: Apache-2.0
 *
 * Stimuli that no simulated battery has a part in and that only the runner can carry out:
 *
 *   broker publish "TOPIC" "PAYLOAD" [retain]   somebody else publishes: Home Assistant's birth, a
 *                                               document that a former bridge left
 *   dut clock +1 h                              the wall clock of the DUT's machine jumps (virtual
 *                                               tier)
 *   dut clean                                   the command by which the DUT takes itself out of
 *                                               Home Assistant ([ha] clean of its manifest)
 *
 * They stand in the timeline like those of sim/stimulus.h.
 */
#ifndef HARNESS_OWN_STIMULUS_H
#define HARNESS_OWN_STIMULUS_H

#include "base/conf.h"
#include "base/quantity.h"
#include "base/span.h"

enum own_verb { OWN_NONE, OWN_PUBLISH, OWN_CLEAN, OWN_CLOCK };

struct own_stimulus {
    enum own_verb verb;
    char topic[128];
    char payload[512];
    bool retain;
    struct quantity step; /* CLOCK: a time, negative: back */
};

/* True when the cursor stands before one; nothing is taken. */
bool own_stimulus_is(const struct conf_cursor *c);
/* Reads it up to (not including) `as` or the end of the line; reports its own errors. */
bool own_stimulus_take(struct conf_cursor *c, struct own_stimulus *ret);
bool own_stimulus_format(const struct own_stimulus *s, struct buf *out);

#endif
