/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading, writing and comparing expected traces.
 */
#include "harness/judge/expected.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "harness/scenario/files.h"

static struct message *add(struct messages *list)
{
    struct message *at = realloc(list->at, (list->n + 1) * sizeof *at);
    if (!at)
        abort();
    list->at = at;
    list->at[list->n] = (struct message){0};
    return &list->at[list->n++];
}

void messages_free(struct messages *list)
{
    free(list->at);
    free(list->memory);
    *list = (struct messages){0};
}

void messages_of_run(const struct judge_input *in, const struct stmt *stmt, struct messages *ret)
{
    *ret = (struct messages){0};
    for (size_t i = 0; i < in->events->n; i++) {
        const struct event *e = &in->events->at[i];
        if (e->t_us < (int64_t)stmt->from_us || e->t_us > (int64_t)stmt->to_us)
            continue;
        if (stmt->sink == SINK_CAN && e->kind == EVENT_CAN && !e->can.error) {
            struct message *m = add(ret);
            m->t_us = e->t_us;
            m->can = e->can;
            m->id = e->can.id;
        } else if (stmt->sink == SINK_JSON && e->kind == EVENT_MQTT &&
                   strcmp(e->topic, in->manifest->topic) == 0) {
            struct message *m = add(ret);
            m->t_us = e->t_us;
            m->topic = e->topic;
            m->text = span_of(e->data, e->size);
        }
    }
}

/* ---- files ---- */

static bool load_can_line(struct span line, struct message *m)
{
    struct can_log_line log;
    if (can_log_parse(line, &log) != ERR_OK)
        return false;
    m->t_us = (int64_t)log.wall_us;
    m->can = log.msg;
    m->id = log.msg.id;
    return true;
}

/* {"t":1.234,"topic":"a/b","payload":{...}}: topic and payload keep pointing into the line. */
static bool load_json_line(struct span line, struct message *m)
{
    struct span key = SPAN_LIT(",\"topic\":\""), payload = SPAN_LIT("\",\"payload\":");
    size_t a = span_find(line, 0, key);
    size_t b = a < line.n ? span_find(line, a + key.n, payload) : line.n;
    int64_t t;
    if (!span_starts(line, "{\"t\":") || b >= line.n || line.p[line.n - 1] != '}' ||
        !parse_fixed(span_sub(line, 5, a - 5), 6, &t))
        return false;
    char *topic = (char *)(uintptr_t)line.p + a + key.n;
    topic[b - a - key.n] = 0;
    m->t_us = t;
    m->topic = topic;
    m->text = span_sub(line, b + payload.n, line.n - 1 - b - payload.n);
    return true;
}

enum err messages_load(const char *path, enum sink sink, struct messages *ret, char *why,
                       size_t why_cap)
{
    size_t line_no = 0;
    struct messages list = {0};
    struct span rest;
    enum err err = file_read(path, &rest);
    if (err != ERR_OK)
        return err;
    list.memory = (char *)(uintptr_t)rest.p;
    while (rest.n) {
        size_t end = span_find_byte(rest, 0, '\n');
        struct span line = span_trim(span_sub(rest, 0, end));
        rest = span_sub(rest, end + 1, rest.n);
        line_no++;
        if (!line.n || line.p[0] == '#')
            continue;
        struct message *m = add(&list);
        if (!(sink == SINK_CAN ? load_can_line(line, m) : load_json_line(line, m))) {
            snprintf(why, why_cap, "%s:%zu: expected %s", path, line_no,
                     sink == SINK_CAN ? "(seconds) interface id#data"
                                      : "{\"t\":seconds,\"topic\":\"...\",\"payload\":{...}}");
            messages_free(&list);
            return ERR_SYNTAX;
        }
    }
    *ret = list;
    return ERR_OK;
}

