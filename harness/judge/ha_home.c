/* SPDX-License-Identifier: Apache-2.0
 *
 * The judge's Home Assistant.
 */
#include "harness/judge/ha_home.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static char *copy(const char *text)
{
    size_t n = strlen(text) + 1;
    char *c = malloc(n);
    if (!c)
        abort();
    memcpy(c, text, n);
    return c;
}

void ha_unique_id(const struct manifest *m, const struct ha_target *target, char *out, size_t cap)
{
    char name[64];
    const char *entity = target->entity;
    struct buf b = buf_of(out, cap - 1);
    snprintf(name, sizeof name, "ha.%s", entity);
    for (size_t i = 0; i < m->n_map; i++)
        if (strcmp(m->map[i].name, name) == 0)
            entity = m->map[i].path;
    if (target->battery)
        buf_printf(&b, "%s%u_%s", m->ha_battery, target->battery, entity);
    else
        buf_printf(&b, "%s_%s", m->ha_bank, entity);
    out[b.n] = 0;
}

void ha_home_init(struct ha_home *h, const struct judge_input *in, const struct ha_target *target)
{
    *h = (struct ha_home){.in = in, .target = *target, .connected = true};
    if (target->entity[0])
        ha_unique_id(in->manifest, target, h->unique_id, sizeof h->unique_id);
}

static void drop_docs(struct ha_home *h)
{
    for (size_t i = 0; i < h->n_docs; i++) {
        free(h->docs[i].topic);
        ha_document_free(&h->docs[i].doc);
    }
    h->n_docs = 0;
}

static void drop_store(struct ha_home *h)
{
    for (size_t i = 0; i < h->n_store; i++)
        free(h->store[i].topic);
    h->n_store = 0;
}

void ha_home_free(struct ha_home *h)
{
    drop_docs(h);
    drop_store(h);
    free(h->docs);
    free(h->store);
    *h = (struct ha_home){0};
}

/* ---- the broker's memory ---- */

static void retain(struct ha_home *h, const struct event *e)
{
    size_t i = 0;
    while (i < h->n_store && strcmp(h->store[i].topic, e->topic) != 0)
        i++;
    if (i < h->n_store && e->size == 0) {
        free(h->store[i].topic);
        h->store[i] = h->store[--h->n_store];
    } else if (i < h->n_store) {
        h->store[i].payload = span_of(e->data, e->size);
    } else if (e->size > 0) {
        struct ha_retained *store = realloc(h->store, (h->n_store + 1) * sizeof *store);
        if (!store)
            abort();
        h->store = store;
        h->store[h->n_store++] =
            (struct ha_retained){.topic = copy(e->topic), .payload = span_of(e->data, e->size)};
    }
}

/* ---- the followed entity ---- */

const struct ha_entity *ha_home_entity(const struct ha_home *h, bool *ret_retained)
{
    for (size_t i = 0; h->unique_id[0] && i < h->n_docs; i++)
        for (size_t k = 0; k < h->docs[i].doc.n; k++)
            if (strcmp(h->docs[i].doc.at[k].unique_id, h->unique_id) == 0) {
                if (ret_retained)
                    *ret_retained = h->docs[i].retained;
                return &h->docs[i].doc.at[k];
            }
    return NULL;
}

static void take_availability(struct ha_home *h, const struct ha_entity *e, const char *topic,
                              struct span payload)
{
    for (size_t i = 0; i < e->n_availability; i++) {
        const struct ha_availability *a = &e->availability[i];
        if (strcmp(a->topic, topic) != 0)
            continue;
        if (!span_eq_str(payload, a->yes) && !span_eq_str(payload, a->no))
            continue;
        h->available[i] = span_eq_str(payload, a->yes);
        h->latest = i;
        h->touched = true;
    }
}

static void take_state(struct ha_home *h, const struct ha_entity *e, struct span payload,
                       const struct json *root, int64_t t_us)
{
    char text[HA_TEXT];
    int what = ha_value_of(e, payload, root, text, sizeof text);
    h->touched = true;
    h->told_us = t_us;
    h->expired = false;
    if (what < 0)
        return;
    h->known = what > 0;
    memcpy(h->value, text, sizeof text);
}

