/* SPDX-License-Identifier: Apache-2.0
 *
 * The connection points of a world and the observers on them: simulated serial port, CAN bus,
 * broker. All that passes becomes events.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/run/paths.h"
#include "harness/run/world_priv.h"
#include "sim/ble/radio.h"

/* ---- serial ---- */

/* Long runs keep the bytes of long answers only around what is done to the battery; of the others
 * the trace holds a fingerprint. A day of answers would be a gigabyte. */
enum { KEEP_BYTES = 64 };
#define LONG_RUN_US    (3600 * US_PER_S)
#define KEEP_BEFORE_US (60 * US_PER_S)
#define KEEP_AFTER_US  (180 * US_PER_S)

static bool worth_keeping(const struct world *w, size_t size, int64_t t_us)
{
    const struct stmt *stmts = w->scenario->stmts;
    if (size <= KEEP_BYTES || w->scenario->duration_us <= LONG_RUN_US || t_us < 0)
        return true;
    uint64_t t = (uint64_t)t_us;
    return (w->next > 0 && t < stmts[w->order[w->next - 1]].from_us + KEEP_AFTER_US) ||
           (w->next < w->n_order && t + KEEP_BEFORE_US > stmts[w->order[w->next]].from_us);
}

static uint64_t fnv1a(struct span bytes)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < bytes.n; i++)
        h = (h ^ bytes.p[i]) * UINT64_C(0x100000001b3);
    return h;
}

static void on_wire(void *ctx, enum sim_direction dir, struct span bytes, uint64_t t_us,
                    uint64_t late_us)
{
    struct world *w = ctx;
    struct event e = {.kind = EVENT_WIRE,
                      .t_us = world_t(w, t_us),
                      .to_client = dir == SIM_TO_CLIENT,
                      .late_us = late_us,
                      .data = bytes.p,
                      .size = bytes.n};
    if (!worth_keeping(w, e.size, e.t_us)) {
        e.data = NULL;
        e.micro = (int64_t)fnv1a(bytes);
    }
    events_add(&w->events, &e);
    curves_sample(w, false);
}

static void on_delivered(void *ctx, unsigned tag, uint64_t t_us, uint64_t late_us,
                         struct span reply)
{
    struct world *w = ctx;
    struct event e = {.kind = EVENT_DELIVERED,
                      .t_us = world_t(w, t_us),
                      .index = tag,
                      .late_us = late_us,
                      .data = reply.p,
                      .size = reply.n};
    events_add(&w->events, &e);
    w->result->tainted += late_us > TAINT_US;
}

static void on_sim_note(void *ctx, const char *kind, const char *text)
{
    world_note(ctx, "%s: %s", kind, text);
}

static bool has_preload(struct world *w)
{
    char lib[512];

    path_preload(lib, sizeof lib);
    if (w->manifest->attach || access(lib, R_OK) == 0)
        return true;
    world_fail(w,
               "the CAN hub needs the preload library %s: build target bmsrig_preload, or set "
               "BMSRIG_PRELOAD",
               lib);
    return false;
}

static enum err open_at(struct world *w, char *where, size_t cap)
{
    const char *own = w->options.tty                               ? w->options.tty
                      : w->manifest->attach && w->manifest->tty[0] ? w->manifest->tty
                                                                   : NULL;

    if (own)
        snprintf(where, cap, "%s", own);
    else
        snprintf(where, cap, "pty:%s/tty", w->dir);
    enum err err = sim_open(w->sim, where);
    if (err == ERR_OK)
        snprintf(w->battery, sizeof w->battery, "%s", sim_path(w->sim));
    return err;
}

static bool needs_hub(const struct scenario *s)
{
    for (size_t i = 0; i < s->n_needs; i++)
        if (strcmp(s->needs[i], "hub") == 0)
            return true;
    return false;
}

/* A bus beside the inverter's: an interface that was named, or the kernel's own, else a hub that
 * the battery keeps. */
static enum err open_battery_bus(struct world *w, char *where, size_t cap)
{
    enum { BATTERY_VCAN = 16 }; /* runs side by side have slots below */
    bool hub = w->options.tier == TIER_VIRTUAL || needs_hub(w->scenario) ||
               (w->options.can && strcmp(w->options.can, "hub") == 0) || !can_kernel_supported();

