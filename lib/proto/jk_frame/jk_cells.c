/* SPDX-License-Identifier: Apache-2.0
 *
 * The cell record of JK02. The wide form (32S) has 16 more bytes of cells and 16 more of wires than
 * the narrow one (24S), and a tail of its own.
 */
#include <string.h>

#include "proto/jk_frame/jk_walk.h"

struct place {
    bool wide;
    unsigned cells;
    unsigned a; /* shift behind the cells */
    unsigned b; /* shift behind the wires */
};

static struct place place_of(enum jk_layout layout)
{
    bool wide = layout == JK02_32S;

    return (struct place){wide, wide ? 32 : 24, wide ? 16 : 0, wide ? 32 : 0};
}

static bool is_jk02(enum jk_layout layout)
{
    return layout == JK02_24S || layout == JK02_32S;
}

static void walk_cells(const struct jk_walk *w, struct jk_cells *c, struct place p)
{
    for (unsigned i = 0; i < p.cells; i++)
        jk_walk_u16(w, 6 + 2 * i, &c->cell_mv[i]);
    jk_walk_u32(w, 54 + p.a, &c->cell_mask);
    jk_walk_u16(w, 58 + p.a, &c->mean_mv);
    jk_walk_u16(w, 60 + p.a, &c->spread_mv);
    jk_walk_u8(w, 62 + p.a, &c->max_index);
    jk_walk_u8(w, 63 + p.a, &c->min_index);
    for (unsigned i = 0; i < p.cells; i++)
        jk_walk_u16(w, 64 + p.a + 2 * i, &c->wire_mohm[i]);
}

static void walk_pack(const struct jk_walk *w, struct jk_cells *c, struct place p)
{
    jk_walk_u32(w, 114 + p.b, &c->wire_alarms);
    jk_walk_u32(w, 118 + p.b, &c->pack_mv);
    jk_walk_u32(w, 122 + p.b, &c->power_mw);
    jk_walk_i32(w, 126 + p.b, &c->current_ma);
    jk_walk_i16(w, 130 + p.b, &c->t1_dc);
    jk_walk_i16(w, 132 + p.b, &c->t2_dc);
    if (p.wide) {
        jk_walk_i16(w, 144, &c->mos_dc);
        jk_walk_u32(w, 166, &c->errors);
    } else {
        uint16_t errors = (uint16_t)c->errors;
        jk_walk_i16(w, 134, &c->mos_dc);
        jk_walk_u16(w, 136, &errors);
        c->errors = errors;
    }
    jk_walk_i16(w, 138 + p.b, &c->balance_ma);
    jk_walk_u8(w, 140 + p.b, &c->balance);
    jk_walk_u8(w, 141 + p.b, &c->soc_pc);
    jk_walk_i32(w, 142 + p.b, &c->remaining_mah);
    jk_walk_u32(w, 146 + p.b, &c->full_mah);
    jk_walk_u32(w, 150 + p.b, &c->cycles);
    jk_walk_u32(w, 154 + p.b, &c->cycle_mah);
    jk_walk_u8(w, 158 + p.b, &c->soh_pc);
}

static void walk_state(const struct jk_walk *w, struct jk_cells *c, struct place p)
{
    jk_walk_u8(w, 159 + p.b, &c->precharge);
    jk_walk_u16(w, 160 + p.b, &c->user_alarm);
    jk_walk_u32(w, 162 + p.b, &c->run_s);
    jk_walk_u8(w, 166 + p.b, &c->charge_on);
    jk_walk_u8(w, 167 + p.b, &c->discharge_on);
    if (p.wide) {
        jk_walk_u16(w, 200, &c->user_alarm2);
    } else {
        uint8_t precharging = (uint8_t)c->user_alarm2;
        jk_walk_u8(w, 168, &precharging);
        c->user_alarm2 = precharging;
    }
    for (unsigned i = 0; i < 6; i++)
        jk_walk_u16(w, 170 + p.b + 2 * i, &c->release_s[i]);
    jk_walk_u8(w, 182 + p.b, &c->sensors);
    jk_walk_u8(w, 183 + p.b, &c->heater_on);
    jk_walk_u16(w, 186 + p.b, &c->emergency_s);
    jk_walk_u16(w, 188 + p.b, &c->discharge_fix);
    jk_walk_u16(w, 190 + p.b, &c->charge_shunt_mv);
    jk_walk_u16(w, 192 + p.b, &c->discharge_shunt_mv);
    jk_walk_u32(w, 194 + p.b, &c->volt_factor_f32);
    jk_walk_u16(w, 202 + p.b, &c->pack_cv);
    jk_walk_i16(w, 204 + p.b, &c->heater_ma);
    jk_walk_u8(w, 213 + p.b, &c->charger_plugged);
    jk_walk_u32(w, 214 + p.b, &c->ticks_ds);
    jk_walk_u32(w, 234 + p.b, &c->log_count);
    jk_walk_u8(w, 243 + p.b, &c->chemistry);
}

static void walk_wide_tail(const struct jk_walk *w, struct jk_cells *c)
{
    jk_walk_i16(w, 254, &c->t3_dc);
    jk_walk_i16(w, 256, &c->t4_dc);
    jk_walk_i16(w, 258, &c->t5_dc);
    jk_walk_u32(w, 262, &c->rtc_s);
    jk_walk_u32(w, 270, &c->sleep_s);
    jk_walk_u8(w, 274, &c->parallel_state);
    jk_walk_u16(w, 278, &c->phase_s);
    jk_walk_u8(w, 280, &c->phase);
    jk_walk_u8(w, 281, &c->dry_contacts);
    jk_walk_u8(w, 287, &c->mark);
}

static void walk(const struct jk_walk *w, struct jk_cells *c)
{
    struct place p = place_of(c->layout);

    walk_cells(w, c, p);
    walk_pack(w, c, p);
    walk_state(w, c, p);
    if (p.wide)
        walk_wide_tail(w, c);
}

void jk_cells_from_body(const uint8_t *body, enum jk_layout layout, enum jk_order order,
                        struct jk_cells *ret)
{
    const struct jk_walk w = {.body = ret->other, .order = order};

    *ret = (struct jk_cells){.layout = layout};
    memcpy(ret->other, body, JK_BODY);
    walk(&w, ret);
}

void jk_cells_to_body(const struct jk_cells *cells, enum jk_order order, uint8_t *ret_body)
{
    struct jk_cells copy = *cells;
    const struct jk_walk w = {.body = ret_body, .order = order, .write = true};

    memcpy(ret_body, cells->other, JK_BODY);
    walk(&w, &copy);
}

struct decoded jk_cells_decode(struct span frame, enum jk_layout layout, struct jk_cells *ret)
{
    uint8_t body[JK_BODY];
    uint8_t counter;
    struct decoded d = jk_open(frame, JK_CELLS, &counter, body);

    if (d.code != ERR_OK)
        return d;
    if (!is_jk02(layout))
        return (struct decoded){.code = ERR_UNSUPPORTED, .offset = JK_BODY_AT};
    jk_cells_from_body(body, layout, JK_LITTLE, ret);
    ret->counter = counter;
    return d;
}

enum err jk_cells_encode(const struct jk_cells *cells, struct buf *out)
{
    uint8_t body[JK_BODY];

    if (!is_jk02(cells->layout))
        return ERR_UNSUPPORTED;
    jk_cells_to_body(cells, JK_LITTLE, body);
    return jk_close(JK_CELLS, cells->counter, body, out);
}
