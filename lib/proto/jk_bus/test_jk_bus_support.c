/* SPDX-License-Identifier: Apache-2.0
 *
 * Events as words, and streams from parts.
 */
#include "proto/jk_bus/test_jk_bus_support.h"

#include <stdio.h>
#include <string.h>

char hear_letter(enum jk_type type)
{
    switch (type) {
    case JK_CELLS: return 'c';
    case JK_SETTINGS: return 's';
    case JK_INFO: return 'i';
    case JK_LOG: return 'l';
    }
    return '?';
}

static const char *identity(enum jk_bus_identity id)
{
    switch (id) {
    case JK_BUS_BY_ACK: return "ack";
    case JK_BUS_BY_REQUEST: return "request";
    case JK_BUS_BY_FRAME: return "frame";
    case JK_BUS_BY_NOBODY: return "nobody";
    }
    return "?";
}

void hear(struct heard *h, enum jk_bus_event event, const struct jk_bus_heard *what,
          uint64_t now_us)
{
    char word[32];

    switch (event) {
    case JK_BUS_MORE: return;
    case JK_BUS_REQUEST:
        snprintf(word, sizeof word, "ask%u%c ", (unsigned)what->unit, hear_letter(what->type));
        break;
    case JK_BUS_ECHO:
        snprintf(word, sizeof word, "echo%u%c ", (unsigned)what->unit, hear_letter(what->type));
        break;
    case JK_BUS_ACK:
        snprintf(word, sizeof word, "ack%u%c ", (unsigned)what->unit, hear_letter(what->type));
        break;
    case JK_BUS_FRAME:
        snprintf(word, sizeof word, "%u%c/%s ", (unsigned)what->unit, hear_letter(what->type),
                 identity(what->identity));
        break;
    }
    h->n += (size_t)snprintf(h->text + h->n, sizeof h->text - h->n, "%s", word);
    jk_bus_cycle_note(&h->cycle, event, what, now_us);
}

void hear_feed(struct jk_bus *bus, struct span in, uint64_t now_us, struct heard *h)
{
    for (;;) {
        size_t used = 0;
        struct jk_bus_heard what = {0};
        enum jk_bus_event event = jk_bus_feed(bus, in, now_us, &used, &what);
        in = span_sub(in, used, in.n);
        if (event == JK_BUS_MORE)
            break;
        hear(h, event, &what, now_us);
    }
    CU_ASSERT_EQUAL(in.n, 0);
}

void hear_expire(struct jk_bus *bus, uint64_t now_us, struct heard *h)
{
    struct jk_bus_heard what;
    enum jk_bus_event event;

    while ((event = jk_bus_expire(bus, now_us, &what)) != JK_BUS_MORE)
        hear(h, event, &what, now_us);
}

void heard_is(const struct heard *h, const char *want)
{
    if (strcmp(h->text, want) != 0)
        TESTING_FAIL("heard \"%s\", not \"%s\"", h->text, want);
    else
        CU_ASSERT_STRING_EQUAL(h->text, want);
}

/* Every chunk size, every split; at the end all that waits is decided by time. */
void hear_every_way(struct span in, const char *want)
{
    for (size_t size = 1; size <= in.n; size++) {
        struct jk_bus bus = {0};
        struct heard h = {0};
        for (size_t at = 0; at < in.n; at += size)
            hear_feed(&bus, span_sub(in, at, size), MS, &h);
        hear_expire(&bus, 200 * MS, &h);
        heard_is(&h, want);
        CU_ASSERT_EQUAL(jk_bus_deadline(&bus), UINT64_MAX);
    }
    for (size_t at = 0; at <= in.n; at++) {
        struct jk_bus bus = {0};
        struct heard h = {0};
        hear_feed(&bus, span_sub(in, 0, at), MS, &h);
        hear_feed(&bus, span_sub(in, at, in.n), MS, &h);
        hear_expire(&bus, 200 * MS, &h);
        heard_is(&h, want);
    }
}

struct buf *room_empty(struct room *room)
{
    room->out = buf_of(room->bytes, sizeof room->bytes);
    return &room->out;
}

void put_hex(struct buf *out, const char *hex)
{
    buf_put(out, jk_hex(hex));
}

void put_cells(struct buf *out)
{
    uint8_t f[JK_FRAME];

    jk_healthy_32s(f);
    buf_put(out, span_of(f, JK_FRAME));
}

void put_settings(struct buf *out, uint32_t unit)
{
    uint8_t f[JK_FRAME];

    jk_blank(f, JK_SETTINGS, 5);
    jk_poke(f, 270, 4, unit);
    jk_seal(f);
    buf_put(out, span_of(f, JK_FRAME));
}
