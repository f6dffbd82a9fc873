/* SPDX-License-Identifier: Apache-2.0
 *
 * See jk_modbus_source.h.
 */
#include "bridge/source/jk_modbus_source.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/source/trouble.h"

static const uint64_t answer_us = 300 * US_PER_MS; /* begins; a pack takes about 10 ms */
static const uint64_t useless_us = 10 * US_PER_S;
/* Silent for so long, a unit may come back as another pack. */
static const uint64_t forget_us = 60 * US_PER_S;

enum { TURNS = 3, TRIES = 2, TEMPS_AT = 0x12F8 };

/* The questions, with their least number of words; TURNS - 1 more are within what every firmware
 * answers (40) and reach no other question's numbers. None asks for as many bytes as the high byte
 * of its own address says, so that an echo is no beginning of an answer. */
struct step {
    uint16_t address, words;
};
static const struct step steps[JK_ASKS][JK_MODBUS_STEPS] = {
    [JK_ASK_CELLS] = {{TEMPS_AT, 3}, {0x1200, 34}, {0x128A, 28}},
    [JK_ASK_SETTINGS] = {{0x1004, 38}, {0x1050, 20}},
    [JK_ASK_INFO] = {{0x1400, 16}, {0x1450, 11}},
};

static const uint16_t base_of[JK_ASKS] = {
    [JK_ASK_CELLS] = JK_REG_STATUS,
    [JK_ASK_SETTINGS] = JK_REG_SETTINGS,
    [JK_ASK_INFO] = JK_REG_INFO,
};

void jk_modbus_config_init(struct jk_modbus_config *config, const char *name)
{
    *config = (struct jk_modbus_config){
        .units = {.mask = 0xFFFE, .poll_us = US_PER_S},
        .baud = 115200,
        .gap_us = 120 * US_PER_MS,
    };
    span_to_str(span_str(name), config->name, sizeof config->name);
}

/* ---- troubles ---- */

static const char *trouble_name(enum jk_modbus_trouble trouble)
{
    switch (trouble) {
    case JK_MODBUS_SILENT: return "silent";
    case JK_MODBUS_DAMAGED: return "damaged";
    case JK_MODBUS_REFUSED: return "refused";
    case JK_MODBUS_UNASKED: return "unasked";
    case JK_MODBUS_IMPLAUSIBLE: return "implausible";
    case JK_MODBUS_DOUBTED: return "doubted";
    case JK_MODBUS_WAITING: return "waiting";
    case JK_MODBUS_OTHER_PACK: return "other-pack";
    case JK_MODBUS_TROUBLES: break;
    }
    return "?";
}

void jk_modbus_trouble(struct jk_modbus_source *s, enum jk_modbus_trouble kind, uint64_t now_us,
                       const char *format, ...)
{
    va_list args;

    s->troubles[kind]++;
    va_start(args, format);
    source_trouble(s->log, &s->limits[kind], s->config.name, trouble_name(kind), s->unit, now_us,
                   format, args);
    va_end(args);
}

/* Nobody can be talked to: what might be the matter. */
static void hint(struct jk_modbus_source *s, uint64_t now_us)
{
    if (s->hinted || s->useless_us == 0 || now_us - s->useless_us < useless_us ||
        jk_units_present(&s->units) > 0)
        return;
    s->hinted = true;
    log_msg(s->log, LOG_WARN, "source",
            "battery=%s bytes for 10 s, but no telegram: A and B swapped, another speed, or "
            "another protocol selected in the BMS",
            s->config.name);
}

/* ---- asking ---- */

static uint64_t wire_us(const struct jk_modbus_source *s, size_t bytes)
{
    return bytes * 10 * US_PER_S / s->config.baud;
}

static bool is_refused(const struct jk_modbus_source *s)
{
    return (s->packs[s->unit].refused[s->ask] & 1u << s->step) != 0;
}

/* A reading is one without it. */
static bool is_optional(const struct jk_modbus_source *s)
{
    return s->ask == JK_ASK_INFO || steps[s->ask][s->step].address == TEMPS_AT;
}

/* Is there such a step, and does the unit know it? */
static bool has_step(const struct jk_modbus_source *s)
{
    return s->step < JK_MODBUS_STEPS && steps[s->ask][s->step].words != 0 && !is_refused(s);
}

static void send(struct jk_modbus_source *s, uint64_t now_us)
{
    const struct step *step = &steps[s->ask][s->step];
    uint8_t *turn = &s->packs[s->unit].turns[s->ask][s->step];
    struct buf out = buf_of(s->output.bytes, sizeof s->output.bytes);

    s->request = (struct jk_modbus_request){
        .unit = s->unit,
        .function = JK_MODBUS_READ,
        .address = step->address,
        .words = (uint16_t)(step->words + *turn % TURNS),
    };
    *turn = (uint8_t)((*turn + 1) % TURNS);
    if (jk_modbus_request_encode(&s->request, &out) != ERR_OK)
        return; /* impossible: the table holds only what can be encoded */
    s->output.n = out.n;
    s->asking = true;
    s->heard = false;
    s->tries++;
    s->asked++;
    jk_modbus_reader_reset(&s->reader);
    s->deadline_us = now_us + answer_us + wire_us(s, 8 + 5 + 2 * (size_t)s->request.words);
}

