/* SPDX-License-Identifier: Apache-2.0
 *
 * The records of JK04, whose values are floats.
 */
#include <string.h>

#include "proto/jk_frame/jk_walk.h"

static void walk_cells(const struct jk_walk *w, struct jk04_cells *c)
{
    for (unsigned i = 0; i < JK04_CELLS; i++)
        jk_walk_u32(w, 6 + 4 * i, &c->cell_v[i]);
    for (unsigned i = 0; i < JK04_WIRES; i++)
        jk_walk_u32(w, 102 + 4 * i, &c->wire_ohm[i]);
    jk_walk_u32(w, 202, &c->mean_v);
    jk_walk_u32(w, 206, &c->spread_v);
    jk_walk_u32(w, 214, &c->cell_mask);
    jk_walk_u8(w, 218, &c->max_index);
    jk_walk_u8(w, 219, &c->min_index);
    jk_walk_u8(w, 220, &c->balance);
    jk_walk_u32(w, 222, &c->balance_a);
    jk_walk_u32(w, 286, &c->run_s);
}

static void walk_settings(const struct jk_walk *w, struct jk04_settings *s)
{
    jk_walk_u8(w, 34, &s->cell_count);
    jk_walk_u32(w, 38, &s->power_off_v);
    jk_walk_u32(w, 74, &s->reference_v);
    jk_walk_u32(w, 98, &s->start_v);
    jk_walk_u32(w, 106, &s->trigger_v);
    jk_walk_u32(w, 110, &s->balance_max_a);
    jk_walk_u8(w, 114, &s->balance_switch);
}

struct decoded jk04_cells_decode(struct span frame, struct jk04_cells *ret)
{
    uint8_t body[JK_BODY];
    uint8_t counter;
    struct decoded d = jk_open(frame, JK_CELLS, &counter, body);

    if (d.code != ERR_OK)
        return d;
    const struct jk_walk w = {.body = ret->other, .order = JK_LITTLE};
    *ret = (struct jk04_cells){.counter = counter};
    memcpy(ret->other, body, JK_BODY);
    walk_cells(&w, ret);
    return d;
}

enum err jk04_cells_encode(const struct jk04_cells *cells, struct buf *out)
{
    struct jk04_cells copy = *cells;
    const struct jk_walk w = {.body = copy.other, .order = JK_LITTLE, .write = true};

    walk_cells(&w, &copy);
    return jk_close(JK_CELLS, copy.counter, copy.other, out);
}

struct decoded jk04_settings_decode(struct span frame, struct jk04_settings *ret)
{
    uint8_t body[JK_BODY];
    uint8_t counter;
    struct decoded d = jk_open(frame, JK_SETTINGS, &counter, body);

    if (d.code != ERR_OK)
        return d;
    const struct jk_walk w = {.body = ret->other, .order = JK_LITTLE};
    *ret = (struct jk04_settings){.counter = counter};
    memcpy(ret->other, body, JK_BODY);
    walk_settings(&w, ret);
    return d;
}

enum err jk04_settings_encode(const struct jk04_settings *settings, struct buf *out)
{
    struct jk04_settings copy = *settings;
    const struct jk_walk w = {.body = copy.other, .order = JK_LITTLE, .write = true};

    walk_settings(&w, &copy);
    return jk_close(JK_SETTINGS, copy.counter, copy.other, out);
}
