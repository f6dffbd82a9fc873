/* SPDX-License-Identifier: Apache-2.0
 *
 * Goes through the statements and hands each to its check.
 */
#include "harness/judge/judge.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/judge/check.h"

static const char *const names[VERDICT_COUNT] = {
    [VERDICT_PASS] = "pass",
    [VERDICT_PASS_SLACK] = "pass (slack)",
    [VERDICT_FAIL] = "fail",
    [VERDICT_INCONCLUSIVE] = "inconclusive",
    [VERDICT_SKIPPED] = "skipped",
    [VERDICT_EXCLUDED] = "excluded",
    [VERDICT_HARNESS_ERROR] = "harness-error",
};

const char *verdict_name(enum verdict_code code)
{
    return names[code];
}

enum verdict_code verdict_worse(enum verdict_code a, enum verdict_code b)
{
    static const int rank[VERDICT_COUNT] = {
        [VERDICT_EXCLUDED] = 0,      [VERDICT_SKIPPED] = 1,      [VERDICT_PASS] = 2,
        [VERDICT_PASS_SLACK] = 3,    [VERDICT_INCONCLUSIVE] = 4, [VERDICT_FAIL] = 5,
        [VERDICT_HARNESS_ERROR] = 6,
    };
    return rank[a] >= rank[b] ? a : b;
}

void verdict_set(struct verdict *v, enum verdict_code code, int64_t t_us, size_t evidence,
                 const char *format, ...)
{
    v->code = code;
    v->t_us = t_us;
    v->evidence = evidence;
    va_list args;
    va_start(args, format);
    vsnprintf(v->actual, sizeof v->actual, format, args);
    va_end(args);
}

const char *time_text(int64_t t_us, char out[24])
{
    struct buf b = buf_of(out, 20);
    buf_fixed(&b, div_round(t_us, 1000), 3, false);
    buf_str(&b, " s");
    out[b.n] = 0;
    return out;
}

const struct event *find_anchor(const struct judge_input *in, enum event_kind kind, size_t stmt,
                                size_t *ret_index)
{
    for (size_t i = 0; i < in->events->n; i++)
        if (in->events->at[i].kind == kind && in->events->at[i].index == stmt) {
            if (ret_index)
                *ret_index = i;
            return &in->events->at[i];
        }
    return NULL;
}

static check_fn *check_of(enum stmt_kind kind)
{
    switch (kind) {
    case STMT_STIMULUS: return NULL;
    case STMT_WITHIN: return check_within;
    case STMT_ALWAYS:
    case STMT_NEVER: return check_window;
    case STMT_CHECK: return check_point;
    case STMT_TRACK: return check_track;
    case STMT_EVERY: return check_every;
    case STMT_AGREE: return check_agree;
    case STMT_MATCHES: return check_matches;
    }
    return NULL;
}

enum err judge_run(const struct judge_input *in, struct verdict **ret, size_t *ret_n)
{
    const struct scenario *s = in->scenario;
    struct verdict *list = calloc(s->n_stmts + 1, sizeof *list);
    size_t n = 0;
    if (!list)
        return ERR_MEMORY;
    for (size_t i = 0; i < s->n_stmts; i++) {
        const struct stmt *stmt = &s->stmts[i];
        check_fn *check = check_of(stmt->kind);
        if (!check)
            continue;
        struct verdict *v = &list[n++];
        *v = (struct verdict){.code = VERDICT_PASS,
                              .stmt = i,
                              .evidence = SIZE_MAX,
                              .from_event_us = NO_LATENCY,
                              .from_delivered_us = NO_LATENCY};
        struct buf b = buf_of(v->expected, sizeof v->expected - 1);
        stmt_format(s, stmt, &b);
        const char *reason = stmt->req[0] ? manifest_excluded(in->manifest, stmt->req) : NULL;
        if (in->shifted && stmt->kind == STMT_MATCHES)
            reason = "recorded at another phase of the poll cycle";
        if (reason)
            verdict_set(v, VERDICT_EXCLUDED, (int64_t)stmt->from_us, SIZE_MAX, "%s", reason);
        else
            check(in, stmt, v);
    }
    *ret = list;
    *ret_n = n;
    return ERR_OK;
}

void verdicts_free(struct verdict *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(list[i].detail);
    free(list);
}
