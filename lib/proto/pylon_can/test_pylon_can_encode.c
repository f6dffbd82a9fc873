/* SPDX-License-Identifier: Apache-2.0
 *
 * Bank to frames. Expected bytes are those of the documents' worked examples and of captures, typed
 * in; none comes from the code under test.
 */
#include "proto/pylon_can/test_pylon_can_fixture.h"

/* ---- whole sets ---- */

static void expect_set(const char *dialect, const char *const *want)
{
    struct can_msg msgs[PYLON_CAN_MAX_FRAMES];
    struct bank bank = fixture_bank();
    size_t n = 0;
    size_t i = 0;

    CU_ASSERT_EQUAL(pylon_can_encode(pylon_can_find(dialect), &bank, NULL, msgs, &n), ERR_OK);
    for (; want[i] != NULL; i++) {
        struct can_msg expected = fixture_msg(want[i]);

        if (i >= n || !can_msg_eq(&msgs[i], &expected)) {
            TESTING_FAIL("%s frame %zu is not %s", dialect, i, want[i]);
        }
    }
    if (n != i) {
        TESTING_FAIL("%s has %zu frames, want %zu", dialect, n, i);
    }
}

static void test_pylon_sets(void)
{
    static const char *const v12[] = {"359#0000000003504E",
                                      "351#140272017201C201",
                                      "355#55006200",
                                      "356#031484FFEB00",
                                      "35C#C000",
                                      "35E#50594C4F4E202020",
                                      NULL};
    static const char *const deye[] = {"359#0000000003504E",
                                       "351#140272017201C201",
                                       "355#55006200",
                                       "356#031484FFEB00",
                                       "35C#C000",
                                       "35E#4445594520202020",
                                       NULL};
    /* 35A all zero in health and 35F "LI" 1.3 .. AA 00: capture of a US5000 stack */
    static const char *const v13[] = {"351#140272017201C201",
                                      "355#550062000000",
                                      "356#031484FFEB00",
                                      "35A#0000000000000000",
                                      "35E#50594C4F4E202020",
                                      "35F#4C4901032C01AA00",
                                      NULL};
    static const char *const v206[] = {"351#140272017201C201",
                                       "355#5500620000000000",
                                       "356#031484FFEB000000",
                                       "359#0000000003504E00",
                                       "35C#C000000000000000",
                                       "35E#50594C4F4E202020",
                                       "35F#000000002C010000",
                                       "370#F800DD008F0C7E0C",
                                       "371#0401020209020402",
                                       "372#0300000000000100",
                                       "373#7E0C8F0C27012901",
                                       "374#3032303400000000",
                                       "375#3032303900000000",
                                       "376#3032303200000000",
                                       "377#3031303400000000",
                                       "379#2C01000000000000",
                                       NULL};
    static const char *const luxpower[] = {"359#00000000032C0100",
                                           "351#140272017201C201",
                                           "355#550062008F0C7E0C",
                                           "356#031484FFF800DD00",
                                           "35C#C0007B0000000000",
                                           "35E#424D535249470000",
                                           NULL};

    expect_set("pylon-1.2", v12);
    expect_set("deye-1.2", deye);
    expect_set("pylon-1.3", v13);
    expect_set("pylon-2.0.6", v206);
    expect_set("luxpower-04", luxpower);
}

/* hi-res SOC 85.30 % is 8530 = 0x2152 */
static void test_victron_and_sma_sets(void)
{
    static const char *const victron[] = {"351#140272017201C201",
                                          "355#5500620052210000",
                                          "356#031484FFEB000000",
                                          "35A#AAAAAA02AAAAAA0A",
                                          "35E#424D535249470000",
                                          "35F#00000000FF000000",
                                          "360#0000000000000000",
                                          "370#4558414D504C4520",
                                          "371#4241545445525900",
                                          "372#0300000000000100",
                                          "373#7E0C8F0C27012901",
                                          "374#3032303400000000",
                                          "375#3032303900000000",
                                          "376#3032303200000000",
                                          "377#3031303400000000",
                                          "379#2C01000000000000",
                                          "380#534E313233343536",
                                          "381#3738393000000000",
                                          NULL};
    static const char *const sma[] = {"351#140272017201C201",
                                      "355#550062005221",
                                      "356#031484FFEB00",
                                      "35A#AAAAAA02AAAAAA02",
                                      "35E#534D412020202020",
                                      "35F#000000002C010000",
                                      NULL};
    static const char *const goodwe[] = {"351#140272017201C201",
                                         "355#550062005221",
                                         "356#031484FFEB00",
                                         "35A#AAAAAA02AAAAAA02",
                                         "35E#476F6F6457652020",
                                         "35F#000000002C010000",
                                         NULL};

    expect_set("victron", victron);
    expect_set("sma", sma);
    expect_set("goodwe-sma-1.2", goodwe);
}

