/* SPDX-License-Identifier: Apache-2.0
 *
 * The order of things: whatever happens (bytes, a deadline, a port that comes or goes) ends in
 * settle(), which moves readings into the bank, the bank into the sinks, and sets the one timer to
 * the earliest deadline of all. So a change leaves every sink in the loop turn that brought it.
 */
#include "bridge/app.h"

#include <stdlib.h>

#include "bridge/app_priv.h"

/* ---- readings ---- */

static void take_readings(struct app *app, struct app_battery *b)
{
    struct battery battery;
    unsigned index = 0;
    const char *why = "";
    unsigned missed = 0;
    uint64_t now_us = loop_now(app->loop);

    while (b->source.ops->take_battery(b->source.self, &index, &battery)) {
        unsigned slot = b->first_slot + index;
        bool fits = index < b->n_slots;
        if (fits && bank_put(&app->bank, slot, &battery, &why))
            continue;
        if (log_limit_ok(&b->limit_reading, now_us, 60 * US_PER_S, &missed))
            log_msg(app->log, LOG_WARN, "bank",
                    "battery=%s number=%u reading not used: %s (%u not shown)", b->config.name,
                    slot + 1, fits ? why : "the bank has no room for it", missed);
    }
}

static void take_departures(struct app *app, struct app_battery *b)
{
    unsigned index = 0;

    if (b->source.ops->take_gone == NULL)
        return;
    while (b->source.ops->take_gone(b->source.self, &index)) {
        if (index < b->n_slots)
            bank_gone(&app->bank, b->first_slot + index);
    }
}

static void log_packs(struct app *app)
{
    for (unsigned i = 0; i < BANK_MAX_BATTERIES; i++) {
        enum pack_state state = app->bank.packs[i].state;
        if (state == app->shown_packs[i])
            continue;
        bool bad =
            state == PACK_HELD || state == PACK_LOST || state == PACK_TWIN || state == PACK_APART;
        log_msg(app->log, bad ? LOG_WARN : LOG_INFO, "bank", "battery=%u state=%s serial=%s", i + 1,
                pack_state_name(state),
                battery_knows(&app->bank.packs[i].b, FIELD_SERIAL) ? app->bank.packs[i].b.serial
                                                                   : "?");
        app->shown_packs[i] = state;
    }
}

static const char *life_name(enum bank_life life)
{
    switch (life) {
    case BANK_WAITING: return "waiting";
    case BANK_ONLINE: return "online";
    case BANK_STALE: return "stale";
    case BANK_LOST: return "lost";
    }
    return "?";
}

static void log_conditions(const struct app *app, const char *what, uint32_t before, uint32_t now)
{
    for (unsigned i = 0; i < COND_COUNT; i++) {
        uint32_t bit = 1u << i;
        if (((before ^ now) & bit) != 0)
            log_msg(app->log, (now & bit) != 0 ? LOG_WARN : LOG_INFO, "bank", "%s=%s %s", what,
                    battery_condition_name((enum battery_condition)i),
                    (now & bit) != 0 ? "raised" : "cleared");
    }
}

static void log_bank(struct app *app, const struct bank *bank)
{
    if (bank->life != app->shown_life)
        log_msg(app->log, bank->life == BANK_ONLINE ? LOG_INFO : LOG_WARN, "bank",
                "state=%s online=%u held=%u lost=%u", life_name(bank->life), bank->online,
                bank->held, bank->lost);
    log_conditions(app, "warning", app->shown_warnings, bank->sum.warnings);
    log_conditions(app, "protection", app->shown_protections, bank->sum.protections);
    app->shown_life = bank->life;
    app->shown_warnings = bank->sum.warnings;
    app->shown_protections = bank->sum.protections;
}

/* ---- the heart ---- */

static void settle_once(struct app *app)
{
    struct bank bank;
    unsigned present = 0;
    uint64_t now_us = loop_now(app->loop);
    uint64_t next_us = NEVER_US;

    for (size_t i = 0; i < app->n_batteries; i++) {
        struct app_battery *b = &app->batteries[i];
        app_battery_run(b, now_us);
        take_readings(app, b);
        take_departures(app, b);
        present += b->source.ops->present(b->source.self);
        next_us = deadline_min(next_us, app_battery_deadline(b));
    }
    bank_expect(&app->bank, present);
    next_us = deadline_min(next_us, bank_update(&app->bank, now_us, &bank));
    for (size_t i = 0; i < app->n_cans; i++) {
        app_can_prepare(&app->cans[i], now_us);
        next_us = deadline_min(next_us, app_can_deadline(&app->cans[i]));
    }
    for (size_t i = 0; i < app->n_sinks; i++) {
        const struct sink *s = &app->sinks[i];
        s->ops->run(s->self, &bank, now_us);
        next_us = deadline_min(next_us, s->ops->next_deadline(s->self));
    }
    log_packs(app);
    log_bank(app, &bank);
    loop_timer_at(app->timer, next_us);
}

