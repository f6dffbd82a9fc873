/* SPDX-License-Identifier: Apache-2.0
 *
 * The "4E 57" token protocol on the UART ("GPS", RS485) port of JK BMS, both directions. Big
 * endian, point to point: there is no usable address.
 *
 *   4E 57 | length | terminal 4 | command | source | type | data | record 4 | 68 | 00 00 | sum16
 *
 * The length counts all bytes but the header. Data are tokens, each with its value; no length byte
 * follows a token, so an unknown one ends what can be read. The sum is additive and does not see
 * swapped bytes.
 *
 * Source: docs/protocols/jk.md; captures of firmware 6 to 11. Pure.
 */
#ifndef PROTO_JK_UART_H
#define PROTO_JK_UART_H

#include "base/span.h"
#include "battery/battery.h"

enum {
    JK_UART_MIN_LENGTH = 19,
    JK_UART_MAX_LENGTH = 0x160,
    JK_UART_MAX = JK_UART_MAX_LENGTH + 2,
    JK_UART_DATA_AT = 11,
};

enum jk_uart_command {
    JK_UART_ACTIVATE = 1, /* wakes a sleeping BMS */
    JK_UART_WRITE = 2,
    JK_UART_READ = 3,
    JK_UART_PASSWORD = 5,
    JK_UART_READ_ALL = 6,
};
enum jk_uart_source { JK_UART_BMS, JK_UART_BLUETOOTH, JK_UART_GPS, JK_UART_PC };
enum jk_uart_type { JK_UART_REQUEST, JK_UART_REPLY, JK_UART_UPLOAD };

/* command, source and type are kept as they came, known or not. */
struct jk_uart_frame {
    uint32_t terminal;
    uint8_t command, source, type;
    struct span data;
    uint32_t record;
    uint16_t crc; /* unused: 0 */
};

/* One whole frame; ret->data points into it. ERR_SHORT; ERR_LAYOUT: header, end mark, or bytes
 * behind it; ERR_RANGE: a length that no frame has; ERR_CHECKSUM. */
struct decoded jk_uart_frame_decode(struct span bytes, struct jk_uart_frame *ret);
/* ERR_RANGE: no data or too much; ERR_SPACE. */
enum err jk_uart_frame_encode(const struct jk_uart_frame *frame, struct buf *out);
/* "4E 57 00 13 .. 01 29": everything there is. */
extern const struct span jk_uart_read_all;

/* ================================================================== stream ==== */

/* Finds frames in any chunking. Resynchronisation: a candidate with a wrong length, end mark or sum
 * loses its first byte; the version text of old firmware begins with "NW", a false header. */
struct jk_uart_reader {
    uint8_t bytes[JK_UART_MAX];
    uint16_t n;
    uint16_t got; /* length of the last frame; dropped with the next call */
    uint32_t frames;
    uint32_t junk;
    uint32_t bad_length;
    uint32_t bad_end;
    uint32_t bad_sum;
};

enum jk_uart_event { JK_UART_MORE, JK_UART_FRAME };

void jk_uart_reader_reset(struct jk_uart_reader *r); /* keeps the counters */
/* Takes bytes up to the end of the next frame; call again until MORE. */
enum jk_uart_event jk_uart_reader_feed(struct jk_uart_reader *r, struct span in, size_t *ret_used);
/* Nothing came for 100 ms: what waits for more will not get it. Gives a whole frame behind the
 * false header, if there is one; call again until MORE, then nothing is left. */
enum jk_uart_event jk_uart_reader_silence(struct jk_uart_reader *r);
struct span jk_uart_got(const struct jk_uart_reader *r); /* valid until the next call */

/* ================================================================== tokens ==== */

enum jk_uart_token {
    JK_TOKEN_CELLS = 0x79,
    JK_TOKEN_MOS_TEMP = 0x80,
    JK_TOKEN_T1 = 0x81,      /* "box" */
    JK_TOKEN_T2 = 0x82,      /* "battery" */
    JK_TOKEN_PACK = 0x83,    /* 10 mV */
    JK_TOKEN_CURRENT = 0x84, /* coding: JK_TOKEN_PROTOCOL */
    JK_TOKEN_SOC = 0x85,
    JK_TOKEN_SENSORS = 0x86,
    JK_TOKEN_CYCLES = 0x87,
    JK_TOKEN_CYCLE_AH = 0x89,
    JK_TOKEN_CELL_COUNT = 0x8A,
    JK_TOKEN_ALARMS = 0x8B,
    JK_TOKEN_STATUS = 0x8C, /* bits: charge, discharge MOSFET on, balancing, connected */
    JK_TOKEN_PACK_OVP = 0x8E,
    JK_TOKEN_PACK_UVP = 0x8F,
    JK_TOKEN_CELL_OVP = 0x90, /* mV, release, delay s */
    JK_TOKEN_CELL_UVP = 0x93,
    JK_TOKEN_CELL_UVP_RELEASE = 0x94,
    JK_TOKEN_DISCHARGE_OCP = 0x97, /* A, delay s */
    JK_TOKEN_CHARGE_OCP = 0x99,
    JK_TOKEN_BALANCE_START = 0x9B, /* mV */
    JK_TOKEN_BALANCE_TRIGGER = 0x9C,
    JK_TOKEN_BALANCER = 0x9D,
    JK_TOKEN_CHARGE_UTP = 0xA5, /* signed C */
    JK_TOKEN_CELLS_SET = 0xA9,
    JK_TOKEN_CAPACITY_AH = 0xAA,
    JK_TOKEN_CHARGE_SWITCH = 0xAB,
    JK_TOKEN_DISCHARGE_SWITCH = 0xAC,
    JK_TOKEN_CHEMISTRY = 0xAF,
    JK_TOKEN_PASSWORD = 0xB2, /* a secret, sent in clear */
    JK_TOKEN_DEVICE_ID = 0xB4,
    JK_TOKEN_DATE = 0xB5,
    JK_TOKEN_WORK_MIN = 0xB6,
    JK_TOKEN_SOFTWARE = 0xB7,
    JK_TOKEN_FULL_AH = 0xB9,
    JK_TOKEN_MAKER = 0xBA,
    JK_TOKEN_PROTOCOL = 0xC0, /* 1: the new coding of the current */
};

