/* SPDX-License-Identifier: Apache-2.0
 *
 * Reassembly: frames cut, glued, damaged and mixed with noise in the ways that were seen in the
 * field, and in all others.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/jk_frame/test_jk_support.h"

/* What came out, in order. */
struct heard {
    char text[4096]; /* "02/fc ack 03/a5 " */
    size_t n;
    size_t frames, commands;
    uint8_t last[JK_FRAME];
};

static void hear(struct heard *h, struct span got)
{
    bool frame = got.n == JK_FRAME;
    int n = frame ? snprintf(h->text + h->n, sizeof h->text - h->n, "%02x/%02x ",
                             (unsigned)got.p[4], (unsigned)got.p[5])
                  : snprintf(h->text + h->n, sizeof h->text - h->n, "ack ");

    h->n += (size_t)n;
    h->frames += frame;
    h->commands += !frame;
    memcpy(h->last, got.p, got.n);
}

static void feed(struct jk_stream *s, struct span in, struct heard *h)
{
    for (;;) {
        size_t used = 0;
        enum jk_stream_event event = jk_stream_feed(s, in, &used);
        in = span_sub(in, used, in.n);
        if (event == JK_STREAM_MORE)
            break;
        hear(h, jk_stream_got(s));
    }
    CU_ASSERT_EQUAL(in.n, 0);
}

static void feed_in_chunks(struct span in, size_t size, struct jk_stream *ret_s,
                           struct heard *ret_h)
{
    *ret_s = (struct jk_stream){0};
    *ret_h = (struct heard){0};
    for (size_t at = 0; at < in.n; at += size)
        feed(ret_s, span_sub(in, at, size), ret_h);
}

/* Every chunk size up to the largest notification, and every cut in two, gives the same. */
static void in_every_way(const char *name, struct span in, const char *want, uint32_t want_junk)
{
    struct jk_stream s;
    struct heard h;

    for (size_t size = 1; size <= 517; size++) {
        feed_in_chunks(in, size, &s, &h);
        if (strcmp(h.text, want) != 0 || s.junk != want_junk) {
            TESTING_FAIL("%s by %zu: \"%s\" and %u junk, want \"%s\" and %u", name, size, h.text,
                         (unsigned)s.junk, want, (unsigned)want_junk);
            return;
        }
    }
    for (size_t at = 0; at <= in.n; at++) {
        s = (struct jk_stream){0};
        h = (struct heard){0};
        feed(&s, span_sub(in, 0, at), &h);
        feed(&s, span_sub(in, at, in.n), &h);
        if (strcmp(h.text, want) != 0 || s.junk != want_junk) {
            TESTING_FAIL("%s split at %zu: \"%s\"", name, at, h.text);
            return;
        }
    }
}

struct room {
    uint8_t bytes[4096];
    struct buf out;
};

static struct buf *empty(struct room *room)
{
    room->out = buf_of(room->bytes, sizeof room->bytes);
    return &room->out;
}

static struct span frame_of(uint8_t *memory, enum jk_type type, uint8_t counter)
{
    jk_blank(memory, type, counter);
    return span_of(memory, JK_FRAME);
}

/* Order of a connection with firmware 15: noise, info, ack, settings, noise in front of a frame,
 * two frames in one notification. */
static void test_noise_and_glue(void)
{
    struct room room;
    struct buf *out = empty(&room);
    uint8_t f[JK_FRAME];

    buf_put(out, SPAN_LIT("AT\r\nAT\r\n"));
    buf_put(out, frame_of(f, JK_INFO, 0x25));
    buf_put(out, jk_ack);
    buf_put(out, SPAN_LIT("AT\r\n"));
    buf_put(out, frame_of(f, JK_SETTINGS, 0x25));
    buf_put(out, frame_of(f, JK_INFO, 0xA5));
    buf_put(out, jk_ack);
    buf_put(out, jk_at_noise);
    jk_healthy_32s(f);
    buf_put(out, span_of(f, JK_FRAME));
    buf_put(out, frame_of(f, JK_LOG, 0x26));
    CU_ASSERT_FALSE(out->overflow);
    in_every_way("glue", buf_span(out), "03/25 ack 01/25 03/a5 ack 02/07 05/26 ", 16);
}

static void test_at_flood(void)
{
    struct jk_stream s = {0};
    struct heard h = {0};
    uint8_t f[JK_FRAME];

    for (unsigned i = 0; i < 500; i++)
        feed(&s, jk_at_noise, &h);
    CU_ASSERT_EQUAL(s.junk, 2000);
    CU_ASSERT_EQUAL(s.n, 0);
    feed(&s, frame_of(f, JK_CELLS, 1), &h);
    CU_ASSERT_STRING_EQUAL(h.text, "02/01 ");
}

