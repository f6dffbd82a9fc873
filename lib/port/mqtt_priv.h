/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of an MQTT connection. Every attempt uses a fresh libmosquitto client: nothing of the
 * last one (queued messages, packets in flight, the protocol version) can reach the next.
 */
#ifndef PORT_MQTT_PRIV_H
#define PORT_MQTT_PRIV_H

#include <mosquitto.h>

#include "port/mqtt.h"
#include "port/mqtt_tls.h"

#define MQTT_WAITING_MAX 65536U
#define MQTT_TOPIC_MAX   256U
#define MQTT_FLIGHTS_MAX 64U

enum mqtt_phase {
    MQTT_RESTING,    /* until the next attempt */
    MQTT_LOOKING_UP, /* the broker's name */
    MQTT_DIALING,    /* up to CONNACK */
    MQTT_UP,
};

struct mqtt_sub {
    char *filter;
    int qos;
    int mid; /* of the SUBSCRIBE under way; 0: none */
};

/* A publish with QoS 1 or 2 that the broker has not answered yet. */
struct mqtt_flight {
    int mid; /* 0: free */
    char topic[MQTT_TOPIC_MAX];
};

/* Copies of the user's options. */
struct mqtt_settings {
    char *client_id, *user, *password, *will_topic;
    uint8_t *will;
    size_t will_n;
    int will_qos;
    bool will_retain;
    unsigned keepalive_s;
    uint64_t backoff_min_us, backoff_max_us;
    uint64_t seed;
    const struct log *log;
};

struct mqtt {
    struct loop *loop;
    struct mqtt_handler handler;
    struct mqtt_settings set;
    struct mqtt_url url;
    struct mqtt_tls *tls; /* NULL: plain */
    struct mqtt_sub *subs;
    size_t n_subs;

    enum mqtt_phase phase;
    struct loop_timer *timer; /* the retry, the deadline or the tick, by phase */
    struct loop_lookup *lookup;
    struct mosquitto *mosq;
    struct loop_io *io;
    bool reached;     /* the TCP connection stands */
    bool was_up;      /* this attempt got its CONNACK */
    bool broken;      /* found out while publishing; the timer cleans up */
    uint64_t read_us; /* when the bytes at hand became readable */
    uint64_t heard_us;
    uint64_t up_us;
    unsigned keepalive_s; /* in force: the broker may have another */
    size_t waiting;       /* bytes handed over since the socket took everything */
    struct mqtt_flight flights[MQTT_FLIGHTS_MAX];

    bool v311;        /* to be tried, or in use */
    bool v311_proven; /* it is the broker's only one */
    unsigned failures;
    uint64_t attempts;
    struct log_limit quiet;
    enum err why; /* of the end that is coming; ERR_OK: not known yet */
    char text[200];
    bool again_now; /* with the other protocol version, without a rest */

    unsigned depth; /* callbacks running */
    bool deleted;   /* memory goes when depth is 0 */
};

/* mqtt_client.c: one attempt */

/* Makes the libmosquitto client and starts to connect to `host` (an address, or a socket's path).
 */
enum err mqtt_client_start(struct mqtt *m, const char *host);
void mqtt_client_stop(struct mqtt *m); /* says DISCONNECT when connected; frees the client */
void mqtt_client_want(struct mqtt *m); /* watches for what libmosquitto waits for */
enum err mqtt_err_of(int mosq_code);
/* Remembers why the connection is ending, unless that is known already. */
void mqtt_set_reason(struct mqtt *m, enum err why, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* mqtt.c: what an attempt reports back */

void mqtt_enter(struct mqtt *m);
void mqtt_leave(struct mqtt *m); /* the last use of m */
void mqtt_came_up(struct mqtt *m);
void mqtt_subscribe_one(struct mqtt *m, struct mqtt_sub *sub);
void mqtt_end_attempt(struct mqtt *m);

#endif
