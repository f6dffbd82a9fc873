/* SPDX-License-Identifier: Apache-2.0
 *
 * Serial over TCP, as ser2net and the common Ethernet adapters do it in raw mode: a client, and a
 * server that takes one client at a time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "port/tty_priv.h"

/* A peer that does not answer is given up after this; also for data nobody acknowledges. */
enum { CONNECT_TIMEOUT_S = 5, PEER_TIMEOUT_MS = 10000, IDLE_PROBE_S = 10, PROBE_PERIOD_S = 5 };

static uint32_t tcp_speed(const struct tty *tty)
{
    (void)tty;
    return 0;
}

static enum err tcp_set_speed(struct tty *tty, uint32_t baud)
{
    (void)tty;
    (void)baud;
    return ERR_OK;
}

static void set_int(int fd, int level, int option, int value)
{
    setsockopt(fd, level, option, &value, sizeof value);
}

/* Small frames leave at once, and a dead peer is noticed even when nobody speaks. */
static void tune(int fd)
{
    set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, PEER_TIMEOUT_MS);
    set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, IDLE_PROBE_S);
    set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, PROBE_PERIOD_S);
    set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, 2);
}

/* ---- client ---- */

struct tcp_client {
    struct tty tty; /* first */
    struct loop_lookup *lookup;
    struct loop_io *connecting;
    int connecting_fd;
};

static void stop_connecting(struct tcp_client *c)
{
    loop_lookup_delete(c->lookup);
    c->lookup = NULL;
    loop_io_delete(c->connecting);
    c->connecting = NULL;
    if (c->connecting_fd >= 0)
        close(c->connecting_fd);
    c->connecting_fd = -1;
}

static void client_close(struct tty *tty)
{
    stop_connecting((struct tcp_client *)tty);
}

static void client_failed(struct tcp_client *c)
{
    tty_enter(&c->tty);
    stop_connecting(c);
    loop_timer_stop(c->tty.timer);
    tty_die(&c->tty);
    tty_leave(&c->tty);
}

static void on_deadline(void *ctx)
{
    client_failed(ctx);
}

static void on_connecting(void *ctx, unsigned events)
{
    struct tcp_client *c = ctx;
    int error = 0;
    socklen_t n = sizeof error;

    (void)events;
    int fd = c->connecting_fd;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0 || error != 0) {
        client_failed(c);
        return;
    }
    c->connecting_fd = -1;
    stop_connecting(c);
    loop_timer_stop(c->tty.timer);
    if (tty_watch(&c->tty, fd) != ERR_OK) {
        client_failed(c);
        return;
    }
    c->tty.connected = true;
    tty_enter(&c->tty);
    tty_emit(&c->tty, TTY_OPENED);
    tty_leave(&c->tty);
}

