/* SPDX-License-Identifier: Apache-2.0
 *
 * `pwr N`: everything about one module, one value a line. Three firmware families print three sets
 * of lines. Source: specification section 6 with the captures of US2000C, US5000 stacks, US3000D
 * (cut) and PYTES E-BOX-48100V-D; what the cut hides is marked [C].
 */
#include <string.h>

#include "sim/device/console_form.h"
#include "sim/device/console_private.h"

enum {
    MAS_PER_MAH = 3600,
    CHARGES_PER_CYCLE = 40, /* captures: 2.7 to 286 charge starts a cycle; their unit is unknown */
};

int32_t console_charge_times(const struct stack_module *m)
{
    return m->counters.cycles * CHARGES_PER_CYCLE;
}

struct module_form {
    const struct stack_module *module;
    const struct console_face *face;
    const struct console_traits *traits; /* the module's own firmware */
    unsigned address;
    struct form_builder *b;
};

/* Only the master counts; it prints 0 for the others (captured). */
static int32_t own(const struct module_form *f, int32_t value)
{
    return f->address == 1 ? value : 0;
}

static void put_measures(const struct module_form *f)
{
    struct form_builder *b = f->b;

    form_number(b, "Voltage", f->face->volt_mv, "mV");
    if (f->traits->user == REACH_US3000D) /* the voltage in front of the MOSFETs */
        form_number(b, "B+B-.Volt", f->face->volt_mv, "mV");
    form_number(b, "Current", f->face->curr_ma, "mA");
    form_number(b, "Temperature", f->face->tempr_mc, "mC");
    form_number(b, "Coulomb", f->face->soc_pc, "%");
    form_number(b, "Total Coulomb", f->module->rated_mah, "mAH");
    if (f->traits->user == REACH_PYTES)
        form_number(b, "Real Coulomb", f->module->battery.full_mah, "mAH");
    if (f->module->product->max_voltage_mv != 0)
        form_number(b, "Max Voltage", f->module->product->max_voltage_mv, "mV");
    form_number(b, "Charge Times", own(f, console_charge_times(f->module)), "");
}

static void put_seconds(const struct module_form *f)
{
    if (f->face->curr_ma > 0)
        form_number(f->b, "Charge Sec.", own(f, f->module->counters.charge_seconds), "s");
    else if (f->face->curr_ma < 0)
        form_number(f->b, "Discharge Sec.", own(f, f->module->counters.discharge_seconds), "s");
}

/* The worse of pack and cells: `pwr N` has one line where `pwr` has two columns. */
static const char *worse(const char *pack, const char *cells)
{
    return strcmp(pack, "Normal") != 0 ? pack : cells;
}

static void put_states(const struct module_form *f)
{
    struct form_builder *b = f->b;
    const struct console_face *face = f->face;

    form_word(b, "Basic Status", face->base);
    put_seconds(f);
    form_word(b, "Volt Status", worse(face->volt, face->cells));
    form_word(b, "Current Status", face->curr);
    form_word(b, "Tmpr. Status", worse(face->temp, face->celltemp));
    form_word(b, "Coul. Status", face->coulomb);
    form_word(b, "Soh. Status", "Normal");
    form_word(b, "Heater Status", "OFF");
    form_list(b, "Protect ENA", f->traits->protections, false);
}

static void put_mask(const struct module_form *f, const char *label, uint32_t mask, bool power)
{
    uint8_t memory[128];
    struct buf names = buf_of(memory, sizeof memory);

    console_mask_names(mask, power, &names);
    form_mask(f->b, label, mask, buf_span(&names));
}

static void put_events(const struct module_form *f)
{
    put_mask(f, "Bat Events", f->face->bat_events, false);
    put_mask(f, "Power Events", f->face->power_events, true);
    form_mask(f->b, "System Fault", f->face->system_fault, SPAN_LIT(""));
}

/* ---- US3000D: one mask per quantity ---- */

/* Captured: 0x4 BVNOR, 0x4 PVNOR, 0x8 BTNOR, 0x8 PTNOR. The bits on both sides of "normal" are
 * taken to be high and low, then over and under [C]; their names are unknown. */
static void put_status_mask(const struct module_form *f, const char *label, const char *word,
                            uint32_t normal, const char *normal_name)
{
    uint32_t mask = normal;
    if (strcmp(word, "High") == 0)
        mask = normal >> 1;
    else if (strcmp(word, "Over") == 0)
        mask = normal >> 2;
    else if (strcmp(word, "Low") == 0)
        mask = normal << 1;
    else if (strcmp(word, "Under") == 0)
        mask = normal << 2;
    form_mask(f->b, label, mask, mask == normal ? span_str(normal_name) : SPAN_LIT(""));
}

static void put_us3000d_masks(const struct module_form *f)
{
    put_status_mask(f, "Bat Volt Status", f->face->cells, 0x4, "BVNOR");
    put_status_mask(f, "Bat Tmpr Status", f->face->celltemp, 0x8, "BTNOR");
    put_status_mask(f, "Pwr Volt Status", f->face->volt, 0x4, "PVNOR");
    put_status_mask(f, "Pwr Tmpr Status", f->face->temp, 0x8, "PTNOR");
    /* from here on only the labels are known [C] */
    form_mask(f->b, "Pwr Curr Status", strcmp(f->face->curr, "Normal") == 0 ? 0 : 1, SPAN_LIT(""));
    form_mask(f->b, "Pwr Base Status", 0, SPAN_LIT(""));
    form_mask(f->b, "Pwr Coul Status", f->face->power_events & 0xE000u, SPAN_LIT(""));
    put_status_mask(f, "Mos Tmpr Status", f->face->mos, 0x8, "MTNOR");
    put_status_mask(f, "Env Tmpr Status", "Normal", 0x8, "ETNOR");
    form_mask(f->b, "System Fault", f->face->system_fault, SPAN_LIT(""));
    form_mask(f->b, "Cascade Status", 0, SPAN_LIT(""));
}

