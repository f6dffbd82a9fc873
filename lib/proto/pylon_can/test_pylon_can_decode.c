/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames to bank: worked examples, every bit, every length, every damaged bit, what a sender leaves
 * out and what it must not say.
 */
#include "proto/pylon_can/test_pylon_can_fixture.h"

#define C(condition) COND_BIT(COND_##condition)

static struct decoded take(const char *dialect, struct bank *bank, const char *frame)
{
    struct can_msg msg = fixture_msg(frame);

    return pylon_can_decode(pylon_can_find(dialect), &msg, bank);
}

static void take_all(const char *dialect, struct bank *bank, const char *const *frames)
{
    for (size_t i = 0; frames[i] != NULL; i++) {
        struct decoded verdict = take(dialect, bank, frames[i]);

        if (verdict.code != ERR_OK) {
            TESTING_FAIL("%s: %s is refused: %s at %u", dialect, frames[i], err_text(verdict.code),
                         (unsigned)verdict.offset);
        }
    }
}

static struct bank empty_bank(void)
{
    struct bank bank;

    memset(&bank, 0, sizeof bank);
    return bank;
}

/* ---- worked examples ---- */

/* Healthy US5000 stack of 6 modules, V1.2 (specification, section 1). */
static void test_healthy_cycle_1_2(void)
{
    static const char *const frames[] = {"359#0000000006504E",
                                         "351#1402C012C012C201",
                                         "355#58005E00",
                                         "356#7A13F2FE6B01",
                                         "35C#C000",
                                         "35E#50594C4F4E202020",
                                         NULL};
    struct bank bank = empty_bank();
    const struct battery *b = &bank.sum;

    take_all("pylon-1.2", &bank, frames);
    CU_ASSERT_EQUAL(b->cvl_mv, 53200);
    CU_ASSERT_EQUAL(b->ccl_ma, 480000);
    CU_ASSERT_EQUAL(b->dcl_ma, 480000);
    CU_ASSERT_EQUAL(b->dvl_mv, 45000);
    CU_ASSERT_EQUAL(b->soc_pm, 880);
    CU_ASSERT_EQUAL(b->soh_pm, 940);
    CU_ASSERT_EQUAL(b->pack_mv, 49860);
    CU_ASSERT_EQUAL(b->current_ma, -27000);
    CU_ASSERT_EQUAL(b->temp_dc[0], 363);
    CU_ASSERT_EQUAL(bank.online, 6);
    CU_ASSERT_TRUE(b->charge_enable && b->discharge_enable);
    CU_ASSERT_FALSE(b->force_charge || b->full_charge_request);
    CU_ASSERT_EQUAL(b->protections | b->warnings, 0);
    CU_ASSERT_STRING_EQUAL(b->maker, "PYLON");
    CU_ASSERT_EQUAL(b->known, FIELD_CVL | FIELD_CCL | FIELD_DCL | FIELD_DVL | FIELD_SOC_PM |
                                  FIELD_SOH_PM | FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_TEMPS |
                                  FIELD_PROTECTIONS | FIELD_WARNINGS | FIELD_ENABLES |
                                  FIELD_REQUESTS | FIELD_MAKER);
}

