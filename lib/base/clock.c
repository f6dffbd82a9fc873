/* SPDX-License-Identifier: Apache-2.0
 *
 * The clock that moves only when told.
 */
#include "base/clock.h"

static uint64_t manual_now(void *ctx)
{
    const struct manual_clock *m = ctx;
    return m->now;
}

static uint64_t manual_wall(void *ctx)
{
    const struct manual_clock *m = ctx;
    return m->wall;
}

void manual_clock_init(struct manual_clock *m, uint64_t now_us, uint64_t wall_us)
{
    *m = (struct manual_clock){
        .clock = {.now_us = manual_now, .wall_us = manual_wall, .ctx = m},
        .now = now_us,
        .wall = wall_us,
    };
}

void manual_clock_advance(struct manual_clock *m, uint64_t us)
{
    m->now = deadline_add(m->now, us);
    m->wall = deadline_add(m->wall, us);
}
