/* SPDX-License-Identifier: Apache-2.0
 *
 * Values of records by the names of the vectors.
 */
#include <stddef.h>
#include <string.h>

#include "proto/jk_frame/test_jk_support.h"

enum kind { U8, I8, U16, I16, U32, I32, F32 };

struct member {
    const char *name;
    enum kind kind;
    size_t at;
    double divisor;
    int plus; /* the vectors count cells from 1 */
};

static double load(const uint8_t *p, enum kind kind)
{
    int64_t micro = 0;
    uint32_t u32;
    uint16_t u16;

    switch (kind) {
    case U8: return *p;
    case I8: return (int8_t)*p;
    case U16: memcpy(&u16, p, sizeof u16); return u16;
    case I16: memcpy(&u16, p, sizeof u16); return (int16_t)u16;
    case U32: memcpy(&u32, p, sizeof u32); return u32;
    case I32: memcpy(&u32, p, sizeof u32); return (int32_t)u32;
    case F32:
        memcpy(&u32, p, sizeof u32);
        return jk_f32_to_fixed(u32, 6, &micro) ? (double)micro / 1e6 : -1e9;
    }
    return 0;
}

static bool find(const struct member *table, const void *record, const char *name, double *ret)
{
    for (; table->name != NULL; table++) {
        if (strcmp(table->name, name) == 0) {
            const uint8_t *p = record;
            *ret = load(p + table->at, table->kind) / table->divisor + table->plus;
            return true;
        }
    }
    return false;
}

/* "cell13_v" gives 12. */
static bool is_cell(const char *name, size_t *ret_index)
{
    struct span s = span_str(name);
    int64_t number = 0;

    if (s.n < 7 || !span_starts(s, "cell") || !span_ends(s, "_v") ||
        !parse_i64(span_sub(s, 4, s.n - 6), 1, 32, &number))
        return false;
    *ret_index = (size_t)number - 1;
    return true;
}

#define AT(member) offsetof(struct jk_cells, member)

static const struct member of_cells[] = {
    {"cell_mask", U32, AT(cell_mask), 1, 0},
    {"avg_v", U16, AT(mean_mv), 1000, 0},
    {"delta_v", U16, AT(spread_mv), 1000, 0},
    {"max_cell", U8, AT(max_index), 1, 1},
    {"min_cell", U8, AT(min_index), 1, 1},
    {"mos_temp_c", I16, AT(mos_dc), 10, 0},
    {"wire_warn", U32, AT(wire_alarms), 1, 0},
    {"total_v", U32, AT(pack_mv), 1000, 0},
    {"power_w", U32, AT(power_mw), 1000, 0},
    {"current_a", I32, AT(current_ma), 1000, 0},
    {"t1_c", I16, AT(t1_dc), 10, 0},
    {"t2_c", I16, AT(t2_dc), 10, 0},
    {"errors", U32, AT(errors), 1, 0},
    {"balance_current_a", I16, AT(balance_ma), 1000, 0},
    {"balance_action", U8, AT(balance), 1, 0},
    {"soc_pct", U8, AT(soc_pc), 1, 0},
    {"remain_ah", I32, AT(remaining_mah), 1000, 0},
    {"full_ah", U32, AT(full_mah), 1000, 0},
    {"cycles", U32, AT(cycles), 1, 0},
    {"cycle_ah", U32, AT(cycle_mah), 1000, 0},
    {"soh_pct", U8, AT(soh_pc), 1, 0},
    {"precharge", U8, AT(precharge), 1, 0},
    {"user_alarm", U16, AT(user_alarm), 1, 0},
    {"uptime_s", U32, AT(run_s), 1, 0},
    {"charge_on", U8, AT(charge_on), 1, 0},
    {"discharge_on", U8, AT(discharge_on), 1, 0},
    {"user_alarm2", U16, AT(user_alarm2), 1, 0},
    {"release_0", U16, AT(release_s[0]), 1, 0},
    {"release_5", U16, AT(release_s[5]), 1, 0},
    {"temp_present", U8, AT(sensors), 1, 0},
    {"heating", U8, AT(heater_on), 1, 0},
    {"emergency_s", U16, AT(emergency_s), 1, 0},
    {"discharge_fix", U16, AT(discharge_fix), 1, 0},
    {"charge_shunt_v", U16, AT(charge_shunt_mv), 1000, 0},
    {"discharge_shunt_v", U16, AT(discharge_shunt_mv), 1000, 0},
    {"volt_factor", U32, AT(volt_factor_f32), 1, 0},
    {"pack_cv", U16, AT(pack_cv), 1, 0},
    {"heater_a", I16, AT(heater_ma), 1000, 0},
    {"charger_plugged", U8, AT(charger_plugged), 1, 0},
    {"ticks", U32, AT(ticks_ds), 1, 0},
    {"log_count", U32, AT(log_count), 1, 0},
    {"battery_type", U8, AT(chemistry), 1, 0},
    {"t3_c", I16, AT(t3_dc), 10, 0},
    {"t4_c", I16, AT(t4_dc), 10, 0},
    {"t5_c", I16, AT(t5_dc), 10, 0},
    {"rtc_s", U32, AT(rtc_s), 1, 0},
    {"sleep_s", U32, AT(sleep_s), 1, 0},
    {"parallel", U8, AT(parallel_state), 1, 0},
    {"phase_s", U16, AT(phase_s), 1, 0},
    {"charge_status", U8, AT(phase), 1, 0},
    {"dry_contact", U8, AT(dry_contacts), 1, 0},
    {"mark", U8, AT(mark), 1, 0},
    {"wire1", U16, AT(wire_mohm[0]), 1, 0},
    {"wire24", U16, AT(wire_mohm[23]), 1, 0},
    {"wire32", U16, AT(wire_mohm[31]), 1, 0},
    {0},
};

