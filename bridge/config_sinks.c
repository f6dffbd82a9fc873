/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys of [can NAME] and [mqtt NAME].
 */
#include <stdio.h>
#include <string.h>

#include "bridge/config_priv.h"

/* ---- can ---- */

enum can_key {
    CAN_BUS,
    CAN_DIALECT,
    CAN_MAKER,
    CAN_PERIOD,
    CAN_BITRATE,
    CAN_KEEPALIVE_TIMEOUT,
    CAN_KEY_COUNT
};

const char *const config_can_keys[CAN_KEY_COUNT + 1] = {
    [CAN_BUS] = "bus",         [CAN_DIALECT] = "dialect",
    [CAN_MAKER] = "maker",     [CAN_PERIOD] = "period",
    [CAN_BITRATE] = "bitrate", [CAN_KEEPALIVE_TIMEOUT] = "keepalive-timeout",
};

void config_can_default(struct config_can *can, const char *name)
{
    *can = (struct config_can){.sink = {.dialect = pylon_can_find("pylon-1.2")}};
    span_to_str(span_str(name), can->name, sizeof can->name);
    span_to_str(span_str(name), can->sink.name, sizeof can->sink.name);
}

static bool take_dialect(struct conf_cursor *c, const struct pylon_can_dialect **ret)
{
    const struct conf_token *at = conf_peek(c);
    const char *const *names = pylon_can_names();
    size_t i = 0;

    if (!conf_take_known(c, "dialect", names, &i))
        return false;
    const struct pylon_can_dialect *dialect = pylon_can_find(names[i]);
    if (!pylon_can_complete(dialect)) {
        conf_fail_at(c, at, "dialect '%s' is known, but not well enough to be sent", names[i]);
        return false;
    }
    *ret = dialect;
    return true;
}

static bool take_maker(struct conf_cursor *c, char *out, size_t cap)
{
    const struct conf_token *at = conf_peek(c);

    if (!conf_take_text(c, "a maker's name of at most 8 characters", out, cap))
        return false;
    for (const char *p = out; *p != '\0'; p++) {
        if (*p < ' ' || *p > '~') {
            conf_fail_at(c, at, "a maker's name is printable ASCII");
            return false;
        }
    }
    return true;
}

static bool take_bitrate(struct conf_cursor *c, uint32_t *ret)
{
    int64_t bitrate = 0;

    if (!config_take(c, "bitrate", DIM_BAUD, 1000000, 10000, 1000000, &bitrate))
        return false;
    *ret = (uint32_t)bitrate;
    return true;
}

bool config_can_key(struct conf_cursor *c, size_t key, struct config_can *can)
{
    struct sink_can_config *s = &can->sink;
    const char *name = config_can_keys[key];
    enum can_key k = (enum can_key)key;

    switch (k) {
    case CAN_BUS: return conf_take_text(c, "a bus", can->bus, sizeof can->bus);
    case CAN_DIALECT: return take_dialect(c, &s->dialect);
    case CAN_MAKER: return take_maker(c, s->maker, sizeof s->maker);
    case CAN_PERIOD:
        return config_take_time(c, name, 100 * US_PER_MS, 10 * US_PER_S, &s->period_us);
    case CAN_BITRATE: return take_bitrate(c, &can->bitrate);
    case CAN_KEEPALIVE_TIMEOUT:
        return config_take_time(c, name, 2 * US_PER_S, 3600 * US_PER_S, &s->keepalive_us);
    case CAN_KEY_COUNT: break;
    }
    return false;
}

void config_can_check(struct conf_file *file, uint32_t line, uint64_t seen, struct config_can *can)
{
    (void)can;
    if ((seen >> CAN_BUS & 1u) == 0)
        conf_error_at(file, line, 1, "this section needs 'bus'");
}

/* ---- mqtt ---- */

enum mqtt_key {
    MQTT_BROKER,
    MQTT_CA,
    MQTT_CERT,
    MQTT_KEY,
    MQTT_USER,
    MQTT_PASSWORD,
    MQTT_PASSWORD_FILE,
    MQTT_PASSWORD_ENV,
    MQTT_CLIENT_ID,
    MQTT_KEEPALIVE,
    MQTT_VICTRON,
    MQTT_STATUS,
    MQTT_PERIOD,
    MQTT_LOSS_HOLD,
    MQTT_HA, /* from here on those of config_ha.c */
    MQTT_HA_LAST = MQTT_HA + CONFIG_HA_KEYS - 1,
    MQTT_KEY_COUNT
};

