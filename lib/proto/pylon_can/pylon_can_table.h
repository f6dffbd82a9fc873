/* SPDX-License-Identifier: Apache-2.0
 *
 * The table format behind pylon_can.h: a dialect is a list of frames, a frame a list of rows, a row
 * says which bytes hold what. Private to this folder. A dialect that cannot be said in these words
 * is a reason to add a word here, never a special case in the codec.
 */
#ifndef PROTO_PYLON_CAN_TABLE_H
#define PROTO_PYLON_CAN_TABLE_H

#include "proto/pylon_can/pylon_can.h"

/* Numbers of the bank, in the bank's units (mV, mA, 0.1 %, 0.1 C, mAh). */
enum pcan_number {
    PCAN_CVL,
    PCAN_DVL,
    PCAN_CCL,
    PCAN_DCL,
    PCAN_SOC,
    PCAN_SOH,
    PCAN_VOLTAGE,
    PCAN_CURRENT,
    PCAN_TEMPERATURE, /* mean of the cells */
    PCAN_TEMP_MIN,
    PCAN_TEMP_MAX,
    PCAN_CELL_MIN,
    PCAN_CELL_MAX,
    PCAN_CYCLES,
    PCAN_FULL,
    PCAN_REMAINING,
    PCAN_ONLINE, /* batteries */
    PCAN_OFFLINE,
    PCAN_BLOCKING_CHARGE,
    PCAN_BLOCKING_DISCHARGE,
    PCAN_CELLS_TOTAL,
};

enum pcan_flag {
    PCAN_CHARGE_ENABLE,
    PCAN_DISCHARGE_ENABLE,
    PCAN_FORCE_CHARGE,
    PCAN_FULL_CHARGE,
};
enum { PCAN_FLAGS = PCAN_FULL_CHARGE + 1 };

enum pcan_text { PCAN_MAKER, PCAN_MODEL, PCAN_SERIAL };

/* Where in the bank the extremes are. */
enum pcan_place { PCAN_AT_CELL_MIN, PCAN_AT_CELL_MAX, PCAN_AT_TEMP_MIN, PCAN_AT_TEMP_MAX };

/* Which set of conditions a bit or a pair shows. */
enum pcan_half {
    PCAN_PROTECTION,
    PCAN_WARNING,
    PCAN_EITHER, /* raised by both sets, read as a warning: the dialect has no second bit for it */
};

enum pcan_kind {
    PCAN_NUMBER,        /* fixed point, `bits` wide, in the dialect's byte order */
    PCAN_FLAG,          /* one bit, or a whole byte of ones */
    PCAN_BIT,           /* one bit: a condition is raised */
    PCAN_PAIR,          /* two bits: 01b raised, 10b (or the dialect's OK value) fine */
    PCAN_TEXT,          /* 8 characters */
    PCAN_ID,            /* a place as ASCII "PPCC": battery 02 cell 04 is "0204" */
    PCAN_PLACE_BATTERY, /* the battery's number of a place */
    PCAN_PLACE_CELL,    /* the cell's number of a place */
    PCAN_CONST,         /* a fixed byte; not looked at when reading (a clone may leave it out) */
};

/* Bits of pcan_row.flags. */
enum {
    PCAN_MUST = 1 << 0,       /* unknown: the frame cannot be sent */
    PCAN_NONZERO = 1 << 1,    /* 0 on the wire would be an order: treat it as unknown */
    PCAN_FLOOR = 1 << 2,      /* towards zero instead of half away from it */
    PCAN_CLAMP = 1 << 3,      /* the sender forces the value into min..max */
    PCAN_POSITIVE = 1 << 4,   /* the sender forces negative values to 0 */
    PCAN_MARKED = 1 << 5,     /* `missing` on the wire means "not provided" */
    PCAN_REFINES = 1 << 6,    /* a finer SOC beside the coarse one of a row before */
    PCAN_TRIM = 1 << 7,       /* text: its last part, blanks at the end are padding */
    PCAN_READ_ONLY = 1 << 8,  /* understood when read, never written */
    PCAN_WRITE_ONLY = 1 << 9, /* another frame of the dialect says it better */
    PCAN_CEIL = 1 << 10,      /* away from zero: a lower limit may not be told lower than it is */
};

