/* SPDX-License-Identifier: Apache-2.0
 *
 * Where our own files are: beside the build while developing, below the prefix once installed, or
 * where $BMSRIG_DATA points.
 */
#ifndef HARNESS_PATHS_H
#define HARNESS_PATHS_H

#include <stddef.h>

/* Each writes an absolute path. */
void path_data(const char *name, char *out, size_t cap); /* "dbc/pylon-1.2.dbc", "requirements" */
void path_bin(char *out, size_t cap);     /* folder with bms-bridge, bms-sim, bmsrig */
void path_preload(char *out, size_t cap); /* libbmsrig_preload.so */
void path_self(char *out, size_t cap);    /* this program */

#endif
