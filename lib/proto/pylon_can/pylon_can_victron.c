/* SPDX-License-Identifier: Apache-2.0
 *
 * The CAN dialects around the 0x35A pair table: Victron, SMA and what follows them.
 *
 * Sources, cited as [..] at the tables:
 *   [VIC]  Victron "CAN-bus BMS (500 kbit/s)" fragments in
 * broglep/pylontech-victron-bms-canbus-reader, Safiery manual pp. 11-13; pair positions by
 * injection: dfch/BydCanProtocol and AndreasBoehm/PytesCANProtocol, two independent projects [SMA]
 * SMA Sunny Island external BMS, FSS-ConnectingBat-TI-en-10 [GWS]  SMA CAN Protocol Mapping V1.2
 * (GoodWe, REC, JK) [BYD] [PYT] [C07] [C14]  captures: BYD LVS, Pytes V5a, Eco-Worthy on "Victron",
 * REC-Q [YAM]  Sleeper85/esphome-yambms yambms_canbus.yaml v2.5.7
 */
#include "proto/pylon_can/pylon_can_table.h"

#define C(condition) COND_BIT(COND_##condition)

/* ---- 0x35A ---- pair i is bits 2i..2i+1; alarms in bytes 0-3, warnings in 4-7 [VIC] [SMA].
 * "General" and "contactor" have no condition of their own in a bank: a name we do not know raises
 * "general"; both are read as such a name. Hot MOSFETs count as high temperature. */
#define PAIRS(at, half, internal)                                                             \
    PAIR(at, 0, half, C(UNKNOWN_WORD), C(UNKNOWN_WORD)),                                      \
        PAIR(at, 2, half, C(CELL_OVERVOLTAGE) | C(PACK_OVERVOLTAGE), C(PACK_OVERVOLTAGE)),    \
        PAIR(at, 4, half, C(CELL_UNDERVOLTAGE) | C(PACK_UNDERVOLTAGE), C(PACK_UNDERVOLTAGE)), \
        PAIR(at, 6, half, C(DISCHARGE_OVERTEMPERATURE) | C(MOS_OVERTEMPERATURE),              \
             C(DISCHARGE_OVERTEMPERATURE)),                                                   \
        PAIR(at + 1, 0, half, C(DISCHARGE_UNDERTEMPERATURE), C(DISCHARGE_UNDERTEMPERATURE)),  \
        PAIR(at + 1, 2, half, C(CHARGE_OVERTEMPERATURE), C(CHARGE_OVERTEMPERATURE)),          \
        PAIR(at + 1, 4, half, C(CHARGE_UNDERTEMPERATURE), C(CHARGE_UNDERTEMPERATURE)),        \
        PAIR(at + 1, 6, half, C(DISCHARGE_OVERCURRENT), C(DISCHARGE_OVERCURRENT)),            \
        PAIR(at + 2, 0, half, C(CHARGE_OVERCURRENT), C(CHARGE_OVERCURRENT)),                  \
        PAIR(at + 2, 2, half, 0, C(UNKNOWN_WORD)),                                            \
        PAIR(at + 2, 4, half, C(SHORT_CIRCUIT), C(SHORT_CIRCUIT)),                            \
        PAIR(at + 2, 6, half, internal, C(INTERNAL_FAULT)),                                   \
        PAIR(at + 3, 0, half, C(IMBALANCE), C(IMBALANCE))

/* Victron does not evaluate "general" and "short circuit" [VIC], so there they also raise "BMS
 * internal", which it shows. A lost battery is a fault inside the bank. */
#define INTERNAL_SHOWN \
    (C(INTERNAL_FAULT) | C(COMMUNICATION_LOSS) | C(SHORT_CIRCUIT) | C(UNKNOWN_WORD))
#define INTERNAL_PLAIN (C(INTERNAL_FAULT) | C(COMMUNICATION_LOSS))

