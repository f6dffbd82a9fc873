/* SPDX-License-Identifier: Apache-2.0
 *
 * One member as the hub sees it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "port/can_hub_priv.h"

enum { QUEUE_BYTES = 1 << 20 };

/* The longest packet; a hub_join is a little shorter. */
#define PACKET_MAX (sizeof(struct hub_bcm_packet) + HUB_BCM_BYTES)
_Static_assert(PACKET_MAX >= sizeof(struct hub_join), "the longest packet");

/* A member that is busy for a moment should not lose a burst: as much as we are allowed to. */
static void make_room(int fd)
{
    const int size = QUEUE_BYTES;

    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) != 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

struct hub_member *hub_member_new(int fd, unsigned number)
{
    struct hub_member *m = calloc(1, sizeof *m);
    struct ucred peer = {0};
    socklen_t n = sizeof peer;

    if (m == NULL) {
        close(fd);
        return NULL;
    }
    m->number = number;
    m->fd = fd;
    m->out_fd = fd;
    make_room(fd);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0)
        m->pid = peer.pid;
    return m;
}

void hub_member_close(struct hub_member *m)
{
    loop_io_delete(m->io);
    m->io = NULL;
    if (m->out_fd >= 0 && m->out_fd != m->fd)
        close(m->out_fd);
    if (m->fd >= 0)
        close(m->fd);
    m->fd = -1;
    m->out_fd = -1;
    m->gone = true;
}

void hub_member_give(struct hub_member *m, const struct iovec *iov, size_t n)
{
    const struct msghdr msg = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = n};

    if (sendmsg(m->out_fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN &&
        errno != ENOBUFS)
        m->deaf = true;
}

void hub_member_free(struct hub_member *m)
{
    hub_member_close(m);
    hub_bcm_delete(m->bcm);
    free((void *)m->filter.filters);
    free(m);
}

/* ---- packets ---- */

static int descriptor_in(struct msghdr *msg)
{
    int fd = -1;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
            memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return fd;
}

static bool copy_join(const void *packet, size_t size, struct hub_item *ret)
{
    const size_t head = offsetof(struct hub_join, filters);
    struct hub_join *join = calloc(1, sizeof *join);

    if (join == NULL || size < head || size > sizeof *join) {
        free(join);
        return false;
    }
    memcpy(join, packet, size);
    if (join->n_filters > HUB_MAX_FILTERS ||
        size != head + join->n_filters * sizeof join->filters[0]) {
        free(join);
        return false;
    }
    ret->join = join;
    ret->t_us = join->t_us;
    return true;
}

static bool copy_message(const uint8_t *packet, size_t size, struct hub_item *ret)
{
    struct hub_bcm_packet head;

    if (size <= sizeof head)
        return false;
    memcpy(&head, packet, sizeof head);
    ret->message_n = size - sizeof head;
    ret->message = malloc(ret->message_n);
    if (ret->message == NULL)
        return false;
    memcpy(ret->message, packet + sizeof head, ret->message_n);
    ret->message_ifindex = head.ifindex;
    ret->t_us = head.t_us;
    return true;
}

/* What is no packet of ours is dropped; its sender has a bug that we need not share. */
static bool copy_packet(const void *bytes, size_t size, struct hub_item *ret)
{
    struct hub_packet packet;
    uint32_t kind;

    if (size < sizeof kind)
        return false;
    memcpy(&kind, bytes, sizeof kind);
    if (kind == HUB_JOIN)
        return copy_join(bytes, size, ret);
    if (kind == HUB_BCM)
        return copy_message(bytes, size, ret);
    if (kind != HUB_FRAME || size != sizeof packet)
        return false;
    memcpy(&packet, bytes, sizeof packet);
    ret->frame = packet.frame;
    ret->t_us = packet.t_us;
    return true;
}

bool hub_member_read(struct hub_member *m, struct hub_item *ret)
{
    for (;;) {
        _Alignas(uint64_t) char bytes[PACKET_MAX];
        _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
        struct iovec iov = {bytes, sizeof bytes};
        struct msghdr msg = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
        ssize_t n = recvmsg(m->fd, &msg, MSG_CMSG_CLOEXEC);
        if (n < 0 && (errno == EINTR || errno == ECONNRESET))
            continue; /* reset: it closed without reading all; what it sent is still here */
        if (n <= 0) {
            m->gone = n == 0 || errno != EAGAIN;
            return false;
        }
        struct hub_item item = {.from = m, .passed_fd = descriptor_in(&msg)};
        if (copy_packet(bytes, (size_t)n, &item)) {
            *ret = item;
            return true;
        }
        hub_item_free(&item);
    }
}

void hub_member_apply(struct hub_member *m, struct hub_item *item)
{
    const struct hub_join *join = item->join;
    size_t size = join->n_filters * sizeof join->filters[0];
    struct can_filter *filters = size > 0 ? malloc(size) : NULL;

    if (size > 0 && filters == NULL)
        return;
    if (size > 0)
        memcpy(filters, join->filters, size);
    free((void *)m->filter.filters);
    m->filter = (struct hub_filter){
        .filters = filters,
        .n = join->n_filters,
        .all_must_match = (join->flags & HUB_JOIN_FILTERS) != 0,
        .err_mask = join->err_mask,
    };
    if ((join->flags & HUB_BROADCAST) != 0)
        hub_member_broadcast(m);
    m->flags = join->flags;
    m->ifindex = join->ifindex;
    m->joined = true;
    if (item->passed_fd >= 0 && m->fd >= 0) {
        if (m->out_fd != m->fd)
            close(m->out_fd);
        m->out_fd = item->passed_fd;
        make_room(m->out_fd);
        item->passed_fd = -1;
    }
}

void hub_item_free(struct hub_item *item)
{
    free(item->join);
    free(item->message);
    item->message = NULL;
    if (item->passed_fd >= 0)
        close(item->passed_fd);
    item->join = NULL;
    item->passed_fd = -1;
}
