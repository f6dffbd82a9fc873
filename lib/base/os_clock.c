/* SPDX-License-Identifier: Apache-2.0
 *
 * The machine's clocks behind struct clock.
 */
#include "base/clock.h"

#include <time.h>

static uint64_t read_us(clockid_t id)
{
    struct timespec ts = {0};
    clock_gettime(id, &ts); /* cannot fail for the two clocks below */
    return (uint64_t)ts.tv_sec * US_PER_S + (uint64_t)ts.tv_nsec / 1000U;
}

static uint64_t system_now(void *ctx)
{
    (void)ctx;
    return read_us(CLOCK_MONOTONIC);
}

static uint64_t system_wall(void *ctx)
{
    (void)ctx;
    return read_us(CLOCK_REALTIME);
}

const struct clock *clock_system(void)
{
    static const struct clock system_clock = {.now_us = system_now, .wall_us = system_wall};
    return &system_clock;
}
