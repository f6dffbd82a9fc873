/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads stimuli. The grammar is a table of verbs, each with the form of what follows it; every
 * error points at the token and says what was expected. Specification: docs/scenario-language.md.
 */
#include "sim/stimulus.h"

#include <string.h>

#include "base/can_frame.h"
#include "sim/stimulus_grammar.h"

#define MICRO 1000000LL

const char *const stimulus_actors[] = {"bms", "broker", "canbus", "inverter", "dut", NULL};

const struct stimulus_row stimulus_rows[STIM_COUNT] = {
    [STIM_SET] = {"set", ACTOR_BMS, FORM_PATH_VALUE},
    [STIM_RAMP] = {"ramp", ACTOR_BMS, FORM_RAMP},
    [STIM_RELEASE] = {"release", ACTOR_BMS, FORM_PATH},
    [STIM_UNPLUG] = {"unplug", ACTOR_BMS, FORM_UNPLUG},
    [STIM_PLUG] = {"plug", ACTOR_BMS, FORM_NONE},
    [STIM_LEAVE] = {"leave", ACTOR_BMS, FORM_NONE},
    [STIM_JOIN] = {"join", ACTOR_BMS, FORM_NONE},
    [STIM_REBOOT] = {"reboot", ACTOR_BMS, FORM_TIME},
    [STIM_HOLD] = {"hold", ACTOR_BMS, FORM_NONE},
    [STIM_FREE] = {"free", ACTOR_BMS, FORM_NONE},
    [STIM_FREEZE] = {"freeze", ACTOR_BMS, FORM_NONE},
    [STIM_THAW] = {"thaw", ACTOR_BMS, FORM_NONE},
    [STIM_FAULT] = {"fault", ACTOR_BMS, FORM_FAULT},
    [STIM_TYPE] = {"type", ACTOR_BMS, FORM_TEXT},
    [STIM_SEND] = {"send", ACTOR_BMS, FORM_HEX},
    [STIM_REPLAY] = {"replay", ACTOR_BMS, FORM_REPLAY},
    [STIM_BROKER_STOP] = {"stop", ACTOR_BROKER, FORM_NONE},
    [STIM_BROKER_START] = {"start", ACTOR_BROKER, FORM_NONE},
    [STIM_BROKER_FREEZE] = {"freeze", ACTOR_BROKER, FORM_NONE},
    [STIM_BROKER_THAW] = {"thaw", ACTOR_BROKER, FORM_NONE},
    [STIM_BROKER_RESET] = {"reset", ACTOR_BROKER, FORM_NONE},
    [STIM_BROKER_SLOW] = {"slow", ACTOR_BROKER, FORM_DELAY},
    [STIM_CANBUS_OFF] = {"off", ACTOR_CANBUS, FORM_NONE},
    [STIM_CANBUS_PASSIVE] = {"errorpassive", ACTOR_CANBUS, FORM_NONE},
    [STIM_CANBUS_ON] = {"on", ACTOR_CANBUS, FORM_NONE},
    [STIM_INVERTER_SEND] = {"send", ACTOR_INVERTER, FORM_FRAME},
    [STIM_INVERTER_KEEPALIVE] = {"keepalive", ACTOR_INVERTER, FORM_KEEPALIVE},
    [STIM_DUT_START] = {"start", ACTOR_DUT, FORM_NONE},
    [STIM_DUT_STOP] = {"stop", ACTOR_DUT, FORM_NONE},
    [STIM_DUT_KILL] = {"kill", ACTOR_DUT, FORM_NONE},
    [STIM_DUT_FREEZE] = {"freeze", ACTOR_DUT, FORM_NONE},
    [STIM_DUT_THAW] = {"thaw", ACTOR_DUT, FORM_NONE},
};

