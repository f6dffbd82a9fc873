/* SPDX-License-Identifier: Apache-2.0
 *
 * The JK BMS on Bluetooth without packs, line or radio: what it answers to which request, when, in
 * how many pieces, and the quirks of firmwares and modules.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/device/jk_ble.h"
#include "sim/device/jk_ble_module.h"
#include "sim/device/jk_state.h"
#include "testing/testing.h"

enum { SAID_MAX = 64, PIECE_MAX = 640 };

struct piece {
    uint64_t at_ms; /* since power-up */
    enum device_reply_kind kind;
    size_t n;
    uint8_t bytes[PIECE_MAX];
    char word[16];
};

struct bench {
    struct sim_config config;
    struct device *device;
    struct stack stack;
    uint64_t now_us;
    struct piece said[SAID_MAX];
    size_t n;
    char notes[512];
};

/* ---- host ---- */

static void on_stack(void *ctx, struct stack *ret)
{
    *ret = ((const struct bench *)ctx)->stack;
}

static void on_reply(void *ctx, const struct device_reply *r)
{
    struct bench *b = ctx;
    uint8_t memory[PIECE_MAX];
    struct buf again = buf_of(memory, sizeof memory);

    if (b->n == SAID_MAX || r->bytes.n > PIECE_MAX)
        abort();
    struct piece *p = &b->said[b->n++];
    p->at_ms = (b->now_us + r->delay_us) / US_PER_MS;
    p->kind = r->kind;
    p->n = r->bytes.n;
    memcpy(p->bytes, r->bytes.p, r->bytes.n);
    span_to_str(r->command, p->word, sizeof p->word);
    if (r->kind != DEVICE_ANSWER)
        return;
    CU_ASSERT_TRUE(r->whole); /* the same words give the same bytes */
    CU_ASSERT_EQUAL(b->device->ops->render(b->device, r->command, &b->stack, &again), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&again), r->bytes);
}

static void on_note(void *ctx, const char *kind, const char *text)
{
    struct bench *b = ctx;
    struct buf out = buf_of(b->notes, sizeof b->notes - 1);

    out.n = strlen(b->notes);
    buf_printf(&out, "%s: %s\n", kind, text);
    b->notes[out.n] = '\0';
}

static void fill_stack(struct bench *b)
{
    struct stack_module *m = &b->stack.module[0];

    m->present = true;
    m->product = product_find(b->config.battery[0].product);
    m->rated_mah = m->product->capacity_mah;
    battery_clear(&m->battery);
    m->battery.cell_count = m->product->cells;
    for (size_t i = 0; i < m->battery.cell_count; i++)
        m->battery.cell_mv[i] = 3300;
    m->battery.pack_mv = 3300 * (int32_t)m->product->cells;
    m->battery.soc_pm = 750;
    m->battery.soh_pm = 1000;
    m->battery.full_mah = m->rated_mah;
    m->battery.remaining_mah = m->rated_mah / 4 * 3;
    m->battery.cycles = 42;
    m->battery.charge_enable = m->battery.discharge_enable = true;
    span_to_str(span_str(m->product->main_version), m->battery.firmware,
                sizeof m->battery.firmware);
    m->battery.known = FIELD_FIRMWARE | FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_SOC_PM |
                       FIELD_SOH_PM | FIELD_FULL_MAH | FIELD_REMAINING_MAH | FIELD_CYCLES |
                       FIELD_CELLS | FIELD_ENABLES;
}

static void bench_open(struct bench *b, const char *product, const char *keys)
{
    const struct device_host host = {
        .stack = on_stack, .reply = on_reply, .note = on_note, .ctx = b};
    struct conf_file *file = NULL;

    memset(b, 0, sizeof *b);
    sim_config_init(&b->config);
    if (conf_parse("test", span_str(keys), &file) != ERR_OK)
        abort();
    for (size_t i = 0; i < file->n_lines; i++) {
        struct conf_cursor c = conf_cursor_of(file, &file->lines[i]);
        if (!sim_config_port_key(&b->config, &c)) {
            conf_print_errors(file, stderr);
            TESTING_FAIL("refused: %s", keys);
        }
    }
    conf_delete(file);
    b->config.battery[0].used = true;
    span_to_str(span_str(product), b->config.battery[0].product,
                sizeof b->config.battery[0].product);
    CU_ASSERT_PTR_NULL(sim_config_check(&b->config));
    fill_stack(b);
    CU_ASSERT_EQUAL_FATAL(device_new(&b->config, &host, &b->device), ERR_OK);
    b->device->ops->power_up(b->device, 0);
    b->device->ops->on_client(b->device, true, 0);
}

