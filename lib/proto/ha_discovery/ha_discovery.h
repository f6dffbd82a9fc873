/* SPDX-License-Identifier: Apache-2.0
 *
 * Home Assistant's MQTT discovery (device based, Home Assistant 2024.11 and later): one document a
 * device that announces all its entities, and one JSON state a device that all of them read. Pure:
 * written from fixed-point numbers, without floating point, locale or allocation.
 *
 * Source: docs/protocols/home-assistant.md; Home Assistant's documentation of the MQTT integration
 * (2025) and homeassistant/components/mqtt/{discovery,sensor,binary_sensor}.py.
 *
 * Two kinds of device: a battery (one BMS), and the bank (all of them together, and the bridge
 * itself). What was once announced stays announced: a value that is not known just now is null in
 * the state, which Home Assistant shows as "unknown"; it is never 0 and never left out, because
 * Home Assistant keeps the old value of a key that is missing.
 */
#ifndef PROTO_HA_DISCOVERY_H
#define PROTO_HA_DISCOVERY_H

#include "base/span.h"
#include "battery/bank.h"

/* Bytes that always suffice: 32 cells, 8 sensors, every alarm, an id of HA_ID_MAX bytes and topics
 * of 255. */
enum { HA_DISCOVERY_MAX = 65536, HA_STATE_MAX = 6144, HA_ID_MAX = 160 };

/* The entities that a device has at most once. */
enum ha_entity {
    HA_SOC,
    HA_SOH,
    HA_VOLTAGE,
    HA_CURRENT,
    HA_POWER,
    HA_CVL,
    HA_DVL,
    HA_CCL,
    HA_DCL,
    HA_REMAINING_CAPACITY,
    HA_FULL_CAPACITY,
    HA_STORED_ENERGY,
    HA_CYCLES,
    HA_TIME_TO_EMPTY,
    HA_CELL_MIN,
    HA_CELL_MAX,
    HA_CELL_DIFFERENCE,
    HA_TEMPERATURE,
    HA_TEMPERATURE_MIN,
    HA_TEMPERATURE_MAX,
    HA_CHARGE_ENABLED,
    HA_DISCHARGE_ENABLED,
    HA_FORCE_CHARGE,
    HA_FULL_CHARGE_REQUEST,
    HA_BALANCING,
    HA_PROBLEM,
    HA_CONNECTIVITY, /* battery: does its BMS answer; bank: does the bridge live */
    HA_SOC_MIN,      /* the rest: bank only */
    HA_SOC_MAX,
    HA_BATTERIES_ONLINE,
    HA_BATTERIES_OFFLINE,
    HA_BLOCKING_CHARGE,
    HA_BLOCKING_DISCHARGE,
    HA_ENTITY_COUNT
};

/* What a device has, for its document and its state. */
struct ha_entities {
    uint64_t fixed;       /* bit i: enum ha_entity i */
    uint32_t warnings;    /* COND_BIT: a binary sensor each */
    uint32_t protections; /* likewise */
    uint8_t cells;
    uint8_t temps;
    uint8_t temp_role[BATTERY_MAX_TEMPS];
};

/* Adds what this battery (this bank) knows; nothing is ever taken away. */
void ha_entities_add_battery(struct ha_entities *e, const struct battery *b);
void ha_entities_add_bank(struct ha_entities *e, const struct bank *bank);
bool ha_entities_equal(const struct ha_entities *a, const struct ha_entities *b);
/* What `before` has and `now` has not. */
struct ha_entities ha_entities_without(const struct ha_entities *before,
                                       const struct ha_entities *now);

/* How a device is called and where it speaks. Ids hold only letters, digits, '_' and '-'. */
struct ha_device {
    bool bank;
    const char *id;   /* prefix of all unique ids; at most HA_ID_MAX bytes */
    const char *name; /* UTF-8; shown to people */
    const char *via;  /* id of the bank, NULL for the bank itself */
    const char *state_topic;
    const char *availability_topic; /* online while the values are fresh */
    const char *status_topic;       /* online while the bridge is connected and has something */
    uint32_t expire_s;              /* a state older than this is no longer shown */
    const char *version;            /* of the bridge */
};

/* Appends the discovery document. `gone` (may be NULL) is removed from Home Assistant with it;
 * identity (may be NULL) gives maker, model, serial and firmware. ERR_SPACE: nothing is written. */
enum err ha_discovery_encode(const struct ha_device *device, const struct ha_entities *have,
                             const struct ha_entities *gone, const struct battery *identity,
                             struct buf *out);

/* Appends the state of a battery, or of the bank: its measured values are null unless it is online,
 * its limits and alarms are what the bridge says now. ERR_SPACE: nothing is written. */
enum err ha_state_encode_battery(const struct ha_entities *have, const struct battery *b,
                                 struct buf *out);
enum err ha_state_encode_bank(const struct ha_entities *have, const struct bank *bank,
                              struct buf *out);

/* True for text that may stand in an id and in a topic of Home Assistant. */
bool ha_id_valid(const char *text);

#endif
