/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON against typed-in texts and, parsed back, against typed-in numbers; what must never be in
 * it (null, true, unknown keys, bad bytes) is looked for in every message.
 */
#include "proto/victron_json/victron_json.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "testing/testing.h"

#define C(condition) COND_BIT(COND_##condition)

enum { ALL_FIELDS = (1 << 25) - 1 };

static const enum victron_form forms[] = {VICTRON_NESTED, VICTRON_FLAT, VICTRON_UNION};

/* Three batteries: the numbers of the CAN golden frames. */
static struct bank rack(void)
{
    struct bank bank;

    memset(&bank, 0, sizeof bank);
    bank.life = BANK_ONLINE;
    bank.online = 3;
    bank.lost = 1;
    bank.blocking_charge = 2;
    bank.cells_per_battery = 16;
    bank.cell_min = (struct bank_place){2, 4};
    bank.cell_max = (struct bank_place){2, 9};
    bank.temp_min = (struct bank_place){2, 2};
    bank.temp_max = (struct bank_place){1, 4};
    struct battery *b = &bank.sum;
    b->known = ALL_FIELDS;
    b->pack_mv = 51230;
    b->current_ma = -12400;
    b->soc_pm = 853;
    b->soh_pm = 980;
    b->full_mah = 300000;
    b->remaining_mah = 255000;
    b->cycles = 123;
    b->cell_min_mv = 3198;
    b->cell_max_mv = 3215;
    b->temp_count = 2;
    b->temp_known = 3;
    b->temp_dc[0] = 235;
    b->temp_role[1] = ROLE_MOS;
    b->temp_dc[1] = 301;
    b->temp_min_dc = 221;
    b->temp_max_dc = 248;
    b->cvl_mv = 53200;
    b->dvl_mv = 45000;
    b->ccl_ma = 37000;
    b->dcl_ma = 37500;
    b->charge_enable = true;
    b->balancing = 1;
    memcpy(b->model, "US3000C", 8);
    memcpy(b->maker, "PYLON", 6);
    memcpy(b->firmware, "V2.4", 5);
    return bank;
}

/* One battery of three cells. */
static struct bank single(void)
{
    struct bank bank = rack();

    bank.online = 1;
    bank.lost = 0;
    bank.cell_min = (struct bank_place){1, 2};
    bank.sum.cell_count = 3;
    bank.sum.cell_mv[0] = 3201;
    bank.sum.cell_mv[1] = 3198;
    bank.sum.cell_mv[2] = 3215;
    bank.sum.balancing = 4;
    return bank;
}

static char *encode(enum victron_form form, const struct bank *bank, char out[VICTRON_JSON_MAX + 1])
{
    struct buf buf = buf_of(out, VICTRON_JSON_MAX);

    CU_ASSERT_EQUAL(victron_json_encode(form, bank, &buf), ERR_OK);
    CU_ASSERT_FALSE(buf.overflow);
    out[buf.n] = '\0';
    return out;
}

static struct json_doc *parsed(enum victron_form form, const struct bank *bank)
{
    char text[VICTRON_JSON_MAX + 1];
    struct json_doc *doc = NULL;

    encode(form, bank, text);
    if (json_parse(span_str(text), &doc, NULL) != ERR_OK) {
        TESTING_FAIL("no JSON: %s", text);
        CU_FAIL_FATAL("cannot go on");
    }
    return doc;
}

/* A number of the message; an impossible value when it is not there or no number. */
static double number(const struct json_doc *doc, const char *path)
{
    double value = -1e9;

    json_number(json_path(json_root(doc), path), &value);
    return value;
}

static void expect_number(unsigned line, const struct json_doc *doc, const char *path, double want)
{
    double got = number(doc, path);

    if (got - want > 1e-9 || want - got > 1e-9) {
        testing_fail(__FILE__, line, "%s is %f, want %f", path, got, want);
    } else {
        CU_PASS("number is as expected");
    }
}
#define EXPECT(doc, path, want) expect_number(__LINE__, (doc), (path), (want))

static bool has(const struct json_doc *doc, const char *path)
{
    return json_path(json_root(doc), path) != NULL;
}

/* ---- whole texts ---- */

