/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON against typed-in texts and, parsed back, against typed-in numbers.
 */
#include <stdio.h>

#include "proto/victron_json/test_victron_json_fixture.h"

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
    struct json_doc *doc = parsed(VICTRON_UNION, &bank); /* not known just now: the keys stay */
    CU_ASSERT_STRING_EQUAL(json_string(json_path(json_root(doc), "System.MinVoltageCellId")), "");
    CU_ASSERT_STRING_EQUAL(json_string(json_path(json_root(doc), "System.MaxVoltageCellId")), "");
    CU_ASSERT_STRING_EQUAL(json_string(json_path(json_root(doc), "MinVoltageCellId")), "");
    json_delete(doc);
    bank.sum.known &= ~(uint32_t)FIELD_CELL_IDS; /* a battery whose cells have no names */
    doc = parsed(VICTRON_UNION, &bank);
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
    struct json_doc *doc = parsed(VICTRON_NESTED, &bank);
    CU_ASSERT_FALSE(has(doc, "Alarms.HighVoltage")); /* there may be a protection */
    json_delete(doc);
    doc = parsed(VICTRON_FLAT, &bank);
    CU_ASSERT_FALSE(has(doc, "Alarms"));
    CU_ASSERT_TRUE(has(doc, "Warnings"));
    json_delete(doc);
    bank.sum.known &= ~(uint32_t)FIELD_WARNINGS;
    doc = parsed(VICTRON_UNION, &bank);
    CU_ASSERT_FALSE(has(doc, "Alarms"));
    CU_ASSERT_FALSE(has(doc, "Warnings"));
    json_delete(doc);
}

/* The driver keeps a key that vanishes: the end of what was raised is told, the rest is not. */
static void test_alarms_told_among_unknown(void)
{
    struct bank bank = rack();

    bank.sum.known &= ~(uint32_t)(FIELD_PROTECTIONS | FIELD_WARNINGS);
    bank.sum.told = C(COMMUNICATION_LOSS);
    bank.sum.protections = bank.sum.warnings = C(COMMUNICATION_LOSS);
    struct json_doc *doc = parsed(VICTRON_NESTED, &bank);
    EXPECT(doc, "Alarms.BmsCable", 2);
    CU_ASSERT_FALSE(has(doc, "Alarms.InternalFailure"));
    CU_ASSERT_FALSE(has(doc, "Alarms.HighVoltage"));
    json_delete(doc);
    bank.sum.protections = bank.sum.warnings = 0;
    doc = parsed(VICTRON_NESTED, &bank);
    EXPECT(doc, "Alarms.BmsCable", 0);
    CU_ASSERT_FALSE(has(doc, "Alarms.HighVoltage"));
    json_delete(doc);
    doc = parsed(VICTRON_FLAT, &bank);
    EXPECT(doc, "Alarms.BmsCable", 0);
    EXPECT(doc, "Warnings.BmsCable", 0);
    CU_ASSERT_FALSE(has(doc, "Warnings.HighVoltage"));
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
        {"alarms told among unknown ones", test_alarms_told_among_unknown},
        {"a lost BMS", test_bms_lost},
        {"power is exact", test_power},
        {"numbers are clamped", test_clamped_numbers},
        {"negative numbers", test_negative_numbers},
        {"capacities add up", test_capacity_is_consistent},
        {"time to go", test_time_to_go},
        {"requests and balancing", test_requests},
        {"the highest MOS sensor", test_highest_mos_sensor},
        {0},
    };
    return testing_main(argc, argv, "victron_json", cases);
}
