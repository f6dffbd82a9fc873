/* SPDX-License-Identifier: Apache-2.0
 *
 * See att.h. Section numbers are those of Core 5.3, Vol 3 Part F.
 */
#include "sim/ble/att.h"

#include <string.h>

enum {
    OP_ERROR = 0x01,
    OP_MTU = 0x02,
    OP_MTU_ANSWER = 0x03,
    OP_FIND_INFORMATION = 0x04,
    OP_FIND_BY_VALUE = 0x06,
    OP_READ_BY_TYPE = 0x08,
    OP_READ = 0x0A,
    OP_READ_BLOB = 0x0C,
    OP_READ_BY_GROUP = 0x10,
    OP_WRITE = 0x12,
    OP_NOTIFICATION = 0x1B,
    OP_CONFIRMATION = 0x1E,
    OP_WRITE_COMMAND = 0x52,
    OP_COMMAND_FLAG = 0x40,
};

enum {
    NO_ERROR = 0x00,
    INVALID_HANDLE = 0x01,
    READ_NOT_PERMITTED = 0x02,
    WRITE_NOT_PERMITTED = 0x03,
    INVALID_PDU = 0x04,
    REQUEST_NOT_SUPPORTED = 0x06,
    INVALID_OFFSET = 0x07,
    ATTRIBUTE_NOT_FOUND = 0x0A,
    INVALID_LENGTH = 0x0D,
    UNSUPPORTED_GROUP = 0x10,
};

enum { GROUP_PRIMARY = 0x2800, GROUP_SECONDARY = 0x2801, SHORT_UUIDS = 0x01, LONG_UUID = 16 };

/* 0000xxxx-0000-1000-8000-00805F9B34FB as it is sent, without the last four bytes. */
static const uint8_t base_uuid[] = {0xFB, 0x34, 0x9B, 0x5F, 0x80, 0x00,
                                    0x00, 0x80, 0x00, 0x10, 0x00, 0x00};

/* What became of a request: an error names the handle that caused it. */
struct outcome {
    uint8_t error;
    uint16_t handle;
};

static struct outcome fine(void)
{
    return (struct outcome){NO_ERROR, 0};
}

static struct outcome refuse(uint8_t error, uint16_t handle)
{
    return (struct outcome){error, handle};
}

/* ---- values ---- */

static void value_of(const struct att *att, const struct att_attribute *a, struct buf *out)
{
    if (a->kind == ATT_CONFIGURATION)
        buf_u16le(out, att->configuration[a->index]);
    else
        att_table_value(att->table, a, out);
}

static bool is_readable(const struct att_attribute *a)
{
    return a->kind != ATT_VALUE || (a->properties & BLE_READ) != 0;
}

/* A range of handles and what may follow it. */
struct range {
    uint16_t first, last;
};

static bool take_range(struct span *pdu, struct range *ret)
{
    return rd_u16le(pdu, &ret->first) && rd_u16le(pdu, &ret->last);
}

static bool is_sound(const struct range *r)
{
    return r->first != 0 && r->first <= r->last;
}

static bool is_in(const struct range *r, const struct att_attribute *a)
{
    return a->handle >= r->first && a->handle <= r->last;
}

/* A 16-bit UUID, or one of 128 bits made of it; false: of another length. Any other UUID of 128
 * bits is none of ours and gives 0. */
static bool take_uuid(struct span s, uint16_t *ret)
{
    struct span head = span_sub(s, 0, sizeof base_uuid);
    struct span tail = span_sub(s, sizeof base_uuid, SIZE_MAX);
    uint16_t low, high;

    if (s.n == 2)
        return rd_u16le(&s, ret);
    if (s.n != LONG_UUID || !rd_u16le(&tail, &low) || !rd_u16le(&tail, &high))
        return false;
    *ret = span_eq(head, span_of(base_uuid, sizeof base_uuid)) && high == 0 ? low : 0;
    return true;
}

