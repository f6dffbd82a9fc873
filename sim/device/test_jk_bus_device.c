/* SPDX-License-Identifier: Apache-2.0
 *
 * JK-PB packs on their bus. Requests and acknowledges are the recorded ones of
 * docs/protocols/jk.md.
 */
#include "sim/device/jk_pb_knobs.h"
#include "sim/device/test_jk_bench.h"

#include "proto/jk_bus/jk_bus.h"

#define ASK_1_CELLS    "011016200001020000d6f1"
#define ASK_2_CELLS    "021016200001020000c201"
#define ASK_3_CELLS    "031016200001020000cf91"
#define ASK_3_SETTINGS "0310161e0001020000cb4f"
#define ASK_3_INFO     "0310161c0001020000caad"
#define ACK_3_CELLS    "03101620000105a9"
#define ACK_3_SETTINGS "0310161e00016465"
#define ACK_3_INFO     "0310161c0001c5a5"

/* `packs` packs of 16 cells at 3.300 V, 3.301 V, ...; with [port] keys, NULL terminated. */
static void open_bench(struct bench *b, unsigned packs, const char *const *keys)
{
    struct sim_config config;

    sim_config_init(&config);
    CU_ASSERT_TRUE(bench_key(&config, "device jk-bus"));
    for (size_t i = 0; keys != NULL && keys[i] != NULL; i++)
        CU_ASSERT_TRUE_FATAL(bench_key(&config, keys[i]));
    for (unsigned i = 0; i < packs; i++)
        config.battery[i].used = true;
    CU_ASSERT_PTR_NULL_FATAL(sim_config_check(&config));
    bench_open_with(b, &config);
    for (unsigned i = 0; i < packs; i++)
        bench_pack(b, i, product_find("jk.pb2a16s20p"), 3300 + (int32_t)i);
}

/* Frame, then the acknowledge. */
static void is_answer(struct span got, size_t gap, uint8_t type, const char *ack)
{
    enum jk_type seen;

    CU_ASSERT_EQUAL_FATAL(got.n, 300 + gap + 8 + (gap > 0 ? 1 : 0));
    CU_ASSERT_EQUAL(jk_frame_check(span_sub(got, 0, 300), &seen).code, ERR_OK);
    CU_ASSERT_EQUAL(got.p[4], type);
    TESTING_BYTES_EQ(span_sub(got, 300 + gap, 8), jk_hex(ack));
}

static void test_recorded_requests(void)
{
    struct bench b;
    open_bench(&b, 15, NULL);
    is_answer(bench_ask(&b, ASK_3_CELLS), 0, 2, ACK_3_CELLS);
    CU_ASSERT_EQUAL(b.memory[6], 0xE6); /* 3302 mV: it is the third pack's */
    CU_ASSERT_EQUAL(b.memory[5], 0);
    is_answer(bench_ask(&b, ASK_3_SETTINGS), 0, 1, ACK_3_SETTINGS);
    CU_ASSERT_EQUAL(b.memory[270], 3);
    is_answer(bench_ask(&b, ASK_3_INFO), 0, 3, ACK_3_INFO);
    is_answer(bench_ask(&b, ASK_1_CELLS), 0, 2, "011016200001044b");
    static const char *const others[] = {"0a1016200001020000a5c1", "0b1016200001020000a851",
                                         "0c10162000010200008e61", "0d101620000102000083f1",
                                         "0e10162000010200009701", "0f10162000010200009a91"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct span got = bench_ask(&b, others[i]);
        CU_ASSERT_EQUAL(got.n, 308);
        CU_ASSERT_EQUAL(b.memory[300], 10 + i);
    }
    CU_ASSERT_STRING_EQUAL(b.notes, ""); /* a trigger is no write */
    bench_close(&b);
}

/* 10 ms from the end of the request to the first byte. */
static void test_timing(void)
{
    struct bench b;
    open_bench(&b, 1, NULL);
    bench_send(&b, ASK_1_CELLS);
    bench_pass(&b, 50 * US_PER_MS);
    CU_ASSERT_EQUAL(b.n, 1);
    CU_ASSERT_EQUAL(b.replies[0].at_us, 100 * US_PER_S + 10 * US_PER_MS);
    CU_ASSERT_EQUAL(b.replies[0].kind, DEVICE_ANSWER);
    TESTING_BYTES_EQ(span_of(b.replies[0].command, b.replies[0].command_n), jk_hex(ASK_1_CELLS));
    bench_close(&b);
}

