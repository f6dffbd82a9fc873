/* SPDX-License-Identifier: Apache-2.0
 *
 * The console's session, bytes in and bytes out: line editor, modes, error replies, pager, wake-up,
 * refused commands. The expected bytes are those of the wire captures named at each test.
 */
#include "sim/device/test_console_support.h"

/* ---- line editor (specification 2.1) ---- */

static void test_echo_and_enter(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000b-plus", 3379, 4076, 140, 890);
    BENCH_SAYS(&b, "p", "p");
    BENCH_SAYS(&b, "w", "w");
    BENCH_SAYS(&b, "\x0E\x08", ""); /* control characters are neither echoed nor kept */
    BENCH_SAYS(&b, "x\n", "x\n\r@\r\r\nUnknown command 'pwx' - try 'help'\r\n\r$$\r\n\rpylon>");
    BENCH_SAYS(&b, "\r", "\n\rpylon>");
    BENCH_SAYS(&b, "\n", "\n\rpylon>");
    /* CR LF is two Enters */
    BENCH_SAYS(&b, "\r\n", "\n\rpylon>\n\rpylon>");
    CU_ASSERT_EQUAL(b.n_replies, 2);
    bench_close(&b);
}

static void test_split_anywhere(void)
{
    static const char typed[] = "\rinfo\rxyz\n";
    struct bench whole, cut;
    struct span want;

    bench_open(&whole);
    bench_module(&whole, 1, "pylontech.us2000c", 3293, 0, 190, 530);
    want = bench_type(&whole, typed);
    for (size_t at = 0; at <= sizeof typed - 1; at++) {
        bench_open(&cut);
        bench_module(&cut, 1, "pylontech.us2000c", 3293, 0, 190, 530);
        cut.device->ops->on_bytes(cut.device, span_of(typed, at), 0);
        cut.device->ops->on_bytes(cut.device, span_of(typed + at, sizeof typed - 1 - at), 0);
        TESTING_BYTES_EQ(buf_span(&cut.said), want);
        bench_close(&cut);
    }
    bench_close(&whole);
}

static void test_long_line(void)
{
    struct bench b;
    char typed[400];
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000c", 3293, 0, 190, 530);
    memset(typed, 'a', sizeof typed - 1);
    typed[sizeof typed - 1] = '\0';
    struct span said = bench_type(&b, typed);
    CU_ASSERT_EQUAL(said.n, 127); /* a full line takes and echoes no more */
    said = bench_type(&b, "\r");
    CU_ASSERT_TRUE(bench_has(said, "Unknown command 'aaaa"));
    BENCH_SAYS(&b, "\r", "\n\rpylon>");
    bench_close(&b);
}

/* irekzielinski issue 1: wire-exact answer of a US2000C in admin mode to `totalcoul` LF, which user
 * mode does not know either. */
static void test_unknown_command(void)
{
    struct bench b;
    struct sim_config config;
    sim_config_init(&config);
    console_knobs(&config)->debug = true;
    bench_open_with(&b, &config);
    bench_module(&b, 1, "pylontech.us2000c", 3293, 0, 190, 530);
    BENCH_SAYS(&b, "totalcoux\n",
               "totalcoux\n\r@\r\r\nUnknown command 'totalcoux' - try 'help'\r\n\r$$\r\n\r"
               "pylon_debug>");
    CU_ASSERT_EQUAL(b.replies[0].kind, DEVICE_ERROR);
    CU_ASSERT_STRING_EQUAL(b.replies[0].command, "totalcoux");
    bench_close(&b);
}

static void test_noise_prefixes_the_command(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000c", 3293, 0, 190, 530);
    BENCH_SAYS(
        &b, "\xF0\x80pwr\r",
        "\xF0\x80pwr\n\r@\r\r\nUnknown command '\xF0\x80pwr' - try 'help'\r\n\r$$\r\n\rpylon>");
    bench_close(&b);
}

/* ---- modes (specification 2.3) ---- */

