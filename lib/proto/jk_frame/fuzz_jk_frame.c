/* SPDX-License-Identifier: Apache-2.0
 *
 * The input as a stream, whole and cut into chunks that it chooses itself: the same frames must
 * come out. And as the body of every record: what decodes is written back to the same bytes, and no
 * value that cannot be true reaches a battery.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/jk_frame/jk_battery.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void check_battery(const struct battery *b)
{
    must(b->cell_count <= BATTERY_MAX_CELLS && b->temp_count <= BATTERY_MAX_TEMPS);
    must(!battery_knows(b, FIELD_SOC_PM) || (b->soc_pm >= 0 && b->soc_pm <= 1000));
    must(!battery_knows(b, FIELD_CCL) || (b->ccl_ma >= 0 && b->ccl_ma <= 1000000));
    must(!battery_knows(b, FIELD_DCL) || (b->dcl_ma >= 0 && b->dcl_ma <= 1000000));
    must(!battery_knows(b, FIELD_CVL) || (b->cvl_mv > 0 && b->cvl_mv <= 160000));
    must(!battery_knows(b, FIELD_PACK_MV) || (b->pack_mv > 0 && b->pack_mv <= 170000));
    must(!battery_knows(b, FIELD_TEMP_MIN_MAX) ||
         (b->temp_min_dc >= -450 && b->temp_max_dc <= 1200));
    must(!battery_knows(b, FIELD_CELL_MIN_MAX) || (b->cell_min_mv > 0 && b->cell_max_mv <= 5000));
}

static void same(enum err err, const struct buf *out, struct span frame)
{
    must(err == ERR_OK && span_eq(buf_span(out), frame));
}

static void cells(struct span frame, struct battery *b)
{
    const enum jk_layout layouts[] = {JK02_24S, JK02_32S};
    uint8_t memory[JK_FRAME];
    struct jk_cells c;
    struct jk04_cells c04;
    struct buf out;

    for (size_t i = 0; i < 2; i++) {
        out = buf_of(memory, sizeof memory);
        must(jk_cells_decode(frame, layouts[i], &c).code == ERR_OK);
        same(jk_cells_encode(&c, &out), &out, frame);
        jk_cells_to_battery(&c, b);
        check_battery(b);
    }
    out = buf_of(memory, sizeof memory);
    must(jk04_cells_decode(frame, &c04).code == ERR_OK);
    same(jk04_cells_encode(&c04, &out), &out, frame);
    jk04_cells_to_battery(&c04, b);
    check_battery(b);
}

static void settings(struct span frame, struct battery *b)
{
    const enum jk_layout layouts[] = {JK02_24S, JK02_32S};
    uint8_t memory[JK_FRAME];
    struct jk_settings s;
    struct jk04_settings s04;
    struct buf out;

    for (size_t i = 0; i < 2; i++) {
        out = buf_of(memory, sizeof memory);
        must(jk_settings_decode(frame, layouts[i], &s).code == ERR_OK);
        same(jk_settings_encode(&s, &out), &out, frame);
        jk_settings_to_battery(&s, b);
        check_battery(b);
    }
    out = buf_of(memory, sizeof memory);
    must(jk04_settings_decode(frame, &s04).code == ERR_OK);
    same(jk04_settings_encode(&s04, &out), &out, frame);
    jk04_settings_to_battery(&s04, b);
}

static void other(struct span frame, enum jk_type type, struct battery *b)
{
    uint8_t memory[JK_FRAME];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_info info;
    struct jk_log log;

    if (type == JK_INFO) {
        must(jk_info_decode(frame, &info).code == ERR_OK);
        same(jk_info_encode(&info, &out), &out, frame);
        jk_info_to_battery(&info, b);
        must(memchr(b->model, '\0', sizeof b->model) != NULL);
    } else {
        must(jk_log_decode(frame, &log).code == ERR_OK);
        same(jk_log_encode(&log, &out), &out, frame);
    }
}

static void on_frame(struct span frame, struct battery *b)
{
    enum jk_type type;

    must(jk_frame_check(frame, &type).code == ERR_OK);
    switch (type) {
    case JK_CELLS: cells(frame, b); break;
    case JK_SETTINGS: settings(frame, b); break;
    case JK_INFO:
    case JK_LOG: other(frame, type, b); break;
    }
}

static void on_command(struct span bytes)
{
    uint8_t memory[JK_COMMAND];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_command c;
    struct decoded d = jk_command_decode(bytes, &c);

    must(d.code == ERR_OK || d.code == ERR_RANGE);
    if (d.code == ERR_OK)
        same(jk_command_encode(&c, &out), &out, bytes);
}

/* A number that depends on what came out, not on the chunks. */
static uint64_t hear(struct span in, size_t chunk)
{
    struct jk_stream s = {0};
    struct battery b;
    uint64_t sum = 0;

    battery_clear(&b);
    for (size_t at = 0; at < in.n; at += chunk) {
        struct span rest = span_sub(in, at, chunk);
        for (;;) {
            size_t used = 0;
            enum jk_stream_event event = jk_stream_feed(&s, rest, &used);
            rest = span_sub(rest, used, rest.n);
            if (event == JK_STREAM_MORE)
                break;
            struct span got = jk_stream_got(&s);
            sum = sum * 31 + got.p[got.n - 1] + got.n;
            if (event == JK_STREAM_FRAME)
                on_frame(got, &b);
            else
                on_command(got);
        }
        must(rest.n == 0 && s.n < JK_FRAME);
    }
    return sum * 31 + s.junk;
}

static void as_body(struct span in)
{
    const uint8_t types[] = {JK_SETTINGS, JK_CELLS, JK_INFO, JK_LOG};
    struct jk_layout_lock lock = {0};
    struct battery b;

    battery_clear(&b);
    for (size_t i = 0; i < sizeof types; i++) {
        uint8_t frame[JK_FRAME] = {0x55, 0xAA, 0xEB, 0x90, types[i]};
        enum jk_type type;
        memcpy(frame + JK_BODY_AT, in.p, in.n < JK_BODY ? in.n : JK_BODY);
        frame[JK_SUM_AT] = jk_sum8(span_of(frame, JK_SUM_AT));
        if (jk_frame_check(span_of(frame, JK_FRAME), &type).code != ERR_OK)
            continue; /* a header inside */
        on_frame(span_of(frame, JK_FRAME), &b);
        jk_layout_follow(&lock, span_of(frame, JK_FRAME));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_of(data, size);

    if (size == 0)
        return 0;
    uint64_t whole = hear(in, size);
    must(hear(in, 1) == whole);
    must(hear(in, 1 + (size_t)data[0] * 2) == whole);
    as_body(in);
    return 0;
}