/* Golden frames of the specification with all cell frames. */
static void test_full_set_2_0_6(void)
{
    static const char *const frames[] = {"351#140272017201C201", "355#5500620000000000",
                                         "356#031484FFEB000000", "359#0000000003504E00",
                                         "35C#C000000000000000", "35E#50594C4F4E202020",
                                         "35F#000002042C010000", "370#F800DD008F0C7E0C",
                                         "371#0401020209020402", "372#0300000000000100",
                                         "374#3032303400000000", "375#3032303900000000",
                                         "376#3032303200000000", "377#3031303400000000",
                                         "379#2C01000000000000", NULL};
    struct bank bank = empty_bank();

    take_all("pylon-2.0.6", &bank, frames);
    CU_ASSERT_EQUAL(bank.sum.temp_max_dc, 248);
    CU_ASSERT_EQUAL(bank.sum.temp_min_dc, 221);
    CU_ASSERT_EQUAL(bank.sum.cell_max_mv, 3215);
    CU_ASSERT_EQUAL(bank.sum.cell_min_mv, 3198);
    CU_ASSERT_EQUAL(bank.sum.full_mah, 300000);
    CU_ASSERT_EQUAL(bank.online, 3);
    CU_ASSERT_EQUAL(bank.lost, 1);
    CU_ASSERT(bank.cell_min.battery == 2 && bank.cell_min.place == 4);
    CU_ASSERT(bank.cell_max.battery == 2 && bank.cell_max.place == 9);
    CU_ASSERT(bank.temp_min.battery == 2 && bank.temp_min.place == 2);
    CU_ASSERT(bank.temp_max.battery == 1 && bank.temp_max.place == 4);
    /* 373 says whole degrees, 295 K is 22 C: less than 370 said */
    CU_ASSERT_EQUAL(take("pylon-2.0.6", &bank, "373#7E0C8F0C27012901").code, ERR_OK);
    CU_ASSERT_EQUAL(bank.sum.temp_min_dc, 221);
    CU_ASSERT_EQUAL(take("victron", &bank, "373#7E0C8F0C27012901").code, ERR_OK);
    CU_ASSERT_EQUAL(bank.sum.temp_min_dc, 220);
    CU_ASSERT_EQUAL(bank.sum.temp_max_dc, 240);
}

static void test_victron_texts_and_counts(void)
{
    static const char *const frames[] = {
        "35F#00000204FF000000", "360#FF00000000000000", "370#4558414D504C4520",
        "371#4241545445525900", "372#0300020001000100", "378#400800002B070000",
        "379#2C01000000000000", "380#534E313233343536", "381#3738393000000000",
        "382#5052454D49554D00", "35B#0000000000000000", NULL};
    struct bank bank = empty_bank();

    take_all("victron", &bank, frames);
    CU_ASSERT_EQUAL(bank.sum.remaining_mah, 255000);
    CU_ASSERT_EQUAL(bank.sum.full_mah, 300000);
    CU_ASSERT_TRUE(bank.sum.force_charge);
    CU_ASSERT_STRING_EQUAL(bank.sum.model, "EXAMPLE BATTERY");
    CU_ASSERT_STRING_EQUAL(bank.sum.serial, "SN1234567890");
    CU_ASSERT_EQUAL(bank.blocking_charge, 2);
    CU_ASSERT_EQUAL(bank.blocking_discharge, 1);
}

static void test_growatt_is_big_endian(void)
{
    static const char *const frames[] = {"311#023001F401F40062",
                                         "312#0000000001AABB10",
                                         "313#1450006400FA5561",
                                         "314#23282710000A0014",
                                         "319#C00CE40CDA010200",
                                         "320#4245010100000000",
                                         NULL};
    struct bank bank = empty_bank();

    take_all("growatt-lv-1.04", &bank, frames);
    CU_ASSERT_EQUAL(bank.sum.cvl_mv, 56000);
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 50000);
    CU_ASSERT_EQUAL(bank.sum.pack_mv, 52000);
    CU_ASSERT_EQUAL(bank.sum.current_ma, 10000);
    CU_ASSERT_EQUAL(bank.sum.soc_pm, 850);
    CU_ASSERT_EQUAL(bank.sum.soh_pm, 970);
    CU_ASSERT_EQUAL(bank.sum.remaining_mah, 90000);
    CU_ASSERT_EQUAL(bank.sum.full_mah, 100000);
    CU_ASSERT_EQUAL(bank.sum.cycles, 20);
    CU_ASSERT_EQUAL(bank.sum.cell_max_mv, 3300);
    CU_ASSERT_EQUAL(bank.sum.cell_min_mv, 3290);
    CU_ASSERT_EQUAL(bank.cell_min.place, 2);
    CU_ASSERT_TRUE(bank.sum.charge_enable && bank.sum.discharge_enable);
}