static void test_nested_text(void)
{
    static const char want[] =
        "{\"Dc\":{\"Power\":-635.3,\"Voltage\":51.230,\"Current\":-12.400,\"Temperature\":23.5},"
        "\"Info\":{\"MaxChargeVoltage\":53.200,\"MaxChargeCurrent\":37.000,"
        "\"MaxDischargeCurrent\":37.500,\"BatteryLowVoltage\":45.000,\"ChargeRequest\":0},"
        "\"System\":{\"MinVoltageCellId\":\"0204\",\"MinCellVoltage\":3.198,"
        "\"MaxVoltageCellId\":\"0209\",\"MaxCellVoltage\":3.215,"
        "\"MinTemperatureCellId\":\"0202\",\"MinCellTemperature\":22.1,"
        "\"MaxTemperatureCellId\":\"0104\",\"MaxCellTemperature\":24.8,\"MOSTemperature\":30.1,"
        "\"NrOfCellsPerBattery\":16,\"NrOfModulesOnline\":3,\"NrOfModulesOffline\":1,"
        "\"NrOfModulesBlockingCharge\":2,\"NrOfModulesBlockingDischarge\":0},"
        "\"Io\":{\"AllowToCharge\":1,\"AllowToDischarge\":0},\"History\":{\"ChargeCycles\":123},"
        "\"Soc\":85.3,\"Soh\":98.0,\"InstalledCapacity\":300.000,\"ConsumedAmphours\":45.000,"
        "\"Capacity\":255.000,\"TimeToGo\":74032,\"Balancing\":1,"
        "\"Alarms\":{\"LowVoltage\":0,\"HighVoltage\":0,\"LowCellVoltage\":0,"
        "\"HighCellVoltage\":0,\"HighChargeCurrent\":0,\"HighDischargeCurrent\":0,"
        "\"CellImbalance\":0,\"HighChargeTemperature\":0,\"LowChargeTemperature\":0,"
        "\"HighTemperature\":0,\"LowTemperature\":0,\"HighInternalTemperature\":0,"
        "\"InternalFailure\":0,\"BmsCable\":0}}";
    struct bank bank = rack();
    char text[VICTRON_JSON_MAX + 1];

    CU_ASSERT_STRING_EQUAL(encode(VICTRON_NESTED, &bank, text), want);
}

static void test_flat_text(void)
{
    static const char want[] =
        "{\"Voltage\":51.230,\"Current\":-12.400,\"Power\":-635.3,\"Temperature\":23.5,"
        "\"MaxChargeCurrent\":37.000,\"MaxDischargeCurrent\":37.500,\"ChargeVoltage\":53.200,"
        "\"DischargeVoltage\":45.000,\"MinCellVoltage\":3.198,\"MaxCellVoltage\":3.215,"
        "\"MinVoltageCellId\":\"0204\",\"MaxVoltageCellId\":\"0209\",\"MinTemperature\":22.1,"
        "\"MaxTemperature\":24.8,\"ProductName\":\"US3000C\",\"FirmwareVersion\":\"V2.4\","
        "\"Soc\":85.3,\"Soh\":98.0,\"InstalledCapacity\":300.000,\"ConsumedAmphours\":45.000,"
        "\"TimeToGo\":74032,\"Balancing\":1,"
        "\"Alarms\":{\"LowVoltage\":0,\"HighVoltage\":0,\"HighChargeCurrent\":0,"
        "\"HighDischargeCurrent\":0,\"CellImbalance\":0,\"HighTemperature\":0,"
        "\"LowTemperature\":0,\"InternalFailure\":0,\"BmsCable\":0},"
        "\"Warnings\":{\"LowVoltage\":0,\"HighVoltage\":0,\"HighChargeCurrent\":0,"
        "\"HighDischargeCurrent\":0,\"CellImbalance\":0,\"HighTemperature\":0,"
        "\"LowTemperature\":0,\"InternalFailure\":0,\"BmsCable\":0}}";
    struct bank bank = rack();
    char text[VICTRON_JSON_MAX + 1];

    CU_ASSERT_STRING_EQUAL(encode(VICTRON_FLAT, &bank, text), want);
}

/* Both sets of keys in one object, each once. */
static void test_union(void)
{
    struct bank bank = rack();
    struct json_doc *doc = parsed(VICTRON_UNION, &bank);

    CU_ASSERT_FALSE(json_has_duplicate_keys(doc));
    EXPECT(doc, "Dc.Power", -635.3);
    EXPECT(doc, "Power", -635.3);
    EXPECT(doc, "Info.MaxChargeVoltage", 53.2);
    EXPECT(doc, "ChargeVoltage", 53.2);
    EXPECT(doc, "Soc", 85.3);
    EXPECT(doc, "Capacity", 255);
    EXPECT(doc, "Warnings.HighVoltage", 0);
    CU_ASSERT_STRING_EQUAL(json_string(json_path(json_root(doc), "MinVoltageCellId")), "0204");
    CU_ASSERT_FALSE(has(doc, "value")); /* would change how the driver reads the message */
    json_delete(doc);
}

