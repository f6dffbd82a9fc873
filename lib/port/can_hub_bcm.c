/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of a broadcast manager, and cyclic sending.
 */
#include "port/can_hub_bcm.h"

#include <stdlib.h>
#include <string.h>

#include "port/can_hub_bcm_priv.h"

/* ---- operations ---- */

struct hub_bcm *hub_bcm_new(const struct hub_bcm_host *host)
{
    struct hub_bcm *bcm = calloc(1, sizeof *bcm);

    if (bcm != NULL)
        bcm->host = *host;
    return bcm;
}

static void free_op(struct hub_bcm_op *op)
{
    loop_timer_delete(op->timer);
    loop_timer_delete(op->throttle);
    free(op->frames);
    free(op->seen);
    free(op);
}

void hub_bcm_delete(struct hub_bcm *bcm)
{
    if (bcm == NULL)
        return;
    while (bcm->ops != NULL) {
        struct hub_bcm_op *op = bcm->ops;
        bcm->ops = op->next;
        free_op(op);
    }
    free(bcm);
}

static struct hub_bcm_op **find(struct hub_bcm *bcm, bool receives, canid_t id, int32_t ifindex)
{
    struct hub_bcm_op **link = &bcm->ops;

    while (*link != NULL &&
           ((*link)->receives != receives || (*link)->can_id != id || (*link)->ifindex != ifindex))
        link = &(*link)->next;
    return link;
}

void hub_bcm_tell(const struct hub_bcm_op *op, uint32_t opcode, const struct can_frame *frames,
                  uint32_t n, uint32_t flags)
{
    const struct bcm_msg_head head = {.opcode = opcode,
                                      .flags = op->flags,
                                      .count = op->count,
                                      .ival1 = op->ival1,
                                      .ival2 = op->ival2,
                                      .can_id = op->can_id,
                                      .nframes = n};
    op->bcm->host.tell(op->bcm->host.ctx, &head, frames, flags);
}

/* ---- sending ---- */

void hub_bcm_send(struct hub_bcm_op *op)
{
    struct can_frame frame = op->frames[op->current];

    op->current = (op->current + 1) % op->n_frames;
    op->bcm->host.send(op->bcm->host.ctx, &frame);
}

/* The next deadline, an interval after `from`: ival1 while there is a count, then ival2. */
static void arm(struct hub_bcm_op *op, uint64_t from_us)
{
    uint64_t first = hub_bcm_us(&op->ival1), then = hub_bcm_us(&op->ival2);
    uint64_t now = loop_now(op->bcm->host.loop),
             interval = first != 0 && op->count > 0 ? first : then;

    if (interval == 0)
        return;
    op->due_us = from_us + interval;
    if (op->due_us <= now) /* late by more than one */
        op->due_us = now + interval;
    loop_timer_at(op->timer, op->due_us);
}

/* bcm_tx_timeout_handler */
static void on_tx_due(void *ctx)
{
    struct hub_bcm_op *op = ctx;
    const struct hub_bcm_host host = op->bcm->host;

    host.enter(host.ctx);
    if (hub_bcm_us(&op->ival1) != 0 && op->count > 0) {
        op->count--;
        if (op->count == 0 && (op->flags & TX_COUNTEVT) != 0)
            hub_bcm_tell(op, TX_EXPIRED, NULL, 0, 0);
    }
    hub_bcm_send(op);
    arm(op, op->due_us);
    host.leave(host.ctx);
}

/* bcm_tx_setup, behind the checks */
static void tx_setup(struct hub_bcm_op *op, const struct bcm_msg_head *head)
{
    if ((op->flags & TX_CP_CAN_ID) != 0)
        for (uint32_t i = 0; i < head->nframes; i++)
            op->frames[i].can_id = head->can_id;
    if (op->n_frames != head->nframes || (op->flags & TX_RESET_MULTI_IDX) != 0)
        op->current = 0;
    op->n_frames = head->nframes;
    if ((op->flags & SETTIMER) != 0) {
        op->count = head->count;
        op->ival1 = head->ival1;
        op->ival2 = head->ival2;
        if (hub_bcm_us(&op->ival1) == 0 && hub_bcm_us(&op->ival2) == 0)
            loop_timer_stop(op->timer);
    }
    if ((op->flags & STARTTIMER) != 0) {
        loop_timer_stop(op->timer);
        op->flags |= TX_ANNOUNCE; /* starting sends one */
    }
    if ((op->flags & TX_ANNOUNCE) != 0) {
        hub_bcm_send(op);
        op->count -= op->count > 0 ? 1 : 0;
    }
    if ((op->flags & STARTTIMER) != 0)
        arm(op, loop_now(op->bcm->host.loop));
}

