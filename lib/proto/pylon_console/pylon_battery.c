/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows, tables and views of the console as struct battery.
 */
#include "proto/pylon_console/pylon_battery.h"

#include "base/span.h"
#include "proto/pylon_console/pylon_words.h"

/* What a cell monitor prints that has lost its cell (captured with SysError and System Fault 0x8).
 */
enum { CELL_FULL_SCALE_MV = 4095 };

static bool measures(int32_t cell_mv)
{
    return cell_mv > 0 && cell_mv < CELL_FULL_SCALE_MV;
}

static int16_t deci(int32_t milli_c)
{
    return (int16_t)div_round(milli_c, 100);
}

static void set_known(struct battery *b, uint32_t fields, bool known)
{
    b->known = known ? b->known | fields : b->known & ~fields;
}

static void add_alarms(struct battery *b, const struct pylon_alarms *a)
{
    b->warnings |= a->warnings;
    b->protections |= a->protections;
    b->known |= FIELD_WARNINGS | FIELD_PROTECTIONS;
}

static void set_text(struct battery *b, uint32_t field, char *to, const char *from)
{
    if (from[0] == '\0')
        return;
    span_to_str(span_str(from), to, BATTERY_TEXT);
    b->known |= field;
}

/* ---- pwr ---- */

static struct pylon_alarms alarms_of_row(const struct pylon_pwr_row *row)
{
    struct pylon_alarms a = {0, 0};
    struct pylon_flow flow = pylon_flow_of(row->curr_ma, row->base_st);

    pylon_word_base(row->base_st, &a);
    pylon_word_pack_voltage(row->volt_st, &a);
    pylon_word_current(row->curr_st, flow, &a);
    pylon_word_temperature(row->temp_st, flow, &a);
    pylon_word_cell_voltage(row->bv_st, &a);
    pylon_word_temperature(row->bt_st, flow, &a);
    pylon_word_mos(row->mt_st, flow, &a);
    pylon_word_sys_alarm(row->sys_alarm_st, &a);
    return a;
}

static void set_row_cells(const struct pylon_pwr_row *row, struct battery *b)
{
    bool good = measures(row->vlow_mv) && measures(row->vhigh_mv);
    bool ids =
        row->has_ids && row->vlow_id < BATTERY_MAX_CELLS && row->vhigh_id < BATTERY_MAX_CELLS;

    set_known(b, FIELD_CELL_MIN_MAX, good);
    set_known(b, FIELD_CELL_IDS, good && ids);
    if (!good) {
        b->warnings |= COND_BIT(COND_INTERNAL_FAULT);
        return;
    }
    b->cell_min_mv = (uint16_t)row->vlow_mv;
    b->cell_max_mv = (uint16_t)row->vhigh_mv;
    if (ids) {
        b->cell_min_id = (uint8_t)(row->vlow_id + 1);
        b->cell_max_id = (uint8_t)(row->vhigh_id + 1);
    }
}

static void set_row_temps(const struct pylon_pwr_row *row, struct battery *b)
{
    b->temp_count = row->has_mos ? 2 : 1;
    b->temp_known = row->has_mos ? 3 : 1;
    b->temp_dc[0] = deci(row->tempr_mc);
    b->temp_role[0] = ROLE_BOARD;
    if (row->has_mos) {
        b->temp_dc[1] = deci(row->mos_mc);
        b->temp_role[1] = ROLE_MOS;
    }
    b->temp_min_dc = deci(row->tlow_mc);
    b->temp_max_dc = deci(row->thigh_mc);
    b->known |= FIELD_TEMPS | FIELD_TEMP_MIN_MAX;
}

enum err pylon_battery_from_row(const struct pylon_pwr_row *row, struct battery *b)
{
    if (row->absent)
        return ERR_NOT_FOUND;
    struct pylon_alarms a = alarms_of_row(row);

    b->pack_mv = row->volt_mv;
    b->current_ma = row->curr_ma;
    b->soc_pm = row->coulomb_pc * 10;
    b->known |= FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_SOC_PM;
    b->warnings = 0;
    b->protections = 0;
    add_alarms(b, &a);
    set_row_cells(row, b);
    set_row_temps(row, b);
    set_text(b, FIELD_SERIAL, b->serial, row->barcode);
    set_text(b, FIELD_MODEL, b->model, row->dev_type);
    return ERR_OK;
}