/* 20 bytes of the connection before, as the first notification: here with a good header. */
static void test_stale_start(void)
{
    struct room room;
    struct buf *out = empty(&room);
    uint8_t f[JK_FRAME];

    buf_put(out, span_sub(frame_of(f, JK_CELLS, 9), 0, 20));
    buf_put(out, frame_of(f, JK_INFO, 0xB2));
    in_every_way("stale", buf_span(out), "03/b2 ", 20);
}

/* The head of one frame, cut, and a whole one behind it; even when the sum of the splice is right.
 */
static void test_spliced(void)
{
    struct room room;
    struct buf *out = empty(&room);
    uint8_t f[JK_FRAME];
    uint8_t next[JK_FRAME];
    struct jk_stream s;
    struct heard h;

    frame_of(next, JK_CELLS, 11);
    frame_of(f, JK_CELLS, 10);
    memcpy(f + 128, next, JK_FRAME - 128);
    jk_seal(f);
    buf_put(out, span_of(f, 128));
    next[171] = f[299]; /* what makes the sum of the splice right */
    jk_seal(next);
    buf_put(out, span_of(next, JK_FRAME));
    in_every_way("splice", buf_span(out), "02/0b ", 128);
    feed_in_chunks(buf_span(out), 600, &s, &h);
    CU_ASSERT_EQUAL(s.bad_spliced, 1);
    CU_ASSERT_EQUAL(s.bad_sum, 0);
}

static void test_corrupt_then_good(void)
{
    struct room room;
    struct buf *out = empty(&room);
    uint8_t f[JK_FRAME];
    struct jk_stream s;
    struct heard h;

    jk_healthy_32s(f);
    f[150] ^= 0x10;
    buf_put(out, span_of(f, JK_FRAME));
    buf_put(out, frame_of(f, JK_CELLS, 2));
    in_every_way("corrupt", buf_span(out), "02/02 ", 300);
    feed_in_chunks(buf_span(out), 20, &s, &h);
    CU_ASSERT_EQUAL(s.bad_sum, 1);
    CU_ASSERT_EQUAL(s.frames, 1);
}

static void test_false_headers(void)
{
    struct room room;
    struct buf *out = empty(&room);
    uint8_t f[JK_FRAME];
    struct jk_stream s;
    struct heard h;

    buf_put(out, SPAN_LIT("\x55\xAA\xEB\x90\x04")); /* no such type */
    buf_put(out, SPAN_LIT("\x55\xAA\x55\xAA\xEB\x55"));
    buf_put(out, SPAN_LIT("\xAA\x55\x90\xEB\xC8\x01\x01")); /* the frame is inside the false ack */
    buf_put(out, frame_of(f, JK_SETTINGS, 1));
    in_every_way("false headers", buf_span(out), "01/01 ", 18);
    feed_in_chunks(buf_span(out), 600, &s, &h);
    CU_ASSERT_EQUAL(s.bad_type, 1);
    CU_ASSERT_EQUAL(s.bad_sum, 1);
}

/* Firmware 17 sends 304 bytes of something else: counted, never taken. */
static void test_unknown_family(void)
{
    struct room room;
    struct buf *out = empty(&room);
    uint8_t f[JK_FRAME];
    struct jk_stream s;
    struct heard h;

    for (uint8_t i = 0; i < 3; i++) {
        jk_healthy_32s(f);
        f[299] = (uint8_t)(f[299] + 1);
        buf_put(out, span_of(f, JK_FRAME));
        buf_put(out, SPAN_LIT("\x01\x02\x03\x04"));
    }
    feed_in_chunks(buf_span(out), 128, &s, &h);
    CU_ASSERT_EQUAL(h.frames, 0);
    CU_ASSERT_EQUAL(s.bad_sum, 3);
}

static void test_reset_never_mixes(void)
{
    struct jk_stream s = {0};
    struct heard h = {0};
    uint8_t f[JK_FRAME];

    feed(&s, span_sub(frame_of(f, JK_CELLS, 1), 0, 128), &h);
    jk_stream_reset(&s);
    feed(&s, span_sub(frame_of(f, JK_CELLS, 2), 128, 172), &h);
    CU_ASSERT_EQUAL(h.frames, 0);
    feed(&s, frame_of(f, JK_CELLS, 3), &h);
    CU_ASSERT_STRING_EQUAL(h.text, "02/03 ");
}

static void check_truncated(struct span cut, void *ctx)
{
    struct jk_stream s;
    struct heard h;
    uint8_t f[JK_FRAME];

    (void)ctx;
    feed_in_chunks(cut, 128, &s, &h);
    CU_ASSERT_EQUAL(h.frames, 0);
    feed(&s, frame_of(f, JK_INFO, 0x77), &h);
    /* the frame behind a cut one may not be lost; the cut one may not be completed by it */
    CU_ASSERT_STRING_EQUAL(h.text, "03/77 ");
}

static void test_truncated(void)
{
    uint8_t f[JK_FRAME];

    jk_healthy_32s(f);
    testing_every_truncation(span_of(f, JK_FRAME), check_truncated, NULL);
}

