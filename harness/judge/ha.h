/* SPDX-License-Identifier: Apache-2.0
 *
 * What Home Assistant would make of the bridge's messages: the judge's own small Home Assistant. It
 * reads discovery documents (of devices and of single entities), knows which of its rules a
 * document breaks, evaluates value templates, and follows states, availability, expiry, its own
 * restarts and the broker's. It shares nothing with lib/proto.
 *
 * Source: docs/protocols/home-assistant.md; Home Assistant's documentation of the MQTT integration
 * (2025) and homeassistant/components/mqtt/{discovery,sensor,binary_sensor,entity}.py.
 */
#ifndef HARNESS_HA_H
#define HARNESS_HA_H

#include "harness/judge/series.h"

/* ---- documents ---- */

enum { HA_TOPICS = 4, HA_WORD = 32, HA_TEXT = 200 };

enum ha_mode { HA_MODE_ALL, HA_MODE_ANY, HA_MODE_LATEST };

struct ha_availability {
    char topic[HA_TEXT];
    char yes[HA_WORD], no[HA_WORD];
};

/* One entity as it was announced. */
struct ha_entity {
    char unique_id[HA_TEXT];
    char platform[HA_WORD];
    char device_class[HA_WORD], unit[HA_WORD], state_class[HA_WORD];
    char state_topic[HA_TEXT];
    char template[HA_TEXT]; /* "": the payload itself */
    char on[HA_WORD], off[HA_WORD];
    struct ha_availability availability[HA_TOPICS];
    size_t n_availability;
    enum ha_mode mode;
    int64_t expire_us; /* 0: never */
};

struct ha_document {
    struct ha_entity *at;
    size_t n;
    unsigned faults; /* rules of Home Assistant that it breaks */
    char why[160];   /* the first of them */
};

/* Reads the payload on a discovery topic. What Home Assistant would refuse is not in the list: the
 * whole document, or one entity. `topic` is the part behind the prefix:
 * "device/ID/config". Entities that the document removes are not in the list either. */
void ha_document_read(const char *topic, struct span payload, struct ha_document *ret);
void ha_document_free(struct ha_document *doc);

/* ---- templates ---- */

enum ha_rendered {
    HA_RENDERED,
    HA_UNDEFINED,   /* something is missing: renders as nothing, and the old value stays */
    HA_UNSUPPORTED, /* more Jinja than this judge knows */
};
/* "{{ value_json.a.b[3] | float }}" on a payload. The text is cut to cap - 1 bytes. */
enum ha_rendered ha_template_render(const char *text, struct span payload, char *out, size_t cap);
/* The same with the payload's JSON read already; root NULL: it is none. */
struct json;
enum ha_rendered ha_template_apply(const char *text, struct span payload, const struct json *root,
                                   char *out, size_t cap);

/* ---- the table of entities (harness/dbc/home-assistant.entities) ---- */

struct ha_row {
    char name[HA_WORD + 16]; /* "cell_#_voltage": # is a number */
    char platform[HA_WORD], device_class[HA_WORD], unit[HA_WORD], state_class[HA_WORD];
};

struct ha_table;
enum err ha_table_load(const char *path, FILE *diag, struct ha_table **ret);
enum err ha_table_parse(const char *name, struct span text, FILE *diag, struct ha_table **ret);
void ha_table_delete(struct ha_table *table);
/* NULL when there is no such entity. */
const struct ha_row *ha_table_find(const struct ha_table *table, const char *name);
const char *ha_table_nearest(const struct ha_table *table, const char *name);
/* The dimension that a condition on this signal ("soc", "bms2.soc", "soc.expire_after") has. False
 * when the table has no such entity. */
bool ha_signal_dim(const struct ha_table *table, const char *signal, enum dim *ret);
/* The dimension and scale of a unit of Home Assistant: "\xC2\xB0""C" is C. */
bool ha_unit_find(const char *unit, enum dim *ret_dim, int64_t *ret_scale_micro);

/* ---- series ---- */

/* A signal of the `ha` sink over the run. */
void series_ha(const struct judge_input *in, const char *signal, struct series *ret);
/* Which entity or rule made a count of documents ($malformed, $unknown, $mistyped, $mortal) rise in
 * that event, for a report. False when the event is no document, or nothing is wrong with it. */
bool ha_explain(const struct judge_input *in, const char *signal, size_t event, char *out,
                size_t cap);
/* Messages on the topic that carries the bank's state of charge. */
void series_ha_traffic(const struct judge_input *in, struct series *ret);
/* That topic; "" when nothing was ever told on it. It is the events'. */
const char *ha_bank_topic(const struct judge_input *in);

#endif
