/* SPDX-License-Identifier: Apache-2.0
 *
 * The results as JSON.
 */
#include "base/json.h"
#include "harness/report/report.h"

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
