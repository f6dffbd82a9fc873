/* SPDX-License-Identifier: Apache-2.0
 *
 * Log lines: one event per line, `key=value` pairs, time from the injected clock. Secrets never.
 * The sink is passed in; a NULL log drops everything.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/clock.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log {
    enum log_level level; /* lines above it are not formatted */
    const struct clock *clock;
    void (*write)(void *ctx, enum log_level level, const char *line); /* line without newline */
    void *ctx;
};

void log_msg(const struct log *log, enum log_level level, const char *module, const char *format,
             ...) __attribute__((format(printf, 4, 5)));

/* Writes "2026-11-25T02:51:00.123Z warn module text" to stderr. */
void log_to_stderr(struct log *log, enum log_level level, const struct clock *clock);

bool log_level_parse(const char *text, enum log_level *ret);

/* Says a repeated fact at most once per period: returns true when the line may be written and
 * stores in *ret_missed how many were held back since. Zero-initialise. */
struct log_limit {
    uint64_t next_us;
    unsigned missed;
};
bool log_limit_ok(struct log_limit *limit, uint64_t now_us, uint64_t period_us,
                  unsigned *ret_missed);

#endif
