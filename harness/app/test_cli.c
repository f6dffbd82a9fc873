/* SPDX-License-Identifier: Apache-2.0
 *
 * Wrong input, as a user gives it: each mistake has a message that says what is wrong and what to
 * do, and the exit code that the manual pages promise.
 */
#define _GNU_SOURCE /* openpty's friends, flock */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testing/testing.h"

enum { TEXT = 16384 };

struct outcome {
    int code;
    char text[TEXT]; /* standard output and standard error */
};

/* ---- a folder of our own ---- */

static void put(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");
    if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
        abort();
}

/* A good scenario of 4 s, and manifests that are good but for one thing. */
static void prepare(void)
{
    put("good.scn", "scenario  CLI-1  \"Short\"\n"
                    "covers    CAN-COUNT\n"
                    "needs     bms 1 serial, can pylon\n"
                    "duration  4 s\n"
                    "[bms 1]\n"
                    "model     pylontech.us3000c\n"
                    "soc       50 %\n"
                    "[timeline]\n"
                    "@3s  can  check soc = 50 %  req CAN-COUNT\n");
    put("not-a-program", "nothing to run\n");
    put("a-file", "");
}

static void put_manifest(const char *name, const char *run, const char *dialect)
{
    char text[600];
    snprintf(text, sizeof text,
             "dut      cli \"for tests\"\n"
             "run      %s\n"
             "sources  pylontech-console\n"
             "boot     1 s\n"
             "[can]\n"
             "dialect  %s\n",
             run, dialect);
    put(name, text);
}

/* Runs a shell command in which bmsrig, bms-sim and bms-bridge are known. */
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

/* ---- texts ---- */

static void test_scenario_errors(void)
{
    put("bad.scn", "scenario  BAD-1  \"broken\"\n"
                   "covers    NO-SUCH-REQ\n"
                   "durations 10 s\n"
                   "[bms 1]\n"
                   "model     pylontech.us9999\n"
                   "[timeline]\n"
                   "@1s bms 1 sett cell 5 voltage 3.7 V\n"
                   "@1s bms 1 set cell 5 voltage 3.7 A\n");
    EXPECT("bmsrig run bad.scn", 3, "bad.scn:3:1: error: unknown header key 'durations'",
           "did you mean 'duration'? (known: ", "\n    durations 10 s\n    ^\n",
           "bad.scn:2:11: error: requirement 'NO-SUCH-REQ' is not in the catalogue",
           "bad.scn:5:11: error: unknown model 'pylontech.us9999' (known: ",
           "bad.scn:7:11: error: unknown verb 'sett', did you mean 'set'?",
           "bad.scn:8:34: error: expected a voltage unit (mV, V), found 'A'");
    EXPECT("bmsrig lint bad.scn", 3, "1 files, 1 with errors");
    EXPECT("bmsrig run no-such.scn", 3, "no-such.scn: not found");
    EXPECT("mkdir -p empty; bmsrig run empty", 3, "no scenario (*.scn) in there");
    EXPECT("bmsrig run --only NO-SUCH-ID good.scn", 3, "no scenario is left after --only");
}

static void test_manifest_errors(void)
{
    put("bad.dut", "dut bad \"bad\"\nrun x {confg}\nboot 2\nsources pylontech-consol\nstale zer\n"
                   "[cann]\n");
    EXPECT("bmsrig run --dut bad.dut good.scn", 3,
           "bad.dut:2:7: error: unknown placeholder '{confg}' (known: tty, source",
           "bad.dut:3:7: error: expected a time unit",
           "unknown source 'pylontech-consol', did you mean 'pylontech-console'?",
           "unknown stale policy 'zer', did you mean 'zero'?",
           "unknown section 'cann', did you mean 'can'?");
    put_manifest("dialect.dut", "/bin/true", "pylon-1.9");
    EXPECT("bmsrig run --dut dialect.dut good.scn", 3, "no frame table for the dialect 'pylon-1.9'",
           "pylon-1.2");
    EXPECT("bmsrig run --dut no-such.dut good.scn", 3, "manifest no-such.dut: not found");
}

static void test_bridge_configuration(void)
{
    put("bad.conf", "[battery rack]\nsource pylontech-consol\nport /dev/ttyS0\npoll 1\n"
                    "[can inverter]\nbos can0\ndialect pylon-1.9\n");
    EXPECT("bms-bridge -c bad.conf", 3,
           "bad.conf:2:8: error: unknown source 'pylontech-consol', did you mean "
           "'pylontech-console'?",
           "bad.conf:4:7: error: expected a time unit", "unknown key 'bos', did you mean 'bus'?",
           "\n    bos can0\n    ^\n", "unknown dialect 'pylon-1.9', did you mean 'pylon-1.2'?");
    EXPECT("bms-bridge -c no-such.conf", 3, "no-such.conf: not found");
    EXPECT("bms-bridge", 2, "usage: bms-bridge");
}