const struct fault_row fault_rows[FAULT_COUNT] = {
    [FAULT_DROP] = {"drop", true, DIM_RATIO, 1, 100 * MICRO},
    [FAULT_DELAY] = {"delay", true, DIM_TIME, 1, 3600 * MICRO},
    [FAULT_TRUNCATE] = {"truncate", true, DIM_BYTES, -65536 * MICRO, 65536 * MICRO},
    [FAULT_FLIP] = {"flip", true, DIM_RATIO, 1, 100 * MICRO},
    [FAULT_DUPLICATE] = {"duplicate", true, DIM_RATIO, 1, 100 * MICRO},
    [FAULT_ECHO] = {"echo", false, DIM_NONE, 0, 0},
    [FAULT_GARBAGE] = {"garbage", true, DIM_BYTES, 1 * MICRO, 4096 * MICRO},
    [FAULT_BAUD] = {"baud", true, DIM_BAUD, 50 * MICRO, 4000000 * MICRO},
    [FAULT_ADDR] = {"addr", true, DIM_NONE, 0, 255 * MICRO},
    [FAULT_STALE] = {"stale", false, DIM_NONE, 0, 0},
    [FAULT_BLOCK] = {"block", true, DIM_BYTES, 1 * MICRO, 65536 * MICRO},
    [FAULT_STALL] = {"stall", true, DIM_TIME, 1, 3600 * MICRO},
    [FAULT_CHUNK] = {"chunk", true, DIM_BYTES, 1 * MICRO, 65536 * MICRO},
};

/* ---- pieces ---- */

static bool check_range(struct conf_cursor *c, const struct conf_token *at, const char *what,
                        struct quantity q, int64_t min_micro, int64_t max_micro)
{
    char low[32] = "", high[32] = "";
    struct buf a = buf_of(low, sizeof low - 1), b = buf_of(high, sizeof high - 1);

    if (q.micro >= min_micro && q.micro <= max_micro)
        return true;
    quantity_format((struct quantity){min_micro, q.dim}, &a);
    quantity_format((struct quantity){max_micro, q.dim}, &b);
    conf_fail_at(c, at, "%s must be between %s and %s", what, low, high);
    return false;
}

/* A time greater than zero, as microseconds. */
static bool take_duration(struct conf_cursor *c, uint64_t *ret_us)
{
    const struct conf_token *at = conf_peek(c);
    struct quantity q;

    if (!conf_take_quantity(c, DIM_TIME, &q))
        return false;
    if (q.micro <= 0) {
        conf_fail_at(c, at, "the time must be longer than 0 s");
        return false;
    }
    *ret_us = (uint64_t)q.micro;
    return true;
}

/* Bytes, replies and addresses come whole. */
static bool check_whole(struct conf_cursor *c, const struct conf_token *at, struct quantity q)
{
    if (q.micro % MICRO == 0)
        return true;
    conf_fail_at(c, at, "expected a whole number");
    return false;
}

static bool take_flag(struct conf_cursor *c, struct quantity *ret)
{
    const struct conf_token *t = conf_peek(c);
    bool on = span_eq_str(t->text, "on") || span_eq_str(t->text, "1");

    if (t->kind == CONF_STRING ||
        (!on && !span_eq_str(t->text, "off") && !span_eq_str(t->text, "0"))) {
        conf_fail(c, "expected on or off");
        return false;
    }
    conf_take(c);
    *ret = (struct quantity){on ? MICRO : 0, DIM_NONE};
    return true;
}

static bool is_mask(uint16_t id)
{
    return id == BMS_PATH_EVENTS_BATTERY || id == BMS_PATH_EVENTS_POWER ||
           id == BMS_PATH_FAULT_SYSTEM;
}

/* 0x2002: kept as text and as a number. */
static bool take_mask(struct conf_cursor *c, struct stimulus *s)
{
    struct buf text = buf_of(s->text, sizeof s->text - 1);
    int64_t mask;

    if (!conf_take_int(c, "a mask such as 0x2000", 0, UINT32_MAX, &mask))
        return false;
    s->value = (struct quantity){mask * MICRO, DIM_NONE};
    return buf_printf(&text, "0x%llX", (unsigned long long)mask);
}

/* The value of a path, of the kind that the table says. */
static bool take_value(struct conf_cursor *c, struct stimulus *s, struct quantity *ret)
{
    const struct bms_path_info *info = bms_path_info(s->path.id);
    const struct conf_token *at = conf_peek(c);
    int64_t count;

    switch (info->value) {
    case BMS_QUANTITY:
        return conf_take_quantity(c, info->dim, ret) &&
               check_range(c, at, info->name, *ret, info->min_micro, info->max_micro);
    case BMS_FLAG: return take_flag(c, ret);
    case BMS_COUNT:
        if (!conf_take_int(c, info->name, 0, info->max_micro / MICRO, &count))
            return false;
        *ret = (struct quantity){count * MICRO, DIM_NONE};
        return true;
    case BMS_TEXT:
        return is_mask(s->path.id) ? take_mask(c, s)
                                   : conf_take_text(c, info->help, s->text, sizeof s->text);
    }
    return false;
}

