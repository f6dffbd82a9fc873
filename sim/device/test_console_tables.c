/* SPDX-License-Identifier: Apache-2.0
 *
 * The console's tables against literals of captures, in every layout; the words of the BMS's states
 * and what a person puts in their place. The bench holds the values of the capture; the bytes must
 * be the capture's.
 */
#include "proto/pylon_console/pylon_battery.h"
#include "proto/pylon_console/pylon_console.h"
#include "sim/device/test_console_support.h"

#define ABSENT_TAIL                                                                                \
    "-      -      -      -      -      -      -      Absent   -        -        -        -      " \
    "  "                                                                                           \
    "-                    -        -       "
#define P1_HEADER                                                                                 \
    "Power Volt   Curr   Tempr  Tlow   Thigh  Vlow   Vhigh  Base.St  Volt.St  Curr.St  Temp.St  " \
    "Coulomb  Time                 B.V.St   B.T.St  "

/* donv-us2kbpl_pwr, wire-exact but for its times (module 2 was 2 s behind, here 1 s) */
static void test_pwr_p1(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000b-plus", 3379, 3806, 140, 890);
    bench_temps(&b, 1, 130, 140, 170, 0);
    bench_cell(&b, 1, 4, 3381);
    bench_cell(&b, 1, 9, 3378);
    b.stack.module[0].battery.pack_mv = 50691;
    bench_module(&b, 2, "pylontech.us2000b-plus", 3378, 4087, 140, 890);
    bench_temps(&b, 2, 130, 140, 160, 0);
    bench_cell(&b, 2, 4, 3380);
    bench_cell(&b, 2, 9, 3377);
    b.stack.module[1].battery.pack_mv = 50673;
    BENCH_SAYS(&b, "pwr\n",
               "pwr\n\r@\r\r\n" P1_HEADER "\r\r\n"
               "1     50691  3806   17000  13000  14000  3378   3381   Charge   Normal   Normal   "
               "Normal   "
               "89%      2025-12-21 20:53:06  Normal   Normal  \r\r\n"
               "2     50673  4087   16000  13000  14000  3377   3380   Charge   Normal   Normal   "
               "Normal   "
               "89%      2025-12-21 20:53:05  Normal   Normal  \r\r\n"
               "3     " ABSENT_TAIL "\r\r\n"
               "4     " ABSENT_TAIL "\r\r\n"
               "5     " ABSENT_TAIL "\r\r\n"
               "6     " ABSENT_TAIL "\r\r\n"
               "7     " ABSENT_TAIL "\r\r\n"
               "8     " ABSENT_TAIL DONE);
    bench_close(&b);
}

/* The rows of plc-us5000mix_pwr: US5000 master, US2000C, US2KBPL without MOS sensor */
static void test_pwr_p2_mixed_stack(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us5000", 3327, 11867, 266, 390);
    bench_temps(&b, 1, 266, 268, 279, 275);
    b.stack.module[0].clock_skew_s = -86400;
    bench_module(&b, 2, "pylontech.us2000c", 3326, 5182, 300, 380);
    bench_temps(&b, 2, 297, 301, 319, 302);
    bench_cell(&b, 2, 3, 3325);
    bench_module(&b, 3, "pylontech.us2000b-plus", 3327, 5080, 300, 350);
    bench_temps(&b, 3, 300, 300, 332, 999);
    bench_cell(&b, 3, 3, 3326);
    bench_cell(&b, 3, 5, 3328);
    b.stack.module[0].battery.pack_mv = 49905;
    b.stack.module[1].battery.pack_mv = 49882;
    b.stack.module[2].battery.pack_mv = 49909;
    struct span said = bench_type(&b, "pwr\r");
    CU_ASSERT_TRUE(bench_has(
        said, P1_HEADER " MosTempr M.T.St  \r\r\n"
                        "1     49905  11867  27900  26600  26800  3327   3327   Charge   Normal   "
                        "Normal   Normal   "
                        "39%      2025-12-20 20:53:06  Normal   Normal  27500    Normal  \r\r\n"
                        "2     49882  5182   31900  29700  30100  3325   3326   Charge   Normal   "
                        "Normal   Normal   "
                        "38%      2025-12-21 20:53:05  Normal   Normal  30200    Normal  \r\r\n"
                        "3     49909  5080   33000  30000  30000  3326   3328   Charge   Normal   "
                        "Normal   Normal   "
                        "35%      2025-12-21 20:53:05  Normal   Normal   -        -       \r\r\n"
                        "4     " ABSENT_TAIL "\r\r\n"));
    CU_ASSERT_TRUE(bench_has(said, "\r\r\n16    " ABSENT_TAIL DONE));
    bench_close(&b);
}

