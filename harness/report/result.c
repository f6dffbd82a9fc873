/* SPDX-License-Identifier: Apache-2.0
 *
 * Results to and from JSON.
 */
#include "harness/report/result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "harness/scenario/files.h"

static char *copy(const char *text)
{
    char *c = text ? strdup(text) : NULL;
    if (text && !c)
        abort();
    return c;
}

const char *tier_name(enum tier tier)
{
    switch (tier) {
    case TIER_VIRTUAL: return "virtual";
    case TIER_PTY: return "pty";
    case TIER_CABLE: return "cable";
    }
    return "";
}

struct result *result_new(const char *path)
{
    struct result *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    r->path = copy(path);
    r->code = VERDICT_HARNESS_ERROR;
    r->tier = "pty";
    return r;
}

void result_delete(struct result *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_lines; i++) {
        free(r->lines[i].statement);
        free(r->lines[i].actual);
        free(r->lines[i].evidence);
    }
    free(r->lines);
    free(r->path);
    free(r->reason);
    free(r->can);
    free(r->remark);
    free(r->folder);
    free(r);
}

void result_take(struct result *r, const struct judge_input *in, const struct verdict *list,
                 size_t n)
{
    const struct scenario *s = in->scenario;
    r->lines = calloc(n + 1, sizeof *r->lines);
    if (!r->lines)
        abort();
    r->n_lines = n;
    r->code = n ? VERDICT_EXCLUDED : VERDICT_INCONCLUSIVE;
    for (size_t i = 0; i < n; i++) {
        const struct verdict *v = &list[i];
        const struct stmt *stmt = &s->stmts[v->stmt];
        struct result_line *l = &r->lines[i];
        l->code = v->code;
        l->line = stmt->line;
        memcpy(l->req, stmt->req, sizeof l->req);
        l->statement = copy(v->expected);
        l->actual = copy(v->actual);
        l->t_us = v->t_us;
        l->from_event_us = v->from_event_us;
        l->from_delivered_us = v->from_delivered_us;
        snprintf(l->sink, sizeof l->sink, "%s", sink_name(stmt->sink));
        if (stmt->kind == STMT_WITHIN) {
            l->limit_us = (int64_t)stmt->within_us;
            l->of_delivered = stmt->anchor == ANCHOR_DELIVERED;
            struct buf b = buf_of(l->stimulus, sizeof l->stimulus - 1);
            stmt_stimulus_format(&s->stmts[stmt->stimulus_index], &b);
        }
        if (v->code == VERDICT_FAIL || v->code == VERDICT_INCONCLUSIVE ||
            v->code == VERDICT_HARNESS_ERROR || v->detail)
            l->evidence = evidence_text(in, v);
        r->code = verdict_worse(r->code, v->code);
    }
}

void result_describe(struct result *r, const struct scenario *scenario, const char *dut,
                     const char *tier)
{
    memcpy(r->id, scenario->id, sizeof r->id);
    memcpy(r->title, scenario->title, sizeof r->title);
    snprintf(r->dut, sizeof r->dut, "%s", dut);
    r->tier = tier;
    r->n_covers = scenario->n_covers;
    memcpy(r->covers, scenario->covers, sizeof r->covers);
}

void result_place(struct result *r, const char *can, const char *folder)
{
    r->can = copy(can);
    r->folder = copy(folder);
}

void result_reason(struct result *r, const char *reason)
{
    free(r->reason);
    r->reason = copy(reason);
}

void result_remark(struct result *r, const char *text)
{
    free(r->remark);
    r->remark = copy(text);
}

/* The last lines of a file, at most 2 kB; heap. */
static char *tail_of(const char *folder, const char *name)
{
    char path[700], *text = calloc(1, 2049);
    if (!text)
        abort();
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (f) {
        if (fseek(f, -2048, SEEK_END) != 0)
            rewind(f);
        text[fread(text, 1, 2048, f)] = 0;
        fclose(f);
    }
    return text;
}

static struct result_line *new_line(struct result *r, enum verdict_code code, int64_t t_us)
{
    struct result_line *lines = realloc(r->lines, (r->n_lines + 1) * sizeof *lines);
    if (!lines)
        abort();
    r->lines = lines;
    struct result_line *l = &lines[r->n_lines++];
    *l = (struct result_line){
        .code = code, .t_us = t_us, .from_event_us = NO_LATENCY, .from_delivered_us = NO_LATENCY};
    r->code = verdict_worse(r->code, code);
    return l;
}

