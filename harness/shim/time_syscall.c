/* SPDX-License-Identifier: Apache-2.0
 *
 * syscall(2): programs of Rust and C++ make their locks from futexes and reach them through this
 * function, so those, the clocks and the sleeps are virtual here too. Process ids are real here:
 * who asks the kernel for them means to tell the kernel (capset of libcap-ng). What is compiled in
 * as an instruction of its own (Go, static programs) is out of reach.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/shim/time_real.h"
#include "harness/shim/time_shim.h"

struct futex_call {
    _Atomic uint32_t *word;
    int op;
    uint32_t value;
    const struct timespec *timeout;
};

static long fail(int number)
{
    errno = number;
    return -1;
}

static long futex_wait(const struct futex_call *f)
{
    int64_t deadline = VT_NEVER;
    bool absolute = (f->op & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
    clockid_t clock = (f->op & FUTEX_CLOCK_REALTIME) != 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC;

    if (f->timeout != NULL && !time_valid(f->timeout))
        return fail(EINVAL);
    if (f->timeout != NULL)
        deadline = absolute ? time_from_clock(clock, f->timeout) : time_after(time_ns(f->timeout));
    const struct time_wait wait = {
        .call = "futex",
        .deadline_ns = deadline,
        .object = f->word,
        .generation = time_object_enter(f->word),
    };
    enum vt_why why = VT_READY;
    bool asleep = *f->word == f->value;
    if (asleep)
        why = time_block(&wait);
    time_object_leave();
    if (!asleep)
        return fail(EAGAIN);
    return why == VT_TIMEOUT ? fail(ETIMEDOUT) : why == VT_SIGNAL ? fail(EINTR) : 0;
}

/* True when it is one of ours; then *ret is the result. Waking is also the kernel's, for waiters
 * that came by another way. */
static bool futex(const struct futex_call *f, long *ret)
{
    switch (f->op & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET: *ret = futex_wait(f); return true;
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET: time_object_notify(f->word, f->value); return false;
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE: time_object_notify(f->word, UINT32_MAX); return false;
    default: return false;
    }
}

static long as_result(int error)
{
    return error == 0 ? 0 : fail(error);
}

static bool ours(long number, const long *a, long *ret)
{
    const struct futex_call f = {
        .word = (_Atomic uint32_t *)a[0],
        .op = (int)a[1],
        .value = (uint32_t)a[2],
        .timeout = (const struct timespec *)a[3],
    };

    switch (number) {
    case SYS_futex: return futex(&f, ret);
    case SYS_clock_gettime: *ret = clock_gettime((clockid_t)a[0], (struct timespec *)a[1]); break;
    case SYS_nanosleep:
        *ret = nanosleep((const struct timespec *)a[0], (struct timespec *)a[1]);
        break;
    case SYS_clock_nanosleep:
        *ret = as_result(clock_nanosleep((clockid_t)a[0], (int)a[1], (const struct timespec *)a[2],
                                         (struct timespec *)a[3]));
        break;
    case SYS_getrandom:
        if (!time_seeded())
            return false;
        time_fill_random((void *)a[0], (size_t)a[1]);
        *ret = a[1];
        break;
    default: return false;
    }
    return true;
}

PRELOAD_EXPORT long syscall(long number, ...)
{
    long a[6], result;
    va_list args;

    va_start(args, number); /* as libc's own: six registers, whatever the call takes */
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    if (time_running() && ours(number, a, &result))
        return result;
    return time_real()->syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
