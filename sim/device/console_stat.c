/* SPDX-License-Identifier: Apache-2.0
 *
 * `stat`: lifetime counters. Source: specification section 8; labels and their order from captures
 * of US2KBPL B66.6, US2000C B67.5.0, US3000C B69.25 (long form), US3000D B1.4.0.0, PYTES V1.10.
 *
 * What the model counts is printed; what it does not count is 0, as on a young battery.
 */
#include "sim/device/console_form.h"
#include "sim/device/console_private.h"

enum {
    MAS_PER_MAH = 3600,
    HISTORY_ITEMS = 1800, /* a full history, as in most captures */
    WIDE_LABEL = 25,
};

enum stat_value {
    ZERO,
    HISTORY,
    CHARGE_TIMES,
    IDLE_TIMES,
    CYCLES,
    SOH,
    PERCENT,
    COULOMB, /* remaining charge in mA s */
    DISCHARGED,
    BAT_OV,
    BAT_UV,
    PWR_OV,
    PWR_UV,
    COC,
    DOC,
    OVER_TEMP,
    UNDER_TEMP,
    CHARGE_SECONDS,
    DISCHARGE_SECONDS,
    DAYS_UNDERFLOW, /* 2^32 s in days: what captures show on modules that never rested */
};

/* Bits: which forms have the line. */
enum {
    OLD = 1u << STAT_OLD,
    US = 1u << STAT_US,
    EXT = 1u << STAT_EXTENDED,
    PYTES = 1u << STAT_PYTES,
    C = US | EXT,
    PYLON = OLD | US | EXT,
    ALL = OLD | US | EXT | PYTES,
};

struct stat_line {
    const char *label;
    unsigned forms;
    enum stat_value value;
};

static const struct stat_line lines[] = {
    {"Data Items", ALL, ZERO},      {"HisData Items", ALL, HISTORY},
    {"MiscData Items", OLD, ZERO},  {"Charge Cnt.", ALL, ZERO},
    {"Discharge Cnt.", ALL, ZERO},  {"Charge Times", ALL, CHARGE_TIMES},
    {"Status Cnt.", ALL, ZERO},     {"Idle Times", ALL, IDLE_TIMES},
    {"COC Times", ALL, COC},        {"COC2 Times", C, ZERO},
    {"DOC Times", ALL, DOC},        {"DOC2 Times", C, ZERO},
    {"COCA Times", ALL, ZERO},      {"DOCA Times", ALL, ZERO},
    {"SC Times", ALL, ZERO},        {"Bat OV Times", ALL, BAT_OV},
    {"Bat HV Times", ALL, ZERO},    {"Bat LV Times", ALL, ZERO},
    {"Bat UV Times", ALL, BAT_UV},  {"Bat SLP Times", ALL, ZERO},
    {"Pwr OV Times", ALL, PWR_OV},  {"Pwr HV Times", ALL, ZERO},
    {"Pwr LV Times", ALL, ZERO},    {"Pwr UV Times", ALL, PWR_UV},
    {"Pwr SLP Times", ALL, ZERO},   {"COT Times", ALL, OVER_TEMP},
    {"CUT Times", ALL, UNDER_TEMP}, {"DOT Times", ALL, OVER_TEMP},
    {"DUT Times", ALL, UNDER_TEMP}, {"CHT Times", ALL, ZERO},
    {"CLT Times", ALL, ZERO},       {"DHT Times", ALL, ZERO},
    {"DLT Times", ALL, ZERO},       {"Shut Times", ALL, ZERO},
    {"Reset Times", ALL, ZERO},     {"RV Times", ALL, ZERO},
    {"Input OV Times", ALL, ZERO},  {"SOH Times", ALL, ZERO},
    {"BMICERR Times", PYLON, ZERO}, {"I2CERR Times", PYTES, ZERO},
    {"CYCLE Times", ALL, CYCLES},   {"SOH", C, SOH},
    {"Pwr Percent", ALL, PERCENT},  {"Pwr Coulomb", ALL, COULOMB},
    {"Dsg Cap", PYLON, DISCHARGED}, {"HT@0.5C Cnt", ALL, ZERO},
    {"LT@0.5C Cnt", ALL, ZERO},     {"HT Cnt", ALL, ZERO},
    {"LT Cnt", ALL, ZERO},          {"LV Cnt", ALL, ZERO},
    {"LifeWarn Times", ALL, ZERO},  {"LifeAlarm Times", ALL, ZERO},
};

