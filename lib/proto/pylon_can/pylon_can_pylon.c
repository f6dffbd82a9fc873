/* SPDX-License-Identifier: Apache-2.0
 *
 * The Pylontech family of CAN dialects: V1.2, V1.3, V2.0.6 and the documents copied from V1.2.
 *
 * Sources, cited as [..] at the tables:
 *   [P12]  Pylontech, CAN-Bus-protocol-PYLON-low-voltage V1.2, 2018-04-08
 *   [C01] [C02] [C04] [C06]  captures: US5000 V1.2 (6 and 4 modules), the same stack with V1.3
 *          firmware (setfirelabs.com), Eco-Worthy Cubix 100 ("V2.0.6_220510")
 *   [SA13] Sol-Ark CAN Bus Protocol V1.3      [LP04] LuxPower CAN Protocol V04.2, 2024-03-13
 *   [SEP1] SEPLOS BMS CAN Protocol V1.0       [HYB1] BMS_Protocol_CAN_Hybrid_EN V1.0
 *   [YAM]  Sleeper85/esphome-yambms yambms_canbus.yaml v2.5.7: what it emits, deviations included
 */
#include "proto/pylon_can/pylon_can_table.h"

#define C(condition) COND_BIT(COND_##condition)

#define OVER_VOLTAGE      (C(CELL_OVERVOLTAGE) | C(PACK_OVERVOLTAGE))
#define UNDER_VOLTAGE     (C(CELL_UNDERVOLTAGE) | C(PACK_UNDERVOLTAGE))
#define CELLS_HOT         (C(CHARGE_OVERTEMPERATURE) | C(DISCHARGE_OVERTEMPERATURE))
#define CELLS_COLD        (C(CHARGE_UNDERTEMPERATURE) | C(DISCHARGE_UNDERTEMPERATURE))
#define CHARGE_CURRENT    C(CHARGE_OVERCURRENT)
#define DISCHARGE_CURRENT C(DISCHARGE_OVERCURRENT)
#define IMBALANCE         C(IMBALANCE)
#define INTERNAL          C(INTERNAL_FAULT)
#define COMM_LOSS         C(COMMUNICATION_LOSS)

/* Hot MOSFETs have no bit of their own. The inverter's answer must be the same as to hot cells
 * (less current), so they share that bit; it is never read back as MOSFETs. */
#define HOT (CELLS_HOT | C(MOS_OVERTEMPERATURE))

/* Faults that the documents do not name. In protection the battery has acted and the inverter must
 * know, so they become "system error". */
#define UNNAMED_FAULTS (INTERNAL | C(SHORT_CIRCUIT) | C(UNKNOWN_WORD))

/* ---- 0x351: limits ---- [P12]; bytes 6-7 blank in the document, sent by US3000/US5000 [C01]
 * [C04]. 0 V would order the inverter to empty the battery, hence NONZERO. */
static const struct pcan_row limits[] = {
    U16(PCAN_CVL, 0, 100, 40000, 63000, PCAN_MUST | PCAN_NONZERO | PCAN_FLOOR, 0),
    S16(PCAN_CCL, 2, 100, 0, 1200000, PCAN_MUST | PCAN_POSITIVE | PCAN_FLOOR, 0),
    S16(PCAN_DCL, 4, 100, 0, 1200000, PCAN_MUST | PCAN_POSITIVE | PCAN_FLOOR, 0),
    U16(PCAN_DVL, 6, 100, 36000, 52000, PCAN_MARKED | PCAN_CEIL, 0),
};

/* ---- 0x355: state ---- [P12]. SOC is rounded down: 99.5 % shown as 100 % tells the inverter that
 * the battery is full when it is not (AGG-1 rule L3 keeps 100 % for full batteries). There is no
 * "not provided" for SOH; 100 % is what an inverter assumes without it (SMA's default). */