static void test_prepared_sets(void)
{
    static const char *const sol_ark[] = {"359#0000000003504E00", "351#140272017201C201",
                                          "355#5500620000000000", "356#031484FFEB000000",
                                          "35C#C000000000000000", "35E#50594C4F4E202020",
                                          "379#2C01000000000000", NULL};
    static const char *const seplos[] = {
        "359#0000000003000000", "351#140272017201C201", "355#5500620000000000",
        "356#031484FFEB000000", "35C#C000000000000000", "070#F800DD0042014001",
        "371#0400020009000400", "35E#456E657267792020", NULL};
    static const char *const hybrid[] = {"359#0000000000000000", "351#140272017201C201",
                                         "355#5500620000000000", "356#000284FFEB000000",
                                         "35C#C000000000000000", "3DA#8F0C7E0C09040000",
                                         "3DB#4B48040200000000", NULL};
    /* big endian: 51.23 V is 14 03; status word and maker bytes stay 0 */
    static const char *const growatt[] = {"311#0214017201720000", "312#0000000003000030",
                                          "313#1403FF8400F85562", "314#639C75300000007B",
                                          "319#C00C8F0C7E090400", NULL};
    static const char *const yambms[] = {"351#140272017201C201",
                                         "355#550062005221F609",
                                         "356#031484FFEB007B00",
                                         "359#0000000003000000",
                                         "35C#C000000000000000",
                                         "35E#50594C4F4E202020",
                                         NULL};

    expect_set("sol-ark-1.3", sol_ark);
    expect_set("seplos-1.0", seplos);
    expect_set("hybrid-en-1.0", hybrid);
    expect_set("growatt-lv-1.04", growatt);
    expect_set("yambms-pylon12", yambms);
}

/* ---- one condition at a time ---- */

struct condition_case {
    enum battery_condition cond;
    const char *protection;
    const char *warning;
};

static void expect_conditions(const char *dialect, const struct condition_case *cases, size_t n)
{
    CU_ASSERT_EQUAL(n, COND_COUNT);
    for (size_t i = 0; i < n; i++) {
        struct bank bank = fixture_bank();

        bank.sum.protections = COND_BIT(cases[i].cond);
        EXPECT_FRAME(dialect, &bank, cases[i].protection);
        bank.sum.protections = 0;
        bank.sum.warnings = COND_BIT(cases[i].cond);
        EXPECT_FRAME(dialect, &bank, cases[i].warning);
    }
}

/* Pylontech V1.2, table 3, module count 3. Cell and pack share a bit; hot never sets "low voltage".
 */
static void test_359_one_hot(void)
{
    static const struct condition_case cases[] = {
        {COND_CELL_OVERVOLTAGE, "359#0200000003504E", "359#0000020003504E"},
        {COND_CELL_UNDERVOLTAGE, "359#0400000003504E", "359#0000040003504E"},
        {COND_PACK_OVERVOLTAGE, "359#0200000003504E", "359#0000020003504E"},
        {COND_PACK_UNDERVOLTAGE, "359#0400000003504E", "359#0000040003504E"},
        {COND_CHARGE_OVERCURRENT, "359#0001000003504E", "359#0000000103504E"},
        {COND_DISCHARGE_OVERCURRENT, "359#8000000003504E", "359#0000800003504E"},
        {COND_CHARGE_OVERTEMPERATURE, "359#0800000003504E", "359#0000080003504E"},
        {COND_CHARGE_UNDERTEMPERATURE, "359#1000000003504E", "359#0000100003504E"},
        {COND_DISCHARGE_OVERTEMPERATURE, "359#0800000003504E", "359#0000080003504E"},
        {COND_DISCHARGE_UNDERTEMPERATURE, "359#1000000003504E", "359#0000100003504E"},
        {COND_MOS_OVERTEMPERATURE, "359#0800000003504E", "359#0000080003504E"},
        {COND_IMBALANCE, "359#0008000003504E", "359#0000000003504E"},
        {COND_SHORT_CIRCUIT, "359#0008000003504E", "359#0000000803504E"},
        {COND_INTERNAL_FAULT, "359#0008000003504E", "359#0000000803504E"},
        {COND_COMMUNICATION_LOSS, "359#0000000803504E", "359#0000000803504E"},
        {COND_UNKNOWN_WORD, "359#0008000003504E", "359#0000000803504E"},
    };
    expect_conditions("pylon-1.2", cases, sizeof cases / sizeof cases[0]);
}

