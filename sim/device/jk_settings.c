/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of a simulated JK BMS: from its product, from the limits of the model (so that a
 * scenario can set ccl, dcl, cvl and dvl), and from what was written; see jk_state.h.
 */
#include <string.h>

#include "sim/device/jk_state_private.h"

/* ---- what was written ---- */

void jk_written_apply(const struct jk_written *written, uint8_t *body)
{
    for (size_t i = 0; i < JK_BODY; i++) {
        if ((written->groups[i / 32] >> i / 4 % 8 & 1) != 0)
            body[i] = written->body[i];
    }
}

void jk_written_keep(struct jk_written *written, const uint8_t *before, const uint8_t *after,
                     size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (before[i] == after[i])
            continue;
        size_t group = i / 4;
        written->groups[group / 8] |= (uint8_t)(1u << group % 8);
        for (size_t k = 4 * group; k < 4 * group + 4 && k < JK_BODY; k++)
            written->body[k] = after[k];
    }
}

bool jk_parse_mask(const char *text, uint64_t *ret)
{
    struct span s = span_str(text);

    return span_starts(s, "0x") && parse_hex(span_sub(s, 2, s.n), UINT32_MAX, ret);
}

uint8_t jk_chemistry(uint32_t cell_ovp_mv)
{
    if (cell_ovp_mv >= 3900)
        return 1;
    return cell_ovp_mv < 3100 ? 2 : 0;
}

/* ---- records ---- */

static const struct stack_module *module_of(const struct jk_scene *s)
{
    return &s->stack->module[s->module];
}

/* A pack's limit as a setting of one cell, held at what a cell can be. */
static uint32_t per_cell(int32_t pack_mv, unsigned cells)
{
    return (uint32_t)clamp_i64(div_round(pack_mv, cells > 0 ? cells : 1), 0, 5000);
}

/* While a protection stops the pack the model's limit is 0; the setting stays what it was. */
static uint32_t current_setting(int32_t limit_ma, int32_t product_ma, bool enabled)
{
    return (uint32_t)(limit_ma == 0 && !enabled ? product_ma : limit_ma);
}

static void fill_voltages(const struct stack_module *m, const struct jk_traits *t,
                          struct jk_settings *s)
{
    const struct owner_limits *o = m->product->owner;
    const struct battery *b = &m->battery;

    s->smart_sleep_mv = (uint32_t)o->power_off_mv + 1000;
    s->cell_uvp_mv = (uint32_t)o->cell_under_mv;
    s->cell_uvp_release_mv = per_cell(b->dvl_mv, b->cell_count);
    s->cell_ovp_mv = (uint32_t)o->cell_over_mv;
    s->cell_ovp_release_mv = (uint32_t)o->cell_over_release_mv;
    s->balance_trigger_mv = (uint32_t)o->balance_trigger_mv;
    s->power_off_mv = (uint32_t)o->power_off_mv;
    s->balance_start_mv = (uint32_t)o->balance_start_mv;
    if (!t->asks_voltage)
        return;
    s->soc_full_mv = (uint32_t)o->full_mv;
    s->soc_empty_mv = (uint32_t)o->empty_mv;
    s->charge_mv = per_cell(b->cvl_mv, b->cell_count);
    s->float_mv = (uint32_t)o->float_mv;
}

static void fill_currents(const struct stack_module *m, struct jk_settings *s)
{
    const struct product *p = m->product;
    const struct battery *b = &m->battery;

    s->charge_max_ma = current_setting(b->ccl_ma, p->ccl_ma, b->charge_enable);
    s->charge_oc_delay_s = p->owner->charge_over_s;
    s->charge_oc_release_s = p->owner->charge_release_s;
    s->discharge_max_ma = current_setting(b->dcl_ma, p->dcl_ma, b->discharge_enable);
    s->discharge_oc_delay_s = p->owner->discharge_over_s;
    s->discharge_oc_release_s = p->owner->discharge_release_s;
    s->short_release_s = 5;
    s->short_delay_us = 1500;
    s->balance_max_ma = (uint32_t)p->owner->balance_ma;
}

static void fill_temperatures(const struct owner_limits *o, struct jk_settings *s)
{
    s->charge_otp_dc = o->charge_hot_dc;
    s->charge_otp_release_dc = o->charge_hot_release_dc;
    s->discharge_otp_dc = o->discharge_hot_dc;
    s->discharge_otp_release_dc = o->discharge_hot_release_dc;
    s->charge_utp_dc = o->charge_cold_dc;
    s->charge_utp_release_dc = o->charge_cold_release_dc;
    s->mos_otp_dc = o->mos_hot_dc;
    s->mos_otp_release_dc = o->mos_hot_release_dc;
    s->discharge_utp_c = (int8_t)(o->discharge_cold_dc / 10);
    s->discharge_utp_release_c = (int8_t)(o->discharge_cold_release_dc / 10);
}

