/* SPDX-License-Identifier: Apache-2.0
 *
 * What a scenario or a person at the terminal can do to the world: `bms 1 set cell 5 voltage 3.700
 * V`, `bms 1 unplug`, `bms 1 fault drop 5 % for 10 s`, `broker stop`, `inverter keepalive off`,
 * `dut kill`. One grammar for the timeline of a scenario and for the standard input of bms-sim
 * (where the actor may be left out and means `bms 1`). Grammar: docs/scenario-language.md.
 */
#ifndef SIM_STIMULUS_H
#define SIM_STIMULUS_H

#include "base/conf.h"
#include "base/quantity.h"

/* ---- paths: the names of a battery's values, for stimuli (`set soc 97 %`) and for truth (bms.soc)
 * ---- */

enum bms_value { BMS_QUANTITY, BMS_FLAG, BMS_COUNT, BMS_TEXT };

enum { BMS_MAX_CELLS = 32, BMS_CONDITIONS = 14 };

/* The rows of the table. A battery condition n of battery/battery.h (cell over-voltage is 0) is
 * warned of under BMS_PATH_WARNING + n and protected against under BMS_PATH_PROTECTION + n. */
enum bms_path_id {
    /* the pack, its cells, what its BMS allows */
    BMS_PATH_SOC,
    BMS_PATH_SOH,
    BMS_PATH_CURRENT,
    BMS_PATH_VOLTAGE,
    BMS_PATH_TEMP,
    BMS_PATH_AMBIENT,
    BMS_PATH_CYCLES,
    BMS_PATH_CAPACITY,
    BMS_PATH_REMAINING,
    BMS_PATH_POWER,
    BMS_PATH_CELL_VOLTAGE,
    BMS_PATH_CELL_TEMP,
    BMS_PATH_CELL_BALANCING,
    BMS_PATH_CELL_MIN,
    BMS_PATH_CELL_MAX,
    BMS_PATH_TEMP_MIN,
    BMS_PATH_TEMP_MAX,
    BMS_PATH_MOS_TEMP,
    BMS_PATH_BOARD_TEMP,
    BMS_PATH_CVL,
    BMS_PATH_DVL,
    BMS_PATH_CCL,
    BMS_PATH_DCL,
    BMS_PATH_CHARGE_ENABLE,
    BMS_PATH_DISCHARGE_ENABLE,
    BMS_PATH_FORCE_CHARGE,
    BMS_PATH_FULL_CHARGE,
    BMS_PATH_WARNING,
    BMS_PATH_PROTECTION = BMS_PATH_WARNING + BMS_CONDITIONS,
    /* words the device prints instead of its own: texts, applied by the device, no truth */
    BMS_PATH_STATE_BASE = BMS_PATH_PROTECTION + BMS_CONDITIONS,
    BMS_PATH_STATE_VOLTAGE,
    BMS_PATH_STATE_CURRENT,
    BMS_PATH_STATE_TEMPERATURE,
    BMS_PATH_STATE_CELLS,
    BMS_PATH_STATE_CELLTEMP,
    BMS_PATH_STATE_MOS,
    BMS_PATH_STATE_SYSTEM,
    BMS_PATH_EVENTS_BATTERY, /* hex masks: text "0x2002", value.micro the same number x 10^6 */
    BMS_PATH_EVENTS_POWER,
    BMS_PATH_FAULT_SYSTEM,
    BMS_PATH_SERIAL,
    BMS_PATH_FIRMWARE,
    BMS_PATH_CLOCK,
    BMS_PATH_LAYOUT,
    BMS_PATH_COUNT
};

/* A path is an entry of one fixed table plus the cell it speaks of. */
struct bms_path {
    uint16_t id;  /* enum bms_path_id; see bms_path_info() */
    uint8_t cell; /* 1-based; 0 when the path has no cell */
};

struct bms_path_info {
    const char *name; /* "soc", "cell.voltage", "state.base" */
    enum bms_value value;
    enum dim dim;      /* of a quantity */
    bool truth;        /* the model holds it: usable as bms.NAME */
    const char *help;  /* one line for --help and errors */
    bool settable;     /* usable with set, ramp and release */
    bool per_cell;     /* written `cell N NAME` */
    int64_t min_micro; /* what set and ramp take; 0..0 for flags and texts */
    int64_t max_micro;
};

size_t bms_path_count(void);
const struct bms_path_info *bms_path_info(uint16_t id);

/* Reads `soc`, `cell 5 voltage`, `state.base`, ... reporting unknown names with the known ones. */
bool bms_path_take(struct conf_cursor *c, struct bms_path *ret);
/* Reads the dotted form of truths and signals: "soc", "cell5.voltage". */
bool bms_path_parse(struct span dotted, struct bms_path *ret);
bool bms_path_format(const struct bms_path *path, struct buf *out); /* "cell 5 voltage" */

/* ---- stimuli ---- */