/* Time goes on, deadline by deadline. */
static void bench_wait(struct bench *b, uint64_t until_ms)
{
    uint64_t next;

    while ((next = b->device->ops->next_deadline(b->device)) <= until_ms * US_PER_MS) {
        b->now_us = next;
        b->device->ops->on_deadline(b->device, b->now_us);
    }
    b->now_us = until_ms * US_PER_MS;
}

static const struct span ask_info =
    SPAN_INIT("\xAA\x55\x90\xEB\x97\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x11");
static const struct span ask_settings =
    SPAN_INIT("\xAA\x55\x90\xEB\x96\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10");
static const struct span ask_log =
    SPAN_INIT("\xAA\x55\x90\xEB\xA1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x1B");
static const struct span ack =
    SPAN_INIT("\xAA\x55\x90\xEB\xC8\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\x44");

static void bench_write(struct bench *b, struct span bytes)
{
    b->device->ops->on_bytes(b->device, bytes, b->now_us);
}

/* Piece i is one good frame of this type and counter at that time. */
static void expect_frame(const struct bench *b, size_t i, enum jk_type type, uint8_t counter,
                         uint64_t at_ms)
{
    enum jk_type got = JK_LOG;

    if (i >= b->n) {
        TESTING_FAIL("only %zu pieces", b->n);
        return;
    }
    CU_ASSERT_EQUAL(jk_frame_check(span_of(b->said[i].bytes, b->said[i].n), &got).code, ERR_OK);
    CU_ASSERT_EQUAL(got, type);
    CU_ASSERT_EQUAL(b->said[i].bytes[5], counter);
    CU_ASSERT_EQUAL(b->said[i].at_ms, at_ms);
    CU_ASSERT_EQUAL(b->said[i].kind, DEVICE_ANSWER);
}

static void expect_bytes(const struct bench *b, size_t i, struct span want, uint64_t at_ms)
{
    if (i >= b->n) {
        TESTING_FAIL("only %zu pieces", b->n);
        return;
    }
    TESTING_BYTES_EQ(span_of(b->said[i].bytes, b->said[i].n), want);
    CU_ASSERT_EQUAL(b->said[i].at_ms, at_ms);
    CU_ASSERT_EQUAL(b->said[i].kind, DEVICE_ECHO);
}

static void bench_close(struct bench *b)
{
    device_delete(b->device);
}

/* ---- order and time ---- */

static void test_firmware_15(void)
{
    struct bench b;

    bench_open(&b, "jk.pb2a16s20p", "device jk-ble\nnoise off\n");
    bench_wait(&b, 1000);
    CU_ASSERT_EQUAL(b.n, 0); /* says nothing unasked */
    bench_write(&b, ask_info);
    expect_frame(&b, 0, JK_INFO, 0, 1120);
    expect_bytes(&b, 1, ack, 1210);
    bench_wait(&b, 2000);
    CU_ASSERT_EQUAL(b.n, 2);
    bench_write(&b, ask_settings);
    expect_frame(&b, 2, JK_SETTINGS, 0, 2120);
    expect_frame(&b, 3, JK_INFO, 0xA5, 2165);
    expect_bytes(&b, 4, ack, 2210);
    bench_wait(&b, 4000);
    expect_frame(&b, 5, JK_CELLS, 0, 2710);
    expect_frame(&b, 6, JK_CELLS, 1, 3250);
    expect_frame(&b, 7, JK_CELLS, 2, 3790);
    bench_write(&b, ask_settings); /* the stream goes on beside it */
    expect_frame(&b, 8, JK_SETTINGS, 3, 4120);
    bench_wait(&b, 4400);
    expect_frame(&b, 11, JK_CELLS, 3, 4330);
    bench_close(&b);
}

