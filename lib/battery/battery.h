/* SPDX-License-Identifier: Apache-2.0
 *
 * The state of one battery (one BMS with its cells) in fixed-point units, with a bit per field that
 * says "this is known". A value the battery did not send is unknown, never zero. No pointers, no
 * allocation: copy it with =. At most 1 KiB.
 *
 * Current is positive when charging, everywhere.
 */
#ifndef BATTERY_BATTERY_H
#define BATTERY_BATTERY_H

#include <stdbool.h>
#include <stdint.h>

enum {
    BATTERY_MAX_CELLS = 32,
    BATTERY_MAX_TEMPS = 8,
    BATTERY_TEXT = 32, /* identity texts, NUL included */
};

/* The conditions a BMS can warn of or protect against: one list for the whole project. */
enum battery_condition {
    COND_CELL_OVERVOLTAGE,
    COND_CELL_UNDERVOLTAGE,
    COND_PACK_OVERVOLTAGE,
    COND_PACK_UNDERVOLTAGE,
    COND_CHARGE_OVERCURRENT,
    COND_DISCHARGE_OVERCURRENT,
    COND_CHARGE_OVERTEMPERATURE,
    COND_CHARGE_UNDERTEMPERATURE,
    COND_DISCHARGE_OVERTEMPERATURE,
    COND_DISCHARGE_UNDERTEMPERATURE,
    COND_MOS_OVERTEMPERATURE,
    COND_IMBALANCE,
    COND_SHORT_CIRCUIT,
    COND_INTERNAL_FAULT,
    COND_COMMUNICATION_LOSS,
    COND_UNKNOWN_WORD, /* the BMS said something alarming that we have no name for */
    COND_COUNT
};

#define COND_BIT(cond) (1u << (unsigned)(cond))

/* "cell_overvoltage", ...; never NULL for a valid condition. */
const char *battery_condition_name(enum battery_condition cond);
bool battery_condition_find(const char *name, enum battery_condition *ret);

enum battery_role { ROLE_CELL, ROLE_MOS, ROLE_AMBIENT, ROLE_BOARD };

/* Bits of battery.known: set when the field below holds what the battery said. */
enum battery_field {
    FIELD_PACK_MV = 1u << 0,
    FIELD_CURRENT_MA = 1u << 1,
    FIELD_SOC_PM = 1u << 2,
    FIELD_SOH_PM = 1u << 3,
    FIELD_FULL_MAH = 1u << 4,
    FIELD_REMAINING_MAH = 1u << 5,
    FIELD_CYCLES = 1u << 6,
    FIELD_CELLS = 1u << 7,        /* every one of cell_mv[0..cell_count-1] */
    FIELD_CELL_MIN_MAX = 1u << 8, /* cell_min_mv, cell_max_mv */
    FIELD_CELL_IDS = 1u << 9,     /* cell_min_id, cell_max_id */
    FIELD_TEMPS = 1u << 10,       /* temp_dc[0..temp_count-1]; each also by temp_known */
    FIELD_TEMP_MIN_MAX = 1u << 11,
    FIELD_CVL = 1u << 12,
    FIELD_DVL = 1u << 13,
    FIELD_CCL = 1u << 14,
    FIELD_DCL = 1u << 15,
    FIELD_ENABLES = 1u << 16,  /* charge_enable, discharge_enable */
    FIELD_REQUESTS = 1u << 17, /* force_charge, full_charge_request */
    FIELD_BALANCING = 1u << 18,
    FIELD_WARNINGS = 1u << 19,
    FIELD_PROTECTIONS = 1u << 20,
    FIELD_MAKER = 1u << 21,
    FIELD_MODEL = 1u << 22,
    FIELD_SERIAL = 1u << 23,
    FIELD_FIRMWARE = 1u << 24,
};

struct battery {
    uint32_t known; /* enum battery_field bits */

    int32_t pack_mv;
    int32_t current_ma; /* + charging */
    int32_t soc_pm;     /* 0.1 %; may exceed 1000 as the battery said it; sinks clamp */
    int32_t soh_pm;     /* 0.1 % */
    int32_t full_mah;
    int32_t remaining_mah;
    int32_t cycles;

    uint8_t cell_count; /* 0 when unknown */
    uint8_t temp_count;
    uint8_t cell_min_id; /* 1-based; 0: some cell, not known which */
    uint8_t cell_max_id;
    uint16_t cell_mv[BATTERY_MAX_CELLS];
    uint16_t cell_min_mv;
    uint16_t cell_max_mv;

    int16_t temp_dc[BATTERY_MAX_TEMPS];   /* 0.1 C */
    uint8_t temp_role[BATTERY_MAX_TEMPS]; /* enum battery_role */
    uint8_t temp_known;                   /* bit i: temp_dc[i] was sent */
    int16_t temp_min_dc;                  /* of the cells */
    int16_t temp_max_dc;

    int32_t cvl_mv; /* charge voltage limit */
    int32_t dvl_mv; /* discharge voltage limit: do not discharge below */
    int32_t ccl_ma; /* charge current limit, never negative */
    int32_t dcl_ma; /* discharge current limit, never negative */

    bool charge_enable;
    bool discharge_enable;
    bool force_charge;
    bool full_charge_request;
    uint32_t balancing;   /* bit i: cell i + 1 is being balanced */
    uint32_t warnings;    /* COND_BIT set */
    uint32_t protections; /* COND_BIT set */
    uint32_t told;        /* COND_BIT set: conditions that both sets tell of though they are not
                             known as a whole; see battery_told() */

    uint8_t modules; /* that it speaks for, as the master of a stack on CAN; 0: not told, one */

    char maker[BATTERY_TEXT];
    char model[BATTERY_TEXT];
    char serial[BATTERY_TEXT];
    char firmware[BATTERY_TEXT];

    uint64_t updated_us; /* loop time of the last good reply; 0: never */
};

static inline bool battery_knows(const struct battery *b, uint32_t fields)
{
    return (b->known & fields) == fields;
}

/* The conditions of a set (FIELD_WARNINGS or FIELD_PROTECTIONS) that are known, raised or not. Of
 * the others nobody can say that they are not there. */
static inline uint32_t battery_told(const struct battery *b, uint32_t set)
{
    return battery_knows(b, set) ? COND_BIT(COND_COUNT) - 1 : b->told;
}

/* All unknown, nothing set. */
void battery_clear(struct battery *b);

/* Fills cell_min/max and ids from cell_mv, and temp_min/max from the cell sensors, where known. The
 * first of equals gives the id; what cannot be derived keeps its old value. */
void battery_derive_extremes(struct battery *b);

/* The temperature of the cells in 0.1 C: the mean of the known cell sensors, else the middle
 * between temp_min_dc and temp_max_dc. False when the battery told neither: there is no default. */
bool battery_cell_temperature(const struct battery *b, int32_t *ret_dc);

#endif
