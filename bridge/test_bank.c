/* SPDX-License-Identifier: Apache-2.0
 *
 * AGG-1: the shared cases (aggregate_cases.json), the main ones again as literals, and what counts
 * as a sample. Expected numbers come from docs/protocols/aggregation.md and its reference program.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "bridge/test_bank_support.h"

/* ---- the shared cases ---- */

static int64_t number(const struct json *object, const char *key, int64_t missing)
{
    int64_t value = missing;

    json_integer(json_get(object, key), &value);
    return value;
}

static bool flag(const struct json *object, const char *key, bool missing)
{
    bool value = missing;

    json_boolean(json_get(object, key), &value);
    return value;
}

static struct battery battery_of(const struct json *p)
{
    struct battery b = test_battery(0);

    b.known |= FIELD_REQUESTS;
    b.pack_mv = (int32_t)number(p, "v", 0);
    b.current_ma = (int32_t)number(p, "i", 0);
    b.full_mah = (int32_t)number(p, "cap", 0);
    b.remaining_mah = (int32_t)number(p, "rem", 0);
    b.soh_pm = (int32_t)number(p, "soh", 0);
    b.temp_min_dc = (int16_t)number(p, "tmin", 0);
    b.temp_max_dc = (int16_t)number(p, "tmax", 0);
    b.cell_min_mv = (uint16_t)number(p, "cmin", 0);
    b.cell_max_mv = (uint16_t)number(p, "cmax", 0);
    b.cvl_mv = (int32_t)number(p, "cvl", 0);
    b.dvl_mv = (int32_t)number(p, "dvl", 0);
    b.ccl_ma = (int32_t)number(p, "ccl", 0);
    b.dcl_ma = (int32_t)number(p, "dcl", 0);
    b.charge_enable = flag(p, "chg", false);
    b.discharge_enable = flag(p, "dis", false);
    b.force_charge = flag(p, "force", false);
    b.full_charge_request = flag(p, "full", false);
    b.warnings = (uint32_t)number(p, "warn", 0);
    b.protections = (uint32_t)number(p, "prot", 0);
    return b;
}

static struct bank_rules rules_of(const struct json *test, size_t packs)
{
    struct bank_rules rules = bank_rules_default();
    const struct json *cfg = json_get(test, "cfg");
    const char *block = json_string(json_get(cfg, "charge_block"));
    const char *lost = json_string(json_get(cfg, "lost"));

    rules.batteries = (uint8_t)packs;
    rules.derate_pm = (uint16_t)number(cfg, "k_permille", 1000);
    if (block != NULL && strcmp(block, "exclude") == 0)
        rules.charge_policy = BANK_EXCLUDE;
    rules.stop_when_lost = lost != NULL && strcmp(lost, "stop") == 0;
    return rules;
}

/* All packs that ever answered join at the start; then each gets its last reading at its age. */
static struct bank run_case(const struct json *test)
{
    const struct json *packs = json_get(test, "packs");
    struct bank_rules rules = rules_of(test, json_size(packs));
    const uint64_t start_us = SECONDS(1000);
    const uint64_t now_us = start_us + SECONDS(100);
    struct bank_engine e;

    bank_init(&e, &rules);
    for (int round = 0; round < 3; round++) {
        unsigned slot = 0;
        for (const struct json *p = json_first(packs); p != NULL; p = json_next(p), slot++) {
            int64_t age_ms = number(p, "age", -1);
            struct battery b = battery_of(p);
            b.updated_us = round == 0 ? start_us : start_us + SECONDS(21);
            if (round == 2)
                b.updated_us = now_us - MS(age_ms);
            if (age_ms >= 0)
                test_bank_put(&e, slot, &b);
        }
        if (round < 2)
            test_bank_at(&e, round == 0 ? start_us : start_us + SECONDS(21));
    }
    return test_bank_at(&e, now_us);
}

struct actual {
    const char *key;
    int64_t value;
};

