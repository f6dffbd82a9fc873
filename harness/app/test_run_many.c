/* SPDX-License-Identifier: Apache-2.0
 *
 * `bmsrig run` in virtual time as a user calls it: twice, with seeds, over phases, at other clocks,
 * with plots, and what happens when a bridge cannot be virtual. Scenarios of four seconds on the
 * reference bridge.
 */
#define _GNU_SOURCE /* mkdtemp */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testing/testing.h"

enum { TEXT = 32768 };

struct outcome {
    int code;
    char text[TEXT];
};

static void put(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");
    if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
        abort();
}

#define HEAD(id, covers, duration)        \
    "scenario  " id "  \"Short\"\n"       \
    "covers    " covers "\n"              \
    "needs     bms 1 serial, can pylon\n" \
    "duration  " duration "\n"            \
    "[bms 1]\n"                           \
    "model     pylontech.us3000c\n"       \
    "soc       50 %\n"                    \
    "current   +5 A\n"                    \
    "[timeline]\n"

#define MANIFEST(id, run)             \
    "dut      " id " \"for tests\"\n" \
    "run      " run "\n"              \
    "sources  pylontech-console\n"    \
    "boot     1 s\n"                  \
    "[can]\n"                         \
    "dialect  pylon-1.2\n"

static void prepare(void)
{
    put("good.scn", HEAD("MANY-1", "CAN-COUNT SOC-1",
                         "5 s") "@1s  bms 1  set soc 60 %\n"
                                "  within 2.3 s of event  can  soc = 60 %  req SOC-1\n"
                                "@3s  can  check modules = 1  req CAN-COUNT\n");
    put("bad.scn",
        HEAD("MANY-2", "CAN-COUNT SOC-1", "5 s") "@3s  can  check soc = 49 %  req SOC-1\n"
                                                 "@3s  can  check modules = 1  req CAN-COUNT\n");
    /* a bridge that says something else each time it is started */
    put("chatty.sh", "read n <count\n"
                     "echo $((n + 1)) >count\n"
                     "echo \"hello $n\" >\"$1\"\n"
                     "sleep 60\n");
    put("count", "1\n");
    put("chatty.dut", MANIFEST("chatty", "/bin/sh {manifest}/chatty.sh {tty}"));
    put("static.dut", MANIFEST("static", "/sbin/ldconfig -p"));
}

static struct outcome run(const char *command)
{
    struct outcome o = {.code = -1};
    char line[1200];
    snprintf(line, sizeof line, "exec 2>&1 </dev/null; %s", command);
    FILE *p = popen(line, "r");
    if (p == NULL)
        return o;
    size_t n = fread(o.text, 1, TEXT - 1, p);
    o.text[n] = '\0';
    int status = pclose(p);
    o.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return o;
}

/* The command ends with the code, and says all of the texts (a list that ends with NULL). */
#define EXPECT(command, code, ...) \
    expect(__LINE__, command, code, (const char *const[]){__VA_ARGS__, NULL})
static void expect(unsigned line, const char *command, int code, const char *const *texts)
{
    struct outcome o = run(command);
    if (o.code != code)
        testing_fail(__FILE__, line, "`%s`: exit code %d, not %d:\n%s", command, o.code, code,
                     o.text);
    for (; *texts != NULL; texts++)
        if (strstr(o.text, *texts) == NULL)
            testing_fail(__FILE__, line, "`%s` does not say '%s':\n%s", command, *texts, o.text);
}

static bool exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && (S_ISDIR(st.st_mode) || st.st_size > 0);
}

static void test_virtual_by_default(void)
{
    EXPECT("bmsrig run -o once good.scn", 0, "1 passed, 0 failed", "tier virtual: ", "no slack");
    CU_ASSERT(exists("once/MANY-1/trace.jsonl"));
    CU_ASSERT_FALSE(exists("once/MANY-1/plot.svg"));
    /* the fingerprint is what the documentation says it is */
    EXPECT("grep -vE '^[{]\"t\":[-0-9.]+,\"(note|truth)\":' once/MANY-1/trace.jsonl | sha256sum |"
           " cut -d' ' -f1 | xargs -I{} grep -c '\"sha256\":\"{}\"' once/MANY-1/result.json",
           0, "1");
}

