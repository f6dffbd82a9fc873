/* SPDX-License-Identifier: Apache-2.0
 *
 * The runner's own stimuli (`broker publish`, `dut clean`) and the signals of Home Assistant: read,
 * printed, explained, through the JSON image and back, and every mistake.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "harness/scenario/test_scenario.h"
#include "testing/testing.h"

static const char text[] =
    "scenario  OWN-1  \"the runner's own\"\n"
    "covers    A-1\n"
    "needs     bms 1 serial, ha clean, own dut\n"
    "duration  30 s\n"
    "\n"
    "[bms 1]\n"
    "model     pylontech.us3000c\n"
    "\n"
    "[timeline]\n"
    "@1s         broker  publish \"homeassistant/status\" \"online\"          as born\n"
    "  within 3 s of born           ha     soc = 60 %                     req A-1\n"
    "@2s         broker  publish \"a/b\" \"{\\\"x\\\":1}\" retain\n"
    "@3s         broker  publish \"a/b\" \"\" retain\n"
    "@4s         dut     clean                                            as gone\n"
    "@5s         ha      check bms2.cell_5_voltage.expire_after >= 15 s\n"
    "@6s         ha      check soc = \"unavailable\"\n"
    "@7s..9s     ha      always $mortal = 0\n";

static bool ha_signal_exists(void *ctx, const char *signal, enum dim *ret_dim)
{
    (void)ctx;
    *ret_dim = strstr(signal, "expire") ? DIM_TIME : DIM_RATIO;
    return strcmp(signal, "sok") != 0 && strcmp(signal, "nothing") != 0;
}

static const char *ha_signal_nearest(void *ctx, const char *signal)
{
    (void)ctx;
    return strcmp(signal, "sok") == 0 ? "soc" : NULL;
}

static const struct scenario_names names = {.ha_signal_exists = ha_signal_exists,
                                            .ha_signal_nearest = ha_signal_nearest};

static struct scenario *parse(const char *what)
{
    struct scenario *s = NULL;
    enum err err = scenario_parse("t.scn", span_str(what), &names, &s);

    if (err != ERR_OK && s != NULL)
        scenario_print_errors(s, stderr);
    CU_ASSERT_EQUAL_FATAL(err, ERR_OK);
    return s;
}

static void test_read(void)
{
    struct scenario *s = parse(text);

    CU_ASSERT_STRING_EQUAL(s->needs[1], "ha clean");
    const struct stmt *birth = &s->stmts[0];
    CU_ASSERT_EQUAL(birth->kind, STMT_STIMULUS);
    CU_ASSERT_EQUAL(birth->stimulus.actor, ACTOR_BROKER);
    CU_ASSERT_EQUAL(birth->own.verb, OWN_PUBLISH);
    CU_ASSERT_STRING_EQUAL(birth->own.topic, "homeassistant/status");
    CU_ASSERT_STRING_EQUAL(birth->own.payload, "online");
    CU_ASSERT_FALSE(birth->own.retain);
    CU_ASSERT_STRING_EQUAL(birth->name, "born");
    CU_ASSERT_EQUAL(s->stmts[1].stimulus_index, 0);
    CU_ASSERT_STRING_EQUAL(s->stmts[2].own.payload, "{\"x\":1}");
    CU_ASSERT_TRUE(s->stmts[2].own.retain);
    CU_ASSERT_STRING_EQUAL(s->stmts[3].own.payload, "");
    CU_ASSERT_EQUAL(s->stmts[4].own.verb, OWN_CLEAN);
    CU_ASSERT_EQUAL(s->stmts[4].stimulus.actor, ACTOR_DUT);
    CU_ASSERT_STRING_EQUAL(s->stmts[5].cond.signal, "bms2.cell_5_voltage.expire_after");
    CU_ASSERT_EQUAL(s->stmts[5].cond.value.micro, 15000000);
    CU_ASSERT_STRING_EQUAL(s->stmts[6].cond.text, "unavailable");
    scenario_delete(s);
}

/* In canonical columns already, and printed as it was read. */
static void test_print(void)
{
    static const char *const sentences[] = {
        "broker publish \"homeassistant/status\" \"online\"",
        "broker publish \"a/b\" \"{\\\"x\\\":1}\" retain",
        "broker publish \"a/b\" \"\" retain",
        "dut clean",
    };
    static const size_t at[] = {0, 2, 3, 4};
    struct scenario *s = parse(text);
    char out[4096];
    struct buf b = buf_of(out, sizeof out - 1);

    CU_ASSERT_EQUAL(scenario_format(s, &b), ERR_OK);
    out[b.n] = '\0';
    CU_ASSERT_STRING_EQUAL(out, text);
    for (size_t i = 0; i < 4; i++) {
        b = buf_of(out, sizeof out - 1);
        CU_ASSERT_TRUE(stmt_stimulus_format(&s->stmts[at[i]], &b));
        out[b.n] = '\0';
        CU_ASSERT_STRING_EQUAL(out, sentences[i]);
    }
    CU_ASSERT_FALSE(own_stimulus_format(&(struct own_stimulus){0}, &b));
    scenario_delete(s);
}

