/* SPDX-License-Identifier: Apache-2.0
 *
 * A serial-line CAN adapter. Many firmwares answer nothing at all, so no answer is waited for; BEL
 * is counted. Frames in the tty's queue would leave late, so the queue is kept shorter than a few
 * periods of a battery's frames.
 */
#include <string.h>

#include "port/can_priv.h"
#include "port/slcan.h"
#include "port/tty.h"

enum {
    SERIAL_BAUD = 115200, /* USB adapters ignore it */
    DEFAULT_BITRATE = 500000,
    QUEUE_MAX = 1024, /* about 40 frames */
    OWN_MAX = 64,
};

struct slcan {
    struct can can; /* first */
    struct tty *tty;
    struct slcan_parser parser;
    struct loop_timer *timer; /* NULL: own frames are not wanted */
    struct can_msg own[OWN_MAX];
    size_t n_own;
};

static struct slcan *slcan_of(struct can *can)
{
    return (struct slcan *)can;
}

static void slcan_close(struct can *can)
{
    struct slcan *s = slcan_of(can);

    loop_timer_delete(s->timer);
    s->timer = NULL;
    if (s->tty != NULL && tty_connected(s->tty))
        tty_write(s->tty, SPAN_LIT("C\r"));
    tty_delete(s->tty);
    s->tty = NULL;
}

/* The adapter does not send frames back: they count as sent when the serial port has taken them,
 * and are told from the loop, never from can_send itself. */
static void on_timer(void *ctx)
{
    struct slcan *s = ctx;
    uint64_t now = loop_now(s->can.loop);

    can_enter(&s->can);
    for (size_t i = 0; i < s->n_own && !s->can.deleted; i++)
        can_take(&s->can, &s->own[i], now, true);
    s->n_own = 0;
    can_leave(&s->can);
}

static void remember_own(struct slcan *s, const struct can_msg *msg)
{
    if (s->timer == NULL || s->n_own == OWN_MAX)
        return;
    s->own[s->n_own++] = *msg;
    loop_timer_at(s->timer, loop_now(s->can.loop));
}

static enum err slcan_send(struct can *can, const struct can_msg *msg)
{
    struct slcan *s = slcan_of(can);
    char text[32];
    struct buf b = buf_of(text, sizeof text);

    if (can->state == CAN_DOWN)
        return ERR_CLOSED;
    if (!slcan_format(msg, &b))
        return ERR_USAGE;
    if (tty_pending(s->tty) > QUEUE_MAX)
        return ERR_AGAIN;
    enum err e = tty_write(s->tty, buf_span(&b));
    if (e == ERR_OK)
        remember_own(s, msg);
    return e == ERR_SPACE ? ERR_AGAIN : e;
}

static const struct can_ops slcan_ops = {.close = slcan_close, .send = slcan_send};

static void take_item(struct slcan *s, const struct slcan_item *item)
{
    uint64_t now = loop_now(s->can.loop);

    switch (item->kind) {
    case SLCAN_FRAME:
    case SLCAN_ERRORS: can_take(&s->can, &item->msg, now, false); break;
    case SLCAN_STATE:
        can_change_state(&s->can, item->state);
        can_take(&s->can, &item->msg, now, false);
        break;
    case SLCAN_REFUSED: s->can.refused++; break;
    case SLCAN_OK:
    case SLCAN_INFO:
    case SLCAN_GARBAGE: break;
    }
}

static void on_bytes(void *ctx, struct span bytes)
{
    struct slcan *s = ctx;
    struct slcan_item item;

    can_enter(&s->can);
    for (size_t i = 0; i < bytes.n && !s->can.deleted; i++)
        if (slcan_push(&s->parser, bytes.p[i], &item))
            take_item(s, &item);
    can_leave(&s->can);
}

static void on_event(void *ctx, enum tty_event event)
{
    struct slcan *s = ctx;

    if (event != TTY_CLOSED)
        return;
    can_enter(&s->can);
    can_change_state(&s->can, CAN_DOWN);
    can_leave(&s->can);
}

enum err can_slcan_open(struct loop *loop, const char *name, const struct can_options *options,
                        const struct can_handler *handler, struct can **ret)
{
    char text[16];
    struct buf b = buf_of(text, sizeof text);
    struct can *can;

    if (!slcan_format_open(options->bitrate != 0 ? options->bitrate : DEFAULT_BITRATE, &b))
        return ERR_UNSUPPORTED;
    enum err e = can_new(loop, sizeof(struct slcan), name, &slcan_ops, handler, &can);
    if (e != ERR_OK)
        return e;
    struct slcan *s = slcan_of(can);
    const struct tty_handler tty_handler = {.on_bytes = on_bytes, .on_event = on_event, .ctx = s};
    e = tty_open(loop, name + strlen("slcan:"), SERIAL_BAUD, &tty_handler, &s->tty);
    if (e == ERR_OK && options->own)
        e = loop_timer_new(loop, on_timer, s, &s->timer);
    if (e == ERR_OK)
        e = tty_write(s->tty, buf_span(&b));
    if (e != ERR_OK) {
        can_delete(can);
        return e;
    }
    *ret = can;
    return ERR_OK;
}
