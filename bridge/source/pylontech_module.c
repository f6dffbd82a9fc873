/* SPDX-License-Identifier: Apache-2.0
 *
 * The picture of a module. Where the figures come from:
 *
 *   cell over 3650, low 3050, under 2900 mV   RS485 command 47h of a US2000B
 *   cell high 3560 mV   a capture with `High` at 3562 mV (S53); 3.55 V is what the maker recommends
 *   0..50 C, -10..50 C  data sheets of US2000C, US3000C, US5000
 *   force charge 9 %    RS485 command 92h: 5..9 % (US2000B Plus), until 13 %
 *
 * (docs/protocols/pylontech-rs485.md section 4, docs/protocols/pylontech-console-failures.md)
 */
#include "bridge/source/pylontech_module.h"

#include "base/clock.h"
#include "bridge/source/pylontech_product.h"

#define C(condition) COND_BIT(COND_##condition)

/* How long what a slow command said is believed. */
static const uint64_t cells_life_us = 10 * US_PER_S;
static const uint64_t fitting_cells_life_us = 60 * US_PER_S;
static const uint64_t alarms_life_us = 30 * US_PER_S;

enum {
    WARNING_RELEASE_MV = 30,
    TEMPERATURE_RELEASE_DC = 20,
    CELLS_SLACK_MV = 30,
    NEAR_FULL_PM = 950,
    NEAR_FULL_RELEASE_PM = 930,
    FORCE_PM = 90,
    FORCE_RELEASE_PM = 130,
};

struct pylontech_limits pylontech_limits_default(void)
{
    return (struct pylontech_limits){
        .cell_over_mv = 3650, /* [47] */
        .cell_over_release_mv = 3500,
        .cell_under_mv = 2900, /* [47] */
        .cell_under_release_mv = 3050,
        .cell_high_mv = 3560, /* [S53] */
        .cell_low_mv = 3050,  /* [47] */
        .charge_min_dc = 0,   /* [DS] */
        .charge_max_dc = 500,
        .discharge_min_dc = -100,
        .discharge_max_dc = 500,
    };
}

void pylontech_module_reset(struct pylontech_module *m)
{
    *m = (struct pylontech_module){0};
}

/* "48V/50AH" -> 50000; 0 when it says something else */
static int32_t capacity_of_specification(const char *text)
{
    struct span s = span_str(text);
    size_t slash = span_find_byte(s, 0, '/');
    struct span number = span_sub(s, slash + 1, s.n);
    int64_t ah = 0;

    if (!span_ends(number, "AH"))
        return 0;
    number.n -= 2;
    return parse_i64(number, 1, 10000, &ah) ? (int32_t)ah * 1000 : 0;
}

const char *pylontech_module_device(const struct pylontech_module *m)
{
    return m->info.device_name[0] != '\0' ? m->info.device_name : m->row.dev_type;
}

int32_t pylontech_module_capacity(const struct pylontech_module *m,
                                  const struct pylontech_limits *limits)
{
    const struct pylontech_product *product = pylontech_product_find(pylontech_module_device(m));

    if (limits->capacity_mah > 0)
        return limits->capacity_mah;
    if (m->at.pwr_n_us != 0 && m->pwr_n.has_total && m->pwr_n.total_mah > 0)
        return m->pwr_n.total_mah;
    int32_t printed = capacity_of_specification(m->info.specification);
    if (printed > 0)
        return printed;
    return product != NULL ? product->capacity_mah : 0;
}

/* ---- what the slow commands add ---- */

static int32_t apart(int32_t a, int32_t b)
{
    return a > b ? a - b : b - a;
}

/* The cells were read some seconds before the row: do they still describe the same battery? If not
 * they are asked again at once, and stand until then: a key that comes and goes helps nobody. */
static bool cells_fit(const struct battery *cells, const struct battery *b)
{
    int64_t sum = 0;

    if (!battery_knows(cells, FIELD_CELLS) || !battery_knows(b, FIELD_CELL_MIN_MAX))
        return false;
    for (size_t i = 0; i < cells->cell_count && i < BATTERY_MAX_CELLS; i++)
        sum += cells->cell_mv[i];
    int64_t off = sum - b->pack_mv;
    return apart(cells->cell_min_mv, b->cell_min_mv) <= CELLS_SLACK_MV &&
           apart(cells->cell_max_mv, b->cell_max_mv) <= CELLS_SLACK_MV &&
           off <= 10 * cells->cell_count && -off <= 10 * cells->cell_count;
}

