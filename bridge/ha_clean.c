/* SPDX-License-Identifier: Apache-2.0
 *
 * Collects what the broker retains for us and overwrites it with nothing. A message to ourselves
 * marks the end: a broker works through what a connection sends in order, so when the mark comes
 * back, all retained messages are in, and all removals are done.
 */
#include "bridge/ha_clean.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "port/mqtt.h"

enum { MAX_TOPICS = 1024 };
static const uint64_t limit_us = 15 * US_PER_S;

struct cleaner {
    struct loop *loop;
    const struct config_mqtt *config;
    struct mqtt *mqtt;
    char mark[HA_LONG_TOPIC];
    char *topics[MAX_TOPICS];
    size_t n, removed;
    bool collected; /* the first mark has come */
    bool done;
    bool refused;
};

/* Our document: it says so itself, and its state is below TOPIC. */
static bool is_ours(const struct cleaner *c, struct span document)
{
    struct json_doc *doc = NULL;
    char below[HA_TOPIC + 1];
    bool ours = false;

    if (json_parse(document, &doc, NULL) != ERR_OK)
        return false;
    const char *origin = json_string(json_path(json_root(doc), "o.name"));
    const char *state = json_string(json_get(json_root(doc), "stat_t"));
    snprintf(below, sizeof below, "%s/", c->config->ha.topic);
    if (origin != NULL && state != NULL)
        ours = strcmp(origin, "bms-bridge") == 0 && span_starts(span_str(state), below);
    json_delete(doc);
    return ours;
}

static void collect(struct cleaner *c, const struct mqtt_message *msg)
{
    bool document = span_ends(span_str(msg->topic), "/config");

    if (msg->payload.n == 0 || c->collected || c->n == MAX_TOPICS ||
        (document && !is_ours(c, msg->payload)))
        return;
    size_t size = strlen(msg->topic) + 1;
    char *copy = malloc(size);
    if (copy == NULL)
        return;
    memcpy(copy, msg->topic, size);
    c->topics[c->n++] = copy;
}

/* As many as the connection takes; the mark behind them asks for the rest. */
static void remove_some(struct cleaner *c)
{
    while (c->removed < c->n) {
        enum err e = mqtt_publish(c->mqtt, c->topics[c->removed], span_of("", 0), 1, true);
        if (e != ERR_OK)
            break;
        printf("removed %s\n", c->topics[c->removed++]);
    }
    mqtt_publish(c->mqtt, c->mark, SPAN_LIT("?"), 0, false);
}

static void on_connected(void *ctx)
{
    struct cleaner *c = ctx;

    mqtt_publish(c->mqtt, c->mark, SPAN_LIT("?"), 0, false);
}

static void on_message(void *ctx, const struct mqtt_message *msg, uint64_t t_us)
{
    struct cleaner *c = ctx;

    (void)t_us;
    if (strcmp(msg->topic, c->mark) != 0) {
        collect(c, msg);
    } else if (c->collected && c->removed == c->n) {
        c->done = true;
        loop_stop(c->loop);
    } else {
        c->collected = true;
        remove_some(c);
    }
}

static void on_refused(void *ctx, const char *topic, int reason)
{
    struct cleaner *c = ctx;

    fprintf(stderr, "bms-bridge: the broker refused %s (reason 0x%02X)\n", topic, (unsigned)reason);
    c->refused = true;
}

static void on_limit(void *ctx)
{
    const struct cleaner *c = ctx;

    loop_stop(c->loop);
}

static const char *or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static enum err connect_to(struct cleaner *c, const struct log *log, const char **ret_why)
{
    const struct config_mqtt *m = c->config;
    const struct mqtt_handler handler = {
        .on_connected = on_connected, .on_message = on_message, .on_refused = on_refused, .ctx = c};
    const struct mqtt_options options = {
        .url = m->broker,
        .user = or_null(m->user),
        .password = or_null(m->password),
        .ca_file = or_null(m->ca),
        .cert_file = or_null(m->cert),
        .key_file = or_null(m->key),
        .keepalive_s = m->keepalive_s,
        .log = log,
    };
    char filter[HA_LONG_TOPIC];
    enum err e = mqtt_new(c->loop, &options, &handler, &c->mqtt, ret_why);

    snprintf(c->mark, sizeof c->mark, "%s/clean", m->ha.topic);
    if (e == ERR_OK)
        e = mqtt_subscribe(c->mqtt, c->mark, 0);
    sink_ha_filter(&m->ha, filter, sizeof filter);
    if (e == ERR_OK)
        e = mqtt_subscribe(c->mqtt, filter, 0);
    if (e == ERR_OK && m->ha.tells_status)
        e = mqtt_subscribe(c->mqtt, m->ha.status_topic, 0);
    snprintf(filter, sizeof filter, "%s/device/+/config", m->ha.prefix);
    return e == ERR_OK ? mqtt_subscribe(c->mqtt, filter, 0) : e;
}

static enum err clean_one(struct loop *loop, const struct config_mqtt *config,
                          const struct log *log, const char **ret_why)
{
    struct cleaner *c = calloc(1, sizeof *c);
    struct loop_timer *timer = NULL;

    *ret_why = "no memory";
    if (c == NULL)
        return ERR_MEMORY;
    *c = (struct cleaner){.loop = loop, .config = config};
    enum err e = loop_timer_new(loop, on_limit, c, &timer);
    if (e == ERR_OK)
        e = connect_to(c, log, ret_why);
    if (e == ERR_OK) {
        loop_timer_after(timer, limit_us);
        loop_run(loop);
        *ret_why =
            c->done ? "the broker does not let us remove everything" : "no answer from the broker";
        e = !c->done ? ERR_TIMEOUT : c->refused ? ERR_DENIED : ERR_OK;
    }
    if (e == ERR_OK && c->n == 0)
        printf("nothing of %s is at %s\n", config->ha.topic, config->broker);
    mqtt_delete(c->mqtt);
    loop_timer_delete(timer);
    for (size_t i = 0; i < c->n; i++)
        free(c->topics[i]);
    free(c);
    return e;
}

enum err ha_clean(struct loop *loop, const struct config *config, const struct log *log,
                  const char **ret_why)
{
    enum err e = ERR_NOT_FOUND;

    *ret_why = "no [mqtt] section has the key 'homeassistant'";
    for (size_t i = 0; i < config->n_mqtts; i++) {
        if (config->mqtts[i].ha.topic[0] == '\0')
            continue;
        e = clean_one(loop, &config->mqtts[i], log, ret_why);
        if (e != ERR_OK)
            break;
    }
    return e;
}
