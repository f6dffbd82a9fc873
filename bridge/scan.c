/* SPDX-License-Identifier: Apache-2.0
 *
 * See scan.h.
 */
#include "bridge/scan.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/source/pylon_can_detect.h"
#include "port/can.h"
#include "port/find.h"

enum { EXIT_FINE = 0, EXIT_USAGE = 2, EXIT_START = 4 };
enum { DEVICES = 128, BUSES = 16, PORTS = 32, SECONDS = 8, SECONDS_MAX = 600 };

static const char usage[] =
    "usage: bms-bridge scan [--time SECONDS] [--can BUS]...\n"
    "\n"
    "Lists what batteries could be read from here: Bluetooth LE batteries nearby, serial ports, "
    "and\n"
    "CAN buses with the dialect that is heard on them. It only listens; a battery that another\n"
    "program or phone is connected to does not advertise and is not found.\n"
    "\n"
    "  --time SECONDS  how long to listen (default: 8; slow CAN batteries need up to 15)\n"
    "  --can BUS       a bus besides this machine's interfaces: slcan:/dev/ttyACM0, hub:SOCKET\n"
    "  -h, --help      print this and end\n"
    "\n"
    "exit codes: 0 listened, 2 usage, 4 could not start\n";

/* A bus that is listened to. */
struct bus {
    char name[FOUND_NAME_MAX];
    struct loop *loop;
    struct can *can;
    enum err error;
    unsigned frames;
    struct pylon_can_heard heard;
};

struct scan {
    struct loop *loop;
    int64_t seconds;
    struct bluez_scan *bluez;
    char no_bluetooth[200]; /* why; "": it searches */
    struct bluez_found devices[DEVICES];
    size_t n_devices;
    struct bus buses[BUSES];
    size_t n_buses;
};

/* ---- Bluetooth ---- */

static void on_found(void *ctx, const struct bluez_found *found)
{
    struct scan *s = ctx;
    size_t i = 0;

    while (i < s->n_devices && strcmp(s->devices[i].address, found->address) != 0)
        i++;
    if (i == DEVICES)
        return;
    s->devices[i] = *found;
    if (i == s->n_devices)
        s->n_devices++;
}

static void on_state(void *ctx, const char *why)
{
    struct scan *s = ctx;

    span_to_str(span_str(why), s->no_bluetooth, sizeof s->no_bluetooth);
}

static int by_strength(const void *a, const void *b)
{
    return ((const struct bluez_found *)b)->rssi - ((const struct bluez_found *)a)->rssi;
}

static void print_bluetooth(struct scan *s)
{
    unsigned others = 0;

    puts("Bluetooth LE");
    qsort(s->devices, s->n_devices, sizeof s->devices[0], by_strength);
    for (size_t i = 0; i < s->n_devices; i++) {
        const struct bluez_found *d = &s->devices[i];
        const char *why = NULL;
        const char *source = scan_recognise(d, &why);
        if (source == NULL) {
            others++;
            continue;
        }
        printf("  %s  %4d dBm  %-16s  %s%s\n", d->address, d->rssi,
               d->name[0] != '\0' ? d->name : "(no name)", why,
               d->connected ? ", connected to this machine" : "");
        printf("      source %s   port ble:%s\n", source, d->address);
    }
    if (s->no_bluetooth[0] != '\0')
        printf("  not searched: %s\n", s->no_bluetooth);
    else if (others == s->n_devices)
        puts("  no battery heard");
    if (others > 0)
        printf("  (%u other devices)\n", others);
}

/* ---- serial ---- */

static void print_serial(void)
{
    struct found_port ports[PORTS];
    size_t n = find_serial("/dev", ports, PORTS);

    puts("\nSerial ports");
    for (size_t i = 0; i < n && i < PORTS; i++)
        printf("  %s%s%s\n", ports[i].name, ports[i].target[0] != '\0' ? " -> " : "",
               ports[i].target);
    if (n == 0)
        puts("  none (USB adapters appear as /dev/serial/by-id/..., /dev/ttyUSB* or /dev/ttyACM*)");
    else
        puts(
            "      what is behind them is not asked: source pylontech-console, jk-modbus, jk-uart, "
            "...");
}

/* ---- CAN ---- */

static void on_frame(void *ctx, const struct can_msg *msg, uint64_t t_us, bool own)
{
    struct bus *b = ctx;

    (void)t_us;
    (void)own;
    b->frames++;
    pylon_can_heard_put(&b->heard, msg, loop_now(b->loop));
}