static void test_form_names(void)
{
    enum victron_form form = VICTRON_UNION;

    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_TRUE(victron_form_find(victron_form_name(forms[i]), &form));
        CU_ASSERT_EQUAL(form, forms[i]);
    }
    CU_ASSERT_STRING_EQUAL(victron_form_name(VICTRON_NESTED), "nested");
    CU_ASSERT_FALSE(victron_form_find("Nested", &form));
    CU_ASSERT_EQUAL(form, VICTRON_UNION);
}

/* ---- cells and places ---- */

static void test_cells_of_one_battery(void)
{
    struct bank bank = single();
    struct json_doc *doc = parsed(VICTRON_NESTED, &bank);

    EXPECT(doc, "Voltages.Cell1", 3.201);
    EXPECT(doc, "Voltages.Cell2", 3.198);
    EXPECT(doc, "Voltages.Cell3", 3.215);
    CU_ASSERT_EQUAL(json_size(json_path(json_root(doc), "Voltages")), 3);
    EXPECT(doc, "Balances.Cell2", 0);
    EXPECT(doc, "Balances.Cell3", 1);
    CU_ASSERT_STRING_EQUAL(json_string(json_path(json_root(doc), "System.MinVoltageCellId")), "02");
    json_delete(doc);
}

static void test_cells_are_left_out(void)
{
    struct bank bank = single();

    bank.sum.cell_count = 24;
    struct json_doc *doc = parsed(VICTRON_NESTED, &bank);
    CU_ASSERT_EQUAL(json_size(json_path(json_root(doc), "Voltages")), 24);
    json_delete(doc);
    bank.sum.cell_count = 25; /* the driver has no Cell25 and would compute a wrong sum */
    doc = parsed(VICTRON_NESTED, &bank);
    CU_ASSERT_FALSE(has(doc, "Voltages"));
    CU_ASSERT_FALSE(has(doc, "Balances"));
    json_delete(doc);
    bank = single();
    bank.configured = 2; /* a bank: whose cells would they be? */
    doc = parsed(VICTRON_NESTED, &bank);
    CU_ASSERT_FALSE(has(doc, "Voltages"));
    EXPECT(doc, "System.NrOfModulesOffline", 1);
    json_delete(doc);
    bank = single();
    doc = parsed(VICTRON_FLAT, &bank);
    CU_ASSERT_FALSE(has(doc, "Voltages"));
    json_delete(doc);
}

static void test_unknown_places(void)
{
    struct bank bank = rack();

    bank.cell_min = (struct bank_place){0, 4};
    bank.cell_max = (struct bank_place){3, 0};
    struct json_doc *doc = parsed(VICTRON_UNION, &bank);
    CU_ASSERT_FALSE(has(doc, "System.MinVoltageCellId"));
    CU_ASSERT_FALSE(has(doc, "System.MaxVoltageCellId"));
    CU_ASSERT_FALSE(has(doc, "MinVoltageCellId"));
    EXPECT(doc, "System.MinCellVoltage", 3.198);
    json_delete(doc);
    bank.cell_min = (struct bank_place){255, 255};
    doc = parsed(VICTRON_UNION, &bank);
    CU_ASSERT_STRING_EQUAL(json_string(json_path(json_root(doc), "MinVoltageCellId")), "255255");
    json_delete(doc);
}

/* ---- alarms ---- */

struct alarm_case {
    enum battery_condition cond;
    const char *nested; /* keys with the level, blank separated */
    const char *flat;
};

