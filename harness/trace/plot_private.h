/* SPDX-License-Identifier: Apache-2.0
 *
 * What the two writers of a plot share.
 */
#ifndef HARNESS_PLOT_PRIVATE_H
#define HARNESS_PLOT_PRIVATE_H

#include "harness/trace/plot.h"

struct plot_point {
    int64_t t_us, micro;
};

struct plot_curve {
    enum plot_kind kind;
    unsigned panel;
    const char *column;
    uint64_t hold_us;
    struct plot_point *at;
    size_t n, cap;
};

struct plot_note {
    int64_t t_us;
    char *text;
    bool failure;
};

struct plot {
    char *title, *subtitle;
    int64_t from_us, to_us;
    struct {
        const char *name, *unit;
    } panel[PLOT_PANELS_MAX];
    unsigned n_panels;
    struct plot_curve curve[PLOT_SERIES_MAX];
    unsigned n_curves;
    struct plot_note *mark;
    size_t n_marks;
};

/* Has the value of point i been forgotten at t? */
static inline bool plot_forgotten(const struct plot_curve *c, size_t i, int64_t t_us)
{
    return c->hold_us && t_us - c->at[i].t_us > (int64_t)c->hold_us;
}

/* 1, 2 or 5 times a power of ten, at least `least`. */
int64_t plot_nice_step(int64_t least);

#endif