/* It was just announced: Home Assistant subscribes and gets what is retained. */
static void take_over(struct ha_home *h, const struct ha_entity *e, bool anew, int64_t t_us)
{
    for (size_t i = 0; anew && i < HA_TOPICS; i++)
        h->available[i] = -1;
    if (anew) {
        h->known = h->expired = false;
        h->told_us = INT64_MIN;
        h->latest = 0;
    }
    for (size_t i = 0; i < h->n_store; i++) {
        struct json_doc *doc = NULL;
        take_availability(h, e, h->store[i].topic, h->store[i].payload);
        if (!anew || strcmp(h->store[i].topic, e->state_topic) != 0)
            continue;
        if (json_parse(h->store[i].payload, &doc, NULL) != ERR_OK)
            doc = NULL;
        take_state(h, e, h->store[i].payload, doc ? json_root(doc) : NULL, t_us);
        json_delete(doc);
    }
    h->touched = true;
}

int64_t ha_home_expires_us(const struct ha_home *h)
{
    const struct ha_entity *e = ha_home_entity(h, NULL);
    if (!e || !e->expire_us || h->expired || h->told_us == INT64_MIN)
        return INT64_MAX;
    return h->told_us + e->expire_us;
}

void ha_home_expire(struct ha_home *h)
{
    h->expired = true;
}

static bool is_available(const struct ha_home *h, const struct ha_entity *e)
{
    bool all = true, any = e->n_availability == 0;
    for (size_t i = 0; i < e->n_availability; i++) {
        all = all && h->available[i] == 1;
        any = any || h->available[i] == 1;
    }
    if (!h->connected || h->expired)
        return false;
    if (e->mode == HA_MODE_LATEST && e->n_availability)
        return h->available[h->latest] == 1;
    return e->mode == HA_MODE_ALL ? all : any;
}

static void set_text(struct sample *s, const char *text)
{
    s->text = copy(text);
}

void ha_home_sample(const struct ha_home *h, struct sample *ret)
{
    const struct ha_entity *e = ha_home_entity(h, NULL);
    enum dim dim;
    int64_t scale = 1000000;
    double number = 0;
    if (!e) {
        set_text(ret, "missing");
    } else if (!is_available(h, e)) {
        set_text(ret, "unavailable");
    } else if (!h->known) {
        set_text(ret, "unknown");
    } else if (strcmp(e->platform, "binary_sensor") == 0) {
        ret->known = true;
        ret->micro = strcmp(h->value, e->on) == 0 ? 1000000 : 0;
    } else if (ha_number_of(h->value, &number) && fabs(number) < 9e12) {
        if (!ha_unit_find(e->unit, &dim, &scale))
            scale = 1000000;
        ret->known = true;
        ret->micro = llround(number * (double)scale);
    } else {
        ret->known = true;
        set_text(ret, h->value);
    }
}

/* ---- all entities ---- */

size_t ha_home_entities(const struct ha_home *h)
{
    size_t n = 0;
    for (size_t i = 0; i < h->n_docs; i++)
        n += h->docs[i].doc.n;
    return n;
}

static bool is_state_topic(const struct ha_home *h, const char *topic)
{
    for (size_t i = 0; i < h->n_docs; i++)
        for (size_t k = 0; k < h->docs[i].doc.n; k++)
            if (strcmp(h->docs[i].doc.at[k].state_topic, topic) == 0)
                return true;
    return false;
}

static void remove_doc(struct ha_home *h, const char *topic)
{
    for (size_t i = 0; i < h->n_docs; i++) {
        if (strcmp(h->docs[i].topic, topic) != 0)
            continue;
        free(h->docs[i].topic);
        ha_document_free(&h->docs[i].doc);
        h->docs[i] = h->docs[--h->n_docs];
        return;
    }
}

static void take_config(struct ha_home *h, const char *topic, struct span payload, bool retained,
                        bool counts, int64_t t_us)
{
    const char *behind = topic + strlen(h->in->manifest->ha_prefix) + 1;
    bool had = ha_home_entity(h, NULL) != NULL;
    struct ha_document doc;
    ha_document_read(behind, payload, &doc);
    if (counts) {
        h->counts.malformed += doc.faults;
        h->counts.configs += payload.n > 0;
        h->counts.removals += payload.n == 0;
        h->counts.unretained += payload.n > 0 && !retained;
    }
    if (payload.n > 0 && doc.faults && !doc.n)
        return; /* refused: what was there stays */
    remove_doc(h, topic);
    if (payload.n > 0) {
        struct ha_announced *docs = realloc(h->docs, (h->n_docs + 1) * sizeof *docs);
        if (!docs)
            abort();
        h->docs = docs;
        h->docs[h->n_docs++] =
            (struct ha_announced){.topic = copy(topic), .doc = doc, .retained = retained};
    }
    for (size_t i = 0; counts && i < doc.n; i++)
        ha_count_entity(h, &doc.at[i]);
    const struct ha_entity *now = ha_home_entity(h, NULL);
    if (now)
        take_over(h, now, !had, t_us);
    /* the first document of all shows what it lacks, too */
    h->touched = h->touched || had || now || h->counts.documents++ == 0;
}

