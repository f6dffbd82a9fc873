/* SPDX-License-Identifier: Apache-2.0
 *
 * What differs from run to run although nothing else does: process ids and random numbers. With
 * $BMSRIG_VT_SEED set they are the same every time. Programs seed generators with their pid and
 * put it into client names, so it counts as one of the two.
 *
 * A process sees its own pid and its parent's as VT_PID_BASE plus a number in order of starting: no
 * real process has such a pid. Calls that take a pid know both kinds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/shim/time_real.h"
#include "harness/shim/time_shim.h"

enum { ENTROPY_MAX = 256 };

static struct {
    _Atomic int known; /* 1: no seed, 2: seed */
    uint64_t seed;
    _Atomic uint64_t drawn; /* numbers so far, in this process */
} identity;

bool time_seeded(void)
{
    if (!time_running())
        return false;
    if (identity.known == 0) {
        const char *text = getenv(VT_SEED_ENV);
        identity.seed = text != NULL ? strtoull(text, NULL, 10) : 0;
        identity.known = text != NULL && *text != '\0' ? 2 : 1;
    }
    return identity.known == 2;
}

/* ---- process ids ---- */

pid_t time_real_pid(pid_t pid)
{
    if (pid <= VT_PID_BASE || pid > VT_PID_BASE + VT_MAX_PIDS || !time_running())
        return pid;
    return time_shared()->pids[pid - VT_PID_BASE - 1];
}

static pid_t virtual_pid(pid_t pid)
{
    pid_t found = pid; /* the last one: the kernel may have used the number before */

    for (int i = 0; i < VT_MAX_PIDS && time_shared()->pids[i] != 0; i++)
        if (time_shared()->pids[i] == pid)
            found = VT_PID_BASE + 1 + i;
    return found;
}

PRELOAD_EXPORT pid_t getpid(void)
{
    pid_t pid = (pid_t)time_real()->syscall(SYS_getpid);
    return time_seeded() ? virtual_pid(pid) : pid;
}

PRELOAD_EXPORT pid_t getppid(void)
{
    pid_t pid = (pid_t)time_real()->syscall(SYS_getppid);
    return time_seeded() ? virtual_pid(pid) : pid;
}

/* Programs compare it with getpid() to know their first thread. */
PRELOAD_EXPORT pid_t gettid(void)
{
    pid_t tid = (pid_t)time_real()->syscall(SYS_gettid);
    return tid == (pid_t)time_real()->syscall(SYS_getpid) && time_seeded() ? virtual_pid(tid) : tid;
}

PRELOAD_EXPORT pid_t getpgid(pid_t pid)
{
    return (pid_t)time_real()->syscall(SYS_getpgid, time_real_pid(pid));
}

PRELOAD_EXPORT pid_t getsid(pid_t pid)
{
    return (pid_t)time_real()->syscall(SYS_getsid, time_real_pid(pid));
}

PRELOAD_EXPORT int setpgid(pid_t pid, pid_t group)
{
    return (int)time_real()->syscall(SYS_setpgid, time_real_pid(pid), time_real_pid(group));
}

/* ---- random numbers ---- */

/* Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014 (SplitMix64). */
static uint64_t draw(void)
{
    uint64_t x = identity.seed + (uint64_t)getpid() * 0xD1B54A32D192ED03U +
                 ++identity.drawn * 0x9E3779B97F4A7C15U;

    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
    return x ^ (x >> 31);
}

void time_fill_random(void *p, size_t n)
{
    for (size_t done = 0; done < n;) {
        uint64_t x = draw();
        size_t part = n - done < sizeof x ? n - done : sizeof x;
        memcpy((char *)p + done, &x, part);
        done += part;
    }
}

PRELOAD_EXPORT ssize_t getrandom(void *p, size_t n, unsigned flags)
{
    if (!time_seeded())
        return time_real()->syscall(SYS_getrandom, p, n, flags);
    time_fill_random(p, n);
    return (ssize_t)n;
}

PRELOAD_EXPORT int getentropy(void *p, size_t n)
{
    if (n > ENTROPY_MAX) {
        errno = EIO;
        return -1;
    }
    return getrandom(p, n, 0) == (ssize_t)n ? 0 : -1;
}

/* Since glibc 2.36. */
uint32_t arc4random(void);
uint32_t arc4random_uniform(uint32_t limit);
void arc4random_buf(void *p, size_t n);

PRELOAD_EXPORT void arc4random_buf(void *p, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = getrandom((char *)p + done, n - done, 0);
        if (got > 0)
            done += (size_t)got;
        else if (errno != EINTR)
            abort();
    }
}

PRELOAD_EXPORT uint32_t arc4random(void)
{
    uint32_t x;

    arc4random_buf(&x, sizeof x);
    return x;
}

PRELOAD_EXPORT uint32_t arc4random_uniform(uint32_t limit)
{
    uint32_t reject, x;

    if (limit < 2)
        return 0;
    reject = -limit % limit; /* what is left over of 2^32 */
    do
        x = arc4random();
    while (x < reject);
    return x % limit;
}
