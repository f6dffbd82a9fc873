/* SPDX-License-Identifier: Apache-2.0
 *
 * The virtual controller, packet by packet. What the host sends is what Linux 6.1 with bluetoothd
 * 5.66 sent in a session; what it gets is held against Core 5.3, Vol 4 Part E 7, byte by byte.
 */
#include <string.h>

#include "sim/ble/hci_controller.h"
#include "testing/testing.h"

enum { PACKETS = 64, BATTERIES = 3 };

/* ---- the rig: one controller, up to three batteries ---- */

struct battery {
    struct ble_peripheral *p;
    unsigned connects, disconnects, subscribes, writes;
    enum ble_end end;
    uint16_t mtu;
    uint8_t written[64];
    size_t written_n;
};

struct rig {
    struct manual_clock clock;
    struct hci_controller *c;
    struct battery battery[BATTERIES];
    uint8_t packet[PACKETS][300];
    size_t size[PACKETS];
    size_t n, read;
    uint64_t wake_us;
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
    struct rig *r = ctx;

    r->wake_us = t_us;
}

static void on_connected(void *ctx)
{
    ((struct battery *)ctx)->connects++;
}

static void on_disconnected(void *ctx, enum ble_end why)
{
    struct battery *b = ctx;

    b->disconnects++;
    b->end = why;
}

static void on_mtu(void *ctx, uint16_t mtu)
{
    ((struct battery *)ctx)->mtu = mtu;
}

static void on_subscribed(void *ctx, unsigned characteristic, bool on)
{
    struct battery *b = ctx;

    CU_ASSERT_EQUAL(characteristic, 1);
    b->subscribes += on ? 1 : 0;
}

static void on_written(void *ctx, unsigned characteristic, struct span bytes)
{
    struct battery *b = ctx;

    (void)characteristic;
    b->writes++;
    b->written_n = bytes.n < sizeof b->written ? bytes.n : sizeof b->written;
    memcpy(b->written, bytes.p, b->written_n);
}