/* ---- one bit at a time ---- */

struct bit_case {
    const char *frame;
    uint32_t protections;
    uint32_t warnings;
};

static void test_359_one_hot(void)
{
    static const struct bit_case cases[] = {
        {"359#8000000003504E", C(DISCHARGE_OVERCURRENT), 0},
        {"359#1000000003504E", C(CHARGE_UNDERTEMPERATURE) | C(DISCHARGE_UNDERTEMPERATURE), 0},
        {"359#0800000003504E", C(CHARGE_OVERTEMPERATURE) | C(DISCHARGE_OVERTEMPERATURE), 0},
        {"359#0400000003504E", C(CELL_UNDERVOLTAGE) | C(PACK_UNDERVOLTAGE), 0},
        {"359#0200000003504E", C(CELL_OVERVOLTAGE) | C(PACK_OVERVOLTAGE), 0},
        {"359#0008000003504E", C(INTERNAL_FAULT), 0},
        {"359#0001000003504E", C(CHARGE_OVERCURRENT), 0},
        {"359#0000800003504E", 0, C(DISCHARGE_OVERCURRENT)},
        {"359#0000100003504E", 0, C(CHARGE_UNDERTEMPERATURE) | C(DISCHARGE_UNDERTEMPERATURE)},
        {"359#0000080003504E", 0, C(CHARGE_OVERTEMPERATURE) | C(DISCHARGE_OVERTEMPERATURE)},
        {"359#0000040003504E", 0, C(CELL_UNDERVOLTAGE) | C(PACK_UNDERVOLTAGE)},
        {"359#0000020003504E", 0, C(CELL_OVERVOLTAGE) | C(PACK_OVERVOLTAGE)},
        {"359#0000000803504E", 0, C(COMMUNICATION_LOSS)},
        {"359#0000000103504E", 0, C(CHARGE_OVERCURRENT)},
    };
    struct bank bank = empty_bank();

    /* without clearing in between: the frame is a level, not an event */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CU_ASSERT_EQUAL(take("pylon-1.2", &bank, cases[i].frame).code, ERR_OK);
        CU_ASSERT_EQUAL(bank.sum.protections, cases[i].protections);
        CU_ASSERT_EQUAL(bank.sum.warnings, cases[i].warnings);
    }
}

/* The condition each of the 13 pairs is read as, in the order of the table. */
static const uint32_t pair_means[13] = {
    C(UNKNOWN_WORD),
    C(PACK_OVERVOLTAGE),
    C(PACK_UNDERVOLTAGE),
    C(DISCHARGE_OVERTEMPERATURE),
    C(DISCHARGE_UNDERTEMPERATURE),
    C(CHARGE_OVERTEMPERATURE),
    C(CHARGE_UNDERTEMPERATURE),
    C(DISCHARGE_OVERCURRENT),
    C(CHARGE_OVERCURRENT),
    C(UNKNOWN_WORD), /* contactor */
    C(SHORT_CIRCUIT),
    C(INTERNAL_FAULT),
    C(IMBALANCE),
};

/* A frame of pairs where one has another value. */
static struct can_msg pairs_with(const char *base, size_t byte, unsigned pair, unsigned value)
{
    struct can_msg msg = fixture_msg(base);
    unsigned bit = 2 * (pair % 4);

    byte += pair / 4;
    msg.data[byte] = (uint8_t)((msg.data[byte] & ~(3u << bit)) | (value << bit));
    return msg;
}