void result_add_standing(struct result *r, const char *req, const char *expected,
                         const char *problem, int64_t t_us, const char *folder)
{
    char text[400], t[24];
    struct result_line *l = new_line(r, problem ? VERDICT_FAIL : VERDICT_PASS, t_us);
    struct buf b = buf_of(t, sizeof t - 1);
    buf_fixed(&b, div_round(t_us, 1000), 3, false);
    t[b.n] = 0;
    snprintf(text, sizeof text, "%s at %s s", problem ? problem : "", t);
    snprintf(l->req, sizeof l->req, "%s", req);
    l->statement = copy(expected);
    l->actual = copy(problem ? text : "in the whole run");
    l->evidence = problem ? tail_of(folder, "dut.log") : NULL;
}

void result_add_error(struct result *r, const char *expected, const char *actual,
                      const char *evidence)
{
    struct result_line *l = new_line(r, VERDICT_HARNESS_ERROR, 0);
    l->statement = copy(expected);
    l->actual = copy(actual);
    l->evidence = copy(evidence);
    result_reason(r, actual);
}

static void save_line(const struct result_line *l, struct json_out *out)
{
    json_out_object(out, NULL);
    json_out_str(out, "verdict", verdict_name(l->code));
    json_out_int(out, "line", l->line);
    json_out_str(out, "requirement", l->req);
    json_out_str(out, "statement", l->statement);
    json_out_str(out, "actual", l->actual);
    json_out_str(out, "stimulus", l->stimulus);
    json_out_str(out, "sink", l->sink);
    json_out_int(out, "t_us", l->t_us);
    json_out_int(out, "from_event_us", l->from_event_us);
    json_out_int(out, "from_delivered_us", l->from_delivered_us);
    if (l->limit_us > 0) {
        json_out_int(out, "limit_us", l->limit_us);
        json_out_str(out, "of", l->of_delivered ? "delivered" : "event");
    }
    json_out_str(out, "evidence", l->evidence);
    json_out_end(out);
}

void result_to_json(const struct result *r, struct json_out *out)
{
    json_out_str(out, "scenario", r->id);
    json_out_str(out, "title", r->title);
    json_out_str(out, "path", r->path);
    json_out_str(out, "dut", r->dut);
    json_out_str(out, "verdict", verdict_name(r->code));
    json_out_str(out, "reason", r->reason);
    json_out_str(out, "tier", r->tier);
    json_out_int(out, "seed", (int64_t)r->seed);
    if (r->phase_us > 0)
        json_out_int(out, "phase_us", (int64_t)r->phase_us);
    json_out_str(out, "can", r->can);
    json_out_str(out, "folder", r->folder);
    json_out_int(out, "wall_us", r->wall_us);
    if (r->virtual_us > 0) {
        json_out_int(out, "virtual_us", r->virtual_us);
        json_out_int(out, "advances", r->advances);
        json_out_int(out, "factor", r->virtual_us / (r->wall_us > 0 ? r->wall_us : 1));
    }
    json_out_str(out, "sha256", r->sha256);
    json_out_str(out, "remark", r->remark);
    json_out_int(out, "slack_us", (int64_t)r->slack_us);
    json_out_int(out, "loopback_p50_us", (int64_t)r->loopback_p50_us);
    json_out_int(out, "loopback_p99_us", (int64_t)r->loopback_p99_us);
    json_out_int(out, "frames", (int64_t)r->frames);
    json_out_int(out, "messages", (int64_t)r->messages);
    json_out_int(out, "tainted", (int64_t)r->tainted);
    json_out_int(out, "dut_cpu_us", r->dut_cpu_us);
    json_out_int(out, "dut_rss_kb", r->dut_rss_kb);
    json_out_array(out, "covers");
    for (size_t i = 0; i < r->n_covers; i++)
        json_out_str(out, NULL, r->covers[i]);
    json_out_end(out);
    json_out_array(out, "lines");
    for (size_t i = 0; i < r->n_lines; i++)
        save_line(&r->lines[i], out);
    json_out_end(out);
}

enum err result_save(const struct result *r, const char *file)
{
    struct json_out *out = json_out_new();
    json_out_object(out, NULL);
    result_to_json(r, out);
    json_out_end(out);
    struct span text = json_out_text(out);
    FILE *f = fopen(file, "wb");
    bool ok = f && fwrite(text.p, 1, text.n, f) == text.n;
    if (f)
        ok = fclose(f) == 0 && ok;
    json_out_delete(out);
    return ok ? ERR_OK : ERR_IO;
}

