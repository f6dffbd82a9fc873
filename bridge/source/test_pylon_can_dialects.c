/* SPDX-License-Identifier: Apache-2.0
 *
 * Which dialect it is, what the dialects do differently, the keep-alive, and what is forgotten
 * when. Frames are those of the captures in docs/protocols/pylon-can.md where there is one.
 */
#include <stdio.h>
#include <string.h>

#include "bridge/source/test_pylon_can_rig.h"

/* capture 02: 52.8 V, 480 A; 84 %, 96 %; 49.87 V, -27.9 A, 36.3 C; 572 Ah */
static const char pylon_1_3[] = "351#1002C012C012C201 355#540060000000 356#7B13E9FE6B01 "
                                "35A#0000000000000000 35E#50594C4F4E202020 35F#4C4901033C02AA00";
/* capture 06: 2 modules, 58.4 V, 200 A; 30 %; 52.41 V, 0 A, 11.3 C; cells 3.274..3.279 V */
static const char pylon_2_0_6[] =
    "351#4802D007D007C001 355#1E00640000000000 356#7914000071000000 359#0000000002504E00 "
    "35C#C000000000000000 35E#50594C4F4E202020 35F#00000D0500000000 370#76006C00CF0CCA0C "
    "371#0401020206020402 372#0200000000000000 373#CA0CCF0C1B011C01 374#3032303400000000 "
    "375#3032303600000000 376#3032303200000000 377#3032303200000000 379#C800000000000000";
static const char victron[] =
    "351#2602F401F401CC01 355#4B0062004C1D0000 356#B814140096000000 35A#AAAAAA02AAAAAA02";
static const char byd_name[] = "35E#4259440000000000";

/* ---- detection ---- */

struct detection {
    const char *frames;
    const char *dialect; /* NULL: none */
};

static const struct detection detections[] = {
    {rig_healthy, "pylon-1.2"},
    /* capture 05, an old US2000, and a clone that pads everything to 8 */
    {"351#1402C012C012 355#58005E00 356#7A13F2FE6B01 359#0000000006504E", "pylon-1.2"},
    {"351#1402C012C012C201 355#58005E0000000000 356#7A13F2FE6B010000 359#0000000006504E00 "
     "35C#C000000000000000 35E#50594C4F4E202020",
     "pylon-1.2"},
    {"351#1402C012C012C201 355#58005E0000000000 356#7A13F2FE6B010000 359#0000000006504E00 "
     "35C#C000000000000000 379#C800000000000000",
     "sol-ark-1.3"},
    {pylon_1_3, "pylon-1.3"},
    {pylon_2_0_6, "pylon-2.0.6"},
    {"351#2802F4012003E001 355#64006400E80CDA0C 356#6C140400DC00C800 359#0000000001C80000 "
     "35C#C00000000C000000",
     "luxpower-04"},
    {"351#2802F4012003E001 355#5500620054210C0A 356#6C140400DC007B00 359#0000000001000000 "
     "35C#C000000000000000",
     "yambms-pylon12"},
    /* capture 16 */
    {"35E#50594C4F4E202020 351#280200000000C001 355#1000640040064301 356#B914350124FA0200 "
     "359#0000000001000000 35A#0000000000000000",
     "yambms-pylonv2"},
    {"351#2802F4012003E001 355#64006400 356#6C140400DC00 359#0000000001000000 070#0000000000000000",
     "seplos-1.0"},
    {"351#2802F4012003E001 355#64006400 356#00020400DC00 359#0000000001000000 3DA#DA0CE80C01020000",
     "hybrid-en-1.0"},
    {victron, "victron"},
    {"351#2602F401F401CC01 355#4B006200 356#B81414009600 35E#4259440000000000", "victron-byd"},
    {"351#2602F401F401CC01 355#4B006200 356#B81414009600 35E#5059544553", "victron-pytes"},
    {"351#2602F401F401CC01 355#4B006200 356#B81414009600 35E#59616D424D530000", "yambms-victron"},
    {"351#2602F401F401CC01 355#4B006200 356#B81414009600 35E#534D412020202020", "sma"},
    {"351#2602F401F401CC01 355#4B006200 356#B81414009600 35E#476F6F6457652020", "goodwe-sma-1.2"},
    /* the V1.2 name on a Victron set (YamBMS may be told so) */
    {"351#2602F401F401CC01 355#4B006200 356#B81414009600 35A#AAAAAA02AAAAAA02 "
     "35E#50594C4F4E202020 373#CA0CCF0C1B011C01",
     "victron"},
    {"311#0230 313#1450006400FA5561 312#0000000000000000", "growatt-lv-1.04"},
    /* capture 15 */
    {"110#0000000000000000 200#E80CDA0CFA00F000 351#2802F4012003E001 355#64006400 "
     "356#6C140400DC00 359#0000000000000000 361#E80CDA0CFA00F000",
     NULL},
    {"351#1402C012C012C201 355#58005E00", NULL},
    {"2F4#0802A00F32000000 4F4#E80C01DA0C020000", NULL},
    {"", NULL},
};

