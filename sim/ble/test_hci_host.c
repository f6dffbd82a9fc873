/* SPDX-License-Identifier: Apache-2.0
 *
 * The host of a battery on a real controller, packet by packet: the controller's side is written
 * down from Core 5.3, Vol 4 Part E 7, with the buffers of a small dongle (27 bytes, 2 of them).
 */
#include <string.h>

#include "sim/ble/hci_host.h"
#include "testing/testing.h"

enum { PACKETS = 64 };

struct rig {
    struct manual_clock clock;
    struct hci_host *h;
    struct ble_peripheral *battery;
    uint8_t packet[PACKETS][300];
    size_t size[PACKETS];
    size_t n, read;
    uint64_t wake_us;
    unsigned ready, failed, connects, disconnects, writes;
    enum err why;
    enum ble_end end;
    uint16_t mtu;
};

static void keep_packet(void *ctx, struct span packet)
{
    struct rig *r = ctx;

    if (r->n == PACKETS || packet.n > sizeof r->packet[0]) {
        TESTING_FAIL("a packet too many, or of %zu bytes", packet.n);
        return;
    }
    memcpy(r->packet[r->n], packet.p, packet.n);
    r->size[r->n++] = packet.n;
}

static void wake_at(void *ctx, uint64_t t_us)
{
    ((struct rig *)ctx)->wake_us = t_us;
}

static void on_ready(void *ctx)
{
    ((struct rig *)ctx)->ready++;
}

static void on_failed(void *ctx, enum err why)
{
    struct rig *r = ctx;

    r->failed++;
    r->why = why;
}

static void on_connected(void *ctx)
{
    ((struct rig *)ctx)->connects++;
}

static void on_disconnected(void *ctx, enum ble_end why)
{
    struct rig *r = ctx;

    r->disconnects++;
    r->end = why;
}

static void on_mtu(void *ctx, uint16_t mtu)
{
    ((struct rig *)ctx)->mtu = mtu;
}

static void on_subscribed(void *ctx, unsigned characteristic, bool on)
{
    (void)ctx;
    CU_ASSERT_EQUAL(characteristic, 0);
    CU_ASSERT_TRUE(on);
}

static void on_written(void *ctx, unsigned characteristic, struct span bytes)
{
    (void)characteristic;
    (void)bytes;
    ((struct rig *)ctx)->writes++;
}

static const struct ble_traits traits = {
    .address = {0xC8, 0x47, 0x8C, 0x12, 0x34, 0x56},
    .name = "JK",
    .advertised = {0xFFE0},
    .interval_us = 100000,
    .supervision_us = 2000000,
    .mtu = 131,
    .n = 1,
    .services = {{.uuid = 0xFFE0,
                  .handle = 0x0008,
                  .n = 1,
                  .characteristics = {{.uuid = 0xFFE1,
                                       .handle = 0x000A,
                                       .properties = BLE_WRITE_COMMAND | BLE_NOTIFY}}}},
};

static enum err add(struct rig *r, const struct ble_traits *t)
{
    const struct ble_handler handler = {.connected = on_connected,
                                        .disconnected = on_disconnected,
                                        .mtu = on_mtu,
                                        .subscribed = on_subscribed,
                                        .written = on_written,
                                        .ctx = r};

    return hci_host_add(r->h, t, &handler, &r->battery);
}