static void check_case(const struct json *test, const struct bank *bank)
{
    const struct battery *s = &bank->sum;
    const uint32_t loss = COND_BIT(COND_COMMUNICATION_LOSS);
    unsigned total = (unsigned)json_size(json_get(test, "packs"));
    const struct actual actuals[] = {
        {"v", s->pack_mv},
        {"i", s->current_ma},
        {"cap", s->full_mah},
        {"rem", s->remaining_mah},
        {"soc", s->soc_pm},
        {"soc_min", bank->soc_min_pm},
        {"soc_max", bank->soc_max_pm},
        {"soh", s->soh_pm},
        {"t_max", s->temp_max_dc},
        {"t_min", s->temp_min_dc},
        {"cell_max", s->cell_max_mv},
        {"cell_min", s->cell_min_mv},
        {"cvl", s->cvl_mv},
        {"dvl", s->dvl_mv},
        {"ccl", s->ccl_ma},
        {"dcl", s->dcl_ma},
        {"charge", s->charge_enable},
        {"discharge", s->discharge_enable},
        {"comm_alarm", (s->warnings & loss) != 0},
        {"held", bank->held > 0},
        {"prot", s->protections & ~loss},
        {"warn", s->warnings & ~loss},
        {"n", total},
        {"online", bank->online + bank->held},
        {"lost", bank->lost},
        {"never", bank->lost},
        {"force", s->force_charge},
        {"full_request", s->full_charge_request},
        {"state", bank->life != BANK_LOST},
    };

    for (const struct json *x = json_first(json_get(test, "expect")); x != NULL; x = json_next(x)) {
        bool known = false;
        int64_t want = 0;
        bool truth = false;

        if (json_boolean(x, &truth))
            want = truth;
        else if (!json_integer(x, &want))
            want = json_string(x) != NULL && strcmp(json_string(x), "ok") == 0;
        for (size_t i = 0; i < sizeof actuals / sizeof actuals[0]; i++) {
            if (strcmp(actuals[i].key, json_key(x)) != 0)
                continue;
            known = true;
            if (actuals[i].value != want)
                TESTING_FAIL("%s: %s is %lld, expected %lld", json_string(json_get(test, "id")),
                             json_key(x), (long long)actuals[i].value, (long long)want);
        }
        if (!known)
            TESTING_FAIL("no such result: %s", json_key(x));
    }
}

static void test_shared_cases(void)
{
    char path[512];
    struct json_doc *doc = NULL;
    unsigned n = 0;

    if (testing_shared() == NULL) {
        testing_skip("the shared vectors are not here");
        return;
    }
    snprintf(path, sizeof path, "%s/vectors/aggregate_cases.json", testing_shared());
    struct span text = testing_read_file(path);
    if (text.p == NULL || json_parse(text, &doc, NULL) != ERR_OK) {
        TESTING_FAIL("cannot read %s", path);
        return;
    }
    const struct json *cases = json_get(json_root(doc), "cases");
    for (const struct json *test = json_first(cases); test != NULL; test = json_next(test), n++) {
        struct bank bank = run_case(test);
        check_case(test, &bank);
    }
    CU_ASSERT_EQUAL(n, 15);
    json_delete(doc);
}

/* ---- the main ones as literals ---- */

static struct bank two_packs(const struct battery *a, const struct battery *b,
                             const struct bank_rules *rules)
{
    struct bank_engine e;

    bank_init(&e, rules);
    bank_expect(&e, 2);
    test_bank_put(&e, 0, a);
    test_bank_put(&e, 1, b);
    return test_bank_at(&e, a->updated_us);
}