static void test_detection(void)
{
    for (size_t i = 0; i < sizeof detections / sizeof detections[0]; i++) {
        struct pylon_can_heard heard = {0};
        struct span rest = span_str(detections[i].frames), text;
        struct can_msg msg;
        const char *why = "", *name = "none";

        while (span_token(&rest, &text)) {
            CU_ASSERT_TRUE_FATAL(can_msg_parse(text, &msg));
            pylon_can_heard_put(&heard, &msg, 1);
        }
        const struct pylon_can_dialect *d = pylon_can_detect(&heard, &why);
        name = d != NULL ? pylon_can_name(d) : name;
        if (strcmp(name, detections[i].dialect != NULL ? detections[i].dialect : "none") != 0)
            TESTING_FAIL("%s: %s (%s)", detections[i].frames, name, why);
        CU_ASSERT_EQUAL(d == NULL, why[0] != '\0');
    }
}

/* What is not a battery's is not remembered, and a full table stays as it is. */
static void test_heard(void)
{
    struct pylon_can_heard heard = {0};
    struct can_msg msg = {.id = 0x351, .dlc = 8, .extended = true};
    char text[24];

    pylon_can_heard_put(&heard, &msg, 1);
    msg = (struct can_msg){.id = 0x351, .remote = true};
    pylon_can_heard_put(&heard, &msg, 1);
    msg = (struct can_msg){.id = 0x305, .dlc = 8};
    pylon_can_heard_put(&heard, &msg, 1);
    CU_ASSERT_EQUAL(heard.n, 0);
    for (uint32_t id = 0x400; id < 0x400 + PYLON_CAN_HEARD_MAX + 2; id++) {
        msg = (struct can_msg){.id = id, .dlc = 1};
        pylon_can_heard_put(&heard, &msg, id);
    }
    CU_ASSERT_EQUAL(heard.n, PYLON_CAN_HEARD_MAX);
    msg = (struct can_msg){.id = 0x400, .dlc = 2};
    pylon_can_heard_put(&heard, &msg, 0x500);
    CU_ASSERT_EQUAL(heard.n, PYLON_CAN_HEARD_MAX);
    CU_ASSERT_EQUAL(heard.frames[0].msg.id, 0x401);
    CU_ASSERT_EQUAL(heard.frames[PYLON_CAN_HEARD_MAX - 1].msg.dlc, 2);
    pylon_can_heard_text(&heard, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "401 402 403 404 405 ...");
    pylon_can_heard_age(&heard, 0x500, 0);
    CU_ASSERT_EQUAL(heard.n, 1);
    pylon_can_heard_text(&heard, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "400");
}

