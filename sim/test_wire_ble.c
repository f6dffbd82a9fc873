/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole simulated port over Bluetooth: a client on the same private bus, stimuli, and which
 * notification delivers what. Every wait is for the thing itself, with a deadline.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port/bluez.h"
#include "proto/jk_frame/jk_frame.h"
#include "sim/air.h"
#include "sim/sim.h"
#include "testing/testing.h"

#define PATIENCE_US (20 * US_PER_S)

struct bench {
    struct loop *loop;
    struct sim_config config;
    struct sim *sim;
    struct bluez_link *link;
    char bus[256];
    struct jk_stream stream;
    unsigned up, opens, losts, cells, settings, infos, acks;
    unsigned delivered; /* last tag */
    unsigned sizes[8], n_sizes;
    uint8_t last[JK_FRAME];
    char notes[1024];
};

static void on_up(void *ctx)
{
    ((struct bench *)ctx)->up++;
}

static void on_delivered(void *ctx, unsigned tag, uint64_t t_us, uint64_t late_us,
                         struct span reply)
{
    struct bench *b = ctx;

    (void)t_us;
    (void)late_us;
    CU_ASSERT_EQUAL(reply.n, 300);
    b->delivered = tag;
}

static void on_note(void *ctx, const char *kind, const char *text)
{
    struct bench *b = ctx;
    struct buf out = buf_of(b->notes, sizeof b->notes - 1);

    out.n = strlen(b->notes);
    buf_printf(&out, "%s: %s\n", kind, text);
    b->notes[out.n] = '\0';
}

/* ---- the client ---- */

static void ask(struct bench *b, uint8_t number)
{
    const struct jk_command command = {.number = number};
    uint8_t bytes[JK_COMMAND];
    struct buf out = buf_of(bytes, sizeof bytes);

    jk_command_encode(&command, &out);
    CU_ASSERT_EQUAL(bluez_link_write(b->link, buf_span(&out)), ERR_OK);
}

static void on_open(void *ctx, unsigned payload)
{
    struct bench *b = ctx;

    (void)payload;
    b->opens++;
    ask(b, JK_CMD_INFO);
}

static void take(struct bench *b, struct span frame)
{
    memcpy(b->last, frame.p, frame.n);
    b->infos += frame.p[4] == JK_INFO;
    b->settings += frame.p[4] == JK_SETTINGS;
    b->cells += frame.p[4] == JK_CELLS;
    if (frame.p[4] == JK_INFO && b->infos == b->opens)
        ask(b, JK_CMD_SETTINGS);
}

static void on_bytes(void *ctx, struct span in)
{
    struct bench *b = ctx;
    size_t used = 0;
    enum jk_stream_event event;

    if (in.n > 4 && b->n_sizes < 8)
        b->sizes[b->n_sizes++] = (unsigned)in.n;
    while ((event = jk_stream_feed(&b->stream, in, &used)) != JK_STREAM_MORE) {
        in = span_sub(in, used, SIZE_MAX);
        if (event == JK_STREAM_FRAME)
            take(b, jk_stream_got(&b->stream));
        else
            b->acks++;
    }
}

static void on_lost(void *ctx, const char *why)
{
    (void)why;
    ((struct bench *)ctx)->losts++;
}

static void on_state(void *ctx, const char *what)
{
    (void)ctx;
    (void)what;
}

static void open_link(struct bench *b)
{
    const struct bluez_target target = {.bus = b->bus,
                                        .address = "C8:47:8C:12:34:56",
                                        .service = 0xFFE0,
                                        .notify = 0xFFE1,
                                        .write = 0xFFE1};
    const struct bluez_link_handler handler = {on_open, on_bytes, on_lost, on_state, b};

    bluez_link_delete(b->link);
    CU_ASSERT_EQUAL_FATAL(bluez_link_new(b->loop, &target, &handler, &b->link), ERR_OK);
}