const char *const config_mqtt_keys[MQTT_KEY_COUNT + 1] = {
    [MQTT_BROKER] = "broker",
    [MQTT_CA] = "ca",
    [MQTT_CERT] = "cert",
    [MQTT_KEY] = "key",
    [MQTT_USER] = "user",
    [MQTT_PASSWORD] = "password",
    [MQTT_PASSWORD_FILE] = "password-file",
    [MQTT_PASSWORD_ENV] = "password-env",
    [MQTT_CLIENT_ID] = "client-id",
    [MQTT_KEEPALIVE] = "keepalive",
    [MQTT_VICTRON] = "victron",
    [MQTT_STATUS] = "status",
    [MQTT_PERIOD] = "period",
    [MQTT_LOSS_HOLD] = "loss-hold",
    [MQTT_HA] = "homeassistant",
    [MQTT_HA + 1] = "ha-prefix",
    [MQTT_HA + 2] = "ha-birth",
    [MQTT_HA + 3] = "ha-period",
    [MQTT_HA + 4] = "ha-expire",
    [MQTT_HA + 5] = "ha-retain",
};

void config_mqtt_default(struct config_mqtt *m, const char *name)
{
    *m = (struct config_mqtt){
        .keepalive_s = 10,
        .sink = {.form = VICTRON_NESTED, .period_us = US_PER_S, .loss_hold_us = NEVER_US},
    };
    span_to_str(span_str(name), m->name, sizeof m->name);
    span_to_str(span_str(name), m->sink.name, sizeof m->sink.name);
    config_ha_default(&m->ha, name);
}

bool config_take_topic(struct conf_cursor *c, char *out, size_t cap)
{
    const struct conf_token *at = conf_peek(c);

    if (!conf_take_text(c, "a topic", out, cap))
        return false;
    if (out[0] == '\0' || out[0] == '/' || out[0] == '$' || strpbrk(out, "+# \t") != NULL) {
        conf_fail_at(c, at,
                     "a topic to publish on must not start with '/' or '$' and must not "
                     "contain blanks, '+' or '#'");
        return false;
    }
    return true;
}

/* "TOPIC", "TOPIC form nested" */
static bool take_victron(struct conf_cursor *c, struct sink_victron_config *s)
{
    static const char *const forms[] = {"nested", "flat", "union", NULL};
    size_t i = 0;

    if (!config_take_topic(c, s->topic, sizeof s->topic))
        return false;
    if (!conf_accept(c, "form"))
        return true;
    return conf_take_known(c, "form", forms, &i) && victron_form_find(forms[i], &s->form);
}

static bool take_broker(struct conf_cursor *c, char *out, size_t cap)
{
    static const char *const schemes[] = {"mqtt://", "mqtts://", "unix:"};
    const struct conf_token *at = conf_peek(c);

    if (!conf_take_text(c, "a broker URL", out, cap))
        return false;
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (span_starts(span_str(out), schemes[i]) && strlen(out) > strlen(schemes[i]))
            return true;
    }
    conf_fail_at(c, at, "expected mqtt://HOST[:PORT], mqtts://HOST[:PORT] or unix:/PATH");
    return false;
}

static bool take_keepalive(struct conf_cursor *c, unsigned *ret)
{
    int64_t seconds = 0;

    if (!config_take(c, "keepalive", DIM_TIME, 1000000, 5, 600, &seconds))
        return false;
    *ret = (unsigned)seconds;
    return true;
}

/* An error about a password must not print its line: without a column only the number is shown. */
static bool take_password(struct conf_cursor *c, char *out, size_t cap)
{
    const struct conf_token *at = conf_peek(c);
    bool word = at->kind == CONF_WORD || at->kind == CONF_STRING || at->kind == CONF_NUMBER;

    if (word && at->text.n < cap && conf_take_text(c, "a password", out, cap) && conf_at_end(c))
        return true;
    while (!conf_at_end(c))
        conf_take(c);
    out[0] = '\0';
    conf_error_at(c->file, c->line->number, 0, "'password' takes one word or one \"string\"");
    return false;
}