static void test_forms(void)
{
    static const char *const form_310[] = {"form 310", NULL};
    static const char *const first[] = {"ack first", NULL};
    static const char *const missing[] = {"ack missing", NULL};
    struct bench b;
    open_bench(&b, 3, form_310);
    struct span got = bench_ask(&b, ASK_3_CELLS);
    is_answer(got, 1, 2, ACK_3_CELLS);
    CU_ASSERT_TRUE(got.p[300] == 0 && got.p[309] == 0);
    bench_close(&b);
    open_bench(&b, 3, first);
    got = bench_ask(&b, ASK_3_CELLS);
    TESTING_BYTES_EQ(span_sub(got, 0, 12), jk_hex(ACK_3_CELLS "55aaeb90"));
    CU_ASSERT_EQUAL(got.n, 308);
    bench_close(&b);
    open_bench(&b, 3, missing);
    CU_ASSERT_EQUAL(bench_ask(&b, ASK_3_CELLS).n, 300);
    bench_close(&b);
}

/* Firmware 15.10 has another byte 5. */
static void test_counter_byte(void)
{
    struct bench b;
    open_bench(&b, 1, NULL);
    bench_pack(&b, 0, product_find("jk.pb1a8s15p"), 3357);
    TESTING_BYTES_EQ(span_sub(bench_ask(&b, ASK_1_CELLS), 0, 8), jk_hex("55aaeb9002051d0d"));
    bench_close(&b);
}

static void test_absent_units(void)
{
    struct bench b;
    open_bench(&b, 3, NULL);
    b.stack.module[0].present = false;
    BENCH_SILENT(&b, ASK_1_CELLS);
    CU_ASSERT_EQUAL(bench_ask(&b, ASK_2_CELLS).n, 308); /* the others go on */
    BENCH_SILENT(&b, "001016200001020000db61");         /* unit 0 answers nobody */
    bench_close(&b);
}

/* ---- collisions ---- */

static void test_triggers_too_close(void)
{
    static const char *const wide[] = {"together 0 s", NULL};
    struct bench b;
    open_bench(&b, 3, NULL);
    bench_send(&b, ASK_1_CELLS);
    bench_pass(&b, 45 * US_PER_MS);
    CU_ASSERT_EQUAL(b.said.n, 308); /* that one is answered; the answer has left after 37 ms */
    bench_forget(&b);
    bench_send(&b, ASK_2_CELLS);
    bench_pass(&b, 100 * US_PER_MS);
    CU_ASSERT_EQUAL(b.n, 1);
    CU_ASSERT_EQUAL(b.replies[0].kind, DEVICE_ERROR);
    CU_ASSERT_STRING_EQUAL(b.notes, "collision: triggers too close: all units answer\n");
    CU_ASSERT_EQUAL(b.memory[6], (0xE4 & 0xE5 & 0xE6)); /* all three at once: a 0 wins */
    enum jk_type type;
    CU_ASSERT_NOT_EQUAL(jk_frame_check(span_sub(buf_span(&b.said), 0, 300), &type).code, ERR_OK);
    CU_ASSERT_EQUAL(bench_ask(&b, ASK_2_CELLS).n, 308); /* 200 ms later all is well */
    CU_ASSERT_EQUAL(b.replies[0].kind, DEVICE_ANSWER);
    bench_close(&b);
    open_bench(&b, 3, wide);
    bench_send(&b, ASK_1_CELLS);
    bench_pass(&b, 45 * US_PER_MS);
    bench_send(&b, ASK_2_CELLS);
    bench_pass(&b, 100 * US_PER_MS);
    CU_ASSERT_EQUAL(b.n, 2);
    CU_ASSERT_EQUAL(b.replies[1].kind, DEVICE_ANSWER);
    bench_close(&b);
}

