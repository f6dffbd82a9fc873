/* SPDX-License-Identifier: Apache-2.0
 *
 * Anything typed at the console of every product: the first byte picks the product and the session,
 * the rest comes over the wire. Looks for crashes, for answers that never end, and for a prompt
 * that does not come back after Enter.
 */
#include <stdlib.h>

#include "sim/device/console_knobs.h"
#include "sim/device/device.h"

struct fuzz {
    struct stack stack;
    size_t said;
    bool ends_in_prompt;
};

static void give_stack(void *ctx, struct stack *ret)
{
    *ret = ((const struct fuzz *)ctx)->stack;
}

static void take_reply(void *ctx, const struct device_reply *r)
{
    struct fuzz *f = ctx;
    f->said += r->bytes.n;
    f->ends_in_prompt = span_ends(r->bytes, ">");
}

static void take_note(void *ctx, const char *kind, const char *text)
{
    (void)ctx;
    if (kind[0] == '\0' || text == NULL)
        abort();
}

static void take_baud(void *ctx, uint32_t baud)
{
    (void)ctx;
    if (baud == 0)
        abort();
}

static void fill(struct stack *stack, const char *product)
{
    for (unsigned i = 0; i < 3; i += 2) {
        struct stack_module *m = &stack->module[i];
        m->present = true;
        m->product = product_find(product);
        m->rated_mah = m->product->capacity_mah;
        m->battery.cell_count = m->product->cells;
        m->battery.soc_pm = 1070;
        m->battery.current_ma = -100000;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const products[] = {"pylontech.us2000c", "pylontech.us2000b-plus",
                                           "pylontech.us3000d", "pylontech.us5000-v2",
                                           "pylontech.us3000c", "pytes.e-box-48100v"};
    struct fuzz *f = calloc(1, sizeof *f);
    struct sim_config config;
    struct device *device;

    if (f == NULL || size == 0) {
        free(f);
        return 0;
    }
    const struct device_host host = {
        .stack = give_stack, .reply = take_reply, .note = take_note, .baud = take_baud, .ctx = f};
    sim_config_init(&config);
    console_knobs(&config)->debug = (data[0] & 0x80u) != 0;
    console_knobs(&config)->start_frame_mode = (data[0] & 0x40u) != 0;
    console_knobs(&config)->pager = (data[0] & 0x20u) == 0;
    fill(&f->stack, products[(data[0] & 0x1Fu) % 6]);
    if (device_new(&config, &host, &device) == ERR_OK) {
        device->ops->power_up(device, 0);
        device->ops->on_bytes(device, span_of(data + 1, size - 1), 0);
        if (f->said > (size + 1) * DEVICE_REPLY_MAX)
            abort();
        if (!console_knobs(&config)->start_frame_mode) {
            /* ends the line, leaves a pager that it opened, is a line of its own otherwise */
            device->ops->on_bytes(device, SPAN_LIT("\rqq\r\r"), 0);
            if (!f->ends_in_prompt)
                abort();
        }
        device_delete(device);
    }
    free(f);
    return 0;
}
