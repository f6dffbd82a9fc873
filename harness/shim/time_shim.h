/* SPDX-License-Identifier: Apache-2.0
 *
 * Virtual time in the preload library. It stands aside unless $BMSRIG_VT names the socket of a
 * controller (harness/vt); then the clocks are the controller's, and whoever would wait tells it
 * and sleeps until it is his turn.
 *
 * Not virtual: the CPU clocks, what a program asks the kernel for without going through libc
 * (static binaries, raw system calls), and timers inside the kernel such as TCP keep-alive.
 */
#ifndef HARNESS_SHIM_TIME_SHIM_H
#define HARNESS_SHIM_TIME_SHIM_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>

#include "harness/shim/vt_protocol.h"

#define TIME_NS_PER_S  1000000000LL
#define TIME_NS_PER_MS 1000000LL

/* ---- time_control.c: the connection to the controller ---- */

/* True when time is virtual in this process. The first call connects. */
bool time_active(void);
/* The same, but does not connect: for calls that others make on their way into the library. */
bool time_running(void);
int64_t time_now_ns(void);
int64_t time_wall_offset_ns(void);
struct vt_shared *time_shared(void);

struct time_wait {
    const char *call;    /* the function's name, for people */
    int64_t deadline_ns; /* VT_NEVER: none */
    const struct pollfd *fds;
    unsigned n_fds;
    const volatile void *object; /* or this, with the generation as it was before looking at it */
    uint32_t generation;
    const sigset_t *mask; /* in force while waiting; NULL: unchanged */
};

/* Waits for the controller. VT_READY, VT_TIMEOUT, or VT_SIGNAL when a handler has run. */
enum vt_why time_block(const struct time_wait *wait);
/* As time_block, without descriptors, over signals if `restart`. */
enum vt_why time_block_until(const char *call, int64_t deadline_ns);

/* Called by everything that a busy loop might consist of: after a few thousand of them without any
 * waiting, time moves on by a millisecond. */
void time_spin(const char *call);
void time_spin_end(void);

/* ---- objects: semaphores, conditions, mutexes ---- */

/* Before the last look at the object; time_object_leave after the wait. */
uint32_t time_object_enter(const volatile void *object);
void time_object_leave(void);
/* The object changed: `count` of its waiters may look again. */
void time_object_notify(const volatile void *object, uint32_t count);

/* ---- actors ---- */

/* A connection for a thread or a child that is about to start: -1 when there is none to be had. */
int time_actor_prepare(void);
void time_actor_abandon(int connection);
/* In the new thread, or the new child: takes the connection over and waits for its turn. */
void time_actor_begin(int connection, bool child);
/* The controller must know of processes before their parent waits for anything. */
void time_expect(pid_t pid);
/* A signal was sent to the process, or to several (0). */
void time_signalled(pid_t pid);
/* Is this descriptor the library's own? Programs that close everything must not close it. */
bool time_owns(int fd);
/* The first such one from `first` to `last`; beyond `last` when there is none. */
unsigned time_next_owned(unsigned first, unsigned last);
/* A timer's index in the shared table, or -1. */
int time_timer_new(int fd, int signum);
void time_timer_drop(int index);

/* ---- time_io.c: before the real call ---- */

/* Waits in virtual time until fd can be read (or accepted from). False: errno is set, give up. */
bool time_before_input(int fd, int flags, const char *call);
bool time_before_output(int fd, int flags, const char *call);
/* Receive timestamps that the kernel put into a message, put on the virtual clock. */
struct msghdr;
void time_stamp(struct msghdr *msg);
/* The socket exists from now on: no delays of Nagle's. */
void time_no_delay(int fd);
/* Timers and terminals have rules of their own; true when *ret is the call's result. */
bool time_read(int fd, void *p, size_t n, ssize_t *ret);

/* ---- time_timerfd.c ---- */

bool time_timerfd_read(int fd, void *p, size_t n, ssize_t *ret);
void time_timerfd_closed(int fd);
void time_timerfd_copied(int fd, int copy);

/* ---- time_identity.c, time_host.c ---- */

#define TIME_HOST_NAME "bmsrig"

/* True when random numbers and pids are to be the same every time. */
bool time_seeded(void);
pid_t time_real_pid(pid_t pid);
void time_fill_random(void *p, size_t n);

/* ---- conversions ---- */

static inline int64_t time_ns(const struct timespec *ts)
{
    if (ts->tv_sec >= INT64_MAX / TIME_NS_PER_S - 1)
        return VT_NEVER;
    return (int64_t)ts->tv_sec * TIME_NS_PER_S + ts->tv_nsec;
}

static inline struct timespec time_spec(int64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / TIME_NS_PER_S),
                             .tv_nsec = (long)(ns % TIME_NS_PER_S)};
}

static inline bool time_valid(const struct timespec *ts)
{
    return ts->tv_sec >= 0 && ts->tv_nsec >= 0 && ts->tv_nsec < TIME_NS_PER_S;
}

/* now + delta; VT_NEVER stays. */
static inline int64_t time_after(int64_t delta_ns)
{
    int64_t now = time_now_ns();
    return delta_ns >= VT_NEVER - now ? VT_NEVER : now + delta_ns;
}

/* An absolute time on `clock` as one on the monotonic clock. */
int64_t time_from_clock(clockid_t clock, const struct timespec *ts);

#endif
