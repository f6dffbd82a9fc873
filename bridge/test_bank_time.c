/* SPDX-License-Identifier: Apache-2.0
 *
 * What the bank does as time passes: fresh, held, lost, joining, hold-off, rises and holds (AGG-1
 * L1, L5, L8 to L10, L14, L15). Every step is checked at its deadline and one microsecond before
 * it.
 */
#include <string.h>

#include "bridge/test_bank_support.h"

#define LOSS COND_BIT(COND_COMMUNICATION_LOSS)
#define T0   SECONDS(1000)

static void name(struct battery *b, const char *serial)
{
    span_to_str(span_str(serial), b->serial, sizeof b->serial);
    b->known |= FIELD_SERIAL;
}

/* ---- L1, L9 ---- */

static void test_ages(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;
    struct bank bank;

    test_bank_start(&e, &rules, 1, T0);
    CU_ASSERT_EQUAL(bank_update(&e, T0 + SECONDS(10), &bank), T0 + SECONDS(10) + 1);
    CU_ASSERT_EQUAL(bank.life, BANK_ONLINE);
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 37000);

    CU_ASSERT_EQUAL(bank_update(&e, T0 + SECONDS(10) + 1, &bank), T0 + SECONDS(60) + 1);
    CU_ASSERT_EQUAL(bank.life, BANK_STALE);
    CU_ASSERT_EQUAL(bank.held, 1);
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 0);
    CU_ASSERT_EQUAL(bank.sum.dcl_ma, 0);
    CU_ASSERT_FALSE(bank.sum.charge_enable);
    CU_ASSERT_FALSE(bank.sum.discharge_enable);
    CU_ASSERT_EQUAL(bank.sum.protections, LOSS);
    CU_ASSERT_EQUAL(bank.sum.pack_mv, 49500);
    CU_ASSERT_EQUAL(bank.sum.cvl_mv, 53250); /* never 0: that would be an order to discharge */

    bank = test_bank_at(&e, T0 + SECONDS(60));
    CU_ASSERT_EQUAL(bank.life, BANK_STALE);
    bank = test_bank_at(&e, T0 + SECONDS(60) + 1);
    CU_ASSERT_EQUAL(bank.life, BANK_LOST);
    CU_ASSERT_EQUAL(bank.sum.protections, LOSS);
    CU_ASSERT_EQUAL(bank_update(&e, T0 + SECONDS(900), &bank), NEVER_US);
}

static void test_nothing_before_the_first(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;
    struct bank bank;

    bank_init(&e, &rules);
    CU_ASSERT_EQUAL(bank_update(&e, T0, &bank), NEVER_US);
    CU_ASSERT_EQUAL(bank.life, BANK_WAITING);
    CU_ASSERT_EQUAL(bank.sum.protections, 0);
}

static void test_silent_later_than_lost(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;

    rules.silent_us = SECONDS(90);
    test_bank_start(&e, &rules, 1, T0);
    struct bank bank = test_bank_at(&e, T0 + SECONDS(70));
    CU_ASSERT_EQUAL(bank.life, BANK_STALE);
    CU_ASSERT_EQUAL(bank.lost, 1);
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 0);
    CU_ASSERT_FALSE(battery_knows(&bank.sum, FIELD_PACK_MV));
    CU_ASSERT_EQUAL(test_bank_at(&e, T0 + SECONDS(90) + 1).life, BANK_LOST);
}

/* The interruption is over: what it cut comes back, and nothing more. */
static void test_back_from_stale(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;
    struct bank bank;

    test_bank_start(&e, &rules, 1, T0);
    test_bank_at(&e, T0 + SECONDS(10) + 1);
    struct battery b = test_battery(T0 + SECONDS(15));
    b.ccl_ma = 50000;
    test_bank_put(&e, 0, &b);
    bank = test_bank_at(&e, T0 + SECONDS(15));
    CU_ASSERT_EQUAL(bank.life, BANK_ONLINE);
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 37000);
    CU_ASSERT_EQUAL(bank.sum.dcl_ma, 37000);
    CU_ASSERT_EQUAL(bank.sum.protections, 0);
}