static void test_35a_one_hot(void)
{
    static const char *const dialects[] = {"victron", "sma", "pylon-1.3"};
    static const char *const healthy[] = {"35A#AAAAAA02AAAAAA0A", "35A#AAAAAA02AAAAAA02",
                                          "35A#0000000000000000"};

    for (size_t d = 0; d < 3; d++) {
        for (unsigned pair = 0; pair < 13; pair++) {
            struct bank bank = empty_bank();
            struct can_msg msg = pairs_with(healthy[d], 0, pair, 1);

            CU_ASSERT_EQUAL(pylon_can_decode(pylon_can_find(dialects[d]), &msg, &bank).code, 0);
            CU_ASSERT_EQUAL(bank.sum.protections, pair_means[pair]);
            CU_ASSERT_EQUAL(bank.sum.warnings, 0);
            msg = pairs_with(healthy[d], 4, pair, 1);
            CU_ASSERT_EQUAL(pylon_can_decode(pylon_can_find(dialects[d]), &msg, &bank).code, 0);
            CU_ASSERT_EQUAL(bank.sum.protections, 0);
            CU_ASSERT_EQUAL(bank.sum.warnings, pair_means[pair]);
        }
    }
}

/* SMA: only 10b clears. Victron: 00b is no alarm. 11b never changes anything. */
static void test_35a_values_by_dialect(void)
{
    struct bank sma = empty_bank();
    struct bank victron = empty_bank();

    take("sma", &sma, "35A#A6AAAA02AAAAAA02");
    take("sma", &sma, "35A#A2AAAA02AAAAAA02");
    CU_ASSERT_EQUAL(sma.sum.protections, C(PACK_OVERVOLTAGE));
    take("sma", &sma, "35A#AEAAAA02AAAAAA02");
    CU_ASSERT_EQUAL(sma.sum.protections, C(PACK_OVERVOLTAGE));
    take("sma", &sma, "35A#AAAAAA02AAAAAA02");
    CU_ASSERT_EQUAL(sma.sum.protections, 0);

    take("victron", &victron, "35A#A6AAAA02AAAAAA0A");
    take("victron", &victron, "35A#AEAAAA02AAAAAA0A");
    CU_ASSERT_EQUAL(victron.sum.protections, C(PACK_OVERVOLTAGE));
    take("victron", &victron, "35A#A2AAAA02AAAAAA0A");
    CU_ASSERT_EQUAL(victron.sum.protections, 0);

    /* general and contactor mean the same: one that is fine must not clear the other's alarm */
    take("sma", &sma, "35A#A9AAAA02AAAAAA02");
    take("sma", &sma, "35A#A8AAAA02AAAAAA02");
    CU_ASSERT_EQUAL(sma.sum.protections, C(UNKNOWN_WORD));
}

/* All pairs 00b: the sender supports none (Pytes), so nothing is known. In V1.3 it is health. */
static void test_35a_unsupported_is_unknown(void)
{
    struct bank bank = empty_bank();

    take("victron", &bank, "35A#0000000000000000");
    CU_ASSERT_EQUAL(bank.sum.known, 0);
    take("victron", &bank, "35A#A8828202AAAAAA02");
    CU_ASSERT_EQUAL(bank.sum.known, FIELD_PROTECTIONS | FIELD_WARNINGS);
    bank = empty_bank();
    take("pylon-1.3", &bank, "35A#0000000000000000");
    CU_ASSERT_EQUAL(bank.sum.known, FIELD_PROTECTIONS | FIELD_WARNINGS);
}

static void test_35c_one_hot(void)
{
    struct bank bank = empty_bank();
    const struct battery *b = &bank.sum;

    take("pylon-1.2", &bank, "35C#8000");
    CU_ASSERT_TRUE(b->charge_enable && !b->discharge_enable && !b->force_charge);
    take("pylon-1.2", &bank, "35C#4000");
    CU_ASSERT_TRUE(!b->charge_enable && b->discharge_enable && !b->force_charge);
    take("pylon-1.2", &bank, "35C#20");
    CU_ASSERT_TRUE(!b->discharge_enable && b->force_charge && !b->full_charge_request);
    take("pylon-1.2", &bank, "35C#1000");
    CU_ASSERT_TRUE(b->force_charge);
    take("pylon-1.2", &bank, "35C#0800");
    CU_ASSERT_TRUE(!b->force_charge && b->full_charge_request);
    take("pylon-1.2", &bank, "35C#0700000000000000");
    CU_ASSERT_TRUE(!b->charge_enable && !b->force_charge && !b->full_charge_request);
}