/* iss-us5000-v2.0_pwr, row 1 */
static void test_pwr_p3(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us5000-v2", 3272, -2358, 160, 520);
    bench_temps(&b, 1, 151, 161, 168, 164);
    bench_cell(&b, 1, 0, 3273);
    b.stack.module[0].battery.pack_mv = 49093;
    struct span said = bench_type(&b, "pwr\r");
    CU_ASSERT_TRUE(bench_has(said, "Power Volt   Curr   Tempr  Tlow   Tlow.Id  Thigh  Thigh.Id "
                                   "Vlow   Vlow.Id  Vhigh  Vhigh.Id "
                                   "Base.St  Volt.St  Curr.St  Temp.St  Coulomb  Time              "
                                   "   B.V.St   B.T.St  MosTempr "
                                   "M.T.St   SysAlarm.St  \r\r\n"
                                   "1     49093  -2358  16800  15100  10       16100  0        "
                                   "3272   1        3273   0        "
                                   "Dischg   Normal   Normal   Normal   52%      2025-12-21 "
                                   "20:53:06  Normal   Normal  16400    "
                                   "Normal   Normal  \r\r\n"
                                   "2     " ABSENT_TAIL "\r\r\n"));
    bench_close(&b);
}

/* mman-us3000d_pwr, row 1; no rows for absent modules */
static void test_pwr_p4(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us3000d", 3490, -391, 260, 990);
    bench_temps(&b, 1, 254, 260, 288, 318);
    bench_cell(&b, 1, 2, 3481);
    bench_cell(&b, 1, 10, 3497);
    b.stack.module[0].battery.pack_mv = 52382;
    bench_module(&b, 3, "pylontech.us3000c", 3490, 0, 260, 1000);
    struct span said = bench_type(&b, "pwr\r");
    CU_ASSERT_TRUE(bench_has(said, "B.V.St   B.T.St   MosTempr M.T.St  \r\r\n"
                                   "1     52382  -391   28800  25400  10       26000  0        "
                                   "3481   2        3497   10       "
                                   "Dischg   Normal   Normal   Normal   99%      2025-12-21 "
                                   "20:53:06  Normal   Normal   31800    "
                                   "Normal  \r\r\n3     52350  0      26000  "));
    CU_ASSERT_FALSE(bench_has(said, "Absent"));
    bench_close(&b);
}

/* plc-pytes48100v_pwr, rows 1 and 2 */
static void test_pwr_py(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pytes.e-box-48100v", 3319, -5962, 250, 800);
    bench_temps(&b, 1, 240, 250, 260, 0);
    bench_cell(&b, 1, 3, 3313);
    b.stack.module[0].battery.pack_mv = 53070;
    span_to_str(SPAN_LIT("Exxxxxxxxxxxxx43"), b.stack.module[0].battery.serial, 32);
    struct span said = bench_type(&b, "pwr\r");
    CU_ASSERT_TRUE(bench_has(
        said, P1_HEADER
        " Barcode              DevType             \r\r\n"
        "1     53070  -5962  26000  24000  25000  3313   3319   Dischg   Normal   Normal   Normal  "
        " "
        "80%      2025-12-21 20:53:06  Normal   Normal   Exxxxxxxxxxxxx43     E-BOX-48100V-D      "
        "\n\r\n2     " ABSENT_TAIL " -                    -                   \r\r\n"));
    CU_ASSERT_TRUE(bench_has(said, "\r\r\n16    "));
    bench_close(&b);
}

