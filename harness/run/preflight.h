/* SPDX-License-Identifier: Apache-2.0
 *
 * What every scenario of a run would stumble over, said once before the first one starts: the
 * bridge's program, the ports, the programs of the rig itself.
 */
#ifndef HARNESS_PREFLIGHT_H
#define HARNESS_PREFLIGHT_H

#include <stdio.h>

#include "harness/run/world.h"

/* Exit codes of `bmsrig run`. */
enum preflight {
    PREFLIGHT_OK = 0,
    PREFLIGHT_DUT = 5,  /* the bridge's program is not there or cannot be executed */
    PREFLIGHT_PORT = 6, /* a serial port, TCP port or CAN bus is missing or busy */
    PREFLIGHT_RIG = 7,  /* mosquitto or the preload library is missing */
    PREFLIGHT_OUT = 8,  /* the report folder cannot be made or written */
};

/* Prints to diag what is wrong and what to do about it. */
enum preflight preflight(const struct manifest *manifest, const struct run_options *options,
                         FILE *diag);
/* Makes the report folder. */
enum preflight preflight_folder(const char *path, FILE *diag);

#endif
