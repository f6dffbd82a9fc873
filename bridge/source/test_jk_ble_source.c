/* SPDX-License-Identifier: Apache-2.0
 *
 * The source `jk-ble`: its requests, its patience, what it believes, and eight recorded connections
 * in every chunking.
 */
#include <string.h>

#include "bridge/source/jk_ble_source.h"
#include "proto/jk_frame/test_jk_support.h"

#define S US_PER_S

struct rig {
    struct jk_ble_source source;
    struct source as;
    uint64_t now;
    unsigned published;
    struct battery last;
    struct log log;
    char line[200]; /* the last one of the log */
};

static void keep_line(void *ctx, enum log_level level, const char *line)
{
    struct rig *r = ctx;

    (void)level;
    span_to_str(span_str(line), r->line, sizeof r->line);
}

static void start(struct rig *r)
{
    struct jk_ble_config config;

    memset(r, 0, sizeof *r);
    jk_ble_config_init(&config, "bank");
    r->log = (struct log){.level = LOG_INFO, .clock = clock_system(), .write = keep_line, .ctx = r};
    jk_ble_source_init(&r->source, &config, &r->log);
    r->as = jk_ble_as_source(&r->source);
    r->now = 100 * S;
}

static void open_rig(struct rig *r)
{
    start(r);
    r->as.ops->opened(r->as.self, r->now);
}

static void settle(struct rig *r)
{
    unsigned index;

    while (r->as.ops->take_battery(r->as.self, &index, &r->last)) {
        CU_ASSERT_EQUAL(index, 0);
        r->published++;
    }
}

static void hear(struct rig *r, struct span in)
{
    r->as.ops->bytes(r->as.self, in, r->now);
    settle(r);
}

/* Time goes on, deadline by deadline. */
static void wait(struct rig *r, uint64_t us)
{
    uint64_t end = r->now + us;

    for (;;) {
        uint64_t next = r->as.ops->next_deadline(r->as.self);
        if (next > end)
            break;
        r->now = next;
        r->as.ops->deadline(r->as.self, r->now);
        settle(r);
        if (r->as.ops->next_deadline(r->as.self) <= r->now) {
            TESTING_FAIL("a deadline that stays due");
            break;
        }
    }
    r->now = end;
}

