/* SPDX-License-Identifier: Apache-2.0
 *
 * `bmsrig can-hub` keeps a CAN bus in user space; `bmsrig exec` runs any AF_CAN program on it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/loop.h"
#include "harness/app/commands.h"
#include "harness/run/paths.h"
#include "port/can_hub.h"

static const char hub_help[] =
    "usage: bmsrig can-hub [SOCKET]\n"
    "\n"
    "A CAN bus without kernel CAN: programs join it with `bmsrig exec`. SOCKET is a path for the\n"
    "bus (default: /tmp/bmsrig-vcan0.sock). Frames are shown as they pass. Ctrl-C ends it.\n"
    "\n"
    "  bmsrig can-hub &\n"
    "  bmsrig exec candump vcan0 &\n"
    "  bmsrig exec cansend vcan0 305#0000000000000000\n";

static const char exec_help[] =
    "usage: bmsrig exec [--can NAME=SOCKET] PROGRAM [ARGUMENTS]\n"
    "\n"
    "Runs an unmodified program whose AF_CAN sockets join a hub instead of the kernel's CAN.\n"
    "Default: vcan0=/tmp/bmsrig-vcan0.sock, the hub that `bmsrig can-hub` makes.\n"
    "Raw and broadcast manager (CAN_BCM) sockets, classic frames.\n"
    "\n"
    "  bmsrig exec candump -t a vcan0\n"
    "  bmsrig exec --can can0=/tmp/bus.sock python3 my_bridge.py\n";

#define DEFAULT_SOCKET "/tmp/bmsrig-vcan0.sock"

static void on_frame(void *ctx, const struct can_msg *msg, uint64_t t_us, unsigned member)
{
    char text[64];
    struct buf b = buf_of(text, sizeof text - 1);
    const uint64_t *began = ctx;
    can_msg_format(msg, &b);
    text[b.n] = 0;
    printf("%12.6f  member %-2u  %s\n", (double)(t_us - *began) / 1e6, member, text);
    fflush(stdout);
}

static void on_signal(void *ctx, int signum)
{
    (void)signum;
    loop_stop(ctx);
}

int cmd_can_hub(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : DEFAULT_SOCKET;
    struct loop *loop = NULL;
    struct can_hub *hub = NULL;
    struct loop_signal *sigint = NULL, *sigterm = NULL;
    uint64_t began;
    if (argc > 2 || (argc == 2 && argv[1][0] == '-')) {
        fputs(hub_help, argc == 2 && strcmp(argv[1], "--help") == 0 ? stdout : stderr);
        return argc == 2 && strcmp(argv[1], "--help") == 0 ? 0 : 3;
    }
    enum err err = loop_new(&loop);
    began = err == ERR_OK ? loop_now(loop) : 0;
    if (err == ERR_OK)
        err = can_hub_new(loop, path, on_frame, &began, &hub);
    if (err == ERR_OK)
        err = loop_signal_new(loop, SIGINT, on_signal, loop, &sigint);
    if (err == ERR_OK)
        err = loop_signal_new(loop, SIGTERM, on_signal, loop, &sigterm);
    if (err == ERR_OK) {
        printf("bus at %s; join it with: bmsrig exec --can vcan0=%s candump vcan0\n", path, path);
        fflush(stdout);
        loop_run(loop);
    } else {
        fprintf(stderr, "bmsrig can-hub: %s: %s\n", path, err_text(err));
    }
    loop_signal_delete(sigint);
    loop_signal_delete(sigterm);
    can_hub_delete(hub);
    loop_delete(loop);
    return err == ERR_OK ? 0 : 4;
}

int cmd_exec(int argc, char **argv)
{
    const char *map = "vcan0=" DEFAULT_SOCKET;
    char lib[512];
    int at = 1;
    if (argc > 3 && strcmp(argv[1], "--can") == 0) {
        map = argv[2];
        at = 3;
    }
    if (at >= argc || argv[at][0] == '-') {
        fputs(exec_help, argc == 2 && strcmp(argv[1], "--help") == 0 ? stdout : stderr);
        return argc == 2 && strcmp(argv[1], "--help") == 0 ? 0 : 3;
    }
    path_preload(lib, sizeof lib);
    if (access(lib, R_OK) != 0) {
        fprintf(stderr, "bmsrig exec: no preload library at %s (set BMSRIG_PRELOAD)\n", lib);
        return 4;
    }
    setenv("LD_PRELOAD", lib, 1);
    setenv(HUB_ENV, map, 1);
    execvp(argv[at], argv + at);
    fprintf(stderr, "bmsrig exec: %s: %s\n", argv[at], strerror(errno));
    return errno == ENOENT ? 127 : 126;
}
