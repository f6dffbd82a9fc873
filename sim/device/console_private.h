/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the console share: the session, what a firmware knows and how it talks
 * (traits), and the answer under construction. Private to sim/device.
 */
#ifndef SIM_DEVICE_CONSOLE_PRIVATE_H
#define SIM_DEVICE_CONSOLE_PRIVATE_H

#include "proto/pylon_console/pylon_console.h"
#include "sim/device/console.h"
#include "sim/device/console_knobs.h"

/* ---- traits: what a firmware knows; chosen by the master ---- */

/* Bits: which consoles know a command. The user mode of a family, and the admin mode of all but the
 * US3000D, whose firmware has no login. */
enum console_reach {
    REACH_USER = 1u << 0, /* US2000C, US3000C, US5000 */
    REACH_OLD = 1u << 1,  /* US2000, US2000B, US2000B Plus, US3000 */
    REACH_US3000D = 1u << 2,
    REACH_PYTES = 1u << 3,
    REACH_DEBUG = 1u << 4,  /* after `login debug`, US models */
    REACH_REMOTE = 1u << 5, /* only listed there, as a command for slaves */
};

enum console_stat { STAT_OLD, STAT_US, STAT_EXTENDED, STAT_US3000D, STAT_PYTES };

struct console_traits {
    const char *product; /* name in the table of products */
    unsigned user;       /* its user mode: one of REACH_* */
    enum console_stat stat;
    const char *time_chip;
    bool time_test; /* `time` adds "Test result:pass" */
    bool info_n, stat_n, soh;
    bool exclamation;        /* "successfully!" behind `stat`, "excute!" behind a bad `stat N` */
    bool blank_after_at;     /* an empty line behind '@' of `info`, `bat`, `help` and errors */
    const char *protections; /* behind `Protect ENA` of `pwr N`; NULL: the other form (PYTES) */
};

/* Never NULL: an unknown product talks like the US2000C. */
const struct console_traits *console_traits_of(const struct product *product);

/* ---- the answer under construction ---- */

enum { ANSWER_PAGES = 16 };

struct console_answer {
    struct buf out;
    size_t page_end[ANSWER_PAGES]; /* where the pager waits; behind its prompt */
    size_t n_pages;
    unsigned lines; /* since the last page */
    bool pager;
    bool first;    /* the next line follows '@' directly */
    unsigned rows; /* lines of a table, for the gaps between them */
    bool recorded; /* taken from a recording */
    enum pylon_status status;
    struct pylon_text_style style; /* its prompt points to the next member */
    char prompt[48];
};

/* '@' and the separator; the style's blank line only when `blank`. */
void console_begin(struct console_answer *a, enum pylon_sep sep, bool blank);
/* One line of a paged list (K style). After 17 of them the pager stops the output (section 2.4). */
void console_list_line(struct console_answer *a, const char *text);
/* The same with a separator of its own: the last log entry of a page has another one. */
void console_list_line_sep(struct console_answer *a, struct span sep, const char *text);

/* ---- commands ---- */

struct console;

/* What one command needs to answer; nothing in here changes the session. */
struct console_call {
    const struct console *console;
    const struct stack *stack;
    const struct console_traits *traits;
    unsigned reach;   /* the REACH_* bit of this console in its present mode */
    struct span args; /* behind the command's word, trimmed */
    struct console_answer *answer;
};

/* PYLON_OK: the body is in the answer. Else the caller makes the error reply. */
typedef enum pylon_status (*console_fn)(const struct console_call *call);

struct console_command {
    const char *name;
    const char *text; /* what `help` prints behind the name, and a usage error */
    unsigned reach;   /* REACH_* bits */
    bool forbidden;   /* writes, switches or destroys: refused and noted (S61) */
    console_fn fn;    /* NULL: the simulation answers a usage error */
};

extern const struct console_command console_commands[];
extern const size_t console_n_commands;

/* The command `word` on consoles with one of these REACH_* bits; NULL when they do not know it. */
const struct console_command *console_command_find(struct span word, unsigned reach);
/* Whether any console would change something on this word: a bridge must never send it. */
bool console_command_forbidden(struct span word);
enum pylon_status console_help(const struct console_call *call);

enum pylon_status console_pwr(const struct console_call *call);
enum pylon_status console_bat(const struct console_call *call);
enum pylon_status console_soh(const struct console_call *call);
enum pylon_status console_getpwr(const struct console_call *call);
enum pylon_status console_pwrsys(const struct console_call *call);
enum pylon_status console_info(const struct console_call *call);
enum pylon_status console_stat(const struct console_call *call);
enum pylon_status console_time(const struct console_call *call);
enum pylon_status console_log(const struct console_call *call);
enum pylon_status console_data(const struct console_call *call);
enum pylon_status console_ver(const struct console_call *call);
enum pylon_status console_login(const struct console_call *call);
enum pylon_status console_logout(const struct console_call *call);

