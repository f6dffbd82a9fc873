/* SPDX-License-Identifier: Apache-2.0
 *
 * The text console on the RS232 port of Pylontech low-voltage batteries (US2000 .. US5000, US3000D)
 * and of PYTES, both directions: the answer reader and the decoders that a bridge needs, and the
 * encoders that a simulator needs. Decode a capture, encode the struct again, get the capture back.
 *
 * Purity: bytes in, struct out, struct in, bytes out. Numbers keep the console's own units: mV, mA
 * (negative = discharge), thousandths of a degree, percent. The meaning in project units comes from
 * pylon_battery.h.
 *
 * Layout names (P1 P2 P3 P4 PY, B1 B1n B2 B3 BE) as in docs/protocols/pylontech-console.md.
 */
#ifndef PROTO_PYLON_CONSOLE_H
#define PROTO_PYLON_CONSOLE_H

#include "base/span.h"

/* ================================================================== session ==== */

enum { PYLON_MAX_MODULES = 16, PYLON_MAX_CELLS = 16, PYLON_ANSWER_MAX = 16384 };

/* "~20014682C0048520FCC3\r": sent at 1200 baud, turns an old module's console on. */
extern const struct span pylon_wakeup_frame;

/* Reads one answer from a stream that may be cut anywhere. The answer ends at a prompt: a line that
 * holds nothing but a name and '>' (noise bytes in front are tolerated). Resynchronisation: what
 * stands before the command's echo is dropped by pylon_answer_split(); when the buffer is full
 * before a prompt the bytes are dropped until the next prompt and the answer is ERR_SPACE. */
enum pylon_read {
    PYLON_READ_MORE,  /* feed more */
    PYLON_READ_PAGER, /* "Press [Enter] to be continued": send one CR, then feed more */
    PYLON_READ_DONE,  /* a prompt was seen: pylon_reader_answer() */
};

struct pylon_reader {
    uint8_t *text; /* caller's buffer */
    size_t cap;
    size_t n;
    bool overflow;
    bool expect_text;
    size_t
        scanned; /* where the line that is being received starts: before it is no prompt or pager */
};

/* `cap` at least 256; PYLON_ANSWER_MAX holds every answer of a low-voltage stack. */
void pylon_reader_init(struct pylon_reader *r, uint8_t *memory, size_t cap);
void pylon_reader_reset(struct pylon_reader *r); /* before each command */
/* After reset, when the command was not the empty line: a prompt with nothing in front of it is
 * then the late answer to an empty line (CR LF sent as Enter) and is dropped instead of ending the
 * answer, so that answers can never shift by one. */
void pylon_reader_expect_text(struct pylon_reader *r);
/* Consumes all of `in` up to and including a pager line or a prompt; *ret_used says how much. */
enum pylon_read pylon_reader_feed(struct pylon_reader *r, struct span in, size_t *ret_used);

/* What the console said about the command as a whole. */
enum pylon_status {
    PYLON_OK,            /* completion line seen */
    PYLON_UNKNOWN,       /* "Unknown command '..'" */
    PYLON_INVALID,       /* "Invalid command or fail to excute" */
    PYLON_NOT_PRESENT,   /* "Target device is not present" */
    PYLON_FAILED,        /* "Command failed", "Command completed unccessfully" */
    PYLON_EMPTY,         /* only a prompt: the answer to an empty line */
    PYLON_NO_COMPLETION, /* text, but neither completion nor error: do not use it */
};

struct pylon_answer {
    enum pylon_status status;
    bool echo_ok;       /* the echo equals the command; with an empty command: nothing else came */
    bool debug_mode;    /* prompt ends in _debug> */
    struct span prompt; /* "pylon>", "PYTES>" */
    struct span body; /* between echo (and '@') and the completion line; pager text still inside */
};

/* Splits what the reader collected. `command` without CR. ERR_MISMATCH when the echo is missing or
 * of something else (the answer to an earlier question, or its late second half), ERR_INCOMPLETE
 * when there is no prompt at the end. With an empty command no echo is looked for. The spans point
 * into `text`; the body of an error reply is its text. */
struct decoded pylon_answer_split(struct span text, struct span command, struct pylon_answer *ret);
/* The same on what the reader holds after PYLON_READ_DONE; ERR_SPACE when it overflowed. */
struct decoded pylon_reader_answer(const struct pylon_reader *r, struct span command,
                                   struct pylon_answer *ret);

