/* SPDX-License-Identifier: Apache-2.0
 *
 * Several messages in one call: apart, because struct mmsghdr needs _GNU_SOURCE.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/socket.h>
#include <time.h>

#include "harness/shim/can_shim.h"
#include "harness/shim/preload.h"

static int send_several(int fd, struct can_socket *s, struct mmsghdr *msgs, unsigned n, int flags)
{
    unsigned i;

    for (i = 0; i < n; i++) {
        ssize_t sent = can_send_msg(fd, s, &msgs[i].msg_hdr, flags);
        if (sent < 0)
            break;
        msgs[i].msg_len = (unsigned)sent;
    }
    return i > 0 || n == 0 ? (int)i : -1;
}

PRELOAD_EXPORT int sendmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags)
{
    struct can_socket *s = can_socket_at(fd);
    return s != NULL ? send_several(fd, s, msgs, n, flags) : real()->sendmmsg(fd, msgs, n, flags);
}

/* The time-out is looked at after each message only, as recvmmsg(2) confesses under BUGS; with no
 * message at all it does not end the call there either. */
static int receive_several(int fd, struct can_socket *s, struct mmsghdr *msgs, unsigned n,
                           int flags, const struct timespec *timeout)
{
    struct timespec end = {0}, now;
    unsigned i;

    clock_gettime(CLOCK_MONOTONIC, &end);
    if (timeout != NULL) {
        end.tv_sec += timeout->tv_sec;
        end.tv_nsec += timeout->tv_nsec;
    }
    for (i = 0; i < n; i++) {
        int wait = flags & ~MSG_WAITFORONE;
        if (i > 0 && (flags & MSG_WAITFORONE) != 0)
            wait |= MSG_DONTWAIT;
        ssize_t got = can_recv_msg(fd, s, &msgs[i].msg_hdr, wait);
        if (got < 0)
            break;
        msgs[i].msg_len = (unsigned)got;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (timeout != NULL &&
            (now.tv_sec > end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec >= end.tv_nsec))) {
            i++;
            break;
        }
    }
    return i > 0 || n == 0 ? (int)i : -1;
}

PRELOAD_EXPORT int recvmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags,
                            struct timespec *timeout)
{
    struct can_socket *s = can_socket_at(fd);
    return s != NULL ? receive_several(fd, s, msgs, n, flags, timeout)
                     : real()->recvmmsg(fd, msgs, n, flags, timeout);
}