static void test_layout_slots_and_clock_knobs(void)
{
    struct bench b;
    struct sim_config config;
    sim_config_init(&config);
    span_to_str(SPAN_LIT("P3"), console_knobs(&config)->layout,
                sizeof console_knobs(&config)->layout);
    console_knobs(&config)->slots = 8;
    console_knobs(&config)->clock_year = 2000;
    bench_open_with(&b, &config);
    bench_module(&b, 1, "pylontech.us2000c", 3300, 0, 250, 500);
    b.stack.now_us += 3725 * US_PER_S;
    struct span said = bench_type(&b, "pwr\r");
    CU_ASSERT_TRUE(bench_has(said, "SysAlarm.St  \r\r\n"));
    CU_ASSERT_TRUE(bench_has(said, " 2000-00-00 01:02:05  "));
    CU_ASSERT_TRUE(bench_has(said, "\r\r\n8     " ABSENT_TAIL DONE));
    overlay_set(&b.stack.module[0].overlay, BMS_PATH_LAYOUT, "P1");
    overlay_set(&b.stack.module[0].overlay, BMS_PATH_CLOCK, "2026-07-17 01:20:56");
    said = bench_type(&b, "pwr\r");
    CU_ASSERT_TRUE(bench_has(said, P1_HEADER "\r\r\n"));
    CU_ASSERT_TRUE(bench_has(said, " 2026-07-17 01:20:56  "));
    bench_close(&b);
}

/* Odd values: below zero, above 100 %, seven characters of current (sections 3.2, 3.3) */
static void test_odd_values(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000c", 3300, -100000, -51, 1070);
    bench_module(&b, 2, "pylontech.us2000b-plus", 3300, 49, -24, 0);
    struct span said = bench_type(&b, "pwr\r");
    CU_ASSERT_TRUE(bench_has(said,
                             "1     49500  -100000-5100  -5100  -5100  3300   3300   Dischg   "
                             "Normal   Normal   Normal   107%     "));
    CU_ASSERT_TRUE(bench_has(said,
                             "2     49500  0      -2000  -2000  -2000  3300   3300   Idle     "
                             "Normal   Normal   Normal   0%       "));
    bench_close(&b);
}

/* ---- bat ---- */

/* donv-us2kbpl_bat: header, first and last row */
static void test_bat_b1(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000b-plus", 3379, 4076, 140, 890);
    bench_temps(&b, 1, 130, 140, 170, 0);
    bench_cell(&b, 1, 14, 3380);
    b.stack.module[0].battery.remaining_mah = 42586;
    struct span said = bench_type(&b, "bat\r");
    CU_ASSERT_TRUE(span_starts(
        said,
        "bat\n\r@\r\r\n"
        "Battery  Volt     Curr     Tempr    Base State   Volt. State  Curr. State  Temp. State  "
        "Coulomb     \r\r\n"
        "0        3379     4076     14000    Charge       Normal       Normal       Normal        "
        "89%      42586 mAH\r\r\n"));
    CU_ASSERT_TRUE(span_ends(
        said, "\r\r\n14       3380     4076     13000    Charge       Normal       Normal       "
              "Normal        89%      42586 mAH" DONE));
    bench_close(&b);
}

/* mman-us3000c_bat-1: balancing while Idle, a cell that is High in a pack that is not */
static void test_bat_b2(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us3000c", 3341, 0, 259, 50);
    bench_temps(&b, 1, 250, 259, 410, 282);
    bench_cell(&b, 1, 0, 3562);
    bench_cell(&b, 1, 1, 3551);
    b.stack.module[0].battery.remaining_mah = 3708;
    b.stack.module[0].battery.balancing = 1u << 0;
    struct span said = bench_type(&b, "bat 1\r");
    CU_ASSERT_TRUE(bench_has(
        said,
        "SOC          Coulomb      BAL         \r\r\n"
        "0        3562     0        25900    Idle         High         Normal       Normal        "
        "5%          3708 mAH      Y\r\r\n"
        "1        3551     0        25900    Idle         Normal       Normal       Normal        "
        "5%          3708 mAH      N\r\r\n"));
    CU_ASSERT_TRUE(bench_has(bench_type(&b, "pwr\r"), "Idle     Normal   Normal   Normal   5%"));
    bench_close(&b);
}