static void open_bus(struct scan *s, const char *name)
{
    if (s->n_buses == BUSES)
        return;
    struct bus *b = &s->buses[s->n_buses++];
    const struct can_handler handler = {.on_frame = on_frame, .ctx = b};
    span_to_str(span_str(name), b->name, sizeof b->name);
    b->loop = s->loop;
    b->error = can_open(s->loop, name, NULL, &handler, &b->can);
    if (b->error != ERR_OK)
        b->can = NULL;
}

static void open_buses(struct scan *s)
{
    struct found_port found[BUSES];
    size_t n = find_can("/sys/class/net", found, BUSES);

    for (size_t i = 0; i < n && i < BUSES; i++)
        open_bus(s, found[i].name);
}

static void print_bus(const struct bus *b)
{
    const char *why = NULL;
    char ids[120];

    if (b->can == NULL) {
        printf("  %s  not heard: %s\n", b->name, err_text(b->error));
        return;
    }
    if (b->frames == 0) {
        printf("  %s  silent\n", b->name);
        return;
    }
    pylon_can_heard_text(&b->heard, ids, sizeof ids);
    const struct pylon_can_dialect *dialect = pylon_can_detect(&b->heard, &why);
    if (dialect == NULL) {
        printf("  %s  %u frames, no battery that is known: %s (%s)\n", b->name, b->frames,
               why != NULL ? why : "", ids);
        return;
    }
    printf("  %s  %s (%s)\n", b->name, pylon_can_name(dialect), ids);
    printf("      source pylon-can   port %s\n", b->name);
}

static void print_can(const struct scan *s)
{
    puts("\nCAN");
    for (size_t i = 0; i < s->n_buses; i++)
        print_bus(&s->buses[i]);
    if (s->n_buses == 0)
        puts(can_kernel_supported() ? "  no interface" : "  this kernel has no CAN");
}

/* ---- the command ---- */

static void on_end(void *ctx)
{
    struct scan *s = ctx;

    loop_stop(s->loop);
}

static enum err hear_all(struct scan *s)
{
    const struct bluez_scan_handler handler = {
        .on_found = on_found, .on_state = on_state, .ctx = s};
    struct loop_timer *end = NULL;
    enum err e = bluez_scan_new(s->loop, NULL, &handler, &s->bluez);

    if (e == ERR_OK)
        e = loop_timer_new(s->loop, on_end, s, &end);
    if (e == ERR_OK) {
        fprintf(stderr, "listening for %d s ...\n", (int)s->seconds);
        loop_timer_after(end, (uint64_t)s->seconds * US_PER_S);
        loop_run(s->loop);
    }
    loop_timer_delete(end);
    bluez_scan_delete(s->bluez);
    return e;
}

/* True: go on. */
static bool parse_arguments(int argc, char **argv, struct scan *s, const char **buses,
                            size_t *ret_buses, int *ret_code)
{
    enum { TIME = 256, BUS };
    static const struct option options[] = {{"time", required_argument, NULL, TIME},
                                            {"can", required_argument, NULL, BUS},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option = 0;

    *ret_code = EXIT_USAGE;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case TIME:
            if (!parse_i64(span_str(optarg), 1, SECONDS_MAX, &s->seconds)) {
                fprintf(stderr, "bms-bridge scan: --time takes 1 to %d seconds, not '%s'\n",
                        (int)SECONDS_MAX, optarg);
                return false;
            }
            break;
        case BUS:
            if (*ret_buses < BUSES)
                buses[(*ret_buses)++] = optarg;
            break;
        case 'h':
            fputs(usage, stdout);
            *ret_code = EXIT_FINE;
            return false;
        default: return false;
        }
    }
    if (optind == argc)
        return true;
    fputs(usage, stderr);
    return false;
}

static int run(struct scan *s, const char *const *buses, size_t n_buses)
{
    open_buses(s);
    for (size_t i = 0; i < n_buses; i++)
        open_bus(s, buses[i]);
    enum err e = hear_all(s);
    if (e != ERR_OK) {
        fprintf(stderr, "bms-bridge scan: %s\n", err_text(e));
        return EXIT_START;
    }
    print_bluetooth(s);
    print_serial();
    print_can(s);
    return EXIT_FINE;
}

int scan_main(int argc, char **argv)
{
    struct scan *s = calloc(1, sizeof *s);
    const char *buses[BUSES];
    size_t n_buses = 0;
    int code = EXIT_START;

    if (s == NULL)
        return EXIT_START;
    s->seconds = SECONDS;
    if (parse_arguments(argc, argv, s, buses, &n_buses, &code)) {
        code = loop_new(&s->loop) == ERR_OK ? run(s, buses, n_buses) : EXIT_START;
        for (size_t i = 0; i < s->n_buses; i++)
            can_delete(s->buses[i].can);
        loop_delete(s->loop);
    }
    free(s);
    return code;
}
