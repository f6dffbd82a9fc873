/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON signals that a run's statements and its plot ask for, decoded in one pass: parsing is
 * most of the judge's work, and a day has 86400 messages.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/judge/series_priv.h"

enum { STORE_MAX = 96 };

struct series_store {
    const char *signal[STORE_MAX]; /* owned by the scenario or the caller */
    struct series series[STORE_MAX];
    size_t n;
};

static void want(struct series_store *s, const char *signal)
{
    if (!signal[0] || s->n == STORE_MAX || !series_json_from_message(signal))
        return; /* what does not fit is decoded when it is asked for */
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->signal[i], signal) == 0)
            return;
    s->signal[s->n++] = signal;
}

static void want_statement(struct series_store *s, const struct stmt *stmt)
{
    switch (stmt->kind) {
    case STMT_WITHIN:
    case STMT_ALWAYS:
    case STMT_NEVER:
    case STMT_CHECK:
        if (stmt->sink == SINK_JSON)
            want(s, stmt->cond.signal);
        break;
    case STMT_TRACK:
        if (stmt->sink == SINK_JSON)
            want(s, stmt->signal);
        break;
    case STMT_AGREE:
        if (stmt->sink == SINK_JSON)
            want(s, stmt->signal);
        if (stmt->sink2 == SINK_JSON)
            want(s, stmt->signal2);
        break;
    case STMT_STIMULUS:
    case STMT_EVERY:
    case STMT_MATCHES: break;
    }
}

struct series_store *series_store_new(const struct judge_input *in, const char *const *signals)
{
    struct series_store *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    for (size_t i = 0; !signals && i < in->scenario->n_stmts; i++)
        want_statement(s, &in->scenario->stmts[i]);
    for (; signals && *signals; signals++)
        want(s, *signals);
    series_json_pass(in, s->signal, s->n, s->series);
    return s;
}

void series_store_delete(struct series_store *s)
{
    for (size_t i = 0; s && i < s->n; i++)
        series_free(&s->series[i]);
    free(s);
}

bool series_store_copy(const struct series_store *s, const char *signal, struct series *ret)
{
    size_t i = 0;
    while (s && i < s->n && strcmp(s->signal[i], signal) != 0)
        i++;
    if (!s || i == s->n)
        return false;
    for (size_t k = 0; k < s->series[i].n; k++) {
        struct sample copy = s->series[i].at[k];
        if (copy.text && !(copy.text = strdup(copy.text)))
            abort();
        series_add(ret, &copy);
    }
    return true;
}