enum {
    JK_UART_CELLS = 32,
    JK_UART_FIRST = 0x79,
    JK_UART_TOKENS = 0xC0 - 0x79 + 1,
    JK_UART_TEXT = 24,
};

struct jk_uart_cell {
    uint8_t number; /* 1-based, as sent */
    uint16_t mv;
};

/* All tokens of a frame, in the order they came, so that encoding gives the same bytes. */
struct jk_uart_values {
    uint8_t order[JK_UART_TOKENS];
    uint8_t n;
    uint8_t cell_n;
    struct jk_uart_cell cells[JK_UART_CELLS];
    uint32_t number[JK_UART_TOKENS];
    uint8_t text[JK_UART_TOKENS][JK_UART_TEXT]; /* only of the five text tokens */
    uint8_t tail[JK_UART_MAX];                  /* from an unknown token to the end */
    uint16_t tail_n;
};

/* Bytes of a token's value; 0: unknown, or the cells, whose value has its own length. */
unsigned jk_uart_width(uint8_t token);
bool jk_uart_is_text(uint8_t token);

/* The data of a reply or of a write. ERR_SHORT: a value is cut; ERR_RANGE: cells that are no
 * cells; ERR_EXISTS: a token comes twice. An unknown token is no error: it and what follows is the
 * tail. Offsets count from the start of the data. */
struct decoded jk_uart_values_decode(struct span data, struct jk_uart_values *ret);
enum err jk_uart_values_encode(const struct jk_uart_values *values, struct buf *out);

bool jk_uart_has(const struct jk_uart_values *v, uint8_t token);
/* False when the token is not there (or is no number). */
bool jk_uart_number(const struct jk_uart_values *v, uint8_t token, uint32_t *ret);
/* A text as its bytes, all of the field; empty when it is not there. */
struct span jk_uart_text(const struct jk_uart_values *v, uint8_t token);
/* Adds a token behind the others or changes it. ERR_USAGE: no such number or text; ERR_RANGE: more
 * than its width holds. A shorter text is padded with NUL. */
enum err jk_uart_set_number(struct jk_uart_values *v, uint8_t token, uint32_t value);
enum err jk_uart_set_text(struct jk_uart_values *v, uint8_t token, struct span text);
/* ERR_RANGE: more than 32 cells. */
enum err jk_uart_set_cells(struct jk_uart_values *v, const uint16_t *cell_mv, size_t n);

/* ================================================================== meaning ==== */

/* Degrees Celsius: raw up to 100 as it is, above it 100 - raw. False beyond -40. */
bool jk_uart_temperature(uint32_t raw, int32_t *ret_c);
uint16_t jk_uart_temperature_raw(int32_t c); /* held at -40..100 */

/* + charging. With the new coding bit 15 says so, with the old one it is (10000 - raw). False:
 * there is no current, or an unknown token hides which coding it is. */
bool jk_uart_current(const struct jk_uart_values *v, int32_t *ret_ma);
uint16_t jk_uart_current_raw(int32_t ma, bool new_coding); /* held at what fits */

/* Cells within 0.5..5 V (0: none), numbered from 1, their sum the pack voltage to 1 %, SOC up to
 * 100 %. False: *ret_why (may be NULL) says what is wrong. */
bool jk_uart_plausible(const struct jk_uart_values *v, const char **ret_why);

/* ERR_IMPLAUSIBLE: *b is untouched. What was not sent stays as it was. CCL and DCL are the
 * over-current protections, DVL is where the under-voltage protection lets go; no CVL is sent.
 * Sensors: T1 and T2 as cells, the MOSFETs. Remaining charge, SOH and serial number are not sent:
 * the device id is a text that most owners leave at "Input Us". */
enum err jk_uart_to_battery(const struct jk_uart_values *v, struct battery *b);

#endif
