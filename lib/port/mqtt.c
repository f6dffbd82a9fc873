/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of an MQTT connection: rest, look the name up, dial, be up, and again.
 */
#define _GNU_SOURCE
#include "port/mqtt.h"

#include <mqtt_protocol.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port/mqtt_priv.h"

#define DIAL_US         (5 * US_PER_S)
#define TICK_US         US_PER_S
#define REFUSED_REST_US (5 * US_PER_S) /* a GX device bans clients that insist */
#define LOG_PERIOD_US   (60 * US_PER_S)

enum { KEEPALIVE_S = 10, KEEPALIVE_MIN_S = 5 }; /* libmosquitto refuses less */

/* ---- rests ---- */

/* Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014 (SplitMix64). */
static uint64_t mix(uint64_t x)
{
    x += 0x9E3779B97F4A7C15U;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
    return x ^ (x >> 31);
}

/* Doubles with every failure in a row, +-20 % so that many bridges do not come back in step, and
 * never longer than the longest. */
static uint64_t rest_us(const struct mqtt *m)
{
    uint64_t us = m->set.backoff_min_us;

    for (unsigned i = 1; i < m->failures && us < m->set.backoff_max_us; i++)
        us *= 2;
    us = deadline_min(us, m->set.backoff_max_us);
    us = us / 100U * (80U + mix(m->set.seed ^ m->attempts) % 41U);
    if (m->why == ERR_DENIED && us < REFUSED_REST_US)
        us = REFUSED_REST_US;
    return deadline_min(us, m->set.backoff_max_us);
}

/* ---- ends ---- */

void mqtt_enter(struct mqtt *m)
{
    m->depth++;
}

static void release(struct mqtt *m)
{
    mqtt_client_stop(m);
    mqtt_tls_delete(m->tls);
    for (size_t i = 0; i < m->n_subs; i++)
        free(m->subs[i].filter);
    free(m->subs);
    free(m->set.client_id);
    free(m->set.user);
    free(m->set.password);
    free(m->set.will_topic);
    free(m->set.will);
    free(m);
    mosquitto_lib_cleanup();
}

void mqtt_leave(struct mqtt *m)
{
    m->depth--;
    if (m->depth == 0 && m->deleted)
        release(m);
}

static void log_end(struct mqtt *m)
{
    unsigned missed;
    uint64_t now = loop_now(m->loop);

    if (!m->was_up && !log_limit_ok(&m->quiet, now, LOG_PERIOD_US, &missed))
        return;
    log_msg(m->set.log, LOG_WARN, "mqtt", "broker=%s port=%u %s=\"%s\" attempts=%llu", m->url.host,
            (unsigned)m->url.port, m->was_up ? "lost" : "unreachable", m->text,
            (unsigned long long)m->attempts);
}

/* A version 3.1.1 broker may simply hang up on a version 5 CONNECT. */
static void choose_version(struct mqtt *m)
{
    if (m->was_up)
        m->v311_proven = m->v311;
    else if (m->reached && m->why == ERR_CLOSED && !m->v311_proven)
        m->v311 = !m->v311;
}

void mqtt_end_attempt(struct mqtt *m)
{
    mqtt_set_reason(m, ERR_CLOSED, "connection lost");
    m->phase = MQTT_RESTING;
    mqtt_client_stop(m);
    bool again_now = m->again_now;
    m->again_now = false;
    if (again_now) {
        loop_timer_at(m->timer, loop_now(m->loop));
        return;
    }
    choose_version(m);
    /* A connection that did not last is a failure too: two clients that take each other's place
     * must calm down. */
    if (m->was_up && loop_now(m->loop) - m->up_us >= m->set.backoff_max_us)
        m->failures = 0;
    m->failures++;
    loop_timer_after(m->timer, rest_us(m));
    log_end(m);
    if (!m->deleted && m->handler.on_disconnected != NULL)
        m->handler.on_disconnected(m->handler.ctx, m->why, m->text);
}

