/* SPDX-License-Identifier: Apache-2.0
 *
 * The arithmetic of the bank: what the batteries that belong to it add up to. Private to bank.c and
 * bank_sum.c.
 */
#ifndef BRIDGE_BANK_SUM_H
#define BRIDGE_BANK_SUM_H

#include "bridge/bank.h"

/* Fills *ret from the batteries whose state is online or held, and moves the limiters and the held
 * alarms on. *next_us becomes the earlier of itself and the next change by time. */
void bank_sum(struct bank_engine *e, bool twins, uint64_t now_us, struct bank *ret,
              uint64_t *next_us);

/* The bank that has nothing to say: before the first complete stack, and after the loss of all. */
void bank_sum_nothing(const struct bank_engine *e, struct bank *ret);

#endif
