/* SPDX-License-Identifier: Apache-2.0
 *
 * The sections of the configuration among themselves. Private to config*.c.
 */
#ifndef BRIDGE_CONFIG_PRIV_H
#define BRIDGE_CONFIG_PRIV_H

#include "bridge/config.h"
#include "bridge/config_take.h"

/* One key of a section each; the cursor stands behind the key. `key` is its index in the list. */
/* [battery]: the keys are `source`, `port`, and those of the source once it is known. */
enum { CONFIG_BATTERY_KEYS_MAX = 2 + SOURCE_KEYS_MAX };
void config_battery_keys(const struct config_battery *b,
                         const char *ret[CONFIG_BATTERY_KEYS_MAX + 1]);
bool config_battery_key(struct conf_cursor *c, size_t key, struct config_battery *b);
extern const char *const config_can_keys[];
bool config_can_key(struct conf_cursor *c, size_t key, struct config_can *can);
extern const char *const config_mqtt_keys[];
bool config_mqtt_key(struct conf_cursor *c, size_t key, struct config_mqtt *m);
/* The keys for Home Assistant are the last of config_mqtt_keys; `key` counts from the first. */
enum { CONFIG_HA_KEYS = 6 };
bool config_ha_key(struct conf_cursor *c, const char *name, size_t key, struct sink_ha_config *ha);
void config_ha_default(struct sink_ha_config *ha, const char *name);
/* A topic to publish on. */
bool config_take_topic(struct conf_cursor *c, char *out, size_t cap);
extern const char *const config_bank_keys[];
bool config_bank_key(struct conf_cursor *c, size_t key, struct bank_rules *rules);

void config_battery_default(struct config_battery *b, const char *name);
void config_can_default(struct config_can *can, const char *name);
void config_mqtt_default(struct config_mqtt *m, const char *name);

/* What is wrong across the keys of a section, reported at its head. `seen`: bit i is key i. */
void config_battery_check(struct conf_file *file, uint32_t line, uint64_t seen,
                          struct config_battery *b);
void config_can_check(struct conf_file *file, uint32_t line, uint64_t seen, struct config_can *can);
void config_mqtt_check(struct conf_file *file, uint32_t line, uint64_t seen, struct config_mqtt *m);
/* `seen`: of the keys for Home Assistant. Completes what they need of the others. */
void config_ha_check(struct conf_file *file, uint32_t line, uint64_t seen, struct config_mqtt *m);
void config_ha_check_names(struct conf_file *file, uint32_t line, const struct config *config);
void config_bank_check(struct conf_file *file, uint32_t line, struct config *config);
/* No bus may be read and written, or read twice. */
void config_buses_check(struct conf_file *file, const struct config *config);

#endif