enum err messages_save(const char *path, enum sink sink, const struct messages *list)
{
    FILE *f = fopen(path, "wb");
    if (!f)
        return ERR_IO;
    for (size_t i = 0; i < list->n; i++) {
        const struct message *m = &list->at[i];
        char line[160];
        struct buf b = buf_of(line, sizeof line - 1);
        if (sink == SINK_CAN) {
            struct can_log_line log = {
                .wall_us = (uint64_t)m->t_us, .interface = "can", .msg = m->can};
            can_log_format(&log, &b);
            fprintf(f, "%.*s\n", (int)b.n, line);
        } else {
            buf_fixed(&b, m->t_us, 6, false);
            fprintf(f, "{\"t\":%.*s,\"topic\":\"%s\",\"payload\":%.*s}\n", (int)b.n, line, m->topic,
                    (int)m->text.n, (const char *)m->text.p);
        }
    }
    return fclose(f) == 0 ? ERR_OK : ERR_IO;
}

/* ---- comparing ---- */

/* Clears the bits of the ignored signals. */
static void mask_can(const struct judge_input *in, const struct stmt *stmt, struct can_msg *m)
{
    for (size_t i = 0; i < stmt->n_ignore; i++) {
        const struct dbc_message *def = NULL;
        const struct dbc_signal *s = in->dbc ? dbc_signal(in->dbc, stmt->ignore[i], &def) : NULL;
        if (!s || def->id != m->id || !s->little_endian)
            continue;
        for (unsigned bit = s->start; bit < s->start + s->length && bit < 64u; bit++)
            m->data[bit / 8] &= (uint8_t) ~(1u << (bit % 8));
    }
}

static bool ignored(const struct stmt *stmt, const char *path)
{
    for (size_t i = 0; i < stmt->n_ignore; i++)
        if (strcmp(stmt->ignore[i], path) == 0)
            return true;
    return false;
}

static bool json_same(const struct stmt *stmt, const struct json *a, const struct json *b,
                      const char *path)
{
    double x, y;
    bool p, q;
    if (ignored(stmt, path))
        return true;
    if (!a || !b || json_type(a) != json_type(b))
        return false;
    switch (json_type(a)) {
    case JSON_NULL: return true;
    case JSON_BOOL: return json_boolean(a, &p) && json_boolean(b, &q) && p == q;
    case JSON_NUMBER: return json_number(a, &x) && json_number(b, &y) && fabs(x - y) < 1e-9;
    case JSON_STRING: return strcmp(json_string(a), json_string(b)) == 0;
    case JSON_ARRAY:
    case JSON_OBJECT: break;
    }
    bool object = json_type(a) == JSON_OBJECT;
    const struct json *d = json_first(b);
    for (const struct json *c = json_first(a); c; c = json_next(c)) {
        char sub[200];
        snprintf(sub, sizeof sub, "%s%s%s", path, *path ? "." : "", object ? json_key(c) : "[]");
        if (!json_same(stmt, c, object ? json_get(b, json_key(c)) : d, sub))
            return false;
        d = d ? json_next(d) : NULL;
    }
    for (d = json_first(b); object && d; d = json_next(d)) {
        char sub[200];
        snprintf(sub, sizeof sub, "%s%s%s", path, *path ? "." : "", json_key(d));
        if (!json_get(a, json_key(d)) && !ignored(stmt, sub))
            return false;
    }
    return object || json_size(a) == json_size(b);
}

bool message_same(const struct judge_input *in, const struct stmt *stmt, const struct message *a,
                  const struct message *b)
{
    if (stmt->sink == SINK_CAN) {
        struct can_msg x = a->can, y = b->can;
        mask_can(in, stmt, &x);
        mask_can(in, stmt, &y);
        return can_msg_eq(&x, &y);
    }
    struct json_doc *x = NULL, *y = NULL;
    bool same = json_parse(a->text, &x, NULL) == ERR_OK &&
                json_parse(b->text, &y, NULL) == ERR_OK &&
                json_same(stmt, json_root(x), json_root(y), "");
    json_delete(x);
    json_delete(y);
    return same;
}
