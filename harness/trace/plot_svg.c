/* SPDX-License-Identifier: Apache-2.0
 *
 * A plot as SVG. Coordinates are integers in tenths of a pixel (the viewBox is ten times as large
 * as the picture): exact, and the same in every locale.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/span.h"
#include "harness/trace/plot_private.h"

/* All in tenths of a pixel. */
enum {
    WIDTH = 12400,
    LEFT = 800,
    RIGHT = 2400, /* room for the legend */
    HEAD = 800,
    PANEL = 1600,
    GAP = 320, /* below each panel: its axis */
    LINE = 180,
    LETTER = 66, /* about the width of one */
    PLOT_W = WIDTH - LEFT - RIGHT,
};

struct look {
    const char *color, *dash;
    int width;
    const char *name;
};

static const struct look looks[] = {
    [PLOT_TRUTH] = {"#8a8a8a", "", 30, "truth"},    [PLOT_TRUTH2] = {"#bdbdbd", "", 30, "truth"},
    [PLOT_CAN] = {"#1f77b4", "", 14, "CAN"},        [PLOT_CAN2] = {"#2ca02c", "", 14, "CAN"},
    [PLOT_JSON] = {"#d95f02", "50,40", 14, "JSON"}, [PLOT_JSON2] = {"#9467bd", "50,40", 14, "JSON"},
};

static void escaped(FILE *f, const char *text)
{
    for (; *text; text++) {
        if (*text == '&')
            fputs("&amp;", f);
        else if (*text == '<')
            fputs("&lt;", f);
        else if (*text == '>')
            fputs("&gt;", f);
        else if ((unsigned char)*text >= 0x20)
            putc(*text, f);
    }
}

static void text_at(FILE *f, int x, int y, const char *class, const char *text)
{
    fprintf(f, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, class);
    escaped(f, text);
    fputs("</text>\n", f);
}

static const char *fixed(int64_t value, unsigned decimals, char out[32])
{
    struct buf b = buf_of(out, 31);
    buf_fixed(&b, value, decimals, true);
    out[b.n] = 0;
    return out;
}

/* ---- scales ---- */

struct scale {
    int64_t lo, hi; /* the values at the two ends of the axis */
    int64_t step;   /* between ticks */
};

static int x_of(const struct plot *p, int64_t t_us)
{
    /* days in microseconds times tenths of pixels still fit */
    return LEFT + (int)((t_us - p->from_us) * PLOT_W / (p->to_us - p->from_us));
}

static int y_of(const struct scale *s, int top, int64_t micro)
{
    double share = (double)(micro - s->lo) / (double)(s->hi - s->lo);
    return top + PANEL - (int)(share * PANEL + 0.5);
}

/* Room for all values of the panel; false when there are none. */
static bool scale_of(const struct plot *p, unsigned panel, struct scale *ret)
{
    int64_t lo = INT64_MAX, hi = INT64_MIN;
    for (unsigned k = 0; k < p->n_curves; k++)
        for (size_t i = 0; i < p->curve[k].n && p->curve[k].panel == panel; i++) {
            const struct plot_point *at = &p->curve[k].at[i];
            if (at->t_us < p->from_us || at->t_us > p->to_us)
                continue;
            lo = at->micro < lo ? at->micro : lo;
            hi = at->micro > hi ? at->micro : hi;
        }
    if (lo > hi)
        return false;
    if (lo == hi) {
        lo -= 500000;
        hi += 500000;
    }
    int64_t step = plot_nice_step((hi - lo) / 5);
    int64_t pad = (hi - lo) / 20;
    *ret = (struct scale){.lo = lo - pad, .hi = hi + pad, .step = step};
    return true;
}

static int64_t first_tick(int64_t lo, int64_t step)
{
    int64_t tick = lo / step * step;
    return tick < lo ? tick + step : tick;
}

/* The step between ticks of time, and the unit they are written in. */
static int64_t time_step(int64_t length_us, int64_t *ret_unit, const char **ret_name)
{
    static const int64_t steps_s[] = {1,   2,   5,    10,   15,   30,    60,    120,  300,
                                      600, 900, 1800, 3600, 7200, 10800, 21600, 43200};
    size_t i = 0, n = sizeof steps_s / sizeof *steps_s;
    const int64_t second = (int64_t)US_PER_S;
    *ret_unit = length_us <= 600 * second    ? second
                : length_us <= 7200 * second ? 60 * second
                                             : 3600 * second;
    *ret_name = length_us <= 600 * second ? "s" : length_us <= 7200 * second ? "min" : "h";
    if (length_us < 10 * second)
        return plot_nice_step(length_us / 10);
    while (i + 1 < n && length_us / (steps_s[i] * second) > 13)
        i++;
    return steps_s[i] * second;
}

/* ---- curves ---- */