const struct pcan_row pcan_pairs_level[PCAN_PAIR_ROWS] = {
    PAIRS(0, PCAN_PROTECTION, INTERNAL_SHOWN),
    PAIRS(4, PCAN_WARNING, INTERNAL_SHOWN),
};

/* Warning pair 13: system status, 10b online, 01b offline. Every healthy capture with the pair has
 * 10b. */
static const struct pcan_row pairs_victron[] = {
    PAIRS(0, PCAN_PROTECTION, INTERNAL_SHOWN),
    PAIRS(4, PCAN_WARNING, INTERNAL_SHOWN),
    PAIR(7, 2, PCAN_WARNING, C(COMMUNICATION_LOSS), C(COMMUNICATION_LOSS)),
};

/* SMA: an event, only 10b clears [SMA] */
static const struct pcan_row pairs_sma[] = {
    PAIRS(0, PCAN_PROTECTION, INTERNAL_PLAIN),
    PAIRS(4, PCAN_WARNING, INTERNAL_PLAIN),
};

/* ================================================================== frames shared by many ==== */

/* 0x372 [VIC] [C06]: online, blocking charge, blocking discharge, offline */
#define COUNT(what, at)                                                                         \
    {                                                                                           \
        .kind = PCAN_NUMBER, .is.number = (what), .byte = (at), .bits = 16, .mul = 1, .div = 1, \
        .max = 255                                                                              \
    }
const struct pcan_row pcan_modules[PCAN_MODULES_ROWS] = {
    COUNT(PCAN_ONLINE, 0),
    COUNT(PCAN_BLOCKING_CHARGE, 2),
    COUNT(PCAN_BLOCKING_DISCHARGE, 4),
    COUNT(PCAN_OFFLINE, 6),
};

/* 0x373 [VIC]: min and max cell in mV, min and max temperature in K */
static const struct pcan_row cells[] = {
    U16(PCAN_CELL_MIN, 0, 1, 1500, 4500, PCAN_MUST, 0),
    U16(PCAN_CELL_MAX, 2, 1, 1500, 4500, PCAN_MUST, 0),
    PCAN_KELVIN(PCAN_TEMP_MIN, 4, 0),
    PCAN_KELVIN(PCAN_TEMP_MAX, 6, 0),
};

/* 0x374..0x377 [VIC] [C06]: "0204" is pack 02 cell 04; free text for Victron */
const struct pcan_row pcan_ids[4] = {
    ID(PCAN_AT_CELL_MIN),
    ID(PCAN_AT_CELL_MAX),
    ID(PCAN_AT_TEMP_MIN),
    ID(PCAN_AT_TEMP_MAX),
};

#define CELL_FRAMES                                          \
    FRAME(0x372, 8, DLC(8), PCAN_OPTIONAL, 0, pcan_modules), \
        FRAME(0x373, 8, DLC(8), PCAN_OPTIONAL, 0, cells), PCAN_ID_FRAMES

/* ================================================================== victron ==== */

/* [VIC]: CVL 0 is treated as over-voltage, CCL and DCL must not be negative, DVL is ignored */
static const struct pcan_row limits[] = {
    U16(PCAN_CVL, 0, 100, 40000, 63000, PCAN_MUST | PCAN_NONZERO | PCAN_FLOOR, 0),
    S16(PCAN_CCL, 2, 100, 0, 1200000, PCAN_MUST | PCAN_POSITIVE | PCAN_FLOOR, 0),
    S16(PCAN_DCL, 4, 100, 0, 1200000, PCAN_MUST | PCAN_POSITIVE | PCAN_FLOOR, 0),
    U16(PCAN_DVL, 6, 100, 36000, 52000, PCAN_MARKED | PCAN_CEIL, 0),
};

/* [VIC]: hi-res SOC 0.01 %; 0 beside a SOC is "not provided". Rounded down like the coarse one. */
#define SOC U16(PCAN_SOC, 0, 10, 0, 1000, PCAN_MUST | PCAN_CLAMP | PCAN_FLOOR, 0)
static const struct pcan_row soc_soh[] = {SOC, U16(PCAN_SOH, 2, 10, 0, 1000, PCAN_CLAMP, 100),
                                          PCAN_SOC_FINE(0)};