static void on_address(void *ctx, enum err err, const struct loop_addr *addr)
{
    struct tcp_client *c = ctx;

    c->lookup = NULL;
    if (err != ERR_OK) {
        client_failed(c);
        return;
    }
    int fd = socket(addr->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    c->connecting_fd = fd;
    if (fd >= 0)
        tune(fd);
    if (fd < 0 ||
        (connect(fd, (const struct sockaddr *)&addr->addr, addr->len) != 0 &&
         errno != EINPROGRESS) ||
        loop_io_new(c->tty.loop, fd, LOOP_WRITE, on_connecting, c, &c->connecting) != ERR_OK)
        client_failed(c);
}

static const struct tty_ops client_ops = {
    .close = client_close,
    .lost = tty_die,
    .speed = tcp_speed,
    .set_speed = tcp_set_speed,
    .socket = true,
};

/* "tcp:HOST:PORT", "tcp:[::1]:PORT" */
static enum err split_where(const char *where, char *host, size_t cap, uint16_t *ret_port)
{
    struct span rest = span_sub(span_str(where), 4, SIZE_MAX);
    size_t colon = rest.n;
    int64_t port;

    while (colon > 0 && rest.p[colon - 1] != ':')
        colon--;
    if (colon < 2 || !parse_i64(span_sub(rest, colon, SIZE_MAX), 1, UINT16_MAX, &port))
        return ERR_USAGE;
    struct span name = span_sub(rest, 0, colon - 1);
    if (span_starts(name, "[") && span_ends(name, "]"))
        name = span_sub(name, 1, name.n - 2);
    if (name.n == 0 || name.n >= cap)
        return ERR_USAGE;
    span_to_str(name, host, cap);
    *ret_port = (uint16_t)port;
    return ERR_OK;
}

enum err tty_tcp_open(struct loop *loop, const char *where, const struct tty_handler *handler,
                      struct tty **ret)
{
    char host[256];
    uint16_t port;
    struct tty *tty;
    enum err e = split_where(where, host, sizeof host, &port);

    if (e != ERR_OK)
        return e;
    e = tty_new(loop, sizeof(struct tcp_client), &client_ops, handler, on_deadline, &tty);
    if (e != ERR_OK)
        return e;
    struct tcp_client *c = (struct tcp_client *)tty;
    c->connecting_fd = -1;
    span_to_str(span_str(where), tty->path, sizeof tty->path);
    tty->port = port;
    e = loop_lookup_new(loop, host, port, on_address, c, &c->lookup);
    if (e != ERR_OK) {
        tty_delete(tty);
        return e;
    }
    loop_timer_after(tty->timer, CONNECT_TIMEOUT_S * US_PER_S);
    *ret = tty;
    return ERR_OK;
}

/* ---- server ---- */

struct tcp_server {
    struct tty tty; /* first; its descriptor is the client's */
    int listener;
    struct loop_io *listener_io;
};

static void server_close(struct tty *tty)
{
    struct tcp_server *s = (struct tcp_server *)tty;

    loop_io_delete(s->listener_io);
    s->listener_io = NULL;
    if (s->listener >= 0)
        close(s->listener);
    s->listener = -1;
}

static void server_lost(struct tty *tty)
{
    tty_unwatch(tty);
    tty->connected = false;
    tty_emit(tty, TTY_CLOSED);
}

static void on_listener(void *ctx, unsigned events)
{
    struct tcp_server *s = ctx;
    int fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void)events;
    if (fd < 0)
        return;
    tty_enter(&s->tty);
    if (s->tty.connected)
        tty_read_all(&s->tty); /* the old client may be gone, and its end not seen yet */
    if (s->tty.deleted || s->tty.connected) {
        close(fd);
        tty_leave(&s->tty);
        return;
    }
    tune(fd);
    if (tty_watch(&s->tty, fd) == ERR_OK) {
        s->tty.connected = true;
        tty_emit(&s->tty, TTY_OPENED);
    } else {
        tty_unwatch(&s->tty);
    }
    tty_leave(&s->tty);
}

static void on_no_timer(void *ctx)
{
    (void)ctx;
}

static const struct tty_ops server_ops = {
    .close = server_close,
    .lost = server_lost,
    .speed = tcp_speed,
    .set_speed = tcp_set_speed,
    .socket = true,
    .open_wire = true,
};

static enum err start_listening(struct tcp_server *s, uint16_t port)
{
    struct sockaddr_in addr = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t n = sizeof addr;

    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->listener < 0)
        return err_from_errno(errno);
    set_int(s->listener, SOL_SOCKET, SO_REUSEADDR, 1);
    if (bind(s->listener, (const struct sockaddr *)&addr, sizeof addr) != 0 ||
        listen(s->listener, 4) != 0 || getsockname(s->listener, (struct sockaddr *)&addr, &n) != 0)
        return err_from_errno(errno);
    s->tty.port = ntohs(addr.sin_port);
    struct buf path = buf_of(s->tty.path, sizeof s->tty.path - 1);
    buf_printf(&path, "tcp:127.0.0.1:%u", (unsigned)s->tty.port);
    return loop_io_new(s->tty.loop, s->listener, LOOP_READ, on_listener, s, &s->listener_io);
}

enum err tty_listen(struct loop *loop, uint16_t port, const struct tty_handler *handler,
                    struct tty **ret)
{
    struct tty *tty;
    enum err e = tty_new(loop, sizeof(struct tcp_server), &server_ops, handler, on_no_timer, &tty);

    if (e != ERR_OK)
        return e;
    struct tcp_server *s = (struct tcp_server *)tty;
    s->listener = -1;
    e = start_listening(s, port);
    if (e != ERR_OK) {
        tty_delete(tty);
        return e;
    }
    *ret = tty;
    return ERR_OK;
}
