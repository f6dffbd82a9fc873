/* SPDX-License-Identifier: Apache-2.0
 *
 * Every error of the language once, with its exact place and wording.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/scenario/test_scenario.h"
#include "testing/testing.h"

/* The line under test becomes line 9. */
#define HEAD                    \
    "scenario T-1 \"a test\"\n" \
    "covers A-1\n"              \
    "duration 10 s\n"           \
    "[bms 1]\n"                 \
    "model pylontech.us3000c\n" \
    "[timeline]\n"              \
    "@1s bms 1 unplug\n"        \
    "within 1 s of event can stale req A-1\n"

struct error_case {
    const char *text;
    const char *want; /* "line:column: error: message" of the first error */
};

/* The first line of the output without the file's name, "" when there was no error. */
static void first_error(char *output)
{
    char *end = strchr(output, '\n');

    if (end != NULL)
        *end = '\0';
    if (strncmp(output, "t.scn:", 6) == 0)
        memmove(output, output + 6, strlen(output + 6) + 1);
}

static void check_cases(const struct error_case *cases, size_t n, const char *before)
{
    for (size_t i = 0; i < n; i++) {
        char text[2048];
        snprintf(text, sizeof text, "%s%s\n", before, cases[i].text);
        char *got = errors_of("t.scn", text);
        first_error(got);
        if (strcmp(got, cases[i].want) != 0)
            TESTING_FAIL("%s\n  got  %s\n  want %s", cases[i].text, got, cases[i].want);
        free(got);
    }
}
#define CHECK_CASES(cases, before) check_cases(cases, sizeof cases / sizeof cases[0], before)

static void test_statement_errors(void)
{
    static const struct error_case cases[] = {
        {"nonsense", "9:1: error: expected '@TIME' or 'within'"},
        {"@2 bms 1 plug", "9:4: error: expected a time unit (s, ms, us)"},
        {"@bms 1 plug", "9:2: error: expected a time, found 'bms'"},
        {"@-2s bms 1 plug", "9:2: error: a time cannot be negative"},
        {"@2s 5", "9:5: error: expected bms, can, json or agree, found '5'"},
        {"@2s", "9:4: error: expected bms, can, json or agree, found end of line"},
        {"@2s cann check ccl = 0 A",
         "9:5: error: unknown actor 'cann', did you mean 'can'? (known: bms, broker, canbus, "
         "inverter, dut, can, json, ha, influx, agree)"},
        {"@2s can chek ccl = 0 A",
         "9:9: error: unknown verb 'chek', did you mean 'check'? (known: track, every, check, "
         "never, always, matches)"},
        {"@2s can", "9:8: error: expected a verb, found end of line"},
        {"@2s can never ccl = 0 A", "9:9: error: 'never' judges a window: write @FROM..TO"},
        {"@2s..3s can check ccl = 0 A", "9:13: error: 'check' judges one instant: write @TIME"},
        {"@2s..3s bms 1 plug", "9:2: error: a stimulus happens at one instant: write @TIME"},
        {"@2s agree can.ccl ~ json.X tol 1 A lag 1 s",
         "9:5: error: 'agree' judges a window: write @FROM..TO"},
        {"@3s..2s can never ccl = 0 A",
         "9:6: error: the window is empty: its end is not after its beginning"},
        {"@3s..3s can never ccl = 0 A",
         "9:6: error: the window is empty: its end is not after its beginning"},
        {"@3s..11s can never ccl = 0 A",
         "9:6: error: after the end of the scenario (duration 10 s)"},
        {"@11s bms 1 plug", "9:2: error: after the end of the scenario (duration 10 s)"},
        {"@2s bms 2 plug", "9:9: error: there is no [bms 2] in this scenario"},
        {"@2s bms 1 plug as", "9:18: error: expected a name for the stimulus, found end of line"},
        {"@2s bms 1 plug as Big",
         "9:19: error: 'Big' is no name: use small letters, digits, _ and - (cable_pulled)"},
        {"@2s bms 1 plug as event", "9:19: error: 'event' is a word of the language, not a name"},
        {"@2s bms 1 plug as a\n@3s bms 1 unplug as a",
         "10:21: error: duplicate name 'a' (first at line 9)"},
        {"@2s bms 1 plug req A-1", "9:16: error: unexpected 'req'"},
        {"@2s bms 1 plug as a req A-1",
         "9:21: error: a stimulus judges nothing: put the req on the line that does"},
    };
    CHECK_CASES(cases, HEAD);
}