static const struct pcan_row measurement[] = {
    S16(PCAN_VOLTAGE, 0, 10, 36000, 64000, PCAN_MUST, 0),
    S16(PCAN_CURRENT, 2, 100, -3276000, 3276000, PCAN_MUST, 0),
    S16(PCAN_TEMPERATURE, 4, 1, -400, 900, PCAN_MUST, 0),
};

static const struct pcan_row maker_nuls[] = {TEXT(PCAN_MAKER, 0, 0, PCAN_TRIM)};

/* [VIC] 35F: product id, firmware, remaining Ah, hardware. Readers disagree whether the firmware
 * bytes are binary or BCD ([BYD] 01 17 is "v1.17"), so they stay 0. */
static const struct pcan_row info[] = {U16(PCAN_REMAINING, 4, 1000, 0, 65534000, PCAN_MUST, 0)};

/* [VIC] 360 byte 0: FF charge request, 00 none */
static const struct pcan_row charge_request[] = {FLAG(PCAN_FORCE_CHARGE, 0, 0, 8, 0)};

/* [VIC] 370+371 name, 380+381 serial number: 8 and 8 characters */
static const struct pcan_row name_1[] = {TEXT(PCAN_MODEL, 0, 0, 0)};
static const struct pcan_row name_2[] = {TEXT(PCAN_MODEL, 8, 0, PCAN_TRIM)};
static const struct pcan_row serial_1[] = {TEXT(PCAN_SERIAL, 0, 0, 0)};
static const struct pcan_row serial_2[] = {TEXT(PCAN_SERIAL, 8, 0, PCAN_TRIM)};

/* [VIC] 379: installed Ah; Pytes sends 2 bytes */
static const struct pcan_row installed[] = {U16(PCAN_FULL, 0, 1000, 1000, 65534000, PCAN_MUST, 0)};

/* Lengths taken: [PYT] 355:4 356:6 35E:5 35F:6 360:1 379:2, Revov-BYD 355/356:6, others 8.
 * 35B (events), 378 (energy) and 382 (family) have nothing in the bank. */
#define VICTRON_FRAMES(n355, n356, n35e, n35f, n360, n379)                                      \
    FRAME(0x351, 8, DLC(6) | DLC(8), PCAN_CORE, 0, limits),                                     \
        FRAME(0x355, n355, DLC(4) | DLC(6) | DLC(8), PCAN_CORE, 0, soc_soh),                    \
        FRAME(0x356, n356, DLC(6) | DLC(8), PCAN_CORE, 0, measurement),                         \
        FRAME(0x35A, 8, DLC(8), PCAN_OPTIONAL, 0, pairs_victron), FRAME_IGNORED(0x35B, DLC(8)), \
        FRAME(0x35E, n35e, DLC(5) | DLC(8), PCAN_CORE, 0, maker_nuls),                          \
        FRAME(0x35F, n35f, DLC(6) | DLC(8), PCAN_OPTIONAL, 0, info),                            \
        FRAME(0x360, n360, DLC(1) | DLC(8), PCAN_OPTIONAL, FIELD_REQUESTS, charge_request),     \
        FRAME(0x370, 8, DLC(8), PCAN_OPTIONAL, 0, name_1),                                      \
        FRAME(0x371, 8, DLC(8), PCAN_OPTIONAL, 0, name_2), CELL_FRAMES,                         \
        FRAME_IGNORED(0x378, DLC(8)),                                                           \
        FRAME(0x379, n379, DLC(2) | DLC(8), PCAN_OPTIONAL, 0, installed),                       \
        FRAME(0x380, 8, DLC(8), PCAN_OPTIONAL, 0, serial_1),                                    \
        FRAME(0x381, 8, DLC(8), PCAN_OPTIONAL, 0, serial_2), FRAME_IGNORED(0x382, DLC(8))

