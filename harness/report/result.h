/* SPDX-License-Identifier: Apache-2.0
 *
 * The outcome of one scenario run: what a worker hands to the suite (as result.json) and what every
 * report is made from.
 */
#ifndef HARNESS_RESULT_H
#define HARNESS_RESULT_H

#include "harness/judge/judge.h"

struct result_line {
    enum verdict_code code;
    uint32_t line;
    char req[ID_MAX];
    char *statement; /* "within 200 ms of delivered can ccl = 0 A" */
    char *actual;
    char *evidence;     /* lines around the deciding moment; NULL for passes */
    char stimulus[160]; /* WITHIN: what it is measured from; else "" */
    char sink[8];
    int64_t t_us;
    int64_t from_event_us, from_delivered_us; /* NO_LATENCY when unknown */
    int64_t limit_us;                         /* WITHIN: what is demanded; else 0 */
    bool of_delivered;                        /* WITHIN: of which of the two */
};

struct result {
    char *path; /* of the scenario */
    char id[ID_MAX];
    char title[120];
    char dut[40];
    enum verdict_code code;
    char *reason; /* skipped, harness-error: why; else NULL */
    struct result_line *lines;
    size_t n_lines;
    char covers[COVERS_MAX][ID_MAX];
    size_t n_covers;
    const char *tier; /* "virtual", "pty", "cable" */
    uint64_t seed;
    uint64_t phase_us; /* how much later than usual the timeline began */
    char label[40];    /* tells runs of one scenario apart: "seed 3"; "" */
    char *can;         /* "hub", "vcan0", ... */
    int64_t wall_us;   /* of the whole run */
    /* How far the virtual clock went, and in how many steps; 0 in the other tiers. */
    int64_t virtual_us, advances;
    char sha256[65]; /* fingerprint of the trace (trace.h); "" when there is none */
    char *remark;    /* what a reader should know about the run; else NULL */
    uint64_t slack_us, loopback_p50_us, loopback_p99_us;
    size_t frames, messages, tainted;
    int64_t dut_cpu_us; /* of the DUT's process, user and system */
    int64_t dut_rss_kb; /* its peak */
    char *folder;       /* where trace.jsonl, can.log, dut.log are */
};

const char *tier_name(enum tier tier);

struct result *result_new(const char *path);
void result_delete(struct result *r);
/* Takes the verdicts in; computes evidence and the overall code. */
void result_take(struct result *r, const struct judge_input *in, const struct verdict *list,
                 size_t n);
void result_describe(struct result *r, const struct scenario *scenario, const char *dut,
                     const char *tier);
void result_place(struct result *r, const char *can, const char *folder);
void result_reason(struct result *r, const char *reason);
void result_remark(struct result *r, const char *text);
/* A check outside the scenario's own lines: passed when `problem` is NULL, else failed at t_us with
 * the tail of the DUT's log as evidence. */
void result_add_standing(struct result *r, const char *req, const char *expected,
                         const char *problem, int64_t t_us, const char *folder);

/* What makes the whole run worthless, as its reason and as a line with evidence. */
void result_add_error(struct result *r, const char *expected, const char *actual,
                      const char *evidence);

/* The members of a result, into an object that is open. */
struct json_out;
void result_to_json(const struct result *r, struct json_out *out);
/* The same from an object; what it has not is empty. An unknown verdict is a harness error. */
struct json;
struct result *result_from_json(const struct json *o);
enum err result_save(const struct result *r, const char *file);
enum err result_load(const char *file, struct result **ret);

/* The lines around a verdict's moment: stimuli, deliveries, frames of the sink, with times. Heap.
 */
char *evidence_text(const struct judge_input *in, const struct verdict *v);

#endif
