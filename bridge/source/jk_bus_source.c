/* SPDX-License-Identifier: Apache-2.0
 *
 * See jk_bus_source.h.
 */
#include "bridge/source/jk_bus_source.h"

#include <stdarg.h>
#include <stdlib.h>

#include "bridge/source/trouble.h"

/* Longer than any pause of a master's cycle: 440 ms. */
static const uint64_t first_listen_us = 2 * US_PER_S;
/* A master's cycle and a half; before its packs are given up as old. */
static const uint64_t foreign_us = 6 * US_PER_S;
static const uint64_t gap_us = JK_BUS_PAUSE_US;
static const uint64_t useless_us = 10 * US_PER_S;
/* An answer may come so late, but no later. */
static const uint64_t late_us = 2 * US_PER_S;

enum { BAUD = 115200, TRIES = 2, DICE_MS = 2048 };

void jk_bus_config_init(struct jk_bus_config *config, const char *name)
{
    *config = (struct jk_bus_config){
        .units = {.mask = 0xFFFF, .poll_us = US_PER_S},
    };
    span_to_str(span_str(name), config->name, sizeof config->name);
}

/* ---- troubles ---- */

static const char *trouble_name(enum jk_bus_trouble trouble)
{
    switch (trouble) {
    case JK_BUS_T_SILENT: return "silent";
    case JK_BUS_T_DAMAGED: return "damaged";
    case JK_BUS_T_STRANGER: return "stranger";
    case JK_BUS_T_NOBODY: return "nobody";
    case JK_BUS_T_LATE: return "late";
    case JK_BUS_T_IMPLAUSIBLE: return "implausible";
    case JK_BUS_T_DOUBTED: return "doubted";
    case JK_BUS_T_WAITING: return "waiting";
    case JK_BUS_T_OTHER_PACK: return "other-pack";
    case JK_BUS_TROUBLES: break;
    }
    return "?";
}

void jk_bus_trouble(struct jk_bus_source *s, enum jk_bus_trouble kind, uint8_t unit,
                    uint64_t now_us, const char *format, ...)
{
    va_list args;

    s->troubles[kind]++;
    va_start(args, format);
    source_trouble(s->log, &s->limits[kind], s->config.name, trouble_name(kind), unit, now_us,
                   format, args);
    va_end(args);
}

/* Nobody can be understood: what might be the matter. */
static void hint(struct jk_bus_source *s, uint64_t now_us)
{
    if (s->hinted || s->useless_us == 0 || now_us - s->useless_us < useless_us)
        return;
    s->hinted = true;
    log_msg(s->log, LOG_WARN, "source",
            "battery=%s bytes for 10 s, but no telegram: A and B swapped, another speed, or "
            "another protocol selected in the BMS",
            s->config.name);
}

/* ---- who speaks ---- */

/* Numerical Recipes' generator: any will do. */
static uint64_t throw_dice(struct jk_bus_source *s)
{
    s->dice = s->dice * 1664525u + 1013904223u;
    return (s->dice >> 16) % DICE_MS * US_PER_MS;
}

/* Stops asking until nobody else was heard for a while. */
static void heard_foreign(struct jk_bus_source *s, uint64_t now_us)
{
    if (!s->foreign)
        log_msg(s->log, LOG_INFO, "source", "battery=%s another master is heard: only listening",
                s->config.name);
    s->foreign = true;
    s->polling = false;
    s->asking = false;
    s->again = false;
    s->output = (struct source_output){0};
    if (!s->config.listen_only)
        s->listen_us = now_us + foreign_us + throw_dice(s);
}

static void start_polling(struct jk_bus_source *s, uint64_t now_us)
{
    struct jk_units_config ask = s->config.units;

    ask.mask &= 0xFFFE; /* unit 0 answers nobody */
    s->polling = true;
    s->foreign = false;
    s->listen_us = NEVER_US;
    jk_units_start(&s->units, &ask, now_us);
    log_msg(s->log, LOG_INFO, "source", "battery=%s no other master is heard: asking",
            s->config.name);
}

