/* SPDX-License-Identifier: Apache-2.0
 *
 * The preload library with programs that know nothing of it: can-utils, python-can, and a probe of
 * our own (preload_probe.c) that goes through what the kernel promises; it runs natively as well,
 * where there is a vcan0 to compare with.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port/can.h"
#include "port/can_hub.h"
#include "port/test_support.h"
#include "testing/testing.h"

extern char **environ;

/* ---- two hubs and a program on them ---- */

struct bench {
    struct loop *loop;
    char folder[64], path[2][96], output[96];
    struct can_hub *hub[2];
    struct can_msg seen[1200];
    unsigned n_seen;
    struct loop_child *child[4];
    unsigned n_children, ended;
    int status[4];
};

static void on_hub_frame(void *ctx, const struct can_msg *msg, uint64_t t_us, unsigned member)
{
    struct bench *b = ctx;

    (void)t_us;
    (void)member;
    if (b->n_seen < sizeof b->seen / sizeof b->seen[0])
        b->seen[b->n_seen] = *msg;
    b->n_seen++;
}

static bool bench_start(struct bench *b)
{
    memset(b, 0, sizeof *b);
    if (access(PRELOAD_LIBRARY, R_OK) != 0) {
        testing_skip("%s is not built", PRELOAD_LIBRARY);
        return false;
    }
    CU_ASSERT_EQUAL_FATAL(loop_new(&b->loop), ERR_OK);
    test_folder_make(b->folder, sizeof b->folder);
    test_path(b->path[0], sizeof b->path[0], b->folder, "vcan0");
    test_path(b->path[1], sizeof b->path[1], b->folder, "vcan1");
    test_path(b->output, sizeof b->output, b->folder, "output");
    for (int i = 0; i < 2; i++)
        CU_ASSERT_EQUAL_FATAL(
            can_hub_new(b->loop, b->path[i], i == 0 ? on_hub_frame : NULL, b, &b->hub[i]), ERR_OK);
    return true;
}

static void bench_free(struct bench *b)
{
    for (unsigned i = 0; i < b->n_children; i++) {
        if (loop_child_running(b->child[i]))
            loop_child_kill(b->child[i], SIGKILL);
        loop_child_delete(b->child[i]);
    }
    can_hub_delete(b->hub[0]);
    can_hub_delete(b->hub[1]);
    loop_delete(b->loop);
    test_folder_remove(b->folder);
}

static void on_end(void *ctx, int status, int signum)
{
    struct bench *b = ctx;

    (void)signum;
    b->status[b->ended] = status; /* in order of ending */
    b->ended++;
}

/* Our environment with the library and the two buses. */
static const char **environment(const struct bench *b, char *hubs, size_t cap)
{
    size_t n = 0, out = 0;

    while (environ[n] != NULL)
        n++;
    const char **env = calloc(n + 3, sizeof *env);
    for (size_t i = 0; i < n; i++)
        if (strncmp(environ[i], "LD_PRELOAD=", 11) != 0)
            env[out++] = environ[i];
    snprintf(hubs, cap, HUB_ENV "=vcan0=%s,vcan1=%s", b->path[0], b->path[1]);
    env[out++] = hubs;
    env[out++] = "LD_PRELOAD=" PRELOAD_LIBRARY;
    return env;
}

