/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes through the JSON reader. What it accepts is written again and must read as the same
 * document; the checker and cJSON must agree about what a document is.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_value(struct json_out *out, const struct json *value)
{
    const char *key = json_key(value);
    double number;
    bool flag;

    switch (json_type(value)) {
    case JSON_NULL: json_out_null(out, key); return;
    case JSON_STRING: json_out_str(out, key, json_string(value)); return;
    case JSON_BOOL:
        if (!json_boolean(value, &flag))
            abort();
        json_out_bool(out, key, flag);
        return;
    case JSON_NUMBER:
        if (!json_number(value, &number))
            abort();
        json_out_double(out, key, number);
        return;
    case JSON_ARRAY: json_out_array(out, key); break;
    case JSON_OBJECT: json_out_object(out, key); break;
    }
    for (const struct json *child = json_first(value); child != NULL; child = json_next(child))
        write_value(out, child);
    json_out_end(out);
}

static void check_round_trip(const struct json_doc *doc)
{
    struct json_out *first = json_out_new();
    struct json_out *second = json_out_new();
    struct json_doc *again;

    write_value(first, json_root(doc));
    if (json_parse(json_out_text(first), &again, NULL) != ERR_OK)
        abort();
    write_value(second, json_root(again));
    if (!span_eq(json_out_text(first), json_out_text(second)))
        abort();
    if (json_has_duplicate_keys(doc) != json_has_duplicate_keys(again))
        abort();
    json_delete(again);
    json_out_delete(first);
    json_out_delete(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_doc *doc;
    size_t offset = 0;
    enum err e = json_parse(span_of(data, size), &doc, &offset);

    if (e == ERR_OK) {
        check_round_trip(doc);
        json_delete(doc);
    } else if ((e != ERR_SYNTAX && e != ERR_RANGE) || offset > size) {
        abort();
    }
    return 0;
}
