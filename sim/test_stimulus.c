/* SPDX-License-Identifier: Apache-2.0
 *
 * Every form of every stimulus, read, looked at and printed again; every kind of mistake with the
 * column it must point at.
 */
#include <string.h>

#include "battery/battery.h"
#include "sim/stimulus.h"
#include "testing/testing.h"

#define N(array) (sizeof(array) / sizeof(array)[0])

/* Reads one line; on failure the first error's column and message are in *error. */
static bool read_line(const char *text, bool default_bms, struct stimulus *ret,
                      struct conf_error *error)
{
    struct conf_file *file = NULL;
    bool ok = false;

    memset(error, 0, sizeof *error);
    CU_ASSERT_EQUAL_FATAL(conf_parse("t", span_str(text), &file), ERR_OK);
    if (file->n_lines == 1) {
        struct conf_cursor c = conf_cursor_of(file, &file->lines[0]);
        ok = stimulus_take(&c, default_bms, ret);
        CU_ASSERT_EQUAL(ok, file->n_errors == 0);
    }
    if (file->n_errors > 0)
        *error = file->errors[0];
    conf_delete(file);
    return ok;
}

static struct stimulus must_read(const char *text)
{
    struct stimulus s = {0};
    struct conf_error error;

    if (!read_line(text, true, &s, &error))
        TESTING_FAIL("%s: column %u: %s", text, error.column, error.message);
    return s;
}

/* What is read prints as `canonical`, and that reads as the same thing again. */
static void round_trip(const char *text, const char *canonical)
{
    struct stimulus a = must_read(text), b;
    char out[512];
    struct buf buf = buf_of(out, sizeof out);

    CU_ASSERT(stimulus_format(&a, &buf));
    if (!span_eq_str(buf_span(&buf), canonical))
        TESTING_FAIL("%s prints as %.*s, not as %s", text, (int)buf.n, out, canonical);
    b = must_read(canonical);
    if (!stimulus_eq(&a, &b))
        TESTING_FAIL("%s and its print %s differ", text, canonical);
}

