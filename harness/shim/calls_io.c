/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls that move bytes: each becomes a sendmsg or recvmsg when the descriptor is ours. Without
 * _GNU_SOURCE, as calls_socket.c.
 */
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "harness/shim/can_shim.h"
#include "harness/shim/preload.h"
#include "harness/shim/time_shim.h"

/* ---- out ---- */

static ssize_t send_bytes(int fd, struct can_socket *s, const void *p, size_t n, int flags,
                          const struct sockaddr *to, socklen_t to_n)
{
    struct iovec iov = {(void *)p, n};
    const struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_name = (void *)to, .msg_namelen = to_n};

    return can_send_msg(fd, s, &msg, flags);
}

PRELOAD_EXPORT ssize_t send(int fd, const void *p, size_t n, int flags)
{
    struct can_socket *s = can_socket_at(fd);

    if (!time_before_output(fd, flags, "send"))
        return -1;
    return s != NULL ? send_bytes(fd, s, p, n, flags, NULL, 0) : real()->send(fd, p, n, flags);
}

PRELOAD_EXPORT ssize_t sendto(int fd, const void *p, size_t n, int flags, const struct sockaddr *to,
                              socklen_t to_n)
{
    struct can_socket *s = can_socket_at(fd);

    if (!time_before_output(fd, flags, "sendto"))
        return -1;
    return s != NULL ? send_bytes(fd, s, p, n, flags, to, to_n)
                     : real()->sendto(fd, p, n, flags, to, to_n);
}

PRELOAD_EXPORT ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
    struct can_socket *s = can_socket_at(fd);

    if (!time_before_output(fd, flags, "sendmsg"))
        return -1;
    return s != NULL ? can_send_msg(fd, s, msg, flags) : real()->sendmsg(fd, msg, flags);
}

PRELOAD_EXPORT ssize_t write(int fd, const void *p, size_t n)
{
    struct can_socket *s = can_socket_at(fd);

    if (!time_before_output(fd, 0, "write"))
        return -1;
    return s != NULL ? send_bytes(fd, s, p, n, 0, NULL, 0) : real()->write(fd, p, n);
}

PRELOAD_EXPORT ssize_t writev(int fd, const struct iovec *iov, int n)
{
    struct can_socket *s = can_socket_at(fd);
    const struct msghdr msg = {.msg_iov = (struct iovec *)iov, .msg_iovlen = n > 0 ? (size_t)n : 0};

    if (!time_before_output(fd, 0, "writev"))
        return -1;
    return s != NULL ? can_send_msg(fd, s, &msg, 0) : real()->writev(fd, iov, n);
}

/* ---- in ---- */

static ssize_t recv_bytes(int fd, struct can_socket *s, void *p, size_t n, int flags,
                          struct sockaddr *from, socklen_t *from_n)
{
    struct iovec iov = {p, n};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_name = from,
                         .msg_namelen = from != NULL && from_n != NULL ? *from_n : 0};
    ssize_t got = can_recv_msg(fd, s, &msg, flags);

    if (got >= 0 && from != NULL && from_n != NULL)
        *from_n = msg.msg_namelen;
    return got;
}

PRELOAD_EXPORT ssize_t recv(int fd, void *p, size_t n, int flags)
{
    struct can_socket *s = can_socket_at(fd);

    if (!time_before_input(fd, flags, "recv"))
        return -1;
    return s != NULL ? recv_bytes(fd, s, p, n, flags, NULL, NULL) : real()->recv(fd, p, n, flags);
}

PRELOAD_EXPORT ssize_t recvfrom(int fd, void *p, size_t n, int flags, struct sockaddr *from,
                                socklen_t *from_n)
{
    struct can_socket *s = can_socket_at(fd);

    if (!time_before_input(fd, flags, "recvfrom"))
        return -1;
    return s != NULL ? recv_bytes(fd, s, p, n, flags, from, from_n)
                     : real()->recvfrom(fd, p, n, flags, from, from_n);
}

PRELOAD_EXPORT ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
    struct can_socket *s = can_socket_at(fd);

    if (!time_before_input(fd, flags, "recvmsg"))
        return -1;
    return s != NULL ? can_recv_msg(fd, s, msg, flags) : real()->recvmsg(fd, msg, flags);
}

PRELOAD_EXPORT ssize_t read(int fd, void *p, size_t n)
{
    struct can_socket *s = can_socket_at(fd);
    ssize_t got;

    if (s == NULL && time_read(fd, p, n, &got))
        return got;
    if (!time_before_input(fd, 0, "read"))
        return -1;
    return s != NULL ? recv_bytes(fd, s, p, n, 0, NULL, NULL) : real()->read(fd, p, n);
}

PRELOAD_EXPORT ssize_t readv(int fd, const struct iovec *iov, int n)
{
    struct can_socket *s = can_socket_at(fd);
    struct msghdr msg = {.msg_iov = (struct iovec *)iov, .msg_iovlen = n > 0 ? (size_t)n : 0};

    if (!time_before_input(fd, 0, "readv"))
        return -1;
    return s != NULL ? can_recv_msg(fd, s, &msg, 0) : real()->readv(fd, iov, n);
}

/* ---- what _FORTIFY_SOURCE makes of them; the real ones abort when n > size ---- */

ssize_t __read_chk(int fd, void *p, size_t n, size_t size);
ssize_t __recv_chk(int fd, void *p, size_t n, size_t size, int flags);
ssize_t __recvfrom_chk(int fd, void *p, size_t n, size_t size, int flags, struct sockaddr *from,
                       socklen_t *from_n);

PRELOAD_EXPORT ssize_t __read_chk(int fd, void *p, size_t n, size_t size)
{
    struct can_socket *s = n <= size ? can_socket_at(fd) : NULL;
    ssize_t got;

    if (s == NULL && time_read(fd, p, n, &got))
        return got;
    if (!time_before_input(fd, 0, "read"))
        return -1;
    return s != NULL ? recv_bytes(fd, s, p, n, 0, NULL, NULL) : real()->__read_chk(fd, p, n, size);
}

PRELOAD_EXPORT ssize_t __recv_chk(int fd, void *p, size_t n, size_t size, int flags)
{
    struct can_socket *s = n <= size ? can_socket_at(fd) : NULL;

    if (!time_before_input(fd, flags, "recv"))
        return -1;
    return s != NULL ? recv_bytes(fd, s, p, n, flags, NULL, NULL)
                     : real()->__recv_chk(fd, p, n, size, flags);
}

PRELOAD_EXPORT ssize_t __recvfrom_chk(int fd, void *p, size_t n, size_t size, int flags,
                                      struct sockaddr *from, socklen_t *from_n)
{
    struct can_socket *s = n <= size ? can_socket_at(fd) : NULL;

    if (!time_before_input(fd, flags, "recvfrom"))
        return -1;
    return s != NULL ? recv_bytes(fd, s, p, n, flags, from, from_n)
                     : real()->__recvfrom_chk(fd, p, n, size, flags, from, from_n);
}
