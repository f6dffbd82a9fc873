/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables: `pwr`, `bat`, `soh`, `getpwr`. Values come from the faces of the modules, the layouts
 * from the master; the printing is the codec's. Source: specification sections 3, 5, 9.
 */
#include <string.h>

#include "sim/device/console_private.h"

static void copy_word(char *out, const char *word)
{
    span_to_str(span_str(word), out, PYLON_WORD);
}

/* ---- pwr ---- */

static enum pylon_pwr_layout pwr_layout(const struct console_call *call)
{
    static const char *const names[] = {
        [PYLON_P1] = "P1", [PYLON_P2] = "P2", [PYLON_P3] = "P3",
        [PYLON_P4] = "P4", [PYLON_PY] = "PY",
    };
    const struct stack_module *master = console_module(call, 1);
    const char *name = overlay_get(&master->overlay, BMS_PATH_LAYOUT);

    if (name == NULL)
        name = call->console->knobs.layout[0] != '\0' ? call->console->knobs.layout
                                                      : master->product->layout;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0)
            return (enum pylon_pwr_layout)i;
    }
    return PYLON_P1;
}

static void fill_row(const struct console_call *call, unsigned address, struct pylon_pwr_row *row)
{
    const struct stack_module *m = console_module(call, address);
    struct console_face f;

    console_face_of(m, &f);
    *row = (struct pylon_pwr_row){
        .address = (uint8_t)address,
        .volt_mv = f.volt_mv,
        .curr_ma = f.curr_ma,
        .tempr_mc = f.tempr_mc,
        .tlow_mc = f.tlow_mc,
        .thigh_mc = f.thigh_mc,
        .vlow_mv = f.vlow_mv,
        .vhigh_mv = f.vhigh_mv,
        .tlow_id = f.tlow_id,
        .thigh_id = f.thigh_id,
        .vlow_id = f.vlow_id,
        .vhigh_id = f.vhigh_id,
        .coulomb_pc = f.soc_pc,
        .time = console_clock(call, address),
        .has_mos = f.has_mos,
        .mos_mc = f.mos_mc,
    };
    copy_word(row->base_st, f.base);
    copy_word(row->volt_st, f.volt);
    copy_word(row->curr_st, f.curr);
    copy_word(row->temp_st, f.temp);
    copy_word(row->bv_st, f.cells);
    copy_word(row->bt_st, f.celltemp);
    copy_word(row->mt_st, f.mos);
    copy_word(row->sys_alarm_st, f.system);
    span_to_str(span_str(f.serial), row->barcode, sizeof row->barcode);
    span_to_str(span_str(m->product->device_name), row->dev_type, sizeof row->dev_type);
}

static enum pylon_status pwr_table(const struct console_call *call)
{
    struct console_answer *a = call->answer;
    struct pylon_pwr table = {.layout = pwr_layout(call)};
    unsigned slots = console_slots(call->console, call->stack);
    unsigned last = slots == 0 ? SIM_MAX_BATTERIES : slots;

    for (unsigned address = 1; address <= last; address++) {
        struct pylon_pwr_row *row = &table.rows[table.n];
        if (console_module(call, address)->present) {
            fill_row(call, address, row);
        } else if (slots != 0) {
            *row = (struct pylon_pwr_row){.address = (uint8_t)address, .absent = true};
        } else {
            continue;
        }
        table.n++;
    }
    a->rows = (unsigned)table.n;
    console_begin(a, PYLON_SEP_T, a->style.blank_after_at);
    return pylon_pwr_encode(&table, &a->out) == ERR_OK ? PYLON_OK : PYLON_FAILED;
}

enum pylon_status console_pwr(const struct console_call *call)
{
    return call->args.n == 0 ? pwr_table(call) : console_pwr_module(call);
}

/* ---- bat ---- */

/* A master with another table for `pwr` has the cell table of that firmware, too. */
static enum pylon_bat_layout bat_layout(const struct console_call *call)
{
    static const char *const names[] = {
        [PYLON_B1] = "B1",
        [PYLON_B1N] = "B1n",
        [PYLON_B2] = "B2",
        [PYLON_B3] = "B3",
    };
    const struct product *master = console_module(call, 1)->product;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(master->bat_layout, names[i]) == 0)
            return (enum pylon_bat_layout)i;
    }
    return PYLON_B1;
}

