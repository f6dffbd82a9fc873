/* SPDX-License-Identifier: Apache-2.0
 *
 * What the BMS makes of what it measures: warnings and protections with threshold, release
 * threshold and delay, permission to charge and discharge, recommended limits, balancing. It sees
 * rounded values only, the same ones that it reports.
 */
#ifndef SIM_MODEL_BMS_LOGIC_H
#define SIM_MODEL_BMS_LOGIC_H

#include "battery/battery.h"
#include "sim/model/pack.h"

/* What the BMS measures. */
struct measured {
    uint8_t cells;
    uint16_t cell_mv[BATTERY_MAX_CELLS];
    int16_t cell_dc[BATTERY_MAX_CELLS]; /* the sensor at that cell */
    uint16_t low_mv, high_mv;           /* over the cells */
    int16_t cold_dc, warm_dc;
    int32_t pack_mv;
    int32_t current_ma;
    int16_t mos_dc, board_dc;
    int32_t soc_pm; /* as counted, 0..1000 unless forced */
};

enum rule_input {
    INPUT_CELL_MV,
    INPUT_CELL_DC,
    INPUT_PACK_MV,
    INPUT_SPREAD_MV,
    INPUT_CHARGE_MA,    /* 0 while discharging */
    INPUT_DISCHARGE_MA, /* positive, 0 while charging */
    INPUT_MOS_DC,
};

struct rule {
    enum battery_condition cond;
    bool protection;
    enum rule_input input;
    bool above; /* trips at or above `trip`, ends below `clear`; else the other way round */
    int32_t trip, clear; /* units of the input */
    uint32_t delay_ms;   /* the input must stay there so long */
    uint32_t clear_ms;   /* and so long on the good side */
};

enum { LOGIC_RULES = 32 };

struct rule_set {
    size_t n;
    struct rule rules[LOGIC_RULES];
    int32_t cvl_mv, dvl_mv, ccl_ma, dcl_ma; /* of this pack in health */
    int32_t full_mv;                        /* mean cell voltage that counts as full */
    int32_t full_ma;                        /* with less than this current */
    bool constant;                          /* limits do not taper, a full pack may be charged */
};

/* The rules of a product, scaled to the cells and the capacity that this pack really has.
 * trip_delay_ms of voltage and temperature protections; -1: the product's. */
void rule_set_of(const struct product *product, uint8_t cells, int32_t capacity_mah,
                 int32_t trip_delay_ms, struct rule_set *ret);

/* The same of a BMS whose owner sets the limits. The order of the rules is always the same, so that
 * their states outlive a change. */
void rule_set_of_owner(const struct owner_settings *settings, uint8_t cells, int32_t capacity_mah,
                       int32_t trip_delay_ms, struct rule_set *ret);

/* Bits are cells, bit 0 for what concerns the whole pack. */
struct rule_state {
    uint32_t active, pending, clearing;
    uint64_t pending_us, clearing_us; /* since when */
    int32_t trips;                    /* how often it became active */
};

struct logic {
    struct rule_state rules[LOGIC_RULES];
    uint32_t warnings, protections; /* of the rules alone */
    uint32_t forced_off, forced_on; /* protections that a scenario dictates */
    bool full, force_charge;
    uint64_t full_since_us; /* 0: not near full */
    uint64_t last_full_us;  /* soc was 97 % or more; for the full charge request */
    uint32_t balancing;
    bool charge_enable, discharge_enable;
};

void logic_init(struct logic *logic, uint64_t now_us);
void logic_step(struct logic *logic, const struct rule_set *set, const struct measured *m,
                uint64_t now_us);
/* The conditions now, forced ones included. */
uint32_t logic_protections(const struct logic *logic);
bool logic_full_charge_request(const struct logic *logic, uint64_t now_us);
/* Trips of one protection so far. */
int32_t logic_trips(const struct logic *logic, const struct rule_set *set,
                    enum battery_condition cond);

struct limits {
    int32_t cvl_mv, dvl_mv, ccl_ma, dcl_ma;
};
void logic_limits(const struct logic *logic, const struct rule_set *set, const struct measured *m,
                  struct limits *ret);

#endif