/* ---- asking ---- */

static enum jk_type type_of(enum jk_ask ask)
{
    switch (ask) {
    case JK_ASK_CELLS: return JK_CELLS;
    case JK_ASK_SETTINGS: return JK_SETTINGS;
    case JK_ASK_INFO: return JK_INFO;
    case JK_ASKS: break;
    }
    return JK_LOG;
}

static void send(struct jk_bus_source *s, uint64_t now_us)
{
    struct buf out = buf_of(s->output.bytes, sizeof s->output.bytes);
    uint64_t wire_us = JK_BUS_REQUEST_BYTES * 10 * US_PER_S / BAUD;

    s->again = false;
    if (jk_bus_request_encode(s->unit, type_of(s->ask), &out) != ERR_OK)
        return; /* impossible: only units 1 to 15 are asked */
    s->output.n = out.n;
    s->asking = true;
    s->heard = false;
    s->tries++;
    s->packs[s->unit].asked_us = now_us;
    s->deadline_us = now_us + wire_us + JK_BUS_ANSWER_US;
    jk_bus_sent(&s->bus, s->unit, type_of(s->ask), now_us);
}

static void act(struct jk_bus_source *s, uint64_t now_us)
{
    uint64_t next_us = NEVER_US;

    if (!s->open || !s->polling || s->asking || now_us < jk_pause_end_us(&s->pause))
        return;
    if (!s->again) {
        if (!jk_units_next(&s->units, now_us, &s->unit, &s->ask, &next_us))
            return;
        s->tries = 0;
        jk_units_asked(&s->units, s->unit, s->ask, now_us);
    }
    send(s, now_us);
}

static void on_timeout(struct jk_bus_source *s, uint64_t now_us)
{
    bool absent = !s->units.unit[s->unit].present;
    bool look = absent && jk_units_present(&s->units) > 0;

    s->asking = false;
    if (s->heard)
        jk_bus_trouble(s, JK_BUS_T_DAMAGED, s->unit, now_us,
                       "no good answer: noise, two packs with this address, a second master");
    else if (!absent)
        jk_bus_trouble(s, JK_BUS_T_SILENT, s->unit, now_us, "no answer");
    else if (!look)
        jk_bus_trouble(s, JK_BUS_T_SILENT, s->unit, now_us, "no answer from any unit");
    hint(s, now_us);
    jk_pause_begin(&s->pause, gap_us, now_us);
    if (s->heard) /* whoever it collided with */
        s->pause.quiet_us += throw_dice(s) / 16;
    s->again = s->tries < TRIES && !look;
    if (!s->again && jk_units_missed(&s->units, s->unit, s->ask, now_us))
        log_msg(s->log, LOG_WARN, "source", "battery=%s unit=%u does not answer", s->config.name,
                s->unit);
}

/* ---- what is heard ---- */

/* The answer to the question that is open. */
static void on_answer(struct jk_bus_source *s, uint64_t now_us)
{
    s->asking = false;
    if (jk_units_answered(&s->units, s->unit, s->ask, now_us))
        log_msg(s->log, LOG_INFO, "source", "battery=%s unit=%u answers", s->config.name, s->unit);
}

/* Does this frame belong to us, or to somebody else's question? While polling nothing is taken that
 * cannot be as young as its question. */
static bool is_ours(struct jk_bus_source *s, const struct jk_bus_heard *heard, uint64_t now_us)
{
    uint64_t asked_us = s->packs[heard->unit % JK_UNITS].asked_us;

    if (!s->polling || heard->asked)
        return true;
    if (asked_us != 0 && now_us - asked_us <= late_us) {
        jk_bus_trouble(s, JK_BUS_T_LATE, heard->unit, now_us, "an answer that is too late");
        return false;
    }
    heard_foreign(s, now_us);
    return true;
}