static void up(struct rig *r, const struct ble_traits *t)
{
    memset(r, 0, sizeof *r);
    manual_clock_init(&r->clock, 1000000, 0);
    const struct hci_host_port port = {&r->clock.clock, keep_packet, wake_at,
                                       on_ready,        on_failed,   r};
    CU_ASSERT_EQUAL_FATAL(hci_host_new(&port, &r->h), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(add(r, t), ERR_OK);
}

static void down(struct rig *r)
{
    ble_peripheral_delete(r->battery);
    hci_host_delete(r->h);
}

static void say(struct rig *r, struct span packet)
{
    hci_host_take(r->h, packet);
}

static struct span next(struct rig *r)
{
    if (r->read == r->n)
        return (struct span){0};
    struct span packet = span_of(r->packet[r->read], r->size[r->read]);
    r->read++;
    return packet;
}

static void none(struct rig *r)
{
    TESTING_BYTES_EQ(next(r), (struct span){0});
    r->n = r->read = 0;
}

/* ---- setting up ---- */

struct step {
    struct span command, answer;
};

/* clang-format off */
#define S(command, answer) {SPAN_INIT(command), SPAN_INIT(answer)}
/* clang-format on */

#define RESET  S("\x01\x03\x0C\x00", "\x04\x0E\x04\x01\x03\x0C\x00")
#define EVENTS S("\x01\x01\x0C\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x3F", "\x04\x0E\x04\x01\x01\x0C\x00")
#define LE_EVENTS \
    S("\x01\x01\x20\x08\x0F\x00\x00\x00\x00\x00\x00\x00", "\x04\x0E\x04\x01\x01\x20\x00")
#define LE_BUFFERS     S("\x01\x02\x20\x00", "\x04\x0E\x07\x01\x02\x20\x00\x1B\x00\x02")
#define OWN_ADDRESS    S("\x01\x09\x10\x00", "\x04\x0E\x0A\x01\x09\x10\x00\x01\x00\x00\x01\xAA\x00")
#define RANDOM_ADDRESS S("\x01\x05\x20\x06\x56\x34\x12\x8C\x47\xC8", "\x04\x0E\x04\x01\x05\x20\x00")
#define PARAMETERS(own)                                                                  \
    S("\x01\x06\x20\x0F\xA0\x00\xA0\x00\x00" own "\x00\x00\x00\x00\x00\x00\x00\x07\x00", \
      "\x04\x0E\x04\x01\x06\x20\x00")
#define ZEROS_20 "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
#define DATA                                                                 \
    S("\x01\x08\x20\x20\x0B\x02\x01\x06\x03\x03\xE0\xFF\x03\x09JK" ZEROS_20, \
      "\x04\x0E\x04\x01\x08\x20\x00")
#define RESPONSE                                                                      \
    S("\x01\x09\x20\x20\x00" ZEROS_20 "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", \
      "\x04\x0E\x04\x01\x09\x20\x00")
#define ADVERTISE S("\x01\x0A\x20\x01\x01", "\x04\x0E\x04\x01\x0A\x20\x00")
#define SILENT    S("\x01\x0A\x20\x01\x00", "\x04\x0E\x04\x01\x0A\x20\x00")

static void check(struct rig *r, const struct step *steps)
{
    for (; steps->command.p != NULL; steps++) {
        TESTING_BYTES_EQ(next(r), steps->command);
        say(r, steps->answer);
    }
}

static void set_up(struct rig *r)
{
    static const struct step steps[] = {RESET,       EVENTS,         LE_EVENTS,          LE_BUFFERS,
                                        OWN_ADDRESS, RANDOM_ADDRESS, PARAMETERS("\x01"), DATA,
                                        RESPONSE,    ADVERTISE,      {{0}, {0}}};

    check(r, steps);
    none(r);
    CU_ASSERT_EQUAL(r->ready, 1);
}

#define CONNECTED \
    "\x04\x3E\x13\x01\x00\x40\x00\x01\x01\x66\x55\x44\x33\x22\x11\x18\x00\x00\x00\x2A\x00\x00"
/* 2 s: cut at 27 bytes it is one */
#define ASKS_SUPERVISION \
    "\x02\x40\x00\x10\x00\x0C\x00\x05\x00\x12\x01\x08\x00\x18\x00\x28\x00\x00\x00\xC8\x00"
#define DISCONNECTED(reason) "\x04\x05\x04\x00\x40\x00" reason
#define COMPLETED            "\x04\x13\x05\x01\x40\x00\x01\x00"

static void connect_central(struct rig *r)
{
    say(r, SPAN_LIT(CONNECTED));
    TESTING_BYTES_EQ(next(r), SPAN_LIT(ASKS_SUPERVISION));
    say(r, SPAN_LIT(COMPLETED));
    none(r);
}

static void test_set_up(void)
{
    uint8_t address[BLE_ADDRESS];
    struct rig r;

    up(&r, &traits);
    set_up(&r);
    CU_ASSERT_TRUE(ble_own_address(r.battery, address));
    TESTING_BYTES_EQ(span_of(address, 6), SPAN_LIT("\xC8\x47\x8C\x12\x34\x56"));
    CU_ASSERT_EQUAL(add(&r, &traits), ERR_SPACE);
    down(&r);
}

/* An address that is none of random static: the controller's own it is. */
static void test_address_of_the_controller(void)
{
    static const struct step steps[] = {
        RESET, EVENTS,   LE_EVENTS, LE_BUFFERS, OWN_ADDRESS, PARAMETERS("\x00"),
        DATA,  RESPONSE, ADVERTISE, {{0}, {0}}};
    struct ble_traits t = traits;
    uint8_t address[BLE_ADDRESS];
    struct rig r;

    t.address[0] = 0x20;
    up(&r, &t);
    check(&r, steps);
    CU_ASSERT_EQUAL(r.ready, 1);
    CU_ASSERT_TRUE(ble_own_address(r.battery, address));
    TESTING_BYTES_EQ(span_of(address, 6), SPAN_LIT("\x00\xAA\x01\x00\x00\x01"));
    down(&r);
}

static void test_shared_buffers(void)
{
    static const struct step steps[] = {
        RESET,
        EVENTS,
        LE_EVENTS,
        S("\x01\x02\x20\x00", "\x04\x0E\x07\x01\x02\x20\x00\x00\x00\x00"),
        S("\x01\x05\x10\x00", "\x04\x0E\x0B\x01\x05\x10\x00\xFD\x03\x40\x08\x00\x08\x00"),
        OWN_ADDRESS,
        RANDOM_ADDRESS,
        {{0}, {0}}};
    struct rig r;

    up(&r, &traits);
    check(&r, steps);
    CU_ASSERT_EQUAL(r.failed, 0);
    down(&r);
}

static void test_failures(void)
{
    static const struct step until_le[] = {RESET, EVENTS, {{0}, {0}}};
    struct rig r;

    up(&r, &traits); /* no LE in it */
    check(&r, until_le);
    say(&r, SPAN_LIT("\x04\x0E\x04\x01\x01\x20\x01"));
    CU_ASSERT_EQUAL(r.why, ERR_UNSUPPORTED);
    say(&r, SPAN_LIT("\x04\x0E\x04\x01\x01\x20\x01")); /* once */
    CU_ASSERT_EQUAL(r.failed, 1);
    down(&r);

    up(&r, &traits); /* refuses, by a status */
    check(&r, until_le);
    say(&r, SPAN_LIT("\x04\x0F\x04\x12\x01\x01\x20"));
    CU_ASSERT_EQUAL(r.why, ERR_REFUSED);
    down(&r);

    up(&r, &traits); /* says nothing */
    CU_ASSERT_EQUAL(r.wake_us, 3000000);
    manual_clock_advance(&r.clock, 1999999);
    hci_host_run(r.h);
    CU_ASSERT_EQUAL(r.failed, 0);
    manual_clock_advance(&r.clock, 1);
    hci_host_run(r.h);
    CU_ASSERT_EQUAL(r.why, ERR_TIMEOUT);
    CU_ASSERT_EQUAL(r.wake_us, NEVER_US);
    CU_ASSERT_EQUAL(ble_notify(r.battery, 0, SPAN_LIT("x")), ERR_CLOSED);
    down(&r);
}

/* ---- a link ---- */

static void test_link(void)
{
    static const struct step again[] = {ADVERTISE, {{0}, {0}}};
    struct rig r;

    up(&r, &traits);
    set_up(&r);
    connect_central(&r);
    CU_ASSERT_EQUAL(r.connects, 1);
    say(&r, SPAN_LIT("\x02\x40\x20\x07\x00\x03\x00\x04\x00\x02\x05\x02"));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x02\x40\x00\x07\x00\x03\x00\x04\x00\x03\x83\x00"));
    CU_ASSERT_EQUAL(r.mtu, 131);
    say(&r, SPAN_LIT("\x02\x40\x20\x04\x00\x05\x00\x04\x00")); /* in two fragments */
    say(&r, SPAN_LIT("\x02\x40\x10\x05\x00\x12\x0B\x00\x01\x00"));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x02\x40\x00\x05\x00\x01\x00\x04\x00\x13"));
    none(&r);
    say(&r, SPAN_LIT("\x02\x40\x20\x08\x00\x04\x00\x04\x00\x52\x0A\x00x"));
    CU_ASSERT_EQUAL(r.writes, 1);
    say(&r, SPAN_LIT(DISCONNECTED("\x13")));
    CU_ASSERT_EQUAL(r.end, BLE_END_CENTRAL);
    check(&r, again);
    none(&r);
    down(&r);
}

/* Notifications wait for the controller's buffers, in fragments that fit them. */
static void test_flow_control(void)
{
    static const uint8_t value[60] = {0x55, 0xAA};
    struct rig r;

    up(&r, &traits);
    set_up(&r);
    connect_central(&r);
    say(&r, SPAN_LIT("\x02\x40\x20\x07\x00\x03\x00\x04\x00\x02\x05\x02"));
    say(&r, SPAN_LIT(COMPLETED));
    say(&r, SPAN_LIT("\x02\x40\x20\x09\x00\x05\x00\x04\x00\x12\x0B\x00\x01\x00"));
    say(&r, SPAN_LIT(COMPLETED));
    r.n = r.read = 0;
    CU_ASSERT_EQUAL(ble_notify(r.battery, 0, span_of(value, sizeof value)), ERR_OK);
    TESTING_BYTES_EQ(span_sub(next(&r), 0, 14),
                     SPAN_LIT("\x02\x40\x00\x1B\x00\x3F\x00\x04\x00\x1B\x0A\x00\x55\xAA"));
    TESTING_BYTES_EQ(span_sub(next(&r), 0, 5), SPAN_LIT("\x02\x40\x10\x1B\x00"));
    none(&r); /* the third has no buffer */
    say(&r, SPAN_LIT(COMPLETED));
    TESTING_BYTES_EQ(span_sub(next(&r), 0, 5), SPAN_LIT("\x02\x40\x10\x0D\x00"));
    none(&r);
    /* nobody takes anything: in the end there is no room, and nothing of that notification */
    enum err e = ERR_OK;
    unsigned sent = 0;
    for (; e == ERR_OK && sent < 1000; sent++)
        e = ble_notify(r.battery, 0, span_of(value, sizeof value));
    CU_ASSERT_EQUAL(e, ERR_SPACE);
    CU_ASSERT_EQUAL(sent, 86); /* 85 of three fragments in a queue of 256, and the one refused */
    none(&r);
    down(&r);
}

static void test_reasons(void)
{
    static const struct {
        struct span packet;
        enum ble_end end;
    } rows[] = {{SPAN_INIT(DISCONNECTED("\x08")), BLE_END_LOST},
                {SPAN_INIT(DISCONNECTED("\x13")), BLE_END_CENTRAL},
                {SPAN_INIT(DISCONNECTED("\x15")), BLE_END_HOST},
                {SPAN_INIT(DISCONNECTED("\x3E")), BLE_END_LOST}};
    struct rig r;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        up(&r, &traits);
        set_up(&r);
        connect_central(&r);
        say(&r, SPAN_LIT("\x04\x05\x04\x00\x41\x00\x13")); /* another link's */
        CU_ASSERT_EQUAL(r.disconnects, 0);
        say(&r, rows[i].packet);
        CU_ASSERT_EQUAL(r.disconnects, 1);
        CU_ASSERT_EQUAL(r.end, rows[i].end);
        down(&r);
    }
}