/* ---- refused frames ---- */

static void test_foreign_frames(void)
{
    struct bank bank = fixture_bank();
    struct bank before;
    struct can_msg msg = fixture_msg("351#140272017201C201");

    memcpy(&before, &bank, sizeof bank);
    msg.extended = true;
    CU_ASSERT_EQUAL(pylon_can_decode(pylon_can_find("pylon-1.2"), &msg, &bank).code, ERR_NOT_FOUND);
    msg.extended = false;
    msg.remote = true;
    CU_ASSERT_EQUAL(pylon_can_decode(pylon_can_find("pylon-1.2"), &msg, &bank).code, ERR_NOT_FOUND);
    msg.remote = false;
    msg.error = true;
    CU_ASSERT_EQUAL(pylon_can_decode(pylon_can_find("pylon-1.2"), &msg, &bank).code, ERR_NOT_FOUND);
    msg.error = false;
    msg.dlc = 9;
    CU_ASSERT_EQUAL(pylon_can_decode(pylon_can_find("pylon-1.2"), &msg, &bank).code, ERR_LAYOUT);
    msg.dlc = 255;
    CU_ASSERT_EQUAL(pylon_can_decode(pylon_can_find("pylon-1.2"), &msg, &bank).code, ERR_LAYOUT);
    CU_ASSERT_EQUAL(take("pylon-1.2", &bank, "35A#AAAAAA02AAAAAA02").code, ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(take("pylon-1.2", &bank, "305#0000000000000000").code, ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(take("pylon-1.3", &bank, "359#0000000003504E").code, ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(memcmp(&before, &bank, sizeof bank), 0);
}

struct length_case {
    const char *dialect;
    const char *frame; /* 8 bytes */
    uint16_t accepted; /* bit n: n bytes are taken */
};

/* What real senders use: old US2000 351 with 6 bytes, clones 8 everywhere, Pytes short ones. */
static const struct length_case length_cases[] = {
    {"pylon-1.2", "351#140272017201C201", 1 << 6 | 1 << 8},
    {"pylon-1.2", "355#5500620000000000", 1 << 4 | 1 << 6 | 1 << 8},
    {"pylon-1.2", "356#031484FFEB000000", 1 << 6 | 1 << 8},
    {"pylon-1.2", "359#0000000003504E00", 1 << 7 | 1 << 8},
    {"pylon-1.2", "35C#C000000000000000", 1 << 1 | 1 << 2 | 1 << 8},
    {"pylon-1.2", "35E#50594C4F4E202020", 1 << 8},
    {"pylon-1.3", "351#140272017201C201", 1 << 8},
    {"pylon-1.3", "355#5500620000000000", 1 << 6 | 1 << 8},
    {"pylon-1.3", "35A#0000000000000000", 1 << 8},
    {"pylon-1.3", "35F#4C4901032C01AA00", 1 << 8},
    {"pylon-2.0.6", "373#7E0C8F0C27012901", 1 << 8},
    {"victron", "35E#5059544553000000", 1 << 5 | 1 << 8},
    {"victron", "35F#00000204FF000000", 1 << 6 | 1 << 8},
    {"victron", "360#FF00000000000000", 1 << 1 | 1 << 8},
    {"victron", "379#2C01000000000000", 1 << 2 | 1 << 8},
    {"victron", "374#3032303400000000", 1 << 8},
    {"sma", "355#5500620059210000", 1 << 6 | 1 << 8},
    {"sma", "00F#0000000000000000", 1 << 0},
    {"sma", "35B#0000000000000000", 1 << 1 | 1 << 8},
};

static void check_length(const struct length_case *c, uint8_t dlc)
{
    struct bank bank = fixture_bank();
    struct bank before;
    struct can_msg msg = fixture_msg(c->frame);
    bool shorter_than_all = ((unsigned)c->accepted & ((2u << dlc) - 1u)) == 0;

    memcpy(&before, &bank, sizeof bank);
    msg.dlc = dlc;
    struct decoded verdict = pylon_can_decode(pylon_can_find(c->dialect), &msg, &bank);
    if (((c->accepted >> dlc) & 1) != 0) {
        CU_ASSERT_EQUAL(verdict.code, ERR_OK);
        return;
    }
    if (verdict.code != (shorter_than_all ? ERR_SHORT : ERR_LAYOUT)) {
        TESTING_FAIL("%s %s with %u bytes: %s", c->dialect, c->frame, (unsigned)dlc,
                     err_text(verdict.code));
    }
    CU_ASSERT_EQUAL(verdict.offset, dlc);
    CU_ASSERT_EQUAL(memcmp(&before, &bank, sizeof bank), 0);
}

static void test_every_length(void)
{
    for (size_t i = 0; i < sizeof length_cases / sizeof length_cases[0]; i++) {
        for (uint8_t dlc = 0; dlc <= 8; dlc++) {
            check_length(&length_cases[i], dlc);
        }
    }
}

/* A field that the frame does not carry is not provided: it must not live on from earlier frames.
 */
static void test_short_frames_make_fields_unknown(void)
{
    struct bank bank = fixture_bank();

    CU_ASSERT_EQUAL(take("pylon-1.2", &bank, "351#1402E803E803").code, ERR_OK);
    CU_ASSERT_EQUAL(bank.sum.known, FIXTURE_ALL_FIELDS & ~FIELD_DVL);
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 100000);
    CU_ASSERT_EQUAL(take("pylon-1.2", &bank, "351#140272017201C201").code, ERR_OK);
    CU_ASSERT_EQUAL(bank.sum.known, FIXTURE_ALL_FIELDS);
    CU_ASSERT_EQUAL(take("victron", &bank, "355#55006200").code, ERR_OK);
    CU_ASSERT_EQUAL(bank.sum.soc_pm, 850);
    CU_ASSERT_EQUAL(bank.sum.known, FIXTURE_ALL_FIELDS);
}

/* ---- values no battery can have ---- */

struct range_case {
    const char *dialect;
    const char *frame;
    enum err code;
    uint32_t offset;
    uint32_t lost; /* FIELD bits that become unknown */
};

static void test_values_out_of_range(void)
{
    static const struct range_case cases[] = {
        {"pylon-1.2", "351#8F0172017201C201", ERR_RANGE, 0, FIELD_CVL}, /* 39.9 V */
        {"pylon-1.2", "351#770272017201C201", ERR_RANGE, 0, FIELD_CVL}, /* 63.1 V */
        {"pylon-1.2", "351#000072017201C201", ERR_RANGE, 0, FIELD_CVL},
        {"pylon-1.2", "351#1402FFFF7201C201", ERR_RANGE, 2, FIELD_CCL}, /* -0.1 A */
        {"pylon-1.2", "351#1402E12E7201C201", ERR_RANGE, 2, FIELD_CCL}, /* 1200.1 A */
        {"pylon-1.2", "351#140272019CFFC201", ERR_RANGE, 4, FIELD_DCL}, /* -10.0 A */
        {"pylon-1.2", "351#1402720172013F02", ERR_RANGE, 6, FIELD_DVL}, /* 57.5 V */
        {"pylon-1.2", "351#1402720172010000", ERR_OK, 0, FIELD_DVL},    /* left blank */
        {"pylon-1.2", "351#0000FFFF9CFF3F02", ERR_RANGE, 0,
         FIELD_CVL | FIELD_CCL | FIELD_DCL | FIELD_DVL},
        {"pylon-1.2", "355#65006200", ERR_RANGE, 0, FIELD_SOC_PM}, /* 101 % */
        {"pylon-1.2", "355#FFFF6200", ERR_RANGE, 0, FIELD_SOC_PM},
        {"pylon-1.2", "355#5500FFFF", ERR_RANGE, 2, FIELD_SOH_PM},
        {"pylon-1.2", "356#0F0E84FFEB00", ERR_RANGE, 0, FIELD_PACK_MV}, /* 35.99 V */
        {"pylon-1.2", "356#0A0211FFBE00", ERR_RANGE, 0, FIELD_PACK_MV}, /* 0.1 V sender */
        {"pylon-1.2", "356#03140080EB00", ERR_RANGE, 2, FIELD_CURRENT_MA},
        {"pylon-1.2", "356#031484FF24FA", ERR_RANGE, 4, FIELD_TEMPS}, /* -150.0 C */
        {"pylon-1.2", "356#031484FF0405", ERR_RANGE, 4, FIELD_TEMPS}, /* 128.4 C */
        {"pylon-1.2", "359#0000000000504E", ERR_RANGE, 4, 0},
        {"victron", "373#00008F0C27012901", ERR_RANGE, 0, FIELD_CELL_MIN_MAX},
        {"victron", "373#7E0C810C00002901", ERR_RANGE, 4, FIELD_TEMP_MIN_MAX},
        {"victron", "372#0001000000000000", ERR_RANGE, 0, 0}, /* 256 modules */
        {"victron", "379#0000000000000000", ERR_RANGE, 0, FIELD_FULL_MAH},
        {"seplos-1.0", "371#0400000109000400", ERR_RANGE, 2, 0},
        {"victron", "355#6400620059210000", ERR_IMPLAUSIBLE, 4, 0}, /* 100 % and 85.37 % */
        {"victron", "355#640062001A270000", ERR_RANGE, 4, 0},       /* 100.10 % */
        {"victron", "355#6500620010270000", ERR_RANGE, 0, FIELD_SOC_PM},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bank bank = fixture_bank();

        struct decoded verdict = take(cases[i].dialect, &bank, cases[i].frame);
        uint32_t lost = FIXTURE_ALL_FIELDS & ~bank.sum.known;
        if (verdict.code != cases[i].code || verdict.offset != cases[i].offset ||
            lost != cases[i].lost) {
            TESTING_FAIL("%s %s: %s at %u, lost %x", cases[i].dialect, cases[i].frame,
                         err_text(verdict.code), (unsigned)verdict.offset, (unsigned)lost);
        }
    }
}

/* The good fields of a frame with a bad one are taken, the bad one keeps its old value. */
static void test_good_fields_beside_a_bad_one(void)
{
    struct bank bank = fixture_bank();

    CU_ASSERT_EQUAL(take("pylon-1.2", &bank, "351#440264009CFFC201").code, ERR_RANGE);
    CU_ASSERT_EQUAL(bank.sum.cvl_mv, 58000);
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 10000);
    CU_ASSERT_EQUAL(bank.sum.dcl_ma, 37000);
    CU_ASSERT_FALSE(battery_knows(&bank.sum, FIELD_DCL));
    CU_ASSERT_EQUAL(bank.sum.dvl_mv, 45000);
}

static void test_hires_soc(void)
{
    struct bank bank = empty_bank();

    take("victron", &bank, "355#5500620059210000");
    CU_ASSERT_EQUAL(bank.sum.soc_pm, 853); /* 85.37 % is not yet 85.4 % */
    take("victron", &bank, "355#1E00640000000000");
    CU_ASSERT_EQUAL(bank.sum.soc_pm, 300); /* 0: not provided */
    take("victron", &bank, "355#1E006400FFFF0000");
    CU_ASSERT_EQUAL(bank.sum.soc_pm, 300);
    take("victron", &bank, "355#640062000F270000");
    CU_ASSERT_EQUAL(bank.sum.soc_pm, 999);
    take("victron", &bank, "355#0000620000000000");
    CU_ASSERT_EQUAL(bank.sum.soc_pm, 0);
    take("yambms-pylon12", &bank, "355#550062005921F609");
    CU_ASSERT_EQUAL(bank.sum.soc_pm, 853);
    CU_ASSERT_EQUAL(bank.sum.remaining_mah, 255000);
}

static void test_sma_markers(void)
{
    struct bank bank = fixture_bank();

    CU_ASSERT_EQUAL(take("sma", &bank, "351#FFFF00800080FFFF").code, ERR_OK);
    CU_ASSERT_EQUAL(take("sma", &bank, "355#FFFFFFFFFFFF").code, ERR_OK);
    CU_ASSERT_EQUAL(take("sma", &bank, "356#008000800080").code, ERR_OK);
    CU_ASSERT_EQUAL(take("sma", &bank, "35F#00000000FFFF0000").code, ERR_OK);
    CU_ASSERT_EQUAL(bank.sum.known,
                    FIXTURE_ALL_FIELDS & ~(FIELD_CVL | FIELD_CCL | FIELD_DCL | FIELD_DVL |
                                           FIELD_SOC_PM | FIELD_SOH_PM | FIELD_PACK_MV |
                                           FIELD_CURRENT_MA | FIELD_TEMPS | FIELD_FULL_MAH));
    CU_ASSERT_EQUAL(bank.sum.cvl_mv, 53200);
}

/* ---- texts ---- */

static void test_texts(void)
{
    struct bank bank = empty_bank();

    memset(bank.sum.maker, 'x', sizeof bank.sum.maker - 1);
    take("victron", &bank, "35E#45434F2D4C465034");
    CU_ASSERT_STRING_EQUAL(bank.sum.maker, "ECO-LFP4");
    take("victron", &bank, "35E#5059544553");
    CU_ASSERT_STRING_EQUAL(bank.sum.maker, "PYTES");
    take("victron", &bank, "35E#FF4100AA00000000");
    CU_ASSERT_STRING_EQUAL(bank.sum.maker, "?A");
    take("pylon-1.2", &bank, "35E#2020202020202020");
    CU_ASSERT_STRING_EQUAL(bank.sum.maker, "");
}

struct place_case {
    const char *frame;
    uint8_t battery;
    uint8_t place;
};

static void test_places(void)
{
    static const struct place_case cases[] = {
        {"374#3032303400000000", 2, 4}, {"374#3136333200000000", 16, 32},
        {"374#3032303420202020", 2, 4}, {"374#3400000000000000", 0, 0},
        {"374#3032303435000000", 0, 0}, {"374#5061636B2D303123", 0, 0},
        {"374#0000000000000000", 0, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bank bank = fixture_bank();

        CU_ASSERT_EQUAL(take("victron", &bank, cases[i].frame).code, ERR_OK);
        CU_ASSERT_EQUAL(bank.cell_min.battery, cases[i].battery);
        CU_ASSERT_EQUAL(bank.cell_min.place, cases[i].place);
    }
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"a healthy cycle of V1.2", test_healthy_cycle_1_2},
        {"the whole set of V2.0.6", test_full_set_2_0_6},
        {"texts and counts of Victron", test_victron_texts_and_counts},
        {"Growatt is big endian", test_growatt_is_big_endian},
        {"359: every bit", test_359_one_hot},
        {"35A: every pair", test_35a_one_hot},
        {"35A: what 00b, 10b and 11b mean", test_35a_values_by_dialect},
        {"35A: a set nobody supports is unknown", test_35a_unsupported_is_unknown},
        {"35C: every bit", test_35c_one_hot},
        {"foreign frames leave the bank alone", test_foreign_frames},
        {"every length is taken or refused", test_every_length},
        {"what a frame does not carry is unknown", test_short_frames_make_fields_unknown},
        {"values out of range", test_values_out_of_range},
        {"good fields beside a bad one", test_good_fields_beside_a_bad_one},
        {"hi-res SOC", test_hires_soc},
        {"SMA's markers for invalid", test_sma_markers},
        {"texts", test_texts},
        {"places", test_places},
        {0},
    };
    return testing_main(argc, argv, "pylon_can_decode", cases);
}