/* Many points can fall on one column of pixels; then the column shows the first, the extremes and
 * the last of them. */
struct column {
    bool any;
    int x, first, last, low, high;
};

struct pen {
    FILE *f;
    bool down;  /* the path has begun */
    bool steps; /* a value holds until the next */
    int x, y;   /* where it is */
    struct column at;
};

static void line_to(struct pen *pen, int x, int y)
{
    if (!pen->down)
        fprintf(pen->f, "M%d %d", x, y);
    else if (pen->steps && x != pen->x && y != pen->y)
        fprintf(pen->f, "H%dV%d", x, y);
    else if (x == pen->x && y != pen->y)
        fprintf(pen->f, "V%d", y);
    else if (y == pen->y && x != pen->x)
        fprintf(pen->f, "H%d", x);
    else if (x != pen->x || y != pen->y)
        fprintf(pen->f, "L%d %d", x, y);
    pen->down = true;
    pen->x = x;
    pen->y = y;
}

static void flush(struct pen *pen)
{
    struct column *c = &pen->at;
    if (!c->any)
        return;
    line_to(pen, c->x, c->first);
    line_to(pen, c->x, c->low);
    line_to(pen, c->x, c->high);
    line_to(pen, c->x, c->last);
    c->any = false;
}

static void add_point(struct pen *pen, int x, int y)
{
    struct column *c = &pen->at;
    if (c->any && x / 5 != c->x / 5) /* columns are half a pixel wide */
        flush(pen);
    if (!c->any)
        *c = (struct column){.any = true, .x = x, .first = y, .last = y, .low = y, .high = y};
    c->last = y;
    c->low = y < c->low ? y : c->low;
    c->high = y > c->high ? y : c->high;
}

static void draw_curve(const struct plot *p, FILE *f, const struct plot_curve *c,
                       const struct scale *s, int top)
{
    struct pen pen = {.f = f, .steps = c->kind != PLOT_TRUTH && c->kind != PLOT_TRUTH2};
    fprintf(f, "<path class=\"k%d\" d=\"", (int)c->kind);
    for (size_t i = 0; i < c->n && c->at[i].t_us <= p->to_us; i++) {
        bool last_before = i + 1 < c->n && c->at[i + 1].t_us > p->from_us;
        if (c->at[i].t_us < p->from_us &&
            (!last_before || plot_forgotten(c, i, p->from_us))) /* else it holds at the start */
            continue;
        if (i > 0 && plot_forgotten(c, i - 1, c->at[i].t_us)) {
            flush(&pen);
            pen.down = false;
        }
        int64_t t = c->at[i].t_us > p->from_us ? c->at[i].t_us : p->from_us;
        add_point(&pen, x_of(p, t), y_of(s, top, c->at[i].micro));
    }
    flush(&pen);
    if (pen.down && pen.steps && c->n && !plot_forgotten(c, c->n - 1, p->to_us))
        line_to(&pen, LEFT + PLOT_W, pen.y);
    fputs("\"/>\n", f);
}

/* ---- the parts of a panel ---- */

static void draw_axes(const struct plot *p, FILE *f, const struct scale *s, int top)
{
    char text[32];
    const char *unit;
    int64_t in, step = time_step(p->to_us - p->from_us, &in, &unit);
    fprintf(f, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" class=\"frame\"/>\n", LEFT, top,
            PLOT_W, PANEL);
    for (int64_t v = first_tick(s->lo, s->step); v <= s->hi; v += s->step) {
        int y = y_of(s, top, v);
        fprintf(f, "<path class=\"grid\" d=\"M%d %dH%d\"/>\n", LEFT, y, LEFT + PLOT_W);
        text_at(f, LEFT - 60, y + 40, "tick end", fixed(v, 6, text));
    }
    for (int64_t t = first_tick(p->from_us, step); t <= p->to_us; t += step) {
        int x = x_of(p, t);
        fprintf(f, "<path class=\"grid\" d=\"M%d %dV%d\"/>\n", x, top, top + PANEL);
        text_at(f, x, top + PANEL + 150, "tick middle", fixed(div_round(t * 1000, in), 3, text));
    }
    text_at(f, LEFT + PLOT_W + 120, top + PANEL + 150, "tick", unit);
}

/* The panel's name, and below it what its curves are. */
static void draw_legend(const struct plot *p, FILE *f, unsigned panel, int top)
{
    char title[80];
    int x = LEFT + PLOT_W + 120, y = top + 120;
    snprintf(title, sizeof title, "%s (%s)", p->panel[panel].name, p->panel[panel].unit);
    text_at(f, x, y, "name", title);
    for (unsigned k = 0; k < p->n_curves; k++) {
        const struct plot_curve *c = &p->curve[k];
        if (c->panel != panel || c->n == 0)
            continue;
        y += LINE;
        fprintf(f, "<path class=\"k%d\" d=\"M%d %dH%d\"/>\n", (int)c->kind, x, y - 40, x + 280);
        text_at(f, x + 340, y, "legend", c->column);
    }
}

