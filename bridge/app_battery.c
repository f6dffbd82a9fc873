/* SPDX-License-Identifier: Apache-2.0
 *
 * A battery's port: opened for ever again, with what comes from it given to the source and what the
 * source says given to it.
 */
#include "bridge/app_priv.h"

static const uint64_t backoff_min_us = 250 * US_PER_MS;
static const uint64_t backoff_max_us =
    2 * US_PER_S; /* a cable that is plugged in again works soon */

enum err app_battery_init(struct app_battery *b, struct app *app,
                          const struct config_battery *config)
{
    *b = (struct app_battery){.app = app, .config = *config, .backoff_us = backoff_min_us};
    return config->kind->make(b->config.settings, app->log, &b->source);
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

static void on_frame(void *ctx, const struct can_msg *frame)
{
    struct app_battery *b = ctx;

    b->source.ops->frame(b->source.self, frame, loop_now(b->app->loop));
    app_settle(b->app);
}

static void on_opened(void *ctx)
{
    struct app_battery *b = ctx;

    log_msg(b->app->log, LOG_INFO, "source", "battery=%s port=%s open", b->config.name,
            b->config.port);
    b->source.ops->opened(b->source.self, loop_now(b->app->loop));
    app_settle(b->app);
}

static void on_lost(void *ctx, const char *why)
{
    struct app_battery *b = ctx;

    b->gone = why;
    app_settle(b->app);
}

static void on_state(void *ctx, const char *what)
{
    const struct app_battery *b = ctx;

    log_msg(b->app->log, LOG_INFO, "source", "battery=%s port=%s %s", b->config.name,
            b->config.port, what);
}

static void open_port(struct app_battery *b, uint64_t now_us)
{
    const struct wire_handler handler = {.opened = on_opened,
                                         .lost = on_lost,
                                         .state = on_state,
                                         .bytes = on_bytes,
                                         .frame = on_frame,
                                         .ctx = b};
    unsigned missed = 0;
    enum err e = wire_open(b->app->loop, b->config.port, &b->source, &handler, &b->wire);

    if (e == ERR_OK)
        return;
    b->wire = NULL;
    try_again_later(b, now_us);
    if (log_limit_ok(&b->limit_open, now_us, 60 * US_PER_S, &missed))
        log_msg(b->app->log, LOG_WARN, "source",
                "battery=%s port=%s cannot open: %s; retrying (%u attempts not shown)",
                b->config.name, b->config.port, err_text(e), missed);
}

static void drop_port(struct app_battery *b, uint64_t now_us)
{
    unsigned missed = 0;

    if (log_limit_ok(&b->limit_open, now_us, 60 * US_PER_S, &missed))
        log_msg(b->app->log, LOG_WARN, "source", "battery=%s port=%s lost: %s; reopening",
                b->config.name, b->config.port, b->gone);
    wire_delete(b->wire);
    b->wire = NULL;
    b->gone = NULL;
    b->source.ops->closed(b->source.self, now_us);
    try_again_later(b, now_us);
}

void app_battery_run(struct app_battery *b, uint64_t now_us)
{
    if (b->wire != NULL) {
        enum err e = wire_serve(b->wire, &b->source);
        if (e != ERR_OK && b->gone == NULL)
            b->gone = err_text(e);
    }
    if (b->wire != NULL && b->gone == NULL && b->source.ops->hung != NULL &&
        b->source.ops->hung(b->source.self))
        b->gone = "the battery does not answer";
    if (b->wire != NULL && b->gone != NULL)
        drop_port(b, now_us);
    if (b->wire == NULL && now_us >= b->retry_us)
        open_port(b, now_us);
    if (b->source.ops->ready(b->source.self))
        b->backoff_us = backoff_min_us;
}

uint64_t app_battery_deadline(const struct app_battery *b)
{
    return b->wire == NULL ? b->retry_us : b->source.ops->next_deadline(b->source.self);
}

void app_battery_close(struct app_battery *b)
{
    if (b->wire != NULL)
        b->source.ops->closed(b->source.self, loop_now(b->app->loop));
    wire_delete(b->wire);
    b->wire = NULL;
    if (b->source.destroy != NULL)
        b->source.destroy(b->source.self);
    b->source = (struct source){0};
}