/* mman-us3000d_bat-1 and -2: a slave behind a US3000D prints 0 mAh */
static void test_bat_b3(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us3000d", 3455, -108, 246, 990);
    bench_module(&b, 2, "pylontech.us3000c", 3458, -108, 246, 990);
    b.stack.module[0].battery.remaining_mah = 73100;
    struct span said = bench_type(&b, "bat 1\r");
    CU_ASSERT_TRUE(span_starts(said, "bat 1\n\r@\r\r\n\r\r\nBattery  Volt     Curr     Tempr    "));
    CU_ASSERT_TRUE(bench_has(
        said,
        "0        3455     -108     24600    Dischg       Normal       Normal       Normal       "
        "Normal       99%          73100        mAH N\r\r\n"));
    CU_ASSERT_TRUE(bench_has(
        bench_type(&b, "bat 2\r"),
        "0        3458     -108     24600    Dischg       Normal       Normal       Normal       "
        "Normal       99%          0            mAH N\r\r\n"));
    bench_close(&b);
}

/* plc-pytes48100v_bat-1: no current, 16 cells */
static void test_bat_b1n(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pytes.e-box-48100v", 3304, -3000, 190, 340);
    b.stack.module[0].battery.remaining_mah = 34682;
    struct span said = bench_type(&b, "bat 1\r");
    CU_ASSERT_TRUE(bench_has(
        said,
        "Battery  Volt     Tempr    Base State   Volt. State  Curr. State  Temp. State  "
        "Coulomb     \r\r\n"
        "0        3304     19000    Dischg       Normal       Normal       Normal        34%      "
        "34682 mAH\r\r\n"));
    CU_ASSERT_TRUE(bench_has(said, "\r\r\n15       3304 "));
    bench_close(&b);
}

/* ---- words and masks ---- */

struct word_case {
    uint32_t warnings, protections;
    const char *row;    /* Base.St Volt.St Curr.St Temp.St */
    const char *second; /* B.V.St B.T.St */
    const char *events; /* Bat Events */
};

static void test_words_of_conditions(void)
{
    static const struct word_case cases[] = {
        {0, 0, "Charge   Normal   Normal   Normal ", "Normal   Normal ", "Events      : 0x0 "},
        {COND_BIT(COND_CELL_OVERVOLTAGE), 0, "Charge   Normal   Normal   Normal ",
         "High     Normal ", "Bat Events      : 0x2        BHV\r"},
        {COND_BIT(COND_CELL_OVERVOLTAGE), COND_BIT(COND_CELL_OVERVOLTAGE),
         "Charge   Normal   Normal   Normal ", "Over     Normal ",
         "Bat Events      : 0x1        BOV\r"},
        {COND_BIT(COND_CELL_UNDERVOLTAGE), 0, "Charge   Normal ", "Low      Normal ",
         "Bat Events      : 0x8        BLV\r"},
        {0, COND_BIT(COND_CELL_UNDERVOLTAGE), "Charge   Normal ", "Under    Normal ",
         "Bat Events      : 0x10       BUV\r"},
        {COND_BIT(COND_PACK_OVERVOLTAGE), 0, "Charge   High     Normal   Normal ", "Normal ",
         "Power Events    : 0x2        PHV\r"},
        {0, COND_BIT(COND_PACK_UNDERVOLTAGE), "Charge   Under    Normal   Normal ", "Normal ",
         "Power Events    : 0x10       PUV\r"},
        {COND_BIT(COND_CHARGE_OVERCURRENT), 0, "Charge   Normal   High     Normal ", "Normal ",
         "Power Events    : 0x0 "},
        {0, COND_BIT(COND_CHARGE_OVERCURRENT), "Charge   Normal   Over     Normal ", "Normal ",
         "Power Events    : 0x100000   COC\r"},
        {0, COND_BIT(COND_SHORT_CIRCUIT), "Charge   Normal   Over     Normal ", "Normal ",
         "Power Events    : 0x10000    SC\r"},
        {COND_BIT(COND_CHARGE_OVERTEMPERATURE), 0, "Charge   Normal   Normal   Normal ",
         "Normal   High   ", "Bat Events      : 0x200      BHT\r"},
        {0, COND_BIT(COND_CHARGE_UNDERTEMPERATURE), "Charge   Normal   Normal   Normal ",
         "Normal   Under  ", "Bat Events      : 0x1000     BUT\r"},
        {COND_BIT(COND_MOS_OVERTEMPERATURE), 0, "Charge   Normal   Normal   Normal ",
         "Normal   Normal  25000    High ", "Power Events    : 0x200      PHT\r"},
        {0, COND_BIT(COND_INTERNAL_FAULT), "SysError Normal   Normal   Normal ", "Normal   Normal ",
         "System Fault    : 0x8 "},
    };
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000c", 3300, 5000, 250, 500);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        b.stack.module[0].battery.warnings = cases[i].warnings;
        b.stack.module[0].battery.protections = cases[i].protections;
        struct span said = bench_type(&b, "pwr\r");
        bool row_ok = bench_has(said, cases[i].row) && bench_has(said, cases[i].second);
        bool events_ok = bench_has(bench_type(&b, "pwr 1\r"), cases[i].events);
        if (!row_ok || !events_ok)
            TESTING_FAIL("case %zu: row %d events %d", i, row_ok, events_ok);
    }
    bench_close(&b);
}

