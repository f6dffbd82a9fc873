/* SPDX-License-Identifier: Apache-2.0
 *
 * Growatt low-voltage CAN: other ids, big endian, keepalive 0x301.
 *
 * Source: Growatt BMS CAN-Bus protocol low voltage V1.04. Prepared as data: no capture of a battery
 * is public, the status word of 0x311 has no source in the bank, and real packs disagree with the
 * document about the enable bits of 0x319.
 */
#include "proto/pylon_can/pylon_can_table.h"

#define C(condition) COND_BIT(COND_##condition)

/* 0x311: limits; the status word in bytes 6-7 (state, sleep, outputs) is not known to a bank */
static const struct pcan_row limits[] = {
    U16(PCAN_CVL, 0, 100, 40000, 63000, PCAN_MUST | PCAN_NONZERO | PCAN_FLOOR, 0),
    U16(PCAN_CCL, 2, 100, 0, 1200000, PCAN_MUST | PCAN_POSITIVE | PCAN_FLOOR, 0),
    U16(PCAN_DCL, 4, 100, 0, 1200000, PCAN_MUST | PCAN_POSITIVE | PCAN_FLOOR, 0),
};

/* 0x312: protections in bytes 0-1, warnings in 2-3; a name we do not know becomes system error or
 * internal communication fail, as in Pylontech's 359 */
static const struct pcan_row alarms[] = {
    BIT(0, 7, PCAN_PROTECTION, C(DISCHARGE_OVERCURRENT), C(DISCHARGE_OVERCURRENT)),
    BIT(0, 6, PCAN_PROTECTION, C(CHARGE_OVERCURRENT), C(CHARGE_OVERCURRENT)),
    BIT(0, 5, PCAN_PROTECTION, C(SHORT_CIRCUIT), C(SHORT_CIRCUIT)),
    BIT(0, 4, PCAN_PROTECTION, C(CELL_OVERVOLTAGE), C(CELL_OVERVOLTAGE)),
    BIT(0, 3, PCAN_PROTECTION, C(CELL_UNDERVOLTAGE), C(CELL_UNDERVOLTAGE)),
    BIT(0, 2, PCAN_PROTECTION, C(PACK_OVERVOLTAGE), C(PACK_OVERVOLTAGE)),
    BIT(0, 1, PCAN_PROTECTION, C(PACK_UNDERVOLTAGE), C(PACK_UNDERVOLTAGE)),
    BIT(1, 7, PCAN_PROTECTION, C(DISCHARGE_OVERTEMPERATURE) | C(MOS_OVERTEMPERATURE),
        C(DISCHARGE_OVERTEMPERATURE)),
    BIT(1, 6, PCAN_PROTECTION, C(CHARGE_OVERTEMPERATURE), C(CHARGE_OVERTEMPERATURE)),
    BIT(1, 5, PCAN_PROTECTION, C(DISCHARGE_UNDERTEMPERATURE), C(DISCHARGE_UNDERTEMPERATURE)),
    BIT(1, 4, PCAN_PROTECTION, C(CHARGE_UNDERTEMPERATURE), C(CHARGE_UNDERTEMPERATURE)),
    BIT(1, 3, PCAN_PROTECTION, C(INTERNAL_FAULT) | C(UNKNOWN_WORD), C(INTERNAL_FAULT)),
    BIT(1, 2, PCAN_PROTECTION, C(IMBALANCE), C(IMBALANCE)),
    BIT(2, 7, PCAN_WARNING, C(DISCHARGE_OVERCURRENT), C(DISCHARGE_OVERCURRENT)),
    BIT(2, 6, PCAN_WARNING, C(CHARGE_OVERCURRENT), C(CHARGE_OVERCURRENT)),
    BIT(2, 4, PCAN_WARNING, C(CELL_OVERVOLTAGE), C(CELL_OVERVOLTAGE)),
    BIT(2, 3, PCAN_WARNING, C(CELL_UNDERVOLTAGE), C(CELL_UNDERVOLTAGE)),
    BIT(2, 2, PCAN_WARNING, C(PACK_OVERVOLTAGE), C(PACK_OVERVOLTAGE)),
    BIT(2, 1, PCAN_WARNING, C(PACK_UNDERVOLTAGE), C(PACK_UNDERVOLTAGE)),
    BIT(3, 7, PCAN_WARNING, C(DISCHARGE_OVERTEMPERATURE) | C(MOS_OVERTEMPERATURE),
        C(DISCHARGE_OVERTEMPERATURE)),
    BIT(3, 6, PCAN_WARNING, C(CHARGE_OVERTEMPERATURE), C(CHARGE_OVERTEMPERATURE)),
    BIT(3, 5, PCAN_WARNING, C(DISCHARGE_UNDERTEMPERATURE), C(DISCHARGE_UNDERTEMPERATURE)),
    BIT(3, 4, PCAN_WARNING, C(CHARGE_UNDERTEMPERATURE), C(CHARGE_UNDERTEMPERATURE)),
    BIT(3, 2, PCAN_WARNING, C(IMBALANCE), C(IMBALANCE)),
    BIT(3, 0, PCAN_EITHER, C(COMMUNICATION_LOSS), C(COMMUNICATION_LOSS)),
    BIT(3, 0, PCAN_WARNING, C(INTERNAL_FAULT) | C(UNKNOWN_WORD) | C(SHORT_CIRCUIT), 0),
    U8(PCAN_ONLINE, 4, 1, 254, 0),
    U8(PCAN_CELLS_TOTAL, 7, 1, 254, 0),
};

