/* SPDX-License-Identifier: Apache-2.0
 *
 * A small scheduler: free slots take the next scenario, ended workers leave result.json behind.
 */
#include "harness/run/suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "harness/run/leftovers.h"

enum { SLOTS_MAX = 64, ARGS_MAX = 80, STATUS_PERIOD_US = 500000, HEARTBEAT_US = 10000000 };

struct slot {
    struct suite *suite;
    struct loop_child *child;
    struct suite_item *item;
    uint64_t deadline_us;
    bool killed;
};

struct suite {
    const struct suite_options *options;
    struct suite_item *items;
    size_t n, done, failed;
    size_t next[2]; /* of the virtual ones, of the others */
    struct loop *loop;
    struct loop_timer *status;
    struct loop_signal *sigint, *sigterm;
    struct slot slots[SLOTS_MAX];
    bool interrupted;
    uint64_t began_us, spoke_us;
};

void suite_folder(const struct suite_options *options, const struct suite_item *item, char *out,
                  size_t cap)
{
    snprintf(out, cap, "%s%s%s/%s", options->out_dir, item->folder[0] ? "/" : "", item->folder,
             item->scenario->id);
}

static void result_path(const struct suite *s, const struct suite_item *item, char *out, size_t cap)
{
    char folder[1000];
    suite_folder(s->options, item, folder, sizeof folder);
    snprintf(out, cap, "%s/result.json", folder);
}

static struct result *stand_in(const struct suite_item *item, enum verdict_code code,
                               const char *reason)
{
    struct result *r = result_new(item->scenario->path);
    result_describe(r, item->scenario, "", tier_name(item->tier));
    snprintf(r->label, sizeof r->label, "%s", item->label);
    r->seed = item->seed;
    r->phase_us = item->phase_us;
    r->code = code;
    result_reason(r, reason);
    return r;
}

static void clear_status(const struct suite *s)
{
    if (s->options->progress)
        fputs("\r\033[K", stdout);
}

static size_t running(const struct suite *s)
{
    size_t n = 0;
    for (size_t i = 0; i < SLOTS_MAX; i++)
        n += s->slots[i].item != NULL;
    return n;
}

static void print_status(struct suite *s)
{
    uint64_t now = loop_now(s->loop);
    size_t n_running = running(s);
    const char *name = "";
    for (size_t i = 0; i < SLOTS_MAX; i++)
        if (s->slots[i].item)
            name = s->slots[i].item->scenario->id;
    if (s->options->progress) {
        printf("\r\033[K%zu of %zu done, %zu failed, %zu running (%s ...), %.0f s", s->done, s->n,
               s->failed, n_running, name, (double)(now - s->began_us) / 1e6);
        fflush(stdout);
    } else if (now - s->spoke_us > HEARTBEAT_US) {
        printf("... %zu of %zu done, %zu running, %.0f s\n", s->done, s->n, n_running,
               (double)(now - s->began_us) / 1e6);
        fflush(stdout);
        s->spoke_us = now;
    }
}

static void start_more(struct suite *s);

