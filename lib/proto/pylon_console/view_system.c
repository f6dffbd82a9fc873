/* SPDX-License-Identifier: Apache-2.0
 *
 * `pwrsys`: the stack as a whole, and the only place on this console with recommended limits.
 * Source: specification 9. "Recommend ..." is per module, "system Recommend ..." the stack's.
 */
#include "proto/pylon_console/common.h"
#include "proto/pylon_console/view.h"

/* Sixteen modules in parallel. */
enum {
    VOLT_MAX = PYLON_PACK_MV_MAX,
    CURR_MAX = PYLON_MAX_MODULES * PYLON_MA_MAX,
    CAPACITY_MAX = PYLON_MAX_MODULES * PYLON_MAH_MAX,
};

static void read_counts(struct view *v, struct pylon_system *s)
{
    int32_t total = 0;
    int32_t present = 0;
    int32_t sleeping = 0;

    if (!pylon_view_int32(v, "Total Num", "", 0, PYLON_MAX_MODULES, &total) ||
        !pylon_view_int32(v, "Present Num", "", 0, PYLON_MAX_MODULES, &present))
        pylon_view_fail(v, ERR_INCOMPLETE, NULL);
    pylon_view_int32(v, "Sleep Num", "", 0, PYLON_MAX_MODULES, &sleeping);
    s->total = (uint8_t)total;
    s->present = (uint8_t)present;
    s->sleeping = (uint8_t)sleeping;
}

static void read_values(struct view *v, struct pylon_system *s)
{
    if (!pylon_view_int32(v, "System Volt", "mV", 0, VOLT_MAX, &s->volt_mv) ||
        !pylon_view_int32(v, "System Curr", "mA", -CURR_MAX, CURR_MAX, &s->curr_ma) ||
        !pylon_view_int32(v, "System RC", "mAH", 0, CAPACITY_MAX, &s->rc_mah) ||
        !pylon_view_int32(v, "System FCC", "mAH", 0, CAPACITY_MAX, &s->fcc_mah) ||
        !pylon_view_int32(v, "System SOC", "%", 0, PYLON_PC_MAX, &s->soc_pc) ||
        !pylon_view_int32(v, "System SOH", "%", 0, PYLON_PC_MAX, &s->soh_pc))
        pylon_view_fail(v, ERR_INCOMPLETE, NULL);
}

static void read_limits(struct view *v, struct pylon_system *s)
{
    s->has_limits =
        pylon_view_int32(v, "system Recommend chg voltage", "mV", 0, VOLT_MAX, &s->cvl_mv) &&
        pylon_view_int32(v, "system Recommend dsg voltage", "mV", 0, VOLT_MAX, &s->dvl_mv) &&
        pylon_view_int32(v, "system Recommend chg current", "mA", 0, CURR_MAX, &s->ccl_ma) &&
        pylon_view_int32(v, "system Recommend dsg current", "mA", -CURR_MAX, 0, &s->dcl_ma);
    s->has_module_limits =
        pylon_view_int32(v, "Recommend chg voltage", "mV", 0, VOLT_MAX, &s->module_cvl_mv) &&
        pylon_view_int32(v, "Recommend dsg voltage", "mV", 0, VOLT_MAX, &s->module_dvl_mv) &&
        pylon_view_int32(v, "Recommend chg current", "mA", 0, CURR_MAX, &s->module_ccl_ma) &&
        pylon_view_int32(v, "Recommend dsg current", "mA", -CURR_MAX, 0, &s->module_dcl_ma);
}

/* "System is discharging" */
static void read_state(struct view *v, struct pylon_system *s)
{
    for (size_t i = 0; i < v->form->n; i++) {
        const struct pylon_kv *kv = &v->form->items[i];
        const size_t lead = sizeof "System is " - 1;
        if (kv->kind != PYLON_KV_PLAIN || !span_starts(kv->label, "System is "))
            continue;
        if (kv->label.n - lead >= sizeof s->state)
            pylon_view_fail(v, ERR_RANGE, kv);
        else
            span_to_str(span_sub(kv->label, lead, kv->label.n), s->state, sizeof s->state);
    }
}

struct decoded pylon_system_from(const struct pylon_form *form, struct pylon_system *ret)
{
    struct view v = pylon_view_of(form);
    struct pylon_system s = {.total = 0};

    read_counts(&v, &s);
    read_values(&v, &s);
    read_state(&v, &s);
    read_limits(&v, &s);
    if (v.verdict.code == ERR_OK)
        *ret = s;
    return v.verdict;
}
