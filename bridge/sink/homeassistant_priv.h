/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the files of the Home Assistant output.
 */
#ifndef BRIDGE_SINK_HOMEASSISTANT_PRIV_H
#define BRIDGE_SINK_HOMEASSISTANT_PRIV_H

#include "bridge/sink/homeassistant.h"

/* The texts of one device. */
struct ha_names {
    char bank_id[HA_TOPIC + 8];
    char id[HA_TOPIC + 48]; /* of this device; within HA_ID_MAX */
    char title[HA_TOPIC + 48];
    char base[HA_TOPIC + 48];
    char config[HA_LONG_TOPIC];
    char state[HA_LONG_TOPIC];
    char availability[HA_LONG_TOPIC];
};
_Static_assert(sizeof(((struct ha_names *)NULL)->id) <= HA_ID_MAX, "documents have room for it");
void ha_names_of(const struct sink_ha *s, unsigned device, struct ha_names *ret);

#endif
