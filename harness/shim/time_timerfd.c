/* SPDX-License-Identifier: Apache-2.0
 *
 * timerfd: an eventfd that the controller makes readable when the timer is due. How often it has
 * expired is computed from the clock when the program reads it, so a periodic timer that nobody
 * reads costs nothing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "harness/shim/time_real.h"
#include "harness/shim/time_shim.h"

enum { FDS_MAX = 4096 };

struct timer {
    clockid_t clock;
    int64_t first_ns; /* VT_NEVER: not armed */
    int64_t interval_ns;
    uint64_t taken; /* expirations that were read */
    _Atomic int fds;
};

static struct {
    _Atomic int16_t at[FDS_MAX]; /* index of the timer + 1; 0: no timer */
    struct timer timers[VT_MAX_TIMERS];
} table;

static int index_of(int fd)
{
    return fd >= 0 && fd < FDS_MAX ? table.at[fd] - 1 : -1;
}

PRELOAD_EXPORT int timerfd_create(int clock, int flags)
{
    if (!time_active())
        return time_real()->timerfd_create(clock, flags);
    if ((clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME &&
         clock != CLOCK_REALTIME_ALARM && clock != CLOCK_BOOTTIME_ALARM) ||
        (flags & ~(TFD_NONBLOCK | TFD_CLOEXEC)) != 0) {
        errno = EINVAL;
        return -1;
    }
    int fd = eventfd(0, ((flags & TFD_NONBLOCK) != 0 ? EFD_NONBLOCK : 0) |
                            ((flags & TFD_CLOEXEC) != 0 ? EFD_CLOEXEC : 0));
    int index = fd >= 0 && fd < FDS_MAX ? time_timer_new(fd, 0) : -1;
    if (index < 0) {
        if (fd >= 0)
            real()->close(fd);
        errno = EMFILE;
        return -1;
    }
    table.timers[index] = (struct timer){.clock = clock, .first_ns = VT_NEVER, .fds = 1};
    table.at[fd] = (int16_t)(index + 1);
    return fd;
}

static uint64_t expirations(const struct timer *t)
{
    int64_t now = time_now_ns();

    if (t->first_ns == VT_NEVER || now < t->first_ns)
        return 0;
    return t->interval_ns > 0 ? 1 + (uint64_t)((now - t->first_ns) / t->interval_ns) : 1;
}

/* When it is due next, read or not. */
static int64_t next_due(const struct timer *t)
{
    uint64_t n = expirations(t);

    if (t->first_ns == VT_NEVER || n == 0)
        return t->first_ns;
    return t->interval_ns > 0 ? t->first_ns + (int64_t)n * t->interval_ns : VT_NEVER;
}

static void set_readable(int fd, bool readable)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    const struct timespec none = {0};
    uint64_t one = 1;
    ssize_t n = 0;

    if (readable)
        n = real()->write(fd, &one, sizeof one);
    else if (time_real()->ppoll(&p, 1, &none, NULL) > 0)
        n = real()->read(fd, &one, sizeof one);
    (void)n;
}

static void describe(const struct timer *t, struct itimerspec *ret)
{
    int64_t due = next_due(t);

    *ret = (struct itimerspec){.it_interval = time_spec(t->interval_ns)};
    if (due != VT_NEVER)
        ret->it_value = time_spec(due - time_now_ns());
}

static int set_time(int fd, struct timer *t, int flags, const struct itimerspec *value)
{
    struct vt_timer *shared = &time_shared()->timers[t - table.timers];

    t->taken = 0;
    t->interval_ns = time_ns(&value->it_interval);
    if (value->it_value.tv_sec == 0 && value->it_value.tv_nsec == 0)
        t->first_ns = VT_NEVER;
    else if ((flags & TFD_TIMER_ABSTIME) != 0)
        t->first_ns = time_from_clock(t->clock, &value->it_value);
    else
        t->first_ns = time_after(time_ns(&value->it_value));
    bool due = t->first_ns <= time_now_ns();
    set_readable(fd, false);
    shared->due_ns = due ? VT_NEVER : t->first_ns;
    if (due)
        set_readable(fd, true);
    return 0;
}

PRELOAD_EXPORT int timerfd_settime(int fd, int flags, const struct itimerspec *value,
                                   struct itimerspec *ret_old)
{
    int index = index_of(fd);

    if (index < 0)
        return time_real()->timerfd_settime(fd, flags, value, ret_old);
    if (!time_valid(&value->it_value) || !time_valid(&value->it_interval)) {
        errno = EINVAL;
        return -1;
    }
    if (ret_old != NULL)
        describe(&table.timers[index], ret_old);
    return set_time(fd, &table.timers[index], flags, value);
}

PRELOAD_EXPORT int timerfd_gettime(int fd, struct itimerspec *ret)
{
    int index = index_of(fd);

    if (index < 0)
        return time_real()->timerfd_gettime(fd, ret);
    describe(&table.timers[index], ret);
    return 0;
}

/* ---- from the calls on descriptors ---- */

bool time_timerfd_read(int fd, void *p, size_t n, ssize_t *ret)
{
    int index = index_of(fd);

    if (index < 0)
        return false;
    struct timer *t = &table.timers[index];
    *ret = -1;
    if (n < sizeof(uint64_t)) {
        errno = EINVAL;
        return true;
    }
    bool wait = (real()->fcntl(fd, F_GETFL) & O_NONBLOCK) == 0;
    while (expirations(t) <= t->taken) {
        set_readable(fd, false);
        if (!wait) {
            time_spin("timerfd read");
            errno = EAGAIN;
            return true;
        }
        if (!time_before_input(fd, 0, "timerfd read"))
            return true;
    }
    uint64_t count = expirations(t) - t->taken;
    t->taken += count;
    set_readable(fd, false);
    time_shared()->timers[index].due_ns = next_due(t);
    memcpy(p, &count, sizeof count);
    *ret = sizeof count;
    return true;
}

void time_timerfd_closed(int fd)
{
    int index = index_of(fd);

    if (index < 0)
        return;
    table.at[fd] = 0;
    if (--table.timers[index].fds == 0)
        time_timer_drop(index);
}

void time_timerfd_copied(int fd, int copy)
{
    int index = index_of(fd);

    if (copy < 0 || copy >= FDS_MAX || fd == copy)
        return;
    time_timerfd_closed(copy);
    if (index < 0)
        return;
    table.timers[index].fds++;
    table.at[copy] = (int16_t)(index + 1);
}
