/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tokens mean.
 */
#include "proto/jk_frame/jk_battery.h"
#include "proto/jk_uart/jk_uart.h"

enum {
    CELL_MIN_MV = 500,
    CELL_MAX_MV = 5000,
    CURRENT_MAX_A = 1000,
    TEMP_MIN_C = -40,
    TEMP_MAX_C = 100,
    OLD_ZERO = 10000,
    CHARGING = 0x8000,
    MODEL_AT = 12, /* of the maker's text, from hardware 10 on; before, it is something else */
};

bool jk_uart_temperature(uint32_t raw, int32_t *ret_c)
{
    if (raw > TEMP_MAX_C - TEMP_MIN_C)
        return false;
    *ret_c = raw <= TEMP_MAX_C ? (int32_t)raw : TEMP_MAX_C - (int32_t)raw;
    return true;
}

uint16_t jk_uart_temperature_raw(int32_t c)
{
    int64_t held = clamp_i64(c, TEMP_MIN_C, TEMP_MAX_C);

    return (uint16_t)(held >= 0 ? held : TEMP_MAX_C - held);
}

bool jk_uart_current(const struct jk_uart_values *v, int32_t *ret_ma)
{
    uint32_t raw = 0;
    uint32_t protocol = 0;
    bool told = jk_uart_number(v, JK_TOKEN_PROTOCOL, &protocol);

    if (!jk_uart_number(v, JK_TOKEN_CURRENT, &raw) || (!told && v->tail_n > 0))
        return false;
    if (protocol == 0) {
        *ret_ma = (OLD_ZERO - (int32_t)raw) * 10;
    } else {
        int32_t ma = (int32_t)(raw & 0x7FFF) * 10;
        *ret_ma = (raw & CHARGING) != 0 ? ma : -ma;
    }
    return true;
}

uint16_t jk_uart_current_raw(int32_t ma, bool new_coding)
{
    int64_t ten_ma = div_round(ma, 10);

    if (!new_coding)
        return (uint16_t)clamp_i64(OLD_ZERO - ten_ma, 0, UINT16_MAX);
    if (ten_ma <= 0)
        return (uint16_t)clamp_i64(-ten_ma, 0, 0x7FFF);
    return (uint16_t)(clamp_i64(ten_ma, 0, 0x7FFF) | CHARGING);
}

/* ---- plausible ---- */

static const char *wrong_cells(const struct jk_uart_values *v)
{
    int64_t sum = 0;
    uint32_t pack = 0;

    if (!jk_uart_has(v, JK_TOKEN_CELLS))
        return NULL;
    for (size_t i = 0; i < v->cell_n; i++) {
        const struct jk_uart_cell *cell = &v->cells[i];
        if (cell->number != i + 1)
            return "the cells are not numbered from 1";
        if (cell->mv != 0 && (cell->mv < CELL_MIN_MV || cell->mv > CELL_MAX_MV))
            return "a cell is outside 0.5..5 V";
        sum += cell->mv;
    }
    if (sum == 0)
        return "no cell";
    if (jk_uart_number(v, JK_TOKEN_PACK, &pack)) {
        int64_t pack_mv = (int64_t)pack * 10;
        int64_t off = sum > pack_mv ? sum - pack_mv : pack_mv - sum;
        if (100 * off > sum)
            return "the pack voltage is not the sum of the cells";
    }
    return NULL;
}

static bool is_above(const struct jk_uart_values *v, uint8_t token, uint32_t most)
{
    uint32_t value = 0;

    return jk_uart_number(v, token, &value) && value > most;
}

static const char *wrong(const struct jk_uart_values *v)
{
    if (is_above(v, JK_TOKEN_SOC, 100))
        return "SOC above 100 %";
    if (is_above(v, JK_TOKEN_CHARGE_OCP, CURRENT_MAX_A) ||
        is_above(v, JK_TOKEN_DISCHARGE_OCP, CURRENT_MAX_A))
        return "a current limit is above 1000 A";
    return wrong_cells(v);
}

