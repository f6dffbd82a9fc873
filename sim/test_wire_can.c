/* SPDX-License-Identifier: Apache-2.0
 *
 * A battery on a bus: on a hub of its own, on one that somebody else keeps, and behind a serial
 * adapter. Every wait is for the thing itself, with a deadline.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "port/can.h"
#include "port/can_hub.h"
#include "port/tty.h"
#include "sim/device/pylon_can_knobs.h"
#include "sim/sim.h"
#include "testing/testing.h"

#define PATIENCE_US (5 * US_PER_S)
#define QUIET_US    (200 * US_PER_MS)

struct bench {
    struct loop *loop;
    struct sim *sim;
    struct can *can;
    struct tty *tty;
    struct can_hub *hub;
    char path[80];
    char heard[4096];  /* "351#.. " by the client */
    char answers[256]; /* of the adapter */
    char notes[256];
    unsigned n_heard, n_from_client, n_delivered;
    unsigned delivered_id; /* low byte of the newest */
};

static void append(char *text, size_t cap, const char *more)
{
    struct buf out = buf_of(text, cap - 1);

    out.n = strlen(text);
    buf_str(&out, more);
    text[out.n] = '\0';
}

static void on_wire(void *ctx, enum sim_direction dir, struct span bytes, uint64_t t_us,
                    uint64_t late_us)
{
    (void)bytes;
    (void)t_us;
    (void)late_us;
    ((struct bench *)ctx)->n_from_client += dir == SIM_FROM_CLIENT ? 1 : 0;
}

static void on_delivered(void *ctx, unsigned tag, uint64_t t_us, uint64_t late_us,
                         struct span reply)
{
    (void)tag;
    (void)t_us;
    (void)late_us;
    struct bench *b = ctx;
    b->n_delivered++;
    b->delivered_id = reply.n > 3 ? reply.p[3] : 0U;
}

static void on_note(void *ctx, const char *kind, const char *text)
{
    struct bench *b = ctx;

    append(b->notes, sizeof b->notes, kind);
    append(b->notes, sizeof b->notes, " ");
    append(b->notes, sizeof b->notes, text);
    append(b->notes, sizeof b->notes, "\n");
}

static void on_frame(void *ctx, const struct can_msg *msg, uint64_t t_us, bool own)
{
    struct bench *b = ctx;
    char text[40];
    struct buf out = buf_of(text, sizeof text - 1);

    (void)t_us;
    CU_ASSERT_FALSE(own);
    can_msg_format(msg, &out);
    buf_str(&out, " ");
    text[out.n] = '\0';
    append(b->heard, sizeof b->heard, text);
    b->n_heard++;
}

static void on_text(void *ctx, struct span bytes)
{
    struct bench *b = ctx;
    char text[200];

    span_to_str(bytes, text, sizeof text);
    append(b->answers, sizeof b->answers, text);
}

