/* SPDX-License-Identifier: Apache-2.0
 *
 * `bmsrig run`: one run or many of each scenario, and what becomes of the many.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/app/cmd_run.h"
#include "harness/trace/trace.h"

enum { GRACE_US = 30000000 };

#define TWICE_FOLDER "twice"

/* ---- the plan ---- */

/* A virtual run has no length in real time; a day is a minute or two, but not on every machine. */
static uint64_t wall_limit(const struct scenario *s, const struct manifest *m, enum tier tier)
{
    uint64_t real = s->duration_us + m->boot_us, slow = 600 * US_PER_S + real / 50;
    return (tier == TIER_VIRTUAL && slow < real ? slow : real) + GRACE_US;
}

static enum tier tier_of(const struct run_args *a, const struct scenario *s, bool can_be_virtual)
{
    if (a->run.tier != TIER_VIRTUAL)
        return a->run.tier;
    if (!can_be_virtual)
        return TIER_PTY;
    return a->tier_given || (s->tiers & TIER_BIT_VIRTUAL) ? TIER_VIRTUAL : TIER_PTY;
}

/* A timeline that starts the bridge itself moves along with it: one phase is all there is. */
static size_t repeats_of(const struct run_args *a, const struct scenario *s, enum tier tier)
{
    switch (a->mode) {
    case RUN_ONCE: return 1;
    case RUN_TWICE: return tier == TIER_VIRTUAL ? 2 : 1;
    case RUN_SEEDS: return a->repeats;
    case RUN_SWEEP: return tier == TIER_VIRTUAL && !s->dut_manual ? a->repeats : 1;
    }
    return 1;
}

static void name_phase(struct suite_item *item)
{
    char text[24];
    struct buf b = buf_of(text, sizeof text - 1);
    buf_fixed(&b, (int64_t)item->phase_us, 3, true);
    text[b.n] = 0;
    snprintf(item->folder, sizeof item->folder, "phase-%sms", text);
    snprintf(item->label, sizeof item->label, "phase %s ms", text);
}

static void plan_one(const struct run_args *a, size_t k, struct suite_item *item)
{
    switch (a->mode) {
    case RUN_ONCE: break;
    case RUN_TWICE:
        if (k > 0)
            snprintf(item->folder, sizeof item->folder, TWICE_FOLDER);
        break;
    case RUN_SEEDS:
        item->seed = (a->run.seed ? a->run.seed : 1) + k;
        snprintf(item->folder, sizeof item->folder, "seed-%llu", (unsigned long long)item->seed);
        snprintf(item->label, sizeof item->label, "seed %llu", (unsigned long long)item->seed);
        break;
    case RUN_SWEEP:
        item->phase_us = a->sweep_period_us * k / (a->repeats ? a->repeats : 1);
        name_phase(item);
        break;
    }
}

void run_plan_make(const struct run_args *a, const struct run_loaded *l, const struct manifest *m,
                   bool can_be_virtual, struct run_plan *ret)
{
    size_t most = a->mode == RUN_TWICE ? 2 : a->repeats ? a->repeats : 1;
    *ret = (struct run_plan){.items = calloc(l->n * most + 1, sizeof *ret->items)};
    if (!ret->items)
        abort();
    for (size_t i = 0; i < l->n; i++) {
        enum tier tier = tier_of(a, l->at[i], can_be_virtual);
        for (size_t k = 0; k < repeats_of(a, l->at[i], tier); k++) {
            struct suite_item *item = &ret->items[ret->n++];
            *item = (struct suite_item){
                .scenario = l->at[i], .tier = tier, .limit_us = wall_limit(l->at[i], m, tier)};
            plan_one(a, k, item);
        }
    }
}

/* Only when all is over: a folder that is empty for a moment may be the next worker's. */
void run_plan_tidy(const struct run_plan *plan, const char *out_dir)
{
    char folder[1000];
    for (size_t i = 0; i < plan->n; i++)
        if (plan->items[i].folder[0]) {
            snprintf(folder, sizeof folder, "%s/%s", out_dir, plan->items[i].folder);
            rmdir(folder); /* of a second run, seed or phase: stays when a trace was kept in it */
        }
}

void run_plan_free(struct run_plan *plan)
{
    for (size_t i = 0; i < plan->n; i++)
        result_delete(plan->items[i].result);
    free(plan->items);
    *plan = (struct run_plan){0};
}

/* ---- the results ---- */

/* A hundred runs that went well are a hundred traces that nobody opens. */
static void throw_away(const struct suite_options *suite, const struct suite_item *item)
{
    static const char *const names[] = {"trace.jsonl", "can.log",  "dut.log",
                                        "result.json", "plot.csv", "plot.svg"};
    char folder[1000], path[1100];
    suite_folder(suite, item, folder, sizeof folder);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

static bool good(const struct result *r)
{
    return r->code == VERDICT_PASS || r->code == VERDICT_PASS_SLACK || r->code == VERDICT_SKIPPED ||
           r->code == VERDICT_EXCLUDED;
}

/* Both runs are through: their fingerprints must be equal. */
static const struct result *compare(const struct suite_options *suite, struct suite_item *first,
                                    struct suite_item *second)
{
    struct result *a = first->result, *b = second->result;
    char folder_a[1000], folder_b[1000], path_a[1100], path_b[1100], why[100];
    bool differ = strcmp(a->sha256, b->sha256) != 0;
    if (!differ && a->code != b->code && b->code == VERDICT_HARNESS_ERROR) {
        a->code = b->code;
        result_reason(a, b->reason);
    }
    if (!differ || a->code == VERDICT_HARNESS_ERROR) {
        throw_away(suite, second);
        return a;
    }
    suite_folder(suite, first, folder_a, sizeof folder_a);
    suite_folder(suite, second, folder_b, sizeof folder_b);
    snprintf(path_a, sizeof path_a, "%s/trace.jsonl", folder_a);
    snprintf(path_b, sizeof path_b, "%s/trace.jsonl", folder_b);
    char *difference = trace_difference(path_a, path_b);
    snprintf(why, sizeof why, "not deterministic: hash %.12s / hash %.12s", a->sha256,
             b->sha256[0] ? b->sha256 : "none");
    result_reason(a, why);
    result_add_error(a, "a second run is the same as the first", why, difference);
    free(difference);
    return a;
}

static const struct result *watch_twice(const struct run_watch *w, struct suite_item *item)
{
    struct suite_item *first = item->folder[0] ? item - 1 : item;
    bool pair = first + 1 < w->plan->items + w->plan->n && first[1].scenario == first->scenario;
    if (!pair)
        return item->result;
    if (!first[0].result || !first[1].result)
        return NULL; /* the other one is still running */
    return compare(w->suite, first, first + 1);
}

const struct result *run_watch_result(void *ctx, struct suite_item *item)
{
    const struct run_watch *w = ctx;
    switch (w->args->mode) {
    case RUN_ONCE: break;
    case RUN_TWICE: return watch_twice(w, item);
    case RUN_SEEDS:
    case RUN_SWEEP:
        if (!good(item->result))
            break;
        if (!w->args->run.plot)
            throw_away(w->suite, item);
        return NULL;
    }
    return item->result;
}
