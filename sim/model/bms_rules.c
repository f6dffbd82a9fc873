/* SPDX-License-Identifier: Apache-2.0
 *
 * The thresholds. Sources per row: [47] RS485 system parameters of US2KBPL, US2000C and US3000C;
 * [HV] `sysinfo` of a Force H2 and an SC controller, same maker and chemistry; [cap] a capture of
 * the console; [DSB] defaults of dbus-serialbattery; [C] nobody published it, our choice.
 *
 * Voltages and temperatures are judged on the very sample that is printed, so their delay is 0
 * unless the configuration says otherwise: the console never shows 3.700 V next to a state that
 * does not know it yet. Currents have to last.
 */
#include "sim/model/bms_logic.h"

/* Per cell, so that a pack of another cell count scales. */
static const struct rule voltage_rules[] = {
    /* "High" seen at 3562 mV, "Normal" at 3500 mV in full packs [cap]; trip as level 3 of [HV] */
    {COND_CELL_OVERVOLTAGE, false, INPUT_CELL_MV, true, 3550, 3501, 0, 0},
    /* [47] 3650; release [HV] */
    {COND_CELL_OVERVOLTAGE, true, INPUT_CELL_MV, true, 3650, 3400, 0, 0},
    /* [47] 3050; release [HV] */
    {COND_CELL_UNDERVOLTAGE, false, INPUT_CELL_MV, false, 3050, 3200, 0, 0},
    /* between CVL and protection [C] */
    {COND_PACK_OVERVOLTAGE, false, INPUT_PACK_MV, true, 3580, 3500, 0, 0},
    /* [47] 54.0 V, `Max Voltage` of `pwr N`; release [C] */
    {COND_PACK_OVERVOLTAGE, true, INPUT_PACK_MV, true, 3600, 3500, 0, 0},
    /* [47] 46.0 V; release as the cells' */
    {COND_PACK_UNDERVOLTAGE, false, INPUT_PACK_MV, false, 3067, 3200, 0, 0},
    /* a US3000C showed 156 mV and no alarm [cap]; [C] */
    {COND_IMBALANCE, false, INPUT_SPREAD_MV, true, 300, 250, 0, 0},
    /* a broken sensor reads 4095 mV and the base state is SysError [cap]; below 1 V [44h] */
    {COND_INTERNAL_FAULT, true, INPUT_CELL_MV, true, 4000, 3900, 0, 0},
    {COND_INTERNAL_FAULT, true, INPUT_CELL_MV, false, 1000, 1100, 0, 0},
};

static const struct rule temperature_rules[] = {
    /* warm: 5 K before the protection, release 5 K below [C] */
    {COND_CHARGE_OVERTEMPERATURE, false, INPUT_CELL_DC, true, 550, 500, 0, 0},
    {COND_DISCHARGE_OVERTEMPERATURE, false, INPUT_CELL_DC, true, 550, 500, 0, 0},
    /* level "low 2" of [HV]: 0/2 C; discharging 5 K before the protection [C] */
    {COND_CHARGE_UNDERTEMPERATURE, false, INPUT_CELL_DC, false, 0, 20, 0, 0},
    {COND_DISCHARGE_UNDERTEMPERATURE, false, INPUT_CELL_DC, false, -50, -30, 0, 0},
    /* MOSFETs: where [DSB] cuts to a quarter and to nothing */
    {COND_MOS_OVERTEMPERATURE, false, INPUT_MOS_DC, true, 800, 700, 0, 0},
    {COND_MOS_OVERTEMPERATURE, true, INPUT_MOS_DC, true, 900, 750, 0, 0},
};

#define CURRENT_CLEAR_MS 30000 /* a tripped current protection tries again after this [C] */

static void add(struct rule_set *set, struct rule rule)
{
    set->rules[set->n++] = rule;
}

static void add_voltages(struct rule_set *set, const struct product *p, uint8_t cells,
                         uint32_t delay_ms)
{
    for (size_t i = 0; i < sizeof voltage_rules / sizeof voltage_rules[0]; i++) {
        struct rule rule = voltage_rules[i];
        if (rule.input == INPUT_PACK_MV) {
            rule.trip *= cells;
            rule.clear *= cells;
        }
        rule.delay_ms = rule.protection && rule.cond != COND_INTERNAL_FAULT ? delay_ms : 0;
        add(set, rule);
    }
    /* [47] per product; release as the warning's [HV] */
    add(set, (struct rule){COND_CELL_UNDERVOLTAGE, true, INPUT_CELL_MV, false, p->cell_under_mv,
                           3200, delay_ms, 0});
    add(set, (struct rule){COND_PACK_UNDERVOLTAGE, true, INPUT_PACK_MV, false,
                           p->pack_under_mv * cells / p->cells, 3200 * cells, delay_ms, 0});
}

