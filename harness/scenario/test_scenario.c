/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parser makes of correct scenarios: every statement and condition form, defaults,
 * includes, the canonical columns, the JSON image, the explanation. Errors: test_scenario_errors.c.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "harness/scenario/files.h"
#include "harness/scenario/requirement.h"
#include "harness/scenario/test_scenario.h"
#include "testing/testing.h"

/* Every form of the language, in canonical columns. */
/* clang-format off */
static const char every_form[] =
    "# first a comment\n"
    "scenario  FORMS-1  \"every form, once\"\n"
    "covers    A-1 A-2\n"
    "needs     bms 2 serial, can pylon, json victron, captures\n"
    "duration  2 min\n"
    "seed      7\n"
    "tier      virtual pty\n"
    "\n"
    "[port]\n"
    "device        pylontech-console        # the line's own device\n"
    "answer-delay  30 ms\n"
    "\n"
    "[bms 1]\n"
    "model     pylontech.us3000c\n"
    "soc       50.0 %\n"
    "serial    \"K 12 #3\"\n"
    "[bms 2]\n"
    "model     pylontech.us3000c\n"
    "\n"
    "[bus can0]\n"
    "dialect   pylon-1.2\n"
    "\n"
    "[limits]\n"
    "ccl       50 A\n"
    "cvl       53.2 V\n"
    "\n"
    "[dut]\n"
    "start     manual\n"
    "\n"
    "[timeline]\n"
    "@0s         dut     start\n"
    "  # an indented comment\n"
    "@1s         bms 1   set cell 5 voltage 3.700 V                       as cut\n"
    "  within 200 ms of delivered   can    ccl = 0 A                      req A-1\n"
    "  within 1.5 s  of event       can    ccl = 0 A still                req A-2\n"
    "  within 10 s   of event       json   stale\n"
    "@2s         bms 2   fault drop 5 % for 10 s\n"
    "  within 3 s of cut            json   Info.MaxChargeCurrent <= 5 A tol 100 mA\n"
    "  within 3 s of delivered cut  can    fresh\n"
    "@3s         bms 2   unplug\n"
    "@4s         broker  slow 200 ms\n"
    "@5s         canbus  off\n"
    "@6s         inverter keepalive \"305#0000000000000000\" every 1 s\n"
    "@7s         bms 1   type \"login debug\"                               # somebody else\n"
    "@8s..9.5s   can     always soc in 40 %..60 %\n"
    "@8s..9s     can     never protection.cell_overvoltage is set\n"
    "@8s..9s     can     never charge_enable is clear\n"
    "@8s..9s     can     always foreign = 0\n"
    "@8s..9s     json    always $retained = 0\n"
    "@9s         json    check $status = \"online\"\n"
    "@9s         json    check $connects <= 2\n"
    "@9s         can     check silent 3 s\n"
    "@10s..20s   can     track soc to bms.soc tol 1 % lag 1.5 s\n"
    "@10s..20s   json    track Cells.3.Voltage to bms2.cell3.voltage tol 2 mV lag 1 s\n"
    "@10s..20s   can     every 1 s tol 25 %: 0x351 0x355\n"
    "@10s..20s   json    every 1 s tol 100 ms mean 1 %\n"
    "@10s..20s   agree   can.ccl ~ json.Info.MaxChargeCurrent tol 0.1 A lag 100 ms\n"
    "@10s..20s   can     matches \"traces/full.log\" tol 5 ms ignore soc, temperature\n"
    "@10s..20s   json    matches \"full.jsonl\"\n"
    "@20s..30s   ha      never x.y > 5\n"
    "@20s..30s   influx  always battery.soc >= 5 %\n";
/* clang-format on */

static struct scenario *parse_as(const char *name, const char *text,
                                 const struct scenario_names *names)
{
    struct scenario *s = NULL;
    enum err e = scenario_parse(name, span_str(text), names, &s);

    if (e != ERR_OK) {
        char *got = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&got, &size);
        scenario_print_errors(s, out);
        fclose(out);
        TESTING_FAIL("%s: %s", err_text(e), got);
        free(got);
    }
    return s;
}