/* Pair positions by injection in two projects; 01b raised, 10b fine, system status in 7.2-3. Short
 * circuit and unknown words also raise "BMS internal", the one of the three that Victron shows. */
static void test_35a_victron_one_hot(void)
{
    static const struct condition_case cases[] = {
        {COND_CELL_OVERVOLTAGE, "35A#A6AAAA02AAAAAA0A", "35A#AAAAAA02A6AAAA0A"},
        {COND_CELL_UNDERVOLTAGE, "35A#9AAAAA02AAAAAA0A", "35A#AAAAAA029AAAAA0A"},
        {COND_PACK_OVERVOLTAGE, "35A#A6AAAA02AAAAAA0A", "35A#AAAAAA02A6AAAA0A"},
        {COND_PACK_UNDERVOLTAGE, "35A#9AAAAA02AAAAAA0A", "35A#AAAAAA029AAAAA0A"},
        {COND_CHARGE_OVERCURRENT, "35A#AAAAA902AAAAAA0A", "35A#AAAAAA02AAAAA90A"},
        {COND_DISCHARGE_OVERCURRENT, "35A#AA6AAA02AAAAAA0A", "35A#AAAAAA02AA6AAA0A"},
        {COND_CHARGE_OVERTEMPERATURE, "35A#AAA6AA02AAAAAA0A", "35A#AAAAAA02AAA6AA0A"},
        {COND_CHARGE_UNDERTEMPERATURE, "35A#AA9AAA02AAAAAA0A", "35A#AAAAAA02AA9AAA0A"},
        {COND_DISCHARGE_OVERTEMPERATURE, "35A#6AAAAA02AAAAAA0A", "35A#AAAAAA026AAAAA0A"},
        {COND_DISCHARGE_UNDERTEMPERATURE, "35A#AAA9AA02AAAAAA0A", "35A#AAAAAA02AAA9AA0A"},
        {COND_MOS_OVERTEMPERATURE, "35A#6AAAAA02AAAAAA0A", "35A#AAAAAA026AAAAA0A"},
        {COND_IMBALANCE, "35A#AAAAAA01AAAAAA0A", "35A#AAAAAA02AAAAAA09"},
        {COND_SHORT_CIRCUIT, "35A#AAAA5A02AAAAAA0A", "35A#AAAAAA02AAAA5A0A"},
        {COND_INTERNAL_FAULT, "35A#AAAA6A02AAAAAA0A", "35A#AAAAAA02AAAA6A0A"},
        {COND_COMMUNICATION_LOSS, "35A#AAAA6A02AAAAAA0A", "35A#AAAAAA02AAAA6A06"},
        {COND_UNKNOWN_WORD, "35A#A9AA6A02AAAAAA0A", "35A#AAAAAA02A9AA6A0A"},
    };
    expect_conditions("victron", cases, sizeof cases / sizeof cases[0]);
}

/* SMA evaluates every pair; bits 6-7 of bytes 3 and 7 are reserved. */
static void test_35a_sma_one_hot(void)
{
    static const struct condition_case cases[] = {
        {COND_CELL_OVERVOLTAGE, "35A#A6AAAA02AAAAAA02", "35A#AAAAAA02A6AAAA02"},
        {COND_CELL_UNDERVOLTAGE, "35A#9AAAAA02AAAAAA02", "35A#AAAAAA029AAAAA02"},
        {COND_PACK_OVERVOLTAGE, "35A#A6AAAA02AAAAAA02", "35A#AAAAAA02A6AAAA02"},
        {COND_PACK_UNDERVOLTAGE, "35A#9AAAAA02AAAAAA02", "35A#AAAAAA029AAAAA02"},
        {COND_CHARGE_OVERCURRENT, "35A#AAAAA902AAAAAA02", "35A#AAAAAA02AAAAA902"},
        {COND_DISCHARGE_OVERCURRENT, "35A#AA6AAA02AAAAAA02", "35A#AAAAAA02AA6AAA02"},
        {COND_CHARGE_OVERTEMPERATURE, "35A#AAA6AA02AAAAAA02", "35A#AAAAAA02AAA6AA02"},
        {COND_CHARGE_UNDERTEMPERATURE, "35A#AA9AAA02AAAAAA02", "35A#AAAAAA02AA9AAA02"},
        {COND_DISCHARGE_OVERTEMPERATURE, "35A#6AAAAA02AAAAAA02", "35A#AAAAAA026AAAAA02"},
        {COND_DISCHARGE_UNDERTEMPERATURE, "35A#AAA9AA02AAAAAA02", "35A#AAAAAA02AAA9AA02"},
        {COND_MOS_OVERTEMPERATURE, "35A#6AAAAA02AAAAAA02", "35A#AAAAAA026AAAAA02"},
        {COND_IMBALANCE, "35A#AAAAAA01AAAAAA02", "35A#AAAAAA02AAAAAA01"},
        {COND_SHORT_CIRCUIT, "35A#AAAA9A02AAAAAA02", "35A#AAAAAA02AAAA9A02"},
        {COND_INTERNAL_FAULT, "35A#AAAA6A02AAAAAA02", "35A#AAAAAA02AAAA6A02"},
        {COND_COMMUNICATION_LOSS, "35A#AAAA6A02AAAAAA02", "35A#AAAAAA02AAAA6A02"},
        {COND_UNKNOWN_WORD, "35A#A9AAAA02AAAAAA02", "35A#AAAAAA02A9AAAA02"},
    };
    expect_conditions("sma", cases, sizeof cases / sizeof cases[0]);
}

