/* SPDX-License-Identifier: Apache-2.0
 *
 * The limits of one module; the table of docs/bridge.md, "Where the limits come from". The tapers
 * are the project's own choice between the maker's two figures: two fifths near full, nothing at
 * the cell voltage where the BMS cuts off (RS485 command 47h: 3650 and 2900 mV).
 */
#include "base/span.h"
#include "bridge/source/pylontech_module.h"
#include "bridge/source/pylontech_product.h"

#define C(condition) COND_BIT(COND_##condition)

/* What stops a direction, and what slows it down. */
#define STOPS_BOTH (C(MOS_OVERTEMPERATURE) | C(SHORT_CIRCUIT) | C(INTERNAL_FAULT) | C(UNKNOWN_WORD))
#define STOPS_CHARGE                                                     \
    (C(CELL_OVERVOLTAGE) | C(PACK_OVERVOLTAGE) | C(CHARGE_OVERCURRENT) | \
     C(CHARGE_OVERTEMPERATURE) | C(CHARGE_UNDERTEMPERATURE) | STOPS_BOTH)
#define STOPS_DISCHARGE                                                       \
    (C(CELL_UNDERVOLTAGE) | C(PACK_UNDERVOLTAGE) | C(DISCHARGE_OVERCURRENT) | \
     C(DISCHARGE_OVERTEMPERATURE) | C(DISCHARGE_UNDERTEMPERATURE) | STOPS_BOTH)
#define SLOWS_CHARGE                                                                  \
    (C(CHARGE_OVERCURRENT) | C(CHARGE_OVERTEMPERATURE) | C(CHARGE_UNDERTEMPERATURE) | \
     C(MOS_OVERTEMPERATURE))
#define SLOWS_DISCHARGE                                                                        \
    (C(DISCHARGE_OVERCURRENT) | C(DISCHARGE_OVERTEMPERATURE) | C(DISCHARGE_UNDERTEMPERATURE) | \
     C(MOS_OVERTEMPERATURE))

/* Share of the recommended current in 0.1 %, by the cell that is nearest to its end. The step is
 * taken at the voltage; the way back up begins further inside, and after the bank's hold time. */
enum { TAPER_RELEASE_MV = 25 };

struct taper {
    int32_t cell_mv;
    int32_t share_pm;
};
static const struct taper charge_taper[] = {
    {3650, 0}, {3600, 40}, {3550, 100}, {3500, 200}, {3450, 400}};
static const struct taper discharge_taper[] = {{2900, 0}, {2950, 100}, {3000, 200}, {3050, 400}};

static int32_t charge_share(int32_t cell_max_mv)
{
    for (size_t i = 0; i < sizeof charge_taper / sizeof charge_taper[0]; i++) {
        if (cell_max_mv >= charge_taper[i].cell_mv)
            return charge_taper[i].share_pm;
    }
    return 1000;
}

static int32_t discharge_share(int32_t cell_min_mv)
{
    for (size_t i = 0; i < sizeof discharge_taper / sizeof discharge_taper[0]; i++) {
        if (cell_min_mv <= discharge_taper[i].cell_mv)
            return discharge_taper[i].share_pm;
    }
    return 1000;
}