    snprintf(w->battery, sizeof w->battery, "vcan%u", BATTERY_VCAN + w->options.slot);
    snprintf(where, cap, "%s", w->options.tty ? w->options.tty : w->battery);
    if (w->options.tty || !hub) {
        enum err err = sim_open(w->sim, where);
        if (err == ERR_OK || w->options.tty) {
            snprintf(w->battery, sizeof w->battery, "%s", where);
            return err;
        }
    }
    if (!has_preload(w))
        return ERR_OK; /* the reason has been told */
    snprintf(w->battery, sizeof w->battery, "vcan1");
    snprintf(w->battery_sock, sizeof w->battery_sock, "%s/vcan1.sock", w->dir);
    snprintf(where, cap, "hub:%s", w->battery_sock);
    return sim_open(w->sim, where);
}

/* A Bluetooth battery is in the air of a bus of its own, or of a radio; the DUT gets its address.
 */
static enum err open_air(struct world *w, char *where, size_t cap)
{
    const char *radio = w->options.ble;

    snprintf(where, cap, "ble:%s", radio ? radio : w->dir);
    enum err err = sim_open(w->sim, where);
    if (err != ERR_OK && radio && ble_radio_hint(radio, err))
        world_fail(w, "--ble %s: %s: %s", radio, err_text(err), ble_radio_hint(radio, err));
    else if (err == ERR_NOT_FOUND)
        world_fail(w, "no dbus-daemon on this machine: apt-get install dbus");
    if (err == ERR_OK)
        snprintf(w->battery, sizeof w->battery, "%s", sim_path(w->sim));
    return err;
}

static enum err open_battery(struct world *w, char *where, size_t cap)
{
    switch (w->scenario->sim.kind->wire) {
    case DEVICE_TTY: return open_at(w, where, cap);
    case DEVICE_CAN: return open_battery_bus(w, where, cap);
    case DEVICE_BLE: return open_air(w, where, cap);
    }
    return ERR_UNSUPPORTED;
}

static bool open_rest(struct world *w);

/* A private D-Bus takes a moment. */
static void on_sim_up(void *ctx)
{
    struct world *w = ctx;

    if (w->phase == WORLD_PREPARING)
        open_rest(w);
}

static bool open_sim(struct world *w)
{
    char where[700] = "";
    struct sim_handler handler = {.on_wire = on_wire,
                                  .on_delivered = on_delivered,
                                  .on_note = on_sim_note,
                                  .on_up = on_sim_up,
                                  .ctx = w};
    uint64_t seed = w->options.seed ? w->options.seed : w->scenario->seed;
    enum err err = sim_new(w->loop, &w->log, &w->scenario->sim, seed, &handler, &w->sim);
    if (err != ERR_OK) {
        world_fail(w, "simulated battery: %s", err_text(err));
        return false;
    }
    err = open_battery(w, where, sizeof where);
    if (err != ERR_OK)
        world_fail(w, "the battery's port %s: %s", where, err_text(err));
    return !w->error[0];
}

/* ---- CAN ---- */

static void can_event(struct world *w, enum event_kind kind, const struct can_msg *msg,
                      uint64_t t_us)
{
    struct event e = {.kind = kind, .t_us = world_t(w, t_us), .can = *msg};
    events_add(&w->events, &e);
    curves_sample(w, false);
    w->result->frames += kind == EVENT_CAN;
}

static void on_hub_frame(void *ctx, const struct can_msg *msg, uint64_t t_us, unsigned member)
{
    can_event(ctx, member ? EVENT_CAN : EVENT_INVERTER, msg, t_us);
}

static void on_can_frame(void *ctx, const struct can_msg *msg, uint64_t t_us, bool own)
{
    can_event(ctx, own ? EVENT_INVERTER : EVENT_CAN, msg, t_us);
}

void ports_inverter_send(struct world *w, const struct can_msg *msg)
{
    if (w->hub) {
        can_hub_send(w->hub, msg);
    } else if (msg->error && strncmp(w->can_name, "vcan", 4) != 0) {
        /* a controller would send it as data, with what is left of the id */
        world_fail(w, "error frames can be put on a hub and on vcan only, not on %s", w->can_name);
    } else if (w->can && can_send(w->can, msg) == ERR_OK) {
        can_event(w, EVENT_INVERTER, msg, loop_now(w->loop));
    }
}

static bool open_hub(struct world *w)
{
    if (!has_preload(w))
        return false;
    snprintf(w->can_sock, sizeof w->can_sock, "%s/vcan0.sock", w->dir);
    snprintf(w->can_name, sizeof w->can_name, "vcan0");
    enum err err = can_hub_new(w->loop, w->can_sock, on_hub_frame, w, &w->hub);
    if (err != ERR_OK)
        world_fail(w, "CAN hub %s: %s", w->can_sock, err_text(err));
    return err == ERR_OK;
}