static bool take_settable(struct conf_cursor *c, struct stimulus *s)
{
    const struct conf_token *at = conf_peek(c);

    if (!bms_path_take(c, &s->path))
        return false;
    if (!bms_path_info(s->path.id)->settable) {
        conf_fail_at(c, at, "%s follows from other values and cannot be set",
                     bms_path_info(s->path.id)->name);
        return false;
    }
    return true;
}

/* ---- forms ---- */

static bool take_ramp(struct conf_cursor *c, struct stimulus *s)
{
    const struct conf_token *at = conf_peek(c);

    if (!take_settable(c, s))
        return false;
    enum bms_value kind = bms_path_info(s->path.id)->value;
    if (kind != BMS_QUANTITY && kind != BMS_COUNT) {
        conf_fail_at(c, at, "only quantities can be ramped; use set for %s",
                     bms_path_info(s->path.id)->name);
        return false;
    }
    return take_value(c, s, &s->value) && conf_expect(c, "->") && take_value(c, s, &s->to) &&
           conf_expect(c, "over") && take_duration(c, &s->duration_us);
}

/* for (TIME | N replies) */
static bool take_extent(struct conf_cursor *c, struct stimulus *s)
{
    struct conf_cursor ahead;
    int64_t count;

    if (!conf_expect(c, "for"))
        return false;
    ahead = *c;
    conf_take(&ahead);
    const struct conf_token *unit = conf_peek(&ahead);
    if (unit->kind != CONF_WORD ||
        (!span_eq_str(unit->text, "replies") && !span_eq_str(unit->text, "reply")))
        return take_duration(c, &s->duration_us);
    if (!conf_take_int(c, "a number of replies", 1, 1000000, &count))
        return false;
    conf_take(c);
    s->count = (uint32_t)count;
    return true;
}

static bool take_fault(struct conf_cursor *c, struct stimulus *s)
{
    const char *known[FAULT_COUNT + 1] = {0};
    size_t kind;

    for (size_t i = 0; i < FAULT_COUNT; i++)
        known[i] = fault_rows[i].word;
    if (!conf_take_known(c, "fault", known, &kind))
        return false;
    const struct fault_row *row = &fault_rows[kind];
    const struct conf_token *at = conf_peek(c);
    s->fault = (enum fault_kind)kind;
    if (row->has_amount &&
        (!conf_take_quantity(c, row->dim, &s->value) ||
         !check_range(c, at, row->word, s->value, row->min_micro, row->max_micro)))
        return false;
    if ((row->dim == DIM_BYTES || s->fault == FAULT_ADDR) && !check_whole(c, at, s->value))
        return false;
    return take_extent(c, s);
}

/* A string of hex digits, blanks allowed between bytes; kept upper case without blanks. */
static bool take_hex(struct conf_cursor *c, struct stimulus *s)
{
    const struct conf_token *at = conf_peek(c);
    char raw[1600]; /* with blanks between the bytes */
    size_t n = 0;

    if (at->kind != CONF_STRING) {
        conf_fail(c, "expected bytes as hex digits in quotes: \"7E 32 30 0D\"");
        return false;
    }
    if (!conf_take_text(c, "bytes as hex digits", raw, sizeof raw))
        return false;
    for (const char *p = raw; *p != '\0'; p++) {
        uint64_t digit;
        if (*p == ' ' && n % 2 == 0)
            continue;
        if (!parse_hex(span_of(p, 1), 15, &digit)) {
            conf_fail_at(c, at, "'%c' is no hex digit, or a blank splits a byte", *p);
            return false;
        }
        if (n + 1 >= sizeof s->text) {
            conf_fail_at(c, at, "at most %zu bytes fit", (sizeof s->text - 1) / 2);
            return false;
        }
        s->text[n++] = "0123456789ABCDEF"[digit];
    }
    if (n == 0 || n % 2 != 0)
        conf_fail_at(c, at, n == 0 ? "no bytes" : "half a byte at the end");
    return n > 0 && n % 2 == 0;
}

static bool take_replay(struct conf_cursor *c, struct stimulus *s)
{
    if (!conf_take_text(c, "the recording's file name", s->text, sizeof s->text))
        return false;
    s->speed = (struct quantity){MICRO, DIM_NONE};
    if (!conf_accept(c, "speed"))
        return true;
    const struct conf_token *at = conf_peek(c);
    return conf_take_quantity(c, DIM_NONE, &s->speed) &&
           check_range(c, at, "speed", s->speed, MICRO / 1000, 1000 * MICRO);
}