enum pylon_status console_pwr_module(const struct console_call *call); /* `pwr N` */

/* The module that `args` ask for: empty is the master. PYLON_INVALID when it is no address of a
 * slot, PYLON_NOT_PRESENT when nobody is there. */
enum pylon_status console_address(const struct console_call *call, struct span args,
                                  unsigned *ret_address);
static inline const struct stack_module *console_module(const struct console_call *call,
                                                        unsigned address)
{
    return &call->stack->module[address - 1];
}

/* Rows the master's `pwr` has: 8, 16, or 0 for present modules only. */
unsigned console_slots(const struct console *console, const struct stack *stack);

/* ---- one module in the console's words and numbers ---- */

/* Everything tables and forms print about one module: numbers in the console's units, words from
 * the BMS's warnings and protections, overridden words from the overlay. */
struct console_face {
    int32_t volt_mv, curr_ma, tempr_mc, tlow_mc, thigh_mc, vlow_mv, vhigh_mv, mos_mc;
    uint8_t tlow_id, thigh_id, vlow_id, vhigh_id; /* 0-based cells */
    bool has_mos;
    int32_t soc_pc, soh_pc, remaining_mah;
    char base[PYLON_WORD], volt[PYLON_WORD], curr[PYLON_WORD], temp[PYLON_WORD];
    char cell_base[PYLON_WORD]; /* what the rows of cells say */
    char cells[PYLON_WORD], celltemp[PYLON_WORD], mos[PYLON_WORD], system[PYLON_WORD];
    const char *coulomb; /* "Normal", "Low", "Full" */
    uint32_t bat_events, power_events, system_fault;
    bool cell_over, cell_under; /* the BMS protects a cell: the highest, the lowest */
    size_t n_cells;
    int32_t cell_mv[PYLON_MAX_CELLS], cell_mc[PYLON_MAX_CELLS];
    char serial[OVERLAY_TEXT], firmware[OVERLAY_TEXT];
};
void console_face_of(const struct stack_module *module, struct console_face *ret);
/* The word of one cell: captures show a cell High while the pack is Normal. */
const char *console_cell_word(const struct console_face *face, size_t cell);
/* The lifetime counter of `pwr N` and `stat`. */
int32_t console_charge_times(const struct stack_module *m);
/* Rows of a cell table; the layout is the caller's. */
void console_fill_bat(const struct stack_module *m, const struct console_face *f,
                      struct pylon_bat *table);
/* The names behind an event mask ("BHV COULFULL"), as far as they are known. */
void console_mask_names(uint32_t mask, bool power, struct buf *out);

/* The clock of module `address` as `pwr` and `time` print it. */
struct pylon_time console_clock(const struct console_call *call, unsigned address);
struct pylon_time console_civil(uint64_t wall_us, int64_t offset_s);
/* "YYYY-MM-DD hh:mm:ss"; dates that no calendar has (2000-00-00) are fine. */
bool console_clock_parse(const char *text, struct pylon_time *ret);

/* ---- the session ---- */

enum { CONSOLE_LINE_MAX = 128, CONSOLE_FRAME_MAX = 64 };

struct console {
    struct device base;
    struct sim_console knobs;
    bool awake; /* false: frames at 1200 baud until the wake-up frame */
    bool debug; /* the mode belongs to the battery, not to the client */
    uint64_t powered_us;
    char line[CONSOLE_LINE_MAX];
    size_t line_n;
    char frame[CONSOLE_FRAME_MAX];
    size_t frame_n;
    /* the pager: a whole answer, of which page_end[page] bytes are out */
    uint8_t text[DEVICE_REPLY_MAX];
    struct console_answer paged;
    size_t page, page_start;
    bool waiting; /* for the key behind a pager prompt */
    char paged_command[CONSOLE_LINE_MAX];
    struct recording *recording;
    struct stack scratch; /* the stack of the command in hand */
};

/* Makes the whole answer to `line` (without line end) in a->out; a->out.p must hold
 * DEVICE_REPLY_MAX bytes. The session is not changed; *ret_debug is the mode behind the command. */
enum pylon_status console_answer(const struct console *console, struct span line,
                                 const struct stack *stack, struct console_answer *a,
                                 bool *ret_debug);

#endif
