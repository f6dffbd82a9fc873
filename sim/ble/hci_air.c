/* SPDX-License-Identifier: Apache-2.0
 *
 * The air of the controller: batteries advertise while somebody listens; the host hears them in a
 * scan, or gets the connection that it waits for.
 */
#include <string.h>

#include "sim/ble/hci_controller_priv.h"

/* A host that filters duplicates hears the same battery again after this long: the memory of a real
 * filter is short, and Linux drops reports that come before its own state says "scanning". */
#define FILTER_US (500 * US_PER_MS)

enum { CONNECTABLE = 0x00, SCAN_RESPONSE = 0x04 };

static bool has(const struct hci_address *a, const struct hci_address *b)
{
    return memcmp(a->bytes, b->bytes, HCI_ADDRESS) == 0;
}

bool hci_is_listed(const struct hci_controller *c, const struct hci_address *a)
{
    size_t i = 0;

    while (i < c->n_list && !has(&c->list[i], a))
        i++;
    return i < c->n_list;
}

static bool is_wanted(const struct hci_peer *p)
{
    const struct hci_controller *c = p->controller;

    switch (c->wanted) {
    case HCI_NOBODY: return false;
    case HCI_ONE: return has(&c->wanted_one, &p->address);
    case HCI_LISTED: return hci_is_listed(c, &p->address);
    }
    return false;
}

static bool is_scanned(const struct hci_peer *p)
{
    const struct hci_controller *c = p->controller;

    return c->scanning && (!c->scans_listed || hci_is_listed(c, &p->address));
}

static bool is_heard(const struct hci_peer *p)
{
    return p->place == BLE_NEAR && p->handle == 0 && (is_wanted(p) || is_scanned(p));
}

uint64_t hci_air_deadline(const struct hci_peer *p)
{
    return is_heard(p) ? p->advert_us : NEVER_US;
}

void hci_air_listen(struct hci_controller *c)
{
    uint64_t now_us = hci_now(c);

    for (struct hci_peer *p = c->peers; p != NULL; p = p->next) {
        p->advert_us = now_us + p->table.traits.interval_us;
        p->reported_us = NEVER_US;
    }
    hci_reschedule(c);
}

static void report(const struct hci_peer *p, uint8_t type, struct span data)
{
    uint8_t memory[12 + ADVERT_MAX];
    struct buf out = buf_of(memory, sizeof memory);

    buf_u8(&out, HCI_LE_ADVERTISING_REPORT);
    buf_u8(&out, 1);
    buf_u8(&out, type);
    buf_put(&out, span_of(p->address.bytes, HCI_ADDRESS));
    buf_u8(&out, (uint8_t)data.n);
    buf_put(&out, data);
    buf_u8(&out, (uint8_t)p->table.traits.rssi);
    hci_send_meta(p->controller, &out);
}

static void make_link(struct hci_peer *p)
{
    struct hci_controller *c = p->controller;
    uint8_t memory[24];
    struct buf out = buf_of(memory, sizeof memory);
    uint16_t handle = hci_free_handle(c);

    c->wanted = HCI_NOBODY;
    p->handle = handle;
    buf_u8(&out, HCI_LE_CONNECTION_COMPLETE);
    buf_u8(&out, HCI_OK);
    buf_u16le(&out, handle);
    buf_u8(&out, 0); /* we are the central */
    buf_put(&out, span_of(p->address.bytes, HCI_ADDRESS));
    buf_put(&out, span_of(c->parameters, sizeof c->parameters));
    buf_u8(&out, 0); /* clock accuracy 500 ppm */
    hci_send_meta(c, &out);
    hci_open_link(p);
}

void hci_air_run(struct hci_peer *p, uint64_t now_us)
{
    const struct hci_controller *c = p->controller;

    if (!is_heard(p) || now_us < p->advert_us)
        return;
    p->advert_us = now_us + p->table.traits.interval_us;
    if (is_wanted(p)) {
        make_link(p);
        return;
    }
    if (c->filters && p->reported_us != NEVER_US && now_us < p->reported_us + FILTER_US)
        return;
    p->reported_us = now_us;
    report(p, CONNECTABLE, span_of(p->advert.data, p->advert.n));
    if (c->active)
        report(p, SCAN_RESPONSE, span_of(p->advert.response, p->advert.response_n));
}
