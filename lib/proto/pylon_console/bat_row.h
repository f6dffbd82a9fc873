/* SPDX-License-Identifier: Apache-2.0
 *
 * The header and the rows of the `bat` tables as they are printed. Private to this folder.
 */
#ifndef PROTO_PYLON_CONSOLE_BAT_ROW_H
#define PROTO_PYLON_CONSOLE_BAT_ROW_H

#include "proto/pylon_console/pylon_console.h"

struct span pylon_bat_header(enum pylon_bat_layout layout);
void pylon_bat_put_row(enum pylon_bat_layout layout, const struct pylon_bat_row *row,
                       struct buf *out);

#endif
