/* SPDX-License-Identifier: Apache-2.0
 *
 * See test_hci_rig.h.
 */
#include "sim/ble/test_hci_rig.h"

#include <string.h>

#include "testing/testing.h"

static void keep_packet(void *ctx, struct span packet)
{
    struct hci_rig *r = ctx;

    if (r->n == HCI_RIG_PACKETS || packet.n > sizeof r->packet[0]) {
        TESTING_FAIL("a packet too many, or of %zu bytes", packet.n);
        return;
    }
    memcpy(r->packet[r->n], packet.p, packet.n);
    r->size[r->n++] = packet.n;
}

static void wake_at(void *ctx, uint64_t t_us)
{
    struct hci_rig *r = ctx;

    r->wake_us = t_us;
}

static void on_connected(void *ctx)
{
    ((struct hci_battery *)ctx)->connects++;
}

static void on_disconnected(void *ctx, enum ble_end why)
{
    struct hci_battery *b = ctx;

    b->disconnects++;
    b->end = why;
}

static void on_mtu(void *ctx, uint16_t mtu)
{
    ((struct hci_battery *)ctx)->mtu = mtu;
}

static void on_subscribed(void *ctx, unsigned characteristic, bool on)
{
    struct hci_battery *b = ctx;

    CU_ASSERT_EQUAL(characteristic, 1);
    b->subscribes += on ? 1 : 0;
}

static void on_written(void *ctx, unsigned characteristic, struct span bytes)
{
    struct hci_battery *b = ctx;

    (void)characteristic;
    b->writes++;
    b->written_n = bytes.n < sizeof b->written ? bytes.n : sizeof b->written;
    memcpy(b->written, bytes.p, b->written_n);
}

const struct ble_traits hci_rig_traits = {
    .address = {0xC8, 0x47, 0x8C, 0x12, 0x34, 0x56},
    .name = "JK-BD6A17S6P",
    .advertised = {0xFFE0},
    .has_maker = true,
    .maker = 0x0B65,
    .maker_data = {0x88, 0xA0, 0xC8, 0x47, 0x8C, 0x12, 0x34, 0x56},
    .maker_n = 8,
    .rssi = -61,
    .interval_us = 100000,
    .supervision_us = 2000000,
    .mtu = 131,
    .n = 1,
    .services =
        {{.uuid = 0xFFE0,
          .handle = 0x000E,
          .n = 2,
          .characteristics = {{.uuid = 0xFFE2, .handle = 0x0010, .properties = BLE_WRITE_COMMAND},
                              {.uuid = 0xFFE1,
                               .handle = 0x0012,
                               .properties = BLE_WRITE_COMMAND | BLE_WRITE | BLE_NOTIFY}}}},
};

enum err hci_rig_add(struct hci_rig *r, unsigned i, const struct ble_traits *of)
{
    struct ble_traits t = *of;
    const struct ble_handler handler = {.connected = on_connected,
                                        .disconnected = on_disconnected,
                                        .mtu = on_mtu,
                                        .subscribed = on_subscribed,
                                        .written = on_written,
                                        .ctx = &r->battery[i]};

    t.address[5] = (uint8_t)(t.address[5] + i);
    return hci_controller_add(r->c, &t, &handler, &r->battery[i].p);
}

void hci_rig_up(struct hci_rig *r, unsigned batteries)
{
    memset(r, 0, sizeof *r);
    manual_clock_init(&r->clock, 1000000, 0);
    const struct hci_controller_host host = {&r->clock.clock, keep_packet, wake_at, r};
    CU_ASSERT_EQUAL_FATAL(hci_controller_new(&host, &r->c), ERR_OK);
    for (unsigned i = 0; i < batteries; i++)
        CU_ASSERT_EQUAL_FATAL(hci_rig_add(r, i, &hci_rig_traits), ERR_OK);
}

void hci_rig_down(struct hci_rig *r)
{
    for (unsigned i = 0; i < HCI_RIG_BATTERIES; i++)
        ble_peripheral_delete(r->battery[i].p);
    hci_controller_delete(r->c);
}

void hci_rig_pass(struct hci_rig *r, uint64_t us)
{
    uint64_t end = r->clock.now + us;

    while (r->wake_us <= end) {
        if (r->wake_us > r->clock.now)
            manual_clock_advance(&r->clock, r->wake_us - r->clock.now);
        hci_controller_run(r->c);
    }
    manual_clock_advance(&r->clock, end - r->clock.now);
}

void hci_rig_say(struct hci_rig *r, struct span packet)
{
    hci_controller_take(r->c, packet);
}

struct span hci_rig_next(struct hci_rig *r)
{
    if (r->read == r->n)
        return (struct span){0};
    struct span packet = span_of(r->packet[r->read], r->size[r->read]);
    r->read++;
    return packet;
}

void hci_rig_none(struct hci_rig *r)
{
    TESTING_BYTES_EQ(hci_rig_next(r), (struct span){0});
    r->n = r->read = 0;
}

void hci_rig_check(struct hci_rig *r, const struct hci_exchange *rows)
{
    for (; rows->command.p != NULL; rows++) {
        hci_rig_say(r, rows->command);
        TESTING_BYTES_EQ(hci_rig_next(r), rows->answer);
        hci_rig_none(r);
    }
}

void hci_rig_connect_to(struct hci_rig *r, struct span connect, struct span connected)
{
    hci_rig_say(r, connect);
    TESTING_BYTES_EQ(hci_rig_next(r), SPAN_LIT(CONNECT_STATUS));
    hci_rig_pass(r, 100000);
    TESTING_BYTES_EQ(hci_rig_next(r), connected);
    hci_rig_none(r);
}

void hci_rig_connect_first(struct hci_rig *r)
{
    hci_rig_connect_to(r, SPAN_LIT(CONNECT(ADDRESS)), SPAN_LIT(CONNECTED("\x40", ADDRESS)));
    CU_ASSERT_EQUAL(r->battery[0].connects, 1);
}

void hci_rig_subscribe(struct hci_rig *r)
{
    hci_rig_say(r, SPAN_LIT("\x02\x40\x00\x09\x00\x05\x00\x04\x00\x12\x13\x00\x01\x00"));
    TESTING_BYTES_EQ(hci_rig_next(r), SPAN_LIT(COMPLETED("\x40")));
    TESTING_BYTES_EQ(hci_rig_next(r), SPAN_LIT("\x02\x40\x20\x05\x00\x01\x00\x04\x00\x13"));
    hci_rig_none(r);
}
