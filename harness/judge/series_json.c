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

struct json_table {
    struct {
        char path[64];
        int kind;
    } * rows;
    size_t n;
};

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
    for (size_t i = 0; i < table->n; i++)
        if (strcmp(table->rows[i].path, path) == 0)
            return table->rows[i].kind;
    return 0;
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

/* How much one message adds to a counting pseudo signal. */
static unsigned json_counts(const struct judge_input *in, const char *signal, const struct event *e)
{
    struct span text = span_of(e->data, e->size);
    if (strcmp(signal, "$messages") == 0)
        return 1;
    if (strcmp(signal, "$retained") == 0)
        return e->retain;
    if (strcmp(signal, "$nonfinite") == 0)
        return nonfinite(text);
    struct json_doc *doc = NULL;
    if (json_parse(text, &doc, NULL) != ERR_OK)
        return strcmp(signal, "$malformed") == 0;
    struct faults f = {0};
    walk(in->table, json_root(doc), "", &f);
    unsigned n = 0;
    if (strcmp(signal, "$null") == 0)
        n = f.nulls + f.booleans;
    else if (strcmp(signal, "$duplicate") == 0)
        n = json_has_duplicate_keys(doc);
    else if (strcmp(signal, "$unknown") == 0)
        n = f.unknown;
    else if (strcmp(signal, "$mistyped") == 0)
        n = f.mistyped;
    json_delete(doc);
    return n;
}

static void json_count(const struct judge_input *in, const char *signal, struct series *ret)
{
    int64_t count = 0;
    for (size_t i = 0; i < in->events->n; i++) {
        const struct event *e = &in->events->at[i];
        if (e->kind != EVENT_MQTT || strcmp(e->topic, in->manifest->topic) != 0)
            continue;
        count += json_counts(in, signal, e);
        series_add(ret, &(struct sample){
                            .t_us = e->t_us, .micro = count * 1000000, .event = i, .known = true});
    }
}

static void json_connects(const struct judge_input *in, struct series *ret)
{
    int64_t count = 0;
    for (size_t i = 0; i < in->events->n; i++) {
        const struct event *e = &in->events->at[i];
        if (e->kind == EVENT_CONNECT)
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

static void json_value(const struct judge_input *in, const char *signal, struct series *ret)
{
    const char *path = mapped(in->manifest, signal);
    for (size_t i = 0; i < in->events->n; i++) {
        const struct event *e = &in->events->at[i];
        struct json_doc *doc = NULL;
        if (e->kind != EVENT_MQTT || strcmp(e->topic, in->manifest->topic) != 0 ||
            json_parse(span_of(e->data, e->size), &doc, NULL) != ERR_OK)
            continue;
        struct sample s = {.t_us = e->t_us, .event = i};
        const struct json *v = json_path(json_root(doc), path);
        double number;
        bool flag;
        if (v && json_number(v, &number) && isfinite(number) && fabs(number) < 9e12) {
            s.known = true;
            s.micro = llround(number * 1e6);
        } else if (v && json_boolean(v, &flag)) {
            s.known = true;
            s.micro = flag ? 1000000 : 0;
        } else if (v && json_string(v)) {
            s.known = true;
            s.text = text_of(json_string(v), strlen(json_string(v)));
        }
        series_add(ret, &s);
        json_delete(doc);
    }
}

void series_json(const struct judge_input *in, const char *signal, struct series *ret)
{
    if (signal[0] != '$')
        json_value(in, signal, ret);
    else if (strcmp(signal, "$status") == 0)
        json_status(in, ret);
    else if (strcmp(signal, "$connects") == 0)
        json_connects(in, ret);
    else if (strcmp(signal, "$qos") == 0)
        json_qos(in, ret);
    else if (strcmp(signal, "$peak") == 0)
        json_peak(in, ret);
    else
        json_count(in, signal, ret);
}
