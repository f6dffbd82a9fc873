/* SPDX-License-Identifier: Apache-2.0
 *
 * Waiting for descriptors: poll, select, epoll. Each looks at the real descriptors first without
 * waiting, then waits in virtual time for the same ones, and looks again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/shim/time_real.h"
#include "harness/shim/time_shim.h"

static const struct timespec no_time = {0};

static int64_t deadline_of(const struct timespec *timeout)
{
    return timeout != NULL ? time_after(time_ns(timeout)) : VT_NEVER;
}

/* More descriptors than a packet takes: they wait as one epoll descriptor. -1 with errno. */
static int gather(const struct pollfd *fds, nfds_t n)
{
    int set = epoll_create1(EPOLL_CLOEXEC);

    for (nfds_t i = 0; set >= 0 && i < n; i++) {
        struct epoll_event e = {.events = (uint32_t)(unsigned short)fds[i].events};
        if (fds[i].fd >= 0)
            epoll_ctl(set, EPOLL_CTL_ADD, fds[i].fd, &e);
    }
    return set;
}

static enum vt_why block_on(const char *call, const struct pollfd *fds, nfds_t n,
                            int64_t deadline_ns, const sigset_t *mask)
{
    struct pollfd used[VT_MAX_FDS], one;
    struct time_wait wait = {.call = call, .deadline_ns = deadline_ns, .fds = used, .mask = mask};

    for (nfds_t i = 0; i < n && wait.n_fds <= VT_MAX_FDS; i++) {
        if (fds[i].fd < 0)
            continue; /* to be ignored, says POSIX */
        if (wait.n_fds < VT_MAX_FDS)
            used[wait.n_fds] = fds[i];
        wait.n_fds++;
    }
    if (wait.n_fds <= VT_MAX_FDS)
        return time_block(&wait);
    one = (struct pollfd){.fd = gather(fds, n), .events = POLLIN};
    wait.fds = &one;
    wait.n_fds = one.fd >= 0 ? 1 : 0;
    enum vt_why why = time_block(&wait);
    if (one.fd >= 0)
        real()->close(one.fd);
    return why;
}

static int poll_virtually(const char *call, struct pollfd *fds, nfds_t n,
                          const struct timespec *timeout, const sigset_t *mask)
{
    int64_t deadline = deadline_of(timeout);

    for (;;) {
        int ready = time_real()->ppoll(fds, n, &no_time, mask);
        if (ready != 0)
            return ready;
        if (deadline <= time_now_ns()) {
            time_spin(call);
            return 0;
        }
        enum vt_why why = block_on(call, fds, n, deadline, mask);
        if (why == VT_SIGNAL) {
            errno = EINTR;
            return -1;
        }
        if (why == VT_TIMEOUT)
            return time_real()->ppoll(fds, n, &no_time, mask);
    }
}

PRELOAD_EXPORT int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
                         const sigset_t *mask)
{
    if (!time_active() || (timeout != NULL && !time_valid(timeout)))
        return time_real()->ppoll(fds, n, timeout, mask);
    return poll_virtually("ppoll", fds, n, timeout, mask);
}

PRELOAD_EXPORT int poll(struct pollfd *fds, nfds_t n, int ms)
{
    const struct timespec timeout = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    const struct timespec *t = ms < 0 ? NULL : &timeout;

    return time_active() ? poll_virtually("poll", fds, n, t, NULL)
                         : time_real()->ppoll(fds, n, t, NULL);
}

int __poll_chk(struct pollfd *fds, nfds_t n, int ms, size_t size);
int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask,
                size_t size);

PRELOAD_EXPORT int __poll_chk(struct pollfd *fds, nfds_t n, int ms, size_t size)
{
    if (size / sizeof *fds < n)
        abort();
    return poll(fds, n, ms);
}

PRELOAD_EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
                               const sigset_t *mask, size_t size)
{
    if (size / sizeof *fds < n)
        abort();
    return ppoll(fds, n, timeout, mask);
}

/* ---- select ---- */

/* Sets may be longer than FD_SETSIZE when a program allocates them itself. */
static bool in_set(const fd_set *set, int fd)
{
    const unsigned long *words = (const unsigned long *)(const void *)set;
    return set != NULL && (words[fd / NFDBITS] >> (fd % NFDBITS) & 1) != 0;
}

enum { SELECT_MAX = 1024 }; /* what FD_SETSIZE allows; longer sets stay real */

static unsigned collect(int n, const fd_set *in, const fd_set *out, const fd_set *except,
                        struct pollfd *fds)
{
    unsigned count = 0;

    for (int fd = 0; fd < n && count < SELECT_MAX; fd++) {
        short events = (short)((in_set(in, fd) ? POLLIN : 0) | (in_set(out, fd) ? POLLOUT : 0) |
                               (in_set(except, fd) ? POLLPRI : 0));
        if (events != 0)
            fds[count++] = (struct pollfd){.fd = fd, .events = events};
    }
    return count;
}

struct sets {
    fd_set *set[3];
    unsigned long copy[3][SELECT_MAX / NFDBITS];
    size_t bytes;
};

static void keep(struct sets *s)
{
    for (int i = 0; i < 3; i++)
        if (s->set[i] != NULL)
            memcpy(s->copy[i], s->set[i], s->bytes);
}

static void restore(const struct sets *s)
{
    for (int i = 0; i < 3; i++)
        if (s->set[i] != NULL)
            memcpy(s->set[i], s->copy[i], s->bytes);
}

