/* SPDX-License-Identifier: Apache-2.0
 *
 * The discovery document against literals written from docs/protocols/home-assistant.md (sections 1
 * to 3), and against the rules of Home Assistant's schema.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "proto/ha_discovery/ha_discovery.h"
#include "testing/testing.h"

static const struct ha_device rack = {
    .id = "bms_shed_rack_1",
    .name = "Shed rack 1",
    .via = "bms_shed_bank",
    .state_topic = "bms/shed/rack/1/state",
    .availability_topic = "bms/shed/rack/1/availability",
    .status_topic = "bms/shed/status",
    .expire_s = 15,
    .version = "0.1.0",
};
static const struct ha_device bank = {
    .bank = true,
    .id = "bms_shed_bank",
    .name = "Shed",
    .state_topic = "bms/shed/bank/all/state",
    .availability_topic = "bms/shed/bank/all/availability",
    .status_topic = "bms/shed/status",
    .expire_s = 15,
    .version = "0.1.0",
};

static char text[HA_DISCOVERY_MAX + 1];

static const char *encode(const struct ha_device *device, const struct ha_entities *have,
                          const struct ha_entities *gone, const struct battery *identity)
{
    struct buf out = buf_of(text, sizeof text - 1);

    CU_ASSERT_EQUAL(ha_discovery_encode(device, have, gone, identity, &out), ERR_OK);
    text[out.n] = '\0';
    return text;
}

/* Everything that a battery can have. */
static struct battery full_battery(void)
{
    struct battery b = {.known = (FIELD_FIRMWARE << 1) - 1,
                        .cell_count = 32,
                        .temp_count = 8,
                        .temp_known = 0xFF,
                        .temp_role = {ROLE_CELL, ROLE_CELL, ROLE_MOS, ROLE_AMBIENT, ROLE_CELL,
                                      ROLE_BOARD, ROLE_MOS, ROLE_CELL}};

    snprintf(b.maker, sizeof b.maker, "PYLON");
    snprintf(b.model, sizeof b.model, "US2000C");
    snprintf(b.serial, sizeof b.serial, "K221201C12345678");
    snprintf(b.firmware, sizeof b.firmware, "V1.3");
    return b;
}

/* ---- literals ---- */