static void test_35a_in_1_3_is_zero_in_health(void)
{
    struct bank bank = fixture_bank();

    EXPECT_FRAME("pylon-1.3", &bank, "35A#0000000000000000");
    bank.sum.protections = COND_BIT(COND_CELL_OVERVOLTAGE);
    EXPECT_FRAME("pylon-1.3", &bank, "35A#0400000000000000");
    bank.sum.warnings = COND_BIT(COND_IMBALANCE);
    EXPECT_FRAME("pylon-1.3", &bank, "35A#0400000000000001");
}

/* YamBMS puts charge over-current in bit 7 and imbalance in bit 4, without PN. */
static void test_359_of_yambms(void)
{
    struct bank bank = fixture_bank();

    bank.sum.protections = COND_BIT(COND_CHARGE_OVERCURRENT) | COND_BIT(COND_IMBALANCE);
    bank.sum.warnings = bank.sum.protections;
    EXPECT_FRAME("yambms-pylon12", &bank, "359#0090009003000000");
}

static void test_35c_one_hot(void)
{
    struct bank bank = fixture_bank();
    struct battery *b = &bank.sum;

    b->charge_enable = b->discharge_enable = false;
    EXPECT_FRAME("pylon-1.2", &bank, "35C#0000");
    b->charge_enable = true;
    EXPECT_FRAME("pylon-1.2", &bank, "35C#8000");
    b->charge_enable = false;
    b->discharge_enable = true;
    EXPECT_FRAME("pylon-1.2", &bank, "35C#4000");
    b->discharge_enable = false;
    b->force_charge = true;
    EXPECT_FRAME("pylon-1.2", &bank, "35C#2000");
    EXPECT_FRAME("yambms-pylon12", &bank, "35C#1000000000000000");
    EXPECT_FRAME("victron", &bank, "360#FF00000000000000");
    b->force_charge = false;
    b->full_charge_request = true;
    EXPECT_FRAME("pylon-1.2", &bank, "35C#0800");
    EXPECT_FRAME("victron", &bank, "360#0000000000000000");
    b->known &= ~(uint32_t)FIELD_REQUESTS;
    b->charge_enable = true;
    EXPECT_FRAME("pylon-1.2", &bank, "35C#8000");
    EXPECT_ABSENT("victron", &bank, 0x360);
}

/* What the bank says when nothing is online must reach the inverter as it is. */
static void test_stale_bank(void)
{
    struct bank bank = fixture_bank();

    bank.life = BANK_STALE;
    bank.online = 0;
    bank.held = 4;
    bank.lost = 0;
    bank.sum.ccl_ma = bank.sum.dcl_ma = 0;
    bank.sum.charge_enable = bank.sum.discharge_enable = false;
    bank.sum.warnings = bank.sum.protections = COND_BIT(COND_COMMUNICATION_LOSS);
    EXPECT_FRAME("pylon-1.2", &bank, "351#140200000000C201");
    EXPECT_FRAME("pylon-1.2", &bank, "359#0000000800504E");
    EXPECT_FRAME("pylon-1.2", &bank, "35C#0000");
    EXPECT_FRAME("victron", &bank, "35A#AAAA6A02AAAA6A06");
    EXPECT_FRAME("victron", &bank, "372#0000000000000400");
}

