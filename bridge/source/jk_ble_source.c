/* SPDX-License-Identifier: Apache-2.0
 *
 * See jk_ble_source.h.
 */
#include "bridge/source/jk_ble_source.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t log_period_us = 60 * US_PER_S;
static const uint64_t answer_us = 2 * US_PER_S;    /* slowest seen: 0.3 s */
static const uint64_t pause_us = 1800 * US_PER_MS; /* no sender pauses so long inside a frame */

enum { TRIES = 3 };

void jk_ble_config_init(struct jk_ble_config *config, const char *name)
{
    *config = (struct jk_ble_config){.refresh_us = 60 * US_PER_S, .silent_us = 5 * US_PER_S};
    span_to_str(span_str(name), config->name, sizeof config->name);
}

/* ---- asking ---- */

static void ask(struct jk_ble_source *s, enum jk_ble_step step, uint64_t now_us)
{
    s->step = step;
    s->due = step == JK_BLE_INFO ? JK_CMD_INFO : JK_CMD_SETTINGS;
    s->answer_us = now_us + answer_us;
}

static void begin(struct jk_ble_source *s, enum jk_ble_step step, uint64_t now_us)
{
    s->tries = 1;
    ask(s, step, now_us);
}

static const char *step_name(enum jk_ble_step step)
{
    switch (step) {
    case JK_BLE_INFO: return "the device information";
    case JK_BLE_SETTINGS: return "the settings";
    case JK_BLE_STREAM: return "cells";
    case JK_BLE_CLOSED:
    case JK_BLE_HUNG: break;
    }
    return "";
}

/* Nobody answered in time. */
static void ask_again(struct jk_ble_source *s, uint64_t now_us)
{
    unsigned missed = 0;

    if (s->tries >= TRIES) {
        if (log_limit_ok(&s->limit_silent, now_us, log_period_us, &missed))
            log_msg(s->log, LOG_WARN, "source",
                    "battery=%s connected, but does not send %s: connecting anew (%u not shown)",
                    s->config.name, step_name(s->step), missed);
        s->step = JK_BLE_HUNG;
        s->answer_us = s->refresh_us = NEVER_US;
        return;
    }
    s->tries++;
    s->stats.retries++;
    if (s->step == JK_BLE_STREAM) { /* what starts it */
        s->due = JK_CMD_SETTINGS;
        s->answer_us = now_us + s->config.silent_us;
    } else {
        ask(s, s->step, now_us);
    }
}

/* ---- records ---- */

/* The settings frame does not tell its layout: it waits for the first cells. Settings that cannot
 * be true are as if they had not come. */
static void use_settings(struct jk_ble_source *s, uint64_t now_us)
{
    struct span frame = span_of(s->settings, sizeof s->settings);
    struct jk_settings settings;

    if (!s->has_settings || (s->layout.layout != JK02_24S && s->layout.layout != JK02_32S))
        return;
    enum err e = jk_settings_decode(frame, s->layout.layout, &settings).code;
    if (e == ERR_OK)
        e = jk_pack_settings(&s->pack, &s->config.caps, &settings, now_us);
    if (e != ERR_OK)
        log_msg(s->log, LOG_WARN, "source", "battery=%s settings not used: %s", s->config.name,
                err_text(e));
}

static void take_info(struct jk_ble_source *s, struct span frame, uint64_t now_us)
{
    struct jk_info info;

    if (jk_info_decode(frame, &info).code != ERR_OK)
        return;
    s->stats.infos++;
    if (!jk_pack_info(&s->pack, &info))
        log_msg(s->log, LOG_WARN, "source", "battery=%s another BMS answers", s->config.name);
    if (s->step != JK_BLE_INFO)
        return;
    log_msg(s->log, LOG_INFO, "source", "battery=%s model=%s firmware=%s", s->config.name,
            s->pack.base.model, s->pack.base.firmware);
    begin(s, JK_BLE_SETTINGS, now_us);
}

static void take_settings(struct jk_ble_source *s, struct span frame, uint64_t now_us)
{
    s->stats.settings++;
    memcpy(s->settings, frame.p, sizeof s->settings);
    s->has_settings = true;
    s->refresh_us = deadline_add(now_us, s->config.refresh_us);
    use_settings(s, now_us);
    if (s->step != JK_BLE_SETTINGS)
        return;
    s->step = JK_BLE_STREAM;
    s->tries = 1;
    s->answer_us = now_us + s->config.silent_us;
}

