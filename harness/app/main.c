/* SPDX-License-Identifier: Apache-2.0
 *
 * bmsrig: the commands.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/app/commands.h"
#include "harness/run/paths.h"
#include "harness/scenario/commands.h"

static const char help[] =
    "usage: bmsrig COMMAND [options]\n"
    "\n"
    "A test rig for battery bridges: plays scripted battery events into the bridge under test and\n"
    "judges what it tells the inverter (CAN) and the home (MQTT).\n"
    "\n"
    "  run        run scenarios against a bridge and report\n"
    "  compare    are the verdicts of several runs the same?\n"
    "  list       scenarios and requirements: what covers what\n"
    "  lint       check scenarios, manifests and requirements without running anything\n"
    "  fmt        put scenarios into canonical columns\n"
    "  explain    say in sentences what a scenario does and demands\n"
    "  dump-json  a scenario as JSON;  from-json  and back\n"
    "  can-hub    a CAN bus without kernel CAN\n"
    "  exec       run an AF_CAN program on that bus\n"
    "  can-virtualise  in which tier a program can run\n"
    "\n"
    "`bmsrig COMMAND --help` teaches each of them. Start with: bmsrig run scenarios\n";

struct command {
    const char *name;
    int (*fn)(int argc, char **argv); /* one of these two */
    int (*text_fn)(int argc, char **argv, const struct command_env *env);
};

static const struct command commands[] = {
    {"run", cmd_run, NULL},
    {"compare", cmd_compare, NULL},
    {"list", NULL, cmd_list},
    {"lint", NULL, cmd_lint},
    {"fmt", NULL, cmd_fmt},
    {"explain", NULL, cmd_explain},
    {"dump-json", NULL, cmd_dump_json},
    {"from-json", NULL, cmd_from_json},
    {"can-hub", cmd_can_hub, NULL},
    {"exec", cmd_exec, NULL},
    {"can-virtualise", cmd_can_virtualise, NULL},
    {"worker", cmd_worker, NULL},
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

/* The same arguments, where "scenarios/..." that is not here is the installed one. One block. */
static char **find_scenarios(int argc, char **argv)
{
    enum { PATH = 1024 };
    size_t n = (size_t)argc + 1;
    char **out = calloc(1, n * (sizeof *out + PATH));
    if (!out)
        abort();
    char *text = (char *)(out + n);
    for (int i = 0; i < argc; i++, text += PATH) {
        path_scenarios(argv[i], text, PATH);
        bool same = strlen(argv[i]) >= PATH || strcmp(text, argv[i]) == 0;
        out[i] = same ? argv[i] : text;
    }
    return out;
}

/* Commands on texts get the names of the catalogue and of every frame table. */
static int run_text_command(const struct command *command, int argc, char **argv)
{
    struct names_context names;
    if (!names_open(&names, NULL))
        return 4;
    struct command_env env = {.names = &names.names, .catalogue = names.catalogue};
    char **found = find_scenarios(argc, argv);
    int code = command->text_fn(argc, found, &env);
    free(found);
    names_close(&names);
    return code;
}

static int unknown(const char *name)
{
    const char *names[N_COMMANDS]; /* without the hidden last one */
    for (size_t i = 0; i + 1 < N_COMMANDS; i++)
        names[i] = commands[i].name;
    names[N_COMMANDS - 1] = NULL;
    const char *near = conf_nearest(span_str(name), names);
    fprintf(stderr, "bmsrig: unknown command '%s'%s%s%s; try `bmsrig --help`\n", name,
            near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
    return 3;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs(help, stderr);
        return 3;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        fputs(help, stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("bmsrig " BMSRIG_VERSION);
        return 0;
    }
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].fn ? commands[i].fn(argc - 1, argv + 1)
                                  : run_text_command(&commands[i], argc - 1, argv + 1);
    return unknown(argv[1]);
}
