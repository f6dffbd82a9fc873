/* SPDX-License-Identifier: Apache-2.0
 *
 * A bench for the JK devices without packs, line or loop: a stack filled by hand, a host that
 * collects what the device says and when, and time that moves as far as the device wants. Only for
 * the tests of this folder.
 */
#ifndef SIM_DEVICE_TEST_JK_BENCH_H
#define SIM_DEVICE_TEST_JK_BENCH_H

#include <stdlib.h>
#include <string.h>

#include "proto/jk_frame/test_jk_support.h"
#include "sim/device/device.h"
#include "testing/testing.h"

enum { BENCH_SAID = 16384, BENCH_REPLIES = 64 };

struct bench_reply {
    enum device_reply_kind kind;
    uint64_t at_us; /* of its first byte */
    size_t from, n; /* in `said` */
    uint8_t command[300];
    size_t command_n;
    bool whole;
};

struct bench {
    struct device *device;
    struct stack stack;
    uint64_t now_us;
    struct buf said;
    uint8_t memory[BENCH_SAID];
    size_t n;
    struct bench_reply replies[BENCH_REPLIES];
    char notes[1024]; /* "kind: text\n" each */
};

/* 2026-01-01 00:00:00 UTC: 189388800 s after 2020-01-01. */
#define BENCH_WALL_US (1767225600ULL * 1000000ULL)

static void bench_stack(void *ctx, struct stack *ret)
{
    struct bench *b = ctx;

    b->stack.now_us = b->now_us;
    b->stack.wall_us = BENCH_WALL_US;
    *ret = b->stack;
}

static void bench_take(void *ctx, const struct device_reply *r)
{
    struct bench *b = ctx;
    size_t from = b->said.n;

    buf_put(&b->said, r->bytes);
    if (b->n == BENCH_REPLIES)
        return;
    struct bench_reply *reply = &b->replies[b->n++];
    *reply = (struct bench_reply){.kind = r->kind,
                                  .at_us = b->now_us + r->delay_us,
                                  .from = from,
                                  .n = r->bytes.n,
                                  .command_n = r->command.n,
                                  .whole = r->whole};
    if (r->command.n > 0 && r->command.n <= sizeof reply->command)
        memcpy(reply->command, r->command.p, r->command.n);
    /* what is sent as an answer must be what would be rendered now */
    if (r->kind == DEVICE_ANSWER && r->whole) {
        uint8_t memory[1024];
        struct buf out = buf_of(memory, sizeof memory);
        struct stack stack;
        bench_stack(b, &stack);
        CU_ASSERT_EQUAL(b->device->ops->render(b->device, r->command, &stack, &out), ERR_OK);
        TESTING_BYTES_EQ(buf_span(&out), r->bytes);
    }
}

static void bench_note(void *ctx, const char *kind, const char *text)
{
    struct bench *b = ctx;
    struct buf out = buf_of(b->notes, sizeof b->notes - 1);

    out.n = strlen(b->notes);
    buf_printf(&out, "%s: %s\n", kind, text);
    b->notes[out.n] = '\0';
}

static void bench_baud(void *ctx, uint32_t baud)
{
    (void)ctx;
    (void)baud;
}

/* A healthy pack: cells of `cell_mv`, 25.0 C everywhere, MOSFETs 30.0, 60 %. */
static inline void bench_pack(struct bench *b, unsigned index, const struct product *product,
                              int32_t cell_mv)
{
    struct stack_module *m = &b->stack.module[index];
    struct battery *v = &m->battery;
    unsigned sensors = product->temp_sensors;

    *m = (struct stack_module){.present = true, .product = product};
    m->rated_mah = product->capacity_mah;
    v->cell_count = product->cells;
    for (unsigned i = 0; i < v->cell_count; i++)
        v->cell_mv[i] = (uint16_t)cell_mv;
    v->pack_mv = cell_mv * v->cell_count;
    v->soc_pm = 600;
    v->soh_pm = 1000;
    v->full_mah = product->capacity_mah;
    v->remaining_mah = product->capacity_mah / 1000 * 600;
    for (unsigned i = 0; i < sensors; i++)
        v->temp_dc[i] = 250;
    v->temp_dc[sensors] = 310;
    v->temp_role[sensors] = ROLE_BOARD;
    v->temp_dc[sensors + 1] = 300;
    v->temp_role[sensors + 1] = ROLE_MOS;
    v->temp_count = (uint8_t)(sensors + 2);
    v->ccl_ma = product->ccl_ma;
    v->dcl_ma = product->dcl_ma;
    v->cvl_mv = product->owner->charge_mv * product->cells;
    v->dvl_mv = product->owner->cell_under_release_mv * product->cells;
    v->charge_enable = v->discharge_enable = true;
    span_to_str(span_str(product->main_version), v->firmware, sizeof v->firmware);
    span_to_str(SPAN_LIT("SIM0123456789012"), v->serial, sizeof v->serial);
    span_to_str(span_str(product->device_name), v->model, sizeof v->model);
    m->counters.cycles = 42;
}

static inline void bench_open_with(struct bench *b, const struct sim_config *config)
{
    struct device_host host = {.stack = bench_stack,
                               .reply = bench_take,
                               .note = bench_note,
                               .baud = bench_baud,
                               .ctx = b};

    memset(b, 0, sizeof *b);
    b->said = buf_of(b->memory, sizeof b->memory);
    b->now_us = 100 * US_PER_S;
    CU_ASSERT_EQUAL_FATAL(device_new(config, &host, &b->device), ERR_OK);
    b->device->ops->power_up(b->device, b->now_us);
}

static inline void bench_close(struct bench *b)
{
    device_delete(b->device);
    b->device = NULL;
}

static inline void bench_forget(struct bench *b)
{
    buf_clear(&b->said);
    b->n = 0;
    b->notes[0] = '\0';
}

/* Time passes, deadlines are served. */
static inline void bench_pass(struct bench *b, uint64_t us)
{
    uint64_t end_us = b->now_us + us;

    for (;;) {
        uint64_t next = b->device->ops->next_deadline(b->device);
        if (next > end_us)
            break;
        if (next > b->now_us)
            b->now_us = next;
        b->device->ops->on_deadline(b->device, b->now_us);
    }
    b->now_us = end_us;
}

static inline void bench_send(struct bench *b, const char *hex)
{
    b->device->ops->on_bytes(b->device, jk_hex(hex), b->now_us);
}

/* Asks on a bus that has been quiet for 200 ms and returns everything that is said within 200 ms.
 */
static inline struct span bench_ask(struct bench *b, const char *hex)
{
    bench_pass(b, 200 * US_PER_MS);
    bench_forget(b);
    bench_send(b, hex);
    bench_pass(b, 200 * US_PER_MS);
    return buf_span(&b->said);
}

static inline struct span bench_reply_bytes(const struct bench *b, size_t i)
{
    return span_of(b->memory + b->replies[i].from, b->replies[i].n);
}

#define BENCH_ANSWERS(b, ask, answer) TESTING_BYTES_EQ(bench_ask((b), (ask)), jk_hex(answer))
#define BENCH_SILENT(b, ask)          CU_ASSERT_EQUAL(bench_ask((b), (ask)).n, 0)

/* One `key value` of [port]. */
static inline bool bench_key(struct sim_config *config, const char *text)
{
    struct conf_file *file = NULL;

    CU_ASSERT_EQUAL_FATAL(conf_parse("test", span_str(text), &file), ERR_OK);
    struct conf_cursor c = conf_cursor_of(file, &file->lines[0]);
    bool ok = sim_config_port_key(config, &c);
    conf_delete(file);
    return ok;
}

#endif
