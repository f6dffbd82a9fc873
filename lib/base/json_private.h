/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the checker, the tree and the writer of JSON.
 */
#ifndef BASE_JSON_PRIVATE_H
#define BASE_JSON_PRIVATE_H

#include "base/json.h"

struct cJSON;

/* One value. The values of a document stand in one array in the order of the text (a parent before
 * its children), so the next sibling is `size` further. */
struct json {
    const struct cJSON *item; /* the same value in cJSON's tree */
    struct span raw;
    size_t size; /* values in it, itself included */
};

struct json_values {
    struct json *v;
    size_t n;
    size_t cap;
};

/* Checks the text against RFC 8259 and fills the values (item excepted); ret_offset is set on
 * failure. The caller frees values->v in every case. */
enum err json_check(struct span text, struct json_values *values, size_t *ret_offset);

/* The length of the valid UTF-8 sequence in front (1 to 4); 0 when it is none. */
size_t json_utf8_length(struct span s);

#endif
