/* SPDX-License-Identifier: Apache-2.0
 *
 * A run as curves: panels one above the other on one axis of time, in each what was true and what
 * the bridge told, and a vertical mark for everything that was done to the battery. Written as CSV
 * for programs and as SVG for people. Values are in micro-units of the panel's unit.
 */
#ifndef HARNESS_PLOT_H
#define HARNESS_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { PLOT_PANELS_MAX = 8, PLOT_SERIES_MAX = 40 };

/* How a curve looks; curves of one kind have one colour in every panel. */
enum plot_kind {
    PLOT_TRUTH,  /* sampled: straight lines between the samples */
    PLOT_TRUTH2, /* a second truth of the panel (the lowest cell) */
    PLOT_CAN,    /* told: a value holds until the next one */
    PLOT_CAN2,   /* a second value of the panel (the discharge limit beside the charge limit) */
    PLOT_JSON,
    PLOT_JSON2,
};

struct plot;

struct plot *plot_new(const char *title, const char *subtitle, int64_t from_us, int64_t to_us);
void plot_delete(struct plot *plot); /* NULL is fine */

/* Names must outlive the plot. Returns the panel's number. */
unsigned plot_panel(struct plot *plot, const char *name, const char *unit);
/* `column` names the curve in the CSV ("can ccl"). A told value is forgotten when nothing newer
 * came for hold_us (0: never). Returns the curve's number. */
unsigned plot_series(struct plot *plot, unsigned panel, enum plot_kind kind, const char *column,
                     uint64_t hold_us);
/* In the order of time. */
void plot_add(struct plot *plot, unsigned series, int64_t t_us, int64_t micro);
void plot_mark(struct plot *plot, int64_t t_us, const char *text, bool failure);

/* One row for each step of a grid of at most some thousand rows, and one for each mark; a cell is
 * empty where nothing is known. */
enum err plot_write_csv(const struct plot *plot, const char *path);
enum err plot_write_svg(const struct plot *plot, const char *path);

#endif
