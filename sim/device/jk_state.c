/* SPDX-License-Identifier: Apache-2.0
 *
 * Cell and information records, and the frames of all; see jk_state.h.
 */
#include "sim/device/jk_state.h"

#include <string.h>

#include "sim/device/jk_state_private.h"

#define EPOCH_2020_S    1577836800U
#define LIFE_BEFORE_S   2500000U    /* made-up run time before the simulation starts */
#define VOLT_FACTOR_F32 0x40400000U /* 3.0, as captured */
#define ONE_DAY_S       86400U

/* ---- helpers ---- */

static const struct stack_module *module_of(const struct jk_scene *s)
{
    return &s->stack->module[s->module];
}

static const char *firmware_of(const struct stack_module *m)
{
    const char *text = overlay_get(&m->overlay, BMS_PATH_FIRMWARE);

    return text != NULL ? text : m->battery.firmware;
}

static uint32_t mask_of(const struct stack_module *m, uint16_t path)
{
    const char *text = overlay_get(&m->overlay, path);
    uint64_t mask = 0;

    if (text == NULL || !jk_parse_mask(text, &mask))
        return 0;
    return (uint32_t)mask;
}

void jk_scene_traits(const struct jk_scene *scene, struct jk_traits *ret)
{
    jk_traits_of(firmware_of(module_of(scene)), scene->look, ret);
}

static uint32_t up_s(const struct jk_scene *s)
{
    return (uint32_t)((s->stack->now_us - s->unit->powered_us) / US_PER_S);
}

static bool is_booting(const struct jk_scene *s)
{
    return s->stack->now_us - s->unit->powered_us < s->look->boot_us;
}

static uint32_t rtc_s(const struct jk_scene *s)
{
    int64_t wall = (int64_t)(s->stack->wall_us / US_PER_S) + module_of(s)->clock_skew_s;

    return (uint32_t)clamp_i64(wall - (int64_t)EPOCH_2020_S, 0, UINT32_MAX);
}

static uint32_t positive(int64_t value)
{
    return (uint32_t)clamp_i64(value, 0, INT32_MAX);
}

/* ---- cells ---- */

static unsigned cells_of(const struct battery *b, const struct jk_traits *t)
{
    unsigned most = t->layout == JK02_32S ? JK_MAX_CELLS : JK04_CELLS;

    return b->cell_count < most ? b->cell_count : most;
}

static void fill_cells(const struct battery *b, const struct jk_traits *t, struct jk_cells *c)
{
    unsigned n = cells_of(b, t), present = 0;
    uint32_t sum = 0;
    uint16_t low = UINT16_MAX, high = 0;

    for (unsigned i = 0; i < n; i++) {
        uint16_t mv = b->cell_mv[i];
        c->cell_mv[i] = mv;
        c->wire_mohm[i] = (uint16_t)(50 + 3 * i);
        if (mv == 0)
            continue; /* the wire is off */
        c->cell_mask |= UINT32_C(1) << i;
        sum += mv;
        present++;
        if (mv < low) {
            low = mv;
            c->min_index = (uint8_t)i;
        }
        if (mv > high) {
            high = mv;
            c->max_index = (uint8_t)i;
        }
    }
    if (present > 0) {
        c->mean_mv = (uint16_t)(sum / present);
        c->spread_mv = (uint16_t)(high - low);
    }
    if (present != n)
        c->errors |= JK_ERROR_CELL_COUNT;
}

/* The n-th sensor of a role; false when the battery has not so many. */
static bool sensor(const struct battery *b, enum battery_role role, unsigned n, int16_t *ret_dc)
{
    for (unsigned i = 0; i < b->temp_count; i++) {
        if (b->temp_role[i] == (uint8_t)role && n-- == 0) {
            *ret_dc = b->temp_dc[i];
            return true;
        }
    }
    return false;
}

/* T3 repeats the MOSFETs'. */
static void fill_temps(const struct battery *b, const struct jk_traits *t, struct jk_cells *c)
{
    int16_t *const places[] = {&c->t1_dc, &c->t2_dc, &c->t4_dc, &c->t5_dc};

    for (unsigned i = 0; i < 4; i++) {
        if (i >= t->sensors || !sensor(b, ROLE_CELL, i, places[i]))
            *places[i] = t->absent_dc;
    }
    if (!sensor(b, ROLE_MOS, 0, &c->mos_dc))
        c->mos_dc = t->absent_dc;
    c->t3_dc = c->mos_dc;
    c->sensors = t->sensor_mask;
}

static void fill_charge(const struct jk_scene *s, const struct jk_traits *t, struct jk_cells *c)
{
    const struct stack_module *m = module_of(s);
    const struct battery *b = &m->battery;

    c->soh_pc = (uint8_t)clamp_i64(div_round(b->soh_pm, 10), 0, 100);
    if (is_booting(s))
        return;
    int64_t soc_pm = clamp_i64(b->soc_pm, 0, 1000);
    int64_t full = t->aged_capacity ? b->full_mah : m->rated_mah;
    c->soc_pc = (uint8_t)div_round(soc_pm, 10);
    c->full_mah = positive(full);
    c->remaining_mah = (int32_t)(full * soc_pm / 1000);
    c->cycles = positive(m->counters.cycles);
    c->cycle_mah = positive(m->counters.discharged_mah);
}