enum stimulus_actor { ACTOR_BMS, ACTOR_BROKER, ACTOR_CANBUS, ACTOR_INVERTER, ACTOR_DUT };

enum stimulus_verb {
    /* bms */
    STIM_SET,     /* path = value, held until released */
    STIM_RAMP,    /* path from -> to over duration, then held */
    STIM_RELEASE, /* path goes back to the physics */
    STIM_UNPLUG,  /* the cable, or the adapter, of the whole port; `bms 3 leave` takes one module */
    STIM_PLUG,
    STIM_LEAVE,  /* module n leaves the stack (its row becomes Absent) */
    STIM_JOIN,   /* and comes back */
    STIM_REBOOT, /* off for duration, then the device's power-up state */
    STIM_HOLD,   /* another central has the battery (Bluetooth) */
    STIM_FREE,   /* and lets it go */
    STIM_FREEZE, /* takes bytes, answers nothing */
    STIM_THAW,
    STIM_FAULT,  /* fault on the line, for a time or a count of replies */
    STIM_TYPE,   /* somebody else types on the console: text is echoed and answered */
    STIM_SEND,   /* raw bytes from the device, unasked (noise, late replies) */
    STIM_REPLAY, /* answers come from a recording */
    /* broker */
    STIM_BROKER_STOP, /* kill -9 */
    STIM_BROKER_START,
    STIM_BROKER_FREEZE, /* SIGSTOP: half-open connections */
    STIM_BROKER_THAW,
    STIM_BROKER_RESET, /* stop and start at once, sessions lost */
    STIM_BROKER_SLOW,  /* value: delay of every packet */
    /* canbus */
    STIM_CANBUS_OFF,
    STIM_CANBUS_PASSIVE,
    STIM_CANBUS_ON,
    /* inverter */
    STIM_INVERTER_SEND,      /* one frame: text holds "305#0000000000000000" */
    STIM_INVERTER_KEEPALIVE, /* frame in text every `duration`; text "" switches it off */
    /* dut */
    STIM_DUT_START,
    STIM_DUT_STOP, /* SIGTERM */
    STIM_DUT_KILL, /* SIGKILL */
    STIM_DUT_FREEZE,
    STIM_DUT_THAW,
    STIM_COUNT
};

enum fault_kind {
    FAULT_DROP,      /* amount %: each byte of a reply is lost with that probability */
    FAULT_DELAY,     /* time: replies start later */
    FAULT_TRUNCATE,  /* bytes: replies end after that many bytes (negative: so many before the end)
                      */
    FAULT_FLIP,      /* amount %: one bit of each byte with that probability */
    FAULT_DUPLICATE, /* amount %: bytes arrive twice */
    FAULT_ECHO,      /* the request comes back before the reply (RS485 half-duplex) */
    FAULT_GARBAGE, /* bytes: so many random bytes (0x80..0xFF) before each reply, and while idle */
    FAULT_BAUD,    /* device talks at another rate: the client sees garbage */
    FAULT_ADDR,    /* the reply carries another address (count: which) */
    FAULT_STALE,   /* the previous reply to this command again */
    FAULT_BLOCK,   /* bytes: a block of that size is lost somewhere inside each reply */
    FAULT_STALL,   /* time: a pause in the middle of each reply */
    FAULT_CHUNK,   /* bytes: replies are written in pieces of this size */
    FAULT_COUNT
};

struct stimulus {
    enum stimulus_actor actor;
    enum stimulus_verb verb;
    uint16_t battery;      /* 1-based; ACTOR_BMS only */
    struct bms_path path;  /* SET RAMP RELEASE */
    struct quantity value; /* SET: target; RAMP: from; FAULT: amount; BROKER_SLOW */
    struct quantity to;    /* RAMP */
    uint64_t duration_us;  /* RAMP over, REBOOT, FAULT for, KEEPALIVE period; 0: none */
    uint32_t count;        /* FAULT for N replies; 0: not counted */
    bool adapter;          /* UNPLUG: the USB end, so that the client's port itself is gone */
    enum fault_kind fault;
    char text[1024];       /* SET of a text path, TYPE, SEND (hex), REPLAY file, INVERTER frame */
    struct quantity speed; /* REPLAY: 1 when not given */
};

/* Reads one stimulus from the cursor up to (not including) `as` or the end of the line. With
 * default_bms the actor may be left out. Errors are reported through the cursor. */
bool stimulus_take(struct conf_cursor *c, bool default_bms, struct stimulus *ret);
/* The canonical text ("bms 1 set cell 5 voltage 3.7 V"). */
bool stimulus_format(const struct stimulus *s, struct buf *out);
/* The same stimulus, field by field. */
bool stimulus_eq(const struct stimulus *a, const struct stimulus *b);
const char *stimulus_verb_name(enum stimulus_verb verb);
/* The help text of the grammar, for bms-sim's `help` and for documentation. */
const char *stimulus_help(void);

#endif