/* What an older answer of a slower command may still claim although the newest row shows that it is
 * over: an alarm leaves with the row that shows its end, not with the next round of details. *b
 * holds the row only. */
static uint32_t disproved(const struct pylontech_module *m, const struct pylontech_limits *l,
                          const struct battery *b)
{
    const int32_t in = TEMPERATURE_RELEASE_DC;
    uint32_t set = 0;

    if (battery_knows(b, FIELD_CELL_MIN_MAX)) {
        if (b->cell_max_mv < l->cell_high_mv - WARNING_RELEASE_MV)
            set |= C(CELL_OVERVOLTAGE) | C(PACK_OVERVOLTAGE);
        if (b->cell_min_mv > l->cell_low_mv + WARNING_RELEASE_MV)
            set |= C(CELL_UNDERVOLTAGE) | C(PACK_UNDERVOLTAGE);
    }
    if (b->temp_min_dc > l->charge_min_dc + in)
        set |= C(CHARGE_UNDERTEMPERATURE);
    if (b->temp_max_dc < l->charge_max_dc - in)
        set |= C(CHARGE_OVERTEMPERATURE);
    if (b->temp_min_dc > l->discharge_min_dc + in)
        set |= C(DISCHARGE_UNDERTEMPERATURE);
    if (b->temp_max_dc < l->discharge_max_dc - in)
        set |= C(DISCHARGE_OVERTEMPERATURE);
    if (span_eq_str(span_str(m->row.curr_st), "Normal"))
        set |= C(CHARGE_OVERCURRENT) | C(DISCHARGE_OVERCURRENT);
    return set;
}

uint32_t pylontech_module_contested(const struct pylontech_module *m,
                                    const struct pylontech_limits *limits)
{
    struct battery row;

    battery_clear(&row);
    if (m->at.row_us == 0 || pylon_battery_from_row(&m->row, &row) != ERR_OK)
        return 0;
    return disproved(m, limits, &row);
}

/* Adds what a slower command warned of at `at_us`, but for what a newer row disproves. Returns what
 * only this answer says. */
static uint32_t add_alarms(const struct pylontech_module *m, uint32_t disproved_set, uint64_t at_us,
                           uint64_t now_us, const struct battery *from, struct battery *b)
{
    uint32_t keep = at_us < m->at.row_us ? ~disproved_set : UINT32_MAX;

    if (now_us - at_us > alarms_life_us)
        return 0;
    uint32_t warnings = from->warnings & keep & ~b->warnings;
    uint32_t protections = from->protections & keep & ~b->protections;
    b->warnings |= warnings;
    b->protections |= protections;
    return warnings | protections;
}

/* After an interruption the first row is followed by `bat`. Older cells that still fit it stand
 * that long; those that do not are left out. */
static bool cells_live(const struct pylontech_module *m, uint64_t now_us)
{
    uint64_t age_us = now_us - m->at.bat_us;
    bool unanswered = m->asked.bat_us > m->at.bat_us;

    return age_us <= cells_life_us ||
           (!m->cells_differ && !unanswered && age_us <= fitting_cells_life_us);
}

/* The table has the extremes and not their cells; `bat` has the cells, but of some seconds ago. The
 * cell that was the extreme is not named beside a voltage that it did not have. */
static uint8_t name_of(uint8_t id, int32_t had_mv, int32_t extreme_mv)
{
    return apart(had_mv, extreme_mv) <= CELLS_SLACK_MV ? id : 0;
}

