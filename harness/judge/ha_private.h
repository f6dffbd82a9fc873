/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the files of the judge's Home Assistant.
 */
#ifndef HARNESS_HA_PRIVATE_H
#define HARNESS_HA_PRIVATE_H

#include "harness/judge/ha.h"

enum ha_attribute {
    HA_VALUE,
    HA_EXPIRE_AFTER,
    HA_UNIT,
    HA_DEVICE_CLASS,
    HA_STATE_CLASS,
    HA_PLATFORM,
    HA_RETAINED, /* of its discovery message */
};

/* A signal, taken apart. */
struct ha_target {
    unsigned battery; /* 0: the bank */
    char entity[48];
    enum ha_attribute attribute;
};
bool ha_target_parse(const char *signal, struct ha_target *ret);

/* Home Assistant's rules about classes and units; each returns what is wrong, or NULL. */
const char *ha_rule_sensor(const struct ha_entity *e);
const char *ha_rule_binary(const struct ha_entity *e);

#endif
