/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line of bms-sim. Keys of --bms and --set are those of the sections [bms n] and [port]
 * of a scenario, read by the same code, so errors and known words are the same.
 */
#ifndef SIM_APP_OPTIONS_H
#define SIM_APP_OPTIONS_H

#include <stdio.h>

#include "sim/config.h"

enum action { ACTION_RUN, ACTION_LIST, ACTION_HELP, ACTION_VERSION };

/* What bms-sim returns to its caller; listed in --help and in bms-sim(1). */
enum exit_code {
    EXIT_FINE = 0,
    EXIT_INTERNAL = 1,  /* no memory, the system refused something unexpected */
    EXIT_USAGE = 2,     /* command line or scenario */
    EXIT_NOT_FOUND = 3, /* no such device or file */
    EXIT_DENIED = 4,    /* no permission */
    EXIT_BUSY = 5,      /* another program holds the device */
    EXIT_ADDRESS = 6,   /* the TCP port is in use */
    EXIT_NO_DEVICE = 7, /* neither a terminal nor an address */
};

struct options {
    enum action action;
    struct sim_config config;
    char port[256]; /* as sim_open() takes it */
    uint64_t seed;
    bool log_wire;
};

/* EXIT_FINE, or EXIT_USAGE after explaining what is wrong on `err`. */
enum exit_code options_parse(int argc, char **argv, struct options *ret, FILE *err);
void options_help(FILE *out);
/* Devices, layouts, products with what they are. */
void options_list(FILE *out);

#endif
