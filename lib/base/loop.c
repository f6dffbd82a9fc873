/* SPDX-License-Identifier: Apache-2.0
 *
 * The loop's public face: timers, and everything else passed on to the backend.
 */
#include "base/loop.h"

#include <stddef.h>

#include "base/loop_backend.h"

void loop_delete(struct loop *loop)
{
    if (loop == NULL)
        return;
    loop_timers_free(&loop->timers);
    loop->ops->destroy(loop);
}

void loop_run(struct loop *loop)
{
    while (!loop->stopping) {
        if (!loop->ops->turn(loop, NEVER_US))
            break;
    }
    loop->stopping = false;
}

void loop_turn(struct loop *loop, uint64_t deadline_us)
{
    loop->ops->turn(loop, deadline_us);
}

void loop_stop(struct loop *loop)
{
    loop->stopping = true;
}

const struct clock *loop_clock(const struct loop *loop)
{
    return loop->clock;
}

uint64_t loop_now(const struct loop *loop)
{
    return clock_now_us(loop->clock);
}

/* ---- timers ---- */

enum err loop_timer_new(struct loop *loop, loop_timer_fn fn, void *ctx, struct loop_timer **ret)
{
    struct loop_timer *timer;
    enum err e = loop_timers_add(&loop->timers, fn, ctx, &timer);

    if (e != ERR_OK)
        return e;
    timer->loop = loop;
    *ret = timer;
    return ERR_OK;
}

/* Tells the backend; cheap enough to do whether or not the earliest deadline changed. */
static void rearm(struct loop *loop)
{
    loop->ops->rearm(loop, loop_timers_next(&loop->timers));
}

void loop_timer_at(struct loop_timer *timer, uint64_t deadline_us)
{
    loop_timers_arm(timer, deadline_us, 0);
    rearm(timer->loop);
}

void loop_timer_after(struct loop_timer *timer, uint64_t delay_us)
{
    loop_timer_at(timer, deadline_add(loop_now(timer->loop), delay_us));
}

void loop_timer_every(struct loop_timer *timer, uint64_t first_us, uint64_t period_us)
{
    loop_timers_arm(timer, first_us, period_us);
    rearm(timer->loop);
}

void loop_timer_stop(struct loop_timer *timer)
{
    loop_timer_at(timer, NEVER_US);
}

bool loop_timer_active(const struct loop_timer *timer)
{
    return timer->at != SIZE_MAX;
}

void loop_timer_delete(struct loop_timer *timer)
{
    if (timer == NULL)
        return;
    struct loop *loop = timer->loop;
    loop_timers_remove(timer);
    rearm(loop);
}

/* ---- the backend's handles ---- */

enum err loop_io_new(struct loop *loop, int fd, unsigned events, loop_io_fn fn, void *ctx,
                     struct loop_io **ret)
{
    return loop->ops->io_new(loop, fd, events, fn, ctx, ret);
}

void loop_io_want(struct loop_io *io, unsigned events)
{
    io->loop->ops->io_want(io, events);
}

void loop_io_delete(struct loop_io *io)
{
    if (io != NULL)
        io->loop->ops->io_delete(io);
}

enum err loop_signal_new(struct loop *loop, int signum, loop_signal_fn fn, void *ctx,
                         struct loop_signal **ret)
{
    return loop->ops->signal_new(loop, signum, fn, ctx, ret);
}

void loop_signal_delete(struct loop_signal *sig)
{
    if (sig != NULL)
        sig->loop->ops->signal_delete(sig);
}

enum err loop_child_spawn(struct loop *loop, const struct loop_spawn *spawn, loop_child_fn fn,
                          void *ctx, struct loop_child **ret)
{
    return loop->ops->child_spawn(loop, spawn, fn, ctx, ret);
}

pid_t loop_child_pid(const struct loop_child *child)
{
    return child->pid;
}

bool loop_child_running(const struct loop_child *child)
{
    return child->running;
}

enum err loop_child_kill(struct loop_child *child, int signum)
{
    return child->loop->ops->child_kill(child, signum);
}

void loop_child_delete(struct loop_child *child)
{
    if (child != NULL)
        child->loop->ops->child_delete(child);
}

enum err loop_lookup_new(struct loop *loop, const char *host, uint16_t port, loop_lookup_fn fn,
                         void *ctx, struct loop_lookup **ret)
{
    return loop->ops->lookup_new(loop, host, port, fn, ctx, ret);
}

void loop_lookup_delete(struct loop_lookup *lookup)
{
    if (lookup != NULL)
        lookup->loop->ops->lookup_delete(lookup);
}