static const struct ble_traits traits = {
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

/* Battery i has the last byte of its address raised by i. */
static enum err add(struct rig *r, unsigned i, const struct ble_traits *of)
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

static void up(struct rig *r, unsigned batteries)
{
    memset(r, 0, sizeof *r);
    manual_clock_init(&r->clock, 1000000, 0);
    const struct hci_controller_host host = {&r->clock.clock, keep_packet, wake_at, r};
    CU_ASSERT_EQUAL_FATAL(hci_controller_new(&host, &r->c), ERR_OK);
    for (unsigned i = 0; i < batteries; i++)
        CU_ASSERT_EQUAL_FATAL(add(r, i, &traits), ERR_OK);
}

static void down(struct rig *r)
{
    for (unsigned i = 0; i < BATTERIES; i++)
        ble_peripheral_delete(r->battery[i].p);
    hci_controller_delete(r->c);
}

/* Time passes, and what is due comes. */
static void pass(struct rig *r, uint64_t us)
{
    uint64_t end = r->clock.now + us;

    while (r->wake_us <= end) {
        if (r->wake_us > r->clock.now)
            manual_clock_advance(&r->clock, r->wake_us - r->clock.now);
        hci_controller_run(r->c);
    }
    manual_clock_advance(&r->clock, end - r->clock.now);
}

static void say(struct rig *r, struct span packet)
{
    hci_controller_take(r->c, packet);
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

struct exchange {
    struct span command, answer;
};

/* clang-format off */
#define Q(command, answer) {SPAN_INIT(command), SPAN_INIT(answer)}
/* clang-format on */

static void check(struct rig *r, const struct exchange *rows)
{
    for (; rows->command.p != NULL; rows++) {
        say(r, rows->command);
        TESTING_BYTES_EQ(next(r), rows->answer);
        none(r);
    }
}

/* ---- pieces of the session ---- */

#define ADDRESS "\x56\x34\x12\x8C\x47\xC8"
#define SECOND  "\x57\x34\x12\x8C\x47\xC8"

#define SCAN_ON        "\x01\x0C\x20\x02\x01\x01"
#define SCAN_OFF       "\x01\x0C\x20\x02\x00\x00"
#define SCAN_DONE      "\x04\x0E\x04\x01\x0C\x20\x00"
#define ACTIVE         "\x01\x0B\x20\x07\x01\x12\x00\x12\x00\x01\x00"
#define PASSIVE_LISTED "\x01\x0B\x20\x07\x00\x60\x00\x60\x00\x00\x01"
#define PARAMETERS_OK  "\x04\x0E\x04\x01\x0B\x20\x00"
#define ADVERT(address)                                                                           \
    "\x04\x3E\x21\x02\x01\x00\x00" address "\x15\x02\x01\x06\x03\x03\xE0\xFF\x0D\x09JK-BD6A17S6P" \
    "\xC3"
#define RESPONSE                                                                                  \
    "\x04\x3E\x18\x02\x01\x04\x00" ADDRESS "\x0C\x0B\xFF\x65\x0B\x88\xA0\xC8\x47\x8C\x12\x34\x56" \
    "\xC3"
#define CONNECT(address)                               \
    "\x01\x0D\x20\x19\x60\x00\x60\x00\x00\x00" address \
    "\x00\x18\x00\x28\x00\x00\x00\x2A\x00\x00\x00\x00\x00"
#define CONNECT_STATUS "\x04\x0F\x04\x00\x01\x0D\x20"
#define CONNECTED(handle, address) \
    "\x04\x3E\x13\x01\x00" handle "\x00\x00\x00" address "\x18\x00\x00\x00\x2A\x00\x00"
#define COMPLETED(handle) "\x04\x13\x05\x01" handle "\x00\x01\x00"
#define DISCONNECT        "\x01\x06\x04\x03\x40\x00\x13"

static void connect_to(struct rig *r, struct span connect, struct span connected)
{
    say(r, connect);
    TESTING_BYTES_EQ(next(r), SPAN_LIT(CONNECT_STATUS));
    pass(r, 100000);
    TESTING_BYTES_EQ(next(r), connected);
    none(r);
}

static void connect_first(struct rig *r)
{
    connect_to(r, SPAN_LIT(CONNECT(ADDRESS)), SPAN_LIT(CONNECTED("\x40", ADDRESS)));
    CU_ASSERT_EQUAL(r->battery[0].connects, 1);
}

static void subscribe(struct rig *r)
{
    say(r, SPAN_LIT("\x02\x40\x00\x09\x00\x05\x00\x04\x00\x12\x13\x00\x01\x00"));
    TESTING_BYTES_EQ(next(r), SPAN_LIT(COMPLETED("\x40")));
    TESTING_BYTES_EQ(next(r), SPAN_LIT("\x02\x40\x20\x05\x00\x01\x00\x04\x00\x13"));
    none(r);
}

/* ---- tests ---- */

/* Linux 6.1 sets a new controller up. */
static void test_set_up(void)
{
    static const struct exchange rows[] = {
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
    struct rig r;

    up(&r, 1);
    check(&r, rows);
    down(&r);
}

/* 02:00 and a number that other batteries change. */
static void test_address(void)
{
    static const struct span ask = SPAN_INIT("\x01\x09\x10\x00");
    uint8_t first[6];
    struct rig r;

    up(&r, 1);
    say(&r, ask);
    struct span a = next(&r);
    TESTING_BYTES_EQ(span_sub(a, 0, 7), SPAN_LIT("\x04\x0E\x0A\x01\x09\x10\x00"));
    TESTING_BYTES_EQ(span_sub(a, 11, 8), SPAN_LIT("\x00\x02"));
    memcpy(first, a.p + 7, sizeof first);
    CU_ASSERT_EQUAL(add(&r, 1, &traits), ERR_OK);
    say(&r, ask);
    CU_ASSERT_FALSE(span_eq(span_sub(next(&r), 7, 6), span_of(first, sizeof first)));
    down(&r);
}

static void test_parameters_of_wrong_length(void)
{
    static const struct exchange rows[] = {
        Q("\x01\x0C\x20\x01\x01", "\x04\x0E\x04\x01\x0C\x20\x12"),
        Q("\x01\x0C\x20\x03\x01\x01\x01", "\x04\x0E\x04\x01\x0C\x20\x12"),
        Q("\x01\x06\x04\x02\x40\x00", "\x04\x0F\x04\x12\x01\x06\x04"),
        Q("\x01\x0C\x20\x02\x02\x00", "\x04\x0E\x04\x01\x0C\x20\x12"), /* neither off nor on */
        {{0}, {0}}};
    struct rig r;

    up(&r, 1);
    check(&r, rows);
    say(&r, SPAN_LIT("\x01\x0C\x20\x03\x01\x01")); /* not as long as it says */
    say(&r, SPAN_LIT("\x01\x0C\x20"));
    say(&r, SPAN_LIT("\x04\x0E\x04\x01\x0C\x20\x00"));
    say(&r, SPAN_LIT("\xFF\x00\x00\x00"));
    say(&r, (struct span){0});
    none(&r);
    down(&r);
}

static void test_scan(void)
{
    static const struct exchange on[] = {
        Q(ACTIVE, PARAMETERS_OK), Q(SCAN_ON, SCAN_DONE), {{0}, {0}}};
    static const struct exchange off[] = {
        Q(ACTIVE, "\x04\x0E\x04\x01\x0B\x20\x0C"), Q(SCAN_OFF, SCAN_DONE), {{0}, {0}}};
    struct rig r;

    up(&r, 1);
    pass(&r, 1000000); /* nobody listens */
    none(&r);
    check(&r, on);
    pass(&r, 99999);
    none(&r);
    pass(&r, 1);
    TESTING_BYTES_EQ(next(&r), SPAN_LIT(ADVERT(ADDRESS)));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT(RESPONSE));
    pass(&r, 499999); /* a duplicate is filtered, for a while */
    none(&r);
    pass(&r, 100000);
    TESTING_BYTES_EQ(next(&r), SPAN_LIT(ADVERT(ADDRESS)));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT(RESPONSE));
    none(&r);
    ble_set_rssi(r.battery[0].p, -80);
    pass(&r, 500000);
    CU_ASSERT_EQUAL(r.packet[0][r.size[0] - 1], 0xB0);
    r.n = 0;
    check(&r, off);
    pass(&r, 1000000);
    none(&r);
    down(&r);
}

/* Without a filter every advertisement is told; a passive scan asks for no response. */
static void test_passive_scan(void)
{
    static const struct exchange rows[] = {
        Q("\x01\x0B\x20\x07\x00\x60\x00\x60\x00\x00\x00", PARAMETERS_OK),
        Q("\x01\x0C\x20\x02\x01\x00", SCAN_DONE),
        {{0}, {0}}};
    struct rig r;

    up(&r, 2);
    check(&r, rows);
    for (int i = 0; i < 3; i++) {
        pass(&r, 100000);
        TESTING_BYTES_EQ(next(&r), SPAN_LIT(ADVERT(ADDRESS)));
        TESTING_BYTES_EQ(next(&r), SPAN_LIT(ADVERT(SECOND)));
        none(&r);
    }
    down(&r);
}

static void test_accept_list(void)
{
    static const struct exchange rows[] = {
        Q("\x01\x11\x20\x07\x00" SECOND, "\x04\x0E\x04\x01\x11\x20\x00"),
        Q("\x01\x11\x20\x07\x00" SECOND, "\x04\x0E\x04\x01\x11\x20\x00"),
        Q(PASSIVE_LISTED, PARAMETERS_OK),
        Q(SCAN_ON, SCAN_DONE),
        {{0}, {0}}};
    static const struct exchange others[] = {
        Q("\x01\x12\x20\x07\x00" SECOND, "\x04\x0E\x04\x01\x12\x20\x00"),
        Q("\x01\x12\x20\x07\x00" SECOND, "\x04\x0E\x04\x01\x12\x20\x00"),
        Q("\x01\x11\x20\x07\x01" ADDRESS, "\x04\x0E\x04\x01\x11\x20\x00"), /* a random address */
        {{0}, {0}}};
    struct rig r;

    up(&r, 2);
    check(&r, rows);
    pass(&r, 100000);
    TESTING_BYTES_EQ(next(&r), SPAN_LIT(ADVERT(SECOND)));
    none(&r);
    check(&r, others);
    pass(&r, 1000000);
    none(&r);
    for (unsigned i = 0; i < 15; i++) {
        uint8_t more[] = {0x01, 0x11, 0x20, 0x07, 0x00, 1, 2, 3, 4, 5, (uint8_t)i};
        say(&r, span_of(more, sizeof more));
        TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x04\x0E\x04\x01\x11\x20\x00"));
    }
    say(&r, SPAN_LIT("\x01\x11\x20\x07\x00" ADDRESS)); /* it is full */
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x04\x0E\x04\x01\x11\x20\x07"));
    say(&r, SPAN_LIT("\x01\x10\x20\x00"));
    next(&r);
    say(&r, SPAN_LIT("\x01\x11\x20\x07\x00" ADDRESS));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x04\x0E\x04\x01\x11\x20\x00"));
    down(&r);
}

/* The rest of the session: connected, asked, subscribed, told, disconnected. */
static void test_session(void)
{
    struct ble_traits asking = traits;
    struct rig r;

    asking.asks_mtu = true;
    up(&r, 0);
    CU_ASSERT_EQUAL(add(&r, 0, &asking), ERR_OK);
    say(&r, SPAN_LIT(CONNECT(ADDRESS)));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT(CONNECT_STATUS));
    pass(&r, 100000);
    TESTING_BYTES_EQ(next(&r), SPAN_LIT(CONNECTED("\x40", ADDRESS)));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x02\x40\x20\x07\x00\x03\x00\x04\x00\x02\x83\x00"));
    say(&r, SPAN_LIT("\x01\x16\x20\x02\x40\x00"));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x04\x0F\x04\x00\x01\x16\x20"));
    TESTING_BYTES_EQ(next(&r),
                     SPAN_LIT("\x04\x3E\x0C\x04\x00\x40\x00\x00\x00\x00\x00\x00\x00\x00\x00"));
    say(&r, SPAN_LIT("\x02\x40\x00\x07\x00\x03\x00\x04\x00\x03\x05\x02"));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT(COMPLETED("\x40")));
    CU_ASSERT_EQUAL(r.battery[0].mtu, 131);
    say(&r, SPAN_LIT("\x02\x40\x00\x07\x00\x03\x00\x04\x00\x0A\x03\x00"));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT(COMPLETED("\x40")));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x02\x40\x20\x11\x00\x0D\x00\x04\x00\x0BJK-BD6A17S6P"));
    none(&r);
    subscribe(&r);
    CU_ASSERT_EQUAL(r.battery[0].subscribes, 1);
    say(&r, SPAN_LIT("\x02\x40\x00\x0C\x00\x08\x00\x04\x00\x52\x12\x00\xAA\x55\x90\xEB\x97"));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT(COMPLETED("\x40")));
    TESTING_BYTES_EQ(span_of(r.battery[0].written, r.battery[0].written_n),
                     SPAN_LIT("\xAA\x55\x90\xEB\x97"));
    CU_ASSERT_EQUAL(ble_notify(r.battery[0].p, 1, SPAN_LIT("\x55\xAA\xEB\x90\x03")), ERR_OK);
    TESTING_BYTES_EQ(
        next(&r), SPAN_LIT("\x02\x40\x20\x0C\x00\x08\x00\x04\x00\x1B\x12\x00\x55\xAA\xEB\x90\x03"));
    say(&r, SPAN_LIT(DISCONNECT));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x04\x0F\x04\x00\x01\x06\x04"));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x04\x05\x04\x00\x40\x00\x16"));
    CU_ASSERT_EQUAL(r.battery[0].end, BLE_END_CENTRAL);
    CU_ASSERT_EQUAL(ble_notify(r.battery[0].p, 1, SPAN_LIT("x")), ERR_CLOSED);
    none(&r);
    down(&r);
}

