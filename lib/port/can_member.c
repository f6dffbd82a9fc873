/* SPDX-License-Identifier: Apache-2.0
 *
 * A member of a hub: "hub:/path/sock". The hub filters and marks; here packets only change form.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "port/can_hub_packet.h"
#include "port/can_priv.h"

struct member {
    struct can can; /* first */
    int fd;
    struct loop_io *io;
    unsigned in_queue; /* sent while nobody acknowledges */
};

static struct member *member_of(struct can *can)
{
    return (struct member *)can;
}

static void member_close(struct can *can)
{
    struct member *m = member_of(can);

    loop_io_delete(m->io);
    m->io = NULL;
    if (m->fd >= 0)
        close(m->fd);
    m->fd = -1;
}

static enum err member_send(struct can *can, const struct can_msg *msg)
{
    struct member *m = member_of(can);
    struct hub_packet packet = {.kind = HUB_FRAME, .t_us = loop_now(can->loop)};

    if (m->fd < 0 || can->state == CAN_DOWN)
        return ERR_CLOSED;
    m->in_queue = can->state == CAN_ERROR_PASSIVE ? m->in_queue : 0;
    if (m->in_queue == HUB_TX_QUEUE)
        return ERR_AGAIN;
    m->in_queue += can->state == CAN_ERROR_PASSIVE ? 1 : 0;
    can_to_kernel(msg, &packet.frame);
    if (send(m->fd, &packet, sizeof packet, MSG_NOSIGNAL) == (ssize_t)sizeof packet)
        return ERR_OK;
    return errno == ENOBUFS ? ERR_AGAIN : err_from_errno(errno);
}

static void take_packet(struct member *m, const struct hub_packet *packet)
{
    struct can_msg msg;

    if (packet->kind == HUB_FRAME && can_from_kernel(&packet->frame, &msg))
        can_take(&m->can, &msg, packet->t_us, (packet->flags & HUB_FROM_SELF) != 0);
    else if (packet->kind == HUB_STATE && packet->state <= CAN_BUS_OFF)
        can_change_state(&m->can, (enum can_state)packet->state);
}

static void on_io(void *ctx, unsigned events)
{
    struct member *m = ctx;
    struct hub_packet packet;

    (void)events;
    can_enter(&m->can);
    for (int i = 0; i < CAN_READS_PER_TURN && !m->can.deleted; i++) {
        ssize_t n = recv(m->fd, &packet, sizeof packet, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (n < 0 && errno == ECONNRESET)
            continue; /* the hub left packets of ours unread; its own are still here */
        if (n == (ssize_t)sizeof packet) {
            take_packet(m, &packet);
            continue;
        }
        member_close(&m->can); /* the hub is gone */
        can_change_state(&m->can, CAN_DOWN);
        break;
    }
    can_leave(&m->can);
}

static const struct can_ops member_ops = {.close = member_close, .send = member_send};

static enum err join(struct member *m, const struct can_options *options)
{
    struct hub_join join = {
        .kind = HUB_JOIN,
        .flags = HUB_WANT_STATE | (options->own ? (uint32_t)HUB_WANT_OWN : 0U),
        .err_mask = CAN_ERR_MASK,
        .t_us = loop_now(m->can.loop),
        .n_filters = 1, /* one that matches everything */
    };
    size_t size = offsetof(struct hub_join, filters) + sizeof join.filters[0];

    if (send(m->fd, &join, size, MSG_NOSIGNAL) != (ssize_t)size)
        return err_from_errno(errno);
    return ERR_OK;
}

/* As an interface that is down refuses a socket: the state file tells before the first packet does.
 */
static bool bus_is_down(const char *path)
{
    char name[PATH_MAX];
    struct buf b = buf_of(name, sizeof name);
    uint32_t state = CAN_UP;

    if (!buf_printf(&b, "%s" HUB_STATE_SUFFIX, path) || !buf_u8(&b, 0))
        return false;
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool known = read(fd, &state, sizeof state) == (ssize_t)sizeof state;
    close(fd);
    return known && state == CAN_DOWN;
}

static enum err connect_member(struct member *m, const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof addr.sun_path)
        return ERR_RANGE;
    memcpy(addr.sun_path, path, strlen(path));
    m->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (m->fd < 0)
        return err_from_errno(errno);
    if (connect(m->fd, (const struct sockaddr *)&addr, sizeof addr) != 0)
        return errno == ECONNREFUSED ? ERR_CLOSED : err_from_errno(errno);
    if (bus_is_down(path))
        return ERR_CLOSED;
    return loop_io_new(m->can.loop, m->fd, LOOP_READ, on_io, m, &m->io);
}

enum err can_member_open(struct loop *loop, const char *name, const struct can_options *options,
                         const struct can_handler *handler, struct can **ret)
{
    struct can *can;
    enum err e = can_new(loop, sizeof(struct member), name, &member_ops, handler, &can);

    if (e != ERR_OK)
        return e;
    member_of(can)->fd = -1;
    e = connect_member(member_of(can), name + strlen("hub:"));
    if (e == ERR_OK)
        e = join(member_of(can), options);
    if (e != ERR_OK) {
        can_delete(can);
        return e;
    }
    *ret = can;
    return ERR_OK;
}