static void on_frame(struct jk_bus_source *s, const struct jk_bus_heard *heard, uint64_t now_us)
{
    uint8_t unit = heard->unit % JK_UNITS;
    bool signed_by_nobody = heard->identity == JK_BUS_BY_NOBODY;
    bool broadcast =
        signed_by_nobody && !heard->asked && jk_bus_cycle_has_master(&s->cycle, now_us);

    if (signed_by_nobody && !broadcast) {
        jk_bus_trouble(s, JK_BUS_T_NOBODY, unit, now_us, "a frame that nobody signed");
        return;
    }
    if (!is_ours(s, heard, now_us))
        return;
    if (heard->asked && heard->asked_unit != unit)
        jk_bus_trouble(s, JK_BUS_T_STRANGER, unit, now_us, "answered a question to unit %u",
                       heard->asked_unit);
    if ((s->config.units.mask & 1u << unit) == 0)
        return;
    struct jk_bus_pack *p = &s->packs[unit];
    if (s->asking && unit == s->unit && heard->type == type_of(s->ask))
        on_answer(s, now_us);
    bool doubted = jk_bus_take_record(s, unit, heard->type, heard->frame, now_us);
    if (heard->type != JK_CELLS)
        return;
    p->repeated = doubted && !p->repeated;
    if (p->repeated && s->polling)
        jk_units_again(&s->units, unit, JK_ASK_CELLS, now_us);
}

static void on_event(struct jk_bus_source *s, enum jk_bus_event event,
                     const struct jk_bus_heard *heard, uint64_t now_us)
{
    jk_bus_cycle_note(&s->cycle, event, heard, now_us);
    s->useless_us = 0;
    s->hinted = false;
    switch (event) {
    case JK_BUS_MORE: return;
    case JK_BUS_REQUEST: heard_foreign(s, now_us); return;
    case JK_BUS_ECHO: s->heard = false; return; /* that was only ourselves */
    case JK_BUS_FRAME: on_frame(s, heard, now_us); return;
    case JK_BUS_ACK: return;
    }
}

static void expire(struct jk_bus_source *s, uint64_t now_us)
{
    struct jk_bus_heard heard;
    enum jk_bus_event event;

    while ((event = jk_bus_expire(&s->bus, now_us, &heard)) != JK_BUS_MORE)
        on_event(s, event, &heard, now_us);
}

/* ---- the interface ---- */

static void start_over(struct jk_bus_source *s, uint64_t now_us)
{
    s->bus = (struct jk_bus){0};
    s->cycle = (struct jk_bus_cycle){0};
    s->polling = s->foreign = s->asking = s->again = false;
    s->output = (struct source_output){0};
    s->useless_us = 0;
    s->hinted = false;
    for (unsigned i = 0; i < JK_UNITS; i++) {
        jk_pack_reset(&s->packs[i].pack);
        s->packs[i].heard_us = s->packs[i].asked_us = 0;
        s->packs[i].repeated = false;
    }
    jk_units_start(&s->units, &(struct jk_units_config){.poll_us = US_PER_S}, now_us);
    jk_pause_none(&s->pause, now_us);
    s->listen_us = NEVER_US;
}

static void opened(void *self, uint64_t now_us)
{
    struct jk_bus_source *s = self;

    start_over(s, now_us);
    s->open = true;
    s->now_us = now_us;
    if (!s->config.listen_only)
        s->listen_us = now_us + first_listen_us;
}

static void closed(void *self, uint64_t now_us)
{
    struct jk_bus_source *s = self;

    start_over(s, now_us);
    s->open = false;
}

static void bytes(void *self, struct span in, uint64_t now_us)
{
    struct jk_bus_source *s = self;

    if (!s->open || in.n == 0)
        return;
    s->now_us = now_us;
    jk_pause_begin(&s->pause, gap_us, now_us);
    s->heard = true;
    if (s->useless_us == 0)
        s->useless_us = now_us;
    for (;;) {
        struct jk_bus_heard heard = {0};
        size_t used = 0;
        enum jk_bus_event event = jk_bus_feed(&s->bus, in, now_us, &used, &heard);
        in = span_sub(in, used, in.n);
        if (event == JK_BUS_MORE)
            return;
        on_event(s, event, &heard, now_us);
    }
}