static const struct alarm_case alarm_cases[] = {
    {COND_CELL_OVERVOLTAGE, "HighVoltage HighCellVoltage", "HighVoltage"},
    {COND_CELL_UNDERVOLTAGE, "LowVoltage LowCellVoltage", "LowVoltage"},
    {COND_PACK_OVERVOLTAGE, "HighVoltage", "HighVoltage"},
    {COND_PACK_UNDERVOLTAGE, "LowVoltage", "LowVoltage"},
    {COND_CHARGE_OVERCURRENT, "HighChargeCurrent", "HighChargeCurrent"},
    {COND_DISCHARGE_OVERCURRENT, "HighDischargeCurrent", "HighDischargeCurrent"},
    {COND_CHARGE_OVERTEMPERATURE, "HighChargeTemperature", "HighTemperature"},
    {COND_CHARGE_UNDERTEMPERATURE, "LowChargeTemperature", "LowTemperature"},
    {COND_DISCHARGE_OVERTEMPERATURE, "HighTemperature", "HighTemperature"},
    {COND_DISCHARGE_UNDERTEMPERATURE, "LowTemperature", "LowTemperature"},
    {COND_MOS_OVERTEMPERATURE, "HighInternalTemperature", "HighTemperature"},
    {COND_IMBALANCE, "CellImbalance", "CellImbalance"},
    {COND_SHORT_CIRCUIT, "HighDischargeCurrent InternalFailure",
     "HighDischargeCurrent InternalFailure"},
    {COND_INTERNAL_FAULT, "InternalFailure", "InternalFailure"},
    {COND_COMMUNICATION_LOSS, "BmsCable", "BmsCable"},
    {COND_UNKNOWN_WORD, "InternalFailure", "InternalFailure"},
};

static bool lists(const char *keys, const char *key)
{
    struct span rest = span_str(keys);
    struct span word;

    while (span_token(&rest, &word)) {
        if (span_eq_str(word, key)) {
            return true;
        }
    }
    return false;
}

/* Every key of the object has `level` when it is listed, 0 when not. */
static void check_alarms(enum victron_form form, const struct bank *bank, const char *object,
                         const char *keys, double level)
{
    struct json_doc *doc = parsed(form, bank);
    const struct json *item = json_first(json_get(json_root(doc), object));

    CU_ASSERT_PTR_NOT_NULL(item);
    for (; item != NULL; item = json_next(item)) {
        double got = -1;
        double want = lists(keys, json_key(item)) ? level : 0;

        json_number(item, &got);
        if (got < want || got > want) {
            TESTING_FAIL("%s %s.%s is %g, want %g (%s)", victron_form_name(form), object,
                         json_key(item), got, want, keys);
        }
    }
    json_delete(doc);
}

static void test_alarms_one_by_one(void)
{
    CU_ASSERT_EQUAL(sizeof alarm_cases / sizeof alarm_cases[0], COND_COUNT);
    for (size_t i = 0; i < COND_COUNT; i++) {
        const struct alarm_case *c = &alarm_cases[i];
        char both[128];
        struct bank bank = rack();

        snprintf(both, sizeof both, "%s %s", c->nested, c->flat);
        bank.sum.warnings = COND_BIT(c->cond);
        check_alarms(VICTRON_NESTED, &bank, "Alarms", c->nested, 1);
        check_alarms(VICTRON_UNION, &bank, "Alarms", both, 1);
        check_alarms(VICTRON_UNION, &bank, "Warnings", c->flat, 1);
        check_alarms(VICTRON_FLAT, &bank, "Alarms", "", 1);
        check_alarms(VICTRON_FLAT, &bank, "Warnings", c->flat, 1);
        bank.sum.protections = COND_BIT(c->cond);
        check_alarms(VICTRON_NESTED, &bank, "Alarms", c->nested, 2);
        check_alarms(VICTRON_UNION, &bank, "Alarms", both, 2);
        bank.sum.warnings = 0;
        check_alarms(VICTRON_NESTED, &bank, "Alarms", c->nested, 2);
        check_alarms(VICTRON_FLAT, &bank, "Alarms", c->flat, 1);
        check_alarms(VICTRON_FLAT, &bank, "Warnings", "", 1);
    }
}

static void test_alarms_of_unknown_sets(void)
{
    struct bank bank = rack();

    bank.sum.protections = bank.sum.warnings = C(IMBALANCE);
    bank.sum.known &= ~(uint32_t)FIELD_PROTECTIONS;
    check_alarms(VICTRON_NESTED, &bank, "Alarms", "CellImbalance", 1);
    struct json_doc *doc = parsed(VICTRON_FLAT, &bank);
    CU_ASSERT_FALSE(has(doc, "Alarms"));
    CU_ASSERT_TRUE(has(doc, "Warnings"));
    json_delete(doc);
    bank.sum.known &= ~(uint32_t)FIELD_WARNINGS;
    doc = parsed(VICTRON_UNION, &bank);
    CU_ASSERT_FALSE(has(doc, "Alarms"));
    CU_ASSERT_FALSE(has(doc, "Warnings"));
    json_delete(doc);
}

