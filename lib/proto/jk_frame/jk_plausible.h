/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the two files that judge and translate cell records.
 */
#ifndef PROTO_JK_PLAUSIBLE_H
#define PROTO_JK_PLAUSIBLE_H

#include "proto/jk_frame/jk_battery.h"

/* NULL, or what is wrong with the parts behind `fields`. */
const char *jk_cells_wrong(const struct jk_cells *c, uint32_t fields);

#endif