static void test_login_and_logout(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000c", 3318, -11164, 250, 930);
    BENCH_SAYS(&b, "pwrsys\r",
               "pwrsys\n\r@\r\r\nUnknown command 'pwrsys' - try 'help'\r\n\r$$\r\n\rpylon>");
    BENCH_SAYS(&b, "login debug\r",
               "login debug\n\r@\r\n\rCommand completed successfully\r\n\r$$\r\n\rpylon_debug>");
    CU_ASSERT_STRING_EQUAL(b.notes, "mode: admin\n");
    CU_ASSERT_EQUAL(b.replies[0].kind, DEVICE_ANSWER);
    BENCH_SAYS(
        &b, "login debug\r",
        "login debug\n\r@\r\n\rQuit current mode\r\n\rInvalid command or fail to excute.\r\n\r"
        "Usage:\r\nLogin Admin mode - login [password]\r\n\r$$\r\n\rpylon_debug>");
    BENCH_SAYS(&b, "\r", "\n\rpylon_debug>");
    CU_ASSERT_TRUE(bench_has(bench_type(&b, "pwrsys\r"), " System is discharging\r\r\n"));
    BENCH_SAYS(&b, "logout\r",
               "logout\n\r@\r\n\rCommand completed successfully\r\n\r$$\r\n\rpylon>");
    CU_ASSERT_STRING_EQUAL(b.notes, "mode: user\n");
    BENCH_SAYS(&b, "login xyz\r",
               "login xyz\n\r@\r\n\rInvalid command or fail to excute.\r\n\rUsage:\r\n"
               "Login Admin mode - login [password]\r\n\r$$\r\n\rpylon>");
    bench_close(&b);
}

static void test_mode_ends_with_the_power(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000c", 3318, 0, 250, 930);
    bench_type(&b, "login debug\rpw");
    b.device->ops->power_up(b.device, 5);
    BENCH_SAYS(&b, "\r", "\n\rpylon>"); /* the half line is gone, too */
    bench_close(&b);
}

static void test_prompts(void)
{
    struct bench b;
    struct sim_config config;
    bench_open(&b);
    bench_module(&b, 1, "pytes.e-box-48100v", 3318, 0, 250, 930);
    BENCH_SAYS(&b, "\r", "\n\rPYTES>");
    bench_type(&b, "login debug\r");
    BENCH_SAYS(&b, "\r", "\n\rPYTES_debug>");
    bench_close(&b);
    sim_config_init(&config);
    span_to_str(SPAN_LIT("mine>"), console_knobs(&config)->prompt,
                sizeof console_knobs(&config)->prompt);
    bench_open_with(&b, &config);
    bench_module(&b, 1, "pylontech.us2000c", 3318, 0, 250, 930);
    BENCH_SAYS(&b, "\r", "\n\rmine>");
    bench_close(&b);
}

/* ---- error replies (specification 2.5) ---- */

static void test_absent_and_impossible_modules(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000c", 3318, 0, 250, 930);
    bench_module(&b, 3, "pylontech.us2000c", 3318, 0, 250, 930);
    BENCH_SAYS(&b, "stat 2\r", "stat 2\n\r@\r\r\nTarget device is not present\r\n\r$$\r\n\rpylon>");
    CU_ASSERT_TRUE(bench_has(bench_type(&b, "bat 2\r"), "Target device is not present"));
    CU_ASSERT_TRUE(bench_has(bench_type(&b, "pwr 2\r"), "Target device is not present"));
    CU_ASSERT_TRUE(bench_has(bench_type(&b, "pwr 3\r"), " Power  3\r\r\n"));
    BENCH_SAYS(&b, "bat 20\r",
               "bat 20\n\r@\r\n\rInvalid command or fail to excute.\r\n\rUsage:\r\n"
               "Battery data show - bat [pwr][index]\r\n\r$$\r\n\rpylon>");
    CU_ASSERT_TRUE(bench_has(bench_type(&b, "pwr 0\r"), "Invalid command"));
    CU_ASSERT_TRUE(bench_has(bench_type(&b, "pwr x\r"), "Invalid command"));
    bench_close(&b);
}