/* ---- attempts ---- */

static void dial(struct mqtt *m, const char *host)
{
    m->phase = MQTT_DIALING;
    enum err e = mqtt_client_start(m, host);
    if (e == ERR_OK)
        return;
    mqtt_set_reason(m, e, "%s", err_text(e));
    mqtt_end_attempt(m);
}

static void on_address(void *ctx, enum err err, const struct loop_addr *addr)
{
    struct mqtt *m = ctx;
    char host[NI_MAXHOST];

    mqtt_enter(m);
    m->lookup = NULL;
    if (err != ERR_OK) {
        mqtt_set_reason(m, err, "host name: %s", err_text(err));
        mqtt_end_attempt(m);
    } else if (getnameinfo((const struct sockaddr *)&addr->addr, addr->len, host, sizeof host, NULL,
                           0, NI_NUMERICHOST) != 0) {
        mqtt_set_reason(m, ERR_UNSUPPORTED, "address family");
        mqtt_end_attempt(m);
    } else {
        dial(m, host);
    }
    mqtt_leave(m);
}

static void start_attempt(struct mqtt *m)
{
    m->attempts++;
    m->why = ERR_OK;
    m->text[0] = '\0';
    m->reached = false;
    m->was_up = false;
    loop_timer_after(m->timer, DIAL_US);
    if (m->url.unix_socket) {
        dial(m, m->url.host);
        return;
    }
    m->phase = MQTT_LOOKING_UP;
    enum err e = loop_lookup_new(m->loop, m->url.host, m->url.port, on_address, m, &m->lookup);
    if (e == ERR_OK)
        return;
    mqtt_set_reason(m, e, "host name: %s", err_text(e));
    mqtt_end_attempt(m);
}

/* Half a keepalive after libmosquitto's ping, in which a living broker has answered. */
static void tick(struct mqtt *m)
{
    uint64_t patience = (uint64_t)m->keepalive_s * US_PER_S * 3U / 2U;

    if (m->keepalive_s != 0 && loop_now(m->loop) - m->heard_us >= patience)
        mqtt_set_reason(m, ERR_TIMEOUT, "the broker does not answer");
    else if (!m->broken && mosquitto_loop_misc(m->mosq) == MOSQ_ERR_SUCCESS) {
        mqtt_client_want(m);
        return;
    }
    m->broken = true; /* too late for a DISCONNECT */
    mqtt_end_attempt(m);
}

static void on_timer(void *ctx)
{
    struct mqtt *m = ctx;

    mqtt_enter(m);
    switch (m->phase) {
    case MQTT_RESTING: start_attempt(m); break;
    case MQTT_LOOKING_UP:
        loop_lookup_delete(m->lookup);
        m->lookup = NULL;
        mqtt_set_reason(m, ERR_TIMEOUT, "the resolver does not answer");
        mqtt_end_attempt(m);
        break;
    case MQTT_DIALING:
        mqtt_set_reason(m, ERR_TIMEOUT, "no answer within 5 s");
        mqtt_end_attempt(m);
        break;
    case MQTT_UP: tick(m); break;
    }
    mqtt_leave(m);
}

void mqtt_came_up(struct mqtt *m)
{
    m->phase = MQTT_UP;
    m->was_up = true;
    m->up_us = loop_now(m->loop);
    m->heard_us = m->up_us;
    m->quiet = (struct log_limit){0};
    loop_timer_every(m->timer, m->up_us + TICK_US, TICK_US);
    log_msg(m->set.log, LOG_INFO, "mqtt", "broker=%s port=%u connected id=%s version=%s",
            m->url.host, (unsigned)m->url.port, m->set.client_id, m->v311 ? "3.1.1" : "5");
    for (size_t i = 0; i < m->n_subs; i++)
        mqtt_subscribe_one(m, &m->subs[i]);
    if (!m->deleted && m->handler.on_connected != NULL)
        m->handler.on_connected(m->handler.ctx);
}

