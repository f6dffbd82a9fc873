/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests in, token frames out; see jk_uart_device.h.
 */
#include "sim/device/jk_uart_device.h"

#include <stdlib.h>
#include <string.h>

#include "sim/device/jk_uart_private.h"

#define SILENCE_US (100 * US_PER_MS) /* what waits for more will not get it */

enum { CHARACTER_BITS = 10, TOKEN_ALL = 0x00 };

static struct jk_uart_bms *bms_of(struct device *device)
{
    return (struct jk_uart_bms *)(void *)device; /* base is the first member */
}

static const struct jk_uart_bms *bms_of_const(const struct device *device)
{
    return (const struct jk_uart_bms *)(const void *)device;
}

static void power_up(struct device *device, uint64_t now_us)
{
    struct jk_uart_bms *b = bms_of(device);

    b->unit.powered_us = now_us;
    jk_uart_reader_reset(&b->reader);
    b->awake = !b->knobs.asleep;
    b->unlocked = false;
    b->deaf_until_us = 0;
    b->heard_us = now_us;
}

/* ---- answers ---- */

static bool is_there(const struct stack *stack)
{
    return stack->module[0].product != NULL && stack->module[0].present;
}

/* One token with its value, or all. False: there is no such token. */
static bool put_tokens(const struct jk_uart_bms *b, const struct stack *stack, uint8_t token,
                       struct buf *out)
{
    const struct jk_scene scene = {.look = &b->knobs.look, .unit = &b->unit, .stack = stack};
    struct jk_uart_values all, one = {0};

    jk_uart_say(&b->knobs, &scene, &all);
    if (token == TOKEN_ALL)
        return jk_uart_values_encode(&all, out) == ERR_OK;
    if (!jk_uart_has(&all, token))
        return false;
    one = all;
    one.order[0] = token;
    one.n = 1;
    one.tail_n = 0;
    return jk_uart_values_encode(&one, out) == ERR_OK;
}

static bool is_read(const struct jk_uart_frame *f)
{
    return f->type == JK_UART_REQUEST && f->data.n >= 1 &&
           (f->command == JK_UART_READ_ALL || f->command == JK_UART_READ);
}

/* Command and terminal come back as they were. */
static void put_reply(const struct jk_uart_frame *request, struct span data, struct buf *out)
{
    const struct jk_uart_frame reply = {.terminal = request->terminal,
                                        .command = request->command,
                                        .source = JK_UART_BMS,
                                        .type = JK_UART_REPLY,
                                        .data = data};

    jk_uart_frame_encode(&reply, out);
}

/* False: the request is not answered. */
static bool answer_read(const struct jk_uart_bms *b, const struct jk_uart_frame *request,
                        const struct stack *stack, struct buf *out)
{
    uint8_t memory[JK_UART_MAX];
    struct buf data = buf_of(memory, sizeof memory);
    uint8_t token = request->command == JK_UART_READ ? request->data.p[0] : (uint8_t)TOKEN_ALL;

    if (!is_there(stack) || !put_tokens(b, stack, token, &data))
        return false;
    put_reply(request, buf_span(&data), out);
    return out->n > 0;
}

/* ---- writes ---- */

static void note(const struct jk_uart_bms *b, const char *kind, const char *text)
{
    b->base.host.note(b->base.host.ctx, kind, text);
}

static void note_write(const struct jk_uart_bms *b, uint8_t token)
{
    char memory[32];
    struct buf text = buf_of(memory, sizeof memory - 1);

    buf_printf(&text, "write token %02X", token);
    memory[text.n] = '\0';
    note(b, "forbidden", memory);
}

/* A switch goes the way a Bluetooth command takes, to the same settings. */
static void set_switch(struct jk_uart_bms *b, uint8_t token, uint8_t value)
{
    const struct jk_scene scene = {.look = &b->knobs.look, .unit = &b->unit, .stack = &b->stack};
    struct jk_traits t;
    struct jk_command command;
    uint8_t reg = token == JK_TOKEN_CHARGE_SWITCH ? 0x1D : 0x1E;

    jk_scene_traits(&scene, &t);
    if (jk_register_command(t.layout, reg, value, &command) == ERR_OK)
        jk_state_command(&scene, &b->unit, &command);
}

static void answer_write(struct jk_uart_bms *b, const struct jk_uart_frame *request,
                         struct buf *out)
{
    if (request->data.n < 2)
        return;
    uint8_t token = request->data.p[0];
    note_write(b, token);
    if (!b->unlocked)
        return;
    if (token == JK_TOKEN_CHARGE_SWITCH || token == JK_TOKEN_DISCHARGE_SWITCH)
        set_switch(b, token, request->data.p[1] != 0);
    put_reply(request, span_sub(request->data, 0, 1), out);
}

static void answer_password(struct jk_uart_bms *b, const struct jk_uart_frame *request,
                            struct buf *out)
{
    const struct jk_scene scene = {.look = &b->knobs.look, .unit = &b->unit, .stack = &b->stack};
    struct jk_info info;

