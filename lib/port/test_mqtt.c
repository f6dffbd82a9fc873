/* SPDX-License-Identifier: Apache-2.0
 *
 * MQTT against a mosquitto of our own, started by port/broker.h, which is under test as well. What
 * mosquitto cannot play (old brokers, brokers that say nothing) is played by a few bytes over TCP.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "port/test_mqtt_bench.h"
#include "port/test_support.h"
#include "port/tty.h"
#include "testing/testing.h"

/* ---- tests ---- */

static void test_publish_and_subscribe(void)
{
    struct bench b;
    struct client tcp, local;

    if (!bench_start(&b, NULL))
        return;
    connect_tcp(&tcp, &b);
    CU_ASSERT_EQUAL(mqtt_publish(tcp.mqtt, "t/a", SPAN_LIT("early"), 1, false), ERR_CLOSED);
    CU_ASSERT_FALSE(mqtt_connected(tcp.mqtt));
    connect_unix(&local, &b);
    CU_ASSERT(test_until_count(b.loop, &tcp.ups, 1));
    CU_ASSERT(test_until_count(b.loop, &local.ups, 1));
    CU_ASSERT(mqtt_connected(tcp.mqtt) && mqtt_is_v5(tcp.mqtt) && mqtt_is_v5(local.mqtt));
    subscribe(&b, &local, "t/#");
    for (int qos = 0; qos <= 2; qos++) {
        uint64_t before = loop_now(b.loop);
        pass(&b, &tcp, &local, "t/a", "one", qos);
        CU_ASSERT(local.t_us >= before && local.t_us <= loop_now(b.loop));
    }
    pass(&b, &tcp, &local, "t/empty", "", 1);
    CU_ASSERT_FALSE(local.retain);
    CU_ASSERT_EQUAL(mqtt_publish(tcp.mqtt, "t/kept", SPAN_LIT("x"), 1, true), ERR_OK);
    CU_ASSERT(test_until_count(b.loop, &local.messages, 5));
    CU_ASSERT(local.retain); /* as published, though this is no retained copy */
    CU_ASSERT_EQUAL(mqtt_publish(tcp.mqtt, "no/+/wildcards", SPAN_LIT("x"), 0, false), ERR_USAGE);
    CU_ASSERT_EQUAL(mqtt_subscribe(tcp.mqtt, "a/#/b", 0), ERR_USAGE);
    CU_ASSERT_EQUAL(mqtt_subscribe(tcp.mqtt, "a", 3), ERR_USAGE);
    drop(&tcp);
    drop(&local);
    bench_free(&b);
}

/* One connection for everything: never one for each message. */
static void test_one_connection(void)
{
    struct bench b;
    struct client c;

    if (!bench_start(&b, NULL))
        return;
    connect_tcp(&c, &b);
    subscribe(&b, &c, "t/a");
    for (unsigned i = 0; i < 20; i++)
        pass(&b, &c, &c, "t/a", "x", (int)(i % 3));
    struct span log = testing_read_file(broker_log_path(b.broker)), line;
    unsigned connects = 0;
    while (span_line(&log, &line))
        if (span_find(line, 0, span_str("New client connected")) < line.n &&
            span_find(line, 0, span_str(BROKER_PROBE_ID)) == line.n)
            connects++;
    CU_ASSERT_EQUAL(connects, 1);
    drop(&c);
    bench_free(&b);
}