static void test_firmware_8(void)
{
    struct bench b;

    bench_open(&b, "jk.bd6a24s10p", "device jk-ble\n");
    bench_write(&b, ask_info);
    CU_ASSERT_EQUAL(b.n, 1);
    CU_ASSERT_EQUAL(b.said[0].n, 320); /* the acknowledge is glued to it */
    TESTING_BYTES_EQ(span_of(b.said[0].bytes + 300, 20), ack);
    bench_write(&b, ask_settings);
    bench_wait(&b, 1500);
    CU_ASSERT_EQUAL(b.said[2].at_ms, 710);
    CU_ASSERT_EQUAL(b.said[3].at_ms, 1140); /* every 0.43 s */
    CU_ASSERT_EQUAL(jk_layout_of(span_of(b.said[3].bytes, b.said[3].n)), JK02_24S);
    CU_ASSERT_EQUAL(b.n, 4);
    bench_close(&b);
}

static void test_jk04(void)
{
    struct bench b;

    bench_open(&b, "jk.b2a16s", "device jk-ble\n");
    bench_write(&b, ask_info);
    bench_write(&b, ask_settings);
    bench_wait(&b, 1500);
    expect_frame(&b, 4, JK_CELLS, 0, 710);
    expect_frame(&b, 5, JK_CELLS, 1, 1220);
    CU_ASSERT_EQUAL(jk_layout_of(span_of(b.said[5].bytes, b.said[5].n)), JK04);
    bench_close(&b);
}

static void test_log(void)
{
    struct bench b;

    bench_open(&b, "jk.pb2a16s20p", "device jk-ble\nnoise off\n");
    bench_write(&b, ask_log);
    expect_frame(&b, 0, JK_LOG, 0, 120);
    expect_bytes(&b, 1, ack, 210);
    bench_close(&b);
}

/* ---- what it does not answer ---- */

static void test_needs_info(void)
{
    struct bench b;

    bench_open(&b, "jk.pb2a16s20p", "device jk-ble\nnoise off\n");
    bench_write(&b, ask_settings);
    bench_wait(&b, 3000);
    CU_ASSERT_EQUAL(b.n, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(b.notes, "ignored: no information was asked for before 96"));
    bench_close(&b);
    bench_open(&b, "jk.pb2a16s20p", "device jk-ble\nnoise off\nneeds-info off\n");
    bench_write(&b, ask_settings);
    expect_frame(&b, 0, JK_SETTINGS, 0, 120);
    bench_close(&b);
}

static void test_first_request_lost(void)
{
    struct bench b;

    bench_open(&b, "jk.pb2a16s20p", "device jk-ble\nnoise off\nlose-first on\n");
    bench_write(&b, ask_info);
    CU_ASSERT_EQUAL(b.n, 0);
    bench_write(&b, ask_info);
    CU_ASSERT_EQUAL(b.n, 2);
    b.device->ops->on_client(b.device, false, b.now_us);
    b.device->ops->on_client(b.device, true, b.now_us);
    bench_write(&b, ask_info); /* of each connection */
    CU_ASSERT_EQUAL(b.n, 2);
    bench_close(&b);
}

static void test_no_command(void)
{
    struct bench b;

    bench_open(&b, "jk.pb2a16s20p", "device jk-ble\nnoise off\n");
    bench_write(&b, SPAN_LIT("\xAA\x55\x90\xEB\x97\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x12"));
    bench_write(&b, SPAN_LIT("hello"));
    bench_write(&b, span_sub(ask_info, 0, 19));
    CU_ASSERT_EQUAL(b.n, 0);
    bench_close(&b);
}

/* Acknowledged, done, and told to the runner: a bridge must never do it. */
static void test_register_write(void)
{
    static const struct span charge_off =
        SPAN_INIT("\xAA\x55\x90\xEB\x1D\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\x9B");
    struct bench b;
    struct jk_settings settings;

    bench_open(&b, "jk.pb2a16s20p", "device jk-ble\nnoise off\n");
    bench_write(&b, charge_off);
    expect_bytes(&b, 0, ack, 210);
    CU_ASSERT_STRING_EQUAL(b.notes, "forbidden: register 1D\n");
    bench_write(&b, ask_info);
    bench_write(&b, ask_settings);
    CU_ASSERT_EQUAL(
        jk_settings_decode(span_of(b.said[3].bytes, b.said[3].n), JK02_32S, &settings).code,
        ERR_OK);
    CU_ASSERT_EQUAL(settings.charge_switch, 0);
    bench_close(&b);
}