/* ---- numbers ---- */

/* What is said when the battery no longer answers: no current either way, and why. */
static void test_bms_lost(void)
{
    struct bank bank = rack();

    bank.life = BANK_STALE;
    bank.online = 0;
    bank.held = 3;
    bank.sum.ccl_ma = bank.sum.dcl_ma = 0;
    bank.sum.charge_enable = bank.sum.discharge_enable = false;
    bank.sum.protections = C(COMMUNICATION_LOSS);
    struct json_doc *doc = parsed(VICTRON_NESTED, &bank);
    EXPECT(doc, "Info.MaxChargeCurrent", 0);
    EXPECT(doc, "Info.MaxDischargeCurrent", 0);
    EXPECT(doc, "Io.AllowToCharge", 0);
    EXPECT(doc, "Io.AllowToDischarge", 0);
    EXPECT(doc, "Alarms.BmsCable", 2);
    EXPECT(doc, "System.NrOfModulesOnline", 0);
    EXPECT(doc, "System.NrOfModulesOffline", 4);
    json_delete(doc);
}

struct power_case {
    int32_t mv, ma;
    double watt;
};

static void test_power(void)
{
    static const struct power_case cases[] = {
        {52700, 6100, 321.5},
        {51230, 0, 0},
        {50000, 1, 0.1},
        {49999, 1, 0},
        {50000, -1, -0.1},
        {52000, -100000, -5200},
        {60000, 3276700, 196602},
        {60000, -3276800, -196608},
        {2147483647, 2147483647, 4611686014132.4},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bank bank = rack();

        bank.sum.pack_mv = cases[i].mv;
        bank.sum.current_ma = cases[i].ma;
        struct json_doc *doc = parsed(VICTRON_UNION, &bank);
        double got = number(doc, "Dc.Power");
        CU_ASSERT(got - cases[i].watt < 0.01 && cases[i].watt - got < 0.01);
        json_delete(doc);
    }
}

static void test_clamped_numbers(void)
{
    struct bank bank = rack();

    bank.sum.soc_pm = 1013;
    bank.sum.soh_pm = 2000;
    bank.sum.ccl_ma = -1;
    bank.sum.dcl_ma = INT32_MIN;
    bank.sum.dvl_mv = -1;
    bank.sum.cycles = -1;
    struct json_doc *doc = parsed(VICTRON_UNION, &bank);
    EXPECT(doc, "Soc", 100);
    EXPECT(doc, "Soh", 100);
    EXPECT(doc, "Info.MaxChargeCurrent", 0);
    EXPECT(doc, "MaxDischargeCurrent", 0);
    EXPECT(doc, "Info.BatteryLowVoltage", 0);
    EXPECT(doc, "History.ChargeCycles", 0);
    json_delete(doc);
    bank.sum.soc_pm = -1;
    doc = parsed(VICTRON_NESTED, &bank);
    EXPECT(doc, "Soc", 0);
    json_delete(doc);
}

static void test_negative_numbers(void)
{
    struct bank bank = rack();

    bank.sum.temp_dc[0] = -5;
    bank.sum.temp_min_dc = -123;
    bank.sum.current_ma = -50;
    struct json_doc *doc = parsed(VICTRON_NESTED, &bank);
    EXPECT(doc, "Dc.Temperature", -0.5);
    EXPECT(doc, "System.MinCellTemperature", -12.3);
    EXPECT(doc, "Dc.Current", -0.05);
    json_delete(doc);
}

struct capacity_case {
    int32_t full, remaining;
    double installed, consumed, capacity; /* < 0: not there */
};

static void test_capacity_is_consistent(void)
{
    static const struct capacity_case cases[] = {
        {200000, 125500, 200, 74.5, 125.5},
        {74000, 74000, 74, 0, 74},
        {74000, 75100, 74, 0, 74}, /* a counter that ran past full */
        {74000, -10, 74, 74, 0},
        {0, 1000, -1, -1, -1},
        {-5, 1000, -1, -1, -1},
        {1, 1, 0.001, 0, 0.001},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct capacity_case *c = &cases[i];
        struct bank bank = rack();

        bank.sum.full_mah = c->full;
        bank.sum.remaining_mah = c->remaining;
        struct json_doc *doc = parsed(VICTRON_NESTED, &bank);
        if (c->installed < 0) {
            CU_ASSERT_FALSE(has(doc, "InstalledCapacity"));
            CU_ASSERT_FALSE(has(doc, "ConsumedAmphours"));
            CU_ASSERT_FALSE(has(doc, "Capacity"));
        } else {
            EXPECT(doc, "InstalledCapacity", c->installed);
            EXPECT(doc, "ConsumedAmphours", c->consumed);
            EXPECT(doc, "Capacity", c->capacity);
        }
        json_delete(doc);
    }
}

