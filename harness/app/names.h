/* SPDX-License-Identifier: Apache-2.0
 *
 * The names a scenario may use: requirement ids of the catalogue and CAN signals of the judge's
 * frame tables. And finding scenario files in folders.
 */
#ifndef HARNESS_NAMES_H
#define HARNESS_NAMES_H

#include "harness/judge/dbc.h"
#include "harness/scenario/requirement.h"
#include "harness/scenario/scenario.h"

enum { DIALECTS_MAX = 32 };

struct names_context {
    struct scenario_names names; /* hand out &context.names; points back to the context */
    struct catalogue *catalogue;
    struct dbc *dbc[DIALECTS_MAX];
    size_t n_dbc;
};

/* Loads catalogue and frame tables; errors are printed. dialect NULL: every table there is, so that
 * a name of any dialect is known. */
bool names_open(struct names_context *context, const char *dialect);
void names_close(struct names_context *context);

/* Calls fn for the file, or for every *.scn below the folder in sorted order. False when there is
 * none. */
bool walk_scenarios(const char *path, void (*fn)(const char *file, void *ctx), void *ctx);

#endif