/* A cut is shown for two seconds, however short it was. */
static void test_short_stale(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;
    const uint64_t stale_us = T0 + SECONDS(10) + 1;
    struct bank bank;

    test_bank_start(&e, &rules, 1, T0);
    test_bank_at(&e, stale_us);
    test_bank_feed(&e, 1, stale_us + MS(100));
    CU_ASSERT_EQUAL(bank_update(&e, stale_us + MS(100), &bank), stale_us + SECONDS(2));
    CU_ASSERT_EQUAL(bank.life, BANK_ONLINE);
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 0);
    CU_ASSERT_EQUAL(bank.sum.protections, LOSS);
    bank = test_bank_at(&e, stale_us + SECONDS(2));
    CU_ASSERT_EQUAL(bank.sum.protections, 0);
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 0); /* up only with a reading */
    test_bank_feed(&e, 1, stale_us + MS(2100));
    CU_ASSERT_EQUAL(test_bank_at(&e, stale_us + MS(2100)).sum.ccl_ma, 37000);
}

/* ---- L4, L5, L8 ---- */

static void test_held_freezes_the_way_up(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;

    rules.rise_hold_us = 0;
    rules.rise_ma_per_s = 0;
    test_bank_start(&e, &rules, 2, T0);
    for (unsigned s = 1; s <= 30; s++) { /* battery 2 is silent; battery 1 allows more */
        struct battery b = test_battery(T0 + SECONDS(s));
        b.ccl_ma = s < 11 ? 37000 : 60000;
        test_bank_put(&e, 0, &b);
        struct bank bank = test_bank_at(&e, T0 + SECONDS(s));
        CU_ASSERT_EQUAL(bank.life, BANK_ONLINE);
        CU_ASSERT_EQUAL(bank.held, s > 10 ? 1 : 0);
        CU_ASSERT_EQUAL(bank.sum.ccl_ma, 74000);
        CU_ASSERT_EQUAL(bank.sum.warnings, 0);
    }
    struct battery b = test_battery(T0 + SECONDS(31));
    b.ccl_ma = 10000; /* but it may fall */
    test_bank_put(&e, 0, &b);
    CU_ASSERT_EQUAL(test_bank_at(&e, T0 + SECONDS(31)).sum.ccl_ma, 20000);
}

static void test_one_lost(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;
    struct bank bank;
    struct battery b = test_battery(T0);

    bank_init(&e, &rules);
    bank_expect(&e, 2);
    test_bank_put(&e, 0, &b);
    b.cvl_mv = 52000;
    b.dvl_mv = 46000;
    test_bank_put(&e, 1, &b);
    test_bank_at(&e, T0);
    for (unsigned s = 1; s <= 61; s++) {
        test_bank_feed(&e, 1, T0 + SECONDS(s));
        bank = test_bank_at(&e, T0 + SECONDS(s));
    }
    CU_ASSERT_EQUAL(bank.online, 1);
    CU_ASSERT_EQUAL(bank.lost, 1);
    CU_ASSERT_EQUAL(bank.sum.full_mah, 74000);
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 37000);
    CU_ASSERT_EQUAL(bank.sum.cvl_mv, 52000); /* it may still hang on the bus bar */
    CU_ASSERT_EQUAL(bank.sum.dvl_mv, 46000);
    CU_ASSERT_EQUAL(bank.sum.warnings, LOSS);
    CU_ASSERT_EQUAL(bank.sum.protections, 0);
}

/* Its source says that it has left: out at once, and back like any lost one. */
static void test_gone(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;
    struct bank bank;

    test_bank_start(&e, &rules, 3, T0);
    test_bank_feed(&e, 2, T0 + SECONDS(1));
    bank_gone(&e, 2);
    bank = test_bank_at(&e, T0 + SECONDS(1));
    CU_ASSERT_EQUAL(bank.online, 2);
    CU_ASSERT_EQUAL(bank.lost, 1);
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 74000);
    CU_ASSERT_EQUAL(bank.sum.current_ma, -2000);
    CU_ASSERT_EQUAL(bank.sum.warnings, LOSS);
    for (unsigned s = 2; s <= 4; s++) {
        test_bank_feed(&e, 3, T0 + SECONDS(s));
        CU_ASSERT_EQUAL(test_bank_at(&e, T0 + SECONDS(s)).online, s < 4 ? 2 : 3);
    }
}

static void test_lost_stop(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;
    struct bank bank = {0};

    rules.stop_when_lost = true;
    test_bank_start(&e, &rules, 2, T0);
    for (unsigned s = 1; s <= 61; s++) {
        test_bank_feed(&e, 1, T0 + SECONDS(s));
        bank = test_bank_at(&e, T0 + SECONDS(s));
    }
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 0);
    CU_ASSERT_EQUAL(bank.sum.dcl_ma, 0);
}

/* ---- L10, M19 ---- */

static int32_t ccl_after(struct bank_engine *e, int32_t allowed_ma, uint64_t now_us)
{
    struct battery b = test_battery(now_us);

    b.ccl_ma = allowed_ma;
    test_bank_put(e, 0, &b);
    return test_bank_at(e, now_us).sum.ccl_ma;
}