    jk_state_info(&scene, &info);
    if (request->data.n != 11 || request->data.p[0] != JK_TOKEN_PASSWORD)
        return;
    b->unlocked = memcmp(request->data.p + 1, info.settings_passcode, 10) == 0;
    put_reply(request, span_sub(request->data, 0, 1), out);
}

/* ---- requests ---- */

static void send(struct jk_uart_bms *b, enum device_reply_kind kind, struct span request,
                 struct span bytes, uint64_t now_us)
{
    const struct device_reply r = {.kind = kind,
                                   .command = request,
                                   .bytes = bytes,
                                   .delay_us = b->knobs.answer_delay_us,
                                   .whole = kind == DEVICE_ANSWER};

    if (bytes.n == 0)
        return;
    b->deaf_until_us = now_us + b->knobs.answer_delay_us +
                       (uint64_t)bytes.n * CHARACTER_BITS * US_PER_S / b->knobs.baud +
                       b->knobs.least_gap_us;
    b->base.host.reply(b->base.host.ctx, &r);
}

static void take_request(struct jk_uart_bms *b, struct span bytes, uint64_t now_us)
{
    struct jk_uart_frame f;
    uint8_t memory[JK_UART_MAX];
    struct buf out = buf_of(memory, sizeof memory);
    enum device_reply_kind kind = DEVICE_ERROR;

    if (jk_uart_frame_decode(bytes, &f).code != ERR_OK || f.type != JK_UART_REQUEST)
        return;
    b->base.host.stack(b->base.host.ctx, &b->stack);
    if (f.command == JK_UART_ACTIVATE && !b->awake) {
        b->awake = true;
        note(b, "wake-up", "the BMS was activated");
    }
    if (!b->awake || !is_there(&b->stack))
        return;
    if (b->knobs.least_gap_us != 0 && now_us < b->deaf_until_us) {
        note(b, "too-soon", "a request before the BMS was ready");
        return;
    }
    if (is_read(&f) && answer_read(b, &f, &b->stack, &out))
        kind = DEVICE_ANSWER;
    else if (f.command == JK_UART_ACTIVATE)
        put_reply(&f, f.data, &out);
    else if (f.command == JK_UART_WRITE)
        answer_write(b, &f, &out);
    else if (f.command == JK_UART_PASSWORD)
        answer_password(b, &f, &out);
    send(b, kind, bytes, buf_span(&out), now_us);
}

static void on_bytes(struct device *device, struct span bytes, uint64_t now_us)
{
    struct jk_uart_bms *b = bms_of(device);
    size_t used;

    if (now_us - b->heard_us >= SILENCE_US)
        jk_uart_reader_reset(&b->reader);
    b->heard_us = now_us;
    while (jk_uart_reader_feed(&b->reader, bytes, &used) == JK_UART_FRAME) {
        uint8_t memory[JK_UART_MAX];
        struct buf request = buf_of(memory, sizeof memory);
        buf_put(&request, jk_uart_got(&b->reader));
        take_request(b, buf_span(&request), now_us);
        bytes = span_sub(bytes, used, bytes.n);
    }
}

static uint64_t next_deadline(const struct device *device)
{
    (void)device;
    return NEVER_US; /* speaks only when spoken to */
}

static void on_deadline(struct device *device, uint64_t now_us)
{
    (void)device;
    (void)now_us;
}

/* ---- what the host asks ---- */

static uint32_t baud(const struct device *device)
{
    return bms_of_const(device)->knobs.baud;
}

static bool accepts(const struct device *device, uint16_t path, const char *text,
                    const char **ret_why)
{
    (void)device;
    if (path == BMS_PATH_EVENTS_BATTERY) {
        *ret_why = "the UART of a JK BMS does not tell of wires";
        return false;
    }
    return jk_state_accepts(path, text, ret_why);
}

static enum err render(const struct device *device, struct span command, const struct stack *stack,
                       struct buf *out)
{
    struct jk_uart_frame f;

    if (jk_uart_frame_decode(command, &f).code != ERR_OK || !is_read(&f))
        return ERR_NOT_FOUND;
    answer_read(bms_of_const(device), &f, stack, out);
    return ERR_OK;
}

static void destroy(struct device *device)
{
    free(bms_of(device));
}

static const struct device_ops ops = {
    .name = "jk-uart",
    .destroy = destroy,
    .power_up = power_up,
    .on_bytes = on_bytes,
    .next_deadline = next_deadline,
    .on_deadline = on_deadline,
    .baud = baud,
    .accepts = accepts,
    .render = render,
};

enum err jk_uart_device_new(const struct sim_config *config, const struct device_host *host,
                            struct device **ret)
{
    struct jk_uart_bms *b = calloc(1, sizeof *b);

    if (b == NULL)
        return ERR_MEMORY;
    b->base.ops = &ops;
    b->base.host = *host;
    memcpy(&b->knobs, config->knobs, sizeof b->knobs);
    *ret = &b->base;
    return ERR_OK;
}
