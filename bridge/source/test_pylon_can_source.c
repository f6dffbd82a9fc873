/* SPDX-License-Identifier: Apache-2.0
 *
 * What the source makes of the frames it hears: whole sets, sets with holes, lengths, foreign
 * frames. Frames are those of the captures in docs/protocols/pylon-can.md.
 */
#include <string.h>

#include "bridge/source/test_pylon_can_rig.h"

enum { NEEDED = 5 };
/* The healthy set of capture 01, the frames that a reading needs first. */
static const char *const frames[] = {
    "359#0000000006504E", "351#1402C012C012C201", "355#58005E00", "356#7A13F2FE6B01",
    "35C#C000",           "35E#50594C4F4E202020",
};
static const char *const ids[] = {"359", "351", "355", "356", "35C"};

/* All needed frames but one. */
static void send_without(struct can_rig *rig, uint64_t ms, size_t missing)
{
    for (size_t i = 0; i < NEEDED; i++) {
        if (i != missing)
            rig_frames(rig, ms, frames[i]);
    }
}

static void test_whole_set(void)
{
    struct can_rig rig;

    rig_open(&rig, "pylon-1.2");
    rig_frames(&rig, 1500, rig_healthy);
    CU_ASSERT(rig.published > 0);
    const struct battery *b = &rig.battery;
    CU_ASSERT_EQUAL(b->known, FIELD_CVL | FIELD_DVL | FIELD_CCL | FIELD_DCL | FIELD_SOC_PM |
                                  FIELD_SOH_PM | FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_TEMPS |
                                  FIELD_PROTECTIONS | FIELD_WARNINGS | FIELD_ENABLES |
                                  FIELD_REQUESTS | FIELD_MAKER);
    CU_ASSERT_EQUAL(b->cvl_mv, 53200);
    CU_ASSERT_EQUAL(b->dvl_mv, 45000);
    CU_ASSERT_EQUAL(b->ccl_ma, 480000);
    CU_ASSERT_EQUAL(b->dcl_ma, 480000);
    CU_ASSERT_EQUAL(b->soc_pm, 880);
    CU_ASSERT_EQUAL(b->soh_pm, 940);
    CU_ASSERT_EQUAL(b->pack_mv, 49860);
    CU_ASSERT_EQUAL(b->current_ma, -27000);
    CU_ASSERT_EQUAL(b->temp_dc[0], 363);
    CU_ASSERT_EQUAL(b->temp_count, 1);
    CU_ASSERT_EQUAL(b->protections | b->warnings, 0);
    CU_ASSERT_TRUE(b->charge_enable && b->discharge_enable);
    CU_ASSERT_FALSE(b->force_charge || b->full_charge_request);
    CU_ASSERT_STRING_EQUAL(b->maker, "PYLON");
    CU_ASSERT_EQUAL(b->updated_us, 1500 * US_PER_MS);
    CU_ASSERT_EQUAL(b->modules, 6);
    CU_ASSERT_TRUE(rig_logged(&rig, "modules=6"));
    CU_ASSERT_EQUAL(rig.source.ops->present(&rig.can), 1);
    CU_ASSERT_TRUE(rig.source.ops->ready(&rig.can));
}

/* Each frame missing in turn: for ever silent, and the log says what is not there. */
static void test_nothing_before_the_first_whole_set(void)
{
    for (size_t missing = 0; missing < NEEDED; missing++) {
        struct can_rig rig;
        char text[32];
        struct buf out = buf_of(text, sizeof text - 1);

        rig_open(&rig, "pylon-1.2");
        for (uint64_t ms = 1500; ms < 9000; ms += 1000)
            send_without(&rig, ms, missing);
        CU_ASSERT_EQUAL(rig.published, 0);
        CU_ASSERT_EQUAL(rig.source.ops->present(&rig.can), 0);
        CU_ASSERT_FALSE(rig.source.ops->ready(&rig.can));
        buf_printf(&out, "missing: %s (", ids[missing]);
        text[out.n] = '\0';
        CU_ASSERT_TRUE(rig_logged(&rig, text));
    }
}