static void test_within_errors(void)
{
    static const struct error_case cases[] = {
        {"within 200 of event can stale", "9:12: error: expected a time unit (s, ms, us)"},
        {"within 1 s event can stale", "9:12: error: expected 'of', found 'event'"},
        {"within 1 s of 5 can stale",
         "9:15: error: expected 'event', 'delivered' or the name of a stimulus, found '5'"},
        {"within 1 s of cut can stale", "9:15: error: no stimulus is named 'cut'"},
        {"@2s bms 1 plug as cute\nwithin 1 s of cut can stale",
         "10:15: error: no stimulus is named 'cut', did you mean 'cute'?"},
        {"within 1 s of event",
         "9:20: error: expected a sink (can, json, ha, influx), found end of line"},
        {"within 1 s of",
         "9:14: error: expected 'event', 'delivered' or the name of a stimulus, found end of line"},
        {"within 1 s of event x can stale", "9:21: error: no stimulus is named 'x'"},
        {"within 1 s of delivered can stale",
         "9:15: error: line 7 is never delivered by the battery: write 'of event'"},
        {"@2s broker stop\nwithin 1 s of delivered can stale",
         "10:15: error: line 9 is never delivered by the battery: write 'of event'"},
        {"@2s bms 1 fault echo for 1 s\nwithin 1 s of delivered can stale",
         "10:15: error: line 9 is never delivered by the battery: write 'of event'"},
        {"within 10 s of event can stale",
         "9:8: error: ends after the scenario does (duration 10 s)"},
        {"within 1 s of event can stale still req A-1 more", "9:45: error: unexpected 'more'"},
    };
    CHECK_CASES(cases, HEAD);
    static const struct error_case first[] = {
        {"scenario T-1 \"t\"\ncovers A-1\nduration 1 s\n[bms 1]\nsoc 5 %\n[timeline]\n"
         "within 1 s of event can stale req A-1",
         "7:1: error: no stimulus above this line"},
    };
    CHECK_CASES(first, "");
}

static void test_condition_errors(void)
{
    static const struct error_case cases[] = {
        {"@2s can check cll = 0 A", "9:15: error: unknown CAN signal 'cll', did you mean 'ccl'?"},
        {"@2s can check xyz = 0 A", "9:15: error: unknown CAN signal 'xyz'"},
        {"@2s can check foreing = 0",
         "9:15: error: unknown CAN signal 'foreing', did you mean 'foreign'?"},
        {"@2s can check 5", "9:15: error: expected a signal name, found '5'"},
        {"@2s can check ccl", "9:18: error: expected a comparison, found end of line"},
        {"@2s can check ccl ~ 0 A", "9:19: error: expected a comparison, found '~'"},
        {"@2s can check ccl = x", "9:21: error: expected a number, found 'x'"},
        {"@2s can check ccl = 0", "9:22: error: expected a current unit (mA, A)"},
        {"@2s can check ccl = 0 V",
         "9:23: error: expected a current unit (mA, A), found 'V', a unit of voltage"},
        {"@2s can check modules = 2 A", "9:27: error: unexpected unit 'A': this is a plain number"},
        {"@2s can check ccl = 5 A tol 1", "9:30: error: expected a current unit (mA, A)"},
        {"@2s can check ccl = 5 A tol -1 A", "9:29: error: a tolerance cannot be negative"},
        {"@2s json check X = 5 A tol 1 V",
         "9:28: error: this is a voltage, but the value before it is a current"},
        {"@2s can check ccl in 5 A", "9:25: error: expected '..', found end of line"},
        {"@2s can check ccl in 5 A..2 A",
         "9:27: error: the range is empty: its end is below its beginning"},
        {"@2s json check X in 5 A..6 V",
         "9:26: error: this is a voltage, but the value before it is a current"},
        {"@2s can check ccl is on", "9:22: error: unknown state 'on' (known: set, clear)"},
        {"@2s json check X > \"a\"", "9:18: error: a text is only = or != another"},
        {"@2s json check $statu = \"x\"",
         "9:17: error: unknown $signal 'statu', did you mean 'status'? (known: retained, "
         "malformed, nonfinite, null, duplicate, unknown, qos, messages, connects, refused, "
         "status, mistyped, peak)"},
        {"@2s json check $ = 1", "9:18: error: expected a name right behind '$', found '='"},
        {"@2s json check $retained = \"x\"", "9:28: error: '$retained' is a plain number"},
        {"@2s json check $status = 1",
         "9:26: error: expected a text in quotes ($status is no number), found '1'"},
        {"@2s can check silent", "9:21: error: expected a time, found end of line"},
        {"@2s can check silent 3", "9:23: error: expected a time unit (s, ms, us)"},
    };
    CHECK_CASES(cases, HEAD);
}

