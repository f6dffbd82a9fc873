/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the parts of series.
 */
#ifndef HARNESS_SERIES_PRIV_H
#define HARNESS_SERIES_PRIV_H

#include "harness/judge/series.h"

void series_add(struct series *s, const struct sample *sample);
void series_json(const struct judge_input *in, const char *signal, struct series *ret);
/* Several signals that come from the messages themselves, in one pass over them. */
void series_json_pass(const struct judge_input *in, const char *const *signals, size_t n,
                      struct series *ret);
bool series_json_from_message(const char *signal);
/* A copy of what the store has; false when it has not. */
bool series_store_copy(const struct series_store *store, const char *signal, struct series *ret);

#endif
