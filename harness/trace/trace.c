/* SPDX-License-Identifier: Apache-2.0
 *
 * Trace writers.
 */
#include "harness/trace/trace.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "sim/can_image.h"

/* Wire bytes: readable where they are text, C escapes elsewhere. */
static void escaped(const uint8_t *data, size_t n, size_t max, struct buf *b)
{
    for (size_t i = 0; i < n && i < max; i++) {
        if (data[i] == '\r')
            buf_str(b, "\\r");
        else if (data[i] == '\n')
            buf_str(b, "\\n");
        else if (data[i] >= 0x20 && data[i] < 0x7F)
            buf_u8(b, data[i]);
        else
            buf_printf(b, "\\x%02x", data[i]);
    }
    if (n > max)
        buf_printf(b, "... (%zu bytes)", n);
}

static void put_can(struct json_out *out, const char *key, const struct can_msg *msg)
{
    char text[64];
    struct buf b = buf_of(text, sizeof text);
    can_msg_format(msg, &b);
    json_out_span(out, key, buf_span(&b));
}

/* Most of a trace is this; hexadecimal digits need none of a string's checks. */
static void put_bytes(struct json_out *out, const char *key, const uint8_t *data, size_t n)
{
    static const char digits[] = "0123456789ABCDEF";
    enum { MOST = 4064 };
    char text[2 * MOST + 64], *at = text;
    *at++ = '"';
    for (size_t i = 0; i < n && i < MOST; i++) {
        *at++ = digits[data[i] >> 4];
        *at++ = digits[data[i] & 15];
    }
    if (n > MOST)
        at += snprintf(at, 48, "... (%zu bytes)", n);
    *at++ = '"';
    json_out_raw(out, key, span_of(text, (size_t)(at - text)));
}

/* Where the bytes were not kept: how many they were, and what they would hash to. */
static void put_brief(struct json_out *out, const struct event *e)
{
    char text[24];
    snprintf(text, sizeof text, "%016llx", (unsigned long long)e->micro);
    json_out_int(out, e->to_client ? "to_bridge_size" : "from_bridge_size", (int64_t)e->size);
    json_out_str(out, "fnv1a", text);
}

static void put_truth(struct json_out *out, const struct event *e)
{
    char name[64];
    struct buf b = buf_of(name, sizeof name);
    struct bms_path path = {.id = (uint16_t)(e->index & 0xFFFF),
                            .cell = (uint8_t)(e->index >> 16 & 0xFF)};
    bms_path_format(&path, &b);
    json_out_span(out, "truth", buf_span(&b));
    json_out_int(out, "bms", e->index >> 24);
    json_out_fixed(out, "value", e->micro, 6);
}

/* On a bus the battery's bytes are frames. */
static bool frame_of(const struct scenario *scenario, const struct event *e, struct can_msg *ret)
{
    return scenario->sim.kind != NULL && scenario->sim.kind->wire == DEVICE_CAN &&
           e->data != NULL && can_image_get(span_of(e->data, e->size), ret);
}

void trace_line(const struct scenario *scenario, const struct event *e, struct json_out *out)
{
    struct can_msg frame;

    json_out_object(out, NULL);
    json_out_fixed(out, "t", e->t_us, 6);
    switch (e->kind) {
    case EVENT_STIMULUS:
    case EVENT_DELIVERED: {
        char text[1600];
        struct buf b = buf_of(text, sizeof text);
        if (e->index < scenario->n_stmts)
            stmt_stimulus_format(&scenario->stmts[e->index], &b);
        json_out_span(out, e->kind == EVENT_STIMULUS ? "stimulus" : "delivered", buf_span(&b));
        json_out_int(out, "statement", e->index);
        if (e->kind == EVENT_DELIVERED)
            json_out_int(out, "late_us", (int64_t)e->late_us);
        break;
    }
    case EVENT_CAN: put_can(out, "can", &e->can); break;
    case EVENT_INVERTER: put_can(out, "inverter", &e->can); break;
    case EVENT_MQTT:
        json_out_str(out, "topic", e->topic);
        json_out_int(out, "qos", e->qos);
        json_out_bool(out, "retain", e->retain);
        json_out_span(out, "payload", span_of(e->data, e->size));
        break;
    case EVENT_TRUTH: put_truth(out, e); break;
    case EVENT_WIRE:
        if (frame_of(scenario, e, &frame))
            put_can(out, e->to_client ? "from_battery" : "to_battery", &frame);
        else if (e->data)
            put_bytes(out, e->to_client ? "to_bridge" : "from_bridge", e->data, e->size);
        else
            put_brief(out, e);
        break;
    case EVENT_CONNECT: json_out_str(out, e->refused ? "refused" : "connect", e->text); break;
    case EVENT_DUT: json_out_str(out, "dut", e->text); break;
    case EVENT_NOTE: json_out_str(out, "note", e->text); break;
    }
    json_out_end(out);
}

