/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads discovery documents: of a device with all its components, or of one entity. Keys may be
 * abbreviated, topics may begin or end with the base "~".
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "harness/judge/ha_private.h"

static void fault(struct ha_document *doc, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void fault(struct ha_document *doc, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (doc->faults == 0)
        vsnprintf(doc->why, sizeof doc->why, format, args);
    va_end(args);
    doc->faults++;
}

/* ---- members under either of their names ---- */

static const struct json *get(const struct json *at, const char *brief, const char *full)
{
    const struct json *v = json_get(at, brief);
    return v ? v : json_get(at, full);
}

/* What an entity inherits from the root of its document when it does not say it itself. */
struct place {
    const struct json *own, *root; /* root: the same as own in a document of one entity */
    const char *base;              /* of "~"; NULL: none */
};

static const struct json *shared(const struct place *p, const char *brief, const char *full)
{
    const struct json *v = get(p->own, brief, full);
    return v ? v : get(p->root, brief, full);
}

static void text_of(const struct json *v, char *out, size_t cap)
{
    const char *text = v ? json_string(v) : NULL;
    span_to_str(span_str(text), out, cap);
}

static void topic_of(const struct place *p, const struct json *v, char *out, size_t cap)
{
    char raw[HA_TEXT];
    text_of(v, raw, sizeof raw);
    size_t n = strlen(raw);
    struct buf b = buf_of(out, cap - 1);
    bool head = p->base && raw[0] == '~', tail = p->base && n > 1 && raw[n - 1] == '~';
    if (head)
        buf_str(&b, p->base);
    buf_put(&b, span_sub(span_str(raw), head, n - head - tail));
    if (tail)
        buf_str(&b, p->base);
    out[b.n] = 0;
}

/* ---- one entity ---- */

static void add_availability(struct ha_document *doc, struct ha_entity *e, const struct place *p,
                             const struct json *from, const char *brief, const char *full)
{
    if (e->n_availability == HA_TOPICS) {
        fault(doc, "%s: more availability topics than this judge follows", e->unique_id);
        return;
    }
    struct ha_availability *a = &e->availability[e->n_availability];
    topic_of(p, get(from, brief, full), a->topic, sizeof a->topic);
    if (!a->topic[0]) {
        fault(doc, "%s: availability without a topic", e->unique_id);
        return;
    }
    const struct json *yes = get(from, "pl_avail", "payload_available");
    const struct json *no = get(from, "pl_not_avail", "payload_not_available");
    span_to_str(span_str(yes ? json_string(yes) : "online"), a->yes, sizeof a->yes);
    span_to_str(span_str(no ? json_string(no) : "offline"), a->no, sizeof a->no);
    e->n_availability++;
}

/* The list and the single topic exclude each other, also when one is inherited. */
static bool read_availability(struct ha_document *doc, struct ha_entity *e, const struct place *p)
{
    const struct json *list = shared(p, "avty", "availability");
    const struct json *single = shared(p, "avty_t", "availability_topic");
    char mode[HA_WORD];
    if (list && single) {
        fault(doc, "%s: availability and availability_topic exclude each other", e->unique_id);
        return false;
    }
    text_of(shared(p, "avty_mode", "availability_mode"), mode, sizeof mode);
    e->mode = strcmp(mode, "all") == 0   ? HA_MODE_ALL
              : strcmp(mode, "any") == 0 ? HA_MODE_ANY
                                         : HA_MODE_LATEST;
    if (single)
        add_availability(doc, e, p, get(p->own, "avty_t", "availability_topic") ? p->own : p->root,
                         "avty_t", "availability_topic");
    if (list && json_type(list) == JSON_OBJECT)
        add_availability(doc, e, p, list, "t", "topic");
    for (const struct json *a = list && json_type(list) == JSON_ARRAY ? json_first(list) : NULL; a;
         a = json_next(a))
        add_availability(doc, e, p, a, "t", "topic");
    return true;
}

static bool read_expiry(struct ha_document *doc, struct ha_entity *e, const struct place *p)
{
    const struct json *v = get(p->own, "exp_aft", "expire_after");
    int64_t seconds = 0;
    if (!v)
        return true;
    if (!json_integer(v, &seconds) || seconds < 0 || seconds > 1000000) {
        fault(doc, "%s: expire_after is no count of seconds", e->unique_id);
        return false;
    }
    e->expire_us = seconds * 1000000;
    return true;
}

static void read_words(struct ha_entity *e, const struct place *p)
{
    const struct json *on = get(p->own, "pl_on", "payload_on");
    const struct json *off = get(p->own, "pl_off", "payload_off");
    text_of(get(p->own, "dev_cla", "device_class"), e->device_class, sizeof e->device_class);
    text_of(get(p->own, "unit_of_meas", "unit_of_measurement"), e->unit, sizeof e->unit);
    text_of(get(p->own, "stat_cla", "state_class"), e->state_class, sizeof e->state_class);
    text_of(get(p->own, "val_tpl", "value_template"), e->template, sizeof e->template);
    topic_of(p, shared(p, "stat_t", "state_topic"), e->state_topic, sizeof e->state_topic);
    span_to_str(span_str(on ? json_string(on) : "ON"), e->on, sizeof e->on);
    span_to_str(span_str(off ? json_string(off) : "OFF"), e->off, sizeof e->off);
}

/* False: Home Assistant would not have this entity. */
static bool read_entity(struct ha_document *doc, const struct place *p, const char *platform,
                        struct ha_entity *e)
{
    bool sensor = strcmp(platform, "sensor") == 0;
    if (!sensor && strcmp(platform, "binary_sensor") != 0)
        return false; /* a button, a switch: allowed, and not ours to follow */
    *e = (struct ha_entity){0};
    span_to_str(span_str(platform), e->platform, sizeof e->platform);
    text_of(get(p->own, "uniq_id", "unique_id"), e->unique_id, sizeof e->unique_id);
    read_words(e, p);
    if (!e->unique_id[0]) {
        fault(doc, "a %s without unique_id", platform);
        return false;
    }
    if (!e->state_topic[0] || strpbrk(e->state_topic, "+#")) {
        fault(doc, "%s: no state topic", e->unique_id);
        return false;
    }
    const char *rule = sensor ? ha_rule_sensor(e) : ha_rule_binary(e);
    if (rule) {
        fault(doc, "%s: %s (%s, %s, %s)", e->unique_id, rule, e->device_class, e->unit,
              e->state_class);
        return false;
    }
    return read_availability(doc, e, p) && read_expiry(doc, e, p);
}

static void add_entity(struct ha_document *doc, const struct ha_entity *e)
{
    for (size_t i = 0; i < doc->n; i++)
        if (strcmp(doc->at[i].unique_id, e->unique_id) == 0) {
            fault(doc, "%s is there twice", e->unique_id);
            return;
        }
    struct ha_entity *at = realloc(doc->at, (doc->n + 1) * sizeof *at);
    if (!at)
        abort();
    doc->at = at;
    doc->at[doc->n++] = *e;
}

/* ---- documents ---- */

/* The root of a device's document is validated without exceptions: one unknown key costs all. */
static const char *unknown_key(const struct json *root)
{
    static const char *const known[] = {"dev",
                                        "device",
                                        "o",
                                        "origin",
                                        "cmps",
                                        "components",
                                        "avty",
                                        "availability",
                                        "avty_t",
                                        "availability_topic",
                                        "avty_mode",
                                        "availability_mode",
                                        "avty_tpl",
                                        "availability_template",
                                        "pl_avail",
                                        "payload_available",
                                        "pl_not_avail",
                                        "payload_not_available",
                                        "stat_t",
                                        "state_topic",
                                        "cmd_t",
                                        "command_topic",
                                        "qos",
                                        "e",
                                        "encoding",
                                        "~",
                                        NULL};
    for (const struct json *m = json_first(root); m; m = json_next(m)) {
        size_t i = 0;
        while (known[i] && strcmp(known[i], json_key(m)) != 0)
            i++;
        if (!known[i])
            return json_key(m);
    }
    return NULL;
}

static bool identified(const struct json *device)
{
    return json_size(get(device, "ids", "identifiers")) > 0 ||
           json_string(get(device, "ids", "identifiers")) != NULL ||
           json_size(get(device, "cns", "connections")) > 0;
}

static bool root_good(struct ha_document *doc, const struct json *root)
{
    const char *key = unknown_key(root);
    const char *origin = json_string(json_get(get(root, "o", "origin"), "name"));
    const struct json *all = get(root, "cmps", "components");
    if (key)
        fault(doc, "unknown key '%s' at the root: the whole document is refused", key);
    else if (!identified(get(root, "dev", "device")))
        fault(doc, "no device with identifiers");
    else if (!origin || !origin[0])
        fault(doc, "no origin with a name");
    else if (!all || json_type(all) != JSON_OBJECT)
        fault(doc, "no components");
    else
        return true;
    return false;
}

static void read_device(struct ha_document *doc, const struct json *root, const char *base)
{
    if (!root_good(doc, root))
        return;
    for (const struct json *c = json_first(get(root, "cmps", "components")); c; c = json_next(c)) {
        const struct place place = {.own = c, .root = root, .base = base};
        const char *platform = json_string(get(c, "p", "platform"));
        struct ha_entity e;
        if (!platform)
            fault(doc, "component '%s' has no platform", json_key(c));
        else if (json_size(c) == 1)
            continue; /* nothing but its platform: removed */
        else if (read_entity(doc, &place, platform, &e))
            add_entity(doc, &e);
    }
}

/* component/[node/]object/config: each part of letters, digits, _ and - */
static bool topic_good(const char *topic, char *ret_component, size_t cap)
{
    struct span rest = span_str(topic);
    unsigned parts = 0;
    while (rest.n || parts == 0) {
        size_t slash = span_find_byte(rest, 0, '/');
        struct span part = span_sub(rest, 0, slash);
        for (size_t i = 0; i < part.n; i++) {
            uint8_t c = part.p[i];
            bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '_' || c == '-';
            if (!good)
                return false;
        }
        if (!part.n)
            return false;
        if (parts++ == 0)
            span_to_str(part, ret_component, cap);
        rest = span_sub(rest, slash + 1, rest.n);
    }
    return parts == 3 || parts == 4;
}

void ha_document_read(const char *topic, struct span payload, struct ha_document *ret)
{
    char component[HA_WORD] = "", base[HA_TEXT] = "";
    struct json_doc *json = NULL;
    struct ha_entity e;
    *ret = (struct ha_document){0};
    if (!topic_good(topic, component, sizeof component)) {
        fault(ret, "a discovery topic with other characters than letters, digits, _ and -");
        return;
    }
    if (!payload.n)
        return; /* removed */
    if (json_parse(payload, &json, NULL) != ERR_OK || json_type(json_root(json)) != JSON_OBJECT) {
        fault(ret, "no JSON object");
        json_delete(json);
        return;
    }
    const struct json *root = json_root(json);
    text_of(json_get(root, "~"), base, sizeof base);
    const struct place place = {.own = root, .root = root, .base = base[0] ? base : NULL};
    if (json_has_duplicate_keys(json))
        fault(ret, "a key that is there twice");
    if (strcmp(component, "device") == 0)
        read_device(ret, root, place.base);
    else if (read_entity(ret, &place, component, &e))
        add_entity(ret, &e);
    json_delete(json);
}

void ha_document_free(struct ha_document *doc)
{
    free(doc->at);
    *doc = (struct ha_document){0};
}
