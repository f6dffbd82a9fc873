/* SPDX-License-Identifier: Apache-2.0
 *
 * The Bluetooth port against BlueZ, played or real (test_ble_rig.h): finding, connecting, carrying,
 * losing.
 */
#include <string.h>

#include "port/dbus.h"
#include "sim/ble/radio.h"
#include "sim/ble/test_ble_rig.h"
#include "testing/testing.h"

/* What befalls only a BlueZ that is ours. */
static bool is_not_ours(void)
{
    if (ble_rig_is_real())
        testing_skip("the bluetoothd of this machine is left alone");
    return ble_rig_is_real();
}

/* What a link says then; the real one's dongle is pulled out. */
static const char *adapter_off(void)
{
    return ble_rig_is_real() ? "no Bluetooth adapter" : "adapter is off";
}

static void test_open_and_carry(void)
{
    static const uint8_t command[] = {0xAA, 0x55, 0x90, 0xEB, 0x97};
    static const uint8_t frame[] = {0x55, 0xAA, 0xEB, 0x90, 0x03};
    struct ble_rig r;

    if (!ble_rig_up(&r, &ble_rig_traits))
        return;
    CU_ASSERT_TRUE(ble_rig_open(&r));
    CU_ASSERT_EQUAL(r.connects, 1);
    CU_ASSERT_EQUAL(r.mtu, 131);
    CU_ASSERT_EQUAL(r.payload, 128);
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.subscribes, 1));
    CU_ASSERT_EQUAL(r.subscribed_to, 1);
    CU_ASSERT_EQUAL(bluez_link_write(r.link, span_of(command, sizeof command)), ERR_OK);
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.writes, 1));
    CU_ASSERT_EQUAL(r.written_to, 1);
    TESTING_BYTES_EQ(span_of(r.written, r.written_n), span_of(command, sizeof command));
    CU_ASSERT_EQUAL(ble_notify(r.battery, 1, span_of(frame, sizeof frame)), ERR_OK);
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.notifications, 1));
    TESTING_BYTES_EQ(span_of(r.bytes, r.bytes_n), span_of(frame, sizeof frame));
    bluez_link_delete(r.link);
    r.link = NULL;
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.disconnects, 1));
    CU_ASSERT_EQUAL(r.end, BLE_END_CENTRAL);
    ble_rig_down(&r);
}

static void test_by_name(void)
{
    struct ble_rig r;

    if (!ble_rig_up(&r, &ble_rig_traits))
        return;
    r.target.address[0] = '\0';
    span_to_str(span_str("JK-BD6A17S6P"), r.target.name, sizeof r.target.name);
    CU_ASSERT_TRUE(ble_rig_open(&r));
    ble_rig_down(&r);
}

static void test_other_name_is_not_taken(void)
{
    struct ble_rig r;

    if (!ble_rig_up(&r, &ble_rig_traits))
        return;
    r.target.address[0] = '\0';
    span_to_str(span_str("JK-BD6A17S6"), r.target.name, sizeof r.target.name);
    ble_rig_link(&r);
    CU_ASSERT_TRUE(ble_rig_until_state(&r, "searching: JK-BD6A17S6"));
    ble_rig_turn(&r, 300 * US_PER_MS);
    CU_ASSERT_EQUAL(r.connects, 0);
    ble_rig_down(&r);
}

/* The modules of 2021 on have the UUID twice, once for each direction. */
static void test_two_characteristics_of_one_uuid(void)
{
    struct ble_traits traits = ble_rig_traits;
    struct ble_rig r;

    traits.services[0].handle = 0x0001;
    traits.services[0].characteristics[0] = (struct ble_characteristic){
        .uuid = 0xFFE1, .handle = 0x0003, .properties = BLE_WRITE | BLE_WRITE_COMMAND};
    traits.services[0].characteristics[1] = (struct ble_characteristic){
        .uuid = 0xFFE1, .handle = 0x0005, .properties = BLE_READ | BLE_NOTIFY};
    if (!ble_rig_up(&r, &traits))
        return;
    CU_ASSERT_TRUE(ble_rig_open(&r));
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.subscribes, 1));
    CU_ASSERT_EQUAL(r.subscribed_to, 1);
    CU_ASSERT_EQUAL(bluez_link_write(r.link, SPAN_LIT("x")), ERR_OK);
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.writes, 1));
    CU_ASSERT_EQUAL(r.written_to, 0);
    ble_rig_down(&r);
}

