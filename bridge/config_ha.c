/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys of [mqtt NAME] that make its connection serve Home Assistant.
 */
#include <string.h>

#include "bridge/config_priv.h"

enum ha_key { KEY_TOPIC, KEY_PREFIX, KEY_BIRTH, KEY_PERIOD, KEY_EXPIRE, KEY_RETAIN, KEY_COUNT };

_Static_assert((int)KEY_COUNT == (int)CONFIG_HA_KEYS,
               "config_mqtt_keys has as many behind its own");

void config_ha_default(struct sink_ha_config *ha, const char *name)
{
    *ha = (struct sink_ha_config){
        .prefix = "homeassistant",
        .birth = "homeassistant/status",
        .retain = true,
        .period_us = 5 * US_PER_S,
    };
    span_to_str(span_str(name), ha->name, sizeof ha->name);
}

/* "TOPIC", "TOPIC name \"TEXT\"" */
static bool take_topic_and_name(struct conf_cursor *c, struct sink_ha_config *ha)
{
    const struct conf_token *at = conf_peek(c);

    if (!config_take_topic(c, ha->topic, sizeof ha->topic))
        return false;
    if (span_ends(span_str(ha->topic), "/")) {
        conf_fail_at(c, at, "a topic that others are built on must not end with '/'");
        return false;
    }
    return !conf_accept(c, "name") ||
           conf_take_text(c, "a name for the devices", ha->title, sizeof ha->title);
}

static bool take_retain(struct conf_cursor *c, bool *ret)
{
    static const char *const words[] = {"no", "yes", NULL};
    size_t i = 0;

    if (!conf_take_known(c, "answer", words, &i))
        return false;
    *ret = i == 1;
    return true;
}

bool config_ha_key(struct conf_cursor *c, const char *name, size_t key, struct sink_ha_config *ha)
{
    enum ha_key k = (enum ha_key)key;

    switch (k) {
    case KEY_TOPIC: return take_topic_and_name(c, ha);
    case KEY_PREFIX: return config_take_topic(c, ha->prefix, sizeof ha->prefix);
    case KEY_BIRTH: return config_take_topic(c, ha->birth, sizeof ha->birth);
    case KEY_PERIOD: return config_take_time(c, name, US_PER_S, 60 * US_PER_S, &ha->period_us);
    case KEY_EXPIRE:
        return config_take_time(c, name, 3 * US_PER_S, 3600 * US_PER_S, &ha->expire_us);
    case KEY_RETAIN: return take_retain(c, &ha->retain);
    case KEY_COUNT: break;
    }
    return false;
}

void config_ha_check(struct conf_file *file, uint32_t line, uint64_t seen, struct config_mqtt *m)
{
    struct sink_ha_config *ha = &m->ha;
    bool on = (seen >> KEY_TOPIC & 1u) != 0;

    if (!on && seen != 0)
        conf_error_at(file, line, 1, "the ha- keys need 'homeassistant'");
    if (on && (seen >> KEY_EXPIRE & 1u) != 0 && ha->expire_us < 3 * ha->period_us)
        conf_error_at(file, line, 1, "ha-expire must be at least three times ha-period");
    span_to_str(span_str(m->sink.status_topic), ha->status_topic, sizeof ha->status_topic);
    ha->tells_status = m->sink.topic[0] == '\0';
}

/* The names of batteries become parts of topics and ids. */
void config_ha_check_names(struct conf_file *file, uint32_t line, const struct config *config)
{
    bool on = false;

    for (size_t i = 0; i < config->n_mqtts; i++)
        on = on || config->mqtts[i].ha.topic[0] != '\0';
    for (size_t i = 0; on && i < config->n_batteries; i++) {
        if (!ha_id_valid(config->batteries[i].name))
            conf_error_at(file, line, 1,
                          "with 'homeassistant' the name of a battery holds only letters, digits, "
                          "'_' and '-': [battery \"%s\"]",
                          config->batteries[i].name);
    }
}
