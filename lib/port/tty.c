/* SPDX-License-Identifier: Apache-2.0
 *
 * The common half of every tty: reading, the output queue, deletion from callbacks.
 */
#include "port/tty.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "port/tty_line.h"
#include "port/tty_priv.h"

/* Level-triggered readiness brings us back for more, so that one busy line starves nobody. */
enum { READ_SIZE = 4096, READS_PER_TURN = 8 };

/* ---- life ---- */

enum err tty_new(struct loop *loop, size_t size, const struct tty_ops *ops,
                 const struct tty_handler *handler, loop_timer_fn timer_fn, struct tty **ret)
{
    struct tty *tty = calloc(1, size);

    if (tty == NULL)
        return ERR_MEMORY;
    tty->loop = loop;
    tty->ops = ops;
    tty->handler = *handler;
    tty->fd = -1;
    tty->out = buf_of(tty->out_bytes, sizeof tty->out_bytes);
    enum err e = loop_timer_new(loop, timer_fn, tty, &tty->timer);
    if (e != ERR_OK) {
        free(tty);
        return e;
    }
    *ret = tty;
    return ERR_OK;
}

void tty_delete(struct tty *tty)
{
    if (tty == NULL || tty->deleted)
        return;
    tty->deleted = true;
    tty->ops->close(tty);
    tty_unwatch(tty);
    loop_timer_delete(tty->timer);
    if (tty->depth == 0)
        free(tty);
}

void tty_enter(struct tty *tty)
{
    tty->depth++;
}

void tty_leave(struct tty *tty)
{
    tty->depth--;
    if (tty->depth == 0 && tty->deleted)
        free(tty);
}

void tty_emit(struct tty *tty, enum tty_event event)
{
    if (!tty->deleted && tty->handler.on_event != NULL)
        tty->handler.on_event(tty->handler.ctx, event);
}

void tty_die(struct tty *tty)
{
    tty_unwatch(tty);
    tty->connected = false;
    tty->dead = true;
    tty_emit(tty, TTY_CLOSED);
}

/* ---- in ---- */

void tty_read_all(struct tty *tty)
{
    uint8_t bytes[READ_SIZE];

    for (int i = 0; i < READS_PER_TURN && !tty->deleted && tty->fd >= 0; i++) {
        ssize_t n = read(tty->fd, bytes, sizeof bytes);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0) {
            tty->ops->lost(tty);
            return;
        }
        tty->handler.on_bytes(tty->handler.ctx, span_of(bytes, (size_t)n));
        if ((size_t)n < sizeof bytes)
            return;
    }
}

/* ---- out ---- */

/* Gives the kernel what it takes; true when the descriptor still works. */
static bool push(struct tty *tty, struct span bytes, size_t *ret_taken)
{
    size_t taken = 0;

    while (taken < bytes.n) {
        ssize_t n = tty->ops->socket ? send(tty->fd, bytes.p + taken, bytes.n - taken, MSG_NOSIGNAL)
                                     : write(tty->fd, bytes.p + taken, bytes.n - taken);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            *ret_taken = taken;
            return n == 0 || errno == EAGAIN;
        }
        taken += (size_t)n;
    }
    *ret_taken = taken;
    return true;
}

static void push_queue(struct tty *tty)
{
    size_t taken;

    if (!push(tty, buf_span(&tty->out), &taken)) {
        tty->ops->lost(tty);
        return;
    }
    buf_consume(&tty->out, taken);
    if (tty->out.n > 0)
        return;
    loop_io_want(tty->io, LOOP_READ);
    if (tty->handler.on_drained != NULL)
        tty->handler.on_drained(tty->handler.ctx);
}

enum err tty_write(struct tty *tty, struct span bytes)
{
    size_t taken = 0;

    if (!tty->connected)
        return !tty->dead && tty->ops->open_wire ? ERR_OK : ERR_CLOSED;
    if (bytes.n > TTY_QUEUE_MAX - tty->out.n)
        return ERR_SPACE;
    if (tty->out.n == 0 && !push(tty, bytes, &taken))
        return ERR_CLOSED; /* the loop sees it too, and tells by TTY_CLOSED */
    buf_put(&tty->out, span_sub(bytes, taken, bytes.n));
    if (tty->out.n > 0)
        loop_io_want(tty->io, LOOP_READ | LOOP_WRITE);
    return ERR_OK;
}

size_t tty_pending(const struct tty *tty)
{
    return tty->out.n;
}

/* ---- the descriptor ---- */

static void on_io(void *ctx, unsigned events)
{
    struct tty *tty = ctx;

    tty_enter(tty);
    if ((events & (LOOP_READ | LOOP_ERROR)) != 0) {
        if (tty->ops->before_read != NULL)
            tty->ops->before_read(tty);
        tty_read_all(tty);
    }
    if ((events & LOOP_WRITE) != 0 && !tty->deleted && tty->fd >= 0 && tty->out.n > 0)
        push_queue(tty);
    tty_leave(tty);
}

enum err tty_watch(struct tty *tty, int fd)
{
    tty->fd = fd;
    return loop_io_new(tty->loop, fd, LOOP_READ, on_io, tty, &tty->io);
}

void tty_unwatch(struct tty *tty)
{
    loop_io_delete(tty->io);
    tty->io = NULL;
    if (tty->fd >= 0)
        close(tty->fd);
    tty->fd = -1;
    buf_clear(&tty->out);
}

/* ---- the rest of the public face ---- */

enum err tty_open(struct loop *loop, const char *where, uint32_t baud,
                  const struct tty_handler *handler, struct tty **ret)
{
    if (strncmp(where, "tcp:", 4) == 0)
        return tty_tcp_open(loop, where, handler, ret);
    return tty_device_open(loop, where, baud, handler, ret);
}

void tty_flush_input(struct tty *tty)
{
    uint8_t bytes[READ_SIZE];

    if (tty->fd < 0)
        return;
    line_flush(tty->fd, LINE_INPUT); /* a socket refuses, and is emptied by reading */
    while (read(tty->fd, bytes, sizeof bytes) > 0)
        ;
}

enum err tty_set_speed(struct tty *tty, uint32_t baud)
{
    return tty->ops->set_speed(tty, baud);
}

uint32_t tty_speed(const struct tty *tty)
{
    return tty->ops->speed(tty);
}

const char *tty_path(const struct tty *tty)
{
    return tty->path;
}

const char *tty_slave(const struct tty *tty)
{
    return tty->ops->slave != NULL ? tty->ops->slave(tty) : NULL;
}

uint16_t tty_port(const struct tty *tty)
{
    return tty->port;
}

bool tty_connected(const struct tty *tty)
{
    return tty->connected;
}

enum err tty_hangup(struct tty *tty)
{
    return tty->ops->hangup != NULL ? tty->ops->hangup(tty) : ERR_UNSUPPORTED;
}
