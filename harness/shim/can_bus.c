/* SPDX-License-Identifier: Apache-2.0
 *
 * From descriptors to hubs.
 *
 * A socket bound to one interface is itself the connection to that hub. A socket bound to all of
 * several interfaces is one end of a socket pair; the other end is handed to every hub over a
 * hidden connection, and frames from everywhere arrive at the one descriptor the program polls.
 * Hidden connections also carry frames that are sent to another interface than the bound one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "harness/shim/can_frames.h"
#include "harness/shim/can_shim.h"
#include "harness/shim/preload.h"

/* Hidden descriptors stay out of the low numbers that programs count on. */
enum { HIDDEN_FROM = 400, CONNECT_TRIES = 200, TRY_EVERY_MS = 5 };

/* ---- what a hub is told ---- */

static void fill_join(const struct can_socket *s, int ifindex, bool listens, struct hub_join *ret)
{
    uint32_t n = listens && !s->broadcast ? s->n_filters : 0;

    memset(ret, 0, sizeof *ret);
    ret->kind = HUB_JOIN;
    ret->flags = (s->own ? (uint32_t)HUB_WANT_OWN : 0U) |
                 (s->loopback ? 0U : (uint32_t)HUB_NO_LOOPBACK) |
                 (s->join_filters ? (uint32_t)HUB_JOIN_FILTERS : 0U) |
                 (s->broadcast ? (uint32_t)HUB_BROADCAST : 0U);
    ret->ifindex = ifindex;
    ret->err_mask = listens ? s->err_mask : 0;
    ret->t_us = can_time_us();
    ret->n_filters = n;
    if (n > 0)
        memcpy(ret->filters, s->filters, n * sizeof ret->filters[0]);
}

/* `passed`: a descriptor to go along, or -1. */
static int send_join(int fd, const struct hub_join *join, int passed)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    size_t size = offsetof(struct hub_join, filters) + join->n_filters * sizeof join->filters[0];
    struct iovec iov = {(void *)join, size};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

    if (passed >= 0) {
        msg.msg_control = control;
        msg.msg_controllen = sizeof control;
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof passed);
        memcpy(CMSG_DATA(c), &passed, sizeof passed);
    }
    if (real()->sendmsg(fd, &msg, MSG_NOSIGNAL) == (ssize_t)size)
        return 0;
    errno = ENETDOWN;
    return -1;
}

/* ---- connecting ---- */

static int connect_to(int fd, const struct can_interface *interface)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    memcpy(addr.sun_path, interface->path, strlen(interface->path));
    for (int i = 0; i < CONNECT_TRIES; i++) {
        if (real()->connect(fd, (const struct sockaddr *)&addr, sizeof addr) == 0)
            return 0;
        if (errno != EAGAIN && errno != EINTR)
            break;
        poll(NULL, 0, TRY_EVERY_MS); /* a non-blocking socket, and the hub's backlog is full */
    }
    errno = ENETDOWN;
    return -1;
}

static int open_hidden(void)
{
    int fd = real()->socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    int high = fd >= 0 ? real()->fcntl(fd, F_DUPFD_CLOEXEC, HIDDEN_FROM) : -1;

    if (high >= 0) {
        real()->close(fd);
        return high;
    }
    return fd; /* a low limit on descriptors: any number will do */
}

static int connect_hidden(const struct can_socket *s, const struct can_interface *interface,
                          int passed)
{
    struct hub_join join;
    int fd = open_hidden();

    if (fd < 0)
        return -1;
    fill_join(s, interface->ifindex, passed >= 0, &join);
    if (connect_to(fd, interface) != 0 || send_join(fd, &join, passed) != 0) {
        int number = errno;
        real()->close(fd);
        errno = number;
        return -1;
    }
    return fd;
}

int can_bus_link(struct can_socket *s, const struct can_interface *interface)
{
    int *link = &s->link[interface->ifindex - HUB_IFINDEX_BASE];

    if (*link < 0)
        *link = connect_hidden(s, interface, -1);
    return *link;
}

/* ---- binding ---- */