/* The number of the command that it sends now; 0: none. All 20 bytes are checked. */
static unsigned asked(struct rig *r)
{
    static const struct span info = SPAN_INIT("\xAA\x55\x90\xEB\x97\x00\x00\x00\x00\x00\x00\x00\x00"
                                              "\x00\x00\x00\x00\x00\x00\x11");
    static const struct span settings =
        SPAN_INIT("\xAA\x55\x90\xEB\x96\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                  "\x10");
    struct source_output out;

    if (!r->as.ops->take_output(r->as.self, &out))
        return 0;
    CU_ASSERT_EQUAL(out.speed, 0);
    if (span_eq(span_of(out.bytes, out.n), info))
        return 0x97;
    TESTING_BYTES_EQ(span_of(out.bytes, out.n), settings);
    return 0x96;
}

/* ---- frames ---- */

static struct span info_frame(uint8_t *f)
{
    jk_blank(f, JK_INFO, 7);
    memcpy(f + 6, "JK_PB2A16S20P", 13);
    memcpy(f + 30, "15.41", 5);
    memcpy(f + 46, "garage", 6);
    memcpy(f + 62, "1234", 4); /* passcodes: nothing of them may leave */
    memcpy(f + 86, "41234567890", 11);
    memcpy(f + 118, "987654", 6);
    jk_seal(f);
    return span_of(f, JK_FRAME);
}

/* 16 cells, 3.450 V each to charge, 2.800..3.600 V, 100 and 150 A. */
static struct span settings_frame(uint8_t *f, uint32_t charge_mv)
{
    jk_blank(f, JK_SETTINGS, 7);
    jk_poke(f, 10, 4, 2800);
    jk_poke(f, 14, 4, 2900);
    jk_poke(f, 18, 4, 3600);
    jk_poke(f, 22, 4, 3550);
    jk_poke(f, 38, 4, charge_mv);
    jk_poke(f, 50, 4, 100000);
    jk_poke(f, 62, 4, 150000);
    jk_poke(f, 114, 4, 16);
    jk_poke(f, 118, 4, 1);
    jk_poke(f, 122, 4, 1);
    jk_poke(f, 130, 4, 280000);
    jk_seal(f);
    return span_of(f, JK_FRAME);
}

static struct span cells_frame(uint8_t *f)
{
    jk_healthy_32s(f);
    return span_of(f, JK_FRAME);
}

static void hear_info(struct rig *r)
{
    uint8_t f[JK_FRAME];

    hear(r, info_frame(f));
}

static void hear_settings(struct rig *r)
{
    uint8_t f[JK_FRAME];

    hear(r, settings_frame(f, 3450));
}

static void hear_cells(struct rig *r)
{
    uint8_t f[JK_FRAME];

    hear(r, cells_frame(f));
}

static void stream(struct rig *r)
{
    open_rig(r);
    hear_info(r);
    hear_settings(r);
    hear_cells(r);
    asked(r);
}

/* ---- order ---- */

static void test_order(void)
{
    struct rig r;

    open_rig(&r);
    CU_ASSERT_EQUAL(asked(&r), 0x97);
    CU_ASSERT_EQUAL(asked(&r), 0);
    hear_info(&r);
    CU_ASSERT_EQUAL(asked(&r), 0x96); /* the acknowledge is not waited for */
    hear(&r, jk_ack);
    CU_ASSERT_EQUAL(asked(&r), 0);
    hear_settings(&r);
    CU_ASSERT_EQUAL(r.published, 0);
    CU_ASSERT_FALSE(r.as.ops->ready(r.as.self));
    hear_cells(&r);
    CU_ASSERT_EQUAL(r.published, 1);
    CU_ASSERT_TRUE(r.as.ops->ready(r.as.self));
    CU_ASSERT_EQUAL(r.as.ops->present(r.as.self), 1);
    CU_ASSERT_EQUAL(r.last.pack_mv, 52800);
    CU_ASSERT_EQUAL(r.last.current_ma, 12345);
    CU_ASSERT_EQUAL(r.last.soc_pm, 750);
    CU_ASSERT_EQUAL(r.last.cvl_mv, 55200);
    CU_ASSERT_EQUAL(r.last.dvl_mv, 46400);
    CU_ASSERT_EQUAL(r.last.ccl_ma, 100000);
    CU_ASSERT_EQUAL(r.last.dcl_ma, 150000);
    CU_ASSERT_EQUAL(r.last.cell_count, 16);
    CU_ASSERT_STRING_EQUAL(r.last.model, "JK_PB2A16S20P");
    CU_ASSERT_STRING_EQUAL(r.last.serial, "41234567890");
    CU_ASSERT_EQUAL(r.last.updated_us, r.now);
    CU_ASSERT_EQUAL(asked(&r), 0);
}

/* Cells that come before the settings (a stream that was on already) wait for them. */
static void test_settings_last(void)
{
    struct rig r;

    open_rig(&r);
    hear_cells(&r);
    hear_info(&r);
    hear_settings(&r);
    CU_ASSERT_EQUAL(r.published, 0);
    hear_cells(&r);
    CU_ASSERT_EQUAL(r.published, 1);
    CU_ASSERT_EQUAL(r.last.ccl_ma, 100000);
}

static void test_no_secret(void)
{
    struct rig r;

    stream(&r);
    struct span all = span_of(&r.last, sizeof r.last);
    CU_ASSERT_EQUAL(span_find(all, 0, SPAN_LIT("987654")), all.n);
    CU_ASSERT_EQUAL(span_find(all, 0, SPAN_LIT("1234\0")), all.n);
}

/* ---- patience ---- */

static void test_info_unanswered(void)
{
    struct rig r;

    open_rig(&r);
    CU_ASSERT_EQUAL(asked(&r), 0x97);
    wait(&r, 2 * S);
    CU_ASSERT_EQUAL(asked(&r), 0x97);
    wait(&r, 2 * S);
    CU_ASSERT_EQUAL(asked(&r), 0x97);
    CU_ASSERT_FALSE(r.as.ops->hung(r.as.self));
    hear(&r, jk_at_noise); /* is no answer */
    wait(&r, 2 * S);
    CU_ASSERT_EQUAL(asked(&r), 0);
    CU_ASSERT_TRUE(r.as.ops->hung(r.as.self));
    CU_ASSERT_EQUAL(r.as.ops->next_deadline(r.as.self), NEVER_US);
    r.as.ops->closed(r.as.self, r.now);
    r.as.ops->opened(r.as.self, r.now);
    CU_ASSERT_FALSE(r.as.ops->hung(r.as.self));
    CU_ASSERT_EQUAL(asked(&r), 0x97);
}

static void test_second_request_is_answered(void)
{
    struct rig r;

    open_rig(&r);
    asked(&r);
    wait(&r, 2 * S);
    CU_ASSERT_EQUAL(asked(&r), 0x97);
    hear_info(&r);
    CU_ASSERT_EQUAL(asked(&r), 0x96);
    wait(&r, 2 * S);
    CU_ASSERT_EQUAL(asked(&r), 0x96);
    hear_settings(&r);
    hear_cells(&r);
    CU_ASSERT_EQUAL(r.published, 1);
    CU_ASSERT_EQUAL(r.source.stats.retries, 2);
}

/* The stream stops: it is asked for again, and after three times the connection is given up, 20 s
 * after the last record at the latest. */
static void test_stream_stops(void)
{
    struct rig r;

    stream(&r);
    uint64_t last = r.now;
    wait(&r, 5 * S - 1);
    CU_ASSERT_EQUAL(asked(&r), 0);
    wait(&r, 1);
    CU_ASSERT_EQUAL(asked(&r), 0x96);
    CU_ASSERT_FALSE(r.as.ops->ready(r.as.self));
    wait(&r, 5 * S);
    CU_ASSERT_EQUAL(asked(&r), 0x96);
    wait(&r, 5 * S);
    CU_ASSERT_TRUE(r.as.ops->hung(r.as.self));
    CU_ASSERT(r.now - last <= 20 * S);
    CU_ASSERT_EQUAL(r.published, 1);
}

static void test_stream_starts_again(void)
{
    struct rig r;

    stream(&r);
    wait(&r, 5 * S);
    CU_ASSERT_EQUAL(asked(&r), 0x96);
    hear_cells(&r);
    CU_ASSERT_TRUE(r.as.ops->ready(r.as.self));
    wait(&r, 5 * S - 1);
    CU_ASSERT_EQUAL(asked(&r), 0);
    CU_ASSERT_EQUAL(r.published, 2);
}

static void test_refresh(void)
{
    uint8_t f[JK_FRAME];
    struct rig r;

    stream(&r);
    for (unsigned i = 0; i < 15; i++) {
        wait(&r, 4 * S);
        hear_cells(&r);
        CU_ASSERT_EQUAL(asked(&r), i == 14 ? 0x96 : 0);
    }
    hear(&r, settings_frame(f, 3400));
    CU_ASSERT_EQUAL(r.last.cvl_mv, 54400);
}

/* ---- what is believed ---- */

static void test_implausible_cells(void)
{
    uint8_t f[JK_FRAME];
    struct rig r;

    stream(&r);
    r.now += S;
    jk_healthy_32s(f);
    jk_poke(f, 158, 4, 107000000); /* 107 kA with a good sum */
    jk_seal(f);
    hear(&r, span_of(f, JK_FRAME));
    CU_ASSERT_EQUAL(r.published, 1);
    CU_ASSERT_EQUAL(r.source.stats.refused, 1);
    CU_ASSERT_EQUAL(r.source.pack.said.updated_us, r.now - S);
}

static void test_damaged_cells(void)
{
    uint8_t f[JK_FRAME];
    struct rig r;

    stream(&r);
    jk_healthy_32s(f);
    f[100] ^= 1;
    hear(&r, span_of(f, JK_FRAME));
    CU_ASSERT_EQUAL(r.published, 1);
    hear_cells(&r);
    CU_ASSERT_EQUAL(r.published, 2);
}

/* A record of no known generation, as firmware 17.06 sends it: nothing is published and the
 * connection is not blamed for it. */
static void test_unknown_generation(void)
{
    uint8_t f[JK_FRAME];
    struct rig r;

    open_rig(&r);
    hear_info(&r);
    hear_settings(&r);
    jk_healthy_32s(f);
    jk_poke(f, 150, 4, 12345); /* the voltage is elsewhere */
    jk_seal(f);
    for (unsigned i = 0; i < 60; i++) {
        hear(&r, span_of(f, JK_FRAME));
        wait(&r, S / 2);
    }
    CU_ASSERT_EQUAL(r.published, 0);
    CU_ASSERT_EQUAL(r.source.stats.unknown_layout, 60);
    CU_ASSERT_FALSE(r.as.ops->hung(r.as.self));
}

static void test_bad_settings_change_nothing(void)
{
    uint8_t f[JK_FRAME];
    struct rig r;

    stream(&r);
    jk_blank(f, JK_SETTINGS, 7);
    hear(&r, span_of(f, JK_FRAME));
    hear_cells(&r);
    CU_ASSERT_EQUAL(r.last.ccl_ma, 100000);
    CU_ASSERT_EQUAL(r.last.cvl_mv, 55200);
}

/* Firmware before 14 asks for no charge voltage: then the configured one holds, else nothing is
 * published. */
static void test_no_charge_voltage(void)
{
    uint8_t f[JK_FRAME];
    struct rig r;

    open_rig(&r);
    hear_info(&r);
    hear(&r, settings_frame(f, 0));
    hear_cells(&r);
    CU_ASSERT_EQUAL(r.published, 0);
    CU_ASSERT_EQUAL(r.source.stats.waiting, 1);
    r.source.config.caps.charge_mv = 55000;
    hear_cells(&r);
    CU_ASSERT_TRUE(battery_knows(&r.last, FIELD_CVL));
    CU_ASSERT_EQUAL(r.last.cvl_mv, 55000);
}

static void test_configured_limits_narrow(void)
{
    struct rig r;

    stream(&r);
    r.source.config.caps.charge_mv = 56000; /* above what the BMS asks for */
    r.source.config.caps.discharge_mv = 48000;
    r.source.config.caps.charge_ma = 50000;
    r.source.config.caps.discharge_ma = 200000;
    hear_cells(&r);
    CU_ASSERT_EQUAL(r.last.cvl_mv, 55200);
    CU_ASSERT_EQUAL(r.last.dvl_mv, 48000);
    CU_ASSERT_EQUAL(r.last.ccl_ma, 50000);
    CU_ASSERT_EQUAL(r.last.dcl_ma, 150000);
}

static void test_protection_stops(void)
{
    uint8_t f[JK_FRAME];
    struct rig r;

    stream(&r);
    jk_healthy_32s(f);
    jk_poke(f, 166, 4, 1U << 11); /* cell under-voltage */
    jk_seal(f);
    hear(&r, span_of(f, JK_FRAME));
    CU_ASSERT_EQUAL(r.last.dcl_ma, 0);
    CU_ASSERT_EQUAL(r.last.ccl_ma, 100000);
    jk_poke(f, 166, 4, 1U << 19); /* "change the password": healthy */
    jk_seal(f);
    hear(&r, span_of(f, JK_FRAME));
    CU_ASSERT_EQUAL(r.last.dcl_ma, 150000);
    CU_ASSERT_EQUAL(r.last.protections | r.last.warnings, 0);
}

static void test_lost_records_are_counted(void)
{
    uint8_t f[JK_FRAME];
    struct rig r;

    stream(&r); /* counter 7 */
    jk_healthy_32s(f);
    f[5] = 10;
    jk_seal(f);
    hear(&r, span_of(f, JK_FRAME));
    CU_ASSERT_EQUAL(r.source.stats.lost, 2);
    r.as.ops->closed(r.as.self, r.now);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(r.line, "battery=bank connection over: records=2 lost=2 refused=0"));
    r.as.ops->opened(r.as.self, r.now); /* the next one is counted by itself */
    hear_info(&r);
    hear_settings(&r);
    hear_cells(&r);
    r.as.ops->closed(r.as.self, r.now);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(r.line, "battery=bank connection over: records=1 lost=0 refused=0"));
}