static double spread_of(const struct jk_cells *c)
{
    unsigned low = 65535;
    unsigned high = 0;

    for (size_t i = 0; i < JK_MAX_CELLS; i++) {
        if (c->cell_mv[i] == 0)
            continue;
        low = c->cell_mv[i] < low ? c->cell_mv[i] : low;
        high = c->cell_mv[i] > high ? c->cell_mv[i] : high;
    }
    return (high - low) / 1000.0;
}

bool jk_look_cells(const void *record, const char *name, double *ret)
{
    const struct jk_cells *c = record;
    size_t index;
    unsigned cells = 0;
    unsigned bits = 0;

    for (size_t i = 0; i < JK_MAX_CELLS; i++) {
        cells += c->cell_mv[i] != 0;
        bits += c->cell_mask >> i & 1;
    }
    if (is_cell(name, &index))
        *ret = c->cell_mv[index] / 1000.0;
    else if (strcmp(name, "cells") == 0)
        *ret = cells;
    else if (strcmp(name, "mask_cells") == 0)
        *ret = bits;
    else if (strcmp(name, "errors16") == 0)
        *ret = c->errors & 0xFFFF;
    else if (strcmp(name, "delta_calc_v") == 0)
        *ret = spread_of(c);
    else
        return find(of_cells, record, name, ret);
    return true;
}

#undef AT
#define AT(member) offsetof(struct jk04_cells, member)

static const struct member of_cells04[] = {
    {"avg_v", F32, AT(mean_v), 1, 0},
    {"delta_v", F32, AT(spread_v), 1, 0},
    {"cell_mask", U32, AT(cell_mask), 1, 0},
    {"max_cell", U8, AT(max_index), 1, 1},
    {"min_cell", U8, AT(min_index), 1, 1},
    {"balance_action", U8, AT(balance), 1, 0},
    {"balance_current_a", F32, AT(balance_a), 1, 0},
    {"uptime_s", U32, AT(run_s), 1, 0},
    {0},
};

bool jk_look_cells04(const void *record, const char *name, double *ret)
{
    const struct jk04_cells *c = record;
    size_t index;
    int64_t sum = 0;
    int64_t micro = 0;

    if (is_cell(name, &index)) {
        *ret = index < JK04_CELLS && jk_f32_to_fixed(c->cell_v[index], 6, &micro)
                   ? (double)micro / 1e6
                   : -1e9;
        return true;
    }
    if (strcmp(name, "total_v") != 0)
        return find(of_cells04, record, name, ret);
    for (size_t i = 0; i < JK04_CELLS; i++) {
        jk_f32_to_fixed(c->cell_v[i], 6, &micro);
        sum += micro;
    }
    *ret = (double)sum / 1e6;
    return true;
}

#undef AT
#define AT(member) offsetof(struct jk_settings, member)