static void test_rise(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;

    test_bank_start(&e, &rules, 1, T0);
    CU_ASSERT_EQUAL(ccl_after(&e, 10000, T0 + SECONDS(1)), 10000); /* falls at once */
    for (unsigned s = 2; s <= 31; s++) /* allowed from second 2: held until second 32 */
        CU_ASSERT_EQUAL(ccl_after(&e, 37000, T0 + SECONDS(s)), 10000);
    /* 5 A/s for 100 Ah: 3.7 A/s for 74 Ah */
    CU_ASSERT_EQUAL(ccl_after(&e, 37000, T0 + SECONDS(32)), 13700);
    CU_ASSERT_EQUAL(ccl_after(&e, 37000, T0 + SECONDS(33)), 17400);
    CU_ASSERT_EQUAL(ccl_after(&e, 37000, T0 + SECONDS(35)), 24800); /* two at once */
    /* no reading, no rise, whatever the time */
    CU_ASSERT_EQUAL(test_bank_at(&e, T0 + SECONDS(40)).sum.ccl_ma, 24800);
    /* a fall on the way up starts the hold again */
    CU_ASSERT_EQUAL(ccl_after(&e, 20000, T0 + SECONDS(41)), 20000);
    CU_ASSERT_EQUAL(ccl_after(&e, 37000, T0 + SECONDS(42)), 20000);
    for (unsigned s = 43; s <= 71; s++)
        CU_ASSERT_EQUAL(ccl_after(&e, 37000, T0 + SECONDS(s)), 20000);
    CU_ASSERT_EQUAL(ccl_after(&e, 37000, T0 + SECONDS(72)), 23700);
    for (unsigned s = 73; s <= 76; s++)
        CU_ASSERT_EQUAL(ccl_after(&e, 37000, T0 + SECONDS(s)),
                        s < 76 ? 23700 + 3700 * ((int)s - 72) : 37000);
}

static void test_no_hold_configured(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;
    struct battery b = test_battery(T0 + SECONDS(1));

    rules.rise_hold_us = 0;
    rules.rise_ma_per_s = 0;
    test_bank_start(&e, &rules, 1, T0);
    b.ccl_ma = 10000;
    test_bank_put(&e, 0, &b);
    CU_ASSERT_EQUAL(test_bank_at(&e, T0 + SECONDS(1)).sum.ccl_ma, 10000);
    test_bank_feed(&e, 1, T0 + SECONDS(2));
    CU_ASSERT_EQUAL(test_bank_at(&e, T0 + SECONDS(2)).sum.ccl_ma, 37000);
    /* but a cut to nothing is shown for two seconds */
    b.updated_us = T0 + SECONDS(3);
    b.ccl_ma = 0;
    test_bank_put(&e, 0, &b);
    CU_ASSERT_EQUAL(test_bank_at(&e, T0 + SECONDS(3)).sum.ccl_ma, 0);
    test_bank_feed(&e, 1, T0 + SECONDS(4));
    CU_ASSERT_EQUAL(test_bank_at(&e, T0 + SECONDS(4)).sum.ccl_ma, 0);
    test_bank_feed(&e, 1, T0 + SECONDS(5));
    CU_ASSERT_EQUAL(test_bank_at(&e, T0 + SECONDS(5)).sum.ccl_ma, 37000);
}

static void test_alarm_hold(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;
    struct bank bank;
    struct battery b = test_battery(T0 + MS(200));

    test_bank_start(&e, &rules, 1, T0);
    b.protections = COND_BIT(COND_SHORT_CIRCUIT);
    test_bank_put(&e, 0, &b);
    CU_ASSERT_EQUAL(test_bank_at(&e, T0 + MS(200)).sum.protections, b.protections);
    test_bank_feed(&e, 1, T0 + MS(400)); /* gone again before anybody has polled */
    CU_ASSERT_EQUAL(bank_update(&e, T0 + MS(400), &bank), T0 + MS(2200));
    CU_ASSERT_EQUAL(bank.sum.protections, b.protections);
    CU_ASSERT_EQUAL(test_bank_at(&e, T0 + MS(2200) - 1).sum.protections, b.protections);
    bank = test_bank_at(&e, T0 + MS(2200));
    CU_ASSERT_EQUAL(bank.sum.protections, 0); /* and not for ever */
    CU_ASSERT_EQUAL(bank.sum.warnings, 0);
}

