/* SPDX-License-Identifier: Apache-2.0
 *
 * Setting a controller up for a battery: one command after the other, each when the one before has
 * its answer.
 */
#include <string.h>

#include "sim/ble/hci_host_priv.h"

#define PATIENCE_US (2 * US_PER_S)

static const uint16_t opcodes[] = {
    [STEP_RESET] = HCI_RESET,
    [STEP_EVENT_MASK] = HCI_SET_EVENT_MASK,
    [STEP_LE_EVENT_MASK] = HCI_LE_SET_EVENT_MASK,
    [STEP_LE_BUFFERS] = HCI_LE_READ_BUFFER_SIZE,
    [STEP_BUFFERS] = HCI_READ_BUFFER_SIZE,
    [STEP_ADDRESS] = HCI_READ_ADDRESS,
    [STEP_RANDOM_ADDRESS] = HCI_LE_SET_RANDOM_ADDRESS,
    [STEP_PARAMETERS] = HCI_LE_SET_ADVERTISING_PARAMETERS,
    [STEP_DATA] = HCI_LE_SET_ADVERTISING_DATA,
    [STEP_RESPONSE] = HCI_LE_SET_SCAN_RESPONSE,
    [STEP_ADVERTISE] = HCI_LE_ADVERTISE,
};

static void turn_around(const uint8_t from[BLE_ADDRESS], uint8_t to[BLE_ADDRESS])
{
    for (size_t i = 0; i < BLE_ADDRESS; i++)
        to[i] = from[BLE_ADDRESS - 1 - i];
}

/* ---- parameters ---- */

static void put_advertising(const struct hci_host *h, struct buf *out)
{
    enum { UNIT_US = 625, SHORTEST = 0x0020, LONGEST = 0x4000, ALL_CHANNELS = 0x07 };
    uint16_t interval =
        (uint16_t)clamp_i64(h->table.traits.interval_us / UNIT_US, SHORTEST, LONGEST);
    static const uint8_t nobody[1 + BLE_ADDRESS] = {0};

    buf_u16le(out, interval);
    buf_u16le(out, interval);
    buf_u8(out, 0); /* connectable, for anybody */
    buf_u8(out, h->own_address ? 1 : 0);
    buf_put(out, span_of(nobody, sizeof nobody));
    buf_u8(out, ALL_CHANNELS);
    buf_u8(out, 0);
}

/* Always 31 bytes behind their number. */
static void put_data(const uint8_t data[ADVERT_MAX], uint8_t n, struct buf *out)
{
    buf_u8(out, n);
    buf_put(out, span_of(data, ADVERT_MAX));
}

static void put_parameters(const struct hci_host *h, struct buf *out)
{
    static const uint8_t events[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x3F};
    static const uint8_t le_events[] = {0x0F, 0, 0, 0, 0, 0, 0, 0}; /* connections, their changes */
    uint8_t address[BLE_ADDRESS];

    switch (h->step) {
    case STEP_EVENT_MASK: buf_put(out, span_of(events, sizeof events)); return;
    case STEP_LE_EVENT_MASK: buf_put(out, span_of(le_events, sizeof le_events)); return;
    case STEP_RANDOM_ADDRESS:
        turn_around(h->table.traits.address, address);
        buf_put(out, span_of(address, sizeof address));
        return;
    case STEP_PARAMETERS: put_advertising(h, out); return;
    case STEP_DATA: put_data(h->advert.data, h->advert.n, out); return;
    case STEP_RESPONSE: put_data(h->advert.response, h->advert.response_n, out); return;
    case STEP_ADVERTISE: buf_u8(out, h->advertising ? 1 : 0); return;
    case STEP_RESET:
    case STEP_LE_BUFFERS:
    case STEP_BUFFERS:
    case STEP_ADDRESS:
    case STEP_IDLE: return;
    }
}

/* ---- one after the other ---- */

static void begin(struct hci_host *h, enum hci_step step)
{
    uint8_t memory[64];
    struct buf parameters = buf_of(memory, sizeof memory);

    h->step = step;
    h->patience_us = NEVER_US;
    if (step != STEP_IDLE) {
        h->patience_us = hci_host_now(h) + PATIENCE_US;
        put_parameters(h, &parameters);
        hci_host_send_command(h, opcodes[step], buf_span(&parameters));
    }
    h->port.wake_at(h->port.ctx, h->patience_us);
}