static void count_lost(struct jk_ble_source *s, uint8_t counter)
{
    uint8_t gap = (uint8_t)(counter - s->counter);

    if (s->has_counter && gap > 1)
        s->stats.lost += gap - 1U;
    s->has_counter = true;
    s->counter = counter;
}

static enum jk_verdict offer_jk04(struct jk_ble_source *s, struct span frame, uint64_t now_us,
                                  const char **ret_why)
{
    struct battery reading = s->pack.base;
    struct jk04_cells cells;

    if (jk04_cells_decode(frame, &cells).code != ERR_OK || !jk04_cells_plausible(&cells, ret_why) ||
        jk04_cells_to_battery(&cells, &reading) != ERR_OK)
        return JK_REFUSED;
    count_lost(s, cells.counter);
    return jk_pack_offer(&s->pack, &s->config.caps, &reading, now_us, ret_why);
}

static enum jk_verdict offer(struct jk_ble_source *s, struct span frame, enum jk_layout layout,
                             uint64_t now_us, const char **ret_why)
{
    struct jk_cells cells;

    if (layout == JK04)
        return offer_jk04(s, frame, now_us, ret_why);
    if (jk_cells_decode(frame, layout, &cells).code != ERR_OK)
        return JK_REFUSED;
    enum jk_verdict verdict = jk_pack_cells(&s->pack, &s->config.caps, &cells, now_us, ret_why);
    if (verdict != JK_REFUSED)
        count_lost(s, cells.counter);
    return verdict;
}

static void note_unknown(struct jk_ble_source *s, uint64_t now_us)
{
    unsigned missed = 0;

    s->stats.unknown_layout++;
    if (log_limit_ok(&s->limit_layout, now_us, log_period_us, &missed))
        log_msg(s->log, LOG_WARN, "source",
                "battery=%s firmware=%s cells not used: no known generation sends such a record "
                "(%u not shown)",
                s->config.name, s->pack.base.firmware, missed);
}

static void note_verdict(struct jk_ble_source *s, const char *what, const char *why,
                         uint64_t now_us)
{
    unsigned missed = 0;

    if (log_limit_ok(&s->limit_cells, now_us, log_period_us, &missed))
        log_msg(s->log, LOG_WARN, "source", "battery=%s cells %s: %s (%u not shown)",
                s->config.name, what, why, missed);
}

static void take_cells(struct jk_ble_source *s, struct span frame, uint64_t now_us)
{
    enum jk_layout before = s->layout.layout;
    enum jk_layout layout = jk_layout_follow(&s->layout, frame);
    const char *why = "it has another shape";

    if (s->step == JK_BLE_STREAM) { /* it lives, whatever it says */
        s->tries = 1;
        s->answer_us = now_us + s->config.silent_us;
    }
    if (layout == JK_LAYOUT_UNKNOWN) {
        note_unknown(s, now_us);
        return;
    }
    if (s->layout.layout != before)
        use_settings(s, now_us);
    switch (offer(s, frame, layout, now_us, &why)) {
    case JK_TAKEN: s->record_us = now_us; break;
    case JK_WAITING:
        s->stats.waiting++;
        if (s->has_settings)
            note_verdict(s, "not published", why, now_us);
        break;
    case JK_DOUBTED:
        s->stats.doubted++;
        note_verdict(s, "doubted", why, now_us);
        break;
    case JK_REFUSED:
        s->stats.refused++;
        note_verdict(s, "not used", why, now_us);
        return;
    }
    s->stats.cells++;
}

static void take_frame(struct jk_ble_source *s, struct span frame, uint64_t now_us)
{
    enum jk_type type;

    if (jk_frame_check(frame, &type).code != ERR_OK)
        return;
    switch (type) {
    case JK_INFO: take_info(s, frame, now_us); return;
    case JK_SETTINGS: take_settings(s, frame, now_us); return;
    case JK_CELLS: take_cells(s, frame, now_us); return;
    case JK_LOG: return;
    }
}

/* ---- the interface ---- */

static void start_over(struct jk_ble_source *s)
{
    jk_stream_reset(&s->stream);
    s->layout = (struct jk_layout_lock){.layout = JK_LAYOUT_UNKNOWN};
    s->step = JK_BLE_CLOSED;
    s->answer_us = s->refresh_us = NEVER_US;
    s->record_us = 0;
    s->due = 0;
    s->has_settings = s->has_counter = false;
    jk_pack_reset(&s->pack);
}