/* ---- steps ---- */

bool ha_home_is_config(const struct ha_home *h, const char *topic)
{
    const char *prefix = h->in->manifest->ha_prefix;
    size_t n = strlen(prefix);
    return strncmp(topic, prefix, n) == 0 && topic[n] == '/' &&
           span_ends(span_str(topic), "/config");
}

static void find_retained(struct ha_home *h, int64_t t_us)
{
    for (size_t i = 0; i < h->n_store; i++)
        if (ha_home_is_config(h, h->store[i].topic))
            take_config(h, h->store[i].topic, h->store[i].payload, true, false, t_us);
}

static void start_again(struct ha_home *h, int64_t t_us)
{
    drop_docs(h);
    h->touched = true;
    h->known = false;
    find_retained(h, t_us);
}

static void step_stimulus(struct ha_home *h, const struct event *e)
{
    const struct stmt *stmt = &h->in->scenario->stmts[e->index];
    const struct own_stimulus *own = &stmt->own;
    if (own->verb == OWN_PUBLISH) {
        h->own = e;
        if (strcmp(own->topic, h->in->manifest->ha_birth) == 0 &&
            strcmp(own->payload, "online") == 0)
            start_again(h, e->t_us);
        return;
    }
    if (stmt->stimulus.verb == STIM_BROKER_STOP || stmt->stimulus.verb == STIM_BROKER_RESET) {
        drop_store(h);
        h->connected = false;
        h->touched = true;
    }
    if (stmt->stimulus.verb == STIM_BROKER_START || stmt->stimulus.verb == STIM_BROKER_RESET) {
        h->connected = true;
        h->touched = true;
    }
}

/* Is this the message that the timeline itself published? */
static bool is_own(struct ha_home *h, const struct event *e)
{
    if (!h->own)
        return false;
    const struct own_stimulus *own = &h->in->scenario->stmts[h->own->index].own;
    if (strcmp(own->topic, e->topic) != 0 || !span_eq_str(span_of(e->data, e->size), own->payload))
        return false;
    h->own = NULL;
    return true;
}

static void step_state(struct ha_home *h, const struct event *e)
{
    struct span payload = span_of(e->data, e->size);
    const struct ha_entity *mine = ha_home_entity(h, NULL);
    bool for_me = mine && strcmp(mine->state_topic, e->topic) == 0;
    struct json_doc *doc = NULL;
    h->counts.messages++;
    h->counts.retained += e->retain && !ha_is_availability(h, e->topic);
    if (!for_me && !h->counts_refused)
        return;
    if (json_parse(payload, &doc, NULL) != ERR_OK)
        doc = NULL;
    const struct json *root = doc ? json_root(doc) : NULL;
    if (h->counts_refused)
        ha_count_refused(h, e->topic, payload, root);
    if (for_me)
        take_state(h, mine, payload, root, e->t_us);
    json_delete(doc);
}

static void step_message(struct ha_home *h, const struct event *e)
{
    bool own = is_own(h, e);
    if (e->retain)
        retain(h, e);
    if (ha_home_is_config(h, e->topic)) {
        h->spoke = !own;
        take_config(h, e->topic, span_of(e->data, e->size), e->retain, !own, e->t_us);
        return;
    }
    const struct ha_entity *mine = ha_home_entity(h, NULL);
    if (mine)
        take_availability(h, mine, e->topic, span_of(e->data, e->size));
    if (is_state_topic(h, e->topic)) {
        h->spoke = !own;
        step_state(h, e);
    }
}

void ha_home_step(struct ha_home *h, const struct event *e)
{
    h->touched = h->spoke = false;
    if (e->kind == EVENT_STIMULUS && e->index < h->in->scenario->n_stmts)
        step_stimulus(h, e);
    else if (e->kind == EVENT_MQTT)
        step_message(h, e);
}
