/* SPDX-License-Identifier: Apache-2.0
 *
 * A JK BMS on its UART. Requests are those of the vendor's document; the answer of a JK-B2A24S15P,
 * firmware 10.07, is a capture.
 */
#include "sim/device/jk_uart_knobs.h"
#include "sim/device/test_jk_bench.h"

#define READ_ALL    "4e5700130000000006030000000000006800000129"
#define READ_ALL_03 "4e5700130000000003030000000000006800000126"

static void open_bench(struct bench *b, const char *const *keys)
{
    struct sim_config config;

    sim_config_init(&config);
    CU_ASSERT_TRUE(bench_key(&config, "device jk-uart"));
    for (size_t i = 0; keys != NULL && keys[i] != NULL; i++)
        CU_ASSERT_TRUE_FATAL(bench_key(&config, keys[i]));
    config.battery[0].used = true;
    CU_ASSERT_PTR_NULL_FATAL(sim_config_check(&config));
    bench_open_with(b, &config);
    bench_pack(b, 0, product_find("jk.b2a20s20p"), 3300);
}

/* Asks with a frame of this command and data. */
static struct span ask(struct bench *b, uint8_t command, const char *data)
{
    char text[256];
    struct buf out = buf_of(text, sizeof text - 1);
    struct span bytes;
    unsigned sum = 0;

    buf_printf(&out, "4e57%04x00000000%02x0300%s00000000680000", (unsigned)(18 + strlen(data) / 2),
               command, data);
    text[out.n] = '\0';
    bytes = jk_hex(text);
    for (size_t i = 0; i < bytes.n; i++)
        sum += bytes.p[i];
    buf_printf(&out, "%04x", sum & 0xFFFF);
    text[out.n] = '\0';
    return bench_ask(b, text);
}

static uint16_t sum_of(struct span bytes)
{
    unsigned sum = 0;

    for (size_t i = 0; i < bytes.n; i++)
        sum += bytes.p[i];
    return (uint16_t)sum;
}

/* ---- the capture ---- */

static const struct owner_limits captured_limits = {
    .cell_over_mv = 4200,
    .cell_over_release_mv = 4100,
    .cell_under_mv = 2900,
    .cell_under_release_mv = 3200,
    .charge_mv = 4100,
    .charge_hot_dc = 700,
    .charge_cold_dc = -200,
    .charge_cold_release_dc = -100,
    .discharge_hot_dc = 700,
    .mos_hot_dc = 900,
    .mos_hot_release_dc = 700,
    .charge_over_s = 30,
    .discharge_over_s = 300,
    .balance_start_mv = 3300,
    .balance_trigger_mv = 10,
};

static const struct product captured = {
    .name = "captured",
    .device_name = "JK-B2A24S15P",
    .cells = 13,
    .capacity_mah = 5000,
    .board = "10.XW",
    .main_version = "10.07",
    .release_date = "220415",
    .ccl_ma = 25000,
    .dcl_ma = 150000,
    .owner = &captured_limits,
    .temp_sensors = 2,
};

static const char captured_reply[] =
    "4e570118000000000600017927010ffc020fcf030ffd040ffc050ffc060ffa070ff7080ffe090ffe0a0ffc0b0ff70c"
    "0ff70d0ffd8000168100138200138314c1840000855e860287000089000000008a000d8b00008c00048e15548f0eba"
    "901068911004920005930b54940c8095000596012c97009698012c9900199a001e9b0ce49c000a9d019e005a9f0046"
    "a00064a10064a20014a30046a40046a5ffeca6fff6a7ffeca8fff6a90daa00000005ab00ac00ad042eae01af01b000"
    "0ab114b231323334353600000000b300b4496e707574205573b532323034b600000000b731302e58575f5331302e30"
    "375f5f5fb800b900000000ba496e707574205573657264614a4b2d423241323453313550c00100000000680000544"
    "e";

