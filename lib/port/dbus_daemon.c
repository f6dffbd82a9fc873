/* SPDX-License-Identifier: Apache-2.0
 *
 * Starting a dbus-daemon. It prints its address when it listens; that is the sign of readiness. Its
 * complaint about the limit of descriptors, which only root may raise, is of no consequence.
 */
#define _GNU_SOURCE
#include "port/dbus_daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/span.h"
#include "port/broker.h"

#define READY_US (15 * US_PER_S) /* measured: 10 ms; a loaded machine needs more */

enum { WORDS = 1024 };

static const char prefix[] = "unix:path=";

struct dbus_daemon {
    struct dbus_daemon_handler handler;
    char program[PATH_MAX];
    char setpriv[PATH_MAX]; /* empty: there is none */
    char config[PATH_MAX];
    char address[sizeof prefix + sizeof(((struct sockaddr_un *)0)->sun_path)];
    struct loop *loop;
    struct loop_child *child;
    struct loop_timer *timer;
    int pipe; /* its output */
    struct loop_io *io;
    char words[WORDS]; /* what it printed, cut */
    size_t n_words;
    bool ready;
    unsigned depth;
    bool deleted;
};

static void release(struct dbus_daemon *d)
{
    free(d);
}

static void leave(struct dbus_daemon *d)
{
    d->depth--;
    if (d->depth == 0 && d->deleted)
        release(d);
}

static enum err write_config(const struct dbus_daemon *d)
{
    FILE *f = fopen(d->config, "we");

    if (f == NULL)
        return err_from_errno(errno);
    fprintf(f,
            "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
            " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
            "<busconfig>\n"
            "  <type>system</type>\n"
            "  <listen>%s</listen>\n"
            "  <auth>EXTERNAL</auth>\n"
            "  <policy context=\"default\">\n"
            "    <allow user=\"*\"/>\n"
            "    <allow own=\"*\"/>\n"
            "    <allow send_type=\"method_call\"/>\n"
            "    <allow send_type=\"signal\"/>\n"
            "    <allow send_requested_reply=\"true\" send_type=\"method_return\"/>\n"
            "    <allow send_requested_reply=\"true\" send_type=\"error\"/>\n"
            "    <allow receive_type=\"method_call\"/>\n"
            "    <allow receive_type=\"signal\"/>\n"
            "    <allow receive_type=\"method_return\"/>\n"
            "    <allow receive_type=\"error\"/>\n"
            "  </policy>\n"
            "</busconfig>\n",
            d->address);
    return fclose(f) == 0 ? ERR_OK : err_from_errno(errno);
}

static void fail(struct dbus_daemon *d, enum err why)
{
    struct span rest = span_of(d->words, d->n_words), line, last = span_str("no output");
    char text[256];

    while (span_line(&rest, &line))
        last = line;
    span_to_str(last, text, sizeof text);
    d->handler.on_failed(d->handler.ctx, why, text);
}

/* The line with the address, perhaps behind a warning. */
static bool has_address(const struct dbus_daemon *d)
{
    struct span all = span_of(d->words, d->n_words);
    size_t at = span_find(all, 0, span_str(d->address));

    return at < all.n && span_find_byte(all, at, '\n') < all.n;
}

static void on_output(void *ctx, unsigned events)
{
    struct dbus_daemon *d = ctx;
    char more[256];
    ssize_t n;

    (void)events;
    while ((n = read(d->pipe, more, sizeof more)) > 0) {
        size_t room = sizeof d->words - d->n_words;
        size_t take = (size_t)n < room ? (size_t)n : room;
        memcpy(d->words + d->n_words, more, take);
        d->n_words += take;
    }
    if (n == 0)
        loop_io_want(d->io, 0);
    if (d->ready || !has_address(d))
        return;
    d->ready = true;
    loop_timer_stop(d->timer);
    d->depth++;
    d->handler.on_ready(d->handler.ctx);
    leave(d);
}

