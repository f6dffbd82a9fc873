/* SPDX-License-Identifier: Apache-2.0
 *
 * See hci_user.h.
 */
#include "sim/ble/hci_user.h"

#include <stdlib.h>

#include "port/hci_port.h"
#include "sim/ble/hci_host.h"

struct user {
    struct ble_radio radio; /* first */
    struct ble_radio_handler handler;
    struct hci_host *host;
    struct hci_port *port;
    struct loop_timer *timer;
};

static struct user *user_of(struct ble_radio *radio)
{
    return (struct user *)radio;
}

static void send_packet(void *ctx, struct span packet)
{
    const struct user *u = ctx;

    hci_port_send(u->port, packet);
}

static void wake_at(void *ctx, uint64_t t_us)
{
    const struct user *u = ctx;

    loop_timer_at(u->timer, t_us);
}

static void on_timer(void *ctx)
{
    const struct user *u = ctx;

    hci_host_run(u->host);
}

static void on_packet(void *ctx, struct span packet)
{
    const struct user *u = ctx;

    hci_host_take(u->host, packet);
}

static void on_ready(void *ctx)
{
    const struct user *u = ctx;

    u->handler.on_ready(u->handler.ctx);
}

/* Of the host, or of the port below it. */
static void on_failed(void *ctx, enum err why)
{
    const struct user *u = ctx;

    u->handler.on_failed(u->handler.ctx, why);
}

/* ---- the radio ---- */

static enum err add(struct ble_radio *radio, const struct ble_traits *traits,
                    const struct ble_handler *handler, struct ble_peripheral **ret)
{
    return hci_host_add(user_of(radio)->host, traits, handler, ret);
}

static enum err fault(struct ble_radio *radio, enum ble_fault what, bool on)
{
    (void)radio;
    (void)what;
    (void)on;
    return ERR_UNSUPPORTED;
}

static void destroy(struct ble_radio *radio)
{
    struct user *u = user_of(radio);

    hci_port_delete(u->port);
    hci_host_delete(u->host);
    loop_timer_delete(u->timer);
    free(u);
}

enum err hci_user_new(struct loop *loop, unsigned index, const struct ble_radio_handler *handler,
                      struct ble_radio **ret)
{
    static const struct ble_radio_ops ops = {.destroy = destroy, .add = add, .fault = fault};
    struct user *u = calloc(1, sizeof *u);

    if (u == NULL)
        return ERR_MEMORY;
    u->radio.ops = &ops;
    u->handler = *handler;
    const struct hci_host_port host = {loop_clock(loop), send_packet, wake_at,
                                       on_ready,         on_failed,   u};
    const struct hci_port_handler port = {on_packet, on_failed, u};
    enum err e = loop_timer_new(loop, on_timer, u, &u->timer);
    if (e == ERR_OK)
        e = hci_host_new(&host, &u->host);
    if (e == ERR_OK)
        e = hci_port_new_user(loop, index, &port, &u->port);
    if (e != ERR_OK) {
        destroy(&u->radio);
        return e;
    }
    *ret = &u->radio;
    return ERR_OK;
}
