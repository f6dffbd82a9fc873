/* SPDX-License-Identifier: Apache-2.0
 *
 * The virtual controller's links: data both ways, their ends, damage. What the host sends is what
 * Linux 6.1 with bluetoothd 5.66 sent in a session; what it gets is held against Core 5.3, Vol 4
 * Part E 7, byte by byte.
 */
#include <string.h>

#include "sim/ble/test_hci_rig.h"
#include "testing/testing.h"

/* The rest of the session: connected, asked, subscribed, told, disconnected. */
static void test_session(void)
{
    struct ble_traits asking = hci_rig_traits;
    struct hci_rig r;

    asking.asks_mtu = true;
    hci_rig_up(&r, 0);
    CU_ASSERT_EQUAL(hci_rig_add(&r, 0, &asking), ERR_OK);
    hci_rig_say(&r, SPAN_LIT(CONNECT(ADDRESS)));
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT(CONNECT_STATUS));
    hci_rig_pass(&r, 100000);
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT(CONNECTED("\x40", ADDRESS)));
    TESTING_BYTES_EQ(hci_rig_next(&r),
                     SPAN_LIT("\x02\x40\x20\x07\x00\x03\x00\x04\x00\x02\x83\x00"));
    hci_rig_say(&r, SPAN_LIT("\x01\x16\x20\x02\x40\x00"));
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT("\x04\x0F\x04\x00\x01\x16\x20"));
    TESTING_BYTES_EQ(hci_rig_next(&r),
                     SPAN_LIT("\x04\x3E\x0C\x04\x00\x40\x00\x00\x00\x00\x00\x00\x00\x00\x00"));
    hci_rig_say(&r, SPAN_LIT("\x02\x40\x00\x07\x00\x03\x00\x04\x00\x03\x05\x02"));
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT(COMPLETED("\x40")));
    CU_ASSERT_EQUAL(r.battery[0].mtu, 131);
    hci_rig_say(&r, SPAN_LIT("\x02\x40\x00\x07\x00\x03\x00\x04\x00\x0A\x03\x00"));
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT(COMPLETED("\x40")));
    TESTING_BYTES_EQ(hci_rig_next(&r),
                     SPAN_LIT("\x02\x40\x20\x11\x00\x0D\x00\x04\x00\x0BJK-BD6A17S6P"));
    hci_rig_none(&r);
    hci_rig_subscribe(&r);
    CU_ASSERT_EQUAL(r.battery[0].subscribes, 1);
    hci_rig_say(&r,
                SPAN_LIT("\x02\x40\x00\x0C\x00\x08\x00\x04\x00\x52\x12\x00\xAA\x55\x90\xEB\x97"));
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT(COMPLETED("\x40")));
    TESTING_BYTES_EQ(span_of(r.battery[0].written, r.battery[0].written_n),
                     SPAN_LIT("\xAA\x55\x90\xEB\x97"));
    CU_ASSERT_EQUAL(ble_notify(r.battery[0].p, 1, SPAN_LIT("\x55\xAA\xEB\x90\x03")), ERR_OK);
    TESTING_BYTES_EQ(
        hci_rig_next(&r),
        SPAN_LIT("\x02\x40\x20\x0C\x00\x08\x00\x04\x00\x1B\x12\x00\x55\xAA\xEB\x90\x03"));
    hci_rig_say(&r, SPAN_LIT(DISCONNECT));
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT("\x04\x0F\x04\x00\x01\x06\x04"));
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT("\x04\x05\x04\x00\x40\x00\x16"));
    CU_ASSERT_EQUAL(r.battery[0].end, BLE_END_CENTRAL);
    CU_ASSERT_EQUAL(ble_notify(r.battery[0].p, 1, SPAN_LIT("x")), ERR_CLOSED);
    hci_rig_none(&r);
    hci_rig_down(&r);
}

/* Each has its own ATT; a handle is free again when its link has ended. */
static void test_two_links(void)
{
    struct hci_rig r;

    hci_rig_up(&r, 2);
    hci_rig_connect_first(&r);
    hci_rig_connect_to(&r, SPAN_LIT(CONNECT(SECOND)), SPAN_LIT(CONNECTED("\x41", SECOND)));
    hci_rig_subscribe(&r);
    CU_ASSERT_EQUAL(r.battery[0].subscribes, 1);
    CU_ASSERT_EQUAL(r.battery[1].subscribes, 0);
    CU_ASSERT_EQUAL(ble_notify(r.battery[1].p, 1, SPAN_LIT("x")), ERR_CLOSED);
    hci_rig_say(&r, SPAN_LIT("\x02\x41\x00\x07\x00\x03\x00\x04\x00\x02\x40\x00"));
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT(COMPLETED("\x41")));
    TESTING_BYTES_EQ(hci_rig_next(&r),
                     SPAN_LIT("\x02\x41\x20\x07\x00\x03\x00\x04\x00\x03\x83\x00"));
    CU_ASSERT_EQUAL(r.battery[1].mtu, 64);
    CU_ASSERT_EQUAL(r.battery[0].mtu, 0);
    hci_rig_none(&r);
    hci_rig_say(&r, SPAN_LIT(DISCONNECT));
    TESTING_BYTES_EQ(span_sub(hci_rig_next(&r), 0, 7), SPAN_LIT("\x04\x0F\x04\x00\x01\x06\x04"));
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT("\x04\x05\x04\x00\x40\x00\x16"));
    hci_rig_none(&r);
    CU_ASSERT_EQUAL(r.battery[1].disconnects, 0);
    hci_rig_connect_to(&r, SPAN_LIT(CONNECT(ADDRESS)), SPAN_LIT(CONNECTED("\x40", ADDRESS)));
    hci_rig_down(&r);
}