static void test_a_request_into_an_answer(void)
{
    struct bench b;
    open_bench(&b, 3, NULL);
    bench_send(&b, ASK_1_CELLS);
    bench_pass(&b, 20 * US_PER_MS); /* unit 1 is talking */
    bench_send(&b, ASK_2_CELLS);
    bench_pass(&b, 200 * US_PER_MS);
    CU_ASSERT_EQUAL(b.n, 1); /* nobody heard the second */
    CU_ASSERT_STRING_EQUAL(b.notes, "collision: a request while somebody sends\n");
    bench_forget(&b);
    bench_send(&b, ASK_1_CELLS);
    bench_pass(&b, 5 * US_PER_MS); /* unit 1 is about to talk */
    bench_send(&b, ASK_2_CELLS);
    bench_pass(&b, 200 * US_PER_MS);
    CU_ASSERT_EQUAL(b.n, 1);
    CU_ASSERT_EQUAL(b.replies[0].kind, DEVICE_ERROR);
    bench_close(&b);
}

static void test_one_address_twice(void)
{
    static const char *const keys[] = {"addresses 3 3", NULL};
    struct bench b;
    enum jk_type type;
    open_bench(&b, 2, keys);
    struct span got = bench_ask(&b, ASK_3_CELLS);
    CU_ASSERT_EQUAL(got.n, 308);
    CU_ASSERT_EQUAL(got.p[6], (0xE4 & 0xE5));
    CU_ASSERT_NOT_EQUAL(jk_frame_check(span_sub(got, 0, 300), &type).code, ERR_OK);
    b.stack.module[1].present = false;
    is_answer(bench_ask(&b, ASK_3_CELLS), 0, 2, ACK_3_CELLS);
    bench_close(&b);
}

/* ---- the master ---- */

static const char *const with_master[] = {"addresses 0 1 3", NULL};

/* "ask1c a1c " ..., what was heard on the bus and when it began, in ms. */
static void transcript(const struct bench *b, struct buf *out)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct bench_reply *r = &b->replies[i];
        const uint8_t *p = b->memory + r->from;
        unsigned ms = (unsigned)((r->at_us - 100 * US_PER_S) / US_PER_MS);
        if (r->kind == DEVICE_ECHO)
            buf_printf(out, "%u:ask%u%c ", ms, p[0], p[3] == 0x20 ? 'c' : 's');
        else
            buf_printf(out, "%u:unit%u%c ", ms, p[300], p[4] == 2 ? 'c' : 's');
    }
    buf_u8(out, '\0');
}

static void test_the_cycle_of_a_master(void)
{
    struct bench b;
    char memory[4096];
    struct buf text = buf_of(memory, sizeof memory);
    open_bench(&b, 3, with_master);
    bench_pass(&b, 4950 * US_PER_MS);
    transcript(&b, &text);
    CU_ASSERT_STRING_EQUAL(
        memory, "500:ask1c 510:unit1c 630:ask1s 640:unit1s 760:ask2c 980:ask3c 990:unit3c "
                "1110:ask3s 1120:unit3s 1240:ask4c 1460:ask5c 1680:ask6c 1900:ask7c 2120:ask8c "
                "2340:ask9c 2560:ask10c 2780:ask11c 3000:ask12c 3220:ask13c 3440:ask14c "
                "3660:ask15c 3880:unit0c 4100:unit0s 4900:ask1c 4910:unit1c ");
    TESTING_BYTES_EQ(bench_reply_bytes(&b, 0), jk_hex(ASK_1_CELLS));
    /* its own frames, signed with address 0 */
    struct span own = bench_reply_bytes(&b, b.n - 4);
    TESTING_BYTES_EQ(span_sub(own, 300, 8), jk_hex("001016200001059a"));
    CU_ASSERT_EQUAL(own.p[6], 0xE4);
    CU_ASSERT_EQUAL(b.replies[b.n - 4].kind, DEVICE_ANSWER);
    TESTING_BYTES_EQ(span_sub(bench_reply_bytes(&b, b.n - 3), 300, 8), jk_hex("0010161e00016456"));
    bench_close(&b);
}