static void test_small_document(void)
{
    static const char want[] =
        "{\"dev\":{\"ids\":[\"bms_shed_rack_1\"],\"name\":\"Shed rack 1\",\"mf\":\"PYLON\","
        "\"mdl\":\"US2000C\",\"sn\":\"K221201C12345678\",\"sw\":\"V1.3\","
        "\"via_device\":\"bms_shed_bank\"},"
        "\"o\":{\"name\":\"bms-bridge\",\"sw\":\"0.1.0\"},"
        "\"avty\":[{\"t\":\"bms/shed/status\"},{\"t\":\"bms/shed/rack/1/availability\"}],"
        "\"avty_mode\":\"all\",\"stat_t\":\"bms/shed/rack/1/state\",\"cmps\":{"
        "\"soc\":{\"p\":\"sensor\",\"uniq_id\":\"bms_shed_rack_1_soc\","
        "\"name\":\"State of charge\",\"dev_cla\":\"battery\",\"unit_of_meas\":\"%\","
        "\"stat_cla\":\"measurement\",\"sug_dsp_prc\":0,\"exp_aft\":15,"
        "\"val_tpl\":\"{{ value_json.soc }}\"},"
        "\"cycles\":{\"p\":\"sensor\",\"uniq_id\":\"bms_shed_rack_1_cycles\","
        "\"name\":\"Cycles\",\"stat_cla\":\"total_increasing\",\"sug_dsp_prc\":0,\"exp_aft\":15,"
        "\"val_tpl\":\"{{ value_json.cycles }}\"},"
        "\"connectivity\":{\"p\":\"binary_sensor\","
        "\"uniq_id\":\"bms_shed_rack_1_connectivity\",\"name\":\"Connection\","
        "\"dev_cla\":\"connectivity\",\"ent_cat\":\"diagnostic\","
        "\"stat_t\":\"bms/shed/rack/1/availability\",\"pl_on\":\"online\",\"pl_off\":\"offline\","
        "\"avty\":[{\"t\":\"bms/shed/status\"}]},"
        "\"cell_1_voltage\":{\"p\":\"sensor\",\"uniq_id\":\"bms_shed_rack_1_cell_1_voltage\","
        "\"name\":\"Cell 1 voltage\",\"dev_cla\":\"voltage\",\"unit_of_meas\":\"V\","
        "\"stat_cla\":\"measurement\",\"sug_dsp_prc\":3,\"exp_aft\":15,"
        "\"val_tpl\":\"{{ value_json.cell_1_voltage }}\"},"
        "\"temperature_1\":{\"p\":\"sensor\",\"uniq_id\":\"bms_shed_rack_1_temperature_1\","
        "\"name\":\"MOS temperature 1\",\"dev_cla\":\"temperature\","
        "\"unit_of_meas\":\"\xC2\xB0"
        "C\",\"stat_cla\":\"measurement\",\"sug_dsp_prc\":1,\"exp_aft\":15,"
        "\"val_tpl\":\"{{ value_json.temperature_1 }}\"},"
        "\"protection_cell_overvoltage\":{\"p\":\"binary_sensor\","
        "\"uniq_id\":\"bms_shed_rack_1_protection_cell_overvoltage\","
        "\"name\":\"Protection: cell overvoltage\",\"dev_cla\":\"problem\","
        "\"ent_cat\":\"diagnostic\",\"exp_aft\":15,"
        "\"val_tpl\":\"{{ value_json.protection_cell_overvoltage }}\"}}}";
    const struct ha_entities have = {
        .fixed = 1ull << HA_SOC | 1ull << HA_CYCLES | 1ull << HA_CONNECTIVITY,
        .cells = 1,
        .temps = 1,
        .temp_role = {ROLE_MOS},
        .protections = COND_BIT(COND_CELL_OVERVOLTAGE),
    };
    struct battery b = full_battery();

    CU_ASSERT_STRING_EQUAL(encode(&rack, &have, NULL, &b), want);
}

/* The bank's limits hang on the status alone: they are true while its batteries do not answer. */
static void test_bank_document(void)
{
    static const char want[] =
        "{\"dev\":{\"ids\":[\"bms_shed_bank\"],\"name\":\"Shed\"},"
        "\"o\":{\"name\":\"bms-bridge\",\"sw\":\"0.1.0\"},"
        "\"avty\":[{\"t\":\"bms/shed/status\"},{\"t\":\"bms/shed/bank/all/availability\"}],"
        "\"avty_mode\":\"all\",\"stat_t\":\"bms/shed/bank/all/state\",\"cmps\":{"
        "\"power\":{\"p\":\"sensor\",\"uniq_id\":\"bms_shed_bank_power\",\"name\":\"Power\","
        "\"dev_cla\":\"power\",\"unit_of_meas\":\"W\",\"stat_cla\":\"measurement\","
        "\"sug_dsp_prc\":0,\"exp_aft\":15,\"val_tpl\":\"{{ value_json.power }}\"},"
        "\"charge_voltage_limit\":{\"p\":\"sensor\","
        "\"uniq_id\":\"bms_shed_bank_charge_voltage_limit\",\"name\":\"Charge voltage limit\","
        "\"dev_cla\":\"voltage\",\"unit_of_meas\":\"V\",\"stat_cla\":\"measurement\","
        "\"sug_dsp_prc\":1,\"ent_cat\":\"diagnostic\",\"exp_aft\":15,"
        "\"val_tpl\":\"{{ value_json.charge_voltage_limit }}\","
        "\"avty\":[{\"t\":\"bms/shed/status\"}]},"
        "\"connectivity\":{\"p\":\"binary_sensor\",\"uniq_id\":\"bms_shed_bank_connectivity\","
        "\"name\":\"Connection\",\"dev_cla\":\"connectivity\",\"ent_cat\":\"diagnostic\","
        "\"stat_t\":\"bms/shed/status\",\"pl_on\":\"online\",\"pl_off\":\"offline\","
        "\"avty\":[]}}}";
    const struct ha_entities have = {
        .fixed = 1ull << HA_POWER | 1ull << HA_CVL | 1ull << HA_CONNECTIVITY,
    };
    const struct battery unknown = {0};

    CU_ASSERT_STRING_EQUAL(encode(&bank, &have, NULL, &unknown), want);
}

