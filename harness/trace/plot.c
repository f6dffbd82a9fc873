/* SPDX-License-Identifier: Apache-2.0
 *
 * The data of a plot, and its CSV.
 */
#include "harness/trace/plot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/span.h"
#include "harness/trace/plot_private.h"

static void *grown(void *at, size_t n, size_t size)
{
    void *p = realloc(at, n * size);
    if (!p)
        abort();
    return p;
}

static char *copy(const char *text)
{
    char *c = strdup(text ? text : "");
    if (!c)
        abort();
    return c;
}

struct plot *plot_new(const char *title, const char *subtitle, int64_t from_us, int64_t to_us)
{
    struct plot *p = calloc(1, sizeof *p);
    if (!p)
        abort();
    p->title = copy(title);
    p->subtitle = copy(subtitle);
    p->from_us = from_us;
    p->to_us = to_us > from_us ? to_us : from_us + 1;
    return p;
}

void plot_delete(struct plot *p)
{
    if (!p)
        return;
    for (unsigned i = 0; i < p->n_curves; i++)
        free(p->curve[i].at);
    for (size_t i = 0; i < p->n_marks; i++)
        free(p->mark[i].text);
    free(p->mark);
    free(p->title);
    free(p->subtitle);
    free(p);
}

unsigned plot_panel(struct plot *p, const char *name, const char *unit)
{
    if (p->n_panels == PLOT_PANELS_MAX)
        abort(); /* the caller's own list is too long */
    p->panel[p->n_panels].name = name;
    p->panel[p->n_panels].unit = unit;
    return p->n_panels++;
}

unsigned plot_series(struct plot *p, unsigned panel, enum plot_kind kind, const char *column,
                     uint64_t hold_us)
{
    if (p->n_curves == PLOT_SERIES_MAX)
        abort();
    p->curve[p->n_curves] =
        (struct plot_curve){.kind = kind, .panel = panel, .column = column, .hold_us = hold_us};
    return p->n_curves++;
}

void plot_add(struct plot *p, unsigned series, int64_t t_us, int64_t micro)
{
    struct plot_curve *c = &p->curve[series];
    if (c->n == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 256;
        c->at = grown(c->at, c->cap, sizeof *c->at);
    }
    c->at[c->n++] = (struct plot_point){t_us, micro};
}

void plot_mark(struct plot *p, int64_t t_us, const char *text, bool failure)
{
    p->mark = grown(p->mark, p->n_marks + 1, sizeof *p->mark);
    size_t i = p->n_marks++;
    for (; i > 0 && p->mark[i - 1].t_us > t_us; i--)
        p->mark[i] = p->mark[i - 1];
    p->mark[i] = (struct plot_note){t_us, copy(text), failure};
}

int64_t plot_nice_step(int64_t least)
{
    int64_t step = 1;
    while (step < least && step <= INT64_MAX / 100) {
        if (2 * step >= least)
            return 2 * step;
        if (5 * step >= least)
            return 5 * step;
        step *= 10;
    }
    return step;
}

/* ---- CSV ---- */

enum { ROWS = 5000, LEAST_STEP_US = 100000 };

static void put_fixed(FILE *f, int64_t micro, unsigned decimals)
{
    char text[32];
    struct buf b = buf_of(text, sizeof text);
    buf_fixed(&b, micro, decimals, true);
    fwrite(text, 1, b.n, f);
}

/* The row of one instant. cursor[k]: the first point of curve k that is not over yet; rows come in
 * the order of time. */
static void put_row(const struct plot *p, FILE *f, int64_t t_us, size_t *cursor)
{
    put_fixed(f, t_us, 6);
    for (unsigned k = 0; k < p->n_curves; k++) {
        const struct plot_curve *c = &p->curve[k];
        while (cursor[k] < c->n && c->at[cursor[k]].t_us <= t_us)
            cursor[k]++;
        putc(',', f);
        if (cursor[k] > 0 && !plot_forgotten(c, cursor[k] - 1, t_us))
            put_fixed(f, c->at[cursor[k] - 1].micro, 6);
    }
    putc('\n', f);
}

enum err plot_write_csv(const struct plot *p, const char *path)
{
    FILE *f = fopen(path, "wb");
    size_t cursor[PLOT_SERIES_MAX] = {0}, mark = 0;
    if (!f)
        return ERR_IO;
    int64_t step = plot_nice_step((p->to_us - p->from_us) / ROWS);
    step = step > LEAST_STEP_US ? step : LEAST_STEP_US;
    fputs("time (s)", f);
    for (unsigned k = 0; k < p->n_curves; k++)
        fprintf(f, ",%s (%s)", p->curve[k].column, p->panel[p->curve[k].panel].unit);
    putc('\n', f);
    for (int64_t t = p->from_us; t <= p->to_us; t += step) {
        for (; mark < p->n_marks && p->mark[mark].t_us < t; mark++)
            if (p->mark[mark].t_us > t - step)
                put_row(p, f, p->mark[mark].t_us, cursor);
        put_row(p, f, t, cursor);
    }
    return fclose(f) == 0 ? ERR_OK : ERR_IO;
}
