/* SPDX-License-Identifier: Apache-2.0
 *
 * The console's forms and small answers against literals of captures: `pwr N`, `info`, `stat`,
 * `pwrsys`, `getpwr`, `soh`, `time`, `ver`, `data`. The bench holds the values of the capture; the
 * bytes must be the capture's.
 */
#include "sim/device/test_console_support.h"

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
    console_knobs(&config)->debug = true;
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
    bench_temps(&b, 2, 257, 270, 290, 270);
    bench_temps(&b, 5, 234, 257, 260, 246);
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
    bench_temps(&b, 1, 210, 210, 250, 250);
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
    bench_temps(&b, 1, 105, 106, 150, 150);
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

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
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
        {0}};
    return testing_main(argc, argv, "console forms", cases);
}
