/* SPDX-License-Identifier: Apache-2.0
 *
 * The virtual controller's commands, its scans and connections. What the host sends is what
 * Linux 6.1 with bluetoothd 5.66 sent in a session; what it gets is held against Core 5.3, Vol 4
 * Part E 7, byte by byte.
 */
#include <string.h>

#include "sim/ble/test_hci_rig.h"
#include "testing/testing.h"

/* Linux 6.1 sets a new controller up. */
static void test_set_up(void)
{
    static const struct hci_exchange rows[] = {
        Q("\x01\x03\x0C\x00", "\x04\x0E\x04\x01\x03\x0C\x00"),
        Q("\x01\x03\x10\x00", "\x04\x0E\x0C\x01\x03\x10\x00\x00\x00\x00\x00\x60\x00\x00\x00"),
        Q("\x01\x01\x10\x00", "\x04\x0E\x0C\x01\x01\x10\x00\x09\x00\x00\x09\xFF\xFF\x00\x00"),
        Q("\x01\x02\x10\x00",
          "\x04\x0E\x44\x01\x02\x10\x00\x20\x00\x80\x00\x00\xC0\x00\x00\x00\x00\x04\x00\x00\x00\x28"
          "\x22\x00\x00\x00\x00\x00\x00\x00\x00\x40\xF7\xFF\xA7\x08\x00\x00\x00\x00\x00\x00\x00\x00"
          "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
          "\x00\x00\x00\x00\x00"),
        Q("\x01\x03\x20\x00", "\x04\x0E\x0C\x01\x03\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
        Q("\x01\x02\x20\x00", "\x04\x0E\x07\x01\x02\x20\x00\xFB\x00\x08"),
        Q("\x01\x1C\x20\x00", "\x04\x0E\x0C\x01\x1C\x20\x00\xFF\xFF\xFF\xFF\xFF\x03\x00\x00"),
        Q("\x01\x01\x0C\x08\x10\xE8\x04\x02\x00\x00\x00\x20", "\x04\x0E\x04\x01\x01\x0C\x00"),
        Q("\x01\x01\x20\x08\x0F\x00\x00\x00\x00\x00\x00\x00", "\x04\x0E\x04\x01\x01\x20\x00"),
        Q("\x01\x07\x20\x00", "\x04\x0E\x05\x01\x07\x20\x00\x00"),
        Q("\x01\x0F\x20\x00", "\x04\x0E\x05\x01\x0F\x20\x00\x10"),
        Q("\x01\x10\x20\x00", "\x04\x0E\x04\x01\x10\x20\x00"),
        Q("\x01\x05\x20\x06\x3D\x68\x9C\x8C\x63\x0B", "\x04\x0E\x04\x01\x05\x20\x00"),
        Q("\x01\x6D\x0C\x02\x01\x00", "\x04\x0E\x04\x01\x6D\x0C\x00"),
        /* not one of ours: Read Local Name, LE Set Extended Scan Enable */
        Q("\x01\x14\x0C\x00", "\x04\x0E\x04\x01\x14\x0C\x01"),
        Q("\x01\x42\x20\x06\x01\x01\x00\x00\x00\x00", "\x04\x0E\x04\x01\x42\x20\x01"),
        {{0}, {0}}};
    struct hci_rig r;

    hci_rig_up(&r, 1);
    hci_rig_check(&r, rows);
    hci_rig_down(&r);
}

/* 02:00 and a number that other batteries change. */
static void test_address(void)
{
    static const struct span ask = SPAN_INIT("\x01\x09\x10\x00");
    uint8_t first[6];
    struct hci_rig r;

    hci_rig_up(&r, 1);
    hci_rig_say(&r, ask);
    struct span a = hci_rig_next(&r);
    TESTING_BYTES_EQ(span_sub(a, 0, 7), SPAN_LIT("\x04\x0E\x0A\x01\x09\x10\x00"));
    TESTING_BYTES_EQ(span_sub(a, 11, 8), SPAN_LIT("\x00\x02"));
    memcpy(first, a.p + 7, sizeof first);
    CU_ASSERT_EQUAL(hci_rig_add(&r, 1, &hci_rig_traits), ERR_OK);
    hci_rig_say(&r, ask);
    CU_ASSERT_FALSE(span_eq(span_sub(hci_rig_next(&r), 7, 6), span_of(first, sizeof first)));
    hci_rig_down(&r);
}

static void test_parameters_of_wrong_length(void)
{
    static const struct hci_exchange rows[] = {
        Q("\x01\x0C\x20\x01\x01", "\x04\x0E\x04\x01\x0C\x20\x12"),
        Q("\x01\x0C\x20\x03\x01\x01\x01", "\x04\x0E\x04\x01\x0C\x20\x12"),
        Q("\x01\x06\x04\x02\x40\x00", "\x04\x0F\x04\x12\x01\x06\x04"),
        Q("\x01\x0C\x20\x02\x02\x00", "\x04\x0E\x04\x01\x0C\x20\x12"), /* neither off nor on */
        {{0}, {0}}};
    struct hci_rig r;

    hci_rig_up(&r, 1);
    hci_rig_check(&r, rows);
    hci_rig_say(&r, SPAN_LIT("\x01\x0C\x20\x03\x01\x01")); /* not as long as it says */
    hci_rig_say(&r, SPAN_LIT("\x01\x0C\x20"));
    hci_rig_say(&r, SPAN_LIT("\x04\x0E\x04\x01\x0C\x20\x00"));
    hci_rig_say(&r, SPAN_LIT("\xFF\x00\x00\x00"));
    hci_rig_say(&r, (struct span){0});
    hci_rig_none(&r);
    hci_rig_down(&r);
}

static void test_scan(void)
{
    static const struct hci_exchange on[] = {
        Q(ACTIVE, PARAMETERS_OK), Q(SCAN_ON, SCAN_DONE), {{0}, {0}}};
    static const struct hci_exchange off[] = {
        Q(ACTIVE, "\x04\x0E\x04\x01\x0B\x20\x0C"), Q(SCAN_OFF, SCAN_DONE), {{0}, {0}}};
    struct hci_rig r;

    hci_rig_up(&r, 1);
    hci_rig_pass(&r, 1000000); /* nobody listens */
    hci_rig_none(&r);
    hci_rig_check(&r, on);
    hci_rig_pass(&r, 99999);
    hci_rig_none(&r);
    hci_rig_pass(&r, 1);
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT(ADVERT(ADDRESS)));
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT(RESPONSE));
    hci_rig_pass(&r, 499999); /* a duplicate is filtered, for a while */
    hci_rig_none(&r);
    hci_rig_pass(&r, 100000);
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT(ADVERT(ADDRESS)));
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT(RESPONSE));
    hci_rig_none(&r);
    ble_set_rssi(r.battery[0].p, -80);
    hci_rig_pass(&r, 500000);
    CU_ASSERT_EQUAL(r.packet[0][r.size[0] - 1], 0xB0);
    r.n = 0;
    hci_rig_check(&r, off);
    hci_rig_pass(&r, 1000000);
    hci_rig_none(&r);
    hci_rig_down(&r);
}