static void add_cells(struct pylontech_module *m, uint32_t disproved_set, struct battery *b,
                      uint64_t now_us)
{
    struct battery cells;

    m->cells_differ = false;
    if (m->at.bat_us == 0)
        return;
    battery_clear(&cells);
    pylon_battery_from_bat(&m->bat, &cells);
    b->cell_count = cells.cell_count;
    m->claims_bat =
        add_alarms(m, disproved_set & ~m->contested_bat, m->at.bat_us, now_us, &cells, b);
    m->cells_differ = !cells_fit(&cells, b);
    if (!battery_knows(&cells, FIELD_CELLS))
        return;
    bool live = cells_live(m, now_us);
    if (!battery_knows(b, FIELD_CELL_IDS)) {
        b->cell_min_id = live ? name_of(cells.cell_min_id, cells.cell_min_mv, b->cell_min_mv) : 0;
        b->cell_max_id = live ? name_of(cells.cell_max_id, cells.cell_max_mv, b->cell_max_mv) : 0;
        b->known |= FIELD_CELL_IDS;
    }
    if (!live)
        return;
    for (size_t i = 0; i < cells.cell_count; i++)
        b->cell_mv[i] = cells.cell_mv[i];
    b->balancing = cells.balancing;
    b->known |= FIELD_CELLS | (cells.known & FIELD_BALANCING);
}

static void add_slow(struct pylontech_module *m, const struct pylontech_limits *limits,
                     struct battery *b, uint64_t now_us)
{
    uint32_t over = disproved(m, limits, b);
    struct battery details;

    m->contested_bat &= over;
    m->contested_pwr_n &= over;
    if (m->at.info_us != 0)
        pylon_battery_from_info(&m->info, b);
    add_cells(m, over, b, now_us);
    if (m->at.pwr_n_us != 0) {
        battery_clear(&details);
        pylon_battery_from_module(&m->pwr_n, &details);
        m->claims_pwr_n =
            add_alarms(m, over & ~m->contested_pwr_n, m->at.pwr_n_us, now_us, &details, b);
    }
    if (m->at.stat_us != 0)
        pylon_battery_from_stat(&m->stat, b);
    /* the charge follows from the row's percentage, which is the newest figure there is */
    int32_t capacity_mah = pylontech_module_capacity(m, limits);
    b->known &= ~(uint32_t)(FIELD_FULL_MAH | FIELD_REMAINING_MAH);
    if (capacity_mah > 0) {
        b->full_mah = capacity_mah;
        b->remaining_mah = (int32_t)((int64_t)capacity_mah * b->soc_pm / 1000);
        b->known |= FIELD_FULL_MAH | FIELD_REMAINING_MAH;
    }
}

/* ---- our own thresholds ---- */

static void set_bit(uint32_t *set, uint32_t bit, bool on)
{
    *set = on ? *set | bit : *set & ~bit;
}

/* Raised at `on`, cleared beyond `off`; in between it stays as it is. */
static void above(uint32_t *set, uint32_t bit, int32_t value, int32_t on, int32_t off)
{
    if (value >= on || value < off)
        set_bit(set, bit, value >= on);
}

static void below(uint32_t *set, uint32_t bit, int32_t value, int32_t on, int32_t off)
{
    if (value <= on || value > off)
        set_bit(set, bit, value <= on);
}

static void check_cells(struct pylontech_module *m, const struct pylontech_limits *l,
                        const struct battery *b)
{
    if (!battery_knows(b, FIELD_CELL_MIN_MAX))
        return;
    above(&m->tripped, C(CELL_OVERVOLTAGE), b->cell_max_mv, l->cell_over_mv,
          l->cell_over_release_mv);
    below(&m->tripped, C(CELL_UNDERVOLTAGE), b->cell_min_mv, l->cell_under_mv,
          l->cell_under_release_mv);
    above(&m->warned, C(CELL_OVERVOLTAGE), b->cell_max_mv, l->cell_high_mv,
          l->cell_high_mv - WARNING_RELEASE_MV);
    below(&m->warned, C(CELL_UNDERVOLTAGE), b->cell_min_mv, l->cell_low_mv,
          l->cell_low_mv + WARNING_RELEASE_MV);
}

/* The windows are inclusive: exactly 0 C may be charged. */
static void check_temperatures(struct pylontech_module *m, const struct pylontech_limits *l,
                               const struct battery *b)
{
    const int32_t in = TEMPERATURE_RELEASE_DC;

    if (!battery_knows(b, FIELD_TEMP_MIN_MAX))
        return;
    below(&m->tripped, C(CHARGE_UNDERTEMPERATURE), b->temp_min_dc, l->charge_min_dc - 1,
          l->charge_min_dc + in);
    above(&m->tripped, C(CHARGE_OVERTEMPERATURE), b->temp_max_dc, l->charge_max_dc + 1,
          l->charge_max_dc - in);
    below(&m->tripped, C(DISCHARGE_UNDERTEMPERATURE), b->temp_min_dc, l->discharge_min_dc - 1,
          l->discharge_min_dc + in);
    above(&m->tripped, C(DISCHARGE_OVERTEMPERATURE), b->temp_max_dc, l->discharge_max_dc + 1,
          l->discharge_max_dc - in);
}