/* plc-pytes48100v_stat-1, wire-exact */
static void test_pytes_refuses_stat_n(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pytes.e-box-48100v", 3318, 0, 250, 930);
    BENCH_SAYS(&b, "stat 1\r",
               "stat 1\n\r@\r\n\rInvalid command or fail to excute.\r\n\rUsage:\r\n"
               "Statistic data show - stat\r\n\r$$\r\n\rPYTES>");
    bench_close(&b);
}

/* mman-us3000d_info-1-error, _stat-1-error, _stat: the empty line behind '@', the '!' */
static void test_us3000d_manners(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us3000d", 3455, 0, 250, 990);
    BENCH_SAYS(&b, "info 1\r",
               "info 1\n\r@\r\n\r\r\n\rInvalid command or fail to excute.\r\n\rUsage:\r\n"
               "Device infomation - info\r\n\r$$\r\n\rpylon>");
    BENCH_SAYS(&b, "stat 1\r",
               "stat 1\n\r@\r\n\r\r\n\rInvalid command or fail to excute!\r\n\rUsage:\r\n"
               "Statistic data show - stat/stat [detail]\r\n\r$$\r\n\rpylon>");
    struct span said = bench_type(&b, "stat\r");
    CU_ASSERT_TRUE(span_starts(said, "stat\n\r@\r\r\nDevice address           1\r\r\n"
                                     "Charge Secs.    :        0\r\r\n"));
    CU_ASSERT_TRUE(span_ends(said, "\r\n\rCommand completed successfully!\r\n\r$$\r\n\rpylon>"));
    static const char *const unknown[] = {"soh\r", "log\r", "time\r", "login debug\r", "getpwr\r"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        CU_ASSERT_TRUE(bench_has(bench_type(&b, unknown[i]), "Unknown command '"));
    bench_close(&b);
}

/* mman-err_soh-unsupported: US3000C B69.25 */
static void test_us3000c_has_no_soh(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us3000c", 3455, 0, 250, 990);
    BENCH_SAYS(&b, "soh 1\r",
               "soh 1\n\r@\r\r\nUnknown command 'soh' - try 'help'\r\n\r$$\r\n\rpylon>");
    bench_close(&b);
}

static void test_knobs_take_commands_away(void)
{
    struct bench b;
    struct sim_config config;
    sim_config_init(&config);
    console_knobs(&config)->no_info_n = true;
    console_knobs(&config)->no_stat_n = true;
    console_knobs(&config)->no_soh = true;
    console_knobs(&config)->no_login = true;
    bench_open_with(&b, &config);
    bench_module(&b, 1, "pylontech.us2000c", 3455, 0, 250, 990);
    CU_ASSERT_TRUE(bench_has(bench_type(&b, "info 1\r"), "Invalid command"));
    CU_ASSERT_TRUE(bench_has(bench_type(&b, "info\r"), "successfully"));
    CU_ASSERT_TRUE(bench_has(bench_type(&b, "stat 1\r"), "Invalid command"));
    CU_ASSERT_TRUE(bench_has(bench_type(&b, "soh\r"), "Unknown command"));
    CU_ASSERT_TRUE(bench_has(bench_type(&b, "login debug\r"), "Unknown command"));
    bench_close(&b);
}

static void test_knobs_of_style(void)
{
    struct bench b;
    struct sim_config config;
    sim_config_init(&config);
    console_knobs(&config)->exclamation = true;
    console_knobs(&config)->blank_after_at = true;
    bench_open_with(&b, &config);
    bench_module(&b, 1, "pylontech.us2000c", 3455, 0, 250, 990);
    BENCH_SAYS(&b, "time\r",
               "time\n\r@\r\n\r\r\n\rRTC 2025-12-21 20:53:06\r\n\rTest result:pass"
               "\r\n\rCommand completed successfully!\r\n\r$$\r\n\rpylon>");
    CU_ASSERT_TRUE(span_starts(bench_type(&b, "pwr\r"), "pwr\n\r@\r\r\n\r\r\nPower Volt   Curr "));
    bench_close(&b);
}

/* ---- commands a bridge must never send (S61) ---- */

static void test_forbidden_commands(void)
{
    static const char *const forbidden[] = {"shut",
                                            "trst",
                                            "updata",
                                            "ctrl cfet off",
                                            "prot bov dis",
                                            "config",
                                            "totalcoul 50000",
                                            "eepe",
                                            "time 26 7 17 1 40 48",
                                            "tmos",
                                            "m2s",
                                            "logc"};
    struct bench b;
    char typed[64], want[96];
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000c", 3455, 0, 250, 990);
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
        struct buf t = buf_of(typed, sizeof typed), w = buf_of(want, sizeof want);
        buf_printf(&t, "%s\r%c", forbidden[i], 0);
        buf_printf(&w, "forbidden: %s\n%c", forbidden[i], 0);
        struct span said = bench_type(&b, typed);
        CU_ASSERT_STRING_EQUAL(b.notes, want);
        CU_ASSERT_FALSE(bench_has(said, "successfully"));
    }
    BENCH_SAYS(&b, "shut\r",
               "shut\n\r@\r\n\rInvalid command or fail to excute.\r\n\rUsage:\r\n"
               "Shut down - shut\r\n\r$$\r\n\rpylon>");
    bench_type(&b, "pwr\rtime\rinfo 1\r");
    CU_ASSERT_STRING_EQUAL(b.notes, "");
    bench_close(&b);
}

