/* SPDX-License-Identifier: Apache-2.0
 *
 * Comparing verdicts, from the texts of reports to the text of the comparison.
 */
#define _POSIX_C_SOURCE 200809L /* open_memstream, mkdtemp */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/report/compare.h"
#include "testing/testing.h"

/* Pieces of a results.json as `bmsrig run` writes it, less what a comparison does not look at. */
#define REPORT(mode, ...) \
    "{\"bmsrig\":\"0.1.0\",\"mode\":\"" mode "\",\"results\":[" __VA_ARGS__ "]}"
#define RUN(id, verdict, reason, tier, seed, ...)                                            \
    "{\"scenario\":\"" id "\",\"title\":\"t\",\"path\":\"scenarios/" id ".scn\",\"dut\":"    \
    "\"my-bridge\",\"verdict\":\"" verdict "\",\"reason\":" reason ",\"tier\":\"" tier "\"," \
    "\"seed\":" seed ",\"can\":\"hub\",\"lines\":[" __VA_ARGS__ "]}"
#define CHECK(verdict, line, req, statement, actual)                                            \
    "{\"verdict\":\"" verdict "\",\"line\":" line ",\"requirement\":\"" req "\",\"statement\":" \
    "\"" statement "\",\"actual\":\"" actual "\"}"

#define CUT   "within 200 ms of delivered can ccl = 0 A req LIM-OV-CAN"
#define TOLD  "within 200 ms of delivered json limit = 0 A req LIM-OV-JSON"
#define LIVES "the bridge keeps running"

static const char good[] = REPORT(
    "twice",
    RUN("A-1", "pass", "null", "virtual", "1",
        CHECK("pass", "7", "LIM-OV-CAN", CUT, "after 1 ms") "," CHECK(
            "pass", "8", "LIM-OV-JSON", TOLD,
            "after 2 ms") "," CHECK("pass", "0", "SAFE-NO-CRASH", LIVES,
                                    "in the whole run")) "," RUN("B-1", "pass", "null", "virtual",
                                                                 "1",
                                                                 CHECK("pass", "9", "B", "b",
                                                                       "")) "," RUN("C-1", "pass",
                                                                                    "null",
                                                                                    "virtual", "1",
                                                                                    CHECK("pass",
                                                                                          "9", "C",
                                                                                          "c",
                                                                                          "")));

static struct compare_report parse(const char *name, const char *text)
{
    struct compare_report r = {.name = name};
    enum err err = compare_parse(span_str(text), &r);
    if (err != ERR_OK)
        TESTING_FAIL("%s: %s", name, err_text(err));
    return r;
}

/* Compares reports by their texts; the comparison's text is heap. */
static char *compare(const char *const *texts, size_t n, bool strict, int *ret_code)
{
    static const char *const names[] = {"one", "two", "three"};
    struct compare_report reports[3] = {{0}};
    struct comparison c;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    for (size_t i = 0; i < n; i++)
        reports[i] = parse(names[i], texts[i]);
    compare_make(reports, n, strict, &c);
    compare_print(out, &c);
    fclose(out);
    *ret_code = compare_exit_code(&c);
    compare_free(&c);
    for (size_t i = 0; i < n; i++)
        compare_unload(&reports[i]);
    return text;
}

#define EXPECT(strict, code, want, ...)                  \
    expect(__LINE__, (const char *const[]){__VA_ARGS__}, \
           sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), strict, code, want)
static void expect(unsigned line, const char *const *texts, size_t n, bool strict, int code,
                   const char *want)
{
    int got = -1;
    char *text = compare(texts, n, strict, &got);
    if (strcmp(text, want) != 0)
        testing_fail(__FILE__, line, "not as expected:\n%s", text);
    if (got != code)
        testing_fail(__FILE__, line, "exit code %d, not %d", got, code);
    free(text);
}

