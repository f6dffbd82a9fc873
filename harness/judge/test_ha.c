/* SPDX-License-Identifier: Apache-2.0
 *
 * The judge's Home Assistant: documents and the rules they break, templates, and what it shows over
 * made-up events. Documents and messages are literals after docs/protocols/home-assistant.md.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/judge/ha.h"
#include "harness/judge/judge.h"
#include "testing/testing.h"

/* ---- documents ---- */

#define HEAD "\"dev\":{\"ids\":[\"x\"],\"name\":\"X\"},\"o\":{\"name\":\"y\"}"
#define SOC                                                                         \
    "\"soc\":{\"p\":\"sensor\",\"uniq_id\":\"x_bank_soc\",\"dev_cla\":\"battery\"," \
    "\"unit_of_meas\":\"%\",\"stat_cla\":\"measurement\",\"exp_aft\":15,"           \
    "\"val_tpl\":\"{{ value_json.soc }}\"}"
#define AVTY "\"avty\":[{\"t\":\"x/status\"},{\"t\":\"x/avty\"}],\"avty_mode\":\"all\""

static struct ha_document doc;

/* Reads a document and says how many rules it breaks. */
static unsigned faults(const char *topic, const char *payload)
{
    ha_document_free(&doc);
    ha_document_read(topic, span_str(payload), &doc);
    return doc.faults;
}

static unsigned device(const char *components)
{
    char text[4096];
    snprintf(text, sizeof text, "{" HEAD "," AVTY ",\"stat_t\":\"x/state\",\"cmps\":{%s}}",
             components);
    return faults("device/x/config", text);
}

static void test_device(void)
{
    CU_ASSERT_EQUAL(device(SOC ",\"old\":{\"p\":\"sensor\"},\"go\":{\"p\":\"button\"}"), 0);
    CU_ASSERT_EQUAL_FATAL(doc.n, 1);
    const struct ha_entity *e = &doc.at[0];
    CU_ASSERT_STRING_EQUAL(e->unique_id, "x_bank_soc");
    CU_ASSERT_STRING_EQUAL(e->platform, "sensor");
    CU_ASSERT_STRING_EQUAL(e->device_class, "battery");
    CU_ASSERT_STRING_EQUAL(e->unit, "%");
    CU_ASSERT_STRING_EQUAL(e->state_class, "measurement");
    CU_ASSERT_STRING_EQUAL(e->state_topic, "x/state");
    CU_ASSERT_STRING_EQUAL(e->template, "{{ value_json.soc }}");
    CU_ASSERT_EQUAL(e->expire_us, 15000000);
    CU_ASSERT_EQUAL(e->n_availability, 2);
    CU_ASSERT_EQUAL(e->mode, HA_MODE_ALL);
    CU_ASSERT_STRING_EQUAL(e->availability[1].topic, "x/avty");
    CU_ASSERT_STRING_EQUAL(e->availability[1].yes, "online");
    CU_ASSERT_STRING_EQUAL(e->availability[1].no, "offline");
}

/* Full names, the base topic, an entity's own availability, a document of one entity. */
static void test_other_forms(void)
{
    CU_ASSERT_EQUAL(
        faults("binary_sensor/node/x-1/config",
               "{\"~\":\"a/b\",\"unique_id\":\"u\",\"state_topic\":\"~/s\","
               "\"availability_topic\":\"st/~\",\"payload_available\":\"yes\","
               "\"payload_not_available\":\"no\",\"payload_on\":\"1\",\"payload_off\":\"0\","
               "\"device_class\":\"problem\",\"value_template\":\"{{ value }}\"}"),
        0);
    CU_ASSERT_EQUAL_FATAL(doc.n, 1);
    CU_ASSERT_STRING_EQUAL(doc.at[0].state_topic, "a/b/s");
    CU_ASSERT_STRING_EQUAL(doc.at[0].availability[0].topic, "st/a/b");
    CU_ASSERT_STRING_EQUAL(doc.at[0].availability[0].yes, "yes");
    CU_ASSERT_STRING_EQUAL(doc.at[0].on, "1");
    CU_ASSERT_EQUAL(doc.at[0].mode, HA_MODE_LATEST);
    CU_ASSERT_EQUAL(device("\"c\":{\"p\":\"binary_sensor\",\"uniq_id\":\"u\",\"avty\":[]}"), 0);
    CU_ASSERT_EQUAL(doc.at[0].n_availability, 0);
    CU_ASSERT_EQUAL(faults("device/x/config", ""), 0); /* removed */
    CU_ASSERT_EQUAL(doc.n, 0);
}