static void test_usage(void)
{
    EXPECT("bmsrig rum", 3, "unknown command 'rum' (did you mean 'run'?)");
    EXPECT("bmsrig run --dutt x", 3, "bmsrig run: unrecognized option '--dutt'",
           "try `bmsrig run --help`");
    EXPECT("bmsrig run", 3, "which scenarios?");
    EXPECT("bmsrig compare", 3, "two reports at least", "usage: bmsrig compare");
    EXPECT("bmsrig compare --strickt a b", 3, "unknown option '--strickt' (known: --strict)");
    EXPECT("mkdir -p unfinished; bmsrig compare no-such-report unfinished", 3,
           "bmsrig compare: no-such-report: not found",
           "bmsrig compare: unfinished/results.json: not found; has its run ended?");
    EXPECT("bmsrig run --tier vacuum good.scn", 3,
           "expected virtual, pty or cable, found 'vacuum'");
    EXPECT("bms-sim pylontech-consol", 2,
           "unknown device 'pylontech-consol', did you mean 'pylontech-console'?");
}

/* ---- what is missing ---- */

static void test_no_bridge(void)
{
    put_manifest("gone.dut", "/usr/bin/no-such-bridge", "pylon-1.2");
    EXPECT("bmsrig run --dut gone.dut good.scn", 5, "the bridge's program /usr/bin/no-such-bridge",
           "No such file", "correct `run` of gone.dut");
    put_manifest("path.dut", "no-such-bridge", "pylon-1.2");
    EXPECT("bmsrig run --dut path.dut good.scn", 5, "'no-such-bridge' is nowhere in PATH");
    put_manifest("mode.dut", "./not-a-program", "pylon-1.2");
    EXPECT("bmsrig run --dut mode.dut good.scn", 5, "is not executable", "chmod +x");
}

static void test_bridge_ends_at_once(void)
{
    put_manifest("ends.dut", "/bin/sh -c \"echo cannot find my battery; exit 7\"", "pylon-1.2");
    EXPECT("bmsrig run -o ends --dut ends.dut good.scn", 1, "SAFE-NO-CRASH", "exited with status 7",
           "cannot find my battery", "dut.log");
}

static void test_no_software(void)
{
    EXPECT("BMSRIG_MOSQUITTO=no-such-broker bmsrig run good.scn", 7,
           "no broker: no-such-broker is not on this machine", "apt-get install mosquitto");
    EXPECT("BMSRIG_PRELOAD=/nowhere/x.so bmsrig run --tier pty --can hub good.scn", 7,
           "no preload library at /nowhere/x.so", "BMSRIG_PRELOAD=FILE");
    EXPECT("BMSRIG_PRELOAD=/nowhere/x.so bmsrig exec true", 4, "no preload library");
}

static void test_no_ports(void)
{
    EXPECT("bmsrig run --tty /dev/no-such-tty good.scn", 6, "port /dev/no-such-tty: not found",
           "/dev/serial/by-id");
    EXPECT("bmsrig run --tty a-file good.scn", 6, "port a-file:", "give a serial port");
    EXPECT("bmsrig run --tty tcp:99999 good.scn", 6, "a number from 1 to 65535");
    EXPECT("bmsrig run --tty pty: good.scn", 6, "port pty::", "write pty:LINK");
    EXPECT("bmsrig run --tty pty:/no-such-folder/tty good.scn", 6,
           "port pty:/no-such-folder/tty: not found", "in a folder where it can be made");
    EXPECT("bmsrig run --can no-such-can good.scn", 6, "CAN bus no-such-can:");
    EXPECT("bmsrig run --can slcan:/dev/no-such-tty good.scn", 6, "is the adapter plugged in?");
    EXPECT("bmsrig run --broker http://x good.scn", 6, "--broker http://x: expected mqtt://HOST");
    EXPECT("bms-sim --port /dev/no-such-tty", 3, "/dev/no-such-tty: not found",
           "/dev/serial/by-id");
}

static void test_busy_tcp_port(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof addr;
    char command[120];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_FATAL(fd >= 0 && bind(fd, (const struct sockaddr *)&addr, n) == 0);
    CU_ASSERT_FATAL(listen(fd, 1) == 0 && getsockname(fd, (struct sockaddr *)&addr, &n) == 0);
    unsigned port = ntohs(addr.sin_port);
    snprintf(command, sizeof command, "bmsrig run --tty tcp:%u good.scn", port);
    EXPECT(command, 6, "in use", "another program listens there: take another number");
    snprintf(command, sizeof command, "bms-sim --port tcp:%u", port);
    EXPECT(command, 6, "in use; another program listens there");
    close(fd);
}