/* The recorded sets, against the index that came with them. */
static void test_captures(void)
{
    static const struct {
        const char *file, *dialect; /* NULL: not to be read */
    } captures[] = {
        {"02_pylon13_us5000_v13.log", "pylon-1.3"},
        {"06_pylonv2_ecoworthy_cubix100.log", "pylon-2.0.6"},
        {"07_victron_ecoworthy.log", "victron"},
        {"11_pytes_own.log", NULL},
        {"13_victron_discover.log", "victron"}, /* and refused for its 5.2 V */
        {"14_sma_rec_bms.log", "victron"},      /* its name says nothing: sma must be chosen */
        {"15_deye_battery.log", NULL},
        {"19_jkbms2pylon_armin.log", "pylon-1.2"},
        {"20_us2000c_351.log", NULL},
        {"21_growatt_none.log", "growatt-lv-1.04"},
    };
    const char *shared = testing_shared();

    for (size_t i = 0; i < sizeof captures / sizeof captures[0]; i++) {
        struct pylon_can_heard heard = {0};
        struct can_log_line log;
        struct span line;
        char path[512];
        const char *why = "";

        snprintf(path, sizeof path, "%s/captures/pylon-can/%s", shared != NULL ? shared : "",
                 captures[i].file);
        struct span text = shared != NULL ? testing_read_file(path) : (struct span){0};
        if (text.p == NULL) {
            testing_skip("no %s", captures[i].file);
            return;
        }
        while (span_line(&text, &line)) {
            CU_ASSERT_EQUAL_FATAL(can_log_parse(line, &log), ERR_OK);
            pylon_can_heard_put(&heard, &log.msg, 1);
        }
        const struct pylon_can_dialect *d = pylon_can_detect(&heard, &why);
        const char *want = captures[i].dialect != NULL ? captures[i].dialect : "none";
        if (strcmp(d != NULL ? pylon_can_name(d) : "none", want) != 0)
            TESTING_FAIL("%s: %s (%s)", captures[i].file, d != NULL ? pylon_can_name(d) : "none",
                         why);
    }
}

/* Listens for 2.5 s from the first frame, then decides. */
static void test_learning(void)
{
    struct can_rig rig;

    rig_open(&rig, NULL);
    rig_frames(&rig, 5000, "305#0000000000000000 359#0000000006504E");
    rig_frames(&rig, 6000, rig_healthy);
    rig_frames(&rig, 7000, rig_healthy);
    rig_until(&rig, 7499);
    CU_ASSERT_EQUAL(rig.published, 0);
    rig_until(&rig, 7500);
    CU_ASSERT(rig.published > 0);
    CU_ASSERT_TRUE(rig_logged(&rig, "dialect=pylon-1.2"));
    CU_ASSERT_EQUAL(rig.battery.updated_us, 7000 * US_PER_MS);
    CU_ASSERT_EQUAL(rig.battery.pack_mv, 49860);
    rig_frames(&rig, 8000, "351#14020000C012C201");
    CU_ASSERT_EQUAL(rig.battery.ccl_ma, 0);
}

static void test_unknown_dialect(void)
{
    struct can_rig rig;

    rig_open(&rig, NULL);
    for (uint64_t ms = 2000; ms < 30000; ms += 1000)
        rig_frames(&rig, ms, "2F4#0802A00F32000000 4F4#E80C01DA0C020000");
    CU_ASSERT_EQUAL(rig.published, 0);
    CU_ASSERT_TRUE(rig_logged(&rig, "dialect unknown: 351, 355 and 356 are not all there; "
                                    "heard: 2F4 4F4"));
    for (uint64_t ms = 30000; ms < 36000; ms += 1000) /* the battery is switched on */
        rig_frames(&rig, ms, rig_healthy);
    CU_ASSERT(rig.published > 0);
}

/* ---- what dialects do differently ---- */

static void test_pylon_1_3(void)
{
    struct can_rig rig;

    rig_open(&rig, "pylon-1.3");
    rig_frames(&rig, 2000, pylon_1_3);
    const struct battery *b = &rig.battery;
    CU_ASSERT_EQUAL(b->cvl_mv, 52800);
    CU_ASSERT_EQUAL(b->soc_pm, 840);
    CU_ASSERT_EQUAL(b->pack_mv, 49870);
    CU_ASSERT_EQUAL(b->current_ma, -27900);
    CU_ASSERT_EQUAL(b->full_mah, 572000);
    CU_ASSERT_TRUE(battery_knows(b, FIELD_PROTECTIONS | FIELD_WARNINGS));
    CU_ASSERT_FALSE(battery_knows(b, FIELD_ENABLES));
    rig_frames(&rig, 3000, "35A#0400000000000100");
    CU_ASSERT_EQUAL(b->protections, COND_BIT(COND_PACK_OVERVOLTAGE));
    CU_ASSERT_EQUAL(b->warnings, COND_BIT(COND_CHARGE_OVERCURRENT));
    rig_frames(&rig, 3000, "35A#0000000000000000");
    CU_ASSERT_EQUAL(b->protections | b->warnings, 0);
}