/* ---- messages ---- */

static size_t free_flight(const struct mqtt *m)
{
    size_t i = 0;

    while (i < MQTT_FLIGHTS_MAX && m->flights[i].mid != 0)
        i++;
    return i;
}

/* The connection broke under our hands: the loop cleans up, never the caller's call. */
static enum err note_broken(struct mqtt *m)
{
    m->broken = true;
    loop_timer_at(m->timer, loop_now(m->loop));
    return ERR_CLOSED;
}

enum err mqtt_publish(struct mqtt *m, const char *topic, struct span payload, int qos, bool retain)
{
    size_t size = strlen(topic) + payload.n;
    size_t flight = 0;
    int mid = 0;

    if (m->phase != MQTT_UP || m->broken)
        return ERR_CLOSED;
    if (strlen(topic) >= MQTT_TOPIC_MAX || payload.n > INT32_MAX)
        return ERR_RANGE;
    if (!mosquitto_want_write(m->mosq))
        m->waiting = 0;
    else if (m->waiting + size > MQTT_WAITING_MAX)
        return ERR_AGAIN;
    if (qos > 0 && (flight = free_flight(m)) == MQTT_FLIGHTS_MAX)
        return ERR_AGAIN;
    int code = mosquitto_publish(m->mosq, &mid, topic, (int)payload.n, payload.p, qos, retain);
    enum err e = mqtt_err_of(code);
    if (e == ERR_CLOSED)
        return note_broken(m);
    if (e != ERR_OK)
        return e;
    if (qos > 0) {
        m->flights[flight].mid = mid;
        span_to_str(span_str(topic), m->flights[flight].topic, MQTT_TOPIC_MAX);
    }
    m->waiting += size;
    mqtt_client_want(m);
    return ERR_OK;
}

void mqtt_subscribe_one(struct mqtt *m, struct mqtt_sub *sub)
{
    int options = m->v311 ? 0 : MQTT_SUB_OPT_RETAIN_AS_PUBLISHED;
    int code = mosquitto_subscribe_v5(m->mosq, &sub->mid, sub->filter, sub->qos, options, NULL);

    if (mqtt_err_of(code) == ERR_CLOSED)
        note_broken(m);
    else
        mqtt_client_want(m);
}

enum err mqtt_subscribe(struct mqtt *m, const char *filter, int qos)
{
    if (qos < 0 || qos > 2 || mosquitto_sub_topic_check(filter) != MOSQ_ERR_SUCCESS)
        return ERR_USAGE;
    struct mqtt_sub *subs = realloc(m->subs, (m->n_subs + 1) * sizeof *subs);
    if (subs == NULL)
        return ERR_MEMORY;
    m->subs = subs;
    struct mqtt_sub *sub = &subs[m->n_subs];
    *sub = (struct mqtt_sub){.filter = strdup(filter), .qos = qos};
    if (sub->filter == NULL)
        return ERR_MEMORY;
    m->n_subs++;
    if (m->phase == MQTT_UP && !m->broken)
        mqtt_subscribe_one(m, sub);
    return ERR_OK;
}

bool mqtt_connected(const struct mqtt *m)
{
    return m->phase == MQTT_UP && !m->broken;
}

bool mqtt_is_v5(const struct mqtt *m)
{
    return m->phase == MQTT_UP && !m->v311;
}

/* ---- making one ---- */

static bool copy_text(char **ret, const char *text)
{
    *ret = text != NULL ? strdup(text) : NULL;
    return text == NULL || *ret != NULL;
}

/* "bms-HOST-PID-n": n tells the connections of one process apart. */
static void make_client_id(const struct mqtt *m, char *out, size_t cap)
{
    char host[65] = "host";
    struct buf b = buf_of(out, cap - 1);

    gethostname(host, sizeof host - 1);
    host[16] = '\0';
    buf_printf(&b, "bms-%s-%ld-%x", host, (long)getpid(),
               (unsigned)(mix((uint64_t)(uintptr_t)m) & 0xFFFFFFU));
    buf_u8(&b, 0);
}