static void test_every_form(void)
{
    static const struct {
        const char *text, *canonical;
    } cases[] = {
        {"bms 1 set soc 97.0 %", "bms 1 set soc 97 %"},
        {"bms 1   set cell 5 voltage 3.700 V", "bms 1 set cell 5 voltage 3.7 V"},
        {"bms 2 set cell5.voltage 3700 mV", "bms 2 set cell 5 voltage 3.7 V"},
        {"bms 1 set cell 16 temp -5 C", "bms 1 set cell 16 temp -5 C"},
        {"bms 1 set balancing 3 on", "bms 1 set cell 3 balancing on"},
        {"bms 1 set cell 3 balancing 0", "bms 1 set cell 3 balancing off"},
        {"bms 1 set current -100 A", "bms 1 set current -100 A"},
        {"bms 1 set cycles 4547", "bms 1 set cycles 4547"},
        {"bms 1 set capacity 74 Ah", "bms 1 set capacity 74 Ah"},
        {"bms 1 set charge.enable off", "bms 1 set charge.enable off"},
        {"bms 1 set protection.short_circuit 1", "bms 1 set protection.short_circuit on"},
        {"bms 1 set state.base SysError", "bms 1 set state.base \"SysError\""},
        {"bms 1 set events.power 0x2000", "bms 1 set events.power 0x2000"},
        {"bms 1 set fault.system 8", "bms 1 set fault.system 0x8"},
        {"bms 1 set serial 12345", "bms 1 set serial \"12345\""},
        {"bms 1 set clock \"2000-00-00 00:00:00\"", "bms 1 set clock \"2000-00-00 00:00:00\""},
        {"bms 1 ramp soc 97.0 % -> 100.0 % over 10 s", "bms 1 ramp soc 97 % -> 100 % over 10 s"},
        {"ramp cycles 1 -> 3 over 2 min", "bms 1 ramp cycles 1 -> 3 over 2 min"},
        {"bms 1 release cell 5 voltage", "bms 1 release cell 5 voltage"},
        {"release soc", "bms 1 release soc"},
        {"unplug", "bms 1 unplug"},
        {"unplug  adapter", "bms 1 unplug adapter"},
        {"bms 1 plug", "bms 1 plug"},
        {"bms 16 leave", "bms 16 leave"},
        {"bms 16 join", "bms 16 join"},
        {"bms 1 reboot 5 s", "bms 1 reboot 5 s"},
        {"bms 1 freeze", "bms 1 freeze"},
        {"bms 1 thaw", "bms 1 thaw"},
        {"bms 1 hold", "bms 1 hold"},
        {"bms 1 free", "bms 1 free"},
        {"bms 1 fault drop 5 % for 10 s", "bms 1 fault drop 5 % for 10 s"},
        {"bms 1 fault drop 0.05 % for 10 s", "bms 1 fault drop 0.05 % for 10 s"},
        {"fault delay 200 ms for 3 replies", "bms 1 fault delay 200 ms for 3 replies"},
        {"fault truncate 100 B for 5 s", "bms 1 fault truncate 100 B for 5 s"},
        {"fault truncate -4 B for 5 s", "bms 1 fault truncate -4 B for 5 s"},
        {"fault flip 1 % for 10 s", "bms 1 fault flip 1 % for 10 s"},
        {"fault duplicate 1 % for 10 s", "bms 1 fault duplicate 1 % for 10 s"},
        {"fault garbage 20 B for 5 s", "bms 1 fault garbage 20 B for 5 s"},
        {"fault stale for 10 s", "bms 1 fault stale for 10 s"},
        {"fault echo for 5 s", "bms 1 fault echo for 5 s"},
        {"fault baud 9600 baud for 5 s", "bms 1 fault baud 9600 baud for 5 s"},
        {"fault addr 3 for 5 s", "bms 1 fault addr 3 for 5 s"},
        {"fault block 150 B for 5 s", "bms 1 fault block 150 B for 5 s"},
        {"fault stall 6 s for 1 replies", "bms 1 fault stall 6 s for 1 reply"},
        {"fault chunk 1 B for 10 s", "bms 1 fault chunk 1 B for 10 s"},
        {"bms 1 type \"login debug\"", "bms 1 type \"login debug\""},
        {"bms 1 type \"a\\\"b\\\\c\\n\"", "bms 1 type \"a\\\"b\\\\c\\n\""},
        {"bms 1 send \"7e 32 30 0d\"", "bms 1 send \"7E32300D\""},
        {"bms 1 replay \"old.log\"", "bms 1 replay \"old.log\""},
        {"bms 1 replay \"old.log\" speed 2.5", "bms 1 replay \"old.log\" speed 2.5"},
        {"broker stop", "broker stop"},
        {"broker start", "broker start"},
        {"broker freeze", "broker freeze"},
        {"broker thaw", "broker thaw"},
        {"broker reset", "broker reset"},
        {"broker slow 200 ms", "broker slow 200 ms"},
        {"canbus off", "canbus off"},
        {"canbus errorpassive", "canbus errorpassive"},
        {"canbus on", "canbus on"},
        {"inverter send \"305#0000000000000000\"", "inverter send \"305#0000000000000000\""},
        {"inverter keepalive off", "inverter keepalive off"},
        {"inverter keepalive \"305#00\" every 1 s", "inverter keepalive \"305#00\" every 1 s"},
        {"dut start", "dut start"},
        {"dut stop", "dut stop"},
        {"dut kill", "dut kill"},
        {"dut freeze", "dut freeze"},
        {"dut thaw", "dut thaw"},
    };
    bool seen[STIM_COUNT] = {false};

    for (size_t i = 0; i < N(cases); i++) {
        round_trip(cases[i].text, cases[i].canonical);
        seen[must_read(cases[i].text).verb] = true;
    }
    for (size_t i = 0; i < STIM_COUNT; i++) {
        if (!seen[i])
            TESTING_FAIL("no case for verb %s", stimulus_verb_name((enum stimulus_verb)i));
    }
}

