/* SPDX-License-Identifier: Apache-2.0
 *
 * The records inside the frames of JK BMS: cells, settings, device information, logbook. Each is
 * one struct for reading and writing; bytes that nobody has explained stay in `other`, so that a
 * frame that is decoded and encoded again is the same bytes.
 *
 * Names end in the unit of the wire: _mv, _ma, _mah, _dc (0.1 C), _pc (%), _s. Current is positive
 * when charging, as everywhere. An @number is the offset in the frame (32S unless it says 24S).
 *
 * Source: docs/protocols/jk.md.
 */
#ifndef PROTO_JK_RECORD_H
#define PROTO_JK_RECORD_H

#include "battery/battery.h"
#include "proto/jk_frame/jk_frame.h"

enum { JK_MAX_CELLS = 32, JK04_CELLS = 24, JK04_WIRES = 25, JK_MAX_LOG = 50 };

/* ================================================================== 02: cells ==== */

enum jk_balance { JK_BALANCE_OFF, JK_BALANCE_CHARGING_CELL, JK_BALANCE_DISCHARGING_CELL };

struct jk_cells {
    enum jk_layout layout; /* JK02_24S or JK02_32S */
    uint8_t counter;
    uint16_t cell_mv[JK_MAX_CELLS]; /* @6; 0: no such cell */
    uint32_t cell_mask;             /* @70 */
    uint16_t mean_mv;               /* @74 */
    uint16_t spread_mv;             /* @76; sampled at another moment than the cells */
    uint8_t max_index, min_index;   /* @78; 0-based */
    uint16_t wire_mohm[JK_MAX_CELLS];
    int16_t mos_dc;       /* @144; 24S @134 */
    uint32_t wire_alarms; /* @146; bit i: wire of cell i + 1 */
    uint32_t pack_mv;     /* @150 */
    uint32_t power_mw;    /* @154; without sign, filtered: lags */
    int32_t current_ma;   /* @158; + charging */
    int16_t t1_dc, t2_dc; /* @162; -2000: not fitted */
    uint32_t errors;      /* @166; 24S: 16 bits */
    int16_t balance_ma;   /* @170 */
    uint8_t balance;      /* @172; enum jk_balance */
    uint8_t soc_pc;       /* @173 */
    int32_t remaining_mah;
    uint32_t full_mah; /* @178; from firmware 11 on aged, the user's value is in the settings */
    uint32_t cycles;
    uint32_t cycle_mah;
    uint8_t soh_pc; /* @190 */
    uint8_t precharge;
    uint16_t user_alarm; /* @192; 24S: another, unknown meaning */
    uint32_t run_s;
    uint8_t charge_on, discharge_on; /* @198; the MOSFETs */
    uint16_t user_alarm2;            /* @200; 24S: one byte, precharging */
    uint16_t release_s[6];  /* @202; discharge OC, short, charge OC, short, cell UV, cell OV */
    uint8_t sensors;        /* @214; not to be trusted */
    uint8_t heater_on;      /* @215 */
    uint16_t emergency_s;   /* @218 */
    uint16_t discharge_fix; /* @220; discharge current correction */
    uint16_t charge_shunt_mv, discharge_shunt_mv;
    uint32_t volt_factor_f32; /* @226; bits of a float */
    uint16_t pack_cv;         /* @234; 10 mV; 24S: a constant */
    int16_t heater_ma;        /* @236 */
    uint8_t charger_plugged;  /* @245 */
    uint32_t ticks_ds;        /* @246; 0.1 s */
    uint32_t log_count;       /* @266 */
    uint8_t chemistry;        /* @275; 0 LFP, 1 Li-ion, 2 LTO */
    /* 32S only: */
    int16_t t3_dc, t4_dc, t5_dc; /* @254; t3 repeats the MOSFETs' */
    uint32_t rtc_s;              /* @262; since 2020-01-01 */
    uint32_t sleep_s;            /* @270 */
    uint8_t parallel_state;      /* @274 */
    uint16_t phase_s;            /* @278 */
    uint8_t phase;               /* @280; from firmware 15: 0 bulk, 1 absorption, 2 float */
    uint8_t dry_contacts;        /* @281 */
    uint8_t mark;                /* @287; 0xFE */
    uint8_t other[JK_BODY];      /* what no field above covers */
};

