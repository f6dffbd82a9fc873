/* SPDX-License-Identifier: Apache-2.0
 *
 * What JK-PB packs answer: pure, so that the host can ask what an answer would have been.
 */
#include <string.h>

#include "sim/device/jk_pb_private.h"

enum { TRIGGER_FIRST = 0x161C, TRIGGER_LAST = 0x1620, CONTROL_LAST = 0x16FF };

/* ---- envelopes ---- */

static bool is_rtu(struct span bytes)
{
    if (bytes.n < 4 || bytes.n > JK_MODBUS_MAX)
        return false;
    uint16_t crc = jk_modbus_crc(span_sub(bytes, 0, bytes.n - 2));
    return bytes.p[bytes.n - 2] == (crc & 0xFF) && bytes.p[bytes.n - 1] == crc >> 8;
}

/* transaction, protocol 0, length of what follows, unit, function, data */
static bool is_mbap(struct span bytes)
{
    return bytes.n >= JK_MBAP + 1 && bytes.n <= JK_PB_REQUEST_MAX && bytes.p[2] == 0 &&
           bytes.p[3] == 0 && (size_t)(bytes.p[4] << 8 | bytes.p[5]) == bytes.n - 6;
}

bool jk_pb_unwrap(enum jk_framing framing, struct span bytes, struct jk_pb_telegram *ret)
{
    *ret = (struct jk_pb_telegram){0};
    if (framing != JK_FRAMING_TCP && is_rtu(bytes)) {
        memcpy(ret->rtu, bytes.p, bytes.n);
        ret->n = bytes.n;
        return true;
    }
    if (framing == JK_FRAMING_RTU || !is_mbap(bytes) || bytes.n - 6 > JK_MODBUS_MAX - 2)
        return false;
    ret->tcp = true;
    ret->transaction = (uint16_t)(bytes.p[0] << 8 | bytes.p[1]);
    ret->n = bytes.n - 6;
    memcpy(ret->rtu, bytes.p + 6, ret->n);
    uint16_t crc = jk_modbus_crc(span_of(ret->rtu, ret->n));
    ret->rtu[ret->n++] = (uint8_t)(crc & 0xFF);
    ret->rtu[ret->n++] = (uint8_t)(crc >> 8);
    return true;
}

/* A reply goes back the way its request came. */
static void put_wrapped(const struct jk_pb_telegram *t, struct span rtu, struct buf *out)
{
    if (!t->tcp) {
        buf_put(out, rtu);
        return;
    }
    buf_u16be(out, t->transaction);
    buf_u16be(out, 0);
    buf_u16be(out, (uint16_t)(rtu.n - 2));
    buf_put(out, span_sub(rtu, 0, rtu.n - 2));
}

bool jk_pb_is_trigger(const struct jk_pb_telegram *t, uint8_t *ret_unit, enum jk_type *ret_type)
{
    return !t->tcp &&
           jk_bus_request_decode(span_of(t->rtu, t->n), ret_unit, ret_type).code == ERR_OK;
}

void jk_pb_trigger(uint8_t unit, enum jk_type type, struct buf *out)
{
    struct jk_modbus_request request = {.unit = unit,
                                        .function = JK_MODBUS_WRITE,
                                        .address = type == JK_CELLS      ? 0x1620
                                                   : type == JK_SETTINGS ? 0x161E
                                                                         : 0x161C,
                                        .words = 1};

    jk_modbus_request_encode(&request, out);
}

/* ---- who ---- */

uint32_t jk_pb_units_at(const struct jk_pb *pb, const struct stack *stack, uint8_t address)
{
    uint32_t units = 0;

    for (unsigned i = 0; i < SIM_MAX_BATTERIES; i++) {
        const struct stack_module *m = &stack->module[i];
        if (m->product != NULL && m->present && !pb->shut_down[i] &&
            jk_pb_address(&pb->knobs, i) == address)
            units |= UINT32_C(1) << i;
    }
    return units;
}

static struct jk_scene scene_of(const struct jk_pb *pb, const struct stack *stack, unsigned i)
{
    return (struct jk_scene){.look = &pb->knobs.look,
                             .unit = &pb->unit[i],
                             .stack = stack,
                             .module = i,
                             .address = jk_pb_address(&pb->knobs, i)};
}

/* ---- one unit ---- */

static enum jk_modbus_exception exception_of(enum err e)
{
    if (e == ERR_OK)
        return JK_MODBUS_OK;
    return e == ERR_NOT_FOUND || e == ERR_UNSUPPORTED ? JK_MODBUS_BAD_ADDRESS : JK_MODBUS_BAD_VALUE;
}

static enum jk_control_map control_map(const struct jk_pb *pb, const struct jk_scene *scene)
{
    struct jk_traits t;