static void test_root_rules(void)
{
    /* the whole document is refused */
    CU_ASSERT_EQUAL(faults("device/x/config", "{"), 1);
    CU_ASSERT_EQUAL(faults("device/x/config", "[]"), 1);
    CU_ASSERT_EQUAL(faults("device/x/config", "{" HEAD ",\"exp_aft\":15,\"cmps\":{" SOC "}}"), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(doc.why, "exp_aft"));
    CU_ASSERT_EQUAL(doc.n, 0);
    CU_ASSERT_EQUAL(faults("device/x/config", "{\"o\":{\"name\":\"y\"},\"cmps\":{" SOC "}}"), 1);
    CU_ASSERT_EQUAL(
        faults("device/x/config", "{\"dev\":{\"ids\":[\"x\"]},\"o\":{},\"cmps\":{" SOC "}}"), 1);
    CU_ASSERT_EQUAL(faults("device/x/config", "{" HEAD "}"), 1);
    /* the topic */
    CU_ASSERT_EQUAL(faults("device/a b/config", "{}"), 1);
    CU_ASSERT_EQUAL(faults("device/config", "{}"), 1);
    CU_ASSERT_EQUAL(faults("device/a/b/c/config", "{}"), 1);
    CU_ASSERT_EQUAL(faults("device//config", "{}"), 1);
}

#define SENSOR(class_, unit, state)                                   \
    "\"e\":{\"p\":\"sensor\",\"uniq_id\":\"u\",\"dev_cla\":\"" class_ \
    "\",\"unit_of_meas\":\"" unit "\",\"stat_cla\":\"" state "\"}"

static void test_entity_rules(void)
{
    CU_ASSERT_EQUAL(device("\"e\":{\"name\":\"no platform\"}"), 1);
    CU_ASSERT_EQUAL(device("\"e\":{\"p\":\"sensor\",\"name\":\"no id\"}"), 1);
    CU_ASSERT_EQUAL(device(SOC "," SOC), 2); /* a key and an id twice */
    CU_ASSERT_EQUAL(doc.n, 1);
    CU_ASSERT_EQUAL(device("\"e\":{\"p\":\"sensor\",\"uniq_id\":\"u\",\"avty_t\":\"x\"}"), 1);
    CU_ASSERT_EQUAL(device("\"e\":{\"p\":\"sensor\",\"uniq_id\":\"u\",\"exp_aft\":\"15\"}"), 1);
    CU_ASSERT_EQUAL(device("\"e\":{\"p\":\"sensor\",\"uniq_id\":\"u\",\"exp_aft\":1.5}"), 1);
    CU_ASSERT_EQUAL(device("\"e\":{\"p\":\"sensor\",\"uniq_id\":\"u\",\"avty\":[{}]}"), 1);
    CU_ASSERT_EQUAL(faults("sensor/x/config", "{\"uniq_id\":\"u\"}"), 1); /* no state topic */
    CU_ASSERT_EQUAL(device(SENSOR("voltage", "mV", "measurement")), 0);
    CU_ASSERT_EQUAL(device(SENSOR("voltage", "volt", "measurement")), 1);
    CU_ASSERT_EQUAL(device(SENSOR("temperature",
                                  "\xC2\xB0"
                                  "C",
                                  "measurement")),
                    0);
    CU_ASSERT_EQUAL(device(SENSOR("temperature", "C", "measurement")), 1);
    CU_ASSERT_EQUAL(device(SENSOR("energy", "kWh", "measurement")), 1); /* the design note's */
    CU_ASSERT_EQUAL(device(SENSOR("energy", "kWh", "total_increasing")), 0);
    CU_ASSERT_EQUAL(device(SENSOR("energy_storage", "Wh", "measurement")), 0);
    CU_ASSERT_EQUAL(device(SENSOR("charge", "Ah", "measurement")), 1);
    CU_ASSERT_EQUAL(device(SENSOR("", "Ah", "measurement")), 0);
    CU_ASSERT_EQUAL(device(SENSOR("", "Ah", "mean")), 1);
    CU_ASSERT_EQUAL(
        device("\"e\":{\"p\":\"binary_sensor\",\"uniq_id\":\"u\",\"dev_cla\":\"alarm\"}"), 1);
}

