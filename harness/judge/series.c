/* SPDX-License-Identifier: Apache-2.0
 *
 * Signals of CAN, and what all series share. JSON is in series_json.c.
 */
#include "harness/judge/series.h"

#include <stdlib.h>
#include <string.h>

#include "harness/judge/ha.h"
#include "harness/judge/series_priv.h"

void series_add(struct series *s, const struct sample *sample)
{
    if ((s->n & (s->n - 1)) == 0) { /* 0, 1, 2, 4, ...: time to double */
        struct sample *p = realloc(s->at, (s->n ? s->n * 2 : 1) * sizeof *p);
        if (!p)
            abort();
        s->at = p;
    }
    s->at[s->n++] = *sample;
}

void series_free(struct series *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->at[i].text);
    free(s->at);
    *s = (struct series){0};
}

size_t series_at(const struct series *s, int64_t t_us)
{
    size_t lo = 0, hi = s->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (s->at[mid].t_us <= t_us)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo ? lo - 1 : s->n;
}

/* ---- CAN ---- */

static const char *const can_pseudo[] = {"foreign", "malformed", "extended", "remote",
                                         "frames",  "peak",      "changes",  NULL};

bool judge_can_pseudo(const char *signal)
{
    for (size_t i = 0; can_pseudo[i]; i++)
        if (strcmp(can_pseudo[i], signal) == 0)
            return true;
    return false;
}

/* Does this frame count for the pseudo signal? */
static bool can_counts(const struct dbc *dbc, const char *signal, const struct can_msg *m)
{
    const struct dbc_message *def = dbc ? dbc_message(dbc, m->id, m->extended) : NULL;
    if (strcmp(signal, "foreign") == 0)
        return !def || !def->from_battery;
    if (strcmp(signal, "malformed") == 0)
        return def && def->from_battery && !m->remote && m->dlc != def->dlc;
    if (strcmp(signal, "extended") == 0)
        return m->extended;
    if (strcmp(signal, "remote") == 0)
        return m->remote;
    return true;
}

/* A count so far: a sample on every frame, so that windows see it. */
static void can_count(const struct judge_input *in, const char *signal, struct series *ret)
{
    int64_t count = 0;
    for (size_t i = 0; i < in->events->n; i++) {
        const struct event *e = &in->events->at[i];
        if (e->kind != EVENT_CAN || e->can.error)
            continue;
        if (can_counts(in->dbc, signal, &e->can))
            count++;
        series_add(ret, &(struct sample){
                            .t_us = e->t_us, .micro = count * 1000000, .event = i, .known = true});
    }
}

enum { PEAK_US = 1000000 };

/* "peak": at each frame, how many of its id there were in the second that ends with it. */
static void can_peak(const struct judge_input *in, struct series *ret)
{
    const struct event *at = in->events->at;
    for (size_t i = 0; i < in->events->n; i++) {
        int64_t count = 0;
        if (at[i].kind != EVENT_CAN || at[i].can.error)
            continue;
        for (size_t k = i + 1; k-- > 0 && at[i].t_us - at[k].t_us < PEAK_US;)
            count += at[k].kind == EVENT_CAN && at[k].can.id == at[i].can.id &&
                     at[k].can.extended == at[i].can.extended;
        series_add(ret,
                   &(struct sample){
                       .t_us = at[i].t_us, .micro = count * 1000000, .event = i, .known = true});
    }
}

enum { CHANGES_US = 10000000 };

/* "changes": at each frame with limits, how often they were others than before, in the ten seconds
 * that end with it. */
static void can_changes(const struct judge_input *in, struct series *ret)
{
    const struct dbc_message *def = NULL;
    const struct can_msg *last = NULL;
    struct series changes = {0}; /* when they were others */
    size_t from = 0;
    if (!in->dbc || !dbc_signal(in->dbc, "ccl", &def))
        return;
    for (size_t i = 0; i < in->events->n; i++) {
        const struct event *e = &in->events->at[i];
        if (e->kind != EVENT_CAN || e->can.id != def->id || e->can.extended != def->extended ||
            e->can.remote || e->can.error)
            continue;
        struct sample sample = {.t_us = e->t_us, .event = i, .known = true};
        if (last && (last->dlc != e->can.dlc || memcmp(last->data, e->can.data, last->dlc) != 0))
            series_add(&changes, &sample);
        last = &e->can;
        while (from < changes.n && e->t_us - changes.at[from].t_us >= CHANGES_US)
            from++;
        sample.micro = (int64_t)(changes.n - from) * 1000000;
        series_add(ret, &sample);
    }
    series_free(&changes);
}

/* "maker": the eight characters of maker_0..maker_7 as text, without padding. */
static void can_maker(const struct judge_input *in, struct series *ret)
{
    const struct dbc_message *def = NULL;
    if (!in->dbc || !dbc_signal(in->dbc, "maker_0", &def))
        return;
    for (size_t i = 0; i < in->events->n; i++) {
        const struct event *e = &in->events->at[i];
        if (e->kind != EVENT_CAN || e->can.id != def->id || e->can.extended != def->extended)
            continue;
        size_t n = e->can.dlc;
        while (n && (e->can.data[n - 1] == ' ' || e->can.data[n - 1] == 0))
            n--;
        char *text = calloc(1, n + 1);
        if (!text)
            abort();
        memcpy(text, e->can.data, n);
        series_add(ret, &(struct sample){.t_us = e->t_us, .event = i, .known = true, .text = text});
    }
}

