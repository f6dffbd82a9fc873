/* SPDX-License-Identifier: Apache-2.0
 *
 * Timers that send signals or start threads: alarm, setitimer(ITIMER_REAL), timer_create. The
 * controller raises the signal when the timer is due. CPU-time timers stay real.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/shim/time_real.h"
#include "harness/shim/time_shim.h"

static void arm(int index, int64_t due_ns, int64_t interval_ns)
{
    struct vt_timer *t = &time_shared()->timers[index];

    t->fired = 0;
    t->interval_ns = interval_ns;
    t->due_ns = due_ns > time_now_ns() || due_ns == VT_NEVER ? due_ns : time_now_ns();
}

static int64_t left_ns(int index)
{
    int64_t due = time_shared()->timers[index].due_ns;

    if (due == VT_NEVER)
        return 0;
    return due > time_now_ns() ? due - time_now_ns() : 1;
}

/* ---- the one that every process has ---- */

static struct {
    _Atomic int index; /* + 1; 0: none yet */
    _Atomic pid_t owner;
} interval;

static int interval_timer(void)
{
    pid_t pid = getpid();

    if (interval.index == 0 || interval.owner != pid) { /* timers are not inherited */
        interval.index = time_timer_new(-1, SIGALRM) + 1;
        interval.owner = pid;
    }
    return interval.index - 1;
}

static int64_t timeval_ns(const struct timeval *tv)
{
    const struct timespec ts = {.tv_sec = tv->tv_sec, .tv_nsec = tv->tv_usec * 1000};
    return time_ns(&ts);
}

static struct timeval ns_timeval(int64_t ns)
{
    return (struct timeval){.tv_sec = ns / TIME_NS_PER_S, .tv_usec = ns % TIME_NS_PER_S / 1000};
}

static void describe_interval(int index, struct itimerval *ret)
{
    *ret = (struct itimerval){.it_interval = ns_timeval(time_shared()->timers[index].interval_ns),
                              .it_value = ns_timeval(left_ns(index))};
}

/* glibc names the parameter by a type of its own. */
PRELOAD_EXPORT int getitimer(__itimer_which_t which, struct itimerval *ret)
{
    if (which != ITIMER_REAL || !time_active())
        return time_real()->getitimer((int)which, ret);
    int index = interval_timer();
    if (index < 0) {
        errno = ENOMEM;
        return -1;
    }
    describe_interval(index, ret);
    return 0;
}

PRELOAD_EXPORT int setitimer(__itimer_which_t which, const struct itimerval *restrict value,
                             struct itimerval *restrict ret_old)
{
    const struct itimerval off = {0};

    if (which != ITIMER_REAL || !time_active())
        return time_real()->setitimer((int)which, value, ret_old);
    int index = interval_timer();
    if (value == NULL)
        value = &off;
    if (index < 0 || value->it_value.tv_usec < 0 || value->it_value.tv_usec > 999999 ||
        value->it_value.tv_sec < 0) {
        errno = index < 0 ? ENOMEM : EINVAL;
        return -1;
    }
    if (ret_old != NULL)
        describe_interval(index, ret_old);
    int64_t delay = timeval_ns(&value->it_value);
    arm(index, delay > 0 ? time_after(delay) : VT_NEVER, timeval_ns(&value->it_interval));
    return 0;
}

PRELOAD_EXPORT unsigned alarm(unsigned seconds)
{
    const struct itimerval value = {.it_value.tv_sec = (time_t)seconds};
    struct itimerval old = {0};

    if (setitimer(ITIMER_REAL, &value, &old) != 0)
        return 0;
    unsigned left = (unsigned)old.it_value.tv_sec + (old.it_value.tv_usec >= 500000 ? 1U : 0U);
    return left == 0 && old.it_value.tv_usec > 0 ? 1 : left;
}

/* ---- timer_create ---- */

enum { MARK = 0x40000000 }; /* tells our handles from the kernel's */

struct posix_timer {
    clockid_t clock;
    struct sigevent event;
    _Atomic bool ends;
};

static struct {
    struct posix_timer at[VT_MAX_TIMERS];
} posix;

static int index_of(timer_t id)
{
    intptr_t value = (intptr_t)id;
    return value >= MARK && value < MARK + VT_MAX_TIMERS ? (int)(value - MARK) : -1;
}

