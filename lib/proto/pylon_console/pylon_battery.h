/* SPDX-License-Identifier: Apache-2.0
 *
 * What the console's numbers and words mean in the project's units and conditions, and whether they
 * can be true.
 *
 * Build one picture of a module per poll: pylon_battery_from_row() first, which replaces what it
 * covers, then the others, which only add. Nobody touches a field that the console did not print.
 *
 * Source: docs/protocols/pylontech-console.md (state words, masks, facts about values).
 */
#ifndef PROTO_PYLON_BATTERY_H
#define PROTO_PYLON_BATTERY_H

#include "battery/battery.h"
#include "proto/pylon_console/pylon_console.h"

/* Voltage, current, SOC, temperatures (the first sensor is the board, the second the MOSFETs when
 * there is one; the cells' as minimum and maximum), lowest and highest cell with their numbers
 * where the layout has them; warnings and protections of this row replace those in *b.
 * ERR_NOT_FOUND for an absent row: *b is untouched. */
enum err pylon_battery_from_row(const struct pylon_pwr_row *row, struct battery *b);

/* Cells, balancing, remaining charge (the weakest cell's; a cell that prints 0 mAh says nothing, so
 * the sum is unknown then), cell temperatures; adds the cells' warnings. A cell that reads 0 or
 * full scale is a broken measurement: an internal fault, and the cells are unknown. */
void pylon_battery_from_bat(const struct pylon_bat *bat, struct battery *b);

/* Rated capacity; adds what the state words and event masks say. Unknown bits and any system fault
 * count. Volts and amperes stay with the row, which is the newer reading. */
void pylon_battery_from_module(const struct pylon_module *m, struct battery *b);

/* Cycles and SOH; 0 % SOH is unknown, and so is a cycle count that the discharged charge
 * contradicts. */
void pylon_battery_from_stat(const struct pylon_stat *s, struct battery *b);

/* Identity (the barcode is the serial number), cell count, and the hardware's current limits as CCL
 * and DCL: the recommended ones are only in `pwrsys`. */
void pylon_battery_from_info(const struct pylon_info *info, struct battery *b);

/* The whole stack as one battery, with its recommended limits. */
void pylon_battery_from_system(const struct pylon_system *sys, struct battery *b);
/* Only the limits that `pwrsys` recommends for each module. */
void pylon_battery_limits_from_system(const struct pylon_system *sys, struct battery *b);

/* Can this row be true? `cells` in series, 0 counts as 15. False: *ret_why (may be NULL) says what
 * is wrong in a few words. Absent rows claim nothing and are true. */
bool pylon_row_plausible(const struct pylon_pwr_row *row, unsigned cells, const char **ret_why);

/* True when the step from `prev` (more than 20 % SOC, 2 V or 60 A) is so big that a second reading
 * must confirm it. A module that was or is absent does not jump. */
bool pylon_row_jumped(const struct pylon_pwr_row *prev, const struct pylon_pwr_row *row);

#endif
