/* SPDX-License-Identifier: Apache-2.0
 *
 * Records of JK BMS as struct battery.
 */
#include "proto/jk_frame/jk_battery.h"

#include "proto/jk_frame/jk_plausible.h"

enum {
    TEMP_MIN_DC = -450,
    TEMP_MAX_DC = 1200,
    WARM_DC = 50, /* farther from 0.0 C than this, a sensor that reads 0 is not fitted */
    CELL_MIN_MV = 500,
    CELL_MAX_MV = 5000,
    CURRENT_MAX_MA = 1000000,
    FIRST_LONG_SERIAL = 19, /* firmware */
    SHORT_SERIAL = 11,
};

static void set_known(struct battery *b, uint32_t fields, bool known)
{
    b->known = known ? b->known | fields : b->known & ~fields;
}

/* ---- cells ---- */

void jk_fill_cells(const uint16_t *cell_mv, size_t n, struct battery *b)
{
    size_t measured = 0;

    for (size_t i = 0; i < n && i < BATTERY_MAX_CELLS; i++) {
        uint16_t mv = cell_mv[i];
        b->cell_mv[i] = mv;
        if (mv == 0)
            continue;
        if (measured == 0 || mv < b->cell_min_mv) {
            b->cell_min_mv = mv;
            b->cell_min_id = (uint8_t)(i + 1);
        }
        if (measured == 0 || mv > b->cell_max_mv) {
            b->cell_max_mv = mv;
            b->cell_max_id = (uint8_t)(i + 1);
        }
        measured++;
    }
    b->cell_count = (uint8_t)(n < BATTERY_MAX_CELLS ? n : BATTERY_MAX_CELLS);
    set_known(b, FIELD_CELLS, measured == b->cell_count && measured > 0);
    set_known(b, FIELD_CELL_MIN_MAX | FIELD_CELL_IDS, measured > 0);
}

/* One more than the last cell there is; a cell whose wire is off does not shorten the list. */
static size_t cells_in(const uint16_t *cell_mv, size_t most, uint8_t configured)
{
    size_t n = most;

    while (n > 0 && cell_mv[n - 1] == 0)
        n--;
    return n < configured ? configured : n;
}

/* ---- temperatures ---- */

static bool is_temperature(int16_t dc)
{
    return dc >= TEMP_MIN_DC && dc <= TEMP_MAX_DC;
}

static bool is_warm(int16_t dc)
{
    return is_temperature(dc) && (dc > WARM_DC || dc < -WARM_DC);
}

/* T1, T2, MOSFETs, and on the wide layout T4 and T5; T3 only repeats the MOSFETs. A missing sensor
 * reads -200.0, or 0.0, which is a temperature as well: it counts as one as long as no sensor of
 * the cells says that it is far from freezing. */
static void fill_temps(const struct jk_cells *c, struct battery *b)
{
    const int16_t dc[] = {c->t1_dc, c->t2_dc, c->mos_dc, c->t4_dc, c->t5_dc};
    const uint8_t role[] = {ROLE_CELL, ROLE_CELL, ROLE_MOS, ROLE_CELL, ROLE_CELL};
    bool wide = c->layout == JK02_32S;
    bool warm = is_warm(c->t1_dc) || is_warm(c->t2_dc) ||
                (wide && (is_warm(c->t4_dc) || is_warm(c->t5_dc)));

    b->temp_count = wide ? 5 : 3;
    b->temp_known = 0;
    for (unsigned i = 0; i < b->temp_count; i++) {
        b->temp_role[i] = role[i];
        b->temp_dc[i] = dc[i];
        if (is_temperature(dc[i]) && !(dc[i] == 0 && warm))
            b->temp_known |= (uint8_t)(1u << i);
    }
    set_known(b, FIELD_TEMP_MIN_MAX, false);
    set_known(b, FIELD_TEMPS, b->temp_known != 0);
    battery_derive_extremes(b);
}

/* ---- alarms ---- */

#define C(condition) COND_BIT(COND_##condition)
#define HOT          (C(CHARGE_OVERTEMPERATURE) | C(DISCHARGE_OVERTEMPERATURE))

