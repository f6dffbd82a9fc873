/* SPDX-License-Identifier: Apache-2.0
 *
 * The virtual loop: one turn, and what a loop is expected to have.
 */
#define _GNU_SOURCE
#include "harness/vt/vt.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/vt/vt_priv.h"

enum { NOTES_MAX = 20, IDLE_MS = 1000, PACE_MS = 5 };

uint64_t vt_real_us(void)
{
    return clock_now_us(clock_system());
}

void vt_note(struct vt_loop *v, const char *format, ...)
{
    char text[300];
    va_list args;

    if (v->options.on_note == NULL || v->notes++ >= NOTES_MAX)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    v->options.on_note(v->options.ctx, text);
}

/* ---- clock ---- */

static uint64_t now_us(void *ctx)
{
    const struct vt_loop *v = ctx;
    return (uint64_t)(v->shared->now_ns / VT_NS_PER_US);
}

static uint64_t wall_us(void *ctx)
{
    const struct vt_loop *v = ctx;
    return (uint64_t)((v->shared->now_ns + v->shared->wall_ns) / VT_NS_PER_US);
}

/* ---- looking ---- */

size_t vt_add(struct vt_loop *v, int fd, short events)
{
    if (v->n_set == v->cap_set) {
        v->cap_set = v->cap_set != 0 ? 2 * v->cap_set : 64;
        v->set = realloc(v->set, v->cap_set * sizeof *v->set);
        if (v->set == NULL)
            abort();
    }
    v->set[v->n_set] = (struct pollfd){.fd = fd, .events = events};
    return v->n_set++;
}

static void look(struct vt_loop *v)
{
    v->n_set = 0;
    vt_add(v, v->listener, POLLIN);
    for (struct vt_io *io = v->ios; io != NULL; io = io->next) {
        short events = (short)(((io->io.events & LOOP_READ) != 0 ? POLLIN : 0) |
                               ((io->io.events & LOOP_WRITE) != 0 ? POLLOUT : 0));
        io->poll_at = vt_add(v, io->deleted ? -1 : io->io.fd, events);
        if (io->master && !io->deleted)
            vt_add(v, vt_pty_slave(io), POLLIN);
    }
    for (struct vt_child *c = v->children; c != NULL; c = c->next)
        c->poll_at = vt_add(v, c->pidfd, POLLIN);
    for (struct vt_signal *s = v->signals; s != NULL; s = s->next)
        s->poll_at = vt_add(v, s->fd, POLLIN);
    for (struct vt_actor *a = v->actors; a != NULL; a = a->next) {
        size_t at = vt_add(v, a->gone ? -1 : a->fd, POLLIN);
        a->poll_at = at + 1;
        for (unsigned i = 0; i < a->n_fds; i++)
            vt_add(v, a->fds[i].fd, a->fds[i].events);
    }
    poll(v->set, (nfds_t)v->n_set, 0);
}

static bool any_child_ended(const struct vt_loop *v)
{
    for (const struct vt_child *c = v->children; c != NULL; c = c->next)
        if (c->deleted || (c->pidfd >= 0 && v->set[c->poll_at].revents != 0))
            return true;
    return false;
}

/* ---- the programs ---- */

/* Packets from those who are outside, or whose handlers ran. */
static bool hear(struct vt_loop *v)
{
    bool any = v->set[0].revents != 0;

    if (any)
        vt_accept(v);
    for (struct vt_actor *a = v->actors; a != NULL; a = a->next) {
        if (a->gone || a->poll_at == 0 || v->set[a->poll_at - 1].revents == 0)
            continue;
        any = true;
        vt_receive(v, a);
    }
    return any;
}

/* A program that was started is up before anybody looks for it. */
static bool wake_starting(struct vt_loop *v)
{
    for (struct vt_actor *a = v->actors; a != NULL; a = a->next)
        if (a->starts && vt_has_something(v, a)) {
            a->starts = false;
            vt_wake(v, a);
            return true;
        }
    return false;
}

static bool wake_signalled(struct vt_loop *v)
{
    for (struct vt_actor *a = v->actors; a != NULL; a = a->next)
        if (a->signalled && !a->gone && a->state == VT_WAITS) {
            vt_receive(v, a); /* VT_RESUME, when a handler ran */
            vt_wake(v, a);
            return true;
        }
    return false;
}

