/* SPDX-License-Identifier: Apache-2.0
 *
 * What the virtual tier does differently: a loop whose clock is its own, no slack, and figures of
 * how the run went.
 */
#include "harness/run/virtual.h"

#include <stdio.h>

#include "harness/run/paths.h"
#include "harness/vt/vt_program.h"

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
        .start_us = w->options.uptime_us     ? w->options.uptime_us
                    : w->scenario->uptime_us ? w->scenario->uptime_us
                                             : UPTIME_US,
        .wall_us = w->options.date_us ? w->options.date_us : DATE_US,
        .seed = seed ? seed : 1,
        .on_note = on_note,
        .ctx = w,
    };
    return vt_loop_new(&options, &w->loop);
}

/* Only {bin} can stand in a program's name; the rest is known when the world is. */
static void program_name(const struct manifest *m, const char *word, char *out, size_t cap)
{
    char bin[512];
    path_bin(bin, sizeof bin);
    const struct manifest_fill fill = {.bin = bin};
    struct buf b = buf_of(out, cap - 1);
    if (manifest_expand(m, word, &fill, &b, NULL) != ERR_OK)
        buf_clear(&b);
    out[b.n] = 0;
}

static bool look(const char *name, const char *folder, char *ret_why, size_t cap)
{
    struct vt_program p;
    vt_program_look(name, folder, &p);
    if (!p.is_virtual)
        snprintf(ret_why, cap, "%s: %s", p.path, p.why);
    return p.is_virtual;
}

bool virtual_possible(const struct manifest *m, struct span wrap, char *ret_why, size_t cap)
{
    char name[1024];
    struct span word;
    if (m->attach || m->n_run == 0) {
        snprintf(ret_why, cap, "the manifest only attaches to a bridge that runs already");
        return false;
    }
    if (span_token(&wrap, &word)) {
        span_to_str(word, name, sizeof name);
        if (!look(name, m->dir, ret_why, cap))
            return false;
    }
    program_name(m, m->run[0], name, sizeof name);
    return look(name, m->dir, ret_why, cap);
}

void virtual_step_clock(struct world *w, int64_t step_us)
{
    if (w->options.tier != TIER_VIRTUAL) {
        world_fail(w,
                   "the wall clock of this machine is not ours: 'dut clock' needs 'tier virtual'");
        return;
    }
    ports_read_broker_log(w); /* its lines have the time of this clock */
    vt_loop_step_wall(w->loop, step_us);
    w->wall_step_us += step_us;
}

void virtual_measure(struct world *w)
{
    struct vt_stats stats = vt_loop_stats(w->loop);
    w->result->virtual_us = (int64_t)stats.virtual_us;
    w->result->advances = (int64_t)stats.advances;
}