static void test_window_errors(void)
{
    static const struct error_case cases[] = {
        {"@2s..3s can track soc to soc tol 1 % lag 1 s",
         "9:26: error: expected a truth such as bms.soc or bms2.soc, found 'soc'"},
        {"@2s..3s can track soc bms.soc tol 1 % lag 1 s",
         "9:23: error: expected 'to', found 'bms.soc'"},
        {"@2s..3s can track soc to bms.socc tol 1 % lag 1 s",
         "9:26: error: a battery has no truth 'socc', did you mean 'bms.soc'?"},
        {"@2s..3s can track soc to bms2.soc tol 1 % lag 1 s",
         "9:26: error: there is no [bms 2] in this scenario"},
        {"@2s..3s can track ccl to bms.soc tol 1 % lag 1 s",
         "9:19: error: 'ccl' is a current, but soc is a ratio"},
        {"@2s..3s can track soc to bms.soc tol 1 A lag 1 s",
         "9:40: error: expected a ratio unit (%), found 'A', a unit of current"},
        {"@2s..3s can track soc to bms.soc tol 1 %",
         "9:41: error: expected 'lag', found end of line"},
        {"@2s..3s can every 0 s tol 5 %: 0x351", "9:19: error: the period is 0"},
        {"@2s..3s can every 1 s tol 5 A: 0x351",
         "9:27: error: the tolerance of a period is a ratio (25 %) or a time (100 ms)"},
        {"@2s..3s can every 1 s tol 5 %", "9:30: error: expected ':', found end of line"},
        {"@2s..3s can every 1 s tol 5 %:", "9:31: error: expected a CAN id, found end of line"},
        {"@2s..3s can every 1 s tol 5 %: 0x351 0x351", "9:38: error: this id is listed twice"},
        {"@2s..3s json every 1 s tol 5 %: 0x351", "9:31: error: unexpected ':'"},
        {"@2s..3s agree ccl ~ json.X tol 1 A lag 1 s",
         "9:15: error: expected a sink and a signal such as can.ccl, found 'ccl'"},
        {"@2s..3s agree can.cll ~ json.X tol 1 A lag 1 s",
         "9:19: error: unknown CAN signal 'cll', did you mean 'ccl'?"},
        {"@2s..3s agree can.ccl ~ can.cvl tol 1 A lag 1 s",
         "9:25: error: 'cvl' is a voltage, but 'ccl' is a current"},
        {"@2s..3s agree can.ccl ~ can.ccl tol 1 A lag 1 s",
         "9:15: error: a signal always agrees with itself"},
        {"@2s..3s agree can.ccl ~ json.X tol 1 lag 1 s",
         "9:38: error: expected a current unit (mA, A)"},
        {"@2s..3s can matches \"x.jsonl\"",
         "9:21: error: the expected trace of can is a .log file"},
        {"@2s..3s json matches \"x.log\"",
         "9:22: error: the expected trace of json is a .jsonl file"},
        {"@2s..3s can matches \"../x.log\"",
         "9:21: error: the expected trace stays beside or below the scenario"},
        {"@2s..3s ha matches \"x.log\"", "9:12: error: only can and json have expected traces"},
        {"@2s..3s can matches \"x.log\" ignore cll",
         "9:36: error: unknown CAN signal 'cll', did you mean 'ccl'?"},
    };
    CHECK_CASES(cases, HEAD);
}