static void test_broker_restarts(void)
{
    struct bench b;
    struct client pub, sub;

    if (!bench_start(&b, NULL))
        return;
    uint16_t port = broker_port(b.broker);
    connect_tcp(&pub, &b);
    connect_unix(&sub, &b);
    subscribe(&b, &sub, "t/#");
    CU_ASSERT(test_until_count(b.loop, &pub.ups, 1));
    pass(&b, &pub, &sub, "t/a", "before", 1);

    CU_ASSERT_EQUAL(broker_kill(b.broker), ERR_OK);
    CU_ASSERT_FALSE(broker_running(b.broker));
    CU_ASSERT(test_until_count(b.loop, &pub.downs, 1));
    CU_ASSERT_EQUAL(pub.why, ERR_CLOSED);
    for (int qos = 0; qos <= 2; qos++)
        CU_ASSERT_EQUAL(mqtt_publish(pub.mqtt, "t/a", SPAN_LIT("lost"), qos, false), ERR_CLOSED);
    test_turn_for(b.loop, 100000);
    CU_ASSERT_EQUAL(pub.ups, 1);
    CU_ASSERT_EQUAL(pub.why, ERR_REFUSED);
    CU_ASSERT_EQUAL(b.failed, 0);

    CU_ASSERT_EQUAL(broker_start(b.broker), ERR_OK);
    CU_ASSERT(test_until_count(b.loop, &b.ready, 2));
    CU_ASSERT_EQUAL(broker_port(b.broker), port);
    CU_ASSERT(test_until_count(b.loop, &pub.ups, 2));
    CU_ASSERT(test_until_count(b.loop, &sub.ups, 2));
    wait_subscribed(&b, &sub); /* by itself, and nothing old comes with it */
    pass(&b, &pub, &sub, "t/a", "after", 1);
    test_turn_for(b.loop, 50000);
    CU_ASSERT_EQUAL(sub.messages, 1);

    CU_ASSERT_EQUAL(broker_kill(b.broker), ERR_OK); /* and at once again */
    CU_ASSERT_EQUAL(broker_start(b.broker), ERR_OK);
    CU_ASSERT(test_until_count(b.loop, &b.ready, 3));
    CU_ASSERT(test_until_count(b.loop, &pub.ups, 3));
    drop(&pub);
    drop(&sub);
    bench_free(&b);
}

static void test_broker_not_there_at_start(void)
{
    struct bench b;
    struct client c;

    if (!bench_start(&b, NULL))
        return;
    CU_ASSERT_EQUAL(broker_kill(b.broker), ERR_OK);
    test_turn_for(b.loop, 20000);
    connect_tcp(&c, &b);
    CU_ASSERT(test_until_count(b.loop, &c.downs, 3)); /* keeps trying */
    CU_ASSERT_EQUAL(c.why, ERR_REFUSED);
    CU_ASSERT_EQUAL(broker_start(b.broker), ERR_OK);
    CU_ASSERT(test_until_count(b.loop, &c.ups, 1));
    drop(&c);
    bench_free(&b);
}

static void test_broker_failures(void)
{
    struct bench b;
    struct broker *first;

    if (!bench_start(&b, NULL))
        return;
    CU_ASSERT(broker_running(b.broker));
    kill(broker_pid(b.broker), SIGKILL); /* not by us */
    CU_ASSERT(test_until_count(b.loop, &b.failed, 1));
    CU_ASSERT_EQUAL(b.why, ERR_CLOSED);
    CU_ASSERT_FALSE(broker_running(b.broker));
    CU_ASSERT_EQUAL(broker_start(b.broker), ERR_OK);
    CU_ASSERT(test_until_count(b.loop, &b.ready, 2));
    CU_ASSERT_EQUAL(broker_start(b.broker), ERR_EXISTS);

    first = b.broker; /* a second one on the same port */
    char folder[64];
    memcpy(folder, b.folder, sizeof folder);
    test_folder_make(b.folder, sizeof b.folder);
    CU_ASSERT_EQUAL(start_broker(&b, broker_port(first), NULL), ERR_OK);
    CU_ASSERT(test_until_count(b.loop, &b.failed, 2));
    CU_ASSERT_EQUAL(b.why, ERR_BUSY);
    broker_delete(b.broker);
    CU_ASSERT_EQUAL(start_broker(&b, 0, "no_such_option true"), ERR_OK);
    CU_ASSERT(test_until_count(b.loop, &b.failed, 3));
    CU_ASSERT_EQUAL(b.why, ERR_REFUSED);
    CU_ASSERT_PTR_NOT_NULL(strstr(b.text, "no_such_option"));
    CU_ASSERT_EQUAL(b.ready, 2);
    broker_delete(first);
    test_folder_remove(folder);
    bench_free(&b);
}

static bool make_password_file(const struct bench *b, char *path, size_t cap)
{
    test_path(path, cap, b->folder, "passwords");
    const char *const argv[] = {"mosquitto_passwd", "-c", "-b", path, "bridge", "right", NULL};
    return test_run(b->loop, argv) == 0;
}

