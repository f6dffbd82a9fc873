/* SPDX-License-Identifier: Apache-2.0
 *
 * See jk_ble.h.
 */
#include "sim/device/jk_ble.h"

#include <stdlib.h>
#include <string.h>

#include "sim/device/jk_ble_module.h"
#include "sim/device/jk_state.h"

/* Request to record, record to acknowledge, acknowledge to the first cells. */
#define ANSWER_US (120 * US_PER_MS)
#define ACK_US    (90 * US_PER_MS)
#define FIRST_US  (500 * US_PER_MS)
#define NOISE_US  (200 * US_PER_MS)

enum {
    BAUD = 115200, /* between the BMS and its radio module */
    EXTRA_INFO_COUNTER = 0xA5,
    REPLY_MAX = 2 * JK_FRAME + 2 * JK_COMMAND,
};

static const struct span cells_word = SPAN_INIT("cells");
static const struct span settings_word = SPAN_INIT("settings");
static const struct span info_word = SPAN_INIT("info");
static const struct span log_word = SPAN_INIT("log");

struct jk_ble {
    struct device device; /* first */
    struct sim_jk_ble knobs;
    struct jk_unit unit;
    bool connected, streams, hangs;
    unsigned requests; /* of this connection */
    bool info_asked;
    uint8_t counter;
    uint64_t cells_us, noise_us; /* next; NEVER_US */
    uint64_t hang_us;            /* when this connection hangs */
    /* The reply in hand: what render() must repeat. */
    uint8_t reply_counter;
    bool reply_acks;        /* the acknowledge is glued to it */
    bool reply_pairs;       /* `held` goes first */
    uint8_t held[JK_FRAME]; /* a cell record that waits for the next */
    bool holds;
    struct stack stack;
};

static struct jk_ble *ble_of(struct device *device)
{
    return (struct jk_ble *)(void *)device; /* device is the first member */
}

static const struct jk_ble *ble_of_const(const struct device *device)
{
    return (const struct jk_ble *)(const void *)device;
}

static struct jk_scene scene_of(const struct jk_ble *b, const struct stack *stack)
{
    return (struct jk_scene){.look = &b->knobs.look, .unit = &b->unit, .stack = stack};
}

/* A firmware can be updated while we watch. */
static struct jk_traits traits_of(const struct jk_ble *b)
{
    struct jk_traits traits;
    struct jk_scene scene = scene_of(b, &b->stack);

    jk_scene_traits(&scene, &traits);
    return traits;
}

static void look(struct jk_ble *b)
{
    b->device.host.stack(b->device.host.ctx, &b->stack);
}

static bool chosen(enum jk_choice choice, bool by_firmware)
{
    switch (choice) {
    case JK_BY_FIRMWARE: return by_firmware;
    case JK_ON: return true;
    case JK_OFF: return false;
    }
    return false;
}

/* ---- what it says ---- */

static enum jk_type type_of(struct span word)
{
    if (span_eq(word, cells_word))
        return JK_CELLS;
    if (span_eq(word, settings_word))
        return JK_SETTINGS;
    return span_eq(word, info_word) ? JK_INFO : JK_LOG;
}

static enum err compose(const struct jk_ble *b, struct span word, const struct stack *stack,
                        struct buf *out)
{
    const struct jk_scene scene = scene_of(b, stack);

    if (b->knobs.noise_in_front)
        buf_put(out, jk_at_noise);
    if (b->reply_pairs)
        buf_put(out, span_of(b->held, sizeof b->held));
    enum err e = jk_state_frame(&scene, type_of(word), b->reply_counter, out);
    if (e == ERR_OK && b->reply_acks)
        buf_put(out, jk_ack);
    return e == ERR_OK && out->overflow ? ERR_SPACE : e;
}

static void say_record(struct jk_ble *b, struct span word, uint8_t counter, uint64_t delay_us)
{
    uint8_t memory[REPLY_MAX];
    struct buf out = buf_of(memory, sizeof memory);

    b->reply_counter = b->knobs.counter_stands ? 0 : counter;
    if (compose(b, word, &b->stack, &out) != ERR_OK)
        return;
    const struct device_reply reply = {.kind = DEVICE_ANSWER,
                                       .command = word,
                                       .bytes = buf_span(&out),
                                       .delay_us = delay_us,
                                       .whole = true};
    b->device.host.reply(b->device.host.ctx, &reply);
}

