/* SPDX-License-Identifier: Apache-2.0
 *
 * The words the consoles know, in the order of `help`: one table drives the dispatch, the help
 * text, the usage errors and the list of what a bridge must never send. Source: `help` of US2KBPL
 * B66.6 (user mode), US2000C B67.5.0 (admin mode), US3000D B1.4.0.0, PYTES V1.10; specification
 * section 9.
 */
#include "sim/device/console_private.h"

#define OLD    REACH_OLD
#define US     REACH_USER
#define PYTES  REACH_PYTES
#define DEBUG  REACH_DEBUG
#define D      REACH_US3000D
#define ANY_US (REACH_OLD | REACH_USER | REACH_DEBUG)
#define ALL    (ANY_US | REACH_PYTES)

/* A command that is answered (or, without a function, refused with its usage), and one that changes
 * the battery: refused and noted. */
#define READ(name_, reach_, fn_, text_)                                  \
    {                                                                    \
        .name = (name_), .text = (text_), .reach = (reach_), .fn = (fn_) \
    }
#define WRITE(name_, reach_, text_)                                            \
    {                                                                          \
        .name = (name_), .text = (text_), .reach = (reach_), .forbidden = true \
    }

const struct console_command console_commands[] = {
    READ("adc", DEBUG, NULL, "Addr show - adc"),
    READ("bat", ALL, console_bat, "Battery data show - bat [pwr][index]"),
    READ("ci", DEBUG, NULL, "Current Comm Info"),
    WRITE(
        "config", DEBUG,
        "config "
        "[pov/povr/phv/phvr/plv/plvr/puv/puvr/pslp/bov/bovr/bhv/bhvr/blv/blvr/buv/buvr/bslp/bsv/bv"
        "\r\n\r"
        " /bot/botr/bht/bhtr/blt/bltr/but/butr/coc/coca/cocar"
        "\r\n\r"
        " /eot/eotr/eht/ehtr/elt/eltr/eut/eutr/doc/doca/docar/ocd/ocr/oc2d/oc2r/sc/scd/scr/clc"
        "\r\n\r"
        " /recinv/shuttime/uvtime/save/default][val]"
        "\r\n\r"
        " /[sleep/record][on/off/day/week/month][starttime][endtime]"
        "\r\n\r"
        " /[hwsleep][<on/off>][sleeptime][wakeuptime]"),
    WRITE("tcycle", DEBUG, "test cycle times - tcycle [cycle times]"),
    WRITE("fullchg", DEBUG, "change full charge time - tfullchg [full charge time]"),
    READ("ct", DEBUG, NULL, "Track Comm Port Data [Port Number]"),
    WRITE("ctrl", DEBUG, "Contrl IO - ctrl [cfet/dfet/buzz/heat/afuse] [on/off]"),
    READ("bmicrdcomm", DEBUG, NULL, "BMIC read comm - bmicrdcomm [total_ic]"),
    READ("bmicrdcfg", DEBUG, NULL, "BMIC read cfg - bmicrdcfg [total_ic]"),
    READ("data", DEBUG | US, console_data, "History data load - data [event/history][item]"),
    READ("data", OLD, console_data, "History data load - data [event/history/misc][item]"),
    READ("data", PYTES, console_data, "History data load - data [event/history][item]"),
    WRITE("datac", DEBUG, "Clear data - datac [event/history]"),
    READ("datalist", DEBUG | US, NULL,
         "Show recorded data - datalist "
         "[event/history][item/bat][batnun][volt/curr/temp/coul][item]"),
    READ("datalist", OLD, NULL,
         "Show recorded data - datalist "
         "[event/history/misc][item/bat][batnun][volt/curr/temp/coul][item]"),
    READ("datalist", PYTES, NULL, "Show recorded data - datalist {event/history}{item}}"),
    READ("disp", ALL, NULL,
         "Display Info at regular intervals - disp [(pwrs pwrNo)/val]/[(bats "
         "batNo)/volt/curr/temp]"),
    WRITE("eepe", DEBUG, "EEPROM erase - eepe [chip]"),
    READ("eepr", DEBUG, NULL, "EEPROM read - eepr [chip][Offset][size]"),
    WRITE("eepw", DEBUG, "EEPROM write - eepw [chip][Offset][Val][size]"),
    READ("stflar", DEBUG, NULL, "STFLASH read - bspeepr [chip][Offset][size]"),
    WRITE("stflaw", DEBUG, "STFLASH write - bspeepw [chip][Offset][Val]"),
    WRITE("flae", DEBUG, "Extend flash erase - flae [chip]"),
    READ("flar", DEBUG, NULL, "Extend flash read - flar [chip][Offset][size]"),
    WRITE("flaw", DEBUG, "Extend flash write - flaw [chip][Offset][Val]"),
    READ("getpwr", ANY_US, console_getpwr, "Get power Info - getpwr"),
    READ("help", ALL, console_help, "Help [cmd]"),
    READ("info", ALL, console_info, "Device infomation - info"),
    READ("log", ALL, console_log, "Log information show - log"),
    READ("login", ALL, console_login, "Login Admin mode - login [password]"),
    WRITE("logc", DEBUG, "Log clear - logc"),
    READ("logout", ALL, console_logout, "user mode  - logout"),
    WRITE("logt", DEBUG, "Log test - logt [data]"),
    READ("md", DEBUG, NULL, "Memory dump - md [width][Addr][size]"),
    WRITE("mm", DEBUG, "Memory set - mm [width][Addr][Val]"),
    WRITE("m2s", DEBUG, "Master updata to Slave  - m2s"),
    WRITE("prot", DEBUG,
          "Protect ctrl - prot "
          "[bov/bhv/blv/buv/pov/phv/plv/puv/cbot/cbht/cblt/cbut/dbot/dbht/dblt/dbut/pot/pht/"
          "plt/put/coc/coc2/coca/doc/doc2/doca/sc/buzz/smartchg/default][en/dis]"),
    WRITE("couls", REACH_REMOTE, "Coulomb calc type - couls [iah/vah/asic/default]"),
    READ("pwr", ALL, console_pwr, "Power data show - pwr [index]"),
    READ("re", DEBUG, NULL, "Send Command To the Specified Power - re [addr][command]"),
    READ("rtcr", DEBUG, NULL, "RTC read - rtcr [Offset]"),
    WRITE("rtcw", DEBUG, "RTC write - rtcw [Offset][Val]"),
    READ("rtcsh", DEBUG, NULL, "RTC show reg -rtcsh"),
    WRITE("save", DEBUG, "Save data - save [event/history]"),
    WRITE("setprt", DEBUG, "set protocol type - setprt [sma/lg]"),
    WRITE("setlowcfg", DEBUG, "set Low config- setlowcfg [save] / [shutsoc/sstime] [num]"),
    READ("socr", DEBUG, NULL, "SOC read - socr[Offset]"),
    WRITE("socw", DEBUG, "SOC write - socw [Offset][Val]"),
    READ("socsh", DEBUG, NULL, "SOC show reg -socsh"),
    WRITE("soccfg", DEBUG, "SOC config - soccfg[subclass][Offset][value]"),
    WRITE("soccal", DEBUG,
          "SOC calibration - soccal [volt/current/tempr/ccoffset/bdoffset] [value]"),
    READ("socd", DEBUG, NULL, "SOC show data - socd"),
    WRITE("tsoc", DEBUG, "bq34z100 test - tsoc"),
    WRITE("socclr", DEBUG, "clear bq34z100 data flash  and reload default value - socclr"),
    READ("soct", DEBUG, NULL, "SOC show Ra table - soct"),
    WRITE("shut", ALL, "Shut down - shut"),
    READ("soh", ALL, console_soh, "State of health - soh [addr]"),
    READ("stat", ALL, console_stat, "Statistic data show - stat"),
    WRITE("statc", DEBUG, "Clear statistic - statc"),
    WRITE("tsoftdsg", DEBUG, "Test Soft DSG - tsoftdsg"),
    WRITE("tbar", DEBUG, "Test write Barcode - tbar[reg]"),
    WRITE("tbuz", DEBUG, "Test Buzzer - tbuz"),
    WRITE("tchgc", DEBUG, "test Charge current - tchgc"),
    WRITE("tclear", DEBUG, "test clear record on chip- tclear"),
    WRITE("tpv", DEBUG, "Test pack volt - tpv"),
    WRITE("tsw", DEBUG, "Test switch - tsw"),
    WRITE("tfacsoc", DEBUG, "Test factory soc - tfacsoc"),
    WRITE("ttact", DEBUG, "Test button - ttact"),
    WRITE("ttr", DEBUG, "Test terminal resistor - ttr"),
    WRITE("rebat", DEBUG, "relieve bat err - rebat"),
    WRITE("tibcio", DEBUG, "Test ibc io - tibcio [nc/sc]"),
    WRITE("tcan", DEBUG, "Test can port - tcan [port#]"),
    WRITE("tcbnio", DEBUG, "Test cbn io - tcbnio [nc/sc]"),
    WRITE("tdip", DEBUG, "Test Dip - tdip [flag]"),
    WRITE("tdisc", DEBUG, "test discharge current - tdisc"),
    WRITE("teepr", DEBUG, "Device EEPROM test - teepr"),
    WRITE("tetmp", DEBUG, "test enviroment temperature - tetmp"),
    WRITE("tflash", DEBUG, "Device Flash test - tflash"),
    WRITE("ti2c", DEBUG, "I2C test - ti2c"),
    READ("time", ALL, console_time, "Time - time [year] [month] [day] [hour] [minute] [second]"),
    WRITE("tinput", DEBUG, "test input state - tinput [rv/dcov/absent/present]"),
    WRITE("tled", DEBUG, "Test Led - tled [0/lednum/on/off] [on/off]"),
    WRITE("tmos", DEBUG, "test mosfet - tmos [cfet/dfet]"),
    WRITE("tmprctrl", DEBUG, "Bat tmpr ctrl - tmprctrl [flag]/[flag][batid][val]"),
    WRITE("trst", ALL, "Test Soft Reset - trst"),
    WRITE("tpwr", DEBUG, "test the total voltage of the power - tpwr"),
    WRITE("tsto", DEBUG, "test selftest output - tsto"),
    WRITE("tver", DEBUG, "test soft version - tver[version]"),
    WRITE("tsoh", DEBUG, "test soh - tsoh"),
    WRITE("tspi", DEBUG, "SPI test - tspi"),
    WRITE("tusart", DEBUG, "Usart test - tusart"),
    WRITE("ttmp", DEBUG, "test battery temperature - ttmp"),
    WRITE("tdct", DEBUG, "Test dry ct - tdct"),
    WRITE("tbld", DEBUG, "Test bleeding - tbld [val]"),
    WRITE("updata", ALL, "updata system - updata"),
    READ("ver", PYTES, console_ver, "firmware info - ver"),
    WRITE("tvolt", DEBUG, "test battery voltage - tvolt"),
    WRITE("twdg", DEBUG, "Stop feeding watchdog - wdg"),
    WRITE("emptyvolt", DEBUG, "Set empty volt - emptyvolt [val]"),
    WRITE("blocksoc", DEBUG, "set block soc - blocksoc [val]"),
    WRITE("totalcoul", DEBUG, "Set total coul - totalcoul [val]"),
    READ("pwrsys", DEBUG, console_pwrsys, "power system info display"),
    WRITE("urates", DEBUG, "Set R485 Port Rate - urates [500000/115200/9600]"),
    WRITE("tagevolt", DEBUG, "test age volt"),
    WRITE("trdagevolt", DEBUG, "read age volt"),
    /* US3000D: another firmware with an order of its own; an empty name is an empty line */
    READ("disp", D, NULL,
         "Display Info at regular intervals - disp [(pwrs pwrNo)/val]/[(bats "
         "batNo)/volt/curr/temp]"),
    READ("soxinfo", D, NULL, "soxinfo[1/0]"),
    READ("bat", D, console_bat, "Battery data show - bat [pwr][index]"),
    READ("", D, NULL, ""),
    READ(
        "datalist", D, NULL,
        "datalist [show/showt/clear/save] <warn0/warn1/warn2/perday/permon/peryear> <index> <0/1>"),
    READ("help", D, console_help, "help"),
    READ("pwr", D, console_pwr, "Power data show - pwr [index]"),
    READ("stat", D, console_stat, "Statistic data show - stat/stat [detail]"),
    WRITE("trst", D, "Test Soft Reset - trst"),
    WRITE("shut", D, "Shut down - shut"),
    READ("euro", D, NULL, "dsplay Euro stat list - euro"),
    WRITE("updata", D, "updata system - updata"),
    READ("info", D, console_info, "Device infomation - info"),
    WRITE("trace", D,
          "Read traces = trace [print/clear/level/default]/[>>/!]/[module name] [level]"),
    WRITE("record", D, "Read records = record [clear]"),
};
const size_t console_n_commands = sizeof console_commands / sizeof console_commands[0];

