/* SPDX-License-Identifier: Apache-2.0
 *
 * `show`: the batteries as a table, or everything that is true about one.
 */
#include <inttypes.h>

#include "sim/app/terminal.h"
#include "sim/model/pack.h"

/* 97.0, -12.345: value in units of 10^-decimals. */
static void put_fixed(FILE *out, int width, int64_t value, unsigned decimals)
{
    char memory[32];
    struct buf text = buf_of(memory, sizeof memory - 1);

    buf_fixed(&text, value, decimals, false);
    memory[text.n] = '\0';
    fprintf(out, "%*s", width, memory);
}

static void put_conditions(FILE *out, const char *what, uint32_t set)
{
    for (unsigned c = 0; c < COND_COUNT; c++) {
        if ((set & COND_BIT(c)) != 0)
            fprintf(out, "  %s.%s", what, battery_condition_name((enum battery_condition)c));
    }
}

static void show_row(FILE *out, unsigned n, const struct battery *b)
{
    fprintf(out, "%3u  %-14s", n, b->model);
    put_fixed(out, 6, b->soc_pm, 1);
    put_fixed(out, 9, b->pack_mv, 3);
    put_fixed(out, 10, b->current_ma, 3);
    fprintf(out, "  %4u..%4u", b->cell_min_mv, b->cell_max_mv);
    put_fixed(out, 8, b->temp_min_dc, 1);
    fputs("..", out);
    put_fixed(out, 0, b->temp_max_dc, 1);
    put_fixed(out, 8, b->ccl_ma, 3);
    put_fixed(out, 8, b->dcl_ma, 3);
    put_conditions(out, "warning", b->warnings);
    put_conditions(out, "protection", b->protections);
    fputs("\n", out);
}

static void show_table(const struct terminal_port *p)
{
    struct battery b;

    fputs("bms  model          SOC %   pack V        A   cells mV        temp C   CCL A   DCL A\n",
          p->terminal->out);
    for (unsigned n = 1; n <= SIM_MAX_BATTERIES; n++) {
        if (sim_view(p->sim, n, &b))
            show_row(p->terminal->out, n, &b);
    }
    const char *path = sim_path(p->sim);
    fprintf(p->terminal->out, "port %s\n", path != NULL ? path : "none: the adapter is pulled");
}

static void put_path(const struct terminal_port *p, unsigned n, const struct bms_path *path)
{
    const struct bms_path_info *info = bms_path_info(path->id);
    char name[48], value[48];
    struct buf a = buf_of(name, sizeof name - 1), b = buf_of(value, sizeof value - 1);
    int64_t micro;

    if (!sim_truth(p->sim, n, path, &micro))
        return;
    bms_path_format(path, &a);
    name[a.n] = '\0';
    if (info->value == BMS_FLAG)
        buf_str(&b, micro != 0 ? "on" : "off");
    else /* the model is finer than anybody reads */
        quantity_format((struct quantity){div_round(micro, 1000) * 1000, info->dim}, &b);
    value[b.n] = '\0';
    if (info->value != BMS_FLAG || micro != 0 || path->id < BMS_PATH_WARNING)
        fprintf(p->terminal->out, "  %-28s %s\n", name, value);
}

static void show_one(const struct terminal_port *p, unsigned n)
{
    struct battery b;

    if (!sim_view(p->sim, n, &b)) {
        fprintf(p->terminal->out, "there is no battery %u\n", n);
        return;
    }
    fprintf(p->terminal->out, "bms %u: %s %s, serial %s, firmware %s\n", n, b.maker, b.model,
            b.serial, b.firmware);
    for (uint16_t id = 0; id < (uint16_t)bms_path_count(); id++) {
        struct bms_path path = {.id = id};
        if (!bms_path_info(id)->per_cell) {
            put_path(p, n, &path);
            continue;
        }
        for (unsigned cell = 1; cell <= b.cell_count; cell++) {
            path.cell = (uint8_t)cell;
            if (id != BMS_PATH_CELL_BALANCING || (b.balancing >> (cell - 1) & 1u) != 0)
                put_path(p, n, &path);
        }
    }
}

void terminal_show(const struct terminal_port *p, unsigned battery)
{
    if (battery == 0)
        show_table(p);
    else
        show_one(p, battery);
}
