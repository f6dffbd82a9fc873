/* SPDX-License-Identifier: Apache-2.0
 *
 * DUT manifests: a full one, one that attaches, every error with its place, placeholders.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/run/manifest.h"
#include "testing/testing.h"

#define SHORT                           \
    "dut my-bridge \"My bridge 1.2\"\n" \
    "run /usr/bin/bridge --tty {tty}\n" \
    "sources pylontech-console\n"       \
    "[can]\n"                           \
    "dialect pylon-1.2\n"

static const char full[] =
    "dut      my-bridge \"My bridge 1.2\"\n"
    "run      /usr/bin/python3 -u bridge.py --config={config} \"--name=two words\"  # started so\n"
    "env      LANG=de_DE.UTF-8\n"
    "env      RUN_DIR={dir}/run\n"
    "config   {manifest}/my-bridge.conf.in\n"
    "boot     2 s\n"
    "stop     500 ms\n"
    "sources  pylontech-console, pylontech-console\n"
    "stale    zero\n"
    "[can]\n"
    "dialect  pylon-1.2\n"
    "maker    PYLON\n"
    "period   900 ms\n"
    "[json]\n"
    "topic    mybridge/battery\n"
    "form     flat\n"
    "status   mybridge/status\n"
    "online   up\n"
    "offline  \"gone away\"\n"
    "period   2 s\n"
    "stale    offline\n"
    "[map]\n"
    "Info.MaxChargeCurrent  limits.charge\n"
    "Soc                    state-of-charge\n"
    "[exclude]\n"
    "JSON-KEYS   \"more keys on purpose\"\n"
    "CAN-PN      \"old inverter; issue 12\"\n";

/* What is printed comes back; *ret is NULL after an error. */
static char *load(const char *text, struct manifest **ret)
{
    char *out = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&out, &size);

    *ret = NULL;
    manifest_parse("duts/m.dut", span_str(text), file, ret);
    fclose(file);
    return out;
}

static struct manifest *load_good(const char *text)
{
    struct manifest *m;
    char *printed = load(text, &m);

    if (printed[0] != '\0')
        TESTING_FAIL("%s", printed);
    free(printed);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    return m;
}

static void test_full(void)
{
    struct manifest *m = load_good(full);

    CU_ASSERT_STRING_EQUAL(m->path, "duts/m.dut");
    CU_ASSERT_STRING_EQUAL(m->dir, "duts");
    CU_ASSERT_STRING_EQUAL(m->id, "my-bridge");
    CU_ASSERT_STRING_EQUAL(m->title, "My bridge 1.2");
    CU_ASSERT(!m->attach);
    CU_ASSERT_EQUAL_FATAL(m->n_run, 5);
    CU_ASSERT_STRING_EQUAL(m->run[0], "/usr/bin/python3");
    CU_ASSERT_STRING_EQUAL(m->run[1], "-u");
    CU_ASSERT_STRING_EQUAL(m->run[2], "bridge.py");
    CU_ASSERT_STRING_EQUAL(m->run[3], "--config={config}");
    CU_ASSERT_STRING_EQUAL(m->run[4], "--name=two words");
    CU_ASSERT_EQUAL_FATAL(m->n_env, 2);
    CU_ASSERT_STRING_EQUAL(m->env[0], "LANG=de_DE.UTF-8");
    CU_ASSERT_STRING_EQUAL(m->config, "{manifest}/my-bridge.conf.in");
    CU_ASSERT_EQUAL(m->boot_us, 2000000);
    CU_ASSERT_EQUAL(m->stop_us, 500000);
    CU_ASSERT_EQUAL(m->n_sources, 2);
    CU_ASSERT_STRING_EQUAL(m->sources[1], "pylontech-console");
    manifest_delete(m);
}