static void test_on_a_link(void)
{
    static const struct exchange rows[] = {
        Q("\x01\x05\x14\x02\x40\x00", "\x04\x0E\x07\x01\x05\x14\x00\x40\x00\xC3"),
        Q("\x01\x05\x14\x02\x41\x00", "\x04\x0E\x07\x01\x05\x14\x02\x41\x00\x7F"),
        Q("\x01\x2D\x0C\x03\x40\x00\x00", "\x04\x0E\x07\x01\x2D\x0C\x00\x40\x00\x00"),
        Q("\x01\x06\x04\x03\x41\x00\x13", "\x04\x0F\x04\x02\x01\x06\x04"),
        Q("\x01\x06\x04\x03\x00\x00\x13", "\x04\x0F\x04\x02\x01\x06\x04"),
        Q(CONNECT(ADDRESS), "\x04\x0F\x04\x0B\x01\x0D\x20"), /* it is connected */
        {{0}, {0}}};
    struct rig r;

    up(&r, 1);
    connect_first(&r);
    check(&r, rows);
    say(&r, SPAN_LIT("\x01\x1D\x04\x02\x40\x00"));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x04\x0F\x04\x00\x01\x1D\x04"));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x04\x0C\x08\x00\x40\x00\x08\xFF\xFF\x00\x00"));
    say(&r, SPAN_LIT("\x01\x13\x20\x0E\x40\x00\x18\x00\x28\x00\x00\x00\xC8\x00\x00\x00\x00\x00"));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x04\x0F\x04\x00\x01\x13\x20"));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x04\x3E\x0A\x03\x00\x40\x00\x28\x00\x00\x00\xC8\x00"));
    none(&r);
    down(&r);
}