static void test_mixed_stack(void)
{
    /* agg-2: US3000 32.56/74 Ah and US2000 24.5/50 Ah */
    struct bank_rules rules = bank_rules_default();
    struct battery a = test_battery(SECONDS(1));
    struct battery b = test_battery(SECONDS(1));

    a.pack_mv = 49149;
    a.current_ma = -6100;
    a.remaining_mah = 32560;
    b.pack_mv = 49125;
    b.current_ma = -4700;
    b.full_mah = 50000;
    b.remaining_mah = 24500;
    b.ccl_ma = b.dcl_ma = 25000;
    struct bank bank = two_packs(&a, &b, &rules);
    CU_ASSERT_EQUAL(bank.sum.pack_mv, 49137);
    CU_ASSERT_EQUAL(bank.sum.current_ma, -10800);
    CU_ASSERT_EQUAL(bank.sum.full_mah, 124000);
    CU_ASSERT_EQUAL(bank.sum.remaining_mah, 57060);
    CU_ASSERT_EQUAL(bank.sum.soc_pm, 460);
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 62000);
    CU_ASSERT_EQUAL(bank.sum.dcl_ma, 62000);
}

static void test_share_not_sum(void)
{
    /* agg-3, the scenario that separates bridges: 37, 10, 37 A gives 30 A, not 84 A */
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;
    struct battery b = test_battery(SECONDS(1));

    bank_init(&e, &rules);
    bank_expect(&e, 3);
    test_bank_put(&e, 0, &b);
    test_bank_put(&e, 2, &b);
    b.ccl_ma = 10000;
    test_bank_put(&e, 1, &b);
    struct bank bank = test_bank_at(&e, SECONDS(1));
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 30000);
    CU_ASSERT_EQUAL(bank.sum.dcl_ma, 111000);
}

static void test_one_blocks(void)
{
    struct bank_rules rules = bank_rules_default();
    struct battery a = test_battery(SECONDS(1));
    struct battery b = a;

    b.charge_enable = false;
    b.protections = COND_BIT(COND_CELL_OVERVOLTAGE);
    struct bank bank = two_packs(&a, &b, &rules);
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 0);
    CU_ASSERT_FALSE(bank.sum.charge_enable);
    CU_ASSERT_EQUAL(bank.sum.dcl_ma, 74000); /* the discharge side is not tied to it */
    CU_ASSERT_TRUE(bank.sum.discharge_enable);
    CU_ASSERT_EQUAL(bank.sum.protections, COND_BIT(COND_CELL_OVERVOLTAGE));
    CU_ASSERT_EQUAL(bank.sum.warnings, COND_BIT(COND_CELL_OVERVOLTAGE));
    CU_ASSERT_EQUAL(bank.blocking_charge, 1);
    CU_ASSERT_EQUAL(bank.blocking_discharge, 0);

    rules.charge_policy = BANK_EXCLUDE;
    bank = two_packs(&a, &b, &rules);
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 37000);
    CU_ASSERT_TRUE(bank.sum.charge_enable);
    CU_ASSERT_EQUAL(bank.sum.protections, COND_BIT(COND_CELL_OVERVOLTAGE)); /* L7: never masked */
}

static void test_user_maximum(void)
{
    struct bank_rules rules = bank_rules_default();
    struct battery a = test_battery(SECONDS(1));

    rules.max_ccl_ma = 20000;
    rules.max_dcl_ma = 0;
    struct bank bank = two_packs(&a, &a, &rules);
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 20000);
    CU_ASSERT_EQUAL(bank.sum.dcl_ma, 0);
}

static void test_full_only_when_all_are(void)
{
    struct bank_rules rules = bank_rules_default();
    struct battery a = test_battery(SECONDS(1));
    struct battery b = a;

    a.remaining_mah = b.remaining_mah = 74000;
    CU_ASSERT_EQUAL(two_packs(&a, &b, &rules).sum.soc_pm, 1000);
    b.remaining_mah = 73185; /* 98.9 % */
    struct bank bank = two_packs(&a, &b, &rules);
    CU_ASSERT_EQUAL(bank.sum.soc_pm, 990);
    CU_ASSERT_EQUAL(bank.soc_min_pm, 988);
    CU_ASSERT_EQUAL(bank.soc_max_pm, 1000);
}

