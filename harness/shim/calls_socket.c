/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls about sockets. Without _GNU_SOURCE: with it, glibc declares the address parameters as
 * transparent unions.
 */
#define _DEFAULT_SOURCE /* SO_DOMAIN */
#include <errno.h>
#include <fcntl.h>
#include <linux/can/raw.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "harness/shim/can_shim.h"
#include "harness/shim/preload.h"
#include "harness/shim/time_shim.h"

enum { TYPE_FLAGS = SOCK_NONBLOCK | SOCK_CLOEXEC };

static int fail(int number)
{
    errno = number;
    return -1;
}

static int can_open_socket(int type, int protocol)
{
    sigset_t before;

    bool broadcast = protocol == CAN_BCM;

    if (protocol != CAN_RAW && protocol != CAN_BCM && protocol != 0)
        return fail(EPROTONOSUPPORT);
    if ((type & ~TYPE_FLAGS) != (broadcast ? SOCK_DGRAM : SOCK_RAW))
        return fail(EPROTOTYPE);
    int fd = real()->socket(AF_UNIX, SOCK_SEQPACKET | (type & TYPE_FLAGS), 0);
    if (fd < 0)
        return -1;
    can_lock(&before);
    bool ok = can_socket_add(fd, broadcast) != NULL;
    can_unlock(&before);
    if (ok)
        return fd;
    real()->close(fd);
    return fail(ENOMEM);
}

PRELOAD_EXPORT int socket(int domain, int type, int protocol)
{
    if (domain == PF_CAN && can_interface_count() > 0)
        return can_open_socket(type, protocol);
    return real()->socket(domain, type, protocol);
}

PRELOAD_EXPORT int bind(int fd, const struct sockaddr *addr, socklen_t n)
{
    struct can_socket *s = can_socket_at(fd);
    struct sockaddr_can can = {0};
    sigset_t before;

    if (s == NULL)
        return real()->bind(fd, addr, n);
    if (s->broadcast)
        return fail(EOPNOTSUPP);
    if (n < offsetof(struct sockaddr_can, can_addr) || addr->sa_family != AF_CAN)
        return fail(EINVAL);
    memcpy(&can, addr, n < sizeof can ? n : sizeof can);
    can_lock(&before);
    int result = can_bus_bind(fd, s, can.can_ifindex);
    can_unlock(&before);
    return result;
}

PRELOAD_EXPORT int connect(int fd, const struct sockaddr *addr, socklen_t n)
{
    struct can_socket *s = can_socket_at(fd);

    if (s != NULL)
        return s->broadcast ? can_bcm_connect(fd, s, addr, n) : fail(EOPNOTSUPP);
    if (addr != NULL && n >= sizeof addr->sa_family && addr->sa_family != AF_UNIX)
        time_no_delay(fd);
    return real()->connect(fd, addr, n);
}

PRELOAD_EXPORT int accept(int fd, struct sockaddr *ret, socklen_t *n)
{
    if (!time_before_input(fd, 0, "accept"))
        return -1;
    int result = real()->accept(fd, ret, n);
    time_no_delay(result);
    return result;
}

int accept4(int fd, struct sockaddr *ret, socklen_t *n, int flags);

PRELOAD_EXPORT int accept4(int fd, struct sockaddr *ret, socklen_t *n, int flags)
{
    if (!time_before_input(fd, 0, "accept4"))
        return -1;
    int result = real()->accept4(fd, ret, n, flags);
    time_no_delay(result);
    return result;
}

PRELOAD_EXPORT int getsockname(int fd, struct sockaddr *ret, socklen_t *n)
{
    const struct can_socket *s = can_socket_at(fd);

    if (s == NULL)
        return real()->getsockname(fd, ret, n);
    if (s->broadcast)
        return fail(EOPNOTSUPP);
    can_socket_name(s, ret, n);
    return 0;
}

PRELOAD_EXPORT int getpeername(int fd, struct sockaddr *ret, socklen_t *n)
{
    return can_socket_at(fd) != NULL ? fail(EOPNOTSUPP) : real()->getpeername(fd, ret, n);
}

PRELOAD_EXPORT int setsockopt(int fd, int level, int option, const void *value, socklen_t n)
{
    struct can_socket *s = can_socket_at(fd);

    /* What waits in the kernel waits in no queue of this connection: it is the hub's
     * (HUB_TX_QUEUE), and a small buffer here would make a frame depend on when the hub reads. */
    if (s != NULL && level == SOL_SOCKET && (option == SO_SNDBUF || option == SO_SNDBUFFORCE))
        return 0;
    if (s == NULL || level == SOL_SOCKET)
        return real()->setsockopt(fd, level, option, value, n);
    if (s->broadcast)
        return fail(EOPNOTSUPP);
    return level == SOL_CAN_RAW ? can_set_option(fd, s, option, value, n) : fail(ENOPROTOOPT);
}

/* What identifies the socket must not be that of the connection behind it. */
static bool identity(const struct can_socket *s, int option, int *ret)
{
    switch (option) {
    case SO_DOMAIN: *ret = AF_CAN; return true;
    case SO_TYPE: *ret = s->broadcast ? SOCK_DGRAM : SOCK_RAW; return true;
    case SO_PROTOCOL: *ret = 0; return true; /* can_create() leaves it unset (Linux 6.1) */
    default: return false;
    }
}

PRELOAD_EXPORT int getsockopt(int fd, int level, int option, void *ret, socklen_t *n)
{
    struct can_socket *s = can_socket_at(fd);
    int value;

    if (s == NULL)
        return real()->getsockopt(fd, level, option, ret, n);
    if (s->broadcast && level != SOL_SOCKET)
        return fail(EOPNOTSUPP);
    if (level == SOL_CAN_RAW)
        return can_get_option(s, option, ret, n);
    if (level != SOL_SOCKET)
        return fail(ENOPROTOOPT);
    if (!identity(s, option, &value))
        return real()->getsockopt(fd, level, option, ret, n);
    if (*n > sizeof value)
        *n = sizeof value;
    memcpy(ret, &value, *n);
    return 0;
}
