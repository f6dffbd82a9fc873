/* SPDX-License-Identifier: Apache-2.0
 *
 * Sources: specification 2 to 9; the wire captures of US2KBPL, US5000, US2000C and PYTES; the text
 * captures of US3000D and of US5000 V2.x with the line ends of section 2.2.
 */
#include "proto/pylon_console/test_fixtures.h"

#include <string.h>

#define T           "\r\r\n"
#define K           "\r\n\r"
#define DONE        K "Command completed successfully" K "$$" K
#define REFUSED_END K "$$" K
#define BLANKS50    "                                                  "
#define PAGER       "Press [Enter] to be continued,other key to exit\r"
#define RESUME      "\r" BLANKS50 "\r\r"

#define ABSENT     "-      -      -      -      -      -      -      Absent   -        -        "
#define ABSENT_END "-        -        -                    -        -       "

// clang-format off
static const char p1[] =
    "pwr\n\r@" T
    "Power Volt   Curr   Tempr  Tlow   Thigh  Vlow   Vhigh  Base.St  Volt.St  Curr.St  Temp.St  Coulomb  Time                 B.V.St   B.T.St  " T
    "1     50691  3806   17000  13000  14000  3378   3381   Charge   Normal   Normal   Normal   89%      2025-12-21 20:53:06  Normal   Normal  " T
    "2     50673  -4087  -5000  -500   9000   3377   3380   Dischg   Normal   Normal   Normal   105%     2000-00-00 00:00:00  Normal   Normal  " T
    "3     " ABSENT ABSENT_END T
    "4     " ABSENT ABSENT_END
    DONE "pylon>";

static const char p2[] =
    "pwr\n\r@" T
    "Power Volt   Curr   Tempr  Tlow   Thigh  Vlow   Vhigh  Base.St  Volt.St  Curr.St  Temp.St  Coulomb  Time                 B.V.St   B.T.St   MosTempr M.T.St  " T
    "1     49905  11867  27900  26600  26800  3327   3327   Charge   Normal   Normal   Normal   39%      2023-09-16 11:50:32  Normal   Normal  27500    Normal  " T
    "2     49909  5080   33000  30000  30000  3326   3328   Charge   Normal   Normal   Normal   35%      2023-09-16 11:50:29  Normal   Normal   -        -       " T
    "3     46012  1255   9100   5300   5500   3047   3091   SysError Low      Normal   Normal   4%       2025-11-28 17:56:33  Low      Normal  7800     Normal  " T
    "4     " ABSENT ABSENT_END
    DONE "pylon>";

static const char p3[] =
    "pwr\n\r@" T
    "Power Volt   Curr   Tempr  Tlow   Tlow.Id  Thigh  Thigh.Id Vlow   Vlow.Id  Vhigh  Vhigh.Id Base.St  Volt.St  Curr.St  Temp.St  Coulomb  Time                 B.V.St   B.T.St  MosTempr M.T.St   SysAlarm.St  " T
    "1     49093  -2358  16800  15100  12       16100  0        3272   13       3273   0        Dischg   Normal   Normal   Normal   52%      2025-04-04 05:23:54  Normal   Normal  16400    Normal   Normal  " T
    "2     49095  -1224  18200  15600  10       16000  5        3272   0        3274   5        Dischg   Normal   Normal   Normal   51%      2025-04-04 05:23:53  Normal   Normal  16700    Normal   Normal  " T
    "3     " ABSENT ABSENT_END
    DONE "pylon>";

static const char p4[] =
    "pwr\n\r@" T
    "Power Volt   Curr   Tempr  Tlow   Tlow.Id  Thigh  Thigh.Id Vlow   Vlow.Id  Vhigh  Vhigh.Id Base.St  Volt.St  Curr.St  Temp.St  Coulomb  Time                 B.V.St   B.T.St   MosTempr M.T.St  " T
    "1     52382  -391   28800  25400  5        26000  0        3481   2        3497   10       Dischg   Normal   Normal   Normal   99%      2026-09-28 12:16:26  Normal   Normal   31800    Normal  " T
    "2     52426  -610   28400  25000  5        25700  2        3485   12       3500   2        Charge   Normal   Normal   Normal   99%      2026-09-28 12:16:25  Normal   Normal   28500    Normal  "
    DONE "pylon>";