static const struct pcan_frame frames_victron[] = {VICTRON_FRAMES(8, 8, 8, 8, 8, 8)};
static const struct pcan_frame frames_pytes[] = {VICTRON_FRAMES(4, 6, 5, 6, 1, 2)};

/* The GX applies quirks by the name in 35E: with "BYD" a charge limit of 0 becomes 40 A, with
 * "PYLON" at most 55 V it becomes 6 A and more. A name it does not know is taken at its word. */
const struct pylon_can_dialect pcan_victron = {
    .name = "victron",
    .maker = "BMSRIG",
    .period_ms = 1000,
    .keepalive_id = 0x305,
    .complete = true,
    .pair_ok = 2,
    FRAMES(frames_victron),
};

/* [BYD]: the same set under the name that brings BYD's quirks on */
const struct pylon_can_dialect pcan_victron_byd = {
    .name = "victron-byd",
    .maker = "BYD",
    .period_ms = 1000,
    .keepalive_id = 0x305,
    .complete = true,
    .pair_ok = 2,
    FRAMES(frames_victron),
};

/* [PYT]: short frames, pairs all zero in health; one capture, so to be read only */
const struct pylon_can_dialect pcan_victron_pytes = {
    .name = "victron-pytes",
    .maker = "PYTES",
    .period_ms = 1000,
    .keepalive_id = 0x305,
    .pair_ok = 0,
    FRAMES(frames_pytes),
};

/* ================================================================== yambms-victron ==== */

/* [YAM] as emitted: 35A only ever raises (OK is 00b), remaining Ah x 10 in 355, cycles in 356. Ids
 * in 374..377 are plain decimals there, which reads as "no place". Not for sending. */
static const struct pcan_row soc_soh_yambms[] = {
    SOC, U16(PCAN_SOH, 2, 10, 0, 1000, PCAN_CLAMP, 100), PCAN_SOC_FINE(0),
    U16(PCAN_REMAINING, 6, 100, 0, 6553500, 0, 0)};
static const struct pcan_row measurement_yambms[] = {
    S16(PCAN_VOLTAGE, 0, 10, 36000, 64000, PCAN_MUST, 0),
    S16(PCAN_CURRENT, 2, 100, -3276000, 3276000, PCAN_MUST, 0),
    S16(PCAN_TEMPERATURE, 4, 1, -400, 900, PCAN_MUST, 0),
    U16(PCAN_CYCLES, 6, 1, 0, 65535, 0, 0),
};
static const struct pcan_frame frames_yambms[] = {
    FRAME(0x351, 8, DLC(8), PCAN_CORE, 0, limits),
    FRAME(0x355, 8, DLC(8), PCAN_CORE, 0, soc_soh_yambms),
    FRAME(0x356, 8, DLC(8), PCAN_CORE, 0, measurement_yambms),
    {.id = 0x35A,
     .dlc = 8,
     .accepts = DLC(8),
     .kind = PCAN_OPTIONAL,
     .n = PCAN_PAIR_ROWS,
     .rows = pcan_pairs_level},
    FRAME(0x35F, 8, DLC(8), PCAN_OPTIONAL, 0, info),
    CELL_FRAMES,
    FRAME(0x379, 8, DLC(8), PCAN_OPTIONAL, 0, installed),
    FRAME_IGNORED(0x382, DLC(8)),
    FRAME(0x360, 8, DLC(8), PCAN_OPTIONAL, FIELD_REQUESTS, charge_request),
    FRAME(0x35E, 8, DLC(8), PCAN_CORE, 0, maker_nuls),
};

const struct pylon_can_dialect pcan_yambms_victron = {
    .name = "yambms-victron",
    .maker = "YamBMS",
    .period_ms = 1500,
    .keepalive_id = 0x305,
    .pair_ok = 0,
    FRAMES(frames_yambms),
};

/* ================================================================== sma, goodwe-sma-1.2 ==== */

