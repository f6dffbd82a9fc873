/* SPDX-License-Identifier: Apache-2.0
 *
 * Semaphores, mutexes, conditions, read-write locks: tried without waiting, and waited for as an
 * object that somebody will notify. Nothing is polled. Conditions are ours altogether; the real
 * ones are told as well, for a thread that was waiting before.
 *
 * Objects shared between processes are not followed across the border.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/shim/time_real.h"
#include "harness/shim/time_shim.h"

static struct {
    _Atomic uint32_t contenders; /* threads that wait for mutexes and read-write locks */
} sync_state;

static enum vt_why wait_for(const char *call, const volatile void *object, uint32_t generation,
                            int64_t deadline_ns)
{
    const struct time_wait wait = {
        .call = call, .deadline_ns = deadline_ns, .object = object, .generation = generation};
    enum vt_why why = time_block(&wait);

    time_object_leave();
    return why;
}

/* ---- semaphores ---- */

static int sem_virtually(const char *call, sem_t *sem, int64_t deadline_ns)
{
    for (;;) {
        uint32_t generation = time_object_enter(sem);
        int result = sem_trywait(sem);
        if (result == 0 || errno != EAGAIN) {
            time_object_leave();
            return result;
        }
        enum vt_why why = wait_for(call, sem, generation, deadline_ns);
        if (why == VT_TIMEOUT && sem_trywait(sem) != 0)
            errno = ETIMEDOUT;
        else if (why == VT_SIGNAL)
            errno = EINTR;
        else if (why == VT_TIMEOUT)
            return 0;
        else
            continue;
        return -1;
    }
}

PRELOAD_EXPORT int sem_wait(sem_t *sem)
{
    return time_active() ? sem_virtually("sem_wait", sem, VT_NEVER) : time_real()->sem_wait(sem);
}

static int sem_until(const char *call, sem_t *sem, clockid_t clock, const struct timespec *ts)
{
    if (sem_trywait(sem) == 0)
        return 0;
    if (!time_valid(ts)) {
        errno = EINVAL;
        return -1;
    }
    return sem_virtually(call, sem, time_from_clock(clock, ts));
}

PRELOAD_EXPORT int sem_timedwait(sem_t *restrict sem, const struct timespec *restrict ts)
{
    return time_active() ? sem_until("sem_timedwait", sem, CLOCK_REALTIME, ts)
                         : time_real()->sem_timedwait(sem, ts);
}

PRELOAD_EXPORT int sem_clockwait(sem_t *restrict sem, clockid_t clock,
                                 const struct timespec *restrict ts)
{
    return time_active() ? sem_until("sem_clockwait", sem, clock, ts)
                         : time_real()->sem_clockwait(sem, clock, ts);
}

PRELOAD_EXPORT int sem_post(sem_t *sem)
{
    int result = time_real()->sem_post(sem);

    if (result == 0)
        time_object_notify(sem, 1);
    return result;
}

/* ---- locks: one pattern ---- */

typedef int (*try_fn)(void *lock);

static int lock_virtually(const char *call, void *lock, try_fn attempt, int64_t deadline_ns)
{
    for (;;) {
        uint32_t generation = time_object_enter(lock);
        sync_state.contenders++;
        int result = attempt(lock);
        enum vt_why why = VT_READY;
        if (result == EBUSY)
            why = wait_for(call, lock, generation, deadline_ns);
        else
            time_object_leave();
        sync_state.contenders--;
        if (result != EBUSY)
            return result;
        if (why == VT_TIMEOUT) {
            result = attempt(lock);
            return result == EBUSY ? ETIMEDOUT : result;
        }
    }
}

static int try_mutex(void *lock)
{
    pthread_mutex_t *m = lock;
    int result = pthread_mutex_trylock(m);

    /* An error-checking mutex refuses its owner, whom trylock only calls busy. */
    if (result == EBUSY && (m->__data.__kind & 3) == PTHREAD_MUTEX_ERRORCHECK_NP &&
        m->__data.__owner == (int)time_real()->syscall(SYS_gettid))
        return EDEADLK;
    return result;
}

static int try_read(void *lock)
{
    return pthread_rwlock_tryrdlock(lock);
}

static int try_write(void *lock)
{
    return pthread_rwlock_trywrlock(lock);
}

static int lock_until(const char *call, void *lock, try_fn attempt, clockid_t clock,
                      const struct timespec *ts)
{
    int result = attempt(lock);

    if (result != EBUSY)
        return result;
    return time_valid(ts) ? lock_virtually(call, lock, attempt, time_from_clock(clock, ts))
                          : EINVAL;
}

PRELOAD_EXPORT int pthread_mutex_lock(pthread_mutex_t *m)
{
    if (!time_running())
        return time_real()->pthread_mutex_lock(m);
    int result = pthread_mutex_trylock(m);
    return result == EBUSY ? lock_virtually("pthread_mutex_lock", m, try_mutex, VT_NEVER) : result;
}

PRELOAD_EXPORT int pthread_mutex_timedlock(pthread_mutex_t *restrict m,
                                           const struct timespec *restrict ts)
{
    return time_running() ? lock_until("pthread_mutex_timedlock", m, try_mutex, CLOCK_REALTIME, ts)
                          : time_real()->pthread_mutex_timedlock(m, ts);
}

