/* SPDX-License-Identifier: Apache-2.0
 *
 * The console's answers against literals of captures: tables and forms of every layout, words of
 * the BMS's states, masks, overridden values, identity. The bench holds the values of the capture;
 * the bytes must be the capture's.
 */
#include "sim/device/test_console_support.h"

#define ABSENT_TAIL                                                                                \
    "-      -      -      -      -      -      -      Absent   -        -        -        -      " \
    "  "                                                                                           \
    "-                    -        -       "
#define P1_HEADER                                                                                 \
    "Power Volt   Curr   Tempr  Tlow   Thigh  Vlow   Vhigh  Base.St  Volt.St  Curr.St  Temp.St  " \
    "Coulomb  Time                 B.V.St   B.T.St  "

static void set_temps(struct bench *b, unsigned address, int16_t low, int16_t high, int16_t board,
                      int16_t mos)
{
    struct battery *v = &b->stack.module[address - 1].battery;
    v->temp_dc[0] = high;
    v->temp_dc[1] = high;
    v->temp_dc[2] = low;
    v->temp_dc[3] = board;
    v->temp_dc[4] = mos;
}

/* donv-us2kbpl_pwr, wire-exact but for its times (module 2 was 2 s behind, here 1 s) */
static void test_pwr_p1(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000b-plus", 3379, 3806, 140, 890);
    set_temps(&b, 1, 130, 140, 170, 0);
    bench_cell(&b, 1, 4, 3381);
    bench_cell(&b, 1, 9, 3378);
    b.stack.module[0].battery.pack_mv = 50691;
    bench_module(&b, 2, "pylontech.us2000b-plus", 3378, 4087, 140, 890);
    set_temps(&b, 2, 130, 140, 160, 0);
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
    set_temps(&b, 1, 266, 268, 279, 275);
    b.stack.module[0].clock_skew_s = -86400;
    bench_module(&b, 2, "pylontech.us2000c", 3326, 5182, 300, 380);
    set_temps(&b, 2, 297, 301, 319, 302);
    bench_cell(&b, 2, 3, 3325);
    bench_module(&b, 3, "pylontech.us2000b-plus", 3327, 5080, 300, 350);
    set_temps(&b, 3, 300, 300, 332, 999);
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
    set_temps(&b, 1, 151, 161, 168, 164);
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
    set_temps(&b, 1, 254, 260, 288, 318);
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
    set_temps(&b, 1, 240, 250, 260, 0);
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
    span_to_str(SPAN_LIT("P3"), config.console.layout, sizeof config.console.layout);
    config.console.slots = 8;
    config.console.clock_year = 2000;
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
    set_temps(&b, 1, 130, 140, 170, 0);
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
    set_temps(&b, 1, 250, 259, 410, 282);
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

/* ---- forms ---- */

/* plc-us5000mix_pwr-3, wire-exact: a US2KBPL slave */
static void test_pwr_n(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us5000", 3327, 11867, 266, 390);
    bench_module(&b, 3, "pylontech.us2000b-plus", 3327, 5024, 330, 350);
    b.stack.module[2].battery.pack_mv = 49905;
    BENCH_SAYS(
        &b, "pwr 3\r",
        "pwr 3\n\r@\r\r\n"
        " ----------------------------\r\r\n"
        " Power  3\r\r\n"
        "\r\r\n"
        " Voltage         : 49905       mV\r\r\n"
        " Current         : 5024        mA\r\r\n"
        " Temperature     : 33000       mC\r\r\n"
        " Coulomb         : 35          %\r\r\n"
        " Total Coulomb   : 50000       mAH\r\r\n"
        " Max Voltage     : 54000       mV\r\r\n"
        " Charge Times    : 0           \r\r\n"
        " Basic Status    : Charge  \r\r\n"
        " Charge Sec.     : 0       s\r\r\n"
        " Volt Status     : Normal  \r\r\n"
        " Current Status  : Normal  \r\r\n"
        " Tmpr. Status    : Normal  \r\r\n"
        " Coul. Status    : Normal  \r\r\n"
        " Soh. Status     : Normal  \r\r\n"
        " Heater Status   : OFF     \r\n\r"
        " Protect ENA     : BOV BHV BLV BUV POV PHV PLV PUV CBOT CBHT CBLT CBUT DBOT DBHT DBLT "
        "DBUT POT PHT PLT PUT COC COC2 COCA DOCA DOC DOC2 SC LCOUL \r\r\n"
        " Bat Events      : 0x0        \r\r\n"
        " Power Events    : 0x0        \r\r\n"
        " System Fault    : 0x0        \r\r\n"
        " ----------------------------" DONE);
    bench_close(&b);
}

/* iss-us3000c_pwr-1 (no seconds when idle), hrab-us2000c-mix5_pwr-1 and -2-charge-event */
static void test_pwr_n_lines_that_come_and_go(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000c", 3303, 0, 190, 560);
    CU_ASSERT_FALSE(bench_has(bench_type(&b, "pwr 1\r"), "Sec."));
    b.stack.module[0].battery.current_ma = -2185;
    b.stack.module[0].counters.discharge_seconds = 3320;
    struct span said = bench_type(&b, "pwr 1\r");
    CU_ASSERT_TRUE(bench_has(said, " Basic Status    : Dischg  \r\r\n"
                                   " Discharge Sec.  : 3320    s\r\r\n"));
    b.stack.module[0].battery.soc_pm = 1000;
    said = bench_type(&b, "pwr 1\r");
    CU_ASSERT_TRUE(bench_has(said, " Coul. Status    : Full    \r\r\n"));
    CU_ASSERT_TRUE(bench_has(said, " Power Events    : 0x2000     COULFULL\r\r\n"));
    bench_close(&b);
}

/* iss-us3000d_pwr-1 (that capture is cut behind Pwr Tmpr Status) */
static void test_pwr_n_of_us3000d(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us3000d", 3315, -3361, 235, 910);
    b.stack.module[0].battery.pack_mv = 49726;
    struct span said = bench_type(&b, "pwr 1\r");
    CU_ASSERT_TRUE(span_starts(said, "pwr 1\n\r@\r\r\n\r\r\n ----------------------------\r\r\n"));
    CU_ASSERT_TRUE(bench_has(said, " Voltage         : 49726       mV\r\r\n"
                                   " B+B-.Volt       : 49726       mV\r\r\n"));
    CU_ASSERT_TRUE(bench_has(said, " Max Voltage     : 57600       mV\r\r\n"));
    CU_ASSERT_TRUE(bench_has(said, " Bat Volt Status : 0x4        BVNOR\r\r\n"
                                   " Bat Tmpr Status : 0x8        BTNOR\r\r\n"
                                   " Pwr Volt Status : 0x4        PVNOR\r\r\n"
                                   " Pwr Tmpr Status : 0x8        PTNOR\r\r\n"
                                   " Pwr Curr Status : 0x0"));
    CU_ASSERT_FALSE(bench_has(said, "Bat Events"));
    CU_ASSERT_FALSE(bench_has(said, "Power Events"));
    bench_close(&b);
}

/* plc-pytes48100v_pwr-1, wire-exact but for the two totals, which depend on its history */
static void test_pwr_n_of_pytes(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pytes.e-box-48100v", 3328, 0, 240, 730);
    b.stack.module[0].battery.pack_mv = 53244;
    span_to_str(SPAN_LIT("ESxxxxxxxxxxx443"), b.stack.module[0].battery.serial, 32);
    b.stack.module[0].counters.cycles = 3;
    struct span said = bench_type(&b, "pwr 1\r");
    CU_ASSERT_TRUE(bench_has(said, " Voltage         : 53244               mV\r\r\n"));
    CU_ASSERT_TRUE(bench_has(said, " Current         : 0                   mA\r\r\n"));
    CU_ASSERT_TRUE(bench_has(said, " Total Coulomb   : 360000000           mAS\r\r\n"
                                   " Real Coulomb    : 100000              mAH\r\r\n"));
    CU_ASSERT_TRUE(bench_has(said, " Charge Count    : 0               \r\r\n"));
    CU_ASSERT_TRUE(bench_has(said, " Bat Num         : 16              \r\r\n"
                                   " Barcode         : ESxxxxxxxxxxx443\r\r\n"
                                   " DevType         : E-BOX-48100V-D  \r\r\n"
                                   " Firm Version    : SPBMS16SRP2304V1.10.7.1C.T5\r\r\n"
                                   " Next Device     : 0               \r\r\n"
                                   " Basic Status    : Idle    \r\r\n"));
    CU_ASSERT_TRUE(bench_has(said, " Bat Status      : VNOR TNOR\r\r\n"
                                   " Heater Status   : OFF     \r\r\n"
                                   " CMOS Status     : ON      \r\r\n"));
    CU_ASSERT_TRUE(bench_has(
        said,
        " Terminal Res.   : ON      \r\n\r"
        " Bat Protect ENA : OV HV LV UV SLP OT HT LT UT\r\n\r"
        " Pwr Protect ENA : OV HV LV UV SLP OT HT LT UT COC COC1 COC2 COCA DOCA DOC DOC1 DOC2 "
        "SC\r\r\n"
        " Bat Events      : 0x0       \r\r\n"
        " Power Events    : 0x0       \r\r\n"
        " System Fault    : 0x0       \r\r\n"
        " ----------------------------\r\n\rCommand completed successfully\r\n\r$$\r\n\rPYTES>"));
    CU_ASSERT_FALSE(bench_has(said, "Max Voltage"));
    bench_close(&b);
}

/* donv-us2kbpl_info, wire-exact */
static void test_info(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000b-plus", 3379, 0, 140, 890);
    span_to_str(SPAN_LIT("PPTBH02400710243"), b.stack.module[0].battery.serial, 32);
    BENCH_SAYS(&b, "info\r",
               "info\n\r@\r\n\r"
               "Device address      : 1\r\n\r"
               "Manufacturer        : Pylon\r\n\r"
               "Device name         : US2KBPL\r\n\r"
               "Board version       : PHANTOMSAV10R03\r\n\r"
               "Main Soft version   : B66.6\r\n\r"
               "Soft  version       : V2.4\r\n\r"
               "Boot  version       : V2.0\r\n\r"
               "Comm version        : V2.0\r\n\r"
               "Release Date        : 20-05-28\r\n\r"
               "Barcode             : PPTBH02400710243\r\n\r"
               "\r\n\r"
               "Specification       : 48V/50AH\r\n\r"
               "Cell Number         : 15\r\n\r"
               "Max Dischg Curr     : -100000mA\r\n\r"
               "Max Charge Curr     : 102000mA\r\n\r"
               "EPONPort rate       : 1200\r\n\r"
               "Console Port rate   : 115200" DONE);
    bench_close(&b);
}

/* blou-us2000c_info: the Board line; identity from the overlay; the address of a slave */
static void test_info_of_newer_firmware(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000c", 3379, 0, 140, 890);
    bench_module(&b, 2, "pylontech.us2000c", 3379, 0, 140, 890);
    struct span said = bench_type(&b, "info\r");
    CU_ASSERT_TRUE(bench_has(said, "Board version       : V10R04\r\n\r"
                                   "Board               : NF4.E2\r\n\r"
                                   "Main Soft version   : B69.13.0.0\r\n\r"));
    overlay_set(&b.stack.module[1].overlay, BMS_PATH_SERIAL, "HPTCR03170C09377");
    overlay_set(&b.stack.module[1].overlay, BMS_PATH_FIRMWARE, "B67.5.0");
    said = bench_type(&b, "info 2\r");
    CU_ASSERT_TRUE(bench_has(said, "Device address      : 2\r\n\r"));
    CU_ASSERT_TRUE(bench_has(said, "Main Soft version   : B67.5.0\r\n\r"));
    CU_ASSERT_TRUE(bench_has(said, "Barcode             : HPTCR03170C09377\r\n\r"));
    bench_close(&b);
}

/* plc-pytes48100v_info-1, mman-us3000d_info */
static void test_info_of_others(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pytes.e-box-48100v", 3379, 0, 140, 890);
    struct span said = bench_type(&b, "info 1\r");
    CU_ASSERT_TRUE(bench_has(said, "Main Soft version   : SPBMS16SRP2304V1.10.7.1C\r\n\r"
                                   "Iterate version     : SPBMS16SRP2304V1.10.7.1C.T5\r\n\r"));
    CU_ASSERT_TRUE(bench_has(said, "Board SRAM Size     : 96KB\r\n\r"
                                   "Board FLASH Size    : 256KB\r\n\r"
                                   "Specification       : 51.2V/100AH\r\n\r"
                                   "Cell Number         : 16\r\n\r"
                                   "Max Dischg Curr     : -105000mA\r\n\r"
                                   "Max Charge Curr     : 105000mA\r\n\r"
                                   "Console Port rate   : 115200\r\n\rCommand"));
    bench_close(&b);
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us3000d", 3379, 0, 140, 890);
    said = bench_type(&b, "info\r");
    CU_ASSERT_TRUE(span_starts(said, "info\n\r@\r\n\r\r\n\rDevice address      : 1\r\n\r"));
    CU_ASSERT_TRUE(
        bench_has(said, "Board version       : \r\n\rBoard               : NF4.E3\r\n\r"));
    bench_close(&b);
}

/* donv-us2kbpl_stat: labels and widths; plc-pytes48100v_stat: wider numbers; mman-us3000c_stat-1 */
static void test_stat(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000b-plus", 3379, 0, 140, 890);
    b.stack.module[0].battery.remaining_mah = 42586;
    b.stack.module[0].counters.cycles = 430;
    b.stack.module[0].counters.discharged_mah = 21506462;
    b.stack.module[0].counters.cell_overvoltage = 56;
    struct span said = bench_type(&b, "stat\r");
    CU_ASSERT_TRUE(span_starts(said, "stat\n\r@\r\r\nDevice address           1\r\r\n"
                                     "Data Items      :        0\r\r\n"
                                     "HisData Items   :     1800\r\r\n"
                                     "MiscData Items  :        0\r\r\n"));
    CU_ASSERT_TRUE(bench_has(said, "Bat OV Times    :       56\r\r\n"));
    CU_ASSERT_TRUE(bench_has(said, "CYCLE Times     :      430\r\r\n"
                                   "Pwr Percent     :       89\r\r\n"
                                   "Pwr Coulomb     : 153309600\r\r\n"
                                   "Dsg Cap         : 21506462\r\r\n"
                                   "HT@0.5C Cnt     :        0\r\r\n"));
    CU_ASSERT_TRUE(span_ends(said, "LifeAlarm Times :        0" DONE));
    bench_close(&b);
    bench_open(&b);
    bench_module(&b, 1, "pytes.e-box-48100v", 3379, 0, 140, 800);
    said = bench_type(&b, "stat\r");
    CU_ASSERT_TRUE(bench_has(said, "Device address             1\r\r\n"
                                   "Data Items      :          0\r\r\n"));
    CU_ASSERT_TRUE(bench_has(said, "I2CERR Times    :          0\r\r\n"));
    bench_close(&b);
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us3000c", 3379, 0, 140, 50);
    said = bench_type(&b, "stat 1\r");
    CU_ASSERT_TRUE(
        bench_has(said, "CYCLE Times     :      174\r\r\nSOH             :       99\r\r\n"));
    CU_ASSERT_TRUE(bench_has(said, "LifeAlarm Times :        0\r\r\n"
                                   "Pov Items                :        0\r\r\n"));
    CU_ASSERT_TRUE(span_ends(said, "DsgOvr Curr Thd2 Sec     :        0" DONE));
    bench_close(&b);
}

/* hrab-us2000c-mix5_pwrsys: every figure of that stack */
static void test_pwrsys(void)
{
    struct bench b;
    struct sim_config config;
    sim_config_init(&config);
    config.console.debug = true;
    bench_open_with(&b, &config);
    for (unsigned n = 1; n <= 5; n++) {
        bench_module(&b, n, "pylontech.us2000c", 3318, n == 1 ? -2232 : -2233, 257, 930);
        struct battery *v = &b.stack.module[n - 1].battery;
        v->pack_mv = 49777;
        v->remaining_mah = n == 1 ? 43464 : 43465;
        v->full_mah = 46770;
        v->ccl_ma = n == 4 ? 10000 : 25000;
    }
    bench_cell(&b, 2, 3, 3322);
    bench_cell(&b, 4, 7, 3314);
    set_temps(&b, 2, 257, 270, 290, 270);
    set_temps(&b, 5, 234, 257, 260, 246);
    BENCH_SAYS(&b, "pwrsys\r",
               "pwrsys\n\r@\r\r\n"
               " Power System Information\r\r\n"
               " ---------------------------------\r\r\n"
               " System is discharging\r\r\n"
               " Total Num                : 5        \r\r\n"
               " Present Num              : 5        \r\r\n"
               " Sleep Num                : 0        \r\r\n"
               " System Volt              : 49777    mV\r\r\n"
               " System Curr              : -11164   mA\r\r\n"
               " System RC                : 217324   mAH\r\r\n"
               " System FCC               : 233850   mAH\r\r\n"
               " System SOC               : 93       %\r\r\n"
               " System SOH               : 94       %\r\r\n"
               " Highest voltage          : 3322     mV\r\r\n"
               " Average voltage          : 3318     mV\r\r\n"
               " Lowest voltage           : 3314     mV\r\r\n"
               " Highest temperature      : 27000    mC\r\r\n"
               " Average temperature      : 25700    mC\r\r\n"
               " Lowest temperature       : 23400    mC\r\r\n"
               " Recommend chg voltage    : 53250    mV\r\r\n"
               " Recommend dsg voltage    : 46000    mV\r\r\n"
               " Recommend chg current    : 10000    mA\r\r\n"
               " Recommend dsg current    : -25000   mA\r\r\n"
               " system Recommend chg voltage: 53250    mV\r\r\n"
               " system Recommend dsg voltage: 46000    mV\r\r\n"
               " system Recommend chg current: 50000    mA\r\r\n"
               " system Recommend dsg current: -125000  mA"
               "\r\n\rCommand completed successfully\r\n\r$$\r\n\rpylon_debug>");
    bench_close(&b);
}

/* ---- the small ones ---- */

/* iss-us2000c_getpwr-1-wire, hrab-us2000c-mix5_getpwr */
static void test_getpwr(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000c", 3551, 0, 210, 988);
    set_temps(&b, 1, 210, 210, 250, 250);
    b.stack.module[0].battery.pack_mv = 53276;
    b.stack.module[0].battery.remaining_mah = 49400;
    b.stack.module[0].counters.cycles = 666;
    struct span said = bench_type(&b, "getpwr 1\n");
    CU_ASSERT_TRUE(span_starts(
        said,
        "getpwr 1\n\r@\r\r\n53276#      0#  25000# 49400# Idle# Normal# Normal# Normal# \r\r\n"
        "3551#  21000# Normal# Normal# \r\r\n"));
    CU_ASSERT_TRUE(span_ends(said, "\r\r\n0#\r\r\n666#" DONE));
    bench_close(&b);
}

/* donv-us2kbpl_soh, plc-pytes48100v_soh */
static void test_soh(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000b-plus", 3378, 0, 210, 890);
    struct span said = bench_type(&b, "soh\r");
    CU_ASSERT_TRUE(span_starts(said, "soh\n\r@\r\r\nPower   1\r\r\n"
                                     "Battery    Voltage    SOHCount   SOHStatus \r\r\n"
                                     "0          3378       0          Normal    \r\r\n"));
    CU_ASSERT_TRUE(span_ends(said, "\r\r\n14         3378       0          Normal    " DONE));
    bench_close(&b);
    bench_open(&b);
    bench_module(&b, 1, "pytes.e-box-48100v", 3322, 0, 210, 890);
    CU_ASSERT_TRUE(span_starts(bench_type(&b, "soh\r"),
                               "soh\n\r@\r\r\nPower   1\r\r\n"
                               "Battery    Voltage    SOHStatus  \xC8$        \r\r\n"
                               "0          3322       00000000\r\r\n"));
    bench_close(&b);
}

/* donv-us2kbpl_time, hrab-us2000c-mix5_time, plc-pytes48100v_time */
static void test_time(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000b-plus", 3378, 0, 210, 890);
    BENCH_SAYS(&b, "time\r", "time\n\r@\r\n\rDs3231 2025-12-21 20:53:06" DONE);
    bench_module(&b, 1, "pylontech.us2000c", 3378, 0, 210, 890);
    BENCH_SAYS(&b, "time\r", "time\n\r@\r\n\rRTC 2025-12-21 20:53:06\r\n\rTest result:pass" DONE);
    b.stack.module[0].clock_skew_s = 13 * 60 + 94; /* over the day, the month and the year */
    b.stack.wall_us = 1767225600ULL * US_PER_S - 60 * US_PER_S;
    CU_ASSERT_TRUE(bench_has(bench_type(&b, "time\r"), "RTC 2026-01-01 00:13:34"));
    b.stack.module[0].clock_skew_s = 0;
    b.stack.wall_us = 1709164800ULL * US_PER_S; /* a leap day */
    CU_ASSERT_TRUE(bench_has(bench_type(&b, "time\r"), "RTC 2024-02-29 00:00:00"));
    bench_close(&b);
}

/* plc-pytes48100v_ver: the odd line end behind the version */
static void test_ver(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pytes.e-box-48100v", 3322, 0, 210, 890);
    BENCH_SAYS(&b, "ver\r",
               "ver\n\r@\r\r\n Main Version:\r\r\n Version : SPBMS16SRP2304V1.10.7.1C.T5\n \r\n"
               " Size    : 0\r\r\n Date    : 2023-10-13 09:55:00\r\r\n\r\r\n Backup Version:\r\r\n"
               " Version : \r\r\n Size    : 0\r\r\n Date    : 2000-00-00 00:00:00\r\r\n\r\r\n"
               " Active version : Main"
               "\r\n\rCommand completed successfully\r\n\r$$\r\n\rPYTES>");
    bench_module(&b, 1, "pylontech.us2000c", 3378, 0, 210, 890);
    CU_ASSERT_TRUE(bench_has(bench_type(&b, "ver\r"), "Unknown command"));
    bench_close(&b);
}

/* blou-us2000c_data-event: a broken measurement */
static void test_data(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000c", 3275, 0, 106, 180);
    set_temps(&b, 1, 105, 106, 150, 150);
    bench_cell(&b, 1, 13, 4095);
    b.stack.module[0].battery.protections = COND_BIT(COND_INTERNAL_FAULT);
    b.stack.module[0].battery.warnings = COND_BIT(COND_CELL_OVERVOLTAGE);
    struct span said = bench_type(&b, "data event\r");
    CU_ASSERT_TRUE(bench_has(said, "\r\r\nBase State      : SysError\r\r\n"));
    CU_ASSERT_TRUE(bench_has(said, "\r\r\nCoul. Status    : Low     \r\r\n"));
    CU_ASSERT_TRUE(bench_has(said, "\r\r\nBat Events      : 0x2        BHV\r\r\n"));
    CU_ASSERT_TRUE(bench_has(said, "\r\r\nSystem Fault    : 0x8        \r\r\n"));
    CU_ASSERT_TRUE(
        bench_has(said, "\r\r\n13       4095     0        10500    Idle         High     "));
    CU_ASSERT_TRUE(bench_has(bench_type(&b, "data history\r"), "Rec Item Index  : 1799        "));
    CU_ASSERT_TRUE(bench_has(bench_type(&b, "data history 1799\r"), "successfully"));
    CU_ASSERT_TRUE(bench_has(bench_type(&b, "data history 7\r"), "Invalid command"));
    CU_ASSERT_TRUE(bench_has(bench_type(&b, "data misc\r"), "Invalid command"));
    CU_ASSERT_TRUE(bench_has(bench_type(&b, "data\r"), "Invalid command"));
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
        {"pwr N", test_pwr_n},
        {"pwr N: lines that come and go", test_pwr_n_lines_that_come_and_go},
        {"pwr N of a US3000D", test_pwr_n_of_us3000d},
        {"pwr N of PYTES", test_pwr_n_of_pytes},
        {"info", test_info},
        {"info of newer firmware", test_info_of_newer_firmware},
        {"info of PYTES and US3000D", test_info_of_others},
        {"stat", test_stat},
        {"pwrsys", test_pwrsys},
        {"getpwr", test_getpwr},
        {"soh", test_soh},
        {"time", test_time},
        {"ver", test_ver},
        {"data", test_data},
        {"the words of warnings and protections", test_words_of_conditions},
        {"the words of cells", test_words_of_cells},
        {"overridden words", test_overlay_words},
        {"overlay", test_overlay_itself},
        {"render", test_render},
        {0}};
    return testing_main(argc, argv, "console tables", cases);
}