enum err trace_write(const char *path, const struct scenario *scenario, const struct events *events,
                     char ret_sha256[TRACE_SHA256_MAX])
{
    FILE *f = fopen(path, "wb");
    if (!f)
        return ERR_IO;
    struct json_out *out = json_out_new();
    struct trace_hash *hash = ret_sha256 ? trace_hash_new() : NULL;
    for (size_t i = 0; i < events->n; i++) {
        json_out_reset(out);
        trace_line(scenario, &events->at[i], out);
        struct span text = json_out_text(out);
        fwrite(text.p, 1, text.n, f);
        putc('\n', f);
        if (hash && trace_line_counts(text)) {
            trace_hash_add(hash, text);
            trace_hash_add(hash, SPAN_LIT("\n"));
        }
    }
    json_out_delete(out);
    enum err err = hash ? trace_hash_end(hash, ret_sha256) : ERR_OK;
    return fclose(f) == 0 ? err : ERR_IO;
}

static void put_log_line(FILE *f, const char *interface, uint64_t wall_us,
                         const struct can_msg *msg)
{
    struct can_log_line line = {.wall_us = wall_us, .msg = *msg};
    char text[160];
    struct buf b = buf_of(text, sizeof text);
    snprintf(line.interface, sizeof line.interface, "%s", interface);
    can_log_format(&line, &b);
    fprintf(f, "%.*s\n", (int)b.n, text);
}

enum err trace_write_candump(const char *path, const char *interface, uint64_t wall0_us,
                             const struct events *events)
{
    FILE *f = fopen(path, "wb");
    if (!f)
        return ERR_IO;
    for (size_t i = 0; i < events->n; i++) {
        const struct event *e = &events->at[i];
        if (e->kind == EVENT_CAN || e->kind == EVENT_INVERTER)
            put_log_line(f, interface, wall0_us + (uint64_t)e->t_us, &e->can);
    }
    return fclose(f) == 0 ? ERR_OK : ERR_IO;
}

enum err trace_write_battery_candump(const char *path, const char *interface, uint64_t wall0_us,
                                     const struct events *events)
{
    FILE *f = fopen(path, "wb");
    struct can_msg frame;
    if (!f)
        return ERR_IO;
    for (size_t i = 0; i < events->n; i++) {
        const struct event *e = &events->at[i];
        if (e->kind == EVENT_WIRE && e->data && can_image_get(span_of(e->data, e->size), &frame))
            put_log_line(f, interface, wall0_us + (uint64_t)e->t_us, &frame);
    }
    return fclose(f) == 0 ? ERR_OK : ERR_IO;
}

void trace_describe(const struct scenario *scenario, const struct event *e, char *out, size_t cap)
{
    struct buf b = buf_of(out, cap - 1);
    struct can_msg frame;
    switch (e->kind) {
    case EVENT_STIMULUS:
        buf_str(&b, "DO    ");
        if (e->index < scenario->n_stmts)
            stmt_stimulus_format(&scenario->stmts[e->index], &b);
        break;
    case EVENT_DELIVERED:
        buf_str(&b, "READ  the bridge has read: ");
        if (e->index < scenario->n_stmts)
            stmt_stimulus_format(&scenario->stmts[e->index], &b);
        break;
    case EVENT_CAN:
        buf_str(&b, "CAN   ");
        can_msg_format(&e->can, &b);
        break;
    case EVENT_INVERTER:
        buf_str(&b, "INV   ");
        can_msg_format(&e->can, &b);
        break;
    case EVENT_MQTT:
        buf_printf(&b, "MQTT  %s%s ", e->topic, e->retain ? " (retained)" : "");
        escaped(e->data, e->size, 160, &b);
        break;
    case EVENT_TRUTH: buf_str(&b, "TRUTH "); break;
    case EVENT_WIRE:
        if (frame_of(scenario, e, &frame)) {
            buf_str(&b, e->to_client ? "BAT < " : "BAT > ");
            can_msg_format(&frame, &b);
            break;
        }
        buf_str(&b, e->to_client ? "TTY < " : "TTY > ");
        if (e->data)
            escaped(e->data, e->size, 120, &b);
        else
            buf_printf(&b, "(%zu bytes)", e->size);
        break;
    case EVENT_CONNECT: buf_printf(&b, "CONN  %s%s", e->text, e->refused ? " refused" : ""); break;
    case EVENT_DUT: buf_printf(&b, "DUT   %s", e->text); break;
    case EVENT_NOTE: buf_printf(&b, "NOTE  %s", e->text); break;
    }
    out[b.n] = 0;
}
