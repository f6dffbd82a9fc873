/* SPDX-License-Identifier: Apache-2.0
 *
 * Which entities there are and how they are announced: docs/protocols/home-assistant.md section 2.
 */
#include <string.h>

#include "proto/ha_discovery/ha_private.h"

/* the degree sign in UTF-8; a hexadecimal escape would swallow the C behind it */
#define DEGREES "\302\260C"

#define SENSOR(k, n, class_, unit_, state, digits)                                                 \
    {                                                                                              \
        .key = (k), .name = (n), .platform = HA_SENSOR, .device_class = (class_), .unit = (unit_), \
        .state_class = (state), .precision = (digits)                                              \
    }
#define FLAG(k, n, class_, own)                                                               \
    {                                                                                         \
        .key = (k), .name = (n), .platform = HA_BINARY, .device_class = (class_), .unit = "", \
        .state_class = "", .precision = -1, .bridges_own = (own)                              \
    }
#define LIMIT(k, n, class_, unit_, diagnostic_)                                                    \
    {                                                                                              \
        .key = (k), .name = (n), .platform = HA_SENSOR, .device_class = (class_), .unit = (unit_), \
        .state_class = "measurement", .precision = 1, .diagnostic = (diagnostic_),                 \
        .bridges_own = true                                                                        \
    }
#define COUNT(k, n)                                                                           \
    {                                                                                         \
        .key = (k), .name = (n), .platform = HA_SENSOR, .device_class = "", .unit = "",       \
        .state_class = "measurement", .precision = 0, .diagnostic = true, .bridges_own = true \
    }

/* State of health has no class of its own: `battery` would show it as a second charge level. Ah has
 * no class either. */
const struct ha_row ha_rows[HA_ENTITY_COUNT] = {
    [HA_SOC] = SENSOR("soc", "State of charge", "battery", "%", "measurement", 0),
    [HA_SOH] = SENSOR("soh", "State of health", "", "%", "measurement", 0),
    [HA_VOLTAGE] = SENSOR("voltage", "Voltage", "voltage", "V", "measurement", 2),
    [HA_CURRENT] = SENSOR("current", "Current", "current", "A", "measurement", 1),
    [HA_POWER] = SENSOR("power", "Power", "power", "W", "measurement", 0),
    [HA_CVL] = LIMIT("charge_voltage_limit", "Charge voltage limit", "voltage", "V", true),
    [HA_DVL] = LIMIT("discharge_voltage_limit", "Discharge voltage limit", "voltage", "V", true),
    [HA_CCL] = LIMIT("charge_current_limit", "Charge current limit", "current", "A", false),
    [HA_DCL] = LIMIT("discharge_current_limit", "Discharge current limit", "current", "A", false),
    [HA_REMAINING_CAPACITY] =
        SENSOR("remaining_capacity", "Remaining capacity", "", "Ah", "measurement", 1),
    [HA_FULL_CAPACITY] = SENSOR("full_capacity", "Full capacity", "", "Ah", "measurement", 1),
    [HA_STORED_ENERGY] =
        SENSOR("stored_energy", "Stored energy", "energy_storage", "Wh", "measurement", 0),
    [HA_CYCLES] = SENSOR("cycles", "Cycles", "", "", "total_increasing", 0),
    [HA_TIME_TO_EMPTY] =
        SENSOR("time_to_empty", "Time to empty", "duration", "s", "measurement", 0),
    [HA_CELL_MIN] =
        SENSOR("cell_min_voltage", "Lowest cell voltage", "voltage", "V", "measurement", 3),
    [HA_CELL_MAX] =
        SENSOR("cell_max_voltage", "Highest cell voltage", "voltage", "V", "measurement", 3),
    [HA_CELL_DIFFERENCE] = SENSOR("cell_voltage_difference", "Cell voltage difference", "voltage",
                                  "V", "measurement", 3),
    [HA_TEMPERATURE] =
        SENSOR("temperature", "Temperature", "temperature", DEGREES, "measurement", 1),
    [HA_TEMPERATURE_MIN] = SENSOR("cell_min_temperature", "Lowest cell temperature", "temperature",
                                  DEGREES, "measurement", 1),
    [HA_TEMPERATURE_MAX] = SENSOR("cell_max_temperature", "Highest cell temperature", "temperature",
                                  DEGREES, "measurement", 1),
    [HA_CHARGE_ENABLED] = FLAG("charge_enabled", "Charging allowed", "", true),
    [HA_DISCHARGE_ENABLED] = FLAG("discharge_enabled", "Discharging allowed", "", true),
    [HA_FORCE_CHARGE] = FLAG("force_charge", "Charging demanded", "", true),
    [HA_FULL_CHARGE_REQUEST] = FLAG("full_charge_request", "Full charge requested", "", true),
    [HA_BALANCING] = FLAG("balancing", "Balancing", "", false),
    [HA_PROBLEM] = FLAG("problem", "Problem", "problem", true),
    [HA_CONNECTIVITY] = {.key = "connectivity",
                         .name = "Connection",
                         .platform = HA_BINARY,
                         .device_class = "connectivity",
                         .unit = "",
                         .state_class = "",
                         .precision = -1,
                         .diagnostic = true,
                         .bridges_own = true},
    [HA_SOC_MIN] = SENSOR("soc_min", "Lowest state of charge", "", "%", "measurement", 0),
    [HA_SOC_MAX] = SENSOR("soc_max", "Highest state of charge", "", "%", "measurement", 0),
    [HA_BATTERIES_ONLINE] = COUNT("batteries_online", "Batteries online"),
    [HA_BATTERIES_OFFLINE] = COUNT("batteries_offline", "Batteries offline"),
    [HA_BLOCKING_CHARGE] = COUNT("batteries_blocking_charge", "Batteries that block charging"),
    [HA_BLOCKING_DISCHARGE] =
        COUNT("batteries_blocking_discharge", "Batteries that block discharging"),
};

