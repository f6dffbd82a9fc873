/* SPDX-License-Identifier: Apache-2.0
 *
 * The session with a Pylontech console: finds the line speed, wakes old modules, gets a prompt,
 * sends one command at a time and collects its answer. It knows nothing about batteries.
 *
 *   CLOSED --opened--> SYNC --prompt, then silence--> READY --command--> BUSY --answer--> READY
 *                       |  ^                            ^                  |
 *               silence |  +---- next attempt ----------+---- time-out ----+ (through SYNC)
 *                       v
 *                     WAKE (frame at 1200 baud, then back)
 *
 * Resynchronisation: after anything unexpected (time-out, foreign or late text, garbage) an Enter
 * is sent and everything is dropped up to a prompt that is followed by silence. So a late answer is
 * never taken for the answer to a later command, and the console's line editor is empty before the
 * next one.
 *
 * The search never ends. The speed that worked last (else 115200) is tried once a second; in
 * between, ever more seldom, the wake-up frame and 19200 (Extra2000). Source:
 * docs/protocols/pylontech-console.md sections 1, 10 and 15.
 */
#ifndef BRIDGE_SOURCE_PYLONTECH_LINK_H
#define BRIDGE_SOURCE_PYLONTECH_LINK_H

#include "base/clock.h"
#include "base/log.h"
#include "bridge/source/pylontech_command.h"
#include "bridge/source/source.h"
#include "proto/pylon_console/pylon_console.h"

struct pylontech_link_config {
    char name[32]; /* for the log */
    uint32_t baud; /* 0: search */
    bool serial;   /* false: a network stream, which has neither speed nor frame mode */
};

enum link_state {
    LINK_CLOSED,
    LINK_SYNC,  /* Enter sent, waiting for a prompt and silence */
    LINK_WAKE,  /* the wake-up frame is on the wire, or the module is switching */
    LINK_READY, /* a prompt was seen; free for a command */
    LINK_BUSY,  /* waiting for an answer */
};

/* How a command ended. */
enum link_result {
    LINK_ANSWER, /* `answer` is the console's answer to exactly this command */
    LINK_TIMEOUT,
    LINK_MISMATCH, /* an answer, but to another question */
    LINK_OVERFLOW, /* more text than any answer has */
};

struct pylontech_link_events {
    /* A prompt was seen and the line is quiet. fresh: for the first time since the port was opened
     * or the console was lost. */
    void (*on_ready)(void *ctx, bool fresh, uint64_t now_us);
    /* `answer` (only with LINK_ANSWER) is valid during the call. */
    void (*on_result)(void *ctx, struct console_command command, enum link_result result,
                      const struct pylon_answer *answer, uint64_t now_us);
    void *ctx;
};

struct pylontech_link_stats {
    uint64_t commands, answers, timeouts, mismatches, overflows;
    uint64_t unasked; /* pieces of text that nobody asked for */
    uint64_t syncs, wakeups, losses;
};

struct pylontech_link {
    struct pylontech_link_config config;
    struct pylontech_link_events events;
    const struct log *log;
    struct pylontech_link_stats stats;

    enum link_state state;
    struct console_command command; /* BUSY */
    uint64_t deadline_us;           /* the next thing that silence decides */
    uint64_t limit_us;              /* whatever comes, not longer than this */

    uint32_t speed;        /* of the line now */
    uint32_t proven_speed; /* a prompt was seen at it; 0: none yet */
    uint64_t quiet_us;     /* SYNC: how long the silence must last */
    bool prompt_last;      /* SYNC: the newest text is a prompt */
    bool lost;             /* no prompt since the port was opened or the console was lost */
    bool disturbed;        /* READY: text came unasked */
    unsigned step;         /* search: where in the round */
    unsigned round;
    bool leftover; /* BUSY: more text stands behind the answer */

    struct source_output output;
    struct pylon_reader reader;
    struct log_limit limit_search, limit_framed, limit_unasked;
    uint8_t text[PYLON_ANSWER_MAX];
};

void pylontech_link_init(struct pylontech_link *l, const struct pylontech_link_config *config,
                         const struct pylontech_link_events *events, const struct log *log);
void pylontech_link_opened(struct pylontech_link *l, uint64_t now_us);
void pylontech_link_closed(struct pylontech_link *l);
void pylontech_link_bytes(struct pylontech_link *l, struct span bytes, uint64_t now_us);
void pylontech_link_deadline(struct pylontech_link *l, uint64_t now_us);
uint64_t pylontech_link_next_deadline(const struct pylontech_link *l);
bool pylontech_link_take_output(struct pylontech_link *l, struct source_output *ret);
uint32_t pylontech_link_first_speed(const struct pylontech_link *l);

/* Sends a command. Only while READY; when text came unasked since, it synchronises first and
 * returns false: on_ready follows. */
bool pylontech_link_say(struct pylontech_link *l, struct console_command command, uint64_t now_us);
/* The answer made no sense: start from a clean prompt. */
void pylontech_link_resync(struct pylontech_link *l, uint64_t now_us);

/* How long `bytes` take on the wire at the line's speed (a network stream: at the usual one). */
uint64_t pylontech_link_wire_us(const struct pylontech_link *l, size_t bytes);

#endif