    if (pb->knobs.control == JK_CONTROL_IS_V1_0)
        return JK_CONTROL_V1_0;
    if (pb->knobs.control == JK_CONTROL_IS_V1_1)
        return JK_CONTROL_V1_1;
    jk_scene_traits(scene, &t);
    return t.control;
}

static bool is_control(uint16_t address)
{
    return address >= JK_REG_CONTROL && address <= CONTROL_LAST;
}

static bool is_trigger_register(uint16_t address)
{
    return address >= TRIGGER_FIRST && address <= TRIGGER_LAST && address % 2 == 0;
}

/* Would the unit take this write? */
static enum jk_modbus_exception judge_write(const struct jk_pb *pb, const struct jk_scene *scene,
                                            const struct jk_modbus_request *request)
{
    struct jk_unit copy = *scene->unit;
    struct jk_scene trial = *scene;
    enum jk_control control;
    uint16_t words;

    if (is_trigger_register(request->address))
        return JK_MODBUS_OK;
    if (is_control(request->address)) {
        if (jk_control_find(control_map(pb, scene), request->address, &control, &words) != ERR_OK)
            return JK_MODBUS_BAD_ADDRESS;
        return words == request->words ? JK_MODBUS_OK : JK_MODBUS_BAD_VALUE;
    }
    trial.unit = &copy;
    return exception_of(jk_state_write(&trial, &copy, request->address,
                                       span_of(request->data, 2 * (size_t)request->words)));
}

static enum jk_pb_what answer_read(const struct jk_pb *pb, const struct jk_scene *scene,
                                   struct jk_modbus_reply *reply)
{
    if (reply->words > pb->knobs.longest_read) {
        if (pb->knobs.long_read_silent)
            return JK_PB_SILENT;
        reply->refused = JK_MODBUS_BAD_ADDRESS;
    } else if (jk_state_read(scene, reply->address, reply->words, reply->data) != ERR_OK) {
        reply->refused = JK_MODBUS_BAD_ADDRESS;
    }
    return reply->refused == JK_MODBUS_OK ? JK_PB_DATA : JK_PB_REFUSED;
}

/* A frame and its acknowledge. */
static void put_frame(const struct jk_pb *pb, const struct jk_scene *scene, enum jk_type type,
                      struct buf *out)
{
    uint8_t memory[JK_FRAME];
    struct buf frame = buf_of(memory, sizeof memory);
    struct jk_traits t;

    jk_scene_traits(scene, &t);
    if (jk_state_frame(scene, type, t.bus_counter, &frame) != ERR_OK)
        return;
    switch (pb->knobs.ack) {
    case JK_ACK_BEHIND:
        jk_bus_reply_encode(buf_span(&frame), scene->address,
                            pb->knobs.form_310 ? JK_BUS_310 : JK_BUS_308, out);
        return;
    case JK_ACK_FIRST:
        jk_bus_ack_encode(scene->address, type, out);
        buf_put(out, buf_span(&frame));
        return;
    case JK_ACK_MISSING: buf_put(out, buf_span(&frame)); return;
    }
}

static enum jk_modbus_exception refusal_of(enum err e)
{
    if (e == ERR_UNSUPPORTED)
        return JK_MODBUS_BAD_FUNCTION;
    return e == ERR_RANGE ? JK_MODBUS_BAD_VALUE : JK_MODBUS_OK;
}

static enum jk_pb_what answer_one(const struct jk_pb *pb, const struct jk_pb_telegram *t,
                                  const struct jk_scene *scene, struct buf *out)
{
    struct span rtu = span_of(t->rtu, t->n);
    uint8_t memory[JK_MODBUS_MAX], unit;
    struct buf bytes = buf_of(memory, sizeof memory);
    struct jk_modbus_request request;
    enum jk_type type;
    enum jk_pb_what what = JK_PB_DONE;

    if (jk_pb_is_trigger(t, &unit, &type)) {
        put_frame(pb, scene, type, out);
        return JK_PB_DATA;
    }
    enum err e = jk_modbus_request_decode(rtu, &request).code;
    struct jk_modbus_reply reply = {.unit = t->rtu[0], .function = t->rtu[1]};
    if (e == ERR_OK) {
        reply.address = request.address;
        reply.words = request.words;
    }
    reply.refused = refusal_of(e);
    if (e != ERR_OK && reply.refused == JK_MODBUS_OK)
        return JK_PB_SILENT;
    if (pb->knobs.broken)
        reply.refused = JK_MODBUS_BROKEN;
    if (reply.refused == JK_MODBUS_OK && request.function == JK_MODBUS_READ)
        what = answer_read(pb, scene, &reply);
    else if (reply.refused == JK_MODBUS_OK)
        reply.refused = judge_write(pb, scene, &request);
    if (what == JK_PB_SILENT || jk_modbus_reply_encode(&reply, &bytes) != ERR_OK)
        return JK_PB_SILENT;
    put_wrapped(t, buf_span(&bytes), out);
    return reply.refused == JK_MODBUS_OK ? what : JK_PB_REFUSED;
}