/* The word of a cell: by its voltage, and by what the BMS protects. */
static void test_words_of_cells(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000c", 3300, 0, 250, 500);
    bench_cell(&b, 1, 0, 3700);
    bench_cell(&b, 1, 1, 3600);
    bench_cell(&b, 1, 2, 3040);
    bench_cell(&b, 1, 3, 2700);
    struct span said = bench_type(&b, "bat\r");
    CU_ASSERT_TRUE(bench_has(said, "\n0        3700     0        25000    Idle         High   "));
    CU_ASSERT_TRUE(bench_has(said, "\n1        3600     0        25000    Idle         High   "));
    CU_ASSERT_TRUE(bench_has(said, "\n2        3040     0        25000    Idle         Low    "));
    CU_ASSERT_TRUE(bench_has(said, "\n3        2700     0        25000    Idle         Low    "));
    b.stack.module[0].battery.protections =
        COND_BIT(COND_CELL_OVERVOLTAGE) | COND_BIT(COND_CELL_UNDERVOLTAGE);
    said = bench_type(&b, "bat\r");
    CU_ASSERT_TRUE(bench_has(said, "\n0        3700     0        25000    Idle         Over   "));
    CU_ASSERT_TRUE(bench_has(said, "\n1        3600     0        25000    Idle         High   "));
    CU_ASSERT_TRUE(bench_has(said, "\n3        2700     0        25000    Idle         Under  "));
    bench_close(&b);
}

