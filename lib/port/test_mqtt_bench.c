/* SPDX-License-Identifier: Apache-2.0
 *
 * What the MQTT tests share: a broker of their own and clients that count what they are told.
 */
#include "port/test_mqtt_bench.h"

#include <string.h>

#include "port/test_support.h"
#include "testing/testing.h"

/* ---- a broker ---- */

static void on_ready(void *ctx)
{
    ((struct bench *)ctx)->ready++;
}

static void on_failed(void *ctx, enum err why, const char *text)
{
    struct bench *b = ctx;

    b->failed++;
    b->why = why;
    span_to_str(span_str(text), b->text, sizeof b->text);
}

enum err start_broker(struct bench *b, uint16_t port, const char *extra)
{
    const struct broker_handler handler = {on_ready, on_failed, b};
    const struct broker_options options = {.dir = b->folder, .port = port, .extra = extra};

    return broker_new(b->loop, &options, &handler, &b->broker);
}

void bench_init(struct bench *b)
{
    memset(b, 0, sizeof *b);
    CU_ASSERT_EQUAL_FATAL(loop_new(&b->loop), ERR_OK);
    test_folder_make(b->folder, sizeof b->folder);
}

void bench_free(struct bench *b)
{
    broker_delete(b->broker);
    loop_delete(b->loop);
    test_folder_remove(b->folder);
}

bool bench_start(struct bench *b, const char *extra)
{
    bench_init(b);
    enum err e = start_broker(b, 0, extra);
    if (e == ERR_NOT_FOUND) {
        testing_skip("mosquitto is not installed");
        bench_free(b);
        return false;
    }
    CU_ASSERT_EQUAL_FATAL(e, ERR_OK);
    CU_ASSERT_FATAL(test_until_count(b->loop, &b->ready, 1));
    return true;
}

/* ---- a client ---- */

void drop(struct client *c)
{
    mqtt_delete(c->mqtt);
    c->mqtt = NULL;
}

static void on_up(void *ctx)
{
    struct client *c = ctx;

    c->ups++;
    if (c->publish_when_up)
        CU_ASSERT_EQUAL(mqtt_publish(c->mqtt, "t/up", SPAN_LIT("hello"), 1, false), ERR_OK);
    if (c->delete_when_up)
        drop(c);
}

static void on_down(void *ctx, enum err why, const char *text)
{
    struct client *c = ctx;

    c->downs++;
    c->why = why;
    span_to_str(span_str(text), c->text, sizeof c->text);
    if (c->delete_when_down)
        drop(c);
}

static void on_message(void *ctx, const struct mqtt_message *msg, uint64_t t_us)
{
    struct client *c = ctx;

    c->messages++;
    span_to_str(span_str(msg->topic), c->topic, sizeof c->topic);
    span_to_str(msg->payload, c->payload, sizeof c->payload);
    c->retain = msg->retain;
    c->t_us = t_us;
    if (c->delete_on_message)
        drop(c);
}

static void on_refused(void *ctx, const char *topic, int reason)
{
    struct client *c = ctx;

    c->refusals++;
    c->reason = reason;
    span_to_str(span_str(topic), c->topic, sizeof c->topic);
}

void connect_with(struct client *c, struct loop *loop, struct mqtt_options *options)
{
    const struct mqtt_handler handler = {on_up, on_down, on_message, on_refused, c};
    const char *why = "";

    if (options->backoff_min_us == 0) {
        options->backoff_min_us = 5 * US_PER_MS;
        options->backoff_max_us = 50 * US_PER_MS;
    }
    if (mqtt_new(loop, options, &handler, &c->mqtt, &why) != ERR_OK)
        TESTING_FAIL("%s: %s", options->url, why);
}

const char *url_of(char *out, const char *scheme, const char *host, uint16_t port)
{
    struct buf b = buf_of(out, 128);

    buf_printf(&b, "%s://%s:%u", scheme, host, (unsigned)port);
    buf_u8(&b, 0);
    return out;
}

void connect_tcp(struct client *c, const struct bench *b)
{
    char url[128];
    struct mqtt_options options = {.url = url_of(url, "mqtt", "127.0.0.1", broker_port(b->broker))};

    memset(c, 0, sizeof *c);
    connect_with(c, b->loop, &options);
}

void connect_unix(struct client *c, const struct bench *b)
{
    char url[160];
    struct buf text = buf_of(url, sizeof url);
    struct mqtt_options options = {.url = url};

    memset(c, 0, sizeof *c);
    buf_printf(&text, "unix:%s", broker_socket(b->broker));
    buf_u8(&text, 0);
    connect_with(c, b->loop, &options);
}

void pass(const struct bench *b, struct client *from, struct client *to, const char *topic,
          const char *payload, int qos)
{
    unsigned n = to->messages + 1;

    CU_ASSERT_EQUAL(mqtt_publish(from->mqtt, topic, span_str(payload), qos, false), ERR_OK);
    CU_ASSERT(test_until_count(b->loop, &to->messages, n));
    CU_ASSERT_STRING_EQUAL(to->topic, topic);
    CU_ASSERT_STRING_EQUAL(to->payload, payload);
}

static bool is_subscribed(void *ctx)
{
    struct client *c = ctx;

    if (c->messages == 0 && mqtt_connected(c->mqtt))
        mqtt_publish(c->mqtt, "self/test", SPAN_LIT("?"), 0, false);
    return c->messages > 0;
}

/* Waits until messages really come: "self/test" is subscribed to last. */
void wait_subscribed(const struct bench *b, struct client *c)
{
    c->messages = 0;
    CU_ASSERT(test_until(b->loop, is_subscribed, c, TEST_WAIT_US));
    test_turn_for(b->loop, 20000); /* lets the other self tests drain */
    c->messages = 0;
}

void subscribe(const struct bench *b, struct client *c, const char *filter)
{
    CU_ASSERT_EQUAL(mqtt_subscribe(c->mqtt, filter, 2), ERR_OK);
    CU_ASSERT_EQUAL(mqtt_subscribe(c->mqtt, "self/test", 0), ERR_OK);
    wait_subscribed(b, c);
}