static void test_same(void)
{
    /* Other lines, another order, a pass that needed slack: the same verdicts. */
    static const char later[] = REPORT(
        "once",
        RUN("B-1", "pass", "null", "pty", "2", CHECK("pass", "19", "B", "b", "")) "," RUN(
            "A-1", "pass (slack)", "null", "pty", "2",
            CHECK("pass", "0", "SAFE-NO-CRASH", LIVES, "in the whole run") "," CHECK(
                "pass (slack)", "18", "LIM-OV-JSON", TOLD,
                "after 201 ms") "," CHECK("pass", "17", "LIM-OV-CAN", CUT,
                                          "after 9 ms")) "," RUN("C-1", "pass", "null", "pty", "2",
                                                                 CHECK("pass", "9", "C", "c", "")));
    EXPECT(false, 0,
           "A  one: 3 runs, my-bridge, virtual, hub\n"
           "B  two: 3 runs, my-bridge, pty, hub\n"
           "\n"
           "                   A     B\n"
           "pass               3     2\n"
           "pass (slack)       0     1\n"
           "\n"
           "same verdicts: 3 scenarios, 5 checks\n",
           good, later);
    EXPECT(true, 0,
           "A  one: 3 runs, my-bridge, virtual, hub\n"
           "B  two: 3 runs, my-bridge, virtual, hub\n"
           "C  three: 3 runs, my-bridge, virtual, hub\n"
           "\n"
           "                   A     B     C\n"
           "pass               3     3     3\n"
           "\n"
           "same verdicts: 3 scenarios, 5 checks\n",
           good, good, good);
}

static void test_different(void)
{
    static const char bad[] = REPORT(
        "once",
        RUN("A-1", "fail", "null", "pty", "1",
            CHECK("fail", "7", "LIM-OV-CAN", CUT, "ccl = 37 A at 12.104 s") "," CHECK(
                "pass", "8", "LIM-OV-JSON", TOLD,
                "after 2 ms") "," CHECK("pass", "0", "SAFE-NO-CRASH", LIVES,
                                        "in the whole run")) "," RUN("B-1", "harness-error",
                                                                     "\"no port\"", "pty", "1",
                                                                     "") "," RUN("C-1", "pass",
                                                                                 "null", "pty", "1",
                                                                                 CHECK("pass", "9",
                                                                                       "C", "c",
                                                                                       "")));
    EXPECT(false, 1,
           "A  one: 3 runs, my-bridge, virtual, hub\n"
           "B  two: 3 runs, my-bridge, pty, hub\n"
           "\n"
           "                   A     B\n"
           "pass               3     1\n"
           "fail               0     1\n"
           "harness-error      0     1\n"
           "\n"
           "different verdicts\n"
           "A-1  scenarios/A-1.scn\n"
           "                                 A pass           B fail\n"
           "    :7     LIM-OV-CAN            A pass           B fail\n"
           "           " CUT "\n"
           "           B: ccl = 37 A at 12.104 s\n"
           "B-1  scenarios/B-1.scn\n"
           "                                 A pass           B harness-error\n"
           "           B: no port\n"
           "\n"
           "checks that only one has judged\n"
           "    A:\n"
           "        B-1 B\n"
           "\n"
           "DIFFERENT: 2 of 3 scenarios, 1 of 4 checks\n",
           good, bad);
}

/* Both fail, by different requirements; what is demanded of every run has no line. */
static void test_other_requirement(void)
{
    static const char a[] =
        REPORT("once", RUN("A-1", "fail", "null", "pty", "1",
                           CHECK("fail", "7", "LIM-OV-CAN", CUT, "37 A") "," CHECK(
                               "pass", "0", "SAFE-NO-CRASH", LIVES, "in the whole run")));
    static const char b[] =
        REPORT("once", RUN("A-1", "fail", "null", "pty", "1",
                           CHECK("pass", "7", "LIM-OV-CAN", CUT, "after 1 ms") "," CHECK(
                               "fail", "0", "SAFE-NO-CRASH", LIVES, "signal 11 at 13.0 s")));
    EXPECT(false, 1,
           "A  one: 1 run, my-bridge, pty, hub\n"
           "B  two: 1 run, my-bridge, pty, hub\n"
           "\n"
           "                   A     B\n"
           "fail               1     1\n"
           "\n"
           "different verdicts\n"
           "A-1  scenarios/A-1.scn\n"
           "                                 A fail           B fail\n"
           "    :7     LIM-OV-CAN            A fail           B pass\n"
           "           " CUT "\n"
           "           A: 37 A\n"
           "           SAFE-NO-CRASH         A pass           B fail\n"
           "           " LIVES "\n"
           "           B: signal 11 at 13.0 s\n"
           "\n"
           "DIFFERENT: 1 of 1 scenarios, 2 of 2 checks\n",
           a, b);
}

static const char part[] =
    REPORT("once", RUN("A-1", "pass", "null", "cable", "1",
                       CHECK("pass", "7", "LIM-OV-CAN", CUT, "after 1 ms") "," CHECK(
                           "excluded", "8", "LIM-OV-JSON", TOLD,
                           "no such topic")) "," RUN("B-1", "skipped", "\"needs the hub\"", "cable",
                                                     "1", ""));

