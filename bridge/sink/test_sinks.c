/* SPDX-License-Identifier: Apache-2.0
 *
 * The sinks with ends of paper: cadence, urgency, silence, full queues, buses and brokers that come
 * and go. Frame bytes are literals (Pylontech CAN V1.2); the check ids are those of
 * docs/protocols/pylon-can-checks.md and mqtt-failures.md.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/sink/can.h"
#include "bridge/sink/victron.h"
#include "testing/testing.h"

#define S(n)  ((uint64_t)(n)*US_PER_S)
#define MS(n) ((uint64_t)(n)*US_PER_MS)
#define T0    S(50)

/* ---- a bank ---- */

static struct bank online(void)
{
    return (struct bank){
        .life = BANK_ONLINE,
        .online = 3,
        .configured = 3,
        .sum =
            {
                .known = FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_SOC_PM | FIELD_SOH_PM |
                         FIELD_TEMP_MIN_MAX | FIELD_CVL | FIELD_DVL | FIELD_CCL | FIELD_DCL |
                         FIELD_ENABLES | FIELD_WARNINGS | FIELD_PROTECTIONS,
                .pack_mv = 49860,
                .current_ma = -27000,
                .soc_pm = 880,
                .soh_pm = 940,
                .temp_min_dc = 363,
                .temp_max_dc = 363,
                .cvl_mv = 53200,
                .dvl_mv = 45000,
                .ccl_ma = 75000,
                .dcl_ma = 75000,
                .charge_enable = true,
                .discharge_enable = true,
            },
    };
}

static struct bank stale(void)
{
    struct bank b = online();

    b.life = BANK_STALE;
    b.online = 0;
    b.held = 3;
    b.sum.ccl_ma = b.sum.dcl_ma = 0;
    b.sum.charge_enable = b.sum.discharge_enable = false;
    b.sum.warnings = b.sum.protections = COND_BIT(COND_COMMUNICATION_LOSS);
    return b;
}

static struct bank with_life(enum bank_life life)
{
    return (struct bank){.life = life};
}

/* ---- CAN: the paper bus ---- */

enum { MAX_FRAMES = 4096, SET = 6 };

struct bus {
    struct sink_can sink;
    struct sink can;
    uint64_t now_us;
    struct bank bank;
    struct can_msg frames[MAX_FRAMES];
    uint64_t at_us[MAX_FRAMES];
    unsigned n;
    unsigned room; /* frames the queue takes; UINT_MAX: all */
    enum err open_error, send_error;
    unsigned opens, closes;
};

static enum err bus_open(void *ctx)
{
    struct bus *b = ctx;

    if (b->open_error == ERR_OK)
        b->opens++;
    return b->open_error;
}

static void bus_close(void *ctx)
{
    struct bus *b = ctx;

    b->closes++;
}

static enum err bus_send(void *ctx, const struct can_msg *msg)
{
    struct bus *b = ctx;

    if (b->send_error != ERR_OK)
        return b->send_error;
    if (b->room == 0)
        return ERR_AGAIN;
    if (b->room != UINT32_MAX)
        b->room--;
    if (b->n < MAX_FRAMES) {
        b->at_us[b->n] = b->now_us;
        b->frames[b->n++] = *msg;
    }
    return ERR_OK;
}

static struct bus *bus_new(uint64_t keepalive_us)
{
    struct bus *b = calloc(1, sizeof *b);
    struct sink_can_config config = {
        .name = "inverter",
        .dialect = pylon_can_find("pylon-1.2"),
        .keepalive_us = keepalive_us,
    };
    struct can_end end = {.open = bus_open, .close = bus_close, .send = bus_send, .ctx = b};

    if (b == NULL)
        abort();
    b->now_us = T0;
    b->room = UINT32_MAX;
    b->bank = with_life(BANK_WAITING);
    sink_can_init(&b->sink, &config, &end, NULL);
    b->can = sink_can_as_sink(&b->sink);
    return b;
}

