/* SPDX-License-Identifier: Apache-2.0
 *
 * The few operations on struct battery that every room needs: names of the conditions, a clean
 * start, and the values that follow from others.
 */
#include "battery/battery.h"

#include <string.h>

#include "base/span.h"

_Static_assert(sizeof(struct battery) <= 1024, "design: one battery fits in 1 KiB");

static const char *const condition_names[COND_COUNT] = {
    [COND_CELL_OVERVOLTAGE] = "cell_overvoltage",
    [COND_CELL_UNDERVOLTAGE] = "cell_undervoltage",
    [COND_PACK_OVERVOLTAGE] = "pack_overvoltage",
    [COND_PACK_UNDERVOLTAGE] = "pack_undervoltage",
    [COND_CHARGE_OVERCURRENT] = "charge_overcurrent",
    [COND_DISCHARGE_OVERCURRENT] = "discharge_overcurrent",
    [COND_CHARGE_OVERTEMPERATURE] = "charge_overtemperature",
    [COND_CHARGE_UNDERTEMPERATURE] = "charge_undertemperature",
    [COND_DISCHARGE_OVERTEMPERATURE] = "discharge_overtemperature",
    [COND_DISCHARGE_UNDERTEMPERATURE] = "discharge_undertemperature",
    [COND_MOS_OVERTEMPERATURE] = "mos_overtemperature",
    [COND_IMBALANCE] = "imbalance",
    [COND_SHORT_CIRCUIT] = "short_circuit",
    [COND_INTERNAL_FAULT] = "internal_fault",
    [COND_COMMUNICATION_LOSS] = "communication_loss",
    [COND_UNKNOWN_WORD] = "unknown_word",
};

const char *battery_condition_name(enum battery_condition cond)
{
    size_t index = (size_t)cond;

    return index < COND_COUNT ? condition_names[index] : NULL;
}

bool battery_condition_find(const char *name, enum battery_condition *ret)
{
    for (size_t i = 0; i < COND_COUNT; i++) {
        if (strcmp(condition_names[i], name) == 0) {
            *ret = (enum battery_condition)i;
            return true;
        }
    }
    return false;
}

void battery_clear(struct battery *b)
{
    *b = (struct battery){0};
}

static size_t cells_of(const struct battery *b)
{
    return b->cell_count < BATTERY_MAX_CELLS ? b->cell_count : BATTERY_MAX_CELLS;
}

static void derive_cells(struct battery *b)
{
    size_t n = cells_of(b);

    if (!battery_knows(b, FIELD_CELLS) || n == 0) {
        return;
    }
    size_t low = 0;
    size_t high = 0;
    for (size_t i = 1; i < n; i++) {
        if (b->cell_mv[i] < b->cell_mv[low]) {
            low = i;
        }
        if (b->cell_mv[i] > b->cell_mv[high]) {
            high = i;
        }
    }
    b->cell_min_mv = b->cell_mv[low];
    b->cell_max_mv = b->cell_mv[high];
    b->cell_min_id = (uint8_t)(low + 1);
    b->cell_max_id = (uint8_t)(high + 1);
    b->known |= FIELD_CELL_MIN_MAX | FIELD_CELL_IDS;
}

/* True when sensor i sits on the cells and told its temperature. */
static bool is_cell_sensor(const struct battery *b, size_t i)
{
    return i < b->temp_count && i < BATTERY_MAX_TEMPS && ((b->temp_known >> i) & 1u) != 0 &&
           b->temp_role[i] == ROLE_CELL;
}

static void derive_temperatures(struct battery *b)
{
    bool any = false;

    if (!battery_knows(b, FIELD_TEMPS)) {
        return;
    }
    for (size_t i = 0; i < BATTERY_MAX_TEMPS; i++) {
        if (!is_cell_sensor(b, i)) {
            continue;
        }
        if (!any || b->temp_dc[i] < b->temp_min_dc) {
            b->temp_min_dc = b->temp_dc[i];
        }
        if (!any || b->temp_dc[i] > b->temp_max_dc) {
            b->temp_max_dc = b->temp_dc[i];
        }
        any = true;
    }
    if (any) {
        b->known |= FIELD_TEMP_MIN_MAX;
    }
}

void battery_derive_extremes(struct battery *b)
{
    derive_cells(b);
    derive_temperatures(b);
}

bool battery_cell_temperature(const struct battery *b, int32_t *ret_dc)
{
    int64_t sum = 0;
    int64_t n = 0;

    if (battery_knows(b, FIELD_TEMPS)) {
        for (size_t i = 0; i < BATTERY_MAX_TEMPS; i++) {
            if (is_cell_sensor(b, i)) {
                sum += b->temp_dc[i];
                n++;
            }
        }
    }
    if (n == 0 && battery_knows(b, FIELD_TEMP_MIN_MAX)) {
        sum = (int64_t)b->temp_min_dc + b->temp_max_dc;
        n = 2;
    }
    if (n == 0) {
        return false;
    }
    *ret_dc = (int32_t)div_round(sum, n);
    return true;
}
