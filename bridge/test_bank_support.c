/* SPDX-License-Identifier: Apache-2.0
 *
 * See test_bank_support.h.
 */
#include "bridge/test_bank_support.h"

struct battery test_battery(uint64_t updated_us)
{
    return (struct battery){
        .known = FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_FULL_MAH | FIELD_REMAINING_MAH |
                 FIELD_SOH_PM | FIELD_CELL_MIN_MAX | FIELD_TEMP_MIN_MAX | FIELD_CVL | FIELD_DVL |
                 FIELD_CCL | FIELD_DCL | FIELD_ENABLES | FIELD_WARNINGS | FIELD_PROTECTIONS,
        .pack_mv = 49500,
        .current_ma = -1000,
        .full_mah = 74000,
        .remaining_mah = 37000,
        .soh_pm = 990,
        .cell_min_mv = 3300,
        .cell_max_mv = 3310,
        .temp_min_dc = 230,
        .temp_max_dc = 250,
        .cvl_mv = 53250,
        .dvl_mv = 45000,
        .ccl_ma = 37000,
        .dcl_ma = 37000,
        .charge_enable = true,
        .discharge_enable = true,
        .updated_us = updated_us,
    };
}

void test_bank_put(struct bank_engine *e, unsigned slot, const struct battery *b)
{
    const char *why = "";

    if (!bank_put(e, slot, b, &why))
        TESTING_FAIL("slot %u refused: %s", slot, why);
}

void test_bank_feed(struct bank_engine *e, unsigned n, uint64_t now_us)
{
    struct battery b = test_battery(now_us);

    for (unsigned i = 0; i < n; i++)
        test_bank_put(e, i, &b);
}

struct bank test_bank_at(struct bank_engine *e, uint64_t now_us)
{
    struct bank bank;

    bank_update(e, now_us, &bank);
    return bank;
}

void test_bank_start(struct bank_engine *e, const struct bank_rules *rules, unsigned n,
                     uint64_t now_us)
{
    bank_init(e, rules);
    bank_expect(e, n);
    test_bank_feed(e, n, now_us);
    struct bank bank = test_bank_at(e, now_us);
    CU_ASSERT_EQUAL(bank.life, BANK_ONLINE);
    CU_ASSERT_EQUAL(bank.online, n);
}
