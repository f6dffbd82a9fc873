/* SPDX-License-Identifier: Apache-2.0
 *
 * Can a record be true? Bounds from docs/protocols/jk.md; each part is looked at only when it was
 * read.
 */
#include "proto/jk_frame/jk_plausible.h"

#include <stddef.h>

enum {
    CELL_MIN_MV = 500,
    CELL_MAX_MV = 5000,
    CURRENT_MAX_MA = 1000000,
    SLACK_MV = 60,
};

static bool is_cell(int64_t mv)
{
    return mv == 0 || (mv >= CELL_MIN_MV && mv <= CELL_MAX_MV);
}

static int64_t distance(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

static unsigned bits_in(uint32_t mask)
{
    unsigned n = 0;

    for (; mask != 0; mask &= mask - 1)
        n++;
    return n;
}

static const char *wrong_mask(uint32_t mask, unsigned present)
{
    if (present == 0)
        return "no cell";
    return bits_in(mask) == present ? NULL : "the cell mask disagrees with the cells";
}

static const char *wrong_cells(const struct jk_cells *c, int64_t *ret_sum)
{
    unsigned present = 0;

    *ret_sum = 0;
    for (unsigned i = 0; i < JK_MAX_CELLS; i++) {
        if (!is_cell(c->cell_mv[i]))
            return "a cell is outside 0.5..5 V";
        *ret_sum += c->cell_mv[i];
        present += c->cell_mv[i] != 0;
    }
    return wrong_mask(c->cell_mask, present);
}

/* The charge in mAh must be what the SOC says; a BMS that has not booted says 0 of 0. */
static const char *wrong_charge(const struct jk_cells *c)
{
    int64_t remaining = c->remaining_mah;
    int64_t full = c->full_mah;

    if (c->soc_pc > 100)
        return "SOC above 100 %";
    if (full == 0)
        return NULL;
    if (full > INT32_MAX || distance(100 * remaining, c->soc_pc * full) > 2 * full)
        return "the charge disagrees with the SOC";
    return NULL;
}

const char *jk_cells_wrong(const struct jk_cells *c, uint32_t fields)
{
    const char *why = NULL;
    int64_t sum = 0;

    if ((fields & FIELD_CELLS) != 0)
        why = wrong_cells(c, &sum);
    if (why != NULL)
        return why;
    if ((fields & FIELD_CELLS) != 0 && (fields & FIELD_PACK_MV) != 0 &&
        1000 * distance(sum, c->pack_mv) > 15 * sum + 1000 * SLACK_MV)
        return "the pack voltage is not the sum of the cells";
    if ((fields & FIELD_PACK_MV) != 0 && c->pack_mv > JK_MAX_CELLS * CELL_MAX_MV)
        return "the pack voltage is above 160 V";
    if ((fields & FIELD_CURRENT_MA) != 0 && distance(c->current_ma, 0) > CURRENT_MAX_MA)
        return "the current is above 1000 A";
    return (fields & FIELD_SOC_PM) != 0 ? wrong_charge(c) : NULL;
}

static bool verdict(const char *why, const char **ret_why)
{
    if (why != NULL && ret_why != NULL)
        *ret_why = why;
    return why == NULL;
}

bool jk_cells_plausible(const struct jk_cells *c, const char **ret_why)
{
    return verdict(jk_cells_wrong(c, JK_CELLS_FIELDS), ret_why);
}

bool jk04_cells_plausible(const struct jk04_cells *c, const char **ret_why)
{
    unsigned present = 0;

    for (unsigned i = 0; i < JK04_CELLS; i++) {
        int64_t mv;
        if (!jk_f32_to_fixed(c->cell_v[i], 3, &mv) || !is_cell(mv))
            return verdict("a cell is outside 0.5..5 V", ret_why);
        present += mv != 0;
    }
    return verdict(wrong_mask(c->cell_mask, present), ret_why);
}
