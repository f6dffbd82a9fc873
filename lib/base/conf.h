/* SPDX-License-Identifier: Apache-2.0
 *
 * The project's one text form: scenarios, DUT manifests, bridge configurations and requirement
 * files are lines of tokens with [sections], `#` comments and quantities with units. This module is
 * the lexer, the cursor that reads tokens with errors that point at them, and the collector that
 * prints up to 20 of them as
 *
 *     ov.scn:21:14: error: expected a time unit (us, ms, s, min, h, d)
 *         within 200 of delivered   can    ccl = 0 A
 *                    ^
 *
 * Tokens
 *   word    starts with a letter _ / { or ~/, then letters digits _ / { } @ ~, and - . + : where
 * such a character follows directly: `a..b`, `x ->` and `every 1 s:` split, while pylon-1.2,
 *           N/+/battery, tcp:4000 and mqtts://host:8883 are one word
 *   number  optional sign, digits, optional fraction; or 0x and hex digits
 *   string  "..." with \" \\ \n \t; one line
 *   punct   .. -> <= >= != and every other single ASCII sign: @ = < > ~ : , [ ] % ...
 * 200ms is a number and a word. A comment begins at any # outside a string.
 */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/quantity.h"
#include "base/span.h"

enum conf_kind { CONF_WORD, CONF_NUMBER, CONF_STRING, CONF_PUNCT, CONF_END };

struct conf_token {
    enum conf_kind kind;
    struct span text; /* as written; a string without its quotes, escapes still in place */
    uint32_t line;    /* 1-based */
    uint32_t column;  /* 1-based, in bytes */
    bool glued;       /* no blank between this token and the one before */
};

struct conf_line {
    uint32_t number;
    struct span text;                /* the whole line without its newline */
    const struct conf_token *tokens; /* tokens[n] is a CONF_END just behind the last */
    size_t n;                        /* > 0; lines without tokens are not listed */
};

/* ---- diagnostics ---- */

#define CONF_MAX_ERRORS 20

struct conf_error {
    uint32_t line;
    uint32_t column;
    char message[240];
};

struct conf_file {
    char *name; /* as shown in messages */
    char *data; /* the text, owned */
    size_t size;
    struct conf_line *lines;
    size_t n_lines;
    struct conf_token *tokens;                 /* all of them; the lines point into it */
    struct conf_error errors[CONF_MAX_ERRORS]; /* in the order of the text */
    size_t n_errors;
    size_t n_more; /* errors beyond the limit */
};

/* Reads a whole file ("-" is standard input). ERR_NOT_FOUND, ERR_DENIED, ERR_IO and ERR_RANGE (more
 * than 16 MiB) leave *ret alone. Lexical errors are collected in the file, not returned. */
enum err conf_load(const char *path, struct conf_file **ret);
/* The same from memory; copies the text. */
enum err conf_parse(const char *name, struct span text, struct conf_file **ret);
void conf_delete(struct conf_file *file);

/* Line 0 speaks of the whole file, column 0 of the whole line: no source line is shown then. */
void conf_error_at(struct conf_file *file, uint32_t line, uint32_t column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Prints all collected errors with source line and caret. */
void conf_print_errors(const struct conf_file *file, FILE *out);

/* ---- cursor: reads one line's tokens; each take_* reports its own error and returns false ---- */

struct conf_cursor {
    struct conf_file *file;
    const struct conf_line *line;
    size_t at;
};

/* At the line's first token; in a section head `[name arg ...]` behind its '['. */
struct conf_cursor conf_cursor_of(struct conf_file *file, const struct conf_line *line);
const struct conf_token *conf_peek(const struct conf_cursor *c); /* CONF_END behind the last */
const struct conf_token *conf_take(struct conf_cursor *c);
bool conf_at_end(const struct conf_cursor *c);
/* True (and taken) when the next token is exactly this word or sign; no error otherwise. */
bool conf_accept(struct conf_cursor *c, const char *text);
/* As conf_accept, but reports "expected 'text', found ..." */
bool conf_expect(struct conf_cursor *c, const char *text);
bool conf_take_word(struct conf_cursor *c, const char *what, struct span *ret);
/* A word, a string (escapes resolved into out), or what starts with a number and is written without
 * blanks: 192.0.2.7:1883, 0042, 2026-11-25. */
bool conf_take_text(struct conf_cursor *c, const char *what, char *out, size_t cap);
bool conf_take_int(struct conf_cursor *c, const char *what, int64_t min, int64_t max, int64_t *ret);
/* A number with a unit of that dimension ("200 ms"); DIM_NONE takes a bare number. */
bool conf_take_quantity(struct conf_cursor *c, enum dim dim, struct quantity *ret);
/* A number with any known unit, or bare (DIM_NONE). A unit may stand behind a blank, so do not use
 * it where a word such as `s`, `h` or `A` may follow the number with another meaning. */
bool conf_take_any_quantity(struct conf_cursor *c, struct quantity *ret);
/* One of the NULL-terminated `known` words; WHAT comes without an article. Reports
 * "unknown WHAT 'x', did you mean 'b'? (known: a, b, c)". *ret is the index. */
bool conf_take_known(struct conf_cursor *c, const char *what, const char *const *known,
                     size_t *ret);
/* Reports "unexpected 'x'" unless the line is used up. */
bool conf_expect_end(struct conf_cursor *c);
/* Reports an error at the cursor's next token. */
void conf_fail(struct conf_cursor *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Reports an error at a token taken before. */
void conf_fail_at(struct conf_cursor *c, const struct conf_token *token, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* `[name arg ...]`: true when the line is a section head. */
bool conf_is_section(const struct conf_line *line);

/* The known word nearest to `word` (edit distance at most 3 and half its length), or NULL. */
const char *conf_nearest(struct span word, const char *const *known);

#endif
