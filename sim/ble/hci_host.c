/* SPDX-License-Identifier: Apache-2.0
 *
 * See hci_host.h.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/ble/hci_host_priv.h"

uint64_t hci_host_now(const struct hci_host *h)
{
    return clock_now_us(h->port.clock);
}

/* ---- packets to the controller ---- */

void hci_host_send_command(const struct hci_host *h, uint16_t opcode, struct span parameters)
{
    uint8_t memory[4 + HCI_COMMAND_MAX];
    struct buf packet = buf_of(memory, sizeof memory);

    buf_u8(&packet, HCI_COMMAND);
    buf_u16le(&packet, opcode);
    buf_u8(&packet, (uint8_t)parameters.n);
    buf_put(&packet, parameters);
    h->port.send(h->port.ctx, buf_span(&packet));
}

static void send_fragment(const struct hci_host *h, const struct hci_fragment *f)
{
    uint8_t memory[1 + 4 + HCI_ACL_DATA_MAX];
    struct buf packet = buf_of(memory, sizeof memory);
    unsigned boundary = f->first ? HCI_ACL_FIRST_HOST : HCI_ACL_CONTINUATION;

    buf_u8(&packet, HCI_ACL);
    buf_u16le(&packet, (uint16_t)(h->handle | boundary));
    buf_u16le(&packet, f->n);
    buf_put(&packet, span_of(f->bytes, f->n));
    h->port.send(h->port.ctx, buf_span(&packet));
}

static void pump(struct hci_host *h)
{
    while (h->n_queued > 0 && h->credits > 0 && h->handle != HCI_NO_HANDLE) {
        send_fragment(h, &h->queue[h->head]);
        h->head = (h->head + 1) % HCI_QUEUE;
        h->n_queued--;
        h->credits--;
    }
}

static enum err send_frame(void *ctx, struct span frame)
{
    struct hci_host *h = ctx;
    size_t pieces = (frame.n + h->acl_n - 1) / h->acl_n;

    if (pieces > HCI_QUEUE - h->n_queued)
        return ERR_SPACE;
    for (size_t at = 0; at < frame.n; at += h->acl_n) {
        struct hci_fragment *f = &h->queue[(h->head + h->n_queued++) % HCI_QUEUE];
        struct span piece = span_sub(frame, at, h->acl_n);
        f->first = at == 0;
        f->n = (uint16_t)piece.n;
        memcpy(f->bytes, piece.p, piece.n);
    }
    pump(h);
    return ERR_OK;
}

/* ---- the link ---- */

static void end_link(struct hci_host *h, enum ble_end why)
{
    h->handle = HCI_NO_HANDLE;
    h->n_queued = 0;
    h->credits = h->buffers;
    if (!h->leaving)
        h->peripheral.handler.disconnected(h->peripheral.handler.ctx, why);
    h->leaving = false;
}

static bool is_linked(const struct hci_host *h)
{
    return h->handle != HCI_NO_HANDLE && !h->leaving;
}

/* The battery is told at once, the controller when it is done. */
static void hang_up_now(struct hci_host *h)
{
    uint8_t memory[4];
    struct buf parameters = buf_of(memory, sizeof memory);

    if (!is_linked(h))
        return;
    buf_u16le(&parameters, h->handle);
    buf_u8(&parameters, HCI_REMOTE_TERMINATED);
    hci_host_send_command(h, HCI_DISCONNECT, buf_span(&parameters));
    h->n_queued = 0;
    h->leaving = true;
    h->peripheral.handler.disconnected(h->peripheral.handler.ctx, BLE_END_PERIPHERAL);
}

void hci_host_fail(struct hci_host *h, enum err why)
{
    if (h->dead)
        return;
    h->dead = true;
    h->step = STEP_IDLE;
    h->port.wake_at(h->port.ctx, NEVER_US);
    if (h->handle != HCI_NO_HANDLE)
        end_link(h, BLE_END_LOST);
    h->port.on_failed(h->port.ctx, why);
}

/* ---- events ---- */

/* Status, handle, role, then what we need not know. */
static void connected(struct hci_host *h, struct span p)
{
    const struct ble_link_port port = {send_frame, h};
    uint8_t status, role;
    uint16_t handle;

    if (!rd_u8(&p, &status) || !rd_u16le(&p, &handle) || !rd_u8(&p, &role) || status != HCI_OK ||
        h->handle != HCI_NO_HANDLE || h->acl_n == 0)
        return;
    h->handle = handle & HCI_ACL_HANDLE;
    h->advertising = false; /* it ends by itself */
    h->leaving = false;
    h->n_queued = 0;
    ble_link_open(&h->link, &port, &h->table, &h->peripheral.handler);
    if (is_linked(h))
        ble_link_ask_supervision(&h->link, h->table.traits.supervision_us);
}

static enum ble_end end_of(uint8_t reason)
{
    if (reason == HCI_REMOTE_TERMINATED)
        return BLE_END_CENTRAL;
    if (reason == HCI_REMOTE_POWER_OFF)
        return BLE_END_HOST;
    return reason == HCI_LOCAL_TERMINATED ? BLE_END_PERIPHERAL : BLE_END_LOST;
}

static void disconnected(struct hci_host *h, struct span p)
{
    uint8_t status, reason;
    uint16_t handle;

    if (!rd_u8(&p, &status) || !rd_u16le(&p, &handle) || !rd_u8(&p, &reason) || status != HCI_OK ||
        handle != h->handle)
        return;
    end_link(h, end_of(reason));
    hci_host_advertise(h);
}