static void test_a_master_that_is_quiet_or_away(void)
{
    static const char *const quiet[] = {"addresses 0 1", "master-broadcast off", "cycle 10 s",
                                        NULL};
    struct bench b;
    open_bench(&b, 2, quiet);
    bench_pass(&b, 10 * US_PER_S);
    CU_ASSERT_EQUAL(b.n, 15 + 3);
    for (size_t i = 0; i < b.n; i++)
        CU_ASSERT_TRUE(b.replies[i].n == 11 || b.memory[b.replies[i].from + 300] == 1);
    bench_close(&b);
    open_bench(&b, 3, with_master);
    bench_pass(&b, US_PER_S);
    CU_ASSERT_TRUE(b.n > 0);
    b.stack.module[0].present = false;
    bench_pass(&b, US_PER_S);
    bench_forget(&b);
    bench_pass(&b, 10 * US_PER_S);
    CU_ASSERT_EQUAL(b.n, 0);
    b.stack.module[0].present = true;
    bench_pass(&b, 2 * US_PER_S);
    CU_ASSERT_TRUE(b.n > 0);
    CU_ASSERT_EQUAL(b.memory[0], 1); /* a cycle begins */
    bench_close(&b);
}

/* A bridge that polls although there is a master. */
static void test_two_masters(void)
{
    struct bench b;
    open_bench(&b, 3, with_master);
    bench_pass(&b, 515 * US_PER_MS); /* unit 1 answers the master */
    bench_forget(&b);
    bench_send(&b, ASK_3_CELLS);
    bench_pass(&b, 50 * US_PER_MS);
    CU_ASSERT_EQUAL(b.n, 0);
    CU_ASSERT_STRING_EQUAL(b.notes, "collision: a request while somebody sends\n");
    bench_pass(&b, 35 * US_PER_MS); /* at 600 ms the bus is free, but the master asks at 630 */
    bench_forget(&b);
    bench_send(&b, ASK_3_CELLS);
    bench_pass(&b, 60 * US_PER_MS);
    CU_ASSERT_EQUAL(b.replies[0].kind, DEVICE_ERROR);
    CU_ASSERT_EQUAL(b.replies[0].at_us, 100 * US_PER_S + 610 * US_PER_MS);
    TESTING_BYTES_EQ(span_sub(bench_reply_bytes(&b, 0), 0, 8), jk_hex("55aaeb900200e60c"));
    enum jk_type type;
    CU_ASSERT_NOT_EQUAL(jk_frame_check(span_sub(buf_span(&b.said), 0, 300), &type).code, ERR_OK);
    CU_ASSERT_TRUE(strstr(b.notes, "the master asked while somebody sent") != NULL);
    bench_close(&b);
}

/* What was talked over is no answer even where its last byte is left as it was. */
static void test_talked_over_but_for_its_end(void)
{
    static const char *const with_unit_2[] = {"addresses 0 1 2", NULL};
    struct bench b;
    open_bench(&b, 3, with_unit_2);
    bench_pass(&b, 515 * US_PER_MS); /* unit 1 answers the master */
    bench_pass(&b, 104700);
    bench_forget(&b);
    bench_send(&b, "020312a000018163"); /* 0203020000fc44 is on its way when the master asks */
    bench_pass(&b, 20 * US_PER_MS);
    CU_ASSERT_EQUAL(b.replies[0].at_us, 100 * US_PER_S + 629700);
    TESTING_BYTES_EQ(bench_reply_bytes(&b, 0), jk_hex("02030200005444"));
    CU_ASSERT_EQUAL(b.replies[0].kind, DEVICE_ERROR);
    bench_close(&b);
}

/* ---- registers on the same wire, and damage ---- */

static void test_registers_too(void)
{
    struct bench b;
    open_bench(&b, 2, NULL);
    BENCH_ANSWERS(&b, "020312a00002c162", "02030400000000c933");
    bench_close(&b);
}

