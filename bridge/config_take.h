/* SPDX-License-Identifier: Apache-2.0
 *
 * Readers of values that the sections of the configuration and the sources' keys share.
 */
#ifndef BRIDGE_CONFIG_TAKE_H
#define BRIDGE_CONFIG_TAKE_H

#include "base/conf.h"

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

#endif