static void test_twice(void)
{
    EXPECT("bmsrig run --twice -o twice good.scn", 0, "1 passed, 0 failed",
           "traces: 1 compared with those of a second run, 0 differ");
    CU_ASSERT(exists("twice/MANY-1/trace.jsonl"));
    CU_ASSERT_FALSE(exists("twice/twice"));
    EXPECT("bmsrig run --twice -j 1 -o differs --dut chatty.dut bad.scn", 4,
           "not deterministic: hash ", "first  line ", "second line ",
           "\"from_bridge\":\"68656C6C6F20310A\"", "\"from_bridge\":\"68656C6C6F20320A\"",
           "1 differ");
    CU_ASSERT(exists("differs/twice/MANY-2/trace.jsonl"));
    EXPECT("grep -c 'error message=\"not deterministic' differs/junit.xml", 0, "1");
}

static void test_seeds(void)
{
    EXPECT("bmsrig run --seeds 3 -o seeds good.scn", 0, "pass rate over 3 seeds", "3/3",
           "runs: 3 passed, 0 failed");
    CU_ASSERT_FALSE(exists("seeds/seed-1")); /* nobody opens what passed */
    EXPECT("bmsrig run --seeds 2 --seed 7 -o bad good.scn bad.scn", 1, "2/2", "0/2",
           "failing seeds: 7 8", "again: bmsrig run --seed 7 bad.scn", "2 passed, 2 failed");
    CU_ASSERT(exists("bad/seed-8/MANY-2/plot.svg"));
    CU_ASSERT_FALSE(exists("bad/seed-8/MANY-1"));
    EXPECT("grep -c '\"failing\":\\[7,8\\]' bad/results.json", 0, "1");
}

static void test_phase_sweep(void)
{
    EXPECT("bmsrig run --phase-sweep 4 -o sweep good.scn", 0,
           "latency over 4 phases of the poll period (1000 ms)", "within 2.3 s of event can soc",
           "runs: 4 passed, 0 failed");
    EXPECT("bmsrig run --phase-sweep 2 --sweep-period '500 ms' -o sweep bad.scn", 1, "phase 250 ms",
           "0 passed, 2 failed");
    CU_ASSERT(exists("sweep/phase-250ms/MANY-2/trace.jsonl"));
    EXPECT("bmsrig run --phase '250 ms' -o phase good.scn", 0, "1 passed");
}

static void test_clocks(void)
{
    EXPECT("bmsrig run --uptime 24d20h31m23s -o clock good.scn", 3, "found '24d20h31m23s'");
    EXPECT("bmsrig run --uptime 24d20h31min22s -o clock good.scn", 0, "1 passed");
    EXPECT("bmsrig run --uptime '49 d 17 h 2 min 45 s' -o clock good.scn", 0, "1 passed");
    EXPECT("bmsrig run --uptime 4293s -o clock good.scn", 0, "1 passed");
    EXPECT("TZ=Europe/Berlin bmsrig run --date 2026-10-25T00:59:58Z -o clock good.scn", 0,
           "1 passed");
    EXPECT("bmsrig run --date 2028-02-28T23:59:58Z -o clock good.scn", 0, "1 passed");
    EXPECT("bmsrig run --date 1970-01-01 -o clock good.scn", 0, "1 passed");
    EXPECT("head -n 1 clock/MANY-1/can.log | cut -c1-12", 0, "(0000000001.");
    EXPECT("bmsrig run --date yesterday -o clock good.scn", 3, "--date: expected a date from 1970");
}

static void test_plot(void)
{
    EXPECT("bmsrig run --plot -o plot good.scn", 0, "1 passed");
    CU_ASSERT(exists("plot/MANY-1/plot.svg"));
    EXPECT("head -n 1 plot/MANY-1/plot.csv", 0, "time (s),true soc (%),true current (A)",
           ",can soc (%)", ",can ccl (A)");
    EXPECT("grep '^4.9,' plot/MANY-1/plot.csv", 0, "4.9,60,5,");
}