static const char py[] =
    "pwr\n\r@" T
    "Power Volt   Curr   Tempr  Tlow   Thigh  Vlow   Vhigh  Base.St  Volt.St  Curr.St  Temp.St  Coulomb  Time                 B.V.St   B.T.St   Barcode              DevType             " T
    "1     53070  -5962  26000  24000  25000  3313   3319   Dischg   Normal   Normal   Normal   80%      2024-02-13 23:34:48  Normal   Normal   Exxxxxxxxxxxxx43     E-BOX-48100V-D      " "\n\r\n"
    "2     " ABSENT ABSENT_END " -                    -                   "
    DONE "PYTES>";

static const char b1[] =
    "bat\n\r@" T
    "Battery  Volt     Curr     Tempr    Base State   Volt. State  Curr. State  Temp. State  Coulomb     " T
    "0        3379     4076     14000    Charge       Normal       Normal       Normal        89%      42586 mAH" T
    "1        3381     -4076    -5000    Dischg       Normal       Normal       Low          100%      50000 mAH" T
    "2        3378     4076     13000    Charge       High         Normal       Normal         0%          0 mAH"
    DONE "pylon>";

static const char b1n[] =
    "bat 1\n\r@" T
    "Battery  Volt     Tempr    Base State   Volt. State  Curr. State  Temp. State  Coulomb     " T
    "0        3304     19000    Dischg       Normal       Normal       Normal        34%      34682 mAH" T
    "1        3305     19000    Dischg       Normal       Normal       Normal        34%      34496 mAH"
    DONE "PYTES>";

static const char b2[] =
    "bat 3\n\r@" T
    "Battery  Volt     Curr     Tempr    Base State   Volt. State  Curr. State  Temp. State  SOC          Coulomb      BAL         " T
    "0        3327     5024     30000    Charge       Normal       Normal       Normal       42%         19994 mAH      N" T
    "1        3495     0        25900    Idle         Normal       Normal       Normal       100%         68967 mAH      Y" T
    "2        3368     0        25900    Idle         Normal       Normal       Normal        5%          3708 mAH      Y"
    DONE "pylon>";

static const char b3[] =
    "bat 1\n\r@" T T
    "Battery  Volt     Curr     Tempr    Base State   Volt. State  Curr. State  DTemp. State CTemp. State SOC          Coulomb          BAL" T
    "0        3455     -108     24600    Idle         Normal       Normal       Normal       Normal       99%          73100        mAH N" T
    "1        3456     -160     24500    Dischg       Normal       Normal       Normal       Normal       99%          0            mAH Y"
    DONE "pylon>";

static const char be[] =
    "data event\n\r@" T
    "Battery  Volt     Curr     Tempr    Base State   Volt. State  Curr. State  Temp. State  Coulomb     " T
    "0        3277     0        10500    Idle         Normal       Normal       Normal       18%" T
    "1        4095     0        10500    Idle         High         Normal       Normal       19%"
    DONE "pylon>";

static const char module[] =
    "pwr 2\n\r@" T
    " ----------------------------" T
    " Power  2" T T
    " Voltage         : 52437       mV" T
    " Current         : -80         mA" T
    " Temperature     : 30600       mC" T
    " Coulomb         : 100         %" T
    " Total Coulomb   : 50000       mAH" T
    " Max Voltage     : 54000       mV" T
    " Charge Times    : 0           " T
    " Basic Status    : Charge  " T
    " Charge Sec.     : 0       s" T
    " Volt Status     : Normal  " T
    " Current Status  : Normal  " T
    " Tmpr. Status    : Normal  " T
    " Coul. Status    : Full    " T
    " Soh. Status     : Normal  " T
    " Heater Status   : OFF     " K
    " Protect ENA     : BOV BHV BLV BUV POV PHV PLV PUV COC COC2 SC LCOUL " T
    " Bat Events      : 0x2        BHV" T
    " Power Events    : 0x2000     COULFULL" T
    " System Fault    : 0x0        " T
    " ----------------------------"
    DONE "pylon>";