static struct scenario *parse(const char *text)
{
    return parse_as("dir/t.scn", text, &test_names);
}

static void test_sample(void)
{
    struct scenario *s = parse(sample_text);

    CU_ASSERT_STRING_EQUAL(s->id, "SAFE-OV-STALE-01");
    CU_ASSERT_STRING_EQUAL(s->title, "SOC ramp to full, cell over-voltage, cable pulled, recovery");
    CU_ASSERT_EQUAL(s->n_covers, 9);
    CU_ASSERT_STRING_EQUAL(s->covers[8], "AGREE-1");
    CU_ASSERT_EQUAL(s->n_needs, 3);
    CU_ASSERT_STRING_EQUAL(s->needs[0], "bms 1 serial");
    CU_ASSERT_STRING_EQUAL(s->needs[2], "json victron");
    CU_ASSERT_EQUAL(s->duration_us, 60000000);
    CU_ASSERT_EQUAL(s->seed, 1);
    CU_ASSERT_EQUAL(s->tiers, TIER_BIT_ALL);
    CU_ASSERT(s->sim.battery[0].used);
    CU_ASSERT_EQUAL(s->sim.battery[0].soc_pm, 970);
    CU_ASSERT_EQUAL(s->sim.battery[0].current_ma, 37000);
    CU_ASSERT_EQUAL(s->n_stmts, 21);
    CU_ASSERT_STRING_EQUAL(s->dir, "dir");
    scenario_delete(s);
}

static void test_sample_statements(void)
{
    struct scenario *s = parse(sample_text);
    const struct stmt *ramp = &s->stmts[0];
    const struct stmt *limit = &s->stmts[6];
    const struct stmt *allowed = &s->stmts[19];

    CU_ASSERT_EQUAL(ramp->kind, STMT_STIMULUS);
    CU_ASSERT_EQUAL(ramp->stimulus.verb, STIM_RAMP);
    CU_ASSERT_EQUAL(ramp->stimulus.to.micro, 100000000);
    CU_ASSERT_EQUAL(ramp->line, 14);
    CU_ASSERT_EQUAL(limit->kind, STMT_WITHIN);
    CU_ASSERT_EQUAL(limit->within_us, 200000);
    CU_ASSERT_EQUAL(limit->anchor, ANCHOR_DELIVERED);
    CU_ASSERT_EQUAL(limit->stimulus_index, 5);
    CU_ASSERT_EQUAL(limit->sink, SINK_CAN);
    CU_ASSERT_STRING_EQUAL(limit->cond.signal, "ccl");
    CU_ASSERT_EQUAL(limit->cond.op, OP_EQ);
    CU_ASSERT_EQUAL(limit->cond.value.dim, DIM_CURRENT);
    CU_ASSERT_EQUAL(limit->cond.value.micro, 0);
    CU_ASSERT_STRING_EQUAL(limit->req, "LIM-OV-CAN");
    CU_ASSERT_EQUAL(allowed->stimulus_index, 16); /* the plug, not the set above it */
    CU_ASSERT_EQUAL(s->stmts[3].n_ids, 4);
    CU_ASSERT_EQUAL(s->stmts[3].ids[3], 0x359);
    CU_ASSERT_EQUAL(s->stmts[3].tol.dim, DIM_RATIO);
    CU_ASSERT_EQUAL(s->stmts[20].kind, STMT_AGREE);
    CU_ASSERT_EQUAL(s->stmts[20].sink2, SINK_JSON);
    CU_ASSERT_STRING_EQUAL(s->stmts[20].signal2, "Info.MaxChargeCurrent");
    CU_ASSERT_EQUAL(s->stmts[20].lag_us, 100000);
    scenario_delete(s);
}