/* ---- quirks ---- */

static void test_noise(void)
{
    struct bench b;

    bench_open(&b, "jk.pb2a16s20p", "device jk-ble\n");
    bench_wait(&b, 1000);
    CU_ASSERT_EQUAL(b.n, 5);
    for (size_t i = 0; i < b.n; i++)
        expect_bytes(&b, i, SPAN_LIT("\x41\x54\x0D\x0A"), 200 * (i + 1));
    bench_close(&b);
}

static void test_noise_in_front(void)
{
    struct bench b;

    bench_open(&b, "jk.pb2a16s20p", "device jk-ble\nnoise off\nnoise-in-front on\n");
    bench_write(&b, ask_info);
    CU_ASSERT_EQUAL(b.said[0].n, 304);
    TESTING_BYTES_EQ(span_of(b.said[0].bytes, 8), SPAN_LIT("AT\r\n\x55\xAA\xEB\x90"));
    bench_close(&b);
}

static void test_pairs(void)
{
    enum jk_type type;
    struct bench b;

    bench_open(&b, "jk.pb2a16s20p", "device jk-ble\nnoise off\npairs on\n");
    bench_write(&b, ask_info);
    bench_write(&b, ask_settings);
    bench_wait(&b, 1300); /* records at 0.71 and 1.25 s */
    CU_ASSERT_EQUAL(b.n, 6);
    CU_ASSERT_EQUAL(b.said[5].n, 600);
    CU_ASSERT_EQUAL(b.said[5].at_ms, 1250);
    CU_ASSERT_EQUAL(jk_frame_check(span_of(b.said[5].bytes, 300), &type).code, ERR_OK);
    CU_ASSERT_EQUAL(b.said[5].bytes[5], 0);
    CU_ASSERT_EQUAL(jk_frame_check(span_of(b.said[5].bytes + 300, 300), &type).code, ERR_OK);
    CU_ASSERT_EQUAL(b.said[5].bytes[305], 1);
    bench_close(&b);
}

static void test_stale_bytes(void)
{
    struct bench b;

    bench_open(&b, "jk.b2a8s20p", "device jk-ble\nnoise off\nstale on\n");
    CU_ASSERT_EQUAL(b.n, 1);
    CU_ASSERT_EQUAL(b.said[0].n, 20);
    bench_close(&b);
}

static void test_counter_stands(void)
{
    struct bench b;

    bench_open(&b, "jk.pb2a16s20p", "device jk-ble\nnoise off\ncounter stands\nperiod 100 ms\n");
    bench_write(&b, ask_info);
    bench_write(&b, ask_settings);
    bench_wait(&b, 1000);
    expect_frame(&b, 5, JK_CELLS, 0, 710);
    expect_frame(&b, 6, JK_CELLS, 0, 810);
    expect_frame(&b, 7, JK_CELLS, 0, 910);
    bench_close(&b);
}

/* The stream ends with the connection; the counter shows that one more record was sent. */
static void test_disconnect(void)
{
    struct bench b;

    bench_open(&b, "jk.pb2a16s20p", "device jk-ble\nnoise off\n");
    bench_write(&b, ask_info);
    bench_write(&b, ask_settings);
    bench_wait(&b, 800);
    size_t n = b.n;
    b.device->ops->on_client(b.device, false, b.now_us);
    CU_ASSERT_EQUAL(b.device->ops->next_deadline(b.device), NEVER_US);
    b.device->ops->on_client(b.device, true, b.now_us);
    bench_wait(&b, 3000);
    CU_ASSERT_EQUAL(b.n, n);
    bench_write(&b, ask_info);
    expect_frame(&b, n, JK_INFO, 2, 3120);
    bench_close(&b);
}

/* Neither cells nor answers, only noise; a new connection is a new life. */
static void test_hangs(void)
{
    struct bench b;

    bench_open(&b, "jk.pb2a16s20p", "device jk-ble\nnoise off\nstream-for 1 s\n");
    bench_write(&b, ask_info);
    bench_write(&b, ask_settings);
    bench_wait(&b, 3000);
    size_t n = b.n;
    CU_ASSERT_EQUAL(n, 7); /* cells at 0.71 and 1.25 s */
    bench_write(&b, ask_settings);
    CU_ASSERT_EQUAL(b.n, n);
    CU_ASSERT_STRING_EQUAL(b.notes, "hangs: until it is connected anew\n");
    b.device->ops->on_client(b.device, false, b.now_us);
    b.device->ops->on_client(b.device, true, b.now_us);
    bench_write(&b, ask_info);
    CU_ASSERT_EQUAL(b.n, n + 2);
    bench_close(&b);
}

