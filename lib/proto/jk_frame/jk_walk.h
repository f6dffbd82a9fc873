/* SPDX-License-Identifier: Apache-2.0
 *
 * One description of a record for both directions: a function names each field with its place, and
 * the walk reads them all or writes them all. What is read is taken out of the body, so what is
 * left is exactly what no field covers.
 */
#ifndef PROTO_JK_WALK_H
#define PROTO_JK_WALK_H

#include "proto/jk_frame/jk_record.h"

struct jk_walk {
    uint8_t *body; /* JK_BODY bytes */
    enum jk_order order;
    bool write;
};

/* `at` counts from the start of the frame, as the documents do. */
void jk_walk_u8(const struct jk_walk *w, unsigned at, uint8_t *field);
void jk_walk_i8(const struct jk_walk *w, unsigned at, int8_t *field);
void jk_walk_u16(const struct jk_walk *w, unsigned at, uint16_t *field);
void jk_walk_i16(const struct jk_walk *w, unsigned at, int16_t *field);
void jk_walk_u32(const struct jk_walk *w, unsigned at, uint32_t *field);
void jk_walk_i32(const struct jk_walk *w, unsigned at, int32_t *field);
void jk_walk_bytes(const struct jk_walk *w, unsigned at, uint8_t *field, size_t n);

/* Checks the envelope and that it is a `type`; copies body and counter out. */
struct decoded jk_open(struct span frame, enum jk_type type, uint8_t *ret_counter,
                       uint8_t *ret_body);
/* Appends an envelope with this body. */
enum err jk_close(enum jk_type type, uint8_t counter, const uint8_t *body, struct buf *out);

#endif
