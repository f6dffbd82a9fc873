/* SPDX-License-Identifier: Apache-2.0
 *
 * What the words of the CAN tables mean in struct bank.
 */
#include "base/span.h"
#include "proto/pylon_can/pylon_can_table.h"

uint32_t pcan_number_field(enum pcan_number number)
{
    switch (number) {
    case PCAN_CVL: return FIELD_CVL;
    case PCAN_DVL: return FIELD_DVL;
    case PCAN_CCL: return FIELD_CCL;
    case PCAN_DCL: return FIELD_DCL;
    case PCAN_SOC: return FIELD_SOC_PM;
    case PCAN_SOH: return FIELD_SOH_PM;
    case PCAN_VOLTAGE: return FIELD_PACK_MV;
    case PCAN_CURRENT: return FIELD_CURRENT_MA;
    case PCAN_TEMPERATURE: return FIELD_TEMPS;
    case PCAN_TEMP_MIN:
    case PCAN_TEMP_MAX: return FIELD_TEMP_MIN_MAX;
    case PCAN_CELL_MIN:
    case PCAN_CELL_MAX: return FIELD_CELL_MIN_MAX;
    case PCAN_CYCLES: return FIELD_CYCLES;
    case PCAN_FULL: return FIELD_FULL_MAH;
    case PCAN_REMAINING: return FIELD_REMAINING_MAH;
    case PCAN_ONLINE:
    case PCAN_OFFLINE:
    case PCAN_BLOCKING_CHARGE:
    case PCAN_BLOCKING_DISCHARGE:
    case PCAN_CELLS_TOTAL: return 0;
    }
    return 0;
}

bool pcan_number_get(const struct bank *bank, enum pcan_number number, int64_t *ret)
{
    const struct battery *b = &bank->sum;
    int32_t mean = 0;

    if (number == PCAN_TEMPERATURE) {
        if (!battery_cell_temperature(b, &mean)) {
            return false;
        }
    } else if (!battery_knows(b, pcan_number_field(number))) {
        return false;
    }
    switch (number) {
    case PCAN_CVL: *ret = b->cvl_mv; break;
    case PCAN_DVL: *ret = b->dvl_mv; break;
    case PCAN_CCL: *ret = b->ccl_ma; break;
    case PCAN_DCL: *ret = b->dcl_ma; break;
    case PCAN_SOC: *ret = b->soc_pm; break;
    case PCAN_SOH: *ret = b->soh_pm; break;
    case PCAN_VOLTAGE: *ret = b->pack_mv; break;
    case PCAN_CURRENT: *ret = b->current_ma; break;
    case PCAN_TEMPERATURE: *ret = mean; break;
    case PCAN_TEMP_MIN: *ret = b->temp_min_dc; break;
    case PCAN_TEMP_MAX: *ret = b->temp_max_dc; break;
    case PCAN_CELL_MIN: *ret = b->cell_min_mv; break;
    case PCAN_CELL_MAX: *ret = b->cell_max_mv; break;
    case PCAN_CYCLES: *ret = b->cycles; break;
    case PCAN_FULL: *ret = b->full_mah; break;
    case PCAN_REMAINING: *ret = b->remaining_mah; break;
    case PCAN_ONLINE: *ret = bank->online; break;
    case PCAN_OFFLINE: *ret = bank_offline(bank); break;
    case PCAN_BLOCKING_CHARGE: *ret = bank->blocking_charge; break;
    case PCAN_BLOCKING_DISCHARGE: *ret = bank->blocking_discharge; break;
    case PCAN_CELLS_TOTAL:
        if (bank->cells_per_battery == 0) {
            return false;
        }
        *ret = (int64_t)bank->cells_per_battery * bank->online;
        break;
    }
    return true;
}

/* A single sensor that stands for the mean: CAN does not tell more. */
static void put_temperature(struct battery *b, int64_t value)
{
    b->temp_count = 1;
    b->temp_known = 1;
    b->temp_role[0] = ROLE_CELL;
    b->temp_dc[0] = (int16_t)value;
}