static void finish(struct jk_modbus_source *s)
{
    s->ask = JK_ASKS;
}

static void begin(struct jk_modbus_source *s, uint8_t unit, enum jk_ask ask, uint64_t now_us)
{
    s->unit = unit;
    s->ask = ask;
    s->step = 0;
    s->tries = 0;
    jk_registers_clear(&s->block, base_of[ask]);
    jk_units_asked(&s->units, unit, ask, now_us);
    while (is_refused(s))
        s->step++;
    if (has_step(s))
        send(s, now_us);
    else
        finish(s);
}

/* A question in the middle of its steps goes on; else the next one that is due. */
static void act(struct jk_modbus_source *s, uint64_t now_us)
{
    uint8_t unit = 0;
    enum jk_ask ask = JK_ASK_CELLS;
    uint64_t next_us = NEVER_US;

    if (!s->open || s->asking || now_us < jk_pause_end_us(&s->pause))
        return;
    if (s->ask != JK_ASKS)
        send(s, now_us);
    else if (jk_units_next(&s->units, now_us, &unit, &ask, &next_us))
        begin(s, unit, ask, now_us);
}

/* ---- answers ---- */

static void complete(struct jk_modbus_source *s, uint64_t now_us)
{
    struct jk_modbus_pack *p = &s->packs[s->unit];
    uint64_t heard_us = s->units.unit[s->unit].heard_us;

    if (heard_us != 0 && now_us - heard_us > forget_us + 3 * s->config.units.poll_us) {
        jk_pack_reset(&p->pack);
    }
    if (jk_units_answered(&s->units, s->unit, s->ask, now_us)) {
        memset(p->refused, 0, sizeof p->refused);
        log_msg(s->log, LOG_INFO, "source", "battery=%s unit=%u answers", s->config.name, s->unit);
    }
    jk_modbus_take_block(s, now_us);
    finish(s);
}

static void next_step(struct jk_modbus_source *s, uint64_t now_us)
{
    do
        s->step++;
    while (is_refused(s));
    s->tries = 0;
    if (!has_step(s))
        complete(s, now_us);
}

static void give_up(struct jk_modbus_source *s, uint64_t now_us)
{
    if (jk_units_missed(&s->units, s->unit, s->ask, now_us))
        log_msg(s->log, LOG_WARN, "source", "battery=%s unit=%u does not answer", s->config.name,
                s->unit);
    finish(s);
}

/* ---- telegrams ---- */

static void on_refused(struct jk_modbus_source *s, enum jk_modbus_exception code, uint64_t now_us)
{
    jk_modbus_trouble(s, JK_MODBUS_REFUSED, now_us, "exception %d to registers %04X", (int)code,
                      s->request.address);
    if (!is_optional(s)) {
        give_up(s, now_us);
        return;
    }
    s->packs[s->unit].refused[s->ask] |= (uint8_t)(1u << s->step);
    next_step(s, now_us);
}

static void on_telegram(struct jk_modbus_source *s, struct span telegram, uint64_t now_us)
{
    struct jk_modbus_reply reply;

    if (jk_modbus_reply_decode(telegram, &s->request, &reply).code != ERR_OK)
        return; /* an exception that does not exist: the time-out decides */
    s->asking = false;
    s->answered++;
    s->useless_us = 0;
    s->hinted = false;
    if (reply.refused != JK_MODBUS_OK) {
        on_refused(s, reply.refused, now_us);
        return;
    }
    jk_registers_put(&s->block, reply.address,
                     span_of(reply.data, 2 * (size_t)steps[s->ask][s->step].words));
    next_step(s, now_us);
}

static void on_timeout(struct jk_modbus_source *s, uint64_t now_us)
{
    s->asking = false;
    if (s->heard)
        jk_modbus_trouble(s, JK_MODBUS_DAMAGED, now_us, "no good answer to registers %04X",
                          s->request.address);
    else if (s->units.unit[s->unit].present)
        jk_modbus_trouble(s, JK_MODBUS_SILENT, now_us, "no answer to registers %04X",
                          s->request.address);
    else if (jk_units_present(&s->units) == 0)
        jk_modbus_trouble(
            s, JK_MODBUS_SILENT, now_us,
            "no answer from any unit; firmware that only answers triggers needs jk-bus");
    hint(s, now_us);
    jk_pause_begin(&s->pause, s->config.gap_us, now_us);
    bool look = !s->units.unit[s->unit].present && jk_units_present(&s->units) > 0;
    if (s->tries >= TRIES || look)
        give_up(s, now_us);
}