/* Everything but the time that the BMS has worked (B6) and, with it, the sum. */
static void test_capture_of_10_07(void)
{
    static const uint16_t mv[13] = {0xffc, 0xfcf, 0xffd, 0xffc, 0xffc, 0xffa, 0xff7,
                                    0xffe, 0xffe, 0xffc, 0xff7, 0xff7, 0xffd};
    struct span want = jk_hex(captured_reply);
    struct bench b;
    open_bench(&b, NULL);
    bench_pack(&b, 0, &captured, 4090);
    struct battery *v = &b.stack.module[0].battery;
    memcpy(v->cell_mv, mv, sizeof mv);
    v->pack_mv = 53130;
    v->soc_pm = 940;
    v->temp_dc[0] = v->temp_dc[1] = 190;
    v->temp_dc[3] = 220;
    v->balancing = 1;
    b.stack.module[0].counters.cycles = 0;
    CU_ASSERT_EQUAL(ask(&b, 5, "b231323334353600000000").n, 21);
    ask(&b, 2, "ab00");
    ask(&b, 2, "ac00");
    struct span got = bench_ask(&b, READ_ALL);
    CU_ASSERT_EQUAL_FATAL(want.n, 282);
    CU_ASSERT_EQUAL_FATAL(got.n, 282);
    size_t b6 = span_find(want, 0, jk_hex("b600000000b7"));
    TESTING_BYTES_EQ(span_sub(got, 0, b6 + 1), span_sub(want, 0, b6 + 1));
    TESTING_BYTES_EQ(span_sub(got, b6 + 5, 282 - 2 - b6 - 5),
                     span_sub(want, b6 + 5, 282 - 2 - b6 - 5));
    CU_ASSERT_EQUAL(sum_of(span_sub(got, 0, 280)), got.p[280] << 8 | got.p[281]);
    CU_ASSERT_EQUAL(b.replies[0].kind, DEVICE_ANSWER);
    bench_close(&b);
}

/* ---- requests ---- */

static void test_lengths(void)
{
    struct bench b;
    open_bench(&b, NULL);
    CU_ASSERT_EQUAL(bench_ask(&b, READ_ALL).n, 291); /* 16 cells */
    CU_ASSERT_EQUAL(b.memory[8], 6);
    CU_ASSERT_EQUAL(bench_ask(&b, READ_ALL_03).n, 291); /* the reply carries the command */
    CU_ASSERT_EQUAL(b.memory[8], 3);
    b.stack.module[0].battery.cell_count = 14;
    CU_ASSERT_EQUAL(bench_ask(&b, READ_ALL).n, 285);
    b.stack.module[0].battery.cell_count = 13;
    CU_ASSERT_EQUAL(bench_ask(&b, READ_ALL).n, 282);
    bench_close(&b);
}

static void test_one_token(void)
{
    struct bench b;
    open_bench(&b, NULL);
    b.stack.module[0].battery.current_ma = 2080;
    TESTING_BYTES_EQ(span_sub(ask(&b, 3, "84"), 0, 14), jk_hex("4e570015000000000300018480d0"));
    b.stack.module[0].battery.current_ma = -22560;
    TESTING_BYTES_EQ(span_sub(ask(&b, 3, "84"), 11, 3), jk_hex("8408d0"));
    TESTING_BYTES_EQ(span_sub(ask(&b, 3, "85"), 11, 2), jk_hex("853c"));
    CU_ASSERT_EQUAL(ask(&b, 3, "c7").n, 0); /* no such token: no answer */
    bench_close(&b);
}

/* Old firmware ends with B7, which begins like a frame, and codes the current the other way. */
static void test_short_tokens(void)
{
    static const char *const keys[] = {"tokens short", NULL};
    struct bench b;
    open_bench(&b, keys);
    struct span got = bench_ask(&b, READ_ALL);
    CU_ASSERT_EQUAL(got.n, 291 - 2 - 5 - 25 - 2);
    TESTING_BYTES_EQ(span_sub(got, got.n - 9 - 16, 16), jk_hex("b74e575f315f305f305f323230353131"));
    TESTING_BYTES_EQ(span_sub(ask(&b, 3, "84"), 11, 3), jk_hex("842710")); /* 0 A */
    b.stack.module[0].battery.current_ma = 4530;
    TESTING_BYTES_EQ(span_sub(ask(&b, 3, "84"), 11, 3), jk_hex("84254b"));
    TESTING_BYTES_EQ(span_sub(ask(&b, 3, "8c"), 11, 3), jk_hex("8c000b"));
    bench_close(&b);
}

static void test_temperatures(void)
{
    static const struct {
        int16_t dc;
        const char *bytes;
    } rows[] = {{0, "810000"},   {-10, "810065"},  {-200, "810078"}, {-400, "81008c"},
                {994, "810063"}, {1000, "810064"}, {-4, "810000"},   {205, "810015"}};
    struct bench b;
    open_bench(&b, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        b.stack.module[0].battery.temp_dc[0] = rows[i].dc;
        TESTING_BYTES_EQ(span_sub(ask(&b, 3, "81"), 11, 3), jk_hex(rows[i].bytes));
    }
    bench_close(&b);
}