static void test_module_counts(void)
{
    struct bank bank = fixture_bank();

    bank.configured = 16;
    bank.online = 12;
    bank.held = 1;
    bank.lost = 1;
    bank.blocking_charge = 2;
    bank.blocking_discharge = 3;
    EXPECT_FRAME("pylon-1.2", &bank, "359#000000000C504E");
    EXPECT_FRAME("victron", &bank, "372#0C00020003000400");
    bank.configured = 0;
    EXPECT_FRAME("victron", &bank, "372#0C00020003000200");
    bank.online = 255;
    bank.cells_per_battery = 16;
    EXPECT_FRAME("growatt-lv-1.04", &bank, "312#00000000FF0000FF");
    bank.cells_per_battery = 0;
    EXPECT_FRAME("growatt-lv-1.04", &bank, "312#00000000FF000000");
}

/* ---- numbers at their edges ---- */

struct edge {
    int32_t value;
    const char *want;
};

/* SOC is rounded down, so that only a full battery shows 100 %. */
static void test_soc_is_rounded_down_and_clamped(void)
{
    static const struct edge edges[] = {
        {-5, "355#00006200"},   {0, "355#00006200"},     {9, "355#00006200"},
        {10, "355#01006200"},   {989, "355#62006200"},   {990, "355#63006200"},
        {995, "355#63006200"},  {999, "355#63006200"},   {1000, "355#64006200"},
        {1010, "355#64006200"}, {65535, "355#64006200"},
    };
    struct bank bank = fixture_bank();

    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        bank.sum.soc_pm = edges[i].value;
        EXPECT_FRAME("pylon-1.2", &bank, edges[i].want);
    }
    bank.sum.soc_pm = 999;
    EXPECT_FRAME("victron", &bank, "355#6300620006270000"); /* 99.90 % is 9990 = 0x2706 */
    bank.sum.soc_pm = 1050;
    EXPECT_FRAME("victron", &bank, "355#6400620010270000");
}

static void test_soh_is_rounded_and_clamped(void)
{
    static const struct edge edges[] = {
        {-1, "355#55000000"},   {4, "355#55000000"},   {5, "355#55000100"},
        {984, "355#55006200"},  {985, "355#55006300"}, {1004, "355#55006400"},
        {1300, "355#55006400"},
    };
    struct bank bank = fixture_bank();

    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        bank.sum.soh_pm = edges[i].value;
        EXPECT_FRAME("pylon-1.2", &bank, edges[i].want);
    }
}

/* 0.01 V; 40.01 V is 4001 = 0x0FA1 where float code sends 4000. */
static void test_voltage_edges(void)
{
    static const struct edge edges[] = {
        {40010, "356#A10F84FFEB00"},  {40014, "356#A10F84FFEB00"},   {40015, "356#A20F84FFEB00"},
        {0, "356#000084FFEB00"},      {-15, "356#FEFF84FFEB00"},     {327670, "356#FF7F84FFEB00"},
        {400000, "356#FF7F84FFEB00"}, {-327680, "356#008084FFEB00"}, {-999999, "356#008084FFEB00"},
    };
    struct bank bank = fixture_bank();

    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        bank.sum.pack_mv = edges[i].value;
        EXPECT_FRAME("pylon-1.2", &bank, edges[i].want);
    }
}

/* 0.1 A, two's complement, half away from zero, never wrapped. */
static void test_current_edges(void)
{
    static const struct edge edges[] = {
        {0, "356#03140000EB00"},         {49, "356#03140000EB00"},
        {50, "356#03140100EB00"},        {-49, "356#03140000EB00"},
        {-50, "356#0314FFFFEB00"},       {100, "356#03140100EB00"},
        {-100, "356#0314FFFFEB00"},      {-327680, "356#031433F3EB00"},
        {3276700, "356#0314FF7FEB00"},   {3276750, "356#0314FF7FEB00"},
        {-3276800, "356#03140080EB00"},  {-3276900, "356#03140080EB00"},
        {INT32_MAX, "356#0314FF7FEB00"}, {INT32_MIN, "356#03140080EB00"},
    };
    struct bank bank = fixture_bank();

    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        bank.sum.current_ma = edges[i].value;
        EXPECT_FRAME("pylon-1.2", &bank, edges[i].want);
    }
    /* for SMA 8000 is "invalid", so it stops one step earlier */
    EXPECT_FRAME("sma", &bank, "356#03140180EB00");
}