static void test_overlay_words(void)
{
    struct bench b;
    const char *why;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us5000-v2", 3300, 5000, 250, 500);
    struct overlay *o = &b.stack.module[0].overlay;
    overlay_set(o, BMS_PATH_STATE_BASE, "Protect");
    overlay_set(o, BMS_PATH_STATE_VOLTAGE, "OV");
    overlay_set(o, BMS_PATH_STATE_CURRENT, "OC");
    overlay_set(o, BMS_PATH_STATE_TEMPERATURE, "UT");
    overlay_set(o, BMS_PATH_STATE_CELLS, "Above");
    overlay_set(o, BMS_PATH_STATE_CELLTEMP, "Below");
    overlay_set(o, BMS_PATH_STATE_MOS, "OT");
    overlay_set(o, BMS_PATH_STATE_SYSTEM, "Alarm7");
    overlay_set(o, BMS_PATH_EVENTS_BATTERY, "0x2002");
    overlay_set(o, BMS_PATH_EVENTS_POWER, "0x6000");
    overlay_set(o, BMS_PATH_FAULT_SYSTEM, "0x408");
    struct span said = bench_type(&b, "pwr\r");
    CU_ASSERT_TRUE(bench_has(said, "Protect  OV       OC       UT       50%"));
    CU_ASSERT_TRUE(bench_has(said, "Above    Below   25000    OT       Alarm7  "));
    said = bench_type(&b, "pwr 1\r");
    CU_ASSERT_TRUE(bench_has(said, " Bat Events      : 0x2002     BHV\r\r\n"
                                   " Power Events    : 0x6000     COULFULL\r\r\n"
                                   " System Fault    : 0x408      \r\r\n"));
    overlay_unset(o, BMS_PATH_STATE_BASE);
    CU_ASSERT_TRUE(bench_has(bench_type(&b, "pwr\r"), "Charge   OV       OC "));
    /* what a column cannot hold is refused */
    const struct device_ops *ops = b.device->ops;
    CU_ASSERT_TRUE(ops->accepts(b.device, BMS_PATH_STATE_BASE, "SysError", &why));
    CU_ASSERT_FALSE(ops->accepts(b.device, BMS_PATH_STATE_BASE, "NineChars", &why));
    CU_ASSERT_STRING_EQUAL(why, "a state word has 1 to 8 characters without blanks");
    CU_ASSERT_FALSE(ops->accepts(b.device, BMS_PATH_STATE_BASE, "a b", &why));
    CU_ASSERT_TRUE(ops->accepts(b.device, BMS_PATH_CLOCK, "2000-00-00 00:00:00", &why));
    CU_ASSERT_FALSE(ops->accepts(b.device, BMS_PATH_CLOCK, "yesterday", &why));
    CU_ASSERT_FALSE(ops->accepts(b.device, BMS_PATH_LAYOUT, "P9", &why));
    CU_ASSERT_FALSE(ops->accepts(b.device, BMS_PATH_SOC, "1", &why));
    bench_close(&b);
}

static void test_overlay_itself(void)
{
    struct overlay o = {0};
    CU_ASSERT_PTR_NULL(overlay_get(&o, 1));
    CU_ASSERT_EQUAL(overlay_set(&o, 1, ""), ERR_RANGE);
    CU_ASSERT_EQUAL(overlay_set(&o, 1, "12345678901234567890123456789012"), ERR_RANGE);
    for (uint16_t i = 0; i < OVERLAY_MAX; i++)
        CU_ASSERT_EQUAL(overlay_set(&o, i, "x"), ERR_OK);
    CU_ASSERT_EQUAL(overlay_set(&o, 99, "x"), ERR_SPACE);
    CU_ASSERT_EQUAL(overlay_set(&o, 3, "y"), ERR_OK);
    CU_ASSERT_STRING_EQUAL(overlay_get(&o, 3), "y");
    overlay_unset(&o, 3);
    overlay_unset(&o, 3);
    CU_ASSERT_PTR_NULL(overlay_get(&o, 3));
    CU_ASSERT_STRING_EQUAL(overlay_get(&o, OVERLAY_MAX - 1), "x");
}

/* ---- the codec understands every product ---- */

static bool body_of(struct bench *b, const char *command, struct span *ret)
{
    char typed[16];
    struct buf t = buf_of(typed, sizeof typed - 1);
    struct pylon_answer answer;
    buf_printf(&t, "%s\r", command);
    typed[t.n] = '\0';
    struct decoded d = pylon_answer_split(bench_type(b, typed), span_str(command), &answer);
    if (d.code != ERR_OK || answer.status != PYLON_OK)
        return false;
    *ret = answer.body;
    return true;
}