static int select_virtually(const char *call, int n, struct sets *s, const struct timespec *timeout,
                            const sigset_t *mask)
{
    struct pollfd fds[SELECT_MAX];
    int64_t deadline = deadline_of(timeout);
    bool last = false;

    keep(s);
    unsigned count = collect(n, s->set[0], s->set[1], s->set[2], fds);
    for (;;) {
        int ready = time_real()->pselect(n, s->set[0], s->set[1], s->set[2], &no_time, mask);
        if (ready != 0 || last)
            return ready;
        if (deadline <= time_now_ns()) {
            time_spin(call);
            return 0;
        }
        restore(s);
        enum vt_why why = block_on(call, fds, count, deadline, mask);
        if (why == VT_SIGNAL) {
            errno = EINTR;
            return -1;
        }
        last = why == VT_TIMEOUT;
    }
}

PRELOAD_EXPORT int pselect(int n, fd_set *in, fd_set *out, fd_set *except,
                           const struct timespec *timeout, const sigset_t *mask)
{
    struct sets s = {.set = {in, out, except},
                     .bytes = ((size_t)(n > 0 ? n : 0) + NFDBITS - 1) / NFDBITS * sizeof(long)};

    if (!time_active() || n < 0 || n > SELECT_MAX || (timeout != NULL && !time_valid(timeout)))
        return time_real()->pselect(n, in, out, except, timeout, mask);
    return select_virtually("pselect", n, &s, timeout, mask);
}

/* Linux writes the time left into *timeout. */
PRELOAD_EXPORT int select(int n, fd_set *in, fd_set *out, fd_set *except, struct timeval *timeout)
{
    struct timespec ts = {0};

    if (timeout != NULL) {
        if (timeout->tv_sec < 0 || timeout->tv_usec < 0) {
            errno = EINVAL;
            return -1;
        }
        ts = (struct timespec){.tv_sec = timeout->tv_sec + timeout->tv_usec / 1000000,
                               .tv_nsec = timeout->tv_usec % 1000000 * 1000};
    }
    bool active = time_active();
    int64_t deadline = active && timeout != NULL ? time_after(time_ns(&ts)) : 0;
    int ready = pselect(n, in, out, except, timeout != NULL ? &ts : NULL, NULL);
    if (active && timeout != NULL) {
        int64_t left = deadline - time_now_ns();
        ts = time_spec(left > 0 ? left : 0);
        *timeout = (struct timeval){.tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / 1000};
    }
    return ready;
}

/* ---- epoll ---- */

static int epoll_virtually(const char *call, int set, struct epoll_event *events, int max,
                           int64_t deadline, const sigset_t *mask)
{
    const struct pollfd p = {.fd = set, .events = POLLIN};

    for (;;) {
        int ready = time_real()->epoll_pwait(set, events, max, 0, mask);
        if (ready != 0)
            return ready;
        if (deadline <= time_now_ns()) {
            time_spin(call);
            return 0;
        }
        enum vt_why why = block_on(call, &p, 1, deadline, mask);
        if (why == VT_SIGNAL) {
            errno = EINTR;
            return -1;
        }
        if (why == VT_TIMEOUT)
            return time_real()->epoll_pwait(set, events, max, 0, mask);
    }
}

static int64_t to_next_second(int64_t ns)
{
    return TIME_NS_PER_S - ns % TIME_NS_PER_S;
}

/* mosquitto looks every 100 ms whether a keep-alive, a will or a session is due, and counts all of
 * them in whole seconds of its two clocks: the looks before either has come to its next second find
 * nothing. They were more than half of the steps of a run, so they are left out. */
static int64_t without_idle_looks(int ms)
{
    enum { BROKER_MS = 100 };
    const int64_t look = BROKER_MS * TIME_NS_PER_MS;
    int64_t now = time_now_ns();

    if (ms != BROKER_MS || strcmp(program_invocation_short_name, "mosquitto") != 0)
        return ms * TIME_NS_PER_MS;
    int64_t monotonic = to_next_second(now), wall = to_next_second(now + time_wall_offset_ns());
    int64_t news = monotonic < wall ? monotonic : wall;
    return (news + look - 1) / look * look;
}

PRELOAD_EXPORT int epoll_pwait(int set, struct epoll_event *events, int max, int ms,
                               const sigset_t *mask)
{
    if (!time_active())
        return time_real()->epoll_pwait(set, events, max, ms, mask);
    return epoll_virtually("epoll_wait", set, events, max,
                           ms < 0 ? VT_NEVER : time_after(without_idle_looks(ms)), mask);
}

PRELOAD_EXPORT int epoll_wait(int set, struct epoll_event *events, int max, int ms)
{
    return epoll_pwait(set, events, max, ms, NULL);
}

int epoll_pwait2(int set, struct epoll_event *events, int max, const struct timespec *timeout,
                 const sigset_t *mask);

PRELOAD_EXPORT int epoll_pwait2(int set, struct epoll_event *events, int max,
                                const struct timespec *timeout, const sigset_t *mask)
{
    if (time_active() && (timeout == NULL || time_valid(timeout)))
        return epoll_virtually("epoll_pwait2", set, events, max, deadline_of(timeout), mask);
    int64_t ms = timeout == NULL ? -1 : (time_ns(timeout) + 999999) / TIME_NS_PER_MS;
    return time_real()->epoll_pwait(set, events, max, ms > INT_MAX ? INT_MAX : (int)ms, mask);
}