static void test_fields(void)
{
    struct stimulus s = must_read("bms 3 ramp cell 5 voltage 3.3 V -> 3700 mV over 1.5 s");

    CU_ASSERT_EQUAL(s.actor, ACTOR_BMS);
    CU_ASSERT_EQUAL(s.verb, STIM_RAMP);
    CU_ASSERT_EQUAL(s.battery, 3);
    CU_ASSERT_EQUAL(s.path.id, BMS_PATH_CELL_VOLTAGE);
    CU_ASSERT_EQUAL(s.path.cell, 5);
    CU_ASSERT_EQUAL(s.value.micro, 3300000);
    CU_ASSERT_EQUAL(s.value.dim, DIM_VOLTAGE);
    CU_ASSERT_EQUAL(s.to.micro, 3700000);
    CU_ASSERT_EQUAL(s.duration_us, 1500000);

    s = must_read("bms 1 set events.battery 0x2002");
    CU_ASSERT_STRING_EQUAL(s.text, "0x2002");
    CU_ASSERT_EQUAL(s.value.micro, 0x2002 * INT64_C(1000000));

    s = must_read("bms 1 set force.charge on");
    CU_ASSERT_EQUAL(s.value.micro, 1000000);

    s = must_read("fault delay 200 ms for 3 replies");
    CU_ASSERT_EQUAL(s.fault, FAULT_DELAY);
    CU_ASSERT_EQUAL(s.value.micro, 200000);
    CU_ASSERT_EQUAL(s.count, 3);
    CU_ASSERT_EQUAL(s.duration_us, 0);

    s = must_read("fault stale for 10 s");
    CU_ASSERT_EQUAL(s.count, 0);
    CU_ASSERT_EQUAL(s.duration_us, 10000000);

    s = must_read("broker slow 200 ms");
    CU_ASSERT_EQUAL(s.value.micro, 200000);
    CU_ASSERT_EQUAL(s.battery, 0);

    s = must_read("replay \"a b.log\"");
    CU_ASSERT_STRING_EQUAL(s.text, "a b.log");
    CU_ASSERT_EQUAL(s.speed.micro, 1000000);
}

/* The reader stops before `as` and leaves the rest to the caller. */
static void test_stops_before_as(void)
{
    struct conf_file *file = NULL;
    struct stimulus s;

    CU_ASSERT_EQUAL_FATAL(conf_parse("t", span_str("bms 1 unplug as pulled"), &file), ERR_OK);
    struct conf_cursor c = conf_cursor_of(file, &file->lines[0]);
    CU_ASSERT(stimulus_take(&c, false, &s));
    CU_ASSERT(conf_accept(&c, "as"));
    conf_delete(file);
}

