/* SPDX-License-Identifier: Apache-2.0
 *
 * `pwr N`: one module. Source: specification 6. PYTES counts the rated charge in mA s; US3000D
 * prints statuses instead of the event masks, which are unknown then.
 */
#include "proto/pylon_console/common.h"
#include "proto/pylon_console/view.h"

static void read_total(struct view *v, struct pylon_module *m)
{
    const struct pylon_kv *kv = pylon_form_find(v->form, "Total Coulomb");
    int64_t value;

    if (kv == NULL)
        return;
    if (span_eq_str(kv->unit, "mAS")) {
        m->has_total = pylon_view_number(v, "Total Coulomb", "mAS", 0, INT32_MAX, &value);
        if (m->has_total)
            m->total_mah = (int32_t)div_round(value, 3600);
        return;
    }
    m->has_total = pylon_view_int32(v, "Total Coulomb", "mAH", 0, PYLON_MAH_MAX, &m->total_mah);
}

static void read_numbers(struct view *v, struct pylon_module *m)
{
    m->has_volt = pylon_view_int32(v, "Voltage", "mV", 0, PYLON_PACK_MV_MAX, &m->volt_mv);
    m->has_curr = pylon_view_int32(v, "Current", "mA", -PYLON_MA_MAX, PYLON_MA_MAX, &m->curr_ma);
    m->has_tempr =
        pylon_view_int32(v, "Temperature", "mC", PYLON_MC_MIN, PYLON_MC_MAX, &m->tempr_mc);
    m->has_coulomb = pylon_view_int32(v, "Coulomb", "%", 0, PYLON_PC_MAX, &m->coulomb_pc);
    m->has_max_volt =
        pylon_view_int32(v, "Max Voltage", "mV", 0, PYLON_PACK_MV_MAX, &m->max_volt_mv);
    read_total(v, m);
}

static void read_states(struct view *v, struct pylon_module *m)
{
    pylon_view_word(v, "Basic Status", m->base_st);
    pylon_view_word(v, "Volt Status", m->volt_st);
    pylon_view_word(v, "Current Status", m->curr_st);
    pylon_view_word(v, "Tmpr. Status", m->temp_st);
    pylon_view_word(v, "Coul. Status", m->coul_st);
    pylon_view_word(v, "Soh. Status", m->soh_st);
    pylon_view_word(v, "Heater Status", m->heater_st);
    m->has_bat_events = pylon_view_mask(v, "Bat Events", &m->bat_events);
    m->has_power_events = pylon_view_mask(v, "Power Events", &m->power_events);
    m->has_system_fault = pylon_view_mask(v, "System Fault", &m->system_fault);
}

struct decoded pylon_module_from(const struct pylon_form *form, struct pylon_module *ret)
{
    struct view v = pylon_view_of(form);
    struct pylon_module m = {.address = 0};
    const struct pylon_kv *power = pylon_form_find(form, "Power");

    if (power == NULL)
        pylon_view_fail(&v, ERR_INCOMPLETE, NULL);
    else if (power->kind != PYLON_KV_PLAIN ||
             pylon_uint8(power->value, PYLON_MAX_MODULES, &m.address) != ERR_OK || m.address == 0)
        pylon_view_fail(&v, ERR_SYNTAX, power);
    read_numbers(&v, &m);
    read_states(&v, &m);
    if (!m.has_volt && !m.has_curr && !m.has_coulomb)
        pylon_view_fail(&v, ERR_INCOMPLETE, NULL);
    if (v.verdict.code == ERR_OK)
        *ret = m;
    return v.verdict;
}
