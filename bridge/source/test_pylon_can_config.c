/* SPDX-License-Identifier: Apache-2.0
 *
 * [battery NAME] with the source `pylon-can`: defaults, every key, what is refused and where.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/config.h"
#include "bridge/source/pylon_can_source.h"
#include "testing/testing.h"

#define BATTERY "[battery rack]\nsource pylon-can\nport can1\n"
#define OUTPUT  "[can inverter]\nbus can0\n"

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

static const struct pylon_can_source_config *settings(const struct config *config)
{
    return (const struct pylon_can_source_config *)(const void *)config->batteries[0].settings;
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

static void test_defaults(void)
{
    struct config *config = read_good(BATTERY OUTPUT);
    const struct pylon_can_source_config *p = settings(config);

    CU_ASSERT_STRING_EQUAL(config->batteries[0].kind->name, "pylon-can");
    CU_ASSERT_EQUAL(config->batteries[0].kind->wire, SOURCE_CAN);
    CU_ASSERT_STRING_EQUAL(p->name, "rack");
    CU_ASSERT_PTR_NULL(p->dialect);
    CU_ASSERT_EQUAL(p->period_us, 0);
    CU_ASSERT_EQUAL(p->keepalive_us, 0);
    CU_ASSERT_EQUAL(p->n_without, 0);
    CU_ASSERT_EQUAL(config->bank.fresh_us, 10 * US_PER_S);
    free(config);
}

static void test_keys(void)
{
    struct config *config = read_good(BATTERY "dialect pylon-2.0.6\nperiod 2 s\nkeepalive 500 ms\n"
                                              "without 35A 35c 359\n" OUTPUT);
    const struct pylon_can_source_config *p = settings(config);

    CU_ASSERT_STRING_EQUAL(pylon_can_name(p->dialect), "pylon-2.0.6");
    CU_ASSERT_EQUAL(p->period_us, 2 * US_PER_S);
    CU_ASSERT_EQUAL(p->keepalive_us, 500 * US_PER_MS);
    CU_ASSERT_EQUAL(p->n_without, 3);
    CU_ASSERT(p->without[0] == 0x35A && p->without[1] == 0x35C && p->without[2] == 0x359);
    free(config);
    config = read_good(BATTERY "dialect auto\nkeepalive off\n" OUTPUT);
    CU_ASSERT_PTR_NULL(settings(config)->dialect);
    CU_ASSERT_EQUAL(settings(config)->keepalive_us, 0);
    free(config);
    /* three of a slow battery's periods make it old, not three seconds */
    config = read_good(BATTERY "dialect victron-byd\n" OUTPUT);
    CU_ASSERT_EQUAL(config->bank.fresh_us, 30 * US_PER_S);
    free(config);
}

static void test_refused(void)
{
    bad(BATTERY "dialect pylon-1.4\n" OUTPUT, 4, 9, "unknown dialect 'pylon-1.4'");
    bad(BATTERY "period 50 ms\n" OUTPUT, 4, 8, "period must be between 100 ms and 60 s");
    bad(BATTERY "keepalive on\n" OUTPUT, 4, 11, "");
    bad(BATTERY "without 356\n" OUTPUT, 4, 9, "without 356 there is nothing to read");
    bad(BATTERY "without 35A 800\n" OUTPUT, 4, 13, "expected the id of a frame in hex");
    bad(BATTERY "without frames\n" OUTPUT, 4, 9, "expected the id of a frame in hex");
    bad(BATTERY "without 1 2 3 4 5 6 7 8 9\n" OUTPUT, 4, 25, "more than 8 ids");
    bad(BATTERY "poll 1 s\n" OUTPUT, 4, 1, "unknown key 'poll'");
    bad("[battery rack]\nsource pylon-can\nport tcp:4000\n" OUTPUT, 1, 1, "a CAN bus is an");
    bad("[battery rack]\nsource pylon-can\nport /dev/can0\n" OUTPUT, 1, 1, "a CAN bus is an");
}

/* What the bridge says as a battery must not come back to it, and two stacks share all their ids.
 */
static void test_buses(void)
{
    bad("[battery rack]\nsource pylon-can\nport can0\n" OUTPUT, 1, 1,
        "can0 is the bus of [can inverter]");
    bad(OUTPUT "[battery rack]\nsource pylon-can\nport can0\n", 3, 1,
        "can0 is the bus of [can inverter]");
    bad("[battery rack]\nsource pylon-can\nport slcan:/dev/ttyACM0\n"
        "[can x]\nbus slcan:/dev/ttyACM0\n",
        1, 1, "slcan:/dev/ttyACM0 is the bus of [can x]");
    bad(BATTERY "[battery other]\nsource pylon-can\nport can1\n" OUTPUT, 4, 1,
        "can1 is the bus of [battery rack]");
    /* a console on a port of that name is no bus */
    struct config *config =
        read_good(BATTERY "[battery other]\nsource pylontech-console\nport /dev/ttyUSB0\n" OUTPUT);
    free(config);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"defaults", test_defaults},
        {"every key", test_keys},
        {"what is refused", test_refused},
        {"a bus belongs to one section", test_buses},
        {0},
    };
    return testing_main(argc, argv, "pylon_can_config", cases);
}
