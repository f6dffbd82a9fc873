/* SPDX-License-Identifier: Apache-2.0
 *
 * See hci_vhci.h.
 */
#include "sim/ble/hci_vhci.h"

#include <stdlib.h>

#include "port/hci_port.h"
#include "sim/ble/hci.h"
#include "sim/ble/hci_controller.h"

struct vhci {
    struct ble_radio radio; /* first */
    struct loop *loop;
    struct ble_radio_handler handler;
    struct hci_controller *controller;
    struct hci_port *port; /* NULL: unplugged */
    struct loop_timer *timer;
};

static struct vhci *vhci_of(struct ble_radio *radio)
{
    return (struct vhci *)radio;
}

/* ---- between controller and kernel ---- */

static void send_packet(void *ctx, struct span packet)
{
    const struct vhci *v = ctx;

    if (v->port != NULL)
        hci_port_send(v->port, packet);
}

static void wake_at(void *ctx, uint64_t t_us)
{
    const struct vhci *v = ctx;

    loop_timer_at(v->timer, t_us);
}

static void on_timer(void *ctx)
{
    const struct vhci *v = ctx;

    hci_controller_run(v->controller);
}

/* The kernel's first packet says that the controller has a number. */
static void on_packet(void *ctx, struct span packet)
{
    const struct vhci *v = ctx;

    if (packet.p[0] == HCI_VENDOR)
        v->handler.on_ready(v->handler.ctx);
    else
        hci_controller_take(v->controller, packet);
}

static void unplug(struct vhci *v)
{
    hci_port_delete(v->port);
    v->port = NULL;
    hci_controller_unplug(v->controller);
}

static void on_lost(void *ctx, enum err why)
{
    struct vhci *v = ctx;

    unplug(v);
    v->handler.on_failed(v->handler.ctx, why);
}

static enum err plug(struct vhci *v)
{
    const struct hci_port_handler handler = {on_packet, on_lost, v};

    return hci_port_new_vhci(v->loop, &handler, &v->port);
}

/* ---- the radio ---- */

static enum err add(struct ble_radio *radio, const struct ble_traits *traits,
                    const struct ble_handler *handler, struct ble_peripheral **ret)
{
    return hci_controller_add(vhci_of(radio)->controller, traits, handler, ret);
}

static enum err fault(struct ble_radio *radio, enum ble_fault what, bool on)
{
    struct vhci *v = vhci_of(radio);

    switch (what) {
    case BLE_ADAPTER_OFF:
        if (on == (v->port == NULL))
            return ERR_OK;
        if (!on)
            return plug(v);
        unplug(v);
        return ERR_OK;
    case BLE_DAEMON_DOWN: return ERR_UNSUPPORTED; /* it is not ours */
    }
    return ERR_UNSUPPORTED;
}

static void destroy(struct ble_radio *radio)
{
    struct vhci *v = vhci_of(radio);

    hci_port_delete(v->port);
    v->port = NULL;
    hci_controller_delete(v->controller);
    loop_timer_delete(v->timer);
    free(v);
}

enum err hci_vhci_new(struct loop *loop, const struct ble_radio_handler *handler,
                      struct ble_radio **ret)
{
    static const struct ble_radio_ops ops = {.destroy = destroy, .add = add, .fault = fault};
    struct vhci *v = calloc(1, sizeof *v);

    if (v == NULL)
        return ERR_MEMORY;
    v->radio.ops = &ops;
    v->loop = loop;
    v->handler = *handler;
    const struct hci_controller_host host = {loop_clock(loop), send_packet, wake_at, v};
    enum err e = loop_timer_new(loop, on_timer, v, &v->timer);
    if (e == ERR_OK)
        e = hci_controller_new(&host, &v->controller);
    if (e == ERR_OK)
        e = plug(v);
    if (e != ERR_OK) {
        destroy(&v->radio);
        return e;
    }
    *ret = &v->radio;
    return ERR_OK;
}