void console_fill_bat(const struct stack_module *m, const struct console_face *f,
                      struct pylon_bat *table)
{
    table->n = f->n_cells;
    for (size_t i = 0; i < f->n_cells; i++) {
        struct pylon_bat_row *row = &table->rows[i];
        *row = (struct pylon_bat_row){
            .index = (uint8_t)i,
            .volt_mv = f->cell_mv[i],
            .curr_ma = f->curr_ma,
            .tempr_mc = f->cell_mc[i],
            .soc_pc = f->soc_pc,
            .coulomb_mah = f->remaining_mah,
            .balancing = (m->battery.balancing >> i & 1u) != 0,
        };
        copy_word(row->base_st, f->cell_base);
        copy_word(row->volt_st, console_cell_word(f, i));
        copy_word(row->curr_st, f->curr);
        copy_word(row->temp_st, f->celltemp);
        copy_word(row->ctemp_st, f->celltemp);
    }
}

enum pylon_status console_bat(const struct console_call *call)
{
    struct console_answer *a = call->answer;
    struct pylon_bat table = {.layout = bat_layout(call)};
    struct console_face f;
    unsigned address = 0;
    enum pylon_status status = console_address(call, call->args, &address);

    if (status != PYLON_OK)
        return status;
    console_face_of(console_module(call, address), &f);
    if (table.layout == PYLON_B3 && address != 1)
        f.remaining_mah = 0; /* a US3000D prints 0 for its slaves (section 5) */
    console_fill_bat(console_module(call, address), &f, &table);
    a->rows = (unsigned)table.n;
    console_begin(a, PYLON_SEP_T, a->style.blank_after_at || call->traits->blank_after_at);
    return pylon_bat_encode(&table, &a->out) == ERR_OK ? PYLON_OK : PYLON_FAILED;
}

/* ---- soh ---- */

enum pylon_status console_soh(const struct console_call *call)
{
    struct console_answer *a = call->answer;
    struct pylon_soh table = {.form = call->traits->stat == STAT_PYTES ? 1 : 0};
    struct console_face f;
    unsigned address = 0;
    enum pylon_status status = console_address(call, call->args, &address);

    if (status != PYLON_OK)
        return status;
    console_face_of(console_module(call, address), &f);
    table.address = (uint8_t)address;
    table.n = f.n_cells;
    for (size_t i = 0; i < f.n_cells; i++) {
        table.rows[i].index = (uint8_t)i;
        table.rows[i].volt_mv = f.cell_mv[i];
        copy_word(table.rows[i].state, "Normal");
    }
    a->rows = (unsigned)table.n;
    console_begin(a, PYLON_SEP_T, a->style.blank_after_at);
    return pylon_soh_encode(&table, &a->out) == ERR_OK ? PYLON_OK : PYLON_FAILED;
}

/* ---- getpwr ---- */

enum pylon_status console_getpwr(const struct console_call *call)
{
    struct console_answer *a = call->answer;
    struct console_face f;
    unsigned address = 0;
    enum pylon_status status = console_address(call, call->args, &address);

    if (status != PYLON_OK)
        return status;
    const struct stack_module *m = console_module(call, address);
    console_face_of(m, &f);
    struct pylon_getpwr g = {
        .volt_mv = f.volt_mv,
        .curr_ma = f.curr_ma,
        .tempr_mc = f.tempr_mc,
        .remaining_mah = f.remaining_mah,
        .n = f.n_cells,
        .n_trailers = 2, /* the first is 0 in the only capture, the second counts cycles */
        .trailers = {0, m->counters.cycles},
    };
    copy_word(g.base_st, f.base);
    copy_word(g.volt_st, f.volt);
    copy_word(g.curr_st, f.curr);
    copy_word(g.temp_st, f.temp);
    for (size_t i = 0; i < f.n_cells; i++) {
        g.cells[i].volt_mv = f.cell_mv[i];
        g.cells[i].tempr_mc = f.cell_mc[i];
        copy_word(g.cells[i].volt_st, console_cell_word(&f, i));
        copy_word(g.cells[i].temp_st, f.celltemp);
    }
    a->rows = (unsigned)g.n;
    console_begin(a, PYLON_SEP_T, a->style.blank_after_at);
    return pylon_getpwr_encode(&g, &a->out) == ERR_OK ? PYLON_OK : PYLON_FAILED;
}