/* ---- pager (specification 2.4) ---- */

/* donv-us2kbpl_help, wire-exact up to where that capture ends */
static const char us2kbpl_help[] =
    "help\n\r@\r\r\nLocal command:\r\n\r"
    "bat      Battery data show - bat [pwr][index]\r\n\r"
    "data     History data load - data [event/history/misc][item]\r\n\r"
    "datalist Show recorded data - datalist "
    "[event/history/misc][item/bat][batnun][volt/curr/temp/coul][item]\r\n\r"
    "disp     Display Info at regular intervals - disp [(pwrs pwrNo)/val]/[(bats "
    "batNo)/volt/curr/temp]\r\n\r"
    "getpwr   Get power Info - getpwr\r\n\r"
    "help     Help [cmd]\r\n\r"
    "info     Device infomation - info\r\n\r"
    "log      Log information show - log\r\n\r"
    "login    Login Admin mode - login [password]\r\n\r"
    "logout   user mode  - logout\r\n\r"
    "pwr      Power data show - pwr [index]\r\n\r"
    "shut     Shut down - shut\r\n\r"
    "soh      State of health - soh [addr]\r\n\r"
    "stat     Statistic data show - stat\r\n\r"
    "time     Time - time [year] [month] [day] [hour] [minute] [second]\r\n\r"
    "trst     Test Soft Reset - trst\r\n\r"
    "updata   updata system - updata\r\r\n"
    "**********************************************************\r\r\n"
    "Remote command:\n\r"
    "Press [Enter] to be continued,other key to exit\r";

#define FIFTY_BLANKS "                                                  "

static void test_pager_of_help(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000b-plus", 3379, 0, 140, 890);
    TESTING_BYTES_EQ(bench_type(&b, "help\r"), span_str(us2kbpl_help));
    CU_ASSERT_FALSE(b.replies[0].whole);
    CU_ASSERT_EQUAL(b.replies[0].kind, DEVICE_ERROR);
    /* the tail is that of plc-pytes48100v_help */
    BENCH_SAYS(&b, "\n",
               "\r" FIFTY_BLANKS "\r\r"
               "info     Device infomation - info\r\n\r"
               "login    Login Admin mode - login [password]\r\n\r"
               "logout   user mode  - logout" DONE);
    CU_ASSERT_EQUAL(b.replies[0].kind, DEVICE_ANSWER);
    BENCH_SAYS(&b, "\n", "\n\rpylon>");
    bench_close(&b);
}