static void test_hang_up(void)
{
    struct rig r;

    up(&r, &traits);
    set_up(&r);
    connect_central(&r);
    ble_hang_up(r.battery);
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x01\x06\x04\x03\x40\x00\x13"));
    CU_ASSERT_EQUAL(r.end, BLE_END_PERIPHERAL);
    say(&r, SPAN_LIT("\x04\x0F\x04\x00\x01\x06\x04"));
    say(&r, SPAN_LIT("\x02\x40\x20\x07\x00\x03\x00\x04\x00\x0A\x03\x00")); /* too late */
    none(&r);
    say(&r, SPAN_LIT(DISCONNECTED("\x16")));
    CU_ASSERT_EQUAL(r.disconnects, 1);
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x01\x0A\x20\x01\x01"));
    none(&r);
    down(&r);
}

/* ---- places ---- */

static void test_held(void)
{
    static const struct step silent[] = {SILENT, {{0}, {0}}};
    static const struct step again[] = {ADVERTISE, {{0}, {0}}};
    struct rig r;

    up(&r, &traits);
    set_up(&r);
    ble_set_place(r.battery, BLE_HELD);
    check(&r, silent);
    none(&r);
    ble_set_place(r.battery, BLE_NEAR);
    check(&r, again);
    connect_central(&r);
    ble_set_place(r.battery, BLE_HELD);
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x01\x06\x04\x03\x40\x00\x13"));
    say(&r, SPAN_LIT(DISCONNECTED("\x16")));
    none(&r); /* and does not advertise */
    down(&r);
}

