/* SPDX-License-Identifier: Apache-2.0
 *
 * Time is an argument. Nothing but lib/base/os_*.c asks the operating system what time it is.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define US_PER_MS 1000ULL
#define US_PER_S  1000000ULL
#define NEVER_US  UINT64_MAX /* a deadline that does not exist */

struct clock {
    uint64_t (*now_us)(void *ctx);  /* monotonic, microseconds, never goes back */
    uint64_t (*wall_us)(void *ctx); /* microseconds since 1970-01-01 UTC; may jump */
    void *ctx;
};

static inline uint64_t clock_now_us(const struct clock *c)
{
    return c->now_us(c->ctx);
}

static inline uint64_t clock_wall_us(const struct clock *c)
{
    return c->wall_us(c->ctx);
}

/* The machine's clocks (CLOCK_MONOTONIC, CLOCK_REALTIME). */
const struct clock *clock_system(void);

/* A clock that moves only when told; for tests and for the virtual tier. */
struct manual_clock {
    struct clock clock; /* hand out &manual.clock */
    uint64_t now;
    uint64_t wall;
};
void manual_clock_init(struct manual_clock *m, uint64_t now_us, uint64_t wall_us);
void manual_clock_advance(struct manual_clock *m, uint64_t us);

/* The earlier of two deadlines. */
static inline uint64_t deadline_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* t + delta without wrapping past NEVER_US. */
static inline uint64_t deadline_add(uint64_t t, uint64_t delta)
{
    return t > NEVER_US - delta ? NEVER_US : t + delta;
}

#endif
