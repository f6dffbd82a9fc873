/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a scenario: the parser must end with errors or a scenario, canonical text must mean
 * the same and be its own canonical text, and the JSON image must come back.
 */
#include <stdlib.h>

#include "base/json.h"
#include "harness/scenario/scenario_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_format(const struct scenario *s, uint8_t *room, size_t cap)
{
    struct buf first = buf_of(room, cap / 2);
    struct buf second = buf_of(room + cap / 2, cap / 2);
    struct scenario *again = NULL;
    struct json_out *a = json_out_new();
    struct json_out *b = json_out_new();

    require(scenario_format(s, &first) == ERR_OK);
    require(scenario_parse("fuzz.scn", buf_span(&first), NULL, &again) == ERR_OK);
    require(scenario_format(again, &second) == ERR_OK);
    require(span_eq(buf_span(&first), buf_span(&second)));
    require(scenario_to_json(s, a) == ERR_OK && scenario_to_json(again, b) == ERR_OK);
    require(span_eq(json_out_text(a), json_out_text(b)));
    json_out_delete(b);
    json_out_delete(a);
    scenario_delete(again);
}

static void check_image(const struct scenario *s, uint8_t *room, size_t cap)
{
    struct json_out *image = json_out_new();
    struct json_doc *doc = NULL;
    struct buf text = buf_of(room, cap);
    char why[200];

    require(scenario_to_json(s, image) == ERR_OK);
    if (json_parse(json_out_text(image), &doc, NULL) == ERR_OK)
        require(scenario_from_json(json_root(doc), &text, why, sizeof why) == ERR_OK);
    json_delete(doc);
    json_out_delete(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scenario *s = NULL;
    size_t cap = 32 * size + 65536;
    uint8_t *room = malloc(cap);

    require(room != NULL);
    enum err e = scenario_parse("fuzz.scn", span_of(data, size), NULL, &s);
    if (e == ERR_OK) {
        check_format(s, room, cap);
        check_image(s, room, cap);
    } else if (s != NULL) {
        struct buf out = buf_of(room, cap);
        format_file(s->file, &out); /* must survive text that is no scenario */
    }
    scenario_delete(s);
    free(room);
    return 0;
}
