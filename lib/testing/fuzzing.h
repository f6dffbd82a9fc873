/* SPDX-License-Identifier: Apache-2.0
 *
 * For fuzz targets: a requirement that says its name when it does not hold. The place in a stack
 * trace is not enough, for an optimizing compiler makes one call of all the abort() of a function.
 */
#ifndef TESTING_FUZZING_H
#define TESTING_FUZZING_H

#include <stdio.h>
#include <stdlib.h>

#define FUZZ_REQUIRE(...)                                                              \
    do {                                                                               \
        if (!(__VA_ARGS__)) {                                                          \
            fprintf(stderr, "%s:%d: not met: %s\n", __FILE__, __LINE__, #__VA_ARGS__); \
            abort();                                                                   \
        }                                                                              \
    } while (0)

#endif
