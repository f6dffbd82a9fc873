/* SPDX-License-Identifier: Apache-2.0
 *
 * JK-PB packs that are read by Modbus. Telegrams: the vendor's document and recorded ones of
 * docs/protocols/jk.md, else written by hand with their CRC.
 */
#include "sim/device/jk_pb_knobs.h"
#include "sim/device/test_jk_bench.h"

/* Units 1 and 2, 16 cells of 3.300 V; with [port] keys, NULL terminated. */
static void open_bench(struct bench *b, const char *const *keys)
{
    struct sim_config config;

    sim_config_init(&config);
    CU_ASSERT_TRUE(bench_key(&config, "device jk-modbus"));
    for (size_t i = 0; keys != NULL && keys[i] != NULL; i++)
        CU_ASSERT_TRUE_FATAL(bench_key(&config, keys[i]));
    config.battery[0].used = config.battery[1].used = true;
    CU_ASSERT_PTR_NULL(sim_config_check(&config));
    bench_open_with(b, &config);
    bench_pack(b, 0, product_find("jk.pb2a16s20p"), 3300);
    bench_pack(b, 1, product_find("jk.pb2a16s20p"), 3301);
}

static void test_recorded_telegrams(void)
{
    struct bench b;
    open_bench(&b, NULL);
    /* the alarm word of unit 2, as recorded */
    BENCH_ANSWERS(&b, "020312a00002c162", "02030400000000c933");
    CU_ASSERT_EQUAL(b.replies[0].kind, DEVICE_ANSWER);
    /* the balancer of unit 2 on, off; the control word: as recorded */
    BENCH_ANSWERS(&b, "0210107800020400000001f669", "021010780002c522");
    BENCH_ANSWERS(&b, "021010780002040000000037a9", "021010780002c522");
    CU_ASSERT_EQUAL(b.replies[0].kind, DEVICE_ERROR);
    BENCH_ANSWERS(&b, "021011140001020210b019", "02101114000144c2");
    CU_ASSERT_STRING_EQUAL(b.notes, "forbidden: write 1114 to unit 2\n");
    BENCH_SILENT(&b, "0a1016200001020000a5c1");
    bench_close(&b);
}

/* Registers are byte offsets: 17 words from 1200 are the cells 1 to 17. */
static void test_addresses_are_byte_offsets(void)
{
    struct bench b;
    open_bench(&b, NULL);
    for (unsigned i = 0; i < 16; i++)
        b.stack.module[0].battery.cell_mv[i] = (uint16_t)(3300 + i);
    b.stack.module[0].battery.pack_mv = 52920;
    struct span got = bench_ask(&b, "01031200001180be");
    TESTING_BYTES_EQ(span_sub(got, 0, 37),
                     jk_hex("0103220ce40ce50ce60ce70ce80ce90cea0ceb0cec0ced0cee0cef0cf00cf10cf2"
                            "0cf30000"));
    TESTING_BYTES_EQ(span_sub(bench_ask(&b, "010312900002c15e"), 0, 7), jk_hex("0103040000ceb8"));
    bench_close(&b);
}

static void test_written_then_read(void)
{
    struct bench b;
    open_bench(&b, NULL);
    BENCH_ANSWERS(&b, "0210107000020400000000360f", "02101070000244e0");
    BENCH_ANSWERS(&b, "020310700002c123", "02030400000000c933");
    bench_close(&b);
}

