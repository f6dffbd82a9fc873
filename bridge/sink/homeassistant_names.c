/* SPDX-License-Identifier: Apache-2.0
 *
 * What the devices and their topics are called.
 */
#include <string.h>

#include "bridge/sink/homeassistant_priv.h"

static void put(char *out, size_t cap, const char *a, const char *b, const char *c, const char *d)
{
    struct buf text = buf_of(out, cap - 1);
    const char *const parts[] = {a, b, c, d};

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        buf_str(&text, parts[i]);
    out[text.n] = '\0';
}

void sink_ha_id(const struct sink_ha_config *config, char *out, size_t cap)
{
    span_to_str(span_str(config->topic), out, cap);
    for (char *p = out; *p != '\0'; p++) {
        bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
        if (!letter && !(*p >= '0' && *p <= '9') && *p != '-')
            *p = '_';
    }
}

void sink_ha_filter(const struct sink_ha_config *config, char *out, size_t cap)
{
    put(out, cap, config->topic, "/+/+/availability", "", "");
}

/* "bms/shed" is called "bms shed" when nobody says otherwise. */
static void default_title(const struct sink_ha_config *config, char *out, size_t cap)
{
    span_to_str(span_str(config->title[0] != '\0' ? config->title : config->topic), out, cap);
    for (char *p = out; config->title[0] == '\0' && *p != '\0'; p++) {
        if (*p == '/' || *p == '_')
            *p = ' ';
    }
}

static const struct ha_section *section_of(const struct sink_ha *s, unsigned slot)
{
    static const struct ha_section nobody = {.name = "battery", .count = 2};

    for (size_t i = 0; i < s->n_sections; i++) {
        const struct ha_section *at = &s->sections[i];
        if (slot >= at->first && slot - at->first < at->count)
            return at;
    }
    return &nobody;
}

static void name_battery(const struct sink_ha *s, unsigned slot, const char *title,
                         struct ha_names *ret)
{
    const struct ha_section *section = section_of(s, slot);
    char number[12];
    struct buf b = buf_of(number, sizeof number - 1);

    buf_printf(&b, "%u", slot - section->first + 1);
    number[b.n] = '\0';
    bool single = section->count == 1; /* "shed rack", not "shed rack 1" */
    put(ret->title, sizeof ret->title, title, " ", section->name, "");
    if (!single)
        put(ret->title + strlen(ret->title), sizeof ret->title - strlen(ret->title), " ", number,
            "", "");
    put(ret->id, sizeof ret->id, ret->bank_id, "_", section->name, "_");
    put(ret->id + strlen(ret->id), sizeof ret->id - strlen(ret->id), number, "", "", "");
    put(ret->base, sizeof ret->base, s->config.topic, "/", section->name, "/");
    put(ret->base + strlen(ret->base), sizeof ret->base - strlen(ret->base), number, "", "", "");
}

void ha_names_of(const struct sink_ha *s, unsigned device, struct ha_names *ret)
{
    const struct sink_ha_config *c = &s->config;
    char title[HA_TOPIC];

    default_title(c, title, sizeof title);
    sink_ha_id(c, ret->bank_id, sizeof ret->bank_id);
    if (device > 0) {
        name_battery(s, device - 1, title, ret);
    } else {
        put(ret->title, sizeof ret->title, title, "", "", "");
        put(ret->id, sizeof ret->id, ret->bank_id, "_bank", "", "");
        put(ret->base, sizeof ret->base, c->topic, "/bank/all", "", "");
    }
    put(ret->bank_id + strlen(ret->bank_id), sizeof ret->bank_id - strlen(ret->bank_id), "_bank",
        "", "", "");
    put(ret->config, sizeof ret->config, c->prefix, "/device/", ret->id, "/config");
    put(ret->state, sizeof ret->state, ret->base, "/state", "", "");
    put(ret->availability, sizeof ret->availability, ret->base, "/availability", "", "");
}
