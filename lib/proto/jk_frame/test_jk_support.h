/* SPDX-License-Identifier: Apache-2.0
 *
 * For the tests of all JK codecs: the shared vectors, values by the names the vectors use, and
 * frames written from the specification.
 */
#ifndef PROTO_TEST_JK_SUPPORT_H
#define PROTO_TEST_JK_SUPPORT_H

#include "base/json.h"
#include "proto/jk_frame/jk_record.h"
#include "testing/testing.h"

/* ---- vectors ---- */

struct jk_vector {
    const char *name;
    struct span bytes;
    enum jk_layout layout; /* JK_LAYOUT_UNKNOWN when the vector does not say */
    const char *kind;      /* "" when absent, as the next two */
    const char *reject;
    const char *ack;          /* hex */
    const struct json *whole; /* the vector */
};

/* Calls fn for each vector of shared/vectors/jk/<file>; false: skipped, the folder is not there. */
bool jk_vectors_each(const char *file, void (*fn)(const struct jk_vector *v, void *ctx), void *ctx);

/* Hex to bytes; the memory lives until the end of the program. */
struct span jk_hex(const char *hex);

/* ---- values ---- */

/* A record's value under the name that the vectors use, in their unit (V, A, C, Ah). */
typedef bool (*jk_look)(const void *record, const char *name, double *ret);
bool jk_look_cells(const void *record, const char *name, double *ret);
bool jk_look_cells04(const void *record, const char *name, double *ret);
bool jk_look_settings(const void *record, const char *name, double *ret);
bool jk_look_settings04(const void *record, const char *name, double *ret);
bool jk_look_info(const void *record, const char *name, double *ret);

/* Compares all numbers that the vector states; returns how many. */
size_t jk_expect_numbers(const struct jk_vector *v, jk_look look, const void *record);
/* Is `got` the stated value, within the resolution of its unit? */
bool jk_is_close(const char *name, double got, double want);

/* ---- frames ---- */

/* An all-zero frame of this type with a right sum, into frame[JK_FRAME]. */
void jk_blank(uint8_t *frame, enum jk_type type, uint8_t counter);
/* Little-endian number at an offset; jk_seal() renews the sum. */
void jk_poke(uint8_t *frame, unsigned at, unsigned width, uint64_t value);
void jk_seal(uint8_t *frame);
/* A healthy pack of 16 cells of 3.300 V, 52.800 V, +12.345 A, 75 %, 20.0 and 21.0 C. */
void jk_healthy_32s(uint8_t *frame);
/* The same in the narrow layout. */
void jk_healthy_24s(uint8_t *frame);
/* 16 cells of 3.3 V as floats. */
void jk_healthy_jk04(uint8_t *frame);

#endif
