/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes at any time into a JK source on a serial line, mixed with right, damaged and late
 * answers. Invariants: only listed telegrams are sent; what is published has all that a reading
 * needs and is possible; its age never lies ahead and never goes back; deadlines lie ahead.
 *
 * Input: records of two bytes and their data: what happens, and how much of it.
 */
#ifndef BRIDGE_SOURCE_FUZZ_JK_LINE_H
#define BRIDGE_SOURCE_FUZZ_JK_LINE_H

#include "bridge/source/source.h"
#include "proto/jk_frame/jk_record.h"

enum { FUZZ_UNITS = 16 };

struct fuzz_line {
    struct source source;
    uint64_t now_us;
    uint64_t updated_us[FUZZ_UNITS];
    uint8_t asked[SOURCE_OUTPUT_MAX]; /* the last telegram */
    size_t n_asked;
    /* The right answer to it; 0 bytes: none. Aborts when it is no listed telegram. */
    size_t (*answer)(struct span asked, uint8_t *out, size_t cap);
};

void must(bool condition);
void fuzz_line_run(struct fuzz_line *line, struct span input);

/* A plausible pack to answer with. */
struct jk_cells fuzz_cells(void);
struct jk_settings fuzz_settings(void);
struct jk_info fuzz_info(void);

#endif
