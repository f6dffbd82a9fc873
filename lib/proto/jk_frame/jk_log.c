/* SPDX-License-Identifier: Apache-2.0
 *
 * The logbook record: up to 50 entries of five bytes.
 */
#include <string.h>

#include "proto/jk_frame/jk_walk.h"

static void walk(const struct jk_walk *w, struct jk_log *log)
{
    jk_walk_u32(w, 6, &log->count);
    for (unsigned i = 0; i < JK_MAX_LOG; i++) {
        jk_walk_u32(w, 11 + 5 * i, &log->entries[i].time_s);
        jk_walk_u8(w, 15 + 5 * i, &log->entries[i].code);
    }
}

struct decoded jk_log_decode(struct span frame, struct jk_log *ret)
{
    uint8_t body[JK_BODY];
    uint8_t counter;
    struct decoded d = jk_open(frame, JK_LOG, &counter, body);

    if (d.code != ERR_OK)
        return d;
    const struct jk_walk w = {.body = ret->other, .order = JK_LITTLE};
    *ret = (struct jk_log){.counter = counter};
    memcpy(ret->other, body, JK_BODY);
    walk(&w, ret);
    return d;
}

enum err jk_log_encode(const struct jk_log *log, struct buf *out)
{
    struct jk_log copy = *log;
    const struct jk_walk w = {.body = copy.other, .order = JK_LITTLE, .write = true};

    walk(&w, &copy);
    return jk_close(JK_LOG, copy.counter, copy.other, out);
}
