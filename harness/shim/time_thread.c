/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads: known to the controller before they run, joined in virtual time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>

#include "harness/shim/time_real.h"
#include "harness/shim/time_shim.h"

struct start {
    void *(*fn)(void *);
    void *arg;
    int connection;
};

static void *begin(void *arg)
{
    struct start start = *(struct start *)arg;

    free(arg);
    time_actor_begin(start.connection, false);
    return start.fn(start.arg);
}

PRELOAD_EXPORT int pthread_create(pthread_t *restrict ret, const pthread_attr_t *restrict attr,
                                  void *(*fn)(void *), void *restrict arg)
{
    if (!time_active())
        return time_real()->pthread_create(ret, attr, fn, arg);
    struct start *start = malloc(sizeof *start);
    if (start == NULL)
        return EAGAIN;
    *start = (struct start){.fn = fn, .arg = arg, .connection = time_actor_prepare()};
    int result =
        start->connection < 0 ? EAGAIN : time_real()->pthread_create(ret, attr, begin, start);
    if (result != 0) {
        time_actor_abandon(start->connection);
        free(start);
    }
    return result;
}

/* The controller counts a thread as running until the kernel has let go of it, so a thread that has
 * ended is joined at the first attempt. */
static int join_virtually(const char *call, pthread_t thread, void **ret, int64_t deadline_ns)
{
    for (;;) {
        uint32_t generation = time_object_enter((const volatile void *)thread);
        int result = pthread_tryjoin_np(thread, ret);
        if (result == EBUSY && pthread_equal(thread, pthread_self()))
            result = EDEADLK;
        if (result != EBUSY) {
            time_object_leave();
            return result;
        }
        const struct time_wait wait = {.call = call,
                                       .deadline_ns = deadline_ns,
                                       .object = (const volatile void *)thread,
                                       .generation = generation};
        enum vt_why why = time_block(&wait);
        time_object_leave();
        if (why == VT_TIMEOUT) {
            result = pthread_tryjoin_np(thread, ret);
            return result == EBUSY ? ETIMEDOUT : result;
        }
    }
}

PRELOAD_EXPORT int pthread_join(pthread_t thread, void **ret)
{
    return time_active() ? join_virtually("pthread_join", thread, ret, VT_NEVER)
                         : time_real()->pthread_join(thread, ret);
}

PRELOAD_EXPORT int pthread_timedjoin_np(pthread_t thread, void **ret, const struct timespec *ts)
{
    if (!time_active() || ts == NULL || !time_valid(ts))
        return time_real()->pthread_timedjoin_np(thread, ret, ts);
    return join_virtually("pthread_timedjoin_np", thread, ret, time_from_clock(CLOCK_REALTIME, ts));
}

PRELOAD_EXPORT int pthread_clockjoin_np(pthread_t thread, void **ret, clockid_t clock,
                                        const struct timespec *ts)
{
    if (!time_active() || ts == NULL || !time_valid(ts))
        return time_real()->pthread_clockjoin_np(thread, ret, clock, ts);
    return join_virtually("pthread_clockjoin_np", thread, ret, time_from_clock(clock, ts));
}