static void add_temperatures(struct rule_set *set, const struct product *p, uint32_t delay_ms)
{
    static const enum battery_condition hot[] = {COND_CHARGE_OVERTEMPERATURE,
                                                 COND_DISCHARGE_OVERTEMPERATURE};
    static const enum battery_condition cold[] = {COND_CHARGE_UNDERTEMPERATURE,
                                                  COND_DISCHARGE_UNDERTEMPERATURE};

    for (size_t i = 0; i < sizeof temperature_rules / sizeof temperature_rules[0]; i++) {
        struct rule rule = temperature_rules[i];
        rule.delay_ms = rule.protection ? delay_ms : 0;
        add(set, rule);
    }
    for (size_t i = 0; i < 2; i++) {
        /* [47] per product; release 10 K below [C], 2 K above [HV] */
        add(set, (struct rule){hot[i], true, INPUT_CELL_DC, true, p->temp_high_dc,
                               p->temp_high_dc - 100, delay_ms, 0});
        add(set, (struct rule){cold[i], true, INPUT_CELL_DC, false, p->temp_low_dc,
                               p->temp_low_dc + 20, delay_ms, 0});
    }
}

/* Protection at the limit that `info` prints and [47] gives; warning at 95 %, a fast second stage
 * at 125 % and a short circuit at 300 % [C]. */
static void add_currents(struct rule_set *set, int32_t charge_ma, int32_t discharge_ma)
{
    const struct {
        enum battery_condition cond;
        enum rule_input input;
        int32_t limit;
    } sides[] = {
        {COND_CHARGE_OVERCURRENT, INPUT_CHARGE_MA, charge_ma},
        {COND_DISCHARGE_OVERCURRENT, INPUT_DISCHARGE_MA, discharge_ma},
    };

    for (size_t i = 0; i < 2; i++) {
        int32_t limit = sides[i].limit;
        add(set, (struct rule){sides[i].cond, false, sides[i].input, true, limit / 20 * 19,
                               limit / 10 * 9, 0, 0});
        add(set, (struct rule){sides[i].cond, true, sides[i].input, true, limit, limit / 10 * 9,
                               1000, CURRENT_CLEAR_MS});
        add(set, (struct rule){sides[i].cond, true, sides[i].input, true, limit / 4 * 5,
                               limit / 10 * 9, 100, CURRENT_CLEAR_MS});
    }
    add(set, (struct rule){COND_SHORT_CIRCUIT, true, INPUT_DISCHARGE_MA, true, 3 * discharge_ma,
                           discharge_ma, 0, CURRENT_CLEAR_MS});
}

/* ---- BMS whose owner sets the limits ---- */

static void add_owner_currents(struct rule_set *set, const struct owner_settings *s)
{
    uint32_t charge_ms = s->limits.charge_over_s * 1000U;
    uint32_t discharge_ms = s->limits.discharge_over_s * 1000U;
    uint32_t charge_clear_ms = s->limits.charge_release_s * 1000U;
    uint32_t discharge_clear_ms = s->limits.discharge_release_s * 1000U;

    add(set, (struct rule){COND_CHARGE_OVERCURRENT, true, INPUT_CHARGE_MA, true, s->ccl_ma + 1,
                           s->ccl_ma, charge_ms, charge_clear_ms});
    add(set, (struct rule){COND_DISCHARGE_OVERCURRENT, true, INPUT_DISCHARGE_MA, true,
                           s->dcl_ma + 1, s->dcl_ma, discharge_ms, discharge_clear_ms});
    add(set, (struct rule){COND_SHORT_CIRCUIT, true, INPUT_DISCHARGE_MA, true, 4 * s->dcl_ma,
                           s->dcl_ma, 0, discharge_clear_ms});
}

