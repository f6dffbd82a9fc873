/* SPDX-License-Identifier: Apache-2.0
 *
 * One function per kind of statement. Each gets a verdict whose code is VERDICT_PASS and whose
 * texts are empty, and fills in what it finds.
 */
#ifndef HARNESS_CHECK_H
#define HARNESS_CHECK_H

#include "harness/judge/series.h"

typedef void check_fn(const struct judge_input *in, const struct stmt *stmt, struct verdict *v);

check_fn check_within, check_window, check_point, check_track, check_agree, check_every,
    check_matches;

void verdict_set(struct verdict *v, enum verdict_code code, int64_t t_us, size_t evidence,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

/* "12.104 s" into a ring of static-free caller memory */
const char *time_text(int64_t t_us, char out[24]);

/* Where a DELIVERED or STIMULUS event of a statement is; NULL when it never came. */
const struct event *find_anchor(const struct judge_input *in, enum event_kind kind, size_t stmt,
                                size_t *ret_index);

#endif
