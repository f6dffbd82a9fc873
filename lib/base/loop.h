/* SPDX-License-Identifier: Apache-2.0
 *
 * The event loop behind one small interface: descriptors, timers in microseconds, signals, child
 * processes, name resolution. loop_new() runs on libuv in real time. Timers live in a heap of our
 * own whose earliest deadline a backend waits for; that is the seam where the harness's event
 * queue takes libuv's place in virtual time. One thread; callbacks run from loop_run().
 *
 * Handles come from *_new and go with *_delete (NULL is fine). A handle may be deleted from any
 * callback, its own included.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/err.h"

struct loop;
struct loop_timer;
struct loop_io;
struct loop_signal;
struct loop_child;
struct loop_lookup;

enum err loop_new(struct loop **ret_loop);
/* Closes what is still open; handles must not be used after it. A name lookup that is with the
 * resolver is waited for. */
void loop_delete(struct loop *loop);

/* Runs until loop_stop() or until nothing is left to wait for: no active timer, no descriptor, no
 * signal, no running child, no lookup. */
void loop_run(struct loop *loop);
/* One turn: handles what is ready, waiting at most until `deadline_us`; it may return earlier. In a
 * turn descriptors come first, then signals and ended children, then timers. */
void loop_turn(struct loop *loop, uint64_t deadline_us);
/* Ends loop_run() after this turn, or the next loop_run() at once when none is running. */
void loop_stop(struct loop *loop);

/* The loop's clock. now_us is read afresh, not cached per turn. Owned by the loop. */
const struct clock *loop_clock(const struct loop *loop);
uint64_t loop_now(const struct loop *loop);

/* ---- timers: deadlines are absolute on the loop's clock ----
 *
 * They fire in the order of their deadlines, equal ones in the order the timers were made. */

typedef void (*loop_timer_fn)(void *ctx);

enum err loop_timer_new(struct loop *loop, loop_timer_fn fn, void *ctx, struct loop_timer **ret);
void loop_timer_at(struct loop_timer *timer, uint64_t deadline_us); /* NEVER_US stops it */
void loop_timer_after(struct loop_timer *timer, uint64_t delay_us);
/* Fires at first, first + period, ...; a late turn never fires one deadline twice and keeps the
 * phase: deadlines that were missed altogether are skipped. `first` is absolute. */
void loop_timer_every(struct loop_timer *timer, uint64_t first_us, uint64_t period_us);
void loop_timer_stop(struct loop_timer *timer);
bool loop_timer_active(const struct loop_timer *timer);
void loop_timer_delete(struct loop_timer *timer);

/* ---- descriptors: level triggered ---- */

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_ERROR = 4 };

typedef void (*loop_io_fn)(void *ctx, unsigned events);

/* Watches fd, which stays the caller's and is made non-blocking; delete the watch before closing
 * it. LOOP_ERROR is always reported; a hang-up shows as LOOP_READ or LOOP_WRITE while those are
 * wanted, because reading or writing then tells. ERR_UNSUPPORTED: a regular file, always ready,
 * cannot be watched. ERR_EXISTS: that descriptor is being watched already. */
enum err loop_io_new(struct loop *loop, int fd, unsigned events, loop_io_fn fn, void *ctx,
                     struct loop_io **ret);
void loop_io_want(struct loop_io *io, unsigned events);
void loop_io_delete(struct loop_io *io);

/* ---- signals ---- */

typedef void (*loop_signal_fn)(void *ctx, int signum);

enum err loop_signal_new(struct loop *loop, int signum, loop_signal_fn fn, void *ctx,
                         struct loop_signal **ret);
void loop_signal_delete(struct loop_signal *sig);

/* ---- child processes ---- */

struct loop_spawn {
    const char *file;        /* looked up in PATH when it has no slash */
    const char *const *argv; /* NULL terminated, argv[0] included */
    const char *const *env;  /* "NAME=value", NULL terminated; NULL inherits */
    const char *cwd;         /* NULL inherits */
    int stdin_fd;            /* -1 is /dev/null */
    int stdout_fd;           /* -1 inherits */
    int stderr_fd;           /* -1 inherits */
};

/* `status` is the exit status, or -1 when `signal` (non-zero) ended it. What the child wrote before
 * it ended is offered to the descriptors' callbacks first: drain the pipe in each. */
typedef void (*loop_child_fn)(void *ctx, int status, int signal);

enum err loop_child_spawn(struct loop *loop, const struct loop_spawn *spawn, loop_child_fn fn,
                          void *ctx, struct loop_child **ret);
pid_t loop_child_pid(const struct loop_child *child);
bool loop_child_running(const struct loop_child *child);
/* Signals the child's process group, also what is left of it after the child itself has ended.
 * ERR_NOT_FOUND: nobody is left. */
enum err loop_child_kill(struct loop_child *child, int signum);
void loop_child_delete(struct loop_child *child); /* does not kill; fn is not called any more */

/* ---- host names, without blocking the loop ---- */

struct loop_addr {
    struct sockaddr_storage addr;
    socklen_t len;
};

/* addr is NULL when err is not ERR_OK. Called once, then the lookup is gone. Of several addresses
 * it is the first IPv4 one, else the first IPv6 one. */
typedef void (*loop_lookup_fn)(void *ctx, enum err err, const struct loop_addr *addr);

enum err loop_lookup_new(struct loop *loop, const char *host, uint16_t port, loop_lookup_fn fn,
                         void *ctx, struct loop_lookup **ret);
void loop_lookup_delete(struct loop_lookup *lookup); /* cancels; fn is not called any more */

#endif
