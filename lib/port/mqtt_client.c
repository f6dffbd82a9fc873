/* SPDX-License-Identifier: Apache-2.0
 *
 * One attempt at a connection: libmosquitto 2.0 driven from our loop.
 *
 * Traps of its external loop, as found in 2.0.11: a TLS handshake is continued by
 * mosquitto_loop_read() only, also when it waits to write; a handshake that ends in a socket error
 * reports success for ever; sockets are not close-on-exec; a client must not be destroyed from its
 * own callbacks.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqtt_protocol.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "port/mqtt_priv.h"

enum { PEER_TIMEOUT_MS = 10000 };

/* ---- reasons ---- */

void mqtt_set_reason(struct mqtt *m, enum err why, const char *format, ...)
{
    va_list args;

    if (m->why != ERR_OK)
        return;
    m->why = why;
    va_start(args, format);
    vsnprintf(m->text, sizeof m->text, format, args);
    va_end(args);
}

enum err mqtt_err_of(int mosq_code)
{
    switch (mosq_code) {
    case MOSQ_ERR_SUCCESS: return ERR_OK;
    case MOSQ_ERR_NOMEM: return ERR_MEMORY;
    case MOSQ_ERR_INVAL:
    case MOSQ_ERR_MALFORMED_UTF8: return ERR_USAGE;
    case MOSQ_ERR_PAYLOAD_SIZE:
    case MOSQ_ERR_OVERSIZE_PACKET: return ERR_SPACE;
    case MOSQ_ERR_QOS_NOT_SUPPORTED:
    case MOSQ_ERR_NOT_SUPPORTED: return ERR_UNSUPPORTED;
    case MOSQ_ERR_KEEPALIVE: return ERR_TIMEOUT;
    default: return ERR_CLOSED;
    }
}

/* CONNACK codes of 3.1.1 (1 to 5) and 5 (from 0x80). */
static enum err err_of_connack(int code)
{
    switch (code) {
    case 4:
    case 5:
    case MQTT_RC_BAD_USERNAME_OR_PASSWORD:
    case MQTT_RC_NOT_AUTHORIZED:
    case MQTT_RC_BANNED: return ERR_DENIED;
    case 3:
    case MQTT_RC_SERVER_UNAVAILABLE:
    case MQTT_RC_SERVER_BUSY: return ERR_BUSY;
    case 1:
    case MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION: return ERR_UNSUPPORTED;
    default: return ERR_REFUSED;
    }
}

static const char *connack_text(int code)
{
    return code < 0x80 ? mosquitto_connack_string(code) : mosquitto_reason_string(code);
}

/* ---- libmosquitto's callbacks ---- */

static void on_connect(struct mosquitto *mosq, void *ctx, int code, int flags,
                       const mosquitto_property *properties)
{
    struct mqtt *m = ctx;
    uint16_t keepalive;

    (void)mosq;
    (void)flags;
    if (code == 0) {
        if (mosquitto_property_read_int16(properties, MQTT_PROP_SERVER_KEEP_ALIVE, &keepalive,
                                          false) != NULL)
            m->keepalive_s = keepalive;
        mqtt_came_up(m);
        return;
    }
    if (!m->v311 && (code == 1 || code == MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION)) {
        m->v311 = true;
        m->again_now = true;
    }
    mqtt_set_reason(m, err_of_connack(code), "refused: %s", connack_text(code));
}

static void on_disconnect(struct mosquitto *mosq, void *ctx, int code,
                          const mosquitto_property *properties)
{
    struct mqtt *m = ctx;

    (void)mosq;
    (void)properties;
    if (code == MQTT_RC_SESSION_TAKEN_OVER)
        mqtt_set_reason(m, ERR_BUSY, "another client came with the same client id");
    else if (code >= 0x80)
        mqtt_set_reason(m, ERR_CLOSED, "closed by the broker: %s", mosquitto_reason_string(code));
    else if (code == MOSQ_ERR_KEEPALIVE)
        mqtt_set_reason(m, ERR_TIMEOUT, "the broker does not answer");
}

