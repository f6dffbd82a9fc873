/* SPDX-License-Identifier: Apache-2.0
 *
 * Signals of the DUT's JSON: paths of the main topic's object, translated by the manifest's map,
 * and counts of what must not be there.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "harness/judge/series_priv.h"

/* ---- the table of known places ---- */

struct row {
    char path[64];
    int kind;
};

struct json_table {
    struct row *rows; /* sorted by path */
    size_t n;
};

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->path, ((const struct row *)b)->path);
}

enum err json_table_load(const char *path, struct json_table **ret)
{
    FILE *f = fopen(path, "r");
    if (!f)
        return ERR_NOT_FOUND;
    struct json_table *t = calloc(1, sizeof *t);
    char line[200];
    while (t && fgets(line, sizeof line, f)) {
        struct span rest = span_trim(span_str(line)), name, kind;
        if (!rest.n || rest.p[0] == '#' || !span_token(&rest, &name) || !span_token(&rest, &kind))
            continue;
        void *rows = realloc(t->rows, (t->n + 1) * sizeof *t->rows);
        if (!rows)
            abort();
        t->rows = rows;
        span_to_str(name, t->rows[t->n].path, sizeof t->rows[t->n].path);
        t->rows[t->n++].kind = span_eq_str(kind, "number") ? 1 : 2;
    }
    fclose(f);
    if (!t)
        return ERR_MEMORY;
    if (t->n)
        qsort(t->rows, t->n, sizeof *t->rows, by_path);
    *ret = t;
    return ERR_OK;
}

void json_table_delete(struct json_table *table)
{
    if (!table)
        return;
    free(table->rows);
    free(table);
}

int json_table_kind(const struct json_table *table, const char *path)
{
    struct row wanted = {0};
    size_t n = strlen(path);
    if (n >= sizeof wanted.path)
        return 0;
    memcpy(wanted.path, path, n + 1);
    const struct row *row = bsearch(&wanted, table->rows, table->n, sizeof *table->rows, by_path);
    return row ? row->kind : 0;
}

/* ---- counting faults of a document ---- */

struct faults {
    unsigned nulls, booleans, unknown, mistyped;
};

static void walk(const struct json_table *table, const struct json *v, const char *path,
                 struct faults *f)
{
    if (json_type(v) == JSON_NULL)
        f->nulls++;
    if (json_type(v) == JSON_BOOL)
        f->booleans++;
    if (json_type(v) == JSON_OBJECT || json_type(v) == JSON_ARRAY) {
        for (const struct json *c = json_first(v); c; c = json_next(c)) {
            char sub[160];
            const char *key = json_key(c);
            snprintf(sub, sizeof sub, "%s%s%s", path, *path ? "." : "", key ? key : "[]");
            walk(table, c, sub, f);
        }
        return;
    }
    if (!table)
        return;
    int kind = json_table_kind(table, path);
    if (kind == 0)
        f->unknown++;
    else if (kind == 1 && json_type(v) != JSON_NUMBER)
        f->mistyped++;
}

/* NaN and Infinity are no JSON; some parsers take them, so they are counted by name. */
static bool nonfinite(struct span text)
{
    static const char *const words[] = {"NaN", "Infinity", "nan", "inf"};
    bool in_string = false;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"' && (i == 0 || text.p[i - 1] != '\\'))
            in_string = !in_string;
        for (size_t k = 0; !in_string && k < sizeof words / sizeof *words; k++)
            if (span_starts(span_sub(text, i, text.n), words[k]))
                return true;
    }
    return false;
}

/* How much one message adds to a counting pseudo signal. doc: NULL when it is no JSON. */
static unsigned json_counts(const struct judge_input *in, const char *signal, const struct event *e,
                            const struct json_doc *doc)
{
    if (strcmp(signal, "$messages") == 0)
        return 1;
    if (strcmp(signal, "$retained") == 0)
        return e->retain;
    if (strcmp(signal, "$nonfinite") == 0)
        return nonfinite(span_of(e->data, e->size));
    if (!doc || strcmp(signal, "$malformed") == 0)
        return !doc && strcmp(signal, "$malformed") == 0;
    if (strcmp(signal, "$duplicate") == 0)
        return json_has_duplicate_keys(doc);
    struct faults f = {0};
    walk(in->table, json_root(doc), "", &f);
    if (strcmp(signal, "$null") == 0)
        return f.nulls + f.booleans;
    if (strcmp(signal, "$unknown") == 0)
        return f.unknown;
    return strcmp(signal, "$mistyped") == 0 ? f.mistyped : 0;
}

static void json_connects(const struct judge_input *in, bool refused, struct series *ret)
{
    int64_t count = 0;
    for (size_t i = 0; i < in->events->n; i++) {
        const struct event *e = &in->events->at[i];
        if (e->kind == EVENT_CONNECT && e->refused == refused)
            series_add(ret,
                       &(struct sample){
                           .t_us = e->t_us, .micro = ++count * 1000000, .event = i, .known = true});
    }
}

