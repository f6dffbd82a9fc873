/* SPDX-License-Identifier: Apache-2.0
 *
 * What the registers of a JK-PB pack say, once all steps of a question were answered.
 */
#include "bridge/source/jk_modbus_source.h"

static void on_verdict(struct jk_modbus_source *s, enum jk_verdict verdict, const char *why,
                       uint64_t now_us)
{
    struct jk_modbus_pack *p = &s->packs[s->unit];

    switch (verdict) {
    case JK_TAKEN: p->repeated = false; return;
    case JK_WAITING:
        jk_modbus_trouble(s, JK_MODBUS_WAITING, now_us, "not published: %s", why);
        return;
    case JK_DOUBTED:
        jk_modbus_trouble(s, JK_MODBUS_DOUBTED, now_us, "asked again: %s", why);
        if (!p->repeated)
            jk_units_again(&s->units, s->unit, JK_ASK_CELLS, now_us);
        p->repeated = !p->repeated;
        return;
    case JK_REFUSED:
        jk_modbus_trouble(s, JK_MODBUS_IMPLAUSIBLE, now_us, "not used: %s", why);
        return;
    }
}

static void take_cells(struct jk_modbus_source *s, uint64_t now_us)
{
    struct jk_modbus_pack *p = &s->packs[s->unit];
    struct battery reading = p->pack.base;
    enum jk_verdict verdict = JK_REFUSED;
    const char *why = "it is not complete";

    if (jk_registers_to_battery(&s->block, &reading) == ERR_OK) {
        verdict = jk_pack_offer(&p->pack, &s->config.caps, &reading, now_us, &why);
    } else {
        struct jk_cells cells;
        jk_cells_from_body(s->block.bytes, JK02_32S, JK_BIG, &cells);
        jk_cells_plausible(&cells, &why);
    }
    on_verdict(s, verdict, why, now_us);
}

static void take_settings(struct jk_modbus_source *s, uint64_t now_us)
{
    struct jk_modbus_pack *p = &s->packs[s->unit];
    struct jk_settings settings;

    jk_settings_from_body(s->block.bytes, JK02_32S, JK_BIG, &settings);
    if (jk_pack_settings(&p->pack, &s->config.caps, &settings, now_us) != ERR_OK)
        jk_modbus_trouble(s, JK_MODBUS_IMPLAUSIBLE, now_us,
                          "settings not used: they cannot be true");
}

static void take_info(struct jk_modbus_source *s, uint64_t now_us)
{
    struct jk_modbus_pack *p = &s->packs[s->unit];
    struct battery known = p->pack.base;
    bool first = !battery_knows(&known, FIELD_FIRMWARE);

    if (jk_registers_to_battery(&s->block, &known) != ERR_OK)
        return;
    if (!jk_pack_identity(&p->pack, &known)) {
        jk_modbus_trouble(
            s, JK_MODBUS_OTHER_PACK, now_us,
            "another serial number: two packs with this address, or an exchanged one");
        jk_units_again(&s->units, s->unit, JK_ASK_SETTINGS, now_us);
    }
    if (first)
        log_msg(s->log, LOG_INFO, "source", "battery=%s unit=%u model=%s firmware=%s serial=%s",
                s->config.name, s->unit, known.model, known.firmware, known.serial);
}

void jk_modbus_take_block(struct jk_modbus_source *s, uint64_t now_us)
{
    switch (s->ask) {
    case JK_ASK_CELLS: take_cells(s, now_us); break;
    case JK_ASK_SETTINGS: take_settings(s, now_us); break;
    case JK_ASK_INFO: take_info(s, now_us); break;
    case JK_ASKS: break;
    }
}
