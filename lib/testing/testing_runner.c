/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs CUnit tests one by one and reports each as TAP the moment it ends. CUnit itself keeps the
 * record of what failed, and of skips too: a skip is a failure record under a file name that no
 * source file has.
 */
#include "testing/testing.h"

#include <CUnit/TestRun.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "testing/testing_private.h"

#define TIMEOUT_S     180U
#define LAST_CHANCE_S 5U /* for the report, when a hung test left stdio or malloc locked */

static const char skip_mark[] = "#skip";

/* A signal handler gets no context pointer: where to go on when a test hangs. */
static sigjmp_buf after_timeout;

struct options {
    const char *junit;
    const char *only;
    unsigned timeout_s;
    bool list;
};

enum { EXIT_CODE_PASSED = 0, EXIT_CODE_FAILED = 1, EXIT_CODE_SKIPPED = 77 };

__attribute__((format(printf, 3, 0))) static void add_record(const char *file, unsigned line,
                                                             const char *format, va_list args)
{
    char text[4096];
    vsnprintf(text, sizeof text, format, args);
    CU_assertImplementation(CU_FALSE, line, text, file, "", CU_FALSE);
}

void testing_skip(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_record(skip_mark, 0, format, args);
    va_end(args);
}

void testing_fail(const char *file, unsigned line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_record(file, line, format, args);
    va_end(args);
}

static void on_alarm(int signum)
{
    (void)signum;
    siglongjmp(after_timeout, 1);
}

static void set_alarm(void (*handler)(int), unsigned seconds)
{
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    sigaction(SIGALRM, &action, NULL);
    alarm(seconds);
}

/* Appends "file:line: condition\n", or the bare reason of a skip, to a text that grows. */
static char *append_record(char *text, const CU_FailureRecord *record, bool skip)
{
    size_t old = text == NULL ? 0 : strlen(text);
    const char *file = record->strFileName == NULL ? "?" : record->strFileName;
    const char *condition = record->strCondition == NULL ? "?" : record->strCondition;
    size_t more = strlen(file) + strlen(condition) + 32;
    char *grown = realloc(text, old + more);

    if (grown == NULL)
        abort();
    if (skip)
        snprintf(grown + old, more, "%s", condition);
    else
        snprintf(grown + old, more, "%s%s:%u: %s", old > 0 ? "\n" : "", file, record->uiLineNumber,
                 condition);
    return grown;
}

static bool is_skip(const CU_FailureRecord *record)
{
    return record->strFileName != NULL && strcmp(record->strFileName, skip_mark) == 0;
}

static void judge(struct testing_result *result)
{
    const CU_FailureRecord *skip = NULL;

    for (const CU_FailureRecord *r = CU_get_failure_list(); r != NULL; r = r->pNext) {
        if (is_skip(r)) {
            skip = skip == NULL ? r : skip;
            continue;
        }
        result->outcome = OUTCOME_FAILED;
        result->detail = append_record(result->detail, r, false);
    }
    if (result->outcome != OUTCOME_FAILED && skip != NULL) {
        result->outcome = OUTCOME_SKIPPED;
        result->detail = append_record(NULL, skip, true);
    }
}

static void print_result(size_t number, const struct testing_result *result)
{
    const char *detail = result->detail == NULL ? "" : result->detail;

    switch (result->outcome) {
    case OUTCOME_PASSED: printf("ok %zu - %s\n", number, result->name); break;
    case OUTCOME_SKIPPED: printf("ok %zu - %s # SKIP %s\n", number, result->name, detail); break;
    case OUTCOME_FAILED:
        printf("not ok %zu - %s\n#   ", number, result->name);
        for (; *detail != '\0'; detail++)
            fputs(*detail == '\n' ? "\n#   " : (const char[]){*detail, '\0'}, stdout);
        putchar('\n');
        break;
    }
    fflush(stdout);
}

static void add_timeout(struct testing_result *result, unsigned seconds)
{
    const size_t cap = 64;
    char *detail = malloc(cap);

    if (detail == NULL)
        abort();
    snprintf(detail, cap, "timed out after %u s", seconds);
    free(result->detail);
    result->detail = detail;
    result->outcome = OUTCOME_FAILED;
}

/* False when the test hung: the process is then in no state to run another one. */
static bool run_case(CU_pSuite suite, const struct testing_case *test, unsigned timeout_s,
                     struct testing_result *result)
{
    uint64_t start = clock_now_us(clock_system());
    CU_pTest added = CU_add_test(suite, test->name, test->fn);