static void test_requirement_errors(void)
{
    static const struct error_case cases[] = {
        {"@2s can check ccl = 0 A req A-2",
         "9:29: error: 'A-2' is not in the header's covers (line 2)"},
        {"@2s can check ccl = 0 A req LIM-OV-CAM",
         "9:29: error: requirement 'LIM-OV-CAM' is not in the catalogue, did you mean "
         "'LIM-OV-CAN'?"},
        {"@2s can check ccl = 0 A req a-1",
         "9:29: error: 'a-1' is no id: use capital letters, digits and single dashes (LIM-OV-CAN)"},
        {"@2s can check ccl = 0 A req",
         "9:28: error: expected a requirement id, found end of line"},
    };
    CHECK_CASES(cases, HEAD);
}

#define WORLD "[bms 1]\nmodel pylontech.us3000c\n[timeline]\n@1s can check ccl = 0 A req A-1\n"

static void test_header_errors(void)
{
    static const struct error_case cases[] = {
        {"", "1:1: error: no 'scenario ID \"title\"' in the header"},
        {"scenario T-1 \"t\"\nduration 9 s\n" WORLD,
         "1:1: error: no 'covers' in the header: which requirements is it for?"},
        {"scenario T-1 \"t\"\ncovers A-1\n" WORLD, "1:1: error: no 'duration' in the header"},
        {"covers A-1\nduration 9 s\n" WORLD,
         "1:1: error: no 'scenario ID \"title\"' in the header"},
        {"scenario T-1 \"t\"\ncovers A-1\nduration 9 s\n[bms 1]\nsoc 5 %",
         "1:1: error: no [timeline]"},
        {"scenario t-1 \"t\"\ncovers A-1\nduration 9 s\n" WORLD,
         "1:10: error: 't-1' is no id: use capital letters, digits and single dashes (LIM-OV-CAN)"},
        {"scenario T-1\ncovers A-1\nduration 9 s\n" WORLD,
         "1:13: error: expected a title in quotes, found end of line"},
        {"scenario T-1 \"t\"\ncovers A-1 A-1\nduration 9 s\n" WORLD,
         "2:12: error: 'A-1' is listed twice"},
        {"scenario T-1 \"t\"\ncovers A-1 B-1\nduration 9 s\n" WORLD,
         "2:12: error: requirement 'B-1' is not in the catalogue"},
        {"scenario T-1 \"t\"\ncovers A-1 A-2\nduration 9 s\n" WORLD,
         "2:12: error: 'A-2' is covered but never judged: no statement has 'req A-2'"},
        {"scenario T-1 \"t\"\ncovers A-1\nduration 0 s\n" WORLD,
         "3:10: error: the duration is 0: nothing could happen"},
        {"scenario T-1 \"t\"\ncovers A-1\nduration 9 s\nduration 8 s\n" WORLD,
         "4:1: error: duplicate key 'duration' (first at line 3)"},
        {"scenario T-1 \"t\"\ncovers A-1\nduration 9 s\nseed -1\n" WORLD,
         "4:6: error: expected a seed from 0 to 9223372036854775807, found '-1'"},
        {"scenario T-1 \"t\"\ncovers A-1\nduration 9 s\ntier real\n" WORLD,
         "4:6: error: unknown tier 'real' (known: virtual, pty, cable)"},
        {"scenario T-1 \"t\"\ncovers A-1\nduration 9 s\ntier pty pty\n" WORLD,
         "4:10: error: tier 'pty' is listed twice"},
        {"scenario T-1 \"t\"\ncovers A-1\nduration 9 s\nneeds bms 1 serial can pylon\n" WORLD,
         "4:20: error: unexpected 'can'"},
        {"scenario T-1 \"t\"\ncovers A-1\nduration 9 s\nneeds cam pylon\n" WORLD,
         "4:7: error: unknown need 'cam', did you mean 'can'? (known: bms, can, json, own, hub, "
         "ha, influx, "
         "captures)"},
        {"scenario T-1 \"t\"\ncovers A-1\nduration 9 s\nneeds bms 2 serial\n" WORLD,
         "1:1: error: it needs 'bms 2', but there is no [bms 2]"},
        {"scenario T-1 \"t\"\ncovers A-1\nduration 9 s\nlength 9 s\n" WORLD,
         "4:1: error: unknown header key 'length' (known: scenario, covers, needs, duration, seed, "
         "tier, include)"},
        {"scenario T-1 \"t\"\ncovers A-1\n       A-2\nduration 9 s\n" WORLD,
         "3:8: error: not a header key; a long list goes on in a further line 'covers ...'"},
        {"scenario T-1 \"t\"\ncovers A-1\ncovers A-2\nduration 9 s\n" WORLD,
         "3:8: error: 'A-2' is covered but never judged: no statement has 'req A-2'"},
        {"scenario T-1 \"t\"\n@1s bms 1 plug\ncovers A-1\nduration 9 s\n" WORLD,
         "2:1: error: a statement before [timeline]"},
        {"scenario T-1 \"t\"\ncovers A-1\nduration 9 s\ninclude \"nowhere.scn\"\n" WORLD,
         "4:9: error: cannot read './nowhere.scn': not found"},
    };
    CHECK_CASES(cases, "");
}