void hci_host_set_up(struct hci_host *h)
{
    h->advertising = false;
    begin(h, STEP_RESET);
}

void hci_host_advertise(struct hci_host *h)
{
    bool on = h->place == BLE_NEAR && h->handle == HCI_NO_HANDLE;

    if (h->dead || h->step != STEP_IDLE || on == h->advertising)
        return;
    h->advertising = on;
    begin(h, STEP_ADVERTISE);
}

static void settled(struct hci_host *h)
{
    begin(h, STEP_IDLE);
    hci_host_advertise(h);
    if (h->step != STEP_IDLE || h->told)
        return;
    h->told = true;
    h->port.on_ready(h->port.ctx);
}

static bool take_buffers(struct hci_host *h, uint16_t size, unsigned n)
{
    if (size == 0 || n == 0)
        return false;
    h->acl_n = size < HCI_ACL_DATA_MAX ? size : HCI_ACL_DATA_MAX;
    h->credits = h->buffers = n;
    return true;
}

/* ACL size, synchronous size, number of ACL buffers, of synchronous ones. */
static bool take_shared_buffers(struct hci_host *h, struct span ret)
{
    uint16_t size, n;
    uint8_t sync;

    return rd_u16le(&ret, &size) && rd_u8(&ret, &sync) && rd_u16le(&ret, &n) &&
           take_buffers(h, size, n);
}

static enum hci_step after_le_buffers(struct hci_host *h, struct span ret)
{
    uint16_t size;
    uint8_t n;

    return rd_u16le(&ret, &size) && rd_u8(&ret, &n) && take_buffers(h, size, n) ? STEP_ADDRESS
                                                                                : STEP_BUFFERS;
}

/* The battery's own address if it has it already or can have it. */
static enum hci_step after_address(struct hci_host *h, struct span ret)
{
    const uint8_t *wanted = h->table.traits.address;
    bool random_static = (wanted[0] & 0xC0) == 0xC0;

    turn_around(ret.p, h->address);
    h->own_address = random_static && memcmp(h->address, wanted, BLE_ADDRESS) != 0;
    if (!h->own_address)
        return STEP_PARAMETERS;
    memcpy(h->address, wanted, BLE_ADDRESS);
    return STEP_RANDOM_ADDRESS;
}

/* STEP_IDLE: all is done. */
static enum hci_step next_step(struct hci_host *h, struct span ret)
{
    switch (h->step) {
    case STEP_LE_BUFFERS: return after_le_buffers(h, ret);
    case STEP_ADDRESS: return after_address(h, ret);
    case STEP_RESPONSE:
    case STEP_ADVERTISE:
    case STEP_IDLE: return STEP_IDLE;
    case STEP_RESET:
    case STEP_EVENT_MASK:
    case STEP_LE_EVENT_MASK:
    case STEP_BUFFERS:
    case STEP_RANDOM_ADDRESS:
    case STEP_PARAMETERS:
    case STEP_DATA: return (enum hci_step)(h->step + 1);
    }
    return STEP_IDLE;
}

void hci_host_answered(struct hci_host *h, uint16_t opcode, struct span ret)
{
    uint8_t status;

    if (h->step == STEP_IDLE || opcode != opcodes[h->step] || !rd_u8(&ret, &status))
        return;
    /* a link that has just come may have ended the advertising already */
    bool harmless = h->step == STEP_ADVERTISE && status == HCI_DISALLOWED;
    bool bad = (h->step == STEP_ADDRESS && ret.n < BLE_ADDRESS) ||
               (h->step == STEP_BUFFERS && !take_shared_buffers(h, ret));
    if (status == HCI_UNKNOWN_COMMAND) {
        hci_host_fail(h, ERR_UNSUPPORTED);
    } else if ((status != HCI_OK && !harmless) || bad) {
        hci_host_fail(h, ERR_REFUSED);
    } else {
        enum hci_step next = next_step(h, ret);
        if (next != STEP_IDLE)
            begin(h, next);
        else
            settled(h);
    }
}