bool jk_uart_plausible(const struct jk_uart_values *v, const char **ret_why)
{
    const char *why = wrong(v);

    if (why != NULL && ret_why != NULL)
        *ret_why = why;
    return why == NULL;
}

/* ---- battery ---- */

static void set_known(struct battery *b, uint32_t fields, bool known)
{
    b->known = known ? b->known | fields : b->known & ~fields;
}

static void fill_cells(const struct jk_uart_values *v, struct battery *b)
{
    uint16_t cell_mv[JK_UART_CELLS];

    if (!jk_uart_has(v, JK_TOKEN_CELLS))
        return;
    for (size_t i = 0; i < v->cell_n; i++)
        cell_mv[i] = v->cells[i].mv;
    jk_fill_cells(cell_mv, v->cell_n, b);
}

static void fill_temps(const struct jk_uart_values *v, struct battery *b)
{
    const uint8_t token[] = {JK_TOKEN_T1, JK_TOKEN_T2, JK_TOKEN_MOS_TEMP};
    const uint8_t role[] = {ROLE_CELL, ROLE_CELL, ROLE_MOS};
    bool any = false;

    for (size_t i = 0; i < sizeof token; i++)
        any = any || jk_uart_has(v, token[i]);
    if (!any)
        return;
    b->temp_count = sizeof token;
    b->temp_known = 0;
    for (size_t i = 0; i < sizeof token; i++) {
        uint32_t raw;
        int32_t c;
        b->temp_role[i] = role[i];
        if (jk_uart_number(v, token[i], &raw) && jk_uart_temperature(raw, &c)) {
            b->temp_dc[i] = (int16_t)(10 * c);
            b->temp_known |= (uint8_t)(1u << i);
        }
    }
    set_known(b, FIELD_TEMPS, b->temp_known != 0);
    set_known(b, FIELD_TEMP_MIN_MAX, false);
    battery_derive_extremes(b);
}

#define C(condition) COND_BIT(COND_##condition)

static void fill_alarms(uint32_t alarms, struct battery *b)
{
    static const uint32_t protection_of[16] = {
        [1] = C(MOS_OVERTEMPERATURE),
        [2] = C(PACK_OVERVOLTAGE),
        [3] = C(PACK_UNDERVOLTAGE),
        [4] = C(CHARGE_OVERTEMPERATURE) | C(DISCHARGE_OVERTEMPERATURE),
        [5] = C(CHARGE_OVERCURRENT),
        [6] = C(DISCHARGE_OVERCURRENT),
        [7] = C(IMBALANCE),
        [8] = C(CHARGE_OVERTEMPERATURE) | C(DISCHARGE_OVERTEMPERATURE), /* in the box */
        [9] = C(CHARGE_UNDERTEMPERATURE) | C(DISCHARGE_UNDERTEMPERATURE),
        [10] = C(CELL_OVERVOLTAGE),
        [11] = C(CELL_UNDERVOLTAGE),
        [12] = C(INTERNAL_FAULT), /* "309_A", "309_B" */
        [13] = C(INTERNAL_FAULT),
    };
    static const uint32_t warning_of[16] = {
        [0] = C(UNKNOWN_WORD), /* low charge, for which there is no condition */
        [14] = C(UNKNOWN_WORD),
        [15] = C(UNKNOWN_WORD),
    };

    b->warnings = 0;
    b->protections = 0;
    for (unsigned i = 0; i < 16; i++) {
        if ((alarms >> i & 1) != 0) {
            b->warnings |= warning_of[i];
            b->protections |= protection_of[i];
        }
    }
    b->known |= FIELD_WARNINGS | FIELD_PROTECTIONS;
}

/* Bits: charge and discharge MOSFET on, balancing; which cells is not told. */
static void fill_status(uint32_t status, struct battery *b)
{
    b->charge_enable = (status & 1) != 0;
    b->discharge_enable = (status & 2) != 0;
    b->known |= FIELD_ENABLES;
    b->balancing = 0;
    set_known(b, FIELD_BALANCING, (status & 4) == 0);
}

