/* SPDX-License-Identifier: Apache-2.0
 *
 * The Home Assistant output and --ha-clean with a real mosquitto: what a subscriber finds that
 * comes later, what it finds after the cleaning, and what belongs to others and must stay.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/ha_clean.h"
#include "port/broker.h"
#include "port/mqtt.h"
#include "testing/testing.h"

enum { MAX_RETAINED = 16, WAIT_US = 10000000 };

/* A broker, the sink on a connection, and somebody who looks later. */
struct house {
    struct loop *loop;
    char dir[64];
    char url[64];
    struct broker *broker;
    bool ready;
    struct bank_engine bank;
    struct sink_ha ha;
    struct mqtt *mqtt; /* the sink's */
    struct mqtt *visitor;
    bool marked; /* the visitor's own message has come back */
    unsigned n;
    char topics[MAX_RETAINED][128]; /* of retained messages with a payload */
};

static void on_ready(void *ctx)
{
    struct house *h = ctx;

    h->ready = true;
}

static bool wait_for(struct house *h, const bool *flag)
{
    uint64_t end_us = loop_now(h->loop) + WAIT_US;

    while (!*flag && loop_now(h->loop) < end_us)
        loop_turn(h->loop, end_us);
    return *flag;
}

static enum err end_publish(void *ctx, const char *topic, struct span payload, int qos, bool retain)
{
    const struct house *h = ctx;

    return mqtt_publish(h->mqtt, topic, payload, qos, retain);
}

static bool end_connected(void *ctx)
{
    const struct house *h = ctx;

    return h->mqtt != NULL && mqtt_connected(h->mqtt);
}

static void on_connected(void *ctx)
{
    struct house *h = ctx;

    sink_ha_on_connected(&h->ha, loop_now(h->loop));
}

static void make_config(const struct house *h, struct config *ret)
{
    char text[512];
    struct conf_file *file = NULL;

    snprintf(text, sizeof text,
             "[battery rack]\nsource pylontech-console\nport /dev/null\n"
             "[mqtt home]\nbroker %s\nhomeassistant bms/shed\n",
             h->url);
    CU_ASSERT_EQUAL_FATAL(conf_parse("test", span_str(text), &file), ERR_OK);
    if (!config_read(file, ret))
        conf_print_errors(file, stderr);
    CU_ASSERT_EQUAL(file->n_errors, 0);
    conf_delete(file);
}

/* False after testing_skip(). */
static bool house_open(struct house *h, struct config *config)
{
    char program[256];
    const struct broker_options options = {.dir = h->dir};
    const struct broker_handler handler = {.on_ready = on_ready, .ctx = h};

    *h = (struct house){0};
    snprintf(h->dir, sizeof h->dir, "/tmp/bmsrig-ha-XXXXXX");
    if (!broker_find("mosquitto", program, sizeof program)) {
        testing_skip("no mosquitto on this machine");
        return false;
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(h->dir));
    CU_ASSERT_EQUAL_FATAL(loop_new(&h->loop), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(broker_new(h->loop, &options, &handler, &h->broker), ERR_OK);
    CU_ASSERT_TRUE_FATAL(wait_for(h, &h->ready));
    snprintf(h->url, sizeof h->url, "mqtt://127.0.0.1:%u", (unsigned)broker_port(h->broker));
    make_config(h, config);
    const struct ha_end end = {.publish = end_publish, .connected = end_connected, .ctx = h};
    sink_ha_init(&h->ha, &config->mqtts[0].ha, &end, h->bank.packs, NULL);
    sink_ha_add_section(&h->ha, "rack", 0, 16);
    return true;
}

static void house_close(struct house *h)
{
    static const char *const names[] = {"mq.sock", "mosquitto.conf", "mosquitto.log"};
    char path[128];

    mqtt_delete(h->visitor);
    mqtt_delete(h->mqtt);
    broker_delete(h->broker);
    loop_delete(h->loop);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", h->dir, names[i]);
        unlink(path);
    }
    rmdir(h->dir);
}

/* ---- the bridge's side ---- */

static void connect_sink(struct house *h)
{
    const struct mqtt_options options = {.url = h->url};
    const struct mqtt_handler handler = {.on_connected = on_connected, .ctx = h};
    uint64_t end_us = loop_now(h->loop) + WAIT_US;

    CU_ASSERT_EQUAL_FATAL(mqtt_new(h->loop, &options, &handler, &h->mqtt, NULL), ERR_OK);
    while (!mqtt_connected(h->mqtt) && loop_now(h->loop) < end_us)
        loop_turn(h->loop, end_us);
    CU_ASSERT_TRUE_FATAL(mqtt_connected(h->mqtt));
}

static void speak(struct house *h)
{
    struct bank bank = {.life = BANK_ONLINE, .online = 1};
    struct sink sink = sink_ha_as_sink(&h->ha);

    h->bank.packs[0].state = PACK_ONLINE;
    h->bank.packs[0].b =
        (struct battery){.known = FIELD_SOC_PM | FIELD_CELLS, .soc_pm = 600, .cell_count = 15};
    bank.sum = h->bank.packs[0].b;
    sink.ops->run(sink.self, &bank, loop_now(h->loop));
}

