/* SPDX-License-Identifier: Apache-2.0
 *
 * The harness's own delay, measured while a scenario runs: bytes through a PTY pair of its own on
 * the same loop. Its 99.9th percentile is the slack of the real-time tiers: what a verdict must not
 * charge the bridge for.
 */
#ifndef HARNESS_LOOPBACK_H
#define HARNESS_LOOPBACK_H

#include "base/loop.h"

struct loopback;

struct loopback_stats {
    size_t samples;
    uint64_t p50_us, p99_us, p999_us, max_us;
};

enum err loopback_new(struct loop *loop, struct loopback **ret);
void loopback_delete(struct loopback *l);
void loopback_stats(const struct loopback *l, struct loopback_stats *ret);

#endif