static enum err copy_settings(struct mqtt *m, const struct mqtt_options *options)
{
    struct mqtt_settings *set = &m->set;
    const char *user = options->user != NULL ? options->user : m->url.user;
    char id[64];

    make_client_id(m, id, sizeof id);
    set->keepalive_s = options->keepalive_s != 0 ? options->keepalive_s : KEEPALIVE_S;
    if (set->keepalive_s < KEEPALIVE_MIN_S)
        set->keepalive_s = KEEPALIVE_MIN_S;
    set->backoff_min_us = options->backoff_min_us != 0 ? options->backoff_min_us : US_PER_S;
    set->backoff_max_us = options->backoff_max_us != 0 ? options->backoff_max_us : 15 * US_PER_S;
    set->seed = options->seed != 0 ? options->seed : (uint64_t)getpid();
    set->log = options->log;
    set->will_qos = options->will_qos;
    set->will_retain = options->will_retain;
    set->will_n = options->will_payload.n;
    set->will = malloc(set->will_n + 1);
    if (set->will == NULL ||
        !copy_text(&set->client_id, options->client_id != NULL ? options->client_id : id) ||
        !copy_text(&set->user, user[0] != '\0' ? user : NULL) ||
        !copy_text(&set->password, options->password) ||
        !copy_text(&set->will_topic, options->will_topic))
        return ERR_MEMORY;
    if (set->will_n > 0)
        memcpy(set->will, options->will_payload.p, set->will_n);
    return ERR_OK;
}

static enum err check(const struct mqtt_options *options, const char **ret_why)
{
    *ret_why = "";
    if (options->keepalive_s > UINT16_MAX)
        *ret_why = "the keepalive is at most 65535 s";
    else if (options->will_qos < 0 || options->will_qos > 2)
        *ret_why = "a QoS is 0, 1 or 2";
    else if (options->will_topic != NULL &&
             mosquitto_pub_topic_check(options->will_topic) != MOSQ_ERR_SUCCESS)
        *ret_why = "the will's topic is empty or has wildcards";
    else if (options->client_id != NULL && options->client_id[0] == '\0')
        *ret_why = "the client id is empty";
    return (*ret_why)[0] == '\0' ? ERR_OK : ERR_USAGE;
}

enum err mqtt_new(struct loop *loop, const struct mqtt_options *options,
                  const struct mqtt_handler *handler, struct mqtt **ret, const char **ret_why)
{
    const char *why;

    if (ret_why == NULL)
        ret_why = &why;
    enum err e = check(options, ret_why);
    if (e != ERR_OK)
        return e;
    struct mqtt *m = calloc(1, sizeof *m);
    if (m == NULL)
        return ERR_MEMORY;
    mosquitto_lib_init();
    m->loop = loop;
    m->handler = *handler;
    e = mqtt_url_parse(options->url, &m->url, ret_why);
    if (e == ERR_OK)
        e = copy_settings(m, options);
    if (e == ERR_OK && m->url.tls)
        e = mqtt_tls_new(m->url.host, options, &m->tls, ret_why);
    if (e == ERR_OK)
        e = loop_timer_new(loop, on_timer, m, &m->timer);
    if (e != ERR_OK) {
        release(m);
        return e;
    }
    loop_timer_at(m->timer, loop_now(loop));
    *ret = m;
    return ERR_OK;
}

void mqtt_delete(struct mqtt *m)
{
    if (m == NULL || m->deleted)
        return;
    m->deleted = true;
    loop_timer_delete(m->timer);
    loop_lookup_delete(m->lookup);
    m->lookup = NULL;
    if (m->depth == 0)
        release(m);
}
