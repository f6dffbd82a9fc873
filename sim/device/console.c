/* SPDX-License-Identifier: Apache-2.0
 *
 * The console's session: characters in, echo and answers out, the pager's key, the wake-up frame.
 * The answers themselves are made in console_answer.c. Source: specification sections 1.1, 2.1
 * to 2.4.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/device/console_private.h"
#include "sim/device/recording.h"

enum { FRAME_BAUD = 1200 };

/* What a module in frame mode says to any other frame: RTN 06 (section 1.1). */
static const char frame_refusal[] = "~200146060000FDAD\r";

static struct console *console_of(struct device *device)
{
    return (struct console *)(void *)device; /* base is the first member */
}

static const struct console *console_of_const(const struct device *device)
{
    return (const struct console *)(const void *)device;
}

static void note(const struct console *c, const char *kind, const char *text)
{
    c->base.host.note(c->base.host.ctx, kind, text);
}

static void reply(const struct console *c, const struct device_reply *r)
{
    if (r->bytes.n > 0)
        c->base.host.reply(c->base.host.ctx, r);
}

/* ---- power and rates ---- */

static uint32_t console_baud(const struct device *device)
{
    const struct console *c = console_of_const(device);
    if (!c->awake)
        return FRAME_BAUD;
    return c->knobs.start_frame_mode && c->knobs.awake_baud != 0 ? c->knobs.awake_baud
                                                                 : c->knobs.baud;
}

static void power_up(struct device *device, uint64_t now_us)
{
    struct console *c = console_of(device);
    c->awake = !c->knobs.start_frame_mode;
    c->debug = c->knobs.debug;
    c->powered_us = now_us;
    c->line_n = 0;
    c->frame_n = 0;
    c->waiting = false;
    c->base.host.baud(c->base.host.ctx, console_baud(device));
}

/* ---- the frame mode of old modules ---- */

static void end_frame(struct console *c)
{
    struct span frame = span_of(c->frame, c->frame_n);
    if (span_eq(frame, pylon_wakeup_frame)) {
        c->awake = true;
        note(c, "wake-up", "the console left the frame mode");
        c->base.host.baud(c->base.host.ctx, console_baud(&c->base));
    } else {
        struct device_reply r = {.kind = DEVICE_ERROR,
                                 .command = span_sub(frame, 0, frame.n - 1),
                                 .bytes = span_str(frame_refusal),
                                 .delay_us = c->knobs.answer_delay_us};
        reply(c, &r);
    }
    c->frame_n = 0;
}

static void take_frame_byte(struct console *c, uint8_t byte)
{
    if (byte == '~')
        c->frame_n = 0;
    else if (c->frame_n == 0)
        return; /* noise between frames, carriage returns of hopeful clients */
    if (c->frame_n == CONSOLE_FRAME_MAX) {
        c->frame_n = 0;
        return;
    }
    c->frame[c->frame_n++] = (char)byte;
    if (byte == '\r')
        end_frame(c);
}

/* ---- answers ---- */

static void send_page(struct console *c)
{
    const struct console_answer *a = &c->paged;
    bool last = c->page == a->n_pages;
    size_t end = last ? a->out.n : a->page_end[c->page];
    struct device_reply r = {
        .kind = DEVICE_ERROR,
        .command = span_str(c->paged_command),
        .bytes = span_of(c->text + c->page_start, end - c->page_start),
        .delay_us = c->knobs.answer_delay_us + a->rows * c->knobs.row_gap_us,
        .whole = a->n_pages == 0,
        .recorded = a->recorded,
    };
    if (last && a->status == PYLON_OK)
        r.kind = DEVICE_ANSWER;
    c->waiting = !last;
    c->page_start = end;
    reply(c, &r);
}

/* A key at the pager: Enter goes on, any other ends the command (section 2.4). */
static void take_pager_key(struct console *c, uint8_t key)
{
    if (key == '\r' || key == '\n') {
        c->page++;
        send_page(c);
        return;
    }
    struct buf out = buf_of(c->text, sizeof c->text);
    pylon_text_end(&c->paged.style, &out);
    c->waiting = false;
    struct device_reply r = {.kind = DEVICE_ERROR,
                             .command = span_str(c->paged_command),
                             .bytes = buf_span(&out),
                             .delay_us = c->knobs.answer_delay_us};
    reply(c, &r);
}

static void note_forbidden(const struct console *c, struct span line)
{
    struct span rest = line, word;
    char text[CONSOLE_LINE_MAX];

    if (!span_token(&rest, &word))
        return;
    bool sets_time = span_eq_str(word, "time") && span_trim(rest).n > 0;
    if (console_command_forbidden(word) || sets_time) {
        span_to_str(span_trim(line), text, sizeof text);
        note(c, "forbidden", text);
    }
}

static void run_line(struct console *c)
{
    struct span line = span_of(c->line, c->line_n);
    bool debug = c->debug;

    note_forbidden(c, line);
    c->base.host.stack(c->base.host.ctx, &c->scratch);
    c->paged.out = buf_of(c->text, sizeof c->text);
    console_answer(c, line, &c->scratch, &c->paged, &debug);
    if (c->paged.recorded)
        recording_next(c->recording, line);
    if (debug != c->debug)
        note(c, "mode", debug ? "admin" : "user");
    c->debug = debug;
    span_to_str(line, c->paged_command, sizeof c->paged_command);
    c->page = 0;
    c->page_start = 0;
    c->line_n = 0;
    send_page(c);
}