static void test_spread(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;
    struct battery b;
    const uint32_t imbalance = COND_BIT(COND_IMBALANCE);

    test_bank_start(&e, &rules, 2, T0);
    for (unsigned s = 1; s <= 601; s++) {
        test_bank_feed(&e, 1, T0 + SECONDS(s));
        b = test_battery(T0 + SECONDS(s));
        b.remaining_mah = 7400; /* 10 % against 50 % */
        test_bank_put(&e, 1, &b);
        uint32_t warnings = test_bank_at(&e, T0 + SECONDS(s)).sum.warnings;
        CU_ASSERT_EQUAL(warnings, s < 601 ? 0 : imbalance);
    }
}

/* ---- start: S10, L12 ---- */

static void test_start_waits_for_all(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;
    struct bank bank;

    rules.batteries = 3;
    bank_init(&e, &rules);
    test_bank_feed(&e, 2, T0);
    CU_ASSERT_EQUAL(bank_update(&e, T0, &bank), T0 + SECONDS(20));
    CU_ASSERT_EQUAL(bank.life, BANK_WAITING);
    test_bank_feed(&e, 3, T0 + SECONDS(5));
    bank = test_bank_at(&e, T0 + SECONDS(5));
    CU_ASSERT_EQUAL(bank.life, BANK_ONLINE);
    CU_ASSERT_EQUAL(bank.online, 3);
    CU_ASSERT_EQUAL(bank.configured, 3);
    CU_ASSERT_EQUAL(bank.sum.warnings, 0);
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 111000); /* as the batteries say: nothing was cut before */
}

static void test_start_with_what_is_there(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;
    struct bank bank = {0};

    rules.batteries = 3;
    bank_init(&e, &rules);
    for (unsigned s = 0; s <= 20; s++) {
        test_bank_feed(&e, 1, T0 + SECONDS(s));
        bank = test_bank_at(&e, T0 + SECONDS(s));
        CU_ASSERT_EQUAL(bank.life, s < 20 ? BANK_WAITING : BANK_ONLINE);
    }
    CU_ASSERT_EQUAL(bank.online, 1);
    CU_ASSERT_EQUAL(bank.lost, 2);
    CU_ASSERT_EQUAL(bank.sum.warnings, LOSS); /* an alarm, not a smaller system */
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 37000);
}

/* ---- L14, L15 ---- */

static void test_join(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;
    struct bank bank = {0};

    test_bank_start(&e, &rules, 1, T0);
    for (unsigned s = 1; s <= 3; s++) {
        test_bank_feed(&e, 2, T0 + SECONDS(s));
        bank = test_bank_at(&e, T0 + SECONDS(s));
        CU_ASSERT_EQUAL(bank.online, s < 3 ? 1 : 2);
        CU_ASSERT_EQUAL(bank.sum.full_mah, s < 3 ? 74000 : 148000);
    }
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 37000); /* the limit rises slowly */
}

static void test_apart(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;
    struct battery b;

    test_bank_start(&e, &rules, 1, T0);
    for (unsigned s = 1; s <= 10; s++) {
        test_bank_feed(&e, 1, T0 + SECONDS(s));
        b = test_battery(T0 + SECONDS(s));
        b.pack_mv = s <= 5 ? 50501 : 50500; /* 1.001 V, then 1.000 V away */
        test_bank_put(&e, 1, &b);
        struct bank bank = test_bank_at(&e, T0 + SECONDS(s));
        CU_ASSERT_EQUAL(bank.online, s <= 5 ? 1 : 2);
        if (s == 5)
            CU_ASSERT_EQUAL(e.packs[1].state, PACK_APART);
    }
}

static void test_lost_must_rejoin(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;
    struct bank bank = {0};

    test_bank_start(&e, &rules, 2, T0);
    for (unsigned s = 1; s <= 70; s++) {
        test_bank_feed(&e, 1, T0 + SECONDS(s));
        test_bank_at(&e, T0 + SECONDS(s));
    }
    for (unsigned s = 71; s <= 73; s++) {
        test_bank_feed(&e, 2, T0 + SECONDS(s));
        bank = test_bank_at(&e, T0 + SECONDS(s));
        CU_ASSERT_EQUAL(bank.online, s < 73 ? 1 : 2);
    }
    CU_ASSERT_EQUAL(bank.lost, 0);
}