/* mman-us3000d_help, its lines; hrab-us2000c-mix5_help, the first page of the admin mode */
static void test_help_of_others(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us3000d", 3379, 0, 140, 890);
    struct span said = bench_type(&b, "help\r");
    CU_ASSERT_TRUE(span_starts(said, "help\n\r@\r\n\r\r\n\r"
                                     "disp       - Display Info at regular intervals - disp [(pwrs "
                                     "pwrNo)/val]/[(bats batNo)/volt/curr/temp]\r\n\r"
                                     "soxinfo    - soxinfo[1/0]\r\n\r"
                                     "bat        - Battery data show - bat [pwr][index]\r\n\r"
                                     "\r\n\r"
                                     "datalist   - datalist [show/showt/clear/save] "));
    CU_ASSERT_TRUE(span_ends(said, "record     - Read records = record [clear]" DONE));
    bench_close(&b);
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000c", 3379, 0, 140, 890);
    bench_type(&b, "login debug\r");
    said = bench_type(&b, "help\r");
    CU_ASSERT_TRUE(span_starts(said, "help\n\r@\r\r\nLocal command:\r\n\r"
                                     "adc      Addr show - adc\r\n\r"
                                     "bat      Battery data show - bat [pwr][index]\r\n\r"
                                     "ci       Current Comm Info\r\n\r"
                                     "config   config [pov/povr/"));
    size_t pages = 1;
    while (!span_ends(said, "pylon_debug>") && pages < 20) {
        said = bench_type(&b, "\r");
        pages++;
    }
    CU_ASSERT_EQUAL(pages, 7); /* 112 commands: 17 lines, then 18 a page */
    CU_ASSERT_TRUE(bench_has(said, "couls    Coulomb calc type - couls [iah/vah/asic/default]"));
    bench_close(&b);
}

static void test_other_key_leaves_the_pager(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000b-plus", 3379, 0, 140, 890);
    bench_type(&b, "help\r");
    BENCH_SAYS(&b, "q", DONE);
    BENCH_SAYS(&b, "\r", "\n\rpylon>");
    bench_close(&b);
}

static void test_pager_off(void)
{
    struct bench b;
    struct sim_config config;
    sim_config_init(&config);
    console_knobs(&config)->pager = false;
    bench_open_with(&b, &config);
    bench_module(&b, 1, "pylontech.us2000b-plus", 3379, 0, 140, 890);
    struct span said = bench_type(&b, "help\r");
    CU_ASSERT_FALSE(bench_has(said, "Press [Enter]"));
    CU_ASSERT_TRUE(span_ends(said, "logout   user mode  - logout" DONE));
    bench_close(&b);
}

/* The line ends of plc-us5000mix_log, entry by entry: the third one of a page has others. */
static void test_log(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us5000", 3330, 16000, 270, 450);
    b.stack.module[0].counters.charge_seconds = 100;
    b.stack.module[0].counters.cycles = 0x2c50 / 40;
    BENCH_SAYS(&b, "log\r",
               "log\n\r@\r\n\r"
               " Index   : 31    \r\n\r Time    : 25-12-21 20:51:26\r\n\r ModID   : BMM\r\n\r"
               " Code    : 2c38\r\n\r Info    : The device start charging. \r\n\r\r\n\r"
               " Index   : 30    \r\n\r Time    : 25-12-21 20:24:26\r\n\r ModID   : BMM\r\n\r"
               " Code    : 0\r\n\r Info    : The device start discharging. \r\n\r\n\r"
               " Index   : 29    \n\r Time    : 25-12-21 19:57:26\n\r ModID   : BMM\n\r"
               " Code    : 2c37\n\r Info    : The device start charging. \n\r"
               "Press [Enter] to be continued,other key to exit\r");
    struct span said = bench_type(&b, "\r");
    CU_ASSERT_TRUE(span_starts(said, "\r" FIFTY_BLANKS "\r\r\r\n\r Index   : 28    \r\n\r Time"));
    for (int page = 3; page <= 11; page++)
        said = bench_type(&b, "\r");
    CU_ASSERT_TRUE(span_ends(said, " Index   : 0     \r\n\r Time    : 25-12-21 06:54:26\r\n\r"
                                   " ModID   : BMM\r\n\r Code    : 0\r\n\r"
                                   " Info    : The device start discharging. \r\n\r" DONE));
    bench_close(&b);
}

/* ---- the frame mode of old modules (specification 1.1) ---- */