struct time_case {
    int32_t remaining, ma;
    double seconds;
};

static void test_time_to_go(void)
{
    static const struct time_case cases[] = {
        {120000, -10000, 43200}, {255000, -12400, 74032},      {0, -10000, 0},
        {-5, -10000, 0},         {100000, 0, 2592000},         {100000, 5000, 2592000},
        {100000, -1, 2592000},   {INT32_MAX, INT32_MIN, 3600},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bank bank = rack();

        bank.sum.remaining_mah = cases[i].remaining;
        bank.sum.current_ma = cases[i].ma;
        struct json_doc *doc = parsed(VICTRON_NESTED, &bank);
        EXPECT(doc, "TimeToGo", cases[i].seconds);
        json_delete(doc);
    }
}

static void test_requests(void)
{
    struct bank bank = rack();

    bank.sum.force_charge = true;
    bank.sum.balancing = 0;
    struct json_doc *doc = parsed(VICTRON_NESTED, &bank);
    EXPECT(doc, "Info.ChargeRequest", 1);
    EXPECT(doc, "Balancing", 0);
    json_delete(doc);
}

static void test_highest_mos_sensor(void)
{
    struct bank bank = rack();

    bank.sum.temp_count = 4;
    bank.sum.temp_known = 0x0B;
    for (size_t i = 1; i < 4; i++) {
        bank.sum.temp_role[i] = ROLE_MOS;
        bank.sum.temp_dc[i] = (int16_t)(300 + 50 * (int)i);
    }
    struct json_doc *doc = parsed(VICTRON_NESTED, &bank);
    EXPECT(doc, "System.MOSTemperature", 45); /* the third was not sent */
    json_delete(doc);
    bank.sum.temp_known = 1;
    doc = parsed(VICTRON_NESTED, &bank);
    CU_ASSERT_FALSE(has(doc, "System.MOSTemperature"));
    json_delete(doc);
}

/* ---- texts ---- */

static void test_texts_are_cleaned(void)
{
    struct bank bank = rack();

    memcpy(bank.sum.model, "a\"b\\c\x01\n\xFF\xC3\xA9 d", 13);
    struct json_doc *doc = parsed(VICTRON_FLAT, &bank);
    CU_ASSERT_STRING_EQUAL(json_string(json_path(json_root(doc), "ProductName")), "a\"b\\c??? d");
    json_delete(doc);
    memset(bank.sum.model, '"', sizeof bank.sum.model); /* no NUL in its 32 bytes */
    memset(bank.sum.firmware, 1, sizeof bank.sum.firmware);
    doc = parsed(VICTRON_FLAT, &bank);
    CU_ASSERT_EQUAL(strlen(json_string(json_path(json_root(doc), "ProductName"))), 32);
    CU_ASSERT_FALSE(has(doc, "FirmwareVersion"));
    json_delete(doc);
    bank.sum.known &= ~(uint32_t)FIELD_MODEL;
    doc = parsed(VICTRON_FLAT, &bank);
    CU_ASSERT_STRING_EQUAL(json_string(json_path(json_root(doc), "ProductName")), "PYLON");
    json_delete(doc);
    bank.sum.known &= ~(uint32_t)FIELD_MAKER;
    doc = parsed(VICTRON_FLAT, &bank);
    CU_ASSERT_FALSE(has(doc, "ProductName"));
    json_delete(doc);
}

/* ---- what must never be in a message ---- */

static void expect_only_numbers_and_texts(const struct json *value, unsigned depth)
{
    for (const struct json *v = json_first(value); v != NULL; v = json_next(v)) {
        switch (json_type(v)) {
        case JSON_OBJECT:
            CU_ASSERT_EQUAL(depth, 0); /* the driver drops deeper objects */
            expect_only_numbers_and_texts(v, depth + 1);
            break;
        case JSON_NUMBER:
        case JSON_STRING: break;
        case JSON_NULL:
        case JSON_BOOL:
        case JSON_ARRAY: TESTING_FAIL("%s is null, bool or an array", json_key(v)); break;
        }
    }
}

