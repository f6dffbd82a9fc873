/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings record of JK02.
 */
#include <string.h>

#include "proto/jk_frame/jk_walk.h"

static bool is_jk02(enum jk_layout layout)
{
    return layout == JK02_24S || layout == JK02_32S;
}

static void walk_voltages(const struct jk_walk *w, struct jk_settings *s)
{
    jk_walk_u32(w, 6, &s->smart_sleep_mv);
    jk_walk_u32(w, 10, &s->cell_uvp_mv);
    jk_walk_u32(w, 14, &s->cell_uvp_release_mv);
    jk_walk_u32(w, 18, &s->cell_ovp_mv);
    jk_walk_u32(w, 22, &s->cell_ovp_release_mv);
    jk_walk_u32(w, 26, &s->balance_trigger_mv);
    jk_walk_u32(w, 30, &s->soc_full_mv);
    jk_walk_u32(w, 34, &s->soc_empty_mv);
    jk_walk_u32(w, 38, &s->charge_mv);
    jk_walk_u32(w, 42, &s->float_mv);
    jk_walk_u32(w, 46, &s->power_off_mv);
}

static void walk_currents(const struct jk_walk *w, struct jk_settings *s)
{
    jk_walk_u32(w, 50, &s->charge_max_ma);
    jk_walk_u32(w, 54, &s->charge_oc_delay_s);
    jk_walk_u32(w, 58, &s->charge_oc_release_s);
    jk_walk_u32(w, 62, &s->discharge_max_ma);
    jk_walk_u32(w, 66, &s->discharge_oc_delay_s);
    jk_walk_u32(w, 70, &s->discharge_oc_release_s);
    jk_walk_u32(w, 74, &s->short_release_s);
    jk_walk_u32(w, 78, &s->balance_max_ma);
}

static void walk_temperatures(const struct jk_walk *w, struct jk_settings *s)
{
    jk_walk_i32(w, 82, &s->charge_otp_dc);
    jk_walk_i32(w, 86, &s->charge_otp_release_dc);
    jk_walk_i32(w, 90, &s->discharge_otp_dc);
    jk_walk_i32(w, 94, &s->discharge_otp_release_dc);
    jk_walk_i32(w, 98, &s->charge_utp_dc);
    jk_walk_i32(w, 102, &s->charge_utp_release_dc);
    jk_walk_i32(w, 106, &s->mos_otp_dc);
    jk_walk_i32(w, 110, &s->mos_otp_release_dc);
}

static void walk_pack(const struct jk_walk *w, struct jk_settings *s)
{
    jk_walk_u32(w, 114, &s->cell_count);
    jk_walk_u32(w, 118, &s->charge_switch);
    jk_walk_u32(w, 122, &s->discharge_switch);
    jk_walk_u32(w, 126, &s->balance_switch);
    jk_walk_u32(w, 130, &s->capacity_mah);
    jk_walk_u32(w, 134, &s->short_delay_us);
    jk_walk_u32(w, 138, &s->balance_start_mv);
}

static void walk_wide_tail(const struct jk_walk *w, struct jk_settings *s)
{
    jk_walk_u32(w, 270, &s->unit);
    jk_walk_u32(w, 274, &s->precharge_s);
    jk_walk_u16(w, 282, &s->control);
    jk_walk_i8(w, 284, &s->heat_start);
    jk_walk_i8(w, 285, &s->heat_end);
    jk_walk_u8(w, 286, &s->smart_sleep_h);
    jk_walk_u8(w, 287, &s->data_enable);
    jk_walk_i8(w, 296, &s->discharge_utp_c);
    jk_walk_i8(w, 297, &s->discharge_utp_release_c);
}

static void walk(const struct jk_walk *w, struct jk_settings *s)
{
    bool wide = s->layout == JK02_32S;
    unsigned wires = wide ? 32 : 24;
    unsigned wires_at = wide ? 142 : 158;

    walk_voltages(w, s);
    walk_currents(w, s);
    walk_temperatures(w, s);
    walk_pack(w, s);
    for (unsigned i = 0; i < wires; i++)
        jk_walk_u32(w, wires_at + 4 * i, &s->wire_uohm[i]);
    if (wide)
        walk_wide_tail(w, s);
}

void jk_settings_from_body(const uint8_t *body, enum jk_layout layout, enum jk_order order,
                           struct jk_settings *ret)
{
    const struct jk_walk w = {.body = ret->other, .order = order};

    *ret = (struct jk_settings){.layout = layout};
    memcpy(ret->other, body, JK_BODY);
    walk(&w, ret);
}

void jk_settings_to_body(const struct jk_settings *settings, enum jk_order order, uint8_t *ret_body)
{
    struct jk_settings copy = *settings;
    const struct jk_walk w = {.body = ret_body, .order = order, .write = true};

    memcpy(ret_body, settings->other, JK_BODY);
    walk(&w, &copy);
}

struct decoded jk_settings_decode(struct span frame, enum jk_layout layout, struct jk_settings *ret)
{
    uint8_t body[JK_BODY];
    uint8_t counter;
    struct decoded d = jk_open(frame, JK_SETTINGS, &counter, body);

    if (d.code != ERR_OK)
        return d;
    if (!is_jk02(layout))
        return (struct decoded){.code = ERR_UNSUPPORTED, .offset = JK_BODY_AT};
    jk_settings_from_body(body, layout, JK_LITTLE, ret);
    ret->counter = counter;
    return d;
}

enum err jk_settings_encode(const struct jk_settings *settings, struct buf *out)
{
    uint8_t body[JK_BODY];

    if (!is_jk02(settings->layout))
        return ERR_UNSUPPORTED;
    jk_settings_to_body(settings, JK_LITTLE, body);
    return jk_close(JK_SETTINGS, settings->counter, body, out);
}