/* Cells and capacity are known while their frames come, and unknown three periods later. */
static void test_side_values_grow_old(void)
{
    struct can_rig rig;
    const uint32_t side = FIELD_CELL_MIN_MAX | FIELD_TEMP_MIN_MAX | FIELD_FULL_MAH;

    rig_open(&rig, "pylon-2.0.6");
    rig_frames(&rig, 2000, pylon_2_0_6);
    const struct battery *b = &rig.battery;
    CU_ASSERT_TRUE(battery_knows(b, side));
    CU_ASSERT_EQUAL(b->cell_min_mv, 3274);
    CU_ASSERT_EQUAL(b->cell_max_mv, 3279);
    CU_ASSERT_EQUAL(b->temp_min_dc, 108);
    CU_ASSERT_EQUAL(b->temp_max_dc, 118);
    CU_ASSERT_EQUAL(b->full_mah, 200000);
    CU_ASSERT_FALSE(battery_knows(b, FIELD_CELL_IDS)); /* cells of the second module */
    CU_ASSERT_EQUAL(b->modules, 2);
    for (uint64_t ms = 3000; ms <= 5000; ms += 1000)
        rig_frames(&rig, ms,
                   "351#4802D007D007C001 355#1E00640000000000 356#7914000071000000 "
                   "359#0000000002504E00 35C#C000000000000000");
    CU_ASSERT_TRUE(battery_knows(b, side));
    rig_frames(&rig, 6000,
               "351#4802D007D007C001 355#1E00640000000000 356#7914000071000000 "
               "359#0000000002504E00 35C#C000000000000000");
    CU_ASSERT_EQUAL(b->known & side, 0);
    CU_ASSERT_EQUAL(b->modules, 2); /* 359 goes on counting them */
    CU_ASSERT_TRUE(battery_knows(b, FIELD_MAKER | FIELD_PACK_MV));
    CU_ASSERT_EQUAL(b->updated_us, 6000 * US_PER_MS);
}

/* One module: its cells have numbers. */
static void test_cell_ids(void)
{
    struct can_rig rig;

    rig_open(&rig, "pylon-2.0.6");
    rig_frames(&rig, 2000, pylon_2_0_6);
    rig_frames(&rig, 2000, "371#0401020106010401 374#3031303400000000 375#3031303600000000");
    CU_ASSERT_TRUE(battery_knows(&rig.battery, FIELD_CELL_IDS));
    CU_ASSERT_EQUAL(rig.battery.cell_min_id, 4);
    CU_ASSERT_EQUAL(rig.battery.cell_max_id, 6);
}

/* Capture 07: an Eco-Worthy on "Victron" without 35A. Silent, unless that is known to be so; the
 * alarms are unknown then, which is not "none". */
static void test_without_alarms(void)
{
    static const char set[] = "351#2602F401F401CC01 355#4B0062004C1D0000 356#B814140096000000";
    struct pylon_can_source_config config = {
        .name = "rack", .dialect = pylon_can_find("victron"), .without = {0x35A}, .n_without = 1};
    struct can_rig rig;

    rig_open(&rig, "victron");
    for (uint64_t ms = 2000; ms < 10000; ms += 1000)
        rig_frames(&rig, ms, set);
    CU_ASSERT_EQUAL(rig.published, 0);
    CU_ASSERT_TRUE(rig_logged(&rig, "missing: 35A"));
    rig_open_config(&rig, &config);
    rig_frames(&rig, 2000, set);
    CU_ASSERT_EQUAL(rig.published, 1);
    CU_ASSERT_EQUAL(rig.battery.known & (FIELD_PROTECTIONS | FIELD_WARNINGS), 0);
    CU_ASSERT_EQUAL(rig.battery.soc_pm, 750);
    /* it is read when it comes after all */
    rig_frames(&rig, 2100, "35A#A6AAAA02AAAAAA02");
    CU_ASSERT_EQUAL(rig.battery.protections, COND_BIT(COND_PACK_OVERVOLTAGE));
    /* and its staying away does not end what it said: the readings grow old with it */
    for (uint64_t ms = 3000; ms < 9000; ms += 1000)
        rig_frames(&rig, ms, set);
    CU_ASSERT_TRUE(battery_knows(&rig.battery, FIELD_PROTECTIONS));
    CU_ASSERT_EQUAL(rig.battery.protections, COND_BIT(COND_PACK_OVERVOLTAGE));
    CU_ASSERT(rig.battery.updated_us <= 3000 * US_PER_MS);
    /* what a reading cannot do without is never spared */
    config.without[0] = 0x351;
    rig_open_config(&rig, &config);
    rig_frames(&rig, 2000, "355#4B0062004C1D0000 356#B814140096000000 35A#AAAAAA02AAAAAA02");
    CU_ASSERT_EQUAL(rig.published, 0);
}