static void test_cancel(void)
{
    struct rig r;

    up(&r, 1);
    ble_set_place(r.battery[0].p, BLE_HELD);
    say(&r, SPAN_LIT("\x01\x0E\x20\x00"));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x04\x0E\x04\x01\x0E\x20\x0C")); /* nothing to cancel */
    say(&r, SPAN_LIT(CONNECT(ADDRESS)));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT(CONNECT_STATUS));
    say(&r, SPAN_LIT(CONNECT(SECOND)));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x04\x0F\x04\x0C\x01\x0D\x20"));
    pass(&r, 20000000);
    none(&r);
    say(&r, SPAN_LIT("\x01\x0E\x20\x00"));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x04\x0E\x04\x01\x0E\x20\x00"));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x04\x3E\x13\x01\x02\x00\x00\x00\x00" ADDRESS
                                        "\x00\x00\x00\x00\x00\x00\x00"));
    none(&r);
    ble_set_place(r.battery[0].p, BLE_NEAR);
    pass(&r, 1000000);
    none(&r);
    CU_ASSERT_EQUAL(r.battery[0].connects, 0);
    down(&r);
}

/* Whoever of the list is heard first. */
static void test_connect_listed(void)
{
    struct rig r;

    up(&r, 2);
    say(&r, SPAN_LIT("\x01\x11\x20\x07\x00" SECOND));
    next(&r);
    say(&r, SPAN_LIT("\x01\x0D\x20\x19\x60\x00\x60\x00\x01\x00\x00\x00\x00\x00\x00\x00"
                     "\x00\x18\x00\x28\x00\x00\x00\x2A\x00\x00\x00\x00\x00"));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT(CONNECT_STATUS));
    pass(&r, 100000);
    TESTING_BYTES_EQ(next(&r), SPAN_LIT(CONNECTED("\x40", SECOND)));
    CU_ASSERT_EQUAL(r.battery[1].connects, 1);
    none(&r);
    down(&r);
}

