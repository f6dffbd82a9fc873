/* SPDX-License-Identifier: Apache-2.0
 *
 * What a loop is expected to have besides time: descriptors, signals, name lookups.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/vt/vt_priv.h"

/* ---- handing out what the last poll saw ---- */

static unsigned events_of(const struct vt_io *io, short revents)
{
    unsigned got = 0, wanted = io->io.events & (LOOP_READ | LOOP_WRITE);

    if ((revents & POLLIN) != 0)
        got |= LOOP_READ;
    if ((revents & POLLOUT) != 0)
        got |= LOOP_WRITE;
    if ((revents & POLLHUP) != 0)
        got |= wanted != 0 ? wanted : LOOP_ERROR;
    if ((revents & (POLLERR | POLLNVAL)) != 0)
        got |= LOOP_ERROR | wanted;
    return got;
}

void vt_sweep_ios(struct vt_loop *v)
{
    for (struct vt_io **link = &v->ios; *link != NULL;) {
        struct vt_io *io = *link;
        if (!io->deleted) {
            link = &io->next;
            continue;
        }
        *link = io->next;
        free(io);
    }
}

bool vt_hand_out(struct vt_loop *v)
{
    bool any = false;
    unsigned last = v->last_io; /* those that callbacks add were not polled */

    for (struct vt_io *io = v->ios; io != NULL; io = io->next) {
        if (io->deleted || io->number > last)
            continue;
        unsigned got = events_of(io, v->set[io->poll_at].revents);
        if (got == 0)
            continue;
        any = true;
        io->io.fn(io->io.ctx, got);
    }
    vt_sweep_ios(v);
    return any;
}

void vt_sweep_signals(struct vt_loop *v)
{
    for (struct vt_signal **link = &v->signals; *link != NULL;) {
        struct vt_signal *s = *link;
        if (!s->deleted) {
            link = &s->next;
            continue;
        }
        *link = s->next;
        close(s->fd);
        free(s);
    }
}

bool vt_hand_signals(struct vt_loop *v)
{
    struct signalfd_siginfo info;
    bool any = false;

    for (struct vt_signal *s = v->signals; s != NULL; s = s->next) {
        if (s->deleted || read(s->fd, &info, sizeof info) != (ssize_t)sizeof info)
            continue;
        any = true;
        s->sig.fn(s->sig.ctx, s->signum);
    }
    vt_sweep_signals(v);
    return any;
}

bool vt_hand_lookups(struct vt_loop *v)
{
    struct vt_lookup *l = v->lookups;

    if (l == NULL)
        return false;
    v->lookups = l->next;
    if (!l->deleted)
        l->lookup.fn(l->lookup.ctx, l->err, l->err == ERR_OK ? &l->addr : NULL);
    free(l);
    return true;
}

/* ---- made and deleted ---- */

enum err vt_io_new(struct loop *loop, int fd, unsigned events, loop_io_fn fn, void *ctx,
                   struct loop_io **ret)
{
    struct vt_loop *v = vt_of(loop);
    struct vt_io **end = &v->ios;
    struct stat st;

    if (fstat(fd, &st) != 0)
        return err_from_errno(errno);
    if (S_ISREG(st.st_mode))
        return ERR_UNSUPPORTED;
    for (const struct vt_io *io = v->ios; io != NULL; io = io->next)
        if (!io->deleted && io->io.fd == fd)
            return ERR_EXISTS;
    struct vt_io *io = calloc(1, sizeof *io);
    if (io == NULL)
        return ERR_MEMORY;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    io->io = (struct loop_io){.loop = loop, .fn = fn, .ctx = ctx, .fd = fd, .events = events};
    io->number = ++v->last_io;
    vt_pty_look(io);
    while (*end != NULL)
        end = &(*end)->next;
    *end = io;
    *ret = &io->io;
    return ERR_OK;
}

void vt_io_want(struct loop_io *io, unsigned events)
{
    io->events = events;
}

void vt_io_delete(struct loop_io *io)
{
    ((struct vt_io *)io)->deleted = true; /* freed when nobody walks the list */
}

enum err vt_signal_new(struct loop *loop, int signum, loop_signal_fn fn, void *ctx,
                       struct loop_signal **ret)
{
    struct vt_loop *v = vt_of(loop);
    struct vt_signal *s = calloc(1, sizeof *s);
    sigset_t set;

    if (s == NULL)
        return ERR_MEMORY;
    sigemptyset(&set);
    sigaddset(&set, signum);
    sigprocmask(SIG_BLOCK, &set, NULL);
    s->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    s->signum = signum;
    s->sig = (struct loop_signal){.loop = loop, .fn = fn, .ctx = ctx};
    if (s->fd < 0) {
        free(s);
        return err_from_errno(errno);
    }
    s->next = v->signals;
    v->signals = s;
    *ret = &s->sig;
    return ERR_OK;
}

void vt_signal_delete(struct loop_signal *sig)
{
    struct vt_signal *s = (struct vt_signal *)sig;
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, s->signum);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    s->deleted = true;
}

/* Names are looked up on the spot: a resolver's time is not virtual. */
enum err vt_lookup_new(struct loop *loop, const char *host, uint16_t port, loop_lookup_fn fn,
                       void *ctx, struct loop_lookup **ret)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct vt_loop *v = vt_of(loop);
    struct vt_lookup *l = calloc(1, sizeof *l), **end = &v->lookups;
    struct addrinfo *list = NULL;
    char service[8];

    if (l == NULL)
        return ERR_MEMORY;
    snprintf(service, sizeof service, "%u", (unsigned)port);
    l->lookup = (struct loop_lookup){.loop = loop, .fn = fn, .ctx = ctx};
    l->err = getaddrinfo(host, service, &hints, &list) == 0 ? ERR_OK : ERR_NOT_FOUND;
    if (l->err == ERR_OK) {
        memcpy(&l->addr.addr, list->ai_addr, list->ai_addrlen);
        l->addr.len = list->ai_addrlen;
        freeaddrinfo(list);
    }
    while (*end != NULL)
        end = &(*end)->next;
    *end = l;
    *ret = &l->lookup;
    return ERR_OK;
}

void vt_lookup_delete(struct loop_lookup *lookup)
{
    for (struct vt_lookup *l = vt_of(lookup->loop)->lookups; l != NULL; l = l->next)
        if (&l->lookup == lookup)
            l->deleted = true;
}