/* ---- loading ---- */

static const char *str(const struct json *o, const char *key)
{
    const char *text = json_string(json_get(o, key));
    return text ? text : "";
}

static int64_t integer(const struct json *o, const char *key)
{
    int64_t v = 0;
    const struct json *j = json_get(o, key);
    return j && json_integer(j, &v) ? v : 0;
}

static enum verdict_code code_of(const char *name)
{
    for (int c = 0; c < VERDICT_COUNT; c++)
        if (strcmp(verdict_name((enum verdict_code)c), name) == 0)
            return (enum verdict_code)c;
    return VERDICT_HARNESS_ERROR;
}

static void load_line(const struct json *o, struct result_line *l)
{
    l->code = code_of(str(o, "verdict"));
    l->line = (uint32_t)integer(o, "line");
    snprintf(l->req, sizeof l->req, "%s", str(o, "requirement"));
    l->statement = copy(str(o, "statement"));
    l->actual = copy(str(o, "actual"));
    const char *evidence = json_string(json_get(o, "evidence"));
    l->evidence = copy(evidence);
    snprintf(l->stimulus, sizeof l->stimulus, "%s", str(o, "stimulus"));
    snprintf(l->sink, sizeof l->sink, "%s", str(o, "sink"));
    l->t_us = integer(o, "t_us");
    l->from_event_us = integer(o, "from_event_us");
    l->from_delivered_us = integer(o, "from_delivered_us");
    l->limit_us = integer(o, "limit_us");
    l->of_delivered = strcmp(str(o, "of"), "delivered") == 0;
}

struct result *result_from_json(const struct json *o)
{
    struct result *r = result_new(str(o, "path"));
    snprintf(r->id, sizeof r->id, "%s", str(o, "scenario"));
    snprintf(r->title, sizeof r->title, "%s", str(o, "title"));
    snprintf(r->dut, sizeof r->dut, "%s", str(o, "dut"));
    r->code = code_of(str(o, "verdict"));
    const char *reason = json_string(json_get(o, "reason"));
    r->reason = copy(reason);
    r->tier = strcmp(str(o, "tier"), "cable") == 0     ? "cable"
              : strcmp(str(o, "tier"), "virtual") == 0 ? "virtual"
                                                       : "pty";
    r->seed = (uint64_t)integer(o, "seed");
    r->phase_us = (uint64_t)integer(o, "phase_us");
    r->virtual_us = integer(o, "virtual_us");
    r->advances = integer(o, "advances");
    snprintf(r->sha256, sizeof r->sha256, "%s", str(o, "sha256"));
    r->remark = copy(json_string(json_get(o, "remark")));
    r->can = copy(str(o, "can"));
    r->folder = copy(str(o, "folder"));
    r->wall_us = integer(o, "wall_us");
    r->slack_us = (uint64_t)integer(o, "slack_us");
    r->loopback_p50_us = (uint64_t)integer(o, "loopback_p50_us");
    r->loopback_p99_us = (uint64_t)integer(o, "loopback_p99_us");
    r->frames = (size_t)integer(o, "frames");
    r->messages = (size_t)integer(o, "messages");
    r->tainted = (size_t)integer(o, "tainted");
    r->dut_cpu_us = integer(o, "dut_cpu_us");
    r->dut_rss_kb = integer(o, "dut_rss_kb");
    const struct json *covers = json_get(o, "covers");
    for (const struct json *c = json_first(covers); c && r->n_covers < COVERS_MAX; c = json_next(c))
        snprintf(r->covers[r->n_covers++], ID_MAX, "%s", json_string(c) ? json_string(c) : "");
    const struct json *lines = json_get(o, "lines");
    r->lines = calloc(json_size(lines) + 1, sizeof *r->lines);
    if (!r->lines)
        abort();
    for (const struct json *l = json_first(lines); l; l = json_next(l))
        load_line(l, &r->lines[r->n_lines++]);
    return r;
}

enum err result_load(const char *file, struct result **ret)
{
    struct span text;
    struct json_doc *doc = NULL;
    enum err err = file_read(file, &text);
    if (err != ERR_OK)
        return err;
    err = json_parse(text, &doc, NULL);
    free((void *)(uintptr_t)text.p);
    if (err != ERR_OK)
        return err;
    *ret = result_from_json(json_root(doc));
    json_delete(doc);
    return ERR_OK;
}