/* Only with response. */
static void test_write_request(void)
{
    struct ble_traits traits = ble_rig_traits;
    struct ble_rig r;

    traits.services[0].characteristics[0].properties = BLE_READ;
    traits.services[0].characteristics[1].properties = BLE_WRITE | BLE_NOTIFY;
    if (!ble_rig_up(&r, &traits))
        return;
    CU_ASSERT_TRUE(ble_rig_open(&r));
    CU_ASSERT_EQUAL(bluez_link_write(r.link, SPAN_LIT("x")), ERR_OK);
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.writes, 1));
    CU_ASSERT_EQUAL(r.written_to, 1);
    ble_rig_down(&r);
}

static void test_every_payload(void)
{
    struct ble_traits traits = ble_rig_traits;
    uint8_t bytes[BLE_MTU_MAX];
    struct ble_rig r;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    traits.mtu = BLE_MTU_MAX;
    if (!ble_rig_up(&r, &traits))
        return;
    CU_ASSERT_TRUE(ble_rig_open(&r));
    CU_ASSERT_EQUAL(r.payload, 514);
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.subscribes, 1));
    for (unsigned n = 1; n <= 514; n++) {
        r.bytes_n = 0;
        CU_ASSERT_EQUAL(ble_notify(r.battery, 1, span_of(bytes, n)), ERR_OK);
        CU_ASSERT_TRUE(ble_rig_until(&r, &r.notifications, n));
        CU_ASSERT_TRUE(span_eq(span_of(r.bytes, r.bytes_n), span_of(bytes, n)));
    }
    CU_ASSERT_EQUAL(ble_notify(r.battery, 1, span_of(bytes, 515)), ERR_RANGE);
    ble_rig_down(&r);
}

static void test_battery_hangs_up(void)
{
    struct ble_rig r;

    if (!ble_rig_up(&r, &ble_rig_traits))
        return;
    CU_ASSERT_TRUE(ble_rig_open(&r));
    ble_hang_up(r.battery);
    CU_ASSERT_EQUAL(r.end, BLE_END_PERIPHERAL);
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.losts, 1));
    CU_ASSERT_PTR_NOT_NULL(strstr(r.why, "hung up"));
    CU_ASSERT_EQUAL(bluez_link_write(r.link, SPAN_LIT("x")), ERR_CLOSED);
    bluez_link_delete(r.link);
    CU_ASSERT_TRUE(ble_rig_open(&r)); /* it advertises again */
    CU_ASSERT_EQUAL(r.connects, 2);
    ble_rig_down(&r);
}

static void test_link_loss(void)
{
    struct ble_rig r;

    if (!ble_rig_up(&r, &ble_rig_traits))
        return;
    CU_ASSERT_TRUE(ble_rig_open(&r));
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.subscribes, 1));
    uint64_t t = loop_now(r.loop);
    ble_set_place(r.battery, BLE_AWAY);
    CU_ASSERT_EQUAL(ble_notify(r.battery, 1, SPAN_LIT("lost")), ERR_OK);
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.losts, 1));
    CU_ASSERT(loop_now(r.loop) - t >= 200 * US_PER_MS);
    CU_ASSERT_EQUAL(r.end, BLE_END_LOST);
    CU_ASSERT_EQUAL(r.notifications, 0);
    bluez_link_delete(r.link);
    ble_rig_link(&r);
    ble_rig_turn(&r, 100 * US_PER_MS);
    ble_set_place(r.battery, BLE_NEAR);
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.opens, 2));
    ble_rig_down(&r);
}