/* Bits of what stops the battery; docs/protocols/jk.md. Imbalance has no bit in these records. */
static const uint8_t error_bit_of[] = {
    [COND_CELL_OVERVOLTAGE] = 4,
    [COND_CELL_UNDERVOLTAGE] = 11,
    [COND_PACK_OVERVOLTAGE] = 5,
    [COND_PACK_UNDERVOLTAGE] = 12,
    [COND_CHARGE_OVERCURRENT] = 6,
    [COND_DISCHARGE_OVERCURRENT] = 13,
    [COND_CHARGE_OVERTEMPERATURE] = 8,
    [COND_CHARGE_UNDERTEMPERATURE] = 9,
    [COND_DISCHARGE_OVERTEMPERATURE] = 15,
    [COND_DISCHARGE_UNDERTEMPERATURE] = 27,
    [COND_MOS_OVERTEMPERATURE] = 1,
    [COND_IMBALANCE] = NO_BIT,
    [COND_SHORT_CIRCUIT] = 14,
    [COND_INTERNAL_FAULT] = 3, /* current sensor */
};

static void fill_errors(const struct stack_module *m, const struct jk_traits *t, struct jk_cells *c)
{
    for (unsigned i = 0; i < sizeof error_bit_of; i++) {
        if ((m->battery.protections & COND_BIT(i)) != 0 && error_bit_of[i] != NO_BIT)
            c->errors |= UINT32_C(1) << error_bit_of[i];
    }
    c->wire_alarms = mask_of(m, BMS_PATH_EVENTS_BATTERY);
    if (c->wire_alarms != 0 || (m->battery.warnings & COND_BIT(COND_INTERNAL_FAULT)) != 0)
        c->errors |= JK_ERROR_WIRE;
    if (t->password_bit)
        c->errors |= JK_ERROR_PASSWORD;
    c->errors |= mask_of(m, BMS_PATH_FAULT_SYSTEM);
}

static void fill_switches(const struct jk_scene *s, struct jk_cells *c)
{
    const struct battery *b = &module_of(s)->battery;
    struct jk_settings settings;

    jk_state_settings(s, &settings);
    c->charge_on = b->charge_enable && settings.charge_switch != 0;
    c->discharge_on = b->discharge_enable && settings.discharge_switch != 0;
    if (b->balancing != 0 && settings.balance_switch != 0) {
        c->balance = JK_BALANCE_DISCHARGING_CELL;
        c->balance_ma = (int16_t)clamp_i64(-(int64_t)settings.balance_max_ma, INT16_MIN, 0);
    }
    c->chemistry = jk_chemistry(settings.cell_ovp_mv);
    if (settings.charge_mv != 0 && c->pack_mv >= settings.charge_mv * settings.cell_count)
        c->phase = 1;
}

static void fill_constants(const struct jk_scene *s, const struct jk_traits *t, struct jk_cells *c)
{
    c->run_s = LIFE_BEFORE_S + up_s(s);
    c->ticks_ds = (LIFE_BEFORE_S + up_s(s)) * 10;
    c->volt_factor_f32 = VOLT_FACTOR_F32;
    c->user_alarm = 1; /* as in every capture */
    c->pack_cv = t->layout == JK02_32S ? (uint16_t)clamp_i64(c->pack_mv / 10, 0, UINT16_MAX) : 1250;
    c->rtc_s = t->asks_voltage ? rtc_s(s) : 0;
    c->sleep_s = ONE_DAY_S;
    c->log_count = 1;
    c->mark = 0xFE;
    if (!t->has_phase)
        c->phase = 0;
}

void jk_state_cells(const struct jk_scene *scene, struct jk_cells *ret)
{
    const struct stack_module *m = module_of(scene);
    const struct battery *b = &m->battery;
    struct jk_traits t;

    jk_scene_traits(scene, &t);
    *ret = (struct jk_cells){.layout = t.layout == JK02_32S ? JK02_32S : JK02_24S};
    fill_cells(b, &t, ret);
    fill_temps(b, &t, ret);
    ret->pack_mv = positive(b->pack_mv);
    ret->current_ma = b->current_ma;
    int64_t power_mw = (int64_t)b->pack_mv * b->current_ma / 1000;
    ret->power_mw = (uint32_t)(power_mw < 0 ? -power_mw : power_mw);
    fill_charge(scene, &t, ret);
    fill_errors(m, &t, ret);
    fill_switches(scene, ret);
    fill_constants(scene, &t, ret);
}

static uint32_t volts_f32(int64_t mv)
{
    return jk_f32_from_fixed(mv, 3);
}