/* The link dies without a word: a reset. It is set up anew and is silent until it is back. */
static void test_away(void)
{
    static const struct step steps[] = {RESET,       EVENTS,         LE_EVENTS,          LE_BUFFERS,
                                        OWN_ADDRESS, RANDOM_ADDRESS, PARAMETERS("\x01"), DATA,
                                        RESPONSE,    {{0}, {0}}};
    static const struct step again[] = {ADVERTISE, {{0}, {0}}};
    struct rig r;

    up(&r, &traits);
    set_up(&r);
    connect_central(&r);
    ble_set_place(r.battery, BLE_AWAY);
    CU_ASSERT_EQUAL(r.end, BLE_END_LOST);
    check(&r, steps);
    none(&r);
    CU_ASSERT_EQUAL(r.ready, 1);
    ble_set_place(r.battery, BLE_NEAR);
    check(&r, again);
    none(&r);
    down(&r);
}

/* Place changes while a command is under way: the last one counts. */
static void test_quick_changes(void)
{
    struct rig r;

    up(&r, &traits);
    set_up(&r);
    ble_set_place(r.battery, BLE_AWAY);
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x01\x0A\x20\x01\x00"));
    ble_set_place(r.battery, BLE_NEAR);
    none(&r);
    say(&r, SPAN_LIT("\x04\x0E\x04\x01\x0A\x20\x00"));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x01\x0A\x20\x01\x01"));
    none(&r);
    down(&r);
}

