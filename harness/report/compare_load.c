/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading what `bmsrig run` has written, results.json, of this machine or another.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "harness/report/compare.h"
#include "harness/scenario/files.h"

/* Only a run of many runs of one scenario gives them labels; results.json has what they are of. */
static void set_label(struct result *r, enum report_mode mode)
{
    switch (mode) {
    case REPORT_ONCE:
    case REPORT_TWICE: return;
    case REPORT_SEEDS:
        snprintf(r->label, sizeof r->label, "seed %llu", (unsigned long long)r->seed);
        return;
    case REPORT_SWEEP:
        snprintf(r->label, sizeof r->label, "phase %.1f ms", (double)r->phase_us / 1e3);
        return;
    }
}

/* An unknown verdict would be read as a harness error, and nobody would know whose. */
static bool known_verdict(const struct json *o, enum verdict_code code)
{
    const char *name = json_string(json_get(o, "verdict"));
    return name && strcmp(name, verdict_name(code)) == 0;
}

static bool known_verdicts(const struct json *o, const struct result *r)
{
    const struct json *line = json_first(json_get(o, "lines"));
    if (!known_verdict(o, r->code))
        return false;
    for (size_t i = 0; i < r->n_lines; i++, line = json_next(line))
        if (!known_verdict(line, r->lines[i].code))
            return false;
    return true;
}

static enum err take_results(const struct json *root, struct compare_report *ret)
{
    const struct json *list = json_get(root, "results");
    const char *mode = json_string(json_get(root, "mode"));
    if (!mode || !list || json_type(list) != JSON_ARRAY)
        return ERR_LAYOUT;
    ret->mode = strcmp(mode, "seeds") == 0         ? REPORT_SEEDS
                : strcmp(mode, "phase-sweep") == 0 ? REPORT_SWEEP
                                                   : REPORT_ONCE;
    ret->results = calloc(json_size(list) + 1, sizeof *ret->results);
    if (!ret->results)
        abort();
    for (const struct json *o = json_first(list); o; o = json_next(o)) {
        struct result *r = result_from_json(o);
        ret->results[ret->n++] = r;
        if (!(r->id[0] || r->path[0]) || !known_verdicts(o, r))
            return ERR_LAYOUT;
        set_label(r, ret->mode);
    }
    return ERR_OK;
}

enum err compare_parse(struct span text, struct compare_report *ret)
{
    struct json_doc *doc = NULL;
    struct compare_report report = {.name = ret->name};
    enum err err = json_parse(text, &doc, NULL);
    if (err != ERR_OK)
        return err;
    err = take_results(json_root(doc), &report);
    json_delete(doc);
    if (err == ERR_OK)
        *ret = report;
    else
        compare_unload(&report);
    return err;
}

enum err compare_load(const char *path, struct compare_report *ret, char *why, size_t why_size)
{
    struct stat st;
    struct span text;
    char file[1024];
    bool folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    snprintf(file, sizeof file, "%s%s", path, folder ? "/results.json" : "");
    ret->name = path;
    enum err err = file_read(file, &text);
    if (err != ERR_OK) {
        snprintf(why, why_size, "%s: %s%s", file, err_text(err),
                 folder && err == ERR_NOT_FOUND ? "; has its run ended?" : "");
        return err;
    }
    err = compare_parse(text, ret);
    free((void *)(uintptr_t)text.p);
    if (err != ERR_OK)
        snprintf(why, why_size, "%s: not a results.json of `bmsrig run` (%s)", file, err_text(err));
    return err;
}

void compare_unload(struct compare_report *report)
{
    for (size_t i = 0; i < report->n; i++)
        result_delete(report->results[i]);
    free(report->results);
    *report = (struct compare_report){0};
}
