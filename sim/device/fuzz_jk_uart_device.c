/* SPDX-License-Identifier: Apache-2.0
 *
 * Anything sent to a JK BMS on its UART. The first byte chooses quirks; a piece may be made a frame
 * (command, then data).
 */
#include "sim/device/fuzz_jk_device.h"

#include "proto/jk_uart/jk_uart.h"
#include "sim/device/jk_uart_knobs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void make_frame(struct span piece, struct buf *out)
{
    struct jk_uart_frame frame = {.source = JK_UART_PC};

    if (rd_u8(&piece, &frame.command)) {
        frame.data = piece;
        jk_uart_frame_encode(&frame, out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const products[] = {"jk.b2a20s20p", "jk.b2a24s20p", "jk.b2a8s20p",
                                           "jk.b2a16s"};
    struct fuzz *f = calloc(1, sizeof *f);
    struct sim_config config;

    if (f == NULL || size == 0) {
        free(f);
        return 0;
    }
    const struct device_host host = host_of(f);
    sim_config_init(&config);
    config.kind = &jk_uart_kind;
    jk_uart_kind.defaults(config.knobs);
    jk_uart_knobs(&config)->tokens = (enum jk_uart_tokens)((data[0] >> 2 & 3) % 3);
    jk_uart_knobs(&config)->asleep = (data[0] & 0x10) != 0;
    jk_uart_knobs(&config)->unknown_token = (data[0] & 0x20) != 0;
    jk_uart_knobs(&config)->least_gap_us = (data[0] & 0x40) != 0 ? 100 * US_PER_MS : 0;
    config.battery[0].used = true;
    fill(f, products[data[0] & 3]);
    if (device_new(&config, &host, &f->device) == ERR_OK) {
        f->device->ops->power_up(f->device, 0);
        play(f, span_of(data + 1, size - 1), make_frame);
        device_delete(f->device);
    }
    free(f);
    return 0;
}
