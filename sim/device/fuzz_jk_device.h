/* SPDX-License-Identifier: Apache-2.0
 *
 * What the fuzz targets of the JK devices share: a host that holds every answer against what would
 * be rendered, two packs, time, and input that is cut into pieces with pauses. The input: pieces of
 * (pause in 0.5 ms, mode and length, bytes).
 */
#ifndef SIM_DEVICE_FUZZ_JK_DEVICE_H
#define SIM_DEVICE_FUZZ_JK_DEVICE_H

#include <stdlib.h>

#include "base/span.h"
#include "sim/device/device.h"

struct fuzz {
    struct device *device;
    struct stack stack;
    uint64_t now_us;
    size_t replies;
};

static inline void must(bool ok)
{
    if (!ok)
        abort();
}

static void give_stack(void *ctx, struct stack *ret)
{
    struct fuzz *f = ctx;

    f->stack.now_us = f->now_us;
    *ret = f->stack;
}

static void take_reply(void *ctx, const struct device_reply *r)
{
    struct fuzz *f = ctx;
    uint8_t memory[1024];
    struct buf out = buf_of(memory, sizeof memory);

    f->replies++;
    must(r->bytes.n > 0 && r->bytes.n <= 512);
    if (r->kind != DEVICE_ANSWER || !r->whole)
        return;
    f->stack.now_us = f->now_us;
    must(f->device->ops->render(f->device, r->command, &f->stack, &out) == ERR_OK);
    must(span_eq(buf_span(&out), r->bytes));
}

static void take_note(void *ctx, const char *kind, const char *text)
{
    (void)ctx;
    must(kind[0] != '\0' && text != NULL);
}

static void take_baud(void *ctx, uint32_t baud)
{
    (void)ctx;
    must(baud != 0);
}

/* Time passes; the device is never due for ever. */
static inline void pass(struct fuzz *f, uint64_t us)
{
    uint64_t end_us = f->now_us + us;

    for (unsigned served = 0;; served++) {
        uint64_t next = f->device->ops->next_deadline(f->device);
        if (next > end_us)
            break;
        must(served < 10000);
        if (next > f->now_us)
            f->now_us = next;
        f->device->ops->on_deadline(f->device, f->now_us);
    }
    f->now_us = end_us;
}

static inline void fill(struct fuzz *f, const char *product)
{
    for (unsigned i = 0; i < 2; i++) {
        struct stack_module *m = &f->stack.module[i];
        m->present = true;
        m->product = product_find(product);
        m->rated_mah = m->product->capacity_mah;
        m->battery.cell_count = m->product->cells;
        m->battery.pack_mv = 3300 * m->product->cells;
        m->battery.current_ma = -100000 * (int32_t)(i + 1);
        for (unsigned k = 0; k < m->battery.cell_count; k++)
            m->battery.cell_mv[k] = 3300;
        span_to_str(span_str(m->product->main_version), m->battery.firmware,
                    sizeof m->battery.firmware);
    }
}

static inline struct device_host host_of(struct fuzz *f)
{
    return (struct device_host){
        .stack = give_stack, .reply = take_reply, .note = take_note, .baud = take_baud, .ctx = f};
}

/* Plays the pieces; `wrap` may make a telegram of a piece (mode 1), which else goes as it is. */
static inline void play(struct fuzz *f, struct span input,
                        void (*wrap)(struct span piece, struct buf *out))
{
    uint8_t pause, mode;

    while (rd_u8(&input, &pause) && rd_u8(&input, &mode)) {
        uint8_t memory[600];
        struct buf out = buf_of(memory, sizeof memory);
        struct span piece = span_sub(input, 0, mode & 0x7F);
        rd_skip(&input, piece.n);
        pass(f, pause * UINT64_C(500));
        if ((mode & 0x80) != 0)
            wrap(piece, &out);
        else
            buf_put(&out, piece);
        f->device->ops->on_bytes(f->device, buf_span(&out), f->now_us);
    }
    pass(f, 5 * US_PER_S);
}

#endif