/* The last needed frame completes the set, whichever it is; the age is that of the oldest. */
static void test_any_order(void)
{
    for (size_t first = 0; first < NEEDED; first++) {
        struct can_rig rig;

        rig_open(&rig, "pylon-1.2");
        for (size_t i = 0; i < NEEDED; i++) {
            CU_ASSERT_EQUAL(rig.published, 0);
            rig_frames(&rig, 1500 + 100 * i, frames[(first + i) % NEEDED]);
        }
        CU_ASSERT_EQUAL(rig.published, 1);
        CU_ASSERT_EQUAL(rig.battery.updated_us, 1500 * US_PER_MS);
        CU_ASSERT_EQUAL(rig.battery.ccl_ma, 480000);
        CU_ASSERT_EQUAL(rig.battery.current_ma, -27000);
    }
}

/* A frame of the next set is told at once, but makes nothing younger: the set is not whole yet. */
static void test_change_at_once(void)
{
    struct can_rig rig;

    rig_open(&rig, "pylon-1.2");
    rig_frames(&rig, 2000, rig_healthy);
    unsigned before = rig.published;
    rig_frames(&rig, 3000, "351#14020000C012C201");
    CU_ASSERT_EQUAL(rig.published, before + 1);
    CU_ASSERT_EQUAL(rig.battery.ccl_ma, 0);
    CU_ASSERT_EQUAL(rig.battery.updated_us, 2000 * US_PER_MS);
    rig_frames(&rig, 3020, "356#7B13000064FF");
    CU_ASSERT_EQUAL(rig.battery.current_ma, 0);
    CU_ASSERT_EQUAL(rig.battery.temp_dc[0], -156);
    CU_ASSERT_EQUAL(rig.battery.updated_us, 2000 * US_PER_MS);
    rig_frames(&rig, 3040, "359#0200000006504E 355#58005E00 35C#4000");
    CU_ASSERT_EQUAL(rig.battery.updated_us, 3000 * US_PER_MS);
    CU_ASSERT_EQUAL(rig.battery.protections,
                    COND_BIT(COND_CELL_OVERVOLTAGE) | COND_BIT(COND_PACK_OVERVOLTAGE));
    CU_ASSERT_FALSE(rig.battery.charge_enable);
    CU_ASSERT_TRUE(rig.battery.discharge_enable);
}

/* One frame stays away: its set is not whole, so no value gets younger and none is taken from the
 * other frames, but what makes the battery safer. */
static void test_one_frame_stays_away(void)
{
    static const char *const rising[] = {"359#0000000006504E", "351#300240154015C201",
                                         "355#5A005E00", "356#8413E8036B01", "35C#C000"};
    static const char *const falling[] = {"359#0400020006504E", "351#080264003200C201",
                                          "355#10005E00", "356#7013F2FE6B01", "35C#4000"};

    for (size_t missing = 0; missing < NEEDED; missing++) {
        struct can_rig rig;

        rig_open(&rig, "pylon-1.2");
        rig_frames(&rig, 2000, rig_healthy);
        for (uint64_t ms = 3500; ms < 9000; ms += 1000) { /* overdue at 3.5 s */
            for (size_t i = 0; i < NEEDED; i++) {
                if (i != missing)
                    rig_frames(&rig, ms, rising[i]);
            }
        }
        CU_ASSERT_EQUAL(rig.battery.updated_us, 2000 * US_PER_MS);
        CU_ASSERT_EQUAL(rig.battery.cvl_mv, 53200);
        CU_ASSERT_EQUAL(rig.battery.ccl_ma, 480000);
        CU_ASSERT_EQUAL(rig.battery.dcl_ma, 480000);
        CU_ASSERT_EQUAL(rig.battery.soc_pm, 880);
        CU_ASSERT_EQUAL(rig.battery.pack_mv, 49860);
        CU_ASSERT_EQUAL(rig.battery.current_ma, -27000);
        CU_ASSERT_EQUAL(rig.source.ops->present(&rig.can), 0);
        for (size_t i = 0; i < NEEDED; i++) {
            if (i != missing)
                rig_frames(&rig, 9500, falling[i]);
        }
        CU_ASSERT_EQUAL(rig.battery.updated_us, 2000 * US_PER_MS);
        CU_ASSERT_EQUAL(rig.battery.ccl_ma, missing == 1 ? 480000 : 10000);
        CU_ASSERT_EQUAL(rig.battery.dcl_ma, missing == 1 ? 480000 : 5000);
        CU_ASSERT_EQUAL(rig.battery.cvl_mv, missing == 1 ? 53200 : 52000);
        CU_ASSERT_EQUAL(rig.battery.protections != 0, missing != 0);
        CU_ASSERT_EQUAL(rig.battery.warnings != 0, missing != 0);
        CU_ASSERT_EQUAL(rig.battery.charge_enable, missing == 4);
        CU_ASSERT_EQUAL(rig.battery.soc_pm, 880);
        /* the first whole set is believed again, rising or not */
        for (size_t i = 0; i < NEEDED; i++)
            rig_frames(&rig, 10500, rising[i]);
        CU_ASSERT_EQUAL(rig.battery.updated_us, 10500 * US_PER_MS);
        CU_ASSERT_EQUAL(rig.battery.ccl_ma, 544000);
        CU_ASSERT_EQUAL(rig.battery.soc_pm, 900);
        CU_ASSERT_EQUAL(rig.battery.protections | rig.battery.warnings, 0);
        CU_ASSERT_TRUE(rig.battery.charge_enable);
        CU_ASSERT_EQUAL(rig.can.stats.overdue, 1);
    }
}

