/* SPDX-License-Identifier: Apache-2.0
 *
 * The states against literals: scales, rounding, what is unknown, what is stale.
 */
#include <string.h>

#include "base/json.h"
#include "proto/ha_discovery/ha_discovery.h"
#include "testing/testing.h"

static char text[HA_STATE_MAX + 1];

static const char *of_battery(const struct ha_entities *have, const struct battery *b)
{
    struct buf out = buf_of(text, sizeof text - 1);

    CU_ASSERT_EQUAL(ha_state_encode_battery(have, b, &out), ERR_OK);
    text[out.n] = '\0';
    return text;
}

static const char *of_bank(const struct ha_entities *have, const struct bank *bank)
{
    struct buf out = buf_of(text, sizeof text - 1);

    CU_ASSERT_EQUAL(ha_state_encode_bank(have, bank, &out), ERR_OK);
    text[out.n] = '\0';
    return text;
}

static struct battery some_battery(void)
{
    return (struct battery){
        .known = FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_SOC_PM | FIELD_SOH_PM | FIELD_FULL_MAH |
                 FIELD_REMAINING_MAH | FIELD_CYCLES | FIELD_CELLS | FIELD_CELL_MIN_MAX |
                 FIELD_TEMPS | FIELD_TEMP_MIN_MAX | FIELD_CVL | FIELD_DVL | FIELD_CCL | FIELD_DCL |
                 FIELD_ENABLES | FIELD_REQUESTS | FIELD_BALANCING | FIELD_WARNINGS |
                 FIELD_PROTECTIONS,
        .pack_mv = 49860,
        .current_ma = -27050,
        .soc_pm = 1004,
        .soh_pm = 987,
        .full_mah = 50000,
        .remaining_mah = 27050,
        .cycles = 213,
        .cell_count = 2,
        .cell_mv = {3324, 3318},
        .cell_min_mv = 3318,
        .cell_max_mv = 3324,
        .temp_count = 2,
        .temp_known = 1,
        .temp_dc = {-15, 999},
        .temp_role = {ROLE_CELL, ROLE_MOS},
        .temp_min_dc = -15,
        .temp_max_dc = -15,
        .cvl_mv = 53250,
        .dvl_mv = 46000,
        .ccl_ma = 0,
        .dcl_ma = 25000,
        .discharge_enable = true,
        .balancing = 2,
        .protections = COND_BIT(COND_CELL_OVERVOLTAGE),
    };
}

/* 49.860 V x -27.050 A = -1348.7 W; 27.05 Ah x 49.86 V = 1348.7 Wh; 27.05 Ah / 27.05 A = 1 h */
static void test_battery(void)
{
    static const char want[] =
        "{\"soc\":100.0,\"soh\":98.7,\"voltage\":49.860,\"current\":-27.050,\"power\":-1348.7,"
        "\"charge_voltage_limit\":53.250,\"discharge_voltage_limit\":46.000,"
        "\"charge_current_limit\":0.000,\"discharge_current_limit\":25.000,"
        "\"remaining_capacity\":27.050,\"full_capacity\":50.000,\"stored_energy\":1349,"
        "\"cycles\":213,\"time_to_empty\":3600,\"cell_min_voltage\":3.318,"
        "\"cell_max_voltage\":3.324,\"cell_voltage_difference\":0.006,\"temperature\":-1.5,"
        "\"cell_min_temperature\":-1.5,\"cell_max_temperature\":-1.5,\"charge_enabled\":\"OFF\","
        "\"discharge_enabled\":\"ON\",\"force_charge\":\"OFF\",\"full_charge_request\":\"OFF\","
        "\"balancing\":\"ON\",\"problem\":\"ON\",\"cell_1_voltage\":3.324,"
        "\"cell_2_voltage\":3.318,\"temperature_1\":-1.5,\"temperature_2\":null,"
        "\"warning_cell_overvoltage\":\"OFF\"";
    struct battery b = some_battery();
    struct ha_entities have = {0};

    ha_entities_add_battery(&have, &b);
    of_battery(&have, &b);
    CU_ASSERT_NSTRING_EQUAL(text, want, sizeof want - 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"protection_cell_overvoltage\":\"ON\","
                                        "\"protection_cell_undervoltage\":\"OFF\""));
}

/* What was announced and is not known any more is null: never 0, never left out. */
static void test_unknown_is_null(void)
{
    struct battery b = some_battery();
    const struct battery nothing = {0};
    struct ha_entities have = {0};
    struct json_doc *doc = NULL;
    size_t n = 0;

    ha_entities_add_battery(&have, &b);
    of_battery(&have, &nothing);
    CU_ASSERT_EQUAL_FATAL(json_parse(span_str(text), &doc, NULL), ERR_OK);
    for (const struct json *m = json_first(json_root(doc)); m != NULL; m = json_next(m), n++)
        CU_ASSERT_EQUAL(json_type(m), JSON_NULL);
    CU_ASSERT_EQUAL(n, 26 + 2 + 2 + 32);
    json_delete(doc);
}

