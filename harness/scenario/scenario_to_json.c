/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON image of a scenario, for programs that generate or change scenarios. It holds everything
 * but comments; numbers with units stay texts ("200 ms"), stimuli stay sentences of the language.
 * The members are described in docs/scenario-language.md.
 */
#include "base/json.h"
#include "harness/scenario/scenario_private.h"

static void out_time(struct json_out *out, const char *key, uint64_t us)
{
    char text[64];
    struct buf b = buf_of(text, sizeof text);

    put_time(&b, us);
    json_out_span(out, key, buf_span(&b));
}

static void out_quantity(struct json_out *out, const char *key, struct quantity q)
{
    char text[64];
    struct buf b = buf_of(text, sizeof text);

    quantity_format(q, &b);
    json_out_span(out, key, buf_span(&b));
}

static void out_header(const struct scenario *s, struct json_out *out)
{
    static const char *const tiers[] = {"virtual", "pty", "cable"};

    json_out_str(out, "scenario", s->id);
    json_out_str(out, "title", s->title);
    json_out_array(out, "covers");
    for (size_t i = 0; i < s->n_covers; i++)
        json_out_str(out, NULL, s->covers[i]);
    json_out_end(out);
    json_out_array(out, "needs");
    for (size_t i = 0; i < s->n_needs; i++)
        json_out_str(out, NULL, s->needs[i]);
    json_out_end(out);
    out_time(out, "duration", s->duration_us);
    json_out_int(out, "seed", (int64_t)s->seed);
    json_out_array(out, "tier");
    for (size_t i = 0; i < 3; i++)
        if ((s->tiers >> i & 1U) != 0)
            json_out_str(out, NULL, tiers[i]);
    json_out_end(out);
}

/* The names as the header writes them; what they hold is not repeated. */
static void out_includes(const struct scenario *s, struct json_out *out)
{
    json_out_array(out, "include");
    for (size_t i = 0; i < s->file->n_lines && !conf_is_section(&s->file->lines[i]); i++) {
        struct conf_cursor c = conf_cursor_of(s->file, &s->file->lines[i]);
        char path[256];
        if (conf_accept(&c, "include") && conf_take_text(&c, "", path, sizeof path))
            json_out_str(out, NULL, path);
    }
    json_out_end(out);
}

/* "bms 1": what stands between the brackets. */
static void out_head(const struct conf_line *line, struct json_out *out)
{
    char text[128];
    struct buf b = buf_of(text, sizeof text);

    for (size_t i = 1; i + 1 < line->n; i++) {
        if (i > 1)
            buf_u8(&b, ' ');
        buf_put(&b, line->tokens[i].text);
    }
    json_out_span(out, "section", buf_span(&b));
}

static void out_key(const struct conf_line *line, struct json_out *out)
{
    char key[64];
    char value[512];
    struct buf b = buf_of(value, sizeof value);

    span_to_str(line->tokens[0].text, key, sizeof key);
    put_key_value(&b, line);
    json_out_span(out, key, buf_span(&b));
}

static void out_sections(const struct scenario *s, struct json_out *out)
{
    bool open = false;

    json_out_array(out, "sections");
    for (size_t i = 0; i < s->file->n_lines; i++) {
        const struct conf_line *line = &s->file->lines[i];
        if (conf_is_section(line)) {
            if (open) {
                json_out_end(out);
                json_out_end(out);
            }
            if (is_word(&line->tokens[1], "timeline"))
                break;
            json_out_object(out, NULL);
            out_head(line, out);
            json_out_object(out, "keys");
            open = true;
        } else if (open) {
            out_key(line, out);
        }
    }
    json_out_end(out);
}

static void out_cond(const struct cond *cond, struct json_out *out)
{
    json_out_object(out, "cond");
    if (cond->signal[0] != '\0')
        json_out_str(out, "signal", cond->signal);
    switch (cond->kind) {
    case COND_COMPARE:
        json_out_str(out, "op", op_word(cond->op));
        if (cond->is_text)
            json_out_str(out, "text", cond->text);
        else
            out_quantity(out, "value", cond->value);
        if (cond->tol.micro != 0)
            out_quantity(out, "tol", cond->tol);
        break;
    case COND_RANGE:
        out_quantity(out, "low", cond->value);
        out_quantity(out, "high", cond->high);
        break;
    case COND_SET: json_out_str(out, "is", "set"); break;
    case COND_CLEAR: json_out_str(out, "is", "clear"); break;
    case COND_STALE: json_out_str(out, "is", "stale"); break;
    case COND_FRESH: json_out_str(out, "is", "fresh"); break;
    case COND_SILENT: out_time(out, "silent", cond->silent_us); break;
    }
    json_out_end(out);
}

static void out_stimulus(const struct stmt *stmt, struct json_out *out)
{
    char text[2304];
    struct buf b = buf_of(text, sizeof text);

    out_time(out, "at", stmt->from_us);
    stmt_stimulus_format(stmt, &b);
    json_out_span(out, "do", buf_span(&b));
    if (stmt->name[0] != '\0')
        json_out_str(out, "as", stmt->name);
}

