/* SPDX-License-Identifier: Apache-2.0
 *
 * See jk_uart_source.h.
 */
#include "bridge/source/jk_uart_source.h"

#include <stdarg.h>
#include <stdlib.h>

#include "bridge/source/trouble.h"

enum { BAUD = 115200 };

static const uint64_t answer_us = US_PER_S; /* begins within 1 ms; the longest takes 31 ms */
static const uint64_t silence_us = 100 * US_PER_MS; /* nobody pauses that long inside a frame */
static const uint64_t gap_us = 120 * US_PER_MS;
static const uint64_t late_us = 5 * US_PER_S; /* no answer comes later */
static const uint64_t useless_us = 10 * US_PER_S;

/* 4E 57, length 19, command, source 3 (PC), type 0, data 00, end mark, sum16: the vendor's document
 * V2.5. */
static const struct span read_again =
    SPAN_INIT("\x4E\x57\x00\x13\0\0\0\0\x03\x03\x00\x00\0\0\0\0\x68\0\0\x01\x26");
static const struct span activate =
    SPAN_INIT("\x4E\x57\x00\x13\0\0\0\0\x01\x03\x00\x00\0\0\0\0\x68\0\0\x01\x24");

void jk_uart_config_init(struct jk_uart_config *config, const char *name)
{
    *config = (struct jk_uart_config){.poll_us = US_PER_S};
    span_to_str(span_str(name), config->name, sizeof config->name);
}

/* ---- troubles ---- */

static const char *trouble_name(enum jk_uart_trouble trouble)
{
    switch (trouble) {
    case JK_UART_SILENT: return "silent";
    case JK_UART_DAMAGED: return "damaged";
    case JK_UART_UNASKED: return "unasked";
    case JK_UART_LAYOUT: return "layout";
    case JK_UART_INCOMPLETE: return "incomplete";
    case JK_UART_IMPLAUSIBLE: return "implausible";
    case JK_UART_DOUBTED: return "doubted";
    case JK_UART_WAITING: return "waiting";
    case JK_UART_TROUBLES: break;
    }
    return "?";
}

void jk_uart_trouble(struct jk_uart_poller *s, enum jk_uart_trouble kind, uint64_t now_us,
                     const char *format, ...)
{
    va_list args;

    s->troubles[kind]++;
    va_start(args, format);
    source_trouble(s->log, &s->limits[kind], s->config.name, trouble_name(kind), TROUBLE_NO_UNIT,
                   now_us, format, args);
    va_end(args);
}

/* Nobody can be talked to: what might be the matter. */
static void hint(struct jk_uart_poller *s, uint64_t now_us)
{
    if (s->hinted || s->useless_us == 0 || now_us - s->useless_us < useless_us)
        return;
    s->hinted = true;
    log_msg(s->log, LOG_WARN, "source",
            "battery=%s bytes for 10 s, but no frame: a line without pull-up, A and B swapped, or "
            "another protocol",
            s->config.name);
}

/* ---- asking ---- */

static bool is_asking(const struct jk_uart_poller *s)
{
    return s->step == JK_STEP_FIRST || s->step == JK_STEP_SECOND || s->step == JK_STEP_WAKING;
}

static uint32_t damages(const struct jk_uart_poller *s)
{
    return s->reader.bad_end + s->reader.bad_length + s->reader.bad_sum;
}

static void send(struct jk_uart_poller *s, enum jk_step step, struct span telegram, uint64_t now_us)
{
    struct buf out = buf_of(s->output.bytes, sizeof s->output.bytes);

    buf_put(&out, telegram);
    s->output.n = out.n;
    s->step = step;
    s->byte_us = 0;
    s->damages = damages(s);
    s->limit_us = now_us + answer_us + telegram.n * 10 * US_PER_S / BAUD;
    jk_uart_reader_reset(&s->reader);
}

static void ask_first(struct jk_uart_poller *s, uint64_t now_us)
{
    uint64_t late = now_us > s->poll_us ? now_us - s->poll_us : 0;

    s->first_us = now_us;
    s->poll_us += (late / s->config.poll_us + 1) * s->config.poll_us;
    send(s, JK_STEP_FIRST, jk_uart_read_all, now_us);
}

