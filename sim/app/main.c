/* SPDX-License-Identifier: Apache-2.0
 *
 * bms-sim: simulated ports in the foreground, until `quit`, SIGINT or SIGTERM. What stands between
 * two `--and` of the command line is one port; those in the same air share its radio.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "sim/air.h"
#include "sim/app/options.h"
#include "sim/app/terminal.h"
#include "sim/ble/radio.h"
#include "sim/model/pack.h"

struct port {
    struct options options;
    struct sim *sim;
};

struct app {
    struct port port[TERMINAL_PORTS];
    unsigned ports;
    struct loop *loop;
    struct log log;
    struct airs airs;
    struct terminal terminal;
    struct loop_signal *sigint, *sigterm;
};

static void on_signal(void *ctx, int signum)
{
    struct app *app = ctx;
    (void)signum;
    loop_stop(app->loop);
}

static enum exit_code explain_air(const char *port, enum err e, const char **ret_hint)
{
    const char *radio = strncmp(port, "ble:", 4) == 0 ? port + 4 : "";

    *ret_hint = ble_radio_hint(radio, e);
    if (*ret_hint == NULL)
        *ret_hint = e == ERR_NOT_FOUND ? "no dbus-daemon, or no such folder: apt-get install dbus"
                                       : "expected ble, ble:FOLDER, ble:vhci or ble:hciN";
    switch ((int)e) {
    case ERR_NOT_FOUND:
    case ERR_UNSUPPORTED: return EXIT_NOT_FOUND;
    case ERR_DENIED: return EXIT_DENIED;
    case ERR_BUSY: return EXIT_BUSY;
    }
    return EXIT_NO_DEVICE;
}

/* What to do about a port that does not open. */
static enum exit_code explain(const struct options *o, enum err e)
{
    bool tcp = strncmp(o->port, "tcp:", 4) == 0;
    const char *hint = "";
    enum exit_code code = EXIT_INTERNAL;

    if (o->config.kind->wire == DEVICE_BLE) {
        code = explain_air(o->port, e, &hint);
    } else if (e == ERR_NOT_FOUND) {
        hint = strncmp(o->port, "pty:", 4) == 0 ? "the folder for the link does not exist"
                                                : "ls /dev/serial/by-id shows what is plugged in";
        code = EXIT_NOT_FOUND;
    } else if (e == ERR_DENIED) {
        hint = strncmp(o->port, "pty:", 4) == 0 ? "the folder is not writable"
                                                : "is the user in the group dialout?";
        code = EXIT_DENIED;
    } else if (e == ERR_BUSY) {
        hint = tcp ? "another program listens there" : "another program has opened it";
        code = tcp ? EXIT_ADDRESS : EXIT_BUSY;
    } else if (e == ERR_UNSUPPORTED || e == ERR_USAGE || e == ERR_SYNTAX) {
        hint = "expected pty, pty:LINK, a serial port or tcp:PORT";
        code = EXIT_NO_DEVICE;
    }
    fprintf(stderr, "bms-sim: %s: %s%s%s\n", o->port, err_text(e), hint[0] != '\0' ? "; " : "",
            hint);
    return code;
}

/* One line for a person, whose last word is what a script wants. */
static void greet(const struct port *p)
{
    const struct sim_config *c = &p->options.config;
    const struct product *master = product_find(c->battery[0].product);

    printf("%s: %u %s behind %s", c->kind->name, sim_battery_count(p->sim),
           sim_battery_count(p->sim) == 1 ? "battery" : "batteries", master->device_name);
    c->kind->greet(c->knobs, stdout);
    if (sim_bus(p->sim) != NULL)
        printf("\nbus: DBUS_SYSTEM_BUS_ADDRESS=%s", sim_bus(p->sim));
    printf("\nport: %s\n", sim_path(p->sim));
    fflush(stdout);
}

static enum err make_port(struct app *app, struct port *p)
{
    struct terminal_port *seen;
    struct sim_handler handler =
        terminal_add(&app->terminal, p->options.config.kind->wire == DEVICE_CAN, &seen);
    enum err e =
        sim_new(app->loop, &app->log, &p->options.config, p->options.seed, &handler, &p->sim);

    seen->sim = p->sim;
    if (e == ERR_OK)
        sim_share_air(p->sim, &app->airs);
    return e;
}

static enum err make(struct app *app)
{
    bool log_wire = false;
    enum err e = loop_new(&app->loop);

    if (e != ERR_OK)
        return e;
    log_to_stderr(&app->log, LOG_WARN, loop_clock(app->loop));
    for (unsigned i = 0; i < app->ports; i++)
        log_wire = log_wire || app->port[i].options.log_wire;
    terminal_init(&app->terminal, app->loop, stdout, log_wire);
    for (unsigned i = 0; i < app->ports && e == ERR_OK; i++)
        e = make_port(app, &app->port[i]);
    if (e == ERR_OK)
        e = loop_signal_new(app->loop, SIGINT, on_signal, app, &app->sigint);
    if (e == ERR_OK)
        e = loop_signal_new(app->loop, SIGTERM, on_signal, app, &app->sigterm);
    return e;
}

static void unmake(struct app *app)
{
    terminal_free(&app->terminal);
    loop_signal_delete(app->sigint);
    loop_signal_delete(app->sigterm);
    for (unsigned i = 0; i < app->ports; i++)
        sim_delete(app->port[i].sim); /* removes the link */
    loop_delete(app->loop);
}

static enum exit_code run(struct app *app)
{
    enum err e = make(app);

    if (e != ERR_OK) {
        fprintf(stderr, "bms-sim: %s\n", err_text(e));
        return EXIT_INTERNAL;
    }
    for (unsigned i = 0; i < app->ports; i++) {
        e = sim_open(app->port[i].sim, app->port[i].options.port);
        if (e != ERR_OK)
            return explain(&app->port[i].options, e);
        greet(&app->port[i]);
    }
    e = terminal_read(&app->terminal);
    if (e != ERR_OK) {
        fprintf(stderr, "bms-sim: standard input: %s\n", err_text(e));
        return EXIT_INTERNAL;
    }
    if (!app->terminal.quit)
        loop_run(app->loop);
    return EXIT_FINE;
}

/* The words up to the next `--and`, as a command line of their own. */
static enum exit_code parse_port(struct app *app, int argc, char **argv, int *at)
{
    int n = 1; /* the first is the program's name, or the `--and` before */

    if (app->ports == TERMINAL_PORTS) {
        fprintf(stderr, "bms-sim: too many ports: at most %d\n", TERMINAL_PORTS);
        return EXIT_USAGE;
    }
    while (*at + n < argc && strcmp(argv[*at + n], "--and") != 0)
        n++;
    enum exit_code code = options_parse(n, argv + *at, &app->port[app->ports++].options, stderr);
    *at += n;
    return code;
}

int main(int argc, char **argv)
{
    struct app app = {0};
    enum exit_code code = EXIT_FINE;

    for (int at = 0; at < argc;) {
        code = parse_port(&app, argc, argv, &at);
        if (code != EXIT_FINE)
            return (int)code;
        switch (app.port[app.ports - 1].options.action) {
        case ACTION_HELP: options_help(stdout); return EXIT_FINE;
        case ACTION_VERSION: puts("bms-sim " BMSRIG_VERSION); return EXIT_FINE;
        case ACTION_LIST: options_list(stdout); return EXIT_FINE;
        case ACTION_RUN: break;
        }
    }
    code = run(&app);
    unmake(&app);
    return (int)code;
}