/* ---- line editor ---- */

static bool is_enter(uint8_t byte)
{
    return byte == '\r' || byte == '\n';
}

/* Echoes what is echoed of `byte`; control characters are ignored, as the 0x0E of some clients must
 * be (section 1.1); a full line takes no more. */
static void edit(struct console *c, uint8_t byte, struct buf *echo)
{
    if (is_enter(byte)) {
        buf_str(echo, "\n\r");
    } else if (byte >= ' ' && c->line_n < sizeof c->line - 1) {
        c->line[c->line_n++] = (char)byte;
        buf_u8(echo, byte);
    }
}

static void flush_echo(const struct console *c, struct buf *echo)
{
    struct device_reply r = {.kind = DEVICE_ECHO, .bytes = buf_span(echo)};
    reply(c, &r);
    buf_clear(echo);
}

static void on_bytes(struct device *device, struct span bytes, uint64_t now_us)
{
    struct console *c = console_of(device);
    uint8_t memory[256];
    struct buf echo = buf_of(memory, sizeof memory);

    (void)now_us;
    for (size_t i = 0; i < bytes.n; i++) {
        uint8_t byte = bytes.p[i];
        if (!c->awake) {
            take_frame_byte(c, byte);
            continue;
        }
        if (c->waiting) {
            take_pager_key(c, byte);
            continue;
        }
        edit(c, byte, &echo);
        if (is_enter(byte) || echo.cap - echo.n < 2)
            flush_echo(c, &echo);
        if (is_enter(byte))
            run_line(c);
    }
    flush_echo(c, &echo);
}

static uint64_t next_deadline(const struct device *device)
{
    (void)device;
    return NEVER_US; /* the console speaks only when spoken to */
}

static void on_deadline(struct device *device, uint64_t now_us)
{
    (void)device;
    (void)now_us;
}

/* ---- what the host asks ---- */

static bool is_layout(const char *text)
{
    static const char *const known[] = {"P1", "P2", "P3", "P4", "PY"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(text, known[i]) == 0)
            return true;
    }
    return false;
}

/* Words longer than a column would shift the table: no firmware can print them. */
static bool accepts(const struct device *device, uint16_t path, const char *text,
                    const char **ret_why)
{
    struct pylon_time time;
    size_t n = strlen(text);

    (void)device;
    if (path >= BMS_PATH_STATE_BASE && path <= BMS_PATH_STATE_SYSTEM) {
        *ret_why = "a state word has 1 to 8 characters without blanks";
        return n >= 1 && n <= 8 && strchr(text, ' ') == NULL;
    }
    if (path == BMS_PATH_CLOCK) {
        *ret_why = "a clock is written \"2026-07-17 01:20:56\"";
        return console_clock_parse(text, &time);
    }
    if (path == BMS_PATH_LAYOUT) {
        *ret_why = "the layouts are P1 P2 P3 P4 PY";
        return is_layout(text);
    }
    if (path == BMS_PATH_FIRMWARE) {
        *ret_why = "a firmware version has 1 to 31 characters";
        return n >= 1 && n < OVERLAY_TEXT;
    }
    *ret_why = "a serial number or mask has 1 to 20 characters";
    return path >= BMS_PATH_EVENTS_BATTERY && path <= BMS_PATH_SERIAL && n >= 1 && n <= 20;
}

static enum err render(const struct device *device, struct span command, const struct stack *stack,
                       struct buf *out)
{
    const struct console *c = console_of_const(device);
    struct console_answer a = {.out = *out};
    bool debug;

    console_answer(c, command, stack, &a, &debug);
    *out = a.out;
    return a.recorded ? ERR_NOT_FOUND : ERR_OK;
}

/* "pwr 2" */
static bool readdress(const struct device *device, struct span command, uint8_t address,
                      struct buf *out)
{
    struct span rest = command, word, number;
    int64_t n;

    (void)device;
    if (!span_token(&rest, &word) || !span_token(&rest, &number) ||
        !parse_i64(number, 1, SIM_MAX_BATTERIES, &n))
        return false;
    buf_put(out, word);
    return buf_printf(out, " %u", address);
}

static void replay(struct device *device, struct recording *recording)
{
    console_of(device)->recording = recording;
}

static void destroy(struct device *device)
{
    free(console_of(device));
}

static const struct device_ops ops = {
    .name = "pylontech-console",
    .destroy = destroy,
    .power_up = power_up,
    .on_bytes = on_bytes,
    .next_deadline = next_deadline,
    .on_deadline = on_deadline,
    .baud = console_baud,
    .accepts = accepts,
    .render = render,
    .readdress = readdress,
    .replay = replay,
};

enum err console_new(const struct sim_config *config, const struct device_host *host,
                     struct device **ret)
{
    struct console *c = calloc(1, sizeof *c);
    if (c == NULL)
        return ERR_MEMORY;
    c->base.ops = &ops;
    c->base.host = *host;
    memcpy(&c->knobs, config->knobs, sizeof c->knobs);
    *ret = &c->base;
    return ERR_OK;
}