struct pcan_row {
    enum pcan_kind kind;
    uint8_t byte; /* first byte */
    uint8_t bit;  /* lowest bit inside it */
    uint8_t bits; /* width */
    bool is_signed;
    unsigned flags;
    union {
        enum pcan_number number;
        enum pcan_flag flag;
        enum pcan_text text;
        enum pcan_place place;
        enum pcan_half half;
        uint8_t constant;
    } is;
    /* NUMBER: wire = value * mul / div + offset; bank units outside min..max are ERR_RANGE */
    int32_t mul, div, offset;
    int32_t min, max;
    int32_t missing; /* on the wire when the bank does not know */
    /* BIT, PAIR: the conditions that raise it, and those it means when it is read */
    uint32_t raised_by, means;
    /* TEXT */
    uint8_t skip; /* characters of the text that came in frames before */
    uint8_t pad;
};

enum pcan_frame_kind {
    PCAN_CORE,     /* without it nothing is sent at all */
    PCAN_OPTIONAL, /* left out while its MUST rows or all of any_of are unknown */
    PCAN_READ,     /* known to the dialect, but the bank has nothing to say in it: never sent */
};

struct pcan_frame {
    uint16_t id;
    uint8_t dlc;      /* as sent */
    uint16_t accepts; /* bit n: DLC n is taken; DLC() builds it */
    enum pcan_frame_kind kind;
    uint32_t any_of; /* FIELD bits of which at least one must be known; 0: none needed */
    size_t n;
    const struct pcan_row *rows;
};

struct pylon_can_dialect {
    const char *name;
    const char *maker;
    uint16_t period_ms;
    uint16_t keepalive_id;
    bool complete;
    bool big_endian;
    uint8_t pair_ok;    /* 2: 10b; 0: 00b */
    bool pair_is_event; /* 00b changes nothing (SMA); else it means "no alarm" */
    size_t n;
    const struct pcan_frame *frames; /* in the order of sending */
};

/* ---- the words tables are written in ---- */

#define DLC(n) (1u << (n))
#define FRAME(number, length, lengths, sort, needs, table)                                        \
    {                                                                                             \
        .id = (number), .dlc = (length), .accepts = (lengths), .kind = (sort), .any_of = (needs), \
        .n = sizeof(table) / sizeof((table)[0]), .rows = (table)                                  \
    }
/* Known to the dialect, nothing in it for the bank. */
#define FRAME_IGNORED(number, lengths)                          \
    {                                                           \
        .id = (number), .accepts = (lengths), .kind = PCAN_READ \
    }
#define FRAMES(table) .n = sizeof(table) / sizeof((table)[0]), .frames = (table)

#define U8(what, at, low, high, mode)                                                          \
    {                                                                                          \
        .kind = PCAN_NUMBER, .is.number = (what), .byte = (at), .bits = 8, .mul = 1, .div = 1, \
        .min = (low), .max = (high), .flags = (mode)                                           \
    }
#define U16(what, at, divisor, low, high, mode, unknown)                                     \
    {                                                                                        \
        .kind = PCAN_NUMBER, .is.number = (what), .byte = (at), .bits = 16, .mul = 1,        \
        .div = (divisor), .min = (low), .max = (high), .flags = (mode), .missing = (unknown) \
    }
#define S16(what, at, divisor, low, high, mode, unknown)                                       \
    {                                                                                          \
        .kind = PCAN_NUMBER, .is.number = (what), .byte = (at), .bits = 16, .is_signed = true, \
        .mul = 1, .div = (divisor), .min = (low), .max = (high), .flags = (mode),              \
        .missing = (unknown)                                                                   \
    }
#define BIT(at, b, set, conditions, reading)                                     \
    {                                                                            \
        .kind = PCAN_BIT, .byte = (at), .bit = (b), .bits = 1, .is.half = (set), \
        .raised_by = (conditions), .means = (reading)                            \
    }
#define PAIR(at, b, set, conditions, reading)                                     \
    {                                                                             \
        .kind = PCAN_PAIR, .byte = (at), .bit = (b), .bits = 2, .is.half = (set), \
        .raised_by = (conditions), .means = (reading)                             \
    }
#define FLAG(what, at, b, width, mode)                                                   \
    {                                                                                    \
        .kind = PCAN_FLAG, .is.flag = (what), .byte = (at), .bit = (b), .bits = (width), \
        .flags = (mode)                                                                  \
    }
#define TEXT(what, from, padding, mode)                                                     \
    {                                                                                       \
        .kind = PCAN_TEXT, .is.text = (what), .bits = 64, .skip = (from), .pad = (padding), \
        .flags = (mode)                                                                     \
    }
#define ID(what)                                                            \
    {                                                                       \
        .kind = PCAN_ID, .is.place = (what), .bits = 64, .flags = PCAN_MUST \
    }
#define PLACE(part, what, at, width, mode)                                                 \
    {                                                                                      \
        .kind = (part), .is.place = (what), .byte = (at), .bits = (width), .flags = (mode) \
    }