/* What is gone is sent once with nothing but its platform. */
static void test_removed_components(void)
{
    struct ha_entities before = {.fixed = 1ull << HA_SOC | 1ull << HA_BALANCING,
                                 .cells = 16,
                                 .temps = 3,
                                 .warnings = COND_BIT(COND_IMBALANCE)};
    struct ha_entities now = {.fixed = 1ull << HA_SOC, .cells = 14, .temps = 3};
    struct ha_entities gone = ha_entities_without(&before, &now);

    encode(&rack, &now, &gone, NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"balancing\":{\"p\":\"binary_sensor\"},"
                                        "\"cell_15_voltage\":{\"p\":\"sensor\"},"
                                        "\"cell_16_voltage\":{\"p\":\"sensor\"},"
                                        "\"warning_imbalance\":{\"p\":\"binary_sensor\"}}}"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "bms_shed_rack_1_cell_14_voltage"));
    CU_ASSERT_PTR_NULL(strstr(text, "bms_shed_rack_1_cell_15_voltage"));
    CU_ASSERT_PTR_NULL(strstr(text, "\"temperature_3\":{\"p\":\"sensor\"}"));
}

/* ---- Home Assistant's rules ---- */

static bool is_one_of(const char *word, const char *const *known)
{
    for (; *known != NULL; known++) {
        if (strcmp(*known, word) == 0)
            return true;
    }
    return false;
}

/* One key too many at the root and Home Assistant refuses the whole document; an id with another
 * character, and it ignores the entity; a unique id that is there twice, and one is lost. */
static void check_component(const struct json *c, const char *id)
{
    static const char *const keys[] = {
        "p",        "uniq_id",     "name",    "dev_cla", "unit_of_meas",
        "stat_cla", "sug_dsp_prc", "ent_cat", "exp_aft", "val_tpl",
        "stat_t",   "pl_on",       "pl_off",  "avty",    NULL};
    const char *unique = json_string(json_get(c, "uniq_id"));
    char want[160];

    CU_ASSERT_TRUE_FATAL(unique != NULL);
    snprintf(want, sizeof want, "%s_%s", id, json_key(c));
    CU_ASSERT_STRING_EQUAL(unique, want);
    CU_ASSERT_TRUE(ha_id_valid(unique));
    for (const struct json *m = json_first(c); m != NULL; m = json_next(m))
        CU_ASSERT_TRUE(is_one_of(json_key(m), keys));
    /* nothing may stay for ever: M43 */
    CU_ASSERT_TRUE(json_get(c, "exp_aft") != NULL || json_get(c, "stat_t") != NULL);
}

static void check_document(const char *document, const char *id, size_t components)
{
    static const char *const keys[] = {"dev", "o", "avty", "avty_mode", "stat_t", "cmps", NULL};
    struct json_doc *doc = NULL;

    CU_ASSERT_EQUAL_FATAL(json_parse(span_str(document), &doc, NULL), ERR_OK);
    CU_ASSERT_FALSE(json_has_duplicate_keys(doc));
    for (const struct json *m = json_first(json_root(doc)); m != NULL; m = json_next(m))
        CU_ASSERT_TRUE(is_one_of(json_key(m), keys));
    CU_ASSERT_TRUE(json_string(json_path(json_root(doc), "o.name")) != NULL);
    const struct json *all = json_get(json_root(doc), "cmps");
    CU_ASSERT_EQUAL(json_size(all), components);
    for (const struct json *c = json_first(all); c != NULL; c = json_next(c))
        check_component(c, id);
    json_delete(doc);
}

static void test_largest_documents(void)
{
    struct battery b = full_battery();
    struct ha_entities have = {0};
    struct bank sum = {.sum = full_battery()};

    ha_entities_add_battery(&have, &b);
    check_document(encode(&rack, &have, NULL, &b), rack.id, 27 + 32 + 8 + 32);
    have = (struct ha_entities){0};
    ha_entities_add_bank(&have, &sum);
    check_document(encode(&bank, &have, NULL, NULL), bank.id, 27 + 6 + 32);
}

