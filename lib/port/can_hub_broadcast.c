/* SPDX-License-Identifier: Apache-2.0
 *
 * The broadcast manager of a member: where its frames and messages go.
 */
#define _GNU_SOURCE
#include "port/can_hub_priv.h"

static void enter(void *ctx)
{
    hub_enter(((struct hub_member *)ctx)->hub);
}

static void leave(void *ctx)
{
    hub_leave(((struct hub_member *)ctx)->hub);
}

static void send_frame(void *ctx, const struct can_frame *frame)
{
    struct hub_member *m = ctx;

    if (!m->gone)
        hub_pass_frame(m->hub, frame, hub_now(m->hub), m);
}

static void tell(void *ctx, const struct bcm_msg_head *head, const struct can_frame *frames,
                 uint32_t flags)
{
    struct hub_member *m = ctx;
    struct hub_bcm_packet packet = {
        .kind = HUB_BCM, .flags = flags, .ifindex = m->ifindex, .t_us = hub_now(m->hub)};
    const struct iovec iov[3] = {{&packet, sizeof packet},
                                 {(void *)(uintptr_t)head, sizeof *head},
                                 {(void *)(uintptr_t)frames, head->nframes * sizeof *frames}};

    if (!m->gone && !m->deaf)
        hub_member_give(m, iov, head->nframes > 0 ? 3 : 2);
}

void hub_member_broadcast(struct hub_member *m)
{
    const struct hub_bcm_host host = {.loop = m->hub->loop,
                                      .enter = enter,
                                      .leave = leave,
                                      .send = send_frame,
                                      .tell = tell,
                                      .ctx = m};

    if (m->bcm == NULL)
        m->bcm = hub_bcm_new(&host);
}