/* ---- values ---- */

static char *text_of(const char *p, size_t n)
{
    char *t = calloc(1, n + 1);
    if (!t)
        abort();
    memcpy(t, p, n);
    return t;
}

static void json_status(const struct judge_input *in, struct series *ret)
{
    for (size_t i = 0; i < in->events->n; i++) {
        const struct event *e = &in->events->at[i];
        if (e->kind == EVENT_MQTT && in->manifest->status_topic[0] &&
            strcmp(e->topic, in->manifest->status_topic) == 0)
            series_add(ret, &(struct sample){.t_us = e->t_us,
                                             .event = i,
                                             .known = true,
                                             .text = text_of((const char *)e->data, e->size)});
    }
}

/* "$qos": the QoS of each message on the main topic. */
static void json_qos(const struct judge_input *in, struct series *ret)
{
    for (size_t i = 0; i < in->events->n; i++) {
        const struct event *e = &in->events->at[i];
        if (e->kind == EVENT_MQTT && strcmp(e->topic, in->manifest->topic) == 0)
            series_add(ret,
                       &(struct sample){
                           .t_us = e->t_us, .micro = e->qos * 1000000, .event = i, .known = true});
    }
}

/* "$peak": at each message on the main topic, how many there were in the second that ends with it.
 */
static void json_peak(const struct judge_input *in, struct series *ret)
{
    const struct event *at = in->events->at;
    for (size_t i = 0; i < in->events->n; i++) {
        int64_t count = 0;
        if (at[i].kind != EVENT_MQTT || strcmp(at[i].topic, in->manifest->topic) != 0)
            continue;
        for (size_t k = i + 1; k-- > 0 && at[i].t_us - at[k].t_us < 1000000;)
            count += at[k].kind == EVENT_MQTT && strcmp(at[k].topic, in->manifest->topic) == 0;
        series_add(ret,
                   &(struct sample){
                       .t_us = at[i].t_us, .micro = count * 1000000, .event = i, .known = true});
    }
}

static const char *mapped(const struct manifest *m, const char *path)
{
    for (size_t i = 0; i < m->n_map; i++)
        if (strcmp(m->map[i].name, path) == 0)
            return m->map[i].path;
    return path;
}

static void take_value(const struct json *v, struct sample *s)
{
    double number;
    bool flag;
    if (v && json_number(v, &number) && isfinite(number) && fabs(number) < 9e12) {
        s->known = true;
        s->micro = llround(number * 1e6);
    } else if (v && json_boolean(v, &flag)) {
        s->known = true;
        s->micro = flag ? 1000000 : 0;
    } else if (v && json_string(v)) {
        s->known = true;
        s->text = text_of(json_string(v), strlen(json_string(v)));
    }
}

/* One message into one series: a value of the document, or a count so far. */
static void take_message(const struct judge_input *in, const char *signal, const struct event *e,
                         size_t event, const struct json_doc *doc, struct series *to)
{
    struct sample s = {.t_us = e->t_us, .event = event};
    if (signal[0] == '$') {
        s.known = true;
        s.micro = (to->n ? to->at[to->n - 1].micro : 0) +
                  (int64_t)json_counts(in, signal, e, doc) * 1000000;
    } else if (doc) {
        take_value(json_path(json_root(doc), mapped(in->manifest, signal)), &s);
    } else {
        return;
    }
    series_add(to, &s);
}

void series_json_pass(const struct judge_input *in, const char *const *signals, size_t n,
                      struct series *ret)
{
    for (size_t i = 0; i < in->events->n && n > 0; i++) {
        const struct event *e = &in->events->at[i];
        struct json_doc *doc = NULL;
        if (e->kind != EVENT_MQTT || strcmp(e->topic, in->manifest->topic) != 0)
            continue;
        if (json_parse(span_of(e->data, e->size), &doc, NULL) != ERR_OK)
            doc = NULL;
        for (size_t k = 0; k < n; k++)
            take_message(in, signals[k], e, i, doc, &ret[k]);
        json_delete(doc);
    }
}

bool series_json_from_message(const char *signal)
{
    static const char *const others[] = {"$status", "$connects", "$refused", "$qos", "$peak"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(signal, others[i]) == 0)
            return false;
    return true;
}

void series_json(const struct judge_input *in, const char *signal, struct series *ret)
{
    if (series_json_from_message(signal))
        series_json_pass(in, &signal, 1, ret);
    else if (strcmp(signal, "$status") == 0)
        json_status(in, ret);
    else if (strcmp(signal, "$connects") == 0)
        json_connects(in, false, ret);
    else if (strcmp(signal, "$refused") == 0)
        json_connects(in, true, ret);
    else if (strcmp(signal, "$qos") == 0)
        json_qos(in, ret);
    else
        json_peak(in, ret);
}