/* Options that live in the kernel's socket and must survive when it is replaced. */
static void copy_kernel_options(int from, int to)
{
    static const int flags[] = {SO_TIMESTAMP, SO_TIMESTAMPNS};
    static const int times[] = {SO_RCVTIMEO, SO_SNDTIMEO};

    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        int value = 0;
        socklen_t n = sizeof value;
        if (real()->getsockopt(from, SOL_SOCKET, flags[i], &value, &n) == 0 && value != 0)
            real()->setsockopt(to, SOL_SOCKET, flags[i], &value, n);
    }
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct timeval value = {0};
        socklen_t n = sizeof value;
        if (real()->getsockopt(from, SOL_SOCKET, times[i], &value, &n) == 0)
            real()->setsockopt(to, SOL_SOCKET, times[i], &value, n);
    }
}

/* Puts another kernel socket under the program's descriptor number. Takes `fresh` over. */
static int replace(int fd, struct can_socket *s, int fresh)
{
    int cloexec = real()->fcntl(fd, F_GETFD) & FD_CLOEXEC;
    int flags = real()->fcntl(fd, F_GETFL);

    copy_kernel_options(fd, fresh);
    real()->fcntl(fresh, F_SETFL, flags);
    int result = real()->dup3(fresh, fd, cloexec != 0 ? O_CLOEXEC : 0);
    real()->close(fresh);
    if (result < 0 || !can_socket_refresh(fd, s))
        return -1;
    return 0;
}

static void drop_links(struct can_socket *s)
{
    for (unsigned i = 0; i < CAN_MAX_INTERFACES; i++) {
        if (s->link[i] >= 0)
            real()->close(s->link[i]);
        s->link[i] = -1;
    }
}

static int bind_to_one(int fd, struct can_socket *s, const struct can_interface *interface)
{
    struct hub_join join;

    if (s->bound) { /* bound before: an AF_UNIX socket connects only once */
        int fresh = real()->socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (fresh < 0 || replace(fd, s, fresh) != 0)
            return -1;
    }
    if (connect_to(fd, interface) != 0)
        return -1;
    fill_join(s, interface->ifindex, true, &join);
    if (send_join(fd, &join, -1) != 0)
        return -1;
    s->connected_to = interface->ifindex;
    return 0;
}

static int bind_to_all(int fd, struct can_socket *s)
{
    int pair[2];
    unsigned reached = 0;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return -1;
    for (unsigned i = 0; i < can_interface_count(); i++) {
        s->link[i] = connect_hidden(s, can_interface_at(i), pair[1]);
        reached += s->link[i] >= 0 ? 1U : 0U;
    }
    real()->close(pair[1]);
    if (reached == 0) {
        real()->close(pair[0]);
        errno = ENETDOWN;
        return -1;
    }
    s->connected_to = 0;
    return replace(fd, s, pair[0]);
}

int can_bus_bind(int fd, struct can_socket *s, int ifindex)
{
    const struct can_interface *interface = can_interface_by_index(ifindex);
    int result;

    if (ifindex != 0 && interface == NULL) {
        errno = ENODEV;
        return -1;
    }
    if (s->bound && s->ifindex == ifindex)
        return 0;
    drop_links(s);
    if (interface == NULL && can_interface_count() == 1)
        interface = can_interface_at(0);
    result = interface != NULL ? bind_to_one(fd, s, interface) : bind_to_all(fd, s);
    if (result != 0)
        return -1;
    s->ifindex = ifindex;
    s->bound = true;
    return 0;
}

void can_bus_update(int fd, const struct can_socket *s)
{
    struct hub_join join;
    bool to_all = s->bound && s->connected_to == 0;

    if (!s->bound)
        return;
    if (s->connected_to != 0) {
        fill_join(s, s->connected_to, true, &join);
        send_join(fd, &join, -1);
    }
    for (unsigned i = 0; i < CAN_MAX_INTERFACES; i++) {
        if (s->link[i] < 0)
            continue;
        fill_join(s, HUB_IFINDEX_BASE + (int)i, to_all, &join);
        send_join(s->link[i], &join, -1);
    }
}