static void test_full_sections(void)
{
    struct manifest *m = load_good(full);

    CU_ASSERT(m->has_can);
    CU_ASSERT(m->has_json);
    CU_ASSERT_EQUAL(m->stale_can, STALE_ZERO);
    CU_ASSERT_EQUAL(m->stale_json, STALE_OFFLINE);
    CU_ASSERT_STRING_EQUAL(m->dialect, "pylon-1.2");
    CU_ASSERT_STRING_EQUAL(m->maker, "PYLON");
    CU_ASSERT_EQUAL(m->can_period_us, 900000);
    CU_ASSERT_EQUAL(m->json_period_us, 2000000);
    CU_ASSERT_STRING_EQUAL(m->topic, "mybridge/battery");
    CU_ASSERT_STRING_EQUAL(m->form, "flat");
    CU_ASSERT_STRING_EQUAL(m->status_topic, "mybridge/status");
    CU_ASSERT_STRING_EQUAL(m->status_online, "up");
    CU_ASSERT_STRING_EQUAL(m->status_offline, "gone away");
    CU_ASSERT_EQUAL(m->n_map, 2);
    CU_ASSERT_STRING_EQUAL(m->map[0].name, "Info.MaxChargeCurrent");
    CU_ASSERT_STRING_EQUAL(m->map[0].path, "limits.charge");
    CU_ASSERT_STRING_EQUAL(manifest_excluded(m, "CAN-PN"), "old inverter; issue 12");
    CU_ASSERT_PTR_NULL(manifest_excluded(m, "CAN-SET"));
    manifest_delete(m);
}

static void test_defaults(void)
{
    struct manifest *m = load_good(SHORT);

    CU_ASSERT_EQUAL(m->boot_us, 5000000);
    CU_ASSERT_EQUAL(m->stop_us, 2000000);
    CU_ASSERT_EQUAL(m->can_period_us, 1000000);
    CU_ASSERT_EQUAL(m->json_period_us, 1000000);
    CU_ASSERT_EQUAL(m->stale_can, STALE_UNDECLARED);
    CU_ASSERT_EQUAL(m->stale_json, STALE_UNDECLARED);
    CU_ASSERT_STRING_EQUAL(m->form, "nested");
    CU_ASSERT_STRING_EQUAL(m->maker, "");
    CU_ASSERT_PTR_NULL(m->config);
    CU_ASSERT(!m->has_json);
    manifest_delete(m);
}

static void test_ha(void)
{
    struct manifest *m = load_good(SHORT "[ha]\nbank my_bank\nbattery my_pack_\n");

    CU_ASSERT(m->has_ha);
    CU_ASSERT_STRING_EQUAL(m->ha_prefix, "homeassistant");
    CU_ASSERT_STRING_EQUAL(m->ha_birth, "homeassistant/status");
    CU_ASSERT_STRING_EQUAL(m->ha_bank, "my_bank");
    CU_ASSERT_STRING_EQUAL(m->ha_battery, "my_pack_");
    CU_ASSERT_PTR_NULL(m->ha_config);
    CU_ASSERT_EQUAL(m->n_clean, 0);
    manifest_delete(m);
    m = load_good(SHORT "[ha]\nprefix ha\nbirth ha/birth\nbank a\nbattery b\n"
                        "config {manifest}/ha.conf.in\nclean {bin}/x -c {config} --clean\n"
                        "[map]\nha.soc  state_of_charge\n");
    CU_ASSERT_STRING_EQUAL(m->ha_prefix, "ha");
    CU_ASSERT_STRING_EQUAL(m->ha_birth, "ha/birth");
    CU_ASSERT_STRING_EQUAL(m->ha_config, "{manifest}/ha.conf.in");
    CU_ASSERT_EQUAL(m->n_clean, 4);
    CU_ASSERT_STRING_EQUAL(m->clean[3], "--clean");
    CU_ASSERT_STRING_EQUAL(m->map[0].name, "ha.soc");
    manifest_delete(m);
}

static void test_stale_order(void)
{
    /* the section's own word wins, wherever the general one stands */
    struct manifest *m = load_good("dut a\nrun x\nsources pylontech-console\nstale silence\n[can]\n"
                                   "dialect d\nstale zero\n[json]\ntopic t\n");

    CU_ASSERT_EQUAL(m->stale_can, STALE_ZERO);
    CU_ASSERT_EQUAL(m->stale_json, STALE_SILENCE);
    manifest_delete(m);
    m = load_good(
        "dut a\nrun x\nsources pylontech-console\nstale offline\n[can]\ndialect d\n[json]\n"
        "topic t\nstatus s\n");
    CU_ASSERT_EQUAL(m->stale_can, STALE_UNDECLARED); /* a bus has no status topic */
    CU_ASSERT_EQUAL(m->stale_json, STALE_OFFLINE);
    manifest_delete(m);
}

