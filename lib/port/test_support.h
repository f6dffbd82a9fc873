/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of the ports share: a loop that is turned until something has happened, a
 * temporary folder, and reads from plain descriptors with a deadline. Tests never sleep.
 */
#ifndef PORT_TEST_SUPPORT_H
#define PORT_TEST_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/loop.h"
#include "base/span.h"

/* Long for a loaded machine; a passing test never waits for it. */
#define TEST_WAIT_US (10 * US_PER_S)

/* Turns the loop until fn says yes; false after `us`. */
bool test_until(struct loop *loop, bool (*fn)(void *ctx), void *ctx, uint64_t us);
/* Turns the loop until *flag, or until *counter is at least `n`. */
bool test_until_set(struct loop *loop, const bool *flag);
bool test_until_count(struct loop *loop, const unsigned *counter, unsigned n);
/* Turns the loop for that long: to see that something does not happen. */
void test_turn_for(struct loop *loop, uint64_t us);
/* Reads exactly n bytes from a non-blocking descriptor while turning the loop. */
bool test_read(struct loop *loop, int fd, void *ret, size_t n);

/* Makes a folder of its own under $TMPDIR or /tmp; short enough for unix sockets. */
void test_folder_make(char *ret_path, size_t cap);
/* Removes it and everything in it. */
void test_folder_remove(const char *path);
/* "folder/name"; aborts when it does not fit. */
void test_path(char *out, size_t cap, const char *folder, const char *name);
bool test_write_file(const char *path, const char *text);

/* True when a program of that name is in PATH (or in /usr/sbin). */
bool test_have_program(const char *name);

/* Runs a program to its end, its output on /dev/null; returns its exit status, -1 when it cannot.
 */
int test_run(struct loop *loop, const char *const *argv);

#endif