PRELOAD_EXPORT int pthread_mutex_clocklock(pthread_mutex_t *restrict m, clockid_t clock,
                                           const struct timespec *restrict ts)
{
    return time_running() ? lock_until("pthread_mutex_clocklock", m, try_mutex, clock, ts)
                          : time_real()->pthread_mutex_clocklock(m, clock, ts);
}

PRELOAD_EXPORT int pthread_mutex_unlock(pthread_mutex_t *m)
{
    int result = time_real()->pthread_mutex_unlock(m);

    if (sync_state.contenders > 0)
        time_object_notify(m, 1);
    return result;
}

PRELOAD_EXPORT int pthread_rwlock_rdlock(pthread_rwlock_t *l)
{
    return time_running() ? lock_virtually("pthread_rwlock_rdlock", l, try_read, VT_NEVER)
                          : time_real()->pthread_rwlock_rdlock(l);
}

PRELOAD_EXPORT int pthread_rwlock_wrlock(pthread_rwlock_t *l)
{
    return time_running() ? lock_virtually("pthread_rwlock_wrlock", l, try_write, VT_NEVER)
                          : time_real()->pthread_rwlock_wrlock(l);
}

PRELOAD_EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t *restrict l,
                                              const struct timespec *restrict ts)
{
    return time_running()
               ? lock_until("pthread_rwlock_timedrdlock", l, try_read, CLOCK_REALTIME, ts)
               : time_real()->pthread_rwlock_timedrdlock(l, ts);
}

PRELOAD_EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t *restrict l,
                                              const struct timespec *restrict ts)
{
    return time_running()
               ? lock_until("pthread_rwlock_timedwrlock", l, try_write, CLOCK_REALTIME, ts)
               : time_real()->pthread_rwlock_timedwrlock(l, ts);
}

PRELOAD_EXPORT int pthread_rwlock_clockrdlock(pthread_rwlock_t *restrict l, clockid_t clock,
                                              const struct timespec *restrict ts)
{
    return time_running() ? lock_until("pthread_rwlock_clockrdlock", l, try_read, clock, ts)
                          : time_real()->pthread_rwlock_clockrdlock(l, clock, ts);
}

PRELOAD_EXPORT int pthread_rwlock_clockwrlock(pthread_rwlock_t *restrict l, clockid_t clock,
                                              const struct timespec *restrict ts)
{
    return time_running() ? lock_until("pthread_rwlock_clockwrlock", l, try_write, clock, ts)
                          : time_real()->pthread_rwlock_clockwrlock(l, clock, ts);
}

PRELOAD_EXPORT int pthread_rwlock_unlock(pthread_rwlock_t *l)
{
    int result = time_real()->pthread_rwlock_unlock(l);

    if (sync_state.contenders > 0)
        time_object_notify(l, UINT32_MAX);
    return result;
}

/* ---- conditions ---- */

/* A wake-up without a reason is allowed, a lost one is not. */
static int cond_virtually(const char *call, pthread_cond_t *c, pthread_mutex_t *m,
                          int64_t deadline_ns)
{
    uint32_t generation = time_object_enter(c);
    int result = pthread_mutex_unlock(m);

    if (result != 0) {
        time_object_leave();
        return result;
    }
    enum vt_why why = wait_for(call, c, generation, deadline_ns);
    result = pthread_mutex_lock(m);
    return result != 0 ? result : why == VT_TIMEOUT ? ETIMEDOUT : 0;
}

/* The clock that pthread_condattr_setclock chose; glibc keeps it in the condition. */
static clockid_t clock_of(const pthread_cond_t *c)
{
    enum { CLOCK_BIT = 2 };
    return (c->__data.__wrefs & CLOCK_BIT) != 0 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

PRELOAD_EXPORT int pthread_cond_wait(pthread_cond_t *restrict c, pthread_mutex_t *restrict m)
{
    return time_active() ? cond_virtually("pthread_cond_wait", c, m, VT_NEVER)
                         : time_real()->pthread_cond_wait(c, m);
}

PRELOAD_EXPORT int pthread_cond_timedwait(pthread_cond_t *restrict c, pthread_mutex_t *restrict m,
                                          const struct timespec *restrict ts)
{
    if (!time_active())
        return time_real()->pthread_cond_timedwait(c, m, ts);
    if (!time_valid(ts))
        return ts->tv_sec < 0 ? ETIMEDOUT : EINVAL;
    return cond_virtually("pthread_cond_timedwait", c, m, time_from_clock(clock_of(c), ts));
}

PRELOAD_EXPORT int pthread_cond_clockwait(pthread_cond_t *restrict c, pthread_mutex_t *restrict m,
                                          clockid_t clock, const struct timespec *restrict ts)
{
    if (!time_active())
        return time_real()->pthread_cond_clockwait(c, m, clock, ts);
    if (!time_valid(ts))
        return ts->tv_sec < 0 ? ETIMEDOUT : EINVAL;
    return cond_virtually("pthread_cond_clockwait", c, m, time_from_clock(clock, ts));
}

PRELOAD_EXPORT int pthread_cond_signal(pthread_cond_t *c)
{
    time_object_notify(c, 1);
    return time_real()->pthread_cond_signal(c);
}

PRELOAD_EXPORT int pthread_cond_broadcast(pthread_cond_t *c)
{
    time_object_notify(c, UINT32_MAX);
    return time_real()->pthread_cond_broadcast(c);
}