/* ---- MTU (3.4.2) ---- */

static void agree_mtu(struct att *att, uint16_t theirs, struct att_event *event)
{
    uint16_t mtu = theirs < att->table->traits.mtu ? theirs : att->table->traits.mtu;

    att->mtu = mtu < BLE_MTU_MIN ? BLE_MTU_MIN : mtu;
    *event = (struct att_event){.kind = ATT_MTU, .mtu = att->mtu};
}

static bool exchanges(const struct att *att)
{
    return att->table->traits.mtu > BLE_MTU_MIN;
}

static struct outcome exchange_mtu(struct att *att, struct span pdu, struct buf *out,
                                   struct att_event *event)
{
    uint16_t theirs;

    if (!exchanges(att))
        return refuse(REQUEST_NOT_SUPPORTED, 0);
    if (!rd_u16le(&pdu, &theirs) || pdu.n != 0)
        return refuse(INVALID_PDU, 0);
    buf_u8(out, OP_MTU_ANSWER);
    buf_u16le(out, att->table->traits.mtu);
    agree_mtu(att, theirs, event);
    return fine();
}

static void take_mtu_answer(struct att *att, struct span pdu, struct att_event *event)
{
    uint16_t theirs;

    if (att->asked && rd_u16le(&pdu, &theirs) && pdu.n == 0) {
        att->asked = false;
        agree_mtu(att, theirs, event);
    }
}

/* ---- discovery (3.4.3, 3.4.4) ---- */

static struct outcome find_information(const struct att *att, struct span pdu, struct buf *out)
{
    const struct att_table *t = att->table;
    struct range r;

    if (!take_range(&pdu, &r) || pdu.n != 0)
        return refuse(INVALID_PDU, 0);
    if (!is_sound(&r))
        return refuse(INVALID_HANDLE, r.first);
    buf_u8(out, OP_FIND_INFORMATION + 1);
    buf_u8(out, SHORT_UUIDS);
    for (size_t i = 0; i < t->n && out->n + 4 <= att->mtu; i++) {
        if (!is_in(&r, &t->attributes[i]))
            continue;
        buf_u16le(out, t->attributes[i].handle);
        buf_u16le(out, t->attributes[i].type);
    }
    return out->n > 2 ? fine() : refuse(ATTRIBUTE_NOT_FOUND, r.first);
}

static struct outcome find_by_value(const struct att *att, struct span pdu, struct buf *out)
{
    const struct att_table *t = att->table;
    uint8_t memory[ATT_VALUE_MAX];
    uint16_t type;
    struct range r;

    if (!take_range(&pdu, &r) || !rd_u16le(&pdu, &type))
        return refuse(INVALID_PDU, 0);
    if (!is_sound(&r))
        return refuse(INVALID_HANDLE, r.first);
    buf_u8(out, OP_FIND_BY_VALUE + 1);
    for (size_t i = 0; i < t->n && out->n + 4 <= att->mtu; i++) {
        const struct att_attribute *a = &t->attributes[i];
        struct buf value = buf_of(memory, sizeof memory);
        if (!is_in(&r, a) || a->type != type || !is_readable(a))
            continue;
        value_of(att, a, &value);
        if (!span_eq(buf_span(&value), pdu))
            continue;
        buf_u16le(out, a->handle);
        buf_u16le(out, a->kind == ATT_SERVICE ? a->points : a->handle);
    }
    return out->n > 1 ? fine() : refuse(ATTRIBUTE_NOT_FOUND, r.first);
}

/* Appends handle, for a group also its end, and value; false: the answer is full, or holds values
 * of another size. `out` begins with opcode and size of an entry. */
static bool put_entry(const struct att *att, const struct att_attribute *a, bool group,
                      struct buf *out)
{
    uint8_t memory[ATT_VALUE_MAX];
    struct buf value = buf_of(memory, sizeof memory);
    size_t head = group ? 4 : 2, most = att->mtu - 2U;

