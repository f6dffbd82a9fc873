/* SPDX-License-Identifier: Apache-2.0
 *
 * One probe every 20 ms; the delay counts from the instant the probe was due, so a loop that woke
 * late is seen as well as a slow terminal.
 */
#include "harness/run/loopback.h"

#include <stdlib.h>
#include <string.h>

#include "port/tty.h"

enum { PERIOD_US = 20000, MAX_SAMPLES = 1 << 18 };

struct loopback {
    struct loop *loop;
    struct tty *master, *slave;
    struct loop_timer *timer;
    uint64_t next_us, sent_us; /* sent_us 0: no probe under way */
    uint32_t *at;
    size_t n, cap;
};

static void record(struct loopback *l, uint64_t delay_us)
{
    if (l->n == MAX_SAMPLES)
        return;
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 4096;
        uint32_t *p = realloc(l->at, l->cap * sizeof *p);
        if (!p)
            abort();
        l->at = p;
    }
    l->at[l->n++] = delay_us > UINT32_MAX ? UINT32_MAX : (uint32_t)delay_us;
}

static void on_bytes(void *ctx, struct span bytes)
{
    struct loopback *l = ctx;
    (void)bytes;
    if (l->sent_us)
        record(l, loop_now(l->loop) - l->sent_us);
    l->sent_us = 0;
}

static void on_ignored(void *ctx, struct span bytes)
{
    (void)ctx;
    (void)bytes;
}

static void on_timer(void *ctx)
{
    struct loopback *l = ctx;
    if (!l->sent_us) {
        l->sent_us = l->next_us;
        tty_write(l->master, SPAN_LIT("\x55"));
    }
    uint64_t now = loop_now(l->loop);
    while (l->next_us <= now)
        l->next_us += PERIOD_US;
    loop_timer_at(l->timer, l->next_us);
}

enum err loopback_new(struct loop *loop, struct loopback **ret)
{
    struct loopback *l = calloc(1, sizeof *l);
    if (!l)
        return ERR_MEMORY;
    l->loop = loop;
    struct tty_handler master = {.on_bytes = on_ignored, .ctx = l};
    struct tty_handler slave = {.on_bytes = on_bytes, .ctx = l};
    enum err err = tty_open_pty(loop, NULL, &master, &l->master);
    if (err == ERR_OK)
        err = tty_open(loop, tty_slave(l->master), 115200, &slave, &l->slave);
    if (err == ERR_OK)
        err = loop_timer_new(loop, on_timer, l, &l->timer);
    if (err != ERR_OK) {
        loopback_delete(l);
        return err;
    }
    l->next_us = loop_now(loop) + PERIOD_US;
    loop_timer_at(l->timer, l->next_us);
    *ret = l;
    return ERR_OK;
}

void loopback_delete(struct loopback *l)
{
    if (!l)
        return;
    loop_timer_delete(l->timer);
    tty_delete(l->slave);
    tty_delete(l->master);
    free(l->at);
    free(l);
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void loopback_stats(const struct loopback *l, struct loopback_stats *ret)
{
    *ret = (struct loopback_stats){.samples = l->n};
    if (!l->n)
        return;
    uint32_t *sorted = malloc(l->n * sizeof *sorted);
    if (!sorted)
        abort();
    memcpy(sorted, l->at, l->n * sizeof *sorted);
    qsort(sorted, l->n, sizeof *sorted, by_value);
    ret->p50_us = sorted[l->n / 2];
    ret->p99_us = sorted[l->n * 99 / 100];
    ret->p999_us = sorted[l->n * 999 / 1000];
    ret->max_us = sorted[l->n - 1];
    free(sorted);
}