/* [SMA]: unknown fields carry u16 FFFF or s16 8000 and fall back to the inverter's default; ranges
 * include 24 V systems [C14] */
enum { NO_U16 = 0xFFFF, NO_S16 = -0x8000 };
static const struct pcan_row limits_sma[] = {
    U16(PCAN_CVL, 0, 100, 20000, 63000, PCAN_MUST | PCAN_NONZERO | PCAN_MARKED | PCAN_FLOOR,
        NO_U16),
    S16(PCAN_CCL, 2, 100, 0, 1200000, PCAN_MUST | PCAN_POSITIVE | PCAN_MARKED | PCAN_FLOOR, NO_S16),
    S16(PCAN_DCL, 4, 100, 0, 1200000, PCAN_MUST | PCAN_POSITIVE | PCAN_MARKED | PCAN_FLOOR, NO_S16),
    U16(PCAN_DVL, 6, 100, 20000, 60000, PCAN_MARKED | PCAN_CEIL, NO_U16),
};
static const struct pcan_row soc_soh_sma[] = {
    U16(PCAN_SOC, 0, 10, 0, 1000, PCAN_MUST | PCAN_CLAMP | PCAN_FLOOR | PCAN_MARKED, NO_U16),
    U16(PCAN_SOH, 2, 10, 0, 1000, PCAN_CLAMP | PCAN_MARKED, NO_U16),
    PCAN_SOC_FINE(NO_U16),
};
static const struct pcan_row measurement_sma[] = {
    S16(PCAN_VOLTAGE, 0, 10, 18000, 64000, PCAN_MUST | PCAN_MARKED, NO_S16),
    S16(PCAN_CURRENT, 2, 100, -3276000, 3276000, PCAN_MUST | PCAN_MARKED, NO_S16),
    S16(PCAN_TEMPERATURE, 4, 1, -400, 900, PCAN_MARKED, NO_S16),
};
static const struct pcan_row maker_blanks[] = {TEXT(PCAN_MAKER, 0, ' ', PCAN_TRIM)};
/* [SMA] type, version, capacity Ah, manufacturer id; [GWS] chemistry, hardware, capacity, software
 */
static const struct pcan_row info_sma[] = {
    U16(PCAN_FULL, 4, 1000, 1000, 65534000, PCAN_MARKED, NO_U16)};

/* 35B: events (recalibration, power limitation) nothing in the bank asks for. 00F, the quick stop,
 * is an order that is never sent. */
static const struct pcan_frame frames_sma[] = {
    FRAME(0x351, 8, DLC(8), PCAN_CORE, 0, limits_sma),
    FRAME(0x355, 6, DLC(6) | DLC(8), PCAN_CORE, 0, soc_soh_sma),
    FRAME(0x356, 6, DLC(6) | DLC(8), PCAN_CORE, 0, measurement_sma),
    FRAME(0x35A, 8, DLC(8), PCAN_OPTIONAL, 0, pairs_sma),
    FRAME_IGNORED(0x35B, DLC(1) | DLC(8)),
    FRAME(0x35E, 8, DLC(8), PCAN_CORE, 0, maker_blanks),
    FRAME(0x35F, 8, DLC(8), PCAN_OPTIONAL, 0, info_sma),
    FRAME_IGNORED(0x00F, DLC(0)),
};

const struct pylon_can_dialect pcan_sma = {
    .name = "sma",
    .maker = "SMA",
    .period_ms = 1000,
    .keepalive_id = 0x305,
    .complete = true,
    .pair_ok = 2,
    .pair_is_event = true,
    FRAMES(frames_sma),
};

const struct pylon_can_dialect pcan_goodwe_sma_1_2 = {
    .name = "goodwe-sma-1.2",
    .maker = "GoodWe",
    .period_ms = 1000,
    .keepalive_id = 0x305,
    .complete = true,
    .pair_ok = 2,
    .pair_is_event = true,
    FRAMES(frames_sma),
};
