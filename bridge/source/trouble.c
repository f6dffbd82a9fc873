/* SPDX-License-Identifier: Apache-2.0
 *
 * See trouble.h.
 */
#include "bridge/source/trouble.h"

#include <stdio.h>

#include "base/clock.h"

static const uint64_t period_us = 60 * US_PER_S;

void source_trouble(const struct log *log, struct log_limit *limit, const char *battery,
                    const char *kind, int unit, uint64_t now_us, const char *format, va_list args)
{
    char text[160];
    unsigned missed = 0;

    if (!log_limit_ok(limit, now_us, period_us, &missed))
        return;
    vsnprintf(text, sizeof text, format, args);
    if (unit == TROUBLE_NO_UNIT)
        log_msg(log, LOG_WARN, "source", "battery=%s trouble=%s %s (%u not shown)", battery, kind,
                text, missed);
    else
        log_msg(log, LOG_WARN, "source", "battery=%s trouble=%s unit=%d %s (%u not shown)", battery,
                kind, unit, text, missed);
}
