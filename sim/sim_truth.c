/* SPDX-License-Identifier: Apache-2.0
 *
 * What is true now: of one battery, and of the bank of those that are in the stack.
 */
#include "sim/sim_private.h"

static bool exists(const struct sim *sim, unsigned battery)
{
    return battery >= 1 && battery <= SIM_MAX_BATTERIES && sim->pack[battery - 1] != NULL;
}

unsigned sim_battery_count(const struct sim *sim)
{
    unsigned n = 0;
    for (unsigned i = 0; i < SIM_MAX_BATTERIES; i++)
        n += sim->pack[i] != NULL ? 1 : 0;
    return n;
}

bool sim_view(struct sim *sim, unsigned battery, struct battery *ret)
{
    if (!exists(sim, battery))
        return false;
    pack_step(sim->pack[battery - 1], loop_now(sim->loop));
    pack_view(sim->pack[battery - 1], ret);
    return true;
}

/* ---- the bank ---- */

/* How a value of the bank follows from those of its batteries. */
enum combination { NO_BANK_VALUE, SUM, MEAN, BY_CAPACITY, LOWEST, HIGHEST };

static enum combination combination_of(uint16_t path)
{
    switch (path) {
    case BMS_PATH_VOLTAGE:
    case BMS_PATH_TEMP:
    case BMS_PATH_AMBIENT: return MEAN;
    case BMS_PATH_SOC:
    case BMS_PATH_SOH: return BY_CAPACITY;
    case BMS_PATH_CURRENT:
    case BMS_PATH_CAPACITY:
    case BMS_PATH_REMAINING:
    case BMS_PATH_POWER:
    case BMS_PATH_CCL:
    case BMS_PATH_DCL: return SUM;
    case BMS_PATH_CELL_MIN:
    case BMS_PATH_TEMP_MIN:
    case BMS_PATH_CVL:
    case BMS_PATH_CHARGE_ENABLE:
    case BMS_PATH_DISCHARGE_ENABLE: return LOWEST;
    case BMS_PATH_CELL_MAX:
    case BMS_PATH_TEMP_MAX:
    case BMS_PATH_MOS_TEMP:
    case BMS_PATH_BOARD_TEMP:
    case BMS_PATH_DVL:
    case BMS_PATH_CYCLES:
    case BMS_PATH_FORCE_CHARGE:
    case BMS_PATH_FULL_CHARGE: return HIGHEST;
    default:
        /* warnings and protections: set when any battery has them */
        return path >= BMS_PATH_WARNING && path < BMS_PATH_STATE_BASE ? HIGHEST : NO_BANK_VALUE;
    }
}

struct mix {
    int64_t n, sum, lowest, highest;
    int64_t weighted_mah, mah; /* value in thousandths of micro-units x capacity */
};

static void mix_in(struct mix *m, int64_t value, int64_t capacity_mah)
{
    m->lowest = m->n == 0 || value < m->lowest ? value : m->lowest;
    m->highest = m->n == 0 || value > m->highest ? value : m->highest;
    m->sum += value;
    m->weighted_mah += div_round(value, 1000) * capacity_mah;
    m->mah += capacity_mah;
    m->n++;
}

static int64_t mixed(const struct mix *m, enum combination how)
{
    switch (how) {
    case SUM: return m->sum;
    case MEAN: return div_round(m->sum, m->n);
    case BY_CAPACITY: return m->mah > 0 ? div_round(m->weighted_mah, m->mah) * 1000 : 0;
    case LOWEST: return m->lowest;
    case HIGHEST: return m->highest;
    case NO_BANK_VALUE: return 0;
    }
    return 0;
}

static bool bank_truth(struct sim *sim, const struct bms_path *path, int64_t *ret_micro)
{
    enum combination how = combination_of(path->id);
    const struct bms_path capacity = {.id = BMS_PATH_CAPACITY};
    struct mix mix = {0};

    if (how == NO_BANK_VALUE)
        return false;
    for (unsigned i = 0; i < SIM_MAX_BATTERIES; i++) {
        int64_t value, micro_ah = 0;
        if (sim->pack[i] == NULL || !sim->present[i])
            continue;
        pack_step(sim->pack[i], loop_now(sim->loop));
        pack_get(sim->pack[i], &capacity, &micro_ah);
        if (pack_get(sim->pack[i], path, &value))
            mix_in(&mix, value, micro_ah / 1000);
    }
    if (mix.n == 0)
        return false;
    *ret_micro = mixed(&mix, how);
    return true;
}

bool sim_truth(struct sim *sim, unsigned battery, const struct bms_path *path, int64_t *ret_micro)
{
    if (battery == 0)
        return bank_truth(sim, path, ret_micro);
    if (!exists(sim, battery))
        return false;
    pack_step(sim->pack[battery - 1], loop_now(sim->loop));
    return pack_get(sim->pack[battery - 1], path, ret_micro);
}
