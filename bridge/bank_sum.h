/* SPDX-License-Identifier: Apache-2.0
 *
 * The arithmetic of the bank: what the batteries that belong to it add up to. Private to
 * bank*.c.
 */
#ifndef BRIDGE_BANK_SUM_H
#define BRIDGE_BANK_SUM_H

#include <stddef.h>

#include "bridge/bank.h"

/* The batteries that count, in the order of their slots. */
struct bank_members {
    size_t n;
    uint8_t slot[BANK_MAX_BATTERIES];
    const struct battery *b[BANK_MAX_BATTERIES];
    bool all_know_capacity;
    int64_t capacity_mah; /* of all; a battery without one counts as 1 when not all know it */
};

/* The weight of a battery in the shares of L3 and L5: its capacity, or equal shares. */
static inline int64_t bank_weight(const struct bank_members *m, size_t i)
{
    return m->all_know_capacity ? m->b[i]->full_mah : 1;
}

/* Fills *ret from the batteries whose state is online or held, and moves the limiters and the held
 * alarms on. *next_us becomes the earlier of itself and the next change by time. */
void bank_sum(struct bank_engine *e, bool twins, uint64_t now_us, struct bank *ret,
              uint64_t *next_us);

enum bank_side { BANK_CHARGE, BANK_DISCHARGE };
bool bank_blocks(const struct battery *b, enum bank_side side);
/* The limits and enables of the bank; life and counts are in *ret already. */
void bank_limits(struct bank_engine *e, const struct bank_members *m, uint64_t now_us,
                 struct bank *ret);

/* The bank that has nothing to say: before the first complete stack, and after the loss of all. */
void bank_sum_nothing(const struct bank_engine *e, struct bank *ret);

#endif