static void test_left_out(void)
{
    EXPECT(false, 0,
           "A  one: 3 runs, my-bridge, virtual, hub\n"
           "B  two: 2 runs, my-bridge, cable, hub\n"
           "\n"
           "                   A     B\n"
           "pass               3     1\n"
           "skipped            0     1\n"
           "not there          0     1\n"
           "\n"
           "left out, with reasons\n"
           "    B skipped 1: needs the hub\n"
           "        B-1\n"
           "\n"
           "scenarios that not all have\n"
           "    B has not 1:\n"
           "        C-1\n"
           "\n"
           "checks that only one has judged\n"
           "    A:\n"
           "        A-1 LIM-OV-JSON, A-1 SAFE-NO-CRASH\n"
           "\n"
           "same verdicts: 1 scenarios, 1 checks\n",
           good, part);
}

static void test_strict(void)
{
    int code = -1;
    char *text = compare((const char *const[]){good, part}, 2, true, &code);
    CU_ASSERT_EQUAL(code, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(text,
                                  "    :8     LIM-OV-JSON           A pass           B excluded\n"
                                  "           " TOLD "\n"
                                  "           B: no such topic\n"
                                  "           SAFE-NO-CRASH         A pass           B -\n"
                                  "           " LIVES "\n"
                                  "B-1  scenarios/B-1.scn\n"
                                  "                                 A pass           B skipped\n"
                                  "           B: needs the hub\n"
                                  "C-1  scenarios/C-1.scn\n"
                                  "                                 A pass           B -\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "DIFFERENT: 3 of 3 scenarios, 2 of 3 checks\n"));
    free(text);
}

/* "Could not be judged" contradicts nothing, and agrees with nothing but itself. */
static void test_inconclusive(void)
{
    static const char late[] =
        REPORT("once", RUN("B-1", "inconclusive", "null", "pty", "1",
                           CHECK("inconclusive", "9", "B", "b", "the harness was late")));
    EXPECT(false, 2,
           "A  one: 3 runs, my-bridge, virtual, hub\n"
           "B  two: 1 run, my-bridge, pty, hub\n"
           "\n"
           "                   A     B\n"
           "pass               3     0\n"
           "inconclusive       0     1\n"
           "not there          0     2\n"
           "\n"
           "could not be judged in every report\n"
           "B-1  scenarios/B-1.scn\n"
           "                                 A pass           B inconclusive\n"
           "    :9     B                     A pass           B inconclusive\n"
           "           b\n"
           "           B: the harness was late\n"
           "\n"
           "scenarios that not all have\n"
           "    B has not 2:\n"
           "        A-1, C-1\n"
           "\n"
           "no difference in 1 scenarios, 1 checks, but 1 of the scenarios could not be judged in "
           "every report\n",
           good, late);
    static const char *const both[] = {late, late};
    int code = -1;
    free(compare(both, 2, false, &code));
    CU_ASSERT_EQUAL(code, 0);
}

static void test_nothing_in_common(void)
{
    static const char other[] = REPORT("once", RUN("X-1", "pass", "null", "pty", "1", ""));
    static const char skipped[] =
        REPORT("once", RUN("X-1", "skipped", "\"no broker\"", "pty", "1", ""));
    int code = -1;
    char *text = compare((const char *const[]){good, other}, 2, false, &code);
    CU_ASSERT_EQUAL(code, 3);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "\nnothing to compare: no scenario was judged in two of these reports\n"));
    free(text);
    free(compare((const char *const[]){skipped, other}, 2, false, &code));
    CU_ASSERT_EQUAL(code, 3);
}

