/* SPDX-License-Identifier: Apache-2.0
 *
 * The air and the links of the played BlueZ: who is heard in a search, who gets connected, and how
 * a link ends.
 */
#include "sim/ble/fake_bluez_priv.h"

#define CONNECT_US (20 * US_PER_S)   /* the kernel gives up */
#define RESOLVE_US (200 * US_PER_MS) /* reading the services of a small device */
#define FORGET_US  (30 * US_PER_S)   /* TemporaryTimeout of main.conf */

static bool is_linked(const struct fake_device *d)
{
    return d->state == FAKE_CONNECTED || d->state == FAKE_RESOLVED;
}

bool fake_searches(const struct fake_bluez *f)
{
    return f->powered && fake_clients_any(&f->searching);
}

/* Somebody waits for the next advertisement of a device that sends them. */
static bool is_awaited(const struct fake_device *d)
{
    if (d->place != BLE_NEAR || is_linked(d) || !d->fake->ready)
        return false;
    return d->state == FAKE_CONNECTING || (fake_searches(d->fake) && !d->heard);
}

static bool is_temporary(const struct fake_device *d)
{
    bool heard_now = d->heard && d->place == BLE_NEAR;

    return d->known && d->state == FAKE_IDLE && !heard_now && !d->trusted;
}

uint64_t fake_link_deadline(const struct fake_device *d)
{
    uint64_t t = d->dead_us;

    if (is_awaited(d))
        t = deadline_min(t, d->advert_us);
    if (is_temporary(d))
        t = deadline_min(t, d->seen_us + FORGET_US);
    if (d->state == FAKE_CONNECTING || d->state == FAKE_CONNECTED)
        t = deadline_min(t, d->until_us);
    return t;
}

/* ---- links ---- */

static void answer_connect(struct fake_device *d, const char *error)
{
    sd_bus_message *call = d->connect;

    d->connect = NULL;
    if (call == NULL)
        return;
    if (error == NULL)
        sd_bus_reply_method_return(call, "");
    else
        sd_bus_reply_method_errorf(call, "org.bluez.Error.Failed", "%s", error);
    sd_bus_message_unref(call);
    if (d->fake->ready)
        dbus_settle(d->fake->dbus);
}

int fake_link_connect(struct fake_device *d, sd_bus_message *call)
{
    if (!d->fake->powered)
        return sd_bus_reply_method_errorf(call, "org.bluez.Error.NotReady", "Resource Not Ready");
    if (is_linked(d))
        return sd_bus_reply_method_errorf(call, "org.bluez.Error.AlreadyConnected",
                                          "Already Connected");
    if (d->state == FAKE_CONNECTING)
        return sd_bus_reply_method_errorf(call, "org.bluez.Error.InProgress",
                                          "Operation already in progress");
    d->connect = sd_bus_message_ref(call);
    d->state = FAKE_CONNECTING;
    d->until_us = loop_now(d->fake->loop) + CONNECT_US;
    d->advert_us = loop_now(d->fake->loop) + d->traits.interval_us;
    fake_reschedule(d->fake);
    return 1;
}

static void link_up(struct fake_device *d, uint64_t now_us)
{
    uint16_t mtu = d->traits.mtu;

    d->state = FAKE_CONNECTED;
    d->until_us = now_us + RESOLVE_US;
    d->mtu = mtu < BLE_MTU_MIN ? BLE_MTU_MIN : mtu > BLE_MTU_MAX ? BLE_MTU_MAX : mtu;
    fake_say_device(d, "Connected");
    answer_connect(d, NULL);
    d->peripheral.handler.connected(d->peripheral.handler.ctx);
    if (d->mtu != BLE_MTU_MIN)
        d->peripheral.handler.mtu(d->peripheral.handler.ctx, d->mtu);
}

static void resolve(struct fake_device *d)
{
    d->state = FAKE_RESOLVED;
    fake_say_gatt(d, true);
    fake_say_device(d, "ServicesResolved");
}

void fake_link_end(struct fake_device *d, enum ble_end why)
{
    bool linked = is_linked(d), resolved = d->state == FAKE_RESOLVED;
    uint64_t now_us = loop_now(d->fake->loop);

    if (d->state == FAKE_IDLE)
        return;
    fake_gatt_end(d);
    d->state = FAKE_IDLE;
    d->dead_us = NEVER_US;
    d->seen_us = now_us;
    d->advert_us = now_us + d->traits.interval_us;
    answer_connect(d, "le-connection-abort-by-local");
    if (resolved) {
        fake_say_unlinked(d);
        fake_say_gatt(d, false);
    } else if (linked) {
        fake_say_device(d, "Connected");
    }
    if (linked)
        d->peripheral.handler.disconnected(d->peripheral.handler.ctx, why);
    fake_reschedule(d->fake);
}

void fake_link_forget(struct fake_device *d)
{
    fake_link_end(d, BLE_END_HOST);
    if (d->known)
        fake_say_removed(d);
    d->known = d->heard = d->trusted = false;
    d->advert_us = loop_now(d->fake->loop) + d->traits.interval_us;
    fake_reschedule(d->fake);
}

/* ---- the air ---- */

static void hear(struct fake_device *d, uint64_t now_us)
{
    d->seen_us = now_us;
    d->advert_us = now_us + d->traits.interval_us;
    if (d->state == FAKE_CONNECTING) {
        link_up(d, now_us);
        return;
    }
    d->heard = true;
    if (d->known) {
        fake_say_device(d, "RSSI");
        return;
    }
    d->known = true;
    fake_say_added(d);
}

void fake_link_run(struct fake_device *d, uint64_t now_us)
{
    if (now_us >= d->dead_us)
        fake_link_end(d, BLE_END_LOST);
    if (is_awaited(d) && now_us >= d->advert_us)
        hear(d, now_us);
    if (d->state == FAKE_CONNECTED && now_us >= d->until_us)
        resolve(d);
    if (d->state == FAKE_CONNECTING && now_us >= d->until_us)
        fake_link_end(d, BLE_END_HOST);
    if (is_temporary(d) && now_us >= d->seen_us + FORGET_US)
        fake_link_forget(d);
}

/* A search that ends takes the RSSI along; one that begins hears everybody at the next
 * advertisement. */
void fake_search_changed(struct fake_bluez *f, bool was)
{
    bool now = fake_searches(f);
    uint64_t now_us = loop_now(f->loop);

    if (was == now)
        return;
    for (struct fake_device *d = f->devices; d != NULL; d = d->next) {
        d->advert_us = now_us + d->traits.interval_us;
        if (now || !d->heard)
            continue;
        d->heard = false;
        if (d->place == BLE_NEAR)
            d->seen_us = now_us;
        fake_say_device_without(d, "RSSI");
    }
    fake_say_adapter(f, "Discovering");
    fake_reschedule(f);
}