static void test_wake_up(void)
{
    struct bench b;
    struct sim_config config;
    sim_config_init(&config);
    console_knobs(&config)->start_frame_mode = true;
    bench_open_with(&b, &config);
    bench_module(&b, 1, "pylontech.us2000", 3379, 0, 140, 890);
    CU_ASSERT_EQUAL(b.baud, 1200);
    BENCH_SAYS(&b, "\r\npwr\r", "");
    BENCH_SAYS(&b, "~20014642E00201FD35\r", "~200146060000FDAD\r");
    BENCH_SAYS(&b, "~2001~20014682C0048520FCC3\r", "");
    CU_ASSERT_EQUAL(b.baud, 115200);
    CU_ASSERT_STRING_EQUAL(b.notes, "wake-up: the console left the frame mode\n");
    BENCH_SAYS(&b, "\r", "\n\rpylon>");
    b.device->ops->power_up(b.device, 0);
    CU_ASSERT_EQUAL(b.baud, 1200);
    bench_close(&b);
}

static void test_extra2000_wakes_at_19200(void)
{
    struct bench b;
    struct sim_config config;
    sim_config_init(&config);
    console_knobs(&config)->start_frame_mode = true;
    console_knobs(&config)->awake_baud = 19200;
    bench_open_with(&b, &config);
    bench_module(&b, 1, "pylontech.us2000", 3379, 0, 140, 890);
    bench_type(&b, "~20014682C0048520FCC3\r");
    CU_ASSERT_EQUAL(b.baud, 19200);
    CU_ASSERT_EQUAL(b.device->ops->baud(b.device), 19200);
    bench_close(&b);
}

static void test_wake_up_of_an_awake_console(void)
{
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000c", 3379, 0, 140, 890);
    CU_ASSERT_TRUE(bench_has(bench_type(&b, "~20014682C0048520FCC3\r"),
                             "Unknown command '~20014682C0048520FCC3' - try 'help'"));
    bench_close(&b);
}

/* ---- delays ---- */

static void test_delays(void)
{
    struct bench b;
    struct sim_config config;
    sim_config_init(&config);
    console_knobs(&config)->answer_delay_us = 7000;
    console_knobs(&config)->row_gap_us = 100;
    bench_open_with(&b, &config);
    bench_module(&b, 1, "pylontech.us2000b-plus", 3379, 0, 140, 890);
    bench_type(&b, "pwr\r");
    CU_ASSERT_EQUAL(b.replies[0].delay_us, 7000 + 8 * 100);
    bench_type(&b, "\r");
    CU_ASSERT_EQUAL(b.replies[0].delay_us, 7000);
    CU_ASSERT_EQUAL(b.device->ops->next_deadline(b.device), NEVER_US);
    bench_close(&b);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"every character is echoed, CR and LF are Enter", test_echo_and_enter},
        {"input may be cut anywhere", test_split_anywhere},
        {"a full line takes no more", test_long_line},
        {"unknown command", test_unknown_command},
        {"noise prefixes the next command", test_noise_prefixes_the_command},
        {"login and logout", test_login_and_logout},
        {"the mode ends with the power", test_mode_ends_with_the_power},
        {"prompts", test_prompts},
        {"absent and impossible modules", test_absent_and_impossible_modules},
        {"PYTES refuses stat N", test_pytes_refuses_stat_n},
        {"US3000D: empty line, exclamation mark, few commands", test_us3000d_manners},
        {"US3000C has no soh", test_us3000c_has_no_soh},
        {"knobs take commands away", test_knobs_take_commands_away},
        {"knobs change the style", test_knobs_of_style},
        {"dangerous commands are refused and noted", test_forbidden_commands},
        {"help stops after 18 lines", test_pager_of_help},
        {"help of others", test_help_of_others},
        {"another key leaves the pager", test_other_key_leaves_the_pager},
        {"the pager can be off", test_pager_off},
        {"log, page by page", test_log},
        {"wake-up frame at 1200 baud", test_wake_up},
        {"Extra2000 wakes at 19200", test_extra2000_wakes_at_19200},
        {"the wake-up frame is noise to an awake console", test_wake_up_of_an_awake_console},
        {"answers are delayed as configured", test_delays},
        {0}};
    return testing_main(argc, argv, "console", cases);
}
