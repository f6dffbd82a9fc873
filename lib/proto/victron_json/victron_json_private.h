/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the files of this folder: a writer of JSON members, and the alarm objects.
 */
#ifndef PROTO_VICTRON_JSON_PRIVATE_H
#define PROTO_VICTRON_JSON_PRIVATE_H

#include "proto/victron_json/victron_json.h"

/* Writes members of nested objects; commas are its business. What does not fit is dropped and shows
 * in out->overflow. */
struct vjson_writer {
    struct buf *out;
    bool comma; /* a member stands before */
};

void vjson_open(struct vjson_writer *w, const char *key); /* key NULL: the document itself */
void vjson_close(struct vjson_writer *w);
/* The decimals of a key never change: a value that is 60 now and 60.5 then would change its type on
 * D-Bus and in Influx from message to message. */
void vjson_fixed(struct vjson_writer *w, const char *key, int64_t value, unsigned decimals);
void vjson_integer(struct vjson_writer *w, const char *key, int64_t value);
/* Bytes a BMS sends as text may be anything, and one bad byte makes the whole message invalid for
 * its reader: control characters go, the rest of non-ASCII becomes '?'. Nothing is written when
 * nothing is left. At most BATTERY_TEXT bytes. */
void vjson_text(struct vjson_writer *w, const char *key, const char *text);
/* A text that is not known now, under a key that stays. */
void vjson_empty(struct vjson_writer *w, const char *key);

/* The Alarms object (and Warnings, where the form has it) of what the battery knows. */
void vjson_alarms(struct vjson_writer *w, enum victron_form form, const struct battery *b);

#endif