static void test_usage(void)
{
    EXPECT("bmsrig run --twice --seeds 2 good.scn", 3, "--twice and --seeds cannot be combined");
    EXPECT("bmsrig run --tier pty --uptime 1h good.scn", 3, "--uptime needs the virtual tier");
    EXPECT("bmsrig run --tier virtual --can vcan0 good.scn", 3, "cannot be part of virtual time");
    EXPECT("bmsrig run --twice --broker mqtt://127.0.0.1 good.scn", 3,
           "--twice needs the virtual tier");
    EXPECT("bmsrig run --seeds 0 good.scn", 3, "--seeds: expected a number 1..");
    EXPECT("bmsrig run --sweep-period 1s good.scn", 3, "--sweep-period is of use with");
    EXPECT("bmsrig run --bless --twice good.scn", 3, "--bless and --twice cannot be combined");
}

/* What the scenario does to the broker is no news between the lines of the table. */
static void test_quiet(void)
{
    put("outage.scn", "scenario  MANY-5  \"Short\"\n"
                      "covers    CAN-COUNT\n"
                      "needs     bms 1 serial, can pylon, own broker\n"
                      "duration  5 s\n"
                      "[bms 1]\n"
                      "model     pylontech.us3000c\n"
                      "[timeline]\n"
                      "@1s  broker  stop\n"
                      "@3s  broker  start\n"
                      "@4s  can  check modules = 1  req CAN-COUNT\n");
    EXPECT("bmsrig run -o quiet outage.scn && ! bmsrig run -o quiet outage.scn 2>&1 | grep mqtt", 0,
           "1 passed");
}

/* A static program ignores the preload library. */
static void test_fall_back(void)
{
    struct outcome o = run("bmsrig can-virtualise /sbin/ldconfig");
    if (o.code != 1) {
        testing_skip("no static program on this machine: %s", o.text);
        return;
    }
    EXPECT("bmsrig run --dut static.dut -o static good.scn", 1, "cannot run in virtual time",
           "Falling back to the pty tier", "tier pty: wall clock");
    EXPECT("bmsrig run --dut static.dut --twice -o static good.scn", 1,
           "traces: 0 compared with those of a second run, 0 differ, 1 scenarios not compared");
}

/* With a bridge that only waits, an hour is over at once; nothing can be said about it. */
static void test_long_ones(void)
{
    mkdir("folder", 0777);
    put("folder/short.scn",
        HEAD("MANY-3", "CAN-COUNT", "5 s") "@1s  can  check modules = 1  req CAN-COUNT\n");
    put("folder/long.scn",
        HEAD("MANY-4", "CAN-COUNT", "61 min") "@1s..2s  can  never modules > 1  req CAN-COUNT\n");
    put("idle.dut", MANIFEST("idle", "/bin/sleep 100000"));
    EXPECT("bmsrig run --dut idle.dut -o long folder", 1,
           "1 scenario longer than an hour left out: --long", "0 passed, 1 failed in");
    EXPECT("bmsrig run --dut idle.dut -o long --long folder", 1,
           "0 passed, 1 failed, 1 inconclusive");
    EXPECT("bmsrig run --dut idle.dut -o long folder/long.scn", 2, "1 inconclusive",
           "tier virtual: 3661 s");
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"virtual by default", test_virtual_by_default},
        {"twice", test_twice},
        {"seeds", test_seeds},
        {"phases", test_phase_sweep},
        {"clocks", test_clocks},
        {"plots", test_plot},
        {"usage", test_usage},
        {"an outage that was ordered", test_quiet},
        {"a bridge that cannot be virtual", test_fall_back},
        {"long scenarios", test_long_ones},
        {0},
    };
    char folder[] = "/tmp/bmsrig-many-XXXXXX", text[2048];
    const char *path = getenv("PATH");
    if (mkdtemp(folder) == NULL || chdir(folder) != 0)
        return 1;
    snprintf(text, sizeof text, "%s:%s", PROGRAMS, path != NULL ? path : "/usr/bin:/bin");
    setenv("PATH", text, 1);
    /* The preload library comes before a sanitizer's own, which otherwise refuses to start; the
     * search for leaks takes a time of its own, in which nothing is the same twice. */
    setenv("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0", 1);
    prepare();
    int code = testing_main(argc, argv, "many runs", cases);
    snprintf(text, sizeof text, "rm -rf %s", folder);
    if (chdir("/") != 0 || system(text) != 0)
        fprintf(stderr, "cannot remove %s\n", folder);
    return code;
}