void jk_state_cells04(const struct jk_scene *scene, struct jk04_cells *ret)
{
    struct jk_cells c;

    jk_state_cells(scene, &c);
    *ret = (struct jk04_cells){
        .mean_v = volts_f32(c.mean_mv),
        .spread_v = volts_f32(c.spread_mv),
        .cell_mask = c.cell_mask,
        .max_index = c.max_index,
        .min_index = c.min_index,
        .balance = c.balance,
        .balance_a = jk_f32_from_fixed(c.balance_ma, 3),
        .run_s = c.run_s,
    };
    for (unsigned i = 0; i < JK04_CELLS; i++) {
        ret->cell_v[i] = volts_f32(c.cell_mv[i]);
        ret->wire_ohm[i] = jk_f32_from_fixed(c.wire_mohm[i], 3);
    }
}

/* ---- information ---- */

/* The rest of the field stays NUL. */
static void put_text(uint8_t *field, size_t cap, const char *text)
{
    size_t n = strlen(text);

    memcpy(field, text, n < cap ? n : cap);
}

#define PUT_TEXT(field, text) put_text(field, sizeof(field), text)

enum { SHORT_SERIAL = 11 };

static void fill_serial(const struct jk_scene *s, const struct jk_traits *t, struct jk_info *i)
{
    const struct stack_module *m = module_of(s);
    const char *serial = overlay_get(&m->overlay, BMS_PATH_SERIAL);

    if (serial == NULL)
        serial = m->battery.serial;
    if (t->long_serial) {
        PUT_TEXT(i->serial, serial);
        return;
    }
    put_text(i->serial, SHORT_SERIAL, serial);
    put_text(i->serial + SHORT_SERIAL, sizeof i->serial - SHORT_SERIAL, "0000");
}

void jk_state_info(const struct jk_scene *scene, struct jk_info *ret)
{
    const struct stack_module *m = module_of(scene);
    struct jk_traits t;
    uint8_t body[JK_BODY];

    jk_scene_traits(scene, &t);
    *ret = (struct jk_info){.run_s = LIFE_BEFORE_S + up_s(scene), .power_on_count = 1};
    PUT_TEXT(ret->model, m->battery.model);
    PUT_TEXT(ret->hardware, m->product->board);
    PUT_TEXT(ret->software, firmware_of(m));
    PUT_TEXT(ret->name, m->battery.model);
    PUT_TEXT(ret->passcode, "1234");
    PUT_TEXT(ret->made, m->product->release_date);
    fill_serial(scene, &t, ret);
    PUT_TEXT(ret->user_data, "Input Userdata"); /* as delivered */
    PUT_TEXT(ret->settings_passcode, "123456");
    if (t.layout == JK02_32S) {
        ret->uart1_protocol = 1;
        ret->can_protocol = 2;
        ret->uart2_protocol = scene->address == 0 ? 15 : 1; /* 15: the master of a pack bus */
        ret->charge_time = 10;
        ret->float_time = 60;
    }
    jk_info_to_body(ret, JK_LITTLE, body);
    jk_written_apply(&scene->unit->info, body);
    jk_info_from_body(body, JK_LITTLE, ret);
}

/* ---- frames ---- */

static enum err log_frame(const struct jk_scene *s, uint8_t counter, struct buf *out)
{
    const struct jk_log log = {
        .counter = counter, .count = 1, .entries = {{.time_s = rtc_s(s) - up_s(s), .code = 1}}};

    return jk_log_encode(&log, out);
}

static enum err cells_frame(const struct jk_scene *s, bool floats, uint8_t counter, struct buf *out)
{
    struct jk_cells cells;
    struct jk04_cells cells04;

    if (floats) {
        jk_state_cells04(s, &cells04);
        cells04.counter = counter;
        return jk04_cells_encode(&cells04, out);
    }
    jk_state_cells(s, &cells);
    cells.counter = counter;
    return jk_cells_encode(&cells, out);
}

static enum err settings_frame(const struct jk_scene *s, bool floats, uint8_t counter,
                               struct buf *out)
{
    struct jk_settings settings;
    struct jk04_settings settings04;

    if (floats) {
        jk_state_settings04(s, &settings04);
        settings04.counter = counter;
        return jk04_settings_encode(&settings04, out);
    }
    jk_state_settings(s, &settings);
    settings.counter = counter;
    return jk_settings_encode(&settings, out);
}

enum err jk_state_frame(const struct jk_scene *scene, enum jk_type type, uint8_t counter,
                        struct buf *out)
{
    struct jk_traits t;
    struct jk_info info;

    jk_scene_traits(scene, &t);
    switch (type) {
    case JK_SETTINGS: return settings_frame(scene, t.layout == JK04, counter, out);
    case JK_CELLS: return cells_frame(scene, t.layout == JK04, counter, out);
    case JK_INFO:
        jk_state_info(scene, &info);
        info.counter = counter;
        return jk_info_encode(&info, out);
    case JK_LOG: return log_frame(scene, counter, out);
    }
    return ERR_UNSUPPORTED;
}
