/* SPDX-License-Identifier: Apache-2.0
 *
 * Readers that the sections of the configuration share. Private to config*.c.
 */
#ifndef BRIDGE_CONFIG_PRIV_H
#define BRIDGE_CONFIG_PRIV_H

#include "bridge/config.h"

/* A quantity as an integer count of `unit_micro` millionths, within min..max of that unit. Reports
 * "NAME must be between A and B" in the unit people wrote. */
bool config_take(struct conf_cursor *c, const char *name, enum dim dim, int64_t unit_micro,
                 int64_t min, int64_t max, int64_t *ret);
bool config_take_i32(struct conf_cursor *c, const char *name, enum dim dim, int64_t unit_micro,
                     int32_t min, int32_t max, int32_t *ret);
/* A time in microseconds. */
bool config_take_time(struct conf_cursor *c, const char *name, uint64_t min_us, uint64_t max_us,
                      uint64_t *ret);
/* "LOW .. HIGH" */
bool config_take_window(struct conf_cursor *c, const char *name, int16_t *ret_low,
                        int16_t *ret_high);

/* One key of a section each; the cursor stands behind the key. `key` is its index in the list. */
extern const char *const config_battery_keys[];
bool config_battery_key(struct conf_cursor *c, size_t key, struct config_battery *b);
extern const char *const config_can_keys[];
bool config_can_key(struct conf_cursor *c, size_t key, struct config_can *can);
extern const char *const config_mqtt_keys[];
bool config_mqtt_key(struct conf_cursor *c, size_t key, struct config_mqtt *m);
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
void config_bank_check(struct conf_file *file, uint32_t line, struct config *config);

#endif