    value_of(att, a, &value);
    if (most > UINT8_MAX)
        most = UINT8_MAX;
    size_t size = head + value.n < most ? head + value.n : most;
    if (out->n == 2)
        out->p[1] = (uint8_t)size;
    else if (out->p[1] != size || out->n + size > att->mtu)
        return false;
    buf_u16le(out, a->handle);
    if (group)
        buf_u16le(out, a->points);
    return buf_put(out, span_of(value.p, size - head));
}

/* Read by type and read by group type. */
static struct outcome read_by_type(const struct att *att, uint8_t op, struct span pdu,
                                   struct buf *out)
{
    const struct att_table *t = att->table;
    bool group = op == OP_READ_BY_GROUP;
    uint16_t type;
    struct range r;

    if (!take_range(&pdu, &r) || !take_uuid(pdu, &type))
        return refuse(INVALID_PDU, 0);
    if (!is_sound(&r))
        return refuse(INVALID_HANDLE, r.first);
    if (group && type != GROUP_PRIMARY && type != GROUP_SECONDARY)
        return refuse(UNSUPPORTED_GROUP, r.first);
    buf_u8(out, (uint8_t)(op + 1));
    buf_u8(out, 0);
    for (size_t i = 0; i < t->n; i++) {
        const struct att_attribute *a = &t->attributes[i];
        if (!is_in(&r, a) || a->type != type)
            continue;
        if (!is_readable(a) && out->n == 2)
            return refuse(READ_NOT_PERMITTED, a->handle);
        if (!is_readable(a) || !put_entry(att, a, group, out))
            break;
    }
    return out->n > 2 ? fine() : refuse(ATTRIBUTE_NOT_FOUND, r.first);
}

/* ---- reading and writing (3.4.4, 3.4.5) ---- */

static struct outcome read_value(const struct att *att, uint8_t op, struct span pdu,
                                 struct buf *out)
{
    uint8_t memory[ATT_VALUE_MAX];
    struct buf value = buf_of(memory, sizeof memory);
    uint16_t handle, offset = 0;

    if (!rd_u16le(&pdu, &handle) || (op == OP_READ_BLOB && !rd_u16le(&pdu, &offset)) || pdu.n != 0)
        return refuse(INVALID_PDU, 0);
    const struct att_attribute *a = att_table_find(att->table, handle);
    if (a == NULL)
        return refuse(INVALID_HANDLE, handle);
    if (!is_readable(a))
        return refuse(READ_NOT_PERMITTED, handle);
    value_of(att, a, &value);
    if (offset > value.n)
        return refuse(INVALID_OFFSET, handle);
    buf_u8(out, (uint8_t)(op + 1));
    buf_put(out, span_sub(buf_span(&value), offset, att->mtu - 1U));
    return fine();
}

static struct outcome configure(struct att *att, const struct att_attribute *a, struct span value,
                                struct att_event *event)
{
    uint16_t bits;

    if (value.n != 2 || !rd_u16le(&value, &bits))
        return refuse(INVALID_LENGTH, a->handle);
    bool was = (att->configuration[a->index] & 1) != 0, on = (bits & 1) != 0;
    att->configuration[a->index] = bits & 1; /* what is not notifying it cannot do */
    if (was != on)
        *event = (struct att_event){.kind = ATT_SUBSCRIBED, .characteristic = a->index, .on = on};
    return fine();
}

static struct outcome write_value(struct att *att, uint8_t op, struct span pdu,
                                  struct att_event *event)
{
    uint16_t handle;

