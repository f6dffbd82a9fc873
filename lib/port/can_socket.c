/* SPDX-License-Identifier: Apache-2.0
 *
 * SocketCAN: a raw socket on can0, vcan0, ... An interface that goes down or is unplugged stays
 * CAN_DOWN until it is back; the kernel says nothing then, so it is asked once a second.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/can/error.h>
#include <linux/can/raw.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "port/can_link.h"
#include "port/can_priv.h"

#define RETRY_US       US_PER_S
#define STALE_STAMP_US (10 * US_PER_S)

/* What may wait in the kernel: about 20 frames, one set of the longest dialect. With a long
 * txqueuelen it would be hundreds, and after a time without acknowledgement all of them would leave
 * with what was true then. (The kernel doubles the number and counts 768 bytes for a frame.) */
enum { SEND_BUFFER = 8192 };

struct sock {
    struct can can; /* first */
    int fd;
    struct loop_io *io;
    struct loop_timer *timer; /* runs while the interface is down */
    unsigned ifindex;
};

static struct sock *sock_of(struct can *can)
{
    return (struct sock *)can;
}

/* ---- down and up again ---- */

/* The filter is set anew, because the kernel drops all filters of a socket whose interface is
 * unplugged. */
static bool bind_to(struct sock *s, unsigned ifindex)
{
    struct sockaddr_can addr = {.can_family = AF_CAN, .can_ifindex = (int)ifindex};
    const struct can_filter everything = {0};

    return setsockopt(s->fd, SOL_CAN_RAW, CAN_RAW_FILTER, &everything, sizeof everything) == 0 &&
           bind(s->fd, (const struct sockaddr *)&addr, sizeof addr) == 0;
}

static void went_down(struct sock *s)
{
    loop_timer_after(s->timer, RETRY_US);
    can_change_state(&s->can, CAN_DOWN);
}

/* An adapter that was plugged in again is another interface of the same name. */
static void on_timer(void *ctx)
{
    struct sock *s = ctx;
    unsigned ifindex = if_nametoindex(s->can.name);

    if (ifindex == 0 || !link_is_up(s->fd, s->can.name) ||
        (ifindex != s->ifindex && !bind_to(s, ifindex))) {
        loop_timer_after(s->timer, RETRY_US);
        return;
    }
    s->ifindex = ifindex;
    can_enter(&s->can);
    can_change_state(&s->can, CAN_UP);
    can_leave(&s->can);
}

/* ---- frames ---- */

/* The kernel stamps with the wall clock. What counts is how long ago that was. */
static uint64_t stamp_of(const struct sock *s, struct msghdr *msg)
{
    const struct clock *clock = loop_clock(s->can.loop);
    uint64_t now = clock_now_us(clock);
    uint64_t wall = clock_wall_us(clock);
    struct timespec ts;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPNS)
            continue;
        memcpy(&ts, CMSG_DATA(c), sizeof ts);
        uint64_t stamp = (uint64_t)ts.tv_sec * US_PER_S + (uint64_t)ts.tv_nsec / 1000U;
        if (stamp <= wall && wall - stamp < STALE_STAMP_US && wall - stamp <= now)
            return now - (wall - stamp); /* else the wall clock has been set in between */
    }
    return now;
}

static bool take_frame(struct sock *s)
{
    struct can_frame frame;
    struct can_msg msg;
    enum can_state state;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct timespec))];
    struct iovec iov = {&frame, sizeof frame};
    struct msghdr m = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(s->fd, &m, 0);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n < 0) { /* ENETDOWN, ENODEV */
        went_down(s);
        return false;
    }
    if (n != (ssize_t)sizeof frame || !can_from_kernel(&frame, &msg))
        return true;
    if (can_state_from_error(&msg, &state))
        can_change_state(&s->can, state);
    can_take(&s->can, &msg, stamp_of(s, &m), (m.msg_flags & MSG_CONFIRM) != 0);
    return true;
}

static void on_io(void *ctx, unsigned events)
{
    struct sock *s = ctx;

    (void)events;
    can_enter(&s->can);
    for (int i = 0; i < CAN_READS_PER_TURN && !s->can.deleted && take_frame(s); i++)
        ;
    can_leave(&s->can);
}

static enum err sock_send(struct can *can, const struct can_msg *msg)
{
    struct sock *s = sock_of(can);
    struct can_frame frame;

    can_to_kernel(msg, &frame);
    if (write(s->fd, &frame, sizeof frame) == (ssize_t)sizeof frame)
        return ERR_OK;
    switch (errno) {
    case EAGAIN:
    case ENOBUFS: return ERR_AGAIN;
    case ENETDOWN:
    case ENODEV:
    case ENXIO: return ERR_CLOSED;
    default: return err_from_errno(errno);
    }
}

static enum err sock_set_link(struct can *can, bool up)
{
    return link_set_up(sock_of(can)->fd, can->name, up);
}

static enum err sock_restart(struct can *can)
{
    return link_restart(sock_of(can)->fd, can->name);
}

static void sock_close(struct can *can)
{
    struct sock *s = sock_of(can);

    loop_timer_delete(s->timer);
    s->timer = NULL;
    loop_io_delete(s->io);
    s->io = NULL;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

static const struct can_ops sock_ops = {
    .close = sock_close, .send = sock_send, .restart = sock_restart, .set_link = sock_set_link};

/* ---- opening ---- */

static enum err set_options(int fd, const struct can_options *options)
{
    const can_err_mask_t errors = CAN_ERR_MASK;
    const int on = 1, own = options->own ? 1 : 0, room = SEND_BUFFER;

    if (setsockopt(fd, SOL_CAN_RAW, CAN_RAW_ERR_FILTER, &errors, sizeof errors) != 0 ||
        setsockopt(fd, SOL_CAN_RAW, CAN_RAW_RECV_OWN_MSGS, &own, sizeof own) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0)
        return err_from_errno(errno);
    return ERR_OK;
}

static enum err start(struct sock *s, const struct can_options *options)
{
    const char *name = s->can.name;

    s->ifindex = strlen(name) < IFNAMSIZ ? if_nametoindex(name) : 0;
    if (s->ifindex == 0)
        return ERR_NOT_FOUND;
    if (!link_is_can(s->fd, name))
        return ERR_UNSUPPORTED;
    enum err e = options->bitrate != 0 ? link_set_bitrate(s->fd, name, options->bitrate) : ERR_OK;
    if (e == ERR_OK && !link_is_up(s->fd, name))
        e = ERR_CLOSED;
    if (e == ERR_OK)
        e = set_options(s->fd, options);
    if (e == ERR_OK && !bind_to(s, s->ifindex))
        e = err_from_errno(errno);
    if (e == ERR_OK)
        e = loop_timer_new(s->can.loop, on_timer, s, &s->timer);
    if (e == ERR_OK)
        e = loop_io_new(s->can.loop, s->fd, LOOP_READ, on_io, s, &s->io);
    return e;
}

enum err can_socket_open(struct loop *loop, const char *name, const struct can_options *options,
                         const struct can_handler *handler, struct can **ret)
{
    struct can *can;
    enum err e = can_new(loop, sizeof(struct sock), name, &sock_ops, handler, &can);

    if (e != ERR_OK)
        return e;
    struct sock *s = sock_of(can);
    s->fd = socket(PF_CAN, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, CAN_RAW);
    if (s->fd < 0)
        e = errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT ? ERR_UNSUPPORTED
                                                              : err_from_errno(errno);
    else
        e = start(s, options);
    if (e != ERR_OK) {
        can_delete(can);
        return e;
    }
    *ret = can;
    return ERR_OK;
}