/* ---- bat ---- */

static void add_cell_alarms(const struct pylon_bat *bat, struct battery *b)
{
    struct pylon_alarms a = {0, 0};

    for (size_t i = 0; i < bat->n; i++) {
        const struct pylon_bat_row *row = &bat->rows[i];
        struct pylon_flow flow = pylon_flow_of(row->curr_ma, row->base_st);
        pylon_word_base(row->base_st, &a);
        pylon_word_cell_voltage(row->volt_st, &a);
        pylon_word_current(row->curr_st, flow, &a);
        if (bat->layout == PYLON_B3) { /* DTemp and CTemp say which side they mean */
            pylon_word_temperature(row->temp_st, (struct pylon_flow){.discharging = true}, &a);
            pylon_word_temperature(row->ctemp_st, (struct pylon_flow){.charging = true}, &a);
        } else {
            pylon_word_temperature(row->temp_st, flow, &a);
        }
        if (!measures(row->volt_mv))
            a.warnings |= COND_BIT(COND_INTERNAL_FAULT);
    }
    add_alarms(b, &a);
}

/* Lowest and highest of the cells that measure. */
static void set_cell_extremes(const struct pylon_bat *bat, struct battery *b)
{
    size_t seen = 0;

    for (size_t i = 0; i < bat->n; i++) {
        uint16_t mv = (uint16_t)bat->rows[i].volt_mv;
        if (!measures(bat->rows[i].volt_mv))
            continue;
        if (seen == 0 || mv < b->cell_min_mv) {
            b->cell_min_mv = mv;
            b->cell_min_id = (uint8_t)(i + 1);
        }
        if (seen == 0 || mv > b->cell_max_mv) {
            b->cell_max_mv = mv;
            b->cell_max_id = (uint8_t)(i + 1);
        }
        seen++;
    }
    set_known(b, FIELD_CELL_MIN_MAX | FIELD_CELL_IDS, seen > 0);
    set_known(b, FIELD_CELLS, seen == bat->n);
}

static void set_cell_temps(const struct pylon_bat *bat, struct battery *b)
{
    for (size_t i = 0; i < bat->n; i++) {
        int16_t dc = deci(bat->rows[i].tempr_mc);
        if (i == 0 || dc < b->temp_min_dc)
            b->temp_min_dc = dc;
        if (i == 0 || dc > b->temp_max_dc)
            b->temp_max_dc = dc;
    }
    b->known |= FIELD_TEMP_MIN_MAX;
}

/* The cells are in series, so the pack has what its weakest cell has. Cells behind a US3000D print
 * 0, event records print none. */
static void set_remaining(const struct pylon_bat *bat, struct battery *b)
{
    int32_t least = 0;
    bool all = bat->layout != PYLON_BE;

    for (size_t i = 0; i < bat->n; i++) {
        int32_t mah = bat->rows[i].coulomb_mah;
        if (mah == 0)
            all = false;
        if (i == 0 || mah < least)
            least = mah;
    }
    set_known(b, FIELD_REMAINING_MAH, all);
    if (all)
        b->remaining_mah = least;
}

void pylon_battery_from_bat(const struct pylon_bat *bat, struct battery *b)
{
    if (bat->n == 0)
        return;
    b->cell_count = (uint8_t)bat->n;
    for (size_t i = 0; i < bat->n; i++)
        b->cell_mv[i] = (uint16_t)bat->rows[i].volt_mv;
    set_cell_extremes(bat, b);
    set_cell_temps(bat, b);
    set_remaining(bat, b);
    if (bat->layout == PYLON_B2 || bat->layout == PYLON_B3) {
        b->balancing = 0;
        for (size_t i = 0; i < bat->n; i++)
            b->balancing |= bat->rows[i].balancing ? 1u << i : 0;
        b->known |= FIELD_BALANCING;
    }
    add_cell_alarms(bat, b);
}

/* ---- pwr N, stat, info, pwrsys ---- */