#define SOC_SOH                                                            \
    U16(PCAN_SOC, 0, 10, 0, 1000, PCAN_MUST | PCAN_CLAMP | PCAN_FLOOR, 0), \
        U16(PCAN_SOH, 2, 10, 0, 1000, PCAN_CLAMP, 100)
static const struct pcan_row soc_soh[] = {SOC_SOH};

/* ---- 0x356: measurement ---- [P12]; + is charging. Neither value has a "not provided". */
#define VOLTAGE_CURRENT(volt_unit)                               \
    S16(PCAN_VOLTAGE, 0, volt_unit, 36000, 64000, PCAN_MUST, 0), \
        S16(PCAN_CURRENT, 2, 100, -3276000, 3276000, PCAN_MUST, 0)
#define CELL_TEMPERATURE S16(PCAN_TEMPERATURE, 4, 1, -400, 900, PCAN_MUST, 0)
static const struct pcan_row measurement[] = {VOLTAGE_CURRENT(10), CELL_TEMPERATURE};

/* ---- 0x359: protections (bytes 0-1) and alarms (bytes 2-3) ---- [P12] table 3.
 * The alarm half has no "system error", only "internal communication fail" (3.3): warnings without
 * a name of their own go there, as YamBMS and [HYB1] do. An imbalance warning has no bit at all and
 * is not sent: calling it a communication failure would stop inverters over a matter of balancing.
 */
#define ALARMS_COMMON                                                                             \
    BIT(0, 7, PCAN_PROTECTION, DISCHARGE_CURRENT, DISCHARGE_CURRENT),                             \
        BIT(0, 4, PCAN_PROTECTION, CELLS_COLD, CELLS_COLD),                                       \
        BIT(0, 3, PCAN_PROTECTION, HOT, CELLS_HOT),                                               \
        BIT(0, 2, PCAN_PROTECTION, UNDER_VOLTAGE, UNDER_VOLTAGE),                                 \
        BIT(0, 1, PCAN_PROTECTION, OVER_VOLTAGE, OVER_VOLTAGE),                                   \
        BIT(2, 7, PCAN_WARNING, DISCHARGE_CURRENT, DISCHARGE_CURRENT),                            \
        BIT(2, 4, PCAN_WARNING, CELLS_COLD, CELLS_COLD), BIT(2, 3, PCAN_WARNING, HOT, CELLS_HOT), \
        BIT(2, 2, PCAN_WARNING, UNDER_VOLTAGE, UNDER_VOLTAGE),                                    \
        BIT(2, 1, PCAN_WARNING, OVER_VOLTAGE, OVER_VOLTAGE)
#define CHARGE_CURRENT_BITS(bit)                                  \
    BIT(1, bit, PCAN_PROTECTION, CHARGE_CURRENT, CHARGE_CURRENT), \
        BIT(3, bit, PCAN_WARNING, CHARGE_CURRENT, CHARGE_CURRENT)
#define SYSTEM_ERROR(conditions) BIT(1, 3, PCAN_PROTECTION, conditions, INTERNAL)
#define COMM_FAIL \
    BIT(3, 3, PCAN_EITHER, COMM_LOSS, COMM_LOSS), BIT(3, 3, PCAN_WARNING, UNNAMED_FAULTS, 0)
#define IMBALANCE_BITS \
    BIT(1, 4, PCAN_PROTECTION, IMBALANCE, IMBALANCE), BIT(3, 4, PCAN_WARNING, IMBALANCE, IMBALANCE)
#define MODULE_COUNT U8(PCAN_ONLINE, 4, 1, 255, 0)
#define PN           CONST(5, 'P'), CONST(6, 'N')
static const struct pcan_row alarms[] = {
    ALARMS_COMMON, CHARGE_CURRENT_BITS(0), SYSTEM_ERROR(UNNAMED_FAULTS | IMBALANCE),
    COMM_FAIL,     MODULE_COUNT,           PN,
};

