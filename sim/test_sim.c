/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole simulated port through a real PTY: a client on the other side, stimuli, and which reply
 * delivers what. Every wait is for the thing itself, with a deadline.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "port/tty.h"
#include "sim/device/console_knobs.h"
#include "sim/sim.h"
#include "testing/testing.h"

#define PATIENCE_US (5 * US_PER_S)

struct delivered {
    unsigned tag;
    uint64_t t_us;
    uint64_t late_us;
    bool has_prompt;
};

struct bench {
    struct loop *loop;
    struct sim_config config;
    struct sim *sim;
    struct tty *client;
    struct buf heard;
    uint8_t memory[65536];
    struct delivered delivered[32];
    size_t n_delivered;
    char notes[4096];
    uint64_t last_due_us;
    size_t wire_out, wire_in;
};

/* ---- the owner of the simulation ---- */

static void on_wire(void *ctx, enum sim_direction dir, struct span bytes, uint64_t t_us,
                    uint64_t late_us)
{
    struct bench *b = ctx;
    (void)late_us;
    if (dir == SIM_TO_CLIENT) {
        b->wire_out += bytes.n;
        b->last_due_us = t_us;
    } else {
        b->wire_in += bytes.n;
    }
}

static void on_delivered(void *ctx, unsigned tag, uint64_t t_us, uint64_t late_us,
                         struct span reply)
{
    struct bench *b = ctx;
    if (b->n_delivered < 32)
        b->delivered[b->n_delivered++] = (struct delivered){
            .tag = tag, .t_us = t_us, .late_us = late_us, .has_prompt = span_ends(reply, "pylon>")};
}

static void on_note(void *ctx, const char *kind, const char *text)
{
    struct bench *b = ctx;
    struct buf out = buf_of(b->notes, sizeof b->notes - 1);
    out.n = strlen(b->notes);
    buf_printf(&out, "%s: %s\n", kind, text);
    b->notes[out.n] = '\0';
}

/* ---- the client ---- */

static void client_bytes(void *ctx, struct span bytes)
{
    buf_put(&((struct bench *)ctx)->heard, bytes);
}

static void open_client(struct bench *b, uint32_t baud)
{
    const struct tty_handler handler = {.on_bytes = client_bytes, .ctx = b};
    enum err e = tty_open(b->loop, sim_path(b->sim), baud, &handler, &b->client);
    CU_ASSERT_EQUAL_FATAL(e, ERR_OK);
}

static void close_client(struct bench *b)
{
    tty_delete(b->client);
    b->client = NULL;
}

