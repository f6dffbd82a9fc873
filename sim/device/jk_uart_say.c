/* SPDX-License-Identifier: Apache-2.0
 *
 * A JK BMS as 4E57 tokens: from the records of jk_state.h, in the order and with the constants of
 * captures of firmware 6 to 11 (constants: delays 5 s, cell difference 300 mV, box 100 C, ...).
 * What the records do not hold comes from the stack. Source: docs/protocols/jk.md.
 */
#include <string.h>

#include "sim/device/jk_state_private.h"
#include "sim/device/jk_uart_private.h"

enum {
    FIRST_FULL_FIRMWARE = 6, /* firmware that was seen with the tokens from B8 on */
    LOW_CHARGE_PC = 20,
    HARDWARE_TEXT = 5,
};

static const struct stack_module *module_of(const struct jk_scene *s)
{
    return &s->stack->module[s->module];
}

static void put(struct jk_uart_values *v, uint8_t token, int64_t value)
{
    uint64_t most = (UINT64_C(1) << (8 * jk_uart_width(token))) - 1;

    jk_uart_set_number(v, token, (uint32_t)clamp_i64(value, 0, (int64_t)most));
}

static void put_bytes(struct jk_uart_values *v, uint8_t token, const void *bytes, size_t n)
{
    jk_uart_set_text(v, token, span_of(bytes, n));
}

/* Signed whole degrees in two bytes. */
static void put_degrees(struct jk_uart_values *v, uint8_t token, int32_t dc)
{
    put(v, token, (uint16_t)(int16_t)(dc / 10));
}

static void put_temperature(struct jk_uart_values *v, uint8_t token, int16_t dc)
{
    put(v, token, jk_uart_temperature_raw((int32_t)div_round(dc, 10)));
}

/* ---- alarms ---- */

enum { NO_ALARM = 0xFF };

static const uint8_t alarm_bit_of[] = {
    [COND_CELL_OVERVOLTAGE] = 10,
    [COND_CELL_UNDERVOLTAGE] = 11,
    [COND_PACK_OVERVOLTAGE] = 2,
    [COND_PACK_UNDERVOLTAGE] = 3,
    [COND_CHARGE_OVERCURRENT] = 5,
    [COND_DISCHARGE_OVERCURRENT] = 6,
    [COND_CHARGE_OVERTEMPERATURE] = 4,
    [COND_CHARGE_UNDERTEMPERATURE] = 9,
    [COND_DISCHARGE_OVERTEMPERATURE] = 4,
    [COND_DISCHARGE_UNDERTEMPERATURE] = 9,
    [COND_MOS_OVERTEMPERATURE] = 1,
    [COND_IMBALANCE] = 7,
    [COND_SHORT_CIRCUIT] = 6,   /* has no bit of its own */
    [COND_INTERNAL_FAULT] = 12, /* "309_A" */
};

/* The word that a scenario adds is the one of the records. */
static uint32_t alarms_of(const struct stack_module *m, const struct jk_cells *c)
{
    const char *more = overlay_get(&m->overlay, BMS_PATH_FAULT_SYSTEM);
    struct span text = span_str(more);
    uint64_t mask = 0;
    uint32_t alarms = c->full_mah != 0 && c->soc_pc <= LOW_CHARGE_PC ? 1 : 0;

    for (unsigned i = 0; i < sizeof alarm_bit_of; i++) {
        if ((m->battery.protections & COND_BIT(i)) != 0)
            alarms |= UINT32_C(1) << alarm_bit_of[i];
    }
    if (more != NULL && parse_hex(span_sub(text, 2, text.n), UINT32_MAX, &mask))
        alarms |= (uint32_t)(mask & 0xFFFF);
    return alarms;
}

/* ---- groups, in the order of the wire ---- */

