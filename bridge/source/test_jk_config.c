/* SPDX-License-Identifier: Apache-2.0
 *
 * [battery NAME] with the sources jk-modbus, jk-bus and jk-uart: defaults, every key, what is
 * refused and where.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/config.h"
#include "bridge/source/jk_bus_source.h"
#include "bridge/source/jk_modbus_source.h"
#include "bridge/source/jk_uart_source.h"
#include "testing/testing.h"

#define MODBUS "[battery rack]\nsource jk-modbus\nport /dev/ttyUSB0\n"
#define BUS    "[battery rack]\nsource jk-bus\nport /dev/ttyUSB0\n"
#define UART   "[battery rack]\nsource jk-uart\nport tcp:serial.local:4000\n"
#define OUTPUT "[can inverter]\nbus can0\n"

static bool reads(const char *text, struct config *config, struct conf_file **ret_file)
{
    if (conf_parse("test.conf", span_str(text), ret_file) != ERR_OK)
        abort();
    return config_read(*ret_file, config);
}

static struct config *read_good(const char *text)
{
    struct config *config = calloc(1, sizeof *config);
    struct conf_file *file = NULL;

    if (config == NULL)
        abort();
    if (!reads(text, config, &file)) {
        conf_print_errors(file, stderr);
        TESTING_FAIL("refused: %s", text);
    }
    conf_delete(file);
    return config;
}

static const void *settings(const struct config *config)
{
    return config->batteries[0].settings;
}

/* `text` is refused with exactly one error, at this place, that contains `message`. */
static void bad(const char *text, uint32_t line, uint32_t column, const char *message)
{
    struct config *config = calloc(1, sizeof *config);
    struct conf_file *file = NULL;

    if (config == NULL)
        abort();
    if (reads(text, config, &file))
        TESTING_FAIL("accepted: %s", message);
    else if (file->n_errors != 1 || file->errors[0].line != line ||
             file->errors[0].column != column || strstr(file->errors[0].message, message) == NULL)
        TESTING_FAIL("%u errors, the first at %u:%u: %s (expected %u:%u %s)",
                     (unsigned)file->n_errors, (unsigned)file->errors[0].line,
                     (unsigned)file->errors[0].column, file->errors[0].message, (unsigned)line,
                     (unsigned)column, message);
    conf_delete(file);
    free(config);
}

static void test_modbus(void)
{
    struct config *config = read_good(MODBUS OUTPUT);
    const struct jk_modbus_config *p = settings(config);

    CU_ASSERT_STRING_EQUAL(p->name, "rack");
    CU_ASSERT(p->units.mask == 0xFFFE && !p->units.listed && p->units.poll_us == US_PER_S);
    CU_ASSERT(p->baud == 115200 && p->gap_us == 120 * US_PER_MS);
    CU_ASSERT(p->caps.charge_ma == 0 && p->caps.charge_mv == 0);
    CU_ASSERT_EQUAL(config->bank.fresh_us, 10 * US_PER_S);
    free(config);
    config = read_good(MODBUS "units 1 .. 3 7\npoll 5 s\ngap 1 s\nbaud 9600 baud\n"
                              "charge-limit 50 A\ndischarge-limit 60.5 A\n"
                              "charge-voltage 55.2 V\ndischarge-voltage 44 V\n" OUTPUT);
    p = settings(config);
    CU_ASSERT(p->units.mask == 0x008E && p->units.listed && p->units.poll_us == 5 * US_PER_S);
    CU_ASSERT(p->baud == 9600 && p->gap_us == US_PER_S);
    CU_ASSERT(p->caps.charge_ma == 50000 && p->caps.discharge_ma == 60500);
    CU_ASSERT(p->caps.charge_mv == 55200 && p->caps.discharge_mv == 44000);
    CU_ASSERT_EQUAL(config->bank.fresh_us, 15 * US_PER_S);
    free(config);
}

static void test_bus(void)
{
    struct config *config = read_good(BUS OUTPUT);
    const struct jk_bus_config *p = settings(config);

    CU_ASSERT(p->units.mask == 0xFFFF && !p->units.listed && !p->listen_only);
    CU_ASSERT_EQUAL(config->bank.fresh_us, 10 * US_PER_S);
    free(config);
    config = read_good(BUS "mode listen\nunits 0 1 2\n" OUTPUT);
    p = settings(config);
    CU_ASSERT(p->listen_only && p->units.mask == 0x0007);
    /* a master asks every 4.4 s: three of its cycles make a pack old */
    CU_ASSERT_EQUAL(config->bank.fresh_us, 13200 * US_PER_MS);
    free(config);
}

static void test_uart(void)
{
    struct config *config = read_good(UART "charge-voltage 55.2 V\npoll 2 s\n" OUTPUT);
    const struct jk_uart_config *p = settings(config);

    CU_ASSERT(p->poll_us == 2 * US_PER_S && p->caps.charge_mv == 55200);
    CU_ASSERT_STRING_EQUAL(p->name, "rack");
    free(config);
    bad(UART OUTPUT, 1, 1, "this source needs 'charge-voltage'");
}

static void test_refused(void)
{
    bad(MODBUS "units 0\n" OUTPUT, 4, 7, "");
    bad(MODBUS "units 1 16\n" OUTPUT, 4, 9, "");
    bad(MODBUS "units 1 2 1\n" OUTPUT, 4, 11, "unit 1 is listed twice");
    bad(MODBUS "units 4 .. 2\n" OUTPUT, 4, 12, "");
    bad(MODBUS "gap 10 ms\n" OUTPUT, 4, 5, "gap must be between 50 ms and 5 s");
    bad(MODBUS "charge-limit 50\n" OUTPUT, 4, 16, "");
    bad(MODBUS "charge-voltage 50 V\ndischarge-voltage 50 V\n" OUTPUT, 1, 1,
        "discharge-voltage must be below charge-voltage");
    bad(MODBUS "mode listen\n" OUTPUT, 4, 1, "unknown key 'mode'");
    bad(BUS "mode polling\n" OUTPUT, 4, 6, "unknown mode 'polling'");
    bad(BUS "units 0\n" OUTPUT, 1, 1, "unit 0 answers nobody");
    bad(UART "charge-voltage 55.2 V\nunits 1\n" OUTPUT, 5, 1, "unknown key 'units'");
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"jk-modbus", test_modbus},
        {"jk-bus", test_bus},
        {"jk-uart", test_uart},
        {"what is refused", test_refused},
        {0},
    };
    return testing_main(argc, argv, "jk_config", cases);
}