/* An answer that has begun may end. */
static uint64_t answer_until_us(const struct jk_bus_source *s)
{
    bool begun = s->bus.n > 0 || s->bus.pending;

    return begun ? deadline_add(s->deadline_us, JK_BUS_GAP_US) : s->deadline_us;
}

static void deadline(void *self, uint64_t now_us)
{
    struct jk_bus_source *s = self;

    s->now_us = now_us;
    if (!s->open)
        return;
    expire(s, now_us);
    if (!s->polling && now_us >= s->listen_us)
        start_polling(s, now_us);
    if (s->asking && now_us >= answer_until_us(s))
        on_timeout(s, now_us);
    else if (!s->polling)
        hint(s, now_us);
    act(s, now_us);
}

static uint64_t next_turn_us(const struct jk_bus_source *s)
{
    uint8_t unit = 0;
    enum jk_ask ask = JK_ASK_CELLS;
    uint64_t next_us = 0;

    if (!s->polling)
        return s->listen_us;
    if (s->asking)
        return answer_until_us(s);
    if (!s->again && jk_units_next(&s->units, s->now_us, &unit, &ask, &next_us))
        next_us = 0;
    return next_us > jk_pause_end_us(&s->pause) ? next_us : jk_pause_end_us(&s->pause);
}

static uint64_t next_deadline(const void *self)
{
    const struct jk_bus_source *s = self;

    return s->open ? deadline_min(jk_bus_deadline(&s->bus), next_turn_us(s)) : NEVER_US;
}

static bool take_output(void *self, struct source_output *ret)
{
    struct jk_bus_source *s = self;

    return source_output_take(&s->output, ret);
}

static bool take_battery(void *self, unsigned *ret_index, struct battery *ret)
{
    struct jk_bus_source *s = self;

    for (unsigned i = 0; i < JK_UNITS; i++) {
        if (!jk_pack_take(&s->packs[i].pack, ret))
            continue;
        *ret_index = jk_units_index(&s->config.units, (uint8_t)i);
        return true;
    }
    return false;
}

static unsigned heard_lately(const struct jk_bus_source *s)
{
    uint32_t here = jk_bus_cycle_present(&s->cycle, s->now_us) & s->config.units.mask;
    unsigned n = 0;

    for (; here != 0; here &= here - 1)
        n++;
    return n;
}

/* Those that the user listed should be there, whether they answer or not. */
static unsigned present(const void *self)
{
    const struct jk_bus_source *s = self;

    return s->config.units.listed ? jk_units_capacity(&s->config.units) : heard_lately(s);
}

static bool ready(const void *self)
{
    const struct jk_bus_source *s = self;

    return s->open && heard_lately(s) > 0;
}

static uint32_t first_speed(const void *self)
{
    (void)self;
    return BAUD;
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
    .first_speed = first_speed,
};

void jk_bus_source_init(struct jk_bus_source *s, const struct jk_bus_config *config,
                        const struct log *log)
{
    *s = (struct jk_bus_source){.config = *config, .log = log, .listen_us = NEVER_US};
    for (const char *p = config->name; *p != '\0'; p++)
        s->dice = s->dice * 31 + (uint8_t)*p;
}

struct source jk_bus_as_source(struct jk_bus_source *s)
{
    return (struct source){.ops = &ops,
                           .self = s,
                           .wire = SOURCE_TTY,
                           .capacity = jk_units_capacity(&s->config.units)};
}

enum err jk_bus_source_make(const void *config, const struct log *log, struct source *ret)
{
    struct jk_bus_source *s = malloc(sizeof *s);

    if (s == NULL)
        return ERR_MEMORY;
    jk_bus_source_init(s, config, log);
    *ret = jk_bus_as_source(s);
    ret->destroy = free;
    return ERR_OK;
}