static void start(struct bench *b)
{
    const struct sim_handler handler = {
        .on_wire = on_wire, .on_delivered = on_delivered, .on_note = on_note, .ctx = b};
    CU_ASSERT_EQUAL_FATAL(loop_new(&b->loop), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(sim_new(b->loop, NULL, &b->config, 1, &handler, &b->sim), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(sim_open(b->sim, "pty"), ERR_OK);
}

static void prepare(struct bench *b, unsigned modules)
{
    memset(b, 0, sizeof *b);
    b->heard = buf_of(b->memory, sizeof b->memory);
    sim_config_init(&b->config);
    console_knobs(&b->config)->answer_delay_us = 1000;
    for (unsigned i = 0; i < modules; i++)
        b->config.battery[i].used = true;
}

static void open_bench(struct bench *b, unsigned modules)
{
    prepare(b, modules);
    start(b);
    open_client(b, 115200);
}

static void close_bench(struct bench *b)
{
    tty_delete(b->client);
    sim_delete(b->sim);
    loop_delete(b->loop);
}

/* ---- waiting ---- */

typedef bool (*condition)(struct bench *b);

static bool wait_for(struct bench *b, condition holds)
{
    uint64_t deadline = loop_now(b->loop) + PATIENCE_US;
    while (!holds(b)) {
        if (loop_now(b->loop) >= deadline)
            return false;
        loop_turn(b->loop, deadline);
    }
    return true;
}

/* Lets the loop run for a while: to see that something does not happen. */
static void run_for(struct bench *b, uint64_t us)
{
    uint64_t deadline = loop_now(b->loop) + us;
    while (loop_now(b->loop) < deadline)
        loop_turn(b->loop, deadline);
}

static bool heard_prompt(struct bench *b)
{
    return span_ends(buf_span(&b->heard), "pylon>");
}

static bool heard_unknown(struct bench *b)
{
    return span_find(buf_span(&b->heard), 0, SPAN_LIT("Unknown command")) < b->heard.n;
}

static bool noted_speed(struct bench *b)
{
    return strstr(b->notes, "speed: ") != NULL;
}

static bool noted_power(struct bench *b)
{
    return strstr(b->notes, "power: ") != NULL;
}

static bool noted_wake_up(struct bench *b)
{
    return strstr(b->notes, "wake-up: ") != NULL;
}

static bool sent_something(struct bench *b)
{
    return b->wire_out > 0;
}

static bool got_something(struct bench *b)
{
    return b->wire_in > 0;
}

static bool heard_a_table(struct bench *b)
{
    return b->heard.n >= 1500; /* most of one, whatever was lost */
}

/* Asks and waits for the prompt; the answer stays in b->heard. */
static bool ask(struct bench *b, const char *command)
{
    buf_clear(&b->heard);
    CU_ASSERT_EQUAL(tty_write(b->client, span_str(command)), ERR_OK);
    CU_ASSERT_EQUAL(tty_write(b->client, SPAN_LIT("\r")), ERR_OK);
    return wait_for(b, heard_prompt);
}

static bool heard(const struct bench *b, const char *text)
{
    return span_find(buf_span(&b->heard), 0, span_str(text)) < b->heard.n;
}

/* ---- stimuli as people write them ---- */

static enum err apply(struct bench *b, const char *line, unsigned tag, const char **ret_why)
{
    struct conf_file *file = NULL;
    struct stimulus s;
    CU_ASSERT_EQUAL_FATAL(conf_parse("test", span_str(line), &file), ERR_OK);
    struct conf_cursor c = conf_cursor_of(file, &file->lines[0]);
    bool read = stimulus_take(&c, true, &s);
    if (!read)
        conf_print_errors(file, stderr);
    CU_ASSERT_TRUE_FATAL(read);
    conf_delete(file);
    return sim_apply(b->sim, &s, tag, ret_why);
}

#define APPLY(b, line, tag) CU_ASSERT_EQUAL(apply((b), (line), (tag), NULL), ERR_OK)

/* ---- tests ---- */

static void test_a_client_gets_pwr(void)
{
    static struct bench b;
    open_bench(&b, 2);
    CU_ASSERT_TRUE(ask(&b, "pwr"));
    CU_ASSERT_TRUE(span_starts(buf_span(&b.heard), "pwr\n\r@\r\r\nPower Volt   Curr   Tempr"));
    CU_ASSERT_TRUE(
        heard(&b, "\r\r\n3     -      -      -      -      -      -      -      Absent"));
    CU_ASSERT_TRUE(heard(&b, "\r\r\n16    -"));
    CU_ASSERT_EQUAL(b.wire_in, 4);
    CU_ASSERT_EQUAL(b.wire_out, b.heard.n);
    CU_ASSERT_TRUE(ask(&b, "info 2"));
    CU_ASSERT_TRUE(heard(&b, "Device address      : 2\r\n\r"));
    CU_ASSERT_PTR_NOT_NULL(strstr(b.notes, "client: opened"));
    CU_ASSERT_EQUAL(sim_battery_count(b.sim), 2);
    close_bench(&b);
}

/* Ten bits a byte at 115200: a table of 16 rows takes about 220 ms (specification section 10). */
static void test_pace_of_the_wire(void)
{
    static struct bench b;
    open_bench(&b, 1);
    uint64_t before = loop_now(b.loop);
    CU_ASSERT_TRUE(ask(&b, "pwr"));
    CU_ASSERT_TRUE(b.heard.n > 2400 && b.heard.n < 2600);
    CU_ASSERT_TRUE(b.last_due_us - before >= 210000);
    CU_ASSERT_TRUE(b.last_due_us - before < 210000 + US_PER_S);
    close_bench(&b);
}

static void test_delivered_by_the_right_reply(void)
{
    static struct bench b;
    open_bench(&b, 2);
    CU_ASSERT_TRUE(ask(&b, "pwr"));
    APPLY(&b, "bms 2 set cell 5 voltage 3.700 V", 7);
    CU_ASSERT_TRUE(ask(&b, "info"));  /* says nothing about cells */
    CU_ASSERT_TRUE(ask(&b, "bat 1")); /* about another battery */
    CU_ASSERT_TRUE(ask(&b, "bogus"));
    CU_ASSERT_EQUAL(b.n_delivered, 0);
    CU_ASSERT_TRUE(ask(&b, "bat 2"));
    CU_ASSERT_TRUE(heard(&b, "\r\r\n4        3700 "));
    CU_ASSERT_EQUAL_FATAL(b.n_delivered, 1);
    CU_ASSERT_EQUAL(b.delivered[0].tag, 7);
    CU_ASSERT_EQUAL(b.delivered[0].t_us, b.last_due_us);
    CU_ASSERT_TRUE(b.delivered[0].has_prompt);
    CU_ASSERT_TRUE(ask(&b, "bat 2"));
    CU_ASSERT_EQUAL(b.n_delivered, 1); /* once */
    close_bench(&b);
}

static void test_each_kind_of_value_is_delivered(void)
{
    static const struct {
        const char *stimulus, *silent, *telling;
    } cases[] = {
        {"set soc 12 %", "info", "pwr"},
        {"set current -10 A", "info", "pwr"},
        {"set cycles 999", "pwr", "stat"},
        {"set protection.cell_overvoltage on", "info", "pwr"},
        {"set cell 3 balancing on", "pwr", "bat"},
        {"set mos.temp 80 C", "bat", "pwr"},
        {"set state.base \"Protect\"", "info", "pwr"},
        {"set events.power 0x6000", "pwr", "pwr 1"},
        {"set serial \"HPTCR03170C09377\"", "pwr", "info"},
        {"set firmware \"B99\"", "pwr", "info"},
        {"set clock \"2000-00-00 00:00:00\"", "info", "pwr"},
        {"set layout \"P1\"", "info", "pwr"},
        {"release layout", "info", "pwr"},
        {"release current", "info", "pwr"},
        {"ramp soc 12 % -> 90 % over 1 ms", "info", "pwr"},
    };
    static struct bench b;
    prepare(&b, 1);
    b.config.pace = PACE_NONE;
    b.config.battery[0].current_ma = 5000;
    start(&b);
    open_client(&b, 115200);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t before = b.n_delivered;
        APPLY(&b, cases[i].stimulus, i + 1);
        CU_ASSERT_TRUE(ask(&b, cases[i].silent));
        if (b.n_delivered != before)
            TESTING_FAIL("%s: delivered by %s", cases[i].stimulus, cases[i].silent);
        /* a ramp is told as soon as a reply differs from its start */
        run_for(&b, 2000);
        CU_ASSERT_TRUE(ask(&b, cases[i].telling));
        if (b.n_delivered != before + 1 || b.delivered[before].tag != i + 1)
            TESTING_FAIL("%s: not delivered by %s", cases[i].stimulus, cases[i].telling);
    }
    close_bench(&b);
}

static void test_a_newer_stimulus_takes_over(void)
{
    static struct bench b;
    open_bench(&b, 1);
    APPLY(&b, "set current 10 A", 1);
    APPLY(&b, "set current 20 A", 2);
    APPLY(&b, "set soc 33 %", 3);
    CU_ASSERT_TRUE(ask(&b, "pwr"));
    CU_ASSERT_EQUAL(b.n_delivered, 2);
    CU_ASSERT_TRUE(b.delivered[0].tag + b.delivered[1].tag == 5); /* 2 and 3, never 1 */
    close_bench(&b);
}

/* What is on the wire already still tells the old value, although a newer one is set meanwhile. */
static void test_a_reply_under_way_still_tells(void)
{
    static struct bench b;
    open_bench(&b, 1);
    APPLY(&b, "set current 10 A", 1);
    buf_clear(&b.heard);
    tty_write(b.client, SPAN_LIT("pwr\r"));
    CU_ASSERT_TRUE(wait_for(&b, sent_something)); /* the echo */
    APPLY(&b, "set current 20 A", 2);
    CU_ASSERT_EQUAL(b.n_delivered, 0);
    CU_ASSERT_TRUE(wait_for(&b, heard_prompt));
    CU_ASSERT_TRUE(heard(&b, " 10000  "));
    CU_ASSERT_EQUAL(b.n_delivered, 1);
    CU_ASSERT_EQUAL(b.delivered[0].tag, 1);
    CU_ASSERT_TRUE(ask(&b, "pwr"));
    CU_ASSERT_EQUAL(b.n_delivered, 2);
    CU_ASSERT_EQUAL(b.delivered[1].tag, 2);
    /* and when that reply is lost, the old value has never been told */
    APPLY(&b, "set current 30 A", 3);
    b.wire_out = 0;
    buf_clear(&b.heard);
    tty_write(b.client, SPAN_LIT("pwr\r"));
    CU_ASSERT_TRUE(wait_for(&b, sent_something));
    APPLY(&b, "set current 35 A", 4);
    APPLY(&b, "freeze", 0);
    APPLY(&b, "thaw", 5);
    CU_ASSERT_TRUE(ask(&b, "pwr"));
    CU_ASSERT_EQUAL(b.n_delivered, 4);
    CU_ASSERT_EQUAL(b.delivered[2].tag + b.delivered[3].tag, 9);
    close_bench(&b);
}

static void test_damage_delivers_nothing(void)
{
    static struct bench b;
    open_bench(&b, 1);
    APPLY(&b, "fault drop 20 % for 1 reply", 0);
    APPLY(&b, "set soc 33 %", 1);
    buf_clear(&b.heard);
    CU_ASSERT_EQUAL(tty_write(b.client, SPAN_LIT("pwr\r")), ERR_OK);
    CU_ASSERT_TRUE(wait_for(&b, heard_a_table));
    CU_ASSERT_EQUAL(b.n_delivered, 0);
    CU_ASSERT_TRUE(ask(&b, "pwr"));
    CU_ASSERT_EQUAL(b.n_delivered, 1);
    close_bench(&b);
}

static void test_unplug_and_plug(void)
{
    static struct bench b;
    open_bench(&b, 1);
    CU_ASSERT_TRUE(ask(&b, "time"));
    APPLY(&b, "unplug", 1);
    buf_clear(&b.heard);
    tty_write(b.client, SPAN_LIT("pwr\r"));
    run_for(&b, 300000);
    CU_ASSERT_EQUAL(b.heard.n, 0);
    APPLY(&b, "plug", 2);
    CU_ASSERT_TRUE(ask(&b, "bogus"));
    CU_ASSERT_EQUAL(b.n_delivered, 0); /* an error answer is no reading */
    CU_ASSERT_TRUE(ask(&b, "time"));
    CU_ASSERT_FALSE(heard(&b, "Unknown")); /* nothing of the lost command is left */
    CU_ASSERT_EQUAL(b.n_delivered, 1);
    CU_ASSERT_EQUAL(b.delivered[0].tag, 2);
    close_bench(&b);
}

/* What is in the air when the plug is pulled is lost, and so is what it would have told. */
static void test_unplug_in_mid_answer(void)
{
    static struct bench b;
    open_bench(&b, 1);
    APPLY(&b, "set soc 33 %", 1);
    buf_clear(&b.heard);
    tty_write(b.client, SPAN_LIT("pwr\r"));
    CU_ASSERT_TRUE(wait_for(&b, sent_something)); /* the echo */
    APPLY(&b, "unplug", 2);
    run_for(&b, 300000);
    CU_ASSERT_EQUAL(b.n_delivered, 0);
    CU_ASSERT_FALSE(heard(&b, "Power Volt"));
    APPLY(&b, "plug", 3);
    CU_ASSERT_TRUE(ask(&b, "pwr"));
    CU_ASSERT_EQUAL(b.n_delivered, 2); /* 1 and 3 */
    close_bench(&b);
}

static void test_freeze_and_thaw(void)
{
    static struct bench b;
    open_bench(&b, 1);
    APPLY(&b, "freeze", 1);
    buf_clear(&b.heard);
    tty_write(b.client, SPAN_LIT("pwr\r"));
    CU_ASSERT_TRUE(wait_for(&b, got_something));
    run_for(&b, 50000);
    CU_ASSERT_EQUAL(b.heard.n, 0);
    APPLY(&b, "thaw", 2);
    CU_ASSERT_TRUE(ask(&b, "time"));
    CU_ASSERT_EQUAL(b.n_delivered, 1);
    CU_ASSERT_EQUAL(b.delivered[0].tag, 2);
    close_bench(&b);
}

static void test_reboot(void)
{
    static struct bench b;
    open_bench(&b, 1);
    APPLY(&b, "type \"login debug\"", 0);
    run_for(&b, 50000);
    CU_ASSERT_TRUE(heard(&b, "pylon_debug>"));
    b.notes[0] = '\0';
    APPLY(&b, "reboot 100 ms", 1);
    buf_clear(&b.heard);
    tty_write(b.client, SPAN_LIT("pwr\r"));
    CU_ASSERT_TRUE(wait_for(&b, noted_power));
    CU_ASSERT_EQUAL(b.heard.n, 0);
    CU_ASSERT_TRUE(ask(&b, "time")); /* and in user mode again */
    CU_ASSERT_EQUAL(b.n_delivered, 1);
    close_bench(&b);
}

static void test_modules_leave_and_join(void)
{
    static struct bench b;
    const char *why;
    open_bench(&b, 3);
    APPLY(&b, "bms 2 leave", 1);
    CU_ASSERT_TRUE(ask(&b, "bat 1"));
    CU_ASSERT_EQUAL(b.n_delivered, 0);
    CU_ASSERT_TRUE(ask(&b, "bat 2"));
    CU_ASSERT_TRUE(heard(&b, "Target device is not present"));
    CU_ASSERT_EQUAL(b.n_delivered, 1);
    CU_ASSERT_TRUE(ask(&b, "pwr"));
    CU_ASSERT_TRUE(heard(&b, "\r\r\n2     -      -"));
    CU_ASSERT_EQUAL(apply(&b, "bms 2 leave", 9, &why), ERR_EXISTS);
    CU_ASSERT_STRING_EQUAL(why, "the module has left already");
    APPLY(&b, "bms 2 join", 2);
    CU_ASSERT_TRUE(ask(&b, "pwr"));
    CU_ASSERT_EQUAL(b.n_delivered, 2);
    APPLY(&b, "bms 3 reboot 50 ms", 3);
    CU_ASSERT_TRUE(ask(&b, "bat 3"));
    CU_ASSERT_TRUE(heard(&b, "not present"));
    CU_ASSERT_EQUAL(b.n_delivered, 2);
    run_for(&b, 60000);
    CU_ASSERT_TRUE(ask(&b, "bat 3"));
    CU_ASSERT_EQUAL(b.n_delivered, 3);
    CU_ASSERT_EQUAL(b.delivered[2].tag, 3);
    /* without its master the stack has no console */
    APPLY(&b, "bms 1 leave", 4);
    buf_clear(&b.heard);
    b.wire_in = 0;
    tty_write(b.client, SPAN_LIT("pwr\r"));
    CU_ASSERT_TRUE(wait_for(&b, got_something));
    run_for(&b, 50000);
    CU_ASSERT_EQUAL(b.heard.n, 0);
    CU_ASSERT_EQUAL(apply(&b, "bms 1 reboot 1 s", 9, &why), ERR_USAGE);
    APPLY(&b, "bms 1 join", 5);
    CU_ASSERT_TRUE(ask(&b, "pwr"));
    CU_ASSERT_EQUAL(b.delivered[b.n_delivered - 1].tag, 5);
    close_bench(&b);
}

static void test_wake_up_through_the_baud_rate(void)
{
    static struct bench b;
    prepare(&b, 1);
    span_to_str(SPAN_LIT("pylontech.us2000"), b.config.battery[0].product,
                sizeof b.config.battery[0].product);
    console_knobs(&b.config)->start_frame_mode = true;
    start(&b);
    open_client(&b, 115200);
    CU_ASSERT_TRUE(wait_for(&b, noted_speed));
    tty_write(b.client, SPAN_LIT("\rpwr\r"));
    CU_ASSERT_TRUE(wait_for(&b, got_something));
    run_for(&b, 100000);
    CU_ASSERT_EQUAL(b.heard.n, 0); /* neither understands the other */
    close_client(&b);
    open_client(&b, 1200);
    tty_write(b.client, SPAN_LIT("~20014682C0048520FCC3\r"));
    CU_ASSERT_TRUE(wait_for(&b, noted_wake_up));
    close_client(&b);
    open_client(&b, 115200);
    CU_ASSERT_TRUE(ask(&b, ""));
    CU_ASSERT_TRUE(ask(&b, "pwr"));
    CU_ASSERT_TRUE(heard(&b, "\r\r\n8     -"));
    close_bench(&b);
}

static void test_wrong_rate_is_noise_both_ways(void)
{
    static struct bench b;
    prepare(&b, 1);
    start(&b);
    open_client(&b, 19200);
    CU_ASSERT_TRUE(wait_for(&b, noted_speed));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(b.notes, "speed: 19200 baud, the device has 115200: each hears noise"));
    APPLY(&b, "set soc 33 %", 1);
    tty_write(b.client, SPAN_LIT("pwr\r"));
    CU_ASSERT_TRUE(wait_for(&b, got_something));
    /* somebody at the right rate asks meanwhile: the client at the wrong one hears noise */
    APPLY(&b, "type \"pwr\"", 0);
    CU_ASSERT_TRUE(wait_for(&b, sent_something));
    run_for(&b, 400000);
    CU_ASSERT_FALSE(heard(&b, "Power Volt"));
    CU_ASSERT_TRUE(b.heard.n > 0 && b.heard.n < 400);
    CU_ASSERT_EQUAL(b.n_delivered, 0);
    close_bench(&b);
}