/* ---- somebody who comes later ---- */

static void on_visit(void *ctx)
{
    struct house *h = ctx;

    mqtt_publish(h->visitor, "test/mark", SPAN_LIT("?"), 0, false);
}

static void on_found(void *ctx, const struct mqtt_message *msg, uint64_t t_us)
{
    struct house *h = ctx;

    (void)t_us;
    if (strcmp(msg->topic, "test/mark") == 0)
        h->marked = true;
    else if (msg->retain && msg->payload.n > 0 && h->n < MAX_RETAINED)
        snprintf(h->topics[h->n++], sizeof h->topics[0], "%s", msg->topic);
}

/* All that the broker retains. */
static void visit(struct house *h)
{
    const struct mqtt_options options = {.url = h->url};
    const struct mqtt_handler handler = {
        .on_connected = on_visit, .on_message = on_found, .ctx = h};

    h->n = 0;
    h->marked = false;
    CU_ASSERT_EQUAL_FATAL(mqtt_new(h->loop, &options, &handler, &h->visitor, NULL), ERR_OK);
    CU_ASSERT_EQUAL(mqtt_subscribe(h->visitor, "#", 0), ERR_OK);
    CU_ASSERT_TRUE(wait_for(h, &h->marked));
    mqtt_delete(h->visitor);
    h->visitor = NULL;
}

/* Until the broker has that much of what was published. */
static void visit_until(struct house *h, unsigned n)
{
    uint64_t end_us = loop_now(h->loop) + WAIT_US;

    do
        visit(h);
    while (h->n < n && loop_now(h->loop) < end_us);
    CU_ASSERT_EQUAL(h->n, n);
}

static bool found(const struct house *h, const char *topic)
{
    for (unsigned i = 0; i < h->n; i++) {
        if (strcmp(h->topics[i], topic) == 0)
            return true;
    }
    return false;
}

static void leave(struct house *h, const char *topic, const char *payload)
{
    CU_ASSERT_EQUAL(mqtt_publish(h->mqtt, topic, span_str(payload), 1, true), ERR_OK);
}

/* ---- tests ---- */

static void test_retained(void)
{
    struct config *config = calloc(1, sizeof *config);
    struct house *h = calloc(1, sizeof *h);

    if (h != NULL && config != NULL && house_open(h, config)) {
        connect_sink(h);
        speak(h);
        visit_until(h, 5);
        CU_ASSERT_TRUE(found(h, "homeassistant/device/bms_shed_bank/config"));
        CU_ASSERT_TRUE(found(h, "homeassistant/device/bms_shed_rack_1/config"));
        CU_ASSERT_TRUE(found(h, "bms/shed/bank/all/availability"));
        CU_ASSERT_TRUE(found(h, "bms/shed/rack/1/availability"));
        CU_ASSERT_TRUE(found(h, "bms/shed/status"));
        house_close(h);
    }
    free(h);
    free(config);
}

/* M42: also a battery that no configuration knows any more goes; what others left stays. */
static void test_clean(void)
{
    struct config *config = calloc(1, sizeof *config);
    struct house *h = calloc(1, sizeof *h);
    const char *why = NULL;

    if (h != NULL && config != NULL && house_open(h, config)) {
        connect_sink(h);
        speak(h);
        leave(h, "homeassistant/device/bms_shed_old_7/config",
              "{\"o\":{\"name\":\"bms-bridge\"},\"stat_t\":\"bms/shed/old/7/state\"}");
        leave(h, "bms/shed/old/7/availability", "offline");
        leave(h, "homeassistant/device/bms_shed2_rack_1/config",
              "{\"o\":{\"name\":\"bms-bridge\"},\"stat_t\":\"bms/shed2/rack/1/state\"}");
        leave(h, "homeassistant/device/other/config",
              "{\"o\":{\"name\":\"other\"},\"stat_t\":\"bms/shed/x\"}");
        leave(h, "homeassistant/device/broken/config", "{");
        leave(h, "homeassistant/sensor/x/config", "{}");
        visit_until(h, 5 + 6);
        CU_ASSERT_EQUAL(ha_clean(h->loop, config, NULL, &why), ERR_OK);
        visit(h);
        CU_ASSERT_EQUAL(h->n, 4);
        CU_ASSERT_TRUE(found(h, "homeassistant/device/bms_shed2_rack_1/config"));
        CU_ASSERT_TRUE(found(h, "homeassistant/device/other/config"));
        CU_ASSERT_TRUE(found(h, "homeassistant/device/broken/config"));
        CU_ASSERT_TRUE(found(h, "homeassistant/sensor/x/config"));
        CU_ASSERT_EQUAL(ha_clean(h->loop, config, NULL, &why), ERR_OK); /* nothing left: fine */
        config->mqtts[0].ha.topic[0] = '\0';
        CU_ASSERT_EQUAL(ha_clean(h->loop, config, NULL, &why), ERR_NOT_FOUND);
        house_close(h);
    }
    free(h);
    free(config);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"what a later subscriber finds", test_retained},
        {"cleaning", test_clean},
        {0},
    };

    return testing_main(argc, argv, "ha_broker", cases);
}