void app_settle(struct app *app)
{
    if (app->closing)
        return;
    if (app->settling) { /* a port called back from inside: once more, afterwards */
        app->again = true;
        return;
    }
    app->settling = true;
    do {
        app->again = false;
        settle_once(app);
    } while (app->again);
    app->settling = false;
}

static void on_timer(void *ctx)
{
    struct app *app = ctx;
    uint64_t now_us = loop_now(app->loop);

    for (size_t i = 0; i < app->n_batteries; i++) {
        const struct source *s = &app->batteries[i].source;
        s->ops->deadline(s->self, now_us);
    }
    app_settle(app);
}

/* ---- life ---- */

static enum err start_sinks(struct app *app, const struct config *config, const char **ret_why)
{
    for (size_t i = 0; i < config->n_cans; i++) {
        app_can_init(&app->cans[i], app, &config->cans[i]);
        app->sinks[app->n_sinks++] = sink_can_as_sink(&app->cans[i].sink);
        app->n_cans++;
    }
    for (size_t i = 0; i < config->n_mqtts; i++) {
        enum err e = app_mqtt_init(&app->mqtts[i], app, &config->mqtts[i], ret_why);
        if (e != ERR_OK)
            return e;
        app_mqtt_add_sinks(&app->mqtts[i]);
        app->n_mqtts++;
    }
    return ERR_OK;
}

/* The numbers of the bank, shared out in the order of the sections: who needs few gets them, the
 * others share the rest. */
static void share_slots(struct app *app)
{
    unsigned left = BANK_MAX_BATTERIES, open = (unsigned)app->n_batteries, first = 0;
    bool changed = true;

    while (changed && open > 0) {
        unsigned share = left / open;
        changed = false;
        for (size_t i = 0; i < app->n_batteries; i++) {
            struct app_battery *b = &app->batteries[i];
            if (b->n_slots != 0 || b->source.capacity > share)
                continue;
            b->n_slots = b->source.capacity;
            left -= b->n_slots;
            open--;
            changed = true;
        }
    }
    for (size_t i = 0; i < app->n_batteries; i++) {
        struct app_battery *b = &app->batteries[i];
        if (b->n_slots == 0)
            b->n_slots = open > 0 ? left / open : 0;
        b->first_slot = first;
        first += b->n_slots;
    }
}

static enum err start_batteries(struct app *app, const struct config *config)
{
    for (size_t i = 0; i < config->n_batteries; i++) {
        enum err e = app_battery_init(&app->batteries[i], app, &config->batteries[i]);
        if (e != ERR_OK)
            return e;
        app->n_batteries++;
    }
    share_slots(app);
    for (size_t i = 0; i < app->n_batteries; i++) {
        const struct app_battery *b = &app->batteries[i];
        for (size_t k = 0; k < app->n_mqtts; k++)
            sink_ha_add_section(&app->mqtts[k].ha, b->config.name, b->first_slot, b->n_slots);
    }
    return ERR_OK;
}

enum err app_new(struct loop *loop, const struct config *config, const struct log *log,
                 struct app **ret, const char **ret_why)
{
    struct app *app = calloc(1, sizeof *app);

    *ret_why = "no memory";
    if (app == NULL)
        return ERR_MEMORY;
    app->loop = loop;
    app->log = log;
    bank_init(&app->bank, &config->bank);
    enum err e = loop_timer_new(loop, on_timer, app, &app->timer);
    if (e == ERR_OK)
        e = start_sinks(app, config, ret_why);
    if (e == ERR_OK)
        e = start_batteries(app, config);
    if (e != ERR_OK) {
        app_delete(app);
        return e;
    }
    loop_timer_at(app->timer, loop_now(loop));
    *ret = app;
    return ERR_OK;
}

void app_goodbye(struct app *app)
{
    app->closing = true;
    loop_timer_stop(app->timer);
    for (size_t i = 0; i < app->n_mqtts; i++)
        app_mqtt_goodbye(&app->mqtts[i]);
}

void app_delete(struct app *app)
{
    if (app == NULL)
        return;
    app->closing = true;
    for (size_t i = 0; i < app->n_batteries; i++)
        app_battery_close(&app->batteries[i]);
    for (size_t i = 0; i < app->n_cans; i++)
        app_can_close(&app->cans[i]);
    for (size_t i = 0; i < app->n_mqtts; i++)
        app_mqtt_close(&app->mqtts[i]);
    loop_timer_delete(app->timer);
    free(app);
}