static void test_header_forms(void)
{
    struct scenario *s = parse(every_form);

    CU_ASSERT_EQUAL(s->duration_us, 120000000);
    CU_ASSERT_EQUAL(s->seed, 7);
    CU_ASSERT_EQUAL(s->tiers, TIER_BIT_VIRTUAL | TIER_BIT_PTY);
    CU_ASSERT_EQUAL(s->n_needs, 4);
    CU_ASSERT_STRING_EQUAL(s->needs[3], "captures");
    CU_ASSERT_TRUE(s->sim.has_port_keys);
    CU_ASSERT_STRING_EQUAL(s->sim.battery[0].serial, "K 12 #3");
    CU_ASSERT(s->sim.battery[1].used);
    CU_ASSERT_EQUAL(s->n_buses, 1);
    CU_ASSERT_STRING_EQUAL(s->bus[0].name, "can0");
    CU_ASSERT_STRING_EQUAL(s->bus[0].dialect, "pylon-1.2");
    CU_ASSERT(s->limits.set);
    CU_ASSERT_EQUAL(s->limits.ccl.micro, 50000000);
    CU_ASSERT_EQUAL(s->limits.cvl.micro, 53200000);
    CU_ASSERT_EQUAL(s->limits.dcl.micro, 0);
    CU_ASSERT(s->dut_manual);
    scenario_delete(s);
}

/* The statement that prints as `text`. */
static const struct stmt *find(const struct scenario *s, const char *text)
{
    for (size_t i = 0; i < s->n_stmts; i++) {
        char line[1024];
        struct buf b = buf_of(line, sizeof line);
        if (stmt_format(s, &s->stmts[i], &b) && span_eq_str(buf_span(&b), text))
            return &s->stmts[i];
    }
    TESTING_FAIL("no statement prints as: %s", text);
    return &s->stmts[0];
}

static void test_within_forms(void)
{
    struct scenario *s = parse(every_form);
    const struct stmt *cut = find(s, "@1s bms 1 set cell 5 voltage 3.7 V as cut");
    size_t index = (size_t)(cut - s->stmts);

    CU_ASSERT_STRING_EQUAL(cut->name, "cut");
    const struct stmt *stmt = find(s, "within 1.5 s of event cut can ccl = 0 A still req A-2");
    CU_ASSERT(stmt->still);
    CU_ASSERT_EQUAL(stmt->stimulus_index, index);
    stmt = find(s, "within 3 s of event cut json Info.MaxChargeCurrent <= 5 A tol 100 mA");
    CU_ASSERT_EQUAL(stmt->anchor, ANCHOR_EVENT);
    CU_ASSERT_EQUAL(stmt->stimulus_index, index);
    CU_ASSERT_EQUAL(stmt->cond.tol.micro, 100000);
    stmt = find(s, "within 3 s of delivered cut can fresh");
    CU_ASSERT_EQUAL(stmt->anchor, ANCHOR_DELIVERED);
    CU_ASSERT_EQUAL(stmt->stimulus_index, index);
    CU_ASSERT_EQUAL(stmt->cond.kind, COND_FRESH);
    scenario_delete(s);
}

static void test_condition_forms(void)
{
    struct scenario *s = parse(every_form);
    const struct cond *c = &find(s, "@8s..9.5s can always soc in 40 %..60 %")->cond;

    CU_ASSERT_EQUAL(c->kind, COND_RANGE);
    CU_ASSERT_EQUAL(c->value.micro, 40000000);
    CU_ASSERT_EQUAL(c->high.micro, 60000000);
    c = &find(s, "@8s..9s can never protection.cell_overvoltage is set")->cond;
    CU_ASSERT_EQUAL(c->kind, COND_SET);
    c = &find(s, "@8s..9s can never charge_enable is clear")->cond;
    CU_ASSERT_EQUAL(c->kind, COND_CLEAR);
    c = &find(s, "@8s..9s json always $retained = 0")->cond;
    CU_ASSERT_STRING_EQUAL(c->signal, "$retained");
    c = &find(s, "@9s json check $status = \"online\"")->cond;
    CU_ASSERT(c->is_text);
    CU_ASSERT_STRING_EQUAL(c->text, "online");
    c = &find(s, "@9s can check silent 3 s")->cond;
    CU_ASSERT_EQUAL(c->kind, COND_SILENT);
    CU_ASSERT_EQUAL(c->silent_us, 3000000);
    c = &find(s, "@20s..30s ha never x.y > 5")->cond;
    CU_ASSERT_EQUAL(c->op, OP_GT);
    CU_ASSERT_EQUAL(c->value.dim, DIM_NONE);
    scenario_delete(s);
}

