/* SPDX-License-Identifier: Apache-2.0
 *
 * Several units behind one port, none of which is the port: JK packs on their bus, through a real
 * PTY. Who leaves or starts again takes nobody with it, what a client writes is what the BMS acts
 * by; and what such a port cannot do.
 */
#include <string.h>

#include "port/tty.h"
#include "sim/device/jk_pb_knobs.h"
#include "sim/sim.h"
#include "testing/testing.h"

#define PATIENCE_US (5 * US_PER_S)
/* Longer than an answer takes to begin: 10 ms. */
#define SILENCE_US (60 * US_PER_MS)

enum { ANSWER = 308 };

static const uint8_t ask_1[] = {0x01, 0x10, 0x16, 0x20, 0, 1, 2, 0, 0, 0xD6, 0xF1};
static const uint8_t ask_2[] = {0x02, 0x10, 0x16, 0x20, 0, 1, 2, 0, 0, 0xC2, 0x01};

struct bench {
    struct loop *loop;
    struct sim_config config;
    struct sim *sim;
    struct tty *client;
    struct buf heard;
    uint8_t memory[4096];
};

static void client_bytes(void *ctx, struct span bytes)
{
    buf_put(&((struct bench *)ctx)->heard, bytes);
}

static void open_bench(struct bench *b, const struct device_kind *kind)
{
    const struct tty_handler client = {.on_bytes = client_bytes, .ctx = b};
    const struct sim_handler owner = {.ctx = b};

    memset(b, 0, sizeof *b);
    b->heard = buf_of(b->memory, sizeof b->memory);
    sim_config_init(&b->config);
    b->config.kind = kind;
    kind->defaults(b->config.knobs);
    for (size_t i = 0; i < 2; i++) {
        b->config.battery[i].used = true;
        span_to_str(span_str(kind->model), b->config.battery[i].product,
                    sizeof b->config.battery[i].product);
    }
    CU_ASSERT_EQUAL_FATAL(loop_new(&b->loop), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(sim_new(b->loop, NULL, &b->config, 1, &owner, &b->sim), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(sim_open(b->sim, "pty"), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(tty_open(b->loop, sim_path(b->sim), 115200, &client, &b->client), ERR_OK);
}

static void close_bench(struct bench *b)
{
    tty_delete(b->client);
    sim_delete(b->sim);
    loop_delete(b->loop);
}

static enum err apply(struct bench *b, const char *text, const char **ret_why)
{
    struct conf_file *file = NULL;
    struct stimulus s;

    CU_ASSERT_EQUAL_FATAL(conf_parse("test", span_str(text), &file), ERR_OK);
    struct conf_cursor c = conf_cursor_of(file, &file->lines[0]);
    CU_ASSERT_TRUE_FATAL(stimulus_take(&c, true, &s));
    conf_delete(file);
    return sim_apply(b->sim, &s, 1, ret_why);
}

static void pass(struct bench *b, uint64_t us)
{
    uint64_t end_us = loop_now(b->loop) + us;

    while (loop_now(b->loop) < end_us)
        loop_turn(b->loop, end_us);
}

/* Whether the unit's whole answer comes. Between two triggers a bus wants its pause. */
static bool answers(struct bench *b, const uint8_t *ask)
{
    uint64_t end_us;

    pass(b, 2 * SILENCE_US);
    buf_clear(&b->heard);
    CU_ASSERT_EQUAL(tty_write(b->client, span_of(ask, sizeof ask_1)), ERR_OK);
    pass(b, SILENCE_US);
    end_us = loop_now(b->loop) + PATIENCE_US;
    while (b->heard.n > 0 && b->heard.n < ANSWER && loop_now(b->loop) < end_us)
        loop_turn(b->loop, end_us);
    return b->heard.n == ANSWER;
}

static void test_the_first_unit_is_not_the_port(void)
{
    static struct bench b;
    const char *why;

    open_bench(&b, &jk_bus_kind);
    CU_ASSERT_TRUE(answers(&b, ask_1));
    CU_ASSERT_EQUAL(apply(&b, "bms 1 leave", &why), ERR_OK);
    CU_ASSERT_FALSE(answers(&b, ask_1));
    CU_ASSERT_TRUE(answers(&b, ask_2));
    CU_ASSERT_EQUAL(apply(&b, "bms 1 join", &why), ERR_OK);
    CU_ASSERT_TRUE(answers(&b, ask_1));
    CU_ASSERT_EQUAL(apply(&b, "bms 1 reboot 1 s", &why), ERR_OK);
    CU_ASSERT_FALSE(answers(&b, ask_1));
    CU_ASSERT_TRUE(answers(&b, ask_2));
    pass(&b, US_PER_S);
    CU_ASSERT_TRUE(answers(&b, ask_1));
    close_bench(&b);
}

static int64_t truth(struct bench *b, const char *name)
{
    struct bms_path path;
    int64_t value = -1;

    CU_ASSERT_TRUE_FATAL(bms_path_parse(span_str(name), &path));
    sim_truth(b->sim, 1, &path, &value);
    return value;
}

/* Over-voltage protection of unit 1 at 3.450 V, in place of 3.650 V. */
static void test_a_written_threshold_trips(void)
{
    static const uint8_t write[] = {0x01, 0x10, 0x10, 0x0C, 0, 2, 4, 0, 0, 0x0D, 0x7A, 0xBB, 0x49};
    static const uint8_t taken[] = {0x01, 0x10, 0x10, 0x0C, 0, 2, 0x85, 0x0B};
    static struct bench b;
    const char *why;

    open_bench(&b, &jk_modbus_kind);
    CU_ASSERT_EQUAL(apply(&b, "bms 1 set cell 5 voltage 3.500 V", &why), ERR_OK);
    CU_ASSERT_EQUAL(truth(&b, "protection.cell_overvoltage"), 0);
    CU_ASSERT_EQUAL(tty_write(b.client, span_of(write, sizeof write)), ERR_OK);
    pass(&b, SILENCE_US);
    TESTING_BYTES_EQ(buf_span(&b.heard), span_of(taken, sizeof taken));
    CU_ASSERT_EQUAL(truth(&b, "protection.cell_overvoltage"), 1000000);
    CU_ASSERT_EQUAL(truth(&b, "ccl"), 0);
    CU_ASSERT_EQUAL(apply(&b, "bms 1 set cell 5 voltage 3.440 V", &why), ERR_OK);
    CU_ASSERT_EQUAL(truth(&b, "protection.cell_overvoltage"), 0); /* let go at 3.445 V */
    close_bench(&b);
}

/* It would change nothing, and whoever waits for what was recorded would wait for ever. */
static void test_no_recordings(void)
{
    static struct bench b;
    const char *why;

    open_bench(&b, &jk_modbus_kind);
    CU_ASSERT_EQUAL(apply(&b, "bms 1 replay \"/nowhere\"", &why), ERR_UNSUPPORTED);
    CU_ASSERT_STRING_EQUAL(why,
                           "this device has no recordings; consoles and batteries on CAN have");
    close_bench(&b);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"the first unit is not the port", test_the_first_unit_is_not_the_port},
        {"a written threshold trips", test_a_written_threshold_trips},
        {"no recordings", test_no_recordings},
        {0}};
    return testing_main(argc, argv, "sim_bus", cases);
}
