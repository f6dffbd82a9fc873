/* SPDX-License-Identifier: Apache-2.0
 *
 * The fields of a `pwr` row: what each may hold.
 */
#include "proto/pylon_console/common.h"
#include "proto/pylon_console/pwr_columns.h"

static enum err read_mos(struct span s, struct pylon_pwr_row *row)
{
    if (span_eq_str(s, "-"))
        return ERR_OK;
    row->has_mos = true;
    return pylon_mc(s, &row->mos_mc);
}

/* Without a sensor neither a temperature nor a state is printed, with one both are. */
static enum err read_mos_word(struct span s, struct pylon_pwr_row *row)
{
    if (!row->has_mos)
        return span_eq_str(s, "-") ? ERR_OK : ERR_SYNTAX;
    return pylon_word(s, row->mt_st);
}

static enum err read_name(struct span s, char *ret, size_t cap)
{
    if (s.n >= cap || !pylon_is_text(s))
        return ERR_SYNTAX;
    span_to_str(s, ret, cap);
    return ERR_OK;
}

enum err pylon_pwr_read_field(enum pylon_column column, struct span s, struct pylon_pwr_row *row)
{
    switch (column) {
    case COL_POWER: return pylon_uint8(s, PYLON_MAX_MODULES, &row->address);
    case COL_VOLT: return pylon_pack_mv(s, &row->volt_mv);
    case COL_CURR: return pylon_ma(s, &row->curr_ma);
    case COL_TEMPR: return pylon_mc(s, &row->tempr_mc);
    case COL_TLOW: return pylon_mc(s, &row->tlow_mc);
    case COL_TLOW_ID: return pylon_uint8(s, UINT8_MAX, &row->tlow_id);
    case COL_THIGH: return pylon_mc(s, &row->thigh_mc);
    case COL_THIGH_ID: return pylon_uint8(s, UINT8_MAX, &row->thigh_id);
    case COL_VLOW: return pylon_cell_mv(s, &row->vlow_mv);
    case COL_VLOW_ID: return pylon_uint8(s, UINT8_MAX, &row->vlow_id);
    case COL_VHIGH: return pylon_cell_mv(s, &row->vhigh_mv);
    case COL_VHIGH_ID: return pylon_uint8(s, UINT8_MAX, &row->vhigh_id);
    case COL_BASE_ST: return pylon_word(s, row->base_st);
    case COL_VOLT_ST: return pylon_word(s, row->volt_st);
    case COL_CURR_ST: return pylon_word(s, row->curr_st);
    case COL_TEMP_ST: return pylon_word(s, row->temp_st);
    case COL_COULOMB: return pylon_percent(s, &row->coulomb_pc);
    case COL_TIME: return pylon_stamp(s, &row->time);
    case COL_BV_ST: return pylon_word(s, row->bv_st);
    case COL_BT_ST: return pylon_word(s, row->bt_st);
    case COL_MOS: return read_mos(s, row);
    case COL_MT_ST: return read_mos_word(s, row);
    case COL_SYS_ALARM: return pylon_word(s, row->sys_alarm_st);
    case COL_BARCODE: return read_name(s, row->barcode, sizeof row->barcode);
    case COL_DEV_TYPE: return read_name(s, row->dev_type, sizeof row->dev_type);
    case COL_COUNT: break;
    }
    return ERR_LAYOUT;
}
