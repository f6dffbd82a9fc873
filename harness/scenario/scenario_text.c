/* SPDX-License-Identifier: Apache-2.0
 *
 * Conditions and statements as the language writes them, for reports and the JSON image's stimuli.
 */
#include "harness/scenario/scenario_private.h"

static const char *const op_words[] = {
    [OP_EQ] = "=", [OP_NE] = "!=", [OP_LT] = "<", [OP_LE] = "<=", [OP_GT] = ">", [OP_GE] = ">=",
};

const char *op_word(enum cond_op op)
{
    return op_words[op];
}

bool put_quoted(struct buf *out, const char *text)
{
    bool ok = buf_u8(out, '"');

    for (; *text != '\0'; text++) {
        switch (*text) {
        case '"': ok = ok && buf_str(out, "\\\""); break;
        case '\\': ok = ok && buf_str(out, "\\\\"); break;
        case '\n': ok = ok && buf_str(out, "\\n"); break;
        case '\t': ok = ok && buf_str(out, "\\t"); break;
        default: ok = ok && buf_u8(out, (uint8_t)*text); break;
        }
    }
    return ok && buf_u8(out, '"');
}

static bool put_compare(const struct cond *cond, struct buf *out)
{
    if (!buf_printf(out, "%s %s ", cond->signal, op_words[cond->op]))
        return false;
    if (cond->is_text)
        return put_quoted(out, cond->text);
    return quantity_format(cond->value, out) &&
           (cond->tol.micro == 0 || (buf_str(out, " tol ") && quantity_format(cond->tol, out)));
}

bool cond_format(const struct cond *cond, struct buf *out)
{
    switch (cond->kind) {
    case COND_COMPARE: return put_compare(cond, out);
    case COND_RANGE:
        return buf_printf(out, "%s in ", cond->signal) && quantity_format(cond->value, out) &&
               buf_str(out, "..") && quantity_format(cond->high, out);
    case COND_SET: return buf_printf(out, "%s is set", cond->signal);
    case COND_CLEAR: return buf_printf(out, "%s is clear", cond->signal);
    case COND_STALE: return buf_str(out, "stale");
    case COND_FRESH: return buf_str(out, "fresh");
    case COND_SILENT: return buf_str(out, "silent ") && put_time(out, cond->silent_us);
    }
    return false;
}

static bool put_window(const struct stmt *stmt, struct buf *out)
{
    return buf_u8(out, '@') && put_time_tight(out, stmt->from_us) && buf_str(out, "..") &&
           put_time_tight(out, stmt->to_us) && buf_u8(out, ' ');
}

static bool put_tol_and_lag(const struct stmt *stmt, struct buf *out)
{
    return buf_str(out, " tol ") && quantity_format(stmt->tol, out) && buf_str(out, " lag ") &&
           put_time(out, stmt->lag_us);
}

bool truth_format(const struct stmt *stmt, struct buf *out)
{
    const char *name = bms_path_info(stmt->truth.id)->name;
    const char *dot = name;

    if (!buf_str(out, "bms") ||
        (stmt->truth_battery > 0 && !buf_printf(out, "%u", stmt->truth_battery)) ||
        !buf_u8(out, '.'))
        return false;
    if (stmt->truth.cell == 0)
        return buf_str(out, name);
    while (*dot != '\0' && *dot != '.')
        dot++;
    return buf_printf(out, "cell%u%s", (unsigned)stmt->truth.cell, dot);
}

static bool put_within(const struct scenario *scenario, const struct stmt *stmt, struct buf *out)
{
    const char *name = scenario->stmts[stmt->stimulus_index].name;
    bool ok = buf_str(out, "within ") && put_time(out, stmt->within_us) &&
              buf_str(out, stmt->anchor == ANCHOR_EVENT ? " of event " : " of delivered ");

    if (name[0] != '\0')
        ok = ok && buf_printf(out, "%s ", name);
    return ok && buf_printf(out, "%s ", sink_name(stmt->sink)) && cond_format(&stmt->cond, out) &&
           (!stmt->still || buf_str(out, " still"));
}

static bool put_every(const struct stmt *stmt, struct buf *out)
{
    bool ok = put_window(stmt, out) && buf_printf(out, "%s every ", sink_name(stmt->sink)) &&
              put_time(out, stmt->period_us) && buf_str(out, " tol ") &&
              quantity_format(stmt->tol, out);

    if (stmt->mean.micro != 0)
        ok = ok && buf_str(out, " mean ") && quantity_format(stmt->mean, out);
    for (size_t i = 0; i < stmt->n_ids; i++)
        ok = ok && buf_printf(out, "%s 0x%03X", i == 0 ? ":" : "", (unsigned)stmt->ids[i]);
    return ok;
}

static bool put_matches(const struct stmt *stmt, struct buf *out)
{
    bool ok = put_window(stmt, out) && buf_printf(out, "%s matches ", sink_name(stmt->sink)) &&
              put_quoted(out, stmt->file);

    if (stmt->tol.micro != 0)
        ok = ok && buf_str(out, " tol ") && quantity_format(stmt->tol, out);
    for (size_t i = 0; i < stmt->n_ignore; i++)
        ok = ok && buf_str(out, i == 0 ? " ignore " : ", ") && buf_str(out, stmt->ignore[i]);
    return ok;
}

bool stmt_stimulus_format(const struct stmt *stmt, struct buf *out)
{
    return stmt->own.verb != OWN_NONE ? own_stimulus_format(&stmt->own, out)
                                      : stimulus_format(&stmt->stimulus, out);
}

static bool put_body(const struct scenario *scenario, const struct stmt *stmt, struct buf *out)
{
    const char *sink = sink_name(stmt->sink);

    switch (stmt->kind) {
    case STMT_STIMULUS:
        return buf_u8(out, '@') && put_time_tight(out, stmt->from_us) && buf_u8(out, ' ') &&
               stmt_stimulus_format(stmt, out) &&
               (stmt->name[0] == '\0' || buf_printf(out, " as %s", stmt->name));
    case STMT_WITHIN: return put_within(scenario, stmt, out);
    case STMT_ALWAYS:
    case STMT_NEVER:
        return put_window(stmt, out) &&
               buf_printf(out, "%s %s ", sink, stmt->kind == STMT_NEVER ? "never" : "always") &&
               cond_format(&stmt->cond, out);
    case STMT_CHECK:
        return buf_u8(out, '@') && put_time_tight(out, stmt->from_us) &&
               buf_printf(out, " %s check ", sink) && cond_format(&stmt->cond, out);
    case STMT_TRACK:
        return put_window(stmt, out) && buf_printf(out, "%s track %s to ", sink, stmt->signal) &&
               truth_format(stmt, out) && put_tol_and_lag(stmt, out);
    case STMT_EVERY: return put_every(stmt, out);
    case STMT_AGREE:
        return put_window(stmt, out) &&
               buf_printf(out, "agree %s.%s ~ %s.%s", sink, stmt->signal, sink_name(stmt->sink2),
                          stmt->signal2) &&
               put_tol_and_lag(stmt, out);
    case STMT_MATCHES: return put_matches(stmt, out);
    }
    return false;
}

bool stmt_format(const struct scenario *scenario, const struct stmt *stmt, struct buf *out)
{
    return put_body(scenario, stmt, out) &&
           (stmt->req[0] == '\0' || buf_printf(out, " req %s", stmt->req));
}
