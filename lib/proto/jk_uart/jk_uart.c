/* SPDX-License-Identifier: Apache-2.0
 *
 * The envelope of 4E57 frames, and finding them in a stream.
 */
#include "proto/jk_uart/jk_uart.h"

#include <string.h>

enum { END_MARK = 0x68, SUM_BYTES = 2, BEHIND_DATA = 9 }; /* record, end mark, two and two bytes */

const struct span jk_uart_read_all =
    SPAN_INIT("\x4E\x57\x00\x13\0\0\0\0\x06\x03\x00\x00\0\0\0\0\x68\0\0\x01\x29");

static struct decoded bad(enum err code, size_t offset)
{
    return (struct decoded){.code = code, .offset = (uint32_t)offset};
}

static unsigned sum16(struct span s)
{
    unsigned sum = 0;

    for (size_t i = 0; i < s.n; i++)
        sum += s.p[i];
    return sum & 0xFFFF;
}

static unsigned u16_at(struct span s, size_t at)
{
    return (unsigned)s.p[at] << 8 | s.p[at + 1];
}

static uint32_t u32_at(struct span s, size_t at)
{
    return (uint32_t)u16_at(s, at) << 16 | u16_at(s, at + 2);
}

struct decoded jk_uart_frame_decode(struct span bytes, struct jk_uart_frame *ret)
{
    if (bytes.n > 0 && bytes.p[0] != 0x4E)
        return bad(ERR_LAYOUT, 0);
    if (bytes.n > 1 && bytes.p[1] != 0x57)
        return bad(ERR_LAYOUT, 1);
    if (bytes.n < 4)
        return bad(ERR_SHORT, bytes.n);
    size_t length = u16_at(bytes, 2);
    if (length < JK_UART_MIN_LENGTH || length > JK_UART_MAX_LENGTH)
        return bad(ERR_RANGE, 2);
    if (bytes.n < length + SUM_BYTES)
        return bad(ERR_SHORT, bytes.n);
    if (bytes.n > length + SUM_BYTES)
        return bad(ERR_LAYOUT, length + SUM_BYTES);
    if (bytes.p[length - 3] != END_MARK)
        return bad(ERR_LAYOUT, length - 3);
    if (sum16(span_sub(bytes, 0, length)) != u16_at(bytes, length))
        return bad(ERR_CHECKSUM, length);
    *ret = (struct jk_uart_frame){
        .terminal = u32_at(bytes, 4),
        .command = bytes.p[8],
        .source = bytes.p[9],
        .type = bytes.p[10],
        .data = span_sub(bytes, JK_UART_DATA_AT, length - JK_UART_DATA_AT - 7),
        .record = u32_at(bytes, length - 7),
        .crc = (uint16_t)u16_at(bytes, length - 2),
    };
    return bad(ERR_OK, 0);
}

static void put_u32(struct buf *out, uint32_t value)
{
    buf_u16be(out, (uint16_t)(value >> 16));
    buf_u16be(out, (uint16_t)value);
}

enum err jk_uart_frame_encode(const struct jk_uart_frame *frame, struct buf *out)
{
    uint8_t memory[JK_UART_MAX];
    struct buf whole = buf_of(memory, sizeof memory);
    size_t length = JK_UART_DATA_AT + frame->data.n + 7;

    if (frame->data.n == 0 || length > JK_UART_MAX_LENGTH)
        return ERR_RANGE;
    buf_u8(&whole, 0x4E);
    buf_u8(&whole, 0x57);
    buf_u16be(&whole, (uint16_t)length);
    put_u32(&whole, frame->terminal);
    buf_u8(&whole, frame->command);
    buf_u8(&whole, frame->source);
    buf_u8(&whole, frame->type);
    buf_put(&whole, frame->data);
    put_u32(&whole, frame->record);
    buf_u8(&whole, END_MARK);
    buf_u16be(&whole, frame->crc);
    buf_u16be(&whole, (uint16_t)sum16(buf_span(&whole)));
    return buf_put(out, buf_span(&whole)) ? ERR_OK : ERR_SPACE;
}

/* ---- stream ---- */

static void drop(struct jk_uart_reader *r, size_t n)
{
    memmove(r->bytes, r->bytes + n, r->n - n);
    r->n = (uint16_t)(r->n - n);
}

static void count(struct jk_uart_reader *r, struct decoded d)
{
    if (d.code == ERR_CHECKSUM)
        r->bad_sum++;
    else if (d.code == ERR_RANGE)
        r->bad_length++;
    else if (d.offset > 1) /* not only no header */
        r->bad_end++;
}

enum { HEAD_BYTES = 4 };

/* After a rejected candidate there may be more bytes than the next one needs. Never less than the
 * head: a length of 0 or 1 would look like a frame that is still coming, for ever. */
static struct span candidate(const struct jk_uart_reader *r)
{
    struct span all = span_of(r->bytes, r->n);

    if (all.n < HEAD_BYTES)
        return all;
    size_t n = u16_at(all, 2) + SUM_BYTES;
    return span_sub(all, 0, n < HEAD_BYTES ? HEAD_BYTES : n);
}

static enum jk_uart_event settle(struct jk_uart_reader *r)
{
    struct jk_uart_frame frame;

    while (r->n > 0) {
        struct span bytes = candidate(r);
        struct decoded d = jk_uart_frame_decode(bytes, &frame);
        if (d.code == ERR_SHORT)
            return JK_UART_MORE;
        if (d.code == ERR_OK) {
            r->got = (uint16_t)bytes.n;
            r->frames++;
            return JK_UART_FRAME;
        }
        count(r, d);
        r->junk++;
        drop(r, 1);
    }
    return JK_UART_MORE;
}

void jk_uart_reader_reset(struct jk_uart_reader *r)
{
    r->n = 0;
    r->got = 0;
}

enum jk_uart_event jk_uart_reader_feed(struct jk_uart_reader *r, struct span in, size_t *ret_used)
{
    drop(r, r->got);
    r->got = 0;
    enum jk_uart_event event = settle(r);
    size_t used = 0;

    while (event == JK_UART_MORE && used < in.n) {
        r->bytes[r->n++] = in.p[used++];
        event = settle(r);
    }
    *ret_used = used;
    return event;
}

enum jk_uart_event jk_uart_reader_silence(struct jk_uart_reader *r)
{
    drop(r, r->got);
    r->got = 0;
    enum jk_uart_event event = settle(r);

    while (event == JK_UART_MORE && r->n > 0) {
        r->junk++;
        drop(r, 1);
        event = settle(r);
    }
    return event;
}

struct span jk_uart_got(const struct jk_uart_reader *r)
{
    return span_of(r->bytes, r->got);
}