static void bus_run(struct bus *b)
{
    b->can.ops->run(b->can.self, &b->bank, b->now_us);
}

/* Lets the sink's own deadlines pass. */
static void bus_pass(struct bus *b, uint64_t for_us)
{
    uint64_t end_us = b->now_us + for_us;

    for (;;) {
        uint64_t next_us = b->can.ops->next_deadline(b->can.self);
        if (next_us > end_us)
            break;
        b->now_us = next_us > b->now_us ? next_us : b->now_us;
        bus_run(b);
    }
    b->now_us = end_us;
}

static unsigned count_id(const struct bus *b, uint32_t id, unsigned from)
{
    unsigned n = 0;

    for (unsigned i = from; i < b->n; i++)
        n += b->frames[i].id == id;
    return n;
}

static void expect_frame(const struct can_msg *msg, const char *text)
{
    char got[64];
    struct buf out = buf_of(got, sizeof got - 1);

    can_msg_format(msg, &out);
    got[out.n] = '\0';
    CU_ASSERT_STRING_EQUAL(got, text);
}

static void test_can_set(void)
{
    struct bus *b = bus_new(0);

    bus_run(b);
    bus_pass(b, S(10));
    CU_ASSERT_EQUAL(b->opens, 1);
    CU_ASSERT_EQUAL(b->n, 0); /* nothing before the first complete reading */
    b->bank = online();
    bus_run(b);
    CU_ASSERT_EQUAL(b->n, SET);
    expect_frame(&b->frames[0], "359#0000000003504E");
    expect_frame(&b->frames[1], "351#1402EE02EE02C201");
    expect_frame(&b->frames[2], "355#58005E00");
    expect_frame(&b->frames[3], "356#7A13F2FE6B01");
    expect_frame(&b->frames[4], "35C#C000");
    expect_frame(&b->frames[5], "35E#50594C4F4E202020");
    free(b);
}

/* C1, C2, D15: one set a second, and the thousandth is where it belongs. */
static void test_can_cadence(void)
{
    struct bus *b = bus_new(0);

    b->bank = online();
    bus_run(b);
    for (unsigned i = 1; i <= 600; i++) {
        uint64_t tick_us = T0 + S(i) + MS(50);
        b->n = 0;
        if (i % 7 == 0) { /* the turn comes late: it is not made up for, and moves nothing */
            b->now_us = tick_us + MS(30);
            bus_run(b);
            CU_ASSERT_EQUAL(b->at_us[0], tick_us + MS(30));
        } else {
            bus_pass(b, tick_us - b->now_us);
            CU_ASSERT_EQUAL(b->at_us[0], tick_us);
        }
        CU_ASSERT_EQUAL(b->n, SET);
    }
    b->now_us += S(100); /* the machine slept: one set, not a hundred */
    b->n = 0;
    bus_run(b);
    CU_ASSERT_EQUAL(b->n, SET);
    free(b);
}

static void test_can_urgent(void)
{
    struct bus *b = bus_new(0);

    b->bank = online();
    bus_run(b);
    bus_pass(b, MS(1500));
    unsigned before = b->n;
    b->bank.sum.ccl_ma = 0;
    b->bank.sum.charge_enable = false;
    b->bank.sum.protections = b->bank.sum.warnings = COND_BIT(COND_CELL_OVERVOLTAGE);
    bus_run(b); /* the same instant */
    CU_ASSERT_EQUAL(b->n - before, SET);
    expect_frame(&b->frames[before], "359#02000200"
                                     "03504E");
    expect_frame(&b->frames[before + 1], "351#14020000EE02C201"); /* C5: all in one set */
    expect_frame(&b->frames[before + 4], "35C#4000");
    before = b->n;
    bus_run(b); /* once */
    CU_ASSERT_EQUAL(b->n, before);
    bus_pass(b, MS(600)); /* the tick keeps its place */
    CU_ASSERT_EQUAL(b->n - before, SET);
    CU_ASSERT_EQUAL(b->at_us[before], T0 + S(2) + MS(50));
    /* what rises or clears waits for the tick */
    before = b->n;
    b->bank = online();
    bus_run(b);
    CU_ASSERT_EQUAL(b->n, before);
    bus_pass(b, S(1));
    CU_ASSERT_EQUAL(b->n - before, SET);
    free(b);
}