/* ---- PYTES with the layout PY ---- */

static void put_count(const struct module_form *f, const char *label, int64_t value)
{
    uint8_t width = f->b->number_width;
    f->b->number_width = 16;
    form_number(f->b, label, value, "");
    f->b->number_width = width;
}

static void put_pytes_identity(const struct module_form *f)
{
    const struct product *p = f->module->product;

    put_count(f, "Charge Count", 0);
    put_count(f, "Discharge Count", 0);
    put_count(f, "Charge Times", own(f, console_charge_times(f->module)));
    put_count(f, "Work Status", 2);
    put_count(f, "Bat Num", (int64_t)f->face->n_cells);
    form_text(f->b, "Barcode", f->face->serial);
    form_text_padded(f->b, "DevType", p->device_name, 16);
    form_text(f->b, "Firm Version", p->iterate_version != NULL ? p->iterate_version : "");
    put_count(f, "Next Device", 0);
}

static void put_pytes_states(const struct module_form *f)
{
    struct form_builder *b = f->b;
    const struct battery *battery = &f->module->battery;

    form_word(b, "Basic Status", f->face->base);
    form_word(b, "Volt Status", f->face->volt);
    form_word(b, "Current Status", f->face->curr);
    form_word(b, "Tmpr. Status", f->face->temp);
    form_word(b, "Coul. Status", f->face->coulomb);
    bool volt_ok = strcmp(f->face->cells, "Normal") == 0;
    bool temp_ok = strcmp(f->face->celltemp, "Normal") == 0;
    form_text(b, "Bat Status",
              volt_ok ? (temp_ok ? "VNOR TNOR" : "VNOR TABN")
                      : (temp_ok ? "VABN TNOR" : "VABN TABN"));
    form_word(b, "Heater Status", "OFF");
    form_word(b, "CMOS Status", battery->charge_enable ? "ON" : "OFF");
    form_word(b, "DMOS Status", battery->discharge_enable ? "ON" : "OFF");
    form_word(b, "Input Status", "OFF");
    form_word(b, "Terminal Res.", "ON");
}

static void put_pytes(const struct module_form *f)
{
    struct form_builder *b = f->b;
    const struct stack_module *m = f->module;

    b->number_width = 20;
    b->mask_width = 10;
    form_number(b, "Voltage", f->face->volt_mv, "mV");
    form_number(b, "SOC Voltage", f->face->volt_mv, "mV");
    form_number(b, "Current", f->face->curr_ma, "mA");
    form_number(b, "Temperature", f->face->tempr_mc, "mC");
    form_number(b, "Coulomb", f->face->soc_pc, "%");
    form_number(b, "Total Coulomb", (int64_t)m->rated_mah * MAS_PER_MAH, "mAS");
    form_number(b, "Real Coulomb", m->battery.full_mah, "mAH");
    form_number(b, "Total Power In", m->counters.discharged_mah * MAS_PER_MAH / 1000, "AS");
    form_number(b, "Total Power Out", m->counters.discharged_mah * MAS_PER_MAH / 1000, "AS");
    put_pytes_identity(f);
    put_pytes_states(f);
    form_list(b, "Bat Protect ENA", "OV HV LV UV SLP OT HT LT UT", true);
    form_list(b, "Pwr Protect ENA",
              "OV HV LV UV SLP OT HT LT UT COC COC1 COC2 COCA DOCA DOC DOC1 DOC2 SC", true);
    put_events(f);
}

/* ---- the answer ---- */

static void put_module(const struct module_form *f)
{
    form_rule(f->b);
    form_plain_number(f->b, "Power", f->address);
    form_blank(f->b);
    if (f->traits->protections == NULL) {
        put_pytes(f);
    } else {
        put_measures(f);
        put_states(f);
        if (f->traits->user == REACH_US3000D)
            put_us3000d_masks(f);
        else
            put_events(f);
    }
    form_rule(f->b);
}

enum pylon_status console_pwr_module(const struct console_call *call)
{
    struct console_answer *a = call->answer;
    struct form_builder builder;
    struct console_face face;
    unsigned address = 0;
    enum pylon_status status = console_address(call, call->args, &address);

    if (status != PYLON_OK)
        return status;
    const struct stack_module *m = console_module(call, address);
    console_face_of(m, &face);
    form_begin(&builder);
    /* The master prints every module in its own way; what is enabled is the module's. */
    struct console_traits traits = *call->traits;
    if (traits.protections != NULL && console_traits_of(m->product)->protections != NULL)
        traits.protections = console_traits_of(m->product)->protections;
    struct module_form form = {
        .module = m, .face = &face, .traits = &traits, .address = address, .b = &builder};
    put_module(&form);
    a->rows = (unsigned)builder.form.n;
    console_begin(a, PYLON_SEP_T, a->style.blank_after_at || call->traits->blank_after_at);
    return form_end(&builder, PYLON_FORM_PWR, &a->out) == ERR_OK ? PYLON_OK : PYLON_FAILED;
}
