/* SPDX-License-Identifier: Apache-2.0
 *
 * The programs' own timers: timerfd (made readable), and those that send a signal.
 */
#define _GNU_SOURCE
#include <unistd.h>

#include "harness/vt/vt_priv.h"

int vt_timer_new(struct vt_loop *v, pid_t pid, int signum, int fd)
{
    for (unsigned i = 0; i < VT_MAX_TIMERS; i++) {
        struct vt_timer *t = &v->shared->timers[i];
        if (t->used)
            continue;
        t->used = 1;
        t->due_ns = VT_NEVER;
        t->interval_ns = 0;
        t->fired = 0;
        t->signum = signum;
        t->pid = pid;
        v->slots[i].fd = fd;
        if (i >= v->slots_end)
            v->slots_end = i + 1;
        return (int)i;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

void vt_timer_drop(struct vt_loop *v, unsigned index)
{
    if (index >= VT_MAX_TIMERS || !v->shared->timers[index].used)
        return;
    v->shared->timers[index].used = 0;
    if (v->slots[index].fd >= 0)
        close(v->slots[index].fd);
    v->slots[index].fd = -1;
    while (v->slots_end > 0 && !v->shared->timers[v->slots_end - 1].used)
        v->slots_end--;
}

void vt_timers_of_dead(struct vt_loop *v, pid_t pid)
{
    for (unsigned i = v->slots_end; i-- > 0;)
        if (v->shared->timers[i].pid == pid)
            vt_timer_drop(v, i);
}

int64_t vt_timers_next(const struct vt_loop *v)
{
    int64_t next = VT_NEVER;

    for (unsigned i = 0; i < v->slots_end; i++) {
        const struct vt_timer *t = &v->shared->timers[i];
        if (t->used && t->due_ns < next)
            next = t->due_ns;
    }
    return next;
}

static void expire(struct vt_loop *v, unsigned index)
{
    struct vt_timer *t = &v->shared->timers[index];
    const uint64_t one = 1;
    int64_t due = t->due_ns;

    t->fired++;
    if (v->slots[index].fd >= 0) {
        t->due_ns = VT_NEVER; /* reading it arms it again */
        ssize_t n = write(v->slots[index].fd, &one, sizeof one);
        (void)n;
        return;
    }
    t->due_ns = t->interval_ns > 0 ? due + t->interval_ns : VT_NEVER;
    struct vt_process *p = vt_process_of(v, t->pid);
    if (p == NULL)
        return;
    if (t->signum > 0)
        vt_process_signal(v, p, t->signum);
    else /* a thread of the program waits for it */
        vt_notify(v, p, (uint64_t)(uintptr_t)index + VT_OBJECT_TIMER, UINT32_MAX);
}

void vt_timers_fire(struct vt_loop *v)
{
    for (unsigned i = 0; i < v->slots_end; i++)
        if (v->shared->timers[i].used && v->shared->timers[i].due_ns <= vt_now(v))
            expire(v, i);
}
