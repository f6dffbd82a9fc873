/* SPDX-License-Identifier: Apache-2.0
 *
 * The master side of a PTY that behaves like a UART with a cable.
 *
 * The slave is held open, so the master never sees EIO or a permanent hang-up; who comes and goes
 * is learned from inotify instead. inotify merges equal events that follow each other, which would
 * count two opens as one; the folder of the slave is watched by the same instance, so that the
 * folder's event always stands between two of the slave's and nothing is merged.
 *
 * What a UART does and a PTY does not is added here: bytes sent while nobody has the port open are
 * lost, nothing old waits for the next client, and the settings go back to power-on when the last
 * client leaves.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "port/tty_line.h"
#include "port/tty_priv.h"

struct pty {
    struct tty tty; /* first */
    char slave_path[64];
    bool linked;
    int slave;
    int inotify;
    int watch; /* the slave's */
    struct loop_io *inotify_io;
    int clients;      /* open descriptions of the slave, ours not counted */
    int hung_up;      /* descriptions that tty_hangup() killed and nobody has closed yet */
    bool tell_closed; /* tty_hangup() owes the user a TTY_CLOSED */
    uint32_t baud;    /* last told */
};

static struct pty *pty_of(struct tty *tty)
{
    return (struct pty *)tty;
}

/* ---- clients ---- */

static void check_speed(struct pty *p)
{
    uint32_t baud = line_speed(p->tty.fd);

    if (baud == p->baud || !p->tty.connected)
        return;
    p->baud = baud;
    tty_emit(&p->tty, TTY_SPEED);
}

static void client_came(struct pty *p)
{
    p->tty.connected = true;
    p->baud = LINE_POWER_ON_BAUD;
    tty_emit(&p->tty, TTY_OPENED);
    if (!p->tty.deleted)
        check_speed(p);
}

/* The last client closed the port. What it wrote still arrives, as from a UART's output buffer. */
static void client_left(struct pty *p, bool somebody_new)
{
    tty_read_all(&p->tty);
    if (p->tty.deleted)
        return;
    buf_clear(&p->tty.out);
    loop_io_want(p->tty.io, LOOP_READ);
    p->tty.connected = false;
    if (!somebody_new) { /* else the settings are the newcomer's already */
        line_flush(p->slave, LINE_BOTH);
        line_unclaim(p->slave);
        line_setup(p->slave, LINE_POWER_ON_BAUD);
    }
    tty_emit(&p->tty, TTY_CLOSED);
}

/* What a batch of inotify events amounts to. */
struct traffic {
    bool came; /* the count of clients rose above zero */
    bool left; /* it fell to zero */
};

static void take_event(struct pty *p, uint32_t mask, struct traffic *traffic)
{
    if ((mask & IN_OPEN) != 0) {
        p->clients++;
        traffic->came = traffic->came || p->clients == 1;
    } else if ((mask & IN_CLOSE) != 0) {
        /* A hung-up program closes its dead descriptor before it opens the port again. */
        if (p->hung_up > 0) {
            p->hung_up--;
            return;
        }
        p->clients--;
        traffic->left = traffic->left || p->clients == 0;
    }
}

static struct traffic take_events(struct pty *p)
{
    _Alignas(struct inotify_event) char bytes[4096];
    struct traffic traffic = {0};
    ssize_t n;

    while ((n = read(p->inotify, bytes, sizeof bytes)) > 0) {
        const struct inotify_event *event;
        for (size_t at = 0; at < (size_t)n; at += sizeof *event + event->len) {
            event = (const struct inotify_event *)(const void *)(bytes + at);
            if (event->wd == p->watch)
                take_event(p, event->mask, &traffic);
        }
    }
    return traffic;
}

static void update_clients(struct pty *p)
{
    struct traffic traffic = take_events(p);

    if (p->tell_closed) {
        p->tell_closed = false;
        tty_emit(&p->tty, TTY_CLOSED);
    }
    if (!p->tty.deleted && p->tty.connected && traffic.left)
        client_left(p, p->clients > 0);
    if (p->tty.deleted || p->tty.connected || !(traffic.came || p->clients > 0))
        return;
    client_came(p);
    if (!p->tty.deleted && p->clients == 0)
        client_left(p, false); /* came and went within one turn, as `echo > port` does */
}

static void on_inotify(void *ctx, unsigned events)
{
    struct pty *p = ctx;

    (void)events;
    tty_enter(&p->tty);
    update_clients(p);
    tty_leave(&p->tty);
}

static void on_timer(void *ctx)
{
    on_inotify(ctx, 0);
}

/* ---- the kind ---- */

static void pty_before_read(struct tty *tty)
{
    update_clients(pty_of(tty));
    if (!tty->deleted)
        check_speed(pty_of(tty));
}

static uint32_t pty_speed(const struct tty *tty)
{
    return tty->connected ? line_speed(tty->fd) : 0;
}

static enum err pty_set_speed(struct tty *tty, uint32_t baud)
{
    (void)tty;
    (void)baud; /* the client's business */
    return ERR_OK;
}

