/* SPDX-License-Identifier: Apache-2.0
 *
 * The hub: accepts members, brings what they sent into the order of sending, and hands each frame
 * to everybody who wants it.
 *
 * Order matters because a program may open a second socket, or change a filter, and then send: the
 * kernel's CAN core has done the first before it sees the second. Here the packets lie in different
 * sockets, so the hub first empties all of them, until a round brings nothing new, and then takes
 * them by their times of sending.
 */
#define _GNU_SOURCE
#include "port/can_hub.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/can/error.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "port/can_hub_priv.h"

enum { BACKLOG = 128, HUB_DEPTH = 8 };

/* ---- handing out ---- */

static void give(struct hub_member *m, struct hub_packet *packet)
{
    const struct iovec iov = {packet, sizeof *packet};
    hub_member_give(m, &iov, 1);
}

static bool wants(const struct hub_member *to, const struct hub_member *from, canid_t id)
{
    if (!to->joined || to->deaf || to->gone)
        return false;
    if (to->bcm != NULL)
        return false;
    if (to == from && (to->flags & HUB_WANT_OWN) == 0)
        return false;
    if (from != NULL && to != from && to->pid == from->pid && (from->flags & HUB_NO_LOOPBACK) != 0)
        return false;
    return hub_filter_match(&to->filter, id);
}

static void hand_out(struct can_hub *hub, const struct can_frame *frame, uint64_t t_us,
                     const struct hub_member *from)
{
    struct hub_packet packet = {.kind = HUB_FRAME, .t_us = t_us, .frame = *frame};

    for (struct hub_member *m = hub->members; m != NULL; m = m->next) {
        if (!wants(m, from, frame->can_id))
            continue;
        packet.ifindex = m->ifindex;
        packet.flags = from != NULL && m->pid == from->pid ? HUB_FROM_HOST : 0U;
        if (m == from)
            packet.flags |= HUB_FROM_SELF;
        give(m, &packet);
    }
}

/* Broadcast managers answer remote frames, so they come last. They hear their own frames, too. */
static void hand_to_managers(struct can_hub *hub, const struct can_frame *frame,
                             const struct hub_member *from)
{
    for (struct hub_member *m = hub->members; m != NULL; m = m->next) {
        if (m->bcm == NULL || m->deaf || m->gone)
            continue;
        uint32_t flags = from != NULL && m->pid == from->pid ? (uint32_t)HUB_FROM_HOST : 0U;
        hub_bcm_frame(m->bcm, frame, m == from ? flags | HUB_FROM_SELF : flags);
    }
}

void hub_pass_frame(struct can_hub *hub, const struct can_frame *frame, uint64_t t_us,
                    struct hub_member *from)
{
    struct can_msg msg;

    if (hub->depth >= HUB_DEPTH) /* two answer each other's remote frames for ever */
        return;
    hub->depth++;
    if (hub->state == CAN_ERROR_PASSIVE && from != NULL && from->n_held < HUB_TX_QUEUE)
        from->held[from->n_held++] = *frame;
    if (hub->state == CAN_UP && can_from_kernel(frame, &msg)) {
        hand_out(hub, frame, t_us, from);
        if (hub->fn != NULL)
            hub->fn(hub->ctx, &msg, t_us, from != NULL ? from->number : 0);
        hand_to_managers(hub, frame, from);
    }
    hub->depth--;
}

static void tell_state(struct can_hub *hub, struct hub_member *m)
{
    struct hub_packet packet = {
        .kind = HUB_STATE, .state = hub->state, .ifindex = m->ifindex, .t_us = hub->last_us};

    if (m->joined && (hub->state == CAN_DOWN || (m->flags & HUB_WANT_STATE) != 0))
        give(m, &packet);
}

/* ---- taking in ---- */

/* The sender's time when it is possible, else now; never back. */
static uint64_t place_in_time(struct can_hub *hub, uint64_t t_us)
{
    uint64_t now = loop_now(hub->loop);

    if (t_us > now || now - t_us > US_PER_S)
        t_us = now;
    if (t_us < hub->last_us)
        t_us = hub->last_us;
    hub->last_us = t_us;
    return t_us;
}

uint64_t hub_now(struct can_hub *hub)
{
    return place_in_time(hub, NEVER_US);
}

static void take_item(struct can_hub *hub, struct hub_item *item)
{
    if (item->message != NULL && item->from->bcm != NULL)
        hub_bcm_take(item->from->bcm, item->message_ifindex, item->message, item->message_n);
    else if (item->join == NULL && item->message == NULL)
        hub_pass_frame(hub, &item->frame, place_in_time(hub, item->t_us), item->from);
    if (item->join == NULL)
        return;
    bool first = !item->from->joined;
    hub_member_apply(item->from, item);
    if (first && hub->state != CAN_UP)
        tell_state(hub, item->from);
}