/* A second condition behind the same bit, a limit that falls by less than its step: no news. */
static void test_can_invisible(void)
{
    struct bus *b = bus_new(0);

    b->bank = online();
    b->bank.sum.protections = COND_BIT(COND_CELL_OVERVOLTAGE);
    b->bank.sum.dcl_ma = 75090;
    bus_run(b);
    bus_pass(b, MS(1500));
    unsigned before = b->n;
    b->bank.sum.protections |= COND_BIT(COND_PACK_OVERVOLTAGE);
    b->bank.sum.dcl_ma = 75060;
    bus_run(b);
    CU_ASSERT_EQUAL(b->n, before);
    b->bank.sum.dcl_ma = 74800;
    bus_run(b);
    CU_ASSERT_EQUAL(b->n - before, SET);
    free(b);
}

/* C2: a tick right behind an urgent set is left out. */
static void test_can_tick_behind_urgent(void)
{
    struct bus *b = bus_new(0);

    b->bank = online();
    bus_run(b);
    bus_pass(b, MS(1000)); /* the tick is at 1050 ms */
    b->bank.sum.dcl_ma = 0;
    bus_run(b);
    unsigned before = b->n;
    bus_pass(b, MS(900));
    CU_ASSERT_EQUAL(b->n, before);
    bus_pass(b, MS(200));
    CU_ASSERT_EQUAL(b->n - before, SET);
    CU_ASSERT_EQUAL(b->at_us[before], T0 + MS(2050));
    free(b);
}

static void test_can_stale_and_lost(void)
{
    struct bus *b = bus_new(0);

    b->bank = online();
    bus_run(b);
    bus_pass(b, MS(500));
    unsigned before = b->n;
    b->bank = stale();
    bus_run(b);
    CU_ASSERT_EQUAL(b->n - before, SET); /* at once */
    expect_frame(&b->frames[before], "359#00000008"
                                     "00504E");
    expect_frame(&b->frames[before + 1], "351#140200000000C201");
    expect_frame(&b->frames[before + 4], "35C#0000");
    bus_pass(b, S(10));
    CU_ASSERT_TRUE(count_id(b, 0x351, before) >= 10);
    before = b->n;
    b->bank = with_life(BANK_LOST);
    bus_run(b);
    bus_pass(b, S(60));
    CU_ASSERT_EQUAL(b->n, before); /* silence */
    b->bank = online();
    bus_run(b);
    CU_ASSERT_EQUAL(b->n - before, SET); /* and back, complete */
    free(b);
}

/* D12: a queue of ten takes a set of six, then four of the next; nothing old leaves later. */
static void test_can_full_queue(void)
{
    struct bus *b = bus_new(0);

    b->bank = online();
    b->room = 4;
    bus_run(b);
    CU_ASSERT_EQUAL(b->n, 4);
    b->now_us += MS(2);
    b->room = 10;
    bus_run(b); /* the rest of the same set follows shortly */
    CU_ASSERT_EQUAL(b->n, SET);
    CU_ASSERT_EQUAL(b->frames[5].id, 0x35E);
    CU_ASSERT_EQUAL(b->sink.stats.dropped, 0);

    b->room = 0; /* nobody acknowledges for a minute */
    bus_pass(b, S(60));
    CU_ASSERT_EQUAL(b->n, SET);
    CU_ASSERT_TRUE(b->sink.stats.dropped >= 59 * SET);
    b->room = UINT32_MAX;
    b->bank.sum.soc_pm = 500;
    bus_pass(b, S(1));
    CU_ASSERT_EQUAL(count_id(b, 0x355, SET), 1); /* no burst of old frames */
    for (unsigned i = SET; i < b->n; i++) {
        if (b->frames[i].id == 0x355)
            expect_frame(&b->frames[i], "355#32005E00");
    }
    free(b);
}