    if (!rd_u16le(&pdu, &handle))
        return refuse(INVALID_PDU, 0);
    const struct att_attribute *a = att_table_find(att->table, handle);
    if (a == NULL)
        return refuse(INVALID_HANDLE, handle);
    if (pdu.n > ATT_VALUE_MAX)
        return refuse(INVALID_LENGTH, handle);
    if (a->kind == ATT_CONFIGURATION && op == OP_WRITE)
        return configure(att, a, pdu, event);
    uint8_t needs = op == OP_WRITE ? BLE_WRITE : BLE_WRITE_COMMAND;
    if (a->kind != ATT_VALUE || (a->properties & needs) == 0)
        return refuse(WRITE_NOT_PERMITTED, handle);
    *event = (struct att_event){.kind = ATT_WRITTEN, .characteristic = a->index, .bytes = pdu};
    return fine();
}

/* ---- the server ---- */

void att_connect(struct att *att, const struct att_table *table)
{
    *att = (struct att){.table = table, .mtu = BLE_MTU_MIN};
}

bool att_ask(struct att *att, struct buf *out)
{
    if (!exchanges(att) || !att->table->traits.asks_mtu)
        return false;
    att->asked = true;
    return buf_u8(out, OP_MTU) && buf_u16le(out, att->table->traits.mtu);
}

/* A PDU that wants no answer, or whose answer never is an error. */
static bool take_unanswered(struct att *att, uint8_t op, struct span rest, struct att_event *event)
{
    if (op == OP_WRITE_COMMAND)
        write_value(att, op, rest, event); /* a command that is wrong is ignored */
    else if (op == OP_MTU_ANSWER)
        take_mtu_answer(att, rest, event);
    else if (op == OP_ERROR && rest.n == 4 && rest.p[0] == OP_MTU)
        att->asked = false;
    return (op & OP_COMMAND_FLAG) != 0 || (op & 1) != 0 || op == OP_CONFIRMATION;
}

static struct outcome take_request(struct att *att, uint8_t op, struct span rest, struct buf *out,
                                   struct att_event *event)
{
    struct outcome o;

    switch (op) {
    case OP_MTU: return exchange_mtu(att, rest, out, event);
    case OP_FIND_INFORMATION: return find_information(att, rest, out);
    case OP_FIND_BY_VALUE: return find_by_value(att, rest, out);
    case OP_READ_BY_TYPE:
    case OP_READ_BY_GROUP: return read_by_type(att, op, rest, out);
    case OP_READ:
    case OP_READ_BLOB: return read_value(att, op, rest, out);
    case OP_WRITE:
        o = write_value(att, op, rest, event);
        if (o.error == NO_ERROR)
            buf_u8(out, OP_WRITE + 1);
        return o;
    }
    return refuse(REQUEST_NOT_SUPPORTED, 0);
}

struct att_event att_take(struct att *att, struct span pdu, struct buf *out)
{
    struct att_event event = {.kind = ATT_NOTHING};
    struct span rest = pdu;
    uint8_t op;

    if (pdu.n > att->mtu || !rd_u8(&rest, &op))
        return event; /* no ATT bearer carries such a PDU */
    if (take_unanswered(att, op, rest, &event))
        return event;
    struct outcome o = take_request(att, op, rest, out, &event);
    if (o.error == NO_ERROR)
        return event;
    buf_clear(out);
    buf_u8(out, OP_ERROR);
    buf_u8(out, op);
    buf_u16le(out, o.handle);
    buf_u8(out, o.error);
    return event;
}

enum err att_notify(const struct att *att, unsigned characteristic, struct span bytes,
                    struct buf *out)
{
    if (ble_characteristic(&att->table->traits, characteristic) == NULL ||
        (att->configuration[characteristic] & 1) == 0)
        return ERR_CLOSED;
    if (bytes.n + BLE_ATT_HEADER > att->mtu)
        return ERR_RANGE;
    buf_u8(out, OP_NOTIFICATION);
    buf_u16le(out, ble_characteristic(&att->table->traits, characteristic)->handle);
    buf_put(out, bytes);
    return out->overflow ? ERR_SPACE : ERR_OK;
}