/* Errors as jk_frame_check(); ERR_MISMATCH: a frame of another record; ERR_UNSUPPORTED: `layout` is
 * not one of this struct's. */
struct decoded jk_cells_decode(struct span frame, enum jk_layout layout, struct jk_cells *ret);
/* Appends the frame; ERR_SPACE, ERR_UNSUPPORTED. */
enum err jk_cells_encode(const struct jk_cells *cells, struct buf *out);

/* float32 bits throughout (jk_f32_to_fixed); no current, charge or temperature. */
struct jk04_cells {
    uint8_t counter;
    uint32_t cell_v[JK04_CELLS];
    uint32_t wire_ohm[JK04_WIRES];
    uint32_t mean_v, spread_v;
    uint32_t cell_mask;
    uint8_t max_index, min_index; /* 0-based */
    uint8_t balance;              /* enum jk_balance */
    uint32_t balance_a;           /* negative: a cell is being discharged */
    uint32_t run_s;               /* an integer */
    uint8_t other[JK_BODY];
};

struct decoded jk04_cells_decode(struct span frame, struct jk04_cells *ret);
enum err jk04_cells_encode(const struct jk04_cells *cells, struct buf *out);

/* ================================================================== 01: settings ==== */

struct jk_settings {
    enum jk_layout layout; /* JK02_24S or JK02_32S; a settings frame does not tell it */
    uint8_t counter;
    uint32_t smart_sleep_mv; /* @6, then every 4 bytes */
    uint32_t cell_uvp_mv, cell_uvp_release_mv;
    uint32_t cell_ovp_mv, cell_ovp_release_mv;
    uint32_t balance_trigger_mv;
    uint32_t soc_full_mv, soc_empty_mv;
    uint32_t charge_mv, float_mv; /* per cell, what the BMS asks for; 0 before firmware 14 */
    uint32_t power_off_mv;
    uint32_t charge_max_ma, charge_oc_delay_s, charge_oc_release_s;
    uint32_t discharge_max_ma, discharge_oc_delay_s, discharge_oc_release_s;
    uint32_t short_release_s;
    uint32_t balance_max_ma;
    int32_t charge_otp_dc, charge_otp_release_dc;
    int32_t discharge_otp_dc, discharge_otp_release_dc;
    int32_t charge_utp_dc, charge_utp_release_dc;
    int32_t mos_otp_dc, mos_otp_release_dc;
    uint32_t cell_count;
    uint32_t charge_switch, discharge_switch, balance_switch;
    uint32_t capacity_mah; /* @130; as the user set it */
    uint32_t short_delay_us;
    uint32_t balance_start_mv;
    uint32_t wire_uohm[JK_MAX_CELLS]; /* @142; 24S @158 */
    /* 32S only: */
    uint32_t unit;               /* @270; address on the RS485 bus */
    uint32_t precharge_s;        /* @274 */
    uint16_t control;            /* @282; switches */
    int8_t heat_start, heat_end; /* @284; C; up to firmware 15.3x over-temperature alarm, release */
    uint8_t smart_sleep_h;
    uint8_t data_enable;
    int8_t discharge_utp_c, discharge_utp_release_c; /* @296 */
    uint8_t other[JK_BODY];
};

struct decoded jk_settings_decode(struct span frame, enum jk_layout layout,
                                  struct jk_settings *ret);
enum err jk_settings_encode(const struct jk_settings *settings, struct buf *out);

