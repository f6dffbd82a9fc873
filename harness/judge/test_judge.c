/* SPDX-License-Identifier: Apache-2.0
 *
 * Each statement of the language on made-up events: what passes, what fails, and what proves
 * nothing. Frames are literals: 351 with CCL 37.0 A is 140272017201C201, with CCL 0 is
 * 140200007201C201.
 */
#include <stdio.h>
#include <string.h>

#include "harness/judge/judge.h"
#include "testing/testing.h"

static const char table[] = "BO_ 849 limits: 8 BMS\n"
                            " SG_ cvl : 0|16@1+ (0.1,0) [40|63] \"V\" INV\n"
                            " SG_ ccl : 16|16@1- (0.1,0) [0|1200] \"A\" INV\n"
                            " SG_ dcl : 32|16@1- (0.1,0) [0|1200] \"A\" INV\n"
                            "BO_ 853 state: 4 BMS\n"
                            " SG_ soc : 0|16@1+ (1,0) [0|100] \"%\" INV\n"
                            "BO_ 773 keepalive: 8 INV\n";

#define CCL_37 "351#140272017201C201"
#define CCL_0  "351#140200007201C201"
#define ALL_0  "351#140200000000C201"

struct bench {
    struct events events;
    struct dbc *dbc;
    struct manifest manifest;
    struct scenario *scenario;
    struct verdict *list;
    size_t n;
};

static void bench_open(struct bench *b)
{
    memset(b, 0, sizeof *b);
    CU_ASSERT_EQUAL_FATAL(dbc_parse("t", span_str(table), stderr, &b->dbc), ERR_OK);
    b->manifest.has_can = b->manifest.has_json = true;
    b->manifest.can_period_us = b->manifest.json_period_us = 1000000;
    snprintf(b->manifest.topic, sizeof b->manifest.topic, "x/battery");
    snprintf(b->manifest.status_topic, sizeof b->manifest.status_topic, "x/status");
    snprintf(b->manifest.status_offline, sizeof b->manifest.status_offline, "offline");
}

static void bench_close(struct bench *b)
{
    verdicts_free(b->list, b->n);
    scenario_delete(b->scenario);
    events_free(&b->events);
    dbc_delete(b->dbc);
}

static void can(struct bench *b, int64_t ms, const char *frame)
{
    struct event e = {.kind = EVENT_CAN, .t_us = ms * 1000};
    CU_ASSERT_FATAL(can_msg_parse(span_str(frame), &e.can));
    events_add(&b->events, &e);
}

static void mqtt(struct bench *b, int64_t ms, const char *topic, const char *payload)
{
    struct event e = {.kind = EVENT_MQTT,
                      .t_us = ms * 1000,
                      .topic = topic,
                      .data = (const uint8_t *)payload,
                      .size = strlen(payload)};
    events_add(&b->events, &e);
}

static void mark(struct bench *b, enum event_kind kind, int64_t ms, uint32_t statement,
                 uint64_t late_us)
{
    struct event e = {.kind = kind, .t_us = ms * 1000, .index = statement, .late_us = late_us};
    events_add(&b->events, &e);
}

/* Judges one timeline and returns the verdict of its first judging line. */
static enum verdict_code judge(struct bench *b, const char *timeline, uint64_t slack_us)
{
    char text[2048];
    verdicts_free(b->list, b->n);
    b->list = NULL;
    b->n = 0;
    scenario_delete(b->scenario);
    b->scenario = NULL;
    snprintf(text, sizeof text,
             "scenario T-1 \"t\"\ncovers X-1\nduration 60 s\n[bms 1]\nmodel pylontech.us3000c\n"
             "[timeline]\n%s\n",
             timeline);
    enum err err = scenario_parse("t.scn", span_str(text), NULL, &b->scenario);
    if (err != ERR_OK && b->scenario)
        conf_print_errors(b->scenario->file, stderr);
    CU_ASSERT_EQUAL_FATAL(err, ERR_OK);
    events_sort(&b->events);
    struct judge_input in = {.scenario = b->scenario,
                             .manifest = &b->manifest,
                             .dbc = b->dbc,
                             .events = &b->events,
                             .end_us = 60000000,
                             .slack_us = slack_us,
                             .taint_us = 2000};
    CU_ASSERT_EQUAL_FATAL(judge_run(&in, &b->list, &b->n), ERR_OK);
    CU_ASSERT_FATAL(b->n > 0);
    return b->list[0].code;
}