/* Without a filter every advertisement is told; a passive scan asks for no response. */
static void test_passive_scan(void)
{
    static const struct hci_exchange rows[] = {
        Q("\x01\x0B\x20\x07\x00\x60\x00\x60\x00\x00\x00", PARAMETERS_OK),
        Q("\x01\x0C\x20\x02\x01\x00", SCAN_DONE),
        {{0}, {0}}};
    struct hci_rig r;

    hci_rig_up(&r, 2);
    hci_rig_check(&r, rows);
    for (int i = 0; i < 3; i++) {
        hci_rig_pass(&r, 100000);
        TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT(ADVERT(ADDRESS)));
        TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT(ADVERT(SECOND)));
        hci_rig_none(&r);
    }
    hci_rig_down(&r);
}

static void test_accept_list(void)
{
    static const struct hci_exchange rows[] = {
        Q("\x01\x11\x20\x07\x00" SECOND, "\x04\x0E\x04\x01\x11\x20\x00"),
        Q("\x01\x11\x20\x07\x00" SECOND, "\x04\x0E\x04\x01\x11\x20\x00"),
        Q(PASSIVE_LISTED, PARAMETERS_OK),
        Q(SCAN_ON, SCAN_DONE),
        {{0}, {0}}};
    static const struct hci_exchange others[] = {
        Q("\x01\x12\x20\x07\x00" SECOND, "\x04\x0E\x04\x01\x12\x20\x00"),
        Q("\x01\x12\x20\x07\x00" SECOND, "\x04\x0E\x04\x01\x12\x20\x00"),
        Q("\x01\x11\x20\x07\x01" ADDRESS, "\x04\x0E\x04\x01\x11\x20\x00"), /* a random address */
        {{0}, {0}}};
    struct hci_rig r;

    hci_rig_up(&r, 2);
    hci_rig_check(&r, rows);
    hci_rig_pass(&r, 100000);
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT(ADVERT(SECOND)));
    hci_rig_none(&r);
    hci_rig_check(&r, others);
    hci_rig_pass(&r, 1000000);
    hci_rig_none(&r);
    for (unsigned i = 0; i < 15; i++) {
        uint8_t more[] = {0x01, 0x11, 0x20, 0x07, 0x00, 1, 2, 3, 4, 5, (uint8_t)i};
        hci_rig_say(&r, span_of(more, sizeof more));
        TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT("\x04\x0E\x04\x01\x11\x20\x00"));
    }
    hci_rig_say(&r, SPAN_LIT("\x01\x11\x20\x07\x00" ADDRESS)); /* it is full */
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT("\x04\x0E\x04\x01\x11\x20\x07"));
    hci_rig_say(&r, SPAN_LIT("\x01\x10\x20\x00"));
    hci_rig_next(&r);
    hci_rig_say(&r, SPAN_LIT("\x01\x11\x20\x07\x00" ADDRESS));
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT("\x04\x0E\x04\x01\x11\x20\x00"));
    hci_rig_down(&r);
}

