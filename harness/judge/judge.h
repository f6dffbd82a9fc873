/* SPDX-License-Identifier: Apache-2.0
 *
 * The judge: a pure function from what was seen (events) and what was demanded (scenario, manifest)
 * to verdicts. It decodes CAN with DBC files and JSON with its own path table, both written from
 * the specifications; it includes nothing of lib/proto, bridge or sim's devices.
 *
 * Meaning of the statements: docs/scenario-language.md. In short: windows judge the frames and
 * messages that fall into them; `within` judges what came after its anchor; upper time limits are
 * extended by the tier's measured slack, and a pass that needs it says so.
 */
#ifndef HARNESS_JUDGE_H
#define HARNESS_JUDGE_H

#include "harness/judge/dbc.h"
#include "harness/judge/event.h"
#include "harness/run/manifest.h"
#include "harness/scenario/scenario.h"

enum verdict_code {
    VERDICT_PASS,
    VERDICT_PASS_SLACK, /* only thanks to the tier's slack */
    VERDICT_FAIL,
    VERDICT_INCONCLUSIVE,
    VERDICT_SKIPPED,  /* needs not met; the reason is in `actual` */
    VERDICT_EXCLUDED, /* by the manifest, with its reason */
    VERDICT_HARNESS_ERROR,
    VERDICT_COUNT
};
const char *verdict_name(enum verdict_code code);
/* The one that decides for a whole: harness-error, fail, inconclusive, pass, skipped, ... */
enum verdict_code verdict_worse(enum verdict_code a, enum verdict_code b);

enum { NO_LATENCY = -1 };

struct verdict {
    enum verdict_code code;
    size_t stmt;        /* index in the scenario */
    char expected[160]; /* "ccl = 0 A within 200 ms of delivered" */
    char actual[240];   /* "ccl = 37 A from 12.104 s to 13.104 s; first 0 A at 13.105 s (901 ms)" */
    int64_t t_us;       /* the moment that decided */
    size_t evidence;    /* index of the deciding event, or SIZE_MAX */
    int64_t from_event_us;     /* WITHIN: latency from the event; NO_LATENCY when unknown */
    int64_t from_delivered_us; /* WITHIN: from delivered */
    char *detail;              /* more lines (the diff of `matches`); owned; NULL when none */
};

/* The JSON places a form knows; see harness/dbc/victron-nested.paths. */
struct json_table;
struct series_store;
enum err json_table_load(const char *path, struct json_table **ret);
void json_table_delete(struct json_table *table);
/* 0 unknown, 1 number, 2 any */
int json_table_kind(const struct json_table *table, const char *path);

struct ha_table; /* ha.h */

struct judge_input {
    const struct scenario *scenario;
    const struct manifest *manifest;
    const struct dbc *dbc;            /* NULL when the DUT has no CAN */
    const struct json_table *table;   /* NULL: $unknown and $mistyped are not counted */
    const struct ha_table *entities;  /* NULL: $unknown and $mistyped of `ha` say nothing */
    const struct events *events;      /* sorted by time */
    const struct series_store *store; /* of decoded JSON (series.h); may be NULL: only slower */
    int64_t end_us;
    uint64_t slack_us;
    uint64_t taint_us; /* a delivery written later than this is tainted */
    bool bless;        /* `matches` rewrites its expected trace */
    bool shifted;      /* not at the phase at which traces were recorded: `matches` is left out */
};

/* One verdict per judging statement, in file order. */
enum err judge_run(const struct judge_input *in, struct verdict **ret, size_t *ret_n);
void verdicts_free(struct verdict *list, size_t n);

/* The names a CAN condition may use beyond the DBC's: foreign, malformed, extended, remote, frames.
 */
bool judge_can_pseudo(const char *signal);

#endif