/* ---- damage ---- */

static const struct span packets[] = {
    SPAN_INIT(CONNECTED),
    SPAN_INIT(DISCONNECTED("\x13")),
    SPAN_INIT(COMPLETED),
    SPAN_INIT("\x04\x0E\x0A\x01\x09\x10\x00\x01\x00\x00\x01\xAA\x00"),
    SPAN_INIT("\x04\x0F\x04\x00\x01\x06\x04"),
    SPAN_INIT("\x02\x40\x20\x07\x00\x03\x00\x04\x00\x0A\x03\x00"),
};

static void take_damaged(struct span packet, bool linked)
{
    struct rig r;

    up(&r, &traits);
    if (linked) {
        set_up(&r);
        connect_central(&r);
    }
    say(&r, packet);
    manual_clock_advance(&r.clock, 5000000);
    hci_host_run(r.h);
    down(&r);
}

static void take_cut(struct span cut, void *ctx)
{
    (void)ctx;
    take_damaged(cut, true);
    take_damaged(cut, false);
}

static void take_flipped(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    (void)byte;
    (void)bit;
    (void)ctx;
    take_damaged(flipped, true);
    take_damaged(flipped, false);
}

static void test_damaged(void)
{
    for (size_t i = 0; i < sizeof packets / sizeof *packets; i++) {
        testing_every_truncation(packets[i], take_cut, NULL);
        testing_every_bit_flip(packets[i], take_flipped, NULL);
    }
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"sets the controller up", test_set_up},
        {"the controller's address", test_address_of_the_controller},
        {"buffers shared with BR/EDR", test_shared_buffers},
        {"controllers that fail", test_failures},
        {"a link", test_link},
        {"flow control", test_flow_control},
        {"why links end", test_reasons},
        {"hangs up", test_hang_up},
        {"held by another central", test_held},
        {"out of reach", test_away},
        {"quick changes", test_quick_changes},
        {"damaged packets", test_damaged},
        {0}};
    return testing_main(argc, argv, "hci_host", cases);
}
