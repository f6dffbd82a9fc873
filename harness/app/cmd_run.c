/* SPDX-License-Identifier: Apache-2.0
 *
 * `bmsrig run`: loads the scenarios and the manifest, runs them, reports. A hidden `bmsrig worker`
 * runs one scenario and leaves result.json.
 */
#define _GNU_SOURCE /* realpath, strptime, timegm */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/app/commands.h"
#include "harness/run/paths.h"
#include "harness/run/preflight.h"
#include "harness/run/suite.h"
#include "harness/run/virtual.h"
#include "harness/scenario/files.h"

struct run_args {
    struct run_options run;
    const char *dut;
    const char *junit;
    const char *json;
    const char *only;
    const char *req;
    const char *kill;
    unsigned jobs;
    unsigned shard, shards;
    bool fail_fast, quiet_failures, no_color, worker;
    char **files;
    int n_files;
};

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
    "  --shard I/N        the I-th of N parts (1-based), to split a suite over machines\n"
    "where\n"
    "  --can auto|hub|vcan0|can0|slcan:/dev/ttyACM0\n"
    "                     auto: kernel vcanN of this job where it exists, else the hub (no kernel "
    "CAN\n"
    "                     needed; the bridge runs with a preload library)\n"
    "  --tty PORT         talk to the bridge over this serial port or tcp:PORT (cable tier)\n"
    "  --broker URL       use this broker instead of a mosquitto of our own (cable tier)\n"
    "  --tier virtual|pty|cable   default: cable when --tty is given, else pty\n"
    "                     virtual: unmodified programs on a clock of our own: as fast as they\n"
    "                     compute, no slack, the same trace every time (see can-virtualise)\n"
    "  --uptime TIME      virtual: the machine's uptime at the start: --uptime '49.7 d'\n"
    "  --date DATE        virtual: the wall clock at the start, UTC: --date 2026-10-25T00:59:50\n"
    "how\n"
    "  -j N               scenarios at a time (default: 8 for each core)\n"
    "  --seed N           another seed than the files'\n"
    "  --bless            rewrite the expected traces of `matches` and say what changed\n"
    "  --fail-fast        start nothing more after the first failure\n"
    "  --kill REQ[,REQ]   for deliberately broken bridges: succeed when a failed check names one "
    "of\n"
    "                     these requirements, fail when the suite did not notice\n"
    "output\n"
    "  -o, --out FOLDER   traces, logs, junit.xml, results.json (default: report)\n"
    "  --junit FILE       another place for the JUnit file\n"
    "  --no-color         also off when NO_COLOR is set or the output is no terminal\n"
    "  --dut-output       the bridge's own output on this terminal\n"
    "\n"
    "exit codes\n"
    "  0 all pass                           5 the bridge's program is not there\n"
    "  1 a failure                          6 a port or bus is missing, busy or not allowed\n"
    "  2 inconclusive only                  7 mosquitto or the preload library is missing\n"
    "  3 usage, scenario or manifest error  8 the report folder cannot be written\n"
    "  4 harness error during a scenario\n"
    "\n"
    "examples\n"
    "  bmsrig run scenarios                              the whole suite on the reference bridge\n"
    "  bmsrig run --dut my.dut scenarios/safety          your bridge, one area\n"
    "  bmsrig run --dut attach.dut --tty /dev/ttyUSB0 --can can0 --broker mqtt://10.0.0.2 FILE\n"
    "                                                    the same file against real hardware\n";

enum {
    OPT_DUT = 1000,
    OPT_ONLY,
    OPT_REQ,
    OPT_SHARD,
    OPT_CAN,
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
};

