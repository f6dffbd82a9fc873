/* SPDX-License-Identifier: Apache-2.0
 *
 * JK-PB packs on RS485: bytes in, telegrams by time, answers out; see jk_pb.h.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/device/jk_pb_private.h"

#define GAP_US         1750 /* from 19200 baud on; slower: 3.5 characters */
#define CHARACTER_BITS 10

static struct jk_pb *pb_of(struct device *device)
{
    return (struct jk_pb *)(void *)device; /* base is the first member */
}

static const struct jk_pb *pb_of_const(const struct device *device)
{
    return (const struct jk_pb *)(const void *)device;
}

void jk_pb_note(const struct jk_pb *pb, const char *kind, const char *text)
{
    pb->base.host.note(pb->base.host.ctx, kind, text);
}

uint64_t jk_pb_wire_us(const struct jk_pb *pb, size_t bytes)
{
    return (uint64_t)bytes * CHARACTER_BITS * US_PER_S / pb->knobs.baud;
}

static uint64_t gap_us(const struct jk_pb *pb)
{
    if (pb->knobs.frame_gap_us != 0)
        return pb->knobs.frame_gap_us;
    uint64_t characters = US_PER_S * 7 * CHARACTER_BITS / 2 / pb->knobs.baud;
    return characters > GAP_US ? characters : GAP_US;
}

static void unit_power_up(struct device *device, unsigned unit, uint64_t now_us)
{
    struct jk_pb *pb = pb_of(device);

    pb->unit[unit].powered_us = now_us;
    pb->shut_down[unit] = false;
}

static void power_up(struct device *device, uint64_t now_us)
{
    struct jk_pb *pb = pb_of(device);

    for (unsigned i = 0; i < SIM_MAX_BATTERIES; i++)
        unit_power_up(device, i, now_us);
    pb->rx_n = 0;
    pb->rx_too_long = false;
    pb->rx_end_us = NEVER_US;
    pb->pending.on = false;
    pb->busy_until_us = pb->deaf_until_us = 0;
    pb->silent_before = true;
    pb->triggered = pb->any_trigger = false;
    jk_pb_master_start(pb, now_us);
}

/* ---- answers ---- */

void jk_pb_send(struct jk_pb *pb, enum device_reply_kind kind, struct span request,
                struct span bytes, uint64_t now_us)
{
    const struct device_reply r = {
        .kind = kind, .command = request, .bytes = bytes, .whole = kind == DEVICE_ANSWER};

    if (bytes.n == 0)
        return;
    if (pb->busy_until_us < now_us)
        pb->busy_until_us = now_us;
    pb->busy_until_us += jk_pb_wire_us(pb, bytes.n);
    pb->base.host.reply(pb->base.host.ctx, &r);
}

/* The master does not listen: what it will say during this answer destroys the rest of it. True
 * when a byte is another one now. */
static bool talk_over(const struct jk_pb *pb, struct buf *out, uint64_t now_us)
{
    uint64_t end_us = now_us + jk_pb_wire_us(pb, out->n);
    bool changed = false;

    if (pb->master.next_us >= end_us || jk_pb_units_at(pb, &pb->stack, 0) == 0)
        return false;
    uint64_t before_us = pb->master.next_us > now_us ? pb->master.next_us - now_us : 0;
    size_t from = (size_t)(before_us * pb->knobs.baud / (CHARACTER_BITS * US_PER_S));
    for (size_t i = from; i < out->n; i++) {
        changed = changed || (out->p[i] & ~0x55) != 0;
        out->p[i] &= 0x55;
    }
    return changed;
}

static void send_pending(struct jk_pb *pb, uint64_t now_us)
{
    struct jk_pb_pending p = pb->pending;
    struct span request = span_of(p.request.bytes, p.request.n);
    uint8_t memory[JK_PB_REPLY_MAX];
    struct buf out = buf_of(memory, sizeof memory);
    enum device_reply_kind kind = DEVICE_ERROR;
    struct jk_pb_telegram t;

    pb->pending.on = false;
    pb->base.host.stack(pb->base.host.ctx, &pb->stack);
    if (p.mixed) {
        jk_pb_mixed_answer(pb, request, &pb->stack, &out);
    } else {
        enum jk_pb_what what = jk_pb_answer(pb, request, &pb->stack, &out);
        if (what == JK_PB_DATA)
            kind = DEVICE_ANSWER;
        if (what == JK_PB_DONE && jk_pb_unwrap(pb->knobs.framing, request, &t))
            jk_pb_execute(pb, &t, &pb->stack);
        if (talk_over(pb, &out, now_us))
            kind = DEVICE_ERROR;
    }
    jk_pb_send(pb, kind, request, buf_span(&out), now_us);
    if (kind == DEVICE_ANSWER)
        pb->deaf_until_us = pb->busy_until_us + pb->knobs.recovery_us;
}

