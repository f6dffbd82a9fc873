/* SPDX-License-Identifier: Apache-2.0
 *
 * Any ACL fragments from a central into L2CAP and ATT: every frame that leaves is whole, an answer
 * on ATT no longer than the MTU, and what the battery is told is of a characteristic that it has.
 * The input: the module's MTU (by the first byte), then fragments of (first in bit 7 and length,
 * bytes); length 127 is a notification of so many bytes as the next one says.
 */
#include <stdlib.h>

#include "sim/ble/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz {
    struct ble_link link;
    struct att_table table;
};

static void must(bool ok)
{
    if (!ok)
        abort();
}

static enum err take_frame(void *ctx, struct span frame)
{
    const struct fuzz *f = ctx;
    uint16_t n = 0, channel = 0;

    must(rd_u16le(&frame, &n) && rd_u16le(&frame, &channel) && n == frame.n && n > 0);
    must(channel == L2CAP_ATT || channel == L2CAP_SIGNALLING || channel == L2CAP_SECURITY);
    must(channel != L2CAP_ATT || n <= f->link.att.mtu);
    return ERR_OK;
}

static void on_link(void *ctx)
{
    (void)ctx;
}

static void on_end(void *ctx, enum ble_end why)
{
    (void)ctx;
    (void)why;
}

static void on_mtu(void *ctx, uint16_t mtu)
{
    (void)ctx;
    must(mtu >= BLE_MTU_MIN && mtu <= BLE_MTU_MAX);
}

static void on_subscribed(void *ctx, unsigned characteristic, bool on)
{
    (void)ctx;
    (void)on;
    must(characteristic == 1);
}

static void on_written(void *ctx, unsigned characteristic, struct span bytes)
{
    (void)ctx;
    must(characteristic < 2 && bytes.n <= ATT_VALUE_MAX);
}

static const struct ble_traits traits = {
    .name = "JK-BD6A17S6P",
    .asks_mtu = true,
    .n = 1,
    .services = {{.uuid = 0xFFE0,
                  .handle = 0x000E,
                  .n = 2,
                  .characteristics = {{.uuid = 0xFFE2,
                                       .handle = 0x0010,
                                       .properties = BLE_WRITE_COMMAND | BLE_READ},
                                      {.uuid = 0xFFE1,
                                       .handle = 0x0012,
                                       .properties = BLE_WRITE_COMMAND | BLE_WRITE | BLE_NOTIFY}}}},
};

static void start(struct fuzz *f, uint8_t choice)
{
    static const uint16_t mtus[] = {23, 131, 247, 517};
    static const struct ble_handler handler = {.connected = on_link,
                                               .disconnected = on_end,
                                               .mtu = on_mtu,
                                               .subscribed = on_subscribed,
                                               .written = on_written};
    const struct ble_link_port port = {take_frame, f};
    struct ble_traits t = traits;

    t.mtu = mtus[choice % 4];
    t.services[0].characteristics[0].value = SPAN_LIT("0123456789abcdefghijklmnopqrstuvwxyz");
    must(att_table_init(&f->table, &t) == ERR_OK);
    ble_link_open(&f->link, &port, &f->table, &handler);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = span_of(data, size);
    uint8_t zeros[UINT8_MAX] = {0};
    struct fuzz f = {0};
    uint8_t head, n;

    if (!rd_u8(&rest, &head))
        return 0;
    f.link.att.mtu = BLE_MTU_MIN;
    start(&f, head);
    while (rd_u8(&rest, &head)) {
        n = head & 0x7F;
        if (n == 0x7F && rd_u8(&rest, &n)) {
            ble_link_notify(&f.link, head >> 7, span_of(zeros, n));
            continue;
        }
        ble_link_take(&f.link, (head & 0x80) != 0, span_sub(rest, 0, n));
        rest = span_sub(rest, n, SIZE_MAX);
    }
    return 0;
}