/* @284: over-temperature alarm 60/50 C, since 15.41 the heater's start and end. */
static void fill_wide(const struct jk_scene *scene, const struct jk_traits *t,
                      struct jk_settings *s)
{
    s->unit = scene->address;
    s->heat_start = t->heater ? 3 : 60;
    s->heat_end = t->heater ? 7 : 50;
    s->smart_sleep_h = 24;
    s->data_enable = 0xFE;
}

/* With what was written over what the battery would say by itself. */
static void settings_of(const struct jk_scene *scene, const struct stack_module *m,
                        struct jk_settings *ret)
{
    uint8_t body[JK_BODY];
    struct jk_traits t;

    jk_scene_traits(scene, &t);
    *ret = (struct jk_settings){
        .layout = t.layout == JK02_32S ? JK02_32S : JK02_24S,
        .cell_count = m->battery.cell_count,
        .charge_switch = 1,
        .discharge_switch = 1,
        .balance_switch = 1,
        .capacity_mah = (uint32_t)m->rated_mah,
    };
    fill_voltages(m, &t, ret);
    fill_currents(m, ret);
    fill_temperatures(m->product->owner, ret);
    if (t.layout == JK02_32S)
        fill_wide(scene, &t, ret);
    if (t.layout == JK04)
        return; /* what was written has that layout's places */
    jk_settings_to_body(ret, JK_LITTLE, body);
    jk_written_apply(&scene->unit->settings, body);
    jk_settings_from_body(body, ret->layout, JK_LITTLE, ret);
}

void jk_state_settings(const struct jk_scene *scene, struct jk_settings *ret)
{
    settings_of(scene, module_of(scene), ret);
}

void jk_state_settings04(const struct jk_scene *scene, struct jk04_settings *ret)
{
    struct jk_settings s;
    uint8_t memory[JK_FRAME];
    struct buf frame = buf_of(memory, sizeof memory);

    jk_state_settings(scene, &s);
    *ret = (struct jk04_settings){
        .cell_count = (uint8_t)s.cell_count,
        .power_off_v = jk_f32_from_fixed(s.power_off_mv, 3),
        .reference_v = jk_f32_from_fixed(3033129, 6), /* as captured */
        .start_v = jk_f32_from_fixed(s.balance_start_mv, 3),
        .trigger_v = jk_f32_from_fixed(s.balance_trigger_mv, 3),
        .balance_max_a = jk_f32_from_fixed(s.balance_max_ma, 3),
        .balance_switch = (uint8_t)s.balance_switch,
    };
    if (jk04_settings_encode(ret, &frame) != ERR_OK)
        return;
    jk_written_apply(&scene->unit->settings, memory + JK_BODY_AT);
    memory[JK_SUM_AT] = jk_sum8(span_of(memory, JK_SUM_AT));
    jk04_settings_decode(buf_span(&frame), ret);
}

/* ---- writing ---- */

/* What every firmware refuses: the vendor's app offers no such values. */
static bool is_acceptable(const struct jk_settings *s)
{
    return s->cell_count >= 1 && s->cell_count <= JK_MAX_CELLS && s->cell_uvp_mv < s->cell_ovp_mv &&
           s->cell_ovp_mv <= 5000 && s->charge_mv <= 5000 && s->charge_max_ma <= 1000000 &&
           s->discharge_max_ma <= 1000000 && s->charge_switch <= 1 && s->discharge_switch <= 1 &&
           s->balance_switch <= 1;
}

static enum err write_settings(const struct jk_scene *scene, struct jk_unit *unit, uint16_t address,
                               struct span data)
{
    struct jk_settings before, after;
    struct jk_registers registers;
    uint8_t old_body[JK_BODY], new_body[JK_BODY];

    jk_state_settings(scene, &before);
    if (jk_registers_of_settings(&before, &registers) != ERR_OK ||
        jk_registers_put(&registers, address, data) != ERR_OK ||
        jk_registers_settings(&registers, &after).code != ERR_OK)
        return ERR_NOT_FOUND;
    if (!is_acceptable(&after))
        return ERR_RANGE;
    jk_settings_to_body(&before, JK_LITTLE, old_body);
    jk_settings_to_body(&after, JK_LITTLE, new_body);
    size_t n = jk_registers_size(JK_REG_SETTINGS);
    memcpy(new_body + n, old_body + n, sizeof new_body - n); /* no registers */
    jk_written_keep(&unit->settings, old_body, new_body, sizeof new_body);
    return ERR_OK;
}

