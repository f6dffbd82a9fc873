/* SPDX-License-Identifier: Apache-2.0
 *
 * A console of paper: answers the source's commands with given text, at given times, cut into given
 * pieces. What it prints is written down from the specification
 * (docs/protocols/pylontech-console.md sections 2, 3, 5 to 8) and from captures, not produced by
 * the project's encoders.
 */
#ifndef BRIDGE_SOURCE_TEST_CONSOLE_RIG_H
#define BRIDGE_SOURCE_TEST_CONSOLE_RIG_H

#include "bridge/source/pylontech_console.h"
#include "testing/testing.h"

#define RIG_S(n)  ((uint64_t)(n)*US_PER_S)
#define RIG_MS(n) ((uint64_t)(n)*US_PER_MS)

enum { RIG_LINES = 4096, RIG_LINE = 32, RIG_TEXT = 8192, RIG_PIECES = 8, RIG_LOG = 64 };

/* One module as the paper console prints it (layout P2). */
struct rig_module {
    bool present;
    int32_t volt, curr, tempr, tlow, thigh, vlow, vhigh, coulomb;
    const char *base, *volt_st, *curr_st, *temp_st, *bv_st, *bt_st; /* NULL: Normal, base: Idle */
    const char *mos;                                                /* "-": no sensor */
    const char *device;                                             /* of `info` */
    const char *barcode;
    const char *spec;
    int32_t soh, cycles;
    uint32_t system_fault, bat_events;
};

struct rig_piece {
    uint64_t at_us;
    size_t n;
    uint8_t bytes[RIG_TEXT];
};

struct rig {
    uint64_t now_us;
    struct pylontech_console console;
    struct source source;
    struct log log;
    char logged[RIG_LOG][160];
    unsigned n_logged;

    /* the paper console */
    struct rig_module modules[16];
    unsigned slots; /* rows of `pwr` */
    const char *prompt;
    uint32_t device_speed; /* garbage comes at any other */
    bool frame_mode;       /* 1200 baud until the wake-up frame */
    uint32_t awake_speed;
    bool dead, mute; /* no echo at all; echo, but no answer */
    bool no_info_n, no_stat_n;
    uint64_t delay_us;       /* Enter to answer */
    uint64_t extra_delay_us; /* for the next answer only */
    const char *extra_for;   /* ... to this command; NULL: to any */
    size_t piece;            /* bytes delivered at once; 0: whole */
    /* a hook that may change the bytes of an answer; NULL: as they are */
    void (*spoil)(struct rig *rig, const char *command, struct buf *answer);
    const char *pwr_text; /* body of `pwr` instead of the table of modules */
    unsigned spoiled;     /* for the hook's use */
    size_t hole_at, hole_n;
    char editor[256]; /* the line editor */
    size_t n_editor;

    /* what the source did */
    uint32_t speed;
    char lines[RIG_LINES][RIG_LINE];
    uint64_t line_at_us[RIG_LINES];
    unsigned n_lines;
    unsigned wakeups;
    bool forbidden; /* it sent something that is not on the list */
    struct battery got[16];
    unsigned updates[16];
    unsigned gone[16];
    uint64_t at_us[16];

    struct rig_piece pieces[RIG_PIECES];
    unsigned n_pieces;
};

/* Two US2000C modules, asked once a second, at 115200 baud. */
struct rig *rig_new(void);
/* The same, ten seconds after it was opened. */
struct rig *rig_running(void);
/* One more poll, whatever comes of it. */
void rig_poll_once(struct rig *rig);
void rig_delete(struct rig *rig);
void rig_open(struct rig *rig);
void rig_run(struct rig *rig, uint64_t for_us);
/* Lets it run until module `index` was updated again; false after `limit_us`. */
bool rig_until_update(struct rig *rig, unsigned index, uint64_t limit_us);
/* Text that nobody asked for, now. */
void rig_inject(struct rig *rig, const char *text);
/* How often this line was sent since the line `from`. */
unsigned rig_count(const struct rig *rig, const char *line, unsigned from);
bool rig_logged(const struct rig *rig, const char *text);
unsigned rig_log_count(const struct rig *rig, const char *text);

#endif
