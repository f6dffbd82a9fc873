/* SPDX-License-Identifier: Apache-2.0
 *
 * Where our own files are: in the source and build tree while developing, beside the programs once
 * installed (PREFIX/share/bmsrig), or where the environment says: BMSRIG_DATA a folder with
 * scenarios/ and dbc/, BMSRIG_BIN the programs, BMSRIG_PRELOAD the library, BMSRIG_MOSQUITTO.
 */
#ifndef HARNESS_PATHS_H
#define HARNESS_PATHS_H

#include <stddef.h>

/* Each writes an absolute path. */
void path_data(const char *name, char *out, size_t cap); /* "dbc/sma.dbc", "scenarios/dut/..." */
void path_bin(char *out, size_t cap);     /* folder with bms-bridge, bms-sim, bmsrig */
void path_preload(char *out, size_t cap); /* libbmsrig_preload.so */
void path_self(char *out, size_t cap);    /* this program */

/* The broker to start: a path, or a name to look for. */
const char *path_mosquitto(void);
/* `name` as given; "scenarios/..." that is not here is the one of the installed suite. */
void path_scenarios(const char *name, char *out, size_t cap);

#endif