static void test_attach(void)
{
    struct manifest *m = load_good("dut esp \"ESP32 on the desk\"\n"
                                   "tty /dev/serial/by-id/usb-FTDI_A1\ncan can0\n"
                                   "broker mqtt://192.0.2.7:1883\nsources pylontech-console\n"
                                   "[can]\ndialect pylon-1.2\n[json]\ntopic esp/battery\n");

    CU_ASSERT(m->attach);
    CU_ASSERT_STRING_EQUAL(m->tty, "/dev/serial/by-id/usb-FTDI_A1");
    CU_ASSERT_STRING_EQUAL(m->can, "can0");
    CU_ASSERT_STRING_EQUAL(m->broker, "mqtt://192.0.2.7:1883");
    manifest_delete(m);
}

static void test_errors(void)
{
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        {SHORT "bus can0\n",
         "m.dut:6:1: error: unknown key of [can] 'bus' (known: dialect, maker, period, stale)\n"},
        {"duty x\n", "m.dut:1:1: error: unknown key 'duty', did you mean 'dut'? (known: dut, run, "
                     "env, config, boot, stop, sources, stale, tty, can, broker)\n"},
        {"dut a\nrun x --tty {ttty}\n", "m.dut:2:13: error: unknown placeholder '{ttty}' (known: "
                                        "tty, source, battery, can, broker, host, port, "
                                        "batteries, dir, config, bin, manifest, ccl, dcl, "
                                        "cvl, dvl)\n"
                                        "    run x --tty {ttty}\n"
                                        "                ^\n"},
        {"dut a\nrun x \"{dir\"\n", "m.dut:2:8: error: '{' without its '}' ('{{' is a brace)\n"},
        {"dut a\nrun x {config}\nsources pylontech-console\n[can]\ndialect d\n",
         "m.dut:2:7: error: {config} is used, but there is no 'config' template\n"},
        {"dut a\nrun x\nrun y\n", "m.dut:3:1: error: duplicate key 'run' (first at line 2)\n"},
        {"dut a\nconfig a\nconfig b\n",
         "m.dut:3:1: error: there is a template for all sources already\n"},
        {"dut a\nconfig a for b\n", "m.dut:2:14: error: unknown source 'b'"},
        {"dut a\nrun\n", "m.dut:2:4: error: expected the program to run, found end of line\n"},
        {"dut a\nenv LANG\n", "m.dut:2:5: error: expected NAME=value\n"},
        {"dut a\nboot 2\n", "m.dut:2:7: error: expected a time unit (us, ms, s, min, h, d)\n"},
        {"dut a\nboot 0 s\n", "m.dut:2:6: error: the time must be longer than 0 s\n"},
        {"dut a\nsources pylontech\n", "m.dut:2:9: error: unknown source 'pylontech'"},
        {"dut a\nstale silent\n", "m.dut:2:7: error: unknown stale policy 'silent', did you mean "
                                  "'silence'? (known: silence, "
                                  "zero, offline)\n"},
        {SHORT "stale offline\n",
         "m.dut:6:7: error: a CAN bus has no status topic: silence or zero\n"},
        {SHORT "[json]\ntopic t\nstale offline\n",
         "m.dut:8:1: error: stale by 'offline' needs the 'status' topic in [json]\n"},
        {SHORT "[json]\nform nestled\n",
         "m.dut:7:6: error: unknown form 'nestled', did you mean 'nested'? (known: nested, flat, "
         "union)\n"},
        {SHORT "[json]\n", "m.dut:1:1: error: [json] has no 'topic'\n"},
        {SHORT "[bus]\n", "m.dut:6:2: error: unknown section 'bus' (known: can, json, ha, map, "
                          "exclude)\n"},
        {SHORT "[ha]\nbank x\n",
         "m.dut:1:1: error: [ha] needs 'bank' and 'battery': what their unique ids begin with\n"},
        {SHORT "[ha]\ntopic x\n", "m.dut:7:1: error: unknown key of [ha] 'topic'"},
        {"dut a\ntty /dev/x\nsources pylontech-console\n[ha]\nbank x\nbattery y\n",
         "m.dut:1:1: error: [ha] needs 'broker', where the DUT publishes\n"},
        {SHORT "[can]\n", "m.dut:6:2: error: duplicate section (first at line 4)\n"},
        {SHORT "[map]\nSoc\n", "m.dut:7:4: error: expected where this DUT has it, found end of "
                               "line\n"},
        {SHORT "[exclude]\nCAN-PN\n", "m.dut:7:7: error: expected the reason in quotes\n"},
        {SHORT "[exclude]\nCAN-PN \"a\"\nCAN-PN \"b\"\n",
         "m.dut:8:1: error: duplicate key 'CAN-PN' (first at line 7)\n"},
        {"run x\nsources pylontech-console\n[can]\ndialect d\n",
         "m.dut:1:1: error: no 'dut NAME'\n"},
        {"dut a\nrun x\n[can]\ndialect d\n",
         "m.dut:1:1: error: no 'sources': which batteries can it read?\n"},
        {"dut a\nrun x\nsources pylontech-console\n",
         "m.dut:1:1: error: neither [can] nor [json] nor [ha]: there is nothing to judge\n"},
        {"dut a\nrun x\nsources pylontech-console\n[can]\n",
         "m.dut:1:1: error: [can] has no 'dialect'\n"},
        {"dut a\nsources pylontech-console\n[can]\ndialect d\n",
         "m.dut:1:1: error: no 'run': how is it started?"},
        {"dut a\ncan can0\nsources pylontech-console\n[can]\ndialect d\n",
         "m.dut:1:1: error: no 'tty': where is the DUT's battery port?\n"},
        {"dut a\ntty /dev/x\nsources pylontech-console\n[can]\ndialect d\n",
         "m.dut:1:1: error: [can] needs 'can', the interface to listen on\n"},
        {"dut a\ntty /dev/x\nsources pylontech-console\n[json]\ntopic d\n",
         "m.dut:1:1: error: [json] needs 'broker', where the DUT publishes\n"},
        {"dut a\nrun x\ntty /dev/x\nsources pylontech-console\n[can]\ndialect d\n",
         "m.dut:1:1: error: with 'run' the harness makes tty, can and broker"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct manifest *m;
        char *printed = load(cases[i].text, &m);
        CU_ASSERT_PTR_NULL(m);
        if (strstr(printed, cases[i].want) == NULL)
            TESTING_FAIL("%s\n  got  %s\n  want %s", cases[i].text, printed, cases[i].want);
        free(printed);
        manifest_delete(m);
    }
}

