/* SPDX-License-Identifier: Apache-2.0
 *
 * Conditions to alarm keys. Nested and union: one object, 0 ok, 1 warning, 2 alarm, as the driver
 * has it. Flat: Alarms and Warnings with 0 and 1, as the design note has it.
 */
#include "proto/victron_json/victron_json_private.h"

#define C(condition) COND_BIT(COND_##condition)

#define ANY_OVERVOLTAGE  (C(CELL_OVERVOLTAGE) | C(PACK_OVERVOLTAGE))
#define ANY_UNDERVOLTAGE (C(CELL_UNDERVOLTAGE) | C(PACK_UNDERVOLTAGE))
#define ANY_CELL_HOT     (C(CHARGE_OVERTEMPERATURE) | C(DISCHARGE_OVERTEMPERATURE))
#define ANY_HOT          (ANY_CELL_HOT | C(MOS_OVERTEMPERATURE))
#define ANY_COLD         (C(CHARGE_UNDERTEMPERATURE) | C(DISCHARGE_UNDERTEMPERATURE))
#define DISCHARGE_I      (C(DISCHARGE_OVERCURRENT) | C(SHORT_CIRCUIT))
/* faults without a key of their own */
#define FAULT (C(INTERNAL_FAULT) | C(SHORT_CIRCUIT) | C(UNKNOWN_WORD))

/* `nested`: where the driver has a finer key, the coarse one means the rest. High/LowVoltage carry
 * the cells too: drivers before 1.0.10 know no HighCellVoltage, and an alarm must not get lost.
 * `flat`: the coarse keys carry everything, because the note has no others; 0: not in the note. */
static const struct alarm_key {
    const char *key;
    uint32_t nested;
    uint32_t flat;
} alarm_keys[] = {
    {"LowVoltage", ANY_UNDERVOLTAGE, ANY_UNDERVOLTAGE},
    {"HighVoltage", ANY_OVERVOLTAGE, ANY_OVERVOLTAGE},
    {"LowCellVoltage", C(CELL_UNDERVOLTAGE), 0},
    {"HighCellVoltage", C(CELL_OVERVOLTAGE), 0},
    {"HighChargeCurrent", C(CHARGE_OVERCURRENT), C(CHARGE_OVERCURRENT)},
    {"HighDischargeCurrent", DISCHARGE_I, DISCHARGE_I},
    {"CellImbalance", C(IMBALANCE), C(IMBALANCE)},
    {"HighChargeTemperature", C(CHARGE_OVERTEMPERATURE), 0},
    {"LowChargeTemperature", C(CHARGE_UNDERTEMPERATURE), 0},
    {"HighTemperature", C(DISCHARGE_OVERTEMPERATURE), ANY_HOT},
    {"LowTemperature", C(DISCHARGE_UNDERTEMPERATURE), ANY_COLD},
    {"HighInternalTemperature", C(MOS_OVERTEMPERATURE), 0},
    {"InternalFailure", FAULT, FAULT},
    /* not in the note, but the only word there is for a lost battery */
    {"BmsCable", C(COMMUNICATION_LOSS), C(COMMUNICATION_LOSS)},
};

enum { ALARM_KEYS = sizeof alarm_keys / sizeof alarm_keys[0] };

/* What is raised is told, whatever else is unknown; "ok" is only said where both sets tell. */
static void put_levels(struct vjson_writer *w, enum victron_form form, const struct battery *b)
{
    uint32_t tell_protection = battery_told(b, FIELD_PROTECTIONS);
    uint32_t tell_warning = battery_told(b, FIELD_WARNINGS);

    if ((tell_protection | tell_warning) == 0) {
        return;
    }
    vjson_open(w, "Alarms");
    for (size_t i = 0; i < ALARM_KEYS; i++) {
        const struct alarm_key *a = &alarm_keys[i];
        uint32_t mask = form == VICTRON_UNION ? a->nested | a->flat : a->nested;

        if ((b->protections & tell_protection & mask) != 0) {
            vjson_integer(w, a->key, 2);
        } else if ((b->warnings & tell_warning & mask) != 0) {
            vjson_integer(w, a->key, 1);
        } else if ((tell_protection & tell_warning & mask) != 0) {
            vjson_integer(w, a->key, 0);
        }
    }
    vjson_close(w);
}

static void put_set(struct vjson_writer *w, const char *name, const struct battery *b,
                    uint32_t field, uint32_t set)
{
    uint32_t told = battery_told(b, field);

    if (told == 0) {
        return;
    }
    vjson_open(w, name);
    for (size_t i = 0; i < ALARM_KEYS; i++) {
        if ((told & alarm_keys[i].flat) != 0) {
            vjson_integer(w, alarm_keys[i].key, (set & told & alarm_keys[i].flat) != 0);
        }
    }
    vjson_close(w);
}

void vjson_alarms(struct vjson_writer *w, enum victron_form form, const struct battery *b)
{
    switch (form) {
    case VICTRON_NESTED: put_levels(w, form, b); break;
    case VICTRON_FLAT:
        put_set(w, "Alarms", b, FIELD_PROTECTIONS, b->protections);
        put_set(w, "Warnings", b, FIELD_WARNINGS, b->warnings);
        break;
    case VICTRON_UNION:
        put_levels(w, form, b);
        put_set(w, "Warnings", b, FIELD_WARNINGS, b->warnings);
        break;
    }
}
