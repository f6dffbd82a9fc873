/* SPDX-License-Identifier: Apache-2.0
 *
 * `getpwr`: one module for machines, fields ended by '#'. Source: specification 9, one answer as
 * text and the first two lines of one on the wire.
 */
#include <inttypes.h>

#include "proto/pylon_console/common.h"

static void put_pack(const struct pylon_getpwr *g, struct buf *out)
{
    buf_printf(out, "%" PRId32 "#%7" PRId32 "#%7" PRId32 "#%6" PRId32 "# %s# %s# %s# %s# ",
               g->volt_mv, g->curr_ma, g->tempr_mc, g->remaining_mah, g->base_st, g->volt_st,
               g->curr_st, g->temp_st);
}

static void put_cell(const struct pylon_getpwr *g, size_t i, struct buf *out)
{
    buf_printf(out, "%" PRId32 "#%7" PRId32 "# %s# %s# ", g->cells[i].volt_mv, g->cells[i].tempr_mc,
               g->cells[i].volt_st, g->cells[i].temp_st);
}

enum err pylon_getpwr_encode(const struct pylon_getpwr *g, struct buf *out)
{
    size_t mark = out->n;

    if (g->n > PYLON_MAX_CELLS || g->n_trailers > sizeof g->trailers / sizeof g->trailers[0])
        return ERR_RANGE;
    put_pack(g, out);
    for (size_t i = 0; i < g->n; i++) {
        buf_put(out, pylon_sep_bytes(PYLON_SEP_T));
        put_cell(g, i, out);
    }
    for (size_t i = 0; i < g->n_trailers; i++) {
        buf_put(out, pylon_sep_bytes(PYLON_SEP_T));
        buf_printf(out, "%" PRId64 "#", g->trailers[i]);
    }
    return pylon_finish(out, mark);
}

/* The fields of a line; the verdict stays with the first bad one. */
struct fields {
    struct span rest;
    struct span field;
    enum err e;
};

/* The caller has counted the '#'. */
static struct span next_field(struct fields *f)
{
    size_t n = span_find_byte(f->rest, 0, '#');

    f->field = pylon_strip(span_sub(f->rest, 0, n));
    f->rest = span_sub(f->rest, n + 1, f->rest.n);
    return f->field;
}

static void next_int(struct fields *f, enum err (*read)(struct span s, int32_t *ret), int32_t *ret)
{
    if (f->e == ERR_OK)
        f->e = read(next_field(f), ret);
}

static void next_word(struct fields *f, char ret[PYLON_WORD])
{
    if (f->e == ERR_OK)
        f->e = pylon_word(next_field(f), ret);
}

static size_t count_fields(struct span line)
{
    size_t n = 0;
    for (size_t i = 0; i < line.n; i++)
        n += line.p[i] == '#' ? 1 : 0;
    return n;
}

/* Strict like the tables: a line counts when it prints back. */
static enum err check_line(struct fields *f, struct span line, const struct buf *again)
{
    if (f->e != ERR_OK)
        return f->e;
    f->field = line;
    return span_eq(line, pylon_rtrim(buf_span(again))) ? ERR_OK : ERR_SYNTAX;
}

static enum err read_pack(struct pylon_getpwr *g, struct span line, struct fields *f)
{
    uint8_t memory[160];
    struct buf again = buf_of(memory, sizeof memory);

    next_int(f, pylon_pack_mv, &g->volt_mv);
    next_int(f, pylon_ma, &g->curr_ma);
    next_int(f, pylon_mc, &g->tempr_mc);
    next_int(f, pylon_mah, &g->remaining_mah);
    next_word(f, g->base_st);
    next_word(f, g->volt_st);
    next_word(f, g->curr_st);
    next_word(f, g->temp_st);
    put_pack(g, &again);
    return check_line(f, line, &again);
}

static enum err read_cell(struct pylon_getpwr *g, struct span line, struct fields *f)
{
    uint8_t memory[96];
    struct buf again = buf_of(memory, sizeof memory);
    size_t i = g->n;

    if (i == PYLON_MAX_CELLS || g->n_trailers > 0)
        return ERR_SYNTAX;
    next_int(f, pylon_cell_mv, &g->cells[i].volt_mv);
    next_int(f, pylon_mc, &g->cells[i].tempr_mc);
    next_word(f, g->cells[i].volt_st);
    next_word(f, g->cells[i].temp_st);
    put_cell(g, i, &again);
    g->n++;
    return check_line(f, line, &again);
}

static enum err read_trailer(struct pylon_getpwr *g, struct span line)
{
    if (g->n_trailers == sizeof g->trailers / sizeof g->trailers[0])
        return ERR_SYNTAX;
    return pylon_int(span_sub(line, 0, line.n - 1), 0, INT64_MAX, &g->trailers[g->n_trailers++]);
}

static enum err read_line(struct pylon_getpwr *g, bool first, struct span line, struct fields *f)
{
    switch (count_fields(line)) {
    case 8: return first ? read_pack(g, line, f) : ERR_SYNTAX;
    case 4: return first ? ERR_LAYOUT : read_cell(g, line, f);
    case 1: return first || !span_ends(line, "#") ? ERR_LAYOUT : read_trailer(g, line);
    default: return first ? ERR_LAYOUT : ERR_SYNTAX;
    }
}

struct decoded pylon_getpwr_decode(struct span body, struct pylon_getpwr *ret)
{
    struct pylon_getpwr g = {.n = 0};
    struct span rest = body;
    struct span line;
    bool first = true;

    while (pylon_body_line(&rest, &line)) {
        struct fields f = {.rest = line, .field = line, .e = ERR_OK};
        enum err e = read_line(&g, first, line, &f);
        if (e != ERR_OK)
            return pylon_bad(e, body, f.field);
        first = false;
    }
    if (first)
        return pylon_bad(ERR_LAYOUT, body, body);
    if (g.n == 0 || g.n_trailers == 0)
        return pylon_bad(ERR_INCOMPLETE, body, rest);
    *ret = g;
    return pylon_good();
}