static void check_charge(struct pylontech_module *m, const struct battery *b)
{
    pylontech_module_taper(m, b);
    if (b->soc_pm >= NEAR_FULL_PM || b->soc_pm < NEAR_FULL_RELEASE_PM)
        m->near_full = b->soc_pm >= NEAR_FULL_PM;
    if (b->soc_pm <= FORCE_PM || b->soc_pm >= FORCE_RELEASE_PM)
        m->forced = b->soc_pm <= FORCE_PM;
}

/* `bat` may have seen a cell run away before the table does. What it saw counts for the thresholds
 * at once; what is published as the extremes comes from the table alone, because the table is about
 * this module for certain (the answer to `bat N` does not say which module it is about). */
static void add_worst(const struct pylontech_module *m, struct battery *b)
{
    struct battery cells;

    if (m->at.bat_us <= m->at.row_us)
        return;
    battery_clear(&cells);
    pylon_battery_from_bat(&m->bat, &cells);
    if (battery_knows(&cells, FIELD_CELLS) && battery_knows(b, FIELD_CELL_MIN_MAX)) {
        b->cell_min_mv = cells.cell_min_mv < b->cell_min_mv ? cells.cell_min_mv : b->cell_min_mv;
        b->cell_max_mv = cells.cell_max_mv > b->cell_max_mv ? cells.cell_max_mv : b->cell_max_mv;
    }
    if (battery_knows(&cells, FIELD_TEMP_MIN_MAX) && battery_knows(b, FIELD_TEMP_MIN_MAX)) {
        b->temp_min_dc = cells.temp_min_dc < b->temp_min_dc ? cells.temp_min_dc : b->temp_min_dc;
        b->temp_max_dc = cells.temp_max_dc > b->temp_max_dc ? cells.temp_max_dc : b->temp_max_dc;
    }
}

void pylontech_module_picture(struct pylontech_module *m, const struct pylontech_limits *limits,
                              const struct pylon_system *sys, uint64_t now_us)
{
    struct battery b;

    battery_clear(&b);
    if (pylon_battery_from_row(&m->row, &b) != ERR_OK)
        return;
    add_slow(m, limits, &b, now_us);
    const struct battery shown = b;
    add_worst(m, &b);
    check_cells(m, limits, &b);
    check_temperatures(m, limits, &b);
    check_charge(m, &b);
    b.protections |= m->tripped;
    b.warnings |= m->warned;
    pylontech_module_limits(m, limits, sys, &b);
    b.cell_min_mv = shown.cell_min_mv;
    b.cell_max_mv = shown.cell_max_mv;
    b.temp_min_dc = shown.temp_min_dc;
    b.temp_max_dc = shown.temp_max_dc;
    b.force_charge = m->forced || (b.protections & C(CELL_UNDERVOLTAGE)) != 0;
    b.known |= FIELD_REQUESTS;
    b.updated_us = m->at.row_us;
    m->out = b;
    m->published = true;
}

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

void pylontech_module_alarm(struct pylontech_module *m, const struct pylontech_limits *limits,
                            const struct pylon_system *sys, const struct pylon_pwr_row *row,
                            uint64_t now_us)
{
    struct pylontech_module doubtful = *m;

    doubtful.row = *row;
    pylontech_module_picture(&doubtful, limits, sys, now_us);
    m->out.warnings |= doubtful.out.warnings;
    m->out.protections |= doubtful.out.protections;
    m->out.ccl_ma = least(m->out.ccl_ma, doubtful.out.ccl_ma);
    m->out.dcl_ma = least(m->out.dcl_ma, doubtful.out.dcl_ma);
    m->out.cvl_mv = least(m->out.cvl_mv, doubtful.out.cvl_mv);
    m->out.charge_enable = m->out.ccl_ma > 0;
    m->out.discharge_enable = m->out.dcl_ma > 0;
}