/* A set that is stuck half-way must not finish when a limit has fallen meanwhile. */
static void test_can_overtaken(void)
{
    struct bus *b = bus_new(0);

    b->bank = online();
    b->room = 1;
    bus_run(b);
    b->bank.sum.ccl_ma = 0;
    b->room = UINT32_MAX;
    b->now_us += MS(1);
    bus_run(b);
    CU_ASSERT_EQUAL(b->n, 1 + SET);
    CU_ASSERT_EQUAL(count_id(b, 0x351, 0), 1);
    expect_frame(&b->frames[2], "351#14020000EE02C201");
    free(b);
}

/* An urgent set that the queue swallowed goes out with the next chance, not with the next tick. */
static void test_can_urgent_stuck(void)
{
    struct bus *b = bus_new(0);

    b->bank = online();
    bus_run(b);
    bus_pass(b, MS(300));
    b->room = 0;
    b->bank.sum.ccl_ma = 0;
    bus_run(b);
    bus_pass(b, MS(150));
    unsigned before = b->n;
    b->room = UINT32_MAX;
    bus_run(b);
    bus_pass(b, MS(10));
    CU_ASSERT_EQUAL(b->n - before, SET);
    free(b);
}

/* D11: the bus goes away and comes back. */
static void test_can_bus_lost(void)
{
    struct bus *b = bus_new(0);

    b->bank = online();
    bus_run(b);
    b->send_error = ERR_CLOSED;
    bus_pass(b, MS(1100));
    CU_ASSERT_EQUAL(b->closes, 1);
    b->open_error = ERR_NOT_FOUND;
    bus_pass(b, S(60));
    CU_ASSERT_EQUAL(b->opens, 1);
    b->send_error = b->open_error = ERR_OK;
    unsigned before = b->n;
    bus_pass(b, S(3));
    CU_ASSERT_EQUAL(b->opens, 2);
    CU_ASSERT_TRUE(count_id(b, 0x351, before) >= 1);
    CU_ASSERT_TRUE(count_id(b, 0x351, before) <= 3);
    sink_can_on_down(&b->sink, b->now_us); /* the port says so itself */
    CU_ASSERT_EQUAL(b->closes, 2);
    bus_pass(b, S(3));
    CU_ASSERT_EQUAL(b->opens, 3);
    free(b);
}

/* ---- CAN: the inverter ---- */

static void hear(struct bus *b, uint32_t id, uint8_t payload, bool extended)
{
    struct can_msg msg = {.id = id, .dlc = 8, .extended = extended, .data = {payload}};

    sink_can_on_frame(&b->sink, &msg, b->now_us);
}

/* D5, D6, D17: without a timeout the bridge talks on whatever the inverter does. */
static void test_can_no_keepalive(void)
{
    struct bus *b = bus_new(0);

    b->bank = online();
    bus_run(b);
    hear(b, 0x305, 0x21, false); /* any payload */
    bus_pass(b, S(600));
    CU_ASSERT_EQUAL(count_id(b, 0x351, 0), 600);
    free(b);
}

static void test_can_keepalive_timeout(void)
{
    struct bus *b = bus_new(S(5));

    b->bank = online();
    bus_run(b);
    for (unsigned i = 0; i < 10; i++) {
        hear(b, 0x305, 0, false);
        bus_pass(b, S(1));
    }
    CU_ASSERT_TRUE(count_id(b, 0x351, 0) >= 10);
    hear(b, 0x305, 0, true);  /* D8: 29 bits do not count */
    hear(b, 0x351, 0, false); /* D13: nor do the bridge's own ids */
    bus_pass(b, S(10));
    unsigned before = b->n;
    bus_pass(b, S(31));
    CU_ASSERT_EQUAL(b->n - before, SET); /* one set as a probe */
    hear(b, 0x305, 7, false);
    before = b->n;
    bus_run(b);
    CU_ASSERT_EQUAL(b->n - before, SET); /* D5: resumes at once */
    free(b);
}