static const uint32_t protection_of[32] = {
    [1] = C(MOS_OVERTEMPERATURE),
    [2] = C(INTERNAL_FAULT), /* the cell count is not the configured one */
    [3] = C(INTERNAL_FAULT), /* current sensor */
    [4] = C(CELL_OVERVOLTAGE),
    [5] = C(PACK_OVERVOLTAGE),
    [6] = C(CHARGE_OVERCURRENT),
    [7] = C(SHORT_CIRCUIT), /* while charging */
    [8] = C(CHARGE_OVERTEMPERATURE),
    [9] = C(CHARGE_UNDERTEMPERATURE),
    [10] = C(INTERNAL_FAULT), /* coprocessor */
    [11] = C(CELL_UNDERVOLTAGE),
    [12] = C(PACK_UNDERVOLTAGE),
    [13] = C(DISCHARGE_OVERCURRENT),
    [14] = C(SHORT_CIRCUIT),
    [15] = C(DISCHARGE_OVERTEMPERATURE),
    [16] = C(INTERNAL_FAULT), /* charge MOSFET */
    [17] = C(INTERNAL_FAULT), /* discharge MOSFET */
    [20] = C(INTERNAL_FAULT), /* discharge does not switch on */
    [21] = HOT,
    [22] = C(INTERNAL_FAULT),        /* temperature sensor */
    [23] = C(INTERNAL_FAULT),        /* parallel module */
    [24] = C(SHORT_CIRCUIT),         /* release failed */
    [25] = C(DISCHARGE_OVERCURRENT), /* II */
    [26] = C(DISCHARGE_OVERCURRENT), /* III */
    [27] = C(DISCHARGE_UNDERTEMPERATURE),
};

/* 19, "change the password", is none. */
static const uint32_t warning_of[32] = {
    [0] = C(INTERNAL_FAULT),  /* a balance wire with too much resistance */
    [18] = C(INTERNAL_FAULT), /* GPS module lost */
    [28] = C(INTERNAL_FAULT), /* locked by GPS */
    [29] = C(UNKNOWN_WORD),   [30] = C(UNKNOWN_WORD), [31] = C(UNKNOWN_WORD),
};

void jk_errors(uint32_t errors, uint32_t *ret_warnings, uint32_t *ret_protections)
{
    uint32_t warnings = 0;
    uint32_t protections = 0;

    for (unsigned i = 0; i < 32; i++) {
        if ((errors >> i & 1) != 0) {
            warnings |= warning_of[i];
            protections |= protection_of[i];
        }
    }
    *ret_warnings = warnings;
    *ret_protections = protections;
}

/* ---- cell records ---- */

static int32_t to_i32(uint32_t value)
{
    return value > INT32_MAX ? INT32_MAX : (int32_t)value;
}

/* Until the BMS has booted, capacity, charge and SOC all read 0. */
static void fill_charge(const struct jk_cells *c, struct battery *b)
{
    bool booted = c->full_mah != 0;

    b->soc_pm = c->soc_pc * 10;
    b->full_mah = to_i32(c->full_mah);
    b->remaining_mah = c->remaining_mah;
    set_known(b, FIELD_SOC_PM | FIELD_FULL_MAH | FIELD_REMAINING_MAH, booted);
}

static void fill_health(const struct jk_cells *c, struct battery *b)
{
    b->soh_pm = c->soh_pc * 10;
    set_known(b, FIELD_SOH_PM, c->soh_pc != 0 && c->soh_pc <= 100);
    b->cycles = to_i32(c->cycles);
    set_known(b, FIELD_CYCLES, c->full_mah != 0);
}

/* The errors also name a wire in its own mask. */
static void fill_alarms(const struct jk_cells *c, struct battery *b)
{
    jk_errors(c->errors, &b->warnings, &b->protections);
    if (c->wire_alarms != 0)
        b->warnings |= COND_BIT(COND_INTERNAL_FAULT);
    b->known |= FIELD_WARNINGS | FIELD_PROTECTIONS;
}

static void fill_balancing(uint8_t balance, struct battery *b)
{
    b->balancing = 0;
    set_known(b, FIELD_BALANCING, balance == JK_BALANCE_OFF);
}

enum err jk_cells_some_to_battery(const struct jk_cells *c, uint32_t fields, struct battery *b)
{
    if (jk_cells_wrong(c, fields) != NULL)
        return ERR_IMPLAUSIBLE;
    if ((fields & FIELD_CELLS) != 0)
        jk_fill_cells(c->cell_mv, cells_in(c->cell_mv, JK_MAX_CELLS, b->cell_count), b);
    if ((fields & FIELD_PACK_MV) != 0) {
        b->pack_mv = (int32_t)c->pack_mv;
        b->known |= FIELD_PACK_MV;
    }
    if ((fields & FIELD_CURRENT_MA) != 0) {
        b->current_ma = c->current_ma;
        b->known |= FIELD_CURRENT_MA;
    }
    if ((fields & FIELD_SOC_PM) != 0)
        fill_charge(c, b);
    if ((fields & FIELD_SOH_PM) != 0)
        fill_health(c, b);
    if ((fields & FIELD_TEMPS) != 0)
        fill_temps(c, b);
    if ((fields & FIELD_ENABLES) != 0) {
        b->charge_enable = c->charge_on != 0;
        b->discharge_enable = c->discharge_on != 0;
        b->known |= FIELD_ENABLES;
    }
    if ((fields & FIELD_BALANCING) != 0)
        fill_balancing(c->balance, b);
    if ((fields & FIELD_PROTECTIONS) != 0)
        fill_alarms(c, b);
    return ERR_OK;
}

