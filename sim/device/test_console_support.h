/* SPDX-License-Identifier: Apache-2.0
 *
 * A bench for the console device without packs, line or loop: a stack filled by hand and a host
 * that collects what the device says. Only for the tests of this folder.
 */
#ifndef SIM_DEVICE_TEST_CONSOLE_SUPPORT_H
#define SIM_DEVICE_TEST_CONSOLE_SUPPORT_H

#include <stdlib.h>
#include <string.h>

#include "sim/device/console.h"
#include "sim/device/console_knobs.h"
#include "sim/device/device.h"
#include "testing/testing.h"

enum { BENCH_TEXT = 65536, BENCH_REPLIES = 64 };

struct bench {
    struct device *device;
    struct stack stack;
    struct buf said; /* everything, echo included */
    uint8_t memory[BENCH_TEXT];
    size_t n_replies;
    struct {
        enum device_reply_kind kind;
        uint64_t delay_us;
        char command[64];
        bool whole, recorded;
    } replies[BENCH_REPLIES];
    char notes[512]; /* "kind: text\n" each */
    uint32_t baud;
};

static void bench_stack(void *ctx, struct stack *ret)
{
    *ret = ((const struct bench *)ctx)->stack;
}

static void bench_reply(void *ctx, const struct device_reply *r)
{
    struct bench *b = ctx;
    buf_put(&b->said, r->bytes);
    if (r->kind == DEVICE_ECHO || b->n_replies == BENCH_REPLIES)
        return;
    b->replies[b->n_replies].kind = r->kind;
    b->replies[b->n_replies].delay_us = r->delay_us;
    b->replies[b->n_replies].whole = r->whole;
    b->replies[b->n_replies].recorded = r->recorded;
    span_to_str(r->command, b->replies[b->n_replies].command, sizeof b->replies[0].command);
    b->n_replies++;
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
    ((struct bench *)ctx)->baud = baud;
}

/* 2025-12-21 20:53:06 UTC */
#define BENCH_WALL_US (1766350386ULL * 1000000ULL)

/* A module as the captures show one: 15 cells at `cell_mv`, one temperature everywhere. */
static inline void bench_module(struct bench *b, unsigned address, const char *product,
                                int32_t cell_mv, int32_t current_ma, int16_t temp_dc,
                                int32_t soc_pm)
{
    struct stack_module *m = &b->stack.module[address - 1];
    struct battery *v = &m->battery;

    *m = (struct stack_module){.present = true, .product = product_find(product)};
    v->cell_count = m->product->cells;
    for (unsigned i = 0; i < v->cell_count; i++)
        v->cell_mv[i] = (uint16_t)cell_mv;
    v->cell_min_mv = v->cell_max_mv = (uint16_t)cell_mv;
    v->cell_min_id = v->cell_max_id = 1;
    m->rated_mah = m->product->capacity_mah;
    v->pack_mv = cell_mv * v->cell_count;
    v->current_ma = current_ma;
    v->soc_pm = soc_pm;
    v->soh_pm = 990;
    v->full_mah = m->product->capacity_mah;
    v->remaining_mah = m->product->capacity_mah / 1000 * soc_pm;
    v->temp_count = 5;
    v->temp_known = 0x1F;
    for (unsigned i = 0; i < 5; i++)
        v->temp_dc[i] = temp_dc;
    v->temp_role[3] = ROLE_BOARD;
    v->temp_role[4] = ROLE_MOS;
    v->cvl_mv = m->product->cvl_mv;
    v->dvl_mv = m->product->dvl_mv;
    v->ccl_ma = m->product->ccl_ma;
    v->dcl_ma = m->product->dcl_ma;
    v->charge_enable = v->discharge_enable = true;
    span_to_str(span_str(m->product->main_version), v->firmware, sizeof v->firmware);
    span_to_str(SPAN_LIT("K220803C30160910"), v->serial, sizeof v->serial);
    m->counters.cycles = 174;
}

/* The cell sensors (two at `high`, the last at `low`), the board and the power stage. */
static inline void bench_temps(struct bench *b, unsigned address, int16_t low, int16_t high,
                               int16_t board, int16_t mos)
{
    struct battery *v = &b->stack.module[address - 1].battery;
    v->temp_dc[0] = high;
    v->temp_dc[1] = high;
    v->temp_dc[2] = low;
    v->temp_dc[3] = board;
    v->temp_dc[4] = mos;
}

/* One cell at another voltage than the rest. */
static inline void bench_cell(struct bench *b, unsigned address, unsigned cell, uint16_t mv)
{
    struct battery *v = &b->stack.module[address - 1].battery;
    v->cell_mv[cell] = mv;
    v->cell_min_mv = v->cell_max_mv = v->cell_mv[0];
    v->cell_min_id = v->cell_max_id = 1;
    for (unsigned i = 1; i < v->cell_count; i++) {
        if (v->cell_mv[i] < v->cell_min_mv) {
            v->cell_min_mv = v->cell_mv[i];
            v->cell_min_id = (uint8_t)(i + 1);
        }
        if (v->cell_mv[i] > v->cell_max_mv) {
            v->cell_max_mv = v->cell_mv[i];
            v->cell_max_id = (uint8_t)(i + 1);
        }
    }
}

static inline void bench_open_with(struct bench *b, const struct sim_config *config)
{
    struct device_host host = {.stack = bench_stack,
                               .reply = bench_reply,
                               .note = bench_note,
                               .baud = bench_baud,
                               .ctx = b};
    memset(b, 0, sizeof *b);
    b->said = buf_of(b->memory, sizeof b->memory);
    b->stack.wall_us = BENCH_WALL_US;
    b->stack.now_us = 100 * US_PER_S;
    CU_ASSERT_EQUAL_FATAL(device_new(config, &host, &b->device), ERR_OK);
    b->device->ops->power_up(b->device, b->stack.now_us);
}

static inline void bench_open(struct bench *b)
{
    struct sim_config config;
    sim_config_init(&config);
    bench_open_with(b, &config);
}

static inline void bench_close(struct bench *b)
{
    device_delete(b->device);
    b->device = NULL;
}

/* Types and returns everything that was said. */
static inline struct span bench_type(struct bench *b, const char *text)
{
    buf_clear(&b->said);
    b->n_replies = 0;
    b->notes[0] = '\0';
    b->device->ops->on_bytes(b->device, span_str(text), b->stack.now_us);
    return buf_span(&b->said);
}

static inline bool bench_has(struct span text, const char *what)
{
    return span_find(text, 0, span_str(what)) < text.n;
}

#define BENCH_SAYS(b, typed, literal) TESTING_BYTES_EQ(bench_type((b), (typed)), SPAN_LIT(literal))

/* The tail of every good answer. */
#define DONE "\r\n\rCommand completed successfully\r\n\r$$\r\n\rpylon>"

#endif