void pylon_battery_from_module(const struct pylon_module *m, struct battery *b)
{
    struct pylon_alarms a = {0, 0};
    struct pylon_flow flow = pylon_flow_of(m->has_curr ? m->curr_ma : 0, m->base_st);

    if (m->has_total && m->total_mah > 0) {
        b->full_mah = m->total_mah;
        b->known |= FIELD_FULL_MAH;
    }
    pylon_word_base(m->base_st, &a);
    pylon_word_pack_voltage(m->volt_st, &a);
    pylon_word_current(m->curr_st, flow, &a);
    pylon_word_temperature(m->temp_st, flow, &a);
    pylon_word_coulomb(m->coul_st, &a);
    pylon_word_soh(m->soh_st, &a);
    if (m->has_bat_events)
        pylon_mask_events(m->bat_events, true, flow, &a);
    if (m->has_power_events)
        pylon_mask_events(m->power_events, false, flow, &a);
    if (m->has_system_fault)
        pylon_mask_fault(m->system_fault, &a);
    add_alarms(b, &a);
}

/* One cycle is the rated charge once: 50 to 100 Ah. US3000D counts something else under that name
 * (4547 with 306 Ah discharged), and slaves may print 0. */
static bool is_cycle_count(const struct pylon_stat *s)
{
    const int64_t least_mah = 10000;
    const int64_t most_mah = 400000;

    return !s->has_dsg_cap ||
           (s->dsg_cap_mah / most_mah <= s->cycles && s->dsg_cap_mah / least_mah >= s->cycles);
}

void pylon_battery_from_stat(const struct pylon_stat *s, struct battery *b)
{
    bool cycles = s->has_cycles && is_cycle_count(s);

    set_known(b, FIELD_CYCLES, cycles);
    if (cycles)
        b->cycles = s->cycles;
    set_known(b, FIELD_SOH_PM, s->has_soh);
    if (s->has_soh)
        b->soh_pm = s->soh_pc * 10;
}

static int32_t magnitude(int32_t value)
{
    return value < 0 ? -value : value;
}

void pylon_battery_from_info(const struct pylon_info *info, struct battery *b)
{
    set_text(b, FIELD_MAKER, b->maker, info->manufacturer);
    set_text(b, FIELD_MODEL, b->model, info->device_name);
    set_text(b, FIELD_SERIAL, b->serial, info->barcode);
    set_text(b, FIELD_FIRMWARE, b->firmware,
             info->main_version[0] != '\0' ? info->main_version : info->soft_version);
    if (info->cell_number > 0 && info->cell_number <= BATTERY_MAX_CELLS)
        b->cell_count = info->cell_number;
    if (info->has_max_charge) {
        b->ccl_ma = magnitude(info->max_charge_ma);
        b->known |= FIELD_CCL;
    }
    if (info->has_max_discharge) {
        b->dcl_ma = magnitude(info->max_discharge_ma);
        b->known |= FIELD_DCL;
    }
}

static void set_limits(struct battery *b, int32_t cvl_mv, int32_t dvl_mv, int32_t ccl_ma,
                       int32_t dcl_ma)
{
    b->cvl_mv = cvl_mv;
    b->dvl_mv = dvl_mv;
    b->ccl_ma = magnitude(ccl_ma);
    b->dcl_ma = magnitude(dcl_ma);
    b->known |= FIELD_CVL | FIELD_DVL | FIELD_CCL | FIELD_DCL;
}

void pylon_battery_from_system(const struct pylon_system *sys, struct battery *b)
{
    b->pack_mv = sys->volt_mv;
    b->current_ma = sys->curr_ma;
    b->remaining_mah = sys->rc_mah;
    b->full_mah = sys->fcc_mah;
    b->soc_pm = sys->soc_pc * 10;
    b->known |=
        FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_REMAINING_MAH | FIELD_FULL_MAH | FIELD_SOC_PM;
    set_known(b, FIELD_SOH_PM, sys->soh_pc > 0);
    if (sys->soh_pc > 0)
        b->soh_pm = sys->soh_pc * 10;
    if (sys->has_limits)
        set_limits(b, sys->cvl_mv, sys->dvl_mv, sys->ccl_ma, sys->dcl_ma);
}

void pylon_battery_limits_from_system(const struct pylon_system *sys, struct battery *b)
{
    if (sys->has_module_limits)
        set_limits(b, sys->module_cvl_mv, sys->module_dvl_mv, sys->module_ccl_ma,
                   sys->module_dcl_ma);
}