static void take_result(struct suite *s, struct slot *slot, int status, int signal)
{
    char path[1024], why[120];
    struct suite_item *item = slot->item;
    result_path(s, item, path, sizeof path);
    if (slot->killed)
        item->result = stand_in(item, VERDICT_HARNESS_ERROR, "the worker did not end in time");
    else if (signal || result_load(path, &item->result) != ERR_OK) {
        snprintf(why, sizeof why, "the worker ended with %s %d and left no result",
                 signal ? "signal" : "status", signal ? signal : status);
        item->result = stand_in(item, VERDICT_HARNESS_ERROR, why);
    }
    snprintf(item->result->label, sizeof item->result->label, "%s", item->label);
    const struct result *shown =
        s->options->on_result ? s->options->on_result(s->options->ctx, item) : item->result;
    s->done++;
    /* There is one: loaded or stand-in. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    enum verdict_code code = shown ? shown->code : item->result->code;
    s->failed += code == VERDICT_FAIL || code == VERDICT_HARNESS_ERROR;
    if (!shown)
        return;
    clear_status(s);
    report_line(stdout, &s->options->report, shown);
    fflush(stdout);
    s->spoke_us = loop_now(s->loop);
}

static void on_worker(void *ctx, int status, int signal)
{
    struct slot *slot = ctx;
    struct suite *s = slot->suite;
    if (signal)
        leftovers_remove();
    take_result(s, slot, status, signal);
    loop_child_delete(slot->child);
    slot->child = NULL;
    slot->item = NULL;
    start_more(s);
}

/* The worker's command line: ours, and after it what is special about this run. `text` holds the
 * numbers. */
static void worker_line(const struct suite *s, const struct suite_item *item, size_t slot,
                        const char **argv, char text[4][1024])
{
    size_t n = 0;
    for (; n < ARGS_MAX - 16 && s->options->worker_argv[n]; n++)
        argv[n] = s->options->worker_argv[n];
    snprintf(text[0], sizeof text[0], "%zu", slot);
    snprintf(text[1], sizeof text[1], "%llu", (unsigned long long)item->seed);
    snprintf(text[2], sizeof text[2], "%llu us", (unsigned long long)item->phase_us);
    snprintf(text[3], sizeof text[3], "%s/%s", s->options->out_dir, item->folder);
    argv[n++] = "--tier";
    argv[n++] = tier_name(item->tier);
    argv[n++] = "--out";
    argv[n++] = text[3];
    if (item->seed) {
        argv[n++] = "--seed";
        argv[n++] = text[1];
    }
    if (item->phase_us) {
        argv[n++] = "--phase";
        argv[n++] = text[2];
    }
    argv[n++] = "--slot";
    argv[n++] = text[0];
    argv[n++] = item->scenario->path;
    argv[n] = NULL;
}

static void start(struct suite *s, size_t index, struct suite_item *item)
{
    struct slot *slot = &s->slots[index];
    const char *argv[ARGS_MAX];
    char path[1024], text[4][1024];
    result_path(s, item, path, sizeof path);
    remove(path); /* an old result must not stand for a worker that dies */
    worker_line(s, item, index, argv, text);
    struct loop_spawn spawn = {
        .file = argv[0], .argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1};
    *slot = (struct slot){.suite = s, .item = item};
    slot->deadline_us = loop_now(s->loop) + item->limit_us;
    enum err err = loop_child_spawn(s->loop, &spawn, on_worker, slot, &slot->child);
    if (err != ERR_OK) {
        item->result = stand_in(item, VERDICT_HARNESS_ERROR, "cannot start a worker");
        s->done++;
        slot->item = NULL;
    }
}

/* The next item of a group (0: virtual, 1: the others); NULL when all have been started. */
static struct suite_item *next_item(struct suite *s, unsigned group)
{
    while (s->next[group] < s->n) {
        struct suite_item *item = &s->items[s->next[group]++];
        if ((item->tier != TIER_VIRTUAL) == group)
            return item;
    }
    return NULL;
}

static void start_group(struct suite *s, unsigned group)
{
    unsigned jobs = group ? s->options->jobs_real : s->options->jobs_virtual;
    struct suite_item *item = NULL;
    for (size_t i = 0; i < jobs && i < SLOTS_MAX; i++)
        while (!s->slots[i].item && (item = next_item(s, group)) != NULL)
            start(s, i, item);
}

static void start_more(struct suite *s)
{
    bool stop = s->interrupted || (s->options->stop_on_failure && s->failed);
    if (!stop)
        start_group(s, 0);
    if (!stop && (s->next[1] > 0 || running(s) == 0))
        start_group(s, 1);
    if (running(s) == 0)
        loop_stop(s->loop);
}

static void on_status(void *ctx)
{
    struct suite *s = ctx;
    uint64_t now = loop_now(s->loop);
    for (size_t i = 0; i < SLOTS_MAX; i++)
        if (s->slots[i].item && now > s->slots[i].deadline_us) {
            bool again = s->slots[i].killed;
            s->slots[i].killed = true;
            s->slots[i].deadline_us = now + 3 * US_PER_S;
            loop_child_kill(s->slots[i].child, again ? SIGKILL : SIGTERM);
        }
    print_status(s);
}

static void on_interrupt(void *ctx, int signum)
{
    struct suite *s = ctx;
    (void)signum;
    s->interrupted = true;
    for (size_t i = 0; i < SLOTS_MAX; i++)
        if (s->slots[i].item)
            loop_child_kill(s->slots[i].child, SIGTERM);
    start_more(s);
}

bool suite_run(const struct suite_options *options, struct suite_item *items, size_t n)
{
    struct suite *s = calloc(1, sizeof *s);
    if (!s || loop_new(&s->loop) != ERR_OK)
        abort();
    struct leftovers_watch watch;
    leftovers_remove(); /* of runs that were killed, with everything that could have cleaned up */
    leftovers_watch_start(&watch);
    s->options = options;
    s->items = items;
    s->n = n;
    s->began_us = s->spoke_us = loop_now(s->loop);
    if (loop_timer_new(s->loop, on_status, s, &s->status) != ERR_OK ||
        loop_signal_new(s->loop, SIGINT, on_interrupt, s, &s->sigint) != ERR_OK ||
        loop_signal_new(s->loop, SIGTERM, on_interrupt, s, &s->sigterm) != ERR_OK)
        abort();
    loop_timer_every(s->status, s->began_us + STATUS_PERIOD_US, STATUS_PERIOD_US);
    start_more(s);
    if (s->done < s->n)
        loop_run(s->loop);
    clear_status(s);
    for (size_t i = 0; i < n; i++)
        if (!items[i].result)
            items[i].result = stand_in(&items[i], VERDICT_SKIPPED,
                                       s->interrupted ? "interrupted" : "stopped at a failure");
    bool whole = !s->interrupted;
    loop_timer_delete(s->status);
    loop_signal_delete(s->sigint);
    loop_signal_delete(s->sigterm);
    loop_delete(s->loop);
    leftovers_watch_end(&watch);
    free(s);
    return whole;
}