/* ---- requests ---- */

/* A bridge reads; what it writes besides triggers is marked. */
static void note_write(const struct jk_pb *pb, const struct jk_pb_telegram *t)
{
    struct jk_modbus_request request;
    char memory[64];
    struct buf text = buf_of(memory, sizeof memory - 1);

    if (jk_modbus_request_decode(span_of(t->rtu, t->n), &request).code != ERR_OK ||
        request.function != JK_MODBUS_WRITE)
        return;
    buf_printf(&text, "write %04X to unit %u", request.address, request.unit);
    memory[text.n] = '\0';
    jk_pb_note(pb, "forbidden", memory);
}

/* Does a cold bus swallow this read? */
static bool too_cold(struct jk_pb *pb, bool cold, bool trigger)
{
    if (cold)
        pb->triggered = false;
    if (trigger) {
        pb->triggered = true;
        return false;
    }
    switch (pb->knobs.cold_bus) {
    case JK_COLD_OFF: return false;
    case JK_COLD_FIRST: return cold;
    case JK_COLD_DEAD: return !pb->triggered;
    }
    return false;
}

/* True: the units prepare an answer; *ret_mixed: all of them. */
static bool is_answered(struct jk_pb *pb, bool trigger, uint64_t now_us, bool *ret_mixed)
{
    bool soon = trigger && pb->any_trigger && now_us - pb->trigger_us < pb->knobs.together_us;

    if (trigger) {
        pb->trigger_us = now_us;
        pb->any_trigger = true;
    }
    if (pb->pending.on) {
        pb->pending.mixed = true;
        jk_pb_note(pb, "collision", "a request while another is being answered");
        return false;
    }
    if (soon)
        jk_pb_note(pb, "collision", "triggers too close: all units answer");
    *ret_mixed = soon;
    return true;
}

static bool stays_silent(struct jk_pb *pb, const struct jk_pb_telegram *t, bool trigger,
                         uint64_t now_us)
{
    bool cold = pb->silent_before || now_us - pb->traffic_us >= pb->knobs.cold_after_us;

    pb->silent_before = false;
    pb->traffic_us = now_us;
    if (t->tcp)
        return false; /* a gateway keeps order on the bus */
    if (now_us < pb->busy_until_us) {
        jk_pb_note(pb, "collision", "a request while somebody sends");
        return true;
    }
    return too_cold(pb, cold, trigger) || (!trigger && now_us < pb->deaf_until_us);
}

void jk_pb_heard(struct jk_pb *pb, struct span request, uint64_t end_us, uint64_t now_us)
{
    struct jk_pb_telegram t;
    enum jk_type type;
    uint8_t unit;
    bool mixed = false;

    if (!jk_pb_unwrap(pb->knobs.framing, request, &t))
        return;
    bool trigger = jk_pb_is_trigger(&t, &unit, &type);
    if (stays_silent(pb, &t, trigger, end_us))
        return;
    if (!trigger)
        note_write(pb, &t);
    if (t.rtu[0] == 0) { /* to everybody: no answer */
        pb->base.host.stack(pb->base.host.ctx, &pb->stack);
        jk_pb_execute(pb, &t, &pb->stack);
        return;
    }
    if (!is_answered(pb, trigger, end_us, &mixed))
        return;
    uint64_t due_us = end_us + pb->knobs.answer_delay_us;
    pb->pending = (struct jk_pb_pending){
        .on = true, .mixed = mixed, .due_us = due_us > now_us ? due_us : now_us};
    memcpy(pb->pending.request.bytes, request.p, request.n);
    pb->pending.request.n = request.n;
    if (t.tcp) /* the next one may be behind it already */
        send_pending(pb, now_us);
}

/* ---- bytes ---- */