static void say_state(const struct jk_scene *s, const struct jk_cells *c,
                      const struct jk_settings *set, bool new_coding, struct jk_uart_values *v)
{
    const struct stack_module *m = module_of(s);
    size_t n = m->battery.cell_count < JK_MAX_CELLS ? m->battery.cell_count : JK_MAX_CELLS;

    jk_uart_set_cells(v, c->cell_mv, n);
    put_temperature(v, JK_TOKEN_MOS_TEMP, c->mos_dc);
    put_temperature(v, JK_TOKEN_T1, c->t1_dc);
    put_temperature(v, JK_TOKEN_T2, c->t2_dc);
    put(v, JK_TOKEN_PACK, div_round(c->pack_mv, 10));
    put(v, JK_TOKEN_CURRENT, jk_uart_current_raw(c->current_ma, new_coding));
    put(v, JK_TOKEN_SOC, c->soc_pc);
    put(v, JK_TOKEN_SENSORS, 2);
    put(v, JK_TOKEN_CYCLES, c->cycles);
    put(v, JK_TOKEN_CYCLE_AH, c->cycle_mah / 1000);
    put(v, JK_TOKEN_CELL_COUNT, (int64_t)n);
    put(v, JK_TOKEN_ALARMS, alarms_of(m, c));
    put(v, JK_TOKEN_STATUS,
        (c->charge_on ? 1 : 0) | (c->discharge_on ? 2 : 0) |
            (c->balance != JK_BALANCE_OFF ? 4 : 0) | (new_coding ? 0 : 8));
    put(v, JK_TOKEN_PACK_OVP, (int64_t)set->cell_ovp_mv * (int64_t)n / 10);
    put(v, JK_TOKEN_PACK_UVP, (int64_t)set->cell_uvp_mv * (int64_t)n / 10);
}

static void say_limits(const struct jk_settings *set, struct jk_uart_values *v)
{
    put(v, JK_TOKEN_CELL_OVP, set->cell_ovp_mv);
    put(v, 0x91, set->cell_ovp_release_mv);
    put(v, 0x92, 5);
    put(v, JK_TOKEN_CELL_UVP, set->cell_uvp_mv);
    put(v, JK_TOKEN_CELL_UVP_RELEASE, set->cell_uvp_release_mv);
    put(v, 0x95, 5);
    put(v, 0x96, 300);
    put(v, JK_TOKEN_DISCHARGE_OCP, set->discharge_max_ma / 1000);
    put(v, 0x98, set->discharge_oc_delay_s);
    put(v, JK_TOKEN_CHARGE_OCP, set->charge_max_ma / 1000);
    put(v, 0x9A, set->charge_oc_delay_s);
    put(v, JK_TOKEN_BALANCE_START, set->balance_start_mv);
    put(v, JK_TOKEN_BALANCE_TRIGGER, set->balance_trigger_mv);
    put(v, JK_TOKEN_BALANCER, set->balance_switch);
}

static void say_temperatures(const struct jk_settings *set, struct jk_uart_values *v)
{
    put_degrees(v, 0x9E, set->mos_otp_dc);
    put_degrees(v, 0x9F, set->mos_otp_release_dc);
    put(v, 0xA0, 100);
    put(v, 0xA1, 100);
    put(v, 0xA2, 20);
    put_degrees(v, 0xA3, set->charge_otp_dc);
    put_degrees(v, 0xA4, set->discharge_otp_dc);
    put_degrees(v, JK_TOKEN_CHARGE_UTP, set->charge_utp_dc);
    put_degrees(v, 0xA6, set->charge_utp_release_dc);
    put_degrees(v, 0xA7, -200);
    put_degrees(v, 0xA8, -100);
}

