/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the parts of series.
 */
#ifndef HARNESS_SERIES_PRIV_H
#define HARNESS_SERIES_PRIV_H

#include "harness/judge/series.h"

void series_add(struct series *s, const struct sample *sample);
void series_json(const struct judge_input *in, const char *signal, struct series *ret);

#endif
