/* SPDX-License-Identifier: Apache-2.0
 *
 * sd-bus on the loop; see dbus.h.
 */
#define _GNU_SOURCE
#include "port/dbus.h"

#include <poll.h>
#include <stdlib.h>
#include <systemd/sd-bus.h>

static const char system_bus[] = "unix:path=/run/dbus/system_bus_socket";

struct dbus {
    struct loop *loop;
    struct dbus_handler handler;
    sd_bus *bus;
    struct loop_io *io;
    struct loop_timer *timer; /* fires at once: messages wait inside sd-bus */
    unsigned depth;
    bool lost, deleted;
};

const char *dbus_address(const char *address)
{
    const char *env;

    if (address != NULL)
        return address;
    env = getenv("DBUS_SYSTEM_BUS_ADDRESS");
    return env != NULL && env[0] != '\0' ? env : system_bus;
}

static void release(struct dbus *d)
{
    sd_bus_close_unref(d->bus);
    free(d);
}

void dbus_settle(struct dbus *d)
{
    uint64_t until;
    int events;

    if (d->lost || d->deleted || d->depth > 0)
        return;
    events = sd_bus_get_events(d->bus);
    loop_io_want(d->io, ((events & POLLIN) != 0 ? LOOP_READ : 0U) |
                            ((events & POLLOUT) != 0 ? LOOP_WRITE : 0U));
    /* 0 says that a message was read already; other times are not ours */
    if (sd_bus_get_timeout(d->bus, &until) >= 0 && until == 0)
        loop_timer_after(d->timer, 0);
}

static void lose(struct dbus *d, enum err why)
{
    d->lost = true;
    loop_io_delete(d->io);
    d->io = NULL;
    loop_timer_stop(d->timer);
    d->handler.on_lost(d->handler.ctx, why);
}

static void pump(struct dbus *d)
{
    int r;

    d->depth++;
    do
        r = sd_bus_process(d->bus, NULL);
    while (r > 0 && !d->deleted);
    if (r < 0 && !d->deleted && !d->lost)
        lose(d, err_from_errno(-r));
    d->depth--;
    if (d->deleted)
        release(d);
    else
        dbus_settle(d);
}

static void on_io(void *ctx, unsigned events)
{
    (void)events;
    pump(ctx);
}

static void on_timer(void *ctx)
{
    pump(ctx);
}

static int start(sd_bus *bus, const char *address)
{
    int r = sd_bus_set_address(bus, address);

    if (r >= 0)
        r = sd_bus_set_bus_client(bus, 1);
    if (r >= 0)
        r = sd_bus_set_method_call_timeout(bus, UINT64_MAX);
    return r >= 0 ? sd_bus_start(bus) : r;
}

enum err dbus_new(struct loop *loop, const char *address, const struct dbus_handler *handler,
                  struct dbus **ret)
{
    struct dbus *d = calloc(1, sizeof *d);
    enum err e = ERR_OK;
    int r;

    if (d == NULL)
        return ERR_MEMORY;
    d->loop = loop;
    d->handler = *handler;
    r = sd_bus_new(&d->bus);
    if (r >= 0)
        r = start(d->bus, dbus_address(address));
    if (r < 0)
        e = err_from_errno(-r);
    if (e == ERR_OK)
        e = loop_timer_new(loop, on_timer, d, &d->timer);
    if (e == ERR_OK)
        e = loop_io_new(loop, sd_bus_get_fd(d->bus), LOOP_READ | LOOP_WRITE, on_io, d, &d->io);
    if (e != ERR_OK) {
        dbus_delete(d);
        return e;
    }
    *ret = d;
    return ERR_OK;
}

void dbus_delete(struct dbus *d)
{
    if (d == NULL || d->deleted)
        return;
    d->deleted = true;
    loop_io_delete(d->io);
    loop_timer_delete(d->timer);
    if (d->depth == 0)
        release(d);
}

struct sd_bus *dbus_bus(const struct dbus *d)
{
    return d->bus;
}
