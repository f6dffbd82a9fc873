/* SPDX-License-Identifier: Apache-2.0
 *
 * What the runner hands to its JUnit writer.
 */
#ifndef TESTING_PRIVATE_H
#define TESTING_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

enum testing_outcome { OUTCOME_PASSED, OUTCOME_FAILED, OUTCOME_SKIPPED };

struct testing_result {
    const char *name;
    enum testing_outcome outcome;
    char *detail; /* the failures, one a line, or the reason of the skip; owned; may be NULL */
    uint64_t elapsed_us;
};

/* Writes a JUnit file, its folder made when missing; 0 or an errno value. */
int testing_write_junit(const char *path, const char *suite, const struct testing_result *results,
                        size_t n);

#endif