static void can_signal(const struct judge_input *in, const char *signal, struct series *ret)
{
    const struct dbc_message *def = NULL;
    const struct dbc_signal *s = in->dbc ? dbc_signal(in->dbc, signal, &def) : NULL;
    if (!s)
        return;
    for (size_t i = 0; i < in->events->n; i++) {
        const struct event *e = &in->events->at[i];
        if (e->kind != EVENT_CAN || e->can.id != def->id || e->can.extended != def->extended ||
            e->can.remote || e->can.error)
            continue;
        struct sample sample = {.t_us = e->t_us, .event = i, .known = true};
        if (dbc_decode(s, &e->can, &sample.micro))
            series_add(ret, &sample);
    }
}

void series_build(const struct judge_input *in, enum sink sink, const char *signal,
                  struct series *ret)
{
    *ret = (struct series){0};
    if (sink == SINK_HA) {
        series_ha(in, signal, ret);
        return;
    }
    if (sink != SINK_CAN && series_store_copy(in->store, signal, ret))
        return;
    if (sink != SINK_CAN)
        series_json(in, signal, ret);
    else if (strcmp(signal, "peak") == 0)
        can_peak(in, ret);
    else if (strcmp(signal, "changes") == 0)
        can_changes(in, ret);
    else if (judge_can_pseudo(signal))
        can_count(in, signal, ret);
    else if (strcmp(signal, "maker") == 0)
        can_maker(in, ret);
    else
        can_signal(in, signal, ret);
}

void series_truth(const struct judge_input *in, unsigned battery, const struct bms_path *path,
                  struct series *ret)
{
    uint32_t key = truth_key(battery, path->id, path->cell);
    *ret = (struct series){0};
    for (size_t i = 0; i < in->events->n; i++) {
        const struct event *e = &in->events->at[i];
        if (e->kind == EVENT_TRUTH && e->index == key)
            series_add(ret, &(struct sample){
                                .t_us = e->t_us, .micro = e->micro, .event = i, .known = true});
    }
}

void series_traffic(const struct judge_input *in, enum sink sink, struct series *ret)
{
    *ret = (struct series){0};
    if (sink == SINK_HA)
        series_ha_traffic(in, ret);
    for (size_t i = 0; sink != SINK_HA && i < in->events->n; i++) {
        const struct event *e = &in->events->at[i];
        bool hit;
        if (sink == SINK_CAN) {
            const struct dbc_message *def =
                in->dbc ? dbc_message(in->dbc, e->can.id, e->can.extended) : NULL;
            hit = e->kind == EVENT_CAN && !e->can.error && (!in->dbc || (def && def->from_battery));
        } else {
            hit = e->kind == EVENT_MQTT && strcmp(e->topic, in->manifest->topic) == 0;
        }
        if (hit)
            series_add(ret, &(struct sample){.t_us = e->t_us, .event = i, .known = true});
    }
}

/* ---- conditions on samples ---- */

static bool compare(enum cond_op op, int64_t have, int64_t want, int64_t tol)
{
    switch (op) {
    case OP_EQ: return have >= want - tol && have <= want + tol;
    case OP_NE: return have < want - tol || have > want + tol;
    case OP_LT: return have < want + tol;
    case OP_LE: return have <= want + tol;
    case OP_GT: return have > want - tol;
    case OP_GE: return have >= want - tol;
    }
    return false;
}

bool cond_holds(const struct cond *cond, const struct sample *s)
{
    switch (cond->kind) {
    case COND_SET: return s->known && (s->text ? s->text[0] != 0 : s->micro != 0);
    case COND_CLEAR: return !s->known || (s->text ? s->text[0] == 0 : s->micro == 0);
    case COND_RANGE:
        return s->known && !s->text && s->micro >= cond->value.micro &&
               s->micro <= cond->high.micro;
    case COND_COMPARE:
        if (!s->known && !(cond->is_text && s->text))
            return false;
        if (cond->is_text || s->text) {
            bool same = cond->is_text && s->text && strcmp(s->text, cond->text) == 0;
            return cond->op == OP_NE ? !same : same;
        }
        return compare(cond->op, s->micro, cond->value.micro, cond->tol.micro);
    case COND_STALE:
    case COND_FRESH:
    case COND_SILENT: break;
    }
    return false;
}

void sample_format(const struct cond *like, const struct sample *s, char *out, size_t cap)
{
    struct buf b = buf_of(out, cap - 1);
    if (s->text) {
        buf_printf(&b, s->known ? "\"%.60s\"" : "%.60s", s->text);
    } else if (!s->known) {
        buf_str(&b, "missing");
    } else if (like && like->value.dim != DIM_NONE) {
        quantity_format((struct quantity){s->micro, like->value.dim}, &b);
    } else {
        buf_fixed(&b, s->micro, 6, true);
    }
    out[b.n] = 0;
}