/* ---- 0x35C: requests ---- [P12] table 5. We ask with "force charge I" (bit 5), the request for
 * inverters that may let the battery sleep; YamBMS asks with II (bit 4). Inverters take either. */
#define ENABLES FLAG(PCAN_CHARGE_ENABLE, 0, 7, 1, 0), FLAG(PCAN_DISCHARGE_ENABLE, 0, 6, 1, 0)

#define FORCE_CHARGE_1(mode) FLAG(PCAN_FORCE_CHARGE, 0, 5, 1, mode)
#define FORCE_CHARGE_2(mode) FLAG(PCAN_FORCE_CHARGE, 0, 4, 1, mode)
#define FULL_CHARGE          FLAG(PCAN_FULL_CHARGE, 0, 3, 1, 0)
static const struct pcan_row requests[] = {ENABLES, FORCE_CHARGE_1(0),
                                           FORCE_CHARGE_2(PCAN_READ_ONLY), FULL_CHARGE};

/* ---- 0x35E: manufacturer ---- [P12]; all captures pad PYLON with blanks. */
static const struct pcan_row maker_blanks[] = {TEXT(PCAN_MAKER, 0, ' ', PCAN_TRIM)};
static const struct pcan_row maker_nuls[] = {TEXT(PCAN_MAKER, 0, 0, PCAN_TRIM)};

/* ---- 0x379: installed capacity ---- [C06]: 0x00C8 = 200 Ah; [SA13] */
static const struct pcan_row installed[] = {U16(PCAN_FULL, 0, 1000, 1000, 65534000, PCAN_MUST, 0)};

/* ================================================================== pylon-1.2, deye-1.2 ==== */

/* [P12]; order of the document and of [C04]; lengths: [C01], old US2000 (351 with 6), clones (8) */
static const struct pcan_frame frames_1_2[] = {
    FRAME(0x359, 7, DLC(7) | DLC(8), PCAN_OPTIONAL, 0, alarms),
    FRAME(0x351, 8, DLC(6) | DLC(8), PCAN_CORE, 0, limits),
    FRAME(0x355, 4, DLC(4) | DLC(6) | DLC(8), PCAN_CORE, 0, soc_soh),
    FRAME(0x356, 6, DLC(6) | DLC(8), PCAN_CORE, 0, measurement),
    FRAME(0x35C, 2, DLC(1) | DLC(2) | DLC(8), PCAN_OPTIONAL, FIELD_ENABLES, requests),
    FRAME(0x35E, 8, DLC(8), PCAN_CORE, 0, maker_blanks),
};

const struct pylon_can_dialect pcan_pylon_1_2 = {
    .name = "pylon-1.2",
    .maker = "PYLON",
    .period_ms = 1000,
    .keepalive_id = 0x305,
    .complete = true,
    FRAMES(frames_1_2),
};

/* CAN-Bus-protocol-DEYE-low-voltage V1.2: the same document with another name in 35E */
const struct pylon_can_dialect pcan_deye_1_2 = {
    .name = "deye-1.2",
    .maker = "DEYE",
    .period_ms = 1000,
    .keepalive_id = 0x305,
    .complete = true,
    FRAMES(frames_1_2),
};

/* ================================================================== pylon-1.3 ==== */

/* 35F [C02] 4C 49 01 03 3C 02 AA 00: "LI", 1.3, 572 Ah, manufacturer 0x00AA */
static const struct pcan_row info_1_3[] = {
    CONST(0, 'L'),
    CONST(1, 'I'),
    CONST(2, 1),
    CONST(3, 3),
    U16(PCAN_FULL, 4, 1000, 1000, 65534000, PCAN_MUST, 0),
    CONST(6, 0xAA),
};