/* ---- MQTT: the paper broker ---- */

enum { MAX_MESSAGES = 512 };

struct message {
    char topic[64];
    char text[VICTRON_JSON_MAX];
    int qos;
    bool retain;
    uint64_t at_us;
};

struct broker {
    struct sink_victron sink;
    struct sink mqtt;
    uint64_t now_us;
    struct bank bank;
    bool up;
    enum err error;
    unsigned n;
    struct message messages[MAX_MESSAGES];
};

static enum err broker_publish(void *ctx, const char *topic, struct span payload, int qos,
                               bool retain)
{
    struct broker *b = ctx;

    if (!b->up)
        return ERR_CLOSED;
    if (b->error != ERR_OK)
        return b->error;
    if (b->n < MAX_MESSAGES) {
        struct message *m = &b->messages[b->n++];
        snprintf(m->topic, sizeof m->topic, "%s", topic);
        span_to_str(payload, m->text, sizeof m->text);
        m->qos = qos;
        m->retain = retain;
        m->at_us = b->now_us;
    }
    return ERR_OK;
}

static bool broker_connected(void *ctx)
{
    struct broker *b = ctx;

    return b->up;
}

static struct broker *broker_new(uint64_t loss_hold_us)
{
    struct broker *b = calloc(1, sizeof *b);
    struct sink_victron_config config = {
        .name = "home",
        .topic = "bms/battery",
        .status_topic = "bms/battery/status",
        .form = VICTRON_NESTED,
        .period_us = S(1),
        .loss_hold_us = loss_hold_us,
    };
    struct victron_end end = {.publish = broker_publish, .connected = broker_connected, .ctx = b};

    if (b == NULL)
        abort();
    b->now_us = T0;
    b->up = true;
    b->bank = with_life(BANK_WAITING);
    sink_victron_init(&b->sink, &config, &end, NULL);
    b->mqtt = sink_victron_as_sink(&b->sink);
    return b;
}

static void broker_run(struct broker *b)
{
    b->mqtt.ops->run(b->mqtt.self, &b->bank, b->now_us);
}

static void broker_pass(struct broker *b, uint64_t for_us)
{
    uint64_t end_us = b->now_us + for_us;

    for (;;) {
        uint64_t next_us = b->mqtt.ops->next_deadline(b->mqtt.self);
        if (next_us > end_us)
            break;
        b->now_us = next_us > b->now_us ? next_us : b->now_us;
        broker_run(b);
    }
    b->now_us = end_us;
}

static unsigned states(const struct broker *b, unsigned from)
{
    unsigned n = 0;

    for (unsigned i = from; i < b->n; i++)
        n += strcmp(b->messages[i].topic, "bms/battery") == 0;
    return n;
}

static const char *last_status(const struct broker *b)
{
    for (unsigned i = b->n; i-- > 0;) {
        if (strcmp(b->messages[i].topic, "bms/battery/status") == 0)
            return b->messages[i].text;
    }
    return "";
}

static bool says(const struct message *m, const char *text)
{
    return strstr(m->text, text) != NULL;
}

static void test_mqtt_start(void)
{
    struct broker *b = broker_new(NEVER_US);

    broker_run(b);
    broker_pass(b, S(10));
    CU_ASSERT_EQUAL(states(b, 0), 0); /* bug 33: nothing before the first reading */
    CU_ASSERT_STRING_EQUAL(last_status(b), "offline");
    b->bank = online();
    broker_run(b);
    CU_ASSERT_EQUAL(states(b, 0), 1);
    CU_ASSERT_STRING_EQUAL(last_status(b), "online");
    for (unsigned i = 0; i < b->n; i++) { /* M04: state QoS 0, never retained; status retained */
        bool state = strcmp(b->messages[i].topic, "bms/battery") == 0;
        CU_ASSERT_EQUAL(b->messages[i].retain, !state);
        CU_ASSERT_EQUAL(b->messages[i].qos, state ? 0 : 1);
    }
    CU_ASSERT_TRUE(says(&b->messages[b->n - 1], "\"MaxChargeCurrent\":75.000") ||
                   says(&b->messages[b->n - 1], "\"MaxChargeCurrent\":75"));
    free(b);
}