/* sum8 sees every single flipped bit; a flip in the header makes it junk. */
static void check_flipped(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    struct jk_stream s;
    struct heard h;
    uint8_t f[JK_FRAME];

    (void)byte;
    (void)bit;
    (void)ctx;
    feed_in_chunks(flipped, 150, &s, &h);
    feed(&s, frame_of(f, JK_INFO, 0x77), &h);
    CU_ASSERT_STRING_EQUAL(h.text, "03/77 ");
}

static void test_flipped(void)
{
    uint8_t f[JK_FRAME];

    jk_healthy_24s(f);
    testing_every_bit_flip(span_of(f, JK_FRAME), check_flipped, NULL);
    testing_every_bit_flip(jk_ack, check_flipped, NULL);
}

/* ---- recorded ---- */

static void check_stream_vector(const struct jk_vector *v, void *ctx)
{
    double frames = 0;
    double acks = 0;
    double junk = 0;
    struct jk_stream s;
    struct heard h;
    bool all = json_number(json_path(v->whole, "expected.junk.value"), &junk);

    (void)ctx;
    json_number(json_path(v->whole, "expected.frames.value"), &frames);
    json_number(json_path(v->whole, "expected.acks.value"), &acks);
    feed_in_chunks(v->bytes, v->bytes.n, &s, &h);
    CU_ASSERT_EQUAL(h.frames, (size_t)frames);
    if (all) {
        CU_ASSERT_EQUAL(h.commands, (size_t)acks);
        CU_ASSERT_EQUAL(s.junk, (uint32_t)junk);
    }
    struct heard whole = h;
    in_every_way(v->name, v->bytes, whole.text, s.junk);
}

static void test_stream_vectors(void)
{
    jk_vectors_each("ble_stream.json", check_stream_vector, NULL);
}

static void check_bad_vector(const struct jk_vector *v, void *ctx)
{
    enum jk_type type;
    struct jk_stream s;
    struct heard h;

    (void)ctx;
    CU_ASSERT_STRING_EQUAL(v->reject, "checksum");
    CU_ASSERT_EQUAL(jk_frame_check(v->bytes, &type).code, ERR_CHECKSUM);
    feed_in_chunks(v->bytes, 20, &s, &h);
    CU_ASSERT_EQUAL(h.frames, 0);
    CU_ASSERT_EQUAL(s.bad_sum, 1);
}

static void test_bad_vectors(void)
{
    jk_vectors_each("ble_bad.json", check_bad_vector, NULL);
}

/* "03/06", "ack", .. as one text in the form of struct heard. */
static void expected_of(const struct json *list, char *text, size_t cap)
{
    size_t n = 0;

    for (const struct json *e = json_first(list); e != NULL; e = json_next(e))
        n += (size_t)snprintf(text + n, cap - n, "%s ", json_string(e));
}

static void check_trace(const struct jk_vector *v, void *ctx)
{
    struct buf whole = buf_of(malloc(65536), 65536);
    char want[4096] = "";
    double junk = -1;
    struct jk_stream s = {0};
    struct heard h = {0};
    size_t *traces = ctx;

    for (const struct json *e = json_first(json_get(v->whole, "events")); e != NULL;
         e = json_next(e)) {
        const char *op = json_string(json_get(e, "op"));
        struct span bytes;
        if (op == NULL || strcmp(op, "NOTIFY") != 0)
            continue;
        bytes = jk_hex(json_string(json_get(e, "hex")));
        buf_put(&whole, bytes);
        feed(&s, bytes, &h); /* cut as recorded */
    }
    expected_of(json_get(v->whole, "frames_in_order(type/counter)"), want, sizeof want);
    json_number(json_get(v->whole, "junk_bytes"), &junk);
    CU_ASSERT_STRING_EQUAL(h.text, want);
    CU_ASSERT_EQUAL(s.junk, (uint32_t)junk);
    CU_ASSERT_EQUAL(s.bad_sum + s.bad_type + s.bad_spliced, 0);
    in_every_way(v->name, buf_span(&whole), want, (uint32_t)junk);
    free(whole.p);
    ++*traces;
}

static void test_traces(void)
{
    size_t traces = 0;

    if (jk_vectors_each("ble_traces.json", check_trace, &traces))
        CU_ASSERT_EQUAL(traces, 8);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"noise and glued frames", test_noise_and_glue},
        {"500 AT in a row", test_at_flood},
        {"stale bytes first", test_stale_start},
        {"a splice with a good sum", test_spliced},
        {"a corrupt frame, then a good one", test_corrupt_then_good},
        {"false headers", test_false_headers},
        {"an unknown family", test_unknown_family},
        {"a reset never mixes frames", test_reset_never_mixes},
        {"every truncation", test_truncated},
        {"every flipped bit", test_flipped},
        {"recorded streams", test_stream_vectors},
        {"bad vectors", test_bad_vectors},
        {"eight recorded connections", test_traces},
        {0},
    };
    return testing_main(argc, argv, "jk_stream", cases);
}
