/* SPDX-License-Identifier: Apache-2.0
 *
 * What tokens mean, and what cannot be true.
 */
#include <string.h>

#include "proto/jk_frame/test_jk_support.h"
#include "proto/jk_uart/jk_uart.h"

#define C(condition) COND_BIT(COND_##condition)

/* ---- numbers ---- */

static void is_temperature(uint32_t raw, int32_t want)
{
    int32_t c = 999;

    CU_ASSERT(jk_uart_temperature(raw, &c));
    CU_ASSERT_EQUAL(c, want);
    CU_ASSERT_EQUAL(jk_uart_temperature_raw(want), raw);
}

static void test_temperatures(void)
{
    int32_t c = 7;

    is_temperature(0, 0);
    is_temperature(29, 29);
    is_temperature(99, 99);
    is_temperature(100, 100);
    is_temperature(101, -1); /* 100 - raw */
    is_temperature(140, -40);
    CU_ASSERT_FALSE(jk_uart_temperature(141, &c));
    CU_ASSERT_FALSE(jk_uart_temperature(0xFFFF, &c));
    CU_ASSERT_EQUAL(c, 7);
    CU_ASSERT_EQUAL(jk_uart_temperature_raw(-41), 140);
    CU_ASSERT_EQUAL(jk_uart_temperature_raw(101), 100);
}

static void is_current(const char *data, int32_t want)
{
    struct jk_uart_values v;
    int32_t ma = INT32_MIN;

    CU_ASSERT_EQUAL(jk_uart_values_decode(jk_hex(data), &v).code, ERR_OK);
    CU_ASSERT(jk_uart_current(&v, &ma));
    CU_ASSERT_EQUAL(ma, want);
}

/* The specification's examples; + is charging in both codings. */
static void test_currents(void)
{
    struct jk_uart_values v = {0};
    int32_t ma;

    is_current("8480d0c001", 2080);
    is_current("8481c5c001", 4530);
    is_current("8408d0c001", -22560);
    is_current("840000c001", 0); /* not +100 A */
    is_current("842710", 0);
    is_current("842710c000", 0);
    is_current("8426ac", 1000);
    is_current("842774", -1000);
    CU_ASSERT_FALSE(jk_uart_current(&v, &ma));
    CU_ASSERT_EQUAL(jk_uart_current_raw(2080, true), 0x80D0);
    CU_ASSERT_EQUAL(jk_uart_current_raw(-22560, true), 0x08D0);
    CU_ASSERT_EQUAL(jk_uart_current_raw(0, true), 0x0000);
    CU_ASSERT_EQUAL(jk_uart_current_raw(400000, true), 0xFFFF);
    CU_ASSERT_EQUAL(jk_uart_current_raw(-400000, true), 0x7FFF);
    CU_ASSERT_EQUAL(jk_uart_current_raw(0, false), 0x2710);
    CU_ASSERT_EQUAL(jk_uart_current_raw(-1000, false), 0x2774);
    CU_ASSERT_EQUAL(jk_uart_current_raw(200000, false), 0);
    CU_ASSERT_EQUAL(jk_uart_current_raw(-900000, false), 0xFFFF);
}

/* ---- battery ---- */

struct number {
    uint8_t token;
    uint32_t value;
};

static struct jk_uart_values usual(void)
{
    static const struct number numbers[] = {
        {JK_TOKEN_MOS_TEMP, 29},
        {JK_TOKEN_T1, 101},
        {JK_TOKEN_T2, 28},
        {JK_TOKEN_PACK, 661},
        {JK_TOKEN_CURRENT, 0x08D0},
        {JK_TOKEN_SOC, 50},
        {JK_TOKEN_CYCLES, 25},
        {JK_TOKEN_ALARMS, 0},
        {JK_TOKEN_STATUS, 3},
        {JK_TOKEN_CELL_UVP, 2800},
        {JK_TOKEN_CELL_UVP_RELEASE, 2900},
        {JK_TOKEN_DISCHARGE_OCP, 200},
        {JK_TOKEN_CHARGE_OCP, 100},
        {JK_TOKEN_CAPACITY_AH, 280},
        {JK_TOKEN_FULL_AH, 270},
        {JK_TOKEN_PROTOCOL, 1},
    };
    const uint16_t cells[] = {3308, 3302};
    struct jk_uart_values v = {0};

    CU_ASSERT_EQUAL(jk_uart_set_cells(&v, cells, 2), ERR_OK);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        CU_ASSERT_EQUAL(jk_uart_set_number(&v, numbers[i].token, numbers[i].value), ERR_OK);
    CU_ASSERT_EQUAL(jk_uart_set_text(&v, JK_TOKEN_SOFTWARE, SPAN_LIT("11.XW_S11.26___")), ERR_OK);
    CU_ASSERT_EQUAL(jk_uart_set_text(&v, JK_TOKEN_MAKER, SPAN_LIT("my battery\0\0JK_B2A20S20P")),
                    ERR_OK);
    CU_ASSERT_EQUAL(jk_uart_set_text(&v, JK_TOKEN_DEVICE_ID, SPAN_LIT("Input Us")), ERR_OK);
    CU_ASSERT_EQUAL(jk_uart_set_text(&v, JK_TOKEN_PASSWORD, SPAN_LIT("123456")), ERR_OK);
    return v;
}