bool config_mqtt_key(struct conf_cursor *c, size_t key, struct config_mqtt *m)
{
    struct sink_victron_config *s = &m->sink;
    const char *name = config_mqtt_keys[key];
    enum mqtt_key k = (enum mqtt_key)key;

    if (k >= MQTT_HA)
        return config_ha_key(c, name, key - MQTT_HA, &m->ha);
    switch (k) {
    case MQTT_BROKER: return take_broker(c, m->broker, sizeof m->broker);
    case MQTT_CA: return conf_take_text(c, "a file", m->ca, sizeof m->ca);
    case MQTT_CERT: return conf_take_text(c, "a file", m->cert, sizeof m->cert);
    case MQTT_KEY: return conf_take_text(c, "a file", m->key, sizeof m->key);
    case MQTT_USER: return conf_take_text(c, "a user", m->user, sizeof m->user);
    case MQTT_PASSWORD: return take_password(c, m->password, sizeof m->password);
    case MQTT_PASSWORD_FILE:
        return conf_take_text(c, "a file", m->password_file, sizeof m->password_file);
    case MQTT_PASSWORD_ENV:
        return conf_take_text(c, "a variable's name", m->password_env, sizeof m->password_env);
    case MQTT_CLIENT_ID: return conf_take_text(c, "a client id", m->client_id, sizeof m->client_id);
    case MQTT_KEEPALIVE: return take_keepalive(c, &m->keepalive_s);
    case MQTT_VICTRON: return take_victron(c, s);
    case MQTT_STATUS: return config_take_topic(c, s->status_topic, sizeof s->status_topic);
    case MQTT_PERIOD:
        return config_take_time(c, name, 500 * US_PER_MS, 10 * US_PER_S, &s->period_us);
    case MQTT_LOSS_HOLD: return config_take_time(c, name, 0, 3600 * US_PER_S, &s->loss_hold_us);
    case MQTT_HA:
    case MQTT_HA_LAST:
    case MQTT_KEY_COUNT: break;
    }
    return false;
}

static bool has(uint64_t seen, enum mqtt_key key)
{
    return (seen >> key & 1u) != 0;
}

/* Below the topic of whichever output there is. */
static void default_status(struct config_mqtt *m, uint64_t seen)
{
    struct sink_victron_config *s = &m->sink;
    const char *topic = has(seen, MQTT_VICTRON) ? s->topic : m->ha.topic;

    if (has(seen, MQTT_STATUS) || topic[0] == '\0')
        return;
    if (snprintf(s->status_topic, sizeof s->status_topic, "%.*s/status",
                 (int)(sizeof s->status_topic - sizeof "/status"), topic) < 0)
        s->status_topic[0] = '\0';
}

void config_mqtt_check(struct conf_file *file, uint32_t line, uint64_t seen, struct config_mqtt *m)
{
    struct sink_victron_config *s = &m->sink;
    int passwords =
        has(seen, MQTT_PASSWORD) + has(seen, MQTT_PASSWORD_FILE) + has(seen, MQTT_PASSWORD_ENV);

    if (!has(seen, MQTT_BROKER))
        conf_error_at(file, line, 1, "this section needs 'broker'");
    if (!has(seen, MQTT_VICTRON) && !has(seen, MQTT_HA))
        conf_error_at(file, line, 1, "this section needs 'victron' or 'homeassistant'");
    if (passwords > 1)
        conf_error_at(file, line, 1, "give one of password, password-file and password-env");
    if (has(seen, MQTT_CERT) != has(seen, MQTT_KEY))
        conf_error_at(file, line, 1, "'cert' and 'key' belong together");
    bool tls = span_starts(span_str(m->broker), "mqtts://");
    if (has(seen, MQTT_BROKER) && !tls && (has(seen, MQTT_CA) || has(seen, MQTT_CERT)))
        conf_error_at(file, line, 1, "certificates need a broker URL that starts with mqtts://");
    if (has(seen, MQTT_STATUS) && strcmp(s->status_topic, s->topic) == 0)
        conf_error_at(file, line, 1, "status and state need topics of their own");
    default_status(m, seen);
    config_ha_check(file, line, seen >> MQTT_HA, m);
}