static void test_section_errors(void)
{
    static const struct error_case cases[] = {
        {"[bms 2]\n[timeline]\n@1s can check ccl = 0 A req A-1",
         "4:1: error: batteries are numbered from 1 without gaps; a module that is out of the "
         "stack "
         "has `present off`"},
        {"[bms]\n" WORLD, "4:5: error: expected a bms number, found ']'"},
        {"[bms 17]\n" WORLD, "4:6: error: expected a bms number from 1 to 16, found '17'"},
        {"[bms 1\n" WORLD, "4:7: error: expected ']', found end of line"},
        {"[bsm 1]\n" WORLD,
         "4:2: error: unknown section 'bsm', did you mean 'bms'? (known: bms, port, bus, limits, "
         "dut, broker, timeline)"},
        {"[bms 1]\n" WORLD, "5:2: error: duplicate section (first at line 4)"},
        {"[limits]\nccl 50\n" WORLD, "5:7: error: expected a current unit (mA, A)"},
        {"[limits]\nccl -5 A\n" WORLD, "5:5: error: a limit cannot be negative"},
        {"[limits]\nccl 5 A\nccl 6 A\n" WORLD, "6:1: error: duplicate key 'ccl' (first at line 5)"},
        {"[limits]\nxcl 5 A\n" WORLD,
         "5:1: error: unknown limit 'xcl', did you mean 'ccl'? (known: ccl, dcl, cvl, dvl)"},
        {"[bus a]\nspeed 5\n" WORLD, "5:1: error: unknown bus key 'speed' (known: dialect)"},
        {"[bus a]\n[bus b]\n[bus c]\n[bus d]\n[bus e]\n" WORLD,
         "8:6: error: too many buses: at most 4"},
        {"[dut]\nstart later\n" WORLD,
         "5:7: error: unknown way to start 'later' (known: auto, manual)"},
        {"[dut]\nstart manual\n" WORLD,
         "4:1: error: start manual, but the timeline never says 'dut start'"},
        {"[dut]\nuptime 5 d\n" WORLD, "4:1: error: 'uptime' needs 'tier virtual'"},
        {"[dut]\nlocale de\n" WORLD, "5:8: error: unknown decimal sign 'de' (known: point, comma)"},
        {"[broker]\nlogins denied\n" WORLD,
         "5:8: error: unknown answer to a login 'denied' (known: accepted, refused)"},
        {"[broker]\nlogin refused\n" WORLD,
         "5:1: error: unknown broker key 'login', did you mean 'logins'? (known: logins)"},
        {WORLD "[limits]\nccl 5 A",
         "8:2: error: a section after [timeline], which is the last one"},
    };
    CHECK_CASES(cases, "scenario T-1 \"t\"\ncovers A-1\nduration 9 s\n");
}

/* ---- the specification's own messages ---- */

/* The sample with one piece of one line replaced. */
static char *broken_sample(const char *old, const char *new)
{
    const char *at = strstr(sample_text, old);
    size_t size = strlen(sample_text) + strlen(new) + 1;
    char *text = malloc(size);

    if (at == NULL || text == NULL)
        abort();
    snprintf(text, size, "%.*s%s%s", (int)(at - sample_text), sample_text, new, at + strlen(old));
    return text;
}

