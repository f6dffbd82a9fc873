/* SPDX-License-Identifier: Apache-2.0
 *
 * Virtual time: what travels between the programs under test (time_*.c of the preload library) and
 * the controller (harness/vt).
 *
 * Each thread is an actor with a SEQPACKET connection of its own. An actor that would wait says
 * VT_BLOCK: until when, for which descriptors (they come along by SCM_RIGHTS, so that the
 * controller itself can poll them) or for which object in its memory. It runs again when the
 * controller says VT_WAKE. At most one actor runs at a time; that is what makes runs repeatable.
 * The clock is a word in memory that all of them map.
 */
#ifndef HARNESS_VT_PROTOCOL_H
#define HARNESS_VT_PROTOCOL_H

#include <stdatomic.h>
#include <stdint.h>

#define VT_ENV      "BMSRIG_VT"      /* path of the controller's socket; without it all is real */
#define VT_SEED_ENV "BMSRIG_VT_SEED" /* random numbers and process ids are the same every time */
#define VT_NEVER    INT64_MAX

enum { VT_MAX_FDS = 240, VT_MAX_TIMERS = 2048, VT_MAX_PIDS = 1024, VT_CALL_MAX = 24 };

enum vt_kind {
    /* actor to controller */
    VT_HELLO = 1,  /* first packet: pid, tid (0: a thread that is about to start) */
    VT_BLOCK,      /* waits; VT_WAKE follows */
    VT_RESUME,     /* a signal handler ran meanwhile: wants its turn; VT_WAKE follows */
    VT_NOTIFY,     /* `count` of those who wait for `object` may look again */
    VT_EXPECT,     /* the process `pid` was started and will say hello */
    VT_SIGNALLED,  /* sent a signal to the process `pid` (0: several): it may be on its way */
    VT_TIMER_NEW,  /* VT_TIMER follows; a descriptor to make readable may come along */
    VT_TIMER_DROP, /* timer `object` is not used any more */
    /* controller to actor */
    VT_WELCOME, /* to the first hello of a process; the shared memory comes along */
    VT_WAKE,
    VT_TIMER, /* object: index in the shared table, or -1 */
};

enum vt_why {
    VT_READY = 1, /* a descriptor is ready or an object was notified: look again */
    VT_TIMEOUT,   /* the deadline has come */
    VT_SIGNAL,    /* raise `signum` in this thread, then go on */
    VT_RESUMED,   /* answer to VT_RESUME */
};

/* Objects that are no address: any child of the process, any signal, a timer by its index. */
enum { VT_OBJECT_CHILD = 1, VT_OBJECT_SIGNAL = 2, VT_OBJECT_TIMER = 16 };

struct vt_packet {
    uint32_t kind;
    uint32_t why;           /* VT_WAKE */
    int32_t pid, tid;       /* VT_HELLO, VT_EXPECT; VT_BLOCK: tid */
    int32_t signum;         /* VT_WAKE */
    uint32_t turn;          /* VT_BLOCK: serial number; VT_WAKE: the one it answers */
    uint32_t generation;    /* VT_BLOCK, VT_NOTIFY: of the process's notifications */
    uint32_t count;         /* VT_NOTIFY */
    uint64_t object;        /* address of what is waited for; index of a timer */
    int64_t deadline_ns;    /* VT_BLOCK, on the virtual monotonic clock */
    uint32_t n_fds;         /* VT_BLOCK: so many vt_fd follow, and as many descriptors */
    char call[VT_CALL_MAX]; /* VT_BLOCK: the function, for people; VT_HELLO: the program */
};

/* Events to wait for on one descriptor, as in poll(2). */
struct vt_fd {
    uint32_t events;
};

/* A timer of a program: descriptor, signal or thread. Written by the program while it runs, read by
 * the controller while nothing runs. */
struct vt_timer {
    _Atomic int64_t due_ns;      /* VT_NEVER: not armed */
    _Atomic int64_t interval_ns; /* 0: once */
    _Atomic uint64_t fired;      /* expirations since it was armed */
    _Atomic int32_t used;
    _Atomic int32_t signum; /* raised in `pid` when due; 0: none */
    _Atomic int32_t pid;
    _Atomic int32_t lazy; /* descriptor: due again only after it was read */
};

/* With a seed, processes see pids from here on, in order of starting (real ones end at 2^22). */
enum { VT_PID_BASE = 5000000 };

struct vt_shared {
    _Atomic int64_t now_ns;            /* CLOCK_MONOTONIC, CLOCK_BOOTTIME */
    _Atomic int64_t wall_ns;           /* CLOCK_REALTIME is now_ns + wall_ns */
    _Atomic int32_t pids[VT_MAX_PIDS]; /* real pid of the process VT_PID_BASE + 1 + index */
    struct vt_timer timers[VT_MAX_TIMERS];
};

#endif
