/* SPDX-License-Identifier: Apache-2.0
 *
 * See fuzz_jk_line.h.
 */
#include "bridge/source/fuzz_jk_line.h"

#include <stdlib.h>
#include <string.h>

void must(bool condition)
{
    if (!condition)
        abort();
}

struct jk_cells fuzz_cells(void)
{
    struct jk_cells c = {
        .layout = JK02_32S,
        .cell_mask = 0xFFFF,
        .pack_mv = 52800,
        .current_ma = -4200,
        .mos_dc = 250,
        .t1_dc = 200,
        .t2_dc = 210,
        .t3_dc = 250,
        .t4_dc = -2000,
        .t5_dc = -2000,
        .soc_pc = 50,
        .remaining_mah = 140000,
        .full_mah = 280000,
        .cycles = 7,
        .soh_pc = 100,
        .charge_on = 1,
        .discharge_on = 1,
    };

    for (size_t i = 0; i < 16; i++)
        c.cell_mv[i] = 3300;
    return c;
}

struct jk_settings fuzz_settings(void)
{
    return (struct jk_settings){
        .layout = JK02_32S,
        .cell_uvp_mv = 2600,
        .cell_uvp_release_mv = 2700,
        .cell_ovp_mv = 3650,
        .cell_ovp_release_mv = 3600,
        .charge_mv = 3450,
        .charge_max_ma = 100000,
        .discharge_max_ma = 100000,
        .cell_count = 16,
        .charge_switch = 1,
        .discharge_switch = 1,
    };
}

struct jk_info fuzz_info(void)
{
    return (struct jk_info){.model = "JK_PB2A16S20P", .software = "19.27", .serial = "401122"};
}

static void check(struct fuzz_line *line, unsigned index, const struct battery *b)
{
    must(index < line->source.capacity && index < FUZZ_UNITS);
    must(b->updated_us != 0 && b->updated_us <= line->now_us);
    must(b->updated_us >= line->updated_us[index]);
    must(battery_knows(b, FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_SOC_PM | FIELD_CVL | FIELD_CCL |
                              FIELD_DCL | FIELD_ENABLES | FIELD_PROTECTIONS));
    must(b->pack_mv > 0 && b->pack_mv <= 160000 && b->soc_pm >= 0 && b->soc_pm <= 1000);
    must(b->ccl_ma >= 0 && b->dcl_ma >= 0 && b->cvl_mv > 0);
    must(b->charge_enable == (b->ccl_ma > 0) && b->discharge_enable == (b->dcl_ma > 0));
    line->updated_us[index] = b->updated_us;
}

static void settle(struct fuzz_line *line)
{
    const struct source_ops *ops = line->source.ops;
    struct source_output out;
    struct battery b;
    uint8_t memory[512];
    unsigned index = 0;

    while (ops->take_battery(line->source.self, &index, &b))
        check(line, index, &b);
    while (ops->take_output(line->source.self, &out)) {
        must(out.n > 0 && out.speed == 0);
        memcpy(line->asked, out.bytes, out.n);
        line->n_asked = out.n;
        line->answer(span_of(out.bytes, out.n), memory, sizeof memory);
    }
    must(ops->present(line->source.self) <= line->source.capacity);
}

static void at_deadline(struct fuzz_line *line)
{
    line->source.ops->deadline(line->source.self, line->now_us);
    settle(line);
    must(line->source.ops->next_deadline(line->source.self) > line->now_us);
}

static void run_until(struct fuzz_line *line, uint64_t end_us)
{
    for (;;) {
        uint64_t next_us = line->source.ops->next_deadline(line->source.self);
        if (next_us > end_us)
            break;
        line->now_us = next_us > line->now_us ? next_us : line->now_us;
        at_deadline(line);
    }
    line->now_us = end_us;
}

static void hear(struct fuzz_line *line, struct span bytes)
{
    line->source.ops->bytes(line->source.self, bytes, line->now_us);
    settle(line);
}

static void hear_answer(struct fuzz_line *line, uint8_t kind, uint8_t arg)
{
    uint8_t memory[512];
    size_t n = line->n_asked == 0
                   ? 0
                   : line->answer(span_of(line->asked, line->n_asked), memory, sizeof memory);

    if (n == 0)
        return;
    if (kind == 1) { /* a flipped bit */
        memory[n * arg / 256] ^= (uint8_t)(1u << arg % 8);
    } else if (kind == 2) { /* cut */
        n = n * arg / 256;
    }
    size_t first = n * arg / 256; /* in two pieces */
    hear(line, span_of(memory, first));
    hear(line, span_of(memory + first, n - first));
}

static void reopen(struct fuzz_line *line)
{
    line->source.ops->closed(line->source.self, line->now_us);
    settle(line);
    must(line->source.ops->next_deadline(line->source.self) == NEVER_US);
    line->n_asked = 0;
    line->source.ops->opened(line->source.self, line->now_us);
    settle(line);
}

void fuzz_line_run(struct fuzz_line *line, struct span in)
{
    uint8_t op = 0, arg = 0;

    line->now_us = 1000 * US_PER_S;
    reopen(line);
    while (rd_u8(&in, &op) && rd_u8(&in, &arg)) {
        switch (op % 8) {
        case 0:
            hear(line, span_sub(in, 0, arg));
            rd_skip(&in, arg < in.n ? arg : in.n);
            break;
        case 1: run_until(line, line->now_us + arg * US_PER_MS); break;
        case 2: run_until(line, line->now_us + arg * 20 * US_PER_MS); break;
        case 3: hear_answer(line, 1, arg); break;
        case 4: hear_answer(line, 2, arg); break;
        case 5:
            if (arg > 250)
                reopen(line);
            break;
        default: hear_answer(line, 0, arg); break;
        }
    }
}