/* Another central has it: nothing is heard, nothing is tried; free again, it is found. */
static void test_held_by_another_central(void)
{
    struct ble_rig r;

    if (!ble_rig_up(&r, &ble_rig_traits))
        return;
    ble_set_place(r.battery, BLE_HELD);
    ble_rig_link(&r);
    CU_ASSERT_TRUE(ble_rig_until_state(&r, "searching"));
    ble_rig_turn(&r, 300 * US_PER_MS);
    CU_ASSERT_EQUAL(r.connects, 0);
    ble_set_place(r.battery, BLE_NEAR);
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.opens, 1));
    ble_set_place(r.battery, BLE_HELD);
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.losts, 1));
    ble_rig_down(&r);
}

static void test_adapter_off_and_on(void)
{
    struct ble_rig r;

    if (!ble_rig_up(&r, &ble_rig_traits))
        return;
    ble_rig_link(&r); /* a bluetoothd that has taken the adapter */
    CU_ASSERT_TRUE(ble_rig_until_state(&r, "searching"));
    bluez_link_delete(r.link);
    r.state[0] = '\0';
    CU_ASSERT_EQUAL(ble_radio_fault(r.radio, BLE_ADAPTER_OFF, true), ERR_OK);
    ble_rig_link(&r);
    CU_ASSERT_TRUE(ble_rig_until_state(&r, adapter_off()));
    CU_ASSERT_EQUAL(ble_radio_fault(r.radio, BLE_ADAPTER_OFF, false), ERR_OK);
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.opens, 1));
    CU_ASSERT_EQUAL(ble_radio_fault(r.radio, BLE_ADAPTER_OFF, true), ERR_OK);
    CU_ASSERT_EQUAL(r.end, BLE_END_HOST);
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.losts, 1));
    bluez_link_delete(r.link);
    ble_rig_link(&r);
    CU_ASSERT_EQUAL(ble_radio_fault(r.radio, BLE_ADAPTER_OFF, false), ERR_OK);
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.opens, 2));
    ble_rig_down(&r);
}

/* A link that waits while the adapter is off: BlueZ does not tell again what it knows. */
static void test_waits_for_the_adapter(void)
{
    struct ble_rig r;

    if (!ble_rig_up(&r, &ble_rig_traits))
        return;
    CU_ASSERT_TRUE(ble_rig_open(&r));
    CU_ASSERT_EQUAL(ble_radio_fault(r.radio, BLE_ADAPTER_OFF, true), ERR_OK);
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.losts, 1));
    bluez_link_delete(r.link);
    r.state[0] = '\0';
    ble_rig_link(&r);
    CU_ASSERT_TRUE(ble_rig_until_state(&r, adapter_off()));
    CU_ASSERT_EQUAL(ble_radio_fault(r.radio, BLE_ADAPTER_OFF, false), ERR_OK);
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.opens, 2));
    ble_rig_down(&r);
}

static void test_bluetoothd_restarts(void)
{
    struct ble_rig r;

    if (is_not_ours())
        return;
    if (!ble_rig_up(&r, &ble_rig_traits))
        return;
    CU_ASSERT_TRUE(ble_rig_open(&r));
    CU_ASSERT_EQUAL(ble_radio_fault(r.radio, BLE_DAEMON_DOWN, true), ERR_OK);
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.losts, 1));
    CU_ASSERT_STRING_EQUAL(r.why, "bluetoothd is not running (no org.bluez on the bus)");
    bluez_link_delete(r.link);
    r.state[0] = '\0';
    ble_rig_link(&r);
    CU_ASSERT_TRUE(ble_rig_until_state(&r, "bluetoothd is not running"));
    CU_ASSERT_EQUAL(ble_radio_fault(r.radio, BLE_DAEMON_DOWN, false), ERR_OK);
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.opens, 2));
    ble_rig_down(&r);
}

/* The whole bus dies under an open link, which is deleted in its own callback. */
static void test_bus_dies(void)
{
    struct ble_rig r;

    if (is_not_ours())
        return;
    if (!ble_rig_up(&r, &ble_rig_traits))
        return;
    CU_ASSERT_TRUE(ble_rig_open(&r));
    r.delete_when_lost = true;
    ble_peripheral_delete(r.battery);
    ble_radio_delete(r.radio);
    r.battery = NULL;
    r.radio = NULL;
    dbus_daemon_delete(r.daemon);
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.losts, 1));
    r.daemon = NULL;
    ble_rig_down(&r);
}

