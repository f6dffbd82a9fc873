/* SPDX-License-Identifier: Apache-2.0
 *
 * Can a row be true? There is no checksum on this console, so physics has to do. Source:
 * specification 15, rule 7.
 */
#include "proto/pylon_console/pylon_battery.h"

static bool is_temperature(int32_t milli_c)
{
    return milli_c >= -40000 && milli_c <= 100000;
}

static bool temperatures_ok(const struct pylon_pwr_row *row)
{
    return is_temperature(row->tempr_mc) && is_temperature(row->tlow_mc) &&
           is_temperature(row->thigh_mc) && (!row->has_mos || is_temperature(row->mos_mc)) &&
           row->tlow_mc <= row->thigh_mc;
}

/* The mean cell lies between the lowest and the highest; 60 mV for rounding and sampling. */
static bool cells_ok(const struct pylon_pwr_row *row, int32_t cells)
{
    const int32_t slack_mv = 60;
    int32_t mean = row->volt_mv / cells;

    return row->vlow_mv <= row->vhigh_mv && row->vlow_mv <= mean + slack_mv &&
           row->vhigh_mv >= mean - slack_mv;
}

static const char *complaint(const struct pylon_pwr_row *row, int32_t cells)
{
    const int32_t curr_max_ma = 200000;

    if (row->volt_mv <= cells * 2000 || row->volt_mv >= cells * 4000)
        return "the voltage is outside 2 to 4 V per cell";
    if (!cells_ok(row, cells))
        return "lowest and highest cell do not fit the voltage";
    if (row->curr_ma < -curr_max_ma || row->curr_ma > curr_max_ma)
        return "the current is beyond 200 A";
    if (!temperatures_ok(row))
        return "a temperature is outside -40 to 100 C or Tlow is above Thigh";
    if (row->coulomb_pc < 0 || row->coulomb_pc > 110)
        return "the state of charge is outside 0 to 110 %";
    return NULL;
}

bool pylon_row_plausible(const struct pylon_pwr_row *row, unsigned cells, const char **ret_why)
{
    if (row->absent)
        return true;
    const char *why = complaint(row, cells == 0 || cells > BATTERY_MAX_CELLS ? 15 : (int32_t)cells);
    if (why != NULL && ret_why != NULL)
        *ret_why = why;
    return why == NULL;
}

static bool farther(int32_t a, int32_t b, int32_t limit)
{
    int64_t step = (int64_t)a - b;
    return step > limit || step < -(int64_t)limit;
}

bool pylon_row_jumped(const struct pylon_pwr_row *prev, const struct pylon_pwr_row *row)
{
    if (prev->absent || row->absent)
        return false;
    return farther(row->coulomb_pc, prev->coulomb_pc, 20) ||
           farther(row->volt_mv, prev->volt_mv, 2000) ||
           farther(row->curr_ma, prev->curr_ma, 60000);
}
