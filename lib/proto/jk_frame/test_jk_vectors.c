/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the shared vectors.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/jk_frame/test_jk_support.h"

struct kept {
    struct kept *next;
    uint8_t bytes[];
};

/* Keeps the leak checker from calling them lost. */
static struct kept *kept_list;

struct span jk_hex(const char *hex)
{
    size_t n = strlen(hex) / 2;
    struct kept *k = malloc(sizeof *k + n);

    if (k == NULL)
        abort();
    for (size_t i = 0; i < n; i++) {
        uint64_t byte = 0;
        if (!parse_hex(span_of(hex + 2 * i, 2), 255, &byte))
            TESTING_FAIL("no hex: %s", hex);
        k->bytes[i] = (uint8_t)byte;
    }
    k->next = kept_list;
    kept_list = k;
    return span_of(k->bytes, n);
}

static const char *text_or_empty(const struct json *value)
{
    const char *text = json_string(value);

    return text == NULL ? "" : text;
}

static enum jk_layout layout_named(const char *name)
{
    if (strcmp(name, "JK04") == 0)
        return JK04;
    if (strcmp(name, "JK02_24S") == 0)
        return JK02_24S;
    return strcmp(name, "JK02_32S") == 0 ? JK02_32S : JK_LAYOUT_UNKNOWN;
}

bool jk_vectors_each(const char *file, void (*fn)(const struct jk_vector *v, void *ctx), void *ctx)
{
    char path[512];
    struct json_doc *doc = NULL;

    if (testing_shared() == NULL) {
        testing_skip("no shared vectors");
        return false;
    }
    snprintf(path, sizeof path, "%s/vectors/jk/%s", testing_shared(), file);
    if (json_parse(testing_read_file(path), &doc, NULL) != ERR_OK) {
        TESTING_FAIL("cannot read %s", path);
        return false;
    }
    for (const struct json *e = json_first(json_root(doc)); e != NULL; e = json_next(e)) {
        const char *hex = json_string(json_get(e, "hex"));
        struct jk_vector v = {
            .name = text_or_empty(json_get(e, "name")),
            .layout = layout_named(text_or_empty(json_get(e, "layout"))),
            .kind = text_or_empty(json_get(e, "kind")),
            .reject = text_or_empty(json_get(e, "reject")),
            .ack = text_or_empty(json_get(e, "ack")),
            .whole = e,
        };
        if (hex != NULL)
            v.bytes = jk_hex(hex);
        fn(&v, ctx);
    }
    json_delete(doc);
    return true;
}

bool jk_is_close(const char *name, double got, double want)
{
    static const struct {
        const char *suffix;
        double tolerance;
    } units[] = {{"_v", 0.00051}, {"_a", 0.00065}, {"_c", 0.051}, {"_ah", 0.00051}};
    double tolerance = 1e-6 * (want < 0 ? -want : want);
    double off = got > want ? got - want : want - got;

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (span_ends(span_str(name), units[i].suffix) && tolerance < units[i].tolerance)
            tolerance = units[i].tolerance;
    }
    return off <= tolerance + 1e-9;
}

size_t jk_expect_numbers(const struct jk_vector *v, jk_look look, const void *record)
{
    size_t n = 0;

    for (const struct json *e = json_first(json_get(v->whole, "expected")); e != NULL;
         e = json_next(e)) {
        double want;
        double got = 0;
        if (!json_number(json_get(e, "value"), &want))
            continue;
        n++;
        if (!look(record, json_key(e), &got))
            TESTING_FAIL("%s: no value %s", v->name, json_key(e));
        else if (!jk_is_close(json_key(e), got, want))
            TESTING_FAIL("%s: %s is %f, not %f", v->name, json_key(e), got, want);
    }
    return n;
}
