/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line of `bmsrig run`.
 */
#define _GNU_SOURCE /* strptime, timegm */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/quantity.h"
#include "harness/app/cmd_run.h"
#include "sim/ble/radio.h"

static const char help[] =
    "usage: bmsrig run [options] FILE.scn|FOLDER ...\n"
    "\n"
    "Plays scenarios into a battery bridge and judges what comes out.\n"
    "\n"
    "which bridge\n"
    "  --dut FILE.dut     manifest of the bridge under test (default: the reference bridge)\n"
    "  --wrap \"WORDS\"     put a command before it: --wrap \"valgrind -q\", --wrap \"strace -f\"\n"
    "which scenarios\n"
    "  --only TEXT        only ids that contain TEXT\n"
    "  --req ID           only scenarios that cover this requirement\n"
    "  --long             also those longer than an hour; without it they run when their file is\n"
    "                     named, or when a folder has nothing else\n"
    "  --shard I/N        the I-th of N parts (1-based), to split a suite over machines\n"
    "where\n"
    "  --tier virtual|pty|cable\n"
    "                     virtual: unmodified programs on a clock of our own: as fast as they\n"
    "                     compute, no slack, the same trace every time (see can-virtualise)\n"
    "                     pty: real time on this machine.  cable: real time on real wires\n"
    "                     default: virtual for what can be virtual, pty for the rest; cable with "
    "--tty,\n"
    "                     pty with --broker or a CAN interface\n"
    "  --can auto|hub|vcan0|can0|slcan:/dev/ttyACM0\n"
    "                     auto: kernel vcanN of this job, vcan(16+N) for a battery on CAN, where "
    "they\n"
    "                     exist, else the hub (no kernel CAN needed; the bridge runs with a "
    "preload\n"
    "                     library). One interface: one scenario after the other\n"
    "  --ble played|vhci|hci0\n"
    "                     where a Bluetooth battery is: BlueZ is played for the bridge (default); "
    "a\n"
    "                     virtual controller for the real BlueZ here; the air, through the "
    "controller\n"
    "                     hci0. A real one: one scenario after the other\n"
    "  --tty PORT         talk to the bridge over this serial port, pty:LINK or tcp:PORT (cable\n"
    "                     tier)\n"
    "  --broker URL       use this broker instead of a mosquitto of our own (cable tier)\n"
    "when (virtual tier)\n"
    "  --uptime TIME      the machine's uptime at the start: --uptime 49d17h\n"
    "  --date DATE        the wall clock at the start, UTC: --date 2026-10-25T00:59:30Z (for\n"
    "                     daylight saving, set TZ as the bridge should have it)\n"
    "  --phase TIME       begin the timeline that much later in the bridge's poll cycle\n"
    "how often (virtual tier; --seeds in every tier)\n"
    "  --twice            every scenario twice: fails when the two traces differ\n"
    "  --seeds N          every scenario with N seeds, 1 to N or from --seed on: pass rate, "
    "failing\n"
    "                     seeds\n"
    "  --phase-sweep N    every scenario at N phases of the bridge's poll period: the worst "
    "latency\n"
    "                     of each `within`, not one sample; fails when any phase fails\n"
    "  --sweep-period T   the poll period (default: 1 s)\n";

static const char help_more[] =
    "how\n"
    "  -j N               scenarios at a time (default: one for each core in the virtual tier, 8 "
    "in\n"
    "                     the others, which mostly wait)\n"
    "  --seed N           another seed than the files'\n"
    "  --bless            rewrite the expected traces of `matches` and say what changed\n"
    "  --fail-fast        start nothing more after the first failure\n"
    "  --kill REQ[,REQ]   for deliberately broken bridges: succeed when a failed check names one "
    "of\n"
    "                     these requirements, fail when the suite did not notice\n"
    "output\n"
    "  -o, --out FOLDER   traces, logs, junit.xml, results.json (default: report)\n"
    "  --plot             plot.svg and plot.csv for every scenario (always there for what fails)\n"
    "  --junit FILE       another place for the JUnit file\n"
    "  --no-color         also off when NO_COLOR is set or the output is no terminal\n"
    "  --dut-output       the bridge's own output on this terminal\n"
    "\n"
    "exit codes\n"
    "  0 all pass                           5 the bridge's program is not there\n"
    "  1 a failure                          6 a port or bus is missing, busy or not allowed\n"
    "  2 inconclusive only                  7 mosquitto or the preload library is missing\n"
    "  3 usage, scenario or manifest error  8 the report folder cannot be written\n"
    "  4 harness error during a scenario; --twice found a difference\n"
    "\n"
    "examples\n"
    "  bmsrig run scenarios                              the whole suite on the reference bridge\n"
    "  bmsrig run --dut my.dut scenarios/safety          your bridge, one area\n"
    "  bmsrig run --phase-sweep 20 scenarios/safety      worst case over the poll cycle\n"
    "  bmsrig run --uptime 49d17h2m --only STALE scenarios\n"
    "                                                    across the wrap of 32-bit milliseconds\n"
    "  bmsrig run --dut attach.dut --tty /dev/ttyUSB0 --can can0 --broker mqtt://10.0.0.2 FILE\n"
    "                                                    the same file against real hardware\n";