/* 0x313: voltage, current (+ charging), highest cell temperature, SOC, SOH (7 bits) */
static const struct pcan_row measurement[] = {
    S16(PCAN_VOLTAGE, 0, 10, 36000, 64000, PCAN_MUST, 0),
    S16(PCAN_CURRENT, 2, 100, -3276000, 3276000, PCAN_MUST, 0),
    S16(PCAN_TEMP_MAX, 4, 1, -400, 900, PCAN_MUST, 0),
    {.kind = PCAN_NUMBER,
     .is.number = PCAN_SOC,
     .byte = 6,
     .bits = 8,
     .mul = 1,
     .div = 10,
     .max = 1000,
     .flags = PCAN_MUST | PCAN_CLAMP | PCAN_FLOOR},
    {.kind = PCAN_NUMBER,
     .is.number = PCAN_SOH,
     .byte = 7,
     .bits = 7,
     .mul = 1,
     .div = 10,
     .max = 1000,
     .flags = PCAN_CLAMP,
     .missing = 100},
};

/* 0x314: remaining and full capacity in 10 mAh, spread of the cells, cycles */
static const struct pcan_row capacity[] = {
    U16(PCAN_REMAINING, 0, 10, 0, 655350, PCAN_MUST, 0),
    U16(PCAN_FULL, 2, 10, 0, 655350, PCAN_MUST, 0),
    U16(PCAN_CYCLES, 6, 1, 0, 65535, 0, 0),
};

/* 0x319: enables and requests, chemistry (bits 1-0: 0 LFP), cell extremes and their numbers */
static const struct pcan_row requests[] = {
    FLAG(PCAN_CHARGE_ENABLE, 0, 7, 1, 0),
    FLAG(PCAN_DISCHARGE_ENABLE, 0, 6, 1, 0),
    FLAG(PCAN_FORCE_CHARGE, 0, 5, 1, 0),
    FLAG(PCAN_FORCE_CHARGE, 0, 4, 1, PCAN_READ_ONLY),
    U16(PCAN_CELL_MAX, 1, 1, 1500, 4500, PCAN_MUST, 0),
    U16(PCAN_CELL_MIN, 3, 1, 1500, 4500, PCAN_MUST, 0),
    PLACE(PCAN_PLACE_CELL, PCAN_AT_CELL_MAX, 5, 8, 0),
    PLACE(PCAN_PLACE_CELL, PCAN_AT_CELL_MIN, 6, 8, 0),
};

/* 0x320 identity, 0x321 update, 0x315..0x318 cells of a single pack: nothing in the bank's sum */
static const struct pcan_frame frames[] = {
    FRAME(0x311, 8, DLC(8), PCAN_CORE, 0, limits),
    FRAME(0x312, 8, DLC(8), PCAN_OPTIONAL, 0, alarms),
    FRAME(0x313, 8, DLC(8), PCAN_CORE, 0, measurement),
    FRAME(0x314, 8, DLC(8), PCAN_OPTIONAL, 0, capacity),
    FRAME(0x319, 8, DLC(8), PCAN_OPTIONAL, FIELD_ENABLES, requests),
    FRAME_IGNORED(0x320, DLC(8)),
    FRAME_IGNORED(0x321, DLC(8)),
    FRAME_IGNORED(0x315, DLC(8)),
    FRAME_IGNORED(0x316, DLC(8)),
    FRAME_IGNORED(0x317, DLC(8)),
    FRAME_IGNORED(0x318, DLC(8)),
};

const struct pylon_can_dialect pcan_growatt_lv_1_04 = {
    .name = "growatt-lv-1.04",
    .maker = "",
    .period_ms = 1000,
    .keepalive_id = 0x301,
    .big_endian = true,
    FRAMES(frames),
};
