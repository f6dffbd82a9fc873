/* SPDX-License-Identifier: Apache-2.0
 *
 * The ports of the bridge, one struct for each section of the configuration. Private to app*.c.
 */
#ifndef BRIDGE_APP_PRIV_H
#define BRIDGE_APP_PRIV_H

#include "bridge/app.h"
#include "bridge/wire.h"
#include "port/can.h"
#include "port/mqtt.h"

struct app_battery {
    struct app *app;
    struct config_battery config;
    struct source source;
    unsigned first_slot, n_slots; /* its numbers in the bank */
    struct wire *wire;            /* NULL: not open */
    const char *gone;             /* why the wire is dead; NULL: it is not */
    uint64_t retry_us, backoff_us;
    struct log_limit limit_open, limit_reading;
};

struct app_can {
    struct app *app;
    struct config_can config;
    struct sink_can sink;
    struct can *can;
    bool down;                /* the bus said that it is down */
    uint64_t restart_us;      /* when to end a bus-off; NEVER_US: there is none */
    uint64_t restart_wait_us; /* the pause before the next one */
    struct log_limit limit_restart, limit_error, limit_remedy;
};

struct app_mqtt {
    struct app *app;
    struct config_mqtt config;
    struct sink_victron sink; /* in use when its topic is configured, as is `ha` */
    struct sink_ha ha;
    struct mqtt *mqtt;
};

struct app {
    struct loop *loop;
    const struct log *log;
    struct loop_timer *timer;
    struct bank_engine bank;
    size_t n_batteries, n_cans, n_mqtts, n_sinks;
    struct app_battery batteries[CONFIG_MAX_BATTERIES];
    struct app_can cans[CONFIG_MAX_SECTIONS];
    struct app_mqtt mqtts[CONFIG_MAX_SECTIONS];
    struct sink sinks[3 * CONFIG_MAX_SECTIONS];
    bool settling, again, closing;
    /* what the log has said */
    enum pack_state shown_packs[BANK_MAX_BATTERIES];
    enum bank_life shown_life;
    uint32_t shown_warnings, shown_protections;
};

/* Something happened: see app.c. */
void app_settle(struct app *app);

/* Its numbers in the bank are given afterwards. ERR_MEMORY. */
enum err app_battery_init(struct app_battery *b, struct app *app,
                          const struct config_battery *config);
/* Opens or reopens the port when it is time, and sends what the source wants to say. */
void app_battery_run(struct app_battery *b, uint64_t now_us);
uint64_t app_battery_deadline(const struct app_battery *b);
/* Also after an app_battery_init() that failed. */
void app_battery_close(struct app_battery *b);

void app_can_init(struct app_can *c, struct app *app, const struct config_can *config);
void app_can_prepare(struct app_can *c, uint64_t now_us);
uint64_t app_can_deadline(const struct app_can *c);
void app_can_close(struct app_can *c);

enum err app_mqtt_init(struct app_mqtt *m, struct app *app, const struct config_mqtt *config,
                       const char **ret_why);
/* Adds its outputs to the application's. */
void app_mqtt_add_sinks(struct app_mqtt *m);
/* Says offline, when connected. */
void app_mqtt_goodbye(struct app_mqtt *m);
void app_mqtt_close(struct app_mqtt *m);

#endif