static const struct manifest_fill fill = {
    .tty = "/dev/pts/7",
    .battery = "vcan1",
    .source = "pylon-can",
    .can = "vcan3",
    .broker = "mqtt://127.0.0.1:40001",
    .host = "127.0.0.1",
    .dir = "/tmp/run",
    .bin = "/opt/bin",
    .port = 40001,
    .batteries = 4,
};

/* A template of its own for some batteries. */
static void test_config_for(void)
{
    struct manifest *m = load_good("dut a\nrun x {config}\nconfig a.in\n"
                                   "config b.in for pylontech-console\n"
                                   "sources pylontech-console\n[can]\ndialect d\n");

    CU_ASSERT_STRING_EQUAL(manifest_config(m, "pylontech-console"), "b.in");
    CU_ASSERT_STRING_EQUAL(manifest_config(m, "something-else"), "a.in");
    manifest_delete(m);
}

static void test_expand(void)
{
    struct manifest *m = load_good(SHORT);
    char text[256];
    struct buf b = buf_of(text, sizeof text);
    const char *bad = NULL;
    static const char all[] =
        "{tty} {battery} {source} {can} {broker} {host}:{port} {batteries} {dir} "
        "{bin} {manifest} {{tty}} }";

    CU_ASSERT_EQUAL(manifest_expand(m, all, &fill, &b, &bad), ERR_OK);
    CU_ASSERT(span_eq_str(buf_span(&b),
                          "/dev/pts/7 vcan1 pylon-can vcan3 mqtt://127.0.0.1:40001 127.0.0.1:40001 "
                          "4 /tmp/run /opt/bin duts {tty}} }"));
    manifest_delete(m);
}

/* The DUT is started in the manifest's folder: a path relative to ours would lead elsewhere. */
static void test_folder_is_whole(void)
{
    struct manifest *m = NULL;
    char text[256], home[256];
    struct buf b = buf_of(text, sizeof text);

    CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(home, sizeof home));
    CU_ASSERT_EQUAL_FATAL(chdir("/"), 0);
    CU_ASSERT_EQUAL_FATAL(manifest_parse("usr/m.dut", span_str(SHORT), stderr, &m), ERR_OK);
    CU_ASSERT_EQUAL(manifest_expand(m, "{manifest}/bridge.py", &fill, &b, NULL), ERR_OK);
    CU_ASSERT(span_eq_str(buf_span(&b), "/usr/bridge.py"));
    manifest_delete(m);
    CU_ASSERT_EQUAL(chdir(home), 0);
}