static void test_everything_lost_is_a_new_start(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;

    test_bank_start(&e, &rules, 2, T0);
    CU_ASSERT_EQUAL(test_bank_at(&e, T0 + SECONDS(61)).life, BANK_LOST);
    test_bank_feed(&e, 1, T0 + SECONDS(100)); /* two were known: wait for the second */
    CU_ASSERT_EQUAL(test_bank_at(&e, T0 + SECONDS(100)).life, BANK_LOST);
    test_bank_feed(&e, 2, T0 + SECONDS(101));
    struct bank bank = test_bank_at(&e, T0 + SECONDS(101));
    CU_ASSERT_EQUAL(bank.life, BANK_ONLINE);
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 74000);
}

static void test_twins(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;
    struct battery b = test_battery(T0);

    bank_init(&e, &rules);
    bank_expect(&e, 3);
    name(&b, "A");
    test_bank_put(&e, 0, &b);
    name(&b, "B");
    test_bank_put(&e, 1, &b);
    test_bank_put(&e, 2, &b);
    test_bank_at(&e, T0);
    /* the wait for three ends, the twins stay out */
    b.updated_us = T0 + SECONDS(20);
    test_bank_put(&e, 1, &b);
    test_bank_put(&e, 2, &b);
    name(&b, "A");
    test_bank_put(&e, 0, &b);
    struct bank bank = test_bank_at(&e, T0 + SECONDS(20));
    CU_ASSERT_EQUAL(bank.online, 1);
    CU_ASSERT_EQUAL(e.packs[1].state, PACK_TWIN);
    CU_ASSERT_EQUAL(e.packs[2].state, PACK_TWIN);
    CU_ASSERT_EQUAL(bank.sum.protections, COND_BIT(COND_INTERNAL_FAULT));
}

static void test_other_serial_is_another_battery(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;
    struct battery b = test_battery(T0);

    bank_init(&e, &rules);
    bank_expect(&e, 2);
    name(&b, "A");
    test_bank_put(&e, 0, &b);
    name(&b, "B");
    test_bank_put(&e, 1, &b);
    CU_ASSERT_EQUAL(test_bank_at(&e, T0).online, 2);
    b.updated_us = T0 + SECONDS(1);
    name(&b, "C");
    test_bank_put(&e, 1, &b);
    CU_ASSERT_EQUAL(test_bank_at(&e, T0 + SECONDS(1)).online, 1);
}

/* S09: batteries that move to other addresses stay the same batteries. */
static void test_moved(void)
{
    struct bank_rules rules = bank_rules_default();
    struct bank_engine e;
    struct battery b = test_battery(T0);

    bank_init(&e, &rules);
    bank_expect(&e, 2);
    name(&b, "A");
    test_bank_put(&e, 0, &b);
    name(&b, "B");
    test_bank_put(&e, 1, &b);
    test_bank_at(&e, T0);
    for (unsigned s = 1; s <= 5; s++) {
        b.updated_us = T0 + SECONDS(s);
        name(&b, "A");
        test_bank_put(&e, 0, &b);
        if (s < 5) {
            CU_ASSERT_EQUAL(test_bank_at(&e, b.updated_us).online, 2);
            continue;
        }
        name(&b, "B");
        test_bank_put(&e, 2, &b);
        CU_ASSERT_EQUAL(test_bank_at(&e, b.updated_us).online, 2);
        CU_ASSERT_EQUAL(e.packs[1].state, PACK_EMPTY);
        CU_ASSERT_EQUAL(e.packs[2].state, PACK_ONLINE);
    }
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"online, held, lost (L1, L9)", test_ages},
        {"nothing before the first reading", test_nothing_before_the_first},
        {"silence later than loss", test_silent_later_than_lost},
        {"back from stale", test_back_from_stale},
        {"a short interruption is shown", test_short_stale},
        {"a held battery freezes the way up (L5)", test_held_freezes_the_way_up},
        {"one lost (L4, L8)", test_one_lost},
        {"one gone", test_gone},
        {"one lost, policy stop (L8)", test_lost_stop},
        {"rise: hold and rate (L10)", test_rise},
        {"rise without hold", test_no_hold_configured},
        {"alarms are shown for 2 s (M19)", test_alarm_hold},
        {"disagreement for 10 min (L3)", test_spread},
        {"start waits for all (S10)", test_start_waits_for_all},
        {"start with what is there", test_start_with_what_is_there},
        {"join after 3 samples (L15)", test_join},
        {"not joined at another voltage (L15)", test_apart},
        {"a lost one must rejoin", test_lost_must_rejoin},
        {"everything lost is a new start", test_everything_lost_is_a_new_start},
        {"twins stay out (L14)", test_twins},
        {"another serial is another battery (L14)", test_other_serial_is_another_battery},
        {"moved batteries stay members (S09)", test_moved},
        {0},
    };
    return testing_main(argc, argv, "bridge.bank_time", cases);
}
