/* SPDX-License-Identifier: Apache-2.0
 *
 * Which classes go with which units and state classes: homeassistant/components/sensor/const.py and
 * binary_sensor/__init__.py (2025). Of classes that no battery has only the name is checked.
 */
#include <string.h>

#include "harness/judge/ha_private.h"

struct class_rule {
    const char *name;
    const char *units;  /* separated by blanks; NULL: not checked */
    const char *states; /* state classes; "": none; NULL: not checked */
};

static const struct class_rule sensor_classes[] = {
    {"battery", "%", "measurement"},
    {"current", "A mA", "measurement"},
    {"voltage", "V mV \302\265V kV MV", "measurement"},
    {"power", "W mW kW MW GW TW", "measurement"},
    {"temperature", "\302\260C \302\260F K", "measurement"},
    {"energy", "Wh mWh kWh MWh GWh TWh J kJ MJ GJ cal kcal Mcal Gcal", "total total_increasing"},
    {"energy_storage", "Wh mWh kWh MWh GWh TWh J kJ MJ GJ cal kcal Mcal Gcal", "measurement"},
    {"duration", "d h min s ms \302\265s", "measurement total total_increasing"},
    {"frequency", "Hz kHz MHz GHz", "measurement"},
    {"signal_strength", "dB dBm", "measurement"},
    {"data_size", NULL, NULL},
    {"data_rate", NULL, NULL},
    {"apparent_power", NULL, "measurement"},
    {"reactive_power", NULL, "measurement"},
    {"power_factor", NULL, "measurement"},
    {"humidity", "%", "measurement"},
    {"timestamp", "", ""},
    {"date", "", ""},
    {"enum", "", ""},
};

static const char binary_classes[] =
    "battery battery_charging carbon_monoxide cold connectivity door garage_door gas heat light "
    "lock moisture motion moving occupancy opening plug power presence problem running safety "
    "smoke sound tamper update vibration window";

static const char state_classes[] = "measurement measurement_angle total total_increasing";

/* Is `word` in the list? "" is in an empty list. */
static bool listed(const char *list, const char *word)
{
    struct span rest = span_str(list), one;
    if (!list[0])
        return !word[0];
    while (span_token(&rest, &one))
        if (span_eq_str(one, word))
            return true;
    return false;
}

const char *ha_rule_sensor(const struct ha_entity *e)
{
    const struct class_rule *rule = NULL;
    if (e->state_class[0] && !listed(state_classes, e->state_class))
        return "unknown state class";
    if (!e->device_class[0])
        return NULL;
    for (size_t i = 0; i < sizeof sensor_classes / sizeof *sensor_classes; i++)
        if (strcmp(sensor_classes[i].name, e->device_class) == 0)
            rule = &sensor_classes[i];
    if (!rule)
        return "unknown device class";
    if (rule->units && !listed(rule->units, e->unit))
        return "a unit that its device class does not have";
    if (rule->states && e->state_class[0] && !listed(rule->states, e->state_class))
        return "a state class that its device class does not have";
    return NULL;
}

const char *ha_rule_binary(const struct ha_entity *e)
{
    if (e->device_class[0] && !listed(binary_classes, e->device_class))
        return "unknown device class";
    return NULL;
}
