/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of the virtual loop.
 */
#ifndef HARNESS_VT_PRIV_H
#define HARNESS_VT_PRIV_H

#include <limits.h>
#include <poll.h>
#include <sys/types.h>
#include <sys/un.h>

#include "base/loop_backend.h"
#include "harness/shim/vt_protocol.h"
#include "harness/vt/vt.h"

enum { VT_NS_PER_US = 1000 };

enum vt_actor_state {
    VT_RUNS,    /* or is about to: time stands still */
    VT_WAITS,   /* said VT_BLOCK */
    VT_OUTSIDE, /* runs, but does not come to rest: time goes on at real pace */
};

/* A thread of a program. */
struct vt_actor {
    struct vt_actor *next;
    unsigned number; /* order of coming */
    int fd;
    struct vt_process *process; /* NULL until it has said who it is */
    pid_t tid;
    enum vt_actor_state state;
    bool gone;
    uint32_t turn;
    int64_t deadline_ns;
    uint64_t object;
    bool starts;    /* a new thread or program: before everybody else */
    bool notified;  /* may look again */
    bool signalled; /* a signal may be for it: looks again before its descriptors are polled */
    bool resumes;   /* a handler ran: wants its turn */
    int signum;     /* to be raised when it gets its turn */
    char call[VT_CALL_MAX];
    struct pollfd fds[VT_MAX_FDS];
    unsigned n_fds;
    size_t poll_at; /* where its descriptors are in the current poll set */
    /* real time and CPU time: when the watch first saw it run, and when it last moved */
    uint64_t ran_us, ran_cpu_us, still_us, cpu_us;
};

enum vt_process_state {
    VT_COMING, /* started, or between two programs: has not said hello */
    VT_ALIVE,
    VT_ENDING,  /* no thread left, or killed: dead any moment */
    VT_FOREIGN, /* does not load the library: time goes on at real pace */
};

struct vt_process {
    struct vt_process *next;
    pid_t pid;
    int pidfd;
    unsigned threads;
    enum vt_process_state state;
    bool frozen;
    uint32_t generation; /* last notification */
    uint64_t since_us;   /* real time of the last change of state */
    char name[VT_CALL_MAX];
    size_t poll_at;
};

struct vt_io {
    struct loop_io io; /* first */
    struct vt_io *next;
    unsigned number;
    bool deleted;
    int slave; /* of a PTY whose master this is: a descriptor of ours, -1 none */
    bool master;
    dev_t slave_dev;
    size_t poll_at;
};

struct vt_child {
    struct loop_child child; /* first */
    struct vt_child *next;
    int pidfd;
    bool deleted;
    size_t poll_at;
};

struct vt_signal {
    struct loop_signal sig; /* first */
    struct vt_signal *next;
    int signum, fd;
    bool deleted;
    size_t poll_at;
};

struct vt_lookup {
    struct loop_lookup lookup; /* first */
    struct vt_lookup *next;
    struct loop_addr addr;
    enum err err;
    bool deleted;
};

struct vt_slot { /* what the controller knows of a vt_timer */
    int fd;      /* its eventfd; -1: none */
};

struct vt_loop {
    struct loop loop; /* first */
    struct clock clock;
    struct vt_options options;
    struct vt_stats stats;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    char preload[PATH_MAX];
    int listener;
    int memory;
    struct vt_shared *shared;
    struct vt_slot slots[VT_MAX_TIMERS];
    unsigned slots_end; /* no slot in use from here on */
    unsigned last_number, last_io;
    struct vt_actor *actors; /* in order of coming */
    struct vt_process *processes;
    struct vt_io *ios;
    struct vt_child *children;
    struct vt_signal *signals;
    struct vt_lookup *lookups;
    struct pollfd *set; /* what the last poll saw */
    size_t n_set, cap_set;
    uint64_t pace_from_real_us;
    int64_t pace_from_ns; /* VT_NEVER: the clock is not bound to the real one */
    unsigned notes;
    pid_t signals_to; /* a signal was sent to this process; -1: to several; 0: none */
};

static inline struct vt_loop *vt_of(struct loop *loop)
{
    return (struct vt_loop *)loop;
}

