/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys of [port] that all JK devices share.
 */
#ifndef SIM_DEVICE_JK_KNOBS_H
#define SIM_DEVICE_JK_KNOBS_H

#include "sim/config.h"
#include "sim/device/jk_traits.h"

/* `sensors 2`: only the first two of T1, T2, T4, T5 are fitted. */
bool jk_take_sensors(struct conf_cursor *c, struct jk_look *look);
/* `absent-sensor firmware | minus-200 | zero`: what the others read. */
bool jk_take_absent(struct conf_cursor *c, struct jk_look *look);
/* `generation firmware | jk04 | 24s | 32s` */
bool jk_take_generation(struct conf_cursor *c, struct jk_look *look);
/* What is wrong with batteries that are to be JK; NULL when fine. `most`: on one port. */
const char *jk_check_batteries(const struct sim_config *config, unsigned most);

#endif