static void test_on_a_link(void)
{
    static const struct hci_exchange rows[] = {
        Q("\x01\x05\x14\x02\x40\x00", "\x04\x0E\x07\x01\x05\x14\x00\x40\x00\xC3"),
        Q("\x01\x05\x14\x02\x41\x00", "\x04\x0E\x07\x01\x05\x14\x02\x41\x00\x7F"),
        Q("\x01\x2D\x0C\x03\x40\x00\x00", "\x04\x0E\x07\x01\x2D\x0C\x00\x40\x00\x00"),
        Q("\x01\x06\x04\x03\x41\x00\x13", "\x04\x0F\x04\x02\x01\x06\x04"),
        Q("\x01\x06\x04\x03\x00\x00\x13", "\x04\x0F\x04\x02\x01\x06\x04"),
        Q(CONNECT(ADDRESS), "\x04\x0F\x04\x0B\x01\x0D\x20"), /* it is connected */
        {{0}, {0}}};
    struct hci_rig r;

    hci_rig_up(&r, 1);
    hci_rig_connect_first(&r);
    hci_rig_check(&r, rows);
    hci_rig_say(&r, SPAN_LIT("\x01\x1D\x04\x02\x40\x00"));
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT("\x04\x0F\x04\x00\x01\x1D\x04"));
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT("\x04\x0C\x08\x00\x40\x00\x08\xFF\xFF\x00\x00"));
    hci_rig_say(
        &r, SPAN_LIT("\x01\x13\x20\x0E\x40\x00\x18\x00\x28\x00\x00\x00\xC8\x00\x00\x00\x00\x00"));
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT("\x04\x0F\x04\x00\x01\x13\x20"));
    TESTING_BYTES_EQ(hci_rig_next(&r),
                     SPAN_LIT("\x04\x3E\x0A\x03\x00\x40\x00\x28\x00\x00\x00\xC8\x00"));
    hci_rig_none(&r);
    hci_rig_down(&r);
}