static void test_window_forms(void)
{
    struct scenario *s = parse(every_form);
    const struct stmt *stmt;

    stmt = find(s, "@10s..20s can track soc to bms.soc tol 1 % lag 1.5 s");
    CU_ASSERT_EQUAL(stmt->truth_battery, 0);
    stmt = find(s, "@10s..20s json track Cells.3.Voltage to bms2.cell3.voltage tol 2 mV lag 1 s");
    CU_ASSERT_EQUAL(stmt->truth_battery, 2);
    CU_ASSERT_EQUAL(stmt->truth.cell, 3);
    stmt = find(s, "@10s..20s json every 1 s tol 100 ms mean 1 %");
    CU_ASSERT_EQUAL(stmt->n_ids, 0);
    CU_ASSERT_EQUAL(stmt->tol.dim, DIM_TIME);
    CU_ASSERT_EQUAL(stmt->mean.micro, 1000000);
    stmt = find(s, "@10s..20s can matches \"traces/full.log\" tol 5 ms ignore soc, temperature");
    CU_ASSERT_STRING_EQUAL(stmt->file, "traces/full.log");
    CU_ASSERT_EQUAL(stmt->n_ignore, 2);
    CU_ASSERT_STRING_EQUAL(stmt->ignore[1], "temperature");
    CU_ASSERT_EQUAL(stmt->tol.micro, 5000);
    find(s, "@10s..20s agree can.ccl ~ json.Info.MaxChargeCurrent tol 100 mA lag 100 ms");
    scenario_delete(s);
}

/* `bms.cell5.voltage` is battery 1's when there is no other. */
static void test_truth_of_a_cell(void)
{
    static const char one[] = "scenario T-1 \"t\"\ncovers A-1\nduration 9 s\n[bms 1]\nsoc 5 %\n"
                              "[timeline]\n@1s..2s json track X to bms.cell5.voltage tol 2 mV "
                              "lag 1 s req A-1\n";
    struct scenario *s = parse(one);
    char text[512];

    CU_ASSERT_EQUAL(s->stmts[0].truth_battery, 1);
    scenario_delete(s);
    snprintf(text, sizeof text, "%.*s[bms 2]\nsoc 5 %%\n%s", (int)(strstr(one, "[time") - one), one,
             strstr(one, "[time"));
    char *got = errors_of("t.scn", text);
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "t.scn:9:25: error: whose cell? There are 2 batteries"));
    free(got);
}

/* ---- columns ---- */

static struct span format(const struct scenario *s, uint8_t *room, size_t cap)
{
    struct buf b = buf_of(room, cap);

    CU_ASSERT_EQUAL(scenario_format(s, &b), ERR_OK);
    return buf_span(&b);
}

static void test_format_is_canonical(void)
{
    static const char *const texts[] = {sample_text, every_form};
    static uint8_t room[16384];

    for (size_t i = 0; i < 2; i++) {
        struct scenario *s = parse(texts[i]);
        TESTING_BYTES_EQ(format(s, room, sizeof room), span_str(texts[i]));
        scenario_delete(s);
    }
}

