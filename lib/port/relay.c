/* SPDX-License-Identifier: Apache-2.0
 *
 * The relay: each client is a pair of sockets with a queue of dated pieces for each way. A way
 * whose queue is full is not read until it has drained, so TCP holds the sender back.
 */
#define _GNU_SOURCE
#include "port/relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 4096, QUEUE_MAX = 64, CLIENTS_MAX = 32 };

struct piece {
    uint64_t due_us;
    size_t n, sent;
    uint8_t bytes[PIECE];
};

/* One way of a client: read from `from`, written to the other end when due. */
struct way {
    struct client *client;
    struct piece *queue[QUEUE_MAX]; /* oldest first */
    size_t n;
    bool ended; /* the reading side is closed: close the other one when drained */
};

struct client {
    struct relay *relay;
    int fd[2]; /* the client's socket, the server's */
    struct loop_io *io[2];
    struct way way[2]; /* [0] client to server, [1] back */
    bool connected;
};

struct relay {
    struct loop *loop;
    int listener;
    uint16_t port, target;
    uint64_t delay_us;
    struct loop_io *io;
    struct loop_timer *timer;
    struct client *clients[CLIENTS_MAX];
};

static void client_close(struct client *c)
{
    struct relay *r = c->relay;
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        if (r->clients[i] == c)
            r->clients[i] = NULL;
    for (int side = 0; side < 2; side++) {
        loop_io_delete(c->io[side]);
        if (c->fd[side] >= 0)
            close(c->fd[side]);
        for (size_t i = 0; i < c->way[side].n; i++)
            free(c->way[side].queue[i]);
    }
    free(c);
}

/* Reads what may be read, writes what is due and fits; false when the client was closed. */
static bool pump(struct client *c);

static void arm(struct relay *r)
{
    uint64_t due = NEVER_US;
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        for (int side = 0; r->clients[i] && side < 2; side++)
            if (r->clients[i]->way[side].n)
                due = deadline_min(due, r->clients[i]->way[side].queue[0]->due_us);
    if (due <= loop_now(r->loop)) /* due, but the socket is full: it will say when it is not */
        due = NEVER_US;
    loop_timer_at(r->timer, due);
}

static bool read_way(struct client *c, int side)
{
    struct way *w = &c->way[side];
    while (w->n < QUEUE_MAX && !w->ended) {
        struct piece *p = calloc(1, sizeof *p);
        if (!p)
            return false;
        ssize_t n = recv(c->fd[side], p->bytes, sizeof p->bytes, MSG_DONTWAIT);
        if (n <= 0) {
            free(p);
            if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return true;
            w->ended = true;
            return true;
        }
        p->n = (size_t)n;
        p->due_us = loop_now(c->relay->loop) + c->relay->delay_us;
        w->queue[w->n++] = p;
    }
    return true;
}

static bool write_way(struct client *c, int side)
{
    struct way *w = &c->way[side];
    uint64_t now = loop_now(c->relay->loop);
    while (w->n && w->queue[0]->due_us <= now) {
        struct piece *p = w->queue[0];
        ssize_t n =
            send(c->fd[1 - side], p->bytes + p->sent, p->n - p->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        p->sent += (size_t)n;
        if (p->sent < p->n)
            return true;
        free(p);
        memmove(w->queue, w->queue + 1, --w->n * sizeof *w->queue);
    }
    return !(w->ended && w->n == 0);
}

static bool pump(struct client *c)
{
    uint64_t now = loop_now(c->relay->loop);
    if (!c->connected)
        return true;
    for (int side = 0; side < 2; side++)
        if (!read_way(c, side) || !write_way(c, side)) {
            client_close(c);
            return false;
        }
    for (int side = 0; side < 2; side++) {
        const struct way *in = &c->way[side], *out = &c->way[1 - side];
        bool blocked = out->n && out->queue[0]->due_us <= now;
        if (in->ended && !blocked) { /* a hang-up is told again and again, wanted or not */
            loop_io_delete(c->io[side]);
            c->io[side] = NULL;
        } else if (c->io[side] != NULL) {
            loop_io_want(c->io[side], (in->n < QUEUE_MAX && !in->ended ? LOOP_READ : 0u) |
                                          (blocked ? LOOP_WRITE : 0u));
        }
    }
    return true;
}

static void on_side(struct client *c, unsigned events)
{
    struct relay *r = c->relay;
    if (!c->connected && (events & (LOOP_WRITE | LOOP_ERROR))) {
        int error = 0;
        socklen_t n = sizeof error;
        getsockopt(c->fd[1], SOL_SOCKET, SO_ERROR, &error, &n);
        if (error) { /* no server there: the client sees its connection closed */
            client_close(c);
            return;
        }
        c->connected = true;
    }
    pump(c);
    arm(r);
}

static void on_io(void *ctx, unsigned events)
{
    on_side(ctx, events);
}

static void on_timer(void *ctx)
{
    struct relay *r = ctx;
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        if (r->clients[i])
            pump(r->clients[i]);
    arm(r);
}

static struct sockaddr_in loopback(uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

static void take(struct relay *r, int fd, struct client **slot)
{
    struct client *c = calloc(1, sizeof *c);
    struct sockaddr_in server = loopback(r->target);
    int one = 1;
    if (!c) {
        close(fd);
        return;
    }
    c->relay = r;
    c->fd[0] = fd;
    c->fd[1] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    *slot = c;
    setsockopt(c->fd[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(c->fd[1], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    bool ok = c->fd[1] >= 0 &&
              (connect(c->fd[1], (struct sockaddr *)&server, sizeof server) == 0 ||
               errno == EINPROGRESS) &&
              loop_io_new(r->loop, c->fd[0], 0, on_io, c, &c->io[0]) == ERR_OK &&
              loop_io_new(r->loop, c->fd[1], LOOP_WRITE, on_io, c, &c->io[1]) == ERR_OK;
    if (!ok)
        client_close(c);
}

static void on_accept(void *ctx, unsigned events)
{
    struct relay *r = ctx;
    (void)events;
    int fd = accept4(r->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        if (!r->clients[i]) {
            take(r, fd, &r->clients[i]);
            return;
        }
    close(fd);
}

enum err relay_new(struct loop *loop, uint16_t target_port, struct relay **ret)
{
    struct relay *r = calloc(1, sizeof *r);
    struct sockaddr_in here = loopback(0);
    socklen_t n = sizeof here;
    if (!r)
        return ERR_MEMORY;
    r->loop = loop;
    r->target = target_port;
    r->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    enum err err = ERR_IO;
    if (r->listener >= 0 && bind(r->listener, (struct sockaddr *)&here, n) == 0 &&
        listen(r->listener, CLIENTS_MAX) == 0 &&
        getsockname(r->listener, (struct sockaddr *)&here, &n) == 0)
        err = loop_io_new(loop, r->listener, LOOP_READ, on_accept, r, &r->io);
    if (err == ERR_OK)
        err = loop_timer_new(loop, on_timer, r, &r->timer);
    if (err != ERR_OK) {
        relay_delete(r);
        return err;
    }
    r->port = ntohs(here.sin_port);
    *ret = r;
    return ERR_OK;
}

void relay_delete(struct relay *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        if (r->clients[i])
            client_close(r->clients[i]);
    loop_timer_delete(r->timer);
    loop_io_delete(r->io);
    if (r->listener >= 0)
        close(r->listener);
    free(r);
}

uint16_t relay_port(const struct relay *r)
{
    return r->port;
}

void relay_set_delay(struct relay *r, uint64_t delay_us)
{
    r->delay_us = delay_us;
}