static void wait_for_late(struct jk_uart_poller *s)
{
    s->step = JK_STEP_PAUSE;
    s->limit_us = s->first_us + late_us;
}

/* ---- answers ---- */

static void on_answer(struct jk_uart_poller *s, struct span data, uint64_t now_us)
{
    if (!s->answers)
        log_msg(s->log, LOG_INFO, "source", "battery=%s answers", s->config.name);
    s->answers = true;
    s->answer_us = now_us;
    s->step = JK_STEP_IDLE;
    s->repeated = jk_uart_take_reading(s, data, now_us) && !s->repeated;
    if (s->repeated)
        s->poll_us = now_us;
}

static void on_frame(struct jk_uart_poller *s, struct span bytes, uint64_t now_us)
{
    uint8_t asked = s->step == JK_STEP_FIRST ? JK_UART_READ_ALL : JK_UART_READ;
    struct jk_uart_frame frame;

    if (jk_uart_frame_decode(bytes, &frame).code != ERR_OK)
        return;
    s->useless_us = 0;
    s->hinted = false;
    if (frame.type == JK_UART_REQUEST)
        return; /* the own question, heard by an adapter with echo */
    if (s->step == JK_STEP_WAKING && frame.command == JK_UART_ACTIVATE) {
        s->step = JK_STEP_IDLE; /* it is awake */
        s->poll_us = now_us;
        return;
    }
    bool answer = s->step == JK_STEP_FIRST || s->step == JK_STEP_SECOND;
    if (answer && frame.type == JK_UART_REPLY && frame.command == asked)
        on_answer(s, frame.data, now_us);
    else
        jk_uart_trouble(s, JK_UART_UNASKED, now_us, "a frame (command %02X, type %u) came unasked",
                        frame.command, frame.type);
}

/* No good answer came: the other question, the wake-up, or the pause. */
static void on_failure(struct jk_uart_poller *s, uint64_t now_us)
{
    bool heard = s->byte_us != 0;

    jk_pause_begin(&s->pause, gap_us, now_us);
    hint(s, now_us);
    if (s->step == JK_STEP_WAKING) {
        wait_for_late(s);
        return;
    }
    jk_uart_trouble(s, heard ? JK_UART_DAMAGED : JK_UART_SILENT, now_us, "no good answer");
    if (s->step == JK_STEP_FIRST) {
        s->step = JK_STEP_SECOND;
        s->limit_us = NEVER_US; /* until it is sent */
        return;
    }
    if (s->answers)
        log_msg(s->log, LOG_WARN, "source", "battery=%s does not answer", s->config.name);
    s->answers = false;
    if (heard) {
        wait_for_late(s);
    } else {
        s->step = JK_STEP_WAKING;
        s->limit_us = NEVER_US;
    }
}