const struct console_command *console_command_find(struct span word, unsigned reach)
{
    for (size_t i = 0; i < console_n_commands; i++) {
        if ((console_commands[i].reach & reach) != 0 && word.n > 0 &&
            span_eq_str(word, console_commands[i].name))
            return &console_commands[i];
    }
    return NULL;
}

bool console_command_forbidden(struct span word)
{
    for (size_t i = 0; i < console_n_commands; i++) {
        if (console_commands[i].forbidden && span_eq_str(word, console_commands[i].name))
            return true;
    }
    return false;
}

/* ---- help ---- */

static void put_entry(const struct console_call *call, const struct console_command *c)
{
    char line[512];
    struct buf text = buf_of(line, sizeof line - 1);

    if (c->name[0] == '\0') /* an empty line of the list */
        buf_str(&text, "");
    else
        buf_printf(&text, call->reach == REACH_US3000D ? "%-10s - %s" : "%-8s %s", c->name,
                   c->text);
    line[text.n] = '\0';
    console_list_line(call->answer, line);
}

static void list_local(const struct console_call *call)
{
    for (size_t i = 0; i < console_n_commands; i++) {
        if ((console_commands[i].reach & call->reach) != 0)
            put_entry(call, &console_commands[i]);
    }
}

/* Commands that the master passes on, in an order of their own. The user mode's are those of PYTES;
 * no capture of a US model goes that far. */
static void list_remote(const struct console_call *call)
{
    static const char *const user[] = {"info", "login", "logout", NULL};
    static const char *const debug[] = {"config", "ctrl",   "data", "emptyvolt", "info",
                                        "login",  "logout", "prot", "couls",     "soh",
                                        "stat",   "statc",  NULL};
    const char *const *words = call->reach == REACH_DEBUG ? debug : user;

    for (size_t i = 0; words[i] != NULL; i++)
        put_entry(call, console_command_find(span_str(words[i]), call->reach | REACH_REMOTE));
}

enum pylon_status console_help(const struct console_call *call)
{
    struct console_answer *a = call->answer;

    if (call->reach == REACH_US3000D) {
        console_begin(a, PYLON_SEP_K, true);
        list_local(call);
        return PYLON_OK;
    }
    console_begin(a, PYLON_SEP_T, a->style.blank_after_at);
    buf_str(&a->out, "Local command:");
    list_local(call);
    buf_str(&a->out, "\r\r\n**********************************************************\r\r\n"
                     "Remote command:");
    list_remote(call);
    return PYLON_OK;
}