enum {
    OPT_DUT = 1000,
    OPT_ONLY,
    OPT_REQ,
    OPT_SHARD,
    OPT_CAN,
    OPT_BLE,
    OPT_TTY,
    OPT_BROKER,
    OPT_TIER,
    OPT_SEED,
    OPT_BLESS,
    OPT_FAIL_FAST,
    OPT_KILL,
    OPT_JUNIT,
    OPT_NO_COLOR,
    OPT_DUT_OUTPUT,
    OPT_WRAP,
    OPT_SLOT,
    OPT_UPTIME,
    OPT_DATE,
    OPT_PHASE,
    OPT_TWICE,
    OPT_SEEDS,
    OPT_PHASE_SWEEP,
    OPT_SWEEP_PERIOD,
    OPT_PLOT,
    OPT_LONG,
};

static const struct option options[] = {
    {"dut", required_argument, NULL, OPT_DUT},
    {"only", required_argument, NULL, OPT_ONLY},
    {"req", required_argument, NULL, OPT_REQ},
    {"shard", required_argument, NULL, OPT_SHARD},
    {"can", required_argument, NULL, OPT_CAN},
    {"ble", required_argument, NULL, OPT_BLE},
    {"tty", required_argument, NULL, OPT_TTY},
    {"broker", required_argument, NULL, OPT_BROKER},
    {"tier", required_argument, NULL, OPT_TIER},
    {"seed", required_argument, NULL, OPT_SEED},
    {"bless", no_argument, NULL, OPT_BLESS},
    {"fail-fast", no_argument, NULL, OPT_FAIL_FAST},
    {"kill", required_argument, NULL, OPT_KILL},
    {"out", required_argument, NULL, 'o'},
    {"junit", required_argument, NULL, OPT_JUNIT},
    {"no-color", no_argument, NULL, OPT_NO_COLOR},
    {"dut-output", no_argument, NULL, OPT_DUT_OUTPUT},
    {"wrap", required_argument, NULL, OPT_WRAP},
    {"slot", required_argument, NULL, OPT_SLOT},
    {"uptime", required_argument, NULL, OPT_UPTIME},
    {"date", required_argument, NULL, OPT_DATE},
    {"phase", required_argument, NULL, OPT_PHASE},
    {"twice", no_argument, NULL, OPT_TWICE},
    {"seeds", required_argument, NULL, OPT_SEEDS},
    {"phase-sweep", required_argument, NULL, OPT_PHASE_SWEEP},
    {"sweep-period", required_argument, NULL, OPT_SWEEP_PERIOD},
    {"long", no_argument, NULL, OPT_LONG},
    {"plot", no_argument, NULL, OPT_PLOT},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static bool wrong(const char *option, const char *expected, const char *found)
{
    fprintf(stderr, "bmsrig run: %s: expected %s, found '%s'\n", option, expected, found);
    return false;
}

static bool number(const char *text, int64_t min, int64_t max, const char *option, int64_t *ret)
{
    char expected[64];
    snprintf(expected, sizeof expected, "a number %lld..%lld", (long long)min, (long long)max);
    return parse_i64(span_str(text), min, max, ret) || wrong(option, expected, text);
}

static bool parse_shard(struct run_args *a, const char *text)
{
    struct span s = span_str(text);
    size_t slash = span_find_byte(s, 0, '/');
    int64_t i, n;
    if (slash == s.n || !parse_i64(span_sub(s, slash + 1, s.n), 1, 1000, &n) ||
        !parse_i64(span_sub(s, 0, slash), 1, n, &i))
        return wrong("--shard", "I/N such as 1/3", text);
    a->shard = (unsigned)i;
    a->shards = (unsigned)n;
    return true;
}

static bool parse_tier(struct run_args *a, const char *text)
{
    if (strcmp(text, "pty") == 0)
        a->run.tier = TIER_PTY;
    else if (strcmp(text, "virtual") == 0)
        a->run.tier = TIER_VIRTUAL;
    else if (strcmp(text, "cable") == 0)
        a->run.tier = TIER_CABLE;
    else
        return wrong("--tier", "virtual, pty or cable", text);
    a->tier_given = true;
    return true;
}

static size_t run_of(struct span s, const char *set)
{
    size_t n = 0;
    while (n < s.n && s.p[n] && strchr(set, s.p[n]))
        n++;
    return n;
}

/* "49d17h", "1 h 30 min", "350 ms": numbers with units, added up. */
static bool parse_time(const char *option, const char *text, uint64_t *ret_us)
{
    struct span rest = span_trim(span_str(text));
    int64_t sum = 0;
    bool ok = rest.n > 0;
    while (ok && rest.n > 0) {
        enum dim dim;
        int64_t scale;
        struct quantity q;
        size_t digits = run_of(rest, "0123456789.");
        struct span value = span_sub(rest, 0, digits);
        rest = span_trim(span_sub(rest, digits, rest.n));
        size_t letters = run_of(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ%");
        ok = unit_find(span_sub(rest, 0, letters), &dim, &scale) && dim == DIM_TIME &&
             quantity_make(value, dim, scale, &q) == ERR_OK && q.micro <= INT64_MAX / 2 - sum;
        sum += ok ? q.micro : 0;
        rest = span_trim(span_sub(rest, letters, rest.n));
    }
    if (!ok || sum <= 0)
        return wrong(option, "a time with its unit such as 49d17h (us, ms, s, min, h, d)", text);
    *ret_us = (uint64_t)sum;
    return true;
}

static bool parse_date(struct run_args *a, const char *text)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%d", &tm);
    if (end && (*end == 'T' || *end == ' '))
        end = strptime(end + 1, "%H:%M:%S", &tm);
    if (end && *end == 'Z')
        end++;
    time_t t = end && *end == 0 ? timegm(&tm) : -1;
    if (t < 0)
        return wrong("--date", "a date from 1970 on such as 2026-10-25T00:59:30Z (UTC)", text);
    a->run.date_us = (uint64_t)t * US_PER_S;
    if (a->run.date_us == 0) /* which stands for "the usual" */
        a->run.date_us = 1;
    return true;
}

static bool take_mode(struct run_args *a, enum run_mode mode, const char *option)
{
    if (a->mode_option && a->mode != mode) {
        fprintf(stderr, "bmsrig run: %s and %s cannot be combined\n", a->mode_option, option);
        return false;
    }
    a->mode = mode;
    a->mode_option = option;
    return true;
}

static bool take_repeats(struct run_args *a, enum run_mode mode, const char *option)
{
    int64_t v;
    if (!number(optarg, 1, RUN_REPEATS_MAX, option, &v))
        return false;
    a->repeats = (unsigned)v;
    return take_mode(a, mode, option);
}

static bool take_number(const char *option, int64_t min, int64_t max, unsigned *ret)
{
    int64_t v;
    if (!number(optarg, min, max, option, &v))
        return false;
    *ret = (unsigned)v;
    return true;
}

static bool parse_ble(struct run_args *a, const char *text)
{
    bool played = strcmp(text, "played") == 0;

    if (!played && !ble_radio_is_real(text))
        return wrong("--ble", "played, vhci or a controller (hci0)", text);
    a->run.ble = played ? NULL : text;
    return true;
}

static bool take_option(struct run_args *a, int c)
{
    int64_t v;
    switch (c) {
    case OPT_DUT: a->dut = optarg; return true;
    case OPT_ONLY: a->only = optarg; return true;
    case OPT_REQ: a->req = optarg; return true;
    case OPT_SHARD: return parse_shard(a, optarg);
    case OPT_CAN: a->run.can = optarg; return true;
    case OPT_BLE: return parse_ble(a, optarg);
    case OPT_TTY: a->run.tty = optarg; return true;
    case OPT_BROKER: a->run.broker = optarg; return true;
    case OPT_TIER: return parse_tier(a, optarg);
    case OPT_SEED:
        if (!number(optarg, 1, INT64_MAX / 2, "--seed", &v))
            return false;
        a->run.seed = (uint64_t)v;
        return true;
    case 'j': return take_number("-j", 1, 64, &a->jobs);
    case OPT_SLOT: return take_number("--slot", 0, 64, &a->run.slot);
    case OPT_UPTIME: return parse_time("--uptime", optarg, &a->run.uptime_us);
    case OPT_DATE: return parse_date(a, optarg);
    case OPT_PHASE: return parse_time("--phase", optarg, &a->run.phase_us);
    case OPT_TWICE: return take_mode(a, RUN_TWICE, "--twice");
    case OPT_SEEDS: return take_repeats(a, RUN_SEEDS, "--seeds");
    case OPT_PHASE_SWEEP: return take_repeats(a, RUN_SWEEP, "--phase-sweep");
    case OPT_SWEEP_PERIOD: return parse_time("--sweep-period", optarg, &a->sweep_period_us);
    case OPT_LONG: a->take_long = true; return true;
    case OPT_PLOT: a->run.plot = true; return true;
    case OPT_BLESS: a->run.bless = true; return true;
    case OPT_FAIL_FAST: a->fail_fast = true; return true;
    case OPT_KILL: a->kill = optarg; return true;
    case 'o': a->run.out_dir = optarg; return true;
    case OPT_JUNIT: a->junit = optarg; return true;
    case OPT_NO_COLOR: a->no_color = true; return true;
    case OPT_DUT_OUTPUT: a->run.verbose = true; return true;
    case OPT_WRAP: a->run.wrap = span_str(optarg); return true;
    default: return false;
    }
}

/* Is there anything in the options that only real time can do? NULL: no. */
static const char *real_time_option(const struct run_args *a)
{
    const struct run_options *o = &a->run;
    bool hub = !o->can || strcmp(o->can, "auto") == 0 || strcmp(o->can, "hub") == 0;
    return o->tty      ? "--tty"
           : o->broker ? "--broker"
           : o->ble    ? "--ble with a radio"
           : hub       ? NULL
                       : "--can with an interface";
}

/* What needs the virtual tier? NULL: nothing. */
static const char *virtual_option(const struct run_args *a)
{
    return a->run.uptime_us       ? "--uptime"
           : a->run.date_us       ? "--date"
           : a->run.phase_us      ? "--phase"
           : a->mode == RUN_TWICE ? "--twice"
           : a->mode == RUN_SWEEP ? "--phase-sweep"
                                  : NULL;
}

/* The options must fit each other; decides the tier when none is named. */
static bool settle(struct run_args *a)
{
    const char *real = real_time_option(a), *virtual = virtual_option(a);
    if (!a->tier_given)
        a->run.tier = a->run.tty ? TIER_CABLE : real ? TIER_PTY : TIER_VIRTUAL;
    if (a->tier_given && a->run.tier == TIER_VIRTUAL && real) {
        fprintf(stderr, "bmsrig run: %s is real; it cannot be part of virtual time\n", real);
        return false;
    }
    if (virtual && a->run.tier != TIER_VIRTUAL) {
        fprintf(stderr, "bmsrig run: %s needs the virtual tier\n", virtual);
        return false;
    }
    if (a->run.bless && a->mode != RUN_ONCE) {
        fprintf(stderr, "bmsrig run: --bless and %s cannot be combined\n", a->mode_option);
        return false;
    }
    if (!a->worker && a->run.phase_us && a->mode == RUN_SWEEP) {
        fputs("bmsrig run: --phase and --phase-sweep cannot be combined\n", stderr);
        return false;
    }
    if (a->sweep_period_us && a->mode != RUN_SWEEP) {
        fputs("bmsrig run: --sweep-period is of use with --phase-sweep only\n", stderr);
        return false;
    }
    return true;
}

int run_args_parse(struct run_args *a, int argc, char **argv)
{
    int c;
    while ((c = getopt_long(argc, argv, "j:o:h", options, NULL)) != -1) {
        if (c == 'h') {
            fputs(help, stdout);
            fputs(help_more, stdout); /* a string of C has an end */
            return 1;
        }
        if (!take_option(a, c)) {
            fputs("try `bmsrig run --help`\n", stderr);
            return 4;
        }
    }
    a->files = argv + optind;
    a->n_files = argc - optind;
    if (a->n_files == 0) {
        fputs("bmsrig run: which scenarios? give files or folders, such as `bmsrig run "
              "scenarios`\n",
              stderr);
        return 4;
    }
    if (!a->worker && !settle(a))
        return 4;
    if (a->mode == RUN_SWEEP && a->sweep_period_us == 0)
        a->sweep_period_us = US_PER_S;
    return 0;
}