/* [C02]: 359 and 35C are gone, 35A is all zero in health */
static const struct pcan_frame frames_1_3[] = {
    FRAME(0x351, 8, DLC(8), PCAN_CORE, 0, limits),
    FRAME(0x355, 6, DLC(6) | DLC(8), PCAN_CORE, 0, soc_soh),
    FRAME(0x356, 6, DLC(6) | DLC(8), PCAN_CORE, 0, measurement),
    {.id = 0x35A,
     .dlc = 8,
     .accepts = DLC(8),
     .kind = PCAN_OPTIONAL,
     .n = PCAN_PAIR_ROWS,
     .rows = pcan_pairs_level},
    FRAME(0x35E, 8, DLC(8), PCAN_CORE, 0, maker_blanks),
    FRAME(0x35F, 8, DLC(8), PCAN_OPTIONAL, 0, info_1_3),
};

const struct pylon_can_dialect pcan_pylon_1_3 = {
    .name = "pylon-1.3",
    .maker = "PYLON",
    .period_ms = 1000,
    .keepalive_id = 0x305,
    .complete = true,
    .pair_ok = 0,
    FRAMES(frames_1_3),
};

/* ================================================================== pylon-2.0.6 ==== */

/* [C06] 00 00 0D 05 00 00 00 00: type, version 13.5, capacity 0; what the version means is open */
static const struct pcan_row info_2_0_6[] = {U16(PCAN_FULL, 4, 1000, 0, 65534000, PCAN_MARKED, 0)};

/* [C06]: temperatures first and maximum first, the opposite of 373 */
static const struct pcan_row extremes_2_0_6[] = {
    S16(PCAN_TEMP_MAX, 0, 1, -400, 900, PCAN_MUST, 0),
    S16(PCAN_TEMP_MIN, 2, 1, -400, 900, PCAN_MUST, 0),
    U16(PCAN_CELL_MAX, 4, 1, 1500, 4500, PCAN_MUST, 0),
    U16(PCAN_CELL_MIN, 6, 1, 1500, 4500, PCAN_MUST, 0),
};

/* [C06]: low byte cell, high byte pack; its temperature half contradicts 377 there */
static const struct pcan_row places_2_0_6[] = {
    PLACE(PCAN_PLACE_CELL, PCAN_AT_TEMP_MAX, 0, 8, 0),
    PLACE(PCAN_PLACE_BATTERY, PCAN_AT_TEMP_MAX, 1, 8, 0),
    PLACE(PCAN_PLACE_CELL, PCAN_AT_TEMP_MIN, 2, 8, 0),
    PLACE(PCAN_PLACE_BATTERY, PCAN_AT_TEMP_MIN, 3, 8, 0),
    PLACE(PCAN_PLACE_CELL, PCAN_AT_CELL_MAX, 4, 8, PCAN_MUST),
    PLACE(PCAN_PLACE_BATTERY, PCAN_AT_CELL_MAX, 5, 8, 0),
    PLACE(PCAN_PLACE_CELL, PCAN_AT_CELL_MIN, 6, 8, PCAN_MUST),
    PLACE(PCAN_PLACE_BATTERY, PCAN_AT_CELL_MIN, 7, 8, 0),
};

/* [C06]: minimum first, and the temperatures of 370 in whole K */
static const struct pcan_row cells_2_0_6[] = {
    U16(PCAN_CELL_MIN, 0, 1, 1500, 4500, PCAN_MUST, 0),
    U16(PCAN_CELL_MAX, 2, 1, 1500, 4500, PCAN_MUST, 0),
    PCAN_KELVIN(PCAN_TEMP_MIN, 4, PCAN_WRITE_ONLY),
    PCAN_KELVIN(PCAN_TEMP_MAX, 6, PCAN_WRITE_ONLY),
};