static bool open_can(struct world *w)
{
    const char *want = w->options.can ? w->options.can : "auto";
    struct can_handler handler = {.on_frame = on_can_frame, .ctx = w};
    char vcan[32];
    if (w->options.tier == TIER_CABLE && strcmp(want, "auto") == 0 && w->manifest->can[0])
        want = w->manifest->can;
    if (strcmp(want, "hub") == 0 || w->options.tier == TIER_VIRTUAL ||
        (strcmp(want, "auto") == 0 && needs_hub(w->scenario)))
        return open_hub(w);
    snprintf(vcan, sizeof vcan, "vcan%u", w->options.slot);
    const char *name = strcmp(want, "auto") == 0 || strcmp(want, "vcan") == 0 ? vcan : want;
    snprintf(w->can_name, sizeof w->can_name, "%s", name);
    enum err err = can_open(w->loop, name, NULL, &handler, &w->can);
    if (err == ERR_OK)
        return true;
    if (strcmp(want, "auto") == 0)
        return open_hub(w);
    world_fail(w, "CAN bus %s: %s%s", name, err_text(err),
               can_kernel_supported() ? "" : "; this kernel has no CAN, try --can hub");
    return false;
}

/* ---- broker ---- */

#define PROBE_TOPIC "bmsrig/probe"

static void on_mqtt_connected(void *ctx)
{
    struct world *w = ctx;
    world_note(w, "observer connected to the broker");
    if (!w->watching)
        mqtt_publish(w->watcher, PROBE_TOPIC, SPAN_LIT("?"), 0, false);
}

static void on_mqtt_message(void *ctx, const struct mqtt_message *msg, uint64_t t_us)
{
    struct world *w = ctx;
    if (strcmp(msg->topic, PROBE_TOPIC) == 0) {
        if (!w->watching) {
            w->watching = true;
            ports_on_ready(w);
        }
        return;
    }
    struct event e = {.kind = EVENT_MQTT,
                      .t_us = world_t(w, t_us),
                      .topic = msg->topic,
                      .data = msg->payload.p,
                      .size = msg->payload.n,
                      .retain = msg->retain,
                      .qos = (uint8_t)msg->qos};
    events_add(&w->events, &e);
    w->result->messages++;
}

/* libmosquitto pings by the real clock, which hardly moves while the broker's is virtual: then
 * never within a scenario. */
static unsigned keepalive_s(const struct world *w)
{
    return w->options.tier == TIER_VIRTUAL ? UINT16_MAX : 60;
}

static bool open_watcher(struct world *w, const char *url)
{
    const char *why = NULL;
    struct mqtt_options options = {.url = url,
                                   .client_id = "bmsrig-observer",
                                   .keepalive_s = keepalive_s(w),
                                   .seed = 1, /* it may come back at the same time every time */
                                   .backoff_min_us = 50000,
                                   .backoff_max_us = 200000};
    struct mqtt_handler handler = {
        .on_connected = on_mqtt_connected, .on_message = on_mqtt_message, .ctx = w};
    char id[48];
    if (w->options.broker) { /* a shared broker: the name must be our own, and its loss is news */
        options.log = &w->log;
        snprintf(id, sizeof id, "bmsrig-observer-%llx", (unsigned long long)loop_now(w->loop));
        options.client_id = id;
    }
    enum err err = mqtt_new(w->loop, &options, &handler, &w->watcher, &why);
    if (err == ERR_OK)
        err = mqtt_subscribe(w->watcher, "#", 1);
    if (err != ERR_OK)
        world_fail(w, "broker %s: %s", url, why ? why : err_text(err));
    return err == ERR_OK;
}

static void on_broker_ready(void *ctx)
{
    struct world *w = ctx;
    char url[700];
    if (w->watcher)
        return; /* a restart; the observer comes back by itself */
    w->broker_port = broker_port(w->broker);
    if (timeline_slows_broker(w)) {
        enum err err = relay_new(w->loop, broker_port(w->broker), &w->relay);
        if (err != ERR_OK) {
            world_fail(w, "relay before the broker: %s", err_text(err));
            return;
        }
        w->broker_port = relay_port(w->relay);
    }
    snprintf(w->broker_host, sizeof w->broker_host, "127.0.0.1");
    snprintf(w->broker_url, sizeof w->broker_url, "mqtt://127.0.0.1:%u", w->broker_port);
    snprintf(url, sizeof url, "unix:%s", broker_socket(w->broker));
    open_watcher(w, url);
}

