/* SPDX-License-Identifier: Apache-2.0
 *
 * See hci_controller.h.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/ble/hci_controller_priv.h"

uint64_t hci_now(const struct hci_controller *c)
{
    return clock_now_us(c->host.clock);
}

void hci_reschedule(struct hci_controller *c)
{
    uint64_t t = NEVER_US;

    for (const struct hci_peer *p = c->peers; p != NULL; p = p->next)
        t = deadline_min(t, deadline_min(p->dead_us, hci_air_deadline(p)));
    c->host.wake_at(c->host.ctx, t);
}

/* ---- packets to the host ---- */

void hci_send_event(const struct hci_controller *c, uint8_t code, struct span parameters)
{
    uint8_t memory[3 + HCI_EVENT_MAX];
    struct buf packet = buf_of(memory, sizeof memory);

    buf_u8(&packet, HCI_EVENT);
    buf_u8(&packet, code);
    buf_u8(&packet, (uint8_t)parameters.n);
    buf_put(&packet, parameters);
    c->host.send(c->host.ctx, buf_span(&packet));
}

void hci_send_meta(const struct hci_controller *c, const struct buf *parameters)
{
    hci_send_event(c, HCI_LE_META, buf_span(parameters));
}

static void send_completed(const struct hci_controller *c, uint16_t handle)
{
    uint8_t memory[8];
    struct buf out = buf_of(memory, sizeof memory);

    buf_u8(&out, 1);
    buf_u16le(&out, handle);
    buf_u16le(&out, 1);
    hci_send_event(c, HCI_COMPLETED_PACKETS, buf_span(&out));
}

static void send_disconnected(const struct hci_controller *c, uint16_t handle, uint8_t reason)
{
    uint8_t memory[8];
    struct buf out = buf_of(memory, sizeof memory);

    buf_u8(&out, HCI_OK);
    buf_u16le(&out, handle);
    buf_u8(&out, reason);
    hci_send_event(c, HCI_DISCONNECTION_COMPLETE, buf_span(&out));
}

/* A frame of the battery, as the link layer would hand it over. */
static enum err send_frame(void *ctx, struct span frame)
{
    const struct hci_peer *p = ctx;
    const struct hci_controller *c = p->controller;
    uint8_t memory[1 + 4 + HCI_ACL_DATA_MAX];

    if (p->handle == 0 || p->dead_us != NEVER_US)
        return ERR_OK; /* into the air */
    for (size_t at = 0; at < frame.n; at += HCI_ACL_DATA_MAX) {
        struct span piece = span_sub(frame, at, HCI_ACL_DATA_MAX);
        struct buf packet = buf_of(memory, sizeof memory);
        unsigned boundary = at == 0 ? HCI_ACL_FIRST : HCI_ACL_CONTINUATION;
        buf_u8(&packet, HCI_ACL);
        buf_u16le(&packet, (uint16_t)(p->handle | boundary));
        buf_u16le(&packet, (uint16_t)piece.n);
        buf_put(&packet, piece);
        c->host.send(c->host.ctx, buf_span(&packet));
    }
    return ERR_OK;
}

/* ---- links ---- */

struct hci_peer *hci_by_handle(const struct hci_controller *c, uint16_t handle)
{
    struct hci_peer *p = c->peers;

    while (p != NULL && (p->handle == 0 || p->handle != handle))
        p = p->next;
    return p;
}

struct hci_peer *hci_by_address(const struct hci_controller *c, const struct hci_address *a)
{
    struct hci_peer *p = c->peers;

    while (p != NULL && memcmp(p->address.bytes, a->bytes, HCI_ADDRESS) != 0)
        p = p->next;
    return p;
}

uint16_t hci_free_handle(const struct hci_controller *c)
{
    uint16_t handle = HCI_FIRST_HANDLE;

    while (hci_by_handle(c, handle) != NULL)
        handle++;
    return handle < HCI_FIRST_HANDLE + HCI_LINKS ? handle : 0;
}

