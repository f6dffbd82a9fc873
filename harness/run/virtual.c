/* SPDX-License-Identifier: Apache-2.0
 *
 * What the virtual tier does differently: a loop whose clock is its own, no slack, and figures of
 * how the run went.
 */
#include "harness/run/virtual.h"

#include <stdio.h>

#include "harness/run/paths.h"

#define UPTIME_US 1000000000ULL       /* 1000 s: the machine has been up for a while */
#define DATE_US   1767225600000000ULL /* 2026-01-01 00:00:00 UTC */

static void on_note(void *ctx, const char *text)
{
    struct world *w = ctx;
    world_note(w, "virtual time: %s", text);
    if (!w->result->remark)
        result_remark(w->result, text);
}

enum err virtual_open(struct world *w)
{
    char preload[512];
    path_preload(preload, sizeof preload);
    uint64_t seed = w->options.seed ? w->options.seed : w->scenario->seed;
    const struct vt_options options = {
        .dir = w->dir,
        .preload = preload,
        .start_us = w->options.uptime_us ? w->options.uptime_us : UPTIME_US,
        .wall_us = w->options.date_us ? w->options.date_us : DATE_US,
        .seed = seed ? seed : 1,
        .on_note = on_note,
        .ctx = w,
    };
    return vt_loop_new(&options, &w->loop);
}

void virtual_measure(struct world *w)
{
    struct vt_stats stats = vt_loop_stats(w->loop);
    w->result->virtual_us = (int64_t)stats.virtual_us;
    w->result->advances = (int64_t)stats.advances;
}
