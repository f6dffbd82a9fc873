/* SPDX-License-Identifier: Apache-2.0
 *
 * A program as people write them with libmodbus: reads the pack that test_jk_modbus_clients.py has
 * set up, over a serial port or TCP, and prints what it got. Usage: try_libmodbus rtu PATH,
 * try_libmodbus tcp PORT.
 */
#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static modbus_t *open_context(const char *how, const char *where)
{
    if (strcmp(how, "tcp") == 0)
        return modbus_new_tcp("127.0.0.1", (int)strtol(where, NULL, 10));
    return modbus_new_rtu(where, 115200, 'N', 8, 1);
}

static void print_read(modbus_t *context, const char *name, int unit, int address, int words)
{
    uint16_t got[125];

    modbus_set_slave(context, unit);
    int n = modbus_read_registers(context, address, words, got);
    printf("%s", name);
    if (n < 0) /* "Illegal data address", "Connection timed out" */
        printf(" %s", modbus_strerror(errno));
    for (int i = 0; i < n; i++)
        printf(" %u", got[i]);
    printf("\n");
}

static void print_write(modbus_t *context, const char *name, int unit, int address, uint16_t low)
{
    const uint16_t words[2] = {0, low};

    modbus_set_slave(context, unit);
    int n = modbus_write_registers(context, address, 2, words);
    printf("%s %s\n", name, n == 2 ? "done" : modbus_strerror(errno));
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    modbus_t *context = open_context(argv[1], argv[2]);
    if (context == NULL || modbus_connect(context) != 0) {
        fprintf(stderr, "%s\n", modbus_strerror(errno));
        modbus_free(context);
        return 1;
    }
    print_read(context, "cells", 1, 0x1200, 17);
    print_read(context, "voltage", 1, 0x1290, 2);
    print_read(context, "unknown", 1, 0x0001, 1);
    print_read(context, "absent", 2, 0x1200, 1);
    modbus_flush(context);
    print_write(context, "write", 1, 0x1078, 0);
    print_read(context, "balancer", 1, 0x1078, 2);
    print_write(context, "refused", 1, 0x1078, 7);
    modbus_close(context);
    modbus_free(context);
    return 0;
}