static const char module_pytes[] =
    "pwr 1\n\r@" T
    " ----------------------------" T
    " Power  1" T T
    " Voltage         : 53244               mV" T
    " Current         : 0                   mA" T
    " Total Coulomb   : 360000000           mAS" T
    " Work Status     : 2               " T
    " DevType         : E-BOX-48100V-D  " T
    " Basic Status    : Idle    " T
    " Bat Status      : VNOR TNOR" K
    " Bat Protect ENA : OV HV LV UV SLP OT HT LT UT" T
    " Bat Events      : 0x0       " T
    " ----------------------------"
    DONE "PYTES>";

static const char info[] =
    "info\n\r@" K
    "Device address      : 1" K
    "Manufacturer        : Pylon" K
    "Device name         : US5000" K
    "Board version       : " K
    "Board               : NF4.E3" K
    "Main Soft version   : B69.16.0.0" K
    "Soft  version       : V1.3" K
    "Release Date        : 22-08-10" K
    "Barcode             : K220803C30160910" K
    "Device Test Time    : 2000-00-00 00:00:00" K K
    "Specification       : 48V/100AH" K
    "Cell Number         : 15" K
    "Max Dischg Curr     : -90000mA" K
    "Max Charge Curr     : 90000mA" K
    "EPONPort rate       : 1200" K
    "Console Port rate   : 115200"
    DONE "pylon_debug>";

static const char stat[] =
    "stat\n\r@" T
    "Device address           1" T
    "Data Items      :     1689" T
    "CYCLE Times     :      430" T
    "SOH             :        0" T
    "Pwr Percent     :       89" T
    "Pwr Coulomb     : 153311400" T
    "Dsg Cap         : 21506462" T
    "HT@0.5C Cnt     :        0" T
    "Soc 0~20% Secs           :    79728"
    DONE "pylon>";

static const char pwrsys[] =
    "pwrsys\n\r@" T
    " Power System Information" T
    " ---------------------------------" T
    " System is discharging" T
    " Total Num                : 5        " T
    " Present Num              : 5        " T
    " Sleep Num                : 0        " T
    " System Volt              : 49777    mV" T
    " System Curr              : -11164   mA" T
    " System RC                : 217324   mAH" T
    " System FCC               : 233850   mAH" T
    " System SOC               : 93       %" T
    " System SOH               : 94       %" T
    " Recommend chg voltage    : 53250    mV" T
    " Recommend dsg voltage    : 46000    mV" T
    " Recommend chg current    : 10000    mA" T
    " Recommend dsg current    : -25000   mA" T
    " system Recommend chg voltage: 53250    mV" T
    " system Recommend dsg voltage: 46000    mV" T
    " system Recommend chg current: 50000    mA" T
    " system Recommend dsg current: -125000  mA"
    DONE "pylon_debug>";

static const char soh[] =
    "soh 1\n\r@" T
    "Power   1" T
    "Battery    Voltage    SOHCount   SOHStatus " T
    "0          3378       0          Normal    " T
    "1          3377       12         Warn      "
    DONE "pylon>";

static const char soh_pytes[] =
    "soh\n\r@" T
    "Power   1" T
    "Battery    Voltage    SOHStatus  \xC8$        " T
    "0          3322       00000000" T
    "1          3321       0000A0F1"
    DONE "PYTES>";

static const char getpwr[] =
    "getpwr\n\r@" T
    "49768#  -2632#  29300# 43259# Dischg# Normal# Normal# Normal# " T
    "3317#  26300# Normal# Normal# " T
    "3318#  -1500# High# Normal# " T
    "0#" T
    "666#"
    DONE "pylon_debug>";

static const char time_[] = "time\n\r@" K "Ds3231 2025-12-21 21:14:53" DONE "pylon>";

