/* SPDX-License-Identifier: Apache-2.0
 *
 * `bms-bridge scan` as a program, with a battery in the air of a played BlueZ and another that
 * speaks on a CAN hub.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port/can_hub.h"
#include "sim/ble/test_ble_rig.h"
#include "testing/testing.h"

struct run {
    bool ended;
    int status;
};

static void on_exit_status(void *ctx, int status, int signum)
{
    struct run *run = ctx;

    (void)signum;
    run->status = status;
    run->ended = true;
}

static void on_hub_frame(void *ctx, const struct can_msg *msg, uint64_t t_us, unsigned member)
{
    (void)ctx;
    (void)msg;
    (void)t_us;
    (void)member;
}

/* One set of a Pylontech stack, every 200 ms. */
static void speak(struct can_hub *hub)
{
    static const struct can_msg set[] = {
        {.id = 0x359, .dlc = 7, .data = {0, 0, 0, 0, 2, 0x50, 0x4E}},
        {.id = 0x351, .dlc = 8, .data = {0x14, 0x02, 0x74, 0x0E, 0x74, 0x0E, 0xCC, 0x01}},
        {.id = 0x355, .dlc = 4, .data = {0x3C, 0, 0x64, 0}},
        {.id = 0x356, .dlc = 6, .data = {0x4E, 0x13, 0x02, 0x03, 0x04, 0x05}},
        {.id = 0x35C, .dlc = 2, .data = {0xC0, 0}},
        {.id = 0x35E, .dlc = 8, .data = {'P', 'Y', 'L', 'O', 'N', ' ', ' ', ' '}},
    };

    for (size_t i = 0; i < sizeof set / sizeof set[0]; i++)
        can_hub_send(hub, &set[i]);
}

/* Runs the program to its end while the hub speaks; its output in `out`. */
static int run_program(struct ble_rig *r, struct can_hub *hub, const char *const *argv, char *out,
                       size_t cap)
{
    struct run run = {.status = -1};
    struct loop_child *child;
    char path[128];
    FILE *f;

    snprintf(path, sizeof path, "%s/out", r->folder);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    const struct loop_spawn spawn = {
        .file = argv[0], .argv = argv, .stdin_fd = -1, .stdout_fd = fd, .stderr_fd = fd};
    CU_ASSERT_EQUAL_FATAL(loop_child_spawn(r->loop, &spawn, on_exit_status, &run, &child), ERR_OK);
    close(fd);
    for (unsigned i = 0; i < 150 && !run.ended; i++) {
        if (hub != NULL)
            speak(hub);
        ble_rig_turn(r, 200 * US_PER_MS);
    }
    loop_child_delete(child);
    f = fopen(path, "r");
    size_t n = f != NULL ? fread(out, 1, cap - 1, f) : 0;
    out[n] = '\0';
    if (f != NULL)
        fclose(f);
    return run.ended ? run.status : -1;
}

static bool find_program(char *out, size_t cap)
{
    const char *build = getenv("BMSRIG_BUILD");

    snprintf(out, cap, "%s/bin/bms-bridge", build != NULL ? build : ".");
    if (access(out, X_OK) == 0)
        return true;
    testing_skip("no %s", out);
    return false;
}

static void expect(const char *out, const char *text)
{
    if (strstr(out, text) == NULL)
        TESTING_FAIL("no \"%s\" in:\n%s", text, out);
}

static void test_scan(void)
{
    char program[512], socket[128], bus[160], out[4096];
    struct can_hub *hub = NULL;
    struct ble_rig r;

    if (!find_program(program, sizeof program) || !ble_rig_up(&r, &ble_rig_traits))
        return;
    snprintf(socket, sizeof socket, "%s/can.sock", r.folder);
    snprintf(bus, sizeof bus, "hub:%s", socket);
    CU_ASSERT_EQUAL_FATAL(can_hub_new(r.loop, socket, on_hub_frame, NULL, &hub), ERR_OK);
    setenv("DBUS_SYSTEM_BUS_ADDRESS", dbus_daemon_address(r.daemon), 1);
    const char *argv[] = {program, "scan", "--time", "2", "--can", bus, NULL};
    CU_ASSERT_EQUAL(run_program(&r, hub, argv, out, sizeof out), 0);
    expect(out, "C8:47:8C:12:34:56   -61 dBm  JK-BD6A17S6P      manufacturer data of JK\n"
                "      source jk-ble   port ble:C8:47:8C:12:34:56\n");
    expect(out, "\nSerial ports\n");
    expect(out, "  pylon-1.2 (");
    expect(out, "      source pylon-can   port hub:");
    can_hub_delete(hub);
    unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
    ble_rig_down(&r);
}

static void test_nothing_there(void)
{
    char program[512], out[4096];
    struct ble_rig r;

    if (!find_program(program, sizeof program) || !ble_rig_up(&r, &ble_rig_traits))
        return;
    setenv("DBUS_SYSTEM_BUS_ADDRESS", dbus_daemon_address(r.daemon), 1);
    const char *argv[] = {program, "scan", "--time", "1", NULL};
    ble_radio_fault(r.radio, BLE_ADAPTER_OFF, true);
    CU_ASSERT_EQUAL(run_program(&r, NULL, argv, out, sizeof out), 0);
    expect(out, "  not searched: the Bluetooth adapter is off\n");
    setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
    CU_ASSERT_EQUAL(run_program(&r, NULL, argv, out, sizeof out), 0);
    expect(out, "  not searched: no D-Bus at unix:path=/nonexistent/bus: not found\n");
    unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
    ble_rig_down(&r);
}

static void test_usage(void)
{
    char program[512], out[4096];
    struct ble_rig r;

    if (!find_program(program, sizeof program) || !ble_rig_up(&r, &ble_rig_traits))
        return;
    const char *help[] = {program, "scan", "--help", NULL};
    CU_ASSERT_EQUAL(run_program(&r, NULL, help, out, sizeof out), 0);
    expect(out, "usage: bms-bridge scan");
    const char *bad[] = {program, "scan", "--time", "0", NULL};
    CU_ASSERT_EQUAL(run_program(&r, NULL, bad, out, sizeof out), 2);
    expect(out, "--time takes 1 to 600 seconds, not '0'");
    const char *word[] = {program, "scan", "everything", NULL};
    CU_ASSERT_EQUAL(run_program(&r, NULL, word, out, sizeof out), 2);
    ble_rig_down(&r);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"a battery in the air and one on a bus", test_scan},
        {"nothing to hear", test_nothing_there},
        {"usage", test_usage},
        {0}};
    return testing_main(argc, argv, "scan_program", cases);
}