/* SMA: only 10b ends an alarm; on Victron 00b is "no alarm". */
static void test_alarm_as_event(void)
{
    static const struct {
        const char *dialect;
        bool holds;
    } cases[] = {{"sma", true}, {"victron", false}};

    for (size_t i = 0; i < 2; i++) {
        struct can_rig rig;

        rig_open(&rig, cases[i].dialect);
        rig_frames(&rig, 2000, victron);
        rig_frames(&rig, 2500, "35A#A6AAAA02AAAAAA02");
        CU_ASSERT_EQUAL(rig.battery.protections, COND_BIT(COND_PACK_OVERVOLTAGE));
        rig_frames(&rig, 2600, "35A#0000000000000000");
        CU_ASSERT_EQUAL(rig.battery.protections != 0, cases[i].holds);
        CU_ASSERT_TRUE(battery_knows(&rig.battery, FIELD_PROTECTIONS));
        rig_frames(&rig, 2700, "35A#AAAAAA02AAAAAA02");
        CU_ASSERT_EQUAL(rig.battery.protections, 0);
    }
}

/* 44 Ah of 74 Ah are 59.4 %, but the battery says 60.0 %. */
static void test_charge_in_per_cent(void)
{
    struct can_rig rig;

    rig_open(&rig, "victron");
    rig_frames(&rig, 2000,
               "351#2602F401F401CC01 355#3C00640070170000 356#B814140096000000 "
               "35A#AAAAAA02AAAAAA02");
    rig_frames(&rig, 2000, "35F#000000002C000000 379#4A00000000000000");
    CU_ASSERT_EQUAL(rig.battery.soc_pm, 600);
    CU_ASSERT_EQUAL(rig.battery.full_mah, 74000);
    CU_ASSERT_FALSE(battery_knows(&rig.battery, FIELD_REMAINING_MAH));
}

/* BYD: limits every 2 s, the rest every 10 s, the name once a minute. */
static void test_slow_frames(void)
{
    struct can_rig rig;

    rig_open(&rig, "victron-byd");
    for (uint64_t ms = 2000; ms < 130000; ms += 2000) {
        rig_frames(&rig, ms, "351#2602F401F401CC01");
        if (ms % 10000 == 2000)
            rig_frames(&rig, ms,
                       "355#4B0062004C1D0000 356#B814140096000000 35A#AAAAAA0AAAAAAA0A "
                       "373#CA0CCF0C1B011C01");
        if (ms % 60000 == 2000)
            rig_frames(&rig, ms, byd_name);
        CU_ASSERT(rig.clock.now - rig.battery.updated_us <= 10 * US_PER_S);
        CU_ASSERT_TRUE(rig.source.ops->ready(&rig.can));
        CU_ASSERT_TRUE(battery_knows(&rig.battery, FIELD_CELL_MIN_MAX));
    }
    CU_ASSERT_TRUE(battery_knows(&rig.battery, FIELD_MAKER));
    CU_ASSERT_EQUAL(rig.can.stats.overdue, 0);
}

static void test_periods(void)
{
    struct pylon_can_source_config config = {.name = "rack"};
    const struct pylon_can_dialect *byd = pylon_can_find("victron-byd");

    CU_ASSERT_EQUAL(pylon_can_source_period(&config, NULL), US_PER_S);
    CU_ASSERT_EQUAL(pylon_can_source_period(&config, byd), US_PER_S); /* many pretend to be one */
    CU_ASSERT_EQUAL(pylon_can_source_period(&config, pylon_can_find("yambms-victron")),
                    1500 * US_PER_MS);
    config.dialect = byd;
    CU_ASSERT_EQUAL(pylon_can_source_period(&config, byd), 10 * US_PER_S);
    config.period_us = 3 * US_PER_S;
    CU_ASSERT_EQUAL(pylon_can_source_period(&config, byd), 3 * US_PER_S);
}