/* A pause inside a frame: the rest is another frame's, nothing is mixed. */
static void test_pause_inside_a_frame(void)
{
    uint8_t f[JK_FRAME];
    struct rig r;

    stream(&r);
    struct span cells = cells_frame(f);
    hear(&r, span_sub(cells, 0, 128));
    r.now += 2 * S;
    hear(&r, span_sub(cells, 128, SIZE_MAX));
    CU_ASSERT_EQUAL(r.published, 1);
    hear(&r, cells);
    CU_ASSERT_EQUAL(r.published, 2);
}

static void test_noise_changes_nothing(void)
{
    struct rig r;

    stream(&r);
    for (unsigned i = 0; i < 500; i++)
        hear(&r, jk_at_noise);
    CU_ASSERT(r.source.stream.n <= 3);
    CU_ASSERT_EQUAL(r.published, 1);
    hear_cells(&r);
    CU_ASSERT_EQUAL(r.published, 2);
}

static void test_closed(void)
{
    struct rig r;

    stream(&r);
    r.as.ops->closed(r.as.self, r.now);
    hear_cells(&r);
    CU_ASSERT_EQUAL(r.published, 1);
    CU_ASSERT_EQUAL(r.as.ops->next_deadline(r.as.self), NEVER_US);
    CU_ASSERT_FALSE(r.as.ops->ready(r.as.self));
}