static const char log_[] =
    "log\n\r@" K
    " Index   : 3     " K
    " Time    : 23-09-16 11:43:09" K
    " ModID   : BMM" K
    " Code    : 2c50" K
    " Info    : The device start charging. " K K
    " Index   : 2     " K
    " Time    : 23-09-16 11:34:51" K
    " ModID   : BMM" K
    " Code    : 0" K
    " Info    : The device start discharging. " K
    "\n\r Index   : 1     \n\r"
    " Time    : 23-09-16 11:18:07\n\r"
    " ModID   : BMM\n\r"
    " Code    : 2c4f\n\r"
    " Info    : The coulomb of device is low. \n\r"
    PAGER RESUME "\r\n\r"
    " Index   : 0     " K
    " Time    : 23-09-16 08:55:33" K
    " ModID   : BMM" K
    " Code    : 0" K
    " Info    : The coulomb of device is normal. " K
    DONE "pylon>";

static const char help[] =
    "help\n\r@" T
    "Local command:" K
    "bat      Battery data show - bat [pwr][index]" K
    "config    /[hwsleep][<on/off>][sleeptime][wakeuptime]" K
    "updata   updata system - updata" T
    "**********************************************************" T
    "Remote command:\n\r"
    PAGER RESUME
    "info     Device infomation - info" K
    "logout   user mode  - logout"
    DONE "PYTES>";

static const char unknown[] =
    "totalcoul\n\r@" T "Unknown command 'totalcoul' - try 'help'" REFUSED_END "pylon_debug>";

static const char invalid[] =
    "stat 1\n\r@" K "Invalid command or fail to excute." K "Usage:\r\nStatistic data show - stat" REFUSED_END "PYTES>";

static const char not_present[] =
    "stat 2\n\r@" T "Target device is not present" REFUSED_END "pylon>";

static const char failed[] = "bat 9\n\r@" T "Command failed" REFUSED_END "pylon>";

static const char login[] = "login debug\n\r@" DONE "pylon_debug>";
static const char logout[] = "logout\n\r@" DONE "pylon>";
// clang-format on

#define FIXTURE(kind, command, text)                  \
    {                                                 \
#text, command, kind,                         \
        {                                             \
            (const uint8_t *)(text), sizeof(text) - 1 \
        }                                             \
    }

const struct fixture fixtures[] = {
    FIXTURE(FX_PWR, "pwr", p1),           FIXTURE(FX_PWR, "pwr", p2),
    FIXTURE(FX_PWR, "pwr", p3),           FIXTURE(FX_PWR, "pwr", p4),
    FIXTURE(FX_PWR, "pwr", py),           FIXTURE(FX_BAT, "bat", b1),
    FIXTURE(FX_BAT, "bat 1", b1n),        FIXTURE(FX_BAT, "bat 3", b2),
    FIXTURE(FX_BAT, "bat 1", b3),         FIXTURE(FX_BAT, "data event", be),
    FIXTURE(FX_MODULE, "pwr 2", module),  FIXTURE(FX_MODULE, "pwr 1", module_pytes),
    FIXTURE(FX_INFO, "info", info),       FIXTURE(FX_STAT, "stat", stat),
    FIXTURE(FX_PWRSYS, "pwrsys", pwrsys), FIXTURE(FX_SOH, "soh 1", soh),
    FIXTURE(FX_SOH, "soh", soh_pytes),    FIXTURE(FX_GETPWR, "getpwr", getpwr),
    FIXTURE(FX_TIME, "time", time_),      FIXTURE(FX_LOG, "log", log_),
    FIXTURE(FX_PLAIN, "help", help),      FIXTURE(FX_PLAIN, "totalcoul", unknown),
    FIXTURE(FX_PLAIN, "stat 1", invalid), FIXTURE(FX_PLAIN, "stat 2", not_present),
    FIXTURE(FX_PLAIN, "bat 9", failed),   FIXTURE(FX_PLAIN, "login debug", login),
    FIXTURE(FX_PLAIN, "logout", logout),
};
const size_t fixtures_n = sizeof fixtures / sizeof fixtures[0];

const struct fixture *fixture_find(const char *name)
{
    for (size_t i = 0; i < fixtures_n; i++) {
        if (strcmp(fixtures[i].name, name) == 0)
            return &fixtures[i];
    }
    return NULL;
}