static void test_password_and_acl(void)
{
    struct bench b;
    struct client good, bad;
    char passwords[96], acl[96], extra[300], url[128];
    struct buf text = buf_of(extra, sizeof extra);

    bench_init(&b);
    if (!test_have_program("mosquitto") || !make_password_file(&b, passwords, sizeof passwords)) {
        testing_skip("mosquitto or mosquitto_passwd is not installed");
        bench_free(&b);
        return;
    }
    test_path(acl, sizeof acl, b.folder, "acl");
    CU_ASSERT(test_write_file(acl, "user bridge\ntopic readwrite ok/#\n"));
    buf_printf(&text, "allow_anonymous false\npassword_file %s\nacl_file %s\n", passwords, acl);
    buf_u8(&text, 0);
    CU_ASSERT_EQUAL_FATAL(start_broker(&b, 0, extra), ERR_OK);
    CU_ASSERT_FATAL(test_until_count(b.loop, &b.ready, 1));
    url_of(url, "mqtt", "bridge@127.0.0.1", broker_port(b.broker));

    struct mqtt_options options = {.url = url, .password = "wrong"};
    memset(&bad, 0, sizeof bad);
    connect_with(&bad, b.loop, &options);
    CU_ASSERT(test_until_count(b.loop, &bad.downs, 1));
    CU_ASSERT_EQUAL(bad.why, ERR_DENIED);
    CU_ASSERT_PTR_NULL(strstr(bad.text, "wrong"));
    drop(&bad);

    options.password = "right";
    memset(&good, 0, sizeof good);
    connect_with(&good, b.loop, &options);
    CU_ASSERT(test_until_count(b.loop, &good.ups, 1));
    CU_ASSERT_EQUAL(mqtt_publish(good.mqtt, "ok/a", SPAN_LIT("x"), 1, false), ERR_OK);
    CU_ASSERT_EQUAL(mqtt_publish(good.mqtt, "N/c0ffee/a", SPAN_LIT("x"), 1, false), ERR_OK);
    CU_ASSERT(test_until_count(b.loop, &good.refusals, 1));
    CU_ASSERT_EQUAL(good.reason, 135);
    CU_ASSERT_STRING_EQUAL(good.topic, "N/c0ffee/a");
    CU_ASSERT_EQUAL(good.downs, 0);
    drop(&good);
    bench_free(&b);
}

/* A process of its own, to be killed. */
static pid_t fork_client(const char *url)
{
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    struct loop *loop;
    struct mqtt *mqtt;
    const struct mqtt_handler handler = {0};
    const struct mqtt_options options = {.url = url,
                                         .will_topic = "t/status",
                                         .will_payload = SPAN_LIT("offline"),
                                         .will_qos = 1,
                                         .will_retain = true};
    if (loop_new(&loop) == ERR_OK && mqtt_new(loop, &options, &handler, &mqtt, NULL) == ERR_OK) {
        uint64_t end = loop_now(loop) + TEST_WAIT_US;
        bool said = false;
        while (loop_now(loop) < end) {
            loop_turn(loop, end);
            if (!said && mqtt_connected(mqtt))
                said = mqtt_publish(mqtt, "t/status", SPAN_LIT("online"), 1, true) == ERR_OK;
        }
    }
    _exit(1);
}

static void test_will(void)
{
    struct bench b;
    struct client sub, polite;
    char url[128];

    if (!bench_start(&b, NULL))
        return;
    connect_unix(&sub, &b);
    subscribe(&b, &sub, "t/status");
    url_of(url, "mqtt", "127.0.0.1", broker_port(b.broker));
    pid_t pid = fork_client(url);
    CU_ASSERT(test_until_count(b.loop, &sub.messages, 1));
    CU_ASSERT_STRING_EQUAL(sub.payload, "online");
    kill(pid, SIGKILL);
    CU_ASSERT(test_until_count(b.loop, &sub.messages, 2));
    CU_ASSERT_STRING_EQUAL(sub.payload, "offline");
    CU_ASSERT(sub.retain);
    waitpid(pid, NULL, 0);

    struct mqtt_options options = {
        .url = url, .will_topic = "t/status", .will_payload = SPAN_LIT("died")};
    memset(&polite, 0, sizeof polite);
    connect_with(&polite, b.loop, &options);
    CU_ASSERT(test_until_count(b.loop, &polite.ups, 1));
    drop(&polite); /* says DISCONNECT: no will */
    test_turn_for(b.loop, 100000);
    CU_ASSERT_EQUAL(sub.messages, 2);
    drop(&sub);
    bench_free(&b);
}

