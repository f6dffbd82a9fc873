/* SPDX-License-Identifier: Apache-2.0
 *
 * State words and event masks as conditions.
 *
 * "High" and "Low" are the warning level. The words of the next level were never captured; the
 * spellings below come from client programs, and whatever else a firmware may print raises an alarm
 * without a name. Source: specification 4 (words) and 6.1 (masks).
 */
#include "proto/pylon_console/pylon_words.h"

#include "base/span.h"
#include "battery/battery.h"

enum level { NOTHING, HIGH, LOW, OVER, UNDER, PROTECT, FAULT, UNKNOWN };

static bool is(const char *word, const char *known)
{
    return span_eq_nocase(span_str(word), known);
}

static bool is_one_of(const char *word, const char *const *known, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (is(word, known[i]))
            return true;
    }
    return false;
}

static enum level level_of(const char *word)
{
    static const struct {
        const char *word;
        enum level level;
    } known[] = {
        {"", NOTHING},    {"Normal", NOTHING},  {"High", HIGH},      {"HV", HIGH},
        {"HT", HIGH},     {"Low", LOW},         {"LV", LOW},         {"LT", LOW},
        {"Over", OVER},   {"OV", OVER},         {"OT", OVER},        {"OC", OVER},
        {"Above", OVER},  {"Under", UNDER},     {"UV", UNDER},       {"UT", UNDER},
        {"Below", UNDER}, {"Protect", PROTECT}, {"SysError", FAULT},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (is(word, known[i].word))
            return known[i].level;
    }
    return UNKNOWN;
}

/* Adds `bits`, or the nameless alarm when the column has no condition for that side. */
static void add(uint32_t *set, uint32_t bits)
{
    *set |= bits != 0 ? bits : COND_BIT(COND_UNKNOWN_WORD);
}

/* A column that can be too high (`over`) or too low (`under`), each a set of conditions. */
static void apply(const char *word, uint32_t over, uint32_t under, struct pylon_alarms *a)
{
    switch (level_of(word)) {
    case NOTHING: return;
    case HIGH: add(&a->warnings, over); return;
    case LOW: add(&a->warnings, under); return;
    case OVER: add(&a->protections, over); return;
    case UNDER: add(&a->protections, under); return;
    case PROTECT: add(&a->protections, 0); return;
    case FAULT: add(&a->protections, COND_BIT(COND_INTERNAL_FAULT)); return;
    case UNKNOWN: add(&a->warnings, 0); return;
    }
}

struct pylon_flow pylon_flow_of(int32_t curr_ma, const char *base_word)
{
    /* the sign first: US3000D prints "Charge" while discharging with 0.6 A */
    if (curr_ma != 0)
        return (struct pylon_flow){.charging = curr_ma > 0, .discharging = curr_ma < 0};
    if (is(base_word, "Charge"))
        return (struct pylon_flow){.charging = true};
    if (is(base_word, "Dischg"))
        return (struct pylon_flow){.discharging = true};
    return (struct pylon_flow){.charging = true, .discharging = true};
}

static uint32_t by_flow(struct pylon_flow flow, enum battery_condition charge,
                        enum battery_condition discharge)
{
    return (flow.charging ? COND_BIT(charge) : 0) | (flow.discharging ? COND_BIT(discharge) : 0);
}

static uint32_t hot(struct pylon_flow flow)
{
    return by_flow(flow, COND_CHARGE_OVERTEMPERATURE, COND_DISCHARGE_OVERTEMPERATURE);
}

static uint32_t cold(struct pylon_flow flow)
{
    return by_flow(flow, COND_CHARGE_UNDERTEMPERATURE, COND_DISCHARGE_UNDERTEMPERATURE);
}

void pylon_word_base(const char *word, struct pylon_alarms *a)
{
    static const char *const fine[] = {"",        "Charge",   "Dischg", "Idle",
                                       "Balance", "Ballance", "Sleep"};

    if (is_one_of(word, fine, sizeof fine / sizeof fine[0]))
        return;
    /* "Normal", "High" and the like mean nothing in this column */
    switch (level_of(word)) {
    case PROTECT: add(&a->protections, 0); return;
    case FAULT: add(&a->protections, COND_BIT(COND_INTERNAL_FAULT)); return;
    case NOTHING:
    case HIGH:
    case LOW:
    case OVER:
    case UNDER:
    case UNKNOWN: add(&a->warnings, 0); return;
    }
}

void pylon_word_pack_voltage(const char *word, struct pylon_alarms *a)
{
    apply(word, COND_BIT(COND_PACK_OVERVOLTAGE), COND_BIT(COND_PACK_UNDERVOLTAGE), a);
}

void pylon_word_cell_voltage(const char *word, struct pylon_alarms *a)
{
    apply(word, COND_BIT(COND_CELL_OVERVOLTAGE), COND_BIT(COND_CELL_UNDERVOLTAGE), a);
}