/* [C06]: 16 frames in this order, all of 8 bytes */
static const struct pcan_frame frames_2_0_6[] = {
    FRAME(0x351, 8, DLC(8), PCAN_CORE, 0, limits),
    FRAME(0x355, 8, DLC(8), PCAN_CORE, 0, soc_soh),
    FRAME(0x356, 8, DLC(8), PCAN_CORE, 0, measurement),
    FRAME(0x359, 8, DLC(8), PCAN_OPTIONAL, 0, alarms),
    FRAME(0x35C, 8, DLC(8), PCAN_OPTIONAL, FIELD_ENABLES, requests),
    FRAME(0x35E, 8, DLC(8), PCAN_CORE, 0, maker_blanks),
    FRAME(0x35F, 8, DLC(8), PCAN_OPTIONAL, 0, info_2_0_6),
    FRAME(0x370, 8, DLC(8), PCAN_OPTIONAL, 0, extremes_2_0_6),
    FRAME(0x371, 8, DLC(8), PCAN_OPTIONAL, 0, places_2_0_6),
    FRAME(0x372, 8, DLC(8), PCAN_OPTIONAL, 0, pcan_modules),
    FRAME(0x373, 8, DLC(8), PCAN_OPTIONAL, 0, cells_2_0_6),
    PCAN_ID_FRAMES,
    FRAME(0x379, 8, DLC(8), PCAN_OPTIONAL, 0, installed),
};

const struct pylon_can_dialect pcan_pylon_2_0_6 = {
    .name = "pylon-2.0.6",
    .maker = "PYLON",
    .period_ms = 1000,
    .keepalive_id = 0x305,
    .complete = true,
    FRAMES(frames_2_0_6),
};

/* ================================================================== sol-ark-1.3 ==== */

/* [SA13]: only 8-byte frames are accepted. Not complete: the document has 0.1 V in 356 while the
 * batteries in use send 0.01 V. */
static const struct pcan_frame frames_sol_ark[] = {
    FRAME(0x359, 8, DLC(8), PCAN_OPTIONAL, 0, alarms),
    FRAME(0x351, 8, DLC(8), PCAN_CORE, 0, limits),
    FRAME(0x355, 8, DLC(8), PCAN_CORE, 0, soc_soh),
    FRAME(0x356, 8, DLC(8), PCAN_CORE, 0, measurement),
    FRAME(0x35C, 8, DLC(8), PCAN_OPTIONAL, FIELD_ENABLES, requests),
    FRAME(0x35E, 8, DLC(8), PCAN_CORE, 0, maker_blanks),
    FRAME(0x379, 8, DLC(8), PCAN_OPTIONAL, 0, installed),
};

const struct pylon_can_dialect pcan_sol_ark_1_3 = {
    .name = "sol-ark-1.3",
    .maker = "PYLON",
    .period_ms = 1000,
    .keepalive_id = 0x305,
    FRAMES(frames_sol_ark),
};

/* ================================================================== luxpower-04 ==== */

/* [LP04]: cell extremes behind SOC and SOH; 0 V there would be read as a dead cell, so MUST */
static const struct pcan_row soc_soh_luxpower[] = {
    SOC_SOH,
    U16(PCAN_CELL_MAX, 4, 1, 1500, 4500, PCAN_MUST, 0),
    U16(PCAN_CELL_MIN, 6, 1, 1500, 4500, PCAN_MUST, 0),
};
/* [LP04]: maximum and minimum instead of the mean */
static const struct pcan_row measurement_luxpower[] = {
    VOLTAGE_CURRENT(10),
    S16(PCAN_TEMP_MAX, 4, 1, -400, 900, PCAN_MUST, 0),
    S16(PCAN_TEMP_MIN, 6, 1, -400, 900, PCAN_MUST, 0),
};
/* [LP04]: capacity where Pylontech has "PN" */
static const struct pcan_row alarms_luxpower[] = {
    ALARMS_COMMON, CHARGE_CURRENT_BITS(0), SYSTEM_ERROR(UNNAMED_FAULTS | IMBALANCE),
    COMM_FAIL,     MODULE_COUNT,           U16(PCAN_FULL, 5, 1000, 1000, 65534000, PCAN_MARKED, 0),
};
static const struct pcan_row requests_luxpower[] = {
    ENABLES,
    FORCE_CHARGE_1(0),
    FORCE_CHARGE_2(PCAN_READ_ONLY),
    FULL_CHARGE,
    U16(PCAN_CYCLES, 2, 1, 0, 65535, 0, 0),
};
static const struct pcan_frame frames_luxpower[] = {
    FRAME(0x359, 8, DLC(8), PCAN_OPTIONAL, 0, alarms_luxpower),
    FRAME(0x351, 8, DLC(8), PCAN_CORE, 0, limits),
    FRAME(0x355, 8, DLC(8), PCAN_CORE, 0, soc_soh_luxpower),
    FRAME(0x356, 8, DLC(8), PCAN_CORE, 0, measurement_luxpower),
    FRAME(0x35C, 8, DLC(8), PCAN_OPTIONAL, FIELD_ENABLES, requests_luxpower),
    FRAME(0x35E, 8, DLC(8), PCAN_CORE, 0, maker_nuls),
};