static void test_percent_only(void)
{
    /* a console's whole percent must come out as it went in, not one step lower */
    struct bank_rules rules = bank_rules_default();
    struct battery a = test_battery(SECONDS(1));

    a.known &= ~(uint32_t)FIELD_REMAINING_MAH;
    a.known |= FIELD_SOC_PM;
    for (int32_t percent = 0; percent <= 107; percent++) {
        a.soc_pm = percent * 10;
        CU_ASSERT_EQUAL(two_packs(&a, &a, &rules).sum.soc_pm, percent * 10);
    }
    a.known &= ~(uint32_t)FIELD_FULL_MAH; /* no capacity at all: equal shares */
    a.soc_pm = 470;
    struct bank bank = two_packs(&a, &a, &rules);
    CU_ASSERT_EQUAL(bank.sum.soc_pm, 470);
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 74000);
    CU_ASSERT_FALSE(battery_knows(&bank.sum, FIELD_FULL_MAH));
}

static void test_unknown_stays_unknown(void)
{
    struct bank_rules rules = bank_rules_default();
    struct battery a = test_battery(SECONDS(1));

    a.known &= ~(uint32_t)(FIELD_SOH_PM | FIELD_TEMP_MIN_MAX | FIELD_CELL_MIN_MAX | FIELD_DVL);
    struct bank bank = two_packs(&a, &a, &rules);
    CU_ASSERT_EQUAL(bank.sum.known & (FIELD_SOH_PM | FIELD_TEMP_MIN_MAX | FIELD_TEMPS |
                                      FIELD_CELL_MIN_MAX | FIELD_DVL | FIELD_CYCLES | FIELD_SERIAL),
                    0);
}

/* Who does not tell his alarms may have any: only what was raised is told, and later its end. */
static void test_unknown_alarms(void)
{
    const uint32_t sets = FIELD_WARNINGS | FIELD_PROTECTIONS;
    struct bank_rules rules = bank_rules_default();
    struct battery a = test_battery(SECONDS(1));
    struct battery b = a;
    struct bank_engine e;

    rules.alarm_hold_us = 0;
    b.known &= ~sets;
    b.warnings = b.protections = COND_BIT(COND_IMBALANCE); /* nobody said so */
    bank_init(&e, &rules);
    bank_expect(&e, 2);
    test_bank_put(&e, 0, &a);
    test_bank_put(&e, 1, &b);
    struct bank bank = test_bank_at(&e, SECONDS(1));
    CU_ASSERT_EQUAL(bank.sum.known & sets, 0);
    CU_ASSERT_EQUAL(bank.sum.told, 0);
    CU_ASSERT_EQUAL(bank.sum.warnings | bank.sum.protections, 0);
    a.protections = COND_BIT(COND_CELL_OVERVOLTAGE);
    test_bank_put(&e, 0, &a);
    bank = test_bank_at(&e, SECONDS(2));
    CU_ASSERT_EQUAL(bank.sum.known & sets, 0);
    CU_ASSERT_EQUAL(bank.sum.told, a.protections);
    CU_ASSERT_EQUAL(bank.sum.protections, a.protections);
    a.protections = 0;
    test_bank_put(&e, 0, &a);
    bank = test_bank_at(&e, SECONDS(3));
    CU_ASSERT_EQUAL(bank.sum.told, COND_BIT(COND_CELL_OVERVOLTAGE));
    CU_ASSERT_EQUAL(bank.sum.protections, 0);
    b.known |= sets;
    b.warnings = b.protections = 0;
    test_bank_put(&e, 1, &b);
    CU_ASSERT_EQUAL(test_bank_at(&e, SECONDS(4)).sum.known & sets, sets);
}