static void read_cut(struct span cut, void *ctx)
{
    (void)ctx;
    ha_document_free(&doc);
    ha_document_read("device/x/config", cut, &doc);
    CU_ASSERT_EQUAL(doc.n, 0);
    CU_ASSERT_EQUAL(doc.faults, cut.n > 0);
}

static void read_flipped(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    (void)byte;
    (void)bit;
    (void)ctx;
    ha_document_free(&doc);
    ha_document_read("device/x/config", flipped, &doc);
    CU_ASSERT_TRUE(doc.n <= 1);
}

static void test_damaged(void)
{
    struct span text = SPAN_LIT("{" HEAD "," AVTY ",\"stat_t\":\"x/state\",\"cmps\":{" SOC "}}");
    testing_every_truncation(text, read_cut, NULL);
    testing_every_bit_flip(text, read_flipped, NULL);
    ha_document_free(&doc);
}

/* ---- templates ---- */

static void renders(const char *template, const char *payload, enum ha_rendered state,
                    const char *want)
{
    char out[64];
    enum ha_rendered got = ha_template_render(template, span_str(payload), out, sizeof out);
    if (got != state || strcmp(out, want) != 0)
        TESTING_FAIL("%s on %s: %d '%s'", template, payload, (int)got, out);
}

static void test_templates(void)
{
    const char *p = "{\"a\":{\"b\":[1,2.50,\"x\"]},\"t\":true,\"n\":null,\"s\":\"On\",\"i\":-3}";
    renders("{{ value }}", "60.5", HA_RENDERED, "60.5");
    renders("{{value_json.a.b[1]}}", p, HA_RENDERED, "2.50");
    renders("{{ value_json['a'][\"b\"][2] | upper }}", p, HA_RENDERED, "X");
    renders("{{ value_json.t }}", p, HA_RENDERED, "True");
    renders("{{ value_json.n }}", p, HA_RENDERED, "None");
    renders("{{ value_json.s | lower }}", p, HA_RENDERED, "on");
    renders("{{ value_json.i | float | round(2) | int(0) }}", p, HA_RENDERED, "-3");
    renders("{{ value_json.z }}", p, HA_UNDEFINED, "");
    renders("{{ value_json.a.b[9] }}", p, HA_UNDEFINED, "");
    renders("{{ value_json.a.b.c }}", p, HA_UNDEFINED, "");
    renders("{{ value_json.a }}", "no json", HA_UNDEFINED, "");
    renders("{{ value_json.z | default(none) }}", p, HA_RENDERED, "None");
    renders("{{ value_json.z|default('unknown') }}", p, HA_RENDERED, "unknown");
    renders("{{ value_json.i|default(0) }}", p, HA_RENDERED, "-3");
    renders("{{ value_json.z | default(0) | is_defined }}", p, HA_RENDERED, "0");
    renders("{{ value_json.i * 2 }}", p, HA_UNSUPPORTED, "");
    renders("{% if value %}", p, HA_UNSUPPORTED, "");
    renders("{{ value_json.i | sum }}", p, HA_UNSUPPORTED, "");
    renders("{{ value_json. }}", p, HA_UNSUPPORTED, "");
    renders("{{ value_json[ }}", p, HA_UNSUPPORTED, "");
    renders("{{ value_json['a }}", p, HA_UNSUPPORTED, "");
    renders("{{ value | default(3 }}", p, HA_UNSUPPORTED, "");
    renders("{{ value | round(3 }}", p, HA_UNSUPPORTED, "");
    renders("{{ value }} %", p, HA_UNSUPPORTED, "");
    renders("{{ value", p, HA_UNSUPPORTED, "");
    renders("{{ other }}", p, HA_UNSUPPORTED, "");
    renders("text", p, HA_UNSUPPORTED, "");
    renders("", p, HA_UNSUPPORTED, "");
}

/* ---- the table ---- */