const struct pylon_can_dialect pcan_luxpower_04 = {
    .name = "luxpower-04",
    .maker = "BMSRIG",
    .period_ms = 1000,
    .keepalive_id = 0x305,
    .complete = true,
    FRAMES(frames_luxpower),
};

/* ================================================================== seplos-1.0 ==== */

/* [SEP1]: no system error; 3.4 is "cell failure". Byte 7, the mask of online DIP addresses, has no
 * source in the bank. */
static const struct pcan_row alarms_seplos[] = {
    ALARMS_COMMON, CHARGE_CURRENT_BITS(0),
    COMM_FAIL,     BIT(3, 4, PCAN_EITHER, UNNAMED_FAULTS | IMBALANCE, INTERNAL),
    MODULE_COUNT,
};
static const struct pcan_row requests_seplos[] = {ENABLES, FORCE_CHARGE_1(0),
                                                  FORCE_CHARGE_2(PCAN_READ_ONLY)};
/* [SEP1] misprints the unit of the cells; [YAM] v2.3.6 sent 10 mV. Hence not complete. */
static const struct pcan_row extremes_seplos[] = {
    S16(PCAN_TEMP_MAX, 0, 1, -400, 900, PCAN_MUST, 0),
    S16(PCAN_TEMP_MIN, 2, 1, -400, 900, PCAN_MUST, 0),
    S16(PCAN_CELL_MAX, 4, 10, 1500, 4500, PCAN_MUST, 0),
    S16(PCAN_CELL_MIN, 6, 10, 1500, 4500, PCAN_MUST, 0),
};
static const struct pcan_row places_seplos[] = {
    PLACE(PCAN_PLACE_CELL, PCAN_AT_TEMP_MAX, 0, 16, 0),
    PLACE(PCAN_PLACE_CELL, PCAN_AT_TEMP_MIN, 2, 16, 0),
    PLACE(PCAN_PLACE_CELL, PCAN_AT_CELL_MAX, 4, 16, PCAN_MUST),
    PLACE(PCAN_PLACE_CELL, PCAN_AT_CELL_MIN, 6, 16, PCAN_MUST),
};
static const struct pcan_frame frames_seplos[] = {
    FRAME(0x359, 8, DLC(8), PCAN_OPTIONAL, 0, alarms_seplos),
    FRAME(0x351, 8, DLC(8), PCAN_CORE, 0, limits),
    FRAME(0x355, 8, DLC(8), PCAN_CORE, 0, soc_soh),
    FRAME(0x356, 8, DLC(8), PCAN_CORE, 0, measurement),
    FRAME(0x35C, 8, DLC(8), PCAN_OPTIONAL, FIELD_ENABLES, requests_seplos),
    FRAME(0x070, 8, DLC(8), PCAN_OPTIONAL, 0, extremes_seplos),
    FRAME(0x371, 8, DLC(8), PCAN_OPTIONAL, 0, places_seplos),
    FRAME(0x35E, 8, DLC(8), PCAN_CORE, 0, maker_blanks),
};