/* The longest names that a configuration can give, and everything that ever goes. */
static void test_longest_names(void)
{
    struct battery b = full_battery();
    struct ha_entities have = {0}, gone = {0};
    char id[HA_ID_MAX + 1], topic[256];
    struct ha_device d = rack;

    memset(id, 'i', HA_ID_MAX);
    id[HA_ID_MAX] = '\0';
    memset(topic, 't', 255);
    topic[255] = '\0';
    d.id = d.via = id;
    d.name = d.state_topic = d.availability_topic = d.status_topic = topic;
    d.expire_s = 3600;
    ha_entities_add_battery(&have, &b);
    gone = have;
    gone.cells = gone.temps = 0;
    encode(&d, &have, NULL, &b);
    CU_ASSERT_TRUE(strlen(text) < HA_DISCOVERY_MAX * 3 / 4);
    encode(&d, &have, &gone, &b); /* cannot be, and fits */
    d.bank = true;
    encode(&d, &have, NULL, &b);
    CU_ASSERT_TRUE(strlen(text) < HA_DISCOVERY_MAX);
}

static void test_unknown_is_not_announced(void)
{
    struct battery b = {.known = FIELD_SOC_PM, .soc_pm = 500};
    struct ha_entities have = {0};

    ha_entities_add_battery(&have, &b);
    check_document(encode(&rack, &have, NULL, &b), rack.id, 2); /* soc and connectivity */
    b.known = 0;                                                /* what was announced stays */
    ha_entities_add_battery(&have, &b);
    check_document(encode(&rack, &have, NULL, &b), rack.id, 2);
}

/* M13, M54: bytes of a BMS that are no text must not cost the whole document. */
static void test_odd_texts(void)
{
    struct battery b = full_battery();
    const struct ha_entities have = {.fixed = 1ull << HA_SOC};
    struct ha_device d = rack;

    memcpy(b.model, "A\xFF\x01\"\\B", 7);
    b.serial[0] = '\0';
    d.name = "K\xC3\xBC"
             "che \xF0\x9F\x94\x8B \xC3 \xED\xA0\x80";
    encode(&d, &have, NULL, &b);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"mdl\":\"A?\\\"\\\\B\""));
    CU_ASSERT_PTR_NULL(strstr(text, "\"sn\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"name\":\"K\xC3\xBC"
                                        "che \xF0\x9F\x94\x8B ? ???\""));
    check_document(text, rack.id, 1);
}

static void test_no_space(void)
{
    struct battery b = full_battery();
    struct ha_entities have = {0};
    struct buf out = buf_of(text, sizeof text - 1);

    ha_entities_add_battery(&have, &b);
    CU_ASSERT_EQUAL(ha_discovery_encode(&rack, &have, NULL, &b, &out), ERR_OK);
    size_t n = out.n;
    for (size_t cap = 0; cap < n; cap += cap < 64 ? 1 : 977) {
        out = buf_of(text, cap);
        CU_ASSERT_EQUAL(ha_discovery_encode(&rack, &have, NULL, &b, &out), ERR_SPACE);
        CU_ASSERT_EQUAL(out.n, 0);
    }
    out = buf_of(text, n);
    CU_ASSERT_EQUAL(ha_discovery_encode(&rack, &have, NULL, &b, &out), ERR_OK);
}

static void test_ids(void)
{
    CU_ASSERT_TRUE(ha_id_valid("bms_Shed-1"));
    CU_ASSERT_FALSE(ha_id_valid(""));
    CU_ASSERT_FALSE(ha_id_valid("a b"));
    CU_ASSERT_FALSE(ha_id_valid("a/b"));
    CU_ASSERT_FALSE(ha_id_valid("\xC3\xBC"));
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"a small document, byte for byte", test_small_document},
        {"the bank's document, byte for byte", test_bank_document},
        {"removed components", test_removed_components},
        {"the largest documents keep the rules", test_largest_documents},
        {"the longest names", test_longest_names},
        {"what is unknown is not announced", test_unknown_is_not_announced},
        {"odd texts", test_odd_texts},
        {"no space", test_no_space},
        {"ids", test_ids},
        {0},
    };

    return testing_main(argc, argv, "ha_discovery", cases);
}
