/* SPDX-License-Identifier: Apache-2.0
 *
 * Signals of the `ha` sink: what Home Assistant shows of an entity, how it was announced, and
 * counts of what was announced and told.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/judge/ha_home.h"
#include "harness/judge/series_priv.h"

/* ---- counts ---- */

static int64_t peak(const struct judge_input *in, size_t i)
{
    const struct event *at = in->events->at;
    int64_t count = 0;
    for (size_t k = i + 1; k-- > 0 && at[i].t_us - at[k].t_us < 1000000;)
        count += at[k].kind == EVENT_MQTT && strcmp(at[k].topic, at[i].topic) == 0;
    return count;
}

static int64_t count_of(const struct ha_home *h, const char *name, size_t event)
{
    const struct ha_counts *c = &h->counts;
    const struct {
        const char *name;
        int64_t value;
    } counts[] = {
        {"$configs", c->configs},         {"$removals", c->removals},
        {"$unretained", c->unretained},   {"$malformed", c->malformed},
        {"$refused", c->refused},         {"$retained", c->retained},
        {"$unknown", c->unknown},         {"$mistyped", c->mistyped},
        {"$mortal", c->mortal},           {"$messages", c->messages},
        {"$devices", (int64_t)h->n_docs}, {"$entities", (int64_t)ha_home_entities(h)},
    };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (strcmp(counts[i].name, name) == 0)
            return counts[i].value;
    if (strcmp(name, "$peak") == 0)
        return peak(h->in, event);
    return strcmp(name, "$qos") == 0 ? h->in->events->at[event].qos : 0;
}

/* ---- how an entity is announced ---- */

static char *text_of(const char *text)
{
    size_t n = strlen(text) + 1;
    char *c = malloc(n);
    if (!c)
        abort();
    memcpy(c, text, n);
    return c;
}

static void sample_attribute(const struct ha_home *h, struct sample *ret)
{
    bool retained = false;
    const struct ha_entity *e = ha_home_entity(h, &retained);
    if (!e) {
        ret->text = text_of("missing");
        return;
    }
    ret->known = true;
    switch (h->target.attribute) {
    case HA_VALUE: break;
    case HA_EXPIRE_AFTER: ret->micro = e->expire_us; break;
    case HA_RETAINED: ret->micro = retained ? 1000000 : 0; break;
    case HA_UNIT: ret->text = text_of(e->unit); break;
    case HA_DEVICE_CLASS: ret->text = text_of(e->device_class); break;
    case HA_STATE_CLASS: ret->text = text_of(e->state_class); break;
    case HA_PLATFORM: ret->text = text_of(e->platform); break;
    }
}

/* ---- over the run ---- */

static void add(const struct ha_home *h, const char *signal, int64_t t_us, size_t event,
                struct series *to)
{
    struct sample s = {.t_us = t_us, .event = event};
    if (signal[0] == '$') {
        s.known = true;
        s.micro = count_of(h, signal, event) * 1000000;
    } else if (h->target.attribute == HA_VALUE) {
        ha_home_sample(h, &s);
    } else {
        sample_attribute(h, &s);
    }
    series_add(to, &s);
}

/* The state that runs out before `until`. */
static void expire(struct ha_home *h, const char *signal, int64_t until, size_t event,
                   struct series *to)
{
    int64_t t_us = ha_home_expires_us(h);
    if (signal[0] == '$' || h->target.attribute != HA_VALUE || t_us > until)
        return;
    ha_home_expire(h);
    add(h, signal, t_us, event, to);
}

void series_ha(const struct judge_input *in, const char *signal, struct series *ret)
{
    struct ha_target target = {0};
    struct ha_home h;
    if (strcmp(signal, "$status") == 0 || strcmp(signal, "$connects") == 0) {
        series_json(in, signal, ret);
        return;
    }
    if (signal[0] != '$' && !ha_target_parse(signal, &target))
        return;
    ha_home_init(&h, in, &target);
    h.counts_refused = strcmp(signal, "$refused") == 0;
    size_t n = in->events->n;
    for (size_t i = 0; i < n; i++) {
        const struct event *e = &in->events->at[i];
        expire(&h, signal, e->t_us, i > 0 ? i - 1 : 0, ret);
        ha_home_step(&h, e);
        if (signal[0] == '$' ? h.spoke || (h.touched && e->kind == EVENT_STIMULUS) : h.touched)
            add(&h, signal, e->t_us, i, ret);
    }
    if (n > 0)
        expire(&h, signal, in->end_us, n - 1, ret);
    ha_home_free(&h);
}

void series_ha_traffic(const struct judge_input *in, struct series *ret)
{
    const struct ha_target soc = {.entity = "soc"};
    struct ha_home h;
    ha_home_init(&h, in, &soc);
    for (size_t i = 0; i < in->events->n; i++) {
        const struct event *e = &in->events->at[i];
        ha_home_step(&h, e);
        const struct ha_entity *entity = ha_home_entity(&h, NULL);
        if (h.spoke && entity && strcmp(entity->state_topic, e->topic) == 0)
            series_add(ret, &(struct sample){.t_us = e->t_us, .event = i, .known = true});
    }
    ha_home_free(&h);
}

const char *ha_bank_topic(const struct judge_input *in)
{
    struct series traffic = {0};
    series_ha_traffic(in, &traffic);
    const char *topic = traffic.n ? in->events->at[traffic.at[0].event].topic : "";
    series_free(&traffic);
    return topic;
}

bool ha_explain(const struct judge_input *in, const char *signal, size_t event, char *out,
                size_t cap)
{
    const struct event *e = event < in->events->n ? &in->events->at[event] : NULL;
    struct ha_document doc;
    struct ha_home h;
    bool said = false;
    ha_home_init(&h, in, &(struct ha_target){0});
    if (!e || e->kind != EVENT_MQTT || !ha_home_is_config(&h, e->topic))
        return false;
    ha_document_read(e->topic + strlen(in->manifest->ha_prefix) + 1, span_of(e->data, e->size),
                     &doc);
    if (strcmp(signal, "$malformed") == 0 && doc.faults) {
        snprintf(out, cap, "%s", doc.why);
        said = true;
    }
    for (size_t i = 0; i < doc.n && !said; i++) {
        const struct ha_entity *x = &doc.at[i];
        int64_t before = count_of(&h, signal, event);
        ha_count_entity(&h, x);
        said = strcmp(signal, "$malformed") != 0 && count_of(&h, signal, event) != before;
        if (said)
            snprintf(out, cap, "%.80s (%s, class '%s', unit '%s', state class '%s')", x->unique_id,
                     x->platform, x->device_class, x->unit, x->state_class);
    }
    ha_document_free(&doc);
    ha_home_free(&h);
    return said;
}