static void check_without(const struct bank *full, uint32_t fields, enum victron_form form)
{
    static const uint32_t must =
        FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_SOC_PM | FIELD_CVL | FIELD_CCL | FIELD_DCL;
    struct bank bank = *full;
    char text[VICTRON_JSON_MAX];
    struct buf out = buf_of(text, sizeof text);
    struct json_doc *doc = NULL;

    bank.sum.known &= ~fields;
    enum err err = victron_json_encode(form, &bank, &out);
    if ((fields & must) != 0) {
        CU_ASSERT_EQUAL(err, ERR_INCOMPLETE);
        CU_ASSERT_EQUAL(out.n, 0);
        return;
    }
    CU_ASSERT_EQUAL(err, ERR_OK);
    if (json_parse(buf_span(&out), &doc, NULL) != ERR_OK) {
        TESTING_FAIL("without %x: no JSON: %.*s", (unsigned)fields, (int)out.n, text);
        return;
    }
    CU_ASSERT_FALSE(json_has_duplicate_keys(doc));
    expect_only_numbers_and_texts(json_root(doc), 0);
    json_delete(doc);
}

static void test_every_one_and_two_fields_unknown(void)
{
    struct bank banks[2] = {rack(), single()};

    for (size_t i = 0; i < 2 * 25 * 25; i++) {
        uint32_t fields = (1u << (i / 2 % 25)) | (1u << (i / 50));

        for (size_t f = 0; f < 3; f++) {
            check_without(&banks[i % 2], fields, forms[f]);
        }
    }
}

static void test_cvl_is_never_zero(void)
{
    struct bank bank = rack();
    char text[VICTRON_JSON_MAX];
    struct buf out = buf_of(text, sizeof text);

    bank.sum.cvl_mv = 0;
    CU_ASSERT_EQUAL(victron_json_encode(VICTRON_NESTED, &bank, &out), ERR_INCOMPLETE);
    bank.sum.cvl_mv = -53200;
    CU_ASSERT_EQUAL(victron_json_encode(VICTRON_NESTED, &bank, &out), ERR_INCOMPLETE);
    CU_ASSERT_EQUAL(out.n, 0);
}

/* The longest there can be: every number at its longest, texts that double when escaped. */
static struct bank longest(void)
{
    struct bank bank = single();
    struct battery *b = &bank.sum;

    b->pack_mv = INT32_MIN;
    b->current_ma = INT32_MIN;
    b->full_mah = b->remaining_mah = b->cycles = INT32_MAX;
    b->cvl_mv = b->dvl_mv = b->ccl_ma = b->dcl_ma = INT32_MAX;
    b->temp_dc[0] = b->temp_dc[1] = b->temp_min_dc = b->temp_max_dc = INT16_MIN;
    b->cell_min_mv = b->cell_max_mv = UINT16_MAX;
    b->cell_count = 24;
    for (size_t i = 0; i < BATTERY_MAX_CELLS; i++) {
        b->cell_mv[i] = UINT16_MAX;
    }
    memset(b->model, '\\', sizeof b->model);
    memset(b->firmware, '"', sizeof b->firmware);
    bank.cells_per_battery = bank.blocking_charge = bank.blocking_discharge = UINT8_MAX;
    return bank;
}

static void test_every_size_of_buffer(void)
{
    struct bank bank = longest();
    char text[VICTRON_JSON_MAX];
    size_t need = 0;

    for (size_t cap = 0; cap <= sizeof text && need == 0; cap++) {
        struct buf out = buf_of(text, cap);
        enum err err = victron_json_encode(VICTRON_UNION, &bank, &out);

        if (err == ERR_OK) {
            need = cap;
            CU_ASSERT_EQUAL(out.n, cap);
        } else {
            CU_ASSERT_EQUAL(err, ERR_SPACE);
            CU_ASSERT_EQUAL(out.n, 0);
            CU_ASSERT_FALSE(out.overflow);
        }
    }
    CU_ASSERT(need > 2000 && need < VICTRON_JSON_MAX / 2);
}

static void test_appends(void)
{
    struct bank bank = rack();
    char text[VICTRON_JSON_MAX + 8];
    struct buf out = buf_of(text, sizeof text);

    buf_str(&out, "[");
    CU_ASSERT_EQUAL(victron_json_encode(VICTRON_NESTED, &bank, &out), ERR_OK);
    CU_ASSERT_EQUAL(memcmp(text, "[{\"Dc\"", 6), 0);
    CU_ASSERT_EQUAL(text[out.n - 1], '}'); /* and no NUL behind it */
}