/* "305#0000000000000000", stored in canonical form. */
static bool take_frame(struct conf_cursor *c, struct stimulus *s)
{
    const struct conf_token *at = conf_peek(c);
    struct buf out = buf_of(s->text, sizeof s->text - 1);
    char raw[64];
    struct can_msg msg;

    if (at->kind != CONF_STRING) {
        conf_fail(c, "expected a CAN frame in quotes: \"305#0000000000000000\"");
        return false;
    }
    if (!conf_take_text(c, "a CAN frame", raw, sizeof raw))
        return false;
    if (!can_msg_parse(span_str(raw), &msg)) {
        conf_fail_at(c, at, "'%s' is no CAN frame (ID#HEX with 3 or 8 digits of ID, up to 8 bytes)",
                     raw);
        return false;
    }
    memset(s->text, 0, sizeof s->text);
    return can_msg_format(&msg, &out);
}

static bool take_keepalive(struct conf_cursor *c, struct stimulus *s)
{
    if (conf_accept(c, "off"))
        return true;
    return take_frame(c, s) && conf_expect(c, "every") && take_duration(c, &s->duration_us);
}

static bool take_delay(struct conf_cursor *c, struct stimulus *s)
{
    const struct conf_token *at = conf_peek(c);

    return conf_take_quantity(c, DIM_TIME, &s->value) &&
           check_range(c, at, "slow", s->value, 0, 3600 * MICRO);
}

static bool take_form(struct conf_cursor *c, enum stimulus_form form, struct stimulus *s)
{
    switch (form) {
    case FORM_NONE: return true;
    case FORM_UNPLUG: s->adapter = conf_accept(c, "adapter"); return true;
    case FORM_PATH: return take_settable(c, s);
    case FORM_PATH_VALUE: return take_settable(c, s) && take_value(c, s, &s->value);
    case FORM_RAMP: return take_ramp(c, s);
    case FORM_TIME: return take_duration(c, &s->duration_us);
    case FORM_DELAY: return take_delay(c, s);
    case FORM_FAULT: return take_fault(c, s);
    case FORM_TEXT:
        return conf_take_text(c, "the text to type, in quotes", s->text, sizeof s->text);
    case FORM_HEX: return take_hex(c, s);
    case FORM_REPLAY: return take_replay(c, s);
    case FORM_FRAME: return take_frame(c, s);
    case FORM_KEEPALIVE: return take_keepalive(c, s);
    }
    return false;
}

/* ---- actor and verb ---- */

/* `bms 2`, `broker`, ...; with default_bms a line that starts with a verb means bms 1. */
static bool take_actor(struct conf_cursor *c, bool default_bms, struct stimulus *s)
{
    const struct conf_token *t = conf_peek(c);
    bool named = false;
    size_t actor;
    int64_t n;

    for (size_t i = 0; stimulus_actors[i] != NULL; i++)
        named = named || (t->kind == CONF_WORD && span_eq_str(t->text, stimulus_actors[i]));
    if (!named && default_bms) {
        s->battery = 1;
        return true;
    }
    if (!conf_take_known(c, "actor", stimulus_actors, &actor))
        return false;
    s->actor = (enum stimulus_actor)actor;
    if (s->actor != ACTOR_BMS)
        return true;
    if (!conf_take_int(c, "the number of a battery", 1, UINT16_MAX, &n))
        return false;
    s->battery = (uint16_t)n;
    return true;
}

static bool take_verb(struct conf_cursor *c, struct stimulus *s)
{
    const char *known[STIM_COUNT + 1] = {0};
    size_t first = STIM_COUNT, n = 0, which;

    for (size_t i = 0; i < STIM_COUNT; i++) {
        if (stimulus_rows[i].actor != s->actor)
            continue;
        first = i < first ? i : first;
        known[n++] = stimulus_rows[i].word;
    }
    if (!conf_take_known(c, "verb", known, &which))
        return false;
    s->verb = (enum stimulus_verb)(first + which);
    return true;
}

bool stimulus_take(struct conf_cursor *c, bool default_bms, struct stimulus *ret)
{
    struct stimulus s = {0};

    if (!take_actor(c, default_bms, &s) || !take_verb(c, &s) ||
        !take_form(c, stimulus_rows[s.verb].form, &s))
        return false;
    const struct conf_token *next = conf_peek(c);
    if (next->kind != CONF_END && !(next->kind == CONF_WORD && span_eq_str(next->text, "as"))) {
        conf_expect_end(c);
        return false;
    }
    *ret = s;
    return true;
}