const struct pylon_can_dialect pcan_seplos_1_0 = {
    .name = "seplos-1.0",
    .maker = "Energy",
    .period_ms = 1000,
    .keepalive_id = 0x305,
    FRAMES(frames_seplos),
};

/* ================================================================== hybrid-en-1.0 ==== */

/* [HYB1]: pack voltage in 0.1 V, no module count, imbalance bits; 399 is misprinted, so not sent */
static const struct pcan_row measurement_hybrid[] = {VOLTAGE_CURRENT(100), CELL_TEMPERATURE};
static const struct pcan_row alarms_hybrid[] = {
    ALARMS_COMMON, CHARGE_CURRENT_BITS(0), SYSTEM_ERROR(UNNAMED_FAULTS), COMM_FAIL, IMBALANCE_BITS,
};
static const struct pcan_row requests_hybrid[] = {ENABLES, FORCE_CHARGE_1(0)};
static const struct pcan_row cells_hybrid[] = {
    U16(PCAN_CELL_MAX, 0, 1, 1500, 4500, PCAN_MUST, 0),
    U16(PCAN_CELL_MIN, 2, 1, 1500, 4500, PCAN_MUST, 0),
    PLACE(PCAN_PLACE_CELL, PCAN_AT_CELL_MAX, 4, 8, 0),
    PLACE(PCAN_PLACE_CELL, PCAN_AT_CELL_MIN, 5, 8, 0),
};
/* [HYB1]: degrees + 50 in one byte */
#define DEGREES_50(what, at)                                                                    \
    {                                                                                           \
        .kind = PCAN_NUMBER, .is.number = (what), .byte = (at), .bits = 8, .mul = 1, .div = 10, \
        .offset = 50, .min = -500, .max = 2050, .flags = PCAN_MUST                              \
    }
static const struct pcan_row temperatures_hybrid[] = {
    DEGREES_50(PCAN_TEMP_MAX, 0),
    DEGREES_50(PCAN_TEMP_MIN, 1),
    PLACE(PCAN_PLACE_CELL, PCAN_AT_TEMP_MAX, 2, 8, 0),
    PLACE(PCAN_PLACE_CELL, PCAN_AT_TEMP_MIN, 3, 8, 0),
};
static const struct pcan_frame frames_hybrid[] = {
    FRAME(0x359, 8, DLC(8), PCAN_OPTIONAL, 0, alarms_hybrid),
    FRAME(0x351, 8, DLC(8), PCAN_CORE, 0, limits),
    FRAME(0x355, 8, DLC(8), PCAN_CORE, 0, soc_soh),
    FRAME(0x356, 8, DLC(8), PCAN_CORE, 0, measurement_hybrid),
    FRAME(0x35C, 8, DLC(8), PCAN_OPTIONAL, FIELD_ENABLES, requests_hybrid),
    FRAME_IGNORED(0x399, DLC(8)),
    FRAME(0x3DA, 8, DLC(8), PCAN_OPTIONAL, 0, cells_hybrid),
    FRAME(0x3DB, 8, DLC(8), PCAN_OPTIONAL, 0, temperatures_hybrid),
};

const struct pylon_can_dialect pcan_hybrid_en_1_0 = {
    .name = "hybrid-en-1.0",
    .maker = "",
    .period_ms = 1000,
    .keepalive_id = 0x305,
    FRAMES(frames_hybrid),
};

/* ================================================================== yambms-pylon12 ==== */

/* [YAM] as emitted, to read what YamBMS says: charge over-current in bit 7 (document: 0), imbalance
 * in bit 4, no PN, hi-res SOC, remaining Ah x 10, cycles. Not for sending. */