static void say_settings(const struct jk_settings *set, const struct jk_info *info,
                         struct jk_uart_values *v)
{
    put(v, JK_TOKEN_CELLS_SET, set->cell_count);
    put(v, JK_TOKEN_CAPACITY_AH, div_round(set->capacity_mah, 1000));
    put(v, JK_TOKEN_CHARGE_SWITCH, set->charge_switch);
    put(v, JK_TOKEN_DISCHARGE_SWITCH, set->discharge_switch);
    put(v, 0xAD, 0x42E); /* calibration of the current */
    put(v, 0xAE, 1);
    put(v, JK_TOKEN_CHEMISTRY, jk_chemistry(set->cell_ovp_mv));
    put(v, 0xB0, 10);
    put(v, 0xB1, LOW_CHARGE_PC);
    put_bytes(v, JK_TOKEN_PASSWORD, info->settings_passcode, 10);
    put(v, 0xB3, 0);
    put_bytes(v, JK_TOKEN_DEVICE_ID, info->user_data, 8);
    put_bytes(v, JK_TOKEN_DATE, info->made, 4);
    put(v, JK_TOKEN_WORK_MIN, info->run_s / 60);
}

/* "10.XW_S10.07___": hardware, software. Old firmware: "NW_1_0_0_200428", which begins like a
 * frame. */
static void say_software(const struct jk_info *info, bool full, struct jk_uart_values *v)
{
    char hardware[sizeof info->hardware + 1], software[sizeof info->software + 1], text[16];
    struct buf out = buf_of(text, 15);

    if (!full) {
        buf_str(&out, "NW_1_0_0_");
        buf_put(&out, span_of(info->made, 6));
        put_bytes(v, JK_TOKEN_SOFTWARE, text, out.n);
        return;
    }
    jk_text(span_of(info->hardware, sizeof info->hardware), hardware, sizeof hardware);
    jk_text(span_of(info->software, sizeof info->software), software, sizeof software);
    buf_put(&out, span_sub(span_str(hardware), 0, HARDWARE_TEXT));
    buf_str(&out, "_S");
    buf_put(&out, span_sub(span_str(software), 0, out.cap - out.n));
    while (out.n < out.cap)
        buf_u8(&out, '_');
    put_bytes(v, JK_TOKEN_SOFTWARE, text, out.n);
}

/* Twelve characters of the user's text, twelve of the model. */
static void say_maker(const struct jk_info *info, struct jk_uart_values *v)
{
    uint8_t text[24];

    memcpy(text, info->user_data, 12);
    memcpy(text + 12, info->model, 12);
    put_bytes(v, JK_TOKEN_MAKER, text, sizeof text);
}

static bool is_full(const struct sim_jk_uart *knobs, const struct jk_traits *t)
{
    switch (knobs->tokens) {
    case JK_UART_TOKENS_BY_FIRMWARE: return t->major >= FIRST_FULL_FIRMWARE;
    case JK_UART_TOKENS_SHORT: return false;
    case JK_UART_TOKENS_FULL: return true;
    }
    return true;
}

void jk_uart_say(const struct sim_jk_uart *knobs, const struct jk_scene *scene,
                 struct jk_uart_values *ret)
{
    struct jk_cells cells;
    struct jk_settings settings;
    struct jk_info info;
    struct jk_traits t;

    jk_scene_traits(scene, &t);
    jk_state_cells(scene, &cells);
    jk_state_settings(scene, &settings);
    jk_state_info(scene, &info);
    bool full = is_full(knobs, &t);
    *ret = (struct jk_uart_values){0};
    say_state(scene, &cells, &settings, full, ret);
    say_limits(&settings, ret);
    say_temperatures(&settings, ret);
    say_settings(&settings, &info, ret);
    say_software(&info, full, ret);
    if (!full)
        return;
    put(ret, 0xB8, 0);
    put(ret, JK_TOKEN_FULL_AH, t.aged_capacity ? div_round(cells.full_mah, 1000) : 0);
    say_maker(&info, ret);
    put(ret, JK_TOKEN_PROTOCOL, 1);
    if (knobs->unknown_token) { /* the newest tokens become what nobody can read */
        ret->n--;
        ret->tail[0] = 0xC7;
        ret->tail[1] = 0x01;
        ret->tail[2] = JK_TOKEN_PROTOCOL;
        ret->tail[3] = 0x01;
        ret->tail_n = 4;
    }
}
