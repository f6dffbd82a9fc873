/* SPDX-License-Identifier: Apache-2.0
 *
 * Banks to feed sinks with.
 */
#ifndef BRIDGE_SINK_TEST_SINK_SUPPORT_H
#define BRIDGE_SINK_TEST_SINK_SUPPORT_H

#include "bridge/sink/sink.h"

#define S(n)  ((uint64_t)(n)*US_PER_S)
#define MS(n) ((uint64_t)(n)*US_PER_MS)
#define T0    S(50)

/* Three batteries, 49.86 V, -27 A, 88 %, limits 53.2 V, 75 A, 75 A, 45 V. */
struct bank test_bank_online(void);
/* The same, all held: limits 0 and the communication alarm. */
struct bank test_bank_stale(void);
/* Nothing but its life. */
struct bank test_bank_with_life(enum bank_life life);

#endif
