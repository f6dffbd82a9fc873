/* SPDX-License-Identifier: Apache-2.0
 *
 * A broadcast manager's filters: what changed, what is missing, and not too often.
 */
#include <string.h>

#include "port/can_hub_bcm_priv.h"

static uint64_t now_of(const struct hub_bcm_op *op)
{
    return loop_now(op->bcm->host.loop);
}

/* ---- telling ---- */

/* bcm_rx_changed */
static void tell(struct hub_bcm_op *op, struct hub_bcm_seen *seen)
{
    seen->throttled = false;
    hub_bcm_tell(op, RX_CHANGED, &seen->frame, 1, seen->flags);
}

/* bcm_rx_thr_flush; true when there was something */
static bool flush(struct hub_bcm_op *op)
{
    bool any = false;

    for (uint32_t i = op->n_frames > 1 ? 1 : 0; i < (op->n_frames > 1 ? op->n_frames : 1); i++)
        if (op->seen[i].throttled) {
            tell(op, &op->seen[i]);
            any = true;
        }
    return any;
}

/* bcm_rx_update_and_send */
static void update(struct hub_bcm_op *op, struct hub_bcm_seen *seen, const struct can_frame *frame,
                   uint32_t flags)
{
    uint64_t gap = hub_bcm_us(&op->ival2), now = now_of(op);

    *seen =
        (struct hub_bcm_seen){.frame = *frame, .flags = flags, .received = true, .throttled = true};
    if (gap == 0) {
        tell(op, seen);
    } else if (!loop_timer_active(op->throttle)) {
        if (op->told_us != NEVER_US && now - op->told_us < gap) {
            loop_timer_at(op->throttle, op->told_us + gap);
        } else {
            tell(op, seen);
            op->told_us = now;
        }
    }
}

/* ---- frames ---- */

static uint64_t data_of(const struct can_frame *frame)
{
    uint64_t data;
    memcpy(&data, frame->data, sizeof data);
    return data;
}

/* bcm_rx_cmp_to_index: told when one of the masked bits differs from the last that was told */
static void compare(struct hub_bcm_op *op, uint32_t i, const struct can_frame *frame,
                    uint32_t flags)
{
    struct hub_bcm_seen *seen = &op->seen[i];
    uint64_t mask = data_of(&op->frames[i]);
    bool differs = frame->len > 0 && (mask & data_of(frame)) != (mask & data_of(&seen->frame));
    bool shorter = (op->flags & RX_CHECK_DLC) != 0 && frame->len != seen->frame.len;

    if (!seen->received || differs || shorter)
        update(op, seen, frame, flags);
}

/* The first of the multiplex values that fits; frame 0 is the mask. */
static void compare_multiplexed(struct hub_bcm_op *op, const struct can_frame *frame,
                                uint32_t flags)
{
    uint64_t mask = data_of(&op->frames[0]);

    for (uint32_t i = 1; i < op->n_frames; i++)
        if ((mask & data_of(frame)) == (mask & data_of(&op->frames[i]))) {
            compare(op, i, frame, flags);
            return;
        }
}

/* bcm_rx_handler */
void hub_bcm_rx_frame(struct hub_bcm_op *op, const struct can_frame *frame, uint32_t flags)
{
    loop_timer_stop(op->timer);
    if ((op->flags & RX_RTR_FRAME) != 0) {
        hub_bcm_send(op);
        return;
    }
    if (op->n_frames == 0)
        update(op, &op->seen[0], frame, flags);
    else if (op->n_frames == 1)
        compare(op, 0, frame, flags);
    else
        compare_multiplexed(op, frame, flags);
    if ((op->flags & RX_NO_AUTOTIMER) == 0 && hub_bcm_us(&op->ival1) != 0)
        loop_timer_after(op->timer, hub_bcm_us(&op->ival1));
}

/* ---- timers ---- */

/* bcm_rx_timeout_handler */
void hub_bcm_rx_timeout(void *ctx)
{
    struct hub_bcm_op *op = ctx;
    const struct hub_bcm_host host = op->bcm->host;

    host.enter(host.ctx);
    if ((op->flags & RX_ANNOUNCE_RESUME) != 0) /* the next frame is news again */
        memset(op->seen, 0, op->n_frames * sizeof *op->seen);
    hub_bcm_tell(op, RX_TIMEOUT, NULL, 0, 0);
    host.leave(host.ctx);
}

/* bcm_rx_thr_handler */
void hub_bcm_rx_throttle(void *ctx)
{
    struct hub_bcm_op *op = ctx;
    const struct hub_bcm_host host = op->bcm->host;

    host.enter(host.ctx);
    if (flush(op))
        loop_timer_after(op->throttle, hub_bcm_us(&op->ival2));
    else
        op->told_us = NEVER_US;
    host.leave(host.ctx);
}

/* ---- setting up ---- */

/* bcm_rx_setup, behind the checks */
void hub_bcm_rx_setup(struct hub_bcm_op *op, const struct bcm_msg_head *head)
{
    if (head->nframes == 0)
        op->flags |= RX_FILTER_ID;
    else
        memset(op->seen, 0, head->nframes * sizeof *op->seen);
    op->n_frames = head->nframes;
    if ((op->flags & RX_RTR_FRAME) != 0) { /* an answer to remote frames: no timers */
        loop_timer_stop(op->timer);
        loop_timer_stop(op->throttle);
        op->current = 0;
        if ((op->flags & TX_CP_CAN_ID) != 0 || op->frames[0].can_id == op->can_id)
            op->frames[0].can_id = op->can_id & ~CAN_RTR_FLAG;
        return;
    }
    if ((op->flags & SETTIMER) != 0) {
        op->ival1 = head->ival1;
        op->ival2 = head->ival2;
        if (hub_bcm_us(&op->ival1) == 0)
            loop_timer_stop(op->timer);
        op->told_us = NEVER_US;
        loop_timer_stop(op->throttle);
        flush(op);
    }
    if ((op->flags & STARTTIMER) != 0 && hub_bcm_us(&op->ival1) != 0)
        loop_timer_after(op->timer, hub_bcm_us(&op->ival1));
}