/* ---- entities that come in numbers ---- */

static void put_number(char *out, size_t cap, const char *format, unsigned number)
{
    struct buf b = buf_of(out, cap - 1);
    struct span text = span_str(format);
    size_t hash = span_find_byte(text, 0, '#');

    buf_put(&b, span_sub(text, 0, hash));
    buf_printf(&b, "%u", number);
    buf_put(&b, span_sub(text, hash + 1, text.n));
    out[b.n] = '\0';
}

struct ha_row ha_cell_row(unsigned index, struct ha_text *text)
{
    struct ha_row row = SENSOR(text->key, text->name, "voltage", "V", "measurement", 3);

    put_number(text->key, sizeof text->key, "cell_#_voltage", index + 1);
    put_number(text->name, sizeof text->name, "Cell # voltage", index + 1);
    return row;
}

struct ha_row ha_temp_row(const struct ha_entities *e, unsigned index, struct ha_text *text)
{
    static const char *const names[] = {
        [ROLE_CELL] = "Cell temperature #",
        [ROLE_MOS] = "MOS temperature #",
        [ROLE_AMBIENT] = "Ambient temperature #",
        [ROLE_BOARD] = "Board temperature #",
    };
    struct ha_row row = SENSOR(text->key, text->name, "temperature", DEGREES, "measurement", 1);
    uint8_t role = e->temp_role[index] < sizeof names / sizeof names[0] ? e->temp_role[index] : 0;
    unsigned among = 1; /* which one of its role it is */

    for (unsigned i = 0; i < index; i++)
        among += e->temp_role[i] == e->temp_role[index] ? 1 : 0;
    put_number(text->key, sizeof text->key, "temperature_#", index + 1);
    put_number(text->name, sizeof text->name, names[role], among);
    return row;
}

/* "Warning: cell overvoltage" from "cell_overvoltage" */
struct ha_row ha_alarm_row(bool protection, enum battery_condition cond, struct ha_text *text)
{
    struct ha_row row = FLAG(text->key, text->name, "problem", true);
    struct buf key = buf_of(text->key, sizeof text->key - 1);
    struct buf name = buf_of(text->name, sizeof text->name - 1);

    buf_str(&key, protection ? "protection_" : "warning_");
    buf_str(&name, protection ? "Protection: " : "Warning: ");
    for (const char *p = battery_condition_name(cond); *p != '\0'; p++) {
        buf_u8(&key, (uint8_t)*p);
        buf_u8(&name, (uint8_t)(*p == '_' ? ' ' : *p));
    }
    text->key[key.n] = '\0';
    text->name[name.n] = '\0';
    row.diagnostic = true;
    return row;
}

/* ---- what a device has ---- */

static void add_if(struct ha_entities *e, const struct battery *b, uint32_t fields,
                   enum ha_entity entity)
{
    if (battery_knows(b, fields))
        e->fixed |= 1ull << entity;
}