static void test_supervision(void)
{
    struct hci_rig r;

    hci_rig_up(&r, 1);
    hci_rig_connect_first(&r);
    hci_rig_subscribe(&r);
    ble_set_place(r.battery[0].p, BLE_AWAY);
    CU_ASSERT_EQUAL(ble_notify(r.battery[0].p, 1, SPAN_LIT("lost")), ERR_OK);
    hci_rig_pass(&r, 1999999);
    hci_rig_none(&r);
    hci_rig_pass(&r, 1);
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT("\x04\x05\x04\x00\x40\x00\x08"));
    CU_ASSERT_EQUAL(r.battery[0].end, BLE_END_LOST);
    hci_rig_say(&r, SPAN_LIT(CONNECT(ADDRESS)));
    hci_rig_next(&r);
    hci_rig_pass(&r, 5000000);
    hci_rig_none(&r);
    ble_set_place(r.battery[0].p, BLE_NEAR);
    hci_rig_pass(&r, 100000);
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT(CONNECTED("\x40", ADDRESS)));
    hci_rig_down(&r);
}

/* Back in time: what the host sent meanwhile arrives, and its buffers are free only then. */
static void test_back_in_time(void)
{
    struct hci_rig r;

    hci_rig_up(&r, 1);
    hci_rig_connect_first(&r);
    ble_set_place(r.battery[0].p, BLE_AWAY);
    hci_rig_say(&r, SPAN_LIT("\x02\x40\x00\x0C\x00\x08\x00\x04\x00\x52\x12\x00"
                             "first"));
    for (int i = 0; i < 8; i++) /* one more than there are buffers */
        hci_rig_say(&r, SPAN_LIT("\x02\x40\x00\x0B\x00\x07\x00\x04\x00\x52\x12\x00"
                                 "more"));
    hci_rig_none(&r);
    CU_ASSERT_EQUAL(r.battery[0].writes, 0);
    hci_rig_pass(&r, 1000000);
    ble_set_place(r.battery[0].p, BLE_NEAR);
    CU_ASSERT_EQUAL(r.battery[0].writes, 8);
    for (int i = 0; i < 8; i++)
        TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT(COMPLETED("\x40")));
    hci_rig_pass(&r, 5000000);
    hci_rig_none(&r);
    CU_ASSERT_EQUAL(r.battery[0].disconnects, 0);
    hci_rig_down(&r);
}

static void test_battery_ends_it(void)
{
    struct hci_rig r;

    hci_rig_up(&r, 1);
    hci_rig_connect_first(&r);
    ble_hang_up(r.battery[0].p);
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT("\x04\x05\x04\x00\x40\x00\x13"));
    CU_ASSERT_EQUAL(r.battery[0].end, BLE_END_PERIPHERAL);
    ble_hang_up(r.battery[0].p); /* harmless */
    hci_rig_none(&r);
    hci_rig_connect_to(&r, SPAN_LIT(CONNECT(ADDRESS)), SPAN_LIT(CONNECTED("\x40", ADDRESS)));
    ble_set_place(r.battery[0].p, BLE_HELD);
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT("\x04\x05\x04\x00\x40\x00\x13"));
    hci_rig_none(&r);
    hci_rig_down(&r);
}

static void test_host_goes(void)
{
    struct hci_rig r;

    hci_rig_up(&r, 2);
    hci_rig_connect_first(&r);
    hci_rig_connect_to(&r, SPAN_LIT(CONNECT(SECOND)), SPAN_LIT(CONNECTED("\x41", SECOND)));
    hci_rig_say(&r, SPAN_LIT("\x01\x06\x04\x03\x40\x00\x15")); /* powers off */
    CU_ASSERT_EQUAL(r.battery[0].end, BLE_END_HOST);
    r.n = r.read = 0;
    hci_rig_say(&r, SPAN_LIT("\x01\x03\x0C\x00"));
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT("\x04\x0E\x04\x01\x03\x0C\x00"));
    CU_ASSERT_EQUAL(r.battery[1].end, BLE_END_HOST);
    CU_ASSERT_EQUAL(r.battery[1].disconnects, 1);
    hci_rig_none(&r);
    r.battery[0].connects = 0;
    hci_rig_connect_first(&r);
    hci_controller_unplug(r.c);
    CU_ASSERT_EQUAL(r.battery[0].disconnects, 2);
    CU_ASSERT_EQUAL(r.battery[0].end, BLE_END_HOST);
    hci_rig_none(&r);
    hci_rig_down(&r);
}