#define EXPECT(code, timeline)                                                               \
    do {                                                                                     \
        enum verdict_code got_ = judge(&b, timeline, 0);                                     \
        if (got_ != (code))                                                                  \
            TESTING_FAIL("%s: got %s (%s)", timeline, verdict_name(got_), b.list[0].actual); \
    } while (0)

#define CUT "@10s bms 1 set cell 5 voltage 3.700 V\n"

static void test_within_event_and_delivered(void)
{
    struct bench b;
    bench_open(&b);
    can(&b, 9000, CCL_37);
    mark(&b, EVENT_STIMULUS, 10000, 0, 0);
    can(&b, 10500, CCL_37);
    mark(&b, EVENT_DELIVERED, 11000, 0, 0);
    can(&b, 11150, CCL_0);
    EXPECT(VERDICT_PASS, CUT "within 200 ms of delivered can ccl = 0 A req X-1");
    CU_ASSERT_EQUAL(b.list[0].from_delivered_us, 150000);
    CU_ASSERT_EQUAL(b.list[0].from_event_us, 1150000);
    EXPECT(VERDICT_FAIL, CUT "within 100 ms of delivered can ccl = 0 A req X-1");
    CU_ASSERT_EQUAL(b.list[0].from_delivered_us, 150000);
    EXPECT(VERDICT_PASS, CUT "within 1.2 s of event can ccl = 0 A req X-1");
    EXPECT(VERDICT_FAIL, CUT "within 1.1 s of event can ccl = 0 A req X-1");
    EXPECT(VERDICT_FAIL, CUT "within 200 ms of delivered can dcl = 0 A req X-1");
    CU_ASSERT_EQUAL(judge(&b, CUT "within 149 ms of delivered can ccl = 0 A req X-1", 2000),
                    VERDICT_PASS_SLACK);
    bench_close(&b);
}

static void test_within_needs_a_change(void)
{
    struct bench b;
    bench_open(&b);
    can(&b, 9000, CCL_0);
    mark(&b, EVENT_STIMULUS, 10000, 0, 0);
    can(&b, 10100, CCL_0);
    EXPECT(VERDICT_FAIL, CUT "within 1 s of event can ccl = 0 A req X-1");
    EXPECT(VERDICT_PASS, CUT "within 1 s of event can ccl = 0 A still req X-1");
    EXPECT(VERDICT_INCONCLUSIVE, CUT "within 1 s of delivered can ccl = 0 A req X-1");
    bench_close(&b);
}

static void test_late_bytes_are_inconclusive(void)
{
    struct bench b;
    bench_open(&b);
    can(&b, 9000, CCL_37);
    mark(&b, EVENT_STIMULUS, 10000, 0, 0);
    mark(&b, EVENT_DELIVERED, 11000, 0, 30000);
    can(&b, 11300, CCL_0);
    EXPECT(VERDICT_INCONCLUSIVE, CUT "within 200 ms of delivered can ccl = 0 A req X-1");
    EXPECT(VERDICT_PASS, CUT "within 400 ms of delivered can ccl = 0 A req X-1");
    bench_close(&b);
}

static void test_windows(void)
{
    struct bench b;
    bench_open(&b);
    can(&b, 1000, CCL_37);
    can(&b, 14500, CCL_0);
    can(&b, 15500, CCL_0);
    EXPECT(VERDICT_PASS, "@14s..20s can never ccl > 0 A req X-1");
    EXPECT(VERDICT_PASS, "@14s..20s can always ccl = 0 A req X-1");
    EXPECT(VERDICT_FAIL, "@0s..20s can never ccl > 0 A req X-1");
    EXPECT(VERDICT_FAIL, "@0s..20s can always ccl = 0 A req X-1");
    EXPECT(VERDICT_FAIL, "@30s..40s can always ccl = 0 A req X-1");
    EXPECT(VERDICT_PASS, "@30s..40s can never ccl > 0 A req X-1");
    EXPECT(VERDICT_PASS, "@14s..20s can always cvl in 53 V..54 V req X-1");
    EXPECT(VERDICT_FAIL, "@14s..20s can always cvl in 54 V..55 V req X-1");
    EXPECT(VERDICT_PASS, "@2s can check ccl > 0 A req X-1");
    EXPECT(VERDICT_FAIL, "@0.5s can check ccl > 0 A req X-1");
    EXPECT(VERDICT_FAIL, "@16s can check ccl > 0 A req X-1");
    EXPECT(VERDICT_PASS, "@16s can check ccl = 0.4 A tol 0.5 A req X-1");
    bench_close(&b);
    bench_open(&b);
    EXPECT(VERDICT_INCONCLUSIVE, "@30s..40s can never ccl > 0 A req X-1");
    bench_close(&b);
}

