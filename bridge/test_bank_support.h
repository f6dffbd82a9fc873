/* SPDX-License-Identifier: Apache-2.0
 *
 * A battery and a bank to test with: what test_bank.c and test_bank_time.c share.
 */
#ifndef BRIDGE_TEST_BANK_SUPPORT_H
#define BRIDGE_TEST_BANK_SUPPORT_H

#include "bridge/bank.h"
#include "testing/testing.h"

#define SECONDS(n) ((uint64_t)(n)*US_PER_S)
#define MS(n)      ((uint64_t)(n)*US_PER_MS)

/* 49.5 V, -1 A, 37 of 74 Ah, 37 A both ways, 53.25 V, 45.0 V, serial "S" */
struct battery test_battery(uint64_t updated_us);

/* A bank of n such batteries that has just started at `now_us`. */
void test_bank_start(struct bank_engine *e, const struct bank_rules *rules, unsigned n,
                     uint64_t now_us);
/* A good reading for every one of the first n. */
void test_bank_feed(struct bank_engine *e, unsigned n, uint64_t now_us);
void test_bank_put(struct bank_engine *e, unsigned slot, const struct battery *b);
struct bank test_bank_at(struct bank_engine *e, uint64_t now_us);

#endif