/* What a battery and the sum of all have in common. */
static void add_common(struct ha_entities *e, const struct battery *b)
{
    static const struct {
        uint32_t fields;
        enum ha_entity entity;
    } needs[] = {
        {FIELD_SOC_PM, HA_SOC},
        {FIELD_SOH_PM, HA_SOH},
        {FIELD_PACK_MV, HA_VOLTAGE},
        {FIELD_CURRENT_MA, HA_CURRENT},
        {FIELD_PACK_MV | FIELD_CURRENT_MA, HA_POWER},
        {FIELD_CVL, HA_CVL},
        {FIELD_DVL, HA_DVL},
        {FIELD_CCL, HA_CCL},
        {FIELD_DCL, HA_DCL},
        {FIELD_REMAINING_MAH, HA_REMAINING_CAPACITY},
        {FIELD_FULL_MAH, HA_FULL_CAPACITY},
        {FIELD_REMAINING_MAH | FIELD_PACK_MV, HA_STORED_ENERGY},
        {FIELD_CYCLES, HA_CYCLES},
        {FIELD_REMAINING_MAH | FIELD_CURRENT_MA, HA_TIME_TO_EMPTY},
        {FIELD_CELL_MIN_MAX, HA_CELL_MIN},
        {FIELD_CELL_MIN_MAX, HA_CELL_MAX},
        {FIELD_CELL_MIN_MAX, HA_CELL_DIFFERENCE},
        {FIELD_TEMP_MIN_MAX, HA_TEMPERATURE_MIN},
        {FIELD_TEMP_MIN_MAX, HA_TEMPERATURE_MAX},
        {FIELD_ENABLES, HA_CHARGE_ENABLED},
        {FIELD_ENABLES, HA_DISCHARGE_ENABLED},
        {FIELD_REQUESTS, HA_FORCE_CHARGE},
        {FIELD_REQUESTS, HA_FULL_CHARGE_REQUEST},
        {FIELD_BALANCING, HA_BALANCING},
        {0, HA_CONNECTIVITY},
    };
    int32_t temperature_dc = 0;

    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
        add_if(e, b, needs[i].fields, needs[i].entity);
    if (battery_cell_temperature(b, &temperature_dc))
        e->fixed |= 1ull << HA_TEMPERATURE;
    e->warnings |= battery_told(b, FIELD_WARNINGS);
    e->protections |= battery_told(b, FIELD_PROTECTIONS);
    if ((e->warnings | e->protections) != 0)
        e->fixed |= 1ull << HA_PROBLEM;
}

void ha_entities_add_battery(struct ha_entities *e, const struct battery *b)
{
    uint8_t cells = b->cell_count < BATTERY_MAX_CELLS ? b->cell_count : BATTERY_MAX_CELLS;
    uint8_t temps = b->temp_count < BATTERY_MAX_TEMPS ? b->temp_count : BATTERY_MAX_TEMPS;

    add_common(e, b);
    if (battery_knows(b, FIELD_CELLS) && cells > e->cells)
        e->cells = cells;
    if (battery_knows(b, FIELD_TEMPS) && temps > e->temps) {
        e->temps = temps;
        memcpy(e->temp_role, b->temp_role, temps);
    }
}

void ha_entities_add_bank(struct ha_entities *e, const struct bank *bank)
{
    add_common(e, &bank->sum);
    add_if(e, &bank->sum, FIELD_SOC_PM, HA_SOC_MIN);
    add_if(e, &bank->sum, FIELD_SOC_PM, HA_SOC_MAX);
    e->warnings |= COND_BIT(COND_COMMUNICATION_LOSS); /* the bridge's own, whatever they tell */
    e->protections |= COND_BIT(COND_COMMUNICATION_LOSS);
    e->fixed |= 1ull << HA_PROBLEM | 1ull << HA_BATTERIES_ONLINE | 1ull << HA_BATTERIES_OFFLINE |
                1ull << HA_BLOCKING_CHARGE | 1ull << HA_BLOCKING_DISCHARGE;
}

bool ha_entities_equal(const struct ha_entities *a, const struct ha_entities *b)
{
    return a->fixed == b->fixed && a->warnings == b->warnings && a->protections == b->protections &&
           a->cells == b->cells && a->temps == b->temps &&
           memcmp(a->temp_role, b->temp_role, sizeof a->temp_role) == 0;
}

/* Cells and sensors are counts: those from `now`'s count up to `before`'s are gone. The caller of
 * ha_discovery_encode sees both counts, so here only the larger one is kept. */
struct ha_entities ha_entities_without(const struct ha_entities *before,
                                       const struct ha_entities *now)
{
    struct ha_entities gone = {
        .fixed = before->fixed & ~now->fixed,
        .warnings = before->warnings & ~now->warnings,
        .protections = before->protections & ~now->protections,
        .cells = before->cells > now->cells ? before->cells : 0,
        .temps = before->temps > now->temps ? before->temps : 0,
    };

    return gone;
}

bool ha_id_valid(const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
        if (!letter && !(*p >= '0' && *p <= '9') && *p != '_' && *p != '-')
            return false;
    }
    return text[0] != '\0';
}
