/* SPDX-License-Identifier: Apache-2.0
 *
 * The tree: cJSON decodes strings and numbers of a text that json_check() has approved; each value
 * keeps its place in the raw text beside it.
 */
#include "base/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_private.h"

#define EXACT_DOUBLE 9007199254740992.0 /* 2^53: up to here every integer is a double */

struct json_doc {
    char *text; /* with a NUL behind it */
    size_t n;
    cJSON *tree;
    struct json_values values;
    bool duplicate_keys;
};

/* ---- building ---- */

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum err find_duplicates(struct json_doc *doc, const cJSON *object)
{
    size_t n = 0;

    for (const cJSON *child = object->child; child != NULL; child = child->next)
        n++;
    if (n < 2 || doc->duplicate_keys)
        return ERR_OK;
    const char **keys = calloc(n, sizeof *keys);
    if (keys == NULL)
        return ERR_MEMORY;
    n = 0;
    for (const cJSON *child = object->child; child != NULL; child = child->next)
        keys[n++] = child->string;
    qsort(keys, n, sizeof *keys, compare_keys);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(keys[i - 1], keys[i]) == 0)
            doc->duplicate_keys = true;
    }
    free(keys);
    return ERR_OK;
}

/* Walks cJSON's tree in the order of the text and gives each of our values its item. */
static enum err link_items(struct json_doc *doc, const cJSON *item, size_t *index)
{
    if (*index == doc->values.n)
        return ERR_LAYOUT; /* the checker and cJSON disagree; the text is safe from neither */
    doc->values.v[(*index)++].item = item;
    if (cJSON_IsNumber(item) && !isfinite(item->valuedouble))
        return ERR_RANGE; /* 1e400 */
    if (cJSON_IsObject(item)) {
        enum err e = find_duplicates(doc, item);
        if (e != ERR_OK)
            return e;
    }
    for (const cJSON *child = item->child; child != NULL; child = child->next) {
        enum err e = link_items(doc, child, index);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static enum err build(struct json_doc *doc, size_t *ret_offset)
{
    size_t index = 0;
    enum err e = json_check(span_of(doc->text, doc->n), &doc->values, ret_offset);

    if (e != ERR_OK)
        return e;
    *ret_offset = 0;
    const char *end = NULL; /* the length counts the NUL that cJSON is told to require */
    doc->tree = cJSON_ParseWithLengthOpts(doc->text, doc->n + 1, &end, 1);
    if (doc->tree == NULL)
        return ERR_MEMORY;
    e = link_items(doc, doc->tree, &index);
    if (e == ERR_RANGE)
        *ret_offset = (size_t)(doc->values.v[index - 1].raw.p - (const uint8_t *)doc->text);
    if (e == ERR_OK && index != doc->values.n)
        e = ERR_LAYOUT;
    return e;
}

enum err json_parse(struct span text, struct json_doc **ret, size_t *ret_offset)
{
    size_t offset = 0;
    struct json_doc *doc = calloc(1, sizeof *doc);

    if (doc == NULL)
        return ERR_MEMORY;
    doc->text = malloc(text.n + 1);
    if (doc->text == NULL) {
        free(doc);
        return ERR_MEMORY;
    }
    if (text.n > 0)
        memcpy(doc->text, text.p, text.n);
    doc->text[text.n] = '\0';
    doc->n = text.n;
    enum err e = build(doc, &offset);
    if (e != ERR_OK) {
        json_delete(doc);
        if (ret_offset != NULL)
            *ret_offset = offset;
        return e;
    }
    *ret = doc;
    return ERR_OK;
}

void json_delete(struct json_doc *doc)
{
    if (doc == NULL)
        return;
    cJSON_Delete(doc->tree);
    free(doc->values.v);
    free(doc->text);
    free(doc);
}

const struct json *json_root(const struct json_doc *doc)
{
    return &doc->values.v[0];
}

struct span json_text(const struct json_doc *doc)
{
    return span_of(doc->text, doc->n);
}

bool json_has_duplicate_keys(const struct json_doc *doc)
{
    return doc->duplicate_keys;
}

/* ---- reading ---- */

enum json_type json_type(const struct json *value)
{
    if (cJSON_IsObject(value->item))
        return JSON_OBJECT;
    if (cJSON_IsArray(value->item))
        return JSON_ARRAY;
    if (cJSON_IsString(value->item))
        return JSON_STRING;
    if (cJSON_IsNumber(value->item))
        return JSON_NUMBER;
    return cJSON_IsBool(value->item) ? JSON_BOOL : JSON_NULL;
}

struct span json_raw(const struct json *value)
{
    return value->raw;
}

const struct json *json_first(const struct json *value)
{
    return value != NULL && value->item->child != NULL ? value + 1 : NULL;
}

const struct json *json_next(const struct json *value)
{
    return value->item->next != NULL ? value + value->size : NULL;
}

const char *json_key(const struct json *value)
{
    return value->item->string;
}

size_t json_size(const struct json *value)
{
    size_t n = 0;
    for (const struct json *child = json_first(value); child != NULL; child = json_next(child))
        n++;
    return n;
}

static const struct json *get_key(const struct json *value, struct span key)
{
    if (json_type(value) != JSON_OBJECT)
        return NULL;
    for (const struct json *child = json_first(value); child != NULL; child = json_next(child)) {
        if (span_eq_str(key, json_key(child)))
            return child;
    }
    return NULL;
}

static const struct json *get_index(const struct json *value, struct span step)
{
    int64_t index;

    if (!parse_i64(step, 0, INT64_MAX, &index) || step.p[0] == '+' || step.p[0] == '-')
        return NULL;
    const struct json *child = json_first(value);
    for (; child != NULL && index > 0; index--)
        child = json_next(child);
    return child;
}

const struct json *json_get(const struct json *value, const char *key)
{
    return value == NULL ? NULL : get_key(value, span_str(key));
}

const struct json *json_path(const struct json *value, const char *path)
{
    struct span rest = span_str(path);
    bool more = true;

    while (value != NULL && more) {
        size_t dot = span_find_byte(rest, 0, '.');
        struct span step = span_sub(rest, 0, dot);
        more = dot < rest.n;
        rest = span_sub(rest, dot + 1, rest.n);
        value = json_type(value) == JSON_ARRAY ? get_index(value, step) : get_key(value, step);
    }
    return value;
}

bool json_number(const struct json *value, double *ret)
{
    if (value == NULL || !cJSON_IsNumber(value->item))
        return false;
    *ret = value->item->valuedouble;
    return true;
}

/* Digits are read from the text, all 64 bits of them; 3.0 and 3e2 are integers as well. */
bool json_integer(const struct json *value, int64_t *ret)
{
    double number;

    if (!json_number(value, &number))
        return false;
    if (parse_i64(value->raw, INT64_MIN, INT64_MAX, ret))
        return true;
    if (number < -EXACT_DOUBLE || number > EXACT_DOUBLE || trunc(number) < number ||
        trunc(number) > number)
        return false;
    *ret = (int64_t)number;
    return true;
}

bool json_boolean(const struct json *value, bool *ret)
{
    if (value == NULL || !cJSON_IsBool(value->item))
        return false;
    *ret = cJSON_IsTrue(value->item) != 0;
    return true;
}

const char *json_string(const struct json *value)
{
    return value != NULL && cJSON_IsString(value->item) ? value->item->valuestring : NULL;
}