/* Stable, and nearly always sorted already. */
static void sort_batch(struct can_hub *hub)
{
    for (size_t i = 1; i < hub->n_batch; i++) {
        struct hub_item item = hub->batch[i];
        size_t at = i;
        for (; at > 0 && hub->batch[at - 1].t_us > item.t_us; at--)
            hub->batch[at] = hub->batch[at - 1];
        hub->batch[at] = item;
    }
}

static void accept_members(struct can_hub *hub);

static bool collect_round(struct can_hub *hub)
{
    size_t before = hub->n_batch;

    accept_members(hub);
    for (struct hub_member *m = hub->members; m != NULL; m = m->next)
        while (hub->n_batch < HUB_BATCH && !m->gone &&
               hub_member_read(m, &hub->batch[hub->n_batch]))
            hub->n_batch++;
    return hub->n_batch > before && hub->n_batch < HUB_BATCH;
}

static void remove_gone(struct can_hub *hub)
{
    for (struct hub_member **link = &hub->members; *link != NULL;) {
        struct hub_member *m = *link;
        if (!m->gone) {
            link = &m->next;
            continue;
        }
        *link = m->next;
        hub_member_free(m);
    }
}

static void release(struct can_hub *hub)
{
    while (hub->members != NULL) {
        struct hub_member *m = hub->members;
        hub->members = m->next;
        hub_member_free(m);
    }
    free(hub);
}

void hub_enter(struct can_hub *hub)
{
    hub->busy++;
}

void hub_leave(struct can_hub *hub)
{
    if (--hub->busy == 0 && hub->deleted)
        release(hub);
}

static void turn(void *ctx, unsigned events)
{
    struct can_hub *hub = ctx;

    (void)events;
    hub_enter(hub);
    hub->n_batch = 0;
    while (collect_round(hub))
        ;
    sort_batch(hub);
    for (size_t i = 0; i < hub->n_batch; i++) {
        if (!hub->deleted)
            take_item(hub, &hub->batch[i]);
        hub_item_free(&hub->batch[i]);
    }
    if (!hub->deleted)
        remove_gone(hub);
    hub_leave(hub);
}

/* ---- members ---- */

