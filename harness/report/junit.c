/* SPDX-License-Identifier: Apache-2.0
 *
 * JUnit XML, for those who are strict: valid by the schema of Ant's JUnit task (windyroad/JUnit-
 * Schema, JUnit.xsd) and by Jenkins' (jenkinsci/xunit-plugin, junit-10.xsd). So a test case has one
 * failure, however many checks have failed: most readers show only the first.
 */
#include <time.h>

#include "harness/report/report.h"

/* XML text: markup escaped, control characters (which XML 1.0 cannot carry) as '?'. */
static void xml(FILE *out, const char *text)
{
    for (; text && *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '&')
            fputs("&amp;", out);
        else if (c == '<')
            fputs("&lt;", out);
        else if (c == '>')
            fputs("&gt;", out);
        else if (c == '"')
            fputs("&quot;", out);
        else if (c < 0x20 && c != '\n' && c != '\t')
            fputc('?', out);
        else
            fputc(c, out);
    }
}

static bool is_bad(const struct result_line *l)
{
    return l->code == VERDICT_FAIL || l->code == VERDICT_INCONCLUSIVE ||
           l->code == VERDICT_HARNESS_ERROR;
}

static void check(FILE *out, const struct result *r, const struct result_line *l)
{
    fprintf(out, "%s: ", verdict_name(l->code));
    xml(out, l->req);
    fputs(l->req[0] ? ", " : "", out);
    xml(out, r->path);
    fprintf(out, ":%u\nexpected: ", l->line);
    xml(out, l->statement);
    fputs("\nactual: ", out);
    xml(out, l->actual);
    fputs("\n", out);
    xml(out, l->evidence);
    fputs("\n", out);
}

/* The first check that failed (not one that could not be judged, when both are there), and how many
 * more. */
static void message(FILE *out, const struct result *r)
{
    const struct result_line *first = NULL;
    size_t n = 0;
    for (size_t i = 0; i < r->n_lines; i++) {
        if (!is_bad(&r->lines[i]))
            continue;
        n++;
        if (!first || (first->code != r->code && r->lines[i].code == r->code))
            first = &r->lines[i];
    }
    if (r->reason || !first) {
        xml(out, r->reason ? r->reason : verdict_name(r->code));
        return;
    }
    xml(out, first->req);
    fputs(first->req[0] ? ": " : "", out);
    xml(out, first->actual);
    if (n > 1)
        fprintf(out, " (and %zu more)", n - 1);
}

static void problem(FILE *out, const struct result *r, const char *element)
{
    fprintf(out, "    <%s message=\"", element);
    message(out, r);
    fprintf(out, "\" type=\"%s\">", verdict_name(r->code));
    for (size_t i = 0; i < r->n_lines; i++)
        if (is_bad(&r->lines[i]))
            check(out, r, &r->lines[i]);
    fprintf(out, "</%s>\n", element);
}

static void test_case(FILE *out, const struct result *r)
{
    fprintf(out, "  <testcase classname=\"bmsrig\" name=\"");
    xml(out, r->id[0] ? r->id : r->path);
    fputs(r->label[0] ? ", " : "", out);
    xml(out, r->label);
    fprintf(out, "\" time=\"%.3f\">\n", (double)r->wall_us / 1e6);
    switch (r->code) {
    case VERDICT_FAIL:
    case VERDICT_INCONCLUSIVE: problem(out, r, "failure"); break;
    case VERDICT_HARNESS_ERROR: problem(out, r, "error"); break;
    case VERDICT_SKIPPED:
    case VERDICT_EXCLUDED:
        fputs("    <skipped message=\"", out);
        message(out, r);
        fputs("\"/>\n", out);
        break;
    case VERDICT_PASS:
    case VERDICT_PASS_SLACK:
    case VERDICT_COUNT: break;
    }
    fputs("  </testcase>\n", out);
}

static void property(FILE *out, const char *name, const char *value)
{
    fprintf(out, "    <property name=\"%s\" value=\"", name);
    xml(out, value);
    fputs("\"/>\n", out);
}

/* The host is nobody's business: reports are sent around. */
static void head(FILE *out, struct result *const *results, size_t n, uint64_t began_wall_us)
{
    size_t failed = 0, errors = 0, skipped = 0;
    int64_t wall = 0;
    char when[32] = "1970-01-01T00:00:00";
    struct tm tm;
    time_t seconds = (time_t)(began_wall_us / 1000000);
    if (gmtime_r(&seconds, &tm))
        (void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
    for (size_t i = 0; i < n; i++) {
        failed += results[i]->code == VERDICT_FAIL || results[i]->code == VERDICT_INCONCLUSIVE;
        errors += results[i]->code == VERDICT_HARNESS_ERROR;
        skipped += results[i]->code == VERDICT_SKIPPED || results[i]->code == VERDICT_EXCLUDED;
        wall += results[i]->wall_us;
    }
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuite name=\"bmsrig\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" "
            "skipped=\"%zu\" time=\"%.3f\" timestamp=\"%s\" hostname=\"localhost\">\n"
            "  <properties>\n",
            n, failed, errors, skipped, (double)wall / 1e6, when);
    property(out, "bmsrig", BMSRIG_VERSION);
    if (n > 0)
        property(out, "dut", results[0]->dut);
    fputs("  </properties>\n", out);
}

enum err report_junit(const char *path, struct result *const *results, size_t n,
                      uint64_t began_wall_us)
{
    FILE *f = fopen(path, "wb");
    if (!f)
        return ERR_IO;
    head(f, results, n, began_wall_us);
    for (size_t i = 0; i < n; i++)
        test_case(f, results[i]);
    fputs("  <system-out/>\n  <system-err/>\n</testsuite>\n", f);
    bool ok = !ferror(f);
    return fclose(f) == 0 && ok ? ERR_OK : ERR_IO;
}
