/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes a bank as the JSON that Victron's GX and home automation read. Key names and places from
 * venus-os_dbus-mqtt-battery 1.0.12 (nested) and from the YamBMS design note (flat).
 */
#include "proto/victron_json/victron_json.h"

#include <string.h>

#include "proto/victron_json/victron_json_private.h"

static const char *const form_names[] = {
    [VICTRON_NESTED] = "nested",
    [VICTRON_FLAT] = "flat",
    [VICTRON_UNION] = "union",
};

bool victron_form_find(const char *name, enum victron_form *ret)
{
    for (size_t i = 0; i < sizeof form_names / sizeof form_names[0]; i++) {
        if (strcmp(form_names[i], name) == 0) {
            *ret = (enum victron_form)i;
            return true;
        }
    }
    return false;
}

const char *victron_form_name(enum victron_form form)
{
    return form_names[form];
}

/* ---- what several keys need ---- */

/* The numbers a message is about, computed once. */
struct facts {
    const struct bank *bank;
    const struct battery *b;
    int64_t power_dw; /* 0.1 W */
    int64_t soc_pm;
    bool has_temperature;
    int32_t temperature_dc;
    bool single; /* the bank is one battery */
    bool has_capacity;
    int64_t full_mah, remaining_mah;
    bool has_time_to_go;
    int64_t time_to_go_s;
};

enum { TIME_TO_GO_NEVER_S = 30 * 24 * 3600 }; /* the driver's own value for "not discharging" */

static void find_capacity(struct facts *f)
{
    const struct battery *b = f->b;

    f->has_capacity = battery_knows(b, FIELD_FULL_MAH | FIELD_REMAINING_MAH) && b->full_mah > 0;
    if (f->has_capacity) {
        /* a coulomb counter may run past full; Capacity + ConsumedAmphours must stay the whole and
         * neither may be negative */
        f->full_mah = b->full_mah;
        f->remaining_mah = clamp_i64(b->remaining_mah, 0, b->full_mah);
    }
}

/* Until empty. It is always given when it can be computed: a key that vanishes keeps its last value
 * in the reader for ever. */
static void find_time_to_go(struct facts *f)
{
    const struct battery *b = f->b;

    if (!battery_knows(b, FIELD_REMAINING_MAH | FIELD_CURRENT_MA)) {
        return;
    }
    f->has_time_to_go = true;
    f->time_to_go_s = TIME_TO_GO_NEVER_S;
    if (b->current_ma < 0) {
        int64_t remaining = b->remaining_mah > 0 ? b->remaining_mah : 0;
        int64_t seconds = div_round(remaining * 3600, -(int64_t)b->current_ma);
        f->time_to_go_s = clamp_i64(seconds, 0, TIME_TO_GO_NEVER_S);
    }
}

/* False when the message must not be sent. */
static bool find_facts(const struct bank *bank, struct facts *ret)
{
    const struct battery *b = &bank->sum;
    uint32_t must =
        FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_SOC_PM | FIELD_CVL | FIELD_CCL | FIELD_DCL;

    /* a charge voltage of 0 would be an order to discharge, not a limit */
    if (!battery_knows(b, must) || b->cvl_mv <= 0) {
        return false;
    }
    *ret = (struct facts){.bank = bank, .b = b};
    ret->power_dw = div_round((int64_t)b->pack_mv * b->current_ma, 100000);
    ret->soc_pm = clamp_i64(b->soc_pm, 0, 1000);
    ret->has_temperature = battery_cell_temperature(b, &ret->temperature_dc);
    ret->single = bank->configured <= 1 && bank->online + bank->held + bank->lost <= 1;
    find_capacity(ret);
    find_time_to_go(ret);
    return true;
}

static int64_t not_negative(int64_t value)
{
    return value > 0 ? value : 0;
}

/* ---- members of the nested form ---- */

static void put_dc(struct vjson_writer *w, const struct facts *f)
{
    vjson_open(w, "Dc");
    vjson_fixed(w, "Power", f->power_dw, 1);
    vjson_fixed(w, "Voltage", f->b->pack_mv, 3);
    vjson_fixed(w, "Current", f->b->current_ma, 3);
    if (f->has_temperature) {
        vjson_fixed(w, "Temperature", f->temperature_dc, 1);
    }
    vjson_close(w);
}

static void put_info(struct vjson_writer *w, const struct facts *f)
{
    const struct battery *b = f->b;

    vjson_open(w, "Info");
    vjson_fixed(w, "MaxChargeVoltage", b->cvl_mv, 3);
    vjson_fixed(w, "MaxChargeCurrent", not_negative(b->ccl_ma), 3);
    vjson_fixed(w, "MaxDischargeCurrent", not_negative(b->dcl_ma), 3);
    if (battery_knows(b, FIELD_DVL)) {
        vjson_fixed(w, "BatteryLowVoltage", not_negative(b->dvl_mv), 3);
    }
    if (battery_knows(b, FIELD_REQUESTS)) {
        vjson_integer(w, "ChargeRequest", b->force_charge);
    }
    vjson_close(w);
}