static void test_table(void)
{
    struct ha_table *t = NULL;
    enum dim dim = DIM_COUNT;
    struct span text = SPAN_LIT("# names\n\nsoc sensor battery % measurement\n"
                                "cell_#_voltage sensor voltage V measurement\n"
                                "problem binary_sensor problem - -\n");
    CU_ASSERT_EQUAL_FATAL(ha_table_parse("t", text, NULL, &t), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL(ha_table_find(t, "soc"));
    CU_ASSERT_PTR_NOT_NULL(ha_table_find(t, "cell_15_voltage"));
    CU_ASSERT_PTR_NULL(ha_table_find(t, "cell_0_voltage"));
    CU_ASSERT_PTR_NULL(ha_table_find(t, "cell__voltage"));
    CU_ASSERT_PTR_NULL(ha_table_find(t, "soc_"));
    CU_ASSERT_PTR_NULL(ha_table_find(t, "so"));
    CU_ASSERT_TRUE(ha_signal_dim(t, "bms12.cell_3_voltage", &dim) && dim == DIM_VOLTAGE);
    CU_ASSERT_TRUE(ha_signal_dim(t, "soc", &dim) && dim == DIM_RATIO);
    CU_ASSERT_TRUE(ha_signal_dim(t, "soc.expire_after", &dim) && dim == DIM_TIME);
    CU_ASSERT_TRUE(ha_signal_dim(t, "bms1.problem.device_class", &dim) && dim == DIM_NONE);
    CU_ASSERT_FALSE(ha_signal_dim(t, "sock", &dim));
    CU_ASSERT_FALSE(ha_signal_dim(t, "soc.class", &dim));
    CU_ASSERT_FALSE(ha_signal_dim(t, "bms1.", &dim));
    CU_ASSERT_STRING_EQUAL(ha_table_nearest(t, "bms1.sok"), "soc");
    ha_table_delete(t);
    CU_ASSERT_EQUAL(ha_table_parse("t", SPAN_LIT("soc sensor battery %\n"), NULL, &t), ERR_SYNTAX);
    CU_ASSERT_EQUAL(ha_table_parse("t", SPAN_LIT("a b c d e f\n"), NULL, &t), ERR_SYNTAX);
}

/* ---- over time ---- */

struct bench {
    struct events events;
    struct manifest manifest;
    struct scenario *scenario;
    struct ha_table *table;
};

/* `timeline`: the stimuli that the events refer to. */
static void bench_open(struct bench *b, const char *timeline)
{
    char text[1024];
    memset(b, 0, sizeof *b);
    snprintf(b->manifest.ha_prefix, sizeof b->manifest.ha_prefix, "homeassistant");
    snprintf(b->manifest.ha_birth, sizeof b->manifest.ha_birth, "homeassistant/status");
    snprintf(b->manifest.ha_bank, sizeof b->manifest.ha_bank, "x_bank");
    snprintf(b->manifest.ha_battery, sizeof b->manifest.ha_battery, "x_");
    snprintf(text, sizeof text,
             "scenario T-1 \"t\"\ncovers X-1\nduration 60 s\n[bms 1]\nmodel pylontech.us3000c\n"
             "[timeline]\n%s@59s ha check soc = 1 %% req X-1\n",
             timeline);
    enum err err = scenario_parse("t.scn", span_str(text), NULL, &b->scenario);
    if (err != ERR_OK && b->scenario)
        conf_print_errors(b->scenario->file, stderr);
    CU_ASSERT_EQUAL_FATAL(err, ERR_OK);
    CU_ASSERT_EQUAL_FATAL(
        ha_table_parse("t", SPAN_LIT("soc sensor battery % measurement\n"), stderr, &b->table),
        ERR_OK);
}

static void bench_close(struct bench *b)
{
    scenario_delete(b->scenario);
    events_free(&b->events);
    ha_table_delete(b->table);
}

static void mqtt(struct bench *b, int64_t ms, const char *topic, const char *payload, bool retain)
{
    struct event e = {.kind = EVENT_MQTT,
                      .t_us = ms * 1000,
                      .topic = topic,
                      .data = (const uint8_t *)payload,
                      .size = strlen(payload),
                      .retain = retain};
    events_add(&b->events, &e);
}

static void stimulus(struct bench *b, int64_t ms, uint32_t statement)
{
    struct event e = {.kind = EVENT_STIMULUS, .t_us = ms * 1000, .index = statement};
    events_add(&b->events, &e);
}

/* "1.000 missing; 2.000 60; 17.000 unavailable" */
static const char *history(struct bench *b, const char *signal)
{
    static char text[2048];
    struct buf out = buf_of(text, sizeof text - 1);
    struct judge_input in = {.scenario = b->scenario,
                             .manifest = &b->manifest,
                             .entities = b->table,
                             .events = &b->events,
                             .end_us = 60000000};
    struct series s;
    series_build(&in, SINK_HA, signal, &s);
    for (size_t i = 0; i < s.n; i++) {
        char value[80];
        sample_format(NULL, &s.at[i], value, sizeof value);
        buf_str(&out, i ? "; " : "");
        buf_fixed(&out, s.at[i].t_us / 1000, 3, true);
        buf_printf(&out, " %s", value);
    }
    series_free(&s);
    text[out.n] = 0;
    return text;
}

#define CONFIG "homeassistant/device/x/config"
#define BANK   "{" HEAD "," AVTY ",\"stat_t\":\"x/state\",\"cmps\":{" SOC "}}"
#define MORTAL                                                            \
    "{" HEAD ",\"stat_t\":\"x/state\",\"cmps\":{\"e\":{\"p\":\"sensor\"," \
    "\"uniq_id\":\"x_bank_soc\",\"val_tpl\":\"{{ value_json.soc }}\"}}}"

static void announce(struct bench *b, int64_t ms)
{
    mqtt(b, ms, CONFIG, BANK, true);
    mqtt(b, ms, "x/status", "online", true);
    mqtt(b, ms, "x/avty", "online", true);
}

static void test_life(void)
{
    struct bench b;
    bench_open(&b, "");
    mqtt(&b, 500, "x/state", "{\"soc\":1}", false); /* before it is announced: nobody listens */
    announce(&b, 1000);
    mqtt(&b, 2000, "x/state", "{\"soc\":60.5}", false);
    mqtt(&b, 3000, "x/state", "{\"soc\":null}", false);
    mqtt(&b, 4000, "x/state", "{}", false); /* a missing key: the old value stays */
    mqtt(&b, 5000, "x/state", "{\"soc\":50}", false);
    mqtt(&b, 6000, "x/state", "{\"soc\":\"nan\"}", false);
    mqtt(&b, 7000, "x/avty", "offline", true);
    mqtt(&b, 8000, "x/state", "{\"soc\":40}", false);
    mqtt(&b, 9000, "x/avty", "online", true);
    mqtt(&b, 30000, "x/state", "{\"soc\":30}", false);
    mqtt(&b, 31000, CONFIG, "", true);
    CU_ASSERT_STRING_EQUAL(history(&b, "soc"),
                           "1 unavailable; 1 unavailable; 1 unknown; 2 60.5; 3 unknown; 4 unknown; "
                           "5 50; 6 50; 7 unavailable; 8 unavailable; 9 40; 23 unavailable; 30 30; "
                           "31 missing");
    CU_ASSERT_STRING_EQUAL(history(&b, "soc.expire_after"),
                           "1 15; 1 15; 1 15; 2 15; 3 15; 4 15; 5 15; 6 15; 7 15; 8 15; 9 15; "
                           "30 15; 31 missing");
    CU_ASSERT_STRING_EQUAL(history(&b, "$refused"),
                           "1 0; 2 0; 3 0; 4 0; 5 0; 6 1; 8 1; 30 1; 31 1");
    CU_ASSERT_STRING_EQUAL(history(&b, "$entities"),
                           "1 1; 2 1; 3 1; 4 1; 5 1; 6 1; 8 1; 30 1; 31 0");
    CU_ASSERT_STRING_EQUAL(history(&b, "bms1.soc"), "1 missing");
    bench_close(&b);
}

/* What is announced without an end stays for ever. */
static void test_mortal(void)
{
    struct bench b;
    bench_open(&b, "");
    mqtt(&b, 1000, CONFIG, MORTAL, false);
    mqtt(&b, 2000, "x/state", "{\"soc\":60}", true);
    CU_ASSERT_STRING_EQUAL(history(&b, "soc"), "1 unknown; 2 60");
    CU_ASSERT_STRING_EQUAL(history(&b, "$mortal"), "1 1; 2 1");
    CU_ASSERT_STRING_EQUAL(history(&b, "$mistyped"), "1 1; 2 1");
    CU_ASSERT_STRING_EQUAL(history(&b, "$unretained"), "1 1; 2 1");
    CU_ASSERT_STRING_EQUAL(history(&b, "$retained"), "1 0; 2 1");
    CU_ASSERT_STRING_EQUAL(history(&b, "soc.retained"), "1 0; 2 0");
    bench_close(&b);
}

/* M41: it starts again; what is retained it finds, a state only when one comes. */
static void test_birth(void)
{
    struct bench b;
    bench_open(&b, "@10s broker publish \"homeassistant/status\" \"online\"\n");
    announce(&b, 1000);
    mqtt(&b, 2000, "x/state", "{\"soc\":60}", false);
    stimulus(&b, 10000, 0);
    mqtt(&b, 10000, "homeassistant/status", "online", false);
    mqtt(&b, 12000, "x/state", "{\"soc\":61}", false);
    CU_ASSERT_STRING_EQUAL(history(&b, "soc"),
                           "1 unavailable; 1 unavailable; 1 unknown; 2 60; 10 unknown; 12 61; "
                           "27 unavailable");
    b.events.at[0].retain = false; /* the document was not retained: gone until it comes again */
    CU_ASSERT_STRING_EQUAL(history(&b, "soc"),
                           "1 unavailable; 1 unavailable; 1 unknown; 2 60; 10 missing");
    bench_close(&b);
}

/* M40: the broker forgets; M42: the timeline itself leaves a ghost, which is not the bridge's. */
static void test_broker(void)
{
    struct bench b;
    bench_open(&b, "@5s broker reset\n"
                   "@10s broker publish \"homeassistant/status\" \"online\"\n"
                   "@12s broker publish \"" CONFIG "\" \"\" retain\n");
    announce(&b, 1000);
    mqtt(&b, 2000, "x/state", "{\"soc\":60}", false);
    stimulus(&b, 5000, 0);
    mqtt(&b, 6000, "x/state", "{\"soc\":61}", false);
    stimulus(&b, 10000, 1);
    announce(&b, 11000);
    stimulus(&b, 12000, 2);
    mqtt(&b, 12000, CONFIG, "", true);
    CU_ASSERT_STRING_EQUAL(history(&b, "soc"),
                           "1 unavailable; 1 unavailable; 1 unknown; 2 60; 5 60; 6 61; "
                           "10 missing; 11 unavailable; 11 unavailable; 11 unknown; 12 missing");
    CU_ASSERT_STRING_EQUAL(history(&b, "$removals"), "1 0; 2 0; 5 0; 6 0; 10 0; 11 0");
    CU_ASSERT_STRING_EQUAL(history(&b, "$configs"), "1 1; 2 1; 5 1; 6 1; 10 1; 11 2");
    bench_close(&b);
}

/* ---- statements ---- */

static enum verdict_code judge(struct bench *b, const char *line)
{
    char text[512];
    struct verdict *list = NULL;
    struct scenario *s = NULL;
    size_t n = 0;
    snprintf(text, sizeof text,
             "scenario T-1 \"t\"\ncovers X-1\nduration 60 s\n[bms 1]\nmodel pylontech.us3000c\n"
             "[timeline]\n@5s bms 1 unplug\n%s req X-1\n",
             line);
    if (scenario_parse("t.scn", span_str(text), NULL, &s) != ERR_OK && s)
        conf_print_errors(s->file, stderr);
    struct judge_input in = {.scenario = s,
                             .manifest = &b->manifest,
                             .entities = b->table,
                             .events = &b->events,
                             .end_us = 60000000};
    CU_ASSERT_EQUAL_FATAL(judge_run(&in, &list, &n), ERR_OK);
    enum verdict_code code = n ? list[0].code : VERDICT_HARNESS_ERROR;
    verdicts_free(list, n);
    scenario_delete(s);
    return code;
}

/* The report names the rule and the entity. */
static void test_reasons(void)
{
    struct bench b;
    char why[200] = "";
    bench_open(&b, "");
    mqtt(&b, 1000, CONFIG, MORTAL, true);
    mqtt(&b, 2000, CONFIG, "{\"exp_aft\":1}", true);
    mqtt(&b, 3000, "x/state", "{}", false);
    struct judge_input in = {
        .scenario = b.scenario, .manifest = &b.manifest, .entities = b.table, .events = &b.events};
    CU_ASSERT_TRUE(ha_explain(&in, "$mortal", 0, why, sizeof why));
    CU_ASSERT_STRING_EQUAL(why, "x_bank_soc (sensor, class '', unit '', state class '')");
    CU_ASSERT_TRUE(ha_explain(&in, "$mistyped", 0, why, sizeof why));
    CU_ASSERT_FALSE(ha_explain(&in, "$malformed", 0, why, sizeof why));
    CU_ASSERT_FALSE(ha_explain(&in, "$unknown", 0, why, sizeof why));
    CU_ASSERT_TRUE(ha_explain(&in, "$malformed", 1, why, sizeof why));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "unknown key 'exp_aft'"));
    CU_ASSERT_FALSE(ha_explain(&in, "$mortal", 2, why, sizeof why));
    CU_ASSERT_FALSE(ha_explain(&in, "$mortal", SIZE_MAX, why, sizeof why));
    bench_close(&b);
}