/* ---- the module ---- */

static void expect_cut(const struct ble_module *m, size_t n, size_t payload, const uint16_t *want,
                       size_t n_want)
{
    uint16_t sizes[32];

    CU_ASSERT_EQUAL(ble_cut(m, n, payload, sizes, 32), n_want);
    CU_ASSERT_EQUAL(memcmp(sizes, want, n_want * sizeof *want), 0);
}

static struct ble_module module_of(const char *product, const char *firmware)
{
    struct sim_config config;
    struct ble_module m;
    struct conf_file *file = NULL;

    sim_config_init(&config);
    conf_parse("test", SPAN_LIT("device jk-ble\n"), &file);
    struct conf_cursor c = conf_cursor_of(file, &file->lines[0]);
    sim_config_port_key(&config, &c);
    conf_delete(file);
    config.battery[0].used = true;
    span_to_str(span_str(product), config.battery[0].product, sizeof config.battery[0].product);
    span_to_str(span_str(firmware), config.battery[0].firmware, sizeof config.battery[0].firmware);
    jk_ble_module(&config, &m);
    return m;
}

/* The tables of eight recorded connections. */
static void test_chunks(void)
{
    static const uint16_t twenties[] = {20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20};
    struct ble_module m = module_of("jk.b2a16s", "3.3.0");

    CU_ASSERT_EQUAL(m.traits.mtu, 23);
    expect_cut(&m, 300, 20, twenties, 15);
    m = module_of("jk.bd6a24s10p", "8.0.6G");
    CU_ASSERT_EQUAL(m.traits.mtu, 131);
    expect_cut(&m, 300, 128, (const uint16_t[]){128, 128, 44}, 3);
    expect_cut(&m, 320, 128, (const uint16_t[]){128, 128, 64}, 3);
    m = module_of("jk.b2a20s20p", "10.07");
    CU_ASSERT_EQUAL(m.traits.mtu, 247);
    CU_ASSERT_EQUAL(m.traits.services[0].characteristics[0].uuid, 0xFFE1);
    CU_ASSERT_EQUAL(m.traits.services[0].characteristics[1].uuid, 0xFFE1);
    expect_cut(&m, 300, 185, (const uint16_t[]){150, 150}, 2);
    m = module_of("jk.pb2a16s20p", "15.41");
    expect_cut(&m, 300, 128, (const uint16_t[]){128, 22, 128, 22}, 4);
    expect_cut(&m, 304, 128, (const uint16_t[]){128, 26, 128, 22}, 4);
    expect_cut(&m, 20, 128, (const uint16_t[]){20}, 1);
    expect_cut(&m, 4, 128, (const uint16_t[]){4}, 1);
    m = module_of("jk.b2a16s", "8.0.3M");
    CU_ASSERT_EQUAL(m.traits.mtu, 115);
}

static void test_every_payload(void)
{
    struct ble_module m = module_of("jk.pb2a16s20p", "15.41");
    uint16_t sizes[640];

    for (size_t payload = 1; payload <= 514; payload++)
        for (size_t n = 1; n <= 640; n += 7) {
            size_t sum = 0, pieces = ble_cut(&m, n, payload, sizes, 640);
            for (size_t i = 0; i < pieces; i++) {
                CU_ASSERT(sizes[i] > 0 && sizes[i] <= payload);
                sum += sizes[i];
            }
            CU_ASSERT_EQUAL(sum, n);
        }
}

static void test_identity(void)
{
    struct ble_module m = module_of("jk.pb2a16s20p", "15.41");
    static const uint8_t address[] = {0xC8, 0x47, 0x8C, 0x12, 0x34, 0x56};

    CU_ASSERT_EQUAL(memcmp(m.traits.address, address, 6), 0);
    CU_ASSERT_STRING_EQUAL(m.traits.name, "JK_PB2A16S20P");
    CU_ASSERT_EQUAL(m.traits.advertised[0], 0xFFE0);
    CU_ASSERT_EQUAL(m.traits.maker, 0x0B65);
    CU_ASSERT_EQUAL(m.traits.maker_data[0], 0x88);
    CU_ASSERT_EQUAL(m.traits.maker_data[7], 0x56);
}