/* Each has its own ATT; a handle is free again when its link has ended. */
static void test_two_links(void)
{
    struct rig r;

    up(&r, 2);
    connect_first(&r);
    connect_to(&r, SPAN_LIT(CONNECT(SECOND)), SPAN_LIT(CONNECTED("\x41", SECOND)));
    subscribe(&r);
    CU_ASSERT_EQUAL(r.battery[0].subscribes, 1);
    CU_ASSERT_EQUAL(r.battery[1].subscribes, 0);
    CU_ASSERT_EQUAL(ble_notify(r.battery[1].p, 1, SPAN_LIT("x")), ERR_CLOSED);
    say(&r, SPAN_LIT("\x02\x41\x00\x07\x00\x03\x00\x04\x00\x02\x40\x00"));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT(COMPLETED("\x41")));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x02\x41\x20\x07\x00\x03\x00\x04\x00\x03\x83\x00"));
    CU_ASSERT_EQUAL(r.battery[1].mtu, 64);
    CU_ASSERT_EQUAL(r.battery[0].mtu, 0);
    none(&r);
    say(&r, SPAN_LIT(DISCONNECT));
    TESTING_BYTES_EQ(span_sub(next(&r), 0, 7), SPAN_LIT("\x04\x0F\x04\x00\x01\x06\x04"));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x04\x05\x04\x00\x40\x00\x16"));
    none(&r);
    CU_ASSERT_EQUAL(r.battery[1].disconnects, 0);
    connect_to(&r, SPAN_LIT(CONNECT(ADDRESS)), SPAN_LIT(CONNECTED("\x40", ADDRESS)));
    down(&r);
}