/* The rate of a new pseudo terminal is 9600: a client that sets none is told so by its first bytes.
 */
static void test_a_client_that_sets_no_rate(void)
{
    static struct bench b;
    prepare(&b, 1);
    start(&b);
    open_client(&b, 9600);
    tty_write(b.client, SPAN_LIT("pwr\r"));
    CU_ASSERT_TRUE(wait_for(&b, noted_speed));
    CU_ASSERT_PTR_NOT_NULL(strstr(b.notes, "speed: 9600 baud, the device has 115200"));
    close_bench(&b);
}

static void test_address_fault(void)
{
    static struct bench b;
    open_bench(&b, 2);
    APPLY(&b, "fault addr 2 for 1 reply", 0);
    CU_ASSERT_TRUE(ask(&b, "pwr 1"));
    CU_ASSERT_TRUE(span_starts(buf_span(&b.heard), "pwr 1\n\r"));
    CU_ASSERT_TRUE(heard(&b, " Power  2\r\r\n"));
    CU_ASSERT_TRUE(ask(&b, "pwr 1"));
    CU_ASSERT_TRUE(heard(&b, " Power  1\r\r\n"));
    close_bench(&b);
}

static void test_send_and_forbidden(void)
{
    static struct bench b;
    open_bench(&b, 1);
    APPLY(&b, "send \"F0 80\"", 0);
    run_for(&b, 20000);
    TESTING_BYTES_EQ(buf_span(&b.heard), SPAN_LIT("\xF0\x80"));
    CU_ASSERT_TRUE(ask(&b, "shut"));
    CU_ASSERT_PTR_NOT_NULL(strstr(b.notes, "forbidden: shut\n"));
    close_bench(&b);
}