static const char *pty_slave(const struct tty *tty)
{
    return ((const struct pty *)tty)->slave_path;
}

static void remove_link(struct pty *p)
{
    char target[sizeof p->slave_path];
    ssize_t n = readlink(p->tty.path, target, sizeof target);

    if (span_eq_str(span_of(target, n > 0 ? (size_t)n : 0), p->slave_path))
        unlink(p->tty.path); /* unless somebody has put another port in its place */
}

static void pty_close(struct tty *tty)
{
    struct pty *p = pty_of(tty);

    if (p->linked)
        remove_link(p);
    loop_io_delete(p->inotify_io);
    p->inotify_io = NULL;
    if (p->inotify >= 0)
        close(p->inotify);
    if (p->slave >= 0)
        close(p->slave);
}

/* Opens the slave for ourselves and makes it raw before anything can be echoed. */
static enum err hold_slave(struct pty *p)
{
    p->slave = open(p->slave_path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (p->slave < 0)
        return err_from_errno(errno);
    return line_setup(p->slave, LINE_POWER_ON_BAUD);
}

static enum err pty_hangup(struct tty *tty)
{
    struct pty *p = pty_of(tty);
    int dead = p->slave;

    take_events(p);
    enum err e = line_hangup(dead);
    if (e != ERR_OK)
        return e;
    p->tell_closed = p->tty.connected;
    p->tty.connected = false;
    buf_clear(&p->tty.out);
    /* Our own reopening is about to be counted as one open, our dead descriptor as one close. */
    p->hung_up += p->clients + 1;
    p->clients = -1;
    e = hold_slave(p);
    close(dead);
    line_flush(p->slave, LINE_BOTH);
    loop_io_want(p->tty.io, LOOP_READ);
    loop_timer_at(p->tty.timer, loop_now(p->tty.loop));
    return e;
}

/* Reading fails only while our own hold on the slave is broken, in the middle of pty_hangup. */
static void pty_lost(struct tty *tty)
{
    (void)tty;
}

static const struct tty_ops pty_ops = {
    .close = pty_close,
    .before_read = pty_before_read,
    .lost = pty_lost,
    .speed = pty_speed,
    .set_speed = pty_set_speed,
    .hangup = pty_hangup,
    .slave = pty_slave,
    .open_wire = true,
};

/* ---- making one ---- */

static enum err open_master(struct pty *p)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return err_from_errno(errno);
    if (grantpt(fd) != 0 || unlockpt(fd) != 0 ||
        ptsname_r(fd, p->slave_path, sizeof p->slave_path) != 0) {
        enum err e = err_from_errno(errno);
        close(fd);
        return e;
    }
    return tty_watch(&p->tty, fd);
}

static enum err watch_slave(struct pty *p)
{
    char folder[sizeof p->slave_path];

    p->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (p->inotify < 0)
        return err_from_errno(errno);
    p->watch = inotify_add_watch(p->inotify, p->slave_path, IN_OPEN | IN_CLOSE);
    span_to_str(span_str(p->slave_path), folder, sizeof folder);
    if (p->watch < 0 || inotify_add_watch(p->inotify, dirname(folder), IN_OPEN | IN_CLOSE) < 0)
        return err_from_errno(errno);
    return loop_io_new(p->tty.loop, p->inotify, LOOP_READ, on_inotify, p, &p->inotify_io);
}

/* A client finds either the old port or the new one, never nothing. */
static enum err put_link(struct pty *p, const char *link)
{
    char fresh[PATH_MAX];
    struct buf name = buf_of(fresh, sizeof fresh);

    if (strlen(link) >= sizeof p->tty.path || !buf_printf(&name, "%s.%d", link, (int)getpid()) ||
        !buf_u8(&name, 0))
        return ERR_RANGE;
    unlink(fresh);
    if (symlink(p->slave_path, fresh) != 0)
        return err_from_errno(errno);
    if (rename(fresh, link) != 0) {
        enum err e = err_from_errno(errno);
        unlink(fresh);
        return e;
    }
    span_to_str(span_str(link), p->tty.path, sizeof p->tty.path);
    p->linked = true;
    return ERR_OK;
}

enum err tty_open_pty(struct loop *loop, const char *link, const struct tty_handler *handler,
                      struct tty **ret)
{
    struct tty *tty;
    enum err e = tty_new(loop, sizeof(struct pty), &pty_ops, handler, on_timer, &tty);

    if (e != ERR_OK)
        return e;
    struct pty *p = pty_of(tty);
    p->slave = -1;
    p->inotify = -1;
    e = open_master(p);
    if (e == ERR_OK)
        e = hold_slave(p);
    if (e == ERR_OK)
        e = watch_slave(p);
    if (e == ERR_OK) {
        span_to_str(span_str(p->slave_path), tty->path, sizeof tty->path);
        e = link != NULL ? put_link(p, link) : ERR_OK;
    }
    if (e != ERR_OK) {
        tty_delete(tty);
        return e;
    }
    *ret = tty;
    return ERR_OK;
}
