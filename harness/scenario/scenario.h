/* SPDX-License-Identifier: Apache-2.0
 *
 * A scenario file as a program sees it: header, world, and the statements of the timeline in file
 * order, checked against the grammar, the units and the requirement catalogue. The language is
 * described in docs/scenario-language.md. Everything is owned by the struct scenario.
 */
#ifndef HARNESS_SCENARIO_H
#define HARNESS_SCENARIO_H

#include "base/conf.h"
#include "base/quantity.h"
#include "harness/scenario/own_stimulus.h"
#include "sim/config.h"
#include "sim/stimulus.h"

enum tier { TIER_VIRTUAL, TIER_PTY, TIER_CABLE };
enum { TIER_BIT_VIRTUAL = 1, TIER_BIT_PTY = 2, TIER_BIT_CABLE = 4, TIER_BIT_ALL = 7 };

enum sink { SINK_CAN, SINK_JSON, SINK_HA, SINK_INFLUX, SINK_COUNT };
const char *sink_name(enum sink sink);

enum { SIGNAL_MAX = 64, ID_MAX = 40 };

/* ---- conditions ---- */

enum cond_kind {
    COND_COMPARE, /* signal op value [tol q] */
    COND_RANGE,   /* signal in low..high */
    COND_SET,     /* signal is set (non-zero, true, non-empty) */
    COND_CLEAR,   /* signal is clear */
    COND_STALE,   /* the sink shows no live data, by the DUT's declared policy */
    COND_FRESH,
    COND_SILENT, /* nothing from the sink for a time */
};

enum cond_op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE };

struct cond {
    enum cond_kind kind;
    char signal[SIGNAL_MAX]; /* "ccl", "protection.cell_overvoltage", "Info.MaxChargeCurrent" */
    enum cond_op op;
    bool is_text; /* compare with text instead of a number */
    char text[64];
    struct quantity value; /* COMPARE; RANGE: low */
    struct quantity high;  /* RANGE */
    struct quantity tol;   /* 0 when not given */
    uint64_t silent_us;
};

/* ---- statements ---- */

enum stmt_kind {
    STMT_STIMULUS,
    STMT_WITHIN,
    STMT_ALWAYS,
    STMT_NEVER,
    STMT_CHECK,
    STMT_TRACK,
    STMT_EVERY,
    STMT_AGREE,
    STMT_MATCHES,
};

enum anchor { ANCHOR_EVENT, ANCHOR_DELIVERED };

enum { EVERY_MAX_IDS = 24, IGNORE_MAX = 16 };

struct stmt {
    enum stmt_kind kind;
    uint32_t line, column;
    uint64_t from_us, to_us; /* STIMULUS and CHECK: from; windows: both; WITHIN: unused */
    char req[ID_MAX];        /* "" when the line names none */

    struct stimulus stimulus; /* STIMULUS; of the runner's own only the actor, with STIM_COUNT */
    struct own_stimulus own;  /* STIMULUS: one of the runner's own, when its verb is not OWN_NONE */
    char name[ID_MAX];        /* STIMULUS: `as NAME` */

    enum sink sink;
    struct cond cond; /* WITHIN ALWAYS NEVER CHECK */

    uint64_t within_us;    /* WITHIN */
    enum anchor anchor;    /* WITHIN: of event / of delivered (of NAME means of its event) */
    size_t stimulus_index; /* WITHIN: statement index of its stimulus */
    bool still;            /* WITHIN: the condition may hold already */

    char signal[SIGNAL_MAX]; /* TRACK; AGREE: left signal, without sink */
    struct bms_path truth;   /* TRACK */
    unsigned truth_battery;  /* TRACK: 0 is the bank */
    enum sink sink2;         /* AGREE: right side */
    char signal2[SIGNAL_MAX];
    struct quantity tol; /* TRACK AGREE; EVERY: a ratio or a time; MATCHES: a time */
    uint64_t lag_us;     /* TRACK AGREE */