void pcan_number_put(struct bank *bank, enum pcan_number number, int64_t value)
{
    struct battery *b = &bank->sum;

    switch (number) {
    case PCAN_CVL: b->cvl_mv = (int32_t)value; break;
    case PCAN_DVL: b->dvl_mv = (int32_t)value; break;
    case PCAN_CCL: b->ccl_ma = (int32_t)value; break;
    case PCAN_DCL: b->dcl_ma = (int32_t)value; break;
    case PCAN_SOC: b->soc_pm = (int32_t)value; break;
    case PCAN_SOH: b->soh_pm = (int32_t)value; break;
    case PCAN_VOLTAGE: b->pack_mv = (int32_t)value; break;
    case PCAN_CURRENT: b->current_ma = (int32_t)value; break;
    case PCAN_TEMPERATURE: put_temperature(b, value); break;
    case PCAN_TEMP_MIN: b->temp_min_dc = (int16_t)value; break;
    case PCAN_TEMP_MAX: b->temp_max_dc = (int16_t)value; break;
    case PCAN_CELL_MIN: b->cell_min_mv = (uint16_t)value; break;
    case PCAN_CELL_MAX: b->cell_max_mv = (uint16_t)value; break;
    case PCAN_CYCLES: b->cycles = (int32_t)value; break;
    case PCAN_FULL: b->full_mah = (int32_t)value; break;
    case PCAN_REMAINING: b->remaining_mah = (int32_t)value; break;
    case PCAN_ONLINE: bank->online = (uint8_t)value; break;
    case PCAN_OFFLINE: bank->lost = (uint8_t)value; break;
    case PCAN_BLOCKING_CHARGE: bank->blocking_charge = (uint8_t)value; break;
    case PCAN_BLOCKING_DISCHARGE: bank->blocking_discharge = (uint8_t)value; break;
    case PCAN_CELLS_TOTAL: /* follows from cells_per_battery, which it cannot give back */ break;
    }
}

uint32_t pcan_flag_field(enum pcan_flag flag)
{
    switch (flag) {
    case PCAN_CHARGE_ENABLE:
    case PCAN_DISCHARGE_ENABLE: return FIELD_ENABLES;
    case PCAN_FORCE_CHARGE:
    case PCAN_FULL_CHARGE: return FIELD_REQUESTS;
    }
    return 0;
}

bool pcan_flag_get(const struct bank *bank, enum pcan_flag flag)
{
    const struct battery *b = &bank->sum;

    if (!battery_knows(b, pcan_flag_field(flag))) {
        return false;
    }
    switch (flag) {
    case PCAN_CHARGE_ENABLE: return b->charge_enable;
    case PCAN_DISCHARGE_ENABLE: return b->discharge_enable;
    case PCAN_FORCE_CHARGE: return b->force_charge;
    case PCAN_FULL_CHARGE: return b->full_charge_request;
    }
    return false;
}

void pcan_flag_put(struct bank *bank, enum pcan_flag flag, bool value)
{
    struct battery *b = &bank->sum;

    switch (flag) {
    case PCAN_CHARGE_ENABLE: b->charge_enable = value; break;
    case PCAN_DISCHARGE_ENABLE: b->discharge_enable = value; break;
    case PCAN_FORCE_CHARGE: b->force_charge = value; break;
    case PCAN_FULL_CHARGE: b->full_charge_request = value; break;
    }
}

uint32_t pcan_text_field(enum pcan_text text)
{
    switch (text) {
    case PCAN_MAKER: return FIELD_MAKER;
    case PCAN_MODEL: return FIELD_MODEL;
    case PCAN_SERIAL: return FIELD_SERIAL;
    }
    return 0;
}

const char *pcan_text_get(const struct bank *bank, enum pcan_text text)
{
    switch (text) {
    case PCAN_MAKER: return bank->sum.maker;
    case PCAN_MODEL: return bank->sum.model;
    case PCAN_SERIAL: return bank->sum.serial;
    }
    return "";
}

char *pcan_text_room(struct bank *bank, enum pcan_text text)
{
    switch (text) {
    case PCAN_MAKER: return bank->sum.maker;
    case PCAN_MODEL: return bank->sum.model;
    case PCAN_SERIAL: return bank->sum.serial;
    }
    return bank->sum.maker;
}

struct bank_place pcan_place_get(const struct bank *bank, enum pcan_place place)
{
    switch (place) {
    case PCAN_AT_CELL_MIN: return bank->cell_min;
    case PCAN_AT_CELL_MAX: return bank->cell_max;
    case PCAN_AT_TEMP_MIN: return bank->temp_min;
    case PCAN_AT_TEMP_MAX: return bank->temp_max;
    }
    return (struct bank_place){0};
}

struct bank_place *pcan_place_room(struct bank *bank, enum pcan_place place)
{
    switch (place) {
    case PCAN_AT_CELL_MIN: return &bank->cell_min;
    case PCAN_AT_CELL_MAX: return &bank->cell_max;
    case PCAN_AT_TEMP_MIN: return &bank->temp_min;
    case PCAN_AT_TEMP_MAX: return &bank->temp_max;
    }
    return &bank->cell_min;
}
