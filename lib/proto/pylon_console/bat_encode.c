/* SPDX-License-Identifier: Apache-2.0
 *
 * `bat` as the battery prints it. Source: specification 5.
 */
#include <inttypes.h>

#include "proto/pylon_console/bat_row.h"
#include "proto/pylon_console/common.h"

#define B1_HEADER                                                                              \
    "Battery  Volt     Curr     Tempr    Base State   Volt. State  Curr. State  Temp. State  " \
    "Coulomb     "

struct span pylon_bat_header(enum pylon_bat_layout layout)
{
    switch (layout) {
    case PYLON_B1:
    case PYLON_BE: return SPAN_LIT(B1_HEADER);
    case PYLON_B1N:
        return SPAN_LIT("Battery  Volt     Tempr    Base State   Volt. State  Curr. State  "
                        "Temp. State  Coulomb     ");
    case PYLON_B2:
        return SPAN_LIT("Battery  Volt     Curr     Tempr    Base State   Volt. State  "
                        "Curr. State  Temp. State  SOC          Coulomb      BAL         ");
    case PYLON_B3:
        return SPAN_LIT("Battery  Volt     Curr     Tempr    Base State   Volt. State  "
                        "Curr. State  DTemp. State CTemp. State SOC          Coulomb          BAL");
    }
    return SPAN_LIT("");
}

static void put_soc_left(const struct pylon_bat_row *r, struct buf *out)
{
    size_t from = out->n;

    buf_printf(out, "%" PRId32 "%%", r->soc_pc);
    while (out->n - from < 13 && buf_u8(out, ' '))
        continue;
}

void pylon_bat_put_row(enum pylon_bat_layout layout, const struct pylon_bat_row *r, struct buf *out)
{
    char flag = r->balancing ? 'Y' : 'N';

    buf_printf(out, "%-9u%-9" PRId32, r->index, r->volt_mv);
    if (layout != PYLON_B1N)
        buf_printf(out, "%-9" PRId32, r->curr_ma);
    buf_printf(out, "%-9" PRId32 "%-13s%-13s%-13s%-13s", r->tempr_mc, r->base_st, r->volt_st,
               r->curr_st, r->temp_st);
    switch (layout) {
    case PYLON_B1:
    case PYLON_B1N:
        buf_printf(out, "%3" PRId32 "%%      %5" PRId32 " mAH", r->soc_pc, r->coulomb_mah);
        return;
    case PYLON_B2:
        buf_printf(out, "%2" PRId32 "%%         %5" PRId32 " mAH      %c", r->soc_pc,
                   r->coulomb_mah, flag);
        return;
    case PYLON_B3:
        buf_printf(out, "%-13s", r->ctemp_st);
        put_soc_left(r, out);
        buf_printf(out, "%-13" PRId32 "mAH %c", r->coulomb_mah, flag);
        return;
    case PYLON_BE: buf_printf(out, "%2" PRId32 "%%", r->soc_pc); return;
    }
}

enum err pylon_bat_encode(const struct pylon_bat *table, struct buf *out)
{
    size_t mark = out->n;

    if (table->n > PYLON_MAX_CELLS)
        return ERR_RANGE;
    buf_put(out, pylon_bat_header(table->layout));
    for (size_t i = 0; i < table->n; i++) {
        buf_put(out, pylon_sep_bytes(PYLON_SEP_T));
        pylon_bat_put_row(table->layout, &table->rows[i], out);
    }
    return pylon_finish(out, mark);
}
