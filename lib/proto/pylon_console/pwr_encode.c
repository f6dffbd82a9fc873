/* SPDX-License-Identifier: Apache-2.0
 *
 * `pwr` as the battery prints it. Source: specification 3.2; the widths there are the firmware's
 * printf formats, and the captures on the wire come out byte for byte.
 */
#include <inttypes.h>

#include "proto/pylon_console/common.h"

static const char *const headers[] = {
    [PYLON_P1] = "Power Volt   Curr   Tempr  Tlow   Thigh  Vlow   Vhigh  Base.St  Volt.St  "
                 "Curr.St  Temp.St  Coulomb  Time                 B.V.St   B.T.St  ",
    [PYLON_P2] = "Power Volt   Curr   Tempr  Tlow   Thigh  Vlow   Vhigh  Base.St  Volt.St  "
                 "Curr.St  Temp.St  Coulomb  Time                 B.V.St   B.T.St   "
                 "MosTempr M.T.St  ",
    [PYLON_P3] = "Power Volt   Curr   Tempr  Tlow   Tlow.Id  Thigh  Thigh.Id Vlow   Vlow.Id  "
                 "Vhigh  Vhigh.Id Base.St  Volt.St  Curr.St  Temp.St  Coulomb  "
                 "Time                 B.V.St   B.T.St  MosTempr M.T.St   SysAlarm.St  ",
    [PYLON_P4] = "Power Volt   Curr   Tempr  Tlow   Tlow.Id  Thigh  Thigh.Id Vlow   Vlow.Id  "
                 "Vhigh  Vhigh.Id Base.St  Volt.St  Curr.St  Temp.St  Coulomb  "
                 "Time                 B.V.St   B.T.St   MosTempr M.T.St  ",
    [PYLON_PY] = "Power Volt   Curr   Tempr  Tlow   Thigh  Vlow   Vhigh  Base.St  Volt.St  "
                 "Curr.St  Temp.St  Coulomb  Time                 B.V.St   B.T.St   "
                 "Barcode              DevType             ",
};

static void put_absent(enum pylon_pwr_layout layout, const struct pylon_pwr_row *row,
                       struct buf *out)
{
    buf_printf(out, "%-6u", row->address);
    buf_str(out, "-      -      -      -      -      -      -      Absent   -        -        "
                 "-        -        -                    -        -       ");
    if (layout == PYLON_PY)
        buf_str(out, " -                    -                   ");
}

static void put_numbers(const struct pylon_pwr_row *r, struct buf *out)
{
    buf_printf(out,
               "%-6u%-7" PRId32 "%-7" PRId32 "%-7" PRId32 "%-7" PRId32 "%-7" PRId32 "%-7" PRId32
               "%-7" PRId32,
               r->address, r->volt_mv, r->curr_ma, r->tempr_mc, r->tlow_mc, r->thigh_mc, r->vlow_mv,
               r->vhigh_mv);
}

static void put_numbers_and_ids(const struct pylon_pwr_row *r, struct buf *out)
{
    buf_printf(out, "%-6u%-7" PRId32 "%-7" PRId32 "%-7" PRId32, r->address, r->volt_mv, r->curr_ma,
               r->tempr_mc);
    buf_printf(out, "%-7" PRId32 "%-9u%-7" PRId32 "%-9u", r->tlow_mc, r->tlow_id, r->thigh_mc,
               r->thigh_id);
    buf_printf(out, "%-7" PRId32 "%-9u%-7" PRId32 "%-9u", r->vlow_mv, r->vlow_id, r->vhigh_mv,
               r->vhigh_id);
}

/* Up to and without B.T.St, whose width depends on what follows it. */
static void put_states(const struct pylon_pwr_row *r, struct buf *out)
{
    char soc[16];
    struct buf soc_text = buf_of(soc, sizeof soc);

    buf_printf(&soc_text, "%" PRId32 "%%", r->coulomb_pc);
    buf_u8(&soc_text, '\0');
    buf_printf(out, "%-9s%-9s%-9s%-9s%-9s", r->base_st, r->volt_st, r->curr_st, r->temp_st, soc);
    pylon_put_stamp(out, &r->time);
    buf_printf(out, "  %-9s", r->bv_st);
}

static void put_bt_and_mos(const struct pylon_pwr_row *r, bool wide, struct buf *out)
{
    if (r->has_mos) {
        buf_printf(out, wide ? "%-9s" : "%-8s", r->bt_st);
        buf_printf(out, "%-9" PRId32, r->mos_mc);
    } else {
        buf_printf(out, "%-9s-        ", r->bt_st);
    }
}

static void put_present(enum pylon_pwr_layout layout, const struct pylon_pwr_row *r,
                        struct buf *out)
{
    const char *mos_word = r->has_mos ? r->mt_st : "-";

    switch (layout) {
    case PYLON_P1:
        put_numbers(r, out);
        put_states(r, out);
        buf_printf(out, "%-8s", r->bt_st);
        return;
    case PYLON_P2:
        put_numbers(r, out);
        put_states(r, out);
        put_bt_and_mos(r, false, out);
        buf_printf(out, "%-8s", mos_word);
        return;
    case PYLON_P3:
        put_numbers_and_ids(r, out);
        put_states(r, out);
        put_bt_and_mos(r, false, out);
        buf_printf(out, "%-9s%-8s", mos_word, r->sys_alarm_st);
        return;
    case PYLON_P4:
        put_numbers_and_ids(r, out);
        put_states(r, out);
        put_bt_and_mos(r, true, out);
        buf_printf(out, "%-8s", mos_word);
        return;
    case PYLON_PY:
        put_numbers(r, out);
        put_states(r, out);
        buf_printf(out, "%-9s%-21s%-20s", r->bt_st, r->barcode, r->dev_type);
        return;
    }
}

/* PYTES ends the row of a present module with another line end (one capture on the wire). */
static struct span row_sep(const struct pylon_pwr *table, size_t i)
{
    if (table->layout == PYLON_PY && i > 0 && !table->rows[i - 1].absent)
        return SPAN_LIT("\n\r\n");
    return pylon_sep_bytes(PYLON_SEP_T);
}

enum err pylon_pwr_encode(const struct pylon_pwr *table, struct buf *out)
{
    size_t mark = out->n;

    if (table->n > PYLON_MAX_MODULES)
        return ERR_RANGE;
    buf_str(out, headers[table->layout]);
    for (size_t i = 0; i < table->n; i++) {
        buf_put(out, row_sep(table, i));
        if (table->rows[i].absent)
            put_absent(table->layout, &table->rows[i], out);
        else
            put_present(table->layout, &table->rows[i], out);
    }
    return pylon_finish(out, mark);
}