static void test_supervision(void)
{
    struct rig r;

    up(&r, 1);
    connect_first(&r);
    subscribe(&r);
    ble_set_place(r.battery[0].p, BLE_AWAY);
    CU_ASSERT_EQUAL(ble_notify(r.battery[0].p, 1, SPAN_LIT("lost")), ERR_OK);
    pass(&r, 1999999);
    none(&r);
    pass(&r, 1);
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x04\x05\x04\x00\x40\x00\x08"));
    CU_ASSERT_EQUAL(r.battery[0].end, BLE_END_LOST);
    say(&r, SPAN_LIT(CONNECT(ADDRESS)));
    next(&r);
    pass(&r, 5000000);
    none(&r);
    ble_set_place(r.battery[0].p, BLE_NEAR);
    pass(&r, 100000);
    TESTING_BYTES_EQ(next(&r), SPAN_LIT(CONNECTED("\x40", ADDRESS)));
    down(&r);
}

/* Back in time: what the host sent meanwhile arrives, and its buffers are free only then. */
static void test_back_in_time(void)
{
    struct rig r;

    up(&r, 1);
    connect_first(&r);
    ble_set_place(r.battery[0].p, BLE_AWAY);
    say(&r, SPAN_LIT("\x02\x40\x00\x0C\x00\x08\x00\x04\x00\x52\x12\x00"
                     "first"));
    for (int i = 0; i < 8; i++) /* one more than there are buffers */
        say(&r, SPAN_LIT("\x02\x40\x00\x0B\x00\x07\x00\x04\x00\x52\x12\x00"
                         "more"));
    none(&r);
    CU_ASSERT_EQUAL(r.battery[0].writes, 0);
    pass(&r, 1000000);
    ble_set_place(r.battery[0].p, BLE_NEAR);
    CU_ASSERT_EQUAL(r.battery[0].writes, 8);
    for (int i = 0; i < 8; i++)
        TESTING_BYTES_EQ(next(&r), SPAN_LIT(COMPLETED("\x40")));
    pass(&r, 5000000);
    none(&r);
    CU_ASSERT_EQUAL(r.battery[0].disconnects, 0);
    down(&r);
}

static void test_battery_ends_it(void)
{
    struct rig r;

    up(&r, 1);
    connect_first(&r);
    ble_hang_up(r.battery[0].p);
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x04\x05\x04\x00\x40\x00\x13"));
    CU_ASSERT_EQUAL(r.battery[0].end, BLE_END_PERIPHERAL);
    ble_hang_up(r.battery[0].p); /* harmless */
    none(&r);
    connect_to(&r, SPAN_LIT(CONNECT(ADDRESS)), SPAN_LIT(CONNECTED("\x40", ADDRESS)));
    ble_set_place(r.battery[0].p, BLE_HELD);
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x04\x05\x04\x00\x40\x00\x13"));
    none(&r);
    down(&r);
}

static void test_host_goes(void)
{
    struct rig r;

    up(&r, 2);
    connect_first(&r);
    connect_to(&r, SPAN_LIT(CONNECT(SECOND)), SPAN_LIT(CONNECTED("\x41", SECOND)));
    say(&r, SPAN_LIT("\x01\x06\x04\x03\x40\x00\x15")); /* powers off */
    CU_ASSERT_EQUAL(r.battery[0].end, BLE_END_HOST);
    r.n = r.read = 0;
    say(&r, SPAN_LIT("\x01\x03\x0C\x00"));
    TESTING_BYTES_EQ(next(&r), SPAN_LIT("\x04\x0E\x04\x01\x03\x0C\x00"));
    CU_ASSERT_EQUAL(r.battery[1].end, BLE_END_HOST);
    CU_ASSERT_EQUAL(r.battery[1].disconnects, 1);
    none(&r);
    r.battery[0].connects = 0;
    connect_first(&r);
    hci_controller_unplug(r.c);
    CU_ASSERT_EQUAL(r.battery[0].disconnects, 2);
    CU_ASSERT_EQUAL(r.battery[0].end, BLE_END_HOST);
    none(&r);
    down(&r);
}

static void test_descriptions(void)
{
    struct ble_traits t = traits;
    struct rig r;

    up(&r, 1);
    CU_ASSERT_EQUAL(add(&r, 0, &traits), ERR_EXISTS);
    t.interval_us = 0;
    CU_ASSERT_EQUAL(add(&r, 1, &t), ERR_RANGE);
    t = traits;
    t.services[0].characteristics[1].handle = 0x0010;
    CU_ASSERT_EQUAL(add(&r, 1, &t), ERR_RANGE);
    t = traits;
    memset(t.name, 'x', sizeof t.name);
    CU_ASSERT_EQUAL(add(&r, 1, &t), ERR_RANGE);
    down(&r);
}

