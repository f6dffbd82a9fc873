/* SPDX-License-Identifier: Apache-2.0
 *
 * bms-bridge: reads batteries and tells inverters and homes what they may do. Arguments,
 * configuration, signals. See docs/man/bms-bridge.1.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/app.h"
#include "bridge/ha_clean.h"
#include "bridge/scan.h"

/* Exit codes, documented in the manual page. */
enum { EXIT_FINE = 0, EXIT_USAGE = 2, EXIT_CONFIG = 3, EXIT_START = 4, EXIT_CLEAN = 5 };

struct arguments {
    const char *config;
    bool check_only;
    bool ha_clean;
    enum log_level level;
};

static const char usage[] =
    "usage: bms-bridge -c FILE [--check-config | --ha-clean] [--log LEVEL]\n"
    "       bms-bridge scan [--time SECONDS] [--can BUS]...\n"
    "\n"
    "Reads batteries and tells inverters and homes what they may do. `scan` lists what batteries\n"
    "could be read from here: Bluetooth LE, serial ports, CAN (bms-bridge scan --help).\n"
    "\n"
    "  -c, --config FILE   configuration (docs/bridge.md, bms-bridge.conf.example)\n"
    "      --check-config  read the configuration, report what is wrong, and end\n"
    "      --ha-clean      take the bridge's devices out of Home Assistant: remove all retained\n"
    "                      discovery and availability topics of the configured brokers, and end;\n"
    "                      stop the bridge first, or it announces them again\n"
    "      --log LEVEL     error, warn, info (default) or debug\n"
    "      --version       print the version and end\n"
    "  -h, --help          print this and end\n"
    "\n"
    "exit codes: 0 ended by SIGTERM or SIGINT, 2 usage, 3 configuration, 4 could not start,\n"
    "            5 --ha-clean: a broker did not answer or refused\n";

static void print_help(void)
{
    fputs(usage, stdout);
    puts("\nsources of [battery NAME]:");
    for (size_t i = 0; source_kind_at(i) != NULL; i++)
        printf("  %-18s  %s\n", source_kind_at(i)->name, source_kind_at(i)->summary);
}

/* True: go on. False: *ret_code is the exit code. */
static bool parse_arguments(int argc, char **argv, struct arguments *ret, int *ret_code)
{
    enum { CHECK = 256, CLEAN, LOG, VERSION };
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"check-config", no_argument, NULL, CHECK},
        {"log", required_argument, NULL, LOG},
        {"version", no_argument, NULL, VERSION},
        {"help", no_argument, NULL, 'h'},
        {"ha-clean", no_argument, NULL, CLEAN},
        {NULL, 0, NULL, 0},
    };
    int option = 0;

    *ret = (struct arguments){.level = LOG_INFO};
    *ret_code = EXIT_USAGE;
    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        switch (option) {
        case 'c': ret->config = optarg; break;
        case CHECK: ret->check_only = true; break;
        case CLEAN: ret->ha_clean = true; break;
        case LOG:
            if (!log_level_parse(optarg, &ret->level)) {
                fprintf(stderr, "bms-bridge: unknown log level '%s'\n", optarg);
                return false;
            }
            break;
        case VERSION:
            printf("bms-bridge %s\n", BMSRIG_VERSION);
            *ret_code = EXIT_FINE;
            return false;
        case 'h':
            print_help();
            *ret_code = EXIT_FINE;
            return false;
        default: return false;
        }
    }
    if (ret->config == NULL || optind != argc) {
        fputs(usage, stderr);
        return false;
    }
    return true;
}

/* The configuration with its secrets; an exit code otherwise. */
static int read_config(const char *path, struct config *ret)
{
    struct conf_file *file = NULL;
    char why[CONFIG_TEXT + 64];
    enum err e = conf_load(path, &file);

    if (e != ERR_OK) {
        fprintf(stderr, "bms-bridge: %s: %s\n", path, err_text(e));
        return EXIT_CONFIG;
    }
    bool good = config_read(file, ret);
    if (!good)
        conf_print_errors(file, stderr);
    conf_delete(file);
    if (!good)
        return EXIT_CONFIG;
    if (!config_fetch_secrets(ret, why, sizeof why)) {
        fprintf(stderr, "bms-bridge: %s: %s\n", path, why);
        return EXIT_CONFIG;
    }
    return EXIT_FINE;
}

static void on_signal(void *ctx, int signum)
{
    (void)signum;
    loop_stop(ctx);
}

/* Lets what the brokers are told leave, but waits for nobody. */
static void say_goodbye(struct loop *loop, struct app *app)
{
    uint64_t end_us = loop_now(loop) + 100 * US_PER_MS;

    app_goodbye(app);
    while (loop_now(loop) < end_us)
        loop_turn(loop, end_us);
}

static int run(struct loop *loop, const struct config *config, const struct log *log)
{
    struct loop_signal *term = NULL;
    struct loop_signal *interrupt = NULL;
    struct app *app = NULL;
    const char *why = "";
    int code = EXIT_START;

    if (loop_signal_new(loop, SIGTERM, on_signal, loop, &term) != ERR_OK ||
        loop_signal_new(loop, SIGINT, on_signal, loop, &interrupt) != ERR_OK) {
        log_msg(log, LOG_ERROR, "main", "no signal handling");
    } else {
        enum err e = app_new(loop, config, log, &app, &why);
        if (e != ERR_OK) {
            log_msg(log, LOG_ERROR, "main", "cannot start: %s (%s)", why != NULL ? why : "",
                    err_text(e));
        } else {
            log_msg(log, LOG_INFO, "main", "bms-bridge %s started", BMSRIG_VERSION);
            loop_run(loop);
            say_goodbye(loop, app);
            log_msg(log, LOG_INFO, "main", "ended");
            code = EXIT_FINE;
        }
    }
    app_delete(app);
    loop_signal_delete(interrupt);
    loop_signal_delete(term);
    return code;
}

static int clean(struct loop *loop, const struct config *config, const struct log *log)
{
    const char *why = "";
    enum err e = ha_clean(loop, config, log, &why);

    if (e == ERR_OK)
        return EXIT_FINE;
    fprintf(stderr, "bms-bridge: --ha-clean: %s (%s)\n", why != NULL ? why : "", err_text(e));
    return e == ERR_NOT_FOUND ? EXIT_CONFIG : EXIT_CLEAN;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "scan") == 0)
        return scan_main(argc - 1, argv + 1);
    struct arguments arguments;
    struct loop *loop = NULL;
    struct log log;
    int code = EXIT_FINE;

    if (!parse_arguments(argc, argv, &arguments, &code))
        return code;
    struct config *config = calloc(1, sizeof *config);
    if (config == NULL)
        return EXIT_START;
    code = read_config(arguments.config, config);
    if (code == EXIT_FINE && arguments.check_only) {
        printf("%s: good\n", arguments.config);
    } else if (code == EXIT_FINE && loop_new(&loop) != ERR_OK) {
        code = EXIT_START;
    } else if (code == EXIT_FINE) {
        signal(SIGPIPE, SIG_IGN); /* a broker or serial server that hangs up is no reason to end */
        log_to_stderr(&log, arguments.level, loop_clock(loop));
        code = arguments.ha_clean ? clean(loop, config, &log) : run(loop, config, &log);
    }
    loop_delete(loop);
    free(config);
    return code;
}
