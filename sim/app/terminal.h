/* SPDX-License-Identifier: Apache-2.0
 *
 * The person at the terminal of bms-sim: lines on the standard input are stimuli or one of a few
 * words, what happens is printed with the seconds since the start.
 */
#ifndef SIM_APP_TERMINAL_H
#define SIM_APP_TERMINAL_H

#include <stdio.h>

#include "base/loop.h"
#include "sim/sim.h"

enum { TERMINAL_TAGS = 64, TERMINAL_LINE = 1024 };

struct terminal {
    struct loop *loop;
    struct sim *sim;
    FILE *out;
    uint64_t start_us;
    struct loop_io *input;
    char line[TERMINAL_LINE];
    size_t line_n;
    bool too_long; /* the line in hand is skipped to its end */
    bool quit;     /* `quit` was typed */
    bool log_wire;
    bool frames; /* of a CAN bus pass */
    /* what was typed, by tag, to say when it was told */
    struct {
        char text[96];
        uint64_t t_us;
    } told[TERMINAL_TAGS];
    unsigned last_tag;
};

void terminal_init(struct terminal *t, struct loop *loop, FILE *out, bool log_wire);
/* The callbacks for sim_new(). */
struct sim_handler terminal_handler(struct terminal *t);
/* Starts to read the standard input. At its end the simulation goes on. */
enum err terminal_read(struct terminal *t, struct sim *sim);
void terminal_free(struct terminal *t);

/* One line as typed; false when it was `quit`. */
bool terminal_line(struct terminal *t, struct span line);
/* The table of batteries; the values of one when battery > 0. */
void terminal_show(struct terminal *t, unsigned battery);

#endif
