/* SPDX-License-Identifier: Apache-2.0
 *
 * One frame out, one frame or message in: net/can/raw.c raw_sendmsg and raw_recvmsg, on a hub.
 */
#define _GNU_SOURCE
#include "harness/shim/can_frames.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "harness/shim/can_shim.h"
#include "harness/shim/preload.h"
#include "harness/shim/time_shim.h"

enum { STATE_DOWN = 1 }; /* enum can_state of port/can.h */

static ssize_t fail(int number)
{
    errno = number;
    return -1;
}

/* The last time given out. */
static _Atomic uint64_t last_us;

uint64_t can_time_us(void)
{
    struct timespec ts;

    real()->clock_gettime(CLOCK_MONOTONIC, &ts);
    uint64_t now = (uint64_t)ts.tv_sec * 1000000U + (uint64_t)ts.tv_nsec / 1000U;
    if (time_active())
        now += 1ULL << 62; /* keeps the order, and is on no loop's clock: the hub takes its own */
    uint64_t last = last_us, mine;
    do {
        mine = now > last ? now : last + 1;
    } while (!atomic_compare_exchange_weak(&last_us, &last, mine));
    return mine;
}

/* ---- scattered bytes ---- */

size_t can_msg_total(const struct msghdr *msg)
{
    size_t n = 0;

    for (size_t i = 0; i < msg->msg_iovlen; i++)
        n += msg->msg_iov[i].iov_len;
    return n;
}

void can_msg_gather(const struct msghdr *msg, void *out, size_t n)
{
    size_t done = 0;

    for (size_t i = 0; i < msg->msg_iovlen && done < n; i++) {
        size_t part = msg->msg_iov[i].iov_len < n - done ? msg->msg_iov[i].iov_len : n - done;
        memcpy((char *)out + done, msg->msg_iov[i].iov_base, part);
        done += part;
    }
}

static size_t scatter(const struct msghdr *msg, const void *in, size_t n)
{
    size_t done = 0;

    for (size_t i = 0; i < msg->msg_iovlen && done < n; i++) {
        size_t part = msg->msg_iov[i].iov_len < n - done ? msg->msg_iov[i].iov_len : n - done;
        if (part > 0)
            memcpy(msg->msg_iov[i].iov_base, (const char *)in + done, part);
        done += part;
    }
    return done;
}

/* ---- out ---- */

/* Where to, as an interface; NULL with errno. */
static const struct can_interface *target(const struct can_socket *s, const struct msghdr *msg)
{
    int ifindex = s->ifindex;

    if (msg->msg_name != NULL && msg->msg_namelen > 0) {
        struct sockaddr_can addr = {0};
        if (msg->msg_namelen < offsetof(struct sockaddr_can, can_addr)) {
            fail(EINVAL);
            return NULL;
        }
        memcpy(&addr, msg->msg_name,
               msg->msg_namelen < sizeof addr ? msg->msg_namelen : sizeof addr);
        if (addr.can_family != AF_CAN) {
            fail(EINVAL);
            return NULL;
        }
        ifindex = addr.can_ifindex;
    }
    const struct can_interface *interface = can_interface_by_index(ifindex);
    if (interface == NULL)
        fail(ENXIO);
    return interface;
}

static int link_to(struct can_socket *s, const struct can_interface *interface)
{
    sigset_t before;

    can_lock(&before);
    int fd = can_bus_link(s, interface);
    can_unlock(&before);
    return fd;
}

int can_may_send(struct can_socket *s, const struct can_interface *interface)
{
    if (can_interface_is_down(interface))
        return (int)fail(ENETDOWN);
    if (!can_interface_is_passive(interface))
        s->in_queue = 0;
    else if (s->in_queue++ >= HUB_TX_QUEUE)
        return (int)fail(ENOBUFS); /* the queue behind a controller that nobody acknowledges */
    return 0;
}

ssize_t can_send_msg(int fd, struct can_socket *s, const struct msghdr *msg, int flags)
{
    struct hub_packet packet = {.kind = HUB_FRAME};

    if (s->broadcast)
        return can_bcm_send(fd, s, msg, flags);
    const struct can_interface *interface = target(s, msg);
    if (interface == NULL)
        return -1;
    if (can_msg_total(msg) != CAN_MTU)
        return fail(EINVAL); /* also a CAN FD frame: the interface's MTU is that of classic CAN */
    can_msg_gather(msg, &packet.frame, sizeof packet.frame);
    if (packet.frame.len > CAN_MAX_DLEN)
        return fail(EINVAL);
    if (can_may_send(s, interface) != 0)
        return -1;
    if (interface->ifindex != s->connected_to)
        fd = link_to(s, interface);
    if (fd < 0)
        return fail(ENETDOWN);
    packet.t_us = can_time_us();
    if (real()->send(fd, &packet, sizeof packet, flags | MSG_NOSIGNAL) == (ssize_t)sizeof packet)
        return CAN_MTU;
    return errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN ? fail(ENETDOWN) : -1;
}