static void test_exceptions(void)
{
    struct bench b;
    open_bench(&b, NULL);
    BENCH_ANSWERS(&b, "01060001000119ca", "01860183a0");
    BENCH_ANSWERS(&b, "010400010001600a", "01840182c0");
    BENCH_ANSWERS(&b, "010300010001d5ca", "018302c0f1");
    BENCH_ANSWERS(&b, "01031200000040b2", "0183030131"); /* no words */
    BENCH_ANSWERS(&b, "01031200006f009e", "018302c0f1"); /* 111 words */
    CU_ASSERT_EQUAL(bench_ask(&b, "01031200006ec15e").n, 5 + 220);
    BENCH_ANSWERS(&b, "0110120000010200015591", "019002cdc1");     /* status is read only */
    BENCH_ANSWERS(&b, "0110100c0002040000270f65ce", "0190030c01"); /* OVP 9.999 V */
    CU_ASSERT_STRING_EQUAL(b.notes, "forbidden: write 100C to unit 1\n");
    bench_close(&b);
}

static void test_silence(void)
{
    static const char *const from_3[] = {"addresses 3 4", NULL};
    struct bench b;
    open_bench(&b, NULL);
    BENCH_SILENT(&b, "05031200000180f6"); /* another unit */
    BENCH_SILENT(&b, "020312a00002c163"); /* CRC */
    BENCH_SILENT(&b, "000312900002c08f"); /* everybody: no answer to a read */
    b.stack.module[1].present = false;
    BENCH_SILENT(&b, "020312a00002c162");
    bench_close(&b);
    open_bench(&b, from_3);
    BENCH_SILENT(&b, "020312a00002c162");
    bench_close(&b);
}

static void test_broadcast_is_executed(void)
{
    struct bench b;
    open_bench(&b, NULL);
    BENCH_SILENT(&b, "00101070000204000000003db7"); /* charging off, all units */
    BENCH_ANSWERS(&b, "020310700002c123", "02030400000000c933");
    bench_close(&b);
}

/* ---- time ---- */

static void test_a_pause_ends_a_telegram(void)
{
    struct bench b;
    open_bench(&b, NULL);
    bench_send(&b, "020312a0");
    bench_pass(&b, 1700); /* less than 1.75 ms */
    bench_send(&b, "0002c162");
    bench_pass(&b, 100000);
    CU_ASSERT_EQUAL(b.said.n, 9);
    CU_ASSERT_EQUAL(b.replies[0].at_us, 100 * US_PER_S + 1700 + 10000);
    bench_forget(&b);
    bench_send(&b, "020312a0");
    bench_pass(&b, 1800);
    bench_send(&b, "0002c162");
    bench_pass(&b, 100000);
    CU_ASSERT_EQUAL(b.said.n, 0);
    bench_send(&b, "020312a00002c162020312a00002c162"); /* without a pause between them */
    bench_pass(&b, 100000);
    CU_ASSERT_EQUAL(b.said.n, 0);
    bench_close(&b);
}

static void test_slow_lines_pause_longer(void)
{
    static const char *const slow[] = {"baud 9600 baud", "answer-delay 5 ms", NULL};
    struct bench b;
    open_bench(&b, slow);
    CU_ASSERT_EQUAL(b.device->ops->baud(b.device), 9600);
    bench_send(&b, "020312a0");
    bench_pass(&b, 3600); /* 3.5 characters are 3.645 ms */
    bench_send(&b, "0002c162");
    bench_pass(&b, 100000);
    CU_ASSERT_EQUAL(b.said.n, 9);
    CU_ASSERT_EQUAL(b.replies[0].at_us, 100 * US_PER_S + 3600 + 5000);
    bench_close(&b);
}

static void test_too_long_a_telegram(void)
{
    struct bench b;
    open_bench(&b, NULL);
    for (unsigned i = 0; i < 100; i++)
        bench_send(&b, "020312a00002c162");
    bench_pass(&b, 100000);
    CU_ASSERT_EQUAL(b.said.n, 0);
    BENCH_ANSWERS(&b, "020312a00002c162", "02030400000000c933");
    bench_close(&b);
}

/* ---- quirks ---- */

