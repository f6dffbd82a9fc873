/* SPDX-License-Identifier: Apache-2.0
 *
 * Programs that know BlueZ and nothing of us: bleak and bluetoothctl find, connect and read the
 * simulated JK BMS unmodified.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/sim.h"
#include "testing/testing.h"

#define PATIENCE_US (60 * US_PER_S)

struct bench {
    struct loop *loop;
    struct sim *sim;
    bool up, ended;
    int status;
    char out[4096];
    size_t n;
    int pipe;
};

static void on_up(void *ctx)
{
    ((struct bench *)ctx)->up = true;
}

static void on_exit_status(void *ctx, int status, int signum)
{
    struct bench *b = ctx;

    (void)signum;
    b->status = status;
    b->ended = true;
}

static void on_output(void *ctx, unsigned events)
{
    struct bench *b = ctx;
    ssize_t n;

    (void)events;
    while (b->n + 1 < sizeof b->out &&
           (n = read(b->pipe, b->out + b->n, sizeof b->out - 1 - b->n)) > 0)
        b->n += (size_t)n;
    b->out[b->n] = '\0';
}

static bool until(const struct bench *b, const bool *flag)
{
    uint64_t end = loop_now(b->loop) + PATIENCE_US;

    while (!*flag && loop_now(b->loop) < end)
        loop_turn(b->loop, end);
    return *flag;
}

static void configure(struct sim_config *config)
{
    struct conf_file *file = NULL;

    sim_config_init(config);
    conf_parse("test", SPAN_LIT("device jk-ble\n"), &file);
    struct conf_cursor c = conf_cursor_of(file, &file->lines[0]);
    CU_ASSERT_TRUE(sim_config_port_key(config, &c));
    conf_delete(file);
    config->battery[0].used = true;
}

static bool bench_up(struct bench *b)
{
    const struct sim_handler handler = {.on_up = on_up, .ctx = b};
    static struct sim_config config;

    *b = (struct bench){.pipe = -1};
    configure(&config);
    CU_ASSERT_EQUAL_FATAL(loop_new(&b->loop), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(sim_new(b->loop, NULL, &config, 1, &handler, &b->sim), ERR_OK);
    enum err e = sim_open(b->sim, "ble");
    if (e == ERR_OK && until(b, &b->up)) {
        setenv("DBUS_SYSTEM_BUS_ADDRESS", sim_bus(b->sim), 1);
        return true;
    }
    testing_skip("no dbus-daemon: %s", err_text(e));
    sim_delete(b->sim);
    loop_delete(b->loop);
    return false;
}

static void bench_down(struct bench *b)
{
    unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
    sim_delete(b->sim);
    loop_delete(b->loop);
}

/* Runs it to its end with the bus in its environment; its output is in b->out. */
static void run(struct bench *b, const char *const *argv)
{
    struct loop_child *child;
    struct loop_io *io;
    int ends[2];

    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
    CU_ASSERT_EQUAL(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0); /* the sim goes on meanwhile */
    b->pipe = ends[0];
    const struct loop_spawn spawn = {
        .file = argv[0], .argv = argv, .stdin_fd = -1, .stdout_fd = ends[1], .stderr_fd = ends[1]};
    CU_ASSERT_EQUAL_FATAL(loop_io_new(b->loop, ends[0], LOOP_READ, on_output, b, &io), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(loop_child_spawn(b->loop, &spawn, on_exit_status, b, &child), ERR_OK);
    close(ends[1]);
    CU_ASSERT_TRUE(until(b, &b->ended));
    on_output(b, LOOP_READ);
    loop_child_delete(child);
    loop_io_delete(io);
    close(ends[0]);
}

static void expect(const struct bench *b, const char *text)
{
    if (strstr(b->out, text) == NULL)
        TESTING_FAIL("no \"%s\" in:\n%s", text, b->out);
}

static void test_bleak(void)
{
    const char *source = getenv("BMSRIG_SOURCE");
    char script[512];
    struct bench b;

    snprintf(script, sizeof script, "%s/sim/ble/bleak_client.py", source != NULL ? source : ".");
    if (access("/usr/bin/python3", X_OK) != 0 || access(script, R_OK) != 0) {
        testing_skip("no python3, or no %s", script);
        return;
    }
    if (!bench_up(&b))
        return;
    const char *argv[] = {"/usr/bin/python3", script, "C8:47:8C:12:34:56", NULL};
    run(&b, argv);
    if (b.status == 77) {
        testing_skip("no bleak");
    } else {
        CU_ASSERT_EQUAL(b.status, 0);
        expect(&b, "C8:47:8C:12:34:56 JK_PB2A16S20P -60 ffe0\n");
        expect(&b, "[('ffe2', ['write-without-response']), "
                   "('ffe1', ['notify', 'write', 'write-without-response'])]\n");
        expect(&b, "[128, 22, 128, 22, 20]\n"); /* the information and its acknowledge */
        expect(&b, "[3, 1, 3, 2] True\n");
    }
    bench_down(&b);
}

static void test_bluetoothctl(void)
{
    struct bench b;

    if (access("/usr/bin/bluetoothctl", X_OK) != 0) {
        testing_skip("no bluetoothctl");
        return;
    }
    if (!bench_up(&b))
        return;
    const char *argv[] = {"/usr/bin/bluetoothctl", "--timeout", "2", "scan", "on", NULL};
    run(&b, argv);
    expect(&b, "Device C8:47:8C:12:34:56 JK_PB2A16S20P");
    bench_down(&b);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"bleak", test_bleak}, {"bluetoothctl", test_bluetoothctl}, {0}};
    return testing_main(argc, argv, "ble_clients", cases);
}