/* What is no answer: acknowledges and noise. */
static void say_bytes(struct jk_ble *b, struct span bytes, uint64_t delay_us)
{
    const struct device_reply reply = {.kind = DEVICE_ECHO, .bytes = bytes, .delay_us = delay_us};

    b->device.host.reply(b->device.host.ctx, &reply);
}

/* Record, then acknowledge; glued together on some. */
static void answer(struct jk_ble *b, struct span word, bool may_glue)
{
    struct jk_traits traits = traits_of(b);

    b->reply_acks =
        may_glue && chosen(b->knobs.glue_ack, traits.layout == JK02_24S && traits.major < 10);
    b->reply_pairs = false;
    say_record(b, word, b->counter, ANSWER_US);
    bool glued = b->reply_acks;
    b->reply_acks = false;
    if (span_eq(word, settings_word) && traits.asks_voltage)
        say_record(b, info_word, EXTRA_INFO_COUNTER, ANSWER_US + ACK_US / 2);
    if (!glued)
        say_bytes(b, jk_ack, ANSWER_US + ACK_US);
}

static uint64_t period_us(const struct jk_ble *b)
{
    struct jk_traits traits = traits_of(b);

    if (b->knobs.period_us != 0)
        return b->knobs.period_us;
    if (traits.layout == JK02_24S && traits.major < 10)
        return 430 * US_PER_MS;
    return traits.layout == JK04 ? 510 * US_PER_MS : 540 * US_PER_MS;
}

/* With `pairs` every second record waits for the next. */
static void say_cells(struct jk_ble *b)
{
    struct buf held = buf_of(b->held, sizeof b->held);
    const struct jk_scene scene = scene_of(b, &b->stack);

    b->reply_acks = false;
    b->reply_pairs = b->holds;
    if (b->knobs.pairs && !b->holds) {
        jk_state_frame(&scene, JK_CELLS, b->knobs.counter_stands ? 0 : b->counter, &held);
        b->holds = true;
    } else {
        say_record(b, cells_word, b->counter, 0);
        b->holds = false;
    }
    b->counter++;
}

/* ---- what it hears ---- */

static void note_command(struct jk_ble *b, const char *kind, const char *what,
                         const struct jk_command *command)
{
    char text[64];
    struct buf out = buf_of(text, sizeof text - 1);

    buf_printf(&out, "%s %02X", what, (unsigned)command->number);
    text[out.n] = '\0';
    b->device.host.note(b->device.host.ctx, kind, text);
}

static void write_register(struct jk_ble *b, const struct jk_command *command)
{
    const struct jk_scene scene = scene_of(b, &b->stack);

    note_command(b, "forbidden", "register", command);
    if (jk_state_command(&scene, &b->unit, command) == ERR_OK)
        jk_state_tell_owner(&scene, &b->device.host);
    say_bytes(b, jk_ack, ANSWER_US + ACK_US);
}

static void start_stream(struct jk_ble *b, uint64_t now_us)
{
    answer(b, settings_word, true);
    if (b->streams)
        return;
    b->streams = true;
    b->cells_us = now_us + ANSWER_US + ACK_US + FIRST_US;
    if (b->knobs.stream_for_us != 0)
        b->hang_us = b->cells_us + b->knobs.stream_for_us;
}

static void hear(struct jk_ble *b, const struct jk_command *command, uint64_t now_us)
{
    if (b->hangs)
        return;
    if (b->requests++ == 0 && b->knobs.lose_first) {
        note_command(b, "lost", "request", command);
        return;
    }
    switch (command->number) {
    case JK_CMD_INFO:
        b->info_asked = true;
        answer(b, info_word, true);
        return;
    case JK_CMD_SETTINGS:
        if (b->info_asked || !b->knobs.needs_info)
            start_stream(b, now_us);
        else
            note_command(b, "ignored", "no information was asked for before", command);
        return;
    case JK_CMD_LOG: answer(b, log_word, false); return;
    default: write_register(b, command); return;
    }
}