/* Seeds are compared with their like; the same statement twice is two checks. */
static void test_repeats(void)
{
    static const char a[] =
        REPORT("seeds", RUN("A-1", "pass", "null", "virtual", "1",
                            CHECK("pass", "7", "R", "s", "") "," CHECK(
                                "fail", "8", "R", "s", "")) "," RUN("A-1", "fail", "null",
                                                                    "virtual", "2", ""));
    static const char b[] =
        REPORT("seeds", RUN("A-1", "pass", "null", "virtual", "2", "") "," RUN(
                            "A-1", "pass", "null", "virtual", "1",
                            CHECK("pass", "7", "R", "s", "") "," CHECK("pass", "8", "R", "s", "")));
    int code = -1;
    char *text = compare((const char *const[]){a, b}, 2, false, &code);
    CU_ASSERT_EQUAL(code, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "A-1, seed 1  scenarios/A-1.scn\n"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "    :8     R                     A fail           B pass\n"));
    CU_ASSERT_PTR_NULL(strstr(text, "    :7 "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text,
                                  "A-1, seed 2  scenarios/A-1.scn\n"
                                  "                                 A fail           B pass\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "DIFFERENT: 2 of 2 scenarios, 1 of 2 checks\n"));
    free(text);
}

static void test_third(void)
{
    static const char bad[] = REPORT(
        "once", RUN("C-1", "fail", "null", "cable", "1", CHECK("fail", "9", "C", "c", "no")));
    int code = -1;
    char *text = compare((const char *const[]){good, part, bad}, 3, false, &code);
    CU_ASSERT_EQUAL(code, 1);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "C-1  scenarios/C-1.scn\n"
                     "                                 A pass           B -              C fail\n"
                     "    :9     C                     A pass           B -              C fail\n"
                     "           c\n"
                     "           C: no\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "    C has not 2:\n        A-1, B-1\n"));
    free(text);
}

/* ---- reading ---- */

static void no_report(struct span cut, void *ctx)
{
    struct compare_report r = {0};
    (void)ctx;
    CU_ASSERT_NOT_EQUAL(compare_parse(cut, &r), ERR_OK);
    CU_ASSERT_PTR_NULL(r.results);
}

static void any_outcome(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    struct compare_report r = {0};
    (void)byte, (void)bit, (void)ctx;
    if (compare_parse(flipped, &r) == ERR_OK)
        compare_unload(&r);
    CU_ASSERT_PTR_NULL(r.results);
}

static void test_damaged(void)
{
    static const struct {
        const char *text;
        enum err err;
    } list[] = {
        {"", ERR_SYNTAX},
        {"[]", ERR_LAYOUT},
        {"{\"results\":[]}", ERR_LAYOUT},
        {REPORT("once", "7"), ERR_LAYOUT},
        {"{\"mode\":\"once\",\"results\":{}}", ERR_LAYOUT},
        {REPORT("once", RUN("A-1", "passed", "null", "pty", "1", "")), ERR_LAYOUT},
        {REPORT("once", RUN("A-1", "pass", "null", "pty", "1", CHECK("ok", "1", "R", "s", ""))),
         ERR_LAYOUT},
        {REPORT("once", RUN("A-1", "pass", "null", "pty", "1", "3")), ERR_LAYOUT},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        struct compare_report r = {0};
        CU_ASSERT_EQUAL(compare_parse(span_str(list[i].text), &r), list[i].err);
        CU_ASSERT_PTR_NULL(r.results);
    }
    testing_every_truncation(span_str(part), no_report, NULL);
    testing_every_bit_flip(span_str(part), any_outcome, NULL);
}

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(text, f);
    fclose(f);
}

static void test_files(void)
{
    char folder[] = "/tmp/bmsrig-compare-XXXXXX", file[64], why[200];
    struct compare_report r = {0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/results.json", folder);
    CU_ASSERT_EQUAL(compare_load(folder, &r, why, sizeof why), ERR_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "/results.json: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "; has its run ended?"));
    put(file, "<testsuite/>");
    CU_ASSERT_EQUAL(compare_load(file, &r, why, sizeof why), ERR_SYNTAX);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "/results.json: not a results.json of `bmsrig run` ("));
    put(file, good);
    CU_ASSERT_EQUAL(compare_load(folder, &r, why, sizeof why), ERR_OK);
    CU_ASSERT_EQUAL(r.n, 3);
    CU_ASSERT_STRING_EQUAL(r.name, folder);
    compare_unload(&r);
    CU_ASSERT_EQUAL(compare_load(file, &r, why, sizeof why), ERR_OK);
    compare_unload(&r);
    remove(file);
    rmdir(folder);
    CU_ASSERT_EQUAL(compare_load(folder, &r, why, sizeof why), ERR_NOT_FOUND);
    CU_ASSERT_PTR_NULL(strstr(why, "has its run ended?"));
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"the same verdicts", test_same},
        {"different verdicts", test_different},
        {"another requirement fails", test_other_requirement},
        {"skipped, excluded, missing", test_left_out},
        {"strict", test_strict},
        {"inconclusive", test_inconclusive},
        {"nothing in common", test_nothing_in_common},
        {"seeds and repeated statements", test_repeats},
        {"three reports", test_third},
        {"damaged reports", test_damaged},
        {"folders and files", test_files},
        {0},
    };
    return testing_main(argc, argv, "compare", cases);
}