static void test_errors_point(void)
{
    static const struct {
        const char *text;
        uint32_t column;
        const char *part; /* of the message */
    } cases[] = {
        {"bms 1 unplugg", 7, "unplug"},
        {"bms unplug", 5, "number of a battery"},
        {"bms 0 unplug", 5, "number of a battery"},
        {"brokr stop", 1, "broker"},
        {"bms 1", 6, "verb"},
        {"broker unplug", 8, "stop, start"},
        {"bms 1 set sok 97 %", 11, "did you mean 'soc'"},
        {"bms 1 set 5 %", 11, "value of the battery"},
        {"bms 1 set soc 97", 17, "ratio unit"},
        {"bms 1 set soc 97 V", 18, "ratio"},
        {"bms 1 set soc 250 %", 15, "between 0 % and 200 %"},
        {"bms 1 set cell 5 voltage 3700 V", 26, "between 0 V and 65 V"},
        {"bms 1 set cell 33 voltage 3.7 V", 16, "from 1 to 32"},
        {"bms 1 set cell 5 volt 3.7 V", 18, "voltage"},
        {"bms 1 set cell.min 3 V", 11, "cannot be set"},
        {"bms 1 set charge.enable maybe", 25, "on or off"},
        {"bms 1 set cycles 1.5", 18, "whole number"},
        {"bms 1 set cycles -1", 18, "from 0"},
        {"bms 1 set fault.system 0x100000000", 24, "mask"},
        {"bms 1 set fault.system CRC", 24, "mask"},
        {"bms 1 set state.base", 21, "Base.St"},
        {"bms 1 ramp soc 97.0 % to 100.0 % over 10 s", 23, "'->'"},
        {"bms 1 ramp soc 97 % -> 100 % over 10", 37, "time unit"},
        {"bms 1 ramp soc 97 % -> 100 % over 0 s", 35, "longer than 0 s"},
        {"bms 1 ramp state.base Idle -> Charge over 1 s", 12, "only quantities"},
        {"bms 1 ramp charge.enable on -> off over 1 s", 12, "only quantities"},
        {"bms 1 reboot", 13, "time"},
        {"bms 1 fault dorp 5 % for 10 s", 13, "drop"},
        {"bms 1 fault drop 101 % for 10 s", 18, "100 %"},
        {"bms 1 fault drop 5 B for 10 s", 20, "ratio"},
        {"bms 1 fault drop 5 %", 21, "'for'"},
        {"bms 1 fault drop 5 % for 10", 28, "time unit"},
        {"bms 1 fault drop 5 % for 0 replies", 26, "number of replies"},
        {"bms 1 fault truncate 1.5 B for 5 s", 22, "whole number"},
        {"bms 1 fault addr 1.5 for 5 s", 18, "whole number"},
        {"bms 1 fault stale 3 for 5 s", 19, "'for'"},
        {"bms 1 type", 11, "text to type"},
        {"bms 1 send 7E32", 12, "in quotes"},
        {"bms 1 send \"7E3\"", 12, "half a byte"},
        {"bms 1 send \"7 E3\"", 12, "splits a byte"},
        {"bms 1 send \"\"", 12, "no bytes"},
        {"bms 1 send \"xy\"", 12, "hex digit"},
        {"bms 1 replay", 13, "file name"},
        {"bms 1 replay \"x\" speed 0", 24, "between"},
        {"inverter send 305#00", 15, "in quotes"},
        {"inverter send \"305\"", 15, "no CAN frame"},
        {"inverter keepalive \"305#00\"", 28, "every"},
        {"bms 1 unplug now", 14, "unexpected 'now'"},
        {"bms 1 unplug adapter now", 22, "unexpected 'now'"},
        {"bms 1 plug adapter", 12, "unexpected 'adapter'"},
        {"dut reboot", 5, "verb"},
    };

    for (size_t i = 0; i < N(cases); i++) {
        struct stimulus s;
        struct conf_error error;
        if (read_line(cases[i].text, false, &s, &error)) {
            TESTING_FAIL("%s was accepted", cases[i].text);
            continue;
        }
        if (error.column != cases[i].column || strstr(error.message, cases[i].part) == NULL)
            TESTING_FAIL("%s: column %u '%s', expected column %u with '%s'", cases[i].text,
                         error.column, error.message, cases[i].column, cases[i].part);
    }
}

static void test_default_bms(void)
{
    struct stimulus s;
    struct conf_error error;

    CU_ASSERT(read_line("set soc 50 %", true, &s, &error));
    CU_ASSERT_EQUAL(s.battery, 1);
    CU_ASSERT_FALSE(read_line("set soc 50 %", false, &s, &error));
    CU_ASSERT_EQUAL(error.column, 1);
    CU_ASSERT(read_line("broker stop", true, &s, &error));
    CU_ASSERT_EQUAL(s.actor, ACTOR_BROKER);
    /* an unknown first word is a verb there, and the verbs of a battery are listed */
    CU_ASSERT_FALSE(read_line("unplugg", true, &s, &error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "did you mean 'unplug'"));
}

static void test_path_table(void)
{
    CU_ASSERT_EQUAL(bms_path_count(), BMS_PATH_COUNT);
    CU_ASSERT_PTR_NULL(bms_path_info(BMS_PATH_COUNT));
    for (uint16_t i = 0; i < BMS_PATH_COUNT; i++) {
        const struct bms_path_info *info = bms_path_info(i);
        CU_ASSERT_PTR_NOT_NULL_FATAL(info->name);
        CU_ASSERT_PTR_NOT_NULL_FATAL(info->help);
        CU_ASSERT(info->truth || info->settable);
        CU_ASSERT(info->truth != (info->value == BMS_TEXT));
        for (uint16_t k = 0; k < i; k++)
            CU_ASSERT_STRING_NOT_EQUAL(info->name, bms_path_info(k)->name);
    }
    CU_ASSERT_EQUAL(bms_path_info(BMS_PATH_SOC)->dim, DIM_RATIO);
    CU_ASSERT_FALSE(bms_path_info(BMS_PATH_POWER)->settable);
}

