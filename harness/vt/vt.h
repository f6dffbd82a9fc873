/* SPDX-License-Identifier: Apache-2.0
 *
 * Virtual time: a struct loop whose clock moves only when nobody has anything left to do, for us
 * and for the programs started on it (loop_child_spawn), which are loaded with the preload library.
 *
 * Turn by turn: let the one program thread that runs come to rest; hand out what became readable to
 * our own callbacks, then wake the first thread that has something; when there is nothing anywhere,
 * set the clock to the earliest deadline of all. Every order is fixed, so a run repeats exactly. A
 * turn of a program takes one microsecond, so that an effect never has the time of its cause.
 *
 * When a thread computes for seconds, or waits for something that is not virtual, time goes on at
 * the pace of the real one until it comes back (vt_stats.real_us), and a note says who and where.
 */
#ifndef HARNESS_VT_H
#define HARNESS_VT_H

#include "base/loop.h"

struct vt_options {
    const char *dir;     /* an existing private folder for the socket; a short path */
    const char *preload; /* the preload library */
    uint64_t start_us;   /* the monotonic clock at the start: uptime */
    uint64_t wall_us;    /* the wall clock at the start */
    uint64_t seed;       /* random numbers of the programs; 0: theirs */
    /* Something a person should know: who is stuck, who fell out of virtual time. */
    void (*on_note)(void *ctx, const char *text);
    void *ctx;
};

struct vt_stats {
    uint64_t advances; /* times the clock was moved */
    uint64_t wakes;    /* times a thread was let run */
    uint64_t real_us;  /* virtual time that went by at the pace of the real one */
    uint64_t virtual_us;
    unsigned actors;    /* threads seen */
    unsigned processes; /* programs seen */
};

enum err vt_loop_new(const struct vt_options *options, struct loop **ret);
/* The wall clock jumps. Waits that have begun keep their length: only what reads the clock, or
 * begins to wait for a time of it, sees the jump. */
void vt_loop_step_wall(struct loop *loop, int64_t step_us);
struct vt_stats vt_loop_stats(const struct loop *loop);

#endif
