/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the files of this folder: the table of entities, and a writer of JSON.
 */
#ifndef PROTO_HA_PRIVATE_H
#define PROTO_HA_PRIVATE_H

#include "proto/ha_discovery/ha_discovery.h"

enum ha_platform { HA_SENSOR, HA_BINARY };

/* One row: how an entity is announced. Empty texts are left out of the document. */
struct ha_row {
    const char *key; /* in the state, and behind the device's id in the unique id */
    const char *name;
    enum ha_platform platform;
    const char *device_class;
    const char *unit;
    const char *state_class;
    int precision;   /* shown decimals; -1: not said */
    bool diagnostic; /* entity_category */
    /* The bridge's own word (limits, alarms, counts): true even while no battery answers, so it
     * hangs on the status alone, not on the availability of the bank's measured values. */
    bool bridges_own;
};

extern const struct ha_row ha_rows[HA_ENTITY_COUNT];

/* Rows of entities that come in numbers; the key and name are written into `text`. */
struct ha_text {
    char key[56];
    char name[56];
};
struct ha_row ha_cell_row(unsigned index, struct ha_text *text);
struct ha_row ha_temp_row(const struct ha_entities *e, unsigned index, struct ha_text *text);
struct ha_row ha_alarm_row(bool protection, enum battery_condition cond, struct ha_text *text);

/* ---- JSON members; commas are its business; what does not fit shows in out->overflow ---- */

struct ha_json {
    struct buf *out;
    bool comma; /* a member stands before */
};

void ha_json_object(struct ha_json *w, const char *key); /* key NULL: in an array, or the root */
void ha_json_array(struct ha_json *w, const char *key);
void ha_json_end(struct ha_json *w, char bracket); /* '}' or ']' */
void ha_json_fixed(struct ha_json *w, const char *key, int64_t value, unsigned decimals);
void ha_json_null(struct ha_json *w, const char *key);
/* Text from anywhere: control characters go, what is no UTF-8 becomes '?'. Nothing is written for
 * an empty text. */
void ha_json_text(struct ha_json *w, const char *key, const char *text);

#endif