void hci_open_link(struct hci_peer *p)
{
    const struct ble_link_port port = {send_frame, p};

    p->dead_us = NEVER_US;
    p->n_held = 0;
    ble_link_open(&p->link, &port, &p->table, &p->peripheral.handler);
}

void hci_end_link(struct hci_peer *p, uint8_t reason, enum ble_end why)
{
    struct hci_controller *c = p->controller;
    uint16_t handle = p->handle;

    if (handle == 0)
        return;
    p->handle = 0;
    p->dead_us = NEVER_US;
    p->n_held = 0;
    p->advert_us = hci_now(c) + p->table.traits.interval_us;
    p->reported_us = NEVER_US;
    if (reason != 0)
        send_disconnected(c, handle, reason);
    p->peripheral.handler.disconnected(p->peripheral.handler.ctx, why);
    hci_reschedule(c);
}

void hci_reset(struct hci_controller *c)
{
    c->scanning = c->active = c->scans_listed = c->filters = false;
    c->wanted = HCI_NOBODY;
    c->n_list = 0;
    for (struct hci_peer *p = c->peers; p != NULL; p = p->next)
        hci_end_link(p, 0, BLE_END_HOST);
    hci_reschedule(c);
}

/* ---- packets of the host ---- */

static void hear(struct hci_peer *p, bool first, struct span data)
{
    send_completed(p->controller, p->handle);
    ble_link_take(&p->link, first, data);
}

static void hold(struct hci_peer *p, bool first, struct span data)
{
    if (p->n_held == HCI_BUFFERS)
        return; /* more than the host was told we can take */
    struct hci_held *h = &p->held[p->n_held++];
    h->first = first;
    h->n = (uint8_t)data.n;
    memcpy(h->bytes, data.p, data.n);
}

/* The radio is back: what waited goes out, unless the link ends by it. */
static void release(struct hci_peer *p)
{
    struct hci_held held[HCI_BUFFERS];
    size_t n = p->n_held;

    memcpy(held, p->held, sizeof held);
    p->n_held = 0;
    for (size_t i = 0; i < n && p->handle != 0; i++)
        hear(p, held[i].first, span_of(held[i].bytes, held[i].n));
}

static void take_acl(const struct hci_controller *c, struct span rest)
{
    uint16_t flags, n;

    if (!rd_u16le(&rest, &flags) || !rd_u16le(&rest, &n) || n != rest.n || n == 0 ||
        n > HCI_ACL_DATA_MAX)
        return;
    struct hci_peer *p = hci_by_handle(c, flags & HCI_ACL_HANDLE);
    bool first = (flags & HCI_ACL_BOUNDARY) != HCI_ACL_CONTINUATION;
    if (p == NULL)
        return; /* of a link that has just ended */
    if (p->dead_us != NEVER_US)
        hold(p, first, rest);
    else
        hear(p, first, rest);
}

static void take_command(struct hci_controller *c, struct span rest)
{
    uint16_t opcode;
    uint8_t n;

    if (rd_u16le(&rest, &opcode) && rd_u8(&rest, &n) && n == rest.n)
        hci_command(c, opcode, rest);
}

void hci_controller_take(struct hci_controller *c, struct span packet)
{
    uint8_t type;

    if (!rd_u8(&packet, &type))
        return;
    if (type == HCI_COMMAND)
        take_command(c, packet);
    else if (type == HCI_ACL)
        take_acl(c, packet);
}

void hci_controller_run(struct hci_controller *c)
{
    uint64_t now_us = hci_now(c);

    for (struct hci_peer *p = c->peers; p != NULL; p = p->next) {
        if (now_us >= p->dead_us)
            hci_end_link(p, HCI_CONNECTION_TIMEOUT, BLE_END_LOST);
        hci_air_run(p, now_us);
    }
    hci_reschedule(c);
}

void hci_controller_unplug(struct hci_controller *c)
{
    hci_reset(c);
}

/* ---- the batteries' side ---- */

static struct hci_peer *peer_of(struct ble_peripheral *p)
{
    return (struct hci_peer *)p;
}

static enum err notify(struct ble_peripheral *peripheral, unsigned characteristic,
                       struct span bytes)
{
    struct hci_peer *p = peer_of(peripheral);

