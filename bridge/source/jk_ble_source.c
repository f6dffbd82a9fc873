/* SPDX-License-Identifier: Apache-2.0
 *
 * See jk_ble_source.h.
 */
#include "bridge/source/jk_ble_source.h"

#include <stdlib.h>
#include <string.h>

#define C(condition) COND_BIT(COND_##condition)
#define STOPS_BOTH   (C(MOS_OVERTEMPERATURE) | C(SHORT_CIRCUIT) | C(INTERNAL_FAULT) | C(UNKNOWN_WORD))
#define STOPS_CHARGE                                                     \
    (C(CELL_OVERVOLTAGE) | C(PACK_OVERVOLTAGE) | C(CHARGE_OVERCURRENT) | \
     C(CHARGE_OVERTEMPERATURE) | C(CHARGE_UNDERTEMPERATURE) | STOPS_BOTH)
#define STOPS_DISCHARGE                                                       \
    (C(CELL_UNDERVOLTAGE) | C(PACK_UNDERVOLTAGE) | C(DISCHARGE_OVERCURRENT) | \
     C(DISCHARGE_OVERTEMPERATURE) | C(DISCHARGE_UNDERTEMPERATURE) | STOPS_BOTH)

static const uint64_t log_period_us = 60 * US_PER_S;
static const uint64_t answer_us = 2 * US_PER_S;    /* slowest seen: 0.3 s */
static const uint64_t pause_us = 1800 * US_PER_MS; /* no sender pauses so long inside a frame */

enum { TRIES = 3 };

