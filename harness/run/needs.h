/* SPDX-License-Identifier: Apache-2.0
 *
 * Can this scenario be run against this DUT, here? A scenario whose needs are not met is skipped
 * with the reason, never passed.
 */
#ifndef HARNESS_NEEDS_H
#define HARNESS_NEEDS_H

#include "harness/run/world.h"

/* NULL when everything is there; else the reason. */
const char *needs_unmet(const struct scenario *scenario, const struct manifest *manifest,
                        const struct run_options *options);

/* The folder of recorded consoles ($BMSRIG_SHARED/captures/pylontech-console, or beside the
 * project), or NULL. */
const char *needs_captures(void);

#endif
