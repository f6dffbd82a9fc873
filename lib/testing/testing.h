/* SPDX-License-Identifier: Apache-2.0
 *
 * The runner behind every test program: CUnit's checks, TAP on standard output, JUnit on request,
 * and skips that are counted. (CUnit's own XML is not well-formed, so it is never used.)
 *
 *   static void test_x(void) { CU_ASSERT_EQUAL(1, 1); }
 *   int main(int argc, char **argv)
 *   {
 *       static const struct testing_case cases[] = {{"x is x", test_x}, {0}};
 *       return testing_main(argc, argv, "module", cases);
 *   }
 *
 * Options: --list, --only NAME, --junit FILE, --timeout SECONDS (of each test; 60 by default: a
 * test that hangs fails and ends the run).
 * Exit code: 0 all passed, 1 a failure, 77 every test skipped.
 */
#ifndef TESTING_TESTING_H
#define TESTING_TESTING_H

#include <CUnit/CUnit.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct testing_case {
    const char *name;
    void (*fn)(void);
};

int testing_main(int argc, char **argv, const char *suite, const struct testing_case *cases);

/* Marks the running test as skipped with a reason that is shown and counted; then return. */
void testing_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A failure with a message of its own (file and line added by the macro). */
#define TESTING_FAIL(...) testing_fail(__FILE__, __LINE__, __VA_ARGS__)
void testing_fail(const char *file, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The folder with captures/ and vectors/ ($BMSRIG_SHARED, else ../shared beside the project), or
 * NULL when it is not there: then skip. */
const char *testing_shared(void);

/* Reads a whole file into memory that lives until the program ends; p is NULL on failure. */
struct span testing_read_file(const char *path);

/* Compares bytes and prints the first difference as hex with context. */
#define TESTING_BYTES_EQ(got, want) testing_bytes_eq(__FILE__, __LINE__, (got), (want))
bool testing_bytes_eq(const char *file, unsigned line, struct span got, struct span want);

/* Calls fn for every way to cut `input` in two (0..n), for every truncation (0..n-1) and for every
 * single-bit flip; fn checks and owns its expectations. */
void testing_every_split(struct span input,
                         void (*fn)(struct span first, struct span second, void *ctx), void *ctx);
void testing_every_truncation(struct span input, void (*fn)(struct span cut, void *ctx), void *ctx);
void testing_every_bit_flip(struct span input,
                            void (*fn)(struct span flipped, size_t byte, unsigned bit, void *ctx),
                            void *ctx);

#endif
