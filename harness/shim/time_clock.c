/* SPDX-License-Identifier: Apache-2.0
 *
 * What time it is, and sleeping.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/timeb.h>
#include <sys/times.h>
#include <unistd.h>

#include "harness/shim/time_real.h"
#include "harness/shim/time_shim.h"

enum { TICKS_PER_S = 100 }; /* sysconf(_SC_CLK_TCK) everywhere on Linux */

static bool is_wall(clockid_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ||
           clock == CLOCK_REALTIME_ALARM || clock == CLOCK_TAI;
}

static bool is_ours(clockid_t clock)
{
    return is_wall(clock) || clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW ||
           clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_BOOTTIME ||
           clock == CLOCK_BOOTTIME_ALARM;
}

static struct timespec read_clock(clockid_t clock)
{
    return time_spec(time_now_ns() + (is_wall(clock) ? time_wall_offset_ns() : 0));
}

PRELOAD_EXPORT int clock_gettime(clockid_t clock, struct timespec *ret)
{
    if (!is_ours(clock) || !time_active()) /* CPU clocks stay real */
        return time_real()->clock_gettime(clock, ret);
    time_spin("clock_gettime");
    *ret = read_clock(clock);
    return 0;
}

PRELOAD_EXPORT int clock_getres(clockid_t clock, struct timespec *ret)
{
    if (!is_ours(clock) || !time_active())
        return time_real()->clock_getres(clock, ret);
    if (ret != NULL)
        *ret = (struct timespec){.tv_nsec = 1};
    return 0;
}

PRELOAD_EXPORT int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    struct timespec ts;

    if (zone != NULL)
        memset(zone, 0, sizeof(struct timezone));
    clock_gettime(CLOCK_REALTIME, &ts);
    *ret = (struct timeval){.tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / 1000};
    return 0;
}

PRELOAD_EXPORT time_t time(time_t *ret)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    if (ret != NULL)
        *ret = ts.tv_sec;
    return ts.tv_sec;
}

int ftime(struct timeb *ret);

PRELOAD_EXPORT int ftime(struct timeb *ret)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    *ret = (struct timeb){.time = ts.tv_sec, .millitm = (unsigned short)(ts.tv_nsec / 1000000)};
    return 0;
}

PRELOAD_EXPORT int timespec_get(struct timespec *ret, int base)
{
    if (base != TIME_UTC)
        return 0;
    clock_gettime(CLOCK_REALTIME, ret);
    return base;
}

PRELOAD_EXPORT int clock_settime(clockid_t clock, const struct timespec *ts)
{
    if (!time_active())
        return (int)time_real()->syscall(SYS_clock_settime, clock, ts);
    errno = EPERM; /* as for everybody but root */
    return -1;
}

PRELOAD_EXPORT int sysinfo(struct sysinfo *ret)
{
    int result = time_real()->sysinfo(ret);

    if (result == 0 && time_active())
        ret->uptime = (long)(time_now_ns() / TIME_NS_PER_S);
    return result;
}

/* Ticks since some moment in the past: of the machine's start, as the kernel does it. */
PRELOAD_EXPORT clock_t times(struct tms *ret)
{
    clock_t ticks = (clock_t)time_real()->syscall(SYS_times, ret);

    return time_active() ? (clock_t)(time_now_ns() / (TIME_NS_PER_S / TICKS_PER_S)) : ticks;
}

/* ---- sleeping ---- */

static int sleep_until(const char *call, int64_t deadline_ns)
{
    enum vt_why why = time_block_until(call, deadline_ns);

    while (why == VT_READY)
        why = time_block_until(call, deadline_ns);
    return why == VT_SIGNAL ? EINTR : 0;
}

static int sleep_virtually(const char *call, clockid_t clock, int flags, const struct timespec *ts,
                           struct timespec *ret_left)
{
    if (!time_valid(ts))
        return EINVAL;
    if (!is_ours(clock))
        return clock == CLOCK_PROCESS_CPUTIME_ID ? ENOTSUP : EINVAL;
    if ((flags & TIMER_ABSTIME) != 0)
        return sleep_until(call, time_from_clock(clock, ts));
    int64_t deadline = time_after(time_ns(ts));
    int result = sleep_until(call, deadline);
    if (result == EINTR && ret_left != NULL) {
        int64_t left = deadline - time_now_ns();
        *ret_left = time_spec(left > 0 ? left : 0);
    }
    return result;
}

PRELOAD_EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *ts,
                                   struct timespec *ret_left)
{
    if (!time_active() || clock == CLOCK_PROCESS_CPUTIME_ID)
        return time_real()->clock_nanosleep(clock, flags, ts, ret_left);
    return sleep_virtually("clock_nanosleep", clock, flags, ts, ret_left);
}

static int nanosleep_as(const char *call, const struct timespec *ts, struct timespec *ret_left)
{
    int result = time_active() ? sleep_virtually(call, CLOCK_MONOTONIC, 0, ts, ret_left)
                               : time_real()->clock_nanosleep(CLOCK_REALTIME, 0, ts, ret_left);
    if (result == 0)
        return 0;
    errno = result;
    return -1;
}

PRELOAD_EXPORT int nanosleep(const struct timespec *ts, struct timespec *ret_left)
{
    return nanosleep_as("nanosleep", ts, ret_left);
}

int usleep(useconds_t us);

PRELOAD_EXPORT int usleep(useconds_t us)
{
    const struct timespec ts = {.tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000};
    return nanosleep_as("usleep", &ts, NULL);
}

PRELOAD_EXPORT unsigned sleep(unsigned seconds)
{
    const struct timespec ts = {.tv_sec = seconds};
    struct timespec left = {0};
    int number = errno;

    if (nanosleep_as("sleep", &ts, &left) == 0)
        return 0;
    errno = number;
    return (unsigned)left.tv_sec + (left.tv_nsec > 0 ? 1U : 0U);
}

PRELOAD_EXPORT int sched_yield(void)
{
    if (!time_active())
        return time_real()->sched_yield();
    time_spin("sched_yield");
    return 0;
}