/* The bytes so far were a telegram, or none that anybody understands. */
static void end_telegram(struct jk_pb *pb, uint64_t end_us, uint64_t now_us)
{
    struct jk_pb_request request = {.n = pb->rx_n};

    memcpy(request.bytes, pb->rx, pb->rx_n);
    pb->rx_n = 0;
    pb->rx_end_us = NEVER_US;
    if (!pb->rx_too_long)
        jk_pb_heard(pb, span_of(request.bytes, request.n), end_us, now_us);
    pb->rx_too_long = false;
}

/* MODBUS/TCP: the header says how long a telegram is. Nothing can be found behind a wrong one. */
static void take_stream(struct jk_pb *pb, uint64_t now_us)
{
    while (pb->rx_n >= JK_MBAP) {
        size_t n = 6 + (size_t)(pb->rx[4] << 8 | pb->rx[5]);
        if (pb->rx[2] != 0 || pb->rx[3] != 0 || n < JK_MBAP + 1 || n > sizeof pb->rx) {
            pb->rx_n = 0;
            return;
        }
        if (pb->rx_n < n)
            return;
        struct jk_pb_request request = {.n = n};
        memcpy(request.bytes, pb->rx, n);
        pb->rx_n -= n;
        memmove(pb->rx, pb->rx + n, pb->rx_n);
        jk_pb_heard(pb, span_of(request.bytes, request.n), now_us, now_us);
    }
}

static void on_bytes(struct device *device, struct span bytes, uint64_t now_us)
{
    struct jk_pb *pb = pb_of(device);

    if (pb->rx_end_us <= now_us)
        end_telegram(pb, now_us, now_us);
    for (size_t i = 0; i < bytes.n; i++) {
        if (pb->rx_n == sizeof pb->rx) {
            pb->rx_too_long = true;
            break;
        }
        pb->rx[pb->rx_n++] = bytes.p[i];
        if (pb->knobs.framing == JK_FRAMING_TCP)
            take_stream(pb, now_us);
    }
    if (pb->knobs.framing != JK_FRAMING_TCP)
        pb->rx_end_us = now_us + gap_us(pb);
    pb->rx_too_long = pb->rx_too_long && pb->knobs.framing != JK_FRAMING_TCP;
}

static uint64_t next_deadline(const struct device *device)
{
    const struct jk_pb *pb = pb_of_const(device);
    uint64_t next = deadline_min(pb->rx_end_us, pb->master.next_us);

    return pb->pending.on ? deadline_min(next, pb->pending.due_us) : next;
}

static void on_deadline(struct device *device, uint64_t now_us)
{
    struct jk_pb *pb = pb_of(device);

    if (pb->rx_end_us <= now_us)
        end_telegram(pb, pb->rx_end_us - gap_us(pb), now_us);
    if (pb->pending.on && pb->pending.due_us <= now_us)
        send_pending(pb, now_us);
    if (pb->master.next_us <= now_us)
        jk_pb_master_step(pb, now_us);
}

/* ---- what the host asks ---- */

static uint32_t baud(const struct device *device)
{
    return pb_of_const(device)->knobs.baud;
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
    enum jk_pb_what what = jk_pb_answer(pb_of_const(device), command, stack, out);

    return what == JK_PB_DATA || what == JK_PB_SILENT ? ERR_OK : ERR_NOT_FOUND;
}

static bool readdress(const struct device *device, struct span command, uint8_t address,
                      struct buf *out)
{
    return jk_pb_readdress(pb_of_const(device), command, address, out);
}

static void destroy(struct device *device)
{
    free(pb_of(device));
}

static const struct device_ops ops = {
    .name = "jk-pb",
    .destroy = destroy,
    .power_up = power_up,
    .unit_power_up = unit_power_up,
    .on_bytes = on_bytes,
    .next_deadline = next_deadline,
    .on_deadline = on_deadline,
    .baud = baud,
    .accepts = accepts,
    .render = render,
    .readdress = readdress,
};

enum err jk_pb_new(const struct sim_config *config, const struct device_host *host,
                   struct device **ret)
{
    struct jk_pb *pb = calloc(1, sizeof *pb);

    if (pb == NULL)
        return ERR_MEMORY;
    pb->base.ops = &ops;
    pb->base.host = *host;
    memcpy(&pb->knobs, config->knobs, sizeof pb->knobs);
    pb->rx_end_us = NEVER_US;
    pb->master.next_us = NEVER_US;
    *ret = &pb->base;
    return ERR_OK;
}
