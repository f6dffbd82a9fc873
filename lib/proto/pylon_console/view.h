/* SPDX-License-Identifier: Apache-2.0
 *
 * Picking typed values out of a form. Private to this folder.
 */
#ifndef PROTO_PYLON_CONSOLE_VIEW_H
#define PROTO_PYLON_CONSOLE_VIEW_H

#include "proto/pylon_console/pylon_console.h"

/* Reads several lines of a form; the first bad one stays as the verdict and stops the rest. */
struct view {
    const struct pylon_form *form;
    struct decoded verdict;
};

struct view pylon_view_of(const struct pylon_form *form);
void pylon_view_fail(struct view *v, enum err code, const struct pylon_kv *kv);

/* A number with exactly this unit ("" for none). False when the line is not there or bad. */
bool pylon_view_number(struct view *v, const char *label, const char *unit, int64_t min,
                       int64_t max, int64_t *ret);
bool pylon_view_int32(struct view *v, const char *label, const char *unit, int32_t min, int32_t max,
                      int32_t *ret);
bool pylon_view_mask(struct view *v, const char *label, uint32_t *ret);
/* A state word; left "" when the line is not there. */
void pylon_view_word(struct view *v, const char *label, char ret[PYLON_WORD]);
/* Any value's text. False when the line is not there; text that does not fit is ERR_RANGE. */
bool pylon_view_text(struct view *v, const char *label, char *ret, size_t cap);

#endif