    if (added == NULL) {
        fprintf(stderr, "cannot add test %s: %s\n", test->name, CU_get_error_msg());
        abort();
    }
    *result = (struct testing_result){.name = test->name, .outcome = OUTCOME_PASSED};
    if (sigsetjmp(after_timeout, 1) != 0) {
        set_alarm(SIG_DFL, LAST_CHANCE_S);
        result->elapsed_us = (uint64_t)timeout_s * US_PER_S;
        add_timeout(result, timeout_s);
        return false;
    }
    set_alarm(on_alarm, timeout_s);
    CU_run_test(suite, added);
    alarm(0);
    result->elapsed_us = clock_now_us(clock_system()) - start;
    judge(result);
    return true;
}

static bool parse_options(int argc, char **argv, struct options *ret)
{
    int64_t seconds;

    *ret = (struct options){.timeout_s = TIMEOUT_S};
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--list") == 0) {
            ret->list = true;
            continue;
        }
        if (strcmp(argv[i], "--junit") == 0 && value != NULL)
            ret->junit = value;
        else if (strcmp(argv[i], "--only") == 0 && value != NULL)
            ret->only = value;
        else if (strcmp(argv[i], "--timeout") == 0 &&
                 parse_i64(span_str(value), 1, 86400, &seconds))
            ret->timeout_s = (unsigned)seconds;
        else
            return false;
        i++;
    }
    return true;
}

static bool wanted(const struct testing_case *test, const struct options *options)
{
    return options->only == NULL || strcmp(options->only, test->name) == 0;
}

/* Runs and prints the wanted tests; returns how many results were filled in. */
static size_t run_all(CU_pSuite suite, const struct testing_case *cases,
                      const struct options *options, struct testing_result *results)
{
    size_t n = 0;

    for (size_t i = 0; cases[i].name != NULL; i++) {
        if (!wanted(&cases[i], options))
            continue;
        bool alive = run_case(suite, &cases[i], options->timeout_s, &results[n]);
        print_result(n + 1, &results[n]);
        n++;
        if (!alive) {
            printf("Bail out! %s does not end\n", cases[i].name);
            break;
        }
    }
    return n;
}

static int summarise(const struct testing_result *results, size_t n)
{
    size_t failed = 0;
    size_t skipped = 0;

    for (size_t i = 0; i < n; i++) {
        failed += results[i].outcome == OUTCOME_FAILED;
        skipped += results[i].outcome == OUTCOME_SKIPPED;
    }
    printf("# %zu passed, %zu failed, %zu skipped\n", n - failed - skipped, failed, skipped);
    fflush(stdout);
    if (failed > 0)
        return EXIT_CODE_FAILED;
    return n > 0 && skipped == n ? EXIT_CODE_SKIPPED : EXIT_CODE_PASSED;
}

static CU_pSuite open_suite(const char *name)
{
    CU_pSuite suite = NULL;

    if (CU_initialize_registry() == CUE_SUCCESS)
        suite = CU_add_suite(name, NULL, NULL);
    if (suite == NULL) {
        fprintf(stderr, "cannot start CUnit: %s\n", CU_get_error_msg());
        abort();
    }
    return suite;
}

int testing_main(int argc, char **argv, const char *suite, const struct testing_case *cases)
{
    struct options options;
    size_t n_wanted = 0;

    if (!parse_options(argc, argv, &options)) {
        fprintf(stderr, "usage: %s [--list] [--only NAME] [--junit FILE] [--timeout SECONDS]\n",
                argv[0]);
        return EXIT_CODE_FAILED;
    }
    for (size_t i = 0; cases[i].name != NULL; i++) {
        n_wanted += wanted(&cases[i], &options);
        if (options.list)
            puts(cases[i].name);
    }
    if (options.list)
        return EXIT_CODE_PASSED;
    if (n_wanted == 0) {
        fprintf(stderr, "%s: no such test; --list shows them\n", argv[0]);
        return EXIT_CODE_FAILED;
    }
    struct testing_result *results = calloc(n_wanted, sizeof *results);
    if (results == NULL)
        abort();
    printf("1..%zu\n", n_wanted);
    size_t n = run_all(open_suite(suite), cases, &options, results);
    int code = summarise(results, n);
    int error = options.junit == NULL ? 0 : testing_write_junit(options.junit, suite, results, n);
    if (error != 0) {
        fprintf(stderr, "cannot write %s: %s\n", options.junit, strerror(error));
        code = EXIT_CODE_FAILED;
    }
    for (size_t i = 0; i < n; i++)
        free(results[i].detail);
    free(results);
    if (!CU_is_test_running()) /* it asserts so; after a hang the test is still on record */
        CU_cleanup_registry();
    return code;
}