static void on_message(struct mosquitto *mosq, void *ctx, const struct mosquitto_message *message,
                       const mosquitto_property *properties)
{
    struct mqtt *m = ctx;
    const struct mqtt_message out = {
        .topic = message->topic,
        .payload = span_of(message->payload, (size_t)message->payloadlen),
        .qos = message->qos,
        .retain = message->retain,
    };

    (void)mosq;
    (void)properties;
    if (!m->deleted && m->handler.on_message != NULL)
        m->handler.on_message(m->handler.ctx, &out, m->read_us);
}

static void tell_refused(struct mqtt *m, const char *topic, int reason)
{
    if (!m->deleted && m->handler.on_refused != NULL)
        m->handler.on_refused(m->handler.ctx, topic, reason);
}

static void on_publish(struct mosquitto *mosq, void *ctx, int mid, int reason,
                       const mosquitto_property *properties)
{
    struct mqtt *m = ctx;

    (void)mosq;
    (void)properties;
    for (size_t i = 0; i < MQTT_FLIGHTS_MAX; i++) {
        struct mqtt_flight *f = &m->flights[i];
        if (f->mid != mid)
            continue;
        f->mid = 0;
        if (reason >= 0x80)
            tell_refused(m, f->topic, reason);
        return;
    }
}

static void on_subscribe(struct mosquitto *mosq, void *ctx, int mid, int n, const int *granted,
                         const mosquitto_property *properties)
{
    struct mqtt *m = ctx;

    (void)mosq;
    (void)properties;
    for (size_t i = 0; i < m->n_subs; i++) {
        if (m->subs[i].mid != mid)
            continue;
        m->subs[i].mid = 0;
        if (n > 0 && granted[0] >= 0x80)
            tell_refused(m, m->subs[i].filter, granted[0]);
        return;
    }
}

/* ---- the socket ---- */

void mqtt_client_want(struct mqtt *m)
{
    unsigned events = LOOP_READ;

    if (m->io == NULL)
        return;
    if (!m->reached) /* the first sign of a TCP connection is that it can be written to */
        events |= LOOP_WRITE;
    else if ((m->tls == NULL || mqtt_tls_ready(m->tls)) && mosquitto_want_write(m->mosq))
        events |= LOOP_WRITE;
    if ((events & LOOP_WRITE) == 0)
        m->waiting = 0;
    loop_io_want(m->io, events);
}

static void set_handshake_reason(struct mqtt *m)
{
    const char *problem = mqtt_tls_problem(m->tls);

    if (problem != NULL)
        mqtt_set_reason(m, ERR_DENIED, "%s", problem);
    else
        mqtt_set_reason(m, ERR_REFUSED, "TLS handshake failed (does the port speak TLS?)");
}

/* What connect(2) came to. A peer that does not speak TLS may have hung up on our greeting before
 * we look for the first time. */
static bool reach(struct mqtt *m)
{
    int error = 0;
    socklen_t n = sizeof error;

    if (getsockopt(mosquitto_socket(m->mosq), SOL_SOCKET, SO_ERROR, &error, &n) != 0)
        error = errno;
    if (error == 0)
        m->reached = true;
    else if (m->tls != NULL && (error == ECONNRESET || error == EPIPE))
        set_handshake_reason(m);
    else
        mqtt_set_reason(m, err_from_errno(error), "%s", strerror(error));
    return error == 0;
}

/* A handshake whose connection is gone: nothing more will come, and libmosquitto does not say so.
 */