/* Takes the next logical line of a body: any run of CR and LF ends it, pager prompts with their 50
 * blanks are removed, empty lines skipped, trailing blanks kept off. */
bool pylon_body_line(struct span *rest, struct span *ret_line);

/* ================================================================== pwr ==== */

enum pylon_pwr_layout { PYLON_P1, PYLON_P2, PYLON_P3, PYLON_P4, PYLON_PY };

enum { PYLON_WORD = 12 }; /* state words have at most 8 characters; NUL and room for oddities */

struct pylon_time {
    uint16_t year; /* 2000-00-00 exists */
    uint8_t month, day, hour, minute, second;
};

struct pylon_pwr_row {
    uint8_t address; /* 1..16 */
    bool absent;
    int32_t volt_mv, curr_ma, tempr_mc, tlow_mc, thigh_mc, vlow_mv, vhigh_mv;
    bool has_ids;                                 /* P3 and P4 */
    uint8_t tlow_id, thigh_id, vlow_id, vhigh_id; /* 0-based */
    char base_st[PYLON_WORD], volt_st[PYLON_WORD], curr_st[PYLON_WORD], temp_st[PYLON_WORD];
    int32_t coulomb_pc;
    struct pylon_time time;
    char bv_st[PYLON_WORD], bt_st[PYLON_WORD];
    bool has_mos; /* false: '-' (P2) or no such column (P1, PY) */
    int32_t mos_mc;
    char mt_st[PYLON_WORD];         /* P2 P3 P4 */
    char sys_alarm_st[PYLON_WORD];  /* P3 */
    char barcode[24], dev_type[24]; /* PY */
};

struct pylon_pwr {
    enum pylon_pwr_layout layout;
    size_t n;
    struct pylon_pwr_row rows[PYLON_MAX_MODULES];
};

/* Whole table or nothing: every present row must be good, rows consecutive from 1.
 * ERR_LAYOUT no or unknown header; ERR_INCOMPLETE a row is missing or cut; ERR_SYNTAX a field is
 * no number or a row has too few or too many fields; ERR_RANGE a number no battery can print. */
struct decoded pylon_pwr_decode(struct span body, struct pylon_pwr *ret);
/* Appends the table's lines in wire form (see pylon_text). */
enum err pylon_pwr_encode(const struct pylon_pwr *table, struct buf *out);

/* ================================================================== bat ==== */

enum pylon_bat_layout { PYLON_B1, PYLON_B1N, PYLON_B2, PYLON_B3, PYLON_BE };

struct pylon_bat_row {
    uint8_t index; /* 0-based */
    int32_t volt_mv, curr_ma, tempr_mc;
    char base_st[PYLON_WORD], volt_st[PYLON_WORD], curr_st[PYLON_WORD];
    char temp_st[PYLON_WORD];  /* B3: DTemp. State */
    char ctemp_st[PYLON_WORD]; /* B3 */
    int32_t soc_pc;
    int32_t coulomb_mah; /* not in BE */
    bool balancing;      /* B2 and B3 */
};

struct pylon_bat {
    enum pylon_bat_layout layout;
    size_t n;
    struct pylon_bat_row rows[PYLON_MAX_CELLS];
};

/* Errors as pylon_pwr_decode; rows must be 0..n-1. The caller checks n against `info`. */
struct decoded pylon_bat_decode(struct span body, struct pylon_bat *ret);
enum err pylon_bat_encode(const struct pylon_bat *table, struct buf *out);

/* ================================================================== label : value ==== */

/* `pwr N`, `info`, `stat`, `pwrsys` print one value a line. Firmware adds, drops and reorders
 * lines, so the text form is a list; the typed views below pick what they know by label. */
enum pylon_kv_kind {
    PYLON_KV_NUMBER, /* " Voltage         : 49905       mV" */
    PYLON_KV_WORD,   /* " Basic Status    : Charge  " */
    PYLON_KV_TEXT,   /* "Barcode             : PPT..." */
    PYLON_KV_MASK,   /* " Power Events    : 0x2000     COULFULL" */
    PYLON_KV_LIST,   /* " Protect ENA     : BOV BHV ... " */
    PYLON_KV_PLAIN,  /* a line without a colon: " Power  1", "Device address           1" */
    PYLON_KV_RULE,   /* " ----------------------------" */
    PYLON_KV_BLANK,  /* an empty line that is part of the form */
};

