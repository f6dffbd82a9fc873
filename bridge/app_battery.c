/* SPDX-License-Identifier: Apache-2.0
 *
 * A battery's port: opened for ever again, with what comes from it given to the source and what the
 * source says given to it.
 */
#include "bridge/app_priv.h"

static const uint64_t backoff_min_us = 250 * US_PER_MS;
static const uint64_t backoff_max_us =
    2 * US_PER_S; /* a cable that is plugged in again works soon */

void app_battery_init(struct app_battery *b, struct app *app, const struct config_battery *config,
                      unsigned first_slot, unsigned n_slots)
{
    *b = (struct app_battery){
        .app = app,
        .own = *config,
        .first_slot = first_slot,
        .n_slots = n_slots,
        .backoff_us = backoff_min_us,
    };
    b->config = &b->own;
    pylontech_console_init(&b->console, &config->console, app->log);
    b->source = pylontech_console_as_source(&b->console);
}

static void try_again_later(struct app_battery *b, uint64_t now_us)
{
    b->retry_us = now_us + b->backoff_us;
    b->backoff_us = b->backoff_us * 2 < backoff_max_us ? b->backoff_us * 2 : backoff_max_us;
}

static void on_bytes(void *ctx, struct span bytes)
{
    struct app_battery *b = ctx;

    b->source.ops->bytes(b->source.self, bytes, loop_now(b->app->loop));
    app_settle(b->app);
}

static void on_event(void *ctx, enum tty_event event)
{
    struct app_battery *b = ctx;

    switch (event) {
    case TTY_OPENED:
        log_msg(b->app->log, LOG_INFO, "source", "battery=%s port=%s open", b->config->name,
                b->config->port);
        b->source.ops->opened(b->source.self, loop_now(b->app->loop));
        break;
    case TTY_CLOSED: b->gone = true; break;
    case TTY_SPEED: return;
    }
    app_settle(b->app);
}

static void open_port(struct app_battery *b, uint64_t now_us)
{
    const struct tty_handler handler = {.on_bytes = on_bytes, .on_event = on_event, .ctx = b};
    uint32_t speed = b->source.ops->first_speed(b->source.self);
    unsigned missed = 0;
    enum err e = tty_open(b->app->loop, b->config->port, speed, &handler, &b->tty);

    if (e == ERR_OK)
        return;
    b->tty = NULL;
    try_again_later(b, now_us);
    if (log_limit_ok(&b->limit_open, now_us, 60 * US_PER_S, &missed))
        log_msg(b->app->log, LOG_WARN, "source",
                "battery=%s port=%s cannot open: %s; retrying (%u attempts not shown)",
                b->config->name, b->config->port, err_text(e), missed);
}

static void drop_port(struct app_battery *b, uint64_t now_us)
{
    unsigned missed = 0;

    tty_delete(b->tty);
    b->tty = NULL;
    b->gone = false;
    b->source.ops->closed(b->source.self, now_us);
    try_again_later(b, now_us);
    if (log_limit_ok(&b->limit_open, now_us, 60 * US_PER_S, &missed))
        log_msg(b->app->log, LOG_WARN, "source", "battery=%s port=%s is gone; reopening",
                b->config->name, b->config->port);
}

/* A command goes out whole or not at all; a port that does not take it is opened anew. */
static void send_output(struct app_battery *b)
{
    struct source_output out;

    while (b->tty != NULL && b->source.ops->take_output(b->source.self, &out)) {
        enum err e = out.speed != 0 ? tty_set_speed(b->tty, out.speed) : ERR_OK;
        if (e == ERR_OK && out.n > 0)
            e = tty_write(b->tty, span_of(out.bytes, out.n));
        if (e != ERR_OK)
            b->gone = true;
    }
}

void app_battery_run(struct app_battery *b, uint64_t now_us)
{
    send_output(b);
    if (b->gone)
        drop_port(b, now_us);
    if (b->tty == NULL && now_us >= b->retry_us)
        open_port(b, now_us);
    if (b->console.link.state == LINK_READY)
        b->backoff_us = backoff_min_us;
}

uint64_t app_battery_deadline(const struct app_battery *b)
{
    return b->tty == NULL ? b->retry_us : b->source.ops->next_deadline(b->source.self);
}

void app_battery_close(struct app_battery *b)
{
    tty_delete(b->tty);
    b->tty = NULL;
}
