/* SPDX-License-Identifier: Apache-2.0
 *
 * See test_ble_rig.h.
 */
#define _GNU_SOURCE
#include "sim/ble/test_ble_rig.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/ble/radio.h"
#include "testing/testing.h"

#define WAIT_US (20 * US_PER_S)

const struct ble_traits ble_rig_traits = {
    .address = {0xC8, 0x47, 0x8C, 0x12, 0x34, 0x56},
    .name = "JK-BD6A17S6P",
    .advertised = {0xFFE0},
    .has_maker = true,
    .maker = 0x0B65,
    .maker_data = {0x88, 0xA0, 0xC8, 0x47, 0x8C, 0x12, 0x34, 0x56},
    .maker_n = 8,
    .rssi = -61,
    .interval_us = 20000,
    .supervision_us = 200000,
    .mtu = 131,
    .asks_mtu = true,
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

/* ---- the battery's side ---- */

static void on_connected(void *ctx)
{
    struct ble_rig *r = ctx;

    r->connects++;
}

static void on_disconnected(void *ctx, enum ble_end why)
{
    struct ble_rig *r = ctx;

    r->end = why;
    r->disconnects++;
}

static void on_mtu(void *ctx, uint16_t mtu)
{
    struct ble_rig *r = ctx;

    r->mtu = mtu;
}

static void on_subscribed(void *ctx, unsigned characteristic, bool on)
{
    struct ble_rig *r = ctx;

    r->subscribed_to = characteristic;
    r->subscribes += on ? 1 : 0;
}

static void on_written(void *ctx, unsigned characteristic, struct span bytes)
{
    struct ble_rig *r = ctx;

    r->written_to = characteristic;
    r->written_n = bytes.n < sizeof r->written ? bytes.n : sizeof r->written;
    memcpy(r->written, bytes.p, r->written_n);
    r->writes++;
}

/* ---- the link's side ---- */

static void on_open(void *ctx, unsigned payload)
{
    struct ble_rig *r = ctx;

    r->payload = payload;
    r->opens++;
}

static void on_bytes(void *ctx, struct span bytes)
{
    struct ble_rig *r = ctx;

    if (bytes.n <= sizeof r->bytes - r->bytes_n) {
        memcpy(r->bytes + r->bytes_n, bytes.p, bytes.n);
        r->bytes_n += bytes.n;
    }
    r->notifications++;
}

static void on_lost(void *ctx, const char *why)
{
    struct ble_rig *r = ctx;

    span_to_str(span_str(why), r->why, sizeof r->why);
    r->losts++;
    if (!r->delete_when_lost)
        return;
    bluez_link_delete(r->link);
    r->link = NULL;
}

static void on_state(void *ctx, const char *what)
{
    struct ble_rig *r = ctx;

    span_to_str(span_str(what), r->state, sizeof r->state);
    r->states++;
}

void ble_rig_link(struct ble_rig *r)
{
    const struct bluez_link_handler handler = {.on_open = on_open,
                                               .on_bytes = on_bytes,
                                               .on_lost = on_lost,
                                               .on_state = on_state,
                                               .ctx = r};

    r->target.bus = ble_rig_bus(r);
    CU_ASSERT_EQUAL_FATAL(bluez_link_new(r->loop, &r->target, &handler, &r->link), ERR_OK);
}

bool ble_rig_open(struct ble_rig *r)
{
    unsigned opens = r->opens;

    ble_rig_link(r);
    return ble_rig_until(r, &r->opens, opens + 1);
}

/* ---- up and down ---- */

static void on_daemon_ready(void *ctx)
{
    struct ble_rig *r = ctx;

    r->daemon_ready = true;
}

static void on_daemon_failed(void *ctx, enum err why, const char *text)
{
    (void)ctx;
    TESTING_FAIL("dbus-daemon: %s: %s", err_text(why), text);
}

static void on_radio_ready(void *ctx)
{
    struct ble_rig *r = ctx;

    r->radio_ready = true;
}

static void on_radio_failed(void *ctx, enum err why)
{
    (void)ctx;
    TESTING_FAIL("fake BlueZ: %s", err_text(why));
}

static bool until_flag(struct ble_rig *r, const bool *flag)
{
    uint64_t end = loop_now(r->loop) + WAIT_US;

    while (!*flag && loop_now(r->loop) < end)
        loop_turn(r->loop, end);
    return *flag;
}

/* ERR_NOT_FOUND: no dbus-daemon. */
static enum err up_played(struct ble_rig *r)
{
    struct dbus_daemon_handler daemon = {on_daemon_ready, on_daemon_failed, r};
    struct fake_bluez_handler radio = {on_radio_ready, on_radio_failed, r};
    enum err e = dbus_daemon_new(r->loop, r->folder, &daemon, &r->daemon);

    if (e != ERR_OK)
        return e;
    CU_ASSERT_TRUE_FATAL(until_flag(r, &r->daemon_ready));
    return fake_bluez_new(r->loop, dbus_daemon_address(r->daemon), &radio, &r->radio);
}

static enum err up_real(struct ble_rig *r)
{
    const struct ble_radio_handler radio = {on_radio_ready, on_radio_failed, r};
    const char *allowed = getenv("BMSRIG_BLUETOOTH");

    if (allowed == NULL || strcmp(allowed, "1") != 0)
        return ERR_NOT_FOUND;
    return ble_radio_open(r->loop, "vhci", &radio, &r->radio);
}

bool ble_rig_is_real(void)
{
#ifdef BLE_RIG_REAL
    return true;
#else
    return false;
#endif
}

const char *ble_rig_bus(const struct ble_rig *r)
{
    return r->daemon != NULL ? dbus_daemon_address(r->daemon) : NULL;
}

bool ble_rig_up(struct ble_rig *r, const struct ble_traits *traits)
{
    static const struct ble_handler battery = {.connected = on_connected,
                                               .disconnected = on_disconnected,
                                               .mtu = on_mtu,
                                               .subscribed = on_subscribed,
                                               .written = on_written};
    struct ble_handler handler = battery;

    *r = (struct ble_rig){
        .traits = *traits,
        .target = {
            .address = "c8:47:8c:12:34:56", .service = 0xFFE0, .notify = 0xFFE1, .write = 0xFFE1}};
    handler.ctx = r;
    CU_ASSERT_EQUAL_FATAL(loop_new(&r->loop), ERR_OK);
    span_to_str(span_str("/tmp/bmsrig-XXXXXX"), r->folder, sizeof r->folder);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(r->folder));
    enum err e = ble_rig_is_real() ? up_real(r) : up_played(r);
    if (e == ERR_NOT_FOUND) {
        testing_skip(ble_rig_is_real() ? "set BMSRIG_BLUETOOTH=1 where a virtual controller may be "
                                         "made (ci/bluetooth does)"
                                       : "no dbus-daemon");
        ble_rig_down(r);
        return false;
    }
    CU_ASSERT_EQUAL_FATAL(e, ERR_OK);
    CU_ASSERT_EQUAL_FATAL(ble_radio_add(r->radio, &r->traits, &handler, &r->battery), ERR_OK);
    CU_ASSERT_TRUE_FATAL(until_flag(r, &r->radio_ready));
    return true;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

void ble_rig_down(struct ble_rig *r)
{
    bluez_link_delete(r->link);
    ble_peripheral_delete(r->battery);
    ble_radio_delete(r->radio);
    dbus_daemon_delete(r->daemon);
    loop_delete(r->loop);
    nftw(r->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

bool ble_rig_until(struct ble_rig *r, const unsigned *counter, unsigned n)
{
    uint64_t end = loop_now(r->loop) + WAIT_US;

    while (*counter < n && loop_now(r->loop) < end)
        loop_turn(r->loop, end);
    return *counter >= n;
}

bool ble_rig_until_state(struct ble_rig *r, const char *part)
{
    uint64_t end = loop_now(r->loop) + WAIT_US;

    while (strstr(r->state, part) == NULL && loop_now(r->loop) < end)
        loop_turn(r->loop, end);
    if (strstr(r->state, part) == NULL)
        TESTING_FAIL("the link says '%s', not '%s'", r->state, part);
    return strstr(r->state, part) != NULL;
}

void ble_rig_turn(struct ble_rig *r, uint64_t us)
{
    uint64_t end = loop_now(r->loop) + us;

    while (loop_now(r->loop) < end)
        loop_turn(r->loop, end);
}