struct pylon_kv {
    enum pylon_kv_kind kind;
    struct span label;   /* without padding and colon; of a rule the dashes, of PLAIN the words */
    struct span value;   /* as printed, without the padding; of PLAIN the number at the end */
    struct span unit;    /* "mV", "mA", ...; for a mask the names behind it */
    int64_t number;      /* NUMBER and MASK; encode prints `value`, or this when `value` is empty */
    uint8_t label_width; /* padding the firmware used: encode repeats it; 0: the usual one */
    uint8_t value_width;
};

enum { PYLON_KV_MAX = 128 };

struct pylon_form {
    struct span body; /* what the spans point into: the views' error offsets count from its start */
    size_t n;
    struct pylon_kv items[PYLON_KV_MAX];
};

enum pylon_form_kind { PYLON_FORM_PWR, PYLON_FORM_INFO, PYLON_FORM_STAT, PYLON_FORM_PWRSYS };

/* The spans point into `body`. ERR_SYNTAX a line that does not belong into the form or a byte that
 * is no text, ERR_INCOMPLETE an empty form or `pwr N` without its closing rule, ERR_SPACE too many
 * lines. */
struct decoded pylon_form_decode(enum pylon_form_kind kind, struct span body,
                                 struct pylon_form *ret);
enum err pylon_form_encode(enum pylon_form_kind kind, const struct pylon_form *form,
                           struct buf *out);
/* By label, runs of blanks count as one; NULL when absent. */
const struct pylon_kv *pylon_form_find(const struct pylon_form *form, const char *label);

/* `pwr N` */
struct pylon_module {
    uint8_t address;
    bool has_volt, has_curr, has_tempr, has_coulomb;
    int32_t volt_mv, curr_ma, tempr_mc, coulomb_pc;
    bool has_total; /* rated capacity; PYTES prints mAS, converted */
    int32_t total_mah;
    bool has_max_volt;
    int32_t max_volt_mv;
    char base_st[PYLON_WORD], volt_st[PYLON_WORD], curr_st[PYLON_WORD], temp_st[PYLON_WORD],
        coul_st[PYLON_WORD], soh_st[PYLON_WORD], heater_st[PYLON_WORD]; /* "" when absent */
    bool has_bat_events, has_power_events, has_system_fault;
    uint32_t bat_events, power_events, system_fault;
};
/* Views: a line that is not there leaves its field unknown; a known label with something else than
 * its kind of value is ERR_SYNTAX, a number outside the possible ERR_RANGE, a form that has none of
 * the lines which make it this form ERR_INCOMPLETE. */
struct decoded pylon_module_from(const struct pylon_form *form, struct pylon_module *ret);

/* `info`, `info N` */
struct pylon_info {
    uint8_t address; /* 0 when absent */
    char manufacturer[32], device_name[32], main_version[32], soft_version[32], barcode[32];
    char specification[32]; /* "48V/50AH" */
    uint8_t cell_number;    /* 0 when absent */
    bool has_max_discharge, has_max_charge;
    int32_t max_discharge_ma; /* negative as printed */
    int32_t max_charge_ma;
    int32_t console_rate; /* 0 when absent */
};
struct decoded pylon_info_from(const struct pylon_form *form, struct pylon_info *ret);

/* `stat`, `stat N` */
struct pylon_stat {
    uint8_t address;
    bool has_cycles, has_soh, has_coulomb, has_dsg_cap;
    int32_t cycles;
    int32_t soh_pc;      /* 0 on healthy modules: has_soh is false then */
    int64_t coulomb_mas; /* remaining charge in mA s */
    int64_t dsg_cap_mah;
};
struct decoded pylon_stat_from(const struct pylon_form *form, struct pylon_stat *ret);

/* `pwrsys` */
struct pylon_system {
    uint8_t total, present, sleeping;
    char state[16]; /* "discharging", "charging", ... */
    bool has_limits;
    int32_t volt_mv, curr_ma, rc_mah, fcc_mah, soc_pc, soh_pc;
    int32_t cvl_mv, dvl_mv, ccl_ma, dcl_ma; /* "system Recommend ..."; dcl as printed, negative */
    bool has_module_limits;
    int32_t module_cvl_mv, module_dvl_mv, module_ccl_ma, module_dcl_ma; /* "Recommend ..." */
};
struct decoded pylon_system_from(const struct pylon_form *form, struct pylon_system *ret);

