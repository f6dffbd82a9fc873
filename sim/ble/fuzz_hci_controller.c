/* SPDX-License-Identifier: Apache-2.0
 *
 * Any packets of a host to the virtual controller with two batteries in its air, while time passes
 * and the batteries come, go and notify: what it says is whole packets that name links there are,
 * and it is never due for ever. The input: steps of a byte: below 0xF0 a packet of so many bytes;
 * above, what befalls a battery, with the byte behind it.
 */
#include <stdlib.h>

#include "sim/ble/hci.h"
#include "sim/ble/hci_controller.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BATTERIES = 2, FIRST_EVENT = 0xF0 };

struct battery {
    struct ble_peripheral *p;
    bool linked;
};

struct fuzz {
    struct manual_clock clock;
    struct hci_controller *c;
    struct battery battery[BATTERIES];
    uint64_t wake_us;
};

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void take_packet(void *ctx, struct span p)
{
    uint8_t type = 0, code, n;
    uint16_t flags = 0, size = 0;

    (void)ctx;
    must(rd_u8(&p, &type));
    if (type == HCI_EVENT) {
        must(rd_u8(&p, &code) && rd_u8(&p, &n) && n == p.n && n > 0);
        return;
    }
    must(type == HCI_ACL && rd_u16le(&p, &flags) && rd_u16le(&p, &size) && size == p.n);
    must(size > 0 && size <= HCI_ACL_DATA_MAX && (flags & HCI_ACL_HANDLE) != 0);
}

static void wake_at(void *ctx, uint64_t t_us)
{
    ((struct fuzz *)ctx)->wake_us = t_us;
}

static void on_connected(void *ctx)
{
    struct battery *b = ctx;

    must(!b->linked);
    b->linked = true;
}

static void on_disconnected(void *ctx, enum ble_end why)
{
    struct battery *b = ctx;

    (void)why;
    must(b->linked);
    b->linked = false;
}

static void on_mtu(void *ctx, uint16_t mtu)
{
    must(((struct battery *)ctx)->linked && mtu >= BLE_MTU_MIN);
}

static void on_subscribed(void *ctx, unsigned characteristic, bool on)
{
    (void)on;
    must(((struct battery *)ctx)->linked && characteristic == 0);
}

/* A battery that hangs up when it is told to: the link ends in the midst of a packet. */
static void on_written(void *ctx, unsigned characteristic, struct span bytes)
{
    struct battery *b = ctx;

    must(b->linked && characteristic == 0);
    if (bytes.n > 0 && bytes.p[0] == 'x')
        ble_hang_up(b->p);
}

static void pass(struct fuzz *f, uint64_t us)
{
    uint64_t end = f->clock.now + us;

    for (unsigned served = 0; f->wake_us <= end; served++) {
        must(served < 10000);
        if (f->wake_us > f->clock.now)
            manual_clock_advance(&f->clock, f->wake_us - f->clock.now);
        hci_controller_run(f->c);
    }
    manual_clock_advance(&f->clock, end - f->clock.now);
}

static void befall(struct fuzz *f, uint8_t what, uint8_t how)
{
    struct ble_peripheral *p = f->battery[how % BATTERIES].p;
    uint8_t bytes[UINT8_MAX] = {0};

    switch (what & 0x07) {
    case 0: ble_set_place(p, BLE_NEAR); return;
    case 1: ble_set_place(p, BLE_AWAY); return;
    case 2: ble_set_place(p, BLE_HELD); return;
    case 3: ble_hang_up(p); return;
    case 4: ble_notify(p, 0, span_of(bytes, how)); return;
    case 5: ble_set_rssi(p, (int8_t)(how & 0x7F)); return;
    case 6: hci_controller_unplug(f->c); return;
    case 7: pass(f, (uint64_t)how * 50000); return;
    }
}

static void start(struct fuzz *f)
{
    const struct hci_controller_host host = {&f->clock.clock, take_packet, wake_at, f};
    struct ble_traits t = {
        .address = {0xC8, 0x47, 0x8C, 0x12, 0x34, 0x56},
        .name = "JK",
        .advertised = {0xFFE0},
        .interval_us = 100000,
        .supervision_us = 2000000,
        .mtu = 247,
        .n = 1,
        .services = {{.uuid = 0xFFE0,
                      .handle = 0x0008,
                      .n = 1,
                      .characteristics = {{.uuid = 0xFFE1,
                                           .handle = 0x000A,
                                           .properties = BLE_WRITE_COMMAND | BLE_NOTIFY}}}},
    };

    f->wake_us = NEVER_US;
    manual_clock_init(&f->clock, 1000000, 0);
    must(hci_controller_new(&host, &f->c) == ERR_OK);
    for (unsigned i = 0; i < BATTERIES; i++) {
        const struct ble_handler handler = {.connected = on_connected,
                                            .disconnected = on_disconnected,
                                            .mtu = on_mtu,
                                            .subscribed = on_subscribed,
                                            .written = on_written,
                                            .ctx = &f->battery[i]};
        t.address[5] = (uint8_t)(0x56 + i);
        t.asks_mtu = i == 1;
        must(hci_controller_add(f->c, &t, &handler, &f->battery[i].p) == ERR_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = span_of(data, size);
    struct fuzz f = {0};
    uint8_t head, how;

    start(&f);
    while (rd_u8(&rest, &head)) {
        if (head >= FIRST_EVENT && rd_u8(&rest, &how)) {
            befall(&f, head, how);
            continue;
        }
        hci_controller_take(f.c, span_sub(rest, 0, head));
        rest = span_sub(rest, head, SIZE_MAX);
    }
    pass(&f, 10000000);
    for (unsigned i = 0; i < BATTERIES; i++)
        ble_peripheral_delete(f.battery[i].p);
    hci_controller_delete(f.c);
    return 0;
}
