/* SPDX-License-Identifier: Apache-2.0
 *
 * The ends of the sinks: CAN buses and MQTT connections.
 */
#include "bridge/app_priv.h"

/* ---- CAN ---- */

/* A bus with a fault is left alone for longer each time: a controller that shouts on a broken bus
 * helps nobody. */
static const uint64_t restart_min_us = US_PER_S, restart_max_us = 30 * US_PER_S;

/* Error frames come from the controller, hundreds a second on a broken bus. They are no data. */
static void tell_error(struct app_can *c, const struct can_msg *msg, uint64_t now_us)
{
    unsigned missed = 0;

    if (log_limit_ok(&c->limit_error, now_us, 10 * US_PER_S, &missed))
        log_msg(c->app->log, LOG_WARN, "can", "bus=%s error frame: %s (%u not shown)",
                c->config.name, can_error_text(msg), missed);
}

static void on_frame(void *ctx, const struct can_msg *msg, uint64_t t_us, bool own)
{
    struct app_can *c = ctx;

    (void)t_us;
    if (own)
        return;
    if (msg->error) {
        tell_error(c, msg, loop_now(c->app->loop));
        return;
    }
    sink_can_on_frame(&c->sink, msg, loop_now(c->app->loop));
    if (msg->id == pylon_can_keepalive_id(c->config.sink.dialect))
        app_settle(c->app);
}

static void on_state(void *ctx, enum can_state state)
{
    struct app_can *c = ctx;

    switch (state) {
    case CAN_UP:
        log_msg(c->app->log, LOG_INFO, "can", "bus=%s works again", c->config.name);
        c->restart_us = NEVER_US;
        c->restart_wait_us = restart_min_us;
        break;
    case CAN_DOWN: c->down = true; break;
    case CAN_ERROR_PASSIVE:
        log_msg(c->app->log, LOG_WARN, "can", "bus=%s error passive: nobody acknowledges",
                c->config.name);
        return;
    case CAN_BUS_OFF:
        log_msg(c->app->log, LOG_WARN, "can", "bus=%s bus-off; restarting it in %u s",
                c->config.name, (unsigned)(c->restart_wait_us / US_PER_S));
        c->restart_us = loop_now(c->app->loop) + c->restart_wait_us;
        break;
    }
    app_settle(c->app);
}

/* Beside the sink's own line, which says what failed. */
static void tell_remedy(struct app_can *c, enum err e)
{
    unsigned missed = 0;
    const char *bus = c->config.bus;

    if ((e != ERR_DENIED && e != ERR_CLOSED) ||
        !log_limit_ok(&c->limit_remedy, loop_now(c->app->loop), 60 * US_PER_S, &missed))
        return;
    if (e == ERR_DENIED)
        log_msg(c->app->log, LOG_WARN, "can",
                "bus=%s to set the bit rate of %s needs CAP_NET_ADMIN; or set it before: ip link "
                "set %s up type can bitrate %u",
                c->config.name, bus, bus, (unsigned)c->config.bitrate);
    else
        log_msg(c->app->log, LOG_WARN, "can", "bus=%s %s is down: ip link set %s up",
                c->config.name, bus, bus);
}

static enum err end_open(void *ctx)
{
    struct app_can *c = ctx;
    const struct can_handler handler = {.on_frame = on_frame, .on_state = on_state, .ctx = c};
    const struct can_options options = {.bitrate = c->config.bitrate};

    c->down = false;
    enum err e = can_open(c->app->loop, c->config.bus, &options, &handler, &c->can);
    tell_remedy(c, e);
    return e;
}

static void end_close(void *ctx)
{
    struct app_can *c = ctx;

    can_delete(c->can);
    c->can = NULL;
}

static enum err end_send(void *ctx, const struct can_msg *msg)
{
    struct app_can *c = ctx;

    return can_send(c->can, msg);
}

void app_can_init(struct app_can *c, struct app *app, const struct config_can *config)
{
    const struct can_end end = {.open = end_open, .close = end_close, .send = end_send, .ctx = c};

    *c = (struct app_can){
        .app = app, .config = *config, .restart_us = NEVER_US, .restart_wait_us = restart_min_us};
    sink_can_init(&c->sink, &config->sink, &end, app->log);
}

static void restart(struct app_can *c, uint64_t now_us)
{
    unsigned missed = 0;
    enum err e = c->can != NULL ? can_restart(c->can) : ERR_OK;

    c->restart_wait_us =
        c->restart_wait_us * 2 < restart_max_us ? c->restart_wait_us * 2 : restart_max_us;
    c->restart_us = now_us + c->restart_wait_us;
    if (e == ERR_OK || !log_limit_ok(&c->limit_restart, now_us, 60 * US_PER_S, &missed))
        return;
    log_msg(c->app->log, LOG_ERROR, "can", "bus=%s cannot be restarted after bus-off: %s%s",
            c->config.name, err_text(e),
            e == ERR_DENIED ? "; give the bridge CAP_NET_ADMIN, or the interface a restart-ms: ip "
                              "link set can0 type can restart-ms 1000"
                            : "");
}