static void test_format_of_untidy_text(void)
{
    static const char untidy[] = "\xEF\xBB\xBF"
                                 "scenario   T-1 \"\xC3\xA4 title\"# why\r\n"
                                 "covers A-1\n"
                                 "duration 20s\n"
                                 "needs bms 1 serial ,can pylon\n"
                                 "[ bms   1 ] # the pack\n"
                                 "   soc    5%\n"
                                 "\n\n"
                                 "[timeline]\n"
                                 "  @ 1 s bms 1 set cell 5 voltage 3700mV as cut\n"
                                 "within 1s of event can ccl>0A#x\n"
                                 "@2s..3s can every 1s tol 25%:0x351 0x355 req A-1\n"
                                 "\n\n";
    static const char tidy[] =
        "scenario  T-1  \"\xC3\xA4 title\"               # why\n"
        "covers    A-1\n"
        "duration  20 s\n"
        "needs     bms 1 serial, can pylon\n"
        "[bms 1]                                # the pack\n"
        "soc       5 %\n"
        "\n\n"
        "[timeline]\n"
        "@1s         bms 1   set cell 5 voltage 3700 mV                       as cut\n"
        "  within 1 s of event          can    ccl > 0 A                      # x\n"
        "@2s..3s     can     every 1 s tol 25 %: 0x351 0x355                  req A-1\n";
    static uint8_t room[4096];
    struct scenario *s = parse(untidy);
    struct span got = format(s, room, sizeof room);
    char text[4096];

    span_to_str(got, text, sizeof text);
    /* comments are kept as they are, so "#x" stays */
    char *mark = strstr(text, "#x");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mark);
    char want[4096];
    snprintf(want, sizeof want, "%.*s#x%s", (int)(strstr(tidy, "# x") - tidy), tidy,
             strstr(tidy, "# x") + 3);
    TESTING_BYTES_EQ(span_str(text), span_str(want));
    struct scenario *again = parse(text);
    TESTING_BYTES_EQ(format(again, room, sizeof room), span_str(text));
    scenario_delete(again);
    scenario_delete(s);
}

static void test_format_room(void)
{
    struct scenario *s = parse(sample_text);
    uint8_t room[64];
    struct buf b = buf_of(room, sizeof room);

    CU_ASSERT_EQUAL(scenario_format(s, &b), ERR_SPACE);
    scenario_delete(s);
}

/* ---- the JSON image ---- */

