/* SPDX-License-Identifier: Apache-2.0
 *
 * Log lines as the sink sees them.
 */
#include "base/log.h"

#include <stdio.h>
#include <string.h>

#include "testing/testing.h"

struct sink {
    unsigned n;
    enum log_level level;
    char line[2048];
};

static void write_line(void *ctx, enum log_level level, const char *line)
{
    struct sink *sink = ctx;

    sink->n++;
    sink->level = level;
    snprintf(sink->line, sizeof sink->line, "%s", line);
}

static void test_line(void)
{
    struct sink sink = {0};
    struct manual_clock clock;
    struct log log = {.level = LOG_INFO, .clock = &clock.clock, .write = write_line, .ctx = &sink};

    manual_clock_init(&clock, 0, 1795575060123456); /* 2026-11-25 02:51:00.123456 UTC */
    log_msg(&log, LOG_WARN, "tty", "port=%s errors=%d", "/dev/ttyUSB0", 3);
    CU_ASSERT_STRING_EQUAL(sink.line,
                           "2026-11-25T02:51:00.123Z warn tty port=/dev/ttyUSB0 errors=3");
    CU_ASSERT_EQUAL(sink.level, LOG_WARN);
    log_msg(&log, LOG_DEBUG, "tty", "dropped");
    CU_ASSERT_EQUAL(sink.n, 1);
    log.clock = NULL;
    log_msg(&log, LOG_ERROR, "tty", "no time");
    CU_ASSERT_STRING_EQUAL(sink.line, "error tty no time");
    log_msg(NULL, LOG_ERROR, "tty", "nowhere");
    log.write = NULL;
    log_msg(&log, LOG_ERROR, "tty", "nowhere");
    CU_ASSERT_EQUAL(sink.n, 2);
}

static void test_one_line_whatever_comes(void)
{
    struct sink sink = {0};
    struct log log = {.level = LOG_INFO, .write = write_line, .ctx = &sink};
    char text[3000];

    log_msg(&log, LOG_INFO, "tty", "answer=%s", "a\nb\r\x1b[31m\x7f");
    CU_ASSERT_STRING_EQUAL(sink.line, "info tty answer=a?b??[31m?");
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_msg(&log, LOG_INFO, "tty", "%s", text);
    size_t n = strlen(sink.line);
    CU_ASSERT_EQUAL(n, 1023);
    CU_ASSERT_STRING_EQUAL(sink.line + n - 4, "x...");
}

static void test_levels(void)
{
    enum log_level level = LOG_WARN;
    struct log log;

    CU_ASSERT_TRUE(log_level_parse("debug", &level));
    CU_ASSERT_EQUAL(level, LOG_DEBUG);
    CU_ASSERT_TRUE(log_level_parse("error", &level));
    CU_ASSERT_EQUAL(level, LOG_ERROR);
    CU_ASSERT_FALSE(log_level_parse("verbose", &level));
    CU_ASSERT_FALSE(log_level_parse("", &level));
    CU_ASSERT_FALSE(log_level_parse(NULL, &level));
    CU_ASSERT_EQUAL(level, LOG_ERROR);
    log_to_stderr(&log, LOG_INFO, clock_system());
    CU_ASSERT_PTR_NOT_NULL(log.write);
    CU_ASSERT_EQUAL(log.level, LOG_INFO);
}

static void test_limit(void)
{
    struct log_limit limit = {0};
    unsigned missed = 42;

    CU_ASSERT_TRUE(log_limit_ok(&limit, 1000, 500, &missed));
    CU_ASSERT_EQUAL(missed, 0);
    CU_ASSERT_FALSE(log_limit_ok(&limit, 1001, 500, &missed));
    CU_ASSERT_FALSE(log_limit_ok(&limit, 1499, 500, &missed));
    CU_ASSERT_TRUE(log_limit_ok(&limit, 1500, 500, &missed));
    CU_ASSERT_EQUAL(missed, 2);
    CU_ASSERT_TRUE(log_limit_ok(&limit, 2000, 500, &missed));
    CU_ASSERT_EQUAL(missed, 0);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"time, level, module, text", test_line},
        {"one line, whatever the text holds", test_one_line_whatever_comes},
        {"levels", test_levels},
        {"a repeated fact once a period", test_limit},
        {0},
    };
    return testing_main(argc, argv, "log", cases);
}