static void test_limit_edges(void)
{
    static const struct edge edges[] = {
        {-10000, "351#140200007201C201"},    {-1, "351#140200007201C201"},
        {0, "351#140200007201C201"},         {49, "351#140200007201C201"},
        {99, "351#140200007201C201"},        {100, "351#140201007201C201"},
        {14850, "351#140294007201C201"},     {370000, "351#1402740E7201C201"},
        {3276700, "351#1402FF7F7201C201"},   {9999999, "351#1402FF7F7201C201"},
        {INT32_MIN, "351#140200007201C201"},
    };
    struct bank bank = fixture_bank();

    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        bank.sum.ccl_ma = edges[i].value;
        EXPECT_FRAME("pylon-1.2", &bank, edges[i].want);
    }
    bank = fixture_bank();
    bank.sum.dcl_ma = -10000;
    EXPECT_FRAME("pylon-1.2", &bank, "351#140272010000C201");
}

/* A charge voltage of 0 would make a GX discharge the battery: better no frame at all. */
static void test_cvl_is_never_zero(void)
{
    struct bank bank = fixture_bank();
    struct can_msg msgs[PYLON_CAN_MAX_FRAMES];
    size_t n = 77;

    memset(msgs, 0xA5, sizeof msgs);
    for (int32_t mv = -1000; mv < 50; mv += 7) {
        bank.sum.cvl_mv = mv;
        CU_ASSERT_EQUAL(pylon_can_encode(pylon_can_find("victron"), &bank, NULL, msgs, &n),
                        ERR_INCOMPLETE);
    }
    CU_ASSERT_EQUAL(n, 77);
    CU_ASSERT_EQUAL(msgs[0].id, 0xA5A5A5A5);
    bank.sum.cvl_mv = 100;
    EXPECT_FRAME("victron", &bank, "351#010072017201C201");
    bank.sum.cvl_mv = 53250; /* to the safe side: 53.2 V */
    EXPECT_FRAME("victron", &bank, "351#140272017201C201");
    bank.sum.dvl_mv = 45010; /* and the lower limit up: 45.1 V */
    EXPECT_FRAME("victron", &bank, "351#140272017201C301");
    bank.sum.dvl_mv = 45000;
    bank.sum.cvl_mv = 9999999;
    EXPECT_FRAME("victron", &bank, "351#FFFF72017201C201");
    EXPECT_FRAME("sma", &bank, "351#FEFF72017201C201");
}

static void test_temperature_edges(void)
{
    static const struct edge edges[] = {
        {-123, "356#031484FF85FF"},
        {-1, "356#031484FFFFFF"},
        {0, "356#031484FF0000"},
        {600, "356#031484FF5802"},
    };
    struct bank bank = fixture_bank();

    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        bank.sum.temp_dc[0] = (int16_t)edges[i].value;
        EXPECT_FRAME("pylon-1.2", &bank, edges[i].want);
    }
}

/* 373: whole degrees + 273; 2.501 V is 2501 = 0x09C5 where float code sends 2500. */
static void test_cell_frame_edges(void)
{
    struct bank bank = fixture_bank();

    bank.sum.cell_min_mv = 2501;
    bank.sum.cell_max_mv = 3650;
    bank.sum.temp_min_dc = -123;
    bank.sum.temp_max_dc = 118;
    EXPECT_FRAME("victron", &bank, "373#C509420E05011C01");
    bank.sum.temp_min_dc = -9;
    bank.sum.temp_max_dc = 0;
    EXPECT_FRAME("victron", &bank, "373#C509420E11011101");
}

/* 379 and 35F in Ah: 65534 at most, half an Ah counts as one. */
static void test_capacity_edges(void)
{
    struct bank bank = fixture_bank();

    bank.sum.full_mah = 99500;
    EXPECT_FRAME("victron", &bank, "379#6400000000000000");
    bank.sum.full_mah = 1000000;
    EXPECT_FRAME("victron", &bank, "379#E803000000000000");
    bank.sum.full_mah = INT32_MAX;
    EXPECT_FRAME("sma", &bank, "35F#00000000FEFF0000");
    bank.sum.remaining_mah = -5;
    EXPECT_FRAME("victron", &bank, "35F#0000000000000000");
}

/* ---- names and places ---- */