static void test_parts_unknown(void)
{
    struct battery b = some_battery();
    struct ha_entities have = {0};

    ha_entities_add_battery(&have, &b);
    b.known &= ~(uint32_t)FIELD_CURRENT_MA;
    of_battery(&have, &b);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"current\":null,\"power\":null"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"time_to_empty\":null"));
    b = some_battery();
    b.current_ma = 1000; /* charging: not getting empty */
    of_battery(&have, &b);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"time_to_empty\":null"));
    b = some_battery();
    b.cell_count = 1;
    of_battery(&have, &b);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"cell_1_voltage\":3.324,\"cell_2_voltage\":null"));
    b.known &= ~(uint32_t)FIELD_WARNINGS; /* an alarm is a problem, whatever else is unknown */
    of_battery(&have, &b);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"problem\":\"ON\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"warning_imbalance\":null"));
    b.protections = 0; /* and no alarm is no answer while one set is unknown */
    of_battery(&have, &b);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"problem\":null"));
    b.known &= ~(uint32_t)FIELD_PROTECTIONS; /* what was raised once is told to its end */
    b.told = b.warnings = COND_BIT(COND_IMBALANCE);
    of_battery(&have, &b);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"problem\":\"ON\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"warning_imbalance\":\"ON\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"protection_imbalance\":\"OFF\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"protection_cell_overvoltage\":null"));
}

static void test_ends(void)
{
    struct battery b = some_battery();
    struct ha_entities have = {.fixed = 1ull << HA_SOC | 1ull << HA_SOH | 1ull << HA_POWER |
                                        1ull << HA_STORED_ENERGY | 1ull << HA_TIME_TO_EMPTY};

    b.soc_pm = -3;
    b.soh_pm = 1300;
    b.pack_mv = 1000000;
    b.current_ma = -1;
    b.remaining_mah = -5;
    CU_ASSERT_STRING_EQUAL(of_battery(&have, &b),
                           "{\"soc\":0.0,\"soh\":100.0,\"power\":-1.0,\"stored_energy\":0,"
                           "\"time_to_empty\":0}");
    b.remaining_mah = 2000000000;
    b.current_ma = 2000000000;
    CU_ASSERT_STRING_EQUAL(of_battery(&have, &b),
                           "{\"soc\":0.0,\"soh\":100.0,\"power\":2000000000.0,"
                           "\"stored_energy\":2000000000,\"time_to_empty\":null}");
    b.current_ma = -1;
    CU_ASSERT_PTR_NOT_NULL(strstr(of_battery(&have, &b), "\"time_to_empty\":2592000"));
}

/* A bank whose batteries do not answer: limits and alarms are the bridge's word, what was measured
 * is not told. */
static void test_bank(void)
{
    struct bank bank = {.sum = some_battery(),
                        .life = BANK_ONLINE,
                        .configured = 3,
                        .online = 2,
                        .held = 1,
                        .blocking_charge = 1,
                        .soc_min_pm = 400,
                        .soc_max_pm = 1001};
    struct ha_entities have = {
        .fixed = 1ull << HA_SOC | 1ull << HA_CCL | 1ull << HA_CHARGE_ENABLED |
                 1ull << HA_BALANCING | 1ull << HA_SOC_MIN | 1ull << HA_SOC_MAX |
                 1ull << HA_BATTERIES_ONLINE | 1ull << HA_BATTERIES_OFFLINE |
                 1ull << HA_BLOCKING_CHARGE | 1ull << HA_BLOCKING_DISCHARGE |
                 1ull << HA_CONNECTIVITY,
        .warnings = COND_BIT(COND_COMMUNICATION_LOSS),
    };

    CU_ASSERT_STRING_EQUAL(
        of_bank(&have, &bank),
        "{\"soc\":100.0,\"charge_current_limit\":0.000,\"charge_enabled\":\"OFF\","
        "\"balancing\":\"ON\",\"soc_min\":40.0,\"soc_max\":100.0,\"batteries_online\":2,"
        "\"batteries_offline\":1,\"batteries_blocking_charge\":1,"
        "\"batteries_blocking_discharge\":0,\"warning_communication_loss\":\"OFF\"}");
    bank.life = BANK_STALE;
    bank.online = 0;
    bank.held = 3;
    bank.sum.warnings = COND_BIT(COND_COMMUNICATION_LOSS);
    CU_ASSERT_STRING_EQUAL(
        of_bank(&have, &bank),
        "{\"soc\":null,\"charge_current_limit\":0.000,\"charge_enabled\":\"OFF\","
        "\"balancing\":null,\"soc_min\":null,\"soc_max\":null,\"batteries_online\":0,"
        "\"batteries_offline\":3,\"batteries_blocking_charge\":1,"
        "\"batteries_blocking_discharge\":0,\"warning_communication_loss\":\"ON\"}");
}

static void test_sizes(void)
{
    struct battery b = {.known = (FIELD_FIRMWARE << 1) - 1, .cell_count = 32, .temp_count = 8};
    struct bank bank = {.sum = b};
    struct ha_entities have = {0};
    struct buf out;

    b.pack_mv = b.current_ma = b.full_mah = b.remaining_mah = b.cycles = INT32_MIN;
    b.cvl_mv = b.dvl_mv = b.ccl_ma = b.dcl_ma = INT32_MIN;
    ha_entities_add_battery(&have, &b);
    CU_ASSERT_TRUE(strlen(of_battery(&have, &b)) < HA_STATE_MAX / 2);
    for (size_t cap = 0; cap < 100; cap++) {
        out = buf_of(text, cap);
        CU_ASSERT_EQUAL(ha_state_encode_battery(&have, &b, &out), ERR_SPACE);
        CU_ASSERT_EQUAL(ha_state_encode_bank(&have, &bank, &out), ERR_SPACE);
        CU_ASSERT_EQUAL(out.n, 0);
    }
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"a battery, byte for byte", test_battery},
        {"unknown is null", test_unknown_is_null},
        {"parts unknown", test_parts_unknown},
        {"ends of the ranges", test_ends},
        {"the bank, online and stale", test_bank},
        {"sizes", test_sizes},
        {0},
    };

    return testing_main(argc, argv, "ha_state", cases);
}