static void beats(struct bench *b, int64_t from_ms, int64_t to_ms, int64_t step_ms,
                  const char *frame)
{
    for (int64_t t = from_ms; t <= to_ms; t += step_ms)
        can(b, t, frame);
}

static void test_every(void)
{
    struct bench b;
    bench_open(&b);
    beats(&b, 500, 20500, 1000, CCL_37);
    EXPECT(VERDICT_PASS, "@3s..20s can every 1 s tol 25 %: 0x351 req X-1");
    EXPECT(VERDICT_FAIL, "@3s..20s can every 1 s tol 25 %: 0x351 0x355 req X-1");
    EXPECT(VERDICT_FAIL, "@3s..30s can every 1 s tol 25 %: 0x351 req X-1");
    EXPECT(VERDICT_FAIL, "@3s..20s can every 2 s tol 25 %: 0x351 req X-1");
    EXPECT(VERDICT_FAIL, "@3s..20s can every 500 ms tol 25 %: 0x351 req X-1");
    can(&b, 10700, CCL_0); /* an emergency may come early, and so may the return */
    EXPECT(VERDICT_PASS, "@3s..20s can every 1 s tol 25 %: 0x351 req X-1");
    can(&b, 17800, CCL_37); /* a mere repetition may not */
    EXPECT(VERDICT_FAIL, "@3s..20s can every 1 s tol 25 %: 0x351 req X-1");
    bench_close(&b);
}

static void test_every_mean(void)
{
    struct bench b;
    bench_open(&b);
    beats(&b, 500, 20500, 1000, CCL_37);
    can(&b, 10700, CCL_0); /* an emergency does not spoil the mean */
    EXPECT(VERDICT_PASS, "@1s..20s can every 1 s tol 20 % mean 1 %: 0x351 req X-1");
    EXPECT(VERDICT_INCONCLUSIVE, "@1s..4s can every 1 s tol 20 % mean 1 %: 0x351 req X-1");
    bench_close(&b);
    bench_open(&b);
    beats(&b, 500, 20500, 1050, CCL_37);
    EXPECT(VERDICT_PASS, "@1s..20s can every 1 s tol 20 %: 0x351 req X-1");
    EXPECT(VERDICT_FAIL, "@1s..20s can every 1 s tol 20 % mean 1 %: 0x351 req X-1");
    bench_close(&b);
}

static void test_stale_by_silence(void)
{
    struct bench b;
    bench_open(&b);
    beats(&b, 500, 20500, 1000, CCL_37);
    mark(&b, EVENT_STIMULUS, 18000, 0, 0);
    beats(&b, 40000, 59000, 1000, CCL_37);
#define PULL "@18s bms 1 unplug\n"
    EXPECT(VERDICT_PASS, PULL "within 6 s of event can stale req X-1");
    EXPECT(VERDICT_FAIL, PULL "within 5 s of event can stale req X-1");
    EXPECT(VERDICT_FAIL, "@18s bms 1 unplug\nwithin 5 s of event can fresh req X-1");
    EXPECT(VERDICT_PASS, "@24s..39s can always stale req X-1");
    EXPECT(VERDICT_FAIL, "@24s..45s can always stale req X-1");
    EXPECT(VERDICT_PASS, "@1s..20s can never stale req X-1");
    EXPECT(VERDICT_FAIL, "@1s..30s can never stale req X-1");
    EXPECT(VERDICT_PASS, "@22s..39s can always silent 10 s req X-1");
    EXPECT(VERDICT_FAIL, "@10s..39s can never silent 10 s req X-1");
    EXPECT(VERDICT_PASS, PULL "within 8 s of event can silent 5 s req X-1");
    bench_close(&b);
}

static void test_stale_by_policy(void)
{
    struct bench b;
    bench_open(&b);
    beats(&b, 500, 19500, 1000, CCL_37);
    mark(&b, EVENT_STIMULUS, 18000, 0, 0);
    beats(&b, 20500, 59500, 1000, ALL_0);
    EXPECT(VERDICT_PASS, PULL "within 3 s of event can stale req X-1"); /* undeclared takes zero */
    b.manifest.stale_can = STALE_ZERO;
    EXPECT(VERDICT_PASS, PULL "within 3 s of event can stale req X-1");
    b.manifest.stale_can = STALE_SILENCE;
    EXPECT(VERDICT_FAIL, PULL "within 30 s of event can stale req X-1");
    bench_close(&b);
    bench_open(&b);
    for (int64_t t = 500; t < 60000; t += 1000)
        mqtt(&b, t, "x/battery", "{\"Soc\":50}");
    mqtt(&b, 100, "x/status", "online");
    mark(&b, EVENT_STIMULUS, 18000, 0, 0);
    mqtt(&b, 25000, "x/status", "offline");
    b.manifest.stale_json = STALE_OFFLINE;
    EXPECT(VERDICT_PASS, PULL "within 8 s of event json stale req X-1");
    EXPECT(VERDICT_PASS, "@26s json check $status = \"offline\" req X-1");
    b.manifest.stale_json = STALE_SILENCE;
    EXPECT(VERDICT_FAIL, PULL "within 8 s of event json stale req X-1");
    bench_close(&b);
}

