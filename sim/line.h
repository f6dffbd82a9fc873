/* SPDX-License-Identifier: Apache-2.0
 *
 * The wire between a device and its client: paces bytes at the line's rate, remembers when each
 * reply was due and when it was really written, and damages it as the active faults say. I/O-free:
 * bytes in, bytes out, deadlines as return values; the owner moves them to the tty.
 */
#ifndef SIM_LINE_H
#define SIM_LINE_H

#include "base/clock.h"
#include "base/span.h"
#include "sim/config.h"
#include "sim/stimulus.h"

struct line;

enum err line_new(uint64_t seed, enum sim_pace pace, uint32_t baud, struct line **ret);
void line_delete(struct line *line);
void line_set_baud(struct line *line, uint32_t baud);
/* Activates a fault from now; it ends by itself after duration or count of replies. Faults of
 * different kinds add up; one of the same kind takes the place of the old one. ERR_USAGE for
 * another verb.
 *
 * Order: stale, truncate, block, then in front of it the request (echo) and noise (garbage), then
 * each byte on its way (drop, duplicate, flip), then the wrong rate (baud), last the timing (delay,
 * stall, chunk). What is sent with id 0 counts as no reply: it meets only what befalls single
 * bytes, and what hits it counts as damage of the reply that follows. Each fault draws from its own
 * random numbers. */
enum err line_fault(struct line *line, const struct stimulus *fault, uint64_t now_us);
/* From now on each reply is one frame of a CAN bus (sim/can_image.h): it passes whole or not at
 * all, and the faults befall frames: drop and duplicate by the frame, truncate leaves so many bytes
 * of data, flip hits the data, garbage is that many frames of somebody else, stale and delay as
 * ever. The others mean nothing there: line_fault() says ERR_UNSUPPORTED. */
void line_set_frames(struct line *line);
void line_clear(struct line *line); /* drops what has not left yet (unplug, reboot) */

/* Queues one reply to `command` that starts `delay_us` from now (never before what is queued). `id`
 * comes back with its last byte. Echoed characters are queued the same way with id 0. */
enum err line_send(struct line *line, struct span command, struct span reply, uint64_t now_us,
                   uint64_t delay_us, unsigned id);

/* What the owner must do itself while such a fault is active: reply under another address, and
 * neither understand nor be understood at another rate (0: no such fault). */
bool line_fault_addr(const struct line *line, uint64_t now_us, uint8_t *ret_addr);
uint32_t line_fault_baud(const struct line *line, uint64_t now_us);

struct line_out {
    struct span bytes; /* to be written now; valid until the next call */
    uint64_t due_us;   /* when the last of them was due on the wire */
    unsigned done_id;  /* != 0: this was the end of that reply */
    bool damaged;      /* a fault changed that reply */
};
/* The next bytes that are due at `now`; false when none are. */
bool line_take(struct line *line, uint64_t now_us, struct line_out *ret);
uint64_t line_deadline(const struct line *line); /* NEVER_US when idle */
size_t line_pending(const struct line *line);

#endif
