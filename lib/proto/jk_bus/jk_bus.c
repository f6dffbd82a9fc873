/* SPDX-License-Identifier: Apache-2.0
 *
 * Single telegrams of the pack bus. Requests and acknowledges are Modbus writes of one register.
 */
#include "proto/jk_bus/jk_bus.h"

#include "proto/jk_modbus/jk_modbus.h"

enum {
    STATUS_REGISTER = 0x1620,
    SETTINGS_REGISTER = 0x161E,
    INFO_REGISTER = 0x161C,
};

static bool register_of(enum jk_type type, uint16_t *ret)
{
    switch (type) {
    case JK_CELLS: *ret = STATUS_REGISTER; return true;
    case JK_SETTINGS: *ret = SETTINGS_REGISTER; return true;
    case JK_INFO: *ret = INFO_REGISTER; return true;
    case JK_LOG: return false;
    }
    return false;
}

static bool type_of(uint16_t address, enum jk_type *ret)
{
    switch (address) {
    case STATUS_REGISTER: *ret = JK_CELLS; return true;
    case SETTINGS_REGISTER: *ret = JK_SETTINGS; return true;
    case INFO_REGISTER: *ret = JK_INFO; return true;
    }
    return false;
}

static struct decoded bad(enum err code, size_t offset)
{
    return (struct decoded){.code = code, .offset = (uint32_t)offset};
}

enum err jk_bus_request_encode(uint8_t unit, enum jk_type type, struct buf *out)
{
    struct jk_modbus_request request = {.unit = unit, .function = JK_MODBUS_WRITE, .words = 1};

    if (unit == 0 || unit >= JK_BUS_UNITS || !register_of(type, &request.address))
        return ERR_USAGE;
    return jk_modbus_request_encode(&request, out);
}

struct decoded jk_bus_request_decode(struct span bytes, uint8_t *ret_unit, enum jk_type *ret_type)
{
    struct jk_modbus_request request;
    struct decoded d = jk_modbus_request_decode(bytes, &request);

    if (d.code == ERR_UNSUPPORTED || d.code == ERR_RANGE)
        return bad(ERR_LAYOUT, d.offset);
    if (d.code != ERR_OK)
        return d;
    if (request.function != JK_MODBUS_WRITE)
        return bad(ERR_LAYOUT, 1);
    if (request.words != 1)
        return bad(ERR_LAYOUT, 4);
    if (request.data[0] != 0 || request.data[1] != 0)
        return bad(ERR_LAYOUT, 7);
    if (request.unit >= JK_BUS_UNITS)
        return bad(ERR_RANGE, 0);
    if (!type_of(request.address, ret_type))
        return bad(ERR_LAYOUT, 2);
    *ret_unit = request.unit;
    return d;
}

enum err jk_bus_ack_encode(uint8_t unit, enum jk_type type, struct buf *out)
{
    struct jk_modbus_reply reply = {.unit = unit, .function = JK_MODBUS_WRITE, .words = 1};

    if (unit >= JK_BUS_UNITS || !register_of(type, &reply.address))
        return ERR_USAGE;
    return jk_modbus_reply_encode(&reply, out);
}

struct decoded jk_bus_ack_decode(struct span bytes, uint8_t *ret_unit, enum jk_type *ret_type)
{
    struct jk_modbus_request asked = {.function = JK_MODBUS_WRITE, .words = 1};
    struct jk_modbus_reply reply;
    enum jk_type type;

    if (bytes.n < JK_BUS_ACK_BYTES)
        return bad(ERR_SHORT, bytes.n);
    asked.unit = bytes.p[0];
    asked.address = (uint16_t)(bytes.p[2] << 8 | bytes.p[3]);
    if (!type_of(asked.address, &type))
        return bad(ERR_LAYOUT, 2);
    struct decoded d = jk_modbus_reply_decode(bytes, &asked, &reply);
    if (d.code == ERR_MISMATCH)
        return bad(ERR_LAYOUT, d.offset);
    if (d.code != ERR_OK)
        return d;
    if (asked.unit >= JK_BUS_UNITS)
        return bad(ERR_RANGE, 0);
    *ret_unit = asked.unit;
    *ret_type = type;
    return d;
}

enum err jk_bus_reply_encode(struct span frame, uint8_t unit, enum jk_bus_form form,
                             struct buf *out)
{
    uint8_t memory[JK_BUS_REPLY_MAX];
    struct buf whole = buf_of(memory, sizeof memory);
    enum jk_type type;

    if (jk_frame_check(frame, &type).code != ERR_OK)
        return ERR_USAGE;
    buf_put(&whole, frame);
    if (form == JK_BUS_310)
        buf_u8(&whole, 0);
    enum err err = jk_bus_ack_encode(unit, type, &whole);
    if (err != ERR_OK)
        return err;
    if (form == JK_BUS_310)
        buf_u8(&whole, 0);
    return buf_put(out, buf_span(&whole)) ? ERR_OK : ERR_SPACE;
}