    uint64_t period_us;   /* EVERY */
    struct quantity mean; /* EVERY: the mean period may differ by this ratio; micro 0: not judged */
    uint32_t ids[EVERY_MAX_IDS];
    size_t n_ids; /* EVERY on json: 0, the topic itself */

    char file[256]; /* MATCHES: path as written, relative to the scenario */
    char ignore[IGNORE_MAX][SIGNAL_MAX];
    size_t n_ignore;
};

/* ---- the whole file ---- */

enum { COVERS_MAX = 64, NEEDS_MAX = 16, INCLUDES_MAX = 16 };

struct scenario_bus {
    char name[16];
    char dialect[24]; /* "" = the manifest's */
};

struct scenario {
    char *path; /* of the file */
    char *dir;  /* its folder, for relative files */
    char id[ID_MAX];
    char title[120];
    char covers[COVERS_MAX][ID_MAX];
    size_t n_covers;
    char needs[NEEDS_MAX][40]; /* "bms 1 serial", "can pylon", "json victron", "captures" */
    size_t n_needs;
    unsigned tiers; /* TIER_BIT_* */
    uint64_t duration_us;
    uint64_t seed;
    bool dut_manual;     /* [dut] start manual: the timeline starts it */
    uint64_t uptime_us;  /* [dut] uptime: of its machine, when it starts; 0: any */
    bool dut_comma;      /* [dut] locale comma: its environment asks for a decimal comma */
    bool broker_refuses; /* [broker] logins refused */
    struct sim_config sim;
    struct scenario_bus bus[4];
    size_t n_buses;
    struct {
        bool set;
        struct quantity ccl, dcl, cvl,
            dvl; /* [limits]: what the DUT's user limits are; micro 0: none */
    } limits;
    struct stmt *stmts;
    size_t n_stmts;
    struct conf_file *file;                  /* the text, with all errors */
    struct conf_file *include[INCLUDES_MAX]; /* files it includes, each with its own errors */
    size_t n_includes;
};

/* What the semantic pass checks names against; any member may be NULL (that check is left out). */
struct scenario_names {
    bool (*requirement_exists)(void *ctx, const char *id);
    const char *(*requirement_nearest)(void *ctx, const char *id);
    bool (*can_signal_exists)(void *ctx, const char *signal, enum dim *ret_dim);
    const char *(*can_signal_nearest)(void *ctx, const char *signal);
    void *ctx;
    bool (*ha_signal_exists)(void *ctx, const char *signal, enum dim *ret_dim);
    const char *(*ha_signal_nearest)(void *ctx, const char *signal);
};

/* Parses and checks. Errors are collected in (*ret)->file; ERR_SYNTAX when there are any (the
 * scenario is returned all the same, for printing). ERR_NOT_FOUND, ERR_DENIED, ERR_IO: no scenario.
 */
enum err scenario_load(const char *path, const struct scenario_names *names, struct scenario **ret);
enum err scenario_parse(const char *name, struct span text, const struct scenario_names *names,
                        struct scenario **ret);
void scenario_delete(struct scenario *scenario);

/* All errors, those of included files first, each with its own file's name, line and caret. */
void scenario_print_errors(const struct scenario *scenario, FILE *out);
size_t scenario_error_count(const struct scenario *scenario);

/* Canonical columns; comments and blank lines stay. Idempotent. */
enum err scenario_format(const struct scenario *scenario, struct buf *out);
/* The timeline as English sentences. */
enum err scenario_explain(const struct scenario *scenario, FILE *out);
/* The lossless JSON image and back (text of an equal scenario). */
struct json_out;
enum err scenario_to_json(const struct scenario *scenario, struct json_out *out);
struct json;
enum err scenario_from_json(const struct json *json, struct buf *out_text, char *why,
                            size_t why_cap);

/* A condition or statement as people read it ("ccl = 0 A"), for reports. */
bool cond_format(const struct cond *cond, struct buf *out);
bool stmt_format(const struct scenario *scenario, const struct stmt *stmt, struct buf *out);
/* What a stimulus does, in the words of the language. */
bool stmt_stimulus_format(const struct stmt *stmt, struct buf *out);

#endif
