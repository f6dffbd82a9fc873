/* SPDX-License-Identifier: Apache-2.0
 *
 * POSIX message queues. A queue's descriptor can be polled on Linux, so it waits like any other.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>

#include "harness/shim/time_real.h"
#include "harness/shim/time_shim.h"

/* Waits until the queue can be used; false: errno is set. */
static bool before(mqd_t queue, short events, const struct timespec *ts, const char *call)
{
    struct mq_attr attr;
    const struct pollfd p = {.fd = (int)queue, .events = events};
    const struct time_wait wait = {
        .call = call,
        .deadline_ns = ts != NULL ? time_from_clock(CLOCK_REALTIME, ts) : VT_NEVER,
        .fds = &p,
        .n_fds = 1,
    };

    if (mq_getattr(queue, &attr) != 0 || (attr.mq_flags & O_NONBLOCK) != 0)
        return true; /* the real call tells */
    for (;;) {
        bool ready = events == POLLIN ? attr.mq_curmsgs > 0 : attr.mq_curmsgs < attr.mq_maxmsg;
        if (ready)
            return true;
        if (ts != NULL && !time_valid(ts)) {
            errno = EINVAL;
            return false;
        }
        enum vt_why why = time_block(&wait);
        if (mq_getattr(queue, &attr) != 0)
            return true;
        ready = events == POLLIN ? attr.mq_curmsgs > 0 : attr.mq_curmsgs < attr.mq_maxmsg;
        if (!ready && (why == VT_TIMEOUT || why == VT_SIGNAL)) {
            errno = why == VT_TIMEOUT ? ETIMEDOUT : EINTR;
            return false;
        }
    }
}

static ssize_t receive(mqd_t queue, char *p, size_t n, unsigned *priority,
                       const struct timespec *ts)
{
    if (time_active() && !before(queue, POLLIN, ts, "mq_receive"))
        return -1;
    return time_real()->mq_timedreceive(queue, p, n, priority, ts);
}

static int put(mqd_t queue, const char *p, size_t n, unsigned priority, const struct timespec *ts)
{
    if (time_active() && !before(queue, POLLOUT, ts, "mq_send"))
        return -1;
    return time_real()->mq_timedsend(queue, p, n, priority, ts);
}

PRELOAD_EXPORT ssize_t mq_timedreceive(mqd_t queue, char *restrict p, size_t n,
                                       unsigned *restrict priority,
                                       const struct timespec *restrict ts)
{
    return receive(queue, p, n, priority, ts);
}

PRELOAD_EXPORT int mq_timedsend(mqd_t queue, const char *p, size_t n, unsigned priority,
                                const struct timespec *ts)
{
    return put(queue, p, n, priority, ts);
}

PRELOAD_EXPORT ssize_t mq_receive(mqd_t queue, char *p, size_t n, unsigned *priority)
{
    return receive(queue, p, n, priority, NULL);
}

PRELOAD_EXPORT int mq_send(mqd_t queue, const char *p, size_t n, unsigned priority)
{
    return put(queue, p, n, priority, NULL);
}