/* ---- fragments and damage ---- */

#define WRITE "\x08\x00\x04\x00\x52\x12\x00\xAA\x55\x90\xEB\x97"

static void say_fragment(struct rig *r, uint8_t flags, struct span data)
{
    uint8_t memory[300];
    struct buf out = buf_of(memory, sizeof memory);

    buf_u8(&out, 0x02);
    buf_u8(&out, 0x40);
    buf_u8(&out, flags);
    buf_u16le(&out, (uint16_t)data.n);
    buf_put(&out, data);
    say(r, buf_span(&out));
}

static void check_split(struct span first, struct span second, void *ctx)
{
    struct rig *r = ctx;
    unsigned writes = r->battery[0].writes;

    if (first.n == 0 || second.n == 0)
        return;
    say_fragment(r, 0x00, first);
    CU_ASSERT_EQUAL(r->battery[0].writes, writes);
    say_fragment(r, 0x10, second);
    CU_ASSERT_EQUAL(r->battery[0].writes, writes + 1);
    TESTING_BYTES_EQ(next(r), SPAN_LIT(COMPLETED("\x40")));
    TESTING_BYTES_EQ(next(r), SPAN_LIT(COMPLETED("\x40")));
    none(r);
}

static void test_fragments(void)
{
    struct rig r;

    up(&r, 1);
    connect_first(&r);
    testing_every_split(SPAN_LIT(WRITE), check_split, &r);
    down(&r);
}

/* A long notification leaves in fragments of what a link layer takes. */
static void test_long_notification(void)
{
    struct ble_traits t = traits;
    uint8_t value[514];
    struct rig r;

    for (size_t i = 0; i < sizeof value; i++)
        value[i] = (uint8_t)i;
    t.mtu = 517;
    up(&r, 0);
    CU_ASSERT_EQUAL(add(&r, 0, &t), ERR_OK);
    connect_first(&r);
    say(&r, SPAN_LIT("\x02\x40\x00\x07\x00\x03\x00\x04\x00\x02\x05\x02"));
    r.n = r.read = 0;
    subscribe(&r);
    CU_ASSERT_EQUAL(ble_notify(r.battery[0].p, 1, span_of(value, sizeof value)), ERR_OK);
    struct span one = next(&r), two = next(&r), three = next(&r);
    TESTING_BYTES_EQ(span_sub(one, 0, 12), SPAN_LIT("\x02\x40\x20\xFB\x00\x05\x02\x04\x00\x1B\x12"
                                                    "\x00"));
    TESTING_BYTES_EQ(span_sub(two, 0, 5), SPAN_LIT("\x02\x40\x10\xFB\x00"));
    TESTING_BYTES_EQ(span_sub(three, 0, 5), SPAN_LIT("\x02\x40\x10\x13\x00"));
    TESTING_BYTES_EQ(span_sub(three, 5, 19), span_of(value + 495, 19));
    none(&r);
    down(&r);
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
    struct rig r;

    up(&r, 2);
    connect_first(&r);
    say(&r, packet);
    pass(&r, 300000);
    down(&r);
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
    static const struct testing_case cases[] = {
        {"Linux sets it up", test_set_up},
        {"its address", test_address},
        {"parameters of a wrong length", test_parameters_of_wrong_length},
        {"active scan", test_scan},
        {"passive scan", test_passive_scan},
        {"accept list", test_accept_list},
        {"a session", test_session},
        {"commands on a link", test_on_a_link},
        {"a connection is cancelled", test_cancel},
        {"connects whom it has listed", test_connect_listed},
        {"two links", test_two_links},
        {"supervision time-out", test_supervision},
        {"back before the time-out", test_back_in_time},
        {"the battery ends the link", test_battery_ends_it},
        {"the host goes", test_host_goes},
        {"descriptions that are none", test_descriptions},
        {"every split of a frame", test_fragments},
        {"a long notification", test_long_notification},
        {"damaged packets", test_damaged},
        {0}};
    return testing_main(argc, argv, "hci_controller", cases);
}
