/* SPDX-License-Identifier: Apache-2.0
 *
 * The physics and the BMS logic of one battery: cells as open-circuit voltage plus two RC pairs,
 * heat, sensor lag, spread between cells by seed, and a BMS with thresholds, delays and hysteresis
 * of its own. I/O-free: time comes in with pack_step(). Floating point is allowed here and nowhere
 * else.
 *
 * Any value can be forced (pack_set, pack_ramp): a forced cell voltage is what the BMS measures,
 * and its logic reacts to it. Released values go back to the physics.
 */
#ifndef SIM_MODEL_PACK_H
#define SIM_MODEL_PACK_H

#include "base/clock.h"
#include "base/err.h"
#include "battery/battery.h"
#include "sim/config.h"
#include "sim/stimulus.h"

struct pack;

/* What the owner of a BMS sets, for BMS that recommend nothing: their limits are these values,
 * nothing tapers, there is no warning before a protection. Voltages are per cell. */
struct owner_limits {
    int32_t cell_over_mv, cell_over_release_mv;
    int32_t cell_under_mv, cell_under_release_mv;
    int32_t charge_mv, float_mv; /* asked of the charger */
    int32_t full_mv, empty_mv;   /* SOC 100 % and 0 % */
    int32_t power_off_mv;
    int16_t charge_hot_dc, charge_hot_release_dc;
    int16_t charge_cold_dc, charge_cold_release_dc;
    int16_t discharge_hot_dc, discharge_hot_release_dc;
    int16_t discharge_cold_dc, discharge_cold_release_dc; /* equal: no such protection */
    int16_t mos_hot_dc, mos_hot_release_dc;
    uint16_t charge_over_s, discharge_over_s;       /* delays of the current protections */
    uint16_t charge_release_s, discharge_release_s; /* how long they last */
    int32_t balance_ma, balance_start_mv, balance_trigger_mv;
};

/* The same with the largest currents, as the owner has them now. */
struct owner_settings {
    struct owner_limits limits;
    int32_t ccl_ma, dcl_ma;
};

/* What a product is: its cells, limits and words on the console. One row per model name. */
struct product {
    const char *name;        /* "pylontech.us3000c" */
    const char *device_name; /* "US3000C", as `info` prints it */
    uint8_t cells;
    int32_t capacity_mah;
    int32_t cvl_mv, dvl_mv; /* recommended limits of one module */
    int32_t ccl_ma, dcl_ma;
    int32_t max_charge_ma, max_discharge_ma; /* hardware limits printed by `info` (positive) */
    bool mos_sensor;
    bool whole_degrees; /* reports temperatures in whole degrees */
    const char *layout; /* console table of a stack whose master this is: "P2" */
    const char *bat_layout;
    uint8_t slots; /* rows of `pwr`: 8, 16; 0 prints only present modules */
    const char *maker, *board, *main_version, *soft_version, *boot_version, *comm_version;
    const char *release_date, *specification;
    const char *board_type;      /* the `Board` line of `info` since B69, "NF4.E3"; NULL: no line */
    const char *iterate_version; /* PYTES; NULL: no line */
    const char *prompt;          /* "pylon>" */
    int32_t max_voltage_mv;      /* `Max Voltage` of `pwr N`; 0: no line */
    /* What the BMS trips at; values and sources in products.c. */
    int32_t cell_under_mv, pack_under_mv; /* protection */
    int16_t temp_high_dc, temp_low_dc;    /* protection of the cells */
    const struct owner_limits *owner;     /* NULL: the BMS decides, by the rules of bms_rules.c */
    uint8_t temp_sensors;                 /* at the cells; 0: one for five cells */
};
const struct product *product_find(const char *name);
const char *const *product_names(void); /* NULL terminated */

enum err pack_new(const struct sim_battery *config, uint64_t seed, uint64_t now_us,
                  struct pack **ret);
void pack_delete(struct pack *pack);
const struct product *pack_product(const struct pack *pack);

/* Integrates up to now. */
void pack_step(struct pack *pack, uint64_t now_us);

/* The owner of a BMS that recommends nothing (product.owner) has set it anew: it trips at these
 * from now on, and its limits are these. */
void pack_set_owner(struct pack *pack, const struct owner_settings *settings);

enum err pack_set(struct pack *pack, const struct bms_path *path, int64_t micro);
enum err pack_ramp(struct pack *pack, const struct bms_path *path, int64_t from_micro,
                   int64_t to_micro, uint64_t duration_us);
enum err pack_release(struct pack *pack, const struct bms_path *path);
/* Micro-units; false when the path is no truth of a pack. */
bool pack_get(const struct pack *pack, const struct bms_path *path, int64_t *ret_micro);

/* What the BMS measures and decides now, all known fields filled (cells, temperatures, limits,
 * enables, warnings, protections). */
void pack_view(const struct pack *pack, struct battery *ret);

/* Lifetime counters that consoles print. */
struct pack_counters {
    int64_t discharged_mah;
    int32_t cycles;
    int32_t charge_seconds, discharge_seconds; /* of the present phase; 0 when idle */
    int32_t cell_overvoltage, cell_undervoltage, pack_overvoltage, pack_undervoltage;
    int32_t charge_overcurrent, discharge_overcurrent, overtemperature, undertemperature;
};
void pack_counters(const struct pack *pack, struct pack_counters *ret);

/* The same pack with one forced value undone: what would be told if `path` still had `old_micro`.
 * Used to find the reply that carries a change. */
void pack_view_without(const struct pack *pack, const struct bms_path *path, int64_t old_micro,
                       struct battery *ret);

#endif