/* ================================================================== the rest ==== */

/* `soh`: B-style rows "index mV count state"; PYTES prints other columns (form 1). */
struct pylon_soh {
    uint8_t address;
    uint8_t form;
    size_t n;
    struct {
        uint8_t index;
        int32_t volt_mv;
        uint32_t count; /* SOHCount, or the PYTES hex word */
        char state[PYLON_WORD];
    } rows[PYLON_MAX_CELLS];
};
struct decoded pylon_soh_decode(struct span body, struct pylon_soh *ret);
enum err pylon_soh_encode(const struct pylon_soh *soh, struct buf *out);

/* `getpwr` */
struct pylon_getpwr {
    int32_t volt_mv, curr_ma, tempr_mc, remaining_mah;
    char base_st[PYLON_WORD], volt_st[PYLON_WORD], curr_st[PYLON_WORD], temp_st[PYLON_WORD];
    size_t n;
    struct {
        int32_t volt_mv, tempr_mc;
        char volt_st[PYLON_WORD], temp_st[PYLON_WORD];
    } cells[PYLON_MAX_CELLS];
    size_t n_trailers;
    int64_t trailers[4]; /* the second is the cycle count */
};
struct decoded pylon_getpwr_decode(struct span body, struct pylon_getpwr *ret);
enum err pylon_getpwr_encode(const struct pylon_getpwr *g, struct buf *out);

/* `time`: "Ds3231 2024-05-13 12:00:00"; the chip may be missing ("") */
struct decoded pylon_time_decode(struct span body, char chip[16], struct pylon_time *ret);
enum err pylon_time_encode(const char *chip, const struct pylon_time *t, struct buf *out);

/* `log`: newest first */
struct pylon_log_entry {
    uint32_t index;
    struct pylon_time time;
    struct span module; /* "BMM" */
    uint64_t code;
    struct span text; /* with the blank that Pylontech puts at its end */
};
/* Takes the next entry off *rest; ERR_NOT_FOUND at the end. A broken entry is taken off as well;
 * offsets count from where *rest stood. */
struct decoded pylon_log_next(struct span *rest, struct pylon_log_entry *ret);
/* Appends entry number `nth` (0 = first of the answer) in wire form with the separator before it;
 * `last` for the answer's last one. After every third entry, also after the last, comes the pager:
 * pylon_pager_prompt, wait for Enter, pylon_pager_resume. Then pylon_text_end(). */
enum err pylon_log_encode(const struct pylon_log_entry *entry, size_t nth, bool last,
                          struct buf *out);
enum { PYLON_LOG_PER_PAGE = 3 };

/* ================================================================== answers on the wire ==== */

/* How a firmware frames its answers (specification 2.2). Zero-initialised or NULL: the usual
 * Pylontech. */
struct pylon_text_style {
    const char *prompt;  /* NULL: "pylon>" */
    bool exclamation;    /* "Command completed successfully!" */
    bool blank_after_at; /* an empty line behind '@' */
    bool no_at;          /* no '@' line at all */
};

enum pylon_sep { PYLON_SEP_T, PYLON_SEP_K }; /* table: CR CR LF; key/value: CR LF CR */

/* The parts of an answer, in the order they are sent: begin, the lines of one of the encoders
 * above, end. The echo is the line editor's: each character as it comes, LF CR for Enter. */
enum err pylon_text_begin(const struct pylon_text_style *style, enum pylon_sep sep,
                          struct buf *out);
enum err pylon_text_end(const struct pylon_text_style *style, struct buf *out);
/* A whole error answer: PYLON_UNKNOWN needs the command, PYLON_INVALID the usage text (may be
 * NULL). */
enum err pylon_text_error(const struct pylon_text_style *style, enum pylon_status status,
                          struct span command, const char *usage, struct buf *out);
/* The pager's two texts: the prompt it shows and what it prints once Enter was pressed. */
extern const struct span pylon_pager_prompt;
extern const struct span pylon_pager_resume;
enum { PYLON_PAGER_LINES = 18 };

#endif