static void test_json_signals(void)
{
    struct bench b;
    bench_open(&b);
    mqtt(&b, 1000, "x/battery",
         "{\"Info\":{\"MaxChargeCurrent\":37.5},\"Name\":\"a\",\"On\":true}");
    mqtt(&b, 2000, "x/battery", "{\"Info\":{\"MaxChargeCurrent\":0}}");
    mqtt(&b, 2500, "y/battery", "{\"Info\":{\"MaxChargeCurrent\":99}}");
    EXPECT(VERDICT_PASS, "@1.5s json check Info.MaxChargeCurrent = 37.5 req X-1");
    EXPECT(VERDICT_PASS, "@3s json check Info.MaxChargeCurrent = 0 req X-1");
    EXPECT(VERDICT_PASS, "@1.5s json check Name = \"a\" req X-1");
    EXPECT(VERDICT_FAIL, "@1.5s json check Name = \"b\" req X-1");
    EXPECT(VERDICT_PASS, "@1.5s json check On is set req X-1");
    EXPECT(VERDICT_FAIL, "@3s json check On is set req X-1");
    EXPECT(VERDICT_FAIL, "@3s json check Nowhere = 0 req X-1");
    EXPECT(VERDICT_PASS, "@0s..5s json never $malformed > 0 req X-1");
    mqtt(&b, 3000, "x/battery", "{\"Soc\":NaN}");
    mqtt(&b, 3100, "x/battery", "{\"Soc\":null,\"Soc\":1}");
    EXPECT(VERDICT_FAIL, "@0s..5s json never $malformed > 0 req X-1");
    EXPECT(VERDICT_FAIL, "@0s..5s json never $nonfinite > 0 req X-1");
    EXPECT(VERDICT_FAIL, "@0s..5s json never $null > 0 req X-1");
    EXPECT(VERDICT_FAIL, "@0s..5s json never $duplicate > 0 req X-1");
    EXPECT(VERDICT_PASS, "@0s..5s json never $retained > 0 req X-1");
    b.events.at[0].retain = true;
    EXPECT(VERDICT_FAIL, "@0s..5s json never $retained > 0 req X-1");
    bench_close(&b);
}

static void test_can_counts(void)
{
    struct bench b;
    bench_open(&b);
    can(&b, 1000, CCL_37);
    can(&b, 1001, "355#5A00");
    can(&b, 1002, "400#00");
    can(&b, 1003, "305#0000000000000000");
    EXPECT(VERDICT_FAIL, "@0s..5s can never malformed > 0 req X-1");
    EXPECT(VERDICT_PASS, "@2s can check foreign = 2 req X-1");
    EXPECT(VERDICT_PASS, "@2s can check malformed = 1 req X-1");
    EXPECT(VERDICT_PASS, "@0s..5s can never extended > 0 req X-1");
    bench_close(&b);
}

static void test_can_changes(void)
{
    struct bench b;
    bench_open(&b);
    can(&b, 1000, CCL_37);
    can(&b, 2000, CCL_37);
    can(&b, 3000, CCL_0);
    can(&b, 4000, CCL_37);
    can(&b, 4500, "355#5A006400");
    can(&b, 13900, CCL_37);
    can(&b, 14500, CCL_37);
    EXPECT(VERDICT_PASS, "@2.5s can check changes = 0 req X-1");
    EXPECT(VERDICT_PASS, "@3.5s can check changes = 1 req X-1");
    EXPECT(VERDICT_PASS, "@5s can check changes = 2 req X-1");
    EXPECT(VERDICT_PASS, "@14s can check changes = 1 req X-1");
    EXPECT(VERDICT_PASS, "@15s can check changes = 0 req X-1");
    EXPECT(VERDICT_FAIL, "@0s..20s can never changes > 1 req X-1");
    bench_close(&b);
}