/* ---- the interface ---- */

static void destroy(struct device *device)
{
    free(ble_of(device));
}

static void hang_up(struct jk_ble *b)
{
    b->connected = b->streams = b->hangs = b->info_asked = b->holds = false;
    b->requests = 0;
    b->cells_us = b->noise_us = b->hang_us = NEVER_US;
}

static void power_up(struct device *device, uint64_t now_us)
{
    struct jk_ble *b = ble_of(device);

    hang_up(b);
    b->counter = 0;
    b->unit.powered_us = now_us;
}

static void on_bytes(struct device *device, struct span bytes, uint64_t now_us)
{
    struct jk_ble *b = ble_of(device);
    struct jk_command command;

    look(b);
    if (jk_command_decode(bytes, &command).code == ERR_OK)
        hear(b, &command, now_us);
    else
        device->host.note(device->host.ctx, "ignored", "a write that is no command");
}

/* The first bytes that 11.288H sent on a new connection. */
static const struct span stale_bytes = SPAN_INIT("\x00\x00\x00\x00\x00\x00\x00\x00\x00\xFE\xFF\x7F"
                                                 "\xDC\x2F\x01\x01\x01\x00\x00\x00");

static void on_client(struct device *device, bool there, uint64_t now_us)
{
    struct jk_ble *b = ble_of(device);
    bool streamed = b->streams;

    hang_up(b);
    if (!there) {
        if (streamed)
            b->counter++; /* one more before it notices */
        return;
    }
    look(b);
    b->connected = true;
    if (b->knobs.stale)
        say_bytes(b, stale_bytes, 300 * US_PER_MS);
    if (chosen(b->knobs.noise, traits_of(b).asks_voltage))
        b->noise_us = now_us + NOISE_US;
}

static uint64_t next_deadline(const struct device *device)
{
    const struct jk_ble *b = ble_of_const(device);

    return deadline_min(b->hang_us, deadline_min(b->cells_us, b->noise_us));
}

/* After a freeze nothing is caught up. */
static uint64_t next_after(uint64_t due_us, uint64_t period, uint64_t now_us)
{
    return due_us + ((now_us - due_us) / period + 1) * period;
}

static void on_deadline(struct device *device, uint64_t now_us)
{
    struct jk_ble *b = ble_of(device);

    look(b);
    if (now_us >= b->hang_us) { /* its radio module goes on making noise */
        b->hangs = true;
        b->cells_us = b->hang_us = NEVER_US;
        device->host.note(device->host.ctx, "hangs", "until it is connected anew");
    }
    if (now_us >= b->cells_us) {
        say_cells(b);
        b->cells_us = next_after(b->cells_us, period_us(b), now_us);
    }
    if (now_us >= b->noise_us) {
        say_bytes(b, jk_at_noise, 0);
        b->noise_us = next_after(b->noise_us, NOISE_US, now_us);
    }
}

static uint32_t baud(const struct device *device)
{
    (void)device;
    return BAUD;
}

static bool accepts(const struct device *device, uint16_t path, const char *text,
                    const char **ret_why)
{
    (void)device;
    return jk_state_accepts(path, text, ret_why);
}

static enum err render(const struct device *device, struct span command, const struct stack *stack,
                       struct buf *out)
{
    return compose(ble_of_const(device), command, stack, out);
}

enum err jk_ble_new(const struct sim_config *config, const struct device_host *host,
                    struct device **ret)
{
    static const struct device_ops ops = {.name = "jk-ble",
                                          .destroy = destroy,
                                          .power_up = power_up,
                                          .on_bytes = on_bytes,
                                          .on_client = on_client,
                                          .next_deadline = next_deadline,
                                          .on_deadline = on_deadline,
                                          .baud = baud,
                                          .accepts = accepts,
                                          .render = render};
    struct jk_ble *b = calloc(1, sizeof *b);

    if (b == NULL)
        return ERR_MEMORY;
    b->device = (struct device){.ops = &ops, .host = *host};
    b->knobs = *(const struct sim_jk_ble *)(const void *)config->knobs;
    hang_up(b);
    *ret = &b->device;
    return ERR_OK;
}