static void test_replay(void)
{
    static struct bench b;
    char path[] = "/tmp/bmsrig-sim-XXXXXX";
    char line[128];
    const char *why;
    FILE *f = NULL;
    snprintf(line, sizeof line, "%s.%d.txt", path, (int)sizeof b);
    f = fopen(line, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs("pylon>pwr\n@\nrecorded\nCommand completed successfully\n$$\npylon>\n", f);
    fclose(f);
    char stimulus[256];
    snprintf(stimulus, sizeof stimulus, "replay \"%s\"", line);
    open_bench(&b, 1);
    APPLY(&b, stimulus, 5);
    CU_ASSERT_TRUE(ask(&b, "bat"));
    CU_ASSERT_TRUE(heard_unknown(&b));
    CU_ASSERT_EQUAL(b.n_delivered, 0);
    CU_ASSERT_TRUE(ask(&b, "pwr"));
    CU_ASSERT_TRUE(heard(&b, "@\r\r\nrecorded\r\n\rCommand completed successfully\r\n\r$$\r\n\r"));
    CU_ASSERT_EQUAL(b.n_delivered, 1);
    CU_ASSERT_EQUAL(apply(&b, "replay \"/nowhere\"", 6, &why), ERR_NOT_FOUND);
    CU_ASSERT_STRING_EQUAL(why, "the recording cannot be opened");
    remove(line);
    close_bench(&b);
}

static void test_refusals(void)
{
    static struct bench b;
    const char *why;
    open_bench(&b, 1);
    CU_ASSERT_EQUAL(apply(&b, "bms 2 set soc 50 %", 1, &why), ERR_NOT_FOUND);
    CU_ASSERT_STRING_EQUAL(why, "there is no such battery behind this port");
    CU_ASSERT_EQUAL(apply(&b, "set cell 16 voltage 3.3 V", 1, &why), ERR_NOT_FOUND);
    CU_ASSERT_STRING_EQUAL(why, "the battery has no such cell");
    CU_ASSERT_EQUAL(apply(&b, "set state.base \"VeryLongWord\"", 1, &why), ERR_RANGE);
    CU_ASSERT_STRING_EQUAL(why, "a state word has 1 to 8 characters without blanks");
    CU_ASSERT_EQUAL(apply(&b, "broker stop", 1, &why), ERR_UNSUPPORTED);
    CU_ASSERT_STRING_EQUAL(why, "only `bms N ...` is possible here");
    close_bench(&b);
}

/* ---- a real port: the simulation is the one that opens it ---- */

static bool noted_closed(struct bench *b)
{
    return strstr(b->notes, "client: closed") != NULL;
}

static bool connected(struct bench *b)
{
    return tty_connected(b->client);
}

static void open_wire(struct bench *b, const char *link)
{
    const struct tty_handler handler = {.on_bytes = client_bytes, .ctx = b};
    CU_ASSERT_EQUAL_FATAL(tty_open_pty(b->loop, link, &handler, &b->client), ERR_OK);
}

/* An adapter that is pulled out and put back in: the port is opened again by itself. */
static void test_a_real_port_comes_back(void)
{
    static struct bench b;
    const struct sim_handler handler = {.on_note = on_note, .ctx = &b};
    char link[64];
    snprintf(link, sizeof link, "/tmp/bmsrig-sim-wire-%d", (int)getpid());
    prepare(&b, 1);
    CU_ASSERT_EQUAL_FATAL(loop_new(&b.loop), ERR_OK);
    open_wire(&b, link);
    CU_ASSERT_EQUAL_FATAL(sim_new(b.loop, NULL, &b.config, 1, &handler, &b.sim), ERR_OK);
    CU_ASSERT_EQUAL(sim_open(b.sim, "/dev/bmsrig-nothing"), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL_FATAL(sim_open(b.sim, link), ERR_OK);
    CU_ASSERT_EQUAL(sim_open(b.sim, link), ERR_EXISTS);
    CU_ASSERT_STRING_EQUAL(sim_path(b.sim), link);
    CU_ASSERT_TRUE(wait_for(&b, connected));
    CU_ASSERT_TRUE(ask(&b, "time"));
    close_client(&b);
    CU_ASSERT_TRUE(wait_for(&b, noted_closed));
    open_wire(&b, link);
    CU_ASSERT_TRUE(wait_for(&b, connected));
    CU_ASSERT_TRUE(ask(&b, "time"));
    CU_ASSERT_TRUE(heard(&b, "Ds3231 20"));
    close_bench(&b);
}

/* ---- truth ---- */

static int64_t truth(struct bench *b, unsigned battery, const char *name)
{
    struct bms_path path;
    int64_t value = INT64_MIN;
    CU_ASSERT_TRUE_FATAL(bms_path_parse(span_str(name), &path));
    if (!sim_truth(b->sim, battery, &path, &value))
        return INT64_MIN;
    return value;
}

static void test_truth(void)
{
    static struct bench b;
    struct battery view;
    prepare(&b, 2);
    span_to_str(SPAN_LIT("pylontech.us5000"), b.config.battery[1].product,
                sizeof b.config.battery[1].product);
    b.config.battery[1].absent = false;
    start(&b);
    APPLY(&b, "bms 1 set soc 50 %", 0);
    APPLY(&b, "bms 2 set soc 80 %", 0);
    APPLY(&b, "bms 1 set current 10 A", 0);
    APPLY(&b, "bms 2 set current -4 A", 0);
    APPLY(&b, "bms 1 set voltage 50 V", 0);
    APPLY(&b, "bms 2 set voltage 51 V", 0);
    APPLY(&b, "bms 2 set cell 7 voltage 3.600 V", 0);
    APPLY(&b, "bms 2 set warning.imbalance on", 0);
    CU_ASSERT_EQUAL(truth(&b, 1, "soc"), 50000000);
    CU_ASSERT_EQUAL(truth(&b, 2, "cell7.voltage"), 3600000);
    CU_ASSERT_EQUAL(truth(&b, 0, "current"), 6000000);
    CU_ASSERT_EQUAL(truth(&b, 0, "voltage"), 50500000);
    CU_ASSERT_EQUAL(truth(&b, 0, "capacity"), 174000000);
    /* (50 x 74 + 80 x 100) / 174 */
    CU_ASSERT_EQUAL(truth(&b, 0, "soc"), 67241000);
    CU_ASSERT_EQUAL(truth(&b, 0, "cell.max"), 3600000);
    CU_ASSERT_EQUAL(truth(&b, 0, "warning.imbalance"), 1000000);
    CU_ASSERT_EQUAL(truth(&b, 0, "cell7.voltage"), INT64_MIN);
    CU_ASSERT_EQUAL(truth(&b, 0, "serial"), INT64_MIN);
    CU_ASSERT_EQUAL(truth(&b, 9, "soc"), INT64_MIN);
    APPLY(&b, "bms 2 leave", 0);
    CU_ASSERT_EQUAL(truth(&b, 0, "current"), 10000000);
    CU_ASSERT_TRUE(sim_view(b.sim, 2, &view));
    CU_ASSERT_EQUAL(view.current_ma, -4000);
    CU_ASSERT_FALSE(sim_view(b.sim, 3, &view));
    close_bench(&b);
}

static void test_same_seed_same_bytes(void)
{
    static struct bench a, b;
    open_bench(&a, 2);
    CU_ASSERT_TRUE(ask(&a, "bat 2"));
    close_bench(&a);
    open_bench(&b, 2);
    CU_ASSERT_TRUE(ask(&b, "bat 2"));
    close_bench(&b);
    TESTING_BYTES_EQ(buf_span(&a.heard), buf_span(&b.heard));
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"a client gets pwr", test_a_client_gets_pwr},
        {"a reply takes its time on the wire", test_pace_of_the_wire},
        {"delivered by the right reply", test_delivered_by_the_right_reply},
        {"each kind of value is delivered", test_each_kind_of_value_is_delivered},
        {"a newer stimulus takes over", test_a_newer_stimulus_takes_over},
        {"a reply under way still tells", test_a_reply_under_way_still_tells},
        {"a damaged reply delivers nothing", test_damage_delivers_nothing},
        {"unplug and plug", test_unplug_and_plug},
        {"unplug in mid-answer", test_unplug_in_mid_answer},
        {"freeze and thaw", test_freeze_and_thaw},
        {"reboot", test_reboot},
        {"modules leave and join", test_modules_leave_and_join},
        {"wake-up at 1200, then 115200", test_wake_up_through_the_baud_rate},
        {"the wrong rate is noise both ways", test_wrong_rate_is_noise_both_ways},
        {"a client that sets no rate", test_a_client_that_sets_no_rate},
        {"replies under another address", test_address_fault},
        {"noise from the device, forbidden commands", test_send_and_forbidden},
        {"replay", test_replay},
        {"refusals say why", test_refusals},
        {"a real port comes back", test_a_real_port_comes_back},
        {"truth of batteries and bank", test_truth},
        {"same seed, same bytes", test_same_seed_same_bytes},
        {0}};
    return testing_main(argc, argv, "sim", cases);
}
