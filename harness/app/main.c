/* SPDX-License-Identifier: Apache-2.0
 *
 * bmsrig: the commands.
 */
#include <stdio.h>
#include <string.h>

#include "harness/app/commands.h"

static const char help[] =
    "usage: bmsrig COMMAND [options]\n"
    "\n"
    "A test rig for battery bridges: plays scripted battery events into the bridge under test and\n"
    "judges what it tells the inverter (CAN) and the home (MQTT).\n"
    "\n"
    "  run        run scenarios against a bridge and report\n"
    "  list       scenarios and requirements: what covers what\n"
    "  lint       check scenarios, manifests and requirements without running anything\n"
    "  fmt        put scenarios into canonical columns\n"
    "  explain    say in sentences what a scenario does and demands\n"
    "  dump-json  a scenario as JSON;  from-json  and back\n"
    "  can-hub    a CAN bus without kernel CAN\n"
    "  exec       run an AF_CAN program on that bus\n"
    "\n"
    "`bmsrig COMMAND --help` teaches each of them. Start with: bmsrig run scenarios\n";

struct command {
    const char *name;
    int (*fn)(int argc, char **argv);
};

static const struct command commands[] = {
    {"run", cmd_run},
    {"worker", cmd_worker},
    {"can-hub", cmd_can_hub},
    {"exec", cmd_exec},
};

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
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].fn(argc - 1, argv + 1);
    const char *names[16];
    size_t n = 0;
    for (; n < sizeof commands / sizeof *commands; n++)
        names[n] = commands[n].name;
    names[n] = NULL;
    const char *near = conf_nearest(span_str(argv[1]), names);
    fprintf(stderr, "bmsrig: unknown command '%s'%s%s%s; try `bmsrig --help`\n", argv[1],
            near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
    return 3;
}