static void draw_marks(const struct plot *p, FILE *f, int top)
{
    for (size_t i = 0; i < p->n_marks; i++)
        fprintf(f, "<path class=\"%s\" d=\"M%d %dV%d\"/>\n", p->mark[i].failure ? "bad" : "mark",
                x_of(p, p->mark[i].t_us), top, top + PANEL);
}

static void draw_panel(const struct plot *p, FILE *f, unsigned panel, const struct scale *s,
                       int top)
{
    draw_axes(p, f, s, top);
    draw_marks(p, f, top);
    for (unsigned k = 0; k < p->n_curves; k++)
        if (p->curve[k].panel == panel && p->curve[k].n)
            draw_curve(p, f, &p->curve[k], s, top);
    draw_legend(p, f, panel, top);
}

/* The numbers above the marks; those that would stand on one another share a place: "4-7". */
static void draw_numbers(const struct plot *p, FILE *f, int top)
{
    for (size_t i = 0, next; i < p->n_marks; i = next) {
        char text[48];
        bool failure = false;
        int x = x_of(p, p->mark[i].t_us);
        for (next = i; next < p->n_marks && x_of(p, p->mark[next].t_us) < x + 4 * LETTER; next++)
            failure = failure || p->mark[next].failure;
        if (next > i + 1)
            snprintf(text, sizeof text, "%zu-%zu", i + 1, next);
        else
            snprintf(text, sizeof text, "%zu", next);
        text_at(f, x, top - 40, failure ? "number badtext" : "number", text);
    }
}

static void draw_list(const struct plot *p, FILE *f, int top)
{
    char text[400], time[32];
    for (size_t i = 0; i < p->n_marks; i++, top += LINE) {
        const char *class = p->mark[i].failure ? "badtext" : "list";
        snprintf(text, sizeof text, "%zu", i + 1);
        text_at(f, LEFT, top, class, text);
        snprintf(text, sizeof text, "%s s", fixed(div_round(p->mark[i].t_us, 1000), 3, time));
        text_at(f, LEFT + 1000, top, p->mark[i].failure ? "badtext end" : "end", text);
        snprintf(text, sizeof text, "%.150s", p->mark[i].text);
        text_at(f, LEFT + 1120, top, class, text);
    }
}

static void draw_head(const struct plot *p, FILE *f, int height)
{
    fprintf(f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\">\n<style>\n"
            "text{font-family:sans-serif;font-size:120px;fill:#222}\n"
            ".title{font-size:170px;font-weight:bold}.tick{font-size:105px;fill:#666}\n"
            ".end{text-anchor:end}.middle,.number{text-anchor:middle}\n"
            ".number{font-size:105px;fill:#00695c}.name{font-weight:bold}\n"
            ".frame{fill:#fcfcfc;stroke:#999;stroke-width:8}\n"
            ".grid{stroke:#e4e4e4;stroke-width:8;fill:none}\n"
            ".mark{stroke:#00897b;stroke-width:9;stroke-dasharray:25,25;fill:none}\n"
            ".bad{stroke:#c62828;stroke-width:16;fill:none}.badtext{fill:#c62828}\n",
            WIDTH / 10, height / 10, WIDTH, height);
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
        fprintf(f, ".k%zu{fill:none;stroke:%s;stroke-width:%d;stroke-dasharray:%s}\n", i,
                looks[i].color, looks[i].width, looks[i].dash[0] ? looks[i].dash : "none");
    fprintf(f, "</style>\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", WIDTH, height);
    text_at(f, LEFT, 260, "title", p->title);
    text_at(f, LEFT, 470, "list", p->subtitle);
}

enum err plot_write_svg(const struct plot *p, const char *path)
{
    FILE *f = fopen(path, "wb");
    struct scale scale[PLOT_PANELS_MAX];
    bool shown[PLOT_PANELS_MAX];
    int top = HEAD, panels = 0;
    if (!f)
        return ERR_IO;
    for (unsigned i = 0; i < p->n_panels; i++) {
        shown[i] = scale_of(p, i, &scale[i]);
        panels += shown[i];
    }
    int list = HEAD + panels * (PANEL + GAP) + LINE;
    draw_head(p, f, list + (int)p->n_marks * LINE);
    draw_numbers(p, f, HEAD);
    for (unsigned i = 0; i < p->n_panels; i++)
        if (shown[i]) {
            draw_panel(p, f, i, &scale[i], top);
            top += PANEL + GAP;
        }
    draw_list(p, f, list);
    fputs("</svg>\n", f);
    return fclose(f) == 0 ? ERR_OK : ERR_IO;
}
