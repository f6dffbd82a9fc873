/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON through cJSON with its traps closed: exact (case-sensitive) keys, nothing behind the
 * document, no NUL inside it, duplicate keys noticed, depth bounded, and the raw text kept, because
 * cJSON's numbers are doubles and "3.0", "3" and "0.30000000000000004" must stay distinguishable.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

struct json_doc; /* a parsed document; owns everything that hangs on it */
struct json;     /* one value inside it */

#define JSON_MAX_DEPTH 100 /* objects and arrays inside each other */

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* Parses one JSON text (RFC 8259 to the letter, UTF-8, no BOM). ERR_SYNTAX: it is none, or a string
 * holds \u0000, which a C string cannot. ERR_RANGE: a number that no double holds or of more than
 * 63 characters, or too deep. On both *ret_offset (may be NULL) is where. */
enum err json_parse(struct span text, struct json_doc **ret, size_t *ret_offset);
void json_delete(struct json_doc *doc);
const struct json *json_root(const struct json_doc *doc);
struct span json_text(const struct json_doc *doc); /* the raw text, a copy owned by doc */
bool json_has_duplicate_keys(const struct json_doc *doc);

enum json_type json_type(const struct json *value);
/* The value as it is written in the text: "3.0", "\"a\"", "{ ... }". */
struct span json_raw(const struct json *value);
/* NULL when value is NULL or no object or has no such key; of equal keys the first. */
const struct json *json_get(const struct json *value, const char *key);
/* "Info.MaxChargeCurrent", "cells.3.voltage" (array index); NULL when any step is missing. */
const struct json *json_path(const struct json *value, const char *path);
size_t json_size(const struct json *value); /* members or elements; 0 for scalars and NULL */
/* First child and next sibling, for walking objects and arrays. */
const struct json *json_first(const struct json *value);
const struct json *json_next(const struct json *value);
const char *json_key(const struct json *value); /* NULL outside an object */

bool json_number(const struct json *value, double *ret);
bool json_integer(const struct json *value,
                  int64_t *ret); /* exact: all of int64_t, also 3.0, 3e2 */
bool json_boolean(const struct json *value, bool *ret);
const char *json_string(const struct json *value); /* NULL when it is no string */

/* ---- writing, for traces, reports and the language's JSON image ---- */

/* Streams one document into a growing heap text; keys and commas are its own business. Bytes that
 * are no UTF-8 become U+FFFD. */
struct json_out;

struct json_out *json_out_new(void); /* aborts the process on no memory, like every json_out_* */
void json_out_delete(struct json_out *out);
void json_out_object(struct json_out *out, const char *key); /* key NULL inside arrays and at top */
void json_out_array(struct json_out *out, const char *key);
void json_out_end(struct json_out *out); /* closes the innermost object or array */
void json_out_str(struct json_out *out, const char *key, const char *value); /* NULL -> null */
void json_out_span(struct json_out *out, const char *key, struct span value);
void json_out_int(struct json_out *out, const char *key, int64_t value);
/* 49700 with 3 decimals is 49.700: the decimals stay. */
void json_out_fixed(struct json_out *out, const char *key, int64_t value, unsigned decimals);
/* The shortest text that reads back the same; NaN and infinity are null. */
void json_out_double(struct json_out *out, const char *key, double value);
void json_out_bool(struct json_out *out, const char *key, bool value);
void json_out_null(struct json_out *out, const char *key);
void json_out_raw(struct json_out *out, const char *key, struct span json_text);
/* The text so far, NUL behind it; valid until the next call. json_out_reset starts a new document.
 */
struct span json_out_text(const struct json_out *out);
void json_out_reset(struct json_out *out);

#endif