static void test_maker(void)
{
    struct bank bank = fixture_bank();
    char out[40];

    CU_ASSERT_STRING_EQUAL(fixture_frame("pylon-1.2", &bank, "PYLONDIY", 0x35E, out),
                           "35E#50594C4F4E444959");
    CU_ASSERT_STRING_EQUAL(fixture_frame("pylon-1.2", &bank, "PYLONTECHNOLOGY", 0x35E, out),
                           "35E#50594C4F4E544543");
    CU_ASSERT_STRING_EQUAL(fixture_frame("pylon-1.2", &bank, "A\xC3\xA9\x01", 0x35E, out),
                           "35E#413F3F3F20202020");
    CU_ASSERT_STRING_EQUAL(fixture_frame("pylon-1.2", &bank, "", 0x35E, out),
                           "35E#2020202020202020");
    CU_ASSERT_STRING_EQUAL(fixture_frame("victron", &bank, "BYD", 0x35E, out),
                           "35E#4259440000000000");
    CU_ASSERT_STRING_EQUAL(fixture_frame("victron-pytes", &bank, NULL, 0x35E, out),
                           "35E#5059544553");
}

static void test_places(void)
{
    struct bank bank = fixture_bank();

    bank.cell_min = (struct bank_place){16, 32};
    EXPECT_FRAME("victron", &bank, "374#3136333200000000");
    bank.cell_min = (struct bank_place){1, 0};
    EXPECT_ABSENT("victron", &bank, 0x374);
    EXPECT_ABSENT("pylon-2.0.6", &bank, 0x371);
    bank.cell_min = (struct bank_place){1, 100};
    EXPECT_ABSENT("victron", &bank, 0x374);
    bank.cell_min = (struct bank_place){100, 1};
    EXPECT_ABSENT("victron", &bank, 0x374);
}

/* ---- what the bank does not know ---- */

static void expect_incomplete(const char *dialect, uint32_t field)
{
    struct bank bank = fixture_bank();
    char out[40];

    bank.sum.known &= ~field;
    fixture_frame(dialect, &bank, NULL, 0x351, out);
    CU_ASSERT_STRING_EQUAL(out, "error 10"); /* ERR_INCOMPLETE */
}

static void test_without_core_fields_nothing_is_sent(void)
{
    static const uint32_t core[] = {FIELD_PACK_MV, FIELD_CURRENT_MA, FIELD_SOC_PM,
                                    FIELD_CVL,     FIELD_CCL,        FIELD_DCL};

    CU_ASSERT_EQUAL(ERR_INCOMPLETE, 10);
    for (size_t i = 0; i < sizeof core / sizeof core[0]; i++) {
        for (const char *const *name = pylon_can_names(); *name != NULL; name++) {
            expect_incomplete(*name, core[i]);
        }
    }
    expect_incomplete("pylon-1.2", FIELD_TEMPS | FIELD_TEMP_MIN_MAX);
    expect_incomplete("luxpower-04", FIELD_CELL_MIN_MAX);
}

/* A sensor that is missing must not become 0.0 C, -150.0 C or 0 K. */
static void test_without_temperature(void)
{
    struct bank bank = fixture_bank();

    bank.sum.known &= ~(uint32_t)(FIELD_TEMPS | FIELD_TEMP_MIN_MAX);
    EXPECT_FRAME("sma", &bank, "356#031484FF0080");
    bank = fixture_bank();
    bank.sum.known &= ~(uint32_t)FIELD_TEMPS;
    EXPECT_FRAME("pylon-1.2", &bank, "356#031484FFEB00"); /* (22.1 + 24.8) / 2 = 23.45 */
    bank = fixture_bank();
    bank.sum.known &= ~(uint32_t)FIELD_TEMP_MIN_MAX;
    EXPECT_ABSENT("victron", &bank, 0x373);
    EXPECT_ABSENT("pylon-2.0.6", &bank, 0x370);
}

static void test_without_optional_fields(void)
{
    struct bank bank = fixture_bank();

    bank.sum.known &= ~(uint32_t)(FIELD_DVL | FIELD_SOH_PM | FIELD_FULL_MAH | FIELD_REMAINING_MAH |
                                  FIELD_CYCLES | FIELD_MODEL | FIELD_SERIAL | FIELD_ENABLES);
    EXPECT_FRAME("pylon-1.2", &bank, "351#1402720172010000");
    EXPECT_FRAME("pylon-1.2", &bank, "355#55006400"); /* SOH 100: what inverters assume */
    EXPECT_ABSENT("pylon-1.2", &bank, 0x35C);
    EXPECT_FRAME("sma", &bank, "351#140272017201FFFF");
    EXPECT_FRAME("sma", &bank, "355#5500FFFF5221");
    EXPECT_FRAME("sma", &bank, "35F#00000000FFFF0000");
    EXPECT_FRAME("luxpower-04", &bank, "359#0000000003000000");
    EXPECT_ABSENT("pylon-1.3", &bank, 0x35F);
    EXPECT_ABSENT("victron", &bank, 0x35F);
    EXPECT_ABSENT("victron", &bank, 0x370);
    EXPECT_ABSENT("victron", &bank, 0x379);
    EXPECT_ABSENT("victron", &bank, 0x381);
}

