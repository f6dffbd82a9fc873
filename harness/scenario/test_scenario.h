/* SPDX-License-Identifier: Apache-2.0
 *
 * What the scenario tests share: the specification's sample, names to check against, and a loader
 * that returns the errors as text.
 */
#ifndef HARNESS_TEST_SCENARIO_H
#define HARNESS_TEST_SCENARIO_H

#include "harness/scenario/scenario.h"

/* The example of the language's specification, byte for byte. */
extern const char sample_text[];
/* Requirements and those of the sample; CAN signals of a few dimensions. */
extern const struct scenario_names test_names;

/* What scenario_print_errors prints for the text, as an owned string; "" when it is fine. */
char *errors_of(const char *name, const char *text);

#endif