static struct battery from(const struct jk_uart_values *v)
{
    struct battery b;

    battery_clear(&b);
    CU_ASSERT_EQUAL(jk_uart_to_battery(v, &b), ERR_OK);
    return b;
}

static void test_whole(void)
{
    struct jk_uart_values v = usual();
    struct battery b = from(&v);

    CU_ASSERT_EQUAL(b.known, FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_SOC_PM | FIELD_FULL_MAH |
                                 FIELD_CYCLES | FIELD_CELLS | FIELD_CELL_MIN_MAX | FIELD_CELL_IDS |
                                 FIELD_TEMPS | FIELD_TEMP_MIN_MAX | FIELD_DVL | FIELD_CCL |
                                 FIELD_DCL | FIELD_ENABLES | FIELD_BALANCING | FIELD_WARNINGS |
                                 FIELD_PROTECTIONS | FIELD_MODEL | FIELD_FIRMWARE);
    CU_ASSERT_EQUAL(b.pack_mv, 6610);
    CU_ASSERT_EQUAL(b.current_ma, -22560);
    CU_ASSERT_EQUAL(b.soc_pm, 500);
    CU_ASSERT_EQUAL(b.full_mah, 270000);
    CU_ASSERT_EQUAL(b.cycles, 25);
    CU_ASSERT_EQUAL(b.cell_count, 2);
    CU_ASSERT_EQUAL(b.cell_min_mv, 3302);
    CU_ASSERT_EQUAL(b.cell_min_id, 2);
    CU_ASSERT_EQUAL(b.temp_dc[0], -10);
    CU_ASSERT_EQUAL(b.temp_dc[2], 290);
    CU_ASSERT_EQUAL(b.temp_role[2], ROLE_MOS);
    CU_ASSERT_EQUAL(b.temp_min_dc, -10);
    CU_ASSERT_EQUAL(b.temp_max_dc, 280);
    CU_ASSERT_EQUAL(b.dvl_mv, 5800);
    CU_ASSERT_EQUAL(b.ccl_ma, 100000);
    CU_ASSERT_EQUAL(b.dcl_ma, 200000);
    CU_ASSERT(b.charge_enable && b.discharge_enable);
    CU_ASSERT_EQUAL(b.warnings | b.protections, 0);
    CU_ASSERT_STRING_EQUAL(b.model, "JK_B2A20S20P");
    CU_ASSERT_STRING_EQUAL(b.firmware, "11.XW_S11.26___");
}

/* One token makes its own field known and nothing else. */
static void test_single_tokens(void)
{
    static const struct {
        const char *data;
        uint32_t known;
    } rows[] = {
        {"830295", FIELD_PACK_MV},
        {"842710", FIELD_CURRENT_MA},
        {"8480d0c1", 0}, /* the coding is hidden behind an unknown token */
        {"8532", FIELD_SOC_PM},
        {"870019", FIELD_CYCLES},
        {"80001d", FIELD_TEMPS},
        {"81001d", FIELD_TEMPS | FIELD_TEMP_MIN_MAX},
        {"8100c8", 0}, /* raw 200 is no temperature */
        {"7906010cec020ce6", FIELD_CELLS | FIELD_CELL_MIN_MAX | FIELD_CELL_IDS},
        {"7906010000020ce6", FIELD_CELL_MIN_MAX | FIELD_CELL_IDS}, /* one does not measure */
        {"8b0000", FIELD_WARNINGS | FIELD_PROTECTIONS},
        {"8c0003", FIELD_ENABLES | FIELD_BALANCING},
        {"8c0007", FIELD_ENABLES}, /* balancing, but not which cells */
        {"930af0", 0},             /* without cells no pack voltage */
        {"990064", FIELD_CCL},
        {"9700c8", FIELD_DCL},
        {"aa00000118", FIELD_FULL_MAH},
        {"b900000000", 0},
        {"aa0fffffff", 0}, /* no such battery */
        {"b7000000000000000000000000000000", 0},
        {"b9000000000000000000", 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jk_uart_values v;
        CU_ASSERT_EQUAL(jk_uart_values_decode(jk_hex(rows[i].data), &v).code, ERR_OK);
        struct battery b = from(&v);
        if (b.known != rows[i].known)
            TESTING_FAIL("%s: known %x, not %x", rows[i].data, (unsigned)b.known,
                         (unsigned)rows[i].known);
    }
}

static void test_capacity(void)
{
    struct jk_uart_values v = usual();

    CU_ASSERT_EQUAL(jk_uart_set_number(&v, JK_TOKEN_FULL_AH, 0), ERR_OK); /* firmware up to 10 */
    struct battery b = from(&v);
    CU_ASSERT_EQUAL(b.full_mah, 280000);
}

static void test_low_limit(void)
{
    struct jk_uart_values v = usual();

    CU_ASSERT_EQUAL(jk_uart_set_number(&v, JK_TOKEN_CELL_UVP_RELEASE, 0), ERR_OK);
    struct battery b = from(&v);
    CU_ASSERT_EQUAL(b.dvl_mv, 5600);
    CU_ASSERT_EQUAL(jk_uart_set_number(&v, JK_TOKEN_CELL_UVP_RELEASE, 5001), ERR_OK);
    b = from(&v);
    CU_ASSERT_EQUAL(b.dvl_mv, 5600);
    CU_ASSERT_EQUAL(jk_uart_set_number(&v, JK_TOKEN_CELL_UVP, 65535), ERR_OK);
    b = from(&v);
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_DVL));
    CU_ASSERT_EQUAL(jk_uart_set_number(&v, JK_TOKEN_CELL_UVP, 0), ERR_OK);
    b = from(&v);
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_DVL));
}