static void test_alarms(void)
{
    static const struct {
        enum battery_condition cond;
        const char *bytes;
    } rows[] = {
        {COND_MOS_OVERTEMPERATURE, "8b0002"},
        {COND_PACK_OVERVOLTAGE, "8b0004"},
        {COND_PACK_UNDERVOLTAGE, "8b0008"},
        {COND_CHARGE_OVERTEMPERATURE, "8b0010"},
        {COND_CHARGE_OVERCURRENT, "8b0020"},
        {COND_DISCHARGE_OVERCURRENT, "8b0040"},
        {COND_IMBALANCE, "8b0080"},
        {COND_CHARGE_UNDERTEMPERATURE, "8b0200"},
        {COND_CELL_OVERVOLTAGE, "8b0400"},
        {COND_CELL_UNDERVOLTAGE, "8b0800"},
        {COND_INTERNAL_FAULT, "8b1000"},
        {COND_DISCHARGE_OVERTEMPERATURE, "8b0010"},
        {COND_DISCHARGE_UNDERTEMPERATURE, "8b0200"},
        {COND_SHORT_CIRCUIT, "8b0040"},
    };
    struct bench b;
    open_bench(&b, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        b.stack.module[0].battery.protections = COND_BIT(rows[i].cond);
        TESTING_BYTES_EQ(span_sub(ask(&b, 3, "8b"), 11, 3), jk_hex(rows[i].bytes));
    }
    b.stack.module[0].battery.protections = 0;
    b.stack.module[0].battery.soc_pm = 200; /* low charge */
    TESTING_BYTES_EQ(span_sub(ask(&b, 3, "8b"), 11, 3), jk_hex("8b0001"));
    CU_ASSERT_EQUAL(overlay_set(&b.stack.module[0].overlay, BMS_PATH_FAULT_SYSTEM, "0x4000"),
                    ERR_OK);
    TESTING_BYTES_EQ(span_sub(ask(&b, 3, "8b"), 11, 3), jk_hex("8b4001"));
    bench_close(&b);
}

static void test_bad_requests_are_ignored(void)
{
    struct bench b;
    open_bench(&b, NULL);
    BENCH_SILENT(&b, "4e5700130000000006030000000000006800000128"); /* sum */
    BENCH_SILENT(&b, "4e570013000000000603000000000000680000");     /* cut */
    CU_ASSERT_EQUAL(ask(&b, 7, "00").n, 0);                         /* command */
    BENCH_SILENT(&b, "dda50300fffd77");                             /* another maker's protocol */
    CU_ASSERT_EQUAL(bench_ask(&b, "ff00ff004e57" READ_ALL).n, 291); /* noise in front */
    bench_close(&b);
}

/* A request in pieces is one, unless they are 100 ms apart. */
static void test_pieces(void)
{
    struct bench b;
    open_bench(&b, NULL);
    bench_send(&b, "4e570013000000000603");
    bench_pass(&b, 90 * US_PER_MS);
    bench_send(&b, "0000000000006800000129");
    CU_ASSERT_EQUAL(b.said.n, 291);
    bench_forget(&b);
    bench_send(&b, "4e570013000000000603");
    bench_pass(&b, 110 * US_PER_MS);
    bench_send(&b, "0000000000006800000129");
    CU_ASSERT_EQUAL(b.said.n, 0);
    bench_close(&b);
}

/* ---- writes, sleep, quirks ---- */

static void test_writes(void)
{
    struct bench b;
    open_bench(&b, NULL);
    CU_ASSERT_EQUAL(ask(&b, 2, "ab00").n, 0); /* no password yet */
    CU_ASSERT_STRING_EQUAL(b.notes, "forbidden: write token AB\n");
    ask(&b, 5, "b231313131313100000000");
    CU_ASSERT_EQUAL(ask(&b, 2, "ab00").n, 0); /* a wrong one */
    ask(&b, 5, "b231323334353600000000");
    TESTING_BYTES_EQ(span_sub(ask(&b, 2, "ab00"), 8, 4), jk_hex("020001ab"));
    TESTING_BYTES_EQ(span_sub(ask(&b, 3, "ab"), 11, 2), jk_hex("ab00"));
    TESTING_BYTES_EQ(span_sub(ask(&b, 3, "8c"), 11, 3), jk_hex("8c0002"));
    /* the balancer's switch is acknowledged and does nothing */
    TESTING_BYTES_EQ(span_sub(ask(&b, 2, "9d00"), 8, 4), jk_hex("0200019d"));
    TESTING_BYTES_EQ(span_sub(ask(&b, 3, "9d"), 11, 2), jk_hex("9d01"));
    bench_close(&b);
}

