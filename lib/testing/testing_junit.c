/* SPDX-License-Identifier: Apache-2.0
 *
 * JUnit XML as CI servers read it: one testsuite, one testcase each test.
 */
#include "testing/testing_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Text for an attribute or an element. Bytes that XML 1.0 cannot hold become '?'; everything from
 * 0x80 up too, because nothing promises that a failed check prints valid UTF-8. */
static void put_escaped(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        switch (c) {
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '"': fputs("&quot;", out); break;
        case '\n': fputs("&#10;", out); break;
        case '\t': fputs("&#9;", out); break;
        default: fputc(c < 0x20 || c >= 0x7f ? '?' : c, out); break;
        }
    }
}

static void put_seconds(FILE *out, uint64_t us)
{
    fprintf(out, " time=\"%llu.%06llu\"", (unsigned long long)(us / 1000000U),
            (unsigned long long)(us % 1000000U));
}

static void put_case(FILE *out, const char *suite, const struct testing_result *result)
{
    const char *detail = result->detail == NULL ? "" : result->detail;

    fputs("  <testcase classname=\"", out);
    put_escaped(out, suite);
    fputs("\" name=\"", out);
    put_escaped(out, result->name);
    fputs("\"", out);
    put_seconds(out, result->elapsed_us);
    switch (result->outcome) {
    case OUTCOME_PASSED: fputs("/>\n", out); return;
    case OUTCOME_FAILED: fputs(">\n    <failure message=\"", out); break;
    case OUTCOME_SKIPPED: fputs(">\n    <skipped message=\"", out); break;
    }
    put_escaped(out, detail);
    fputs("\"/>\n  </testcase>\n", out);
}

static int make_folder_of(const char *path)
{
    char folder[4096];
    size_t n = strlen(path);

    if (n >= sizeof folder)
        return ENAMETOOLONG;
    for (size_t i = 1; i < n; i++) {
        if (path[i] != '/')
            continue;
        memcpy(folder, path, i);
        folder[i] = '\0';
        if (mkdir(folder, 0777) != 0 && errno != EEXIST)
            return errno;
    }
    return 0;
}

int testing_write_junit(const char *path, const char *suite, const struct testing_result *results,
                        size_t n)
{
    size_t failed = 0;
    size_t skipped = 0;
    uint64_t total_us = 0;
    int error = make_folder_of(path);
    FILE *out = error == 0 ? fopen(path, "w") : NULL;

    if (out == NULL)
        return error != 0 ? error : errno;
    for (size_t i = 0; i < n; i++) {
        failed += results[i].outcome == OUTCOME_FAILED;
        skipped += results[i].outcome == OUTCOME_SKIPPED;
        total_us += results[i].elapsed_us;
    }
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"", out);
    put_escaped(out, suite);
    fprintf(out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\"", n, failed,
            skipped);
    put_seconds(out, total_us);
    fputs(">\n", out);
    for (size_t i = 0; i < n; i++)
        put_case(out, suite, &results[i]);
    fputs("</testsuite>\n", out);
    return fclose(out) == 0 ? 0 : errno;
}