/* ---- the keep-alive ---- */

static void test_keepalive(void)
{
    struct pylon_can_source_config config = {.name = "rack", .keepalive_us = US_PER_S};
    struct can_rig rig;

    rig_open(&rig, "pylon-1.2");
    rig_until(&rig, 60000);
    CU_ASSERT_EQUAL(rig.n_sent, 0); /* only listens */
    rig_open_config(&rig, &config);
    CU_ASSERT_EQUAL(rig.n_sent, 1); /* at once */
    rig_until(&rig, 11000);
    CU_ASSERT_EQUAL(rig.n_sent, 11);
    for (size_t i = 0; i < rig.n_sent; i++)
        CU_ASSERT_EQUAL(rig.sent[i], 0x305);
    rig.source.ops->closed(&rig.can, rig.clock.now);
    rig_until(&rig, 20000);
    CU_ASSERT_EQUAL(rig.n_sent, 11);
    config.dialect = pylon_can_find("growatt-lv-1.04");
    rig_open_config(&rig, &config);
    CU_ASSERT_EQUAL(rig.sent[0], 0x301);
}

/* ---- what is forgotten ---- */

/* After the bus was gone the old frames count for nothing but as the last word. */
static void test_closed(void)
{
    struct can_rig rig;

    rig_open(&rig, "pylon-1.2");
    rig_frames(&rig, 2000, rig_healthy);
    rig.source.ops->closed(&rig.can, rig.clock.now);
    CU_ASSERT_EQUAL(rig.source.ops->present(&rig.can), 0);
    CU_ASSERT_EQUAL(rig.source.ops->next_deadline(&rig.can), NEVER_US);
    rig_until(&rig, 4000);
    rig.source.ops->opened(&rig.can, rig.clock.now);
    rig_frames(&rig, 4100, "351#300240154015C201 355#5A005E00 356#8413E8036B01 35C#C000");
    CU_ASSERT_EQUAL(rig.battery.updated_us, 2000 * US_PER_MS);
    CU_ASSERT_EQUAL(rig.battery.soc_pm, 880);
    CU_ASSERT_EQUAL(rig.battery.ccl_ma, 480000);
    rig_frames(&rig, 4200, "359#0000000006504E");
    CU_ASSERT_EQUAL(rig.battery.updated_us, 4100 * US_PER_MS);
    CU_ASSERT_EQUAL(rig.battery.soc_pm, 900);
    CU_ASSERT_EQUAL(rig.battery.ccl_ma, 544000);
}

/* Another firmware, another dialect: found a minute after the old set ended. */
static void test_another_dialect(void)
{
    struct can_rig rig;

    rig_open(&rig, NULL);
    for (uint64_t ms = 2000; ms < 10000; ms += 1000)
        rig_frames(&rig, ms, rig_healthy);
    CU_ASSERT_TRUE(rig_logged(&rig, "dialect=pylon-1.2"));
    for (uint64_t ms = 10000; ms < 69000; ms += 1000)
        rig_frames(&rig, ms, pylon_1_3);
    CU_ASSERT_EQUAL(rig.battery.updated_us, 9000 * US_PER_MS);
    for (uint64_t ms = 69000; ms < 80000; ms += 1000)
        rig_frames(&rig, ms, pylon_1_3);
    CU_ASSERT_TRUE(rig_logged(&rig, "dialect=pylon-1.3"));
    CU_ASSERT_EQUAL(rig.battery.updated_us, 79000 * US_PER_MS);
    CU_ASSERT_EQUAL(rig.battery.soc_pm, 840);
    CU_ASSERT_FALSE(battery_knows(&rig.battery, FIELD_ENABLES));
}

/* The same battery after the adapter was pulled: its dialect is known, the first set counts.
 * Another one is found out soon. */