static void test_cold_bus(void)
{
    static const char *const first[] = {"cold-bus first", NULL};
    static const char *const dead[] = {"cold-bus dead", "cold-after 5 s", NULL};
    struct bench b;
    open_bench(&b, first);
    BENCH_SILENT(&b, "020312a00002c162");
    BENCH_ANSWERS(&b, "020312a00002c162", "02030400000000c933");
    bench_pass(&b, 3 * US_PER_S);
    BENCH_SILENT(&b, "020312a00002c162");
    BENCH_ANSWERS(&b, "020312a00002c162", "02030400000000c933");
    bench_close(&b);
    open_bench(&b, dead);
    BENCH_SILENT(&b, "020312a00002c162");
    BENCH_SILENT(&b, "020312a00002c162");
    CU_ASSERT_EQUAL(bench_ask(&b, "021016200001020000c201").n, 308);
    BENCH_ANSWERS(&b, "020312a00002c162", "02030400000000c933");
    bench_pass(&b, 5 * US_PER_S);
    BENCH_SILENT(&b, "020312a00002c162");
    bench_close(&b);
}

static void test_recovery(void)
{
    static const char *const keys[] = {"recovery 1 s", NULL};
    struct bench b;
    open_bench(&b, keys);
    BENCH_ANSWERS(&b, "020312a00002c162", "02030400000000c933");
    BENCH_SILENT(&b, "020312a00002c162");
    bench_pass(&b, US_PER_S);
    BENCH_ANSWERS(&b, "020312a00002c162", "02030400000000c933");
    bench_close(&b);
}

static void test_long_reads_and_broken(void)
{
    static const char *const keys[] = {"longest-read 16", "long-read silent", NULL};
    static const char *const broken[] = {"broken on", NULL};
    struct bench b;
    open_bench(&b, keys);
    BENCH_SILENT(&b, "01031200001180be");
    bench_close(&b);
    open_bench(&b, broken);
    BENCH_ANSWERS(&b, "010312900002c15e", "01830440f3");
    bench_close(&b);
}

static void test_control_registers(void)
{
    static const char *const old[] = {"control v1.0", NULL};
    struct bench b;
    open_bench(&b, NULL);
    BENCH_ANSWERS(&b, "01101604000102000111d5", "0110160400014440"); /* V1.1: shut down */
    BENCH_SILENT(&b, "010312900002c15e");
    CU_ASSERT_EQUAL(bench_ask(&b, "020312900002c16d").n, 9); /* the other one is up */
    b.device->ops->power_up(b.device, b.now_us);
    CU_ASSERT_EQUAL(bench_ask(&b, "010312900002c15e").n, 9);
    bench_close(&b);
    open_bench(&b, old); /* V1.0: calibrate the current */
    BENCH_ANSWERS(&b, "01101604000102000111d5", "0110160400014440");
    CU_ASSERT_EQUAL(bench_ask(&b, "010312900002c15e").n, 9);
    bench_close(&b);
}

/* ---- MODBUS/TCP ---- */

static void test_tcp(void)
{
    static const char *const tcp[] = {"framing tcp", NULL};
    struct bench b;
    open_bench(&b, tcp);
    BENCH_ANSWERS(&b, "123400000006020312a00002", "12340000000702030400000000");
    BENCH_ANSWERS(&b, "000100000006010300010001", "000100000003018302");
    /* two in one piece, and one in two */
    bench_forget(&b);
    bench_send(&b, "000100000006020312a00002000200000006020312a000020003");
    CU_ASSERT_EQUAL(b.said.n, 26);
    bench_pass(&b, US_PER_S);
    bench_send(&b, "00000006020312a00002");
    CU_ASSERT_EQUAL(b.said.n, 39);
    BENCH_SILENT(&b, "000100000006050312a00002"); /* another unit */
    BENCH_SILENT(&b, "000100010006020312a00002"); /* another protocol */
    BENCH_SILENT(&b, "020312a00002c162");         /* RTU over TCP */
    bench_close(&b);
}