/* ---- messages from the program ---- */

static bool make_room(struct hub_bcm_op *op, uint32_t frames)
{
    op->room = frames;
    op->frames = calloc(frames > 0 ? frames : 1, sizeof *op->frames);
    op->seen = op->receives ? calloc(frames > 0 ? frames : 1, sizeof *op->seen) : NULL;
    loop_timer_fn on_due = op->receives ? hub_bcm_rx_timeout : on_tx_due;
    return op->frames != NULL && (op->seen != NULL || !op->receives) &&
           loop_timer_new(op->bcm->host.loop, on_due, op, &op->timer) == ERR_OK &&
           (!op->receives ||
            loop_timer_new(op->bcm->host.loop, hub_bcm_rx_throttle, op, &op->throttle) == ERR_OK);
}

static struct hub_bcm_op *add(struct hub_bcm *bcm, bool receives, int32_t ifindex,
                              const struct bcm_msg_head *head)
{
    struct hub_bcm_op *op = bcm->n_ops < HUB_BCM_OPS ? calloc(1, sizeof *op) : NULL;

    if (op == NULL)
        return NULL;
    op->bcm = bcm;
    op->receives = receives;
    op->ifindex = ifindex;
    op->can_id = head->can_id;
    op->told_us = NEVER_US;
    if (!make_room(op, head->nframes)) {
        free_op(op);
        return NULL;
    }
    op->next = bcm->ops;
    bcm->ops = op;
    bcm->n_ops++;
    return op;
}

static bool lengths_fit(const struct can_frame *frames, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (frames[i].len > CAN_MAX_DLEN)
            return false;
    return true;
}

static void setup(struct hub_bcm *bcm, int32_t ifindex, const struct bcm_msg_head *head,
                  const uint8_t *frames)
{
    bool receives = head->opcode == RX_SETUP;
    struct hub_bcm_op *op = *find(bcm, receives, head->can_id, ifindex);

    if (op == NULL)
        op = add(bcm, receives, ifindex, head);
    if (op == NULL || head->nframes > op->room)
        return;
    if (head->nframes > 0)
        memcpy(op->frames, frames, head->nframes * sizeof *op->frames);
    op->flags = head->flags;
    if (receives)
        hub_bcm_rx_setup(op, head);
    else
        tx_setup(op, head);
}

static void remove_op(struct hub_bcm *bcm, bool receives, canid_t id, int32_t ifindex)
{
    struct hub_bcm_op **link = find(bcm, receives, id, ifindex), *op = *link;

    if (op == NULL)
        return;
    *link = op->next;
    bcm->n_ops--;
    free_op(op);
}

static void tell_status(struct hub_bcm *bcm, bool receives, canid_t id, int32_t ifindex)
{
    const struct hub_bcm_op *op = *find(bcm, receives, id, ifindex);

    if (op != NULL)
        hub_bcm_tell(op, receives ? RX_STATUS : TX_STATUS, op->frames, op->n_frames, 0);
}

void hub_bcm_take(struct hub_bcm *bcm, int32_t ifindex, const void *message, size_t n)
{
    struct bcm_msg_head head;
    struct can_frame frames[HUB_BCM_FRAMES + 1];
    const uint8_t *behind = (const uint8_t *)message + sizeof head;

    if (n < sizeof head)
        return;
    memcpy(&head, message, sizeof head);
    if (hub_bcm_check(&head, n) != 0)
        return;
    head.nframes = hub_bcm_frames(&head);
    memcpy(frames, behind, head.nframes * sizeof *frames);
    if (head.opcode != RX_SETUP && !lengths_fit(frames, head.nframes))
        return;
    switch (head.opcode) {
    case TX_SETUP:
    case RX_SETUP: setup(bcm, ifindex, &head, behind); break;
    case TX_DELETE: remove_op(bcm, false, head.can_id, ifindex); break;
    case RX_DELETE: remove_op(bcm, true, head.can_id, ifindex); break;
    case TX_READ: tell_status(bcm, false, head.can_id, ifindex); break;
    case RX_READ: tell_status(bcm, true, head.can_id, ifindex); break;
    case TX_SEND: bcm->host.send(bcm->host.ctx, &frames[0]); break;
    default: break;
    }
}

void hub_bcm_frame(struct hub_bcm *bcm, const struct can_frame *frame, uint32_t flags)
{
    struct hub_bcm_op *next;

    for (struct hub_bcm_op *op = bcm->ops; op != NULL; op = next) {
        next = op->next;
        if (op->receives && op->can_id == frame->can_id)
            hub_bcm_rx_frame(op, frame, flags);
    }
}