static void check_round_trip(const char *name, const char *text, const struct scenario_names *names)
{
    static uint8_t room[262144];
    struct scenario *s = parse_as(name, text, names);
    struct json_out *image = json_out_new();
    struct json_out *image2 = json_out_new();
    struct json_doc *doc = NULL;
    struct buf back = buf_of(room, sizeof room - 1);
    char why[200];

    CU_ASSERT_EQUAL(scenario_to_json(s, image), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(json_parse(json_out_text(image), &doc, NULL), ERR_OK);
    enum err e = scenario_from_json(json_root(doc), &back, why, sizeof why);
    if (e != ERR_OK)
        TESTING_FAIL("%s: %s", err_text(e), why);
    room[back.n] = '\0';
    struct scenario *again = parse_as(name, (const char *)room, names);
    CU_ASSERT_EQUAL(scenario_to_json(again, image2), ERR_OK);
    TESTING_BYTES_EQ(json_out_text(image2), json_out_text(image));
    CU_ASSERT_EQUAL(again->n_stmts, s->n_stmts);
    scenario_delete(again);
    scenario_delete(s);
    json_delete(doc);
    json_out_delete(image);
    json_out_delete(image2);
}

static void test_json_round_trip(void)
{
    check_round_trip("t.scn", sample_text, &test_names);
    check_round_trip("t.scn", every_form, &test_names);
}

static void test_json_members(void)
{
    struct scenario *s = parse(sample_text);
    struct json_out *image = json_out_new();
    struct json_doc *doc = NULL;

    CU_ASSERT_EQUAL(scenario_to_json(s, image), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(json_parse(json_out_text(image), &doc, NULL), ERR_OK);
    const struct json *root = json_root(doc);
    CU_ASSERT_STRING_EQUAL(json_string(json_get(root, "duration")), "60 s");
    CU_ASSERT_STRING_EQUAL(json_string(json_path(root, "sections.0.section")), "bms 1");
    CU_ASSERT_STRING_EQUAL(json_string(json_path(root, "sections.0.keys.soc")), "97.0 %");
    CU_ASSERT_STRING_EQUAL(json_string(json_path(root, "timeline.5.do")),
                           "bms 1 set cell 5 voltage 3.7 V");
    CU_ASSERT_STRING_EQUAL(json_string(json_path(root, "timeline.6.within")), "200 ms");
    CU_ASSERT_STRING_EQUAL(json_string(json_path(root, "timeline.6.cond.value")), "0 A");
    CU_ASSERT_STRING_EQUAL(json_string(json_path(root, "timeline.3.ids.3")), "0x359");
    json_delete(doc);
    json_out_delete(image);
    scenario_delete(s);
}

static void check_bad_image(const char *text, const char *want)
{
    struct json_doc *doc = NULL;
    static uint8_t room[4096];
    struct buf back = buf_of(room, sizeof room);
    char why[200] = "";

    CU_ASSERT_EQUAL_FATAL(json_parse(span_str(text), &doc, NULL), ERR_OK);
    CU_ASSERT_EQUAL(scenario_from_json(json_root(doc), &back, why, sizeof why), ERR_SYNTAX);
    if (strcmp(why, want) != 0)
        TESTING_FAIL("got %s, want %s", why, want);
    json_delete(doc);
}

static void test_bad_images(void)
{
#define TOP "{\"scenario\":\"T-1\",\"title\":\"t\",\"covers\":[\"A-1\"],\"duration\":\"9 s\","
    check_bad_image("[]", "header: must be an object");
    check_bad_image(TOP "\"sections\":[],\"timelime\":[]}", "header: unknown member 'timelime'");
    check_bad_image(TOP "\"sections\":[]}", "header: 'timeline' must be an array");
    check_bad_image(TOP "\"sections\":[],\"timeline\":[{\"at\":\"1 s\"}]}",
                    "timeline[0]: 'verb' must be a text");
    check_bad_image(TOP "\"sections\":[],\"timeline\":[{\"at\":5,\"do\":\"bms 1 plug\"}]}",
                    "timeline[0]: 'at' must be a text");
    check_bad_image(TOP "\"sections\":[],\"timeline\":[{\"at\":\"1 s\",\"verb\":\"chek\"}]}",
                    "timeline[0]: unknown verb 'chek'");
    check_bad_image(TOP "\"sections\":[],\"timeline\":[{\"at\":\"1 s\\n@2 s\",\"do\":\"x\"}]}",
                    "timeline[0]: 'at' is empty or holds characters that end a line");
    check_bad_image(TOP
                    "\"sections\":[],\"timeline\":[{\"at\":\"1 s\",\"do\":\"bms 1 plug # x\"}]}",
                    "timeline[0]: 'do' is empty or holds characters that end a line");
#undef TOP
}

/* ---- explanation ---- */

static void test_explain(void)
{
    struct scenario *s = parse(every_form);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    CU_ASSERT_EQUAL(scenario_explain(s, out), ERR_OK);
    fclose(out);
    static const char *const wanted[] = {
        "FORMS-1: every form, once\n",
        "At 0 s: the bridge is started.\n",
        "At 1 s: cell 5 voltage of battery 1 is held at 3.7 V.\n"
        "    Within 200 ms of the reply that shows it CAN must show ccl = 0 A. [A-1]\n"
        "    Within 1.5 s of that (or already before) CAN must show ccl = 0 A. [A-2]\n",
        "At 2 s: line of battery 2: 5 % of the bytes of replies are lost, for 10 s.\n",
        "From 8 s to 9.5 s: CAN must always show soc in 40 %..60 %.\n",
        "From 10 s to 20 s: 0x351 and 0x355 must each come every 1 s give or take 25 %.\n",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (strstr(text, wanted[i]) == NULL)
            TESTING_FAIL("missing: %s\nin:\n%s", wanted[i], text);
    free(text);
    scenario_delete(s);
}

/* ---- included files ---- */

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *out = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    fputs(text, out);
    fclose(out);
}

static void remove_file(const char *dir, const char *name)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    remove(path);
}

static void test_include(void)
{
    char dir[] = "/tmp/test_scenario.XXXXXX";
    char path[256];
    struct scenario *s = NULL;

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    write_file(dir, "world.inc", "duration 30 s\nseed 5\n[bms 1]\nsoc 40 %\ncurrent 5 A\n");
    write_file(dir, "a.scn",
               "scenario T-1 \"t\"\ncovers A-1\nseed 6\ninclude \"world.inc\"\n[bms 1]\nsoc 50 %\n"
               "[timeline]\n@25s can check ccl = 0 A req A-1\n");
    snprintf(path, sizeof path, "%s/a.scn", dir);
    CU_ASSERT_EQUAL(scenario_load(path, &test_names, &s), ERR_OK);
    CU_ASSERT_EQUAL(s->duration_us, 30000000);           /* the included default */
    CU_ASSERT_EQUAL(s->seed, 6);                         /* its own wins */
    CU_ASSERT_EQUAL(s->sim.battery[0].soc_pm, 500);      /* its own wins */
    CU_ASSERT_EQUAL(s->sim.battery[0].current_ma, 5000); /* the included default */
    scenario_delete(s);
    remove_file(dir, "world.inc");
    remove_file(dir, "a.scn");
    rmdir(dir);
}

static void test_include_errors(void)
{
    char dir[] = "/tmp/test_scenario.XXXXXX";
    char path[256];
    char want[512];
    struct scenario *s = NULL;
    char *text = NULL;
    size_t size = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    write_file(dir, "world.inc",
               "covers A-1\n[bms 1]\nsoc 40\ninclude \"world.inc\"\n[timeline]\n");
    write_file(dir, "a.scn",
               "scenario T-1 \"t\"\ncovers A-1\nduration 9 s\ninclude \"world.inc\"\n"
               "include \"world.inc\"\n[timeline]\n@1s can check ccl = 0 A req A-1\n");
    snprintf(path, sizeof path, "%s/a.scn", dir);
    CU_ASSERT_EQUAL(scenario_load(path, &test_names, &s), ERR_SYNTAX);
    FILE *out = open_memstream(&text, &size);
    scenario_print_errors(s, out);
    fclose(out);
    snprintf(want, sizeof want,
             "%s/world.inc:1:1: error: 'covers' belongs to the scenario, not to an included file\n",
             dir);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, want));
    snprintf(want, sizeof want, "%s/world.inc:3:7: error: expected a ratio unit (%%)\n", dir);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, want));
    snprintf(want, sizeof want, "%s/world.inc:5:2: error: an included file has no timeline\n", dir);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, want));
    snprintf(want, sizeof want, "%s/a.scn:4:9: error: 'world.inc' has errors\n", dir);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, want));
    snprintf(want, sizeof want, "%s/a.scn:5:9: error: 'world.inc' is included twice\n", dir);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, want));
    free(text);
    scenario_delete(s);
    remove_file(dir, "world.inc");
    remove_file(dir, "a.scn");
    rmdir(dir);
}

