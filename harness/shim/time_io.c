/* SPDX-License-Identifier: Apache-2.0
 *
 * Blocking input and output: waited for in virtual time first, so that the real call finds
 * something and does not wait. Time limits of sockets (SO_RCVTIMEO, SO_SNDTIMEO) and of terminals
 * (VMIN, VTIME) are kept on the virtual clock.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "harness/shim/time_real.h"
#include "harness/shim/time_shim.h"

enum { NS_PER_DS = 100000000 };

static bool is_ready(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    const struct timespec none = {0};

    return time_real()->ppoll(&p, 1, &none, NULL) != 0;
}

static int64_t socket_deadline(int fd, int option)
{
    struct timeval limit = {0};
    socklen_t n = sizeof limit;

    if (real()->getsockopt(fd, SOL_SOCKET, option, &limit, &n) != 0 ||
        (limit.tv_sec == 0 && limit.tv_usec == 0))
        return VT_NEVER;
    return time_after((int64_t)limit.tv_sec * TIME_NS_PER_S + (int64_t)limit.tv_usec * 1000);
}

static bool wait_ready(int fd, short events, int64_t deadline_ns, const char *call)
{
    const struct pollfd p = {.fd = fd, .events = events};
    const struct time_wait wait = {.call = call, .deadline_ns = deadline_ns, .fds = &p, .n_fds = 1};

    while (!is_ready(fd, events)) {
        enum vt_why why = time_block(&wait);
        if (why == VT_TIMEOUT && !is_ready(fd, events)) {
            errno = EAGAIN;
            return false;
        }
        if (why == VT_SIGNAL) {
            errno = EINTR;
            return false;
        }
    }
    return true;
}

static bool before(int fd, short events, int flags, int option, const char *call)
{
    if (is_ready(fd, events))
        return true;
    if ((flags & MSG_DONTWAIT) != 0 || (real()->fcntl(fd, F_GETFL) & O_NONBLOCK) != 0) {
        time_spin(call);
        return true; /* the real call says EAGAIN */
    }
    return wait_ready(fd, events, socket_deadline(fd, option), call);
}

bool time_before_input(int fd, int flags, const char *call)
{
    if (!time_active() || before(fd, POLLIN, flags, SO_RCVTIMEO, call))
        return true;
    return false;
}

bool time_before_output(int fd, int flags, const char *call)
{
    return !time_active() || before(fd, POLLOUT, flags, SO_SNDTIMEO, call);
}

void time_no_delay(int fd)
{
    const int one = 1;
    int number = errno;

    if (time_active() && fd >= 0)
        real()->setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    errno = number;
}

void time_stamp(struct msghdr *msg)
{
    struct timespec ts;

    if (!time_active() || msg->msg_control == NULL)
        return;
    clock_gettime(CLOCK_REALTIME, &ts);
    const struct timeval tv = {.tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / 1000};
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMP &&
            c->cmsg_len >= CMSG_LEN(sizeof tv))
            memcpy(CMSG_DATA(c), &tv, sizeof tv);
        if (c->cmsg_level == SOL_SOCKET &&
            (c->cmsg_type == SCM_TIMESTAMPNS || c->cmsg_type == SCM_TIMESTAMPING) &&
            c->cmsg_len >= CMSG_LEN(sizeof ts))
            memcpy(CMSG_DATA(c), &ts, sizeof ts);
    }
}

/* ---- terminals ---- */

static size_t available(int fd)
{
    int n = 0;
    return ioctl(fd, FIONREAD, &n) == 0 && n > 0 ? (size_t)n : 0;
}

/* VMIN > 0, VTIME > 0: from the first byte on, each must follow within the time. */
static bool wait_between(int fd, size_t want, int64_t limit_ns)
{
    size_t have = available(fd);

    while (have < want) {
        enum vt_why why = time_block_until("read (VTIME)", time_after(limit_ns));
        size_t now = available(fd);
        if (why == VT_SIGNAL || now == have)
            return why != VT_SIGNAL;
        have = now;
    }
    return true;
}

/* VTIME > 0: the limit is for the first byte, or for those between. */
static ssize_t read_within(int fd, void *p, size_t n, size_t min, int64_t limit_ns)
{
    if (!wait_ready(fd, POLLIN, min == 0 ? time_after(limit_ns) : VT_NEVER, "read"))
        return errno == EAGAIN ? 0 : -1;
    if (min > 0 && available(fd) > 0 && !wait_between(fd, min < n ? min : n, limit_ns)) {
        errno = EINTR;
        return -1;
    }
    size_t have = available(fd);
    return real()->read(fd, p, have > 0 && have < n ? have : n);
}

/* The kernel moves what was written at once in pieces of two kilobytes, in a worker thread, and a
 * read may come between two of them. How many reads a program needs would be chance; polling an end
 * that has nothing to read waits for the worker. */
static size_t read_rest(int fd, char *p, size_t n)
{
    size_t got = 0;

    while (got < n && is_ready(fd, POLLIN)) {
        ssize_t more = real()->read(fd, p + got, n - got);
        if (more <= 0)
            break;
        got += (size_t)more;
    }
    return got;
}

static bool tty_read(int fd, void *p, size_t n, ssize_t *ret)
{
    struct termios t;

    if (n == 0 || tcgetattr(fd, &t) != 0 || (t.c_lflag & ICANON) != 0)
        return false;
    if (t.c_cc[VTIME] > 0 && (real()->fcntl(fd, F_GETFL) & O_NONBLOCK) == 0)
        *ret = read_within(fd, p, n, t.c_cc[VMIN], (int64_t)t.c_cc[VTIME] * NS_PER_DS);
    else if (time_before_input(fd, 0, "read"))
        *ret = real()->read(fd, p, n);
    else
        *ret = -1;
    if (*ret > 0)
        *ret += (ssize_t)read_rest(fd, (char *)p + *ret, n - (size_t)*ret);
    return true;
}

bool time_read(int fd, void *p, size_t n, ssize_t *ret)
{
    return time_active() && (time_timerfd_read(fd, p, n, ret) || tty_read(fd, p, n, ret));
}