static bool handshake_is_dead(const struct mqtt *m)
{
    char byte;

    if (m->tls == NULL || mqtt_tls_ready(m->tls) || mosquitto_socket(m->mosq) < 0)
        return false;
    ssize_t n = recv(mosquitto_socket(m->mosq), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static bool drive(struct mqtt *m, unsigned events)
{
    int code = MOSQ_ERR_SUCCESS;
    bool shaking_hands = m->tls != NULL && !mqtt_tls_ready(m->tls);

    if (shaking_hands || (events & (LOOP_READ | LOOP_ERROR)) != 0)
        code = mosquitto_loop_read(m->mosq, 1);
    if (code == MOSQ_ERR_SUCCESS && !shaking_hands && (events & LOOP_WRITE) != 0 &&
        mosquitto_socket(m->mosq) >= 0)
        code = mosquitto_loop_write(m->mosq, 1);
    if (code == MOSQ_ERR_SUCCESS && mosquitto_socket(m->mosq) >= 0 && !handshake_is_dead(m))
        return true;
    if (shaking_hands)
        set_handshake_reason(m);
    else
        mqtt_set_reason(m, ERR_CLOSED, "connection lost");
    return false;
}

static void on_io(void *ctx, unsigned events)
{
    struct mqtt *m = ctx;

    mqtt_enter(m);
    m->read_us = loop_now(m->loop);
    if ((events & LOOP_READ) != 0)
        m->heard_us = m->read_us;
    if ((m->reached || reach(m)) && drive(m, events))
        mqtt_client_want(m);
    else if (!m->deleted)
        mqtt_end_attempt(m);
    mqtt_leave(m);
}

static enum err watch(struct mqtt *m)
{
    int fd = mosquitto_socket(m->mosq);
    const int timeout = PEER_TIMEOUT_MS;

    if (fd < 0)
        return ERR_CLOSED;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (!m->url.unix_socket)
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
    enum err e = loop_io_new(m->loop, fd, LOOP_READ | LOOP_WRITE, on_io, m, &m->io);
    if (e == ERR_OK)
        mqtt_client_want(m);
    return e;
}

/* ---- start and stop ---- */

static int set_up(struct mqtt *m)
{
    const struct mqtt_settings *set = &m->set;
    int code = mosquitto_int_option(m->mosq, MOSQ_OPT_PROTOCOL_VERSION,
                                    m->v311 ? MQTT_PROTOCOL_V311 : MQTT_PROTOCOL_V5);

    if (code == MOSQ_ERR_SUCCESS && !m->url.unix_socket)
        code = mosquitto_int_option(m->mosq, MOSQ_OPT_TCP_NODELAY, 1);
    if (code == MOSQ_ERR_SUCCESS && set->user != NULL)
        code = mosquitto_username_pw_set(m->mosq, set->user, set->password);
    if (code == MOSQ_ERR_SUCCESS && set->will_topic != NULL)
        code = mosquitto_will_set(m->mosq, set->will_topic, (int)set->will_n, set->will,
                                  set->will_qos, set->will_retain);
    mosquitto_connect_v5_callback_set(m->mosq, on_connect);
    mosquitto_disconnect_v5_callback_set(m->mosq, on_disconnect);
    mosquitto_message_v5_callback_set(m->mosq, on_message);
    mosquitto_publish_v5_callback_set(m->mosq, on_publish);
    mosquitto_subscribe_v5_callback_set(m->mosq, on_subscribe);
    return code;
}

enum err mqtt_client_start(struct mqtt *m, const char *host)
{
    m->reached = false;
    m->was_up = false;
    m->broken = false;
    m->waiting = 0;
    m->keepalive_s = m->set.keepalive_s;
    memset(m->flights, 0, sizeof m->flights);
    m->mosq = mosquitto_new(m->set.client_id, true, m);
    if (m->mosq == NULL)
        return ERR_MEMORY;
    int code = set_up(m);
    if (code != MOSQ_ERR_SUCCESS)
        return mqtt_err_of(code);
    if (m->tls != NULL) {
        enum err e = mqtt_tls_attach(m->tls, m->mosq);
        if (e != ERR_OK)
            return e;
    }
    errno = 0;
    code = mosquitto_connect_async(m->mosq, host, m->url.port, (int)m->set.keepalive_s);
    if (code == MOSQ_ERR_ERRNO && errno != 0) {
        int number = errno;
        mqtt_set_reason(m, err_from_errno(number), "%s", strerror(number));
        return m->why;
    }
    if (code == MOSQ_ERR_TLS) /* the broker was that fast */
        set_handshake_reason(m);
    return code == MOSQ_ERR_SUCCESS ? watch(m) : mqtt_err_of(code);
}

void mqtt_client_stop(struct mqtt *m)
{
    if (m->mosq == NULL)
        return;
    loop_io_delete(m->io); /* before libmosquitto closes the descriptor */
    m->io = NULL;
    if (m->phase == MQTT_UP && !m->broken)
        mosquitto_disconnect(m->mosq); /* so that the broker keeps the will to itself */
    mosquitto_destroy(m->mosq);
    m->mosq = NULL;
}