static void test_busy_serial_port(void)
{
    char command[120];
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    CU_ASSERT_FATAL(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    CU_ASSERT_FATAL(slave >= 0 && flock(slave, LOCK_EX) == 0);
    snprintf(command, sizeof command, "bmsrig run --tty %s good.scn", ptsname(master));
    EXPECT(command, 6, "in use", "end the program that has it open: fuser -v");
    snprintf(command, sizeof command, "bms-sim --port %s", ptsname(master));
    EXPECT(command, 5, "in use; another program has opened it");
    close(slave);
    close(master);
}

/* The rig of docker/compose.yaml: the bridge runs already, and is reached over a terminal that the
 * harness makes and a bus that somebody else keeps. */
static void test_attached(void)
{
    put("rig.conf", "[battery rack]\n"
                    "source  pylontech-console\n"
                    "port    rig/tty\n"
                    "[can inverter]\n"
                    "bus     hub:rig/can\n"
                    "dialect pylon-1.2\n");
    put("rig.dut", "dut      rig \"runs already\"\n"
                   "tty      pty:rig/tty\n"
                   "can      hub:rig/can\n"
                   "boot     4 s\n"
                   "sources  pylontech-console\n"
                   "[can]\n"
                   "dialect  pylon-1.2\n");
    EXPECT("mkdir rig; bmsrig run --tier cable --dut rig.dut good.scn", 6, "CAN bus hub:rig/can:");
    EXPECT("bmsrig can-hub rig/can >/dev/null & hub=$!; bms-bridge -c rig.conf & bridge=$!; "
           "tries=0; until [ -S rig/can ] || [ $((tries += 1)) -gt 100 ]; do sleep 0.1; done; "
           "bmsrig run --tier cable --dut rig.dut good.scn; code=$?; "
           "kill $hub $bridge; wait $hub $bridge; exit $code",
           0, "scenarios: 1 passed, 0 failed", "tier cable");
}

static void test_report_folder(void)
{
    EXPECT("bmsrig run -o a-file good.scn", 8, "report folder a-file: Not a directory",
           "-o FOLDER");
    EXPECT("bmsrig run -o /proc/no-such/report good.scn", 8, "report folder /proc/no-such/report:");
}

static void test_locked_folder(void)
{
    if (geteuid() == 0) {
        testing_skip("root may write everywhere");
        return;
    }
    mkdir("locked", 0500);
    EXPECT("bmsrig run -o locked good.scn", 8, "report folder locked: Permission denied");
}

static void test_unreadable_recording(void)
{
    put("replay.scn", "scenario  CLI-2  \"Recording\"\n"
                      "covers    CAN-COUNT\n"
                      "needs     bms 1 serial, can pylon\n"
                      "duration  4 s\n"
                      "[bms 1]\n"
                      "model     pylontech.us3000c\n"
                      "[timeline]\n"
                      "@1s  bms 1  replay \"no-such-capture.txt\"\n"
                      "@3s  can  check soc > 0 %  req CAN-COUNT\n");
    EXPECT("bmsrig lint replay.scn", 3,
           "replay.scn:8:20: error: recording ./no-such-capture.txt: No such file");
    EXPECT("bmsrig run replay.scn", 3,
           "replay.scn:8:20: error: recording ./no-such-capture.txt: No such file");
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"errors in a scenario", test_scenario_errors},
        {"errors in a manifest", test_manifest_errors},
        {"errors in the bridge's configuration", test_bridge_configuration},
        {"usage", test_usage},
        {"no bridge", test_no_bridge},
        {"a bridge that ends at once", test_bridge_ends_at_once},
        {"no broker, no preload library", test_no_software},
        {"no ports", test_no_ports},
        {"a TCP port in use", test_busy_tcp_port},
        {"a serial port in use", test_busy_serial_port},
        {"a bridge that runs already", test_attached},
        {"a report folder that cannot be", test_report_folder},
        {"a report folder without permission", test_locked_folder},
        {"a recording that cannot be read", test_unreadable_recording},
        {0},
    };
    char folder[] = "/tmp/bmsrig-cli-XXXXXX", text[2048];
    const char *path = getenv("PATH");
    if (mkdtemp(folder) == NULL || chdir(folder) != 0)
        return 1;
    snprintf(text, sizeof text, "%s:%s", PROGRAMS, path != NULL ? path : "/usr/bin:/bin");
    setenv("PATH", text, 1);
    prepare();
    int code = testing_main(argc, argv, "command line", cases);
    snprintf(text, sizeof text, "rm -rf %s", folder);
    if (chdir("/") != 0 || system(text) != 0)
        fprintf(stderr, "cannot remove %s\n", folder);
    return code;
}
