/* SPDX-License-Identifier: Apache-2.0
 *
 * What the MQTT tests share: a broker of their own and clients that count what they are told.
 */
#ifndef PORT_TEST_MQTT_BENCH_H
#define PORT_TEST_MQTT_BENCH_H

#include "port/broker.h"
#include "port/mqtt.h"

struct bench {
    struct loop *loop;
    char folder[64];
    struct broker *broker;
    unsigned ready, failed;
    enum err why;
    char text[256];
};

void bench_init(struct bench *b);
enum err start_broker(struct bench *b, uint16_t port, const char *extra);
/* Both of the above, and waits until the broker is ready. False, and the test is skipped, without
 * mosquitto. */
bool bench_start(struct bench *b, const char *extra);
void bench_free(struct bench *b);

struct client {
    struct mqtt *mqtt;
    unsigned ups, downs, messages, refusals;
    enum err why;
    char text[200];
    char topic[64], payload[64];
    bool retain;
    uint64_t t_us;
    int reason;
    bool delete_when_up, delete_when_down, delete_on_message, publish_when_up;
};

/* Back-off is short unless the options say otherwise. `c` must be zeroed. */
void connect_with(struct client *c, struct loop *loop, struct mqtt_options *options);
void connect_tcp(struct client *c, const struct bench *b);
void connect_unix(struct client *c, const struct bench *b);
void drop(struct client *c);
/* "scheme://host:port" into out[128]. */
const char *url_of(char *out, const char *scheme, const char *host, uint16_t port);
/* Publishes through one client and waits until the other has it. */
void pass(const struct bench *b, struct client *from, struct client *to, const char *topic,
          const char *payload, int qos);
/* Subscribes and waits until messages really come. */
void subscribe(const struct bench *b, struct client *c, const char *filter);
void wait_subscribed(const struct bench *b, struct client *c);

#endif