/* ---- in ---- */

/* A socket that is bound to nothing gets nothing. */
static ssize_t wait_for_nothing(int fd, int flags)
{
    int status = real()->fcntl(fd, F_GETFL);

    if ((flags & MSG_DONTWAIT) == 0 && status >= 0 && (status & O_NONBLOCK) == 0)
        poll(NULL, 0, -1); /* until a signal */
    return fail((flags & MSG_DONTWAIT) != 0 || (status & O_NONBLOCK) != 0 ? EAGAIN : EINTR);
}

static void name_sender(struct msghdr *msg, int ifindex)
{
    const struct sockaddr_can addr = {.can_family = AF_CAN, .can_ifindex = ifindex};
    socklen_t n = msg->msg_namelen < sizeof addr ? msg->msg_namelen : (socklen_t)sizeof addr;

    if (msg->msg_name == NULL)
        return;
    memcpy(msg->msg_name, &addr, n);
    msg->msg_namelen = sizeof addr;
}

/* What the program gets of a packet. */
struct payload {
    const void *p;
    size_t n;
    uint32_t flags; /* HUB_FROM_* */
    int ifindex;
};

static ssize_t hand_over(struct can_socket *s, const struct payload *payload, struct msghdr *msg,
                         int flags)
{
    struct timespec now;
    size_t n = scatter(msg, payload->p, payload->n);

    clock_gettime(CLOCK_REALTIME, &now);
    time_stamp(msg);
    s->stamp_s = now.tv_sec;
    s->stamp_ns = now.tv_nsec;
    name_sender(msg, payload->ifindex);
    msg->msg_flags &= MSG_CTRUNC;
    if ((payload->flags & HUB_FROM_HOST) != 0)
        msg->msg_flags |= MSG_DONTROUTE;
    if ((payload->flags & HUB_FROM_SELF) != 0)
        msg->msg_flags |= MSG_CONFIRM;
    if (n < payload->n && !s->broadcast) /* bcm_recvmsg does not tell */
        msg->msg_flags |= MSG_TRUNC;
    return (flags & MSG_TRUNC) != 0 ? (ssize_t)payload->n : (ssize_t)n;
}

union packet {
    uint32_t kind;
    struct hub_packet raw;
    struct hub_bcm_packet bcm;
    uint8_t bytes[sizeof(struct hub_bcm_packet) + HUB_BCM_BYTES];
};

/* False when it is nothing for the program. */
static bool payload_of(const struct can_socket *s, const union packet *packet, size_t n,
                       struct payload *ret)
{
    if (s->broadcast && packet->kind == HUB_BCM && n > sizeof packet->bcm)
        *ret = (struct payload){packet->bytes + sizeof packet->bcm, n - sizeof packet->bcm,
                                packet->bcm.flags, packet->bcm.ifindex};
    else if (!s->broadcast && packet->kind == HUB_FRAME && n == sizeof packet->raw)
        *ret = (struct payload){&packet->raw.frame, sizeof packet->raw.frame, packet->raw.flags,
                                packet->raw.ifindex};
    else
        return false;
    return true;
}

ssize_t can_recv_msg(int fd, struct can_socket *s, struct msghdr *msg, int flags)
{
    union packet packet;
    struct payload payload;
    struct iovec iov = {&packet, sizeof packet};

    if (!s->bound)
        return wait_for_nothing(fd, flags);
    for (;;) {
        struct msghdr raw = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = msg->msg_control,
                             .msg_controllen = msg->msg_controllen};
        if (!time_before_input(fd, flags, "recvmsg"))
            return -1;
        ssize_t n = real()->recvmsg(fd, &raw, flags & ~MSG_TRUNC);
        if (n < 0)
            return errno == ECONNRESET ? fail(ENETDOWN) : -1;
        if (n == 0)
            return fail(ENETDOWN); /* the hub is gone */
        if (payload_of(s, &packet, (size_t)n, &payload)) {
            msg->msg_controllen = raw.msg_controllen;
            msg->msg_flags = raw.msg_flags;
            return hand_over(s, &payload, msg, flags);
        }
        if ((flags & MSG_PEEK) != 0) /* not for the program to see */
            real()->recv(fd, &packet, sizeof packet, MSG_DONTWAIT);
        if (packet.kind == HUB_STATE && packet.raw.state == STATE_DOWN)
            return fail(ENETDOWN); /* once, as the kernel does */
    }
}