static void test_the_codec_reads_every_product(void)
{
    static struct pylon_form form;
    struct bench b;
    for (size_t i = 0; product_names()[i] != NULL; i++) {
        struct pylon_pwr pwr;
        struct pylon_bat bat;
        struct pylon_module module;
        struct pylon_info info;
        struct pylon_stat stat;
        struct span body;
        const char *why = "";
        bool ok = true;
        if (product_find(product_names()[i])->layout == NULL)
            continue; /* no console */
        bench_open(&b);
        bench_module(&b, 1, product_names()[i], 3300, -12345, 213, 765);
        bench_module(&b, 2, product_names()[i], 3310, 12345, -52, 1000);
        ok = ok && body_of(&b, "pwr", &body) && pylon_pwr_decode(body, &pwr).code == ERR_OK;
        ok = ok && pwr.rows[0].curr_ma == -12345 && pwr.rows[1].coulomb_pc == 100;
        ok = ok && pylon_row_plausible(&pwr.rows[0], pwr.rows[0].volt_mv > 50000 ? 16 : 15, &why);
        ok = ok && body_of(&b, "bat 2", &body) && pylon_bat_decode(body, &bat).code == ERR_OK;
        ok = ok && bat.n == b.stack.module[0].product->cells && bat.rows[0].volt_mv == 3310;
        ok = ok && body_of(&b, "pwr 1", &body) &&
             pylon_form_decode(PYLON_FORM_PWR, body, &form).code == ERR_OK &&
             pylon_module_from(&form, &module).code == ERR_OK && module.curr_ma == -12345;
        ok = ok && body_of(&b, "info", &body) &&
             pylon_form_decode(PYLON_FORM_INFO, body, &form).code == ERR_OK &&
             pylon_info_from(&form, &info).code == ERR_OK && info.cell_number == bat.n;
        ok = ok && body_of(&b, "stat", &body) &&
             pylon_form_decode(PYLON_FORM_STAT, body, &form).code == ERR_OK &&
             pylon_stat_from(&form, &stat).code == ERR_OK && stat.cycles == 174;
        if (!ok)
            TESTING_FAIL("%s: %s; last: %.*s", product_names()[i], why, (int)b.said.n,
                         (const char *)b.said.p);
        bench_close(&b);
    }
}

/* ---- render: the same answer for another stack, session unchanged ---- */

static void test_render(void)
{
    static uint8_t memory[DEVICE_REPLY_MAX];
    static struct stack other;
    struct bench b;
    struct buf out = buf_of(memory, sizeof memory);
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000c", 3300, 5000, 250, 500);
    struct span said = bench_type(&b, "pwr\r");
    struct span answer = span_sub(said, sizeof "pwr\n\r" - 1, said.n);
    const struct device_ops *ops = b.device->ops;
    CU_ASSERT_EQUAL(ops->render(b.device, SPAN_LIT("pwr"), &b.stack, &out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out), answer);
    other = b.stack;
    other.module[0].battery.current_ma = 5001;
    buf_clear(&out);
    CU_ASSERT_EQUAL(ops->render(b.device, SPAN_LIT("pwr"), &other, &out), ERR_OK);
    CU_ASSERT_FALSE(span_eq(buf_span(&out), answer));
    buf_clear(&out);
    CU_ASSERT_EQUAL(ops->render(b.device, SPAN_LIT("login debug"), &other, &out), ERR_OK);
    BENCH_SAYS(&b, "\r", "\n\rpylon>");
    bench_close(&b);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"pwr P1", test_pwr_p1},
        {"pwr P2 of a mixed stack", test_pwr_p2_mixed_stack},
        {"pwr P3", test_pwr_p3},
        {"pwr P4", test_pwr_p4},
        {"pwr PY", test_pwr_py},
        {"layout, slots, clock", test_layout_slots_and_clock_knobs},
        {"odd values", test_odd_values},
        {"bat B1", test_bat_b1},
        {"bat B2", test_bat_b2},
        {"bat B3", test_bat_b3},
        {"bat B1n", test_bat_b1n},
        {"the words of warnings and protections", test_words_of_conditions},
        {"the words of cells", test_words_of_cells},
        {"overridden words", test_overlay_words},
        {"overlay", test_overlay_itself},
        {"the codec reads every product", test_the_codec_reads_every_product},
        {"render", test_render},
        {0}};
    return testing_main(argc, argv, "console tables", cases);
}
