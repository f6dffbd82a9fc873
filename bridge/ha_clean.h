/* SPDX-License-Identifier: Apache-2.0
 *
 * `bms-bridge --ha-clean`: takes the bridge's devices out of Home Assistant. Retained discovery
 * documents stay with the broker for ever, also those of batteries that are long gone, and Home
 * Assistant shows what they announce. This removes all that were ever published under the
 * configured TOPIC, as the broker has them: no list of our own could know more.
 */
#ifndef BRIDGE_HA_CLEAN_H
#define BRIDGE_HA_CLEAN_H

#include "base/log.h"
#include "base/loop.h"
#include "bridge/config.h"

/* Goes through the [mqtt] sections with `homeassistant`, prints each topic that it removes, and
 * returns when all is done. ERR_NOT_FOUND: there is no such section; ERR_TIMEOUT: a broker did not
 * answer within 15 s; ERR_DENIED: it refused to remove something; or what mqtt_new() returns.
 * *ret_why says more. */
enum err ha_clean(struct loop *loop, const struct config *config, const struct log *log,
                  const char **ret_why);

#endif
