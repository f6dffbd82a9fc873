/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the scenario parser share: the parser's state and the readers of small things.
 * Each take_* reads from the cursor, reports its own error there and returns false.
 */
#ifndef HARNESS_SCENARIO_PRIVATE_H
#define HARNESS_SCENARIO_PRIVATE_H

#include "harness/scenario/scenario.h"

enum section {
    SECTION_HEADER,
    SECTION_BMS,
    SECTION_PORT,
    SECTION_BUS,
    SECTION_LIMITS,
    SECTION_DUT,
    SECTION_BROKER,
    SECTION_TIMELINE,
    SECTION_BAD, /* its head was wrong: its lines are not looked at */
};

struct parser {
    struct scenario *s;
    struct conf_file *file; /* being read: the scenario's own or an included one */
    const struct scenario_names *names;
    bool included; /* file is an included one: defaults only, no timeline */
    enum section section;
    size_t section_start; /* index of the section's first line */
    unsigned section_n;   /* BMS: which; BUS: index */
    bool seen_scenario, seen_covers, seen_duration, seen_timeline;
    bool seen_stimulus;   /* also set by one with an error in it */
    bool timeline_errors; /* a statement was not understood: what depends on all of them is moot */
    size_t stmts_cap;
    uint32_t covers_line[COVERS_MAX], covers_column[COVERS_MAX]; /* where each id stands */
    struct anchor_ref *anchors; /* one for each statement, see stmt_parse.c */
};

/* Where a statement's names stand, for errors that can only be found when all is read. */
struct anchor_ref {
    char name[ID_MAX]; /* WITHIN: `of NAME`, "" when none was named */
    uint32_t name_column;
    uint32_t time_column;   /* first time */
    uint32_t anchor_column; /* `delivered` */
};

/* Index of the last stimulus above statement i; n_stmts when there is none. */
size_t nearest_stimulus(const struct scenario *s, size_t i);

enum id_form {
    ID_REQUIREMENT, /* LIM-OV-CAN: capitals, digits, dashes */
    ID_NAME,        /* cut, pull_2: small letters, digits, _ and - */
};

/* ---- small things (scenario_take.c) ---- */

void take_failed(struct conf_cursor *c, const char *what); /* "expected WHAT, found ..." */
bool take_time(struct conf_cursor *c, uint64_t *ret_us);
bool take_id(struct conf_cursor *c, enum id_form form, const char *what, char ret[ID_MAX]);
/* A quantity of that dimension; with `known` false any dimension is welcome. */
bool take_value(struct conf_cursor *c, enum dim dim, bool known, struct quantity *ret);
/* A tolerance for a value of that dimension: not negative. */
bool take_tolerance(struct conf_cursor *c, enum dim dim, bool known, struct quantity *ret);
bool take_sink(struct conf_cursor *c, enum sink *ret);
bool is_word(const struct conf_token *token, const char *text);
/* The 1-based column behind the last token of the line. */
uint32_t end_column(const struct conf_line *line);
bool id_is_valid(struct span text, enum id_form form);
extern const char *const sink_words[SINK_COUNT + 1];

/* ---- parts ---- */

bool parse_header_line(struct parser *p, struct conf_cursor *c);
bool parse_section_line(struct parser *p, struct conf_cursor *c);
void open_section(struct parser *p, const struct conf_line *line, size_t index);
void parse_statement(struct parser *p, const struct conf_line *line);
bool take_signal(struct parser *p, struct conf_cursor *c, enum sink sink, char ret[SIGNAL_MAX],
                 enum dim *ret_dim, bool *ret_known);
bool take_cond(struct parser *p, struct conf_cursor *c, enum sink sink, struct cond *ret);
/* The rest of a statement, behind its verb (stmt_window.c). */
bool take_track(struct parser *p, struct conf_cursor *c, struct stmt *stmt);
bool take_every(struct parser *p, struct conf_cursor *c, struct stmt *stmt);
bool take_matches(struct parser *p, struct conf_cursor *c, struct stmt *stmt);
bool take_agree(struct parser *p, struct conf_cursor *c, struct stmt *stmt);
bool check_requirement_exists(struct parser *p, struct conf_file *file, uint32_t line,
                              uint32_t column, const char *id);
/* What can be judged only when everything was read. */
void check_whole(struct parser *p);

/* scenario_recordings.c */
void check_replays(struct scenario *s); /* by a device that has recordings */
void check_recordings(struct scenario *s);
/* Reads `path` and every line of it into the scenario (defaults). False after reporting. */
bool parse_include(struct parser *p, const struct conf_line *line, const char *path,
                   uint32_t column);
/* "key" was in the section before: reports and returns true. */
bool is_duplicate_key(struct parser *p, const struct conf_line *line);

/* ---- text ---- */

bool put_time(struct buf *out, uint64_t us);                 /* "11.9 s" */
bool put_time_tight(struct buf *out, uint64_t us);           /* "11.9s" */
bool put_quoted(struct buf *out, const char *text);          /* with the language's escapes */
const char *op_word(enum cond_op op);                        /* "<=" */
bool truth_format(const struct stmt *stmt, struct buf *out); /* "bms1.cell5.voltage" */
/* What stands behind the key, in canonical spacing. */
bool put_key_value(struct buf *out, const struct conf_line *line);
/* Canonical columns of any text of the language, whether or not it is a valid scenario. */
enum err format_file(const struct conf_file *file, struct buf *out);

#endif
