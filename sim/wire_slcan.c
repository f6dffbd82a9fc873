/* SPDX-License-Identifier: Apache-2.0
 *
 * A CAN bus behind a serial adapter (Lawicel ASCII), played on a pseudo terminal or a TCP port: on
 * machines without CAN in the kernel python-can's `slcan`, slcand and our own slcan:DEVICE meet the
 * battery there.
 *
 * Answers are the Lawicel CAN232's: CR for yes, BEL for no, z and Z behind a frame. Time stamps
 * (Z1) and acceptance filters are not offered. Frames pass while the channel is open.
 */
#include <stdlib.h>
#include <string.h>

#include "port/slcan.h"
#include "port/tty.h"
#include "sim/can_image.h"
#include "sim/wire.h"

enum { LINE_MAX_BYTES = 32 };

struct wire_slcan {
    struct wire wire;
    struct wire_events events;
    struct tty *tty;
    bool open, listens; /* O; L: listens only */
    char line[LINE_MAX_BYTES];
    size_t n;
    bool too_long;
};

/* ---- commands ---- */

static void answer(const struct wire_slcan *w, const char *text)
{
    tty_write(w->tty, span_str(text));
}

static const char yes[] = "\r", no[] = "\a";

/* Reads it as the other end of such a cable would. */
static void send_frame(struct wire_slcan *w, struct span line)
{
    struct slcan_parser parser = {0};
    struct slcan_item item;
    uint8_t bytes[CAN_IMAGE_MAX];
    struct buf image = buf_of(bytes, sizeof bytes);
    bool done = false;

    for (size_t i = 0; i < line.n; i++)
        done = slcan_push(&parser, line.p[i], &item);
    done = slcan_push(&parser, '\r', &item) || done;
    if (!w->open || w->listens || !done || item.kind != SLCAN_FRAME ||
        !can_image_put(&item.msg, &image)) {
        answer(w, no);
        return;
    }
    answer(w, item.msg.extended ? "Z\r" : "z\r");
    w->events.on_bytes(w->events.ctx, buf_span(&image));
}

/* S0 .. S8, closed only; the battery has 500 kbit/s whatever the client thinks. */
static bool take_bitrate(const struct wire_slcan *w, struct span line)
{
    return !w->open && line.n == 2 && line.p[1] >= '0' && line.p[1] <= '8';
}

static bool take_channel(struct wire_slcan *w, uint8_t command)
{
    bool opens = command != 'C';

    if (opens && w->open)
        return false;
    w->open = opens;
    w->listens = command == 'L';
    return true;
}

static void run_line(struct wire_slcan *w)
{
    struct span line = span_of(w->line, w->n);

    if (line.n == 0)
        return; /* clients clear the line with a CR or two */
    switch (line.p[0]) {
    case 't':
    case 'T':
    case 'r':
    case 'R': send_frame(w, line); return;
    case 'O':
    case 'L':
    case 'C': answer(w, line.n == 1 && take_channel(w, line.p[0]) ? yes : no); return;
    case 'S': answer(w, take_bitrate(w, line) ? yes : no); return;
    case 'V': answer(w, "V1013\r"); return;
    case 'v': answer(w, "v1014\r"); return;
    case 'N': answer(w, "N4242\r"); return;
    case 'F': answer(w, w->open ? "F00\r" : no); return;
    case 'Z': answer(w, span_eq_str(line, "Z0") ? yes : no); return;
    default: answer(w, no); return;
    }
}

/* ---- the serial end ---- */

static void on_bytes(void *ctx, struct span bytes)
{
    struct wire_slcan *w = ctx;

    for (size_t i = 0; i < bytes.n; i++) {
        if (bytes.p[i] == '\r') {
            if (w->too_long)
                answer(w, no);
            else
                run_line(w);
            w->n = 0;
            w->too_long = false;
        } else if (w->n == LINE_MAX_BYTES) {
            w->too_long = true;
        } else if (bytes.p[i] != '\n') {
            w->line[w->n++] = (char)bytes.p[i];
        }
    }
}

static void on_event(void *ctx, enum tty_event event)
{
    struct wire_slcan *w = ctx;

    switch (event) {
    case TTY_OPENED: w->events.on_client(w->events.ctx, true); return;
    case TTY_CLOSED:
        w->open = false;
        w->n = 0;
        w->events.on_client(w->events.ctx, false);
        return;
    case TTY_SPEED: return; /* means nothing over USB */
    }
}

/* ---- the interface ---- */

static struct wire_slcan *slcan_of(struct wire *wire)
{
    return (struct wire_slcan *)(void *)wire; /* wire is the first member */
}

static const struct wire_slcan *slcan_of_const(const struct wire *wire)
{
    return (const struct wire_slcan *)(const void *)wire;
}

static void destroy(struct wire *wire)
{
    tty_delete(slcan_of(wire)->tty);
    free(wire);
}

static const char *path(const struct wire *wire)
{
    return tty_path(slcan_of_const(wire)->tty);
}

/* Frames of a closed channel are not kept: an adapter has no memory. */
static enum err put(struct wire *wire, struct span piece)
{
    struct wire_slcan *w = slcan_of(wire);
    char text[LINE_MAX_BYTES];
    struct buf line = buf_of(text, sizeof text);
    struct can_msg msg;

    if (!w->open || !can_image_get(piece, &msg) || !slcan_format(&msg, &line))
        return ERR_OK;
    return tty_write(w->tty, buf_span(&line));
}

static bool connected(const struct wire *wire)
{
    const struct wire_slcan *w = slcan_of_const(wire);

    return w->open && tty_connected(w->tty);
}

static const struct wire_ops ops = {
    .destroy = destroy,
    .path = path,
    .write = put,
    .connected = connected,
};

static enum err listen_tcp(struct loop *loop, struct wire_slcan *w, char where[WIRE_WHERE_MAX],
                           const struct tty_handler *handler)
{
    struct span text = span_str(where);
    struct buf kept = buf_of(where, WIRE_WHERE_MAX - 1);
    int64_t port = 0;

    if (!parse_i64(span_sub(text, 4, text.n), 0, 65535, &port))
        return ERR_USAGE;
    enum err e = tty_listen(loop, (uint16_t)port, handler, &w->tty);
    if (e == ERR_OK) { /* a port that was picked is kept */
        buf_printf(&kept, "tcp:%u", (unsigned)tty_port(w->tty));
        where[kept.n] = '\0';
    }
    return e;
}

enum err wire_slcan_open(struct loop *loop, const struct wire_events *events,
                         char where[WIRE_WHERE_MAX], struct wire **ret)
{
    struct wire_slcan *w = calloc(1, sizeof *w);
    const struct tty_handler handler = {.on_bytes = on_bytes, .on_event = on_event, .ctx = w};
    struct span text = span_str(where);
    enum err e = ERR_USAGE;

    if (w == NULL)
        return ERR_MEMORY;
    w->wire.ops = &ops;
    w->events = *events;
    if (span_starts(text, "tcp:"))
        e = listen_tcp(loop, w, where, &handler);
    else if (text.n != strlen("pty:"))
        e = tty_open_pty(loop, text.n == 3 ? NULL : where + 4, &handler, &w->tty);
    if (e != ERR_OK) {
        free(w);
        return e;
    }
    *ret = &w->wire;
    return ERR_OK;
}