/* A stack on CAN counts with its modules, in whatever state it is. */
static void test_modules_of_a_stack(void)
{
    struct bank_rules rules = bank_rules_default();
    struct battery a = test_battery(SECONDS(1));
    struct battery b = a;
    struct bank_engine e;

    rules.batteries = 3;
    a.modules = 4;
    a.charge_enable = false;
    bank_init(&e, &rules);
    test_bank_put(&e, 0, &a);
    test_bank_put(&e, 1, &b);
    struct bank bank = test_bank_at(&e, SECONDS(22)); /* not waited for any longer */
    CU_ASSERT_EQUAL(bank.life, BANK_WAITING);
    a.updated_us = b.updated_us = SECONDS(23);
    test_bank_put(&e, 0, &a);
    test_bank_put(&e, 1, &b);
    test_bank_at(&e, SECONDS(23));
    a.updated_us = b.updated_us = SECONDS(44);
    test_bank_put(&e, 0, &a);
    test_bank_put(&e, 1, &b);
    bank = test_bank_at(&e, SECONDS(44));
    CU_ASSERT_EQUAL(bank.online, 5);
    CU_ASSERT_EQUAL(bank.lost, 1);
    CU_ASSERT_EQUAL(bank.blocking_charge, 4);
    b.updated_us = SECONDS(56);
    test_bank_put(&e, 1, &b);
    bank = test_bank_at(&e, SECONDS(56));
    CU_ASSERT_EQUAL(bank.online, 1);
    CU_ASSERT_EQUAL(bank.held, 4);
    CU_ASSERT_EQUAL(bank_offline(&bank), 5);
    for (unsigned s = 57; s <= 110; s++) {
        b.updated_us = SECONDS(s);
        test_bank_put(&e, 1, &b);
        bank = test_bank_at(&e, SECONDS(s));
    }
    CU_ASSERT_EQUAL(bank.lost, 5);
}

static void test_places(void)
{
    struct bank_rules rules = bank_rules_default();
    struct battery a = test_battery(SECONDS(1));
    struct battery b = a;

    a.known |= FIELD_CELL_IDS;
    a.cell_min_id = 3;
    a.cell_max_id = 15;
    b.cell_max_mv = 3400; /* its ids are unknown */
    b.temp_min_dc = -50;
    struct bank bank = two_packs(&a, &b, &rules);
    CU_ASSERT_EQUAL(bank.cell_min.battery, 1);
    CU_ASSERT_EQUAL(bank.cell_min.place, 3);
    CU_ASSERT_EQUAL(bank.sum.cell_max_mv, 3400);
    CU_ASSERT_EQUAL(bank.cell_max.battery, 2);
    CU_ASSERT_EQUAL(bank.cell_max.place, 0);
    CU_ASSERT_EQUAL(bank.sum.temp_min_dc, -50);
    CU_ASSERT_EQUAL(bank.temp_min.battery, 2);
}

static void test_single_keeps_its_cells(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;
    struct battery a = test_battery(SECONDS(1));

    a.known |= FIELD_CELLS | FIELD_SERIAL;
    a.cell_count = 15;
    for (size_t i = 0; i < 15; i++)
        a.cell_mv[i] = 3300;
    memcpy(a.serial, "PPTBH0123", 10);
    bank_init(&e, &rules);
    test_bank_put(&e, 0, &a);
    struct bank bank = test_bank_at(&e, SECONDS(1));
    CU_ASSERT_TRUE(battery_knows(&bank.sum, FIELD_CELLS | FIELD_SERIAL));
    CU_ASSERT_EQUAL(bank.sum.cell_mv[14], 3300);
    CU_ASSERT_EQUAL(bank.cells_per_battery, 15);
    CU_ASSERT_STRING_EQUAL(bank.sum.serial, "PPTBH0123");
}

static void test_thirty_two(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;

    test_bank_start(&e, &rules, BANK_MAX_BATTERIES, SECONDS(1));
    struct bank bank = test_bank_at(&e, SECONDS(1));
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 32 * 37000);
    CU_ASSERT_EQUAL(bank.sum.full_mah, 32 * 74000);
    CU_ASSERT_EQUAL(bank.sum.current_ma, -32000);
}

/* ---- samples ---- */

