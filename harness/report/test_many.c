/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables over many runs, from made-up results: seeds and phases.
 */
#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "harness/report/report.h"
#include "testing/testing.h"

static struct result *make(const char *path, const char *id, uint64_t seed, uint64_t phase_us,
                           enum verdict_code code)
{
    struct result *r = result_new(path);
    snprintf(r->id, sizeof r->id, "%s", id);
    r->tier = "virtual";
    r->seed = seed;
    r->phase_us = phase_us;
    r->code = code;
    return r;
}

static void add_within(struct result *r, enum verdict_code code, int64_t latency_us)
{
    r->lines = calloc(1, sizeof *r->lines);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r->lines);
    r->n_lines = 1;
    r->lines[0] = (struct result_line){.code = code,
                                       .line = 24,
                                       .limit_us = 200000,
                                       .of_delivered = true,
                                       .from_event_us = 999999,
                                       .from_delivered_us = latency_us,
                                       .statement = strdup("within 200 ms of delivered can x")};
}

static char *text_of(void (*fn)(FILE *, const struct report_options *, struct result *const *,
                                size_t),
                     const struct report_options *o, struct result *const *results, size_t n)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fn(f, o, results, n);
    fclose(f);
    return text;
}

static void free_all(struct result **results, size_t n)
{
    for (size_t i = 0; i < n; i++)
        result_delete(results[i]);
}

static void test_seeds(void)
{
    const struct report_options o = {.mode = REPORT_SEEDS, .repeats = 3};
    struct result *r[] = {
        make("a.scn", "A-1", 1, 0, VERDICT_PASS),    make("a.scn", "A-1", 2, 0, VERDICT_FAIL),
        make("a.scn", "A-1", 3, 0, VERDICT_FAIL),    make("b.scn", "B-1", 1, 0, VERDICT_PASS),
        make("b.scn", "B-1", 2, 0, VERDICT_PASS),    make("b.scn", "B-1", 3, 0, VERDICT_PASS),
        make("c.scn", "C-1", 1, 0, VERDICT_SKIPPED),
    };
    char *text = text_of(report_seeds, &o, r, 7);
    CU_ASSERT_STRING_EQUAL(text,
                           "pass rate over 3 seeds\n"
                           "     1/3     33 %  A-1                         failing seeds: 2 3\n"
                           "                   again: bmsrig run --seed 2 a.scn\n"
                           "     3/3    100 %  B-1                       \n");
    free(text);
    struct json_out *out = json_out_new();
    json_out_object(out, NULL);
    report_seeds_json(out, r, 4);
    json_out_end(out);
    CU_ASSERT(span_eq_str(json_out_text(out),
                          "{\"seeds\":[{\"scenario\":\"A-1\",\"path\":\"a.scn\",\"judged\":3,"
                          "\"passed\":1,\"failing\":[2,3]},{\"scenario\":\"B-1\",\"path\":"
                          "\"b.scn\",\"judged\":1,\"passed\":1,\"failing\":[]}]}"));
    json_out_delete(out);
    CU_ASSERT_EQUAL(report_exit_code(r, 7), 1);
    CU_ASSERT_EQUAL(report_exit_code(r + 3, 4), 0);
    free_all(r, 7);
}

static void test_sweep(void)
{
    const struct report_options o = {.mode = REPORT_SWEEP, .repeats = 4, .period_us = 1000000};
    struct result *r[4];
    static const int64_t latency[] = {7000, 190000, 3000, 12000};
    for (size_t i = 0; i < 4; i++) {
        r[i] = make("a.scn", "A-1", 1, i * 250000, VERDICT_PASS);
        add_within(r[i], VERDICT_PASS, latency[i]);
    }
    char *text = text_of(report_sweep, &o, r, 4);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "latency over 4 phases of the poll period (1000 ms)\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "      3.00 ms    12.00 ms   190.00 ms    250.0 ms  :24  "
                                        " within 200 ms of delivered can x\n"));
    free(text);
    /* a phase without any latency is worse than the worst */
    r[2]->lines[0].code = VERDICT_FAIL;
    r[2]->lines[0].from_delivered_us = NO_LATENCY;
    text = text_of(report_sweep, &o, r, 4);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "   500.0 ms  :24"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "FAILS in 1 of 4"));
    free(text);
    struct json_out *out = json_out_new();
    json_out_object(out, NULL);
    report_sweep_json(out, &o, r, 4);
    json_out_end(out);
    CU_ASSERT(span_eq_str(
        json_out_text(out),
        "{\"phase_sweep\":{\"phases\":4,\"period_us\":1000000,\"scenarios\":[{\"scenario\":\"A-1\","
        "\"path\":\"a.scn\",\"checks\":[{\"line\":24,\"statement\":\"within 200 ms of delivered "
        "can x\",\"requirement\":\"\",\"verdict\":\"fail\",\"runs\":4,\"failed\":1,\"limit_us\":"
        "200000,\"of\":\"delivered\",\"measured\":3,\"min_us\":7000,\"median_us\":12000,"
        "\"max_us\":190000,\"worst_phase_us\":500000}]}]}}"));
    json_out_delete(out);
    free_all(r, 4);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"seeds", test_seeds},
        {"phases", test_sweep},
        {0},
    };
    return testing_main(argc, argv, "many runs", cases);
}