static void test_mqtt_cadence(void)
{
    struct broker *b = broker_new(NEVER_US);

    b->bank = online();
    broker_run(b);
    b->n = 0;
    broker_pass(b, S(100) + MS(60));
    CU_ASSERT_EQUAL(b->n, 100);
    for (unsigned i = 0; i < b->n; i++)
        CU_ASSERT_EQUAL(b->messages[i].at_us, T0 + S(i + 1) + MS(50));
    free(b);
}

/* Emergency: at once, and again in the next two periods. */
static void test_mqtt_urgent(void)
{
    struct broker *b = broker_new(NEVER_US);

    b->bank = online();
    broker_run(b);
    broker_pass(b, MS(1500));
    b->n = 0;
    b->bank.sum.dcl_ma = 0;
    b->bank.sum.protections = COND_BIT(COND_CELL_UNDERVOLTAGE);
    broker_run(b);
    broker_run(b);
    CU_ASSERT_EQUAL(b->n, 1);
    broker_pass(b, S(2));
    CU_ASSERT_EQUAL(b->n, 3);
    for (unsigned i = 0; i < b->n; i++)
        CU_ASSERT_TRUE(says(&b->messages[i], "\"LowVoltage\":2"));
    free(b);
}

static void test_mqtt_loss(void)
{
    struct broker *b = broker_new(NEVER_US);

    b->bank = online();
    broker_run(b);
    broker_pass(b, MS(500));
    b->n = 0;
    b->bank = stale();
    broker_run(b);
    CU_ASSERT_EQUAL(b->n, 1);
    CU_ASSERT_TRUE(says(&b->messages[0], "\"BmsCable\":2"));
    broker_pass(b, S(20));
    CU_ASSERT_EQUAL(states(b, 0), 21);
    b->bank = with_life(BANK_LOST);
    b->n = 0;
    broker_run(b);
    broker_pass(b, S(60));
    CU_ASSERT_EQUAL(states(b, 0), 0);
    CU_ASSERT_EQUAL(b->n, 1);
    CU_ASSERT_STRING_EQUAL(last_status(b), "offline");
    free(b);
}

/* loss-hold: a few loss messages, then silence although the bank is still stale. */
static void test_mqtt_loss_hold(void)
{
    struct broker *b = broker_new(S(3));

    b->bank = online();
    broker_run(b);
    broker_pass(b, MS(500));
    b->n = 0;
    b->bank = stale();
    broker_run(b);
    broker_pass(b, S(30));
    CU_ASSERT_EQUAL(states(b, 0), 4);
    CU_ASSERT_STRING_EQUAL(last_status(b), "offline");
    b->bank = online();
    broker_run(b);
    CU_ASSERT_STRING_EQUAL(last_status(b), "online");
    CU_ASSERT_EQUAL(states(b, 0), 5);
    free(b);

    b = broker_new(0); /* not a single one */
    b->bank = online();
    broker_run(b);
    b->n = 0;
    b->bank = stale();
    broker_run(b);
    broker_pass(b, S(5));
    CU_ASSERT_EQUAL(states(b, 0), 0);
    CU_ASSERT_STRING_EQUAL(last_status(b), "offline");
    free(b);
}