static void test_sleep(void)
{
    static const char *const keys[] = {"asleep on", NULL};
    struct bench b;
    open_bench(&b, keys);
    BENCH_SILENT(&b, READ_ALL);
    CU_ASSERT_EQUAL(ask(&b, 1, "00").n, 21);
    CU_ASSERT_STRING_EQUAL(b.notes, "wake-up: the BMS was activated\n");
    CU_ASSERT_EQUAL(bench_ask(&b, READ_ALL).n, 291);
    b.device->ops->power_up(b.device, b.now_us);
    BENCH_SILENT(&b, READ_ALL);
    bench_close(&b);
}

static void test_quirks(void)
{
    static const char *const unknown[] = {"unknown-token on", NULL};
    static const char *const gap[] = {"least-gap 100 ms", NULL};
    struct bench b;
    open_bench(&b, unknown);
    struct span got = bench_ask(&b, READ_ALL);
    CU_ASSERT_EQUAL(got.n, 293);
    TESTING_BYTES_EQ(span_sub(got, got.n - 13, 4), jk_hex("c701c001"));
    bench_close(&b);
    open_bench(&b, gap);
    bench_send(&b, READ_ALL);
    bench_pass(&b, 100 * US_PER_MS); /* the answer took 26 ms */
    bench_send(&b, READ_ALL);
    CU_ASSERT_EQUAL(b.n, 1);
    bench_pass(&b, 30 * US_PER_MS);
    bench_send(&b, READ_ALL);
    CU_ASSERT_EQUAL(b.n, 2);
    b.stack.module[0].present = false;
    BENCH_SILENT(&b, READ_ALL);
    bench_close(&b);
}

static void test_boot(void)
{
    static const char *const keys[] = {"boot 16 s", NULL};
    struct bench b;
    open_bench(&b, keys);
    TESTING_BYTES_EQ(span_sub(ask(&b, 3, "85"), 11, 2), jk_hex("8500"));
    bench_pass(&b, 16 * US_PER_S);
    TESTING_BYTES_EQ(span_sub(ask(&b, 3, "85"), 11, 2), jk_hex("853c"));
    bench_close(&b);
}

static void flipped(struct span bytes, size_t byte, unsigned bit, void *ctx)
{
    struct bench *b = ctx;
    (void)byte;
    (void)bit;
    bench_pass(b, 200 * US_PER_MS);
    bench_forget(b);
    b->device->ops->on_bytes(b->device, bytes, b->now_us);
    bench_pass(b, 200 * US_PER_MS);
    CU_ASSERT_EQUAL(b->said.n, 0);
}

static void test_damage_is_not_answered(void)
{
    struct bench b;
    open_bench(&b, NULL);
    testing_every_bit_flip(jk_hex(READ_ALL), flipped, &b);
    bench_close(&b);
}

static void test_configurations(void)
{
    struct sim_config config;
    const char *why = NULL;
    struct bench b;
    sim_config_init(&config);
    CU_ASSERT_TRUE(bench_key(&config, "device jk-uart"));
    config.battery[0].used = config.battery[1].used = true;
    CU_ASSERT_PTR_NOT_NULL(strstr(sim_config_check(&config), "point to point"));
    open_bench(&b, NULL);
    CU_ASSERT_FALSE(b.device->ops->accepts(b.device, BMS_PATH_EVENTS_BATTERY, "0x1", &why));
    CU_ASSERT_TRUE(b.device->ops->accepts(b.device, BMS_PATH_FIRMWARE, "11.26", &why));
    bench_close(&b);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"the capture of firmware 10.07", test_capture_of_10_07},
        {"lengths", test_lengths},
        {"one token", test_one_token},
        {"short tokens", test_short_tokens},
        {"temperatures", test_temperatures},
        {"alarms", test_alarms},
        {"bad requests are ignored", test_bad_requests_are_ignored},
        {"pieces", test_pieces},
        {"writes", test_writes},
        {"sleep", test_sleep},
        {"quirks", test_quirks},
        {"boot", test_boot},
        {"damage is not answered", test_damage_is_not_answered},
        {"configurations", test_configurations},
        {0}};
    return testing_main(argc, argv, "jk_uart_device", cases);
}
