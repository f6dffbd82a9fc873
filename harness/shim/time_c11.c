/* SPDX-License-Identifier: Apache-2.0
 *
 * <threads.h>: in glibc its types are those of pthreads, and its functions call theirs behind our
 * back. Here they call ours.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

#include "harness/shim/time_real.h"
#include "harness/shim/time_shim.h"

static int result_of(int error)
{
    switch (error) {
    case 0: return thrd_success;
    case ENOMEM: return thrd_nomem;
    case EBUSY: return thrd_busy;
    case ETIMEDOUT: return thrd_timedout;
    default: return thrd_error;
    }
}

static pthread_mutex_t *mutex_of(mtx_t *mutex)
{
    return (pthread_mutex_t *)mutex;
}

static pthread_cond_t *cond_of(cnd_t *cond)
{
    return (pthread_cond_t *)cond;
}

/* ---- threads ---- */

struct start {
    thrd_start_t fn;
    void *arg;
};

static void *begin(void *arg)
{
    struct start start = *(struct start *)arg;

    free(arg);
    return (void *)(intptr_t)start.fn(start.arg);
}

PRELOAD_EXPORT int thrd_create(thrd_t *ret, thrd_start_t fn, void *arg)
{
    struct start *start = malloc(sizeof *start);

    if (start == NULL)
        return thrd_nomem;
    *start = (struct start){fn, arg};
    int error = pthread_create(ret, NULL, begin, start);
    if (error != 0)
        free(start);
    return result_of(error == EAGAIN ? ENOMEM : error);
}

PRELOAD_EXPORT int thrd_join(thrd_t thread, int *ret)
{
    void *result;
    int error = pthread_join(thread, &result);

    if (error == 0 && ret != NULL)
        *ret = (int)(intptr_t)result;
    return result_of(error);
}

PRELOAD_EXPORT int thrd_sleep(const struct timespec *time, struct timespec *ret_left)
{
    int error = clock_nanosleep(CLOCK_REALTIME, 0, time, ret_left);

    return error == 0 ? 0 : error == EINTR ? -1 : -2;
}

PRELOAD_EXPORT void thrd_yield(void)
{
    sched_yield();
}

/* ---- mutexes, conditions ---- */

PRELOAD_EXPORT int mtx_lock(mtx_t *mutex)
{
    return result_of(pthread_mutex_lock(mutex_of(mutex)));
}

PRELOAD_EXPORT int mtx_timedlock(mtx_t *restrict mutex, const struct timespec *restrict until)
{
    return result_of(pthread_mutex_timedlock(mutex_of(mutex), until));
}

PRELOAD_EXPORT int mtx_unlock(mtx_t *mutex)
{
    return result_of(pthread_mutex_unlock(mutex_of(mutex)));
}

PRELOAD_EXPORT int cnd_wait(cnd_t *cond, mtx_t *mutex)
{
    return result_of(pthread_cond_wait(cond_of(cond), mutex_of(mutex)));
}

PRELOAD_EXPORT int cnd_timedwait(cnd_t *restrict cond, mtx_t *restrict mutex,
                                 const struct timespec *restrict until)
{
    return result_of(pthread_cond_timedwait(cond_of(cond), mutex_of(mutex), until));
}

PRELOAD_EXPORT int cnd_signal(cnd_t *cond)
{
    return result_of(pthread_cond_signal(cond_of(cond)));
}

PRELOAD_EXPORT int cnd_broadcast(cnd_t *cond)
{
    return result_of(pthread_cond_broadcast(cond_of(cond)));
}
