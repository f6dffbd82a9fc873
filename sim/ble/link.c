/* SPDX-License-Identifier: Apache-2.0
 *
 * See link.h.
 */
#include "sim/ble/link.h"

static enum err send_payload(const struct ble_link *link, uint16_t channel, struct span payload)
{
    uint8_t memory[L2CAP_FRAME_MAX];
    struct buf frame = buf_of(memory, sizeof memory);

    l2cap_put_header(&frame, channel, payload.n);
    buf_put(&frame, payload);
    return link->port.send(link->port.ctx, buf_span(&frame));
}

static void answer(const struct ble_link *link, uint16_t channel, const struct buf *payload)
{
    if (payload->n > 0)
        send_payload(link, channel, buf_span(payload)); /* a dead link needs no answer */
}

void ble_link_open(struct ble_link *link, const struct ble_link_port *port,
                   const struct att_table *table, const struct ble_handler *handler)
{
    uint8_t memory[BLE_MTU_MAX];
    struct buf out = buf_of(memory, sizeof memory);

    *link = (struct ble_link){.port = *port, .handler = handler};
    att_connect(&link->att, table);
    if (att_ask(&link->att, &out))
        answer(link, L2CAP_ATT, &out);
    handler->connected(handler->ctx);
}

static void tell(const struct ble_link *link, const struct att_event *e)
{
    const struct ble_handler *h = link->handler;

    switch (e->kind) {
    case ATT_NOTHING: return;
    case ATT_MTU: h->mtu(h->ctx, e->mtu); return;
    case ATT_SUBSCRIBED: h->subscribed(h->ctx, e->characteristic, e->on); return;
    case ATT_WRITTEN: h->written(h->ctx, e->characteristic, e->bytes); return;
    }
}

void ble_link_take(struct ble_link *link, bool first, struct span fragment)
{
    uint8_t memory[BLE_MTU_MAX];
    struct buf out = buf_of(memory, sizeof memory);
    struct att_event event = {.kind = ATT_NOTHING};
    struct l2cap_frame frame;

    if (!l2cap_feed(&link->l2cap, first, fragment, &frame))
        return;
    if (frame.channel == L2CAP_ATT)
        event = att_take(&link->att, frame.payload, &out);
    else if (frame.channel == L2CAP_SIGNALLING)
        l2cap_answer_signal(frame.payload, &out);
    else if (frame.channel == L2CAP_SECURITY)
        l2cap_answer_security(frame.payload, &out);
    answer(link, frame.channel, &out);
    tell(link, &event);
}

enum err ble_link_notify(struct ble_link *link, unsigned characteristic, struct span bytes)
{
    uint8_t memory[BLE_MTU_MAX];
    struct buf out = buf_of(memory, sizeof memory);
    enum err e = att_notify(&link->att, characteristic, bytes, &out);

    return e == ERR_OK ? send_payload(link, L2CAP_ATT, buf_span(&out)) : e;
}

void ble_link_ask_supervision(struct ble_link *link, uint32_t supervision_us)
{
    uint8_t memory[BLE_MTU_MAX];
    struct buf out = buf_of(memory, sizeof memory);

    if (l2cap_ask_supervision(supervision_us, &out))
        answer(link, L2CAP_SIGNALLING, &out);
}
