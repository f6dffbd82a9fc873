/* SPDX-License-Identifier: Apache-2.0
 *
 * The silence that a line of JK packs gets before each telegram, also after errors: below 50 ms all
 * units of a bus answer. A line that never is silent (noise, a floating input) is spoken on all the
 * same, a second after the silence was first broken.
 *
 * Source: docs/protocols/jk.md. Pure.
 */
#ifndef BRIDGE_SOURCE_JK_PAUSE_H
#define BRIDGE_SOURCE_JK_PAUSE_H

#include "base/clock.h"

struct jk_pause {
    uint64_t quiet_us;    /* nothing is sent before */
    uint64_t patience_us; /* but on a line that never is silent after this */
};

static inline void jk_pause_none(struct jk_pause *p, uint64_t now_us)
{
    *p = (struct jk_pause){.quiet_us = now_us, .patience_us = now_us};
}

/* Something was on the line just now. */
static inline void jk_pause_begin(struct jk_pause *p, uint64_t gap_us, uint64_t now_us)
{
    if (now_us >= p->quiet_us)
        p->patience_us = now_us + US_PER_S;
    p->quiet_us = now_us + gap_us;
}

/* When the next telegram may go out. */
static inline uint64_t jk_pause_end_us(const struct jk_pause *p)
{
    return deadline_min(p->quiet_us, p->patience_us);
}

#endif