static void test_no_bus(void)
{
    struct ble_rig r;

    if (!ble_rig_up(&r, &ble_rig_traits))
        return;
    r.target.bus = "unix:path=/nonexistent/dbus.sock";
    const struct dbus_handler handler = {0};
    struct dbus *bus;
    CU_ASSERT_EQUAL(dbus_new(r.loop, r.target.bus, &handler, &bus), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(dbus_new(r.loop, "nonsense", &handler, &bus), ERR_REFUSED);
    ble_rig_down(&r);
}

static void test_lacks_the_service(void)
{
    struct ble_traits traits = ble_rig_traits;
    struct ble_rig r;

    traits.services[0].uuid = 0xFFF0;
    if (!ble_rig_up(&r, &traits))
        return;
    ble_rig_link(&r);
    CU_ASSERT_TRUE(ble_rig_until_state(&r, "does not have the service"));
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.disconnects, 1));
    CU_ASSERT_TRUE(ble_rig_until(&r, &r.connects, 2)); /* after a pause, from the beginning */
    CU_ASSERT_EQUAL(r.opens, 0);
    ble_rig_down(&r);
}

/* A link that nobody closed, of a bridge that crashed: BlueZ keeps it and it is taken over. */
static void test_connected_already(void)
{
    struct bluez_link *old;
    struct ble_rig r;

    if (!ble_rig_up(&r, &ble_rig_traits))
        return;
    CU_ASSERT_TRUE(ble_rig_open(&r));
    old = r.link;
    CU_ASSERT_TRUE(ble_rig_open(&r));
    CU_ASSERT_EQUAL(r.connects, 1);
    bluez_link_delete(old);
    ble_rig_down(&r);
}

/* ---- several batteries in one air ---- */

enum { OTHERS = 3 };

struct other {
    struct ble_peripheral *battery;
    struct bluez_link *link;
    char address[BLUEZ_ADDRESS_MAX];
    unsigned subscribes, opens, notifications, written;
};

static void other_is_told(void *ctx)
{
    (void)ctx;
}

static void other_has_ended(void *ctx, enum ble_end why)
{
    (void)ctx;
    (void)why;
}

static void other_mtu(void *ctx, uint16_t mtu)
{
    (void)ctx;
    CU_ASSERT_EQUAL(mtu, 131);
}

static void other_subscribed(void *ctx, unsigned characteristic, bool on)
{
    (void)characteristic;
    ((struct other *)ctx)->subscribes += on ? 1 : 0;
}

static void other_written(void *ctx, unsigned characteristic, struct span bytes)
{
    struct other *o = ctx;

    (void)characteristic;
    o->written = bytes.n == 1 ? bytes.p[0] : 0;
}

static void other_opened(void *ctx, unsigned payload)
{
    (void)payload;
    ((struct other *)ctx)->opens++;
}

static void other_heard(void *ctx, struct span bytes)
{
    struct other *o = ctx;

    CU_ASSERT_TRUE(span_eq_str(bytes, o->address)); /* its own battery's, whole */
    o->notifications++;
}

static void other_lost(void *ctx, const char *why)
{
    (void)ctx;
    TESTING_FAIL("lost: %s", why);
}

static void other_state(void *ctx, const char *what)
{
    (void)ctx;
    (void)what;
}

static void add_other(struct ble_rig *r, struct other *o, unsigned i)
{
    const struct ble_handler battery = {.connected = other_is_told,
                                        .disconnected = other_has_ended,
                                        .mtu = other_mtu,
                                        .subscribed = other_subscribed,
                                        .written = other_written,
                                        .ctx = o};
    struct ble_traits traits = ble_rig_traits;
    struct buf text = buf_of(o->address, sizeof o->address - 1);

    traits.address[5] = (uint8_t)(0x57 + i);
    buf_printf(&text, "C8:47:8C:12:34:%02X", 0x57 + i);
    CU_ASSERT_EQUAL(ble_radio_add(r->radio, &traits, &battery, &o->battery), ERR_OK);
}