static inline int64_t vt_now(const struct vt_loop *v)
{
    return v->shared->now_ns;
}

void vt_note(struct vt_loop *v, const char *format, ...) __attribute__((format(printf, 2, 3)));
uint64_t vt_real_us(void);
/* Puts a descriptor into the poll set and returns its place. */
size_t vt_add(struct vt_loop *v, int fd, short events);

/* vt_actor.c */
enum err vt_listen(struct vt_loop *v);
void vt_accept(struct vt_loop *v);
void vt_receive(struct vt_loop *v, struct vt_actor *a);
bool vt_receive_one(struct vt_loop *v, struct vt_actor *a);
/* Everybody at rest, or outside, or a process that will never come. */
void vt_settle(struct vt_loop *v);
bool vt_has_something(const struct vt_loop *v, const struct vt_actor *a);
void vt_wake(struct vt_loop *v, struct vt_actor *a);
void vt_sweep(struct vt_loop *v);
int64_t vt_earliest_deadline(const struct vt_loop *v);
void vt_notify(struct vt_loop *v, const struct vt_process *p, uint64_t object, uint32_t count);

/* vt_handles.c: as in loop_backend.h; the first three hand out, and say whether anybody was called
 */
bool vt_hand_out(struct vt_loop *v);
bool vt_hand_signals(struct vt_loop *v);
bool vt_hand_lookups(struct vt_loop *v);
void vt_sweep_ios(struct vt_loop *v);
void vt_sweep_signals(struct vt_loop *v);
enum err vt_io_new(struct loop *loop, int fd, unsigned events, loop_io_fn fn, void *ctx,
                   struct loop_io **ret);
void vt_io_want(struct loop_io *io, unsigned events);
void vt_io_delete(struct loop_io *io);
enum err vt_signal_new(struct loop *loop, int signum, loop_signal_fn fn, void *ctx,
                       struct loop_signal **ret);
void vt_signal_delete(struct loop_signal *sig);
enum err vt_lookup_new(struct loop *loop, const char *host, uint16_t port, loop_lookup_fn fn,
                       void *ctx, struct loop_lookup **ret);
void vt_lookup_delete(struct loop_lookup *lookup);

/* vt_process.c */
struct vt_process *vt_process_of(struct vt_loop *v, pid_t pid);
struct vt_process *vt_process_expect(struct vt_loop *v, pid_t pid);
void vt_process_gone(struct vt_loop *v, struct vt_process *p);
void vt_process_set(struct vt_process *p, enum vt_process_state state);
enum err vt_child_spawn(struct loop *loop, const struct loop_spawn *spawn, loop_child_fn fn,
                        void *ctx, struct loop_child **ret);
enum err vt_child_kill(struct loop_child *child, int signum);
void vt_child_delete(struct loop_child *child);
/* Fetches exit statuses; true when a callback ran. */
bool vt_children_reap(struct vt_loop *v);
/* Lets `signum` be raised in the process. */
void vt_process_signal(struct vt_loop *v, struct vt_process *p, int signum);
void vt_kill_all(struct vt_loop *v);

/* vt_watch.c: those who do not come to rest */
void vt_watch_running(struct vt_loop *v);
/* Waits until signals that were sent have reached those who wait, who then look again. A signalfd
 * must be looked at by its owner first: polled by us it shows our own signals, and forgets. */
void vt_watch_signals(struct vt_loop *v);
/* True while time may only go on at the real pace. */
bool vt_is_bound(const struct vt_loop *v);

/* vt_timers.c: timers of the programs */
int vt_timer_new(struct vt_loop *v, pid_t pid, int signum, int fd);
void vt_timer_drop(struct vt_loop *v, unsigned index);
void vt_timers_of_dead(struct vt_loop *v, pid_t pid);
int64_t vt_timers_next(const struct vt_loop *v);
void vt_timers_fire(struct vt_loop *v);

/* vt_pty.c */
void vt_pty_look(struct vt_io *io);
/* The slave to poll along with this master, or -1. */
int vt_pty_slave(struct vt_io *io);

#endif