/* ---- recorded connections ---- */

struct trace {
    uint8_t bytes[65536];
    struct buf all;
    unsigned cells, infos, settings, acks;
};

static void read_trace(const struct jk_vector *v, struct trace *t)
{
    t->all = buf_of(t->bytes, sizeof t->bytes);
    t->cells = t->infos = t->settings = t->acks = 0;
    for (const struct json *e = json_first(json_get(v->whole, "events")); e != NULL;
         e = json_next(e)) {
        const char *op = json_string(json_get(e, "op"));
        if (op != NULL && strcmp(op, "NOTIFY") == 0)
            buf_put(&t->all, jk_hex(json_string(json_get(e, "hex"))));
    }
    CU_ASSERT_FALSE(t->all.overflow);
    const struct json *order = json_get(v->whole, "frames_in_order(type/counter)");
    for (const struct json *e = json_first(order); e != NULL; e = json_next(e)) {
        const char *what = json_string(e);
        t->cells += strncmp(what, "02", 2) == 0;
        t->infos += strncmp(what, "03", 2) == 0;
        t->settings += strncmp(what, "01", 2) == 0;
        t->acks += strcmp(what, "ack") == 0;
    }
}

static bool is_complete(const struct rig *r, const struct trace *t)
{
    const struct jk_ble_stats *s = &r->source.stats;

    return s->cells == t->cells && s->infos == t->infos && s->settings == t->settings &&
           s->acks == t->acks && s->refused == 0 && s->unknown_layout == 0 && s->lost == 0;
}