static const struct member of_settings[] = {
    {"smart_sleep_v", U32, AT(smart_sleep_mv), 1000, 0},
    {"cell_uvp_v", U32, AT(cell_uvp_mv), 1000, 0},
    {"cell_uvpr_v", U32, AT(cell_uvp_release_mv), 1000, 0},
    {"cell_ovp_v", U32, AT(cell_ovp_mv), 1000, 0},
    {"cell_ovpr_v", U32, AT(cell_ovp_release_mv), 1000, 0},
    {"balance_trigger_v", U32, AT(balance_trigger_mv), 1000, 0},
    {"soc100_v", U32, AT(soc_full_mv), 1000, 0},
    {"soc0_v", U32, AT(soc_empty_mv), 1000, 0},
    {"rcv_v", U32, AT(charge_mv), 1000, 0},
    {"rfv_v", U32, AT(float_mv), 1000, 0},
    {"power_off_v", U32, AT(power_off_mv), 1000, 0},
    {"max_charge_a", U32, AT(charge_max_ma), 1000, 0},
    {"ch_ocp_delay_s", U32, AT(charge_oc_delay_s), 1, 0},
    {"ch_ocp_rec_s", U32, AT(charge_oc_release_s), 1, 0},
    {"max_discharge_a", U32, AT(discharge_max_ma), 1000, 0},
    {"dch_ocp_delay_s", U32, AT(discharge_oc_delay_s), 1, 0},
    {"dch_ocp_rec_s", U32, AT(discharge_oc_release_s), 1, 0},
    {"scp_rec_s", U32, AT(short_release_s), 1, 0},
    {"max_balance_a", U32, AT(balance_max_ma), 1000, 0},
    {"ch_otp_c", I32, AT(charge_otp_dc), 10, 0},
    {"ch_otpr_c", I32, AT(charge_otp_release_dc), 10, 0},
    {"dch_otp_c", I32, AT(discharge_otp_dc), 10, 0},
    {"dch_otpr_c", I32, AT(discharge_otp_release_dc), 10, 0},
    {"ch_utp_c", I32, AT(charge_utp_dc), 10, 0},
    {"ch_utpr_c", I32, AT(charge_utp_release_dc), 10, 0},
    {"mos_otp_c", I32, AT(mos_otp_dc), 10, 0},
    {"mos_otpr_c", I32, AT(mos_otp_release_dc), 10, 0},
    {"cell_count", U32, AT(cell_count), 1, 0},
    {"charge_sw", U32, AT(charge_switch), 1, 0},
    {"discharge_sw", U32, AT(discharge_switch), 1, 0},
    {"balance_sw", U32, AT(balance_switch), 1, 0},
    {"capacity_ah", U32, AT(capacity_mah), 1000, 0},
    {"scp_delay_us", U32, AT(short_delay_us), 1, 0},
    {"balance_start_v", U32, AT(balance_start_mv), 1000, 0},
    {"wire1", U32, AT(wire_uohm[0]), 1, 0},
    {"wire24", U32, AT(wire_uohm[23]), 1, 0},
    {"wire32", U32, AT(wire_uohm[31]), 1, 0},
    {"device_addr", U32, AT(unit), 1, 0},
    {"precharge_s", U32, AT(precharge_s), 1, 0},
    {"ctrl", U16, AT(control), 1, 0},
    {"heat_start_c", I8, AT(heat_start), 1, 0},
    {"heat_stop_c", I8, AT(heat_end), 1, 0},
    {"smart_sleep_h", U8, AT(smart_sleep_h), 1, 0},
    {"data_enable", U8, AT(data_enable), 1, 0},
    {"dch_utp_c", I8, AT(discharge_utp_c), 1, 0},
    {"dch_utpr_c", I8, AT(discharge_utp_release_c), 1, 0},
    {0},
};

bool jk_look_settings(const void *record, const char *name, double *ret)
{
    return find(of_settings, record, name, ret);
}

#undef AT
#define AT(member) offsetof(struct jk04_settings, member)

static const struct member of_settings04[] = {
    {"cell_count", U8, AT(cell_count), 1, 0},
    {"power_off_v", F32, AT(power_off_v), 1, 0},
    {"vref", F32, AT(reference_v), 1, 0},
    {"balance_start_v", F32, AT(start_v), 1, 0},
    {"balance_trigger_v", F32, AT(trigger_v), 1, 0},
    {"max_balance_a", F32, AT(balance_max_a), 1, 0},
    {"balance_sw", U8, AT(balance_switch), 1, 0},
    {0},
};

bool jk_look_settings04(const void *record, const char *name, double *ret)
{
    return find(of_settings04, record, name, ret);
}

#undef AT
#define AT(member) offsetof(struct jk_info, member)

static const struct member of_info[] = {
    {"uptime_s", U32, AT(run_s), 1, 0},
    {"power_on", U32, AT(power_on_count), 1, 0},
    {"uart1", U8, AT(uart1_protocol), 1, 0},
    {"can", U8, AT(can_protocol), 1, 0},
    {"uart2", U8, AT(uart2_protocol), 1, 0},
    {"buzzer_source", U8, AT(buzzer_source), 1, 0},
    {"dry1_source", U8, AT(dry1_source), 1, 0},
    {"dry2_source", U8, AT(dry2_source), 1, 0},
    {"uart_library", U8, AT(uart_library), 1, 0},
    {"buzzer_on", I32, AT(buzzer_on), 1, 0},
    {"buzzer_off", I32, AT(buzzer_off), 1, 0},
    {"dry1_on", I32, AT(dry1_on), 1, 0},
    {"dry1_off", I32, AT(dry1_off), 1, 0},
    {"dry2_on", I32, AT(dry2_on), 1, 0},
    {"dry2_off", I32, AT(dry2_off), 1, 0},
    {"log_period", I32, AT(log_period), 1, 0},
    {"rcv_time", U8, AT(charge_time), 1, 0},
    {"rfv_time", U8, AT(float_time), 1, 0},
    {"can_library", U8, AT(can_library), 1, 0},
    {"emergency_min", U8, AT(emergency_min), 1, 0},
    {"uart3", U8, AT(uart3_protocol), 1, 0},
    {"rebulk", U8, AT(rebulk_soc_pc), 1, 0},
    {0},
};

bool jk_look_info(const void *record, const char *name, double *ret)
{
    return find(of_info, record, name, ret);
}
