/* SPDX-License-Identifier: Apache-2.0
 *
 * What the records of JK BMS mean in the project's units and conditions, and whether they can be
 * true. The sums on the wire are weak (a spliced frame with a good sum said 1.2 MV), so
 * plausibility is a part of the protocol.
 *
 * A record replaces what it covers and touches nothing else. Call for the information and the
 * settings when they come and for the cells at every poll; the cells never shrink a cell count that
 * the settings gave.
 *
 * Source: docs/protocols/jk.md.
 */
#ifndef PROTO_JK_BATTERY_H
#define PROTO_JK_BATTERY_H

#include "proto/jk_frame/jk_record.h"

/* Everything a cell record can tell. */
#define JK_CELLS_FIELDS                                                                           \
    ((uint32_t)(FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_SOC_PM | FIELD_SOH_PM | FIELD_FULL_MAH | \
                FIELD_REMAINING_MAH | FIELD_CYCLES | FIELD_CELLS | FIELD_CELL_MIN_MAX |           \
                FIELD_CELL_IDS | FIELD_TEMPS | FIELD_TEMP_MIN_MAX | FIELD_ENABLES |               \
                FIELD_BALANCING | FIELD_WARNINGS | FIELD_PROTECTIONS))

/* Cells, voltage and current within what exists and in agreement with each other. False: *ret_why
 * (may be NULL) says what is wrong in a few words. */
bool jk_cells_plausible(const struct jk_cells *c, const char **ret_why);
bool jk04_cells_plausible(const struct jk04_cells *c, const char **ret_why);

/* ERR_IMPLAUSIBLE: *b is untouched. Unknown afterwards: a temperature outside -45..120 C or of a
 * sensor that is not fitted; the charge while the BMS has not booted (full capacity 0); which cells
 * are balanced, except that none is. A JK04's pack voltage is the sum of its cells. */
enum err jk_cells_to_battery(const struct jk_cells *c, struct battery *b);
enum err jk04_cells_to_battery(const struct jk04_cells *c, struct battery *b);
/* The same for a record of which only the parts behind `fields` were read (Modbus). */
enum err jk_cells_some_to_battery(const struct jk_cells *c, uint32_t fields, struct battery *b);

/* Cell count; CCL and DCL: the largest currents, 0 when the user's switch is off; CVL: the charge
 * voltage the BMS asks for, unknown when it asks for none; DVL: where the under-voltage protection
 * lets go, so that it is never reached. ERR_IMPLAUSIBLE: *b is untouched. */
enum err jk_settings_to_battery(const struct jk_settings *s, struct battery *b);
/* Only the cell count. */
enum err jk04_settings_to_battery(const struct jk04_settings *s, struct battery *b);

/* Model, serial, firmware; nothing secret. An empty text is unknown. */
void jk_info_to_battery(const struct jk_info *info, struct battery *b);

/* ---- parts that other JK protocols share ---- */

/* Cells 1..n, 0 is one that does not measure: then the cells are unknown, their extremes are those
 * of the others. No cell measures: all unknown. */
void jk_fill_cells(const uint16_t *cell_mv, size_t n, struct battery *b);

/* The vendor's error word: what stops the battery goes into *ret_protections, the rest into
 * *ret_warnings. Bit 19 only asks to change the password and is set on healthy packs. */
void jk_errors(uint32_t errors, uint32_t *ret_warnings, uint32_t *ret_protections);

#endif