static void test_client_ids(void)
{
    struct bench b;
    struct client one, two, thief;
    char url[128];

    if (!bench_start(&b, NULL))
        return;
    connect_tcp(&one, &b);
    connect_tcp(&two, &b);
    CU_ASSERT(test_until_count(b.loop, &one.ups, 1));
    CU_ASSERT(test_until_count(b.loop, &two.ups, 1));
    test_turn_for(b.loop, 50000);
    CU_ASSERT(one.downs == 0 && two.downs == 0);
    drop(&one);

    struct mqtt_options options = {.url = url_of(url, "mqtt", "127.0.0.1", broker_port(b.broker)),
                                   .client_id = "same"};
    memset(&one, 0, sizeof one);
    memset(&thief, 0, sizeof thief);
    connect_with(&one, b.loop, &options);
    CU_ASSERT(test_until_count(b.loop, &one.ups, 1));
    connect_with(&thief, b.loop, &options);
    CU_ASSERT(test_until_count(b.loop, &one.downs, 1)); /* mosquitto 2.0.11 does not say why */
    drop(&one);
    drop(&two);
    drop(&thief);
    bench_free(&b);
}

static void test_frozen_broker(void)
{
    struct bench b;
    struct client c;
    char url[128];

    if (!bench_start(&b, NULL))
        return;
    struct mqtt_options options = {.url = url_of(url, "mqtt", "127.0.0.1", broker_port(b.broker)),
                                   .keepalive_s = 5};
    memset(&c, 0, sizeof c);
    connect_with(&c, b.loop, &options);
    CU_ASSERT(test_until_count(b.loop, &c.ups, 1));
    CU_ASSERT_EQUAL(broker_freeze(b.broker), ERR_OK);
    uint64_t frozen = loop_now(b.loop);

    /* What goes to a peer that reads nothing is bounded. */
    static const uint8_t block[16384];
    size_t taken = 0;
    enum err e;
    while ((e = mqtt_publish(c.mqtt, "t/a", span_of(block, sizeof block), 0, false)) == ERR_OK)
        taken += sizeof block;
    CU_ASSERT_EQUAL(e, ERR_AGAIN);
    CU_ASSERT(taken >= 65536 && taken < 16000000);
    CU_ASSERT_EQUAL(mqtt_publish(c.mqtt, "t/a", SPAN_LIT("x"), 0, false), ERR_OK);

    CU_ASSERT(test_until_count(b.loop, &c.downs, 1));
    CU_ASSERT_EQUAL(c.why, ERR_TIMEOUT);
    uint64_t took = loop_now(b.loop) - frozen;
    CU_ASSERT(took <= 8600 * US_PER_MS); /* 1.5 keepalives, and the tick of a second */
    CU_ASSERT_EQUAL(broker_thaw(b.broker), ERR_OK);
    CU_ASSERT(test_until_count(b.loop, &c.ups, 2));
    drop(&c);
    bench_free(&b);
}

/* ---- brokers of a few bytes ---- */

enum play { PLAY_NOTHING, PLAY_OLD, PLAY_HANGUP_ON_5, PLAY_TAKE_OVER };

struct fake {
    struct tty *tty;
    enum play play;
    unsigned connects, level5;
    struct loop *loop;
};

static void fake_listen(struct fake *f, uint16_t port);

static void on_fake_bytes(void *ctx, struct span bytes)
{
    struct fake *f = ctx;

    if (bytes.n < 9 || bytes.p[0] != 0x10)
        return;
    /* 10 len 00 04 'M' 'Q' 'T' 'T' level */
    uint8_t level = bytes.p[8];
    f->connects++;
    f->level5 += level == 5 ? 1U : 0U;
    if (f->play == PLAY_NOTHING)
        return;
    if (level == 4) {
        tty_write(f->tty, SPAN_LIT("\x20\x02\x00\x00"));
    } else if (f->play == PLAY_OLD) {
        tty_write(f->tty, SPAN_LIT("\x20\x02\x00\x01"));
    } else if (f->play == PLAY_TAKE_OVER) {
        tty_write(f->tty, SPAN_LIT("\x20\x03\x00\x00\x00\xe0\x01\x8e"));
    } else {
        uint16_t port = tty_port(f->tty);
        tty_delete(f->tty); /* closes the connection */
        fake_listen(f, port);
    }
}

static void fake_listen(struct fake *f, uint16_t port)
{
    const struct tty_handler handler = {.on_bytes = on_fake_bytes, .ctx = f};
    CU_ASSERT_EQUAL_FATAL(tty_listen(f->loop, port, &handler, &f->tty), ERR_OK);
}