static void replay(struct rig *r, struct span in, size_t first, size_t chunk)
{
    open_rig(r);
    r->source.config.caps.charge_mv = 57000; /* old firmware asks for none */
    hear(r, span_sub(in, 0, first));
    for (size_t at = first; at < in.n; at += chunk)
        hear(r, span_sub(in, at, chunk));
}

static void replay_in_every_way(const struct jk_vector *v, void *ctx)
{
    struct trace *t = ctx;
    struct battery want;
    struct rig r;

    read_trace(v, t);
    CU_ASSERT(t->cells >= 2);
    struct span in = buf_span(&t->all);
    replay(&r, in, 0, in.n);
    want = r.last;
    bool jk04 = strncmp(v->name, "jk04", 4) == 0; /* read, but it tells no current */
    /* a bench BMS that shows SOC 0 and cycles 0 looks like one that is starting */
    bool bench = r.source.stats.doubted == t->cells;
    CU_ASSERT(jk04 || bench ? r.published == 0 : r.published >= 1);
    CU_ASSERT(r.source.pack.base.cell_count > 0 || jk04);
    for (size_t chunk = 1; chunk <= 517; chunk++) {
        replay(&r, in, 0, chunk);
        if (!is_complete(&r, t) || memcmp(&r.last, &want, sizeof want) != 0) {
            TESTING_FAIL("%s by %zu: %u of %u cells", v->name, chunk, r.source.stats.cells,
                         t->cells);
            return;
        }
    }
    for (size_t at = 0; at <= in.n; at++) {
        replay(&r, in, at, in.n);
        if (!is_complete(&r, t) || memcmp(&r.last, &want, sizeof want) != 0) {
            TESTING_FAIL("%s split at %zu", v->name, at);
            return;
        }
    }
}

static void test_recorded_connections(void)
{
    static struct trace t;

    jk_vectors_each("ble_traces.json", replay_in_every_way, &t);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"info, settings, stream", test_order},
        {"settings last", test_settings_last},
        {"no secret leaves", test_no_secret},
        {"info unanswered", test_info_unanswered},
        {"the second request is answered", test_second_request_is_answered},
        {"the stream stops", test_stream_stops},
        {"the stream starts again", test_stream_starts_again},
        {"settings are read again", test_refresh},
        {"implausible cells", test_implausible_cells},
        {"damaged cells", test_damaged_cells},
        {"unknown generation", test_unknown_generation},
        {"bad settings change nothing", test_bad_settings_change_nothing},
        {"no charge voltage", test_no_charge_voltage},
        {"configured limits narrow", test_configured_limits_narrow},
        {"a protection stops its direction", test_protection_stops},
        {"lost records are counted", test_lost_records_are_counted},
        {"a pause inside a frame", test_pause_inside_a_frame},
        {"noise changes nothing", test_noise_changes_nothing},
        {"closed", test_closed},
        {"eight recorded connections in every chunking", test_recorded_connections},
        {0}};
    return testing_main(argc, argv, "jk_ble_source", cases);
}