static void make(struct bench *b)
{
    const struct sim_handler handler = {
        .on_wire = on_wire, .on_delivered = on_delivered, .on_note = on_note, .ctx = b};
    struct sim_config config;
    size_t i = 0;

    memset(b, 0, sizeof *b);
    sim_config_init(&config);
    while (strcmp(device_kind_at(i)->name, "pylon-can") != 0)
        i++;
    config.kind = device_kind_at(i);
    config.kind->defaults(config.knobs);
    pylon_can_knobs(&config)->period_us = 50 * US_PER_MS;
    config.battery[0].used = true;
    snprintf(b->path, sizeof b->path, "hub:/tmp/bmsrig-wire-can-%d", (int)getpid());
    CU_ASSERT_EQUAL_FATAL(loop_new(&b->loop), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(sim_new(b->loop, NULL, &config, 1, &handler, &b->sim), ERR_OK);
}

static void unmake(struct bench *b)
{
    can_delete(b->can);
    tty_delete(b->tty);
    sim_delete(b->sim);
    can_hub_delete(b->hub);
    loop_delete(b->loop);
}

static void join(struct bench *b, const char *where)
{
    const struct can_handler handler = {.on_frame = on_frame, .ctx = b};

    CU_ASSERT_EQUAL_FATAL(can_open(b->loop, where, NULL, &handler, &b->can), ERR_OK);
}

static void turn(struct bench *b, uint64_t deadline_us)
{
    loop_turn(b->loop, deadline_us);
}

/* Runs the loop until the condition holds, but not for ever. */
#define WAIT_FOR(b, condition)                                    \
    do {                                                          \
        uint64_t deadline_us = loop_now((b)->loop) + PATIENCE_US; \
        while (!(condition) && loop_now((b)->loop) < deadline_us) \
            turn((b), deadline_us);                               \
        CU_ASSERT_TRUE(condition);                                \
    } while (0)

/* To see that something does not happen. */
static void stay_quiet(struct bench *b)
{
    uint64_t deadline_us = loop_now(b->loop) + QUIET_US;

    while (loop_now(b->loop) < deadline_us)
        turn(b, deadline_us);
}

static enum err apply(struct bench *b, const char *line, const char **ret_why)
{
    struct conf_file *file = NULL;
    struct stimulus s;

    CU_ASSERT_EQUAL_FATAL(conf_parse("test", span_str(line), &file), ERR_OK);
    struct conf_cursor c = conf_cursor_of(file, &file->lines[0]);
    CU_ASSERT_TRUE_FATAL(stimulus_take(&c, true, &s));
    conf_delete(file);
    return sim_apply(b->sim, &s, 7, ret_why);
}

static void keepalive(struct bench *b)
{
    const struct can_msg msg = {.id = 0x305, .dlc = 8};

    CU_ASSERT_EQUAL(can_send(b->can, &msg), ERR_OK);
}

/* The battery keeps the bus; whoever joins hears it. */
static void test_own_hub(void)
{
    struct bench b;

    make(&b);
    CU_ASSERT_EQUAL_FATAL(sim_open(b.sim, b.path), ERR_OK);
    CU_ASSERT_STRING_EQUAL(sim_path(b.sim), b.path);
    join(&b, b.path);
    WAIT_FOR(&b,
             strstr(b.heard, "351#") != NULL && strstr(b.heard, "35E#50594C4F4E202020") != NULL);
    keepalive(&b);
    WAIT_FOR(&b, b.n_from_client == 1);
    /* a change is delivered by the frame that carries it */
    CU_ASSERT_EQUAL(apply(&b, "set ccl 5 A", NULL), ERR_OK);
    WAIT_FOR(&b, b.n_delivered == 1);
    CU_ASSERT_EQUAL(b.delivered_id, 0x51);
    WAIT_FOR(&b, strstr(b.heard, "3200") != NULL);
    unmake(&b);
}

static void test_hub_of_somebody(void)
{
    struct bench b;

    make(&b);
    CU_ASSERT_EQUAL_FATAL(can_hub_new(b.loop, b.path + 4, NULL, NULL, &b.hub), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(sim_open(b.sim, b.path), ERR_OK);
    join(&b, b.path);
    WAIT_FOR(&b, strstr(b.heard, "356#") != NULL);
    keepalive(&b);
    WAIT_FOR(&b, b.n_from_client == 1);
    unmake(&b);
}

/* A cable that is out lets nothing through; a stopped battery says nothing, and time goes on. */
static void test_unplug_and_freeze(void)
{
    struct bench b;
    const char *why = "";

    make(&b);
    CU_ASSERT_EQUAL_FATAL(sim_open(b.sim, b.path), ERR_OK);
    join(&b, b.path);
    WAIT_FOR(&b, b.n_heard > 6);
    CU_ASSERT_EQUAL(apply(&b, "unplug", NULL), ERR_OK);
    unsigned heard = b.n_heard;
    keepalive(&b);
    stay_quiet(&b);
    CU_ASSERT(b.n_heard <= heard + 6); /* what was on its way */
    CU_ASSERT_EQUAL(b.n_from_client, 0);
    CU_ASSERT_EQUAL(apply(&b, "plug", NULL), ERR_OK);
    heard = b.n_heard;
    WAIT_FOR(&b, b.n_heard > heard);
    CU_ASSERT_EQUAL(apply(&b, "freeze", NULL), ERR_OK);
    stay_quiet(&b);
    heard = b.n_heard;
    CU_ASSERT_EQUAL(apply(&b, "thaw", NULL), ERR_OK);
    WAIT_FOR(&b, b.n_heard > heard);
    CU_ASSERT_EQUAL(apply(&b, "fault echo for 1 s", &why), ERR_UNSUPPORTED);
    CU_ASSERT_STRING_EQUAL(why, "this fault means nothing on a CAN bus");
    unmake(&b);
}

/* Our own slcan client on the battery's adapter. */
static void test_serial_adapter(void)
{
    struct bench b;
    char where[300];

    make(&b);
    CU_ASSERT_EQUAL_FATAL(sim_open(b.sim, "pty"), ERR_OK);
    snprintf(where, sizeof where, "slcan:%s", sim_path(b.sim));
    join(&b, where);
    WAIT_FOR(&b, strstr(b.heard, "351#") != NULL && strstr(b.heard, "35C#C000") != NULL);
    keepalive(&b);
    WAIT_FOR(&b, b.n_from_client == 1);
    CU_ASSERT_EQUAL(can_refused(b.can), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(b.notes, "client opened"));
    unmake(&b);
}

/* The adapter's answers, one by one (Lawicel CAN232). */
static void test_adapter_commands(void)
{
    static const struct {
        const char *command, *answer;
    } cases[] = {
        {"\r\r", ""},
        {"V\r", "V1013\r"},
        {"v\r", "v1014\r"},
        {"N\r", "N4242\r"},
        {"t30580000000000000000\r", "\a"}, /* closed */
        {"S9\r", "\a"},
        {"S6\r", "\r"},
        {"Z1\r", "\a"},
        {"Z0\r", "\r"},
        {"x\r", "\a"},
        {"ttttttttttttttttttttttttttttttttttttttttttttttt\r", "\a"},
        {"L\r", "\r"},
        {"t3050\r", "\a"}, /* listens only */
        {"C\r", "\r"},
        {"O\r", "\r"},
        {"O\r", "\a"},
        {"S6\r", "\a"}, /* open */
        {"F\r", "F00\r"},
        {"t30580000000000000000\r", "z\r"},
        {"T000003050\r", "Z\r"},
        {"r3518\r", "z\r"},
        {"t3059\r", "\a"},
        {"C\r", "\r"},
        {"F\r", "\a"},
    };
    struct bench b;

    make(&b);
    /* no frames between the answers */
    CU_ASSERT_EQUAL_FATAL(sim_open(b.sim, "pty"), ERR_OK);
    CU_ASSERT_EQUAL(apply(&b, "freeze", NULL), ERR_OK);
    const struct tty_handler handler = {.on_bytes = on_text, .ctx = &b};
    CU_ASSERT_EQUAL_FATAL(tty_open(b.loop, sim_path(b.sim), 115200, &handler, &b.tty), ERR_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        b.answers[0] = '\0';
        CU_ASSERT_EQUAL(tty_write(b.tty, span_str(cases[i].command)), ERR_OK);
        /* one that gives nothing is followed by one that answers */
        if (cases[i].answer[0] != '\0')
            WAIT_FOR(&b, strlen(b.answers) >= strlen(cases[i].answer));
        if (strcmp(b.answers, cases[i].answer) != 0)
            TESTING_FAIL("%s: %s", cases[i].command, b.answers);
    }
    CU_ASSERT_EQUAL(b.n_from_client, 3);
    unmake(&b);
}

static void test_places(void)
{
    static const struct {
        const char *where;
        enum err e;
    } cases[] = {
        {"pty:", ERR_USAGE},
        {"tcp:x", ERR_USAGE},
        {"slcan:/dev/bmsrig-none", ERR_NOT_FOUND},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench b;
        make(&b);
        CU_ASSERT_EQUAL(sim_open(b.sim, cases[i].where), cases[i].e);
        CU_ASSERT_PTR_NULL(sim_path(b.sim));
        unmake(&b);
    }
    struct bench b;
    make(&b);
    CU_ASSERT_EQUAL(sim_open(b.sim, "tcp:0"), ERR_OK);
    CU_ASSERT_TRUE(span_starts(span_str(sim_path(b.sim)), "tcp:127.0.0.1:"));
    unmake(&b);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"a hub of its own", test_own_hub},
        {"a hub that somebody keeps", test_hub_of_somebody},
        {"unplug, freeze", test_unplug_and_freeze},
        {"a serial adapter", test_serial_adapter},
        {"the adapter's commands", test_adapter_commands},
        {"where it can be", test_places},
        {0},
    };
    return testing_main(argc, argv, "wire_can", cases);
}