static void accept_members(struct can_hub *hub)
{
    int fd;

    while ((fd = accept4(hub->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct hub_member *m = hub_member_new(fd, ++hub->last_number);
        if (m == NULL)
            continue;
        m->hub = hub;
        if (loop_io_new(hub->loop, fd, LOOP_READ, turn, hub, &m->io) != ERR_OK) {
            hub_member_free(m);
            continue;
        }
        struct hub_member **end = &hub->members;
        while (*end != NULL)
            end = &(*end)->next;
        *end = m;
    }
}

unsigned can_hub_members(const struct can_hub *hub)
{
    unsigned n = 0;

    for (const struct hub_member *m = hub->members; m != NULL; m = m->next)
        n += m->joined && !m->gone ? 1U : 0U;
    return n;
}

/* ---- the owner's side ---- */

enum err can_hub_send(struct can_hub *hub, const struct can_msg *msg)
{
    struct can_frame frame;

    if (msg->dlc > CAN_MAX_DLEN || msg->id > (msg->extended ? CAN_EFF_MASK : CAN_SFF_MASK))
        return ERR_USAGE;
    if (hub->state == CAN_DOWN)
        return ERR_CLOSED;
    can_to_kernel(msg, &frame);
    hub_enter(hub);
    hub_pass_frame(hub, &frame, hub_now(hub), NULL);
    hub_leave(hub);
    return ERR_OK;
}

/* What a controller's driver reports on the way from one state to the other; vcan reports nothing,
 * but its users have no controller either. */
static bool error_frame(enum can_state from, enum can_state to, struct can_frame *ret)
{
    struct can_frame f = {.can_id = CAN_ERR_FLAG, .len = CAN_ERR_DLC};

    switch (to) {
    case CAN_DOWN: return false;
    case CAN_BUS_OFF: f.can_id |= CAN_ERR_BUSOFF; break;
    case CAN_ERROR_PASSIVE:
        f.can_id |= CAN_ERR_CRTL | CAN_ERR_CNT;
        f.data[1] = CAN_ERR_CRTL_TX_PASSIVE;
        f.data[6] = 128; /* transmit error counter */
        break;
    case CAN_UP:
        if (from == CAN_DOWN)
            return false;
        f.can_id |= from == CAN_BUS_OFF ? CAN_ERR_RESTARTED : CAN_ERR_CRTL;
        f.data[1] = from == CAN_BUS_OFF ? 0 : CAN_ERR_CRTL_ACTIVE;
        break;
    }
    *ret = f;
    return true;
}

/* Somebody acknowledges again, or the controllers were restarted and have forgotten their queues.
 */
static void release_held(struct can_hub *hub)
{
    for (struct hub_member *m = hub->members; m != NULL; m = m->next) {
        for (size_t i = 0; i < m->n_held && hub->state == CAN_UP; i++)
            hub_pass_frame(hub, &m->held[i], hub_now(hub), m);
        m->n_held = 0;
    }
}

void can_hub_set_state(struct can_hub *hub, enum can_state state)
{
    struct can_frame frame;
    enum can_state before = hub->state;

    if (before == state)
        return;
    hub->state = state;
    *hub->shared_state = state;
    if (error_frame(before, state, &frame))
        hand_out(hub, &frame, hub_now(hub), NULL);
    for (struct hub_member *m = hub->members; m != NULL; m = m->next)
        tell_state(hub, m);
    if (state != CAN_ERROR_PASSIVE)
        release_held(hub);
}

/* ---- making one ---- */

/* A socket file that nobody answers on is what a killed hub left behind. */
static enum err clear_path(const struct sockaddr_un *addr)
{
    struct stat st;

    if (lstat(addr->sun_path, &st) != 0)
        return errno == ENOENT ? ERR_OK : err_from_errno(errno);
    if (!S_ISSOCK(st.st_mode))
        return ERR_EXISTS;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool alive = connect(fd, (const struct sockaddr *)addr, sizeof *addr) == 0 || errno == EAGAIN;
    close(fd);
    if (alive)
        return ERR_BUSY;
    return unlink(addr->sun_path) == 0 ? ERR_OK : err_from_errno(errno);
}

static enum err listen_at(struct can_hub *hub)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    if (strlen(hub->path) >= sizeof addr.sun_path)
        return ERR_RANGE;
    memcpy(addr.sun_path, hub->path, strlen(hub->path));
    enum err e = clear_path(&addr);
    if (e != ERR_OK)
        return e;
    hub->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (hub->listener < 0)
        return err_from_errno(errno);
    if (bind(hub->listener, (const struct sockaddr *)&addr, sizeof addr) != 0)
        return err_from_errno(errno);
    hub->bound = true;
    if (listen(hub->listener, BACKLOG) != 0)
        return err_from_errno(errno);
    return loop_io_new(hub->loop, hub->listener, LOOP_READ, turn, hub, &hub->io);
}

static enum err share_state(struct can_hub *hub)
{
    struct buf name = buf_of(hub->state_path, sizeof hub->state_path);

    if (!buf_printf(&name, "%s" HUB_STATE_SUFFIX, hub->path) || !buf_u8(&name, 0))
        return ERR_RANGE;
    int fd = open(hub->state_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_from_errno(errno);
    if (ftruncate(fd, sizeof(uint32_t)) != 0) {
        enum err e = err_from_errno(errno);
        close(fd);
        return e;
    }
    void *map = mmap(NULL, sizeof(uint32_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED)
        return err_from_errno(errno);
    hub->shared_state = map;
    *hub->shared_state = CAN_UP;
    return ERR_OK;
}

enum err can_hub_new(struct loop *loop, const char *path, can_hub_fn fn, void *ctx,
                     struct can_hub **ret)
{
    struct can_hub *hub = calloc(1, sizeof *hub);

    if (hub == NULL)
        return ERR_MEMORY;
    hub->loop = loop;
    hub->fn = fn;
    hub->ctx = ctx;
    hub->listener = -1;
    hub->state = CAN_UP;
    span_to_str(span_str(path), hub->path, sizeof hub->path);
    enum err e = strlen(path) < sizeof hub->path ? listen_at(hub) : ERR_RANGE;
    if (e == ERR_OK)
        e = share_state(hub);
    if (e != ERR_OK) {
        can_hub_delete(hub);
        return e;
    }
    *ret = hub;
    return ERR_OK;
}

void can_hub_delete(struct can_hub *hub)
{
    if (hub == NULL || hub->deleted)
        return;
    hub->deleted = true;
    loop_io_delete(hub->io);
    if (hub->listener >= 0)
        close(hub->listener);
    if (hub->bound)
        unlink(hub->path);
    if (hub->shared_state != NULL) {
        munmap((void *)hub->shared_state, sizeof *hub->shared_state);
        unlink(hub->state_path);
    }
    for (struct hub_member *m = hub->members; m != NULL; m = m->next)
        hub_member_close(m);
    if (hub->busy == 0)
        release(hub);
}