static void out_within(const struct scenario *s, size_t index, struct json_out *out)
{
    const struct stmt *stmt = &s->stmts[index];

    out_time(out, "within", stmt->within_us);
    json_out_str(out, "of", stmt->anchor == ANCHOR_EVENT ? "event" : "delivered");
    if (nearest_stimulus(s, index) != stmt->stimulus_index)
        json_out_str(out, "stimulus", s->stmts[stmt->stimulus_index].name);
    json_out_str(out, "sink", sink_name(stmt->sink));
    out_cond(&stmt->cond, out);
    if (stmt->still)
        json_out_bool(out, "still", true);
}

static void out_window(const struct stmt *stmt, const char *verb, struct json_out *out)
{
    out_time(out, "from", stmt->from_us);
    out_time(out, "to", stmt->to_us);
    if (stmt->kind != STMT_AGREE)
        json_out_str(out, "sink", sink_name(stmt->sink));
    json_out_str(out, "verb", verb);
}

static void out_track(const struct stmt *stmt, struct json_out *out)
{
    char text[96];
    struct buf b = buf_of(text, sizeof text);

    out_window(stmt, "track", out);
    json_out_str(out, "signal", stmt->signal);
    truth_format(stmt, &b);
    json_out_span(out, "truth", buf_span(&b));
    out_quantity(out, "tol", stmt->tol);
    out_time(out, "lag", stmt->lag_us);
}

static void out_every(const struct stmt *stmt, struct json_out *out)
{
    out_window(stmt, "every", out);
    out_time(out, "period", stmt->period_us);
    out_quantity(out, "tol", stmt->tol);
    if (stmt->mean.micro != 0)
        out_quantity(out, "mean", stmt->mean);
    json_out_array(out, "ids");
    for (size_t i = 0; i < stmt->n_ids; i++) {
        char text[16];
        struct buf b = buf_of(text, sizeof text);
        buf_printf(&b, "0x%03X", (unsigned)stmt->ids[i]);
        json_out_span(out, NULL, buf_span(&b));
    }
    json_out_end(out);
}

static void out_sink_signal(struct json_out *out, const char *key, enum sink sink,
                            const char *signal)
{
    char text[SIGNAL_MAX + 16];
    struct buf b = buf_of(text, sizeof text);

    buf_printf(&b, "%s.%s", sink_name(sink), signal);
    json_out_span(out, key, buf_span(&b));
}

static void out_agree(const struct stmt *stmt, struct json_out *out)
{
    out_window(stmt, "agree", out);
    out_sink_signal(out, "left", stmt->sink, stmt->signal);
    out_sink_signal(out, "right", stmt->sink2, stmt->signal2);
    out_quantity(out, "tol", stmt->tol);
    out_time(out, "lag", stmt->lag_us);
}

static void out_matches(const struct stmt *stmt, struct json_out *out)
{
    out_window(stmt, "matches", out);
    json_out_str(out, "file", stmt->file);
    out_quantity(out, "tol", stmt->tol);
    json_out_array(out, "ignore");
    for (size_t i = 0; i < stmt->n_ignore; i++)
        json_out_str(out, NULL, stmt->ignore[i]);
    json_out_end(out);
}

static void out_statement(const struct scenario *s, size_t index, struct json_out *out)
{
    const struct stmt *stmt = &s->stmts[index];

    json_out_object(out, NULL);
    switch (stmt->kind) {
    case STMT_STIMULUS: out_stimulus(stmt, out); break;
    case STMT_WITHIN: out_within(s, index, out); break;
    case STMT_ALWAYS:
    case STMT_NEVER:
        out_window(stmt, stmt->kind == STMT_NEVER ? "never" : "always", out);
        out_cond(&stmt->cond, out);
        break;
    case STMT_CHECK:
        out_time(out, "at", stmt->from_us);
        json_out_str(out, "sink", sink_name(stmt->sink));
        json_out_str(out, "verb", "check");
        out_cond(&stmt->cond, out);
        break;
    case STMT_TRACK: out_track(stmt, out); break;
    case STMT_EVERY: out_every(stmt, out); break;
    case STMT_AGREE: out_agree(stmt, out); break;
    case STMT_MATCHES: out_matches(stmt, out); break;
    }
    if (stmt->req[0] != '\0')
        json_out_str(out, "req", stmt->req);
    json_out_end(out);
}

enum err scenario_to_json(const struct scenario *scenario, struct json_out *out)
{
    if (scenario_error_count(scenario) > 0)
        return ERR_SYNTAX;
    json_out_object(out, NULL);
    out_header(scenario, out);
    out_includes(scenario, out);
    out_sections(scenario, out);
    json_out_array(out, "timeline");
    for (size_t i = 0; i < scenario->n_stmts; i++)
        out_statement(scenario, i, out);
    json_out_end(out);
    json_out_end(out);
    return ERR_OK;
}
