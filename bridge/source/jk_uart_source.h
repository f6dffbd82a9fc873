/* SPDX-License-Identifier: Apache-2.0
 *
 * The source `jk-uart`: one JK BMS behind its UART ("GPS", RS485) port, which speaks the token
 * protocol "4E 57". It sends three telegrams and no other: read all (command 06), the same asked in
 * another way (command 03, token 00), and "activate" (01), without which a sleeping BMS is silent.
 *
 *   IDLE --poll--> 06 --silence or damage--> 03 --silence--> 01 --> pause --> IDLE
 *                   \_______ answer ________/ \__ damage ________/
 *
 * Every answer is everything: cells, measured values, alarms, switches and limits, so a reading is
 * one frame. An answer repeats the command that it answers and nothing else; because of that the
 * second try uses the other command, and nothing is asked again before an answer to the first could
 * still come (5 s). So no late answer is taken for a newer one.
 *
 * What firmware differs in: tokens at the end are missing (then the current has its old coding);
 * an unknown token hides which coding it is, and then nothing is published.
 *
 * Source: docs/protocols/jk.md; jk-failures.md E.
 */
#ifndef BRIDGE_SOURCE_JK_UART_SOURCE_H
#define BRIDGE_SOURCE_JK_UART_SOURCE_H

#include "base/log.h"
#include "bridge/source/jk_battery_picture.h"
#include "bridge/source/jk_pause.h"
#include "bridge/source/source.h"
#include "proto/jk_uart/jk_uart.h"

struct jk_uart_config {
    char name[32]; /* of the battery, for the log */
    struct jk_caps caps;
    uint64_t poll_us;
};

void jk_uart_config_init(struct jk_uart_config *config, const char *name);

/* What can go wrong; each kind is logged at most once a minute. */
enum jk_uart_trouble {
    JK_UART_SILENT,      /* no answer at all */
    JK_UART_DAMAGED,     /* bytes, but no good frame */
    JK_UART_UNASKED,     /* bytes or a frame that was not asked for */
    JK_UART_LAYOUT,      /* a frame whose tokens cannot be read */
    JK_UART_INCOMPLETE,  /* a token that a reading needs is missing */
    JK_UART_IMPLAUSIBLE, /* it cannot be true */
    JK_UART_DOUBTED,     /* a second reading is needed */
    JK_UART_WAITING,     /* something is missing for a picture */
    JK_UART_TROUBLES
};

enum jk_step {
    JK_STEP_CLOSED,
    JK_STEP_IDLE,
    JK_STEP_FIRST,  /* asked with 06 */
    JK_STEP_SECOND, /* asked with 03 */
    JK_STEP_WAKING, /* "activate" sent */
    JK_STEP_PAUSE,  /* until no late answer can come */
};

struct jk_uart_poller {
    struct jk_uart_config config;
    const struct log *log;
    struct jk_pack pack;
    struct jk_uart_reader reader;
    struct jk_uart_values values; /* of the frame that is being read */

    enum jk_step step;
    uint64_t poll_us;  /* next turn */
    uint64_t first_us; /* when the question was asked first */
    uint64_t limit_us; /* of the answer */
    uint32_t damages;  /* that the reader had counted by then */
    uint64_t byte_us;  /* last byte; 0: none since the question */
    struct jk_pause pause;
    bool answers, repeated;
    uint64_t answer_us;  /* last good frame */
    uint64_t useless_us; /* since when bytes come and no frame; 0: they do not */
    bool hinted;

    struct source_output output;
    uint64_t troubles[JK_UART_TROUBLES];
    struct log_limit limits[JK_UART_TROUBLES];
};

/* `log` outlives it. */
void jk_uart_source_init(struct jk_uart_poller *s, const struct jk_uart_config *config,
                         const struct log *log);
struct source jk_uart_as_source(struct jk_uart_poller *s);
/* The same with memory of its own; `config` is a struct jk_uart_config. ERR_MEMORY. */
enum err jk_uart_source_make(const void *config, const struct log *log, struct source *ret);

/* ---- between jk_uart_source.c and jk_uart_reading.c ---- */

void jk_uart_trouble(struct jk_uart_poller *s, enum jk_uart_trouble kind, uint64_t now_us,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The frame that answers the question. True: a second reading is wanted. */
bool jk_uart_take_reading(struct jk_uart_poller *s, struct span data, uint64_t now_us);

#endif