/* "04" in a bank of one battery, "0204" (battery, cell) else: the words of CAN 0x374..0x377.
 * `named`: places have names here, and one that is not known just now is "": a key that came stays.
 */
static void put_place(struct vjson_writer *w, const char *key, const struct facts *f, bool named,
                      struct bank_place at)
{
    char text[8];
    struct buf buf = buf_of(text, sizeof text - 1);

    if (at.place == 0 || (at.battery == 0 && !f->single)) {
        if (named) {
            vjson_empty(w, key);
        }
        return;
    }
    if (!f->single) {
        buf_printf(&buf, "%02u", (unsigned)at.battery);
    }
    buf_printf(&buf, "%02u", (unsigned)at.place);
    text[buf.n] = '\0';
    vjson_text(w, key, text);
}

/* Highest known MOS sensor. */
static bool mos_temperature(const struct battery *b, int32_t *ret_dc)
{
    bool any = false;

    if (!battery_knows(b, FIELD_TEMPS)) {
        return false;
    }
    for (size_t i = 0; i < BATTERY_MAX_TEMPS && i < b->temp_count; i++) {
        bool known = ((b->temp_known >> i) & 1u) != 0 && b->temp_role[i] == ROLE_MOS;

        if (known && (!any || b->temp_dc[i] > *ret_dc)) {
            *ret_dc = b->temp_dc[i];
            any = true;
        }
    }
    return any;
}

static void put_system(struct vjson_writer *w, const struct facts *f)
{
    const struct battery *b = f->b;
    const struct bank *bank = f->bank;
    int32_t mos_dc = 0;

    vjson_open(w, "System");
    if (battery_knows(b, FIELD_CELL_MIN_MAX)) {
        bool named = battery_knows(b, FIELD_CELL_IDS);
        put_place(w, "MinVoltageCellId", f, named, bank->cell_min);
        vjson_fixed(w, "MinCellVoltage", b->cell_min_mv, 3);
        put_place(w, "MaxVoltageCellId", f, named, bank->cell_max);
        vjson_fixed(w, "MaxCellVoltage", b->cell_max_mv, 3);
    }
    if (battery_knows(b, FIELD_TEMP_MIN_MAX)) {
        put_place(w, "MinTemperatureCellId", f, false, bank->temp_min);
        vjson_fixed(w, "MinCellTemperature", b->temp_min_dc, 1);
        put_place(w, "MaxTemperatureCellId", f, false, bank->temp_max);
        vjson_fixed(w, "MaxCellTemperature", b->temp_max_dc, 1);
    }
    if (mos_temperature(b, &mos_dc)) {
        vjson_fixed(w, "MOSTemperature", mos_dc, 1);
    }
    if (bank->cells_per_battery > 0) {
        vjson_integer(w, "NrOfCellsPerBattery", bank->cells_per_battery);
    }
    vjson_integer(w, "NrOfModulesOnline", bank->online);
    vjson_integer(w, "NrOfModulesOffline", bank_offline(bank));
    vjson_integer(w, "NrOfModulesBlockingCharge", bank->blocking_charge);
    vjson_integer(w, "NrOfModulesBlockingDischarge", bank->blocking_discharge);
    vjson_close(w);
}

enum { DRIVER_CELLS = 24 }; /* Voltages.Cell25 is refused by the driver */

/* More cells than the driver has names for are not written at all: it would compute Sum and Diff
 * from a part of the battery. */
static bool has_cells(const struct facts *f)
{
    return f->single && f->b->cell_count > 0 && f->b->cell_count <= DRIVER_CELLS;
}

static void put_cell(struct vjson_writer *w, size_t index, int64_t value, unsigned decimals)
{
    char key[12];
    struct buf buf = buf_of(key, sizeof key - 1);

    buf_printf(&buf, "Cell%u", (unsigned)(index + 1));
    key[buf.n] = '\0';
    vjson_fixed(w, key, value, decimals);
}

static void put_cells(struct vjson_writer *w, const struct facts *f)
{
    const struct battery *b = f->b;

    if (has_cells(f) && battery_knows(b, FIELD_CELLS)) {
        vjson_open(w, "Voltages");
        for (size_t i = 0; i < b->cell_count; i++) {
            put_cell(w, i, b->cell_mv[i], 3);
        }
        vjson_close(w);
    }
    if (has_cells(f) && battery_knows(b, FIELD_BALANCING)) {
        vjson_open(w, "Balances");
        for (size_t i = 0; i < b->cell_count; i++) {
            put_cell(w, i, (b->balancing >> i) & 1u, 0);
        }
        vjson_close(w);
    }
}

