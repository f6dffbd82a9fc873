/* SPDX-License-Identifier: Apache-2.0
 *
 * Anything sent to JK-PB packs on RS485. The first byte chooses quirks; a piece may get its CRC.
 */
#include "sim/device/fuzz_jk_device.h"

#include "proto/jk_modbus/jk_modbus.h"
#include "sim/device/jk_pb_knobs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_crc(struct span piece, struct buf *out)
{
    buf_put(out, piece);
    buf_u16le(out, jk_modbus_crc(piece));
}

static void choose(struct sim_config *config, uint8_t quirks)
{
    struct sim_jk_pb *k;

    config->kind = &jk_bus_kind;
    jk_bus_kind.defaults(config->knobs);
    k = jk_pb_knobs(config);
    k->framing = (enum jk_framing)((quirks & 3) % 3);
    k->cold_bus = (enum jk_cold_bus)((quirks >> 2 & 3) % 3);
    k->form_310 = (quirks & 0x10) != 0;
    k->recovery_us = (quirks & 0x20) != 0 ? US_PER_S : 0;
    if ((quirks & 0x40) != 0 && k->framing != JK_FRAMING_TCP) { /* a master and unit 1 */
        k->n_addresses = 2;
        k->address[1] = 1;
    }
    k->ack = (quirks & 0x80) != 0 ? JK_ACK_FIRST : JK_ACK_BEHIND;
    config->battery[0].used = config->battery[1].used = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz *f = calloc(1, sizeof *f);
    struct sim_config config;

    if (f == NULL || size == 0) {
        free(f);
        return 0;
    }
    const struct device_host host = host_of(f);
    sim_config_init(&config);
    choose(&config, data[0]);
    fill(f, "jk.pb2a16s20p");
    if (device_new(&config, &host, &f->device) == ERR_OK) {
        f->device->ops->power_up(f->device, 0);
        play(f, span_of(data + 1, size - 1), add_crc);
        device_delete(f->device);
    }
    free(f);
    return 0;
}