static void completed(struct hci_host *h, struct span p)
{
    uint16_t handle, n;
    uint8_t handles;

    if (!rd_u8(&p, &handles))
        return;
    while (handles-- > 0 && rd_u16le(&p, &handle) && rd_u16le(&p, &n))
        if (handle == h->handle)
            h->credits = h->credits + n < h->buffers ? h->credits + n : h->buffers;
    pump(h);
}

static void take_event(struct hci_host *h, struct span p)
{
    uint8_t code, n, more;
    uint16_t opcode;

    if (!rd_u8(&p, &code) || !rd_u8(&p, &n) || n != p.n)
        return;
    if (code == HCI_COMMAND_COMPLETE && rd_u8(&p, &more) && rd_u16le(&p, &opcode))
        hci_host_answered(h, opcode, p);
    else if (code == HCI_COMMAND_STATUS && p.n == 4)
        hci_host_answered(h, (uint16_t)(p.p[2] | p.p[3] << 8), span_sub(p, 0, 1));
    else if (code == HCI_DISCONNECTION_COMPLETE)
        disconnected(h, p);
    else if (code == HCI_COMPLETED_PACKETS)
        completed(h, p);
    else if (code == HCI_LE_META && rd_u8(&p, &code) &&
             (code == HCI_LE_CONNECTION_COMPLETE || code == HCI_LE_ENHANCED_CONNECTION_COMPLETE))
        connected(h, p);
}

static void take_acl(struct hci_host *h, struct span p)
{
    uint16_t flags, n;

    if (!rd_u16le(&p, &flags) || !rd_u16le(&p, &n) || n != p.n || !is_linked(h) ||
        (flags & HCI_ACL_HANDLE) != h->handle)
        return;
    ble_link_take(&h->link, (flags & HCI_ACL_BOUNDARY) != HCI_ACL_CONTINUATION, p);
}

void hci_host_take(struct hci_host *h, struct span packet)
{
    uint8_t type;

    if (h->dead || !h->used || !rd_u8(&packet, &type))
        return;
    if (type == HCI_EVENT)
        take_event(h, packet);
    else if (type == HCI_ACL)
        take_acl(h, packet);
}

void hci_host_run(struct hci_host *h)
{
    if (!h->dead && hci_host_now(h) >= h->patience_us)
        hci_host_fail(h, ERR_TIMEOUT);
}

/* ---- the battery's side ---- */

static struct hci_host *host_of(struct ble_peripheral *p)
{
    return (struct hci_host *)p;
}

static enum err notify(struct ble_peripheral *p, unsigned characteristic, struct span bytes)
{
    struct hci_host *h = host_of(p);

    return is_linked(h) ? ble_link_notify(&h->link, characteristic, bytes) : ERR_CLOSED;
}

static void set_place(struct ble_peripheral *p, enum ble_place place)
{
    struct hci_host *h = host_of(p);

    h->place = place;
    if (h->dead)
        return;
    if (place == BLE_HELD)
        hang_up_now(h);
    if (place == BLE_AWAY && h->handle != HCI_NO_HANDLE) {
        end_link(h, BLE_END_LOST);
        hci_host_set_up(h);
        return;
    }
    hci_host_advertise(h);
}

static void hang_up(struct ble_peripheral *p)
{
    hang_up_now(host_of(p));
}

static void ignore_rssi(struct ble_peripheral *p, int8_t dbm)
{
    (void)p;
    (void)dbm;
}

static void ignore_end(void *ctx, enum ble_end why)
{
    (void)ctx;
    (void)why;
}

static void remove_battery(struct ble_peripheral *p)
{
    struct hci_host *h = host_of(p);

    h->peripheral.handler.disconnected = ignore_end; /* who deletes it knows */
    if (!h->dead) {
        hang_up_now(h);
        hci_host_send_command(h, HCI_RESET, (struct span){0}); /* leaves the air */
    }
    h->port.wake_at(h->port.ctx, NEVER_US);
    h->handle = HCI_NO_HANDLE;
    h->used = false;
}

static void address(const struct ble_peripheral *p, uint8_t ret[BLE_ADDRESS])
{
    const struct hci_host *h = (const struct hci_host *)(const void *)p;

    memcpy(ret, h->address, BLE_ADDRESS);
}

enum err hci_host_add(struct hci_host *h, const struct ble_traits *traits,
                      const struct ble_handler *handler, struct ble_peripheral **ret)
{
    static const struct ble_peripheral_ops ops = {.destroy = remove_battery,
                                                  .notify = notify,
                                                  .place = set_place,
                                                  .hang_up = hang_up,
                                                  .rssi = ignore_rssi,
                                                  .address = address};

    if (h->used)
        return ERR_SPACE;
    if (h->dead)
        return ERR_CLOSED;
    enum err e = ble_traits_sound(traits) ? att_table_init(&h->table, traits) : ERR_RANGE;
    if (e != ERR_OK)
        return e;
    h->peripheral = (struct ble_peripheral){.ops = &ops, .handler = *handler};
    h->used = true;
    h->told = false;
    h->place = BLE_NEAR;
    h->handle = HCI_NO_HANDLE;
    h->acl_n = 0;
    memcpy(h->address, traits->address, BLE_ADDRESS);
    advert_of(traits, &h->advert);
    hci_host_set_up(h);
    *ret = &h->peripheral;
    return ERR_OK;
}

enum err hci_host_new(const struct hci_host_port *port, struct hci_host **ret)
{
    struct hci_host *h = calloc(1, sizeof *h);

    if (h == NULL)
        return ERR_MEMORY;
    h->port = *port;
    h->step = STEP_IDLE;
    h->handle = HCI_NO_HANDLE;
    h->patience_us = NEVER_US;
    *ret = h;
    return ERR_OK;
}

void hci_host_delete(struct hci_host *h)
{
    free(h);
}