static void check_fallback(enum play play)
{
    struct bench b;
    struct fake fake = {.play = play};
    struct client c = {0};
    char url[128];

    bench_init(&b);
    fake.loop = b.loop;
    fake_listen(&fake, 0);
    struct mqtt_options options = {.url = url_of(url, "mqtt", "127.0.0.1", tty_port(fake.tty))};
    connect_with(&c, b.loop, &options);
    CU_ASSERT(test_until_count(b.loop, &c.ups, 1));
    CU_ASSERT(mqtt_connected(c.mqtt));
    CU_ASSERT_FALSE(mqtt_is_v5(c.mqtt));
    CU_ASSERT_EQUAL(fake.connects, 2);
    CU_ASSERT_EQUAL(fake.level5, 1);
    CU_ASSERT_EQUAL(c.downs, play == PLAY_OLD ? 0 : 1); /* a known answer is no failure */
    drop(&c);
    tty_delete(fake.tty);
    bench_free(&b);
}

static void test_old_broker(void)
{
    check_fallback(PLAY_OLD);
    check_fallback(PLAY_HANGUP_ON_5);
}

static void test_taken_over(void)
{
    struct bench b;
    struct fake fake = {.play = PLAY_TAKE_OVER};
    struct client c = {0};
    char url[128];

    bench_init(&b);
    fake.loop = b.loop;
    fake_listen(&fake, 0);
    struct mqtt_options options = {.url = url_of(url, "mqtt", "127.0.0.1", tty_port(fake.tty))};
    connect_with(&c, b.loop, &options);
    CU_ASSERT(test_until_count(b.loop, &c.downs, 1));
    CU_ASSERT_EQUAL(c.ups, 1);
    CU_ASSERT_EQUAL(c.why, ERR_BUSY);
    CU_ASSERT_PTR_NOT_NULL(strstr(c.text, "same client id"));
    drop(&c);
    tty_delete(fake.tty);
    bench_free(&b);
}

static void on_beat(void *ctx)
{
    (*(unsigned *)ctx)++;
}

/* Nobody answers: the loop goes on, and after 5 s that is a failure. */
static void test_silent_broker(void)
{
    struct bench b;
    struct fake fake = {.play = PLAY_NOTHING};
    struct client c = {0};
    struct loop_timer *beat;
    unsigned beats = 0;
    char url[128];

    bench_init(&b);
    fake.loop = b.loop;
    fake_listen(&fake, 0);
    struct mqtt_options options = {.url = url_of(url, "mqtt", "127.0.0.1", tty_port(fake.tty))};
    CU_ASSERT_EQUAL_FATAL(loop_timer_new(b.loop, on_beat, &beats, &beat), ERR_OK);
    uint64_t start = loop_now(b.loop);
    loop_timer_every(beat, start, 10 * US_PER_MS);
    connect_with(&c, b.loop, &options);
    CU_ASSERT(loop_now(b.loop) - start < 100 * US_PER_MS);
    CU_ASSERT(test_until_count(b.loop, &c.downs, 1));
    uint64_t took = loop_now(b.loop) - start;
    CU_ASSERT_EQUAL(c.why, ERR_TIMEOUT);
    CU_ASSERT(took >= 5 * US_PER_S && took < 7 * US_PER_S);
    CU_ASSERT(beats > 250); /* of 500 */
    loop_timer_delete(beat);
    drop(&c);
    tty_delete(fake.tty);
    bench_free(&b);
}

static void test_dead_port_and_back_off(void)
{
    struct bench b;
    struct fake fake = {.play = PLAY_NOTHING};
    struct client c = {0};
    char url[128];

    bench_init(&b);
    fake.loop = b.loop;
    fake_listen(&fake, 0);
    url_of(url, "mqtt", "127.0.0.1", tty_port(fake.tty));
    tty_delete(fake.tty);
    struct mqtt_options options = {
        .url = url, .backoff_min_us = 20 * US_PER_MS, .backoff_max_us = 100 * US_PER_MS, .seed = 7};
    uint64_t start = loop_now(b.loop);
    connect_with(&c, b.loop, &options);
    CU_ASSERT(test_until_count(b.loop, &c.downs, 6));
    uint64_t took = loop_now(b.loop) - start;
    /* 20 + 40 + 80 + 100 + 100 = 340 ms, each -20 % to +20 % and at most 100 */
    CU_ASSERT(took >= 272 * US_PER_MS);
    CU_ASSERT_EQUAL(c.why, ERR_REFUSED);
    drop(&c);

    options.url = "mqtt://no-such-host.invalid";
    connect_with(&c, b.loop, &options);
    c.downs = 0;
    CU_ASSERT(test_until_count(b.loop, &c.downs, 1));
    CU_ASSERT_PTR_NOT_NULL(strstr(c.text, "host name"));
    drop(&c);
    bench_free(&b);
}