enum err jk_cells_to_battery(const struct jk_cells *c, struct battery *b)
{
    return jk_cells_some_to_battery(c, JK_CELLS_FIELDS, b);
}

enum err jk04_cells_to_battery(const struct jk04_cells *c, struct battery *b)
{
    uint16_t cell_mv[JK04_CELLS];
    int64_t sum_uv = 0;

    if (!jk04_cells_plausible(c, NULL))
        return ERR_IMPLAUSIBLE;
    for (unsigned i = 0; i < JK04_CELLS; i++) {
        int64_t uv = 0;
        jk_f32_to_fixed(c->cell_v[i], 6, &uv);
        cell_mv[i] = (uint16_t)div_round(uv, 1000);
        sum_uv += uv;
    }
    jk_fill_cells(cell_mv, cells_in(cell_mv, JK04_CELLS, b->cell_count), b);
    b->pack_mv = (int32_t)div_round(sum_uv, 1000);
    b->known |= FIELD_PACK_MV;
    fill_balancing(c->balance, b);
    return ERR_OK;
}

/* ---- settings ---- */

static bool is_cell_limit(uint32_t mv)
{
    return mv >= CELL_MIN_MV && mv <= CELL_MAX_MV;
}

static bool settings_are_plausible(const struct jk_settings *s)
{
    return s->cell_count >= 1 && s->cell_count <= BATTERY_MAX_CELLS &&
           is_cell_limit(s->cell_uvp_mv) && is_cell_limit(s->cell_ovp_mv) &&
           s->cell_uvp_mv < s->cell_ovp_mv && s->charge_max_ma <= CURRENT_MAX_MA &&
           s->discharge_max_ma <= CURRENT_MAX_MA &&
           (s->charge_mv == 0 || (is_cell_limit(s->charge_mv) && s->charge_mv <= s->cell_ovp_mv));
}

/* Another count than the one the cells were read with: they are unknown until they are read again.
 */
static void set_cell_count(struct battery *b, uint8_t cells)
{
    if (b->cell_count != cells)
        set_known(b, FIELD_CELLS, false);
    b->cell_count = cells;
}

enum err jk_settings_to_battery(const struct jk_settings *s, struct battery *b)
{
    if (!settings_are_plausible(s))
        return ERR_IMPLAUSIBLE;
    int32_t cells = (int32_t)s->cell_count;
    uint32_t low_mv = s->cell_uvp_mv;

    if (s->cell_uvp_release_mv > low_mv && s->cell_uvp_release_mv < s->cell_ovp_mv)
        low_mv = s->cell_uvp_release_mv;
    set_cell_count(b, (uint8_t)cells);
    b->ccl_ma = s->charge_switch != 0 ? (int32_t)s->charge_max_ma : 0;
    b->dcl_ma = s->discharge_switch != 0 ? (int32_t)s->discharge_max_ma : 0;
    b->cvl_mv = cells * (int32_t)s->charge_mv;
    b->dvl_mv = cells * (int32_t)low_mv;
    b->known |= FIELD_CCL | FIELD_DCL | FIELD_DVL;
    set_known(b, FIELD_CVL, s->charge_mv != 0);
    return ERR_OK;
}

enum err jk04_settings_to_battery(const struct jk04_settings *s, struct battery *b)
{
    if (s->cell_count < 1 || s->cell_count > JK04_CELLS)
        return ERR_IMPLAUSIBLE;
    set_cell_count(b, s->cell_count);
    return ERR_OK;
}

/* ---- information ---- */

static void set_text(struct battery *b, uint32_t field, char *to, struct span from)
{
    jk_text(from, to, BATTERY_TEXT);
    set_known(b, field, to[0] != '\0');
}

void jk_info_to_battery(const struct jk_info *info, struct battery *b)
{
    unsigned major;
    size_t serial = sizeof info->serial;

    if (!jk_info_major(info, &major) || major < FIRST_LONG_SERIAL)
        serial = SHORT_SERIAL;
    set_text(b, FIELD_MODEL, b->model, span_of(info->model, sizeof info->model));
    set_text(b, FIELD_SERIAL, b->serial, span_of(info->serial, serial));
    set_text(b, FIELD_FIRMWARE, b->firmware, span_of(info->software, sizeof info->software));
}