/* What waits to be sent once the line is free. */
static bool has_turn(const struct jk_uart_poller *s)
{
    return (s->step == JK_STEP_SECOND || s->step == JK_STEP_WAKING) && s->limit_us == NEVER_US;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* When something is to be sent; NEVER_US: an answer is awaited. */
static uint64_t turn_us(const struct jk_uart_poller *s)
{
    if (s->step == JK_STEP_IDLE)
        return later(s->poll_us, jk_pause_end_us(&s->pause));
    return has_turn(s) ? jk_pause_end_us(&s->pause) : NEVER_US;
}

/* When the silence behind a frame that is cut or damaged, or the whole time, decides. */
static uint64_t decide_us(const struct jk_uart_poller *s)
{
    if (s->step == JK_STEP_PAUSE)
        return s->limit_us;
    if (!is_asking(s) || has_turn(s))
        return NEVER_US;
    bool waiting = s->byte_us != 0 && (s->reader.n > 0 || damages(s) != s->damages);
    return waiting ? deadline_min(s->limit_us, s->byte_us + silence_us) : s->limit_us;
}

static void decide(struct jk_uart_poller *s, uint64_t now_us)
{
    if (s->step == JK_STEP_PAUSE) {
        s->step = JK_STEP_IDLE;
        s->poll_us = now_us;
        return;
    }
    while (is_asking(s) && jk_uart_reader_silence(&s->reader) == JK_UART_FRAME)
        on_frame(s, jk_uart_got(&s->reader), now_us);
    if (is_asking(s) && !has_turn(s))
        on_failure(s, now_us);
}

static void act(struct jk_uart_poller *s, uint64_t now_us)
{
    if (now_us < turn_us(s))
        return;
    if (s->step == JK_STEP_IDLE)
        ask_first(s, now_us);
    else if (s->step == JK_STEP_SECOND)
        send(s, JK_STEP_SECOND, read_again, now_us);
    else
        send(s, JK_STEP_WAKING, activate, now_us);
}

/* ---- the interface ---- */

static void opened(void *self, uint64_t now_us)
{
    struct jk_uart_poller *s = self;

    jk_pack_reset(&s->pack);
    jk_uart_reader_reset(&s->reader);
    s->output = (struct source_output){0};
    s->step = JK_STEP_IDLE;
    s->answers = s->repeated = s->hinted = false;
    s->answer_us = s->useless_us = 0;
    jk_pause_none(&s->pause, now_us);
    s->poll_us = now_us;
    act(s, now_us);
}

static void closed(void *self, uint64_t now_us)
{
    struct jk_uart_poller *s = self;

    (void)now_us;
    s->step = JK_STEP_CLOSED;
    s->answers = false;
    s->output = (struct source_output){0};
}

static void bytes(void *self, struct span in, uint64_t now_us)
{
    struct jk_uart_poller *s = self;

    if (s->step == JK_STEP_CLOSED || in.n == 0)
        return;
    jk_pause_begin(&s->pause, gap_us, now_us);
    if (s->useless_us == 0)
        s->useless_us = now_us;
    if (!is_asking(s) || has_turn(s)) {
        jk_uart_trouble(s, JK_UART_UNASKED, now_us, "bytes that were not asked for");
        return;
    }
    s->byte_us = now_us;
    while (is_asking(s)) {
        size_t used = 0;
        enum jk_uart_event event = jk_uart_reader_feed(&s->reader, in, &used);
        in = span_sub(in, used, in.n);
        if (event == JK_UART_MORE)
            return;
        on_frame(s, jk_uart_got(&s->reader), now_us);
    }
}

static void deadline(void *self, uint64_t now_us)
{
    struct jk_uart_poller *s = self;

    if (now_us >= decide_us(s))
        decide(s, now_us);
    act(s, now_us);
}

static uint64_t next_deadline(const void *self)
{
    const struct jk_uart_poller *s = self;

    return deadline_min(turn_us(s), decide_us(s));
}

static bool take_output(void *self, struct source_output *ret)
{
    struct jk_uart_poller *s = self;

    return source_output_take(&s->output, ret);
}

static bool take_battery(void *self, unsigned *ret_index, struct battery *ret)
{
    struct jk_uart_poller *s = self;

    *ret_index = 0;
    return jk_pack_take(&s->pack, ret);
}

static unsigned present(const void *self)
{
    const struct jk_uart_poller *s = self;

    return s->answers ? 1 : 0;
}

static bool ready(const void *self)
{
    const struct jk_uart_poller *s = self;

    return s->answers;
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

void jk_uart_source_init(struct jk_uart_poller *s, const struct jk_uart_config *config,
                         const struct log *log)
{
    *s = (struct jk_uart_poller){.config = *config, .log = log, .step = JK_STEP_CLOSED};
}

struct source jk_uart_as_source(struct jk_uart_poller *s)
{
    return (struct source){.ops = &ops, .self = s, .wire = SOURCE_TTY, .capacity = 1};
}

enum err jk_uart_source_make(const void *config, const struct log *log, struct source *ret)
{
    struct jk_uart_poller *s = malloc(sizeof *s);

    if (s == NULL)
        return ERR_MEMORY;
    jk_uart_source_init(s, config, log);
    *ret = jk_uart_as_source(s);
    ret->destroy = free;
    return ERR_OK;
}
