/* SPDX-License-Identifier: Apache-2.0
 *
 * One MQTT connection on the loop (libmosquitto's external loop): MQTT 5 where the broker has it,
 * else 3.1.1; TLS; TCP_NODELAY; reconnect for ever with capped back-off and jitter; names resolved
 * without blocking. Nothing is queued while disconnected: mqtt_publish says ERR_CLOSED, so no old
 * value can leave in a burst after an outage.
 *
 * URLs: mqtt://[user@]host[:1883], mqtts://[user@]host[:8883], unix:/path/to/socket
 */
#ifndef PORT_MQTT_H
#define PORT_MQTT_H

#include "base/log.h"
#include "base/loop.h"
#include "base/span.h"

struct mqtt;

struct mqtt_message {
    const char *topic;
    struct span payload;
    int qos;
    bool retain; /* as the publisher set it (retain-as-published) with MQTT 5 */
};

struct mqtt_handler {
    void (*on_connected)(void *ctx); /* may be NULL */
    /* The connection was lost, or an attempt at one has failed; the next follows by itself.
     * ERR_DENIED credentials or certificate, ERR_TIMEOUT, ERR_REFUSED, ERR_BUSY the broker is full
     * or another client came with the same id, ERR_NOT_FOUND no such host. May be NULL */
    void (*on_disconnected)(void *ctx, enum err why, const char *text);
    void (*on_message)(void *ctx, const struct mqtt_message *msg, uint64_t t_us); /* may be NULL */
    /* A publish of QoS 1 or 2 (MQTT 5 only) or a subscription that the broker refused, with its
     * reason code >= 0x80; may be NULL */
    void (*on_refused)(void *ctx, const char *topic, int reason);
    void *ctx;
};

struct mqtt_options {
    const char *url;
    const char *client_id; /* NULL: unique per host and process */
    const char *user;      /* NULL: from the URL, or none */
    const char *password;  /* never logged */
    const char *ca_file;   /* mqtts: NULL uses the system's */
    const char *cert_file; /* client certificate, with key_file */
    const char *key_file;
    unsigned keepalive_s;   /* 0: 10 */
    const char *will_topic; /* NULL: none; set before CONNECT */
    struct span will_payload;
    bool will_retain;
    int will_qos;
    uint64_t backoff_min_us; /* 0: 1 s; doubles to backoff_max_us (0: 15 s), each +-20 % */
    uint64_t backoff_max_us;
    uint64_t seed; /* of the jitter; 0: the process id */
    const struct log *log;
};

/* Checks the options and starts connecting; an unreachable broker is no error. ERR_USAGE for a bad
 * URL (*ret_why, may be NULL, says what), ERR_NOT_FOUND / ERR_DENIED for certificate files. */
enum err mqtt_new(struct loop *loop, const struct mqtt_options *options,
                  const struct mqtt_handler *handler, struct mqtt **ret, const char **ret_why);
/* Sends DISCONNECT (so that the will is not sent) when connected. */
void mqtt_delete(struct mqtt *mqtt);
bool mqtt_connected(const struct mqtt *mqtt);
bool mqtt_is_v5(const struct mqtt *mqtt);

/* ERR_CLOSED when not connected (nothing is queued), ERR_AGAIN when the socket is full and more
 * than `64 KiB` wait inside. */
enum err mqtt_publish(struct mqtt *mqtt, const char *topic, struct span payload, int qos,
                      bool retain);
/* Kept and repeated after each reconnect. */
enum err mqtt_subscribe(struct mqtt *mqtt, const char *filter, int qos);

/* The parts of a URL, for messages and for tools. */
struct mqtt_url {
    bool tls;
    bool unix_socket;
    char host[256]; /* or the socket's path */
    uint16_t port;
    char user[64];
};
enum err mqtt_url_parse(const char *text, struct mqtt_url *ret, const char **ret_why);

#endif