/* SIGEV_THREAD: a thread waits for the timer and calls the function, once for each expiration. */
static void *serve(void *arg)
{
    int index = (int)(intptr_t)arg;
    struct posix_timer *p = &posix.at[index];
    struct vt_timer *t = &time_shared()->timers[index];
    uint64_t served = 0;

    while (!p->ends) {
        const struct time_wait wait = {
            .call = "timer thread",
            .deadline_ns = VT_NEVER,
            .object = (const volatile void *)(uintptr_t)(VT_OBJECT_TIMER + (unsigned)index),
            .generation = time_object_enter(NULL),
        };
        if (t->fired < served)
            served = 0; /* armed anew */
        if (t->fired == served)
            time_block(&wait);
        time_object_leave();
        for (; served < t->fired && !p->ends; served++)
            p->event.sigev_notify_function(p->event.sigev_value);
    }
    time_timer_drop(index);
    return NULL;
}

static int start_thread(int index)
{
    pthread_attr_t attr;
    pthread_t thread;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    int result = pthread_create(&thread, &attr, serve, (void *)(intptr_t)index);
    pthread_attr_destroy(&attr);
    return result;
}

PRELOAD_EXPORT int timer_create(clockid_t clock, struct sigevent *restrict event,
                                timer_t *restrict ret)
{
    if (!time_active() || clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID ||
        clock < 0)
        return time_real()->timer_create(clock, event, ret);
    struct sigevent kind = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    if (event != NULL)
        kind = *event;
    bool signals = kind.sigev_notify == SIGEV_SIGNAL || kind.sigev_notify == SIGEV_THREAD_ID;
    int index = time_timer_new(-1, signals ? kind.sigev_signo : 0);
    if (index < 0) {
        errno = EAGAIN;
        return -1;
    }
    posix.at[index] = (struct posix_timer){.clock = clock, .event = kind};
    if (kind.sigev_notify == SIGEV_THREAD && start_thread(index) != 0) {
        time_timer_drop(index);
        errno = EAGAIN;
        return -1;
    }
    *ret = (timer_t)(intptr_t)(MARK + index);
    return 0;
}

static void describe(int index, struct itimerspec *ret)
{
    *ret = (struct itimerspec){.it_interval = time_spec(time_shared()->timers[index].interval_ns),
                               .it_value = time_spec(left_ns(index))};
}

PRELOAD_EXPORT int timer_settime(timer_t id, int flags, const struct itimerspec *restrict value,
                                 struct itimerspec *restrict ret_old)
{
    int index = index_of(id);

    if (index < 0)
        return time_real()->timer_settime(id, flags, value, ret_old);
    if (!time_valid(&value->it_value) || !time_valid(&value->it_interval)) {
        errno = EINVAL;
        return -1;
    }
    if (ret_old != NULL)
        describe(index, ret_old);
    int64_t due = time_ns(&value->it_value);
    if (due == 0)
        due = VT_NEVER;
    else if ((flags & TIMER_ABSTIME) != 0)
        due = time_from_clock(posix.at[index].clock, &value->it_value);
    else
        due = time_after(due);
    arm(index, due, time_ns(&value->it_interval));
    return 0;
}

PRELOAD_EXPORT int timer_gettime(timer_t id, struct itimerspec *ret)
{
    int index = index_of(id);

    if (index < 0)
        return time_real()->timer_gettime(id, ret);
    describe(index, ret);
    return 0;
}

PRELOAD_EXPORT int timer_getoverrun(timer_t id)
{
    return index_of(id) < 0 ? time_real()->timer_getoverrun(id) : 0; /* none is ever missed */
}

PRELOAD_EXPORT int timer_delete(timer_t id)
{
    int index = index_of(id);

    if (index < 0)
        return time_real()->timer_delete(id);
    time_shared()->timers[index].due_ns = VT_NEVER;
    if (posix.at[index].event.sigev_notify != SIGEV_THREAD) {
        time_timer_drop(index);
        return 0;
    }
    posix.at[index].ends = true; /* its thread drops it */
    time_object_notify((const volatile void *)(uintptr_t)(VT_OBJECT_TIMER + (unsigned)index), 1);
    return 0;
}