static const struct option options[] = {
    {"dut", required_argument, NULL, OPT_DUT},
    {"only", required_argument, NULL, OPT_ONLY},
    {"req", required_argument, NULL, OPT_REQ},
    {"shard", required_argument, NULL, OPT_SHARD},
    {"can", required_argument, NULL, OPT_CAN},
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
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static bool number(const char *text, int64_t min, int64_t max, const char *what, int64_t *ret)
{
    if (parse_i64(span_str(text), min, max, ret))
        return true;
    fprintf(stderr, "bmsrig run: %s: expected a number %lld..%lld, found '%s'\n", what,
            (long long)min, (long long)max, text);
    return false;
}

static bool parse_shard(struct run_args *a, const char *text)
{
    struct span s = span_str(text);
    size_t slash = span_find_byte(s, 0, '/');
    int64_t i, n;
    if (slash == s.n || !parse_i64(span_sub(s, slash + 1, s.n), 1, 1000, &n) ||
        !parse_i64(span_sub(s, 0, slash), 1, n, &i)) {
        fprintf(stderr, "bmsrig run: --shard: expected I/N such as 1/3, found '%s'\n", text);
        return false;
    }
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
    else {
        fprintf(stderr, "bmsrig run: --tier: unknown tier '%s' (known: virtual, pty, cable)\n",
                text);
        return false;
    }
    return true;
}

/* "49 d", "49d 17h" would be two: one number and one unit. */
static bool parse_uptime(struct run_args *a, const char *text)
{
    struct span s = span_trim(span_str(text));
    size_t digits = 0;
    while (digits < s.n && (s.p[digits] == '.' || (s.p[digits] >= '0' && s.p[digits] <= '9')))
        digits++;
    struct span number_part = span_sub(s, 0, digits), unit = span_trim(span_sub(s, digits, s.n));
    enum dim dim;
    int64_t scale;
    struct quantity q;
    if (unit_find(unit, &dim, &scale) && dim == DIM_TIME &&
        quantity_make(number_part, dim, scale, &q) == ERR_OK && q.micro > 0) {
        a->run.uptime_us = (uint64_t)q.micro;
        return true;
    }
    fprintf(stderr, "bmsrig run: --uptime: expected a time such as '49 d', found '%s'\n", text);
    return false;
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
    if (t > 0) {
        a->run.date_us = (uint64_t)t * US_PER_S;
        return true;
    }
    fprintf(stderr, "bmsrig run: --date: expected 2026-10-25T00:59:50 (UTC), found '%s'\n", text);
    return false;
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
    case OPT_TTY:
        a->run.tty = optarg;
        a->run.tier = TIER_CABLE;
        return true;
    case OPT_BROKER: a->run.broker = optarg; return true;
    case OPT_TIER: return parse_tier(a, optarg);
    case OPT_SEED:
        if (!number(optarg, 1, INT64_MAX, "--seed", &v))
            return false;
        a->run.seed = (uint64_t)v;
        return true;
    case 'j':
        if (!number(optarg, 1, 64, "-j", &v))
            return false;
        a->jobs = (unsigned)v;
        return true;
    case OPT_SLOT:
        if (!number(optarg, 0, 64, "--slot", &v))
            return false;
        a->run.slot = (unsigned)v;
        return true;
    case OPT_UPTIME: return parse_uptime(a, optarg);
    case OPT_DATE: return parse_date(a, optarg);
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

/* 0 go on, else exit code + 1. */
static int parse_args(struct run_args *a, int argc, char **argv)
{
    int c;
    while ((c = getopt_long(argc, argv, "j:o:h", options, NULL)) != -1) {
        if (c == 'h') {
            fputs(help, stdout);
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
    return 0;
}

/* ---- loading ---- */

struct loaded {
    struct scenario **at;
    size_t n;
    bool bad;
};

static bool selected(const struct run_args *a, const struct scenario *s)
{
    if (a->worker)
        return true; /* the suite has chosen */
    if (a->only && !strstr(s->id, a->only))
        return false;
    if (!a->req)
        return true;
    for (size_t i = 0; i < s->n_covers; i++)
        if (strcmp(s->covers[i], a->req) == 0)
            return true;
    return false;
}

static void load_one(const char *path, void *ctx)
{
    struct loaded *l = ((void **)ctx)[0];
    const struct run_args *a = ((void **)ctx)[1];
    const struct scenario_names *names = ((void **)ctx)[2];
    struct scenario *s = NULL;
    enum err err = scenario_load(path, names, &s);
    if (err != ERR_OK) {
        if (s)
            scenario_print_errors(s, stderr);
        else
            fprintf(stderr, "%s: %s\n", path, err_text(err));
        scenario_delete(s);
        l->bad = true;
        return;
    }
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->at[i]->id, s->id) == 0) {
            fprintf(stderr, "%s: error: scenario %s is also in %s\n", path, s->id, l->at[i]->path);
            l->bad = true;
        }
    if (!selected(a, s)) {
        scenario_delete(s);
        return;
    }
    struct scenario **at = realloc(l->at, (l->n + 1) * sizeof *at);
    if (!at)
        abort();
    l->at = at;
    l->at[l->n++] = s;
}

static void keep_shard(struct loaded *l, unsigned shard, unsigned shards)
{
    size_t kept = 0;
    if (shards < 2)
        return;
    for (size_t i = 0; i < l->n; i++)
        if (i % shards == shard - 1)
            l->at[kept++] = l->at[i];
        else
            scenario_delete(l->at[i]);
    l->n = kept;
}

static void free_loaded(struct loaded *l)
{
    for (size_t i = 0; i < l->n; i++)
        scenario_delete(l->at[i]);
    free(l->at);
}

/* ---- running ---- */

enum { GRACE_US = 30000000 };

/* Is `req` one of the comma-separated ids? */
static bool listed(const char *ids, const char *req)
{
    size_t n = strlen(req);
    for (const char *at = ids; n && (at = strstr(at, req)) != NULL; at += n)
        if ((at == ids || at[-1] == ',') && (at[n] == ',' || at[n] == 0))
            return true;
    return false;
}

/* 0 when a failed check names one of the requirements. */
static int judge_kill(const char *ids, struct result *const *results, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < results[i]->n_lines; k++) {
            const struct result_line *l = &results[i]->lines[k];
            if (l->code == VERDICT_FAIL && listed(ids, l->req)) {
                printf("killed: %s, %s:%u (%s)\n", l->req, results[i]->id, l->line, l->actual);
                return 0;
            }
        }
    printf("SURVIVED: no failed check names %s\n", ids);
    return 1;
}

static int run_suite(const struct run_args *a, const struct loaded *l, const struct manifest *m,
                     const struct catalogue *catalogue, char **argv, int n_argv)
{
    char self[512];
    const char *worker[64];
    size_t n = 0;
    path_self(self, sizeof self);
    worker[n++] = self;
    worker[n++] = "worker";
    for (int i = 1; i < n_argv && n < 60; i++)
        worker[n++] = argv[i];
    worker[n] = NULL;
    bool tty = isatty(1);
    bool color = tty && !a->no_color && !getenv("NO_COLOR");
    struct suite_options suite = {
        .worker_argv = worker,
        .out_dir = a->run.out_dir,
        .jobs = a->jobs,
        .progress = tty,
        .stop_on_failure = a->fail_fast,
        .report = {.catalogue = catalogue, .color = color, .latencies = true}};
    struct suite_item *items = calloc(l->n + 1, sizeof *items);
    struct result **results = calloc(l->n + 1, sizeof *results);
    if (!items || !results)
        abort();
    for (size_t i = 0; i < l->n; i++)
        items[i] = (struct suite_item){.scenario = l->at[i],
                                       .limit_us = l->at[i]->duration_us + m->boot_us + GRACE_US};
    char why[300];
    if (a->run.tier == TIER_VIRTUAL && !virtual_possible(m, a->run.wrap, why, sizeof why))
        printf("The bridge cannot run in virtual time (%s); using the pty tier.\n", why);
    uint64_t began = clock_now_us(clock_system());
    if (a->run.tier == TIER_CABLE || m->attach)
        suite.jobs = 1; /* there is only one of these wires */
    bool whole = suite_run(&suite, items, l->n);
    int64_t wall = (int64_t)(clock_now_us(clock_system()) - began);
    for (size_t i = 0; i < l->n; i++) {
        results[i] = items[i].result;
        report_failures(stdout, &suite.report, results[i]);
    }
    report_summary(stdout, &suite.report, results, l->n, wall);
    char junit[1024], json[1024];
    snprintf(junit, sizeof junit, "%s/junit.xml", a->run.out_dir);
    snprintf(json, sizeof json, "%s/results.json", a->run.out_dir);
    const char *junit_path = a->junit ? a->junit : junit;
    int code = a->kill ? judge_kill(a->kill, results, l->n) : report_exit_code(results, l->n);
    if (report_junit(junit_path, results, l->n) != ERR_OK ||
        report_json(json, results, l->n) != ERR_OK) {
        fprintf(stderr, "bmsrig run: cannot write the reports %s, %s\n", junit_path, json);
        code = 4;
    }
    printf("report: %s, %s, and a folder for each scenario in %s\n", junit_path, json,
           a->run.out_dir);
    for (size_t i = 0; i < l->n; i++)
        result_delete(results[i]);
    free(results);
    free(items);
    return whole ? code : 4;
}

static int run_worker(const struct run_args *a, const struct loaded *l, const struct manifest *m)
{
    char path[1024];
    if (l->n != 1)
        return 4;
    struct result *r = world_run(l->at[0], m, &a->run);
    snprintf(path, sizeof path, "%s/%s", a->run.out_dir, l->at[0]->id);
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        fprintf(stderr, "bmsrig: cannot make %s: %s\n", path, strerror(errno));
    snprintf(path, sizeof path, "%s/%s/result.json", a->run.out_dir, l->at[0]->id);
    enum err err = result_save(r, path);
    result_delete(r);
    return err == ERR_OK ? 0 : 4;
}

static int load_and_run(struct run_args *a, char **argv)
{
    static const char *const suffixes[] = {".scn", NULL};
    char dut[600];
    struct manifest *m = NULL;
    struct names_context names;
    struct loaded l = {0};
    path_data("scenarios/dut/bms-bridge.dut", dut, sizeof dut);
    if (!a->dut)
        a->dut = dut;
    enum err err = manifest_load(a->dut, stderr, &m);
    if (err != ERR_OK) {
        if (err != ERR_SYNTAX)
            fprintf(stderr,
                    "bmsrig run: manifest %s: %s\n  docs/manifest.md shows how to write one\n",
                    a->dut, err_text(err));
        return 3;
    }
    int code = 3;
    if (names_open(&names, m->has_can ? m->dialect : NULL)) {
        void *ctx[3] = {&l, a, &names.names};
        for (int i = 0; i < a->n_files; i++) {
            char path[1024];
            path_scenarios(a->files[i], path, sizeof path);
            if ((err = files_walk(path, suffixes, load_one, ctx)) != ERR_OK) {
                fprintf(stderr, "bmsrig run: %s: %s\n", a->files[i],
                        err == ERR_INCOMPLETE ? "no scenario (*.scn) in there" : err_text(err));
                l.bad = true;
            }
        }
        if (!a->worker)
            keep_shard(&l, a->shard, a->shards);
        if (!l.bad && l.n == 0)
            fputs("bmsrig run: no scenario is left after --only, --req and --shard\n", stderr);
        else if (!l.bad && a->worker)
            code = run_worker(a, &l, m);
        else if (!l.bad && (code = (int)preflight(m, &a->run, stderr)) == PREFLIGHT_OK)
            code = run_suite(a, &l, m, names.catalogue, argv, optind);
        names_close(&names);
    }
    free_loaded(&l);
    manifest_delete(m);
    return code;
}

static int run(int argc, char **argv, bool worker)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct run_args a = {.run = {.out_dir = "report", .tier = TIER_PTY},
                         .jobs = (unsigned)(cores > 0 ? cores : 1) * 8,
                         .worker = worker};
    char name[] = "bmsrig run"; /* for getopt's messages */
    char *own = argv[0];
    argv[0] = name;
    int stop = parse_args(&a, argc, argv);
    argv[0] = own;
    if (stop)
        return stop - 1;
    int bad = (int)preflight_folder(a.run.out_dir, stderr);
    if (bad)
        return bad;
    char *out = realpath(a.run.out_dir, NULL);
    if (out)
        a.run.out_dir = out;
    int code = load_and_run(&a, argv);
    free(out);
    return code;
}

int cmd_run(int argc, char **argv)
{
    return run(argc, argv, false);
}

int cmd_worker(int argc, char **argv)
{
    return run(argc, argv, true);
}