void jk_ble_config_init(struct jk_ble_config *config, const char *name)
{
    *config = (struct jk_ble_config){.refresh_us = 300 * US_PER_S, .silent_us = 5 * US_PER_S};
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

/* The settings frame does not tell its layout: it waits for the first cells. */
static void use_settings(struct jk_ble_source *s)
{
    struct span frame = span_of(s->settings, sizeof s->settings);
    struct battery limits = s->picture;
    enum err e = ERR_OK;

    if (!s->has_settings || s->layout.layout == JK_LAYOUT_UNKNOWN)
        return;
    if (s->layout.layout == JK04) {
        struct jk04_settings settings;
        e = jk04_settings_decode(frame, &settings).code;
        if (e == ERR_OK)
            e = jk04_settings_to_battery(&settings, &limits);
    } else {
        struct jk_settings settings;
        e = jk_settings_decode(frame, s->layout.layout, &settings).code;
        if (e == ERR_OK)
            e = jk_settings_to_battery(&settings, &limits);
    }
    if (e != ERR_OK) { /* those of before hold */
        log_msg(s->log, LOG_WARN, "source", "battery=%s settings not used: %s", s->config.name,
                err_text(e));
        return;
    }
    s->settings_used = true;
    s->limits = limits;
    s->picture.cell_count = s->limits.cell_count;
    s->picture.known = s->limits.known;
}

/* What people configured narrows what the BMS said, or stands in for what it did not say. */
static void narrow(struct battery *b, uint32_t field, int32_t *value, int32_t own, bool upper)
{
    if (own == 0)
        return;
    if (!battery_knows(b, field) || (upper ? own < *value : own > *value))
        *value = own;
    b->known |= field;
}

static void fill_limits(struct jk_ble_source *s)
{
    struct battery *b = &s->picture;

    b->known &= ~(uint32_t)(FIELD_CVL | FIELD_DVL | FIELD_CCL | FIELD_DCL);
    b->known |= s->limits.known & (FIELD_CVL | FIELD_DVL | FIELD_CCL | FIELD_DCL);
    b->cvl_mv = s->limits.cvl_mv;
    b->dvl_mv = s->limits.dvl_mv;
    b->ccl_ma = s->limits.ccl_ma;
    b->dcl_ma = s->limits.dcl_ma;
    narrow(b, FIELD_CVL, &b->cvl_mv, s->config.charge_voltage_mv, true);
    narrow(b, FIELD_DVL, &b->dvl_mv, s->config.discharge_voltage_mv, false);
    narrow(b, FIELD_CCL, &b->ccl_ma, s->config.charge_limit_ma, true);
    narrow(b, FIELD_DCL, &b->dcl_ma, s->config.discharge_limit_ma, true);
    if ((b->protections & STOPS_CHARGE) != 0)
        b->ccl_ma = 0;
    if ((b->protections & STOPS_DISCHARGE) != 0)
        b->dcl_ma = 0;
}

static void publish(struct jk_ble_source *s)
{
    if (!s->settings_used || s->picture.updated_us == 0)
        return;
    fill_limits(s);
    s->has_said = s->changed = true;
}

static void take_info(struct jk_ble_source *s, struct span frame, uint64_t now_us)
{
    struct jk_info info;

    if (jk_info_decode(frame, &info).code != ERR_OK)
        return;
    s->stats.infos++;
    jk_info_to_battery(&info, &s->picture);
    if (s->step != JK_BLE_INFO)
        return;
    log_msg(s->log, LOG_INFO, "source", "battery=%s model=%s firmware=%s", s->config.name,
            s->picture.model, s->picture.firmware);
    begin(s, JK_BLE_SETTINGS, now_us);
}

static void take_settings(struct jk_ble_source *s, struct span frame, uint64_t now_us)
{
    s->stats.settings++;
    memcpy(s->settings, frame.p, sizeof s->settings);
    s->has_settings = true;
    s->refresh_us = deadline_add(now_us, s->config.refresh_us);
    use_settings(s);
    publish(s);
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

static enum err decode_cells(struct jk_ble_source *s, struct span frame, enum jk_layout layout,
                             struct battery *ret, const char **ret_why)
{
    enum err e;

    if (layout == JK04) {
        struct jk04_cells cells;
        e = jk04_cells_decode(frame, &cells).code;
        if (e == ERR_OK && jk04_cells_plausible(&cells, ret_why))
            count_lost(s, cells.counter);
        return e == ERR_OK ? jk04_cells_to_battery(&cells, ret) : e;
    }
    struct jk_cells cells;
    e = jk_cells_decode(frame, layout, &cells).code;
    if (e == ERR_OK && jk_cells_plausible(&cells, ret_why))
        count_lost(s, cells.counter);
    return e == ERR_OK ? jk_cells_to_battery(&cells, ret) : e;
}

static void note_unknown(struct jk_ble_source *s, uint64_t now_us)
{
    unsigned missed = 0;

    s->stats.unknown_layout++;
    if (log_limit_ok(&s->limit_layout, now_us, log_period_us, &missed))
        log_msg(s->log, LOG_WARN, "source",
                "battery=%s firmware=%s cells not used: no known generation sends such a record "
                "(%u not shown)",
                s->config.name, s->picture.firmware, missed);
}

static void note_implausible(struct jk_ble_source *s, const char *why, uint64_t now_us)
{
    unsigned missed = 0;

    s->stats.implausible++;
    if (log_limit_ok(&s->limit_implausible, now_us, log_period_us, &missed))
        log_msg(s->log, LOG_WARN, "source", "battery=%s cells not used: %s (%u not shown)",
                s->config.name, why, missed);
}

static void take_cells(struct jk_ble_source *s, struct span frame, uint64_t now_us)
{
    enum jk_layout before = s->layout.layout;
    enum jk_layout layout = jk_layout_follow(&s->layout, frame);
    const char *why = "it has another shape";
    struct battery b = s->picture;

    if (s->step == JK_BLE_STREAM) { /* it lives, whatever it says */
        s->tries = 1;
        s->answer_us = now_us + s->config.silent_us;
    }
    if (layout == JK_LAYOUT_UNKNOWN) {
        note_unknown(s, now_us);
        return;
    }
    if (s->layout.layout != before) {
        s->settings_used = false;
        use_settings(s);
        b = s->picture;
    }
    if (decode_cells(s, frame, layout, &b, &why) != ERR_OK) {
        note_implausible(s, why, now_us);
        return;
    }
    s->stats.cells++;
    s->picture = b;
    s->picture.updated_us = now_us;
    s->record_us = now_us;
    publish(s);
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
    s->has_settings = s->settings_used = s->has_counter = false;
    battery_clear(&s->picture);
    battery_clear(&s->limits);
}

static void opened(void *self, uint64_t now_us)
{
    start_over(self);
    begin(self, JK_BLE_INFO, now_us);
}

static void closed(void *self, uint64_t now_us)
{
    (void)now_us;
    start_over(self);
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

    if (!s->changed)
        return false;
    s->changed = false;
    *ret_index = 0;
    *ret = s->picture;
    return true;
}

/* A battery that is out of reach has not said that it leaves. */
static bool take_gone(void *self, unsigned *ret_index)
{
    (void)self;
    (void)ret_index;
    return false;
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
    .take_gone = take_gone,
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
