/* SPDX-License-Identifier: Apache-2.0
 *
 * The names a scenario may use: requirement ids of the catalogue and CAN signals of the judge's
 * frame tables, entities of Home Assistant.
 */
#ifndef HARNESS_NAMES_H
#define HARNESS_NAMES_H

#include "harness/judge/dbc.h"
#include "harness/judge/ha.h"
#include "harness/scenario/requirement.h"
#include "harness/scenario/scenario.h"

enum { DIALECTS_MAX = 32 };

struct names_context {
    struct scenario_names names; /* hand out &context.names; points back to the context */
    struct catalogue *catalogue;
    struct dbc *dbc[DIALECTS_MAX];
    size_t n_dbc;
    struct ha_table *entities;
};

/* Loads catalogue and frame tables; errors are printed. dialect NULL: every table there is, so that
 * a name of any dialect is known. */
bool names_open(struct names_context *context, const char *dialect);
void names_close(struct names_context *context);

#endif