static const struct pcan_row soc_soh_yambms[] = {SOC_SOH, PCAN_SOC_FINE(0),
                                                 U16(PCAN_REMAINING, 6, 100, 0, 6553500, 0, 0)};
static const struct pcan_row measurement_yambms[] = {VOLTAGE_CURRENT(10), CELL_TEMPERATURE,
                                                     U16(PCAN_CYCLES, 6, 1, 0, 65535, 0, 0)};
static const struct pcan_row alarms_yambms[] = {
    ALARMS_COMMON, CHARGE_CURRENT_BITS(7), SYSTEM_ERROR(UNNAMED_FAULTS), IMBALANCE_BITS,
    COMM_FAIL,     MODULE_COUNT,
};
static const struct pcan_row requests_yambms[] = {ENABLES, FORCE_CHARGE_2(0)};
static const struct pcan_frame frames_yambms_pylon12[] = {
    FRAME(0x351, 8, DLC(8), PCAN_CORE, 0, limits),
    FRAME(0x355, 8, DLC(8), PCAN_CORE, 0, soc_soh_yambms),
    FRAME(0x356, 8, DLC(8), PCAN_CORE, 0, measurement_yambms),
    FRAME(0x359, 8, DLC(8), PCAN_OPTIONAL, 0, alarms_yambms),
    FRAME(0x35C, 8, DLC(8), PCAN_OPTIONAL, FIELD_ENABLES, requests_yambms),
    FRAME(0x35E, 8, DLC(8), PCAN_CORE, 0, maker_blanks),
};

const struct pylon_can_dialect pcan_yambms_pylon12 = {
    .name = "yambms-pylon12",
    .maker = "PYLON",
    .period_ms = 600,
    .keepalive_id = 0x305,
    FRAMES(frames_yambms_pylon12),
};

/* ================================================================== yambms-pylonv2 ==== */

/* [YAM] "PYLON V2", once PYLON+: the set above and Victron's cells. It sends 359 and 35A, which say
 * the same; 35A only ever raises, so 359 is the one that is read. Ids in 374..377 are plain
 * decimals, which reads as "no place". Not for sending. */
static const struct pcan_row cells_yambms[] = {
    U16(PCAN_CELL_MIN, 0, 1, 1500, 4500, PCAN_MUST, 0),
    U16(PCAN_CELL_MAX, 2, 1, 1500, 4500, PCAN_MUST, 0),
    PCAN_KELVIN(PCAN_TEMP_MIN, 4, 0),
    PCAN_KELVIN(PCAN_TEMP_MAX, 6, 0),
};
static const struct pcan_frame frames_yambms_pylonv2[] = {
    FRAME(0x351, 8, DLC(8), PCAN_CORE, 0, limits),
    FRAME(0x355, 8, DLC(8), PCAN_CORE, 0, soc_soh_yambms),
    FRAME(0x356, 8, DLC(8), PCAN_CORE, 0, measurement_yambms),
    FRAME(0x359, 8, DLC(8), PCAN_OPTIONAL, 0, alarms_yambms),
    FRAME(0x35C, 8, DLC(8), PCAN_OPTIONAL, FIELD_ENABLES, requests_yambms),
    FRAME_IGNORED(0x35A, DLC(8)),
    FRAME(0x372, 8, DLC(8), PCAN_OPTIONAL, 0, pcan_modules),
    FRAME(0x373, 8, DLC(8), PCAN_OPTIONAL, 0, cells_yambms),
    PCAN_ID_FRAMES,
    FRAME(0x379, 8, DLC(8), PCAN_OPTIONAL, 0, installed),
    FRAME(0x35E, 8, DLC(8), PCAN_CORE, 0, maker_blanks),
};

const struct pylon_can_dialect pcan_yambms_pylonv2 = {
    .name = "yambms-pylonv2",
    .maker = "PYLON",
    .period_ms = 1400,
    .keepalive_id = 0x305,
    FRAMES(frames_yambms_pylonv2),
};