/* ---- up and down ---- */

static bool until(struct bench *b, const unsigned *counter, unsigned n)
{
    uint64_t end = loop_now(b->loop) + PATIENCE_US;

    while (*counter < n && loop_now(b->loop) < end)
        loop_turn(b->loop, end);
    return *counter >= n;
}

static void configure(struct sim_config *config, const char *keys)
{
    struct conf_file *file = NULL;

    sim_config_init(config);
    conf_parse("test", span_str(keys), &file);
    for (size_t i = 0; i < file->n_lines; i++) {
        struct conf_cursor c = conf_cursor_of(file, &file->lines[i]);
        CU_ASSERT_TRUE(sim_config_port_key(config, &c));
    }
    conf_delete(file);
    config->battery[0].used = true;
}

/* False after skipping the test. */
static bool bench_up(struct bench *b, const char *keys)
{
    const struct sim_handler handler = {
        .on_delivered = on_delivered, .on_note = on_note, .on_up = on_up, .ctx = b};

    memset(b, 0, sizeof *b);
    configure(&b->config, keys);
    CU_ASSERT_EQUAL_FATAL(loop_new(&b->loop), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(sim_new(b->loop, NULL, &b->config, 1, &handler, &b->sim), ERR_OK);
    enum err e = sim_open(b->sim, "ble");
    if (e == ERR_NOT_FOUND) {
        testing_skip("no dbus-daemon");
        sim_delete(b->sim);
        loop_delete(b->loop);
        return false;
    }
    CU_ASSERT_EQUAL_FATAL(e, ERR_OK);
    CU_ASSERT_STRING_EQUAL(sim_path(b->sim), "ble:C8:47:8C:12:34:56");
    CU_ASSERT_FALSE(sim_up(b->sim));
    CU_ASSERT_TRUE_FATAL(until(b, &b->up, 1));
    CU_ASSERT_TRUE(sim_up(b->sim));
    span_to_str(span_str(sim_bus(b->sim)), b->bus, sizeof b->bus);
    open_link(b);
    return true;
}

static void bench_down(struct bench *b)
{
    bluez_link_delete(b->link);
    sim_delete(b->sim);
    loop_delete(b->loop);
}

static void apply(struct bench *b, unsigned tag, const char *text)
{
    struct conf_file *file = NULL;
    struct stimulus s;
    const char *why = NULL;

    conf_parse("test", span_str(text), &file);
    struct conf_cursor c = conf_cursor_of(file, &file->lines[0]);
    CU_ASSERT_TRUE(stimulus_take(&c, true, &s));
    if (sim_apply(b->sim, &s, tag, &why) != ERR_OK)
        TESTING_FAIL("%s: %s", text, why);
    conf_delete(file);
}

/* ---- tests ---- */

static void test_stream(void)
{
    static const unsigned want[] = {128, 22, 128, 22, 20};
    struct bench b;

    if (!bench_up(&b, "device jk-ble\nnoise off\n"))
        return;
    CU_ASSERT_TRUE(until(&b, &b.cells, 3));
    CU_ASSERT_EQUAL(b.settings, 1);
    CU_ASSERT_EQUAL(b.infos, 2); /* the second behind the settings */
    CU_ASSERT_EQUAL(b.acks, 2);
    for (size_t i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(b.sizes[i], want[i]);
    CU_ASSERT_PTR_NOT_NULL(strstr(b.notes, "client: opened"));
    bench_down(&b);
}

static void test_delivered(void)
{
    struct bench b;

    if (!bench_up(&b, "device jk-ble\nperiod 100 ms\n"))
        return;
    CU_ASSERT_TRUE(until(&b, &b.cells, 1));
    apply(&b, 7, "set cell 5 voltage 3.600 V");
    CU_ASSERT_TRUE(until(&b, &b.delivered, 7));
    CU_ASSERT_TRUE(until(&b, &b.cells, b.cells + 1));
    CU_ASSERT_EQUAL(b.last[14] | b.last[15] << 8, 3600);
    bench_down(&b);
}

static void test_held_and_free(void)
{
    struct bench b;

    if (!bench_up(&b, "device jk-ble\nperiod 100 ms\n"))
        return;
    CU_ASSERT_TRUE(until(&b, &b.cells, 1));
    apply(&b, 1, "hold");
    CU_ASSERT_TRUE(until(&b, &b.losts, 1));
    open_link(&b);
    apply(&b, 2, "free");
    CU_ASSERT_TRUE(until(&b, &b.delivered, 2));
    CU_ASSERT_EQUAL(b.opens, 2);
    bench_down(&b);
}

static void test_out_of_reach(void)
{
    struct bench b;

    if (!bench_up(&b, "device jk-ble\nperiod 100 ms\nsupervision 300 ms\n"))
        return;
    CU_ASSERT_TRUE(until(&b, &b.cells, 1));
    apply(&b, 1, "unplug");
    CU_ASSERT_TRUE(until(&b, &b.losts, 1));
    open_link(&b);
    apply(&b, 2, "plug");
    CU_ASSERT_TRUE(until(&b, &b.delivered, 2));
    bench_down(&b);
}

static void test_adapter(void)
{
    struct bench b;

    if (!bench_up(&b, "device jk-ble\nperiod 100 ms\n"))
        return;
    CU_ASSERT_TRUE(until(&b, &b.cells, 1));
    apply(&b, 1, "unplug adapter");
    CU_ASSERT_TRUE(until(&b, &b.losts, 1));
    open_link(&b);
    apply(&b, 2, "plug");
    CU_ASSERT_TRUE(until(&b, &b.delivered, 2));
    bench_down(&b);
}

/* Without power it is not heard; with power again the link starts from nothing. */
static void test_reboot(void)
{
    struct bench b;

    if (!bench_up(&b, "device jk-ble\nperiod 100 ms\nsupervision 200 ms\n"))
        return;
    CU_ASSERT_TRUE(until(&b, &b.cells, 1));
    apply(&b, 1, "reboot 1 s");
    CU_ASSERT_TRUE(until(&b, &b.losts, 1));
    open_link(&b);
    CU_ASSERT_TRUE(until(&b, &b.delivered, 1));
    CU_ASSERT_EQUAL(b.opens, 2);
    bench_down(&b);
}

/* It stays connected and says nothing; then it goes on. */
static void test_freeze(void)
{
    struct bench b;

    if (!bench_up(&b, "device jk-ble\nperiod 100 ms\n"))
        return;
    CU_ASSERT_TRUE(until(&b, &b.cells, 1));
    apply(&b, 1, "freeze");
    unsigned cells = b.cells;
    uint64_t end = loop_now(b.loop) + 400 * US_PER_MS;
    while (loop_now(b.loop) < end)
        loop_turn(b.loop, end);
    CU_ASSERT_EQUAL(b.cells, cells);
    CU_ASSERT_EQUAL(b.losts, 0);
    apply(&b, 2, "thaw");
    CU_ASSERT_TRUE(until(&b, &b.delivered, 2));
    bench_down(&b);
}

/* ---- several batteries ---- */

enum { SHARING = 2 };

struct shared {
    struct loop *loop;
    char folder[64], where[80];
    struct airs airs;
    struct sim *sim[SHARING];
    unsigned up;
};

static void on_shared_up(void *ctx)
{
    ((struct shared *)ctx)->up++;
}

static enum err open_shared(struct shared *s, unsigned i, const char *keys)
{
    const struct sim_handler handler = {.on_up = on_shared_up, .ctx = s};
    struct sim_config config;

    configure(&config, keys);
    CU_ASSERT_EQUAL_FATAL(sim_new(s->loop, NULL, &config, i + 1, &handler, &s->sim[i]), ERR_OK);
    sim_share_air(s->sim[i], &s->airs);
    return sim_open(s->sim[i], s->where);
}

static bool shared_until(struct shared *s, const unsigned *counter, unsigned n)
{
    uint64_t end = loop_now(s->loop) + PATIENCE_US;

    while (*counter < n && loop_now(s->loop) < end)
        loop_turn(s->loop, end);
    return *counter >= n;
}

struct heard {
    unsigned first, second, others;
};

static void on_found(void *ctx, const struct bluez_found *found)
{
    struct heard *h = ctx;

    if (strcmp(found->address, "C8:47:8C:12:34:56") == 0)
        h->first++;
    else if (strcmp(found->address, "C8:47:8C:12:34:57") == 0)
        h->second++;
    else
        h->others++;
}

static void on_scan_state(void *ctx, const char *why)
{
    (void)ctx;
    (void)why;
}

static void check_both_heard(struct shared *s)
{
    struct heard heard = {0};
    const struct bluez_scan_handler handler = {on_found, on_scan_state, &heard};
    struct bluez_scan *scan;

    CU_ASSERT_STRING_EQUAL(sim_bus(s->sim[1]), sim_bus(s->sim[0]));
    CU_ASSERT_EQUAL_FATAL(bluez_scan_new(s->loop, sim_bus(s->sim[0]), &handler, &scan), ERR_OK);
    CU_ASSERT_TRUE(shared_until(s, &heard.first, 1));
    CU_ASSERT_TRUE(shared_until(s, &heard.second, 1));
    CU_ASSERT_EQUAL(heard.others, 0);
    bluez_scan_delete(scan);
}

/* One that joins later is in the air at once; the last one that leaves closes it. */
static void test_one_air_for_two(void)
{
    static const char other[] = "device jk-ble\naddress C8:47:8C:12:34:57\n";
    struct shared s = {0};

    CU_ASSERT_EQUAL_FATAL(loop_new(&s.loop), ERR_OK);
    span_to_str(span_str("/tmp/bmsrig-XXXXXX"), s.folder, sizeof s.folder);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(s.folder));
    struct buf where = buf_of(s.where, sizeof s.where - 1);
    buf_printf(&where, "ble:%s", s.folder);
    enum err e = open_shared(&s, 0, "device jk-ble\n");
    if (e == ERR_NOT_FOUND) {
        testing_skip("no dbus-daemon");
    } else {
        CU_ASSERT_EQUAL(e, ERR_OK);
        CU_ASSERT_TRUE(shared_until(&s, &s.up, 1));
        CU_ASSERT_EQUAL(open_shared(&s, 1, "device jk-ble\n"), ERR_EXISTS); /* that address */
        sim_delete(s.sim[1]);
        CU_ASSERT_EQUAL(open_shared(&s, 1, other), ERR_OK);
        CU_ASSERT_EQUAL(s.up, 2);
        check_both_heard(&s);
        sim_delete(s.sim[0]);
        s.sim[0] = NULL;
        CU_ASSERT_TRUE(sim_up(s.sim[1]));
        CU_ASSERT_EQUAL(open_shared(&s, 0, "device jk-ble\n"), ERR_OK);
        check_both_heard(&s);
    }
    for (unsigned i = 0; i < SHARING; i++)
        sim_delete(s.sim[i]);
    CU_ASSERT_PTR_NULL(s.airs.first);
    loop_delete(s.loop);
    rmdir(s.folder);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"the stream, in pieces", test_stream},
        {"delivered", test_delivered},
        {"held by another central, and free", test_held_and_free},
        {"out of reach", test_out_of_reach},
        {"adapter off and on", test_adapter},
        {"reboot", test_reboot},
        {"freeze and thaw", test_freeze},
        {"one air for two batteries", test_one_air_for_two},
        {0}};
    return testing_main(argc, argv, "wire_ble", cases);
}