static void on_exit_status(void *ctx, int status, int signum)
{
    struct dbus_daemon *d = ctx;
    bool was_ready = d->ready;

    (void)status;
    (void)signum;
    d->ready = false;
    loop_timer_stop(d->timer);
    d->depth++;
    fail(d, was_ready ? ERR_CLOSED : ERR_REFUSED);
    leave(d);
}

static void on_timer(void *ctx)
{
    struct dbus_daemon *d = ctx;

    d->depth++;
    fail(d, ERR_TIMEOUT);
    leave(d);
}

static enum err spawn(struct dbus_daemon *d, int output)
{
    char config[PATH_MAX + 16];
    const char *argv[] = {d->setpriv,          "--pdeathsig", "KILL",     "--",
                          d->program,          config,        "--nofork", "--nopidfile",
                          "--print-address=1", NULL};
    const char *const *args = d->setpriv[0] != '\0' ? argv : argv + 4;
    const struct loop_spawn child = {
        .file = args[0], .argv = args, .stdin_fd = -1, .stdout_fd = output, .stderr_fd = output};
    struct buf text = buf_of(config, sizeof config);

    if (!buf_printf(&text, "--config-file=%s", d->config) || !buf_u8(&text, 0))
        return ERR_RANGE;
    return loop_child_spawn(d->loop, &child, on_exit_status, d, &d->child);
}

static enum err start(struct dbus_daemon *d)
{
    enum err e = write_config(d);
    int ends[2];

    if (e != ERR_OK)
        return e;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_from_errno(errno);
    d->pipe = ends[0];
    e = spawn(d, ends[1]);
    close(ends[1]);
    if (e == ERR_OK)
        e = loop_io_new(d->loop, d->pipe, LOOP_READ, on_output, d, &d->io);
    if (e == ERR_OK)
        loop_timer_after(d->timer, READY_US);
    return e;
}

static enum err set_paths(struct dbus_daemon *d, const char *dir)
{
    struct buf config = buf_of(d->config, sizeof d->config);
    struct buf address = buf_of(d->address, sizeof d->address);

    if (!buf_printf(&config, "%s/dbus.conf", dir) || !buf_u8(&config, 0) ||
        !buf_printf(&address, "%s%s/dbus.sock", prefix, dir) || !buf_u8(&address, 0))
        return ERR_RANGE;
    if (!broker_find("dbus-daemon", d->program, sizeof d->program))
        return ERR_NOT_FOUND;
    if (!broker_find("setpriv", d->setpriv, sizeof d->setpriv))
        d->setpriv[0] = '\0';
    return ERR_OK;
}

enum err dbus_daemon_new(struct loop *loop, const char *dir,
                         const struct dbus_daemon_handler *handler, struct dbus_daemon **ret)
{
    struct dbus_daemon *d = calloc(1, sizeof *d);

    if (d == NULL)
        return ERR_MEMORY;
    d->loop = loop;
    d->handler = *handler;
    d->pipe = -1;
    enum err e = set_paths(d, dir);
    if (e == ERR_OK)
        e = loop_timer_new(loop, on_timer, d, &d->timer);
    if (e == ERR_OK)
        e = start(d);
    if (e != ERR_OK) {
        dbus_daemon_delete(d);
        return e;
    }
    *ret = d;
    return ERR_OK;
}

void dbus_daemon_delete(struct dbus_daemon *d)
{
    if (d == NULL || d->deleted)
        return;
    d->deleted = true;
    d->ready = false;
    if (d->child != NULL) {
        loop_child_kill(d->child, SIGKILL);
        loop_child_delete(d->child);
    }
    loop_timer_delete(d->timer);
    loop_io_delete(d->io);
    if (d->pipe >= 0)
        close(d->pipe);
    unlink(d->address + sizeof prefix - 1);
    if (d->depth == 0)
        release(d);
}

const char *dbus_daemon_address(const struct dbus_daemon *d)
{
    return d->address;
}

bool dbus_daemon_ready(const struct dbus_daemon *d)
{
    return d->ready;
}
