/* SPDX-License-Identifier: Apache-2.0
 *
 * Readers of values for the keys of [port] and [bms]; each reports its own error and returns false.
 */
#ifndef SIM_CONFIG_TAKE_H
#define SIM_CONFIG_TAKE_H

#include "base/clock.h"
#include "base/conf.h"

/* One of the `known` words, as text. */
bool sim_take_word(struct conf_cursor *c, const char *what, const char *const *known, char *out,
                   size_t cap);
/* on, off */
bool sim_take_switch(struct conf_cursor *c, bool *ret);
/* `key off` sets a no_* flag. */
bool sim_take_switch_inverted(struct conf_cursor *c, bool *ret);
/* A quantity as a whole number of units of unit_micro, within min..max of them. */
bool sim_take_units(struct conf_cursor *c, enum dim dim, int64_t unit_micro, int64_t min,
                    int64_t max, int64_t *ret);
bool sim_take_units_i32(struct conf_cursor *c, enum dim dim, int64_t unit_micro, int64_t min,
                        int64_t max, int32_t *ret);
bool sim_take_baud(struct conf_cursor *c, uint32_t *ret);
/* Up to 60 s. */
bool sim_take_time(struct conf_cursor *c, uint64_t *ret_us);
/* 0..max; `what` as "a number of slots". */
bool sim_take_count(struct conf_cursor *c, const char *what, int64_t max, int64_t *ret);

#endif