static void test_statements(void)
{
    struct bench b;
    bench_open(&b, "@5s bms 1 unplug\n");
    announce(&b, 1000);
    mqtt(&b, 2000, "x/state", "{\"soc\":60}", false);
    stimulus(&b, 5000, 0);
    mqtt(&b, 7000, "x/state", "{\"soc\":61}", false);
    mqtt(&b, 9000, "x/avty", "offline", true);
    mqtt(&b, 20000, "x/avty", "online", true);
    CU_ASSERT_EQUAL(judge(&b, "@8s ha check soc = 61 %"), VERDICT_PASS);
    CU_ASSERT_EQUAL(judge(&b, "@8s ha check soc = 60 %"), VERDICT_FAIL);
    CU_ASSERT_EQUAL(judge(&b, "@10s ha check soc = \"unavailable\""), VERDICT_PASS);
    CU_ASSERT_EQUAL(judge(&b, "@8s ha check soc = \"unavailable\""), VERDICT_FAIL);
    CU_ASSERT_EQUAL(judge(&b, "@10s ha check soc != 61 %"), VERDICT_FAIL); /* it is no number */
    CU_ASSERT_EQUAL(judge(&b, "@8s ha check soc.unit = \"%\""), VERDICT_PASS);
    CU_ASSERT_EQUAL(judge(&b, "@8s ha check soc is set"), VERDICT_PASS);
    CU_ASSERT_EQUAL(judge(&b, "@10s ha check soc is set"), VERDICT_FAIL);
    CU_ASSERT_EQUAL(judge(&b, "@2s..8s ha always fresh"), VERDICT_PASS);
    CU_ASSERT_EQUAL(judge(&b, "@9s..19s ha always stale"), VERDICT_PASS);
    CU_ASSERT_EQUAL(judge(&b, "@9s..21s ha always stale"), VERDICT_FAIL);
    CU_ASSERT_EQUAL(judge(&b, "within 5 s of event ha stale"), VERDICT_PASS);
    CU_ASSERT_EQUAL(judge(&b, "within 3 s of event ha stale"), VERDICT_FAIL);
    CU_ASSERT_EQUAL(judge(&b, "@2s..8s ha every 5 s tol 1 s"), VERDICT_PASS);
    CU_ASSERT_EQUAL(judge(&b, "@2s..20s ha every 5 s tol 1 s"), VERDICT_FAIL);
    CU_ASSERT_EQUAL(judge(&b, "@8s..20s ha always silent 10 s"), VERDICT_PASS);
    CU_ASSERT_EQUAL(judge(&b, "@1s..20s ha always $mortal = 0"), VERDICT_PASS);
    CU_ASSERT_EQUAL(judge(&b, "@1s..20s ha never soc > 60 %"), VERDICT_FAIL);
    bench_close(&b);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"a device", test_device},
        {"other forms", test_other_forms},
        {"rules of the root", test_root_rules},
        {"rules of entities", test_entity_rules},
        {"damaged documents", test_damaged},
        {"templates", test_templates},
        {"the table", test_table},
        {"values, unknown, availability, expiry", test_life},
        {"what stays for ever", test_mortal},
        {"a restart of Home Assistant", test_birth},
        {"a broker that forgets", test_broker},
        {"reasons", test_reasons},
        {"statements", test_statements},
        {0},
    };
    return testing_main(argc, argv, "ha", cases);
}