#define WRITE "\x08\x00\x04\x00\x52\x12\x00\xAA\x55\x90\xEB\x97"

static void say_fragment(struct hci_rig *r, uint8_t flags, struct span data)
{
    uint8_t memory[300];
    struct buf out = buf_of(memory, sizeof memory);

    buf_u8(&out, 0x02);
    buf_u8(&out, 0x40);
    buf_u8(&out, flags);
    buf_u16le(&out, (uint16_t)data.n);
    buf_put(&out, data);
    hci_rig_say(r, buf_span(&out));
}

static void check_split(struct span first, struct span second, void *ctx)
{
    struct hci_rig *r = ctx;
    unsigned writes = r->battery[0].writes;

    if (first.n == 0 || second.n == 0)
        return;
    say_fragment(r, 0x00, first);
    CU_ASSERT_EQUAL(r->battery[0].writes, writes);
    say_fragment(r, 0x10, second);
    CU_ASSERT_EQUAL(r->battery[0].writes, writes + 1);
    TESTING_BYTES_EQ(hci_rig_next(r), SPAN_LIT(COMPLETED("\x40")));
    TESTING_BYTES_EQ(hci_rig_next(r), SPAN_LIT(COMPLETED("\x40")));
    hci_rig_none(r);
}

static void test_fragments(void)
{
    struct hci_rig r;

    hci_rig_up(&r, 1);
    hci_rig_connect_first(&r);
    testing_every_split(SPAN_LIT(WRITE), check_split, &r);
    hci_rig_down(&r);
}

/* A long notification leaves in fragments of what a link layer takes. */
static void test_long_notification(void)
{
    struct ble_traits t = hci_rig_traits;
    uint8_t value[514];
    struct hci_rig r;

    for (size_t i = 0; i < sizeof value; i++)
        value[i] = (uint8_t)i;
    t.mtu = 517;
    hci_rig_up(&r, 0);
    CU_ASSERT_EQUAL(hci_rig_add(&r, 0, &t), ERR_OK);
    hci_rig_connect_first(&r);
    hci_rig_say(&r, SPAN_LIT("\x02\x40\x00\x07\x00\x03\x00\x04\x00\x02\x05\x02"));
    r.n = r.read = 0;
    hci_rig_subscribe(&r);
    CU_ASSERT_EQUAL(ble_notify(r.battery[0].p, 1, span_of(value, sizeof value)), ERR_OK);
    struct span one = hci_rig_next(&r), two = hci_rig_next(&r), three = hci_rig_next(&r);
    TESTING_BYTES_EQ(span_sub(one, 0, 12), SPAN_LIT("\x02\x40\x20\xFB\x00\x05\x02\x04\x00\x1B\x12"
                                                    "\x00"));
    TESTING_BYTES_EQ(span_sub(two, 0, 5), SPAN_LIT("\x02\x40\x10\xFB\x00"));
    TESTING_BYTES_EQ(span_sub(three, 0, 5), SPAN_LIT("\x02\x40\x10\x13\x00"));
    TESTING_BYTES_EQ(span_sub(three, 5, 19), span_of(value + 495, 19));
    hci_rig_none(&r);
    hci_rig_down(&r);
}

static const struct span host_packets[] = {
    SPAN_INIT("\x01\x03\x0C\x00"),
    SPAN_INIT(ACTIVE),
    SPAN_INIT(SCAN_ON),
    SPAN_INIT(CONNECT(SECOND)),
    SPAN_INIT("\x01\x11\x20\x07\x00" SECOND),
    SPAN_INIT("\x01\x13\x20\x0E\x40\x00\x18\x00\x28\x00\x00\x00\xC8\x00\x00\x00\x00\x00"),
    SPAN_INIT(DISCONNECT),
    SPAN_INIT("\x02\x40\x00\x0C\x00" WRITE),
};

static void take_damaged(struct span packet)
{
    struct hci_rig r;

    hci_rig_up(&r, 2);
    hci_rig_connect_first(&r);
    hci_rig_say(&r, packet);
    hci_rig_pass(&r, 300000);
    hci_rig_down(&r);
}

static void take_cut(struct span cut, void *ctx)
{
    (void)ctx;
    take_damaged(cut);
}

static void take_flipped(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    (void)byte;
    (void)bit;
    (void)ctx;
    take_damaged(flipped);
}

static void test_damaged(void)
{
    for (size_t i = 0; i < sizeof host_packets / sizeof *host_packets; i++) {
        testing_every_truncation(host_packets[i], take_cut, NULL);
        testing_every_bit_flip(host_packets[i], take_flipped, NULL);
    }
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {{"a session", test_session},
                                                {"two links", test_two_links},
                                                {"supervision time-out", test_supervision},
                                                {"back before the time-out", test_back_in_time},
                                                {"the battery ends the link", test_battery_ends_it},
                                                {"the host goes", test_host_goes},
                                                {"every split of a frame", test_fragments},
                                                {"a long notification", test_long_notification},
                                                {"damaged packets", test_damaged},
                                                {0}};
    return testing_main(argc, argv, "hci_links", cases);
}