/* The fault `addr`: a trigger for unit 1 is answered by unit 2. */
static void test_another_unit(void)
{
    struct bench b;
    uint8_t memory[32];
    struct buf out = buf_of(memory, sizeof memory);
    open_bench(&b, 2, NULL);
    CU_ASSERT_TRUE(b.device->ops->readdress(b.device, jk_hex(ASK_1_CELLS), 2, &out));
    TESTING_BYTES_EQ(buf_span(&out), jk_hex(ASK_2_CELLS));
    buf_clear(&out);
    CU_ASSERT_TRUE(b.device->ops->readdress(b.device, jk_hex("123400000006020312a00002"), 1, &out));
    TESTING_BYTES_EQ(buf_span(&out), jk_hex("123400000006010312a00002"));
    CU_ASSERT_FALSE(b.device->ops->readdress(b.device, jk_hex("00"), 1, &out));
    bench_close(&b);
}

static void flipped(struct span request, size_t byte, unsigned bit, void *ctx)
{
    struct bench *b = ctx;
    (void)byte;
    (void)bit;
    bench_pass(b, 200 * US_PER_MS);
    bench_forget(b);
    b->device->ops->on_bytes(b->device, request, b->now_us);
    bench_pass(b, 200 * US_PER_MS);
    CU_ASSERT_EQUAL(b->said.n, 0);
}

static void test_damage_is_not_answered(void)
{
    struct bench b;
    open_bench(&b, 15, NULL);
    testing_every_bit_flip(jk_hex(ASK_3_CELLS), flipped, &b);
    bench_close(&b);
}

static void test_changes_of_the_stack(void)
{
    struct bench b;
    uint8_t memory[512];
    struct buf out = buf_of(memory, sizeof memory);
    open_bench(&b, 2, NULL);
    struct span before = bench_ask(&b, ASK_2_CELLS);
    struct stack other = b.stack;
    other.module[1].battery.soc_pm = 610;
    CU_ASSERT_EQUAL(b.device->ops->render(b.device, jk_hex(ASK_2_CELLS), &other, &out), ERR_OK);
    CU_ASSERT_FALSE(span_eq(buf_span(&out), before));
    other.module[1].present = false; /* nothing is said then */
    buf_clear(&out);
    CU_ASSERT_EQUAL(b.device->ops->render(b.device, jk_hex(ASK_2_CELLS), &other, &out), ERR_OK);
    CU_ASSERT_EQUAL(out.n, 0);
    /* a write does not depend on the stack */
    CU_ASSERT_EQUAL(
        b.device->ops->render(b.device, jk_hex("0210107800020400000001f669"), &b.stack, &out),
        ERR_NOT_FOUND);
    bench_close(&b);
}

/* Each pack has a switch of its own: one that starts shows zeros, the others go on. */
static void test_one_unit_starts(void)
{
    static const char *const keys[] = {"boot 16 s", NULL};
    struct bench b;

    open_bench(&b, 2, keys);
    bench_pass(&b, 20 * US_PER_S);
    bench_ask(&b, ASK_2_CELLS);
    CU_ASSERT_EQUAL(b.memory[173], 60);
    b.device->ops->unit_power_up(b.device, 1, b.now_us);
    bench_ask(&b, ASK_2_CELLS);
    CU_ASSERT_EQUAL(b.memory[173], 0);
    bench_ask(&b, ASK_1_CELLS);
    CU_ASSERT_EQUAL(b.memory[173], 60);
    bench_close(&b);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"recorded requests", test_recorded_requests},
        {"timing", test_timing},
        {"forms of an answer", test_forms},
        {"the counter of 15.10", test_counter_byte},
        {"absent units", test_absent_units},
        {"one unit starts", test_one_unit_starts},
        {"triggers too close", test_triggers_too_close},
        {"a request into an answer", test_a_request_into_an_answer},
        {"one address twice", test_one_address_twice},
        {"the cycle of a master", test_the_cycle_of_a_master},
        {"a master that is quiet or away", test_a_master_that_is_quiet_or_away},
        {"two masters", test_two_masters},
        {"talked over but for its end", test_talked_over_but_for_its_end},
        {"another unit", test_another_unit},
        {"registers too", test_registers_too},
        {"damage is not answered", test_damage_is_not_answered},
        {"changes of the stack", test_changes_of_the_stack},
        {0}};
    return testing_main(argc, argv, "jk_bus_device", cases);
}
