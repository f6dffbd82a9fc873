/* SPDX-License-Identifier: Apache-2.0
 *
 * The MQTT sink with a broker of paper: start, cadence, urgency, loss, outages. The ids are those
 * of docs/protocols/mqtt-failures.md.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/sink/test_sink_support.h"
#include "bridge/sink/victron.h"
#include "testing/testing.h"

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
    b->bank = test_bank_with_life(BANK_WAITING);
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
    b->bank = test_bank_online();
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

    b->bank = test_bank_online();
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

    b->bank = test_bank_online();
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

    b->bank = test_bank_online();
    broker_run(b);
    broker_pass(b, MS(500));
    b->n = 0;
    b->bank = test_bank_stale();
    broker_run(b);
    CU_ASSERT_EQUAL(b->n, 1);
    CU_ASSERT_TRUE(says(&b->messages[0], "\"BmsCable\":2"));
    broker_pass(b, S(20));
    CU_ASSERT_EQUAL(states(b, 0), 21);
    b->bank = test_bank_with_life(BANK_LOST);
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

    b->bank = test_bank_online();
    broker_run(b);
    broker_pass(b, MS(500));
    b->n = 0;
    b->bank = test_bank_stale();
    broker_run(b);
    broker_pass(b, S(30));
    CU_ASSERT_EQUAL(states(b, 0), 4);
    CU_ASSERT_STRING_EQUAL(last_status(b), "offline");
    b->bank = test_bank_online();
    broker_run(b);
    CU_ASSERT_STRING_EQUAL(last_status(b), "online");
    CU_ASSERT_EQUAL(states(b, 0), 5);
    free(b);

    b = broker_new(0); /* not a single one */
    b->bank = test_bank_online();
    broker_run(b);
    b->n = 0;
    b->bank = test_bank_stale();
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

    b->bank = test_bank_online();
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

    b->bank = test_bank_online();
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

/* The cadence goes on through an outage: all sinks of a bridge keep speaking in the same turns. */
static void test_mqtt_keeps_the_beat(void)
{
    struct broker *b = broker_new(NEVER_US);

    b->bank = test_bank_online();
    b->up = false;
    broker_run(b);
    b->now_us = T0 + MS(7300);
    b->up = true;
    sink_victron_on_connected(&b->sink);
    broker_run(b);
    b->n = 0;
    broker_pass(b, S(3));
    CU_ASSERT_EQUAL(b->n, 3);
    for (unsigned i = 0; i < b->n; i++)
        CU_ASSERT_EQUAL(b->messages[i].at_us, T0 + S(8 + i) + MS(50));
    free(b);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"start (M04, M48)", test_mqtt_start},
        {"cadence (M22)", test_mqtt_cadence},
        {"urgent, repeated (M20)", test_mqtt_urgent},
        {"loss (M06)", test_mqtt_loss},
        {"loss-hold", test_mqtt_loss_hold},
        {"outage (M01, M36)", test_mqtt_outage},
        {"stuck, refused, goodbye (M31)", test_mqtt_stuck},
        {"keeps the beat", test_mqtt_keeps_the_beat},
        {0},
    };
    return testing_main(argc, argv, "bridge.sink_victron", cases);
}