/* ---- the interface ---- */

static void opened(void *self, uint64_t now_us)
{
    struct jk_modbus_source *s = self;

    s->open = true;
    s->now_us = now_us;
    s->asking = false;
    s->ask = JK_ASKS;
    s->output = (struct source_output){0};
    s->useless_us = 0;
    s->hinted = false;
    for (unsigned i = 0; i < JK_UNITS; i++) {
        jk_pack_reset(&s->packs[i].pack);
        memset(s->packs[i].refused, 0, sizeof s->packs[i].refused);
        s->packs[i].repeated = false;
    }
    jk_units_start(&s->units, &s->config.units, now_us);
    jk_pause_none(&s->pause, now_us);
    act(s, now_us);
}

static void closed(void *self, uint64_t now_us)
{
    struct jk_modbus_source *s = self;

    s->open = false;
    s->asking = false;
    s->ask = JK_ASKS;
    s->output = (struct source_output){0};
    jk_units_start(&s->units, &s->config.units, now_us);
}

static void bytes(void *self, struct span in, uint64_t now_us)
{
    struct jk_modbus_source *s = self;

    s->now_us = now_us;
    if (!s->open || in.n == 0)
        return;
    jk_pause_begin(&s->pause, s->config.gap_us, now_us);
    if (s->useless_us == 0)
        s->useless_us = now_us;
    if (!s->asking) {
        jk_modbus_trouble(s, JK_MODBUS_UNASKED, now_us,
                          "bytes that were not asked for: a late answer, noise, or another master");
        return;
    }
    s->heard = true;
    while (s->asking) {
        size_t used = 0;
        enum jk_modbus_event event = jk_modbus_feed_replies(&s->reader, &s->request, in, &used);
        in = span_sub(in, used, in.n);
        if (event == JK_MODBUS_MORE)
            return;
        on_telegram(s, jk_modbus_got(&s->reader), now_us);
    }
}

static void deadline(void *self, uint64_t now_us)
{
    struct jk_modbus_source *s = self;

    s->now_us = now_us;
    if (s->asking && now_us >= s->deadline_us)
        on_timeout(s, now_us);
    act(s, now_us);
}

static uint64_t next_deadline(const void *self)
{
    const struct jk_modbus_source *s = self;
    uint8_t unit = 0;
    enum jk_ask ask = JK_ASK_CELLS;
    uint64_t next_us = 0;

    if (!s->open)
        return NEVER_US;
    if (s->asking)
        return s->deadline_us;
    if (s->ask == JK_ASKS && jk_units_next(&s->units, s->now_us, &unit, &ask, &next_us))
        next_us = 0;
    return next_us > jk_pause_end_us(&s->pause) ? next_us : jk_pause_end_us(&s->pause);
}

static bool take_output(void *self, struct source_output *ret)
{
    struct jk_modbus_source *s = self;

    return source_output_take(&s->output, ret);
}

static bool take_battery(void *self, unsigned *ret_index, struct battery *ret)
{
    struct jk_modbus_source *s = self;

    for (unsigned i = 0; i < JK_UNITS; i++) {
        if (!jk_pack_take(&s->packs[i].pack, ret))
            continue;
        *ret_index = jk_units_index(&s->config.units, (uint8_t)i);
        return true;
    }
    return false;
}

/* Those that the user listed should be there, whether they answer or not. */
static unsigned present(const void *self)
{
    const struct jk_modbus_source *s = self;

    return s->config.units.listed ? jk_units_capacity(&s->config.units)
                                  : jk_units_present(&s->units);
}

static bool ready(const void *self)
{
    const struct jk_modbus_source *s = self;

    return s->open && jk_units_present(&s->units) > 0;
}

static uint32_t first_speed(const void *self)
{
    const struct jk_modbus_source *s = self;

    return s->config.baud;
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

void jk_modbus_source_init(struct jk_modbus_source *s, const struct jk_modbus_config *config,
                           const struct log *log)
{
    *s = (struct jk_modbus_source){.config = *config, .log = log, .ask = JK_ASKS};
}

struct source jk_modbus_as_source(struct jk_modbus_source *s)
{
    return (struct source){.ops = &ops,
                           .self = s,
                           .wire = SOURCE_TTY,
                           .capacity = jk_units_capacity(&s->config.units)};
}

enum err jk_modbus_source_make(const void *config, const struct log *log, struct source *ret)
{
    struct jk_modbus_source *s = malloc(sizeof *s);

    if (s == NULL)
        return ERR_MEMORY;
    jk_modbus_source_init(s, config, log);
    *ret = jk_modbus_as_source(s);
    ret->destroy = free;
    return ERR_OK;
}