/* ---- broken input of every kind ---- */

static void parse_quietly(struct span text)
{
    static uint8_t room[65536];
    struct buf b = buf_of(room, sizeof room);
    struct scenario *s = NULL;

    if (scenario_parse("t.scn", text, &test_names, &s) == ERR_OK)
        CU_ASSERT_EQUAL(scenario_format(s, &b), ERR_OK);
    scenario_delete(s);
}

static void on_cut(struct span cut, void *ctx)
{
    (void)ctx;
    parse_quietly(cut);
}

static void on_flip(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    (void)ctx;
    if (byte % 7 == bit) /* a sample of all flips: each is a whole parse */
        parse_quietly(flipped);
}

static void test_damaged_text(void)
{
    testing_every_truncation(span_str(every_form), on_cut, NULL);
    testing_every_bit_flip(span_str(every_form), on_flip, NULL);
}

static void test_not_there(void)
{
    struct scenario *s = NULL;

    CU_ASSERT_EQUAL(scenario_load("/nonexistent/x.scn", NULL, &s), ERR_NOT_FOUND);
    CU_ASSERT_PTR_NULL(s);
    scenario_delete(NULL);
}

/* ---- the project's own scenarios ---- */

static bool in_catalogue(void *ctx, const char *id)
{
    return catalogue_find(ctx, id) != NULL;
}