    return p->handle != 0 ? ble_link_notify(&p->link, characteristic, bytes) : ERR_CLOSED;
}

static void set_place(struct ble_peripheral *peripheral, enum ble_place place)
{
    struct hci_peer *p = peer_of(peripheral);
    uint64_t now_us = hci_now(p->controller);
    bool was_dead = p->dead_us != NEVER_US;

    p->place = place;
    if (place == BLE_HELD)
        hci_end_link(p, HCI_REMOTE_TERMINATED, BLE_END_PERIPHERAL);
    if (p->handle != 0 && place == BLE_AWAY && !was_dead)
        p->dead_us = now_us + p->table.traits.supervision_us;
    if (p->handle != 0 && place == BLE_NEAR && was_dead) {
        p->dead_us = NEVER_US;
        release(p);
    }
    p->advert_us = now_us + p->table.traits.interval_us;
    hci_reschedule(p->controller);
}

static void hang_up(struct ble_peripheral *peripheral)
{
    struct hci_peer *p = peer_of(peripheral);

    /* without radio the central learns of it by its time-out */
    hci_end_link(p, p->dead_us == NEVER_US ? HCI_REMOTE_TERMINATED : HCI_CONNECTION_TIMEOUT,
                 BLE_END_PERIPHERAL);
}

static void set_rssi(struct ble_peripheral *peripheral, int8_t dbm)
{
    peer_of(peripheral)->table.traits.rssi = dbm;
}

static void ignore_end(void *ctx, enum ble_end why)
{
    (void)ctx;
    (void)why;
}

static void remove_peer(struct ble_peripheral *peripheral)
{
    struct hci_peer *p = peer_of(peripheral);
    struct hci_controller *c = p->controller;
    struct hci_peer **at = &c->peers;

    p->peripheral.handler.disconnected = ignore_end; /* who deletes it knows */
    hci_end_link(p, HCI_REMOTE_TERMINATED, BLE_END_PERIPHERAL);
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    free(p);
    hci_reschedule(c);
}

/* Public; as HCI sends it. */
static void put_address(struct hci_address *a, const uint8_t written[BLE_ADDRESS])
{
    a->bytes[0] = 0;
    for (size_t i = 0; i < BLE_ADDRESS; i++)
        a->bytes[1 + i] = written[BLE_ADDRESS - 1 - i];
}

enum err hci_controller_add(struct hci_controller *c, const struct ble_traits *traits,
                            const struct ble_handler *handler, struct ble_peripheral **ret)
{
    static const struct ble_peripheral_ops ops = {.destroy = remove_peer,
                                                  .notify = notify,
                                                  .place = set_place,
                                                  .hang_up = hang_up,
                                                  .rssi = set_rssi};
    struct hci_address address;
    struct hci_peer **last = &c->peers;

    put_address(&address, traits->address);
    if (hci_by_address(c, &address) != NULL)
        return ERR_EXISTS;
    struct hci_peer *p = calloc(1, sizeof *p);
    if (p == NULL)
        return ERR_MEMORY;
    enum err e = ble_traits_sound(traits) ? att_table_init(&p->table, traits) : ERR_RANGE;
    if (e != ERR_OK) {
        free(p);
        return e;
    }
    p->peripheral = (struct ble_peripheral){.ops = &ops, .handler = *handler};
    p->controller = c;
    p->address = address;
    advert_of(traits, &p->advert);
    p->advert_us = hci_now(c) + traits->interval_us;
    p->reported_us = p->dead_us = NEVER_US;
    while (*last != NULL)
        last = &(*last)->next;
    *last = p;
    hci_reschedule(c);
    *ret = &p->peripheral;
    return ERR_OK;
}

/* ---- up and down ---- */

enum err hci_controller_new(const struct hci_controller_host *host, struct hci_controller **ret)
{
    struct hci_controller *c = calloc(1, sizeof *c);

    if (c == NULL)
        return ERR_MEMORY;
    c->host = *host;
    *ret = c;
    return ERR_OK;
}

void hci_controller_delete(struct hci_controller *c)
{
    free(c);
}