static void start(struct bench *b, const char *const *argv)
{
    char hubs[300];
    const char **env = environment(b, hubs, sizeof hubs);
    int out = open(b->output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const struct loop_spawn spawn = {.file = argv[0],
                                     .argv = argv,
                                     .env = env,
                                     .stdin_fd = -1,
                                     .stdout_fd = out,
                                     .stderr_fd = out};

    CU_ASSERT_EQUAL_FATAL(loop_child_spawn(b->loop, &spawn, on_end, b, &b->child[b->n_children]),
                          ERR_OK);
    b->n_children++;
    close(out);
    free(env);
}

static void run(struct bench *b, const char *const *argv)
{
    start(b, argv);
    CU_ASSERT(test_until_count(b->loop, &b->ended, b->n_children));
    if (b->status[b->ended - 1] != 0)
        TESTING_FAIL("%s ended with %d: %s", argv[0], b->status[b->ended - 1],
                     (const char *)testing_read_file(b->output).p);
}

static bool somebody_joined(void *ctx)
{
    const struct bench *b = ctx;
    return can_hub_members(b->hub[0]) > 0;
}

static void wait_joined(struct bench *b)
{
    CU_ASSERT(test_until(b->loop, somebody_joined, b, TEST_WAIT_US));
}

static void send_text(struct bench *b, const char *candump)
{
    struct can_msg msg;
    CU_ASSERT_FATAL(can_msg_parse(span_str(candump), &msg));
    CU_ASSERT_EQUAL(can_hub_send(b->hub[0], &msg), ERR_OK);
}

static bool saw(const struct bench *b, unsigned i, const char *candump)
{
    struct can_msg msg;
    CU_ASSERT_FATAL(can_msg_parse(span_str(candump), &msg));
    return i < b->n_seen && can_msg_eq(&b->seen[i], &msg);
}

/* The frames of a candump -L file, one after the other, as "351#00 355#01 ". */
static void frames_in_log(const char *path, char *out, size_t cap)
{
    struct span text = testing_read_file(path), line;
    struct can_log_line entry;
    struct buf b = buf_of(out, cap - 1);

    while (span_line(&text, &line)) {
        if (can_log_parse(line, &entry) == ERR_OK)
            can_msg_format(&entry.msg, &b);
        else
            buf_put(&b, line);
        buf_str(&b, " ");
    }
    buf_u8(&b, 0);
}

static bool have(const char *program)
{
    if (test_have_program(program))
        return true;
    testing_skip("%s is not installed", program);
    return false;
}

/* ---- tests ---- */

static void test_probe(void)
{
    struct bench b;

    if (!bench_start(&b))
        return;
    const char *const argv[] = {PRELOAD_PROBE, "vcan0", "vcan1", NULL};
    run(&b, argv);
    bench_free(&b);
}

static void test_probe_natively(void)
{
    struct loop *loop;

    if (!can_kernel_supported() || if_nametoindex("vcan0") == 0) {
        testing_skip("no vcan0 in this kernel to compare with");
        return;
    }
    CU_ASSERT_EQUAL_FATAL(loop_new(&loop), ERR_OK);
    const char *const argv[] = {PRELOAD_PROBE, "vcan0",
                                if_nametoindex("vcan1") != 0 ? "vcan1" : NULL, NULL};
    CU_ASSERT_EQUAL(test_run(loop, argv), 0);
    loop_delete(loop);
}

static void test_broadcast_manager(void)
{
    struct bench b;

    if (!bench_start(&b))
        return;
    const char *const argv[] = {BCM_PROBE, "40", "vcan0", "vcan1", NULL};
    for (unsigned i = 1; i <= 3; i++) { /* a loaded machine may delay a frame too long */
        start(&b, argv);
        CU_ASSERT(test_until_count(b.loop, &b.ended, i));
        if (b.status[i - 1] != 1)
            break;
    }
    if (b.status[b.ended - 1] != 0)
        TESTING_FAIL("status %d: %s", b.status[b.ended - 1],
                     (const char *)testing_read_file(b.output).p);
    bench_free(&b);
}

static void test_cansend(void)
{
    struct bench b;

    if (!have("cansend") || !bench_start(&b))
        return;
    static const char *const frames[] = {"351#1402C012C012C201", "1FFFFFFF#", "305#R"};
    for (unsigned i = 0; i < 3; i++) {
        const char *const argv[] = {"cansend", "vcan0", frames[i], NULL};
        run(&b, argv);
    }
    CU_ASSERT(test_until_count(b.loop, &b.n_seen, 3));
    CU_ASSERT(saw(&b, 0, "351#1402C012C012C201"));
    CU_ASSERT(saw(&b, 1, "1FFFFFFF#"));
    CU_ASSERT(saw(&b, 2, "305#R"));

    const char *const unknown[] = {"cansend", "vcan7", "351#00", NULL};
    start(&b, unknown);
    CU_ASSERT(test_until_count(b.loop, &b.ended, 4));
    CU_ASSERT(b.status[3] != 0);
    CU_ASSERT_EQUAL(b.n_seen, 3);
    bench_free(&b);
}

/* candump ends by itself after -n frames. */
static void dump(const char *interface, const char *options, const char *n,
                 const char *const *frames, const char *want)
{
    struct bench b;
    char got[400];

    if (!have("candump") || !bench_start(&b))
        return;
    const char *const argv[] = {"candump", "-L", "-n", n, interface, options, NULL};
    start(&b, argv);
    wait_joined(&b);
    for (; *frames != NULL; frames++)
        send_text(&b, *frames);
    CU_ASSERT(test_until_count(b.loop, &b.ended, 1));
    frames_in_log(b.output, got, sizeof got);
    CU_ASSERT_STRING_EQUAL(got, want);
    if (strcmp(got, want) != 0)
        printf("# got  %s\n# want %s\n", got, want);
    bench_free(&b);
}

static void test_candump(void)
{
    static const char *const frames[] = {"351#1402C012C012C201", "355#1A006400", "1FFFFFFF#",
                                         "305#R", NULL};
    dump("vcan0", NULL, "4", frames, "351#1402C012C012C201 355#1A006400 1FFFFFFF# 305#R ");
    dump("any", NULL, "4", frames, "351#1402C012C012C201 355#1A006400 1FFFFFFF# 305#R ");
}

static void test_candump_filters(void)
{
    static const char *const frames[] = {"305#00",      "351#01", "355#02",
                                         "00000351#03", "356#04", NULL};

    dump("vcan0,351:7FF", NULL, "2", frames, "351#01 00000351#03 ");
    dump("vcan0,355~7FF", NULL, "4", frames, "305#00 351#01 00000351#03 356#04 ");
    dump("vcan0,305:7FF,356:7FF", NULL, "2", frames, "305#00 356#04 ");
}

static void test_candump_errors(void)
{
    static const char *const frames[] = {"20000040#0000000000000000", "351#01", NULL};

    dump("vcan0", NULL, "1", frames, "351#01 ");
    dump("vcan0,0:0,#FFFFFFFF", NULL, "2", frames, "20000040#0000000000000000 351#01 ");
}

/* The bus goes down and up under candump -D; error states arrive as error frames. */
static void test_bus_states(void)
{
    struct bench b;

    if (!have("candump") || !bench_start(&b))
        return;
    const char *const argv[] = {"candump", "-D", "-e", "-n", "3", "vcan0,0:0,#FFFFFFFF", NULL};
    start(&b, argv);
    wait_joined(&b);
    can_hub_set_state(b.hub[0], CAN_BUS_OFF);
    can_hub_set_state(b.hub[0], CAN_UP);
    can_hub_set_state(b.hub[0], CAN_DOWN);
    test_turn_for(b.loop, 50000);
    const char *const cansend[] = {"cansend", "vcan0", "351#00", NULL};
    start(&b, cansend);
    CU_ASSERT(test_until_count(b.loop, &b.ended, 1));
    CU_ASSERT(b.status[0] != 0); /* network is down */
    can_hub_set_state(b.hub[0], CAN_UP);
    send_text(&b, "351#01");
    CU_ASSERT(test_until_count(b.loop, &b.ended, 2));
    struct span text = testing_read_file(b.output);
    static const char *const parts[] = {"bus-off", "restarted-after-bus-off", "Network is down",
                                        "351"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (span_find(text, 0, span_str(parts[i])) == text.n)
            TESTING_FAIL("no '%s' in: %.*s", parts[i], (int)text.n, (const char *)text.p);
    bench_free(&b);
}

static void test_cangen(void)
{
    struct bench b;

    if (!have("cangen") || !bench_start(&b))
        return;
    const char *const argv[] = {"cangen", "vcan0", "-g", "0",    "-I", "i",
                                "-L",     "8",     "-n", "1000", NULL};
    run(&b, argv);
    CU_ASSERT(test_until_count(b.loop, &b.n_seen, 1000));
    for (unsigned i = 0; i < 1000; i++)
        CU_ASSERT_EQUAL(b.seen[i].id, i);
    bench_free(&b);
}

static bool python_can(struct bench *b)
{
    const char *const argv[] = {"/usr/bin/python3", "-c", "import can", NULL};

    if (access(argv[0], X_OK) == 0 && test_run(b->loop, argv) == 0)
        return true;
    testing_skip("python3-can is not installed");
    return false;
}

static void test_python(void)
{
    struct bench b;

    if (!bench_start(&b))
        return;
    /* answers what it gets with the id one higher, and sees its own answers */
    static const char script[] =
        "import can\n"
        "bus = can.Bus(interface='socketcan', channel='vcan0', receive_own_messages=True,\n"
        "              can_filters=[{'can_id': 0x350, 'can_mask': 0x7f0, 'extended': False}])\n"
        "assert bus.recv(0.05) is None\n"
        "bus.send(can.Message(arbitration_id=0x100, data=b'up', is_extended_id=False))\n"
        "for i in range(3):\n"
        "    m = bus.recv(5)\n"
        "    assert m is not None and m.is_rx and m.channel == 'vcan0', m\n"
        "    m.arbitration_id += 1\n"
        "    bus.send(m)\n"
        "    own = bus.recv(5)\n"
        "    assert own.arbitration_id == m.arbitration_id and not own.is_rx, own\n"
        "    assert abs(own.timestamp - __import__('time').time()) < 5\n"
        "bus.shutdown()\n";
    if (python_can(&b)) {
        const char *const argv[] = {"/usr/bin/python3", "-c", script, NULL};
        start(&b, argv);
        CU_ASSERT(test_until_count(b.loop, &b.n_seen, 1));
        CU_ASSERT(saw(&b, 0, "100#7570"));
        for (unsigned i = 0; i < 3; i++) {
            send_text(&b, "305#00"); /* filtered out: must not wake it */
            send_text(&b, "351#0102030405060708");
            CU_ASSERT(test_until_count(b.loop, &b.n_seen, 1 + 3 * (i + 1)));
            CU_ASSERT(saw(&b, 3 * (i + 1), "352#0102030405060708"));
        }
        CU_ASSERT(test_until_count(b.loop, &b.ended, 1));
        if (b.status[0] != 0)
            TESTING_FAIL("python3: %s", (const char *)testing_read_file(b.output).p);
    }
    bench_free(&b);
}

/* The broadcast manager sends on its own: as often as time allows, and never more often. */
static void test_python_periodic(void)
{
    struct bench b;

    if (!bench_start(&b))
        return;
    static const char script[] =
        "import can, time\n"
        "bus = can.Bus(interface='socketcan', channel='vcan0')\n"
        "m = can.Message(arbitration_id=0x305, data=[1], is_extended_id=False)\n"
        "began = time.monotonic()\n"
        "task = bus.send_periodic(m, 0.02)\n"
        "time.sleep(0.3)\n"
        "m.data[0] = 2\n"
        "task.modify_data(m)\n"
        "time.sleep(0.3)\n"
        "task.stop()\n"
        "print('took', int((time.monotonic() - began) / 0.02))\n"
        "bus.shutdown()\n";
    if (python_can(&b)) {
        const char *const argv[] = {"/usr/bin/python3", "-c", script, NULL};
        run(&b, argv);
        struct span text = testing_read_file(b.output);
        unsigned most = text.n > 5 ? (unsigned)strtoul((const char *)text.p + 5, NULL, 10) : 0;
        if (b.n_seen < 2 || b.n_seen > most + 1)
            TESTING_FAIL("%u frames in the time of %u", b.n_seen, most);
        CU_ASSERT(saw(&b, 0, "305#01"));
        CU_ASSERT(saw(&b, b.n_seen - 1, "305#02"));
    }
    bench_free(&b);
}

static void test_tools_with_each_other(void)
{
    struct bench b;
    char got[200];

    if (!have("candump") || !have("cansend") || !bench_start(&b))
        return;
    const char *const candump[] = {"candump", "-L", "-n", "2", "vcan0", NULL};
    const char *const cansend[] = {"cansend", "vcan0", "35E#50594C4F4E", NULL};
    start(&b, candump);
    wait_joined(&b);
    start(&b, cansend);
    CU_ASSERT(test_until_count(b.loop, &b.ended, 1));
    start(&b, cansend);
    CU_ASSERT(test_until_count(b.loop, &b.ended, 3));
    frames_in_log(b.output, got, sizeof got);
    CU_ASSERT_STRING_EQUAL(got, "35E#50594C4F4E 35E#50594C4F4E ");
    bench_free(&b);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"what the kernel promises, under the library", test_probe},
        {"what the kernel promises, by the kernel", test_probe_natively},
        {"the broadcast manager, by opcode", test_broadcast_manager},
        {"cansend", test_cansend},
        {"candump", test_candump},
        {"candump with filters", test_candump_filters},
        {"candump and error frames", test_candump_errors},
        {"candump: bus states", test_bus_states},
        {"cangen, 1000 frames", test_cangen},
        {"python-can", test_python},
        {"python-can: cyclic frames", test_python_periodic},
        {"candump sees cansend", test_tools_with_each_other},
        {0},
    };
    return testing_main(argc, argv, "preload", cases);
}
