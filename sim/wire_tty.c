/* SPDX-License-Identifier: Apache-2.0
 *
 * A serial line: a PTY, a real port or a TCP server (port/tty.h).
 */
#include <stdlib.h>

#include "port/tty.h"
#include "sim/wire.h"

struct wire_tty {
    struct wire wire;
    struct wire_events events;
    struct tty *tty;
};

static void on_bytes(void *ctx, struct span bytes)
{
    const struct wire_tty *w = ctx;

    w->events.on_bytes(w->events.ctx, bytes);
}

static void on_event(void *ctx, enum tty_event event)
{
    const struct wire_tty *w = ctx;

    switch (event) {
    case TTY_OPENED: w->events.on_client(w->events.ctx, true); return;
    case TTY_CLOSED:
        w->events.on_client(w->events.ctx, false);
        if (w->wire.reopens)
            w->events.on_dead(w->events.ctx);
        return;
    case TTY_SPEED: w->events.on_speed(w->events.ctx); return;
    }
}

/* ---- the interface ---- */

static struct wire_tty *tty_of(struct wire *wire)
{
    return (struct wire_tty *)(void *)wire; /* wire is the first member */
}

static const struct wire_tty *tty_of_const(const struct wire *wire)
{
    return (const struct wire_tty *)(const void *)wire;
}

static void destroy(struct wire *wire)
{
    tty_delete(tty_of(wire)->tty);
    free(wire);
}

static const char *path(const struct wire *wire)
{
    return tty_path(tty_of_const(wire)->tty);
}

static enum err put(struct wire *wire, struct span piece)
{
    return tty_write(tty_of(wire)->tty, piece);
}

static bool connected(const struct wire *wire)
{
    return tty_connected(tty_of_const(wire)->tty);
}

/* The rate of a PTY is the client's business. */
static void set_rate(struct wire *wire, uint32_t baud)
{
    if (tty_slave(tty_of(wire)->tty) == NULL)
        tty_set_speed(tty_of(wire)->tty, baud);
}

/* Only a PTY can tell. */
static uint32_t client_rate(const struct wire *wire)
{
    const struct tty *tty = tty_of_const(wire)->tty;

    return tty_slave(tty) != NULL ? tty_speed(tty) : 0;
}

static void flush(struct wire *wire)
{
    tty_flush_input(tty_of(wire)->tty);
}

static const struct wire_ops ops = {
    .destroy = destroy,
    .path = path,
    .write = put,
    .connected = connected,
    .set_rate = set_rate,
    .client_rate = client_rate,
    .flush = flush,
};

/* ---- opening ---- */

/* A port that was picked is kept: the client knows no other when the adapter is back. */
static enum err listen_tcp(struct loop *loop, uint16_t port, const struct tty_handler *handler,
                           char where[WIRE_WHERE_MAX], struct tty **ret)
{
    struct buf kept = buf_of(where, WIRE_WHERE_MAX - 1);
    enum err e = tty_listen(loop, port, handler, ret);

    if (e == ERR_OK) {
        buf_printf(&kept, "tcp:%u", (unsigned)tty_port(*ret));
        where[kept.n] = '\0';
    }
    return e;
}

static enum err open_tty(struct wire_tty *w, struct loop *loop, uint32_t baud,
                         char where[WIRE_WHERE_MAX])
{
    const struct tty_handler handler = {.on_bytes = on_bytes, .on_event = on_event, .ctx = w};
    struct span text = span_str(where);
    int64_t port;

    if (span_eq_str(text, "pty"))
        return tty_open_pty(loop, NULL, &handler, &w->tty);
    if (span_starts(text, "pty:"))
        return text.n == 4 ? ERR_USAGE : tty_open_pty(loop, where + 4, &handler, &w->tty);
    if (span_starts(text, "tcp:") && parse_i64(span_sub(text, 4, text.n), 0, 65535, &port))
        return listen_tcp(loop, (uint16_t)port, &handler, where, &w->tty);
    w->wire.reopens = true;
    return tty_open(loop, where, baud, &handler, &w->tty);
}

enum err wire_tty_open(struct loop *loop, uint32_t baud, const struct wire_events *events,
                       char where[WIRE_WHERE_MAX], struct wire **ret)
{
    struct wire_tty *w = calloc(1, sizeof *w);

    if (w == NULL)
        return ERR_MEMORY;
    w->wire.ops = &ops;
    w->events = *events;
    enum err e = open_tty(w, loop, baud, where);
    if (e != ERR_OK) {
        free(w);
        return e;
    }
    *ret = &w->wire;
    return ERR_OK;
}
