/* SPDX-License-Identifier: Apache-2.0
 *
 * The table, and the rule behind it.
 *
 * Sources
 *   [S] `pwrsys` of a US2000C stack at 93..96 %: 53.250 V, 46.000 V, 10 A charge, 25 A discharge
 * per module (captures/hrab-us2000c-mix5_pwrsys) [R] RS485 command 92h: a US5000 at 95 % allows 20
 * A charge and 50 A discharge; 53.25 V (docs/protocols/pylontech-rs485.md, section 4) [A] 25 A for
 * 50 Ah and 37 A for 74 Ah packs (docs/protocols/aggregation.md, case agg-2) [P] PYTES: `info` of
 * the 48100V (51.2 V, 100 Ah, 16 cells); limits by the rule The rule: half the capacity per hour,
 * two fifths of that near full; 3.55 V and 46/15 V per cell.
 */
#include "bridge/source/pylontech_product.h"

#include "base/span.h"

enum {
    CELL_CHARGE_MV = 3550,
    STACK_LOW_MV = 46000, /* of 15 cells */
    STACK_CELLS = 15,
};

static const struct pylontech_product products[] = {
    {"US2000B", 15, 50000, 25000, 10000, 25000, 53250, 46000}, /* [A] */
    {"US2KBPL", 15, 50000, 25000, 10000, 25000, 53250, 46000}, /* [A] [S]: a slave of that stack */
    {"US2000C", 15, 50000, 25000, 10000, 25000, 53250, 46000}, /* [S] */
    {"US2000", 15, 50000, 25000, 10000, 25000, 53250, 46000},  /* [A] */
    {"US3000C", 15, 74000, 37000, 14800, 37000, 53250, 46000}, /* [A] */
    {"US3000D", 15, 74000, 37000, 14800, 37000, 53250, 46000}, /* [A] */
    {"US3000", 15, 74000, 37000, 14800, 37000, 53250, 46000},  /* [A] */
    {"US5000", 15, 100000, 50000, 20000, 50000, 53250, 46000}, /* [R] */
    {"E-BOX-4850P", 15, 50000, 25000, 10000, 25000, 53250, 46000},     /* [P] */
    {"E-BOX-48100V-D", 16, 100000, 50000, 20000, 50000, 56800, 49000}, /* [P] */
};

const struct pylontech_product *pylontech_product_find(const char *device_name)
{
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++) {
        if (span_eq_nocase(span_str(device_name), products[i].name))
            return &products[i];
    }
    return NULL;
}

struct pylontech_product pylontech_product_like(uint8_t cells, int32_t capacity_mah)
{
    int32_t n = cells > 0 ? cells : STACK_CELLS;
    /* the smallest product there is, when not even the capacity is known */
    int32_t half = capacity_mah > 0 ? capacity_mah / 2 / 1000 * 1000 : 25000;

    return (struct pylontech_product){
        .name = "",
        .cells = (uint8_t)n,
        .capacity_mah = capacity_mah > 0 ? capacity_mah : 0,
        .ccl_ma = half,
        .ccl_full_ma = half * 2 / 5,
        .dcl_ma = half,
        .cvl_mv = n * CELL_CHARGE_MV,
        .dvl_mv = n * STACK_LOW_MV / STACK_CELLS / 100 * 100,
    };
}
