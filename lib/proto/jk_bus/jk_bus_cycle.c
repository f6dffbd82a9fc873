/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is on the bus, and does somebody else poll it?
 */
#include "proto/jk_bus/jk_bus.h"

static void on_asked(struct jk_bus_cycle *cycle, const struct jk_bus_heard *heard, bool foreign,
                     uint64_t now_us)
{
    struct jk_bus_unit *unit = &cycle->units[heard->unit % JK_BUS_UNITS];

    if (foreign)
        cycle->foreign_us = now_us;
    if (heard->type != JK_CELLS)
        return;
    if (foreign && unit->asked > 0)
        cycle->period_us = now_us - unit->asked_us;
    unit->asked_us = now_us;
    unit->asked++;
    unit->unanswered++;
}

static void on_frame(struct jk_bus_cycle *cycle, const struct jk_bus_heard *heard, uint64_t now_us)
{
    struct jk_bus_unit *unit = &cycle->units[heard->unit % JK_BUS_UNITS];

    if (heard->identity == JK_BUS_BY_NOBODY &&
        (heard->asked || !jk_bus_cycle_has_master(cycle, now_us)))
        return;
    cycle->strangers += heard->asked && heard->asked_unit != heard->unit;
    unit->heard_us = now_us;
    unit->frames++;
    if (heard->type == JK_CELLS)
        unit->unanswered = 0;
}

void jk_bus_cycle_note(struct jk_bus_cycle *cycle, enum jk_bus_event event,
                       const struct jk_bus_heard *heard, uint64_t now_us)
{
    switch (event) {
    case JK_BUS_MORE:
    case JK_BUS_ACK: break;
    case JK_BUS_REQUEST: on_asked(cycle, heard, true, now_us); break;
    case JK_BUS_ECHO: on_asked(cycle, heard, false, now_us); break;
    case JK_BUS_FRAME: on_frame(cycle, heard, now_us); break;
    }
}

bool jk_bus_cycle_has_master(const struct jk_bus_cycle *cycle, uint64_t now_us)
{
    return cycle->foreign_us != 0 && now_us - cycle->foreign_us <= JK_BUS_MASTER_US;
}

uint32_t jk_bus_cycle_present(const struct jk_bus_cycle *cycle, uint64_t now_us)
{
    uint32_t present = 0;

    for (unsigned i = 0; i < JK_BUS_UNITS; i++) {
        const struct jk_bus_unit *unit = &cycle->units[i];
        if (unit->heard_us != 0 && now_us - unit->heard_us <= JK_BUS_PRESENT_US)
            present |= 1u << i;
    }
    return present;
}