/* M36: nothing old leaves after an outage; the status is told again. */
static void test_mqtt_outage(void)
{
    struct broker *b = broker_new(NEVER_US);

    b->bank = online();
    broker_run(b);
    broker_pass(b, S(3));
    b->up = false;
    for (unsigned i = 0; i < 60; i++) { /* readings go on */
        b->now_us += S(1);
        broker_run(b);
    }
    b->n = 0;
    b->bank.sum.soc_pm = 500;
    b->up = true;
    sink_victron_on_connected(&b->sink);
    broker_run(b);
    CU_ASSERT_STRING_EQUAL(last_status(b), "online");
    broker_pass(b, S(1));
    CU_ASSERT_EQUAL(states(b, 0), 1);
    for (unsigned i = 0; i < b->n; i++) {
        if (strcmp(b->messages[i].topic, "bms/battery") == 0)
            CU_ASSERT_TRUE(says(&b->messages[i], "\"Soc\":50"));
    }
    free(b);
}

static void test_mqtt_stuck(void)
{
    struct broker *b = broker_new(NEVER_US);

    b->bank = online();
    broker_run(b);
    b->error = ERR_AGAIN;
    broker_pass(b, MS(5500));
    CU_ASSERT_EQUAL(b->sink.stats.failed, 5);
    b->error = ERR_OK;
    b->n = 0;
    broker_pass(b, S(1));
    CU_ASSERT_EQUAL(states(b, 0), 1);
    sink_victron_on_refused(&b->sink, "bms/battery/status", 0x87, b->now_us);
    CU_ASSERT_EQUAL(b->sink.stats.refused, 1);
    sink_victron_goodbye(&b->sink);
    CU_ASSERT_STRING_EQUAL(last_status(b), "offline");
    free(b);
}

/* Both sinks speak in the same turns, even when one of them could not for a while. */
static void test_together(void)
{
    struct bus *can = bus_new(0);
    struct broker *mqtt = broker_new(NEVER_US);

    can->bank = mqtt->bank = online();
    mqtt->up = false;
    bus_run(can);
    broker_run(mqtt);
    bus_pass(can, MS(7300));
    mqtt->now_us = can->now_us;
    mqtt->up = true;
    sink_victron_on_connected(&mqtt->sink);
    broker_run(mqtt);
    can->n = mqtt->n = 0;
    bus_pass(can, S(3));
    broker_pass(mqtt, S(3));
    unsigned k = 0;
    for (unsigned i = 0; i < mqtt->n; i++) {
        if (strcmp(mqtt->messages[i].topic, "bms/battery") == 0)
            CU_ASSERT_EQUAL(mqtt->messages[i].at_us, can->at_us[SET * k++]);
    }
    CU_ASSERT_EQUAL(k, 3);
    free(can);
    free(mqtt);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"can: nothing, then the whole set", test_can_set},
        {"can: cadence without drift (C1, C2)", test_can_cadence},
        {"can: urgent changes (C5, C6)", test_can_urgent},
        {"can: invisible changes", test_can_invisible},
        {"can: no tick right behind an urgent set", test_can_tick_behind_urgent},
        {"can: stale, lost, back (D1, D2)", test_can_stale_and_lost},
        {"can: full queue (D12)", test_can_full_queue},
        {"can: an overtaken set", test_can_overtaken},
        {"can: an urgent set that is stuck", test_can_urgent_stuck},
        {"can: bus lost (D11)", test_can_bus_lost},
        {"can: no keep-alive (D5, D6)", test_can_no_keepalive},
        {"can: keep-alive timeout (D5, D8)", test_can_keepalive_timeout},
        {"mqtt: start (M04, M48)", test_mqtt_start},
        {"mqtt: cadence (M22)", test_mqtt_cadence},
        {"mqtt: urgent, repeated (M20)", test_mqtt_urgent},
        {"mqtt: loss (M06)", test_mqtt_loss},
        {"mqtt: loss-hold", test_mqtt_loss_hold},
        {"mqtt: outage (M01, M36)", test_mqtt_outage},
        {"mqtt: stuck, refused, goodbye (M31)", test_mqtt_stuck},
        {"both speak together", test_together},
        {0},
    };
    return testing_main(argc, argv, "bridge.sinks", cases);
}