static void open_other(struct ble_rig *r, struct other *o)
{
    const struct bluez_link_handler handler = {.on_open = other_opened,
                                               .on_bytes = other_heard,
                                               .on_lost = other_lost,
                                               .on_state = other_state,
                                               .ctx = o};
    struct bluez_target target = r->target;

    span_to_str(span_str(o->address), target.address, sizeof target.address);
    CU_ASSERT_EQUAL(bluez_link_new(r->loop, &target, &handler, &o->link), ERR_OK);
}

/* Four at once, each with its own link, and all of them talk together. */
static void test_four_batteries(void)
{
    struct other other[OTHERS] = {0};
    struct ble_rig r;

    if (!ble_rig_up(&r, &ble_rig_traits))
        return;
    for (unsigned i = 0; i < OTHERS; i++)
        add_other(&r, &other[i], i);
    CU_ASSERT_TRUE(ble_rig_open(&r));
    for (unsigned i = 0; i < OTHERS; i++)
        open_other(&r, &other[i]);
    for (unsigned i = 0; i < OTHERS; i++) {
        CU_ASSERT_TRUE(ble_rig_until(&r, &other[i].opens, 1));
        CU_ASSERT_TRUE(ble_rig_until(&r, &other[i].subscribes, 1));
    }
    for (unsigned n = 1; n <= 10; n++)
        for (unsigned i = 0; i < OTHERS; i++)
            CU_ASSERT_EQUAL(ble_notify(other[i].battery, 1, span_str(other[i].address)), ERR_OK);
    for (unsigned i = 0; i < OTHERS; i++) {
        const uint8_t number = (uint8_t)(i + 1);
        CU_ASSERT_TRUE(ble_rig_until(&r, &other[i].notifications, 10));
        CU_ASSERT_EQUAL(bluez_link_write(other[i].link, span_of(&number, 1)), ERR_OK);
        CU_ASSERT_TRUE(ble_rig_until(&r, &other[i].written, number));
        CU_ASSERT_EQUAL(other[i].written, number);
    }
    CU_ASSERT_EQUAL(r.disconnects, 0);
    for (unsigned i = 0; i < OTHERS; i++) {
        bluez_link_delete(other[i].link);
        ble_peripheral_delete(other[i].battery);
    }
    ble_rig_down(&r);
}

/* ---- scan ---- */

struct heard {
    unsigned n, states;
    struct bluez_found last;
    bool problem;
};

static void on_found(void *ctx, const struct bluez_found *found)
{
    struct heard *h = ctx;

    h->last = *found;
    h->n++;
}

static void on_scan_state(void *ctx, const char *why)
{
    struct heard *h = ctx;

    h->problem = why != NULL;
    h->states++;
}

static void test_scan(void)
{
    struct ble_traits traits = ble_rig_traits;
    struct heard heard = {0};
    const struct bluez_scan_handler handler = {on_found, on_scan_state, &heard};
    struct bluez_scan *scan;
    struct ble_rig r;
    char uuid[BLUEZ_UUID_MAX];

    traits.garbled_uuid = true;
    if (!ble_rig_up(&r, &traits))
        return;
    CU_ASSERT_EQUAL_FATAL(bluez_scan_new(r.loop, ble_rig_bus(&r), &handler, &scan), ERR_OK);
    CU_ASSERT_TRUE(ble_rig_until(&r, &heard.n, 1));
    CU_ASSERT_STRING_EQUAL(heard.last.address, "C8:47:8C:12:34:56");
    CU_ASSERT_STRING_EQUAL(heard.last.name, "JK-BD6A17S6P");
    CU_ASSERT_EQUAL(heard.last.rssi, -61);
    CU_ASSERT_TRUE(heard.last.has_maker);
    CU_ASSERT_EQUAL(heard.last.maker, 0x0B65);
    bluez_uuid16(0xFFE0, uuid);
    CU_ASSERT_TRUE(bluez_found_has(&heard.last, uuid));
    CU_ASSERT_EQUAL(heard.last.n_uuids, 2);
    CU_ASSERT_FALSE(heard.problem);
    ble_set_rssi(r.battery, -80);
    while (heard.last.rssi != -80 && ble_rig_until(&r, &heard.n, heard.n + 1))
        ;
    CU_ASSERT_EQUAL(heard.last.rssi, -80);
    bluez_scan_delete(scan);
    ble_rig_down(&r);
}