bool ports_publish(struct world *w, const struct own_stimulus *s)
{
    return w->watcher &&
           mqtt_publish(w->watcher, s->topic, span_str(s->payload), 1, s->retain) == ERR_OK;
}

static void on_broker_failed(void *ctx, enum err why, const char *text)
{
    world_fail(ctx, "the broker does not run: %s%s%s", err_text(why), text && *text ? ": " : "",
               text ? text : "");
}

static bool open_broker(struct world *w)
{
    const char *url = w->options.broker                               ? w->options.broker
                      : w->manifest->attach && w->manifest->broker[0] ? w->manifest->broker
                                                                      : NULL;
    if (url) {
        struct mqtt_url parts;
        const char *why = NULL;
        if (mqtt_url_parse(url, &parts, &why) != ERR_OK) {
            world_fail(w, "broker %s: %s", url, why ? why : "not a URL");
            return false;
        }
        snprintf(w->broker_url, sizeof w->broker_url, "%s", url);
        snprintf(w->broker_host, sizeof w->broker_host, "%.100s", parts.host);
        w->broker_port = parts.port;
        return open_watcher(w, url);
    }
    struct broker_options options = {
        .dir = w->dir,
        .program = path_mosquitto(),
        .extra = w->scenario->broker_refuses ? "allow_anonymous false\n" : NULL};
    struct broker_handler handler = {
        .on_ready = on_broker_ready, .on_failed = on_broker_failed, .ctx = w};
    enum err err = broker_new(w->loop, &options, &handler, &w->broker);
    if (err == ERR_NOT_FOUND)
        world_fail(w, "no mosquitto on this machine: apt-get install mosquitto");
    else if (err != ERR_OK)
        world_fail(w, "cannot start a broker: %s", err_text(err));
    return err == ERR_OK;
}

/* "1764000000: New client connected from 127.0.0.1:4242 as ID (p5, c1, k10).", or
 * "1764000000: Client ID disconnected, not authorised." */
static void read_log_line(struct world *w, const char *line)
{
    const char *client = strstr(line, ": Client "), *name = NULL;
    bool refused = client && strstr(client, " disconnected, not authorised.");
    if (refused)
        name = client + strlen(": Client ");
    else if ((client = strstr(line, "New client connected from ")) && strstr(client, " as "))
        name = strstr(client, " as ") + strlen(" as ");
    if (!name || strncmp(name, "bmsrig-", 7) == 0)
        return;
    int64_t seconds;
    struct span stamp = span_of(line, strcspn(line, ":"));
    if (!parse_i64(stamp, 0, INT64_MAX / 1000000, &seconds))
        return;
    char id[64];
    snprintf(id, sizeof id, "%.*s", (int)strcspn(name, " "), name);
    struct event e = {.kind = EVENT_CONNECT,
                      .t_us = seconds * 1000000 - (int64_t)w->wall0_us - w->wall_step_us,
                      .refused = refused,
                      .text = id};
    events_add(&w->events, &e);
}

void ports_read_broker_log(struct world *w)
{
    char line[1024];
    FILE *f = w->broker ? fopen(broker_log_path(w->broker), "r") : NULL;
    if (!f)
        return;
    fseek(f, w->broker_log_at, SEEK_SET);
    while (fgets(line, sizeof line, f))
        read_log_line(w, line);
    w->broker_log_at = ftell(f);
    fclose(f);
}

/* ---- all ---- */

static bool open_rest(struct world *w)
{
    if (w->manifest->has_can && !open_can(w))
        return false;
    if (w->manifest->has_json || w->manifest->has_ha)
        return open_broker(w);
    ports_on_ready(w);
    return true;
}

bool ports_open(struct world *w)
{
    return open_sim(w) && (!sim_up(w->sim) || open_rest(w));
}

void ports_close(struct world *w)
{
    mqtt_delete(w->watcher);
    relay_delete(w->relay);
    broker_delete(w->broker);
    can_delete(w->can);
    can_hub_delete(w->hub);
    sim_delete(w->sim);
    w->watcher = NULL;
    w->relay = NULL;
    w->broker = NULL;
    w->can = NULL;
    w->hub = NULL;
    w->sim = NULL;
}
