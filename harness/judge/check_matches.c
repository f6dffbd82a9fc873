/* SPDX-License-Identifier: Apache-2.0
 *
 * `matches "FILE" tol T`: per id (or topic) the sequence in the window equals the expected one,
 * each message within tol of its recorded time. Differences are listed as a diff. With bless the
 * expected trace is rewritten and the diff says what changed.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/judge/check.h"
#include "harness/judge/expected.h"

enum { DIFF_LINES = 12 };

struct diff {
    char text[4096];
    struct buf out;
    size_t missing, extra, different;
    int64_t first_us;
};

static void note(struct diff *d, char sign, const char *what, const struct message *m,
                 const struct stmt *stmt)
{
    char t[24];
    if (d->missing + d->extra + d->different > DIFF_LINES)
        return;
    buf_printf(&d->out, "%c %-9s %10s  ", sign, what, time_text(m->t_us, t));
    if (stmt->sink == SINK_CAN)
        can_msg_format(&m->can, &d->out);
    else
        buf_printf(&d->out, "%s %.*s", m->topic, (int)(m->text.n < 160 ? m->text.n : 160),
                   (const char *)m->text.p);
    buf_str(&d->out, "\n");
    if (d->first_us == INT64_MIN)
        d->first_us = m->t_us;
}

static bool same_stream(const struct stmt *stmt, const struct message *a, const struct message *b)
{
    return stmt->sink == SINK_CAN ? a->id == b->id && a->can.extended == b->can.extended
                                  : strcmp(a->topic, b->topic) == 0;
}

/* The next message of `like`'s stream at or after *i; false at the end. */
static bool next_of(const struct stmt *stmt, const struct messages *list,
                    const struct message *like, size_t *i)
{
    while (*i < list->n && !same_stream(stmt, &list->at[*i], like))
        (*i)++;
    return *i < list->n;
}

static int64_t tolerance(const struct judge_input *in, const struct stmt *stmt)
{
    return stmt->tol.micro + (int64_t)in->slack_us;
}

/* Messages this near to an edge of the window may be on either side of it. */
static bool at_edge(const struct judge_input *in, const struct stmt *stmt, const struct message *m)
{
    int64_t tol = tolerance(in, stmt);
    return m->t_us - (int64_t)stmt->from_us <= tol || (int64_t)stmt->to_us - m->t_us <= tol;
}

/* Walks one stream (that of `like`) through both lists. */
static void compare_stream(const struct judge_input *in, const struct stmt *stmt,
                           const struct messages *want, const struct messages *got,
                           const struct message *like, struct diff *d)
{
    int64_t tol = tolerance(in, stmt);
    size_t i = 0, k = 0;
    for (;;) {
        bool w = next_of(stmt, want, like, &i), g = next_of(stmt, got, like, &k);
        if (!w && !g)
            return;
        const struct message *a = w ? &want->at[i] : NULL, *b = g ? &got->at[k] : NULL;
        if (w && (!g || b->t_us - a->t_us > tol)) {
            if (!at_edge(in, stmt, a)) {
                d->missing++;
                note(d, '-', "missing", a, stmt);
            }
            i++;
        } else if (g && (!w || a->t_us - b->t_us > tol)) {
            if (!at_edge(in, stmt, b)) {
                d->extra++;
                note(d, '+', "extra", b, stmt);
            }
            k++;
        } else {
            if (!message_same(in, stmt, a, b)) {
                d->different++;
                note(d, '-', "expected", a, stmt);
                note(d, '+', "got", b, stmt);
            }
            i++;
            k++;
        }
    }
}

static void compare_all(const struct judge_input *in, const struct stmt *stmt,
                        const struct messages *want, const struct messages *got, struct diff *d)
{
    const struct messages *lists[2] = {want, got};
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < lists[l]->n; i++) {
            bool first = true;
            for (size_t k = 0; k <= l && first; k++)
                for (size_t j = 0; j < (k == l ? i : lists[k]->n) && first; j++)
                    first = !same_stream(stmt, &lists[k]->at[j], &lists[l]->at[i]);
            if (first)
                compare_stream(in, stmt, want, got, &lists[l]->at[i], d);
        }
}

static void report(const struct judge_input *in, const struct stmt *stmt, const struct diff *d,
                   size_t n, struct verdict *v)
{
    size_t all = d->missing + d->extra + d->different;
    if (all)
        v->detail = strndup(d->text, d->out.n);
    if (!all)
        verdict_set(v, VERDICT_PASS, (int64_t)stmt->to_us, SIZE_MAX, "%zu messages equal", n);
    else
        verdict_set(v, in->bless ? VERDICT_PASS : VERDICT_FAIL, d->first_us, SIZE_MAX,
                    "%s%zu missing, %zu extra, %zu different of %zu", in->bless ? "blessed: " : "",
                    d->missing, d->extra, d->different, n);
}

void check_matches(const struct judge_input *in, const struct stmt *stmt, struct verdict *v)
{
    char path[1024], why[200];
    struct messages want = {0}, got;
    messages_of_run(in, stmt, &got);
    snprintf(path, sizeof path, "%s/%s", in->scenario->dir, stmt->file);
    enum err err = messages_load(path, stmt->sink, &want, why, sizeof why);
    if (err == ERR_SYNTAX && !in->bless) {
        verdict_set(v, VERDICT_HARNESS_ERROR, 0, SIZE_MAX, "%.200s", why);
    } else if (err != ERR_OK && !in->bless) {
        verdict_set(v, VERDICT_FAIL, 0, SIZE_MAX,
                    "no expected trace %.120s; write it with `bmsrig run --bless`", stmt->file);
    } else if (got.n == 0) {
        verdict_set(v, VERDICT_FAIL, (int64_t)stmt->from_us, SIZE_MAX,
                    "the sink sent nothing in the window");
    } else {
        struct diff *d = calloc(1, sizeof *d);
        if (!d)
            abort();
        d->out = buf_of(d->text, sizeof d->text);
        d->first_us = INT64_MIN;
        compare_all(in, stmt, &want, &got, d);
        report(in, stmt, d, got.n, v);
        if (in->bless && messages_save(path, stmt->sink, &got) != ERR_OK)
            verdict_set(v, VERDICT_HARNESS_ERROR, 0, SIZE_MAX, "cannot write %.200s", path);
        free(d);
    }
    messages_free(&want);
    messages_free(&got);
}
