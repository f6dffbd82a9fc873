/* SPDX-License-Identifier: Apache-2.0
 *
 * The envelope of JK frames and commands.
 */
#include "proto/jk_frame/jk_frame.h"

#include <string.h>

static const struct span frame_header = SPAN_INIT("\x55\xAA\xEB\x90");
static const struct span command_header = SPAN_INIT("\xAA\x55\x90\xEB");
const struct span jk_ack = SPAN_INIT("\xAA\x55\x90\xEB\xC8\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\x44");
const struct span jk_at_noise = SPAN_INIT("AT\r\n");

uint8_t jk_sum8(struct span bytes)
{
    unsigned sum = 0;

    for (size_t i = 0; i < bytes.n; i++)
        sum += bytes.p[i];
    return (uint8_t)sum;
}

static struct decoded bad(enum err code, size_t offset)
{
    return (struct decoded){.code = code, .offset = (uint32_t)offset};
}

static bool is_type(uint8_t byte)
{
    return byte == JK_SETTINGS || byte == JK_CELLS || byte == JK_INFO || byte == JK_LOG;
}

static size_t common_start(struct span a, struct span b)
{
    size_t i = 0;

    while (i < a.n && i < b.n && a.p[i] == b.p[i])
        i++;
    return i;
}

struct decoded jk_frame_check(struct span frame, enum jk_type *ret_type)
{
    size_t same = common_start(frame, frame_header);

    if (same < frame_header.n && same < frame.n)
        return bad(ERR_LAYOUT, same);
    if (frame.n > 4 && !is_type(frame.p[4]))
        return bad(ERR_LAYOUT, 4);
    if (frame.n < JK_FRAME)
        return bad(ERR_SHORT, frame.n);
    if (frame.n > JK_FRAME)
        return bad(ERR_LAYOUT, JK_FRAME);
    if (jk_sum8(span_sub(frame, 0, JK_SUM_AT)) != frame.p[JK_SUM_AT])
        return bad(ERR_CHECKSUM, JK_SUM_AT);
    size_t second = span_find(frame, 1, frame_header);
    if (second < frame.n)
        return bad(ERR_LAYOUT, second);
    *ret_type = (enum jk_type)frame.p[4];
    return bad(ERR_OK, 0);
}

struct decoded jk_command_decode(struct span bytes, struct jk_command *ret)
{
    size_t same = common_start(bytes, command_header);

    if (same < command_header.n && same < bytes.n)
        return bad(ERR_LAYOUT, same);
    if (bytes.n < JK_COMMAND)
        return bad(ERR_SHORT, bytes.n);
    if (bytes.n > JK_COMMAND)
        return bad(ERR_LAYOUT, JK_COMMAND);
    if (jk_sum8(span_sub(bytes, 0, JK_COMMAND - 1)) != bytes.p[JK_COMMAND - 1])
        return bad(ERR_CHECKSUM, JK_COMMAND - 1);
    if (bytes.p[5] > sizeof ret->data)
        return bad(ERR_RANGE, 5);
    ret->number = bytes.p[4];
    ret->length = bytes.p[5];
    memcpy(ret->data, bytes.p + 6, sizeof ret->data);
    return bad(ERR_OK, 0);
}

enum err jk_command_encode(const struct jk_command *command, struct buf *out)
{
    uint8_t bytes[JK_COMMAND] = {0xAA, 0x55, 0x90, 0xEB, command->number, command->length};

    if (command->length > sizeof command->data)
        return ERR_RANGE;
    memcpy(bytes + 6, command->data, sizeof command->data);
    bytes[JK_COMMAND - 1] = jk_sum8(span_of(bytes, JK_COMMAND - 1));
    return buf_put(out, span_of(bytes, sizeof bytes)) ? ERR_OK : ERR_SPACE;
}

uint32_t jk_command_value(const struct jk_command *command)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < 4 && i < command->length; i++)
        value |= (uint32_t)command->data[i] << (8 * i);
    return value;
}
