/* SPDX-License-Identifier: Apache-2.0
 *
 * See pylon_can_bank.h.
 */
#include "sim/device/pylon_can_bank.h"

#include <string.h>

struct sums {
    int64_t n, mv, ma, soc, soh, full, remaining, ccl, dcl;
    int64_t temps, n_temps;
};

static bool is_cell_sensor(const struct battery *b, size_t i)
{
    return (b->temp_known >> i & 1u) != 0 && b->temp_role[i] == ROLE_CELL;
}

static void add_values(struct sums *s, const struct battery *b)
{
    s->n++;
    s->mv += b->pack_mv;
    s->ma += b->current_ma;
    s->soc += (int64_t)b->soc_pm * b->full_mah;
    s->soh += (int64_t)b->soh_pm * b->full_mah;
    s->full += b->full_mah;
    s->remaining += b->remaining_mah;
    s->ccl += b->ccl_ma;
    s->dcl += b->dcl_ma;
    for (size_t i = 0; i < b->temp_count && i < BATTERY_MAX_TEMPS; i++) {
        if (is_cell_sensor(b, i)) {
            s->temps += b->temp_dc[i];
            s->n_temps++;
        }
    }
}

static void put_cells(struct bank *bank, const struct battery *b, uint8_t battery)
{
    struct battery *sum = &bank->sum;
    bool first = bank->online == 1;

    if (first || b->cell_min_mv < sum->cell_min_mv) {
        sum->cell_min_mv = b->cell_min_mv;
        bank->cell_min = (struct bank_place){battery, b->cell_min_id};
    }
    if (first || b->cell_max_mv > sum->cell_max_mv) {
        sum->cell_max_mv = b->cell_max_mv;
        bank->cell_max = (struct bank_place){battery, b->cell_max_id};
    }
    sum->known |= FIELD_CELL_MIN_MAX;
}

static void put_temperatures(struct bank *bank, const struct battery *b, uint8_t battery)
{
    struct battery *sum = &bank->sum;

    for (size_t i = 0; i < b->temp_count && i < BATTERY_MAX_TEMPS; i++) {
        const struct bank_place at = {battery, (uint8_t)(i + 1)};
        bool first = !battery_knows(sum, FIELD_TEMP_MIN_MAX);
        if (!is_cell_sensor(b, i))
            continue;
        if (first || b->temp_dc[i] < sum->temp_min_dc) {
            sum->temp_min_dc = b->temp_dc[i];
            bank->temp_min = at;
        }
        if (first || b->temp_dc[i] > sum->temp_max_dc) {
            sum->temp_max_dc = b->temp_dc[i];
            bank->temp_max = at;
        }
        sum->known |= FIELD_TEMP_MIN_MAX;
    }
}

/* What is not a sum: the strictest limit, the permission of all, the alarms of any. */
static void put_states(struct bank *bank, const struct battery *b)
{
    struct battery *sum = &bank->sum;
    bool first = bank->online == 1;

    if (first || b->cvl_mv < sum->cvl_mv)
        sum->cvl_mv = b->cvl_mv;
    if (first || b->dvl_mv > sum->dvl_mv)
        sum->dvl_mv = b->dvl_mv;
    if (first || b->cycles > sum->cycles)
        sum->cycles = b->cycles;
    sum->charge_enable = (first || sum->charge_enable) && b->charge_enable;
    sum->discharge_enable = (first || sum->discharge_enable) && b->discharge_enable;
    sum->force_charge = sum->force_charge || b->force_charge;
    sum->full_charge_request = sum->full_charge_request || b->full_charge_request;
    sum->warnings |= b->warnings;
    sum->protections |= b->protections;
    bank->blocking_charge = (uint8_t)(bank->blocking_charge + (b->charge_enable ? 0 : 1));
    bank->blocking_discharge = (uint8_t)(bank->blocking_discharge + (b->discharge_enable ? 0 : 1));
    sum->known |= FIELD_CVL | FIELD_DVL | FIELD_CYCLES | FIELD_ENABLES | FIELD_REQUESTS |
                  FIELD_WARNINGS | FIELD_PROTECTIONS;
}

static int32_t as_i32(int64_t value)
{
    return (int32_t)clamp_i64(value, INT32_MIN, INT32_MAX);
}

static void put_sums(const struct sums *s, struct battery *b)
{
    b->pack_mv = as_i32(div_round(s->mv, s->n));
    b->current_ma = as_i32(s->ma);
    b->full_mah = as_i32(s->full);
    b->remaining_mah = as_i32(s->remaining);
    b->ccl_ma = as_i32(s->ccl);
    b->dcl_ma = as_i32(s->dcl);
    b->known |= FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_FULL_MAH | FIELD_REMAINING_MAH |
                FIELD_CCL | FIELD_DCL;
    if (s->full > 0) {
        b->soc_pm = as_i32(div_round(s->soc, s->full));
        b->soh_pm = as_i32(div_round(s->soh, s->full));
        b->known |= FIELD_SOC_PM | FIELD_SOH_PM;
    }
    if (s->n_temps > 0) {
        b->temp_count = 1;
        b->temp_known = 1;
        b->temp_role[0] = ROLE_CELL;
        b->temp_dc[0] = (int16_t)div_round(s->temps, s->n_temps);
        b->known |= FIELD_TEMPS;
    }
}

/* The serial number of a stack is its master's, and one that a person has overridden counts. */
static void put_identity(const struct stack_module *master, struct battery *sum)
{
    const char *serial = overlay_get(&master->overlay, BMS_PATH_SERIAL);

    span_to_str(span_str(serial != NULL ? serial : master->battery.serial), sum->serial,
                sizeof sum->serial);
    span_to_str(span_str(master->product->device_name), sum->model, sizeof sum->model);
    sum->known |= FIELD_MODEL | (sum->serial[0] != '\0' ? (uint32_t)FIELD_SERIAL : 0);
}

void pylon_can_bank(const struct stack *stack, struct bank *ret)
{
    struct sums sums = {0};

    memset(ret, 0, sizeof *ret);
    for (unsigned i = 0; i < SIM_MAX_BATTERIES; i++) {
        const struct stack_module *m = &stack->module[i];
        if (m->product == NULL)
            continue;
        ret->configured++;
        if (!m->present)
            continue;
        ret->online++;
        add_values(&sums, &m->battery);
        put_cells(ret, &m->battery, (uint8_t)(i + 1));
        put_temperatures(ret, &m->battery, (uint8_t)(i + 1));
        put_states(ret, &m->battery);
        if (ret->online == 1)
            put_identity(m, &ret->sum);
    }
    if (sums.n == 0)
        return;
    ret->life = BANK_ONLINE;
    ret->lost = (uint8_t)(ret->configured - ret->online);
    ret->cells_per_battery = stack->module[0].battery.cell_count;
    put_sums(&sums, &ret->sum);
}