/* Hardware up to 7 has no model there. */
static void test_no_model(void)
{
    struct jk_uart_values v = usual();

    CU_ASSERT_EQUAL(jk_uart_set_text(&v, JK_TOKEN_MAKER, SPAN_LIT("BT3072020120000200521001")),
                    ERR_OK);
    struct battery b = from(&v);
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_MODEL));
}

static void test_alarms(void)
{
    static const struct {
        uint32_t warnings, protections;
    } rows[16] = {
        {C(UNKNOWN_WORD), 0}, /* low charge */
        {0, C(MOS_OVERTEMPERATURE)},
        {0, C(PACK_OVERVOLTAGE)},
        {0, C(PACK_UNDERVOLTAGE)},
        {0, C(CHARGE_OVERTEMPERATURE) | C(DISCHARGE_OVERTEMPERATURE)},
        {0, C(CHARGE_OVERCURRENT)},
        {0, C(DISCHARGE_OVERCURRENT)},
        {0, C(IMBALANCE)},
        {0, C(CHARGE_OVERTEMPERATURE) | C(DISCHARGE_OVERTEMPERATURE)},
        {0, C(CHARGE_UNDERTEMPERATURE) | C(DISCHARGE_UNDERTEMPERATURE)},
        {0, C(CELL_OVERVOLTAGE)},
        {0, C(CELL_UNDERVOLTAGE)},
        {0, C(INTERNAL_FAULT)},
        {0, C(INTERNAL_FAULT)},
        {C(UNKNOWN_WORD), 0},
        {C(UNKNOWN_WORD), 0},
    };

    for (unsigned bit = 0; bit < 16; bit++) {
        struct jk_uart_values v = usual();
        CU_ASSERT_EQUAL(jk_uart_set_number(&v, JK_TOKEN_ALARMS, 1u << bit), ERR_OK);
        struct battery b = from(&v);
        CU_ASSERT_EQUAL(b.warnings, rows[bit].warnings);
        CU_ASSERT_EQUAL(b.protections, rows[bit].protections);
    }
}

static void impossible(const char *data, const char *want)
{
    struct jk_uart_values v;
    struct battery b, before;
    const char *why = "";

    CU_ASSERT_EQUAL(jk_uart_values_decode(jk_hex(data), &v).code, ERR_OK);
    memset(&b, 0x5A, sizeof b);
    before = b;
    CU_ASSERT_FALSE(jk_uart_plausible(&v, &why));
    CU_ASSERT_FALSE(jk_uart_plausible(&v, NULL));
    CU_ASSERT_STRING_EQUAL(why, want);
    CU_ASSERT_EQUAL(jk_uart_to_battery(&v, &b), ERR_IMPLAUSIBLE);
    CU_ASSERT_EQUAL(memcmp(&b, &before, sizeof b), 0);
}

static void test_impossible(void)
{
    struct jk_uart_values v = usual();

    CU_ASSERT(jk_uart_plausible(&v, NULL));
    impossible("8565", "SOC above 100 %");
    impossible("9903e9", "a current limit is above 1000 A");
    impossible("9703e9", "a current limit is above 1000 A");
    impossible("7900", "no cell");
    impossible("7906010000020000", "no cell");
    impossible("7906010cec030ce6", "the cells are not numbered from 1");
    impossible("7906010cec021389", "a cell is outside 0.5..5 V"); /* 5001 mV */
    impossible("7906010cec0201f3", "a cell is outside 0.5..5 V"); /* 499 mV */
    /* swapped bytes, which the sum does not see: 6610 mV against 8450 */
    impossible("7906010cec020ce683034d", "the pack voltage is not the sum of the cells");
    impossible("7906010cec020ce683028e", "the pack voltage is not the sum of the cells"); /* 6540 */
    CU_ASSERT_EQUAL(jk_uart_set_number(&v, JK_TOKEN_PACK, 667), ERR_OK); /* 0.9 % */
    CU_ASSERT(jk_uart_plausible(&v, NULL));
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"temperatures", test_temperatures},
        {"currents", test_currents},
        {"a whole reply", test_whole},
        {"single tokens", test_single_tokens},
        {"capacity", test_capacity},
        {"the low limit", test_low_limit},
        {"no model", test_no_model},
        {"alarms", test_alarms},
        {"what cannot be true", test_impossible},
        {0},
    };
    return testing_main(argc, argv, "jk_uart_battery", cases);
}
