/* SPDX-License-Identifier: Apache-2.0
 *
 * CAN_BCM sockets: net/can/bcm.c, on a hub. The hub has the timers and the filters
 * (port/can_hub_bcm.h); here is what the kernel answers at once. For that the socket remembers
 * which operations it has.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "harness/shim/can_frames.h"
#include "harness/shim/can_shim.h"
#include "harness/shim/preload.h"

static int fail(int number)
{
    errno = number;
    return -1;
}

/* ---- which operations there are; under the table's lock ---- */

static struct can_bcm_op *find(struct can_socket *s, const struct can_bcm_op *key)
{
    for (uint32_t i = 0; i < s->n_ops; i++)
        if (s->ops[i].receives == key->receives && s->ops[i].id == key->id &&
            s->ops[i].ifindex == key->ifindex)
            return &s->ops[i];
    return NULL;
}

static int add(struct can_socket *s, const struct can_bcm_op *key)
{
    if (s->ops == NULL)
        s->ops = calloc(HUB_BCM_OPS, sizeof *s->ops);
    if (s->ops == NULL || s->n_ops == HUB_BCM_OPS)
        return fail(ENOMEM);
    s->ops[s->n_ops++] = *key;
    return 0;
}

/* What the message does to the list: 0, or -1 with errno. */
static int note(struct can_socket *s, const struct bcm_msg_head *head, const struct can_bcm_op *key)
{
    struct can_bcm_op *op = find(s, key);

    switch (head->opcode) {
    case TX_SETUP:
    case RX_SETUP:
        if (op == NULL)
            return add(s, key);
        return key->frames <= op->frames ? 0 : fail(E2BIG);
    case TX_DELETE:
    case RX_DELETE:
        if (op != NULL)
            *op = s->ops[--s->n_ops];
        return op != NULL ? 0 : fail(EINVAL);
    case TX_READ:
    case RX_READ: return op != NULL ? 0 : fail(EINVAL);
    default: return 0; /* TX_SEND */
    }
}

/* ---- checks ---- */

/* The interface: the socket's, or that of sendto() when the socket has none. */
static int target(const struct can_socket *s, const struct msghdr *msg, int *ret_ifindex)
{
    struct sockaddr_can addr = {0};

    *ret_ifindex = s->ifindex;
    if (s->ifindex != 0 || msg->msg_name == NULL || msg->msg_namelen == 0)
        return 0;
    if (msg->msg_namelen < offsetof(struct sockaddr_can, can_addr))
        return fail(EINVAL);
    memcpy(&addr, msg->msg_name, msg->msg_namelen < sizeof addr ? msg->msg_namelen : sizeof addr);
    if (addr.can_family != AF_CAN)
        return fail(EINVAL);
    if (addr.can_ifindex != 0 && can_interface_by_index(addr.can_ifindex) == NULL)
        return fail(ENODEV);
    *ret_ifindex = addr.can_ifindex;
    return 0;
}

static bool sends(const struct bcm_msg_head *head)
{
    return head->opcode == TX_SETUP || head->opcode == TX_SEND;
}

static int check(struct can_socket *s, const struct bcm_msg_head *head,
                 const struct can_frame *frames, size_t n, int ifindex)
{
    int number = hub_bcm_check(head, n);

    if (sends(head) && ifindex == 0 && (number == 0 || head->opcode == TX_SETUP))
        return fail(ENODEV);
    if (number != 0)
        return fail(number);
    for (uint32_t i = 0; sends(head) && i < head->nframes; i++)
        if (frames[i].len > CAN_MAX_DLEN)
            return fail(EINVAL);
    return head->opcode == TX_SEND ? can_may_send(s, can_interface_by_index(ifindex)) : 0;
}

/* ---- out ---- */

/* To one hub, or with index 0 to all that the socket knows. */
static int send_packet(int fd, struct can_socket *s, const struct hub_bcm_packet *packet,
                       const struct bcm_msg_head *head, const struct can_frame *frames, int flags)
{
    const struct iovec iov[3] = {{(void *)(uintptr_t)packet, sizeof *packet},
                                 {(void *)(uintptr_t)head, sizeof *head},
                                 {(void *)(uintptr_t)frames, head->nframes * sizeof *frames}};
    const struct msghdr msg = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = 3};
    bool all = packet->ifindex == 0 && s->connected_to == 0;

    for (unsigned i = 0; i < (all ? can_interface_count() : 1); i++) {
        int to = all ? can_interface_at(i)->ifindex : packet->ifindex;
        bool direct = to == 0 || to == s->connected_to;
        int out = direct ? fd : can_bus_link(s, can_interface_by_index(to));
        if (out < 0 || real()->sendmsg(out, &msg, flags | MSG_NOSIGNAL) < 0)
            return errno == EAGAIN || errno == EINTR ? -1 : fail(ENETDOWN);
    }
    return 0;
}

static struct can_bcm_op key_of(const struct bcm_msg_head *head, int ifindex)
{
    return (struct can_bcm_op){
        .receives =
            head->opcode == RX_SETUP || head->opcode == RX_DELETE || head->opcode == RX_READ,
        .id = head->can_id,
        .ifindex = ifindex,
        .frames = head->nframes,
    };
}

ssize_t can_bcm_send(int fd, struct can_socket *s, const struct msghdr *msg, int flags)
{
    uint8_t bytes[HUB_BCM_BYTES] = {0};
    struct bcm_msg_head head;
    struct can_frame frames[HUB_BCM_FRAMES + 1];
    struct hub_bcm_packet packet = {.kind = HUB_BCM};
    size_t n = can_msg_total(msg);
    sigset_t before;
    int ifindex;

    if (!s->bound)
        return fail(ENOTCONN);
    if (n < sizeof head)
        return fail(EINVAL);
    if (target(s, msg, &ifindex) != 0)
        return -1;
    can_msg_gather(msg, bytes, n < sizeof bytes ? n : sizeof bytes);
    memcpy(&head, bytes, sizeof head);
    memcpy(frames, bytes + sizeof head, sizeof frames);
    if (check(s, &head, frames, n, ifindex) != 0)
        return -1;
    head.nframes = hub_bcm_frames(&head);
    const struct can_bcm_op key = key_of(&head, ifindex);
    packet.ifindex = ifindex;
    packet.t_us = can_time_us();
    can_lock(&before);
    int result = note(s, &head, &key);
    if (result == 0)
        result = send_packet(fd, s, &packet, &head, frames, flags);
    can_unlock(&before);
    return result == 0 ? (ssize_t)(sizeof head + head.nframes * sizeof *frames) : -1;
}

int can_bcm_connect(int fd, struct can_socket *s, const struct sockaddr *addr, socklen_t n)
{
    struct sockaddr_can can = {0};
    sigset_t before;

    if (n < offsetof(struct sockaddr_can, can_addr))
        return fail(EINVAL);
    if (s->bound)
        return fail(EISCONN);
    memcpy(&can, addr, n < sizeof can ? n : sizeof can);
    can_lock(&before);
    int result = can_bus_bind(fd, s, can.can_ifindex);
    can_unlock(&before);
    return result;
}