/* ---- the driver's own list, and a decimal comma ---- */

/* True when the list has a line "<D-Bus path>,<place>,..." for "Alarms.LowVoltage"; *ret_any when
 * text is allowed there. */
static bool driver_knows(struct span list, const char *place, bool *ret_any)
{
    struct span line;

    while (span_line(&list, &line)) {
        size_t from = span_find_byte(line, 0, ',') + 1;
        struct span rest = span_sub(line, from, line.n);
        struct span where = span_sub(rest, 0, span_find_byte(rest, 0, ','));

        /* "Dc.Power (or Dc.0.Power from v1.0.10)" */
        where = span_sub(where, 0, span_find_byte(where, 0, ' '));
        if (span_eq_str(where, place)) {
            *ret_any = span_find(line, 0, SPAN_LIT(",any,")) < line.n;
            return true;
        }
    }
    return false;
}

static void check_known(struct span list, const char *prefix, const struct json *value)
{
    for (const struct json *v = json_first(value); v != NULL; v = json_next(v)) {
        char place[96];
        bool any = false;

        snprintf(place, sizeof place, "%s%s", prefix, json_key(v));
        if (json_type(v) == JSON_OBJECT) {
            char deeper[100];

            snprintf(deeper, sizeof deeper, "%s.", place);
            check_known(list, deeper, v);
        } else if (!driver_knows(list, place, &any)) {
            TESTING_FAIL("the driver does not know %s", place);
        } else if (json_type(v) != JSON_NUMBER && !any) {
            TESTING_FAIL("%s must be a number", place);
        }
    }
}

static void test_driver_knows_every_nested_key(void)
{
    const char *shared = testing_shared();
    struct bank banks[2] = {rack(), single()};
    char path[512];

    if (shared == NULL) {
        testing_skip("the driver's list of paths is not here");
        return;
    }
    snprintf(path, sizeof path, "%s/vectors/victron-mqtt/driver-paths.csv", shared);
    struct span list = testing_read_file(path);
    if (list.p == NULL) {
        testing_skip("no %s", path);
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        struct json_doc *doc = parsed(VICTRON_NESTED, &banks[i]);

        check_known(list, "", json_root(doc));
        json_delete(doc);
    }
}

static void test_decimal_comma_locale(void)
{
    static const char *const locales[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "nl_NL.UTF-8"};
    struct bank bank = rack();
    char before[VICTRON_JSON_MAX + 1];
    char after[VICTRON_JSON_MAX + 1];
    bool set = false;

    encode(VICTRON_UNION, &bank, before);
    for (size_t i = 0; i < sizeof locales / sizeof locales[0] && !set; i++) {
        set = setlocale(LC_ALL, locales[i]) != NULL;
    }
    if (!set) {
        testing_skip("no locale with a decimal comma is installed");
        return;
    }
    encode(VICTRON_UNION, &bank, after);
    setlocale(LC_ALL, "C");
    CU_ASSERT_STRING_EQUAL(before, after);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"nested, word for word", test_nested_text},
        {"flat, word for word", test_flat_text},
        {"union has both, each key once", test_union},
        {"forms by name", test_form_names},
        {"cells of a single battery", test_cells_of_one_battery},
        {"cells are left out where they would mislead", test_cells_are_left_out},
        {"unknown places", test_unknown_places},
        {"alarms one by one in every form", test_alarms_one_by_one},
        {"alarms of unknown sets", test_alarms_of_unknown_sets},
        {"a lost BMS", test_bms_lost},
        {"power is exact", test_power},
        {"numbers are clamped", test_clamped_numbers},
        {"negative numbers", test_negative_numbers},
        {"capacities add up", test_capacity_is_consistent},
        {"time to go", test_time_to_go},
        {"requests and balancing", test_requests},
        {"the highest MOS sensor", test_highest_mos_sensor},
        {"texts are cleaned", test_texts_are_cleaned},
        {"any one or two fields unknown", test_every_one_and_two_fields_unknown},
        {"a charge voltage of 0 is never sent", test_cvl_is_never_zero},
        {"every size of buffer", test_every_size_of_buffer},
        {"appends, and no NUL", test_appends},
        {"the driver knows every nested key", test_driver_knows_every_nested_key},
        {"a decimal comma changes nothing", test_decimal_comma_locale},
        {0},
    };
    return testing_main(argc, argv, "victron_json", cases);
}