struct jk04_settings {
    uint8_t counter;
    uint8_t cell_count;     /* @34 */
    uint32_t power_off_v;   /* @38; this and the following as float32 bits */
    uint32_t reference_v;   /* @74; of the converter */
    uint32_t start_v;       /* @98; balancing starts here */
    uint32_t trigger_v;     /* @106; and at this difference */
    uint32_t balance_max_a; /* @110 */
    uint8_t balance_switch; /* @114 */
    uint8_t other[JK_BODY];
};

struct decoded jk04_settings_decode(struct span frame, struct jk04_settings *ret);
enum err jk04_settings_encode(const struct jk04_settings *settings, struct buf *out);

/* ================================================================== 03: information ==== */

/* Texts are as long as their field, NUL-padded, often with junk behind the NUL and not always
 * text: read them with jk_text(). The two passcodes are secrets that every BMS sends in clear: they
 * are here because a simulator needs them, and nowhere else. */
struct jk_info {
    uint8_t counter;
    uint8_t model[16], hardware[8], software[8];
    uint32_t run_s, power_on_count;
    uint8_t name[16]; /* the user's */
    uint8_t passcode[16];
    uint8_t made[8];    /* "YYMMDD" */
    uint8_t serial[16]; /* before firmware 19: 11, then 5 of an old passcode */
    uint8_t user_data[16];
    uint8_t settings_passcode[16];
    uint8_t user_data2[16];
    /* 32S; 0 before: */
    uint8_t uart1_protocol, can_protocol;
    uint8_t uart1_mask[16], can_mask[16];
    uint8_t uart2_protocol;
    uint8_t uart2_mask[15];
    uint8_t buzzer_source, dry1_source, dry2_source;
    uint8_t uart_library;
    int32_t buzzer_on, buzzer_off, dry1_on, dry1_off, dry2_on, dry2_off;
    int32_t log_period;
    uint8_t charge_time, float_time; /* 0.1 h */
    uint8_t can_library;
    uint8_t emergency_min;
    uint8_t uart3_protocol;
    uint8_t rebulk_soc_pc;
    uint8_t other[JK_BODY];
};

struct decoded jk_info_decode(struct span frame, struct jk_info *ret);
enum err jk_info_encode(const struct jk_info *info, struct buf *out);
/* Up to the first NUL; what is not printable ASCII becomes '?'. `cap` > 0. */
void jk_text(struct span field, char *out, size_t cap);
/* The number in front of the first dot of the software version ("10.07" is 10, "19.05" is 19): the
 * one that tells generations apart. False when it does not begin with one. */
bool jk_info_major(const struct jk_info *info, unsigned *ret);

/* ================================================================== 05: logbook ==== */

struct jk_log_entry {
    uint32_t time_s; /* since 2020-01-01; small numbers: since power-on, the clock was not set */
    uint8_t code;
};

struct jk_log {
    uint8_t counter;
    uint32_t count; /* may exceed what one frame holds */
    struct jk_log_entry entries[JK_MAX_LOG];
    uint8_t other[JK_BODY];
};

struct decoded jk_log_decode(struct span frame, struct jk_log *ret);
enum err jk_log_encode(const struct jk_log *log, struct buf *out);

/* ================================================================== bodies ==== */

/* The same records without their envelope, as the Modbus registers show them: JK_BIG turns every
 * number around, texts and bytes stay. The counter is 0. */
enum jk_order { JK_LITTLE, JK_BIG };

void jk_cells_from_body(const uint8_t *body, enum jk_layout layout, enum jk_order order,
                        struct jk_cells *ret);
void jk_cells_to_body(const struct jk_cells *cells, enum jk_order order, uint8_t *ret_body);
void jk_settings_from_body(const uint8_t *body, enum jk_layout layout, enum jk_order order,
                           struct jk_settings *ret);
void jk_settings_to_body(const struct jk_settings *settings, enum jk_order order,
                         uint8_t *ret_body);
void jk_info_from_body(const uint8_t *body, enum jk_order order, struct jk_info *ret);
void jk_info_to_body(const struct jk_info *info, enum jk_order order, uint8_t *ret_body);

#endif