static void check_broken(const char *old, const char *new, const char *want)
{
    char *text = broken_sample(old, new);
    char *got = errors_of("ov.scn", text);

    if (strcmp(got, want) != 0)
        TESTING_FAIL("got\n%s\nwant\n%s", got, want);
    free(got);
    free(text);
}

static void test_specified_messages(void)
{
    check_broken("within 200 ms of delivered   can    ccl = 0 A   ",
                 "within 200 of delivered   can    ccl = 0 A   ",
                 "ov.scn:21:14: error: expected a time unit (s, ms, us)\n"
                 "      within 200 of delivered   can    ccl = 0 A                      req "
                 "LIM-OV-CAN\n"
                 "                 ^\n");
    check_broken("97.0 % -> 100.0 %", "97.0 % to 100.0 %",
                 "ov.scn:14:37: error: expected '->', found 'to'\n"
                 "    @0s         bms 1   ramp soc 97.0 % to 100.0 % over 10 s\n"
                 "                                        ^\n");
    check_broken(
        "bms 1   unplug\n", "bms 1   unplugg\n",
        "ov.scn:27:21: error: unknown verb 'unplugg', did you mean 'unplug'? (known: set, "
        "ramp, release, unplug, plug, leave, join, reboot, hold, free, freeze, thaw, fault, type, "
        "send, replay)\n"
        "    @20s        bms 1   unplugg\n"
        "                        ^\n");
}

static void test_many_errors(void)
{
    char text[4096] = HEAD;
    size_t n = strlen(text);

    for (int i = 0; i < 25; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "@2s can check xyz = %d A\n", i);
    char *got = errors_of("t.scn", text);
    size_t errors = 0;
    unsigned last = 0;
    for (char *at = got; (at = strstr(at, "t.scn:")) != NULL; at++) {
        unsigned line = (unsigned)strtoul(at + 6, NULL, 10);
        if (strncmp(at, "t.scn: ", 7) == 0)
            continue; /* the count of the rest */
        CU_ASSERT(line > last);
        last = line;
        errors++;
    }
    CU_ASSERT_EQUAL(errors, 20);
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "t.scn: 5 more errors\n"));
    free(got);
}

/* Before anything runs: what is wrong, why, and what to do instead. */
static void test_replay_on_a_device_without_recordings(void)
{
    char *got =
        errors_of("t.scn", "scenario T-1 \"t\"\ncovers A-1\nduration 9 s\n[port]\ndevice jk-bus\n"
                           "[bms 1]\nsoc 5 %\n[timeline]\n@1s bms 1 replay \"a.txt\"\n"
                           "@1s..9s can never ccl > 0 A req A-1\n");
    const char *want =
        "t.scn:9:18: error: device jk-bus does not answer from recordings (these do: "
        "pylontech-console, pylon-can); give its values with 'set', single telegrams with 'send'\n";

    if (strncmp(got, want, strlen(want)) != 0)
        TESTING_FAIL("got\n%s\nwant\n%s", got, want);
    free(got);
}

/* An error in one statement is not followed by errors that only come from it. */
static void test_no_cascade(void)
{
    char *got =
        errors_of("t.scn", "scenario T-1 \"t\"\ncovers A-1\nduration 9 s\n[bms 1]\nsoc 5 %\n"
                           "[timeline]\n@1s bms 1 unplugg as cut\n"
                           "within 1 s of cut can stale req A-1\n"
                           "within 1 s of event can stale req A-1\n");
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "unplugg"));
    CU_ASSERT_PTR_NULL(strstr(got, "t.scn:8"));
    CU_ASSERT_PTR_NULL(strstr(got, "t.scn:9"));
    CU_ASSERT_PTR_NULL(strstr(got, "never judged"));
    free(got);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"errors of statements", test_statement_errors},
        {"errors of within", test_within_errors},
        {"errors of conditions", test_condition_errors},
        {"errors of windows", test_window_errors},
        {"errors of requirements", test_requirement_errors},
        {"errors of the header", test_header_errors},
        {"errors of sections", test_section_errors},
        {"the specification's messages, verbatim", test_specified_messages},
        {"twenty errors at most, in order", test_many_errors},
        {"a replay that cannot be", test_replay_on_a_device_without_recordings},
        {"one mistake, one error", test_no_cascade},
        {0},
    };
    return testing_main(argc, argv, "scenario_errors", cases);
}