static const char *near_in_catalogue(void *ctx, const char *id)
{
    return catalogue_nearest(ctx, id);
}

static void lint(const char *path, void *ctx)
{
    struct scenario *s = NULL;
    char *text = NULL;
    size_t size = 0;
    static uint8_t room[262144];
    struct buf b = buf_of(room, sizeof room);

    if (scenario_load(path, ctx, &s) != ERR_OK) {
        FILE *out = open_memstream(&text, &size);
        if (s != NULL)
            scenario_print_errors(s, out);
        fclose(out);
        TESTING_FAIL("%s", text);
        free(text);
    } else if (scenario_format(s, &b) != ERR_OK ||
               !span_eq(buf_span(&b), span_of(s->file->data, s->file->size))) {
        TESTING_FAIL("%s is not in canonical columns: bmsrig fmt -w %s", path, path);
    } else {
        check_round_trip(path, s->file->data, ctx);
    }
    scenario_delete(s);
}

static void test_own_scenarios(void)
{
    static const char *const suffixes[] = {".scn", NULL};
    const char *source = getenv("BMSRIG_SOURCE");
    char dir[512];
    struct catalogue *catalogue = NULL;

    if (source == NULL) {
        testing_skip("BMSRIG_SOURCE does not say where the source tree is");
        return;
    }
    snprintf(dir, sizeof dir, "%s/scenarios/requirements", source);
    CU_ASSERT_EQUAL_FATAL(catalogue_load(dir, stderr, &catalogue), ERR_OK);
    struct scenario_names names = {.requirement_exists = in_catalogue,
                                   .requirement_nearest = near_in_catalogue,
                                   .ctx = catalogue};
    snprintf(dir, sizeof dir, "%s/scenarios", source);
    if (files_walk(dir, suffixes, lint, &names) == ERR_INCOMPLETE)
        testing_skip("no scenarios below %s", dir);
    catalogue_delete(catalogue);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"the specification's sample", test_sample},
        {"its statements", test_sample_statements},
        {"header and sections", test_header_forms},
        {"forms of within", test_within_forms},
        {"forms of conditions", test_condition_forms},
        {"forms of windows", test_window_forms},
        {"a cell's truth has a battery", test_truth_of_a_cell},
        {"canonical text stays as it is", test_format_is_canonical},
        {"untidy text becomes canonical", test_format_of_untidy_text},
        {"format without room", test_format_room},
        {"JSON and back", test_json_round_trip},
        {"members of the image", test_json_members},
        {"images with mistakes", test_bad_images},
        {"explanation", test_explain},
        {"included files are defaults", test_include},
        {"errors in included files", test_include_errors},
        {"damaged text", test_damaged_text},
        {"no such file", test_not_there},
        {"the project's own scenarios", test_own_scenarios},
        {0},
    };
    return testing_main(argc, argv, "scenario", cases);
}