/* "No alarm" is only said by who knows, where there is a word for it; a known half stays visible.
 */
static void test_without_alarm_sets(void)
{
    struct bank bank = fixture_bank();
    uint32_t both = FIELD_PROTECTIONS | FIELD_WARNINGS;

    bank.sum.protections = bank.sum.warnings = COND_BIT(COND_CELL_OVERVOLTAGE);
    bank.sum.known &= ~(uint32_t)FIELD_PROTECTIONS;
    EXPECT_FRAME("pylon-1.2", &bank, "359#0000020003504E");
    EXPECT_FRAME("victron", &bank, "35A#00000000A6AAAA0A");
    bank.sum.known = (bank.sum.known | both) & ~(uint32_t)FIELD_WARNINGS;
    EXPECT_FRAME("pylon-1.2", &bank, "359#0200000003504E");
    EXPECT_FRAME("victron", &bank, "35A#A6AAAA0200000000");
    bank.sum.known &= ~both; /* the frames are there, but claim nothing */
    EXPECT_FRAME("pylon-1.2", &bank, "359#0000000003504E");
    EXPECT_FRAME("victron", &bank, "35A#0000000000000000");
    EXPECT_FRAME("sma", &bank, "35A#0000000000000000");
}

/* A condition that was raised is told among unknown ones, and so is its end. */
static void test_told_among_unknown(void)
{
    struct bank bank = fixture_bank();

    bank.sum.known &= ~(uint32_t)(FIELD_PROTECTIONS | FIELD_WARNINGS);
    bank.sum.told = COND_BIT(COND_CELL_OVERVOLTAGE);
    bank.sum.protections = bank.sum.warnings =
        COND_BIT(COND_CELL_OVERVOLTAGE) | COND_BIT(COND_IMBALANCE);
    EXPECT_FRAME("pylon-1.2", &bank, "359#0200020003504E");
    EXPECT_FRAME("victron", &bank, "35A#0400000004000000");
    EXPECT_FRAME("sma", &bank, "35A#0400000004000000");
    bank.sum.protections = bank.sum.warnings = 0;
    EXPECT_FRAME("pylon-1.2", &bank, "359#0000000003504E");
    EXPECT_FRAME("victron", &bank, "35A#0800000008000000");
    EXPECT_FRAME("sma", &bank, "35A#0800000008000000");
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"whole sets of the Pylontech family", test_pylon_sets},
        {"whole sets of Victron and SMA", test_victron_and_sma_sets},
        {"whole sets of the prepared dialects", test_prepared_sets},
        {"359: one condition at a time", test_359_one_hot},
        {"35A of Victron: one condition at a time", test_35a_victron_one_hot},
        {"35A of SMA: one condition at a time", test_35a_sma_one_hot},
        {"35A of V1.3 is all zero in health", test_35a_in_1_3_is_zero_in_health},
        {"359 of YamBMS deviates as it does", test_359_of_yambms},
        {"35C and 360: one request at a time", test_35c_one_hot},
        {"a stale bank is sent as it is", test_stale_bank},
        {"module counts", test_module_counts},
        {"SOC is rounded down and clamped", test_soc_is_rounded_down_and_clamped},
        {"SOH is rounded and clamped", test_soh_is_rounded_and_clamped},
        {"voltage at its edges", test_voltage_edges},
        {"current at its edges", test_current_edges},
        {"limits at their edges", test_limit_edges},
        {"a charge voltage of 0 is never sent", test_cvl_is_never_zero},
        {"temperature at its edges", test_temperature_edges},
        {"cell frame at its edges", test_cell_frame_edges},
        {"capacities at their edges", test_capacity_edges},
        {"the maker's name is padded, cut and cleaned", test_maker},
        {"places as text", test_places},
        {"without a core field nothing is sent", test_without_core_fields_nothing_is_sent},
        {"without a temperature none is invented", test_without_temperature},
        {"without optional fields", test_without_optional_fields},
        {"without alarm sets no health is claimed", test_without_alarm_sets},
        {"what was raised is told among unknown", test_told_among_unknown},
        {0},
    };
    return testing_main(argc, argv, "pylon_can_encode", cases);
}