static void test_cancel(void)
{
    struct hci_rig r;

    hci_rig_up(&r, 1);
    ble_set_place(r.battery[0].p, BLE_HELD);
    hci_rig_say(&r, SPAN_LIT("\x01\x0E\x20\x00"));
    TESTING_BYTES_EQ(hci_rig_next(&r),
                     SPAN_LIT("\x04\x0E\x04\x01\x0E\x20\x0C")); /* nothing to cancel */
    hci_rig_say(&r, SPAN_LIT(CONNECT(ADDRESS)));
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT(CONNECT_STATUS));
    hci_rig_say(&r, SPAN_LIT(CONNECT(SECOND)));
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT("\x04\x0F\x04\x0C\x01\x0D\x20"));
    hci_rig_pass(&r, 20000000);
    hci_rig_none(&r);
    hci_rig_say(&r, SPAN_LIT("\x01\x0E\x20\x00"));
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT("\x04\x0E\x04\x01\x0E\x20\x00"));
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT("\x04\x3E\x13\x01\x02\x00\x00\x00\x00" ADDRESS
                                                "\x00\x00\x00\x00\x00\x00\x00"));
    hci_rig_none(&r);
    ble_set_place(r.battery[0].p, BLE_NEAR);
    hci_rig_pass(&r, 1000000);
    hci_rig_none(&r);
    CU_ASSERT_EQUAL(r.battery[0].connects, 0);
    hci_rig_down(&r);
}

/* Whoever of the list is heard first. */
static void test_connect_listed(void)
{
    struct hci_rig r;

    hci_rig_up(&r, 2);
    hci_rig_say(&r, SPAN_LIT("\x01\x11\x20\x07\x00" SECOND));
    hci_rig_next(&r);
    hci_rig_say(&r, SPAN_LIT("\x01\x0D\x20\x19\x60\x00\x60\x00\x01\x00\x00\x00\x00\x00\x00\x00"
                             "\x00\x18\x00\x28\x00\x00\x00\x2A\x00\x00\x00\x00\x00"));
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT(CONNECT_STATUS));
    hci_rig_pass(&r, 100000);
    TESTING_BYTES_EQ(hci_rig_next(&r), SPAN_LIT(CONNECTED("\x40", SECOND)));
    CU_ASSERT_EQUAL(r.battery[1].connects, 1);
    hci_rig_none(&r);
    hci_rig_down(&r);
}

static void test_descriptions(void)
{
    struct ble_traits t = hci_rig_traits;
    struct hci_rig r;

    hci_rig_up(&r, 1);
    CU_ASSERT_EQUAL(hci_rig_add(&r, 0, &hci_rig_traits), ERR_EXISTS);
    t.interval_us = 0;
    CU_ASSERT_EQUAL(hci_rig_add(&r, 1, &t), ERR_RANGE);
    t = hci_rig_traits;
    t.services[0].characteristics[1].handle = 0x0010;
    CU_ASSERT_EQUAL(hci_rig_add(&r, 1, &t), ERR_RANGE);
    t = hci_rig_traits;
    memset(t.name, 'x', sizeof t.name);
    CU_ASSERT_EQUAL(hci_rig_add(&r, 1, &t), ERR_RANGE);
    hci_rig_down(&r);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"Linux sets it up", test_set_up},
        {"its address", test_address},
        {"parameters of a wrong length", test_parameters_of_wrong_length},
        {"active scan", test_scan},
        {"passive scan", test_passive_scan},
        {"accept list", test_accept_list},
        {"commands on a link", test_on_a_link},
        {"a connection is cancelled", test_cancel},
        {"connects whom it has listed", test_connect_listed},
        {"descriptions that are none", test_descriptions},
        {0}};
    return testing_main(argc, argv, "hci_controller", cases);
}