/* The registers of the information that can be written: protocols, buzzer and dry contacts, charge
 * times. */
static bool is_writable_info(size_t at, size_t n)
{
    static const struct {
        uint16_t from, size;
    } places[] = {{0xB2, 2}, {0xE4, 0x1C}, {0x100, 6}};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (at >= places[i].from && at + n <= (size_t)places[i].from + places[i].size)
            return true;
    }
    return false;
}

static enum err write_info(const struct jk_scene *scene, struct jk_unit *unit, uint16_t address,
                           struct span data)
{
    struct jk_info before, after;
    struct jk_registers registers;
    uint8_t old_body[JK_BODY], new_body[JK_BODY];

    jk_state_info(scene, &before);
    jk_registers_of_info(&before, &registers);
    if (jk_registers_put(&registers, address, data) != ERR_OK ||
        jk_registers_info(&registers, &after).code != ERR_OK)
        return ERR_NOT_FOUND;
    if (!is_writable_info((size_t)address - JK_REG_INFO, data.n))
        return ERR_UNSUPPORTED;
    jk_info_to_body(&before, JK_LITTLE, old_body);
    jk_info_to_body(&after, JK_LITTLE, new_body);
    jk_written_keep(&unit->info, old_body, new_body, jk_registers_size(JK_REG_INFO));
    return ERR_OK;
}

static uint16_t block_of(uint16_t address)
{
    static const uint16_t bases[] = {JK_REG_SETTINGS, JK_REG_STATUS, JK_REG_INFO};

    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
        if (address >= bases[i] && address - bases[i] < jk_registers_size(bases[i]))
            return bases[i];
    }
    return 0;
}

enum err jk_state_write(const struct jk_scene *scene, struct jk_unit *unit, uint16_t address,
                        struct span data)
{
    switch (block_of(address)) {
    case JK_REG_SETTINGS: return write_settings(scene, unit, address, data);
    case JK_REG_STATUS: return ERR_UNSUPPORTED;
    case JK_REG_INFO: return write_info(scene, unit, address, data);
    }
    return ERR_NOT_FOUND;
}

enum err jk_state_read(const struct jk_scene *scene, uint16_t address, uint16_t words, uint8_t *ret)
{
    struct jk_registers registers;
    struct jk_settings settings;
    struct jk_cells cells;
    struct jk_info info;
    enum err e = ERR_RANGE;

    switch (block_of(address)) {
    case JK_REG_SETTINGS:
        jk_state_settings(scene, &settings);
        e = jk_registers_of_settings(&settings, &registers);
        break;
    case JK_REG_STATUS:
        jk_state_cells(scene, &cells);
        e = jk_registers_of_cells(&cells, &registers);
        break;
    case JK_REG_INFO:
        jk_state_info(scene, &info);
        jk_registers_of_info(&info, &registers);
        e = ERR_OK;
        break;
    }
    return e == ERR_OK && jk_registers_get(&registers, address, words, ret) == ERR_OK ? ERR_OK
                                                                                      : ERR_RANGE;
}

enum err jk_state_command(const struct jk_scene *scene, struct jk_unit *unit,
                          const struct jk_command *command)
{
    uint8_t memory[JK_FRAME], changed[JK_FRAME];
    struct buf frame = buf_of(memory, sizeof memory);
    struct jk_register reg;
    struct jk_settings settings;
    struct jk_traits t;

    jk_scene_traits(scene, &t);
    if (jk_register_find(t.layout, command->number, &reg) != ERR_OK)
        return ERR_NOT_FOUND;
    if (reg.at == 0)
        return ERR_UNSUPPORTED;
    if (jk_state_frame(scene, reg.record, 0, &frame) != ERR_OK)
        return ERR_SPACE;
    memcpy(changed, memory, sizeof changed);
    if (jk_register_apply(t.layout, command, changed) != ERR_OK)
        return ERR_UNSUPPORTED;
    if (reg.record == JK_SETTINGS && t.layout != JK04 &&
        jk_settings_decode(span_of(changed, sizeof changed), t.layout, &settings).code == ERR_OK &&
        !is_acceptable(&settings))
        return ERR_RANGE;
    struct jk_written *written = reg.record == JK_INFO ? &unit->info : &unit->settings;
    jk_written_keep(written, memory + JK_BODY_AT, changed + JK_BODY_AT, JK_BODY);
    return ERR_OK;
}

