/* SPDX-License-Identifier: Apache-2.0
 *
 * Any frames at any time into the source `pylon-can`. Invariants: what is published has all that a
 * reading needs and is possible; its age is that of a frame that really came; while sets do not
 * come whole no limit rises; nothing but the keep-alive is sent; deadlines lie ahead.
 *
 * Input: two bytes of configuration, then records of four bytes and the data: time since the last
 * one, length and kind, id (two bytes).
 */
#include <stdlib.h>
#include <string.h>

#include "bridge/source/pylon_can_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
    struct pylon_can_source can;
    struct source source;
    uint64_t now_us;
    bool keepalive;
    bool told;
    struct battery battery;
};

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void check(struct world *w, const struct battery *b)
{
    must(b->updated_us != 0 && b->updated_us <= w->now_us);
    must(battery_knows(b, FIELD_CVL | FIELD_CCL | FIELD_DCL | FIELD_SOC_PM | FIELD_PACK_MV |
                              FIELD_CURRENT_MA));
    must(b->ccl_ma >= 0 && b->dcl_ma >= 0 && b->cvl_mv >= 20000 && b->cvl_mv <= 63000);
    must(b->soc_pm >= 0 && b->soc_pm <= 1000);
    must(b->pack_mv >= 18000 && b->pack_mv <= 64000);
    if (w->told) {
        must(b->updated_us >= w->battery.updated_us);
        if (!pylon_can_set_whole(&w->can.set, w->now_us)) {
            must(b->ccl_ma <= w->battery.ccl_ma && b->dcl_ma <= w->battery.dcl_ma);
            must(b->pack_mv == w->battery.pack_mv && b->soc_pm == w->battery.soc_pm);
        }
    }
    w->battery = *b;
    w->told = true;
}

static void settle(struct world *w)
{
    struct battery b;
    struct can_msg msg;
    unsigned index = 0;

    while (w->source.ops->take_battery(&w->can, &index, &b)) {
        must(index == 0);
        check(w, &b);
    }
    while (w->source.ops->take_frame(&w->can, &msg))
        must(w->keepalive && (msg.id == 0x305 || msg.id == 0x301) && msg.dlc == 8);
    must(w->source.ops->present(&w->can) <= 1);
    must(w->source.ops->next_deadline(&w->can) > w->now_us);
}

static void run_until(struct world *w, uint64_t end_us)
{
    for (;;) {
        uint64_t next_us = w->source.ops->next_deadline(&w->can);
        if (next_us > end_us)
            break;
        w->now_us = next_us;
        w->source.ops->deadline(&w->can, next_us);
        settle(w);
    }
    w->now_us = end_us;
}

/* 0xF0.. of the kind: the bus goes and comes back. */
static void reopen(struct world *w)
{
    w->source.ops->closed(&w->can, w->now_us);
    settle(w);
    w->source.ops->opened(&w->can, w->now_us);
    w->source.ops->deadline(&w->can, w->now_us);
    settle(w);
}

static bool take_record(struct span *in, struct world *w)
{
    uint8_t gap = 0, kind = 0;
    uint16_t id = 0;

    if (!rd_u8(in, &gap) || !rd_u8(in, &kind) || !rd_u16be(in, &id))
        return false;
    run_until(w, w->now_us + gap * 20 * US_PER_MS);
    if (kind >= 0xF0) {
        reopen(w);
        return true;
    }
    struct can_msg msg = {.id = id & 0x7FF,
                          .dlc = kind % 9,
                          .extended = (id & 0x8000) != 0,
                          .remote = (id & 0x4000) != 0,
                          .error = (id & 0x2000) != 0};
    for (size_t i = 0; i < msg.dlc; i++) {
        if (!rd_u8(in, &msg.data[i]))
            return false;
    }
    w->source.ops->frame(&w->can, &msg, w->now_us);
    settle(w);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pylon_can_source_config config = {.name = "fuzz"};
    struct span in = span_of(data, size);
    uint8_t dialect = 0, rest = 0;
    size_t n = 0;

    if (!rd_u8(&in, &dialect) || !rd_u8(&in, &rest))
        return 0;
    while (pylon_can_names()[n] != NULL)
        n++;
    if (dialect % (n + 1) < n)
        config.dialect = pylon_can_find(pylon_can_names()[dialect % (n + 1)]);
    config.keepalive_us = (rest & 1) != 0 ? US_PER_S : 0;
    config.n_without = (rest & 2) != 0 ? 1 : 0;
    config.without[0] = (rest & 4) != 0 ? 0x35A : 0x351;
    struct world w = {.now_us = US_PER_S, .keepalive = config.keepalive_us != 0};
    pylon_can_source_init(&w.can, &config, NULL);
    w.source = pylon_can_as_source(&w.can);
    reopen(&w);
    while (take_record(&in, &w))
        continue;
    return 0;
}