static void test_image(void)
{
    struct scenario *s = parse(text);
    struct json_out *image = json_out_new();
    struct json_doc *doc = NULL;
    char out[4096], why[200];
    struct buf b = buf_of(out, sizeof out - 1);

    CU_ASSERT_EQUAL(scenario_to_json(s, image), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(json_parse(json_out_text(image), &doc, NULL), ERR_OK);
    CU_ASSERT_STRING_EQUAL(json_string(json_path(json_root(doc), "timeline.2.do")),
                           "broker publish \"a/b\" \"{\\\"x\\\":1}\" retain");
    CU_ASSERT_EQUAL(scenario_from_json(json_root(doc), &b, why, sizeof why), ERR_OK);
    out[b.n] = '\0';
    struct scenario *again = parse(out);
    CU_ASSERT_EQUAL(again->n_stmts, s->n_stmts);
    for (size_t i = 0; i < s->n_stmts; i++) {
        char left[600], right[600];
        struct buf l = buf_of(left, sizeof left), r = buf_of(right, sizeof right);
        CU_ASSERT_TRUE(stmt_format(s, &s->stmts[i], &l) &&
                       stmt_format(again, &again->stmts[i], &r));
        CU_ASSERT_TRUE(span_eq(buf_span(&l), buf_span(&r)));
    }
    scenario_delete(again);
    json_delete(doc);
    json_out_delete(image);
    scenario_delete(s);
}

static void test_explain(void)
{
    static const char *const wanted[] = {
        "At 1 s: somebody publishes on homeassistant/status: online.\n",
        "    Within 3 s of that Home Assistant must show soc = 60 %. [A-1]\n",
        "At 2 s: somebody publishes on a/b, retained: {\"x\":1}.\n",
        "At 3 s: somebody removes what is retained on a/b.\n",
        "At 4 s: the bridge's command removes it from Home Assistant.\n",
    };
    struct scenario *s = parse(text);
    char *said = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&said, &size);

    CU_ASSERT_EQUAL(scenario_explain(s, out), ERR_OK);
    fclose(out);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (strstr(said, wanted[i]) == NULL)
            TESTING_FAIL("missing: %s\nin:\n%s", wanted[i], said);
    free(said);
    scenario_delete(s);
}

/* `line` becomes line 7; `want` is "column: error: ...". */
static void refused(const char *line, const char *want)
{
    char whole[1024], message[512];
    struct scenario *s = NULL;

    snprintf(whole, sizeof whole,
             "scenario T-1 \"t\"\ncovers A-1\nduration 10 s\n[bms 1]\nmodel pylontech.us3000c\n"
             "[timeline]\n%s\n@9s ha check soc = 1 %% req A-1\n",
             line);
    CU_ASSERT_EQUAL(scenario_parse("t.scn", span_str(whole), &names, &s), ERR_SYNTAX);
    const struct conf_error *e = &s->file->errors[0];
    snprintf(message, sizeof message, "%u:%u: %s", e->line, e->column, e->message);
    if (strcmp(message, want) != 0)
        TESTING_FAIL("%s\n  got  %s\n  want %s", line, message, want);
    scenario_delete(s);
}

static void test_mistakes(void)
{
    refused("@1s broker publish a/b \"x\"", "7:20: expected a topic in quotes, found 'a/b'");
    refused("@1s broker publish \"\" \"x\"",
            "7:20: a topic to publish on is not empty and has no '+' or '#'");
    refused("@1s broker publish \"a/#\" \"x\"",
            "7:20: a topic to publish on is not empty and has no '+' or '#'");
    refused("@1s broker publish \"a\"",
            "7:23: expected a payload in quotes (\"\" removes a retained one), found end of line");
    refused("@1s broker publish \"a\" \"b\" retained", "7:28: unexpected 'retained'");
    refused("@1s dut clean up", "7:15: unexpected 'up'");
    refused("@1s dut clock",
            "7:14: expected a time (a number with us, ms, s, min, h, d), found end of line");
    refused("@1s dut clock 5", "7:16: expected a time unit (us, ms, s, min, h, d)");
    refused("@1s dut clock 0 s", "7:15: a clock jumps by something, and by a year at most");
    refused("@1s dut clock -400 d", "7:15: a clock jumps by something, and by a year at most");
    refused("@1s dut clock +1 h", "7:1: 'dut clock' needs 'tier virtual'");
    refused("@1s dut clean req A-1", "7:15: unexpected 'req'");
    refused("@1s broker publish \"a\" \"b\"\nwithin 1 s of delivered ha stale",
            "8:15: line 7 is never delivered by the battery: write 'of event'");
    refused("@1s ha check sok = 1 %", "7:14: Home Assistant is told no 'sok', did you mean 'soc'?");
    refused("@1s ha check nothing = 1 %", "7:14: Home Assistant is told no 'nothing'");
    refused("@1s ha check soc = 5 V",
            "7:22: expected a ratio unit (%), found 'V', a unit of voltage");
    refused("@1s ha check $null = 0",
            "7:15: unknown $signal 'null' (known: configs, removals, unretained, devices, "
            "entities, malformed, unknown, mistyped, mortal, refused, retained, messages, peak, "
            "qos, status, connects)");
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"read", test_read},       {"print", test_print},       {"the image", test_image},
        {"explain", test_explain}, {"mistakes", test_mistakes}, {0},
    };

    return testing_main(argc, argv, "own_stimulus", cases);
}