static void test_either_framing(void)
{
    static const char *const rtu[] = {"framing rtu", NULL};
    struct bench b;
    open_bench(&b, NULL);
    BENCH_ANSWERS(&b, "123400000006020312a00002", "12340000000702030400000000");
    BENCH_ANSWERS(&b, "020312a00002c162", "02030400000000c933");
    bench_close(&b);
    open_bench(&b, rtu);
    BENCH_SILENT(&b, "123400000006020312a00002");
    bench_close(&b);
}

/* ---- what arrives damaged ---- */

static void flipped(struct span cut, size_t byte, unsigned bit, void *ctx)
{
    struct bench *b = ctx;
    (void)byte;
    (void)bit;
    bench_pass(b, 200 * US_PER_MS);
    bench_forget(b);
    b->device->ops->on_bytes(b->device, cut, b->now_us);
    bench_pass(b, 200 * US_PER_MS);
    CU_ASSERT_EQUAL(b->said.n, 0);
}

static void cut_off(struct span cut, void *ctx)
{
    struct bench *b = ctx;
    bench_pass(b, 200 * US_PER_MS);
    bench_forget(b);
    b->device->ops->on_bytes(b->device, cut, b->now_us);
    bench_pass(b, 200 * US_PER_MS);
    CU_ASSERT_EQUAL(b->said.n, 0);
}

static void test_damage_is_not_answered(void)
{
    struct bench b;
    open_bench(&b, NULL);
    testing_every_bit_flip(jk_hex("020312a00002c162"), flipped, &b);
    testing_every_truncation(jk_hex("0210107800020400000001f669"), cut_off, &b);
    bench_close(&b);
}

static void test_configurations(void)
{
    struct sim_config config;
    sim_config_init(&config);
    CU_ASSERT_TRUE(bench_key(&config, "device jk-modbus"));
    CU_ASSERT_TRUE(bench_key(&config, "addresses 1 2"));
    CU_ASSERT_FALSE(bench_key(&config, "addresses 16"));
    CU_ASSERT_FALSE(bench_key(&config, "framing mbap"));
    config.battery[0].used = true;
    CU_ASSERT_TRUE(bench_key(&config, "addresses 1 2"));
    CU_ASSERT_STRING_EQUAL(sim_config_check(&config),
                           "`addresses` needs one number for each battery");
    config.battery[1].used = true;
    CU_ASSERT_PTR_NULL(sim_config_check(&config));
    CU_ASSERT_TRUE(bench_key(&config, "addresses 0 0"));
    CU_ASSERT_PTR_NOT_NULL(sim_config_check(&config));
    CU_ASSERT_TRUE(bench_key(&config, "addresses 0 1"));
    CU_ASSERT_TRUE(bench_key(&config, "framing tcp"));
    CU_ASSERT_PTR_NOT_NULL(sim_config_check(&config));
    span_to_str(SPAN_LIT("pylontech.us3000c"), config.battery[1].product,
                sizeof config.battery[1].product);
    CU_ASSERT_PTR_NOT_NULL(strstr(sim_config_check(&config), "needs a JK model"));
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"recorded telegrams", test_recorded_telegrams},
        {"addresses are byte offsets", test_addresses_are_byte_offsets},
        {"written, then read", test_written_then_read},
        {"exceptions", test_exceptions},
        {"silence", test_silence},
        {"a broadcast is executed", test_broadcast_is_executed},
        {"a pause ends a telegram", test_a_pause_ends_a_telegram},
        {"slow lines pause longer", test_slow_lines_pause_longer},
        {"too long a telegram", test_too_long_a_telegram},
        {"a cold bus", test_cold_bus},
        {"recovery after a read", test_recovery},
        {"long reads, a broken unit", test_long_reads_and_broken},
        {"control registers", test_control_registers},
        {"MODBUS/TCP", test_tcp},
        {"either framing", test_either_framing},
        {"damage is not answered", test_damage_is_not_answered},
        {"configurations", test_configurations},
        {0}};
    return testing_main(argc, argv, "jk_modbus_device", cases);
}