/* Behind those, with wider labels. */
static const struct stat_line extended[] = {
    {"Pov Items", EXT, PWR_OV},
    {"Puv Items", EXT, PWR_UV},
    {"Plv Items", EXT, ZERO},
    {"Bov Items", EXT, BAT_OV},
    {"Buv Items", EXT, BAT_UV},
    {"Input ov Items", EXT, ZERO},
    {"Coc Items", EXT, COC},
    {"Coca Items", EXT, ZERO},
    {"Doc Items", EXT, DOC},
    {"Doca Items", EXT, ZERO},
    {"Sc Items", EXT, ZERO},
    {"Use Data Items", EXT, ZERO},
    {"Log Charge Times", EXT, CHARGE_TIMES},
    {"Max Charge Volt Diff", EXT, ZERO},
    {"Max DisCharge Volt Diff", EXT, ZERO},
    {"Last Idle days", EXT, DAYS_UNDERFLOW},
    {"Max Idle days", EXT, DAYS_UNDERFLOW},
    {"Storages Days", EXT, ZERO},
    {"Pwr on Secs", EXT, ZERO},
    {"Low Volt2 Hours", EXT, ZERO},
    {"Low Volt1 Hours", EXT, ZERO},
    {"Low Volt ShutDown Hours", EXT, ZERO},
    {"HTChgDsg Secs", EXT, ZERO},
    {"LTChg Secs", EXT, ZERO},
    {"LTDsg Secs", EXT, ZERO},
    {"HT Secs", EXT, ZERO},
    {"LT Secs", EXT, ZERO},
    {"HV2 Secs", EXT, ZERO},
    {"ChgCurr 0~0.2C Secs", EXT, ZERO},
    {"ChgCurr 0.2C~0.5C Secs", EXT, ZERO},
    {"ChgCurr 0.5C~0.8C Secs", EXT, ZERO},
    {"ChgCurr 0.8C~1C Secs", EXT, ZERO},
    {"ChgCurr 1C above Secs", EXT, ZERO},
    {"DsgCurr 0~0.2C Secs", EXT, ZERO},
    {"DsgCurr 0.2C~0.5C Secs", EXT, ZERO},
    {"DsgCurr 0.5C~0.8C Secs", EXT, ZERO},
    {"DsgCurr 0.8C~1C Secs", EXT, ZERO},
    {"DsgCurr 1C above Secs", EXT, ZERO},
    {"Soc 0~20% Secs", EXT, ZERO},
    {"Soc 20~60% Secs", EXT, ZERO},
    {"Soc 60% above Secs", EXT, ZERO},
    {"Soc Low Thd1 Sec", EXT, ZERO},
    {"Soc Low Thd2 Sec", EXT, ZERO},
    {"Soc Low Thd3 Sec", EXT, ZERO},
    {"Low Tmpr Thd1 Sec", EXT, ZERO},
    {"High Tmpr Thd1 Sec", EXT, ZERO},
    {"High Tmpr Thd2 Sec", EXT, ZERO},
    {"High Tmpr Thd3 Sec", EXT, ZERO},
    {"High Tmpr Thd4 Sec", EXT, ZERO},
    {"High Tmpr Thd5 Sec", EXT, ZERO},
    {"ChOvr Volt Thd1 Sec", EXT, ZERO},
    {"ChOvr Volt Thd2 Sec", EXT, ZERO},
    {"ChOvr Volt Thd3 Sec", EXT, ZERO},
    {"DsgUnd Volt Thd1 Sec", EXT, ZERO},
    {"DsgUnd Volt Thd2 Sec", EXT, ZERO},
    {"DsgUnd Volt Thd3 Sec", EXT, ZERO},
    {"Soc High Thd1 Sec", EXT, ZERO},
    {"Soc High Thd2 Sec", EXT, ZERO},
    {"Soc High Thd3 Sec", EXT, ZERO},
    {"ChOvr Curr Thd1 Sec", EXT, ZERO},
    {"ChOvr Curr Thd2 Sec", EXT, ZERO},
    {"ChOvr Curr Thd3 Sec", EXT, ZERO},
    {"ChOvr Curr Thd4 Sec", EXT, ZERO},
    {"ChOvr Curr Thd5 Sec", EXT, ZERO},
    {"ChOvr Curr Thd6 Sec", EXT, ZERO},
    {"ChOvr Curr Thd7 Sec", EXT, ZERO},
    {"ChOvr Curr Thd8 Sec", EXT, ZERO},
    {"DsgOvr Curr Thd1 Sec", EXT, ZERO},
    {"DsgOvr Curr Thd2 Sec", EXT, ZERO},
};