/* How good the connection was: whether a battery is too far away shows here. */
static void note_connection(const struct jk_ble_source *s)
{
    const struct jk_ble_stats *n = &s->stats, *before = &s->before;

    if (n->cells != before->cells || n->refused != before->refused)
        log_msg(s->log, LOG_INFO, "source",
                "battery=%s connection over: records=%u lost=%u refused=%u", s->config.name,
                n->cells - before->cells, n->lost - before->lost, n->refused - before->refused);
}

static void opened(void *self, uint64_t now_us)
{
    struct jk_ble_source *s = self;

    start_over(s);
    s->before = s->stats;
    begin(s, JK_BLE_INFO, now_us);
}

static void closed(void *self, uint64_t now_us)
{
    struct jk_ble_source *s = self;

    (void)now_us;
    note_connection(s);
    start_over(s);
    s->before = s->stats;
}

static void bytes(void *self, struct span in, uint64_t now_us)
{
    struct jk_ble_source *s = self;
    size_t from = 0;

    if (s->step == JK_BLE_CLOSED)
        return;
    if (s->stream.n > 0 && now_us - s->bytes_us > pause_us)
        jk_stream_reset(&s->stream);
    s->bytes_us = now_us;
    for (;;) {
        size_t used = 0;
        enum jk_stream_event event =
            jk_stream_feed(&s->stream, span_sub(in, from, SIZE_MAX), &used);
        from += used;
        if (event == JK_STREAM_MORE)
            return;
        if (event == JK_STREAM_FRAME)
            take_frame(s, jk_stream_got(&s->stream), now_us);
        else
            s->stats.acks++;
    }
}

static void deadline(void *self, uint64_t now_us)
{
    struct jk_ble_source *s = self;

    if (now_us >= s->answer_us)
        ask_again(s, now_us);
    if (now_us >= s->refresh_us) {
        s->due = JK_CMD_SETTINGS;
        s->refresh_us = deadline_add(now_us, s->config.refresh_us);
    }
}

static uint64_t next_deadline(const void *self)
{
    const struct jk_ble_source *s = self;

    return deadline_min(s->answer_us, s->refresh_us);
}

static bool take_output(void *self, struct source_output *ret)
{
    struct jk_ble_source *s = self;
    const struct jk_command command = {.number = s->due};
    struct buf out = buf_of(ret->bytes, sizeof ret->bytes);

    if (s->due == 0)
        return false;
    s->due = 0;
    ret->speed = 0;
    jk_command_encode(&command, &out);
    ret->n = out.n;
    return true;
}

static bool take_battery(void *self, unsigned *ret_index, struct battery *ret)
{
    struct jk_ble_source *s = self;

    *ret_index = 0;
    return jk_pack_take(&s->pack, ret);
}

static bool ready(const void *self)
{
    const struct jk_ble_source *s = self;

    return s->step == JK_BLE_STREAM && s->record_us != 0 && s->tries == 1;
}

static unsigned present(const void *self)
{
    return ready(self) ? 1 : 0;
}

static bool hung(const void *self)
{
    const struct jk_ble_source *s = self;

    return s->step == JK_BLE_HUNG;
}

static const struct source_ops ops = {
    .opened = opened,
    .closed = closed,
    .bytes = bytes,
    .deadline = deadline,
    .next_deadline = next_deadline,
    .take_output = take_output,
    .take_battery = take_battery,
    .present = present,
    .ready = ready,
    .hung = hung,
};

void jk_ble_source_init(struct jk_ble_source *s, const struct jk_ble_config *config,
                        const struct log *log)
{
    *s = (struct jk_ble_source){.config = *config, .log = log};
    start_over(s);
}

struct source jk_ble_as_source(struct jk_ble_source *s)
{
    return (struct source){.ops = &ops, .self = s, .wire = SOURCE_BLE, .capacity = 1};
}

enum err jk_ble_source_make(const void *config, const struct log *log, struct source *ret)
{
    struct jk_ble_source *s = malloc(sizeof *s);

    if (s == NULL)
        return ERR_MEMORY;
    jk_ble_source_init(s, config, log);
    *ret = jk_ble_as_source(s);
    ret->destroy = free;
    return ERR_OK;
}