uint64_t app_can_deadline(const struct app_can *c)
{
    return c->restart_us;
}

void app_can_prepare(struct app_can *c, uint64_t now_us)
{
    if (now_us >= c->restart_us)
        restart(c, now_us);
    if (c->down) {
        c->down = false;
        sink_can_on_down(&c->sink, now_us);
    }
}

void app_can_close(struct app_can *c)
{
    can_delete(c->can);
    c->can = NULL;
}

/* ---- MQTT: the connection writes its own log lines ---- */

static bool has_victron(const struct app_mqtt *m)
{
    return m->config.sink.topic[0] != '\0';
}

static bool has_ha(const struct app_mqtt *m)
{
    return m->config.ha.topic[0] != '\0';
}

static void on_connected(void *ctx)
{
    struct app_mqtt *m = ctx;

    if (has_victron(m))
        sink_victron_on_connected(&m->sink);
    if (has_ha(m))
        sink_ha_on_connected(&m->ha, loop_now(m->app->loop));
    app_settle(m->app);
}

static void on_disconnected(void *ctx, enum err why, const char *text)
{
    struct app_mqtt *m = ctx;

    (void)why;
    (void)text;
    app_settle(m->app);
}

/* Only Home Assistant's output subscribes to anything. */
static void on_message(void *ctx, const struct mqtt_message *msg, uint64_t t_us)
{
    struct app_mqtt *m = ctx;

    sink_ha_on_message(&m->ha, msg->topic, msg->payload, t_us);
    app_settle(m->app);
}

static void on_refused(void *ctx, const char *topic, int reason)
{
    struct app_mqtt *m = ctx;

    sink_victron_on_refused(&m->sink, topic, reason, loop_now(m->app->loop));
}

static enum err end_publish(void *ctx, const char *topic, struct span payload, int qos, bool retain)
{
    struct app_mqtt *m = ctx;

    return mqtt_publish(m->mqtt, topic, payload, qos, retain);
}

static bool end_connected(void *ctx)
{
    struct app_mqtt *m = ctx;

    return m->mqtt != NULL && mqtt_connected(m->mqtt);
}

static const char *or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static enum err subscribe(struct app_mqtt *m)
{
    char filter[HA_LONG_TOPIC];

    if (!has_ha(m))
        return ERR_OK;
    sink_ha_filter(&m->config.ha, filter, sizeof filter);
    enum err e = mqtt_subscribe(m->mqtt, m->config.ha.birth, 0);
    return e == ERR_OK ? mqtt_subscribe(m->mqtt, filter, 0) : e;
}

enum err app_mqtt_init(struct app_mqtt *m, struct app *app, const struct config_mqtt *config,
                       const char **ret_why)
{
    const struct victron_end end = {.publish = end_publish, .connected = end_connected, .ctx = m};
    const struct ha_end ha_end = {.publish = end_publish, .connected = end_connected, .ctx = m};
    const struct mqtt_handler handler = {
        .on_connected = on_connected,
        .on_disconnected = on_disconnected,
        .on_message = on_message,
        .on_refused = on_refused,
        .ctx = m,
    };

    *m = (struct app_mqtt){.app = app, .config = *config};
    sink_victron_init(&m->sink, &config->sink, &end, app->log);
    sink_ha_init(&m->ha, &config->ha, &ha_end, app->bank.packs, app->log);
    const struct mqtt_options options = {
        .url = m->config.broker,
        .client_id = or_null(m->config.client_id),
        .user = or_null(m->config.user),
        .password = or_null(m->config.password),
        .ca_file = or_null(m->config.ca),
        .cert_file = or_null(m->config.cert),
        .key_file = or_null(m->config.key),
        .keepalive_s = m->config.keepalive_s,
        .will_topic = m->config.sink.status_topic,
        .will_payload = span_str(sink_victron_offline),
        .will_retain = true,
        .will_qos = 1,
        .log = app->log,
    };
    enum err e = mqtt_new(app->loop, &options, &handler, &m->mqtt, ret_why);
    return e == ERR_OK ? subscribe(m) : e;
}

void app_mqtt_add_sinks(struct app_mqtt *m)
{
    struct app *app = m->app;

    if (has_victron(m))
        app->sinks[app->n_sinks++] = sink_victron_as_sink(&m->sink);
    if (has_ha(m))
        app->sinks[app->n_sinks++] = sink_ha_as_sink(&m->ha);
}

void app_mqtt_goodbye(struct app_mqtt *m)
{
    if (has_victron(m))
        sink_victron_goodbye(&m->sink);
    if (has_ha(m))
        sink_ha_goodbye(&m->ha);
}

void app_mqtt_close(struct app_mqtt *m)
{
    mqtt_delete(m->mqtt);
    m->mqtt = NULL;
}
