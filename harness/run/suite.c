/* SPDX-License-Identifier: Apache-2.0
 *
 * A small scheduler: free slots take the next scenario, ended workers leave result.json behind.
 */
#include "harness/run/suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_MAX = 64, ARGS_MAX = 64, STATUS_PERIOD_US = 500000, HEARTBEAT_US = 10000000 };

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
    size_t n, next, done, failed;
    struct loop *loop;
    struct loop_timer *status;
    struct loop_signal *sigint, *sigterm;
    struct slot slots[SLOTS_MAX];
    bool interrupted;
    uint64_t began_us, spoke_us;
};

static void result_path(const struct suite *s, const struct suite_item *item, char *out, size_t cap)
{
    snprintf(out, cap, "%s/%s/result.json", s->options->out_dir, item->scenario->id);
}

static struct result *stand_in(const struct suite_item *item, enum verdict_code code,
                               const char *reason)
{
    struct result *r = result_new(item->scenario->path);
    result_describe(r, item->scenario, "", "pty");
    r->code = code;
    result_reason(r, reason);
    return r;
}

static void clear_status(const struct suite *s)
{
    if (s->options->progress)
        fputs("\r\033[K", stdout);
}

static void print_status(struct suite *s)
{
    uint64_t now = loop_now(s->loop);
    size_t running = 0;
    const char *name = "";
    for (size_t i = 0; i < s->options->jobs; i++)
        if (s->slots[i].item) {
            running++;
            name = s->slots[i].item->scenario->id;
        }
    if (s->options->progress) {
        printf("\r\033[K%zu of %zu done, %zu failed, %zu running (%s ...), %.0f s", s->done, s->n,
               s->failed, running, name, (double)(now - s->began_us) / 1e6);
        fflush(stdout);
    } else if (now - s->spoke_us > HEARTBEAT_US) {
        printf("... %zu of %zu done, %zu running, %.0f s\n", s->done, s->n, running,
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
    s->done++;
    s->failed += item->result->code == VERDICT_FAIL || item->result->code == VERDICT_HARNESS_ERROR;
    clear_status(s);
    report_line(stdout, &s->options->report, item->result);
    fflush(stdout);
    s->spoke_us = loop_now(s->loop);
}

static void on_worker(void *ctx, int status, int signal)
{
    struct slot *slot = ctx;
    struct suite *s = slot->suite;
    take_result(s, slot, status, signal);
    loop_child_delete(slot->child);
    slot->child = NULL;
    slot->item = NULL;
    start_more(s);
}

static void start(struct suite *s, size_t index, struct suite_item *item)
{
    struct slot *slot = &s->slots[index];
    const char *argv[ARGS_MAX];
    char number[16], path[1024];
    size_t n = 0;
    result_path(s, item, path, sizeof path);
    remove(path); /* an old result must not stand for a worker that dies */
    for (; s->options->worker_argv[n] && n < ARGS_MAX - 4; n++)
        argv[n] = s->options->worker_argv[n];
    snprintf(number, sizeof number, "%zu", index);
    argv[n++] = "--slot";
    argv[n++] = number;
    argv[n++] = item->scenario->path;
    argv[n] = NULL;
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

static void start_more(struct suite *s)
{
    bool stop = s->interrupted || (s->options->stop_on_failure && s->failed);
    for (size_t i = 0; i < s->options->jobs && !stop; i++)
        while (!s->slots[i].item && s->next < s->n)
            start(s, i, &s->items[s->next++]);
    for (size_t i = 0; i < s->options->jobs; i++)
        if (s->slots[i].item)
            return;
    loop_stop(s->loop);
}

static void on_status(void *ctx)
{
    struct suite *s = ctx;
    uint64_t now = loop_now(s->loop);
    for (size_t i = 0; i < s->options->jobs; i++)
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
    for (size_t i = 0; i < s->options->jobs; i++)
        if (s->slots[i].item)
            loop_child_kill(s->slots[i].child, SIGTERM);
    start_more(s);
}

bool suite_run(const struct suite_options *options, struct suite_item *items, size_t n)
{
    struct suite *s = calloc(1, sizeof *s);
    if (!s || loop_new(&s->loop) != ERR_OK)
        abort();
    struct suite_options bounded = *options;
    bounded.jobs = options->jobs < SLOTS_MAX ? options->jobs : SLOTS_MAX;
    s->options = &bounded;
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
    free(s);
    return whole;
}
