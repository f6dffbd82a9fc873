/* SPDX-License-Identifier: Apache-2.0
 *
 * What the frames of the pack bus say about a unit. All of its packs have the wide layout.
 */
#include "bridge/source/jk_bus_source.h"

/* Silent for so long, a unit may come back as another pack. */
static const uint64_t forget_us = 60 * US_PER_S;

static bool take_cells(struct jk_bus_source *s, uint8_t unit, struct span frame, uint64_t now_us)
{
    struct jk_cells cells;
    const char *why = "it has another shape";
    enum jk_verdict verdict = JK_REFUSED;

    if (jk_cells_decode(frame, JK02_32S, &cells).code == ERR_OK)
        verdict = jk_pack_cells(&s->packs[unit].pack, &s->config.caps, &cells, now_us, &why);
    switch (verdict) {
    case JK_TAKEN: return false;
    case JK_WAITING:
        jk_bus_trouble(s, JK_BUS_T_WAITING, unit, now_us, "not published: %s", why);
        return false;
    case JK_DOUBTED:
        jk_bus_trouble(s, JK_BUS_T_DOUBTED, unit, now_us, "a second reading is needed: %s", why);
        return true;
    case JK_REFUSED:
        jk_bus_trouble(s, JK_BUS_T_IMPLAUSIBLE, unit, now_us, "not used: %s", why);
        return false;
    }
    return false;
}

static void take_settings(struct jk_bus_source *s, uint8_t unit, struct span frame, uint64_t now_us)
{
    struct jk_settings settings;

    if (jk_settings_decode(frame, JK02_32S, &settings).code != ERR_OK ||
        jk_pack_settings(&s->packs[unit].pack, &s->config.caps, &settings, now_us) != ERR_OK)
        jk_bus_trouble(s, JK_BUS_T_IMPLAUSIBLE, unit, now_us,
                       "settings not used: they cannot be true");
}

static void take_info(struct jk_bus_source *s, uint8_t unit, struct span frame, uint64_t now_us)
{
    struct jk_pack *p = &s->packs[unit].pack;
    bool first = !battery_knows(&p->base, FIELD_FIRMWARE);
    struct jk_info info;

    if (jk_info_decode(frame, &info).code != ERR_OK)
        return;
    if (!jk_pack_info(p, &info)) {
        jk_bus_trouble(s, JK_BUS_T_OTHER_PACK, unit, now_us,
                       "another serial number: two packs with this address, or an exchanged one");
        jk_units_again(&s->units, unit, JK_ASK_SETTINGS, now_us);
    }
    if (first)
        log_msg(s->log, LOG_INFO, "source", "battery=%s unit=%u model=%s firmware=%s serial=%s",
                s->config.name, unit, p->base.model, p->base.firmware, p->base.serial);
}

bool jk_bus_take_record(struct jk_bus_source *s, uint8_t unit, enum jk_type type, struct span frame,
                        uint64_t now_us)
{
    struct jk_bus_pack *p = &s->packs[unit];

    if (p->heard_us != 0 && now_us - p->heard_us > forget_us + 3 * s->config.units.poll_us)
        jk_pack_reset(&p->pack);
    p->heard_us = now_us;
    switch (type) {
    case JK_CELLS: return take_cells(s, unit, frame, now_us);
    case JK_SETTINGS: take_settings(s, unit, frame, now_us); return false;
    case JK_INFO: take_info(s, unit, frame, now_us); return false;
    case JK_LOG: return false;
    }
    return false;
}