/* The conditions are numbered as in battery/battery.h and carry its names. */
static void test_conditions(void)
{
    CU_ASSERT_EQUAL(BMS_CONDITIONS, COND_INTERNAL_FAULT + 1);
    for (unsigned i = 0; i < BMS_CONDITIONS; i++) {
        const char *name = battery_condition_name((enum battery_condition)i);
        const char *warning = bms_path_info((uint16_t)(BMS_PATH_WARNING + i))->name;
        const char *protection = bms_path_info((uint16_t)(BMS_PATH_PROTECTION + i))->name;
        CU_ASSERT_STRING_EQUAL(warning + strlen("warning."), name);
        CU_ASSERT_STRING_EQUAL(protection + strlen("protection."), name);
    }
}

static void test_dotted(void)
{
    struct bms_path path = {0};
    char out[64];
    struct buf buf = buf_of(out, sizeof out);

    CU_ASSERT(bms_path_parse(SPAN_LIT("soc"), &path));
    CU_ASSERT_EQUAL(path.id, BMS_PATH_SOC);
    CU_ASSERT_EQUAL(path.cell, 0);
    CU_ASSERT(bms_path_parse(SPAN_LIT("cell5.voltage"), &path));
    CU_ASSERT_EQUAL(path.id, BMS_PATH_CELL_VOLTAGE);
    CU_ASSERT_EQUAL(path.cell, 5);
    CU_ASSERT(bms_path_format(&path, &buf));
    CU_ASSERT(span_eq_str(buf_span(&buf), "cell 5 voltage"));
    CU_ASSERT(bms_path_parse(SPAN_LIT("cell.max"), &path));
    CU_ASSERT_EQUAL(path.id, BMS_PATH_CELL_MAX);
    CU_ASSERT(bms_path_parse(SPAN_LIT("protection.imbalance"), &path));
    CU_ASSERT_EQUAL(path.id, BMS_PATH_PROTECTION + COND_IMBALANCE);

    static const char *const wrong[] = {
        "",           "cell",           "cell.voltage", "cell5",         "cell5.",
        "cell0.temp", "cell33.voltage", "cell+5.temp",  "cellx.temp",    "cell5.volt",
        "SOC",        "soc ",           "protection",   "cell5.voltage."};
    for (size_t i = 0; i < N(wrong); i++) {
        if (bms_path_parse(span_str(wrong[i]), &path))
            TESTING_FAIL("'%s' was accepted", wrong[i]);
    }
}

/* The help teaches every verb, every fault and every plain value. */
static void test_help_is_complete(void)
{
    const char *help = stimulus_help();

    for (size_t i = 0; i < STIM_COUNT; i++) {
        if (strstr(help, stimulus_verb_name((enum stimulus_verb)i)) == NULL)
            TESTING_FAIL("help lacks verb %s", stimulus_verb_name((enum stimulus_verb)i));
    }
    for (uint16_t i = 0; i < BMS_PATH_COUNT; i++) {
        const struct bms_path_info *info = bms_path_info(i);
        if (!info->settable || info->per_cell || (i >= BMS_PATH_WARNING && i < BMS_PATH_STATE_BASE))
            continue;
        if (strstr(help, info->name) == NULL)
            TESTING_FAIL("help lacks %s", info->name);
    }
}

static void test_format_fails_whole(void)
{
    struct stimulus s = must_read("bms 1 ramp soc 97 % -> 100 % over 10 s");
    char out[64];

    for (size_t cap = 0; cap < 38; cap++) {
        struct buf buf = buf_of(out, cap);
        CU_ASSERT_FALSE(stimulus_format(&s, &buf));
        CU_ASSERT_EQUAL(buf.n, 0);
    }
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"every form is read and printed", test_every_form},
        {"the fields hold what was written", test_fields},
        {"reading stops before `as`", test_stops_before_as},
        {"errors point at the token", test_errors_point},
        {"the actor may be left out", test_default_bms},
        {"the table of values is sound", test_path_table},
        {"conditions match the battery's", test_conditions},
        {"dotted names", test_dotted},
        {"the help is complete", test_help_is_complete},
        {"printing fails whole", test_format_fails_whole},
        {0},
    };
    return testing_main(argc, argv, "stimulus", cases);
}
