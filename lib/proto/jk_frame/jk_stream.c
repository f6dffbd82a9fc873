/* SPDX-License-Identifier: Apache-2.0
 *
 * Reassembly. Byte by byte, so that the result cannot depend on how the stream was cut: a parser
 * that looks for headers only where a notification starts loses every frame that has "AT\r\n" or an
 * acknowledge in front of it.
 */
#include <string.h>

#include "proto/jk_frame/jk_frame.h"

enum candidate { NOTHING, FRAME_HEAD, COMMAND_HEAD };

/* What the bytes so far may become; fewer than four may still become a header. */
static enum candidate candidate_of(struct span bytes)
{
    static const uint8_t frame[4] = {0x55, 0xAA, 0xEB, 0x90};
    static const uint8_t command[4] = {0xAA, 0x55, 0x90, 0xEB};
    size_t n = bytes.n < 4 ? bytes.n : 4;

    if (memcmp(bytes.p, frame, n) == 0)
        return FRAME_HEAD;
    return memcmp(bytes.p, command, n) == 0 ? COMMAND_HEAD : NOTHING;
}

static void take_off(struct jk_stream *s, size_t n)
{
    memmove(s->bytes, s->bytes + n, s->n - n);
    s->n = (uint16_t)(s->n - n);
}

/* Drops the first byte and all behind it that begin no header. */
static void drop(struct jk_stream *s)
{
    size_t n = 1;

    while (n < s->n && s->bytes[n] != 0x55 && s->bytes[n] != 0xAA)
        n++;
    s->junk += (uint32_t)n;
    take_off(s, n);
}

static enum jk_stream_event report(struct jk_stream *s, enum jk_stream_event event)
{
    s->got = s->n;
    if (event == JK_STREAM_FRAME) {
        s->frames++;
    } else {
        s->got = JK_COMMAND;
        s->commands++;
    }
    return event;
}

static enum jk_stream_event try_frame(struct jk_stream *s)
{
    enum jk_type type;
    struct decoded d = jk_frame_check(span_of(s->bytes, s->n), &type);

    if (d.code == ERR_SHORT)
        return JK_STREAM_MORE;
    if (d.code == ERR_OK)
        return report(s, JK_STREAM_FRAME);
    if (d.code == ERR_CHECKSUM)
        s->bad_sum++;
    else if (d.offset == 4)
        s->bad_type++;
    else
        s->bad_spliced++;
    drop(s);
    return JK_STREAM_MORE;
}

static enum jk_stream_event try_command(struct jk_stream *s)
{
    struct span bytes = span_of(s->bytes, JK_COMMAND);

    if (s->n < JK_COMMAND)
        return JK_STREAM_MORE;
    if (jk_sum8(span_sub(bytes, 0, JK_COMMAND - 1)) == bytes.p[JK_COMMAND - 1])
        return report(s, JK_STREAM_COMMAND);
    s->bad_sum++;
    drop(s);
    return JK_STREAM_MORE;
}

/* Looks at what is there until it needs more or has something. */
static enum jk_stream_event settle(struct jk_stream *s)
{
    for (;;) {
        size_t before = s->n;
        enum jk_stream_event event = JK_STREAM_MORE;

        if (s->n == 0)
            return JK_STREAM_MORE;
        switch (candidate_of(span_of(s->bytes, s->n))) {
        case NOTHING: drop(s); break;
        case FRAME_HEAD: event = try_frame(s); break;
        case COMMAND_HEAD: event = try_command(s); break;
        }
        if (event != JK_STREAM_MORE || s->n == before)
            return event;
    }
}

void jk_stream_reset(struct jk_stream *s)
{
    s->n = 0;
    s->got = 0;
}

enum jk_stream_event jk_stream_feed(struct jk_stream *s, struct span in, size_t *ret_used)
{
    take_off(s, s->got);
    s->got = 0;
    enum jk_stream_event event = settle(s);
    size_t used = 0;

    while (event == JK_STREAM_MORE && used < in.n) {
        s->bytes[s->n++] = in.p[used++];
        event = settle(s);
    }
    *ret_used = used;
    return event;
}

struct span jk_stream_got(const struct jk_stream *s)
{
    return span_of(s->bytes, s->got);
}
