/* SPDX-License-Identifier: Apache-2.0
 *
 * Sending signals and waiting for them. Whoever sends one tells the controller, so that those who
 * wait for signals look again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "harness/shim/time_real.h"
#include "harness/shim/time_shim.h"

/* ---- sending ---- */

static int sent(int result, pid_t pid)
{
    if (result == 0 && time_running())
        time_signalled(pid > 0 ? pid : 0);
    return result;
}

PRELOAD_EXPORT int kill(pid_t pid, int signum)
{
    pid_t target = pid < -VT_PID_BASE ? -time_real_pid(-pid) : time_real_pid(pid);
    return sent(time_real()->kill(target, signum), target);
}

PRELOAD_EXPORT int killpg(pid_t group, int signum)
{
    if (group < 0) {
        errno = EINVAL;
        return -1;
    }
    return kill(-group, signum);
}

PRELOAD_EXPORT int raise(int signum)
{
    return sent(time_real()->raise(signum), time_real_pid(getpid()));
}

PRELOAD_EXPORT int sigqueue(pid_t pid, int signum, const union sigval value)
{
    return sent(time_real()->sigqueue(time_real_pid(pid), signum, value), time_real_pid(pid));
}

PRELOAD_EXPORT int pthread_kill(pthread_t thread, int signum)
{
    return sent(time_real()->pthread_kill(thread, signum), time_real_pid(getpid()));
}

/* ---- waiting ---- */

static int take_pending(const char *call, const sigset_t *set, siginfo_t *info, int64_t deadline_ns)
{
    const struct timespec none = {0};
    bool last = false;

    for (;;) {
        uint32_t generation = time_object_enter(NULL);
        int signum = time_real()->sigtimedwait(set, info, &none);
        if (signum > 0 || errno != EAGAIN || last || deadline_ns <= time_now_ns()) {
            time_object_leave();
            return signum;
        }
        const struct time_wait wait = {
            .call = call,
            .deadline_ns = deadline_ns,
            .object = (const volatile void *)(uintptr_t)VT_OBJECT_SIGNAL,
            .generation = generation,
        };
        enum vt_why why = time_block(&wait);
        time_object_leave();
        if (why == VT_SIGNAL) {
            errno = EINTR;
            return -1;
        }
        last = why == VT_TIMEOUT;
    }
}

PRELOAD_EXPORT int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict info,
                                const struct timespec *restrict timeout)
{
    if (!time_active() || (timeout != NULL && !time_valid(timeout)))
        return time_real()->sigtimedwait(set, info, timeout);
    return take_pending("sigtimedwait", set, info,
                        timeout != NULL ? time_after(time_ns(timeout)) : VT_NEVER);
}

PRELOAD_EXPORT int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict info)
{
    return sigtimedwait(set, info, NULL);
}

PRELOAD_EXPORT int sigwait(const sigset_t *restrict set, int *restrict ret)
{
    int signum;

    while ((signum = sigtimedwait(set, NULL, NULL)) < 0)
        if (errno != EINTR)
            return errno;
    *ret = signum;
    return 0;
}

static int suspend(const char *call, const sigset_t *mask)
{
    const struct time_wait wait = {.call = call, .deadline_ns = VT_NEVER, .mask = mask};

    while (time_block(&wait) != VT_SIGNAL)
        ;
    errno = EINTR;
    return -1;
}

PRELOAD_EXPORT int sigsuspend(const sigset_t *mask)
{
    return time_active() ? suspend("sigsuspend", mask) : time_real()->sigsuspend(mask);
}

PRELOAD_EXPORT int pause(void)
{
    sigset_t now;

    if (time_active())
        return suspend("pause", NULL);
    pthread_sigmask(SIG_SETMASK, NULL, &now);
    return time_real()->sigsuspend(&now);
}
