/* SPDX-License-Identifier: Apache-2.0
 *
 * The input as a stream of both directions, whole and byte by byte: the same telegrams; each
 * decodes or has a reason, and is written back to the same bytes. Data of writes and answers goes
 * into the register blocks and from there to a battery.
 */
#include <stdlib.h>

#include "proto/jk_modbus/jk_modbus.h"
#include "proto/jk_modbus/jk_registers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

struct world {
    struct jk_registers blocks[3];
    struct battery battery;
};

static void store(struct world *w, uint16_t address, struct span data)
{
    for (size_t i = 0; i < 3; i++) {
        if (jk_registers_put(&w->blocks[i], address, data) != ERR_OK)
            continue;
        uint8_t again[2 * JK_MODBUS_READ_WORDS];
        must(jk_registers_get(&w->blocks[i], address, (uint16_t)(data.n / 2), again) == ERR_OK);
        must(span_eq(span_of(again, data.n), data));
        jk_registers_to_battery(&w->blocks[i], &w->battery);
    }
}

static void on_request(struct world *w, struct span telegram)
{
    uint8_t memory[JK_MODBUS_MAX];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_modbus_request q;
    struct decoded d = jk_modbus_request_decode(telegram, &q);

    must(d.code == ERR_OK || d.code == ERR_UNSUPPORTED || d.code == ERR_RANGE);
    if (d.code != ERR_OK)
        return;
    must(jk_modbus_request_encode(&q, &out) == ERR_OK);
    must(span_eq(buf_span(&out), telegram));
    if (q.function == JK_MODBUS_WRITE)
        store(w, q.address, span_of(q.data, 2 * (size_t)q.words));
}

static void on_reply(struct world *w, const struct jk_modbus_request *asked, struct span telegram)
{
    uint8_t memory[JK_MODBUS_MAX];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_modbus_reply r;
    struct decoded d = jk_modbus_reply_decode(telegram, asked, &r);

    must(d.code == ERR_OK || d.code == ERR_RANGE);
    if (d.code != ERR_OK)
        return;
    must(jk_modbus_reply_encode(&r, &out) == ERR_OK);
    must(span_eq(buf_span(&out), telegram));
    if (asked->function == JK_MODBUS_READ && r.refused == JK_MODBUS_OK)
        store(w, asked->address, span_of(r.data, 2 * (size_t)r.words));
}

static uint64_t hear(struct world *w, const struct jk_modbus_request *asked, struct span in,
                     size_t chunk)
{
    struct jk_modbus_reader r = {0};
    uint64_t sum = 0;

    for (size_t at = 0; at < in.n; at += chunk) {
        struct span rest = span_sub(in, at, chunk);
        for (;;) {
            size_t used = 0;
            enum jk_modbus_event event = asked == NULL
                                             ? jk_modbus_feed_requests(&r, rest, &used)
                                             : jk_modbus_feed_replies(&r, asked, rest, &used);
            rest = span_sub(rest, used, rest.n);
            if (event == JK_MODBUS_MORE)
                break;
            struct span got = jk_modbus_got(&r);
            sum = sum * 31 + got.p[got.n - 1] + got.n;
            if (asked == NULL)
                on_request(w, got);
            else
                on_reply(w, asked, got);
        }
        must(rest.n == 0);
    }
    return sum * 31 + r.junk;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct jk_modbus_request read = {1, JK_MODBUS_READ, 0x1200, 2, {0}};
    const struct jk_modbus_request write = {1, JK_MODBUS_WRITE, 0x1078, 2, {0}};
    const struct jk_modbus_request *const asked[] = {NULL, &read, &write};
    struct span in = span_of(data, size);
    struct world w;

    battery_clear(&w.battery);
    jk_registers_clear(&w.blocks[0], JK_REG_SETTINGS);
    jk_registers_clear(&w.blocks[1], JK_REG_STATUS);
    jk_registers_clear(&w.blocks[2], JK_REG_INFO);
    for (size_t i = 0; size > 0 && i < 3; i++)
        must(hear(&w, asked[i], in, size) == hear(&w, asked[i], in, 1));
    /* the bytes themselves as a block */
    for (size_t i = 0; i < 3; i++)
        store(&w, w.blocks[i].base, span_sub(in, 0, size < 246 ? size & ~(size_t)1 : 246));
    return 0;
}
