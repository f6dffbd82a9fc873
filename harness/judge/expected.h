/* SPDX-License-Identifier: Apache-2.0
 *
 * Expected traces beside a scenario, for `matches`: a candump -L log whose times are seconds from
 * the start of the timeline, or JSON lines {"t":12.345,"topic":"...","payload":{...}}.
 */
#ifndef HARNESS_EXPECTED_H
#define HARNESS_EXPECTED_H

#include "harness/judge/series.h"

/* A message of either kind: of the run (from an event) or of the expected trace. */
struct message {
    int64_t t_us;
    uint32_t id; /* CAN */
    struct can_msg can;
    const char *topic; /* JSON */
    struct span text;  /* JSON payload */
};

struct messages {
    struct message *at;
    size_t n;
    char *memory; /* what topic and text point into; NULL when it is the events' */
};

/* The messages of the run in the window: battery frames, or the DUT's topics that carry JSON. */
void messages_of_run(const struct judge_input *in, const struct stmt *stmt, struct messages *ret);
/* ERR_NOT_FOUND, or ERR_SYNTAX with a text in why. */
enum err messages_load(const char *path, enum sink sink, struct messages *ret, char *why,
                       size_t why_cap);
enum err messages_save(const char *path, enum sink sink, const struct messages *list);
void messages_free(struct messages *list);

/* Equal but for the ignored signals of the statement? JSON numbers compare as numbers. */
bool message_same(const struct judge_input *in, const struct stmt *stmt, const struct message *a,
                  const struct message *b);

#endif