static void test_deleted_in_callbacks(void)
{
    struct bench b;
    struct client c, other;

    if (!bench_start(&b, NULL))
        return;
    connect_unix(&other, &b);
    subscribe(&b, &other, "t/#");

    connect_tcp(&c, &b);
    c.delete_when_up = true;
    c.publish_when_up = true; /* still leaves */
    CU_ASSERT(test_until_count(b.loop, &c.ups, 1));
    CU_ASSERT_PTR_NULL(c.mqtt);
    CU_ASSERT(test_until_count(b.loop, &other.messages, 1));

    connect_tcp(&c, &b);
    subscribe(&b, &c, "t/#");
    c.delete_on_message = true;
    CU_ASSERT_EQUAL(mqtt_publish(other.mqtt, "t/a", SPAN_LIT("1"), 1, false), ERR_OK);
    CU_ASSERT_EQUAL(mqtt_publish(other.mqtt, "t/a", SPAN_LIT("2"), 1, false), ERR_OK);
    CU_ASSERT(test_until_count(b.loop, &c.messages, 1));
    CU_ASSERT_PTR_NULL(c.mqtt);

    connect_tcp(&c, &b);
    c.delete_when_down = true;
    CU_ASSERT(test_until_count(b.loop, &c.ups, 1));
    broker_kill(b.broker);
    CU_ASSERT(test_until_count(b.loop, &c.downs, 1));
    CU_ASSERT_PTR_NULL(c.mqtt);
    test_turn_for(b.loop, 20000);
    drop(&other);
    connect_tcp(&c, &b);
    drop(&c); /* before it did anything */
    bench_free(&b);
}

static void test_bad_options(void)
{
    struct bench b;
    struct mqtt *m = NULL;
    const struct mqtt_handler handler = {0};
    const char *why = "";

    bench_init(&b);
    struct mqtt_options options = {.url = "mqtt://h:p@host"};
    CU_ASSERT_EQUAL(mqtt_new(b.loop, &options, &handler, &m, &why), ERR_USAGE);
    CU_ASSERT_EQUAL(mqtt_new(b.loop, &options, &handler, &m, NULL), ERR_USAGE);
    options = (struct mqtt_options){.url = "mqtt://h", .will_topic = "a/#"};
    CU_ASSERT_EQUAL(mqtt_new(b.loop, &options, &handler, &m, &why), ERR_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "will"));
    options = (struct mqtt_options){.url = "mqtt://h", .keepalive_s = 70000};
    CU_ASSERT_EQUAL(mqtt_new(b.loop, &options, &handler, &m, &why), ERR_USAGE);
    options = (struct mqtt_options){.url = "mqtts://h", .ca_file = "/no/such/ca.pem"};
    CU_ASSERT_EQUAL(mqtt_new(b.loop, &options, &handler, &m, &why), ERR_NOT_FOUND);
    CU_ASSERT_STRING_EQUAL(why, "the CA file cannot be read");
    options = (struct mqtt_options){.url = "mqtts://h", .cert_file = "/dev/null"};
    CU_ASSERT_EQUAL(mqtt_new(b.loop, &options, &handler, &m, &why), ERR_USAGE);
    char path[96];
    test_path(path, sizeof path, b.folder, "empty.pem");
    CU_ASSERT(test_write_file(path, "nothing\n"));
    options = (struct mqtt_options){.url = "mqtts://h", .ca_file = path};
    CU_ASSERT_EQUAL(mqtt_new(b.loop, &options, &handler, &m, &why), ERR_SYNTAX);
    CU_ASSERT_PTR_NULL(m);
    bench_free(&b);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"publish and subscribe, TCP and unix socket", test_publish_and_subscribe},
        {"one connection for all messages", test_one_connection},
        {"broker killed and restarted, no burst", test_broker_restarts},
        {"broker not there at start", test_broker_not_there_at_start},
        {"broker: own failures", test_broker_failures},
        {"wrong password; refused by ACL", test_password_and_acl},
        {"will on kill -9 only", test_will},
        {"client ids", test_client_ids},
        {"frozen broker, bounded queue", test_frozen_broker},
        {"3.1.1 broker", test_old_broker},
        {"taken over by the same client id", test_taken_over},
        {"silent broker does not block the loop", test_silent_broker},
        {"dead port, unknown host, back-off", test_dead_port_and_back_off},
        {"deleted in callbacks", test_deleted_in_callbacks},
        {"bad options", test_bad_options},
        {0},
    };
    return testing_main(argc, argv, "mqtt", cases);
}