static void test_samples(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;
    const struct battery good = test_battery(SECONDS(1));
    struct battery bad[12];
    const char *why = NULL;

    for (size_t i = 0; i < 12; i++)
        bad[i] = good;
    bad[0].known &= ~(uint32_t)FIELD_CURRENT_MA;
    bad[1].known &= ~(uint32_t)FIELD_REMAINING_MAH;
    bad[2].full_mah = 0;
    bad[3].remaining_mah = 81401; /* above 110 % */
    bad[4].cell_max_mv = 5001;
    bad[5].cell_min_mv = 999;
    bad[6].temp_min_dc = -401;
    bad[7].temp_max_dc = 1001;
    bad[8].current_ma = 148001; /* twice 74 A */
    bad[9].ccl_ma = -1;
    bad[10].known |= FIELD_CELLS;
    bad[10].cell_count = 15;
    for (size_t i = 0; i < 15; i++)
        bad[10].cell_mv[i] = 3311; /* 49665: 165 mV more than the pack */
    bad[10].cell_min_mv = bad[10].cell_max_mv = 3311;
    bad[11].cvl_mv = 0;
    bank_init(&e, &rules);
    for (size_t i = 0; i < 12; i++) {
        why = NULL;
        CU_ASSERT_FALSE(bank_put(&e, 0, &bad[i], &why));
        CU_ASSERT_PTR_NOT_NULL(why);
    }
    CU_ASSERT_FALSE(bank_put(&e, BANK_MAX_BATTERIES, &good, &why));
    CU_ASSERT_EQUAL(test_bank_at(&e, SECONDS(1)).life, BANK_WAITING);
    CU_ASSERT_TRUE(bank_put(&e, 0, &good, NULL));
}

static void test_urgent(void)
{
    struct bank_rules rules = bank_rules_default();
    struct battery a = test_battery(SECONDS(1));
    const struct bank before = two_packs(&a, &a, &rules);
    struct bank after = before;

    CU_ASSERT_FALSE(bank_is_urgent(&before, &after));
    after.sum.ccl_ma += 1000;
    after.sum.current_ma = 5;
    CU_ASSERT_FALSE(bank_is_urgent(&before, &after));
    after.sum.dcl_ma -= 1;
    CU_ASSERT_TRUE(bank_is_urgent(&before, &after));
    after = before;
    after.sum.cvl_mv--;
    CU_ASSERT_TRUE(bank_is_urgent(&before, &after));
    after = before;
    after.sum.dvl_mv++;
    CU_ASSERT_TRUE(bank_is_urgent(&before, &after));
    after = before;
    after.sum.warnings = 1;
    CU_ASSERT_TRUE(bank_is_urgent(&before, &after));
    after = before;
    after.sum.protections = 1;
    CU_ASSERT_TRUE(bank_is_urgent(&before, &after));
    CU_ASSERT_FALSE(bank_is_urgent(&after, &before)); /* it clears: no hurry */
    after = before;
    after.life = BANK_STALE;
    CU_ASSERT_TRUE(bank_is_urgent(&before, &after));
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"AGG-1: the shared cases", test_shared_cases},
        {"agg-2 mixed stack", test_mixed_stack},
        {"agg-3 share, not sum (L5)", test_share_not_sum},
        {"agg-4, agg-5: one blocks (L6, L7)", test_one_blocks},
        {"user maximum (L5)", test_user_maximum},
        {"100 % only when all are full (L3)", test_full_only_when_all_are},
        {"whole percents survive", test_percent_only},
        {"unknown stays unknown", test_unknown_stays_unknown},
        {"unknown alarms are not none", test_unknown_alarms},
        {"the modules of a stack", test_modules_of_a_stack},
        {"places of the extremes", test_places},
        {"a single battery keeps its cells", test_single_keeps_its_cells},
        {"32 batteries (L12)", test_thirty_two},
        {"valid samples", test_samples},
        {"what is urgent", test_urgent},
        {0},
    };
    return testing_main(argc, argv, "bridge.bank", cases);
}