static void test_expand_errors(void)
{
    struct manifest *m = load_good(SHORT);
    char text[16];
    struct buf b = buf_of(text, sizeof text);
    const char *bad = NULL;
    static const char unknown[] = "a {xyz} b";
    static const char open[] = "a {tty";
    static const char absent[] = "a {config}";
    static const char wide[] = "{tty}{tty}";

    CU_ASSERT_EQUAL(manifest_expand(m, unknown, &fill, &b, &bad), ERR_NOT_FOUND);
    CU_ASSERT_PTR_EQUAL(bad, unknown + 2);
    CU_ASSERT_EQUAL(manifest_expand(m, open, &fill, &b, &bad), ERR_NOT_FOUND);
    CU_ASSERT_PTR_EQUAL(bad, open + 2);
    CU_ASSERT_EQUAL(manifest_expand(m, absent, &fill, &b, &bad), ERR_INCOMPLETE);
    CU_ASSERT_PTR_EQUAL(bad, absent + 2);
    buf_clear(&b);
    CU_ASSERT_EQUAL(manifest_expand(m, wide, &fill, &b, NULL), ERR_SPACE);
    manifest_delete(m);
}

/* A template's line about a limit stands only where the scenario sets that limit. */
static void test_expand_lines(void)
{
    struct manifest *m = load_good(SHORT);
    struct manifest_fill limited = fill;
    char text[128];
    struct buf b = buf_of(text, sizeof text);
    const char *bad = NULL;
    static const char template[] = "[bank]\ncharge {ccl}\ndischarge {dcl} {dvl}\nport {tty}";
    static const char unknown[] = "a\nb {xyz}\n";

    limited.ccl = "15 A";
    CU_ASSERT_EQUAL(manifest_expand_lines(m, template, &limited, &b, &bad), ERR_OK);
    CU_ASSERT(span_eq_str(buf_span(&b), "[bank]\ncharge 15 A\nport /dev/pts/7"));
    CU_ASSERT_EQUAL(manifest_expand(m, template, &limited, &b, &bad), ERR_INCOMPLETE);
    CU_ASSERT_EQUAL(manifest_expand_lines(m, unknown, &limited, &b, &bad), ERR_NOT_FOUND);
    CU_ASSERT_PTR_EQUAL(bad, unknown + 4);
    CU_ASSERT_TRUE(manifest_names(template, "dvl"));
    CU_ASSERT_FALSE(manifest_names(template, "cvl"));
    CU_ASSERT_FALSE(manifest_names("{{ccl}", "ccl"));
    manifest_delete(m);
}

static void on_cut(struct span cut, void *ctx)
{
    struct manifest *m = NULL;

    manifest_parse("m.dut", cut, ctx, &m);
    manifest_delete(m);
}

static void on_flip(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    (void)byte;
    (void)bit;
    on_cut(flipped, ctx);
}

static void test_damaged_text(void)
{
    FILE *nowhere = fopen("/dev/null", "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(nowhere);
    testing_every_truncation(span_str(full), on_cut, nowhere);
    testing_every_bit_flip(span_str(full), on_flip, nowhere);
    fclose(nowhere);
}

static void test_not_there(void)
{
    struct manifest *m = NULL;

    CU_ASSERT_EQUAL(manifest_load("/nonexistent/x.dut", stderr, &m), ERR_NOT_FOUND);
    manifest_delete(NULL);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"a full manifest", test_full},
        {"its sections", test_full_sections},
        {"defaults", test_defaults},
        {"Home Assistant", test_ha},
        {"stale policy of one sink", test_stale_order},
        {"a DUT that runs already", test_attach},
        {"mistakes", test_errors},
        {"templates for sources", test_config_for},
        {"placeholders", test_expand},
        {"the folder is whole", test_folder_is_whole},
        {"placeholders with mistakes", test_expand_errors},
        {"limits in a template", test_expand_lines},
        {"damaged text", test_damaged_text},
        {"no such file", test_not_there},
        {0},
    };
    return testing_main(argc, argv, "manifest", cases);
}