static bool wake_first(struct vt_loop *v)
{
    for (struct vt_actor *a = v->actors; a != NULL; a = a->next)
        if (vt_has_something(v, a)) {
            vt_wake(v, a);
            return true;
        }
    return false;
}

/* ---- time ---- */

static bool fire(struct vt_loop *v)
{
    uint64_t us = now_us(v);
    bool any = false;

    if (vt_timers_next(v) <= vt_now(v)) {
        vt_timers_fire(v);
        any = true;
    }
    if (loop_timers_next(&v->loop.timers) <= us) {
        loop_timers_fire(&v->loop.timers, us);
        any = true;
    }
    return any;
}

static int64_t ns_of(uint64_t us)
{
    return us >= (uint64_t)VT_NEVER / VT_NS_PER_US ? VT_NEVER : (int64_t)us * VT_NS_PER_US;
}

static int64_t min_ns(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void set_now(struct vt_loop *v, int64_t ns)
{
    if (ns <= vt_now(v))
        return;
    v->stats.advances++;
    v->stats.virtual_us += (uint64_t)((ns - vt_now(v)) / VT_NS_PER_US);
    v->shared->now_ns = ns;
}

/* At the pace of the real clock; false when there is nothing more to do at this instant. */
static void advance_bound(struct vt_loop *v, int64_t next)
{
    int64_t before = vt_now(v);

    if (v->pace_from_ns == VT_NEVER) {
        v->pace_from_ns = before;
        v->pace_from_real_us = vt_real_us();
    }
    int64_t allowed = v->pace_from_ns + ns_of(vt_real_us() - v->pace_from_real_us);
    if (next > allowed) {
        poll(v->set, (nfds_t)v->n_set, PACE_MS);
        allowed = v->pace_from_ns + ns_of(vt_real_us() - v->pace_from_real_us);
    }
    set_now(v, min_ns(next, allowed));
    v->stats.real_us += (uint64_t)((vt_now(v) - before) / VT_NS_PER_US);
}

/* Moves the clock to what comes next. */
static void advance(struct vt_loop *v, uint64_t deadline_us)
{
    int64_t next = min_ns(min_ns(ns_of(loop_timers_next(&v->loop.timers)), ns_of(deadline_us)),
                          min_ns(vt_timers_next(v), vt_earliest_deadline(v)));

    if (vt_is_bound(v)) {
        advance_bound(v, next);
        return;
    }
    v->pace_from_ns = VT_NEVER;
    if (next == VT_NEVER)
        poll(v->set, (nfds_t)v->n_set, IDLE_MS); /* only the world outside can do something */
    else
        set_now(v, next);
}

static bool has_work(const struct vt_loop *v)
{
    if (v->ios != NULL || v->signals != NULL || v->lookups != NULL ||
        loop_timers_next(&v->loop.timers) != NEVER_US)
        return true;
    for (const struct vt_child *c = v->children; c != NULL; c = c->next)
        if (c->child.running)
            return true;
    return false;
}

static bool turn(struct loop *loop, uint64_t deadline_us)
{
    struct vt_loop *v = vt_of(loop);

    vt_settle(v);
    if (v->signals_to != 0)
        vt_watch_signals(v);
    vt_sweep(v);
    if (!has_work(v))
        return false;
    if (wake_signalled(v))
        return true;
    look(v);
    if (hear(v) || wake_starting(v) || vt_hand_out(v))
        return true;
    if (any_child_ended(v) && vt_children_reap(v))
        return true;
    if (vt_hand_signals(v) || vt_hand_lookups(v) || fire(v) || wake_first(v))
        return true;
    if (ns_of(deadline_us) <= vt_now(v))
        return true;
    advance(v, deadline_us);
    if (!fire(v)) /* what was polled still holds: nobody has run since */
        wake_first(v);
    return true;
}

static void rearm(struct loop *loop, uint64_t deadline_us)
{
    (void)loop;
    (void)deadline_us; /* the heap is asked when time moves */
}

/* ---- life ---- */

static void destroy(struct loop *loop)
{
    struct vt_loop *v = vt_of(loop);

    vt_kill_all(v);
    while (v->actors != NULL) {
        struct vt_actor *a = v->actors;
        v->actors = a->next;
        for (unsigned i = 0; i < a->n_fds; i++)
            close(a->fds[i].fd);
        if (a->fd >= 0)
            close(a->fd);
        free(a);
    }
    while (v->children != NULL) {
        struct vt_child *c = v->children;
        v->children = c->next;
        if (c->pidfd >= 0)
            close(c->pidfd);
        free(c);
    }
    for (struct vt_io *io = v->ios; io != NULL; io = io->next)
        io->deleted = true;
    vt_sweep_ios(v);
    for (struct vt_signal *s = v->signals; s != NULL; s = s->next)
        s->deleted = true;
    vt_sweep_signals(v);
    while (v->lookups != NULL) {
        struct vt_lookup *l = v->lookups;
        v->lookups = l->next;
        free(l);
    }
    for (unsigned i = 0; v->shared != NULL && i < VT_MAX_TIMERS; i++)
        vt_timer_drop(v, i);
    if (v->shared != NULL)
        munmap(v->shared, sizeof *v->shared);
    if (v->memory >= 0)
        close(v->memory);
    if (v->listener >= 0)
        close(v->listener);
    unlink(v->path);
    free(v->set);
    free(v);
}

static const struct loop_ops vt_ops = {
    .destroy = destroy,
    .turn = turn,
    .rearm = rearm,
    .io_new = vt_io_new,
    .io_want = vt_io_want,
    .io_delete = vt_io_delete,
    .signal_new = vt_signal_new,
    .signal_delete = vt_signal_delete,
    .child_spawn = vt_child_spawn,
    .child_kill = vt_child_kill,
    .child_delete = vt_child_delete,
    .lookup_new = vt_lookup_new,
    .lookup_delete = vt_lookup_delete,
};

static enum err share(struct vt_loop *v)
{
    v->memory = memfd_create("bmsrig-vt", MFD_CLOEXEC);
    if (v->memory < 0 || ftruncate(v->memory, sizeof *v->shared) != 0)
        return err_from_errno(errno);
    void *map = mmap(NULL, sizeof *v->shared, PROT_READ | PROT_WRITE, MAP_SHARED, v->memory, 0);
    if (map == MAP_FAILED)
        return err_from_errno(errno);
    v->shared = map;
    v->shared->now_ns = ns_of(v->options.start_us);
    v->shared->wall_ns = ns_of(v->options.wall_us) - ns_of(v->options.start_us);
    return ERR_OK;
}

/* At most one of us runs at a time; on one processor, handing over needs no other to wake up. */
static void stay_on_one_processor(void)
{
    cpu_set_t set;
    int here = sched_getcpu();

    if (here < 0)
        return;
    CPU_ZERO(&set);
    CPU_SET((size_t)here, &set);
    sched_setaffinity(0, sizeof set, &set);
}

enum err vt_loop_new(const struct vt_options *options, struct loop **ret)
{
    struct vt_loop *v = calloc(1, sizeof *v);

    if (v == NULL)
        return ERR_MEMORY;
    v->options = *options;
    v->listener = -1;
    v->memory = -1;
    v->pace_from_ns = VT_NEVER;
    for (unsigned i = 0; i < VT_MAX_TIMERS; i++)
        v->slots[i].fd = -1;
    v->clock = (struct clock){.now_us = now_us, .wall_us = wall_us, .ctx = v};
    v->loop = (struct loop){.ops = &vt_ops, .clock = &v->clock};
    int n = snprintf(v->path, sizeof v->path, "%s/vt.sock", options->dir);
    enum err e = n > 0 && (size_t)n < sizeof v->path ? share(v) : ERR_RANGE;
    snprintf(v->preload, sizeof v->preload, "%s", options->preload);
    if (e == ERR_OK)
        e = vt_listen(v);
    if (e != ERR_OK) {
        destroy(&v->loop);
        return e;
    }
    stay_on_one_processor();
    *ret = &v->loop;
    return ERR_OK;
}

void vt_loop_step_wall(struct loop *loop, int64_t step_us)
{
    struct vt_loop *v = (struct vt_loop *)loop;

    v->shared->wall_ns += step_us * (int64_t)VT_NS_PER_US;
}

struct vt_stats vt_loop_stats(const struct loop *loop)
{
    return ((const struct vt_loop *)loop)->stats;
}