static bool taken(const char *keys)
{
    struct sim_config config;
    struct conf_file *file = NULL;
    bool ok = true;

    sim_config_init(&config);
    conf_parse("test", span_str(keys), &file);
    for (size_t i = 0; i < file->n_lines; i++) {
        struct conf_cursor c = conf_cursor_of(file, &file->lines[i]);
        ok = sim_config_port_key(&config, &c) && conf_expect_end(&c) && ok;
    }
    conf_delete(file);
    return ok;
}

static void refuse(const char *keys)
{
    if (taken(keys))
        TESTING_FAIL("taken: %s", keys);
}

/* jk-ble 1.2: service @8, FFE1 @9 with its CCCD at 000B, FFE2 @0C; @ is where a declaration is, and
 * its value is one behind. */
static void test_telink(void)
{
    struct sim_config config;
    struct conf_file *file = NULL;
    struct ble_module m;

    sim_config_init(&config);
    conf_parse("test", SPAN_LIT("device jk-ble\nmodule telink\n"), &file);
    for (size_t i = 0; i < file->n_lines; i++) {
        struct conf_cursor c = conf_cursor_of(file, &file->lines[i]);
        CU_ASSERT_TRUE(sim_config_port_key(&config, &c));
    }
    conf_delete(file);
    config.battery[0].used = true;
    jk_ble_module(&config, &m);
    const struct ble_service *s = &m.traits.services[0];
    CU_ASSERT_EQUAL(s->handle, 0x0008);
    CU_ASSERT_EQUAL(s->characteristics[0].uuid, 0xFFE1);
    CU_ASSERT_EQUAL(s->characteristics[0].handle, 0x000A);
    CU_ASSERT_EQUAL(s->characteristics[1].uuid, 0xFFE2);
    CU_ASSERT_EQUAL(s->characteristics[1].handle, 0x000D);
    CU_ASSERT_EQUAL(m.notifies, 0);
}

/* The words can be written: they are no quantities. */
static void test_generations_by_name(void)
{
    static const char *const words[] = {"firmware", "jk04", "jk02-24s", "jk02-32s"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char keys[64];
        snprintf(keys, sizeof keys, "device jk-ble\ngeneration %s\n", words[i]);
        if (!taken(keys))
            TESTING_FAIL("not taken: %s", keys);
    }
    refuse("device jk-ble\ngeneration jk02-48s\n");
}

static void test_bad_keys(void)
{
    refuse("device jk-ble\nmtu 22\n");
    refuse("device jk-ble\nmtu 518\n");
    refuse("device jk-ble\naddress C8:47:8C:12:34\n");
    refuse("device jk-ble\naddress C8:47:8C:12:34:5G\n");
    refuse("device jk-ble\nrssi 21\n");
    refuse("device jk-ble\nmodule new\n");
    refuse("device jk-ble\nburst 301\n");
    refuse("device jk-ble\ncounter\n");
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"firmware 15.41: order and times", test_firmware_15},
        {"generations by name", test_generations_by_name},
        {"the handles of a Telink module", test_telink},
        {"firmware 8: acknowledge glued", test_firmware_8},
        {"JK04", test_jk04},
        {"logbook", test_log},
        {"no stream without the information", test_needs_info},
        {"the first request is lost", test_first_request_lost},
        {"what is no command", test_no_command},
        {"a register is written", test_register_write},
        {"noise", test_noise},
        {"noise in front", test_noise_in_front},
        {"two records in one piece", test_pairs},
        {"stale bytes", test_stale_bytes},
        {"a counter that stands", test_counter_stands},
        {"disconnect", test_disconnect},
        {"hangs", test_hangs},
        {"chunks as recorded", test_chunks},
        {"chunks of every payload", test_every_payload},
        {"name, address, advertisement", test_identity},
        {"keys that are refused", test_bad_keys},
        {0}};
    return testing_main(argc, argv, "jk_ble_device", cases);
}