static void add_owner_rules(struct rule_set *set, const struct owner_settings *s, uint8_t cells,
                            uint32_t delay_ms)
{
    const struct owner_limits *o = &s->limits;
    const struct rule rules[] = {
        {COND_CELL_OVERVOLTAGE, true, INPUT_CELL_MV, true, o->cell_over_mv, o->cell_over_release_mv,
         delay_ms, 0},
        {COND_CELL_UNDERVOLTAGE, true, INPUT_CELL_MV, false, o->cell_under_mv,
         o->cell_under_release_mv, delay_ms, 0},
        {COND_PACK_OVERVOLTAGE, true, INPUT_PACK_MV, true, o->cell_over_mv * cells,
         o->cell_over_release_mv * cells, delay_ms, 0},
        {COND_PACK_UNDERVOLTAGE, true, INPUT_PACK_MV, false, o->cell_under_mv * cells,
         o->cell_under_release_mv * cells, delay_ms, 0},
        {COND_CHARGE_OVERTEMPERATURE, true, INPUT_CELL_DC, true, o->charge_hot_dc,
         o->charge_hot_release_dc, delay_ms, 0},
        {COND_CHARGE_UNDERTEMPERATURE, true, INPUT_CELL_DC, false, o->charge_cold_dc,
         o->charge_cold_release_dc, delay_ms, 0},
        {COND_DISCHARGE_OVERTEMPERATURE, true, INPUT_CELL_DC, true, o->discharge_hot_dc,
         o->discharge_hot_release_dc, delay_ms, 0},
        {COND_MOS_OVERTEMPERATURE, true, INPUT_MOS_DC, true, o->mos_hot_dc, o->mos_hot_release_dc,
         delay_ms, 0},
    };

    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        add(set, rules[i]);
    add_owner_currents(set, s);
    /* last, because it may come and go */
    if (o->discharge_cold_dc != o->discharge_cold_release_dc)
        add(set, (struct rule){COND_DISCHARGE_UNDERTEMPERATURE, true, INPUT_CELL_DC, false,
                               o->discharge_cold_dc, o->discharge_cold_release_dc, delay_ms, 0});
}

/* Currents are what the owner set for this BMS, whatever the cells can store. */
void rule_set_of_owner(const struct owner_settings *settings, uint8_t cells, int32_t capacity_mah,
                       int32_t trip_delay_ms, struct rule_set *ret)
{
    *ret = (struct rule_set){
        .cvl_mv = settings->limits.charge_mv * cells,
        .dvl_mv = settings->limits.cell_under_release_mv * cells,
        .ccl_ma = settings->ccl_ma,
        .dcl_ma = settings->dcl_ma,
        .full_mv = settings->limits.full_mv,
        .full_ma = capacity_mah / 20,
        .constant = true,
    };
    add_owner_rules(ret, settings, cells, trip_delay_ms > 0 ? (uint32_t)trip_delay_ms : 0);
}

/* ---- the whole ---- */

static int32_t ratio(int32_t value, int64_t part, int64_t whole)
{
    return (int32_t)(value * part / whole);
}

void rule_set_of(const struct product *product, uint8_t cells, int32_t capacity_mah,
                 int32_t trip_delay_ms, struct rule_set *ret)
{
    uint32_t delay_ms = trip_delay_ms > 0 ? (uint32_t)trip_delay_ms : 0;
    int64_t rated = product->capacity_mah;

    if (product->owner != NULL) {
        const struct owner_settings settings = {
            .limits = *product->owner, .ccl_ma = product->ccl_ma, .dcl_ma = product->dcl_ma};
        rule_set_of_owner(&settings, cells, capacity_mah, trip_delay_ms, ret);
        return;
    }
    *ret = (struct rule_set){
        .cvl_mv = ratio(product->cvl_mv, cells, product->cells),
        .dvl_mv = ratio(product->dvl_mv, cells, product->cells),
        .ccl_ma = ratio(product->ccl_ma, capacity_mah, rated),
        .dcl_ma = ratio(product->dcl_ma, capacity_mah, rated),
        .full_mv = product->cvl_mv / product->cells - 10,
        .full_ma = capacity_mah / 20, /* 0.05 C */
    };
    add_voltages(ret, product, cells, delay_ms);
    add_temperatures(ret, product, delay_ms);
    add_currents(ret, ratio(product->max_charge_ma, capacity_mah, rated),
                 ratio(product->max_discharge_ma, capacity_mah, rated));
}