#define CONST(at, value)                                                    \
    {                                                                       \
        .kind = PCAN_CONST, .byte = (at), .bits = 8, .is.constant = (value) \
    }

/* 0x355 bytes 4-5: SOC in 0.01 % beside the coarse one */
#define PCAN_SOC_FINE(unknown)                                                                  \
    {                                                                                           \
        .kind = PCAN_NUMBER, .is.number = PCAN_SOC, .byte = 4, .bits = 16, .mul = 10, .div = 1, \
        .max = 1000, .flags = PCAN_CLAMP | PCAN_FLOOR | PCAN_REFINES | PCAN_MARKED,             \
        .missing = (unknown)                                                                    \
    }

/* 0x373 [Victron profile, Cubix 100]: whole degrees + 273 (captures truncate: 11.8 C is 284).
 * Without a temperature 0 K would be sent, hence MUST. */
#define PCAN_KELVIN(what, at, mode)                                                              \
    {                                                                                            \
        .kind = PCAN_NUMBER, .is.number = (what), .byte = (at), .bits = 16, .mul = 1, .div = 10, \
        .offset = 273, .min = -400, .max = 900, .flags = PCAN_MUST | PCAN_FLOOR | (mode)         \
    }

/* Tables that several families share (pylon_can_victron.c). */
enum { PCAN_PAIR_ROWS = 26, PCAN_MODULES_ROWS = 4 };
extern const struct pcan_row pcan_pairs_level[PCAN_PAIR_ROWS]; /* 0x35A as a level */
extern const struct pcan_row pcan_modules[PCAN_MODULES_ROWS];  /* 0x372 */
extern const struct pcan_row pcan_ids[4];                      /* 0x374..0x377 */
#define PCAN_ID_FRAMES                                                         \
    PCAN_ID_FRAME(0x374, 0), PCAN_ID_FRAME(0x375, 1), PCAN_ID_FRAME(0x376, 2), \
        PCAN_ID_FRAME(0x377, 3)
#define PCAN_ID_FRAME(number, which)                                                \
    {                                                                               \
        .id = (number), .dlc = 8, .accepts = DLC(8), .kind = PCAN_OPTIONAL, .n = 1, \
        .rows = &pcan_ids[which]                                                    \
    }

/* Every dialect there is, for the codec and for the tests that walk the tables. */
extern const struct pylon_can_dialect pcan_pylon_1_2, pcan_pylon_1_3, pcan_pylon_2_0_6,
    pcan_deye_1_2, pcan_sol_ark_1_3, pcan_luxpower_04, pcan_seplos_1_0, pcan_hybrid_en_1_0,
    pcan_yambms_pylon12, pcan_yambms_pylonv2, pcan_victron, pcan_victron_byd, pcan_victron_pytes,
    pcan_yambms_victron, pcan_sma, pcan_goodwe_sma_1_2, pcan_growatt_lv_1_04;

/* ---- numbers in the data bytes (pylon_can.c) ---- */

size_t pcan_row_bytes(const struct pcan_row *row); /* bytes a row covers */
/* The row lies inside the data. Bits of a byte that other rows own stay as they are. */
void pcan_raw_store(const struct pcan_row *row, bool big_endian, uint8_t *data, uint32_t raw);
int64_t pcan_raw_load(const struct pcan_row *row, bool big_endian, const uint8_t *data);
/* '?' for what is not printable ASCII. */
uint8_t pcan_printable(uint8_t c);

/* ---- the bank as the codec sees it (pylon_can_bank.c) ---- */

/* The FIELD bits behind a number; 0 for counts of batteries, which are always known. */
uint32_t pcan_number_field(enum pcan_number number);
/* False when the bank does not know it. */
bool pcan_number_get(const struct bank *bank, enum pcan_number number, int64_t *ret);
/* The value is inside the row's min..max. Does not touch the known bits. */
void pcan_number_put(struct bank *bank, enum pcan_number number, int64_t value);

uint32_t pcan_flag_field(enum pcan_flag flag);
bool pcan_flag_get(const struct bank *bank, enum pcan_flag flag);
void pcan_flag_put(struct bank *bank, enum pcan_flag flag, bool value);

uint32_t pcan_text_field(enum pcan_text text);
const char *pcan_text_get(const struct bank *bank, enum pcan_text text);
/* The BATTERY_TEXT bytes to write to. */
char *pcan_text_room(struct bank *bank, enum pcan_text text);

struct bank_place pcan_place_get(const struct bank *bank, enum pcan_place place);
struct bank_place *pcan_place_room(struct bank *bank, enum pcan_place place);

#endif
