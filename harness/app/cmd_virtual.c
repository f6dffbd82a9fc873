/* SPDX-License-Identifier: Apache-2.0
 *
 * `bmsrig can-virtualise`: says in which tier a program can run.
 */
#include <stdio.h>
#include <string.h>

#include "harness/app/commands.h"
#include "harness/vt/vt_program.h"

static const char help[] =
    "usage: bmsrig can-virtualise PROGRAM ...\n"
    "\n"
    "Says whether a program (or a script's interpreter) can run in virtual time, and which of its\n"
    "calls have to do with time. Calls that stay real do not stop a run: while a program is "
    "inside\n"
    "one, virtual time goes on at the pace of the real one.\n"
    "\n"
    "exit codes: 0 all can, 1 one cannot, 3 usage\n";

static void print_list(const char *label, const char *const *names, unsigned n)
{
    size_t width = (size_t)printf("  %-10s", label);
    for (unsigned i = 0; i < n; i++) {
        if (width + strlen(names[i]) > 98)
            width = (size_t)printf("\n  %-10s", "");
        width += (size_t)printf(" %s", names[i]);
    }
    printf("%s\n", n ? "" : " -");
}

int cmd_can_virtualise(int argc, char **argv)
{
    bool all = true;
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        fputs(help, argc < 2 ? stderr : stdout);
        return argc < 2 ? 3 : 0;
    }
    for (int i = 1; i < argc; i++) {
        struct vt_program p;
        vt_program_look(argv[i], ".", &p);
        printf("%s: tier %s%s%s\n", argv[i], p.is_virtual ? "virtual" : "pty", p.why[0] ? ": " : "",
               p.why);
        printf("  %-10s %s\n", "binary", p.path);
        print_list("virtual", p.calls, p.n_calls);
        print_list("real", p.unhandled, p.n_unhandled);
        all = all && p.is_virtual;
    }
    return all ? 0 : 1;
}