/* Another firmware, another order; seconds where the others count. */
static const struct stat_line us3000d[] = {
    {"Charge Secs.", 0, CHARGE_SECONDS},
    {"Discharge Secs.", 0, DISCHARGE_SECONDS},
    {"Charge Times", 0, CHARGE_TIMES},
    {"Discharge Times", 0, CHARGE_TIMES},
    {"Idle Times", 0, IDLE_TIMES},
    {"COC2 Times", 0, ZERO},
    {"DOC2 Times", 0, ZERO},
    {"COC Times", 0, COC},
    {"DOC Times", 0, DOC},
    {"COCA Times", 0, ZERO},
    {"DOCA Times", 0, ZERO},
    {"SC Times", 0, ZERO},
    {"Bat OV Times", 0, BAT_OV},
    {"Bat HV Times", 0, ZERO},
    {"Bat LV Times", 0, ZERO},
    {"Bat UV Times", 0, BAT_UV},
    {"Bat SLP Times", 0, ZERO},
    {"Pwr OV Times", 0, PWR_OV},
    {"Pwr HV Times", 0, ZERO},
    {"Pwr LV Times", 0, ZERO},
    {"Pwr UV Times", 0, PWR_UV},
    {"Pwr SLP Times", 0, ZERO},
    {"COT Times", 0, OVER_TEMP},
    {"CUT Times", 0, UNDER_TEMP},
    {"DOT Times", 0, OVER_TEMP},
    {"DUT Times", 0, UNDER_TEMP},
    {"CHT Times", 0, ZERO},
    {"CLT Times", 0, ZERO},
    {"DLT Times", 0, ZERO},
    {"DHT Times", 0, ZERO},
    {"RV Times", 0, ZERO},
    {"Input OV Times", 0, ZERO},
    {"SOH Times", 0, ZERO},
    {"BMICERR Times", 0, ZERO},
    {"CYCLE Times", 0, CYCLES},
    {"SOH", 0, SOH},
    {"Dsg Cap", 0, DISCHARGED},
    {"HT@0.5C Secs", 0, ZERO},
    {"LT@0.5C Secs", 0, ZERO},
    {"HT Secs", 0, ZERO},
    {"LT Secs", 0, ZERO},
    {"LV Secs", 0, ZERO},
    {"SOC LOW Secs", 0, ZERO},
    {"Shut Times", 0, ZERO},
    {"Reset Times", 0, ZERO},
    {"Power on Times", 0, ZERO},
};

static int64_t value_of(enum stat_value value, const struct stack_module *m,
                        const struct console_face *f)
{
    const struct pack_counters *c = &m->counters;

    switch (value) {
    case ZERO: return 0;
    case HISTORY: return HISTORY_ITEMS;
    case CHARGE_TIMES: return console_charge_times(m);
    case IDLE_TIMES: return console_charge_times(m) / 2;
    case CYCLES: return c->cycles;
    case SOH: return f->soh_pc;
    case PERCENT: return f->soc_pc;
    case COULOMB: return (int64_t)f->remaining_mah * MAS_PER_MAH;
    case DISCHARGED: return c->discharged_mah;
    case BAT_OV: return c->cell_overvoltage;
    case BAT_UV: return c->cell_undervoltage;
    case PWR_OV: return c->pack_overvoltage;
    case PWR_UV: return c->pack_undervoltage;
    case COC: return c->charge_overcurrent;
    case DOC: return c->discharge_overcurrent;
    case OVER_TEMP: return c->overtemperature;
    case UNDER_TEMP: return c->undertemperature;
    case CHARGE_SECONDS: return c->charge_seconds;
    case DISCHARGE_SECONDS: return c->discharge_seconds;
    case DAYS_UNDERFLOW: return UINT32_MAX / 86400;
    }
    return 0;
}

static void put_lines(struct form_builder *b, const struct stat_line *from, size_t n, unsigned form,
                      const struct stack_module *m, const struct console_face *f)
{
    for (size_t i = 0; i < n; i++) {
        if (form == 0 || (from[i].forms & form) != 0)
            form_number(b, from[i].label, value_of(from[i].value, m, f), "");
    }
}

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

enum pylon_status console_stat(const struct console_call *call)
{
    struct console_answer *a = call->answer;
    enum console_stat kind = call->traits->stat;
    struct form_builder builder;
    struct console_face face;
    unsigned address = 0;
    enum pylon_status status = console_address(call, call->args, &address);

    if (status != PYLON_OK)
        return status;
    const struct stack_module *m = console_module(call, address);
    console_face_of(m, &face);
    form_begin(&builder);
    form_plain_number(&builder, "Device address", address);
    builder.number_width = kind == STAT_PYTES ? 10 : 8;
    if (kind == STAT_PYTES) /* its number column is two wider */
        builder.form.items[0].label_width = 27;
    if (kind == STAT_US3000D)
        put_lines(&builder, us3000d, COUNT(us3000d), 0, m, &face);
    else
        put_lines(&builder, lines, COUNT(lines), 1u << kind, m, &face);
    builder.label_width = WIDE_LABEL;
    if (kind == STAT_EXTENDED)
        put_lines(&builder, extended, COUNT(extended), EXT, m, &face);
    a->rows = (unsigned)builder.form.n;
    console_begin(a, PYLON_SEP_T, a->style.blank_after_at);
    return form_end(&builder, PYLON_FORM_STAT, &a->out) == ERR_OK ? PYLON_OK : PYLON_FAILED;
}
