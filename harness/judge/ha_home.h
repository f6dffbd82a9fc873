/* SPDX-License-Identifier: Apache-2.0
 *
 * Home Assistant over the events of a run: one step for each. It follows one entity closely (its
 * state, its availability, its expiry) and all of them loosely (which there are).
 *
 *   started again   when the timeline publishes `online` on the birth topic: it has forgotten all
 *                   that it knew, and finds what the broker retains
 *   disconnected    while the timeline has the broker stopped; a broker that starts has forgotten
 *                   what it retained
 */
#ifndef HARNESS_HA_HOME_H
#define HARNESS_HA_HOME_H

#include "harness/judge/ha_private.h"

/* What the broker retains. */
struct ha_retained {
    char *topic;
    struct span payload; /* in the events */
};

struct ha_announced {
    char *topic; /* of the document */
    struct ha_document doc;
    bool retained;
};

struct ha_counts {
    int64_t configs, removals, unretained, malformed, refused, retained, unknown, mistyped, mortal,
        messages, documents;
};

struct ha_home {
    const struct judge_input *in;
    struct ha_target target;
    char unique_id[HA_TEXT]; /* of the followed entity; "": none */
    bool connected;
    struct ha_retained *store;
    size_t n_store;
    struct ha_announced *docs;
    size_t n_docs;
    struct ha_counts counts;
    bool counts_refused;     /* asked for: every state is tried on every entity */
    const struct event *own; /* the publish statement whose message is still to come back */
    /* the followed entity */
    int available[HA_TOPICS]; /* 1 yes, 0 no, -1 not told */
    size_t latest;            /* the availability topic that spoke last */
    bool known, expired;
    char value[HA_TEXT];
    int64_t told_us;
    bool touched; /* this step concerned it */
    bool spoke;   /* this step was a message of the bridge to Home Assistant */
};

void ha_home_init(struct ha_home *h, const struct judge_input *in, const struct ha_target *target);
void ha_home_free(struct ha_home *h);
void ha_home_step(struct ha_home *h, const struct event *e);

/* The followed entity as it is announced now; NULL: it is not. */
const struct ha_entity *ha_home_entity(const struct ha_home *h, bool *ret_retained);
/* When its state expires, INT64_MAX for never. */
int64_t ha_home_expires_us(const struct ha_home *h);
void ha_home_expire(struct ha_home *h);
/* What Home Assistant shows of it. */
void ha_home_sample(const struct ha_home *h, struct sample *ret);
size_t ha_home_entities(const struct ha_home *h);
bool ha_home_is_config(const struct ha_home *h, const char *topic);

/* ---- between the parts (ha_value.c, ha_count.c) ---- */

bool ha_number_of(const char *text, double *ret);
/* What a state message says for an entity; root: its JSON, NULL when it is none. 1: a value, 0:
 * unknown, -1: nothing (the old one stays), -2: something that Home Assistant refuses, with an
 * error in its log for each message. */
struct json;
int ha_value_of(const struct ha_entity *e, struct span payload, const struct json *root, char *out,
                size_t cap);
bool ha_is_availability(const struct ha_home *h, const char *topic);
void ha_count_entity(struct ha_home *h, const struct ha_entity *e);
/* Tries a state on every entity that reads it. */
void ha_count_refused(struct ha_home *h, const char *topic, struct span payload,
                      const struct json *root);

/* The unique id of an entity by the manifest. */
void ha_unique_id(const struct manifest *m, const struct ha_target *target, char *out, size_t cap);

#endif