static void fill_limits(const struct jk_uart_values *v, struct battery *b)
{
    uint32_t amperes = 0;
    uint32_t low_mv = 0;
    uint32_t release_mv = 0;
    uint32_t cells = v->cell_n;

    if (jk_uart_number(v, JK_TOKEN_CHARGE_OCP, &amperes)) {
        b->ccl_ma = (int32_t)amperes * 1000;
        b->known |= FIELD_CCL;
    }
    if (jk_uart_number(v, JK_TOKEN_DISCHARGE_OCP, &amperes)) {
        b->dcl_ma = (int32_t)amperes * 1000;
        b->known |= FIELD_DCL;
    }
    jk_uart_number(v, JK_TOKEN_CELL_UVP_RELEASE, &release_mv);
    if (cells == 0 || !jk_uart_number(v, JK_TOKEN_CELL_UVP, &low_mv))
        return;
    if (release_mv > low_mv && release_mv <= CELL_MAX_MV)
        low_mv = release_mv;
    b->dvl_mv = (int32_t)(cells * low_mv);
    set_known(b, FIELD_DVL, low_mv >= CELL_MIN_MV && low_mv <= CELL_MAX_MV);
}

/* The aged capacity where the BMS tells one, else what the user set. */
static void fill_charge(const struct jk_uart_values *v, struct battery *b)
{
    uint32_t ah = 0;
    uint32_t value = 0;

    if (!jk_uart_number(v, JK_TOKEN_FULL_AH, &ah) || ah == 0)
        jk_uart_number(v, JK_TOKEN_CAPACITY_AH, &ah);
    if (ah > 0 && ah <= INT32_MAX / 1000) {
        b->full_mah = (int32_t)ah * 1000;
        b->known |= FIELD_FULL_MAH;
    }
    if (jk_uart_number(v, JK_TOKEN_SOC, &value)) {
        b->soc_pm = (int32_t)value * 10;
        b->known |= FIELD_SOC_PM;
    }
    if (jk_uart_number(v, JK_TOKEN_CYCLES, &value)) {
        b->cycles = (int32_t)value;
        b->known |= FIELD_CYCLES;
    }
}

static void fill_identity(const struct jk_uart_values *v, struct battery *b)
{
    struct span software = jk_uart_text(v, JK_TOKEN_SOFTWARE);
    struct span maker = jk_uart_text(v, JK_TOKEN_MAKER);
    struct span model = span_sub(maker, MODEL_AT, maker.n);

    if (software.n > 0) {
        jk_text(software, b->firmware, sizeof b->firmware);
        set_known(b, FIELD_FIRMWARE, b->firmware[0] != '\0');
    }
    if (span_starts(model, "JK")) {
        jk_text(model, b->model, sizeof b->model);
        b->known |= FIELD_MODEL;
    }
}

enum err jk_uart_to_battery(const struct jk_uart_values *v, struct battery *b)
{
    uint32_t value = 0;
    int32_t ma = 0;

    if (wrong(v) != NULL)
        return ERR_IMPLAUSIBLE;
    fill_cells(v, b);
    fill_temps(v, b);
    if (jk_uart_number(v, JK_TOKEN_PACK, &value)) {
        b->pack_mv = (int32_t)value * 10;
        b->known |= FIELD_PACK_MV;
    }
    if (jk_uart_has(v, JK_TOKEN_CURRENT)) {
        set_known(b, FIELD_CURRENT_MA, jk_uart_current(v, &ma));
        b->current_ma = ma;
    }
    if (jk_uart_number(v, JK_TOKEN_ALARMS, &value))
        fill_alarms(value, b);
    if (jk_uart_number(v, JK_TOKEN_STATUS, &value))
        fill_status(value, b);
    fill_limits(v, b);
    fill_charge(v, b);
    fill_identity(v, b);
    return ERR_OK;
}
