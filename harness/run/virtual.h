/* SPDX-License-Identifier: Apache-2.0
 *
 * The virtual tier of a world: everything on a clock that moves only when nobody has anything left
 * to do (harness/vt).
 */
#ifndef HARNESS_VIRTUAL_H
#define HARNESS_VIRTUAL_H

#include "harness/run/world_priv.h"
#include "harness/vt/vt.h"

/* Makes w->loop; w->dir must exist. */
enum err virtual_open(struct world *w);
/* False, with the reason, when the DUT cannot run in virtual time. */
bool virtual_possible(const struct manifest *m, struct span wrap, char *ret_why, size_t cap);
/* The wall clock jumps for everybody in this world. Fails the run where time is not virtual. */
void virtual_step_clock(struct world *w, int64_t step_us);
/* Puts the figures into the result. */
void virtual_measure(struct world *w);

#endif