/* ---- all units ---- */

/* Drivers that talk at once: a 0 wins. */
static void mix(struct buf *into, struct span other)
{
    for (size_t i = 0; i < into->n && i < other.n; i++)
        into->p[i] &= other.p[i];
    if (other.n > into->n)
        buf_put(into, span_sub(other, into->n, other.n));
}

enum jk_pb_what jk_pb_answer(const struct jk_pb *pb, struct span request, const struct stack *stack,
                             struct buf *out)
{
    uint8_t memory[JK_PB_REPLY_MAX];
    struct buf all = buf_of(out->p + out->n, out->cap - out->n);
    struct jk_pb_telegram t;
    enum jk_pb_what what = JK_PB_SILENT;

    if (!jk_pb_unwrap(pb->knobs.framing, request, &t))
        return JK_PB_SILENT;
    uint32_t units = jk_pb_units_at(pb, stack, t.rtu[0]);
    for (unsigned i = 0; i < SIM_MAX_BATTERIES; i++) {
        struct buf one = buf_of(memory, sizeof memory);
        if ((units >> i & 1) == 0)
            continue;
        struct jk_scene scene = scene_of(pb, stack, i);
        enum jk_pb_what said = answer_one(pb, &t, &scene, &one);
        if (said == JK_PB_SILENT)
            continue;
        what = said;
        mix(&all, buf_span(&one));
    }
    out->n += all.n;
    out->overflow = out->overflow || all.overflow;
    return what;
}

/* A unit that talks alone is garbled by the other request's answer: itself, three bytes later. */
static void spoil(struct buf *b)
{
    for (size_t i = b->n; i > 3; i--)
        b->p[i - 1] &= b->p[i - 4];
}

void jk_pb_mixed_answer(const struct jk_pb *pb, struct span request, const struct stack *stack,
                        struct buf *out)
{
    uint8_t memory[JK_PB_REPLY_MAX];
    struct jk_pb_telegram t;
    unsigned talking = 0;

    if (!jk_pb_unwrap(pb->knobs.framing, request, &t))
        return;
    for (unsigned i = 0; i < SIM_MAX_BATTERIES; i++) {
        struct buf one = buf_of(memory, sizeof memory);
        uint8_t address = jk_pb_address(&pb->knobs, i);
        if (address == 0 || (jk_pb_units_at(pb, stack, address) >> i & 1) == 0)
            continue;
        struct jk_scene scene = scene_of(pb, stack, i);
        if (answer_one(pb, &t, &scene, &one) == JK_PB_SILENT)
            continue;
        talking++;
        mix(out, buf_span(&one));
    }
    if (talking == 1)
        spoil(out);
}

bool jk_pb_readdress(const struct jk_pb *pb, struct span request, uint8_t address, struct buf *out)
{
    struct jk_pb_telegram t;

    if (!jk_pb_unwrap(pb->knobs.framing, request, &t))
        return false;
    t.rtu[0] = address;
    uint16_t crc = jk_modbus_crc(span_of(t.rtu, t.n - 2));
    t.rtu[t.n - 2] = (uint8_t)(crc & 0xFF);
    t.rtu[t.n - 1] = (uint8_t)(crc >> 8);
    put_wrapped(&t, span_of(t.rtu, t.n), out);
    return !out->overflow;
}

/* ---- writes ---- */

static void execute_one(struct jk_pb *pb, const struct jk_scene *scene, unsigned i,
                        const struct jk_modbus_request *request)
{
    enum jk_control control;
    uint16_t words;

    if (!is_control(request->address)) {
        if (jk_state_write(scene, &pb->unit[i], request->address,
                           span_of(request->data, 2 * (size_t)request->words)) == ERR_OK)
            jk_state_tell_owner(scene, &pb->base.host);
        return;
    }
    if (jk_control_find(control_map(pb, scene), request->address, &control, &words) == ERR_OK &&
        words == request->words && control == JK_CONTROL_SHUT_DOWN)
        pb->shut_down[i] = true;
}

void jk_pb_execute(struct jk_pb *pb, const struct jk_pb_telegram *t, const struct stack *stack)
{
    struct jk_modbus_request request;

    if (pb->knobs.broken ||
        jk_modbus_request_decode(span_of(t->rtu, t->n), &request).code != ERR_OK ||
        request.function != JK_MODBUS_WRITE)
        return;
    for (unsigned i = 0; i < SIM_MAX_BATTERIES; i++) {
        uint8_t address = jk_pb_address(&pb->knobs, i);
        if (request.unit != 0 && address != request.unit)
            continue;
        if ((jk_pb_units_at(pb, stack, address) >> i & 1) == 0)
            continue;
        struct jk_scene scene = scene_of(pb, stack, i);
        execute_one(pb, &scene, i, &request);
    }
}
