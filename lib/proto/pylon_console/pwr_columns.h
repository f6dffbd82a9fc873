/* SPDX-License-Identifier: Apache-2.0
 *
 * The columns of the `pwr` tables. Private to this folder.
 */
#ifndef PROTO_PYLON_CONSOLE_PWR_COLUMNS_H
#define PROTO_PYLON_CONSOLE_PWR_COLUMNS_H

#include "proto/pylon_console/pylon_console.h"

enum pylon_column {
    COL_POWER,
    COL_VOLT,
    COL_CURR,
    COL_TEMPR,
    COL_TLOW,
    COL_TLOW_ID,
    COL_THIGH,
    COL_THIGH_ID,
    COL_VLOW,
    COL_VLOW_ID,
    COL_VHIGH,
    COL_VHIGH_ID,
    COL_BASE_ST,
    COL_VOLT_ST,
    COL_CURR_ST,
    COL_TEMP_ST,
    COL_COULOMB,
    COL_TIME,
    COL_BV_ST,
    COL_BT_ST,
    COL_MOS,
    COL_MT_ST,
    COL_SYS_ALARM,
    COL_BARCODE,
    COL_DEV_TYPE,
    COL_COUNT
};

/* What P1, P2 and PY, and what P3 and P4 begin with. */
#define PYLON_PWR_TAIL \
    COL_BASE_ST, COL_VOLT_ST, COL_CURR_ST, COL_TEMP_ST, COL_COULOMB, COL_TIME, COL_BV_ST, COL_BT_ST
#define PYLON_PWR_BASE                                                                  \
    COL_POWER, COL_VOLT, COL_CURR, COL_TEMPR, COL_TLOW, COL_THIGH, COL_VLOW, COL_VHIGH, \
        PYLON_PWR_TAIL
#define PYLON_PWR_IDS                                                                         \
    COL_POWER, COL_VOLT, COL_CURR, COL_TEMPR, COL_TLOW, COL_TLOW_ID, COL_THIGH, COL_THIGH_ID, \
        COL_VLOW, COL_VLOW_ID, COL_VHIGH, COL_VHIGH_ID, PYLON_PWR_TAIL

struct pylon_pwr_shape {
    const enum pylon_column *columns;
    size_t n;
};

/* Puts one field's text into the row. */
enum err pylon_pwr_read_field(enum pylon_column column, struct span s, struct pylon_pwr_row *row);

#endif
