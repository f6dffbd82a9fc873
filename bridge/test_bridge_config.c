/* SPDX-License-Identifier: Apache-2.0
 *
 * The configuration: the example file, defaults, every key, and errors that point at the right
 * place.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/config.h"
#include "bridge/source/pylontech_console.h"
#include "testing/testing.h"

#define MINIMAL                                                     \
    "[battery rack]\nsource pylontech-console\nport /dev/ttyUSB0\n" \
    "[can inverter]\nbus can0\n"

/* Reads `text`; true when it is good. The config is zeroed and filled. */
static bool reads(const char *text, struct config *config, struct conf_file **ret_file)
{
    if (conf_parse("test.conf", span_str(text), ret_file) != ERR_OK)
        abort();
    return config_read(*ret_file, config);
}

static struct config *good(const char *text)
{
    struct config *config = calloc(1, sizeof *config);
    struct conf_file *file = NULL;

    if (config == NULL)
        abort();
    if (!reads(text, config, &file)) {
        conf_print_errors(file, stderr);
        TESTING_FAIL("refused");
    }
    conf_delete(file);
    return config;
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

static void test_example(void)
{
    const char *source = getenv("BMSRIG_SOURCE");
    struct conf_file *file = NULL;
    struct config *config = calloc(1, sizeof *config);
    char path[512];

    if (config == NULL)
        abort();
    if (source == NULL) {
        testing_skip("BMSRIG_SOURCE is not set");
        free(config);
        return;
    }
    snprintf(path, sizeof path, "%s/bridge/bms-bridge.conf.example", source);
    if (conf_load(path, &file) != ERR_OK) {
        TESTING_FAIL("cannot read %s", path);
    } else if (!config_read(file, config)) {
        conf_print_errors(file, stderr);
        TESTING_FAIL("the example is refused");
    } else {
        CU_ASSERT_EQUAL(config->bank.batteries, 3);
        CU_ASSERT_STRING_EQUAL(config->mqtts[0].sink.status_topic, "bms/battery/status");
    }
    conf_delete(file);
    free(config);
}

static const struct pylontech_console_config *console(const struct config *c)
{
    CU_ASSERT_STRING_EQUAL(c->batteries[0].kind->name, "pylontech-console");
    return (const struct pylontech_console_config *)(const void *)c->batteries[0].settings;
}

static void test_defaults(void)
{
    struct config *c = good(MINIMAL);
    const struct pylontech_limits *l = &console(c)->limits;

    CU_ASSERT_EQUAL(c->n_batteries, 1);
    CU_ASSERT_EQUAL(c->n_cans, 1);
    CU_ASSERT_EQUAL(c->n_mqtts, 0);
    CU_ASSERT_STRING_EQUAL(c->batteries[0].name, "rack");
    CU_ASSERT_STRING_EQUAL(c->batteries[0].port, "/dev/ttyUSB0");
    CU_ASSERT_TRUE(console(c)->link.serial);
    CU_ASSERT_EQUAL(console(c)->link.baud, 0);
    CU_ASSERT_EQUAL(console(c)->poll_us, US_PER_S);
    CU_ASSERT_EQUAL(l->cell_over_mv, 3650);
    CU_ASSERT_EQUAL(l->cell_over_release_mv, 3500);
    CU_ASSERT_EQUAL(l->cell_under_mv, 2900);
    CU_ASSERT_EQUAL(l->charge_min_dc, 0);
    CU_ASSERT_EQUAL(l->discharge_min_dc, -100);
    CU_ASSERT_STRING_EQUAL(c->cans[0].bus, "can0");
    CU_ASSERT_STRING_EQUAL(pylon_can_name(c->cans[0].sink.dialect), "pylon-1.2");
    CU_ASSERT_EQUAL(c->cans[0].sink.keepalive_us, 0);
    CU_ASSERT_EQUAL(c->bank.fresh_us, 10 * US_PER_S);
    CU_ASSERT_EQUAL(c->bank.lost_us, 60 * US_PER_S);
    CU_ASSERT_EQUAL(c->bank.silent_us, 60 * US_PER_S);
    CU_ASSERT_EQUAL(c->bank.start_hold_us, 20 * US_PER_S);
    CU_ASSERT_EQUAL(c->bank.rise_hold_us, 30 * US_PER_S);
    CU_ASSERT_EQUAL(c->bank.rise_ma_per_s, 5000);
    CU_ASSERT_EQUAL(c->bank.batteries, 0);
    CU_ASSERT_EQUAL(c->bank.charge_policy, BANK_ANY);
    free(c);
}

static void test_every_key(void)
{
    struct config *c = good("[battery a]\n"
                            "source pylontech-console\n"
                            "port tcp:10.0.0.7:4196\n"
                            "poll 5 s\n"
                            "baud 19200 baud\n"
                            "capacity 74 Ah\n"
                            "charge-limit 37 A\n"
                            "discharge-limit 40.5 A\n"
                            "charge-voltage 52.5 V\n"
                            "discharge-voltage 47 V\n"
                            "cell-overvoltage 3.60 V release 3.45 V\n"
                            "cell-undervoltage 2950 mV\n"
                            "cell-high 3.5 V\n"
                            "cell-low 3.1 V\n"
                            "charge-temperature 5 C .. 45 C\n"
                            "discharge-temperature -5.5 C .. 48 C\n"
                            "[can x]\n"
                            "bus slcan:/dev/ttyACM0\n"
                            "dialect victron\n"
                            "maker BMSRIG\n"
                            "period 500 ms\n"
                            "bitrate 500000 baud\n"
                            "keepalive-timeout 30 s\n"
                            "[mqtt m]\n"
                            "broker mqtts://host.lan:8883\n"
                            "ca /etc/ca.pem\n"
                            "cert /etc/c.pem\n"
                            "key /etc/k.pem\n"
                            "user joe\n"
                            "password \"geh heim\"\n"
                            "client-id bridge-1\n"
                            "keepalive 7 s\n"
                            "victron bms/1 form union\n"
                            "status bms/1/alive\n"
                            "period 2 s\n"
                            "loss-hold 5 s\n"
                            "[bank]\n"
                            "batteries 16\n"
                            "fresh 15 s\n"
                            "lost 90 s\n"
                            "silent 120 s\n"
                            "start-hold 5 s\n"
                            "rise-hold 0 s\n"
                            "rise-rate 2.5 A\n"
                            "alarm-hold 3 s\n"
                            "charge-policy exclude\n"
                            "discharge-policy any\n"
                            "lost-policy stop\n"
                            "derate 90 %\n"
                            "charge-limit 100 A\n"
                            "discharge-limit 120 A\n"
                            "join-voltage 500 mV\n");
    const struct pylontech_limits *l = &console(c)->limits;
    const struct config_mqtt *m = &c->mqtts[0];

    CU_ASSERT_FALSE(console(c)->link.serial);
    CU_ASSERT_STRING_EQUAL(c->batteries[0].port, "tcp:10.0.0.7:4196");
    CU_ASSERT_EQUAL(console(c)->poll_us, 5 * US_PER_S);
    CU_ASSERT_EQUAL(console(c)->link.baud, 19200);
    CU_ASSERT_EQUAL(l->capacity_mah, 74000);
    CU_ASSERT_EQUAL(l->charge_ma, 37000);
    CU_ASSERT_EQUAL(l->discharge_ma, 40500);
    CU_ASSERT_EQUAL(l->charge_mv, 52500);
    CU_ASSERT_EQUAL(l->discharge_mv, 47000);
    CU_ASSERT_EQUAL(l->cell_over_mv, 3600);
    CU_ASSERT_EQUAL(l->cell_over_release_mv, 3450);
    CU_ASSERT_EQUAL(l->cell_under_mv, 2950);
    CU_ASSERT_EQUAL(l->cell_under_release_mv, 3100);
    CU_ASSERT_EQUAL(l->cell_high_mv, 3500);
    CU_ASSERT_EQUAL(l->cell_low_mv, 3100);
    CU_ASSERT_EQUAL(l->charge_min_dc, 50);
    CU_ASSERT_EQUAL(l->charge_max_dc, 450);
    CU_ASSERT_EQUAL(l->discharge_min_dc, -55);
    CU_ASSERT_EQUAL(l->discharge_max_dc, 480);
    CU_ASSERT_STRING_EQUAL(c->cans[0].bus, "slcan:/dev/ttyACM0");
    CU_ASSERT_STRING_EQUAL(pylon_can_name(c->cans[0].sink.dialect), "victron");
    CU_ASSERT_STRING_EQUAL(c->cans[0].sink.maker, "BMSRIG");
    CU_ASSERT_EQUAL(c->cans[0].sink.period_us, 500 * US_PER_MS);
    CU_ASSERT_EQUAL(c->cans[0].bitrate, 500000);
    CU_ASSERT_EQUAL(c->cans[0].sink.keepalive_us, 30 * US_PER_S);
    CU_ASSERT_STRING_EQUAL(m->broker, "mqtts://host.lan:8883");
    CU_ASSERT_STRING_EQUAL(m->ca, "/etc/ca.pem");
    CU_ASSERT_STRING_EQUAL(m->user, "joe");
    CU_ASSERT_STRING_EQUAL(m->password, "geh heim");
    CU_ASSERT_STRING_EQUAL(m->client_id, "bridge-1");
    CU_ASSERT_EQUAL(m->keepalive_s, 7);
    CU_ASSERT_STRING_EQUAL(m->sink.topic, "bms/1");
    CU_ASSERT_EQUAL(m->sink.form, VICTRON_UNION);
    CU_ASSERT_STRING_EQUAL(m->sink.status_topic, "bms/1/alive");
    CU_ASSERT_EQUAL(m->sink.period_us, 2 * US_PER_S);
    CU_ASSERT_EQUAL(m->sink.loss_hold_us, 5 * US_PER_S);
    CU_ASSERT_EQUAL(c->bank.batteries, 16);
    CU_ASSERT_EQUAL(c->bank.fresh_us, 15 * US_PER_S);
    CU_ASSERT_EQUAL(c->bank.lost_us, 90 * US_PER_S);
    CU_ASSERT_EQUAL(c->bank.silent_us, 120 * US_PER_S);
    CU_ASSERT_EQUAL(c->bank.start_hold_us, 5 * US_PER_S);
    CU_ASSERT_EQUAL(c->bank.rise_hold_us, 0);
    CU_ASSERT_EQUAL(c->bank.rise_ma_per_s, 2500);
    CU_ASSERT_EQUAL(c->bank.alarm_hold_us, 3 * US_PER_S);
    CU_ASSERT_EQUAL(c->bank.charge_policy, BANK_EXCLUDE);
    CU_ASSERT_EQUAL(c->bank.discharge_policy, BANK_ANY);
    CU_ASSERT_TRUE(c->bank.stop_when_lost);
    CU_ASSERT_EQUAL(c->bank.derate_pm, 900);
    CU_ASSERT_EQUAL(c->bank.max_ccl_ma, 100000);
    CU_ASSERT_EQUAL(c->bank.max_dcl_ma, 120000);
    CU_ASSERT_EQUAL(c->bank.join_mv, 500);
    free(c);
}

/* AGG-1 L1: 10 s or three polls. */
static void test_fresh_follows_the_poll(void)
{
    struct config *c = good("[battery a]\nsource pylontech-console\nport /dev/x\npoll 15 s\n"
                            "[can x]\nbus can0\n");

    CU_ASSERT_EQUAL(c->bank.fresh_us, 45 * US_PER_S);
    free(c);
}

static void test_errors(void)
{
    bad("port /dev/x\n", 1, 1, "expected a section first");
    bad("[rack]\n" MINIMAL, 1, 2, "unknown section 'rack'");
    bad(MINIMAL "[can inverter]\nbus can1\n", 6, 6, "[can inverter] already");
    bad(MINIMAL "[bank]\n[bank]\n", 7, 2, "[bank] already");
    bad(MINIMAL "bus can1\n", 6, 1, "'bus' is there twice");
    bad(MINIMAL "dialekt pylon-1.2\n", 6, 1, "did you mean 'dialect'");
    bad(MINIMAL "dialect pylon-1.4\n", 6, 9, "unknown dialect 'pylon-1.4'");
    bad(MINIMAL "dialect sol-ark-1.3\n", 6, 9, "not well enough to be sent");
    bad(MINIMAL "maker 123456789\n", 6, 7, "not more");
    bad(MINIMAL "period 50 ms\n", 6, 8, "between 100 ms and 10 s");
    bad(MINIMAL "bus can1 can2\n", 6, 1, "twice");
    bad(MINIMAL "[bank]\nfresh 10\n", 7, 9, "time unit");
    bad(MINIMAL "[bank]\nbatteries 33\n", 7, 11, "32");
    bad(MINIMAL "[bank]\nbatteries 0\n", 7, 11, "1");
    bad(MINIMAL "[bank]\nfresh 70 s\n", 6, 1, "lost must be longer than fresh");
    bad(MINIMAL "[bank]\nfresh 1 s\n", 6, 1, "two polls");
    bad("[can x]\nbus can0\n", 2, 1, "no [battery NAME]");
    bad("[battery a]\nsource pylontech-console\nport /dev/x\n", 3, 1, "no output");
    bad("[battery a]\nport /dev/x\n[can x]\nbus can0\n", 1, 1, "needs 'source'");
    bad("[battery a]\nsource daly-rs485\nport /dev/x\n[can x]\nbus can0\n", 2, 8,
        "unknown source 'daly-rs485'");
    bad("[battery a]\npoll 1 s\nsource pylontech-console\nport /dev/x\n[can x]\nbus can0\n", 2, 1,
        "'source' must stand above");
    bad(MINIMAL "[mqtt m]\nbroker http://x\nvictron a/b\n", 7, 8, "mqtt://HOST");
    bad(MINIMAL "[mqtt m]\nbroker mqtt://x\nvictron \"/N/x\"\n", 8, 9, "must not start with '/'");
    bad(MINIMAL "[mqtt m]\nbroker mqtt://x\nvictron \"a/#\"\n", 8, 9, "'#'");
    bad(MINIMAL "[mqtt m]\nbroker mqtt://x\nvictron a/b form cubic\n", 8, 18, "unknown form");
    bad(MINIMAL "[mqtt m]\nbroker mqtt://x\n", 6, 1, "needs 'victron' or 'homeassistant'");
    bad(MINIMAL "[mqtt m]\nbroker mqtt://x\nvictron a/b\nca /x\n", 6, 1, "mqtts://");
    bad(MINIMAL "[mqtt m]\nbroker mqtts://x\nvictron a/b\ncert /x\n", 6, 1, "belong together");
    bad(MINIMAL "[mqtt m]\nbroker mqtt://x\nvictron a/b\nstatus a/b\n", 6, 1,
        "topics of their own");
    bad(MINIMAL "[mqtt m]\nbroker mqtt://x\nvictron a/b\npassword x\npassword-env Y\n", 6, 1,
        "give one of");
}

static void test_homeassistant(void)
{
#define HA MINIMAL "[mqtt m]\nbroker mqtt://x\nhomeassistant bms/shed"
    struct config *c = good(HA "\n");
    const struct sink_ha_config *ha = &c->mqtts[0].ha;

    CU_ASSERT_STRING_EQUAL(ha->topic, "bms/shed");
    CU_ASSERT_STRING_EQUAL(ha->title, "");
    CU_ASSERT_STRING_EQUAL(ha->prefix, "homeassistant");
    CU_ASSERT_STRING_EQUAL(ha->birth, "homeassistant/status");
    CU_ASSERT_STRING_EQUAL(ha->status_topic, "bms/shed/status"); /* nobody else's */
    CU_ASSERT_TRUE(ha->tells_status);
    CU_ASSERT_TRUE(ha->retain);
    CU_ASSERT_EQUAL(ha->period_us, 5 * US_PER_S);
    CU_ASSERT_EQUAL(ha->expire_us, 0);
    CU_ASSERT_STRING_EQUAL(c->mqtts[0].sink.topic, "");
    free(c);
    c = good(HA " name \"Shed battery\"\nvictron a/b\nha-prefix ha\nha-birth ha/birth\n"
                "ha-period 10 s\nha-expire 30 s\nha-retain no\n");
    ha = &c->mqtts[0].ha;
    CU_ASSERT_STRING_EQUAL(ha->title, "Shed battery");
    CU_ASSERT_STRING_EQUAL(ha->prefix, "ha");
    CU_ASSERT_STRING_EQUAL(ha->birth, "ha/birth");
    CU_ASSERT_STRING_EQUAL(ha->status_topic, "a/b/status"); /* one for the connection */
    CU_ASSERT_FALSE(ha->tells_status);
    CU_ASSERT_FALSE(ha->retain);
    CU_ASSERT_EQUAL(ha->expire_us, 30 * US_PER_S);
    free(c);
    c = good(MINIMAL "[mqtt m]\nbroker mqtt://x\nvictron a/b\n");
    CU_ASSERT_STRING_EQUAL(c->mqtts[0].ha.topic, "");
    free(c);
    bad(HA "/\n", 8, 15, "must not end with '/'");
    bad(HA " name\n", 8, 28, "a name for the devices");
    bad(HA "\nha-period 500 ms\n", 9, 11, "between 1 s and 60 s");
    bad(HA "\nha-retain maybe\n", 9, 11, "known: no, yes");
    bad(HA "\nha-period 10 s\nha-expire 29 s\n", 6, 1, "at least three times");
    bad(MINIMAL "[mqtt m]\nbroker mqtt://x\nvictron a/b\nha-retain no\n", 6, 1,
        "need 'homeassistant'");
    bad("[battery \"my rack\"]\nsource pylontech-console\nport /dev/x\n"
        "[mqtt m]\nbroker mqtt://x\nhomeassistant a\n",
        6, 1, "only letters, digits");
#undef HA
}

static void test_threshold_errors(void)
{
#define RACK "[can x]\nbus can0\n[battery a]\nsource pylontech-console\nport /dev/x\n"
    bad(RACK "cell-overvoltage 3.65 V release 3.70 V\n", 3, 1, "released below");
    bad(RACK "cell-undervoltage 2.9 V release 2.8 V\n", 3, 1, "released above");
    bad(RACK "cell-overvoltage 3.65 A\n", 6, 23, "voltage unit");
    bad(RACK "charge-temperature 50 C .. 0 C\n", 6, 20, "the lower one");
    bad(RACK "charge-temperature 0 C 50 C\n", 6, 24, "expected '..'");
    bad(RACK "poll 100 ms\n", 6, 6, "between 200 ms and 60 s");
#undef RACK
}

/* Several at once, in the order of the file; and what follows a bad head does not add to them. */
static void test_several_errors(void)
{
    struct config *config = calloc(1, sizeof *config);
    struct conf_file *file = NULL;

    if (config == NULL)
        abort();
    CU_ASSERT_FALSE(
        reads("[battery a]\nsource x\nport\n[nope b]\nfoo 1\nbar\n[can c]\nbus\n", config, &file));
    CU_ASSERT_EQUAL(file->n_errors, 4);
    CU_ASSERT_EQUAL(file->errors[0].line, 2);
    CU_ASSERT_EQUAL(file->errors[1].line, 3);
    CU_ASSERT_EQUAL(file->errors[2].line, 4);
    CU_ASSERT_EQUAL(file->errors[3].line, 8);
    conf_delete(file);
    free(config);
}

/* An error about a password shows the line's number, never the line. */
static void test_password_is_not_printed(void)
{
    static const char text[] = MINIMAL "[mqtt m]\nbroker mqtt://x\nvictron a/b\n"
                                       "password geheim extra\n";
    struct config *config = calloc(1, sizeof *config);
    struct conf_file *file = NULL;
    char printed[4096] = "";
    FILE *out = fmemopen(printed, sizeof printed, "w");

    if (config == NULL || out == NULL)
        abort();
    CU_ASSERT_FALSE(reads(text, config, &file));
    conf_print_errors(file, out);
    fclose(out);
    CU_ASSERT_PTR_NOT_NULL(strstr(printed, ":9: error"));
    CU_ASSERT_PTR_NULL(strstr(printed, "geheim"));
    CU_ASSERT_PTR_NULL(strstr(printed, "extra"));
    conf_delete(file);
    free(config);
}

static void test_secrets(void)
{
    struct config *c = good(MINIMAL "[mqtt m]\nbroker mqtt://x\nvictron a/b\n"
                                    "password-env BMSRIG_TEST_SECRET\n");
    char why[256] = "";

    unsetenv("BMSRIG_TEST_SECRET");
    CU_ASSERT_FALSE(config_fetch_secrets(c, why, sizeof why));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "BMSRIG_TEST_SECRET"));
    setenv("BMSRIG_TEST_SECRET", "geheim", 1);
    CU_ASSERT_TRUE(config_fetch_secrets(c, why, sizeof why));
    CU_ASSERT_STRING_EQUAL(c->mqtts[0].password, "geheim");
    free(c);

    char path[] = "/tmp/bmsrig-secret-XXXXXX";
    char text[512];
    int fd = mkstemp(path);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (f == NULL) {
        TESTING_FAIL("no temporary file");
        return;
    }
    fputs("topsecret\nsecond line\n", f);
    fclose(f);
    snprintf(text, sizeof text,
             MINIMAL "[mqtt m]\nbroker mqtt://x\nvictron a/b\npassword-file %s\n", path);
    c = good(text);
    CU_ASSERT_TRUE(config_fetch_secrets(c, why, sizeof why));
    CU_ASSERT_STRING_EQUAL(c->mqtts[0].password, "topsecret");
    remove(path);
    CU_ASSERT_FALSE(config_fetch_secrets(c, why, sizeof why));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, path));
    free(c);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"the example file", test_example},
        {"defaults", test_defaults},
        {"every key", test_every_key},
        {"fresh follows the poll", test_fresh_follows_the_poll},
        {"errors", test_errors},
        {"Home Assistant", test_homeassistant},
        {"threshold errors", test_threshold_errors},
        {"several errors", test_several_errors},
        {"a password is not printed", test_password_is_not_printed},
        {"secrets", test_secrets},
        {0},
    };
    return testing_main(argc, argv, "bridge.config", cases);
}