static void test_logins(void)
{
    struct bench b;
    bench_open(&b);
    events_add(&b.events,
               &(struct event){
                   .kind = EVENT_CONNECT, .t_us = 1000000, .refused = true, .text = "<unknown>"});
    EXPECT(VERDICT_PASS, "@2s json check $refused = 1 req X-1");
    EXPECT(VERDICT_FAIL, "@2s json check $connects = 1 req X-1");
    events_add(&b.events,
               &(struct event){.kind = EVENT_CONNECT, .t_us = 7000000, .text = "bridge"});
    EXPECT(VERDICT_PASS, "@8s json check $refused = 1 req X-1");
    EXPECT(VERDICT_PASS, "@8s json check $connects = 1 req X-1");
    bench_close(&b);
}

static void truth(struct bench *b, int64_t ms, int64_t percent)
{
    struct bms_path path;
    CU_ASSERT_FATAL(bms_path_parse(SPAN_LIT("soc"), &path));
    struct event e = {.kind = EVENT_TRUTH,
                      .t_us = ms * 1000,
                      .index = truth_key(0, path.id, path.cell),
                      .micro = percent * 1000000};
    events_add(&b->events, &e);
}

static void test_track(void)
{
    struct bench b;
    bench_open(&b);
    for (int64_t t = 0; t <= 10000; t += 100)
        truth(&b, t, 40 + t / 1000);
    for (int64_t t = 1000; t <= 9000; t += 1000) { /* one second behind */
        char frame[32];
        snprintf(frame, sizeof frame, "355#%02X006400", (unsigned)(40 + t / 1000 - 1));
        can(&b, t + 50, frame);
    }
    EXPECT(VERDICT_PASS, "@1s..9s can track soc to bms.soc tol 0 % lag 1.5 s req X-1");
    EXPECT(VERDICT_FAIL, "@1s..9s can track soc to bms.soc tol 0.5 % lag 10 ms req X-1");
    EXPECT(VERDICT_PASS, "@1s..9s can track soc to bms.soc tol 1 % lag 10 ms req X-1");
    EXPECT(VERDICT_FAIL, "@20s..30s can track soc to bms.soc tol 1 % lag 1 s req X-1");
    bench_close(&b);
}

static void test_agree(void)
{
    struct bench b;
    bench_open(&b);
    for (int64_t t = 1000; t < 10000; t += 1000) {
        can(&b, t, t < 5000 ? CCL_37 : CCL_0);
        mqtt(&b, t + 30, "x/battery",
             t < 5000 ? "{\"Info\":{\"MaxChargeCurrent\":37}}"
                      : "{\"Info\":{\"MaxChargeCurrent\":0}}");
    }
    EXPECT(VERDICT_PASS,
           "@1s..9s agree can.ccl ~ json.Info.MaxChargeCurrent tol 0.1 A lag 100 ms req X-1");
    EXPECT(VERDICT_FAIL,
           "@1s..9s agree can.ccl ~ json.Info.MaxChargeCurrent tol 0.1 A lag 10 ms req X-1");
    can(&b, 7500, CCL_37);
    EXPECT(VERDICT_FAIL,
           "@1s..9s agree can.ccl ~ json.Info.MaxChargeCurrent tol 0.1 A lag 100 ms req X-1");
    bench_close(&b);
}

static void test_excluded(void)
{
    struct bench b;
    bench_open(&b);
    can(&b, 1000, CCL_37);
    snprintf(b.manifest.exclude[0].req, sizeof b.manifest.exclude[0].req, "X-1");
    char reason[] = "no such input";
    b.manifest.exclude[0].reason = reason;
    b.manifest.n_exclude = 1;
    EXPECT(VERDICT_EXCLUDED, "@0s..5s can never ccl > 0 A req X-1");
    CU_ASSERT_STRING_EQUAL(b.list[0].actual, "no such input");
    bench_close(&b);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"within: both anchors, both latencies", test_within_event_and_delivered},
        {"within: what held before proves nothing", test_within_needs_a_change},
        {"within: late bytes make it inconclusive", test_late_bytes_are_inconclusive},
        {"always, never, check", test_windows},
        {"every: gaps, edges, emergencies", test_every},
        {"every: the mean period", test_every_mean},
        {"stale: silence", test_stale_by_silence},
        {"stale: declared policies", test_stale_by_policy},
        {"JSON paths and counts", test_json_signals},
        {"CAN counts", test_can_counts},
        {"CAN: limits that change", test_can_changes},
        {"JSON: logins, taken and refused", test_logins},
        {"track allows the lag, not more", test_track},
        {"agree needs both sides", test_agree},
        {"an excluded requirement is not judged", test_excluded},
        {0},
    };
    return testing_main(argc, argv, "judge", cases);
}
