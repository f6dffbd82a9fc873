/* SPDX-License-Identifier: Apache-2.0
 *
 * JUnit XML and JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
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

static void junit_line(FILE *out, const struct result *r, const struct result_line *l)
{
    fprintf(out, "    <failure type=\"%s\" message=\"", verdict_name(l->code));
    xml(out, l->req);
    fputs(": ", out);
    xml(out, l->actual);
    fputs("\">", out);
    xml(out, r->path);
    fprintf(out, ":%u\nexpected: ", l->line);
    xml(out, l->statement);
    fputs("\nactual: ", out);
    xml(out, l->actual);
    fputs("\n", out);
    xml(out, l->evidence);
    fputs("</failure>\n", out);
}

static void junit_case(FILE *out, const struct result *r)
{
    fprintf(out, "  <testcase classname=\"bmsrig\" name=\"");
    xml(out, r->id[0] ? r->id : r->path);
    fputs(r->label[0] ? ", " : "", out);
    xml(out, r->label);
    fprintf(out, "\" time=\"%.3f\">\n", (double)r->wall_us / 1e6);
    if (r->code == VERDICT_SKIPPED || r->code == VERDICT_EXCLUDED) {
        fputs("    <skipped message=\"", out);
        xml(out, r->reason ? r->reason : verdict_name(r->code));
        fputs("\"/>\n", out);
    } else if (r->code == VERDICT_HARNESS_ERROR) {
        fputs("    <error message=\"", out);
        xml(out, r->reason ? r->reason : "harness error");
        fputs("\"/>\n", out);
    }
    for (size_t i = 0; i < r->n_lines; i++)
        if (r->lines[i].code == VERDICT_FAIL || r->lines[i].code == VERDICT_INCONCLUSIVE)
            junit_line(out, r, &r->lines[i]);
    fputs("  </testcase>\n", out);
}

enum err report_junit(const char *path, struct result *const *results, size_t n)
{
    FILE *f = fopen(path, "wb");
    size_t failed = 0, errors = 0, skipped = 0;
    int64_t wall = 0;
    if (!f)
        return ERR_IO;
    for (size_t i = 0; i < n; i++) {
        failed += results[i]->code == VERDICT_FAIL || results[i]->code == VERDICT_INCONCLUSIVE;
        errors += results[i]->code == VERDICT_HARNESS_ERROR;
        skipped += results[i]->code == VERDICT_SKIPPED || results[i]->code == VERDICT_EXCLUDED;
        wall += results[i]->wall_us;
    }
    fprintf(f,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"bmsrig\" tests=\"%zu\" "
            "failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\">\n",
            n, failed, errors, skipped, (double)wall / 1e6);
    for (size_t i = 0; i < n; i++)
        junit_case(f, results[i]);
    fputs("</testsuite>\n", f);
    return fclose(f) == 0 ? ERR_OK : ERR_IO;
}

static const char *mode_name(enum report_mode mode)
{
    switch (mode) {
    case REPORT_ONCE: return "once";
    case REPORT_TWICE: return "twice";
    case REPORT_SEEDS: return "seeds";
    case REPORT_SWEEP: return "phase-sweep";
    }
    return "";
}

enum err report_json(const char *path, const struct report_options *options,
                     struct result *const *results, size_t n)
{
    FILE *f = fopen(path, "wb");
    struct json_out *out = json_out_new();
    json_out_object(out, NULL);
    json_out_str(out, "bmsrig", BMSRIG_VERSION);
    json_out_str(out, "mode", mode_name(options->mode));
    if (options->mode == REPORT_SEEDS)
        report_seeds_json(out, results, n);
    if (options->mode == REPORT_SWEEP)
        report_sweep_json(out, options, results, n);
    json_out_array(out, "results");
    for (size_t i = 0; i < n; i++) {
        json_out_object(out, NULL);
        result_to_json(results[i], out);
        json_out_end(out);
    }
    json_out_end(out);
    json_out_end(out);
    struct span text = json_out_text(out);
    bool ok = f && fwrite(text.p, 1, text.n, f) == text.n;
    if (f)
        ok = fclose(f) == 0 && ok;
    json_out_delete(out);
    return ok ? ERR_OK : ERR_IO;
}