/* ---- what the model acts by ---- */

static int16_t degrees(int32_t dc)
{
    return (int16_t)clamp_i64(dc, INT16_MIN, INT16_MAX);
}

static uint16_t seconds(uint32_t s)
{
    return (uint16_t)(s < UINT16_MAX ? s : UINT16_MAX);
}

static void take_temperatures(const struct jk_settings *s, struct owner_limits *o)
{
    o->charge_hot_dc = degrees(s->charge_otp_dc);
    o->charge_hot_release_dc = degrees(s->charge_otp_release_dc);
    o->charge_cold_dc = degrees(s->charge_utp_dc);
    o->charge_cold_release_dc = degrees(s->charge_utp_release_dc);
    o->discharge_hot_dc = degrees(s->discharge_otp_dc);
    o->discharge_hot_release_dc = degrees(s->discharge_otp_release_dc);
    o->mos_hot_dc = degrees(s->mos_otp_dc);
    o->mos_hot_release_dc = degrees(s->mos_otp_release_dc);
    if (s->layout != JK02_32S)
        return;
    o->discharge_cold_dc = degrees(10 * s->discharge_utp_c);
    o->discharge_cold_release_dc = degrees(10 * s->discharge_utp_release_c);
}

static void take_limits(const struct jk_settings *s, bool asks_voltage, struct owner_limits *o)
{
    o->cell_over_mv = (int32_t)s->cell_ovp_mv;
    o->cell_over_release_mv = (int32_t)s->cell_ovp_release_mv;
    o->cell_under_mv = (int32_t)s->cell_uvp_mv;
    o->cell_under_release_mv = (int32_t)s->cell_uvp_release_mv;
    o->charge_over_s = seconds(s->charge_oc_delay_s);
    o->charge_release_s = seconds(s->charge_oc_release_s);
    o->discharge_over_s = seconds(s->discharge_oc_delay_s);
    o->discharge_release_s = seconds(s->discharge_oc_release_s);
    take_temperatures(s, o);
    if (!asks_voltage)
        return;
    o->full_mv = (int32_t)s->soc_full_mv;
    o->charge_mv = (int32_t)s->charge_mv;
}

/* A battery as its product is delivered: what a scenario dictates is not what the owner set. */
static void as_delivered(struct stack_module *m)
{
    const struct product *p = m->product;
    struct battery *b = &m->battery;

    b->cvl_mv = p->owner->charge_mv * b->cell_count;
    b->dvl_mv = p->owner->cell_under_release_mv * b->cell_count;
    b->ccl_ma = p->ccl_ma;
    b->dcl_ma = p->dcl_ma;
    b->charge_enable = b->discharge_enable = true;
}

void jk_state_tell_owner(const struct jk_scene *scene, const struct device_host *host)
{
    struct stack_module m = *module_of(scene);
    struct owner_settings owner = {.limits = *m.product->owner};
    struct jk_settings settings;
    struct jk_traits t;

    jk_scene_traits(scene, &t);
    if (t.layout == JK04 || host->owner == NULL)
        return;
    as_delivered(&m);
    settings_of(scene, &m, &settings);
    take_limits(&settings, t.asks_voltage, &owner.limits);
    owner.ccl_ma = (int32_t)settings.charge_max_ma;
    owner.dcl_ma = (int32_t)settings.discharge_max_ma;
    host->owner(host->ctx, scene->module, &owner);
}

/* ---- for devices ---- */

bool jk_state_accepts(uint16_t path, const char *text, const char **ret_why)
{
    size_t n = strlen(text);
    uint64_t mask;

    if (path == BMS_PATH_FIRMWARE) {
        *ret_why = "a JK firmware version has 1 to 8 characters: \"15.41\"";
        return n >= 1 && n <= 8;
    }
    if (path == BMS_PATH_SERIAL) {
        *ret_why = "a JK serial number has 1 to 16 characters";
        return n >= 1 && n <= 16;
    }
    if (path == BMS_PATH_FAULT_SYSTEM || path == BMS_PATH_EVENTS_BATTERY) {
        *ret_why = "a mask is written 0x80000";
        return jk_parse_mask(text, &mask);
    }
    *ret_why = "a JK BMS shows only serial, firmware, fault.system (error bits) and events.battery "
               "(wires)";
    return false;
}
