/* SPDX-License-Identifier: Apache-2.0
 *
 * The seam between the loop everybody uses (loop.h) and what it runs on. A backend embeds struct
 * loop as the first member of its own struct, fills in the operations and the clock, and calls
 * loop_timers_fire() when the deadline it was told about has come. os_loop_uv.c is the one for real
 * time.
 */
#ifndef BASE_LOOP_BACKEND_H
#define BASE_LOOP_BACKEND_H

#include "base/loop.h"
#include "base/loop_timers.h"

struct loop_ops {
    /* Frees the loop and every handle that is still open, timers excepted. */
    void (*destroy)(struct loop *loop);
    /* One turn; waits at most until deadline_us. False when nothing was left to wait for. */
    bool (*turn)(struct loop *loop, uint64_t deadline_us);
    /* The earliest timer deadline changed (NEVER_US: no timer is active). */
    void (*rearm)(struct loop *loop, uint64_t deadline_us);

    /* As in loop.h. Deleting is safe at any time; the memory may go later. */
    enum err (*io_new)(struct loop *loop, int fd, unsigned events, loop_io_fn fn, void *ctx,
                       struct loop_io **ret);
    void (*io_want)(struct loop_io *io, unsigned events);
    void (*io_delete)(struct loop_io *io);
    enum err (*signal_new)(struct loop *loop, int signum, loop_signal_fn fn, void *ctx,
                           struct loop_signal **ret);
    void (*signal_delete)(struct loop_signal *sig);
    enum err (*child_spawn)(struct loop *loop, const struct loop_spawn *spawn, loop_child_fn fn,
                            void *ctx, struct loop_child **ret);
    enum err (*child_kill)(struct loop_child *child, int signum);
    void (*child_delete)(struct loop_child *child);
    enum err (*lookup_new)(struct loop *loop, const char *host, uint16_t port, loop_lookup_fn fn,
                           void *ctx, struct loop_lookup **ret);
    void (*lookup_delete)(struct loop_lookup *lookup);
};

struct loop {
    const struct loop_ops *ops;
    const struct clock *clock;
    struct loop_timers timers;
    bool stopping;
};

/* Each backend's handles begin with these. */
struct loop_io {
    struct loop *loop;
    loop_io_fn fn;
    void *ctx;
    int fd;
    unsigned events; /* wanted */
};

struct loop_signal {
    struct loop *loop;
    loop_signal_fn fn;
    void *ctx;
};

struct loop_child {
    struct loop *loop;
    loop_child_fn fn; /* NULL once deleted */
    void *ctx;
    pid_t pid;
    bool running;
};

struct loop_lookup {
    struct loop *loop;
    loop_lookup_fn fn; /* NULL once deleted */
    void *ctx;
};

#endif