static int32_t between(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

void pylontech_module_taper(struct pylontech_module *m, const struct battery *b)
{
    if (!battery_knows(b, FIELD_CELL_MIN_MAX))
        return;
    m->charge_cut_pm = between(m->charge_cut_pm, 1000 - charge_share(b->cell_max_mv),
                               1000 - charge_share(b->cell_max_mv + TAPER_RELEASE_MV));
    m->discharge_cut_pm = between(m->discharge_cut_pm, 1000 - discharge_share(b->cell_min_mv),
                                  1000 - discharge_share(b->cell_min_mv - TAPER_RELEASE_MV));
}

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t magnitude(int32_t value)
{
    return value < 0 ? -value : value;
}

static int32_t share_of(int32_t ma, int32_t pm)
{
    return (int32_t)((int64_t)ma * pm / 1000);
}

static struct pylontech_product product_of(const struct pylontech_module *m,
                                           const struct pylontech_limits *limits)
{
    const struct pylontech_product *product = pylontech_product_find(pylontech_module_device(m));
    uint8_t cells = m->info.cell_number != 0 ? m->info.cell_number : (uint8_t)m->bat.n;

    return product != NULL ? *product
                           : pylontech_product_like(cells, pylontech_module_capacity(m, limits));
}

/* The currents before anything is wrong; *b holds the hardware's limits of `info` where known. */
static void start_currents(const struct pylontech_module *m, const struct pylontech_limits *l,
                           const struct pylontech_product *p, const struct pylon_system *sys,
                           struct battery *b)
{
    bool told = sys != NULL && sys->has_module_limits;
    int32_t ccl = l->charge_ma > 0 ? l->charge_ma : p->ccl_ma;
    int32_t dcl = l->discharge_ma > 0 ? l->discharge_ma : p->dcl_ma;
    int32_t full = l->charge_ma > 0 ? share_of(l->charge_ma, 400) : p->ccl_full_ma;

    if (told && l->charge_ma <= 0)
        ccl = full = magnitude(sys->module_ccl_ma); /* it knows that the battery is near full */
    if (told && l->discharge_ma <= 0)
        dcl = magnitude(sys->module_dcl_ma); /* printed with a sign */
    int32_t charge = m->near_full ? full : ccl;
    charge = least(charge, share_of(ccl, 1000 - m->charge_cut_pm));
    dcl = least(dcl, share_of(dcl, 1000 - m->discharge_cut_pm));
    b->ccl_ma = battery_knows(b, FIELD_CCL) ? least(charge, b->ccl_ma) : charge;
    b->dcl_ma = battery_knows(b, FIELD_DCL) ? least(dcl, b->dcl_ma) : dcl;
    b->known |= FIELD_CCL | FIELD_DCL;
}

static void voltages(const struct pylontech_limits *l, const struct pylontech_product *p,
                     const struct pylon_system *sys, struct battery *b)
{
    bool told = sys != NULL && sys->has_module_limits;

    b->cvl_mv = told ? sys->module_cvl_mv : p->cvl_mv;
    b->dvl_mv = told ? sys->module_dvl_mv : p->dvl_mv;
    if (l->charge_mv > 0)
        b->cvl_mv = l->charge_mv;
    if (l->discharge_mv > 0)
        b->dvl_mv = l->discharge_mv;
    /* Some inverters charge on at CCL 0 while the voltage allows it: take that away as well, but
     * never ask them to discharge the battery. */
    if ((b->protections & (C(CELL_OVERVOLTAGE) | C(PACK_OVERVOLTAGE))) != 0) {
        int32_t now_mv = b->pack_mv / 100 * 100;
        b->cvl_mv = least(b->cvl_mv, now_mv > b->dvl_mv ? now_mv : b->dvl_mv);
    }
    b->known |= FIELD_CVL | FIELD_DVL;
}

static void apply_alarms(struct battery *b)
{
    if ((b->warnings & SLOWS_CHARGE) != 0)
        b->ccl_ma /= 2;
    if ((b->warnings & SLOWS_DISCHARGE) != 0)
        b->dcl_ma /= 2;
    if ((b->protections & STOPS_CHARGE) != 0)
        b->ccl_ma = 0;
    if ((b->protections & STOPS_DISCHARGE) != 0)
        b->dcl_ma = 0;
    b->charge_enable = b->ccl_ma > 0;
    b->discharge_enable = b->dcl_ma > 0;
    b->known |= FIELD_ENABLES | FIELD_WARNINGS | FIELD_PROTECTIONS;
}

void pylontech_module_limits(const struct pylontech_module *m,
                             const struct pylontech_limits *limits, const struct pylon_system *sys,
                             struct battery *b)
{
    struct pylontech_product product = product_of(m, limits);

    start_currents(m, limits, &product, sys, b);
    voltages(limits, &product, sys, b);
    apply_alarms(b);
    if (b->cell_count == 0)
        b->cell_count = product.cells;
}