/* Single losses: the frame that was lost comes a period later, the others are newer by then. */
static void test_single_losses(void)
{
    struct can_rig rig;

    rig_open(&rig, "pylon-1.2");
    rig_frames(&rig, 2000, rig_healthy);
    for (unsigned k = 0; k < 3 * NEEDED; k++) {
        uint64_t ms = 3000 + 2000 * (uint64_t)k;
        send_without(&rig, ms, k % NEEDED);
        rig_frames(&rig, ms + 1000, rig_healthy);
        CU_ASSERT_EQUAL(rig.battery.updated_us, (ms + 1000) * US_PER_MS);
    }
}

/* Frames that are all alive, but never within a period and a half of each other. */
static void test_never_together(void)
{
    struct can_rig rig;

    rig_open(&rig, "pylon-1.2");
    for (uint64_t ms = 2000; ms < 20000; ms += 4000) {
        rig_frames(&rig, ms, "351#1402C012C012C201 355#58005E00");
        rig_frames(&rig, ms + 2000, "356#7A13F2FE6B01 359#0000000006504E 35C#C000");
    }
    CU_ASSERT_EQUAL(rig.published, 0);
}

struct length_case {
    const char *frame;
    bool taken;
};

static void test_lengths(void)
{
    static const struct length_case cases[] = {
        {"351#1402C012C012", true},
        {"351#1402C012C012C2", false},
        {"351#1402C012C0", false},
        {"351#", false},
        {"355#5800", false},
        {"355#58005E0000", false},
        {"355#58005E000000", true},
        {"355#58005E0000000000", true},
        {"356#7A13F2FE6B", false},
        {"356#7A13F2FE6B0100", false},
        {"356#7A13F2FE6B010000", true},
        {"359#000000000650", false},
        {"359#0000000006504E00", true},
        {"35C#C0", true},
        {"35C#C00000", false},
        {"35C#C000000000000000", true},
        {"35C#", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct can_rig rig;
        size_t n = 0;

        rig_open(&rig, "pylon-1.2");
        for (; n < NEEDED; n++) {
            bool same = strncmp(frames[n], cases[i].frame, 3) == 0;
            rig_frames(&rig, 1500, same ? cases[i].frame : frames[n]);
        }
        if ((rig.published > 0) != cases[i].taken)
            TESTING_FAIL("%s: published %u", cases[i].frame, rig.published);
        CU_ASSERT_EQUAL(rig.can.stats.refused, cases[i].taken ? 0 : 1);
    }
}

/* US2000 of old: no discharge voltage limit. It is unknown, not 0. */
static void test_short_limits(void)
{
    struct can_rig rig;

    rig_open(&rig, "pylon-1.2");
    rig_frames(&rig, 1500, rig_healthy);
    rig_frames(&rig, 2500, "351#1402C012C012");
    CU_ASSERT_FALSE(battery_knows(&rig.battery, FIELD_DVL));
    CU_ASSERT_TRUE(battery_knows(&rig.battery, FIELD_CVL | FIELD_CCL | FIELD_DCL));
}

/* Ids of other devices, 29-bit frames, remote and error frames, the inverter's own. */
static void test_foreign_frames(void)
{
    struct can_rig rig;
    struct can_msg error = {.id = 0x351, .dlc = 8, .error = true};

    rig_open(&rig, "pylon-1.2");
    rig_frames(&rig, 2000, rig_healthy);
    unsigned before = rig.published;
    rig_frames(&rig, 2500,
               "305#0000000000000000 307#1234567856494300 00F# 00000351#0000000000000000 "
               "351#R 35C#R2 7FF#FFFFFFFFFFFFFFFF 000#00 35A#0000000000000000");
    rig.source.ops->frame(&rig.can, &error, rig.clock.now);
    rig_until(&rig, 2900);
    CU_ASSERT_EQUAL(rig.published, before);
    CU_ASSERT_EQUAL(rig.battery.ccl_ma, 480000);
    CU_ASSERT_EQUAL(rig.can.stats.foreign, 10);
    CU_ASSERT_EQUAL(rig.can.stats.refused, 0);
}

/* Limits below 0 (diyBMS issue 87), 5.22 V (a sender of 0.1 V), SOC 101 %: the frame is not used,
 * and its set is not whole. A temperature that no sensor has is unknown, the rest stands. */
static void test_implausible(void)
{
    static const char *const bad[] = {"351#400200009CFF3F02", "351#00000000C012C201",
                                      "356#0A02F2FE6B01", "355#65005E00", "355#FFFF5E00"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct can_rig rig;

        rig_open(&rig, "pylon-1.2");
        rig_frames(&rig, 2000, rig_healthy);
        rig_frames(&rig, 3000, bad[i]);
        CU_ASSERT_EQUAL(rig.battery.cvl_mv, 53200);
        CU_ASSERT_EQUAL(rig.battery.ccl_ma, 480000);
        CU_ASSERT_EQUAL(rig.battery.soc_pm, 880);
        CU_ASSERT_EQUAL(rig.battery.pack_mv, 49860);
        CU_ASSERT_TRUE(rig_logged(&rig, "not used"));
        rig_until(&rig, 4000);
        CU_ASSERT_EQUAL(rig.source.ops->present(&rig.can), 0);
    }
    struct can_rig rig;
    rig_open(&rig, "pylon-1.2");
    rig_frames(&rig, 2000,
               "359#0000000006504E 351#1402C012C012C201 355#58005E00 "
               "356#7A13F2FE24FA 35C#C000");
    CU_ASSERT_EQUAL(rig.published, 1);
    CU_ASSERT_FALSE(battery_knows(&rig.battery, FIELD_TEMPS));
    CU_ASSERT_EQUAL(rig.battery.current_ma, -27000);
}

/* Any single bit: the frame is refused or taken, and what is published is possible. */
static void expect_possible(const struct can_rig *rig)
{
    const struct battery *b = &rig->battery;

    CU_ASSERT(battery_knows(b, FIELD_CVL | FIELD_CCL | FIELD_DCL | FIELD_SOC_PM | FIELD_PACK_MV |
                                   FIELD_CURRENT_MA));
    CU_ASSERT(b->ccl_ma >= 0 && b->dcl_ma >= 0 && b->cvl_mv >= 40000 && b->cvl_mv <= 63000);
    CU_ASSERT(b->soc_pm >= 0 && b->soc_pm <= 1000);
    CU_ASSERT(b->pack_mv >= 36000 && b->pack_mv <= 64000);
    CU_ASSERT(b->updated_us == 2000 * US_PER_MS);
}

static void test_every_bit_and_length(void)
{
    for (size_t i = 0; i < NEEDED; i++) {
        struct can_msg good;
        CU_ASSERT_TRUE_FATAL(can_msg_parse(span_str(frames[i]), &good));
        for (unsigned bit = 0; bit < 8u * good.dlc + 9u; bit++) {
            struct can_rig rig;
            struct can_msg msg = good;

            rig_open(&rig, "pylon-1.2");
            rig_frames(&rig, 2000, rig_healthy);
            rig_until(&rig, 3000);
            if (bit < 8u * good.dlc)
                msg.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
            else
                msg.dlc = (uint8_t)(bit - 8u * good.dlc);
            rig.source.ops->frame(&rig.can, &msg, rig.clock.now);
            rig_until(&rig, 3100);
            expect_possible(&rig);
        }
    }
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"a whole set is a reading", test_whole_set},
        {"nothing before the first whole set", test_nothing_before_the_first_whole_set},
        {"any order", test_any_order},
        {"a change leaves at once", test_change_at_once},
        {"one frame stays away", test_one_frame_stays_away},
        {"single losses", test_single_losses},
        {"frames that are never together", test_never_together},
        {"lengths", test_lengths},
        {"limits without a discharge voltage", test_short_limits},
        {"foreign frames", test_foreign_frames},
        {"implausible values", test_implausible},
        {"every bit and every length", test_every_bit_and_length},
        {0},
    };
    return testing_main(argc, argv, "pylon_can_source", cases);
}