static void test_dialect_after_reopening(void)
{
    for (unsigned other = 0; other < 2; other++) {
        struct can_rig rig;

        rig_open(&rig, NULL);
        for (uint64_t ms = 2000; ms < 6000; ms += 1000)
            rig_frames(&rig, ms, rig_healthy);
        rig.source.ops->closed(&rig.can, rig.clock.now);
        rig_until(&rig, 20000);
        rig.source.ops->opened(&rig.can, rig.clock.now);
        rig_frames(&rig, 20500, other != 0 ? pylon_1_3 : rig_healthy);
        CU_ASSERT_EQUAL(rig.battery.updated_us, (other != 0 ? 5000 : 20500) * US_PER_MS);
        for (uint64_t ms = 21000; ms < 30000; ms += 1000)
            rig_frames(&rig, ms, other != 0 ? pylon_1_3 : rig_healthy);
        CU_ASSERT_EQUAL(rig.battery.updated_us, 29000 * US_PER_MS);
        CU_ASSERT_EQUAL(rig.battery.soc_pm, other != 0 ? 840 : 880);
        CU_ASSERT_EQUAL(rig_logged(&rig, "dialect=pylon-1.3"), other != 0);
    }
}

/* One set and then silence: when it is known what it was, it is overdue. It is not told as if it
 * were of now. (Found by fuzzing: limits rose by such a set.) */
static void test_learned_too_late(void)
{
    struct can_rig rig;

    rig_open(&rig, NULL);
    rig_frames(&rig, 5000, rig_healthy);
    rig_until(&rig, 7600);
    CU_ASSERT_TRUE(rig_logged(&rig, "dialect=pylon-1.2"));
    CU_ASSERT_EQUAL(rig.published, 0);
    rig_frames(&rig, 8000, rig_healthy);
    CU_ASSERT_EQUAL(rig.battery.updated_us, 8000 * US_PER_MS);
}

/* Found out, but never whole: the log says so once a minute, not with every try. */
static void test_guess_that_is_never_whole(void)
{
    struct can_rig rig;
    unsigned lines = 0;

    rig_open(&rig, NULL);
    for (uint64_t ms = 2000; ms < 50000; ms += 1000)
        rig_frames(&rig, ms, "351#2602F401F401CC01 355#4B0062004C1D0000 356#B814140096000000");
    CU_ASSERT_EQUAL(rig.published, 0);
    CU_ASSERT_TRUE(rig_logged(&rig, "missing: 35A"));
    for (const char *p = rig.said; *p != '\0'; p++)
        lines += *p == '\n' ? 1U : 0U;
    CU_ASSERT_EQUAL(lines, 2);
    rig_frames(&rig, 50000, victron);
    for (uint64_t ms = 51000; ms < 60000; ms += 1000)
        rig_frames(&rig, ms, victron);
    CU_ASSERT_EQUAL(rig.battery.updated_us, 59000 * US_PER_MS);
}

static void test_module_count(void)
{
    struct can_rig rig;

    rig_open(&rig, "pylon-1.2");
    rig_frames(&rig, 2000, rig_healthy);
    rig_frames(&rig, 3000, "359#0000000005504E");
    CU_ASSERT_TRUE(rig_logged(&rig, "modules=5 (were 6)"));
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"detection", test_detection},
        {"recorded sets", test_captures},
        {"the table of what was heard", test_heard},
        {"learning the dialect", test_learning},
        {"no known dialect", test_unknown_dialect},
        {"V1.3", test_pylon_1_3},
        {"side values grow old", test_side_values_grow_old},
        {"numbers of cells", test_cell_ids},
        {"a battery without an alarm frame", test_without_alarms},
        {"alarms as levels and as events", test_alarm_as_event},
        {"the charge is the one in per cent", test_charge_in_per_cent},
        {"BYD's slow frames", test_slow_frames},
        {"periods", test_periods},
        {"the keep-alive", test_keepalive},
        {"the bus was gone", test_closed},
        {"another dialect", test_another_dialect},
        {"the dialect after the bus was gone", test_dialect_after_reopening},
        {"a guess that is never whole", test_guess_that_is_never_whole},
        {"learned too late", test_learned_too_late},
        {"number of modules", test_module_count},
        {0},
    };
    return testing_main(argc, argv, "pylon_can_dialects", cases);
}