static void put_nested(struct vjson_writer *w, const struct facts *f)
{
    const struct battery *b = f->b;

    put_dc(w, f);
    put_info(w, f);
    put_system(w, f);
    put_cells(w, f);
    if (battery_knows(b, FIELD_ENABLES)) {
        vjson_open(w, "Io");
        vjson_integer(w, "AllowToCharge", b->charge_enable);
        vjson_integer(w, "AllowToDischarge", b->discharge_enable);
        vjson_close(w);
    }
    if (battery_knows(b, FIELD_CYCLES)) {
        vjson_open(w, "History");
        vjson_integer(w, "ChargeCycles", not_negative(b->cycles));
        vjson_close(w);
    }
}

/* ---- members of the flat form ---- */

static void put_flat(struct vjson_writer *w, const struct facts *f)
{
    const struct battery *b = f->b;

    vjson_fixed(w, "Voltage", b->pack_mv, 3);
    vjson_fixed(w, "Current", b->current_ma, 3);
    vjson_fixed(w, "Power", f->power_dw, 1);
    if (f->has_temperature) {
        vjson_fixed(w, "Temperature", f->temperature_dc, 1);
    }
    vjson_fixed(w, "MaxChargeCurrent", not_negative(b->ccl_ma), 3);
    vjson_fixed(w, "MaxDischargeCurrent", not_negative(b->dcl_ma), 3);
    vjson_fixed(w, "ChargeVoltage", b->cvl_mv, 3);
    if (battery_knows(b, FIELD_DVL)) {
        vjson_fixed(w, "DischargeVoltage", not_negative(b->dvl_mv), 3);
    }
    if (battery_knows(b, FIELD_CELL_MIN_MAX)) {
        vjson_fixed(w, "MinCellVoltage", b->cell_min_mv, 3);
        vjson_fixed(w, "MaxCellVoltage", b->cell_max_mv, 3);
        put_place(w, "MinVoltageCellId", f, battery_knows(b, FIELD_CELL_IDS), f->bank->cell_min);
        put_place(w, "MaxVoltageCellId", f, battery_knows(b, FIELD_CELL_IDS), f->bank->cell_max);
    }
    if (battery_knows(b, FIELD_TEMP_MIN_MAX)) {
        vjson_fixed(w, "MinTemperature", b->temp_min_dc, 1);
        vjson_fixed(w, "MaxTemperature", b->temp_max_dc, 1);
    }
    if (battery_knows(b, FIELD_MODEL) || battery_knows(b, FIELD_MAKER)) {
        vjson_text(w, "ProductName", battery_knows(b, FIELD_MODEL) ? b->model : b->maker);
    }
    if (battery_knows(b, FIELD_FIRMWARE)) {
        vjson_text(w, "FirmwareVersion", b->firmware);
    }
}

/* ---- members that both forms have at the top ---- */

static void put_common(struct vjson_writer *w, enum victron_form form, const struct facts *f)
{
    const struct battery *b = f->b;

    vjson_fixed(w, "Soc", f->soc_pm, 1);
    if (battery_knows(b, FIELD_SOH_PM)) {
        vjson_fixed(w, "Soh", clamp_i64(b->soh_pm, 0, 1000), 1);
    }
    if (battery_knows(b, FIELD_FULL_MAH) && b->full_mah > 0) {
        vjson_fixed(w, "InstalledCapacity", b->full_mah, 3);
    }
    if (f->has_capacity) {
        vjson_fixed(w, "ConsumedAmphours", f->full_mah - f->remaining_mah, 3);
    }
    if (f->has_capacity && form != VICTRON_FLAT) {
        vjson_fixed(w, "Capacity", f->remaining_mah, 3); /* the note does not have it */
    }
    if (f->has_time_to_go) {
        vjson_integer(w, "TimeToGo", f->time_to_go_s);
    }
    if (battery_knows(b, FIELD_BALANCING)) {
        vjson_integer(w, "Balancing", b->balancing != 0);
    }
}

enum err victron_json_encode(enum victron_form form, const struct bank *bank, struct buf *out)
{
    struct facts f;
    struct buf scratch = *out; /* so that nothing is written when something does not fit */
    struct vjson_writer w = {.out = &scratch};

    if (!find_facts(bank, &f)) {
        return ERR_INCOMPLETE;
    }
    scratch.overflow = false;
    vjson_open(&w, NULL);
    if (form != VICTRON_FLAT) {
        put_nested(&w, &f);
    }
    if (form != VICTRON_NESTED) {
        put_flat(&w, &f);
    }
    put_common(&w, form, &f);
    vjson_alarms(&w, form, f.b);
    vjson_close(&w);
    if (scratch.overflow) {
        return ERR_SPACE;
    }
    scratch.overflow = out->overflow;
    *out = scratch;
    return ERR_OK;
}