void pylon_word_current(const char *word, struct pylon_flow flow, struct pylon_alarms *a)
{
    const uint32_t charge = COND_BIT(COND_CHARGE_OVERCURRENT);
    const uint32_t discharge = COND_BIT(COND_DISCHARGE_OVERCURRENT);
    const uint32_t over = by_flow(flow, COND_CHARGE_OVERCURRENT, COND_DISCHARGE_OVERCURRENT);

    if (is(word, "COC") || is(word, "COC2"))
        add(&a->protections, charge);
    else if (is(word, "DOC") || is(word, "DOC2"))
        add(&a->protections, discharge);
    else if (is(word, "SC"))
        add(&a->protections, COND_BIT(COND_SHORT_CIRCUIT));
    else if (is(word, "COCA"))
        add(&a->warnings, charge);
    else if (is(word, "DOCA"))
        add(&a->warnings, discharge);
    else if (is(word, "Protect"))
        add(&a->protections, over);
    else
        apply(word, over, 0, a);
}

void pylon_word_temperature(const char *word, struct pylon_flow flow, struct pylon_alarms *a)
{
    apply(word, hot(flow), cold(flow), a);
}

void pylon_word_mos(const char *word, struct pylon_flow flow, struct pylon_alarms *a)
{
    apply(word, COND_BIT(COND_MOS_OVERTEMPERATURE), cold(flow), a);
}

void pylon_word_sys_alarm(const char *word, struct pylon_alarms *a)
{
    apply(word, 0, 0, a);
}

void pylon_word_coulomb(const char *word, struct pylon_alarms *a)
{
    static const char *const fine[] = {"", "Normal", "Low", "Full"};

    if (!is_one_of(word, fine, sizeof fine / sizeof fine[0]))
        add(&a->warnings, 0);
}

void pylon_word_soh(const char *word, struct pylon_alarms *a)
{
    if (level_of(word) != NOTHING)
        add(&a->warnings, 0);
}

/* ---- masks ---- */

enum {
    EV_OVERVOLTAGE = 0x1,
    EV_HIGH_VOLTAGE = 0x2,
    EV_LOW_VOLTAGE = 0x8,
    EV_UNDERVOLTAGE = 0x10,
    EV_OVERTEMPERATURE = 0x100,
    EV_HIGH_TEMPERATURE = 0x200,
    EV_LOW_TEMPERATURE = 0x800,
    EV_UNDERTEMPERATURE = 0x1000,
    EV_SHORT_CIRCUIT = 0x10000,
    EV_DOC2 = 0x20000,
    EV_COC2 = 0x40000,
    EV_DOC = 0x80000,
    EV_COC = 0x100000,
    /* voltage normal, sleep, start-up, temperature normal, charge full/normal/low, idle, charging,
     * discharging */
    EV_HARMLESS =
        0x4 | 0x20 | 0x80 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x200000 | 0x400000 | 0x800000,
};

void pylon_mask_events(uint32_t events, bool cells, struct pylon_flow flow, struct pylon_alarms *a)
{
    const uint32_t over = COND_BIT(cells ? COND_CELL_OVERVOLTAGE : COND_PACK_OVERVOLTAGE);
    const uint32_t under = COND_BIT(cells ? COND_CELL_UNDERVOLTAGE : COND_PACK_UNDERVOLTAGE);
    const struct {
        uint32_t bits;
        uint32_t warnings;
        uint32_t protections;
    } meaning[] = {
        {EV_OVERVOLTAGE, 0, over},
        {EV_HIGH_VOLTAGE, over, 0},
        {EV_LOW_VOLTAGE, under, 0},
        {EV_UNDERVOLTAGE, 0, under},
        {EV_OVERTEMPERATURE, 0, hot(flow)},
        {EV_HIGH_TEMPERATURE, hot(flow), 0},
        {EV_LOW_TEMPERATURE, cold(flow), 0},
        {EV_UNDERTEMPERATURE, 0, cold(flow)},
        {EV_SHORT_CIRCUIT, 0, COND_BIT(COND_SHORT_CIRCUIT)},
        {EV_DOC | EV_DOC2, 0, COND_BIT(COND_DISCHARGE_OVERCURRENT)},
        {EV_COC | EV_COC2, 0, COND_BIT(COND_CHARGE_OVERCURRENT)},
    };
    uint32_t unknown = events & ~(uint32_t)EV_HARMLESS;

    for (size_t i = 0; i < sizeof meaning / sizeof meaning[0]; i++) {
        if ((events & meaning[i].bits) == 0)
            continue;
        a->warnings |= meaning[i].warnings;
        a->protections |= meaning[i].protections;
        unknown &= ~meaning[i].bits;
    }
    if (unknown != 0)
        add(&a->warnings, 0);
}

void pylon_mask_fault(uint32_t fault, struct pylon_alarms *a)
{
    if (fault != 0)
        add(&a->protections, COND_BIT(COND_INTERNAL_FAULT));
}
