/* SPDX-License-Identifier: Apache-2.0
 *
 * See hci_vhci.h.
 */
#include "sim/ble/hci_vhci.h"

#include <stdlib.h>

#include "port/hci_port.h"
#include "sim/ble/hci.h"
#include "sim/ble/hci_controller.h"

/* The kernel sets a new controller up by a row of commands, and BlueZ powers it by another; who
 * closes /dev/vhci meanwhile waits until the command in hand has timed out, 2 to 10 s. After so
 * long without a command nothing of the kind is under way. */
#define SET_UP_US (100 * US_PER_MS)
#define QUIET_US  (20 * US_PER_MS)

enum vhci_state {
    VHCI_OUT,     /* not plugged in */
    VHCI_SET_UP,  /* the kernel takes it */
    VHCI_READY,   /* its BlueZ can use it */
    VHCI_LEAVING, /* unplugged for the batteries, still answering */
};

struct vhci {
    struct ble_radio radio; /* first */
    struct loop *loop;
    struct ble_radio_handler handler;
    struct hci_controller *controller;
    enum vhci_state state;
    struct hci_port *port;
    struct loop_timer *timer; /* of the controller */
    struct loop_timer *quiet;
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

    if (v->state != VHCI_LEAVING)
        hci_controller_run(v->controller);
}

static void on_packet(void *ctx, struct span packet)
{
    const struct vhci *v = ctx;

    if (v->state == VHCI_SET_UP)
        loop_timer_after(v->quiet, SET_UP_US);
    if (v->state == VHCI_LEAVING)
        loop_timer_after(v->quiet, QUIET_US);
    hci_controller_take(v->controller, packet); /* the kernel's first one, a number, is none */
}

static void pull_out(struct vhci *v)
{
    loop_timer_stop(v->quiet);
    hci_port_delete(v->port);
    v->port = NULL;
    v->state = VHCI_OUT;
}

static void on_quiet(void *ctx)
{
    struct vhci *v = ctx;

    if (v->state == VHCI_LEAVING) {
        pull_out(v);
        return;
    }
    v->state = VHCI_READY;
    v->handler.on_ready(v->handler.ctx);
}

static void on_lost(void *ctx, enum err why)
{
    struct vhci *v = ctx;

    pull_out(v);
    hci_controller_unplug(v->controller);
    v->handler.on_failed(v->handler.ctx, why);
}

static enum err plug(struct vhci *v)
{
    const struct hci_port_handler handler = {on_packet, on_lost, v};

    enum err e = hci_port_new_vhci(v->loop, &handler, &v->port);
    if (e == ERR_OK)
        v->state = VHCI_SET_UP;
    return e;
}

static enum err set_off(struct vhci *v, bool off)
{
    bool is_off = v->state == VHCI_OUT || v->state == VHCI_LEAVING;

    if (off == is_off)
        return ERR_OK;
    if (off) {
        loop_timer_after(v->quiet, v->state == VHCI_SET_UP ? SET_UP_US : QUIET_US);
        v->state = VHCI_LEAVING;
        hci_controller_unplug(v->controller);
        return ERR_OK;
    }
    pull_out(v);
    return plug(v);
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
    case BLE_ADAPTER_OFF: return set_off(v, on);
    case BLE_DAEMON_DOWN: return ERR_UNSUPPORTED; /* it is not ours */
    }
    return ERR_UNSUPPORTED;
}

static void destroy(struct ble_radio *radio)
{
    struct vhci *v = vhci_of(radio);

    pull_out(v);
    hci_controller_delete(v->controller);
    loop_timer_delete(v->timer);
    loop_timer_delete(v->quiet);
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
        e = loop_timer_new(loop, on_quiet, v, &v->quiet);
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
