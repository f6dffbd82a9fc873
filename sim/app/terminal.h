/* SPDX-License-Identifier: Apache-2.0
 *
 * The person at the terminal of bms-sim: lines on the standard input are stimuli or one of a few
 * words, what happens is printed with the seconds since the start. With several ports a line is for
 * the port whose number stands before it ("2: unplug"), else for the first, and what happens is
 * printed with the number, too.
 */
#ifndef SIM_APP_TERMINAL_H
#define SIM_APP_TERMINAL_H

#include <stdio.h>

#include "base/loop.h"
#include "sim/sim.h"

enum { TERMINAL_TAGS = 64, TERMINAL_LINE = 1024, TERMINAL_PORTS = 16 };

struct terminal;

struct terminal_port {
    struct terminal *terminal;
    struct sim *sim;
    unsigned number; /* from 1 */
    bool frames;     /* of a CAN bus pass */
};

struct terminal {
    struct loop *loop;
    struct terminal_port port[TERMINAL_PORTS];
    unsigned ports;
    FILE *out;
    uint64_t start_us;
    struct loop_io *input;
    char line[TERMINAL_LINE];
    size_t line_n;
    bool too_long; /* the line in hand is skipped to its end */
    bool quit;     /* `quit` was typed */
    bool log_wire;
    /* what was typed, by tag, to say when it was told */
    struct {
        char text[96];
        uint64_t t_us;
    } told[TERMINAL_TAGS];
    unsigned last_tag;
};

void terminal_init(struct terminal *t, struct loop *loop, FILE *out, bool log_wire);
/* One port more, at most TERMINAL_PORTS: the callbacks for its sim_new(). Its sim is the caller's
 * to set before anything happens. */
struct sim_handler terminal_add(struct terminal *t, bool frames, struct terminal_port **ret);
/* Starts to read the standard input. At its end the simulation goes on. */
enum err terminal_read(struct terminal *t);
void terminal_free(struct terminal *t);

/* One line as typed; false when it was `quit`. */
bool terminal_line(struct terminal *t, struct span line);
/* The table of a port's batteries; the values of one when battery > 0. */
void terminal_show(const struct terminal_port *p, unsigned battery);

#endif
