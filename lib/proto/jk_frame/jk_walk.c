/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading and writing the fields of a record's body.
 */
#include "proto/jk_frame/jk_walk.h"

#include <string.h>

static uint64_t walk_number(const struct jk_walk *w, unsigned at, unsigned n, uint64_t value)
{
    uint8_t *p = &w->body[at - JK_BODY_AT];
    uint64_t read = 0;

    for (unsigned i = 0; i < n; i++) {
        unsigned place = w->order == JK_BIG ? n - 1 - i : i;
        if (w->write) {
            p[place] = (uint8_t)(value >> (8 * i));
        } else {
            read |= (uint64_t)p[place] << (8 * i);
            p[place] = 0;
        }
    }
    return w->write ? value : read;
}

void jk_walk_u8(const struct jk_walk *w, unsigned at, uint8_t *field)
{
    *field = (uint8_t)walk_number(w, at, 1, *field);
}

void jk_walk_i8(const struct jk_walk *w, unsigned at, int8_t *field)
{
    *field = (int8_t)walk_number(w, at, 1, (uint64_t)*field);
}

void jk_walk_u16(const struct jk_walk *w, unsigned at, uint16_t *field)
{
    *field = (uint16_t)walk_number(w, at, 2, *field);
}

void jk_walk_i16(const struct jk_walk *w, unsigned at, int16_t *field)
{
    *field = (int16_t)walk_number(w, at, 2, (uint64_t)*field);
}

void jk_walk_u32(const struct jk_walk *w, unsigned at, uint32_t *field)
{
    *field = (uint32_t)walk_number(w, at, 4, *field);
}

void jk_walk_i32(const struct jk_walk *w, unsigned at, int32_t *field)
{
    *field = (int32_t)walk_number(w, at, 4, (uint64_t)*field);
}

void jk_walk_bytes(const struct jk_walk *w, unsigned at, uint8_t *field, size_t n)
{
    uint8_t *p = &w->body[at - JK_BODY_AT];

    if (w->write) {
        memcpy(p, field, n);
    } else {
        memcpy(field, p, n);
        memset(p, 0, n);
    }
}

struct decoded jk_open(struct span frame, enum jk_type type, uint8_t *ret_counter,
                       uint8_t *ret_body)
{
    enum jk_type found;
    struct decoded d = jk_frame_check(frame, &found);

    if (d.code != ERR_OK)
        return d;
    if (found != type)
        return (struct decoded){.code = ERR_MISMATCH, .offset = 4};
    *ret_counter = frame.p[5];
    memcpy(ret_body, frame.p + JK_BODY_AT, JK_BODY);
    return d;
}

enum err jk_close(enum jk_type type, uint8_t counter, const uint8_t *body, struct buf *out)
{
    uint8_t frame[JK_FRAME] = {0x55, 0xAA, 0xEB, 0x90, (uint8_t)type, counter};

    memcpy(frame + JK_BODY_AT, body, JK_BODY);
    frame[JK_SUM_AT] = jk_sum8(span_of(frame, JK_SUM_AT));
    return buf_put(out, span_of(frame, sizeof frame)) ? ERR_OK : ERR_SPACE;
}