static void test_addresses(void)
{
    CU_ASSERT_TRUE(bluez_is_address(SPAN_LIT("C8:47:8C:12:34:56")));
    CU_ASSERT_TRUE(bluez_is_address(SPAN_LIT("c8:47:8c:12:34:5f")));
    CU_ASSERT_FALSE(bluez_is_address(SPAN_LIT("C8:47:8C:12:34:5")));
    CU_ASSERT_FALSE(bluez_is_address(SPAN_LIT("C8:47:8C:12:34:567")));
    CU_ASSERT_FALSE(bluez_is_address(SPAN_LIT("C8-47-8C-12-34-56")));
    CU_ASSERT_FALSE(bluez_is_address(SPAN_LIT("C8:47:8C:12:34:5G")));
    CU_ASSERT_FALSE(bluez_is_address(SPAN_LIT("JK-BD6A17S6P")));
}

static void test_radio_names(void)
{
    const struct ble_radio_handler nobody = {0};
    struct ble_radio *radio;

    CU_ASSERT_TRUE(ble_radio_is_real("vhci"));
    CU_ASSERT_TRUE(ble_radio_is_real("hci0"));
    CU_ASSERT_TRUE(ble_radio_is_real("hci12"));
    CU_ASSERT_FALSE(ble_radio_is_real("hci"));
    CU_ASSERT_FALSE(ble_radio_is_real("hci-1"));
    CU_ASSERT_FALSE(ble_radio_is_real("hci0x"));
    CU_ASSERT_FALSE(ble_radio_is_real("hci65536"));
    CU_ASSERT_FALSE(ble_radio_is_real("vhci0"));
    CU_ASSERT_FALSE(ble_radio_is_real("/tmp/hci0"));
    CU_ASSERT_FALSE(ble_radio_is_real(""));
    CU_ASSERT_EQUAL(ble_radio_open(NULL, "hci", &nobody, &radio), ERR_USAGE);
    CU_ASSERT_PTR_NOT_NULL(ble_radio_hint("vhci", ERR_NOT_FOUND));
    CU_ASSERT_PTR_NOT_NULL(ble_radio_hint("hci1", ERR_DENIED));
    CU_ASSERT_PTR_NULL(ble_radio_hint("vhci", ERR_MEMORY));
    CU_ASSERT_PTR_NULL(ble_radio_hint("/tmp", ERR_NOT_FOUND));
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"open, write, notify, hang up", test_open_and_carry},
        {"found by name", test_by_name},
        {"another name is not taken", test_other_name_is_not_taken},
        {"two characteristics of one UUID", test_two_characteristics_of_one_uuid},
        {"a battery that wants write requests", test_write_request},
        {"notifications of 1 to 514 bytes", test_every_payload},
        {"the battery hangs up", test_battery_hangs_up},
        {"the link is lost", test_link_loss},
        {"held by another central", test_held_by_another_central},
        {"the adapter goes off and on", test_adapter_off_and_on},
        {"waits for the adapter", test_waits_for_the_adapter},
        {"bluetoothd restarts", test_bluetoothd_restarts},
        {"the bus dies", test_bus_dies},
        {"no bus", test_no_bus},
        {"no such service", test_lacks_the_service},
        {"connected already", test_connected_already},
        {"four batteries", test_four_batteries},
        {"scan", test_scan},
        {"addresses", test_addresses},
        {"names of radios", test_radio_names},
        {0}};
    return testing_main(argc, argv, "bluez", cases);
}
