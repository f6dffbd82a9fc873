/* SPDX-License-Identifier: Apache-2.0
 *
 * One event, one line. Control characters in the text (a device's answer may hold anything) become
 * '?', so that no value can forge a second line.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/span.h"

#define LINE_MAX_BYTES 1024

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_ERROR: return "error";
    case LOG_WARN: return "warn";
    case LOG_INFO: return "info";
    case LOG_DEBUG: return "debug";
    }
    return "?";
}

/* "2026-11-25T02:51:00.123Z " */
static size_t put_time(char *out, size_t cap, const struct clock *clock)
{
    uint64_t wall = clock_wall_us(clock);
    time_t seconds = (time_t)(wall / US_PER_S);
    struct tm tm;

    if (gmtime_r(&seconds, &tm) == NULL)
        return 0;
    size_t n = strftime(out, cap, "%Y-%m-%dT%H:%M:%S", &tm);
    int m = snprintf(out + n, cap - n, ".%03uZ ", (unsigned)(wall / US_PER_MS % 1000U));
    return n + (m > 0 ? (size_t)m : 0);
}

static void mask_controls(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
    }
}

void log_msg(const struct log *log, enum log_level level, const char *module, const char *format,
             ...)
{
    char line[LINE_MAX_BYTES];
    size_t n = 0;
    va_list args;

    if (log == NULL || log->write == NULL || level > log->level)
        return;
    if (log->clock != NULL)
        n = put_time(line, sizeof line, log->clock);
    int m = snprintf(line + n, sizeof line - n, "%s %s ", level_name(level), module);
    if (m > 0)
        n += (size_t)m;
    if (n < sizeof line) {
        va_start(args, format);
        m = vsnprintf(line + n, sizeof line - n, format, args);
        va_end(args);
        n += m > 0 ? (size_t)m : 0;
    }
    if (n >= sizeof line) /* cut: say so */
        memcpy(line + sizeof line - 4, "...", 4);
    mask_controls(line);
    log->write(log->ctx, level, line);
}

static void write_stderr(void *ctx, enum log_level level, const char *line)
{
    (void)ctx;
    (void)level;
    fprintf(stderr, "%s\n", line);
}

void log_to_stderr(struct log *log, enum log_level level, const struct clock *clock)
{
    *log = (struct log){.level = level, .clock = clock, .write = write_stderr};
}

bool log_level_parse(const char *text, enum log_level *ret)
{
    static const enum log_level levels[] = {LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG};

    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (span_eq_str(span_str(text), level_name(levels[i]))) {
            *ret = levels[i];
            return true;
        }
    }
    return false;
}

bool log_limit_ok(struct log_limit *limit, uint64_t now_us, uint64_t period_us,
                  unsigned *ret_missed)
{
    if (now_us < limit->next_us) {
        if (limit->missed < UINT32_MAX)
            limit->missed++;
        return false;
    }
    *ret_missed = limit->missed;
    limit->missed = 0;
    limit->next_us = deadline_add(now_us, period_us);
    return true;
}
