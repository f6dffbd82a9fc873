/* SPDX-License-Identifier: Apache-2.0
 *
 * The input as a stream, whole and byte by byte: the same events. With pauses that the input
 * chooses nothing may be held for ever.
 */
#include <stdlib.h>

#include "proto/jk_bus/jk_bus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static uint64_t on_event(enum jk_bus_event event, const struct jk_bus_heard *heard)
{
    enum jk_type type;

    must(heard->unit < JK_BUS_UNITS);
    if (event == JK_BUS_FRAME) {
        must(jk_frame_check(heard->frame, &type).code == ERR_OK && type == heard->type);
        must(heard->identity != JK_BUS_BY_NOBODY || heard->unit == 0);
        must(!heard->asked || heard->asked_unit < JK_BUS_UNITS);
    }
    return (uint64_t)event * 1000 + heard->unit * 10u + (uint64_t)heard->identity;
}

static uint64_t finish(struct jk_bus *bus, struct jk_bus_cycle *cycle, uint64_t now_us)
{
    struct jk_bus_heard heard;
    enum jk_bus_event event;
    uint64_t sum = 0;

    while (jk_bus_deadline(bus) != UINT64_MAX) {
        uint64_t deadline = jk_bus_deadline(bus);
        now_us = deadline > now_us ? deadline : now_us;
        while ((event = jk_bus_expire(bus, now_us, &heard)) != JK_BUS_MORE) {
            sum = sum * 31 + on_event(event, &heard);
            jk_bus_cycle_note(cycle, event, &heard, now_us);
        }
        must(jk_bus_deadline(bus) > now_us);
    }
    must(bus->n == 0 && !bus->pending);
    return sum;
}

/* `pauses`: each byte of the input also says how long it waits. */
static uint64_t hear(struct span in, size_t chunk, bool pauses)
{
    struct jk_bus bus = {0};
    struct jk_bus_cycle cycle = {0};
    uint64_t now_us = 1;
    uint64_t sum = 0;

    for (size_t at = 0; at < in.n; at += chunk) {
        struct span rest = span_sub(in, at, chunk);
        for (;;) {
            size_t used = 0;
            struct jk_bus_heard heard;
            enum jk_bus_event event = jk_bus_feed(&bus, rest, now_us, &used, &heard);
            rest = span_sub(rest, used, rest.n);
            if (event == JK_BUS_MORE)
                break;
            sum = sum * 31 + on_event(event, &heard);
            jk_bus_cycle_note(&cycle, event, &heard, now_us);
        }
        must(rest.n == 0 && bus.n < JK_FRAME);
        now_us += pauses && in.p[at] > 250 ? (uint64_t)in.p[at] * 400 : 0;
    }
    must((jk_bus_cycle_present(&cycle, now_us) >> JK_BUS_UNITS) == 0);
    return sum * 31 + finish(&bus, &cycle, now_us) + bus.junk;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_of(data, size);

    if (size == 0)
        return 0;
    must(hear(in, size, false) == hear(in, 1, false));
    hear(in, 1, true);
    return 0;
}
